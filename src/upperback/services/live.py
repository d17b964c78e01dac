"""A sensor that is worn now: one sitting from its first frame to its last. Only the socket needs it: it is heavy."""

import datetime as dt
import json
import logging
import math
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import numpy.typing as npt
from django.db import transaction

from upperback.care.diary import Worn
from upperback.core.errors import InputError, NotFound, Unavailable, UpperbackError
from upperback.devices.live.phone import (
    PHONE_RATE_HZ,
    FrameOrder,
    PhoneFrame,
    Points,
    SentFrame,
    points_of_rest,
    wrong_at_rest,
)
from upperback.sensing.crowd import Crowd, Wearer, WearerState, unfinished
from upperback.sensing.cues import Wishes
from upperback.sensing.epochs import Epochs
from upperback.sensing.minutes import pack_seconds
from upperback.sensing.monitor import MonitorParams, Now
from upperback.sensing.movement import Wear
from upperback.sensing.posture import longest_hold_s
from upperback.sensing.quality import QualityParams
from upperback.sensing.state import StateError, from_bytes, to_bytes
from upperback.sensing.trunk import NotAligned, TaskKind
from upperback.services import breaks, diary, kept_samples, live_store, live_tickets, worn
from upperback.services.actors import Actor
from upperback.services.counting import CountState, SetCount
from upperback.services.live_store import LiveStream, Samples, Saving
from upperback.services.people import Profile
from upperback.services.permissions import check_may
from upperback.services.plans import closed_plans, open_plan
from upperback.services.today import local_day

#: The phone lies still for so long before it is believed.
_REST_SAMPLES: Final = 40
#: So many in which nothing was read, before one was: five seconds.
_NOTHING_MAX: Final = 250
_TASKS: Final[Mapping[str, TaskKind]] = {
    "stand": "stand",
    "bend": "bend",
    "side_left": "side_left",
    "side_right": "side_right",
}
_BENT_DEG: Final = 20
#: A second of which less was measured says nothing about posture.
_SHARE_MIN: Final = 0.5

#: Browsers round what a phone's sensors read to 0.1 m/s2, so an axis that does not change says nothing.
_PHONE: Final = MonitorParams(quality=QualityParams(stuck_mps2_min=math.inf))

#: So much waits to be stored, quarter of an hour of a phone; more comes together only where nothing can be stored.
_KEPT_BYTES_MAX: Final = 2_000_000

_NOTHING: Final = np.empty(0, np.uint8)

_WORN: Final = tuple(wear.name.lower() for wear in sorted(Wear))

Told = dict[str, Any]

_log = logging.getLogger(__name__)
_NO_FILE: Final = "samples could not be put into a file; they wait in the database"


@dataclass(slots=True, kw_only=True)
class SittingState:
    """Everything to go on with a sitting, here or in another process.

    Attributes
    ----------
    resting : (n, 3) float32, the last samples of the phone while it lies
    points, wearer : known once it has lain: the sign of its readings, and the wearer in the crowd
    hints_on, n_hints, told_s : hints wanted and given, and the second that was told last
    asked, answer : number of the last question that had one, and its answer as JSON
    count : a set that is counted now
    keeps : frames are kept as they come, because the person wants it
    zero_ms : the sensor's own clock when the stream began
    """

    resting: npt.NDArray[np.float32] = field(default_factory=lambda: np.empty((0, 3), np.float32))
    points: Points | None = None
    wearer: WearerState | None = None
    hints_on: bool = False
    n_hints: int = 0
    told_s: float = -math.inf
    asked: int | None = None
    answer: str = ""
    count: CountState | None = None
    keeps: bool = False
    zero_ms: float | None = None


class Sitting:
    """One sensor of one person, from its first frame to its last.

    First the phone lies with its screen up, which shows the sign of its readings; then it is worn, the tasks align it,
    and every frame tells how the trunk is. What is told is plain data, one thing each:
    `sign`, `now`, `second`, `task`, `aligned`, `not_aligned`, `shift`, `reps`, `again`.
    """

    def __init__(self, *, stream: LiveStream, by: Actor) -> None:
        """Begin, or go on from what is stored.

        Raises
        ------
        InputError : what is stored is from another version.
        """
        check_may(by, "wear_sensor")
        self.stream, self.profile, self.by = stream, stream.profile, by
        self._crowd: Crowd | None = None
        self._started_s = stream.started_at.timestamp()
        self._order: FrameOrder[SentFrame] = FrameOrder(stream.next_number)
        self._state = _read_state(bytes(stream.state)) if stream.state else SittingState()
        stream.state = b""  # thousands of them would fill the memory
        self._wearer: Wearer | None = None
        self._has_samples = False
        self._count: SetCount | None = None
        if self._state.count is not None:
            self._count = self._counts(self._state.count.exercise, self._state.count)
        self._minutes: list[tuple[int, bytes]] = []
        self._kept: list[SentFrame] = []
        self._kept_bytes = 0
        self._quiet, self._held = False, False
        self._n_nothing = 0
        self._since_s: float | None = None

    def enter(self, crowd: Crowd) -> None:
        """To be worked on with others, where their ticks are. Without this it is a crowd of its own.

        Raises
        ------
        InputError : what is stored is from another version.
        """
        self._crowd = crowd
        if self._state.wearer is not None:
            self._wearer = crowd.go_on(self._state.wearer)

    @property
    def next_number(self) -> int | None:
        """Every frame before this one has been worked on, or is gone."""
        return self._order.next_number

    def look(self, *, now: dt.datetime) -> None:
        """Whether it may go on at all, asked when something of theirs changes; and whether a hint would disturb now.

        Raises
        ------
        NotAllowed : the plan is locked by now.
        """
        open_plan(profile=self.profile, by=self.by)
        if not self._state.hints_on:
            return
        self.profile.refresh_from_db(fields=["time_zone"])  # quiet hours are those of where they are now
        if self._since_s is None:
            since = worn.hints_since(profile=self.profile, by=self.by, now=self.stream.started_at)
            self._since_s = since.timestamp()
        why = breaks.day_of(profile=self.profile, by=self.by, now=now).next.why
        self._quiet, self._held = why == "quiet_hours", why in {"busy", "in_call"}

    @property
    def needs_look(self) -> bool:
        """There are no hints before it was looked: since when they fade is a question to the record."""
        return self._state.hints_on and self._since_s is None

    @property
    def disturbs(self) -> bool:
        """Whether a hint would disturb, as of the last look."""
        return self._quiet or self._held

    @property
    def is_aligned(self) -> bool:
        """How the sensor sits is known."""
        return self._wearer is not None and self._wearer.alignment is not None

    def frame(self, *frames: bytes) -> list[Told]:
        """What frames of the phone bring, and those that waited for them; all in one, where there is no hub.

        Raises
        ------
        InputError : these bytes are no frame, or one of another kind of sensor.
        """
        crowd = self._entered()
        told = [one for data in frames for one in self.put(data)]
        crowd.tick()
        return told + self.take()

    def put(self, data: bytes) -> Iterator[Told]:
        """A frame, to be worked on with those of everybody at the next tick of the crowd; what it told before that."""
        crowd = self._entered()
        for frame in self._order.put(SentFrame.read(data)):
            if self._wearer is None:
                yield from self._rest(frame, crowd)
            elif frame.has_rotation != self._wearer.has_gyroscope:
                raise InputError("a frame has another kind of sensor than the ones before it")
            else:
                crowd.put(self._wearer, frame.raw)
                self._has_samples = True
                self._keep(frame)
                if self._count is not None and (reps := self._count.put(PhoneFrame.read(frame.raw.data))) is not None:
                    yield {"reps": reps}
        if self._order.is_waiting:
            yield {"again": self._order.next_number}

    def take(self) -> list[Told]:
        """What the tick found."""
        wearer = self._wearer
        if wearer is None or not self._has_samples:
            return []
        self._has_samples = False
        told: list[Told] = [{"shift": shift.sentence} for shift in wearer.take_shifts()]
        now = wearer.now()
        told.append({"now": _plain(now)})
        if now.time_s >= self._state.told_s + 1:
            self._state.told_s = math.floor(now.time_s)
            told.append(self._second(wearer, now))
        return told

    def leave(self) -> None:
        """Nothing more comes; its place in the crowd is free."""
        if self._wearer is not None and self._crowd is not None:
            self._crowd.leave(self._wearer)

    def command(self, sent: Mapping[str, Any]) -> Iterator[Told]:
        """What the person asks for: `task` (a kind, or None when it is done), `align`, `hints` on or off, `count` (an
        exercise, or None when its set is done).

        With a number `n`, a question that comes again, because its answer was lost, is answered and not done again.

        Raises
        ------
        InputError : nothing of the kind can be asked for.
        """
        asked = dict(sent)
        number = asked.pop("n", None)
        if number is not None and not (isinstance(number, int) and 0 <= number < 2**31):
            raise InputError("a question of a live page has no number that can be")
        if number is not None and self._state.asked is not None and number < self._state.asked:
            yield {"n": number}  # done long ago, and its answer was heard or nobody waits for it
            return
        if number is None or number != self._state.asked:
            answer = self._answer(asked)
            self._state.asked, self._state.answer = number, json.dumps(answer)
        yield json.loads(self._state.answer) | ({} if number is None else {"n": number})

    def _answer(self, asked: dict[str, Any]) -> Told:
        match asked:
            case more if len(more) != 1:
                raise InputError("a live page asked for several things at once, or for nothing")
            case {"task": None}:
                self._worn().end_task()
                return {"task": None}
            case {"task": str(kind)} if kind in _TASKS:
                self._worn().begin_task(_TASKS[kind])
                return {"task": kind}
            case {"align": True}:
                return self._align()
            case {"hints": bool(on)}:
                self._state.hints_on = on
                return {"hints": on}
            case {"keep": bool(on)}:
                self._state.keeps = on
                return {"keep": on}
            case {"count": str(exercise)}:
                self._worn()
                self._count = self._counts(exercise)
                self._state.count = self._count.state
                return {"count": exercise, "reps": self._count.told()}
            case {"count": None}:
                done, self._count, self._state.count = self._count, None, None
                return {"count": None, "reps": None if done is None else done.finish()}
            case _:
                raise InputError("a live page asked for something that is not known")

    def saving(self) -> Saving:
        """What has to be stored now, so that everything before `next_number` is. The minutes in it are given away."""
        state = self._state
        if self._wearer is not None:
            state.wearer = self._wearer.state
            self._minutes += self._wearer.take_minutes()
        minutes, self._minutes = self._minutes, []
        samples, self._kept, self._kept_bytes = self._samples(), [], 0
        data = to_bytes(state)
        if self._wearer is not None and state.wearer is not None:
            state.wearer.record = _NOTHING  # the crowd has it
        return Saving(
            stream=self.stream.pk,
            turn=self.stream.turn,
            profile=self.stream.profile_id,
            next_number=self.next_number,
            state=data,
            minutes=minutes,
            samples=samples,
        )

    def take_back(self, saving: Saving) -> None:
        """This could not be stored; its minutes and its samples will be in the next one."""
        self._minutes = [*saving.minutes, *self._minutes]
        if saving.samples is not None:
            self._kept = [*map(SentFrame.read, saving.samples.frames), *self._kept]
            self._kept_bytes = sum(len(frame.raw.data) for frame in self._kept)

    # ---- parts ----

    def _keep(self, frame: SentFrame) -> None:
        """What is kept waits until it is stored with all the rest."""
        state = self._state
        if state.zero_ms is None:
            state.zero_ms = frame.raw.first_ms
        if not state.keeps:
            return
        self._kept.append(frame)
        self._kept_bytes += len(frame.raw.data)
        if self._kept_bytes > _KEPT_BYTES_MAX:
            raise InputError("What the sensor sends cannot be stored right now")

    def _samples(self) -> Samples | None:
        state = self._state
        if not self._kept or state.zero_ms is None:
            return None
        return Samples(
            first_number=self._kept[0].number,
            zero_s=self._started_s - state.zero_ms / 1000.0,
            points_up=state.points == "up",
            frames=[frame.raw.data for frame in self._kept],
        )

    def _rest(self, frame: SentFrame, crowd: Crowd) -> Iterator[Told]:
        acc = np.concatenate([self._state.resting, frame.acc_mps2()])[-_REST_SAMPLES:]
        self._state.resting = acc
        self._n_nothing = 0 if np.isfinite(acc).any() else self._n_nothing + frame.raw.n
        if self._n_nothing > _NOTHING_MAX:
            raise InputError("Nothing can be read from the sensor: no sample has a number")
        if len(acc) == _REST_SAMPLES and (wrong := wrong_at_rest(acc)) is not None:
            raise InputError(wrong)
        if len(acc) == _REST_SAMPLES and (points := points_of_rest(acc)) is not None:
            self._state.points, self._state.resting = points, acc[:0]
            self._wearer = crowd.join(
                sampling_rate_hz=PHONE_RATE_HZ,
                has_gyroscope=frame.has_rotation,
                starts_s=self._started_s,
                points_up=points == "up",
            )
            yield {"sign": points}

    def _second(self, wearer: Wearer, now: Now) -> Told:
        if not self._state.hints_on or wearer.needs_no_cue or self._since_s is None:
            return {"second": {"hint": False, "why": "", "dose": 0.0}}
        neutral_deg = 0.0 if wearer.alignment is not None else None
        wishes = Wishes(
            on=self._state.hints_on,
            neutral_deg=neutral_deg,
            since_s=self._since_s,
            quiet=self._quiet,
            held_until_s=math.inf if self._held else None,
        )
        decision = wearer.cue(now, wishes)
        self._state.n_hints += decision.cue
        return {"second": {"hint": decision.cue, "why": decision.why, "dose": round(decision.dose_share, 3)}}

    def _align(self) -> Told:
        try:
            found = self._worn().align()
        except NotAligned as refused:
            return {"not_aligned": refused.message}
        return {"aligned": found.quality.sentence if found.quality else "", "has_front": found.has_front}

    def _counts(self, exercise: str, state: CountState | None = None) -> SetCount:
        points_up = self._state.points == "up"
        return SetCount(sampling_rate_hz=PHONE_RATE_HZ, exercise=exercise, points_up=points_up, state=state)

    def _entered(self) -> Crowd:
        if self._crowd is None:
            self.enter(make_crowd())
        assert self._crowd is not None
        return self._crowd

    def _worn(self) -> Wearer:
        self._entered()
        if self._wearer is None:
            raise InputError("Nothing has come from the sensor yet")
        return self._wearer


def finish_left(*, profile: Profile, by: Actor, now: dt.datetime) -> None:
    """The end of what nobody has ended, and the files of what could not be put into one."""
    for left in live_store.left_streams(profile=profile, by=by, now=now):
        finish(stream=left, by=by, now=now)
    try:
        kept_samples.put_together_left(profile=profile, by=by, now=now)
    except Unavailable:
        _log.warning(_NO_FILE)


def end_now(*, stream: uuid.UUID, profile: Profile, by: Actor, now: dt.datetime) -> None:
    """The end of a stream whose sensor is away, because its person says so. One that is over stays as it is."""
    try:
        found = live_store.resume_stream(stream=stream, profile=profile, by=by, now=now)
    except NotFound:
        return
    finish(stream=found, by=by, now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """Who wants to be let in: a ticket, and the stream that is to go on; None for a new one."""

    token: str
    stream: uuid.UUID | None
    by: Actor


def begin(*, hellos: Sequence[Hello], now: dt.datetime) -> list[Sitting | UpperbackError]:
    """Lets sensors in by their tickets, to new streams or to those that they go on with: all in one transaction.

    After a restart everybody comes at once: what is asked of the database is asked for all of them together.
    A ticket is used up also where its person may not wear a sensor by now.

    Returns
    -------
    In the order of `hellos`: the sitting, or why not. NotFound: there is no such ticket, or no such stream;
    NotAllowed: the plan is locked by now; InputError: the stream was left by another version.
    """
    found: dict[int, Sitting | UpperbackError] = {}
    with transaction.atomic():
        profiles = live_tickets.take_tickets(tokens=[(hello.token, hello.by) for hello in hellos], now=now)
        left = [(place, profile) for place, profile in enumerate(profiles) if profile is not None]
        while left:  # two sensors of one person one after the other
            first = {profile.pk: (place, profile) for place, profile in reversed(left)}
            found |= _let_in({place: (hellos[place], profile) for place, profile in first.values()}, now)
            left = [(place, profile) for place, profile in left if place not in found]
    return [found.get(place) or NotFound(live_tickets.NO_TICKET) for place in range(len(hellos))]


def _let_in(who: Mapping[int, tuple[Hello, Profile]], now: dt.datetime) -> dict[int, Sitting | UpperbackError]:
    """Each of another person."""
    people = [profile for _, profile in who.values()]
    left = live_store.who_left(profiles=people, now=now) | kept_samples.who_left(people)
    closed = closed_plans(people)
    wanted = [
        (hello.stream, profile, hello.by)
        for hello, profile in who.values()
        if hello.stream is not None and profile.pk not in closed
    ]
    resumed = {row.uuid: row for row in live_store.resume_streams(wanted=wanted, now=now) if row is not None}
    found: dict[int, Sitting | UpperbackError] = {}
    for place, (hello, profile) in who.items():
        try:
            if profile.pk in left:
                finish_left(profile=profile, by=hello.by, now=now)
            if profile.pk in closed:
                raise closed[profile.pk]
            stream = (
                live_store.open_stream(profile=profile, by=hello.by, now=now)
                if hello.stream is None
                else resumed.get(hello.stream)
            )
            if stream is None:
                raise NotFound(live_store.OVER)
            found[place] = Sitting(stream=stream, by=hello.by)
        except UpperbackError as refused:
            found[place] = refused
    return found


def load_for_counting() -> None:
    """What counting a set needs, and takes a second to load: better beside the work than in the middle of it."""
    import scipy.signal  # noqa: F401


def make_crowd() -> Crowd:
    """For all phones of a process."""
    return Crowd(params=_PHONE)


def _plain(now: Now) -> dict[str, Any]:
    return {
        "inclination_deg": _number(now.inclination_deg),
        "flexion_deg": _number(now.flexion_deg),
        "lateral_deg": _number(now.lateral_deg),
        "measured": now.is_measured,
        "held_s": now.held_s,
        "moving": now.moving,
        "worn": _WORN[now.worn],
        "notes": list(now.notes),
    }


def _number(value: float) -> float | None:
    return round(value, 1) if math.isfinite(value) else None


def _read_state(data: bytes) -> SittingState:
    return from_bytes(SittingState, data)


def finish(*, stream: LiveStream, by: Actor, now: dt.datetime) -> Worn | None:
    """The end: the last seconds are stored, and what was measured goes into the diary, to the days on which it was.

    Whoever saved last has to be done; a stream that has ended already stays as it is. Returns what the last day got;
    None where nothing was measured.
    """
    check_may(by, "wear_sensor")
    with transaction.atomic():
        stream = LiveStream.objects.select_for_update().select_related("profile").get(pk=stream.pk)
        if stream.ended_at is not None:
            return None
        hints = _store_rest(stream, now)
        live_store.end(stream=stream, now=min(now, stream.saved_at + live_store.LEFT_AFTER))
        seconds = live_store.with_gaps(live_store.seconds_of(stream))
        found = _keep_days(stream, seconds, hints=hints, by=by, now=now)
    try:
        kept_samples.put_together(stream=stream, by=by, now=now)
    except Unavailable:
        _log.warning(_NO_FILE)
    return found


def _keep_days(stream: LiveStream, seconds: Epochs, *, hints: int, by: Actor, now: dt.datetime) -> Worn | None:
    """A row in the diary for each day on which something was measured; the hints are with the last."""
    worn_days = [
        (last, figures)
        for last, part in _days(seconds, stream.profile, until=min(now, stream.saved_at))
        if (figures := _worn_of(part)) is not None
    ]
    if not worn_days:
        return None
    at, figures = worn_days[-1]
    worn_days[-1] = at, msgspec.structs.replace(figures, hints=min(hints, 100))
    for at, figures in worn_days:
        day = local_day(stream.profile, at)
        if at > now - dt.timedelta(days=59):
            diary.keep_entry(
                profile=stream.profile, client_id=uuid.uuid5(stream.uuid, day.isoformat()), day=day, at=at,
                entry=figures, by=by, now=now,
            )  # fmt: skip
    return worn_days[-1][1]


def _days(seconds: Epochs, profile: Profile, *, until: dt.datetime) -> Iterator[tuple[dt.datetime, Epochs]]:
    """The seconds of each day of this person, with the moment of the last of them.

    The sensor counts time on from when it began. What came last came at `until`, so a computer whose clock was put
    right meanwhile has all of it on the day that it turned out to be.
    """
    ahead_s, start = until.timestamp() - seconds.end_s, 0
    while start < len(seconds):
        first = dt.datetime.fromtimestamp(seconds.first_s + start + ahead_s, dt.UTC)
        next_day = local_day(profile, first) + dt.timedelta(days=1)
        midnight = dt.datetime.combine(next_day, dt.time(), ZoneInfo(profile.time_zone)).timestamp()
        end = min(len(seconds), max(start + 1, math.ceil(midnight - ahead_s - seconds.first_s)))
        yield first + dt.timedelta(seconds=end - start - 1), seconds[start:end]
        start = end


def _store_rest(stream: LiveStream, now: dt.datetime) -> int:
    """Stores the seconds that are no whole minute; returns how many hints were given."""
    saved = bytes(stream.state)
    try:
        n_hints, minutes = _read_state(saved).n_hints if saved else 0, rest_of(saved)
    except StateError:  # left behind by another version: its whole minutes are stored
        return 0
    saving = Saving(
        stream=stream.pk, turn=stream.turn, profile=stream.profile_id, next_number=stream.next_number, state=b"",
        minutes=minutes,
    )  # fmt: skip
    live_store.save(savings=[saving], now=now)
    return n_hints


def rest_of(state: bytes) -> list[tuple[int, bytes]]:
    """The seconds in a saved state that are no whole minute, packed."""
    found = _read_state(state) if state else SittingState()
    if found.wearer is None:
        return []
    return [(part.first_s, pack_seconds(part)) for part in unfinished(found.wearer)]


def _worn_of(seconds: Epochs) -> Worn | None:
    """Figures of one sitting, or of a day of it, from its seconds."""
    share = seconds.measured_share.astype(np.float64)
    if not share.any():
        return None
    flexion = seconds.flexion_deg.astype(np.float64)
    told = (share >= _SHARE_MIN) & np.isfinite(flexion)
    return Worn(
        source="phone",
        measured_s=round(min(float(share.sum()), 86_400.0), 1),
        flexion_deg=round(float(np.median(flexion[told])), 1) if told.any() else None,
        bent_s=round(min(float(share[told & (flexion >= _BENT_DEG)].sum()), 86_400.0), 1) if told.any() else None,
        longest_held_s=min(float(longest_hold_s(seconds)), 86_400.0),
    )
