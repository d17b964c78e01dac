"""A letter for an employer: the desk, and nothing about anybody's health, not even why it is written."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final

from upperback.care.desk import DeskNow
from upperback.content.vocabulary import Content
from upperback.interchange.letter.records import Block, Letter, Table, said_day

_STATES: Final[Mapping[str | None, str]] = {
    "fine": "Fits", "nearly": "Nearly fits", "to_change": "Does not fit yet", "changed": "Was changed, fits",
    "cannot": "Does not apply", None: "Not looked at",
}  # fmt: skip
_WAITS: Final = ("to_change", "nearly")
TITLE: Final = "Workstation: what would help"
QUESTION: Final = "Could we look at these points together, and agree who changes what and by when?"


def desk_letter(
    *, name: str, desk: DeskNow, breaks_every_minutes: int | None, content: Content, day: dt.date, question: str = ""
) -> Letter:
    """The desk check for who owns the desk.

    Parameters
    ----------
    name : what the employer knows the person by
    breaks_every_minutes : where breaks are part of what would help; only the number leaves
    """
    first = [content.workstation[id] for id in desk.first]
    rest = [id for id, state in desk.states.items() if state in _WAITS and id not in desk.first]
    done = [content.workstation[id].title for id, state in desk.states.items() if state == "changed"]
    blocks = [
        Block(
            title="Asked for first",
            lines=() if first else ("Every point that was looked at fits, or cannot be changed here.",),
            points=[f"{item.title}: {item.fix}" for item in first],
        )
    ]
    if rest:
        later = [content.workstation[id] for id in sorted(rest)]
        blocks.append(Block(title="Later", points=[f"{item.title}: {item.fix}" for item in later]))
    if done:
        blocks.append(Block(title="Already changed", lines=(f"{', '.join(done)}.",)))
    if breaks_every_minutes is not None:
        words = f"A change of position for about a minute, about every {breaks_every_minutes} minutes."
        blocks.append(Block(title="Short breaks from the screen", lines=(words,)))
    looked = f" It was looked at on {said_day(desk.looked)}." if desk.looked is not None else ""
    return Letter(
        reader="employer", title=TITLE, day=day, who=(("Name", name), ("Date", said_day(day))), blocks=blocks,
        question=question or QUESTION,
        about=f"Made by the person who works here, with a checklist of {len(content.workstation)} points that follow "
        f"common advice on work with screens.{looked} It speaks of the desk and of nothing else.",
        appendix=(_all_points(desk, content),),
    )  # fmt: skip


def _all_points(desk: DeskNow, content: Content) -> Block:
    rows: Sequence[Sequence[str]] = [
        (item.title, item.check, _STATES[desk.states.get(id)]) for id, item in content.workstation.items()
    ]
    table = Table(columns=("Point", "What fits", "Now"), rows=rows, wide=(2, 5, 2))
    return Block(title="Every point of the check", table=table)
