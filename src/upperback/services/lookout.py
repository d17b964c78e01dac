"""Every day: is there a sign that calls for help early, a review, a check-in? One card at most, the most important."""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Final, Literal

from upperback.care.diary import (
    Appointment,
    AppointmentOff,
    CheckIn,
    FlareStarted,
    GroupAnswered,
    GroupTold,
    HandedOver,
    HandOverAnswered,
    HelperLeft,
    Later,
    MessageFromClinic,
    MessageToClinic,
    Morning,
    PlanAnswered,
    PlanProposed,
    Written,
    only,
)
from upperback.care.early import EarlySign, early_signs
from upperback.care.weeks import LastCheck, check_in_due, small_review_due, so_far
from upperback.content.vocabulary import default_content
from upperback.core.errors import InputError
from upperback.services import reviews
from upperback.services.actors import Actor
from upperback.services.diary import DiaryEntry, entries, keep_entry
from upperback.services.permissions import check_may
from upperback.services.plans import PlanVersion, open_plan
from upperback.services.sessions import CHECKS, tell_warning
from upperback.services.today import local_day
from upperback.store.models import Profile

__all__ = ["Ahead", "Card", "FromClinic", "ahead", "check_in", "put_off", "signs_now"]

CardKind = Literal["sign", "review", "check_in"]

#: What the safety questions of a check-in are, in order; the last one is about the arms.
QUESTIONS: Final = (*CHECKS, "arm")
_KINDS: Final = (
    CheckIn, Morning, FlareStarted, Later, PlanProposed, PlanAnswered, MessageFromClinic, MessageToClinic,
    Appointment, AppointmentOff, HandedOver, HandOverAnswered, HelperLeft,
    GroupTold, GroupAnswered,
)  # fmt: skip
#: A message of a clinician is told of on Today for so long, unless the person has written since.
_NEW_FOR: Final = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """The one card of a day.

    Attributes
    ----------
    kind : what it is about
    id : under which it can be put off
    signs : the early signs, the most important first
    small_review : the check-in also asks how it is overall
    """

    kind: CardKind
    id: str
    signs: tuple[EarlySign, ...] = ()
    small_review: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FromClinic:
    """Something that came from somebody else: a question or change that waits, an appointment, a message, a goodbye.

    other : of a hand-over, who looks after the person next; of a group, its title
    group : its public id
    """

    what: Literal[
        "hand_over_asked", "change", "handed_over", "helper_left", "message", "appointment", "offered", "changed",
        "meeting_off", "over",
    ]  # fmt: skip
    name: str
    day: dt.date
    other: str = ""
    group: uuid.UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """What the diary says today.

    Attributes
    ----------
    signs : every early sign that holds, put off or not
    card : the one to show; None where nothing is due or it was put off
    small_review : whether the next check-in asks how it is overall
    review_on : day of the next look back
    from_clinic : what came from a clinician, the most important
    """

    signs: tuple[EarlySign, ...]
    card: Card | None
    small_review: bool
    review_on: dt.date | None
    from_clinic: FromClinic | None = None


def ahead(*, profile: Profile, by: Actor, now: dt.datetime, plan: PlanVersion) -> Ahead:
    """Looks at the last months of the diary once. `plan` is the open one."""
    check_may(by, "see_profile")
    content, today = default_content(), local_day(profile, now)
    written = _diary(profile, by, today)
    signs = _signs(plan, written, today)
    small = small_review_due(plan.starts_on, written, today, content)
    is_due = check_in_due(plan.starts_on, written, today, content)
    put_off = {entry.card for _, entry in only(written, Later) if entry.until > today}
    cards = []
    if signs:
        cards.append(Card(kind="sign", id=f"sign_{signs[0].id}", signs=signs))
    due = reviews.review_due(profile=profile, by=by, now=now, plan=plan)
    if due is not None and due.stage != "later":
        cards.append(Card(kind="review", id=f"review_{due.stage}"))
    elif is_due:
        cards.append(Card(kind="check_in", id="check_in", small_review=small))
    shown = [card for card in cards if card.id not in put_off]
    return Ahead(
        signs=signs,
        card=shown[0] if shown else None,
        small_review=small,
        review_on=due.on if due is not None else None,
        from_clinic=_from_clinic(written, today, by),
    )


def _from_clinic(written: list[Written], today: dt.date, by: Actor) -> FromClinic | None:
    handed = _handed_over(written, today) if by.kind == "person" else None  # nobody is let in outside of a service
    if handed is not None and handed.what == "hand_over_asked":
        return handed
    answered = {entry.proposal for _, entry in only(written, PlanAnswered)}
    for row, sent in only(written, PlanProposed)[-1:]:  # an older one was put in the place of
        if row.uuid not in answered:
            return FromClinic(what="change", name=sent.name, day=row.day)
    if handed is not None:
        return handed
    for row, left in only(written, HelperLeft)[-1:]:
        if by.kind == "person" and today - row.day <= _NEW_FOR:
            return FromClinic(what="helper_left", name=left.name, day=row.day)
    if (group := _of_group(written, today)) is not None:
        return group
    off = {entry.appointment for _, entry in only(written, AppointmentOff)}
    for row, made in reversed(only(written, Appointment)):
        if row.uuid not in off and made.starts_at.date() >= today:
            return FromClinic(what="appointment", name=made.name, day=row.day)
    told = [row for row in written if isinstance(row.entry, MessageFromClinic | MessageToClinic)]
    if told and isinstance(newest := told[-1].entry, MessageFromClinic) and today - told[-1].day <= _NEW_FOR:
        return FromClinic(what="message", name=newest.name, day=told[-1].day)
    return None


def _of_group(written: list[Written], today: dt.date) -> FromClinic | None:
    """What a clinic told last of a group, for some days; an offer until it is answered. If it holds, its page says."""
    answered = {entry.group for _, entry in only(written, GroupAnswered)}
    for row, entry in reversed(only(written, GroupTold)):
        if today - row.day > _NEW_FOR:
            return None
        if entry.what != "offered" or entry.group not in answered:
            return FromClinic(what=entry.what, name=entry.name, day=row.day, other=entry.title, group=entry.group)
    return None


def _handed_over(written: list[Written], today: dt.date) -> FromClinic | None:
    """The newest hand-over: until it is answered where it asks, else for some days."""
    answered = {entry.handed for _, entry in only(written, HandOverAnswered)}
    for row, entry in only(written, HandedOver)[-1:]:
        if entry.asks and row.uuid not in answered:
            return FromClinic(what="hand_over_asked", name=entry.giver_name, day=row.day, other=entry.taker_name)
        if not entry.asks and today - row.day <= _NEW_FOR:
            return FromClinic(what="handed_over", name=entry.giver_name, day=row.day, other=entry.taker_name)
    return None


def signs_now(*, profile: Profile, by: Actor, now: dt.datetime) -> tuple[EarlySign, ...]:
    """The early signs of today, while the plan is open."""
    check_may(by, "see_profile")
    plan, today = open_plan(profile=profile, by=by), local_day(profile, now)
    return _signs(plan, _diary(profile, by, today), today)


def check_ins(*, profile: Profile, by: Actor, since: dt.date) -> list[Written]:
    """The check-ins from a day on, oldest first."""
    return entries(profile=profile, by=by, since=since, kinds=[CheckIn])


def check_in(
    *,
    profile: Profile,
    client_id: uuid.UUID | None,
    told: CheckIn,
    answers: dict[str, str],
    by: Actor,
    now: dt.datetime,
) -> bool:
    """Keeps a check-in. True where a safety question was not answered with no: then a safety check comes first.

    The check-in itself is kept in any case; a warning makes the plan wait.

    Raises
    ------
    InputError : a safety question has no answer. NotAllowed : there is no open plan.
    """
    check_may(by, "keep_diary")
    open_plan(profile=profile, by=by)
    if any(answers.get(name) not in {"no", "yes", "not_sure"} for name in QUESTIONS):
        raise InputError("Answer each of the safety questions", field="checks")
    if client_id is None:
        raise InputError("This page is too old to be used. Open it again")
    day = local_day(profile, now)
    keep_entry(profile=profile, client_id=client_id, day=day, at=now, entry=told, by=by, now=now)
    return tell_warning(profile=profile, client_id=client_id, answers=answers, by=by, now=now, asked=QUESTIONS)


def put_off(
    *, profile: Profile, client_id: uuid.UUID | None, card: str, days: int, by: Actor, now: dt.datetime
) -> DiaryEntry:
    """Puts a card away for some days; it comes back if what it says still holds then."""
    check_may(by, "keep_diary")
    most = int(default_content().limit("review_next_days"))
    if not 1 <= days <= most:
        raise InputError(f"Choose from 1 to {most} days", field="days")
    day = local_day(profile, now)
    entry = Later(card=card, until=day + dt.timedelta(days=days))
    return keep_entry(profile=profile, client_id=client_id, day=day, at=now, entry=entry, by=by, now=now)


def _signs(plan: PlanVersion, written: list[Written], today: dt.date) -> tuple[EarlySign, ...]:
    decision, content = plan.decision, default_content()
    pain, phq4 = decision.findings.get("pain"), decision.findings.get("phq4")
    check = LastCheck(
        at=decision.decided_at,
        pain=float(pain) if isinstance(pain, int | float) else None,
        phq4=int(phq4) if isinstance(phq4, int | float) else None,
    )
    return early_signs(so_far(written, starts_on=plan.starts_on, check=check, today=today, content=content), content)


def _diary(profile: Profile, by: Actor, today: dt.date) -> list[Written]:
    weeks = default_content().limit("early_flares_weeks")
    return entries(profile=profile, by=by, since=today - dt.timedelta(weeks=weeks), kinds=_KINDS)
