"""Whether the pages to read lead somewhere, and whether what reassures waits for the safety check.

Reassurance cannot be told from a word list for certain. The list is a tripwire: it stops the phrases that pages of this
kind reassure with, and the sentences that offer something to try, wherever they stand outside a stretch that waits.
"""

import re
from collections.abc import Iterator
from typing import Final

from upperback.content import models
from upperback.content.learn import links_of, plain_text
from upperback.content.learn_search import FIRST_PAGES
from upperback.content.vocabulary import Content

#: Phrases that say all is well, or will be.
REASSURING: Final = re.compile(
    r"\b("
    r"safe|harmless|unharmed|dangerous|serious|sinister|worrying|(not|never|to|needn't) worry|fine|normal|"
    r"(most|un)likely|rare|rarely|strong|robust|sturdy|touchy|grey hair|check is clear|"
    r"settle[sd]?|settling|heal(s|ed|ing)?|recover(s|ed|y)?|improv(e|es|ed|ing)|wears? off|passes|go(es)? away|"
    r"(get|gets|got|getting) better|eases? (by|off|over|in|with)|by themselves|"
    r"most (people|backs|of it|of these|pain|upper|cases|spells|times)|mostly|usually|nearly always|hardly ever|"
    r"nothing (is )?wrong|no harm|not (do |mean |be )?harm\w*|does not mean|do not need|not needed|and no pain|"
    r"no (reason|cause|need|alarm)|all right|good news|common kind|(is|are) good for|warmth|helps? your|"
    r"(if|what|as) you like|(calm|quieten)s? (it|the|things|down)"
    r")\b",
    re.IGNORECASE,
)

#: Sentences that begin so offer something to try.
TRYING: Final = re.compile(
    r"^("
    r"move|keep (moving|going|active)|try|stretch|walk|lift|breathe|change|stand|sit|start|build|use|carry|rest|"
    r"train|practise|swap|leave|add|turn|lower|kneel|hug|raise|split|bring|hold|vary|put|set|wear it for|"
    r"go (back|gently|to bed)|begin (with|by)|take (a |short |regular |more )|do (about|as|a|the|some|your|it|this)"
    r")\b",
    re.IGNORECASE,
)

_ABOUT_THE_CHECK: Final = re.compile(r"(do the )?safety check", re.IGNORECASE)
_SENTENCES: Final = re.compile(r"(?<=[.?!:]) ")


def learn_problems(content: Content) -> Iterator[str]:
    """Everything wrong with the pages to read, in plain sentences."""
    topics = {topic.id for topic in content.release.learn_topics}
    pages = content.learn_pages
    taken: dict[tuple[str, int], str] = {}
    for page in pages.values():
        yield from _reference_problems(page, content)
        yield from reassuring_problems(page)
        if page.topic not in topics:
            yield f"learn/{page.id}: there is no topic {page.topic}"
        other = taken.setdefault((page.topic, page.place), page.id)
        if other != page.id:
            yield f"learn/{page.id}: place {page.place} of {page.topic} is taken by {other}"
    for topic in topics - {page.topic for page in pages.values()}:
        yield f"learn_topics {topic}: no page belongs to it"
    for level, ids in FIRST_PAGES.items():
        for id in ids:
            if id not in pages:
                yield f"learn: there is no page {id}, which comes first at the alarm {level}"
        if not any(entry.level == level for entry in content.release.alarm_words):
            yield f"alarm_words: no words for {level}"
    for entry in content.release.alarm_words:
        for phrase in entry.words:
            if not all(re.search(r"[A-Za-z0-9]", part) for part in phrase.split()):
                yield f"alarm_words {entry.id}: “{phrase}” holds a part without letters"


def reassuring_problems(page: models.LearnPage) -> Iterator[str]:
    """Words that reassure, or offer something to try, where anybody reads them."""
    open_to_all = [page.title, page.summary, *(plain_text(part.html) for part in page.parts if not part.waits)]
    for sentence in (part for text in open_to_all for part in _SENTENCES.split(text)):
        told = _ABOUT_THE_CHECK.sub("check", sentence)
        if told.endswith("?"):  # a question promises nothing
            continue
        if REASSURING.search(told) or TRYING.search(told):
            yield f"learn/{page.id}: “{sentence}” may reassure or offer something to try: let it wait"


def _reference_problems(page: models.LearnPage, content: Content) -> Iterator[str]:
    place = f"learn/{page.id}"
    linked = [id for part in page.parts for id in links_of(part.html)]
    for kind, keys, known in (
        ("page", [*page.next, *linked], set(content.learn_pages)),
        ("exercise", page.exercises, set(content.exercises)),
        ("pattern", page.patterns, set(content.patterns)),
        ("rule", page.rules, set(content.rules)),
        ("load rule", page.load_rules, set(content.load_rules)),
        ("caution", page.cautions, set(content.cautions)),
    ):
        for key in keys:
            if key not in known:
                yield f"{place}: there is no {kind} {key}"
    if page.ask is not None and sum(answer.right for answer in page.ask.answers) != 1:
        yield f"{place}: of the answers to its question, one is right"
    if page.id in page.next:
        yield f"{place}: leads on to itself"
