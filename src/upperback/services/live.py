"""A sensor that is worn now: one sitting from its first frame to its last. Only the socket needs it: it is heavy."""

import datetime as dt
import math
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from upperback.care.diary import Worn
from upperback.core.errors import InputError
from upperback.devices.live.phone import PHONE_RATE_HZ, PhoneFrame, PhoneStream, points_of_rest
from upperback.sensing.cues import Wishes
from upperback.sensing.monitor import Monitor, MonitorParams, Now
from upperback.sensing.posture import PostureSummary, posture_figures
from upperback.sensing.quality import QualityParams
from upperback.sensing.trunk import NotAligned, TaskKind
from upperback.services import breaks, diary
from upperback.services.actors import Actor
from upperback.services.permissions import check_may
from upperback.services.plans import open_plan
from upperback.services.today import local_day
from upperback.store.models import Profile

#: The phone lies still for so long before it is believed.
_REST_SAMPLES: Final = 40
_REST_FRAMES_MAX: Final = 200
_TASKS: Final[Mapping[str, TaskKind]] = {
    "stand": "stand",
    "bend": "bend",
    "side_left": "side_left",
    "side_right": "side_right",
}
_BENT_DEG: Final = 20

#: Browsers round what a phone's sensors read to 0.1 m/s2, so an axis that does not change says nothing.
_PHONE: Final = MonitorParams(quality=QualityParams(stuck_mps2_min=math.inf))

Told = dict[str, Any]


class Sitting:
    """One sensor of one person, from its first frame to its last.

    First the phone lies with its screen up, which shows the sign of its readings; then it is worn, the tasks align it,
    and every frame tells how the trunk is. What is told is plain data, one thing each:
    `sign`, `now`, `second`, `task`, `aligned`, `not_aligned`, `shift`, `trouble`, `ack`.
    """

    def __init__(self, *, profile: Profile, by: Actor, started: dt.datetime) -> None:
        check_may(by, "wear_sensor")
        self.profile, self.by = profile, by
        self.uuid = uuid.uuid4()
        self._started_s = started.timestamp()
        self._resting: list[npt.NDArray[np.float32]] = []
        self._stream: PhoneStream | None = None
        self._monitor: Monitor | None = None
        self._hints_on = False
        self._quiet, self._held = False, False
        self._since_s = self._first_worn(started).timestamp()
        self._n_hints = 0
        self._told_s = -math.inf

    def look(self, *, now: dt.datetime) -> None:
        """Whether hints would disturb now, and whether it may go on at all: to be asked every few seconds.

        Raises
        ------
        NotAllowed : the plan is locked by now.
        """
        open_plan(profile=self.profile, by=self.by)
        why = breaks.day_of(profile=self.profile, by=self.by, now=now).next.why
        self._quiet, self._held = why == "quiet_hours", why in {"busy", "in_call"}

    def frame(self, data: bytes) -> Iterator[Told]:
        """What a frame of the phone brings.

        Raises
        ------
        InputError : these bytes are no frame, or one of another kind of sensor.
        """
        frame = PhoneFrame.read(data)
        if self._stream is None:
            yield from self._rest(frame)
        else:
            yield from self._wear(frame, self._stream)
        yield {"ack": frame.number}

    def command(self, sent: Mapping[str, Any]) -> Iterator[Told]:
        """What the person asks for: `task` (a kind, or None when it is done), `align`, `hints` on or off.

        Raises
        ------
        InputError : nothing of the kind can be asked for.
        """
        match dict(sent):
            case more if len(more) != 1:
                raise InputError("a live page asked for several things at once, or for nothing")
            case {"task": None}:
                self._worn().end_task()
                yield {"task": None}
            case {"task": str(kind)} if kind in _TASKS:
                self._worn().begin_task(_TASKS[kind])
                yield {"task": kind}
            case {"align": True}:
                yield self._align()
            case {"hints": bool(on)}:
                self._hints_on = on
                yield {"hints": on}
            case _:
                raise InputError("a live page asked for something that is not known")

    def finish(self, *, now: dt.datetime) -> Worn | None:
        """The end: what was measured goes into the diary. None where nothing was."""
        if self._monitor is None:
            return None
        held_s = self._monitor.now().held_s  # what goes on at the end has not been counted yet
        summaries = [summary for summary in self._monitor.take_summaries() if summary.measured_s]
        if not summaries:
            return None
        worn = _worn_of(summaries, held_s=held_s, hints=self._n_hints)
        diary.keep_entry(
            profile=self.profile, client_id=self.uuid, day=local_day(self.profile, now), at=now, entry=worn,
            by=self.by, now=now,
        )  # fmt: skip
        return worn

    # ---- parts ----

    def _rest(self, frame: PhoneFrame) -> Iterator[Told]:
        self._resting = [*self._resting, frame.acc_mps2][-_REST_FRAMES_MAX:]
        acc = np.concatenate(self._resting)[-_REST_SAMPLES:]
        if len(acc) == _REST_SAMPLES and (points := points_of_rest(acc)) is not None:
            turning = frame.rotation_dps is not None
            self._stream = PhoneStream(points=points, starts_s=self._started_s, has_gyroscope=turning)
            self._monitor = Monitor(sampling_rate_hz=PHONE_RATE_HZ, has_gyroscope=turning, params=_PHONE)
            self._resting = []
            yield {"sign": points}

    def _wear(self, frame: PhoneFrame, stream: PhoneStream) -> Iterator[Told]:
        monitor = self._worn()
        told = False
        for chunk in stream.update(frame):
            found = monitor.update(chunk)
            for shift in found.shifts:
                yield {"shift": shift.sentence}
            told = True
        if told:
            now = monitor.now()
            yield {"now": _plain(now)}
            if math.floor(now.time_s) > self._told_s:
                self._told_s = math.floor(now.time_s)
                yield self._second(now)

    def _second(self, now: Now) -> Told:
        monitor = self._worn()
        neutral_deg = 0.0 if monitor.alignment is not None else None
        wishes = Wishes(
            on=self._hints_on,
            neutral_deg=neutral_deg,
            since_s=self._since_s,
            quiet=self._quiet,
            held_until_s=math.inf if self._held else None,
        )
        decision = monitor.cue(now_s=now.time_s, wishes=wishes)
        self._n_hints += decision.cue
        return {"second": {"hint": decision.cue, "why": decision.why, "dose": round(decision.dose_share, 3)}}

    def _align(self) -> Told:
        try:
            found = self._worn().align()
        except NotAligned as refused:
            return {"not_aligned": refused.message}
        return {"aligned": found.quality.sentence if found.quality else "", "has_front": found.has_front}

    def _first_worn(self, started: dt.datetime) -> dt.datetime:
        """Since when hints fade: the first sitting."""
        worn = diary.entries(profile=self.profile, by=self.by, kinds=[Worn])
        return min([row.at for row in worn], default=started)

    def _worn(self) -> Monitor:
        if self._monitor is None:
            raise InputError("Nothing has come from the sensor yet")
        return self._monitor


def _plain(now: Now) -> dict[str, Any]:
    return {
        "inclination_deg": _number(now.inclination_deg),
        "flexion_deg": _number(now.flexion_deg),
        "lateral_deg": _number(now.lateral_deg),
        "measured": now.is_measured,
        "held_s": now.held_s,
        "moving": now.moving,
        "worn": now.worn.name.lower(),
        "notes": list(now.notes),
    }


def _number(value: float) -> float | None:
    return round(value, 1) if math.isfinite(value) else None


def _worn_of(summaries: list[PostureSummary], *, held_s: float, hints: int) -> Worn:
    """Figures of the part that was aligned best, and of how long all of it was."""
    last = summaries[-1]
    figures = posture_figures(last)
    assert figures is not None
    return Worn(
        source="phone",
        measured_s=round(sum(summary.measured_s for summary in summaries), 1),
        flexion_deg=round(figures.flexion_deg.p50, 1) if figures.flexion_deg else None,
        bent_s=round(figures.time_above_s[_BENT_DEG], 1) if figures.flexion_deg else None,
        longest_held_s=max(held_s, float(figures.static.longest_s) if figures.static else 0.0),
        hints=hints,
    )
