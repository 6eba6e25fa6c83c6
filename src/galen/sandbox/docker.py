"""The docker backend: hardened containers on one engine or many, PID 1 fed over the attached stream.

No exec, no ports, no network, no socket in the container. The stream goes where the engine is, so an engine may be
local, behind TCP with TLS, or behind SSH. When the stream closes PID 1 leaves and the engine removes the container.
"""

from __future__ import annotations

import json
import os
import select
import socket
import ssl
import sys
import threading
import time
from dataclasses import dataclass, field, replace
from typing import Any

import docker
import requests
from docker.errors import APIError, DockerException, ImageNotFound
from docker.types import LogConfig, Mount
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from galen.errors import SandboxError, UserError
from galen.sandbox import images, owners
from galen.sandbox.base import DoctorReport, SandboxSpec, Tier, try_out
from galen.sandbox.channel import Channel, ChannelSandbox
from galen.sandbox.engines import connect

AT_ONCE = max(2, min(8, 2 * (os.cpu_count() or 1)))
FOLDERS = ["/episode", "/tmp", "/dev/shm"]
USER = "10001:10001"
BUSY = (409, 500, 503)
ENFORCED = {
    "network": "namespace and seccomp", "files": "namespace, read-only", "disk and inodes": "tmpfs",
    "memory": "cgroup and watchdog", "processes": "cgroup and watchdog", "cpu": "cgroup and watchdog",
    "time": "supervisor", "file size": "rlimit",
}  # fmt: skip
STDOUT_FRAME = 8
REST_S = 30.0


@dataclass
class Engine:
    """One engine, how many sandboxes of ours it runs, and until when the others are asked first."""

    url: str
    client: docker.DockerClient
    live: int = 0
    rests_until: float = 0.0
    gate: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(AT_ONCE))


class DockerBackend:
    """Makes containers. `engines`: base URLs (`unix://`, `tcp://`, `ssh://`); none is the one of the environment.

    `runtime` is the engine's name of another runtime, `runsc` for gVisor. `lifetime_s` is when a container of ours
    may be removed by anyone, whatever became of its owner.
    """

    name = "docker"

    def __init__(
        self, engines: tuple[str, ...] = (), runtime: str | None = None, run: str = "", lifetime_s: float = 86400.0
    ) -> None:
        self._engines = [Engine(url, connect(url)) for url in engines or ("",)]
        self._runtime, self._run, self._lifetime_s = runtime, run, lifetime_s
        self._lock = threading.Lock()
        self.tier = Tier.GVISOR if runtime == "runsc" else Tier.CONTAINER
        for engine in self._engines:
            reap(engine.client)

    def create(self, spec: SandboxSpec) -> DockerSandbox:
        """A new container on the engine with the fewest; another engine's where that one makes none, and for a while.

        Raises:
            SandboxError: no engine makes one.
            UserError: the image is missing.
        """
        tried: list[Engine] = []
        while True:
            engine = self._taken(tried)
            try:
                with engine.gate:
                    return self._start(engine, spec)
            except BaseException as error:
                self._left(engine)
                tried.append(engine)
                if not isinstance(error, SandboxError) or len(tried) == len(self._engines):
                    raise
                engine.rests_until = time.monotonic() + REST_S

    def _taken(self, tried: list[Engine]) -> Engine:
        now = time.monotonic()
        with self._lock:
            left = [engine for engine in self._engines if engine not in tried]
            engine = min(left, key=lambda e: (e.rests_until > now, e.live))
            engine.live += 1
        return engine

    def _left(self, engine: Engine) -> None:
        with self._lock:
            engine.live -= 1

    def _start(self, engine: Engine, spec: SandboxSpec) -> DockerSandbox:
        try:
            container = self._patient(lambda: engine.client.containers.create(**self._options(spec)))
        except ImageNotFound as error:
            raise UserError(
                f"{engine.url or 'the engine'} has no image {images.tag(spec.image)}: run `galen sandbox build`"
            ) from error
        except (DockerException, requests.RequestException) as error:
            raise SandboxError(f"the engine made no container: {error}") from error
        try:
            stream = _stream(engine.client.api.attach_socket(container.id, {"stdin": 1, "stdout": 1, "stream": 1}))
            self._patient(container.start)
            stream.sendall(json.dumps(_settings(spec)).encode() + b"\n")
        except (DockerException, requests.RequestException, OSError) as error:
            remove(engine.client, str(container.id))
            raise SandboxError(f"the container did not start: {error}") from error
        return DockerSandbox(engine, str(container.id), stream, spec, self.tier, self._left)

    def _patient(self, call: Any) -> Any:
        """`call()`, again when the engine is busy (409, 500, 503)."""
        again = Retrying(
            stop=stop_after_attempt(5), wait=wait_random_exponential(0.1, 2), reraise=True,
            retry=retry_if_exception(lambda e: isinstance(e, APIError) and e.status_code in BUSY),
        )  # fmt: skip
        return again(call)

    def _options(self, spec: SandboxSpec) -> dict[str, Any]:
        tmpfs = f"rw,exec,nosuid,nodev,size={spec.disk_mb}m,nr_inodes={spec.max_files},mode=1777,uid=10001,gid=10001"
        memory = spec.memory_mb + len(FOLDERS) * spec.disk_mb + 256  # the watchdog is first, this is the last wall
        return {
            "image": images.tag(spec.image), "stdin_open": True, "auto_remove": True, "read_only": True,
            "network_mode": "none", "ipc_mode": "none", "hostname": "sandbox", "user": USER,
            "cap_drop": ["ALL"], "security_opt": ["no-new-privileges"], "runtime": self._runtime,
            "tmpfs": {**dict.fromkeys(FOLDERS, tmpfs), "/dev/mqueue": "ro,size=4k"}, "mem_limit": f"{memory}m", "memswap_limit": f"{memory}m",
            "nano_cpus": int(spec.cpus * 1e9), "pids_limit": spec.max_processes + 8,
            "log_config": LogConfig(type="none"), "labels": owners.labels(self._run, self._lifetime_s),
            "mounts": [Mount(m.inside, str(m.host.resolve()), type="bind", read_only=True) for m in spec.mounts],
        }  # fmt: skip

    def close(self) -> None:
        """Remove what is left of this owner and disconnect. On an engine that is gone, PID 1 leaves by itself."""
        for engine in self._engines:
            try:
                reap(engine.client, mine=True)
            except (DockerException, requests.RequestException) as error:
                print(f"{engine.url or 'the engine'} could not be asked for what is left: {error}", file=sys.stderr)
            engine.client.close()

    def doctor(self) -> DoctorReport:
        """See `try_out`; a usable one also names its engines' versions."""
        report = try_out(self)
        if not report.usable:
            return report
        notes = tuple(f"{e.url or 'default engine'}: {e.client.version()['Version']}" for e in self._engines)
        return replace(report, notes=notes)


class DockerSandbox(ChannelSandbox):
    """A `ChannelSandbox` in a container."""

    def __init__(
        self, engine: Engine, container: str, stream: Stream, spec: SandboxSpec, tier: Tier, left: Any
    ) -> None:
        self._engine, self.container, self._left = engine, container, left
        self._since = time.time() - 1
        self._open = True
        try:
            super().__init__(Channel(stream, self._evidence), spec, tier, ENFORCED)
        except SandboxError:
            remove(engine.client, container)
            raise

    def _evidence(self) -> str:
        """What the engine saw of the container's end."""
        try:
            seen = self._engine.client.events(
                since=int(self._since), until=int(time.time()) + 1, decode=True,
                filters={"container": self.container, "event": ["oom", "die", "kill"]},
            )  # fmt: skip
            told = [f"{e['Action']} {e['Actor']['Attributes'].get('exitCode', '')}".strip() for e in seen]
        except (DockerException, requests.RequestException) as error:
            return f"the engine tells nothing: {error}"
        return f"the engine saw: {', '.join(told) or 'nothing'}"

    def close(self) -> None:
        """Remove the container; PID 1 has left by itself when the engine is asked."""
        super().close()
        if self._open:
            self._open = False
            with self._engine.gate:
                remove(self._engine.client, self.container)
            self._left(self._engine)


class Stream:
    """A container's attached stream: standard input as it is, standard output in the engine's frames."""

    def __init__(self, attached: Any, connection: socket.socket) -> None:
        self._attached, self._socket = attached, connection  # the first owns the second
        self._left = 0

    def settimeout(self, seconds: float) -> None:
        self._socket.settimeout(seconds)

    def sendall(self, data: bytes) -> None:
        self._socket.sendall(data)

    def recv(self, size: int) -> bytes:
        """At most `size` bytes of output; none when the stream has closed."""
        if not self._left:
            header = b""
            while len(header) < STDOUT_FRAME:
                part = self._receive(STDOUT_FRAME - len(header))
                if not part:
                    return b""
                header += part
            self._left = int.from_bytes(header[4:], "big")
        part = self._receive(min(size, self._left))
        self._left -= len(part)
        return part

    def _receive(self, size: int) -> bytes:
        return self._socket.recv(size)

    def shutdown(self, how: int) -> None:
        self._socket.shutdown(how)

    def close(self) -> None:
        self._attached.close()
        self._socket.close()


class TLSStream(Stream):
    """OpenSSL lets one thread at a time touch a connection, and a session is interrupted from another one."""

    def __init__(self, attached: Any, connection: ssl.SSLSocket) -> None:
        super().__init__(attached, connection)
        self._connection, self._lock = connection, threading.Lock()

    def sendall(self, data: bytes) -> None:
        with self._lock:
            super().sendall(data)

    def _receive(self, size: int) -> bytes:
        seconds = self._connection.gettimeout()
        ready = select.poll()
        ready.register(self._connection, select.POLLIN)
        while self._connection.pending() or ready.poll(None if seconds is None else seconds * 1000):
            with self._lock:
                self._connection.settimeout(0)
                try:
                    return self._connection.recv(size)
                except ssl.SSLWantReadError:
                    continue  # part of a record, or one without data
                finally:
                    self._connection.settimeout(seconds)
        raise TimeoutError("the engine sent nothing in time")


def _stream(attached: Any) -> Stream:
    connection = getattr(attached, "_sock", attached)
    return (TLSStream if isinstance(connection, ssl.SSLSocket) else Stream)(attached, connection)


def remove(client: docker.DockerClient, container: str) -> None:
    """Remove a container now; one that is gone or going is as good, and so is one whose engine is: its channel is closed."""
    try:
        client.api.remove_container(container, force=True)
    except APIError as error:
        if error.status_code not in (404, 409):
            raise SandboxError(f"container {container[:12]} could not be removed: {error}") from error
    except requests.RequestException as error:
        print(f"container {container[:12]} is left to end by itself, for its engine is gone: {error}", file=sys.stderr)


def reap(client: docker.DockerClient, mine: bool = False) -> int:
    """Remove orphaned containers of one engine (with `mine`, this process's own too); how many."""
    removed = 0
    for found in client.api.containers(all=True, filters={"label": f"{owners.MARK}=1"}):
        if owners.orphaned(found["Labels"]) or (mine and found["Labels"].get(owners.OWNER) == owners.me()):
            remove(client, found["Id"])
            removed += 1
    return removed


def _settings(spec: SandboxSpec) -> dict[str, Any]:
    return {
        "preload": list(spec.preload), "database": spec.database, "folders": FOLDERS, "alone": True,
        "own_cgroup": True, "landlock": None,
        "memory_mb": spec.memory_mb, "file_mb": spec.file_mb, "max_processes": spec.max_processes, "cpu_s": spec.cpu_s,
    }  # fmt: skip
