"""The tables of `configs/tables/` from stored results: Markdown, LaTeX, CSV and figures in one folder."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from galen.config import load, preset
from galen.paths import CONFIGS, ROOT
from galen.report.manifest import commit
from galen.report.tables import figure, render
from galen.report.tables.agreement import alike, plain, require_agreement, used
from galen.report.tables.cells import Cell, Grid, cells
from galen.report.tables.claims import claims
from galen.report.tables.dataset import dataset
from galen.report.tables.runs import Entry, index
from galen.report.tables.spec import TableSpec
from galen.types import RunManifest


def known() -> list[str]:
    """The names of all tables."""
    return sorted(p.stem for p in (CONFIGS / "tables").glob("*.yaml"))


def make(
    names: Sequence[str], runs: Path, data: Path, out: Path, *, apart: bool = False, overrides: Sequence[str] = ()
) -> list[Path]:  # fmt: skip
    """Write the tables into `out` and return their Markdown files. With `apart`, results of different kinds make
    parts of their own. Without a folder `runs` nothing is run.

    Raises:
        UserError: no such table, results that must not stand in one table, or two that fit one cell.
    """
    specs = {name: load(preset("tables", name), TableSpec, list(overrides)) for name in names}
    entries = index(runs) if runs.exists() else []
    out.mkdir(parents=True, exist_ok=True)
    return [_write(name, spec, _grids(name, spec, entries, data, apart), out) for name, spec in specs.items()]


def write(name: str, spec: TableSpec, entries: Sequence[Entry], out: Path) -> Path:
    """Write a table that is no file of `configs/tables/` into `out`, which is there, and return its Markdown file.

    Raises:
        UserError: results that must not stand in one table, or two that fit one cell.
    """
    return _write(name, spec, [_agreeing(name, spec, entries)], out)


def _grids(name: str, spec: TableSpec, entries: Sequence[Entry], data: Path, apart: bool) -> list[Grid]:
    if any(spec.metric_of(row, column).startswith("tasks.") for row in spec.rows for column in spec.columns):
        return [_dataset(spec, data)]
    if apart:
        grids = [cells(name, spec, group) for group in alike(entries, spec.may_differ)]
        return [g for g in grids if used(g)] or [cells(name, spec, [])]
    return [_agreeing(name, spec, entries)]


def _agreeing(name: str, spec: TableSpec, entries: Sequence[Entry]) -> Grid:
    grid = cells(name, spec, entries)
    require_agreement(name, used(grid), spec.may_differ)
    return grid


def _dataset(spec: TableSpec, data: Path) -> Grid:
    grid = [
        [Cell(row, c, spec.metric_of(row, c), row.paper[i] if row.paper else None) for i, c in enumerate(spec.columns)]
        for row in spec.rows
    ]
    if not (data / "dataset.json").exists():
        return grid
    source = _told(data / "dataset.json")

    def filled(cell: Cell) -> Cell:
        found = dataset(cell.metric.partition(".")[2], cell.row.families or cell.column.families, data)
        return cell if found is None else replace(cell, estimate=found, manifest=source)

    return [[filled(cell) for cell in row] for row in grid]


def _write(name: str, spec: TableSpec, grids: Sequence[Grid], out: Path) -> Path:
    for ending in ("md", "tex", "csv", "svg"):
        for old in out.glob(f"{name}*.{ending}"):
            if old.stem == name or old.stem.removeprefix(f"{name}-").isdigit():
                old.unlink()
    parts: dict[str, list[str]] = {"md": [], "tex": [], "csv": []}
    for number, bare in enumerate(grids, 1):
        grid = [[_pointed(cell, out) for cell in row] for row in bare]
        made = claims(spec, grid)
        heading = f", part {number} of {len(grids)}: {_kind(grid)}" if len(grids) > 1 else ""
        parts["md"].append(render.markdown(spec, grid, made, heading))
        parts["tex"].append(render.latex(spec, grid, made))
        parts["csv"].append(render.table_csv(spec, grid, made))
        if spec.figure:
            figure.draw(spec, grid, out / (f"{name}-{number}.svg" if len(grids) > 1 else f"{name}.svg"))
    for ending, texts in parts.items():
        (out / f"{name}.{ending}").write_text("\n".join(texts))
    return out / f"{name}.md"


def _kind(grid: Grid) -> str:
    """What the results of one part have in common."""
    first = used(grid)[0]
    told = {k: v for k, v in dict(first.result.conditions).items() if v not in (None, ())}
    return ", ".join(f"{k} {plain(v)}" for k, v in told.items()) + f", tasks {first.manifest.data[:12]}"


@cache
def _commit() -> str:
    return commit()


def _pointed(cell: Cell, out: Path) -> Cell:
    """The cell with its one manifest: that of its run or, of several runs, one in `out` that names theirs."""
    parents = sorted({_told(e.run / "manifest.json") for e in cell.played})
    if len(parents) < 2:
        return replace(cell, manifest=parents[0]) if parents else cell
    first = cell.played[0].manifest
    joint = RunManifest(
        name="table", commit=_commit(), lock_sha256=first.lock_sha256, config={}, seeds=cell.seeds, data=first.data,
        parents=parents,
    )  # fmt: skip
    path = out / "manifests" / f"{hashlib.sha256(' '.join(parents).encode()).hexdigest()[:12]}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(joint.model_dump_json(indent=1) + "\n")
    return replace(cell, manifest=_told(path))


def _told(path: Path) -> str:
    """A path as tables print it: from the repository's folder, if it is in there."""
    path = path.resolve()
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)
