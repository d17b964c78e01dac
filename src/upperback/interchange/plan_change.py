"""A change of a plan as a signed file: made by a clinician beside an archive, brought in by the person.

The file is one JSON object: `format`, `version`, `signed` (a text: the change as JSON), `public_key` and `signature`
(Ed25519 over the bytes of that text behind a fixed line, base64). What is signed is what is read: no other form of it
is worked out. A signature says that the file is as whoever has the key made it, not who that is: the person compares
the fingerprint. Pictures stand beside what is signed, in base64 under their SHA-256, by which the signed part names
them: the file can be kept without them.
"""

import base64
import binascii
import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Literal

import msgspec

from upperback.core.errors import InputError
from upperback.interchange.pictures import BYTES_MOST as PICTURE_BYTES_MOST
from upperback.interchange.pictures import is_clean
from upperback.interchange.strict_json import parse_object

__all__ = [
    "ALT_MOST",
    "BYTES_MOST",
    "NAME_MOST",
    "AddedCaution",
    "ChangedDose",
    "Cleared",
    "OwnWords",
    "PlanChange",
    "Signed",
    "as_change",
    "fingerprint",
    "new_key",
    "public_half",
    "read_change",
    "without_pictures",
    "write_change",
]

FORMAT: Final = "upperback-plan-change"
VERSION: Final = 3
_OLDER: Final = (1, 2)  #: read, and written where nothing newer is in it
#: Of the signed part and what goes with it, without pictures.
WORDS_BYTES_MOST: Final = 64 * 1024
#: With one picture, the most that a change can bring.
BYTES_MOST: Final = WORDS_BYTES_MOST + PICTURE_BYTES_MOST * 4 // 3 + 4
_DOMAIN: Final = b"upperback-plan-change-v1\n"
_GROUP: Final = 4
_GROUPS: Final = 6

_FOREIGN: Final = "this file is no change of a plan"
_CHANGED: Final = "this file is not as it was signed; ask for it again"
_NEWER: Final = "this file was made by a newer Upperback; bring this one up to date first"

_Key = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
NAME_MOST: Final = 60
_Words = Annotated[str, msgspec.Meta(max_length=NAME_MOST, min_length=1)]
ALT_MOST: Final = 200
_DAMAGED_PICTURE: Final = "the picture in this file is not as it was signed; ask for it again"


_Lines = Annotated[str, msgspec.Meta(max_length=400)]
_Reason = Annotated[str, msgspec.Meta(max_length=200)]
_Because = Annotated[str, msgspec.Meta(max_length=200, min_length=1)]


class ChangedDose(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Sets and repetitions of an exercise. `reason`: why they are outside of the usual bounds."""

    exercise: _Key
    sets: Annotated[int, msgspec.Meta(ge=1, le=10)]
    reps: Annotated[int, msgspec.Meta(ge=1, le=50)]
    reason: _Reason = ""


class AddedCaution(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A caution that the clinician has found, and why."""

    tag: _Key
    reason: _Because


class OwnWords(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """An exercise that is not in the library. `checked`: the clinician has looked whether it suits this person.

    picture, alt : SHA-256 of a picture, and what it shows, in words; both or neither
    """

    title: _Words
    words: Annotated[str, msgspec.Meta(max_length=400, min_length=1)]
    sets: Annotated[int, msgspec.Meta(ge=1, le=10)]
    reps: Annotated[int, msgspec.Meta(ge=1, le=50)]
    per_day: Annotated[int, msgspec.Meta(ge=1, le=6)]
    checked: Literal[True]
    picture: Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{64})?$")] = ""
    alt: Annotated[str, msgspec.Meta(max_length=ALT_MOST)] = ""


class Cleared(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """ "I have seen this person and am happy for them to exercise": after which safety check, and in what words."""

    decision: uuid.UUID
    reason: _Because


class PlanChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a clinician proposes for one version of one person's plan.

    Attributes
    ----------
    person, plan : their public ids
    name, role : of the clinician, as they say it
    add, remove : exercises; doses : of exercises that are or come in
    cautions, cautions_off : tags that come, and tags that a clinician had brought and that go
    own, own_off : exercises in own words that come, and ids of those that go
    cleared : says that exercise is fine, where a safety check waits for somebody to look
    note : to the person
    """

    person: uuid.UUID
    plan: uuid.UUID
    made_at: Annotated[str, msgspec.Meta(max_length=40)]
    name: _Words
    role: _Words
    add: Annotated[tuple[_Key, ...], msgspec.Meta(max_length=20)] = ()
    remove: Annotated[tuple[_Key, ...], msgspec.Meta(max_length=20)] = ()
    doses: Annotated[tuple[ChangedDose, ...], msgspec.Meta(max_length=20)] = ()
    note: _Lines = ""
    cautions: Annotated[tuple[AddedCaution, ...], msgspec.Meta(max_length=10)] = ()
    cautions_off: Annotated[tuple[_Key, ...], msgspec.Meta(max_length=20)] = ()
    own: Annotated[tuple[OwnWords, ...], msgspec.Meta(max_length=5)] = ()
    own_off: Annotated[tuple[_Key, ...], msgspec.Meta(max_length=5)] = ()
    cleared: Cleared | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it changes and says nothing."""
        parts = (self.add, self.remove, self.doses, self.note, self.cautions, self.cautions_off, self.own, self.own_off)
        return not any(parts) and self.cleared is None

    @property
    def version(self) -> int:
        """The oldest version of the format that can say this."""
        newer = (self.cautions, self.cautions_off, self.own, self.own_off, any(dose.reason for dose in self.doses))
        if self.pictures:
            return VERSION
        return _OLDER[1] if any(newer) or self.cleared is not None else _OLDER[0]

    @property
    def pictures(self) -> list[str]:
        """Of the pictures that it names, the SHA-256."""
        return [one.picture for one in self.own if one.picture]


@dataclass(frozen=True, slots=True)
class Signed:
    """A change whose signature holds, and the fingerprint of the key that made it.

    pictures : those that came with it, proved and clean, by their SHA-256
    """

    change: PlanChange
    fingerprint: str
    pictures: Mapping[str, bytes] = field(default_factory=dict)


def new_key() -> bytes:
    """A fresh private key, 32 bytes."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.generate().private_bytes_raw()


def fingerprint(public_key: bytes) -> str:
    """Of a key, to be compared by eye or on the telephone: six groups of four, 96 bits."""
    text = base64.b32encode(hashlib.sha256(public_key).digest()).decode("ascii")
    return " ".join(text[place * _GROUP : place * _GROUP + _GROUP] for place in range(_GROUPS))


def public_half(key: bytes) -> bytes:
    """The public key of a private one."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(key).public_key().public_bytes_raw()


def write_change(change: PlanChange, key: bytes, pictures: Mapping[str, bytes] | None = None) -> bytes:
    """The signed file, with the pictures that it names.

    Raises
    ------
    InputError : a part is too long or cannot be.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    text = msgspec.json.encode(change, order="sorted")
    as_change(parse_object(text))  # what could not be read again is not written
    signature = Ed25519PrivateKey.from_private_bytes(key).sign(_DOMAIN + text)
    found: dict[str, Any] = {
        "format": FORMAT,
        "version": change.version,
        "signed": text.decode(),
        "public_key": base64.b64encode(public_half(key)).decode(),
        "signature": base64.b64encode(signature).decode(),
    }
    if pictures:
        found["pictures"] = {name: base64.b64encode(data).decode() for name, data in pictures.items()}
    return msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n"


def read_change(data: bytes) -> Signed:
    """The change in a file, if its signature holds.

    Raises
    ------
    InputError : another file, newer, or not as it was signed.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if len(data) > BYTES_MOST:
        raise InputError(_FOREIGN)
    try:
        plain = parse_object(data, bytes_most=BYTES_MOST)
    except InputError:
        raise InputError(_FOREIGN) from None
    if plain.get("format") != FORMAT:
        raise InputError(_FOREIGN)
    if plain.get("version") not in {*_OLDER, VERSION}:
        raise InputError(_NEWER)
    try:
        text = str(plain["signed"]).encode("utf-8")
        public_key = base64.b64decode(str(plain["public_key"]), validate=True)
        signature = base64.b64decode(str(plain["signature"]), validate=True)
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, _DOMAIN + text)
    except (KeyError, ValueError, binascii.Error, InvalidSignature):
        raise InputError(_CHANGED) from None
    change = as_change(parse_object(text, bytes_most=WORDS_BYTES_MOST))
    return Signed(change, fingerprint(public_key), _pictures(plain.get("pictures", {}), change))


def without_pictures(data: bytes) -> bytes:
    """A file without the pictures beside what is signed; the signature holds as before."""
    plain = parse_object(data, bytes_most=BYTES_MOST)
    if plain.pop("pictures", None) is None:
        return data
    return msgspec.json.format(msgspec.json.encode(plain), indent=1) + b"\n"


def _pictures(plain: Any, change: PlanChange) -> dict[str, bytes]:
    """The pictures of a file: only such as the signed part names, as they were signed, and clean."""
    if not isinstance(plain, dict) or set(plain) - set(change.pictures):
        raise InputError(_DAMAGED_PICTURE)
    found = {}
    for name, text in plain.items():
        try:
            found[name] = base64.b64decode(str(text), validate=True)
        except (ValueError, binascii.Error):
            raise InputError(_DAMAGED_PICTURE) from None
        if hashlib.sha256(found[name]).hexdigest() != name or not is_clean(found[name]):
            raise InputError(_DAMAGED_PICTURE)
    return found


def as_change(plain: dict[str, Any]) -> PlanChange:
    """A change from plain data. Raises InputError where a part is too long, stands twice or cannot be."""
    try:
        change = msgspec.convert(plain, PlanChange)
    except msgspec.ValidationError as error:
        raise InputError(f"a part of the change cannot be: {error}") from None
    own = [text for one in change.own for text in (one.title, one.words, one.alt)]
    if any(bool(one.picture) != bool(one.alt.strip()) for one in change.own):
        raise InputError("a picture needs words that say what it shows")
    if len(change.pictures) > 1:
        raise InputError("one picture at a time")
    reasons = [dose.reason for dose in change.doses] + [caution.reason for caution in change.cautions]
    reasons += [change.cleared.reason] if change.cleared is not None else []
    for words in (change.name, change.role, change.note, *own, *reasons):
        if not words.replace("\n", " ").replace("\r", " ").isprintable():
            raise InputError("a part of the change holds characters that no text has")
    ids = (*change.add, *change.remove)
    doses = [dose.exercise for dose in change.doses]
    if len(set(ids)) != len(ids) or len(set(doses)) != len(doses) or set(doses) & set(change.remove):
        raise InputError("the change names an exercise twice")
    return change
