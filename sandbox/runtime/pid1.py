"""PID 1 of a sandbox: one fresh child an action, everything killed after it, status from the kernel's own account.

What the agent's code writes is spliced from its pipes to the channel and never enters this process's memory.
Request: REQUEST, then the code. Reply: chunks (CHUNK, bytes) of kind o or e, then x with END.
"""

import contextlib
import fcntl
import os
import select
import signal
import struct
import sys
import termios
import time

import kernel

REQUEST = struct.Struct(">cIdI")  # language, length of the code, seconds, bytes of output a stream
CHUNK = struct.Struct(">cI")  # kind, length
END = struct.Struct(">iiBBdI")  # exit code, signal, timed out, truncated, seconds, peak memory in KiB
LANGUAGES = {b"p": "python", b"s": "sql", b"h": "shell"}
MAX_ROWS = 1000


def serve(channel: int, database: str | None) -> None:
    """Answer requests on `channel` until its other end closes; then leave, and the kernel ends all that is left."""
    null = os.open("/dev/null", os.O_RDWR)
    wake_read, wake_write = os.pipe()
    for fd in (wake_read, wake_write):
        os.set_blocking(fd, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    os.write(channel, CHUNK.pack(b"r", 0))
    while True:
        language, length, seconds, limit = REQUEST.unpack(_read_exactly(channel, REQUEST.size))
        _action(channel, null, wake_read, LANGUAGES[language], length, seconds, limit, database)


def _read_exactly(fd: int, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = os.read(fd, size - len(data))
        if not part:
            os._exit(0)
        data += part
    return data


def _action(channel, null, wake, language, length, seconds, limit, database) -> None:
    start = time.monotonic()
    code_read, code_write = os.pipe()
    out_read, out_write = os.pipe()
    err_read, err_write = os.pipe()
    pid = os.fork()
    if pid == 0:
        for fd in (channel, code_write, out_read, err_read):
            os.close(fd)
        _child(code_read, out_write, err_write, language, database)
    for fd in (code_read, out_write, err_write):
        os.close(fd)
    _send_code(channel, code_write, null, length)
    pump = _Pump(channel, null, {out_read: b"o", err_read: b"e"}, limit)
    timed_out = _wait(channel, wake, pid, start + seconds, pump)
    _, status, usage = os.wait4(pid, 0)
    _kill_everything()
    pump.drain()
    exit_code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -1
    killed = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    end = END.pack(exit_code, killed, timed_out, pump.truncated, time.monotonic() - start, usage.ru_maxrss)
    _write_all(channel, CHUNK.pack(b"x", END.size) + end)


def _send_code(channel: int, pipe: int, null: int, length: int) -> None:
    """Move the code to the child; what a child that died early does not take is thrown away."""
    target = pipe
    while length:
        try:
            moved = os.splice(channel, target, length)
        except BrokenPipeError:
            target = null
            continue
        if moved == 0:
            os._exit(0)
        length -= moved
    os.close(pipe)


class _Pump:
    """Moves output to the channel up to a limit a stream; the rest is thrown away and noted."""

    def __init__(self, channel: int, null: int, kinds: dict[int, bytes], limit: int) -> None:
        self.kinds, self.truncated = kinds, False
        self._channel, self._null = channel, null
        self._left = dict.fromkeys(kinds, limit)

    def move(self, fd: int) -> bool:
        """Move what waits in `fd` once; False when nothing does."""
        waiting = struct.unpack("i", fcntl.ioctl(fd, termios.FIONREAD, b"\0\0\0\0"))[0]
        if not waiting:
            return False
        size = min(waiting, self._left[fd], 65536)
        if size:
            _write_all(self._channel, CHUNK.pack(self.kinds[fd], size))
            self._left[fd] -= size
            while size:
                size -= os.splice(fd, self._channel, size)
        else:
            self.truncated = True
            os.splice(fd, self._null, min(waiting, 65536))
        return True

    def drain(self) -> None:
        for fd in self.kinds:
            while self.move(fd):
                pass
            os.close(fd)


def _wait(channel: int, wake: int, pid: int, deadline: float, pump: _Pump) -> bool:
    """Pump output until the child ends; True if it had to be killed at the deadline."""
    poll = select.poll()
    for fd in (*pump.kinds, wake):
        poll.register(fd, select.POLLIN)
    poll.register(channel, 0)
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            os.kill(pid, signal.SIGKILL)
            return True
        for fd, event in poll.poll(left * 1000):
            if fd == channel:
                os._exit(3)  # the owner is gone
            elif fd == wake:
                with contextlib.suppress(BlockingIOError):
                    os.read(wake, 512)
                if _ended(pid):
                    return False
            elif event & select.POLLIN:
                pump.move(fd)
            else:
                poll.unregister(fd)


def _ended(pid: int) -> bool:
    """Whether `pid` has ended (left for wait4); orphans that ended are reaped on the way."""
    while True:
        found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if found is None:
            return False
        if found.si_pid == pid:
            return True
        os.waitpid(found.si_pid, 0)


def _kill_everything() -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _write_all(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]


def _child(code_fd: int, out: int, err: int, language: str, database: str | None) -> None:
    """Run the action in this fresh process; never returns."""
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        with open(code_fd, "rb") as file:
            code = file.read().decode("utf-8", "replace")
        os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
        os.dup2(out, 1)
        os.dup2(err, 2)
        os.closerange(3, 256)
        os.setsid()
        kernel.set_dumpable(True)
        if language == "shell":
            os.execv("/bin/sh", ["/bin/sh", "-c", code])
        status = _sql(code, database) if language == "sql" else _python(code)
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status & 255)


def _python(code: str) -> int:
    import linecache
    import traceback

    linecache.cache["<action>"] = (len(code), None, code.splitlines(keepends=True), "<action>")
    try:
        exec(compile(code, "<action>", "exec"), {"__name__": "__main__", "__builtins__": __builtins__})
    except SystemExit as stop:
        if stop.code is None or isinstance(stop.code, int):
            return stop.code or 0
        print(stop.code, file=sys.stderr)
        return 1
    except BaseException as error:  # noqa: BLE001 - whatever the agent raised is its output
        trace = error.__traceback__.tb_next if error.__traceback__ else None
        traceback.print_exception(type(error), error, trace)
        return 1
    return 0


def _sql(code: str, database: str | None) -> int:
    import sqlite3

    if database is None:
        print("this task has no database", file=sys.stderr)
        return 1
    try:
        connection = sqlite3.connect(f"file:{database}?mode=ro&immutable=1", uri=True)
        for row in connection.execute(code).fetchmany(MAX_ROWS):
            print("\t".join("NULL" if value is None else str(value) for value in row))
    except (sqlite3.Error, sqlite3.Warning) as error:
        print(f"sqlite3.{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0
