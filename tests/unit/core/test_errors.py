"""A refused value in a message: as in JSON, one line, cut where it is long."""

import pytest

from upperback.core.errors import quoted


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "“null”"),
        (True, "“true”"),
        (float("nan"), "“NaN”"),
        (["neck", 1], '“["neck", 1]”'),
        ("a\nb\x1b[31m", "“a?b?[31m”"),
        ("x" * 60, "“" + "x" * 60 + "”"),
        ("x" * 61, "“" + "x" * 60 + "…”"),
        ({1}, "“{1}”"),
    ],
)
def test_a_value_is_shown_as_it_was_written(value: object, shown: str) -> None:
    assert quoted(value) == shown
