"""Why a program failed, from what the agent was shown of it: the last line of a traceback, of SQLite, of the shell."""

from __future__ import annotations

import re
from enum import StrEnum

from galen.types import Action, ActionKind, Turn

RAN = (ActionKind.CODE_EXECUTION, ActionKind.TERMINAL)
_SESSION = "(the session ended, its variables are gone)"


class ProgramError(StrEnum):
    """`compile`: it does not parse. `io`: a file, device or format of a file. `limit`: killed for time or memory."""

    COMPILE = "compile"
    IO = "io"
    LIMIT = "limit"
    RUNTIME = "runtime"


# The first that fits the last line; what fits none is a runtime error.
_TOOL = r"^(?!\S*(?:Error|Exception):)\S+: "  # a shell or a command of it speaks, and no exception
_RULES = (
    (ProgramError.LIMIT, r"^timed out after|^killed: (?!signal)|^(?:\w+\.)*_?(?:Array)?MemoryError\b"),
    (
        ProgramError.COMPILE,
        r"^(?:SyntaxError|IndentationError|TabError)\b|" + _TOOL + r".*[Ss]yntax error"
        r"|^(?:sqlite3|pandas\.errors)\.\w+: .*(?:syntax error|incomplete input|unrecognized token|one statement at a time)",
    ),
    (
        ProgramError.IO,
        r"^(?:FileNotFoundError|FileExistsError|PermissionError|IsADirectoryError|NotADirectoryError|OSError|EOFError"
        r"|BrokenPipeError|Connection\w*Error|TimeoutError|UnicodeDecodeError|(?:\w+\.)*(?:URLError|gaierror"
        r"|JSONDecodeError|EmptyDataError|ParserError|BadZipFile|UnsupportedOperation))\b"
        r"|^(?:sqlite3|pandas\.errors)\.\w+: .*(?:unable to open database|not a database|readonly database|disk I/O)|"
        + _TOOL + r".*(?:No such file or directory|Permission denied|Is a directory|Not a directory|No space left|Read-only)",
    ),
)  # fmt: skip


def program_error(turn: Turn) -> ProgramError | None:
    """The error of the program that `turn` ran; None where it ran none, it succeeded, or nobody saw it end."""
    if not (isinstance(turn.action, Action) and turn.action.kind in RAN) or turn.observation is None:
        return None
    if turn.observation.ok:
        return None
    lines = [x.strip() for x in turn.observation.text.splitlines() if x.strip() not in ("", _SESSION)]
    last = lines[-1] if lines else ""
    return next((kind for kind, pattern in _RULES if re.search(pattern, last)), ProgramError.RUNTIME)
