"""What a server runs: the front door with Django behind it. If Django cannot start, help is still there."""

import logging
import os
from pathlib import Path

from upperback.web import languages
from upperback.web.front import App, FrontDoor, cookie_of
from upperback.web.gate import Gate
from upperback.web.jinja import STATIC_FOLDER
from upperback.web.offline import OfflinePages, pages_in, render_offline_pages
from upperback.web.options import Options, read_options, secret_key
from upperback.web.static_files import Receive, Scope, Send, StaticFiles

_log = logging.getLogger(__name__)


def build(options: Options, rest: App | None) -> FrontDoor:
    """The front door for these settings."""
    made = render_offline_pages(region=options.region, device_notice=options.device_notice, demo=options.demo)

    def pages_for(scope: Scope) -> OfflinePages:
        accepts = next((value for name, value in scope["headers"] if name == b"accept-language"), b"").decode("latin-1")
        language = languages.chosen(cookie_of(scope, languages.LANGUAGE_COOKIE), accepts, pseudo=options.debug)
        region = languages.chosen_region(cookie_of(scope, languages.REGION_COOKIE)) or options.region
        if language is languages.ENGLISH and region == options.region:
            return made
        return pages_in(language, region=region, device_notice=options.device_notice, demo=options.demo)

    return FrontDoor(
        rest,
        pages=made,
        pages_for=pages_for,
        gate=make_gate(options),
        static=StaticFiles(STATIC_FOLDER, watch=options.debug),
        allowed_hosts=options.allowed_hosts,
        secure=options.mode == "service" and not options.trial,
        has_accounts=options.mode == "service",
    )


def make_gate(options: Options) -> Gate:
    """Links and cookies of this installation."""
    return Gate(
        folder=Path(options.data) / "links",
        key=secret_key(options),
        link_s=options.link_minutes * 60,
        session_s=options.session_days * 24 * 60 * 60,
    )


def django_application() -> App | None:
    """Django with the sockets beside it, or None when it cannot start; the reason is logged without values.

    Raises
    ------
    UnregisteredError : there is a way in that has no rule.
    """
    from upperback.web.rules import UnregisteredError

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "upperback.web.settings")
    try:
        from django.conf import settings
        from django.core.asgi import get_asgi_application
        from django.urls import get_resolver

        application = get_asgi_application()
        # Views are imported on the first request otherwise: better to find out now, and the first page is faster.
        _ = get_resolver().url_patterns
        check_ways_in()
        from upperback.web.page_threads import PageThreads

        threads = PageThreads()
    except UnregisteredError:
        raise  # a way in that nobody made a rule for is not opened, and nothing else is either
    except Exception:  # noqa: BLE001  whatever the reason, help has to be served
        _log.exception("Django could not start; only the help page is served")
        return None

    is_service = settings.SERVICE

    async def rest(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            from upperback.web.live import muscle, paths, watching

            if is_service:
                from upperback.web.service.sockets import for_account

                line = await for_account(scope, receive, send)
                if line is None:
                    return
                scope, receive, send = line
            if scope["path"] == paths.CLINIC_PATH and is_service:
                from upperback.web.live import clinic

                await clinic.clinic_socket(scope, receive, send)
                return
            alone = {paths.WATCH_PATH: watching.watch_socket, paths.MUSCLE_PATH: muscle.muscle_socket}
            if scope["path"] in alone:
                await alone[scope["path"]](scope, receive, send)
                return
            from upperback.web.live import pairing, socket  # bring the sensing along: not before somebody wears one

            sockets = {paths.SCREEN_PATH: pairing.screen_socket, paths.PHONE_PATH: pairing.phone_socket}
            await sockets.get(scope["path"], socket.live_socket)(scope, receive, send)
        elif scope["type"] == "lifespan":
            threads.close()
        else:
            async with threads.one():
                await application(scope, receive, send)  # type: ignore[arg-type]

    return rest


def check_ways_in() -> None:
    """Raises UnregisteredError where a page, a socket or a job has no rule."""
    from django.conf import settings

    from upperback.services.live_tickets import SOCKET_PATH
    from upperback.web import rules
    from upperback.web.live import paths
    from upperback.web.worker import JOBS

    sockets = (SOCKET_PATH, paths.WATCH_PATH, paths.MUSCLE_PATH, paths.SCREEN_PATH, paths.PHONE_PATH, paths.CLINIC_PATH)
    rules.check_registered(sockets=sockets, jobs=JOBS, service=settings.SERVICE)


def __getattr__(name: str) -> FrontDoor:
    """`application`, built when a server asks for it and not when this module is imported for its parts."""
    if name != "application":
        raise AttributeError(name)
    made = build(read_options(), django_application())
    globals()["application"] = made
    return made
