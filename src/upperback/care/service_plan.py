"""How much a service may have to do in a year: people, dispositions, contacts and staff, as ranges. Pure.

Every number that goes in is a low, a middle and a high value that whoever plans can change. Each is drawn from a
triangle between the three [1]_, all draws apart from each other. What comes out is told as the middle of the draws and
the range that holds eight of ten. It is a sum with doubt in it, and no forecast: most of the numbers are guesses until
a service puts its own counts in their place, and there are no counts for the upper back to begin with.

.. [1] Vose D. Risk Analysis: A Quantitative Guide. 3rd ed. Wiley, 2008. Chapter on modelling expert opinion.
"""

import csv
import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from upperback.content.vocabulary import Content
from upperback.core.errors import InputError

Floats = NDArray[np.float64]

POPULATION_MOST: Final = 2_000_000_000
DRAWS: Final = 20_000
#: Shares of the draws below the three values that are told.
TOLD: Final = (0.1, 0.5, 0.9)

#: Bands of age, with the share of a population that is in each when nobody says otherwise: a round guess.
AGES: Final[dict[str, float]] = {"under_16": 18.0, "16_to_44": 37.0, "45_to_64": 26.0, "65_and_over": 19.0}
AGE_NAMES: Final[dict[str, str]] = {
    "under_16": "Under 16", "16_to_44": "16 to 44", "45_to_64": "45 to 64", "65_and_over": "65 and over",
}  # fmt: skip
#: Not for them: they are sent to a doctor.
_LEFT_OUT: Final = "under_16"


@dataclass(frozen=True, slots=True)
class Range:
    """A low, a middle and a high value, in this order."""

    low: float
    mid: float
    high: float


@dataclass(frozen=True, slots=True)
class Assumption:
    """One number that goes in. most: what it can be at most."""

    id: str
    name: str
    unit: str
    most: float
    note: str
    least: float = 0.0


#: Everything that can be changed, in the order of the sum.
ASSUMPTIONS: Final[tuple[Assumption, ...]] = (
    Assumption("pain_pct", "Adults with upper back pain in one year", "%", 100,
        "A review of studies: 15.0 to 27.5 in 100 for any pain there, 3.5 to 34.8 in all. The middle is ours."),
    Assumption("access_pct", "Of them, who comes to the service", "%", 100, "A guess. Your own counts are better."),
    Assumption("emergency_pct", "Sent to an emergency department", "%", 100, "A guess."),
    Assumption("today_pct", "Asked to see somebody the same day", "%", 100, "A guess."),
    Assumption("gp_pct", "Asked to see a GP soon", "%", 100, "A guess."),
    Assumption("physio_pct", "Asked to see a physiotherapist", "%", 100, "A guess."),
    Assumption("later_physio_pct", "Of those who begin by themselves, sent on at the review", "%", 100, "A guess."),
    Assumption("contacts", "Contacts for each person a physiotherapist sees", "contacts", 100, "A guess."),
    Assumption("contact_min", "Length of one contact, with notes", "minutes", 600, "A guess.", least=1),
    Assumption("care_wk", "Time on a physiotherapist's list", "weeks", 520, "A guess."),
    Assumption("clinic_h", "Hours for contacts in a full-time year", "hours", 3000, "A guess.", least=1),
    Assumption("serious_pct", "Serious illness of the spine", "%", 100,
        "LOW BACK pain in primary care: 0.9 in 100, most of it broken bones. No such figure for the upper back."),
)  # fmt: skip
_BY_ID: Final = {item.id: item for item in ASSUMPTIONS}
_SENT: Final = ("emergency_pct", "today_pct", "gp_pct", "physio_pct")


@dataclass(frozen=True, slots=True)
class Setting:
    """What somebody plans for. ages: per cent in each band, together 100."""

    population: int
    ages: Mapping[str, float]
    ranges: Mapping[str, Range]


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that comes out. low_back: it rests on a figure for low back pain."""

    id: str
    name: str
    unit: str
    told: Range
    low_back: bool = False


#: What comes out, in the order in which it is told: id, name, unit.
_OUT: Final = (
    ("adults", "People of 16 and over", "people"),
    ("pain", "Of them, with upper back pain in the year", "people"),
    ("demand", "Come to the service in the year", "people"),
    ("emergency", "Sent to an emergency department", "people"),
    ("today", "Asked to see somebody the same day", "people"),
    ("gp", "Asked to see a GP soon", "people"),
    ("physio", "Asked to see a physiotherapist", "people"),
    ("self", "Begin by themselves", "people"),
    ("later_physio", "Of these, sent on at the six-week review", "people"),
    ("seen", "Seen by a physiotherapist, both ways", "people"),
    ("contacts", "Contacts with a physiotherapist", "contacts"),
    ("caseload", "On a physiotherapist's list at one time", "people"),
    ("staff", "Full-time physiotherapists for the contacts", "full-time posts"),
    ("serious", "With a serious illness, if as often as in LOW BACK pain", "people"),
)

#: What this is and what it is not, said wherever the figures are.
CAVEATS: Final = (
    "This is a sum with doubt in it, not a forecast.",
    "Eight of ten draws lie between the low and the high figure. Real numbers can lie outside.",
    "Most numbers that go in are guesses. Put your own counts in their place.",
    "The studies of upper back pain asked in different ways, so their figures lie far apart.",
    "The share with a serious illness comes from LOW BACK pain. It is there to compare with, not to plan a clinic by.",
    "It says nothing about any one person, and nothing about who should be seen.",
    "Each number is drawn by itself. Where high demand and long waits go together, the range is too narrow.",
)


def usual_ranges(content: Content) -> dict[str, Range]:
    """The ranges of the content release, by the id of their assumption."""
    return {
        item.id: Range(*(float(content.limit(f"service_{item.id}_{level}")) for level in ("low", "mid", "high")))
        for item in ASSUMPTIONS
    }


def setting(
    content: Content, *, population: int, ages: Mapping[str, float] | None = None,
    changed: Mapping[str, Range] | None = None,
) -> Setting:  # fmt: skip
    """What somebody plans for, checked.

    Parameters
    ----------
    population : people, 1 to two thousand million
    ages : per cent of them in each band of `AGES`; the usual ones where not given
    changed : ranges that take the place of the usual ones, by id

    Raises
    ------
    InputError : names what is not possible, and what would be.
    """
    if not 1 <= population <= POPULATION_MOST:
        raise InputError(f"population: {population} is not from 1 to {POPULATION_MOST:,}")
    shares = dict(AGES if ages is None else ages)
    if unknown := set(shares) - set(AGES):
        raise InputError(f"ages: there is no band {min(unknown)}; there are {', '.join(AGES)}")
    shares = {band: shares.get(band, 0.0) for band in AGES}
    if not all(math.isfinite(share) and 0 <= share <= 100 for share in shares.values()):
        raise InputError("ages: each share is from 0 to 100 per cent")
    if abs(sum(shares.values()) - 100) > 0.5:
        raise InputError(f"ages: the shares come to {sum(shares.values()):g}, not to 100 per cent")
    ranges = usual_ranges(content) | {id: _checked(id, given) for id, given in (changed or {}).items()}
    if sum(ranges[id].mid for id in _SENT) > 100:
        raise InputError(f"{', '.join(_SENT)}: their middle values come to more than 100 per cent")
    return Setting(population, shares, ranges)


def _checked(id: str, given: Range) -> Range:
    item = _BY_ID.get(id)
    if item is None:
        raise InputError(f"{id}: there is no such number; there are {', '.join(_BY_ID)}")
    values = (given.low, given.mid, given.high)
    if not all(math.isfinite(value) for value in values):
        raise InputError(f"{id}: low, middle and high are numbers")
    if not item.least <= given.low <= given.mid <= given.high <= item.most:
        raise InputError(
            f"{id}: {given.low:g}, {given.mid:g}, {given.high:g} are not low, middle and high "
            f"from {item.least:g} to {item.most:g}"
        )
    return given


def service_plan(given: Setting, *, dice: np.random.Generator, draws: int = DRAWS) -> tuple[Line, ...]:
    """What a year may bring.

    Parameters
    ----------
    given : what somebody plans for
    dice : a generator; from the same seed, the same numbers give the same figures
    draws : how often each number is drawn

    Returns
    -------
    Lines in the order of the sum; of each, the value below which a tenth, a half and nine tenths of the draws lie.
    """
    drawn = {item.id: _drawn(given.ranges[item.id], dice, draws) for item in ASSUMPTIONS}
    sums = _sums(given, drawn, draws)
    return tuple(
        Line(id, name, unit, Range(*(float(value) for value in np.quantile(sums[id], TOLD))), low_back=id == "serious")
        for id, name, unit in _OUT
    )


def _drawn(given: Range, dice: np.random.Generator, draws: int) -> Floats:
    shares = dice.random(draws)  # drawn in any case, so that one number changed does not change the others
    if given.high == given.low:
        return np.full(draws, given.low)
    width, turn = given.high - given.low, (given.mid - given.low) / (given.high - given.low)
    rising = given.low + np.sqrt(shares * turn) * width
    falling = given.high - np.sqrt((1 - shares) * (1 - turn)) * width
    found: Floats = np.where(shares < turn, rising, falling)
    return found


def _sums(given: Setting, drawn: Mapping[str, Floats], draws: int) -> dict[str, Floats]:
    adults = np.full(draws, given.population * (100 - given.ages[_LEFT_OUT]) / sum(given.ages.values()))
    pain = adults * drawn["pain_pct"] / 100
    demand = pain * drawn["access_pct"] / 100
    sent = np.stack([drawn[id] for id in _SENT]) / 100
    sent = sent / np.maximum(1.0, sent.sum(axis=0))  # never more than everybody
    emergency, today, gp, physio = demand * sent
    self_care = demand - demand * sent.sum(axis=0)
    later = self_care * drawn["later_physio_pct"] / 100
    seen = physio + later
    contacts = seen * drawn["contacts"]
    return {
        "adults": adults, "pain": pain, "demand": demand, "emergency": emergency, "today": today, "gp": gp,
        "physio": physio, "self": self_care, "later_physio": later, "seen": seen, "contacts": contacts,
        "caseload": seen * drawn["care_wk"] / 52,
        "staff": contacts * drawn["contact_min"] / 60 / drawn["clinic_h"],
        "serious": demand * drawn["serious_pct"] / 100,
    }  # fmt: skip


def demand_by_age(given: Setting, lines: tuple[Line, ...]) -> tuple[tuple[str, Range], ...]:
    """Who comes, by band of age, if pain and access are the same in all of them: no study here says otherwise."""
    demand = next(line.told for line in lines if line.id == "demand")
    grown = {band: share for band, share in given.ages.items() if band != _LEFT_OUT}
    whole = sum(grown.values()) or 1.0
    return tuple(
        (AGE_NAMES[band], Range(*(value * share / whole for value in (demand.low, demand.mid, demand.high))))
        for band, share in grown.items()
    )


def sources_of(content: Content, id: str) -> tuple[str, ...]:
    """The keys of the sources of one number."""
    return content.parameters[f"service_{id}_mid"].values[-1].sources


def told(value: float) -> str:
    """A figure as precise as it is known: two digits that count."""
    if value == 0:
        return "0"
    size = 10.0 ** (math.floor(math.log10(abs(value))) - 1)
    rounded = round(value / size) * size
    return f"{rounded:,.0f}" if rounded >= 10 else f"{rounded:.2g}"


def table(given: Setting, lines: tuple[Line, ...], content: Content) -> Iterator[tuple[str, ...]]:
    """Rows of a CSV file: what went in, with its sources, then what came out, then what it is not."""
    yield ("part", "id", "name", "unit", "low", "middle", "high", "note")
    yield ("in", "population", "People", "people", *(3 * (str(given.population),)), "")
    for band, share in given.ages.items():
        yield ("in", f"age_{band}", AGE_NAMES[band], "%", *(3 * (f"{share:g}",)), "")
    for item in ASSUMPTIONS:
        used = given.ranges[item.id]
        note = f"{item.note} Sources: {', '.join(sources_of(content, item.id))}"
        yield ("in", item.id, item.name, item.unit, f"{used.low:g}", f"{used.mid:g}", f"{used.high:g}", note)
    for line in lines:
        values = (f"{value:.4g}" for value in (line.told.low, line.told.mid, line.told.high))
        yield ("out", line.id, line.name, line.unit, *values, "LOW BACK figure" if line.low_back else "")
    for caveat in CAVEATS:
        yield ("about", "", caveat, "", "", "", "", "")


def csv_text(given: Setting, lines: tuple[Line, ...], content: Content) -> str:
    """The same as a CSV file, UTF-8."""
    file = io.StringIO()
    csv.writer(file, lineterminator="\r\n").writerows(table(given, lines, content))
    return file.getvalue()


def record(given: Setting, lines: tuple[Line, ...]) -> dict[str, Any]:
    """As plain data."""
    return {
        "population": given.population,
        "ages_pct": dict(given.ages),
        "assumptions": {id: [used.low, used.mid, used.high] for id, used in given.ranges.items()},
        "figures": {line.id: [line.told.low, line.told.mid, line.told.high] for line in lines},
        "low_back": [line.id for line in lines if line.low_back],
        "about": list(CAVEATS),
    }
