"""From a sheet and a submission to a result: a pure function, whatever the submission does.

The notebook's cells run once, in a process of their own; then every exercise is asked, first all public halves, then
all hidden ones. Where the process does not survive a step, a new one runs the notebook without that step, so that the
step costs its own points and no others.
"""

import atexit
import os
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from grading import judge
from grading import sheet as sheets
from grading.model import Cell, Grade, Limits, Output, Result, Sheet, Submission
from grading.run import Ended, Run
from grading.sandbox import NoSandbox, Sandbox
from grading.static_rules import broken_rule
from helpers.checks.answers import Look
from helpers.checks.library import Exercise

MAX_RUNS = 40  # processes for one submission; the time limit usually comes first
_CODE = ("text", "locked", "solution", "extra", "manual", "test")
_KEPT = 2  # forking parents, one per set of imports

_sandboxes: dict[tuple, Sandbox] = {}


def grade(sheet: Sheet, submission: Submission, *, trust: bool = False) -> Result:
    """Grade one submission. Raises only where grading is impossible for everybody: no sandbox, other references."""
    began = time.monotonic()
    questions = sheets.questions(sheet)
    if submission.problem:
        grades = {c.grade_id: judge.nothing(c.points, "not readable", submission.problem) for c in graded(sheet.cells)}
        return _result(sheet, submission, began, grades)
    work = _Work(submission.cells, questions)
    work.finish(_sandbox(sheet, trust), submission, sheet)
    return _result(sheet, submission, began, work.in_order(), work)


def graded(cells) -> list[Cell]:
    """The cells that have points."""
    return [cell for cell in cells if cell.role in ("check", "hidden", "test", "manual", "task")]


def _result(sheet: Sheet, submission: Submission, began: float, grades: dict, work: "_Work | None" = None) -> Result:
    return Result(
        student=submission.student, chapter=sheet.chapter, notebook=sheet.notebook, grades=grades,
        seconds=time.monotonic() - began, student_seconds=work.spent if work else 0.0,
        notes=(*submission.notes, *(work.notes if work else ())), cells=submission.cells or sheet.cells,
        outputs=work.outputs if work else {}, reports=work.reports if work else {},
    )  # fmt: skip


def _sandbox(sheet: Sheet, trust: bool) -> Sandbox:
    """The forking parent with the sheet's imports; the least recently used one makes room."""
    data = os.environ.get("COURSE_DATA")
    key = (tuple(sheets.imports(sheet)), trust, data)
    sandbox = _sandboxes.pop(key, None)
    if sandbox is None:
        sandbox = Sandbox(key[0], trust, Path(data).resolve() if data else None)
        _rehearse(sandbox, sheet)
    while len(_sandboxes) >= _KEPT:
        _sandboxes.pop(next(iter(_sandboxes))).close()
    _sandboxes[key] = sandbox
    return sandbox


def _rehearse(sandbox: Sandbox, sheet: Sheet) -> None:
    """Run the released notebook once, as far as it goes, to have ready what its cells import on the way."""
    blank = Submission("", sheet.chapter, sheet.notebook)
    with suppress(Ended, NoSandbox, OSError):  # without it every submission imports for itself, or says what is wrong
        with closing(Run(sandbox, blank, Limits(), time.monotonic() + Limits().total_seconds)) as run:
            for cell in sheet.cells:
                if cell.kind == "code" and cell.role in ("text", "locked", "solution"):
                    run.cell(cell, figures=False)
            names = run.modules()
        sandbox.preload(names)


@atexit.register
def close_sandboxes() -> None:
    """End every forking parent."""
    while _sandboxes:
        _sandboxes.popitem()[1].close()


@dataclass
class _Work:
    """What is known of a submission so far."""

    cells: tuple[Cell, ...]
    questions: sheets.Questions
    grades: dict[str, Grade] = field(default_factory=dict)
    reports: dict[str, str] = field(default_factory=dict)
    outputs: dict[int, tuple[Output, ...]] = field(default_factory=dict)
    seen: dict[str, Look] = field(default_factory=dict)  # by exercise
    trouble: dict[str, tuple[str, str]] = field(default_factory=dict)  # grade_id of a solution cell -> state, sentence
    skipped: set[int] = field(default_factory=set)  # cells that a process did not survive
    tried_again: set[int | str] = field(default_factory=set)  # steps over which a process was killed
    notes: list[str] = field(default_factory=list)
    spent: float = 0.0

    def finish(self, sandbox: Sandbox, submission: Submission, sheet: Sheet) -> None:
        """Run and ask until everything has a grade, or time is up."""
        self._leave_to_people()
        until = time.monotonic() + sheet.limits.total_seconds
        runs = 0
        while self._waiting() and runs < MAX_RUNS and time.monotonic() < until:
            runs += 1
            with suppress(Ended):  # noted where it happened; the next process leaves that step out
                self._run_once(sandbox, submission, sheet, until)
        if self._waiting():
            limit = (
                f"its {sheet.limits.total_seconds:g} s were used up" if runs < MAX_RUNS else "too many processes died"
            )
            for cell in self._waiting():
                self.grades[cell.grade_id] = judge.nothing(
                    cell.points, "not run", f"This was not judged, since {limit}."
                )

    def _run_once(self, sandbox: Sandbox, submission: Submission, sheet: Sheet, until: float) -> None:
        with closing(Run(sandbox, submission, sheet.limits, until)) as run:
            try:
                self._run(run)
            finally:
                self.spent += run.spent

    def in_order(self) -> dict[str, Grade]:
        """The grades in the order of the notebook."""
        return {cell.grade_id: self.grades[cell.grade_id] for cell in graded(self.cells)}

    def _waiting(self) -> list[Cell]:
        return [cell for cell in graded(self.cells) if cell.grade_id not in self.grades]

    def _leave_to_people(self) -> None:
        """Cells that a person grades; where nothing was written there is nothing to read."""
        for cell in graded(self.cells):
            if cell.role in ("manual", "task"):
                empty = cell.role == "manual" and not cell.changed
                person = Grade(None, cell.points, "manual", "This is graded by a person.")
                self.grades[cell.grade_id] = (
                    judge.nothing(cell.points, "not attempted", "Nothing was written here.") if empty else person
                )

    def _run(self, run: Run) -> None:
        for index, cell in enumerate(self.cells):
            if cell.role in ("check", "hidden"):
                run.mark(cell.grade_id)
            elif cell.kind == "code" and cell.role in _CODE and index not in self.skipped:
                self._cell(run, index, cell)
        for hidden, role in ((False, "check"), (True, "hidden")):
            for cell in self.cells:
                if cell.role == role and cell.grade_id not in self.grades:
                    self._ask(run, cell, hidden)

    def _cell(self, run: Run, index: int, cell: Cell) -> None:
        figures = cell.role in ("solution", "extra", "manual") or (cell.role == "text" and cell.changed)
        try:
            outcome, outputs = run.cell(cell, figures)
        except Ended as end:
            if self._deserves_another_try(end, index):
                raise
            self.skipped.add(index)
            self._note_trouble(index, cell, end.state, f"its cell ended the process: {end.reason}")
            if cell.role == "test":
                self.grades.setdefault(cell.grade_id, judge.nothing(cell.points, end.state, f"{end.reason}."))
            raise
        self.outputs.setdefault(index, outputs)
        if cell.role == "test":
            self.grades.setdefault(cell.grade_id, judge.asserts(cell, outcome))
        elif outcome["state"] == "timeout":
            self._note_trouble(index, cell, "timeout", f"its cell was stopped after {run.limits.cell_seconds:g} s")
        elif outcome["state"] == "error":
            self._note_trouble(index, cell, "error", f"its cell stopped with {outcome['error']}", quiet=True)

    def _note_trouble(self, index: int, cell: Cell, state: str, what: str, quiet: bool = False) -> None:
        if cell.role == "solution":
            self.trouble.setdefault(cell.grade_id, (state, what))
        if not quiet:
            name = cell.grade_id or f"number {index + 1}"
            self.notes.append(f"Cell {name}: {what.removeprefix('its cell ')}.")

    def _ask(self, run: Run, cell: Cell, hidden: bool) -> None:
        """Judge one half of an exercise; `Ended` goes on upwards once the half has its grade."""
        name = cell.exercise
        if name not in self.questions:
            self.grades[cell.grade_id] = judge.nothing(cell.points, "not run", "The course has no questions for this.")
            return
        exercise = self.questions[name][hidden]
        if not hidden:
            verdict = judge.public_half(run, cell.grade_id, exercise, self._objection(cell, exercise))
        elif self.seen.get(name) is None:
            reason = "The hidden cases were not asked, since the process did not survive the public ones."
            self.grades[cell.grade_id] = judge.nothing(cell.points, self._public_state(name), reason)
            return
        else:
            verdict = judge.hidden_half(run, cell.grade_id, exercise, self.seen[name])
        if verdict.ended and self._deserves_another_try(verdict.ended, cell.grade_id):
            raise verdict.ended
        self.grades[cell.grade_id] = self._with_trouble(name, verdict.grade)
        self.reports[cell.grade_id] = verdict.report
        self.seen.setdefault(name, None if verdict.ended else verdict.seen)
        if verdict.ended:
            self.notes.append(f"Exercise {name}: {verdict.ended.reason}.")
            raise verdict.ended

    def _deserves_another_try(self, end: Ended, step: int | str) -> bool:
        """Whether somebody else may have killed the process: nobody is blamed for that before it has happened twice."""
        first = end.perhaps_by_others and step not in self.tried_again
        self.tried_again.add(step)
        return first

    def _objection(self, cell: Cell, exercise: Exercise) -> str | None:
        """What the text of the notebook up to the questions says about the exercise's rules."""
        before = [c for c in self.cells[: self.cells.index(cell)] if c.kind == "code"]
        own = [c.changed or c.role in ("solution", "extra") for c in before]
        others = {name for public, _ in self.questions.values() for name in public.names} - {*exercise.names}
        return broken_rule([c.source for c in before], exercise.names, exercise.rules, own, others)

    def _public_state(self, name: str) -> str:
        return next(self.grades[c.grade_id].state for c in self.cells if c.exercise == name and c.role == "check")

    def _with_trouble(self, name: str, given: Grade) -> Grade:
        """Where there is no answer because its cell failed, that is the reason."""
        if given.state != "not attempted" or name not in self.trouble:
            return given
        state, what = self.trouble[name]
        return judge.nothing(given.max_score, state, f"`{name}` does not exist, since {what}.")
