"""A worn sensor in words: today against the person's own usual. Never good or bad."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from upperback.services.worn import WornToday

_MINUTE_S = 60
#: From here on it is told in hours.
_MINUTES_MAX = 110


def today_words(found: WornToday | None) -> str | None:
    """One or two sentences about today; None where there is nothing to say."""
    if found is None or found.day.measured_s < _MINUTE_S:
        return None
    minutes = round(found.day.measured_s / _MINUTE_S)
    if minutes < _MINUTES_MAX:
        words = ngettext(
            "You wore the sensor for %(num)s minute today.", "You wore the sensor for %(num)s minutes today.", minutes
        )
        told = words % {"num": minutes}
    else:
        told = _("You wore the sensor for about %(num)s hours today.") % {"num": round(minutes / 60)}
    if found.against is None or found.usual is None:
        return told
    share = _("You were bent forward for %(num)s of 60 minutes.") % {"num": round(60 * found.day.share)}
    usual = {
        "alike": _("That is about your usual."),
        "more": _("Your usual is %(num)s."),
        "less": _("Your usual is %(num)s."),
    }[found.against] % {"num": round(60 * found.usual)}
    return f"{told} {share} {usual}"
