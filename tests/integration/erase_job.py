"""A process of its own that erases somebody and looks through every byte that is left.

    python -m tests.integration.erase_job FOLDER erase|erase-wal|delete

Two people get a row in every table, found by itself, with a word of their own in every field that holds words; each
word is overwritten once, so that the first one lies in free space. Prints as JSON how many words of either are found in
the files of the folder before and after. `delete` is the control: the rows go and nothing else is done.
"""

import datetime as dt
import json
import logging
import os
import sqlite3
import sys
import uuid
from pathlib import Path
from typing import Any

import django
from django.db import models

NOW = dt.datetime(2026, 11, 21, 10, tzinfo=dt.UTC)
WORD_LETTERS = 12


class Words:
    """Words of one person, each used once."""

    def __init__(self, mark: str) -> None:
        self.mark, self.made = mark, list[str]()

    def new(self) -> str:
        self.made.append(f"{self.mark}{len(self.made):0{WORD_LETTERS - len(self.mark)}}")
        return self.made[-1]

    def found_in(self, folder: Path) -> dict[str, int]:
        """How many of them are in the files of a folder, by file."""
        found = {}
        for path in sorted(folder.rglob("*")):
            data = path.read_bytes() if path.is_file() else b""
            if count := sum(word.encode() in data for word in self.made):
                found[path.name] = count
        return found


def main() -> None:
    """Makes two people, lets one go, looks."""
    folder, how = Path(sys.argv[1]), sys.argv[2]
    os.environ["UPPERBACK_DATA"] = str(folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "upperback.web.settings"
    if how == "erase-wal":
        setattr(sqlite3, "sqlite_version_info", (3, 99, 0))  # noqa: B010  as if it were one with a safe log
    django.setup()
    logging.getLogger().addHandler(logging.FileHandler(folder / "log.txt"))
    logging.getLogger().setLevel(logging.DEBUG)
    from django.contrib.sessions.models import Session
    from django.core.management import call_command
    from django.db import connection

    from upperback.services import erasure
    from upperback.services.actors import household
    from upperback.services.belongings import all_tables
    from upperback.store.models import AuditEvent, Profile

    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA secure_delete=OFF")  # as many builds of SQLite have it
    words = {name: Words(name) for name in ("gone", "stays")}
    people = {name: filled(words[name]) for name in words}
    beside = sqlite3.connect(folder / "upperback.sqlite3")  # as another thread of the app would
    beside.execute("SELECT count(*) FROM store_profile").fetchall()
    before = {name: words[name].found_in(folder) for name in words}
    if how == "delete":
        Profile.objects.get(pk=people["gone"].pk).delete()
        swept = False
    else:
        swept = erasure.erase_person(profile=people["gone"], by=household("t"), now=NOW).swept
    after = {name: words[name].found_in(folder) for name in words}
    told = {
        "tables": [model.__name__ for model, _ in all_tables()],
        "words": {name: len(words[name].made) for name in words},
        "before": before, "after": after, "swept": swept,
        "audit": [[row.action, row.profile_uuid is None, row.details] for row in AuditEvent.objects.order_by("pk")],
        "sessions": Session.objects.count(),
        "journal": beside.execute("PRAGMA journal_mode").fetchone()[0],
        "leaves": str(people["gone"].uuid),
    }  # fmt: skip
    sys.stdout.write(json.dumps(told))


def filled(words: Words) -> Any:
    """A person with a row in every table, a file of readings, a session and a line of the audit."""
    from django.contrib.sessions.backends.db import SessionStore

    from upperback.services.actors import household
    from upperback.services.audit import record
    from upperback.services.belongings import all_tables
    from upperback.store.files import export_folder, samples_folder, write_whole

    rows: dict[type[models.Model], Any] = {}
    for model, _ in all_tables():
        rows[model] = model._default_manager.create(**values_of(model, rows, words))
        found = {field.name: word_for(field, words) for field in model._meta.concrete_fields}
        changed = {name: word for name, word in found.items() if word is not None}
        model._default_manager.filter(pk=rows[model].pk).update(**changed)
    (profile,) = (row for model, row in rows.items() if model.__name__ == "Profile")
    content = words.new().encode() * 2000
    write_whole(samples_folder(profile.uuid) / "a.parquet", lambda path: path.write_bytes(content))
    (inside,) = (row for model, row in rows.items() if model.__name__ == "BulkExportPerson")
    type(inside.export).objects.filter(pk=inside.export.pk).update(state="ready")
    line = words.new().encode()
    write_whole(export_folder(inside.export.uuid) / "Observation.ndjson", lambda path: path.write_bytes(line))
    session = SessionStore()
    session["profile"], session["more"] = str(profile.uuid), words.new()
    session.create()
    record(by=household("t"), action="x", now=NOW, object_kind="x", profile=profile, more=words.new())
    return profile


def values_of(model: type[models.Model], rows: dict[type[models.Model], Any], words: Words) -> dict[str, Any]:
    """A value for every field, of its kind; what it points to is of the same person."""
    values: dict[str, Any] = {}
    for field in model._meta.concrete_fields:
        kind = field.get_internal_type()
        if field.primary_key:
            continue
        if field.is_relation:
            theirs: Any = rows.get(field.related_model)  # type: ignore[arg-type]
            values[field.name] = theirs or of_nobody(field)
        elif (word := word_for(field, words)) is not None:
            values[field.name] = word
        elif not field.null and not field.has_default():
            values[field.name] = {
                "DateTimeField": NOW, "DateField": NOW.date(), "TimeField": NOW.time(), "UUIDField": uuid.uuid4(),
                "BooleanField": True,
            }.get(kind, field.choices[0][0] if field.choices else 1)  # fmt: skip
    return values


def of_nobody(field: "models.Field[Any, Any]") -> Any:
    """A row that a row of a person points to and that is nobody's: a clinic. None where it would be somebody's."""
    from upperback.services.belongings import owner_of

    model: Any = field.related_model
    if owner_of(model) is not None:
        return None
    return model._default_manager.create(**values_of(model, {}, Words("shared")))


def word_for(field: "models.Field[Any, Any]", words: Words) -> Any:
    """A word in the form of the field; None where it holds none."""
    kind = field.get_internal_type()
    if kind == "JSONField":
        return {"word": words.new()}
    if kind == "BinaryField":
        return words.new().encode()
    if kind == "TextField" or (kind == "CharField" and not field.choices and (field.max_length or 0) >= WORD_LETTERS):
        return words.new()
    return None


if __name__ == "__main__":
    main()
