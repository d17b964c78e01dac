"""From the files of a release to one frozen structure, its canonical form and its hash.

Reading some 150 YAML files takes longer than a command may need to start, so the canonical JSON is kept
beside the content under the digest of the files it was made from, and used while that digest is the same.
"""

import hashlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, get_args

import msgspec

from upperback.content import learn, models
from upperback.content.kept import keep
from upperback.content.strict_yaml import Document, Plain, read_document
from upperback.core.errors import ContentError

COMPILED_NAME = "_compiled.json"

T = TypeVar("T")

# Where each part of a release stands: a single file, a folder with one thing per file, or a folder of lists.
_ONE = {"info": "release.yaml"}
_LISTS = {
    "bibliography": "bibliography.yaml",
    "terms": "terms.yaml",
    "dispositions": "dispositions.yaml",
    "messages": "messages.yaml",
    "cautions": "cautions.yaml",
    "chains": "chains.yaml",
    "workstation": "workstation.yaml",
    "review": "review.yaml",
    "dose": "dose.yaml",
    "learn_topics": "learn_topics.yaml",
    "alarm_words": "alarm_words.yaml",
}
_FOLDERS = {
    "findings": "findings",
    "rules": "rules",
    "questions": "questions",
    "services": "services",
    "patterns": "patterns",
    "exercises": "exercises",
    "load_rules": "load_rules",
    "learn": "learn",
}
_MARKDOWN = frozenset({"learn"})
_MAY_BE_MISSING = frozenset(field.name for field in msgspec.structs.fields(models.Release) if not field.required)
_FOLDERS_OF_LISTS = {"parameters": "parameters"}
_ORDERED_BY_FIELD = frozenset({"findings", "questions", "patterns"})

_ITEM_TYPES: dict[str, Any] = {
    field.name: get_args(field.type)[0] for field in msgspec.structs.fields(models.Release) if field.name not in _ONE
}


class Compiled(msgspec.Struct, frozen=True):
    """A release with the hash of its canonical form and the digest of the files it was made from."""

    release: models.Release
    sha256: str
    files_digest: str


def content_folder() -> Path:
    """The folder of the release that comes with the product."""
    import upperback_content

    return Path(upperback_content.__file__).parent


@cache
def default_release() -> Compiled:
    """The release that comes with the product, read once per process."""
    return load_release(content_folder())


def load_release(folder: Path) -> Compiled:
    """A release from its folder: from the kept canonical form when that still fits, else from the files.

    Raises ContentError. The kept form is only trusted when both its own hash and the files' digest agree.
    """
    digest = files_digest(folder)
    kept = _read_kept(folder / COMPILED_NAME, digest)
    if kept is not None:
        return kept
    compiled = compile_release(folder)
    keep(folder / COMPILED_NAME, compiled)
    return compiled


def compile_release(folder: Path) -> Compiled:
    """A release from its YAML files, checked for form. `check.py` checks what it means."""
    digest = files_digest(folder)
    release = models.Release(
        info=_single(folder, "info", models.ReleaseInfo),
        **{name: tuple(items(folder, name)) for name in _ITEM_TYPES},
    )
    return Compiled(release, canonical_sha256(release), digest)


def canonical_form(release: models.Release) -> bytes:
    """The release as JSON with one way to write it: sorted keys, no spaces, UTF-8."""
    return msgspec.json.encode(release, order="deterministic")


def canonical_sha256(release: models.Release) -> str:
    """SHA-256 of the canonical form, in hex. Every decision stores it."""
    return hashlib.sha256(canonical_form(release)).hexdigest()


def json_schema() -> dict[str, Any]:
    """JSON Schema of a whole release, made from the structures."""
    return msgspec.json.schema(models.Release)


def content_files(folder: Path) -> list[Path]:
    """All files of a release, in a fixed order."""
    return sorted([*folder.rglob("*.yaml"), *(path for part in _MARKDOWN for path in (folder / part).glob("*.md"))])


def files_digest(folder: Path) -> str:
    """Digest of the names and bytes of all files, and of the structures they are read into."""
    digest = hashlib.sha256(Path(models.__file__).read_bytes() + Path(learn.__file__).read_bytes())
    for path in content_files(folder):
        data = path.read_bytes()
        digest.update(f"{path.relative_to(folder).as_posix()}\0{len(data)}\0".encode())
        digest.update(data)
    return digest.hexdigest()


def documents(folder: Path, part: str) -> Iterator[Document]:
    """The documents that hold one part of the release, e.g. `rules`."""
    read = learn.read_page if part in _MARKDOWN else read_document
    for path in _paths(folder, part):
        yield read(path, path.relative_to(folder).as_posix())


def _paths(folder: Path, part: str) -> list[Path]:
    single = _ONE.get(part) or _LISTS.get(part)
    if single is not None:
        path = folder / single
        if not path.is_file() and part in _MAY_BE_MISSING:
            return []
        if not path.is_file():
            raise ContentError(f"{single}:1: the file is missing")
        return [path]
    subfolder = _FOLDERS.get(part) or _FOLDERS_OF_LISTS[part]
    paths = sorted((folder / subfolder).glob("*.md" if part in _MARKDOWN else "*.yaml"))
    if not paths and part not in _MAY_BE_MISSING:
        raise ContentError(f"{subfolder}:1: the folder is missing or empty")
    return paths


def _single(folder: Path, part: str, kind: type[T]) -> T:
    (document,) = documents(folder, part)
    return _convert(document, document.data, "", kind)


def items(folder: Path, part: str) -> list[Any]:
    """Everything of one part of the release, from its files."""
    kind = _ITEM_TYPES[part]
    found = []
    for document in documents(folder, part):
        if part in _FOLDERS:
            found.append(_convert(document, document.data, "", kind))
            _check_name(document, found[-1])
        elif isinstance(document.data, list):
            found += [_convert(document, item, str(index), kind) for index, item in enumerate(document.data)]
        else:
            raise ContentError(f"{document.name}:1: a list is expected here")
    if part in _ORDERED_BY_FIELD:
        found.sort(key=lambda item: item.order)
    return found


def _check_name(document: Document, item: Any) -> None:
    stem = Path(document.name).stem
    own = next((getattr(item, name) for name in ("id", "region", "group") if hasattr(item, name)), stem)
    if own != stem and not hasattr(item, "order"):
        raise ContentError(f"{document.place('id')}: the file is called {stem} but says {own}")


def _convert(document: Document, data: Plain, path: str, kind: type[T]) -> T:
    try:
        return msgspec.convert(data, kind, strict=True)
    except msgspec.ValidationError as error:
        reason, inner = _split_reason(str(error))
        place = document.place("/".join(part for part in (path, inner) if part))
        raise ContentError(f"{place}: {reason}") from error


def _split_reason(message: str) -> tuple[str, str]:
    """msgspec says "... - at `$.cases[1].name`": the sentence, and the path in our form.

    It places an unknown field at the object that holds it; we want the line of the field.
    """
    reason, _, place = message.partition(" - at `")
    if unknown := re.fullmatch(r"Object contains unknown field `(.*)`", reason):
        place = f"{place.rstrip('`') or '$'}.{unknown[1]}"
    path = re.sub(r"\[(\w*)\]", r"/\1", place.rstrip("`").removeprefix("key in ").lstrip("$"))
    return reason, path.replace(".", "/").strip("/").replace("//", "/")


def _read_kept(path: Path, digest: str) -> Compiled | None:
    try:
        compiled = msgspec.json.decode(path.read_bytes(), type=Compiled)
    except (OSError, msgspec.DecodeError):
        return None
    if compiled.files_digest != digest or canonical_sha256(compiled.release) != compiled.sha256:
        return None
    return compiled
