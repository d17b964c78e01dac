"""Archives from outside: whole and ours, or refused in one sentence with nothing written but where we say."""

import base64
import hashlib
import io
import json
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from upperback.core.errors import InputError
from upperback.devices.confined import run_confined
from upperback.interchange.archive import VERSION, ArchiveWriter, Contents, Sealing, reading, unpack
from upperback.sensing.epochs import COLUMNS, Epochs
from upperback.sensing.minutes import minutes_of, pack_seconds

PHRASE = "a red kite over the hill"
ABOUT = {
    "made_at": "2026-11-27T10:00:00Z",
    "name": "Ana",
    "made_by": "test",
    "release": "r",
    "release_sha256": "0" * 64,
}
ROWS = [{"kind": "morning", "data": {"pain": number % 11}} for number in range(400)]


def minutes() -> list[tuple[int, int, bytes]]:
    """Two streams, the first with a gap and a part of a minute at both ends."""
    dice = np.random.default_rng(3)
    found = []
    for stream, first_s, length in ((1, 1_000_010, 500), (1, 1_001_000, 60), (2, 999_990, 200)):
        rows = dice.normal(size=(length, len(COLUMNS))).astype(np.float32)
        rows[::7, 1] = np.nan
        found += [(stream, one.first_s, pack_seconds(one)) for one in minutes_of(Epochs(first_s=first_s, rows=rows))]
    return found


def archive(rows: list[dict[str, Any]] | None = None) -> bytes:
    out = io.BytesIO()
    writer = ArchiveWriter(out)
    writer.rows("rows/diary_entry.jsonl", ROWS if rows is None else rows)
    writer.seconds("rows/live_minute.parquet", minutes())
    writer.rows("about/audit.jsonl", [{"action": "x"}])
    writer.close(**ABOUT)
    return out.getvalue()


WHOLE = archive()


def unpacked(data: bytes, folder: Path, passphrase: str = "") -> Contents:
    path = folder.parent / "in.zip"
    path.write_bytes(data)
    folder.mkdir(exist_ok=True)
    return unpack(path, folder, passphrase)


def test_what_goes_in_comes_out(tmp_path: Path) -> None:
    contents = unpacked(WHOLE, tmp_path / "job")
    lines = (tmp_path / "job" / "diary_entry.jsonl").read_bytes().splitlines()
    assert [json.loads(line) for line in lines] == ROWS
    told = [json.loads(line) for line in (tmp_path / "job" / "live_minute.jsonl").read_bytes().splitlines()]
    assert [(one["stream"], one["first_s"], base64.b64decode(one["seconds"])) for one in told] == minutes()
    assert [member.rows for member in contents.members] == [400, 760, 1]
    assert sorted(path.name for path in (tmp_path / "job").iterdir()) == ["diary_entry.jsonl", "live_minute.jsonl"]


def test_the_same_rows_give_the_same_bytes_and_any_program_reads_them() -> None:
    assert archive() == WHOLE
    with zipfile.ZipFile(io.BytesIO(WHOLE)) as file:
        assert file.testzip() is None
        assert file.namelist()[-1] == "upperback.json"


def test_locked_and_opened_in_a_confined_process(tmp_path: Path) -> None:
    out = io.BytesIO()
    with Sealing(out, PHRASE, work=4) as sealed:
        sealed.write(WHOLE)
    path = tmp_path / "me.zip.age"
    path.write_bytes(out.getvalue())
    job = tmp_path / "job"
    job.mkdir()
    contents = run_confined("archive", path, {"passphrase": PHRASE}, folder=job)
    assert contents["name"] == "Ana"
    assert (job / "diary_entry.jsonl").exists()
    for phrase, words in (("", "locked"), ("another passphrase", "does not open")):
        with pytest.raises(InputError, match=words):
            run_confined("archive", path, {"passphrase": phrase}, folder=job)


def test_a_cut_archive_is_refused_wherever_it_is_cut(tmp_path: Path) -> None:
    for length in {*range(0, len(WHOLE), len(WHOLE) // 40), len(WHOLE) - 1}:
        with pytest.raises(InputError):
            unpacked(WHOLE[:length], tmp_path / "job")


def test_a_changed_byte_is_found_or_changes_nothing(tmp_path: Path) -> None:
    first = unpacked(WHOLE, tmp_path / "job")
    dice = np.random.default_rng(5)
    refused = 0
    for place in dice.integers(0, len(WHOLE), 150):
        data = bytearray(WHOLE)
        data[place] ^= 1 << int(dice.integers(8))
        try:
            # A time stamp or a permission may change: members and list of contents are the same then.
            assert unpacked(bytes(data), tmp_path / "job") == first
        except InputError:
            refused += 1
    assert refused > 120


def test_other_files_are_foreign(tmp_path: Path) -> None:
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as file:
        file.writestr("letter.txt", "hello")
    for data in (b"", b"hello", b"\0" * 5000, b"PK", other.getvalue(), json.dumps(ROWS).encode()):
        with pytest.raises(InputError, match="no archive of Upperback"):
            unpacked(data, tmp_path / "job")


# ---- built to do harm ----------------------------------------------------------------------------------------------


def built(change: Callable[[dict[str, bytes], dict[str, Any]], None], names: dict[str, str] | None = None) -> bytes:
    """The archive again with other members or another list of contents; the hashes fit."""
    with zipfile.ZipFile(io.BytesIO(WHOLE)) as file:
        members = {name: file.read(name) for name in file.namelist()}
    contents = json.loads(members.pop("upperback.json"))
    change(members, contents)
    for told in contents["members"]:
        data = members.get(told["name"], b"")
        told |= {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr((names or {}).get(name, name), data)
        file.writestr("upperback.json", json.dumps(contents))
    return out.getvalue()


def nothing(members: dict[str, bytes], contents: dict[str, Any]) -> None:
    """No change: what is built again is as good as what was written."""


def newer(members: dict[str, bytes], contents: dict[str, Any]) -> None:
    contents["version"] = VERSION + 1


def rename(to: str) -> Callable[[dict[str, bytes], dict[str, Any]], None]:
    def change(members: dict[str, bytes], contents: dict[str, Any]) -> None:
        members[to] = members.pop("about/audit.jsonl")
        contents["members"][2]["name"] = to

    return change


def line(text: bytes, rows: int = 1) -> Callable[[dict[str, bytes], dict[str, Any]], None]:
    def change(members: dict[str, bytes], contents: dict[str, Any]) -> None:
        members["rows/diary_entry.jsonl"] = text
        contents["members"][0]["rows"] = rows

    return change


def parquet(data: bytes) -> Callable[[dict[str, bytes], dict[str, Any]], None]:
    def change(members: dict[str, bytes], contents: dict[str, Any]) -> None:
        members["rows/live_minute.parquet"] = data

    return change


def test_an_archive_that_is_built_again_is_taken(tmp_path: Path) -> None:
    assert len(unpacked(built(nothing), tmp_path / "job").members) == 3


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (built(newer), "newer Upperback"),
        (built(rename("../../evil.jsonl")), "cut off or changed"),
        (built(rename("/etc/evil.jsonl")), "cut off or changed"),
        (built(rename("rows\\evil.jsonl")), "cut off or changed"),
        (built(rename("about/../rows/diary_entry.jsonl")), "cut off or changed"),
        (built(rename("C:/evil.jsonl")), "cut off or changed"),
        (built(nothing, {"about/audit.jsonl": "../evil.jsonl"}), "cut off or changed"),
        (built(line(b"{}\n", rows=2)), "cut off or changed"),
        (built(line(b'{"a": 1, "a": 2}\n')), "line 1: the key “a” has two values"),
        (built(line(b'{"a": NaN}\n')), "NaN"),
        (built(line(b'{"a": "\\u0000"}\n')), "no text has"),
        (built(line(b"[" * 100_000 + b"\n")), "line 1"),
        (built(line(b'{"a": "' + b"x" * (2 << 20) + b'"}\n')), "longer than"),
        (built(line(b"\xff\xfe\n")), "not UTF-8"),
        (built(parquet(b"PAR1" + bytes(64) + b"PAR1")), "cannot be read"),
        (built(parquet(b"")), "cannot be read"),
    ],
)  # fmt: skip
def test_harm_is_refused_in_one_sentence(data: bytes, words: str, tmp_path: Path) -> None:
    before = set(tmp_path.parent.rglob("*"))
    with pytest.raises(InputError, match=words) as refused:
        unpacked(data, tmp_path / "job")
    assert "\n" not in refused.value.message
    made = {path for path in set(tmp_path.parent.rglob("*")) - before if path.is_file()}
    assert {path.name for path in made} <= {"in.zip", "member", "diary_entry.jsonl", "live_minute.jsonl"}
    assert {path.parent for path in made} <= {tmp_path, tmp_path / "job"}


def with_entry(name: str, *, mode: int = 0, data: bytes = b"x") -> bytes:
    out = io.BytesIO(WHOLE)
    with zipfile.ZipFile(out, "a") as file:
        info = zipfile.ZipInfo(name)
        info.external_attr = mode << 16
        file.writestr(info, data)
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        with_entry("rows/link.jsonl", mode=stat.S_IFLNK | 0o777, data=b"/etc/passwd"),
        with_entry("rows/", mode=stat.S_IFDIR | 0o777, data=b""),
        with_entry("rows/more.jsonl"),
        with_entry("inner.zip", data=WHOLE),
    ],
)
def test_members_that_are_no_part_of_it(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        unpacked(data, tmp_path / "job")


def test_two_members_of_one_name(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        data = with_entry("upperback.json", data=b"{}")
    with pytest.raises(InputError):
        unpacked(data, tmp_path / "job")


def test_thousands_of_members(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for number in range(5000):
            file.writestr(f"{number}.jsonl", b"")
    with pytest.raises(InputError, match="5000 files"):
        unpacked(out.getvalue(), tmp_path / "job")


def test_a_bomb_goes_no_further_than_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousand to one: refused by what it says, and where it lies, after the bytes it named."""

    def big(members: dict[str, bytes], contents: dict[str, Any]) -> None:
        members["about/audit.jsonl"] = bytes(30 << 20)

    data = built(big)
    assert len(data) < 1 << 20
    monkeypatch.setattr(reading, "BYTES_MOST", 20 << 20)
    with pytest.raises(InputError, match="more than 20 MB"):
        unpacked(data, tmp_path / "job")
    with pytest.raises(InputError):
        unpacked(_lying(data), tmp_path / "job")
    assert sum(path.stat().st_size for path in (tmp_path / "job").iterdir()) < 3 << 20


def _lying(data: bytes) -> bytes:
    """The bomb with a list of contents that names 1,000 bytes, and headers that say so too."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as file, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in file.namelist():
            content = file.read(name)
            if name == "upperback.json":
                plain = json.loads(content)
                plain["members"][2]["bytes"] = 1000
                content = json.dumps(plain).encode()
            new.writestr(name, content)
    size, crc = struct.pack("<I", 30 << 20), struct.pack("<I", zlib.crc32(bytes(30 << 20)))
    short, other = struct.pack("<I", 1000), struct.pack("<I", zlib.crc32(bytes(1000)))
    return out.getvalue().replace(size, short).replace(crc, other)


def test_overlapping_members(tmp_path: Path) -> None:
    """Two names for the same packed bytes, as bombs do that grow with the square."""
    data = bytearray(WHOLE)
    entry = data.rindex(b"PK\x01\x02", 0, data.rindex(b"PK\x01\x02"))
    data[entry + 42 : entry + 46] = data[data.index(b"PK\x01\x02") + 42 : data.index(b"PK\x01\x02") + 46]
    with pytest.raises(InputError):
        unpacked(bytes(data), tmp_path / "job")
