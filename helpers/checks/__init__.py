"""Checks that teach: what is right, what is wrong, where, why, and what to try next."""

from helpers.checks.engine import check, evaluate
from helpers.checks.errors import CheckFailed, CourseError, MissingReferences, UnknownExercise
from helpers.checks.report import Report
from helpers.checks.session import hint, passed

__all__ = [
    "CheckFailed", "CourseError", "MissingReferences", "Report", "UnknownExercise", "check", "evaluate",
    "hint", "passed",
]  # fmt: skip
