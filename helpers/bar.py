"""A progress bar for loops that take their time."""

from __future__ import annotations

import html
import os
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")
INTERVAL = 0.1  # seconds between two looks


class Progress:
    """How far a loop has come: a bar in a notebook, a line where there is only text."""

    def __init__(self, label: str, done: int, total: int) -> None:
        self.text, self.done, self.total = f"{label}: {done:,} of {total:,}", done, total

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        text = html.escape(self.text)
        bar = f'<progress value="{self.done}" max="{max(self.total, 1)}" aria-label="{text}"></progress> {text}'
        return {"text/html": f"<div>{bar}</div>", "text/plain": self.text}


def bar(things: Iterable[T], label: str, total: int | None = None) -> Iterator[T]:
    """Yield `things` one by one, and show below the cell how many of `total` (or `len(things)`) have been dealt with.

    A loop that is left early leaves its bar where it was. Outside a notebook, and while a notebook is graded, nothing
    is shown.
    """
    total = len(things) if total is None else total
    handle, shown = _display(Progress(label, 0, total)), time.monotonic()
    done = 0
    try:
        for thing in things:
            yield thing
            done += 1
            if handle and time.monotonic() - shown > INTERVAL:
                handle.update(Progress(label, done, total))
                shown = time.monotonic()
    finally:
        if handle:
            handle.update(Progress(label, done, total))


def _display(progress: Progress):
    """A display that can be updated, or None where nobody looks."""
    from IPython import get_ipython

    if get_ipython() is None or os.environ.get("COURSE_GRADING"):
        return None
    from IPython.display import display

    return display(progress, display_id=True)
