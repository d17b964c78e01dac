"""Export, import and erase in the terminal: whole or not at all, and never over something that is there."""

import json
import stat
from pathlib import Path

import pytest

from tests.unit.services.conftest import NOW, actor, ana
from upperback import cli
from upperback.interchange.archive import sealed
from upperback.services import people
from upperback.services.actors import Actor
from upperback.services.people import Profile

__all__ = ["actor", "ana"]  # fixtures

pytestmark = pytest.mark.django_db

PHRASE = "a red kite over the hill"


def test_out_and_in_again(
    ana: Profile, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealed, "_WORK", 4)
    phrase, out = tmp_path / "phrase", tmp_path / "ana.zip.age"
    phrase.write_text(f"{PHRASE}\n")
    words = ["export", str(out), "--passphrase-file", str(phrase), "--json"]
    assert cli.main(words) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["locked"]
    assert told["bytes"] == out.stat().st_size
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert b"Ana" not in out.read_bytes()
    assert cli.main(words) == 2
    assert "already" in capsys.readouterr().err
    assert cli.main(["import", str(out), "--passphrase-file", str(phrase)]) == 2
    assert (
        capsys.readouterr().err
        == "upperback: Ana is here already. To bring this file in, delete their data here first\n"
    )
    ana.delete()
    assert cli.main(["import", str(out)]) == 2
    assert "its passphrase is needed" in capsys.readouterr().err
    assert cli.main(["import", str(out), "--passphrase-file", str(phrase), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"person": str(ana.uuid), "name": "Ana"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ana.zip.age", "phrase"]


def test_nothing_half_written(
    ana: Profile, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("upperback.services.archive._events", lambda profile: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        cli.main(["export", str(tmp_path / "ana.zip")])
    assert list(tmp_path.iterdir()) == []
    assert cli.main(["export", str(tmp_path / "no" / "ana.zip")]) == 2
    assert "No such file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["export", "{}/a.zip", "--passphrase-file", "{}/none"], "cannot be read"),
        (["export", "{}/a.zip", "--passphrase-file", "{}/short"], "at least 10 letters"),
        (["export", "{}/a.zip", "--person", "Bob"], "no single person"),
        (["export", "{}/tables", "--tables", "--passphrase-file", "{}/short"], "passphrase"),
        (["import", "{}/none.zip"], "no such file"),
        (["import", "{}/short"], "no archive of Upperback"),
    ],
)  # fmt: skip
def test_one_line_says_what_is_wrong(
    words: list[str], said: str, ana: Profile, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "short").write_text("short\n")
    assert cli.main([word.format(tmp_path) for word in words]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["short"]


def test_tables(ana: Profile, actor: Actor, tmp_path: Path) -> None:
    people.create_profile(name="Bo", by=actor, now=NOW)
    assert cli.main(["export", str(tmp_path / "own"), "--tables", "--person", "bo"]) == 0
    assert sorted(path.name for path in (tmp_path / "own").iterdir()) == ["diary.csv", "figures.csv"]


def test_erase_asks_first(ana: Profile, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert cli.main(["erase"]) == 2  # nobody is at this terminal
    assert "say --yes" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda words: "Anna")
    assert cli.main(["erase"]) == 2
    assert "nothing was erased" in capsys.readouterr().err
    assert Profile.objects.exists()
    monkeypatch.setattr("builtins.input", lambda words: " Ana ")
    assert cli.main(["erase", "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told == {"person": str(ana.uuid), "rows": 2, "swept": False}  # a test runs in a transaction
    assert not Profile.objects.exists()


def test_a_file_for_the_computer_of_a_clinic(ana: Profile, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "ana.json"
    words = ["export", str(out), "--fhir", "transaction", "--mood", "--family", "Gray", "--born", "1980-05-31"]
    assert cli.main([*words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    bundle = json.loads(out.read_bytes())
    assert told == {
        "file": str(out),
        "bytes": out.stat().st_size,
        "fhir": "transaction",
        "resources": len(bundle["entry"]),
    }
    assert bundle["entry"][0]["resource"]["name"][0]["family"] == "Gray"
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert cli.main(["export", str(tmp_path / "defs.json"), "--fhir", "definitions"]) == 0
    assert "nobody's data" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--mood"], "--mood: goes with --fhir only"),
        (["--fhir", "document", "--tables"], "no tables and no lock"),
        (["--fhir", "document", "--born", "31.5.1980"], "--born: “31.5.1980” is no day"),
        (["--fhir", "document", "--nhs-number", "1234567890"], "not an NHS number"),
    ],
)
def test_what_does_not_go_with_fhir_is_refused_in_one_line(
    ana: Profile, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert cli.main(["export", str(tmp_path / "ana.json"), *words]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
