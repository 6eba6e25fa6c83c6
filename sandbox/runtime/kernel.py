"""What the runtime asks of the Linux kernel: mounts, namespaces, capabilities and a seccomp filter, through ctypes.

Standard library only; x86-64.
"""

import ctypes
import errno
import os
import struct

libc = ctypes.CDLL(None, use_errno=True)

NEWNS, NEWCGROUP, NEWUTS, NEWIPC = 0x20000, 0x2000000, 0x4000000, 0x8000000
NEWUSER, NEWPID, NEWNET = 0x10000000, 0x20000000, 0x40000000
RDONLY, NOSUID, NODEV, NOEXEC, REMOUNT, BIND, REC, PRIVATE = 1, 2, 4, 8, 32, 4096, 16384, 1 << 18
DETACH = 2
SYS_PIVOT_ROOT, SYS_CAPSET, SYS_SECCOMP, SYS_MOUNT_SETATTR = 155, 126, 317, 442
PR_DEATHSIG, PR_DUMPABLE, PR_CAPBSET_DROP, PR_SUBREAPER, PR_NO_NEW_PRIVS, PR_AMBIENT = 1, 4, 24, 36, 38, 47

# Refused with EPERM: tracing, mounts, namespaces, keys, modules, clocks, asynchronous rings, changing identity, and
# memory that belongs to no process (shmget, memfd, message queues), other processes' priorities.
DENIED = (
    101, 310, 311, 312, 438, 165, 166, 155, 429, 428, 430, 431, 432, 433, 442, 272, 308, 250, 248, 249, 321, 298, 323,
    425, 426, 427, 175, 313, 176, 246, 320, 169, 167, 168, 163, 179, 180, 212, 304, 303, 164, 227, 305, 159, 103, 172,
    173, 154, 161, 135, 170, 171, 440, 448, 237, 238, 256, 279, 300, 153, 134, 136, 139, 156, 105, 106, 117, 119, 113,
    114, 116, 122, 123, 126, 29, 30, 31, 67, 319, 447, 64, 65, 66, 68, 69, 70, 71, 220, 240, 241, 242, 243, 244, 245, 251,
)  # fmt: skip
# Allowed for the calling process only (first argument 0), for PID 1 has the same user: its policy, CPUs and limits.
OWN_ONLY = (142, 144, 203, 302, 314)
SYS_CLONE, SYS_CLONE3, SYS_SOCKET, SYS_SOCKETPAIR, SYS_CONNECT = 56, 435, 41, 53, 42
SYS_MMAP, SYS_FCNTL, SYS_PIPE2, SYS_SETPRIORITY, SYS_SETSOCKOPT = 9, 72, 293, 141, 54
SYS_FLOCK, SET_LOCK = 73, (6, 7, 37, 38)
SHARED_ANONYMOUS, F_SETFL, O_DIRECT, SOL_SOCKET, SO_SNDBUF = 0x21, 4, 0x4000, 1, 7
CLONE_NEW_ANY = 0x7E020000
AUDIT_X86_64, X32_BIT, AF_UNIX, SOCK_DGRAM = 0xC000003E, 0x40000000, 1, 2


def check(result: int, what: str) -> int:
    """`result`, or OSError with the kernel's reason."""
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return result


def unshare(flags: int) -> None:
    check(libc.unshare(flags), "unshare")


def mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    encode = lambda text: None if text is None else os.fsencode(text)  # noqa: E731
    done = libc.mount(encode(source), encode(target), encode(kind), ctypes.c_ulong(flags), encode(data))
    check(done, f"mount {source} on {target}")


def detach(target: str) -> None:
    check(libc.umount2(os.fsencode(target), DETACH), f"umount {target}")


def pivot_root(new: str, old: str) -> None:
    check(libc.syscall(SYS_PIVOT_ROOT, os.fsencode(new), os.fsencode(old)), "pivot_root")


def bind_read_only(source: str, target: str) -> None:
    """Bind `source` (a file or folder tree) on `target`, read-only all the way down."""
    mount(source, target, None, BIND | REC)
    attributes = ctypes.create_string_buffer(struct.pack("QQQQ", RDONLY | NOSUID | NODEV, 0, 0, 0))
    done = libc.syscall(SYS_MOUNT_SETATTR, -100, os.fsencode(target), 0x8000, attributes, 32)
    check(done, f"read-only {target}")


def die_with_parent() -> None:
    libc.prctl(PR_DEATHSIG, 9, 0, 0, 0)


def set_dumpable(on: bool) -> None:
    libc.prctl(PR_DUMPABLE, int(on), 0, 0, 0)


def drop_privileges(uid: int | None) -> None:
    """Give up every capability for good; as root also become `uid`, for the payload never runs as the real root."""
    for capability in range(64):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    if uid is not None:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    libc.prctl(PR_AMBIENT, 4, 0, 0, 0)
    header = ctypes.create_string_buffer(struct.pack("Ii", 0x20080522, 0))
    check(libc.syscall(SYS_CAPSET, header, ctypes.create_string_buffer(24)), "capset")
    forbid_new_privileges()


def forbid_new_privileges() -> None:
    check(libc.prctl(PR_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")


def become_subreaper() -> None:
    """Orphans among this process's descendants become its children."""
    check(libc.prctl(PR_SUBREAPER, 1, 0, 0, 0), "subreaper")


def install_seccomp(reach_sockets: bool = True) -> None:
    """Only unix sockets, no new namespaces, none of `DENIED`; other architectures are killed.

    Without `reach_sockets` not even unix ones by name: only connected pairs, which cannot be sent elsewhere.
    """
    load, equal, at_least, any_bit, ret, mask = 0x20, 0x15, 0x35, 0x45, 0x06, 0x54
    allow, kill = 0x7FFF0000, 0x80000000
    refuse = lambda code: 0x00050000 | code  # noqa: E731
    op = lambda code, k, t=0, f=0: struct.pack("HBBI", code, t, f, k)  # noqa: E731
    program = [op(load, 4), op(equal, AUDIT_X86_64, 1, 0), op(ret, kill), op(load, 0)]
    program += [op(at_least, X32_BIT, 0, 1), op(ret, kill)]
    program += [op(equal, SYS_CLONE3, 0, 1), op(ret, refuse(errno.ENOSYS))]
    program += [op(equal, SYS_CLONE, 0, 4), op(load, 16), op(any_bit, CLONE_NEW_ANY, 0, 1)]
    program += [op(ret, refuse(errno.EPERM)), op(load, 0)]
    eperm, argument = op(ret, refuse(errno.EPERM)), lambda n: op(load, 16 + 8 * n)
    # Anonymous shared memory can outlive every mapping that would show it; packets make a reader lose bytes.
    program += [op(equal, SYS_MMAP, 0, 5), argument(3), op(mask, SHARED_ANONYMOUS), op(equal, SHARED_ANONYMOUS, 0, 1)]
    program += [eperm, op(load, 0)]
    program += [op(equal, SYS_FCNTL, 0, 6), argument(1), op(equal, F_SETFL, 0, 3), argument(2)]
    program += [op(any_bit, O_DIRECT, 0, 1), eperm, op(load, 0)]
    # Granted without being taken: two sandboxes that see one file could speak by the locks on it.
    for command in SET_LOCK:
        program += [op(equal, SYS_FCNTL, 0, 4), argument(1), op(equal, command, 0, 1), op(ret, refuse(0)), op(load, 0)]
    program += [op(equal, SYS_FLOCK, 0, 1), op(ret, refuse(0))]
    program += [op(equal, SYS_PIPE2, 0, 4), argument(1), op(any_bit, O_DIRECT, 0, 1), eperm, op(load, 0)]
    program += [op(equal, SYS_SETPRIORITY, 0, 6), argument(0), op(equal, 0, 0, 2), argument(1), op(equal, 0, 1, 0)]
    program += [eperm, op(load, 0)]
    program += [op(equal, SYS_SETSOCKOPT, 0, 6), argument(1), op(equal, SOL_SOCKET, 0, 3), argument(2)]
    program += [op(equal, SO_SNDBUF, 0, 1), eperm, op(load, 0)]
    for call in OWN_ONLY:
        program += [op(equal, call, 0, 4), argument(0), op(equal, 0, 1, 0), eperm, op(load, 0)]
    for call in (SYS_SOCKET, SYS_SOCKETPAIR):
        program += [op(equal, call, 0, 4), op(load, 16), op(equal, AF_UNIX, 1, 0)]
        program += [op(ret, refuse(errno.EAFNOSUPPORT)), op(load, 0)]
    if not reach_sockets:
        program += [op(equal, SYS_SOCKETPAIR, 0, 5), op(load, 24), op(mask, 0xF), op(equal, SOCK_DGRAM, 0, 1)]
        program += [op(ret, refuse(errno.EPERM)), op(load, 0)]
    for call in DENIED if reach_sockets else (*DENIED, SYS_SOCKET, SYS_CONNECT):
        program += [op(equal, call, 0, 1), op(ret, refuse(errno.EPERM))]
    program.append(op(ret, allow))
    code = ctypes.create_string_buffer(b"".join(program))
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(program), ctypes.addressof(code)))
    check(libc.syscall(SYS_SECCOMP, 1, 0, header), "seccomp")
