"""Where the figures of a report come from."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingSource:
    """What the report says about where the figures come from.

    Attributes
    ----------
    name : file name, without its folder
    description : format and device in words
    clock : start of the recording as the wearer's clock showed it, or None where the recording does not know
    notes : sentences about what was guessed or repaired
    """

    name: str
    description: str
    clock: dt.datetime | None
    notes: tuple[str, ...] = ()
