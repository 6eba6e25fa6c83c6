"""The process that jails are forked from: it imports the scientific stack once and prepares a read-only root.

Run as `python -I template.py` with a unix socket (SEQPACKET) as standard input. The first message is the settings as
JSON; each later one asks for a jail and carries its channel. A jail is PID 1 of fresh namespaces, or a process under
Landlock, and serves (`pid1`). When the socket closes the template leaves, and with it every jail.
"""

import gc
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
import traceback
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import kernel as k
import landlock
import pid1
import rlimits
import warm
import watch

SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/sbin", "/etc/ld.so.cache", "/etc/localtime", "/etc/alternatives")
DEVICES = ("null", "urandom", "random", "full")  # not zero: mapped, it is memory that no process shows
OLD = "/.host"
NEW_ROOTS = ("/mnt", "/srv", "/opt", "/tmp")  # where the new root is put together: not above the interpreter
INNER_UID = 10001
COVERED = ["/episode", "/tmp", "/dev/shm"]
LOOKED_UP = ("/proc/cpuinfo", "/proc/meminfo", "/etc/passwd", "/etc/group", "/etc/nsswitch.conf")


def prepare_root(prefixes: list[str]) -> None:
    """Enter new mount and pid namespaces whose root holds the system and the interpreter, read-only."""
    uid, gid = os.getuid(), os.getgid()
    k.unshare(k.NEWNS | k.NEWPID | (0 if uid == 0 else k.NEWUSER))
    if uid:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{INNER_UID} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{INNER_UID} {gid} 1")
    child = os.fork()
    if child:
        os.close(0)
        os.waitpid(child, 0)
        os._exit(0)
    k.die_with_parent()
    k.mount(None, "/", None, k.REC | k.PRIVATE)
    root = next(f for f in NEW_ROOTS if Path(f).is_dir() and not any(p.startswith(f + "/") for p in prefixes))
    k.mount("tmpfs", root, "tmpfs", k.NOSUID | k.NODEV, "size=2m,mode=755")
    for folder in ("episode", "tmp", "data", "proc", "dev", "dev/shm", OLD[1:]):
        Path(root, folder).mkdir(parents=True, exist_ok=True)
    for source in dict.fromkeys((*SYSTEM, *prefixes)):
        _show(Path(source), root)
    for name in DEVICES:
        Path(root, "dev", name).touch()
        k.mount(f"/dev/{name}", f"{root}/dev/{name}", None, k.BIND)
    for name, target in (("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")):
        Path(root, "dev", name).symlink_to(f"/proc/self/fd{target}")
    k.mount("proc", f"{root}/proc", "proc", k.NOSUID | k.NODEV | k.NOEXEC)
    os.chdir(root)
    k.pivot_root(".", OLD[1:])
    os.chdir("/")


def _show(source: Path, root: str) -> None:
    target = Path(root + str(source))
    if not source.exists() or target.exists() or target.is_symlink():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_symlink():
        target.symlink_to(source.readlink())
        return
    if source.is_dir():
        target.mkdir(exist_ok=True)
    else:
        target.touch()
    k.bind_read_only(str(source), str(target))


def jail(channel: int, request: dict) -> None:
    """Become the locked-down PID 1 that `request` describes, and serve; never returns."""
    k.die_with_parent()
    k.unshare(k.NEWNS | k.NEWIPC | k.NEWUTS | k.NEWCGROUP | k.NEWNET)
    k.mount(None, "/", None, k.REC | k.PRIVATE)
    size = f"size={request['disk_mb']}m,nr_inodes={request['max_files']},mode=1777"
    for folder in COVERED:
        k.mount("tmpfs", folder, "tmpfs", k.NOSUID | k.NODEV, size)
    _show_again(request["prefixes"])
    k.mount("tmpfs", "/data", "tmpfs", k.NOSUID | k.NODEV, "size=1m,mode=755")
    for source, inside in request["mounts"]:
        target = Path(inside)
        target.parent.mkdir(parents=True, exist_ok=True)
        if Path(OLD + source).is_dir():
            target.mkdir(exist_ok=True)
        else:
            target.touch()
        k.bind_read_only(OLD + source, inside)
    k.mount("proc", "/proc", "proc", k.NOSUID | k.NODEV | k.NOEXEC)
    k.detach(OLD)
    for folder in ("/data", "/"):
        k.mount(None, folder, None, k.REMOUNT | k.BIND | k.RDONLY | k.NOSUID | k.NODEV)
    _lock(channel, request, "/episode")
    k.install_seccomp()
    pid1.Supervisor(3, 3, {**request, "folders": COVERED, "alone": True, "landlock": None}).serve()


def cell(channel: int, request: dict, work: str) -> None:
    """As `jail`, where no namespaces are to be had: the host's own file tree, of which Landlock shows a part."""
    k.become_subreaper()
    _lock(channel, request, work)
    k.die_with_parent()
    for name in ("HOME", "TMPDIR"):
        os.environ[name] = work
    landlock.confine_signals()
    k.install_seccomp(reach_sockets=False)
    hosts = [source for source, _ in request["mounts"]]
    devices = [f"/dev/{name}" for name in DEVICES]
    rules = {"read": [*SYSTEM, *LOOKED_UP, *request["prefixes"], *hosts, *devices], "write": [work, "/dev/null"]}
    settings = {**request, "folders": [work], "alone": False, "landlock": rules}
    pid1.Supervisor(3, 3, settings).serve()


def _lock(channel: int, request: dict, work: str) -> None:
    os.dup2(channel, 3)
    os.closerange(4, 1024)
    k.drop_privileges(request["uid"])
    k.set_dumpable(False)
    rlimits.apply(request, own_uid=request["uid"] is not None)
    os.environ.clear()
    os.environ.update(request["env"])
    os.umask(0o077)
    os.chdir(work)


def _show_again(prefixes: list[str]) -> None:
    """An interpreter that lives below a covered folder (a checkout in /tmp) would be hidden by it."""
    for prefix in prefixes:
        if any(prefix.startswith(folder + "/") for folder in COVERED):
            Path(prefix).mkdir(parents=True, exist_ok=True)
            k.bind_read_only(OLD + prefix, prefix)


def _start(channel: int, request: dict) -> int:
    """Fork a jail in a pid namespace of its own; its process id here."""
    own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    k.unshare(k.NEWPID)
    pid = _forked(lambda: jail(channel, request))
    k.check(k.libc.setns(own, k.NEWPID), "setns")
    os.close(own)
    return pid


def _start_cell(channel: int, request: dict, works: dict[int, str]) -> int:
    work = tempfile.mkdtemp(prefix="galen-")
    if request["uid"] is not None:
        os.chown(work, request["uid"], request["uid"])
    pid = _forked(lambda: cell(channel, request, work))
    works[pid] = work
    return pid


def _forked(become) -> int:
    with warnings.catch_warnings():  # Python 3.12 counts OpenBLAS's threads, which it ends for a fork
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        try:
            become()
        finally:
            traceback.print_exc()
            os._exit(1)
    return pid


def prepare(settings: dict) -> None:
    """Enter the tier and import the stack; raises what stands in the way."""
    if settings["tier"] == "namespaces":
        prepare_root(settings["prefixes"])
    elif landlock.version() < landlock.NEEDED:
        raise OSError(f"Landlock {landlock.NEEDED} (Linux 6.12) is needed, the kernel has {landlock.version()}")
    else:
        _check_reach(settings["prefixes"])
        k.become_subreaper()
    warm.load(settings["preload"])


def _check_reach(prefixes: list[str]) -> None:
    """As root the payload has a user id of its own, and must be able to walk to the interpreter."""
    folders = {folder for prefix in prefixes for folder in (Path(prefix), *Path(prefix).parents)}
    for folder in sorted(folders) if os.getuid() == 0 else ():
        if folder.exists() and not folder.stat().st_mode & 1:
            raise PermissionError(f"the interpreter is below {folder}, which other users may not enter")


def main() -> None:
    control = socket.socket(fileno=0)
    settings = json.loads(control.recv(65536))
    try:
        prepare(settings)
    except Exception as error:  # noqa: BLE001 - told to the owner, which raises it
        control.send(f"{type(error).__name__}: {error}".encode())
        return
    k.set_dumpable(False)
    gc.collect()
    gc.freeze()
    control.send(b"ready")
    works: dict[int, str] = {}
    while True:
        message, channels, _, _ = socket.recv_fds(control, 65536, 1)
        _reap(works, os.WNOHANG if message else 0)
        if not message:
            return
        request = json.loads(message)
        if settings["tier"] == "namespaces":
            _start(channels[0], request)
        else:
            _start_cell(channels[0], request, works)
        os.close(channels[0])


def _reap(works: dict[int, str], flags: int) -> None:
    """Collect jails that ended, remove their work folders, and kill what a jail that was killed left behind."""
    while True:
        try:
            pid = os.waitpid(-1, flags)[0]
        except ChildProcessError:
            return
        if pid == 0:
            return
        if pid in works:
            shutil.rmtree(works.pop(pid), ignore_errors=True)
            for stray in watch.children() - set(works):
                os.kill(stray, signal.SIGKILL)


if __name__ == "__main__":
    main()
