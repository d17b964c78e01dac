"""The codes that are written, in one place. What nobody has checked is not written.

Codes of others stand here as codes: of SNOMED CT neither names nor relations, only identifiers; words are our own. An
installation that needs other codes changes this table and nothing else.
"""

from dataclasses import dataclass
from typing import Final

from upperback.interchange.fhir.elements import CodeableConcept, Coding, Quantity

#: A place holder, until somebody publishes these definitions under an address of their own.
BASE: Final = "https://upperback.example/fhir"
LOCAL: Final = f"{BASE}/CodeSystem/upper-back"
IDS: Final = f"{BASE}/id"
LOINC: Final = "http://loinc.org"
SNOMED: Final = "http://snomed.info/sct"
UCUM: Final = "http://unitsofmeasure.org"
NHS_NUMBER: Final = "https://fhir.nhs.uk/Id/nhs-number"
URI: Final = "urn:ietf:rfc:3986"
ABSENT: Final = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
#: Its own words: a reader without them shows the bare code as an answer to choose.
WHY_ABSENT: Final = {"asked-unknown": "Asked But Unknown", "asked-declined": "Asked But Declined"}
ABSENT_EXTENSION: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
YES_NO: Final = "http://terminology.hl7.org/CodeSystem/v2-0136"
_TERMINOLOGY: Final = "http://terminology.hl7.org/CodeSystem"

LOINC_NOTICE: Final = (
    "This material contains content from LOINC (http://loinc.org). LOINC is copyright © Regenstrief Institute, Inc. "
    "and the Logical Observation Identifiers Names and Codes (LOINC) Committee and is available at no cost under the "
    "license at http://loinc.org/license. LOINC® is a registered United States trademark of Regenstrief Institute, Inc."
)


@dataclass(frozen=True, slots=True)
class Code:
    """A code of somebody else with our own words for it.

    Attributes
    ----------
    code : None where nobody has checked one: then the words and our own code stand alone
    local : our own code beside it; empty where there is none
    """

    system: str
    code: str | None
    text: str
    local: str = ""


#: What is measured and told. `local` codes are defined in our CodeSystem.
PAIN: Final = Code(LOINC, "72514-3", "Pain, 0 to 10")
EXERCISE: Final = Code(LOINC, "73985-4", "Exercise that was done")
EXERCISE_MINUTES: Final = Code(LOINC, "55411-3", "How long the session took")
ACTIVITY_WEEK: Final = Code(LOINC, "82290-8", "Minutes of activity in the week")
STRENGTH_DAYS: Final = Code(LOINC, "82291-6", "Days with strength exercise in the week")
PHQ4_PANEL: Final = Code(LOINC, "69724-3", "Mood and worry, four questions (PHQ-4)")
PHQ4_TOTAL: Final = Code(LOINC, "70272-0", "Mood and worry, sum (PHQ-4), 0 to 12")
PHQ2_TOTAL: Final = Code(LOINC, "55758-7", "Mood, sum of two questions (PHQ-2), 0 to 6")
#: By the key of the finding, in the order of the questionnaire.
PHQ4_ITEMS: Final = {
    "phq4_nervous": Code(LOINC, "69725-0", "Feeling nervous, 0 to 3"),
    "phq4_worry": Code(LOINC, "68509-9", "Worry that could not be stopped, 0 to 3"),
    "phq4_pleasure": Code(LOINC, "44250-9", "Little interest or joy, 0 to 3"),
    "phq4_low": Code(LOINC, "44255-8", "Feeling down, 0 to 3"),
}
#: The findings that only leave when the person chooses so.
MOOD: Final = frozenset({"self_harm", "phq4", *PHQ4_ITEMS})
EXERCISE_THERAPY: Final = Code(SNOMED, "229065009", "Exercise for the upper back")
TO_PHYSIO: Final = Code(SNOMED, "308447003", "Physiotherapy, asked for by the person")

#: What a person says they have. By finding and value; `true` for flags.
CONDITIONS: Final = {
    ("osteoporosis", "true"): Code(SNOMED, "64859006", "Osteoporosis"),
    ("known_conditions", "scoliosis"): Code(SNOMED, "298382003", "A sideways curve of the spine"),
    ("known_conditions", "hyperkyphosis"): Code(SNOMED, "414564002", "A rounded upper back"),
    ("known_conditions", "vertebral_fracture_healed"): Code(SNOMED, "42942008", "A broken bone in the spine, healed"),
    ("vertebral_fracture_status", "healed"): Code(SNOMED, "42942008", "A broken bone in the spine, healed"),
    ("vertebral_fracture_status", "recent"): Code(SNOMED, "42942008", "A broken bone in the spine, recent"),
    ("known_conditions", "axial_spa"): Code(SNOMED, None, "Inflammation of the spine (axial spondyloarthritis)"),
    ("known_conditions", "spondylosis"): Code(SNOMED, None, "Age-related change in the joints of the spine"),
    ("known_conditions", "thoracic_disc"): Code(SNOMED, None, "A disc problem in the upper back"),
    ("known_conditions", "previous_spinal_surgery"): Code(SNOMED, None, "Surgery on the spine in the past"),
    ("site", "neck"): Code(SNOMED, "81680005", "Neck pain"),
    ("site", "low_back"): Code(SNOMED, "279039007", "Low back pain"),
}
#: The pain that it is all about.
UPPER_BACK_PAIN: Final = Code(SNOMED, "279038004", "Upper back pain")

#: Our own codes, with the words that stand in the CodeSystem beside those of the content release.
OWN: Final = {
    "triage-disposition": "What the safety check says to do",
    "self-management": "Self-management of upper back pain",
    "self-management-summary": "Upper back self-management summary",
    "ruleset": "Rules of a content release",
    "timeframe": "The time that an answer is about",
    "now": "Now",
    "average-24h": "On average, last 24 hours",
    "average-week": "On average, last week",
    "worst-24h": "Worst, last 24 hours",
    "worst-week": "Worst, last week",
    "morning-at-rest": "At rest in the morning",
    "before-session": "Before a session",
    "worst-in-session": "Worst while exercising",
    "psfs-item": "One own activity, 0 unable to 10 as before (patient-specific functional scale)",
    "psfs-mean": "Mean of the own activities, 0 to 10 (patient-specific functional scale)",
    "function-single": "Everyday tasks as a whole, 0 unable to 10 as before",
    "activity": "The activity, in the person's own words",
    "pgic": "Change since the start, 1 very much better to 7 very much worse",
    "sleep-disturbed": "Sleep disturbed by the back, 0 to 10 (not a validated scale)",
    "confidence": "Confidence to do things despite the pain, 0 to 10 (not a validated scale)",
    "stress": "Stress, 0 to 10 (not a validated scale)",
    "days-off-work": "Days off work in the week",
    "active-minutes": "Minutes of activity in one go",
    "movement-turns": "Short bouts of movement on a day",
    "break-count": "Breaks that were taken on a day",
    "breaks-offered": "Breaks that were offered on a day",
    "task-done": "A task that brings the pain on, done once",
    "task-changed": "A task is done in a changed way from now on",
    "pain-before": "Pain before it, 0 to 10",
    "pain-after": "Pain after it, 0 to 10",
    "minutes": "For how long",
    "kilograms": "With how much weight",
    "warning-sign": "A warning sign that was told outside a safety check",
    "pain-rise": "The pain has clearly risen",
    "felt-wrong": "Something felt wrong",
    "arm-sign": "New tingling, numbness or less strength in an arm",
    "flare-up": "A sore spell: clearly worse than usual",
    "pain-at-start": "Pain at its start, 0 to 10",
    "repetitions": "Repetitions of one set",
    "load": "Weight",
    "effort": "Effort, 0 to 10",
    "alarming-pain": "Sharp, spreading or tingling pain while exercising",
    "worn-day": "A day with a worn sensor",
    "measured-minutes": "Minutes that could be measured",
    "bent-minutes": "Minutes leaning forward by more than 20 degrees",
    "six-week-outcome": "What the look back says to do",
    "safety-check": "Safety check",
    "conditions": "Told by the person",
    "warning-signs": "Warning signs told outside a safety check",
    "plan": "Plan",
    "goals": "Goals",
    "course": "How it goes",
    "sensors": "Worn sensors",
    "about": "About this summary",
    "software": "The software that worked this out",
    "imu-chest": "A phone or sensor worn on the chest",
    "load-change": "A task done in a changed way",
    "breaks": "Breaks from one position",
    "told-by-person": "Told by the person",
    "worked-out": "Worked out by fixed rules from what the person told",
    "caution-clash": "An exercise that does not fit the person's answers",
    "left-out": "Left out of the plan",
    "exchanged": "Another exercise stands in its place",
    "sets": "Sets",
    "rest": "Rest between sets",
    "hold": "Hold",
}


def concept(code: Code, text: str | None = None) -> CodeableConcept:
    """A code with words; without a checked code the words stand alone."""
    coding = (Coding(system=code.system, code=code.code),) if code.code is not None else ()
    return CodeableConcept(coding=coding, text=text or code.text)


def own(code: str, text: str | None = None) -> CodeableConcept:
    """One of our own codes."""
    return CodeableConcept(coding=(Coding(system=LOCAL, code=code, display=OWN[code]),), text=text or OWN[code])


def terminology(system: str, code: str, text: str | None = None) -> CodeableConcept:
    """A code of HL7's own code systems."""
    return CodeableConcept(coding=(Coding(system=f"{_TERMINOLOGY}/{system}", code=code),), text=text)


def restricted() -> Coding:
    """The label of what is more private than the rest."""
    return Coding(system=f"{_TERMINOLOGY}/v3-Confidentiality", code="R")


def number(value: float, digits: int = 1) -> float | int:
    """Rounded before it is written; whole numbers without a point."""
    rounded = round(float(value), digits)
    return int(rounded) if rounded == int(rounded) else rounded


def quantity(value: float, code: str, unit: str, digits: int = 1) -> Quantity:
    """An amount in a unit of UCUM, with the unit in words."""
    return Quantity(value=number(value, digits), unit=unit, system=UCUM, code=code)


SURVEY: Final = (terminology("observation-category", "survey"),)
ACTIVITY: Final = (terminology("observation-category", "activity"),)
