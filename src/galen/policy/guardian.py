"""Runs a server until it ends, or until the process that wanted it does: `python guardian.py OWNER COMMAND…`.

The kernel tells when the owner has ended, however it ended. What then does not end when it is asked to is killed: vLLM
can wait for an engine that is gone, and the engine, which on a GPU is a process of its own, has outlived its server there
with 44 GiB of the GPU's memory.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time

PR_SET_PDEATHSIG = 1
GRACE_S = 8.0
POLL_S = 0.05


def main(owner: int, command: list[str], grace_s: float = GRACE_S) -> int:
    """The command's exit status; when it is there, nothing is left of the command and its children."""
    asked: list[int] = []  # noted, not raised: it may come while the command is being started
    signal.signal(signal.SIGTERM, lambda number, _: asked.append(number))
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != owner:  # it ended before it could be watched
        return 1
    child = subprocess.Popen(command, process_group=0)
    while child.poll() is None and not asked:
        time.sleep(POLL_S)
    _end(child, grace_s)
    return child.wait()


def _end(child: subprocess.Popen[bytes], grace_s: float) -> None:
    """Ask what is left of the child's process group to end, and kill what is still there after the grace."""
    deadline = time.monotonic() + grace_s
    with contextlib.suppress(ProcessLookupError):  # nothing is left
        os.killpg(child.pid, signal.SIGTERM)
        while time.monotonic() < deadline:
            child.poll()  # until it is asked for, one that has ended counts as there
            os.killpg(child.pid, 0)
            time.sleep(POLL_S)
        os.killpg(child.pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
