"""A FHIR R4 bundle from outside: observations and a plan of one person, whole or not at all.

Everything is checked before anything is handed on: size and number of entries first, then each resource that is taken,
then every reference to a person anywhere in it. What is refused is refused in one sentence that says where. Kinds of
resource that are not taken are counted, and checked for other people all the same. Nothing in it is ever an address to
be fetched, and a narrative is not read.
"""

import datetime as dt
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Final

import msgspec

from upperback.care.diary import OBSERVED_WORDS_MOST, SHORT_WORDS_MOST, Coded, Observed, ObservedPart, ObservedValue
from upperback.core.errors import InputError, quoted
from upperback.interchange.fhir import codes
from upperback.interchange.strict_json import parse_object

BYTES_MOST: Final = 24 << 20
ENTRIES_MOST: Final = 20_000
OBSERVATIONS_MOST: Final = 10_000
_DEPTH_MOST: Final = 60
_NOTES_MOST: Final = 40

_BUNDLES: Final = ("document", "transaction", "collection")
_STATES: Final = ("final", "amended", "corrected")
#: Plans that stand; earlier ones in the same file are history.
_LIVE: Final = ("active", "on-hold", "draft")
_MOOD_CODES: Final = frozenset(
    str(code.code) for code in (codes.PHQ4_PANEL, codes.PHQ4_TOTAL, codes.PHQ2_TOTAL, *codes.PHQ4_ITEMS.values())
)
_EXERCISE: Final = "exercise."
_DOSE_MOST: Final = {"sets": 10, "repetitions": 50}
_DOSE: Final = f"{codes.BASE}/StructureDefinition/dose-"
#: Every element that R4 gives an Observation; those with a modifier or about something else are refused by name.
_OF_OBSERVATION: Final = frozenset(
    {
        "resourceType", "id", "meta", "language", "text", "contained", "extension", "identifier", "basedOn",
        "partOf", "status", "category", "code", "subject", "encounter", "effectiveDateTime", "effectivePeriod",
        "effectiveInstant", "issued", "performer", "valueQuantity", "valueCodeableConcept", "valueString",
        "valueBoolean", "valueInteger", "interpretation", "note", "bodySite", "method", "specimen", "device",
        "referenceRange", "hasMember", "derivedFrom", "component",
    }
)  # fmt: skip
_OF_COMPONENT: Final = frozenset(
    {
        "id", "extension", "code", "valueQuantity", "valueCodeableConcept", "valueString", "valueBoolean",
        "valueInteger", "interpretation", "referenceRange",
    }
)  # fmt: skip
_OF_RESPONSE: Final = frozenset(
    {
        "resourceType", "id", "meta", "language", "text", "contained", "extension", "identifier", "basedOn", "partOf",
        "questionnaire", "status", "subject", "encounter", "authored", "author", "source", "item",
    }
)  # fmt: skip
_OF_ITEM: Final = frozenset({"id", "extension", "linkId", "definition", "text", "answer"})
_ANSWERS: Final = tuple({f"value{kind}"} for kind in ("Coding", "Decimal", "Date", "Integer", "String", "Boolean"))
_FORM_NAME_MOST: Final = 120
_OUR_FORM: Final = f"{codes.BASE}/Questionnaire/"
_VALUES: Final = ("valueQuantity", "valueCodeableConcept", "valueString", "valueBoolean", "valueInteger")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d\Z")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)\Z")
_KIND: Final = re.compile(r"[A-Z][A-Za-z]{1,40}\Z")
_PERSON: Final = re.compile(r"(^|/)Patient(/|\?|$)")

SEVERAL: Final = "it is about more than one person"
OTHER: Final = "it names another person"


class WantedExercise(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An exercise of a plan from outside; without a dose where none was given that is whole."""

    id: Annotated[str, msgspec.Meta(max_length=40)]
    sets: int | None = None
    reps: int | None = None


class WantedPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The one plan in a file that stands.

    Attributes
    ----------
    also : what it says beside exercises that are known here, in its words
    """

    exercises: Annotated[tuple[WantedExercise, ...], msgspec.Meta(max_length=40)]
    also: Annotated[tuple[Annotated[str, msgspec.Meta(max_length=200)], ...], msgspec.Meta(max_length=_NOTES_MOST)] = ()


class Incoming(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a bundle brings.

    Attributes
    ----------
    person : the name it gives the person, with the day of birth; empty where it gives none
    patient : the id under which it speaks of the person
    source : who made it, as it says
    others : how many resources of each kind were not taken
    """

    person: Annotated[str, msgspec.Meta(max_length=200)]
    patient: Annotated[str, msgspec.Meta(max_length=200)]
    source: Annotated[str, msgspec.Meta(max_length=SHORT_WORDS_MOST)]
    observations: Annotated[tuple[Observed, ...], msgspec.Meta(max_length=OBSERVATIONS_MOST)]
    plan: WantedPlan | None
    others: dict[str, int]


class _Count(msgspec.Struct):
    entry: list[msgspec.Raw] = msgspec.field(default_factory=list)


def read_bundle(data: bytes) -> Incoming:
    """A whole bundle, proved.

    Raises
    ------
    InputError : one sentence that names the entry.
    """
    bundle = _opened(data)
    resources = [(f"entry {number}", entry) for number, entry in enumerate(_entries(bundle), 1)]
    patients = [one for _, one in resources if one["resourceType"] == "Patient"]
    if len(patients) > 1:
        raise InputError(SEVERAL)
    names = _names_of_person(bundle, patients)
    for place, one in resources:
        _check_person(one, names, f"{place} ({one['resourceType']})")
    observations, plans, others = [], [], Counter[str]()
    source = _source(bundle, resources)
    for place, one in resources:
        match one["resourceType"]:
            case "Observation":
                observations.append(_observation(one, f"{place} (Observation)", source))
            case "QuestionnaireResponse" if _is_our_form(one):
                observations += _answers(one, f"{place} (QuestionnaireResponse)", source)
            case "CarePlan" if one.get("status") in _LIVE:
                plans.append(_plan(one, f"{place} (CarePlan)"))
            case "Patient" | "Composition":
                pass
            case kind:
                others[kind] += 1
    if len(observations) > OBSERVATIONS_MOST:
        raise InputError(f"it has more than {OBSERVATIONS_MOST:,} observations")
    if len(plans) > 1:
        raise InputError("it has more than one plan that stands")
    if len({one.there for one in observations}) != len(observations):
        raise InputError("two observations in it have the same name")
    patient = patients[0] if patients else {}
    return Incoming(
        person=_person(patient), patient=str(patient.get("id", ""))[:200], source=source,
        observations=tuple(observations), plan=plans[0] if plans else None, others=dict(others.most_common(30)),
    )  # fmt: skip


# ---- the bundle --------------------------------------------------------------------------------------------------


def _opened(data: bytes) -> dict[str, Any]:
    if len(data) > BYTES_MOST:
        raise InputError(f"it is larger than {BYTES_MOST >> 20} MB")
    try:
        counted = msgspec.json.decode(data, type=_Count)
    except (msgspec.DecodeError, RecursionError):
        counted = _Count()  # the strict reader says what is wrong, where it is small enough to be read
        if len(data) > BYTES_MOST // 8:
            raise InputError("it is no FHIR bundle") from None
    if len(counted.entry) > ENTRIES_MOST:
        raise InputError(f"it has {len(counted.entry):,} entries; up to {ENTRIES_MOST:,} are read")
    del counted
    bundle = parse_object(data, bytes_most=BYTES_MOST)
    if bundle.get("resourceType") != "Bundle":
        raise InputError(f"it is no FHIR bundle but {quoted(bundle.get('resourceType'))}")
    if bundle.get("type") not in _BUNDLES:
        raise InputError(f"a bundle of the type {quoted(bundle.get('type'))} is not taken, only {', '.join(_BUNDLES)}")
    if "implicitRules" in bundle:
        raise InputError("implicitRules: rules that are not known here change what it means")
    return bundle


def _entries(bundle: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    entries = bundle.get("entry", [])
    if not isinstance(entries, list) or len(entries) > ENTRIES_MOST:
        raise InputError("entry: a list is expected")
    for number, entry in enumerate(entries, 1):
        place = f"entry {number}"
        if not isinstance(entry, dict) or not isinstance(entry.get("resource"), dict):
            raise InputError(f"{place}: a resource is expected")
        resource = entry["resource"]
        if not isinstance(resource.get("resourceType"), str) or not _KIND.match(resource["resourceType"]):
            raise InputError(f"{place}: resourceType: {quoted(resource.get('resourceType'))} is no kind of resource")
        if bundle["type"] == "transaction":
            _check_request(entry.get("request"), f"{place} ({resource['resourceType']})")
        full = entry.get("fullUrl")
        if full is not None and not isinstance(full, str):
            raise InputError(f"{place}: fullUrl: a text is expected")
        yield resource | {"fullUrl": full or ""}


def _check_request(request: object, place: str) -> None:
    """Puts and creates, as they stand; nothing that takes away, and nothing with a condition."""
    if not isinstance(request, dict) or request.get("method") not in ("PUT", "POST"):
        method = request.get("method") if isinstance(request, dict) else request
        raise InputError(f"{place}: request: {quoted(method)} is not taken, only PUT and POST")
    if set(request) - {"method", "url"} or "?" in str(request.get("url")):
        raise InputError(f"{place}: request: a condition is not taken")


def _source(bundle: Mapping[str, Any], resources: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    """Who made it, as the first of these says: the author of the document, the plan, an organisation, its software."""
    by_name = {one["fullUrl"]: one for _, one in resources if one["fullUrl"]}
    for _, one in resources:
        if one["resourceType"] in {"Composition", "CarePlan"}:
            authors = one.get("author")
            for author in authors if isinstance(authors, list) else [authors]:
                if isinstance(author, dict) and (found := _name_of(author, by_name)):
                    return found
    for kind in ("Organization", "PractitionerRole", "Practitioner", "Device"):
        for _, one in resources:
            if one["resourceType"] == kind and (found := _name(one)):
                return found
    return "a file without a name"


def _name_of(reference: Mapping[str, Any], by_name: Mapping[str, Mapping[str, Any]]) -> str:
    shown = reference.get("display")
    if isinstance(shown, str) and _plain(shown):
        return _plain(shown)
    target = by_name.get(str(reference.get("reference")))
    return _name(target) if target is not None and target["resourceType"] != "Patient" else ""


def _name(resource: Mapping[str, Any]) -> str:
    given = resource.get("name") or resource.get("deviceName")
    first = given[0] if isinstance(given, list) and given else given
    if isinstance(first, dict):
        whole = " ".join([*map(str, _list(first.get("given"))), str(first.get("family") or "")])
        first = first.get("text") or first.get("name") or whole
    return _plain(first) if isinstance(first, str) else ""


def _plain(text: str, most: int = SHORT_WORDS_MOST) -> str:
    """Words as text: one line, no control characters, not too long."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


# ---- whose it is -------------------------------------------------------------------------------------------------


def _person(patient: Mapping[str, Any]) -> str:
    born = patient.get("birthDate")
    told = [_name(patient), f"born {born}" if isinstance(born, str) and _DAY.match(born) else ""]
    return ", ".join(part for part in told if part)[:200]


def _names_of_person(bundle: Mapping[str, Any], patients: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    """Every way in which this file may speak of its one person. Without a Patient: the first subject it names."""
    if patients:
        patient = patients[0]
        if "link" in patient:
            raise InputError("Patient.link: a record that is joined with another is not taken")
        id = patient.get("id")
        names = {patient["fullUrl"], f"Patient/{id}" if isinstance(id, str) and id else ""}
        return frozenset(names - {""})
    for entry in _list(bundle.get("entry")):
        subject = entry["resource"].get("subject")
        if isinstance(subject, dict) and isinstance(subject.get("reference"), str):
            return frozenset({subject["reference"]})
    return frozenset()


def _check_person(resource: Mapping[str, Any], names: frozenset[str], place: str) -> None:
    """No reference to another person, however deep, and nobody hidden inside."""
    for field in ("subject", "patient"):
        whom = resource.get(field)
        if whom is None:
            continue
        there = whom.get("reference") if isinstance(whom, dict) and "identifier" not in whom else None
        if not isinstance(there, str) or there not in names:
            raise InputError(f"{place}: {field}: {OTHER}")
    waiting: list[tuple[Any, int]] = [(value, 1) for value in resource.values()]
    while waiting:
        value, depth = waiting.pop()
        if depth > _DEPTH_MOST:
            raise InputError(f"{place}: nested too deeply")
        if isinstance(value, list):
            waiting += [(one, depth + 1) for one in value]
        elif isinstance(value, dict):
            if value.get("resourceType") in ("Patient", "Person", "Bundle"):
                raise InputError(f"{place}: {OTHER}")
            there = value.get("reference")
            if isinstance(there, str) and _PERSON.search(there) and there not in names:
                raise InputError(f"{place}: {OTHER}: {quoted(there)}")
            waiting += [(one, depth + 1) for one in value.values()]


# ---- an observation ----------------------------------------------------------------------------------------------


def _observation(one: Mapping[str, Any], place: str, source: str) -> Observed:
    _check_parts(one, _OF_OBSERVATION | {"fullUrl"}, place)
    if one.get("status") not in _STATES:
        raise InputError(f"{place}: status: {quoted(one.get('status'))} is not taken, only what is final")
    if not isinstance(one.get("subject"), dict):
        raise InputError(f"{place}: subject: is missing")
    words, coded = _concept(one.get("code"), f"{place}: code")
    starts, ends, is_period = _effective(one, place)
    value = _value(one, place)
    parts = tuple(
        _component(part, f"{place}, component {number}")
        for number, part in enumerate(_listed(one, "component", place), 1)
    )
    if value is None and not parts:
        raise InputError(f"{place}: it has no value")
    category = [code for part in _listed(one, "category", place) for code in _concept(part, f"{place}: category")[1]]
    there = _own_name(one) or one.get("id") or one["fullUrl"]
    if not isinstance(there, str) or not there or len(there) > 200:
        raise InputError(f"{place}: id: is missing, or is no name")
    return _converted(
        Observed(
            came_from=_performer(one) or source, there=there, words=words, codes=coded, starts=starts, ends=ends,
            is_period=is_period, category=tuple(category), value=value, parts=parts, private=_is_private(one, coded),
        ),
        place,
    )  # fmt: skip


def _own_name(one: Mapping[str, Any]) -> object:
    """The name that an Upperback gave it, wherever it has been since: servers give names of their own."""
    for part in _list(one.get("identifier")):
        if isinstance(part, dict) and part.get("system") == codes.IDS:
            return part.get("value")
    return None


def _check_parts(one: Mapping[str, Any], known: frozenset[str], place: str) -> None:
    for name in one:
        if name in {"modifierExtension", "implicitRules"}:
            raise InputError(f"{place}: {name}: it changes what the rest means, and is not known here")
        if name.removeprefix("_") not in known:
            raise InputError(f"{place}: {_plain(name, 40)}: is not taken")


def _converted(found: Observed, place: str) -> Observed:
    """Once more through the types that the diary is read with: what could not be kept is refused now."""
    try:
        return msgspec.json.decode(msgspec.json.encode(found), type=Observed)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$")
        raise InputError(f"{place}: {where.strip('`.') or 'a part'}: {what[:1].lower()}{what[1:]}") from None


def _performer(one: Mapping[str, Any]) -> str:
    shown = [part.get("display") for part in _list(one.get("performer")) if isinstance(part, dict)]
    return next((_plain(name) for name in shown if isinstance(name, str) and _plain(name)), "")


def _is_private(one: Mapping[str, Any], coded: Sequence[Coded]) -> bool:
    meta = one.get("meta")
    labels = _list(meta.get("security")) if isinstance(meta, dict) else []
    marked = any(isinstance(label, dict) and label.get("code") in ("R", "V") for label in labels)
    return marked or any(code.system == codes.LOINC and code.code in _MOOD_CODES for code in coded)


def _component(one: object, place: str) -> ObservedPart:
    if not isinstance(one, dict):
        raise InputError(f"{place}: a component is expected")
    _check_parts(one, _OF_COMPONENT, place)
    words, coded = _concept(one.get("code"), f"{place}: code")
    value = _value(one, place)
    if value is None:
        raise InputError(f"{place}: it has no value")
    return ObservedPart(words=words, codes=coded, value=value)


def _listed(one: Mapping[str, Any], name: str, place: str) -> list[Any]:
    value = one.get(name, [])
    if not isinstance(value, list):
        raise InputError(f"{place}: {name}: a list is expected")
    return value


def _concept(value: object, place: str) -> tuple[str, tuple[Coded, ...]]:
    """Words and codes of a concept."""
    if not isinstance(value, dict):
        raise InputError(f"{place}: is missing, or is no code")
    coded, shown = [], [_text(value, "text", place)]
    for one in _listed(value, "coding", place):
        if not isinstance(one, dict):
            raise InputError(f"{place}: coding: a code is expected")
        shown.append(_text(one, "display", place))
        if (code := _text(one, "code", place)) and (system := _text(one, "system", place)):
            coded.append(Coded(system=system, code=code))
    words = next((text for text in shown if text), "") or " ".join(code.code for code in coded)
    if not words:
        raise InputError(f"{place}: it has neither code nor words")
    return words, tuple(coded)


def _text(one: Mapping[str, Any], name: str, place: str) -> str:
    value = one.get(name, "")
    if not isinstance(value, str):
        raise InputError(f"{place}: {name}: a text is expected")
    return _plain(value, OBSERVED_WORDS_MOST)


def _value(one: Mapping[str, Any], place: str) -> ObservedValue | None:
    given = [name for name in _VALUES if name in one]
    if len(given) > 1:
        raise InputError(f"{place}: {given[1]}: it has two values")
    if not given:
        return None
    name, value = given[0], one[given[0]]
    where = f"{place}: {name}"
    match name:
        case "valueQuantity":
            return _amount(value, where)
        case "valueCodeableConcept":
            words, coded = _concept(value, where)
            return ObservedValue(kind="coded", words=words, codes=coded)
        case "valueString" if isinstance(value, str):
            return ObservedValue(kind="words", words=_plain(value, OBSERVED_WORDS_MOST))
        case "valueBoolean" if isinstance(value, bool):
            return ObservedValue(kind="yes_no", yes=value)
        case "valueInteger" if isinstance(value, int) and not isinstance(value, bool):
            return ObservedValue(kind="whole", number=float(_finite(value, where)))
        case _:
            raise InputError(f"{where}: {quoted(value)} cannot be")


def _amount(value: object, place: str) -> ObservedValue:
    if not isinstance(value, dict) or not isinstance(value.get("value"), int | float) or "comparator" in value:
        raise InputError(f"{place}: a number is expected, without a comparator")
    number = value["value"]
    if isinstance(number, bool):
        raise InputError(f"{place}: a number is expected")
    unit, code = _text(value, "unit", place), _text(value, "code", place)
    return ObservedValue(kind="amount", number=float(_finite(number, place)), unit=unit or code, unit_code=code)


def _finite(number: float, place: str) -> float:
    if not math.isfinite(number) or abs(number) > 1e9:
        raise InputError(f"{place}: {quoted(number)} is no amount")
    return number


def _effective(one: Mapping[str, Any], place: str) -> tuple[str, str, bool]:
    """When it was: start, end, and whether it is a period."""
    given = [name for name in ("effectiveDateTime", "effectivePeriod", "effectiveInstant") if name in one]
    if len(given) != 1:
        raise InputError(f"{place}: one time at which it was is expected")
    name, value = given[0], one[given[0]]
    if name != "effectivePeriod":
        return _moment(value, f"{place}: {name}"), "", False
    if not isinstance(value, dict) or "start" not in value:
        raise InputError(f"{place}: effectivePeriod: a start is expected")
    starts = _moment(value["start"], f"{place}: effectivePeriod.start")
    ends = _moment(value["end"], f"{place}: effectivePeriod.end") if "end" in value else ""
    if ends and ends[:10] < starts[:10]:
        raise InputError(f"{place}: effectivePeriod: it ends before it begins")
    return starts, ends, True


def _moment(value: object, place: str) -> str:
    """A day, or a time in UTC to the second."""
    try:
        if isinstance(value, str) and _DAY.match(value):
            return dt.date.fromisoformat(value).isoformat()
        if isinstance(value, str) and _MOMENT.match(value):
            at = dt.datetime.fromisoformat(value).astimezone(dt.UTC)
            return at.isoformat(timespec="seconds").replace("+00:00", "Z")
    except (ValueError, OverflowError):
        pass
    raise InputError(f"{place}: {quoted(value)} is no day, and no time with its time zone")


# ---- a form of ours that was filled in elsewhere ----------------------------------------------------------------


def _is_our_form(one: Mapping[str, Any]) -> bool:
    """A form of ours with answers that no Upperback wrote: those that one did stand in its safety checks."""
    name = one.get("identifier")
    form = one.get("questionnaire")
    ours = isinstance(name, dict) and name.get("system") == codes.IDS
    return isinstance(form, str) and form.startswith(_OUR_FORM) and not ours


def _answers(one: Mapping[str, Any], place: str, source: str) -> Iterator[Observed]:
    """Each item that was answered, as an observation of its own: what was asked, and what was said."""
    _check_parts(one, _OF_RESPONSE | {"fullUrl"}, place)
    if one.get("status") not in ("completed", "amended"):
        raise InputError(f"{place}: status: {quoted(one.get('status'))} is not taken, only what is completed")
    if not isinstance(one.get("subject"), dict):
        raise InputError(f"{place}: subject: is missing")
    at = _moment(one.get("authored"), f"{place}: authored")
    there = one.get("id") or one["fullUrl"]
    if not isinstance(there, str) or not 0 < len(there) <= _FORM_NAME_MOST:
        raise InputError(f"{place}: id: is missing, or is no name")
    for number, item in enumerate(_listed(one, "item", place), 1):
        where = f"{place}, item {number}"
        if not isinstance(item, dict) or not (key := _text(item, "linkId", where)):
            raise InputError(f"{where}: a linkId is expected")
        _check_parts(item, _OF_ITEM, where)
        words = _text(item, "text", where) or key
        values = [_answer(answer, where) for answer in _listed(item, "answer", where)]
        if not values:
            continue
        single = values[0] if len(values) == 1 else None
        parts = () if single else tuple(ObservedPart(words=words, value=value) for value in values)
        yield _converted(
            Observed(
                came_from=source, there=f"{there}/{key}", words=words, starts=at, value=single, parts=parts,
                private=key in codes.MOOD or _is_private(one, ()),
            ),
            where,
        )  # fmt: skip


def _answer(answer: object, place: str) -> ObservedValue:
    """One answer; days, decimals and codes in the way of a form."""
    if not isinstance(answer, dict):
        raise InputError(f"{place}: an answer is expected")
    if set(answer) - {"id"} not in _ANSWERS:
        raise InputError(f"{place}: answer: one value is expected, of a kind that our forms ask for")
    match answer:
        case {"valueCoding": coding}:
            words, coded = _concept({"coding": [coding]}, f"{place}: valueCoding")
            return ObservedValue(kind="coded", words=words, codes=coded)
        case {"valueDecimal": int() | float() as number} if not isinstance(number, bool):
            return ObservedValue(kind="amount", number=float(_finite(number, place)))
        case {"valueDate": day}:
            return ObservedValue(kind="words", words=_moment(day, f"{place}: valueDate"))
    found = _value(answer, place)
    if found is None:
        raise InputError(f"{place}: answer: {quoted(answer.get('valueDecimal'))} cannot be")
    return found


# ---- a plan ------------------------------------------------------------------------------------------------------


def _plan(one: Mapping[str, Any], place: str) -> WantedPlan:
    if "modifierExtension" in one or "implicitRules" in one:
        raise InputError(f"{place}: it has parts that change what the rest means, and are not known here")
    if not isinstance(one.get("subject"), dict):
        raise InputError(f"{place}: subject: is missing")
    exercises: dict[str, WantedExercise] = {}
    also = []
    for number, activity in enumerate(_listed(one, "activity", place), 1):
        where = f"{place}, activity {number}"
        detail = activity.get("detail") if isinstance(activity, dict) else None
        if not isinstance(detail, dict):
            also.append("an activity that is written elsewhere")
            continue
        words, coded = _concept(detail.get("code"), f"{where}: code")
        own = [code.code for code in coded if code.system == codes.LOCAL and code.code.startswith(_EXERCISE)]
        if detail.get("doNotPerform") is True:
            also.append(_plain(f"not to be done: {words}", 200))
        elif own:
            found = _exercise(own[0].removeprefix(_EXERCISE), detail, where)
            if found.id in exercises:
                raise InputError(f"{where}: the exercise {quoted(found.id)} stands twice")
            exercises[found.id] = found
        else:
            also.append(_plain(words, 200))
    if len(exercises) > 40:
        raise InputError(f"{place}: it has more than 40 exercises")
    return WantedPlan(exercises=tuple(exercises.values()), also=tuple(also[:_NOTES_MOST]))


def _exercise(id: str, detail: Mapping[str, Any], place: str) -> WantedExercise:
    if not re.match(r"[A-Za-z0-9_-]{1,40}\Z", id):
        raise InputError(f"{place}: {quoted(id)} is no exercise")
    doses: dict[str, int] = {}
    for one in _listed(detail, "extension", place):
        url = one.get("url") if isinstance(one, dict) else None
        if not isinstance(url, str) or not url.startswith(_DOSE):
            continue
        name, number = url.removeprefix(_DOSE), _amount(one.get("valueQuantity"), f"{place}: {url}").number
        if name in _DOSE_MOST:
            if name in doses or not number.is_integer() or not 1 <= number <= _DOSE_MOST[name]:
                raise InputError(f"{place}: {name}: {quoted(number)} cannot be")
            doses[name] = int(number)
    if len(doses) == 1:
        raise InputError(f"{place}: sets and repetitions are expected together")
    return WantedExercise(id=id, sets=doses.get("sets"), reps=doses.get("repetitions"))
