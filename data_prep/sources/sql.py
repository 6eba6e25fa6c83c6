"""Gold SQL of EHRSQL, made to run as its evaluation runs it.

EHRSQL's queries are not SQL as they stand: its evaluation (Lee et al. 2022, evaluate.py) first writes the simulated time
and the normal ranges of vital signs into them. `official` does the same, and is right where that script is not: a
doubled quote inside a string stays one, and every range of a query is filled, not the first alone.
"""

from __future__ import annotations

import re
import sqlite3
from typing import Any

from data_prep.hospital.model import NOW
from data_prep.published import run

MAX_ROWS = 10_000
RANGES = {  # what `temperature_lower` and `temperature_upper` stand for; EHRSQL's evaluate.py
    "temperature": (35.5, 38.1), "sao2": (95.0, 100.0), "heart_rate": (60.0, 100.0), "respiration": (12.0, 18.0),
    "systolic_bp": (90.0, 120.0), "diastolic_bp": (60.0, 90.0), "mean_bp": (60.0, 110.0),
}  # fmt: skip
OTHER_NAMES = {  # eICU's columns and MIMIC-III's labels for the same vital signs
    "heartrate": "heart_rate", "respiratory_rate": "respiration", "systemicsystolic": "systolic_bp",
    "systemicdiastolic": "diastolic_bp", "systemicmean": "mean_bp",
}  # fmt: skip
REAL_CLOCK = re.compile(r"'now'|\bcurrent_timestamp\b|\bcurrent_date\b|\brandom(blob)?\s*\(")


def official(query: str, now: str = f"{NOW}") -> str:
    """`query` as EHRSQL's evaluation runs it: lower-case, `current_time` and vital ranges filled, `%y` as %Y, `%j` as %J.

    The release has lower-case SQL, in which these two formats stand for the year and for the day with its fraction, so
    that lengths of stay are exact. Other formats keep their case.
    """
    formats = iter(re.findall(r"strftime\s*\(\s*'([^']*)'", query, re.IGNORECASE))
    text = re.sub(
        r"(strftime\s*\(\s*)'[^']*'",
        lambda found: f"{found.group(1)}'{next(formats).replace('%y', '%Y').replace('%j', '%J')}'",
        query.lower(),
    )
    text = re.sub(r"'*\bcurrent_time\b'*", f"'{now}'", text)
    text = re.sub(r"\b(\w+)_(lower|upper)\b", _range, text)
    return re.sub(r"([<>!])\s+=", r"\1=", text).strip().rstrip(";")


def _range(found: re.Match[str]) -> str:
    name = OTHER_NAMES.get(found.group(1), found.group(1))
    return str(RANGES[name][found.group(2) == "upper"]) if name in RANGES else found.group(0)


def answer(db: sqlite3.Connection, sql: str) -> list[list[Any]] | str:
    """The first column of what `sql` gives, as EHRSQL compares it, one value a row; or why that is no gold answer."""
    if REAL_CLOCK.search(sql):
        return "its query reads the real clock or draws at random"
    rows = run(db, sql, MAX_ROWS)
    if isinstance(rows, str):
        return rows
    if any(row[0] is None for row in rows):
        return "its answer is null"
    return [row[:1] for row in rows]
