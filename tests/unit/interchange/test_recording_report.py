"""The report of a recording: whole, safe to open, and silent where nothing was measured."""

import datetime as dt
import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from upperback.interchange.report.recording import recording_report
from upperback.interchange.report.source import RecordingSource
from upperback.interchange.report.words import clock, degrees, duration, percent
from upperback.sensing.figures import (
    AlignmentFigures,
    Minutes,
    MovementFigures,
    Percentiles,
    PostureFigures,
    QualityFigures,
    RecordingFigures,
    StaticFigures,
)

HOUR_S = 3600.0


def percentiles(p50: float) -> Percentiles:
    return Percentiles(p10=p50 - 8, p50=p50, p90=p50 + 20, p95=p50 + 28, p99=p50 + 41)


POSTURE = PostureFigures(
    measured_s=7 * HOUR_S,
    sensor="accelerometer and gyroscope",
    method="smoothed",
    neutral_inclination_deg=4.0,
    inclination_deg=percentiles(13),
    flexion_deg=percentiles(11),
    lateral_deg=percentiles(-2),
    inclination_velocity_dps=percentiles(9),
    generalised_velocity_dps=percentiles(18),
    time_above_s={20: 2 * HOUR_S, 30: HOUR_S, 45: 600.0, 60: 120.0, 90: 0.0},
    histogram_deg=tuple((float(low), float(max(0, 60 - abs(low - 10)))) for low in range(-20, 80, 5)),
    histogram_of="flexion",
    static=StaticFigures(
        bouts=23,
        longest_s=2900,
        median_s=420,
        p90_s=1500,
        longest=((900.0, 2900.0), (9000.0, 600.0)),
        changes_per_h=9.4,
    ),
    dose_deg_h=44.0,
    rula_share={"0 to 20 degrees": 0.6, "20 to 60 degrees": 0.4},
    reba_share={"0 to 20 degrees": 0.6},
)
FIGURES = RecordingFigures(
    start_s=0.0,
    sampling_rate_hz=50.0,
    quality=QualityFigures(
        recorded_s=8 * HOUR_S,
        measured_s=7 * HOUR_S,
        not_worn_s=HOUR_S / 2,
        gap_s=HOUR_S / 2,
        clipped_s=0,
        implausible_s=0,
        free_fall_s=0,
        unsettled_s=0,
    ),
    alignment=AlignmentFigures(
        state="found", sentence="The place of the sensor was worked out.", rewear_times_s=(HOUR_S,)
    ),
    posture=POSTURE,
    movement=MovementFigures(
        worn_s=7.5 * HOUR_S,
        walking_s=HOUR_S,
        steps=6337,
        walking_bouts=31,
        still_s=5 * HOUR_S,
        transitions=44,
        bends=61,
    ),
)
SOURCE = RecordingSource(
    name="<script>alert(1)</script>.csv",
    description="CSV",
    clock=dt.datetime(2026, 11, 26, 8, 12, tzinfo=dt.UTC),
    notes=("A note with <b>markup</b>.",),
)


def minutes(n_minutes: int) -> Minutes:
    kind = (np.arange(n_minutes) // 7 % 5).astype(np.uint8)
    lean = np.where(kind < 2, np.nan, 20.0).astype(np.float32)
    return Minutes(start_s=0.0, kind=kind, inclination_deg=lean)


@pytest.fixture(scope="module")
def page() -> str:
    return recording_report(FIGURES, minutes(480), SOURCE)


def test_it_tells_the_day_in_a_minute(page: str) -> None:
    text = re.sub(r"<[^>]+>", " ", page).replace("\N{NO-BREAK SPACE}", " ")
    for words in (
        "7 h of 8 h could be measured (88 %)",
        "11°",
        "6,337",
        "48 min",
        "Thursday 26 November 2026",
        "09:12 on",
    ):
        assert words in text


def test_nothing_is_fetched_and_nothing_runs(page: str) -> None:
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "<b>markup" not in page
    assert not re.search(r"(?:src|href)\s*=|url\(|@import|https?:", page)
    assert "default-src 'none'" in page


def test_each_picture_is_whole_and_has_a_name(page: str) -> None:
    pictures = re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL)
    assert len(pictures) == 4
    for picture in pictures:
        assert ET.fromstring(picture).attrib["aria-label"]  # noqa: S314 -- our own text
        assert "nan" not in picture


@pytest.mark.parametrize("n_minutes", [0, 1, 59, 480, 1440, 1441, 10_080])
def test_any_length_can_be_drawn(n_minutes: int) -> None:
    for start in (SOURCE.clock, None):
        page = recording_report(FIGURES, minutes(n_minutes), replace(SOURCE, clock=start))
        for picture in re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL):
            ET.fromstring(picture)  # noqa: S314 -- our own text


def test_where_nothing_was_measured_nothing_is_shown() -> None:
    quality = replace(FIGURES.quality, measured_s=0.0, gap_s=8 * HOUR_S, not_worn_s=0.0)
    bare = replace(FIGURES, quality=quality, posture=None, movement=None)
    page = recording_report(bare, minutes(0), SOURCE)
    assert "Nothing in this recording could be measured" in page
    for heading in ("In short", "The day", "Posture", "Walking", "All numbers"):
        assert f">{heading}" not in page


def test_without_an_alignment_only_total_lean_is_told() -> None:
    posture = replace(
        POSTURE, flexion_deg=None, lateral_deg=None, neutral_inclination_deg=None, histogram_of="inclination"
    )
    page = recording_report(replace(FIGURES, posture=posture), minutes(480), SOURCE)
    assert "Lean from upright" in page
    assert "own neutral" not in page.replace("beyond the person’s own neutral", "")
    assert "Side-bend" not in page


def test_numbers_in_words() -> None:
    assert [
        duration(s).replace("\N{NO-BREAK SPACE}", " ") for s in (0, 59.4, 61, 3599, 3660, 7200, 200_000, 172_800)
    ] == [
        "0 s",
        "59 s",
        "1 min",
        "1 h",
        "1 h 1 min",
        "2 h",
        "2 days 8 h",
        "2 days",
    ]
    assert [percent(x).replace("\N{NO-BREAK SPACE}", " ") for x in (0, 0.001, 0.5, 0.999, 1)] == [
        "0 %",
        "under 1 %",
        "50 %",
        "over 99 %",
        "100 %",
    ]
    assert degrees(-12.4) == "−12°"
    assert degrees(-0.2) == "0°"
    assert clock(None, 3725) == "1:02:05"
