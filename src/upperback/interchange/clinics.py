"""A list of clinics that a service brings along: CSV, or FHIR R4 HealthcareService. Whole or not at all."""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal, get_args

import msgspec

from upperback.core.errors import InputError, quoted
from upperback.interchange.strict_json import parse_object

BYTES_MOST: Final = 4 << 20
ROWS_MOST: Final = 5000

Access = Literal["step_free", "accessible_toilet", "hearing_loop", "parking", "home_visits", "online"]
ACCESS: Final[tuple[Access, ...]] = get_args(Access)

_Line = Annotated[str, msgspec.Meta(max_length=120)]


class ClinicEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One clinic as it describes itself. Nothing here is a rank, and nothing can be paid for.

    Attributes
    ----------
    registration : of whom anybody can look it up, as the clinic gives it; empty where it gives none
    price : in its words, with what is in it
    first_conversation : whether one can talk before booking; None where it does not say
    """

    name: Annotated[str, msgspec.Meta(min_length=2, max_length=120)]
    place: Annotated[str, msgspec.Meta(min_length=2, max_length=80)]
    postcode: Annotated[str, msgspec.Meta(max_length=12)] = ""
    registration: _Line = ""
    latitude: Annotated[float, msgspec.Meta(ge=-90, le=90)] | None = None
    longitude: Annotated[float, msgspec.Meta(ge=-180, le=180)] | None = None
    phone: Annotated[str, msgspec.Meta(pattern=r"^(\+?[0-9 ()-]{4,30})?$")] = ""
    link: Annotated[str, msgspec.Meta(pattern=r"^(https://[^\s<>\"']{3,300})?$")] = ""
    price: Annotated[str, msgspec.Meta(max_length=300)] = ""
    first_conversation: bool | None = None
    access: tuple[Access, ...] = ()
    languages: Annotated[
        tuple[Annotated[str, msgspec.Meta(min_length=2, max_length=40)], ...], msgspec.Meta(max_length=30)
    ] = ()
    note: Annotated[str, msgspec.Meta(max_length=300)] = ""


_COLUMNS: Final = ClinicEntry.__struct_fields__
_LISTS: Final = ("access", "languages")
_NUMBERS: Final = ("latitude", "longitude")
_YES: Final = {"yes": True, "no": False}
#: What a column has to be, in words for whoever made the list.
_HAS_TO_BE: Final[dict[str, str]] = {
    "name": "2 to 120 letters",
    "place": "2 to 80 letters",
    "postcode": "up to 12 letters",
    "registration": "up to 120 letters",
    "latitude": "degrees from -90 to 90",
    "longitude": "degrees from -180 to 180",
    "phone": "4 to 30 digits and gaps, which may begin with +",
    "link": "up to 300 letters that begin with https://",
    "price": "up to 300 letters",
    "access": f"words out of {', '.join(ACCESS)}, with ; between",
    "languages": "up to 30 names of 2 to 40 letters, with ; between",
    "note": "up to 300 letters",
}


def read_clinics(data: bytes) -> list[ClinicEntry]:
    """The list in a file.

    Raises
    ------
    InputError : one sentence with the line or the entry, and the column.
    """
    if len(data) > BYTES_MOST:
        raise InputError(f"larger than {BYTES_MOST >> 20} MB")
    rows = list(_fhir(data) if data.lstrip()[:1] == b"{" else _csv(data))
    if not rows:
        raise InputError("there is no clinic in it")
    return rows


def _csv(data: bytes) -> Iterator[ClinicEntry]:
    try:
        text = data.decode("utf-8-sig")
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        header = next(reader, [])
        lines = list(enumerate(reader, 2))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError("no CSV in UTF-8") from error
    if unknown := [name for name in header if name not in _COLUMNS]:
        raise InputError(f"line 1: there is no column {quoted(unknown[0])}; known are {', '.join(_COLUMNS)}")
    for name in ("name", "place"):
        if name not in header:
            raise InputError(f"line 1: the column {quoted(name)} is missing")
    if len(set(header)) != len(header):
        raise InputError("line 1: a column stands twice")
    if len(lines) > ROWS_MOST:
        raise InputError(f"more than {ROWS_MOST:,} lines")
    for number, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            raise InputError(f"line {number}: {len(header)} cells are expected, not {len(cells)}")
        plain = {name: _cell(name, cell, number) for name, cell in zip(header, cells, strict=True) if cell.strip()}
        yield _entry(plain, f"line {number}")


def _cell(name: str, cell: str, number: int) -> Any:
    text = _plain(cell)
    if name in _LISTS:
        return [part.strip() for part in text.split(";") if part.strip()]
    if name in _NUMBERS:
        try:
            return float(text)
        except ValueError:
            raise InputError(f"line {number}: {name}: {quoted(text)} is no number") from None
    if name == "first_conversation":
        if text.lower() not in _YES:
            raise InputError(f"line {number}: {name}: write yes or no, or leave it empty")
        return _YES[text.lower()]
    return text


def _entry(plain: Mapping[str, Any], place: str) -> ClinicEntry:
    try:
        found = msgspec.convert(dict(plain), ClinicEntry)
    except msgspec.ValidationError as error:
        where = re.match(r"\.(\w+)", str(error).partition(" - at `$")[2])
        missing = next((name for name in ("name", "place") if name not in plain), "")
        column = where[1] if where is not None else missing
        raise InputError(f"{place}: {column}: {_HAS_TO_BE[column]} are expected") from None
    if not (found.phone or found.link):
        raise InputError(f"{place}: a telephone number or an address that begins with https:// is expected")
    if (found.latitude is None) != (found.longitude is None):
        raise InputError(f"{place}: latitude and longitude belong together")
    return found


def _plain(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


# ---- FHIR --------------------------------------------------------------------------------------------------------


def _fhir(data: bytes) -> Iterator[ClinicEntry]:
    bundle = parse_object(data, bytes_most=BYTES_MOST)
    entries = bundle.get("entry")
    if bundle.get("resourceType") != "Bundle" or not isinstance(entries, list):
        raise InputError("no FHIR bundle")
    if len(entries) > 2 * ROWS_MOST:
        raise InputError(f"more than {2 * ROWS_MOST:,} entries")
    found = [(number, one["resource"]) for number, one in enumerate(entries, 1) if _is_resource(one)]
    places = {
        str(name): resource
        for (_, resource), entry in zip(found, (one for one in entries if _is_resource(one)), strict=True)
        if resource.get("resourceType") == "Location"
        for name in (entry.get("fullUrl"), f"Location/{resource.get('id')}")
    }
    for number, resource in found:
        if resource.get("resourceType") == "HealthcareService" and resource.get("active") is not False:
            yield _entry(_service(resource, places), f"entry {number} (HealthcareService)")


def _is_resource(one: object) -> bool:
    return isinstance(one, dict) and isinstance(one.get("resource"), dict)


def _service(one: Mapping[str, Any], places: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What a HealthcareService says, under our names. Price: `extraDetails`; what it offers: `characteristic`."""
    refs = [ref.get("reference") for ref in _dicts(one.get("location"))]
    where = next((places[str(ref)] for ref in refs if str(ref) in places), {})
    address = where.get("address") if isinstance(where.get("address"), dict) else {}
    position = where.get("position") if isinstance(where.get("position"), dict) else {}
    telecom = {str(part.get("system")): str(part.get("value") or "") for part in reversed(_dicts(one.get("telecom")))}
    words = [_words(part) for part in _dicts(one.get("characteristic"))]
    numbers = [str(part.get("value") or "") for part in _dicts(one.get("identifier"))]
    plain: dict[str, Any] = {
        "name": _plain(str(one.get("name") or "")), "place": _plain(str((address or {}).get("city") or "")),
        "postcode": _plain(str((address or {}).get("postalCode") or "")), "phone": telecom.get("phone", ""),
        "link": telecom.get("url", ""), "price": _plain(str(one.get("extraDetails") or "")),
        "note": _plain(str(one.get("comment") or "")), "registration": _plain(numbers[0]) if numbers else "",
        "access": [part for part in ACCESS if part in words],
        "languages": [_words(part) for part in _dicts(one.get("communication")) if _words(part)],
    }  # fmt: skip
    if "first_conversation" in words:
        plain["first_conversation"] = True
    for name in _NUMBERS:
        value = (position or {}).get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            plain[name] = float(value)
    return plain


def _dicts(value: object) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _words(concept: Mapping[str, Any]) -> str:
    shown = [concept.get("text"), *(part.get("code") for part in _dicts(concept.get("coding")))]
    return next((_plain(text) for text in shown if isinstance(text, str) and text.strip()), "")
