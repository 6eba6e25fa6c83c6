"""The sandbox protocol: what every backend offers the agent loop."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from galen.types import ExecResult

Lang = Literal["python", "sql", "shell"]


@dataclass(frozen=True)
class Mount:
    """A host file or folder shown read-only at an absolute path inside."""

    host: Path
    inside: str


@dataclass(frozen=True)
class SandboxSpec:
    """What a sandbox holds. `database` is the mounted SQLite file that `lang="sql"` queries."""

    mounts: tuple[Mount, ...] = ()
    database: str | None = None
    memory_mb: int = 1024
    max_processes: int = 64
    disk_mb: int = 64
    max_output_bytes: int = 1 << 20
    preload: tuple[str, ...] = ("numpy", "pandas", "sqlite3")


@dataclass(frozen=True)
class DoctorReport:
    """The isolation in force: its tier, and who enforces each limit (kernel, rlimit, watchdog)."""

    backend: str
    tier: str
    usable: bool
    limits: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


class Sandbox(Protocol):
    """One episode's sandbox: every action runs in a fresh process; the work folder stays till close."""

    tier: str

    def run(self, code: str, *, lang: Lang, timeout_s: float) -> ExecResult:
        """Run `code`; never raises for what it does. Raises SandboxError when the sandbox itself is lost."""
        ...

    def close(self) -> None: ...


class SandboxBackend(Protocol):
    """Makes sandboxes; `create` is thread-safe."""

    name: str

    def create(self, spec: SandboxSpec) -> Sandbox: ...
    def doctor(self) -> DoctorReport: ...
    def close(self) -> None: ...
