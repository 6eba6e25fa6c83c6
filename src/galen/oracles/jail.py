"""The grader's own jail: where a submission that is code runs. It holds no gold, and ends with the submission."""

from __future__ import annotations

import atexit
from functools import cache
from pathlib import Path

from galen.errors import GalenError, SandboxError, UserError
from galen.oracles import driver
from galen.sandbox.base import SandboxBackend, SandboxSpec
from galen.sandbox.choose import SandboxSettings, open_backend
from galen.types import Limit

CPU_S = 2.0
WALL_S = 20.0
REPORT_BYTES = 1 << 22
SPEC = SandboxSpec(preload=("numpy",), cpu_s=CPU_S, max_output_bytes=REPORT_BYTES)
DRIVER = Path(driver.__file__).read_text()
STOPPED = {Limit.WALL: "took too long", Limit.CPU: "took too long", Limit.MEMORY: "took too much memory"}


class JailError(GalenError):
    """The grader's jail failed, not the code in it: the harness's fault, and no reward (law 3)."""


def run(asked: str) -> tuple[str, str]:
    """What the driver reported on the request `asked`, and why that may be nothing. Nobody vouches for its text.

    Raises:
        JailError: no jail can be made, or two were lost.
    """
    try:
        return _once(asked)
    except SandboxError:
        pass  # once can be chance
    try:
        return _once(asked)
    except (SandboxError, UserError) as error:
        raise JailError(f"the grader's jail failed: {error}") from error


def _once(asked: str) -> tuple[str, str]:
    try:
        sandbox = _backend().create(SPEC)
    except UserError as error:
        raise JailError(f"the grader has no jail: {error}") from error
    try:
        done = sandbox.run(f"{DRIVER}\nmain({asked!r})\n", lang="python", timeout_s=WALL_S)
    finally:
        sandbox.close()
    return done.stdout, next((why for limit, why in STOPPED.items() if limit in done.limits), "ended without a report")


@cache
def _backend() -> SandboxBackend:
    """The best that this machine has, opened with the first submission."""
    backend = open_backend(SandboxSettings(tier="landlock"), 1, "grader")
    atexit.register(backend.close)
    return backend
