"""Press a little, let go, find the gap: the whole training on the page, with the muscle of the simulated wearer."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import tour
from tests.browser.conftest import PHONE, Live
from tests.browser.emulated_phone import part
from upperback.web.live import muscle


def stages() -> Iterator[list[dict[str, Any]]]:
    """What the socket tells of the simulated muscle, without waiting: up to each new stage."""
    told: list[dict[str, Any]] = []
    for one in muscle._Training("simulated", None).steps():
        told.append(one)
        if "stage" in one and len(told) > 1:
            yield told
            told = []
    yield told


def test_a_muscle_is_let_go_of_and_its_rest_is_found(
    browser: Browser, live: Live, monkeypatch: pytest.MonkeyPatch, shoot: Callable[[Any, str], Path]
) -> None:
    monkeypatch.setattr(muscle, "_SPEED", 1e6)
    context = browser.new_context(base_url=live.address, viewport={"width": PHONE[0], "height": PHONE[1]})
    page = context.new_page()
    page.goto(live.first_link)
    page.goto("/people/")
    page.get_by_role("button", name="Priya").click()
    parts = stages()
    with tour.muscle_told(page) as tell:
        page.get_by_role("button", name="Try it with a made-up muscle").click()
        (ready, *rest), *rounds = itertools.islice(parts, 11)
        tell(ready)
        expect(part(page, "ask")).to_contain_text("Rest for twelve seconds")
        expect(page.get_by_text("This is a made-up muscle")).to_be_visible()
        tell(*rest[:-1])
        expect(part(page, "level")).to_have_text("Finding out how rest looks")
        tell(rest[-1])
        for number, (press, let_go) in enumerate(zip(rounds[::2], rounds[1::2], strict=True), 1):
            expect(part(page, "ask")).to_have_text("Lift your shoulders a little, and hold.")
            tell(*press)
            expect(part(page, "ask")).to_have_text("Let go. All the way.")
            expect(part(page, "level")).to_have_text("It works")
            tell(*let_go)
            expect(part(page, "rounds").locator("li")).to_have_count(number)
        shoot(page, "live-muscle-rounds")
        tell(*next(parts))
        expect(page.get_by_role("heading", name="Done")).to_be_visible()
        expect(part(page, "summary")).to_contain_text("At rest in 5 of 5 rounds.")
    context.close()
