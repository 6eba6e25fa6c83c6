"""What the builders and views do with SQLite files alike: open one that others read too, copy it, write one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path


def read_only(path: Path) -> sqlite3.Connection:
    """The database at `path`, which nobody writes meanwhile."""
    return sqlite3.connect(f"file:{path.resolve()}?mode=ro&immutable=1", uri=True)


def in_memory(path: Path, indexes: Sequence[str] = ()) -> sqlite3.Connection:
    """A copy of the database with `indexes` (`table(columns)`) of its own, which the file never gets."""
    copy = sqlite3.connect(":memory:")
    with closing(read_only(path)) as source:
        source.backup(copy)
    for i, on in enumerate(indexes):
        copy.execute(f"create index own_{i} on {on}")
    if indexes:
        copy.execute("analyze")
    return copy


def write(
    path: Path, schema: Path, tables: Mapping[str, Sequence[tuple]], add_indexes: Callable[[sqlite3.Connection], None]
) -> None:
    """A new database `path` with the tables of the DDL `schema`, and the rows of each in its order of columns."""
    with closing(sqlite3.connect(path)) as db, db:
        db.executescript(schema.read_text())
        for table, rows in tables.items():
            if rows:
                db.executemany(f"INSERT INTO {table} VALUES ({','.join('?' * len(rows[0]))})", rows)
        add_indexes(db)


def stamp(time: datetime | None) -> str | None:
    """A time as the tables hold it."""
    return None if time is None else time.strftime("%Y-%m-%d %H:%M:%S")
