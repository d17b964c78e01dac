"""Search in German: the page people mean among the first three, alarms first, English alarms as loud as ever."""

import time
from collections.abc import Callable
from pathlib import Path
from statistics import quantiles

import msgspec
import pytest

from upperback.content.catalogue import read_folder
from upperback.content.languages_check import check_languages
from upperback.content.learn_search import FIRST_PAGES, LEVELS, LearnSearch
from upperback.content.load import content_folder
from upperback.content.search_words import SearchLanguage, search_languages, search_problems
from upperback.content.vocabulary import default_content
from upperback.content.wording import translations_of
from upperback.core.errors import ContentError
from upperback.services import messages

HERE = Path(__file__).parent
CONTENT = default_content()
(GERMAN,) = search_languages(content_folder())
TRANSLATED = translations_of(list(read_folder(content_folder() / "languages" / "de").entries))
GOAL = 0.95


def said(text: str) -> str:
    return TRANSLATED.get(text, text)


SEARCH = LearnSearch(CONTENT, languages=(GERMAN,), read_in=GERMAN, said=said)
ENGLISH = LearnSearch(CONTENT)


def listed(name: str) -> list[tuple[str, str]]:
    lines = (line.partition(" = ") for line in (HERE / name).read_text(encoding="utf-8").splitlines())
    return [(typed, expected) for typed, mark, expected in lines if mark]


QUERIES, ALARMS = listed("learn_queries_de.txt"), listed("learn_alarms_de.txt")
RULES, ENGLISH_RULES = listed("learn_alarm_rules_de.txt"), listed("learn_alarm_rules.txt")


def hit_rate(search: LearnSearch, asked: list[tuple[str, str]]) -> float:
    return sum(bool({page.id for page in search.find(typed).pages[:3]} & set(ids.split())) for typed, ids in asked) / (
        len(asked)
    )


def test_the_page_that_is_meant_is_among_the_first_three(tell: Callable[[str], None]) -> None:
    tuned, kept = hit_rate(SEARCH, QUERIES[::2]), hit_rate(SEARCH, QUERIES[1::2])
    tell(f"German search: page among the first three for {tuned:.1%} tuned on, {kept:.1%} of those kept apart")
    assert len(QUERIES) >= 60
    assert {id for _, ids in QUERIES for id in ids.split()} <= set(CONTENT.learn_pages)
    assert min(tuned, kept) >= GOAL


def test_control_the_english_search_does_not_know_german() -> None:
    assert hit_rate(ENGLISH, QUERIES) < 0.5


def test_alarming_words_bring_help_first(tell: Callable[[str], None]) -> None:
    met = [sum(SEARCH.alarm(typed) == level for typed, level in half) for half in (ALARMS[::2], ALARMS[1::2])]
    tell(f"German alarms: {met[0]} of {len(ALARMS[::2])} tuned on, {met[1]} of {len(ALARMS[1::2])} kept apart")
    assert met[0] == len(ALARMS[::2])
    assert met[1] >= GOAL * len(ALARMS[1::2])
    for typed, _ in ALARMS:
        alarm = SEARCH.alarm(typed)
        assert alarm is not None
        assert SEARCH.find(typed).pages[0].id == FIRST_PAGES[alarm][0]


#: How loud words that each kind of rule is about have to be at least.
LEAST = {"E11": "crisis", "E": "emergency", "U": "today", "G": "check", "P": "check"}


@pytest.mark.parametrize(("rule", "typed"), RULES)
def test_what_a_rule_is_about_is_as_loud_as_the_rule(rule: str, typed: str) -> None:
    found = SEARCH.alarm(typed)
    assert found is not None
    assert LEVELS.index(found) <= LEVELS.index(LEAST.get(rule, LEAST[rule[0]]))


def test_every_rule_that_english_words_meet_is_met_by_german_ones() -> None:
    assert {rule for rule, _ in RULES} == {rule for rule, _ in ENGLISH_RULES}


def test_every_alarm_and_every_page_has_german_words() -> None:
    assert list(search_problems(GERMAN, CONTENT)) == []
    alarms = dict(GERMAN.words.alarms)
    alarms["unknown"] = alarms.pop("heart")
    other = SearchLanguage("de", msgspec.structs.replace(GERMAN.words, alarms=alarms))
    problems = list(search_problems(other, CONTENT))
    assert any("there is no alarm unknown" in problem for problem in problems)
    assert any("no words for the alarm heart" in problem for problem in problems)


def test_english_alarms_are_as_loud_for_a_german_reader() -> None:
    asked = [typed for typed, _ in listed("learn_alarms.txt")] + [typed for _, typed in ENGLISH_RULES]
    for typed in asked:
        alone, here = ENGLISH.alarm(typed), SEARCH.alarm(typed)
        assert alone is None or (here is not None and LEVELS.index(here) <= LEVELS.index(alone)), typed


def test_german_alarms_count_on_english_pages_and_in_messages_to_a_clinic() -> None:
    either = LearnSearch(CONTENT, languages=(GERMAN,))
    for typed, _ in ALARMS:
        assert either.alarm(typed) == messages._search().alarm(typed) is not None, typed


def test_everyday_questions_do_not_alarm_without_need() -> None:
    english = [typed for typed, _ in listed("learn_queries.txt")]
    for search, asked in (
        (SEARCH, [typed for typed, _ in QUERIES]),
        (LearnSearch(CONTENT, languages=[GERMAN]), english),
    ):
        found = [search.alarm(typed) for typed in asked]
        assert found.count("emergency") <= 0.02 * len(asked)
        assert sum(level is not None for level in found) <= 0.2 * len(asked)


@pytest.mark.parametrize("typed", ["Rückgrat krumm", "rueckgrat krumm", "Ruckgrat krumm"])
def test_letters_may_be_written_in_every_way(typed: str) -> None:
    assert "posture" in {page.id for page in SEARCH.find(typed).pages}


def test_spelling_is_forgiven_and_told_as_it_is_written() -> None:
    assert ("Akupunktor", "Akupunktur") in [(typed, meant) for typed, meant in SEARCH.find("Akupunktor").instead] or (
        "akupunktor", "Akupunktur"
    ) in SEARCH.find("Akupunktor").instead  # fmt: skip


def test_how_long_a_search_takes_is_said(tell: Callable[[str], None]) -> None:
    took_ms = []
    for typed in (*(typed for typed, _ in QUERIES), *(typed for _, typed in RULES), "Schmerzen " * 20_000):
        began = time.perf_counter()
        assert SEARCH.find(typed).pages is not None
        took_ms.append((time.perf_counter() - began) * 1e3)
    tell(f"German search: 95 of 100 take at most {quantiles(took_ms, n=20)[-1]:.1f} ms, longest {took_ms[-1]:.0f} ms")


def test_words_that_cannot_be_read_are_a_problem_of_the_release(tmp_path: Path) -> None:
    folder = tmp_path / "languages" / "de"
    folder.mkdir(parents=True)
    (folder / "search.yaml").write_text("spelled: {}\nstop_words: 3\n", encoding="utf-8")
    with pytest.raises(ContentError, match=r"languages/de/search\.yaml"):
        search_languages(tmp_path)
    (report,) = check_languages(tmp_path, CONTENT)
    assert any("search.yaml" in problem for problem in report.problems)
