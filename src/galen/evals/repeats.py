"""Loops as a reader sees them: exact repeats, near repeats that learn nothing, and cycles.

The agent's own stop (`galen.agent.loops.looping`) knows exact repeats only, so that no episode is ended by a guess.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from itertools import pairwise, takewhile

from rapidfuzz import fuzz

from galen.agent.loops import REPEATS, Loop, runs
from galen.evals.program_errors import program_error
from galen.types import Action, ActionKind, Observation, Turn

# Per cent of two texts, or of their sorted words, that an edit distance leaves alone (indel similarity): where both showed the same failure a
# rewriting repeats it, where both ran only small changes do.
NEAR = {"failed": 70.0, "ran": 85.0}
PERIODS = range(1, 6)  # five turns thrice are the fifteen that an episode has
_COMMENT = re.compile(r"(?m)(?:--|#).*$")
# Literals, names longer than an alias, and the short words and signs that make another question of the same names.
_MEANT = re.compile(
    r"'[^']*'|\"[^\"]*\"|\b\d+(?:\.\d+)?\b|\b[a-z_]\w{3,}|\b(?:min|max|sum|avg|asc|and|or|not)\b|[<>!=]=|<>|[<>+*/%-]"
)
_LOOKS = (ActionKind.REQUEST_INFO, ActionKind.DEBUGGING)
_ALIAS = re.compile(r"\bas [a-z_]\w*|\b[a-z_]\w*\.(?=[a-z_*])")  # names of the query's own, and whose column it is
# What differs between two runs of the same program, or between two names of the same column.
_CLOCK = re.compile(r"0x[0-9a-f]+|\bline \d+|\bafter \d+ s\b|(?<=no such column: )\w+\.")


def loops(turns: Sequence[Turn], repeats: int = REPEATS) -> list[Loop]:
    """Every loop of `turns`, shortest period first, then the returns; a loop that another covers is left out."""
    found: list[Loop] = []
    for period in PERIODS:
        equal = [repeated(turns[i], turns[i + period], alone=period == 1) for i in range(len(turns) - period)]
        found += _uncovered(runs(equal, period, repeats), found)
    return found + _uncovered(_returns(turns, repeats), found)


def _uncovered(new: Sequence[Loop], found: Sequence[Loop]) -> list[Loop]:
    return [n for n in new if not any(o.first <= n.first and n.last <= o.last for o in found)]


def _returns(turns: Sequence[Turn], repeats: int) -> list[Loop]:
    """One failing program, word for word, that comes `repeats` times with one failure, and between nothing that could mend
    it. Looks after the last time are of the loop as well, no more of them than there were between two times.
    """
    found: list[Loop] = []
    for first, turn in enumerate(turns):
        if program_error(turn) is None or (found and first <= found[-1].last):
            continue
        times = [first]
        for i in range(first + 1, len(turns)):
            if _again(turn, turns[i]):
                times.append(i)
            elif not _mends_nothing(turns[i]):
                break
        if len(times) >= repeats:
            widest = max(b - a for a, b in pairwise(times))
            after = takewhile(
                lambda t: isinstance(t.action, Action) and t.action.kind in _LOOKS, turns[times[-1] + 1 :]
            )
            found.append(Loop(first, times[-1] + min(widest - 1, len(list(after))), widest))
    return found


def _again(before: Turn, after: Turn) -> bool:
    """Whether `after` is the same failing program; how the last one of an episode ended is not known, and taken as alike."""
    seen = before.observation
    alike = seen is not None and (after.observation is None or _same(seen, after.observation))
    return alike and _kind(before) == _kind(after) and _words(before) == _words(after)


def _mends_nothing(turn: Turn) -> bool:
    """Whether it cannot change how a program ends: a look, a query, a reply without an action, or a program that failed."""
    action = turn.action
    if not isinstance(action, Action) or action.kind in _LOOKS or action.lang == "sql":
        return True
    return program_error(turn) is not None


def repeated(before: Turn, after: Turn, *, alone: bool) -> bool:
    """Whether `after` does what `before` did and has nothing new to show for it. `alone`: nothing came between them.

    The same words are a repeat if nothing came between them, whatever they showed. Similar words, or the same after
    something else, are a repeat if they showed the same; where the program ran, it names the same values, tables and
    columns and compares and computes alike as well: a search that finds nothing yet is no loop. What the last turn would have shown is not known; it
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
    alike = max(fuzz.ratio(a, b), fuzz.token_sort_ratio(a, b))
    return alike >= near and (not shown.ok or _meant(a) == _meant(b))


def _kind(turn: Turn) -> tuple[str, str | None]:
    return (turn.action.kind, turn.action.lang) if isinstance(turn.action, Action) else ("parse_error", None)


def _words(turn: Turn) -> str:
    """What the agent wrote, without comments, case and spacing, and without the names that it chose itself: of variables in
    Python, of columns and tables in SQL.
    """
    if not isinstance(turn.action, Action):
        return _plain(turn.text)
    text = turn.action.content
    if turn.action.lang == "python":
        return _plain(_unnamed(text))
    text = _plain(text)
    return " ".join(_ALIAS.sub("", text).split()) if turn.action.lang == "sql" else text


def _plain(text: str) -> str:
    return " ".join(_COMMENT.sub("", text).lower().split())


def _unnamed(program: str) -> str:
    """The program with its variables numbered in the order in which they are bound; as it is where it does not parse."""
    try:
        tree = ast.parse(program)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # what `ast.parse` is documented to raise
        return program
    bound: dict[str, str] = {}
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    for node in sorted(names, key=lambda n: (n.lineno, n.col_offset)):
        if isinstance(node.ctx, ast.Store):
            bound.setdefault(node.id, f"v{len(bound)}")
    for node in names:
        node.id = bound.get(node.id, node.id)
    return ast.unparse(tree)


def _meant(words: str) -> set[str]:
    return {"".join(word.strip("'\"").split()) for word in _MEANT.findall(words)}


def _same(before: Observation, after: Observation) -> bool:
    """Whether two programs ended alike; of a failure the last line counts alone, since a traceback quotes the program."""
    if before.ok != after.ok:
        return False
    a, b = (_CLOCK.sub("", o.text.strip()) for o in (before, after))
    return a == b if before.ok else a.rpartition("\n")[2] == b.rpartition("\n")[2]
