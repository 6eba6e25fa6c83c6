"""The owner's end of a sandbox: requests out, answers in, over a socket or a container's attached stream.

Every byte that comes in is regarded as the agent's, but the frame that ends an answer (`sandbox/runtime/wire.py`).
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from galen.errors import SandboxError, SandboxFileError
from galen.sandbox.base import Lang, SandboxSpec, Tier
from galen.types import ExecResult, Limit

VERSION = 2
REQUEST, CHUNK, END = struct.Struct(">cIIdI"), struct.Struct(">cI"), struct.Struct(">iBHBQQddI")
VERBS: dict[Lang, bytes] = {"python": b"p", "sql": b"s", "shell": b"h"}
LIMITS = tuple(Limit)
PIECE = 65536
GRACE_S = 10.0
START_S = 60.0
FILE_S = 30.0


class Transport(Protocol):
    """A stream to PID 1 of a sandbox."""

    def settimeout(self, seconds: float, /) -> None: ...
    def sendall(self, data: bytes, /) -> None: ...
    def recv(self, size: int, /) -> bytes: ...
    def shutdown(self, how: int, /) -> None: ...
    def close(self) -> None: ...


@dataclass(frozen=True)
class Answer:
    """What came back for one request."""

    code: int
    signal: int
    limits: tuple[Limit, ...]
    lost: bool
    out: bytes
    err: bytes
    cuts: tuple[int, int]
    seconds: float
    cpu_seconds: float
    peak_kib: int


class Channel:
    """Requests and answers on one transport. `evidence` tells why a sandbox that is lost ended."""

    def __init__(self, transport: Transport, evidence: Callable[[], str]) -> None:
        self._transport, self._evidence = transport, evidence
        self._sending = threading.Lock()

    def greet(self) -> None:
        """Wait until PID 1 is ready; raises SandboxError with what it said instead."""
        self._transport.settimeout(START_S)
        try:
            kind, version = CHUNK.unpack(self._read(CHUNK.size))
        except OSError as error:
            raise self._gone("did not start", error) from error
        if (kind, version) != (b"r", VERSION):
            self.close()
            raise SandboxError(f"the sandbox speaks version {version}, not {VERSION}: its image must be built again")

    def ask(self, verb: bytes, body: bytes, *, session: int = 0, timeout_s: float, limit: int) -> Answer:
        """One request and its answer; raises SandboxError when the sandbox is lost."""
        streams = {b"o": bytearray(), b"e": bytearray()}
        try:
            self._transport.settimeout(timeout_s + GRACE_S)
            self._send(REQUEST.pack(verb, session, len(body), timeout_s, limit) + body)
            while True:
                kind, size = CHUNK.unpack(self._read(CHUNK.size))
                if kind not in (b"o", b"e", b"x") or size > PIECE or (kind == b"x" and size != END.size):
                    raise ConnectionError("its channel carries no frame")
                data = self._read(size)
                if kind == b"x":
                    break
                streams[kind] += data
        except OSError as error:
            raise self._gone("was lost", error) from error
        code, signal, bits, lost, out_cut, err_cut, seconds, cpu, peak = END.unpack(data)
        limits = tuple(name for place, name in enumerate(LIMITS) if bits >> place & 1)
        out, err = bytes(streams[b"o"]), bytes(streams[b"e"])
        return Answer(code, signal, limits, bool(lost), out, err, (out_cut, err_cut), seconds, cpu, peak)

    def interrupt(self) -> None:
        """Interrupt what runs, from another thread than the one that waits for it."""
        self._send(REQUEST.pack(b"I", 0, 0, 0.0, 0))

    def close(self) -> None:
        """Closing the channel ends PID 1, and the kernel ends all else; a thread that waits for an answer is told."""
        with contextlib.suppress(OSError):
            self._transport.shutdown(socket.SHUT_RDWR)
        self._transport.close()

    def _send(self, data: bytes) -> None:
        with self._sending:
            self._transport.sendall(data)

    def _gone(self, what: str, error: OSError) -> SandboxError:
        evidence = self._evidence()
        self.close()
        return SandboxError(f"the sandbox {what}: {error}{evidence and '; ' + evidence}")

    def _read(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            part = self._transport.recv(size - len(data))
            if not part:
                raise ConnectionError("its channel closed")
            data += part
        return bytes(data)


class ChannelSandbox:
    """A sandbox behind a channel. Not for several threads at once: an episode acts one step at a time."""

    def __init__(self, channel: Channel, spec: SandboxSpec, tier: Tier, enforced: dict[str, str]) -> None:
        self.tier, self.enforced, self.spec, self._channel = tier, enforced, spec, channel
        channel.greet()

    def run(self, code: str, *, lang: Lang, timeout_s: float) -> ExecResult:
        """Run `code` in a fresh process."""
        return self._run(VERBS[lang], code, 0, timeout_s)

    def session(self) -> ChannelSession:
        """Start a session; raises SandboxError when the sandbox has no room for one."""
        return self._session(b"S", 0)

    def put(self, path: str, data: bytes) -> None:
        """Write `data` to `path` inside."""
        self._file(b"w", path.encode() + b"\0" + data, path, 0)

    def get(self, path: str, *, max_bytes: int) -> bytes:
        """The bytes of the file `path` inside."""
        return self._file(b"g", path.encode(), path, 2 * max_bytes + 2, max_bytes)

    def listdir(self, path: str) -> list[str]:
        """Names in the folder `path` inside, sorted; names that are not UTF-8 keep their bytes by surrogates."""
        names = self._file(b"l", path.encode(), path, 1 << 24, 1 << 24)
        return [name.decode("utf-8", "surrogateescape") for name in names.split(b"\0")] if names else []

    def reset(self) -> bool:
        """Kill everything inside and empty its folders; False when something is left."""
        return self._channel.ask(b"R", b"", timeout_s=FILE_S, limit=0).code == 0

    def close(self) -> None:
        """End the sandbox and all in it."""
        self._channel.close()

    def _run(self, verb: bytes, code: str, session: int, timeout_s: float) -> ExecResult:
        limit = self.spec.max_output_bytes
        body = code.encode("utf-8", "replace")
        answer = self._channel.ask(verb, body, session=session, timeout_s=timeout_s, limit=limit)
        return ExecResult(
            exit_code=None if answer.signal or answer.code < 0 else answer.code,
            stdout=joined(answer.out, answer.cuts[0], limit),
            stderr=joined(answer.err, answer.cuts[1], limit),
            seconds=answer.seconds,
            signal=answer.signal or None,
            limits=answer.limits,
            cpu_seconds=answer.cpu_seconds,
            peak_mb=answer.peak_kib / 1024,
            state_lost=answer.lost,
        )

    def _session(self, verb: bytes, number: int) -> ChannelSession:
        opened = self._channel.ask(verb, b"", session=number, timeout_s=FILE_S, limit=0).code
        if opened <= 0:
            raise SandboxError("no session: the one to copy is gone, or the sandbox has no process left")
        return ChannelSession(self, opened)

    def _file(self, verb: bytes, body: bytes, path: str, limit: int, max_bytes: int = 0) -> bytes:
        answer = self._channel.ask(verb, body, timeout_s=FILE_S, limit=max(limit, 1000))
        if answer.signal or answer.code:
            raise SandboxFileError(f"{path}: {answer.err.decode('utf-8', 'replace').strip() or answer.limits}")
        if len(answer.out) > max_bytes or any(answer.cuts):
            raise SandboxFileError(f"{path}: longer than {max_bytes} bytes")
        return answer.out


class ChannelSession:
    """A session of a `ChannelSandbox`."""

    def __init__(self, sandbox: ChannelSandbox, number: int) -> None:
        self._sandbox, self._number = sandbox, number

    def run(self, code: str, *, timeout_s: float) -> ExecResult:
        """Run one cell; `state_lost` in the result when the session is gone."""
        return self._sandbox._run(b"p", code, self._number, timeout_s)

    def fork(self) -> ChannelSession:
        """An independent copy; raises SandboxError when this session is gone."""
        return self._sandbox._session(b"F", self._number)

    def interrupt(self) -> None:
        """Stop the cell that runs."""
        self._sandbox._channel.interrupt()

    def close(self) -> None:
        """End the session; what it left running ends too."""
        self._sandbox._channel.ask(b"C", b"", session=self._number, timeout_s=FILE_S, limit=0)


def joined(data: bytes, cut: int, limit: int) -> str:
    """Output as text, with a mark where its middle was cut."""
    if not cut:
        return data.decode("utf-8", "replace")
    head = limit - limit // 2
    parts = [data[:head].decode("utf-8", "replace"), data[head:].decode("utf-8", "replace")]
    return f"\n… {cut} bytes cut …\n".join(parts)
