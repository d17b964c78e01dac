"""What the pages to read have to say of the two texts at the beginning: the statements that live in words alone."""

import re
from typing import Final

import pytest

from tests.unit.care.plan.people import record_of
from upperback.content.vocabulary import default_content

#: Statement (docs/reference/requirements.md), page, and what stands there in these words.
SAID: Final = (
    ("S1", "upper-back-pain", ("below your neck and above your low back", "shoulder blade")),
    ("S2", "upper-back-pain", ("Doctors say thoracic spine. We say upper back.",)),
    ("S3", "upper-back-pain", ("the part of the spine that hurts least often", "4 and 35 in 100")),
    ("S18", "scans", ("never orders or offers a scan", "ask them whether a scan would be useful")),
    ("S19", "will-it-get-better", ("Nobody can name the day",)),
    ("S20", "will-it-get-better", ("within six weeks",)),
    ("S21", "will-it-get-better", ("need not mean that all the pain is gone",)),
    ("S31", "upper-back-pain", ("Pain in the neck alone is not what this is made for",)),
    ("S37", "discs-and-nerves", ("Time, exercise, and medicines for pain come first",)),
    ("S37", "injections", ("A specialist decides this with you. This software never does.",)),
    ("S41", "thin-bones", ("brace", "cement")),
    ("S42", "thin-bones", ("Calcium, vitamin D, and exercise on your feet", "We name no amounts")),
    ("S47", "mood", ("low mood turns pain up", "Neither of them is your fault")),
    ("S56", "activity", ("Yoga and Pilates", "Both train strength and control along with ease of movement")),
    ("S57", "activity", ("Some people like the company of a class",)),
    ("S62", "physiotherapy", ("hands-on treatment", "That is more than the studies can show")),
    ("S63", "medicines", ("never names a medicine for you to take, and no dose",)),
    ("S64", "platelet-rich-plasma", ("it is an experiment", "we do not recommend it")),
    ("S65", "acupuncture-and-chiropractic", ("Both are in wide use", "advises against it")),
    ("S66", "pain-teams", ("Ask {gp}",)),
    ("S66", "surgery", ("Few people with upper back pain are sent to a surgeon",)),
    ("S67", "telehealth", ("see people by video or phone",)),
    ("S73", "choosing-a-clinic", ("names no clinic, ranks none, and takes no money", "on the register of the HCPC")),
    ("S74", "numbers", ("about 629 million people in the world had low back pain",)),
    ("S75", "numbers", ("7,463 in 100,000", "We have not seen that figure in the source itself")),
    ("S76", "numbers", ("Numbers on the upper back are few", "4 and 35 in 100")),
    ("S77", "numbers", ("100 billion dollars a year", "and about the low back")),
    ("S78", "choosing-a-clinic", ("Be wary of anyone who promises a result",)),
)


@pytest.mark.parametrize(("statement", "page", "words"), SAID)
def test_a_statement_is_said_on_its_page(statement: str, page: str, words: tuple[str, ...]) -> None:
    parts = default_content().learn_pages[page].parts
    text = re.sub(r"<[^>]+>", "", "".join(part.html for part in parts))
    assert [phrase for phrase in words if phrase not in text] == [], statement


def test_dose_of_a_plan_that_builds_up() -> None:
    """S20, S24, S25, S27, S28: movement through the day; 8 to 12 repetitions, 3 to 4 sets and days, rests."""
    record = record_of({"equipment": ["chair", "wall", "doorway", "mat", "band"]})
    assert (record["phase"], record["review_day"]) == ("BUILD", 42)
    strength = [item for item in record["exercises"] if item["kind"] == "strength"]
    movement = [item for item in record["exercises"] if item["kind"] == "movement"]
    assert strength
    assert movement
    assert all(8 <= item["reps"] <= 12 for item in record["exercises"])
    assert all(3 <= item["sets"] <= 4 and 3 <= item["days_per_week"] <= 4 for item in strength)
    assert {item["rest_s"] for item in strength} == {60}
    assert all(item["per_day"] >= 3 and item["days_per_week"] == 7 for item in movement)


@pytest.mark.parametrize(
    ("id", "words"),
    [("W01", "level with your eyes"), ("W06", "curve of your low back"), ("W14", "You stand or walk for a part")],
)
def test_a_point_of_the_desk_asks_for_it(id: str, words: str) -> None:
    """S52, S53, S55."""
    assert words in default_content().workstation[id].check
