"""What an analysis is, and what those of several categories share: definitions, earlier code, draws of genes and columns."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from data_prep.biodsbench.people import values
from data_prep.biodsbench.studies import Study

Slots = dict[str, str]
Rows = Literal["order", "index"] | tuple[str, ...] | None
"""What tells the rows of a DataFrame apart: their order, the index, or these columns (then in any order)."""


@dataclass(frozen=True)
class Out:
    """One variable of the answer: its name, what it holds, and `rows` if it is a DataFrame."""

    name: str
    form: str
    rows: Rows = None

    def told(self) -> str:
        """The line of the contract."""
        if self.rows is None:
            return f"`{self.name}`: {self.form}"
        order = {"order": "rows in that order, the index does not count", "index": "rows in any order"}
        return f"`{self.name}`: {self.form}; {order.get(str(self.rows), 'rows in any order, the index does not count')}"


@dataclass(frozen=True)
class Analysis:
    """One kind of question. `asks` are wordings, the last one the test's; they, `terms`, `outs` and `body` have $slots.

    `draw` gives the slots for a study, or None where it does not fit. `tables` are read first; `earlier` is code that the
    question builds on and shows. `sound` is an expression that holds after the body, unless the answer hangs on a rounding
    error. `tolerance` is relative. Unseen ones are asked in the test's ood block only.
    """

    name: str
    category: str
    asks: tuple[str, ...]
    outs: tuple[Out, ...]
    tables: tuple[str, ...]
    body: str
    draw: Callable[[random.Random, Study], Slots | None]
    terms: tuple[str, ...] = ()
    earlier: str = ""
    sound: str = "True"
    tolerance: float = 1e-6
    unseen: bool = False


SILENT = "Silent mutations do not count."
MUTATED = (
    "A patient is mutated in a gene if any sample of the patient has a non-silent mutation of it (Variant_Classification "
    "other than Silent); patients without a row in the sample table are left out."
)
ENDPOINT = "The time is $time, the event is $status = $event; patients with either missing are left out."
KNOWN = "Patients whose $column is missing are left out."
BH = "q values are Benjamini-Hochberg adjusted p values over all rows of the table."
LATE = "Late stage is STAGE III or IV; patients with a missing covariate are left out too. Ties are handled by Efron's method."

COHORT = """
cohort = patients[patients["PATIENT_ID"].isin(samples["PATIENT_ID"])].copy()
nonsilent = mutations[mutations["Variant_Classification"] != "Silent"].merge(
    samples[["SAMPLE_ID", "PATIENT_ID"]], left_on="Tumor_Sample_Barcode", right_on="SAMPLE_ID"
)
"""
MATRIX = (
    COHORT
    + """mutated = pd.DataFrame(
    {gene: cohort["PATIENT_ID"].isin(part["PATIENT_ID"]).to_numpy() for gene, part in nonsilent.groupby("Hugo_Symbol")},
    index=cohort["PATIENT_ID"],
)
"""
)
SURVIVAL = """
cohort = patients.dropna(subset=["$time", "$status"]).copy()
cohort["event"] = cohort["$status"].str.startswith("1")
"""
GENE = (
    'cohort["mutated"] = cohort["PATIENT_ID"].isin(nonsilent.loc[nonsilent["Hugo_Symbol"] == "$gene", "PATIENT_ID"])\n'
)
GENE_ENDPOINT = (
    GENE
    + """cohort = cohort.dropna(subset=["$time", "$status"])
cohort["event"] = cohort["$status"].str.startswith("1")
"""
)
GENE_SURVIVAL = COHORT + GENE_ENDPOINT
PER_PATIENT = ("clinical_patient", "clinical_sample", "mutations")


def endpoint(rng: random.Random, study: Study) -> Slots:
    """Overall survival, or the study's other endpoint."""
    if rng.random() < 0.6:
        return {"time": "OS_MONTHS", "status": "OS_STATUS", "event": "1:DECEASED", "end": "overall survival"}
    kind = study.progression
    told = {
        "DFS": ("1:Recurred/Progressed", "disease-free survival"),
        "PFS": ("1:PROGRESSION", "progression-free survival"),
    }
    return {"time": f"{kind}_MONTHS", "status": f"{kind}_STATUS", "event": told[kind][0], "end": told[kind][1]}


def gene(rng: random.Random, study: Study, least: float = 0.1, most: float = 0.6) -> str:
    """A gene that enough patients have mutated, and enough do not."""
    return rng.choice([g for g, rate in study.genes.items() if least <= rate <= most])


def genes(rng: random.Random, study: Study, n: int) -> list[str]:
    """`n` of the study's most often mutated genes, in alphabetical order."""
    return sorted(rng.sample(sorted(study.genes, key=lambda g: -study.genes[g])[: n + 3], n))


def named(found: list[str]) -> Slots:
    """Genes as a question names them, and as Python."""
    return {"genes": ", ".join(found), "gene_list": repr(found).replace("'", '"')}


def binary(rng: random.Random, study: Study) -> Slots:
    """A patient column with two values, and the two in alphabetical order."""
    found = {name: values(weighted) for name, weighted in study.groups.items() if len(weighted) == 2}
    if 0.2 < study.female < 0.8:
        found["SEX"] = ["Female", "Male"]
    column = rng.choice(sorted(found))
    a, b = sorted(found[column])
    return {"column": column, "a": a, "b": b}


def several(rng: random.Random, study: Study) -> Slots:
    """A patient column with three values or more."""
    column = rng.choice(sorted(["STAGE", *(name for name, weighted in study.groups.items() if len(weighted) > 2)]))
    return {"column": column}


def any_group(rng: random.Random, study: Study) -> Slots:
    """A patient column with two values or more."""
    return rng.choice((binary, several))(rng, study)
