"""The daemonless backend: a new jail for each episode, forked from a template that has imported the scientific stack.

Two tiers. Namespaces: own file tree, process table and network (none). Landlock: the host's tree, of which the kernel
shows a part; for containers and pods, where namespaces are forbidden. Works as root (payload under a uid of its own)
and as an ordinary user. Where neither is allowed it refuses, and says how to mend that.
"""

from __future__ import annotations

import itertools
import json
import os
import platform
import socket
import subprocess
import sys
import threading
from dataclasses import asdict
from pathlib import Path

from galen.errors import SandboxError, UserError
from galen.paths import RUNTIME
from galen.sandbox.base import DoctorReport, SandboxSpec, Tier, try_out
from galen.sandbox.channel import START_S, Channel, ChannelSandbox

FIRST_UID, UIDS = 20000, 20000
ENV = {
    "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/episode", "LANG": "C.UTF-8", "TMPDIR": "/tmp", "PYTHONHASHSEED": "0",
    "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "NUMEXPR_NUM_THREADS": "1",
}  # fmt: skip
FIX = (
    "As an ordinary user allow namespaces: `sysctl kernel.unprivileged_userns_clone=1` (Debian) or "
    "`sysctl kernel.apparmor_restrict_unprivileged_userns=0` (Ubuntu 24.04); in a container start it with "
    "`--security-opt seccomp=unconfined`, run Linux 6.12 or newer, or use the docker backend."
)


class LocalBackend:
    """Makes jails from one template process, started with the first.

    `minimum` is the weakest tier that will do, `python` the interpreter whose libraries the agent has.
    """

    name = "local"
    tiers = (Tier.NAMESPACES, Tier.LANDLOCK)

    def __init__(self, minimum: Tier = Tier.NAMESPACES, python: str = sys.executable) -> None:
        if platform.system() != "Linux" or platform.machine() != "x86_64":
            raise UserError(f"the local sandbox runs on x86-64 Linux, this is {platform.system()} {platform.machine()}")
        if minimum > Tier.NAMESPACES:
            raise UserError(f"the local sandbox gives no tier {minimum.name.lower()}; use the docker backend")
        self._minimum, self._python = minimum, python
        self._prefixes = prefixes(python)
        self._lock = threading.Lock()
        self._uids = itertools.cycle(range(FIRST_UID, FIRST_UID + UIDS))
        self._links: dict[str, str] = {}
        self._template: Template | None = None

    def create(self, spec: SandboxSpec) -> ChannelSandbox:
        """A new jail; raises SandboxError when none can be made, UserError when the machine forbids every tier."""
        for mount in spec.mounts:
            if not mount.host.exists():
                raise SandboxError(f"{mount.host}: to be mounted at {mount.inside}, but missing")
        mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs, self._lock:
            template = self._started(spec.preload)
            mounts = [[str(m.host.resolve()), m.inside] for m in spec.mounts]
            if template.tier is Tier.LANDLOCK:
                self._show(mounts)
            uid = next(self._uids) if os.geteuid() == 0 else None
            request = {**asdict(spec), "mounts": mounts, "env": ENV, "prefixes": self._prefixes, "uid": uid}
            try:
                socket.send_fds(template.control, [json.dumps(request).encode()], [theirs.fileno()])
            except OSError as error:
                template.close()
                mine.close()
                raise SandboxError(f"the sandbox template was lost: {error}") from error
        return ChannelSandbox(Channel(mine, lambda: ""), spec, template.tier, enforced(template.tier))

    def _started(self, preload: tuple[str, ...]) -> Template:
        """The template that runs, or a new one of the best tier that this machine allows."""
        if self._template and self._template.alive:
            return self._template
        refused = []
        for tier in self.tiers:
            if tier < self._minimum:
                refused.append(f"{tier.name.lower()} not tried, {self._minimum.name.lower()} is demanded")
                continue
            try:
                self._template = Template(tier, self._python, self._prefixes, preload)
                return self._template
            except SandboxError as error:
                refused.append(f"{tier.name.lower()}: {error}")
        raise UserError(f"no local sandbox ({'; '.join(refused)}). {FIX}")

    def _show(self, mounts: list[list[str]]) -> None:
        """Without a mount namespace a file is shown by a link at its place inside; one file a place."""
        for host, inside in mounts:
            _check_reach(Path(host))
            place = Path(inside)
            if self._links.get(inside) == host or host == inside:
                continue
            if inside in self._links or (place.exists() and place.resolve() != Path(host)):
                raise SandboxError(f"{inside}: shows another file already; the landlock tier has one place for all")
            try:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.unlink(missing_ok=True)
                place.symlink_to(host)
            except OSError as error:
                raise SandboxError(
                    f"{inside}: the landlock tier shows {host} by a link there, which cannot be made ({error.strerror}); "
                    f"as root: mkdir -p {place.parent} && chown {os.getuid()} {place.parent}"
                ) from error
            self._links[inside] = host

    def close(self) -> None:
        """End the template and every jail, and take the links away."""
        with self._lock:
            if self._template:
                self._template.close()
                self._template = None
            for inside in self._links:
                Path(inside).unlink(missing_ok=True)
            self._links.clear()

    def doctor(self) -> DoctorReport:
        """See `try_out`."""
        return try_out(self)


def enforced(tier: Tier) -> dict[str, str]:
    """Who keeps each limit in a jail of `tier`."""
    if tier is Tier.NAMESPACES:
        walls = {"network": "namespace and seccomp", "files": "namespace", "disk and inodes": "tmpfs"}
    else:
        walls = {"network": "seccomp and Landlock", "files": "Landlock", "disk and inodes": "none"}
    return {
        **walls, "memory": "watchdog", "processes": "rlimit and watchdog" if os.geteuid() == 0 else "watchdog",
        "cpu": "watchdog", "time": "supervisor", "file size": "rlimit",
    }  # fmt: skip


def _check_reach(host: Path) -> None:
    """As root the payload has a user id of its own, and must be able to walk to the file."""
    for path in (host, *host.parents) if os.geteuid() == 0 else ():
        if not path.stat().st_mode & (1 if path.is_dir() else 4):
            raise SandboxError(f"{host}: in the landlock tier other users must be able to read it: chmod o+rx {path}")


def prefixes(python: str) -> list[str]:
    """The folders that an interpreter's programs and libraries lie in; raises UserError when it does not run."""
    show = "import sys, os; p = (sys.prefix, sys.base_prefix); print(*p, *map(os.path.realpath, p), sep=chr(10))"
    try:
        done = subprocess.run([python, "-I", "-c", show], capture_output=True, text=True, check=True, timeout=START_S)
    except (OSError, subprocess.SubprocessError) as error:
        raise UserError(f"{python}: the sandbox's interpreter does not run: {error}") from error
    return sorted(set(done.stdout.split("\n")) - {""})


class Template:
    """The process that jails are forked from. Raises SandboxError when the machine does not allow its tier."""

    def __init__(self, tier: Tier, python: str, prefixes: list[str], preload: tuple[str, ...]) -> None:
        self.tier = tier
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            command = [python, "-I", str(RUNTIME / "template.py")]
            self._process = subprocess.Popen(command, stdin=theirs.fileno(), env=ENV, cwd="/", start_new_session=True)
        self.control.settimeout(START_S)
        settings = {"tier": tier.name.lower(), "prefixes": prefixes, "preload": list(preload)}
        try:
            self.control.send(json.dumps(settings).encode())
            answer = self.control.recv(4096).decode() or "it ended at once"
        except OSError as error:
            answer = f"no answer: {error}"
        if answer != "ready":
            self.close()
            raise SandboxError(answer)

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        return self._process.pid

    def close(self) -> None:
        """End it; with it, every jail."""
        self.control.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
