"""`/plan-service/`: how much a service may have to do in a year. Nothing of it is kept."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from upperback.care import service_plan
from upperback.care.service_plan import AGE_NAMES, AGES, ASSUMPTIONS, Assumption, Line, Range, Setting
from upperback.content.vocabulary import default_content
from upperback.core.errors import InputError

_SEED: Final = 1
_POPULATION: Final = 100_000
_LEVELS: Final = ("low", "mid", "high")
_LONGEST: Final = 20


@dataclass(frozen=True, slots=True)
class _Row:
    """One number of the form: what it is, its three values as typed, and where it comes from."""

    item: Assumption
    values: tuple[str, str, str]
    sources: str


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The form with the numbers that go in, and what comes out."""
    context: dict[str, Any] = {"rows": _rows(request.GET), "ages": _ages(request.GET), "caveats": service_plan.CAVEATS}
    context["population"] = request.GET.get("population", str(_POPULATION))[:_LONGEST]
    try:
        given, lines = _worked_out(request.GET)
    except InputError as error:
        return render(request, "service_plan.jinja", context | {"error": error.message, "has_errors": True}, status=422)
    context["lines"] = [[line.name, *_told(line.told), line.unit] for line in lines]
    context["by_age"] = [[name, *_told(band)] for name, band in service_plan.demand_by_age(given, lines)]
    context["sentence"] = _sentence(given, lines)
    context["query"] = request.GET.urlencode()
    return render(request, "service_plan.jinja", context)


@require_safe
def as_csv(request: HttpRequest) -> HttpResponse:
    """`/plan-service/plan.csv`: the same as a file."""
    try:
        given, lines = _worked_out(request.GET)
    except InputError as error:
        return HttpResponse(error.message, status=422, content_type="text/plain; charset=utf-8")
    answer = HttpResponse(
        service_plan.csv_text(given, lines, default_content()), content_type="text/csv; charset=utf-8"
    )
    answer["Content-Disposition"] = 'attachment; filename="service-plan.csv"'
    return answer


def _worked_out(typed: QueryDict) -> tuple[Setting, tuple[Line, ...]]:
    given = service_plan.setting(
        default_content(),
        population=round(_number(typed, "population", _POPULATION)),
        ages={band: _number(typed, f"age_{band}", share) for band, share in AGES.items()},
        changed={id: _range(typed, id, usual) for id, usual in service_plan.usual_ranges(default_content()).items()},
    )
    return given, service_plan.service_plan(given, dice=np.random.default_rng(_SEED))


def _range(typed: QueryDict, id: str, usual: Range) -> Range:
    return Range(*(_number(typed, f"{id}_{level}", getattr(usual, level)) for level in _LEVELS))


def _number(typed: QueryDict, name: str, usual: float) -> float:
    text = typed.get(name, "").strip().replace(",", "")
    if not text:
        return usual
    try:
        value = float(text[:_LONGEST])
    except ValueError:
        raise InputError(f"{name}: {text[:_LONGEST]} is not a number") from None
    if not np.isfinite(value):
        raise InputError(f"{name}: {text[:_LONGEST]} is not a number")
    return value


def _rows(typed: QueryDict) -> list[_Row]:
    content = default_content()
    usual = service_plan.usual_ranges(content)
    rows = []
    for item in ASSUMPTIONS:
        low, mid, high = (
            typed.get(f"{item.id}_{level}", f"{getattr(usual[item.id], level):g}")[:_LONGEST] for level in _LEVELS
        )
        rows.append(
            _Row(item, (low, mid, high), ", ".join(_source(key) for key in service_plan.sources_of(content, item.id)))
        )
    return rows


def _source(key: str) -> str:
    return _("our own choice") if key == "PD" else key


def _ages(typed: QueryDict) -> list[tuple[str, str, str]]:
    return [
        (f"age_{band}", AGE_NAMES[band], typed.get(f"age_{band}", f"{share:g}")[:_LONGEST])
        for band, share in AGES.items()
    ]


def _told(figures: Range) -> list[str]:
    return [service_plan.told(value) for value in (figures.low, figures.mid, figures.high)]


def _sentence(given: Setting, lines: tuple[Line, ...]) -> str:
    low, mid, high = _told(next(line.told for line in lines if line.id == "demand"))
    people = f"{given.population:,}"
    words = _("Of %(people)s people, about %(mid)s may come in a year. Eight of ten draws say %(low)s to %(high)s.")
    return words % {"people": people, "low": low, "mid": mid, "high": high}
