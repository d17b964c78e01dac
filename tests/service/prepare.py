"""Fills a service that runs: a person who shares with a clinician, both signed in. Prints their cookies as JSON.

Run in the environment of that service, as `python -m tests.service.prepare`.
"""

import json
import sys
import time

import django

django.setup()

from allauth.account.internal.flows import login as flow  # noqa: E402
from django.conf import settings  # noqa: E402
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402

from tests.unit.services.service_world import make_world  # noqa: E402
from upperback.services.clinics import Account  # noqa: E402
from upperback.web.service import visitors  # noqa: E402


def cookie_of(account: Account, *, second_factor: bool) -> str:
    """A session of somebody who has signed in, as the sign-in leaves it."""
    session = SessionStore()
    session[SESSION_KEY] = str(account.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = account.get_session_auth_hash()
    records = [{"method": "password", "at": time.time()}]
    session[flow.AUTHENTICATION_METHODS_SESSION_KEY] = [
        *records,
        *([{"method": "mfa", "at": time.time()}] if second_factor else []),
    ]
    session[flow._AUTHENTICATION_METHODS_USER_SESSION_KEY] = flow.user_id_to_str(account)
    session.create()
    assert session.session_key is not None
    return session.session_key


def main() -> None:
    """Makes them all."""
    world = make_world(visitors.now())
    json.dump(
        {
            "person": cookie_of(world.ana, second_factor=False),
            "clinician": cookie_of(world.mina, second_factor=True),
            "stranger": cookie_of(world.stranger, second_factor=True),
            "record": str(world.record(world.ana).uuid),
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
