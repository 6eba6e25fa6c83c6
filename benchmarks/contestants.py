"""What `benchmarks/sandbox.py` measures: our backends, the floors, and other projects' sandboxes by their public APIs."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from galen.errors import UserError
from galen.sandbox import owners
from galen.sandbox.base import Mount, SandboxBackend, SandboxSpec, Tier
from galen.sandbox.local import LocalBackend

INSIDE = "/data/bench"
TIMEOUT_S = 60
IDLE = 20


@dataclass
class Slot:
    """One place where actions run. `shell` and `reset` are None where there is no such thing."""

    python: Callable[[str], str]
    close: Callable[[], None]
    shell: Callable[[str], str] | None = None
    reset: Callable[[], Any] | None = None


@dataclass
class Opened:
    """A contestant that is ready: makes slots; `data` is where they see the data, `idle_mb` what one costs idle."""

    slot: Callable[[], Slot]
    close: Callable[[], None]
    data: str
    idle_mb: Callable[[], float] | None = None


@dataclass
class Contestant:
    """A name, why it cannot be measured here ("" if it can), and how it is opened (None where it never can be)."""

    name: str
    missing: Callable[[], str]
    open: Callable[[Path], Opened] | None = None


# ours


def _ours(make: Callable[[], SandboxBackend], session: bool) -> Callable[[Path], Opened]:
    def open_it(folder: Path) -> Opened:
        backend = make()
        spec = SandboxSpec(mounts=(Mount(folder, INSIDE),))
        backend.create(spec).close()
        idle = None if session else lambda: _idle_mb(backend, spec)
        return Opened(lambda: _our_slot(backend, spec, session), backend.close, INSIDE, idle)

    return open_it


def _our_slot(backend: SandboxBackend, spec: SandboxSpec, session: bool) -> Slot:
    sandbox = backend.create(spec)
    cell = sandbox.session() if session else None

    def python(code: str) -> str:
        done = cell.run(code, timeout_s=TIMEOUT_S) if cell else sandbox.run(code, lang="python", timeout_s=TIMEOUT_S)
        return done.stdout + done.stderr

    def shell(code: str) -> str:
        return sandbox.run(code, lang="shell", timeout_s=TIMEOUT_S).stdout

    if session:
        return Slot(python, sandbox.close)
    return Slot(python, sandbox.close, shell, sandbox.reset)


def _idle_mb(backend: SandboxBackend, spec: SandboxSpec) -> float:
    """MB of one idle sandbox: jails by their share of memory (Pss, read as root), containers by the engine's books."""
    idle = [backend.create(spec) for _ in range(IDLE)]
    if isinstance(backend, LocalBackend):
        with_them = _pss_mb()
        for sandbox in idle:
            sandbox.close()
        time.sleep(0.5)
        return (with_them - _pss_mb()) / IDLE
    engine = _engine()
    found = engine.api.containers(filters={"label": f"{owners.OWNER}={owners.me()}"})
    stats = [engine.api.stats(container["Id"], stream=False)["memory_stats"] for container in found]
    for sandbox in idle:
        sandbox.close()
    return statistics.mean(s["usage"] - s["stats"].get("total_inactive_file", 0) for s in stats) / 2**20


def _pss_mb() -> float:
    """The memory of every process that runs our template or descends from it."""
    total = 0
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if b"sandbox/runtime/template.py" in (path / "cmdline").read_bytes():
                lines = (path / "smaps_rollup").read_text().splitlines()
                total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def _local() -> SandboxBackend:
    return LocalBackend(Tier.NAMESPACES)


def _docker() -> SandboxBackend:
    from galen.sandbox.docker import DockerBackend
    from galen.sandbox.pool import SandboxPool

    return SandboxPool(DockerBackend(), 64)


def _no_engine() -> str:
    from galen.sandbox.engines import connect

    try:
        connect("").close()
    except UserError as error:
        return str(error)
    return ""


def _engine() -> Any:
    from galen.sandbox.engines import connect

    return connect("")


# floors


def _subprocess(folder: Path) -> Opened:
    def run(command: list[str]) -> str:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        return done.stdout + done.stderr

    slot = _command_slot(run, lambda: None)
    return Opened(lambda: slot, lambda: None, str(folder))


def _docker_exec(folder: Path) -> Opened:
    from galen.sandbox import images

    client = _engine()

    def slot() -> Slot:
        container = client.containers.run(
            images.tag("base"), entrypoint=["sleep", "infinity"], detach=True, network_mode="none", auto_remove=True,
            volumes={str(folder): {"bind": INSIDE, "mode": "ro"}},
        )  # fmt: skip
        say = lambda command: container.exec_run(command).output.decode()  # noqa: E731
        return Slot(
            lambda code: say(["python", "-c", code]),
            lambda: container.remove(force=True),
            lambda code: say(["/bin/sh", "-c", code]),
        )

    return Opened(slot, client.close, INSIDE)


# peers


def _needs(module: str, pip: str, engine: bool = True) -> Callable[[], str]:
    def missing() -> str:
        if importlib.util.find_spec(module) is None:
            return f"not installed (pip install {pip})"
        return _no_engine() if engine else ""

    return missing


def _mini_swe_agent(folder: Path) -> Opened:
    from minisweagent.environments.docker import DockerEnvironment  # type: ignore[import-not-found]

    from galen.sandbox import images

    def slot() -> Slot:
        environment = DockerEnvironment(
            image=images.tag("base"),
            cwd="/tmp",
            run_args=["--rm", "--entrypoint", "", "-v", f"{folder}:{INSIDE}:ro"],
        )

        def shell(code: str) -> str:
            return environment.execute({"command": code})["output"]

        return Slot(lambda code: shell(f"python - <<'END'\n{code}\nEND"), environment.cleanup, shell)

    return Opened(slot, lambda: None, INSIDE)


def _llm_sandbox(folder: Path) -> Opened:
    from llm_sandbox import SandboxSession  # type: ignore[import-not-found]

    from galen.sandbox import images

    def slot() -> Slot:
        session = SandboxSession(
            lang="python", image=images.tag("base"), skip_environment_setup=True, keep_template=True,
            runtime_configs={"entrypoint": ["sleep", "infinity"], "user": "root", "volumes": [f"{folder}:{INSIDE}:ro"]},
        )  # fmt: skip
        session.open()

        def python(code: str) -> str:
            done = session.run(code)
            return done.stdout + done.stderr

        return Slot(python, session.close, lambda code: session.execute_command(code).stdout)

    return Opened(slot, lambda: None, INSIDE)


def _smolagents(folder: Path) -> Opened:
    """The executor without a container: an interpreter of Python's syntax tree, in this process."""
    from smolagents import LocalPythonExecutor  # type: ignore[import-not-found]

    def slot() -> Slot:
        executor = LocalPythonExecutor(["*"], timeout_seconds=None)
        executor.send_tools({})

        def python(code: str) -> str:
            return executor(code).logs

        return Slot(python, lambda: None)

    return Opened(slot, lambda: None, str(folder))


def _swe_rex(folder: Path) -> Opened:
    """The deployment without a container: a server's runtime in this process, whose commands are subprocesses."""
    os.environ.setdefault("SWE_REX_LOG_STREAM_LEVEL", "ERROR")
    from swerex.deployment.local import LocalDeployment  # type: ignore[import-not-found]
    from swerex.runtime.abstract import Command  # type: ignore[import-not-found]

    loop = _Loop()

    def slot() -> Slot:
        deployment = LocalDeployment()
        loop.wait(deployment.start())

        def run(command: list[str]) -> str:
            done = loop.wait(deployment.runtime.execute(Command(command=command, timeout=TIMEOUT_S)))
            return done.stdout + done.stderr

        return _command_slot(run, lambda: loop.wait(deployment.stop()))

    return Opened(slot, loop.close, str(folder))


def _inspect(folder: Path) -> Opened:
    """The sandbox of Inspect without a container: a process on the host."""
    from inspect_ai.util._sandbox.local import LocalSandboxEnvironment  # type: ignore[import-not-found]

    loop = _Loop()

    def slot() -> Slot:
        environment = LocalSandboxEnvironment()

        def run(command: list[str]) -> str:
            done = loop.wait(environment.exec(command, timeout=TIMEOUT_S))
            return done.stdout + done.stderr

        return _command_slot(run, environment.directory.cleanup)

    return Opened(slot, loop.close, str(folder))


def _command_slot(run: Callable[[list[str]], str], close: Callable[[], Any]) -> Slot:
    return Slot(lambda code: run([sys.executable, "-c", code]), close, lambda code: run(["/bin/sh", "-c", code]))


class _Loop:
    """An event loop in a thread, for peers that are asynchronous and share their state between sandboxes."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def wait(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()


CONTESTANTS = [
    Contestant("local fresh", lambda: "", _ours(_local, False)),
    Contestant("local session", lambda: "", _ours(_local, True)),
    Contestant("docker fresh", _no_engine, _ours(_docker, False)),
    Contestant("docker session", _no_engine, _ours(_docker, True)),
    Contestant("subprocess", lambda: "", _subprocess),
    Contestant("docker exec", _no_engine, _docker_exec),
    Contestant("mini-swe-agent", _needs("minisweagent", "mini-swe-agent"), _mini_swe_agent),
    Contestant("llm-sandbox", _needs("llm_sandbox", "'llm-sandbox[docker]'"), _llm_sandbox),
    Contestant("smolagents", _needs("smolagents", "smolagents", engine=False), _smolagents),
    Contestant("swe-rex", _needs("swerex", "swe-rex", engine=False), _swe_rex),
    Contestant("inspect-ai", _needs("inspect_ai", "inspect-ai", engine=False), _inspect),
    Contestant("nemo-skills", lambda: "it is on no package registry, nor is its sandbox's image"),
]
