"""All addresses that Django answers. Help, static files and one-time links are answered before it: `front.py`."""

from collections.abc import Callable
from importlib.util import find_spec

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path

from upperback.web import errors, health, language_page, styleguide
from upperback.web.person import calendar_feed, static_pages

handler400 = errors.bad_request
handler403 = errors.not_allowed
handler404 = errors.not_found
handler500 = errors.server_error


def _planner(view: str) -> Callable[[HttpRequest], HttpResponse]:
    """A page of the planner. NumPy comes when somebody asks for it, not at every start."""

    def show(request: HttpRequest) -> HttpResponse:
        from upperback.web import service_plan

        pages = {"page": service_plan.page, "as_csv": service_plan.as_csv}
        return pages[view](request)

    return show


urlpatterns: list[URLPattern | URLResolver] = [
    path("", static_pages.start, name="start"),
    path("about/", static_pages.about, name="about"),
    path("plan-service/", _planner("page"), name="plan_service"),
    path("plan-service/plan.csv", _planner("as_csv"), name="plan_service_csv"),
    path("language/", language_page.language_page, name="language"),
    path("calendar/<str:token>.ics", calendar_feed.feed, name="calendar_feed"),
    path("readyz", health.ready, name="ready"),
]

if settings.DEBUG or settings.DEMO:
    urlpatterns.append(path("styleguide/", styleguide.show, name="styleguide"))

if settings.SERVICE:
    urlpatterns.append(path("", include("upperback.web.service.urls")))

# Each audience brings its own addresses.
urlpatterns += [
    path("", include(name))
    for name in (
        "upperback.web.person.urls",
        "upperback.web.clinician.urls",
        "upperback.web.staff.urls",
        "upperback.web.fhir_api.urls",
    )
    if find_spec(name.rsplit(".", 1)[0]) and find_spec(name)
]
