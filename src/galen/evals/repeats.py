"""Loops as a reader sees them: rounds in which nothing new is learned and nothing is changed that could matter.

The agent's own stop (`galen.agent.loops.looping`) knows exact repeats only, so that no episode is ended by a guess.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile

from rapidfuzz.distance import Indel

from galen.agent.loops import REPEATS, Loop
from galen.evals.forms import Form, plain
from galen.evals.forms_python import expressions, python
from galen.evals.forms_shell import shell
from galen.evals.forms_sql import sql
from galen.evals.program_errors import RAN, program_error
from galen.types import Action, ActionKind, Turn

# Share of the tokens of two programs, in order or sorted, that an edit distance leaves alone (indel similarity).
NEAR = {"failed": 0.7, "ran": 0.5}
AKIN = 0.5  # of two commands, one of which was not seen to end
LONG = 8  # words of an answer that does not come by chance to two questions
_LOOKS = (ActionKind.REQUEST_INFO, ActionKind.DEBUGGING)
_READS = re.compile(r"\s*(?:cat|head|tail|less|more|file|stat|ls|pwd|wc|grep|find|which|sed -n)\b[^>]*$")
_CHANGES = re.compile(r"\bwrite|\bpost\b|\bdiscard\b|\bto_\w+\(|['\"][wa]b?['\"]|\bos\.|\bsubprocess\b")
# What differs between two runs of the same program, or between two names of the same column.
_CLOCK = re.compile(r"0x[0-9a-f]+|\bline \d+|\bafter \d+ s\b|(?<=no such column: )\w+\.")
_MISSING = re.compile(r"(?=.*No such file or directory).*?(?:['\"]([^'\"]+)['\"]|([^\s'\":]+): No such)")
# The last part of a name that a failure complains of.
_NAMED = re.compile(
    r"(?:no such \w+: |name '|KeyError: '|module named '|attribute '|argument '|missing: |/bin/sh: \d+: )(?:[^\s']*[./])?(\w+)"
)
_FRAME = re.compile(r'File "(?:<action>|<string>|<stdin>|/episode/[^"]*)", line (\d+)')
# What fails so: the first whose words the message has.
_CULPRITS: tuple[tuple[str, tuple[type[ast.AST], ...]], ...] = (
    (r"not defined", (ast.Name,)),
    (r"operand|division|modulo|concatenate", (ast.BinOp,)),
    (r"has no attribute", (ast.Attribute,)),
    (r"subscriptable|out of range|^IndexError", (ast.Subscript,)),
    (r"", (ast.Call, ast.BinOp, ast.Subscript)),
)
_CAUGHT = re.compile(
    r"^[^\n]*(?:(?:^|\s)[Ee]rror: |\w(?:Error|Exception)\b|no such (?:table|column): |No such file or directory)[^\n]*$"
)
_TESTS = re.compile(
    r"^AssertionError|^exit code|^(?!timed out|killed|[\w.]*(?:Error|Exception|Interrupt|Warning|Iteration)\b|\S+: )"
)


@dataclass(frozen=True)
class Step:
    """A turn, and what it did in normal form."""

    turn: Turn
    kind: tuple[str, str | None]
    form: Form

    @property
    def failed(self) -> bool:
        """Whether its program failed, or caught a failure and said so."""
        seen = self.turn.observation
        return seen is not None and (not seen.ok or (self.kind[0] in RAN and _CAUGHT.match(seen.text) is not None))

    @property
    def shown(self) -> str | None:
        return None if self.turn.observation is None else _CLOCK.sub("", self.turn.observation.text.strip())

    @property
    def message(self) -> str:
        """The last line of a failure, which names what failed; a path or a name that is missing alone, whoever looked for it."""
        line = (self.shown or "").rpartition("\n")[2]
        missing = _MISSING.match(line)
        return f"missing: {missing[1] or missing[2]}" if missing else re.sub(r"^.*(?=no such \w+: )", "sqlite: ", line)


def loops(turns: Sequence[Turn], repeats: int = REPEATS) -> list[Loop]:
    """Stretches of turns each of which comes at least `repeats` times in the stretch, and returns to one failure."""
    steps = _steps(turns)
    found, returns = ([_to_the_end(loop, steps) for loop in all_of(steps, repeats)] for all_of in (_rounds, _returns))
    return found + [r for r in returns if not any(f.first <= r.first and r.last <= f.last for f in found)]


def _to_the_end(loop: Loop, steps: Sequence[Step]) -> Loop:
    """`loop`, and the last turn of the episode behind it, if that was not seen to end and asks nothing that the loop did not."""
    last = steps[-1]
    if loop.last != len(steps) - 2 or last.shown is not None:
        return loop
    like = [step for step in steps[loop.first : -1] if step.kind == last.kind and not step.failed]
    asked = frozenset[str]().union(*(step.form.meaning for step in like))
    same = last.form.meaning <= asked or (
        last.kind[0] == ActionKind.TERMINAL and any(_alike(s, last) >= AKIN for s in like)
    )
    return loop._replace(last=loop.last + 1) if like and same else loop


def _steps(turns: Sequence[Turn]) -> list[Step]:
    files: dict[str, str] = {}
    return [Step(turn, _kind(turn), _form(turn, files)) for turn in turns]


def _kind(turn: Turn) -> tuple[str, str | None]:
    return (turn.action.kind, turn.action.lang) if isinstance(turn.action, Action) else ("parse_error", None)


def _form(turn: Turn, files: dict[str, str]) -> Form:
    if not isinstance(turn.action, Action):
        return plain(turn.text)
    text = turn.action.content
    if turn.action.kind is ActionKind.TERMINAL:
        return shell(text, files)
    return {"python": python, "sql": sql}.get(turn.action.lang or "", plain)(text)


def _rounds(steps: Sequence[Step], repeats: int) -> list[Loop]:
    """The longest stretches in which each turn is one of `repeats` or more that repeat each other, in any order."""
    groups: list[int] = []
    for j, step in enumerate(steps):
        before = (groups[i] for i in reversed(range(j)) if repeated(steps[i], step, alone=i == j - 1))
        groups.append(next(before, j))
    found: list[Loop] = []
    for first in range(len(steps)):
        for last in reversed(range(first + repeats - 1, len(steps))):
            if found and last <= found[-1].last:
                break
            stretch = groups[first : last + 1]
            if all(stretch.count(group) >= repeats for group in set(stretch)):
                found.append(Loop(first, last, len(set(stretch))))
                break
    return found


def _returns(steps: Sequence[Step], repeats: int) -> list[Loop]:
    """One failure that comes `repeats` times, at the same place where something between could have mended it. Looks after
    the last time are of the loop as well, no more of them than there were between two times.
    """
    found: list[Loop] = []
    for first, step in enumerate(steps):
        if program_error(step.turn) is None or (found and first <= found[-1].last):
            continue
        times, edited = [first], False
        for i in range(first + 1, len(steps)):
            if not repeated(steps[times[-1]], steps[i], alone=False):
                edited |= not _mends_nothing(steps[i])
            elif edited and not _same_place(step, steps[i]):
                break
            else:
                times.append(i)
                edited = False
        if len(times) >= repeats:
            widest = max(b - a for a, b in pairwise(times))
            after = takewhile(lambda s: s.kind[0] in _LOOKS, steps[times[-1] + 1 :])
            found.append(Loop(first, times[-1] + min(widest - 1, len(list(after))), widest))
    return found


def _mends_nothing(step: Step) -> bool:
    """Whether it cannot change how a program ends: a look, a query, a reply without an action, a program that failed, or
    that only reads.
    """
    action = step.turn.action
    if not isinstance(action, Action) or action.kind in _LOOKS or action.lang == "sql" or step.failed:
        return True
    if action.kind is ActionKind.TERMINAL:
        return _READS.match(action.content) is not None
    return _CHANGES.search(action.content) is None


def repeated(before: Step, after: Step, *, alone: bool) -> bool:
    """Whether `after` does what `before` did and has nothing new to show for it. `alone`: nothing came between them.

    What the last turn of an episode would have shown is not known; it counts as the same.
    """
    if before.kind == after.kind and before.form.tokens == after.form.tokens and (alone or after.shown == before.shown):
        return True
    if "parse_error" in (before.kind[0], after.kind[0]) or before.shown is None:
        return False  # replies that are no action fail alike, whatever they say
    if after.shown is not None and (before.failed != after.failed or not _same(before, after)):
        return False
    named = _NAMED.search(before.message) if after.shown is None else None
    if named and named[1] not in after.turn.text + (after.form.program or ""):
        return False
    if before.failed and not _tests(before):
        place = _same_place(before, after)
        return place or (place is None and before.kind == after.kind and _alike(before, after) >= NEAR["failed"])
    if not before.failed and len(before.shown.split()) >= LONG and before.shown == after.shown:
        return bool(before.form.meaning & after.form.meaning)
    if before.kind[0] == after.kind[0] == ActionKind.DEBUGGING:
        return True
    if before.kind != after.kind and before.form.queries:
        return before.form.queries == after.form.queries  # one question, by two tools
    same = before.kind == after.kind and before.form.meaning == after.form.meaning
    return same and _alike(before, after) >= NEAR["ran"]


def _alike(before: Step, after: Step) -> float:
    a, b = before.form.tokens, after.form.tokens
    return max(Indel.normalized_similarity(a, b), Indel.normalized_similarity(sorted(a), sorted(b)))


def _same(before: Step, after: Step) -> bool:
    """Whether two programs ended alike: with the same values, but for labels and rounding, and one message of failure."""
    if before.failed and before.message != after.message:
        return False
    a, b = _values(before), _values(after)
    return len(a) == len(b) and all(map(_equal, a, b))


def _values(step: Step) -> list[str]:
    """What was shown, up to a failure, without the labels that the program prints itself."""
    text = step.shown or ""
    if step.failed:
        text, traceback, _ = text.partition("Traceback") if "Traceback" in text else text.partition('File "')
        text = text if traceback else ""
    for label in sorted((x.strip() for x in step.form.labels), key=len, reverse=True):
        text = text.replace(label, " ") if label else text
    return re.findall(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|[^\W\d]\w*", text) or [text.strip()]


def _equal(a: str, b: str) -> bool:
    if a == b:
        return True
    if not (re.fullmatch(r"-?\d+\.\d+", a) and re.fullmatch(r"-?\d+\.\d+", b)):
        return False
    digits = min(len(x.partition(".")[2]) for x in (a, b))
    return round(float(a), digits) == round(float(b), digits)


def _tests(step: Step) -> bool:
    """Whether the program failed on its own terms: what an assertion says is a result, as an output is."""
    if _TESTS.search(step.message):
        return True
    at, source = _line(step), (step.form.program or "").splitlines()
    return at is not None and at <= len(source) and source[at - 1].lstrip().startswith(("raise", "assert"))


def _line(step: Step) -> int | None:
    lines = _FRAME.findall(step.turn.observation.text if step.turn.observation else "")
    return int(lines[-1]) if lines else None


def _same_place(before: Step, after: Step) -> bool | None:
    """Whether what failed is the same: an expression with all that goes into it, a missing file, command or table, a column
    that the same tables have not, or a slip of SQL with the word beside it. None where that does not show.
    """
    if after.shown is not None and before.message != after.message:
        return False
    message, a, b = before.message, before.form, after.form
    if re.search(r"^missing: |^/bin/sh: .*not found$|no such (?:table|function): ", message):
        return True if after.shown is not None else None
    if "no such column: " in message and a.tables and b.tables:
        return a.tables == b.tables
    if slip := re.search(r'near "(\w+)": syntax error', message):
        about = [set(pairwise(re.findall(r"\w+", step.turn.text.lower()))) for step in (before, after)]
        return any(slip[1].lower() in pair for pair in about[0] & about[1]) or None
    line = _line(before)
    if line is None or (after.shown is not None and _line(after) is None):
        return None
    if a.program is None or b.program is None:
        return before.shown == after.shown or None  # the line that fails is quoted
    kinds = next(kinds for words, kinds in _CULPRITS if re.search(words, message))
    places = expressions(a.program, line, kinds) & expressions(b.program, _line(after), kinds)
    named = re.search(r"name '(\w+)' is not defined", message)
    return (named[1] in places if named else bool(places)) or None
