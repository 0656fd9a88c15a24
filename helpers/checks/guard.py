"""Running a student's code so that nothing it does can stop the check: time, output, input and NumPy are watched."""

import contextlib
import io
import signal
import sys
import sysconfig
import threading
import traceback
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType

import numpy as np

KEEP_OUTPUT = 2_000  # characters of what the student's code prints
_OURS = (str(Path(__file__).resolve().parents[1]), sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"))


class TooSlow(BaseException):
    """The time limit. Not an `Exception`, so that `except Exception` in the student's loop does not swallow it."""


@dataclass
class Outcome:
    """What came of one call: a value or an error, and what was seen on the way."""

    value: object = None
    error: BaseException | None = None
    printed: str = ""
    warned: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)  # NumPy functions that the code overwrote
    seeded: bool = False  # the global random state moved


class _Capped(io.TextIOBase):
    """A text file that keeps the first `KEEP_OUTPUT` characters and counts the rest."""

    def __init__(self) -> None:
        self.text, self.size = "", 0

    def write(self, text: str) -> int:
        self.size += len(text)
        self.text += text[: KEEP_OUTPUT - len(self.text)]
        return len(text)

    def summary(self) -> str:
        return self.text + (f"\n... {self.size - KEEP_OUTPUT} more characters" if self.size > KEEP_OUTPUT else "")


def run(call, seconds: float) -> Outcome:
    """Call `call()` with a time limit; errors, prints, warnings and tampering come back in the `Outcome`."""
    outcome, out = Outcome(), _Capped()
    state = np.random.get_state(legacy=False)  # noqa: NPY002
    with _numpy_restored(outcome), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out), time_limit(seconds):
                outcome.value = call()
        except (Exception, SystemExit, GeneratorExit, TooSlow) as error:
            outcome.error = error
    outcome.printed = out.summary()
    outcome.warned = [f"{w.category.__name__}: {w.message}" for w in caught]
    outcome.seeded = not _same_state(state, np.random.get_state(legacy=False))  # noqa: NPY002
    if outcome.seeded:
        np.random.set_state(state)  # noqa: NPY002
    return outcome


def _same_state(a: dict, b: dict) -> bool:
    return a["state"]["pos"] == b["state"]["pos"] and bool((a["state"]["key"] == b["state"]["key"]).all())


@contextlib.contextmanager
def _numpy_restored(outcome: Outcome):
    """Put back every attribute of `numpy` that the student's code replaced, and name it."""
    modules = {"numpy": np, "numpy.linalg": np.linalg, "numpy.testing": sys.modules.get("numpy.testing")}
    before = {name: dict(vars(module)) for name, module in modules.items() if module is not None}
    try:
        yield
    finally:
        for name, attributes in before.items():
            module = modules[name]
            for key, value in attributes.items():
                if vars(module).get(key, None) is not value:
                    setattr(module, key, value)
                    outcome.replaced.append(f"{name}.{key}")


class time_limit:
    """Raise `TooSlow` in the running code after `seconds`.

    The alarm goes on firing every few microseconds, so a loop that catches everything is caught again outside its
    `try`; it never raises in the lines that put the alarm away. Off the main thread nothing can be interrupted; on
    Windows, which has no alarm, the main thread is sent an interrupt.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds, self.late = seconds, False
        self.main = threading.current_thread() is threading.main_thread()
        self.alarm = self.main and hasattr(signal, "setitimer")

    def __enter__(self) -> None:
        if self.alarm:
            self.previous = signal.signal(signal.SIGALRM, self._ring)
            signal.setitimer(signal.ITIMER_REAL, self.seconds)
        elif self.main:
            self.timer = threading.Timer(self.seconds, self._interrupt)
            self.timer.start()

    def __exit__(self, kind, error, trace) -> None:
        if self.alarm:
            signal.signal(signal.SIGALRM, signal.SIG_IGN)
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, self.previous)
        elif self.main:
            self.timer.cancel()
            if kind is KeyboardInterrupt and self.late:
                raise TooSlow from None

    def _ring(self, signum: int, frame: FrameType | None) -> None:
        signal.setitimer(signal.ITIMER_REAL, 2e-5)
        if frame is None or frame.f_code.co_filename not in (__file__, contextlib.__file__):
            raise TooSlow

    def _interrupt(self) -> None:
        import _thread

        self.late = True
        _thread.interrupt_main()


def student_frame(trace: TracebackType | None) -> traceback.FrameSummary | None:
    """The innermost frame of an error that lies in the student's own code, or None if there is none."""
    frames = traceback.extract_tb(trace) if trace else []
    own = [f for f in frames if not f.filename.startswith(_OURS) and not f.filename.startswith("<frozen")]
    return own[-1] if own else None


def raised_by_student(error: BaseException) -> bool:
    """Whether the error was raised inside the student's code, and not by our call of it."""
    return student_frame(error.__traceback__) is not None
