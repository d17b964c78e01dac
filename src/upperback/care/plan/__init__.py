"""The plan: what to change, which exercises, how much, when to look back, and when there is no plan yet."""

from upperback.care.plan.build import Plan, PlannedExercise, build_plan
from upperback.care.plan.choices import Choices, Task, read_choices
from upperback.care.plan.irritability import Irritability, Phase, irritability_of
from upperback.care.plan.pool import Allowed, LeftOut, Pool, exercise_pool
from upperback.care.plan.record import plan_record
from upperback.care.plan.text import plan_text
from upperback.care.plan.workstation import points_to_change

__all__ = [
    "Allowed",
    "Choices",
    "Irritability",
    "LeftOut",
    "Phase",
    "Plan",
    "PlannedExercise",
    "Pool",
    "Task",
    "build_plan",
    "exercise_pool",
    "irritability_of",
    "plan_record",
    "plan_text",
    "points_to_change",
    "read_choices",
]
