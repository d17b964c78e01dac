"""Values out of a form that was sent, for pages that keep diary entries."""

import datetime as dt

from django.http import QueryDict
from django.utils.translation import gettext as _

from upperback.core.errors import InputError


def score(posted: QueryDict, name: str) -> int | None:
    """A whole number from 0 to 10; None where nothing that fits was chosen."""
    text = posted.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 2 and int(text) <= 10 else None


def amount(posted: QueryDict, name: str, most: float) -> float | None:
    """A number above 0, with a comma or a point; None where the field was left empty.

    Raises
    ------
    InputError : something else was entered.
    """
    text = posted.get(name, "").strip().replace(",", ".")
    if not text:
        return None
    try:
        value = float(text) if text.isascii() and len(text) <= 10 else -1.0
    except ValueError:
        value = -1.0
    if not 0 < value <= most:
        raise InputError(_("Enter a number above 0 and up to %(most)s") % {"most": f"{most:g}"}, field=name)
    return value


def past_day(posted: QueryDict, name: str, today: dt.date, back: int) -> dt.date:
    """A day out of the last few; today where none was chosen."""
    text = posted.get(name, "0")
    days = int(text) if text.isascii() and text.isdigit() and len(text) <= 2 else 0
    return today - dt.timedelta(days=min(days, back))


def past_days(today: dt.date, back: int) -> list[dict[str, str]]:
    """The last few days to choose from."""
    named = {0: _("Today"), 1: _("Yesterday")}
    return [
        {"value": str(days), "text": named.get(days, f"{today - dt.timedelta(days=days):%A %-d %B}")}
        for days in range(back + 1)
    ]
