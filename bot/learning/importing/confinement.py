"""Shutting a process in before it reads a foreign file: little memory and time, no network, no files, no children.

On Linux the kernel itself refuses (seccomp); everywhere Python refuses too (audit hooks). Nothing opens again.
"""

from __future__ import annotations

import ctypes
import platform
import struct
import sys
from collections.abc import Sequence

MEMORY = 1024 * 1024 * 1024
CPU_SECONDS = 600
_OPEN_FILES = 16

_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | 1
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER = 38, 22, 2
_X32 = 0x40000000
_MARKS = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_CALLS: dict[str, tuple[int | None, int | None]] = {
    "open": (2, None),
    "openat": (257, 56),
    "openat2": (437, 437),
    "creat": (85, None),
    "socket": (41, 198),
    "socketpair": (53, 199),
    "connect": (42, 203),
    "bind": (49, 200),
    "clone": (56, 220),
    "clone3": (435, 435),
    "fork": (57, None),
    "vfork": (58, None),
    "execve": (59, 221),
    "execveat": (322, 281),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "io_uring_setup": (425, 425),
    "kill": (62, 129),
    "unlink": (87, None),
    "unlinkat": (263, 35),
    "rename": (82, None),
    "renameat": (264, 38),
    "renameat2": (316, 276),
    "chmod": (90, None),
    "fchmodat": (268, 53),
    "symlink": (88, None),
    "symlinkat": (266, 36),
    "link": (86, None),
    "linkat": (265, 37),
    "mkdir": (83, None),
    "mkdirat": (258, 34),
    "truncate": (76, 45),
    "mount": (165, 40),
    "bpf": (321, 280),
}
"""The system calls that are refused, with their numbers on both kinds of machine."""
_REFUSED_EVENTS = ("open", "socket.", "subprocess.", "os.", "ctypes.", "shutil.", "tempfile.", "pty.", "fcntl.")
_HARMLESS = frozenset({"os.putenv", "os.unsetenv"})


def confine() -> bool:
    """Shut this process in for good. True if the kernel holds it, False if Python alone does."""
    _limit()
    is_held = _seccomp()
    _audit()
    return is_held


def _limit() -> None:
    import resource

    limits = {
        resource.RLIMIT_AS: MEMORY,
        resource.RLIMIT_CPU: CPU_SECONDS,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: _OPEN_FILES,
        resource.RLIMIT_CORE: 0,
    }
    for which, most in limits.items():
        # A system without this limit has the others.
        try:
            resource.setrlimit(which, (most, most))
        except (ValueError, OSError):
            continue


def _seccomp() -> bool:
    machine = platform.machine()
    if not sys.platform.startswith("linux") or machine not in _MARKS:
        return False
    numbers = [call[list(_MARKS).index(machine)] for call in _CALLS.values()]
    program = _program(_MARKS[machine], [number for number in numbers if number is not None])
    packed = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in program))

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]

    held = Program(len(program), ctypes.addressof(packed))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        return False
    return bool(libc.prctl(_SECCOMP, _FILTER, ctypes.byref(held), 0, 0) == 0)


def _program(mark: int, refused: Sequence[int]) -> list[tuple[int, int, int, int]]:
    """A filter of system calls: those of another machine's numbering and those listed are refused, the rest pass."""
    lines = [(_LOAD, 0, 0, 4), (_EQUAL, 0, len(refused) + 3, mark), (_LOAD, 0, 0, 0)]
    lines.append((_AT_LEAST, len(refused) + 1, 0, _X32))
    lines += [(_EQUAL, len(refused) - place, 0, number) for place, number in enumerate(refused)]
    return [*lines, (_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _REFUSE)]


def _audit() -> None:
    def refuse(event: str, arguments: object) -> None:
        if event.startswith(_REFUSED_EVENTS) and event not in _HARMLESS:
            raise PermissionError(f"refused here: {event}")

    sys.addaudithook(refuse)
