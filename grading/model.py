"""What the stages of grading hand to one another: plain data, without a line of a student's code in it being run.

`Sheet` (what is asked) and `Submission` (what was handed in, rebuilt on the sheet's template) go into a run; a `Result`
comes out. All three turn into JSON and back, so that a run may happen on another machine.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

# What a cell of the released notebook is for. A "check" or "hidden" cell stands for questions that are judged outside
# the student's process; a "test" cell holds asserts of its own and is run inside; "manual" and "task" cells wait for a
# person.
ROLES = ("text", "locked", "solution", "check", "hidden", "test", "manual", "task", "extra")

# Why an exercise has the points it has. Those of the check engine (wrong values, error, too slow ...) come on top.
NO_EVIDENCE = ("not attempted", "not run", "not readable", "timeout", "memory", "killed", "tampered", "lost")


@dataclass(frozen=True)
class Cell:
    """One cell, of a template or of a submission rebuilt on it."""

    kind: str  # "code", "markdown" or "raw"
    source: str
    role: str = "text"
    grade_id: str | None = None
    points: float = 0.0
    exercise: str | None = None  # of a check or hidden cell: whose questions it stands for
    changed: bool = False  # a solution or manual cell that a student has worked on
    id: str = ""  # of a template's cell: nbformat's id of the released cell
    released: str | None = None  # of a template's cell: what students were given, where `source` is something else


@dataclass(frozen=True)
class Limits:
    """What a submission may use up. Memory and output in bytes, time in seconds of wall clock."""

    cell_seconds: float = 60.0
    total_seconds: float = 600.0
    cpu_seconds: float = 600.0
    memory: int = 3 << 30
    disk: int = 128 << 20
    file_size: int = 64 << 20
    processes: int = 128
    open_files: int = 512
    cell_output: int = 1 << 20
    total_output: int = 8 << 20


@dataclass(frozen=True)
class Sheet:
    """One notebook of a chapter (or of an assignment of any nbgrader course) as it is graded."""

    chapter: str
    notebook: str  # name of the notebook without suffix; in this course that of the chapter
    cells: tuple[Cell, ...]  # as released; check, hidden and test cells with what is run for them
    limits: Limits = field(default_factory=Limits)
    references: str = ""  # digest of the public and hidden references that the questions come from; "" without any

    @property
    def max_score(self) -> float:
        return sum(cell.points for cell in self.cells)

    @property
    def digest(self) -> str:
        """Changes with anything that may change a grade, apart from the code of the course itself."""
        return digest(asdict(self))


@dataclass(frozen=True)
class Submission:
    """What a student handed in for one sheet. `problem` says in one sentence why nothing could be read, if so."""

    student: str
    chapter: str
    notebook: str
    cells: tuple[Cell, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)  # regular files beside the notebook, by relative path
    notes: tuple[str, ...] = ()  # sentences for the instructor: what was odd and what was done about it
    problem: str | None = None
    timestamp: str | None = None  # ISO 8601, UTC

    @property
    def digest(self) -> str:
        """Equal for submissions that cannot but get the same grade."""
        files = {name: hashlib.sha256(data).hexdigest() for name, data in sorted(self.files.items())}
        return digest([[asdict(cell) for cell in self.cells], files, self.problem, list(self.notes)])


@dataclass(frozen=True)
class Grade:
    """Points of one graded cell, and why."""

    score: float | None  # None where a person has to grade
    max_score: float
    state: str  # "passed", a state of the check engine, one of NO_EVIDENCE, or "manual"
    reason: str  # one or two plain sentences, safe to show to the student
    hint: str = ""
    inside: bool = False  # judged inside the student's own process (asserts of an ordinary nbgrader course)


@dataclass(frozen=True)
class Output:
    """One thing that a cell showed. `kind` is "text", "error" or "png"; nothing else leaves the sandbox."""

    kind: str
    text: str = ""
    png: bytes = b""


@dataclass(frozen=True)
class Result:
    """What grading one submission for one sheet came to."""

    student: str
    chapter: str
    notebook: str
    grades: Mapping[str, Grade]  # by grade_id, in the order of the notebook
    seconds: float = 0.0  # wall clock, from the first byte read to the last verdict
    student_seconds: float = 0.0  # of these, spent in the student's own code
    notes: tuple[str, ...] = ()
    cells: tuple[Cell, ...] = ()  # as graded
    outputs: Mapping[int, tuple[Output, ...]] = field(default_factory=dict)  # by index into `cells`
    reports: Mapping[str, str] = field(default_factory=dict)  # grade_id -> the check's report as text, safe to show

    @property
    def score(self) -> float:
        return round(sum(grade.score or 0.0 for grade in self.grades.values()), 4)

    @property
    def max_score(self) -> float:
        return sum(grade.max_score for grade in self.grades.values())

    def exercises(self) -> list[dict]:
        """Per exercise: id, score, max_score, state, reason. The public and the hidden half are added up."""
        rows: dict[str, list[tuple[str, Grade]]] = {}
        for grade_id, grade in self.grades.items():
            rows.setdefault(exercise_of(grade_id, self.cells), []).append((grade_id, grade))
        return [_exercise_row(name, [grade for _, grade in halves]) for name, halves in rows.items()]

    def row(self) -> dict:
        """The row of `--json`."""
        return {
            "student": self.student,
            "chapter": self.chapter,
            "score": self.score,
            "max_score": self.max_score,
            "seconds": round(self.seconds, 3),
            "exercises": self.exercises(),
        }


@dataclass(frozen=True)
class Reviewed:
    """A result as it stands after a person has looked at it."""

    result: Result  # with the scores that a person gave
    comments: Mapping[str, str] = field(default_factory=dict)  # that person's, by grade_id
    late_penalty: float = 0.0  # points


def exercise_of(grade_id: str, cells) -> str:
    """The exercise that a graded cell belongs to; its own id where it stands alone."""
    return next((cell.exercise for cell in cells if cell.grade_id == grade_id and cell.exercise), grade_id)


def _exercise_row(name: str, grades: list[Grade]) -> dict:
    """The half that is not right speaks for the exercise; the public one first, since it can say more."""
    speaker = next((grade for grade in grades if grade.state != "passed"), grades[-1])
    row = {
        "id": name,
        "score": round(sum(grade.score or 0.0 for grade in grades), 4),
        "max_score": sum(grade.max_score for grade in grades),
        "state": speaker.state,
        "reason": speaker.reason,
    }
    return row | ({"judged": "inside"} if any(grade.inside for grade in grades) else {})


def digest(tree) -> str:
    """SHA-256 of a tree of plain data."""
    return hashlib.sha256(json.dumps(tree, sort_keys=True, ensure_ascii=True).encode()).hexdigest()
