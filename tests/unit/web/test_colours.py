"""Every pair of colours that the style sheet uses can be told apart: 4.5 to 1 for words, 3 to 1 for edges."""

import re
from pathlib import Path

import pytest

CSS = (Path(__file__).resolve().parents[3] / "src/upperback/web/static/css/upperback.css").read_text(encoding="utf-8")

DISPOSITIONS = ["emergency", "today", "soon", "physio", "selfcare"]
GROUNDS = ["paper", "card", "wash"]
WORDS = [(ink, ground) for ink in ["ink", "quiet", "brand", "brand-strong"] for ground in GROUNDS]
WORDS += [(f"{name}-ink", ground) for name in DISPOSITIONS for ground in ["paper", "card", f"{name}-wash"]]
WORDS += [("ink", f"{name}-wash") for name in DISPOSITIONS]
WORDS += [("on-brand", "brand"), ("on-brand", "brand-strong"), ("on-focus", "focus"), ("ink", "skin")]
EDGES = [("edge", "paper"), ("edge", "card"), ("brand", "card"), ("brand", "wash"), ("brand", "skin")]


def _block(selector: str) -> dict[str, str]:
    found = re.search(re.escape(selector) + r" \{(.*?)\}", CSS, re.DOTALL)
    assert found, selector
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", found.group(1)))


LIGHT = _block(":root")
DARK = {**LIGHT, **_block(':root:not([data-theme="light"])')}


def _luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast of two colours."""
    darker, lighter = sorted([_luminance(one), _luminance(other)])
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_words_can_be_read(scheme: dict[str, str]) -> None:
    low = {pair: contrast(scheme[pair[0]], scheme[pair[1]]) for pair in WORDS}
    assert {pair: round(value, 2) for pair, value in low.items() if value < 4.5} == {}


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_white_words_on_the_heads_of_care_cards(scheme: dict[str, str]) -> None:
    assert {
        name: contrast("#ffffff", scheme[name]) for name in DISPOSITIONS if contrast("#ffffff", scheme[name]) < 4.5
    } == {}


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_edges_of_controls_can_be_seen(scheme: dict[str, str]) -> None:
    low = {pair: contrast(scheme[pair[0]], scheme[pair[1]]) for pair in EDGES}
    assert {pair: round(value, 2) for pair, value in low.items() if value < 3} == {}


def test_dark_by_choice_is_dark_by_device() -> None:
    assert _block(':root[data-theme="dark"]') == _block(':root:not([data-theme="light"])')


def test_nothing_of_the_nhs_identity() -> None:
    assert not re.search(r"frutiger|005eb8|nhs\.uk", CSS, re.IGNORECASE)


def test_no_address_outside() -> None:
    assert re.findall(r"(?:https?:)?//[^*\s]", re.sub(r"/\*.*?\*/", "", CSS, flags=re.DOTALL)) == []
