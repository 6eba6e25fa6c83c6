"""Rows from frames and CSVs into SQLite, and the synthetic COST of EHRSQL (Lee et al. 2022): one price a code."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pandas as pd

from data_prep.sources.counts import Counts
from data_prep.sources.csvs import CsvFolder
from galen.errors import UserError


def schema(db: sqlite3.Connection) -> dict[str, dict[str, bool]]:
    """Each table's columns, lower-case, and whether a column must have a value."""
    names = [row[0] for row in db.execute("select name from sqlite_master where type = 'table' order by rowid")]
    return {
        name.lower(): {row[1].lower(): bool(row[3]) for row in db.execute(f'pragma table_info("{name}")')}
        for name in names
        if not name.startswith("sqlite_")
    }


def fill(
    path: Path,
    ddl: Path,
    load: Callable[[sqlite3.Connection], Counts],
    add_indexes: Callable[[sqlite3.Connection], None],
) -> Counts:
    """A new SQLite file `path` with the tables of the schema file `ddl`, which `load` fills: all of them or none.

    What `load` wrote and left out is printed and returned.
    """
    with closing(sqlite3.connect(path)) as db, db:
        db.executescript("begin;" + ddl.read_text())
        counts = load(db)
        add_indexes(db)
    print(counts.report())
    return counts


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


def from_csvs(folder: Path, ddl: Path, target: Path, source: str) -> None:
    """Fill the tables of the schema file `ddl` in a new SQLite file `target` from CSVs with their names and columns.

    Text is taken as it is. Raises UserError: a file or column is missing or damaged, or a row breaks the schema.
    """
    files = CsvFolder(folder, source)
    with closing(sqlite3.connect(target)) as db, db:
        db.executescript("begin;" + ddl.read_text())
        for table, columns in schema(db).items():
            names = tuple(columns)
            types = {row[1].lower(): row[2] for row in db.execute(f"pragma table_info({table})")}
            text = tuple(name for name in names if types[name].startswith(("VARCHAR", "TIMESTAMP", "TEXT")))
            whole = tuple(name for name in names if "INT" in types[name])
            for chunk in files.chunks(table, names, text):
                try:
                    insert(db, table, chunk, whole)
                except (sqlite3.IntegrityError, ValueError, TypeError) as error:
                    raise UserError(f"{files.find(table)}: a row does not fit the schema: {error}") from None


def price(kind: str, code: object, low: float, high: float) -> float:
    """What an event of `code` costs, in dollars between `low` and `high`: the same for every event, run and seed."""
    part = int(hashlib.sha256(f"{kind}/{code}".encode()).hexdigest()[:8], 16) / 16**8
    return round(low * (high / low) ** part, 2)


def prices(kind: str, codes: pd.Series, low: float, high: float) -> pd.Series:
    """The price of each of `codes`."""
    return codes.map({code: price(kind, code, low, high) for code in codes.unique()})
