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
    """A day out of the last few; today where none was chosen.

    Raises
    ------
    InputError : another day, as from a page that was left open for long: it would land on the wrong one.
    """
    text = posted.get(name, "")
    if not text:
        return today
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        day = dt.date.max
    if not today - dt.timedelta(days=back) <= day <= today:
        raise InputError(_("Choose the day again: this page was open for long"), field=name)
    return day


def past_days(today: dt.date, back: int) -> list[dict[str, str]]:
    """The last few days to choose from, by their date: "today" may be over when the page is sent."""
    named = {0: _("Today"), 1: _("Yesterday")}
    days = [today - dt.timedelta(days=ago) for ago in range(back + 1)]
    return [{"value": day.isoformat(), "text": named.get(ago, f"{day:%A %-d %B}")} for ago, day in enumerate(days)]
