#!/usr/bin/env python3
"""From nothing to a running app, or to tested code, with nothing but Python.

    python3 dev.py run  [arguments of `upperback serve`]   set up what running needs, then start the app
    python3 dev.py test [arguments of pytest]              set up everything, then run the tests
    python3 dev.py just [recipe ...]                       set up everything, then run a recipe of the justfile
    python3 dev.py exec COMMAND [...]                      set up everything, then run a command in the environment

The first time takes a minute; after that the set-up is a look at a few hashes. It may be stopped at any moment and
started twice at once. Packages come from wherever pip on this machine is told to get them, and each one is checked
against the hash in the lock file. Standard library only; heavy modules are imported where they are needed, so that
a second start costs next to nothing.
"""

import sys

OLDEST_PYTHON = (3, 11)


def python_refusal(version: "tuple[int, ...]") -> "str | None":
    """The sentence for a Python that is too old, or None."""
    if tuple(version[:2]) >= OLDEST_PYTHON:
        return None
    needed, given = (".".join(str(part) for part in numbers[:2]) for numbers in (OLDEST_PYTHON, version))
    return f"upperback needs Python {needed} or newer and this is {given}: start dev.py with a newer Python."


if python_refusal(sys.version_info[:2]):  # an old Python has to be able to read this far
    sys.exit(python_refusal(sys.version_info[:2]))

import contextlib
import hashlib
import json
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

if TYPE_CHECKING:
    import ssl
    import subprocess
    import urllib.request

ROOT = Path(__file__).resolve().parent
WINDOWS = os.name == "nt"
SAY_AGAIN_S = 10  # how often a long step says that it is still at work


class SetupError(Exception):
    """The set-up cannot go on. The message is one sentence that says what to do."""


class Profile(NamedTuple):
    """How much is set up: what running needs, or everything."""

    name: str
    lock: str
    dev: bool


RUN = Profile("run", "requirements.lock", dev=False)
TEST = Profile("test", "requirements-dev.lock", dev=True)


class Keys(NamedTuple):
    """What each part of the set-up was made from. A part whose key is still the same is not made again."""

    environment: str
    packages: str
    project: str
    assets: str


class House(NamedTuple):
    """Where things are."""

    root: Path

    @property
    def venv(self) -> Path:
        """The environment."""
        return self.root / ".venv"

    @property
    def bin(self) -> Path:
        """The environment's programs."""
        return self.venv / ("Scripts" if WINDOWS else "bin")

    @property
    def python(self) -> Path:
        """The environment's Python."""
        return self.bin / ("python.exe" if WINDOWS else "python")

    @property
    def state(self) -> Path:
        """Which keys the parts have that are there."""
        return self.venv / "set-up.json"

    @property
    def unfinished(self) -> Path:
        """Is there while packages are being put in place. Left over, it means that somebody pulled the plug."""
        return self.venv / "set-up.unfinished"

    @property
    def log(self) -> Path:
        """What pip and npm said."""
        return self.venv / "set-up.log"

    def kernel_sources(self) -> list[str]:
        """What the compiled sensing kernel is made from."""
        return sorted(
            path.relative_to(self.root).as_posix() for path in self.root.glob("src/upperback/sensing/kernel/*.[ch]")
        )

    def has_kernel(self) -> bool:
        """Whether the sensing kernel was compiled; hatch_build.py leaves it out where there is no C compiler."""
        return any(self.root.glob("src/upperback/sensing/_kernel.*"))

    @property
    def asset(self) -> Path:
        """One of the copied browser files; they are made all or none."""
        return self.root / "src" / "upperback" / "web" / "static" / "vendor" / "nhsuk-frontend.min.js"


# ---- what has to be made ------------------------------------------------------------------------------------------


def digest(house: House, names: Sequence[str], *more: str) -> str:
    """One hash over some files of the house and some words."""
    found = hashlib.sha256()
    for name in names:
        try:
            data = (house.root / name).read_bytes()
        except FileNotFoundError:
            raise SetupError(f"{name} is missing: get a whole copy of the project and run this again.") from None
        found.update(f"{name}\0{len(data)}\0".encode() + data)
    found.update("\0".join(more).encode())
    return found.hexdigest()


def keys_for(house: House, profile: Profile) -> Keys:
    """The keys as they have to be now."""
    return Keys(
        environment=digest(house, (), str(house.root), sys.base_prefix, f"{sys.version_info[0]}.{sys.version_info[1]}"),
        packages=profile.name + ":" + digest(house, (profile.lock,)),
        project=digest(house, ("pyproject.toml", "hatch_build.py", *house.kernel_sources())),
        assets=profile.name + ":" + digest(house, ("package-lock.json", "tools/assets.py", "requirements-node.lock")),
    )


def read_state(house: House) -> dict[str, str]:
    """The keys as they are; empty when there are none or they cannot be read."""
    try:
        state = json.loads(house.state.read_bytes())
    except (OSError, ValueError):
        return {}
    return {str(key): str(value) for key, value in state.items()} if isinstance(state, dict) else {}


def write_state(house: House, state: Mapping[str, str]) -> None:
    """Keep the keys; a reader sees the old ones or the new ones."""
    fresh = house.state.with_suffix(".new")
    fresh.write_text(json.dumps(state, indent=1), encoding="utf-8")
    fresh.replace(house.state)


def outdated(house: House, profile: Profile, state: Mapping[str, str]) -> list[str]:
    """The parts that have to be made, in order. What the tests need holds everything that running needs."""
    if house.unfinished.exists() or not house.python.exists():
        return list(Keys._fields)
    good = [keys_for(house, profile)]
    if profile is RUN:
        good.append(keys_for(house, TEST))
    parts = [part for part in Keys._fields if state.get(part) not in {getattr(keys, part) for keys in good}]
    if "assets" not in parts and not house.asset.exists():
        parts.append("assets")
    return parts


# ---- making it ----------------------------------------------------------------------------------------------------


def say(text: str) -> None:
    """A line for the person at the terminal. Standard output belongs to the program that is started afterwards."""
    print(text, file=sys.stderr, flush=True)


def ensure(house: House, profile: Profile) -> None:
    """Make whatever is missing or outdated. Costs a few milliseconds when nothing is."""
    if not outdated(house, profile, read_state(house)):
        return
    with only_one(house) as inherited:
        state = read_state(house)  # somebody else may have done it while we waited
        if parts := outdated(house, profile, state):
            make(house, profile, state, parts, inherited)


@contextlib.contextmanager
def only_one(house: House) -> Iterator[tuple[int, ...]]:
    """One set-up at a time. Children inherit the lock: a pip that outlives us is waited for as well."""
    with (house.root / ".dev.lock").open("a+b") as file:
        told = False
        while not _try_lock(file.fileno()):
            if not told:
                say("Another set-up is at work in this folder; waiting for it to end.")
                told = True
            time.sleep(0.2)
        yield () if WINDOWS else (file.fileno(),)


def _try_lock(number: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(number, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def make(house: House, profile: Profile, state: dict[str, str], parts: list[str], inherited: tuple[int, ...]) -> None:
    """Make these parts, and keep the key of each as soon as it is there."""
    started = time.monotonic()
    keys = keys_for(house, profile)
    if "environment" in parts:
        say(f"Setting up upperback to {profile.name} it, in {house.venv.name}. The first time takes about a minute.")
        if state or not is_handmade(house):
            make_environment(house, inherited)
        state, parts = {"environment": keys.environment}, list(Keys._fields)
        write_state(house, state)
    else:
        say("Something has changed since the last set-up: bringing it up to date.")

    house.log.write_bytes(b"")
    assets = start_assets(house, profile, inherited) if "assets" in parts else None
    try:
        if "packages" in parts or "project" in parts:
            for part in {"packages", "project"}.intersection(parts):
                state.pop(part, None)
            write_state(house, state)
            if "packages" in parts:
                pip(house, inherited, f"packages ({profile.lock})", "--require-hashes", "-r", profile.lock)
                state["packages"] = keys.packages
                write_state(house, state)
            pip(house, inherited, "upperback itself", "--no-deps", "--no-build-isolation", "-e", ".")
            compile_for_readers(house, inherited)
            state["project"] = keys.project
            write_state(house, state)
            if not house.has_kernel():
                say("  No C compiler here: recordings are worked out without the fast kernel, correct but slower.")
        if assets:
            wait(assets, "browser packages")
            if assets.returncode:
                raise SetupError(_assets_log(house).read_text(encoding="utf-8").strip() or "npm failed.")
            state["assets"] = keys.assets
            write_state(house, state)
    finally:
        if assets:
            stop(assets)
    say(f"Set up in {time.monotonic() - started:.0f} seconds.")


def is_handmade(house: House) -> bool:
    """Whether somebody made a whole environment there without dev.py: it is kept and filled, not thrown away."""
    import subprocess

    if house.unfinished.exists() or not house.python.exists():
        return False
    test = f"import pip, sys; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
    return subprocess.run([house.python, "-c", test], capture_output=True, check=False).returncode == 0


def make_environment(house: House, inherited: tuple[int, ...]) -> None:
    """A fresh environment with pip in it. A half-made or moved one is removed first."""
    import importlib.util
    import shutil
    import venv

    say("  environment ...")
    try:
        if house.venv.exists():
            shutil.rmtree(house.venv)
        house.venv.mkdir()
        house.unfinished.touch()
        has_ensurepip = importlib.util.find_spec("ensurepip") is not None
        house.log.write_bytes(b"")
        venv.EnvBuilder(symlinks=not WINDOWS).create(house.venv)
    except OSError as error:
        raise SetupError(
            f"The environment {house.venv.name} cannot be made ({error.strerror}): "
            "see that this folder can be written to and has room, then run this again."
        ) from error
    has_pip = importlib.util.find_spec("pip") is not None
    if has_ensurepip or (not has_pip and not pip_indexes() and install_venv_package()):
        command = [str(house.python), "-m", "ensurepip", "--default-pip"]
    elif has_pip:
        # Debian and Ubuntu keep ensurepip in a package of its own; a pip of the system can fill the environment.
        command = [sys.executable, "-m", "pip", "--python", str(house.python), "install", "--no-input", "pip"]
    else:
        wheel = download_pip(house.venv)
        command = [str(house.python), str(wheel / "pip"), "install", "--no-index", "--no-deps", str(wheel)]
    process = start(house, command, house.log, inherited)
    wait(process, "pip")
    if process.returncode:
        raise SetupError(explain(_log_text(house)) + f" What pip said is in {_shown(house, house.log)}.")
    for wheel in house.venv.glob("pip-*.whl"):
        wheel.unlink()
    house.unfinished.unlink()


def pip(house: House, inherited: tuple[int, ...], what: str, *arguments: str) -> None:
    """Let pip install something. While packages are put in place the environment is marked as unfinished."""
    command = [str(house.python), "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
    command += ["--no-warn-script-location", "--progress-bar", "off", "--only-binary", ":all:"]
    command += ["--no-compile", *arguments]  # Python writes byte code of what is imported; of the rest it is 80 MB
    before = len(_log_text(house))
    total = _log_total(house, arguments)
    house.unfinished.touch()
    process = start(house, command, house.log, inherited)
    say(f"  {what} ...")
    wait(process, what, lambda: progress(_log_text(house)[before:], total))
    said = _log_text(house)[before:]
    if not process.returncode:
        house.unfinished.unlink()
        return
    if not is_putting_in_place(said):
        house.unfinished.unlink()  # nothing has been touched yet
    raise SetupError(explain(said) + f" What pip said is in {_shown(house, house.log)}.")


def compile_for_readers(house: House, inherited: tuple[int, ...]) -> None:
    """Byte code of what reads files from outside: those processes may write none, and would compile it every time."""
    code = "import sys; sys.dont_write_bytecode = False; import compileall, pyarrow.compute, pyarrow.parquet; "
    code += "compileall.compile_dir('src/upperback', quiet=2)"
    wait(start(house, [str(house.python), "-c", code], house.log, inherited), "byte code")


def start(
    house: House, command: Sequence[str], log: Path, inherited: tuple[int, ...], *, own_session: bool = False
) -> "subprocess.Popen[bytes]":
    """Start a program whose words go into a file, so that it does not fall over when we are gone."""
    import subprocess

    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            cwd=house.root,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=inherited,
            start_new_session=own_session,
        )


def wait(process: "subprocess.Popen[bytes]", what: str, tell: Callable[[], str] | None = None) -> None:
    """Wait for a program, and say now and then that it is still at work."""
    import subprocess

    started = said = time.monotonic()
    while True:
        try:
            process.wait(timeout=0.5)
        except subprocess.TimeoutExpired:
            now = time.monotonic()
            if now - said >= SAY_AGAIN_S:
                said = now
                say(f"  {what}: {tell() if tell else 'still at work'}, {now - started:.0f} s")
        except BaseException:
            process.terminate()
            raise
        else:
            return


def start_assets(house: House, profile: Profile, inherited: tuple[int, ...]) -> "subprocess.Popen[bytes]":
    """Let tools/assets.py fetch the browser packages, beside pip."""
    _assets_log(house).write_bytes(b"")
    command = [str(house.python), str(house.root / "tools" / "assets.py"), *(["--dev"] if profile.dev else [])]
    return start(house, command, _assets_log(house), inherited, own_session=True)


def stop(process: "subprocess.Popen[bytes]") -> None:
    """End a program that has a session of its own, and what it started: a stray npm would get in the next one's way."""
    if process.poll() is not None:
        return
    if sys.platform == "win32":
        process.terminate()
    else:
        import signal

        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _assets_log(house: House) -> Path:
    return house.venv / "set-up-assets.log"


def _log_text(house: House) -> str:
    return house.log.read_text(encoding="utf-8", errors="replace")


def _log_total(house: House, arguments: Sequence[str]) -> int:
    locks = [argument for argument in arguments if argument.endswith(".lock")]
    return sum((house.root / lock).read_text(encoding="utf-8").count("==") for lock in locks)


def _shown(house: House, path: Path) -> str:
    return path.relative_to(house.root).as_posix()


def is_putting_in_place(said: str) -> bool:
    """Whether pip had begun to change the environment."""
    return "Installing collected packages" in said


def progress(said: str, total: int) -> str:
    """How far pip has come, from what it said."""
    if is_putting_in_place(said):
        return "putting them in place"
    return f"{min(said.count('Collecting '), total)} of {total} fetched" if total else "still at work"


def explain(said: str) -> str:
    """One sentence for what went wrong in pip, and what to do."""
    for pattern, sentence in _PIP_TROUBLES:
        if re.search(pattern, said, re.IGNORECASE):
            return sentence
    return "The packages could not be installed: run this again, and if it goes on, look at what pip said."


_PIP_TROUBLES = (
    (
        r"No space left on device|Errno 28",
        "The disk is full: make room (600 MB to run, 1.5 GB to test) and run this again.",
    ),
    (
        r"DO NOT MATCH THE HASHES",
        (
            "A package is not the one that was locked, so nothing was installed: run this again, and if it goes on, "
            "ask whoever runs your package index."
        ),
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|SSLError",
        (
            "The package index shows no certificate that this machine trusts: set PIP_CERT to your organisation's "
            "certificates and run this again."
        ),
    ),
    (
        (
            r"Could not fetch URL|NewConnectionError|Max retries exceeded|Connection (?:refused|reset|broken)|"
            r"name resolution|timed out|ProxyError|Network is unreachable"
        ),
        (
            "The package index cannot be reached: check the network (and pip's settings for a mirror or a proxy), "
            "then run this again."
        ),
    ),
    (
        r"No matching distribution found|Could not find a version",
        (
            "A locked package is not there for this Python and machine: use Python 3.11 to 3.13 on a common system, or "
            "check that your package index can be reached and is complete."
        ),
    ),
    (
        r"Permission denied|Errno 13",
        "A file cannot be written: see that this folder belongs to you and run this again.",
    ),
)


# ---- pip itself, where Python comes without it --------------------------------------------------------------------


class PipWheel(NamedTuple):
    """A pip that an index page offers."""

    version: tuple[int, ...]
    name: str
    address: str
    sha256: str


def pip_indexes() -> list[str]:
    """The addresses of the package indexes that pip's own settings name; often none."""
    settings = pip_settings(os.environ, pip_config_files(os.environ))
    return settings.get("index-url", "").split() + settings.get("extra-index-url", "").split()


def install_venv_package() -> bool:
    """On Debian and Ubuntu, as root: install the system's package that holds ensurepip. True when it is there now."""
    import shutil
    import subprocess

    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        return False
    say("  python3-venv, from the packages of this system ...")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update"], ["install", "--yes", "--no-install-recommends", "python3-venv"]):
        command = [apt, "-qq", *arguments]
        done = subprocess.run(command, check=False, env=environment, stdin=subprocess.DEVNULL, capture_output=True)
        if done.returncode:
            return False
    return True


def download_pip(folder: Path) -> Path:
    """Fetch the newest pip from the index that pip's own settings name, and check its hash."""
    import urllib.request

    settings = pip_settings(os.environ, pip_config_files(os.environ))
    indexes = pip_indexes()
    if not indexes:
        raise SetupError(
            "This Python comes without pip: install its venv package (Debian and Ubuntu: `sudo apt install "
            "python3-venv`) or set PIP_INDEX_URL to the address of your Python package index, and run this again."
        )
    context = _trust(settings.get("cert"))
    for index in indexes:
        try:
            page, address = _read_page(index, context)
            wheel = newest_pip(page, address, sys.version_info[:2])
            if wheel is None:
                continue
            with urllib.request.urlopen(_request(wheel.address), timeout=60, context=context) as answer:
                data: bytes = answer.read()
        except (OSError, ValueError):
            continue
        if hashlib.sha256(data).hexdigest() != wheel.sha256:
            raise SetupError("The pip that was fetched is damaged: run this again.")
        path = folder / wheel.name
        path.write_bytes(data)
        return path
    raise SetupError(
        "pip could not be fetched from the package index that pip's settings name: check the network and "
        "PIP_INDEX_URL, and run this again."
    )


def pip_config_files(environment: Mapping[str, str]) -> list[Path]:
    """pip's configuration files, the weakest first."""
    home = Path.home()
    files = [Path("/etc/xdg/pip/pip.conf"), Path("/etc/pip.conf")]
    files += [
        home / ".pip" / "pip.conf",
        Path(environment.get("XDG_CONFIG_HOME", home / ".config")) / "pip" / "pip.conf",
    ]
    if WINDOWS:
        files = [Path(environment.get(name, home)) / "pip" / "pip.ini" for name in ("PROGRAMDATA", "APPDATA")]
    if own := environment.get("PIP_CONFIG_FILE"):
        files.append(Path(own))
    return files


def pip_settings(environment: Mapping[str, str], files: Iterable[Path]) -> dict[str, str]:
    """The settings of pip that matter here: configuration files, then the environment, the last one wins."""
    import configparser

    names = ("index-url", "extra-index-url", "cert")
    found: dict[str, str] = {}
    for file in files:
        parser = configparser.RawConfigParser()
        try:
            parser.read(file, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):
            continue
        for section in ("global", "install"):
            for name in names:
                if value := parser.get(section, name, fallback=""):
                    found[name] = value
    for name in names:
        if value := environment.get("PIP_" + name.upper().replace("-", "_")):
            found[name] = value
    return found


def newest_pip(page: str, address: str, python: tuple[int, int]) -> PipWheel | None:
    """The newest finished pip on an index page that has a hash and suits this Python."""
    from html.parser import HTMLParser
    from urllib.parse import urljoin, urlsplit

    wheels: list[PipWheel] = []

    class Links(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            link = dict(attrs)
            parts = urlsplit(urljoin(address, link.get("href") or ""))
            name = parts.path.rpartition("/")[2]
            version = re.fullmatch(r"pip-(\d+(?:\.\d+)*)-py3-none-any\.whl", name)
            sha256 = re.fullmatch(r"sha256=([0-9a-f]{64})", parts.fragment)
            needs = re.search(r">=\s*3\.(\d+)", link.get("data-requires-python") or "")
            if tag != "a" or not version or not sha256 or "data-yanked" in link:
                return
            if needs and (3, int(needs[1])) > python:
                return
            numbers = tuple(int(number) for number in version[1].split("."))
            wheels.append(PipWheel(numbers, name, parts._replace(fragment="").geturl(), sha256[1]))

    Links().feed(page)
    return max(wheels, default=None)


def _read_page(index: str, context: "ssl.SSLContext") -> tuple[str, str]:
    import urllib.request

    address = index.rstrip("/") + "/pip/"
    request = _request(address + "index.html" if address.startswith("file:") else address)
    with urllib.request.urlopen(request, timeout=60, context=context) as answer:
        return answer.read().decode("utf-8"), address if address.startswith("file:") else answer.geturl()


def _request(address: str) -> "urllib.request.Request":
    """A request; a name and password in the address are sent as pip sends them."""
    import base64
    import urllib.parse
    import urllib.request

    parts = urllib.parse.urlsplit(address)
    headers = {"Accept": "text/html", "User-Agent": "upperback-dev"}
    if parts.username:
        secret = f"{urllib.parse.unquote(parts.username)}:{urllib.parse.unquote(parts.password or '')}"
        headers["Authorization"] = "Basic " + base64.b64encode(secret.encode()).decode()
        parts = parts._replace(netloc=parts.netloc.rpartition("@")[2])
    return urllib.request.Request(parts.geturl(), headers=headers)


def _trust(certificates: str | None) -> "ssl.SSLContext":
    import ssl

    return ssl.create_default_context(cafile=certificates or None)


# ---- starting what was asked for ----------------------------------------------------------------------------------


def environment_for(house: House, outside: Mapping[str, str]) -> dict[str, str]:
    """The variables of a program that runs inside the environment."""
    inside = dict(outside, VIRTUAL_ENV=str(house.venv))
    inside["PATH"] = str(house.bin) + os.pathsep + outside.get("PATH", "")
    inside.pop("PYTHONHOME", None)
    inside.pop("PYTHONDONTWRITEBYTECODE", None)  # pip left it to Python: every start would compile all of it again
    return inside


def pytest_arguments(arguments: Sequence[str]) -> list[str]:
    """What pytest is told: all processors, unless somebody has said how many or wants to look inside.

    One more than there are processors: tests of sensors and browsers wait for much of their time.
    """
    own_choice = any(re.match(r"-n|--numprocesses|--pdb|--trace$|-s$|-p$|--collect-only|--co$", a) for a in arguments)
    # Whoever has nothing left takes over half of what waits elsewhere; neighbours, which share a server, stay together.
    return [*([] if own_choice else ["-n", str((os.cpu_count() or 1) + 1), "--dist", "worksteal"]), *arguments]


def become(house: House, command: Sequence[str]) -> NoReturn:
    """Turn into another program, inside the environment."""
    environment = environment_for(house, os.environ)
    if WINDOWS:
        import subprocess

        sys.exit(subprocess.call(command, env=environment))
    sys.stdout.flush()
    try:
        os.execvpe(command[0], list(command), environment)
    except FileNotFoundError:
        raise SetupError(f"There is no program {command[0]} in the environment or on the path.") from None


def main(arguments: Sequence[str]) -> None:
    """Set up what is missing, then become the program that was asked for."""
    house = House(ROOT)
    what, rest = (arguments[0], list(arguments[1:])) if arguments else ("", [])
    if what == "run":
        ensure(house, RUN)
        become(house, [str(house.bin / "upperback"), "serve", *rest])
    elif what == "test":
        ensure(house, TEST)
        become(house, [str(house.python), "-m", "pytest", *pytest_arguments(rest)])
    elif what == "just":
        ensure(house, TEST)
        become(house, [str(house.bin / "just"), *rest])
    elif what == "exec" and rest:
        ensure(house, TEST)
        become(house, rest)
    elif what in {"-h", "--help", "help"}:
        say(__doc__ or "")
    else:
        say((__doc__ or "").partition("\n\n")[2].partition("\n\n")[0])
        sys.exit(2)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except SetupError as problem:
        sys.exit(f"dev.py: {problem}")
    except KeyboardInterrupt:
        say("\ndev.py: stopped. Run the same command again; it goes on from a safe place.")
        sys.exit(130)
