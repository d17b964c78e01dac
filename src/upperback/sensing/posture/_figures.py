"""Summaries as figures to print, draw or send."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from upperback.sensing.figures import (
    TIME_ABOVE_DEG,
    AlignmentFigures,
    Percentiles,
    PostureFigures,
    Seconds,
    StaticFigures,
)
from upperback.sensing.histogram import Histogram
from upperback.sensing.posture.base import PostureSummary
from upperback.sensing.trunk import Shift, TrunkAlignment

UPRIGHT_DEG: Final = 5.0
"""RULA and REBA say "upright" without degrees; flexion within this of the person's own upright counts as it. A choice
of this project."""

_CLASS_DEG: Final = 5
"""Width of the classes that are drawn."""


def posture_figures(summary: PostureSummary) -> PostureFigures | None:
    """What a summary says; None where nothing was measured.

    The bands are those of RULA [1]_ and REBA [2]_ for the trunk, by flexion alone: support, twist, side-bend and load,
    which change a score, are not seen here, so these are shares of time and not scores. Bending back is not in RULA.

    References
    ----------
    .. [1] McAtamney L, Corlett EN. RULA. Appl Ergon 1993;24(2):91-9. doi:10.1016/0003-6870(93)90080-S
    .. [2] Hignett S, McAtamney L. Rapid Entire Body Assessment (REBA). Appl Ergon 2000;31(2):201-5.
       doi:10.1016/S0003-6870(99)00039-3
    """
    if summary.measured_s == 0:
        return None
    has_front = summary.method.has_front
    lean = summary.flexion if has_front else summary.inclination
    return PostureFigures(
        measured_s=summary.measured_s,
        sensor=summary.method.sensor,
        method=summary.method.smoothing,
        neutral_inclination_deg=0.0 if has_front else None,
        inclination_deg=_percentiles(summary.inclination),
        flexion_deg=_percentiles(summary.flexion),
        lateral_deg=_percentiles(summary.lateral),
        inclination_velocity_dps=_percentiles(summary.inclination_velocity),
        generalised_velocity_dps=_percentiles(summary.generalised_velocity),
        time_above_s={limit: summary.time_at_least_s(limit) for limit in TIME_ABOVE_DEG},
        histogram_deg=_classes(lean, summary.method.sampling_rate_hz),
        histogram_of="flexion" if has_front else "inclination",
        static=_static(summary),
        dose_deg_h=summary.holds.dose_mdeg_s / 1000 / 3600 if has_front else None,
        rula_share=_rula(summary.flexion),
        reba_share=_reba(summary.flexion),
    )


def alignment_figures(alignment: TrunkAlignment | None, shifts: Sequence[Shift] = ()) -> AlignmentFigures:
    """How the sensor sat. `sensor_to_trunk` has front, left and up as rows."""
    times: tuple[Seconds, ...] = tuple(shift.at_s for shift in shifts)
    if alignment is None or not alignment.has_front:
        words = {
            "standing": "Upright was taken from standing; front and side are not told apart.",
            "walking": "Upright was taken from walking; front and side are not told apart.",
            "mounting": "Upright was taken from the sensor's own axis; front and side are not told apart.",
        }
        source = "" if alignment is None else alignment.source
        sentence = words.get(source, "How the sensor sits on the trunk is not known.")
        return AlignmentFigures(state="none", sentence=sentence, rewear_times_s=times)
    quality = alignment.quality
    up, left, front = alignment.axes().tolist()
    return AlignmentFigures(
        state="found" if alignment.source == "found tasks" else "given",
        sentence=quality.sentence if quality else "The samples come in the axes of the trunk.",
        residual_deg=quality.bend_residual_deg if quality else None,
        bend_deg=quality.bend_size_deg if quality else None,
        sensor_to_trunk=(tuple(front), tuple(left), tuple(up)),
        rewear_times_s=times,
    )


def _percentiles(histogram: Histogram) -> Percentiles | None:
    if histogram.total == 0:
        return None
    p10, p50, p90, p95, p99 = histogram.percentiles((10, 50, 90, 95, 99))
    return Percentiles(p10=p10, p50=p50, p90=p90, p95=p95, p99=p99)


def _classes(histogram: Histogram, sampling_rate_hz: float) -> tuple[tuple[float, Seconds], ...]:
    """Seconds in classes of five degrees, from the first to the last one that holds any."""
    bins = histogram.bins
    counts = histogram.counts.reshape(-1, _CLASS_DEG * bins.per_unit).sum(axis=1)
    filled = np.flatnonzero(counts)
    if not len(filled):
        return ()
    return tuple(
        (float(bins.first + _CLASS_DEG * place), float(counts[place]) / sampling_rate_hz)
        for place in range(filled[0], filled[-1] + 1)
    )


def _static(summary: PostureSummary) -> StaticFigures | None:
    holds = summary.holds
    if holds.epochs == 0:
        return None
    found = holds.bouts.total > 0
    return StaticFigures(
        bouts=holds.bouts.total,
        longest_s=float(holds.longest[0][1]) if found else 0.0,
        median_s=holds.bouts.percentile(50) if found else 0.0,
        p90_s=holds.bouts.percentile(90) if found else 0.0,
        longest=tuple((float(start), float(length)) for start, length in holds.longest),
        changes_per_h=3600 * holds.changes / holds.epochs,
    )


def _rula(flexion: Histogram) -> dict[str, float]:
    if flexion.total == 0:
        return {}
    from_back, upright, bent, more, most = (
        flexion.share_at_least(edge) for edge in (-180, -UPRIGHT_DEG, UPRIGHT_DEG, 20, 60)
    )
    return {
        "upright": upright - bent,
        f"{UPRIGHT_DEG:g} to 20 degrees": bent - more,
        "20 to 60 degrees": more - most,
        "60 degrees or more": most,
        "bent back (no band)": from_back - upright,
    }


def _reba(flexion: Histogram) -> dict[str, float]:
    if flexion.total == 0:
        return {}
    edges = (-180, -20, -UPRIGHT_DEG, UPRIGHT_DEG, 20, 60)
    from_back, back_less, upright, bent, more, most = (flexion.share_at_least(edge) for edge in edges)
    return {
        "upright": upright - bent,
        f"{UPRIGHT_DEG:g} to 20 degrees forward or back": bent - more + back_less - upright,
        "20 to 60 degrees forward, or 20 or more back": more - most + from_back - back_less,
        "60 degrees or more forward": most,
    }
