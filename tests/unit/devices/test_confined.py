"""Whatever a file does to the child, the parent goes on and says one sentence (AB-27 to AB-29)."""

import ctypes
import io
import os
import platform
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.devices import hostile_jobs
from upperback.core.errors import InputError
from upperback.devices import confined
from upperback.devices.confined import ConfinedError, Limits, run_confined
from upperback.devices.work import Work

NO_WORK = Work(Path(), io.BytesIO())
posix = pytest.mark.skipif(os.name != "posix", reason="this system has no such limit")


@pytest.fixture(autouse=True)
def _hostile_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in vars(hostile_jobs):
        monkeypatch.setitem(confined.JOBS, name, f"{hostile_jobs.__name__}:{name}")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.csv"
    path.write_bytes(b"time_s,acc_x,acc_y,acc_z\n")
    return path


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    threads, files = threading.active_count(), _open_files()
    yield
    assert threading.active_count() == threads
    assert _open_files() == files


def _open_files() -> int:
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.exists() else 0


def test_the_result_comes_back_and_nothing_else_does(file: Path, tmp_path: Path) -> None:
    shares: list[float] = []
    result = run_confined("echo", file, {"a": [1, None]}, progress=shares.append, folder=tmp_path)
    assert result == {"bytes": 25, "options": {"a": [1, None]}, "environment": [], "stdin": ""}
    assert shares == [0.5]
    assert (tmp_path / "made.txt").read_text() == "made"


def test_what_is_made_ready_meanwhile_is_ready_before_the_answer(file: Path) -> None:
    happened: list[object] = []
    run_confined("echo", file, progress=happened.append, meanwhile=lambda: happened.append("ready"))
    assert happened == ["ready", 0.5]


def test_a_failure_meanwhile_ends_the_child_and_goes_on(file: Path) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_confined("hang", file, meanwhile=fail)


def test_without_a_folder_what_a_job_writes_is_gone(file: Path) -> None:
    before = set(file.parent.iterdir())
    run_confined("echo", file)
    assert set(file.parent.iterdir()) == before


def test_only_jobs_of_the_list_are_run(file: Path) -> None:
    with pytest.raises(KeyError):
        run_confined("os:system", file)


def test_a_refusal_names_the_file_as_the_person_knows_it(file: Path) -> None:
    with pytest.raises(InputError, match=r"^mine\.csv: line 3: not a number$"):
        run_confined("refuse", file)
    with pytest.raises(InputError, match=r"^walk\?\.csv: line 3: not a number$"):
        run_confined("refuse", file, name="walk\n.csv")


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        run_confined("echo", tmp_path / "absent.csv")


def test_a_bug_stays_a_bug_and_quotes_nothing(file: Path) -> None:
    with pytest.raises(ConfinedError, match=r"ValueError at hostile_jobs\.py:\d+ bug") as caught:
        run_confined("bug", file)
    assert "SECRET" not in str(caught.value)


@posix
def test_a_crash_is_a_damaged_file(file: Path) -> None:
    with pytest.raises(InputError, match=r"mine\.csv: .*crash \(SIGSEGV\); the file is damaged"):
        run_confined("crash", file)
    assert run_confined("echo", file)["bytes"] == 25


def test_too_long(file: Path) -> None:
    with pytest.raises(InputError, match="longer than 1 s"):
        run_confined("hang", file, limits=Limits(wall_s=1.0))


@posix
def test_too_much_processor_time(file: Path) -> None:
    with pytest.raises(InputError, match="more than 1 s of processor time"):
        run_confined("spin", file, limits=Limits(cpu_s=1))


@pytest.mark.skipif(sys.platform != "linux", reason="this system does not limit memory")
def test_too_much_memory(file: Path) -> None:
    limits = Limits(memory_bytes=300 << 20)
    assert run_confined("eat", file, {"bytes": 50 << 20}, limits=limits) == 50 << 20
    with pytest.raises(InputError, match="more than 300 MB of memory"):
        run_confined("eat", file, {"bytes": 400 << 20}, limits=limits)


@posix
def test_too_large_a_file(file: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="led to a file of more than 2 MB"):
        run_confined("write", file, {"megabytes": 3}, folder=tmp_path, limits=Limits(file_bytes=2 << 20))


def test_too_large_a_result(file: Path) -> None:
    assert len(run_confined("talk", file, {"bytes": 1 << 20})) == 1 << 20
    with pytest.raises(InputError, match="too large to hand on"):
        run_confined("talk", file, {"bytes": 20 << 20})


@pytest.mark.parametrize("line", ["{", "[]", "null", '{"kind": "result"}', "x" * 100])
def test_a_child_that_lies_about_its_result(file: Path, line: str) -> None:
    with pytest.raises((InputError, ConfinedError)):
        run_confined("lie", file, {"line": line})


def test_endless_complaints_are_kept_short(file: Path) -> None:
    assert run_confined("complain", file) == "done"


def test_a_child_that_leaves_without_a_word(file: Path) -> None:
    with pytest.raises(ConfinedError, match="code 7"):
        run_confined("leave", file, {"code": 7})


def test_an_error_in_progress_ends_the_child(file: Path) -> None:
    def stop(_: float) -> None:
        raise KeyboardInterrupt

    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run_confined("spin", file, progress=stop)
    assert time.monotonic() - begun < 600  # and not the limit of processor time


@pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() != "x86_64",
    reason="the system call numbers are those of Linux on x86-64",
)
def test_no_network_and_no_programs(file: Path) -> None:
    ways = ["socket", "unix", "program", "raw socket"]
    found = run_confined("call_out", file, {"ways": [*ways, "raw execve"]})
    assert found == dict.fromkeys([*ways, "raw execve"], "PermissionError")
    # Without the fence all of it works, so the test would notice if the fence were gone.
    assert hostile_jobs.call_out(file, {"ways": ways}, NO_WORK) == dict.fromkeys(ways, "open")


def _kernel_knows_landlock() -> bool:
    return sys.platform == "linux" and bool(ctypes.CDLL(None).syscall(444, None, 0, 1) >= 1)


@pytest.mark.skipif(not _kernel_knows_landlock(), reason="the kernel does not restrict files")
def test_no_files_but_its_own(file: Path, tmp_path: Path) -> None:
    (file.parent / "neighbour").write_bytes(b"another person")
    folder = tmp_path / "folder"
    folder.mkdir()
    found = run_confined("look_around", file, folder=folder)
    allowed = {"the recording", "own folder", "own code"}
    assert {name for name, what in found.items() if what == "open"} == allowed
    assert set(found.values()) == {"open", "PermissionError"}
    without = hostile_jobs.look_around(file, {}, Work(folder, io.BytesIO()))
    assert set(without.values()) == {"open"}


def test_several_at_once(file: Path) -> None:
    results: list[Any] = []
    work: Callable[[], None] = lambda: results.append(run_confined("echo", file)["bytes"])  # noqa: E731
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [25] * 4
