"""Whether this process can do its work. `/healthz`, whether it is up at all, is answered by the front door."""

from typing import Final

from django.conf import settings
from django.db import connection, transaction
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

_SYNCHRONOUS_FULL: Final = 2


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """`/readyz`: the database takes writes and the content release is loaded. 503 names the part that is not."""
    parts = {"database": _database_writable(), "content": _content_loaded()}
    return JsonResponse(
        {name: "ok" if fine else "failed" for name, fine in parts.items()}, status=200 if all(parts.values()) else 503
    )


def _database_writable() -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            # On SQLite the transaction is IMMEDIATE: it takes the write lock, which a read-only file refuses.
            if connection.vendor == "postgresql":
                cursor.execute("SHOW transaction_read_only")
                return bool(cursor.fetchone() == ("off",))
            cursor.execute("SELECT 1")
    except Exception:  # noqa: BLE001  any reason means "not ready"
        return False
    return True


def fault_in_durability() -> str | None:
    """Why an answer called "saved" might not survive a power cut here; None when it does, or when nobody can say.

    A database that another version of SQLite or another program left in a mode of its own is found out here.
    """
    if connection.vendor != "sqlite" or connection.is_in_memory_db():  # type: ignore[attr-defined]
        return None
    wanted = settings.SQLITE_JOURNAL.lower()
    with connection.cursor() as cursor:
        journal = cursor.execute("PRAGMA journal_mode").fetchone()[0]
        synchronous = cursor.execute("PRAGMA synchronous").fetchone()[0]
    if journal == wanted and synchronous == _SYNCHRONOUS_FULL:
        return None
    return f"SQLite runs with journal {journal} and synchronous {synchronous}; {wanted} and 2 (full) are needed"


def _content_loaded() -> bool:
    try:
        from upperback.content.load import default_release

        return bool(default_release().sha256)
    except Exception:  # noqa: BLE001
        return False
