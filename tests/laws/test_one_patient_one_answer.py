"""The same question about the same hospital has the same answer in MIMIC-III and in eICU."""

import sqlite3
from dataclasses import replace
from random import Random

import pytest

from data_prep.ehrsql import draws, fill, times
from data_prep.ehrsql.build import select
from data_prep.ehrsql.eicu import EICU
from data_prep.ehrsql.events import Events
from data_prep.ehrsql.mimic import MIMIC
from data_prep.eicu import names
from data_prep.eicu import view as eicu
from data_prep.hospital import catalog
from data_prep.hospital.generate import generate
from data_prep.mimic_iii import view as mimic
from galen.oracles.rows import canonical

PEOPLE = generate(150, 9)
RENAMED = {
    "diagnosis_name": {d.short: names.DIAGNOSES[d.code][0] for d in catalog.DIAGNOSES},
    "procedure_name": {short: names.TREATMENTS[code] for code, (short, _) in catalog.PROCEDURES.items()},
    "drug_name": names.DRUGS,
    "lab_name": names.LABS,
    "intake_name": {k: v[0] for k, v in names.INTAKES.items()},
    "output_name": {k: v[0] for k, v in names.OUTPUTS.items()},
    "patient_id": {p.id: eicu.unique_pid(p, PEOPLE.seed) for p in PEOPLE.patients},
}
# Left out: what MIMIC-III tells otherwise (wards, deaths outside, labs without a value) or has more of (weights).
KEYS = (
    "since_admitted", "hospital_length", "hospital_visits", "been_admitted", "patients_admitted", "patients_discharged",
    "current_patients", "current_aged", "admission_time", "discharge_time", "admission_times", "diagnosed", "diagnosis_time",
    "any_diagnosis", "since_diagnosis", "had_procedure", "procedure_time_of", "procedure_times", "prescribed",
    "prescription_time_of", "prescription_time_both", "prescribed_any_of", "drug_count", "drug_times", "since_drug",
    "drugs_after_diagnosis", "drugs_after_procedure", "new_drugs", "lab_agg", "lab_extreme_time",
    "intake_of_total", "intake_total", "output_of_total", "output_total", "balance", "intake_times", "intake_values",
    "since_intake", "patients_diagnosed", "patients_with_procedure", "patients_with_procedures", "procedure_cases",
    "patients_prescribed", "prescription_cases", "patients_with_intake", "records_diagnosed", "patients_diagnosed_again",
    "patients_procedure_again", "patients_procedure_after_diagnosis", "patients_drug_after_procedure",
    "patients_drug_after_diagnosis", "patients_not_back", "diagnosis_cost", "procedure_cost", "drug_cost", "lab_cost",
)  # fmt: skip


@pytest.fixture(scope="module")
def databases(tmp_path_factory):
    found = []
    for view in (mimic, eicu):
        path = tmp_path_factory.mktemp("views") / "v.sqlite"
        view.write_sqlite(PEOPLE, path)
        found.append(sqlite3.connect(path))
    return found, Events(found[0], MIMIC)


def translated(draw):
    slots = {k: RENAMED.get(k.rstrip("123"), {}).get(v, v) for k, v in draw.slots.items()}
    filters = {
        name: times.visit(old.tag, EICU.visits, slots["patient_id"]) if old.tag in EICU.visits else old
        for name, old in (("global1", draw.global1), ("global2", draw.global2))
    }
    return replace(draw, slots=slots, **filters)


@pytest.mark.parametrize("key", KEYS)
def test_answers_agree(databases, key):
    (theirs, mine), events = databases
    one, other = ({t.key: t for t in select(dialect, "all")}[key] for dialect in (MIMIC, EICU))
    rng, asked = Random(key), 0
    for _ in range(400):
        draw = draws.whole(rng, one, events)
        if draw is None or "icu" in draw.global1.tag + draw.global2.tag:  # a unit stay is more than an ICU stay
            continue
        expected = theirs.execute(fill.sql(one, draw, MIMIC.visit_key)).fetchall()
        expected = [[RENAMED["drug_name"].get(v, v) for v in row] for row in expected]
        found = mine.execute(fill.sql(other, translated(draw), EICU.visit_key)).fetchall()
        assert canonical(list(map(list, found)), False) == canonical(expected, False), draw
        asked += 1
    assert asked > 20
