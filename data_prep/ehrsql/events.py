"""The rows that the values of questions are drawn from."""

from __future__ import annotations

import sqlite3
from functools import cached_property
from typing import Any

from data_prep.ehrsql.template import Dialect
from data_prep.ehrsql.times import HOSPITAL, ICU, PERIODS

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
        """The rows of `base` in the period of time tag `tag`; all of them for tags whose period is made to fit."""
        if tag not in PERIODS and tag not in self._spans:
            return self.rows(base)
        key = (base, tag)
        if key not in self._pools:
            rows = self.rows(base)
            time, patient = (self._columns[base].index(c) for c in ("time", "patient_id"))
            if tag in PERIODS:
                self._pools[key] = [r for r in rows if r[time].startswith(PERIODS[tag])]
            else:
                spans = self._spans[tag]
                self._pools[key] = [r for r in rows if (s := spans.get(r[patient])) and s[0] <= r[time] <= s[1]]
        return self._pools[key]

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
