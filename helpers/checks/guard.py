"""Running a student's code so that nothing it does can stop the check: time, output, NumPy and settings are watched."""

import contextlib
import io
import linecache
import os
import random
import signal
import sys
import sysconfig
import threading
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType

import numpy as np

from helpers.checks import pristine

KEEP_OUTPUT = 2_000  # characters of what the student's code prints
KEEP_WARNINGS = 5
_MOMENT = random.Random(0).random  # a generator of our own: the global one is left alone
LIBRARIES = (
    str(Path(__file__).resolve().parents[1]),
    *(sysconfig.get_path(p) for p in ("stdlib", "purelib", "platlib")),
)
_QUIET = (__file__, pristine.__file__, contextlib.__file__, signal.__file__)  # where the alarm must not raise


class TooSlow(BaseException):
    """The time limit. Not an `Exception`, so that `except Exception` in the student's loop does not swallow it."""


@dataclass
class Outcome:
    """What came of one call: a value or an error, and what was seen on the way."""

    value: object = None
    error: BaseException | None = None
    printed: str = ""
    warned: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)  # functions of NumPy or Python that the code overwrote
    seeded: bool = False  # NumPy's global random state moved

    def note_warning(self, message, category, *_) -> None:
        """Stands in for `warnings.showwarning`."""
        if len(self.warned) < KEEP_WARNINGS:
            self.warned.append(f"{category.__name__}: {message}"[:300])


class _Capped(io.TextIOBase):
    """A text file that keeps the first `KEEP_OUTPUT` characters and counts the rest."""

    def __init__(self) -> None:
        self.text, self.size = "", 0

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() takes a text, not a {type(text).__name__}")
        self.size += len(text)
        if len(self.text) < KEEP_OUTPUT:
            self.text += text[: KEEP_OUTPUT - len(self.text)]
        return len(text)

    def summary(self) -> str:
        return self.text + (f"\n... {self.size - KEEP_OUTPUT} more characters" if self.size > KEEP_OUTPUT else "")


def run(call, seconds: float) -> Outcome:
    """Call `call()` with a time limit; errors, prints, warnings and tampering come back in the `Outcome`."""
    outcome, out = Outcome(), _Capped()
    drawn = np.random.get_state(legacy=False)  # noqa: NPY002
    with _settings_restored(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        warnings.simplefilter("always")
        warnings.showwarning = outcome.note_warning
        try:
            with time_limit(seconds):
                try:
                    outcome.value = call()
                finally:
                    outcome.replaced = pristine.put_back()
        except BaseException as error:
            outcome.error = error
    outcome.printed = out.summary()
    outcome.seeded = _random_state_put_back(drawn)
    return outcome


@contextlib.contextmanager
def _settings_restored():
    """Put back what the code may have set for everybody: floating-point errors, warnings, folder, recursion limit."""
    folder, depth = os.getcwd(), sys.getrecursionlimit()
    with np.errstate(), warnings.catch_warnings():
        yield
    sys.setrecursionlimit(depth)
    with contextlib.suppress(OSError):
        os.chdir(folder)


def _random_state_put_back(before: dict) -> bool:
    """Whether NumPy's global random state had moved."""
    now = np.random.get_state(legacy=False)  # noqa: NPY002
    moved = before["state"]["pos"] != now["state"]["pos"] or (before["state"]["key"] != now["state"]["key"]).any()
    if moved:
        np.random.set_state(before)  # noqa: NPY002
    return bool(moved)


class time_limit:
    """Raise `TooSlow` in the running code after `seconds`.

    The alarm goes on ringing, at random moments some microseconds apart: a loop that catches everything, however deeply
    nested, is caught again before it re-enters its `try`. It never raises in the lines that put the alarm away. Off the
    main thread nothing can be interrupted; on Windows, which has no alarm, the main thread is sent an interrupt. A
    single call into compiled code is interrupted when it returns.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds, self.active, self.late = seconds, True, False
        self.main = threading.current_thread() is threading.main_thread()
        self.alarm = self.main and hasattr(signal, "setitimer")

    def __enter__(self) -> None:
        if self.alarm:
            self.unraisable, sys.unraisablehook = sys.unraisablehook, self._in_a_destructor
            self.previous = signal.signal(signal.SIGALRM, self._ring)
            signal.setitimer(signal.ITIMER_REAL, self.seconds)
        elif self.main:
            self.timer = threading.Timer(self.seconds, self._interrupt)
            self.timer.start()

    def __exit__(self, kind, error, trace) -> None:
        self.active = False
        if self.alarm:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, self.previous)
            sys.unraisablehook = self.unraisable
        elif self.main:
            self.timer.cancel()
            if kind is KeyboardInterrupt and self.late:
                raise TooSlow from None

    def _ring(self, signum: int, frame: FrameType | None) -> None:
        if not self.active:
            return
        signal.setitimer(signal.ITIMER_REAL, 1e-6 + 2e-5 * _MOMENT())
        if frame is None or frame.f_code.co_filename not in _QUIET:
            raise TooSlow

    def _in_a_destructor(self, raised) -> None:
        """An alarm that rang where Python can raise nothing rings again a moment later; it is not worth a word."""
        if not isinstance(raised.exc_value, TooSlow):
            self.unraisable(raised)

    def _interrupt(self) -> None:
        import _thread

        self.late = True
        if self.active:
            _thread.interrupt_main()


def student_frame(trace: TracebackType | None) -> tuple[str, int, str] | None:
    """Name, line number and line of the innermost frame that lies in the student's own code, or None."""
    found = None
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if not name.startswith(LIBRARIES) and not name.startswith("<frozen"):
            found = trace
        trace = trace.tb_next
    if found is None:
        return None
    line = linecache.getline(found.tb_frame.f_code.co_filename, found.tb_lineno).strip()
    return frame_name(found), found.tb_lineno, line if len(line) <= 80 else f"{line[:77]}..."


def frame_name(trace: TracebackType) -> str:
    """What the code of a frame is called, such as "Neuron.forward"."""
    return trace.tb_frame.f_code.co_qualname.split("<locals>.")[-1]
