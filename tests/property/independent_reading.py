"""A second reading of the triage rules, from the clinical reference sheet (2.4 to 2.12) and not from the content.

Whoever changes a rule in `upperback_content` and not here, or the other way round, makes a test fail. So this
module shares nothing with the rule texts: no parser, no terms, no parameters, no readings of unknown. From the
product it takes the columns of `States` and the spelling of findings (which code stands for which value).

A truth is 0 no, 1 unknown, 2 yes. The numbers stand bare in the text on purpose: a parameter would be shared.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from upperback.care.triage.columns import States

Truths = NDArray[np.int8]
Numbers = NDArray[np.float64]

#: From the least to the most urgent.
LEVELS: Final = ("self_manage", "physio_routine", "gp_soon", "urgent_same_day", "emergency_now")

#: The section a rule stands in gives its level (2.4 to 2.7).
LEVEL_OF: Final = {"E": 4, "U": 3, "G": 2, "P": 1}

#: What an open rule means at least (2.12): E fires U19, U at least gp_soon, G at least physio_routine, P nothing.
OPEN_LEVEL_OF: Final = {"E": 3, "U": 2, "G": 1, "P": 0}

#: 2.12: what a missing or unknown answer is read as by every rule.
UNKNOWN_CHOICE: Final = {"chest_pain_when": "now", "sex": "other", "pattern": "mixed", "trend": "same"}
UNKNOWN_NUMBER: Final = {"trauma_days_ago": 0.0}

#: 2.12: where absence is read as "no". Flags are no, lists empty, and every choice not named here is `none`.
QUIET_NUMBERS: Final = {
    "psfs": 10,
    "morning_stiffness_minutes": 0,
    "cough_weeks": 0,
    "flares_past_year": 0,
    "tried_self_management_weeks": 0,
}
QUIET_CHOICES: Final = {"gait": "normal", "onset": "gradual", "adherence": "poor"}

Kind = Literal["flag", "choice", "list", "number"]


def and_(*truths: Truths) -> Truths:
    """The lowest."""
    lowest: Truths = np.minimum.reduce(truths)
    return lowest


def or_(*truths: Truths) -> Truths:
    """The highest; `any of` and commas inside it."""
    highest: Truths = np.maximum.reduce(truths)
    return highest


def not_(truth: Truths) -> Truths:
    """Swaps yes and no."""
    return np.subtract(2, truth, dtype=np.int8)


def at_least(needed: int, *truths: Truths) -> Truths:
    """Yes when that many are yes, no when fewer are yes or unknown, else unknown."""
    yes = np.zeros(truths[0].shape, dtype=np.int8)
    possible = np.zeros(truths[0].shape, dtype=np.int8)
    for truth in truths:
        yes += truth == 2
        possible += truth >= 1
    return np.where(yes >= needed, np.int8(2), np.where(possible >= needed, np.int8(1), np.int8(0)))


def or_yes(truth: Truths) -> Truths:
    """Unknown counts as yes."""
    return np.where(truth == 1, np.int8(2), truth)


def known_truths(holds: NDArray[np.bool_], numbers: Numbers) -> Truths:
    """Unknown where the number is."""
    return np.where(np.isnan(numbers), np.int8(1), np.where(holds, np.int8(2), np.int8(0)))


class Reading:
    """Many states as the rules read them. `values`: for each choice finding, its values in the order of the codes."""

    def __init__(self, states: States, values: Mapping[str, tuple[str, ...]]) -> None:
        self.states = states
        self._values = values

    # ---- findings ------------------------------------------------------------------------------------------------

    def flag(self, key: str) -> Truths:
        """A bare boolean key."""
        return self.states.flags[key] if key in self.states.flags else self._unknown()

    def is_(self, key: str, *values: str) -> Truths:
        """`key` = value, or in {values}."""
        if key not in self.states.choices:
            codes = np.full(self.states.rows, -1, dtype=np.int8)
        else:
            codes = self.states.choices[key]
        order = self._values[key]
        assert set(values) <= set(order), (key, values)
        unknown = 1 if key not in UNKNOWN_CHOICE else 2 if UNKNOWN_CHOICE[key] in values else 0
        by_code = np.array([2 if value in values else 0 for value in order] + [unknown], dtype=np.int8)
        return by_code[codes]  # the code -1 is the last entry

    def differs(self, key: str, value: str) -> Truths:
        """`key` != value."""
        return not_(self.is_(key, value))

    def has(self, key: str, value: str) -> Truths:
        """`value` in the list `key`."""
        column = self.states.lists.get((key, value))
        return self._unknown() if column is None else column

    def any_in(self, key: str, *values: str) -> Truths:
        """The list holds one of these."""
        return or_(*(self.has(key, value) for value in values))

    def number(self, key: str) -> Numbers:
        """The number, NaN where unknown."""
        numbers = self.states.numbers.get(key)
        if numbers is None:
            numbers = np.full(self.states.rows, np.nan)
        return np.where(np.isnan(numbers), UNKNOWN_NUMBER[key], numbers) if key in UNKNOWN_NUMBER else numbers

    def from_(self, key: str, limit: float) -> Truths:
        """`key` >= limit."""
        numbers = self.number(key)
        return known_truths(numbers >= limit, numbers)

    def to(self, key: str, limit: float) -> Truths:
        """`key` <= limit."""
        numbers = self.number(key)
        return known_truths(numbers <= limit, numbers)

    def under(self, key: str, limit: float) -> Truths:
        """`key` < limit."""
        numbers = self.number(key)
        return known_truths(numbers < limit, numbers)

    def _unknown(self) -> Truths:
        return np.ones(self.states.rows, dtype=np.int8)

    # ---- derived terms (2.12) ------------------------------------------------------------------------------------

    @cached_property
    def pleuritic(self) -> Truths:
        return or_(
            self.is_("chest_pain", "pleuritic"),
            and_(self.has("worse_with", "deep_breath"), self.differs("pattern", "mechanical")),
        )

    @cached_property
    def cardiac_items(self) -> tuple[Truths, ...]:
        return (
            self.flag("radiates_arm_jaw"),
            self.flag("sweating_nausea"),
            self.differs("breathless", "none"),
            self.flag("faint"),
        )

    @cached_property
    def clot_sign(self) -> Truths:
        return or_(self.flag("cough_blood"), self.flag("faint"), self.flag("fast_heartbeat"), self.flag("leg_swelling"))

    @cached_property
    def leg_or_trunk_change(self) -> Truths:
        return or_(
            self.differs("leg_weakness", "none"), self.is_("gait", "unsteady"), self.flag("numbness_below_level")
        )

    @cached_property
    def cord_items(self) -> tuple[Truths, ...]:
        return (
            self.flag("hand_clumsiness"),
            self.is_("gait", "unsteady"),
            self.is_("numbness_arms", "both"),
            self.flag("electric_shocks"),
            self.differs("leg_weakness", "none"),
            self.flag("numbness_below_level"),
        )

    @cached_property
    def neuro_change(self) -> Truths:
        return or_(
            at_least(1, *self.cord_items),
            self.differs("arm_weakness", "none"),
            self.flag("saddle_numbness"),
            self.is_("bladder_bowel", "new"),
            self.flag("bilateral_leg_symptoms"),
        )

    @cached_property
    def infection_risk(self) -> Truths:
        return or_(
            self.flag("immunosuppressed"),
            self.flag("iv_drug_use"),
            self.flag("recent_infection_or_procedure"),
            self.flag("tb_risk"),
        )

    @cached_property
    def injury(self) -> Truths:
        return self.is_("trauma", "low_energy", "high_energy")

    def injury_within(self, days: int) -> Truths:
        return and_(self.injury, self.to("trauma_days_ago", days))

    @cached_property
    def vertebral_fracture(self) -> Truths:
        return or_(
            self.is_("vertebral_fracture_status", "healed", "recent"),
            self.known("vertebral_fracture_healed"),
        )

    @cached_property
    def bone_risk(self) -> Truths:
        return or_(
            self.flag("osteoporosis"),
            self.flag("fragility_fracture_history"),
            self.is_("steroid_use", "long_term"),
            self.vertebral_fracture,
        )

    @cached_property
    def acute(self) -> Truths:
        return or_(and_(self.is_("onset", "sudden"), self.to("duration_weeks", 12)), self.injury_within(84))

    @cached_property
    def fracture_cluster(self) -> tuple[Truths, ...]:
        return (
            or_(self.from_("age", 70), and_(self.from_("age", 65), self.differs("sex", "male"))),
            self.is_("steroid_use", "long_term"),
            or_(self.flag("osteoporosis"), self.flag("fragility_fracture_history"), self.vertebral_fracture),
            or_(self.is_("onset", "sudden"), self.injury),
            self.flag("midline_tenderness"),
            self.flag("new_deformity"),
            and_(self.has("character", "crushing"), self.has("eased_by", "lying_down")),
        )

    @cached_property
    def onset_age(self) -> Numbers:
        """Where it is not known: `age` less the duration in years."""
        given = self.number("onset_age")
        return np.where(np.isnan(given), self.number("age") - self.number("duration_weeks") / 52, given)

    def onset_before(self, age: int) -> Truths:
        return known_truths(self.onset_age < age, self.onset_age)

    @cached_property
    def inflammatory_criteria(self) -> tuple[Truths, ...]:
        second_half = self.is_("night_pain", "second_half")
        return (
            self.onset_before(35),
            second_half,
            self.flag("buttock_pain"),
            and_(self.has("eased_by", "movement"), or_(self.from_("morning_stiffness_minutes", 30), second_half)),
            self.flag("nsaid_response"),
            self.flag("family_spa"),
            self.flag("arthritis"),
            self.flag("enthesitis"),
            self.flag("psoriasis"),
        )

    def known(self, condition: str) -> Truths:
        """`known x`."""
        return self.has("known_conditions", condition)

    @cached_property
    def no_known_axial_spa(self) -> Truths:
        """Unknown conditions never block a rule."""
        return or_yes(not_(self.known("axial_spa")))

    # ---- phrases that several rules share ------------------------------------------------------------------------

    @cached_property
    def pressing_chest_pain(self) -> Truths:
        return self.is_("chest_pain", "pressure", "unclear")

    @cached_property
    def pregnant_or_after_birth(self) -> Truths:
        return self.differs("pregnancy", "none")

    @cached_property
    def deep_breath_hurts(self) -> Truths:
        return self.has("worse_with", "deep_breath")

    @cached_property
    def sudden(self) -> Truths:
        return self.is_("onset", "sudden")

    @cached_property
    def cancer(self) -> Truths:
        return self.differs("cancer_history", "none")

    @cached_property
    def unrelieved(self) -> Truths:
        return self.is_("night_pain", "unrelieved")

    @cached_property
    def worsening(self) -> Truths:
        return self.is_("trend", "worsening")

    @cached_property
    def not_mechanical(self) -> Truths:
        return self.differs("pattern", "mechanical")

    @cached_property
    def non_mechanical(self) -> Truths:
        return self.is_("pattern", "non_mechanical")


Rule = Callable[[Reading], Truths]

#: 2.4
EMERGENCY: Final[Mapping[str, Rule]] = {
    "E01": lambda r: and_(r.pressing_chest_pain, r.is_("chest_pain_when", "now", "last_12h")),
    "E02": lambda r: at_least(2, *r.cardiac_items),
    "E03": lambda r: or_(
        r.has("character", "tearing"),
        # an unknown injury counts as none, here only
        and_(r.flag("max_at_onset"), r.from_("pain", 7), or_(or_yes(r.is_("trauma", "none")), r.non_mechanical)),
        and_(r.flag("aortic_risk"), r.to("duration_weeks", 2)),
        and_(r.sudden, r.from_("pain", 7), r.flag("faint")),
    ),
    "E04": lambda r: or_(
        r.is_("breathless", "new", "severe"),
        and_(r.pleuritic, or_(r.clot_sign, r.flag("vte_risk"), r.pregnant_or_after_birth)),
        and_(r.deep_breath_hurts, r.clot_sign),
    ),
    "E05": lambda r: or_(r.flag("saddle_numbness"), r.is_("bladder_bowel", "new"), r.flag("bilateral_leg_symptoms")),
    "E06": lambda r: or_(
        r.is_("leg_weakness", "progressive"),
        and_(
            r.leg_or_trunk_change,
            or_(or_yes(r.to("neuro_onset_weeks", 2)), r.cancer, r.flag("fever"), r.injury),
        ),
    ),
    "E07": lambda r: or_(
        and_(
            r.flag("fever"),
            or_(r.flag("neck_stiffness_photophobia"), r.flag("confusion"), r.flag("non_blanching_rash")),
        ),
        r.any_in(
            "sepsis_signs",
            "slurred_speech",
            "extreme_shivering",
            "no_urine",
            "severe_breathlessness",
            "mottled_skin",
            "feels_like_dying",
        ),
        and_(r.flag("non_blanching_rash"), r.flag("unwell")),
    ),
    "E08": lambda r: and_(r.is_("trauma", "high_energy"), r.to("trauma_days_ago", 7)),
    "E09": lambda r: or_(
        r.flag("pulsating_abdomen"),
        and_(r.differs("abdominal_pain", "none"), r.flag("faint")),
        and_(r.from_("age", 60), r.flag("faint"), r.sudden),
    ),
    "E10": lambda r: and_(
        r.flag("anticoagulant"),
        or_(and_(r.sudden, r.from_("pain", 7)), r.leg_or_trunk_change, r.is_("arm_weakness", "marked")),
    ),
    "E11": lambda r: r.is_("self_harm", "active"),
    "E12": lambda r: or_(
        and_(r.is_("abdominal_pain", "severe"), or_(r.flag("vomiting"), r.flag("fever"), r.flag("jaundice"))),
        r.flag("gi_bleed"),
        and_(r.flag("jaundice"), r.flag("fever")),
    ),
    "E13": lambda r: or_(
        r.flag("face_arm_speech"),
        and_(
            r.flag("severe_headache"),
            or_(r.flag("neck_stiffness_photophobia"), and_(r.sudden, r.has("site", "neck"))),
        ),
    ),
}

#: 2.5. U19 follows from open emergency rules and has no findings of its own.
URGENT: Final[Mapping[str, Rule]] = {
    "U01": lambda r: and_(r.pressing_chest_pain, r.is_("chest_pain_when", "exertional_only")),
    "U02": lambda r: and_(r.pressing_chest_pain, r.is_("chest_pain_when", "h12_72")),
    "U03": lambda r: or_(
        r.pleuritic,
        r.flag("cough_blood"),
        and_(r.deep_breath_hurts, or_(r.flag("vte_risk"), r.pregnant_or_after_birth)),
    ),
    "U04": lambda r: or_(
        and_(
            r.cancer,
            or_(
                r.worsening,
                r.unrelieved,
                r.flag("constant"),
                r.has("character", "band_like"),
                r.has("worse_with", "coughing_straining"),
                r.flag("midline_tenderness"),
                r.flag("unwell"),
                r.flag("weight_loss"),
            ),
        ),
        and_(r.is_("cancer_history", "current"), r.differs("trend", "improving")),
    ),
    "U05": lambda r: or_(
        r.flag("fever"),
        r.flag("rigors"),
        and_(
            r.infection_risk,
            or_(
                r.flag("night_sweats"),
                r.flag("unwell"),
                r.flag("weight_loss"),
                r.flag("midline_tenderness"),
                and_(or_(r.flag("constant"), r.unrelieved), r.worsening),
            ),
        ),
    ),
    "U06": lambda r: or_(
        and_(r.bone_risk, r.acute),
        and_(r.from_("age", 65), r.injury_within(42)),
        and_(at_least(3, *r.fracture_cluster), r.acute),
        and_(
            r.known("axial_spa"),
            r.acute,
            or_(r.injury_within(84), r.flag("midline_tenderness"), r.from_("pain", 7)),
        ),
    ),
    "U07": lambda r: r.is_("rash", "one_sided_blistering"),
    "U08": lambda r: or_(
        r.differs("leg_weakness", "none"),
        r.flag("numbness_below_level"),
        at_least(2, *r.cord_items),
    ),
    "U09": lambda r: r.is_("arm_weakness", "marked"),
    "U10": lambda r: and_(
        r.flag("urinary_symptoms"),
        or_(r.flag("fever"), r.flag("rigors"), r.flag("vomiting"), r.pregnant_or_after_birth, r.has("site", "flank")),
    ),
    "U11": lambda r: and_(
        or_(
            and_(r.is_("pregnancy", "pregnant"), or_yes(r.from_("gestation_weeks", 20))),
            r.is_("pregnancy", "postpartum"),
        ),
        or_(r.flag("severe_headache"), r.flag("vision_disturbance"), r.flag("swelling_face_hands")),
    ),
    "U12": lambda r: r.is_("self_harm", "passive"),
    "U13": lambda r: or_(
        r.under("age", 10),
        and_(
            r.under("age", 16),
            or_(
                r.unrelieved,
                r.flag("fever"),
                r.differs("gait", "normal"),
                r.neuro_change,
                r.flag("weight_loss"),
                r.flag("constant"),
            ),
        ),
    ),
    "U14": lambda r: r.flag("jaundice"),
    "U15": lambda r: and_(r.flag("anticoagulant"), r.injury),
    "U16": lambda r: and_(r.unrelieved, or_(r.flag("weight_loss"), r.flag("night_sweats"), r.flag("unwell"))),
    "U17": lambda r: or_(
        r.flag("unable_to_mobilise"),
        and_(r.from_("pain", 8), r.non_mechanical, r.to("duration_weeks", 2)),
    ),
    "U18": lambda r: and_(r.is_("trauma", "high_energy"), r.to("trauma_days_ago", 42)),
    "U20": lambda r: r.is_("abdominal_pain", "severe"),
    "U21": lambda r: and_(
        r.is_("chest_pain", "chest_wall"),
        r.from_("age", 40),
        or_(
            r.to("duration_weeks", 2),
            r.not_mechanical,
            r.worsening,
            r.has("worse_with", "exertion"),
            at_least(1, *r.cardiac_items),
        ),
    ),
    "U22": lambda r: or_(
        r.flag("faint"),
        r.flag("confusion"),
        r.flag("non_blanching_rash"),
        r.flag("neck_stiffness_photophobia"),
        r.flag("leg_swelling"),
        r.flag("severe_headache"),
        and_(at_least(1, *r.cardiac_items), r.not_mechanical, r.to("duration_weeks", 1)),
        and_(r.flag("max_at_onset"), r.not_mechanical, r.to("duration_weeks", 2)),
        and_(r.flag("aortic_risk"), or_(r.not_mechanical, r.worsening)),
    ),
    "U23": lambda r: and_(r.from_("age", 50), or_(r.flag("vision_disturbance"), r.flag("severe_headache"))),
}

#: 2.6
GP: Final[Mapping[str, Rule]] = {
    "G01": lambda r: r.flag("weight_loss"),
    "G02": lambda r: or_(r.flag("unwell"), r.flag("night_sweats")),
    "G03": lambda r: and_(r.from_("age", 60), r.from_("duration_weeks", 6), or_(r.flag("constant"), r.non_mechanical)),
    "G04": lambda r: r.unrelieved,
    "G05": lambda r: and_(
        r.no_known_axial_spa,
        r.onset_before(45),
        r.from_("duration_weeks", 13),
        or_(
            at_least(3, *r.inflammatory_criteria),
            and_(at_least(2, *r.inflammatory_criteria), r.flag("uveitis_ibd")),
        ),
    ),
    "G06": lambda r: or_(
        and_(r.not_mechanical, or_(r.flag("after_meals"), r.differs("abdominal_pain", "none"))),
        r.flag("aortic_risk"),
    ),
    "G07": lambda r: and_(r.non_mechanical, r.from_("duration_weeks", 2)),
    "G08": lambda r: r.cancer,
    "G09": lambda r: and_(
        r.injury_within(42),
        or_(
            r.from_("age", 50),
            r.differs("trend", "improving"),
            r.flag("midline_tenderness"),
            r.flag("new_deformity"),
        ),
    ),
    "G10": lambda r: or_(r.differs("arm_weakness", "none"), at_least(1, *r.cord_items)),
    "G11": lambda r: r.flag("new_deformity"),
    "G12": lambda r: r.under("age", 16),
    "G13": lambda r: or_(
        and_(r.pressing_chest_pain, r.is_("chest_pain_when", "older")),
        r.is_("chest_pain", "chest_wall"),
    ),
    "G14": lambda r: and_(
        r.infection_risk,
        r.from_("duration_weeks", 2),
        or_(r.worsening, and_(r.is_("trend", "same"), r.no_known_axial_spa)),
    ),
    "G15": lambda r: or_(
        and_(at_least(2, *r.fracture_cluster), or_(r.flag("midline_tenderness"), r.flag("new_deformity"))),
        r.is_("vertebral_fracture_status", "recent"),
    ),
    "G16": lambda r: and_(
        r.from_("age", 50),
        r.from_("morning_stiffness_minutes", 45),
        r.from_("duration_weeks", 2),
        r.no_known_axial_spa,
    ),
    "G17": lambda r: and_(r.from_("age", 40), r.from_("cough_weeks", 3)),
    "G18": lambda r: and_(r.flag("anticoagulant"), r.flag("nsaid_use")),
}

#: 2.7
PHYSIO: Final[Mapping[str, Rule]] = {
    "P01": lambda r: and_(
        r.from_("duration_weeks", 6),
        r.from_("tried_self_management_weeks", 6),
        r.is_("adherence", "good"),
        r.differs("trend", "improving"),
    ),
    "P02": lambda r: or_(
        r.known("scoliosis"),
        r.known("hyperkyphosis"),
        r.known("axial_spa"),
        r.known("previous_spinal_surgery"),
        r.known("thoracic_disc"),
        r.vertebral_fracture,
    ),
    "P03": lambda r: or_(
        r.to("psfs", 3),
        r.from_("pain", 8),
        and_(r.from_("pain", 7), r.from_("duration_weeks", 2)),
        r.from_("flares_past_year", 3),
    ),
    "P04": lambda r: and_(r.is_("numbness_arms", "one_side"), _arm_numbness_weeks_from(r, 4)),
    "P05": lambda r: r.pregnant_or_after_birth,
    "P06": lambda r: and_(r.from_("age", 16), r.under("age", 18)),
    "P07": lambda r: or_(r.bone_risk, r.injury_within(84)),
    "P08": lambda r: and_(r.worsening, r.from_("duration_weeks", 2)),
}

RULES: Final[Mapping[str, Rule]] = {**EMERGENCY, **URGENT, **GP, **PHYSIO}


def _arm_numbness_weeks_from(r: Reading, limit: float) -> Truths:
    """Since the nerve signs began; where that is not known, since the pain did."""
    nerve, pain = r.number("neuro_onset_weeks"), r.number("duration_weeks")
    weeks = np.where(np.isnan(nerve), pain, nerve)
    return known_truths(weeks >= limit, weeks)


#: 2.6: how soon, in days. G01 depends on the age.
DAYS: Final[Mapping[str, int]] = {
    "G02": 7,
    "G03": 14,
    "G04": 7,
    "G05": 14,
    "G06": 14,
    "G07": 14,
    "G08": 7,
    "G09": 7,
    "G10": 7,
    "G11": 14,
    "G12": 14,
    "G13": 7,
    "G14": 7,
    "G15": 7,
    "G16": 7,
    "G17": 14,
    "G18": 7,
}

#: 2.12: an open urgent rule means a GP within this many days.
DAYS_WHEN_URGENT_IS_OPEN: Final = 7


def days_of(id: str, reading: Reading) -> NDArray[np.int16]:
    """How soon a fired G rule asks for, state by state. An age that is not known does not buy time."""
    if id == "G01":
        return np.where(reading.from_("age", 60) != 0, np.int16(7), np.int16(14))
    return np.full(reading.states.rows, DAYS[id], dtype=np.int16)


#: 2.10: what a fired G rule leaves of the plan. A G rule that is not here leaves nothing.
MOVEMENT: Final[Mapping[str, Rule | None]] = {
    "G05": None,  # always
    "G08": lambda r: r.is_("pattern", "mechanical"),
    "G09": lambda r: and_(r.is_("trend", "improving"), not_(r.flag("midline_tenderness"))),
    "G10": lambda r: and_(r.is_("arm_weakness", "mild"), not_(at_least(1, *r.cord_items))),
    "G16": None,
    "G17": None,
    "G18": None,
}


@dataclass(frozen=True, slots=True)
class Result:
    """rules: the truth of each rule, U19 included (yes or no). days: as `within_days`, 0 where it does not apply."""

    rules: Mapping[str, Truths]
    urgency: Truths
    days: NDArray[np.int16]


def read(states: States, values: Mapping[str, tuple[str, ...]]) -> Result:
    """Every rule by itself, then 2.12: the most urgent that fired and what open rules mean."""
    reading = Reading(states, values)
    rules = {id: rule(reading) for id, rule in RULES.items()}
    rules["U19"] = np.where(or_(*(rules[id] == 1 for id in EMERGENCY)), np.int8(2), np.int8(0))
    urgency = np.zeros(states.rows, dtype=np.int8)
    days = np.full(states.rows, 999, dtype=np.int16)
    for id, truth in rules.items():
        means = np.array([0, OPEN_LEVEL_OF[id[0]], LEVEL_OF[id[0]]], dtype=np.int8)
        urgency = np.maximum(urgency, means[truth])
        if id in GP:
            days = np.where(truth == 2, np.minimum(days, days_of(id, reading)), days)
        if id in URGENT:
            days = np.where(truth == 1, np.minimum(days, np.int16(DAYS_WHEN_URGENT_IS_OPEN)), days)
    return Result(rules, urgency, np.where(urgency == LEVEL_OF["G"], days, np.int16(0)))


def quiet_value(key: str, kind: Kind) -> bool | str | int | list[str] | None:
    """2.12: what absence means in stored cases; None where it stays unknown."""
    match kind:
        case "flag":
            return False
        case "list":
            return []
        case "number":
            return QUIET_NUMBERS.get(key)
        case "choice":
            return None if key in UNKNOWN_CHOICE else QUIET_CHOICES.get(key, "none")
