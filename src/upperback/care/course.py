"""Where every strength exercise of a person stands: what is due on a day, and what a session makes of it. Pure.

One place puts together what the single decisions need: the plan with its cautions, the verdicts kept so far, the
sessions and mornings of the diary, and the days off. The step that a session is judged by is the step that was due on
its day, so whoever comes back after weeks goes on from the easy way back and not from where they were before it.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final, Literal

from upperback.care.progression import (
    BANDS,
    Bounds,
    ExerciseDone,
    Light,
    Move,
    Step,
    StepChange,
    Verdict,
    after_absence,
    easier_variant,
    judge,
    limit_session,
    session_light,
    step_back,
    step_up,
)
from upperback.care.progression.absence import Absence
from upperback.care.sessions import ONE_DAY, Session, exercise_done, usual_pain_on
from upperback.content.vocabulary import Content
from upperback.core.errors import InputError

#: A session is judged without its morning once that morning can hardly come any more.
MORNING_WAITED_FOR = dt.timedelta(days=2)

#: Why there is no strength work on a day: the day after is for resting, or the pain is too strong.
Rest = Literal["rest_day", "calm_only"]

#: How the session of a step begins that the person chose.
OWN: Final = "own-"

#: No verdict looks at more sessions of an exercise than these.
_LOOKED_AT = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A strength exercise of the plan.

    Attributes
    ----------
    id : of the exercise
    first : the step a fresh plan begins with
    stand_ins : what may take its place, best first: safe for this person, of the same family
    """

    id: str
    first: Step
    stand_ins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A verdict as it was kept.

    Attributes
    ----------
    session, day : that it was decided from
    planned : exercise of the plan
    before, after : the step as it was done, and from then on
    check_flags : a safety check comes before the next session; False once there was one
    """

    session: str
    planned: str
    day: dt.date
    move: Move
    before: Step
    after: Step
    check_flags: bool = False

    @property
    def is_own(self) -> bool:
        """Whether the person chose it, and no session was judged."""
        return self.session.startswith(OWN)

    @property
    def added_set(self) -> bool:
        """Whether it brought one more set."""
        return self.move is Move.UP and self.after.sets > self.before.sets


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One strength exercise on a day.

    Attributes
    ----------
    planned : id of the exercise of the plan that it stands for
    step : what to do
    absence : none, short, middle or long: why it is lighter than before
    anew : so long without any strength work that a safety check comes first
    """

    planned: str
    step: Step
    absence: Absence
    anew: bool


@dataclass(frozen=True, kw_only=True)
class Course:
    """Everything that the steps of a person are decided from.

    Attributes
    ----------
    items : the strength exercises of the plan, in its order
    bounds : what the plan allows now
    sessions : strength sessions, oldest first
    kept : verdicts in the order of writing: the last one of an exercise says where it stands
    resting : pain at rest in the morning, by day
    usual : pain at rest where nobody has said it since, 0..10
    checked : when the newest safety check was decided, aware; None where that is not known
    """

    items: Sequence[Planned]
    bounds: Bounds
    sessions: Sequence[Session]
    kept: Sequence[Kept]
    resting: Mapping[dt.date, int]
    usual: int = 0
    checked: dt.date | None = None
    answered: frozenset[str] = frozenset()
    content: Content = field(repr=False)

    @cached_property
    def _kept_of(self) -> Mapping[str, list[Kept]]:
        found: dict[str, list[Kept]] = {}
        for one in self.kept:
            found.setdefault(one.planned, []).append(one)
        return found

    @cached_property
    def by_id(self) -> Mapping[str, Session]:
        """The sessions by their name."""
        return {one.id: one for one in self.sessions}

    @cached_property
    def judged(self) -> Mapping[str, frozenset[str]]:
        """The exercises of the plan that have their verdict, by session."""
        found: dict[str, set[str]] = {}
        for one in self.kept:
            found.setdefault(one.session, set()).add(one.planned)
        return {session: frozenset(planned) for session, planned in found.items()}

    @cached_property
    def names(self) -> Mapping[str, frozenset[str]]:
        """Every exercise that one of the plan has been, or can be on an easy way back; by its id in the plan."""
        others = {item.id for item in self.items}
        return {item.id: self._names_of(item.id) - (others - {item.id}) for item in self.items}

    def _names_of(self, planned: str) -> frozenset[str]:
        been = {step.exercise for one in self.kept_of(planned) for step in (one.before, one.after)} | {planned}
        return _with_easier(been, self.content)

    @cached_property
    def _judged_as(self) -> Mapping[tuple[str, str], frozenset[str]]:
        """Whose an exercise was when its session was judged: by session and exercise, ids in the plan."""
        found: dict[tuple[str, str], set[str]] = {}
        for one in self.kept:
            found.setdefault((one.session, one.before.exercise), set()).add(one.planned)
        return {key: frozenset(planned) for key, planned in found.items()}

    def own_in(self, planned: str, session: Session) -> list[str]:
        """What was done or told in a session that may be of this exercise of the plan, in order.

        The same easy exercise can be on the way back from several. What was judged as another one's is that one's:
        it is not judged twice, and nobody has trained with it what was left out. What hurt in the exercise itself
        always counts for it, also where it stood for another one in an earlier plan.
        """
        names = self.names[planned]
        return [
            exercise
            for exercise in session.exercises
            if exercise == planned
            or (exercise in names and planned in self._judged_as.get((session.id, exercise), {planned}))
        ]

    def kept_of(self, planned: str) -> Sequence[Kept]:
        """The verdicts of one exercise of the plan, oldest first."""
        return self._kept_of.get(planned, ())


def first_step(exercise: str, *, sets: int, reps: int, content: Content) -> Step:
    """The first step with an exercise. A band starts light; a weight is for the person to choose."""
    band = BANDS[0] if "band" in content.exercises[exercise].equipment else None
    return Step(exercise=exercise, sets=sets, reps=reps, band=band)


def due_on(course: Course, day: dt.date) -> list[Due]:
    """What each strength exercise of the plan is on a day, days off taken into account; no exercise twice."""
    anew = _is_anew(course, day)
    return [
        Due(planned=item.id, step=step, absence=absence, anew=anew) for item, step, absence in _steps_on(course, day)
    ]


def rest_on(course: Course, day: dt.date, *, session: str | None = None) -> Rest | None:
    """Why no strength session may begin on a day; None where one may.

    48 hours between sessions is a day off in between, so there are never more than four in seven days. What was not
    offered but done all the same counts, and so does a session of a day ahead, where the clock was put back.

    Parameters
    ----------
    session : id of one that is going on and does not stand in its own way
    """
    near = (one for one in course.sessions if one.sets and one.id != session)
    if any(abs((day - one.day).days) < 2 for one in near):
        return "rest_day"
    usual = usual_pain_on(day, course.resting, course.usual, course.content)
    too_strong = usual is not None and usual >= course.content.limit("light_baseline_calm_only")
    return "calm_only" if too_strong else None


def needs_check(course: Course) -> bool:
    """Whether something since the newest safety check asks for another one before the next session.

    Sharp, spreading or newly tingling pain does so at once and not only when its session is judged.
    """
    if any(one.check_flags for one in course.kept):
        return True
    return any(
        felt.alarming for session in course.sessions if session.id not in course.answered
        for felt in session.felt.values()
    )  # fmt: skip


def waiting(course: Course, today: dt.date) -> list[Session]:
    """The sessions that can be judged now, oldest first.

    One that was never ended counts as over with its day: what hurt in it still counts.
    """
    return [
        session for session in course.sessions if _is_ready(session, course, today) and _open_items(course, session)
    ]


def judge_session(course: Course, session: Session) -> dict[str, Verdict]:
    """The verdicts of one session, by exercise of the plan; those that have one already are left alone.

    A session that comes late, when a later one is judged already, takes away from where the exercise stands now but
    adds nothing to it.
    """
    steps = {item.id: step for item, step, _ in _steps_on(course, session.day, before=session)}
    verdicts = {}
    for item in _open_items(course, session):
        waits = item.id not in steps
        step = _done_all_the_same(course, item, session, steps) if waits else steps[item.id]
        if step is None or not _is_in(session, course, item, step):
            continue
        if waits or any(_came_after(one, session) for one in course.kept_of(item.id)):
            history = [replace(_done(session, course, item, step), reps=())]
        else:
            history = _history(course, item, session, step)
        verdict = judge(history, _changes(course, item), _own_bounds(course, item, steps), course.content)
        verdict = _with_stand_in(verdict, course, item, steps) if verdict.move is Move.SWAP else verdict
        verdicts[item.id] = _no_heavier(verdict, step)
        if not waits:
            steps[item.id] = verdicts[item.id].step
    order = sorted(verdicts, key=lambda planned: _last_up(course, planned))
    ups = sum(one.session == session.id and one.move is Move.UP for one in course.kept)
    return limit_session(verdicts, order, course.content, already=ups)


def _came_after(kept: Kept, session: Session) -> bool:
    """Whether the exercise stands elsewhere since: judged by a later session, or moved by the person's own choice."""
    return kept.day > session.day or (kept.is_own and kept.day == session.day)


def own_change(course: Course, planned: str, day: dt.date, direction: Literal["easier", "harder"]) -> Verdict:
    """One step easier, at any time, or one harder, as far as the bounds go and the last session went well.

    Raises
    ------
    InputError : the exercise is not there today, it goes no further, or nothing speaks for more yet.
    """
    found = next(((item, step, absence) for item, step, absence in _steps_on(course, day) if item.id == planned), None)
    if found is None:
        raise InputError("this exercise is not part of today")
    item, step, absence = found
    steps = {one.id: due for one, due, _ in _steps_on(course, day)}
    bounds = _own_bounds(course, item, steps)
    if direction == "easier":
        after = step_back(step, bounds, course.content)
        if after == step:
            raise InputError("This is as easy as it gets. You can swap it in your plan")
        return Verdict(move=Move.BACK, before=step, step=after, reason="own_choice", light=None)
    if absence != "none" or not _speaks_for_more(course, item, step):
        raise InputError("More comes after a session that went well, and one step at a time")
    lately = day - dt.timedelta(days=int(course.content.limit("added_set_every_days")))
    may_add_set = not any(one.added_set and one.day > lately for one in course.kept_of(planned))
    after = step_up(step, bounds, course.content, may_add_set=may_add_set)
    if after == step:
        raise InputError("This is as far as it goes for now")
    return Verdict(move=Move.UP, before=step, step=after, reason="own_choice", light=None)


def _speaks_for_more(course: Course, item: Planned, step: Step) -> bool:
    """The last session of the exercise stayed green, was followed by no step back, and not too much rose since."""
    if needs_check(course) or not course.sessions:
        return False
    last = course.sessions[-1]
    if not _is_in(last, course, item, step):
        return False
    newest = next(reversed(course.kept_of(item.id)), None)
    if newest is not None and (newest.move not in (Move.HOLD, Move.UP) or _came_after(newest, last)):
        return False
    ups = {one.planned for one in course.kept if one.move is Move.UP and one.day >= last.day}
    if item.id in ups or len(ups) >= int(course.content.limit("progressed_per_session")):
        return False
    return session_light(_done(last, course, item, step), course.content) is Light.GREEN


def _done_all_the_same(course: Course, item: Planned, session: Session, steps: Mapping[str, Step]) -> Step | None:
    """The step of an exercise that waits but was done, as from an old page; None where nothing told is its own."""
    others = {step.exercise for step in steps.values()}
    told = [one for one in course.own_in(item.id, session) if one not in others]
    if not told:
        return None
    newest = _newest(item, next(reversed(course.kept_of(item.id)), None), course.bounds, course.content)
    exercise = item.id if item.id in told else told[0]
    return newest if newest.exercise in told else replace(newest, exercise=exercise)


def _is_ready(session: Session, course: Course, today: dt.date) -> bool:
    has_morning = session.day + ONE_DAY in course.resting
    is_over = session.ended is not None or session.day < today
    return is_over and (has_morning or session.day + MORNING_WAITED_FOR <= today)


def _open_items(course: Course, session: Session) -> list[Planned]:
    """The exercises of the plan without a verdict on this session, where anything was told that may be theirs."""
    judged = course.judged.get(session.id, frozenset())
    return [item for item in course.items if item.id not in judged and course.own_in(item.id, session)]


def _steps_on(
    course: Course, day: dt.date, *, before: Session | None = None
) -> Iterator[tuple[Planned, Step, Absence]]:
    """The step of each exercise on a day, from what was decided and done earlier.

    Parameters
    ----------
    before : only what was done before this session counts; None for all
    """
    taken: set[str] = set()
    for item in course.items:
        last = next(reversed(course.kept_of(item.id)), None)
        elsewhere = taken | {other.id for other in course.items if other.id != item.id}
        bounds = replace(course.bounds, allowed=course.bounds.allowed - elsewhere)
        step = _newest(item, last, course.bounds, course.content)
        if last is not None and _is_red_since(course, last):
            step = step_back(step, bounds, course.content)
        days_off = _days_off(course, item, day, before)
        if last is not None and last.move is Move.SWAP:
            days_off = max(days_off, _days_off(course, item, day, before, without=_new_with(last, course)))
            step = _not_above(step, last.before, days_off, bounds, course.content)
        back = after_absence(step, days_off, bounds, course.content)
        way_back = after_absence(step, days_off, course.bounds, course.content).step.exercise
        if back.step.exercise in elsewhere or way_back in taken:
            continue  # it waits: one thing is not done twice, and what was too hard does not come back for it
        taken.add(back.step.exercise)
        yield item, back.step, back.absence


def _is_red_since(course: Course, last: Kept) -> bool:
    """Whether red pain was told only after the verdict, as by a device that was away: then it counts from now on."""
    if last.move not in (Move.HOLD, Move.UP):
        return False
    session = course.by_id.get(last.session)
    if session is None or last.before.exercise not in session.felt:
        return False
    done = exercise_done(
        session, last.before.exercise, last.before, course.resting, course.usual, course.content
    )  # fmt: skip
    return session_light(done, course.content) is Light.RED


def _new_with(swap: Kept, course: Course) -> frozenset[str]:
    """The easier forms that only a stand-in brings. Whoever did those has trained neither it nor what it stands for."""
    known = _with_easier({swap.planned, swap.before.exercise}, course.content) | {swap.after.exercise}
    return _with_easier({swap.after.exercise}, course.content) - known


def _with_easier(exercises: set[str], content: Content) -> frozenset[str]:
    """These exercises and their easier forms."""
    easier = {one.exercise for id in exercises for one in content.exercises[id].easier if one.exercise}
    return frozenset(exercises | easier)


def _not_above(stand_in: Step, stood_for: Step, days_off: int, bounds: Bounds, content: Content) -> Step:
    """The stand-in, or what it stands for where days off make that the easier of the two."""

    def level(step: Step) -> int:
        return content.exercises[after_absence(step, days_off, bounds, content).step.exercise].level

    return stood_for if level(stood_for) < level(stand_in) else stand_in


def _days_off(
    course: Course, item: Planned, day: dt.date, before: Session | None, *, without: frozenset[str] = frozenset()
) -> int:
    """Days since an exercise was last done; 0 where it never was. `without`: what does not count as it."""
    for session in reversed(course.sessions):
        is_earlier = before is None or (session.day, session.at) < (before.day, before.at)
        own = set(course.own_in(item.id, session)) - without
        if is_earlier and session.day <= day and not session.sets.keys().isdisjoint(own):
            done = session.day
            break
    else:
        done = dt.date.min
    last = max((one.day for one in course.kept_of(item.id) if one.day <= day), default=dt.date.min)
    newest = max(done, last)
    return (day - newest).days if newest != dt.date.min else 0


def _newest(item: Planned, last: Kept | None, bounds: Bounds, content: Content) -> Step:
    """The newest step inside what the plan allows.

    Where its exercise is not allowed any more, the one of the plan with no more sets and repetitions than that, or its
    easier form where it would be harder: a step back is not forgotten.
    """
    step = item.first if last is None else last.after
    if last is not None and step.exercise not in bounds.allowed and step.exercise not in item.stand_ins:
        level = content.exercises[step.exercise].level
        step = replace(item.first, sets=min(item.first.sets, step.sets), reps=min(item.first.reps, step.reps))
        if content.exercises[step.exercise].level > level:
            step = easier_variant(step, bounds, content)
    if step.sets <= bounds.sets_top and step.reps <= bounds.reps_top:
        return step
    return replace(step, sets=min(step.sets, bounds.sets_top), reps=min(step.reps, bounds.reps_top))


def _is_anew(course: Course, day: dt.date) -> bool:
    """More than four weeks without strength work, and no safety check since."""
    days = [one.day for one in course.sessions if one.sets and one.day <= day]
    days += [one.day for one in course.kept if one.day <= day]
    if not days:
        return False
    away_since = max(days) + dt.timedelta(days=int(course.content.limit("absence_long_days")))
    return day > away_since and (course.checked is None or course.checked <= away_since)


def _history(course: Course, item: Planned, until: Session, step: Step) -> list[ExerciseDone]:
    """The last sessions of one exercise up to and with one, oldest first, each with the step of its day."""
    before = {one.session: one.before for one in course.kept_of(item.id)[-_LOOKED_AT:]}
    found: list[ExerciseDone] = []
    ids = [session.id for session in course.sessions]
    for session in reversed(course.sessions[: ids.index(until.id) + 1]):  # of the same moment, too, it is the last one
        own = step if session.id == until.id else before.get(session.id)
        if own is not None and _is_in(session, course, item, own):
            found.append(_done(session, course, item, own))
        if len(found) == _LOOKED_AT:
            break
    return found[::-1]


def _is_in(session: Session, course: Course, item: Planned, step: Step) -> bool:
    return step.exercise in session.exercises or bool(course.own_in(item.id, session))


def _done(session: Session, course: Course, item: Planned, step: Step) -> ExerciseDone:
    """An exercise as it was done. Another variant than was due tells how it felt, but not that enough was done."""
    if step.exercise in session.exercises:
        own = _with_own_weight(step, session)
        return exercise_done(session, step.exercise, own, course.resting, course.usual, course.content)
    other = course.own_in(item.id, session)[0]
    done = exercise_done(session, other, step, course.resting, course.usual, course.content)
    return replace(done, reps=())


def _with_own_weight(step: Step, session: Session) -> Step:
    """The weight and band that were really used: progress goes on from there. Of several weights the lightest."""
    sets = session.sets.get(step.exercise, {}).values()
    weights = [one.load_kg for one in sets if one.load_kg is not None]
    bands = [one.band for one in sets if one.band is not None]
    return replace(
        step,
        load_kg=min(weights) if weights else step.load_kg,
        band=min(bands, key=BANDS.index) if bands else step.band,
    )


def _no_heavier(verdict: Verdict, due: Step) -> Verdict:
    """A step back from more than was due, by the person's own choice, ends at no more than was due."""
    step = verdict.step
    if verdict.move not in (Move.BACK, Move.BACK_TWO) or step.exercise != due.exercise:
        return verdict
    if step.load_kg is not None and due.load_kg is not None:
        step = replace(step, load_kg=min(step.load_kg, due.load_kg))
    if step.band is not None and due.band is not None:
        step = replace(step, band=min(step.band, due.band, key=BANDS.index))
    return replace(verdict, step=step)


def _own_bounds(course: Course, item: Planned, steps: Mapping[str, Step]) -> Bounds:
    """No variant that is, or stands for, another exercise of the plan: or it would be done twice."""
    elsewhere = {step.exercise for planned, step in steps.items() if planned != item.id}
    elsewhere |= {other.id for other in course.items if other.id != item.id}
    return replace(course.bounds, allowed=course.bounds.allowed - elsewhere)


def _with_stand_in(verdict: Verdict, course: Course, item: Planned, steps: Mapping[str, Step]) -> Verdict:
    """Another exercise of the same family, no harder, from its start; where there is none, the easier step stays."""
    exercises = course.content.exercises
    taken = {step.exercise for step in steps.values()} | {other.id for other in course.items}
    level = exercises[verdict.before.exercise].level
    other = next((id for id in item.stand_ins if id not in taken and exercises[id].level <= level), None)
    if other is None:
        return replace(verdict, move=Move.BACK)
    return replace(verdict, step=first_step(other, sets=1, reps=verdict.step.reps, content=course.content))


def _changes(course: Course, item: Planned) -> list[StepChange]:
    return [
        StepChange(day=one.day, exercise=one.before.exercise, move=one.move, added_set=one.added_set)
        for one in course.kept_of(item.id)
    ]


def _last_up(course: Course, planned: str) -> dt.date:
    return max((one.day for one in course.kept_of(planned) if one.move is Move.UP), default=dt.date.min)
