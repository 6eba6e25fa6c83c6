"""The process that jails are forked from: it imports the scientific stack once and prepares a read-only root.

Run as `python -I template.py` with a unix socket (SEQPACKET) as standard input. The first message is the settings as
JSON; each later one asks for a jail and carries its channel. A jail is PID 1 of fresh namespaces and serves
(`pid1`). When the socket closes the template leaves, and with it every jail.
"""

import gc
import importlib
import json
import os
import resource
import socket
import sys
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import kernel as k
import pid1

SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/sbin", "/etc/ld.so.cache", "/etc/localtime", "/etc/alternatives")
DEVICES = ("null", "zero", "urandom", "random", "full")
OLD = "/.host"
INNER_UID = 10001
COVERED = ("/episode", "/tmp", "/dev/shm")


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
    root = "/tmp"
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
    root = request["uid"] is not None
    k.die_with_parent()
    k.unshare(k.NEWNS | k.NEWIPC | k.NEWUTS | k.NEWCGROUP | k.NEWNET)
    k.mount(None, "/", None, k.REC | k.PRIVATE)
    size = f"size={request['disk_mb']}m,nr_inodes=20000,mode=1777"
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
    os.dup2(channel, 3)
    os.closerange(4, 1024)
    k.drop_privileges(request["uid"])
    k.set_dumpable(False)
    _limit(request, root)
    os.environ.clear()
    os.environ.update(request["env"])
    os.umask(0o077)
    os.chdir("/episode")
    k.install_seccomp()
    pid1.serve(3, request["database"])


def _show_again(prefixes: list[str]) -> None:
    """An interpreter that lives below a covered folder (a checkout in /tmp) would be hidden by it."""
    for prefix in prefixes:
        if any(prefix.startswith(folder + "/") for folder in COVERED):
            Path(prefix).mkdir(parents=True, exist_ok=True)
            k.bind_read_only(OLD + prefix, prefix)


def _limit(request: dict, root: bool) -> None:
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    limits = {
        resource.RLIMIT_AS: used + request["memory_mb"] * 2**20,
        resource.RLIMIT_FSIZE: request["disk_mb"] * 2**20,
        resource.RLIMIT_NOFILE: 256,
        resource.RLIMIT_CORE: 0,
    }
    if root:  # counted by user id, which as an ordinary user all jails share
        limits[resource.RLIMIT_NPROC] = request["max_processes"]
    for what, value in limits.items():
        resource.setrlimit(what, (value, value))


def main() -> None:
    control = socket.socket(fileno=0)
    settings = json.loads(control.recv(65536))
    try:
        prepare_root(settings["prefixes"])
        for module in settings["preload"]:
            importlib.import_module(module)
    except Exception as error:  # noqa: BLE001 - told to the owner, which raises it
        control.send(f"{type(error).__name__}: {error}".encode())
        return
    own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    k.set_dumpable(False)
    gc.collect()
    gc.freeze()
    control.send(b"ready")
    while True:
        message, channels, _, _ = socket.recv_fds(control, 65536, 1)
        if not message:
            return
        _reap()
        k.unshare(k.NEWPID)
        if os.fork() == 0:
            try:
                jail(channels[0], json.loads(message))
            finally:
                traceback.print_exc()
                os._exit(1)
        k.check(k.libc.setns(own, k.NEWPID), "setns")
        os.close(channels[0])


def _reap() -> None:
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                return
        except ChildProcessError:
            return


if __name__ == "__main__":
    main()
