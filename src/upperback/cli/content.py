"""check-content, content-changes: proofs about the clinical content."""

import argparse
import datetime as dt
import sys
from pathlib import Path
from typing import Final

import msgspec

from upperback.cli.command import BAD_INPUT, Command


def _content_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--folder", type=Path, help="another release to check (default: the one that comes along)")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--schema", action="store_true", help="print the JSON Schema of a release and stop")


def _check_content(chosen: argparse.Namespace) -> int:
    from upperback.content.load import content_folder, json_schema

    if chosen.schema:
        print(msgspec.json.format(msgspec.json.encode(json_schema())).decode())
        return 0
    from upperback.care.check import check_release

    report = check_release(chosen.folder or content_folder(), today=dt.datetime.now(dt.UTC).date())
    print(msgspec.json.encode(report.record()).decode() if chosen.json else report.text())
    for warning in report.warnings:
        print(f"upperback: warning: {warning}", file=sys.stderr)
    for problem in report.problems:
        print(f"upperback: {problem}", file=sys.stderr)
    return BAD_INPUT if report.problems else 0


def _changes_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("old", type=Path, help="folder of the older release")
    parser.add_argument("new", type=Path, help="folder of the newer release")
    parser.add_argument("--states", type=int, default=1_000_000, help="how many generated states to compare")
    parser.add_argument("--seed", type=int, default=1, help="other dice, other states")
    parser.add_argument("--json", action="store_true", help="every moved state as a JSON line")


def _content_changes(chosen: argparse.Namespace) -> int:
    import numpy as np

    from upperback.care.changes import moved_states, report_text
    from upperback.content.load import compile_release
    from upperback.content.vocabulary import Content

    old, new = Content(compile_release(chosen.old)), Content(compile_release(chosen.new))
    moved = moved_states(old, new, states=chosen.states, dice=np.random.default_rng(chosen.seed))
    if chosen.json:
        for state in moved:
            print(msgspec.json.encode(state.record()).decode())
    else:
        print(report_text(moved, looked_at=chosen.states))
    return 0


COMMANDS: Final = {
    "check-content": Command(_content_arguments, _check_content, "prove that the clinical content is whole"),
    "content-changes": Command(_changes_arguments, _content_changes, "which states moved between two content releases"),
}
