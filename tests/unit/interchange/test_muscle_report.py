"""The report of a muscle recording."""

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import numpy as np

from upperback.interchange.report.muscle import MuscleChannel, muscle_lines, muscle_report
from upperback.interchange.report.source import RecordingSource
from upperback.sensing.muscle import AmplitudeFigures, FrequencyFigures, MuscleFigures, Normalisation, RestFigures

SOURCE = RecordingSource(name="neck & shoulder.edf", description="EDF", clock=None)
FIGURES = MuscleFigures(
    recorded_s=600.0,
    measured_s=590.0,
    not_measured_s={"mains_hum": 4.0, "clipped": 0.2},
    gated_share=0.02,
    normalisation=Normalisation.MVC,
    ecg="gate",
    window_s=0.1,
    band_hz=(30.0, 450.0),
    noise_rms_v=1e-6,
    quietest_rms_v=2e-6,
    amplitude_v=AmplitudeFigures(p10=2e-6, p50=12.3e-6, p90=40e-6),
    amplitude_percent=AmplitudeFigures(p10=1.2, p50=7.4, p90=21.0),
    rest=RestFigures(share=0.06, gaps=41, gaps_per_min=4.1, mean_s=0.4, longest_s=2.0),
    sustained_share=0.2,
    frequency=FrequencyFigures(mean_hz=78.0, seconds=500, slope_hz_per_min=-0.42, slope_low=-0.61, slope_high=-0.23),
    notes=("A note about the channel.",),
)
CHANNEL = MuscleChannel(
    name="Trapezius <left>",
    figures=FIGURES,
    unit="%",
    curve=tuple((share / 20, 30.0 * (share / 20) ** 2) for share in range(21)),
    amplitude=np.where(np.arange(600) // 40 % 5 == 2, np.nan, 8.0).astype(np.float32),
)


def words(page: str) -> str:
    return re.sub(r"<[^>]+>", " ", page).replace("\N{NO-BREAK SPACE}", " ")


def test_it_tells_load_and_rest() -> None:
    page = muscle_report([CHANNEL, replace(CHANNEL, name="Trapezius right")], SOURCE, sampling_rate_hz=1000.0)
    told = re.sub(r"\s+", " ", words(page))
    for text in ("7.4 %", "of the strongest effort", "4.1 short rests", "−0.42 Hz a minute", "Noticed: 4 s mains hum"):
        assert text in told
    assert told.count("A note about the channel.") == 1
    assert "Trapezius &lt;left&gt;" in page
    assert "neck &amp; shoulder.edf" in page
    for picture in re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL):
        ET.fromstring(picture)  # noqa: S314 -- our own text
        assert "nan" not in picture


def test_without_a_reference_no_percentage_of_effort_and_no_rest_is_told() -> None:
    figures = replace(
        FIGURES, normalisation=Normalisation.NONE, amplitude_percent=None, rest=None, sustained_share=None
    )
    page = muscle_report([replace(CHANNEL, figures=figures, unit="uV")], SOURCE, sampling_rate_hz=1000.0)
    assert "12.3 µV" in words(page)
    assert "compare only within this recording" in words(page)
    assert "of the strongest effort" not in words(page)
    assert "rests" not in words(page)


def test_a_channel_that_could_not_be_measured_shows_nothing_else() -> None:
    silent = replace(FIGURES, measured_s=0.0, amplitude_v=None, amplitude_percent=None, rest=None, frequency=None)
    page = muscle_report([replace(CHANNEL, figures=silent)], SOURCE, sampling_rate_hz=1000.0)
    assert "Nothing in this channel could be measured" in page
    assert "Over time" not in page


def test_the_terminal_is_told_the_same() -> None:
    text = "\n".join(muscle_lines([CHANNEL], SOURCE, sampling_rate_hz=1000.0))
    assert "7.4 %  of the strongest effort, half the time or more" in text
    assert "A note about the channel." in text
