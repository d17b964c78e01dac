"""Whether a release decides what it says it decides: cases, reachable outcomes, rules that never matter."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from upperback.care.triage import decide, read_findings
from upperback.care.triage.decision import ORDER, Decision
from upperback.content.check import structural_problems
from upperback.content.languages_check import LanguageReport, check_languages
from upperback.content.load import compile_release, load_release
from upperback.content.models import Case, Rule
from upperback.content.vocabulary import Content
from upperback.core.errors import ContentError, UpperbackError


@dataclass(frozen=True, slots=True)
class ContentReport:
    """What a check found. `problems` is empty when the release is whole."""

    problems: tuple[str, ...]
    release: str
    sha256: str
    status: str
    counts: dict[str, int]
    cases: dict[str, dict[str, int]]
    languages: tuple[LanguageReport, ...] = ()
    numbers_read: int = 0
    numbers_unread: tuple[str, ...] = ()

    @property
    def warnings(self) -> list[str]:
        """What does not speak against the release, and should be known: texts that show in English elsewhere."""
        return [warning for language in self.languages for warning in language.warnings]

    def record(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "release": self.release,
            "sha256": self.sha256,
            "status": self.status,
            "counts": self.counts,
            "cases": self.cases,
            "languages": {one.language: one.record() for one in self.languages},
            "numbers": {"read": self.numbers_read, "not_checked": list(self.numbers_unread)},
            "warnings": self.warnings,
            "problems": list(self.problems),
        }

    def text(self) -> str:
        """As a table for people."""
        lines = [f"Release {self.release}  ({self.status})", f"SHA-256 {self.sha256}", ""]
        lines += [f"  {count:5d}  {name.replace('_', ' ')}" for name, count in self.counts.items()]
        if self.cases:
            lines += ["", "  rules by level           rules  positive  negative  near-miss"]
            for level, row in self.cases.items():
                numbers = (row["rules"], row["positive"], row["negative"], row["near_miss"])
                lines.append(f"  {level:<22}  {numbers[0]:6d}  {numbers[1]:8d}  {numbers[2]:8d}  {numbers[3]:9d}")
        if self.numbers_read or self.numbers_unread:
            unread = f"{len(self.numbers_unread)} not checked" + (": " if self.numbers_unread else "")
            told = f"{self.numbers_read} read on a page, {unread}{', '.join(self.numbers_unread)}"
            lines += ["", f"  numbers to call: {told}"]
        for one in self.languages:
            share = 100 * one.translated // one.texts if one.texts else 0  # 100 % only where nothing is missing
            review = one.review or "no word on who looked at it"
            told = f"{one.translated} of {one.texts} texts ({share}%), {review}" if one.texts else "cannot be used"
            lines += ["", f"  {one.language}: {told}"]
        verdict = "whole" if not self.problems else f"refused: {len(self.problems)} problems"
        return "\n".join([*lines, "", f"The content is {verdict}."])


def check_release(folder: Path, *, today: dt.date) -> ContentReport:
    """Everything that can be proved about a release without people: form first, then what it decides."""
    try:
        compiled = compile_release(folder)
        load_release(folder)  # keeps the canonical form, so that the next start is quick
        content = Content(compiled)
    except ContentError as error:
        return ContentReport((error.message,), folder.name, "", "", {}, {})
    unsound = structural_problems(content, today=today)
    languages = () if unsound else tuple(check_languages(folder, content))
    problems = unsound or [*_decision_problems(content), *(line for one in languages for line in one.problems)]
    numbers = [(table.region, one) for table in content.release.services for one in table.services if one.number]
    return ContentReport(
        problems=tuple(problems),
        languages=languages,
        numbers_read=sum(1 for _, one in numbers if one.status == "checked"),
        numbers_unread=tuple(f"{region} {one.key}" for region, one in numbers if one.status != "checked"),
        release=content.release_id,
        sha256=content.sha256,
        status=f"{content.release.info.status}, not clinically approved"
        if content.release.info.status == "draft"
        else content.release.info.status,
        counts={} if unsound else _counts(content),
        cases={} if unsound else _case_table(content),
    )


def case_decision(case: Case, content: Content) -> Decision:
    """The decision for a stored case; absence means no there."""
    findings = {key: list(value) if isinstance(value, tuple) else value for key, value in case.findings.items()}
    return decide(read_findings(findings, content=content, absent="no"), content)


def _decision_problems(content: Content) -> list[str]:
    problems: list[str] = []
    reached: set[str] = set()
    for rule in content.rules.values():
        decisive = False
        for case in rule.cases:
            place = f"rules/{rule.id} case “{case.name}”"
            try:
                decision = case_decision(case, content)
            except UpperbackError as error:
                problems.append(f"{place}: {error.message}")
                continue
            reached.add(decision.disposition)
            decisive = decisive or any(state.rule.id == rule.id for state in decision.deciding)
            problems += [f"{place}: {problem}" for problem in _case_problems(rule, case, decision)]
        if not decisive:
            problems.append(f"rules/{rule.id}: no case where it decides; a more urgent rule always stands before it")
    problems += [f"no case comes out as {name}" for name in ORDER if name not in reached]
    return problems


def _case_problems(rule: Rule, case: Case, decision: Decision) -> list[str]:
    fired = [state.rule.id for state in decision.fired]
    is_open = any(state.rule.id == rule.id for state in decision.open)
    state = "fired" if rule.id in fired else "open" if is_open else "quiet"
    problems = []
    if state != case.state:
        problems.append(f"{rule.id} is {state}, the case says {case.state}")
    if case.kind == "positive" and case.state != "fired":
        problems.append("a positive case has to fire the rule")
    if case.kind != "positive" and case.state == "fired":
        problems.append(f"a {case.kind.replace('_', '-')} case must not fire the rule")
    if decision.disposition != case.disposition:
        problems.append(f"comes out as {decision.disposition} ({', '.join(fired)}), the case says {case.disposition}")
    if case.rules is not None and set(case.rules) != set(fired):
        problems.append(f"fires {', '.join(sorted(fired))}, the case says {', '.join(sorted(case.rules))}")
    return problems


def _counts(content: Content) -> dict[str, int]:
    release = content.release
    counts = {"findings": len(content.answerable), "findings_read_by_triage": len(content.triage_keys)}
    counts["questions"] = len(content.questions)
    for name in ("parameters", "terms", "rules", "messages", "cautions", "patterns", "exercises", "chains"):
        counts[name] = len(getattr(release, name))
    counts["load_rules"] = len(release.load_rules)
    counts["workstation_points"] = len(release.workstation)
    counts["review_rows"] = len(release.review)
    counts["service_tables"] = len(release.services)
    counts["sources"] = len(release.bibliography)
    counts["cases"] = sum(len(rule.cases) for rule in release.rules)
    return counts


def _case_table(content: Content) -> dict[str, dict[str, int]]:
    table: dict[str, dict[str, int]] = {}
    for level in reversed(ORDER):
        rules = [rule for rule in content.rules.values() if rule.disposition == level]
        if rules:
            kinds = Counter(case.kind for rule in rules for case in rule.cases)
            named = {kind: kinds[kind] for kind in ("positive", "negative", "near_miss")}
            table[level] = {"rules": len(rules), **named}
    return table
