"""Results into nbgrader's tables and the course's, many at once: bulk statements, each of which may be repeated.

Who is there already is left to the database to decide (ON CONFLICT), so that nothing is doubled and nothing that a
person does in Formgrader at the same moment is overwritten.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.utils import parse_utc
from sqlalchemy import Connection, Row, bindparam, func, or_, select, update

from grading.codec import dump
from grading.database import COURSE_RESULTS, GradebookError, insert
from grading.model import Result

NO_RESPONSE = "No response."  # nbgrader's words for a solution cell that is as it was released
_LONGEST_NAME = 128  # characters of a student's id that nbgrader's tables hold

Penalty = Callable[[str, float, float], float | None]  # (student, score, seconds late) -> points, None for none


@dataclass(frozen=True)
class Graded:
    """A result on its way into the gradebook."""

    result: Result
    key: str  # of what the result depends on: while it stays the same, there is no need to grade again
    timestamp: str | None = None  # of the hand-in, ISO 8601, UTC unless it says otherwise; None keeps what is stored


@dataclass(frozen=True)
class Entry:
    """A result made ready, before the transaction begins."""

    result: Result
    key: str
    timestamp: datetime | None  # UTC, naive as nbgrader has it
    data: bytes

    @classmethod
    def of(cls, graded: Graded) -> "Entry":
        """Raises GradebookError for a name or a time that cannot be stored."""
        student = graded.result.student
        if (
            not 0 < len(student) <= _LONGEST_NAME
            or "\0" in student
            or student != student.encode("utf-8", "ignore").decode()
        ):
            raise GradebookError(
                f"{student[:40]!r} cannot be the id of a student, which has 1 to {_LONGEST_NAME} characters of plain"
                " text; rename the folder of that submission, and repeat the command."
            )
        try:
            timestamp = parse_utc(graded.timestamp)
        except (ValueError, OverflowError):
            raise GradebookError(
                f"{graded.timestamp[:40]!r}, when {student} handed in, is no time; write it as 2026-09-30 12:00:00 UTC."
            ) from None
        return cls(graded.result, graded.key, timestamp, dump(graded.result))


@dataclass(frozen=True)
class NotebookIds:
    """A notebook as nbgrader's tables have it: its id, and those of its cells by kind and name."""

    id: str
    cells: dict[str, dict[str, str]] = field(
        default_factory=lambda: {"GradeCell": {}, "TaskCell": {}, "SolutionCell": {}}
    )

    def graded(self) -> list[str]:
        """The cells that have grades."""
        return [*self.cells["GradeCell"].values(), *self.cells["TaskCell"].values()]

    def commented(self) -> dict[str, str]:
        """The cells that have comments, by name."""
        return self.cells["SolutionCell"] | self.cells["TaskCell"]


@dataclass(frozen=True)
class ChapterIds:
    """A chapter as nbgrader's tables have it."""

    id: str
    duedate: datetime | None
    notebooks: dict[str, NotebookIds]


def chapter_ids(connection: Connection, chapter: str) -> ChapterIds:
    """What nbgrader's tables know of a chapter; GradebookError where that is nothing."""
    query = select(Assignment.id, Assignment.duedate).where(Assignment.name == chapter)
    assignment = connection.execute(query).first()
    if assignment is None:
        raise GradebookError(f"The gradebook does not know the chapter {chapter}; register it first.")
    query = select(Notebook.id, Notebook.name).where(Notebook.assignment_id == assignment.id)
    notebooks = {row.name: NotebookIds(row.id) for row in connection.execute(query)}
    by_id = {notebook.id: notebook for notebook in notebooks.values()}
    base = BaseCell.__table__.c
    query = select(base.id, base.name, base.type, base.notebook_id).where(base.notebook_id.in_(list(by_id)))
    for cell in connection.execute(query):
        by_id[cell.notebook_id].cells[cell.type][cell.name] = cell.id
    return ChapterIds(assignment.id, assignment.duedate, notebooks)


@dataclass(frozen=True)
class _Place:
    """Where a result goes: the notebook that was graded, and the student's copy of it."""

    entry: Entry
    notebook: NotebookIds
    submitted: str  # id in submitted_notebook
    seconds_late: float


def record(connection: Connection, entries: Sequence[Entry], penalty: Penalty) -> None:
    """Store `entries`; of two for the same notebook the last counts.

    Raises GradebookError for a chapter, notebook or cell that is not registered.
    """
    latest = {(e.result.chapter, e.result.student, e.result.notebook): e for e in entries}
    chapters: dict[str, list[Entry]] = {}
    for (chapter, *_), entry in sorted(latest.items(), key=lambda item: item[0]):  # in one order: no deadlocks
        chapters.setdefault(chapter, []).append(entry)
    for name, its in chapters.items():
        chapter = chapter_ids(connection, name)
        _check_registered(chapter, its)
        places = _places(connection, chapter, its)
        _grades(connection, places)
        _comments(connection, places)
        _penalties(connection, places, penalty)
        _results(connection, places)


def _places(connection: Connection, chapter: ChapterIds, entries: Sequence[Entry]) -> list[_Place]:
    """Where the entries go, made ready as nbgrader does: a submission has all notebooks of its chapter."""
    submissions = _submissions(connection, chapter, entries)
    copies = _copies(connection, chapter, [row.id for row in submissions.values()])
    places = []
    for entry in entries:
        submission, notebook = submissions[entry.result.student], chapter.notebooks[entry.result.notebook]
        copy = copies.pop((submission.id, notebook.id))
        places.append(_Place(entry, notebook, copy, _seconds_late(chapter.duedate, submission)))
    _fill_in(connection, chapter, copies)
    return places


def _check_registered(chapter: ChapterIds, entries: Iterable[Entry]) -> None:
    for result in (entry.result for entry in entries):
        notebook = chapter.notebooks.get(result.notebook)
        known = notebook.cells["GradeCell"] | notebook.cells["TaskCell"] if notebook else {}
        if notebook is None or result.grades.keys() - known.keys():
            raise GradebookError(
                f"The gradebook does not know all that was graded of {result.chapter}/{result.notebook} for"
                f" {result.student}; the notebook has changed since it was registered. Register it again."
            )


def _submissions(connection: Connection, chapter: ChapterIds, entries: Sequence[Entry]) -> dict[str, Row]:
    """The submission of every student among the entries, with its time; student and submission created if absent."""
    table, students = SubmittedAssignment.__table__, sorted({entry.result.student for entry in entries})
    _add(connection, Student, [{"id": student} for student in students])
    _add(connection, SubmittedAssignment, [{"assignment_id": chapter.id, "student_id": who} for who in students])
    times = {entry.result.student: entry.timestamp for entry in entries if entry.timestamp}
    if times:
        mine = update(table).where(table.c.assignment_id == chapter.id, table.c.student_id == bindparam("who"))
        rows = [{"who": who, "when": when} for who, when in times.items()]
        connection.execute(mine.values(timestamp=bindparam("when")), rows)
    query = select(table.c.id, table.c.student_id, table.c.timestamp, table.c.extension)
    query = query.where(table.c.assignment_id == chapter.id, table.c.student_id.in_(students))
    return {row.student_id: row for row in connection.execute(query)}


def _copies(connection: Connection, chapter: ChapterIds, submissions: Sequence[str]) -> dict[tuple[str, str], str]:
    """The ids of the students' notebooks, by submission and notebook; created if absent."""
    table, notebooks = SubmittedNotebook.__table__.c, [notebook.id for notebook in chapter.notebooks.values()]
    rows = [{"assignment_id": one, "notebook_id": notebook} for one in submissions for notebook in notebooks]
    _add(connection, SubmittedNotebook, rows)
    query = select(table.id, table.assignment_id, table.notebook_id)
    query = query.where(table.notebook_id.in_(notebooks), table.assignment_id.in_(submissions))
    return {(row.assignment_id, row.notebook_id): row.id for row in connection.execute(query)}


def _fill_in(connection: Connection, chapter: ChapterIds, copies: Mapping[tuple[str, str], str]) -> None:
    """Empty grades and comments for notebooks that are not graded now."""
    by_id = {notebook.id: notebook for notebook in chapter.notebooks.values()}
    pairs = [(by_id[notebook], copy) for (_, notebook), copy in copies.items()]
    _add(connection, Grade, [_cell(cell, copy) for notebook, copy in pairs for cell in notebook.graded()])
    comments = [_cell(cell, copy) for notebook, copy in pairs for cell in notebook.commented().values()]
    _add(connection, Comment, comments)


def _cell(cell: str, submitted: str, **values) -> dict:
    return {"cell_id": cell, "notebook_id": submitted, **values}


def _grades(connection: Connection, places: Sequence[_Place]) -> None:
    """What the autograder found; where it found nothing, or a person has given a score, a person has to look.

    A task is for persons alone: its grade is made once and not touched again.
    """
    scored, tasks = [], []
    for place in places:
        scores = {name: grade.score for name, grade in place.entry.result.grades.items()}
        for kind in ("GradeCell", "TaskCell"):
            for name, cell in place.notebook.cells[kind].items():
                score = scores.get(name)
                rows = tasks if kind == "TaskCell" and score is None else scored
                rows.append(_cell(cell, place.submitted, auto_score=score, needs_manual_grade=score is None))
    _add(connection, Grade, tasks)
    statement = insert(connection, Grade.__table__)
    found, by_hand = statement.excluded.auto_score, Grade.__table__.c.manual_score
    changes = {"auto_score": found, "needs_manual_grade": or_(found.is_(None), by_hand.is_not(None))}
    _put(connection, statement, ["cell_id", "notebook_id"], changes, scored)


def _comments(connection: Connection, places: Sequence[_Place]) -> None:
    rows = []
    for place in places:
        cells = place.entry.result.cells
        untouched = {cell.grade_id for cell in cells if cell.role in ("solution", "manual") and not cell.changed}
        for name, cell in place.notebook.commented().items():
            comment = NO_RESPONSE if name in untouched else None
            rows.append(_cell(cell, place.submitted, auto_comment=comment))
    statement = insert(connection, Comment.__table__)
    _put(connection, statement, ["cell_id", "notebook_id"], {"auto_comment": statement.excluded.auto_comment}, rows)


def _penalties(connection: Connection, places: Sequence[_Place], penalty: Penalty) -> None:
    """What being late costs, by nbgrader's plugin: between nothing and the score of the notebook."""
    late = [place for place in places if place.seconds_late > 0]
    scores = _scores(connection, late) if late else {}
    costs = dict.fromkeys(place.submitted for place in places)
    for place in late:
        score = scores.get(place.submitted, 0.0)
        points = penalty(place.entry.result.student, score, place.seconds_late)
        costs[place.submitted] = None if points is None else min(max(points, 0.0), score)
    table = SubmittedNotebook.__table__
    mine = update(table).where(table.c.id == bindparam("which")).values(late_submission_penalty=bindparam("cost"))
    connection.execute(mine, [{"which": which, "cost": cost} for which, cost in costs.items()])


def _scores(connection: Connection, places: Sequence[_Place]) -> dict[str, float]:
    """The score of students' notebooks by id, those given by hand and extra credit included."""
    query = select(Grade.notebook_id, func.sum(Grade.score)).group_by(Grade.notebook_id)
    rows = connection.execute(query.where(Grade.notebook_id.in_([place.submitted for place in places])))
    return {row[0]: row[1] for row in rows}


def _seconds_late(duedate: datetime | None, submission: Row) -> float:
    if duedate is None or submission.timestamp is None:
        return 0.0
    return (submission.timestamp - duedate - (submission.extension or timedelta())).total_seconds()


def _results(connection: Connection, places: Sequence[_Place]) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    rows = [
        {
            "student": place.entry.result.student,
            "chapter": place.entry.result.chapter,
            "notebook": place.entry.result.notebook,
            "submission": place.submitted,
            "key": place.entry.key,
            "row_json": json.dumps(place.entry.result.row()),
            "result": place.entry.data,
            "graded_at": now,
        }
        for place in places
    ]
    statement = insert(connection, COURSE_RESULTS)
    primary = ["student", "chapter", "notebook"]
    changes = {column.name: statement.excluded[column.name] for column in COURSE_RESULTS.c if not column.primary_key}
    _put(connection, statement, primary, changes, rows)


def _add(connection: Connection, model, rows: Sequence[dict]) -> None:
    """Insert the rows that are not there yet."""
    if rows:
        _many(connection, insert(connection, model.__table__).on_conflict_do_nothing(), rows)


def _put(connection: Connection, statement, place: list[str], changes: dict, rows: Sequence[dict]) -> None:
    """Insert the rows, or change those that are in their place."""
    if rows:
        _many(connection, statement.on_conflict_do_update(index_elements=place, set_=changes), rows)


def _many(connection: Connection, statement, rows: Sequence[dict]) -> None:
    """Asking for something back makes SQLAlchemy put a thousand rows into each statement."""
    connection.execute(statement.returning(*statement.table.primary_key), rows)
