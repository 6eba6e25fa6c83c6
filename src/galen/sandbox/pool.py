"""Warm sandboxes: made ahead, reset in place between episodes, replaced after so many uses or any anomaly.

At most `size` sandboxes exist at once: `create` waits for one instead of loading the backend further.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from galen.errors import SandboxError
from galen.sandbox.base import DoctorReport, Lang, Sandbox, SandboxBackend, SandboxSpec, Session
from galen.types import ExecResult, Limit

MAX_USES = 200
MAKERS = 4
ANOMALIES = {Limit.MEMORY, Limit.PROCESSES}


class SandboxPool:
    """A backend that lends the sandboxes of another. A sandbox is lent again only for the same spec."""

    def __init__(self, backend: SandboxBackend, size: int, max_uses: int = MAX_USES) -> None:
        self.name = backend.name
        self._backend, self._size, self._max_uses = backend, size, max_uses
        self._idle: list[tuple[SandboxSpec, Sandbox, int]] = []
        self._made = 0
        self._changed = threading.Condition()
        self._makers = ThreadPoolExecutor(MAKERS, thread_name_prefix="sandbox-pool")
        self._closed = False

    def _make_idle(self, spec: SandboxSpec) -> None:
        self._put_back(spec, self._make(spec), 0)

    def _make(self, spec: SandboxSpec) -> Sandbox:
        """A sandbox whose place is already counted."""
        try:
            return self._backend.create(spec)
        except BaseException:
            with self._changed:
                self._made -= 1
                self._changed.notify()
            raise

    def _put_back(self, spec: SandboxSpec, sandbox: Sandbox, uses: int) -> None:
        with self._changed:
            if not self._closed:
                self._idle.append((spec, sandbox, uses))
                self._changed.notify()
                return
        self._end(sandbox)

    def create(self, spec: SandboxSpec) -> Lease:
        """A warm sandbox if one of `spec` is idle, else a new one; waits while `size` are in use."""
        with self._changed:
            while True:
                if self._closed:
                    raise SandboxError("the sandbox pool is closed")
                for place, (known, sandbox, uses) in enumerate(self._idle):
                    if known == spec:
                        del self._idle[place]
                        return Lease(self, spec, sandbox, uses + 1)
                if self._made < self._size:
                    self._made += 1
                    break
                if self._idle:
                    self._makers.submit(self._end, self._idle.pop(0)[1])
                self._changed.wait()
        return Lease(self, spec, self._make(spec), 1)

    def give_back(self, lease: Lease) -> None:
        """Reset what was lent; a worn, dirty or suspect sandbox is ended instead, and another is made."""
        if not lease.suspect and lease.uses < self._max_uses and self._reset(lease.sandbox):
            self._put_back(lease.spec, lease.sandbox, lease.uses)
            return
        self._makers.submit(self._replace, lease)

    def _reset(self, sandbox: Sandbox) -> bool:
        try:
            return sandbox.reset()
        except SandboxError:
            return False

    def _replace(self, lease: Lease) -> None:
        self._end(lease.sandbox)
        with self._changed:
            if self._closed or self._made >= self._size:
                return
            self._made += 1
        self._make_idle(lease.spec)

    def _end(self, sandbox: Sandbox) -> None:
        try:
            sandbox.close()
        finally:
            with self._changed:
                self._made -= 1
                self._changed.notify()

    def close(self) -> None:
        """End every idle sandbox and the backend; one that is still lent ends when it is given back."""
        with self._changed:
            self._closed = True
            idle, self._idle = self._idle, []
            self._changed.notify_all()
        ended = [self._makers.submit(self._end, sandbox) for _, sandbox, _ in idle]
        for one in ended:
            one.result()
        self._makers.shutdown()
        self._backend.close()

    def doctor(self) -> DoctorReport:
        """What the backend behind the pool says."""
        return self._backend.doctor()


class Lease:
    """A sandbox on loan. `suspect` once anything happened after which it is not lent again."""

    def __init__(self, pool: SandboxPool, spec: SandboxSpec, sandbox: Sandbox, uses: int) -> None:
        self.spec, self.sandbox, self.uses, self.suspect = spec, sandbox, uses, False
        self.tier, self.enforced = sandbox.tier, sandbox.enforced
        self._pool, self._open = pool, True

    def run(self, code: str, *, lang: Lang, timeout_s: float) -> ExecResult:
        """See `Sandbox.run`."""
        try:
            result = self.sandbox.run(code, lang=lang, timeout_s=timeout_s)
        except SandboxError:
            self.suspect = True
            raise
        self.suspect |= bool(ANOMALIES & set(result.limits))
        return result

    def session(self) -> Session:
        """See `Sandbox.session`."""
        return self.sandbox.session()

    def put(self, path: str, data: bytes) -> None:
        """See `Sandbox.put`."""
        self.sandbox.put(path, data)

    def get(self, path: str, *, max_bytes: int) -> bytes:
        """See `Sandbox.get`."""
        return self.sandbox.get(path, max_bytes=max_bytes)

    def listdir(self, path: str) -> list[str]:
        """See `Sandbox.listdir`."""
        return self.sandbox.listdir(path)

    def reset(self) -> bool:
        """See `Sandbox.reset`."""
        return self.sandbox.reset()

    def close(self) -> None:
        """Give it back."""
        if self._open:
            self._open = False
            self._pool.give_back(self)
