"""Pages to read: YAML front matter and a small, safe part of Markdown, made into HTML when a release is compiled.

What is left of Markdown: paragraphs, headings of the second and third level, lists, strong, emphasis, and links inside
the product (`learn:ID`, `help:`, `check:`), which the pages turn into addresses. Everything else is refused with
file and line: HTML, scripts, pictures, quotes, code, links to anywhere else. So what comes out needs no cleaning.

A stretch between `::: waits` and `:::` reassures or offers something to try; it is shown where a safety check
allows it.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from upperback.content.strict_yaml import Document, Plain, read_plain, read_text
from upperback.core.errors import ContentError

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

#: Where a link may lead: to another page, to help, to the safety check.
LINK: Final = re.compile(r"(?:learn:([a-z][a-z0-9-]*)|help:|check:)")

_FENCE: Final = "---"
_OPENS: Final = "::: waits"
_CLOSES: Final = ":::"
_PAIRS: Final = ("paragraph", "heading", "bullet_list", "ordered_list", "list_item", "strong", "em", "link")
_KNOWN: Final = {f"{kind}_{end}" for kind in _PAIRS for end in ("open", "close")} | {"inline", "text", "softbreak"}
_HEADINGS: Final = frozenset({"h2", "h3"})
_CALLED: Final = {
    "html_block": "HTML", "html_inline": "HTML", "image": "a picture", "fence": "code", "code_block": "code",
    "code_inline": "code", "blockquote_open": "a quote", "hr": "a line across", "hardbreak": "a forced line break",
}  # fmt: skip


def read_page(path: Path, name: str) -> Document:
    """The file as plain data: its front matter, with the text as `parts`. Raises ContentError with file and line."""
    lines = read_text(path, name).splitlines()
    if not lines or lines[0] != _FENCE or _FENCE not in lines[1:]:
        raise ContentError(f"{name}:1: a page begins with its front matter between two lines of ---")
    end = lines.index(_FENCE, 1)
    head = read_plain("\n" + "\n".join(lines[1:end]), name)  # the empty line stands for the first fence
    if not isinstance(head.data, dict):
        raise ContentError(f"{name}:2: the front matter is a list of keys and values")
    if "parts" in head.data:
        raise ContentError(f"{head.place('parts')}: parts is the text below, not a key")
    parts: list[Plain] = []
    for waits, first, block in _stretches(lines, end + 1, name):
        head.lines[f"parts/{len(parts)}"] = first + 1
        parts.append({"html": _html("\n".join(block), first, name), "waits": waits})
    return Document(name, head.data | {"parts": parts}, head.lines)


def plain_text(html: str) -> str:
    """The words of a part, a sentence for each heading and item, for measuring and searching."""
    text = re.sub(r";(?=</li>)", ".", html)
    text = re.sub(r"(?<![.?!:>])</(?:h2|h3|li|p)>", ". ", text)
    text = re.sub(r"<[^>]+>", " ", text)
    for mark, letter in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
        text = text.replace(mark, letter)
    return re.sub(r"\s+([.,;:?!])", r"\1", " ".join(text.split()))


def links_of(html: str) -> Iterator[str]:
    """The pages that a part leads to."""
    for target in re.findall(r'href="([^"]*)"', html):
        found = LINK.fullmatch(target)
        if found and found[1]:
            yield found[1]


def _stretches(lines: list[str], start: int, name: str) -> Iterator[tuple[bool, int, list[str]]]:
    """Stretches of text: whether they wait, the index of their first line, and their lines."""
    waits, first, opened = False, start, 0
    for index, line in enumerate([*lines[start:], None], start):
        if line is not None and not line.startswith(_CLOSES):
            continue
        if line is not None and line != (_CLOSES if waits else _OPENS):
            raise ContentError(f"{name}:{index + 1}: “{_OPENS}” opens a stretch that waits, “{_CLOSES}” closes it")
        if any(text.strip() for text in lines[first:index]):
            yield waits, first, lines[first:index]
        elif waits:
            raise ContentError(f"{name}:{index + 1}: nothing stands in the stretch that waits")
        if line is not None:
            waits, first, opened = not waits, index + 1, index + 1
    if waits:
        raise ContentError(f"{name}:{opened}: “{_OPENS}” is never closed")


def _html(text: str, first: int, name: str) -> str:
    tokens = _markdown().parse(text)
    for token in tokens:
        line = first + (token.map[0] if token.map else 0) + 1
        for part in (token, *(token.children or ())):
            if problem := _problem(part):
                raise ContentError(f"{name}:{line}: {problem}")
    return str(_markdown().renderer.render(tokens, _markdown().options, {})).strip()


def _problem(token: "Token") -> str | None:
    if token.type not in _KNOWN:
        return f"{_CALLED.get(token.type, token.type)} is not used in a page"
    if token.type == "heading_open" and token.tag not in _HEADINGS:
        return "headings are of the second or third level: the title of the page is the first"
    if token.type == "text" and "](" in token.content:
        return "a link that cannot be read"
    if token.type == "link_open":
        target = str(token.attrs.get("href", ""))
        if not LINK.fullmatch(target) or "title" in token.attrs:
            return f"a link leads to learn:ID, help: or check:, not to {target}"
    return None


@cache
def _markdown() -> "MarkdownIt":
    """Plain CommonMark, HTML included so that it is seen and refused. Loaded only where a release is compiled."""
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark")
