"""What all processes of a sandbox use together, as the kernel counts it: the limits that no rlimit knows."""

import contextlib
import os
import resource
import select
import time

FREE_SOCKETS, SOCKET_KIB = 64, 208  # what one may hold on its way; the kernel tells of no process how much it does
CPU_CLOCK = 2  # CPUCLOCK_SCHED, of the process whose id is packed above it
CGROUP = "/sys/fs/cgroup"
TICKS = os.sysconf("SC_CLK_TCK")
PAGE_KIB = resource.getpagesize() // 1024


def processes(alone: bool) -> list[int]:
    """Every process but this one; where the process table is shared with the host, this one's descendants."""
    me = os.getpid()
    pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    if alone:
        return [pid for pid in pids if pid != me]
    parents = {pid: _parent(pid) for pid in pids}
    family = {me}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    return sorted(family - {me})


def children() -> set[int]:
    """This process's own children, ended ones among them."""
    me = os.getpid()
    pids = {int(name) for name in os.listdir("/proc") if name.isdigit()}
    return {pid for pid in pids if _parent(pid) == me}


def _parent(pid: int) -> int:
    with contextlib.suppress(OSError), open(f"/proc/{pid}/stat", "rb") as file:
        return int(file.read().rpartition(b")")[2].split()[1])
    return 0


def cpu_seconds(pid: int) -> float:
    """CPU time of one process with all its threads; 0 when it is gone."""
    try:
        return time.clock_gettime(((~pid) << 3) | CPU_CLOCK)
    except OSError:
        return 0.0


def cpu_of_collected(pid: int) -> float:
    """CPU time of the children that a process has collected."""
    with contextlib.suppress(OSError, IndexError), open(f"/proc/{pid}/stat", "rb") as file:
        fields = file.read().rpartition(b")")[2].split()
        return (int(fields[13]) + int(fields[14])) / TICKS
    return 0.0


def dead_cpu_seconds() -> float:
    """CPU time of the children that this process has collected."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def threads(pid: int) -> int:
    try:
        return os.stat(f"/proc/{pid}/task").st_nlink - 2
    except OSError:
        return 0


def resident_kib(pid: int) -> int:
    """Resident memory, files and shared pages included: an upper bound that costs little."""
    pages = _resident_pages(f"/proc/{pid}")
    if not pages:  # it is dead, or its first thread has ended before the others: then only they show its memory
        with contextlib.suppress(OSError):
            pages = max(
                (_resident_pages(f"/proc/{pid}/task/{tid}") for tid in os.listdir(f"/proc/{pid}/task")), default=0
            )
    return pages * PAGE_KIB


def _resident_pages(folder: str) -> int:
    try:
        with open(f"{folder}/statm", "rb") as file:
            return int(file.read().split()[1])
    except (OSError, IndexError):
        return 0


def own_kib(pid: int) -> int:
    """A process's share of anonymous and shared memory (Pss); the upper bound where that cannot be read."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
            own = sum(int(line.split()[1]) for line in file if line.startswith((b"Pss_Anon:", b"Pss_Shmem:")))
        return own or resident_kib(pid)
    except OSError:
        return resident_kib(pid)


def memory_kib(pids: list[int], limit: int, alone: bool) -> int:
    """Their memory together; exact only where the cheap bound is over `limit`. `alone`: the network is theirs too."""
    sockets = max(0, sockets_used() - FREE_SOCKETS) * SOCKET_KIB if alone else 0
    bound = sum(map(resident_kib, pids)) + sockets
    return bound if bound <= limit else sum(map(own_kib, pids)) + sockets


def sockets_used() -> int:
    """How many sockets this network namespace has."""
    with contextlib.suppress(OSError, IndexError), open("/proc/self/net/sockstat", "rb") as file:
        return int(file.readline().split()[2])
    return 0


def cgroup_kib(folders: list[str]) -> int:
    """Memory of this container but its files, as its cgroup counts it (sockets and hidden pages too); 0 without one."""
    for usage, stat in (("memory.current", "memory.stat"), ("memory/memory.usage_in_bytes", "memory/memory.stat")):
        with (
            contextlib.suppress(OSError),
            open(f"{CGROUP}/{usage}", "rb") as total,
            open(f"{CGROUP}/{stat}", "rb") as parts,
        ):
            counts = {name: int(value) for name, value in map(bytes.split, parts)}
            cache = counts.get(b"file", counts.get(b"cache", 0)) - counts.get(b"shmem", 0)
            files = sum((state := os.statvfs(folder)).f_frsize * (state.f_blocks - state.f_bfree) for folder in folders)
            return (int(total.read()) - cache - files) // 1024
    return 0


def cgroup_cpu_seconds() -> float:
    """CPU time of this container, of the dead too; 0 without a cgroup."""
    with contextlib.suppress(OSError), open(f"{CGROUP}/cpuacct/cpuacct.usage", "rb") as file:
        return int(file.read()) / 1e9
    with contextlib.suppress(OSError), open(f"{CGROUP}/cpu.stat", "rb") as file:
        return int(file.readline().split()[1]) / 1e6
    return 0.0


def end_of(pid: int) -> int | None:
    """A file that becomes readable when a process ends; None when it is gone, or on gVisor, which has no such call."""
    try:
        return os.pidfd_open(pid)
    except OSError:
        return None


def wait_for_end(pid: int) -> None:
    """Wait until a process that was killed has ended, child or not."""
    if (end := end_of(pid)) is not None:
        select.select([end], [], [], 10)
        os.close(end)


def oom_kills() -> int:
    """How often the kernel killed in this container for memory; 0 where there is no such count."""
    for name in (f"{CGROUP}/memory.events", f"{CGROUP}/memory/memory.oom_control"):
        with contextlib.suppress(OSError), open(name, "rb") as file:
            return sum(int(line.split()[1]) for line in file if line.startswith(b"oom_kill "))
    return 0


def refused_forks() -> int:
    """How often the kernel refused this container a process; 0 where there is no such count."""
    for name in (f"{CGROUP}/pids.events", f"{CGROUP}/pids/pids.events"):
        with contextlib.suppress(OSError), open(name, "rb") as file:
            return sum(int(line.split()[1]) for line in file if line.startswith(b"max "))
    return 0


def full(folders: list[str]) -> str | None:
    """Which of disk and inodes has run out in one of `folders`."""
    for folder in folders:
        state = os.statvfs(folder)
        if state.f_blocks and not state.f_bavail:
            return "disk"
        if state.f_files and not state.f_favail:
            return "inodes"
    return None
