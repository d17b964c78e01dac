"""From answers to findings: which question comes next, what is still missing, what the answers mean.

Pure: the questions are content, the answers are plain data by question id, and the result is the raw findings
that `care.triage` reads. Four things stay apart all the way: yes, no, not sure, and not asked.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, Literal, get_args

import msgspec

from upperback.care.triage import Facts, RuleState, decide, read_findings, truth
from upperback.care.triage.decision import applies
from upperback.care.triage.facts import UNKNOWN, above, check_value, rung
from upperback.content.models import Finding, Option, Question, Section
from upperback.content.vocabulary import Content
from upperback.core.errors import InputError
from upperback.core.ternary import Ternary

#: The safety check; what the plan needs to be safe; what the review compares with. Later parts build on earlier ones.
Part = Literal["screen", "assessment", "baseline"]
PARTS: Final[tuple[Part, ...]] = get_args(Part)


class Answer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a person said to one question.

    options: the ticked ones. none: "None of these" was ticked, which is an answer and not a gap.
    not_sure: may stand beside ticked options and then speaks for the rest. simpler: this is the answer to the
    second, simpler wording, so it is not asked a third time.
    """

    options: tuple[str, ...] = ()
    number: int | float | None = None
    none: bool = False
    not_sure: bool = False
    prefer_not_to_say: bool = False
    simpler: bool = False


Answers = Mapping[str, Answer]


@dataclass(frozen=True, slots=True)
class Intake:
    """What a set of answers comes to.

    findings: raw findings for `read_findings`. visible: ids of the questions that apply, in order.
    pending: findings of questions that apply and have no answer yet. declined: findings the person was asked
    about and chose not to speak of; they count as asked and change no disposition, but call for the crisis card.
    """

    findings: Mapping[str, Any]
    visible: tuple[str, ...]
    pending: frozenset[str]
    declined: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """The question to ask next, and whether it is asked again in simpler words."""

    question: Question
    simpler: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Questions asked at once: those that stand together, under a title, or one question, which is the title itself."""

    id: str
    section: Section
    questions: tuple[Question, ...]
    title: str | None = None

    @property
    def is_shared(self) -> bool:
        """Whether several questions stand on it."""
        return self.title is not None

    @property
    def intro_stands_here(self) -> bool:
        """Whether the words that open the section belong on this page."""
        return self.section.intro is not None and self.section.questions[0] in self.questions


def sections(content: Content, part: Part) -> tuple[Section, ...]:
    """The sections of one part, in order."""
    return tuple(section for section in content.release.questions if section.part == part)


def section_of(question_id: str, content: Content) -> Section:
    """The section a question stands in. Raises InputError."""
    for section in content.release.questions:
        if any(question.id == question_id for question in section.questions):
            return section
    raise InputError("there is no such question")


def page_of(question_id: str, content: Content) -> Page:
    """The page a question stands on. Raises InputError."""
    section = section_of(question_id, content)
    for together in section.together:
        if question_id in together.questions:
            questions = tuple(content.questions[id] for id in together.questions)
            return Page(together.id, section, questions, together.title)
    return Page(question_id, section, (content.questions[question_id],))


def shared_page(page_id: str, content: Content, part: Part) -> Page | None:
    """The page of several questions that has this id, if there is one."""
    shared = (together for section in sections(content, part) for together in section.together)
    return next((page_of(one.questions[0], content) for one in shared if one.id == page_id), None)


def follows(question: Question, page: Page, content: Content) -> bool:
    """Whether it hangs on the answer to another question of its page, and so is asked after it."""
    if question.ask_when is None:
        return False
    read = set(content.keys_read(content.condition(question.ask_when)))
    return any(read & set(other.covers) for other in page.questions if other.id != question.id)


# ---- one answer --------------------------------------------------------------------------------------------------


def check_answer(question: Question, answer: Answer, content: Content) -> None:
    """Refuses an answer the question does not offer. Raises InputError with a sentence for the person."""
    offered = {option.id for option in question.options}
    if not set(answer.options) <= offered or len(set(answer.options)) != len(answer.options):
        raise InputError("Choose from the answers on the page", question=question.id)
    if answer.not_sure and not question.not_sure:
        raise InputError("Choose one of the answers", question=question.id)
    if answer.prefer_not_to_say and not question.prefer_not_to_say:
        raise InputError("Choose one of the answers", question=question.id)
    _check_shape(question, answer)
    if answer.number is not None:
        _check_number(question, answer.number, content)


def _check_shape(question: Question, answer: Answer) -> None:
    said = bool(answer.options) + answer.none + (answer.number is not None) + answer.prefer_not_to_say
    if said == 0 and not answer.not_sure:
        raise InputError("Choose an answer", question=question.id)
    if said > 1:
        raise InputError("Choose either some of the answers or “None of these”, not both", question=question.id)
    if answer.not_sure and said and not (question.kind == "many" and answer.options):
        raise InputError("Choose an answer or “Not sure”, not both", question=question.id)
    if question.kind == "one" and (len(answer.options) > 1 or answer.none):
        raise InputError("Choose one answer", question=question.id)
    if question.kind == "many" and answer.none and question.none_label is None:
        raise InputError("Choose at least one of the answers", question=question.id)
    if (answer.number is not None) != (question.kind == "number") and not (answer.not_sure or answer.prefer_not_to_say):
        raise InputError("Enter a number", question=question.id)


def _check_number(question: Question, number: float, content: Content) -> None:
    if question.kind != "number":
        raise InputError("Choose one of the answers", question=question.id)
    finding = content.findings[question.covers[0]]
    limits = finding.number
    try:
        check_value(finding, number)
    except InputError:
        assert limits is not None, f"{finding.key} has no range"
        kind = "a whole number" if limits.integer else "a number"
        message = f"Enter {kind} from {limits.minimum:g} to {limits.maximum:g}"
        raise InputError(message, question=question.id) from None


def to_plain(answer: Answer) -> dict[str, Any]:
    """An answer as the store keeps it and gives it back: lists, not tuples, or the same answer would be another one."""
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(answer))
    return plain


def from_plain(plain: Mapping[str, Any]) -> dict[str, Answer]:
    """Stored answers by question id."""
    return {id: msgspec.convert(value, Answer) for id, value in plain.items()}


# ---- all answers -------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Said:
    """Everything the questions said about one finding. A value is stronger than unknown, unknown than absent.

    unknown: some question left it open, wholly or beside what was ticked.
    """

    values: list[Any] = field(default_factory=list)
    unknown: bool = False
    absent: bool = False  # asked as part of a whole and not named
    not_asked: bool = False  # its question does not apply to this person

    def merged(self, finding: Finding) -> Any:
        """The one raw value, or None where the finding has none."""
        if not self.values:
            value = absent_value(finding)
            return UNKNOWN if self.unknown or (value is None and self.absent) else value
        match finding.kind:
            case "list":
                ticked = sorted(set(self.values), key=finding.values.index)
                return [*ticked, UNKNOWN] if self.unknown else ticked
            case "flag":
                # A "no" to one question does not take back a "yes" to another.
                return any(self.values) or (UNKNOWN if self.unknown else False)
            case "choice":
                # Nor does a milder answer elsewhere take back a tick that somebody adds on the emergency page.
                sure = most_alarming(finding, self.values)
                return [sure, UNKNOWN] if self.unknown and above(finding, sure) else sure
            case _:
                return self.values[0]  # one question and one option set a number: `check-content` sees to it


def absent_value(finding: Finding) -> Any:
    """The value that stands for "no" in raw findings; None where there is none."""
    return list(finding.absent) if isinstance(finding.absent, tuple) else finding.absent


class _Reading:
    """Findings as they grow, question by question."""

    def __init__(self, content: Content) -> None:
        self.content = content
        self.said: dict[str, _Said] = {}
        self.pending: set[str] = set()
        self.declined: list[str] = []

    def findings(self) -> dict[str, Any]:
        """Raw findings so far: a finding whose only word so far is "not asked" waits while a question is pending."""
        found: dict[str, Any] = {}
        for key, said in self.said.items():
            if key in self.pending and not (said.values or said.unknown or said.absent):
                continue
            value = said.merged(self.content.findings[key])
            if value is not None:
                found[key] = value
        return with_mood_sum(_with_possible_onset(found))

    def asks(self, question: Question, answer: Answer | None) -> bool:
        """Whether the question is asked: its condition is not surely no, or its answer still says something.

        So a changed answer elsewhere takes nothing back. Only a detail of what is not there (the day of an injury
        that did not happen) says nothing any more.
        """
        if question.ask_when is None:
            return True
        facts = read_findings(self.findings(), content=self.content, age_required=False)
        if truth(question.ask_when, facts, self.content) is not Ternary.NO:
            return True
        there = all(applies(key, facts, self.content) for key in question.covers)
        return answer is not None and there and self._says_more_than_no(question, answer)

    def _says_more_than_no(self, question: Question, answer: Answer) -> bool:
        if answer.prefer_not_to_say:
            return True
        alone = _Reading(self.content)
        alone.take(question, answer)
        findings = self.content.findings
        return any(said.merged(findings[key]) != absent_value(findings[key]) for key, said in alone.said.items())

    def skip(self, question: Question) -> None:
        """The question does not apply to this person."""
        for key in question.covers:
            self._said(key).not_asked = True

    def wait(self, question: Question) -> None:
        """The question applies and has no answer yet."""
        self.pending |= set(question.covers)

    def decline(self, question: Question) -> None:
        """The person chose not to say. Counts as asked; where triage reads the finding, as its absent value."""
        for key in question.covers:
            said = self._said(key)
            said.absent = key in self.content.triage_keys
            said.unknown = not said.absent
            self.declined.append(key)

    def take(self, question: Question, answer: Answer) -> None:
        """What the answer says about the findings the question covers, and about any other its options set."""
        for key in _named(question, answer):
            self._said(key).values += _ticked_values(question, answer, key)
        if answer.number is not None:
            self._said(question.covers[0]).values.append(answer.number)
        unsure = left_open(question, answer, self.content)
        for key in question.covers:
            said = self._said(key)
            said.unknown = said.unknown or key in unsure
            said.absent = said.absent or key not in unsure

    def _said(self, key: str) -> _Said:
        return self.said.setdefault(key, _Said())


def _ticked(question: Question, answer: Answer) -> list[Option]:
    return [option for option in question.options if option.id in answer.options]


def _named(question: Question, answer: Answer) -> tuple[str, ...]:
    """The findings that the ticked options set."""
    return tuple(dict.fromkeys(key for option in _ticked(question, answer) for key in option.sets))


def _ticked_values(question: Question, answer: Answer, key: str) -> list[Any]:
    return [option.sets[key] for option in _ticked(question, answer) if key in option.sets]


def most_alarming(finding: Finding, values: list[Any]) -> Any:
    """Of several values of a choice, the one highest on its ladder; the first one among equals."""
    return max(values, key=lambda value: rung(finding, value))


def left_open(question: Question, answer: Answer, content: Content) -> frozenset[str]:
    """The findings that "not sure" leaves open: all the question covers but what is ticked.

    Of a list, whatever else could be in it stays open. Of a ladder, the higher rungs that were offered do.
    """
    if not answer.not_sure:
        return frozenset()
    return frozenset(key for key in question.covers if _stays_open(question, answer, content.findings[key]))


def _stays_open(question: Question, answer: Answer, finding: Finding) -> bool:
    ticked = _ticked_values(question, answer, finding.key)
    if not ticked or finding.kind == "list":
        return True
    offered = {option.sets[finding.key] for option in question.options if finding.key in option.sets}
    return finding.kind == "choice" and not offered.isdisjoint(above(finding, most_alarming(finding, ticked)))


def read_answers(answers: Answers, content: Content, *, parts: Iterable[Part] = ("screen",)) -> Intake:
    """Findings from answers, question by question in the order of the content.

    What a ticked option sets is taken as it stands. Covered findings it does not set take their absent value, or
    unknown beside "not sure". A question whose `ask_when` is surely no is not asked, and its findings take their
    absent value; but one that was answered goes on counting, and being shown, until that very answer is changed
    to no, or what it is a detail of is not there. Where several questions speak of one finding, lists are joined,
    a yes stays a yes, and of several choices the most alarming counts.
    """
    reading = _Reading(content)
    visible: list[str] = []
    for question in _questions(content, parts):
        answer = answers.get(question.id)
        if not reading.asks(question, answer):
            reading.skip(question)
            continue
        visible.append(question.id)
        if answer is None:
            reading.wait(question)
        elif answer.prefer_not_to_say:
            reading.decline(question)
        else:
            reading.take(question, answer)
    named = {key for key, said in reading.said.items() if said.values}
    return Intake(
        findings=MappingProxyType(reading.findings()),
        visible=tuple(visible),
        pending=frozenset(reading.pending - named),
        declined=tuple(dict.fromkeys(reading.declined)),
    )


def _questions(content: Content, parts: Iterable[Part]) -> Iterator[Question]:
    for part in parts:
        for section in sections(content, part):
            yield from section.questions


MOOD_ITEMS = ("phq4_nervous", "phq4_worry", "phq4_pleasure", "phq4_low")
MOOD_SUM = "phq4"
#: Everything that is said about mood, worry and self-harm: left out of whatever leaves, unless it is chosen.
MOOD = frozenset({"self_harm", MOOD_SUM, *MOOD_ITEMS})


def with_mood_sum(findings: dict[str, Any]) -> dict[str, Any]:
    """Adds the PHQ-4 sum. It is made from all four items or not at all."""
    items = [findings.get(key) for key in MOOD_ITEMS]
    if all(isinstance(item, int | float) for item in items):
        return findings | {MOOD_SUM: sum(item for item in items if item is not None)}
    if all(item is not None for item in items):
        return findings | {MOOD_SUM: UNKNOWN}
    return findings


def _with_possible_onset(findings: dict[str, Any]) -> dict[str, Any]:
    """A pain that began at an age still to come is a slip of the hand: not known, so that it closes no rule."""
    age, onset = findings.get("age"), findings.get("onset_age")
    if isinstance(age, int | float) and isinstance(onset, int | float) and onset > age:
        return findings | {"onset_age": UNKNOWN}
    return findings


# ---- giving answers ----------------------------------------------------------------------------------------------


def answers_after(before: Answers, given: Answers, content: Content) -> dict[str, Answer]:
    """All answers once some are given or changed.

    A detail of something that was changed is asked again: "three months ago" was said of the numb hand, not of the
    weak leg that is added now.
    """
    after = {**before, **given}
    changed = {id for id, answer in given.items() if before.get(id) != answer}
    for detail, of in _details(content).items():  # a detail of a detail comes later
        if detail in after and detail not in given and not changed.isdisjoint(of):
            del after[detail]
            changed.add(detail)
    return after


@lru_cache(maxsize=8)
def _details(content: Content) -> Mapping[str, frozenset[str]]:
    """Questions about a detail of something, in order, with the questions that speak of that something."""
    return MappingProxyType(
        {
            question.id: frozenset(other.id for other in content.questions.values() if hangs_on & _may_set(other))
            for question in content.questions.values()
            if (hangs_on := _detail_of(question, content))
        }
    )


def _detail_of(question: Question, content: Content) -> frozenset[str]:
    """The findings that what a question covers is a detail of."""
    conditions = [content.findings[key].applies_when for key in question.covers]
    return frozenset().union(*(content.keys_read(content.condition(text)) for text in conditions if text))


def _may_set(question: Question) -> frozenset[str]:
    return frozenset(question.covers).union(*(option.sets for option in question.options))


# ---- the way through the questions -------------------------------------------------------------------------------


def visible_questions(answers: Answers, content: Content, part: Part = "screen") -> tuple[Question, ...]:
    """The questions that apply as far as the answers tell, in order."""
    intake = read_answers(answers, content, parts=_up_to(part))
    return tuple(content.questions[id] for id in intake.visible if section_of(id, content).part == part)


def missing_questions(answers: Answers, content: Content, part: Part = "screen") -> tuple[Question, ...]:
    """The questions that apply and have no answer."""
    return tuple(question for question in visible_questions(answers, content, part) if question.id not in answers)


def next_question(answers: Answers, content: Content, part: Part = "screen") -> Step | None:
    """What to ask next: the first gap, or a question whose "not sure" has to be asked in simpler words. None: done."""
    for question in visible_questions(answers, content, part):
        answer = answers.get(question.id)
        if answer is None:
            return Step(question)
        if asks_again(question, answer, content):
            return Step(question, simpler=True)
    return None


def asks_again(question: Question, answer: Answer, content: Content) -> bool:
    """Whether "not sure" is asked once more: an emergency rule reads what it left open."""
    unsure = frozenset() if answer.simpler else left_open(question, answer, content)
    return bool(unsure) and not unsure.isdisjoint(emergency_keys(content))


def emergency_keys(content: Content) -> frozenset[str]:
    """The findings some emergency rule reads."""
    rules = (rule for rule in content.rules.values() if rule.disposition == "emergency_now")
    return frozenset().union(*(content.keys_read(content.condition(rule.when)) for rule in rules))


def _up_to(part: Part) -> tuple[Part, ...]:
    return PARTS[: PARTS.index(part) + 1]


# ---- stopping at once --------------------------------------------------------------------------------------------


def fired_emergencies(answers: Answers, content: Content) -> tuple[RuleState, ...]:
    """The emergency rules that have fired, whatever the questions still to come would bring.

    A question that is about to be asked is not a question left open: "chest pressure" alone waits for "when?"
    instead of taking the missing time as now. So a rule counts as fired while questions are pending only when it
    fires for every answer they could still get. Alarming flags and lists can only add, so their quiet end is enough.
    """
    intake = read_answers(answers, content)
    fired = _emergencies(read_findings(intake.findings, content=content, age_required=False), content)
    return tuple(state for state in fired if _stays_fired(state, intake, content))


def _emergencies(facts: Facts, content: Content) -> tuple[RuleState, ...]:
    return tuple(state for state in decide(facts, content).fired if state.rule.disposition == "emergency_now")


def _stays_fired(state: RuleState, intake: Intake, content: Content) -> bool:
    node = content.condition(state.rule.when)
    keys = [key for key in content.keys_read(node) if key in intake.pending and key in content.answerable]
    for values in itertools.product(*(_possible(content.findings[key]) for key in keys)):
        raw = dict(intake.findings) | dict(zip(keys, values, strict=True))
        facts = read_findings(raw, content=content, age_required=False)
        if truth(state.rule.when, facts, content) is not Ternary.YES:
            return False
    return True


def _possible(finding: Finding) -> tuple[Any, ...]:
    match finding.kind:
        case "flag":
            return (False,)
        case "list":
            return ([],)
        case "choice":
            return finding.values
        case _:
            limits = finding.number
            assert limits is not None, f"{finding.key} has no range"
            return (limits.minimum, limits.maximum)
