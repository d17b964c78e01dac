"""A start brings an older database up to date, and leaves one alone that is."""

import pytest
from django.core import management
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from upperback.web import serve


def ours() -> list[str]:
    """The migrations of the store that are written down as done, the oldest first."""
    return sorted(MigrationRecorder(connection).migration_qs.filter(app="store").values_list("name", flat=True))


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The management commands that a start calls."""
    names: list[str] = []
    monkeypatch.setattr(management, "call_command", lambda name, **_: names.append(name))
    return names


@pytest.mark.django_db
def test_nothing_is_done_where_nothing_is_missing(called: list[str]) -> None:
    serve._migrate(pytest.fail)
    assert called == []


@pytest.mark.django_db
def test_an_older_database_is_brought_up_to_date(called: list[str]) -> None:
    MigrationRecorder(connection).record_unapplied("store", ours()[-1])
    serve._migrate(pytest.fail)
    assert called == ["migrate"]


@pytest.mark.django_db
def test_a_history_with_a_hole_is_said(called: list[str]) -> None:
    MigrationRecorder(connection).record_unapplied("store", ours()[0])
    said: list[str] = []
    serve._migrate(said.append)
    assert called == []
    assert said == ["The database cannot be opened or brought up to date. The help page works; the rest says so."]
