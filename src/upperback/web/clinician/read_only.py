"""An opened archive is read: nothing is sent to it but the change of a plan, which goes into a file."""

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render

_READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_WRITES_A_FILE: Final = "/opened/change/"


class ReadOnly:
    """Stands before every view of an opened archive. (The database refuses to write, too.)"""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method not in _READS and request.path != _WRITES_A_FILE:
            return render(request, "clinician/read_only.jinja", status=403)
        if request.path == "/":
            return redirect("opened")
        return self._get_response(request)
