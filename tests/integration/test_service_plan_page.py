"""The page for whoever plans a service: a plain form, every number visible and editable, and a file."""

import pytest
from django.test import Client

from upperback.care.service_plan import ASSUMPTIONS, CAVEATS

pytestmark = pytest.mark.django_db


def test_every_number_stands_there_to_be_changed_with_its_source(client: Client) -> None:
    page = client.get("/plan-service/").content.decode()
    for item in ASSUMPTIONS:
        assert all(f'name="{item.id}_{level}"' in page for level in ("low", "mid", "high"))
    for line in CAVEATS:
        assert line in page
    assert "Briggs2009" in page
    assert "LOW BACK" in page


def test_another_number_is_another_answer_and_the_file_says_the_same(client: Client) -> None:
    usual = client.get("/plan-service/").content.decode()
    asked = {"population": "50,000", "access_pct_low": "10", "access_pct_mid": "10", "access_pct_high": "10"}
    changed = client.get("/plan-service/", asked).content.decode()
    assert "Of 50,000 people" in changed
    assert "Of 50,000 people" not in usual
    assert 'value="10"' in changed
    file = client.get("/plan-service/plan.csv", asked)
    assert file["Content-Type"].startswith("text/csv")
    assert "in,population,People,people,50000,50000,50000" in file.content.decode()


@pytest.mark.parametrize("typed", ["x", "-1", "1e999", "nan", "9" * 5_000, "<script>alert(1)</script>"])
def test_what_is_not_possible_is_said_and_nothing_is_worked_out(client: Client, typed: str) -> None:
    page = client.get("/plan-service/", {"population": typed})
    assert page.status_code == 422
    body = page.content.decode()
    assert "There is a problem" in body
    assert "What a year may bring" not in body
    assert "<script>alert" not in body
    assert client.get("/plan-service/plan.csv", {"population": typed}).status_code == 422
