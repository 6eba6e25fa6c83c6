"""What runs in the fresh process of an action. Files travel this way too, so that no agent's byte enters PID 1."""

import contextlib
import linecache
import os
import shutil
import signal
import sqlite3
import sys
import traceback
from pathlib import Path

import kernel
import landlock
import wire

MAX_ROWS = 1000
OUT_OF_MEMORY_FIRST = "1000"
MODULES = "/data/python"  # where a task shows modules of its own


def run(body_fd: int, out: int, err: int, settings: dict) -> None:
    """Do the verb that arrives on `body_fd`, with the body behind it; never returns."""
    status = 1
    try:
        become_payload(out, err, body_fd, settings)
        verb = os.read(body_fd, 1)
        if not verb:  # nothing is to be done any more
            os._exit(0)
        body = read_all(body_fd)
        if verb == wire.SHELL:
            os.execv("/bin/sh", ["/bin/sh", "-c", body.decode("utf-8", "replace")])
        status = _DO[verb](body, settings)
    except BaseException as error:  # noqa: BLE001 - the process ends here, and its owner is told why
        os.write(2, f"sandbox: {type(error).__name__}: {error}\n".encode())
    finally:
        flush()
        os._exit(status & 255)


def become_payload(out: int, err: int, keep: int, settings: dict) -> None:
    """Stand alone: own session, default signals, only the standard streams and `keep` open, killed first for memory."""
    for number in (signal.SIGCHLD, signal.SIGXFSZ, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.setsid()
    null = os.open("/dev/null", os.O_RDONLY)
    for source, target in ((null, 0), (out, 1), (err, 2)):
        os.dup2(source, target)
    os.closerange(3, keep)
    os.closerange(keep + 1, 256)
    kernel.set_dumpable(True)
    sys.path.insert(0, MODULES)
    with contextlib.suppress(OSError):  # gVisor has no such file
        Path("/proc/self/oom_score_adj").write_text(OUT_OF_MEMORY_FIRST)
    if settings["landlock"]:
        landlock.confine(**settings["landlock"])


def read_all(fd: int) -> bytes:
    with open(fd, "rb") as file:
        return file.read()


def flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()


def python(code: str, names: dict) -> int:
    """Run `code` in `names`; its exit status, tracebacks printed with the agent's own lines."""
    linecache.cache["<action>"] = (len(code), None, code.splitlines(keepends=True), "<action>")
    try:
        exec(compile(code, "<action>", "exec"), names)
    except SystemExit as stop:
        if stop.code is None or isinstance(stop.code, int):
            return stop.code or 0
        print(stop.code, file=sys.stderr)
        return 1
    except BaseException as error:  # noqa: BLE001 - whatever the agent raised is its output
        trace = error.__traceback__.tb_next if error.__traceback__ else None
        traceback.print_exception(type(error), error, trace)
        return 130 if isinstance(error, KeyboardInterrupt) else 1
    return 0


def new_names() -> dict:
    return {"__name__": "__main__", "__builtins__": __builtins__}


def _sql(body: bytes, settings: dict) -> int:
    database = settings["database"]
    if database is None:
        print("this task has no database", file=sys.stderr)
        return 1
    try:
        connection = sqlite3.connect(f"file:{database}?mode=ro&immutable=1", uri=True)
        for row in connection.execute(body.decode("utf-8", "replace")).fetchmany(MAX_ROWS):
            print("\t".join("NULL" if value is None else str(value) for value in row))
    except (sqlite3.Error, sqlite3.Warning) as error:
        print(f"sqlite3.{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


def _put(body: bytes, settings: dict) -> int:
    name, _, data = body.partition(b"\0")
    return _file_action(lambda: _write(Path(os.fsdecode(name)), data))


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _get(body: bytes, settings: dict) -> int:
    return _file_action(lambda: sys.stdout.buffer.write(_read(Path(os.fsdecode(body)))))


def _read(path: Path) -> bytes:
    if path.exists() and not path.is_file():  # a pipe or a device has no end
        raise OSError(f"{path} is no regular file")
    return path.read_bytes()


def _list(body: bytes, settings: dict) -> int:
    names = lambda: sorted(entry.name for entry in os.scandir(os.fsdecode(body)))  # noqa: E731
    return _file_action(lambda: sys.stdout.buffer.write(b"\0".join(map(os.fsencode, names()))))


def _file_action(do) -> int:
    try:
        do()
    except (OSError, ValueError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


def _wipe(body: bytes, settings: dict) -> int:
    """Empty the episode's folders but for those kept and the way there; not 0 when something is left."""
    left = 0
    for folder, mode in settings["modes"].items():
        _unmark(folder, mode)
        left += _empty(folder, settings["kept"])
    return 1 if left else 0


_DO = {
    wire.PYTHON: lambda body, _: python(body.decode("utf-8", "replace"), new_names()),
    wire.SQL: _sql, wire.PUT: _put, wire.GET: _get, wire.LIST: _list, wire.WIPE: _wipe,
}  # fmt: skip


def _empty(folder: str, kept: list[str]) -> int:
    """How much of `folder` would not go."""
    left = 0
    for entry in list(os.scandir(folder)):
        if entry.path in kept:
            continue
        if any(path.startswith(entry.path + "/") for path in kept):
            _unmark(entry.path, 0o755)
            left += _empty(entry.path, kept)
        else:
            _remove(entry)
            left += os.path.lexists(entry.path)
    return left


def _remove(entry: os.DirEntry) -> None:
    if entry.is_dir(follow_symlinks=False):
        _open_up(entry.path)
        shutil.rmtree(entry.path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            os.unlink(entry.path)


def _unmark(folder: str, mode: int) -> None:
    """Take off what an owner can write on a folder itself: rights, attributes, times."""
    with contextlib.suppress(OSError):  # where it belongs to another user, there is nothing
        os.chmod(folder, mode)
        for name in os.listxattr(folder):
            os.removexattr(folder, name)
        os.utime(folder)


def _open_up(folder: str) -> None:
    """Give back the rights that an agent took from its own folders, deepest last; links are not followed."""
    with contextlib.suppress(OSError):
        os.chmod(folder, 0o700, follow_symlinks=True)
        for entry in os.scandir(folder):
            if entry.is_dir(follow_symlinks=False):
                _open_up(entry.path)
