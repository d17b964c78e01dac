"""What a clinician proposes beyond exercises of the library, and sends through a service: nothing before the yes."""

import base64
import hashlib
import json
import uuid
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.once import invented_once
from tests.unit.interchange.test_pictures import png
from tests.unit.services.conftest import NOW
from tests.unit.services.service_world import as_person, as_staff, make_world
from upperback.care.diary import PlanProposed
from upperback.care.plan.pool import hiding_tags
from upperback.content.vocabulary import default_content
from upperback.core.errors import Conflict, InputError, NotAllowed, NotFound
from upperback.interchange.pictures import clean_picture
from upperback.interchange.plan_change import OwnWords, new_key, without_pictures
from upperback.services import archive, diary, erasure, pictures, plan_changes, plans, proposals, treating
from upperback.services.actors import READER, Actor
from upperback.services.bring_in import bring_in
from upperback.services.people import Profile
from upperback.services.treating import EVERYTHING, Seen
from upperback.store.models import Clearance, DiaryEntry, PictureKept, PlanVersion

pytestmark = pytest.mark.django_db

KEY = new_key()
CONTENT = default_content()
STRETCH = OwnWords(title="Towel roll", words="Lie on it.\nBreathe.", sets=1, reps=5, per_day=2, checked=True)


@pytest.fixture
def priya(db: None) -> Profile:
    """A plan in the full build dose."""
    return invented_once("desk", NOW)


def proposed(profile: Profile, **parts: Any) -> bytes:
    usual: dict[str, Any] = {
        "name": "Mina Patel", "role": "physiotherapist", "add": [], "remove": [], "doses": {}, "note": "", "key": KEY,
    }  # fmt: skip
    return plan_changes.propose_change(profile=profile, by=READER, now=NOW, **usual | parts)


def accept(profile: Profile, data: bytes, actor: Actor) -> PlanVersion | None:
    return plan_changes.accept_change(profile=profile, data=data, client_id=uuid.uuid4(), by=actor, now=NOW)


def send(profile: Profile, data: bytes) -> DiaryEntry:
    return proposals.send(
        seen=Seen(profile, EVERYTHING), data=data, name="Mina", client_id=uuid.uuid4(), by=READER, now=NOW
    )  # fmt: skip


def reply(profile: Profile, actor: Actor, *, yes: bool, client_id: uuid.UUID | None = None) -> PlanVersion | None:
    sent = proposals.waiting(profile=profile, by=actor)
    return proposals.answer(
        profile=profile, proposal_id=sent.id if sent else uuid.uuid4(), yes=yes, client_id=client_id or uuid.uuid4(),
        by=actor, now=NOW,
    )  # fmt: skip


def test_a_dose_outside_of_the_usual_needs_a_reason_and_has_an_end(priya: Profile, actor: Actor) -> None:
    item = next(
        one for one in plan_changes.what_may_change(profile=priya, by=READER).exercises
        if one.exercise.kind == "strength"
    )  # fmt: skip
    id, usual, most = item.exercise.id, item.bounds, item.clinician_bounds
    assert (most.sets[1], most.reps[1]) == (6, 20)
    assert most.sets[1] > usual.sets[1]
    for dose, reason, words in (
        ((usual.sets[1] + 1, usual.reps[1]), "", "say why"),
        ((1, usual.reps[0] - 1), "", "say why"),
        ((most.sets[1] + 1, 8), "Strong already", "in this plan"),
        ((1, most.reps[1] + 1), "Strong already", "in this plan"),
    ):
        with pytest.raises(InputError, match=words):
            proposed(priya, doses={id: dose}, reasons={id: reason})
    data = proposed(priya, doses={id: (5, 15)}, reasons={id: "Strong already"})
    assert json.loads(data)["version"] == 2
    plan = accept(priya, data, actor)
    assert plan is not None
    (now,) = (one for one in plan.record["exercises"] if one["id"] == id)
    assert (now["sets"], now["reps"]) == (5, 15)
    told = diary.entries(profile=priya, by=actor)[-1].entry
    assert told.reasons == (f"{item.exercise.title}: Strong already",)  # type: ignore[attr-defined]


def test_neither_thin_bones_nor_a_small_start_take_more_with_a_reason(db: None) -> None:
    joan = invented_once("bone", NOW)
    for item in plan_changes.what_may_change(profile=joan, by=READER).exercises:
        assert item.clinician_bounds.sets[1] <= item.bounds.sets[1]


def test_what_old_installations_can_read_is_written_as_they_read_it(priya: Profile) -> None:
    assert json.loads(proposed(priya, note="Well done"))["version"] == 1


def test_a_caution_takes_out_what_it_hides_and_stays(priya: Profile, actor: Actor) -> None:
    before = plans.open_plan(profile=priya, by=actor)
    here = {item["id"]: CONTENT.exercises[item["id"]] for item in before.record["exercises"]}
    tag = next(
        tag for tag in CONTENT.cautions
        if tag not in before.record["cautions"] and any(hiding_tags(one, [tag]) for one in here.values())
    )  # fmt: skip
    hidden = {id for id, one in here.items() if hiding_tags(one, [tag])}
    data = proposed(priya, cautions={tag: "Found today"})
    found = plan_changes.look_at_change(profile=priya, data=data, by=actor)
    assert hidden <= {item["id"] for item in found.removed}
    plan = accept(priya, data, actor)
    assert plan is not None
    assert tag in plan.record["cautions"]
    assert not any(hiding_tags(CONTENT.exercises[item["id"]], [tag]) for item in plan.record["exercises"])
    assert tag in plans.make_plan(profile=priya, by=actor, now=NOW, today=NOW.date()).record["cautions"]
    with pytest.raises(InputError, match="cannot come in"):
        proposed(priya, add=[next(iter(hidden))])
    after = accept(priya, proposed(priya, cautions_off=[tag]), actor)
    assert after is not None
    assert tag not in after.record["cautions"]


def test_a_caution_of_the_answers_is_not_taken_away(db: None) -> None:
    joan = invented_once("bone", NOW)
    tag = plan_changes.what_may_change(profile=joan, by=READER).cautions[0]
    with pytest.raises(Conflict):
        proposed(joan, cautions_off=[tag])


def test_an_exercise_in_own_words_comes_and_goes(priya: Profile, actor: Actor) -> None:
    plan = accept(priya, proposed(priya, own=[STRETCH]), actor)
    assert plan is not None
    (own,) = plan.record["own"]
    assert (own["title"], own["words"], own["per_day"]) == ("Towel roll", "Lie on it.\nBreathe.", 2)
    with pytest.raises(InputError, match="there already"):
        proposed(priya, own=[STRETCH])
    after = accept(priya, proposed(priya, own_off=[own["id"]]), actor)
    assert after is not None
    assert "own" not in after.record


def test_nothing_of_the_plan_changes_before_the_yes(priya: Profile, actor: Actor) -> None:
    send(priya, proposed(priya, note="One"))
    send(priya, proposed(priya, own=[STRETCH]))
    assert PlanVersion.objects.filter(profile=priya).count() == 1
    sent = proposals.waiting(profile=priya, by=actor)
    assert sent is not None
    assert b"Towel" in sent.data  # the newer one stands in the place of the older
    assert sent.name == "Mina"
    same = uuid.uuid4()
    plan = reply(priya, actor, yes=True, client_id=same)
    assert plan is not None
    assert plan.record["own"]
    assert reply(priya, actor, yes=True, client_id=same) is None  # sent twice
    assert proposals.waiting(profile=priya, by=actor) is None
    with pytest.raises(InputError, match="answered already"):
        reply(priya, actor, yes=True)
    assert PlanVersion.objects.filter(profile=priya).count() == 2


def test_a_file_that_gets_the_same_yes_twice_makes_one_version(priya: Profile, actor: Actor) -> None:
    data, same = proposed(priya, own=[STRETCH]), uuid.uuid4()
    first, again = (
        plan_changes.accept_change(profile=priya, data=data, client_id=same, by=actor, now=NOW) for _ in range(2)
    )
    assert first is not None
    assert again is None
    with pytest.raises(Conflict):  # another page, that knows the plan of before
        accept(priya, data, actor)


def test_no_leaves_the_plan_as_it_is(priya: Profile, actor: Actor) -> None:
    send(priya, proposed(priya, own=[STRETCH]))
    assert reply(priya, actor, yes=False) is None
    assert proposals.waiting(profile=priya, by=actor) is None
    assert PlanVersion.objects.filter(profile=priya).count() == 1


def test_what_was_sent_for_an_older_plan_is_not_used(priya: Profile, actor: Actor) -> None:
    send(priya, proposed(priya, own=[STRETCH]))
    plan = plans.open_plan(profile=priya, by=actor)
    plans.shape_plan(plan=plan, days=["mon"], by=actor, now=NOW)
    with pytest.raises(Conflict):
        reply(priya, actor, yes=True)
    assert proposals.waiting(profile=priya, by=actor) is not None  # still there, to be put away
    reply(priya, actor, yes=False)


def test_exercise_is_fine_says_who_has_seen_the_person_and_the_person_agrees(db: None, actor: Actor) -> None:
    ken = invented_once("weight", NOW)
    waits = plan_changes.what_waits(profile=ken, by=READER, now=NOW)
    assert waits is not None
    about: dict[str, Any] = {
        "profile": ken, "name": "Mina", "role": "gp", "has_seen": True, "reason": "Weight is stable", "key": KEY,
        "by": READER, "now": NOW,
    }  # fmt: skip
    for wrong, field in (({"has_seen": False}, "seen"), ({"reason": " "}, "reason"), ({"role": "x"}, "role")):
        with pytest.raises(InputError) as refused:
            plan_changes.propose_clearance(**about | wrong)
        assert refused.value.details["field"] == field
    send(ken, plan_changes.propose_clearance(**about))
    assert not Clearance.objects.exists()
    reply(ken, actor, yes=True)
    (cleared,) = Clearance.objects.all()
    assert (cleared.role, cleared.decision) == ("gp", waits)
    told = diary.entries(profile=ken, by=actor)[-2:]
    assert "Weight is stable" in str([row.entry for row in told])
    assert plan_changes.what_waits(profile=ken, by=READER, now=NOW) is None


def test_nobody_says_that_exercise_is_fine_after_an_emergency_or_where_nothing_waits(db: None, priya: Profile) -> None:
    walter = invented_once("cord", NOW)
    for person in (walter, priya):
        assert plan_changes.what_waits(profile=person, by=READER, now=NOW) is None
        with pytest.raises(NotAllowed):
            plan_changes.propose_clearance(
                profile=person, name="M", role="gp", has_seen=True, reason="Fine", key=KEY, by=READER, now=NOW
            )  # fmt: skip


def test_only_whoever_treats_somebody_sends_and_only_with_the_plan_shared(priya: Profile, actor: Actor) -> None:
    world = make_world()
    ana = world.record(world.ana)
    data = proposed(priya, note="x")
    with pytest.raises(NotFound):
        treating.see(profile_uuid=ana.uuid, by=as_staff(world.stranger), now=NOW)
    with pytest.raises(NotFound):
        proposals.send(
            seen=Seen(priya, EVERYTHING - {"plan"}), data=data, name="M", client_id=uuid.uuid4(), by=READER, now=NOW
        )  # fmt: skip
    seen = treating.see(profile_uuid=ana.uuid, by=as_staff(world.mina), now=NOW)
    with pytest.raises(InputError, match="somebody else"):
        proposals.send(
            seen=seen, data=data, name="M", client_id=uuid.uuid4(), by=as_staff(world.mina), now=NOW
        )  # fmt: skip
    entry = PlanProposed(name="M", file="{}")
    about: dict[str, Any] = {"client_id": uuid.uuid4(), "entry": entry, "now": NOW}
    with pytest.raises(InputError, match="clinician"):
        diary.keep_entry(profile=priya, day=NOW.date(), at=NOW, by=actor, **about)
    with pytest.raises(NotFound):
        diary.keep_from_clinic(profile=ana, by=as_person(world.ana), **about)


# ---- a picture beside an exercise in own words -----------------------------------------------------------------------

PICTURE = clean_picture(png(40, 30))
NAME = hashlib.sha256(PICTURE).hexdigest()
DRAWN = OwnWords(
    title="Towel roll", words="Lie on it.", sets=1, reps=5, per_day=2, checked=True, picture=NAME, alt="A towel, rolled"
)


def drawn(profile: Profile) -> bytes:
    return proposed(profile, own=[DRAWN], pictures_by_sha256={NAME: PICTURE})


def test_a_picture_is_sent_seen_and_stands_in_the_plan(priya: Profile, actor: Actor) -> None:
    entry = send(priya, drawn(priya))
    assert len(entry.data["file"]) < 4000  # the diary holds the words, and the picture is beside it
    found = plan_changes.look_at_change(profile=priya, data=entry.data["file"].encode(), by=actor)
    assert [(one.picture, one.alt) for one in found.own] == [(NAME, "A towel, rolled")]
    plan = reply(priya, actor, yes=True)
    assert plan is not None
    (own,) = plan.record["own"]
    assert (own["picture"], own["alt"]) == (NAME, "A towel, rolled")
    assert pictures.picture_of(profile=priya, sha256=own["picture"], by=actor) == PICTURE
    with pytest.raises(NotFound):
        pictures.picture_of(profile=invented_once("bone", NOW), sha256=NAME, by=actor)


def test_a_picture_comes_by_file_and_goes_with_the_archive(
    priya: Profile, actor: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "_PIECE_BYTES", 50)
    plan = accept(priya, drawn(priya), actor)
    assert plan is not None
    assert PictureKept.objects.filter(profile=priya).count() > 1
    kept = tmp_path / "a.zip"
    with kept.open("wb") as out:
        archive.write_archive(profile=priya, out=out, by=actor, now=NOW)
    erasure.erase_person(profile=priya, by=actor, now=NOW)
    assert not PictureKept.objects.exists()
    again = bring_in(path=kept, name="a.zip", by=actor, now=NOW)
    assert pictures.picture_of(profile=again, sha256=NAME, by=actor) == PICTURE
    first = PictureKept.objects.filter(profile=again).order_by("piece")[:1]
    PictureKept.objects.filter(pk__in=first.values("pk")).update(data=b"<svg>")
    with pytest.raises(InputError, match="not the one"):
        pictures.check_all(profile=again)


def test_a_file_whose_picture_is_another_is_refused(priya: Profile, actor: Actor) -> None:
    data = json.loads(drawn(priya))
    other = clean_picture(png(41, 30))
    for pictures_sent in (
        {NAME: base64.b64encode(other).decode()},
        {NAME: base64.b64encode(PICTURE + b"x").decode()},
        {NAME: base64.b64encode(PICTURE).decode(), "0" * 64: base64.b64encode(other).decode()},
        {NAME: "*"}, [1],
    ):  # fmt: skip
        with pytest.raises(InputError, match="not as it was signed"):
            accept(priya, json.dumps(data | {"pictures": pictures_sent}).encode(), actor)
    with pytest.raises(InputError, match="missing"):
        accept(priya, without_pictures(json.dumps(data).encode()), actor)
    assert not PictureKept.objects.exists()
    assert accept(priya, json.dumps(data).encode(), actor) is not None  # the control


def test_a_picture_that_nothing_names_goes_with_the_next(priya: Profile, actor: Actor) -> None:
    plan_changes.put_pictures_aside(profile=priya, data=drawn(priya), by=actor, now=NOW)
    other = clean_picture(png(41, 30))
    pictures.keep(profile=priya, pictures={hashlib.sha256(other).hexdigest(): other}, by=actor, now=NOW)
    assert pictures.missing(profile=priya, wanted=[NAME]) == {NAME}
    send(priya, drawn(priya))
    pictures.keep(profile=priya, pictures={hashlib.sha256(other).hexdigest(): other}, by=actor, now=NOW)
    assert not pictures.missing(profile=priya, wanted=[NAME])


@pytest.mark.parametrize("wrong", [{"alt": ""}, {"alt": " "}, {"picture": ""}, {"picture": "../x"}, {"alt": "x" * 201}])
def test_a_picture_has_words_and_a_name(priya: Profile, wrong: dict[str, str]) -> None:
    with pytest.raises(InputError):
        proposed(priya, own=[msgspec.structs.replace(DRAWN, **wrong)], pictures_by_sha256={NAME: PICTURE})
