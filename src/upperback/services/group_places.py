"""Who is offered a group, who says yes, and who came. Nobody in a group sees who else is in it.

A place holds while the person lets clinicians of that clinic see what a group needs, without a gap since their yes. It
is asked at every use, so what is withdrawn is withdrawn; who shares again is asked again.
"""

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from django.db import transaction

from upperback.care.diary import GroupAnswered, GroupCame, GroupTold, kind_of
from upperback.care.plan.gate import NEVER_CLEARED
from upperback.core.errors import InputError, NotFound
from upperback.services import access, audit, diary, plans, policies, treating
from upperback.services.access_rules import DataClass
from upperback.services.actors import Actor
from upperback.services.alarms import alarmed_since
from upperback.services.group_rows import CHANGED_MEANWHILE, OVER, Group, as_group, newest
from upperback.services.permissions import check_may
from upperback.services.today import local_day
from upperback.services.treating import Seen
from upperback.store.models import Clinic, ClinicGroup, DiaryEntry, GroupOffer, Profile

__all__ = [
    "NEEDED", "Place", "answer", "came_of", "count_in", "in_groups", "mine", "offer", "place_of", "places_of", "tell",
    "tick", "was_in",
]  # fmt: skip

#: What somebody has to let the clinic see to be in a group of it: exercises are checked against their plan.
NEEDED: Final[frozenset[DataClass]] = frozenset({"identity", "plan", "messages"})
FULL: Final = "This group is full now. Ask whoever leads it if a place gets free"
NOT_SHARED: Final = "You do not share your plan and messages with this clinic now. Share them again first"
NOBODY: Final = "Choose who it is for"
HELP_FIRST: Final = "The safety check of this person says that something else comes first"
_OFFERED_TO_MOST: Final = 50

State = Literal["waits", "yes", "no", "left", "gone"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How somebody stands to a group.

    Attributes
    ----------
    state : waits for an answer; yes, no or left, as they said; gone, where they do not let the clinic see enough now
    answers : what they said and when, oldest first
    """

    profile: Profile
    group: Group
    state: State
    offered_at: dt.datetime
    answers: tuple[tuple[dt.datetime, str], ...]


# ---- for whoever leads it --------------------------------------------------------------------------------------------


def places_of(*, group: Group, now: dt.datetime) -> list[Place]:
    """Everybody it was offered to, in that order. Which of them a page may name is asked of `treating`."""
    offers = GroupOffer.objects.filter(group=group.id).select_related("profile").order_by("id")
    return _places([(offer, group) for offer in offers], now)


def count_in(*, group: Group, now: dt.datetime) -> int:
    """How many are in the group."""
    return sum(place.state == "yes" for place in places_of(group=group, now=now))


def offer(*, group: Group, people: Iterable[Seen], by: Actor, now: dt.datetime) -> int:
    """Offers a group to these people; who has it already is left out. Returns to how many it is new.

    Raises
    ------
    InputError : nobody is chosen, the group is over, or the safety check of somebody comes first.
    """
    check_may(by, "propose_change")
    chosen = list(people)
    if not chosen or len(chosen) > _OFFERED_TO_MOST:
        raise InputError(NOBODY, field="person")
    count = 0
    with transaction.atomic():
        row = newest(group.id)
        if row is None:
            raise NotFound("there is no such group")
        found = as_group(row)
        if found.rhythm.is_over(now):
            raise InputError(OVER, field="person")
        for seen in chosen:
            for needed in sorted(NEEDED):
                seen.check(needed)
            if _help_first(seen.profile):
                raise InputError(f"{HELP_FIRST}: {seen.profile.name}", field="person")
            _, is_new = GroupOffer.objects.get_or_create(
                group=group.id, profile=seen.profile, defaults={"offered_at": now, "by": str(by)}
            )
            if is_new:
                count += 1
                _told(seen.profile, found, "offered", None, "", by, now)
                audit.record(
                    by=by, action="offer_group", now=now, object_kind="group", object_uuid=group.id,
                    profile=seen.profile,
                )  # fmt: skip
    return count


def tell(
    *,
    group: Group,
    what: Literal["changed", "meeting_off", "over"],
    by: Actor,
    now: dt.datetime,
    day: dt.date | None = None,
    words: str = "",
) -> None:
    """Everybody in the group, and who has not answered yet, reads it in their diary and on Today."""
    check_may(by, "propose_change")
    for place in places_of(group=group, now=now):
        if place.state in {"yes", "waits"}:
            _told(place.profile, group, what, day, words, by, now)


def was_in(place: Place, at: dt.datetime) -> bool:
    """Whether somebody was in the group at a time, by what they had said until then."""
    said = [answer for when, answer in place.answers if when <= at]
    return bool(said) and said[-1] == "yes"


def came_of(*, group: Group, people: Iterable[int]) -> dict[tuple[int, dt.date], bool]:
    """Who came, by key of the person and day of the meeting. Who is not in it was not ticked yet."""
    rows = DiaryEntry.objects.filter(profile__in=people, kind=kind_of(GroupCame), data__group=str(group.id))
    found = rows.order_by("id").values_list("profile", "data")
    return {(profile, dt.date.fromisoformat(data["day"])): bool(data["came"]) for profile, data in found}


def tick(
    *,
    group: Group,
    day: dt.date | None,
    came: Mapping[uuid.UUID, bool],
    people: Iterable[Seen],
    name: str,
    client_id: uuid.UUID | None,
    by: Actor,
    now: dt.datetime,
) -> int:
    """Who came to a meeting that has begun. A correction is a new entry; the same again changes nothing.

    Parameters
    ----------
    came : by public id of the person; who is not in it stays as they are
    people : whom the clinician looks after; of others nothing is written

    Returns
    -------
    How many entries are new.
    """
    check_may(by, "propose_change")
    if client_id is None:
        raise InputError(policies.PAGE_IS_OLD, field="came")
    with transaction.atomic():
        row = newest(group.id)
        if row is None:
            raise NotFound("there is no such group")
        found, count = as_group(row), 0
        meeting = next((one for one in found.meetings if one.day == day and not one.is_off), None)
        if meeting is None:
            raise InputError("There is no meeting on this day any more. Look again", field="came")
        if meeting.starts_at > now:
            raise InputError("This meeting has not begun", field="came")
        known = {seen.profile.pk: seen for seen in people if seen.may("messages")}
        places = [place for place in places_of(group=found, now=now) if place.profile.pk in known]
        before = came_of(group=found, people=known)
        for place in places:
            said, was = came.get(place.profile.uuid), before.get((place.profile.pk, meeting.day))
            if said is None or said == was or (was is None and not was_in(place, meeting.starts_at)):
                continue
            entry = GroupCame(
                group=found.id, title=found.title, name=" ".join(name.split())[:80] or "-", day=meeting.day, came=said
            )
            own_id = uuid.uuid5(client_id, f"{place.profile.uuid} {said}")
            diary.keep_from_clinic(profile=place.profile, client_id=own_id, entry=entry, by=by, now=now)
            count += 1
    return count


# ---- for the person --------------------------------------------------------------------------------------------------


def mine(*, profile: Profile, by: Actor, now: dt.datetime) -> list[Place]:
    """Every group that was offered to this person, the newest offer first."""
    check_may(by, "see_profile")
    offers = list(GroupOffer.objects.filter(profile=profile).select_related("profile").order_by("-id"))
    return _places_of_offers(offers, now) if offers else []


def in_groups(*, people: Iterable[str], by: Actor, now: dt.datetime) -> dict[str, list[str]]:
    """The titles of the groups, of this clinician's clinic and going on, that these people are in: for a list of them.

    `people`: public ids. Whether a page may say so of somebody is asked of `treating`.
    """
    check_may(by, "propose_change")
    offers = list(GroupOffer.objects.filter(profile__uuid__in=list(people)).select_related("profile").order_by("id"))
    if not offers:
        return {}
    clinic = treating.clinic_of(by=by, now=now)
    found: dict[str, list[str]] = defaultdict(list)
    for place in _places_of_offers(offers, now):
        if place.state == "yes" and place.group.clinic == clinic and not place.group.rhythm.is_over(now):
            found[str(place.profile.uuid)].append(place.group.title)
    return dict(found)


def place_of(*, profile: Profile, group: uuid.UUID | None, by: Actor, now: dt.datetime) -> Place:
    """One of them.

    Raises
    ------
    NotFound : there is no such group, or it was not offered to this person: the same answer.
    """
    found = next((place for place in mine(profile=profile, by=by, now=now) if place.group.id == group), None)
    if found is None:
        raise NotFound("there is no such group here")
    return found


def answer(
    *,
    profile: Profile,
    group: uuid.UUID | None,
    version: int,
    said: str,
    client_id: uuid.UUID | None,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Yes takes a place, no or leaving gives it back, at any time and without a reason. The same twice is one.

    Parameters
    ----------
    version : of the group, as the page showed it

    Raises
    ------
    InputError : it is full or over, was changed meanwhile, or something else comes first.
    """
    check_may(by, "answer_change")
    if client_id is None:
        raise InputError(policies.PAGE_IS_OLD)
    with transaction.atomic():
        # The group first and then the person, as everywhere here: two who wait for each other would wait for ever.
        row = newest(group) if group is not None else None
        if diary.is_kept(profile=profile, client_id=client_id, by=by):
            return
        place = place_of(profile=profile, group=group, by=by, now=now)
        assert row is not None, "a place is in a group"
        found, is_in = as_group(row), place.state == "yes"
        if said == "yes":
            if is_in:
                return
            _check_may_join(profile, place, found, version, now)
            new: Literal["yes", "no", "left"] = "yes"
        elif said == "no":
            if place.state in {"no", "left"}:
                return
            new = "left" if is_in else "no"
        else:
            raise InputError("Choose yes or no")
        diary.keep_entry(
            profile=profile, client_id=client_id, day=local_day(profile, now), at=now, by=by, now=now,
            entry=GroupAnswered(group=found.id, title=found.title, answer=new),
        )  # fmt: skip
        audit.record(
            by=by, action="answer_group", now=now, object_kind="group", object_uuid=found.id, profile=profile,
            answer=new,
        )  # fmt: skip


def _check_may_join(profile: Profile, place: Place, group: Group, version: int, now: dt.datetime) -> None:
    if group.rhythm.is_over(now):
        raise InputError(OVER)
    if place.state == "gone":
        raise InputError(NOT_SHARED)
    if version != group.version:
        raise InputError(CHANGED_MEANWHILE)
    if _help_first(profile):
        raise InputError("Your safety check says that something else comes first. Do what it says, then come back")
    if count_in(group=group, now=now) >= group.places:
        raise InputError(FULL)


# ---- inside ----------------------------------------------------------------------------------------------------------


def _help_first(profile: Profile) -> bool:
    """Whether the newest safety check sends to help at once, or a warning sign was told since."""
    decision = plans.latest_decision(profile)
    return decision is not None and (decision.disposition in NEVER_CLEARED or alarmed_since(profile, decision))


def _told(
    profile: Profile,
    group: Group,
    what: Literal["offered", "changed", "meeting_off", "over"],
    day: dt.date | None,
    words: str,
    by: Actor,
    now: dt.datetime,
) -> None:
    entry = GroupTold(
        group=group.id, title=group.title, name=group.leader, what=what, day=day, words=words,
        clinic=group.clinic.name[:80] if group.clinic is not None else "",
    )  # fmt: skip
    client_id = uuid.uuid5(group.id, f"{what} {group.version} {profile.uuid}")
    diary.keep_from_clinic(profile=profile, client_id=client_id, entry=entry, by=by, now=now)


def _places_of_offers(offers: list[GroupOffer], now: dt.datetime) -> list[Place]:
    rows = ClinicGroup.objects.filter(group__in={one.group for one in offers}).select_related("clinic")
    newest_of = {row.group: as_group(row) for row in rows}
    return _places([(one, newest_of[one.group]) for one in offers if one.group in newest_of], now)


def _places(offers: list[tuple[GroupOffer, Group]], now: dt.datetime) -> list[Place]:
    """As they stand now: one question for what was said, and three for each clinic."""
    profiles = {offer.profile_id for offer, _ in offers}
    rows = DiaryEntry.objects.filter(profile__in=profiles, kind=kind_of(GroupAnswered), replaced_by__isnull=True)
    said: dict[tuple[int, str], list[tuple[dt.datetime, str]]] = defaultdict(list)
    for profile, data, at in rows.order_by("id").values_list("profile", "data", "recorded_at"):
        said[profile, data["group"]].append((at, data["answer"]))
    found = []
    for clinic in {group.clinic for _, group in offers}:
        own = [(offer, group) for offer, group in offers if group.clinic == clinic]
        asked = [(offer.profile, now) for offer, _ in own]
        asked += [
            (offer.profile, answers[-1][0])
            for offer, group in own
            if (answers := said.get((offer.profile_id, str(group.id)))) and answers[-1][1] == "yes"
        ]
        let_in = _let_in(clinic, asked, now)
        for offer, group in own:
            answers = said[offer.profile_id, str(group.id)]
            found.append(
                Place(
                    profile=offer.profile, group=group, offered_at=offer.offered_at, answers=tuple(answers),
                    state=_state(offer.profile_id, answers, let_in, now),
                )
            )  # fmt: skip
    order = {(offer.profile_id, group.id): place for place, (offer, group) in enumerate(offers)}
    return sorted(found, key=lambda place: order[place.profile.pk, place.group.id])


def _state(
    profile: int, answers: list[tuple[dt.datetime, str]], let_in: frozenset[tuple[int, dt.datetime]], now: dt.datetime
) -> State:
    if (profile, now) not in let_in:
        return "gone"
    if not answers:
        return "waits"
    at, said = answers[-1]
    if said == "yes":
        return "yes" if (profile, at) in let_in else "waits"
    return "no" if said == "no" else "left"


def _let_in(
    clinic: Clinic | None, people: list[tuple[Profile, dt.datetime]], now: dt.datetime
) -> frozenset[tuple[int, dt.datetime]]:
    """Who lets the clinic see what a group needs, without a gap since these times; everybody, without accounts."""
    if clinic is None:
        return frozenset((person.pk, since) for person, since in people)
    return access.let_in_since(clinic=clinic, people=people, data_classes=NEEDED, now=now)
