"""A guided session: three questions, one exercise at a time, how it felt, and the morning after.

Every page works as a plain form. The script in `static/js/session/` makes of them one page that leads through the whole
session and keeps what is logged while there is no connection; `device.py` is its counterpart.
"""

import uuid
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from upperback.care.diary import Entry, ExerciseEnded, Morning, SetDone
from upperback.care.sessions import Session
from upperback.content.vocabulary import default_content
from upperback.core.errors import InputError
from upperback.services import diary, plans, progress, sessions
from upperback.services.actors import public_id
from upperback.services.people import Profile
from upperback.services.sessions import Item, Player
from upperback.services.today import local_day
from upperback.web.person import device, session
from upperback.web.person.page import for_person, show
from upperback.web.person.plan import amount_words
from upperback.web.person.posted import score
from upperback.web.places import region
from upperback.web.session_parts import emergency_service, player_words, stop_signs


@require_http_methods(["GET", "HEAD", "POST"])
@for_person
def start(request: HttpRequest, profile: Profile, what: str = "strength") -> HttpResponse:
    """`/training/`: three short questions, then the session."""
    by, now = session.actor_of(request), session.now()
    plans.open_plan(profile=profile, by=by)
    answers = {check: request.POST[check] for check in sessions.CHECKS if check in request.POST}
    error = None
    if request.method == "POST":
        client_id = public_id(request.POST.get("client_id", ""))
        if sessions.tell_warning(profile=profile, client_id=client_id, answers=answers, by=by, now=now):
            return redirect(reverse("check") + "?from=training")
        try:
            id = sessions.begin_session(
                profile=profile, client_id=client_id, what=_what(what), answers=answers,
                pain_now=score(request.POST, "pain_now"), by=by, now=now,
            )  # fmt: skip
            return redirect("training", session_id=id)
        except InputError as problem:
            error = problem.message
    context = {
        "profile": profile,
        "what": what,
        "checks": [default_content().dose_texts[id] for id in sessions.CHECKS],
        "answers": answers,
        "pain_now": request.POST.get("pain_now"),
        "error": error,
        "has_errors": bool(error),
        "client_id": request.POST.get("client_id") or uuid.uuid4(),
    }
    return show(request, "person/training_start.jinja", context, status=400 if error else 200)


@require_safe
@for_person
def training(request: HttpRequest, profile: Profile, session_id: str) -> HttpResponse:
    """`/training/ID/`: the exercise that is next, with everything that is written down so far."""
    player = sessions.get_session(
        profile=profile, session_id=session_id, by=session.actor_of(request), now=session.now()
    )
    if player.session.ended is not None:
        return redirect("training_done", session_id=session_id)
    if player.current is None:
        return show(request, "person/training_last.jinja", _shared(player, profile))
    return show(request, "person/training.jinja", _shared(player, profile))


@require_POST
@for_person
def log(request: HttpRequest, profile: Profile, session_id: str, exercise_id: str) -> HttpResponse:
    """Writes down one exercise from the plain form: every set, and how it felt."""
    by, now = session.actor_of(request), session.now()
    player = sessions.get_session(profile=profile, session_id=session_id, by=by, now=now)
    item = next((one for one in player.items if one.exercise == exercise_id), None)
    if item is None:
        raise InputError("This exercise is not part of the session any more. Open Today again")
    posted = request.POST
    try:
        found = _entries(posted, player.session.id, item)
    except InputError as problem:
        context = {**_shared(player, profile), "error": problem, "posted": posted, "has_errors": True}
        return show(request, "person/training.jinja", context, status=400)
    base = public_id(posted.get("client_id", ""))
    for number, entry in enumerate(found):
        diary.keep_entry(
            profile=profile, client_id=uuid.uuid5(base, str(number)) if base else None, day=player.session.day,
            at=now, entry=entry, by=by, now=now,
        )  # fmt: skip
    return redirect("training", session_id=session_id)


@require_POST
@for_person
def end(request: HttpRequest, profile: Profile, session_id: str) -> HttpResponse:
    """Ends the session, finished or early; nobody asks why."""
    sessions.end_session(
        profile=profile, session_id=session_id, client_id=public_id(request.POST.get("client_id", "")),
        how="finished" if request.POST.get("how") == "finished" else "ended_early", sign=None,
        by=session.actor_of(request), now=session.now(),
    )  # fmt: skip
    return redirect("training_done", session_id=session_id)


@require_http_methods(["GET", "HEAD", "POST"])
@for_person
def wrong(request: HttpRequest, profile: Profile, session_id: str) -> HttpResponse:
    """ "Something feels wrong": the stop signs. One is chosen, the session ends, and what to do now is shown first."""
    signs = stop_signs(region())
    chosen = next((sign for sign in signs if sign.id == request.POST.get("sign")), None)
    if request.method == "POST" and chosen is not None:
        sessions.end_session(
            profile=profile, session_id=session_id, client_id=public_id(request.POST.get("client_id", "")),
            how="felt_wrong", sign=chosen.id, by=session.actor_of(request), now=session.now(),
        )  # fmt: skip
        context = {"profile": profile, "sign": chosen, "emergency": emergency_service(region())}
        return show(request, "person/training_stopped.jinja", context)
    context = {"profile": profile, "signs": signs, "session_id": session_id, "client_id": uuid.uuid4()}
    return show(request, "person/training_wrong.jinja", context)


@require_safe
@for_person
def done(request: HttpRequest, profile: Profile, session_id: str) -> HttpResponse:
    """`/training/ID/done/`: what was done, and what happens tomorrow."""
    by, now = session.actor_of(request), session.now()
    player = sessions.get_session(profile=profile, session_id=session_id, by=by, now=now)
    return show(request, "person/training_done.jinja", _shared(player, profile))


@require_http_methods(["GET", "HEAD", "POST"])
@for_person
def change(request: HttpRequest, profile: Profile, session_id: str) -> HttpResponse:
    """`/training/ID/change/`: what is written down about a session, to be corrected or taken back."""
    by, now = session.actor_of(request), session.now()
    player = sessions.get_session(profile=profile, session_id=session_id, by=by, now=now)
    error, posted = None, request.POST
    if request.method == "POST":
        try:
            sets, felt = _mended(posted, player.session)
            sessions.mend_session(
                profile=profile, session_id=session_id, sets=sets, felt=felt,
                client_id=public_id(posted.get("client_id", "")), by=by, now=now,
            )  # fmt: skip
            return redirect("training" if player.session.ended is None else "training_done", session_id=session_id)
        except InputError as problem:
            error = problem
    context = {
        **_shared(player, profile),
        "written": player.session,
        "judged": sessions.is_judged(profile=profile, session_id=session_id, by=by),
        "posted": posted,
        "error": error,
        "has_errors": bool(error),
        "client_id": posted.get("client_id") or uuid.uuid4(),
    }
    return show(request, "person/training_change.jinja", context, status=400 if error else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@for_person
def morning(request: HttpRequest, profile: Profile) -> HttpResponse:
    """`/morning/`: one question; then what changes, and why."""
    by, now = session.actor_of(request), session.now()
    error = None
    if request.method == "POST":
        pain = score(request.POST, "pain")
        if pain is None:
            error = _("Choose a number from 0 to 10")
        else:
            diary.keep_entry(
                profile=profile, client_id=public_id(request.POST.get("client_id", "")), day=local_day(profile, now),
                at=now, entry=Morning(pain=pain), by=by, now=now,
            )  # fmt: skip
            changes = progress.decide_progress(profile=profile, by=by, now=now)
            context = {"profile": profile, "changes": [progress_words(row.record) for row in changes], "pain": pain}
            return show(request, "person/morning_done.jinja", context)
    context = {
        "profile": profile, "day": local_day(profile, now).isoformat(), "client_id": uuid.uuid4(), "error": error,
        "has_errors": bool(error),
    }  # fmt: skip
    return show(request, "person/morning.jinja", context, status=400 if error else 200)


def _shared(player: Player, profile: Profile) -> dict[str, Any]:
    content = default_content()
    current = player.current
    figure: dict[str, Any] = device.figure_of(content.exercises[current.exercise]) if current else {}
    return {
        "profile": profile,
        "player": player,
        "session_id": player.session.id,
        "current": current,
        "titles": {
            id: content.exercises[id].title
            for id in [*(item.exercise for item in player.items), *player.session.exercises]
            if id in content.exercises
        },
        "data": device.script_data(player, profile),
        "client_id": uuid.uuid4(),
        "posted": QueryDict(),
        "error": None,
        **figure,
        **player_words(region()),
    }


def _entries(posted: QueryDict, session_id: str, item: Item) -> list[Entry]:
    """The sets and how they felt, from the plain form. A set left empty was not done."""
    found: list[Entry] = []
    kg = _kilograms(posted)
    for number in range(1, item.sets + 1):
        text = posted.get(f"reps_{number}", "").strip()
        if not text:
            continue
        reps = _repetitions(text, number, f"reps_{number}")
        done = SetDone(session=session_id, exercise=item.exercise, number=number, reps=reps, load_kg=kg)
        found.append(msgspec.structs.replace(done, band=item.band))
    form = {"yes": True, "no": False}.get(posted.get("form_ok", ""))
    felt = ExerciseEnded(
        session=session_id, exercise=item.exercise, worst_pain=score(posted, "worst_pain"),
        alarming=posted.get("alarming") == "yes", effort=score(posted, "effort"), form_ok=form,
    )  # fmt: skip
    found.append(felt)
    return found


def _repetitions(text: str, number: int, field: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= 100):
        raise InputError(_("Set %(n)s: enter a whole number from 0 to 100") % {"n": number}, field=field)
    return int(text)


def _mended(posted: QueryDict, written: Session) -> tuple[dict[tuple[str, int], int | None], dict[str, ExerciseEnded]]:
    """Sets and how exercises felt, as corrected on the page. A set made empty is taken back."""
    sets: dict[tuple[str, int], int | None] = {}
    for exercise, done in written.sets.items():
        for number in done:
            name = f"reps_{exercise}_{number}"
            if (text := posted.get(name)) is not None:
                sets[exercise, number] = _repetitions(text.strip(), number, name) if text.strip() else None
    felt: dict[str, ExerciseEnded] = {}
    for exercise, told in written.felt.items():
        pain = score(posted, f"pain_{exercise}")
        felt[exercise] = msgspec.structs.replace(told, worst_pain=told.worst_pain if pain is None else pain)
    return sets, felt


def _kilograms(posted: QueryDict) -> float | None:
    text = posted.get("load_kg", "").strip().replace(",", ".")
    if not text:
        return None
    try:
        kg = float(text)
    except ValueError:
        kg = -1.0
    if not 0 < kg <= 200:
        raise InputError(_("Weight: enter kilograms, above 0 and up to 200"), field="load_kg")
    return kg


def _what(what: str) -> Any:
    return what if what in {"strength", "movement"} else "strength"


def progress_words(record: dict[str, Any]) -> dict[str, str]:
    """A verdict in one plain sentence with its reason."""
    title = default_content().exercises[record["after"]["exercise"]].title
    return {"title": title, "move": record["move"], "text": _change(record), "why": _reason(record["reason"])}


def _change(record: dict[str, Any]) -> str:
    before, after = record["before"], record["after"]
    if record["move"] == "hold":
        return _("Stays at %(amount)s.") % {"amount": amount_words(after)}
    if before["exercise"] != after["exercise"]:
        was = default_content().exercises[before["exercise"]].title
        return _("Instead of “%(was)s”: %(amount)s.") % {"was": was, "amount": amount_words(after)}
    return _("From %(before)s to %(after)s.") % {"before": amount_words(before), "after": amount_words(after)}


def _reason(reason: str) -> str:
    return {
        "two_good_sessions": _("Two sessions in a row went well, stayed green and settled by morning."),
        "one_good_session": _("That went well. One more like it, and it goes up."),
        "more_than_top": _("You did more than 12 with ease, so the next step comes now."),
        "at_the_top": _("This is as far as this exercise goes for you. Keep it there."),
        "others_first": _("Two exercises go up at most at once. This one is next."),
        "set_added_lately": _("A set was added within the last week. Let it settle first."),
        "not_all_done": _("Not everything was done this time, and that is fine."),
        "not_said": _("You did not tell how it was, so it stays as it is."),
        "hard_enough": _("The last set was hard enough already."),
        "amber_settled": _("Pain went to amber and settled by morning."),
        "green_not_settled": _("It was green, but had not settled by morning. Wait and see."),
        "green_not_settled_twice": _("Twice it had not settled by morning."),
        "amber_not_settled": _("Pain went to amber and had not settled by morning."),
        "red": _("Pain went to red. One step back is part of the way."),
        "red_not_settled": _("Pain went to red and had not settled by morning. Two steps back, and a safety check."),
        "too_hard": _("The last set was as hard as it can be."),
        "form_lost_twice": _("The movement got lost twice in a row."),
        "steps_back_twice": _("It had to go back twice within a week, so another exercise takes its place."),
        "calm_only": _("Your usual pain is high now. Calming down comes first."),
        "own_choice": _("You chose this step."),
    }[reason]
