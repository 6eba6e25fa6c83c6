"""Draws forms from real records, so that most questions have an answer: every condition holds for some admission."""

from __future__ import annotations

import random
import sqlite3
from dataclasses import dataclass
from typing import Any

from data_prep.hospital.model import NOW
from data_prep.treqs.forms import (
    AGGREGATIONS,
    ALONE,
    OOD,
    SHAPES,
    TABLES,
    TWO_AGGREGATING,
    TWO_COLUMNS,
    TWO_SELECTING,
    Aggregation,
    Condition,
    Form,
)
from data_prep.treqs.phrases import NOUNS

Record = dict[str, Any]

# How often a condition on a column is drawn, by rank in the published questions.
ABOUT_MANY: dict[str, dict[str, float]] = {
    "DEMOGRAPHIC": {
        "DIAGNOSIS =": 16, "AGE <": 14, "ADMISSION_TYPE =": 12, "GENDER =": 11, "INSURANCE =": 9, "ADMITYEAR <": 8, "DAYS_STAY >": 7,
        "MARITAL_STATUS =": 5, "ETHNICITY =": 5, "ADMISSION_LOCATION =": 4, "DOB_YEAR <": 4, "LANGUAGE =": 3, "RELIGION =": 3,
        "DISCHARGE_LOCATION =": 3, "EXPIRE_FLAG =": 2, "DOD_YEAR <=": 2, "AGE >": 2, "AGE >=": 2, "AGE <=": 1, "ADMITYEAR >=": 2,
        "DAYS_STAY <": 2, "DAYS_STAY >=": 1, "DOB_YEAR >": 1,
    },
    "DIAGNOSES": {"SHORT_TITLE =": 4, "LONG_TITLE =": 4, "ICD9_CODE =": 3},
    "PROCEDURES": {"SHORT_TITLE =": 4, "LONG_TITLE =": 4, "ICD9_CODE =": 3},
    "PRESCRIPTIONS": {"DRUG =": 6, "ROUTE =": 2, "DRUG_TYPE =": 1, "FORMULARY_DRUG_CD =": 2, "DRUG_DOSE =": 2},
    "LAB": {"LABEL =": 5, "ITEMID =": 2, "FLAG =": 1, "FLUID =": 1, "CATEGORY =": 1, "VALUE_UNIT =": 2},
}  # fmt: skip
ABOUT_ONE: dict[str, dict[str, float]] = {
    "DEMOGRAPHIC": {"ADMISSION_TYPE =": 3, "ADMITYEAR =": 3, "ADMITYEAR <": 1, "DIAGNOSIS =": 3},
    "DIAGNOSES": {"SHORT_TITLE =": 2, "ICD9_CODE =": 2}, "PROCEDURES": {"SHORT_TITLE =": 1},
    "PRESCRIPTIONS": {"DRUG =": 3, "DRUG_DOSE =": 1}, "LAB": {"LABEL =": 3, "FLAG =": 1},
}  # fmt: skip
SAME_FACT = {"ITEMID": "LABEL", "FORMULARY_DRUG_CD": "DRUG"}  # a code beside its name narrows nothing
# A threshold lies this far from the record's own value, on the side that keeps the record.
STEPS = {"AGE": 12, "DAYS_STAY": 8, "ADMITYEAR": 2, "DOB_YEAR": 15, "DOD_YEAR": 2}
ASTRAY = 0.04  # share of counts whose second condition comes from another admission, so that none may be the answer
REPEATED = (
    "DEMOGRAPHIC",
    "PRESCRIPTIONS",
    "LAB",
)  # titles and code of a diagnosis or procedure say the same thing twice
AVERAGED = ("DEMOGRAPHIC.AGE", "DEMOGRAPHIC.DAYS_STAY")
SELECTED = {t: tuple(n for n in NOUNS if n.startswith(f"{t}.")) for t in TABLES}


class Records:
    """Every row of the five tables, by admission."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.by_table: dict[str, dict[str, list[Record]]] = {t: {} for t in TABLES}
        for table, rows in self.by_table.items():
            cursor = db.execute(f"select * from {table} order by rowid")
            names = [d[0] for d in cursor.description]
            for row in cursor:
                record = dict(zip(names, row, strict=True))
                rows.setdefault(record["HADM_ID"], []).append(record)
        self.admissions = list(self.by_table["DEMOGRAPHIC"])

    def pick(self, rng: random.Random, table: str, admission: str) -> Record | None:
        """A random row of an admission, or None when it has none."""
        rows = self.by_table[table].get(admission)
        return rng.choice(rows) if rows else None


@dataclass(frozen=True)
class Plan:
    """What a form will be like: its aggregation, the event tables it reads, and whether it has a second condition.

    `alone` reads one event table without DEMOGRAPHIC.
    """

    aggregation: Aggregation
    events: tuple[str, ...]
    two: bool
    alone: bool = False


def plan(rng: random.Random) -> Plan:
    """A plan in the published shares."""
    aggregation = rng.choices(list(AGGREGATIONS), list(AGGREGATIONS.values()))[0]
    events = rng.choices(list(SHAPES), list(SHAPES.values()))[0]
    if not aggregation and rng.random() < ALONE:
        return Plan("", (rng.choice(TABLES[1:]),), rng.random() < TWO_SELECTING, alone=True)
    two = len(events) > 1 or rng.random() < (TWO_SELECTING if not aggregation else TWO_AGGREGATING)
    return Plan(aggregation, events, two)


def draw(rng: random.Random, records: Records, wanted: Plan, ood: bool) -> Form | None:
    """A form as `wanted`; None when the admission drawn lacks what it needs.

    With `ood`, one condition is on a column of `OOD`; without it none is.
    """
    admission = rng.choice(records.admissions)
    if wanted.aggregation:
        conditions = _about_many(rng, records, admission, wanted)
        column = "DEMOGRAPHIC.SUBJECT_ID" if wanted.aggregation == "count" else rng.choice(AVERAGED)
        form = None if conditions is None else Form(wanted.aggregation, (column,), conditions)
    else:
        form = _about_one(rng, records, admission, wanted)
    if form is None:
        return None
    held = any(f"{c.table}.{c.column}" in OOD for c in form.conditions)
    return form if held is ood else None


def _about_many(rng: random.Random, records: Records, admission: str, wanted: Plan) -> tuple[Condition, ...] | None:
    tables = list(wanted.events) or ["DEMOGRAPHIC"]
    if wanted.two and len(tables) < 2:
        again = tables[0] in REPEATED and rng.random() < 0.15
        tables.insert(0, tables[0] if again else "DEMOGRAPHIC")
    picked = {t: records.pick(rng, t, admission) for t in tables}
    rows = [picked[t] for t in tables]
    if len(tables) > 1 and rng.random() < ASTRAY:
        rows[0] = records.pick(rng, tables[0], rng.choice(records.admissions))
    found: list[Condition] = []
    for table, record in zip(tables, rows, strict=True):
        condition = None if record is None else _condition(rng, table, record, ABOUT_MANY)
        if condition is None or _fact(condition) in {_fact(c) for c in found}:
            return None
        found.append(condition)
    return tuple(found)


def _about_one(rng: random.Random, records: Records, admission: str, wanted: Plan) -> Form | None:
    """A selection from one patient's records; of two event tables the last is read, the first has the condition."""
    target = wanted.events[-1] if wanted.events else "DEMOGRAPHIC"
    columns = rng.sample(SELECTED[target], 2 if rng.random() < TWO_COLUMNS else 1)
    person = records.pick(rng, "DEMOGRAPHIC", admission)
    assert person is not None
    by = "SUBJECT_ID" if wanted.alone else rng.choice(("SUBJECT_ID", "NAME"))
    conditions = [Condition(target if wanted.alone else "DEMOGRAPHIC", by, "=", person[by])]
    if wanted.two:
        needed = wanted.alone or len(wanted.events) > 1
        table = next(iter(wanted.events), "DEMOGRAPHIC") if needed or rng.random() < 0.5 else "DEMOGRAPHIC"
        record = records.pick(rng, table, admission)
        second = None if record is None else _condition(rng, table, record, ABOUT_ONE)
        if second is None or f"{second.table}.{second.column}" in columns:
            return None
        conditions.append(second)
    return Form("", tuple(columns), tuple(conditions))


def _fact(condition: Condition) -> tuple[str, str]:
    return condition.table, SAME_FACT.get(condition.column, condition.column)


def _condition(
    rng: random.Random, table: str, record: Record, weights: dict[str, dict[str, float]]
) -> Condition | None:
    """A condition that `record` meets; None when the column drawn is empty there."""
    column, op = rng.choices(list(weights[table]), list(weights[table].values()))[0].split()
    value = record[column]
    if value is None:
        return None
    if op != "=":
        step = rng.randint(0, STEPS[column])
        if op in ("<", ">"):
            step += 1
        value = int(value) + (step if op in ("<", "<=") else -step)
        if value < 1 or (value > NOW.year and column.endswith("YEAR")):
            return None
    return Condition(table, column, op, value)
