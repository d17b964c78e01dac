"""Search in the pages to read: the page people mean among the first three, alarms first, whatever is typed."""

import time
from collections.abc import Callable
from pathlib import Path
from statistics import quantiles

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from upperback.content.check import structural_problems
from upperback.content.learn_search import FIRST_PAGES, LEVELS, LearnSearch, distance, stem_of, words_of
from upperback.content.load import Compiled, canonical_sha256, default_release
from upperback.content.vocabulary import Content, default_content

HERE = Path(__file__).parent
SEARCH = LearnSearch(default_content())
GOAL = 0.95


def listed(name: str, *, kept_apart: bool) -> list[tuple[str, str]]:
    """What is typed, and what has to come; every second line is kept apart from tuning."""
    lines = [line for line in (HERE / name).read_text().splitlines() if not line.startswith("#")]
    asked = [line.partition(" = ") for line in lines[kept_apart::2]]
    return [(typed, expected) for typed, _, expected in asked]


def hit_rate(search: LearnSearch, *, kept_apart: bool) -> float:
    asked = listed("learn_queries.txt", kept_apart=kept_apart)
    hits = [{page.id for page in search.find(typed).pages[:3]} & set(pages.split()) for typed, pages in asked]
    return sum(map(bool, hits)) / len(hits)


def test_the_page_that_is_meant_is_among_the_first_three(tell: Callable[[str], None]) -> None:
    tuned, kept = hit_rate(SEARCH, kept_apart=False), hit_rate(SEARCH, kept_apart=True)
    tell(f"search: page among the first three for {tuned:.1%} of questions tuned on, {kept:.1%} of those kept apart")
    assert tuned >= GOAL
    assert kept >= GOAL


def test_every_page_that_is_expected_is_there_and_no_question_stands_twice() -> None:
    asked = [*listed("learn_queries.txt", kept_apart=False), *listed("learn_queries.txt", kept_apart=True)]
    assert {page for _, pages in asked for page in pages.split()} <= set(default_content().learn_pages)
    assert len({typed for typed, _ in asked}) == len(asked) >= 200


def test_alarming_words_bring_help_first(tell: Callable[[str], None]) -> None:
    tuned = [(typed, level, SEARCH.alarm(typed)) for typed, level in listed("learn_alarms.txt", kept_apart=False)]
    kept = [(typed, level, SEARCH.alarm(typed)) for typed, level in listed("learn_alarms.txt", kept_apart=True)]
    chosen = sum(level == found for _, level, found in tuned)
    met = sum(level == found for _, level, found in kept)
    tell(f"alarms in a search: {chosen} of {len(tuned)} that words were chosen with, {met} of {len(kept)} kept apart")
    assert chosen == len(tuned)
    assert met >= GOAL * len(kept)
    for typed, _, found in (*tuned, *kept):
        if found is not None:
            assert SEARCH.find(typed).pages[0].id == FIRST_PAGES[found][0]


#: How loud words that each kind of rule is about have to be at least.
LEAST = {"E11": "crisis", "E": "emergency", "U": "today", "G": "check", "P": "check"}
#: Rules that hang on how answers come together, on age, or on questions left open: no single word leads to them.
NOT_BY_WORDS = {"U13", "U16", "U19", "G16", "P01", "P02", "P03", "P05", "P06", "P07", "P08"}
LEARN_ALARM_RULES = [
    tuple(line.split(" = ", 1)) for line in (HERE / "learn_alarm_rules.txt").read_text().splitlines() if "=" in line
]


@pytest.mark.parametrize(("rule", "typed"), LEARN_ALARM_RULES)
def test_what_a_rule_is_about_is_as_loud_as_the_rule(rule: str, typed: str) -> None:
    found = SEARCH.alarm(typed)
    assert found is not None
    assert LEVELS.index(found) <= LEVELS.index(LEAST.get(rule, LEAST[rule[0]]))
    assert SEARCH.find(typed).pages[0].id == FIRST_PAGES[found][0]


def test_every_rule_is_met_by_words_or_says_why_not() -> None:
    rules = set(default_content().rules)
    assert {rule for rule, _ in LEARN_ALARM_RULES} | NOT_BY_WORDS == rules


def test_how_long_a_search_takes_is_said(tell: Callable[[str], None]) -> None:
    asked = [typed for kept in (False, True) for typed, _ in listed("learn_queries.txt", kept_apart=kept)]
    took_ms = []
    for typed in (*asked, *(typed for typed, _ in LEARN_ALARM_RULES), "pain " * 20_000):
        began = time.perf_counter()
        assert SEARCH.find(typed).pages is not None
        took_ms.append((time.perf_counter() - began) * 1e3)
    tell(f"search: 95 of 100 take at most {quantiles(took_ms, n=20)[-1]:.1f} ms, the longest text {took_ms[-1]:.0f} ms")


def test_everyday_questions_do_not_alarm_without_need() -> None:
    """An alarm for everything would be read by nobody."""
    asked = [*listed("learn_queries.txt", kept_apart=False), *listed("learn_queries.txt", kept_apart=True)]
    found = [SEARCH.alarm(typed) for typed, _ in asked]
    assert found.count("emergency") <= 0.02 * len(asked)
    assert sum(level is not None for level in found) <= 0.2 * len(asked)


@given(st.text(max_size=400))
def test_anything_typed_gets_an_answer(typed: str) -> None:
    found = SEARCH.find(typed)
    assert len(found.pages) <= 8
    assert found == SEARCH.find(typed)


ALARMING = [typed for typed, _ in listed("learn_alarms.txt", kept_apart=False)]
MILD = ("no", "not", "never", "my", "a", "little", "since", "monday", "fine", "all", "right", "better", "safe")
WORDS = st.lists(st.sampled_from(MILD), max_size=20)


@given(WORDS, st.sampled_from(ALARMING), WORDS)
def test_nothing_typed_around_an_alarm_lowers_it(before: list[str], alarming: str, after: list[str]) -> None:
    alone = SEARCH.alarm(alarming)
    among = SEARCH.alarm(" ".join([*before, alarming, *after]))
    assert alone is not None
    assert among is not None
    assert LEVELS.index(among) <= LEVELS.index(alone)


@pytest.mark.parametrize("typed", ["a" * 100_000, "pain " * 20_000 + "chest", "🙂" * 100_000, "%_'\";--<b>" * 10_000])
def test_a_very_long_question_gets_a_calm_answer(typed: str) -> None:
    assert len(SEARCH.find(typed).pages) <= 8


def test_an_alarm_at_the_end_of_a_long_story_is_seen() -> None:
    assert SEARCH.alarm("it began on monday when i was at work " * 2_000 + "and now i cannot pee") == "emergency"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("osteoperosis", "osteoporosis"),
        ("accupuncture", "acupuncture"),
        ("fisiotherapy", "physiotherapy"),
        ("scoleosis", "scoliosis"),
    ],
)
def test_spelling_is_forgiven_and_said(typed: str, meant: str) -> None:
    found = SEARCH.find(typed)
    assert (typed, meant) in found.instead


def test_control_with_other_words_for_pages_the_rate_falls() -> None:
    """The rate comes from the index, not from the questions."""
    release = default_release().release
    pages = release.learn
    pairs = zip(pages, (*pages[1:], pages[0]), strict=True)
    moved = [msgspec.structs.replace(other, id=page.id, topic=page.topic, place=page.place) for page, other in pairs]
    changed = msgspec.structs.replace(release, learn=tuple(moved))
    assert hit_rate(LearnSearch(Content(Compiled(changed, "", ""))), kept_apart=True) < 0.3


def test_an_alarm_without_letters_is_refused() -> None:
    release = default_release().release
    entry = msgspec.structs.replace(release.alarm_words[0], words=("chest &",))
    changed = msgspec.structs.replace(release, alarm_words=(entry, *release.alarm_words[1:]))
    content = Content(Compiled(changed, canonical_sha256(changed), ""))
    problems = structural_problems(content, today=release.info.released)
    assert [problem for problem in problems if "without letters" in problem]


def test_words_and_stems_and_steps() -> None:
    assert words_of("Can’t SLEEP: café, 2 a.m.") == ["cant", "sleep", "cafe", "2", "a", "m"]
    assert {stem_of(word) for word in ("bag", "bags")} == {"bag"}
    assert {stem_of(word) for word in ("running", "runs", "run")} == {"run"}
    assert stem_of("scoliosis") == "scoliosis"
    assert [distance(*pair) for pair in (("a", "a"), ("chair", "chiar"), ("disc", "disk"), ("", "abc"))] == [0, 1, 1, 3]


@pytest.mark.parametrize("how", ["can't", "cannot", "can not", "Can’t"])
def test_what_one_cannot_do_alarms_however_it_is_written(how: str) -> None:
    assert LearnSearch(default_content()).alarm(f"Since today I {how} feel my legs") == "emergency"
    assert LearnSearch(default_content()).alarm(f"I {how} find my band") is None
