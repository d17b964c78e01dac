"""The pace of one repetition: what to do for how many seconds, in step with the moving figure."""

from dataclasses import dataclass
from typing import Literal

from upperback.content.models import Exercise
from upperback.web.figures import REST_S, SHOWN_HOLD_S, timing_of

Do = Literal["move", "hold", "back", "in", "out", "rest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A part of one repetition. `figure_s`: where the figure stands when it begins, `figure_for_s`: how far it goes."""

    do: Do
    seconds: float
    figure_s: float
    figure_for_s: float


def pace_of(exercise: Exercise) -> list[Phase]:
    """The parts of one repetition, both sides where they count as one; empty for a distance, which has no pace."""
    if exercise.dose == "distance":
        return []
    tempo, timing = exercise.tempo, timing_of(exercise)
    out, back = ("in", "out") if exercise.dose == "breaths" else ("move", "back")
    sides = 2 if any(timing.other_side) else 1
    parts: list[tuple[Do, float, float]] = [(out, tempo.out_s, tempo.out_s)]  # type: ignore[list-item]
    shown_s = timing.length_s / sides - tempo.out_s - tempo.back_s
    if shown_s > 0:  # a figure that runs on neither pauses nor rests
        pause_s = tempo.hold_s or tempo.pause_s
        parts += [("hold", pause_s, SHOWN_HOLD_S if tempo.hold_s else pause_s)] if pause_s else []
    parts.append((back, tempo.back_s, tempo.back_s))  # type: ignore[arg-type]
    if shown_s > 0:
        parts.append(("rest", REST_S, REST_S))
    found, at_s = [], 0.0
    for do, seconds, figure_for_s in parts * sides:
        found.append(Phase(do=do, seconds=seconds, figure_s=at_s, figure_for_s=figure_for_s))
        at_s += figure_for_s
    return found
