"""Why an episode failed: exactly one kind each, by a stated precedence, and everything else that went wrong in it.

The rules and how well they do on labelled episodes: docs/failures.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from galen.agent.loops import Loop
from galen.evals.program_errors import ProgramError, program_error
from galen.evals.repeats import loops
from galen.types import Action, ActionKind, Episode, Frozen, Owner, ParseError, StopReason, Turn


class FailureKind(StrEnum):
    """In the order of precedence, but that the four kinds of a program's error are one step."""

    INFRASTRUCTURE = "infrastructure"
    FORMAT = "format"
    LOOP = "loop"
    LIMIT = "limit"
    COMPILE = "compile"
    RUNTIME = "runtime"
    IO = "io"
    NO_SUBMISSION = "no_submission"
    WRONG_ANSWER = "wrong_answer"


class Failure(Frozen):
    """Why an episode failed. `signs` are all kinds that were seen in it, `kind` among them, in order of precedence."""

    kind: FailureKind
    signs: tuple[FailureKind, ...]


def classify(episode: Episode) -> Failure | None:
    """The one kind of a failed episode; None for a success.

    An episode that nobody could grade is `infrastructure`: not the policy's failure (law 3).
    """
    if episode.success:
        return None
    kind = _primary(episode)
    seen = {*signs(episode), kind}
    return Failure(kind=kind, signs=tuple(k for k in FailureKind if k in seen))


def signs(episode: Episode) -> set[FailureKind]:
    """What went wrong on the way, whether or not the episode failed: format, loop, limit and programs' errors."""
    found = {FailureKind(error) for turn in episode.turns if (error := program_error(turn))}
    if any(isinstance(turn.action, ParseError) for turn in episode.turns):
        found.add(FailureKind.FORMAT)
    if episode.stop is StopReason.LOOPING or loops(episode.turns):
        found.add(FailureKind.LOOP)
    if episode.stop in (StopReason.CONTEXT, StopReason.TIMEOUT):
        found.add(FailureKind.LIMIT)
    return found


def _primary(e: Episode) -> FailureKind:
    if e.reward is None or (e.fault is not None and e.fault.owner is not Owner.POLICY):
        return FailureKind.INFRASTRUCTURE
    if e.stop is StopReason.PARSE:
        return FailureKind.FORMAT
    if e.stop is StopReason.LOOPING or any(_stuck(e, loop) for loop in loops(e.turns)):
        return FailureKind.LOOP
    if e.stop in (StopReason.CONTEXT, StopReason.TIMEOUT):
        return FailureKind.LIMIT
    if (error := unresolved(e.turns)) is not None:
        return FailureKind(error)
    if e.turns and isinstance(e.turns[-1].action, ParseError):
        return FailureKind.FORMAT
    return FailureKind.WRONG_ANSWER if (e.submission or "").strip() else FailureKind.NO_SUBMISSION


def _stuck(e: Episode, loop: Loop) -> bool:
    """Whether the episode never left the loop. A submission leaves a loop of programs that ran, for that is what they
    were for; after programs that failed it is giving up.
    """
    after = e.turns[loop.last + 1 :]
    if any(_kind(turn) is not ActionKind.SUBMIT for turn in after):
        return False
    return not after or unresolved(e.turns) is not None


def unresolved(turns: Iterable[Turn]) -> ProgramError | None:
    """The error of the last program whose end was seen; None where it succeeded, or none was run."""
    last: ProgramError | None = None
    for turn in turns:
        if _kind(turn) in (ActionKind.CODE_EXECUTION, ActionKind.TERMINAL) and turn.observation is not None:
            last = program_error(turn)
    return last


def _kind(turn: Turn) -> ActionKind | None:
    return turn.action.kind if isinstance(turn.action, Action) else None
