"""The daemonless backend: Linux namespaces, no network, read-only data, limits; a new jail for each episode.

A jail is forked from a template process that has already imported the scientific stack (`sandbox/runtime`), so it is
ready in milliseconds and shares nothing with other episodes. Works as root (payload under a uid of its own) and as an
ordinary user (a user namespace). Where namespaces are forbidden it refuses: it is never silently weaker.
"""

from __future__ import annotations

import itertools
import json
import os
import platform
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

from galen.errors import SandboxError, UserError
from galen.paths import RUNTIME
from galen.sandbox.base import DoctorReport, Lang, SandboxSpec
from galen.types import ExecResult

REQUEST, CHUNK, END = struct.Struct(">cIdI"), struct.Struct(">cI"), struct.Struct(">iiBBdI")
CODES: dict[Lang, bytes] = {"python": b"p", "sql": b"s", "shell": b"h"}
TIER = "namespaces"
START_S = 60.0
GRACE_S = 10.0
FIRST_UID, UIDS = 20000, 20000
ENV = {
    "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/episode", "LANG": "C.UTF-8", "TMPDIR": "/tmp", "PYTHONHASHSEED": "0",
    "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "NUMEXPR_NUM_THREADS": "1",
}  # fmt: skip
PREFIXES = sorted({sys.prefix, sys.base_prefix, str(Path(sys.base_prefix).resolve())})
FIX = (
    "The local sandbox needs Linux namespaces. As an ordinary user allow them: "
    "`sysctl kernel.unprivileged_userns_clone=1` (Debian) or "
    "`sysctl kernel.apparmor_restrict_unprivileged_userns=0` (Ubuntu 24.04); in a container start it with "
    "`--security-opt seccomp=unconfined`, or run as root."
)


class LocalSandbox:
    """One jail, over its channel. Not for several threads at once: an episode acts one step at a time."""

    tier = TIER

    def __init__(self, channel: socket.socket, spec: SandboxSpec) -> None:
        self._channel, self._spec = channel, spec
        self._channel.settimeout(START_S)
        self._expect_ready()

    def _expect_ready(self) -> None:
        try:
            kind, _ = CHUNK.unpack(self._read(CHUNK.size))
        except OSError as error:
            raise SandboxError(f"the jail did not start: {error}") from error
        if kind != b"r":
            raise SandboxError("the jail did not start: unexpected greeting")

    def run(self, code: str, *, lang: Lang, timeout_s: float) -> ExecResult:
        """Run `code` in a fresh process; raises SandboxError when the jail is lost."""
        body = code.encode("utf-8", "replace")
        self._channel.settimeout(timeout_s + GRACE_S)
        streams = {b"o": bytearray(), b"e": bytearray()}
        try:
            self._channel.sendall(REQUEST.pack(CODES[lang], len(body), timeout_s, self._spec.max_output_bytes) + body)
            while True:
                kind, size = CHUNK.unpack(self._read(CHUNK.size))
                data = self._read(size)
                if kind == b"x":
                    break
                streams[kind] += data
        except OSError as error:
            self.close()
            raise SandboxError(f"the jail was lost: {error}") from error
        exit_code, killed, timed_out, truncated, seconds, _ = END.unpack(data)
        return ExecResult(
            exit_code=None if killed else exit_code,
            stdout=streams[b"o"].decode("utf-8", "replace"),
            stderr=streams[b"e"].decode("utf-8", "replace"),
            seconds=seconds,
            signal=killed or None,
            timed_out=bool(timed_out),
            out_of_memory=killed == 9 and not timed_out,
            truncated=bool(truncated),
        )

    def _read(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            part = self._channel.recv(size - len(data))
            if not part:
                raise ConnectionError("its channel closed")
            data += part
        return bytes(data)

    def close(self) -> None:
        """Closing the channel ends PID 1, and the kernel ends all else."""
        self._channel.close()


class LocalBackend:
    """Makes jails from one template process, started with the first."""

    name = "local"

    def __init__(self) -> None:
        if platform.system() != "Linux" or platform.machine() != "x86_64":
            raise UserError(f"the local sandbox runs on x86-64 Linux, this is {platform.system()} {platform.machine()}")
        self._lock = threading.Lock()
        self._uids = itertools.cycle(range(FIRST_UID, FIRST_UID + UIDS))
        self._template: subprocess.Popen | None = None
        self._control: socket.socket | None = None

    def create(self, spec: SandboxSpec) -> LocalSandbox:
        """A new jail; raises SandboxError when none can be made, UserError when the machine forbids namespaces."""
        mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            for mount in spec.mounts:
                if not mount.host.exists():
                    mine.close()
                    raise SandboxError(f"{mount.host}: to be mounted at {mount.inside}, but missing")
            with self._lock:
                control = self._start(spec.preload)
                request = {
                    "mounts": [[str(m.host.resolve()), m.inside] for m in spec.mounts],
                    "database": spec.database, "memory_mb": spec.memory_mb, "disk_mb": spec.disk_mb,
                    "max_processes": spec.max_processes, "env": ENV, "prefixes": PREFIXES,
                    "uid": next(self._uids) if os.geteuid() == 0 else None,
                }  # fmt: skip
                try:
                    socket.send_fds(control, [json.dumps(request).encode()], [theirs.fileno()])
                except OSError as error:
                    self._stop()
                    raise SandboxError(f"the sandbox template was lost: {error}") from error
        return LocalSandbox(mine, spec)

    def _start(self, preload: tuple[str, ...]) -> socket.socket:
        if self._control is not None and self._template is not None and self._template.poll() is None:
            return self._control
        mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._template = subprocess.Popen(
                [sys.executable, "-I", str(RUNTIME / "template.py")], stdin=theirs.fileno(), env=ENV, cwd="/"
            )
        mine.settimeout(START_S)
        mine.send(json.dumps({"prefixes": PREFIXES, "preload": list(preload)}).encode())
        try:
            answer = mine.recv(4096).decode() or "it ended at once"
        except TimeoutError:
            answer = f"no answer in {START_S:.0f} s"
        if answer != "ready":
            mine.close()
            self._template.kill()
            raise UserError(f"no sandbox: {answer}. {FIX}")
        self._control = mine
        return mine

    def _stop(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._template is not None:
            try:
                self._template.wait(5)
            except subprocess.TimeoutExpired:
                self._template.kill()
            self._template = None

    def close(self) -> None:
        """End the template and every jail."""
        with self._lock:
            self._stop()

    def doctor(self) -> DoctorReport:
        """Make a jail and tell what is in force; `usable` False with the reason when none can be made."""
        start = time.monotonic()
        try:
            sandbox = self.create(SandboxSpec())
            done = sandbox.run("print(1)", lang="python", timeout_s=20)
            sandbox.close()
        except (SandboxError, UserError) as error:
            return DoctorReport(self.name, "none", False, notes=(str(error),))
        limits = {
            "network": "namespace and seccomp", "files": "namespace", "memory": "rlimit a process",
            "processes": "rlimit" if os.geteuid() == 0 else "none", "disk": "tmpfs", "time": "supervisor",
        }  # fmt: skip
        note = f"first jail after {time.monotonic() - start:.2f} s"
        return DoctorReport(self.name, TIER, done.stdout == "1\n", limits, (note,))
