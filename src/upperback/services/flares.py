"""A flare-up: begun after a quick check of warning signs, followed day by day, ended with what helped."""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

import msgspec

from upperback.care.diary import WORDS_MOST, FlareEnded, FlareStarted, Morning, Trigger, Warned
from upperback.care.flare import (
    Episode,
    Flare,
    FlareDay,
    earlier_flares,
    eased,
    episodes_of,
    flare_day,
    pain_has_risen,
)
from upperback.care.sessions import ONE_DAY, mornings, usual_pain_on
from upperback.content.vocabulary import default_content
from upperback.core.errors import Conflict, InputError
from upperback.services import policies
from upperback.services.actors import Actor
from upperback.services.diary import correct_entry, entries, keep_entry, take_back
from upperback.services.permissions import check_may
from upperback.services.plans import PlanVersion, open_plan
from upperback.services.today import local_day
from upperback.store.models import DiaryEntry, Profile

__all__ = [
    "CHECKS",
    "FAVOURITES",
    "TRIGGERS",
    "FlareNow",
    "Sign",
    "begin_flare",
    "current_flare",
    "describe_flare",
    "end_flare",
    "movement_today",
    "past_flares",
    "sign_told",
    "take_back_flare",
    "write_card",
]

#: As before a session. Only the third differs: "much worse than usual" is what a flare-up is.
CHECKS: Final = ("before_legs", "before_chest", "flare_change")
#: A yes here means help first, whatever else is said.
_HELP_FIRST: Final = frozenset({"before_legs", "before_chest"})
_PAIN_RISE: Final = "pain_rise"

TRIGGERS: Final = get_args(Trigger)
#: Mornings that may tell the usual pain before a flare-up.
_USUAL_LOOKS_BACK: Final = dt.timedelta(days=14)
#: Movements that are kept going in the first days.
FAVOURITES: Final = 2

Sign = Literal["help_first", "check_first", "pain_rise"]

_ENDED: Final = "There is no flare-up to end. Perhaps you ended it in another window"


@dataclass(frozen=True, slots=True, kw_only=True)
class FlareNow:
    """The flare-up of today.

    Attributes
    ----------
    episode, today : the flare-up, and what holds on this day of it
    number : 1 on its first day
    usual : usual pain at rest before it, 0..10
    resting : pain at rest of its mornings
    so_far : what held on each of its days, the first one first
    """

    episode: Episode
    today: FlareDay
    number: int
    usual: int
    resting: Mapping[dt.date, int]
    so_far: Sequence[FlareDay]


def sign_told(answers: Mapping[str, str], pain: int | None) -> Sign | None:
    """What the quick check says: None where every question is answered with no.

    Raises
    ------
    InputError : a question or the pain is left out, and nothing that was said calls for help yet.
    """
    said = {check: answers[check] for check in CHECKS if check in answers}
    if any(said.get(check) == "yes" for check in _HELP_FIRST):
        return "help_first"
    if any(answer != "no" for answer in said.values()):
        return "check_first"
    if len(said) < len(CHECKS):
        raise InputError("Answer each of the three questions", field=next(one for one in CHECKS if one not in said))
    if pain is None:
        raise InputError("Choose how strong the pain is now", field="pain")
    return None


def begin_flare(
    *,
    profile: Profile,
    client_id: uuid.UUID | None,
    answers: Mapping[str, str],
    pain: int | None,
    by: Actor,
    now: dt.datetime,
) -> Sign | None:
    """Begins a flare-up where nothing speaks for help first; else keeps the sign, so that the plan waits.

    A sign is kept whether or not a plan is open. Beginning while one goes on is the one that goes on.

    Raises
    ------
    InputError : something was left out. NotAllowed : the plan is not open.
    """
    check_may(by, "keep_diary")
    day = local_day(profile, now)
    sign = sign_told(answers, pain)
    if sign is None:
        plan = open_plan(profile=profile, by=by)
        sign = _risen(plan, pain)
    if sign is not None:
        told = tuple(check for check in CHECKS if answers.get(check, "no") != "no") or (_PAIN_RISE,)
        own_id = uuid.uuid5(client_id, "warned") if client_id is not None else uuid.uuid4()
        keep_entry(profile=profile, client_id=own_id, day=day, at=now, entry=Warned(signs=told), by=by, now=now)
        return sign
    if current_flare(profile=profile, by=by, now=now) is None:
        entry = FlareStarted(pain=pain, usual=_usual_before(profile, day, by, now))
        keep_entry(profile=profile, client_id=client_id, day=day, at=now, entry=entry, by=by, now=now)
    return None


def current_flare(*, profile: Profile, by: Actor, now: dt.datetime) -> FlareNow | None:
    """The flare-up that goes on, with what holds today; None where there is none."""
    check_may(by, "see_profile")
    episodes = episodes_of(entries(profile=profile, by=by, kinds=[FlareStarted, FlareEnded]))
    if not episodes or episodes[-1].ended_id is not None:
        return None
    content, today, episode = default_content(), local_day(profile, now), episodes[-1]
    resting = mornings(entries(profile=profile, by=by, since=episode.started, kinds=[Morning]))
    usual = episode.begun.usual
    flare = Flare(
        started=episode.started,
        usual=usual if usual is not None else _usual_before(profile, episode.started, by, now),
        earlier=earlier_flares(episodes, episode.started, content),
    )
    number = max((today - episode.started).days, 0) + 1
    so_far = [flare_day(flare, episode.started + ONE_DAY * place, resting, content) for place in range(number)]
    return FlareNow(
        episode=episode,
        today=so_far[-1],
        number=number,
        usual=flare.usual,
        resting=resting,
        so_far=so_far,
    )


def past_flares(*, profile: Profile, by: Actor) -> list[Episode]:
    """Every flare-up that is over, newest first."""
    found = episodes_of(entries(profile=profile, by=by, kinds=[FlareStarted, FlareEnded]))
    return [one for one in reversed(found) if one.ended_id is not None]


def describe_flare(
    *,
    profile: Profile,
    client_id: uuid.UUID | None,
    trigger: str,
    favourites: tuple[str, ...],
    by: Actor,
    now: dt.datetime,
) -> None:
    """What set it off, and the two movements to keep going."""
    check_may(by, "keep_diary")
    plan = open_plan(profile=profile, by=by)
    offered = {item["id"] for item in plan.record["exercises"] if item["kind"] == "movement"}
    if trigger not in TRIGGERS or set(favourites) - offered:
        raise InputError("Choose from the list on the page")
    if len(favourites) > FAVOURITES:
        raise InputError("Choose two at most", field="favourites")
    if _is_kept(profile, client_id):
        return
    episode = _going_on(profile, by, now)
    if (episode.begun.trigger, episode.begun.favourites) != (trigger, favourites):
        changed: Any = {"trigger": trigger, "favourites": favourites}
        entry = msgspec.structs.replace(episode.begun, **changed)
        correct_entry(kept=_row(profile, episode.begun_id), client_id=client_id, entry=entry, by=by, now=now)


def take_back_flare(*, profile: Profile, client_id: uuid.UUID | None, by: Actor, now: dt.datetime) -> None:
    """It was begun by mistake."""
    check_may(by, "keep_diary")
    if not _is_kept(profile, client_id):
        kept = _row(profile, _going_on(profile, by, now).begun_id)
        take_back(kept=kept, client_id=client_id, by=by, now=now)


def end_flare(*, profile: Profile, client_id: uuid.UUID | None, helped: str, by: Actor, now: dt.datetime) -> None:
    """Back to usual, or near enough for the person."""
    check_may(by, "keep_diary")
    entry = FlareEnded(helped=_own_words(helped))
    if not _is_kept(profile, client_id):
        episode = _going_on(profile, by, now)
        day = max(local_day(profile, now), episode.started)
        keep_entry(profile=profile, client_id=client_id, day=day, at=now, entry=entry, by=by, now=now)


def write_card(*, profile: Profile, client_id: uuid.UUID | None, helped: str, by: Actor, now: dt.datetime) -> None:
    """Other words on the card of the last flare-up."""
    check_may(by, "keep_diary")
    entry = FlareEnded(helped=_own_words(helped))
    last = next(iter(past_flares(profile=profile, by=by)), None)
    if _is_kept(profile, client_id) or (last is not None and last.helped == entry.helped):
        return
    if last is None or last.ended_id is None:
        raise Conflict(_ENDED)
    correct_entry(kept=_row(profile, last.ended_id), client_id=client_id, entry=entry, by=by, now=now)


def movement_today(plan: PlanVersion, flare: FlareNow | None) -> list[dict[str, Any]]:
    """The movements of the plan as they are today: in the first days of a flare-up two favourites, with less each."""
    items = [item for item in plan.record["exercises"] if item["kind"] == "movement"]
    if flare is None or flare.today.share >= 1:
        return items
    if flare.today.stage == "first_days":
        chosen = flare.episode.begun.favourites
        items = [item for item in items if item["id"] in chosen] or items[:FAVOURITES]
    return [item | _eased(item, flare.today.share) for item in items]


def _risen(plan: PlanVersion, pain: int | None) -> Sign | None:
    """Whether the pain is far above the safety check that the plan is made from; not known is far above."""
    before = plan.decision.findings.get("pain")
    at_check = float(before) if isinstance(before, int | float) else None
    return "pain_rise" if pain is None or pain_has_risen(pain, at_check, default_content()) else None


def _eased(item: Mapping[str, Any], share: float) -> dict[str, int]:
    sets, reps = eased(item["sets"], item["reps"], share)
    return {"sets": sets, "reps": reps}


def _going_on(profile: Profile, by: Actor, now: dt.datetime) -> Episode:
    flare = current_flare(profile=profile, by=by, now=now)
    if flare is None:
        raise Conflict(_ENDED)
    return flare.episode


def _usual_before(profile: Profile, started: dt.date, by: Actor, now: dt.datetime) -> int:
    """Usual pain at rest before a flare-up: its last mornings, else what was said before the plan.

    A plan of the last day may come from a check that the flare-up itself led to: then the one before it says more.
    """
    since = started - _USUAL_LOOKS_BACK
    resting = mornings(entries(profile=profile, by=by, since=since, kinds=[Morning]))
    plans = PlanVersion.objects.filter(profile=profile).order_by("-id")
    plan = plans.filter(made_at__lt=now - policies.SCREEN_IS_CURRENT).first() or plans.first()
    said = [plan.findings.get(key) for key in ("pain_now", "pain")] if plan is not None else []
    fallback = min((int(one) for one in said if isinstance(one, int | float)), default=0)
    usual = usual_pain_on(started - ONE_DAY, resting, fallback, default_content())
    return fallback if usual is None else usual


def _own_words(text: str) -> str:
    words = text.replace("\r\n", "\n").strip()
    if len(words) > WORDS_MOST:
        raise InputError("Use 400 characters at most, so that the card stays short", field="helped")
    return words


def _is_kept(profile: Profile, client_id: uuid.UUID | None) -> bool:
    if client_id is None:
        raise InputError(policies.PAGE_IS_OLD)
    return DiaryEntry.objects.filter(profile=profile, client_id=client_id).exists()


def _row(profile: Profile, id: int) -> DiaryEntry:
    return DiaryEntry.objects.get(profile=profile, pk=id)
