"""dev.py: deciding what to make, reading pip's settings, choosing a pip, saying what went wrong."""

import os
from pathlib import Path
from typing import Final

import pytest

import dev
from tools import assets

FILES = (
    "pyproject.toml",
    "hatch_build.py",
    "src/upperback/sensing/kernel/orient.c",
    "requirements.lock",
    "requirements-dev.lock",
    "requirements-node.lock",
    "package-lock.json",
    "tools/assets.py",
)


@pytest.fixture
def house(tmp_path: Path) -> dev.House:
    """A house with every part in place and no keys yet."""
    found = dev.House(tmp_path)
    for path in (*(tmp_path / name for name in FILES), found.python, found.asset):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(path.name, encoding="utf-8")
    return found


def made(house: dev.House, profile: dev.Profile) -> dict[str, str]:
    return dev.keys_for(house, profile)._asdict()


@pytest.mark.parametrize(("version", "allowed"), [((3, 10), False), ((2, 7), False), ((3, 11), True), ((4, 0), True)])
def test_an_old_python_is_refused_in_one_sentence(version: tuple[int, ...], allowed: bool) -> None:
    sentence = dev.python_refusal(version)
    assert (sentence is None) is allowed
    if sentence:
        assert "3.11" in sentence
        assert sentence.count("\n") == 0


def test_nothing_is_made_twice(house: dev.House) -> None:
    for profile in (dev.RUN, dev.TEST):
        assert dev.outdated(house, profile, made(house, profile)) == []


def test_an_empty_folder_needs_everything(house: dev.House) -> None:
    house.python.unlink()
    assert dev.outdated(house, dev.RUN, {}) == ["environment", "packages", "project", "assets"]


def test_what_the_tests_need_is_enough_to_run_but_not_the_other_way_round(house: dev.House) -> None:
    assert dev.outdated(house, dev.RUN, made(house, dev.TEST)) == []
    assert dev.outdated(house, dev.TEST, made(house, dev.RUN)) == ["packages", "assets"]


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("requirements.lock", ["packages"]),
        ("pyproject.toml", ["project"]),
        ("hatch_build.py", ["project"]),
        ("src/upperback/sensing/kernel/orient.c", ["project"]),
        ("package-lock.json", ["assets"]),
        ("tools/assets.py", ["assets"]),
    ],
)
def test_a_changed_file_makes_its_part_again(house: dev.House, name: str, parts: list[str]) -> None:
    state = made(house, dev.RUN)
    (house.root / name).write_text("changed", encoding="utf-8")
    assert dev.outdated(house, dev.RUN, state) == parts


def test_an_interrupted_set_up_starts_over(house: dev.House) -> None:
    state = made(house, dev.RUN)
    house.unfinished.touch()
    assert dev.outdated(house, dev.RUN, state) == ["environment", "packages", "project", "assets"]


def test_removed_browser_files_are_copied_again(house: dev.House) -> None:
    house.asset.unlink()
    assert dev.outdated(house, dev.RUN, made(house, dev.RUN)) == ["assets"]


def test_a_moved_folder_gets_a_new_environment(house: dev.House, tmp_path: Path) -> None:
    state = made(house, dev.RUN)
    elsewhere = tmp_path.with_name(tmp_path.name + "-moved")
    tmp_path.rename(elsewhere)
    assert "environment" in dev.outdated(dev.House(elsewhere), dev.RUN, state)


def test_a_missing_lock_file_is_said_in_one_sentence(house: dev.House) -> None:
    (house.root / "requirements.lock").unlink()
    with pytest.raises(dev.SetupError, match=r"requirements\.lock is missing"):
        dev.keys_for(house, dev.RUN)


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", "null", '"text"'])
def test_an_unreadable_state_counts_as_none(house: dev.House, text: str) -> None:
    house.state.write_text(text, encoding="utf-8")
    assert dev.read_state(house) == {}


def test_the_state_comes_back(house: dev.House) -> None:
    dev.write_state(house, {"packages": "run:1"})
    assert dev.read_state(house) == {"packages": "run:1"}


def test_only_one_set_up_holds_the_lock(house: dev.House) -> None:
    with dev.only_one(house), (house.root / ".dev.lock").open("a+b") as other:
        assert not dev._try_lock(other.fileno())
    with (house.root / ".dev.lock").open("a+b") as other:
        assert dev._try_lock(other.fileno())


# ---- pip's settings, and a pip for a Python without one ------------------------------------------------------------


def test_settings_come_from_files_and_then_from_the_environment(tmp_path: Path) -> None:
    weak, strong, broken = (tmp_path / name for name in ("weak", "strong", "broken"))
    weak.write_text("[global]\nindex-url = https://one.test/simple\ncert = /one.pem\n", encoding="utf-8")
    strong.write_text("[global]\nindex-url = https://two.test/simple\n", encoding="utf-8")
    broken.write_text("index-url", encoding="utf-8")
    files = [weak, strong, broken, tmp_path / "absent"]

    assert dev.pip_settings({}, files) == {"index-url": "https://two.test/simple", "cert": "/one.pem"}
    assert dev.pip_settings({"PIP_INDEX_URL": "https://three.test"}, files)["index-url"] == "https://three.test"


def link(version: str, more: str = "", sha256: str = "a" * 64) -> str:
    return f'<a href="../files/pip-{version}-py3-none-any.whl#sha256={sha256}" {more}>pip</a>'


def test_the_newest_fitting_pip_is_chosen() -> None:
    page = (
        link("9.0.1")
        + link("23.2.1")
        + link("25.0", 'data-requires-python="&gt;=3.8"')
        + link("26.9", 'data-requires-python="&gt;=3.14"')  # too new for this Python
        + link("27.0", "data-yanked")
        + link("28.0b1")
        + link("29.0", sha256="short")
        + '<a href="pip-30.0.tar.gz#sha256='
        + "a" * 64
        + '">source</a>'
    )
    chosen = dev.newest_pip(page, "https://index.test/simple/pip/", (3, 11))
    assert chosen is not None
    assert chosen.version == (25, 0)
    assert chosen.address == "https://index.test/simple/files/pip-25.0-py3-none-any.whl"
    assert dev.newest_pip("<html></html>", "https://index.test/", (3, 11)) is None


def test_a_python_without_pip_and_settings_hears_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev, "pip_config_files", lambda environment: [])
    monkeypatch.delenv("PIP_INDEX_URL", raising=False)
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    with pytest.raises(dev.SetupError, match="python3-venv") as told:
        dev.download_pip(tmp_path)
    assert "PIP_INDEX_URL" in str(told.value)


def index_with(folder: Path, data: bytes, sha256: str) -> str:
    (folder / "simple" / "pip").mkdir(parents=True)
    (folder / "simple" / "files").mkdir()
    (folder / "simple" / "files" / "pip-25.0-py3-none-any.whl").write_bytes(data)
    (folder / "simple" / "pip" / "index.html").write_text(link("25.0", sha256=sha256), encoding="utf-8")
    return (folder / "simple").as_uri()


def test_pip_is_fetched_and_its_hash_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import hashlib

    monkeypatch.setattr(dev, "pip_config_files", lambda environment: [])
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    monkeypatch.delenv("PIP_CERT", raising=False)
    good = index_with(tmp_path / "good", b"wheel", hashlib.sha256(b"wheel").hexdigest())
    monkeypatch.setenv("PIP_INDEX_URL", good)
    assert dev.download_pip(tmp_path).read_bytes() == b"wheel"

    monkeypatch.setenv("PIP_INDEX_URL", index_with(tmp_path / "bad", b"wheel", "0" * 64))
    with pytest.raises(dev.SetupError, match="damaged"):
        dev.download_pip(tmp_path)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "disk is full"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "not the one that was locked"),
        ("SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]", "PIP_CERT"),
        ("Retrying ... NewConnectionError: Temporary failure in name resolution\nNo matching distribution", "network"),
        ("ERROR: No matching distribution found for numpy==9", "Python 3.11 to 3.13"),
        ("PermissionError: [Errno 13] Permission denied", "belongs to you"),
        ("something nobody has seen", "run this again"),
    ],
)
def test_what_went_wrong_is_one_sentence(said: str, told: str) -> None:
    sentence = dev.explain(said)
    assert told in sentence
    assert "\n" not in sentence


def test_progress_is_told_in_plain_words() -> None:
    assert dev.progress("Collecting a\nCollecting b\n", 12) == "2 of 12 fetched"
    assert dev.progress("Collecting a\nInstalling collected packages: a", 12) == "putting them in place"


# ---- starting ------------------------------------------------------------------------------------------------------


PARALLEL: Final = ["-n", str((os.cpu_count() or 1) + 1), "--dist", "worksteal"]


@pytest.mark.parametrize(
    ("given", "passed"),
    [
        ([], PARALLEL),
        (["--require-browser"], [*PARALLEL, "--require-browser"]),
        (["-n0", "tests/unit"], ["-n0", "tests/unit"]),
        (["--pdb"], ["--pdb"]),
    ],
)
def test_pytest_uses_all_processors_unless_told_otherwise(given: list[str], passed: list[str]) -> None:
    assert dev.pytest_arguments(given) == passed


def test_programs_of_the_environment_come_first(house: dev.House) -> None:
    outside = {"PATH": "/usr/bin", "PYTHONHOME": "/odd", "PYTHONDONTWRITEBYTECODE": "1"}
    inside = dev.environment_for(house, outside)
    assert inside["PATH"].startswith(str(house.bin))
    assert inside["VIRTUAL_ENV"] == str(house.venv)
    assert "PYTHONHOME" not in inside
    assert "PYTHONDONTWRITEBYTECODE" not in inside, "the second start would compile everything again"


def test_the_locks_in_the_repository_carry_hashes_and_no_addresses() -> None:
    assets.check_locks()
    for name in ("requirements.lock", "requirements-dev.lock", "requirements-node.lock"):
        lock = (dev.ROOT / name).read_text(encoding="utf-8")
        assert lock.count("==") <= lock.count("--hash=sha256:")


# ---- browser packages ----------------------------------------------------------------------------------------------


def test_source_map_comments_are_dropped() -> None:
    code = b"export{a};\n//# sourceMappingURL=a.js.map\n"
    assert assets.drop_source_map(code) == b"export{a};\n"
    assert assets.drop_source_map(b"b{}/*# sourceMappingURL=b.css.map */") == b"b{}"


@pytest.mark.parametrize(
    "data",
    [
        b"font-family:Frutiger W01",
        b"url(https://assets.nhs.uk/fonts/x.woff2)",
        b"@font-face{}",
        b"//# sourceMappingURL=x",
    ],
)
def test_the_nhs_identity_is_not_copied(data: bytes) -> None:
    assert assets.forbidden_in(data)
    assert not assets.forbidden_in(b'const prefix = "nhsuk-radios"')


def packages(folder: Path, script: bytes) -> Path:
    for origin in assets.FILES:
        path = folder / origin
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(script if path.suffix == ".js" else b"data")
    return folder


def test_the_needed_files_are_copied_all_or_none(tmp_path: Path) -> None:
    vendor = tmp_path / "static" / "vendor"
    names = [path.name for path in assets.copy(packages(tmp_path / "good", b"good()"), vendor)]
    assert names == sorted([*assets.FILES.values(), "nhsuk-frontend.LICENSE.txt"])

    with pytest.raises(assets.AssetError, match="Frutiger"):
        assets.copy(packages(tmp_path / "bad", b"frutiger"), vendor)
    assert (vendor / "nhsuk-frontend.min.js").read_bytes() == b"good()"


@pytest.mark.parametrize(("version", "major"), [("v20.20.2\n", 20), ("v9.1.0", 9), ("", 0), ("no node", 0)])
def test_the_version_of_node_is_read(version: str, major: int) -> None:
    assert assets.node_major(version) == major


def test_addresses_in_a_lock_file_are_found_but_not_wishes_for_funding() -> None:
    assert assets.addresses_in('"resolved": "https://registry.test/a.tgz"') == ["https://registry.test/a.tgz"]
    assert assets.addresses_in('"funding": {"url": "https://thanks.test"}') == []


def test_what_follows_run_is_for_serve(house: dev.House, monkeypatch: pytest.MonkeyPatch) -> None:
    """As with --lan: one who starts the app this way opens it to phones this way, too."""
    ran: list[list[str]] = []
    monkeypatch.setattr(dev, "House", lambda root: house)
    monkeypatch.setattr(dev, "ensure", lambda *_: None)
    monkeypatch.setattr(dev, "become", lambda _, command: ran.append(list(command)))
    dev.main(["run", "--lan", "--lan-port", "8443"])
    assert ran == [[str(house.bin / "upperback"), "serve", "--lan", "--lan-port", "8443"]]
