"""nbgrader's `autograde` and `generate_feedback` take the course's road, on the command line and in Formgrader.

`nbgrader_config.py` calls `install`. What nbgrader is told goes on to count: which students and notebooks, which
folders and gradebook, late penalties, hooks. `--force` grades again what has not changed. Without it whatever has
changed since is graded again, whether or not a graded notebook is there.
"""

import time
from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import partial, wraps

from nbgrader.api import Gradebook as StudentList
from nbgrader.api import MissingEntry
from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.converters.base import BaseConverter, NbGraderException

from helpers.checks.errors import CourseError

LOG_SECONDS = 10.0


def install() -> None:
    """Put the course's stages in the place of nbgrader's; doing it twice is doing it once."""
    Autograde.start = _sentences(autograde)
    GenerateFeedback.start = _sentences(generate_feedback)


def _sentences(stage: Callable[[BaseConverter], None]) -> Callable[[BaseConverter], None]:
    """The stage with the course's errors told as nbgrader tells its own: in the log, and by an exit code."""

    @wraps(stage)
    def start(self: BaseConverter) -> None:
        try:
            self.run_pre_convert_hook()
            stage(self)
            self.run_post_convert_hook()
        except CourseError as error:
            self.log.error(str(error))
            raise NbGraderException(str(error)) from None

    return start


def autograde(self: Autograde) -> None:
    """Grade the students and notebooks that were asked for; a single one in this process, others in several."""
    from grading import cluster, driver, fingerprint, sheet
    from grading.gradebook import Gradebook
    from grading.places import Places
    from grading.worker import Assignment

    places = Places.of(self.coursedir, self.config)
    if not self.config.Execute.get("enabled", True):
        self.log.warning("--no-execute is passed over: answers are always asked anew.")
    sheets = sheet.load(self.coursedir.assignment_id, places.root)
    names = _matching(self, driver.names(places, self.coursedir.assignment_id))
    questions = tuple(sheet.questions_bytes(one) for one in sheets)
    assignment = Assignment(tuple(sheets), questions, expected=fingerprint.expected(trust=False))
    job = driver.Job(places, assignment, names, self.force, frozenset(one.notebook for one in _wanted(self, sheets)))
    if len(job) == 1:
        open_pool = cluster.here
    else:
        open_pool = partial(cluster.local, workers=min(cluster.cores(), len(job)), tell=self.log.warning)
    self.log.info("Grading %d hand-ins of %s", len(job), job.chapter)
    with Gradebook(places.db_url, places.course_id, places.config) as gradebook:
        tally = driver.run(job, open_pool, gradebook, _Log(self, len(job), job.chapter))
    for note in tally.notes.first:
        self.log.warning(note)
    self.log.info("%d graded, %d unchanged since they were graded last", tally.graded, tally.unchanged)
    _raise_if_any(self, tally.problems)


def generate_feedback(self: GenerateFeedback) -> None:
    """Write the pages of the students and notebooks that were asked for."""
    from grading import pages, sheet
    from grading.gradebook import Gradebook
    from grading.places import Places

    places, chapter = Places.of(self.coursedir, self.config), self.coursedir.assignment_id
    sheets = _wanted(self, sheet.load(chapter, places.root))
    with Gradebook(places.db_url, places.course_id, places.config) as gradebook:
        students = set(_matching(self, sorted({student for student, _ in gradebook.keys(chapter)})))
        problems = pages.write(sheets, gradebook, places, students, lambda done: None)
    self.log.info("The feedback of %d students is in %s", len(students), places.feedback)
    _raise_if_any(self, problems)


class _Log:
    """Progress as lines in nbgrader's log, which Formgrader shows."""

    def __init__(self, stage: BaseConverter, total: int, chapter: str) -> None:
        self._stage, self._total, self._chapter, self._said = stage, total, chapter, time.monotonic()

    def __call__(self, tally) -> None:
        if time.monotonic() - self._said > LOG_SECONDS:
            self._said = time.monotonic()
            self._stage.log.info("%s: %d of %d", self._chapter, tally.done, self._total)


def _matching(self: BaseConverter, names: list[str]) -> list[str]:
    """The students that nbgrader's --student and its exclusions leave, as far as they may be in the gradebook."""
    excluded = self.coursedir.student_id_exclude.split(",")
    found = [name for name in names if fnmatchcase(name, self.coursedir.student_id) and name not in excluded]
    if not found:
        raise CourseError(f"Nobody matches {self.coursedir.student_id!r} for {self.coursedir.assignment_id!r}.")
    if isinstance(self, Autograde) and not self.create_student:
        _refuse_strangers(self, found)
    return found


def _refuse_strangers(self: Autograde, names: list[str]) -> None:
    with StudentList(self.coursedir.db_url, self.coursedir.course_id) as students:
        for name in names:
            try:
                students.find_student(name)
            except MissingEntry:
                raise CourseError(f"No student with ID {name!r} exists in the database: add them first.") from None


def _wanted(self: BaseConverter, sheets: list) -> list:
    """The notebooks that nbgrader's --notebook leaves."""
    found = [sheet for sheet in sheets if fnmatchcase(sheet.notebook, self.coursedir.notebook_id)]
    if not found:
        raise CourseError(f"No notebook of {self.coursedir.assignment_id!r} matches {self.coursedir.notebook_id!r}.")
    return found


def _raise_if_any(self: BaseConverter, problems) -> None:
    for sentence in problems.first:
        self.log.error(sentence)
    if problems.count:
        raise NbGraderException(f"{problems.count} problems; the first: {problems.first[0]}")
