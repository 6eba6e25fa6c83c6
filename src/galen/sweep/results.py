"""A finished step with a grid as a table: a row a cell, compared with the first, after Holm's correction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from galen.report.tables.make import write
from galen.report.tables.runs import Entry, index
from galen.report.tables.spec import DIFFERENCES, Line, Row, TableSpec
from galen.sweep.study import Step, Study, label

BLOCKS: dict[Literal["id", "ood"], str] = {"id": "held-out", "ood": "unseen"}


def tables(study: Study, out: Path) -> list[Path]:
    """Write a table for each step with a grid into `out`: Markdown, LaTeX, CSV and a figure; returns the Markdown files.

    A cell without a finished run prints "not run".
    """
    made = []
    for name, step in study.steps.items():
        if step.grid:
            mine = [e for e in index(out) if e.run.name.startswith(f"{name}-")]
            made.append(write(name, table(study, step, mine), mine, out))
    return made


def table(study: Study, step: Step, entries: Sequence[Entry]) -> TableSpec:
    """The table of a step whose results are `entries`: columns are blocks and families, pooled ones first."""
    played = {(f, b) for e in entries for b in BLOCKS for f in e.families if e.episodes(f, b)}
    columns = []
    for block, told in BLOCKS.items():
        families = tuple(sorted(f for f, b in played if b == block))
        if len(families) > 1:
            columns.append(Line(name=f"{told}, mean", families=families, block=block))
        columns += [Line(name=f"{told}, {f}", families=(f,), block=block) for f in families]
    keys = list(step.grid)
    numbers = len(keys) == 1 and all(isinstance(v, int | float) and not isinstance(v, bool) for v in step.grid[keys[0]])
    return TableSpec(
        title=study.title, place=f"means over seeds {', '.join(map(str, study.seeds))}",
        columns=tuple(columns) or (Line(name="held-out, mean", block="id"),), rows=tuple(_rows(step)),
        may_differ=tuple(sorted({key.rpartition(".")[2] for key in keys} & set(DIFFERENCES))),
        figure="lines" if numbers else "bars",
    )  # fmt: skip


def _rows(step: Step) -> list[Row]:
    policies = ("dpo", "ppo", "grpo") if step.train == "all" else (step.train,) if step.train else (None,)
    first = step.cells[0]
    rows = []
    for policy in policies:
        for cell in step.cells:
            runs: dict[str, Any] = {"where": {_key(step, k): v for k, v in cell.items()}}
            if policy:
                runs["policy"] = policy
            against = None if cell == first else _name(step, policy, first)
            rows.append(Row(name=_name(step, policy, cell), runs=runs, against=against))
    return rows


def _name(step: Step, policy: str | None, cell: Mapping[str, Any]) -> str:
    return f"{policy}, {label(cell)}" if step.train == "all" else label(cell)


def _key(step: Step, key: str) -> str:
    """Where a setting stands in a run's configuration."""
    return key if key.startswith("model.") else f"{'recipe' if step.train else 'settings'}.{key}"
