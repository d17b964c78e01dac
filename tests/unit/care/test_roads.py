"""Every road through the questions of the release ends in a complete result, whatever is ticked or left unsure."""

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from upperback.care.intake import Answer, check_answer, next_question, page_of, read_answers, sections
from upperback.care.triage import decide, read_findings
from upperback.content.models import Question
from upperback.content.vocabulary import Content, default_content

CONTENT = default_content()

#: The emergency page, a person of any sex and age and a day without conditional questions stay below this.
PAGES_AT_MOST = 30


def quiet_answer(question: Question) -> Answer:
    """The answer of somebody with a plain sore back: nothing ticked, the first and calmest choice, small numbers."""
    if question.kind == "many":
        return Answer(none=True)
    if question.kind == "one":
        return Answer(options=(question.options[0].id,))
    return Answer(number={"age": 35, "pain_average": 4, "psfs": 7}.get(question.id, 0))


@st.composite
def any_answer(draw: st.DrawFn, question: Question) -> Answer:
    if question.not_sure and draw(st.integers(0, 9)) == 0:
        return Answer(not_sure=True)
    if question.prefer_not_to_say and draw(st.integers(0, 9)) == 0:
        return Answer(prefer_not_to_say=True)
    if question.kind == "many":
        ticked = draw(st.lists(st.sampled_from(question.options), max_size=2, unique_by=lambda option: option.id))
        return Answer(options=tuple(option.id for option in ticked), none=not ticked)
    if question.kind == "one":
        return Answer(options=(draw(st.sampled_from(question.options)).id,))
    limits = CONTENT.findings[question.covers[0]].number
    assert limits is not None
    return Answer(number=draw(st.integers(int(limits.minimum), int(limits.maximum))))


@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_every_road_is_complete(data: st.DataObject) -> None:
    answers: dict[str, Answer] = {}
    while (step := next_question(answers, CONTENT)) is not None:
        answer = data.draw(any_answer(step.question))
        if step.simpler:
            answer = msgspec.structs.replace(answer, simpler=True)
        check_answer(step.question, answer, CONTENT)
        answers[step.question.id] = answer
    intake = read_answers(answers, CONTENT)
    decision = decide(read_findings(intake.findings, content=CONTENT), CONTENT)
    assert not intake.pending
    assert decision.complete, decision.unanswered


def test_a_plain_sore_back_leads_to_self_care_without_a_word_left_open() -> None:
    answers: dict[str, Answer] = {}
    while (step := next_question(answers, CONTENT)) is not None:
        answers[step.question.id] = quiet_answer(step.question)
    decision = decide(read_findings(read_answers(answers, CONTENT).findings, content=CONTENT), CONTENT)
    assert decision.disposition == "self_manage"
    assert decision.rules == ()


def test_the_safety_check_stays_short() -> None:
    """Counted in pages that everybody sees: questions that belong together share one."""
    pages = {
        page_of(question.id, CONTENT).id
        for section in sections(CONTENT, "screen")
        for question in section.questions
        if question.ask_when is None
    }
    assert len(pages) <= PAGES_AT_MOST


def test_the_dictionary_says_who_reads_what() -> None:
    content: Content = CONTENT
    named = {key for key, finding in content.answerable.items() if finding.read_by == "triage"}
    assert named == set(content.triage_keys)
