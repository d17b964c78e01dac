"""YAML without surprises: plain data with line numbers, and no value that means two things.

Refused, with file and line: duplicate keys, the words that YAML 1.1 quietly reads as booleans (yes, no, on,
off, y, n), anchors, aliases, tags, empty values, dates that are not dates, non-string keys.
"""

import datetime as dt
import re
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from upperback.core.errors import ContentError

Plain = str | int | float | bool | dt.date | list["Plain"] | dict[str, "Plain"]

_HIDDEN_BOOLEANS = frozenset({"yes", "no", "on", "off", "y", "n"})
_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Document:
    """Plain data and where each part stands: `lines` maps a path such as `cases/2/findings` to a line."""

    name: str
    data: Plain
    lines: dict[str, int] = field(repr=False)

    def place(self, path: str) -> str:
        """`file:line` of the deepest known part of the path."""
        while path and path not in self.lines:
            path = path.rpartition("/")[0]
        return f"{self.name}:{self.lines.get(path, 1)}"


def read_document(path: Path, name: str) -> Document:
    """The file as plain data. Raises ContentError naming file, line and reason."""
    return read_plain(read_text(path, name), name)


def read_text(path: Path, name: str) -> str:
    """The file as text. Raises ContentError where it is not UTF-8."""
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise ContentError(f"{name}:1: the file is not UTF-8") from error


def read_plain(text: str, name: str) -> Document:
    """Text as plain data; `name` is the file in refusals."""
    try:
        root = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ContentError(f"{name}:{line}: {error.problem}") from error
    if root is None:
        raise ContentError(f"{name}:1: the file is empty")
    lines: dict[str, int] = {}
    data = _Reader(name, lines).plain(root, "")
    return Document(name, data, lines)


class _Reader:
    def __init__(self, name: str, lines: dict[str, int]) -> None:
        self.name = name
        self.lines = lines
        self._seen: set[int] = set()

    def plain(self, node: yaml.Node, path: str) -> Plain:
        self.lines[path] = node.start_mark.line + 1
        if id(node) in self._seen:
            raise self._refusal(node, "anchors and aliases are not used here")
        self._seen.add(id(node))
        match node:
            case yaml.MappingNode():
                return self._mapping(node, path)
            case yaml.SequenceNode():
                return [self.plain(item, f"{path}/{index}".lstrip("/")) for index, item in enumerate(node.value)]
            case yaml.ScalarNode():
                return self._scalar(node)
        raise self._refusal(node, "this kind of YAML is not used here")

    def _mapping(self, node: yaml.MappingNode, path: str) -> dict[str, Plain]:
        result: dict[str, Plain] = {}
        for key_node, value_node in node.value:
            key = self._scalar(key_node) if isinstance(key_node, yaml.ScalarNode) else None
            if isinstance(key, bool | int | float):
                key = None if isinstance(key, bool) else str(key)
            if not isinstance(key, str):
                raise self._refusal(key_node, "a key has to be a plain word")
            if key in result:
                raise self._refusal(key_node, f"the key “{key}” stands here twice")
            result[key] = self.plain(value_node, f"{path}/{key}".lstrip("/"))
        return result

    def _scalar(self, node: yaml.ScalarNode) -> Plain:
        text: str = node.value
        if node.style:  # plain scalars: None from one loader, "" from the other
            return text
        if node.tag not in _PLAIN_TAGS:
            raise self._refusal(node, "tags are not used here")
        if text.lower() in _HIDDEN_BOOLEANS:
            raise self._refusal(
                node,
                f"“{text}” reads as a truth value in some YAML: write true or false, or put it in quotes",
            )
        if text in ("", "~") or text.lower() == "null":
            raise self._refusal(node, "an empty value says nothing: leave the key out")
        if text in ("true", "false"):
            return text == "true"
        if _INTEGER.fullmatch(text):
            return int(text)
        if _DECIMAL.fullmatch(text):
            return float(text)
        if _DATE.fullmatch(text):
            return self._date(node)
        return text

    def _date(self, node: yaml.ScalarNode) -> dt.date:
        try:
            return dt.date.fromisoformat(node.value)
        except ValueError as error:
            raise self._refusal(node, f"“{node.value}” is not a day of the calendar") from error

    def _refusal(self, node: yaml.Node, reason: str) -> ContentError:
        return ContentError(f"{self.name}:{node.start_mark.line + 1}: {reason}")


_PLAIN_TAGS = frozenset(
    f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "bool", "null", "timestamp", "merge")
)
