"""What has been checked since the kernel started: it opens hints, and lets later cells wait for an exercise."""

import os
import sys

from helpers.checks.library import Exercise, find, find_in_chapter
from helpers.checks.report import Report

_latest: dict[str, Report] = {}
_tries: dict[str, int] = {}


def record(report: Report) -> None:
    """Remember the latest public report of every exercise, and count the failed tries."""
    if report.hidden:
        return
    name = report.exercise.full_id
    if not report.passed and report.state != "not attempted":
        _tries[name] = _tries.get(name, 0) + 1
    report.tries = _tries.get(name, 0)
    _latest[name] = report


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


def hint(exercise_id: str) -> str:
    """Print the next step of an exercise's hint ladder: nudge, idea, skeleton. One opens per failed try."""
    chapter = sys._getframe(1).f_globals.get("CHAPTER")
    exercise = _resolve(exercise_id, chapter)
    open_steps = min(max(_tries.get(exercise.full_id, 0), 1), len(exercise.hints))
    for step, text in enumerate(exercise.hints[:open_steps], start=1):
        print(f"Hint {step} of {len(exercise.hints)}: {text}")
    if open_steps < len(exercise.hints):
        print("The next hint opens after another try.")


def _resolve(name: str, chapter) -> Exercise:
    return find_in_chapter(name, chapter) if isinstance(chapter, str) and "/" not in name else find(name)


def _passed(exercise: Exercise) -> bool:
    report = _latest.get(exercise.full_id)
    return report is not None and report.passed
