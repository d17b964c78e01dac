"""The child's side of `confined`: puts the limits on, runs the job, sends progress and the result.

Imported by the child before anything else; keeps its own imports few, for a quick start.
"""

import contextlib
import errno
import os
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import IO, Any, Final, NoReturn

import msgspec

from upperback.core.errors import InputError
from upperback.devices.fence import fence_in

_PROGRESS_EVERY_S: Final = 0.1


class Work:
    """What a job is given besides its file: a folder to write to, and somebody to tell how far it is."""

    def __init__(self, folder: Path, channel: IO[bytes]) -> None:
        self.folder = folder
        self._channel = channel
        self._next_s = 0.0

    def progress(self, share: float) -> None:
        """Tells the parent what share is done, 0 to 1; cheap enough to call for every block."""
        now = time.monotonic()
        if now >= self._next_s:
            self._next_s = now + _PROGRESS_EVERY_S
            self.send("progress", min(max(share, 0.0), 1.0))

    def send(self, kind: str, value: Any) -> None:
        """One message to the parent."""
        self._channel.write(msgspec.json.encode({"kind": kind, "value": value}) + b"\n")
        self._channel.flush()


#: A job: (path, options, work) -> result.
Job = Callable[[Path, dict[str, Any], Work], Any]


def main() -> NoReturn:
    """Reads the task from standard input and does it. Never returns."""
    task = msgspec.json.decode(sys.stdin.buffer.read())
    channel = _private_channel()
    work = Work(Path(task["folder"]), channel)
    _confine(task["limits"])
    try:
        module, _, function = task["target"].partition(":")
        job: Job = getattr(import_module(module), function)
        path = Path(task["path"])
        fence_in(readable=(path, *_own_places()), writable=work.folder)
        result = job(path, task["options"], work)
        work.send("result", result)
    except InputError as error:
        work.send("refused", error.message)
    except MemoryError:
        work.send("memory", None)
    except OSError as error:
        work.send("file" if error.errno == errno.EFBIG else "bug", _place(error))
    except Exception as error:  # noqa: BLE001 - told to the parent, which raises it again
        work.send("bug", _place(error))
    with contextlib.suppress(OSError):
        channel.close()
    os._exit(0)  # nothing of a library that was fed with anything gets to tidy up


def _private_channel() -> IO[bytes]:
    """The pipe to the parent, out of reach of libraries that print; standard input is closed for good."""
    channel = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.close(nothing)
    return channel


def _confine(limits: dict[str, float]) -> None:
    """Limits of the operating system, where there are any (not on Windows)."""
    try:
        import resource
    except ImportError:
        return
    wanted = {
        "RLIMIT_CORE": 0,
        "RLIMIT_CPU": limits["cpu_s"],
        "RLIMIT_FSIZE": limits["file_bytes"],
        "RLIMIT_NOFILE": limits["open_files"],
        "RLIMIT_DATA": limits["memory_bytes"],
        "RLIMIT_AS": limits["address_bytes"],
    }
    for name, value in wanted.items():
        number = getattr(resource, name, None)
        if number is None:
            continue
        hard = resource.getrlimit(number)[1]
        new = int(value) if hard == resource.RLIM_INFINITY else min(int(value), hard)
        # The soft processor limit ends with SIGXCPU, which says what it was; one second later the hard one kills.
        above = new + 1 if name == "RLIMIT_CPU" and (hard == resource.RLIM_INFINITY or hard > new) else new
        with contextlib.suppress(OSError, ValueError):  # macOS refuses some
            resource.setrlimit(number, (new, above))


def _own_places() -> list[Path]:
    """Where Python and the packages are that a job may still import."""
    return [Path(place) for place in (*sys.path, sys.base_prefix) if place]


def _place(error: BaseException) -> str:
    """Where it happened and what kind of error it was; not its message, which may quote the file."""
    frames = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(f"{Path(code.co_filename).name}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return f"{type(error).__name__} at {' < '.join(reversed(frames[-6:]))}"
