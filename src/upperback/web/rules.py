"""The rule of every way in: page, socket, export, job. What is not in here does not start.

A page that is not somebody's own record also gets its line in `tests/service/expected.py`, where it is said a second
time who gets there.

On one's own machine the gate decides who comes in at all. In a service these rules stand before every view (see
`service.doors`), and `services.access` decides what of whom is shown behind them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from django.urls import URLPattern, URLResolver, get_resolver

from upperback.services.access_rules import DataClass, Role

Who = Literal["anyone", "check", "own", "entrance", "work", "shut"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Who may come by this way in a service.

    anyone: says nothing about anybody, or brings a secret of its own. check: the safety check, without an account too.
    own: somebody with a record, at that record. entrance: signing in and out, which looks after itself.
    work: staff in one of `roles`, with their second factor. shut: not in a service.

    Attributes
    ----------
    shows : the kinds of data of a record that may stand on it; for `work` each is asked of `access` for that person
    is_passive : a page asks it by itself, which is no sign of life
    """

    who: Who
    roles: frozenset[Role] = frozenset()
    shows: frozenset[DataClass] = frozenset()
    is_passive: bool = False


class UnregisteredError(Exception):
    """A way in without a rule, or a rule without a way in."""


def _rules(who: Who, *names: str, shows: Iterable[DataClass] = (), roles: Iterable[Role] = ()) -> dict[str, Rule]:
    rule = Rule(who=who, roles=frozenset(roles), shows=frozenset(shows))
    return dict.fromkeys((name for line in names for name in line.split()), rule)


#: Name of a page -> its rule.
PAGES: Final[dict[str, Rule]] = {
    **_rules("anyone", "clinics"),
    **_rules(
        "anyone",
        "start about ready calendar_feed styleguide people language",
        "learn learn_search learn_book learn_page easy easy_page plan_service plan_service_csv",
    ),
    **_rules(
        "check",
        "home check check_begin check_next check_part check_question check_answers result result_correct",
        shows=("answers", "mood"),
    ),
    **_rules(
        "own",
        "clearance assessment assessment_begin assessment_step plan plan_make plan_shape plan_swap exercise",
        "plan_pack own_picture learn_want",
        "today today_mark training_start training_start_movement training training_log training_exercise training_end",
        "training_change training_wrong training_done morning diary plan_change",
        "breaks break_card break_now break_answer break_longer break_hold break_calendar break_zone push_on push_off",
        "push_key break_feed flare flare_about flare_over flare_mistake load load_new load_plan load_ladder load_rung",
        "load_entry load_task load_amounts load_change workplace workplace_check workplace_part workplace_point",
        "workplace_print habits habits_breathing",
        shows=("plan", "progress"),
    ),
    **_rules(
        "own", "progress history card goals checkin sooner later review review_result", shows=("progress", "mood")
    ),
    **_rules(
        "own",
        "live live_screen live_ticket live_kept live_kept_delete live_kept_finish live_kept_file",
        shows=("live", "wearable"),
    ),
    **_rules("own", "messages appointment_file hand_over groups group_file", shows=("messages",)),
    **_rules("own", "group", shows=("messages", "plan")),
    # Exports: all of a record, for its own person only.
    **_rules(
        "own",
        "own_data take_data clinic_data clinic_in delete_data letter referral",
        shows=("identity", "answers", "mood", "plan"),
    ),
    # The clinician's; in a demo the invented people are theirs, elsewhere these lead nowhere.
    **_rules("work", "caseload", roles=("clinician",), shows=("identity", "answers", "plan", "progress")),
    **_rules(
        "work",
        "clinic_person",
        roles=("clinician",),
        shows=("identity", "answers", "mood", "plan", "progress", "wearable"),
    ),
    **_rules("work", "clinic_plan clinic_picture", roles=("clinician",), shows=("identity", "plan")),
    **_rules("work", "clinic_templates clinic_groups", roles=("clinician",)),
    **_rules("work", "clinic_group", roles=("clinician",), shows=("identity", "messages")),
    **_rules("work", "clinic_group_offer", roles=("clinician",), shows=("identity", "plan", "messages")),
    **_rules("work", "clinic_cleared", roles=("clinician",), shows=("identity", "answers", "plan")),
    **_rules("work", "clinic_messages clinic_tasks", roles=("clinician",), shows=("identity", "messages")),
    # Programs with a token; in a service the token of an app, and what it opens is asked of `access`.
    **_rules("anyone", "fhir_metadata fhir_find fhir_read fhir_nothing"),
    # Tokens that are made by hand are for one's own machine.
    **_rules("shut", "programs"),
    # The household's: choosing a person, bringing one in, reading somebody's file, electrodes at the computer itself.
    **_rules("shut", "choose_person bring_data opened opened_change live_muscle"),
}

_COPIED: Final[frozenset[DataClass]] = frozenset({"identity", "answers", "mood", "plan", "progress", "wearable"})

#: Pages that only a service has.
SERVICE_PAGES: Final[dict[str, Rule]] = {
    # Signing in and out; made by allauth, which asks for a sign-in itself where one is needed.
    **_rules(
        "entrance",
        "account_login account_logout account_inactive account_signup account_reauthenticate account_change_password",
        "account_email_verification_sent account_reset_password account_confirm_password_reset_code",
        "account_complete_password_reset account_password_reset_completed",
        "mfa_index account_email mfa_authenticate mfa_reauthenticate mfa_activate_totp mfa_deactivate_totp",
        "mfa_view_recovery_codes mfa_generate_recovery_codes",
        "mfa_list_webauthn mfa_add_webauthn mfa_reauthenticate_webauthn mfa_remove_webauthn mfa_login_webauthn",
        "second_step",
    ),
    **_rules("own", "sharing sharing_withdraw sharing_code_back study clinic_copy app_authorize", shows=("identity",)),
    # What an app is told of the service, and what it brings a secret of its own to.
    **_rules("anyone", "smart_configuration app_token app_revoke"),
    # Whoever has an account of their own may help somebody; who that is, and what they see, is asked of `access`.
    **_rules("own", "caring caring_person caring_end", shows=("identity", "answers", "plan", "progress")),
    **_rules("own", "caring_code"),
    "caring_still": Rule(who="own", is_passive=True),
    **dict.fromkeys(("still", "group_still"), Rule(who="work", roles=frozenset({"clinician"}), is_passive=True)),
    **_rules("work", "clinic_live clinic_live_ticket", roles=("clinician",), shows=("identity", "live")),
    **_rules("work", "staff", roles=("clinician", "clinic_admin", "researcher", "support")),
    **_rules("work", "staff_code", roles=("clinician",)),
    **_rules(
        "work",
        "staff_team staff_team_end staff_invite staff_invite_back staff_looks staff_looks_seen",
        roles=("clinic_admin",),
    ),
    # The link of a mail: whoever holds it brings a secret of its own.
    **_rules("anyone", "staff_join staff_join_link"),
    **_rules("work", "staff_support", roles=("support",)),
    # Copies for the systems of a clinic, of those who let it have one: asked of `access` for each person at each look.
    # A system brings a token; whoever runs the clinic comes by the page.
    **_rules("anyone", "bulk_kick_off bulk_status bulk_file", shows=_COPIED),
    **_rules("work", "staff_copies staff_copy_delete", roles=("clinic_admin",)),
    **_rules("work", "staff_copy_file", roles=("clinic_admin",), shows=_COPIED),
    "staff_copy_progress": Rule(who="work", roles=frozenset({"clinic_admin"}), is_passive=True),
    # Figures under a pseudonym, asked of `access` for each person at each copy.
    **_rules("work", "staff_studies staff_study_end", roles=("researcher",)),
    **_rules("work", "staff_study_copy", roles=("researcher",), shows=("answers", "plan", "progress", "wearable")),
}

#: Path of a socket -> its rule. Each is let in by a ticket or a secret that a page of the same rule gave.
SOCKETS: Final[dict[str, Rule]] = {
    "/live/socket/": Rule(who="own", shows=frozenset({"live"})),
    "/live/view/socket/": Rule(who="own", shows=frozenset({"live"})),
    "/live/muscle/socket/": Rule(who="shut"),
    "/live/screen/socket/": Rule(who="own", shows=frozenset({"live"})),
    "/live/phone/socket/": Rule(who="anyone"),
    "/clinic/live/socket/": Rule(who="work", roles=frozenset({"clinician"}), shows=frozenset({"live"})),
}

#: What runs without anybody asking, and for whom: each person by themselves.
JOBS: Final[dict[str, Rule]] = {
    "look": Rule(who="own", shows=frozenset({"plan"})),
    "finish_left": Rule(who="own", shows=frozenset({"live", "wearable"})),
    "sweep_guests": Rule(who="anyone"),
    "make_copies": Rule(who="anyone", shows=_COPIED),
}


def rule_of(view_name: str | None) -> Rule | None:
    """The rule of a page; None for one without: nobody comes in."""
    return PAGES.get(view_name or "") or SERVICE_PAGES.get(view_name or "")


def check_registered(*, sockets: Iterable[str], jobs: Iterable[str], service: bool) -> None:
    """Raises UnregisteredError for ways in without a rule, all at once."""
    known = PAGES.keys() | SERVICE_PAGES.keys()
    without = sorted(set(page_names()) - known)
    without += sorted(set(sockets) - SOCKETS.keys()) + sorted(set(jobs) - JOBS.keys())
    if without:
        raise UnregisteredError(f"no rule in web/rules.py for: {', '.join(without)}")
    if service and (ghosts := sorted(known - set(page_names()) - {"styleguide"})):
        raise UnregisteredError(f"rules in web/rules.py without a page: {', '.join(ghosts)}")


def page_names() -> Iterator[str]:
    """Every page that Django answers; one without a name is named by its address."""
    yield from _names(get_resolver().url_patterns, "")


def _names(patterns: Iterable[URLPattern | URLResolver], before: str) -> Iterator[str]:
    for pattern in patterns:
        address = f"{before}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            yield from _names(pattern.url_patterns, address)
        else:
            yield pattern.name or address
