"""What has been checked in this kernel, so that later cells can wait for an exercise; and the hint ladder."""

import os
import sys

from helpers.checks import record
from helpers.checks.library import Exercise, find, find_in_chapter
from helpers.checks.report import Report

_latest: dict[str, Report] = {}


def judged_elsewhere() -> bool:
    """Whether this notebook is being graded by a judge outside this process, who alone has the references."""
    return os.environ.get("COURSE_GRADING") == "1"


def remember(report: Report) -> None:
    """Remember the latest public report of every exercise, and count the failed tries."""
    if not report.hidden:
        _latest[report.exercise.full_id] = report
        report.tries = record.note(report)


def passed(*exercise_ids: str) -> bool:
    """Whether the public checks of these exercises have passed in this session; says which one a cell waits for.

    Cells that build on a learner's own code begin with `if passed("weighted_sum"):`. While nbgrader executes the
    notebook the answer is False, so that grading costs what the checks cost.
    """
    if os.environ.get("NBGRADER_EXECUTION") == "autograde":
        return False
    chapter = sys._getframe(1).f_globals.get("CHAPTER")
    waiting = [e.id for e in (_resolve(name, chapter) for name in exercise_ids) if not _passed(e)]
    if waiting:
        print(f"This cell runs as soon as these have passed their checks: {', '.join(waiting)}.")
    return not waiting


def hint(exercise_id: str | None = None) -> None:
    """Print an exercise's open hints: nudge, idea, skeleton. One more opens per failed try."""
    if judged_elsewhere():
        return
    chapter = sys._getframe(1).f_globals.get("CHAPTER")
    exercise = _resolve(exercise_id, chapter)
    open_steps = min(max(record.tries(exercise), 1), len(exercise.hints))
    for step, text in enumerate(exercise.hints[:open_steps], start=1):
        print(f"Hint {step} of {len(exercise.hints)}: {text}")
    if open_steps < len(exercise.hints):
        print("The next hint opens after another try.")


def _resolve(name: str, chapter) -> Exercise:
    if isinstance(chapter, str) and isinstance(name, str) and "/" not in name:
        return find_in_chapter(name, chapter)
    return find(name)


def _passed(exercise: Exercise) -> bool:
    report = _latest.get(exercise.full_id)
    return report is not None and report.passed
