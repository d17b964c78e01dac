"""Work on files from outside in a child process that can do no harm: limits on memory, time and output, no network.

The parent never parses a byte of the file. It starts a child with a clean environment and hands it a job by name, the
path and the options; the child reads the file, computes on it and sends back its progress and one small result. A
week of samples never crosses the pipe. A child that refuses a file says so in one sentence; one that dies (crash,
limit, out of memory) is reported in one sentence too, and the parent goes on.

What the operating system offers decides how tight it is: see docs/reference/recordings.md.
"""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import msgspec

import upperback
from upperback.core.errors import InputError, Unavailable

#: The jobs that may be run, by name: `module:function`. The function is called with (path, options, work) in the
#: child, where options is what the caller gave and work a `upperback.devices.work.Work`; it returns what msgspec
#: can write as JSON. Adding a job here is adding a road for untrusted files: it has to keep the contract of `work`.
JOBS: dict[str, str] = {
    "archive": "upperback.devices.archive_job:unpack_archive",
    "fhir": "upperback.devices.fhir_job:read_fhir",
    "describe": "upperback.devices.describing:describe",
    "analyse": "upperback.devices.jobs:analyse_recording",
    "muscle": "upperback.devices.muscle_jobs:analyse_muscle",
    "replay": "upperback.devices.live.replay:write_pages",
    "replay_muscle": "upperback.devices.live.replay:write_muscle_pages",
}

_CHILD: Final = "import sys; sys.path[:] = {path!r}; from upperback.devices.work import main; main()"

#: Bytes of one message from the child, and of its complaints that are kept.
_MAX_MESSAGE_BYTES: Final = 16 * 1024 * 1024
_MAX_STDERR_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a job may use. Enforced by the operating system where it can; wall time and output everywhere.

    Attributes
    ----------
    memory_bytes : data of the process (RLIMIT_DATA)
    address_bytes : its address space, mapped libraries included (RLIMIT_AS)
    cpu_s : processor time
    wall_s : time from start to result
    file_bytes : size of any file it writes
    open_files : file descriptors
    """

    memory_bytes: int = 1 << 30
    address_bytes: int = 6 << 30
    cpu_s: int = 900
    wall_s: float = 1800.0
    file_bytes: int = 4 << 30
    open_files: int = 64


class ConfinedError(RuntimeError):
    """A job failed by a mistake of ours. Holds where, never what was in the file."""


def run_confined(
    job: str,
    path: Path,
    options: Mapping[str, Any] | None = None,
    *,
    progress: Callable[[float], None] | None = None,
    folder: Path | None = None,
    limits: Limits | None = None,
    name: str | None = None,
    meanwhile: Callable[[], object] | None = None,
) -> Any:
    """Runs a job of `JOBS` on a file in a confined child and returns its result (plain JSON values).

    Parameters
    ----------
    job : name in `JOBS`; anything else is a KeyError
    path : the file; only a regular file is opened
    options : the job's own, as JSON values
    progress : called in this thread with the share done, 0 to 1. If it raises, the child is ended and the error goes on
    folder : where the job may write files; without one it has a temporary folder that is gone afterwards
    limits : see `Limits`
    name : how the person knows the file, for messages; by default the file's own name
    meanwhile : called once in this thread while the child starts: to make ready what the answer will need

    Raises
    ------
    InputError : the file is refused, or brought the child down: one sentence with the file's name
    Unavailable : the child cannot be started
    ConfinedError : a bug of ours, with the place in the code
    """
    target = JOBS[job]
    limits = limits or Limits()
    name = _shown(name or path.name)
    if not path.exists():
        raise InputError(f"{name}: there is no such file")
    with contextlib.ExitStack() as stack:
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="upperback-job-")))
        task = {
            "target": target,
            "path": str(path.resolve()),
            "folder": str(folder.resolve()),
            "options": dict(options or {}),
            "limits": {key: getattr(limits, key) for key in limits.__slots__},
        }
        child = stack.enter_context(_Child(task, folder, limits))
        if meanwhile is not None:
            meanwhile()
        return child.answer(name, progress)


class _Child:
    """One child process, from start to end."""

    def __init__(self, task: Mapping[str, Any], folder: Path, limits: Limits) -> None:
        self._limits = limits
        self._timed_out = False
        self._stderr = b""
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own Python, and nothing from outside
                _command(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=folder,
                env=_environment(folder),
                start_new_session=os.name == "posix",  # so that all of it can be ended
            )
        except OSError as error:
            raise Unavailable(
                f"no process could be started to read the file: {error.strerror}", retryable=True
            ) from error
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(msgspec.json.encode(task))
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._complaints = threading.Thread(target=self._keep_complaints, daemon=True)
        self._complaints.start()
        self._alarm = threading.Timer(limits.wall_s, self._out_of_time)
        self._alarm.daemon = True
        self._alarm.start()

    def __enter__(self) -> "_Child":
        return self

    def __exit__(self, *_: object) -> None:
        self._alarm.cancel()
        self._end()
        self._process.wait()
        self._complaints.join()
        self._alarm.join()
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()

    def answer(self, name: str, progress: Callable[[float], None] | None) -> Any:
        """Reads messages up to the result."""
        assert self._process.stdout is not None
        while line := _message(self._process.stdout):
            try:
                message = msgspec.json.decode(line)
                kind, value = message["kind"], message["value"]
            except (msgspec.DecodeError, KeyError, TypeError):
                break  # cut off, or too long
            if kind == "progress" and progress is not None:
                progress(float(value))
            elif kind == "result":
                return value
            elif kind == "refused":
                raise InputError(f"{name}: {value}")
            elif kind == "memory":
                raise InputError(f"{name}: {self._memory_sentence()}")
            elif kind == "file":
                raise InputError(f"{name}: it led to a file of more than {_bytes(self._limits.file_bytes)}")
            elif kind == "bug":
                raise ConfinedError(f"the job failed in {value}")
        raise self._death(name)

    def _death(self, name: str) -> Exception:
        """What to say when there is no result."""
        was_running = self._process.poll() is None
        if was_running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=1.0)
        code = self._process.poll()
        self._end()
        self._process.wait()
        self._complaints.join()
        if self._timed_out:
            return InputError(f"{name}: reading it took longer than {self._limits.wall_s:.0f} s and was ended")
        if code is None:
            return InputError(f"{name}: what it led to is too large to hand on, or is no result")
        signal_number = -code if code < 0 else 0
        if signal_number == getattr(signal, "SIGXCPU", -1):
            return InputError(
                f"{name}: reading it took more than {self._limits.cpu_s} s of processor time and was ended"
            )
        if signal_number == getattr(signal, "SIGKILL", -1):
            return InputError(f"{name}: reading it was ended by the system, most likely because memory ran out")
        if b"MemoryError" in self._stderr or b"bad_alloc" in self._stderr:
            return InputError(f"{name}: {self._memory_sentence()}")
        if signal_number or code in _WINDOWS_CRASHES:
            how = signal.Signals(signal_number).name if signal_number else f"code {code}"
            return InputError(f"{name}: reading it made the reader crash ({how}); the file is damaged")
        last = self._stderr.decode("utf-8", "replace").strip().splitlines()
        return ConfinedError(
            f"the job ended with code {code} before it began: {last[-1][:200] if last else 'no reason'}"
        )

    def _memory_sentence(self) -> str:
        return f"reading it would take more than {_bytes(self._limits.memory_bytes)} of memory"

    def _keep_complaints(self) -> None:
        assert self._process.stderr is not None
        while chunk := self._process.stderr.read1(8192):  # type: ignore[attr-defined]
            self._stderr = (self._stderr + chunk)[-_MAX_STDERR_BYTES:]

    def _out_of_time(self) -> None:
        self._timed_out = True
        self._end()

    def _end(self) -> None:
        if self._process.poll() is not None:
            return
        if os.name == "posix":
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        else:
            self._process.kill()


#: Access violation, stack overflow, heap corruption, stack buffer overrun, as Windows numbers them.
_WINDOWS_CRASHES: Final = frozenset({0xC0000005, 0xC00000FD, 0xC0000374, 0xC0000409})


def _command() -> list[str]:
    """The child runs this very code: our own search path is handed over, nothing else is searched."""
    own = Path(upperback.__file__).resolve().parent.parent
    path = [str(own), *(entry for entry in sys.path if entry and entry != str(own) and Path(entry).exists())]
    # -I: no environment, no user's packages, no current folder. -S: the path is complete. -B: writes no byte code.
    return [sys.executable, "-I", "-S", "-B", "-X", "utf8", "-c", _CHILD.format(path=path)]


def _environment(folder: Path) -> dict[str, str]:
    kept = {key: os.environ[key] for key in ("SYSTEMROOT", "WINDIR") if key in os.environ}  # Windows needs these
    return kept | {
        "TMPDIR": str(folder),
        "TMP": str(folder),
        "TEMP": str(folder),
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        # One thread each, and small reserves, so that the memory limits mean what they say.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "MALLOC_ARENA_MAX": "2",
        # Blocks of samples are used again and again, as fresh memory costs as much as the work on it; hours of them
        # are handed back at once, so that what is held stays near what is used.
        "MALLOC_MMAP_THRESHOLD_": str(16 << 20),
        "MALLOC_TRIM_THRESHOLD_": str(64 << 20),
        "PYTHONFAULTHANDLER": "",
    }


def _message(stream: IO[bytes]) -> bytes:
    """The next line, or an unfinished one if it is longer than any message may be."""
    return stream.readline(_MAX_MESSAGE_BYTES)


def _shown(name: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in name)[:80]


def _bytes(number: int) -> str:
    return f"{number / (1 << 30):.3g} GB" if number >= 1 << 30 else f"{number / (1 << 20):.3g} MB"
