"""The answers of a safety check in the words of a clinician: what is there, what was denied, what is not known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from upperback.content.models import Finding
from upperback.content.vocabulary import Content

#: Groups of findings that are about how the pain is, not about signs of something else.
_DESCRIBES: Final = frozenset({"person", "pain", "mind", "everyday_life", "exercise_cautions", "choices", "review"})
_UNITS: Final = {
    "wk": "weeks",
    "d": "days",
    "h": "hours",
    "min": "minutes",
    "a": "years",
    "{score}": "out of 10",
    "1": "",
}
_UNKNOWN: Final = "unknown"
#: How the pain went on, and what was tried: told elsewhere.
_NO_SIGNS: Final = frozenset({"onset_age", "tried_self_management_weeks", "adherence"})
#: Where the title is that of a question, and not of a sign.
_DENIED: Final = {"gait": "limping or unsteady walking", "trauma": "injury or strain", "cough_weeks": "a cough"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """The answers on one topic, each as a short name or a name with its value."""

    topic: str
    there: Sequence[str]
    denied: Sequence[str]
    not_known: Sequence[str]


def signs_of(
    findings: Mapping[str, Any], declined: Sequence[str], shown: frozenset[str], content: Content
) -> list[Signs]:
    """What was asked on warning signs, topic by topic. What was not asked is not there."""
    found = []
    for group in sorted(content.release.findings, key=lambda group: group.order):
        if group.group in _DESCRIBES:
            continue
        there, denied, not_known = [], [], []
        for finding in group.findings:
            if (
                finding.key in _NO_SIGNS
                or finding.key not in shown
                or (finding.key not in findings and finding.key not in declined)
            ):
                continue
            value = findings.get(finding.key, _UNKNOWN)
            if value == _UNKNOWN or finding.key in declined:
                not_known.append(short(finding))
            elif is_quiet(finding, value):
                denied.append(short(finding))
            else:
                there.append(said(finding, value))
        if there or denied or not_known:
            found.append(Signs(topic=group.title, there=there, denied=denied, not_known=not_known))
    return found


def is_quiet(finding: Finding, value: Any) -> bool:
    """Whether this answer is the one that nothing of it is there."""
    if finding.kind == "list":
        return not value
    return value is False or value == finding.absent or value in {"none", "never"}


def said(finding: Finding, value: Any) -> str:
    """A finding with its value, as a clinician would note it."""
    if value == _UNKNOWN:
        return f"{finding.title}: not known"
    match finding.kind:
        case "flag":
            return finding.title if value else f"{finding.title}: no"
        case "list":
            return f"{finding.title}: {', '.join(words(one) for one in value) or 'none'}"
        case "number" if value != "never":
            return f"{finding.title}: {amount(finding, value)}"
        case _:
            return f"{finding.title}: {words(value)}"


def amount(finding: Finding, value: float) -> str:
    """A number with its unit."""
    unit = _UNITS.get(finding.number.unit, finding.number.unit) if finding.number is not None else ""
    return f"{value:g} {unit}".strip()


def words(value: object) -> str:
    """A value of a finding as words."""
    return {True: "yes", False: "no"}.get(value, "") if isinstance(value, bool) else str(value).replace("_", " ")


def short(finding: Finding) -> str:
    """A title inside a sentence: it begins small, but for names such as PHQ-4."""
    title = _DENIED.get(finding.key, finding.title)
    return title if title[1:2].isupper() or title[1:2] == "-" else title[:1].lower() + title[1:]
