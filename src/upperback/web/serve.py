"""What `upperback serve` does: prepare the data folder, bring the database up to date, print a one-time link, serve.

Nothing that fails on the way keeps the help page from being served: a database that cannot be opened, content that
cannot be read, or Django that cannot start are said in the terminal, and the page with the numbers still answers.
"""

import asyncio
import contextlib
import datetime as dt
import gc
import ipaddress
import logging
import os
import socket
import sys
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import uvicorn

from upperback.core.errors import InputError
from upperback.web.front import FrontDoor, Trust
from upperback.web.gate import Gate
from upperback.web.live.wire import Wire
from upperback.web.options import TABLE, Options, prepare_data_folder, read_options
from upperback.web.worker import Worker

if TYPE_CHECKING:
    from upperback.web.local_ca import Seal

_log = logging.getLogger(__name__)

#: In the data folder while the app runs: where it listens.
_ADDRESS_FILE = "address"
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
# Phones stall: the usual 20 seconds would cut their live streams.
_PING_TIMEOUT_S = 60
#: The longest message of a sensor has 14 kB.
_MESSAGE_BYTES_MAX = 32 * 1024
#: New objects until the youngest are looked through, and times that until older ones are.
_GARBAGE = (20_000, 20, 20)
#: Each answer that is sent lets go of the interpreter, and gets it back from the thread that asks the database after so
#: long at most: with the usual 5 ms a hundred answers of a tick would be half a second late.
_SWITCH_S = 0.0005


def serve(
    host: str = "127.0.0.1",
    port: int = 8000,
    data: Path | None = None,
    demo: bool = False,
    browser: bool = True,
    lan: str | None = None,
    lan_port: int = 8443,
    out: TextIO | None = None,
) -> int:
    """Serves until stopped and returns the exit code. Raises InputError when it cannot listen or a setting is odd.

    `lan`: also open to phones in the home network, over TLS, at this address of the machine; empty: at the one found.
    """
    network = None if lan is None else _open_lan(lan, lan_port)
    options = _options(host, data, demo=demo)
    prepare_data_folder(options.data)
    listener = _listen(host, port)
    say = _speaker(out or sys.stdout)
    door, gate = _prepare(options, say)
    address = f"http://{_shown(host)}:{listener.getsockname()[1]}"
    noted = options.data / _ADDRESS_FILE
    with suppress(OSError):  # `upperback link` then has to be told
        noted.write_text(address, encoding="ascii")

    def say_address() -> str:
        say(f"The service is up: {address}")
        return address

    def offer_link() -> str:
        link = f"{address}/open/{gate.make_link(time.time())}"
        say(f"Open this link in your browser (it works once, for {options.link_minutes} minutes):\n\n    {link}\n")
        return link

    def after_taken() -> None:
        way = "press Enter" if _at_terminal() else "run: upperback link"
        say(f"The link was opened. For another browser, {way}.")

    door.on_link_taken = after_taken
    is_service = options.mode == "service"
    offer = say_address if is_service else offer_link
    server = _Server(
        _config(door), on_started=lambda: _started(offer, say, browser=browser and not is_service, link=not is_service)
    )
    if network is not None:
        server.beside = _seal(network, door, options, address, say)
    worker = Worker(options)
    if door.rest is not None and not options.opened:
        worker.start()
    # uvicorn shuts down in order and then passes the Ctrl-C on.
    with suppress(KeyboardInterrupt):
        server.run(sockets=[listener])
    worker.stop()
    with suppress(OSError):
        noted.unlink()
    say("Stopped.")
    return 0 if server.started else 1


def settle(*, service: bool, trial: bool, database: str | None) -> None:
    """Choices of the command line as settings, which this process reads later."""
    if trial and not service:
        raise InputError("--trial goes with --service")
    if service:
        os.environ["UPPERBACK_MODE"] = "service"
        os.environ["UPPERBACK_TRIAL"] = "true" if trial else "false"
    if database is not None:
        os.environ["UPPERBACK_DATABASE_URL"] = database


def new_link(data: Path | None = None, *, address: str | None = None) -> str:
    """A new one-time link for an installation that is already running, at the address it noted in its data folder."""
    from upperback.web.asgi import make_gate

    options = _options("127.0.0.1", data, demo=False)
    if address is None:
        with suppress(OSError):
            address = (options.data / _ADDRESS_FILE).read_text(encoding="ascii").strip()
    return f"{address or 'http://127.0.0.1:8000'}/open/{make_gate(options).make_link(time.time())}"


class _Server(uvicorn.Server):
    """uvicorn, with a call when it listens."""

    def __init__(self, config: uvicorn.Config, *, on_started: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_started = on_started
        self.beside: _Beside | None = None
        self._runs: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            if self.beside is not None:
                self._runs = asyncio.create_task(self.beside.serve(sockets=[self.beside.listener]))
                await self.beside.is_up.wait()
            self._on_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self.beside is not None and self._runs is not None:
            self.beside.should_exit = True
            await self._runs
        await super().shutdown(sockets=sockets)


class _Beside(uvicorn.Server):
    """A second way into the same application, in the same loop; the first one hears the signals."""

    def __init__(self, config: uvicorn.Config, listener: socket.socket) -> None:
        super().__init__(config)
        self.listener = listener
        self.is_up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.is_up.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """None."""
        yield


@dataclass(frozen=True, slots=True)
class _Lan:
    """Where phones in the home network find this computer."""

    listener: socket.socket
    host: ipaddress.IPv4Address | ipaddress.IPv6Address
    address: str


def _open_lan(named: str, port: int) -> _Lan:
    """Listens, and tells the rest of this process, which reads the settings later, under what name it is reached."""
    from upperback.web.local_ca import own_address  # brings cryptography along: a third of a second for nothing else

    try:
        host = ipaddress.ip_address(named) if named else own_address()
    except ValueError:
        raise InputError(f"--lan {named}: an address like 192.168.1.20 is expected") from None
    listener = _listen(str(host), port, option="--lan-port")
    address = f"https://{_shown(str(host))}:{listener.getsockname()[1]}"
    hosts = os.environ.get("UPPERBACK_ALLOWED_HOSTS") or next(o.default for o in TABLE if o.name == "ALLOWED_HOSTS")
    os.environ["UPPERBACK_ALLOWED_HOSTS"] = f"{hosts},{_shown(str(host))}"
    os.environ["UPPERBACK_PHONE_ADDRESS"] = address
    return _Lan(listener, host, address)


def _seal(lan: _Lan, door: FrontDoor, options: Options, here: str, say: Callable[[str], None]) -> _Beside:
    """The way in for phones: the same front door, under TLS."""
    from upperback.web.local_ca import seal_for
    from upperback.web.offline import trust_pages

    if options.mode == "service":
        raise InputError("--lan is for one's own machine; a service has its own TLS in front")
    seal = seal_for(lan.host, options.data / "lan", now=dt.datetime.now(dt.UTC))
    here_page, phone_page = trust_pages(
        address=lan.address, fingerprint=seal.fingerprint, demo=options.demo, device_notice=options.device_notice
    )
    door.trust = Trust(here_page, phone_page, seal.ca)
    _say_lan(lan, seal, here, say)
    sealed = _config(door)
    sealed.lifespan = "off"
    sealed.ssl_certfile, sealed.ssl_keyfile = str(seal.certificate), str(seal.key)
    return _Beside(sealed, lan.listener)


def _say_lan(lan: _Lan, seal: "Seal", here: str, say: Callable[[str], None]) -> None:
    new = "It was made just now, so no phone knows it yet.\n" if seal.is_new else ""
    say(
        f"Phones in your network find Upperback at {lan.address}\n"
        f"The connection is sealed with a certificate of this computer's own. {new}"
        f"Each phone has to trust it once. How: {here}/trust/\n"
        f"The first numbers of the certificate, to compare: {seal.fingerprint[:23]}\n"
    )


def _options(host: str, data: Path | None, *, demo: bool) -> Options:
    if demo:
        os.environ["UPPERBACK_DEMO"] = "true"
    if data is not None:
        os.environ["UPPERBACK_DATA"] = str(data.expanduser().absolute())
    options = read_options()
    if options.demo and data is None:
        # Made-up people never get into somebody's own data.
        os.environ["UPPERBACK_DATA"] = str(options.data / "demo")
        options = read_options()
    if options.demo and options.mode == "service" and not options.trial:
        raise InputError("Invented people are for a service that is tried out: --service --trial --demo")
    if host not in _LOOPBACK and (options.mode != "service" or options.trial):
        raise InputError(
            f"Listening on {host} would open this installation to the network without TLS. Use 127.0.0.1, "
            "or set it up as a service: docs/reference/settings.md, UPPERBACK_MODE.",
            host=host,
        )
    return options


def _prepare(options: Options, say: Callable[[str], None]) -> tuple[FrontDoor, Gate]:
    """The application, whatever state the rest is in."""
    from upperback.web.asgi import build, django_application

    rest = django_application()
    if rest is None:
        say("Upperback could not start fully. The help page works; the rest says so.")
    else:
        _migrate(say)
        _refuse_if_not_durable()
        if options.demo:
            _invent(say)
    door = build(options, rest)
    return door, door.gate


def _migrate(say: Callable[[str], None]) -> None:
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    try:
        executor = MigrationExecutor(connection)
        executor.loader.check_consistent_history(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):  # the command takes its time to do nothing
            call_command("migrate", interactive=False, verbosity=0)
        if settings.SERVICE:
            call_command("createcachetable", verbosity=0)  # how often somebody tried to sign in
    except Exception:  # noqa: BLE001
        _log.exception("database not brought up to date")
        say("The database cannot be opened or brought up to date. The help page works; the rest says so.")


def _refuse_if_not_durable() -> None:
    from upperback.web.health import fault_in_durability

    try:
        fault = fault_in_durability()
    except Exception:  # noqa: BLE001  a database that cannot be opened was said above
        return
    if fault is not None:
        raise InputError(f"Answers would not be safe in a power cut: {fault}.")


def _invent(say: Callable[[str], None]) -> None:
    from django.conf import settings
    from django.utils import timezone

    from upperback.services.demo import reset_demo

    try:
        if settings.SERVICE:
            from upperback.web.service.trial import make_trial

            say(make_trial(timezone.now()).words())
        else:
            reset_demo(now=timezone.now())
    except Exception:  # noqa: BLE001
        _log.exception("invented people not made")
        say("The invented people of the demo could not be made. Everything else works.")


def _started(offer_link: Callable[[], str], say: Callable[[str], None], *, browser: bool, link: bool) -> None:
    # What is there by now stays. Thousands of wearers are hundreds of thousands of objects more: to look through all of
    # them for what nobody holds any more takes as long as a tick and is needed seldom.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GARBAGE)
    sys.setswitchinterval(_SWITCH_S)
    address = offer_link()
    if link and _at_terminal():
        say("Press Enter for a new link, Ctrl-C to stop.")
        threading.Thread(target=_links_on_enter, args=(offer_link,), daemon=True).start()
    if browser:
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()


def _at_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _links_on_enter(offer_link: Callable[[], str]) -> None:
    for _ in sys.stdin:
        offer_link()


def _config(door: FrontDoor) -> uvicorn.Config:
    return uvicorn.Config(
        door,
        log_config=None,  # Django's settings do the logging: nothing that could hold a token
        access_log=False,
        server_header=False,
        lifespan="on",
        ws=Wire,
        # Noise of sensors packs badly, and packing takes as long as all the rest, and as much memory.
        ws_per_message_deflate=False,
        ws_max_size=_MESSAGE_BYTES_MAX,
        ws_ping_timeout=_PING_TIMEOUT_S,
        proxy_headers=False,
        timeout_graceful_shutdown=5,
    )


def _listen(host: str, port: int, *, option: str = "--port") -> socket.socket:
    """A socket of our own, so that a taken port is said in words and port 0 tells which one it became."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except (OSError, OverflowError) as error:
        listener.close()
        raise InputError(
            f"Cannot listen on {host} port {port}: {getattr(error, 'strerror', None) or error}. "
            f"Is Upperback running already? Choose another port with {option}.",
            port=port,
        ) from error
    return listener


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _speaker(out: TextIO) -> Callable[[str], None]:
    def say(text: str) -> None:
        print(text, file=out, flush=True)

    return say
