"""The gradebook: nbgrader's tables, which Formgrader, `nbgrader export` and grading by hand go on using, and beside
them in the same database every result with its reasons.

What is written means what `nbgrader autograde` would have meant by it. A batch is stored as a whole or not at all, and
storing it twice is storing it once.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby

from nbgrader.api import BaseCell, Comment, Grade, SubmittedNotebook
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy import Connection, Row, or_, select
from sqlalchemy.orm import Session
from traitlets.config import Config

from grading.codec import load
from grading.database import COURSE_RESULTS, Database, exclude_others
from grading.model import Result, Reviewed, Sheet
from grading.recording import Entry, Graded, Penalty, record
from grading.registration import chapters_of, register_chapter, register_course

__all__ = ["Gradebook", "Graded"]

BY_HAND = "Graded by hand."
_RESULTS_AT_ONCE, _ROWS_AT_ONCE = 10, 200  # students that are in memory while going through a chapter


class Gradebook:
    """The gradebook at `db_url`, such as `sqlite:///gradebook.db`; a context manager.

    `config` is nbgrader's configuration, for its penalties on late submissions; none are given by default. Every
    method raises GradebookError, one sentence, where the database cannot do what it is asked.
    """

    def __init__(self, db_url: str, course_id: str = "default_course", config: Config | None = None) -> None:
        self._course = course_id or "default_course"
        self._database = Database(db_url)
        self._penalty = _penalty(config or Config())

    def __enter__(self) -> "Gradebook":
        return self

    def __exit__(self, *_exception) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections to the database back."""
        self._database.close()

    def register(self, sheets: Sequence[Sheet]) -> None:
        """Make the chapters of `sheets` known, or bring them up to date; `sheets` has all notebooks of a chapter.

        Submissions, grades and comments stay. GradebookError says so where a cell is gone that has a grade or a
        comment given by hand, or a notebook that has submissions; nothing has changed then.
        """

        def work(connection: Connection) -> None:
            exclude_others(connection)
            with Session(connection) as session:
                register_course(session, self._course)
                session.flush()
                for chapter in chapters_of(sheets):
                    register_chapter(session, self._course, chapter)
                session.flush()

        self._database.write(work)

    def save(self, batch: Sequence[Graded]) -> None:
        """Store results of registered chapters, all of them in one transaction; of a notebook twice, the last counts.

        As with nbgrader: scores given by hand stay and take precedence, but wait for another look.
        """
        entries = [Entry.of(graded) for graded in batch]
        self._database.write(lambda connection: record(connection, entries, self._penalty))

    def keys(self, chapter: str) -> dict[tuple[str, str], str]:
        """The key of every stored result, by student and notebook."""
        table = COURSE_RESULTS.c
        query = select(table.student, table.notebook, table.key).where(table.chapter == chapter)
        rows = self._database.read(lambda connection: connection.execute(_valid(query)).all())
        return {(row.student, row.notebook): row.key for row in rows}

    def results(self, chapter: str) -> Iterator[Result]:
        """Every stored result, in the order of students and notebooks, a few in memory at a time."""
        for page in self._pages(lambda c, after: _page(c, chapter, after, _RESULTS_AT_ONCE, COURSE_RESULTS.c.result)):
            yield from (load(row["result"]) for row in page)

    def reviewed(self, chapter: str) -> Iterator[Reviewed]:
        """Every stored result as it stands after a person has looked at it, in the order of `results`."""
        for page in self._pages(lambda c, after: _reviewed_page(c, chapter, after)):
            yield from (row["reviewed"] for row in page)

    def rows(self, chapter: str) -> Iterator[dict]:
        """The JSON row of every student, in order: `Result.row()` with what was graded by hand, over all notebooks.

        Where a student has several notebooks, each exercise names its own. A penalty for being late is taken off the
        score, and told as `late_penalty`.
        """
        for page in self._pages(lambda c, after: _row_page(c, chapter, after)):
            for _, rows in groupby(page, key=lambda row: row["student"]):
                yield _together(list(rows))

    def _pages(self, read: Callable[[Connection, str], list[Mapping]]) -> Iterator[list[Mapping]]:
        """Pages in the order of students, each in a transaction of its own: nobody who writes has to wait."""
        after = ""
        while page := self._database.read(partial(read, after=after)):
            yield page
            after = page[-1]["student"]


def _penalty(config: Config) -> Penalty:
    """The late penalty of nbgrader's plugin: (student, score, seconds late) -> points or None."""
    stage = AssignLatePenalties(config=config)
    stage.init_plugin()
    return stage.plugin_inst.late_submission_penalty


# --- reading ---------------------------------------------------------------------------------------------------------


def _valid(query):
    """Leave out results whose submission nbgrader's own commands have removed."""
    return query.join(SubmittedNotebook, SubmittedNotebook.id == COURSE_RESULTS.c.submission)


def _page(connection: Connection, chapter: str, after: str, size: int, *columns) -> list[Mapping]:
    """The rows of the next `size` students behind `after`."""
    table = COURSE_RESULTS.c
    students = _valid(select(table.student)).where(table.chapter == chapter, table.student > after)
    students = students.distinct().order_by(table.student).limit(size)
    query = _valid(select(table.student, table.notebook, *columns)).where(table.chapter == chapter)
    names = list(connection.scalars(students))
    query = query.where(table.student.in_(names)).order_by(table.student, table.notebook)
    return list(connection.execute(query).mappings())


def _reviewed_page(connection: Connection, chapter: str, after: str) -> list[dict]:
    """What a person has made of the results of the next students."""
    table, penalty = COURSE_RESULTS.c, SubmittedNotebook.late_submission_penalty
    page = _page(connection, chapter, after, _RESULTS_AT_ONCE, table.submission, table.result, penalty)
    ids = [row["submission"] for row in page]
    grades, comments = _by_submission(_graded_by_hand(connection, ids)), _by_submission(_comments(connection, ids))

    def reviewed(row: Mapping) -> Reviewed:
        result = _corrected(load(row["result"]), grades.get(row["submission"], {}))
        said = {name: found.comment for name, found in comments.get(row["submission"], {}).items()}
        return Reviewed(result, said, row["late_submission_penalty"] or 0.0)

    return [{"student": row["student"], "reviewed": reviewed(row)} for row in page]


def _row_page(connection: Connection, chapter: str, after: str) -> list[dict]:
    """The JSON rows of the next students, one per notebook, with `notebook` and `late_penalty` in each."""
    table, penalty = COURSE_RESULTS.c, SubmittedNotebook.late_submission_penalty
    page = _page(connection, chapter, after, _ROWS_AT_ONCE, table.submission, table.row_json, penalty)
    by_hand = _by_submission(_graded_by_hand(connection, [row["submission"] for row in page]))
    rows = []
    for row in page:
        tree, hand = json.loads(row["row_json"]), by_hand.get(row["submission"])
        if hand:
            data = connection.scalar(select(table.result).where(table.submission == row["submission"]))
            tree = _corrected(load(data), hand).row()
        rows.append(tree | {"notebook": row["notebook"], "late_penalty": row["late_submission_penalty"] or 0.0})
    return rows


def _by_submission(rows: Iterable[Row]) -> dict[str, dict[str, Row]]:
    """The rows by the student's notebook and the name of the cell."""
    found: dict[str, dict[str, Row]] = {}
    for row in rows:
        found.setdefault(row.notebook_id, {})[row.name] = row
    return found


def _comments(connection: Connection, ids: Sequence[str]) -> Iterable[Row]:
    """What a person wrote; nbgrader's own "No response." is not among it."""
    query = select(Comment.notebook_id, BaseCell.name, Comment.manual_comment.label("comment"))
    query = query.join(BaseCell, BaseCell.id == Comment.cell_id).where(Comment.notebook_id.in_(ids))
    return connection.execute(query.where(Comment.manual_comment.is_not(None)))


def _graded_by_hand(connection: Connection, ids: Sequence[str]) -> Iterable[Row]:
    query = select(Grade.notebook_id, BaseCell.name, Grade.manual_score, Grade.score.label("score"))
    query = query.join(BaseCell, BaseCell.id == Grade.cell_id).where(Grade.notebook_id.in_(ids))
    return connection.execute(query.where(or_(Grade.manual_score.is_not(None), Grade.extra_credit.is_not(None))))


def _corrected(result: Result, by_hand: dict[str, Row]) -> Result:
    """The result with the scores that a person gave, and with extra credit."""
    grades = dict(result.grades)
    for name in grades.keys() & by_hand.keys():
        changes = {"score": by_hand[name].score}
        if by_hand[name].manual_score is not None:
            changes |= {"state": "manual", "reason": BY_HAND}
        grades[name] = replace(grades[name], **changes)
    return replace(result, grades=grades)


def _together(rows: list[dict]) -> dict:
    """One student's row from those of the notebooks."""
    penalty = sum(row["late_penalty"] for row in rows)
    several = len(rows) > 1
    whole = {
        "student": rows[0]["student"],
        "chapter": rows[0]["chapter"],
        "score": max(0.0, round(sum(row["score"] for row in rows) - penalty, 4)),
        "max_score": sum(row["max_score"] for row in rows),
        "seconds": round(sum(row["seconds"] for row in rows), 3),
        "exercises": [e | ({"notebook": row["notebook"]} if several else {}) for row in rows for e in row["exercises"]],
    }
    return whole | ({"late_penalty": penalty} if penalty else {})
