"""The safety check: start, answer, finish."""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from upperback.care import intake
from upperback.care.advice import advice_record
from upperback.care.intake import Answer
from upperback.care.triage import decide, read_findings
from upperback.care.triage.record import decision_record
from upperback.content.models import Question
from upperback.content.vocabulary import Content, default_content
from upperback.core.errors import Conflict, InputError, NotFound, Unavailable
from upperback.services import audit, policies
from upperback.services.actors import Actor
from upperback.services.permissions import check_may
from upperback.services.policies import ALREADY_FINISHED, CHANGED_MEANWHILE
from upperback.store.models import Decision, Profile, Screening

__all__ = [
    "ALREADY_FINISHED",
    "CHANGED_MEANWHILE",
    "Decision",
    "Screening",
    "answers_hold",
    "correct_screening",
    "finish_screening",
    "get_decision",
    "get_screening",
    "open_screening",
    "record_answers",
    "start_screening",
]


def start_screening(*, profile: Profile, by: Actor, now: dt.datetime) -> Screening:
    """The open safety check of a person; a new one where there is none. Asking twice gives the same one."""
    check_may(by, "answer")
    with transaction.atomic():
        _lock(profile)
        return _open_screening(profile, {}, by, now, since=now)


def correct_screening(*, screening: Screening, by: Actor, now: dt.datetime) -> Screening:
    """A new safety check that starts from the answers of a finished one. The finished one stays as it is."""
    check_may(by, "answer")
    with transaction.atomic():
        _lock(screening.profile)
        return _open_screening(screening.profile, screening.answers, by, now, since=screening.answers_since)


def get_screening(*, profile: Profile, screening_uuid: uuid.UUID | None, by: Actor) -> Screening:
    """One safety check of this person."""
    check_may(by, "see_profile")
    found = Screening.objects.filter(profile=profile, uuid=screening_uuid).first() if screening_uuid else None
    if found is None:
        raise NotFound("there is no such safety check here")
    return found


def open_screening(*, profile: Profile, by: Actor) -> Screening | None:
    """The open safety check, brought up to date with the questions of today. None where there is none."""
    check_may(by, "see_profile")
    with transaction.atomic():
        _lock(profile)
        rows = Screening.objects.select_related("profile")
        current = rows.filter(profile=profile, state=Screening.State.IN_PROGRESS).first()
        if current is not None:
            _bring_up_to_date(current, default_content())
    return current


def answers_hold(screening: Screening, now: dt.datetime) -> bool:
    """Whether the answers of an open check are of today; else the person is asked whether they still hold."""
    return policies.answers_are_current(screening, now)


def get_decision(*, profile: Profile, decision_uuid: uuid.UUID | None, by: Actor) -> Decision:
    """One result of this person."""
    check_may(by, "see_profile")
    rows = Decision.objects.select_related("screening", "screening__profile")
    found = rows.filter(screening__profile=profile, uuid=decision_uuid).first() if decision_uuid else None
    if found is None:
        raise NotFound("there is no such result here")
    return found


def record_answers(
    *, screening: Screening, answers: Mapping[str, Answer], by: Actor, now: dt.datetime, version: int
) -> Screening:
    """Writes answers into the open safety check. When an emergency rule fires, the check is finished at once.

    `version` is the one the page was made from. The same answers sent twice are one answer; other answers on top
    of an old page are refused with a sentence, and nothing that was saved is touched.
    """
    check_may(by, "answer")
    content = default_content()
    for id, answer in answers.items():
        intake.check_answer(_screen_question(id, content), answer, content)
    with transaction.atomic():
        _lock(screening.profile)
        current = Screening.objects.select_related("profile").get(pk=screening.pk)
        after = intake.answers_after(intake.from_plain(current.answers), answers, content)
        merged = {id: intake.to_plain(answer) for id, answer in after.items()}
        if merged != current.answers:
            policies.check_can_answer(current, version)
            _update_open(
                current, answers=merged, answers_since=current.answers_since if current.answers else now,
                release=content.release_id, release_sha256=content.sha256,
            )  # fmt: skip
            audit.record(
                by=by, action="record_answers", now=now, object_kind="screening", object_uuid=current.uuid,
                profile=current.profile, questions=sorted(answers), version=current.version,
            )  # fmt: skip
        # Also where nothing changed: somebody who corrects an emergency and confirms it is stopped again.
        is_open = current.state == Screening.State.IN_PROGRESS
        if is_open and intake.fired_emergencies(after, content):
            _finish(current, content, by, now)
    return current


def finish_screening(*, screening: Screening, by: Actor, now: dt.datetime, still_hold: bool = False) -> Decision:
    """Decides. Only when every question that applies has its answer; finishing twice gives the same decision.

    still_hold: the person has looked at all answers and says that they hold now, however old they are.
    """
    check_may(by, "finish_screening")
    content = default_content()
    with transaction.atomic():
        _lock(screening.profile)
        current = Screening.objects.select_related("profile").get(pk=screening.pk)
        decided = Decision.objects.filter(screening=current).first()
        if decided is not None:
            return decided
        policies.check_can_finish(current, content, now, still_hold=still_hold)
        return _finish(current, content, by, now, still_hold=still_hold)


def _finish(
    screening: Screening, content: Content, by: Actor, now: dt.datetime, *, still_hold: bool = False
) -> Decision:
    row = Decision.objects.create(
        screening=screening, decided_at=now, release=content.release_id, release_sha256=content.sha256,
        **decided(screening.answers, content),
    )  # fmt: skip
    _update_open(
        screening,
        state=Screening.State.FINISHED,
        finished_at=now,
        answers_since=now if still_hold else screening.answers_since,
        release=content.release_id,
        release_sha256=content.sha256,
    )
    audit.record(
        by=by, action="finish_screening", now=now, object_kind="decision", object_uuid=row.uuid,
        profile=screening.profile, release_sha256=content.sha256, complete=row.complete,
    )  # fmt: skip
    return row


def decided(plain_answers: Mapping[str, Any], content: Content) -> dict[str, Any]:
    """What is kept of a decision from these answers, as the fields of its row."""
    answers = intake.from_plain(plain_answers)
    emergencies = frozenset(state.rule.id for state in intake.fired_emergencies(answers, content))
    read = intake.read_answers(answers, content)
    facts = read_findings(read.findings, content=content, age_required=False)
    decision = decide(facts, content)
    complete = decision.complete and intake.next_question(answers, content) is None
    if not complete and not emergencies:
        # Every question has its answer and still something is missing: the content does not fit itself.
        raise Unavailable("The result could not be worked out.", retryable=False, unanswered=list(decision.unanswered))
    advice = advice_record(
        decision, facts, content, declined=read.declined, only_rules=None if complete else emergencies
    )
    return {
        "findings": dict(read.findings),
        "declined": list(read.declined),
        "disposition": decision.disposition,
        "complete": complete,
        "rules": [state.rule.id for state in decision.rules],
        "record": {"triage": decision_record(decision, facts, content), "advice": advice},
    }


def _open_screening(
    profile: Profile, answers: dict[str, Any], by: Actor, now: dt.datetime, *, since: dt.datetime
) -> Screening:
    content = default_content()
    rows = Screening.objects.select_related("profile")
    current = rows.filter(profile=profile, state=Screening.State.IN_PROGRESS).first()
    if current is not None:
        _bring_up_to_date(current, content)
        return current
    screening = Screening.objects.create(
        profile=profile,
        by=str(by),
        started_at=now,
        answers_since=since,
        answers=_still_valid(answers, content),
        is_proxy=profile.is_proxy,
        release=content.release_id,
        release_sha256=content.sha256,
    )
    audit.record(
        by=by, action="start_screening", now=now, object_kind="screening", object_uuid=screening.uuid, profile=profile
    )
    return screening


def _bring_up_to_date(screening: Screening, content: Content) -> None:
    """An open check that was begun under another release keeps the answers that still mean something."""
    if screening.release_sha256 == content.sha256:
        return
    valid = _still_valid(screening.answers, content)
    _update_open(screening, answers=valid, release=content.release_id, release_sha256=content.sha256)


def _still_valid(answers: Mapping[str, Any], content: Content) -> dict[str, Any]:
    valid: dict[str, Any] = {}
    for id, plain in answers.items():
        try:
            intake.check_answer(_screen_question(id, content), intake.from_plain({id: plain})[id], content)
        except (InputError, ValueError):
            continue
        valid[id] = plain
    return valid


def _screen_question(id: str, content: Content) -> Question:
    if id not in content.questions or intake.section_of(id, content).part != "screen":
        raise InputError("there is no such question", question=id)
    return content.questions[id]


def _update_open(screening: Screening, **fields: Any) -> None:
    """The one way an open check changes: conditional on the version that was read, and on being open."""
    new_version = screening.version + 1
    rows = Screening.objects.filter(
        pk=screening.pk, version=screening.version, state=Screening.State.IN_PROGRESS
    ).update(version=new_version, **fields)  # fmt: skip
    if rows != 1:
        raise Conflict(CHANGED_MEANWHILE)
    for name, value in fields.items():
        setattr(screening, name, value)
    screening.version = new_version


def _lock(profile: Profile) -> None:
    """One writer per person. SQLite takes its write lock at the start of the transaction anyway."""
    Profile.objects.select_for_update().get(pk=profile.pk)
