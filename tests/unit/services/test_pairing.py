"""A phone and a screen: a link that opens once, a number that both confirm, or nothing."""

import datetime as dt

import pytest

from tests.unit.services.conftest import NOW, Assess, Walk
from upperback.core.errors import NotAllowed, NotFound
from upperback.services import plans, screening
from upperback.services.actors import NOBODY, Actor
from upperback.services.pairing import CODE, CONFIRM, Offers, Pairing
from upperback.services.people import Profile


@pytest.fixture
def pairing(ana: Profile, walk: Walk, assess: Assess, actor: Actor) -> Pairing:
    """Of somebody with an open plan."""
    screening.finish_screening(screening=walk(ana), by=actor, now=NOW)
    assess(ana)
    plans.make_plan(profile=ana, by=actor, now=NOW, today=NOW.date())
    return Pairing(profile=ana, by=actor)


def test_a_link_opens_once_and_for_a_minute(pairing: Pairing) -> None:
    offers = Offers()
    token = offers.offer(pairing, now=NOW)
    assert offers.take(token, now=NOW + CODE - dt.timedelta(seconds=1)) is pairing
    for again in (token, "", token[:-1], "x" * 5000):
        with pytest.raises(NotFound):
            offers.take(again, now=NOW)
    late = offers.offer(pairing, now=NOW)
    with pytest.raises(NotFound):
        offers.take(late, now=NOW + CODE)
    assert not len(offers)


def test_a_new_link_voids_the_one_before_and_a_closed_page_all(pairing: Pairing) -> None:
    offers = Offers()
    first, second = offers.offer(pairing, now=NOW), offers.offer(pairing, now=NOW)
    with pytest.raises(NotFound):
        offers.take(first, now=NOW)
    offers.withdraw(pairing)
    with pytest.raises(NotFound):
        offers.take(second, now=NOW)


def test_both_have_to_say_that_the_numbers_are_the_same(pairing: Pairing) -> None:
    number = pairing.opened(now=NOW)
    assert len(number) == 6
    assert number.isdigit()
    for side in ("phone", "screen"):
        assert not pairing.is_paired
        pairing.say(side, same=True, now=NOW)
    assert pairing.is_paired


def test_one_side_alone_is_not_enough_however_often(pairing: Pairing) -> None:
    pairing.opened(now=NOW)
    for _ in range(3):
        pairing.say("phone", same=True, now=NOW)
    assert not pairing.is_paired


def test_no_or_too_late_or_too_early_ends_it_for_good(pairing: Pairing) -> None:
    with pytest.raises(NotAllowed):
        pairing.say("phone", same=True, now=NOW)
    pairing.opened(now=NOW)
    pairing.say("phone", same=True, now=NOW)
    with pytest.raises(NotAllowed):
        pairing.say("screen", same=False, now=NOW)
    with pytest.raises(NotAllowed):
        pairing.say("screen", same=True, now=NOW)
    assert not pairing.is_paired
    pairing.opened(now=NOW)
    with pytest.raises(NotAllowed):
        pairing.say("phone", same=True, now=NOW + CONFIRM)


def test_nobody_and_nobody_without_a_plan_looks_for_a_phone(ana: Profile, actor: Actor) -> None:
    with pytest.raises(NotAllowed):
        Pairing(profile=ana, by=actor)
    with pytest.raises(NotFound):
        Pairing(profile=ana, by=NOBODY)
