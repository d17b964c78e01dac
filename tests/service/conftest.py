"""Tests of a service: they run in a process of their own, with its settings (`just test-service`)."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.hashers import ScryptPasswordHasher
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client

from tests.unit.services.service_world import World, make_world
from upperback.services.clinics import Account
from upperback.web.service import visitors

if not settings.SERVICE:
    collect_ignore_glob = ["*"]

SignedIn = Callable[..., Client]


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> None:
    """With the table of limits, as `serve` makes it."""
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        call_command("createcachetable", verbosity=0)


class QuickScrypt(ScryptPasswordHasher):
    """The same, with less work: most tests are not about how hard a password is to guess."""

    work_factor = 2


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = [f"{QuickScrypt.__module__}.{QuickScrypt.__qualname__}"]


@pytest.fixture
def world(db: None) -> World:
    """Two clinics, two people; times are of now, as pages know no other."""
    cache.clear()
    return make_world(visitors.now())


def sign_in(account: Account, *, second_factor: bool = False) -> Client:
    """A browser in which somebody is signed in, by the rows that a sign-in leaves."""
    from allauth.account.internal.flows import login as flow

    client = Client()
    client.force_login(account, backend=settings.AUTHENTICATION_BACKENDS[0])
    session = client.session
    records = [{"method": "password", "at": time.time()}]
    records += [{"method": "mfa", "at": time.time()}] if second_factor else []
    session[flow.AUTHENTICATION_METHODS_SESSION_KEY] = records
    session[flow._AUTHENTICATION_METHODS_USER_SESSION_KEY] = flow.user_id_to_str(account)
    session.save()
    return client
