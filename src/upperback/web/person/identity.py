"""What a clinic knows a person by: a part of several forms, kept nowhere."""

import datetime as dt
from typing import Final

from django.http import HttpRequest

from upperback.core.errors import InputError
from upperback.services.fhir import Identity, read_identity

#: Names of the boxes, so that a form that is shown again keeps what was typed.
FIELDS: Final = ("family", "given", "day", "month", "year", "nhs_number")


def posted_identity(request: HttpRequest, today: dt.date) -> Identity:
    """What was typed. Raises InputError with the field that is wrong."""
    return read_identity(
        family=request.POST.get("family", ""), given=request.POST.get("given", ""), birth_date=_birth_date(request),
        nhs_number=request.POST.get("nhs_number", ""), today=today,
    )  # fmt: skip


def control_of(field: str) -> str:
    """The box that an error is about."""
    return "day" if field == "birth_date" else field


def _birth_date(request: HttpRequest) -> dt.date | None:
    parts = [request.POST.get(name, "").strip() for name in ("year", "month", "day")]
    if not any(parts):
        return None
    try:
        return dt.date(*(int(part) for part in parts))
    except (ValueError, OverflowError):
        raise InputError("Enter the day of birth with its year, for example 31 5 1980", field="birth_date") from None
