"""plan-service: how much a service may have to do in a year."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from upperback.cli.command import DONE, Command
from upperback.core.errors import InputError

if TYPE_CHECKING:
    from upperback.care.service_plan import Range


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--population", type=int, required=True, help="people in the area")
    parser.add_argument("--age", action="append", default=[], metavar="BAND=PCT", help="per cent in a band of age; give all, together 100: under_16, 16_to_44, 45_to_64, 65_and_over")  # noqa: E501  # fmt: skip
    parser.add_argument("--set", action="append", default=[], metavar="ID=LOW,MID,HIGH", help="another range for a number, e.g. access_pct=2,4,6; one value alone is a number without doubt")  # noqa: E501  # fmt: skip
    parser.add_argument("--seed", type=int, default=1, help="other dice")
    parser.add_argument("--csv", type=Path, help="write all of it to this file as well")
    parser.add_argument("--json", action="store_true", help="one JSON object")


def _run(chosen: argparse.Namespace) -> int:
    import numpy as np

    from upperback.care import service_plan
    from upperback.content.vocabulary import default_content

    content = default_content()
    ages = dict(_pair(text, "--age") for text in chosen.age)
    given = service_plan.setting(
        content,
        population=chosen.population,
        ages={band: _number(value, f"--age {band}") for band, value in ages.items()} or None,
        changed={id: _range(value, f"--set {id}") for id, value in (_pair(text, "--set") for text in chosen.set)},
    )
    lines = service_plan.service_plan(given, dice=np.random.default_rng(chosen.seed))
    if chosen.csv is not None:
        _write(chosen.csv, service_plan.csv_text(given, lines, content))
    if chosen.json:
        print(msgspec.json.encode(service_plan.record(given, lines)).decode())
        return DONE
    print(f"{'In a year':<58} {'low':>9} {'middle':>9} {'high':>9}")
    for line in lines:
        values = " ".join(f"{service_plan.told(value):>9}" for value in (line.told.low, line.told.mid, line.told.high))
        print(f"{line.name:<58} {values}  {line.unit}")
    print("\nWhat went in, low, middle and high (change with --set)")
    for item in service_plan.ASSUMPTIONS:
        used = given.ranges[item.id]
        print(f"{item.id:<18} {used.low:g}, {used.mid:g}, {used.high:g} {item.unit}. {item.name}. {item.note}")
    print()
    print("\n".join(service_plan.CAVEATS))
    return DONE


def _pair(text: str, option: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise InputError(f"{option}: {text} is not KEY=VALUE")
    return key.strip(), value


def _range(text: str, place: str) -> "Range":
    from upperback.care.service_plan import Range

    values = [_number(part, place) for part in text.split(",")]
    if len(values) not in {1, 3}:
        raise InputError(f"{place}: {text} is neither one number nor low, middle and high")
    return Range(*(values if len(values) == 3 else values * 3))


def _number(text: str, place: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError(f"{place}: {text} is not a number") from None


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise InputError(f"--csv {path}: {error.strerror}") from None
    print(f"written: {path}", file=sys.stderr)


COMMANDS: Final = {"plan-service": Command(_arguments, _run, "how much a service may have to do in a year, as ranges")}
