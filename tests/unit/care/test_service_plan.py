"""Planning a service: the sum is right where there is no doubt, ranges are ranges, and more of anything is not less."""

import csv
import io
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from upperback.care.service_plan import (
    AGES,
    ASSUMPTIONS,
    CAVEATS,
    Line,
    Range,
    Setting,
    csv_text,
    demand_by_age,
    record,
    service_plan,
    setting,
    told,
    usual_ranges,
)  # fmt: skip
from upperback.content.vocabulary import default_content
from upperback.core.errors import InputError

CONTENT = default_content()
DRAWS = 2_000


def worked_out(wanted: Setting, seed: int = 1) -> dict[str, Range]:
    return {line.id: line.told for line in lines_of(wanted, seed)}


def lines_of(wanted: Setting, seed: int = 1) -> tuple[Line, ...]:
    return service_plan(wanted, dice=np.random.default_rng(seed), draws=DRAWS)


def sure(**values: float) -> dict[str, Range]:
    """Numbers without doubt."""
    return {id: Range(value, value, value) for id, value in values.items()}


CERTAIN = sure(
    pain_pct=20, access_pct=10, emergency_pct=1, today_pct=4, gp_pct=15, physio_pct=30, later_physio_pct=20, contacts=3,
    contact_min=30, care_wk=13, clinic_h=1000, serious_pct=0.9,
)  # fmt: skip


def test_without_doubt_it_is_the_sum_by_hand() -> None:
    ages = {"under_16": 20.0, "16_to_44": 40.0, "45_to_64": 25.0, "65_and_over": 15.0}
    wanted = setting(CONTENT, population=100_000, ages=ages, changed=CERTAIN)
    found = worked_out(wanted)
    by_hand = {
        "adults": 80_000, "pain": 16_000, "demand": 1_600, "emergency": 16, "today": 64, "gp": 240, "physio": 480,
        "self": 800, "later_physio": 160, "seen": 640, "contacts": 1_920, "caseload": 160,
        "staff": 0.96, "serious": 14.4,
    }  # fmt: skip
    assert set(found) == set(by_hand)
    for id, value in by_hand.items():
        assert found[id].low == pytest.approx(value), id
        assert found[id].high == pytest.approx(value), id


def test_the_prevalence_is_the_one_of_the_review_and_low_back_figures_say_so() -> None:
    assert usual_ranges(CONTENT)["pain_pct"] == Range(15.0, 21.25, 27.5)
    assert usual_ranges(CONTENT)["serious_pct"].mid == 0.9
    assert [line.id for line in lines_of(setting(CONTENT, population=1_000)) if line.low_back] == ["serious"]
    assert "LOW BACK" in next(item.note for item in ASSUMPTIONS if item.id == "serious_pct")
    assert any("not a forecast" in line for line in CAVEATS)


@st.composite
def settings_of(draw: st.DrawFn) -> Setting:
    ranges = {}
    for item in ASSUMPTIONS:
        most = min(item.most, 24.0)
        values = sorted(draw(st.floats(item.least, most, allow_nan=False)) for _ in range(3))
        ranges[item.id] = Range(*values)
    return setting(CONTENT, population=draw(st.integers(1, 10**8)), changed=ranges)


@settings(max_examples=40, deadline=None)
@given(settings_of(), st.integers(0, 100))
def test_ranges_are_ranges_and_nobody_is_lost(wanted: Setting, seed: int) -> None:
    found = worked_out(wanted, seed)
    for told_range in found.values():
        assert 0 <= told_range.low <= told_range.mid <= told_range.high
        assert math.isfinite(told_range.high)
    assert found["demand"].high <= found["pain"].high <= found["adults"].high <= wanted.population
    assert worked_out(wanted, seed) == found


@settings(max_examples=30, deadline=None)
@given(settings_of(), st.sampled_from(["pain_pct", "access_pct", "contacts", "contact_min"]), st.floats(1.0, 2.0))
def test_more_of_what_makes_work_is_never_less_work(wanted: Setting, id: str, times: float) -> None:
    old = wanted.ranges[id]
    more = Range(old.low * times, old.mid * times, old.high * times)
    grown = Setting(wanted.population, wanted.ages, {**wanted.ranges, id: more})
    before, after = worked_out(wanted), worked_out(grown)
    for level in ("low", "mid", "high"):
        assert getattr(after["staff"], level) >= getattr(before["staff"], level) * (1 - 1e-9)


def test_twice_the_people_are_twice_the_figures() -> None:
    once, twice = (worked_out(setting(CONTENT, population=people)) for people in (50_000, 100_000))
    assert all(twice[id].mid == pytest.approx(2 * once[id].mid) for id in once)


def test_control_a_wider_guess_is_a_wider_range() -> None:
    narrow = worked_out(setting(CONTENT, population=100_000, changed={"access_pct": Range(2.9, 3, 3.1)}))["demand"]
    wide = worked_out(setting(CONTENT, population=100_000, changed={"access_pct": Range(1, 3, 8)}))["demand"]
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)


def test_shares_that_come_to_more_than_everybody_are_brought_back_to_everybody() -> None:
    ranges = {id: Range(0, 25, 100) for id in ("emergency_pct", "today_pct", "gp_pct", "physio_pct")}
    found = worked_out(setting(CONTENT, population=10_000, changed=ranges | sure(access_pct=100, pain_pct=100)))
    assert found["self"].low >= 0
    assert sum(found[id].mid for id in ("emergency", "today", "gp", "physio")) <= found["demand"].mid * 1.2


def test_by_age_adds_up_to_everybody() -> None:
    wanted = setting(CONTENT, population=100_000)
    lines = lines_of(wanted)
    bands = demand_by_age(wanted, lines)
    assert len(bands) == 3
    assert sum(band.mid for _, band in bands) == pytest.approx(lines[2].told.mid)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"population": 0}, "population: 0 is not"),
        ({"population": 10, "ages": {"teens": 100.0}}, "no band teens"),
        ({"population": 10, "ages": {**AGES, "under_16": 50.0}}, "come to 132"),
        ({"population": 10, "ages": {**AGES, "under_16": math.nan}}, "from 0 to 100"),
        ({"population": 10, "changed": {"pain_pct": Range(3, 2, 1)}}, "are not low, middle and high"),
        ({"population": 10, "changed": {"pain_pct": Range(1, 2, 101)}}, "from 0 to 100"),
        ({"population": 10, "changed": {"clinic_h": Range(0, 1, 2)}}, "from 1 to 3000"),
        ({"population": 10, "changed": {"wait": Range(1, 2, 3)}}, "no such number"),
        ({"population": 10, "changed": {"gp_pct": Range(1, 2, math.inf)}}, "are numbers"),
        ({"population": 10, "changed": sure(gp_pct=60, physio_pct=60)}, "more than 100 per cent"),
    ],
)
def test_what_is_not_possible_is_named(more: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        setting(CONTENT, **more)  # type: ignore[arg-type]


def test_the_file_holds_all_of_it_with_sources_and_caveats() -> None:
    wanted = setting(CONTENT, population=100_000)
    lines = lines_of(wanted)
    rows = list(csv.DictReader(io.StringIO(csv_text(wanted, lines, CONTENT))))
    assert [row["id"] for row in rows if row["part"] == "out"] == [line.id for line in lines]
    assert "Briggs2009" in next(row["note"] for row in rows if row["id"] == "pain_pct")
    assert next(row["note"] for row in rows if row["id"] == "serious" and row["part"] == "out") == "LOW BACK figure"
    assert [row["name"] for row in rows if row["part"] == "about"] == list(CAVEATS)
    assert record(wanted, lines)["figures"].keys() == {line.id for line in lines}


def test_figures_are_told_as_precise_as_they_are_known() -> None:
    assert [told(value) for value in (0, 0.934, 4.13, 12.3, 1_284, 87_654)] == [
        "0",
        "0.93",
        "4.1",
        "12",
        "1,300",
        "88,000",
    ]
