"""From hand-ins to a gradebook: reads each one, has it graded in a pool, and stores what comes back.

What has been graded is not graded again, so a run that was stopped, however it was, is gone on with by starting it
again. At every moment only the hand-ins that are being graded are in memory.
"""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

from grading import autograded, codec, intake
from grading.autograded import BESIDE
from grading.cluster import Pool
from grading.database import GradebookError
from grading.grade import graded
from grading.gradebook import Gradebook, Graded
from grading.judge import nothing
from grading.model import Cell, Grade, Result, Sheet, Submission, digest
from grading.places import Places
from grading.worker import Assignment, Reply
from helpers.checks.errors import CourseError

BATCH = 50  # results stored together
BATCH_BYTES = 16 << 20  # of packed results, if that comes first
BATCH_SECONDS = 2.0  # if that comes first
TOLD = 20  # sentences of a kind that are kept for the instructor; the rest is counted
TWICE_LOST = (
    "The process that graded this ended twice, so nothing in it could be counted: your instructor looks into it."
)
STUMBLED = (
    "The grading program itself failed on this notebook, so nothing could be counted yet: it will be graded again."
)
TO_PEOPLE = "This is graded by a person."


class NobodyHandedIn(CourseError):
    """There is nothing to grade."""


@dataclass(frozen=True)
class Job:
    """What is to be graded: the hand-ins of `names` (folders of students) for every notebook of the assignment.

    `notebooks` leaves only those; the assignment has all of the chapter's.
    """

    places: Places
    assignment: Assignment
    names: Sequence[str]
    fresh: bool = False
    notebooks: frozenset[str] | None = None

    @property
    def chapter(self) -> str:
        return self.assignment.sheets[0].chapter

    @property
    def sheets(self) -> tuple[Sheet, ...]:
        """Those to be graded."""
        return tuple(s for s in self.assignment.sheets if self.notebooks is None or s.notebook in self.notebooks)

    def __len__(self) -> int:
        return len(self.names) * len(self.sheets)


@dataclass
class Told:
    """Sentences about a run, the first of them and how many there were."""

    first: list[str] = field(default_factory=list)
    count: int = 0

    def add(self, sentence: str) -> None:
        """Keep the sentence while there is room."""
        self.count += 1
        if len(self.first) < TOLD:
            self.first.append(sentence)


@dataclass
class Tally:
    """How a run went."""

    total: int = 0
    graded: int = 0
    unchanged: int = 0
    lost: int = 0  # of the graded: those that twice lost the process that graded them
    problems: Told = field(default_factory=Told)  # what could not be graded or written
    notes: Told = field(default_factory=Told)  # what was odd about hand-ins

    @property
    def done(self) -> int:
        return self.graded + self.unchanged


@dataclass(frozen=True)
class _Task:
    name: str
    sheet: Sheet
    submission: Submission
    packed: bytes
    key: str


OpenPool = Callable[[Assignment], AbstractContextManager[Pool]]
Progress = Callable[[Tally], None]


def names(places: Places, chapter: str, wanted: Iterable[str] = ()) -> list[str]:
    """Folders of the students who handed in the chapter; only those `wanted`, if any are named by folder or by id.

    Raises:
        NobodyHandedIn: there is none, or one of those wanted is not there
    """
    found = intake.students(places.submitted, chapter)
    if not found:
        raise NobodyHandedIn(
            f"{places.submitted} holds no hand-in of {chapter}: put each at STUDENT/{chapter}/ in it, or name another"
            " folder with --submitted."
        )
    known = {intake.student_id(name): name for name in found} | {name: name for name in found}
    missing = [name for name in wanted if name not in known]
    if missing:
        raise NobodyHandedIn(
            f"{places.submitted} holds no hand-in of {chapter} by {missing[0]!r}: see to the spelling."
        )
    return list(dict.fromkeys(known[name] for name in wanted)) or found


def run(job: Job, open_pool: OpenPool, gradebook: Gradebook, progress: Progress = lambda tally: None) -> Tally:
    """Grade what has changed since it was graded last, and store it.

    Whatever ends a run before its time, an exception or Ctrl-C, what has come back until then is stored.

    Raises:
        CourseError: nothing more can be graded or stored
    """
    tally = Tally(len(job))
    gradebook.register(job.assignment.sheets)
    with ExitStack() as pools, _Store(job, gradebook, tally, progress) as store:
        work = _Run(job, store, lambda: pools.enter_context(open_pool(job.assignment)))
        work.changed(gradebook.keys(job.chapter))
    store.restore()
    return tally


class _Run:
    """Keeps a pool busy. What was lost with its process is graded once more, with nothing beside it."""

    def __init__(self, job: Job, store: "_Store", start: Callable[[], Pool]) -> None:
        self._job, self._store, self._start = job, store, start
        self._pool: Pool | None = None
        self._waiting: dict[int, _Task] = {}
        self._suspects: list[tuple[str, Sheet]] = []
        self._submitted = 0
        self._assignment = job.assignment.digest
        self._sheets = {sheet.notebook: sheet.digest for sheet in job.sheets}

    def changed(self, stored: dict[tuple[str, str], str]) -> None:
        """Grade every hand-in whose key is not the stored one."""
        everything = ((name, sheet) for name in self._job.names for sheet in self._job.sheets)
        for task in self._read(everything):
            if not self._job.fresh and stored.get((task.submission.student, task.sheet.notebook)) == task.key:
                self._store.unchanged(task)
            else:
                self._grade(task, alone=False)
        self._drain(alone=False)
        for task in self._read(self._suspects):
            self._grade(task, alone=True)
        self._drain(alone=True)

    def _read(self, hand_ins: Iterable[tuple[str, Sheet]]) -> Iterator[_Task]:
        for name, sheet in hand_ins:
            folder = self._job.places.submitted / name / sheet.chapter
            submission = intake.read_submission(folder, sheet, name)
            packed = codec.dump_submission(submission)
            key = digest([self._assignment, self._sheets[sheet.notebook], hashlib.sha256(packed).hexdigest()])
            yield _Task(name, sheet, submission, packed, key)

    def _grade(self, task: _Task, alone: bool) -> None:
        """Hand the task in as soon as there is room; `alone` once everything else has come back."""
        if self._pool is None:
            self._pool = self._start()
        while len(self._waiting) >= (1 if alone else self._pool.window()):
            self._absorb(alone)
        self._submitted += 1
        self._waiting[self._submitted] = task
        self._pool.submit(self._submitted, self._sheets[task.sheet.notebook], task.packed)

    def _drain(self, alone: bool) -> None:
        while self._waiting:
            self._absorb(alone)

    def _absorb(self, alone: bool) -> None:
        for number, reply in self._pool.replies(0.5):
            task = self._waiting.pop(number)
            if reply.kind == "lost" and not alone:
                self._suspects.append((task.name, task.sheet))
            else:
                self._store.reply(task, reply)
        self._store.flush_if_due()


class _Store:
    """Stores results in batches; a context manager that stores the last of them whatever happens."""

    def __init__(self, job: Job, gradebook: Gradebook, tally: Tally, progress: Progress) -> None:
        self._job, self._gradebook, self._tally, self._progress = job, gradebook, tally, progress
        self._batch: list[tuple[_Task, Graded]] = []
        self._bytes, self._since = 0, time.monotonic()
        self._absent: dict[tuple[str, str], dict[str, bytes]] = {}  # graded notebooks to be written again

    def __enter__(self) -> "_Store":
        return self

    def __exit__(self, kind, error, trace) -> None:
        if not isinstance(error, GradebookError):
            self.flush()

    def unchanged(self, task: _Task) -> None:
        """Count a hand-in that needs no grading, and remember whether its graded notebook has to be written again."""
        self._tally.unchanged += 1
        self._progress(self._tally)
        if not self._path(task.submission, task.sheet).is_file():
            self._absent[task.submission.student, task.sheet.notebook] = _beside(task.submission)

    def reply(self, task: _Task, reply: Reply) -> None:
        """Take what came of a task. Raises CourseError where nothing can be graded."""
        who, key = f"{task.submission.student}, {task.sheet.notebook}", task.key
        if reply.kind == "stop":
            raise CourseError(reply.why)
        if reply.kind == "result":
            result = codec.load(reply.data)
        elif reply.kind == "lost":
            self._tally.lost += 1
            result = _without_evidence(task, TWICE_LOST)
        else:
            key = ""  # differs from every key, so that the next run tries again
            result = _without_evidence(task, STUMBLED)
            self._tally.problems.add(f"{who}: the grading program failed ({reply.why}); please report it.")
        for note in result.notes:
            self._tally.notes.add(f"{who}: {note}")
        self._batch.append((task, Graded(result, key, task.submission.timestamp)))
        self._bytes += len(reply.data)
        if len(self._batch) >= BATCH or self._bytes >= BATCH_BYTES:
            self.flush()

    def flush_if_due(self) -> None:
        """Store what has waited for long."""
        if self._batch and time.monotonic() - self._since > BATCH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Store everything that has come back: first the notebooks, then, in one transaction, the grades.

        So a graded notebook is never older than its grade: what a crash in between leaves is graded again.
        """
        self._since = time.monotonic()
        if not self._batch:
            return
        for task, entry in self._batch:
            self._write(entry.result, task.sheet, _beside(task.submission))
        self._gradebook.save([entry for _, entry in self._batch])
        self._tally.graded += len(self._batch)
        self._batch, self._bytes = [], 0
        self._progress(self._tally)

    def restore(self) -> None:
        """Write graded notebooks again that somebody has deleted, or that found no room."""
        sheets = {sheet.notebook: sheet for sheet in self._job.sheets}
        for result in self._gradebook.results(self._job.chapter) if self._absent else ():
            if (result.student, result.notebook) in self._absent:
                self._write(result, sheets[result.notebook], self._absent[result.student, result.notebook])

    def _write(self, result: Result, sheet: Sheet, files: dict[str, bytes]) -> None:
        try:
            autograded.write(result, sheet, self._job.places.autograded, files)
        except CourseError as error:
            self._tally.problems.add(str(error))
            with suppress(OSError):  # an older one would not fit the grade; the next run writes what is missing
                self._path(result, sheet).unlink(missing_ok=True)

    def _path(self, whose: Submission | Result, sheet: Sheet) -> Path:
        return self._job.places.autograded / whose.student / sheet.chapter / f"{sheet.notebook}.ipynb"


def _beside(submission: Submission) -> dict[str, bytes]:
    """What nbgrader's other commands look for beside a graded notebook."""
    files = {name: data for name, data in submission.files.items() if name in BESIDE}
    return files | ({BESIDE[0]: submission.timestamp.encode()} if submission.timestamp else {})


def _without_evidence(task: _Task, reason: str) -> Result:
    """No points for anything that a machine judges."""
    submission, sheet = task.submission, task.sheet
    grades = {cell.grade_id: _zero(cell, reason) for cell in graded(sheet.cells)}
    cells = submission.cells or sheet.cells
    return Result(submission.student, sheet.chapter, sheet.notebook, grades, notes=submission.notes, cells=cells)


def _zero(cell: Cell, reason: str) -> Grade:
    if cell.role in ("manual", "task"):
        return Grade(None, cell.points, "manual", TO_PEOPLE)
    return nothing(cell.points, "lost", reason)
