"""What a grading run has left behind: grades, graded notebooks, a sound database, and no process."""

import ctypes
import json
import os
import sqlite3
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from nbgrader.api import BaseCell, Grade, SubmittedAssignment, SubmittedNotebook
from sqlalchemy import create_engine, func, make_url, select

from grading.gradebook import Gradebook
from helpers.checks.errors import CourseError

_SUBREAPER = 36  # prctl: orphans below this process become its children
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Mark:
    """All that is stored about one hand-in."""

    exercises: tuple = ()  # (id, score, max_score, state, reason) of each
    cells: tuple = ()  # nbgrader's own: (cell, auto_score) of each graded cell, once per row
    submissions: int = 0  # rows for this hand-in
    notebook: tuple = ()  # as it was graded: source of each cell, and of graded ones what stands under them

    @property
    def whole(self) -> bool:
        return bool(self.exercises and self.cells and self.submissions and self.notebook)


@dataclass(frozen=True)
class Difference:
    """How what is stored differs from what an undisturbed run stores; names of students."""

    lost: tuple[str, ...]  # something is missing
    wrong: tuple[str, ...]  # everything is there, but not the same
    blamed: tuple[str, ...]  # the same but for exercises that count as "killed"
    details: tuple[str, ...]  # the first exercise that is graded otherwise, of each student


def marks(db_url: str, chapter: str, autograded: Path) -> dict[str, Mark]:
    """Everything that is stored about the hand-ins of a chapter with one notebook, by student.

    Raises:
        CourseError: the gradebook cannot be read
    """
    with Gradebook(db_url) as gradebook:
        exercises = {row["student"]: tuple(map(_exercise, row["exercises"])) for row in gradebook.rows(chapter)}
    cells, submissions = _nbgraders(db_url)
    notebooks = {path.parts[-3]: _gist(path) for path in autograded.glob(f"*/{chapter}/{chapter}.ipynb")}
    return {
        name: Mark(exercises.get(name, ()), tuple(sorted(cells[name])), submissions[name], notebooks.get(name, ()))
        for name in exercises.keys() | cells.keys() | submissions.keys() | notebooks.keys()
    }


def _gist(path: Path) -> tuple:
    """What a graded notebook says; nothing if it is damaged. What students' own cells show may differ each time."""
    try:
        cells = json.loads(path.read_bytes())["cells"]
    except (ValueError, KeyError):
        return ()
    graded = [cell["metadata"].get("nbgrader", {}).get("grade") for cell in cells]
    return tuple((str(c["source"]), str(c.get("outputs")) if points else "") for c, points in zip(cells, graded))


def _exercise(row: dict) -> tuple:
    return tuple(row[field] for field in ("id", "score", "max_score", "state", "reason"))


def _nbgraders(db_url: str) -> tuple[dict[str, list], dict[str, int]]:
    """What nbgrader's tables say: scores of cells, and how many submitted notebooks there are; by student."""
    student = SubmittedAssignment.student_id
    whose = select(student, func.count(SubmittedNotebook.id)).join(
        SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id
    )
    scores = select(student, BaseCell.name, Grade.auto_score).join(Grade, Grade.cell_id == BaseCell.id)
    scores = scores.join(SubmittedNotebook, SubmittedNotebook.id == Grade.notebook_id)
    scores = scores.join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
    url = make_url(db_url)
    engine = create_engine(url.set(drivername="postgresql+psycopg") if url.get_backend_name() == "postgresql" else url)
    cells = defaultdict(list)
    with closing(engine.connect()) as connection:
        for name, cell, score in connection.execute(scores):
            cells[name].append((cell, score))
        submissions = defaultdict(int, connection.execute(whose.group_by(student)).all())
    engine.dispose()
    return cells, submissions


def difference(found: dict[str, Mark], expected: dict[str, Mark]) -> Difference:
    """Compare what is stored with what an undisturbed run has stored."""
    nothing, lost, wrong, blamed = Mark(), [], [], []
    for name in sorted(found.keys() | expected.keys()):
        mark = found.get(name, nothing)
        if not mark.whole:
            lost.append(name)
        elif mark != expected.get(name):
            (blamed if _only_killed(mark, expected.get(name, nothing)) else wrong).append(name)
    details = (_detail(name, found.get(name, nothing), expected.get(name, nothing)) for name in (*wrong, *blamed))
    return Difference(tuple(lost), tuple(wrong), tuple(blamed), tuple(details))


def _detail(name: str, mark: Mark, expected: Mark) -> str:
    pairs = zip(mark.exercises, expected.exercises)
    first = next((f"{got} instead of {right}" for got, right in pairs if got != right), "")
    return f"{name}: {first or _other_detail(mark, expected)}"[:600]


def _other_detail(mark: Mark, expected: Mark) -> str:
    if (mark.cells, mark.submissions) != (expected.cells, expected.submissions):
        return f"{mark.submissions} submissions, {mark.cells} in nbgrader's tables"
    cells = [(got, right) for got, right in zip(mark.notebook, expected.notebook, strict=False) if got != right]
    return f"{cells[0][0]} instead of {cells[0][1]} in its graded notebook" if cells else "cells in its graded notebook"


def _only_killed(mark: Mark, expected: Mark) -> bool:
    """Whether there is one grade, and exercises that are not as expected are said to have killed the process."""
    pairs = list(zip(mark.exercises, expected.exercises, strict=False))
    others = [got for got, right in pairs if got != right]
    whole = mark.submissions == 1 and len(mark.exercises) == len(expected.exercises)
    return whole and bool(others) and all(state == "killed" for _, _, _, state, _ in others)


def damage(db_url: str) -> str:
    """What SQLite finds wrong with its file; empty where nothing is, and for a server, which sees to that itself."""
    url = make_url(db_url)
    if url.get_backend_name() != "sqlite":
        return ""
    with closing(sqlite3.connect(url.database)) as connection:
        said = [row[0] for row in connection.execute("PRAGMA integrity_check")]
        said += [f"foreign key: {row}" for row in connection.execute("PRAGMA foreign_key_check")]
    return "" if said == ["ok"] else "; ".join(map(str, said))


def readable(db_url: str, chapter: str, autograded: Path) -> tuple[dict[str, Mark], str]:
    """The marks, and what kept them from being read."""
    try:
        return marks(db_url, chapter, autograded), damage(db_url)
    except (CourseError, sqlite3.DatabaseError) as error:
        return {}, str(error)


@contextmanager
def adopting() -> Iterator[None]:
    """Orphans of the programs that are started meanwhile become children of this process, and so can be counted."""
    _libc.prctl(_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        _libc.prctl(_SUBREAPER, 0, 0, 0, 0)


def survivors(known: Iterable[int], seconds: float) -> list[psutil.Process]:
    """Processes below this one that are still there after `seconds`.

    Left out are PostgreSQL's, and the `known` ones with all below them: those that this process has started itself and
    not waited for.
    """
    until = time.monotonic() + seconds
    while (alive := _alive(set(known))) and time.monotonic() < until:
        time.sleep(0.1)
    return alive


def _alive(known: set[int]) -> list[psutil.Process]:
    alive = []
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            if known & {process.pid, *(parent.pid for parent in process.parents())}:
                continue
            if process.status() == psutil.STATUS_ZOMBIE:
                _bury(process)
            elif process.name() != "postgres":
                alive.append(process)
    return alive


def _bury(process: psutil.Process) -> None:
    """Take note of the end of an adopted child."""
    if process.ppid() == os.getpid():
        with suppress(ChildProcessError):
            os.waitpid(process.pid, os.WNOHANG)
