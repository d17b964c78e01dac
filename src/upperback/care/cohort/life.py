"""The days of an invented person: what they tell, which sessions they do, and how that goes on.

The plan, the steps of the exercises and the days of rest are decided as for everybody; only the person is invented.
Whoever has no plan keeps a diary of pain and nothing else.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from upperback.care import course
from upperback.care.cohort.curve import Curve, curve_of, mean, pain_of
from upperback.care.cohort.person import Person, person_of
from upperback.care.course import Course, Kept
from upperback.care.course_items import bounds_of, items_of
from upperback.care.diary import (
    CheckIn,
    Entry,
    ExerciseEnded,
    FlareEnded,
    FlareStarted,
    Morning,
    Moved,
    SessionEnded,
    SessionStarted,
    SetDone,
    TaskChanged,
    TaskDone,
    Written,
)
from upperback.care.plan import Plan, build_plan, plan_record, read_choices
from upperback.care.plan.choices import DAYS
from upperback.care.progression import Step, Verdict
from upperback.care.sessions import Session, sessions_of
from upperback.care.triage import read_findings
from upperback.content.vocabulary import Content

_DAY: Final = dt.timedelta(days=1)
_WEEK: Final = 7
#: A flare-up is over for an invented person after so many days, and a change of a task comes in the second week.
_FLARE_DAYS: Final = 10
_CHANGES_AFTER: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day: its true pain at rest, and how much of the day's exercise was done."""

    day: int
    pain: float
    planned: int
    done: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Invented:
    """An invented person with their days.

    Attributes
    ----------
    person, curve, plan : who they are, how their pain goes on, and the plan they got
    begun : day 0
    days : one for each day
    diary : what they did and told, in order of time
    verdicts : what became of each exercise after each session, in order
    """

    person: Person
    curve: Curve
    plan: Plan
    begun: dt.date
    days: tuple[Day, ...]
    diary: tuple[Written, ...]
    verdicts: tuple["Judged", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A verdict with the session, the exercise of the plan and the morning that it belongs to."""

    session: Session
    planned: str
    morning: dt.date
    verdict: Verdict


def invent(dice: np.random.Generator, *, days: int, begun: dt.date, content: Content) -> Invented:
    """A person and so many of their days. The same generator gives the same person.

    Parameters
    ----------
    days : from 1 on; day 0 is the day of the assessment
    """
    return live(person_of(dice, content), dice, days=days, begun=begun, content=content)


def live(person: Person, dice: np.random.Generator, *, days: int, begun: dt.date, content: Content) -> Invented:
    """So many days of somebody who is there already."""
    curve = curve_of(float(person.findings["pain"]), days, dice, content)
    choices = read_choices(person.choices, content)
    facts = read_findings(person.findings, content=content, tasks=choices.task_values)
    plan = build_plan(facts, choices, content)
    life = _Life(person=person, curve=curve, plan=plan, begun=begun, dice=dice, content=content)
    lived = tuple(life.one_day(day) for day in range(days))
    return Invented(
        person=person, curve=curve, plan=plan, begun=begun, days=lived, diary=tuple(life.written),
        verdicts=tuple(life.verdicts),
    )  # fmt: skip


@dataclass
class _Life:
    """What grows while the days go by."""

    person: Person
    curve: Curve
    plan: Plan
    begun: dt.date
    dice: np.random.Generator
    content: Content
    written: list[Written] = field(default_factory=list)
    days: list[Day] = field(default_factory=list)
    verdicts: list[Judged] = field(default_factory=list)
    course: Course | None = None
    flare_since: int | None = None

    def one_day(self, day: int) -> Day:
        """Lives one day and returns it."""
        planned = sum(one.planned for one in self.days)
        exercised = sum(one.done for one in self.days) / planned if planned else 0.0
        pain = pain_of(self.curve, day, exercised, self.content)
        self._tell(day, pain)
        planned, done = self._exercise(day, pain) if self.plan.allowed else (0, 0)
        today = Day(day=day, pain=round(pain, 2), planned=planned, done=done)
        self.days.append(today)
        if day % _WEEK == _WEEK - 1:
            self._week(day)
        return today

    def _says(self) -> bool:
        return bool(self.dice.random() < self.content.limit("cohort_answers_share"))

    def _write(self, day: int, minute: int, entry: Entry) -> None:
        date = self.begun + _DAY * day
        at = dt.datetime.combine(date, dt.time(minute // 60, minute % 60), dt.UTC)
        self.written.append(Written(id=len(self.written) + 1, day=date, at=at, entry=entry))

    def _tell(self, day: int, pain: float) -> None:
        if day > 0 and self._says():
            self._write(day, 450 + int(self.dice.integers(60)), Morning(pain=round(pain)))
        if self.flare_since is None and day in self.curve.flares:
            self.flare_since = day
            self._write(day, 540, FlareStarted(trigger="unknown"))
        elif self.flare_since is not None and day - self.flare_since >= _FLARE_DAYS:
            self.flare_since = None
            self._write(day, 541, FlareEnded(helped=""))

    # ---- exercise ------------------------------------------------------------------------------------------------

    def _exercise(self, day: int, pain: float) -> tuple[int, int]:
        """How much of the day was planned, and done."""
        turns = max((item.dose.per_day for item in self.plan.exercises if item.exercise.kind == "movement"), default=0)
        moved = int(self.dice.binomial(turns, self.person.adherence)) if turns else 0
        movement = [item.exercise.id for item in self.plan.exercises if item.exercise.kind == "movement"]
        for turn in range(moved):
            self._write(day, 560 + 110 * turn, Moved(exercises=tuple(movement)))
        strength = self._strength(day, pain)
        self._tasks(day)
        return turns + len(strength), moved + sum(strength)

    def _strength(self, day: int, pain: float) -> list[bool]:
        """Whether the session of the day was done; empty where none was due."""
        date = self.begun + _DAY * day
        now = self._judged(date)
        if DAYS[date.weekday()] not in self.plan.strength_days or course.rest_on(now, date) is not None:
            return []
        due = course.due_on(now, date)
        if any(one.anew for one in due) or course.needs_check(
            now
        ):  # they do the check the same evening, and it is clear
            answered = frozenset(session.id for session in now.sessions)
            kept = [_answered(one) for one in now.kept]
            self.course = self._with(now, checked=date, answered=answered, kept=kept)
            return [False]
        if self.dice.random() >= self.person.adherence:
            return [False]
        rows = len(self.written)
        for entry in self._session(f"day{day}", pain, [one.step for one in due]):
            self._write(day, 1080, entry)
        done = sessions_of(self.written[rows:])
        self.course = self._with(now, sessions=[*now.sessions, *done])
        return [True]

    def _session(self, id: str, pain: float, steps: Sequence[Step]) -> Iterator[Entry]:
        yield SessionStarted(session=id, what="strength", pain_now=round(pain) if self._says() else None)
        for step in steps:
            yield from self._one_exercise(id, pain, step)
        yield SessionEnded(session=id, how="finished")

    def _one_exercise(self, id: str, pain: float, step: Step) -> Iterator[Entry]:
        short = int(self.dice.choice((0, 0, 0, 0, 1, 2)))
        weight = step.load_kg
        if weight is None and "weight" in self.content.exercises[step.exercise].equipment:
            weight = float(self.dice.choice((1.0, 2.0, 3.0)))
        for number in range(1, step.sets + 1):
            reps = max(step.reps - short, 1)
            yield SetDone(
                session=id, exercise=step.exercise, number=number, reps=reps, load_kg=weight, band=step.band
            )  # fmt: skip
        worst = min(max(round(pain + float(self.dice.normal(0.5, 1.0))), 0), 10)
        yield ExerciseEnded(
            session=id,
            exercise=step.exercise,
            worst_pain=worst if self._says() else None,
            alarming=bool(self.dice.random() < 0.001),
            effort=float(self.dice.choice((6, 7, 7, 8, 8, 9))) if self._says() else None,
            form_ok=bool(self.dice.random() < 0.95) if self._says() else None,
        )

    def _judged(self, date: dt.date) -> Course:
        """Where the exercises stand this morning."""
        now = self.course or self._first_course()
        resting = {row.day: row.entry.pain for row in self.written[-60:] if isinstance(row.entry, Morning)}
        now = self._with(now, resting={**now.resting, **resting})
        for session in course.waiting(now, date):
            judged = course.judge_session(now, session)
            new = [
                Kept(
                    session=session.id, planned=planned, day=session.day, move=one.move, before=one.before,
                    after=one.step, check_flags=one.check_flags,
                )
                for planned, one in judged.items()
            ]  # fmt: skip
            now = self._with(now, kept=[*now.kept, *new])
            self.verdicts += [
                Judged(session=session, planned=planned, morning=date, verdict=one) for planned, one in judged.items()
            ]
        self.course = self._with(now, sessions=list(now.sessions)[-30:])
        return self.course

    def _first_course(self) -> Course:
        record = plan_record(self.plan)
        return Course(
            items=items_of(record, self.person.choices, self.content),
            bounds=bounds_of(record, self.person.choices, self.content),
            sessions=[],
            kept=[],
            resting={},
            usual=int(self.person.findings["pain"]),
            checked=self.begun,
            content=self.content,
        )

    @staticmethod
    def _with(now: Course, **changes: Any) -> Course:
        fields = ("items", "bounds", "sessions", "kept", "resting", "usual", "checked", "answered", "content")
        return Course(**{name: changes.get(name, getattr(now, name)) for name in fields})

    # ---- tasks and weeks -----------------------------------------------------------------------------------------

    def _tasks(self, day: int) -> None:
        for task in self.person.choices.get("tasks", ()):
            id = task["category"]
            if day == _CHANGES_AFTER and self.dice.random() < self.person.adherence:
                self._write(day, 700, TaskChanged(task=id, change="now"))
            if self.dice.random() < 0.4:
                before = round(self.days[-1].pain) if self.days else int(self.person.findings["pain"])
                rise = int(self.dice.integers(0, 4)) - (day > _CHANGES_AFTER)
                after = min(max(before + rise, 0), 10)
                self._write(
                    day, 720, TaskDone(task=id, before=before, after=after, minutes=float(self.dice.integers(5, 60)))
                )

    def _week(self, day: int) -> None:
        """The check-in at the end of a week."""
        if not self._says():
            return
        week = [one.pain for one in self.days[-_WEEK:]]
        first = float(self.person.findings["pain"])
        self._write(
            day,
            1200,
            CheckIn(
                pain_average=round(mean(week)),
                pain_worst=round(max(week)),
                activities=(function_of(mean(week), first, int(self.person.findings["psfs"])),),
                sleep=min(max(round(mean(week)), 0), 10) if self._says() else None,
                confidence=min(max(10 - round(mean(week)), 0), 10) if self._says() else None,
                pgic=pgic_of(mean(week), first) if self._says() else None,
                activity_minutes=int(self.dice.integers(0, 300)) if self._says() else None,
                days_off_work=int(self.dice.choice((0, 0, 0, 0, 1))) if self._says() else None,
            ),
        )


def pgic_of(now: float, first: float) -> int:
    """Overall change as an invented person feels it: four is the same, and two points of pain are two steps."""
    return min(max(round(4 + now - first), 1), 7)


def function_of(now: float, first: float, psfs: int) -> int:
    """Own activities, 0..10: a point less pain is a point more of what can be done."""
    return min(max(round(psfs + first - now), 0), 10)


def _answered(kept: Kept) -> Kept:
    return Kept(
        session=kept.session, planned=kept.planned, day=kept.day, move=kept.move, before=kept.before, after=kept.after
    )
