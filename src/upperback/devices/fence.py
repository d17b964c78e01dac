"""Takes the network and the starting of programs away from this process, for good."""

import contextlib
import ctypes
import platform
import struct
import sys
from typing import Any, Final

_FORBIDDEN_EVENTS: Final = ("socket.", "subprocess.", "os.exec", "os.posix_spawn", "os.spawn", "os.system", "os.fork")


def close_the_network() -> None:
    """No sockets and no new programs from here on: by the kernel on Linux, by the interpreter everywhere."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            _filter_system_calls()
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


def _filter_system_calls() -> None:
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
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or library.prctl(
        _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, header, 0, 0
    ):
        raise OSError(ctypes.get_errno(), "the kernel takes no filter")
