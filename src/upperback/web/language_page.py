"""`/language/`: the language and the country of the pages in this browser. In two cookies, so help knows them too."""

from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from upperback.web import languages

_BY_DEVICE: Final = "auto"
_BY_DEVICE_WORDS: Final = gettext_lazy("As my device says")


@require_http_methods(["GET", "HEAD", "POST"])
def language_page(request: HttpRequest) -> HttpResponse:
    """Shows the choice, or keeps it. What is not offered is not kept."""
    if request.method == "POST":
        return _keep(request)
    by_default = languages.regions().get(settings.REGION, "")
    context = {
        "languages": [
            {"value": _BY_DEVICE, "text": _BY_DEVICE_WORDS},
            *({"value": one.tag, "text": one.name} for one in languages.offered(pseudo=settings.PSEUDO_LANGUAGES)),
        ],
        "language_chosen": request.COOKIES.get(languages.LANGUAGE_COOKIE, _BY_DEVICE),
        "regions": [{"value": key, "text": title} for key, title in languages.regions().items()],
        "region_chosen": languages.region_of_page() or settings.REGION,
        "by_default": by_default,
        "saved": request.GET.get("saved") == "1",
    }
    return render(request, "language.jinja", context)


def _keep(request: HttpRequest) -> HttpResponse:
    answer = redirect("/language/?saved=1")
    tags = {one.tag for one in languages.offered(pseudo=settings.PSEUDO_LANGUAGES)}
    chosen = {
        languages.LANGUAGE_COOKIE: (request.POST.get("language", ""), tags),
        languages.REGION_COOKIE: (request.POST.get("region", ""), languages.regions()),
    }
    for name, (value, known) in chosen.items():
        if value in known:
            answer.set_cookie(
                name, value, max_age=languages.COOKIE_S, httponly=True, samesite="Lax", secure=request.is_secure()
            )
        elif value == _BY_DEVICE:
            answer.delete_cookie(name, samesite="Lax")
    return answer
