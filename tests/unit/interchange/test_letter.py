"""Letters: what is in them, what stays out, and a PDF that somebody else's reader can read."""

import datetime as dt
import io
import uuid
from collections.abc import Iterator
from typing import Any

import pypdf
import pytest

from tests.unit.interchange.test_fhir import AT, CONTENT, check, making, person, rule, told
from upperback.care.desk import DeskNow
from upperback.care.diary import CheckIn, Helped, Morning
from upperback.core.errors import NotAllowed
from upperback.interchange.fhir.records import Chosen, Identity, Told
from upperback.interchange.letter import Letter, clinical_letter, desk_letter, to_pdf, to_pictures

DAY = dt.date(2026, 11, 27)
DESK = DeskNow(states={"W01": "to_change", "W02": "fine", "W10": "changed"}, first=("W01",), looked=DAY, again=False)
MOOD_RULE = next(
    id for id, one in CONTENT.rules.items() if "self_harm" in CONTENT.keys_read(CONTENT.condition(one.when))
)
#: Each of these means something to typst, to a PDF or to a reader of text.
HOSTILE = (
    '#read("/etc/passwd")', "$ x^2 $", "@label", "<label>", '"quoted" \'it\'', "*bold* _soft_ `raw`", "= Heading",
    "#[content] ] [ } {", "\\u{41} \\ // gone /* gone */", "~ -- --- ...", "https://example.org/#x", "&amp; <b>x</b>",
    "#panic()",
)  # fmt: skip


def texts(letter: Letter) -> str:
    return str(letter)


def read(letter: Letter) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(to_pdf(letter)))


def text_of(reader: pypdf.PdfReader) -> str:
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def tags(reader: pypdf.PdfReader) -> Iterator[str]:
    """The kinds of the elements of the tree that a screen reader walks, in its order."""

    def walk(node: Any) -> Iterator[str]:
        node = node.get_object() if hasattr(node, "get_object") else node
        if isinstance(node, list):
            for one in node:
                yield from walk(one)
        elif isinstance(node, dict):
            if "/S" in node:
                yield str(node["/S"]).removeprefix("/")
            yield from walk(node.get("/K", []))

    root: Any = reader.trailer["/Root"]
    yield from walk(root["/StructTreeRoot"]["/K"])


def grace(**changed: Any) -> Any:
    activities = [{"words": "Swim ten lengths", "score": 3}, {"words": "Sit through a film", "score": 5}]
    asked = Told(uuid=uuid.UUID(int=9), at=AT, activities=activities, measures={"sleep_disturbed": 5})
    diary = told(
        *(Morning(pain=4 - number // 7) for number in range(21)), CheckIn(pain_average=2, activities=(6, 7), pgic=2)
    )
    return person(**{"told": [asked], "diary": diary} | changed)


def gp(who: Any = None, **more: Any) -> Letter:
    return clinical_letter(making(who or grace(), **more), "gp", DAY)


def test_the_first_page_says_who_why_what_was_denied_and_what_is_not_known() -> None:
    letter = gp(
        identity=Identity(given="Ana", family="O’Neill", birth_date=dt.date(1985, 5, 31), nhs_number="9434765919")
    )
    assert dict(letter.who) == {
        "Person": "Ana O’Neill, born 31 May 1985, age 41, female", "NHS number": "943 476 5919",
        "Date": "27 November 2026",
    }  # fmt: skip
    why, signs, pain, function, tried = letter.blocks
    assert why.lines[0] == "Result of the safety check on 1 November 2026: advice on the same day."
    assert CONTENT.rules["G05"].title in why.points
    assert signs.points == ["Told: Osteoporosis.", "Not known: shaking chills."]
    assert signs.table is not None
    denied = {row[0]: row[1] for row in signs.table.rows}
    assert denied["General health"] == "Fever"
    assert denied["Injury and bones"] == "Injury or strain"
    assert "Where it hurts: neck, unknown" in pain.lines[0]
    assert function.table is not None
    assert ("“Swim ten lengths”, 0 not at all to 10 as before", "3", "6 (22 November 2026)") in function.table.rows
    assert "much better" in function.lines[0]
    assert tried.points[0] == "No exercise plan has been made."
    assert letter.question.startswith("Please look at the result above straight away")


def test_a_letter_without_a_result_is_refused() -> None:
    with pytest.raises(NotAllowed, match="safety check"):
        gp(person(checks=[]))


def test_mood_leaves_only_where_it_was_chosen_and_an_open_rule_never_names_it() -> None:
    who = person(
        checks=[check(record={"within_days": 1, "rules": [rule("U12"), rule(MOOD_RULE), rule("G05", "open")]})]
    )
    said = texts(gp(who))
    for word in ("PHQ", "self-harm", "passive", "worry", CONTENT.rules[MOOD_RULE].title):
        assert word not in said, word
    shown = texts(clinical_letter(making(who, Chosen(mood=True)), "gp", DAY))
    assert "PHQ-4, sum: 8" in shown
    assert CONTENT.rules[MOOD_RULE].title in shown
    assert CONTENT.rules["G05"].title not in said  # it did not fire


def test_an_employer_reads_of_the_desk_and_of_nothing_else() -> None:
    letter = desk_letter(name="Grace", desk=DESK, breaks_every_minutes=21, content=CONTENT, day=DAY)
    said = text_of(read(letter)).lower()
    assert "height of the screen" in said
    assert "about every 21 minutes" in said
    for word in ("pain", "upper back", "health", "exercise", "physio", "clinic", "sore", "symptom", "safety"):
        assert word not in said, word
    assert "back rest" in said  # the chair has one: the words above can be found


@pytest.mark.parametrize("reader", ["gp", "physiotherapist", "employer"])
def test_the_file_is_tagged_named_in_its_language_and_carries_its_fonts(reader: Any) -> None:
    letter = (
        desk_letter(name="Grace", desk=DESK, breaks_every_minutes=21, content=CONTENT, day=DAY)
        if reader == "employer" else clinical_letter(making(grace()), reader, DAY)
    )  # fmt: skip
    pdf = read(letter)
    root: Any = pdf.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert str(root["/Lang"]).lower() == "en-gb"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert pdf.metadata is not None
    assert pdf.metadata.title == letter.title
    assert b"<pdfuaid:part>1</pdfuaid:part>" in root["/Metadata"].get_object().get_data()
    found = list(tags(pdf))
    heads = [tag for tag in found if tag in {"H1", "H2", "H3"}]
    assert heads[:2] == ["H1", "H2"]
    assert {"Table", "TH", "TD", "L", "LI"} <= set(found)
    pages: list[Any] = list(pdf.pages)
    for page in pages:
        for font in page["/Resources"]["/Font"].values():
            inner = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
            assert {"/FontFile2", "/FontFile3"} & set(inner), inner
    second = pdf.pages[1].extract_text()
    assert second.lstrip().startswith("Appendix")  # the first page is one page
    assert to_pdf(letter) == to_pdf(letter)
    assert len(to_pictures(letter, ppi=20)) == len(pdf.pages)


def test_a_chart_says_what_it_shows() -> None:
    data = to_pdf(gp())
    figures = [tag for tag in tags(pypdf.PdfReader(io.BytesIO(data))) if tag == "Figure"]
    assert len(figures) == 2
    blocks = {block.title: block for block in gp().appendix}
    chart = blocks["Pain at rest in the morning, 0 to 10"].chart
    assert chart is not None
    assert all(0 <= dot.x <= 1 and 0 <= dot.y <= 1 for line in chart.lines for dot in line.dots)
    assert [row[2] for row in blocks["Pain at rest in the morning, 0 to 10"].table.rows] == ["4", "3", "2"]  # type: ignore[union-attr]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_a_person_typed_comes_out_as_text(hostile: str) -> None:
    activities = [{"words": hostile, "score": 3}]
    who = grace(
        name=hostile, told=[Told(uuid=uuid.UUID(int=9), at=AT, activities=activities, measures={})],
        diary=told(Helped(words=hostile), CheckIn(activities=(5,))),
    )  # fmt: skip
    letter = clinical_letter(making(who, identity=Identity(given=hostile)), "gp", DAY, question=hostile)
    said = text_of(read(letter))
    assert said.count(" ".join(hostile.split())) >= 4
    assert "root:" not in said


def test_every_script_comes_out_and_what_no_font_has_is_named() -> None:
    words = "Ümläut ñ Ελληνικά Русский 😀 \u202eleft\u202c \x07 \U000e0041"
    who = grace(diary=told(Helped(words=words)))
    said = text_of(read(gp(who)))
    assert "Ümläut ñ Ελληνικά Русский" in said
    assert "😀" in said or "[grinning face]" in said
    assert "left" in said
    assert "\u202e" not in said
    right_to_left = text_of(read(gp(grace(diary=told(Helped(words="שלום עולם"))))))
    assert set("שלוםעולם") <= set(right_to_left)


def test_words_without_end_stay_off_the_first_page_and_are_whole_behind_it() -> None:
    long = "word " * 20_000
    who = grace(
        told=[Told(uuid=uuid.UUID(int=9), at=AT, activities=[{"words": long, "score": 3}], measures={})],
        diary=told(Helped(words=long), CheckIn(activities=(5,))),
    )  # fmt: skip
    pdf = read(gp(who))
    assert pdf.pages[1].extract_text().lstrip().startswith("Appendix")
    assert text_of(pdf).count("word") > 40_000
