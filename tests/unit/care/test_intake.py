"""Answers to findings: yes, no, not sure and not asked stay apart, and an emergency stops at once."""

import json
from typing import Any

import pytest

from upperback.care import intake
from upperback.care.intake import Answer
from upperback.care.triage import decide, read_findings
from upperback.content.vocabulary import Content, default_content
from upperback.core.errors import InputError


@pytest.fixture(scope="module")
def content() -> Content:
    return default_content()


def ticked(*options: str, **more: Any) -> Answer:
    return Answer(options=options, **more)


NONE = Answer(none=True)
NOT_SURE = Answer(not_sure=True)
QUIET_EMERGENCY = {
    "emergency_chest": NONE,
    "emergency_sudden": NONE,
    "emergency_breath": NONE,
    "emergency_nerves": NONE,
}


def findings(answers: dict[str, Answer], content: Content) -> dict[str, Any]:
    return dict(intake.read_answers(answers, content).findings)


def quiet_answers(content: Content, **own: Answer) -> dict[str, Answer]:
    """A person with ordinary pain: the first answer to every question that is not overridden."""
    named = {
        "age": Answer(number=41), "sex": ticked("female"), "pregnancy": ticked("none"), "onset": ticked("gradual"),
        "trauma": ticked("none"), "pain_average": Answer(number=3), "duration": ticked("under_six"),
        "trend": ticked("improving"), "pattern": ticked("mechanical"), "constant": ticked("comes_goes"),
        "night": ticked("none"), "stiffness": ticked("none"), "flares": Answer(number=0),
        "site": ticked("between_blades"), "character": ticked("aching"), "psfs": Answer(number=7),
    } | own  # fmt: skip
    answers: dict[str, Answer] = {}
    while (step := intake.next_question(answers, content)) is not None:
        question = step.question
        answer = named.get(question.id)
        if answer is None:
            answer = NONE if question.none_label else Answer(options=(question.options[0].id,))
        if step.simpler:
            answer = Answer(options=answer.options, not_sure=True, simpler=True)
        intake.check_answer(question, answer, content)
        answers[question.id] = answer
    return answers


def test_none_of_these_is_an_answer_and_silence_is_not(content: Content) -> None:
    said = findings({"emergency_breath": NONE}, content)
    assert said["cough_blood"] is False
    assert said["breathless"] == "none"
    assert "saddle_numbness" not in said


def test_what_is_ticked_is_yes_and_the_rest_of_the_question_is_no(content: Content) -> None:
    said = findings({"emergency_breath": ticked("racing")}, content)
    assert said["fast_heartbeat"] is True
    assert said["faint"] is False


def test_not_sure_is_unknown_for_what_is_not_ticked(content: Content) -> None:
    said = findings({"emergency_breath": ticked("racing", not_sure=True)}, content)
    assert said["fast_heartbeat"] is True
    assert said["faint"] == "unknown"


def test_a_yes_is_not_taken_back_by_a_later_no(content: Content) -> None:
    said = findings({"emergency_sudden": ticked("tearing"), "character": ticked("aching")}, content)
    assert said["character"] == ["aching", "tearing"]


def test_of_equals_the_emergency_page_counts(content: Content) -> None:
    said = findings({"emergency_chest": ticked("tight"), "chest_pain": ticked("pleuritic")}, content)
    assert said["chest_pain"] == "pressure"


def test_of_several_ticks_for_one_thing_the_most_alarming_counts(content: Content) -> None:
    for question in content.questions.values():
        if question.kind == "many":
            every = Answer(options=tuple(option.id for option in reversed(question.options)))
            said = findings({question.id: every}, content)
            for key in {key for option in question.options for key in option.sets}:
                steps = content.findings[key].law.steps
                named = [option.sets[key] for option in question.options if key in option.sets]
                if steps and content.findings[key].kind == "choice" and key in said:
                    highest = max(place for place, step in enumerate(steps) if set(step) & set(named))
                    assert said[key] in steps[highest], (question.id, key)


def test_a_list_may_be_known_in_part(content: Content) -> None:
    """What is ticked is sure, and an emergency sign among the rest stays open; nobody has to choose between the two."""
    answer = ticked("aching", not_sure=True)
    intake.check_answer(content.questions["character"], answer, content)
    assert findings({"character": answer}, content)["character"] == ["aching", "unknown"]
    assert intake.asks_again(content.questions["character"], answer, content)


def test_a_stab_and_not_sure_on_the_emergency_page_stand_together(content: Content) -> None:
    answer = ticked("stab", "calf", not_sure=True)
    intake.check_answer(content.questions["emergency_breath"], answer, content)
    assert [state.rule.id for state in intake.fired_emergencies({"emergency_breath": answer}, content)] == ["E04"]


def test_not_sure_beside_a_lower_rung_leaves_the_higher_one_open(content: Content) -> None:
    """A little weak, and not sure about the rest: very weak is not ruled out. With a blood thinner that is U19."""
    answer = ticked("weak_mild", not_sure=True, simpler=True)
    assert findings({"arms": answer}, content)["arm_weakness"] == ["mild", "unknown"]
    thinner = quiet_answers(content, arms=answer, medicines=ticked("thinner"), nerves_since=ticked("longer"))
    assert _disposition(thinner, content) == "urgent_same_day"
    assert intake.asks_again(content.questions["arms"], ticked("weak_mild", not_sure=True), content)
    highest = ticked("weak_marked", not_sure=True)
    assert findings({"arms": highest}, content)["arm_weakness"] == "marked"


def test_a_healed_break_and_not_sure_may_be_a_fresh_one(content: Content) -> None:
    answer = ticked("spine_healed", "thin", "easy_break", not_sure=True, simpler=True)
    answers = quiet_answers(content, bones=answer)
    decided = decide(read_findings(intake.read_answers(answers, content).findings, content=content), content)
    assert "G15" in [state.rule.id for state in decided.open]


def test_what_is_not_asked_takes_its_absent_value(content: Content) -> None:
    said = findings({"sex": ticked("male")}, content)
    assert said["pregnancy"] == "none"
    assert "pregnancy" not in intake.read_answers({"sex": ticked("male")}, content).visible


def test_a_detail_of_what_is_not_there_counts_for_nothing(content: Content) -> None:
    answers = {"sex": ticked("male"), "age": Answer(number=30), "pregnancy": ticked("pregnant")}
    assert findings(answers, content)["pregnancy"] == "none"


def test_an_answer_is_not_taken_back_by_another_one(content: Content) -> None:
    """Thoughts of self-harm were told; then the mood answers are made milder. They stay told, and stay in view."""
    low = {id: ticked("nearly_every") for id in intake.MOOD_ITEMS}
    answers = quiet_answers(content, **low, self_harm=ticked("passive"))
    assert _disposition(answers, content) == "urgent_same_day"
    milder = intake.answers_after(answers, {id: ticked("not_at_all") for id in intake.MOOD_ITEMS}, content)
    assert _disposition(milder, content) == "urgent_same_day"
    assert "self_harm" in intake.read_answers(milder, content).visible
    unsure = milder | {"self_harm": Answer(not_sure=True, simpler=True)}
    assert _disposition(unsure, content) == "urgent_same_day"
    unsaid = milder | {"self_harm": Answer(prefer_not_to_say=True)}
    assert intake.read_answers(unsaid, content).declined == ("self_harm",)
    taken_back = milder | {"self_harm": ticked("none")}
    assert _disposition(taken_back, content) == "self_manage"
    assert "self_harm" not in intake.read_answers(taken_back, content).visible


def test_a_detail_is_asked_again_when_what_it_belongs_to_changes(content: Content) -> None:
    """A numb hand since months. Then a weak leg is added: "since months" was not said of it."""
    answers = quiet_answers(content, arms=ticked("numb_one"), nerves_since=ticked("longer"))
    after = intake.answers_after(answers, {"legs": ticked("mild")}, content)
    assert "nerves_since" not in after
    step = intake.next_question(after, content)
    assert step is not None
    assert step.question.id == "nerves_since"
    assert intake.answers_after(answers, {"legs": answers["legs"]}, content) == answers
    both = intake.answers_after(answers, {"legs": ticked("mild"), "nerves_since": ticked("two_weeks")}, content)
    assert both["nerves_since"] == ticked("two_weeks")


def test_a_detail_of_a_detail_is_asked_again_too(content: Content) -> None:
    answers = {"sex": ticked("female"), "pregnancy": ticked("pregnant"), "gestation": Answer(number=30)}
    assert intake.answers_after(answers, {"sex": ticked("other")}, content) == {"sex": ticked("other")}


def test_the_mood_sum_needs_all_four_items(content: Content) -> None:
    items = {id: ticked("several") for id in intake.MOOD_ITEMS}
    assert findings(items, content)["phq4"] == 4
    assert findings(items | {"phq4_low": Answer(prefer_not_to_say=True)}, content)["phq4"] == "unknown"
    del items["phq4_low"]
    assert "phq4" not in findings(items, content)


@pytest.mark.parametrize(("onset", "read"), [(60, "unknown"), (32, "unknown"), (31, 31), (20, 20)])
def test_an_age_at_the_start_that_is_still_to_come_closes_no_rule(onset: int, read: object, content: Content) -> None:
    long = {"age": Answer(number=31), "duration": ticked("year"), "onset_age": Answer(number=onset)}
    assert findings(long, content)["onset_age"] == read
    inflamed = long | {
        "night": ticked("second_half"), "eased_by": ticked("movement"), "stiffness": ticked("under_45"),
        "inflamed_signs": ticked("buttock", "nsaid"),
    }  # fmt: skip
    facts = read_findings(findings(inflamed, content), content=content)
    assert "G05" in [state.rule.id for state in decide(facts, content).fired]
    later = read_findings(findings(inflamed | {"age": Answer(number=61)}, content), content=content)
    assert ("G05" in [state.rule.id for state in decide(later, content).fired]) is (onset < 45)


def test_not_saying_about_self_harm_counts_as_asked_and_changes_no_result(content: Content) -> None:
    low = {id: ticked("nearly_every") for id in intake.MOOD_ITEMS}
    silent = quiet_answers(content, **low, self_harm=Answer(prefer_not_to_say=True))
    read = intake.read_answers(silent, content)
    assert read.declined == ("self_harm",)
    spoken = quiet_answers(content, **low, self_harm=ticked("none"))
    assert _disposition(silent, content) == _disposition(spoken, content)


def test_a_quiet_road_ends_complete(content: Content) -> None:
    answers = quiet_answers(content)
    decision = decide(read_findings(intake.read_answers(answers, content).findings, content=content), content)
    assert decision.complete
    assert decision.disposition == "self_manage"
    assert not intake.missing_questions(answers, content)


@pytest.mark.parametrize(
    ("question", "option", "rule"),
    [
        ("emergency_chest", "tight", "E01"),
        ("emergency_sudden", "tearing", "E03"),
        ("emergency_breath", "breath_severe", "E04"),
        ("emergency_nerves", "saddle", "E05"),
    ],
)
def test_an_emergency_stops_at_once(question: str, option: str, rule: str, content: Content) -> None:
    fired = intake.fired_emergencies({question: ticked(option)}, content)
    assert [state.rule.id for state in fired] == [rule]


def test_two_heart_signs_together_stop_at_once(content: Content) -> None:
    assert intake.fired_emergencies({"emergency_chest": ticked("spread", "sweat")}, content)
    assert not intake.fired_emergencies({"emergency_chest": ticked("spread")}, content)


def test_a_question_about_to_be_asked_is_not_a_question_left_open(content: Content) -> None:
    """Chest pressure waits for "when?"; left open it counts as now."""
    answers = QUIET_EMERGENCY | {"age": Answer(number=50), "chest_pain": ticked("pressure")}
    assert not intake.fired_emergencies(answers, content)
    assert intake.fired_emergencies(answers | {"chest_pain_when": ticked("now")}, content)
    assert not intake.fired_emergencies(answers | {"chest_pain_when": ticked("exertional_only")}, content)
    assert intake.fired_emergencies(answers | {"chest_pain_when": Answer(not_sure=True, simpler=True)}, content)


def test_a_strain_may_still_explain_a_sudden_start(content: Content) -> None:
    answers = QUIET_EMERGENCY | {"emergency_sudden": ticked("first_minute"), "pain_average": Answer(number=8)}
    assert not intake.fired_emergencies(answers, content)
    assert intake.fired_emergencies(answers | {"trauma": ticked("none")}, content)
    strained = answers | {"trauma": ticked("strain"), "trauma_days": Answer(number=0)}
    assert not intake.fired_emergencies(strained | {"pattern": ticked("mechanical")}, content)
    assert intake.fired_emergencies(strained | {"pattern": ticked("non_mechanical")}, content)


def test_not_sure_is_asked_once_more_where_an_emergency_hangs_on_it(content: Content) -> None:
    answers = {"emergency_chest": NOT_SURE}
    answers |= {id: NONE for id in QUIET_EMERGENCY if id not in answers}
    step = intake.next_question(answers, content)
    assert step is not None
    assert (step.question.id, step.simpler) == ("emergency_chest", True)
    answers["emergency_chest"] = Answer(not_sure=True, simpler=True)
    step = intake.next_question(answers, content)
    assert step is not None
    assert step.question.id != "emergency_chest"


def test_not_sure_is_not_asked_twice_where_no_emergency_hangs_on_it(content: Content) -> None:
    assert not intake.asks_again(content.questions["stiffness"], NOT_SURE, content)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("age", Answer()),
        ("age", Answer(number=-1)),
        ("age", Answer(number=40.5)),
        ("age", NOT_SURE),
        ("age", ticked("none")),
        ("sex", ticked("female", "male")),
        ("sex", ticked("purple")),
        ("emergency_breath", ticked("racing", none=True)),
        ("emergency_breath", Answer(none=True, not_sure=True)),
        ("emergency_breath", Answer(prefer_not_to_say=True)),
        ("trend", Answer(number=3)),
    ],
)
def test_answers_that_are_not_offered_are_refused(question: str, answer: Answer, content: Content) -> None:
    with pytest.raises(InputError):
        intake.check_answer(content.questions[question], answer, content)


def test_answers_survive_storage(content: Content) -> None:
    answers = quiet_answers(content)
    plain = {id: intake.to_plain(answer) for id, answer in answers.items()}
    assert intake.from_plain(plain) == answers
    assert json.loads(json.dumps(plain)) == plain


def _disposition(answers: dict[str, Answer], content: Content) -> str:
    return decide(read_findings(intake.read_answers(answers, content).findings, content=content), content).disposition


def test_a_tick_and_not_sure_elsewhere_leave_the_rest_unknown() -> None:
    """A stab on breathing in was ticked on the first page; "not sure" about the rest later never reads as no."""
    answers = {
        "emergency_breath": Answer(options=(breath_stab(),)),
        "worse_with": Answer(not_sure=True),
    }
    findings = intake.read_answers(answers, default_content()).findings
    assert findings["worse_with"] == ["deep_breath", "unknown"]


def breath_stab() -> str:
    question = default_content().questions["emergency_breath"]
    return next(option.id for option in question.options if "worse_with" in option.sets)


def test_a_tick_added_on_the_emergency_page_stands_against_a_milder_answer_elsewhere() -> None:
    """Somebody goes back from "check your answers" and ticks a tight chest: the later "no chest pain" does not win."""
    question = default_content().questions["emergency_chest"]
    tight = next(option.id for option in question.options if "chest_pain" in option.sets)
    answers = {"emergency_chest": Answer(options=(tight,)), "chest_pain": Answer(options=("none",))}
    assert intake.read_answers(answers, default_content()).findings["chest_pain"] == "pressure"
    assert [state.rule.id for state in intake.fired_emergencies(answers, default_content())] == ["E01"]


def test_no_two_questions_of_a_page_read_the_same(content: Content) -> None:
    pages = [
        tuple(content.questions[id] for id in page.questions)
        for one in content.release.questions
        for page in one.together
    ]
    assert any(len(page) > 1 for page in pages)
    for page in pages:
        for words in ([question.text for question in page], [question.text_proxy for question in page]):
            assert len(set(words)) == len(words)


def test_time_windows_stand_at_the_answer_they_belong_to(content: Content) -> None:
    """Pressure counts now or in the last 12 hours (E01); pain into the arm and sweat count whenever they came (E02)."""
    chest = content.questions["emergency_chest"]
    assert "hours" not in chest.text
    assert {option.id for option in chest.options if "hours" in option.label} == {"tight"}


def test_of_several_nerve_changes_the_newest_is_asked_for(content: Content) -> None:
    """An arm that tingled for a year and legs that are weak since last week are new weakness of the legs (E06)."""
    assert "newest" in content.questions["nerves_since"].text
    arm = {"arms": ticked("numb_one"), "nerves_since": ticked("longer")}
    legs = arm | {"legs": ticked("mild"), "nerves_since": ticked("two_weeks")}
    assert fired(quiet_answers(content, **arm), content).isdisjoint({"E06", "U08", "G10"})
    assert "E06" in fired(quiet_answers(content, **legs), content)


def fired(answers: dict[str, Answer], content: Content) -> set[str]:
    return {
        state.rule.id for state in decide(read_findings(findings(answers, content), content=content), content).fired
    }
