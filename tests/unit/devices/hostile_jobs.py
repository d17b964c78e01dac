"""Jobs that misbehave, for the tests of `confined`. They run in the child."""

import ctypes
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from upperback.core.errors import InputError
from upperback.devices.work import Work


def echo(path: Path, options: dict[str, Any], work: Work) -> dict[str, Any]:
    work.progress(0.5)
    print("a library that prints")
    os.write(1, b"and one in C")
    (work.folder / "made.txt").write_text("made")
    environment = {key for key in os.environ if key.startswith("UPPERBACK")}
    return {
        "bytes": path.stat().st_size,
        "options": options,
        "environment": sorted(environment),
        "stdin": os.read(0, 1).hex(),
    }


def refuse(path: Path, options: dict[str, Any], work: Work) -> None:
    raise InputError("line 3: not a number")


def bug(path: Path, options: dict[str, Any], work: Work) -> None:
    raise ValueError("SECRET-SIGNAL 0.98")


def crash(path: Path, options: dict[str, Any], work: Work) -> None:
    ctypes.string_at(0)


def hang(path: Path, options: dict[str, Any], work: Work) -> None:
    time.sleep(60)


def spin(path: Path, options: dict[str, Any], work: Work) -> None:
    while True:
        work.progress(0.1)


def eat(path: Path, options: dict[str, Any], work: Work) -> int:
    return int(np.ones(options["bytes"], np.uint8).sum())


def talk(path: Path, options: dict[str, Any], work: Work) -> str:
    return "x" * int(options["bytes"])


def lie(path: Path, options: dict[str, Any], work: Work) -> None:
    work._channel.write(options["line"].encode() + b"\n")
    work._channel.flush()
    os._exit(0)


def complain(path: Path, options: dict[str, Any], work: Work) -> str:
    for _ in range(1000):
        sys.stderr.write("x" * 10_000)
    return "done"


def write(path: Path, options: dict[str, Any], work: Work) -> None:
    with (work.folder / "big").open("wb") as stream:
        for _ in range(options["megabytes"]):
            stream.write(bytes(1 << 20))


def leave(path: Path, options: dict[str, Any], work: Work) -> None:
    os._exit(options["code"])


def call_out(path: Path, options: dict[str, Any], work: Work) -> dict[str, str]:
    """The ways out that are named, with what came of each."""
    found = {}
    attempts: dict[str, Callable[[], Any]] = {
        "socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM).close(),
        "unix": lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).close(),
        "program": lambda: subprocess.run([sys.executable, "-c", ""], check=True),
        "raw socket": lambda: _raw(41, 2, 1, 0),
        "raw execve": lambda: _raw(59, b"/bin/true", None, None),
    }
    for name in options["ways"]:
        try:
            attempts[name]()
        except OSError as error:
            found[name] = type(error).__name__
        else:
            found[name] = "open"
    return found


def look_around(path: Path, options: dict[str, Any], work: Work) -> dict[str, str]:
    """Files that are tried, with what came of each."""
    attempts: dict[str, Callable[[], Any]] = {
        "the recording": path.read_bytes,
        "its folder": lambda: list(path.parent.iterdir()),
        "a neighbour": (path.parent / "neighbour").read_bytes,
        "the recording, to write": lambda: path.open("r+b").close(),
        "beside it, to write": lambda: (path.parent / "new").write_bytes(b"x"),
        "the system's people": Path("/etc/passwd").read_bytes,
        "another process": Path(f"/proc/{os.getppid()}/environ").read_bytes,
        "own folder": lambda: (work.folder / "new").write_bytes(b"x"),
        "own code": Path(__file__).read_bytes,
    }
    found = {}
    for name, attempt in attempts.items():
        try:
            attempt()
        except OSError as error:
            found[name] = type(error).__name__
        else:
            found[name] = "open"
    return found


def _raw(number: int, *arguments: Any) -> None:
    """The system call itself, past the interpreter."""
    library = ctypes.CDLL(None, use_errno=True)
    result = library.syscall(number, *arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")
    os.close(result)
