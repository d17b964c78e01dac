"""Files that a form brings: small ones in memory; an archive, on its own page, in a temporary file."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import MemoryFileUploadHandler, TemporaryFileUploadHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt, csrf_protect

#: A whole form with its file.
FORM_BYTES_MAX: Final = 2 * 1024 * 1024
#: A form with an archive; a larger one is brought in by the command.
ARCHIVE_BYTES_MAX: Final = 256 * 1024 * 1024

View = Callable[..., HttpResponseBase]


class SmallFiles(MemoryFileUploadHandler):
    """Refuses a form that is too large by what it says of itself, before it is read."""

    def handle_raw_input(self, input_data: Any, META: Any, content_length: int, *more: Any, **named: Any) -> None:  # noqa: N803
        """Called with the headers, before the first byte."""
        if content_length > FORM_BYTES_MAX:
            raise RequestDataTooBig
        super().handle_raw_input(input_data, META, content_length, *more, **named)
        self.activated = True


class ArchiveFile(TemporaryFileUploadHandler):
    """The same for an archive, which goes to a temporary file of this user."""

    def handle_raw_input(self, input_data: Any, META: Any, content_length: int, *more: Any, **named: Any) -> None:  # noqa: N803
        """Called with the headers, before the first byte."""
        if content_length > ARCHIVE_BYTES_MAX:
            raise RequestDataTooBig
        super().handle_raw_input(input_data, META, content_length, *more, **named)


def with_archive(view: View) -> View:
    """The form of this view may bring an archive. Its token is checked after the handler is chosen, as reading it
    reads the form.
    """
    checked = csrf_protect(view)

    @csrf_exempt
    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **named: Any) -> HttpResponseBase:
        request.upload_handlers = [ArchiveFile(request)]
        return checked(request, *args, **named)

    return wrapped
