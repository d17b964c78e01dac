"""What an exercise figure shows can be told apart from its card: 3 to 1 for shapes, 4.5 to 1 for arrows and numbers."""

import re
from pathlib import Path

import pytest

CSS = (Path(__file__).resolve().parents[3] / "src/upperback/web/static/css/figures.css").read_text(encoding="utf-8")


def _block(selector: str) -> dict[str, str]:
    found = re.search(re.escape(selector) + r" \{(.*?)\}", CSS, re.DOTALL)
    assert found, selector
    return dict(re.findall(r"--fig-([\w-]+): (#[0-9a-f]{6});", found.group(1)))


LIGHT = _block(":root")
DARK = _block(':root:not([data-theme="light"])')


def _luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    darker, lighter = sorted([_luminance(one), _luminance(other)])
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("part", "least"),
    [("near", 3), ("body", 3), ("far", 2.7), ("prop", 3), ("arrow", 4.5), ("band", 3), ("strong", 4.5)],
)
def test_parts_stand_out_from_the_card(scheme: dict[str, str], part: str, least: float) -> None:
    assert _contrast(scheme["back"], scheme[part]) >= least


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_a_dot_stands_out_from_the_body_or_has_an_edge_that_does(scheme: dict[str, str]) -> None:
    assert max(_contrast(scheme["dot"], scheme["body"]), _contrast(scheme["dot-edge"], scheme["body"])) >= 3


def test_dark_by_choice_is_dark_by_device() -> None:
    assert _block(':root[data-theme="dark"]') == DARK
