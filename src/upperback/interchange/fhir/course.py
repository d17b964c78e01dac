"""How it goes: check-ins, sore spells, reviews, worn days; with the diary also sessions, mornings and tasks."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal

from upperback.care.diary import (
    Active,
    CheckIn,
    DeskPoint,
    ExerciseEnded,
    FlareEnded,
    FlareStarted,
    Morning,
    Moved,
    Offer,
    Referred,
    SessionEnded,
    SetDone,
    TaskChanged,
    TaskDone,
    TaskTold,
    Warned,
    Written,
    only,
)
from upperback.care.scores import psfs_mean
from upperback.care.sessions import ONE_DAY, Session, sessions_of
from upperback.care.worn import WornDay, worn_days
from upperback.interchange.fhir import codes
from upperback.interchange.fhir.codes import Code
from upperback.interchange.fhir.elements import (
    Annotation,
    Answer,
    AnsweredItem,
    CodeableConcept,
    Coding,
    Component,
    Device,
    DeviceName,
    Moment,
    Observation,
    Period,
    Procedure,
    QuestionnaireResponse,
    Reference,
    Resource,
    ServiceRequest,
)
from upperback.interchange.fhir.making import Making, canonical, named, own_words, released, second
from upperback.interchange.fhir.observed import observed_resources
from upperback.interchange.fhir.plan import exercise_code, plan_on
from upperback.interchange.fhir.records import Cleared, Reviewed, Told
from upperback.interchange.fhir.screening import score_value, timeframe, to_physio

_MINUTE_S: Final = 60
#: A session goes on no longer than this; a clock that was set in between says nothing.
_SESSION_MINUTES_MOST: Final = 240


def course_resources(make: Making) -> Iterator[Resource]:
    """All of it, oldest first within each kind."""
    person = make.person
    activities = _activities(person.told)
    for told in person.told:
        yield from _baseline(make, told)
    for row, entry in only(person.diary, CheckIn):
        yield from _check_in(make, row, entry, activities)
    yield from _weeks(make)
    yield from _warnings(make)
    yield from _flares(make)
    yield from _desk(make)
    yield from (_cleared(make, cleared) for cleared in person.cleared)
    for review in person.reviews:
        yield from _review(make, review)
    yield from _worn(make)
    yield from observed_resources(make)
    yield from _referrals(make)
    if make.chosen.diary:
        yield from _day_by_day(make)


def _day_by_day(make: Making) -> Iterator[Resource]:
    diary = make.person.diary
    for row, morning in only(diary, Morning):
        yield _pain(make, row.uuid, "morning", row.at, morning.pain, "morning-at-rest")
    ends = {entry.session: row.at for row, entry in only(diary, SessionEnded)}
    for session in sessions_of(diary):
        yield from _session(make, session, ends.get(session.id))
    names = {entry.task: entry.name for _, entry in only(diary, TaskTold)}
    for row, done in only(diary, TaskDone):
        yield _task(make, row, done, names)
    for row, changed in only(diary, TaskChanged):
        yield _observation(
            make, row.uuid, "task-changed", "task-changed", row.at, category=codes.ACTIVITY,
            value_codeable_concept=_task_code(make, changed.task, names),
            note=(Annotation(text=own_words(changed.words)),) if own_words(changed.words) else (),
        )  # fmt: skip
    for row, active in only(diary, Active):
        amount = codes.quantity(active.minutes, "min", "minutes")
        yield _observation(
            make, row.uuid, "active", "active-minutes", row.at, category=codes.ACTIVITY, value_quantity=amount
        )
    yield from _counts(make)


# ---- one observation ---------------------------------------------------------------------------------------------


def _observation(
    make: Making, source: object, what: str, code: Code | str | CodeableConcept, at: Moment, **more: Any
) -> Observation:
    id = make.id("Observation", what, source)
    coded = codes.own(code) if isinstance(code, str) else codes.concept(code) if isinstance(code, Code) else code
    given = {"category": codes.SURVEY} | more
    return Observation(
        id=id, identifier=named(id), status="final", code=coded, subject=make.patient, performer=make.by_person,
        effective_date_time=second(at) if isinstance(at, dt.datetime) else at, **given,
    )  # fmt: skip


def _pain(make: Making, source: object, what: str, at: Moment, value: float, when: str, **more: Any) -> Observation:
    return _observation(
        make, source, what, codes.PAIN, at, component=(timeframe(when),), **score_value(value), **more
    )  # fmt: skip


# ---- at the start, once a week -----------------------------------------------------------------------------------


def _activities(told: Sequence[Told]) -> list[str]:
    """The own activities of the course, by their words: the newest that were named."""
    named_ones = [[item["words"] for item in one.activities] for one in told if one.activities]
    return named_ones[-1] if named_ones else []


def _baseline(make: Making, told: Told) -> Iterator[Observation]:
    scores = {item["words"]: item["score"] for item in told.activities if item["score"] is not None}
    yield from _function(make, told.uuid, told.at, scores)
    for code, value in told.measures.items():
        yield from _measure(make, told.uuid, told.at, code, value)


#: Measures by the name under which they are told: pain with its time, and our own scales.
_PAINS: Final = {"pain_now": "now", "pain_average": "average-week", "pain_worst": "worst-week"}
_BASE_PAINS: Final = {"pain_now": "now", "pain_worst": "worst-24h"}
_SCALES: Final = {
    "sleep": "sleep-disturbed",
    "sleep_disturbed": "sleep-disturbed",
    "confidence": "confidence",
    "stress": "stress",
    "pgic": "pgic",
}


def _measure(make: Making, source: object, at: Moment, name: str, value: float) -> Iterator[Observation]:
    if name in _BASE_PAINS:
        yield _pain(make, source, name, at, value, _BASE_PAINS[name])
    elif name in _SCALES:
        yield _observation(make, source, name, _SCALES[name], at, **score_value(value))


def _function(make: Making, source: object, at: Moment, scores: Mapping[str, float]) -> Iterator[Observation]:
    """Each own activity and, of all of them, the mean."""
    items = []
    for typed, score in scores.items():
        words = own_words(typed) or "-"
        what = f"psfs/{typed}"
        items.append(make.ref("Observation", what, source))
        yield _observation(
            make, source, what, "psfs-item", at, **score_value(score),
            component=(Component(code=codes.own("activity"), value_string=words),),
        )  # fmt: skip
    if items:
        mean = sum(scores.values()) / len(scores)
        amount = codes.quantity(mean, "{score}", "score")
        yield _observation(make, source, "psfs-mean", "psfs-mean", at, value_quantity=amount, derived_from=tuple(items))


def _check_in(make: Making, row: Written, entry: CheckIn, activities: list[str]) -> Iterator[Observation]:
    for name, when in _PAINS.items():
        if (value := getattr(entry, name)) is not None:
            yield _pain(make, row.uuid, name, row.at, value, when)
    for name in ("sleep", "confidence", "pgic"):
        if (value := getattr(entry, name)) is not None:
            yield _observation(make, row.uuid, name, _SCALES[name], row.at, **score_value(value))
    scores = {words: score for words, score in zip(activities, entry.activities, strict=False) if score is not None}
    items = list(_function(make, row.uuid, row.at, scores))
    yield from items if len(scores) == len(activities) else items[:-1]  # no mean where an item is missing
    yield from _week(make, row.uuid, row.at, entry.activity_minutes, entry.days_off_work)


def _week(make: Making, source: object, at: Moment, minutes: int | None, days_off: int | None) -> Iterator[Observation]:
    if minutes is not None:
        yield _observation(
            make, source, "activity-week", codes.ACTIVITY_WEEK, at, category=codes.ACTIVITY,
            value_quantity=codes.quantity(minutes, "min/wk", "minutes a week"),
        )  # fmt: skip
    if days_off is not None:
        amount = codes.quantity(days_off, "d/wk", "days a week")
        yield _observation(make, source, "days-off", "days-off-work", at, value_quantity=amount)


def _weeks(make: Making) -> Iterator[Observation]:
    """On how many days of each week a strength session was finished, from the first to the last week of the diary."""
    diary = make.person.diary
    done = {one.day for one in sessions_of(diary) if one.what == "strength" and one.is_finished}
    if not done:
        return
    monday, last = (_monday(pick(row.day for row in diary)) for pick in (min, max))
    while monday <= last:
        days = len({day for day in done if _monday(day) == monday})
        id = make.id("Observation", "strength-days", monday)
        yield Observation(
            id=id, identifier=named(id), status="final", category=codes.ACTIVITY,
            code=codes.concept(codes.STRENGTH_DAYS), subject=make.patient, performer=make.by_person,
            effective_period=Period(start=monday, end=monday + 6 * ONE_DAY),
            value_quantity=codes.quantity(days, "d/wk", "days a week"),
            note=(Annotation(text="Counted from the sessions that were finished here, so far as the diary goes."),),
        )  # fmt: skip
        monday += 7 * ONE_DAY


def _monday(day: dt.date) -> dt.date:
    return day - day.weekday() * ONE_DAY


# ---- warning signs -----------------------------------------------------------------------------------------------


def _warnings(make: Making) -> Iterator[Observation]:
    """What somebody has to look at, whether or not the diary leaves: told before a session, or why one was stopped."""
    for row in make.person.diary:
        match row.entry:
            case Warned(signs=signs):
                told = "Told, or could not be ruled out, before a session, in a check-in or in a sore spell."
                for sign in signs:
                    yield _warning(make, row, f"warning/{sign}", _sign(make, sign), told)
            case SessionEnded(how="felt_wrong", sign=stop_sign):
                words = _sign(make, stop_sign or "")
                yield _warning(make, row, "warning", words, "A session was stopped for it.")
            case CheckIn(arm="yes" | "not_sure"):
                answer = "Yes" if row.entry.arm == "yes" else "Not sure"
                told = f"Asked in a check-in. Answer: {answer}."
                yield _warning(make, row, "arm", codes.own("arm-sign"), told)
            case _:
                pass


def _warning(make: Making, row: Written, what: str, sign: CodeableConcept, told: str) -> Observation:
    return _observation(
        make, row.uuid, what, "warning-sign", row.at, value_codeable_concept=sign, note=(Annotation(text=told),)
    )


def _sign(make: Making, id: str) -> CodeableConcept:
    """A sign of the content release; one that it does not know is one all the same."""
    known = make.content.dose_texts.get(id)
    if known is not None:
        return released("sign", id, known.title)
    return codes.own("pain-rise" if id == "pain_rise" else "felt-wrong")


# ---- sore spells, desk, clearance --------------------------------------------------------------------------------


def _flares(make: Making) -> Iterator[Observation]:
    """Each sore spell with the day it ended, where it has."""
    rows = [row for row in make.person.diary if isinstance(row.entry, FlareStarted | FlareEnded)]
    for index, row in enumerate(rows):
        if not isinstance(row.entry, FlareStarted):
            continue
        after = rows[index + 1] if index + 1 < len(rows) else None
        ended = after.day if after is not None and isinstance(after.entry, FlareEnded) else None
        id = make.id("Observation", "flare", row.uuid)
        pain = row.entry.pain
        yield Observation(
            id=id, identifier=named(id), status="final", category=codes.SURVEY, code=codes.own("flare-up"),
            subject=make.patient, effective_period=Period(start=row.day, end=ended), performer=make.by_person,
            value_codeable_concept=released("trigger", row.entry.trigger, row.entry.trigger),
            component=() if pain is None else (Component(code=codes.own("pain-at-start"), value_integer=pain),),
        )  # fmt: skip


def _desk(make: Making) -> Iterator[QuestionnaireResponse]:
    """The desk as it is now: the newest answer to each point."""
    newest: dict[str, tuple[Written, DeskPoint]] = {}
    for row, entry in only(make.person.diary, DeskPoint):
        newest[entry.item] = (row, entry)
    points = make.content.workstation
    items = tuple(
        AnsweredItem(
            link_id=id, text=points[id].title,
            answer=(Answer(value_coding=_desk_state(newest[id][1].state)),),
        )
        for id in points if id in newest
    )  # fmt: skip
    if items:
        id = make.id("QuestionnaireResponse", "desk")
        yield QuestionnaireResponse(
            id=id, identifier=named(id)[0], questionnaire=canonical("Questionnaire", "desk-check", make.content),
            status="completed", subject=make.patient, author=make.patient, source=make.patient, item=items,
            authored=second(max(row.at for row, _ in newest.values())),
        )  # fmt: skip


def _desk_state(state: str) -> Coding:
    return released("desk", state, state.replace("_", " ")).coding[0]


def _cleared(make: Making, cleared: Cleared) -> QuestionnaireResponse:
    id = make.id("QuestionnaireResponse", "cleared", cleared.uuid)
    role = cleared.role.replace("_", " ")
    return QuestionnaireResponse(
        id=id, identifier=named(id)[0], questionnaire=canonical("Questionnaire", "clearance", make.content),
        status="completed", subject=make.patient, authored=second(cleared.recorded_at), author=make.patient,
        source=make.patient,
        item=(
            AnsweredItem(link_id="cleared_on", text=CLEARED_ON, answer=(Answer(value_date=cleared.cleared_on),)),
            AnsweredItem(link_id="role", text=CLEARED_BY, answer=(Answer(value_string=role),)),
        ),
    )  # fmt: skip


CLEARED_ON: Final = "Day on which a clinician said that exercise is fine"
CLEARED_BY: Final = "Who said so"


# ---- the look back -----------------------------------------------------------------------------------------------


def _review(make: Making, review: Reviewed) -> Iterator[Resource]:
    pain = (make.ref("Observation", "pain", review.check),) if "nprs_now" in review.inputs else ()
    parts: list[Observation] = []
    if "pgic" in review.inputs:
        parts.append(
            _observation(make, review.uuid, "pgic", "pgic", review.at, value_integer=int(review.inputs["pgic"]))
        )
    first, now = review.told["activities_first"], review.told["activities"]
    items = list(_function(make, review.uuid, review.at, now))
    parts += items if psfs_mean(first, now) is not None else items[:-1]
    for name in ("sleep", "confidence"):
        value = review.told[name][1]
        if value is not None:
            parts.append(_observation(make, review.uuid, name, _SCALES[name], review.at, **score_value(value)))
    yield from parts
    yield from _week(
        make, review.uuid, review.at, review.told["activity_minutes"], review.told["days_off_work"]
    )  # fmt: skip
    outcome = _observation(
        make, review.uuid, "review", "six-week-outcome", review.at, device=make.software,
        value_codeable_concept=released("outcome", review.outcome, review.outcome.replace("_", " ")),
        note=(Annotation(text=review.why),),
        derived_from=(*pain, *(Reference(reference=f"urn:uuid:{part.id}") for part in parts)),
    )  # fmt: skip
    yield outcome
    if review.outcome == "refer_physio":
        yield to_physio(make, review.uuid, second(review.at), make.ref("Observation", "review", review.uuid))


#: A referral before it was sent is a draft; nobody but the person has said that it was.
_REFERRAL_STATES: Final[dict[str, Literal["draft", "active", "completed", "revoked"]]] = {
    "made": "draft", "sent": "active", "booked": "active", "seen": "completed", "let_go": "revoked",
}  # fmt: skip


def _referrals(make: Making) -> Iterator[ServiceRequest]:
    """Each self-referral as it stands."""
    newest = {entry.referral: (row, entry) for row, entry in only(make.person.diary, Referred)}
    first = {entry.referral: row for row, entry in reversed(only(make.person.diary, Referred))}
    for key, (row, entry) in newest.items():
        id = make.id("ServiceRequest", "referral", key)
        checks = make.person.checks
        reason = (make.ref("Observation", "disposition", checks[-1].uuid),) if checks else ()
        told = f"To {entry.to}. Told by the person on {row.day.isoformat()}: {entry.state.replace('_', ' ')}."
        yield ServiceRequest(
            id=id, identifier=named(id), status=_REFERRAL_STATES[entry.state], intent="proposal", priority="routine",
            code=codes.concept(codes.TO_PHYSIO), subject=make.patient, authored_on=second(first[key].at),
            requester=make.patient, reason_reference=reason, note=(Annotation(text=own_words(told)),),
        )  # fmt: skip


# ---- sessions and tasks ------------------------------------------------------------------------------------------


def _session(make: Making, session: Session, ended_at: dt.datetime | None) -> Iterator[Resource]:
    id = make.id("Procedure", session.id)
    is_open = session.ended is None
    start = second(session.at)
    end = None if ended_at is None or is_open else max(start, second(ended_at))
    wrong = session.ended is not None and session.ended.how == "felt_wrong"
    procedure = make.ref("Procedure", session.id)
    yield Procedure(
        id=id, identifier=named(id), based_on=plan_on(make, session.at),
        status="completed" if session.is_finished else "in-progress" if is_open else "stopped",
        category=codes.own("self-management"),
        code=codes.concept(codes.EXERCISE_THERAPY, f"Guided session, {session.what}"), subject=make.patient,
        performed_period=Period(start=start, end=end), recorder=make.patient,
        note=(Annotation(text="Stopped because something felt wrong."),) if wrong else (),
    )  # fmt: skip
    if session.pain_now is not None:
        yield _pain(
            make, session.id, "session-pain", session.at, session.pain_now, "before-session", part_of=(procedure,)
        )
    minutes = 0.0 if end is None else (end - start).total_seconds() / _MINUTE_S
    if 0 < minutes <= _SESSION_MINUTES_MOST:
        yield _observation(
            make, session.id, "session-minutes", codes.EXERCISE_MINUTES, session.at, category=codes.ACTIVITY,
            value_quantity=codes.quantity(minutes, "min", "minutes"), part_of=(procedure,),
        )  # fmt: skip
    for exercise in session.exercises:
        yield _exercise(make, session, exercise, procedure)


def _exercise(make: Making, session: Session, exercise: str, procedure: Reference) -> Observation:
    known = make.content.exercises.get(exercise)
    sets = session.sets.get(exercise, {})
    parts = [part for number in sorted(sets) for part in _set(sets[number])]
    return _observation(
        make, f"{session.id}/{exercise}", "exercise", codes.EXERCISE, session.at, category=codes.ACTIVITY,
        value_codeable_concept=exercise_code(exercise, known.title if known is not None else exercise),
        part_of=(procedure,), component=(*parts, *_felt(session.felt.get(exercise))),
    )  # fmt: skip


def _set(done: SetDone) -> Iterator[Component]:
    words = f"Set {done.number}"
    yield Component(code=codes.own("repetitions", f"{words}, repetitions"), value_integer=done.reps)
    if done.load_kg is not None:
        yield Component(
            code=codes.own("load", f"{words}, weight"), value_quantity=codes.quantity(done.load_kg, "kg", "kg", 2)
        )


def _felt(felt: ExerciseEnded | None) -> Iterator[Component]:
    if felt is None:
        return
    if felt.worst_pain is not None:
        yield Component(code=codes.own("worst-in-session"), value_integer=felt.worst_pain)
    if felt.effort is not None:
        yield Component(code=codes.own("effort"), value_quantity=codes.quantity(felt.effort, "{score}", "score"))
    if felt.alarming:
        yield Component(code=codes.own("alarming-pain"), value_boolean=True)


def _task(make: Making, row: Written, done: TaskDone, names: Mapping[str, str]) -> Observation:
    parts = [
        Component(code=codes.own("pain-before"), value_integer=done.before),
        Component(code=codes.own("pain-after"), value_integer=done.after),
    ]
    if done.minutes is not None:
        parts.append(
            Component(code=codes.own("minutes"), value_quantity=codes.quantity(done.minutes, "min", "minutes"))
        )
    if done.kg is not None:
        parts.append(Component(code=codes.own("kilograms"), value_quantity=codes.quantity(done.kg, "kg", "kg", 2)))
    return _observation(
        make, row.uuid, "task", "task-done", row.at, category=codes.ACTIVITY,
        value_codeable_concept=_task_code(make, done.task, names), component=tuple(parts),
    )  # fmt: skip


def _task_code(make: Making, task: str, names: Mapping[str, str]) -> CodeableConcept:
    """A task of the content release, or one of the person's own by its words."""
    rule = make.content.load_rules.get(task)
    if rule is not None:
        return released("load", task, rule.title)
    return CodeableConcept(text=own_words(names.get(task, "")) or "A task of the person's own")


def _counts(make: Making) -> Iterator[Observation]:
    """How often on a day: short bouts of movement, breaks."""
    diary = make.person.diary
    turns = Counter(row.day for row, _ in only(diary, Moved))
    offers = [(row.day, entry.answer) for row, entry in only(diary, Offer) if entry.kind == "break"]
    offered, taken = Counter(day for day, _ in offers), Counter(day for day, answer in offers if answer == "done")
    for day, count in sorted(turns.items()):
        yield _count(make, day, "movement-turns", count)
    for day, count in sorted(offered.items()):
        part = Component(code=codes.own("breaks-offered"), value_integer=count)
        yield _count(make, day, "break-count", taken[day], component=(part,))


def _count(make: Making, day: dt.date, what: str, count: int, **more: Any) -> Observation:
    return _observation(make, day, what, what, day, category=codes.ACTIVITY, value_integer=count, **more)


# ---- worn sensors ------------------------------------------------------------------------------------------------


def _worn(make: Making) -> Iterator[Resource]:
    """Minutes of each day with a sensor. What the sensor felt stays on the device."""
    days = worn_days(make.person.diary)
    if not days:
        return
    id = make.id("Device", "imu-chest")
    yield Device(
        id=id, identifier=named(id), status="active", type=codes.own("imu-chest"), patient=make.patient,
        device_name=(DeviceName(name="Phone worn on the chest", type="user-friendly-name"),),
    )  # fmt: skip
    for day, worn in sorted(days.items()):
        yield _observation(
            make, day, "worn-day", "worn-day", day, category=codes.ACTIVITY, component=_minutes(worn),
            device=make.ref("Device", "imu-chest"),
        )  # fmt: skip


def _minutes(worn: WornDay) -> tuple[Component, ...]:
    amounts = {"measured-minutes": worn.measured_s, "bent-minutes": worn.bent_s}
    return tuple(
        Component(code=codes.own(name), value_quantity=codes.quantity(seconds / _MINUTE_S, "min", "minutes"))
        for name, seconds in amounts.items()
    )
