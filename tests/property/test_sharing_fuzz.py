"""A few of the damaged bundles and archives of `just sharing-fuzz`, and none half kept (AB-27, AB-32, AB-33)."""

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.property import sharing_fuzz
from upperback.core.errors import Conflict, InputError
from upperback.services import actors, demo, fhir_in, people
from upperback.services.bring_in import bring_in
from upperback.store.models import DiaryEntry, Profile

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 11, 21, 10, 0, tzinfo=dt.UTC)
INPUTS, KEPT = 300, 12


def test_damaged_bundles_and_archives_are_taken_whole_or_not_at_all(
    tmp_path: Path, tell: Callable[[str], None]
) -> None:
    bundle, packed = sharing_fuzz.seeds()
    assert sharing_fuzz.check_bundle(json.dumps(bundle).encode())  # as they are, both are taken
    assert sharing_fuzz.check_archive(packed, tmp_path)
    found = sharing_fuzz.fuzz(
        lambda number: sharing_fuzz.make_bundle(bundle, number), sharing_fuzz.check_bundle, range(INPUTS)
    )
    assert found[True]
    assert found[False]
    archives = sharing_fuzz.fuzz(
        lambda number: sharing_fuzz.make_archive(packed, number),
        lambda data: sharing_fuzz.check_archive(data, tmp_path), range(INPUTS),
    )  # fmt: skip
    assert archives[False]
    tell(f"sharing: {INPUTS} damaged bundles, {found[True]} taken; {INPUTS} damaged archives, {archives[True]} taken")


def test_none_is_half_kept_and_nobody_else_is_touched(tmp_path: Path) -> None:
    bundle, packed = sharing_fuzz.seeds()
    Profile.objects.all().delete()
    other = demo.make_person(key="desk", now=NOW)
    before = list(DiaryEntry.objects.order_by("id").values()), list(Profile.objects.values())
    path = tmp_path / "in"
    for number in range(KEPT):
        path.write_bytes(sharing_fuzz.make_archive(packed, number))
        try:
            brought = bring_in(path=path, name="in", by=actors.SYSTEM, now=NOW)
        except (InputError, Conflict):
            assert (list(DiaryEntry.objects.order_by("id").values()), list(Profile.objects.values())) == before
        else:
            brought.delete()
        fresh = people.create_profile(name="Fresh", by=actors.SYSTEM, now=NOW)
        path.write_bytes(sharing_fuzz.make_bundle(bundle, number))
        try:
            found = fhir_in.look_at_file(profile=fresh, path=path, name="in", by=actors.SYSTEM, now=NOW)
            kept = fhir_in.take_in(profile=fresh, incoming=found.incoming, by=actors.SYSTEM, now=NOW)
            assert kept == len(found.incoming.observations) == DiaryEntry.objects.filter(profile=fresh).count()
        except InputError:
            assert not DiaryEntry.objects.filter(profile=fresh).exists()
        fresh.delete()
    assert (list(DiaryEntry.objects.order_by("id").values()), list(Profile.objects.values())) == before
    assert Profile.objects.get() == other
