"""A phone of software, for pages and commands that are paired with one."""

import asyncio
import json
import queue
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import websockets

from tests.unit.services.test_counting import as_frames
from tests.unit.services.test_live import Phone as FramesOfPhone
from upperback.sensing.signal import Chunk


class SoftPhone(threading.Thread):
    """A phone of software: it opens the link, says yes, lies, and then moves as a simulated wearer does, fast."""

    def __init__(self, link: str, trusting: ssl.SSLContext | None = None) -> None:
        """`trusting`: for a link that is sealed; without it the same address is opened in the clear."""
        super().__init__(daemon=True)
        self._link, self._trusting = link, trusting
        self.number: str | None = None
        self.problem: BaseException | None = None
        self._sets: queue.Queue[Iterator[Chunk] | None] = queue.Queue()
        self._phone = FramesOfPhone()

    def moves(self, chunks: "Iterator[Chunk] | None") -> None:
        """From now on; None: it leaves."""
        self._sets.put(chunks)

    def run(self) -> None:
        try:
            asyncio.run(self._live())
        except BaseException as problem:  # noqa: BLE001  shown by the test
            self.problem = problem

    async def _live(self) -> None:
        address, _, secret = self._link.partition("#")
        host = address.removeprefix("https://").split("/")[0]
        scheme = "ws" if self._trusting is None else "wss"
        async with websockets.connect(
            f"{scheme}://{host}/live/phone/socket/",
            additional_headers={"Origin": f"{'http' if self._trusting is None else 'https'}://{host}"},
            ssl=self._trusting,
        ) as line:
            await line.send(json.dumps({"open": secret}))
            self.number = json.loads(await line.recv())["number"]
            await line.send(json.dumps({"same": True}))
            while "ready" not in json.loads(await line.recv()):
                pass
            listening = asyncio.ensure_future(self._listen(line))
            for frame in self._phone.lies(2):
                await line.send(frame)
            while (chunks := await asyncio.to_thread(self._sets.get)) is not None:
                for frame in as_frames(chunks, self._phone):
                    await line.send(frame)
                    await asyncio.sleep(0.1)  # ten times as fast as life
            listening.cancel()

    async def _listen(self, line: Any) -> None:
        async for _ in line:
            pass


@contextmanager
def worn(phone: SoftPhone) -> Iterator[SoftPhone]:
    """Until the end of the block, whatever happens in it."""
    phone.start()
    try:
        yield phone
    finally:
        phone.moves(None)
        phone.join(timeout=30)
    assert phone.problem is None
