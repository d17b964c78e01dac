"""Which safety-net cards and messages belong to a person."""

from collections.abc import Iterable
from typing import Literal

from upperback.care.triage.facts import Facts
from upperback.care.triage.rows import truth
from upperback.content.models import Disposition, Message
from upperback.content.vocabulary import Content
from upperback.core.ternary import Ternary


def attached_messages(
    facts: Facts,
    content: Content,
    disposition: Disposition,
    kinds: Iterable[Literal["safety_net", "message", "card"]] = ("safety_net", "message"),
) -> tuple[Message, ...]:
    """Messages that these facts call for, in the order of the content. An unknown attaches where the card says so.

    With an emergency or same-day result nothing is attached that invites to try something meanwhile.
    """
    wanted = set(kinds)
    help_first = disposition in ("emergency_now", "urgent_same_day")
    return tuple(
        item
        for item in content.messages.values()
        if item.kind in wanted
        and not (help_first and item.invites_to_try)
        and _attaches(item, facts, content, disposition)
    )


def _attaches(message: Message, facts: Facts, content: Content, disposition: Disposition) -> bool:
    if message.attach in ("always", disposition):
        return True
    if message.attach != "when" or message.when is None:
        return False
    value = truth(message.when, facts, content)
    return value is Ternary.YES or (value is Ternary.UNKNOWN and message.unknown_attaches)
