"""The numbers of a task folder itself, for the table of dataset statistics."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from functools import cache
from pathlib import Path

from galen.evals.statistics import Estimate
from galen.report.census import Census, census, total_categories


def dataset(metric: str, families: Sequence[str], data: Path) -> Estimate | None:
    """`metric` (of `metrics.DATASET`) of the families together; None where the folder lacks one of them.

    `train` has the validation split in it, as in the paper; tasks, categories and databases that count once are counted
    as `galen.report.census` does. `elements` are the databases' cells.
    """
    known = {c.family: c for c in _counted(data)}
    if not families or not known.keys() >= set(families):
        return None
    mine = [known[family] for family in families]
    if metric == "train":
        value = sum(c.train + c.valid for c in mine)
    elif metric == "test":
        value = sum(c.test for c in mine)
    elif metric == "total":
        value = sum(c.instances for c in mine)
    elif metric == "categories":
        value = total_categories(mine)
    else:
        databases = set().union(*(c.databases for c in mine))
        value = sum(_size(data / path)[metric == "elements"] for path in databases)
    return Estimate(float(value), math.nan, math.nan, sum(c.instances for c in mine), 0)


@cache
def _counted(data: Path) -> list[Census]:
    return census(data)


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
