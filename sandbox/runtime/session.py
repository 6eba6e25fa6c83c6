"""A session: one long-lived interpreter whose variables stay from cell to cell, forked to make a snapshot.

The supervisor hands each cell over as a pipe on a unix socket and reads one byte when it is done; the kernel tells it
which process sent that byte (SCM_CREDENTIALS), so no other process can speak for a session.
"""

import contextlib
import os
import signal
import socket
import struct

import child

CELL, SNAPSHOT, HELLO = b"c", b"f", b"!"
CREDENTIALS = struct.Struct("3i")


def channel_pair() -> tuple[socket.socket, socket.socket]:
    """The supervisor's end, which learns who speaks, and the session's."""
    mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    mine.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    return mine, theirs


def hear(mine: socket.socket) -> tuple[bytes, int]:
    """One byte and the process that the kernel says sent it; an empty one when the session is gone."""
    try:
        data, extra, _, _ = mine.recvmsg(1, socket.CMSG_SPACE(CREDENTIALS.size))
    except ConnectionResetError:
        return b"", 0
    for _, kind, value in extra:
        if kind == socket.SCM_CREDENTIALS:
            return data, CREDENTIALS.unpack(value[: CREDENTIALS.size])[0]
    return data, 0


def live(control: int, out: int, err: int, settings: dict) -> None:
    """Be a session on the socket `control`; never returns."""
    child.become_payload(out, err, control, settings)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    names = child.new_names()
    channel = _take_over(control)
    while True:
        message, fds, _, _ = socket.recv_fds(channel, 1, 3)
        if message == CELL:
            own = os.getpid()
            _bury()
            status = _cell(fds[0], names)
            if os.getpid() != own:  # a process that the cell forked came out at its end
                os._exit(status & 255)
            channel.send(bytes([status & 255]))
        elif message == SNAPSHOT:
            copy = _copy(fds)
            channel = copy or channel
        else:
            os._exit(0)


def _cell(code_fd: int, names: dict) -> int:
    code = child.read_all(code_fd).decode("utf-8", "replace")
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        return child.python(code, names)
    except KeyboardInterrupt:
        return 130
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        child.flush()


def _bury() -> None:
    """Collect processes of earlier cells, which were killed when their cell was over."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _take_over(control: int) -> socket.socket:
    channel = socket.socket(fileno=control)
    channel.send(HELLO)
    return channel


def _copy(fds: list[int]) -> socket.socket | None:
    """Fork twice, so that PID 1 becomes the parent of the copy; the copy's channel in it, None in the original."""
    control, out, err = fds
    middle = os.fork()
    if middle:
        for fd in fds:
            os.close(fd)
        os.waitpid(middle, 0)
        return None
    if os.fork():
        os._exit(0)
    os.setsid()
    os.dup2(out, 1)
    os.dup2(err, 2)
    for fd in (out, err):
        os.close(fd)
    return _take_over(control)
