"""A stay as a note's writer sees it: facts read from the MIMIC-III view, and the names that the hospital knows."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from data_prep.ehrcon.view import METAVISION

EXAMPLES = 20  # of each name, how many facts are kept as examples of what it may look like


@dataclass(frozen=True)
class Group:
    """A kind of entity: EHRCon's entity type (1 numeric value, 2 existence, 3 string value) and what can be checked.

    `columns` maps what a note states (value, unit, route, time) to the column that holds it; `absent` is the column
    that names the entity, which is inconsistent when the stay has no such row.
    """

    noun: str
    entity_type: int
    absent: str
    columns: dict[str, str]


ITEM = {"value": "valuenum", "unit": "valueuom", "time": "charttime"}
GROUPS = {
    "labevents": Group("lab test", 1, "itemid", ITEM),
    "chartevents": Group("vital sign", 1, "itemid", ITEM),
    "inputevents": Group("intake", 1, "itemid", {"value": "amount", "unit": "amountuom", "time": "charttime"}),
    "outputevents": Group("output", 1, "itemid", {"value": "value", "unit": "valueuom", "time": "charttime"}),
    "prescriptions": Group(
        "drug", 1, "drug", {"value": "dose_val_rx", "unit": "dose_unit_rx", "route": "route", "time": "startdate"}
    ),
    "diagnoses_icd": Group("diagnosis", 2, "icd9_code", {}),
    "procedures_icd": Group("procedure", 2, "icd9_code", {}),
    "microbiologyevents": Group("culture", 3, "spec_type_desc", {"value": "org_name", "time": "charttime"}),
}
LABELLED = "t.row_id, label, {0}, null, charttime, hadm_id from {1} t join {2} using (itemid)"
CODED = "t.row_id, short_title, null, null, null, null, hadm_id from {0} t join {1} using (icd9_code)"
INTAKE = f"iif({METAVISION}, 'inputevents_mv', 'inputevents_cv')"
SOURCES = {  # table, row_id, name, value, unit, route, time, hadm_id
    "labevents": "select 'labevents', " + LABELLED.format("valuenum, valueuom", "labevents", "d_labitems"),
    "chartevents": "select 'chartevents', " + LABELLED.format("valuenum, valueuom", "chartevents", "d_items"),
    "inputevents": f"select {INTAKE}, " + LABELLED.format("amount, 'ml'", "inputevents_cv", "d_items"),
    "outputevents": "select 'outputevents', " + LABELLED.format("value, 'ml'", "outputevents", "d_items"),
    "prescriptions": "select 'prescriptions', row_id, drug, dose_val_rx, dose_unit_rx, route, startdate, hadm_id "
    "from prescriptions",
    "diagnoses_icd": "select 'diagnoses_icd', " + CODED.format("diagnoses_icd", "d_icd_diagnoses"),
    "procedures_icd": "select 'procedures_icd', " + CODED.format("procedures_icd", "d_icd_procedures"),
    "microbiologyevents": "select 'microbiologyevents', row_id, spec_type_desc, coalesce(org_name, ''), null, null, "
    "charttime, hadm_id from microbiologyevents",
}


@dataclass(frozen=True)
class Fact:
    """One row of an event table. `value` is a number, an organism ('' when nothing grew), or None: not recorded."""

    group: str
    table: str
    row: int
    name: str
    value: float | str | None
    unit: str | None
    route: str | None
    time: str | None

    def column(self, what: str) -> str:
        """The column of this fact's table that holds `what`; MetaVision's intake has STARTTIME for CHARTTIME."""
        return "starttime" if what == "time" and self.table == "inputevents_mv" else GROUPS[self.group].columns[what]


@dataclass(frozen=True)
class Stay:
    """One admission: who, when (ISO times; `discharged` None while open), the first care unit, and its facts."""

    subject: int
    hadm: int
    sex: str
    age: int
    birth: str
    admitted: str
    discharged: str | None
    destination: str | None
    unit: str | None
    facts: tuple[Fact, ...]

    def of(self, group: str, name: str) -> list[Fact]:
        """The facts about one entity."""
        return [f for f in self.facts if f.group == group and f.name == name]


Names = dict[str, dict[str, list[Fact]]]
"""What the hospital knows: group -> name -> a few facts about it, of any patient."""


def read_stay(db: sqlite3.Connection, hadm: int) -> Stay:
    """The stay `hadm` of the MIMIC-III view."""
    subject, sex, age, birth, start, end, destination = db.execute(
        "select subject_id, gender, age, dob, admittime, dischtime, discharge_location "
        "from admissions join patients using (subject_id) where hadm_id = ?",
        (hadm,),
    ).fetchone()
    icu = db.execute(
        "select first_careunit from icustays where hadm_id = ? order by intime limit 1", (hadm,)
    ).fetchone()
    facts = [f for g, sql in SOURCES.items() for f in _facts(db, g, f"{sql} where hadm_id = {hadm} order by 2")]
    return Stay(subject, hadm, sex, age, birth, start, end, destination, icu and icu[0], tuple(facts))


def read_names(db: sqlite3.Connection) -> Names:
    """Every entity's name with its first `EXAMPLES` facts."""
    names: Names = {}
    for group, sql in SOURCES.items():
        known = names.setdefault(group, {})
        for fact in _facts(db, group, f"{sql} order by 2"):
            examples = known.setdefault(fact.name, [])
            if len(examples) < EXAMPLES:
                examples.append(fact)
    return names


def _facts(db: sqlite3.Connection, group: str, sql: str) -> list[Fact]:
    rows = db.execute(sql)
    return [Fact(group, t, r, n, _value(group, v), u or None, way, time) for t, r, n, v, u, way, time, _ in rows]


def _value(group: str, value: float | str | None) -> float | str | None:
    """A dose is text in the database; one that is no plain number cannot be stated and checked."""
    if group != "prescriptions" or value is None:
        return value
    try:
        return float(value)
    except ValueError:
        return None
