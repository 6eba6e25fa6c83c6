"""What a table claims: which values are best, and which rows changed, after Holm's correction over all of its tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

from galen.evals.scores import compare, mean_change
from galen.evals.statistics import Estimate, holm
from galen.report.tables.cells import Cell, Grid
from galen.report.tables.spec import TableSpec

ALPHA = 0.05
TESTED = "success"
"""The metric whose cells are compared: the others have no paired test."""


@dataclass(frozen=True)
class Change:
    """`after` against `before`, two cells of one column. `p_value` is adjusted."""

    before: Cell
    after: Cell
    difference: Estimate
    p_value: float

    def holds(self, smallest: int) -> bool:
        """Significant, with an interval on one side of 0, and of enough clusters."""
        d = self.difference
        return self.p_value < ALPHA and d.clusters >= smallest and (d.low > 0 or d.high < 0)


@dataclass(frozen=True)
class Claims:
    """`best` are the (row, column) whose value is better than every other one of its column; `changes` are those of rows
    that name a row to be compared with. `tests` counts all that Holm's correction is for.
    """

    best: frozenset[tuple[int, int]]
    changes: tuple[Change, ...]
    tests: int


def claims(spec: TableSpec, grid: Grid) -> Claims:
    """Every pair of a column could have held its best value, so that each counts as a test."""
    columns = [[(r, line[c]) for r, line in enumerate(grid) if _tested(line[c])] for c in range(len(spec.columns))]
    contests = {c: _contest(column) for c, column in enumerate(columns) if len(column) > 1}
    against = [
        (grid[names.index(row.against)][c], grid[r][c])
        for names in [[row.name for row in spec.rows]]
        for r, row in enumerate(spec.rows) if row.against is not None
        for c in range(len(spec.columns)) if _tested(grid[r][c]) and _tested(grid[names.index(row.against)][c])
    ]  # fmt: skip
    pairs = [(cell, best) for _, best, others in contests.values() for cell in others] + against
    raw = [_difference(before, after) for before, after in pairs]
    tests = sum(comb(len(column), 2) for column in columns) + len(against)
    adjusted = holm([p for _, p in raw], tests)
    changes = [Change(*pair, found, p) for pair, (found, _), p in zip(pairs, raw, adjusted, strict=True)]
    won, start = set(), 0
    for c, (row, _, others) in contests.items():
        if all(change.holds(spec.smallest) for change in changes[start : start + len(others)]):
            won.add((row, c))
        start += len(others)
    return Claims(frozenset(won), tuple(changes[start:]), tests)


def _tested(cell: Cell) -> bool:
    return cell.estimate is not None and cell.metric == TESTED


def _contest(column: Sequence[tuple[int, Cell]]) -> tuple[int, Cell, list[Cell]]:
    """Row and cell of the column's highest value, and the other cells."""
    row, best = max(column, key=lambda pair: pair[1].estimate.value if pair[1].estimate else -1.0)
    return row, best, [cell for _, cell in column if cell is not best]


def _difference(before: Cell, after: Cell) -> tuple[Estimate, float]:
    """Paired by task. Of one family McNemar's test of clusters; of the mean of several its cluster-robust t-test."""
    if len({e.family for e in (*before.episodes, *after.episodes)}) > 1:
        return mean_change(before.episodes, after.episodes)
    found = compare(before.episodes, after.episodes)
    return Estimate(found.delta, found.low, found.high, found.n, found.clusters), found.p_cluster
