"""Every error the product raises on purpose. Bugs stay bugs and are never turned into these."""

import json
from typing import Any, ClassVar, Final

SHOWN_CHARACTERS: Final = 60


def quoted(value: object) -> str:
    """A refused value as the message shows it: as in JSON, in one line, cut where it is long."""
    try:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        text = repr(value)
    text = "".join(character if character.isprintable() else "?" for character in text)
    return f"“{text[:SHOWN_CHARACTERS]}…”" if len(text) > SHOWN_CHARACTERS else f"“{text}”"


class UpperbackError(Exception):
    """Base of all deliberate errors: a stable `code`, one plain sentence, structured `details`.

    `details` never hold answers, names or signals: they may end up in a log.
    """

    code: ClassVar[str] = "error"

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class InputError(UpperbackError):
    """The caller can fix it: the message names what is wrong and where."""

    code = "input"


class NotAllowed(UpperbackError):
    """The actor may not, or the state does not allow it."""

    code = "not_allowed"


class NotFound(UpperbackError):
    """There is no such thing for this actor. The same answer for "not yours" and "not there"."""

    code = "not_found"


class Conflict(UpperbackError):
    """Somebody changed it in between, or it was sent twice."""

    code = "conflict"


class ContentError(UpperbackError):
    """A content release is refused. Raised when it is loaded, never when it is used."""

    code = "content"


class Unavailable(UpperbackError):
    """Something the product stands on does not answer. `retryable` says whether trying again can help."""

    code = "unavailable"

    def __init__(self, message: str, *, retryable: bool, **details: Any) -> None:
        super().__init__(message, **details)
        self.retryable = retryable
