"""The form of a change of a plan: what may be changed, and what was sent. The same for a file and through a service."""

from collections.abc import Mapping
from typing import Any, Final

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from upperback.content.vocabulary import default_content
from upperback.core.errors import Conflict, InputError, NotAllowed
from upperback.interchange.plan_change import OwnWords
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
    return {
        "role": posted.get("role", ""),
        "add": posted.getlist("add"),
        "remove": posted.getlist("remove"),
        "doses": _doses(posted, editable),
        "reasons": {item.exercise.id: posted.get(f"reason-{item.exercise.id}", "") for item in editable.exercises},
        "cautions": dict.fromkeys(tags, reason),
        "cautions_off": posted.getlist("caution_off"),
        "own": _own(posted),
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


def _own(posted: Mapping[str, str]) -> list[OwnWords]:
    title, words, *amounts = (posted.get(name, "").strip() for name in _OWN)
    if not title and not words:
        return []
    if not title or not words:
        raise InputError("Give your own exercise a name, and say how it is done", field="own_title")
    if posted.get("own_checked") != "yes":
        raise InputError("Say that you have checked your own exercise for this person", field="own_checked")
    names = ("sets", "reps", "per_day")
    numbers = {name: _whole(text, field=f"own_{name}") for name, text in zip(names, amounts, strict=True)}
    return [OwnWords(title=title, words=words.replace("\r\n", "\n"), checked=True, **numbers)]


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
