"""What counting repetitions takes and gives."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias

Seconds: TypeAlias = float

Motion: TypeAlias = Literal["lean", "turn", "any"]
"""What moves: `lean`, the sensor against the vertical; `turn`, about the vertical, which only a gyroscope sees; `any`,
for an exercise that nothing is known about."""

Grade: TypeAlias = Literal["good", "fair", "poor", "none"]
"""How well an exercise can be counted, as the content says. `none`: by the timer only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepetitionTemplate:
    """What is known of an exercise beforehand. The default is an exercise that nothing is known about.

    Attributes
    ----------
    motion, grade : see there
    range_deg : low and high end of the planned range, or None
    repetition_s : planned length of one repetition, or None
    deg_min : what is smaller is none, if that differs from the usual
    both_sides : to one side and to the other in turn; each is a repetition
    alternates : to one side and to the other in turn, and the sensor feels only its own
    ends_at_rest : the far end looks to the sensor like the pose before and after the exercise, as a hanging arm does
    """

    motion: Motion = "any"
    grade: Grade = "fair"
    range_deg: tuple[float, float] | None = None
    repetition_s: Seconds | None = None
    deg_min: float | None = None
    both_sides: bool = False
    alternates: bool = False
    ends_at_rest: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RepetitionParams:
    """Tuning. Units are in the names.

    Low-pass, hysteresis and the length of a repetition are the planning values of the clinical reference; the idea,
    thresholds on a low-passed signal, worked best of those compared by [1]_. The rest was chosen on simulated wearers
    with the tuning seeds of validation/movement.py.

    References
    ----------
    .. [1] Zelman S et al. Accelerometer-based automated counting of ten exercises without exercise-specific training
       or tuning. J Healthc Eng 2020;2020:8869134.
    """

    low_pass_hz: float = 2.0
    up_share: float = 0.5
    """A repetition has begun when this share of the range is passed,"""
    down_share: float = 0.25
    """and is counted when the way back falls below this one."""
    repetition_s_min: Seconds = 1.5
    repetition_s_max: Seconds = 10.0
    planned_share_min: float = 0.4
    """And not shorter than this share of what is planned: nobody hurries that much."""
    planned_share_max: float = 2.5
    """Nor longer than this times the plan, where that is more than the above."""
    uneven_max: float = 4.0
    """The way out and the way back take the same time within this factor."""
    lean_deg_min: float = 3.0
    """A smaller movement cannot be told from breathing and swaying."""
    turn_deg_min: float = 8.0
    """The same for turns, which drift."""
    unknown_range_deg: float = 10.0
    """Where no range is planned."""
    first_share: float = 0.6
    """Before the person's own range is known, this share of the low end of the plan stands for it."""
    off_line_max: float = 0.5
    """A path that leaves the straight line by more than this share of its length is no repetition."""
    range_share_max: float = 2.2
    """Once the person's own way is known: what goes further than this times their range is another movement,"""
    direction_cos_min: float = 0.9
    """and what goes in another direction,"""
    own_off_line_max: float = 0.3
    """what leaves the line by more than this share,"""
    tempo_share_min: float = 0.45
    """and what is faster than usual by more than this, or as much slower."""
    own_range_after: int = 3
    """Repetitions that the person's own range is known from."""
    still_dps_max: float = 4.0
    still_s: Seconds = 0.4
    row_pause_s: Seconds = 3.0
    row_pause_share: float = 1.75
    """So long and so many usual lengths after the last repetition, the row is over and looked at as a whole."""
    row_min: int = 3
    """Fewer alike are no exercise by themselves."""
    row_share_min: float = 0.55
    row_cos_min: float = 0.85
    """In a row, what differs more from the others in range or direction is taken back."""
    lone_likeness: float = 0.67
    lone_apart_deg_max: float = 15.0
    """One outside of a row counts if range, tempo and pose are that much like those of a row."""
    bounce_mps2_max: float = 0.7
    """Who bounces more is walking."""
    pause_s: Seconds = 12.0
    """A longer one begins a new set."""


class Doubt(StrEnum):
    """Why a count cannot be relied on. The texts are for people."""

    TOO_SMALL = "The movement is too small to tell from breathing and swaying."
    RHYTHM_LOST = "The rhythm was lost. Please check the count."
    MOVED = "The sensor has moved. Please check the count."
    NOT_MEASURED = "Some of the signal is missing. Please check the count."
    POOR_SIGNAL = "This exercise can hardly be felt by the sensor. Please count along."
    NO_GYROSCOPE = "Turning can only be counted with a gyroscope. Please use the timer."
    TIMER_ONLY = "This exercise is done by the timer."


@dataclass(frozen=True, slots=True, kw_only=True)
class Repetition:
    """One repetition. Times are on the clock of the chunks.

    Attributes
    ----------
    number : from 1, over the whole stream, never used twice
    set_number : from 1; a long pause begins a new one
    start_s : when it began
    counted_s : when the way back fell below the threshold; live, it is counted a low-pass (about 0.1 s) later
    out_s, hold_s, back_s : length of the three phases, from the moments that 10, 90 and 25 % were passed and the way
        a smooth movement goes
    range_deg : how far the sensor leaned; None for a turn, which a gyroscope cannot tell in degrees
    other_side : it went to the other side than the first one
    """

    number: int
    set_number: int
    start_s: Seconds
    counted_s: Seconds
    out_s: Seconds
    hold_s: Seconds
    back_s: Seconds
    range_deg: float | None
    other_side: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtAt:
    """A doubt, and since when."""

    time_s: Seconds
    doubt: Doubt


@dataclass(frozen=True, slots=True, kw_only=True)
class RepetitionBlock:
    """What an update brought. Joined over a stream, it does not depend on how the stream was cut.

    Attributes
    ----------
    counted : new repetitions; some are told late, when their row is over
    taken_back : numbers of earlier ones that were none: false starts, fidgets, a row counted from the wrong end
    doubts : new doubts
    """

    counted: tuple[Repetition, ...] = ()
    taken_back: tuple[int, ...] = ()
    doubts: tuple[DoubtAt, ...] = ()
