"""What devices send to the diary: kept exactly once, in one line of corrections, at the time it happened.

Two devices with clocks of their own write, correct and take back sets; what they send arrives late, again, in part.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.property import steps
from upperback.care.sessions import sessions_of
from upperback.core.errors import InputError
from upperback.services import diary, people
from upperback.services.people import Profile
from upperback.store.models import DiaryEntry

pytestmark = pytest.mark.django_db

BEGIN: Final = dt.datetime(2026, 11, 27, 12, 0, tzinfo=dt.UTC)
SESSION: Final = "0" * 32


@dataclass
class Device:
    """A device: how far its clock is ahead, what it has written, and which entry stands for each set on it."""

    ahead: dt.timedelta
    written: list[dict[str, Any]] = field(default_factory=list)
    standing: dict[int, str] = field(default_factory=dict)
    answered: int = 0  # entries whose answer has come

    def write(self, number: int, reps: int, now: dt.datetime, *, back: bool) -> None:
        """A set; a correction of it, where it stands already; or it is taken back."""
        before = self.standing.get(number)
        if back and before is None:
            return
        id = str(uuid.uuid4())
        data = {} if back else {"session": SESSION, "exercise": "ST01", "number": number, "reps": reps}
        row = {
            "client_id": id, "kind": "undone" if back else "set_done", "day": now.date().isoformat(),
            "at": (now + self.ahead).isoformat(), "data": data,
        }  # fmt: skip
        self.written.append(row | ({"replaces": before} if before else {}))
        if back:
            del self.standing[number]
        else:
            self.standing[number] = id


#: device 0 or 1; what it does; a set; repetitions; minutes that pass before
STEP = st.tuples(
    st.integers(0, 1),
    st.sampled_from(["write", "write", "back", "send", "send", "lose the answer", "send half", "send again"]),
    st.integers(1, 3),
    st.integers(0, 12),
    st.integers(0, 90),
)


@contextmanager
def fresh() -> Iterator[Profile]:
    with steps.undone():
        yield people.create_profile(name="Ana", by=steps.ME, now=BEGIN)


@given(
    way=st.lists(STEP, min_size=4, max_size=30),
    ahead_min=st.tuples(*[st.sampled_from([0, 0, 1, -1, 45, -300, 60 * 24])] * 2),
)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_everything_sent_is_kept_once_and_in_its_time(way: list[Any], ahead_min: tuple[int, int]) -> None:
    with fresh() as ana:
        follow(way, ahead_min, ana)


@pytest.mark.long
@given(
    way=st.lists(STEP, min_size=4, max_size=60),
    ahead_min=st.tuples(*[st.sampled_from([0, 0, 1, -1, 45, -300, 60 * 24])] * 2),
)
@settings(max_examples=1_000, deadline=None, suppress_health_check=list(HealthCheck))
def test_everything_sent_is_kept_once_in_a_thousand_ways(way: list[Any], ahead_min: tuple[int, int]) -> None:
    with fresh() as ana:
        follow(way, ahead_min, ana)


def follow(way: list[Any], ahead_min: tuple[int, int], ana: Profile) -> None:
    devices = [Device(dt.timedelta(minutes=minutes)) for minutes in ahead_min]
    now = BEGIN
    true_at: dict[str, dt.datetime] = {}
    arrived: list[str] = []

    def send(device: Device, rows: list[dict[str, Any]]) -> None:
        for row in rows:
            diary.keep_sent(profile=ana, row=row, ahead=device.ahead, by=steps.ME, now=now)
            if row["client_id"] not in arrived:
                arrived.append(row["client_id"])

    for who, what, number, reps, minutes in way:
        now += dt.timedelta(minutes=minutes / 10)
        device = devices[who]
        waiting = device.written[device.answered :]
        if what in ("write", "back"):
            device.write(number, reps, now, back=what == "back")
            true_at |= {row["client_id"]: now for row in device.written[-1:] if row["client_id"] not in true_at}
        elif what == "send again":
            send(device, device.written[: device.answered])
        else:
            send(device, waiting[: len(waiting) // 2] if what == "send half" else waiting)
            device.answered += len(waiting) if what == "send" else 0
    for device in devices:
        send(device, device.written[device.answered :])
    check(ana, devices, arrived, true_at)


def check(ana: Profile, devices: list[Device], arrived: list[str], true_at: dict[str, dt.datetime]) -> None:
    rows = list(DiaryEntry.objects.filter(profile=ana).order_by("id"))
    ids = [str(row.client_id) for row in rows]
    assert len(ids) == len(set(ids))
    written = {row["client_id"]: row for device in devices for row in device.written}
    # Taking back what was taken back elsewhere already leaves nothing to write.
    missing = [id for id in written if id not in ids and written[id]["kind"] != "undone"]
    assert missing == []
    assert set(ids) <= set(written)
    for row in rows:
        assert abs(row.at - true_at[str(row.client_id)]) <= dt.timedelta(minutes=2)
    counts = {session.id: session.sets for session in sessions_of(diary.entries(profile=ana, by=steps.ME))}
    done = counts.get(SESSION, {}).get("ST01", {})
    for number in (1, 2, 3):
        _check_set(number, done.get(number), rows, arrived, written)


def _check_set(
    number: int, counts: Any, rows: list[DiaryEntry], arrived: list[str], written: dict[str, dict[str, Any]]
) -> None:
    """A set that began on one device: the last word that arrived counts, from wherever it came."""
    of_set = [row for row in rows if row.data.get("number") == number]
    roots = [row for row in of_set if row.replaces_id is None]
    if len(roots) != 1:
        assert len(roots) > 1 or counts is None
        return
    line = {roots[0].pk}
    for row in rows:  # in the order of writing, so one pass is enough
        if row.replaces_id in line:
            line.add(row.pk)
    last = max((row for row in rows if row.pk in line), key=lambda row: arrived.index(str(row.client_id)))
    if last.kind == "undone":
        assert counts is None
    else:
        assert counts is not None
        assert counts.reps == last.data["reps"]


def test_the_law_finds_a_diary_that_takes_a_device_at_its_word(monkeypatch: pytest.MonkeyPatch) -> None:
    way = [(0, "write", 1, 8, 0), (1, "write", 1, 5, 10), (0, "send", 1, 0, 0), (1, "send", 1, 0, 0)]
    monkeypatch.setattr(diary, "_CLOCK_IS_RIGHT", dt.timedelta(days=9))
    with fresh() as ana, pytest.raises(AssertionError):
        follow(way, (-300, 0), ana)


@pytest.mark.parametrize("break_it", ["forget", "double"])
def test_the_law_finds_a_diary_that_forgets_or_doubles(monkeypatch: pytest.MonkeyPatch, break_it: str) -> None:
    right: Callable[..., bool] = diary.keep_sent

    def wrong(*, row: dict[str, Any], **more: Any) -> bool:
        if break_it == "forget":
            return False
        right(row=row | {"client_id": str(uuid.uuid4())}, **more)
        return right(row=row, **more)

    monkeypatch.setattr(diary, "keep_sent", wrong)
    with fresh() as ana, pytest.raises((AssertionError, InputError)):
        follow([(0, "write", 1, 8, 0), (0, "write", 1, 9, 0), (0, "send", 1, 0, 0)], (0, 0), ana)
