"""Loops as a reader sees them: exact repeats, near repeats that learn nothing, and cycles.

The agent's own stop (`galen.agent.loops.looping`) knows exact repeats only, so that no episode is ended by a guess.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rapidfuzz import fuzz

from galen.agent.loops import REPEATS, Loop, runs
from galen.types import Action, Observation, Turn

# Per cent of two texts that an edit distance leaves alone (indel similarity): where both showed the same failure a
# rewriting repeats it, where both ran only small changes do.
NEAR = {"failed": 70.0, "ran": 85.0}
PERIODS = range(1, 6)  # five turns thrice are the fifteen that an episode has
_COMMENT = re.compile(r"(?m)(?:--|#).*$")
_MEANT = re.compile(r"'[^']*'|\"[^\"]*\"|\b\d+(?:\.\d+)?\b|\b[a-z_]\w{3,}")  # literals, and names longer than an alias
_CLOCK = re.compile(r"0x[0-9a-f]+|\bline \d+|\bafter \d+ s\b")  # what differs between two runs of the same program


def loops(turns: Sequence[Turn], repeats: int = REPEATS) -> list[Loop]:
    """Every loop of `turns`, shortest period first; a loop that another covers is left out."""
    found: list[Loop] = []
    for period in PERIODS:
        equal = [repeated(turns[i], turns[i + period], alone=period == 1) for i in range(len(turns) - period)]
        new = runs(equal, period, repeats)
        found += [n for n in new if not any(o.first <= n.first and n.last <= o.last for o in found)]
    return found


def repeated(before: Turn, after: Turn, *, alone: bool) -> bool:
    """Whether `after` does what `before` did and has nothing new to show for it. `alone`: nothing came between them.

    The same words are a repeat if nothing came between them, whatever they showed. Similar words, or the same after
    something else, are a repeat if they showed the same; where the program ran, it names the same values, tables and
    columns as well: a search that finds nothing yet is no loop. What the last turn would have shown is not known; it
    counts as the same.
    """
    if _kind(before) != _kind(after):
        return False
    a, b = _words(before), _words(after)
    if (a == b and alone) or not isinstance(after.action, Action):
        return a == b  # replies that are no action fail alike, whatever they say
    shown = before.observation
    if shown is None or not (after.observation is None or _same(shown, after.observation)):
        return False
    near = NEAR["ran" if shown.ok else "failed"]
    return fuzz.ratio(a, b) >= near and (not shown.ok or _meant(a) == _meant(b))


def _kind(turn: Turn) -> tuple[str, str | None]:
    return (turn.action.kind, turn.action.lang) if isinstance(turn.action, Action) else ("parse_error", None)


def _words(turn: Turn) -> str:
    """What the agent wrote, without comments, case and spacing."""
    text = turn.action.content if isinstance(turn.action, Action) else turn.text
    return " ".join(_COMMENT.sub("", text).lower().split())


def _meant(words: str) -> set[str]:
    return {word.strip("'\"") for word in _MEANT.findall(words)}


def _same(before: Observation, after: Observation) -> bool:
    """Whether two programs ended alike; of a failure the last line counts alone, since a traceback quotes the program."""
    if before.ok != after.ok:
        return False
    a, b = (_CLOCK.sub("", o.text.strip()) for o in (before, after))
    return a == b if before.ok else a.rpartition("\n")[2] == b.rpartition("\n")[2]
