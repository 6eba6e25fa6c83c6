"""The rows that the values of questions are drawn from."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import cached_property
from typing import Any

from data_prep.ehrsql.template import Dialect
from data_prep.ehrsql.times import ABSOLUTE, AGO, HOSPITAL, ICU, PERIODS, SLIDING, edge

Row = tuple[Any, ...]
OPEN = "9999"  # sorts after every time


class Events:
    """A dialect's bases in one database, read when first asked for."""

    def __init__(self, db: sqlite3.Connection, dialect: Dialect) -> None:
        self.dialect = dialect
        self._db = db
        self._columns: dict[str, tuple[str, ...]] = {}
        self._rows: dict[str, list[Row]] = {}
        self._pools: dict[tuple[str, str], list[Row]] = {}

    def rows(self, base: str) -> list[Row]:
        """Every row of `base`."""
        if base not in self._rows:
            found = self._db.execute(self.dialect.bases[base])
            self._columns[base] = tuple(c[0] for c in found.description)
            self._rows[base] = [tuple(r) for r in found]
        return self._rows[base]

    def slots(self, base: str, row: Row) -> dict[str, Any]:
        """The row's values by name."""
        return dict(zip(self._columns[base], row, strict=True))

    def pool(self, base: str, tag: str) -> list[Row]:
        """The rows of `base` whose time can lie in the period of time tag `tag`."""
        key = (base, tag)
        if tag in ABSOLUTE or not tag:
            return self.rows(base)
        if key not in self._pools:
            rows = self.rows(base)
            time, patient = (self._columns[base].index(c) for c in ("time", "patient_id"))
            inside = self._period(tag)
            self._pools[key] = [r for r in rows if r[time] is not None and inside(r[patient], r[time])]
        return self._pools[key]

    def has_visit(self, tag: str, patient: Any) -> bool:
        """Whether `patient` has the visit of a rel-hosp-* or rel-icu-* tag."""
        return patient in self._spans[tag]

    def _period(self, tag: str) -> Callable[[Any, str], bool]:
        if tag in PERIODS:
            return lambda _, time: time.startswith(PERIODS[tag])
        if tag in SLIDING:
            furthest = (max if tag.endswith("since") else min)(AGO[tag.split("-")[1]])
            limit = edge(tag, furthest)
            return lambda _, time: time >= limit if tag.endswith("since") else time <= limit
        spans = self._spans[tag]
        return lambda patient, time: (s := spans.get(patient)) is not None and s[0] <= time <= s[1]

    @cached_property
    def _spans(self) -> dict[str, dict[Any, tuple[str, str]]]:
        """Of each rel-hosp-* and rel-icu-* tag, when that visit began and ended, by patient."""
        spans: dict[str, dict[Any, tuple[str, str]]] = {tag: {} for tag in (*HOSPITAL, *ICU)}
        for place, patient, start, end in self._db.execute(self.dialect.spans):
            if end is None:
                spans[f"rel-{place}-cur"][patient] = (start, OPEN)
            else:
                spans[f"rel-{place}-first"].setdefault(patient, (start, end))
                spans[f"rel-{place}-last"][patient] = (start, end)
        return spans
