"""A text in a table stays a text."""

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from upperback.interchange.tables import safe_cell, write_table

STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@given(st.text(st.characters(exclude_categories=["Cs"])), st.sampled_from(["", *STARTS, " =", '"=', "'=", "\0="]))
def test_no_text_is_a_formula_and_none_is_lost(words: str, start: str) -> None:
    out = io.BytesIO()
    write_table(out, ["a", "b"], [[start + words, 7]])
    _, (text, number) = csv.reader(io.StringIO(out.getvalue().decode("utf-8-sig"), newline=""))
    assert not text.startswith(STARTS)
    assert not text.lstrip(' "').startswith(STARTS)
    told = (start + words).replace("\0", "")
    assert text in {told, f"'{told}"}
    assert number == "7"


def test_numbers_stay_numbers() -> None:
    assert [safe_cell(cell) for cell in (-3, -2.5, 0.1, None, "x", "3-4")] == ["-3", "-2.5", "0.1", "", "x", "3-4"]
