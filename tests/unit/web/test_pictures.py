"""Drawings: every number points at something inside the picture, and at what its name says. Nothing is out of sight."""

import re
from itertools import combinations
from math import hypot
from pathlib import Path
from typing import get_args
from xml.etree import ElementTree as ET

import pytest

from upperback.content.models import PictureId
from upperback.content.vocabulary import default_content
from upperback.web.pictures import PICTURES, picture_svg
from upperback.web.pictures.back import T_Y
from upperback.web.pictures.base import PIN_RADIUS, Picture

CSS = (Path(__file__).resolve().parents[3] / "src/upperback/web/static/css/pictures.css").read_text(encoding="utf-8")
FIGURES_CSS = (
    (Path(__file__).resolve().parents[3] / "src/upperback/web/static/css/figures.css").read_text(encoding="utf-8")
)  # fmt: skip
ALL = pytest.mark.parametrize("picture", PICTURES.values(), ids=PICTURES)


def test_a_page_names_only_pictures_that_are_drawn_and_each_is_used() -> None:
    assert set(get_args(PictureId)) == set(PICTURES)
    used = {id for page in default_content().learn_pages.values() for id in page.pictures}
    assert used == set(PICTURES)


@ALL
def test_it_is_whole_svg_with_its_words(picture: Picture) -> None:
    svg = str(picture_svg(picture))
    root = ET.fromstring(svg)  # noqa: S314  our own drawing
    assert root.findtext("title") == str(picture.title)
    assert len(str(root.findtext("desc")).split()) > 20
    assert not re.search(r"\bnan\b|style=", svg, re.IGNORECASE)


@ALL
def test_every_number_has_art_and_every_art_a_number(picture: Picture) -> None:
    parts = {int(number) for number in re.findall(r'class="part p(\d)"', picture.art())}
    assert parts == set(range(1, len(picture.parts) + 1))


@ALL
def test_numbers_stand_inside_and_apart(picture: Picture) -> None:
    for part in picture.parts:
        for x, y in (part.pin, part.tip or part.pin):
            assert 0 <= x <= picture.width, part.name
            assert 0 <= y <= picture.height, part.name
        assert PIN_RADIUS <= part.pin[0] <= picture.width - PIN_RADIUS, part.name
        assert PIN_RADIUS <= part.pin[1] <= picture.height - PIN_RADIUS, part.name
    for one, other in combinations(picture.parts, 2):
        apart = hypot(one.pin[0] - other.pin[0], one.pin[1] - other.pin[1])
        assert apart > 2 * PIN_RADIUS, f"{one.name}, {other.name}"


@ALL
def test_numbers_can_be_read_on_a_phone_of_320_pixels(picture: Picture) -> None:
    size = float(str(re.search(r"\.pin text \{[^}]*font-size: (\d+)px", CSS)[1]))  # type: ignore[index]
    assert size * (320 - 2 * 12) / picture.width >= 11


@ALL
def test_every_class_has_a_look(picture: Picture) -> None:
    names = {name for found in re.findall(r'class="([^"]+)"', str(picture_svg(picture))) for name in found.split()}
    without = {"part", "pin", *(f"p{k}" for k in range(1, 10)), *(f"pin-{k}" for k in range(1, 10))}
    assert not [name for name in names - without if f".{name}" not in CSS + FIGURES_CSS]


def test_the_bones_are_twelve_with_twelve_pairs_of_ribs() -> None:
    bones = PICTURES["bones"].art()
    assert len(T_Y) == 12
    spine = bones.split('class="part p2"')[1].split("</g>")[0]
    assert spine.count('class="art-spine"') == 2 * 12  # an arch and a spike each
    ribs = bones.split('class="part p3"')[1].split("</g>")[0]
    assert ribs.count('class="art-bone-rod"') == 2 * 12
    assert re.findall(r">(T\d+)<", bones) == ["T1", "T4", "T8", "T12"]


def test_no_more_parts_than_the_style_sheet_lights_up() -> None:
    lit = {int(number) for number in re.findall(r"\.key-(\d) a:is\(:hover, :focus-visible\)\) \.p\1", CSS)}
    assert lit == set(range(1, 9))
    assert max(len(picture.parts) for picture in PICTURES.values()) <= max(lit)
