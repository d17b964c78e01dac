"""The report of a posture and movement recording, for a person and their physiotherapist: read in a minute.

Order: how good the recording is, the day as a strip, posture against the person's own neutral, longest spells without
a change, walking; then every number. Nothing is drawn where nothing was measured.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from markupsafe import Markup

from upperback.interchange.report import charts
from upperback.interchange.report.language import ReportWording, said_text
from upperback.interchange.report.page import render
from upperback.interchange.report.source import RecordingSource
from upperback.interchange.report.words import clock, date, degrees, duration, percent, plural
from upperback.sensing.figures import (
    TIME_ABOVE_DEG,
    MinuteKind,
    Minutes,
    Percentiles,
    PostureFigures,
    QualityFigures,
    RecordingFigures,
)

_KINDS: Final = {
    MinuteKind.NOT_MEASURED: "none",
    MinuteKind.NOT_WORN: "off",
    MinuteKind.STILL: "still",
    MinuteKind.MOVING: "move",
    MinuteKind.WALKING: "walk",
}
_KEY: Final = (
    ("lean", "height: how far the trunk leans, to 90 degrees"),
    ("walk", "walking"),
    ("move", "moving"),
    ("still", "still"),
    ("off", "not worn"),
    ("none", "not measured"),
)
_LEAN_FULL_DEG: Final = 90.0
_DAY_MINUTES: Final = 1440

LIMITS: Final = (
    "How a person turns about the upright axis: one sensor on the trunk cannot measure that in degrees: left out.",
    "Whether a posture is good or bad, or why something hurts. Posture feedback alone has not been shown to ease pain.",
    (
        "Exact angles of the upper back. No recording of a trunk with an optical reference was at hand, so how exact "
        "the figures are on people has not been shown. Compare a person with themselves, not with others."
    ),
    "How the sensor slipped on clothes or skin, where it went unnoticed.",
)


def recording_report(
    figures: RecordingFigures, minutes: Minutes, source: RecordingSource, words: ReportWording | None = None
) -> str:
    """The report as one HTML page.

    Parameters
    ----------
    figures, minutes : what the recording gave
    source : where it comes from
    words : the language of the report; None: English

    Returns
    -------
    a whole HTML document: no script, nothing fetched, light, dark and print
    """
    quality = figures.quality
    measured = quality.measured_s > 0
    return render(
        "recording.jinja",
        words,
        title=f"Recording {source.name}",
        kind="Recording of posture and movement",
        heading=_heading(source),
        name=source.name,
        description=said_text(source.description, words),
        facts=_length(figures),
        limits=LIMITS,
        notes=(*source.notes, figures.alignment.sentence, *_rewear(figures, source)),
        quality=_quality(quality),
        summary=_summary(figures) if measured else None,
        day=_day(minutes, source) if measured and len(minutes.kind) else None,
        posture=_posture(figures.posture) if figures.posture else None,
        still=_still(figures.posture, source, figures.start_s) if figures.posture else None,
        movement=_movement(figures) if figures.movement else None,
        numbers=_numbers(figures),
    )


def recording_lines(
    figures: RecordingFigures, source: RecordingSource, words: ReportWording | None = None
) -> list[str]:
    """The same in a few lines of plain text, for a terminal."""

    def say(text: str) -> str:
        return said_text(text, words)

    quality = _quality(figures.quality)
    what = (source.name, say(source.description), say(_length(figures)))
    lines = [f"{say(_heading(source))}: {', '.join(what)}", say(quality["sentence"])]
    if figures.quality.measured_s > 0:
        lines += [f"  {say(tile['number']):>10}  {say(tile['words'])}" for tile in _summary(figures)]
    lines += [f"* {say(note)}" for note in (*source.notes, figures.alignment.sentence, *_rewear(figures, source))]
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in lines]


def _heading(source: RecordingSource) -> str:
    return date(source.clock) if source.clock else "Recording without a date"


def _length(figures: RecordingFigures) -> str:
    return f"{duration(figures.quality.recorded_s)} at {figures.sampling_rate_hz:g} samples a second"


def _rewear(figures: RecordingFigures, source: RecordingSource) -> tuple[str, ...]:
    return tuple(
        f"The sensor seems to sit differently from {clock(source.clock, at - figures.start_s)} on; from there only the "
        "total lean is given."
        for at in figures.alignment.rewear_times_s
    )


def _quality(quality: QualityFigures) -> dict[str, Any]:
    recorded = max(quality.recorded_s, 1e-9)
    wrong = (
        (quality.not_worn_s, "not worn"),
        (quality.gap_s, "nothing received"),
        (quality.clipped_s, "beyond the sensor’s range"),
        (quality.implausible_s, "not plausible"),
        (quality.free_fall_s, "falling"),
        (quality.unsettled_s, "settling after a start or a gap"),
    )
    told = [f"{duration(seconds)} {words}" for seconds, words in wrong if seconds >= 1]
    measured, share = duration(quality.measured_s), percent(quality.measured_share)
    sentence = f"{measured} of {duration(quality.recorded_s)} could be measured ({share})."
    if told:
        sentence += f" The rest: {', '.join(told)}."
    if quality.measured_s <= 0:
        sentence = "Nothing in this recording could be measured." + (f" Noticed: {', '.join(told)}." if told else "")
    return {
        "sentence": sentence,
        "bar": charts.share_bar(
            [("good", quality.measured_share), ("off", quality.not_worn_s / recorded)],
            title=f"Measured {percent(quality.measured_share)} of the recording",
        ),
        "key": (("good", "measured"), ("off", "not worn"), ("none", "not measured")),
    }


def _summary(figures: RecordingFigures) -> list[dict[str, str]]:
    tiles: list[dict[str, str]] = []
    posture, movement = figures.posture, figures.movement
    if posture and (lean := posture.flexion_deg or posture.inclination_deg):
        against = "bend forward from the person’s own neutral" if posture.flexion_deg else "total lean from upright"
        tiles.append({"number": degrees(lean.p50), "words": f"{against}, half the time or more"})
    if posture and posture.inclination_deg:
        tiles.append({"number": duration(posture.time_above_s[30]), "words": "leaning more than 30 degrees"})
    if posture and posture.static and posture.static.bouts:
        tiles.append({"number": duration(posture.static.longest_s), "words": "longest spell without a change"})
    if movement:
        tiles.append({"number": f"{movement.steps:,}", "words": f"steps, in {duration(movement.walking_s)} of walking"})
    return tiles


def _day(minutes: Minutes, source: RecordingSource) -> dict[str, Any]:
    rows, ticks = _strip_rows(minutes, source)
    totals = {kind: int(np.count_nonzero(minutes.kind == kind)) for kind in MinuteKind}
    words = {
        MinuteKind.WALKING: "walking",
        MinuteKind.MOVING: "moving",
        MinuteKind.STILL: "still",
        MinuteKind.NOT_WORN: "not worn",
        MinuteKind.NOT_MEASURED: "not measured",
    }
    told = [f"{duration(60.0 * totals[kind])} {text}" for kind, text in words.items() if totals[kind]]
    several = len(minutes.kind) > _DAY_MINUTES
    return {
        "heading": "The days" if several else "The day",
        "sentence": f"Minute by minute: {', '.join(told)}. The blue height shows how far the trunk leaned.",
        "chart": charts.strip(
            rows,
            ticks=ticks,
            guides=tuple((at / _LEAN_FULL_DEG, f"{at}°") for at in (20, 60)),
            title="Lean and movement over time. The table below holds the same.",
        ),
        "key": _KEY,
        "head": ("From", "Measured", "Typical lean", "Walking", "Moving", "Still"),
        "rows": _hours(minutes, source),
    }


def _strip_rows(minutes: Minutes, source: RecordingSource) -> tuple[list[charts.StripRow], list[tuple[float, str]]]:
    """A row for each day; a recording within one day gets one row from its first hour to its last."""
    n_minutes = len(minutes.kind)
    first = source.clock.hour * 60 + source.clock.minute if source.clock else 0
    if first + n_minutes > _DAY_MINUTES:
        offset, per_row, every = first, _DAY_MINUTES, 360
    else:
        offset = first % 60
        per_row = offset + n_minutes
        every = next((step for step in (5, 10, 30, 60, 120, 180) if per_row <= 8 * step), 360)
        per_row = -(-per_row // every) * every if per_row > 60 else per_row
    n_rows = -(-(offset + n_minutes) // per_row)
    kind = np.zeros(n_rows * per_row, np.uint8)
    lean = np.full(n_rows * per_row, np.nan, np.float32)
    kind[offset : offset + n_minutes] = minutes.kind
    lean[offset : offset + n_minutes] = minutes.inclination_deg
    rows = [
        charts.StripRow(
            label=_row_label(source, number),
            kinds=[_KINDS[MinuteKind(value)] for value in kind[number * per_row :][:per_row]],
            heights=[
                None if np.isnan(value) else float(value) / _LEAN_FULL_DEG
                for value in lean[number * per_row :][:per_row]
            ],
        )
        for number in range(n_rows)
    ]
    zero = (first - offset) * 60.0 if per_row < _DAY_MINUTES else 0.0
    return rows, [(at / per_row, _tick(source, zero + at * 60.0)) for at in range(0, per_row + 1, every)]


def _tick(source: RecordingSource, of_day_s: float) -> str:
    if source.clock is None:
        return duration(of_day_s) if of_day_s else "0"
    hours, rest = divmod(round(of_day_s / 60), 60)
    return f"{hours:02}:{rest:02}"


def _row_label(source: RecordingSource, number: int) -> str:
    return f"{source.clock + dt.timedelta(days=number):%a %-d %b}" if source.clock else f"day {number + 1}"


def _hours(minutes: Minutes, source: RecordingSource) -> list[tuple[str, ...]]:
    rows = []
    for start in range(0, len(minutes.kind), 60):
        kind = minutes.kind[start : start + 60]
        lean = minutes.inclination_deg[start : start + 60]
        measured = int(np.count_nonzero(~np.isnan(lean)))
        counts = [
            int(np.count_nonzero(kind == one)) for one in (MinuteKind.WALKING, MinuteKind.MOVING, MinuteKind.STILL)
        ]
        typical = degrees(float(np.nanmedian(lean))) if measured else "not measured"
        label = clock(source.clock, start * 60.0, with_day=len(minutes.kind) > _DAY_MINUTES)
        rows.append((label, f"{measured} min", typical, *(f"{count} min" for count in counts)))
    return rows


def _posture(posture: PostureFigures) -> dict[str, Any]:
    lean = posture.flexion_deg or posture.inclination_deg
    own = posture.histogram_of == "flexion"
    if lean is None or not posture.histogram_deg:
        sentence, chart = "How far the trunk leaned was not measured: upright is not known.", Markup()
    else:
        sentence = (
            f"Half the time the trunk was {'bent forward' if own else 'leaning'} {degrees(lean.p50)} or more from "
            f"{'the person’s own neutral' if own else 'upright'}; a tenth of the time {degrees(lean.p90)} or more."
        )
        chart = _distribution(posture.histogram_deg, lean, own=own)
    measured = max(posture.measured_s, 1e-9)
    return {
        "heading": "Posture against the person’s own neutral" if own else "Lean from upright",
        "sentence": sentence,
        "chart": chart,
        "above": []
        if lean is None
        else [
            (f"{limit} degrees", duration(posture.time_above_s[limit]), percent(posture.time_above_s[limit] / measured))
            for limit in TIME_ABOVE_DEG
        ],
    }


def _distribution(histogram: Sequence[tuple[float, float]], lean: Percentiles, *, own: bool) -> Markup:
    lows = [low for low, _ in histogram]
    first, width = lows[0], 5.0
    most = max(seconds for _, seconds in histogram) or 1.0
    labels = [((low - first) / width, f"{low:g}°") for low in lows if low % 15 == 0]
    marks = [((lean.p50 - first) / width, f"half the time {degrees(lean.p50)}")]
    if own and first <= 0:
        labels = [(at, "neutral" if text == "0°" else text) for at, text in labels]
    return charts.columns(
        [seconds / most for _, seconds in histogram],
        labels=labels,
        kinds=["low" if abs(low) < 20 else "mid" if abs(low) < 60 else "high" for low in lows],
        marks=marks,
        title="Share of time at each lean, in steps of 5 degrees",
    )


def _still(posture: PostureFigures, source: RecordingSource, start_s: float) -> dict[str, Any]:
    static = posture.static
    if static is None or not static.bouts:
        return {"sentence": "No spell without a change was long enough to count.", "chart": None}
    longest = max(length for _, length in static.longest)
    return {
        "sentence": f"Position changed about {static.changes_per_h:.0f} times an hour. "
        f"{plural(static.bouts, 'spell')} without a change; half of them were {duration(static.median_s)} or longer.",
        "chart": charts.bars(
            [
                (clock(source.clock, at - start_s, with_day=True), length / longest, duration(length))
                for at, length in static.longest
            ],
            kind="plain",
            title="The longest spells without a change",
        ),
    }


def _movement(figures: RecordingFigures) -> dict[str, Any]:
    movement = figures.movement
    assert movement is not None
    return {
        "sentence": f"{movement.steps:,} steps in {plural(movement.walking_bouts, 'walk')}, "
        f"{duration(movement.walking_s)} in all.",
        "rows": [
            ("Worn", duration(movement.worn_s)),
            ("Walking", duration(movement.walking_s)),
            ("Steps", f"{movement.steps:,}"),
            ("Still", duration(movement.still_s)),
            ("Changes between sitting, standing and lying", str(movement.transitions)),
            ("Bends", str(movement.bends)),
        ],
    }


def _numbers(figures: RecordingFigures) -> list[dict[str, Any]]:
    posture = figures.posture
    if posture is None:
        return []
    head = ("", "P10", "P50", "P90", "P95", "P99")
    lines = (
        ("Lean from upright, degrees", posture.inclination_deg),
        ("Bend from own neutral, degrees", posture.flexion_deg),
        ("Side-bend, degrees (less certain)", posture.lateral_deg),
        ("Speed of lean, degrees a second", posture.inclination_velocity_dps),
        ("Speed of the trunk’s direction, degrees a second", posture.generalised_velocity_dps),
    )
    groups: list[dict[str, Any]] = [
        {
            "heading": "Percentiles",
            "words": "P90 is the value that is passed a tenth of the time. "
            f"Measured with the {posture.sensor}; the vertical is {posture.method}. "
            "The two speeds have different definitions: never compare one with the other, nor across sensors.",
            "head": head,
            "rows": [
                (name, *(f"{getattr(values, key):.1f}" for key in ("p10", "p50", "p90", "p95", "p99")))
                for name, values in lines
                if values
            ],
        },
        {
            "heading": "Bands of two checklists",
            "words": "Share of measured time in the trunk bands of RULA and REBA. Support, twist and load are not seen "
            "here, so this is not a score.",
            "head": ("Band", "Share"),
            "rows": [
                (f"{name} {band}", percent(share))
                for name, shares in (("RULA", posture.rula_share), ("REBA", posture.reba_share))
                for band, share in shares.items()
            ],
        },
    ]
    if posture.dose_deg_h is not None:
        groups.append(
            {
                "heading": "Exposure",
                "words": "Degrees bent more than 20 degrees beyond the person’s own neutral, added up over time.",
                "head": ("", "Amount"),
                "rows": [("Exposure", f"{posture.dose_deg_h:.0f} degree-hours")],
            }
        )
    return groups
