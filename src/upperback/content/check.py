"""Whether a release hangs together: keys, kinds, references, wording of rule text, placeholders, review dates.

`care/check.py` goes on from here: it runs the cases and shows that every outcome can be reached.
"""

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from upperback.content import conditions as c
from upperback.content import models
from upperback.content.conditions import parse_condition, parse_quantity, render
from upperback.content.learn import plain_text
from upperback.content.learn_check import learn_problems
from upperback.content.vocabulary import Content
from upperback.core.errors import ContentError

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")

#: Filled in elsewhere than from the service table.
_OTHER_PLACEHOLDERS = frozenset({"value"})

#: Words that frighten, blame or promise; the product never uses them to a person.
BANNED_PHRASES = (
    "bad posture",
    "worn out",
    "wear and tear",
    "crumbling",
    "slipped disc",
    "should have",
    "your spine is weak",
    "weak back",
    "you failed",
    "guarantee",
    "your clinician has been informed",
    "we are monitoring",
    "someone is watching",
)

#: Kinds a name may have in a condition.
_FLAG, _CHOICE, _LIST, _NUMBER = "flag", "choice", "list", "number"


def structural_problems(content: Content, *, today: dt.date) -> list[str]:
    """Everything wrong with the release that can be seen without deciding a case, in plain sentences."""
    unreadable = [*_doubled_keys(content), *_condition_problems(content)]
    if unreadable:
        return unreadable  # the other checks follow conditions to their findings
    checks: tuple[Callable[[Content], Iterator[str]], ...] = (
        _finding_problems,
        _parameter_problems,
        _source_problems,
        _service_problems,
        _question_problems,
        _rule_form_problems,
        _plan_reference_problems,
        _wording_problems,
        learn_problems,
    )
    problems = [problem for check in checks for problem in check(content)]
    return problems + list(_review_problems(content, today))


def conditions_of(content: Content) -> Iterator[tuple[str, str]]:
    """Every condition of the release with the place where it stands."""
    release = content.release
    for group in release.findings:
        for finding in group.findings:
            yield from _named(f"findings/{group.group} {finding.key} applies_when", finding.applies_when)
    for term in release.terms:
        for text in (term.when, *term.count):
            yield from _named(f"terms {term.id}", text)
    for rule in release.rules:
        yield f"rules/{rule.id} when", rule.when
        for within in rule.within:
            yield from _named(f"rules/{rule.id} within", within.when)
        if rule.plan:
            yield from _named(f"rules/{rule.id} plan", rule.plan.movement_when)
    for section in release.questions:
        for question in section.questions:
            yield from _named(f"questions/{section.id} {question.id} ask_when", question.ask_when)
    for message in release.messages:
        yield from _named(f"messages {message.id}", message.when)
    for caution in release.cautions:
        yield f"cautions {caution.tag} when", caution.when
        yield from _named(f"cautions {caution.tag} locks_when", caution.locks_when)
    for pattern in release.patterns:
        yield f"patterns/{pattern.id} when", pattern.when


def texts_of(item: object, place: str) -> Iterator[tuple[str, str]]:
    """Every text of a structure with its place, for checks of wording and for translation."""
    if isinstance(item, str):
        yield place, item
    elif isinstance(item, tuple):
        for index, part in enumerate(item):
            yield from texts_of(part, f"{place}/{index}")
    elif isinstance(item, dict):
        for key, part in item.items():
            yield from texts_of(part, f"{place}/{key}")
    elif isinstance(item, models.Model):
        for name in item.__struct_fields__:
            yield from texts_of(getattr(item, name), f"{place}/{name}")


def person_facing(content: Content) -> Iterator[tuple[str, str]]:
    """Every text that a person reads, with its place."""
    release = content.release
    for finding in content.findings.values():
        yield from texts_of(finding.said, f"findings/{finding.key}/said")
    for question in content.questions.values():
        for name in ("text", "text_proxy", "simpler", "help", "examples", "not_examples", "none_label"):
            yield from texts_of(getattr(question, name) or (), f"questions/{question.id}/{name}")
        for option in question.options:
            for name in ("label", "label_proxy", "hint"):
                yield from texts_of(getattr(option, name) or (), f"questions/{question.id}/{option.id}/{name}")
    for rule in release.rules:
        for name in ("because", "say", "say_proxy", "do_not", "meanwhile"):
            yield from texts_of(getattr(rule, name) or (), f"rules/{rule.id}/{name}")
    for message in release.messages:
        yield from texts_of((message.title, message.lines), f"messages/{message.id}")
    for disposition in release.dispositions:
        for name in ("title", "action", "when_text", "do_not", "comfort"):
            yield from texts_of(getattr(disposition, name), f"dispositions/{disposition.id}/{name}")
    for pattern in release.patterns:
        yield from texts_of((pattern.told, pattern.because, pattern.advice), f"patterns/{pattern.id}")
    for caution in release.cautions:
        yield from texts_of((caution.advice, caution.lock_text or ()), f"cautions/{caution.tag}")
    for exercise in release.exercises:
        names = (
            "title",
            "purpose",
            "feel",
            "steps",
            "mistakes",
            "breathing",
            "easier",
            "harder",
            "equipment_instead",
        )
        for name in names:
            yield from texts_of(getattr(exercise, name), f"exercises/{exercise.id}/{name}")
        yield f"exercises/{exercise.id}/figure/words", exercise.figure.words
    for load in release.load_rules:
        yield from texts_of((load.title, load.change_now, load.build_back), f"load_rules/{load.id}")
    for item in release.workstation:
        yield from texts_of((item.title, item.check, item.fix), f"workstation/{item.id}")
    for row in release.review:
        yield from texts_of((row.why, row.next), f"review/{row.row}")
    for dose in release.dose:
        yield from texts_of((dose.title, dose.text), f"dose/{dose.id}")
    for topic in release.learn_topics:
        yield from texts_of((topic.title, topic.summary), f"learn_topics/{topic.id}")
    for page in release.learn:
        yield from texts_of((page.title, page.summary), f"learn/{page.id}")
        if page.ask is not None:
            answers = tuple(text for answer in page.ask.answers for text in (answer.text, answer.told))
            yield from texts_of((page.ask.question, answers), f"learn/{page.id}/ask")
        for index, part in enumerate(page.parts):
            yield f"learn/{page.id}/parts/{index}", plain_text(part.html)


def _named(place: str, text: str | None) -> Iterator[tuple[str, str]]:
    if text is not None:
        yield place, text


def _doubled(part: str, keys: Iterable[object]) -> Iterator[str]:
    for key, times in Counter(keys).items():
        if times > 1:
            yield f"{part}: “{key}” stands there {times} times"


def _doubled_keys(content: Content) -> Iterator[str]:
    release = content.release
    findings = [finding.key for group in release.findings for finding in group.findings]
    names = findings + [term.id for term in release.terms]
    yield from _doubled("findings and terms", names)
    yield from _doubled("bibliography", (source.key for source in release.bibliography))
    yield from _doubled("questions", (question.id for part in release.questions for question in part.questions))
    yield from _doubled("services", (table.region for table in release.services))
    yield from _doubled("cautions", (caution.tag for caution in release.cautions))
    yield from _doubled("patterns order", (pattern.order for pattern in release.patterns))
    for part in (
        "parameters",
        "rules",
        "messages",
        "patterns",
        "exercises",
        "load_rules",
        "workstation",
        "dose",
        "learn_topics",
        "learn",
        "alarm_words",
    ):
        yield from _doubled(part, (item.id for item in getattr(release, part)))
    for group in (release.findings, release.questions):
        yield from _doubled("order", (item.order for item in group))


def _finding_problems(content: Content) -> Iterator[str]:
    for finding in content.findings.values():
        place = f"findings {finding.key}"
        spoken = {"flag": {"yes", "no"}, "number": {"value"}}.get(finding.kind, set(finding.values))
        missing = (spoken | {"unknown"}) - set(finding.said) if not _is_choice(content, finding) else set()
        if missing:
            yield f"{place}: said lacks {', '.join(sorted(missing))}"
        if (finding.kind == _NUMBER) != (finding.number is not None):
            yield f"{place}: a number needs a range, and only a number has one"
        if (finding.kind in (_CHOICE, _LIST)) != bool(finding.values):
            yield f"{place}: values belong to choices and lists, and they need them"
        steps = [value for step in finding.law.steps for value in step]
        if finding.kind == _CHOICE and finding.law.group != "context" and set(steps) != set(finding.values):
            yield f"{place}: the steps of the law have to hold every value once"
        for name in ("absent", "unknown_as"):
            if not _fits(finding, getattr(finding, name)):
                yield f"{place}: {name} is not a value of this finding"


def _is_choice(content: Content, finding: models.Finding) -> bool:
    return finding.key not in content.answerable


def _fits(finding: models.Finding, value: object) -> bool:
    if value is None:
        return True
    match finding.kind:
        case "flag":
            return isinstance(value, bool)
        case "choice":
            return value in finding.values
        case "list":
            return isinstance(value, tuple) and set(value) <= set(finding.values)
        case _:
            return value == "never" or (isinstance(value, int | float) and not isinstance(value, bool))


def _condition_problems(content: Content) -> Iterator[str]:
    for place, text in conditions_of(content):
        try:
            node = parse_condition(text)
        except ContentError as error:
            yield f"{place}: {error.message}"
            continue
        canonical = render(node)
        if canonical != " ".join(text.split()):
            yield f"{place}: write it as: {canonical}"
        for problem in _node_problems(node, content, in_rule=place.startswith("rules/")):
            yield f"{place}: {problem}"
    for term in content.release.terms:
        if sum((term.when is not None, bool(term.count), term.number is not None)) != 1:
            yield f"terms {term.id}: exactly one of when, count, number"
        if term.number is not None:
            for part in c.walk(parse_quantity(term.number)):
                for problem in _part_problems(part, content):
                    yield f"terms {term.id}: {problem}"


def _node_problems(node: c.Node, content: Content, *, in_rule: bool) -> Iterator[str]:
    counted = {
        operand.name
        for part in c.walk(node)
        if isinstance(part, c.AtLeast)
        for operand in part.operands
        if isinstance(operand, c.Flag)
    }
    for part in c.walk(node):
        if isinstance(part, c.Flag) and part.name in counted and part.name in content.terms:
            continue
        yield from _part_problems(part, content)
        if in_rule and isinstance(part, c.Answered):
            yield "answered(...) belongs to plans, not to rules"
    if in_rule:
        for key in content.keys_read(node):
            if key in content.findings and key not in content.answerable:
                yield f"a triage rule never reads the choice {key}"


def _part_problems(part: object, content: Content) -> Iterator[str]:
    match part:
        case c.Flag(name):
            term = content.terms.get(name)
            if term is None:
                yield from _kind_problem(name, _FLAG, content)
            elif term.when is None:
                yield f"{name} is not a condition by itself"
        case c.OneOf(name, values):
            yield from _value_problems(name, _CHOICE, values, content)
        case c.Contains(name, value):
            yield from _value_problems(name, _LIST, (value,), content)
        case c.NotEmpty(name):
            yield from _kind_problem(name, _LIST, content)
        case c.Answered(name) if name not in content.findings:
            yield f"there is no finding called {name}"
        case c.Number(name):
            term = content.terms.get(name)
            if term is None:
                yield from _kind_problem(name, _NUMBER, content)
            elif term.number is None:
                yield f"{name} is not a number"
        case c.Limit(id) if id not in content.parameters:
            yield f"there is no parameter {id}"


def _kind_problem(name: str, kind: str, content: Content) -> Iterator[str]:
    finding = content.findings.get(name)
    if finding is None:
        yield f"there is no finding or term called {name}"
    elif finding.kind != kind:
        yield f"{name} is a {finding.kind}, not a {kind}"


def _value_problems(name: str, kind: str, values: tuple[str, ...], content: Content) -> Iterator[str]:
    problems = list(_kind_problem(name, kind, content))
    yield from problems
    if not problems:
        for value in values:
            if value not in content.findings[name].values:
                yield f"{name} has no value {value}"


def _parameter_problems(content: Content) -> Iterator[str]:
    used = set(_limits_used(content))
    for parameter in content.release.parameters:
        if min(value.since for value in parameter.values) > content.release.info.released:
            yield f"parameters {parameter.id}: no value on the day of the release"
        yield from _doubled(f"parameters {parameter.id} since", (value.since for value in parameter.values))
    for id in used - set(content.parameters):
        yield f"there is no parameter {id}"


def _limits_used(content: Content) -> Iterator[str]:
    for rule in content.release.rules:
        for within in rule.within:
            yield within.days.removeprefix("limit.")
    for row in content.release.review:
        if row.recheck_days:
            yield row.recheck_days.removeprefix("limit.")
    for pattern in content.release.patterns:
        if pattern.start_fraction:
            yield pattern.start_fraction.removeprefix("limit.")


def _source_problems(content: Content) -> Iterator[str]:
    for name in content.release.__struct_fields__:
        for place, key in _source_keys(getattr(content.release, name), name):
            if key not in content.sources:
                yield f"{place}: there is no source {key} in the bibliography"


def _source_keys(item: object, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(item, tuple):
        for part in item:
            own = getattr(part, "id", None) or getattr(part, "key", None) or getattr(part, "tag", None)
            yield from _source_keys(part, f"{place} {own}" if own else place)
    elif isinstance(item, models.Model):
        for name in item.__struct_fields__:
            value = getattr(item, name)
            if name == "sources":
                for key in value:
                    yield place, key
            else:
                yield from _source_keys(value, place)


def _unread(service: models.Service) -> str | None:
    """A number that people dial was read somewhere, or is shown as not checked."""
    if bool(service.read_at) != (service.read_on is not None):
        return "read_at and read_on belong together"
    if service.number and service.status == "checked" and not service.read_at:
        return "a number needs the page on which it was read (read_at, read_on), or status: verify"
    return None


def _service_problems(content: Content) -> Iterator[str]:
    for table in content.release.services:
        yield from _doubled(f"services {table.region}", (service.key for service in table.services))
        yield from (f"services {table.region} {one.key}: {fault}" for one in table.services if (fault := _unread(one)))
    own = {service.key for service in content.service_table().services}
    for table in content.release.services:
        missing = own - {service.key for service in table.services}
        if missing:
            yield f"services {table.region}: lacks {', '.join(sorted(missing))}"
    for place, key in _contacts(content):
        if key not in own:
            yield f"{place}: there is no service {key}"
    for place, text in person_facing(content):
        for key in _PLACEHOLDER.findall(text):
            if key not in own | _OTHER_PLACEHOLDERS:
                yield f"{place}: there is no service {key} to fill in"


def _contacts(content: Content) -> Iterator[tuple[str, str]]:
    release = content.release
    named: list[tuple[str, tuple[str, ...]]] = [(rule.id, rule.contact) for rule in release.rules]
    named += [(item.id, item.contact) for item in release.dispositions]
    named += [(message.id, message.contact) for message in release.messages]
    for id, keys in named:
        for key in keys:
            yield f"{id} contact", key


def _question_problems(content: Content) -> Iterator[str]:
    for question in content.questions.values():
        place = f"questions {question.id}"
        yield from _doubled(f"{place} options", (option.id for option in question.options))
        for key in question.covers:
            if key not in content.answerable:
                yield f"{place}: there is no finding called {key}"
        for option in question.options:
            for key, value in option.sets.items():
                finding = content.answerable.get(key)
                if finding is None:
                    yield f"{place} {option.id}: there is no finding called {key}"
                elif not (value in finding.values if finding.kind == _LIST else _fits(finding, value)):
                    yield f"{place} {option.id}: {value} is not a value of {key}"
        if (question.kind == "number") == bool(question.options):
            yield f"{place}: a number question has no options, every other has"
        if question.kind == "many" and question.none_label is None:
            yield f"{place}: tick boxes need a “none of these”"
    asked = {key for question in content.questions.values() for key in question.covers}
    for key in content.triage_keys:
        if key not in asked:
            yield f"questions: nothing asks for {key}, which triage reads"
    yield from _said_twice(content)
    yield from _together_problems(content)


def _together_problems(content: Content) -> Iterator[str]:
    """Questions share a page only with their neighbours, and its id leads to nothing else."""
    pages = [together.id for section in content.release.questions for together in section.together]
    yield from _doubled("questions together", [*pages, *content.questions])
    for section in content.release.questions:
        order = [question.id for question in section.questions]
        yield from _doubled(
            f"questions/{section.id} together", (id for page in section.together for id in page.questions)
        )
        for page in section.together:
            first = order.index(page.questions[0]) if page.questions[0] in order else len(order)
            if tuple(order[first : first + len(page.questions)]) != page.questions:
                yield f"questions/{section.id} together {page.id}: not questions of this part that follow each other"


def _said_twice(content: Content) -> Iterator[str]:
    """Of several answers about one finding the most alarming counts; a finding without such an order is said once."""
    for finding in content.answerable.values():
        if finding.kind in (_FLAG, _LIST) or (finding.kind == _CHOICE and finding.law.group == "alarming"):
            continue
        options = [
            (q, option) for q in content.questions.values() for option in q.options if finding.key in option.sets
        ]
        asking = {q.id for q in content.questions.values() if finding.key in q.covers} | {q.id for q, _ in options}
        if len(asking) > 1 or sum(q.kind == "many" for q, _ in options) > 1:
            yield f"questions: {finding.key} may be said twice, and which answer counts is not settled"


_LEVEL_OF_LETTER = {"E": "emergency_now", "U": "urgent_same_day", "G": "gp_soon", "P": "physio_routine"}


def _rule_form_problems(content: Content) -> Iterator[str]:
    for rule in content.release.rules:
        place = f"rules/{rule.id}"
        if _LEVEL_OF_LETTER[rule.id[0]] != rule.disposition:
            yield f"{place}: the letter says {_LEVEL_OF_LETTER[rule.id[0]]}, the rule says {rule.disposition}"
        soon = rule.disposition == "gp_soon"
        if soon != bool(rule.within) or soon != (rule.plan is not None):
            yield f"{place}: gp_soon rules state within and plan, other rules state neither"
        if rule.within and (rule.within[-1].when or any(within.when is None for within in rule.within[:-1])):
            yield f"{place}: only the last entry of within has no condition"
        general = content.dispositions[rule.disposition]
        for topic in rule.in_own_words:
            own = rule.do_not if topic in general.do_not else rule.meanwhile if topic in general.comfort else None
            if own is None:
                yield f"{place}: {rule.disposition} has no line on {topic}"
            elif not own:
                yield f"{place}: says {topic} in its own words, and has none"
        kinds = {case.kind for case in rule.cases}
        for kind in ("positive", "negative", "near_miss"):
            if kind not in kinds:
                yield f"{place}: no {kind.replace('_', '-')} case"
        yield from _doubled(f"{place} cases", (case.name for case in rule.cases))


def _plan_reference_problems(content: Content) -> Iterator[str]:
    tags = set(content.cautions)
    for exercise in content.release.exercises:
        for tagged in exercise.cautions:
            if tagged.tag not in tags:
                yield f"exercises/{exercise.id}: there is no caution {tagged.tag}"
            if tagged.effect == "swap" and tagged.how is None:
                yield f"exercises/{exercise.id}: the swap for {tagged.tag} does not say how"
        for variant in exercise.easier + exercise.harder:
            if variant.exercise is not None and variant.exercise not in content.exercises:
                yield f"exercises/{exercise.id}: there is no exercise {variant.exercise}"
    for pattern in content.release.patterns:
        yield from _unknown(
            f"patterns/{pattern.id}", "exercise", pattern.movement + pattern.strength, content.exercises
        )
        yield from _unknown(f"patterns/{pattern.id}", "load rule", pattern.load_rules, content.load_rules)
        yield from _unknown(
            f"patterns/{pattern.id}", "message", pattern.messages + pattern.safety_net, content.messages
        )
        yield from _unknown(f"patterns/{pattern.id}", "caution", pattern.adds_cautions, tags)
    for caution in content.release.cautions:
        yield from _unknown(f"cautions {caution.tag}", "caution", caution.adds, tags)
    last = max(content.release.patterns, key=lambda pattern: pattern.order)
    if last.when != "always":
        yield f"patterns/{last.id}: the last pattern has to fit everybody (when: always)"


def _unknown(place: str, kind: str, keys: Iterable[str], known: Iterable[str]) -> Iterator[str]:
    for key in keys:
        if key not in known:
            yield f"{place}: there is no {kind} {key}"


def _wording_problems(content: Content) -> Iterator[str]:
    for place, text in person_facing(content):
        lowered = text.lower()
        for phrase in BANNED_PHRASES:
            if phrase in lowered:
                yield f"{place}: “{phrase}” is not a phrase we use"


def _review_problems(content: Content, today: dt.date) -> Iterator[str]:
    for rule in content.release.rules:
        if rule.review.due < today:
            yield f"rules/{rule.id}: its review was due on {rule.review.due}"
    for page in content.learn_pages.values():
        if page.review.due < today:
            yield f"learn/{page.id}: its review was due on {page.review.due}"
