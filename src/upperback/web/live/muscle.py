"""Letting a muscle go, on a page: electrodes over Lab Streaming Layer, a made-up muscle, or a recording that the page
sends; nothing of it is stored.

A page is let in by a ticket of its browser, like any live page: `{"ticket": ..., "source": "lsl" | "simulated" |
"replay"}` first, with `"stream": name` where there are several. It is told `ready` (what the signal comes from),
`stage`, `level` (null: not known), `round`, `done`, and `stopped` last. The work is done in a thread: a source may wait
for its sensor.

For `replay` the first message also says `name` and `bytes` of the file, and perhaps `unit`, `channel` and `speed`
("life" or "max"). Told `send`, the page sends the file in binary messages. It is read by the confined child, and lies
in a temporary folder for as long as this line is open.
"""

import asyncio
import contextlib
import math
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.utils import timezone

from upperback.core.errors import InputError, NotFound, UpperbackError
from upperback.services import live_tickets
from upperback.web.live import messages
from upperback.web.live.messages import NOT_LET_IN, Closed
from upperback.web.live.paths import FILE_BYTES_MAX
from upperback.web.live.visitor import visitor
from upperback.web.page_threads import ask
from upperback.web.static_files import Receive, Scope, Send

if TYPE_CHECKING:
    from upperback.devices.live.muscle import MuscleSource

ROUNDS: Final = 5

#: A made-up muscle goes as fast as life.
_SPEED: Final = 1.0
_SILENT: Final = "The signal of the electrodes is gone."
_FILE_GONE: Final = "Your recording did not arrive whole. Choose it again."
_PIECE_S: Final = 30.0
_NAME_CHARACTERS_MAX: Final = 80
_READ_S: Final = 120
_NAMES: Final = {"ticket", "source", "stream", "name", "bytes", "unit", "channel", "speed"}
_UNITS: Final = {"": None, "V": "V", "mV": "mV", "uV": "uV"}
#: What the command line would say of its options, as a page says it.
_ON_A_PAGE: Final = (
    ("no stream ", "no signal "),
    (" with EMG answered within", " of electrodes was found within"),
    ("name one with --stream", "write the name of the one that you want"),
    ("; give --emg-unit V, mV or uV", ": choose it below the file"),
    ("give --emg-unit", "whoever sends it has to say it: V, mV or uV"),
)
_END: Final = object()


async def muscle_socket(scope: Scope, receive: Receive, send: Send) -> None:
    """One training."""
    if (await receive())["type"] != "websocket.connect":
        return
    await send({"type": "websocket.accept"})
    by = visitor(scope)
    code = 1000
    try:
        hello = await _hello(receive)
        await ask(live_tickets.take_ticket, token=str(hello["ticket"]), by=by, now=timezone.now())
        with contextlib.ExitStack() as stack:
            training = await _training(hello, receive, send, stack)
            code = await messages.first_of(_gone(receive), _train(training, send))
    except Closed:
        return
    except UpperbackError as refused:
        await messages.tell(send, {"stopped": _as_on_a_page(refused.message)})
        code = NOT_LET_IN
    await send({"type": "websocket.close", "code": code})


async def _hello(receive: Receive) -> dict[str, Any]:
    found = await messages.hello(receive, "ticket", also=frozenset(_NAMES))
    if not all(isinstance(found.get(name, ""), str) for name in _NAMES) or "source" not in found:
        raise NotFound("This page has waited for too long. Open it again")
    return found


async def _gone(receive: Receive) -> int:
    """Until the page leaves; it has nothing to ask for."""
    await messages.next_message(receive)
    raise InputError("a page that shows a muscle cannot ask for anything")


async def _training(hello: dict[str, Any], receive: Receive, send: Send, stack: contextlib.ExitStack) -> "_Training":
    """What the page has asked for; a recording is here by then, for as long as `stack` is open. Raises InputError."""
    from upperback.devices.live.muscle import lsl_muscle, simulated_muscle

    kind, name = str(hello["source"]), str(hello.get("stream", "")).strip() or None
    if settings.OPTIONS.mode == "service" and kind != "simulated":
        kind = ""
    match kind:
        case "simulated":
            return _Training(lambda _: simulated_muscle("letting-go"), is_live=False, about="")
        case "lsl":
            return _Training(lambda _: lsl_muscle(name), is_live=True)
        case "replay":
            folder = Path(
                stack.enter_context(tempfile.TemporaryDirectory(prefix="upperback-", ignore_cleanup_errors=True))
            )
            return await _recording(hello, folder, receive, send)
    raise InputError("There is no such source of a muscle here")


async def _recording(hello: dict[str, Any], folder: Path, receive: Receive, send: Send) -> "_Training":
    """The file that the page sends. Raises InputError."""
    from upperback.devices.base import ReadOptions
    from upperback.devices.confined import Limits
    from upperback.devices.live.replay import open_muscle_replay

    shown = "".join(one for one in str(hello.get("name", "")) if one.isprintable())
    name = re.split(r"[/\\]", shown)[-1][-_NAME_CHARACTERS_MAX:] or "recording"
    n_bytes, unit = str(hello.get("bytes", "")), str(hello.get("unit", ""))
    if not re.fullmatch("[0-9]{1,12}", n_bytes) or unit not in _UNITS:
        raise InputError(_FILE_GONE)
    if int(n_bytes) > FILE_BYTES_MAX:
        raise InputError(f"A recording for this page has {FILE_BYTES_MAX >> 20} MB at most")
    path = folder / f"recording{re.sub('[^.a-z0-9]', '', Path(name).suffix.lower())[:12]}"
    await messages.tell(send, {"send": True})
    await _write(path, int(n_bytes), receive)
    channel = str(hello.get("channel", "")).strip()
    options = ReadOptions(emg_channels=(channel,) if channel else (), emg_unit=_UNITS[unit])
    limits = Limits(cpu_s=_READ_S, wall_s=float(_READ_S), file_bytes=1 << 30)

    def open_it(goes_on: Callable[[float], None]) -> "MuscleSource":
        try:
            source = open_muscle_replay(path, folder, options, limits=limits, progress=goes_on)
        except InputError as refused:
            raise InputError(refused.message.removeprefix(f"{path.name}: ")) from None
        return replace(source, about=f"{name}, {source.about.removeprefix(f'recording {path.name}, ')}")

    return _Training(open_it, is_live=False, speed=str(hello.get("speed", "life")))


async def _write(path: Path, n_bytes: int, receive: Receive) -> None:
    """Every byte that was said to come, and no more. Raises InputError."""
    here = 0
    with path.open("wb") as file:
        while here < n_bytes:
            try:
                message = await asyncio.wait_for(messages.next_message(receive), _PIECE_S)
            except TimeoutError:
                raise InputError(_FILE_GONE) from None
            piece = message.get("bytes") or b""
            here += len(piece)
            if not piece or here > n_bytes:
                raise InputError(_FILE_GONE)
            file.write(piece)


async def _train(training: "_Training", send: Send) -> int:
    steps = training.steps()
    try:
        while (told := await asyncio.to_thread(next, steps, _END)) is not _END:
            await messages.tell(send, told)  # type: ignore[arg-type]
    finally:
        training.is_over = True
        with contextlib.suppress(ValueError):  # it is at work in its thread, and ends there
            steps.close()
    return 1000


class _Left(Exception):
    """Nobody waits for it any more."""


class _Training:
    """A source and what is made of it, step by step.

    Attributes
    ----------
    open_source : is given what it may call while it reads, which raises when nobody waits any more
    is_live : comes in its own time; others are told as fast as life, or without waiting
    about : what the signal comes from, where it is not for the source to say
    """

    def __init__(
        self,
        open_source: "Callable[[Callable[[float], None]], MuscleSource]",
        *,
        is_live: bool,
        about: str | None = None,
        speed: str = "life",
    ) -> None:
        self._open, self._is_live, self._about = open_source, is_live, about
        self._waits = not is_live and speed != "max"
        self.is_over = False

    def steps(self) -> Generator[dict[str, Any]]:
        """What there is to tell, as it comes. Raises InputError where there is no such source."""
        from upperback.sensing.letting_go import LettingGo

        try:
            source = self._open(self._goes_on)
        except _Left:
            return
        training = LettingGo(sampling_rate_hz=source.sampling_rate_hz, rounds=ROUNDS)
        about = source.about if self._about is None else self._about
        yield {"ready": about, "rounds": ROUNDS, "stage": training.stage}
        found: list[float | None] = []
        stage, began_s, first_s = training.stage, time.monotonic(), None
        for chunk in source.chunks():
            first_s = chunk.start_s if first_s is None else first_s
            if self._waits:
                time.sleep(max(0.0, began_s + (chunk.end_s - first_s) / _SPEED - time.monotonic()))
            if self.is_over:
                return
            said = training.update(chunk)
            told: dict[str, Any] = {"level": None if math.isnan(said.level) else round(said.level, 1)}
            for one in said.rounds:
                found.append(one.after_s)
                told["round"] = {
                    "number": one.number,
                    "after_s": None if one.after_s is None else round(one.after_s, 1),
                }
            if said.stage != stage:
                stage = told["stage"] = said.stage
            yield told
            if stage == "done":
                yield _done(found)
                return
        yield {"stopped": _SILENT} if self._is_live else _done(found)

    def _goes_on(self, _share: float) -> None:
        if self.is_over:
            raise _Left


def _done(found: list[float | None]) -> dict[str, Any]:
    """How many rounds there were, in how many of them rest was found, and how soon in the middle one."""
    gaps = [after_s for after_s in found if after_s is not None]
    median_s = round(statistics.median(gaps), 1) if gaps else None
    return {"done": {"rounds": len(found), "gaps": len(gaps), "median_s": median_s}}


def _as_on_a_page(sentence: str) -> str:
    for option, words in _ON_A_PAGE:
        sentence = sentence.replace(option, words)
    return sentence[:1].upper() + sentence[1:]
