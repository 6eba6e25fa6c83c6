"""One generated study as tables: patients whose survival depends on stage, age, groups and mutations, their samples,
mutations, copy numbers, fusions and timelines. Column names are those of cBioPortal's study files.
"""

from __future__ import annotations

import math
import random

from data_prep.biodsbench import alterations
from data_prep.biodsbench.genome import GENES
from data_prep.biodsbench.people import Person, Row, Tables, pick
from data_prep.biodsbench.studies import Study

STAGES = (("STAGE I", 0.27), ("STAGE II", 0.28), ("STAGE III", 0.27), ("STAGE IV", 0.18))
RACES = (("White", 0.62), ("Black or African American", 0.14), ("Asian", 0.17), ("Other", 0.07))
SHAPE = 1.15  # Weibull shape of survival
DAYS = 30.4375  # of a month
MISSING = {"AGE": 0.02, "STAGE": 0.06, "RACE": 0.09, "OS": 0.015}


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
            found = alterations.mutations(rng, study, person, sample)
            tables["data_mutations"] += found
            altered = alterations.copies(rng, study, person, sample, copies)
            tables["data_sv"] += alterations.fusions(rng, study, sample)
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
