"""Questions as form fields: what is shown, and what came back."""

from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from upperback.care import intake
from upperback.care.intake import Answer
from upperback.content.models import Question
from upperback.content.vocabulary import Content
from upperback.core.errors import InputError
from upperback.web.languages import said
from upperback.web.person.page import filled

NONE = "none"
NOT_SURE = "not_sure"
PREFER_NOT = "prefer_not_to_say"
_OFFERED_AT_MOST = 120


@dataclass(slots=True)
class Field:
    """One question as the page draws it, with what was given and what is wrong with it."""

    kind: str  # radios, checkboxes, number, scale or body_map
    name: str
    label: str
    hint: str | None
    items: list[dict[str, Any]]
    values: list[str] = field(default_factory=list)
    error: str | None = None
    none_label: str | None = None
    not_sure_label: str | None = None
    prefer_label: str | None = None
    unit: str | None = None
    low: str | None = None
    high: str | None = None
    decimal: bool = False

    @property
    def value(self) -> str | None:
        """The one value of radios, number and scale."""
        return next((value for value in self.values if value not in {NOT_SURE, PREFER_NOT}), None)

    @property
    def href(self) -> str:
        """Where the error summary leads: the first control of the field."""
        first = f"{self.name}-{self.items[0]['value']}" if self.kind == "body_map" else self.name
        return f"#{first}"


def error_line(field: Field) -> dict[str, str | None]:
    """A line of the error summary: the question, what to do, and a link to the control."""
    joint = " " if field.label.endswith(("?", ".")) else ": "
    return {"text": f"{field.label}{joint}{field.error}", "href": field.href}


def intro_of(page: intake.Page, *, proxy: bool) -> str | None:
    """The words that open a section, on the page where they belong."""
    section = page.section
    text = section.intro_proxy if proxy and section.intro_proxy else section.intro
    return filled(text) if text and page.intro_stands_here else None


def field_of(
    question: Question,
    content: Content,
    *,
    name: str,
    proxy: bool,
    simpler: bool = False,
    answer: Answer | None = None,
    posted: QueryDict | None = None,
    error: str | None = None,
) -> Field:
    """The field of a question: what was just sent, else what is stored."""
    label = question.simpler if simpler else question.text_proxy if proxy else question.text
    limits = content.findings[question.covers[0]].number if question.kind == "number" else None
    return Field(
        kind=_kind(question),
        name=name,
        label=filled(label),
        hint=_hint(question),
        items=_items(question, proxy=proxy),
        values=posted.getlist(name) if posted is not None else _stored(answer),
        error=error,
        none_label=question.none_label,
        not_sure_label=(_("We are not sure") if proxy else _("I am not sure")) if question.not_sure else None,
        prefer_label=_("I would rather not say") if question.prefer_not_to_say else None,
        unit=question.unit_label,
        low=question.low_label,
        high=question.high_label,
        decimal=limits is not None and not limits.integer,
    )


def _kind(question: Question) -> str:
    if question.kind == "number":
        return "scale" if question.low_label and question.high_label else "number"
    if question.covers == ("site",):
        return "body_map"
    return "radios" if question.kind == "one" else "checkboxes"


def _hint(question: Question) -> str | None:
    parts = [filled(question.help)] if question.help else []
    if question.examples:
        parts.append(_("For example: %(list)s") % {"list": " ".join(question.examples)})
    parts += question.not_examples
    return " ".join(parts) or None


def _items(question: Question, *, proxy: bool) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = [
        {
            "value": option.id,
            "text": option.label_proxy if proxy and option.label_proxy else option.label,
            "hint": option.hint,
        }
        for option in question.options
    ]
    if _kind(question) == "body_map" and question.none_label:
        items.append({"value": NONE, "text": question.none_label})
    if question.kind == "one" and (question.not_sure or question.prefer_not_to_say):
        items.append({"divider": _("or")})
        if question.not_sure:
            items.append({"value": NOT_SURE, "text": _("We are not sure") if proxy else _("I am not sure")})
        if question.prefer_not_to_say:
            items.append({"value": PREFER_NOT, "text": _("I would rather not say")})
    return items


def _stored(answer: Answer | None) -> list[str]:
    if answer is None:
        return []
    values = list(answer.options)
    if answer.number is not None:
        values.append(f"{answer.number:g}")
    for given, word in ((answer.none, NONE), (answer.not_sure, NOT_SURE), (answer.prefer_not_to_say, PREFER_NOT)):
        if given:
            values.append(word)
    return values


def read_answer(question: Question, posted: QueryDict, name: str, content: Content, *, simpler: bool = False) -> Answer:
    """The answer that came back. Raises InputError with a sentence for the person."""
    values = [value.strip() for value in posted.getlist(name) if value.strip()]
    words = {NOT_SURE, PREFER_NOT} | ({NONE} if question.none_label else set())
    answer = Answer(
        options=tuple(dict.fromkeys(value for value in values if value not in words))
        if question.kind != "number"
        else (),
        number=_number(question, values) if question.kind == "number" else None,
        none=NONE in values and question.none_label is not None,
        not_sure=NOT_SURE in values,
        prefer_not_to_say=PREFER_NOT in values,
        simpler=simpler,
    )
    if not values:
        raise InputError(_nothing_said(question))
    intake.check_answer(question, answer, content)
    return answer


def _nothing_said(question: Question) -> str:
    if question.kind == "many":
        return _("Tick what fits, or “%(none)s”") % {"none": question.none_label}
    if question.kind == "number":
        return _("Choose a number") if question.low_label else _("Enter a number")
    return _("Choose an answer")


def _number(question: Question, values: list[str]) -> int | float | None:
    numbers = [value for value in values if value not in {NOT_SURE, PREFER_NOT}]
    if not numbers:
        return None
    try:
        value = float(numbers[0].replace(",", ".").replace(" ", ""))
    except ValueError:
        raise InputError(_("Enter a number, for example 4")) from None
    return int(value) if value.is_integer() else value


def shown_answer(question: Question, answer: Answer | None, *, proxy: bool) -> str:
    """A stored answer in words, for the page that shows all of them."""
    if answer is None:
        return _("Not answered yet")
    labels = {
        option.id: option.label_proxy if proxy and option.label_proxy else option.label for option in question.options
    }
    parts = [labels[id] for id in answer.options if id in labels]
    if answer.number is not None:
        if question.low_label:
            parts.append(_("%(number)s out of 10") % {"number": f"{answer.number:g}"})
        else:
            unit = question.unit_label_one if answer.number == 1 else question.unit_label
            parts.append(f"{answer.number:g} {unit or ''}".strip())
    if answer.none:
        parts.append(question.none_label or _("None of these"))
    if answer.not_sure:
        parts.append(_("Not sure"))
    if answer.prefer_not_to_say:
        parts.append(_("Rather not say"))
    return "; ".join(parts)


def answer_lines(question: Question, answer: Answer, keys: set[str], *, proxy: bool) -> list[str]:
    """What an answer says about these findings, without "you" or "I": to be read out to somebody else.

    Ticks speak for themselves; where the answer alone would not ("Yes, now"), the question stands before it.
    """
    about = filled(question.summary or (question.text_proxy if proxy else question.text))
    ticked = [option for option in question.options if option.id in answer.options and keys & set(option.sets)]
    labels = [said(option.label_proxy if proxy and option.label_proxy else option.label) for option in ticked]
    open_here = answer.not_sure and bool(keys & set(question.covers))
    if question.kind == "many":
        # A label of its own means that the question says nothing the ticks do not.
        ticks = labels if question.summary or not labels else [f"{about} {'; '.join(labels)}"]
        return [*ticks, *([_("Not sure: %(about)s") % {"about": about}] if open_here else [])]
    if not (labels or open_here or (answer.number is not None and keys & set(question.covers))):
        return []
    joint = " " if about.endswith("?") else ": "
    return [f"{about}{joint}{said(shown_answer(question, answer, proxy=proxy))}"]


def says_no(answer: Answer | None) -> bool:
    """Whether the answer is "None of these" or a plain "No"."""
    return answer is not None and (answer.none or answer.options == (NONE,))


def offered_beside_none(question: Question, answer: Answer | None, *, proxy: bool) -> str | None:
    """What "None of these" said no to, as one line; None where nothing has to be told or it would be long."""
    if answer is None or not answer.none:
        return None
    offered = " · ".join(str(item["text"]) for item in _items(question, proxy=proxy) if item.get("value") != NONE)
    return offered if len(offered) <= _OFFERED_AT_MOST else None
