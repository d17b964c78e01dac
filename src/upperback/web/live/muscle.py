"""Letting a muscle go, on a page: electrodes over Lab Streaming Layer, or a made-up muscle; nothing of it is stored.

A page is let in by a ticket of its browser, like any live page: `{"ticket": ..., "source": "lsl" | "simulated"}` first,
with `"stream": name` where there are several. It is told `ready` (what the signal comes from), `stage`, `level` (null:
not known), `round`, `done`, and `stopped` last. The work is done in a thread: a source may wait for its sensor.
"""

import asyncio
import contextlib
import math
import statistics
import time
from collections.abc import Generator
from typing import Any, Final

from django.conf import settings
from django.utils import timezone

from upperback.core.errors import InputError, NotFound, UpperbackError
from upperback.services import live_tickets
from upperback.web.live import messages
from upperback.web.live.messages import NOT_LET_IN, Closed
from upperback.web.live.visitor import visitor
from upperback.web.page_threads import ask
from upperback.web.static_files import Receive, Scope, Send

ROUNDS: Final = 5

#: A made-up muscle goes as fast as life.
_SPEED: Final = 1.0
_SILENT: Final = "The signal of the electrodes is gone."
_NAMES: Final = {"ticket", "source", "stream"}
#: What the command line would say of its options, as a page says it.
_ON_A_PAGE: Final = (
    ("name one with --stream", "write the name of the one that you want"),
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
        code = await messages.first_of(_gone(receive), _train(hello, send))
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


async def _train(hello: dict[str, Any], send: Send) -> int:
    training = await asyncio.to_thread(_Training, str(hello["source"]), str(hello.get("stream", "")).strip() or None)
    steps = training.steps()
    try:
        while (told := await asyncio.to_thread(next, steps, _END)) is not _END:
            await messages.tell(send, told)  # type: ignore[arg-type]
    finally:
        training.is_over = True
        with contextlib.suppress(ValueError):  # it is at work in its thread, and ends there
            steps.close()
    return 1000


class _Training:
    """A source and what is made of it, step by step. Raises InputError where there is no such source."""

    def __init__(self, kind: str, stream: str | None) -> None:
        from upperback.devices.live.muscle import lsl_muscle, simulated_muscle
        from upperback.sensing.letting_go import LettingGo

        if kind not in {"lsl", "simulated"} or (kind == "lsl" and settings.OPTIONS.mode == "service"):
            raise InputError("There is no such source of a muscle here")
        self._is_live = kind == "lsl"
        self._source = lsl_muscle(stream) if self._is_live else simulated_muscle("letting-go")
        self._training = LettingGo(sampling_rate_hz=self._source.sampling_rate_hz, rounds=ROUNDS)
        self.is_over = False

    def steps(self) -> Generator[dict[str, Any]]:
        """What there is to tell, as it comes."""
        yield {"ready": self._source.about if self._is_live else "", "rounds": ROUNDS, "stage": self._training.stage}
        found: list[float | None] = []
        stage, began_s, first_s = self._training.stage, time.monotonic(), None
        for chunk in self._source.chunks():
            first_s = chunk.start_s if first_s is None else first_s
            if not self._is_live:
                time.sleep(max(0.0, began_s + (chunk.end_s - first_s) / _SPEED - time.monotonic()))
            if self.is_over:
                return
            said = self._training.update(chunk)
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
                gaps = [after_s for after_s in found if after_s is not None]
                median_s = round(statistics.median(gaps), 1) if gaps else None
                yield {"done": {"rounds": len(found), "gaps": len(gaps), "median_s": median_s}}
                return
        yield {"stopped": _SILENT}


def _as_on_a_page(sentence: str) -> str:
    for option, words in _ON_A_PAGE:
        sentence = sentence.replace(option, words)
    return sentence[:1].upper() + sentence[1:]
