"""The report of a muscle recording."""

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import numpy as np

from upperback.interchange.report.muscle import muscle_report
from upperback.interchange.report.source import RecordingSource
from upperback.sensing.figures import MuscleFigures, Percentiles

SOURCE = RecordingSource(name="neck & shoulder.edf", description="EDF", clock=None)
FIGURES = MuscleFigures(
    channel="Trapezius <left>",
    recorded_s=600.0,
    measured_s=590.0,
    normalisation="%MVC",
    unit="%",
    rms_window_s=0.1,
    apdf=Percentiles(p10=1.2, p50=7.4, p90=21.0, p95=26.0, p99=38.0),
    apdf_curve=tuple((share / 20, 30.0 * (share / 20) ** 2) for share in range(21)),
    rest_share=0.06,
    gaps=41,
    gaps_per_min=4.1,
    gap_mean_s=0.4,
    sustained_s=62.0,
    median_frequency_hz=78.0,
    median_frequency_slope_hz_per_min=-0.42,
    median_frequency_slope_interval=(-0.61, -0.23),
    quality=(("mains hum", 4.0), ("clipped", 0.2)),
    amplitude=np.where(np.arange(600) // 40 % 5 == 2, np.nan, 8.0).astype(np.float32),
)


def words(page: str) -> str:
    return re.sub(r"<[^>]+>", " ", page).replace("\N{NO-BREAK SPACE}", " ")


def test_it_tells_load_and_rest() -> None:
    page = muscle_report([FIGURES, replace(FIGURES, channel="Trapezius right")], SOURCE, sampling_rate_hz=1000.0)
    for text in ("7.4 %", "of the strongest effort", "4.1 short rests", "−0.42 Hz a minute", "Noticed: 4 s mains hum"):
        assert text in re.sub(r"\s+", " ", words(page))
    assert "Trapezius &lt;left&gt;" in page
    assert "neck &amp; shoulder.edf" in page
    for picture in re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL):
        ET.fromstring(picture)  # noqa: S314 -- our own text
        assert "nan" not in picture


def test_without_a_reference_no_percentage_of_effort_and_no_rest_is_told() -> None:
    bare = replace(
        FIGURES,
        normalisation="none",
        unit="uV",
        rest_share=None,
        gaps=None,
        gaps_per_min=None,
        gap_mean_s=None,
        sustained_s=None,
    )
    text = words(muscle_report([bare], SOURCE, sampling_rate_hz=1000.0))
    assert "7.4 µV" in text
    assert "compare only within this recording" in text
    assert "of the strongest effort" not in text
    assert "rests" not in text


def test_a_channel_that_could_not_be_measured_shows_nothing_else() -> None:
    silent = replace(FIGURES, measured_s=0.0, apdf=None, apdf_curve=(), amplitude=np.full(600, np.nan, np.float32))
    page = muscle_report([silent], SOURCE, sampling_rate_hz=1000.0)
    assert "Nothing in this channel could be measured" in page
    assert "Over time" not in page
