"""The sandbox protocol: what every backend offers the agent loop."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Literal, Protocol

from galen.errors import SandboxError, UserError
from galen.types import ExecResult

Lang = Literal["python", "sql", "shell"]


class Tier(IntEnum):
    """How strong the walls are, the weakest first: `docs/sandbox.md` says what each keeps out."""

    LANDLOCK = 1
    NAMESPACES = 2
    CONTAINER = 3
    GVISOR = 4


@dataclass(frozen=True)
class Mount:
    """A host file or folder shown read-only at an absolute path inside."""

    host: Path
    inside: str


@dataclass(frozen=True)
class SandboxSpec:
    """What a sandbox holds. `database` is the mounted SQLite file that `lang="sql"` queries.

    Limits are of the whole sandbox: MiB of memory, threads and processes, MiB and files in each writable folder, MiB
    of one file, seconds of CPU an action (None: no limit but the wall's), CPUs, bytes of output a stream.
    """

    mounts: tuple[Mount, ...] = ()
    database: str | None = None
    memory_mb: int = 1024
    max_processes: int = 64
    disk_mb: int = 64
    max_files: int = 20000
    file_mb: int = 32
    cpu_s: float | None = None
    cpus: float = 1.0
    max_output_bytes: int = 1 << 20
    preload: tuple[str, ...] = ("numpy", "pandas", "sqlite3")
    image: str = "base"


@dataclass(frozen=True)
class DoctorReport:
    """The isolation in force: its tier, and who enforces each limit (kernel, rlimit, watchdog)."""

    backend: str
    tier: Tier | None
    enforced: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def usable(self) -> bool:
        return self.tier is not None


class Session(Protocol):
    """One long-lived interpreter of an episode: variables stay from cell to cell."""

    def run(self, code: str, *, timeout_s: float) -> ExecResult:
        """Run one cell. At the time limit the cell is interrupted; only if it resists, the session is lost."""
        ...

    def fork(self) -> Session:
        """A snapshot: another session with the same variables, independent from now on."""
        ...

    def interrupt(self) -> None:
        """Stop the running cell with KeyboardInterrupt, from another thread; the variables stay."""
        ...

    def close(self) -> None: ...


class Sandbox(Protocol):
    """One episode's sandbox: every action runs in a fresh process; the work folder stays till close.

    No process but sessions outlives an action. Raises SandboxError when the sandbox itself is lost, never for what
    the code in it does. `enforced` says of each limit who keeps it (kernel, rlimit, watchdog).
    """

    tier: Tier
    enforced: dict[str, str]

    def run(self, code: str, *, lang: Lang, timeout_s: float) -> ExecResult: ...
    def session(self) -> Session: ...

    def put(self, path: str, data: bytes) -> None:
        """Write a file inside, with the payload's rights; raises SandboxFileError when that fails."""
        ...

    def get(self, path: str, *, max_bytes: int) -> bytes:
        """A file's bytes; raises SandboxFileError when it cannot be read or is longer than `max_bytes`."""
        ...

    def listdir(self, path: str) -> list[str]: ...

    def reset(self) -> bool:
        """Back to the state of a new sandbox; False when something was left, and it must not be used again."""
        ...

    def close(self) -> None: ...


class SandboxBackend(Protocol):
    """Makes sandboxes; `create` is thread-safe."""

    name: str

    def create(self, spec: SandboxSpec) -> Sandbox: ...
    def doctor(self) -> DoctorReport: ...
    def close(self) -> None: ...


def try_out(backend: SandboxBackend) -> DoctorReport:
    """Make a sandbox and tell what is in force; no tier, and the reason, when none can be made."""
    try:
        sandbox = backend.create(SandboxSpec())
        done = sandbox.run("print(1)", lang="python", timeout_s=20)
        sandbox.close()
    except (SandboxError, UserError) as error:
        return DoctorReport(backend.name, None, notes=(str(error),))
    if done.stdout != "1\n":
        return DoctorReport(backend.name, None, notes=(f"a sandbox was made, but cannot run Python: {done.stderr}",))
    return DoctorReport(backend.name, sandbox.tier, sandbox.enforced)
