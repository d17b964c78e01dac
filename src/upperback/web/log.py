"""How log lines look: time, level, place, message, and for exceptions the kind and the frames. Never values."""

import logging
import traceback
from typing import Final

from django.utils import timezone

_FRAMES_MAX: Final = 12


class QuietFormatter(logging.Formatter):
    """One line per event. The text of an exception is left out: it may repeat what a person typed."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, followed by the frames of an exception if there is one."""
        line = f"{timezone.now():%Y-%m-%dT%H:%M:%SZ} {record.levelname} {record.name} {record.getMessage()}"
        if not record.exc_info or record.exc_info[0] is None:
            return line
        kind, _, trace = record.exc_info
        frames = traceback.extract_tb(trace)[-_FRAMES_MAX:]
        places = [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
        return "\n".join([f"{line} exception={kind.__module__}.{kind.__qualname__}", *places])
