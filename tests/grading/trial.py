"""One grading run that a fault strikes at a random moment: the course, the command, the moment, and the verdict."""

import json
import random
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from authoring.references import load_exercises
from grading.demo import course as demo
from grading.demo.__main__ import author_cells
from grading.demo.students import make_class
from helpers.checks.library import ROOT
from tests.grading import simulated
from tests.grading.evidence import Mark, difference, readable, survivors
from tests.grading.processes import Processes

PATIENCE = 600.0  # seconds for a command, or for a process to appear, on a machine that is busy with other things
LEAVING = 30.0  # seconds for everything to end behind a command that was killed
REAL = "02_neuron"
SIMULATED_STUDENTS, REAL_STUDENTS = 60, 8


@dataclass(frozen=True)
class Kind:
    """A course with hand-ins: how it is made in an empty folder, and the module that grades it and logs every try."""

    chapter: str
    students: int
    module: str
    log: str  # the variable that names the file in which every try leaves a line
    make: Callable[[Path], object]


def _make_simulated(root: Path) -> None:
    """Half of the students take a moment, half have different scores at once."""
    answers = ["sleep 0.05" if i % 2 else f"score {i % 14 / 4}" for i in range(SIMULATED_STUDENTS)]
    simulated.course(root, {f"s{i:02}": answer for i, answer in enumerate(answers)})


def _make_real(root: Path) -> None:
    """The chapter's release, and of the made-up class some who differ: right, half done, mistaken, broken, empty."""
    for folder in ("solutions", "notebooks"):
        (root / folder / REAL).mkdir(parents=True)
        shutil.copy(ROOT / folder / REAL / f"{REAL}.ipynb", root / folder / REAL)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    students = make_class(REAL, load_exercises(REAL), author_cells(REAL))
    for student in [*students[:1], *students[3:6], *students[9:12], students[-1]]:
        demo.hand_in(root, REAL, student)


SIMULATED = Kind(simulated.CHAPTER, SIMULATED_STUDENTS, "tests.grading.simulated", "SIMULATED_LOG", _make_simulated)
SANDBOXED = Kind(REAL, REAL_STUDENTS, "tests.grading.logged", "GRADED_LOG", _make_real)


@dataclass(frozen=True)
class Undisturbed:
    """A run that nothing has struck: what it stored, and how long it took."""

    marks: dict[str, Mark]
    starting: float  # seconds until the first hand-in is begun
    grading: float  # from there until the last one is begun
    ending: float  # from there to the end


@dataclass
class Outcome:
    """What came of one trial. `troubles` are sentences; there should be none, nor anybody lost or wrong."""

    fault: str
    seed: int
    moment: str = ""
    struck: bool = False  # no: the run was over before the fault found anything to strike
    stopped: list[str] = field(default_factory=list)  # what runs said that ended otherwise than with code 0
    again: int = 0  # hand-ins that were begun more than once
    blamed: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    details: tuple[str, ...] = ()  # how those who are wrong or blamed were graded
    troubles: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        return not (self.blamed or self.lost or self.wrong or self.troubles)

    def tree(self) -> dict:
        return asdict(self)


class Trial:
    """A copy of a course in `folder`, and the runs of the command in it."""

    def __init__(self, kind: Kind, template: Path, folder: Path) -> None:
        self.kind, self.folder, self.root = kind, folder, folder / "course"
        shutil.copytree(template, self.root)
        self.log, self.autograded = folder / "graded.jsonl", self.root / "autograded"
        self.log.touch()
        self.processes = Processes(folder)
        self.command: subprocess.Popen | None = None
        self.db_url = f"sqlite:///{self.root}/gradebook.db"

    def start(self, words: tuple[str, ...]) -> None:
        """Start `course grade` with more words."""
        words = ("-m", self.kind.module, "grade", self.kind.chapter, *words)
        self.command = self.processes.start(*words, cwd=self.root, **{self.kind.log: str(self.log)})

    def begun(self) -> list[tuple[str, int]]:
        """Student and process of every try so far."""
        return [tuple(json.loads(line)) for line in self.log.read_text().splitlines() if line.endswith("]")]

    def running(self) -> bool:
        return self.command.poll() is None

    def reached(self, begun: int) -> bool:
        """Wait until so many tries have begun; whether they have before the command ended."""
        until = time.monotonic() + PATIENCE
        while len(self.begun()) < begun:
            if not self.running() or time.monotonic() > until:
                return False
            time.sleep(0.01)
        return True

    def code(self) -> int | None:
        """The exit code of the command; None if it does not end, and is ended."""
        try:
            return self.command.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.processes.end()
            return None

    def last_words(self) -> str:
        """The last lines that the command has said, in one."""
        return " / ".join(self.processes.said(self.command).strip().splitlines()[-3:])[:600]

    def stored(self) -> tuple[dict[str, Mark], str]:
        """What is stored, and what is wrong with the database."""
        return readable(self.db_url, self.kind.chapter, self.autograded)

    def end(self) -> None:
        """End what is left of the commands."""
        self.processes.end()


def undisturbed(trial: Trial) -> Undisturbed:
    """Run the command once as it is. Raises RuntimeError where that does not grade everybody."""
    began = time.monotonic()
    trial.start(("--workers", "2"))
    first = trial.reached(1) and time.monotonic()
    last = trial.reached(trial.kind.students) and time.monotonic()
    code, end = trial.code(), time.monotonic()
    found, damage = trial.stored()
    if (
        code != 0
        or damage
        or not first
        or not last
        or sum(mark.whole for mark in found.values()) != trial.kind.students
    ):
        raise RuntimeError(
            f"An undisturbed run did not grade everybody ({trial.last_words()}; {damage or 'no damage'})."
        )
    return Undisturbed(found, first - began, last - first, end - last)


@dataclass(frozen=True)
class Moment:
    """So many seconds after so many hand-ins have been begun."""

    begun: int
    delay: float

    def __str__(self) -> str:
        return f"{self.delay:.2f} s after {self.begun} were begun"


def moment(rng: random.Random, kind: Kind, usual: Undisturbed, first: int) -> Moment:
    """Any moment of a run from the `first` hand-in on; 0 includes the time until there is one."""
    begun = rng.randint(first, kind.students)
    if begun == 0:
        return Moment(0, rng.uniform(0.0, usual.starting))
    pause = usual.ending if begun == kind.students else 2 * usual.grading / kind.students
    return Moment(begun, rng.uniform(0.0, pause))


def judge(trial: Trial, outcome: Outcome, usual: Undisturbed) -> None:
    """Compare what is stored with an undisturbed run."""
    found, damage = trial.stored()
    if damage:
        outcome.troubles.append(f"The database: {damage}")
    differs = difference(found, usual.marks)
    outcome.lost, outcome.wrong, outcome.blamed = differs.lost, differs.wrong, differs.blamed
    outcome.details = differs.details
    outcome.again = sum(count > 1 for count in Counter(student for student, _ in trial.begun()).values())


def left_behind(trial: Trial, known: set[int], outcome: Outcome) -> None:
    """Note processes that outlive the command, and end them."""
    for process in survivors(known, LEAVING):
        with suppress(Exception):
            outcome.troubles.append(f"Process {process.pid} survived: {' '.join(process.cmdline())[:160]}")
        with suppress(Exception):
            process.kill()
