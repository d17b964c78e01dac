"""Who may do what. One table, deny by default; what the state of things allows stands in `policies`.

`may` answers, `check_may` raises, from the same table, so a button and its action agree. Somebody who may not see
a thing gets the same answer as for a thing that is not there.
"""

from typing import Final, Literal, get_args

from upperback.core.errors import NotFound
from upperback.services.actors import Actor, Kind

Action = Literal[
    "list_profiles",
    "create_profile",
    "change_profile",
    "see_profile",
    "answer",
    "finish_screening",
    "record_assessment",
    "make_plan",
    "record_clearance",
    "mark_today",
    "keep_diary",
    "set_breaks",
    "record_review",
    "share_calendar",
    "use_push",
    "wear_sensor",
    "export_person",
    "import_person",
    "erase_person",
    "propose_change",
    "answer_change",
    "finish_live",
    "reset_demo",
    "let_programs_read",
    "read_fhir",
    "share",
    "accept_invitation",
    "give_back",
    "run_service",
    "run_clinic",
    "do_research",
    "take_clinic_copy",
]

ACTIONS: Final[tuple[Action, ...]] = get_args(Action)

_LIVING_HERE: Final[frozenset[Action]] = frozenset(
    {
        "list_profiles",
        "create_profile",
        "change_profile",
        "see_profile",
        "answer",
        "finish_screening",
        "record_assessment",
        "make_plan",
        "record_clearance",
        "mark_today",
        "keep_diary",
        "set_breaks",
        "record_review",
        "share_calendar",
        "use_push",
        "wear_sensor",
        "export_person",
        "import_person",
        "erase_person",
        "answer_change",
    }
)

_TABLE: Final[dict[Kind, frozenset[Action]]] = {
    # On one's own machine the household shares one installation; profiles keep people apart, not out.
    "household": _LIVING_HERE | {"let_programs_read"},
    "system": _LIVING_HERE | {"finish_live", "reset_demo", "run_service"},
    # Signed in to a service, at their own record and no other.
    "person": (_LIVING_HERE - {"list_profiles", "create_profile", "import_person"}) | {"share", "accept_invitation"},
    # Signed in, at somebody else's record. Whose, and what of it, was asked of `access` before.
    "account": frozenset(
        {"see_profile", "propose_change", "accept_invitation", "run_clinic", "do_research", "take_clinic_copy"}
    ),
    # Not signed in at a service: the safety check and its result, before anything else.
    "guest": frozenset({"see_profile", "change_profile", "answer", "finish_screening"}),
    # Another program with a token: what it may read of whom stands in its scopes.
    "program": frozenset({"read_fhir"}),
    # A computer system of a clinic with a token: what it gets of whom is asked of `access` at every copy.
    "clinic_system": frozenset({"take_clinic_copy"}),
    # An app at a service: reads what a person said yes to, and gives that back.
    "app": frozenset({"read_fhir", "give_back"}),
    # Somebody who reads an archive that was given to them: looks, and proposes in a file of their own.
    "reader": frozenset({"list_profiles", "see_profile", "propose_change"}),
    "nobody": frozenset(),
}


def may(actor: Actor, action: Action) -> bool:
    """Whether this actor may do this here."""
    return action in _TABLE.get(actor.kind, frozenset())


def check_may(actor: Actor, action: Action) -> None:
    """Raises NotFound for everybody who may not."""
    if not may(actor, action):
        raise NotFound("there is no such page", action=action)
