"""Sessions out of the diary: what was done, how it felt, and how the morning after was. Pure."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from upperback.care.diary import (
    ExerciseEnded,
    Morning,
    SessionEnded,
    SessionStarted,
    SetDone,
    Written,
)
from upperback.care.progression import ExerciseDone, Step, usual_pain
from upperback.content.vocabulary import Content

ONE_DAY = dt.timedelta(days=1)


@dataclass(slots=True)
class Session:
    """One guided session as the diary tells it. Filled in while the diary is read, then left alone.

    Attributes
    ----------
    id, day, what : name, the person's own day, strength or movement
    sets : of each exercise, by number; a set that was sent twice under another id counts once, the last one
    felt : how each exercise felt
    rows : id of the kept row behind each set, by exercise and number, and behind how it felt, under number 0
    ended : None while it is open
    """

    id: str
    day: dt.date
    what: str
    at: dt.datetime
    pain_now: int | None = None
    sets: dict[str, dict[int, SetDone]] = field(default_factory=dict)
    felt: dict[str, ExerciseEnded] = field(default_factory=dict)
    rows: dict[tuple[str, int], int] = field(default_factory=dict)
    ended: SessionEnded | None = None

    @property
    def exercises(self) -> list[str]:
        """The exercises of which anything was done or told, in order."""
        return list(dict.fromkeys([*self.sets, *self.felt]))

    @property
    def is_finished(self) -> bool:
        """Whether it was done to its end; ended early or stopped is not."""
        return self.ended is not None and self.ended.how == "finished"


def sessions_of(written: Sequence[Written]) -> list[Session]:
    """Every session, oldest first.

    Parameters
    ----------
    written : diary entries in force. A set whose session was never started here (its start got lost on the way, or
        came from another device) opens the session: nothing that was done is dropped
    """
    found: dict[str, Session] = {}
    for row in written:
        match row.entry:
            case SessionStarted(session=id, what=what, pain_now=pain):
                session = _of(found, id, row, what)
                session.pain_now = pain
                session.what = what
            case SetDone(session=id, exercise=exercise, number=number) as done:
                session = _of(found, id, row)
                session.sets.setdefault(exercise, {})[number] = done
                session.rows[exercise, number] = row.id
            case ExerciseEnded(session=id, exercise=exercise) as felt:
                session = _of(found, id, row)
                session.felt[exercise] = felt
                session.rows[exercise, 0] = row.id
            case SessionEnded(session=id) as ended:
                _of(found, id, row).ended = ended
            case _:
                pass
    return sorted(found.values(), key=lambda session: (session.day, session.at))


def mornings(written: Sequence[Written]) -> dict[dt.date, int]:
    """Pain at rest in the morning, by day; the last one said on a day counts."""
    return {row.day: row.entry.pain for row in written if isinstance(row.entry, Morning)}


def usual_pain_on(day: dt.date, resting: Mapping[dt.date, int], fallback: int | None, content: Content) -> int | None:
    """The usual pain before a session: the last mornings up to its day, else what was said at its start."""
    earlier = [resting[one] for one in sorted(resting) if one <= day]
    usual = usual_pain(earlier, content)
    return fallback if usual is None else usual


def exercise_done(
    session: Session, exercise: str, step: Step, resting: Mapping[dt.date, int], usual: int, content: Content
) -> ExerciseDone:
    """One exercise of a session in the form that progress is decided from.

    Parameters
    ----------
    step : what was prescribed for it on that day
    usual : what the pain is taken to be where neither a morning nor the start of the session told
    """
    sets = session.sets.get(exercise, {})
    felt = session.felt.get(exercise)
    before = usual_pain_on(session.day, resting, session.pain_now, content)
    return ExerciseDone(
        day=session.day,
        step=step,
        reps=tuple(sets[number].reps for number in sorted(sets)),
        worst_pain=felt.worst_pain if felt else None,
        is_alarming=felt.alarming if felt else False,
        effort=felt.effort if felt else None,
        form_ok=felt.form_ok if felt else None,
        usual_pain=usual if before is None else before,
        next_morning=resting.get(session.day + ONE_DAY),
    )


def _of(found: dict[str, Session], id: str, row: Written, what: str = "strength") -> Session:
    if id not in found:
        found[id] = Session(id=id, day=row.day, what=what, at=row.at)
    return found[id]
