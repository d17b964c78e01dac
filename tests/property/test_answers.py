"""What somebody says in the journey reaches triage unharmed: counted over random roads through the questions.

The quick run takes a few thousand roads, `just proofs-long` a hundred thousand and more. What has to come out is
worked out from the question files in `answers.py`, and not by the product.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec
import pytest

from tests.property import answers as oracle
from tests.property.roads import Road, Worse, any_answer, any_habits, any_road, made_worse, worse_answers
from upperback.care import intake
from upperback.care.intake import Answer
from upperback.care.triage import decide, read_findings, truth
from upperback.care.triage.decision import ORDER, Decision
from upperback.content.models import Finding
from upperback.content.vocabulary import default_content

CONTENT = default_content()
BOTH: tuple[oracle.Part, ...] = ("screen", "assessment", "baseline")

Answers = Mapping[str, Answer]


def decision_of(answers: Answers) -> Decision:
    """Through the whole of intake and triage."""
    findings = intake.read_answers(answers, CONTENT).findings
    return decide(read_findings(findings, content=CONTENT, age_required=False), CONTENT)


def urgency(answers: Answers) -> int:
    return ORDER.index(decision_of(answers).disposition)


# ---- every answer survives ---------------------------------------------------------------------------------------


def problems_of(road: Road, parts: tuple[oracle.Part, ...] = ("screen",)) -> Iterator[str]:
    """Whatever of a road did not arrive, or arrived as something else."""
    given: dict[str, Answer] = {}
    for id, answer in road.steps:
        intake.check_answer(CONTENT.questions[id], answer, CONTENT)
        given = intake.answers_after(given, {id: answer}, CONTENT)
    if given != road.answers:
        yield f"the answers are {given}"
    got, wanted = intake.read_answers(given, CONTENT, parts=parts), oracle.read(road.answers, parts)
    findings = dict(got.findings)
    yield from oracle.harmed(road.answers, findings, wanted.asked)
    for key in sorted(findings.keys() | wanted.findings.keys()):
        if findings.get(key) != wanted.findings.get(key):
            yield f"{key} is {findings.get(key)}, the answers say {wanted.findings.get(key)}"
    if list(got.visible) != wanted.asked or set(got.declined) != set(wanted.unsaid):
        yield f"asked {got.visible}, unsaid {got.declined}"


def walked(roads: int, seed: int) -> Iterator[Road]:
    """Random roads; each fails with everything that was said on it."""
    dice = random.Random(seed)
    for _number in range(roads):
        yield any_road(dice)


def check_roads(roads: int, seed: int) -> tuple[int, int, int]:
    """Roads, answers on them and single steps of the law from there; fails on the first harm."""
    dice = random.Random(-seed)
    answers = steps = 0
    for road in walked(roads, seed):
        found = list(problems_of(road))
        assert not found, f"{found} on the road {road.steps}"
        answers += len(road.steps)
        before = decision_of(road.answers)
        assert before.complete, before.unanswered
        for step in _some(worse_answers(road.answers, oracle.read(road.answers).asked), dice):
            after = made_worse(road.answers, step, dice)
            steps += 1
            lowered = urgency(after) < ORDER.index(before.disposition)
            assert not lowered, f"{step.words} lowers {before.disposition}: {road.answers} to {after}"
    return roads, answers, steps


def _some(steps: list[Worse], dice: random.Random) -> list[Worse]:
    return dice.sample(steps, min(2, len(steps)))


@pytest.mark.parametrize("seed", range(4))
def test_every_answer_reaches_triage(seed: int, tell: Callable[[str], None]) -> None:
    roads, answers, steps = check_roads(750, seed)
    tell(
        f"answers, part {seed + 1} of 4: {roads:,} roads, {answers:,} answers, {steps:,} worse ones, none lost or lower"
    )


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 120))
def test_every_answer_reaches_triage_long(seed: int, tell: Callable[[str], None]) -> None:
    roads, answers, steps = check_roads(6_000, seed)
    part = f"answers, part {seed - 99} of 20"
    tell(f"{part}: {roads:,} roads, {answers:,} answers, {steps:,} worse ones, none lost or lower")


def test_the_answers_of_the_assessment_arrive_too() -> None:
    dice = random.Random(7)
    for _number in range(300):
        road = any_road(dice, BOTH)
        assert list(problems_of(road, BOTH)) == []


def test_what_was_not_answered_is_never_no() -> None:
    """With answers taken away a finding is missing or unknown, and there is no result.

    Where nothing is left but what no rule reads (one of the mood questions), the rules are settled; there is still no
    result, because a question is open.
    """
    dice = random.Random(8)
    for _number in range(300):
        road = any_road(dice)
        kept = {id: answer for id, answer in road.answers.items() if dice.random() < 0.8}
        got, wanted = intake.read_answers(kept, CONTENT), oracle.read(kept)
        assert dict(got.findings) == wanted.findings
        left = set(wanted.asked) - kept.keys()
        assert (intake.next_question(kept, CONTENT) is not None) or not left
        if any(set(CONTENT.triage_keys) & set(CONTENT.questions[id].covers) for id in left):
            assert not decision_of(kept).complete


def test_the_roads_go_everywhere() -> None:
    """Control: every question is asked and left unsure, every option ticked, every disposition reached."""
    given: Counter[str] = Counter()
    reached: Counter[str] = Counter()
    for road in walked(2_500, 3):
        for id, answer in road.steps:
            given.update(f"{id} {word}" for word in (*answer.options, *(["?"] if answer.not_sure else [])))
        reached[decision_of(road.answers).disposition] += 1
    for section in CONTENT.release.questions:
        for question in section.questions if section.part == "screen" else ():
            words = [*(option.id for option in question.options), *(["?"] if question.not_sure else [])]
            assert [word for word in words if not given[f"{question.id} {word}"]] == [], question.id
    assert min(reached[disposition] for disposition in ORDER) > 20, reached


# ---- stopping ----------------------------------------------------------------------------------------------------


def stops(road: Road) -> Iterator[str]:
    """Goes a road as a browser does and stops where an emergency fires; then nothing may take the stop back."""
    given: dict[str, Answer] = {}
    for place, (id, answer) in enumerate(road.steps):
        given = intake.answers_after(given, {id: answer}, CONTENT)
        fired = intake.fired_emergencies(given, CONTENT)
        if fired:
            yield from _unstopped(road, given, place, [state.rule.id for state in fired])
            return
    if decision_of(given).disposition == "emergency_now":
        yield f"an emergency that did not stop: {given}"


def _unstopped(road: Road, given: dict[str, Answer], place: int, rules: list[str]) -> Iterator[str]:
    """Ends of the road where the rules that stopped it do not hold, though the answers behind them were not changed."""
    dice = random.Random(len(given))
    habits = any_habits(dice)
    read = _questions_read_by(rules)
    for _time in range(3):
        later = given
        for id in [id for id in oracle.read(later).asked if id in later and id not in read and dice.random() < 0.3]:
            later = intake.answers_after(later, {id: any_answer(id, habits.louder(), dice)}, CONTENT)
        while (step := intake.next_question(later, CONTENT)) is not None:
            id = step.question.id
            if step.simpler:
                later = later | {id: msgspec.structs.replace(later[id], simpler=True)}
            else:
                later = intake.answers_after(later, {id: any_answer(id, habits, dice)}, CONTENT)
        held = {state.rule.id for state in decision_of(later).fired}
        if not set(rules) <= held:
            yield f"{rules} stopped after {road.steps[: place + 1]}, and not at the end: {later}"


def _questions_read_by(rules: list[str]) -> set[str]:
    """The questions behind these rules, with what those answers are details of."""
    keys = set().union(*(CONTENT.keys_read(CONTENT.condition(CONTENT.rules[id].when)) for id in rules))
    while True:
        more = set().union(
            *(parents for id, (parents, _) in oracle.DETAILS.items() if keys & set(oracle.QUESTIONS[id]["covers"]))
        )
        if more <= keys:
            return {id for id in oracle.QUESTIONS if keys & oracle.may_set(id)}
        keys |= more


@pytest.mark.parametrize("roads", [60, pytest.param(3_000, marks=pytest.mark.long)])
def test_an_emergency_stops_and_stays_stopped(roads: int, tell: Callable[[str], None]) -> None:
    stopped = 0
    for number, road in enumerate(walked(roads, 211)):
        found = list(stops(road))
        assert not found, f"road {number}: {found}"
        stopped += decision_of(road.answers).disposition == "emergency_now"
    tell(f"stopping at once: {roads:,} roads answer by answer, {stopped:,} stopped, none went on")
    assert stopped > roads / 10


# ---- the questions themselves ------------------------------------------------------------------------------------


def test_the_second_reading_knows_when_each_question_is_asked() -> None:
    asked = {id: " ".join(text.split()) for id, q in CONTENT.questions.items() if (text := q.ask_when)}
    assert asked == {id: text for id, (text, _) in oracle.ASKED.items()}
    limits = {
        "age_pregnancy_asked_from": 10, "age_pregnancy_asked_to": 60, "weeks_not_better": 6, "weeks_tried_self_care": 6,
        "weeks_inflammatory": 13, "mood_part_raised": 3, "mood_sum_raised": 6, "surgery_any_weeks": 0,
    }  # fmt: skip
    assert {id: CONTENT.limit(id) for id in limits} == limits


def test_the_second_reading_knows_every_detail() -> None:
    details = {
        question.id: frozenset().union(*(CONTENT.keys_read(CONTENT.condition(text)) for text in conditions))
        for question in CONTENT.questions.values()
        if (conditions := [text for key in question.covers if (text := CONTENT.findings[key].applies_when)])
    }
    assert details == {id: keys for id, (keys, _) in oracle.DETAILS.items()}


def test_what_a_page_may_only_add_is_asked_of_everybody() -> None:
    """A tick on the emergency page speaks of a finding that another question covers: that one is never left out.

    So "not sure" on the emergency page need not speak of it: the other question has a "not sure" of its own.
    """
    for question in CONTENT.questions.values():
        for option in question.options:
            for key in option.sets.keys() - set(question.covers):
                (own,) = (other for other in CONTENT.questions.values() if key in other.covers)
                facts = read_findings(option.sets | {}, content=CONTENT, age_required=False) if own.ask_when else None
                assert own.not_sure, own.id
                assert facts is None or truth(own.ask_when or "", facts, CONTENT) == 2, own.id


# ---- controls: what was broken before, broken again on purpose ----------------------------------------------------


def harms(*wanted: str, roads: int = 6_000) -> bool:
    """Whether the search sees harm done to each of these findings. It stops as soon as it has."""
    found: set[str] = set()
    for road in walked(roads, 5):
        found |= {problem.split(" is ")[0].split(": ")[-1].split(" ")[0] for problem in problems_of(road)}
        if set(wanted) <= found:
            return True
    return False


def test_control_a_milder_answer_elsewhere_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first flaw of the review: the later answer took back the tick of the emergency page."""
    whole = intake._Said.merged

    def later_wins(said: intake._Said, finding: Finding) -> Any:
        return said.values[-1] if said.values and finding.kind == "choice" else whole(said, finding)

    monkeypatch.setattr(intake._Said, "merged", later_wins)
    assert harms("chest_pain")


def test_control_not_sure_reads_the_rest_of_a_list_as_no(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one: "not sure" beside a tick of another question."""
    whole = intake._Said.merged

    def named_only(said: intake._Said, finding: Finding) -> Any:
        return [*dict.fromkeys(said.values)] if said.values and finding.kind == "list" else whole(said, finding)

    monkeypatch.setattr(intake._Said, "merged", named_only)
    assert harms("worse_with", "known_conditions")


def test_control_not_sure_beside_a_lower_rung_reads_the_higher_one_as_no(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "above", lambda finding, value: frozenset())
    assert harms("arm_weakness", "vertebral_fracture_status")


def test_control_an_answer_is_dropped_with_its_question(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake._Reading, "_says_more_than_no", lambda reading, question, answer: False)
    assert harms("self_harm")


def test_control_a_detail_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "answers_after", lambda before, given, content: {**before, **given})
    assert any(list(problems_of(road)) for road in walked(1_000, 5))


def test_control_a_road_that_goes_on_after_an_emergency(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "fired_emergencies", lambda answers, content: ())
    assert any(list(stops(road)) for road in walked(20, 211))


def test_control_a_lowered_disposition_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """With "not sure" beside a tick taking the tick back, a step of the law lowers a result."""
    whole = intake._ticked_values

    def nothing_sure(question: Any, answer: Answer, key: str) -> list[Any]:
        return [] if answer.not_sure else whole(question, answer, key)

    monkeypatch.setattr(intake, "_ticked_values", nothing_sure)
    dice = random.Random(4)
    for road in walked(400, 5):
        steps = [step for step in worse_answers(road.answers, oracle.read(road.answers).asked) if step.answer.not_sure]
        before = urgency(road.answers)
        if any(urgency(made_worse(road.answers, step, dice)) < before for step in steps):
            return
    pytest.fail("no step of the law lowered a result")
