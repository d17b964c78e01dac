"""Files that a form brings: small ones only, kept in memory and never on the disk."""

from typing import Any, Final

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import MemoryFileUploadHandler

#: A whole form with its file.
FORM_BYTES_MAX: Final = 2 * 1024 * 1024


class SmallFiles(MemoryFileUploadHandler):
    """Refuses a form that is too large by what it says of itself, before it is read."""

    def handle_raw_input(self, input_data: Any, META: Any, content_length: int, *more: Any, **named: Any) -> None:  # noqa: N803
        """Called with the headers, before the first byte."""
        if content_length > FORM_BYTES_MAX:
            raise RequestDataTooBig
        super().handle_raw_input(input_data, META, content_length, *more, **named)
        self.activated = True
