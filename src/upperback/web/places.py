"""The table of services that a page shows: of the country the reader chose, else of this installation."""

import msgspec
from django.conf import settings

from upperback.content.models import Service, ServiceTable
from upperback.content.vocabulary import default_content
from upperback.web.languages import region_of_page


def region() -> str:
    """The key of the country."""
    return region_of_page() or str(settings.REGION)


def services_here() -> ServiceTable:
    """Whom to turn to there."""
    return default_content().service_table(region())


def msk_service() -> Service | None:
    """The physiotherapy service to which people refer themselves: the one of this installation, else of the country."""
    shown = next((item for item in services_here().services if item.key == "msk_self_referral"), None)
    own: tuple[str, str, str] | None = settings.MSK_SERVICE
    if own is None or shown is None:
        return shown
    name, link, phone = own
    return msgspec.structs.replace(
        shown, name=name, phrase=name, link=link or None, number=phone.replace(" ", "") or None,
        number_shown=phone or None, note=None, status="checked", self_referral=True,
    )  # fmt: skip
