"""From stored results to the cells of a table."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from galen.errors import UserError
from galen.evals.statistics import Estimate
from galen.evals.summary import Summary
from galen.report.tables.metrics import measure
from galen.report.tables.runs import Entry, matches
from galen.report.tables.spec import Line, Pattern, Row, TableSpec


@dataclass(frozen=True)
class Cell:
    """`estimate` None is a cell without a run. `played` are the results that it is computed from, `spread` is the
    standard deviation between seeds, `manifest` the file that says how all of it was made.
    """

    row: Row
    column: Line
    metric: str
    paper: float | None
    estimate: Estimate | None = None
    played: tuple[Entry, ...] = ()
    episodes: tuple[Summary, ...] = ()
    spread: float = math.nan
    manifest: str = ""

    @property
    def seeds(self) -> list[int]:
        return sorted({e.seed for e in self.played})


Grid = list[list[Cell]]


def cells(name: str, spec: TableSpec, entries: Sequence[Entry]) -> Grid:
    """The table's cells, row by row.

    Raises:
        UserError: two results with one seed fit the same cell, and they are not the same.
    """
    return [[_cell(name, spec, row, i, entries) for i in range(len(spec.columns))] for row in spec.rows]


def _cell(name: str, spec: TableSpec, row: Row, number: int, entries: Sequence[Entry]) -> Cell:
    column = spec.columns[number]
    empty = Cell(row, column, spec.metric_of(row, column), row.paper[number] if row.paper else None)
    block = row.block or column.block or spec.block
    pattern = Pattern.model_validate({**spec.runs, **column.runs, **row.runs})
    fitting = [e for e in entries if matches(pattern, e)]
    found = {
        family: _by_seed(name, empty, [e for e in fitting if e.episodes(family, block)], family, block)
        for family in row.families or column.families
    }
    seeds = set.intersection(*(set(by_seed) for by_seed in found.values())) if found else set()
    if not seeds:
        return empty
    played = {(family, s): by_seed[s] for family, by_seed in found.items() for s in sorted(seeds)}
    return _filled(empty, played, block, spec.largest_k)


def _by_seed(name: str, cell: Cell, entries: Sequence[Entry], family: str, block: str) -> dict[int, Entry]:
    """The entry of each seed. Roads that begin alike leave the same episodes of their base, say: the first will do."""
    found: dict[int, Entry] = {}
    for entry in entries:
        if (other := found.setdefault(entry.seed, entry)) is entry:
            continue
        if outcomes(other.episodes(family, block)) != outcomes(entry.episodes(family, block)):
            raise UserError(
                f"table {name}, row {cell.row.name}: {other.store} and {entry.store} both fit, with seed {entry.seed}; "
                "say more in `runs` (method, where), or take one of them out of the folder of runs"
            )
    return found


def outcomes(episodes: Sequence[Summary]) -> list[tuple[str, float | None, str | None]]:
    """What became of each episode, in an order that is the same for the same episodes."""
    return sorted(((e.key, e.reward, e.submission) for e in episodes), key=str)


def _filled(empty: Cell, played: Mapping[tuple[str, int], Entry], block: str, largest_k: int) -> Cell:
    def estimate(seeds: Sequence[int]) -> tuple[Estimate, list[Summary]]:
        mine = {key: entry for key, entry in played.items() if key[1] in seeds}
        episodes = [e for (family, _), entry in mine.items() for e in entry.episodes(family, block)]
        scores = [entry.verifier for entry in mine.values()]
        verifier = None if None in scores else {k: v for found in scores if found for k, v in found.items()}
        return measure(empty.metric, episodes, verifier, largest_k), episodes

    seeds = sorted({seed for _, seed in played})
    found, episodes = estimate(seeds)
    if math.isnan(found.value):
        return empty
    spread = statistics.stdev(estimate([s])[0].value for s in seeds) if len(seeds) > 1 else math.nan
    stores = {entry.store: entry for entry in played.values()}
    return replace(empty, estimate=found, played=tuple(stores.values()), episodes=tuple(episodes), spread=spread)
