"""Values out of a form that was sent, for pages that keep diary entries."""

from django.http import QueryDict


def score(posted: QueryDict, name: str) -> int | None:
    """A whole number from 0 to 10; None where nothing that fits was chosen."""
    text = posted.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 2 and int(text) <= 10 else None
