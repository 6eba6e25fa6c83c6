"""Output on its way out: spliced from pipe to channel, so that it never enters the supervisor's memory.

Of each stream the first half of its limit is sent as it comes; after that a second pipe holds the latest bytes and
drops the oldest, and is sent at the end: what is too long is cut in the middle.
"""

import contextlib
import fcntl
import os
import struct
import termios

import wire

PIECE = 65536
MAX_PIPE = 1 << 20  # what /proc/sys/fs/pipe-max-size allows an ordinary user
PAGE = 4096


def waiting(fd: int) -> int:
    return struct.unpack("i", fcntl.ioctl(fd, termios.FIONREAD, b"\0\0\0\0"))[0]


def write_all(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]


def discard(source: int, null: int, size: int) -> bool:
    """Throw `size` bytes away through a pipe, for a socket cannot be spliced to a device; False when it closes."""
    read, write = os.pipe()
    while size and (moved := os.splice(source, write, min(size, PIECE))):
        size -= moved
        while moved:
            moved -= os.splice(read, null, moved)
    os.close(read)
    os.close(write)
    return not size


class Stream:
    """One stream of an action, from the pipe `source` to `channel`."""

    def __init__(self, source: int, channel: int, null: int, kind: bytes, limit: int) -> None:
        self.source, self.cut = source, 0
        self._channel, self._null, self._kind = channel, null, kind
        self._head, self._tail_limit = limit - limit // 2, limit // 2
        self._staged = os.pipe()  # the agent can read `source` too: only what is in a pipe of our own stays there
        self._tail: tuple[int, int] | None = None

    def move(self) -> bool:
        """Move what waits once; False when nothing does."""
        try:
            size = os.splice(self.source, self._staged[1], min(PIECE, self._head or PIECE), flags=os.SPLICE_F_NONBLOCK)
        except BlockingIOError:
            return False
        if self._head:
            self._head -= size
            self._send(self._staged[0], size)
        elif size:
            self._keep(size)
        return size > 0

    def finish(self) -> None:
        """Send what still waits, one pipe's worth at most, and the tail."""
        for _ in range(1 + MAX_PIPE // PAGE):
            if not self.move():
                break
        os.close(self._staged[0])
        os.close(self._staged[1])
        if self._tail:
            read, write = self._tail
            os.close(write)
            while size := min(waiting(read), PIECE):
                self._send(read, size)
            os.close(read)
            self._tail = None

    def _send(self, source: int, size: int) -> None:
        write_all(self._channel, wire.CHUNK.pack(self._kind, size))
        while size:
            size -= os.splice(source, self._channel, size)

    def _keep(self, size: int) -> None:
        """Move `size` bytes into the tail, whose oldest bytes make room."""
        if self._tail is None:
            self._tail = os.pipe()
            with contextlib.suppress(PermissionError):  # the agent, who is the same user, has used its share up
                fcntl.fcntl(self._tail[1], fcntl.F_SETPIPE_SZ, min(max(self._tail_limit, PAGE), MAX_PIPE))
        read, write = self._tail
        while (over := waiting(read) + size - self._tail_limit) > 0:
            if not self._drop(read, min(over, waiting(read))):
                break
        if size > self._tail_limit:
            self._discard(size - self._tail_limit)
            size = self._tail_limit
        while size:
            try:
                size -= os.splice(self._staged[0], write, size, flags=os.SPLICE_F_NONBLOCK)
            except BlockingIOError:  # its slots are full of small pieces before its bytes are
                if not self._drop(read, PAGE):
                    self._discard(size)
                    return

    def _drop(self, read: int, size: int) -> bool:
        if not size or not waiting(read):
            return False
        self.cut += os.splice(read, self._null, min(size, waiting(read)))
        return True

    def _discard(self, size: int) -> None:
        self.cut += size
        while size:
            size -= os.splice(self._staged[0], self._null, size)
