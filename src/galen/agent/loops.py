"""Loop detection: the failure that leads all others in the paper (figure 7: 50.39 % of failures)."""

from __future__ import annotations

from collections.abc import Sequence

from galen.types import Action, ParseError

REPEATS = 3


def looping(actions: Sequence[Action | ParseError]) -> bool:
    """Whether the last actions are one repeated three times in a row, or A-B-A-B-A-B."""
    for period in (1, 2):
        tail = actions[-REPEATS * period :]
        if len(tail) == REPEATS * period and all(tail[i] == tail[i % period] for i in range(len(tail))):
            return True
    return False
