"""How far a run is: a bar on a terminal, a line every so often anywhere else."""

import sys
import time

from tqdm import tqdm

from grading.driver import Tally

LINE_SECONDS = 15.0


class Progress:
    """Called with the tally of a run; shows on stderr. A context manager."""

    def __init__(self, total: int, what: str) -> None:
        self._terminal = sys.stderr.isatty()
        self._bar = tqdm(total=total, desc=what, unit="hand-in", file=sys.stderr, disable=not self._terminal)
        self._total, self._what, self.done = total, what, 0
        self._began = self._said = time.monotonic()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_exception) -> None:
        self._bar.close()

    def __call__(self, tally: Tally) -> None:
        """Show that `tally.done` are done."""
        self.reached(tally.done)

    def reached(self, done: int) -> None:
        """Show that `done` are done."""
        self.done = done
        if self._terminal:
            self._bar.update(done - self._bar.n)
        elif time.monotonic() - self._said > LINE_SECONDS:
            self._said = time.monotonic()
            self.tell(tqdm.format_meter(done, self._total, self._said - self._began, prefix=self._what, ncols=0))

    def tell(self, sentence: str) -> None:
        """Say something without spoiling the bar."""
        tqdm.write(sentence, file=sys.stderr)
        sys.stderr.flush()
