"""The rule language: what it reads, how it is written, what it refuses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upperback.content import conditions as c
from upperback.content.conditions import parse_condition, render
from upperback.core.errors import ContentError

NAMES = st.sampled_from(["fever", "pain", "trend", "character", "injury", "tearing", "none", "cardiac_items"])
LIMITS = NAMES.map(c.Limit)
QUANTITIES = st.recursive(
    LIMITS | NAMES.map(c.Number),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: c.FirstKnown(tuple(parts)))
        | st.builds(c.Arithmetic, st.sampled_from(["+", "-", "*", "/"]), inner, inner)
    ),
    max_leaves=4,
)
LEAVES = st.one_of(
    st.just(c.Always()),
    NAMES.map(c.Flag),
    st.builds(c.OneOf, NAMES, st.lists(NAMES, min_size=1, max_size=3).map(tuple)),
    st.builds(c.Contains, NAMES, NAMES),
    st.builds(c.NotEmpty, NAMES),
    st.builds(c.Answered, NAMES),
    st.builds(c.Compare, QUANTITIES, st.sampled_from(["<=", "<", ">=", ">"]), QUANTITIES),
)


def _groups(inner: st.SearchStrategy[c.Node]) -> st.SearchStrategy[c.Node]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        inner.filter(lambda node: not isinstance(node, c.Not)).map(c.Not),
        several.map(c.All),
        several.map(c.Any),
        st.builds(c.AtLeast, LIMITS, several),
        st.builds(c.IfUnknown, st.booleans(), inner),
    )


NODES = st.recursive(LEAVES, _groups, max_leaves=8)


@given(NODES)
def test_what_is_rendered_is_read_back_the_same(node: c.Node) -> None:
    assert parse_condition(render(node)) == node


@pytest.mark.parametrize(
    "text, meaning",
    [
        ("fever", c.Flag("fever")),
        ("not fever", c.Not(c.Flag("fever"))),
        ("trend == same", c.OneOf("trend", ("same",))),
        ("trend != same", c.Not(c.OneOf("trend", ("same",)))),
        ("trend in {same, worsening}", c.OneOf("trend", ("same", "worsening"))),
        ("tearing in character", c.Contains("character", "tearing")),
        ("pain >= limit.severe", c.Compare(c.Number("pain"), ">=", c.Limit("severe"))),
        ("at_least(limit.two, signs)", c.AtLeast(c.Limit("two"), (c.Flag("signs"),))),
    ],
)
def test_meaning(text: str, meaning: c.Node) -> None:
    assert parse_condition(text) == meaning


def test_line_breaks_and_spaces_mean_nothing() -> None:
    assert parse_condition("fever\n   and unwell") == parse_condition("fever and unwell")


def test_an_or_inside_an_and_needs_brackets_to_be_what_it_says() -> None:
    assert render(parse_condition("a or b and c")) == "a or (b and c)"


@pytest.mark.parametrize(
    "text",
    [
        "pain >= 7",  # a bare number
        "pain >= -limit.severe",
        "__import__('os').system('true')",
        "fever if unwell else rigors",
        "lambda: fever",
        "[fever]",
        "fever.real",
        "pain == limit.severe",
        "limit.a < pain < limit.b",
        "at_least(two, signs)",
        "at_least(limit.two)",
        "trend in {same, 'worsening'}",
        "yes_if_unknown(fever, unwell)",
        "unknown_function(fever)",
        "fever and",
        "",
        "(" * 500 + "fever" + ")" * 500,
    ],
)
def test_everything_else_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(ContentError) as refused:
        parse_condition(text)
    assert refused.value.message
    assert "\n" not in refused.value.message
    assert len(refused.value.message) < 200
