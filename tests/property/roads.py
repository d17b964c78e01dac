"""Roads through the questions: random people, who go back, change their mind, are not sure, or would rather not say.

And every single step of the law (2.12) as a step of an answer: one more tick, a higher rung, "not sure" for "no".
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from tests.property.answers import (
    FINDINGS,
    PART_OF,
    QUESTIONS,
    Answers,
    Known,
    Part,
    Reader,
    absent_of,
    answered,
    options_of,
    rank_of,
    read,
)
from upperback.care.intake import Answer

NONE: Final = Answer(none=True)
NOT_SURE: Final = Answer(not_sure=True)

#: Numbers worth trying: the limits of the rules and of the questions, and their neighbours.
NUMBERS: Final = {
    "age": (0, 9, 10, 15, 16, 17, 18, 34, 39, 40, 44, 45, 49, 50, 59, 60, 61, 64, 65, 69, 70, 85, 120),
    "gestation": (0, 12, 19, 20, 30, 45),
    "trauma_days": (0, 1, 3, 4, 7, 8, 42, 43, 84, 85, 400),
    "pain_average": (0, 3, 6, 6.5, 7, 7.5, 8, 10),
    "flares": (0, 1, 2, 3, 12),
    "onset_age": (10, 34, 35, 44, 45, 60),
    "rash_since": (1, 12, 72, 200),
    "psfs": (0, 3, 3.5, 4, 7, 10),
}


@dataclass(frozen=True, slots=True)
class Habits:
    """How somebody answers: how often not the quiet answer, how often "not sure", and how often they go back."""

    loud: float
    unsure: float
    unsaid: float
    changes: int

    def louder(self) -> "Habits":
        """Who goes back has something to say."""
        return Habits(max(self.loud, 0.3), self.unsure, self.unsaid, self.changes)


def any_habits(dice: random.Random) -> Habits:
    """From almost quiet to dense, with and without "not sure", straight on or back and forth."""
    return Habits(
        loud=dice.choice((0.0, 0.01, 0.02, 0.03, 0.05, 0.1, 0.3)),
        unsure=dice.choice((0.0, 0.0, 0.0, 0.01, 0.03, 0.1, 0.3)),
        unsaid=dice.choice((0.0, 0.1, 0.4)),
        changes=dice.choice((0, 0, 0, 1, 2, 4)),
    )


def any_answer(id: str, habits: Habits, dice: random.Random) -> Answer:
    """Some answer that the question offers."""
    question = QUESTIONS[id]
    if question.get("prefer_not_to_say") and dice.random() < habits.unsaid:
        return Answer(prefer_not_to_say=True)
    if _has_not_sure(id) and dice.random() < habits.unsure:
        if question["kind"] != "many" or dice.random() < 0.5:
            return Answer(not_sure=True, simpler=dice.random() < 0.8)
        return Answer(options=_some(id, dice), not_sure=True, simpler=dice.random() < 0.8)
    if question["kind"] == "number" and dice.random() < max(habits.loud, 0.3):
        return Answer(number=dice.choice(NUMBERS.get(id, tuple(range(11)))))
    if question["kind"] == "number" or dice.random() >= habits.loud:
        return quiet_answer(id)
    if question["kind"] == "one":
        return Answer(options=(dice.choice(list(options_of(question))),))
    return Answer(options=_some(id, dice))


def quiet_answer(id: str) -> Answer:
    """What somebody with ordinary pain says."""
    question = QUESTIONS[id]
    if question["kind"] == "many":
        return NONE
    if question["kind"] == "number":
        return Answer(number={"age": 41, "pain_average": 3, "psfs": 7, "onset_age": 50}.get(id, 0))
    return Answer(
        options=({"duration": "under_six", "trend": "improving"}.get(id) or next(iter(options_of(question))),)
    )


def _some(id: str, dice: random.Random) -> tuple[str, ...]:
    offered = list(options_of(QUESTIONS[id]))
    return tuple(dice.sample(offered, min(len(offered), dice.choice((1, 1, 1, 2, 2, 3, 6)))))


def _has_not_sure(id: str) -> bool:
    return bool(QUESTIONS[id].get("not_sure", True))


@dataclass(slots=True)
class Road:
    """Somebody's answers in the order in which they gave them, and what they come to."""

    steps: list[tuple[str, Answer]] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)

    def give(self, id: str, answer: Answer) -> None:
        """One answer: a first one, or another one."""
        self.steps.append((id, answer))
        self.answers = answered(self.answers, {id: answer})


def any_road(dice: random.Random, parts: tuple[Part, ...] = ("screen",)) -> Road:
    """A whole road: questions in the order of the pages or in any order, then changes, then what they open."""
    habits, road = any_habits(dice), Road()
    ids = [id for id in QUESTIONS if PART_OF[id] in parts]
    if dice.random() < 0.05:
        _in_any_order(road, ids, habits, parts, dice)  # by address, or in several windows
    else:
        reader = Reader()
        for id in ids:
            if reader.asks(id, None):
                road.give(id, any_answer(id, habits, dice))
            reader.go_on(id, road.answers.get(id))
    for _change in range(habits.changes):
        id = dice.choice(read(road.answers, parts).asked)
        road.give(id, any_answer(id, habits.louder(), dice))
    while (gap := next((id for id in read(road.answers, parts).asked if id not in road.answers), None)) is not None:
        road.give(gap, any_answer(gap, habits, dice))
    return road


def _in_any_order(road: Road, ids: list[str], habits: Habits, parts: tuple[Part, ...], dice: random.Random) -> None:
    dice.shuffle(ids)
    for id in ids:
        if id in read(road.answers, parts).asked:
            road.give(id, any_answer(id, habits, dice))


# ---- the law, as steps of answers ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Worse:
    """One answer made more alarming, or unknown where it was no."""

    question: str
    answer: Answer
    words: str


def worse_answers(answers: Answers, asked: list[str]) -> list[Worse]:
    """Every single step of the law from here. Age moves only where the age at the first onset is held fixed."""
    known = Known(read(answers).findings.get)
    return [
        Worse(id, answer, words)
        for id in asked
        for answer, words in _steps(id, answers[id])
        if not _outside(id, answer, answers, known)
    ]


def _outside(id: str, answer: Answer, answers: Answers, known: Known) -> bool:
    if id == "age":
        long = known.holds(lambda weeks: weeks >= 13, "duration_weeks")
        return long != 0 and known.number("onset_age") is None
    if id == "onset_age":  # given, and not known: it is still to come, and any other is no step from there
        return known.number("onset_age") is None
    if id == "trauma":  # the one exception of the law: an injury may explain an instant start (E03)
        first = answers[id].not_sure or answers[id].options == ("none",)
        explains = known.flag("max_at_onset") != 0 and known.is_in("pattern", "non_mechanical") != 2
        return first and explains and not answer.not_sure
    return False


def _steps(id: str, answer: Answer) -> Iterator[tuple[Answer, str]]:
    if answer.prefer_not_to_say:
        return
    kind = QUESTIONS[id]["kind"]
    if kind == "many":
        yield from _many_steps(id, answer)
    elif kind == "one":
        yield from _one_steps(id, answer)
    elif answer.number is not None:
        yield from _number_steps(id, answer.number)


def _many_steps(id: str, answer: Answer) -> Iterator[tuple[Answer, str]]:
    for option, sets in options_of(QUESTIONS[id]).items():
        if option not in answer.options and all(_adds(key, value) for key, value in sets.items()):
            ticked = Answer(options=(*answer.options, option), not_sure=answer.not_sure, simpler=True)
            yield ticked, f"{id}: also {option}"
    if not answer.not_sure and _has_not_sure(id):
        yield Answer(options=answer.options, not_sure=True, simpler=True), f"{id}: not sure about the rest"


def _adds(key: str, value: Any) -> bool:
    law = FINDINGS[key]["law"]
    return law["group"] == "alarming" and value not in law.get("not_values", ())


def _one_steps(id: str, answer: Answer) -> Iterator[tuple[Answer, str]]:
    options = options_of(QUESTIONS[id])
    (key,) = QUESTIONS[id]["covers"]
    law = FINDINGS[key]["law"]
    if law["group"] == "context":
        return
    now = options[answer.options[0]].get(key) if answer.options else None
    for option, sets in options.items():
        if key in sets and _is_worse(key, now, sets[key]):
            yield Answer(options=(option,)), f"{id}: {option}"
    if law["group"] == "alarming" and now is not None and now == absent_of(key) and _has_not_sure(id):
        yield Answer(not_sure=True, simpler=True), f"{id}: not sure"


def _is_worse(key: str, now: Any, then: Any) -> bool:
    """A higher rung; of "not sure", only the top one where there is one top (clause c)."""
    finding = FINDINGS[key]
    if finding["kind"] == "flag":
        return then is True and now is not True
    if finding["kind"] == "number":
        return now is not None and (then > now if finding["law"].get("worse") == "up" else then < now)
    steps = finding["law"]["steps"]
    if now is None:
        return bool(finding["law"]["group"] == "alarming" and steps[-1] == [then])
    return rank_of(key, then) > rank_of(key, now)


def _number_steps(id: str, now: float) -> Iterator[tuple[Answer, str]]:
    (key,) = QUESTIONS[id]["covers"]
    law = FINDINGS[key]["law"]
    if law["group"] == "context":
        return
    for number in NUMBERS[id]:
        further = number > now if law["worse"] == "up" else number < now
        below = now >= law.get("worse_from", 0) and now < law.get("worse_to", float("inf"))
        if further and below:
            yield Answer(number=number), f"{id}: {number}"
    if now == absent_of(key) and _has_not_sure(id):
        yield Answer(not_sure=True, simpler=True), f"{id}: not sure"


def made_worse(answers: Answers, step: Worse, dice: random.Random) -> dict[str, Answer]:
    """The same person with that one answer; a detail that is asked again is answered as before, a new one somehow."""
    after = answered(answers, {step.question: step.answer})
    habits = Habits(0.5, 0.1, 0.1, 0)
    while (gap := next((id for id in read(after).asked if id not in after), None)) is not None:
        after[gap] = answers[gap] if gap in answers else any_answer(gap, habits, dice)
    return after
