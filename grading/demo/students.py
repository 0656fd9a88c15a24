"""The made-up class: what each student hands in, exercise by exercise."""

import contextlib
import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field

import nbformat

from authoring.exercise import Exercise
from authoring.solutions import imports_of, run_source
from grading.demo import sources
from helpers.checks.engine import judge
from helpers.checks.library import find_in_chapter

STUB = "raise NotImplementedError()"
MISCONCEPTIONS = 5  # students with one known mistake each
STYLES = 2  # students whose every answer is right in another style


@dataclass
class Student:
    """A name, and the source of the exercise cells that differ from the released notebook."""

    name: str
    answers: dict[str, str]
    notes: str = ""  # written into a markdown cell of the text, as some people do
    extra: list[str] = field(default_factory=list)  # cells of their own


def make_class(chapter: str, exercises: list[Exercise], author: Mapping[str, str]) -> list[Student]:
    """At least fifteen students; `author` holds the author's cells by exercise."""
    first, middle = exercises[0], exercises[len(exercises) // 2]
    plain = next(e for e in exercises if e.probe == "call" and len(e.outputs) == 1 and not e.names)
    half = exercises[: (len(exercises) + 1) // 2]
    students = [
        Student("perfect", dict(author)),
        *_other_styles(chapter, exercises, author),
        Student("first-half", {e.id: author[e.id] for e in half}),
        *_mistaken(chapter, exercises, author),
        Student("not-attempted", {}),
        Student("syntax-error", {**author, first.id: author[first.id].replace(":\n", "\n", 1)}),
        Student("exception", {**author, plain.id: _raising(plain)}),
        Student("wrong-shape", {**author, plain.id: _wrapped(author, plain, "np.asarray(_right(*inputs))[None]")}),
        Student("returns-a-list", {**author, plain.id: _wrapped(author, plain, "[_right(*inputs)]")}),
        Student("returns-nothing", {**author, middle.id: author[middle.id].replace("return ", "", 1)}),
        Student("only-the-last", {exercises[-1].id: author[exercises[-1].id]}),
        Student("chatty", _chatty(exercises, author), "My notes: this was fun.", ["print('my own cell')", "1 / 0"]),
    ]
    return [Student(f"student{i:02}-{s.name}", s.answers, s.notes, s.extra) for i, s in enumerate(students, start=1)]


def _other_styles(chapter: str, exercises: list[Exercise], author: Mapping[str, str]) -> list[Student]:
    students = []
    for style in range(STYLES):
        answers = dict(author)
        for exercise in exercises:
            right = [s for s in sources.variants(chapter, exercise).values() if _full_marks(chapter, exercise, s)]
            if right:
                answers[exercise.id] = right[style % len(right)]
        students.append(Student(f"other-style-{style + 1}", answers))
    return students


def _mistaken(chapter: str, exercises: list[Exercise], author: Mapping[str, str]) -> list[Student]:
    """Students with one mistake each, spread over the chapter."""
    step = max(1, len(exercises) // MISCONCEPTIONS)
    students: list[Student] = []
    for exercise in [*exercises[::step], *exercises]:
        taken = {s.name for s in students}
        for key, source in sources.misconceptions(chapter, exercise).items():
            name = f"{exercise.id}-{key}".replace("_", "-")
            names = {n for e in exercises if e is not exercise for n in e.names or (e.id,)}
            if name in taken or sources.defined(source) & names or "authoring" in source:
                continue  # taken, or it would change another exercise's answer too, or no student could run it
            if recognised(chapter, exercise, source) == key:
                students.append(Student(name, {**author, exercise.id: source}))
                break
        if len(students) == MISCONCEPTIONS:
            return students
    return students


def _raising(exercise: Exercise) -> str:
    return f'def {exercise.id}(*inputs):\n    raise RuntimeError("I do not know how to go on")'


def _wrapped(author: Mapping[str, str], exercise: Exercise, result: str) -> str:
    return f"{author[exercise.id]}\n\n_right = {exercise.id}\n\ndef {exercise.id}(*inputs):\n    return {result}"


def _chatty(exercises: list[Exercise], author: Mapping[str, str]) -> dict[str, str]:
    """Right answers that print and warn on every call."""
    loud = 'import warnings\nprint("done!" * 50)\nwarnings.warn("a warning of my own")\n'
    return {e.id: loud + author[e.id] for e in exercises}


def run_cell(source: str, scope: dict, name: str) -> None:
    """Run one cell as a notebook would, going on after errors, without its prints and warnings."""
    with contextlib.suppress(Exception), contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run_source(source, f"{name} of {id(scope)}", scope)


def _answer(exercise: Exercise, scope: Mapping):
    found = tuple(scope.get(name) for name in exercise.names or (exercise.id,))
    return found if len(found) > 1 else found[0]


def _alone(exercise: Exercise, source: str):
    """What an answer defines when nothing else of the notebook is there."""
    scope: dict = {"__name__": "student"}
    run_cell(f"import numpy as np\n{source}", scope, exercise.id)
    return _answer(exercise, scope)


def _full_marks(chapter: str, exercise: Exercise, source: str) -> bool:
    answer = _alone(exercise, source)
    return all(judge(find_in_chapter(exercise.id, chapter, hidden), answer, hidden).passed for hidden in (False, True))


def recognised(chapter: str, exercise: Exercise, source: str) -> str | None:
    """The misconception that the checks see in an answer on its own."""
    answer = _alone(exercise, source)
    return judge(find_in_chapter(exercise.id, chapter), answer).misconception


def _what_counts(cell: nbformat.NotebookNode) -> str:
    """An exercise's cell as it is; of every other cell the imports."""
    if cell.metadata.get("nbgrader", {}).get("solution"):
        return cell.source
    with contextlib.suppress(SyntaxError):
        return imports_of(cell.source)
    return ""


def expected_points(chapter: str, notebook: nbformat.NotebookNode, exercises: list[Exercise]) -> dict[str, float]:
    """Points per exercise of a submission, judged in this process without nbgrader: an independent road.

    Every exercise is judged where its checks stand, before later cells can define its name again.
    """
    by_id, points, scope = {e.id: e for e in exercises}, {}, {"__name__": "student"}
    for number, cell in enumerate(c for c in notebook.cells if c.cell_type == "code"):
        half, _, name = cell.metadata.get("nbgrader", {}).get("grade_id", "").partition("-")
        if half in ("check", "hidden") and name in by_id:
            checked = find_in_chapter(name, chapter, half == "hidden")
            answer = _answer(by_id[name], scope)
            points[name] = points.get(name, 0.0) + judge(checked, answer, half == "hidden").points
        else:
            run_cell(_what_counts(cell), scope, f"cell {number}")
    return points
