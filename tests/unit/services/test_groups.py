"""Groups of a clinic: made, changed, offered and answered; nobody is in one without their own yes, or beyond it."""

import dataclasses
import datetime as dt
import uuid
import zipfile
from pathlib import Path
from typing import Any

import icalendar
import pytest

from tests.unit.services.conftest import NOW
from tests.unit.services.service_world import (
    World,
    as_person,
    as_staff,
    make_world,
    new_person,
    new_staff,
    share,
)
from upperback.care.diary import GroupTold, only
from upperback.care.plan.pool import hiding_tags
from upperback.content.vocabulary import default_content
from upperback.core.errors import InputError, NotFound
from upperback.services import (
    archive,
    demo,
    diary,
    erasure,
    feeds,
    group_places,
    group_weeks,
    groups,
    plans,
    sharing,
    treating,
)
from upperback.services.actors import READER
from upperback.services.clinics import Account
from upperback.services.groups import Form, Group, Line
from upperback.store.models import AuditEvent, ClinicGroup, DiaryEntry, GroupOffer, PlanVersion, Profile

pytestmark = pytest.mark.django_db

TODAY = NOW.date()
CONTENT = default_content()
FORM = Form(
    title="Backs on Tuesday", words="Gentle exercise together.", leader="Mina Patel", starts_on=TODAY, weeks=6,
    weekday=1, at=dt.time(18, 30), minutes=60, time_zone="Europe/London", place="Room 4", link="", places=2,
)  # fmt: skip


@pytest.fixture
def world(db: None) -> World:
    return make_world()


def form(**parts: Any) -> Form:
    return dataclasses.replace(FORM, **parts)


def make(who: Account, id: uuid.UUID | None = None, version: int = 0, **parts: Any) -> Group:
    return groups.keep_group(
        group=id or uuid.uuid4(), version=version, form=form(**parts), by=as_staff(who), now=NOW
    )  # fmt: skip


def offer(who: Account, group: Group, *people: Account) -> int:
    seen = [
        treating.see(profile_uuid=person.profile.uuid, by=as_staff(who), now=NOW)
        for person in people
        if person.profile is not None
    ]
    return group_places.offer(group=group, people=seen, by=as_staff(who), now=NOW)


def say(
    person: Account, group: Group, said: str, *, version: int | None = None, now: dt.datetime = NOW,
    client_id: uuid.UUID | None = None,
) -> None:  # fmt: skip
    assert person.profile is not None
    group_places.answer(
        profile=person.profile, group=group.id, version=group.version if version is None else version, said=said,
        client_id=client_id or uuid.uuid4(), by=as_person(person), now=now,
    )  # fmt: skip


def state(person: Account, now: dt.datetime = NOW) -> list[str]:
    assert person.profile is not None
    return [place.state for place in group_places.mine(profile=person.profile, by=as_person(person), now=now)]


def told(profile: Profile) -> list[str]:
    written = diary.entries(profile=profile, by=READER, kinds=[GroupTold])
    return [entry.what for _, entry in only(written, GroupTold)]


# ---- the group -------------------------------------------------------------------------------------------------------


def test_a_group_is_the_clinics_and_no_other_clinics(world: World) -> None:
    made, olu = make(world.mina), new_staff("Olu Ade", world.north)
    assert [one.id for one in groups.groups_of(by=as_staff(olu), now=NOW)] == [made.id]
    assert groups.groups_of(by=as_staff(world.stranger), now=NOW) == []
    for version in (0, 1):
        with pytest.raises(NotFound):
            make(world.stranger, made.id, version)
    with pytest.raises(NotFound):
        groups.group_of(group=made.id, by=as_staff(world.stranger), now=NOW)
    with pytest.raises(NotFound):
        groups.groups_of(by=as_person(world.ana), now=NOW)


def test_the_same_sent_twice_is_one_and_two_who_edit_do_not_overwrite_each_other(world: World) -> None:
    made = make(world.mina)
    assert make(world.mina, made.id) == made
    assert ClinicGroup.objects.count() == 1
    changed = make(world.mina, made.id, 1, place="Room 5")
    assert (changed.version, changed.place) == (2, "Room 5")
    assert make(world.mina, made.id, 1, place="Room 5") == changed  # the same again, from the page before
    with pytest.raises(InputError, match="changed meanwhile"):
        make(world.mina, made.id, 1, place="Room 6")
    assert ClinicGroup.objects.count() == 2
    assert list(AuditEvent.objects.filter(object_kind="group").values_list("action", flat=True)) == [
        "make_group", "change_group",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"title": " "}, "title"), ({"title": "x" * 61}, "title"), ({"words": "a\x00"}, "what it is"),
        ({"starts_on": TODAY - dt.timedelta(days=1)}, "from today on"), ({"starts_on": None}, "from today on"),
        ({"starts_on": TODAY + dt.timedelta(days=371)}, "within a year"), ({"weeks": 0}, "1 to 26"),
        ({"weeks": 400}, "1 to 26"), ({"weeks": None}, "1 to 26"), ({"weekday": 7}, "day of the week"),
        ({"at": None}, "time it begins"), ({"minutes": 5}, "15 to 180"), ({"places": 1}, "2 to 30"),
        ({"time_zone": "Mars/Base"}, "time zone"), ({"link": "http://a.example"}, "https"),
        ({"link": "https://a.example/\"onclick"}, "https"), ({"leader": ""}, "who leads"),
        ({"words": "For Ana and others"}, "name of somebody"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_in_a_sentence(world: World, parts: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        make(world.mina, **parts)
    assert not ClinicGroup.objects.exists()


def test_the_programme_keeps_to_weeks_and_doses(world: World) -> None:
    made = make(world.mina)
    line = Line(exercise="MV01", first_week=1, last_week=3, sets=1, reps=8)
    groups.add_line(group=made, version=1, line=line, by=as_staff(world.mina), now=NOW)
    kept = groups.add_line(group=made, version=1, line=line, by=as_staff(world.mina), now=NOW)  # sent twice
    assert (kept.version, kept.week(3), kept.week(4)) == (2, [line], [])
    for wrong in (
        {"exercise": "none"}, {"first_week": 0}, {"last_week": 7}, {"first_week": 3, "last_week": 2}, {"sets": 9},
        {"reps": 99}, {"first_week": 2},
    ):  # fmt: skip
        with pytest.raises(InputError):
            groups.add_line(
                group=kept, version=2, line=dataclasses.replace(line, **wrong), by=as_staff(world.mina), now=NOW
            )
    other = dataclasses.replace(line, exercise="MV02")
    with pytest.raises(InputError, match="changed meanwhile"):
        groups.add_line(group=kept, version=1, line=other, by=as_staff(world.mina), now=NOW)
    assert groups.take_out(group=kept, line=line, by=as_staff(world.mina), now=NOW).programme == ()


# ---- who is in it ----------------------------------------------------------------------------------------------------


def test_somebody_says_yes_themselves_and_leaves_when_they_like(world: World) -> None:
    made = make(world.mina)
    assert offer(world.mina, made, world.ana) == 1
    assert offer(world.mina, made, world.ana) == 0
    assert state(world.ana) == ["waits"]
    client_id = uuid.uuid4()
    for _again in range(2):
        say(world.ana, made, "yes", client_id=client_id)
    assert state(world.ana) == ["yes"]
    say(world.ana, made, "no")
    assert state(world.ana) == ["left"]
    say(world.ana, made, "yes")
    assert state(world.ana) == ["yes"]
    assert [row.data["answer"] for row in DiaryEntry.objects.filter(kind="group_answered")] == ["yes", "left", "yes"]
    assert told(world.record(world.ana)) == ["offered"]


def test_a_group_is_offered_only_by_somebody_who_may_and_to_somebody_who_shares(world: World) -> None:
    made = make(world.mina)
    with pytest.raises(NotFound):
        offer(world.mina, made, world.bo)
    with pytest.raises(NotFound):
        offer(world.stranger, made, world.ana)
    share(world.bo, world.mina, data_classes=frozenset({"identity", "plan"}))
    with pytest.raises(NotFound):
        offer(world.mina, made, world.bo)
    with pytest.raises(NotFound):
        say(world.bo, made, "yes")
    with pytest.raises(InputError, match="Choose"):
        group_places.offer(group=made, people=[], by=as_staff(world.mina), now=NOW)


def test_a_full_group_takes_nobody_else_until_a_place_gets_free(world: World) -> None:
    made = make(world.mina, places=3)
    people = [world.ana, world.bo, new_person("Cy Dunn"), new_person("Di Eng")]
    for person in people[1:]:
        share(person, world.mina)
    offer(world.mina, made, *people)
    for person in people[:3]:
        say(person, made, "yes")
    with pytest.raises(InputError, match="full"):
        say(people[3], made, "yes")
    assert state(people[3]) == ["waits"]
    with pytest.raises(InputError, match="3 people"):
        groups.keep_group(group=made.id, version=1, form=form(places=2), by=as_staff(world.mina), now=NOW)
    say(people[0], made, "no")
    say(people[3], made, "yes")
    assert group_places.count_in(group=made, now=NOW) == made.places


def test_what_is_taken_back_takes_the_person_out_and_sharing_again_asks_again(world: World) -> None:
    made, later = make(world.mina), NOW + dt.timedelta(seconds=1)
    offer(world.mina, made, world.ana)
    say(world.ana, made, "yes")
    ana = world.record(world.ana)
    for grant in sharing.grants_of(profile=ana, by=as_person(world.ana)):
        sharing.withdraw(profile=ana, grant_uuid=grant.id, by=as_person(world.ana), now=later)
    assert state(world.ana, later) == ["gone"]
    assert group_places.count_in(group=made, now=later) == 0
    with pytest.raises(InputError, match="do not share"):
        say(world.ana, made, "yes", now=later)
    again = later + dt.timedelta(minutes=1)
    share(world.ana, world.mina, now=again)
    assert state(world.ana, again) == ["waits"]
    say(world.ana, made, "yes", now=again)
    assert state(world.ana, again) == ["yes"]


def test_a_yes_to_another_version_is_none(world: World) -> None:
    made = make(world.mina)
    offer(world.mina, made, world.ana)
    make(world.mina, made.id, 1, place="Another town")
    with pytest.raises(InputError, match="changed meanwhile"):
        say(world.ana, made, "yes")
    say(world.ana, made, "yes", version=2)
    assert told(world.record(world.ana)) == ["offered", "changed"]


# ---- what is done in it ----------------------------------------------------------------------------------------------


def line(exercise: str, sets: int = 1, reps: int = 8) -> Line:
    return Line(exercise=exercise, first_week=1, last_week=6, sets=sets, reps=reps)


def open_plan(key: str) -> PlanVersion:
    return plans.open_plan(profile=demo.make_person(key=key, now=NOW), by=READER)


@pytest.mark.parametrize("key", ["bone", "desk", "pregnant"])
def test_nobody_does_what_a_caution_speaks_against_or_more_than_their_plan_allows(db: None, key: str) -> None:
    """Every exercise of the content, as much of it as a group may do."""
    plan = open_plan(key)
    tops = {id: groups.bounds_in_groups(id) for id in CONTENT.exercises}
    fits = group_weeks.fit_of(plan, [line(id, tops[id].sets[1], tops[id].reps[1]) for id in CONTENT.exercises])
    assert len(fits) == len(CONTENT.exercises)
    tags = set(plan.record["cautions"])
    own = {item["id"] for item in plan.record["exercises"]}
    for fit in fits:
        if fit.exercise is None:
            assert fit.why
            continue
        assert not hiding_tags(CONTENT.exercises[fit.exercise], tags), fit
        if fit.how == "own":
            assert fit.exercise in own
            continue
        keep = dict(plan.choices) | {"keep": [*plan.choices.get("keep", ()), fit.exercise]}
        item = next(one for one in plans.build(plan.findings, keep).exercises if one.exercise.id == fit.exercise)
        assert fit.sets <= item.bounds.sets[1]
        assert fit.reps <= item.bounds.reps[1]
        assert fit.notes == tuple(item.how)
    done = [fit.exercise for fit in fits if fit.exercise is not None]
    assert len(done) == len(set(done))


def test_a_caution_is_found_by_this_test(db: None) -> None:
    """The negative control: thin bones hide something of the programme, and it is said why."""
    fits = group_weeks.fit_of(open_plan("bone"), [line(id) for id in CONTENT.exercises])
    assert any(fit.how in {"swap", "out"} and fit.tags and fit.why for fit in fits)


def test_no_exercise_is_shown_outside_of_the_group_or_without_an_open_plan(world: World) -> None:
    made = make(world.mina, starts_on=TODAY, weekday=TODAY.weekday())
    made = groups.add_line(group=made, version=1, line=line("MV01"), by=as_staff(world.mina), now=NOW)
    offer(world.mina, made, world.ana)
    ana = world.record(world.ana)

    def week() -> group_weeks.OwnWeek | None:
        place = group_places.place_of(profile=ana, group=made.id, by=as_person(world.ana), now=NOW)
        return group_weeks.own_week(place=place, by=as_person(world.ana), now=NOW)

    assert week() is None
    say(world.ana, made, "yes")
    closed = week()
    assert closed is not None
    assert (closed.fits, bool(closed.closed)) == ((), True)


def test_who_came_is_ticked_after_it_began_and_can_be_corrected(world: World) -> None:
    made = make(world.mina, starts_on=TODAY, weekday=TODAY.weekday(), at=dt.time(23, 30))
    offer(world.mina, made, world.ana)
    say(world.ana, made, "yes")
    ana, began = world.record(world.ana), made.meetings[0].starts_at

    def tick(came: bool, now: dt.datetime, client_id: uuid.UUID | None = None, who: Account = world.mina) -> int:
        return group_places.tick(
            group=made, day=made.meetings[0].day, came={ana.uuid: came}, name=who.name, by=as_staff(who), now=now,
            client_id=client_id or uuid.uuid4(), people=treating.see_all(by=as_staff(who), now=now),
        )  # fmt: skip

    with pytest.raises(InputError, match="not begun"):
        tick(True, began - dt.timedelta(minutes=1))
    client_id = uuid.uuid4()
    assert [tick(True, began, client_id), tick(True, began, client_id), tick(False, began)] == [1, 0, 1]
    assert group_places.came_of(group=made, people=[ana.pk]) == {(ana.pk, made.meetings[0].day): False}
    assert [row.data["came"] for row in DiaryEntry.objects.filter(kind="group_came")] == [True, False]
    olu = new_staff("Olu Ade", world.north)
    assert tick(True, began, who=olu) == 0  # does not look after her
    assert DiaryEntry.objects.filter(kind="group_came").count() == 2


@pytest.mark.parametrize("key", ["cord", "fracture"])
def test_a_group_is_not_offered_where_help_comes_first(world: World, key: str) -> None:
    made = groups.keep_group(group=uuid.uuid4(), version=0, form=FORM, by=READER, now=NOW)
    seen = treating.see(profile_uuid=demo.make_person(key=key, now=NOW).uuid, by=READER, now=NOW)
    with pytest.raises(InputError, match="something else comes first"):
        group_places.offer(group=made, people=[seen], by=READER, now=NOW)
    assert group_places.places_of(group=made, now=NOW) == []


# ---- where it shows --------------------------------------------------------------------------------------------------


def meetings_in(data: bytes) -> list[tuple[str, dt.datetime]]:
    calendar = icalendar.Calendar.from_ical(data)
    return [(str(event["SUMMARY"]), event["DTSTART"].dt) for event in calendar.walk("VEVENT")]


def test_meetings_are_in_the_calendar_at_their_time_when_the_clocks_change_and_gone_when_called_off(
    world: World,
) -> None:
    spring = dt.datetime(2027, 3, 22, 9, tzinfo=dt.UTC)  # clocks go forward on 28 March 2027
    ana, by = world.record(world.ana), as_person(world.ana)
    share(world.ana, world.mina, now=spring)
    made = groups.keep_group(
        group=uuid.uuid4(), version=0, by=as_staff(world.mina), now=spring,
        form=form(starts_on=spring.date(), weeks=3, link="https://meet.example/secret"),
    )  # fmt: skip
    token = feeds.make_feed(profile=ana, by=by, now=spring)
    seen = treating.see(profile_uuid=ana.uuid, by=as_staff(world.mina), now=spring)
    group_places.offer(group=made, people=[seen], by=as_staff(world.mina), now=spring)
    assert meetings_in(feeds.read_feed(token=token, now=spring)) == []
    say(world.ana, made, "yes", now=spring)
    data = feeds.read_feed(token=token, now=spring)
    times = [at for _, at in meetings_in(data)]
    assert [(at.day, at.hour, at.minute) for at in times] == [(23, 18, 30), (30, 18, 30), (6, 18, 30)]
    assert times[1].astimezone(dt.UTC) - times[0].astimezone(dt.UTC) == dt.timedelta(days=7, hours=-1)
    assert b"secret" not in data
    assert b"Backs" not in data
    groups.call_off(group=made, day=dt.date(2027, 3, 30), reason="Closed", by=as_staff(world.mina), now=spring)
    assert [at.day for _, at in meetings_in(feeds.read_feed(token=token, now=spring))] == [23, 6]
    place = group_places.place_of(profile=ana, group=made.id, by=by, now=spring)
    assert b"https://meet.example/secret" in feeds.group_file(place=place, by=by, now=spring)
    say(world.ana, made, "no", version=2, now=spring)
    assert meetings_in(feeds.read_feed(token=token, now=spring)) == []
    left = group_places.place_of(profile=ana, group=made.id, by=by, now=spring)
    assert meetings_in(feeds.group_file(place=left, by=by, now=spring)) == []


def test_a_list_names_the_groups_of_the_clinic_only_while_somebody_is_in_one(world: World) -> None:
    made, ana = make(world.mina), str(world.record(world.ana).uuid)
    offer(world.mina, made, world.ana)

    def listed(who: Account) -> dict[str, list[str]]:
        return group_places.in_groups(people=[ana], by=as_staff(who), now=NOW)

    assert listed(world.mina) == {}
    say(world.ana, made, "yes")
    assert listed(world.mina) == {ana: [made.title]}
    assert listed(world.stranger) == {}
    groups.end(group=made, reason="Too few", by=as_staff(world.mina), now=NOW)
    assert listed(world.mina) == {}
    assert told(world.record(world.ana)) == ["offered", "over"]


def test_somebody_who_is_erased_leaves_no_place_behind(world: World) -> None:
    made = make(world.mina)
    offer(world.mina, made, world.ana)
    say(world.ana, made, "yes")
    erasure.erase_person(profile=world.record(world.ana), by=as_person(world.ana), now=NOW)
    assert group_places.places_of(group=made, now=NOW) == []
    assert not GroupOffer.objects.exists()
    assert ClinicGroup.objects.count() == 1


def test_what_somebody_said_goes_along_and_takes_no_place_elsewhere(world: World, tmp_path: Path) -> None:
    made, ana, by = make(world.mina), world.record(world.ana), as_person(world.ana)
    offer(world.mina, made, world.ana)
    say(world.ana, made, "yes")
    out = tmp_path / "me.zip"
    with out.open("wb") as file:
        archive.write_archive(profile=ana, out=file, by=by, now=NOW)
    with zipfile.ZipFile(out) as packed:
        rows = b"".join(packed.read(name) for name in packed.namelist())
        assert not any("group_offer" in name for name in packed.namelist())
    assert b"group_told" in rows
    assert b"group_answered" in rows
    assert b"Backs on Tuesday" in rows


def test_a_colleague_of_the_clinic_who_was_let_in_before_the_first_one_left_keeps_the_place(world: World) -> None:
    made, olu, later = make(world.mina), new_staff("Olu Ade", world.north), NOW + dt.timedelta(days=1)
    offer(world.mina, made, world.ana)
    say(world.ana, made, "yes")
    ana = world.record(world.ana)
    share(world.ana, olu)  # both look after her; then the first one does not
    for grant in sharing.grants_of(profile=ana, by=as_person(world.ana)):
        if grant.recipient == world.mina.uuid:
            sharing.withdraw(profile=ana, grant_uuid=grant.id, by=as_person(world.ana), now=later)
    assert state(world.ana, later + dt.timedelta(days=1)) == ["yes"]
