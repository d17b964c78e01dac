"""Breaks in the terminal: said once, rung once, nothing rung that is only looked at, no burst after sleep."""

import datetime as dt
import json
import shutil
import subprocess
import time
from typing import Any

import pytest
from django.db import OperationalError, connection

from tests.unit.services.conftest import NOW, Assess, Walk, actor, ana, assess, walk
from upperback import cli
from upperback.cli import breaks
from upperback.cli.breaks import Watch
from upperback.services import people, plans, screening
from upperback.services.actors import Actor
from upperback.services.people import Profile
from upperback.store.models import DiaryEntry

__all__ = ["actor", "ana", "assess", "walk"]  # fixtures

pytestmark = pytest.mark.django_db

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def planned(ana: Profile, actor: Actor, walk: Walk, assess: Assess) -> Profile:
    """Somebody with an open plan, at ten on a Saturday."""
    screening.finish_screening(screening=walk(ana), by=actor, now=NOW)
    assess(ana)
    assert plans.make_plan(profile=ana, by=actor, now=NOW, today=NOW.date()).allowed
    return ana


class Heard:
    """What was said and rung."""

    def __init__(self, profile: Profile) -> None:
        self.said: list[dict[str, Any]] = []
        self.rung: list[str] = []
        self.watch = Watch(profile=profile, say=self.said.append, notify=self.rung.append)


def test_an_offer_is_said_and_rung_once(planned: Profile) -> None:
    heard = Heard(planned)
    for seconds in range(0, 120, 20):
        heard.watch.look(NOW + dt.timedelta(seconds=seconds), offer=True)
    assert [one["why"] for one in heard.said] == ["due"]
    assert heard.rung == ["Time for a short break"]
    assert DiaryEntry.objects.filter(kind="offer").count() == 1


def test_half_an_hour_later_it_rings_again_and_says_in_between_why_it_waits(planned: Profile) -> None:
    heard = Heard(planned)
    for minute in range(0, 32, 2):
        heard.watch.look(NOW + minute * MINUTE, offer=True)
    assert [one["why"] for one in heard.said] == ["due", "not_yet", "due"]
    assert heard.said[1]["at"] == "2026-11-21T10:30+00:00"
    assert heard.said[1]["words"] == "That is 30 minutes after the last one."
    assert len(heard.rung) == 2


def test_after_sleep_nothing_rings_until_an_interval_has_passed(planned: Profile) -> None:
    heard = Heard(planned)
    heard.watch.look(NOW, offer=True)
    woken = NOW + dt.timedelta(hours=4)
    heard.watch.look(woken, offer=True)
    assert (heard.said[-1]["why"], heard.said[-1]["at"]) == ("just_back", "2026-11-21T14:30+00:00")
    assert len(heard.rung) == 1


def test_looking_once_offers_nothing(planned: Profile) -> None:
    heard = Heard(planned)
    heard.watch.look(NOW, offer=False)
    assert heard.said[0]["offer_now"] is True
    assert heard.rung == []
    assert not DiaryEntry.objects.filter(kind="offer").exists()


def test_without_a_plan_it_says_so(ana: Profile) -> None:
    heard = Heard(ana)
    heard.watch.look(NOW, offer=True)
    assert heard.said[0]["why"] == "no_plan"
    assert "safety check" in heard.said[0]["words"]


@pytest.mark.parametrize("form", [["--json"], []])
def test_the_command_prints_what_comes_next(
    planned: Profile, form: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(breaks, "_now", lambda: NOW)
    assert cli.main(["breaks", "--once", "--person", "ana", *form]) == 0
    out = capsys.readouterr().out
    if form:
        assert json.loads(out)["why"] == "due"
    else:
        assert out == "Time for a short break. Open Today to do it, or to put it off.\n"


def test_whose_breaks_has_to_be_clear(planned: Profile, actor: Actor, capsys: pytest.CaptureFixture[str]) -> None:
    people.create_profile(name="Bo", by=actor, now=NOW)
    assert cli.main(["breaks", "--once"]) == 2
    assert capsys.readouterr().err == "upperback: --person: whose breaks? One of: Ana; Bo\n"
    assert cli.main(["breaks", "--once", "--person", "Cy"]) == 2
    assert "no single person of that name" in capsys.readouterr().err


def test_nobody_here_and_no_such_folder(db: None, tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["breaks", "--once"]) == 2
    assert "there is nothing here yet" in capsys.readouterr().err
    assert cli.main(["breaks", "--once", "--data", str(tmp_path / "none")]) == 2
    assert not (tmp_path / "none").exists()


def test_a_busy_database_is_asked_again(
    planned: Profile, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    looks: list[int] = []

    def look(*_: object, **__: object) -> None:
        looks.append(1)
        if len(looks) == 1:
            raise OperationalError
        raise KeyboardInterrupt

    monkeypatch.setattr(Watch, "look", look)
    monkeypatch.setattr(connection, "close", lambda: None)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    assert cli.main(["breaks", "--person", "Ana"]) == 0
    assert len(looks) == 2
    assert "trying again" in capsys.readouterr().err


def test_a_notice_says_nothing_about_health(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[list[str]] = []
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(subprocess, "run", lambda words, **_: called.append(words))
    breaks._notify("Time for a short break")
    assert called == [["/usr/bin/notify-send", "--app-name=Upperback", "Time for a short break"]]
    for text in [*breaks._SAYS.values(), breaks._SAYS_ELSE]:
        assert not any(word in text.lower() for word in ("pain", "back", "exercise", "strength"))
