"""How well failures are told apart: precision and recall on episodes whose kinds are known."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from galen.errors import UserError
from galen.evals.failures import FailureKind, classify, signs
from galen.types import Episode, Frozen

ANY_LOOP = "a loop anywhere"


class Labelled(Frozen):
    """An episode, why it failed (None: it did not), and whether a reader sees a loop anywhere in it.

    `name` says how it was made, or where it is from; episodes of one name are alike.
    """

    name: str
    kind: FailureKind | None
    loop: bool
    episode: Episode


@dataclass(frozen=True)
class Agreement:
    """One kind: `found` of `labelled` episodes, and `said` in all. Precision or recall of nothing is NaN."""

    kind: str
    labelled: int
    said: int
    found: int

    @property
    def precision(self) -> float:
        return self.found / self.said if self.said else math.nan

    @property
    def recall(self) -> float:
        return self.found / self.labelled if self.labelled else math.nan


def read(path: Path) -> Iterator[Labelled]:
    """The labelled episodes of a file; raises UserError naming the line of a broken one."""
    for i, line in enumerate(path.read_text().splitlines(), 1):
        try:
            yield Labelled.model_validate_json(line)
        except ValidationError as error:
            first = error.errors()[0]
            raise UserError(f"{path}: line {i}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def agreement(rows: Sequence[Labelled]) -> tuple[list[Agreement], list[tuple[Labelled, str]]]:
    """One line a kind, one of the successes, one of loops anywhere; and the rows whose kind was not found, with what
    was said instead.
    """
    said = [_name(failure.kind if (failure := classify(row.episode)) else None) for row in rows]
    known = [_name(row.kind) for row in rows]
    lines = [
        Agreement(
            kind, known.count(kind), said.count(kind), sum(a == b == kind for a, b in zip(known, said, strict=True))
        )
        for kind in [*(k.value for k in FailureKind), _name(None)]
    ]
    seen = [FailureKind.LOOP in signs(row.episode) for row in rows]
    both = sum(row.loop and s for row, s in zip(rows, seen, strict=True))
    lines.append(Agreement(ANY_LOOP, sum(row.loop for row in rows), sum(seen), both))
    return lines, [(row, s) for row, k, s in zip(rows, known, said, strict=True) if k != s]


def _name(kind: FailureKind | None) -> str:
    return kind.value if kind else "success"
