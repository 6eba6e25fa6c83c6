"""Rows from frames into SQLite, and the synthetic COST table of EHRSQL (Lee et al. 2022): one price a code."""

# pyright: basic, reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false

from __future__ import annotations

import hashlib
import sqlite3

import pandas as pd


def schema(db: sqlite3.Connection) -> dict[str, dict[str, bool]]:
    """Each table's columns, lower-case, and whether a column must have a value."""
    names = [row[0] for row in db.execute("select name from sqlite_master where type = 'table' order by rowid")]
    return {
        name.lower(): {row[1].lower(): bool(row[3]) for row in db.execute(f'pragma table_info("{name}")')}
        for name in names
        if not name.startswith("sqlite_")
    }


def insert(db: sqlite3.Connection, table: str, frame: pd.DataFrame, whole: tuple[str, ...] = ()) -> int:
    """Append `frame`, whose columns are the table's; the number of rows.

    Times become 'YYYY-MM-DD HH:MM:SS', the columns `whole` integers, what is missing NULL.
    """
    made = {}
    for column in frame.columns:
        if pd.api.types.is_datetime64_any_dtype(frame[column]):
            made[column] = frame[column].dt.strftime("%Y-%m-%d %H:%M:%S")
        elif column in whole:
            made[column] = frame[column].astype("Int64")
    plain = frame.assign(**made).astype(object)
    rows = plain.where(plain.notna(), None).itertuples(index=False, name=None)
    marks = ", ".join("?" * len(frame.columns))
    db.executemany(f"insert into {table} ({', '.join(frame.columns)}) values ({marks})", rows)
    return len(frame)


def price(kind: str, code: object, low: float, high: float) -> float:
    """What an event of `code` costs, in dollars between `low` and `high`: the same for every event, run and seed."""
    part = int(hashlib.sha256(f"{kind}/{code}".encode()).hexdigest()[:8], 16) / 16**8
    return round(low * (high / low) ** part, 2)


def prices(kind: str, codes: pd.Series, low: float, high: float) -> pd.Series:
    """The price of each of `codes`."""
    return codes.map({code: price(kind, code, low, high) for code in codes.unique()})
