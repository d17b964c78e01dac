"""analyse, muscle: recordings in, figures and a report out."""

import argparse
import datetime as dt
import shutil
import sys
import tempfile
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from upperback.cli.command import DONE, Command
from upperback.cli.progress import Bar
from upperback.core.errors import InputError

if TYPE_CHECKING:
    from upperback.interchange.report.language import ReportWording


def _read_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("recording", metavar="RECORDING", help="CSV, Parquet, .cwa, .gt3x, .bin, .xdf, .edf or .bdf")
    parser.add_argument("--rate-hz", type=float, help="samples a second, for a table without time stamps")
    parser.add_argument("--report", type=Path, metavar="F.html", help="write a report to look at and to print")
    parser.add_argument("--time-zone", help="of the wearer's clock, such as Europe/London, where the file does not say")
    parser.add_argument("--language", metavar="TAG", default="en-GB", help="of the text and the report, e.g. de")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")


def _analyse_arguments(parser: argparse.ArgumentParser) -> None:
    _read_arguments(parser)
    parser.add_argument("--acc-unit", choices=("g", "mps2"), help="unit of the accelerometer in a table")
    parser.add_argument("--gyr-unit", choices=("dps", "radps"), help="unit of the gyroscope in a table")
    parser.add_argument("--acc-points", choices=("up", "down"), help="where a resting accelerometer's reading points")
    parser.add_argument("--samples", type=Path, metavar="F.parquet", help="write the vertical of every sample")
    parser.add_argument(
        "--live", action="store_true", help="as it would be live: the vertical knows only what was before"
    )


def _analyse(chosen: argparse.Namespace) -> int:
    words = _words(chosen)
    options = {
        "read": _given(chosen, "rate_hz", "acc_unit", "gyr_unit", "acc_points", "time_zone"),
        "smoothing": "live" if chosen.live else "smoothed",
        "samples": chosen.samples is not None,
    }
    with tempfile.TemporaryDirectory(prefix="upperback-") as folder:
        found = _confined("analyse", chosen, options, Path(folder), meanwhile=_load_recording_report)
        if chosen.samples is not None:
            from upperback.devices.jobs import SAMPLES_FILE

            _put(Path(folder) / SAMPLES_FILE, chosen.samples)
    if chosen.report is not None:
        _write(chosen.report, _recording_report(found, chosen, words))
    print(_record_text(found, chosen) if chosen.json else _analysis_text(found, chosen, words))
    return DONE


def _confined(
    job: str,
    chosen: argparse.Namespace,
    options: Mapping[str, Any],
    folder: Path,
    meanwhile: Callable[[], object] | None = None,
) -> Any:
    from upperback.devices.confined import run_confined

    with Bar(shown=sys.stderr.isatty() and not chosen.quiet) as bar:
        return run_confined(job, Path(chosen.recording), options, progress=bar.at, folder=folder, meanwhile=meanwhile)


def _load_recording_report() -> None:
    """What the text and the report need; while the child starts, nobody waits for it."""
    import upperback.interchange.report.recording
    import upperback.interchange.report.source
    import upperback.sensing.figures  # noqa: F401


def _words(chosen: argparse.Namespace) -> "ReportWording | None":
    """The language of the report. Raises InputError before anything is read where there is no such language."""
    if chosen.language == "en-GB":
        return None
    from upperback.cli.spoken import check_language
    from upperback.interchange.report.language import report_wording

    check_language(chosen.language)
    return report_wording(chosen.language)


def _given(chosen: argparse.Namespace, *names: str) -> dict[str, Any]:
    return {name: value for name in names if (value := getattr(chosen, name)) is not None}


def _muscle_arguments(parser: argparse.ArgumentParser) -> None:
    _read_arguments(parser)
    parser.add_argument("--emg-unit", choices=("V", "mV", "uV"), help="unit of the muscle signal in a table")
    parser.add_argument("--channel", action="append", default=[], metavar="NAME", help="take this as muscle signal")
    span = {"type": _span, "metavar": "START-END"}
    parser.add_argument("--mvc", help="seconds of the strongest effort, such as 12-18", **span)  # type: ignore[arg-type]
    parser.add_argument("--reference", help="seconds of an effort to compare with", **span)  # type: ignore[arg-type]
    parser.add_argument("--rest", help="seconds with the muscle at rest, for the noise", **span)  # type: ignore[arg-type]
    parser.add_argument(
        "--ecg", choices=("none", "highpass", "gate"), default="gate", help="what is done about the heart"
    )
    parser.add_argument("--mains-hz", type=float, choices=(50.0, 60.0), default=50.0, help="of the power lines")


def _span(text: str) -> tuple[float, float]:
    start, _, end = text.partition("-")
    try:
        return float(start), float(end)
    except ValueError:
        raise argparse.ArgumentTypeError(f"“{text}” is not START-END in seconds, such as 12-18") from None


def _muscle(chosen: argparse.Namespace) -> int:
    words = _words(chosen)
    read = _given(chosen, "rate_hz", "emg_unit", "time_zone")
    if chosen.channel:
        read["emg_channels"] = chosen.channel
    options = {"read": read, "ecg": chosen.ecg, "mains_hz": chosen.mains_hz} | _given(
        chosen, "mvc", "reference", "rest"
    )
    with tempfile.TemporaryDirectory(prefix="upperback-") as folder:
        found = _confined("muscle", chosen, options, Path(folder))
    channels, rate_hz = _channels(found), found["info"]["emg_rate_hz"]
    if chosen.report is not None:
        from upperback.interchange.report.muscle import muscle_report

        page = muscle_report(channels, _source(found, chosen), sampling_rate_hz=rate_hz, words=words)
        _write(chosen.report, page)
    if chosen.json:
        print(_record_text(found | {"channels": _bare(found["channels"])}, chosen))
        return DONE
    from upperback.interchange.report.muscle import muscle_lines

    lines = muscle_lines(channels, _source(found, chosen), sampling_rate_hz=rate_hz, words=words)
    if chosen.report is not None:
        lines.append(_there("The report is in {0}.", chosen.report, words))
    print("\n".join(lines))
    return DONE


def _bare(channels: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The figures without what is only drawn."""
    return [{"name": channel["name"], "unit": channel["unit"], **channel["figures"]} for channel in channels]


def _channels(found: Mapping[str, Any]) -> list[Any]:
    import numpy as np

    from upperback.interchange.report.muscle import MuscleChannel
    from upperback.sensing.muscle import MuscleFigures

    return [
        MuscleChannel(
            name=channel["name"],
            figures=msgspec.convert(channel["figures"], MuscleFigures, strict=False),
            unit=channel["unit"],
            curve=tuple((share, amplitude) for share, amplitude in channel["curve"]),
            amplitude=np.array([np.nan if v is None else v for v in channel["amplitude"]], np.float32),
        )
        for channel in found["channels"]
    ]


# ---- what comes out ----


def _recording_report(found: Mapping[str, Any], chosen: argparse.Namespace, words: "ReportWording | None") -> str:
    from upperback.interchange.report.recording import recording_report

    figures, minutes = _figures(found)
    return recording_report(figures, minutes, _source(found, chosen), words)


def _figures(found: Mapping[str, Any]) -> tuple[Any, Any]:
    """The figures as they left the child."""
    import numpy as np

    from upperback.sensing.figures import Minutes, RecordingFigures

    minutes = found["minutes"]
    lean = [np.nan if value is None else value for value in minutes["inclination_deg"]]
    return msgspec.convert(found["figures"], RecordingFigures, strict=False), Minutes(
        start_s=minutes["start_s"],
        kind=np.array(minutes["kind"], np.uint8),
        inclination_deg=np.array(lean, np.float32),
    )


def _source(found: Mapping[str, Any], chosen: argparse.Namespace) -> Any:
    from upperback.interchange.report.source import RecordingSource

    info = found["info"]
    return RecordingSource(
        name=Path(chosen.recording).name,
        description=_description(info),
        clock=_clock(info),
        notes=_notes(found),
    )


_FORMATS: Final = {
    "csv": "CSV table",
    "parquet": "Parquet table",
    "cwa": "Axivity",
    "geneactiv": "GENEActiv",
    "gt3x": "ActiGraph",
    "xdf": "Lab Streaming Layer",
    "edf": "EDF",
    "bdf": "BDF",
}


def _description(info: Mapping[str, Any]) -> str:
    return info["device"] or _FORMATS[info["format"]]


def _clock(info: Mapping[str, Any]) -> dt.datetime | None:
    """The start as the wearer's clock showed it."""
    text = info["start_local"] or info["start"]
    return dt.datetime.fromisoformat(text) if text else None


def _notes(found: Mapping[str, Any]) -> tuple[str, ...]:
    guesses = [guess["why"] for guess in found["info"]["guesses"]]
    return tuple(dict.fromkeys([*guesses, *found["info"]["notes"], *found["reading"]["notes"], *found["notes"]]))


def _record_text(found: Mapping[str, Any], chosen: argparse.Namespace) -> str:
    info = {key: value for key, value in found["info"].items() if key != "serial"}
    record = {"file": Path(chosen.recording).name, "info": info, "reading": found["reading"]}
    record |= {key: value for key, value in found.items() if key not in {"info", "reading", "minutes", "notes"}}
    return msgspec.json.encode(record | {"notes": _notes(found)}).decode()


def _analysis_text(found: Mapping[str, Any], chosen: argparse.Namespace, words: "ReportWording | None") -> str:
    from upperback.interchange.report.recording import recording_lines

    figures, _ = _figures(found)
    lines = recording_lines(figures, _source(found, chosen), words)
    for sentence, path in (("The report is in {0}.", chosen.report), ("The samples are in {0}.", chosen.samples)):
        if path is not None:
            lines.append(_there(sentence, path, words))
    return "\n".join(lines)


def _there(sentence: str, path: Path, words: "ReportWording | None") -> str:
    """Where a file is, however it is called."""
    said = words.exact(sentence) if words is not None else None
    return (said or sentence).replace("{0}", str(path))


def _write(path: Path, text: str) -> None:
    _make(path, lambda fresh: fresh.write_text(text, encoding="utf-8"))


def _put(made: Path, path: Path) -> None:
    _make(path, lambda fresh: shutil.copyfile(made, fresh))


def _make(path: Path, fill: Callable[[Path], object]) -> None:
    """A file beside its place first, so that it is there whole or not at all."""
    fresh = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        fill(fresh)
        fresh.replace(path)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or 'cannot be written'}") from error
    finally:
        fresh.unlink(missing_ok=True)


COMMANDS: Final = {
    "muscle": Command(
        _muscle_arguments, _muscle, "muscle activity and rest from a surface EMG recording, with a report"
    ),
    "analyse": Command(_analyse_arguments, _analyse, "posture and movement from a recording, with a report"),
}
