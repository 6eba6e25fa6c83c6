"""Who a container belongs to, written on it, so that only the dead's and the expired are ever removed."""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path

MARK, RUN, OWNER, EXPIRES = "galen.sandbox", "galen.run", "galen.owner", "galen.expires"


def labels(run: str, lifetime_s: float) -> dict[str, str]:
    """The labels of a container made now by this process."""
    return {MARK: "1", RUN: run, OWNER: me(), EXPIRES: str(int(time.time() + lifetime_s))}


def me() -> str:
    """This process: host, id and when it started, for ids are used again."""
    return f"{platform.node()}:{os.getpid()}:{_started(os.getpid())}"


def _started(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""


def orphaned(marks: dict[str, str]) -> bool:
    """Whether a container may go: past its time, or its owner was of this host and is dead."""
    if time.time() > float(marks.get(EXPIRES) or "inf"):
        return True
    host, _, rest = marks.get(OWNER, "").partition(":")
    pid, _, started = rest.partition(":")
    return host == platform.node() and pid.isdigit() and _started(int(pid)) != started
