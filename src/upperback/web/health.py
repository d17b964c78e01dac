"""Whether this process can do its work. `/healthz`, whether it is up at all, is answered by the front door."""

from django.db import connection, transaction
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe


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


def _content_loaded() -> bool:
    try:
        from upperback.content.load import default_release

        return bool(default_release().sha256)
    except Exception:  # noqa: BLE001
        return False
