"""The one check engine: the same questions in the notebook, under nbgrader and in pytest."""

import sys
from collections.abc import Iterable, Mapping

from helpers.checks import session
from helpers.checks.answers import Answer, Look
from helpers.checks.ask import ask, look
from helpers.checks.compare import STAGES, Finding, compare, same
from helpers.checks.errors import CheckFailed
from helpers.checks.library import Case, Exercise, Output, find, find_in_chapter, unknown
from helpers.checks.report import CaseResult, Report
from helpers.checks.wording import a, listed

_CALLER = object()
# After one of these no further case is asked; the last ones are those of a process that was graded and is no more.
_ENOUGH = ("too slow", "interrupted", "timeout", "memory", "killed", "tampered")


def evaluate(exercise_id: str, student=_CALLER, *, hidden: bool = False) -> Report:
    """Check an answer and return the report, without raising for a wrong one.

    `student` is the function or class (a tuple of them where the exercise names several); left out, it is looked up by
    name where `evaluate` is called. `hidden` asks the hidden cases, which only the course's own copy has.
    """
    if session.judged_elsewhere():
        return _not_here(exercise_id, hidden)
    if student is _CALLER:
        scope = sys._getframe(1).f_globals
        exercise = _find(exercise_id, scope, hidden)
        student = _look_up(exercise, scope)
    else:
        exercise = find(exercise_id, hidden)
    report = judge(exercise, student, hidden)
    session.remember(report)
    return report


def check(exercise_id: str, student=_CALLER, *, hidden: bool = False) -> Report:
    """Show the report, and raise `CheckFailed` unless the answer passed."""
    if session.judged_elsewhere():
        return _not_here(exercise_id, hidden)
    if student is _CALLER:
        scope = sys._getframe(1).f_globals
        exercise = _find(exercise_id, scope, hidden)
        exercise_id, student = exercise.full_id, _look_up(exercise, scope)
    report = evaluate(exercise_id, student, hidden=hidden)
    report.show()
    if not report.passed:
        raise CheckFailed(report)
    return report


def _not_here(exercise_id: str, hidden: bool) -> Report:
    """What a check in a learner's own cell gives while the notebook is graded: no verdict, and no exception either."""
    exercise = unknown(exercise_id)
    return Report(exercise, hidden).settle(Finding("not asked", "This is judged once the notebook has run."))


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
    seen = look(exercise, student)
    return conclude(exercise, (ask(exercise, case, student) for case in questions(exercise)), hidden, seen)


def questions(exercise: Exercise) -> list[Case]:
    """The cases in the order in which they are asked; the first comes once more at the end.

    An answer that depends on what was called before is not an answer.
    """
    return [*exercise.cases, exercise.cases[0]]


def conclude(exercise: Exercise, answers: Iterable[Answer], hidden: bool = False, seen: Look | None = None) -> Report:
    """The report on what was `seen` of an answer and on its `answers` to `questions(exercise)`.

    Needs nothing but plain data. After a hopeless answer, or where there is nothing to ask, the next is not waited for.
    """
    report = Report(exercise, hidden)
    problem = seen and (_not_usable(exercise, seen) or _rule_finding(seen))
    if problem:
        return report.settle(problem)
    for number, (case, answer) in enumerate(zip(questions(exercise), answers, strict=False)):
        result = _assess(exercise, case, answer, report)
        if number == len(exercise.cases):
            _compare_with_first(report, result)
            break
        report.cases.append(result)
        state = result.finding.state if result.finding else "passed"
        if state in _ENOUGH or (state == "not attempted" and not report.earned):
            break
    report.misconception = _recognise(exercise, report.cases)
    for name in seen.replaced if seen else ():
        report.note(f"{name} had been replaced in this notebook; it has been put back.")
    return report.settle(next((result.finding for result in report.cases if result.finding), None))


def _compare_with_first(report: Report, again: CaseResult) -> None:
    if again.finding and not report.cases[0].finding:
        again.finding.message = f"the same input, asked a second time, gave another answer: {again.finding.message}"
        report.cases[0] = again


def _not_usable(exercise: Exercise, seen: Look) -> Finding | None:
    names = listed(f"`{name}`" for name in exercise.names)
    if all(kind == "NoneType" for kind in seen.kinds):
        exist, them = ("does", "it") if len(exercise.names) == 1 else ("do", "them")
        return Finding(
            "not attempted", f"{names} {exist} not exist yet: write {them} in the cell above and run that cell."
        )
    if len(seen.kinds) != len(exercise.names):
        wanted = f"{len(exercise.names)} objects as a tuple" if len(exercise.names) > 1 else "one object, not a tuple"
        return Finding("type", f"This exercise checks {names}: pass {wanted}.")
    for name, kind in zip(exercise.names, seen.kinds, strict=True):
        if kind == "NoneType":
            return Finding("not attempted", f"`{name}` does not exist yet: write it and run its cell.")
        if kind:
            return Finding(
                "type", f"`{name}` is {a(kind)}, not something that can be called: define it with def or class."
            )
    return None


def _rule_finding(seen: Look) -> Finding | None:
    return Finding("rule broken", seen.broken) if seen.broken else None


def _assess(exercise: Exercise, case: Case, answer: Answer, report: Report) -> CaseResult:
    """The verdict on one case's answer: trouble first, then every output, then side effects."""
    report.note_printed(answer.printed)
    finding = _trouble(exercise, case, answer, report)
    if finding is None and case.raises:
        if answer.trouble is None:
            finding = Finding(
                "values", f"{a(case.raises)} is expected for this input, but your code returned a result."
            )
    elif finding is None:
        findings = _compare_all(exercise, case, answer.outputs, report)
        finding = min(findings, key=lambda f: STAGES.index(f.state), default=None)
    aside = _side_effects(exercise, answer)
    if finding and aside and aside.state != "values":
        report.note(aside.message)  # often the reason
    finding = finding or aside
    return CaseResult(case, finding, answer.outputs, answer.trouble.kind if answer.trouble else None)


def _trouble(exercise: Exercise, case: Case, answer: Answer, report: Report) -> Finding | None:
    """What an exception means."""
    trouble = answer.trouble
    if trouble is None:
        return None
    if trouble.finding:
        return Finding(*trouble.finding)
    if trouble.kind == "TooSlow":
        return Finding("too slow", f"stopped after {exercise.seconds:g} s. Is there a loop that never ends?")
    if trouble.kind == "KeyboardInterrupt":
        return Finding("interrupted", "the check was interrupted before your code had finished; run the cell again.")
    if trouble.unwritten:
        state = "error" if report.earned else "not attempted"
        message = (
            f"`{trouble.unwritten}` is not written yet: your code goes where `raise NotImplementedError()` stands."
        )
        return Finding(state, message)
    if case.raises in trouble.kinds:
        return None
    if "ValueError" in trouble.kinds and "read-only" in trouble.headline:
        return Finding(
            "input modified", f"{trouble.place}your code writes into its input; work on a copy: x = x.copy()."
        )
    place = trouble.place or "it could not be called as the exercise says: "
    wanted = f"; {a(case.raises)} is expected for this input" if case.raises else ""
    return Finding("error", f"{place}{trouble.headline}{wanted}".rstrip(".") + ".")


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


def _side_effects(exercise: Exercise, answer: Answer) -> Finding | None:
    """What a right answer must not have done on the way."""
    if answer.modified:
        return Finding(
            "input modified", f"your code changed its input `{answer.modified[0]}`; work on a copy: x = x.copy()."
        )
    if answer.replaced:
        return Finding("rule broken", f"your code replaced {answer.replaced[0]}; it has been put back.")
    if answer.seeded:
        return Finding(
            "rule broken", "your code draws from NumPy's global random state; draw from the `rng` you are given."
        )
    if exercise.silent and answer.warned:
        return Finding("values", f"the values are right, but a warning was raised: {answer.warned[0]}.")
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
    if isinstance(wrong, str):
        return "yes" if wrong == f"raises {result.error}" else "no"
    if result.error:
        return "no"
    return "yes" if all(_alike(exercise, result.outputs, name, value) for name, value in wrong.items()) else "no"


def _alike(exercise: Exercise, outputs: dict, name: str, wrong) -> bool:
    """Whether one output is the one that a misconception gives."""
    tolerance = max(exercise.rtol, exercise.outputs.get(name, Output()).alike)
    return name in outputs and same(outputs[name], wrong, tolerance)
