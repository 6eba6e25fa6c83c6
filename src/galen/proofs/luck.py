"""When a blind submission is right by chance, by a plain comparison that shares nothing with the oracles."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from galen.proofs.validate import is_boolean, written
from galen.proofs.wrong import NUMBER
from galen.types import Gold, Task

BOUNDS = {"boolean": 0.60, "other": 0.25}
"""The largest share of a family's instances that one blind submission may be right for: yes and no are balanced 40-60."""
WORDS = {"yes": "1", "true": "1", "no": "0", "false": "0"}
NOTHING = {"none": "null"}  # Python's word for SQL's
DECIMAL = 0.05
ROUNDING = 0.0005


Cell = tuple[str, float | None]


def equal(said: str, right: str, task: Task) -> bool:
    """Whether the whole of `said` is the answer `right`: as many rows and cells, each the same text or number."""
    boolean = is_boolean(task)
    return _equal(_rows(said, boolean), _rows(right, boolean), task.oracle.kind)


def _rows(text: str, boolean: bool) -> list[list[Cell]]:
    """Sorted rows of cells, each with its number if it is one."""
    rows = sorted([cell.strip().casefold() for cell in line.split("\t")] for line in text.splitlines() if line.strip())
    words = NOTHING | (WORDS if boolean else {})
    cells = [[words.get(cell, cell) for cell in row] for row in rows]
    return [[(cell, float(cell) if NUMBER.fullmatch(cell) else None) for cell in row] for row in cells]


def _equal(mine: list[list[Cell]], theirs: list[list[Cell]], kind: str) -> bool:
    if [len(row) for row in mine] != [len(row) for row in theirs]:
        return False
    pairs = [pair for a, b in zip(mine, theirs, strict=True) for pair in zip(a, b, strict=True)]
    return all(_same(a, b, kind) for a, b in pairs)


def _same(a: Cell, b: Cell, kind: str) -> bool:
    (text, x), (other, y) = a, b
    if x is None or y is None:
        return text == other
    return abs(x - y) <= (DECIMAL * abs(y) if kind == "decimal" else ROUNDING) + 1e-9


class Answers:
    """The answers of a family's instances, those with a boolean answer apart from the others."""

    def __init__(self, pairs: Sequence[tuple[Task, Gold]]) -> None:
        counts = Counter((is_boolean(task), task.oracle.kind, written(gold.answer)) for task, gold in pairs)
        self._found = [(b, kind, _rows(right, b), n) for (b, kind, right), n in counts.items()]

    def right(self, said: str) -> dict[str, tuple[int, int]]:
        """For how many of each kind `said` is right, of how many; a kind that the family does not have is left out."""
        mine = {boolean: _rows(said, boolean) for boolean in (True, False)}
        right, total = Counter[str](), Counter[str]()
        for boolean, kind, theirs, n in self._found:
            name = "boolean" if boolean else "other"
            total[name] += n
            right[name] += n * _equal(mine[boolean], theirs, kind)
        return {name: (right[name], total[name]) for name in total}


def too_high(counts: Mapping[str, tuple[int, int]]) -> bool:
    """Whether a blind submission is right too often: above its bound by more than three standard errors."""
    return any(right > bound(kind, total) * total for kind, (right, total) in counts.items())


def bound(kind: str, total: int) -> float:
    """The share that a sample of `total` instances may show where the family keeps to `BOUNDS`."""
    share = BOUNDS[kind]
    return share + 3 * math.sqrt(share * (1 - share) / total)
