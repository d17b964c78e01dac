"""The language of the rules: tiny, three-valued, written so that a clinician can read it.

    chest_pain in {pressure, unclear} and chest_pain_when in {now, last_12h}
    tearing in character or (max_at_onset and pain >= limit.severe_pain and yes_if_unknown(trauma == none))
    at_least(limit.two_signs, cardiac_items)

The grammar is a small part of Python's expressions, read with the standard library's parser and never
executed. What there is:

* `flag`                            a yes/no finding, or a term defined by a condition
* `choice == value`, `!=`, `in {a, b}`, `not in {a, b}`
* `value in list_finding`, `value not in list_finding`, `not_empty(list_finding)`
* `number >= number` and `<=`, `<`, `>`; a number is a finding, a number term, `limit.<parameter>`,
  `first_known(a, b)`, or a sum, difference, product or quotient of these. Bare digits are refused:
  every number has a name, a unit and a source
* `not`, `and`, `or`; a mix of `and` and `or` needs brackets
* `at_least(number, counted_term)` and `at_least(number, a, b, c)`
* `yes_if_unknown(condition)`, `no_if_unknown(condition)`
* `answered(finding)`               whether the person gave a value at all (plan only)
* `always`
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from upperback.core.errors import ContentError

Operator = Literal["<=", "<", ">=", ">"]


@dataclass(frozen=True, slots=True)
class Always:
    """Yes, whatever the findings."""


@dataclass(frozen=True, slots=True)
class Flag:
    """A yes/no finding, or a term defined by a condition: which of the two, the vocabulary says."""

    name: str


@dataclass(frozen=True, slots=True)
class OneOf:
    """A choice has one of these values. `==` is the same with one value."""

    finding: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Contains:
    """A list finding contains this value."""

    finding: str
    value: str


@dataclass(frozen=True, slots=True)
class NotEmpty:
    """A list finding has any value."""

    finding: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The person gave a value for this finding."""

    finding: str


@dataclass(frozen=True, slots=True)
class Limit:
    """A parameter of the release."""

    id: str


@dataclass(frozen=True, slots=True)
class Number:
    """A number finding or a number term."""

    name: str


@dataclass(frozen=True, slots=True)
class FirstKnown:
    """The first operand whose value is known."""

    operands: tuple["Quantity", ...]


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Sum, difference, product or quotient."""

    operator: Literal["+", "-", "*", "/"]
    left: "Quantity"
    right: "Quantity"


Quantity = Limit | Number | FirstKnown | Arithmetic


@dataclass(frozen=True, slots=True)
class Compare:
    """A comparison of two numbers; unknown where one of them is."""

    left: Quantity
    operator: Operator
    right: Quantity


@dataclass(frozen=True, slots=True)
class Not:
    """Swaps yes and no."""

    operand: "Node"


@dataclass(frozen=True, slots=True)
class All:
    """The lowest of its operands."""

    operands: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Any:
    """The highest of its operands."""

    operands: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class AtLeast:
    """Yes when `needed` of the operands are yes. A single counted term may stand for its items."""

    needed: Limit
    operands: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class IfUnknown:
    """Reads an unknown as yes or as no."""

    becomes: bool
    operand: "Node"


Node = Always | Flag | OneOf | Contains | NotEmpty | Answered | Compare | Not | All | Any | AtLeast | IfUnknown


def parse_condition(text: str) -> Node:
    """Rule text to a tree. Raises ContentError with one sentence that quotes the offending part."""
    return _condition(_python_tree(text))


def parse_quantity(text: str) -> Quantity:
    """The text of a number term, or of `limit.<parameter>`."""
    return _quantity(_python_tree(text))


def walk(node: Node | Quantity) -> Iterator[Node | Quantity]:
    """The node and everything below it."""
    yield node
    match node:
        case Not(operand) | IfUnknown(_, operand):
            yield from walk(operand)
        case All(operands) | Any(operands):
            for operand in operands:
                yield from walk(operand)
        case AtLeast(needed, operands):
            yield needed
            for operand in operands:
                yield from walk(operand)
        case Compare(left, _, right) | Arithmetic(_, left, right):
            yield from walk(left)
            yield from walk(right)
        case FirstKnown(quantities):
            for quantity in quantities:
                yield from walk(quantity)
        case _:
            return


def render(node: Node | Quantity) -> str:
    """The one canonical way to write a tree; `parse` of it gives the same tree back."""
    match node:
        case Always():
            return "always"
        case Flag(name) | Number(name):
            return name
        case OneOf(finding, (value,)):
            return f"{finding} == {value}"
        case OneOf(finding, values):
            return f"{finding} in {{{', '.join(values)}}}"
        case Contains(finding, value):
            return f"{value} in {finding}"
        case NotEmpty(finding):
            return f"not_empty({finding})"
        case Answered(finding):
            return f"answered({finding})"
        case Limit(id):
            return f"limit.{id}"
        case FirstKnown(quantities):
            return f"first_known({', '.join(map(render, quantities))})"
        case Arithmetic(operator, left, right):
            return f"{_bracketed_quantity(left)} {operator} {_bracketed_quantity(right)}"
        case Compare(left, operator, right):
            return f"{render(left)} {operator} {render(right)}"
        case Not(OneOf(finding, (value,))):
            return f"{finding} != {value}"
        case Not(OneOf(finding, values)):
            return f"{finding} not in {{{', '.join(values)}}}"
        case Not(Contains(finding, value)):
            return f"{value} not in {finding}"
        case Not(operand):
            return f"not {_bracketed(operand)}"
        case All(operands):
            return " and ".join(map(_bracketed, operands))
        case Any(operands):
            return " or ".join(map(_bracketed, operands))
        case AtLeast(needed, operands):
            return f"at_least({', '.join([render(needed), *map(render, operands)])})"
        case IfUnknown(becomes, operand):
            return f"{'yes' if becomes else 'no'}_if_unknown({render(operand)})"


def _bracketed(node: Node) -> str:
    return f"({render(node)})" if isinstance(node, All | Any) else render(node)


def _bracketed_quantity(quantity: Quantity) -> str:
    return f"({render(quantity)})" if isinstance(quantity, Arithmetic) else render(quantity)


def _python_tree(text: str) -> ast.expr:
    flat = " ".join(text.split())
    try:
        return ast.parse(flat, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ContentError(f"the condition “{_short(flat)}” cannot be read") from error


_COMPARISONS: dict[type[ast.cmpop], Operator] = {ast.LtE: "<=", ast.Lt: "<", ast.GtE: ">=", ast.Gt: ">"}
_ARITHMETIC: dict[type[ast.operator], Literal["+", "-", "*", "/"]] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
}


def _condition(tree: ast.expr) -> Node:
    match tree:
        case ast.Name("always"):
            return Always()
        case ast.Name(name):
            return Flag(name)
        case ast.UnaryOp(ast.Not(), operand):
            return Not(_condition(operand))
        case ast.BoolOp(ast.And(), values):
            return All(tuple(map(_condition, values)))
        case ast.BoolOp(ast.Or(), values):
            return Any(tuple(map(_condition, values)))
        case ast.Compare(left, [operator], [right]):
            return _comparison(left, operator, right)
        case ast.Call(ast.Name(name), arguments, []):
            return _call(tree, name, arguments)
    raise ContentError(f"“{_short(ast.unparse(tree))}” is not part of the rule language")


def _comparison(left: ast.expr, operator: ast.cmpop, right: ast.expr) -> Node:
    match left, operator, right:
        case ast.Name(finding), ast.Eq(), ast.Name(value):
            return OneOf(finding, (value,))
        case ast.Name(finding), ast.NotEq(), ast.Name(value):
            return Not(OneOf(finding, (value,)))
        case ast.Name(finding), ast.In() | ast.NotIn(), ast.Set(elements):
            one_of = OneOf(finding, tuple(_name(element) for element in elements))
            return one_of if isinstance(operator, ast.In) else Not(one_of)
        case ast.Name(value), ast.In() | ast.NotIn(), ast.Name(finding):
            contains = Contains(finding, value)
            return contains if isinstance(operator, ast.In) else Not(contains)
    if type(operator) in _COMPARISONS:
        return Compare(_quantity(left), _COMPARISONS[type(operator)], _quantity(right))
    raise ContentError(f"“{_short(ast.unparse(ast.Compare(left, [operator], [right])))}” is not a known comparison")


def _call(tree: ast.expr, name: str, arguments: list[ast.expr]) -> Node:
    match name, arguments:
        case "not_empty", [ast.Name(finding)]:
            return NotEmpty(finding)
        case "answered", [ast.Name(finding)]:
            return Answered(finding)
        case "yes_if_unknown" | "no_if_unknown", [operand]:
            return IfUnknown(name == "yes_if_unknown", _condition(operand))
        case "at_least", [needed, *operands] if operands:
            return AtLeast(_limit(needed), tuple(map(_condition, operands)))
    raise ContentError(f"“{_short(ast.unparse(tree))}” is not a known function of the rule language")


def _quantity(tree: ast.expr) -> Quantity:
    match tree:
        case ast.Name(name):
            return Number(name)
        case ast.Attribute(ast.Name("limit"), _):
            return _limit(tree)
        case ast.Call(ast.Name("first_known"), arguments, []) if arguments:
            return FirstKnown(tuple(map(_quantity, arguments)))
        case ast.BinOp(left, operator, right) if type(operator) in _ARITHMETIC:
            return Arithmetic(_ARITHMETIC[type(operator)], _quantity(left), _quantity(right))
        case ast.Constant():
            raise ContentError(
                f"the bare number {ast.unparse(tree)} has to become a parameter with a unit and a source"
            )
    raise ContentError(f"“{_short(ast.unparse(tree))}” is not a number")


def _limit(tree: ast.expr) -> Limit:
    match tree:
        case ast.Attribute(ast.Name("limit"), id):
            return Limit(id)
    raise ContentError(f"“{_short(ast.unparse(tree))}” has to be limit.<parameter>")


def _name(tree: ast.expr) -> str:
    if isinstance(tree, ast.Name):
        return tree.id
    raise ContentError(f"“{_short(ast.unparse(tree))}” is not a value")


def _short(text: str, length: int = 80) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
