"""Lines that fail between phones and a server that is killed: what is stored in the end is what a faultless line gives.

A run is made of a seed alone. The phone keeps every frame until it is acknowledged and sends it again; the line drops,
doubles, swaps and delays frames and is cut at any message; the server stores when it likes and is killed at any moment,
or goes on unaware while the phone is with another process already. The samples themselves have holes, scale, drift and
a clock that is set.
"""

import datetime as dt
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from upperback.devices.live.phone import PhoneFrame
from upperback.sensing.epochs import Epochs
from upperback.sensing.minutes import unpack_seconds
from upperback.sensing.signal import G_MPS2
from upperback.services import live, live_store
from upperback.services.actors import Actor
from upperback.services.live import Sitting
from upperback.services.people import Profile
from upperback.store.models import LiveSamples

RATE_HZ: Final = 50.0
_LIES: Final = 75
"""Samples for which the phone lies."""
_STEPS_MAX: Final = 3000
_TOGETHER: Final = 20
"""Frames that the line without faults brings between two ticks."""

Item = PhoneFrame | dict[str, Any]


# ---- what a phone measures ---------------------------------------------------------------------------------------


def frames_of(dice: random.Random) -> list[PhoneFrame]:
    """A phone that lies, is put on and leans to and fro, with what goes wrong in sensors and clocks."""
    noise = np.random.default_rng(dice.randrange(2**32))
    n_lies, n_worn = _LIES, int(dice.uniform(5, 100) * RATE_HZ)
    t = np.arange(n_worn) / RATE_HZ
    angle = np.radians(25 + 25 * np.sin(2 * np.pi * t / dice.uniform(3, 40)))
    lies = np.tile([0.0, 0.0, G_MPS2], (n_lies, 1))
    worn = G_MPS2 * np.stack([np.zeros_like(angle), np.cos(angle), -np.sin(angle)], axis=1)
    acc = np.vstack([lies, worn]) + noise.normal(0, 0.05, (n_lies + n_worn, 3))
    turn = np.concatenate([np.zeros(n_lies), np.degrees(np.gradient(angle)) * RATE_HZ])
    spin = np.stack([turn, np.zeros_like(turn), np.zeros_like(turn)], axis=1)
    time_ms = dice.uniform(0, 1e9) + np.cumsum(noise.uniform(15, 25, n_lies + n_worn))
    for spoil in dice.sample([_nan, _scaled, _drifting, _clock_set, _repeated], dice.randrange(3)):
        spoil(dice, n_lies, time_ms, acc)
    rotation = dice.random() < 0.7
    return list(_cut(dice, time_ms, acc.astype(np.float32), spin.astype(np.float32) if rotation else None))


_Times = npt.NDArray[np.float64]


def _nan(dice: random.Random, first: int, time_ms: _Times, acc: _Times) -> None:
    at = dice.randrange(first, len(acc))
    acc[at : at + dice.randrange(1, 80)] = math.nan


def _scaled(dice: random.Random, first: int, time_ms: _Times, acc: _Times) -> None:
    acc[dice.randrange(first, len(acc)) :] *= dice.choice([9.81, 1 / 9.81])


def _drifting(dice: random.Random, first: int, time_ms: _Times, acc: _Times) -> None:
    time_ms[:] = time_ms[0] + (time_ms - time_ms[0]) * dice.choice([0.9, 0.97, 1.02, 1.2])


def _clock_set(dice: random.Random, first: int, time_ms: _Times, acc: _Times) -> None:
    time_ms[dice.randrange(first, len(acc)) :] += dice.choice([-1, 1]) * dice.choice([24 * 3.6e6, 1500.0, 20_000.0])


def _repeated(dice: random.Random, first: int, time_ms: _Times, acc: _Times) -> None:
    at = dice.randrange(first, len(acc))
    time_ms[at : at + 5] = time_ms[at - 1]


def _cut(
    dice: random.Random, time_ms: _Times, acc: npt.NDArray[np.float32], spin: npt.NDArray[np.float32] | None
) -> Iterator[PhoneFrame]:
    at, number = 0, dice.choice([0, 0, 0, 2**31])
    while at < len(time_ms):
        n = dice.choice([10, 12, 50, dice.randrange(1, 120)])
        rows = slice(at, at := min(at + n, _LIES if at < _LIES else len(time_ms)))
        frame = PhoneFrame(
            number=number,
            time_ms=time_ms[rows],
            acc_mps2=acc[rows],
            rotation_dps=None if spin is None else spin[rows],
        )
        yield PhoneFrame.read(frame.write())  # as it is after it was sent
        number += 1


Asked = dict[int, list[dict[str, Any]]]


def _questions(dice: random.Random, frames: list[PhoneFrame]) -> Asked:
    """Keeping the samples, from the first frame on; standing for a while, asked for after so many frames."""
    asked: Asked = {0: [{"keep": True, "n": 1}]} if dice.random() < 0.5 else {}
    enough = [place for place, n in enumerate(np.cumsum([len(frame) for frame in frames])) if n > _LIES]
    if dice.random() < 0.5 or len(enough) < 3:
        return asked
    first = enough[dice.randrange(1, len(enough) - 1)]
    return asked | {
        first: [{"task": "stand", "n": 2}],
        dice.randrange(first + 1, len(frames)): [{"task": None, "n": 3}],
    }


def reference(frames: list[PhoneFrame], asked: Asked, sitting: Sitting) -> Epochs:
    """The seconds that a line without faults gives: everything in turn, nothing stored, nothing gone on from."""
    waiting: list[bytes] = []
    for place, frame in enumerate(frames):
        if (questions := asked.get(place)) or len(waiting) >= _TOGETHER:
            list(sitting.frame(*waiting))
            waiting.clear()
        for question in questions or []:
            list(sitting.command(question))
        waiting.append(frame.write())
    list(sitting.frame(*waiting))
    saving = sitting.saving()
    stored = [*saving.minutes, *live.rest_of(saving.state)]
    return live_store.with_gaps([unpack_seconds(first_s, data) for first_s, data in stored])


def kept_of(frames: list[PhoneFrame]) -> bytes:
    """Every frame after the phone has lain for long enough, once."""
    rested = np.cumsum([len(frame) for frame in frames]) >= live._REST_SAMPLES
    return b"".join(frame.write() for frame in frames[int(np.argmax(rested)) + 1 :])


# ---- the two ends ------------------------------------------------------------------------------------------------


@dataclass
class Session:
    """One connection as a process of the server has it; it lives on when the line is cut and nobody tells it."""

    sitting: Sitting
    answered: int = 0

    def take(self, said: list[bytes | dict[str, Any]]) -> int | None:
        """Works on it, frames that follow each other together, as a tick does; the number of the frame that it asks for
        again, if it does.
        """
        again: int | None = None
        for are_frames, run in groupby(said, key=lambda one: isinstance(one, bytes)):
            if are_frames:
                told = self.sitting.frame(*(one for one in run if isinstance(one, bytes)))
                again = next((one["again"] for one in reversed(told) if "again" in one), again)
                continue
            if again is not None:  # it is asked again, too, after the frames that are missing before it
                return again
            for question in run:
                assert isinstance(question, dict)
                list(self.sitting.command(question))
                self.answered = question["n"]
        return again


@dataclass
class Phone:
    """A sender that keeps what is not acknowledged, in its order."""

    profile: Profile
    by: Actor
    log: list[Item]
    stream: live_store.LiveStream
    at: int = 0
    stored: int = 0
    """Items before this one are stored, as far as it was told."""
    session: Session | None = None
    unaware: list[Session] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.said = [item if isinstance(item, dict) else item.write() for item in self.log]

    @property
    def is_done(self) -> bool:
        return self.stored >= len(self.log)

    def hear(self, next_number: int | None, answered: int) -> None:
        """What the server says is stored."""
        while not self.is_done:
            item = self.log[self.stored]
            if isinstance(item, dict):
                known = item["n"] <= answered
            else:
                known = next_number is not None and item.number < next_number
            if not known:
                return
            self.stored += 1


def run(
    dice: random.Random, people: list[tuple[Profile, Actor]], now: dt.datetime
) -> Iterator[tuple[Profile, Epochs, Epochs, bytes, bytes]]:
    """One run. Yields for each phone whose it is, and what should be stored and is: seconds, then frames."""
    phones: list[Phone] = []
    expected: list[tuple[Epochs, bytes]] = []
    for profile, by in people:
        frames = frames_of(dice)
        asked = _questions(dice, frames)
        log: list[Item] = []
        for place, frame in enumerate(frames):
            log += [*asked.get(place, []), frame]
        stream = live_store.open_stream(profile=profile, by=by, now=now)
        sitting = Sitting(stream=stream, by=by)
        expected.append((reference(frames, asked, sitting), kept_of(frames) if 0 in asked else b""))
        phones.append(Phone(profile, by, log, stream))
    for _ in range(_STEPS_MAX * len(phones)):
        waiting = [phone for phone in phones if not phone.is_done]
        if not waiting:
            break
        _step(dice, dice.choice(waiting), phones, now)
    for phone, (wanted, frames_wanted) in zip(phones, expected, strict=True):
        assert phone.is_done, "the line was never up for long enough"
        kept = b"".join(bytes(row.frames) for row in LiveSamples.objects.filter(stream=phone.stream))
        LiveSamples.objects.filter(stream=phone.stream).delete()
        live.finish(stream=phone.stream, by=phone.by, now=now)
        stored = live_store.with_gaps(live_store.seconds_of(phone.stream))
        yield phone.profile, wanted, stored, frames_wanted, kept


def _step(dice: random.Random, phone: Phone, phones: list[Phone], now: dt.datetime) -> None:
    if phone.session is None:  # to any process: what it knows is what is stored
        found = live_store.resume_stream(stream=phone.stream.uuid, profile=phone.profile, by=phone.by, now=now)
        phone.session = Session(Sitting(stream=found, by=phone.by))
        phone.hear(phone.session.sitting.next_number, 0)
        phone.at = phone.stored
        return
    session = phone.session
    batch = list(range(phone.at, min(len(phone.log), phone.at + dice.randrange(1, 12))))
    phone.at += len(batch)
    again = session.take([phone.said[place] for place in _line(dice, batch, phone)])
    if again is not None:
        phone.at = next(k for k, item in enumerate(phone.log) if isinstance(item, PhoneFrame) and item.number == again)
    for one in phone.unaware:  # late packets of a line that is gone
        late = [said for place in batch if isinstance(said := phone.said[place], bytes)]
        one.take(list(late[:3]))
    if dice.random() < 0.5:
        _store(dice, phones, now)
    match dice.randrange(12):
        case 0:  # the process is killed, and with it everybody in it
            for other in phones:
                other.session = None
        case 1:  # the line is gone and the server does not know
            phone.unaware.append(session)
            phone.session = None
        case _ if phone.at >= len(phone.log):
            phone.at = phone.stored


def _line(dice: random.Random, places: list[int], phone: Phone) -> list[int]:
    """What becomes of some items on their way. Questions keep their place, and so does the first frame of all."""
    assert phone.session is not None
    near = [*places, *range(phone.at, min(phone.at + 1, len(phone.log)))]  # also the one that is sent next
    if phone.session.sitting.next_number is None or any(isinstance(phone.log[place], dict) for place in near):
        return places
    match dice.randrange(5):
        case 0:
            return [place for place in places if dice.random() < 0.7]
        case 1:
            return sorted([*places, *places[::2]])
        case 2:
            return dice.sample(places, len(places))
        case _:
            return places


def _store(dice: random.Random, phones: list[Phone], now: dt.datetime) -> None:
    """Everybody in one transaction; and whoever was left behind tries, too."""
    here = [(phone, phone.session) for phone in phones if phone.session is not None]
    savings = [session.sitting.saving() for _, session in here]
    assert not live_store.save(savings=savings, now=now)
    for (phone, session), saving in zip(here, savings, strict=True):
        if dice.random() < 0.8:  # else the answer is lost
            phone.hear(saving.next_number, session.answered)
    for phone in phones:
        for one in list(phone.unaware):
            lost = live_store.save(savings=[one.sitting.saving()], now=now)
            assert bool(lost) == (one.sitting.stream.turn < _turn(phone)), "somebody stored out of turn"
            if lost:
                phone.unaware.remove(one)


def _turn(phone: Phone) -> int:
    phone.stream.refresh_from_db()
    return phone.stream.turn
