"""Catalogues for translators: gathers every English text that people read, and says what is translated.

    python tools/translations.py update [de]    the catalogues of a language, brought up to date; nothing is lost
    python tools/translations.py report         how much of each language is there

Three sources: the content release, by the ids of its texts; the pages, by gettext; and the sentences that code in care
and services makes, with their gaps as {0}.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, get_args

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from upperback.care.plan.build import PARTS as PLAN_PARTS
from upperback.care.plan.dose import UNITS
from upperback.content import models
from upperback.content.catalogue import NOT_REVIEWED, RELEASE_HEADER, REVIEW_HEADER
from upperback.content.load import content_folder, default_release
from upperback.content.vocabulary import default_content
from upperback.content.wording import PARTS, texts_of

ROOT: Final = Path(__file__).resolve().parents[1]
CODE: Final = ROOT / "src" / "upperback"
INTERFACE: Final = CODE / "web" / "locale"
WRITTEN: Final = ("de",)
EQUIPMENT: Final = get_args(get_args(models.Exercise.__annotations__["equipment"])[0])

#: Rooms whose sentences reach a page without gettext: they are pure, or stored.
_ROOMS: Final = ("care", "services", "web/live")
_METHODS: Final = [("**.py", "python"), ("**.jinja", "jinja2")]
_KEYWORDS: Final[dict[str, Any]] = {"_": None, "gettext": None, "ngettext": (1, 2), "gettext_lazy": None, "N_": None}
_OPTIONS: Final[dict[str, Any]] = {"**.jinja": {"newstyle_gettext": "true", "trimmed": "true"}}
#: Sentences too short to be found by their look, and words that fill their gaps.
_SHORT: Final = (
    "and",
    *("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    *PLAN_PARTS.values(),
    *UNITS.values(),
    *EQUIPMENT,
    # How far a source was read: `_CHECKED` of the pages to read.
    *("read in full", "its summary was read", "seen through others who report it", "known to exist, not read again"),
    "not read again for this page",
    *("Take {0} bag or trip.", "Take {0} bags or trips.", "1 stretch", "Start again from {0} kg."),
    *("set", "sets"),
)
#: Templates that nobody in pain sees.
_NOT_SHOWN: Final = frozenset({"styleguide.jinja"})
_NO_SENTENCE: Final = re.compile(r"<\w|==|\bin_|_log|SELECT|PRAGMA|UPDATE |\w_\w|is not possible|\bkey called\b|\|")
#: At least eight letters outside its gaps: less would match anything.
_WORDS: Final = re.compile(r"(?=(?:[^A-Za-z]*[A-Za-z]){8})[A-Za-z{“].*[A-Za-z}]+.*[ ,.].*[A-Za-z]{2,}", re.DOTALL)
#: Code that speaks to whoever builds the content, at a terminal.
_AT_A_TERMINAL: Final = frozenset(
    {"care/check.py", "care/changes.py", "care/triage/law.py", "care/triage/facts.py", "care/triage/columns.py"}
)
_SILENT_CALLS: Final = (
    "_log",
    "ContentError",
    "gettext",
    "ngettext",
    "gettext_lazy",
    "NotFound",
    "re.compile",
    "field",
)


def interface_texts() -> Iterator[tuple[str, int, str | tuple[str, ...]]]:
    """Every text of a page that goes through gettext: file, line, text."""
    found = extract_from_dir(CODE / "web", _METHODS, _OPTIONS, _KEYWORDS)
    for name, line, message, _, _ in found:
        if Path(name).name not in _NOT_SHOWN:
            yield name, line, message


def sentences() -> Iterator[tuple[str, int, str]]:
    """Every sentence that code makes: file, line, text with gaps as {0}."""
    for room in _ROOMS:
        for path in sorted((CODE / room).rglob("*.py")):
            if path.relative_to(CODE).as_posix() in _AT_A_TERMINAL:
                continue
            for line, text in _of_code(ast.parse(path.read_text(encoding="utf-8"))):
                if _WORDS.search(text) and not _NO_SENTENCE.search(text):
                    yield path.relative_to(CODE).as_posix(), line, text


def _of_code(tree: ast.AST) -> Iterator[tuple[int, str]]:
    silent = {id(inner) for node in ast.walk(tree) if _is_silent(node) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in silent:
            continue
        if isinstance(node, ast.JoinedStr):
            silent |= {
                id(inner) for value in node.values if isinstance(value, ast.Constant) for inner in ast.walk(value)
            }
            yield node.lineno, _with_gaps(node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def _is_silent(node: ast.AST) -> bool:
    """Docstrings, what an assertion says, logs, keys of a subscript."""
    match node:
        case ast.Expr(value=ast.Constant()) | ast.Assert() | ast.Subscript() | ast.Compare():
            return not isinstance(node, ast.Subscript) or isinstance(node.slice, ast.Constant)
        case ast.Call():
            return ast.unparse(node.func).startswith(_SILENT_CALLS)
        case ast.arg() | ast.AnnAssign(value=None):
            return True
    return False


def _with_gaps(node: ast.JoinedStr) -> str:
    gaps = 0
    text = ""
    for value in node.values:
        if isinstance(value, ast.Constant):
            text += str(value.value)
        else:
            text += f"{{{gaps}}}"
            gaps += 1
    return text


# ---- catalogues ----------------------------------------------------------------------------------------------------


def content_catalogues() -> dict[str, Catalog]:
    """A catalogue without words for each part of the release."""
    made = {part: Catalog() for part in PARTS}
    for place in texts_of(default_release().release):
        made[place.part].add(place.text, locations=[(f"{place.part}/{place.path}", 0)])
    return made


def interface_catalogue() -> Catalog:
    """A catalogue without words of the pages."""
    made = Catalog()
    for name, line, message in interface_texts():
        flags = ["python-format"] if "%(" in str(message) else []
        made.add(message, locations=[(f"web/{name}", line)], flags=flags)
    return made


def sentence_catalogue() -> Catalog:
    """A catalogue without words of the sentences that code makes."""
    made = Catalog()
    for name, line, text in sentences():
        made.add(text, locations=[(name, line)])
    for word in _SHORT:
        made.add(word, locations=[("words", 0)])
    return made


def update(language: str) -> None:
    """Brings the catalogues of a language up to date. Words of texts that are gone are kept at the end of the file."""
    folder = content_folder() / "languages" / language
    for part, made in content_catalogues().items():
        _merge(folder / f"{part}.po", made, language, numbered=False)
    _merge(INTERFACE / language / "interface.po", interface_catalogue(), language, numbered=False)
    _merge(INTERFACE / language / "sentences.po", sentence_catalogue(), language, numbered=False)


def _merge(path: Path, made: Catalog, language: str, *, numbered: bool) -> None:
    known = _read(path, language)
    merged = Catalog(
        locale=language,
        project="upperback",
        copyright_holder="The upperback contributors",
        fuzzy=False,
        charset="utf-8",
    )
    merged.header_comment = f"# {made.header_comment and path.stem} in {language}: see docs/guide on translating."
    for message in made:
        if not message.id:
            continue
        old = known.get(message.id) or known.obsolete.get(_key(message.id))
        merged.add(message.id, old.string if old is not None else None, message.locations, message.flags)
    for old in [*known, *known.obsolete.values()]:
        if old.id and old.string and made.get(old.id) is None:
            merged.obsolete[_key(old.id)] = old
    path.parent.mkdir(parents=True, exist_ok=True)
    body = _body(merged, numbered=numbered)
    path.write_text(_header(language) + body, encoding="utf-8")


def _key(text: str | tuple[str, ...] | list[str]) -> str:
    return text if isinstance(text, str) else text[0]


def _header(language: str) -> str:
    lines = {
        "Language": language,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": "nplurals=2; plural=(n != 1);",
        RELEASE_HEADER: default_content().release_id,
        REVIEW_HEADER: NOT_REVIEWED,
    }
    inner = "".join(f'"{name}: {value}\\n"\n' for name, value in lines.items())
    return f'msgid ""\nmsgstr ""\n{inner}\n'


def _body(catalogue: Catalog, *, numbered: bool) -> str:
    import io

    out = io.BytesIO()
    write_po(out, catalogue, width=110, omit_header=True, include_lineno=numbered)
    return out.getvalue().decode()


def _read(path: Path, language: str) -> Catalog:
    if not path.is_file():
        return Catalog(locale=language)
    with path.open("rb") as handle:
        return read_po(handle, locale=language)


def report() -> None:
    """Texts, and how many are translated."""
    for language in WRITTEN:
        total = done = 0
        folders = (content_folder() / "languages" / language, INTERFACE / language)
        for path in sorted(path for folder in folders for path in folder.glob("*.po")):
            messages = [message for message in _read(path, language) if message.id]
            ready = sum(1 for message in messages if (message.string and all(message.string)))
            print(f"{language}  {path.stem:14} {ready:5} of {len(messages):5}")
            total, done = total + len(messages), done + ready
        print(f"{language}  {'all':14} {done:5} of {total:5}, {done / max(total, 1):.1%}")


def main(arguments: list[str]) -> None:
    """See the top of the file."""
    match arguments:
        case ["update", *languages]:
            for language in languages or WRITTEN:
                update(language)
            report()
        case ["report"]:
            report()
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
