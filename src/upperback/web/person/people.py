"""Who is it for? Profiles of the household, without accounts."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from upperback.content.vocabulary import default_content
from upperback.core.errors import InputError
from upperback.services import demo, people
from upperback.services.actors import public_id
from upperback.services.people import Profile
from upperback.web.person import session
from upperback.web.person.page import show

#: Sent by the start page: "just me", unless somebody is here already; then who it is for has to be said.
_FIRST = "first"


@require_http_methods(["GET", "HEAD", "POST"])
def people_page(request: HttpRequest) -> HttpResponse:
    """`/people/`: choose who it is for, or add somebody. "Just me" needs no name."""
    if settings.SERVICE:
        return _at_a_service(request)
    if request.method != "POST":
        return _page(request, again="again" in request.GET)
    me = "just_me" in request.POST
    if request.POST.get("just_me") == _FIRST and people.list_profiles(by=session.actor_of(request)):
        return redirect("people")
    is_proxy = not me and request.POST.get("whom") == "other"
    name = _("Me") if me else request.POST.get("name", "")
    mine = _just_me(request) if me else None
    if mine is not None:
        session.choose(request, mine)
        return redirect("home")
    try:
        profile = people.create_profile(name=name, is_proxy=is_proxy, by=session.actor_of(request), now=session.now())
    except InputError as error:
        return _page(request, name=name, whom="other" if is_proxy else "self", error=_(error.message))
    session.choose(request, profile)
    return redirect("check")


@require_POST
def choose_person(request: HttpRequest) -> HttpResponse:
    """This browser is for that person from now on."""
    chosen = public_id(request.POST.get("person", ""))
    profile = people.get_profile(profile_uuid=chosen, by=session.actor_of(request))
    if profile.demo:
        demo.bring_to_life(profile=profile, now=session.now())
    session.choose(request, profile)
    return redirect("home")


def _at_a_service(request: HttpRequest) -> HttpResponse:
    """One's own record, or the safety check without an account: there is nobody to choose."""
    from upperback.web.service import visitors

    if request.method != "POST":
        return redirect("start")
    if visitors.own_record(request) is None and visitors.account_of(request) is None:
        if visitors.too_many_guests(request):
            return render(request, "429.jinja", status=429)
        visitors.begin_as_guest(request)
    return redirect("home")


def _just_me(request: HttpRequest) -> Profile | None:
    """Whoever chose "Just me" here before: one is enough."""
    return next((item for item in people.list_profiles(by=session.actor_of(request)) if _is_me(item)), None)


def _is_me(profile: Profile) -> bool:
    return profile.name == _("Me") and not profile.is_proxy and not profile.demo


def _page(
    request: HttpRequest, *, again: bool = False, name: str = "", whom: str = "self", error: str | None = None
) -> HttpResponse:
    profiles = people.list_profiles(by=session.actor_of(request))
    invented = {item.key: item for item in demo.PEOPLE} if settings.DEMO else {}
    context = {
        "own": [profile for profile in profiles if not profile.demo],
        "has_me": any(_is_me(profile) for profile in profiles),
        "invented": [
            (profile, person, default_content().dispositions[person.result].short)
            for profile in profiles
            if (person := invented.get(profile.demo)) is not None
        ],
        "again": again,
        "name": name,
        "whom": whom,
        "error": error,
        "errors": [{"text": error, "href": "#name"}] if error else [],
        "has_errors": bool(error),
    }
    return show(request, "person/people.jinja", context, status=422 if error else 200)
