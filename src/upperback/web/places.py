"""The table of services that a page shows: of the country the reader chose, else of this installation."""

from django.conf import settings

from upperback.content.models import ServiceTable
from upperback.content.vocabulary import default_content
from upperback.web.languages import region_of_page


def region() -> str:
    """The key of the country."""
    return region_of_page() or str(settings.REGION)


def services_here() -> ServiceTable:
    """Whom to turn to there."""
    return default_content().service_table(region())
