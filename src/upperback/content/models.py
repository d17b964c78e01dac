"""What a content release is made of. One frozen structure per kind of file; the JSON Schema is generated from these.

Conventions shared by all files
-------------------------------
* Unknown keys are refused. Nothing has a silent clinical default: an optional field says what leaving it out means.
* Conditions (`when`, `ask_when`, ...) are rule text; the language is defined in `conditions.py`.
* `sources` are keys of the bibliography; `PD` marks a project decision.
* Person-facing text is written in plain British English and may hold `{service}` placeholders,
  which the service table of the region fills in (`{emergency}` becomes 999 in the UK).
"""

import datetime as dt
from typing import Annotated, Literal

import msgspec

Key = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]*$")]
Text = Annotated[str, msgspec.Meta(min_length=2)]
Unit = Annotated[str, msgspec.Meta(min_length=1)]
Condition = Annotated[str, msgspec.Meta(min_length=2)]
SourceKeys = Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]

Disposition = Literal["emergency_now", "urgent_same_day", "gp_soon", "physio_routine", "self_manage"]
Status = Literal["draft", "approved", "retired"]


class Model(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base: immutable, keyword-only, unknown keys refused."""


# ---- release, bibliography, numbers ------------------------------------------------------------------------------


class ReleaseInfo(Model, frozen=True):
    """`release.yaml`: what this release is and whether anyone has approved it."""

    id: Text
    version: Text
    released: dt.date
    status: Status
    language: Text
    region: Key
    licence: Text
    title: Text
    intended_purpose: Text
    not_for: tuple[Text, ...]


class Source(Model, frozen=True):
    """One entry of the bibliography."""

    key: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z][A-Za-z0-9-]*$")]
    citation: Text
    checked: Literal["full", "abstract", "secondary", "title", "not_reread", "own"]
    doi: str | None = None
    note: str | None = None


class DatedValue(Model, frozen=True):
    """A value of a parameter from a day on."""

    since: dt.date
    value: float | int
    sources: SourceKeys


class Parameter(Model, frozen=True):
    """A number the rules, the plan or the review use. Written `limit.<id>` in rule text."""

    id: Key
    means: Text
    unit: Unit  # UCUM, e.g. "d", "wk", "{score}", "1"
    values: Annotated[tuple[DatedValue, ...], msgspec.Meta(min_length=1)]


# ---- findings and questions --------------------------------------------------------------------------------------


class NumberRange(Model, frozen=True):
    """What is possible for a number; anything else is refused as bad input."""

    minimum: float | int
    maximum: float | int
    unit: Unit
    integer: bool


class Law(Model, frozen=True):
    """Place of a finding in the law of triage: worsening an alarming finding never lowers the disposition.

    steps: values from least to most alarming; values in one step are not ordered among themselves.
    worse: direction for numbers. `worse_from`: the law holds from this value on; `worse_to`: up to this value.
    """

    group: Literal["alarming", "mitigating", "context"]
    steps: tuple[tuple[Key, ...], ...] = ()
    worse: Literal["up", "down"] | None = None
    worse_from: float | int | None = None
    worse_to: float | int | None = None
    not_values: tuple[Key, ...] = ()  # list values outside the law, e.g. a known condition that mitigates


class Finding(Model, frozen=True):
    """One canonical fact about a person, as triage and plan read it.

    absent: value taken where a stored case says that absence means "no" (None: stays unknown). For numbers the
        word `never` means "does not apply": every comparison with it is no.
    unknown_as: value taken by every rule when the answer is missing or unknown (None: three-valued unknown).
    applies_when: the finding is only asked where this is not surely no.
    said: how the answer is repeated to the person, completing "You told us that ...". By value; `yes` for
        flags; for numbers the key `value` with `{value}` in it.
    """

    key: Key
    kind: Literal["flag", "choice", "list", "number"]
    title: Text
    read_by: Literal["triage", "plan", "review", "context"]
    law: Law
    said: dict[str, Text]
    values: tuple[Key, ...] = ()
    number: NumberRange | None = None
    absent: bool | str | int | float | tuple[Key, ...] | None = None
    unknown_as: bool | str | int | float | None = None
    applies_when: Condition | None = None
    required: bool = False
    note: str | None = None


class FindingGroup(Model, frozen=True):
    """`findings/*.yaml`."""

    group: Key
    title: Text
    order: int
    findings: Annotated[tuple[Finding, ...], msgspec.Meta(min_length=1)]


class Option(Model, frozen=True):
    """One answer to a question. `sets` says which findings it gives which value; for lists the value is added."""

    id: Key
    label: Text
    sets: dict[Key, bool | str | int | float]
    hint: Text | None = None
    label_proxy: Text | None = None


class Question(Model, frozen=True):
    """One idea; a page of its own unless its section says which stand together.

    The findings it `covers` are answered as a whole.
    one: radios. many: tick boxes with a compulsory "None of these" (`none_label`). number: one number box.
    When `ask_when` is surely no the question is not asked and its findings take their `absent` value; an answer that
    was given and says more than that goes on counting. "Not sure" makes every covered finding that no ticked option
    sets unknown, and of a ticked ladder the higher rungs; where an emergency hangs on it, it asks once more in
    `simpler` words.
    """

    id: Key
    kind: Literal["one", "many", "number"]
    covers: Annotated[tuple[Key, ...], msgspec.Meta(min_length=1)]
    text: Text
    text_proxy: Text
    simpler: Text
    summary: Text | None = None  # a short label beside the answer, where the question does not name its subject
    options: tuple[Option, ...] = ()
    help: Text | None = None
    examples: tuple[Text, ...] = ()
    not_examples: tuple[Text, ...] = ()
    none_label: Text | None = None
    not_sure: bool = True
    prefer_not_to_say: bool = False
    ask_when: Condition | None = None
    unit_label: Text | None = None
    unit_label_one: Text | None = None  # the same for one
    low_label: Text | None = None  # for 0-10 scales: what 0 means
    high_label: Text | None = None  # and 10


class Together(Model, frozen=True):
    """Questions of a section that stand on one page, next to each other: one idea in several questions."""

    id: Key
    title: Text
    questions: Annotated[tuple[Key, ...], msgspec.Meta(min_length=2)]


class Section(Model, frozen=True):
    """`questions/*.yaml`: a part of the safety check or of the assessment, in order."""

    id: Key
    title: Text
    order: int
    part: Literal["screen", "assessment", "baseline"]  # baseline: the review compares with it, the plan does not wait
    questions: Annotated[tuple[Question, ...], msgspec.Meta(min_length=1)]
    together: tuple[Together, ...] = ()
    intro: Text | None = None
    intro_proxy: Text | None = None


# ---- rules -------------------------------------------------------------------------------------------------------


class Term(Model, frozen=True):
    """A derived term: exactly one of `when` (a condition), `count` (conditions to count) or `number`."""

    id: Key
    title: Text
    sources: SourceKeys
    when: Condition | None = None
    count: tuple[Condition, ...] = ()
    number: Condition | None = None


class Review(Model, frozen=True):
    """Who looked at it last and when it has to be looked at again."""

    by: Text
    done: dt.date
    due: dt.date


class Case(Model, frozen=True):
    """A person in plain words, their findings (absence means "no" here) and what has to come out."""

    name: Text
    kind: Literal["positive", "negative", "near_miss"]
    story: Text
    findings: dict[Key, bool | int | float | str | tuple[Key, ...]]
    state: Literal["fired", "open", "quiet"]  # of the rule the case sits with
    disposition: Disposition
    rules: tuple[str, ...] | None = None  # all rules that fire, where the case states them


class Within(Model, frozen=True):
    """How soon. The first entry whose `when` is yes counts; the last one has no `when`."""

    days: str  # rule text of a parameter: limit.<id>
    when: Condition | None = None


class PlanGate(Model, frozen=True):
    """What a fired gp_soon rule leaves of the plan: nothing, or movement inside comfort when the condition holds."""

    movement_when: Condition | None = None  # None: nothing


class Rule(Model, frozen=True):
    """One triage rule. Every rule is looked at by itself; the most urgent fired rule decides."""

    id: Annotated[str, msgspec.Meta(pattern=r"^[EUGP][0-9]{2}$")]
    title: Text
    status: Status
    effective: dt.date
    review: Review
    disposition: Disposition
    when: Condition
    unknown_means: Text  # in plain words, always stated
    because: Text  # one plain sentence: why these answers matter
    contact: Annotated[tuple[Key, ...], msgspec.Meta(min_length=1)]  # keys of the service table, first one first
    say: Text  # what to say to them
    do_not: tuple[Text, ...]  # what not to do meanwhile
    sources: SourceKeys
    hazards: tuple[str, ...]
    cases: Annotated[tuple[Case, ...], msgspec.Meta(min_length=3)]
    within: tuple[Within, ...] = ()
    plan: PlanGate | None = None  # gp_soon rules state it
    meanwhile: tuple[Text, ...] = ()
    in_own_words: tuple[Key, ...] = ()  # topics of its disposition that `do_not` or `meanwhile` say closer to the case
    say_proxy: Text | None = None  # where `say` speaks as somebody who calls for another person
    say_unknown: Text | None = None  # what to say while an emergency rule is open; without it, the words of U19


# ---- what people read --------------------------------------------------------------------------------------------


class Message(Model, frozen=True):
    """`messages.yaml`: a safety-net card or a message. Attached when its condition is not surely no.

    self_manage: attached to that disposition; a plan may bring it as well.
    invites_to_try: not shown to somebody who is told to get help now or today: nothing to try meanwhile then.
    """

    id: Key
    kind: Literal["safety_net", "message", "card"]
    title: Text
    lines: Annotated[tuple[Text, ...], msgspec.Meta(min_length=1)]
    sources: SourceKeys
    attach: Literal["always", "when", "self_manage", "by_pattern", "by_plan"]
    when: Condition | None = None
    unknown_attaches: bool = True
    invites_to_try: bool = False
    contact: tuple[Key, ...] = ()


class Service(Model, frozen=True, kw_only=True):
    """Somebody to turn to in a region. `phrase` is what `{key}` becomes inside a sentence.

    status: `verify` where nobody has checked the entry against the page of the service yet; pages say so beside it.
    self_referral: of physiotherapy, whether people may go there by themselves; None where it is not known.
    read_at, read_on: pages on which the number and its hours were read, as stored copies, and the day of reading.
    """

    key: Key
    name: Text
    phrase: Text
    number: str | None = None  # to dial, tel: form without spaces
    number_shown: str | None = None
    link: str | None = None
    hours: str | None = None
    note: Text | None = None
    sources: SourceKeys
    status: Literal["checked", "verify"] = "checked"
    self_referral: bool | None = None
    read_at: tuple[str, ...] = ()
    read_on: dt.date | None = None


class ServiceTable(Model, frozen=True):
    """`services/<region>.yaml`."""

    region: Key
    title: Text
    checked: dt.date
    services: Annotated[tuple[Service, ...], msgspec.Meta(min_length=1)]


class DispositionText(Model, frozen=True):
    """`dispositions.yaml`: how a disposition is shown and what it allows (facts 2.1, 2.10)."""

    id: Disposition
    order: int  # 0 is the most urgent
    title: Text
    short: Text  # the one word beside the shape
    action: Text  # what to do now, with {service} placeholders
    when_text: Text
    contact: tuple[Key, ...]
    plan: Literal["none", "movement_only", "gentle", "full"]
    fhir_priority: Literal["stat", "asap", "urgent", "routine", "none"]
    do_not: dict[Key, Text]  # by topic, so that a rule that says the same closer to its case can stand in for it
    comfort: dict[Key, Text]
    sources: SourceKeys


# ---- the plan ----------------------------------------------------------------------------------------------------


class Caution(Model, frozen=True):
    """`cautions.yaml`: a tag. Carried by a person when `when` is not surely no (unknown is conservative).

    locks_when: the whole plan waits for a clinician when this is yes.
    effect: `hide` removes tagged exercises (unless the exercise lists a swap); `adapt` only adds the advice.
    """

    tag: Key
    title: Text
    when: Condition
    meaning: Text
    advice: Text
    effect: Literal["hide", "adapt"]
    sources: SourceKeys
    unknown_carries: bool = True
    locks_when: Condition | None = None
    lock_text: Text | None = None
    adds: tuple[Key, ...] = ()  # tags that come with it


class Pattern(Model, frozen=True):
    """`patterns/*.yaml`. The first pattern, by `order`, whose `when` is yes is the one shown. Never a diagnosis."""

    id: Annotated[str, msgspec.Meta(pattern=r"^C[0-9]{2}[a-z]?$")]
    title: Text
    order: int
    when: Condition
    told: Text
    because: Text
    advice: Annotated[tuple[Text, ...], msgspec.Meta(min_length=1)]
    route: Text
    locks_plan: bool
    sources: SourceKeys
    movement: tuple[str, ...] = ()  # starter set, in order of preference
    strength: tuple[str, ...] = ()
    load_rules: tuple[str, ...] = ()
    messages: tuple[Key, ...] = ()
    safety_net: tuple[Key, ...] = ()
    adds_cautions: tuple[Key, ...] = ()
    start_fraction: str | None = None  # limit.<id>: start at this part of the full dose
    lock_text: Text | None = None


class ExerciseCaution(Model, frozen=True):
    """What a caution does to this exercise. `swap`: allowed, but only done as `how` says."""

    tag: Key
    effect: Literal["hide", "swap", "adapt"]
    how: Text | None = None  # required for swap


class Variant(Model, frozen=True):
    """An easier or harder way of the same exercise, or a pointer to another exercise."""

    how: Text
    exercise: str | None = None


class Tempo(Model, frozen=True):
    """Seconds of one repetition; for timed exercises `hold_s` is the hold."""

    out_s: float
    pause_s: float
    back_s: float
    hold_s: float | None = None


class Figure(Model, frozen=True):
    """The moving figure. Angles in degrees, conventions of `docs/reference/figures.md`; start and end pose."""

    view: Literal["side", "front", "top"]
    posture: Literal[
        "standing",
        "seated",
        "kneeling",
        "hands_and_knees",
        "side_lying",
        "face_up",
        "face_down",
        "plank_wall",
        "plank_knees",
        "heels",
    ]
    start: dict[Key, float | int]
    end: dict[Key, float | int]
    props: tuple[
        Literal["chair", "wall", "doorway", "mat", "band", "weight", "roller", "stick", "table", "bag", "cushion"],
        ...,
    ]
    works: tuple[Key, ...]  # parts that get the dot
    words: Text  # the movement, described for people who cannot see it
    mirrored: bool = False  # both sides in turn
    moves: tuple[Key, ...] = ()  # parts that get an arrow; none: the part that travels furthest


class Sensor(Model, frozen=True, kw_only=True):
    """Planning values for counting this exercise with a sensor.

    signal: what is felt, in words. at: where the sensor is worn. motion: how it moves there; `lean` against the
    vertical, `turn` about the vertical, which only a gyroscope feels. Neither is given where nothing can be counted.
    """

    signal: Text
    count: Literal["good", "fair", "poor", "none"]
    at: Literal["chest", "upper_arm"] | None = None
    motion: Literal["lean", "turn", "breath", "steps"] | None = None
    range_deg: tuple[float | int, float | int] | None = None
    repetition_s: float | None = None
    sources: SourceKeys


class Exercise(Model, frozen=True):
    """`exercises/*.yaml`."""

    id: Annotated[str, msgspec.Meta(pattern=r"^(MV|ST)[0-9]{2}$")]
    title: Text
    kind: Literal["movement", "strength"]
    status: Status
    family: Literal[
        "rotate", "extend", "breathe_side", "open", "calm", "pull", "push", "extensor_trunk", "bend", "carry"
    ]
    level: int  # 1 the gentlest of its chain
    purpose: Text
    feel: Text  # where and how it should feel
    muscles: Annotated[tuple[Text, ...], msgspec.Meta(min_length=1)]
    positions: Annotated[tuple[Literal["seated", "standing", "lying", "floor"], ...], msgspec.Meta(min_length=1)]
    equipment: tuple[
        Literal["chair", "wall", "doorway", "mat", "band", "weight", "roller", "stick"], ...
    ]  # all are needed
    equipment_instead: tuple[Text, ...]  # household swaps in words
    steps: Annotated[tuple[Text, ...], msgspec.Meta(min_length=3)]
    mistakes: Annotated[tuple[Text, ...], msgspec.Meta(min_length=1)]
    breathing: Text
    dose: Literal["repetitions", "hold", "breaths", "distance"]
    tempo: Tempo
    cautions: tuple[ExerciseCaution, ...]
    plane: tuple[Literal["sagittal", "frontal", "transverse"], ...]
    easier: tuple[Variant, ...]
    harder: tuple[Variant, ...]
    figure: Figure
    sensor: Sensor
    sources: SourceKeys


class Chain(Model, frozen=True):
    """`chains.yaml`: from easier to harder. An item is an exercise id or a named easier form."""

    id: Key
    title: Text
    steps: Annotated[tuple[Text, ...], msgspec.Meta(min_length=2)]
    sources: SourceKeys


class LoadRule(Model, frozen=True):
    """`load_rules/*.yaml`: how a task that provokes the pain is changed now and built back later."""

    id: Annotated[str, msgspec.Meta(pattern=r"^LM-[A-Z]+$")]
    title: Text
    tasks: tuple[Text, ...]  # everyday words
    arithmetic: Literal["break_interval", "split_load", "time_slots", "cut_volume", "start_weight", "none"]
    change_now: Annotated[tuple[Text, ...], msgspec.Meta(min_length=1)]
    build_back: tuple[Text, ...]
    sources: SourceKeys
    amounts: tuple[Literal["minutes", "kg"], ...] = ()


class WorkstationItem(Model, frozen=True):
    """`workstation.yaml`: one measurable point of the desk check."""

    id: Annotated[str, msgspec.Meta(pattern=r"^W[0-9]{2}$")]
    title: Text
    check: Text
    fix: Text
    measure: dict[Key, float | int]
    sources: SourceKeys


class ReviewRow(Model, frozen=True):
    """`review.yaml`: one row of the six-week review, in order."""

    row: int
    outcome: Literal["continue", "continue_and_adjust", "refer_physio", "seek_medical_help"]
    when_text: Text
    why: Text
    next: Annotated[tuple[Text, ...], msgspec.Meta(min_length=1)]
    sources: SourceKeys
    recheck_days: str | None = None  # limit.<id>


class DoseText(Model, frozen=True):
    """`dose.yaml`: a level of irritability or a colour of the pain light in words."""

    id: Key
    group: Literal["irritability", "light", "phase", "flare", "stop_sign", "progression", "session_check"]
    title: Text
    text: Text
    sources: SourceKeys


# ---- pages to read -----------------------------------------------------------------------------------------------


class LearnTopic(Model, frozen=True):
    """`learn_topics.yaml`: a part of what there is to read, in order."""

    id: Key
    title: Text
    summary: Text


class LearnPart(Model, frozen=True):
    """A stretch of a page, as the safe HTML that `learn.py` makes of its Markdown.

    waits: it reassures or offers something to try, so it is only shown where a safety check allows that.
    """

    html: Text
    waits: bool = False


#: Drawings that a page may show. They are made by `web/pictures`.
PictureId = Literal[
    "bones",
    "muscles",
    "joints",
    "from-above",
    "curves",
    "desk-set-up",
    "ways-to-carry",
    "ways-to-lie",
    "ways-to-hold-a-phone",
]


class LearnAnswer(Model, frozen=True):
    """One answer that can be opened. told: what is said to it, kindly."""

    text: Text
    told: Text
    right: bool = False


class LearnAsk(Model, frozen=True):
    """A question about a page, to see whether it got across. Nothing of it is kept; it shows with what waits."""

    question: Text
    answers: Annotated[tuple[LearnAnswer, ...], msgspec.Meta(min_length=2, max_length=4)]


class LearnPage(Model, frozen=True):
    """`learn/<id>.md`: one thing to read. Front matter in YAML, then a small part of Markdown.

    summary: says what the page is about, never how it ends: lists and searches show it to everybody.
    place: where it stands in its topic. words: what people may call it, for the search. next: where to read on.
    patterns, load_rules, cautions, phases: whom with a plan it is meant for; everybody: it comes first for all.
    """

    id: Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]*$")]
    title: Text
    summary: Text
    topic: Key
    place: int
    status: Status
    review: Review
    sources: SourceKeys
    parts: Annotated[tuple[LearnPart, ...], msgspec.Meta(min_length=1)]
    words: Annotated[tuple[Text, ...], msgspec.Meta(min_length=1)]
    next: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    exercises: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    load_rules: tuple[str, ...] = ()
    cautions: tuple[Key, ...] = ()
    phases: tuple[Literal["CALM", "BUILD-light", "BUILD"], ...] = ()
    everybody: bool = False
    pictures: tuple[PictureId, ...] = ()
    ask: LearnAsk | None = None


class AlarmWords(Model, frozen=True):
    """`alarm_words.yaml`: words in a search that bring help to the top. They raise, and nothing lowers.

    level: whom to turn to; `check` names nobody and puts the safety check first.
    words: each is met where all its parts stand near each other, in any order; `*` ends a part that may go on.
    """

    id: Key
    level: Literal["emergency", "crisis", "today", "check"]
    words: Annotated[tuple[Text, ...], msgspec.Meta(min_length=1)]
    sources: SourceKeys


class Release(Model, frozen=True):
    """A whole release. Its canonical form is the JSON of this structure; its hash is the SHA-256 of that."""

    info: ReleaseInfo
    bibliography: tuple[Source, ...]
    parameters: tuple[Parameter, ...]
    findings: tuple[FindingGroup, ...]
    terms: tuple[Term, ...]
    rules: tuple[Rule, ...]
    dispositions: tuple[DispositionText, ...]
    questions: tuple[Section, ...]
    messages: tuple[Message, ...]
    services: tuple[ServiceTable, ...]
    cautions: tuple[Caution, ...]
    patterns: tuple[Pattern, ...]
    exercises: tuple[Exercise, ...]
    chains: tuple[Chain, ...]
    load_rules: tuple[LoadRule, ...]
    workstation: tuple[WorkstationItem, ...]
    review: tuple[ReviewRow, ...]
    dose: tuple[DoseText, ...]
    learn_topics: tuple[LearnTopic, ...] = ()  # releases before these came are still read
    learn: tuple[LearnPage, ...] = ()
    alarm_words: tuple[AlarmWords, ...] = ()
