"""`/clinic/`: everybody a clinician looks after, the most pressing first, each with the reason in words."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from upperback.care.caseload import NEEDS, Placed
from upperback.services import caseload, group_places
from upperback.web.clinician.who import actor_of, for_clinician
from upperback.web.clinician.words import NEED_SHAPES, NEED_WORDS, reason_words
from upperback.web.person import session
from upperback.web.person.page import show

#: So many people stand on one page.
_ON_A_PAGE: Final = 50
_MORE_REASONS: Final = 2


@require_safe
@for_clinician
def caseload_page(request: HttpRequest) -> HttpResponse:
    """The list; `?need=` shows one reason only, `?name=` whoever is called so."""
    now = session.now()
    everybody = caseload.caseload(by=actor_of(request), now=now)
    counts = Counter(placed.need for placed in everybody)
    need, name = request.GET.get("need", ""), request.GET.get("name", "").strip()[:60]
    chosen = [placed for placed in everybody if (not need or placed.need == need) and _is_called(placed, name)]
    page = Paginator(chosen, _ON_A_PAGE).get_page(request.GET.get("page"))
    named = [placed.stand.person for placed in page.object_list if "messages" in placed.stand.knows]
    context = {
        "rows": [_row(placed, now.date()) for placed in page.object_list],
        "groups": group_places.in_groups(people=named, by=actor_of(request), now=now) if named else {},
        "page": page,
        "count": len(everybody),
        "shown": len(chosen),
        "needs": [
            {"id": one, "text": NEED_WORDS[one], "count": counts[one], "here": one == need}
            for one in NEEDS
            if counts[one]
        ],
        "need": need,
        "name": name,
    }
    return show(request, "clinician/caseload.jinja", context)


def _is_called(placed: Placed, name: str) -> bool:
    return name.casefold() in placed.stand.name.casefold()


def _row(placed: Placed, today: Any) -> dict[str, Any]:
    first, *more = placed.reasons
    return {
        "id": placed.stand.person,
        "name": placed.stand.name,
        "need": placed.need,
        "word": NEED_WORDS[placed.need],
        "shape": NEED_SHAPES[placed.need],
        "why": reason_words(first, today),
        "more": [reason_words(reason, today) for reason in more[:_MORE_REASONS]],
        "pain": _pain(placed.stand.pain_weeks),
        "sessions": placed.stand.sessions if "progress" in placed.stand.knows else None,
        "told_on": placed.stand.told_on,
        "review_on": placed.stand.review_on,
    }


def _pain(weeks: Sequence[float | None]) -> list[str | None]:
    """The last weeks, oldest first; a week that is not known stays a gap. Nothing where none is known."""
    if not any(mean is not None for mean in weeks):
        return []
    return [None if mean is None else f"{mean:.1f}" for mean in reversed(weeks)]
