"""Verdicts, formed outside the student's process from what it answered: points, a state, a reason, a hint.

What a student reads about the hidden half is put together from the judge's own words and numbers alone: no text that
came out of the student's process, where hidden inputs have been, is in it.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from grading.model import Cell, Grade
from grading.plain import plain
from grading.run import Ended, Run, died
from helpers.checks.answers import Answer, Look
from helpers.checks.compare import Finding
from helpers.checks.engine import conclude, questions
from helpers.checks.library import Exercise
from helpers.checks.report import Report

_LONGEST = 2_000  # characters of a reason
_MOST = 64 << 20  # bytes of the answers to one half of an exercise
_ENDINGS = ("timeout", "memory", "killed", "tampered")


@dataclass
class Verdict:
    """A half of an exercise, judged. `ended` says that the student's process did not survive it."""

    grade: Grade
    report: str
    seen: Look | None = None
    ended: Ended | None = None


def public_half(run: Run, key: str, exercise: Exercise, objection: str | None = None) -> Verdict:
    """Look at the answer at a mark, ask the public cases, and judge. An `objection` to its text stands for itself."""
    try:
        seen = run.look(key, exercise)
        if objection and not any(seen.kinds):
            seen = replace(seen, broken=seen.broken or objection)
    except Ended as end:
        return _without_evidence(exercise, False, end)
    verdict = _half(run, key, exercise, seen, hidden=False)
    return Verdict(verdict.grade, verdict.report, seen, verdict.ended)


def hidden_half(run: Run, key: str, exercise: Exercise, seen: Look) -> Verdict:
    """Ask the hidden cases and judge; what was `seen` before the public half holds for this one too."""
    return _half(run, key, exercise, seen, hidden=True)


def _half(run: Run, key: str, exercise: Exercise, seen: Look, hidden: bool) -> Verdict:
    ends: list[Ended] = []

    def answers() -> Iterator[Answer]:
        size = 0
        for case in questions(exercise):
            try:
                answer = run.ask(key, exercise, case)
                size += sum(value.nbytes for value in answer.outputs.values() if isinstance(value, np.ndarray))
                if size > _MOST:
                    raise Ended("tampered", "its answers are larger than anything that was asked for")
                yield answer
            except Ended as end:
                ends.append(end)
                yield died(end)

    with np.errstate(all="ignore"):
        report = conclude(exercise, answers(), hidden, seen)
    reason = _hidden_reason(report) if hidden else report.message
    text = plain(reason if hidden else report.text())
    return Verdict(_grade(report, exercise.points[hidden], reason), text, ended=ends[0] if ends else None)


def _grade(report: Report, most: float, reason: str) -> Grade:
    score = min(max(report.points, 0.0), most) if math.isfinite(report.points) else 0.0
    return Grade(score, most, report.state, plain(reason, _LONGEST), report.hint)


def _hidden_reason(report: Report) -> str:
    """Why the hidden half has its points: numbers, the kind of failure, a mistake that has a name."""
    if report.passed or report.state in _ENDINGS:
        return report.message if report.passed else f"While hidden cases were asked, {report.finding.message}"
    if report.state == "not attempted":
        return "There is no answer yet for the hidden cases."
    failed = [result for result in report.cases if result.finding]
    if not failed:
        return f"The hidden cases were not asked ({report.state}): see the public checks."
    return report.message


def _without_evidence(exercise: Exercise, hidden: bool, end: Ended) -> Verdict:
    report = Report(exercise, hidden).settle(Finding(end.state, f"{end.reason}."))
    sentence = _capital(f"{end.reason}.")
    return Verdict(_grade(report, exercise.points[hidden], sentence), sentence, ended=end)


def nothing(points: float, state: str, reason: str) -> Grade:
    """The grade of what could not be judged."""
    return Grade(0.0, points, state, plain(_capital(reason), _LONGEST))


def asserts(cell: Cell, outcome: dict) -> Grade:
    """The grade of a cell of asserts that ran inside: full points, the points that it returned, or none.

    As in nbgrader, with three differences: a warning on the error stream costs nothing; what is no number from 0 to the
    cell's points is no credit; and only a cell that is known to have run to its end earns anything.
    """
    if outcome["state"] != "ok":
        state = "timeout" if outcome["state"] == "timeout" else "error"
        reason = outcome["error"] or "The cell took too long"
        return Grade(0.0, cell.points, state, plain(f"{reason}.", _LONGEST), inside=True)
    value = _number(outcome["value"])
    if value is None:
        return Grade(cell.points, cell.points, "passed", "Every assertion of this cell held.", inside=True)
    if not 0.0 <= value <= cell.points:
        reason = f"The cell returned {plain(outcome['value'], 40)} points, which is not between 0 and {cell.points:g}."
        return Grade(0.0, cell.points, "tampered", reason, inside=True)
    state = "passed" if value == cell.points else "values"
    return Grade(value, cell.points, state, f"The cell gave {value:g} of {cell.points:g} points.", inside=True)


def _number(text: str | None) -> float | None:
    """The value of a cell's last line, if it is a number (`np.float64(1.5)` is one too)."""
    if not text:
        return None
    inner = text[text.find("(") + 1 : -1] if text.startswith("np.") and text.endswith(")") else text
    try:
        return float(inner)
    except ValueError:
        return None


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
