"""Runs a server until it ends, or until the process that wanted it does: `python guardian.py OWNER COMMAND…`.

The kernel tells when the owner has ended, however it ended. A server that is then asked to end and does not (vLLM can wait
for an engine that is gone) is killed with all its children: it would keep a GPU's memory.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from types import FrameType

PR_SET_PDEATHSIG = 1
GRACE_S = 8.0


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main(owner: int, command: list[str]) -> int:
    """The command's exit status. This process leads the session that the command and its children are in."""
    signal.signal(signal.SIGTERM, _stop)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != owner:  # it ended before it could be watched
        return 1
    child = subprocess.Popen(command)
    try:
        return child.wait()
    except KeyboardInterrupt:
        child.terminate()
    try:
        return child.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        os.killpg(0, signal.SIGKILL)
        raise


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
