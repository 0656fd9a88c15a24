"""The one check engine: the same questions in the notebook, under nbgrader and in pytest."""

import os
import sys
from collections.abc import Mapping

import numpy as np

from helpers.checks import probes, session
from helpers.checks.codec import materialise
from helpers.checks.compare import STAGES, Finding, compare, same
from helpers.checks.errors import CheckFailed
from helpers.checks.guard import Outcome, TooSlow, run, student_frame
from helpers.checks.library import Case, Exercise, Output, find, find_in_chapter
from helpers.checks.report import CaseResult, Report
from helpers.checks.rules import broken_rule

_CALLER = object()


def evaluate(exercise_id: str, student=_CALLER, *, hidden: bool = False) -> Report:
    """Check an answer and return the report, without raising for a wrong one.

    `student` is the function or class (a tuple of them where the exercise names several); left out, it is looked up by
    name where `evaluate` is called. `hidden` asks the hidden cases, which only the course's own copy has.
    """
    if student is _CALLER:
        scope = sys._getframe(1).f_globals
        exercise = _find(exercise_id, scope, hidden)
        student = _look_up(exercise, scope)
    else:
        exercise = find(exercise_id, hidden)
    report = judge(exercise, student, hidden)
    session.record(report)
    return report


def check(exercise_id: str, student=_CALLER, *, hidden: bool = False) -> Report:
    """Show the report, and raise `CheckFailed` unless the answer passed."""
    if student is _CALLER:
        scope = sys._getframe(1).f_globals
        student = _look_up(_find(exercise_id, scope, hidden), scope)
    report = evaluate(exercise_id, student, hidden=hidden)
    report.show()
    if not report.passed:
        raise CheckFailed(report)
    return report


def _find(exercise_id: str, scope: Mapping, hidden: bool) -> Exercise:
    """A bare name means the chapter that the notebook says it is (`CHAPTER = "05_backprop"`), if it says so."""
    chapter = scope.get("CHAPTER")
    if isinstance(chapter, str) and isinstance(exercise_id, str) and "/" not in exercise_id:
        return find_in_chapter(exercise_id, chapter, hidden)
    return find(exercise_id, hidden)


def _look_up(exercise: Exercise, scope: Mapping):
    found = tuple(scope.get(name) for name in exercise.names)
    return found if len(found) > 1 else found[0]


def judge(exercise: Exercise, student, hidden: bool = False) -> Report:
    """Put every case of `exercise` to `student` and say what came of it."""
    report = Report(exercise, hidden)
    parts = student if isinstance(student, tuple) else (student,)
    problem = _not_usable(exercise, parts)
    if problem:
        return report.settle(problem)
    for part in parts:
        broken = broken_rule(part, exercise.rules)
        if broken:
            return report.settle(Finding("rule broken", broken))
    for case in exercise.cases:
        result = _ask(exercise, case, student, report)
        report.cases.append(result)
        if result.finding and result.finding.state == "not attempted" and not report.earned:
            return report.settle(result.finding)
    _ask_again(exercise, student, report)
    report.misconception = _recognise(exercise, report.cases)
    return report.settle(_worst(report.cases))


def _not_usable(exercise: Exercise, parts: tuple) -> Finding | None:
    names = " and ".join(f"`{name}`" for name in exercise.names)
    if all(part is None for part in parts):
        return Finding("not attempted", f"{names} does not exist yet: write it in the cell above, then run that cell.")
    if len(parts) != len(exercise.names):
        return Finding("type", f"This exercise checks {names} together: pass {len(exercise.names)} objects as a tuple.")
    for name, part in zip(exercise.names, parts, strict=True):
        if not callable(part):
            kind = type(part).__name__
            return Finding(
                "type", f"`{name}` is a {kind}, not something that can be called: define it with def or class."
            )
    return None


def _ask(exercise: Exercise, case: Case, student, report: Report) -> CaseResult:
    """One case: run the probe on private copies of the inputs, then compare every output."""
    inputs = {name: _lay_out(materialise(value), case.layout) for name, value in case.inputs.items()}
    before = {name: materialise(value) for name, value in case.inputs.items()}
    outcome = run(lambda: _call(exercise, case, student, inputs), exercise.seconds)
    outputs = outcome.value if outcome.error is None else {}
    finding = _trouble(exercise, case, outcome)
    if case.raises and outcome.error is None:
        finding = Finding("values", f"a {case.raises} is expected for this input, but your code returned a result.")
    findings = [] if finding or case.raises else _compare_all(exercise, case, outputs, report)
    finding = finding or min(findings, key=lambda f: STAGES.index(f.state), default=None)
    finding = finding or _side_effects(exercise, outcome, inputs, before)
    report.note_printed(outcome.printed)
    return CaseResult(case, finding, outputs if isinstance(outputs, dict) else {}, outcome.error)


def _call(exercise: Exercise, case: Case, student, inputs: dict) -> dict:
    if case.probe != "call":
        return probes.get(case.probe)(student, **inputs)
    answer = student(*inputs.values())
    names = list(exercise.outputs)
    if len(names) == 1:
        return {names[0]: answer}
    if not isinstance(answer, tuple | list) or len(answer) != len(names):
        got = f"{len(answer)} values" if isinstance(answer, tuple | list) else f"one {type(answer).__name__}"
        raise probes.Finding("type", f"it returned {got}; {len(names)} are expected: {', '.join(names)}.")
    return dict(zip(names, answer, strict=True))


def _lay_out(value, layout: str):
    """The same numbers, laid out in memory in another way that is just as legal."""
    if isinstance(value, list):
        return [_lay_out(item, layout) for item in value]
    if not isinstance(value, np.ndarray) or value.ndim == 0:
        return value
    if layout == "F":
        return np.asfortranarray(value)
    if layout == "strided":
        roomy = np.zeros(tuple(2 * n for n in value.shape), value.dtype)
        view = roomy[tuple(slice(None, None, 2) for _ in value.shape)]
        view[...] = value
        return view
    if layout == "readonly":
        value.flags.writeable = False
    return value


def _trouble(exercise: Exercise, case: Case, outcome: Outcome) -> Finding | None:
    """What an exception means."""
    error = outcome.error
    if error is None:
        return None
    if isinstance(error, probes.Finding):
        return Finding(error.state, error.message)
    if isinstance(error, TooSlow):
        return Finding("too slow", f"stopped after {exercise.seconds:g} s. Is there a loop that never ends?")
    if isinstance(error, NotImplementedError):
        return Finding(
            "not attempted", "not written yet: the line `raise NotImplementedError()` is where your code goes."
        )
    if case.raises and case.raises in [kind.__name__ for kind in type(error).__mro__]:
        return None
    if isinstance(error, ValueError) and "read-only" in str(error):
        return Finding(
            "input modified", f"{_place(error)}your code writes into its input; work on a copy: x = x.copy()."
        )
    wanted = f"; a {case.raises} is expected for this input" if case.raises else ""
    return Finding("error", f"{_place(error)}{_headline(error)}{wanted}")


def _headline(error: BaseException) -> str:
    try:
        text = " ".join(str(error).split())[:300]
    except Exception:  # a __str__ of the student's own that fails
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _place(error: BaseException) -> str:
    frame = student_frame(error.__traceback__)
    if frame is None:
        return "it could not be called as the exercise says: "
    line = f" (`{frame.line}`)" if frame.line else ""
    return f"in {frame.name}, line {frame.lineno}{line}: "


def _compare_all(exercise: Exercise, case: Case, outputs: dict, report: Report) -> list[Finding]:
    findings = []
    for name, want in case.expected.items():
        label = "the result" if name == "result" else f"`{name}`"
        flags = exercise.outputs.get(name, Output())
        finding, remark = compare(label, outputs.get(name), want, flags, exercise.rtol)
        report.note(remark)
        if finding:
            findings.append(finding)
    return findings


def _side_effects(exercise: Exercise, outcome: Outcome, inputs: dict, before: dict) -> Finding | None:
    """What a right answer must not have done on the way."""
    for name, value in before.items():
        if not _unchanged(inputs[name], value):
            return Finding("input modified", f"your code changed its input `{name}`; work on a copy: x = x.copy().")
    if outcome.replaced:
        return Finding("rule broken", f"your code replaced {outcome.replaced[0]}; it has been put back.")
    if outcome.seeded:
        return Finding(
            "rule broken", "your code draws from NumPy's global random state; draw from the `rng` you are given."
        )
    if exercise.silent and outcome.warned:
        return Finding("values", f"the values are right, but a warning was raised: {outcome.warned[0]}.")
    return None


def _unchanged(now, before) -> bool:
    if isinstance(before, np.ndarray):
        if not isinstance(now, np.ndarray) or now.shape != before.shape or now.dtype != before.dtype:
            return False
        return bool(((now == before) | ((now != now) & (before != before))).all())
    if isinstance(before, list):
        return isinstance(now, list) and len(now) == len(before) and all(map(_unchanged, now, before))
    if isinstance(before, dict):
        return (
            isinstance(now, dict) and now.keys() == before.keys() and all(_unchanged(now[k], before[k]) for k in before)
        )
    return True


def _ask_again(exercise: Exercise, student, report: Report) -> None:
    """The first case once more: an answer that depends on what was called before is not an answer."""
    first = report.cases[0]
    if first.finding:
        return
    again = _ask(exercise, first.case, student, report)
    if again.finding:
        again.finding.message = f"the same input, asked a second time, gave another answer. {again.finding.message}"
        report.cases[0] = again


def _worst(results: list[CaseResult]) -> Finding | None:
    """The finding to talk about: that of the first case that failed, which is the easiest one to think about."""
    for result in results:
        if result.finding:
            return result.finding
    return None


def _recognise(exercise: Exercise, results: list[CaseResult]) -> str | None:
    """The misconception whose outputs are the student's on every case that failed and on every case that did not."""
    for key in exercise.misconceptions:
        verdicts = [_explains(key, result, exercise) for result in results]
        if all(v != "no" for v in verdicts) and "yes" in verdicts:
            return key
    return None


def _explains(key: str, result: CaseResult, exercise: Exercise) -> str:
    """Whether a misconception predicts what happened in a case: "yes", "no", or "also right" where nothing is wrong."""
    wrong = result.case.wrong.get(key, "right")
    if wrong == "right":
        return "no" if result.finding else "also right"
    if not result.finding:
        return "no"
    if wrong == "raises":
        return "yes" if result.error is not None else "no"
    return "yes" if all(_alike(exercise, result.outputs, name, value) for name, value in wrong.items()) else "no"


def _alike(exercise: Exercise, outputs: dict, name: str, wrong) -> bool:
    """Whether one output is the one that a misconception gives."""
    tolerance = max(exercise.rtol, exercise.outputs.get(name, Output()).alike)
    return name in outputs and same(outputs[name], wrong, tolerance)


def grading() -> bool:
    """Whether nbgrader is executing this notebook."""
    return os.environ.get("NBGRADER_EXECUTION") in ("autograde", "validate")
