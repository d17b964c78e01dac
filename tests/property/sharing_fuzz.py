"""Damaged and hostile bundles and archives by the thousand: each is taken whole, or refused in one sentence.

Run with `just sharing-fuzz` or `python -m tests.property.sharing_fuzz [INPUTS]`. Each input is made from its number, so
a failure can be made again: `make_bundle(seed, number)`, `make_archive(seed, number)`. What gets through can be kept,
and is read back from the diary as it was.
"""

import io
import json
import os
import random
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from upperback.care.diary import Observed, entry_data, read_entry
from upperback.core.errors import InputError
from upperback.interchange.archive import unpack
from upperback.interchange.fhir.reading import Incoming, read_bundle

#: What somebody who means harm puts in the place of a value.
_ODD: tuple[Any, ...] = (
    None, True, 0, -1, 1e308, 10**30, "", "x" * 5000, "<script>alert(1)</script>", "\u202e\x00", [], {}, [[]], [None],
    {"reference": "Patient/other"}, {"resourceType": "Patient", "id": "other"}, "Patient/other", "2026-02-31",
    "2026-11-20T09:30:00", {"value": "NaN"}, {"coding": [{"system": 1}]}, "../../etc/passwd", {"$ref": "#"},
)  # fmt: skip
_BYTES = (b"\x00", b"\xff\xfe", b"NaN", b"[" * 300, b'"', b"\\ud800", b"1e999", b"{}", b",", b"\xf0\x9f\x98\x80")


def make_bundle(seed: dict[str, Any], number: int) -> bytes:
    """One damaged bundle: values exchanged, taken away, doubled or moved; or its bytes damaged."""
    dice = random.Random(number)
    whole = json.loads(json.dumps(seed))
    for _ in range(dice.choice((1, 1, 1, 2, 5))):
        _change(whole, dice)
    data = json.dumps(whole).encode()
    return _damaged(data, dice) if dice.random() < 0.3 else data


def make_archive(seed: bytes, number: int) -> bytes:
    """One damaged archive: its bytes damaged, or one member written anew with other content."""
    dice = random.Random(number)
    if dice.random() < 0.5:
        return _damaged(seed, dice)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(seed)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        names = old.namelist()
        chosen = dice.choice(names)
        for name in names:
            content = old.read(name)
            if name == chosen:
                match dice.randrange(5):
                    case 0:
                        continue
                    case 1:
                        name = dice.choice(("../x", "/etc/x", f"{name}/", "rows/unknown.jsonl", name.upper()))  # noqa: PLW2901
                    case _:
                        content = _damaged(content, dice)
            new.writestr(name, content)
    return out.getvalue()


def _change(value: Any, dice: random.Random) -> None:
    """One change somewhere inside."""
    places: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting:
        one = waiting.pop()
        keys = list(one) if isinstance(one, dict) else range(len(one)) if isinstance(one, list) else ()
        for key in keys:
            places.append((one, key))
            waiting.append(one[key])
    inside, key = dice.choice(places)
    match dice.randrange(6):
        case 0:
            del inside[key]
        case 1 if isinstance(inside, dict):
            inside[dice.choice(("focus", "modifierExtension", "valueInteger", "x", "contained"))] = dice.choice(_ODD)
        case 2 if isinstance(inside, list):
            inside.append(inside[key])
        case 3:
            other, there = dice.choice(places)
            if not _holds(other[there], inside):
                inside[key] = json.loads(json.dumps(other[there]))
        case _:
            inside[key] = dice.choice(_ODD)


def _holds(value: Any, what: Any) -> bool:
    if value is what:
        return True
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(_holds(one, what) for one in inner)


def _damaged(data: bytes, dice: random.Random) -> bytes:
    content = bytearray(data)
    for _ in range(dice.choice((1, 1, 3, 20))):
        at = dice.randrange(len(content) or 1)
        match dice.randrange(4):
            case 0:
                content[at : at + 1] = bytes([dice.randrange(256)])
            case 1:
                del content[at : at + dice.choice((1, 10, 1000))]
            case 2:
                content[at:at] = dice.choice(_BYTES)
            case _:
                del content[at:]
        if not content:
            break
    return bytes(content)


def check_bundle(data: bytes) -> bool:
    """Whether it was taken. What is taken can be kept and read back; what is refused is one sentence."""
    try:
        found: Incoming = read_bundle(data)
    except InputError as refused:
        _check_sentence(refused.message)
        return False
    for one in found.observations:
        assert isinstance(one, Observed)
        assert read_entry("observed", entry_data(one)) == one
        assert all(text.isprintable() for text in (one.words, one.came_from, one.there[:0]))
    return True


def check_archive(data: bytes, folder: Path) -> bool:
    """Whether it was taken; nothing is ever written but inside the folder."""
    path = folder / "in.zip"
    path.write_bytes(data)
    with tempfile.TemporaryDirectory(dir=folder) as out:
        try:
            unpack(path, Path(out))
        except InputError as refused:
            _check_sentence(refused.message)
            return False
    return True


def _check_sentence(message: str) -> None:
    assert message.isprintable(), message
    assert 0 < len(message) < 400, message


def fuzz(make: Callable[[int], bytes], check: Callable[[bytes], bool], numbers: range) -> Counter[bool]:
    """How many were taken and how many refused. A failure names its number."""
    found: Counter[bool] = Counter()
    for number in numbers:
        try:
            found[check(make(number))] += 1
        except Exception as error:
            raise AssertionError(f"input {number}") from error
    return found


def seeds() -> tuple[dict[str, Any], bytes]:
    """A bundle and an archive of somebody with six weeks of a diary. Needs a database."""
    import datetime as dt

    from upperback.interchange.fhir.records import Chosen
    from upperback.services import actors, archive, demo, fhir

    now = dt.datetime(2026, 11, 21, 10, 0, tzinfo=dt.UTC)
    profile = demo.make_person(key="three_weeks", now=now)
    bundle, packed = io.BytesIO(), io.BytesIO()
    chosen = Chosen(mood=True, diary=True)
    fhir.write_fhir(profile=profile, kind="transaction", out=bundle, by=actors.SYSTEM, now=now, chosen=chosen)
    archive.write_archive(profile=profile, out=packed, by=actors.SYSTEM, now=now, passphrase="")
    whole: dict[str, Any] = json.loads(bundle.getvalue())
    few = [entry for entry in whole["entry"] if entry["resource"]["resourceType"] in {"Patient", "CarePlan"}]
    observations = [entry for entry in whole["entry"] if entry["resource"]["resourceType"] == "Observation"]
    whole["entry"] = few + observations[:: max(len(observations) // 25, 1)]
    return whole, packed.getvalue()


def main() -> int:
    """So many of each; says how many were taken."""
    inputs = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory(prefix="upperback-fuzz-") as name:
        folder = Path(name)
        os.environ |= {"UPPERBACK_DATA": name, "DJANGO_SETTINGS_MODULE": "upperback.web.settings"}
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", interactive=False, verbosity=0)
        bundle, packed = seeds()
        for what, make, check in (
            ("bundles", lambda number: make_bundle(bundle, number), check_bundle),
            ("archives", lambda number: make_archive(packed, number), lambda data: check_archive(data, folder)),
        ):
            found = fuzz(make, check, range(inputs))
            print(f"{inputs} damaged {what}: {found[True]} taken, {found[False]} refused in one sentence", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
