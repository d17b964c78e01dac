"""Every setting a deployer can make: name, type, default, help. The one table; the reference page is made from it.

Nothing has to be set on one's own machine. Values come from environment variables. A secret may also come from a file
that a variable of the same name with `_FILE` added points to. Odd values are refused, with the variable named.
This module knows no Django: pages that must work when all else is broken read their settings here too.
"""

import os
import re
import secrets
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from upperback.core.errors import InputError

Mode = Literal["home", "service"]

_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"0", "false", "no", "off"})
_SECRET_CHARACTERS_MIN: Final = 40
_VIDEO_MOST: Final = 200
_PREFIX: Final = "UPPERBACK_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One row of the table."""

    name: str
    kind: str
    default: str
    help: str
    parse: Callable[[str], Any]
    secret: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The settings of this process, read and checked."""

    mode: Mode
    debug: bool
    demo: bool
    data: Path
    opened: bool
    trial: bool
    keys: Path | None
    database_url: str
    secret_key: str
    allowed_hosts: tuple[str, ...]
    phone_address: str
    behind_tls_proxy: bool
    device_notice: bool
    region: str
    msk_service: tuple[str, str, str] | None
    push_contact: str
    email_url: str
    video_url: str
    email_from: str
    sign_up: bool
    looks_an_hour: int
    link_minutes: int
    session_days: int
    log_level: str


def _boolean(text: str) -> bool:
    word = text.strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ValueError("write true or false")


def _words(text: str) -> tuple[str, ...]:
    return tuple(part for part in (piece.strip().lower() for piece in text.split(",")) if part)


def _choice(*allowed: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"choose one of {', '.join(allowed)}")
        return text

    return parse


def _whole(lowest: int, highest: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        number = int(text) if text.strip().isdigit() else lowest - 1
        if not lowest <= number <= highest:
            raise ValueError(f"write a whole number from {lowest} to {highest}")
        return number

    return parse


def _key(text: str) -> str:
    if not text.isidentifier() or text != text.lower():
        raise ValueError("write a short word in small letters")
    return text


def _contact(text: str) -> str:
    if not text.startswith(("mailto:", "https://")) or any(character.isspace() for character in text):
        raise ValueError("write mailto: and an e-mail address, or an address that begins with https://")
    return text


def _address(text: str) -> str:
    host = text.removeprefix("https://")
    if text and (host == text or not host or "/" in host or any(character.isspace() for character in host)):
        raise ValueError("write https:// and a host, and a port if it has one, with nothing after it")
    return text


def _folder(text: str) -> Path:
    path = Path(text).expanduser()
    if not path.is_absolute():
        raise ValueError("write a full path")
    return path


def _optional_folder(text: str) -> Path | None:
    return _folder(text) if text else None


def _video_room(text: str) -> str:
    """An https address with one place for the room."""
    if text and (not re.fullmatch(r"https://[^\s\"'<>{}]+\{room\}[^\s\"'<>{}]*", text) or len(text) > _VIDEO_MOST):
        raise ValueError("an https: address with {room} in it")
    return text


def _mail_server(text: str) -> str:
    if text and not text.startswith(("smtp://", "smtps://")):
        raise ValueError("write smtp://user:password@host:587, or smtps://user:password@host:465")
    return text


def _mail_address(text: str) -> str:
    name, at, host = text.partition("@")
    if not (name and at and host) or any(character.isspace() for character in text):
        raise ValueError("write an e-mail address")
    return text


def _database(text: str) -> str:
    if text and not text.startswith(("postgresql://", "postgres://")):
        raise ValueError("leave it empty for SQLite, or write postgresql://user@host:5432/name")
    return text


def _referral_service(text: str) -> tuple[str, str, str] | None:
    if not text.strip():
        return None
    name, link, phone = (*(part.strip() for part in text.split(";")), "", "")[:3]
    digits = phone.replace(" ", "")
    if not name or len(name) > 80 or not name.isprintable():
        raise ValueError("write the name of the service first")
    if link and (not link.startswith("https://") or any(sign.isspace() for sign in link)):
        raise ValueError("write an address that begins with https://, or leave it empty")
    if digits and not digits.removeprefix("+").isdigit():
        raise ValueError("write a telephone number with digits only")
    if not (link or digits):
        raise ValueError("write an address or a telephone number")
    return name, link, phone


TABLE: Final[tuple[Option, ...]] = (
    Option(
        name="MODE",
        kind="home or service",
        default="home",
        help="`home`: one household on its own machine, opened with a one-time link. "
        "`service`: behind TLS, strict checks.",
        parse=_choice("home", "service"),
    ),
    Option(
        name="DEBUG",
        kind="true or false",
        default="false",
        help="Shows technical error pages and the style guide. Refused in a service.",
        parse=_boolean,
    ),
    Option(
        name="DEMO",
        kind="true or false",
        default="false",
        help="Starts with made-up people and shows the style guide. Refused in a service that is not tried out.",
        parse=_boolean,
    ),
    Option(
        name="DATA",
        kind="folder",
        default="",
        help="Where the database, recordings and the secret key are kept. Empty: the usual place for "
        "data of this user, for example `~/.local/share/upperback`.",
        parse=_folder,
    ),
    Option(
        name="OPENED",
        kind="true or false",
        default="false",
        help="Set by `upperback open`: the data folder holds an archive that is shown to read. Refused in a service.",
        parse=_boolean,
    ),
    Option(
        name="TRIAL",
        kind="true or false",
        default="false",
        help="Set by `upperback serve --service --trial`: a service to try out on this machine, without TLS; "
        "mails go into the folder `mail` of the data folder. Only this machine reaches it.",
        parse=_boolean,
    ),
    Option(
        name="KEYS",
        kind="folder",
        default="",
        help="Where the key that signs changes of plans is kept. Empty: the usual place for data of this user.",
        parse=_optional_folder,
    ),
    Option(
        name="DATABASE_URL",
        kind="address",
        default="",
        help="Empty: SQLite in the data folder. Else `postgresql://user:password@host:5432/name`.",
        parse=_database,
        secret=True,
    ),
    Option(
        name="SECRET_KEY",
        kind="text",
        default="",
        help=f"Signs cookies and links; at least {_SECRET_CHARACTERS_MIN} characters. "
        "Empty at home: made at the first start and kept in the data folder. A service has to set it.",
        parse=str,
        secret=True,
    ),
    Option(
        name="ALLOWED_HOSTS",
        kind="names, comma between",
        default="localhost,127.0.0.1,[::1]",
        help="Host names this installation answers to. Requests for any other name are refused.",
        parse=_words,
    ),
    Option(
        name="PHONE_ADDRESS",
        kind="https: address",
        default="",
        help="Where a phone that becomes a sensor finds this installation. Empty: under the address of the page that "
        "shows the code.",
        parse=_address,
    ),
    Option(
        name="BEHIND_TLS_PROXY",
        kind="true or false",
        default="false",
        help="The proxy in front ends TLS and sets `X-Forwarded-Proto`. A service has to say true.",
        parse=_boolean,
    ),
    Option(
        name="DEVICE_NOTICE",
        kind="true or false",
        default="true",
        help="Shows on every page that this is not a medical device and not approved. "
        "Only who takes over the duties of a manufacturer may switch it off.",
        parse=_boolean,
    ),
    Option(
        name="REGION",
        kind="word",
        default="uk",
        help="Which table of services and telephone numbers to show.",
        parse=_key,
    ),
    Option(
        name="MSK_SERVICE",
        kind="name; https address; telephone number",
        default="",
        help="The physiotherapy service to which people here may refer themselves, for example "
        "`City MSK; https://msk.example/refer; 01234 567890`. Address or number may be left empty.",
        parse=_referral_service,
    ),
    Option(
        name="PUSH_CONTACT",
        kind="mailto: or https: address",
        default="mailto:nobody@upperback.invalid",
        help="Whom the push service of a browser's maker may write to when notices cause trouble. Sent along with "
        "every notice; some services refuse notices without a real address.",
        parse=_contact,
    ),
    Option(
        name="EMAIL_URL",
        kind="address",
        default="",
        help="Mail server of a service: `smtp://user:password@host:587` (encrypted with STARTTLS) or `smtps://...`. "
        "A service has to set it: codes and notices of sign-in go by mail, and nothing else does.",
        parse=_mail_server,
        secret=True,
    ),
    Option(
        name="VIDEO_URL",
        kind="https: address",
        default="",
        help="Template of a video room for appointments with `{room}` in it, such as `https://meet.example/{room}`; "
        "the room is named by chance. Empty: appointments without video. Nothing is sent there by itself.",
        parse=_video_room,
    ),
    Option(
        name="EMAIL_FROM",
        kind="e-mail address",
        default="nobody@upperback.invalid",
        help="The sender of these mails.",
        parse=_mail_address,
    ),
    Option(
        name="SIGN_UP",
        kind="true or false",
        default="true",
        help="Whether people may make an account at a service. Staff get theirs from `upperback service`.",
        parse=_boolean,
    ),
    Option(
        name="LOOKS_AN_HOUR",
        kind="whole number, 1 to 1000",
        default="15",
        help="When one account of the staff opens the records of more people than this within an hour, or three times "
        "as many within a day, whoever runs the clinic finds it in a list. Fifteen is a new record every four minutes: "
        "more than a clinic with patients needs, and fewer than the 20 after which curiosity has to be noticed.",
        parse=_whole(1, 1000),
    ),
    Option(
        name="LINK_MINUTES",
        kind="whole number, 1 to 1440",
        default="15",
        help="How long a one-time link can be opened.",
        parse=_whole(1, 1440),
    ),
    Option(
        name="SESSION_DAYS",
        kind="whole number, 1 to 400",
        default="180",
        help="How long a browser that opened the link stays let in.",
        parse=_whole(1, 400),
    ),
    Option(
        name="LOG_LEVEL",
        kind="DEBUG, INFO, WARNING or ERROR",
        default="WARNING",
        help="How much is logged. Logs hold ids, codes, durations and counts; never answers or names.",
        parse=_choice("DEBUG", "INFO", "WARNING", "ERROR"),
    ),
)


def read_options(environment: Mapping[str, str] | None = None) -> Options:
    """The settings from the environment. Raises InputError that names the variable and says how to set it."""
    source = os.environ if environment is None else environment
    given = {option.name.lower(): _read(option, source) for option in TABLE}
    if given["data"] is None:
        given["data"] = default_data_folder(source)
    options = Options(**given)
    if options.mode == "service":
        _check_service(options, source)
    elif options.trial:
        raise InputError("UPPERBACK_TRIAL is for a service: UPPERBACK_MODE has to be service.")
    return options


def secret_key(options: Options) -> str:
    """The key that signs cookies and links. At home it is made once and kept in the data folder, for the owner only."""
    if options.secret_key:
        return options.secret_key
    kept = kept_secret(options.data, "secret.key", lambda: secrets.token_urlsafe(48)).strip()
    if len(kept) < _SECRET_CHARACTERS_MIN:
        raise InputError("secret.key in the data folder is damaged. Delete it and start again.")
    return kept


def kept_secret(folder: Path, name: str, make: Callable[[], str]) -> str:
    """What a file of the data folder holds. Made the first time, for the owner only; one of several makers wins."""
    prepare_data_folder(folder)
    path = folder / name
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii")
    with os.fdopen(handle, "w", encoding="ascii") as file:
        made = make()
        file.write(made)
        file.flush()
        os.fsync(file.fileno())
    return made


def prepare_data_folder(folder: Path) -> None:
    """Makes the data folder, closed to other users of the machine."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise InputError(f"The data folder cannot be made: {error.strerror}", folder=str(folder)) from error


def default_data_folder(environment: Mapping[str, str]) -> Path:
    """The usual place for a user's data on this system."""
    home = Path.home()
    if sys.platform == "win32":
        return Path(environment.get("LOCALAPPDATA") or home / "AppData" / "Local") / "Upperback"
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "Upperback"
    return Path(environment.get("XDG_DATA_HOME") or home / ".local" / "share") / "upperback"


def settings_reference() -> str:
    """The reference page of all settings, as Markdown. A test holds `docs/reference/settings.md` to it."""
    rows = [
        f"| `{_PREFIX}{option.name}` | {option.kind} | {f'`{option.default}`' if option.default else 'empty'} "
        f"| {option.help}{' May be read from a file: `' + _PREFIX + option.name + '_FILE`.' if option.secret else ''} |"
        for option in TABLE
    ]
    return "\n".join(
        [
            "# Settings",
            "",
            "Made from the table in `src/upperback/web/options.py`; do not edit by hand.",
            "Settings are environment variables. On one's own machine nothing has to be set.",
            "",
            "| variable | type | default | what it does |",
            "| --- | --- | --- | --- |",
            *rows,
            "",
        ]
    )


def _read(option: Option, source: Mapping[str, str]) -> Any:
    name = _PREFIX + option.name
    text = source.get(name, "")
    if option.secret and not text and source.get(f"{name}_FILE"):
        text = _read_file(f"{name}_FILE", source[f"{name}_FILE"])
    text = text or option.default
    if option.name == "DATA" and not text:
        return None
    try:
        return option.parse(text)
    except ValueError as error:
        # The value itself is not repeated: it may be a secret.
        raise InputError(f"{name} cannot be used: {error}.", variable=name) from error


def _read_file(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise InputError(f"{name} points to a file that cannot be read: {error.strerror}.", variable=name) from error


def _check_service(options: Options, source: Mapping[str, str]) -> None:
    """A service with unsafe or misspelt settings does not start."""
    faults = []
    known = {_PREFIX + option.name for option in TABLE}
    known |= {f"{_PREFIX}{option.name}_FILE" for option in TABLE if option.secret}
    faults += [f"{name} is not a setting; check the spelling" for name in sorted(source) if _is_stray(name, known)]
    if options.debug:
        faults.append("UPPERBACK_DEBUG has to be false")
    if options.demo and not options.trial:
        faults.append("UPPERBACK_DEMO has to be false")
    if options.opened:
        faults.append("UPPERBACK_OPENED has to be false")
    if not options.trial:
        faults += _unsafe(options, source)
    elif not set(options.allowed_hosts) <= {"localhost", "127.0.0.1", "[::1]"} or options.behind_tls_proxy:
        faults.append("UPPERBACK_TRIAL is for this machine only: leave UPPERBACK_ALLOWED_HOSTS and the proxy out")
    if faults:
        raise InputError("A service cannot start like this: " + "; ".join(faults) + ".")


def _unsafe(options: Options, source: Mapping[str, str]) -> list[str]:
    """What has to be there before anybody but this machine reaches a service."""
    faults = []
    if len(options.secret_key) < _SECRET_CHARACTERS_MIN:
        faults.append(f"UPPERBACK_SECRET_KEY or its _FILE is needed, {_SECRET_CHARACTERS_MIN} characters or more")
    if not options.behind_tls_proxy:
        faults.append("UPPERBACK_BEHIND_TLS_PROXY has to be true: health data never travels without TLS")
    if not source.get("UPPERBACK_ALLOWED_HOSTS") or "*" in options.allowed_hosts:
        faults.append("UPPERBACK_ALLOWED_HOSTS has to name the hosts, without *")
    if not options.email_url:
        faults.append("UPPERBACK_EMAIL_URL or its _FILE is needed: codes of sign-in go by mail")
    return faults


def _is_stray(name: str, known: set[str]) -> bool:
    return name.startswith(_PREFIX) and name not in known


if __name__ == "__main__":
    sys.stdout.write(settings_reference())
