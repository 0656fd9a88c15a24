"""The gradebook means what nbgrader would have meant, on SQLite and on PostgreSQL, and survives what happens to it."""

import functools
import json
import multiprocessing
import os
import signal
import sqlite3
import sys
import threading
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from nbgrader import api
from nbgrader.plugins.export import CsvExportPlugin
from nbgrader.preprocessors import AssignLatePenalties, ClearSolutions, ComputeChecksums, SaveAutoGrades, SaveCells
from sqlalchemy import Engine, create_engine, event, inspect, make_url, text
from traitlets.config import Config

from grading import database, gradebook
from grading.database import GradebookError
from grading.gradebook import Gradebook, Graded
from grading.model import Cell, Grade, Result, Sheet
from grading.registration import KERNELSPEC
from grading.sheet import load as load_sheets
from helpers.checks.library import ROOT
from tests.grading.postgres import Server, postgres  # noqa: F401 - a fixture

COURSE, CHAPTER = "course", "ps1"
ZERO = Config({"LateSubmissionPlugin": {"penalty_method": "zero"}})
DUE, ON_TIME, LATE = "2026-03-01 12:00:00 UTC", "2026-03-01T11:00:00+00:00", "2026-03-01T14:00:00+01:00"
P1 = Sheet(
    CHAPTER,
    "p1",
    (
        Cell("markdown", "# Squares"),
        Cell("markdown", "Read this.", "locked", "rules"),
        Cell("code", "def square(x): ...", "solution", "square"),
        Cell("code", "assert square(2) == 4", "test", "test_square", 2.0),
        Cell("markdown", "Your words.", "manual", "explain", 3.0),
        Cell("code", "# Your plot.", "manual", "plot", 1.5),
        Cell("markdown", "Draw something.", "task", "draw", 4.0),
    ),
)
P2 = Sheet(
    CHAPTER,
    "p2",
    (
        Cell("code", "def cube(x): ...", "solution", "cube"),
        Cell("code", "assert cube(2) == 8", "check", "check-cube", 1.0, "cube"),
        Cell("code", "# More checks.", "hidden", "hidden-cube", 2.0, "cube"),
    ),
)
SHEETS = [P1, P2]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path) -> str:
    """A database that nobody has used."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/gradebook.db"
    return request.getfixturevalue("postgres").new_database()


@pytest.fixture
def book(url):
    """A gradebook in which the chapter is registered."""
    with Gradebook(url, COURSE) as opened:
        opened.register(SHEETS)
        yield opened


# --- what was handed in -----------------------------------------------------------------------------------------------


def result(student: str, sheet: Sheet, answers: dict[str, str] | None = None, failed: tuple[str, ...] = ()) -> Result:
    """The result for a student who changed the cells in `answers` and fails the checks in `failed`."""
    answers = answers or {}
    cells = tuple(
        replace(c, source=answers.get(c.grade_id, c.source), changed=c.grade_id in answers) for c in sheet.cells
    )
    grades = {cell.grade_id: _grade(cell, failed) for cell in cells if cell.points}
    return Result(student, sheet.chapter, sheet.notebook, grades, seconds=1.5, cells=cells)


def _grade(cell: Cell, failed: tuple[str, ...]) -> Grade:
    if cell.role == "task" or (cell.role == "manual" and cell.changed):
        return Grade(None, cell.points, "manual", "A person grades this.")
    if cell.role == "manual":
        return Grade(0.0, cell.points, "not attempted", "Nothing was written.")
    if cell.grade_id in failed:
        return Grade(0.0, cell.points, "wrong values", "It is wrong.")
    return Grade(cell.points, cell.points, "passed", "Right.")


def missing(student: str, sheet: Sheet) -> Result:
    """The result for a notebook that was not handed in."""
    grades = {c.grade_id: Grade(0.0, c.points, "not readable", "No file.") for c in sheet.cells if c.points}
    return Result(student, sheet.chapter, sheet.notebook, grades)


def graded(student: str, sheet: Sheet = P2, **changes) -> Graded:
    return Graded(result(student, sheet, {"cube": "return x**3"}), "key", **changes)


def everybody(students: list[str]) -> list[Graded]:
    return [graded(student, sheet) for student in students for sheet in SHEETS]


# --- the same by nbgrader's own means ---------------------------------------------------------------------------------


def notebook(sheet: Sheet) -> NotebookNode:
    """The sheet as an author writes it for nbgrader."""
    nb = new_notebook(metadata={"kernelspec": KERNELSPEC})
    for cell in sheet.cells:
        node = (new_code_cell if cell.kind == "code" else new_markdown_cell)(cell.source)
        if cell.grade_id:
            node.metadata.nbgrader = {
                "schema_version": 3,
                "grade_id": cell.grade_id,
                "grade": cell.role in ("check", "hidden", "test", "manual"),
                "solution": cell.role in ("solution", "manual"),
                "locked": cell.role not in ("solution", "manual"),
                "task": cell.role == "task",
            } | ({"points": cell.points} if cell.points else {})
        if cell.role == "hidden":
            node.source += f'\n### BEGIN HIDDEN TESTS\nevaluate("{cell.exercise}", hidden=True)\n### END HIDDEN TESTS'
        nb.cells.append(node)
    return ComputeChecksums().preprocess(nb, {})[0]


def executed(sheet: Sheet, its: Result) -> NotebookNode:
    """A student's notebook as it is after nbgrader has executed it."""
    nb = notebook(sheet)
    for node, cell in zip(nb.cells, its.cells):
        node.source = cell.source
        if cell.role in ("check", "hidden", "test") and not its.grades[cell.grade_id].score:
            node.outputs = [new_output("error", ename="AssertionError", evalue="", traceback=[])]
    return nb


head = functools.cache(api.get_alembic_version)  # a program of its own, which takes seconds to start


@pytest.fixture
def with_alembic(monkeypatch):
    """What nbgrader needs to create a database."""
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    monkeypatch.setattr(api, "get_alembic_version", head)


class Stock:
    """nbgrader's own way through the same."""

    def __init__(self, db_url: str) -> None:
        self.url = db_url
        with api.Gradebook(db_url, COURSE):
            pass

    def resources(self, sheet: Sheet, student: str = ".") -> dict:
        names = {"notebook": sheet.notebook, "assignment": sheet.chapter, "student": student, "db_url": self.url}
        return {"nbgrader": names}

    def register(self, sheets: list[Sheet]) -> None:
        with api.Gradebook(self.url, COURSE) as gb:
            gb.update_or_create_assignment(sheets[0].chapter)
        for sheet in sheets:
            SaveCells().preprocess(notebook(sheet), self.resources(sheet))

    def save(self, batch: list[Graded]) -> None:
        sheets = {sheet.notebook: sheet for sheet in SHEETS}
        for its in batch:
            student, sheet = its.result.student, sheets[its.result.notebook]
            time_given = {"timestamp": its.timestamp} if its.timestamp else {}
            with api.Gradebook(self.url, COURSE) as gb:
                gb.update_or_create_student(student)
                gb.update_or_create_submission(CHAPTER, student, **time_given)
                if not its.result.cells:  # what converters.autograde does about a missing file
                    for grade in gb.find_submission_notebook(sheet.notebook, CHAPTER, student).grades:
                        grade.auto_score, grade.needs_manual_grade = 0, False
                    gb.db.commit()
                    continue
            nb, where = executed(sheet, its.result), self.resources(sheet, student)
            SaveAutoGrades().preprocess(nb, where)
            AssignLatePenalties(config=ZERO).preprocess(nb, where)


TABLES = {
    "assignment": "SELECT name, duedate, course_id FROM assignment",
    "notebook": "SELECT a.name, n.name, n.kernelspec FROM notebook n JOIN assignment a ON a.id = n.assignment_id",
    "cells": "SELECT n.name, b.name, b.type, g.max_score, g.cell_type, t.max_score, t.cell_type, s.id IS NULL"
    " FROM base_cell b JOIN notebook n ON n.id = b.notebook_id LEFT JOIN grade_cells g ON g.id = b.id"
    " LEFT JOIN task_cells t ON t.id = b.id LEFT JOIN solution_cells s ON s.id = b.id",
    "source_cell": "SELECT n.name, c.name, c.cell_type, c.locked, c.source, c.checksum"
    " FROM source_cell c JOIN notebook n ON n.id = c.notebook_id",
    "student": "SELECT id, first_name, last_name, email, lms_user_id FROM student",
    "submissions": "SELECT a.name, s.student_id, s.timestamp, s.extension"
    " FROM submitted_assignment s JOIN assignment a ON a.id = s.assignment_id",
    "notebooks": "SELECT n.name, s.student_id, c.flagged, c.late_submission_penalty FROM submitted_notebook c"
    " JOIN notebook n ON n.id = c.notebook_id JOIN submitted_assignment s ON s.id = c.assignment_id",
    "grades": "SELECT s.student_id, n.name, b.name, b.type, g.auto_score, g.manual_score, g.extra_credit,"
    " g.needs_manual_grade FROM grade g JOIN base_cell b ON b.id = g.cell_id JOIN notebook n ON n.id = b.notebook_id"
    " JOIN submitted_notebook c ON c.id = g.notebook_id JOIN submitted_assignment s ON s.id = c.assignment_id",
    "comments": "SELECT s.student_id, n.name, b.name, b.type, g.auto_comment, g.manual_comment"
    " FROM comment g JOIN base_cell b ON b.id = g.cell_id JOIN notebook n ON n.id = b.notebook_id"
    " JOIN submitted_notebook c ON c.id = g.notebook_id JOIN submitted_assignment s ON s.id = c.assignment_id",
    "alembic_version": "SELECT version_num FROM alembic_version",
}
COUNTED = ("course_results", "grade", "comment", "submitted_notebook", "submitted_assignment")


def ask(db_url: str, query: str) -> list[tuple]:
    engine = create_engine(db_url)
    with engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(text(query))]
    engine.dispose()
    return rows


def contents(db_url: str) -> dict[str, list[str]]:
    """What nbgrader's tables say, without the ids that are drawn by chance."""
    return {name: sorted(map(repr, ask(db_url, query))) for name, query in TABLES.items()}


def counts(db_url: str) -> dict[str, int]:
    return {table: ask(db_url, f"SELECT count(*) FROM {table}")[0][0] for table in COUNTED}


# --- equality with nbgrader -------------------------------------------------------------------------------------------


def _set_duedate(db_url: str) -> None:
    with api.Gradebook(db_url, COURSE) as gb:
        gb.update_or_create_assignment(CHAPTER, duedate=DUE)


def _grade_by_hand(db_url: str) -> None:
    with api.Gradebook(db_url, COURSE) as gb:
        explain = gb.find_grade("explain", "p1", CHAPTER, "ada")
        explain.manual_score, explain.needs_manual_grade = 2.5, False
        draw = gb.find_grade("draw", "p1", CHAPTER, "ada")
        draw.manual_score, draw.needs_manual_grade = 4.0, False
        gb.find_grade("check-cube", "p2", CHAPTER, "ben").extra_credit = 0.5
        gb.find_comment("square", "p1", CHAPTER, "ada").manual_comment = "Well done."
        gb.grant_extension(CHAPTER, "dora", days=1)
        gb.db.commit()


ADA = {"square": "return x * x", "explain": "It grows.", "plot": "plot(x)"}
STEPS = [
    [Graded(result("ada", P1, ADA), "1", ON_TIME), Graded(result("ada", P2, failed=("check-cube",)), "1", ON_TIME)],
    [
        Graded(result("ben", P1, {"square": "return 4"}, ("test_square",)), "1", LATE),
        Graded(result("ben", P2), "1", LATE),
    ],
    [Graded(missing("cleo", P1), "1"), Graded(result("cleo", P2, {"cube": "return x**3"}), "1")],
    [Graded(result("dora", P2, {"cube": "return 8"}, ("hidden-cube",)), "1", LATE)],
    _grade_by_hand,
    [Graded(result("ada", P1, ADA | {"square": "return 2 * x"}, ("test_square",)), "2", LATE)],
    [
        Graded(result("ben", P2, {"cube": "return x**3"}, ("hidden-cube",)), "2", ON_TIME),
        Graded(result("ben", P1), "2", ON_TIME),
    ],
    [Graded(result("dora", P2, {"cube": "return 8"}), "2", LATE), Graded(result("dora", P1, {"plot": "1"}), "2")],
]


def test_the_tables_are_those_that_nbgrader_makes(url, tmp_path, with_alembic, request):
    other = f"sqlite:///{tmp_path}/stock.db"
    if not url.startswith("sqlite"):
        other = request.getfixturevalue("postgres").new_database()
    stock = Stock(other)
    with Gradebook(url, COURSE, ZERO) as ours:
        for one in (ours, stock):
            one.register(SHEETS)
        assert contents(url) == contents(other)
        _set_duedate(url), _set_duedate(other)
        for number, step in enumerate(STEPS):
            if callable(step):
                step(url), step(other)
            else:
                ours.save(step), stock.save(step)
            assert contents(url) == contents(other), f"step {number}"
    penalties = {row[1]: row[3] for row in ask(url, TABLES["notebooks"]) if row[0] == "p1"}
    assert penalties["ada"] == 6.5  # late at the second try: 0 + 2.5 by hand + 0 + 4 by hand
    assert penalties["ben"] is penalties["dora"] is None  # on time now; has an extension


def test_a_chapter_of_the_course_is_registered_as_nbgrader_does(tmp_path, with_alembic):
    chapter = "02_neuron"
    ours, other = (f"sqlite:///{tmp_path}/{name}.db" for name in ("ours", "stock"))
    with Gradebook(ours, COURSE) as book:
        book.register(load_sheets(chapter))
    stock = Stock(other)
    with api.Gradebook(other, COURSE) as gb:
        gb.add_assignment(chapter)
    written = nbformat.read(ROOT / "solutions" / chapter / f"{chapter}.ipynb", as_version=4)
    nb = ComputeChecksums().preprocess(ClearSolutions().preprocess(written, {})[0], {})[0]
    SaveCells().preprocess(nb, stock.resources(replace(P1, chapter=chapter, notebook=chapter)))
    assert contents(ours) == contents(other)


def test_nbgrader_registers_the_same_over_ours(book, url):
    before = contents(url)
    stock = Stock(url)
    stock.register(SHEETS)
    book.register(SHEETS)
    assert contents(url) == before


def test_registered_after_nbgrader_nothing_changes_once_there_are_submissions(url, with_alembic):
    stock = Stock(url)
    stock.register(SHEETS)
    stock.save(everybody(["ada"]))
    before = contents(url)
    with Gradebook(url, COURSE) as ours:
        ours.register(SHEETS)
        assert contents(url) == before
        ours.save(everybody(["ada"]))
    assert contents(url) == before


def test_formgrader_and_export_read_it(book, url, tmp_path):
    book.save(everybody(["ada", "ben"]))
    with api.Gradebook(url, COURSE) as gb:
        submissions = {row["student"]: row for row in gb.submission_dicts(CHAPTER)}
        assert submissions.keys() == {"ada", "ben"}
        assert submissions["ada"]["score"] == 2.0 + 3.0
        assert submissions["ada"]["max_score"] == 13.5
        assert submissions["ada"]["needs_manual_grade"]
        assert [row["score"] for row in gb.notebook_submission_dicts("p2", CHAPTER)] == [3.0, 3.0]
        assert {row["id"]: row["score"] for row in gb.student_dicts()} == {"ada": 5.0, "ben": 5.0}
        assert gb.find_comment("cube", "p2", CHAPTER, "ada").comment is None
        assert gb.find_comment("square", "p1", CHAPTER, "ada").comment == "No response."
        CsvExportPlugin(to=str(tmp_path / "grades.csv")).export(gb)
    lines = (tmp_path / "grades.csv").read_text().splitlines()
    assert [line.split(",")[3] for line in lines[1:]] == ["ada", "ben"]
    assert all(line.endswith(",5.0,0.0,5.0,13.5") for line in lines[1:])


def test_formgrader_stays_open_while_results_come_in(book, url):
    with api.Gradebook(url, COURSE) as gb:
        assert gb.submission_dicts(CHAPTER) == []
        book.save(everybody(["ada"]))
        gb.db.rollback()  # as at the end of a request
        assert len(gb.submission_dicts(CHAPTER)) == 1
        gb.find_grade("explain", "p1", CHAPTER, "ada").manual_score = 1.0
        gb.db.commit()
        book.save(everybody(["ada", "ben"]))
        gb.db.rollback()
        assert gb.find_grade("explain", "p1", CHAPTER, "ada").score == 1.0
        assert len(gb.submission_dicts(CHAPTER)) == 2


# --- registering ------------------------------------------------------------------------------------------------------


def without(sheet: Sheet, *names: str) -> Sheet:
    return replace(sheet, cells=tuple(cell for cell in sheet.cells if cell.grade_id not in names))


def test_registering_again_keeps_every_id(book, url):
    book.save(everybody(["ada"]))
    ids = {
        table: ask(url, f"SELECT * FROM {table} ORDER BY 1") for table in inspect(create_engine(url)).get_table_names()
    }
    book.register(SHEETS)
    book.register([])
    assert {table: ask(url, f"SELECT * FROM {table} ORDER BY 1") for table in ids} == ids


def test_new_points_reach_the_maximum_and_spare_what_was_given_by_hand(book, url):
    book.save(everybody(["ada"]))
    _grade_by_hand_of(url, "ada")
    book.register([P1, replace(P2, cells=(*P2.cells[:2], replace(P2.cells[2], points=5.0)))])
    with api.Gradebook(url, COURSE) as gb:
        assert gb.find_notebook("p2", CHAPTER).max_score == 6.0
        assert gb.find_grade("explain", "p1", CHAPTER, "ada").score == 2.5
        assert gb.find_comment("explain", "p1", CHAPTER, "ada").comment == "Good."


def _grade_by_hand_of(db_url: str, student: str) -> None:
    with api.Gradebook(db_url, COURSE) as gb:
        gb.find_grade("explain", "p1", CHAPTER, student).manual_score = 2.5
        gb.find_comment("explain", "p1", CHAPTER, student).manual_comment = "Good."
        gb.db.commit()


def test_a_new_cell_reaches_submissions_that_are_there(book, url):
    book.save(everybody(["ada", "ben"]))
    book.register([replace(P1, cells=(*P1.cells, Cell("code", "# more", "manual", "more", 2.0))), P2])
    with api.Gradebook(url, COURSE) as gb:
        for student in ("ada", "ben"):
            assert gb.find_grade("more", "p1", CHAPTER, student).needs_manual_grade
            assert gb.find_comment("more", "p1", CHAPTER, student).comment is None


def test_a_cell_that_is_gone_takes_automatic_grades_along(book, url):
    book.save(everybody(["ada"]))
    book.register([without(P1, "test_square"), P2])
    with api.Gradebook(url, COURSE) as gb:
        assert gb.find_submission(CHAPTER, "ada").max_score == 11.5
        with pytest.raises(api.MissingEntry):
            gb.find_source_cell("test_square", "p1", CHAPTER)
    assert not ask(url, "SELECT * FROM grade WHERE cell_id NOT IN (SELECT id FROM base_cell)")


def test_a_cell_graded_by_hand_does_not_go(book, url):
    book.save(everybody(["ada"]))
    _grade_by_hand_of(url, "ada")
    before = contents(url)
    with pytest.raises(GradebookError, match="ps1/p1: explain is no longer in the notebook"):
        book.register([without(P1, "explain", "test_square"), P2])
    assert contents(url) == before


def test_a_notebook_goes_only_without_submissions(book, url):
    book.register([P1])
    assert [row[1] for row in ask(url, TABLES["notebook"])] == ["p1"]
    assert not ask(url, "SELECT * FROM base_cell WHERE notebook_id NOT IN (SELECT id FROM notebook)")
    book.register(SHEETS)
    book.save(everybody(["ada"]))
    before = contents(url)
    with pytest.raises(GradebookError, match="ps1/p2 is no longer in the chapter"):
        book.register([P1])
    assert contents(url) == before


def test_what_is_not_registered_cannot_be_saved(book, url):
    stranger = replace(P2, chapter="ps9")
    odd = replace(P2, cells=(*P2.cells, Cell("code", "", "test", "surprise", 1.0)))
    with pytest.raises(GradebookError, match="does not know the chapter ps9; register it first"):
        book.save([graded("ada"), graded("ben", stranger)])
    with pytest.raises(GradebookError, match="ps1/p2 for ben; the notebook has changed"):
        book.save([graded("ada"), graded("ben", odd)])
    assert set(counts(url).values()) == {0}


# --- results and rows -------------------------------------------------------------------------------------------------


def test_everything_comes_back_in_the_order_of_students(book, monkeypatch):
    monkeypatch.setattr(gradebook, "_RESULTS_AT_ONCE", 2)
    monkeypatch.setattr(gradebook, "_ROWS_AT_ONCE", 2)
    names = ["Zoe", "ada", "b-2", "b10", "ben", "Åse"]  # in the order of their bytes
    batch = everybody(names[::-1])
    book.save(batch)
    stored = list(book.results(CHAPTER))
    assert stored == sorted((g.result for g in batch), key=lambda r: (r.student, r.notebook))
    assert [row["student"] for row in book.rows(CHAPTER)] == names
    assert book.keys(CHAPTER) == {(name, sheet.notebook): "key" for name in names for sheet in SHEETS}
    assert list(book.results("ps9")) == list(book.rows("ps9")) == []
    assert book.keys("ps9") == {}


def test_results_come_in_while_others_go_out(book, monkeypatch):
    monkeypatch.setattr(gradebook, "_RESULTS_AT_ONCE", 1)
    book.save(everybody(["ada", "ben"]))
    going = book.results(CHAPTER)
    assert next(going).student == "ada"
    book.save(everybody(["ada", "cleo"]))
    assert [r.student for r in going] == ["ada", "ben", "ben", "cleo", "cleo"]


def test_a_row_of_one_notebook_is_that_of_the_result(url):
    with Gradebook(url, COURSE) as book:
        book.register([P2])
        book.save([graded("ada")])
        assert list(book.rows(CHAPTER)) == [graded("ada").result.row()]
        assert json.loads(json.dumps(list(book.rows(CHAPTER)))) == list(book.rows(CHAPTER))


def test_a_row_adds_up_notebooks_and_takes_what_was_given_by_hand(book, url):
    book.save(everybody(["ada", "ben"]))
    _grade_by_hand_of(url, "ada")
    with api.Gradebook(url, COURSE) as gb:
        gb.find_grade("check-cube", "p2", CHAPTER, "ada").extra_credit = 0.5
        gb.db.commit()
        nbgraders = gb.find_submission(CHAPTER, "ada").score
    ada, ben = book.rows(CHAPTER)
    assert (ada["score"], ada["max_score"], ada["seconds"]) == (8.0, 13.5, 3.0)
    assert ada["score"] == nbgraders
    exercises = {(e["notebook"], e["id"]): e for e in ada["exercises"]}
    assert list(exercises) == [("p1", n) for n in ("test_square", "explain", "plot", "draw")] + [("p2", "cube")]
    assert exercises["p1", "explain"]["score"] == 2.5
    assert exercises["p1", "explain"]["reason"] == "Graded by hand."
    assert exercises["p2", "cube"]["score"] == 3.5
    assert exercises["p2", "cube"]["state"] == "passed"
    assert ben["score"] == 5.0


def test_what_a_person_gave_and_wrote_comes_with_the_results(book, url):
    book.save(everybody(["ada", "ben"]))
    _grade_by_hand_of(url, "ada")
    ada, _, ben, _ = book.reviewed(CHAPTER)
    assert (ada.result.student, ada.result.grades["explain"].score, ada.comments) == ("ada", 2.5, {"explain": "Good."})
    assert (ben.result, ben.comments, ben.late_penalty) == (list(book.results(CHAPTER))[2], {}, 0.0)


def test_a_row_tells_the_penalty_for_being_late(url):
    with Gradebook(url, COURSE, ZERO) as book:
        book.register(SHEETS)
        _set_duedate(url)
        book.save([graded("ada", P1, timestamp=LATE), graded("ada", P2, timestamp=LATE), graded("ben", P1)])
        ada, ben = book.rows(CHAPTER)
        assert sum(review.late_penalty for review in book.reviewed(CHAPTER)) == 5.0
    assert (ada["score"], ada["late_penalty"]) == (0.0, 5.0)
    assert ben["score"] == 2.0
    assert "late_penalty" not in ben


def test_saving_twice_is_saving_once(book, url):
    book.save(everybody(["ada"]))
    before = contents(url), counts(url)
    book.save([*everybody(["ada"]), *everybody(["ada"])])
    assert (contents(url), counts(url)) == before
    book.save([graded("ada"), replace(graded("ada"), key="last")])
    assert book.keys(CHAPTER)["ada", "p2"] == "last"
    book.save([])
    assert counts(url) == before[1]


def test_a_student_whom_nbgrader_removes_is_gone(book, url):
    book.save(everybody(["ada", "ben"]))
    with api.Gradebook(url, COURSE) as gb:
        gb.remove_student("ada")
    assert {student for student, _ in book.keys(CHAPTER)} == {"ben"}
    assert [row["student"] for row in book.rows(CHAPTER)] == ["ben"]
    assert {r.student for r in book.results(CHAPTER)} == {"ben"}
    book.register(SHEETS)
    assert ask(url, "SELECT DISTINCT student FROM course_results") == [("ben",)]


@pytest.mark.parametrize("name", ["", "a" * 129, "nul\0", "half\ud800"])
def test_names_that_cannot_be_stored_are_refused_in_a_sentence(book, url, name):
    with pytest.raises(GradebookError, match="cannot be the id of a student"):
        book.save([graded("ada"), graded(name)])
    assert counts(url)["course_results"] == 0


def test_a_time_that_is_none_is_refused_in_a_sentence(book):
    with pytest.raises(GradebookError, match="'tomorrowish', when ada handed in, is no time"):
        book.save([graded("ada", timestamp="tomorrowish")])


# --- opening ----------------------------------------------------------------------------------------------------------


def told(db_url: str) -> str:
    with pytest.raises(GradebookError) as problem:
        Gradebook(db_url, COURSE)
    assert "\n" not in str(problem.value)
    return str(problem.value)


def test_no_program_is_needed_on_the_path(url, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with Gradebook(url, COURSE) as book:
        book.register(SHEETS)
    with api.Gradebook(url, COURSE) as gb:
        assert [a.name for a in gb.assignments] == [CHAPTER]


def test_a_creation_cut_short_by_a_missing_alembic_is_completed(url):
    engine = create_engine(url)
    api.Base.metadata.create_all(engine)
    engine.dispose()
    with Gradebook(url, COURSE) as book:
        book.register(SHEETS)
    assert len(ask(url, "SELECT * FROM alembic_version")) == 1
    indexed = [index["column_names"] for index in inspect(create_engine(url)).get_indexes("grade")]
    assert ["notebook_id"] in indexed  # one student's score is found without reading everybody's grades


def execute(db_url: str, *statements: str) -> None:
    engine = create_engine(db_url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def test_an_older_gradebook_is_told_from_the_right_one(book, url):
    execute(url, "UPDATE alembic_version SET version_num = '282d30a0218e'")
    assert "another version of nbgrader: its tables are of version 282d30a0218e" in told(url)
    execute(url, "DROP TABLE alembic_version", "ALTER TABLE student DROP COLUMN lms_user_id")
    assert "version unknown" in told(url)


def test_another_programs_database_is_left_alone(url):
    execute(url, "CREATE TABLE users (name VARCHAR(9))")
    assert "is not a gradebook of nbgrader: it holds the tables users" in told(url)
    assert inspect(create_engine(url)).get_table_names() == ["users"]


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("gradebook.db", "'gradebook.db' is not the address of a database"),
        ("mysql://host/name", "cannot be kept in mysql"),
        ("sqlite:////nowhere/at/all/gradebook.db", "cannot be opened; its folder must exist"),
        ("postgresql://u:secret@127.0.0.1:1/name", "cannot be reached"),
    ],
)
def test_addresses_that_lead_nowhere(address, problem):
    sentence = told(address)
    assert problem in sentence
    assert "secret" not in sentence


def test_wrong_password_and_wrong_name_are_told_without_the_password(request):
    server: Server = request.getfixturevalue("postgres")
    for address in (server.url("postgres", password="guessed"), server.url("absent")):
        sentence = told(address)
        assert "cannot be reached" in sentence
        assert "guessed" not in sentence
        assert server.password not in sentence


def test_every_spelling_of_postgresql_leads_there(request):
    address = request.getfixturevalue("postgres").new_database()
    for spelling in ("postgres", "postgresql", "postgresql+psycopg"):
        with Gradebook(address.replace("postgresql", spelling, 1), COURSE) as book:
            book.register(SHEETS)


@pytest.mark.parametrize("spelling", ["postgresql", "postgresql+psycopg"])
def test_nbgrader_takes_these_spellings(request, spelling):
    address = request.getfixturevalue("postgres").new_database()
    with Gradebook(address, COURSE) as book:
        book.register(SHEETS)
    with api.Gradebook(address.replace("postgresql", spelling, 1), COURSE) as gb:
        assert gb.find_assignment(CHAPTER).max_score == 13.5


def test_the_missing_driver_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert "needs the package psycopg; install it" in told("postgresql://127.0.0.1/name")


@pytest.fixture
def file(tmp_path) -> Path:
    """A SQLite gradebook with one result."""
    path = tmp_path / "gradebook.db"
    with Gradebook(f"sqlite:///{path}", COURSE) as book:
        book.register(SHEETS)
        book.save(everybody(["ada"]))
    return path


def test_a_read_only_file_is_told(file):
    with pytest.raises(GradebookError, match="is read-only; make the file and its folder writable"):
        use(f"file:{file}?mode=ro&uri=true")


@pytest.mark.parametrize("where", [0, 4096])
def test_a_damaged_file_is_told(file, where):
    data = bytearray(file.read_bytes())
    data[where : where + 2000] = b"\x07" * 2000
    file.write_bytes(data)
    with pytest.raises(GradebookError, match="is damaged"):
        use(file)


def use(file: Path | str) -> None:
    with Gradebook(f"sqlite:///{file}", COURSE) as book:
        book.register(SHEETS)
        book.save(everybody(["ben"]))
        list(book.results(CHAPTER))


def test_a_locked_file_is_told_and_works_again(file, monkeypatch):
    monkeypatch.setattr(database, "_BUSY_SECONDS", 0.1)
    with Gradebook(f"sqlite:///{file}", COURSE) as book:
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(GradebookError, match="in use by another program"):
            book.save(everybody(["ben"]))
        other.rollback()
        book.save(everybody(["ben"]))
        assert len(book.keys(CHAPTER)) == 4


def test_a_full_disk_is_told_and_loses_nothing(file):
    pages = sqlite3.connect(file).execute("PRAGMA page_count").fetchone()[0]

    def full(connection, _record):
        connection.execute(f"PRAGMA max_page_count = {pages}")

    event.listen(Engine, "connect", full)
    try:
        with Gradebook(f"sqlite:///{file}", COURSE) as book:
            with pytest.raises(GradebookError, match="the disk is full"):
                book.save(everybody([f"s{n}" for n in range(200)]))
            assert {student for student, _ in book.keys(CHAPTER)} == {"ada"}
    finally:
        event.remove(Engine, "connect", full)


# --- crashes, restarts, crowds ----------------------------------------------------------------------------------------

FRESH = multiprocessing.get_context("forkserver")
FRESH.set_forkserver_preload(["grading.gradebook"])


def write_and_die(db_url: str, sign: str, creating: bool) -> None:
    """Be killed before a statement that begins with `sign`, the first at all or the first of the second batch."""
    armed = [creating]

    def strike(*arguments) -> None:
        statement = arguments[2] if len(arguments) > 2 else "COMMIT"
        if armed[0] and statement.strip().startswith(sign):
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", strike)
    event.listen(Engine, "commit", strike)
    with Gradebook(db_url, COURSE) as book:
        book.register(SHEETS)
        book.save(everybody(["ada", "ben"]))
        armed[0] = True
        book.save(everybody(["ben", "cleo"]))


def kill_at(db_url: str, sign: str, creating: bool) -> None:
    """Let another process write and die."""
    process = FRESH.Process(target=write_and_die, args=(db_url, sign, creating))
    process.start()
    process.join(120)
    assert process.exitcode == -signal.SIGKILL


@pytest.mark.parametrize("sign", ["CREATE TABLE grade ", "CREATE TABLE alembic_version", "COMMIT"])
def test_killed_while_creating_leaves_nothing_half_made(url, sign):
    kill_at(url, sign, creating=True)
    assert inspect(create_engine(url)).get_table_names() == []
    with Gradebook(url, COURSE) as book:
        book.register(SHEETS)
        book.save(everybody(["ada"]))


@pytest.mark.parametrize(
    "sign", ["INSERT INTO submitted_notebook", "INSERT INTO comment", "INSERT INTO course_res", "COMMIT"]
)
def test_killed_while_saving_loses_that_batch_alone(url, sign):
    kill_at(url, sign, creating=False)
    with Gradebook(url, COURSE) as book:
        assert {student for student, _ in book.keys(CHAPTER)} == {"ada", "ben"}
        assert [r.student for r in book.results(CHAPTER)] == ["ada", "ada", "ben", "ben"]
        assert counts(url)["grade"] == 2 * 6
        book.save(everybody(["ben", "cleo"]))
        assert counts(url) == {
            "course_results": 6,
            "grade": 3 * 6,
            "comment": 3 * 5,
            "submitted_notebook": 6,
            "submitted_assignment": 3,
        }


def test_a_restart_of_the_server_is_survived(request):
    server: Server = request.getfixturevalue("postgres")
    address = server.new_database()
    with Gradebook(address, COURSE) as book:
        book.register(SHEETS)
        book.save(everybody(["ada"]))
        going = book.rows(CHAPTER)
        server.restart()
        book.save(everybody(["ben"]))
        assert [row["student"] for row in going] == ["ada", "ben"]
        server.stop()
        later = threading.Timer(1.0, server.start)
        later.start()
        try:
            book.save(everybody(["cleo"]))
        finally:
            later.join()
        assert len(book.keys(CHAPTER)) == 6
    assert counts(address)["course_results"] == 6


def test_a_connection_that_breaks_amid_a_batch_is_made_anew(request):
    address = request.getfixturevalue("postgres").new_database()
    struck = []

    def strike(_connection, _cursor, statement, *_rest):
        if statement.startswith("INSERT INTO comment") and not struck:
            struck.append(True)
            mine = f"datname = '{make_url(address).database}' AND pid <> pg_backend_pid()"
            execute(address, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {mine}")

    with Gradebook(address, COURSE) as book:
        book.register(SHEETS)
        event.listen(Engine, "before_cursor_execute", strike)
        try:
            book.save(everybody(["ada"]))
        finally:
            event.remove(Engine, "before_cursor_execute", strike)
        assert struck
        assert len(book.keys(CHAPTER)) == 2
    assert counts(address)["grade"] == 6


def test_a_server_that_stays_away_is_told(request, monkeypatch):
    server: Server = request.getfixturevalue("postgres")
    monkeypatch.setattr(database, "_PAUSES", (0.0,))
    with Gradebook(server.new_database(), COURSE) as book:
        book.register(SHEETS)
        server.stop()
        try:
            with pytest.raises(GradebookError, match="cannot be reached"):
                book.save(everybody(["ada"]))
        finally:
            server.start()
        book.save(everybody(["ada"]))
        assert len(book.keys(CHAPTER)) == 2


def test_two_runs_at_once_lose_and_double_nothing(url):
    students = [f"s{n}" for n in range(12)]
    problems = []

    def work(names: list[str]) -> None:
        try:
            with Gradebook(url, COURSE) as book:
                book.register(SHEETS)
                for name in names:
                    book.save(everybody([name, "shared"]))
        except Exception as error:  # told by the test itself
            problems.append(error)

    threads = [threading.Thread(target=work, args=(names,)) for names in (students, students[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    assert counts(url) == {
        "course_results": 26,
        "grade": 13 * 6,
        "comment": 13 * 5,
        "submitted_notebook": 26,
        "submitted_assignment": 13,
    }
