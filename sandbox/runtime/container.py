"""Entry of a container: PID 1, run as `python -I container.py`, fed on standard input, answering on standard output.

The first line of input is the settings as JSON; then come requests. The engine has already limited what this process
may see and use; here the seccomp filter is added, for an old engine's own profile lets too much through.
"""

import gc
import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import kernel
import pid1
import rlimits
import warm


def read_line(fd: int) -> bytes:
    """One line, byte by byte: what follows belongs to the supervisor."""
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(fd, 1)
        if not byte:
            os._exit(0)
        line += byte
    return line


def main() -> None:
    settings = json.loads(read_line(0))
    warm.load(settings["preload"])
    source, sink = os.dup(0), os.dup(1)
    null = os.open("/dev/null", os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    kernel.set_dumpable(False)
    kernel.forbid_new_privileges()
    rlimits.apply(settings, own_uid=False)
    os.umask(0o077)
    os.chdir("/episode")
    kernel.install_seccomp()
    gc.collect()
    gc.freeze()
    pid1.Supervisor(source, sink, settings).serve()


main()
