"""Errors, each with an owner: a failure is booked to whoever can mend it (law 3)."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from galen.types import Owner


class GalenError(Exception):
    """Base of every error raised on purpose."""

    owner = Owner.HARNESS


class UserError(GalenError):
    """Bad input: the message names the file, the field and the fix, and is printed without a traceback."""


class SandboxError(GalenError):
    """The sandbox failed, not the code in it."""

    owner = Owner.SANDBOX


class SandboxFileError(SandboxError):
    """A file could not be put into a sandbox or taken out of it; the sandbox itself goes on."""


class ProviderError(GalenError):
    """The policy's server failed or cannot be reached."""

    owner = Owner.PROVIDER


class TaskError(GalenError):
    """The task itself is broken: no gold, no resource."""

    owner = Owner.TASK


def unknown(what: str, name: str, known: Iterable[str]) -> UserError:
    """One line that names the unknown thing, the known ones and the nearest."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.4)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return UserError(f"unknown {what} {name!r}{hint} Known: {', '.join(names) or '(none)'}")
