"""The report of a muscle recording (surface EMG): how loaded, how rested, how it changed over time."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from markupsafe import Markup

from upperback.interchange.report import charts
from upperback.interchange.report.page import render
from upperback.interchange.report.source import RecordingSource
from upperback.interchange.report.words import clock, date, duration, percent
from upperback.sensing.figures import MuscleFigures

_POINTS: Final = 240  # of a line: more cannot be seen

LIMITS: Final = (
    "How strong a muscle is, or whether it is the reason for pain.",
    "What happens in deeper muscles, or in neighbours that the electrodes pick up as well.",
    (
        "Exact figures on people. No surface recording with a free licence was at hand, so the figures were checked "
        "against made-up signals of known size only."
    ),
)


def muscle_report(channels: Sequence[MuscleFigures], source: RecordingSource, *, sampling_rate_hz: float) -> str:
    """The report as one HTML page: no script, nothing fetched, light, dark and print."""
    recorded_s = max((figures.recorded_s for figures in channels), default=0.0)
    length = f"{duration(recorded_s)} at {sampling_rate_hz:g} samples a second"
    return render(
        "muscle.jinja",
        title=f"Muscle recording {source.name}",
        kind="Recording of muscle activity",
        heading=date(source.clock) if source.clock else "Recording without a date",
        facts=" · ".join((source.name, source.description, length)),
        limits=LIMITS,
        notes=source.notes,
        channels=[_channel(figures) for figures in channels],
    )


def _channel(figures: MuscleFigures) -> dict[str, Any]:
    channel: dict[str, Any] = {"name": figures.channel, "quality": _quality(figures), "tiles": None}
    if figures.apdf is None or figures.measured_s <= 0:
        return channel
    of = {"%MVC": "of the strongest effort", "%reference": "of the reference effort", "none": "of the skin signal"}
    against = of[figures.normalisation]
    amount = _amounts(figures)
    return channel | {
        "tiles": _tiles(figures, against),
        "time_words": f"Average level of each second, in {_unit(figures)} {against}. Gaps are left empty.",
        "time_chart": _over_time(figures),
        "apdf_words": f"Half the time the muscle worked at {amount(figures.apdf.p50)} or less; a tenth of the time at "
        f"{amount(figures.apdf.p10)} or less, and a tenth of the time above {amount(figures.apdf.p90)}.",
        "apdf_chart": _apdf(figures),
        "rows": _rows(figures, against),
    }


def _quality(figures: MuscleFigures) -> dict[str, Any]:
    share = figures.measured_s / figures.recorded_s if figures.recorded_s > 0 else 0.0
    told = [f"{duration(seconds)} {words}" for words, seconds in figures.quality if seconds >= 1]
    sentence = f"{duration(figures.measured_s)} of {duration(figures.recorded_s)} could be measured ({percent(share)})."
    if figures.measured_s <= 0:
        sentence = "Nothing in this channel could be measured."
    if told:
        sentence += f" Noticed: {', '.join(told)}."
    return {"sentence": sentence, "bar": charts.share_bar([("good", share)], title=f"Measured {percent(share)}")}


def _unit(figures: MuscleFigures) -> str:
    return "percent" if figures.unit == "%" else "microvolts"


def _amounts(figures: MuscleFigures) -> Any:
    space = "\N{NO-BREAK SPACE}"
    unit = "%" if figures.unit == "%" else "µV"
    return lambda value: f"{value:.1f}{space}{unit}"


def _tiles(figures: MuscleFigures, against: str) -> list[dict[str, str]]:
    assert figures.apdf is not None
    amount = _amounts(figures)
    tiles = [{"number": amount(figures.apdf.p50), "words": f"{against}, half the time or more"}]
    if figures.rest_share is not None:
        tiles.append({"number": percent(figures.rest_share), "words": "of the time at rest"})
    if figures.gaps_per_min is not None:
        tiles.append({"number": f"{figures.gaps_per_min:.1f}", "words": "short rests a minute"})
    if figures.sustained_s is not None:
        tiles.append({"number": duration(figures.sustained_s), "words": "longest time without a rest"})
    return tiles


def _over_time(figures: MuscleFigures) -> Markup:
    values = _thinned(figures.amplitude)
    most = float(np.nanmax(values)) if np.isfinite(values).any() else 1.0
    top = max(most, 1e-9)
    ticks = [(part / 4, clock(None, part / 4 * figures.recorded_s)) for part in range(5)]
    levels = [(0.5, f"{top / 2:.0f}"), (1.0, f"{top:.0f}")]
    return charts.curve(
        [("main", line) for line in _pieces(values / top)],
        ticks=ticks,
        levels=levels,
        title=f"Level of each second in {_unit(figures)}, up to {top:.0f}",
    )


def _thinned(values: np.ndarray[Any, np.dtype[np.float32]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Means over equal stretches, so that a day is a line and not a cloud."""
    n_points = min(len(values), _POINTS)
    edges = np.linspace(0, len(values), n_points + 1).astype(int)
    return np.array(
        [
            np.mean(part[np.isfinite(part)]) if np.isfinite(part).any() else np.nan
            for part in np.split(values, edges[1:-1])
        ]
    )


def _pieces(heights: np.ndarray[Any, np.dtype[np.float64]]) -> list[list[tuple[float, float]]]:
    """The line cut where nothing was measured."""
    pieces: list[list[tuple[float, float]]] = [[]]
    for number, height in enumerate(heights):
        if np.isfinite(height):
            pieces[-1].append(((number + 0.5) / len(heights), float(height)))
        elif pieces[-1]:
            pieces.append([])
    return [piece for piece in pieces if piece]


def _apdf(figures: MuscleFigures) -> Markup:
    top = max((amplitude for _, amplitude in figures.apdf_curve), default=1.0) or 1.0
    points = [(amplitude / top, share) for share, amplitude in figures.apdf_curve]
    ticks = [(part / 4, f"{part / 4 * top:.0f}") for part in range(5)]
    levels = [(0.1, "10 %"), (0.5, "50 %"), (0.9, "90 %")]
    return charts.curve(
        [("main", points)],
        ticks=ticks,
        levels=levels,
        title=f"Share of time at or below each level in {_unit(figures)}",
    )


def _rows(figures: MuscleFigures, against: str) -> list[tuple[str, str]]:
    assert figures.apdf is not None
    amount = _amounts(figures)
    rows = [(f"P{name} {against}", amount(getattr(figures.apdf, f"p{name}"))) for name in (10, 50, 90)]
    rows.append(
        ("Normalised to", "nothing: compare only within this recording" if figures.unit != "%" else against[3:])
    )
    rows.append(("Level taken as RMS over", f"{1000 * figures.rms_window_s:.0f} ms"))
    if figures.gaps is not None and figures.gap_mean_s is not None:
        rows.append(
            ("Short rests (below 0.5 % for 0.2 s or more)", f"{figures.gaps:,}, mean {figures.gap_mean_s:.2f} s")
        )
    if figures.median_frequency_hz is not None:
        rows.append(("Median frequency", f"{figures.median_frequency_hz:.0f} Hz"))
    slope, interval = figures.median_frequency_slope_hz_per_min, figures.median_frequency_slope_interval
    if slope is not None and interval is not None:
        told = f"{slope:+.2f} Hz a minute (95 % interval {interval[0]:+.2f} to {interval[1]:+.2f})"
        rows.append(("Change of the median frequency", told.replace("-", "\N{MINUS SIGN}")))
    return rows
