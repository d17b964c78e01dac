"""Press a little, let go, find the gap: the whole training on the page, with the muscle of the simulated wearer."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser import tour
from tests.browser.emulated_phone import part
from upperback.devices.live.muscle import simulated_muscle
from upperback.web.live import muscle


def stages() -> Iterator[list[dict[str, Any]]]:
    """What the socket tells of the simulated muscle, without waiting: up to each new stage."""
    told: list[dict[str, Any]] = []
    for one in muscle._Training(lambda _: simulated_muscle("letting-go"), is_live=False, about="").steps():
        told.append(one)
        if "stage" in one and len(told) > 1:
            yield told
            told = []
    yield told


def test_a_muscle_is_let_go_of_and_its_rest_is_found(
    open_page: Callable[..., Page], monkeypatch: pytest.MonkeyPatch, shoot: Callable[[Any, str], Path]
) -> None:
    monkeypatch.setattr(muscle, "_SPEED", 1e6)
    page = open_page("/people/")
    page.get_by_role("button", name="Priya").click()
    parts = stages()
    with tour.muscle_told(page) as tell:
        page.get_by_role("button", name="Try it with a made-up muscle").click()
        (ready, *rest), *rounds = itertools.islice(parts, 11)
        tell(ready)
        expect(part(page, "ask")).to_contain_text("Rest for twelve seconds")
        expect(part(page, "source")).to_contain_text("This is a made-up muscle")
        tell(*rest[:-1])
        expect(part(page, "level")).to_have_text("Finding out how rest looks")
        tell(rest[-1])
        for number, (press, let_go) in enumerate(zip(rounds[::2], rounds[1::2], strict=True), 1):
            expect(part(page, "ask")).to_have_text("Lift your shoulders a little, and hold.")
            tell(*press)
            expect(part(page, "ask")).to_have_text("Let go. All the way.")
            expect(part(page, "level")).to_have_text("The muscle works")
            tell(*let_go)
            expect(part(page, "rounds").locator("li")).to_have_count(number)
        shoot(page, "live-muscle-rounds")
        tell(*next(parts))
        expect(page.get_by_role("heading", name="Done")).to_be_visible()
        expect(part(page, "summary")).to_contain_text("At rest in 5 of 5 rounds.")


def test_a_recording_is_chosen_and_played(open_page: Callable[..., Page], tmp_path: Path) -> None:
    """By the real server. A file that is none gets one sentence, and so does no file at all."""
    page = open_page("/people/")
    page.get_by_role("button", name="Priya").click()
    page.goto("/live/muscle/")
    page.get_by_text("Play a recording of a muscle").click()
    page.get_by_role("button", name="Play it").click()
    expect(part(page, "file_problem")).to_have_text("Choose a file first")
    part(page, "file").set_input_files({"name": "cat.jpg", "mimeType": "image/jpeg", "buffer": b"\0\1\2" * 99})
    page.get_by_role("button", name="Play it").click()
    expect(part(page, "trouble")).to_have_text("This is no recording that can be read.", timeout=20_000)
    page.goto("/live/muscle/")
    emg_v = np.concatenate([chunk.emg_v[:, 0] for chunk in simulated_muscle("letting-go").chunks()])[::2]
    lines = "".join(f"{at / 500:.3f},{volts:.6g}\n" for at, volts in enumerate(emg_v.tolist()))
    (tmp_path / "monday.csv").write_text(f"time_s,shoulder_emg\n{lines}")
    page.get_by_text("Play a recording of a muscle").click()
    part(page, "file").set_input_files(tmp_path / "monday.csv")
    part(page, "unit").select_option("V")
    part(page, "fast").check()
    page.get_by_role("button", name="Play it").click()
    expect(part(page, "source")).to_have_text(
        "A recording: monday.csv, shoulder_emg. It shows how it went then.", timeout=20_000
    )
    expect(part(page, "summary")).to_contain_text("At rest in 5 of 5 rounds.", timeout=20_000)
