"""A person out of an archive: all of it or nothing, and nothing that the rules would not have said themselves.

An archive comes from outside, whoever made it. It is read in a confined process; every field has to be of its type;
and what counts now is worked out again: the newest result from its answers, the newest plan from its findings and
choices. Where that says something else the archive was changed by hand, and is refused. Where another release of the
content or another version of the program made them, they are history: the safety check is open again with its answers,
and the plan waits for it.
"""

import datetime as dt
import hashlib
import shutil
import tempfile
import zoneinfo
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final

import msgspec
from django.db import Error as DatabaseError
from django.db import IntegrityError, transaction

from upperback.care import diary
from upperback.content.vocabulary import Content, default_content
from upperback.core.errors import Conflict, InputError, UpperbackError
from upperback.devices.confined import Limits, run_confined
from upperback.interchange.archive import ROWS, Contents, kept_name
from upperback.services import audit, pictures, plans, screening
from upperback.services.actors import Actor
from upperback.services.archive import MADE_BY
from upperback.services.belongings import Table, leaving_tables, read_row, row_of
from upperback.services.people import NAME_CHARACTERS_MAX
from upperback.services.permissions import check_may
from upperback.store.files import samples_folder, write_whole
from upperback.store.models import Decision, KeptSamples, PlanVersion, Profile

__all__ = ["bring_in"]

#: A key is made of the passphrase with up to 256 MB; rows are read a line at a time.
_LIMITS: Final = Limits(memory_bytes=640 << 20, cpu_s=240, wall_s=300.0, file_bytes=2 << 30)
_AT_ONCE: Final = 500

CHANGED: Final = "this archive was changed by hand: its %s does not follow from its answers"
HERE_ALREADY: Final = "%s is here already. To bring this file in, delete their data here first"
_DOUBLE: Final = "this archive holds records that are here already, of somebody else"


def bring_in(
    *, path: Path, name: str, by: Actor, now: dt.datetime, passphrase: str = "", to_read: bool = False
) -> Profile:
    """The person of an archive, with everything that is theirs.

    Parameters
    ----------
    name : how the person knows the file, for messages
    to_read : into a folder that only shows it: what another release made is left as it is

    Raises
    ------
    InputError : no archive, damaged, newer, locked with another passphrase, or changed by hand.
    Conflict : the person is here already. Nothing is changed by either.
    """
    check_may(by, "import_person")
    with tempfile.TemporaryDirectory(prefix="upperback-archive-") as made:
        folder = Path(made)
        told = run_confined("archive", path, {"passphrase": passphrase}, folder=folder, limits=_LIMITS, name=name)
        contents = msgspec.convert(told, Contents)
        placed: list[Path] = []
        try:
            return _write(contents, folder, placed, by, now, to_read=to_read)
        except BaseException as error:
            for one in placed:
                one.unlink(missing_ok=True)
            if isinstance(error, InputError):
                raise InputError(f"{name}: {error.message}", **error.details) from None
            raise


def _write(
    contents: Contents, folder: Path, placed: list[Path], by: Actor, now: dt.datetime, *, to_read: bool
) -> Profile:
    _check_tables(contents)
    with transaction.atomic():
        profile, rows = None, 0
        keys: dict[type, list[int]] = {}
        for table in leaving_tables():
            found = folder / f"{table.name}.jsonl"
            made = _fill(table, found, profile, keys) if found.exists() else 0
            rows += made
            if table.model is Profile:
                profile = Profile.objects.get(pk=keys[Profile][0])
        assert profile is not None, "an archive without its person is refused"
        _check_what_counts(profile, by, now, same_program=contents.made_by == MADE_BY, to_read=to_read)
        pictures.check_all(profile=profile)
        _place_samples(profile, folder, placed)
        audit.record(
            by=by, action="import_person", now=now, object_kind="profile", object_uuid=profile.uuid, profile=profile,
            rows=rows, release_sha256=contents.release_sha256,
        )  # fmt: skip
    return profile


def _check_tables(contents: Contents) -> None:
    """Known tables only: what cannot be kept is refused and not lost."""
    known = {table.name for table in leaving_tables()}
    for member in contents.members:
        name = Path(member.name).stem
        if member.name.startswith(ROWS) and name not in known:
            raise InputError(f"it holds {name}, which this Upperback does not know")


def _fill(table: Table, path: Path, profile: Profile | None, keys: dict[type, list[int]]) -> int:
    """Writes the rows of one table; their keys are added to `keys`."""
    own = keys.setdefault(table.model, [])
    rows = _rows(table, path)
    if table.model is Profile:
        people = list(islice(rows, 2))
        if len(people) != 1:
            raise InputError("it does not hold one person")
        _check_profile(people[0])
        rows = iter(people)
    waiting: list[Any] = []
    for plain in rows:
        # A row may point to one before it, which must have its key by then.
        if len(waiting) == _AT_ONCE or any((plain[name] or 0) > len(own) for name in _own_links(table)):
            own += _kept(table, waiting)
            waiting = []
        waiting.append(row_of(table, plain, profile, keys))
    own += _kept(table, waiting)
    return len(own)


def _own_links(table: Table) -> list[str]:
    return [name for name, model in table.links.items() if model is table.model]


def _kept(table: Table, rows: list[Any]) -> list[int]:
    try:
        with transaction.atomic():
            made = table.model._default_manager.bulk_create(rows)  # noqa: SLF001
    except IntegrityError:
        raise Conflict(_DOUBLE) from None
    except (DatabaseError, ValueError, OverflowError):
        raise InputError(f"{table.name}: a value cannot be kept") from None
    return [row.pk for row in made]


def _rows(table: Table, path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a member that was proved, with their types; entries of the diary as what they are."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            plain = read_row(table, line, number)
            if table.name == "diary_entry":
                try:
                    diary.read_entry(plain["kind"], plain["data"])
                except InputError as error:
                    raise InputError(f"{table.name}, line {number}: {error.message}") from None
            yield plain


def _place_samples(profile: Profile, folder: Path, placed: list[Path]) -> None:
    """Kept readings go where those of this person are; each is the one that its row tells of."""
    rows = KeptSamples.objects.filter(profile=profile).select_related("stream").order_by("pk")
    for number, row in enumerate(rows, 1):
        found = folder / kept_name(number)
        if not found.exists():
            continue  # taken away before, by hand
        with found.open("rb") as file:
            if (found.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()) != (row.size, row.sha256):
                raise InputError("the readings of a sensor in it are not those that it tells of")
        path = samples_folder(profile.uuid) / f"{row.stream.uuid}.parquet"
        if path.exists():
            raise Conflict(_DOUBLE)
        placed.append(path)
        write_whole(path, partial(shutil.copyfile, found))


def _check_profile(plain: dict[str, Any]) -> None:
    name = plain["name"]
    if not name.strip() or len(name) > NAME_CHARACTERS_MAX or not name.isprintable():
        raise InputError("the name in it cannot be used")
    if plain["time_zone"] not in zoneinfo.available_timezones():
        raise InputError("the time zone in it is not known")
    if Profile.objects.filter(uuid=plain["uuid"]).exists():
        raise Conflict(HERE_ALREADY % name)


def _check_what_counts(profile: Profile, by: Actor, now: dt.datetime, *, same_program: bool, to_read: bool) -> None:
    """The newest result and plan say what the rules say of their answers; or the safety check is open again."""
    content = default_content()
    decision = plans.latest_decision(profile)
    plan = PlanVersion.objects.filter(profile=profile).last()
    if decision is None:
        if plan is not None:
            raise InputError(CHANGED % "plan")
        return
    made_here = decision.release_sha256 == content.sha256 and (plan is None or plan.release_sha256 == content.sha256)
    wrong = "result" if not _says_the_same(decision, content) else ""
    if not wrong and plan is not None and not _plan_follows(plan):
        wrong = "plan"
    if wrong and made_here and same_program:
        raise InputError(CHANGED % wrong)
    if (wrong or not made_here) and not to_read:
        screening.correct_screening(screening=decision.screening, by=by, now=now)


def _says_the_same(decision: Decision, content: Content) -> bool:
    """Whether a result is what its answers give."""
    try:
        again = screening.decided(decision.screening.answers, content)
    except (UpperbackError, LookupError, TypeError, ValueError, AttributeError):
        return False  # answers that no page gives
    return all(_plain(value) == getattr(decision, name) for name, value in again.items())


def _plan_follows(plan: PlanVersion) -> bool:
    """Whether a plan is what its result, its assessment and its choices give."""
    try:
        findings = plans.plan_findings(plan.decision, plan.assessment)
        again = plans.build_record(findings, plan.choices)
        cleared = plan.clearance.role if plan.clearance is not None else None
    except (UpperbackError, LookupError, TypeError, ValueError, AttributeError):
        return False
    return bool(
        _plain(findings) == plan.findings
        and _plain(again) == plan.record
        and plan.allowed == again["allowed"]
        and plan.choices.get("cleared_by") == cleared
    )


def _plain(value: Any) -> Any:
    """As the store gives it back."""
    return msgspec.json.decode(msgspec.json.encode(value))
