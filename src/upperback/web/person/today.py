"""Today: what to do, when, and why. Nothing else."""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from upperback.care.diary import Morning, Moved
from upperback.care.sessions import Session, sessions_of
from upperback.content.vocabulary import default_content
from upperback.core.errors import InputError
from upperback.services import breaks, diary, flares, lookout, plans, progress, sessions, today, worn
from upperback.services.actors import public_id
from upperback.services.lookout import Ahead
from upperback.services.people import Profile
from upperback.services.plans import PlanVersion
from upperback.services.today import MOVE, STRENGTH, local_day
from upperback.web.person import session
from upperback.web.person.breaks import card_context
from upperback.web.person.flare import share_words
from upperback.web.person.page import filled, for_person, show
from upperback.web.person.plan import dose_words, sums_of
from upperback.web.person.worn import today_words

#: Times of day for so many turns: spread out, never all at once.
_TIMES: Final = {
    1: ("day",),
    2: ("morning", "evening"),
    3: ("morning", "midday", "evening"),
    4: ("morning", "late_morning", "afternoon", "evening"),
    5: ("morning", "late_morning", "midday", "afternoon", "evening"),
    6: ("early", "morning", "late_morning", "afternoon", "evening", "night"),
}
_TIME_WORDS: Final = {
    "day": gettext_lazy("Any time"),
    "early": gettext_lazy("When you get up"),
    "morning": gettext_lazy("In the morning"),
    "late_morning": gettext_lazy("Late morning"),
    "midday": gettext_lazy("Around midday"),
    "afternoon": gettext_lazy("In the afternoon"),
    "evening": gettext_lazy("In the evening"),
    "night": gettext_lazy("Before bed"),
}


@require_safe
@for_person
def today_page(request: HttpRequest, profile: Profile) -> HttpResponse:
    """`/today/`: the things of this day in order."""
    by, now = session.actor_of(request), session.now()
    plan = plans.open_plan(profile=profile, by=by)
    day = local_day(profile, now)
    ahead = lookout.ahead(profile=profile, by=by, now=now, plan=plan)
    training = progress.training_today(profile=profile, by=by, now=now, plan=plan)
    told = diary.entries(profile=profile, by=by, since=day)
    trained = [one for one in sessions_of(told) if one.day == day]
    flare = training.flare
    context = card_context(request, profile, plan, training) | {
        "cards": _cards(
            plan,
            profile,
            day,
            _Diary(
                prescribed=training.prescribed,
                strength=[one for one in trained if one.what == STRENGTH],
                guided=[one for one in trained if one.what != STRENGTH],
                moved=sum(isinstance(row.entry, Moved) for row in told),
                flare=flare,
                rest=sessions.REST[training.rest] if training.rest is not None else None,
            ),
        ),
        "flare": flare,
        "share": share_words(flare.today.share) if flare is not None else None,
        "more": _more(flare),
        "ask_morning": not any(isinstance(row.entry, Morning) for row in told) and day > plan.starts_on,
        "look": _look(ahead),
        "from_clinic": ahead.from_clinic,
        "own_exercises": plan.record.get("own", ()),
        "day": day,
        "worn": today_words(worn.worn_today(profile=profile, by=by, now=now)),
        "profile": profile,
        "day_number": (day - plan.starts_on).days + 1,
        "review_day": (ahead.review_on - plan.starts_on).days if ahead.review_on else plan.record["review_day"],
    }
    return show(request, "person/today.jinja", context)


@require_POST
@for_person
def mark(request: HttpRequest, profile: Profile) -> HttpResponse:
    """Ticks one thing, or takes the tick back. The same tick sent twice is one."""
    posted = request.POST
    try:
        day = dt.date.fromisoformat(posted.get("day", ""))
    except ValueError:
        raise InputError("This page is too old to be used. Open Today again") from None
    text, item, by, now = posted.get("turn", "1"), posted.get("item", ""), session.actor_of(request), session.now()
    turn = int(text) if text.isascii() and text.isdigit() and len(text) < 3 else 0
    client_id = public_id(posted.get("client_id", ""))
    done = today.mark_today(
        profile=profile, client_id=client_id, day=day, item=item, turn=turn, done=posted.get("done") == "1", by=by,
        now=now,
    )  # fmt: skip
    if client_id is not None and item == MOVE and not done:
        breaks.undo_turn(profile=profile, day=day, turn=turn, client_id=client_id, by=by, now=now)
    return redirect(reverse("today") + f"#{item}-{text}")


def _look(ahead: Ahead) -> dict[str, Any] | None:
    """The one quiet card of the day: an early sign, a review, a check-in. None where nothing is due."""
    card = ahead.card
    if card is None:
        return None
    words = {
        "review": (
            _("Look back at your plan"),
            _(
                "You have not looked back yet, so nobody knows whether this plan helps you. If you are no better by "
                "now, ask for a physiotherapist. If you are worse, see your GP."
            )
            if card.id == "review_default"
            else _("Six weeks and more have gone by. A safety check and a few questions show what comes next."),
            reverse("review"),
            _("Look back"),
        ),
        "check_in": (
            _("How was your week?"),
            _("Two minutes. After three weeks it also asks how it is overall.")
            if card.small_review
            else _("Two minutes. It shows early if something should change."),
            reverse("checkin"),
            _("Start the check-in"),
        ),
    }
    if card.kind == "sign":
        first = card.signs[0]
        check = first.step == "check_again"
        shown = (
            _("Something to look at"),
            filled(first.why),
            reverse("check") if check else reverse("sooner"),
            _("Do the safety check") if check else _("See what helps now"),
        )
    else:
        shown = words[card.kind]
    title, text, href, action = shown
    return {
        "id": card.id, "kind": card.kind, "title": title, "text": text, "href": href, "action": action,
        "client_id": uuid.uuid4(),
    }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Diary:
    """What the diary says about today: strength as it is prescribed now, sessions, turns of movement, a flare-up."""

    prescribed: list[progress.Prescribed]
    strength: list[Session]
    guided: list[Session]  # of movement: each that was finished is a turn, after those that breaks were
    moved: int
    flare: flares.FlareNow | None
    rest: str | None  # why there is no strength session today, although the plan has one


def _cards(plan: PlanVersion, profile: Profile, day: dt.date, written: _Diary) -> list[dict[str, Any]]:
    """One card for each thing to do; the turns of movement share theirs."""
    marks = today.marks_of(profile, day)
    items = today.items_of(plan, day)
    cards: list[dict[str, Any]] = []
    for item in dict.fromkeys(item for item, _turn in items):
        turns = [turn for other, turn in items if other == item]
        card = (
            _move(plan, written)
            if item == MOVE
            else _strength(plan, day, written)
            if item == STRENGTH
            else _change(plan, item)
        )
        ticks = [
            {
                "turn": turn,
                "when": _time_of(turn, len(turns)) if len(turns) > 1 else None,
                "done": marks.get((item, turn), False) or _is_written(item, turn, written),
                # What a session wrote down is changed there; a tick, and a break, are taken back here.
                "session": found.id if (found := _session_of(item, turn, written)) else None,
                # A fresh id per drawn page: the same form sent twice is one tick, a later tap is a new one.
                "client_id": uuid.uuid4(),
            }
            for turn in turns
        ]
        cards.append(card | {"item": item, "ticks": ticks, "done": all(tick["done"] for tick in ticks)})
    return cards


def _time_of(turn: int, turns: int) -> str:
    """When that turn of the day may be."""
    times = _TIMES.get(turns, _TIMES[6])
    return str(_TIME_WORDS[times[min(turn - 1, len(times) - 1)]])


def _more(flare: flares.FlareNow | None) -> list[dict[str, str]]:
    """Quiet ways on from Today, each in a line."""
    cards = []
    if flare is None:
        cards.append({
            "href": reverse("flare"),
            "title": _("It has flared up"),
            "text": _("Much worse than usual? Three questions, then what to do in the first days."),
        })  # fmt: skip
    cards.append({
        "href": reverse("load"),
        "title": _("Tasks that bring it on"),
        "text": _("Write one down in a minute. See whether a change helps."),
    })  # fmt: skip
    cards.append({
        "href": reverse("workplace"),
        "title": _("Your desk"),
        "text": _("Make it easier to move. Three things to change at a time."),
    })  # fmt: skip
    cards.append({
        "href": reverse("live"),
        "title": _("See how you hold yourself"),
        "text": _("Wear your phone on your chest. It shows how you lean, and says when it has been long."),
    })  # fmt: skip
    if settings.SERVICE or settings.DEMO:
        cards.append({
            "href": reverse("messages"),
            "title": _("Write to your clinician"),
            "text": _("They read it when they have time. Nobody watches it."),
        })  # fmt: skip
    cards.append({
        "href": reverse("habits"),
        "title": _("Breathing, sleep and the rest"),
        "text": _("Short cards for calm, sleep, activity, stress and food."),
    })  # fmt: skip
    return cards


def _move(plan: PlanVersion, written: _Diary) -> dict[str, Any]:
    planned = [item for item in plan.record["exercises"] if item["kind"] == "movement"]
    turns = max((item["per_day"] or 1 for item in planned), default=1)
    due = flares.movement_today(plan, written.flare)
    begun = next((one for one in written.guided if one.ended is None), None)
    return {
        "icon": "move",
        "title": _("Move"),
        "when": ngettext("%(n)s time today", "%(n)s times today", turns) % {"n": turns},
        "exercises": [_line(item, turns=turns) for item in due],
        "what": None,
        "why": _why(plan) if due else None,
        "minutes": max(1, len(due)),
        "minutes_each": turns > 1,
        "start": {
            "href": reverse("training", args=[begun.id]) if begun else reverse("training_start_movement"),
            "text": _("Go on with the session") if begun else _("Do them step by step"),
            "quiet": True,
        }
        if due
        else None,
    }


def _why(plan: PlanVersion) -> str | None:
    """The person's own reason, once; plans made before it was kept have it with their first exercise."""
    why: str | None = plan.record.get("because") or plan.record["exercises"][0]["why"]
    return why


def _is_written(item: str, turn: int, written: _Diary) -> bool:
    return _session_of(item, turn, written) is not None or (item == MOVE and turn <= written.moved)


def _session_of(item: str, turn: int, written: _Diary) -> Session | None:
    """The finished session that this was; the newest of strength."""
    if item == STRENGTH:
        return next((one for one in reversed(written.strength) if one.is_finished), None)
    finished = [one for one in written.guided if one.is_finished]
    place = turn - written.moved - 1
    return finished[place] if item == MOVE and 0 <= place < len(finished) else None


def _strength(plan: PlanVersion, day: dt.date, written: _Diary) -> dict[str, Any]:
    due = [found for item in today.strength_today(plan, day) if (found := _as_prescribed(item, written)) is not None]
    sets = sum(item["sets"] for item in due)
    if written.rest is not None and not written.strength:
        return {
            "icon": "strength", "title": _("Strength"), "when": str(_TIME_WORDS["day"]), "exercises": [],
            "what": _(written.rest), "why": None, "minutes": None,
        }  # fmt: skip
    begun = next((one for one in written.strength if one.ended is None), None)
    starts = reverse("training", args=[begun.id]) if begun else reverse("training_start")
    anew = not begun and any(one.anew for one in written.prescribed)
    return {
        "icon": "strength",
        "title": _("Strength"),
        "when": str(_TIME_WORDS["day"]),
        "exercises": [_line(item) for item in due],
        "what": _after_days_off(written.prescribed)
        or _("Leave a few repetitions in hand. Rest a day before the next time."),
        "why": (due[0].get("why_short") or due[0]["why"]) if due else None,
        "minutes": max(3, round(sets * 1.75)),
        "start": {
            "href": reverse("check") if anew else starts,
            "text": _("Do the safety check")
            if anew
            else _("Go on with the session")
            if begun
            else _("Start the session"),
        },
    }


def _after_days_off(prescribed: list[progress.Prescribed]) -> str | None:
    """Why strength is lighter than last time, in words that blame nobody; None where it is not."""
    if any(one.anew for one in prescribed):
        return _("It has been more than four weeks. First a safety check, then small steps again. Nothing is lost.")
    found = {one.absence for one in prescribed}
    if "long" in found or "middle" in found:
        return _("It has been some weeks, so it starts easier and shorter. Nothing has to be made up.")
    if "short" in found:
        return _("It has been more than a week, so it starts a little lighter. Nothing has to be made up.")
    return None


def _as_prescribed(item: dict[str, Any], written: _Diary) -> dict[str, Any] | None:
    """Where progress has brought this exercise, in the form of the plan; None where it waits for another one."""
    now = next((one for one in written.prescribed if one.planned == item["id"]), None)
    if now is None:
        return None
    title = default_content().exercises[now.step.exercise].title
    return item | {"title": title, "sets": now.step.sets, "reps": now.step.reps}


def _change(plan: PlanVersion, rule_id: str) -> dict[str, Any]:
    change = next(item for item in plan.record["load_changes"] if item["id"] == rule_id)
    rule = default_content().load_rules.get(rule_id)
    sums = sums_of(change)
    first = sums[0]["result"] if sums else filled(rule.change_now[0]) if rule else ""
    return {
        "icon": "change",
        "title": change["name"],
        "when": _("Whenever it comes up"),
        "exercises": [],
        "what": first,
        "why": change["why"],
        "minutes": None,
        "link": {"href": reverse("load_task", args=[rule_id]), "text": _("Write it down")},
    }


def _line(item: dict[str, Any], *, turns: int | None = None) -> dict[str, Any]:
    """An exercise and how much of it; turns: how often the card is done, told where this one is done less."""
    fewer = turns is not None and (item["per_day"] or 1) < turns
    dose = dose_words(item) if fewer else dose_words(item, once=True, rest=False)
    return {"title": item["title"], "dose": dose, "href": reverse("exercise", args=[item["id"]])}
