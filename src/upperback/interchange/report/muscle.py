"""The report of a muscle recording (surface EMG): how loaded, how rested, how it changed over time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from upperback.interchange.report import charts
from upperback.interchange.report.language import ReportWording, said_text
from upperback.interchange.report.page import render
from upperback.interchange.report.source import RecordingSource
from upperback.interchange.report.words import clock, date, duration, percent
from upperback.sensing.muscle import MuscleFigures, Normalisation

_POINTS: Final = 240  # of a line: more cannot be seen

LIMITS: Final = (
    "How strong a muscle is, or whether it is the reason for pain.",
    "What happens in deeper muscles, or in neighbours that the electrodes pick up as well.",
    (
        "Exact figures on people. No surface recording with a free licence was at hand, so the figures were checked "
        "against made-up signals of known size only."
    ),
)


_OF: Final = {
    Normalisation.MVC: "of the strongest effort",
    Normalisation.REFERENCE: "of the reference effort",
    Normalisation.NONE: "at the skin",
}
_TROUBLES: Final = {
    "gap": "nothing received",
    "clipped": "beyond the range",
    "implausible": "not plausible for muscle",
    "mains_hum": "mains hum",
    "unsettled": "settling after a start or a gap",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MuscleChannel:
    """One channel as the report draws it.

    Attributes
    ----------
    name : as in the recording
    figures : see there
    unit : `%` of a reference where there is one, else `uV`
    curve : (share of time 0..1, amplitude in `unit`), rising
    amplitude : (n_seconds,) mean amplitude of each second in `unit`, NaN where not measured
    """

    name: str
    figures: MuscleFigures
    unit: Literal["%", "uV"]
    curve: tuple[tuple[float, float], ...]
    amplitude: npt.NDArray[np.float32]


def muscle_report(
    channels: Sequence[MuscleChannel],
    source: RecordingSource,
    *,
    sampling_rate_hz: float,
    words: ReportWording | None = None,
) -> str:
    """The report as one HTML page: no script, nothing fetched, light, dark and print."""
    return render(
        "muscle.jinja",
        words,
        title=f"Muscle recording {source.name}",
        kind="Recording of muscle activity",
        heading=date(source.clock) if source.clock else "Recording without a date",
        name=source.name,
        description=said_text(source.description, words),
        facts=_length(channels, sampling_rate_hz),
        limits=LIMITS,
        notes=(*source.notes, *dict.fromkeys(note for channel in channels for note in channel.figures.notes)),
        channels=[_channel(channel) for channel in channels],
    )


def muscle_lines(
    channels: Sequence[MuscleChannel],
    source: RecordingSource,
    *,
    sampling_rate_hz: float,
    words: ReportWording | None = None,
) -> list[str]:
    """The same in a few lines of plain text, for a terminal."""

    def say(text: str) -> str:
        return said_text(text, words)

    lines = [f"{source.name}, {say(source.description)}, {say(_length(channels, sampling_rate_hz))}"]
    for channel in channels:
        lines.append(f"{channel.name}: {say(_quality(channel.figures)['sentence'])}")
        lines += [f"  {say(tile['number']):>10}  {say(tile['words'])}" for tile in _tiles(channel)]
        lines += [f"  * {say(note)}" for note in channel.figures.notes]
    lines += [f"* {say(note)}" for note in source.notes]
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in lines]


def _length(channels: Sequence[MuscleChannel], sampling_rate_hz: float) -> str:
    recorded_s = max((channel.figures.recorded_s for channel in channels), default=0.0)
    return f"{duration(recorded_s)} at {sampling_rate_hz:g} samples a second"


def _channel(channel: MuscleChannel) -> dict[str, Any]:
    figures = channel.figures
    drawn: dict[str, Any] = {"name": channel.name, "quality": _quality(figures), "tiles": None}
    amplitude = figures.amplitude_percent if channel.unit == "%" else figures.amplitude_v
    if amplitude is None:
        return drawn
    amount = _amounts(channel)
    scale = 1.0 if channel.unit == "%" else 1e6
    p10, p50, p90 = (amount(value * scale) for value in (amplitude.p10, amplitude.p50, amplitude.p90))
    return drawn | {
        "tiles": _tiles(channel),
        "time_words": f"Average level of each second, in {_unit(channel)} {_of(channel)}. Gaps are left empty.",
        "time_chart": _over_time(channel),
        "apdf_words": f"Half the time the muscle worked at {p50} or less; a tenth of the time at {p10} or less, and a "
        f"tenth of the time above {p90}.",
        "apdf_chart": _apdf(channel),
        "rows": _rows(channel, p10, p50, p90),
    }


def _quality(figures: MuscleFigures) -> dict[str, Any]:
    share = figures.measured_s / figures.recorded_s if figures.recorded_s > 0 else 0.0
    troubles = {_TROUBLES.get(name, name): seconds for name, seconds in figures.not_measured_s.items()}
    told = [f"{duration(seconds)} {words}" for words, seconds in troubles.items() if seconds >= 1]
    sentence = f"{duration(figures.measured_s)} of {duration(figures.recorded_s)} could be measured ({percent(share)})."
    if figures.measured_s <= 0:
        sentence = "Nothing in this channel could be measured."
    if told:
        sentence += f" Noticed: {', '.join(told)}."
    return {"sentence": sentence, "bar": charts.share_bar([("good", share)], title=f"Measured {percent(share)}")}


def _unit(channel: MuscleChannel) -> str:
    return "percent" if channel.unit == "%" else "microvolts"


def _of(channel: MuscleChannel) -> str:
    return _OF[channel.figures.normalisation if channel.unit == "%" else Normalisation.NONE]


def _amounts(channel: MuscleChannel) -> Callable[[float], str]:
    unit = "%" if channel.unit == "%" else "µV"
    return lambda value: f"{value:.1f}\N{NO-BREAK SPACE}{unit}"


def _tiles(channel: MuscleChannel) -> list[dict[str, str]]:
    figures, amount = channel.figures, _amounts(channel)
    amplitude = figures.amplitude_percent if channel.unit == "%" else figures.amplitude_v
    if amplitude is None:
        return []
    middle = amplitude.p50 if channel.unit == "%" else 1e6 * amplitude.p50
    tiles = [{"number": amount(middle), "words": f"{_of(channel)}, half the time or more"}]
    if figures.rest is not None:
        tiles.append({"number": percent(figures.rest.share), "words": "of the time in short rests"})
        tiles.append({"number": f"{figures.rest.gaps_per_min:.1f}", "words": "short rests a minute"})
    if figures.sustained_share is not None:
        tiles.append({"number": percent(figures.sustained_share), "words": "of the time at work for minutes on end"})
    return tiles


def _over_time(channel: MuscleChannel) -> Markup:
    values = _thinned(channel.amplitude)
    top = max(float(np.nanmax(values)) if np.isfinite(values).any() else 1.0, 1e-9)
    recorded_s = channel.figures.recorded_s
    return charts.curve(
        [("main", line) for line in _pieces(values / top)],
        ticks=[(part / 4, clock(None, part / 4 * recorded_s)) for part in range(5)],
        levels=[(0.5, f"{top / 2:.0f}"), (1.0, f"{top:.0f}")],
        title=f"Level of each second in {_unit(channel)}, up to {top:.0f}",
    )


def _thinned(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Means over equal stretches, so that a day is a line and not a cloud."""
    n_points = max(min(len(values), _POINTS), 1)
    edges = np.linspace(0, len(values), n_points + 1).astype(int)
    stretches = np.split(values.astype(np.float64), edges[1:-1])
    return np.array([part[np.isfinite(part)].mean() if np.isfinite(part).any() else np.nan for part in stretches])


def _pieces(heights: npt.NDArray[np.float64]) -> list[list[tuple[float, float]]]:
    """The line cut where nothing was measured."""
    pieces: list[list[tuple[float, float]]] = [[]]
    for number, height in enumerate(heights):
        if np.isfinite(height):
            pieces[-1].append(((number + 0.5) / len(heights), float(height)))
        elif pieces[-1]:
            pieces.append([])
    return [piece for piece in pieces if piece]


def _apdf(channel: MuscleChannel) -> Markup:
    top = max((amplitude for _, amplitude in channel.curve), default=1.0) or 1.0
    return charts.curve(
        [("main", [(amplitude / top, share) for share, amplitude in channel.curve])],
        ticks=[(part / 4, f"{part / 4 * top:.0f}") for part in range(5)],
        levels=[(0.1, "10 %"), (0.5, "50 %"), (0.9, "90 %")],
        title=f"Share of time at or below each level in {_unit(channel)}",
    )


def _rows(channel: MuscleChannel, p10: str, p50: str, p90: str) -> list[tuple[str, str]]:
    figures = channel.figures
    rows = [(f"P{name} {_of(channel)}", value) for name, value in ((10, p10), (50, p50), (90, p90))]
    bare = "nothing: compare only within this recording"
    rows.append(("Compared with", bare if channel.unit != "%" else _of(channel).removeprefix("of ")))
    rows.append(("Level taken as RMS over", f"{1000 * figures.window_s:.0f} ms"))
    rows.append(("Band", f"{figures.band_hz[0]:.0f} to {figures.band_hz[1]:.0f} Hz; heart: {figures.ecg}"))
    if figures.rest is not None and figures.rest.mean_s is not None:
        told = f"{figures.rest.gaps:,}, mean {figures.rest.mean_s:.2f} s"
        rows.append(("Short rests (below 0.5 % for 0.2 s or more)", told))
    frequency = figures.frequency
    if frequency is not None:
        rows.append(("Median frequency", f"{frequency.mean_hz:.0f} Hz"))
        if frequency.slope_hz_per_min is not None:
            told = (
                f"{frequency.slope_hz_per_min:+.2f} Hz a minute "
                f"(95 % interval {frequency.slope_low:+.2f} to {frequency.slope_high:+.2f})"
            )
            rows.append(("Change of the median frequency", told.replace("-", "\N{MINUS SIGN}")))
    return rows
