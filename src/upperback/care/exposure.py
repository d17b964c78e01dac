"""A ladder for tasks that are dared only with worry: again until the worry falls, then the next one. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from upperback.care.diary import FearedDone, FearedTold, Written
from upperback.content.vocabulary import Content


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One task of the ladder.

    Attributes
    ----------
    id, name : its name in the diary and in the person's words
    worry : 0..10 as rated before it was tried
    tries : what came of each time, oldest first
    calmer : times after which the worry had fallen enough
    is_done, is_now : whether it needs no more, and whether it is the one to try now
    """

    id: str
    name: str
    worry: int
    tries: tuple[FearedDone, ...] = ()
    calmer: int = 0
    is_done: bool = False
    is_now: bool = False


def ladder_of(written: Iterable[Written], content: Content) -> list[Rung]:
    """The ladder, least worry first, with the one rung to try now.

    It begins in the lower middle: what worries hardly at all teaches nothing, and the highest rung comes last.
    """
    told: dict[str, FearedTold] = {}
    tries: dict[str, list[FearedDone]] = {}
    for row in written:
        if isinstance(row.entry, FearedTold):
            told[row.entry.step] = row.entry
        elif isinstance(row.entry, FearedDone):
            tries.setdefault(row.entry.step, []).append(row.entry)
    kept = sorted((one for one in told.values() if one.kept), key=lambda one: one.worry)
    rungs = [_rung(one, tries.get(one.step, []), content) for one in kept]
    open_ones = [rung for rung in rungs if not rung.is_done]
    start = content.limit("exposure_start_worry")
    now = next((rung for rung in open_ones if rung.worry >= start), next(iter(reversed(open_ones)), None))
    return [replace(rung, is_now=rung is now) for rung in rungs]


def is_calmer(first: int, after: int, content: Content) -> bool:
    """Whether worry has fallen enough on one occasion: to half, or by two points."""
    return after <= content.limit("exposure_drop_share") * first or first - after >= content.limit(
        "exposure_drop_points"
    )


def _rung(told: FearedTold, tries: list[FearedDone], content: Content) -> Rung:
    calmer = sum(is_calmer(told.worry, one.worry, content) for one in tries)
    return Rung(
        id=told.step,
        name=told.name,
        worry=told.worry,
        tries=tuple(tries),
        calmer=calmer,
        is_done=calmer >= content.limit("exposure_occasions"),
    )
