"""One tick: who sends as a sensor does is answered first, and who floods waits for as long as others need."""

import asyncio
import time
import types
from collections.abc import Callable
from typing import Any

import pytest

from upperback.web.live import hub
from upperback.web.live.hub import Hub, Wearer

ORDER: list[str] = []


class Sitting:
    """One that writes down when it was its turn."""

    needs_look = disturbs = is_aligned = False

    def __init__(self, name: str, works: Callable[[], None]) -> None:
        self.name, self.works = name, works
        self.profile = types.SimpleNamespace(pk=name, uuid=name)

    def put(self, frame: bytes) -> list[Any]:
        self.works()
        ORDER.append(self.name)
        return []

    def take(self) -> list[Any]:
        return [{"now": {}}]


class Line:
    """One that is always free, and knows whether it is read."""

    def __init__(self, name: str) -> None:
        self.name, self.is_read = name, True

    def is_free(self) -> bool:
        return True

    def tell(self, text: bytes) -> None:
        ORDER.append(f"{self.name} told")

    def hold(self) -> None:
        self.is_read = False

    def go_on(self) -> None:
        self.is_read = True


def wearer(here: Hub, name: str, works: Callable[[], None] = lambda: None) -> Wearer:
    found = Wearer(Sitting(name, works), Line(name))  # type: ignore[arg-type]
    here._wearers[found] = None
    return found


def send(here: Hub, who: Wearer, n: int, now_s: float = 0.0) -> None:
    for _ in range(n):
        here.put(who, b"12345678", now_s)


def run(test: Callable[[Hub], None]) -> None:
    async def in_loop() -> None:
        ORDER.clear()
        test(Hub())

    asyncio.run(in_loop())


def test_who_floods_comes_after_all_others_are_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 0.0)

    def test(here: Hub) -> None:
        floods, calm = wearer(here, "floods"), wearer(here, "calm")
        send(here, floods, 60)
        send(here, calm, 2)
        here._tick(0.0)
        assert ["calm", "calm", "calm told", *["floods"] * 4, "floods told"] == ORDER
        assert not here._is_behind

    run(test)


def test_floods_share_what_time_there_is_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now_s[0])
    monkeypatch.setattr(hub, "_FAST_TOGETHER", 1)

    def works() -> None:
        now_s[0] += hub.TICK_S / 4

    def test(here: Hub) -> None:
        for name in ("one", "other", "third"):
            send(here, wearer(here, name, works), 60)
        here._tick(now_s[0])
        assert here._is_behind
        here._tick(now_s[0])
        here._tick(now_s[0])
        assert [name for name in ORDER if "told" not in name] == ["one"] * 4 + ["other"] * 4 + ["third"] * 4
        calm = wearer(here, "calm")
        send(here, calm, 1, now_s[0])
        here._tick(now_s[0])
        assert ORDER[-7:-5] == ["calm", "calm told"], "whoever comes is before all of them"

    run(test)


def test_a_line_is_read_again_once_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now_s[0])

    def test(here: Hub) -> None:
        floods = wearer(here, "floods")
        line: Any = floods.line
        for _ in range(80):
            send(here, floods, 7 if line.is_read else 0)
            here._tick(now_s[0])
        assert not line.is_read
        assert ORDER.count("floods") <= 250 + 16
        for _ in range(20):
            now_s[0] += 0.05
            here._tick(now_s[0])
        assert line.is_read

    run(test)


def test_with_nobody_who_floods_all_are_worked_on_together() -> None:
    def test(here: Hub) -> None:
        everybody = [wearer(here, f"{k}") for k in range(3)]
        for one in everybody:
            send(here, one, 1)
        here._tick(0.0)
        assert ORDER == ["0", "1", "2", "0 told", "1 told", "2 told"]

    run(test)
