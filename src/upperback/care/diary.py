"""What a person does and tells day by day: the kinds of diary entry, and what each may hold. Pure.

Entries are events: written once, never changed. A correction is a new entry in the place of an old one. Values that
cannot be are refused here, in one sentence, before anything is kept.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, TypeAlias, TypeVar
from uuid import UUID

import msgspec

from upperback.care.progression.step import Band
from upperback.core.errors import InputError

Score: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=10)]
Effort: TypeAlias = Annotated[float, msgspec.Meta(ge=0, le=10)]
Kilograms: TypeAlias = Annotated[float, msgspec.Meta(gt=0, le=200)]
Minutes: TypeAlias = Annotated[float, msgspec.Meta(gt=0, le=1440)]
Reps: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=100)]
Key: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
WORDS_MOST: Final = 400
Words: TypeAlias = Annotated[str, msgspec.Meta(max_length=WORDS_MOST)]
LONG_WORDS_MOST: Final = 1200
LongWords: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=LONG_WORDS_MOST)]
SHORT_WORDS_MOST: Final = 80
ShortWords: TypeAlias = Annotated[str, msgspec.Meta(max_length=SHORT_WORDS_MOST)]
#: Words of somebody else, from a file.
OBSERVED_WORDS_MOST: Final = 1000
ObservedWords: TypeAlias = Annotated[str, msgspec.Meta(max_length=OBSERVED_WORDS_MOST)]
ReferralState: TypeAlias = Literal["made", "sent", "booked", "seen", "let_go"]
DeskState: TypeAlias = Literal["fine", "nearly", "to_change", "changed", "cannot"]
Trigger: TypeAlias = Literal["load", "sleep", "stress", "illness", "unknown"]


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all kinds."""


class SessionStarted(Entry, frozen=True, kw_only=True):
    """A guided session begins: the three safety questions were asked and none was answered with yes."""

    session: Key
    what: Literal["strength", "movement"]
    pain_now: Score | None = None


class SetDone(Entry, frozen=True, kw_only=True):
    """One set of one exercise."""

    session: Key
    exercise: Key
    number: Annotated[int, msgspec.Meta(ge=1, le=20)]
    reps: Reps
    load_kg: Kilograms | None = None
    band: Band | None = None
    counted_by: Literal["tap", "rhythm", "sensor", "typed"] = "typed"


class ExerciseEnded(Entry, frozen=True, kw_only=True):
    """How one exercise felt, after its last set. `alarming`: sharp, spreading or new tingling pain."""

    session: Key
    exercise: Key
    worst_pain: Score | None = None
    alarming: bool = False
    effort: Effort | None = None
    form_ok: bool | None = None


class SessionEnded(Entry, frozen=True, kw_only=True):
    """A session is over: finished, ended early, or stopped because something felt wrong."""

    session: Key
    how: Literal["finished", "ended_early", "felt_wrong"]
    sign: Key | None = None  # the stop sign that was chosen


class Warned(Entry, frozen=True, kw_only=True):
    """A warning sign was told, or could not be ruled out, before a session. A safety check comes first then."""

    signs: tuple[Key, ...]


class Morning(Entry, frozen=True, kw_only=True):
    """Pain at rest this morning."""

    pain: Score


class Moved(Entry, frozen=True, kw_only=True):
    """A short bout of movement; `offered` says whether a break brought it."""

    exercises: tuple[Key, ...]
    offered: bool = False


class Offer(Entry, frozen=True, kw_only=True):
    """A break, movement or session that was offered, and what came of it. `long`: the longer break of the hour."""

    kind: Literal["break", "movement", "strength"]
    answer: Literal["done", "skipped", "snoozed", "ignored"]
    until: dt.datetime | None = None
    long: bool = False


class Held(Entry, frozen=True, kw_only=True):
    """A call, or being away, told by the person: offers wait until they are back, or until a time."""

    why: Literal["in_call", "away", "back"]
    until: dt.datetime | None = None


class TaskTold(Entry, frozen=True, kw_only=True):
    """A task of the load ledger with its amounts and ratings, as they are now. `kept`: False takes it off the list."""

    task: Key
    category: Key
    name: ShortWords = ""
    minutes_to_symptom: Minutes | None = None
    minutes_typical: Minutes | None = None
    kg_ok: Kilograms | None = None
    kg_total: Kilograms | None = None
    importance: Score | None = None
    provocation: Score | None = None
    kept: bool = True


class TaskDone(Entry, frozen=True, kw_only=True):
    """A task of the load ledger, done once. `rose_after`: minutes until the pain had clearly risen, where it did."""

    task: Key
    before: Score
    after: Score
    minutes: Minutes | None = None
    kg: Kilograms | None = None
    rose_after: Minutes | None = None


class TaskChanged(Entry, frozen=True, kw_only=True):
    """From this day on the task is done in a changed way; `words` says how, as it was shown."""

    task: Key
    change: Key
    worry: Score | None = None
    words: Words = ""


class FearedTold(Entry, frozen=True, kw_only=True):
    """A task that somebody dares only with worry, and how much. `kept`: False takes it off the ladder."""

    step: Key
    name: ShortWords
    worry: Score
    kept: bool = True


class FearedDone(Entry, frozen=True, kw_only=True):
    """A feared task was tried: what was expected, what happened, and the worry about it afterwards."""

    step: Key
    worry: Score
    expected: Words = ""
    happened: Words = ""


class FlareStarted(Entry, frozen=True, kw_only=True):
    """Clearly worse than usual. The quick check of warning signs was clear.

    pain : at its start. usual : at rest before it. favourites : movements to keep going
    """

    trigger: Trigger = "unknown"
    pain: Score | None = None
    usual: Score | None = None
    favourites: tuple[Key, ...] = ()


class FlareEnded(Entry, frozen=True, kw_only=True):
    """Back to usual, with what helped in the person's own words."""

    helped: Words = ""


class CheckIn(Entry, frozen=True, kw_only=True):
    """The two minutes once a week. Nothing has to be answered."""

    pain_now: Score | None = None
    pain_average: Score | None = None
    pain_worst: Score | None = None
    activities: tuple[Score | None, ...] = ()
    sleep: Score | None = None
    confidence: Score | None = None
    pgic: Annotated[int, msgspec.Meta(ge=1, le=7)] | None = None
    activity_minutes: Annotated[int, msgspec.Meta(ge=0, le=10080)] | None = None
    days_off_work: Annotated[int, msgspec.Meta(ge=0, le=7)] | None = None
    arm: Literal["no", "yes", "not_sure"] | None = None  # new tingling, numbness or less strength
    movement_bearable: Literal["yes", "no", "not_tried"] | None = None


class DayOff(Entry, frozen=True, kw_only=True):
    """A holiday, an illness or a day that is simply left free: no session is missed on it."""

    reason: Literal["holiday", "illness", "rest"]


class DeskPoint(Entry, frozen=True, kw_only=True):
    """One point of the desk check as it is now. `cannot`: it does not apply, or cannot be changed."""

    item: Key
    state: DeskState


class Active(Entry, frozen=True, kw_only=True):
    """Minutes of activity that makes one breathe a bit faster: a walk, a ride, a swim."""

    minutes: Minutes


class PageWanted(Entry, frozen=True, kw_only=True):
    """What somebody pressed at a page to read: more of this, or nothing new. That it was read is not kept."""

    page: Key
    wanted: Literal["more", "known"]


class GoalTold(Entry, frozen=True, kw_only=True):
    """A goal as it is now; `activity` is the own activity that it belongs to, `aim` the rating hoped for."""

    goal: Key
    words: Words
    activity: Words = ""
    aim: Score | None = None
    state: Literal["open", "reached", "let_go"] = "open"


class Helped(Entry, frozen=True, kw_only=True):
    """What helped in these weeks, in own words: for the card of the next sore spell."""

    words: Words


class PlanAccepted(Entry, frozen=True, kw_only=True):
    """A change of the plan by a clinician that the person agreed to: who they say they are, their key, their words."""

    name: ShortWords
    role: ShortWords
    fingerprint: ShortWords
    note: Words = ""
    added: tuple[Key, ...] = ()
    removed: tuple[Key, ...] = ()
    doses: tuple[Key, ...] = ()
    reasons: tuple[Words, ...] = ()  # what the clinician takes responsibility for, in their words


class PlanProposed(Entry, frozen=True, kw_only=True):
    """A change of the plan that a clinician sent, signed as in a file. It waits until the person answers."""

    name: ShortWords
    file: Annotated[str, msgspec.Meta(max_length=65_536)]


class PlanAnswered(Entry, frozen=True, kw_only=True):
    """The answer to a change that was sent: yes, or no."""

    proposal: UUID
    yes: bool


class MessageToClinic(Entry, frozen=True, kw_only=True):
    """What a person writes to whoever looks after them. `alarm`: the loudest alarm that its words hold."""

    words: LongWords
    alarm: Literal["emergency", "crisis", "today", "check"] | None = None


class MessageFromClinic(Entry, frozen=True, kw_only=True):
    """What a clinician writes to a person, by the name that the person sees."""

    name: ShortWords
    words: LongWords


class MessageHandled(Entry, frozen=True, kw_only=True):
    """A clinician has dealt with what the person wrote, without writing back."""

    name: ShortWords


class ClinicNote(Entry, frozen=True, kw_only=True):
    """What a clinician notes down about a person. The person can read it in their data."""

    name: ShortWords
    words: LongWords


class Appointment(Entry, frozen=True, kw_only=True):
    """A time with a clinician; `link` opens the video room, where there is one."""

    name: ShortWords
    starts_at: Annotated[dt.datetime, msgspec.Meta(tz=True)]
    minutes: Annotated[int, msgspec.Meta(ge=5, le=120)]
    link: Annotated[str, msgspec.Meta(max_length=300, pattern=r"^(https://[^\s\"'<>]+)?$")] = ""
    words: ShortWords = ""


class AppointmentOff(Entry, frozen=True, kw_only=True):
    """An appointment that does not take place."""

    name: ShortWords
    appointment: UUID


class ClinicTask(Entry, frozen=True, kw_only=True):
    """Something to do about a person: who noted it, what, until when, and for whom. The person can read it."""

    name: ShortWords
    words: Annotated[str, msgspec.Meta(min_length=1, max_length=WORDS_MOST)]
    until: dt.date
    whose: ShortWords
    account: UUID | None = None  # of whom it is for; None where there are no accounts


class ClinicTaskDone(Entry, frozen=True, kw_only=True):
    """A task that is ticked off."""

    name: ShortWords
    task: UUID


class HandedOver(Entry, frozen=True, kw_only=True):
    """A clinician hands a person over to a colleague of their clinic.

    asks : what the person let be seen was for the giver alone, so nothing changes before their yes
    giver, taker : public ids of the accounts, and the names that the person sees
    """

    giver: UUID
    giver_name: ShortWords
    taker: UUID
    taker_name: ShortWords
    clinic: ShortWords
    asks: bool
    words: Words = ""


class HandOverAnswered(Entry, frozen=True, kw_only=True):
    """The person's yes or no to being handed over."""

    handed: UUID
    yes: bool


class HelperLeft(Entry, frozen=True, kw_only=True):
    """Somebody who helped the person ended it themselves; `words`: what they say about it, if they like."""

    name: ShortWords
    words: Words = ""


class GroupTold(Entry, frozen=True, kw_only=True):
    """What a clinic tells a person about a group: it is offered, it is another now, a meeting is off, it is over.

    Attributes
    ----------
    group : its public id; title, name, clinic : as the person reads them, `name` is who leads it
    day : of the meeting that is called off; words : why
    """

    group: UUID
    title: ShortWords
    name: ShortWords
    what: Literal["offered", "changed", "meeting_off", "over"]
    clinic: ShortWords = ""
    day: dt.date | None = None
    words: Words = ""


class GroupAnswered(Entry, frozen=True, kw_only=True):
    """What the person says to a group: yes, no, or that they leave it. The newest one counts."""

    group: UUID
    title: ShortWords
    answer: Literal["yes", "no", "left"]


class GroupCame(Entry, frozen=True, kw_only=True):
    """Whether a person came to a meeting of their group. The newest one of a day counts."""

    group: UUID
    title: ShortWords
    name: ShortWords
    day: dt.date
    came: bool


class Worn(Entry, frozen=True, kw_only=True):
    """A sensor was worn: what it measured in one sitting. Figures are of the time it could measure.

    Attributes
    ----------
    source : what it was
    measured_s : for how long
    flexion_deg : half of the time bent forward less than this; None where it was not aligned
    bent_s : leaning by more than 20 degrees
    longest_held_s : the longest time in one position
    hints : how many were given
    """

    source: Literal["phone"]
    measured_s: Annotated[float, msgspec.Meta(ge=0, le=86_400)]
    flexion_deg: Annotated[float, msgspec.Meta(ge=-180, le=180)] | None = None
    bent_s: Annotated[float, msgspec.Meta(ge=0, le=86_400)] | None = None
    longest_held_s: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 0.0
    hints: Annotated[int, msgspec.Meta(ge=0, le=100)] = 0


class Coded(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A code of somebody's code system."""

    system: Annotated[str, msgspec.Meta(max_length=200)]
    code: Annotated[str, msgspec.Meta(max_length=100)]


class ObservedValue(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was observed: a number with its unit, a whole number, a code with words, words, or yes and no."""

    kind: Literal["amount", "whole", "coded", "words", "yes_no"]
    number: Annotated[float, msgspec.Meta(ge=-1e9, le=1e9)] = 0.0
    unit: ShortWords = ""
    unit_code: ShortWords = ""
    words: ObservedWords = ""
    codes: Annotated[tuple[Coded, ...], msgspec.Meta(max_length=10)] = ()
    yes: bool = False


class ObservedPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One component of an observation."""

    words: ObservedWords
    codes: Annotated[tuple[Coded, ...], msgspec.Meta(max_length=10)] = ()
    value: ObservedValue | None = None


class Observed(Entry, frozen=True, kw_only=True):
    """An observation that a file from outside brought, as it stood there. Nothing here is decided from it.

    Attributes
    ----------
    came_from : who made it, as the file says; nobody has proved that
    there : its name in the file
    starts, ends : day or time in UTC, as FHIR writes it; `ends` is empty for a moment or what goes on
    private : about mood, or marked as more private than the rest
    """

    came_from: ShortWords
    there: Annotated[str, msgspec.Meta(max_length=200)]
    words: ObservedWords
    starts: Annotated[str, msgspec.Meta(max_length=25)]
    ends: Annotated[str, msgspec.Meta(max_length=25)] = ""
    is_period: bool = False
    codes: Annotated[tuple[Coded, ...], msgspec.Meta(max_length=10)] = ()
    category: Annotated[tuple[Coded, ...], msgspec.Meta(max_length=10)] = ()
    value: ObservedValue | None = None
    parts: Annotated[tuple[ObservedPart, ...], msgspec.Meta(max_length=100)] = ()
    private: bool = False


class Referred(Entry, frozen=True, kw_only=True):
    """Where a self-referral stands. The newest entry of a referral counts.

    Attributes
    ----------
    referral : its own key; to : name of the service
    """

    referral: Key
    to: ShortWords
    state: ReferralState


class Later(Entry, frozen=True, kw_only=True):
    """A card that was put off, or answered, until a day."""

    card: Key
    until: dt.date


class Undone(Entry, frozen=True, kw_only=True):
    """Takes an entry back. What it took the place of is said by the entry's `replaces`."""


KINDS: Final[Mapping[str, type[Entry]]] = {
    "session_started": SessionStarted,
    "set_done": SetDone,
    "exercise_ended": ExerciseEnded,
    "session_ended": SessionEnded,
    "warned": Warned,
    "morning": Morning,
    "moved": Moved,
    "offer": Offer,
    "held": Held,
    "task_told": TaskTold,
    "task_done": TaskDone,
    "task_changed": TaskChanged,
    "feared_told": FearedTold,
    "feared_done": FearedDone,
    "flare_started": FlareStarted,
    "flare_ended": FlareEnded,
    "check_in": CheckIn,
    "day_off": DayOff,
    "desk_point": DeskPoint,
    "active": Active,
    "later": Later,
    "page_wanted": PageWanted,
    "goal_told": GoalTold,
    "helped": Helped,
    "worn": Worn,
    "observed": Observed,
    "referred": Referred,
    "plan_accepted": PlanAccepted,
    "plan_proposed": PlanProposed,
    "plan_answered": PlanAnswered,
    "message_to_clinic": MessageToClinic,
    "message_from_clinic": MessageFromClinic,
    "message_handled": MessageHandled,
    "clinic_note": ClinicNote,
    "appointment": Appointment,
    "appointment_off": AppointmentOff,
    "clinic_task": ClinicTask,
    "clinic_task_done": ClinicTaskDone,
    "handed_over": HandedOver,
    "hand_over_answered": HandOverAnswered,
    "helper_left": HelperLeft,
    "group_told": GroupTold,
    "group_answered": GroupAnswered,
    "group_came": GroupCame,
    "undone": Undone,
}

_KIND_OF: Final = {entry: kind for kind, entry in KINDS.items()}

E = TypeVar("E", bound=Entry)


def read_entry(kind: str, data: Mapping[str, Any]) -> Entry:
    """The entry that plain data holds.

    Raises
    ------
    InputError : the kind is not known, or a value is missing, unknown or cannot be.
    """
    try:
        return msgspec.convert(dict(data), KINDS[kind])
    except KeyError:
        raise InputError(f"there is no diary entry called “{str(kind)[:40]}”") from None
    except msgspec.ValidationError as error:
        raise InputError(f"{kind}: {_plain(str(error))}") from None


def entry_data(entry: Entry) -> dict[str, Any]:
    """An entry as plain data, for keeping. Defaults are written too: what was meant stays clear.

    As the store gives it back, lists and not tuples: or the same entry sent again would be another one.
    """
    data: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(entry))
    return data


def kind_of(entry: Entry | type[Entry]) -> str:
    """The name under which a kind of entry is kept."""
    return _KIND_OF[entry if isinstance(entry, type) else type(entry)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """An entry with when it happened.

    Attributes
    ----------
    id : of the kept row; rises in the order of writing
    day : the person's own day
    at : aware UTC
    replaces : id of the entry that this one takes the place of
    uuid : its name outside the store, None where it has none
    """

    id: int
    day: dt.date
    at: dt.datetime
    entry: Entry
    replaces: int | None = None
    uuid: UUID | None = None


def in_force(written: Iterable[Written]) -> list[Written]:
    """The entries that count, in order of day and time: without those taken back or replaced."""
    rows = list(written)
    gone = {row.replaces for row in rows if row.replaces is not None}
    kept = [row for row in rows if row.id not in gone and not isinstance(row.entry, Undone)]
    return sorted(kept, key=lambda row: (row.day, row.at, row.id))


def only(written: Iterable[Written], kind: type[E]) -> list[tuple[Written, E]]:
    """The entries of one kind, each with its day and time."""
    return [(row, row.entry) for row in written if isinstance(row.entry, kind)]


def _plain(text: str) -> str:
    """The field first, then what is wrong, without the notation of msgspec."""
    what, _, where = text.partition(" - at `$")
    if "matching regex" in what:
        what = "A short name is expected"
    field = where.strip("`.").replace("[...]", "")
    return f"{field}: {what[:1].lower()}{what[1:]}" if field else what[:1].lower() + what[1:]
