"""The numbers of a task folder itself, for the table of dataset statistics."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from functools import cache
from pathlib import Path

from galen.evals.statistics import Estimate
from galen.tasks.store import read_tasks, require, splits


def dataset(metric: str, families: Sequence[str], data: Path) -> Estimate | None:
    """`metric` (of `metrics.DATASET`) of the families together; None where the folder lacks one of them.

    `train` has the validation split in it, as in the paper; `categories` and databases that families share count once.
    `elements` are the databases' cells.
    """
    require(data)
    known = json.loads((data / "dataset.json").read_text())["counts"]
    if not families or any(f"{family}/test" not in known for family in families):
        return None
    counts = {s: sum(known.get(f"{f}/{s}", 0) for f in families) for s in ("train", "valid", "test")}
    if metric == "train":
        value = counts["train"] + counts["valid"]
    elif metric in ("test", "total"):
        value = counts["test"] if metric == "test" else sum(counts.values())
    elif metric == "categories":
        value = len(set().union(*(_facts(data, f)[0] for f in families)))
    else:
        databases = set().union(*(_facts(data, f)[1] for f in families))
        value = sum(_size(data / path)[metric == "elements"] for path in databases)
    return Estimate(float(value), math.nan, math.nan, sum(counts.values()), 0)


@cache
def _facts(data: Path, family: str) -> tuple[frozenset[str], frozenset[str]]:
    """Categories and databases of a family's tasks."""
    tasks = [t for _, split in splits(data, [family]) for t in read_tasks(data, family, split)]
    databases = {r.path for t in tasks for r in t.resources if r.kind == "sqlite"}
    return frozenset(t.category for t in tasks), frozenset(databases)


@cache
def _size(path: Path) -> tuple[int, int]:
    """Tables and cells of a database."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as database:
        names = [
            n
            for (n,) in database.execute(
                "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'"
            )
        ]
        cells = 0
        for name in names:
            quoted = '"' + name.replace('"', '""') + '"'
            columns = len(database.execute(f"pragma table_info({quoted})").fetchall())
            cells += columns * database.execute(f"select count(*) from {quoted}").fetchone()[0]
    return len(names), cells
