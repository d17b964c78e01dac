"""The form of a change of a plan: what may be changed, and what was sent. The same for a file and through a service."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from upperback.content.vocabulary import default_content
from upperback.core.errors import Conflict, InputError, NotAllowed
from upperback.interchange.pictures import BYTES_MOST, clean_picture
from upperback.interchange.plan_change import ALT_MOST, OwnWords
from upperback.services.people import Profile
from upperback.services.plan_changes import Editable

ROLE_NAMES: Final = {
    "physiotherapist": gettext_lazy("Physiotherapist"),
    "gp": gettext_lazy("GP"),
    "doctor": gettext_lazy("Hospital doctor"),
    "nurse": gettext_lazy("Nurse"),
    "midwife": gettext_lazy("Midwife"),
    "occupational_therapist": gettext_lazy("Occupational therapist"),
    "surgical_team": gettext_lazy("Surgery team"),
    "clinician": gettext_lazy("Another clinician"),
}
_OWN: Final = ("own_title", "own_words", "own_sets", "own_reps", "own_per_day")


def parts_sent(request: HttpRequest, editable: Editable) -> dict[str, Any]:
    """What was sent, for `plan_changes.propose_change`. Raises InputError that names its field."""
    posted = request.POST
    reason = posted.get("caution_reason", "").strip()
    tags = posted.getlist("caution")
    if tags and not reason:
        raise InputError("Say why for a caution", field="caution_reason")
    picture = _picture(request)
    own = _own(posted, picture)
    return {
        "role": posted.get("role", ""),
        "add": posted.getlist("add"),
        "remove": posted.getlist("remove"),
        "doses": _doses(posted, editable),
        "reasons": {item.exercise.id: posted.get(f"reason-{item.exercise.id}", "") for item in editable.exercises},
        "cautions": dict.fromkeys(tags, reason),
        "cautions_off": posted.getlist("caution_off"),
        "own": own,
        "pictures_by_sha256": {picture.sha256: picture.data} if picture is not None else {},
        "own_off": posted.getlist("own_off"),
        "note": posted.get("note", ""),
    }


def _doses(posted: Mapping[str, str], editable: Editable) -> dict[str, tuple[int, int]]:
    found = {}
    for item in editable.exercises:
        id = item.exercise.id
        sets, reps = (posted.get(f"{name}-{id}", "").strip() for name in ("sets", "reps"))
        if sets or reps:
            found[id] = (_whole(sets, exercise=id), _whole(reps, exercise=id))
    return found


@dataclass(frozen=True, slots=True)
class _Picture:
    sha256: str
    alt: str
    data: bytes


def _own(posted: Mapping[str, str], picture: _Picture | None) -> list[OwnWords]:
    title, words, *amounts = (posted.get(name, "").strip() for name in _OWN)
    if not title and not words and picture is None:
        return []
    if not title or not words:
        raise InputError("Give your own exercise a name, and say how it is done", field="own_title")
    if posted.get("own_checked") != "yes":
        raise InputError("Say that you have checked your own exercise for this person", field="own_checked")
    names = ("sets", "reps", "per_day")
    sets, reps, per_day = (_whole(text, field=f"own_{name}") for name, text in zip(names, amounts, strict=True))
    words = words.replace("\r\n", "\n")
    found = OwnWords(title=title, words=words, checked=True, sets=sets, reps=reps, per_day=per_day)
    if picture is not None:
        found = msgspec.structs.replace(found, picture=picture.sha256, alt=picture.alt)
    return [found]


def _picture(request: HttpRequest) -> _Picture | None:
    """The picture that was chosen, made clean, with what it shows in words."""
    sent, alt = request.FILES.get("own_picture"), " ".join(request.POST.get("own_alt", "").split())
    if sent is None:
        return None
    data = clean_picture(sent.read(BYTES_MOST + 1))
    if not alt or len(alt) > ALT_MOST:
        raise InputError("Say in words what the picture shows, in up to 200 letters", field="own_alt")
    return _Picture(hashlib.sha256(data).hexdigest(), alt, data)


def _whole(text: str, **where: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 4):
        raise InputError("Write whole numbers for sets and repetitions", **where)
    return int(text)


def form_context(
    request: HttpRequest,
    profile: Profile,
    editable: Editable,
    error: InputError | Conflict | NotAllowed | None,
) -> dict[str, Any]:
    """What the form shows, with what was sent in it."""
    posted, content = request.POST, default_content()
    where = (error.details.get("field") or error.details.get("exercise") or "note") if error is not None else ""
    left_out = set(editable.plan.choices.get("leave_out", ()))
    return {
        "profile": profile,
        "plan": editable.plan,
        "exercises": [
            {
                "id": item.exercise.id, "title": item.exercise.title, "kind": item.exercise.kind, "bounds": item.bounds,
                "beyond": item.clinician_bounds if item.clinician_bounds != item.bounds else None,
                "under_way": item.exercise.id in editable.under_way,
                "sets": posted.get(f"sets-{item.exercise.id}") or item.dose.sets,
                "reps": posted.get(f"reps-{item.exercise.id}") or item.dose.reps, "unit": item.dose.unit,
                "reason": posted.get(f"reason-{item.exercise.id}", ""),
                "out": item.exercise.id in posted.getlist("remove"),
            }
            for item in editable.exercises
            if item.exercise.id not in left_out
        ],
        "addable": [
            {"value": id, "text": content.exercises[id].title, "hint": content.exercises[id].purpose}
            for id in editable.addable
        ],
        "cautions": [
            {"value": tag, "text": caution.title, "hint": caution.meaning}
            for tag, caution in content.cautions.items()
            if tag not in editable.cautions
        ],
        "own_cautions": [{"value": tag, "text": content.cautions[tag].title} for tag in editable.own_cautions],
        "own": editable.own,
        "roles": [{"value": role, "text": name} for role, name in ROLE_NAMES.items()],
        "posted": posted,
        "added": posted.getlist("add"),
        "cautions_sent": posted.getlist("caution"),
        "error": _(error.message) if error is not None else None,
        "where": where,
        "has_errors": error is not None,
    }  # fmt: skip
