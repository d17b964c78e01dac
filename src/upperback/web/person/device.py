"""What the script of a session exchanges with us: entries in, exercises and the state of the session out."""

import datetime as dt
import json
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from markupsafe import Markup

from upperback.care.counted_sets import can_count
from upperback.care.diary import ExerciseEnded
from upperback.care.progression import pain_light
from upperback.content.models import Exercise
from upperback.content.vocabulary import default_content
from upperback.core.errors import NotAllowed, NotFound, UpperbackError
from upperback.services import diary, plans, sessions
from upperback.services.actors import Actor, public_id
from upperback.services.people import Profile
from upperback.services.sessions import Item, Player
from upperback.web.figures import moving_figure, still_figures
from upperback.web.pace import pace_of
from upperback.web.person import session
from upperback.web.person.page import for_person, show

_SENT_AT_ONCE: Final = 500


@require_http_methods(["GET", "HEAD", "POST"])
@for_person
def keep(request: HttpRequest, profile: Profile) -> JsonResponse:
    """`/diary/`: entries of a device as JSON, in any order, as often as it sends them; each is answered by its id.

    A device that was shut for a while asks first: whose turn it is, and for the token that forms have.
    """
    if request.method != "POST":
        return JsonResponse({"person": str(profile.uuid), "token": get_token(request)})
    by, now = session.actor_of(request), session.now()
    try:
        sent = json.loads(request.body)
        rows, person = sent["entries"], public_id(sent["person"])
        ahead = dt.datetime.fromisoformat(sent["sent_at"]) - now
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return JsonResponse({"message": _("These entries cannot be read.")}, status=400)
    if not isinstance(rows, list) or len(rows) > _SENT_AT_ONCE:
        return JsonResponse({"message": _("These entries cannot be read.")}, status=400)
    if person != profile.uuid:
        # Somebody else was chosen in this browser meanwhile: what one person did never lands in another's diary.
        return JsonResponse({"message": _("Upperback is open for somebody else now.")}, status=409)
    answers = [_keep_one(row, profile, ahead, by, now) for row in rows]
    return JsonResponse({"answers": answers, "plan": _plan_now(profile, by)})


def _keep_one(row: Any, profile: Profile, ahead: dt.timedelta, by: Actor, now: dt.datetime) -> dict[str, Any]:
    id = str(row.get("client_id", "")) if isinstance(row, dict) else ""
    try:
        elsewhere = diary.keep_sent(profile=profile, row=row, ahead=ahead, by=by, now=now)
    except UpperbackError as problem:
        return {"client_id": id, "kept": False, "message": _(problem.message)}
    return {"client_id": id, "kept": True, "elsewhere": elsewhere}


def _plan_now(profile: Profile, by: Actor) -> dict[str, Any]:
    """The plan that is open now, or why none is: a session that goes on must hear of it."""
    try:
        return {"id": str(plans.open_plan(profile=profile, by=by).uuid)}
    except NotAllowed as problem:
        return {"id": None, "message": _(problem.message)}


@require_safe
@for_person
def exercise(request: HttpRequest, profile: Profile, session_id: str, exercise_id: str) -> HttpResponse:
    """Figure and words of one exercise of a session, the same for everybody: the script keeps it for later."""
    player = sessions.get_session(
        profile=profile, session_id=session_id, by=session.actor_of(request), now=session.now()
    )
    if all(item.exercise != exercise_id for item in player.items):
        raise NotFound("this exercise is not part of the session")
    return show(request, "person/training_exercise.jinja", figure_of(default_content().exercises[exercise_id]))


def figure_of(exercise: Exercise) -> dict[str, Any]:
    """An exercise for a template: itself, its moving figure and the still ones."""
    return {
        "exercise": exercise,
        "move": Markup(moving_figure(exercise)),  # noqa: S704  our own drawing
        "still": Markup(still_figures(exercise)),  # noqa: S704
    }


def script_data(player: Player, profile: Profile) -> dict[str, Any]:
    """What the script of a session works from; the page holds the same in words."""
    content = default_content()
    lights = [
        pain_light(usual=player.usual_pain, worst=worst, is_alarming=False, content=content).name.lower()
        for worst in range(11)
    ]
    return {
        "session": player.session.id,
        "person": str(profile.uuid),
        "plan": str(player.plan),
        "day": player.session.day.isoformat(),
        "lights": lights,
        "items": [
            _item_data(item, content.exercises[item.exercise], player.session.felt.get(item.exercise))
            for item in player.items
        ],
    }


def _item_data(item: Item, exercise: Exercise, felt: ExerciseEnded | None) -> dict[str, Any]:
    return {
        "exercise": item.exercise,
        "title": exercise.title,
        "sets": item.sets,
        "reps": item.reps,
        "unit": item.unit,
        "needsWeight": "weight" in exercise.equipment,
        "loadKg": item.load_kg,
        "band": item.band,
        "restS": item.rest_s,
        "sensor": can_count(exercise),
        "pace": [
            {"do": phase.do, "s": phase.seconds, "figureS": phase.figure_s, "figureForS": phase.figure_for_s}
            for phase in pace_of(exercise)
        ],
        "done": {
            number: {"reps": one.reps, "kg": one.load_kg, "id": str(one.client_id)}
            for number, one in item.written.items()
        },
        "felt": {
            "id": str(item.felt_id),
            "worstPain": felt.worst_pain,
            "alarming": felt.alarming,
            "effort": felt.effort,
            "formOk": felt.form_ok,
        }
        if felt
        else None,
    }
