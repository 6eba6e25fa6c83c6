"""One generated study as tables: patients whose survival depends on stage, age, groups and mutations, their samples,
mutations, copy numbers, fusions and timelines. Column names are those of cBioPortal's study files.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from data_prep.biodsbench.genome import GENES, PASSENGERS
from data_prep.biodsbench.studies import Study, Weighted

Row = dict[str, Any]
Tables = dict[str, list[Row]]
STAGES = (("STAGE I", 0.27), ("STAGE II", 0.28), ("STAGE III", 0.27), ("STAGE IV", 0.18))
RACES = (("White", 0.62), ("Black or African American", 0.14), ("Asian", 0.17), ("Other", 0.07))
HYPER, SHAPE = 14.0, 1.15  # times as many mutations; Weibull shape of survival
DAYS = 30.4375  # of a month
MISSING = {"AGE": 0.02, "STAGE": 0.06, "RACE": 0.09, "OS": 0.015}
BASES, PURINE = "ACGT", {"A": "T", "G": "C", "T": "A", "C": "G"}
AMINO = "ACDEFGHIKLMNPQRSTVWY"


@dataclass
class Person:
    """A patient while the study is drawn; times in months."""

    id: str
    sex: str
    age: int
    stage: str
    groups: dict[str, str]
    drivers: set[str]
    hyper: bool
    survival: float = 0.0
    progression: float = 0.0
    followed: float = 0.0
    samples: list[Row] = field(default_factory=list)

    @property
    def died(self) -> bool:
        return self.survival <= self.followed

    @property
    def last(self) -> float:
        return min(self.survival, self.followed)

    @property
    def progressed(self) -> bool:
        return self.progression < self.last


def pick(rng: random.Random, weighted: Sequence[tuple[str, float]]) -> str:
    """One of the values by their weights."""
    return rng.choices([v for v, _ in weighted], [w for _, w in weighted])[0]


def draw(study: Study, seed: int) -> Tables:
    """The study's tables, each a list of rows with the same columns. The same seed gives the same rows."""
    rng = random.Random(f"biodsbench/{seed}/{study.id}")
    people = [_person(rng, study, i) for i in range(1, study.patients + 1)]
    tables: Tables = {"data_mutations": [], "data_sv": []}
    copies: dict[str, Row] = {
        gene: {"Hugo_Symbol": gene, "Entrez_Gene_Id": GENES[gene].entrez} for gene in _copied(study)
    }
    for person in people:
        for sample in person.samples:
            found = _mutations(rng, study, person, sample)
            tables["data_mutations"] += found
            altered = _copies(rng, study, person, sample, copies)
            tables["data_sv"] += _fusions(rng, study, sample)
            _measure(rng, study, sample, found, altered)
    tables["data_clinical_patient"] = [_patient(rng, study, person) for person in people]
    tables["data_clinical_sample"] = [sample for person in people for sample in person.samples]
    tables["data_cna"] = list(copies.values())
    tables["data_timeline_treatment"] = [row for person in people for row in _treatments(rng, study, person)]
    tables["data_timeline_status"] = [row for person in people for row in _status(person)]
    return tables


def _copied(study: Study) -> list[str]:
    return sorted({*study.copies, *list(study.genes)[:8]})


def _person(rng: random.Random, study: Study, number: int) -> Person:
    sex = "Female" if rng.random() < study.female else "Male"
    groups = {name: pick(rng, values) for name, values in study.groups.items()}
    hyper = rng.random() < study.hyper * (6 if groups.get("MSI_STATUS") == "MSI-H" else 1)
    person = Person(
        f"{study.prefix}-{number:04d}", sex, min(89, max(19, round(rng.gauss(*study.age)))), pick(rng, STAGES), groups,
        {g for g, rate in study.genes.items() if rng.random() < min(0.95, rate * _linked(study, g, groups) * (1.6 if hyper else 1))},
        hyper,
    )  # fmt: skip
    _live(rng, study, person)
    for k in range(_how_many(rng)):
        person.samples.append(_sample(rng, study, person, k))
    return person


def _how_many(rng: random.Random) -> int:
    """How many samples a patient has: a few have none, some have two or three."""
    return int(pick(rng, (("0", 0.03), ("1", 0.78), ("2", 0.15), ("3", 0.04))))


def _linked(study: Study, gene: str, groups: dict[str, str]) -> float:
    return math.prod(f for g, column, value, f in study.linked if g == gene and groups.get(column) == value)


def _live(rng: random.Random, study: Study, person: Person) -> None:
    log_hazard = {"STAGE I": -0.7, "STAGE II": -0.25, "STAGE III": 0.25, "STAGE IV": 0.85}[person.stage]
    log_hazard += 0.022 * (person.age - study.age[0])
    for name, effect in study.effects.items():
        column, _, value = name.partition("=")
        log_hazard += effect * (person.groups[column] == value if value else column in person.drivers)
    scale = study.survival / math.log(2) ** (1 / SHAPE) * math.exp(-log_hazard / SHAPE)
    person.survival = max(0.3, rng.weibullvariate(scale, SHAPE))
    person.progression = max(0.2, rng.weibullvariate(0.5 * scale, 1.0))
    person.followed = rng.uniform(0.3, 2.6) * study.survival
    if rng.random() < 0.06:  # lost early
        person.followed *= 0.2


def _patient(rng: random.Random, study: Study, person: Person) -> Row:
    gone = {name: rng.random() < share for name, share in MISSING.items()}
    known = {name: None if rng.random() < 0.035 else value for name, value in person.groups.items()}
    months = min(person.progression, person.last)
    free = not person.progressed and not person.died
    event = {"DFS": ("0:DiseaseFree", "1:Recurred/Progressed"), "PFS": ("0:CENSORED", "1:PROGRESSION")}[
        study.progression
    ]
    return {
        "PATIENT_ID": person.id, "SEX": person.sex, "AGE": None if gone["AGE"] else person.age,
        "RACE": None if gone["RACE"] else pick(rng, RACES), "STAGE": None if gone["STAGE"] else person.stage, **known,
        "OS_STATUS": None if gone["OS"] else "1:DECEASED" if person.died else "0:LIVING",
        "OS_MONTHS": None if gone["OS"] else round(person.last, 2),
        f"{study.progression}_STATUS": None if gone["OS"] else event[0 if free else 1],
        f"{study.progression}_MONTHS": None if gone["OS"] else round(months, 2),
    }  # fmt: skip


def _sample(rng: random.Random, study: Study, person: Person, k: int) -> Row:
    kind = (
        pick(rng, [(f"{name}\t{code}", w) for name, code, w in study.detailed]) if k == 0 else person.samples[0]["kind"]
    )
    name, code = kind.split("\t")
    later = "Metastasis" if rng.random() < 0.7 else "Primary"
    first = "Metastasis" if person.stage == "STAGE IV" and rng.random() < 0.35 else "Primary"
    return {
        "PATIENT_ID": person.id, "SAMPLE_ID": f"{person.id}-T{k + 1:02d}", "CANCER_TYPE": study.cancer, "CANCER_TYPE_DETAILED": name,
        "ONCOTREE_CODE": code, "SAMPLE_TYPE": later if k else first, "TUMOR_PURITY": None if rng.random() < 0.05 else round(min(95, max(10, rng.gauss(56, 19)))),
        "kind": kind,
    }  # fmt: skip


def _mutations(rng: random.Random, study: Study, person: Person, sample: Row) -> list[Row]:
    genes = [g for g in sorted(person.drivers) if rng.random() < 0.95]
    burden = study.burden * rng.lognormvariate(0, 0.6) * (HYPER if person.hyper else 1)
    others = sorted({*PASSENGERS, *study.genes})
    genes += rng.choices(others, [GENES[g].length for g in others], k=round(burden))
    driven = set(person.drivers)
    rows = []
    for gene in genes:
        rows.append(_mutation(rng, gene, sample, driver=gene in driven))
        driven.discard(gene)
    return rows


def _mutation(rng: random.Random, gene: str, sample: Row, *, driver: bool) -> Row:
    known = GENES[gene]
    silent = not driver and rng.random() < 0.28
    kind, change = _change(rng, gene, driver=driver, silent=silent)
    position = int("".join(c for c in change.split("fs")[0] if c.isdigit()) or 1)
    reference, tumor, variant = _alleles(rng, kind)
    start = 1_000_000 + known.entrez * 37 % 90_000_000 + 3 * position
    depth = max(20, round(rng.gauss(320, 120)))
    purity = (sample["TUMOR_PURITY"] or 56) / 100
    fraction = min(0.97, max(0.03, rng.gauss(purity / 2, 0.07) if driver else rng.uniform(0.05, purity / 2 + 0.05)))
    alternative = max(3, round(depth * fraction))
    return {
        "Hugo_Symbol": gene, "Entrez_Gene_Id": known.entrez, "NCBI_Build": "GRCh37", "Chromosome": known.chromosome, "Start_Position": start,
        "End_Position": start + max(len(reference), 1) - 1, "Variant_Classification": kind, "Variant_Type": variant, "Reference_Allele": reference,
        "Tumor_Seq_Allele1": reference, "Tumor_Seq_Allele2": tumor, "Tumor_Sample_Barcode": sample["SAMPLE_ID"], "HGVSp_Short": change,
        "Protein_position": None if kind == "Splice_Site" else position, "t_ref_count": depth - alternative, "t_alt_count": alternative,
    }  # fmt: skip


def _change(rng: random.Random, gene: str, *, driver: bool, silent: bool) -> tuple[str, str]:
    """Variant_Classification and HGVSp_Short."""
    known = GENES[gene]
    at = rng.randint(2, known.length)
    old, new = rng.sample(AMINO, 2)
    if silent:
        return "Silent", f"p.{old}{at}="
    if driver and known.hotspots and rng.random() < 0.72:
        change = pick(rng, known.hotspots)
        return (
            "Frame_Shift_Del" if "fs" in change else "Nonsense_Mutation" if "*" in change else "Missense_Mutation"
        ), change
    if rng.random() < known.truncated * (1 if driver else 0.4):
        kind = pick(
            rng,
            (("Nonsense_Mutation", 0.4), ("Frame_Shift_Del", 0.28), ("Frame_Shift_Ins", 0.14), ("Splice_Site", 0.18)),
        )
        ends = {"Nonsense_Mutation": "*", "Splice_Site": "_splice"}.get(kind, f"{new}fs*{rng.randint(2, 40)}")
        return kind, f"p.{'X' if kind == 'Splice_Site' else old}{at}{ends}"
    if rng.random() < 0.03:
        return "In_Frame_Del", f"p.{old}{at}del"
    return "Missense_Mutation", f"p.{old}{at}{new}"


def _alleles(rng: random.Random, kind: str) -> tuple[str, str, str]:
    """Reference_Allele, Tumor_Seq_Allele2 and Variant_Type; C>T is the most frequent substitution."""
    letters = lambda n: "".join(rng.choice(BASES) for _ in range(n))  # noqa: E731
    if kind in ("Frame_Shift_Del", "In_Frame_Del"):
        return letters(3 if kind == "In_Frame_Del" else rng.choice((1, 2, 4))), "-", "DEL"
    if kind == "Frame_Shift_Ins":
        return "-", letters(rng.choice((1, 2))), "INS"
    pair = pick(rng, (("CT", 0.46), ("CA", 0.18), ("CG", 0.1), ("TC", 0.14), ("TA", 0.06), ("TG", 0.06)))
    return (PURINE[pair[0]], PURINE[pair[1]], "SNP") if rng.random() < 0.5 else (pair[0], pair[1], "SNP")


def _copies(rng: random.Random, study: Study, person: Person, sample: Row, copies: dict[str, Row]) -> float:
    """Fill in the sample's column; the share of its genes that are gained or lost."""
    late = {"STAGE I": 0.8, "STAGE II": 0.95, "STAGE III": 1.1, "STAGE IV": 1.25}[person.stage]
    unstable = rng.betavariate(1.4, 3.2) * late * (1.3 if "TP53" in person.drivers else 0.8)
    values = []
    for gene, row in copies.items():
        amplified, deleted = study.copies.get(gene, (0.004, 0.004))
        r = rng.random()
        value = (
            2
            if r < amplified
            else -2
            if r < amplified + deleted
            else rng.choice((-1, 1))
            if rng.random() < unstable
            else 0
        )
        row[sample["SAMPLE_ID"]] = None if rng.random() < 0.004 else value
        values.append(value != 0)
    return min(0.98, max(0.0, 0.7 * unstable + 0.3 * sum(values) / len(values) + rng.gauss(0, 0.03)))


def _fusions(rng: random.Random, study: Study, sample: Row) -> list[Row]:
    rows = []
    for one, two, rate in study.fusions:
        if rng.random() < rate:
            near = GENES[one].chromosome == GENES[two].chromosome
            rows.append({
                "Sample_Id": sample["SAMPLE_ID"], "SV_Status": "SOMATIC", "Site1_Hugo_Symbol": one, "Site1_Chromosome": GENES[one].chromosome,
                "Site2_Hugo_Symbol": two, "Site2_Chromosome": GENES[two].chromosome,
                "Class": rng.choice(("DELETION", "INVERSION")) if near else "TRANSLOCATION", "Event_Info": f"{one}-{two} fusion",
                "Tumor_Split_Read_Count": rng.randint(4, 60),
            })  # fmt: skip
    return rows


def _measure(rng: random.Random, study: Study, sample: Row, mutations: list[Row], altered: float) -> None:
    """The columns of the sample table that its genome gives."""
    del sample["kind"]
    changed = sum(m["Variant_Classification"] != "Silent" for m in mutations)
    sample["TMB_NONSYNONYMOUS"] = None if rng.random() < 0.02 else round(changed / study.panel_mb, 4)
    sample["FRACTION_GENOME_ALTERED"] = None if rng.random() < 0.03 else round(altered, 4)


def _treatments(rng: random.Random, study: Study, person: Person) -> list[Row]:
    last = round(person.last * DAYS)
    start = rng.randint(7, 75)
    rows: list[Row] = []
    relapse = round(person.progression * DAYS)
    for line, agents in enumerate(study.agents):
        begin = start if line == 0 else relapse + rng.randint(5, 50)
        if (line and (not person.progressed or rng.random() < 0.3)) or begin >= last or rng.random() < 0.08:
            continue
        end = begin + round(rng.lognormvariate(4.7, 0.5))
        chosen = {pick(rng, agents), *([pick(rng, agents)] if rng.random() < 0.3 else [])}
        for agent in sorted(chosen):
            stop = end + rng.randint(-10, 10)
            rows.append({
                "PATIENT_ID": person.id, "START_DATE": begin, "STOP_DATE": None if stop > last else max(stop, begin + 1), "EVENT_TYPE": "TREATMENT",
                "TREATMENT_TYPE": _type(agent), "AGENT": agent,
            })  # fmt: skip
    return rows


TARGETED = ("ib", "mab", "Olaparib")
HORMONES = (
    "Tamoxifen",
    "Letrozole",
    "Fulvestrant",
    "Medroxyprogesterone",
    "Leuprolide",
    "Bicalutamide",
    "Abiraterone",
    "Enzalutamide",
)


def _type(agent: str) -> str:
    if agent in HORMONES:
        return "Hormone Therapy"
    if agent in ("Pembrolizumab", "Nivolumab", "Ipilimumab", "Atezolizumab"):
        return "Immunotherapy"
    return "Targeted Therapy" if agent.endswith(TARGETED) else "Chemotherapy"


def _status(person: Person) -> list[Row]:
    last = round(person.last * DAYS)
    events = [(0, "Diagnosis")]
    if person.progressed:
        events.append((round(person.progression * DAYS), "Progression"))
    events.append((last, "Deceased" if person.died else "Last Follow-up"))
    return [
        {"PATIENT_ID": person.id, "START_DATE": day, "STOP_DATE": None, "EVENT_TYPE": "STATUS", "STATUS": status}
        for day, status in events
    ]


def values(weighted: Weighted) -> list[str]:
    """The values of a group, in order."""
    return [value for value, _ in weighted]
