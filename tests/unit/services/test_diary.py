"""The diary: kept once however often it is sent, corrected without forgetting, and nobody else's."""

import datetime as dt
import uuid

import pytest

from tests.unit.services.conftest import NOW
from upperback.care.diary import Morning, Moved, SetDone, only
from upperback.core.errors import Conflict, InputError, NotFound
from upperback.services import diary, people
from upperback.services.actors import NOBODY, Actor
from upperback.services.diary import DiaryEntry
from upperback.services.people import Profile
from upperback.store.models import AuditEvent

pytestmark = pytest.mark.django_db

TODAY = NOW.date()


def keep(profile: Profile, actor: Actor, pain: int = 3, **changes: object) -> DiaryEntry:
    arguments = {
        "client_id": uuid.uuid4(),
        "day": TODAY,
        "at": NOW,
        "entry": Morning(pain=pain),
        "now": NOW,
        "by": actor,
    }
    return diary.keep_entry(profile=profile, **(arguments | changes))  # type: ignore[arg-type]


def pains(profile: Profile, actor: Actor) -> list[int]:
    return [entry.pain for _, entry in only(diary.entries(profile=profile, by=actor), Morning)]


def test_the_same_entry_sent_again_is_one(ana: Profile, actor: Actor) -> None:
    id = uuid.uuid4()
    first = keep(ana, actor, client_id=id)
    assert keep(ana, actor, client_id=id, now=NOW + dt.timedelta(hours=3)).pk == first.pk
    assert AuditEvent.objects.filter(action="keep_diary").count() == 1


def test_something_else_under_the_same_id_is_refused(ana: Profile, actor: Actor) -> None:
    id = uuid.uuid4()
    keep(ana, actor, 3, client_id=id)
    with pytest.raises(Conflict):
        keep(ana, actor, 4, client_id=id)
    assert pains(ana, actor) == [3]


def test_two_people_may_have_the_same_client_id(ana: Profile, actor: Actor) -> None:
    ben = people.create_profile(name="Ben", by=actor, now=NOW)
    id = uuid.uuid4()
    keep(ana, actor, 3, client_id=id)
    keep(ben, actor, 7, client_id=id)
    assert (pains(ana, actor), pains(ben, actor)) == ([3], [7])


def test_a_correction_counts_and_the_old_one_stays_in_the_history(ana: Profile, actor: Actor) -> None:
    first = keep(ana, actor, 8)
    diary.correct_entry(kept=first, client_id=uuid.uuid4(), entry=Morning(pain=2), by=actor, now=NOW)
    assert pains(ana, actor) == [2]
    assert DiaryEntry.objects.count() == 2
    with pytest.raises(Conflict):
        diary.correct_entry(kept=first, client_id=uuid.uuid4(), entry=Morning(pain=5), by=actor, now=NOW)


def test_taken_back_does_not_count_and_taking_back_cannot_be_taken_back(ana: Profile, actor: Actor) -> None:
    taken = diary.take_back(kept=keep(ana, actor), client_id=uuid.uuid4(), by=actor, now=NOW)
    assert pains(ana, actor) == []
    with pytest.raises(Conflict):
        diary.take_back(kept=taken, client_id=uuid.uuid4(), by=actor, now=NOW)


@pytest.mark.parametrize("days", [-61, 1])
def test_days_that_cannot_be_written_up_are_refused(ana: Profile, actor: Actor, days: int) -> None:
    with pytest.raises(InputError, match="Choose a day"):
        keep(ana, actor, day=TODAY + dt.timedelta(days=days))
    assert keep(ana, actor, day=TODAY - dt.timedelta(days=60)).pk


def test_a_clock_that_runs_ahead_is_put_back(ana: Profile, actor: Actor) -> None:
    assert keep(ana, actor, at=NOW + dt.timedelta(days=400)).at == NOW
    early = NOW - dt.timedelta(hours=5)
    assert keep(ana, actor, at=early).at == early


def test_a_time_without_its_zone_or_a_page_without_its_id_is_refused(ana: Profile, actor: Actor) -> None:
    with pytest.raises(InputError, match="time zone"):
        keep(ana, actor, at=NOW.replace(tzinfo=None))
    with pytest.raises(InputError, match="too old"):
        keep(ana, actor, client_id=None)


def test_today_is_the_persons_own_day(ana: Profile, actor: Actor) -> None:
    ana.time_zone = "Pacific/Auckland"  # already tomorrow there
    ana.save()
    late = NOW.replace(hour=13)
    assert keep(ana, actor, day=TODAY + dt.timedelta(days=1), now=late).pk
    ana.time_zone = "Europe/London"
    ana.save()
    with pytest.raises(InputError):
        keep(ana, actor, day=TODAY + dt.timedelta(days=1), now=late)


def test_some_kinds_since_a_day(ana: Profile, actor: Actor) -> None:
    keep(ana, actor, day=TODAY - dt.timedelta(days=3))
    keep(ana, actor)
    moved = keep(ana, actor, entry=Moved(exercises=("MV02",)))
    diary.take_back(kept=moved, client_id=uuid.uuid4(), by=actor, now=NOW)
    assert len(diary.entries(profile=ana, by=actor, since=TODAY)) == 1
    assert len(diary.entries(profile=ana, by=actor, kinds=[Morning])) == 2
    assert diary.entries(profile=ana, by=actor, kinds=[Moved]) == []
    assert diary.entries(profile=ana, by=actor, kinds=[SetDone]) == []


def test_nobody_and_other_people_see_and_change_nothing(ana: Profile, actor: Actor) -> None:
    kept = keep(ana, actor)
    ben = people.create_profile(name="Ben", by=actor, now=NOW)
    with pytest.raises(NotFound):
        diary.get_entry(profile=ben, entry_uuid=kept.uuid, by=actor)
    with pytest.raises(NotFound):
        keep(ben, actor, replaces=kept)
    for call in (
        lambda: keep(ana, NOBODY),
        lambda: diary.entries(profile=ana, by=NOBODY),
        lambda: diary.get_entry(profile=ana, entry_uuid=kept.uuid, by=NOBODY),
        lambda: diary.take_back(kept=kept, client_id=uuid.uuid4(), by=NOBODY, now=NOW),
    ):
        with pytest.raises(NotFound):
            call()
