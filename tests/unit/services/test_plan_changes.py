"""A change that a clinician proposes: signed, for this plan, within its bounds, never against a caution."""

import base64
import json
import uuid
from typing import Any

import msgspec
import pytest

from tests.once import invented_once
from tests.unit.services.conftest import NOW
from upperback.care.plan.pool import hiding_tags
from upperback.content.vocabulary import default_content
from upperback.core.errors import Conflict, InputError, NotFound
from upperback.interchange import plan_change
from upperback.interchange.plan_change import ChangedDose, PlanChange, new_key, read_change, write_change
from upperback.services import actors, diary, permissions, plan_changes, plans
from upperback.services.actors import NOBODY, READER, Actor
from upperback.services.people import Profile
from upperback.services.plan_changes import Proposed
from upperback.store.models import AuditEvent, ExerciseStep, PlanVersion

pytestmark = pytest.mark.django_db

KEY = new_key()
CONTENT = default_content()


@pytest.fixture
def joan(db: None) -> Profile:
    """Thin bones, no way down to the floor, with a plan."""
    return invented_once("bone", NOW)


def made(profile: Profile, key: bytes = KEY, **parts: Any) -> bytes:
    """A file as a clinician might make it with tools of their own."""
    plan = plans.latest_plan(profile=profile, by=actors.household("t"))
    assert plan is not None
    usual: dict[str, Any] = {
        "person": profile.uuid, "plan": plan.uuid, "made_at": "2026-11-21T10:00:00+00:00", "name": "Sam Lee",
        "role": "physiotherapist",
    }  # fmt: skip
    return write_change(PlanChange(**usual | parts), key)


def seen(profile: Profile, data: bytes, actor: Actor) -> Proposed:
    return plan_changes.look_at_change(profile=profile, data=data, by=actor)


def exercises(plan: PlanVersion) -> list[str]:
    return [item["id"] for item in plan.record["exercises"]]


def editable(profile: Profile) -> plan_changes.Editable:
    return plan_changes.what_may_change(profile=profile, by=READER)


def test_proposed_there_and_accepted_here(joan: Profile, actor: Actor) -> None:
    before = editable(joan)
    new = next(id for id in before.addable if CONTENT.exercises[id].kind == "movement")
    gone = next(item.exercise.id for item in before.exercises if item.exercise.kind == "movement")
    dosed = next(item for item in before.exercises if item.exercise.id != gone and item.bounds.reps[0] < item.dose.reps)
    wish = (1, dosed.bounds.reps[0])
    as_they_are = {item.exercise.id: (item.dose.sets, item.dose.reps) for item in before.exercises}
    data = plan_changes.propose_change(
        profile=joan, name=" Sam  Lee ", role="physiotherapist", add=[new], remove=[gone],
        doses=as_they_are | {dosed.exercise.id: wish},
        note="Slowly.", key=KEY, by=READER, now=NOW,
    )  # fmt: skip
    assert b"Joan" not in data
    found = seen(joan, data, actor)
    assert (found.change.name, found.known_since) == ("Sam Lee", None)
    assert [item["id"] for item in found.added] == [new]
    assert [item["id"] for item in found.removed] == [gone]
    assert [(one.id, one.after) for one in found.doses] == [(dosed.exercise.id, wish)]
    assert PlanVersion.objects.filter(profile=joan).count() == 1  # looking changes nothing
    plan = plan_changes.accept_change(profile=joan, data=data, client_id=uuid.uuid4(), by=actor, now=NOW)
    assert plan is not None
    assert set(exercises(plan)) == ({item.exercise.id for item in before.exercises} - {gone}) | {new}
    (item,) = (item for item in plan.record["exercises"] if item["id"] == dosed.exercise.id)
    assert (item["sets"], item["reps"]) == wish
    assert plans.open_plan(profile=joan, by=actor) == plan
    (told,) = diary.entries(profile=joan, by=actor)
    assert told.entry.note == "Slowly."  # type: ignore[attr-defined]
    with pytest.raises(Conflict, match="another version"):
        plan_changes.accept_change(profile=joan, data=data, client_id=uuid.uuid4(), by=actor, now=NOW)
    assert seen(joan, made(joan, note="Well done"), actor).known_since == NOW.date()
    assert seen(joan, made(joan, new_key(), note="Well done"), actor).known_since is None
    row = AuditEvent.objects.get(action="accept_change")
    assert "Lee" not in str(row.details)
    assert "Slowly" not in str(row.details)
    later = plans.make_plan(profile=joan, by=actor, now=NOW, today=NOW.date())
    assert exercises(later) == exercises(plan)


def test_no_exercise_against_a_caution_comes_in(joan: Profile, actor: Actor) -> None:
    """Every exercise that a caution of hers hides, each signed for: all refused. Every one of the pool may come in."""
    plan = plans.open_plan(profile=joan, by=actor)
    hidden = [one for one in CONTENT.exercises.values() if hiding_tags(one, plan.record["cautions"])]
    assert len(hidden) >= 5
    for one in hidden:
        with pytest.raises(InputError, match=r"cannot come in\. It does not go with"):
            seen(joan, made(joan, add=(one.id,), note="I take responsibility"), actor)
    addable = editable(joan).addable
    assert addable
    for id in addable:  # the negative control
        assert [item["id"] for item in seen(joan, made(joan, add=(id,)), actor).added] == [id]
    assert PlanVersion.objects.filter(profile=joan).count() == 1


def test_a_dose_stays_within_the_bounds_of_the_plan(joan: Profile, actor: Actor) -> None:
    for item in editable(joan).exercises:
        (fewest_sets, most_sets), (fewest, most) = item.bounds.sets, item.bounds.reps
        for sets, reps, fine in (
            (fewest_sets, fewest, True), (most_sets, most, True), (most_sets + 1, most, False),
            (most_sets, most + 1, False), (fewest_sets, max(1, fewest - 1), fewest == 1),
        ):  # fmt: skip
            data = made(joan, doses=(ChangedDose(exercise=item.exercise.id, sets=sets, reps=reps),))
            if fine:
                assert seen(joan, data, actor).choices["doses"] == [
                    {"exercise": item.exercise.id, "sets": sets, "reps": reps}
                ]
            else:
                with pytest.raises(InputError, match="in this plan"):
                    seen(joan, data, actor)


def test_strength_that_is_under_way_goes_by_how_it_goes(joan: Profile, actor: Actor) -> None:
    plan = plans.open_plan(profile=joan, by=actor)
    id = next(item["id"] for item in plan.record["exercises"] if item["kind"] == "strength")
    data = made(joan, doses=(ChangedDose(exercise=id, sets=1, reps=8),))
    assert seen(joan, data, actor).doses
    ExerciseStep.objects.create(
        profile=joan, plan=plan, session="s", planned=id, exercise=id, from_day=NOW.date(), move="hold", reason="x",
        record={}, decided_at=NOW, by="t", release="r", release_sha256="0" * 64,
    )  # fmt: skip
    assert editable(joan).under_way == {id}
    with pytest.raises(InputError, match="under way"):
        seen(joan, data, actor)


def test_files_for_somebody_else_or_of_nothing(joan: Profile, ana: Profile, actor: Actor) -> None:
    for parts, words in (
        ({"person": ana.uuid, "note": "x"}, "somebody else"),
        ({}, "changes nothing"),
        ({"add": ("NOT_THERE",)}, "not known here"),
        ({"role": "wizard", "note": "x"}, "role in this file"),
        ({"remove": tuple(exercises(plans.open_plan(profile=joan, by=actor)))}, "do not go together"),
    ):
        with pytest.raises(InputError, match=words):
            seen(joan, made(joan, **parts), actor)
    here = exercises(plans.open_plan(profile=joan, by=actor))
    elsewhere = next(id for id in CONTENT.exercises if id not in here)
    for parts in ({"plan": uuid.uuid4(), "note": "x"}, {"remove": (elsewhere,)}, {"add": (here[0],)}):
        with pytest.raises(Conflict):
            seen(joan, made(joan, **parts), actor)


def test_only_as_it_was_signed(joan: Profile, actor: Actor) -> None:
    data = made(joan, note="Slowly.")
    assert seen(joan, data, actor).change.note == "Slowly."
    plain = json.loads(data)
    other = json.loads(made(joan, new_key(), note="Slowly."))
    for name, value in (
        ("signed", plain["signed"].replace("Slowly", "Quickly")), ("signature", other["signature"]),
        ("public_key", other["public_key"]), ("signature", base64.b64encode(bytes(64)).decode()), ("signature", "?"),
        ("public_key", base64.b64encode(bytes(32)).decode()), ("signed", 7),
    ):  # fmt: skip
        with pytest.raises(InputError, match="not as it was signed"):
            seen(joan, json.dumps(plain | {name: value}).encode(), actor)
    for wrong in (
        b"",
        b"{}",
        b"hello",
        json.dumps(plain | {"format": "x"}).encode(),
        bytes(plan_change.BYTES_MOST + 1),
    ):
        with pytest.raises(InputError, match="no change of a plan"):
            read_change(wrong)
    with pytest.raises(InputError, match="newer"):
        read_change(json.dumps(plain | {"version": 4}).encode())


@pytest.mark.parametrize(
    "parts",
    [
        {"name": "x" * 61}, {"name": "a\u202eb"}, {"note": "x" * 401}, {"note": "a\0b"}, {"add": ("MV01", "MV01")},
        {"add": ("MV01",), "remove": ("MV01",)}, {"add": ("../x",)}, {"made_at": "x" * 41},
        {"doses": (ChangedDose(exercise="MV01", sets=1, reps=51),)},
    ],
)  # fmt: skip
def test_parts_that_cannot_be_are_not_even_signed(parts: dict[str, Any]) -> None:
    usual: dict[str, Any] = {"person": uuid.uuid4(), "plan": uuid.uuid4(), "made_at": "", "name": "S", "role": "gp"}
    with pytest.raises(InputError):
        write_change(PlanChange(**usual | parts), KEY)
    assert read_change(write_change(PlanChange(**usual), KEY)).change == msgspec.convert(usual, PlanChange)


def test_refused_leaves_the_plan_as_it_is(joan: Profile, actor: Actor) -> None:
    data = made(joan, note="Slowly.")
    plan_changes.refuse_change(profile=joan, data=data, by=actor, now=NOW)
    assert PlanVersion.objects.filter(profile=joan).count() == 1
    assert AuditEvent.objects.filter(action="refuse_change").count() == 1
    assert not diary.entries(profile=joan, by=actor)


def test_who_may_do_what(joan: Profile, actor: Actor) -> None:
    """A reader looks and proposes, nothing else; a person answers; nobody does anything."""
    reader = {action for action in permissions.ACTIONS if permissions.may(READER, action)}
    assert reader == {"list_profiles", "see_profile", "propose_change"}
    assert not permissions.may(actor, "propose_change")
    data = made(joan, note="x")
    for by in (READER, NOBODY):
        for call in (
            lambda by=by: plan_changes.look_at_change(profile=joan, data=data, by=by),
            lambda by=by: plan_changes.refuse_change(profile=joan, data=data, by=by, now=NOW),
            lambda by=by: plan_changes.accept_change(profile=joan, data=data, client_id=uuid.uuid4(), by=by, now=NOW),
        ):
            with pytest.raises(NotFound):
                call()
    for by in (actor, NOBODY):
        with pytest.raises(NotFound):
            plan_changes.what_may_change(profile=joan, by=by)
        with pytest.raises(NotFound):
            plan_changes.propose_change(
                profile=joan, name="S", role="gp", add=[], remove=[], doses={}, note="x", key=KEY, by=by, now=NOW
            )
