"""The frames between a sandbox and its owner. `galen.sandbox.channel` speaks them at the other end.

A request is REQUEST and its body. The answer is any number of chunks of output (CHUNK, bytes), then one of kind
`END_KIND` that carries END. Nothing in an answer but END is trusted: chunks are the agent's bytes.
"""

import struct

VERSION = 2
REQUEST = struct.Struct(">cIIdI")  # verb, session (0: none), length of the body, wall seconds, bytes of output a stream
CHUNK = struct.Struct(">cI")  # kind, length
# exit code or answer, signal, limits hit (bits), session lost, bytes cut from stdout and stderr, wall s, CPU s, peak KiB
END = struct.Struct(">iBHBQQddI")
READY_KIND, OUT_KIND, ERR_KIND, END_KIND = b"r", b"o", b"e", b"x"

PYTHON, SQL, SHELL, PUT, GET, LIST = b"p", b"s", b"h", b"w", b"g", b"l"  # each in a fresh process
WIPE = b"W"  # what PID 1 itself asks of a fresh process
OPEN, FORK, CLOSE, INTERRUPT, RESET = b"S", b"F", b"C", b"I", b"R"  # PYTHON with a session runs in that session
LIMITS = ("wall", "cpu", "memory", "output", "file_size", "processes", "disk", "inodes")


def bit(limit: str) -> int:
    """The place of `limit` in END."""
    return 1 << LIMITS.index(limit)
