"""What worn sensors measured, as it is stored: many wearers in one transaction, and everything to go on from there.

A frame is acknowledged when it is stored: in the minutes that are complete, and for the rest in the state. Whoever goes
on from the state, here or in another process, with the frames after the acknowledged one, finds the same seconds.
"""

import datetime as dt
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.db import connection, transaction
from django.db.models import F

from upperback.core.errors import NotFound
from upperback.services import audit
from upperback.services.actors import Actor
from upperback.services.live_tickets import LEFT_AFTER
from upperback.services.permissions import check_may
from upperback.store.models import LiveMinute, LiveSamples, LiveStream, Profile

if TYPE_CHECKING:
    from upperback.sensing.epochs import Epochs

__all__ = [
    "LEFT_AFTER",
    "OVER",
    "LiveStream",
    "Samples",
    "Saving",
    "end",
    "left_by_all",
    "left_streams",
    "open_stream",
    "resume_stream",
    "resume_streams",
    "save",
    "seconds_between",
    "seconds_of",
    "who_left",
    "with_gaps",
]

OVER: Final = "This measurement is over. Open the page again"
_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """Frames that are kept.

    Attributes
    ----------
    first_number : of the first of them
    zero_s : unix time at which the sensor's clock stood at 0
    points_up : whether its acceleration points up at rest
    frames : as they were sent
    """

    first_number: int
    zero_s: float
    points_up: bool
    frames: Sequence[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """What is stored of one wearer at one moment.

    Attributes
    ----------
    stream, turn : which one, and whose turn it was when this was put together
    profile : whose it is
    next_number : every frame before this one is in `state` or `minutes`
    state : to go on from; empty when it has ended
    minutes : seconds of minutes that are complete, packed, each with its first second
    samples : frames as they came, where the person wants them kept
    """

    stream: int
    turn: int
    profile: int
    next_number: int | None
    state: bytes
    minutes: Sequence[tuple[int, bytes]]
    samples: Samples | None = None


def open_stream(*, profile: Profile, by: Actor, now: dt.datetime) -> LiveStream:
    """A new one, of which nothing is stored yet."""
    check_may(by, "wear_sensor")
    with transaction.atomic():
        stream = LiveStream.objects.create(profile=profile, by=str(by), started_at=now, saved_at=now)
        audit.record(
            by=by, action="wear_sensor", now=now, object_kind="live_stream", object_uuid=stream.uuid, profile=profile
        )
    return stream


def resume_stream(*, stream: uuid.UUID, profile: Profile, by: Actor, now: dt.datetime) -> LiveStream:
    """Takes a stream over from wherever it was: from now on only this turn may write.

    Raises
    ------
    NotFound : there is no such stream of this person in this browser, or it is over.
    """
    (found,) = resume_streams(wanted=[(stream, profile, by)], now=now)
    if found is None:
        raise NotFound(OVER)
    return found


def resume_streams(*, wanted: Sequence[tuple[uuid.UUID, Profile, Actor]], now: dt.datetime) -> list[LiveStream | None]:
    """The same for many, each of another person; None where there is no such stream."""
    for _, _, by in wanted:
        check_may(by, "wear_sensor")
    found: list[LiveStream | None] = []
    with transaction.atomic():
        there = LiveStream.objects.select_for_update().filter(ended_at=None, saved_at__gt=now - LEFT_AFTER)
        there = there.order_by("pk")  # here and in `save`: two processes that lock the same rows do so in turn
        rows = {row.uuid: row for row in there.filter(uuid__in=[stream for stream, _, _ in wanted])}
        for stream, profile, by in wanted:
            row = rows.get(stream)
            if row is None or (row.profile_id, row.by) != (profile.pk, str(by)):
                found.append(None)
                continue
            row.profile = profile
            row.turn += 1
            found.append(row)
        LiveStream.objects.filter(pk__in=[row.pk for row in found if row is not None]).update(turn=F("turn") + 1)
    return found


def save(*, savings: Sequence[Saving], now: dt.datetime) -> frozenset[int]:
    """Stores all of it in one transaction. Returns the streams that somebody else has taken over, or ended, meanwhile:
    of these nothing is stored.
    """
    if not savings:
        return frozenset()
    with transaction.atomic():
        ids = [saving.stream for saving in savings]
        open_now = LiveStream.objects.select_for_update().filter(pk__in=ids, ended_at=None).order_by("pk")
        turns = dict(open_now.values_list("pk", "turn"))
        mine = [saving for saving in savings if turns.get(saving.stream) == saving.turn]
        rows = [
            LiveMinute(stream_id=saving.stream, profile_id=saving.profile, first_s=first_s, seconds=seconds)
            for saving in mine
            for first_s, seconds in saving.minutes
        ]
        LiveMinute.objects.bulk_create(rows, batch_size=_AT_ONCE)
        _store_samples(mine)
        _update(mine, now)
    return frozenset(ids) - {saving.stream for saving in mine}


def _store_samples(savings: Sequence[Saving]) -> None:
    """In the same transaction as all the rest: a frame that is acknowledged is there."""
    rows = [
        LiveSamples(
            stream_id=saving.stream, profile_id=saving.profile, first_number=found.first_number, zero_s=found.zero_s,
            points_up=found.points_up, frames=b"".join(found.frames),
        )
        for saving in savings
        if (found := saving.samples) is not None
    ]  # fmt: skip
    if rows:
        LiveSamples.objects.bulk_create(rows, batch_size=_AT_ONCE)


def _update(savings: Sequence[Saving], now: dt.datetime) -> None:
    """One statement for all of them: through the models it would be a round trip, or a long text, for each."""
    table = connection.ops.quote_name(LiveStream._meta.db_table)  # noqa: SLF001
    at = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {table} SET state = %s, next_number = %s, saved_at = %s WHERE id = %s",  # noqa: S608
            [(saving.state, saving.next_number, at, saving.stream) for saving in savings],
        )


def end(*, stream: LiveStream, now: dt.datetime) -> bool:
    """Nothing more is stored of it. False if it had ended."""
    ending = LiveStream.objects.filter(pk=stream.pk, ended_at=None)
    return bool(ending.update(ended_at=now, state=b""))


def who_left(*, profiles: Iterable[Profile], now: dt.datetime) -> frozenset[int]:
    """Of these the people who have `left_streams`."""
    left = LiveStream.objects.filter(profile__in=profiles, ended_at=None, saved_at__lte=now - LEFT_AFTER)
    return frozenset(left.values_list("profile", flat=True))


def left_streams(*, profile: Profile, by: Actor, now: dt.datetime) -> list[LiveStream]:
    """Streams of a person that nobody has ended, and that nobody can go on with any more."""
    check_may(by, "wear_sensor")
    return list(LiveStream.objects.filter(profile=profile, ended_at=None, saved_at__lte=now - LEFT_AFTER))


def left_by_all(*, by: Actor, now: dt.datetime) -> list[LiveStream]:
    """The same of everybody, for whoever looks after them."""
    check_may(by, "finish_live")
    return list(LiveStream.objects.filter(ended_at=None, saved_at__lte=now - LEFT_AFTER).select_related("profile"))


def seconds_of(stream: LiveStream) -> "Iterator[Epochs]":
    """All stored seconds of a stream in their order, minute by minute; those not yet a minute stand in its state."""
    return _read(LiveMinute.objects.filter(stream=stream))


def seconds_between(*, profile: Profile, since: dt.datetime, until: dt.datetime, by: Actor) -> "Iterator[Epochs]":
    """The stored seconds of a person whose minutes begin in [since, until), of all sensors."""
    check_may(by, "see_profile")
    first_s, end_s = since.timestamp(), until.timestamp()
    return _read(LiveMinute.objects.filter(profile=profile, first_s__gte=first_s, first_s__lt=end_s))


def _read(rows: Iterable[LiveMinute]) -> "Iterator[Epochs]":
    from upperback.sensing.minutes import unpack_seconds  # NumPy: whoever only looks who has left needs none

    for row in rows:
        yield unpack_seconds(row.first_s, bytes(row.seconds))


def with_gaps(parts: "Iterable[Epochs]") -> "Epochs":
    """Parts that follow each other in time as one, with seconds that were not measured between them."""
    import numpy as np

    from upperback.sensing.epochs import Epochs

    found: list[Epochs] = []
    for part in parts:
        if found and part.first_s > found[-1].end_s:
            end_s = found[-1].end_s
            nothing = np.full((part.first_s - end_s, part.rows.shape[1]), np.nan, np.float32)
            nothing[:, -2:] = 0
            found.append(Epochs(first_s=end_s, rows=nothing))
        found.append(part)
    return Epochs.join(found)
