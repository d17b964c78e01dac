"""Invented people: who they are, how their pain goes on, what they do and tell. Pure, from a generator."""

from upperback.care.cohort.curve import Curve, curve_of, pain_of
from upperback.care.cohort.life import Invented, Judged, invent, live
from upperback.care.cohort.person import Person, person_of
from upperback.care.cohort.record import cohort_record, plan_line, review_line, triage_line

__all__ = [
    "Curve",
    "Invented",
    "Judged",
    "Person",
    "cohort_record",
    "curve_of",
    "invent",
    "live",
    "pain_of",
    "person_of",
    "plan_line",
    "review_line",
    "triage_line",
]
