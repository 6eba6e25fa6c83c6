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

    `name` says how it was made, or where it is from; episodes of one name are alike. `held_out`: the rules were written
    without it.
    """

    name: str
    held_out: bool = False
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
    """One line a kind, one of the successes, one of loops anywhere; and the rows that were not judged as labelled, with
    what was said of them.
    """
    said = [(_name(failure.kind if (failure := classify(r.episode)) else None), _loops(r.episode)) for r in rows]
    known = [(_name(r.kind), r.loop) for r in rows]
    pairs = list(zip(known, said, strict=True))
    lines = [
        _line(name, [k[0] == name for k in known], [s[0] == name for s in said])
        for name in [*(k.value for k in FailureKind), _name(None)]
    ]
    lines.append(_line(ANY_LOOP, [k[1] for k in known], [s[1] for s in said]))
    told = [f"labelled {k[0]}{' with a loop' * k[1]}, said {s[0]}{' with a loop' * s[1]}" for k, s in pairs]
    return lines, [(row, text) for row, text, (k, s) in zip(rows, told, pairs, strict=True) if k != s]


def _line(name: str, known: Sequence[bool], said: Sequence[bool]) -> Agreement:
    return Agreement(name, sum(known), sum(said), sum(k and s for k, s in zip(known, said, strict=True)))


def _loops(episode: Episode) -> bool:
    return FailureKind.LOOP in signs(episode)


def _name(kind: FailureKind | None) -> str:
    return kind.value if kind else "success"
