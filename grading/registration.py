"""What nbgrader has to know of a chapter before anything is graded: its notebooks and their cells.

The rows are those that `nbgrader generate_assignment` writes. Where a chapter was registered before, they are brought
up to date in place: submissions, grades and comments stay.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace

from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Course,
    Grade,
    GradeCell,
    Notebook,
    SolutionCell,
    SourceCell,
    SubmittedNotebook,
    TaskCell,
    new_uuid,
)
from nbgrader.utils import compute_checksum
from sqlalchemy import delete, or_, select, union
from sqlalchemy.orm import Session

from grading.database import COURSE_RESULTS, GradebookError
from grading.model import Cell, Sheet

KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
# nbgrader's kinds of cells by what a cell is for; "text" and "extra" cells are none of its business.
_TABLES = {
    "locked": (),
    "solution": (SolutionCell,),
    "check": (GradeCell,),
    "hidden": (GradeCell,),
    "test": (GradeCell,),
    "manual": (GradeCell, SolutionCell),
    "task": (TaskCell,),
}
# A hidden cell in the author's notebook. Without it, nbgrader's own autograde would find nothing there that can fail.
_HIDDEN = '{}\n### BEGIN HIDDEN TESTS\nevaluate("{}", hidden=True)\n### END HIDDEN TESTS'
GRADED, COMMENTED = (GradeCell, TaskCell), (SolutionCell, TaskCell)


def register_course(session: Session, course_id: str) -> None:
    """The course itself, once."""
    if session.get(Course, course_id) is None:
        session.add(Course(id=course_id))


def register_chapter(session: Session, course_id: str, sheets: Sequence[Sheet]) -> None:
    """A chapter whose notebooks are `sheets`, all of them.

    Raises GradebookError where a notebook with submissions, or a cell with a grade or comment by hand, would be lost.
    """
    chapter = sheets[0].chapter
    assignment = session.scalar(select(Assignment).where(Assignment.name == chapter))
    if assignment is None:
        assignment = Assignment(chapter, course_id=course_id)
        session.add(assignment)
        session.flush()
    known = {notebook.name: notebook for notebook in assignment.notebooks}
    for name in known.keys() - {sheet.notebook for sheet in sheets}:
        _remove_notebook(session, chapter, known[name])
    for sheet in sheets:
        notebook = known.get(sheet.notebook)
        if notebook is None:
            notebook = Notebook(name=sheet.notebook, assignment_id=assignment.id, kernelspec=json.dumps(KERNELSPEC))
            session.add(notebook)
            session.flush()
        _register_cells(session, notebook.id, sheet)
    _forget_void_results(session, chapter)


def _register_cells(session: Session, notebook_id: str, sheet: Sheet) -> None:
    cells = [_as_written(cell) for cell in sheet.cells if cell.role in _TABLES]
    old = {(type(c), c.name): c for c in session.scalars(select(BaseCell).where(BaseCell.notebook_id == notebook_id))}
    wanted = {(kind, cell.grade_id): cell for cell in cells for kind in _TABLES[cell.role]}
    _remove_cells(session, sheet, [old[key] for key in old.keys() - wanted.keys()])
    added = []
    for (kind, name), cell in wanted.items():
        row = old.get((kind, name)) or kind(name=name, notebook_id=notebook_id)
        if kind in GRADED:
            row.max_score, row.cell_type = float(cell.points), cell.kind
        if (kind, name) not in old:
            session.add(row)
            added.append(row)
    _register_sources(session, notebook_id, cells)
    session.flush()
    _add_to_submissions(session, notebook_id, added)


def _as_written(cell: Cell) -> Cell:
    """The cell as the author wrote it: in a sheet, a hidden cell shows what students see of it."""
    if cell.role != "hidden" or cell.released is not None:
        return cell
    return replace(cell, source=_HIDDEN.format(cell.source, cell.exercise))


def _register_sources(session: Session, notebook_id: str, cells: Sequence[Cell]) -> None:
    query = select(SourceCell).where(SourceCell.notebook_id == notebook_id)
    old = {source.name: source for source in session.scalars(query)}
    for cell in cells:
        row = old.pop(cell.grade_id, None) or SourceCell(name=cell.grade_id, notebook_id=notebook_id)
        row.cell_type, row.source = cell.kind, cell.source
        row.locked, row.checksum = cell.role not in ("solution", "manual"), checksum(cell)
        session.add(row)
    for row in old.values():
        session.delete(row)


def checksum(cell: Cell) -> str:
    """nbgrader's checksum of a cell that it looks after."""
    make = new_code_cell if cell.kind == "code" else new_markdown_cell
    node = make(cell.source)
    node.metadata.nbgrader = {
        "grade_id": cell.grade_id,
        "grade": GradeCell in _TABLES[cell.role],
        "solution": SolutionCell in _TABLES[cell.role],
        "task": TaskCell in _TABLES[cell.role],
        "locked": cell.role not in ("solution", "manual"),
        "points": cell.points,
    }
    return compute_checksum(node)


def _add_to_submissions(session: Session, notebook_id: str, cells: Sequence[BaseCell]) -> None:
    """Submissions that are there already get an empty grade and comment for each new cell, as new submissions do."""
    submitted = list(session.scalars(select(SubmittedNotebook.id).where(SubmittedNotebook.notebook_id == notebook_id)))
    for table, kinds in ((Grade, GRADED), (Comment, COMMENTED)):
        ids = [cell.id for cell in cells if isinstance(cell, kinds)]
        rows = [{"id": new_uuid(), "cell_id": cell, "notebook_id": one} for cell in ids for one in submitted]
        if rows:
            session.connection().execute(table.__table__.insert(), rows)


def _remove_cells(session: Session, sheet: Sheet, cells: Sequence[BaseCell]) -> None:
    ids = [cell.id for cell in cells]
    kept = set(session.scalars(_by_hand(ids))) if ids else ()
    if kept:
        names = ", ".join(sorted({cell.name for cell in cells if cell.id in kept}))
        raise GradebookError(
            f"{sheet.chapter}/{sheet.notebook}: {names} is no longer in the notebook, but has grades or comments given"
            " by hand; put it back, or take those away in Formgrader, and repeat the command."
        )
    for table, column in (
        *((table, "cell_id") for table in (Grade, Comment)),
        *((table, "id") for table in (GradeCell, SolutionCell, TaskCell, BaseCell)),
    ):
        session.connection().execute(delete(table.__table__).where(table.__table__.c[column].in_(ids)))
    for cell in cells:
        session.expunge(cell)


def _by_hand(cell_ids: Sequence[str]):
    """The cells among these that a person has graded or commented on."""
    graded = or_(Grade.manual_score.is_not(None), Grade.extra_credit.is_not(None))
    return union(
        select(Grade.cell_id).where(Grade.cell_id.in_(cell_ids), graded),
        select(Comment.cell_id).where(Comment.cell_id.in_(cell_ids), Comment.manual_comment.is_not(None)),
    )


def _remove_notebook(session: Session, chapter: str, notebook: Notebook) -> None:
    if session.scalar(select(SubmittedNotebook.id).where(SubmittedNotebook.notebook_id == notebook.id).limit(1)):
        raise GradebookError(
            f"{chapter}/{notebook.name} is no longer in the chapter, but the gradebook has submissions of it; put the"
            f" notebook back, or take the chapter out with `nbgrader db assignment remove {chapter} --force`."
        )
    cells = list(session.scalars(select(BaseCell).where(BaseCell.notebook_id == notebook.id)))
    for row in (*cells, *session.scalars(select(SourceCell).where(SourceCell.notebook_id == notebook.id)), notebook):
        session.delete(row)
    session.flush()


def _forget_void_results(session: Session, chapter: str) -> None:
    """Results of submissions that nbgrader's own commands have removed."""
    there = select(SubmittedNotebook.id)
    void = (COURSE_RESULTS.c.chapter == chapter, COURSE_RESULTS.c.submission.not_in(there))
    session.connection().execute(delete(COURSE_RESULTS).where(*void))


def chapters_of(sheets: Sequence[Sheet]) -> Iterator[list[Sheet]]:
    """The sheets, chapter by chapter."""
    chapters: dict[str, list[Sheet]] = {}
    for sheet in sheets:
        chapters.setdefault(sheet.chapter, []).append(sheet)
    yield from chapters.values()
