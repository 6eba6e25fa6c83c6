"""Resources in SQLite, found by their search parameters. A base is a file that nobody writes; an episode has its own in memory."""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from .parameters import values

SCHEMA = """
create table about(name text primary key, value text) without rowid;
create table resource(key integer primary key, type text not null, id text not null, body text not null, unique(type, id));
create table token(key integer, name text, code text, system text, type text, primary key(key, name, code, system)) without rowid;
create index token_by_value on token(type, name, code);
create table string(key integer, name text, plain text, raw text, type text, primary key(key, name, plain, raw)) without rowid;
create index string_by_value on string(type, name, plain);
create table date(key integer, name text, low real, high real, type text, primary key(key, name, low, high)) without rowid;
create index date_by_value on date(type, name, low);
"""
INSERTS = {
    "token": "insert or ignore into token(code, system, type, name, key) values (?, ?, ?, ?, ?)",
    "string": "insert or ignore into string(plain, raw, type, name, key) values (?, ?, ?, ?, ?)",
    "date": "insert or ignore into date(low, high, type, name, key) values (?, ?, ?, ?, ?)",
}
SMALL_PAGE = 1024  # bytes: an episode's own store holds a few resources, and there may be thousands of episodes


@cache
def _empty() -> bytes:
    """An empty database with its tables: to copy one is much faster than to make one."""
    database = sqlite3.connect(":memory:")
    database.execute(f"pragma page_size = {SMALL_PAGE}")
    database.executescript(SCHEMA)
    return database.serialize()


class Store:
    """One database of resources."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    @classmethod
    def open(cls, path: Path) -> "Store":
        """The base at `path`, which nobody writes meanwhile."""
        return cls(sqlite3.connect(f"file:{path.resolve()}?mode=ro&immutable=1", uri=True, check_same_thread=False))

    @classmethod
    def in_memory(cls) -> "Store":
        """An empty one."""
        database = sqlite3.connect(":memory:", check_same_thread=False)
        database.deserialize(_empty())
        return cls(database)

    @property
    def about(self) -> dict[str, str]:
        return dict(self._database.execute("select name, value from about"))

    def add(self, resource: dict[str, Any]) -> None:
        """Store and index `resource`, whose type and id must be new; ValueError, and nothing stored, where a date is none."""
        kind = resource["resourceType"]
        resource = {
            "resourceType": kind,
            "id": resource["id"],
            **resource,
        }  # a bundle's text reads the id off its start
        found = list(values(resource))
        body = json.dumps(resource, ensure_ascii=False, separators=(",", ":"))
        done = self._database.execute(
            "insert into resource(type, id, body) values (?, ?, ?)", (kind, resource["id"], body)
        )
        for table, name, columns in found:
            self._database.execute(INSERTS[table], (*columns, kind, name, done.lastrowid))

    def body(self, kind: str, id_: str) -> str | None:
        """The JSON of one resource."""
        row = self._database.execute("select body from resource where type = ? and id = ?", (kind, id_)).fetchone()
        return row[0] if row else None

    def rows(self, sql: str, arguments: Sequence[Any]) -> list[tuple]:
        return self._database.execute(sql, arguments).fetchall()

    def bodies(self, keys: Sequence[int]) -> list[str]:
        """The JSON of resources, in the order of `keys`."""
        marks = ",".join("?" * len(keys))
        found = dict(self._database.execute(f"select key, body from resource where key in ({marks})", tuple(keys)))
        return [found[key] for key in keys]

    def counts(self) -> dict[str, int]:
        """How many resources of each type."""
        return dict(self._database.execute("select type, count(*) from resource group by type order by type"))

    def close(self) -> None:
        self._database.close()


def write_base(path: Path, resources: Iterable[dict[str, Any]], about: Mapping[str, str]) -> list[str]:
    """A new base file at `path`; returns the resources that are left out for a date that is none, each with the reason.

    `about` holds `now`, the server's clock as a FHIR instant, and what else is told of it.
    """
    left_out = []
    database = sqlite3.connect(path)
    database.executescript("pragma journal_mode = off; pragma synchronous = off;" + SCHEMA)
    store = Store(database)
    with database:
        database.executemany("insert into about values (?, ?)", sorted(about.items()))
        for resource in resources:
            try:
                store.add(resource)
            except (ValueError, OverflowError) as error:
                left_out.append(f"{resource['resourceType']}/{resource['id']}: {error}")
    database.execute("vacuum")
    store.close()
    return left_out
