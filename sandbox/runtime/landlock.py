"""Landlock: what a process may do with files and signals, where the kernel allows no namespaces."""

import contextlib
import ctypes
import os
import struct

import kernel

SYS_CREATE, SYS_ADD_RULE, SYS_RESTRICT = 444, 445, 446
NEEDED = 6  # the first version that confines signals (Linux 6.12)
READ = (1 << 0) | (1 << 2) | (1 << 3)  # execute, read a file, read a folder
ALL_FILES = (1 << 16) - 1
ON_A_FILE = (1 << 0) | (1 << 1) | (1 << 2) | (1 << 14) | (1 << 15)
ALL_TCP, ALL_SCOPES = 3, 3  # bind and connect; abstract unix sockets and signals


def version() -> int:
    """The kernel's Landlock version; 0 when it has none."""
    return max(0, kernel.libc.syscall(SYS_CREATE, None, ctypes.c_size_t(0), 1))


def confine_signals() -> None:
    """From now on this process signals only itself and what it starts."""
    _enter(_ruleset(0, 0))


def confine(read: list[str], write: list[str]) -> None:
    """See and execute only below `read`, change only below `write`, no TCP, no signal out of this new domain."""
    rules = _ruleset(ALL_FILES, ALL_TCP)
    for paths, rights in ((read, READ), (write, ALL_FILES)):
        for path in paths:
            with contextlib.suppress(FileNotFoundError):
                _allow(rules, path, rights)
    _enter(rules)


def _ruleset(files: int, tcp: int) -> int:
    attributes = ctypes.create_string_buffer(struct.pack("QQQ", files, tcp, ALL_SCOPES), 24)
    return kernel.check(kernel.libc.syscall(SYS_CREATE, attributes, ctypes.c_size_t(24), 0), "landlock")


def _allow(rules: int, path: str, rights: int) -> None:
    fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    if not os.path.isdir(path):
        rights &= ON_A_FILE
    rule = ctypes.create_string_buffer(struct.pack("=Qi", rights, fd), 12)
    kernel.check(kernel.libc.syscall(SYS_ADD_RULE, rules, 1, rule, 0), f"landlock {path}")
    os.close(fd)


def _enter(rules: int) -> None:
    kernel.check(kernel.libc.prctl(kernel.PR_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    kernel.check(kernel.libc.syscall(SYS_RESTRICT, rules, 0), "landlock")
    os.close(rules)
