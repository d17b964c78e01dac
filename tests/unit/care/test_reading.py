"""The page of the day: from the plan alone, one a day at most, with its reason."""

from hypothesis import given
from hypothesis import strategies as st

from upperback.care.reading import PlanFacts, Suggested, Told, for_today, reading_order
from upperback.content.vocabulary import default_content

CONTENT = default_content()

PLANS = st.builds(
    PlanFacts,
    pattern=st.none() | st.sampled_from(sorted(CONTENT.patterns)),
    phase=st.sampled_from(["CALM", "BUILD-light", "BUILD"]),
    load_rules=st.lists(st.sampled_from(sorted(CONTENT.load_rules)), unique=True, max_size=5).map(tuple),
    cautions=st.lists(st.sampled_from(sorted(CONTENT.cautions)), unique=True, max_size=5).map(tuple),
)


@given(PLANS)
def test_each_page_has_one_day_and_a_reason_that_holds(facts: PlanFacts) -> None:
    order = reading_order(facts, CONTENT)
    assert len({item.page.id for item in order}) == len(order)
    assert [for_today(facts, day=day, content=CONTENT) for day in range(len(order))] == list(order)
    for item in order:
        page = item.page
        holds = {
            "everybody": page.everybody,
            "pattern": facts.pattern in page.patterns,
            "phase": facts.phase in page.phases,
            "task": bool(set(facts.load_rules) & set(page.load_rules)),
            "caution": bool(set(facts.cautions) & set(page.cautions)),
        }
        assert holds[item.because]


@given(PLANS)
def test_the_signs_come_first_and_every_reason_has_a_page(facts: PlanFacts) -> None:
    order = reading_order(facts, CONTENT)
    assert order[0].page.id == "when-to-get-help"
    pages = CONTENT.learn_pages.values()
    fit = {page.id for page in pages if facts.pattern in page.patterns or facts.phase in page.phases}
    assert fit <= {item.page.id for item in order}


def test_before_the_plan_and_after_the_last_page_there_is_none() -> None:
    facts = PlanFacts(pattern="C02", phase="CALM", load_rules=("LM-SIT",), cautions=())
    assert for_today(facts, day=-1, content=CONTENT) is None
    assert for_today(facts, day=len(reading_order(facts, CONTENT)), content=CONTENT) is None


def test_somebody_at_a_desk_reads_of_the_desk_in_the_first_days() -> None:
    facts = PlanFacts(pattern="C02", phase="BUILD", load_rules=("LM-SIT", "LM-PHONE"), cautions=())
    first = [item.page.id for item in reading_order(facts, CONTENT)[:8]]
    assert {"desk", "breaks"} & set(first)


def test_every_pattern_and_task_has_a_page_to_read() -> None:
    pages = CONTENT.learn_pages.values()
    assert {id for page in pages for id in page.patterns} == set(CONTENT.patterns)
    assert {id for page in pages for id in page.load_rules} == set(CONTENT.load_rules)


SAID = st.lists(
    st.builds(
        Told, st.integers(0, 12), st.sampled_from(sorted(CONTENT.learn_pages)), st.sampled_from(["more", "known"])
    ),
    max_size=6,
)


def days_of(facts: PlanFacts, said: list[Told], days: int = 14) -> list[Suggested | None]:
    return [for_today(facts, day=day, content=CONTENT, told=said) for day in range(days)]


@given(PLANS, SAID)
def test_what_is_pressed_brings_no_page_twice_and_none_that_is_known(facts: PlanFacts, said: list[Told]) -> None:
    offered = days_of(facts, said)
    ids = [item.page.id for item in offered if item]
    assert len(set(ids)) == len(ids)
    for day, item in enumerate(offered):
        known = {one.page for one in said if one.wanted == "known" and one.day < day}
        assert item is None or item.page.id not in known


@given(PLANS, SAID, st.integers(0, 12))
def test_what_is_pressed_today_changes_tomorrow_and_never_today(facts: PlanFacts, said: list[Told], day: int) -> None:
    before = [one for one in said if one.day < day]
    assert days_of(facts, before)[: day + 1] == days_of(facts, [*before, Told(day, "posture", "more")])[: day + 1]


def test_more_of_a_page_leads_on_the_next_day_and_says_why() -> None:
    facts = PlanFacts(pattern="C02", phase="CALM", load_rules=("LM-SIT",), cautions=())
    first = for_today(facts, day=1, content=CONTENT, told=[Told(0, "sleep", "more")])
    assert first is not None
    assert (first.page.id, first.because, first.about) == (CONTENT.learn_pages["sleep"].next[0], "asked", "Sleep")
    assert first != for_today(facts, day=1, content=CONTENT)
