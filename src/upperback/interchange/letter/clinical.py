"""A letter for a GP or a physiotherapist: one page that can be read in a minute, and everything else behind it."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any, Final

from upperback.content.vocabulary import OPEN_EMERGENCY_RULE
from upperback.core.errors import NotAllowed
from upperback.interchange.fhir.making import MOOD, Making, own_words
from upperback.interchange.fhir.records import Check
from upperback.interchange.letter.answers import said, signs_of, words
from upperback.interchange.letter.course import charts, done, measures, own_words_of, plan_table
from upperback.interchange.letter.records import Block, Letter, Reader, Table, said_day

NO_CHECK: Final = "A letter is made from a safety check. Do it first; it takes about ten minutes."
TITLES: Final[dict[Reader, str]] = {
    "gp": "Upper back pain: a summary for the GP",
    "physiotherapist": "Upper back pain: a summary for the physiotherapist",
}
QUESTIONS: Final[dict[Reader, str]] = {
    "gp": "Could you look at this with the person, say what you think is going on and whether anything needs to be "
    "examined, and say whether the exercises are fine?",
    "physiotherapist": "Could you assess the upper back, say which exercises to keep, change or leave out, and agree "
    "the next steps with the person?",
}
#: Where the result cannot wait, nothing else is asked.
_URGENT_QUESTION: Final = (
    "Please look at the result above straight away. If the person has not had this checked yet, could you see to it "
    "that they are?"
)
_URGENT: Final = frozenset({"emergency_now", "urgent_same_day"})
_ADVISED: Final = {
    "emergency_now": "emergency help now", "urgent_same_day": "advice on the same day",
    "gp_soon": "to see the GP soon", "physio_routine": "to see a physiotherapist, not urgent",
    "self_manage": "self-management; nothing told needs a check now",
}  # fmt: skip
#: How the pain is, in the order in which a clinician asks.
_HISTORY: Final = (
    "duration_weeks", "onset", "onset_age", "trauma_days_ago", "site", "character", "pattern", "worse_with",
    "eased_by", "constant", "night_pain", "morning_stiffness_minutes", "trend", "settle_hours", "flares_past_year",
    "tried_self_management_weeks",
)  # fmt: skip


def clinical_letter(
    make: Making, reader: Reader, day: dt.date, *, question: str = "", contact: Sequence[tuple[str, str]] = ()
) -> Letter:
    """The letter as parts.

    Parameters
    ----------
    make : the person, what they chose to share, and what the reader knows them by
    question : in the person's own words; the usual one where it is empty
    contact : how the person can be reached and what they need, as names and values

    Raises
    ------
    NotAllowed : there is no finished safety check.
    """
    if not make.person.checks:
        raise NotAllowed(NO_CHECK)
    check = make.person.checks[-1]
    blocks = [_why(make, check), _signs(make, check), _history(make, check), measures(make.person)]
    blocks.append(Block(title="What was done", points=done(make)))
    if make.chosen.mood and (mood := _mood(make, check)) is not None:
        blocks.insert(3, mood)
    reached = [(name, told) for name, words_of in contact if (told := own_words(words_of))]
    return Letter(
        reader=reader, title=TITLES[reader], day=day, who=(*_who(make, check, day), *reached),
        blocks=[block for block in blocks if block is not None],
        question=own_words(question) or (_URGENT_QUESTION if check.disposition in _URGENT else QUESTIONS[reader]),
        about=f"Told by {'somebody who answers for the person' if check.is_proxy else 'the person'} and sorted by "
        f"fixed rules ({check.release}). No clinician has confirmed it and it names no diagnosis. What is missing was "
        "not told, or was not chosen to be shared.",
        appendix=list(_appendix(make, check, day)),
    )  # fmt: skip


def _who(make: Making, check: Check, day: dt.date) -> Iterator[tuple[str, str]]:
    identity = make.identity
    name = own_words(" ".join(part for part in (identity.given, identity.family) if part)) or own_words(
        make.person.name
    )
    age, sex = check.findings.get("age"), check.findings.get("sex")
    born = f"born {said_day(identity.birth_date)}" if identity.birth_date is not None else ""
    told = [born, f"age {age:g}" if isinstance(age, int | float) else "", str(sex) if sex in {"female", "male"} else ""]
    yield "Person", ", ".join(part for part in (name or "–", *told) if part)
    if identity.nhs_number:
        digits = identity.nhs_number
        yield "NHS number", f"{digits[:3]} {digits[3:6]} {digits[6:]}"
    yield "Date", said_day(day)


def _why(make: Making, check: Check) -> Block:
    within = check.record["within_days"]
    soon = f", within {within:g} days" if within and check.disposition == "gp_soon" else ""
    lines = [f"Result of the safety check on {said_day(check.decided_at.date())}: {_ADVISED[check.disposition]}{soon}."]
    if not check.complete:
        lines.append("The check stopped early, at an emergency. What comes after it was not asked.")
    fired = [rule for rule in check.record["rules"] if rule["state"] == "fired" and _is_shown(make, rule["id"])]
    points = [make.content.rules[rule["id"]].title for rule in fired if rule["id"] in make.content.rules]
    return Block(title="Why this letter", lines=lines, points=points)


def _is_shown(make: Making, id: str) -> bool:
    if id == OPEN_EMERGENCY_RULE:
        return make.chosen.mood
    rule = make.content.rules.get(id)
    return rule is not None and make.is_shown(rule.when)


def _shown_keys(make: Making) -> frozenset[str]:
    return frozenset(key for key in make.content.findings if make.shows_finding(key))


def _signs(make: Making, check: Check) -> Block:
    topics = signs_of(check.findings, check.declined, _shown_keys(make), make.content)
    told = [sign for topic in topics for sign in topic.there]
    not_known = [sign for topic in topics for sign in topic.not_known]
    points = [f"Told: {'; '.join(told)}." if told else "Told: none of the signs below."]
    points += [f"Not known: {'; '.join(not_known)}."] if not_known else []
    rows = [(topic.topic, _sentence(topic.denied)) for topic in topics if topic.denied]
    return Block(
        title="Warning signs",
        points=points,
        table=Table(columns=("Topic", "Asked and denied"), rows=rows, wide=(1, 4)) if rows else None,
    )


def _sentence(names: Sequence[str]) -> str:
    told = ", ".join(names)
    return f"{told[:1].upper()}{told[1:]}"


def _history(make: Making, check: Check) -> Block | None:
    found = [
        said(make.content.findings[key], check.findings[key])
        for key in _HISTORY
        if key in check.findings and check.findings[key] not in ([], "unknown", "never", False)
    ]
    if check.findings.get("pregnancy") in {"pregnant", "postpartum"}:
        found.insert(0, said(make.content.findings["pregnancy"], check.findings["pregnancy"]))
    return Block(title="The pain", lines=(f"{'. '.join(found)}.",)) if found else None


def _mood(make: Making, check: Check) -> Block | None:
    found = [
        f"{make.content.findings[key].title}: {words(check.findings[key])}"
        for key in ("phq4", "self_harm") if key in check.findings
    ]  # fmt: skip
    return Block(title="Mood, shared by choice", lines=(f"{'. '.join(found)}.",)) if found else None


# ---- appendix ----------------------------------------------------------------------------------------------------


def _appendix(make: Making, check: Check, day: dt.date) -> Iterator[Block]:
    yield from charts(make.person, day)
    for block in (plan_table(make), own_words_of(make.person)):
        if block is not None:
            yield block
    yield _rules(make, check)
    yield _every_answer(make, check)


def _rules(make: Making, check: Check) -> Block:
    shown = [rule for rule in check.record["rules"] if rule["state"] == "fired" and _is_shown(make, rule["id"])]
    rows: list[Sequence[Any]] = [
        (rule["id"], make.content.rules[rule["id"]].title, rule["why"])
        for rule in shown
        if rule["id"] in make.content.rules
    ]
    if not rows:
        return Block(title="Rules that decided", lines=("No rule fired that is shared here.",))
    return Block(
        title="Rules that decided, with the words the person read",
        table=Table(columns=("Rule", "Title", "Words"), rows=rows, wide=(1, 4, 9)),
    )


def _every_answer(make: Making, check: Check) -> Block:
    rows = [
        (finding.title, _value(make, key, check))
        for key, finding in make.content.answerable.items()
        if make.shows_finding(key) and key not in MOOD | {"phq4"} and (key in check.findings or key in check.declined)
    ]
    lines = (f"Given on {said_day(check.answered_at.date())}. What is not listed was not asked.",)
    return Block(
        title="Every answer of the safety check",
        lines=lines,
        table=Table(columns=("Asked", "Answer"), rows=rows, wide=(3, 2)),
    )


def _value(make: Making, key: str, check: Check) -> str:
    if key in check.declined:
        return "would rather not say"
    finding, value = make.content.findings[key], check.findings[key]
    if finding.kind == "flag" and isinstance(value, bool):
        return "yes" if value else "no"
    return said(finding, value).removeprefix(f"{finding.title}: ")
