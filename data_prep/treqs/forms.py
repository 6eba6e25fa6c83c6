"""TREQS's logical form (Wang et al. 2020, section 3): an aggregation or none, selected columns, one or two conditions.

Tables are joined on HADM_ID only. The shares are those counted in the published questions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Aggregation = Literal["", "count", "max", "min", "avg"]

TABLES = ("DEMOGRAPHIC", "DIAGNOSES", "PROCEDURES", "PRESCRIPTIONS", "LAB")
NUMERIC = frozenset({"AGE", "DAYS_STAY", "DOB_YEAR", "DOD_YEAR", "ADMITYEAR", "EXPIRE_FLAG"})
# Of 1,894 questions: 1,294 count, 452 select only, 55 take the mean, 52 the maximum, 41 the minimum.
AGGREGATIONS: dict[Aggregation, float] = {"count": 1294, "": 452, "avg": 55, "max": 52, "min": 41}
# Tables beside DEMOGRAPHIC, of 1,000 questions. The 106 others: joins of two tables, and one event table alone.
SHAPES: dict[tuple[str, ...], float] = {
    (): 450, ("DIAGNOSES",): 141, ("PROCEDURES",): 116, ("LAB",): 94, ("PRESCRIPTIONS",): 93,
    ("DIAGNOSES", "PROCEDURES"): 17, ("DIAGNOSES", "LAB"): 14, ("DIAGNOSES", "PRESCRIPTIONS"): 14, ("PROCEDURES", "LAB"): 8,
    ("PROCEDURES", "PRESCRIPTIONS"): 8, ("LAB", "PRESCRIPTIONS"): 6,
}  # fmt: skip
ALONE = 39 / 239  # share of the selections that read one event table without DEMOGRAPHIC
# 543 of 1,000 questions have two conditions, 190 select two columns. A selection mostly names one patient and no more.
TWO_SELECTING, TWO_AGGREGATING = 0.1, 0.63
TWO_COLUMNS = 190 / 239  # of the selections
OOD = frozenset(
    {
        "DEMOGRAPHIC.RELIGION",
        "DEMOGRAPHIC.DISCHARGE_LOCATION",
        "PROCEDURES.ICD9_CODE",
        "PRESCRIPTIONS.ROUTE",
        "LAB.CATEGORY",
    }
)
"""Columns that no training question has a condition on; questions of the distribution ood have one."""


@dataclass(frozen=True)
class Condition:
    """`table.column op value`; op is one of = > < >= <=."""

    table: str
    column: str
    op: str
    value: str | int

    @property
    def key(self) -> str:
        """The condition without its value."""
        return f"{self.table}.{self.column} {self.op}"

    def sql(self) -> str:
        value = str(self.value) if self.column in NUMERIC else "'" + str(self.value).replace("'", "''") + "'"
        return f"{self.key} {value}"


@dataclass(frozen=True)
class Form:
    """A question's meaning. `selected` are `TABLE.COLUMN`; a count is over distinct DEMOGRAPHIC.SUBJECT_ID."""

    aggregation: Aggregation
    selected: tuple[str, ...]
    conditions: tuple[Condition, ...]

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables read, DEMOGRAPHIC first."""
        named = {s.partition(".")[0] for s in self.selected} | {c.table for c in self.conditions}
        if len(named) > 1:
            named.add("DEMOGRAPHIC")
        return tuple(t for t in TABLES if t in named)

    @property
    def template(self) -> str:
        """The form without its values."""
        what = f"{self.aggregation or 'select'} {', '.join(self.selected)}"
        return f"{what} where {' and '.join(sorted(c.key for c in self.conditions))}"

    @property
    def subject(self) -> str:
        """What a question about many is about: its conditions, in any order said."""
        return " and ".join(sorted(c.sql() for c in self.conditions))

    def sql(self) -> str:
        """The reference query."""
        first, *others = self.tables
        joins = "".join(f" join {t} on {first}.HADM_ID = {t}.HADM_ID" for t in others)
        what, where = ", ".join(self.selected), " and ".join(c.sql() for c in self.conditions)
        if self.aggregation == "count":
            what = f"count(distinct {what})"
        elif self.aggregation:
            what = f"{self.aggregation}({what})"
        return f"select {what} from {first}{joins} where {where}"
