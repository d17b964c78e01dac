"""Takes the network, other programs and other people's files away from this process, for good."""

import contextlib
import ctypes
import os
import platform
import struct
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

_FORBIDDEN_EVENTS: Final = ("socket.", "subprocess.", "os.exec", "os.posix_spawn", "os.spawn", "os.system", "os.fork")


def fence_in(*, readable: Iterable[Path], writable: Path) -> None:
    """From here on: no sockets, no new programs, and no files but these and the system's libraries.

    By the kernel on Linux, as far as it can; by the interpreter everywhere, as for sockets and programs.
    """
    if sys.platform == "linux":
        library = ctypes.CDLL(None, use_errno=True)
        with contextlib.suppress(OSError, AttributeError):
            library.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
            _restrict_files(library, readable, writable)
        with contextlib.suppress(OSError, AttributeError):
            _filter_system_calls(library)
    sys.addaudithook(_refuse)


def _refuse(event: str, _: Any) -> None:
    if event.startswith(_FORBIDDEN_EVENTS):
        raise PermissionError(f"{event} is not open to a confined job")


# ---- Linux: a seccomp filter ---------------------------------------------------------------------------------------

_PR_SET_NO_NEW_PRIVS: Final = 38
_PR_SET_SECCOMP: Final = 22
_SECCOMP_MODE_FILTER: Final = 2

_LOAD_WORD: Final = 0x20  # BPF_LD | BPF_W | BPF_ABS
_JUMP_IF_EQUAL: Final = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_JUMP_IF_AT_LEAST: Final = 0x35  # BPF_JMP | BPF_JGE | BPF_K
_RETURN: Final = 0x06  # BPF_RET | BPF_K
_ALLOW: Final = 0x7FFF0000
_ERROR_EPERM: Final = 0x00050001

_SYSTEM_CALL, _ARCHITECTURE = 0, 4  # offsets in struct seccomp_data

#: Machine -> (number of the architecture, system calls: socket, socketpair, connect, execve, execveat, ptrace,
#: process_vm_writev, io_uring_setup).
_CALLS: Final = {
    "x86_64": (0xC000003E, (41, 53, 42, 59, 322, 101, 311, 425)),
    "aarch64": (0xC00000B7, (198, 199, 203, 221, 281, 117, 271, 425)),
}
#: Numbers from here on are x86-64's second set of calls, which would get around the list.
_X32: Final = 0x40000000


def _filter_system_calls(library: Any) -> None:
    known = _CALLS.get(platform.machine())
    if known is None:
        return
    architecture, calls = known
    code = [
        (_LOAD_WORD, 0, 0, _ARCHITECTURE),
        (_JUMP_IF_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _ERROR_EPERM),
        (_LOAD_WORD, 0, 0, _SYSTEM_CALL),
        (_JUMP_IF_AT_LEAST, 0, 1, _X32),
        (_RETURN, 0, 0, _ERROR_EPERM),
    ]
    for number in calls:
        code += [(_JUMP_IF_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERROR_EPERM)]
    code.append((_RETURN, 0, 0, _ALLOW))
    program = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *line) for line in code))
    header = struct.pack("@HP", len(code), ctypes.addressof(program))
    if library.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, header, 0, 0):
        raise OSError(ctypes.get_errno(), "the kernel takes no filter")


# ---- Linux: Landlock -----------------------------------------------------------------------------------------------

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every machine
_ASK_VERSION: Final = 1
_PATH_BENEATH: Final = 1

_WRITE_FILE, _READ_FILE, _READ_FOLDER = 1 << 1, 1 << 2, 1 << 3
#: Everything that the first version knows; then linking across folders, and shortening files.
_ALL, _REFER, _TRUNCATE = (1 << 13) - 1, 1 << 13, 1 << 14

#: Libraries and time zones of the system.
_SYSTEM: Final = (
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/lib",
    "/lib64",
    "/usr/share/zoneinfo",
    "/etc/ld.so.cache",
)
_DEVICES: Final = ("/dev/null", "/dev/urandom")


def _restrict_files(library: Any, readable: Iterable[Path], writable: Path) -> None:
    version = library.syscall(_CREATE_RULESET, None, 0, _ASK_VERSION)
    if version < 1:
        return  # an older kernel, or switched off
    everything = _ALL | (_REFER if version >= 2 else 0) | (_TRUNCATE if version >= 3 else 0)
    rules = library.syscall(_CREATE_RULESET, struct.pack("=Q", everything), 8, 0)
    if rules < 0:
        raise OSError(ctypes.get_errno(), "the kernel takes no rules")
    try:
        for path in (*readable, *map(Path, _SYSTEM)):
            _allow(library, rules, path, _READ_FILE | _READ_FOLDER)
        for name in _DEVICES:
            _allow(library, rules, Path(name), _READ_FILE | _WRITE_FILE)
        _allow(library, rules, writable, everything & ~1)  # but nothing there is run
        if library.syscall(_RESTRICT_SELF, rules, 0):
            raise OSError(ctypes.get_errno(), "the kernel takes no rules")
    finally:
        os.close(rules)


def _allow(library: Any, rules: int, path: Path, access: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not path.is_dir():
            access &= _READ_FILE | _WRITE_FILE | _TRUNCATE
        library.syscall(_ADD_RULE, rules, _PATH_BENEATH, struct.pack("=Qi", access, place), 0)
    finally:
        os.close(place)
