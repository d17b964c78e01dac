"""`docs/reference/web-components.md` names every macro that pages may use, and no other."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
COMPONENTS = ROOT / "src/upperback/web/templates/components"
REFERENCE = (ROOT / "docs/reference/web-components.md").read_text(encoding="utf-8")

MACROS = {
    name
    for path in COMPONENTS.glob("*.jinja")
    for name in re.findall(r"\{% macro ([a-z]\w*)\(", path.read_text(encoding="utf-8"))
}


@pytest.mark.parametrize("name", sorted(MACROS))
def test_macro_is_described(name: str) -> None:
    assert re.search(rf"`(?:{{% call )?{name}[(`]", REFERENCE), f"{name} is missing from web-components.md"


def test_style_guide_shows_every_macro() -> None:
    shown = (COMPONENTS.parent / "styleguide.jinja").read_text(encoding="utf-8")
    assert {name for name in MACROS if f"{name}(" not in shown} == set()
