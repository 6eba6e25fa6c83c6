"""What a table is: `configs/tables/<name>.yaml`, one a table or figure of the paper."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from galen.evals.best_of import METHODS
from galen.report.tables.metrics import NAMES
from galen.types import Conditions, Frozen

SAMPLED = re.compile(rf"({'|'.join(METHODS[:4])})@(\d+)")
DIFFERENCES = (*Conditions.model_fields, "tasks", "oracle")
"""What has to be equal among the results of one table."""


class Pattern(Frozen):
    """Which stored results: each field lists what will do, and none is any. `method` is the command's (`eval`, or what
    was given to `train`), `where` are settings of the run or of the one that trained its policy: {recipe.share: 25}; with
    a setting of `unless` a result is left out.
    """

    model: tuple[str, ...] = ()
    policy: tuple[str, ...] = ()
    method: tuple[str, ...] = ()
    seed: tuple[int, ...] = ()
    samples: int = 1
    where: dict[str, Any] = {}
    unless: dict[str, Any] = {}

    @field_validator("model", "policy", "method", "seed", mode="before")
    @classmethod
    def _one_or_more(cls, value: Any) -> Any:
        return [value] if isinstance(value, str | int) else value


class Line(Frozen):
    """A column, and what a row has in common with it. A row's settings go before its column's, and those before the
    table's. Of several `families` a cell is the unweighted mean.
    """

    name: str
    runs: dict[str, Any] = {}
    families: tuple[str, ...] = ()
    metric: str | None = None
    block: Literal["id", "ood", "all"] | None = None

    @field_validator("families", mode="before")
    @classmethod
    def _one_or_more(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value


class Row(Line):
    """`paper` has the paper's number for each column, null where it has none; left out, it has none at all. The row is
    compared with the row `against`. `k` takes the place of K in metrics such as pass@K.
    """

    paper: tuple[float | None, ...] = ()
    against: str | None = None
    k: int | None = Field(default=None, ge=1)


class TableSpec(Frozen):
    """`place` is where the paper has it, if it does. Numbers are shown times `scale`, with so many `decimals`.

    `block` all is the whole test split, whose size is the paper's. `may_differ` names conditions that the rows are
    about. `smallest` is the number of clusters below which nothing is claimed. `figure` draws it, rows along the axis.
    """

    title: str
    place: str | None = None
    columns: tuple[Line, ...]
    rows: tuple[Row, ...]
    runs: dict[str, Any] = {}
    metric: str = "success"
    block: Literal["id", "ood", "all"] = "all"
    scale: float = 100.0
    decimals: int = 2
    may_differ: tuple[str, ...] = ()
    smallest: int = Field(default=30, ge=2)
    figure: Literal["bars", "lines"] | None = None
    notes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> TableSpec:
        names = [row.name for row in self.rows]
        if doubled := {n for n in names if names.count(n) > 1}:
            raise ValueError(f"two rows are called {', '.join(sorted(doubled))}")
        for row in self.rows:
            if row.paper and len(row.paper) != len(self.columns):
                raise ValueError(f"row {row.name}: {len(row.paper)} numbers for {len(self.columns)} columns")
            if row.against is not None and row.against not in names:
                raise ValueError(f"row {row.name}: no row {row.against!r} to compare with")
        for name in {self.metric_of(row, column) for row in self.rows for column in self.columns}:
            if name not in NAMES and not SAMPLED.fullmatch(name):
                raise ValueError(f"unknown metric {name!r}; known: {', '.join(NAMES)}, {', '.join(METHODS[:4])}@K")
        if wrong := set(self.may_differ) - set(DIFFERENCES):
            raise ValueError(f"may_differ: unknown {', '.join(sorted(wrong))}; known: {', '.join(DIFFERENCES)}")
        for line in (self, *self.rows, *self.columns):
            Pattern.model_validate(line.runs)
        return self

    def metric_of(self, row: Row, column: Line) -> str:
        name = row.metric or column.metric or self.metric
        return name.replace("@K", f"@{row.k}") if row.k else name

    @property
    def largest_k(self) -> int:
        """The largest K that a cell asks for; every K is estimated on tasks with that many episodes."""
        names = (self.metric_of(r, c) for r in self.rows for c in self.columns)
        return max((int(found[2]) for n in names if (found := SAMPLED.fullmatch(n))), default=1)
