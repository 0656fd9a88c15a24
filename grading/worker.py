"""What runs on a worker of the cluster: one submission in, one result out, as bytes.

An `Assignment` is carried to every worker by a plugin, also to workers that join later. A worker whose course code or
packages differ from the driver's refuses to grade.
"""

import faulthandler
import importlib
import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field

from distributed import WorkerPlugin

from grading import codec, fingerprint
from grading.model import Sheet, digest
from helpers.checks.errors import CourseError

ENGINE = "grading.grade:grade"
SPARE_SECONDS = 300.0  # beyond a submission's own limit: to start a sandbox, import TensorFlow in it, and judge

_log = logging.getLogger("grading.worker")


@dataclass(frozen=True)
class Assignment:
    """All that a worker needs to know beside a submission.

    `questions` are what `grading.sheet.questions_bytes` gives for each sheet, `expected` is what
    `grading.fingerprint.expected` says. The engine is named as "module:function" and called as
    engine(sheet, submission, trust=trust).
    """

    sheets: tuple[Sheet, ...]
    questions: tuple[bytes, ...] = ()
    engine: str = ENGINE
    trust: bool = False
    expected: dict[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Changes with anything but a submission that may change a grade, the code and the packages included."""
        return digest(
            [[sheet.digest for sheet in self.sheets], self.engine, self.trust, fingerprint.code(), self.expected]
        )


@dataclass(frozen=True)
class Reply:
    """What came of one submission. `kind` is

    "result"   `data` is the packed result
    "failed"   the engine itself stumbled over this submission; `why` says how
    "stop"     nothing can be graded; `why` is a sentence for people
    "refused"  this worker is not fit to grade; `why` is a sentence, `worker` its address
    "lost"     the process that graded it ended (said by the cluster, not by a worker)
    """

    kind: str
    data: bytes = b""
    why: str = ""
    worker: str = ""


@dataclass(frozen=True)
class _Installed:
    engine: Callable | None
    sheets: dict[str, Sheet]
    trust: bool
    refusal: str | None


_installed: dict[str, _Installed] = {}  # by digest of the assignment


def install(assignment: Assignment, key: str) -> None:
    """Make this process grade for the assignment that the driver calls `key`, or able to say why it does not."""
    engine, refusal = None, fingerprint.difference(assignment.expected, fingerprint.handshake())
    if not refusal:
        try:
            engine = _engine(assignment)
        except Exception as error:  # whatever it is, the worker has to live on and refuse
            refusal = (
                f"It cannot load {assignment.engine} ({describe(error)}): put the same version of the course there."
            )
    sheets = {sheet.digest: sheet for sheet in assignment.sheets}
    _installed[key] = _Installed(engine, sheets, assignment.trust, refusal)


def _engine(assignment: Assignment) -> Callable:
    module, _, name = assignment.engine.partition(":")
    engine = getattr(importlib.import_module(module), name)
    if any(assignment.questions):
        from grading import sheet  # heavy, and needed only where questions are judged outside the sandbox

        for questions in assignment.questions:
            sheet.install(questions)
    return engine


class CoursePlugin(WorkerPlugin):
    """Installs an assignment on every worker, under a name of its own: two drivers may share a cluster."""

    def __init__(self, assignment: Assignment) -> None:
        self.assignment = assignment
        self.key = assignment.digest
        self.name = f"course-{self.key}"

    def setup(self, worker) -> None:
        """Called by each worker as it joins."""
        install(self.assignment, self.key)

    def teardown(self, worker) -> None:
        """Called by each worker once the driver has finished."""
        _installed.pop(self.key, None)


def grade_packed(key: str, sheet: str, packed: bytes) -> Reply:
    """Grade a packed submission for the sheet with that digest, in this process.

    A worker that is still at it long after the submission's own time limit ends itself: the submission counts as lost.
    """
    from distributed import get_worker

    here = get_worker().address
    if key not in _installed:
        return Reply("refused", why="It has not received the assignment: start it again.", worker=here)
    if refusal := _installed[key].refusal:
        return Reply("refused", why=refusal, worker=here)
    seconds = _installed[key].sheets[sheet].limits.total_seconds + SPARE_SECONDS
    faulthandler.dump_traceback_later(seconds, exit=True)
    try:
        return reply(key, sheet, packed)
    finally:
        faulthandler.cancel_dump_traceback_later()


def reply(key: str, sheet: str, packed: bytes) -> Reply:
    """Grade a packed submission in this process, where the assignment is installed; never raises."""
    known = _installed[key]
    try:
        submission = codec.load_submission(packed)
        result = known.engine(known.sheets[sheet], submission, trust=known.trust)
        return Reply("result", codec.dump(result))
    except CourseError as error:
        return Reply("stop", why=str(error))
    except Exception as error:
        _log.info("The engine failed", exc_info=True)
        return Reply("failed", why=describe(error))


def refusal_of(key: str) -> str | None:
    """Why this process cannot grade for the assignment; None where it can."""
    return _installed[key].refusal


def describe(error: BaseException) -> str:
    """An unexpected error in one line: its kind, what it says, and where it arose."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f", {frames[-1].filename.rsplit('/', 1)[-1]}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}{place}"
