"""What a worker process gives up before it touches what a stranger made.

Linux only, standard library only; every measure that the kernel refuses is named to the caller and does without.
There is no PR_SET_PDEATHSIG: it is bound to the *thread* that forked, and a pool's thread may end long before its
process. A worker ends when its pipe does (end of file), and ``cpu_seconds`` ends one that never looks.
"""

import ctypes
import errno
import os
import platform
import resource
import struct
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

_PR_SET_NO_NEW_PRIVS: Final = 38
_SECCOMP_SET_MODE_FILTER: Final = 1
_SECCOMP_FILTER_FLAG_TSYNC: Final = 1
_OPEN_FILES: Final = 128
_NICENESS: Final = 5
_OOM_SCORE: Final = 500
# After the soft limit (SIGXCPU, which ends the process) the kernel kills; both in case somebody handles the signal.
_CPU_GRACE_SECONDS: Final = 5
#: <linux/landlock.h>; the numbers are those of every architecture.
_LANDLOCK_CREATE_RULESET: Final = 444
_LANDLOCK_RESTRICT_SELF: Final = 446
_LANDLOCK_VERSION: Final = 1
#: Every right that changes something (to write, remove, make, link, truncate), by the version that knows it first.
_CHANGES: Final = ((1, 0x1FF2), (2, 0x2000), (3, 0x4000))
#: From this version on: no signal to, and no abstract socket of, a process outside.
_LANDLOCK_SCOPES: Final = (6, 0b11)


class _Machine(NamedTuple):
    """Numbers that differ between architectures: <linux/audit.h> and each <asm/unistd.h>."""

    audit_arch: int
    seccomp: int
    forbidden: tuple[int, ...]
    """Ways out of the process: socket, connect, io_uring_setup (which opens sockets without a system call), ptrace,
    process_vm_readv, process_vm_writev, execve, execveat."""


_MACHINES: Final = {
    "x86_64": _Machine(0xC000003E, 317, (41, 42, 425, 101, 310, 311, 59, 322)),
    "aarch64": _Machine(0xC00000B7, 277, (198, 203, 425, 117, 270, 271, 221, 281)),
}


def confine(*, memory_bytes: int, cpu_seconds: int | None = None) -> list[str]:
    """Confine this process and all its threads, for good. Call it first, before any input is read.

    ``memory_bytes`` bounds private writable memory in all, the interpreter's own included (RLIMIT_DATA, not
    RLIMIT_AS: libav maps 150 MB of libraries and every thread reserves address space that it never touches). Beyond
    it, allocation fails: a ``MemoryError`` in Python. ``cpu_seconds``: processor time over the process's whole life,
    after which it is ended.

    After it: no sockets but those it has and pairs of its own (EPERM; a Unix socket would lead to PostgreSQL, which
    starts programs), no starting of programs, no reaching into other processes, nothing changed in any file that was
    not opened for it, no core dumps, few open files, low priority, and first in line when memory runs out. What the
    server's user may read, it may still read: confine what it can tell, not what it can see.

    Returns the names of the measures that this kernel did not allow. Never raises for one.
    """
    measures: list[tuple[str, Callable[[], None]]] = [
        ("priority", _lower_priority),
        ("out-of-memory score", _be_the_first_to_go),
        ("core dumps", partial(_limit, resource.RLIMIT_CORE, 0)),
        ("open files", partial(_limit, resource.RLIMIT_NOFILE, _OPEN_FILES)),
        ("no new privileges", _no_new_privileges),
        ("file system", _change_no_files),
        ("system calls", _filter_system_calls),
        ("memory", partial(_limit, resource.RLIMIT_DATA, memory_bytes)),
    ]
    if cpu_seconds is not None:
        measures.append(("processor time", partial(_limit, resource.RLIMIT_CPU, cpu_seconds, _CPU_GRACE_SECONDS)))
    refused = []
    for name, measure in measures:
        try:
            measure()
        except (OSError, ValueError):
            refused.append(name)
    return refused


def has_worked(*, seconds: float) -> bool:
    """Whether this process has used that much processor time: then it is due to be replaced.

    Here and not with those who ask, because a worker imports the module of whatever it calls.
    """
    return time.process_time() >= seconds


def _lower_priority() -> None:
    os.nice(_NICENESS)


def _be_the_first_to_go() -> None:
    Path("/proc/self/oom_score_adj").write_text(str(_OOM_SCORE), encoding="ascii")


def _limit(kind: int, soft: int, grace: int = 0) -> None:
    """Lower a limit; never above a hard limit that is set already."""
    _, ceiling = resource.getrlimit(kind)
    hard = soft + grace
    if ceiling != resource.RLIM_INFINITY:
        soft, hard = min(soft, ceiling), min(hard, ceiling)
    resource.setrlimit(kind, (soft, hard))


def _no_new_privileges() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


class _Ruleset(ctypes.Structure):
    """``struct landlock_ruleset_attr``: what is refused unless a rule allows it; there are no rules."""

    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


def _change_no_files() -> None:
    """By Landlock (Linux 5.13), which also keeps the memory of other processes (/proc/*/mem) out of reach."""
    version = _landlock(_LANDLOCK_CREATE_RULESET, None, 0, _LANDLOCK_VERSION)
    since, scopes = _LANDLOCK_SCOPES
    changes = sum(rights for known_since, rights in _CHANGES if version >= known_since)
    ruleset = _Ruleset(changes, 0, scopes if version >= since else 0)
    descriptor = _landlock(_LANDLOCK_CREATE_RULESET, ctypes.byref(ruleset), ctypes.sizeof(ruleset), 0)
    try:
        _landlock(_LANDLOCK_RESTRICT_SELF, descriptor, 0)
    finally:
        os.close(descriptor)


def _landlock(call: int, *arguments: Any) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    outcome: int = libc.syscall(ctypes.c_long(call), *arguments)
    if outcome < 0:
        raise OSError(ctypes.get_errno(), "landlock")
    return outcome


class _SockFprog(ctypes.Structure):
    """``struct sock_fprog`` of <linux/filter.h>."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def _filter_system_calls() -> None:
    machine = _MACHINES.get(platform.machine())
    if machine is None:
        raise OSError(f"no system call numbers for {platform.machine()}")
    program = _program(machine)
    description = _SockFprog(len(program) // 8, program)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    # TSYNC: threads that run already are filtered too; those to come inherit it.
    outcome = libc.syscall(
        ctypes.c_long(machine.seccomp),
        ctypes.c_uint(_SECCOMP_SET_MODE_FILTER),
        ctypes.c_uint(_SECCOMP_FILTER_FLAG_TSYNC),
        ctypes.byref(description),
    )
    if outcome != 0:
        raise OSError(ctypes.get_errno(), "seccomp")


def _program(machine: _Machine) -> bytes:
    """Classic BPF over ``struct seccomp_data`` {int nr; u32 arch; u64 ip; u64 args[6]} (seccomp(2), little-endian)."""
    load, equal, at_least, give = 0x20, 0x15, 0x35, 0x06
    allow, refuse = 0x7FFF0000, 0x00050000 | errno.EPERM
    # Each line: code, jump if true, jump if false, operand. All that is forbidden jumps to the last line.
    forbidden = machine.forbidden
    lines = [
        (load, 0, 0, 4),
        (equal, 1, 0, machine.audit_arch),
        (give, 0, 0, refuse),  # a 32-bit call, whose numbers mean other things
        (load, 0, 0, 0),
        (at_least, 1 + len(forbidden), 0, 0x4000_0000),  # the x32 table of x86-64
        *((equal, len(forbidden) - index, 0, number) for index, number in enumerate(forbidden)),
        (give, 0, 0, allow),
        (give, 0, 0, refuse),
    ]
    return b"".join(struct.pack("=HBBI", *line) for line in lines)
