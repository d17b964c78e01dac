"""Who is to get where and see what: written from the threat model, not from the code. A new way in gets its line here.

Of an address the longest beginning counts. Nothing here is imported from the product.
"""

from typing import Final, Literal

Audience = Literal[
    "everybody", "checking", "own record", "sign-in", "staff", "clinicians", "clinic admins", "support", "researchers",
    "nobody",
]  # fmt: skip
Outcome = Literal["in", "sign in first", "not there", "to work", "second step first"]

#: Beginning of an address -> for whom. Whatever is not here is somebody's own record.
AUDIENCES: Final[dict[str, Audience]] = {
    "": "own record",
    "about/": "everybody",
    "learn/": "everybody",
    "easy/": "everybody",
    "clinics/": "everybody",
    "join/": "everybody",  # the link of a mail: a secret of its own
    "language/": "everybody",
    "readyz": "everybody",
    "plan-service/": "everybody",  # figures about a year of a clinic, of nobody
    "calendar/": "everybody",  # the address is a secret of its own
    "people/": "everybody",  # begins the safety check
    "people/choose/": "nobody",
    "home/": "checking",
    "check/": "checking",
    "result/": "checking",
    "account/": "sign-in",
    "staff/": "staff",
    "staff/code/": "clinicians",
    "staff/team/": "clinic admins",
    "staff/looks/": "clinic admins",
    "staff/copies/": "clinic admins",
    "staff/support/": "support",
    "staff/studies/": "researchers",
    "clinic/": "clinicians",
    "opened/": "nobody",
    "share/programs/": "nobody",  # tokens of programs are for one's own machine
    "fhir/": "everybody",  # each question brings a token of its own
    "apps/token/": "everybody",  # as does what an app exchanges
    "apps/revoke/": "everybody",
    "data/bring/": "nobody",
    "live/muscle/": "nobody",
}
#: Path of a socket -> for whom.
SOCKETS: Final[dict[str, Audience]] = {
    "/live/socket/": "own record",
    "/live/view/socket/": "own record",
    "/live/screen/socket/": "own record",
    "/live/phone/socket/": "everybody",
    "/live/muscle/socket/": "nobody",
    "/clinic/live/socket/": "clinicians",
}
#: A result that ends like this is more than the check.
OWN_ENDS: Final = ("cleared/",)

#: Who asks, in this world: what they are to Ana's record.
PEOPLE: Final = ("ana", "other person", "her carer", "supplier")
CLINICIANS: Final = ("treats her", "treated her once", "same clinic", "other clinic")
STAFF: Final = (*CLINICIANS, "admin", "researcher", "support", "works at both")
WITHOUT_ACCOUNT: Final = ("anonymous", "guest")
EVERYBODY: Final = (*WITHOUT_ACCOUNT, *PEOPLE, *STAFF, "app")

#: What Ana's consents are, or what became of the accounts.
CONSENT_STATES: Final = (
    "usual", "with mood", "with live", "plan only", "none", "withdrawn", "run out", "not begun", "for research",
    "for the clinic", "for her carer", "for the app", "for a study", "for the clinic's systems",
)  # fmt: skip
ACCOUNT_STATES: Final = ("closed", "no second step", "left the clinic", "works elsewhere now", "relation over")

EVERY_CLASS: Final = frozenset({"identity", "answers", "mood", "plan", "progress", "wearable", "live", "messages"})
USUAL: Final = frozenset({"identity", "answers", "plan", "progress", "messages"})
_NOTHING: Final[frozenset[str]] = frozenset()


def audience_of(address: str) -> Audience:
    """For whom an address is."""
    if address == "/":
        return "everybody"
    path = address.lstrip("/")
    if path.startswith("result/") and path.endswith(OWN_ENDS):
        return "own record"
    return AUDIENCES[max((begin for begin in AUDIENCES if path.startswith(begin)), key=len)]


def outcome(who: str, address: str, state: str) -> Outcome:
    """Where somebody gets to."""
    audience = audience_of(address)
    if audience == "nobody":
        return "not there"
    if audience in {"everybody", "sign-in"}:
        return "in"
    if who in WITHOUT_ACCOUNT or state == "closed":
        return "in" if audience == "checking" else "sign in first"
    if audience in {"checking", "own record"}:
        return "in" if who in PEOPLE else "to work"
    if who not in STAFF:
        return "not there"
    if state == "no second step":
        return "second step first"
    if state == "left the clinic":
        return "not there"
    if audience == "clinic admins":
        return "in" if who == "admin" else "not there"
    if audience == "researchers":
        return "in" if who in {"researcher", "works at both"} else "not there"
    if audience == "support":
        return "in" if who in {"support", "works at both"} else "not there"
    return "in" if audience == "staff" or who in CLINICIANS else "not there"


def may_connect(who: str, path: str, state: str) -> bool:
    """Whether a line is opened. Whose, and what comes by it, is for its ticket."""
    audience = SOCKETS[path]
    if audience in {"everybody", "nobody"}:
        return audience == "everybody"
    if who in WITHOUT_ACCOUNT or state == "closed":
        return False
    if audience == "own record":
        return who in PEOPLE
    return who in CLINICIANS and state not in {"no second step", "left the clinic"}


def seen(who: str, state: str, purpose: str) -> frozenset[str]:
    """What of Ana's record somebody may see."""
    if state == "closed":
        return _NOTHING
    if who == "ana":
        return EVERY_CLASS if purpose == "own" else _NOTHING
    if who == "treats her" and purpose == "care":
        return {
            "usual": USUAL, "with mood": USUAL | {"mood"}, "with live": USUAL | {"live"},
            "plan only": frozenset({"identity", "plan"}), "for the clinic": frozenset({"plan"}),
        }.get(state, _NOTHING)  # fmt: skip
    if who == "her carer" and purpose == "caring":
        return frozenset({"identity", "plan"}) if state == "for her carer" else _NOTHING
    if who == "researcher" and purpose == "research" and state == "for a study":
        return frozenset({"plan"})
    if who == "researcher" and purpose == "research":
        return frozenset({"plan", "progress"}) if state == "for research" else _NOTHING
    if who in {"app", "admin"} and purpose == "app" and state == "for the clinic's systems":
        return frozenset({"identity", "plan"})
    if who == "app" and purpose == "app":
        return frozenset({"identity", "plan"}) if state == "for the app" else _NOTHING
    return _NOTHING


def sees_name(who: str, state: str) -> bool:
    """Whether Ana's name may stand anywhere in what somebody gets."""
    named = seen(who, state, "care") | seen(who, state, "caring")
    return state != "closed" and (who == "ana" or "identity" in named)
