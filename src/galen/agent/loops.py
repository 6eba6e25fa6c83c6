"""Loop detection: the failure that leads all others in the paper (figure 7: 50.39 % of failures)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from galen.types import Action, ParseError

REPEATS = 3


def looping(actions: Sequence[Action | ParseError], repeats: int = REPEATS) -> bool:
    """Whether the last actions are one repeated so often in a row, or two in turn (A-B-A-B-A-B for three)."""
    for period in (1, 2):
        tail = actions[-repeats * period :]
        if len(tail) == repeats * period and all(tail[i] == tail[i % period] for i in range(len(tail))):
            return True
    return False


def closes(actions: Sequence[Action | ParseError], repeats: int = REPEATS) -> int | None:
    """The place of the first action that closes a loop; None where there is none."""
    return next((i for i in range(len(actions)) if looping(actions[: i + 1], repeats)), None)


class Loop(NamedTuple):
    """Turns `first` to `last`, both counted, in which the same `period` turns come again and again."""

    first: int
    last: int
    period: int


def runs(equal: Sequence[bool], period: int, repeats: int = REPEATS) -> list[Loop]:
    """The loops of `period` turns that come at least `repeats` times: `equal[i]` says that turn i + period repeats turn i."""
    found, start = [], None
    for i, same in enumerate([*equal, False]):
        if same and start is None:
            start = i
        elif not same and start is not None:
            if i - start >= (repeats - 1) * period:
                found.append(Loop(start, i - 1 + period, period))
            start = None
    return found
