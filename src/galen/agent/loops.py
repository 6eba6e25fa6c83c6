"""Loop detection: the failure that leads all others in the paper (figure 7: 50.39 % of failures)."""

from __future__ import annotations

from collections.abc import Sequence

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
