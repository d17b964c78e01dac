"""All wearers of this process: what has come is worked on once a tick, stored together, and told to each.

Work on frames is done here, in the loop; what asks the database runs in a thread, one thing at a time. Every queue has
an end: who sends faster than a sensor is read no faster than that (`pace`), and comes after all others in a tick; who
does not stop sending, or does not listen, is told and closed.
"""

import asyncio
import contextlib
import datetime as dt
import logging
import math
import time
from collections.abc import Callable
from typing import Any, Final

import msgspec
from django.utils import timezone

from upperback.core.errors import InputError, Unavailable, UpperbackError
from upperback.services import audit, live, live_store
from upperback.services.live import Hello, Sitting
from upperback.services.live_store import Saving
from upperback.web.live.pace import Pace
from upperback.web.live.watching import ROOMS, Room
from upperback.web.live.wire import Line
from upperback.web.page_threads import ask

_log = logging.getLogger(__name__)

TICK_S: Final = 0.05
SAVES_EVERY_S: Final = 10.0
_BETWEEN_STORES_S: Final = 0.25
_SWEEP_S: Final = 1.0
_SILENT_S: Final = 60.0
_STUCK_S: Final = 10.0
_DRAINS_S: Final = 1.0
_LOADS_AFTER_S: Final = 5.0
_AT_ONCE_MAX: Final = 50
#: Who is allowed now is asked when something about them has changed, which writes a row in the audit; and this often
#: anyway.
_LOOKS_EVERY_S: Final = 1800.0
_WAITING_MAX: Final = 16
_WAITING_BYTES_MAX: Final = 64 * 1024
#: Those who send faster than a sensor have so much of a tick, so many of them together. Where that was not enough the
#: next tick comes as soon as what came meanwhile was read.
_FAST_SHARE: Final = 0.5
_FAST_TOGETHER: Final = 8
#: Of one wearer in one tick. Frames that follow each other are passes that follow each other: all others wait for them.
_FRAMES_A_TICK: Final = 4
_TROUBLES_MAX: Final = 5

GONE: Final = 1000
NOT_LET_IN: Final = 1008
TOO_MUCH: Final = 1013
#: Nothing came for a while: it may be back.
SILENT: Final = 4000
ELSEWHERE: Final = 4001


class Stopped(Exception):
    """Ended from this side: why, in words, and the code to close with."""

    def __init__(self, why: str, code: int) -> None:
        super().__init__(why)
        self.why, self.code = why, code


class Wearer:
    """A sitting and the line that it came by."""

    def __init__(self, sitting: Sitting, line: Line, still_in: Callable[[], bool] = lambda: True) -> None:
        self.sitting, self.line, self.still_in = sitting, line, still_in
        self.waiting: list[bytes | dict[str, Any]] = []
        self.waiting_bytes = 0
        self.may = _FRAMES_A_TICK
        self.is_leaving = False
        self.told: dict[str, Any] = {}
        self.told_when_stored: dict[str, Any] = {}
        self.unstored_since_s: float | None = None
        self.store_now = self.is_held = self.is_looked_at = False
        self.heard_s = self.looked_s = time.monotonic()
        self.pace = Pace(self.heard_s)
        self.stopped: Stopped | None = None
        self.receiving = False
        self.room: Room | None = None
        self._task = asyncio.current_task()
        self._hangs_since_s: float | None = None
        self._troubles = 0

    def put_frames(self) -> None:
        """The frames that wait, up to the first question and as many as may be, to the next tick of the crowd."""
        self._each(bytes, self._put)

    @property
    def has_more(self) -> bool:
        """For this tick."""
        return bool(self.waiting) and not self.stopped and (self.may > 0 or isinstance(self.waiting[0], dict))

    def _put(self, frame: Any) -> None:
        self.may -= not self.is_leaving
        for told in self.sitting.put(frame):
            _merge(self.told, told)

    def ask(self) -> None:
        """The questions that wait, up to the first frame. Answered once stored: none is asked again after a crash."""
        for told in self.sitting.take():
            _merge(self.told, told)
        if self.waiting:
            self._each(dict, self._ask)

    def _ask(self, question: Any) -> None:
        for told in self.sitting.command(question):
            _merge(self.told_when_stored, told)
        self.store_now = True
        if self.sitting.needs_look:
            self.looked_s = -math.inf

    def _each(self, kind: type, do: Callable[[Any], None]) -> None:
        done = 0
        for item in self.waiting:
            if self.stopped or not isinstance(item, kind) or (kind is bytes and self.may <= 0):
                break
            done += 1
            try:
                do(item)
                self.unstored_since_s = self.unstored_since_s or time.monotonic()
            except InputError as problem:
                self.cannot_read(problem)
        del self.waiting[:done]

    def cannot_read(self, problem: InputError) -> None:
        """Tells them; the fifth time ends it."""
        self._troubles += 1
        self.told["trouble"] = problem.message
        if self._troubles >= _TROUBLES_MAX:
            self.stop(problem.message, NOT_LET_IN)

    def flush(self) -> None:
        """Sends what is to be told; while that hangs, newer answers take the place of older ones."""
        if self.told and not self.stopped and not self.is_looked_at and self.line.is_free():
            told, self.told = self.told, {}
            if self.room is not None and self.room.seats:
                self.room.show(self, told)
            self.line.tell(msgspec.json.encode(told))
            self._hangs_since_s = None if self.line.is_free() else time.monotonic()

    @property
    def is_aligned(self) -> bool:
        """How it sits is known."""
        return self.sitting.is_aligned

    @property
    def is_stuck(self) -> bool:
        """Nobody has listened for too long."""
        since_s = self._hangs_since_s
        return since_s is not None and not self.line.is_free() and time.monotonic() - since_s > _STUCK_S

    def stop(self, why: str, code: int) -> None:
        """From this side. The first reason counts."""
        if self.stopped is None:
            self.stopped = Stopped(why, code)
            if self.receiving and self._task is not None and asyncio.current_task() is not self._task:
                self._task.cancel()

    async def drained(self) -> None:
        """Waits until everything told was sent, or nobody listens."""
        self.flush()
        for _ in range(round(_DRAINS_S / TICK_S)):
            if not self.told and self.line.is_free():
                return
            await asyncio.sleep(TICK_S)


def _merge(told: dict[str, Any], found: dict[str, Any]) -> None:
    """Newer takes the place of older, but a hint that was not sent yet stays one."""
    before = told.get("second")
    told |= found
    if before is not None and before.get("hint"):
        told["second"] = before


def _few_wait(wearer: Wearer) -> bool:
    """Of this one more may wait to be worked on."""
    return len(wearer.waiting) < _WAITING_MAX and wearer.waiting_bytes < _WAITING_BYTES_MAX


class Hub:
    """The wearers of a process. Its task lives as long as there are some."""

    def __init__(self) -> None:
        self.crowd = live.make_crowd()
        self._wearers: dict[Wearer, None] = {}
        self._due: dict[Wearer, None] = {}
        self._held: dict[Wearer, None] = {}
        """Whose line is not read for now."""
        self._unstored: dict[Wearer, None] = {}
        """In the order in which they have to be stored."""
        self._asking: dict[Wearer, None] = {}
        """Who cannot wait for that."""
        self._wake = asyncio.Event()
        self._stored: asyncio.Future[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._at_door: list[tuple[Hello, asyncio.Future[Sitting | UpperbackError]]] = []
        self._letting_in: asyncio.Task[None] | None = None
        self._running: asyncio.Task[None] | None = None
        self._storing: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None
        self._is_behind = False
        self._swept_s = self._stored_s = time.monotonic()
        self._seen_event: int | None = None

    def __len__(self) -> int:
        return len(self._wearers)

    def join(self, wearer: Wearer) -> None:
        """From now on what this wearer sends is worked on."""
        self._wearers[wearer] = None
        wearer.room = ROOMS.of(wearer.sitting.profile.pk)
        wearer.room.begins(wearer)
        if wearer.sitting.needs_look:
            wearer.looked_s = -math.inf
        if self._running is None or self._running.done():
            self._running = asyncio.get_running_loop().create_task(self._run())
            self._begin(self._load())

    # ---- coming in ----

    async def let_in(self, hello: Hello) -> Sitting:
        """Those who come while others are let in are let in together, next.

        Raises
        ------
        UpperbackError : why not.
        """
        answer: asyncio.Future[Sitting | UpperbackError] = asyncio.get_running_loop().create_future()
        self._at_door.append((hello, answer))
        if self._letting_in is None or self._letting_in.done():
            self._letting_in = asyncio.get_running_loop().create_task(self._let_all_in())
        found = await answer
        if isinstance(found, UpperbackError):
            raise found
        return found

    async def _let_all_in(self) -> None:
        while self._at_door:
            first, self._at_door = self._at_door[:_AT_ONCE_MAX], self._at_door[_AT_ONCE_MAX:]
            try:
                await self._let_these_in(first)
            except Exception:  # noqa: BLE001  a bug with one of them ends nothing for the others
                _log.exception("several sensors could not be let in together")
                for one in first:
                    try:
                        await self._let_these_in([one])
                    except Exception:  # noqa: BLE001
                        _log.exception("a sensor could not be let in")
                        if not one[1].done():
                            one[1].set_result(Unavailable("Something went wrong here. Try again", retryable=True))

    async def _let_these_in(self, who: "list[tuple[Hello, asyncio.Future[Sitting | UpperbackError]]]") -> None:
        found = await ask(live.begin, hellos=[hello for hello, _ in who], now=_now())
        for (_, answer), one in zip(who, found, strict=True):
            if not answer.done():  # nobody waits any more where the server is ended
                answer.set_result(one)

    async def _load(self) -> None:
        """Not at once: those who come back after a restart come first."""
        await asyncio.sleep(_LOADS_AFTER_S)
        await asyncio.to_thread(live.load_for_counting)

    def put(self, wearer: Wearer, item: bytes | dict[str, Any], now_s: float) -> None:
        """A frame or a question. While too many of this wearer wait, or came at once, the line is not read."""
        wearer.waiting.append(item)
        wearer.waiting_bytes += len(item)
        wearer.heard_s = now_s
        has_room = wearer.pace.take(now_s, len(item)) and _few_wait(wearer)
        self._due[wearer] = None
        if not self._wake.is_set():
            self._wake.set()
        if not has_room and not wearer.is_held:
            wearer.is_held = True
            self._held[wearer] = None
            wearer.line.hold()

    def cannot_read(self, wearer: Wearer, problem: InputError, now_s: float) -> None:
        """A message that is neither a frame nor a question."""
        wearer.heard_s = now_s
        wearer.pace.take(now_s, 0)
        wearer.cannot_read(problem)
        wearer.flush()

    async def leave(self, wearer: Wearer) -> None:
        """Works on what still waits, and returns when it is stored, or is somebody else's."""
        self._due[wearer] = None
        wearer.is_leaving = True
        while wearer in self._wearers and (wearer.waiting or wearer.unstored_since_s) and not wearer.stopped:
            await self._store_soon(wearer)
        if wearer.stopped and wearer.stopped.code != ELSEWHERE and wearer.unstored_since_s:
            await self._store_soon(wearer)
        self._wearers.pop(wearer, None)
        self._due.pop(wearer, None)
        self._held.pop(wearer, None)
        self._unstored.pop(wearer, None)
        wearer.sitting.leave()
        if wearer.room is not None:
            wearer.room.leaves(wearer)
            ROOMS.tidy(wearer.sitting.profile.pk)

    async def _store_soon(self, wearer: Wearer) -> None:
        self._asking[wearer] = None
        self._wake.set()
        if self._stored is None or self._stored.done():
            self._stored = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._stored)

    def _is_stored(self) -> None:
        if self._stored is not None and not self._stored.done():
            self._stored.set_result(None)

    # ---- the tick ----

    async def _run(self) -> None:
        while self._wearers:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_SWEEP_S):
                    await self._wake.wait()
            self._wake.clear()
            began_s = time.monotonic()
            self._tick(began_s)
            if began_s - self._swept_s >= _SWEEP_S:
                self._swept_s = began_s
                self._sweep(began_s)
            self._store(began_s)
            until_s = began_s if self._is_behind else began_s + TICK_S
            await asyncio.sleep(max(0.0, until_s - time.monotonic()))

    def _tick(self, began_s: float) -> None:
        """First those who send as a sensor does, then as many of the others as there is time for."""
        due, self._due = self._due, {}
        fast = [wearer for wearer in due if wearer.pace.is_fast]
        self._work_on([wearer for wearer in due if not wearer.pace.is_fast] if fast else list(due))
        until_s = began_s + TICK_S * _FAST_SHARE
        done = 0
        while done < len(fast) and (done == 0 or time.monotonic() < until_s):
            self._work_on(fast[done : done + _FAST_TOGETHER])
            done += _FAST_TOGETHER
        self._is_behind = done < len(fast)
        if self._is_behind:  # in front of those who had their turn
            self._due = dict.fromkeys(fast[done:]) | self._due
        if self._due:
            self._wake.set()
        self._go_on(time.monotonic())

    def _go_on(self, now_s: float) -> None:
        """Lines that were held are read again where there is room."""
        for wearer in list(self._held):
            if wearer.stopped is None and _few_wait(wearer) and wearer.pace.has_room(now_s):
                del self._held[wearer]
                wearer.is_held = False
                wearer.line.go_on()
        if self._held:
            self._wake.set()

    def _work_on(self, wearers: list[Wearer]) -> None:
        """What waits of these, and their answers."""
        for wearer in wearers:
            wearer.may = _FRAMES_A_TICK
        left = wearers
        while left:
            self._each(left, Wearer.put_frames)
            self.crowd.tick()
            self._each(left, Wearer.ask)
            left = [wearer for wearer in left if wearer.has_more]
        for wearer in wearers:
            if wearer.unstored_since_s:
                self._unstored.setdefault(wearer)
            if wearer.store_now:
                self._asking[wearer] = None
            wearer.waiting_bytes = sum(map(len, wearer.waiting))
            if wearer.waiting and not wearer.stopped:
                self._due[wearer] = None
            if "second" in wearer.told and wearer.told["second"]["hint"] and not wearer.is_looked_at:
                wearer.is_looked_at = True
                self._begin(self._confirm(wearer))
            else:
                wearer.flush()

    def _each(self, wearers: list[Wearer], do: Callable[[Wearer], None]) -> None:
        for wearer in wearers:
            try:
                do(wearer)
            except Exception:  # noqa: BLE001  a bug with one wearer, or a database that is away, ends nothing for the others
                _log.exception("a wearer's frames could not be worked on")
                wearer.stop("Something went wrong here. What was measured so far is kept", NOT_LET_IN)

    async def _confirm(self, wearer: Wearer) -> None:
        """A hint is given only if it does not disturb at this moment; until that is known nothing is told."""
        await self._look(wearer)
        wearer.is_looked_at = False
        if wearer.sitting.disturbs and "second" in wearer.told:
            wearer.told["second"]["hint"] = False
        wearer.flush()

    def _begin(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # ---- storing ----

    def _store(self, now_s: float) -> None:
        if self._storing is not None and not self._storing.done():
            return
        # Together: a transaction takes its time however much is in it. Whoever asked for it does not wait.
        if not self._asking and now_s - self._stored_s < _BETWEEN_STORES_S:
            return
        due = self._due_to_store(now_s)
        if due:
            self._stored_s = now_s
            self._storing = asyncio.get_running_loop().create_task(self._store_all(due))
        else:
            self._is_stored()

    def _due_to_store(self, now_s: float) -> list[Wearer]:
        """Whoever waits for it, and whoever has waited for long enough: these stand in front."""
        due = {wearer: None for wearer in self._asking if wearer in self._wearers}
        self._asking = {}
        for wearer in self._unstored:
            if now_s - (wearer.unstored_since_s or now_s) < SAVES_EVERY_S:
                break
            due[wearer] = None
        return [wearer for wearer in due if wearer.unstored_since_s]

    async def _store_all(self, due: list[Wearer]) -> None:
        savings: list[tuple[Wearer, Saving, dict[str, Any]]] = []
        for wearer in due:
            savings.append((wearer, wearer.sitting.saving(), wearer.told_when_stored))
            wearer.told_when_stored, wearer.unstored_since_s, wearer.store_now = {}, None, False
            self._unstored.pop(wearer, None)
        try:
            lost = await ask(live_store.save, savings=[saving for _, saving, _ in savings], now=_now())
        except Exception:  # noqa: BLE001  a bug with one wearer, or a database that is away, ends nothing for the others
            _log.exception("what sensors measured could not be stored")
            for wearer, saving, answers in savings:
                wearer.sitting.take_back(saving)
                wearer.told_when_stored = answers | wearer.told_when_stored
                wearer.unstored_since_s = wearer.unstored_since_s or time.monotonic()
                self._unstored.setdefault(wearer)
        else:
            for wearer, saving, answers in savings:
                if saving.stream in lost:
                    wearer.stop("This measurement goes on in another window or on another device", ELSEWHERE)
                else:
                    _merge(wearer.told, answers)
                    if saving.next_number is not None:
                        wearer.told["ack"] = saving.next_number - 1
                    wearer.flush()
        self._is_stored()

    # ---- who may go on ----

    def _sweep(self, now_s: float) -> None:
        for wearer in list(self._wearers):
            if now_s - wearer.heard_s > _SILENT_S:
                wearer.stop("Nothing has come from the sensor for a minute", SILENT)
            elif wearer.is_stuck:
                wearer.stop("Nobody listens", TOO_MUCH)
            elif wearer.pace.is_too_fast(now_s):
                wearer.stop("The sensor sends too much", TOO_MUCH)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.get_running_loop().create_task(self._look_all())

    async def _look_all(self) -> None:
        """Whoever's record has changed may have lost the plan, and is looked at at once."""
        try:
            self._seen_event, changed = await ask(audit.changed_since, self._seen_event, but="wear_sensor")
        except Exception:  # noqa: BLE001  a bug with one wearer, or a database that is away, ends nothing for the others
            _log.exception("changes could not be looked for")
            return
        now_s = time.monotonic()
        for wearer in list(self._wearers):
            if now_s - wearer.looked_s >= _LOOKS_EVERY_S or (changed and wearer.sitting.profile.uuid in changed):
                await self._look(wearer)

    async def _look(self, wearer: Wearer) -> None:
        wearer.looked_s = time.monotonic()
        try:
            await ask(wearer.sitting.look, now=_now())
        except UpperbackError as refused:
            wearer.stop(refused.message, NOT_LET_IN)
        except Exception:  # noqa: BLE001  a bug with one wearer, or a database that is away, ends nothing for the others
            _log.exception("whether a sensor may still be worn could not be asked")
            wearer.stop("Something went wrong here. What was measured so far is kept", NOT_LET_IN)
        if not wearer.still_in():
            wearer.stop("This browser is not let in any more", NOT_LET_IN)


_hubs: dict[asyncio.AbstractEventLoop, Hub] = {}


def hub() -> Hub:
    """The hub of this loop; a process has one, tests have one each."""
    loop = asyncio.get_running_loop()
    for other in [one for one in _hubs if one.is_closed()]:
        del _hubs[other]
    return _hubs.setdefault(loop, Hub())


async def finish(wearer: Wearer) -> None:
    """The end of a sitting that has left the hub."""
    try:
        await ask(live.finish, stream=wearer.sitting.stream, by=wearer.sitting.by, now=_now())
    except UpperbackError:
        _log.warning("what a sensor measured could not be kept")
    person = wearer.sitting.profile.pk
    ROOMS.of(person).is_over()
    ROOMS.tidy(person)


def _now() -> dt.datetime:
    return timezone.now()
