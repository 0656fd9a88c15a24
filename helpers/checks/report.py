"""One report object: what was found, as plain text for a terminal and as HTML for JupyterLab."""

import os
import re
from dataclasses import dataclass, field

import numpy as np

from helpers.checks.closer import closer_look, printed
from helpers.checks.codec import Function, Rng
from helpers.checks.compare import Finding
from helpers.checks.library import Case, Exercise
from helpers.checks.wording import CURES, MARKS, listed

_LAYOUTS = {
    "F": "arrays in Fortran order",
    "strided": "arrays that are non-contiguous views",
    "readonly": "read-only arrays",
}
_SHOWN = 12  # values of an array that a sentence can hold
_LONGEST = 400  # characters of inputs in a sentence


@dataclass
class CaseResult:
    """What came of one case. `finding` is None where the answer was right."""

    case: Case
    finding: Finding | None
    outputs: dict
    error: str | None = None  # class of the exception, if there was one


@dataclass
class Report:
    """The result of checking one exercise. `state` is "passed" or says what kind of thing is wrong."""

    exercise: Exercise
    hidden: bool = False
    cases: list[CaseResult] = field(default_factory=list)
    finding: Finding | None = None
    misconception: str | None = None
    remarks: list[str] = field(default_factory=list)
    printed: str = ""
    tries: int = 0  # failed tries so far, which open the hint ladder

    def settle(self, finding: Finding | None) -> "Report":
        """Close the report with the finding that matters most, or with none."""
        self.finding = finding
        return self

    def note(self, remark: str) -> None:
        """Add something worth knowing that costs nothing."""
        if remark and remark not in self.remarks:
            self.remarks.append(remark)

    def note_printed(self, text: str) -> None:
        self.printed = self.printed or text

    @property
    def state(self) -> str:
        return self.finding.state if self.finding else "passed"

    @property
    def passed(self) -> bool:
        return self.finding is None

    @property
    def earned(self) -> float:
        """Weight of the cases that were right."""
        return sum(r.case.weight for r in self.cases if r.finding is None)

    @property
    def score(self) -> float:
        """Share of the points earned, 0..1."""
        if not self.cases or self.state == "rule broken":
            return 0.0
        return self.earned / sum(case.weight for case in self.exercise.cases)

    @property
    def points(self) -> float:
        """Points earned in this half, public or hidden, of the exercise."""
        return round(self.score * self.exercise.points[self.hidden], 4)

    @property
    def mark(self) -> str:
        return MARKS.get(self.state, MARKS["wrong"])

    @property
    def headline(self) -> str:
        return f"{self.exercise.id}: {self.state}"

    @property
    def tally(self) -> str:
        right = sum(result.finding is None for result in self.cases)
        return f"{right} of {len(self.exercise.cases)} cases are right"

    @property
    def message(self) -> str:
        """What was wrong, where, and what was expected there. Hidden cases are not shown, only the kind of mistake."""
        if self.passed:
            return self._passed_message()
        failed = [r for r in self.cases if r.finding]
        if not failed or self.state == "not attempted":
            return self.finding.message
        says = self._misconception_text("says")
        if self.hidden:
            return f"{len(failed)} of {len(self.cases)} hidden cases fail ({self.state}). {says}".strip()
        case = next((r.case for r in failed if r.finding is self.finding), failed[0].case)
        found = self.finding.message
        found = found[0].lower() + found[1:] if found.startswith("Your ") else found
        return f"{says} In the case “{case.name}”{_inputs(case, self._layout_matters(failed))}, {found}".strip()

    def _layout_matters(self, failed: list[CaseResult]) -> bool:
        """Whether only cases failed whose arrays lie in memory in an unusual way."""
        return all(r.case.layout != "C" for r in failed) and any(r.finding is None for r in self.cases)

    def _passed_message(self) -> str:
        count = f"{len(self.cases)} of {len(self.cases)} cases"
        if self.hidden:
            return f"Hidden checks passed ({count})."
        later = " Hidden checks run when your work is graded." if self.exercise.points[True] else ""
        return f"Public checks passed ({count}).{later}"

    @property
    def hint(self) -> str:
        """The next thing to try: against a recognised mistake, this kind of failure, or the ladder's next step."""
        if self.passed or self.state == "not attempted":
            return ""
        ladder = self.exercise.hints
        step = ladder[min(max(self.tries, 1), len(ladder)) - 1] if ladder else ""
        return self._misconception_text("hint") or CURES.get(self.state, step)

    def _misconception_text(self, part: str) -> str:
        return self.exercise.misconceptions[self.misconception][part] if self.misconception else ""

    @property
    def shows_details(self) -> bool:
        """Whether yours and expected may be shown: only for public cases."""
        return not self.hidden and self.finding is not None

    @property
    def shows_cases(self) -> bool:
        return not self.hidden and len(self.exercise.cases) > 1 and bool(self.cases) and self.state != "not attempted"

    def verdicts(self) -> list[tuple[str, str]]:
        """Name and verdict of every public case."""
        asked = [(r.case.name, r.finding.state if r.finding else "passed") for r in self.cases]
        return asked + [(case.name, "not asked") for case in self.exercise.cases[len(asked) :]]

    def text(self) -> str:
        """The report as plain text, with everything that the HTML says."""
        lines = [f"{self.mark} {self.headline}", self.message]
        look = closer_look(self.finding) if self.shows_details else None
        lines += [look.text] if look else []
        lines += [f"Try: {self.hint}"] if self.hint else []
        lines += [f"Remark: {remark}" for remark in self.remarks]
        lines += [f"Your code printed: {self.printed[:500]}"] if self.printed and not self.hidden else []
        if self.shows_cases and not self.passed:
            lines += [f"{self.tally}:"]
            lines += [f"  {MARKS.get(state, MARKS['wrong'])} {name}: {state}" for name, state in self.verdicts()]
        return "\n".join(lines)

    def html(self) -> str:
        """The report as HTML that carries its own colours for light and dark."""
        from helpers.checks.html import render

        return render(self)

    def show(self) -> None:
        """Display the report where this runs: HTML in a notebook, text elsewhere."""
        try:
            from IPython import get_ipython
            from IPython.display import display
        except ImportError:
            get_ipython = lambda: None  # noqa: E731
        if get_ipython() is None:
            print(self.text())
        else:
            display({"text/plain": self.text(), "text/html": self.html()}, raw=True)

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        """What a notebook shows; nbgrader reads the plain text as the points earned while it executes."""
        graded = os.environ.get("NBGRADER_EXECUTION") in ("autograde", "validate")
        return {"text/plain": f"{self.points:g}" if graded else self.text(), "text/html": self.html()}

    def __repr__(self) -> str:
        return self.text()


def _inputs(case: Case, layout: bool) -> str:
    """The inputs of a case, where they are few enough to read, and how they lie in memory if that may be the cause."""
    parts = [f"{name} {_shown(value)}" for name, value in case.inputs.items()]
    parts += [_LAYOUTS[case.layout]] if layout and case.layout in _LAYOUTS else []
    text = ", ".join(parts)
    if len(text) > _LONGEST:
        text = ", ".join(f"{name} {_outlined(value)}" for name, value in case.inputs.items())
    return f" ({text})" if text and len(text) <= _LONGEST else ""


def _shown(value) -> str:
    """An input in a sentence: "= [1., 2.]", or its shape."""
    if isinstance(value, np.ndarray) and value.size <= _SHOWN:
        return "= " + re.sub(r"\s+", " ", printed(value, digits=4))
    if isinstance(value, Function):
        return f"= {value.name}"
    if isinstance(value, list) and any(isinstance(item, np.ndarray) for item in value):
        return _outlined(value)
    if isinstance(value, np.ndarray | Rng):
        return _outlined(value)
    return f"= {value!r}"


def _outlined(value) -> str:
    """An input by its outline: its shape, its length, its seed."""
    if isinstance(value, np.ndarray):
        kind = "" if value.dtype.kind == "f" else f" and dtype {value.dtype}"
        return f"of shape {value.shape}{kind}"
    if isinstance(value, Rng):
        return f"= default_rng({value.seed})"
    if isinstance(value, Function):
        return f"= {value.name}"
    if isinstance(value, list) and value and all(isinstance(item, np.ndarray) for item in value):
        return f"of shapes {listed(str(item.shape) for item in value)}"
    if isinstance(value, list | dict) and len(repr(value)) > 60:
        return f"with {len(value)} entries"
    return f"= {value!r}"
