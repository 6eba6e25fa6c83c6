"""The limits that the kernel keeps for each process. Those of the whole sandbox are watched (`watch`)."""

import resource
from pathlib import Path

ROOM = 4  # address space is reserved far beyond what is used; memory itself is watched, this is the last wall


def apply(settings: dict, own_uid: bool) -> None:
    """`settings`: memory_mb, file_mb, max_processes. `own_uid`: no other process has this user id."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    limits = {
        resource.RLIMIT_AS: used + ROOM * settings["memory_mb"] * 2**20,
        resource.RLIMIT_FSIZE: settings["file_mb"] * 2**20,
        resource.RLIMIT_NOFILE: 256,
        resource.RLIMIT_CORE: 0,
    }
    if own_uid:  # counted by user id; twice what is watched for, so that the watch sees it first
        limits[resource.RLIMIT_NPROC] = 2 * settings["max_processes"]
    for what, value in limits.items():
        resource.setrlimit(what, (value, value))
