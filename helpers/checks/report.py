"""One report object: what was found, as plain text for a terminal and as HTML for JupyterLab."""

import os
from dataclasses import dataclass, field

import numpy as np

from helpers.checks.compare import Finding
from helpers.checks.library import Case, Exercise

_LAYOUTS = {
    "F": "arrays in Fortran order",
    "strided": "arrays that are non-contiguous views",
    "readonly": "read-only arrays",
}
_MARKS = {"passed": "✓", "not attempted": "○"}


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
    def message(self) -> str:
        """What was wrong, where, and what was expected there. Hidden cases are not shown, only the kind of mistake."""
        if self.passed:
            count = f"{len(self.cases)} of {len(self.cases)} cases"
            if self.hidden:
                return f"Hidden checks passed ({count})."
            return f"Public checks passed ({count}). Hidden checks run when your work is graded."
        says = self._misconception_text("says")
        failed = [r for r in self.cases if r.finding]
        if not failed:
            return self.finding.message
        if self.hidden:
            return f"{len(failed)} of {len(self.cases)} hidden cases fail ({self.state}). {says}".strip()
        case = next((r.case for r in failed if r.finding is self.finding), failed[0].case)
        tail = f" ({len(failed)} of {len(self.cases)} cases fail.)" if len(failed) > 1 else ""
        return f"{says + ' ' if says else ''}In the case “{case.name}”{_inputs(case)}, {self.finding.message}{tail}"

    @property
    def hint(self) -> str:
        """The next thing to try: what helps against a recognised mistake, or the next step of the hint ladder."""
        if self.passed:
            return ""
        ladder = self.exercise.hints
        step = ladder[min(max(self.tries, 1), len(ladder)) - 1] if ladder else ""
        return self._misconception_text("hint") or step

    def _misconception_text(self, part: str) -> str:
        return self.exercise.misconceptions[self.misconception][part] if self.misconception else ""

    def text(self) -> str:
        """The report as plain text."""
        lines = [f"{_MARKS.get(self.state, '✗')} {self.exercise.id}: {self.state}", self.message]
        lines += [f"Try: {self.hint}"] if self.hint and self.state != "not attempted" else []
        lines += [f"Remark: {remark}" for remark in self.remarks]
        lines += [f"Your code printed: {self.printed[:500]}"] if self.printed and not self.hidden else []
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


def _inputs(case: Case) -> str:
    """The inputs of a case, where they are few enough to read."""
    parts = []
    for name, value in case.inputs.items():
        if isinstance(value, np.ndarray) and value.size > 12:
            parts.append(f"{name} of shape {value.shape}")
        elif isinstance(value, np.ndarray):
            parts.append(f"{name} = {np.array2string(value, precision=4, separator=', ').replace(chr(10), '')}")
        elif isinstance(value, int | float | str | None) or (isinstance(value, list) and len(str(value)) < 40):
            parts.append(f"{name} = {value!r}")
    if case.layout in _LAYOUTS:
        parts.append(_LAYOUTS[case.layout])
    text = ", ".join(parts)
    return f" ({text})" if text and len(text) < 400 else ""
