"""The battery: programs that attack a sandbox (`sandbox/attacks.yaml`), and whether each was held off.

Every attack gets a sandbox of its own, and a bait on the host to reach for. It is judged by what it printed, by what
the sandbox reports of it, and by what is there afterwards: a sandbox that lives, and nothing else.
"""

from __future__ import annotations

import os
import secrets
import socket
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError, ValidationInfo, field_validator

from galen.errors import SandboxError, UserError, unknown
from galen.paths import ROOT
from galen.sandbox.base import Lang, Mount, Sandbox, SandboxBackend, SandboxSpec
from galen.types import ExecResult, Frozen, Limit

ATTACKS = ROOT / "sandbox" / "attacks.yaml"
DATABASE = "/data/clinic.sqlite"
VARIABLE = "GALEN_BATTERY_TOKEN"
LATE_S = 5.0
SETUP_S = 30.0
CPU_S = 1.0
Must = Limit | Literal["shut"]

# How many files lie in the sandbox's folders, and who is in it but PID 1 and this program.
LOOK = """
import os, sys
folders = [folder for folder in ("/episode", "/tmp", "/dev/shm") if os.path.isdir(folder)]
names = set()
for pid in os.listdir("/proc"):
    if pid.isdigit() and int(pid) not in (1, os.getpid()):
        try:
            names.add(open(f"/proc/{pid}/comm").read().strip())
        except OSError:
            pass
found = [os.path.join(folder, name) for folder in folders for name in os.listdir(folder)]
stack = [os.path.realpath(path) + "/" for path in (sys.prefix, sys.base_prefix)]  # of a checkout below /tmp
print(sum(not any(way.startswith(path + "/") for way in stack) for path in found), "files, alive:", *sorted(names))
"""


class Attack(Frozen):
    """One attack. `must` is how it has to end: `shut`, or at a limit.

    `then` runs after it in the same sandbox, judged like `shut`. `setting`: alone; in a session; in a sandbox where
    an earlier episode held the token; beside a sibling that holds it. `exit_code` is what the kernel has to report.
    `sooner`: a limit that may end it before `must` does, where the sandbox can count what it takes.
    `says` stands for TRIED where it cannot be printed: what the refusal of an SQL statement contains.
    """

    name: str
    why: str
    lang: Lang = "python"
    must: Must = "shut"
    timeout_s: float = Field(default=5.0, gt=0)
    code: str
    then: str = ""
    setting: Literal["alone", "session", "earlier", "sibling"] = "alone"
    exit_code: int | None = None
    sooner: Limit | None = None
    says: str = Field(default="", validate_default=True)

    @field_validator("says")
    @classmethod
    def _can_be_judged(cls, says: str, info: ValidationInfo) -> str:
        if not says and (info.data.get("lang"), info.data.get("must")) == ("sql", "shut"):
            raise ValueError("SQL prints no TRIED; name what its refusal contains")
        return says


class Battery(Frozen):
    """The attacks, the `prelude` before each Python program, and the program that holds the token for `setting`."""

    prelude: str
    holder: str
    attacks: tuple[Attack, ...]


class Outcome(Frozen):
    """What became of an attack; `evidence` is what speaks against the sandbox, or how the attack ended."""

    name: str
    must: Must
    held: bool
    evidence: str
    seconds: float


def read_battery(path: Path = ATTACKS) -> Battery:
    """The battery in a file; raises UserError that names the file, the attack and the field."""
    try:
        raw = yaml.safe_load(path.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise UserError(f"{path}: {error}") from error
    try:
        battery = Battery.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        raise UserError(f"{path}: {_place(raw, first['loc'])}: {first['msg']}") from error
    names = [attack.name for attack in battery.attacks]
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"{path}: attack {name}: name: two attacks have it")
    return battery


def _place(raw: Any, loc: tuple[int | str, ...]) -> str:
    """The attack and the field that a validation error is about."""
    match loc:
        case ("attacks", int(number), *field):
            row = raw["attacks"][number]
            name = (isinstance(row, dict) and row.get("name")) or f"number {number + 1}"
            return ": ".join([f"attack {name}", *map(str, field[:1])])
    return str(loc[0]) if loc else "the file"


def read_attacks(path: Path = ATTACKS) -> list[Attack]:
    """The attacks in a file; raises UserError like `read_battery`."""
    return list(read_battery(path).attacks)


def run_battery(
    backend: SandboxBackend,
    only: Iterable[str] = (),
    on_outcome: Callable[[Outcome], None] = lambda _: None,
    path: Path = ATTACKS,
) -> list[Outcome]:
    """Run the attacks one by one, `only` the named ones if any are; `on_outcome` is told of each."""
    battery = read_battery(path)
    attacks = {attack.name: attack for attack in battery.attacks}
    for name in (chosen := list(only) or list(attacks)):
        if name not in attacks:
            raise unknown("attack", name, attacks)
    outcomes = []
    with _bait(battery) as bait:
        for name in chosen:
            outcomes.append(_outcome(backend, attacks[name], bait))
            on_outcome(outcomes[-1])
    return outcomes


@dataclass(frozen=True)
class Bait:
    """What attacks reach for: the token, and where the host keeps it and listens."""

    battery: Battery
    token: str
    folder: Path
    port: int

    def spec(self, attack: Attack) -> SandboxSpec:
        """Limits so small that a bomb is quick."""
        spec = SandboxSpec(
            mounts=(Mount(self.folder / "clinic.sqlite", DATABASE),), database=DATABASE, memory_mb=256, max_processes=48,
            disk_mb=32, max_files=2000, file_mb=16, max_output_bytes=200_000,
        )  # fmt: skip
        return replace(spec, cpu_s=CPU_S) if "cpu" in (attack.must, attack.sooner) else spec

    def program(self, code: str) -> str:
        """A Python program: what it is told of the bait, the prelude, and `code`."""
        half = len(self.token) // 2
        told = {
            "SECRET_FILE": str(self.folder / "token"), "SOCKET": str(self.folder / "socket"), "PORT": self.port,
            "ABSTRACT": self.folder.name, "CHECKOUT": str(ROOT), "DATABASE": DATABASE,
            "secret_halves": (self.token[:half], self.token[half:]),
        }  # fmt: skip
        return "\n".join([f"{name} = {value!r}" for name, value in told.items()] + [self.battery.prelude, code])

    def holder(self) -> str:
        """The program that holds the token."""
        return self.program(f"token = {self.token!r}\n{self.battery.holder}")


@contextmanager
def _bait(battery: Battery) -> Iterator[Bait]:
    """Put the bait out: files that everyone may read, listeners, a variable of the environment."""
    token = secrets.token_hex(16)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="galen-battery-")))
        folder.chmod(0o755)
        (folder / "token").write_text(token)
        with closing(sqlite3.connect(folder / "clinic.sqlite")) as database, database:
            database.execute("create table patients (id integer primary key, name text)")
            database.execute("insert into patients (name) values ('Ann'), ('Ben')")
        for name in ("token", "clinic.sqlite"):
            (folder / name).chmod(0o644)
        for address in (str(folder / "socket"), "\0" + folder.name):
            listener = stack.enter_context(socket.socket(socket.AF_UNIX))
            listener.bind(address)
            listener.listen()
        (folder / "socket").chmod(0o777)
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        os.environ[VARIABLE] = token
        stack.callback(os.environ.pop, VARIABLE, None)
        yield Bait(battery, token, folder, server.getsockname()[1])


def _outcome(backend: SandboxBackend, attack: Attack, bait: Bait) -> Outcome:
    start = time.monotonic()
    try:
        with ExitStack() as stack:
            faults, ended = _attacked(backend, attack, bait, stack)
    except SandboxError as error:
        faults, ended = [str(error)], ""
    except UserError:
        raise
    except Exception as error:  # noqa: BLE001 - an attack that breaks the sandbox's owner has got further than any
        faults, ended = [f"its owner broke: {type(error).__name__}: {error}"], ""
    seconds = time.monotonic() - start
    return Outcome(
        name=attack.name, must=attack.must, held=not faults, evidence="; ".join(faults) or ended, seconds=seconds
    )


def _attacked(backend: SandboxBackend, attack: Attack, bait: Bait, stack: ExitStack) -> tuple[list[str], str]:
    """What speaks against the sandbox, and how the attack ended."""
    sandbox = stack.enter_context(closing(backend.create(bait.spec(attack))))
    if attack.setting == "sibling":
        sibling = stack.enter_context(closing(backend.create(bait.spec(attack))))
        _hold(sibling, bait)  # the process of its session stays
    if attack.setting == "earlier":
        _hold(sandbox, bait)
        if not sandbox.reset():
            return ["the reset left something of the earlier episode"], ""
    code = bait.program(attack.code) if attack.lang == "python" else attack.code
    start = time.monotonic()
    if attack.setting == "session":
        session = sandbox.session()
        done = session.run(code, timeout_s=attack.timeout_s)
    else:
        session, done = None, sandbox.run(code, lang=attack.lang, timeout_s=attack.timeout_s)
    took = time.monotonic() - start
    faults = _breaches(attack, done)
    if took > attack.timeout_s + LATE_S:
        faults.append(f"it took {took:.1f} s")
    if attack.then:
        then = attack.model_copy(update={"must": "shut", "exit_code": None, "says": ""})
        faults += _breaches(then, sandbox.run(bait.program(attack.then), lang="python", timeout_s=attack.timeout_s))
    if session:
        session.close()
    return faults + _left(sandbox), _ended(done)


def _hold(sandbox: Sandbox, bait: Bait) -> None:
    """Let a sandbox hold the token, in a session and in an action."""
    cell = sandbox.session().run(bait.holder(), timeout_s=SETUP_S)
    done = sandbox.run(bait.holder(), lang="python", timeout_s=SETUP_S)
    if not cell.ok or not done.ok:
        raise SandboxError(f"it could not be made to hold the token: {cell.stderr or done.stderr}")


def _breaches(attack: Attack, done: ExecResult) -> list[str]:
    """What a program's own output, its limits and its status say against the sandbox."""
    lines = f"{done.stdout}\n{done.stderr}".split("\n")
    faults = [line for line in lines if line.startswith("BREACH")][:3]
    tried = "TRIED" in lines or (attack.says and attack.says in done.stderr)
    if attack.must == "shut" and not tried and not faults:
        faults.append(f"it did not get to its end ({_ended(done)}): {done.stderr[-300:].strip()}")
    if attack.must != "shut" and not {attack.must, attack.sooner} & set(done.limits):
        faults.append(f"no limit {attack.must}: {_ended(done)}")
    if attack.exit_code is not None and attack.exit_code != done.exit_code:
        faults.append(f"exit code {attack.exit_code} was reported as {done.exit_code}")
    return faults


def _ended(done: ExecResult) -> str:
    limits = ", ".join(done.limits) or "none"
    return f"exit {done.exit_code}, signal {done.signal}, limits {limits}, {done.seconds:.1f} s"


def _left(sandbox: Sandbox) -> list[str]:
    """What is wrong afterwards: a sandbox that does not answer, a survivor, a reset that claims too much."""
    seen = sandbox.run(LOOK, lang="python", timeout_s=SETUP_S)
    if not seen.stdout.endswith("alive:\n"):
        return [f"afterwards: {seen.stdout.strip() or _ended(seen)}"]
    if sandbox.reset():
        seen = sandbox.run(LOOK, lang="python", timeout_s=SETUP_S)
        if seen.stdout != "0 files, alive:\n":
            return [f"after a reset: {seen.stdout.strip() or _ended(seen)}"]
    return []
