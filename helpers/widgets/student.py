"""Calling a learner's function from a widget: whatever it does, the widget gets an array or a sentence."""

from collections.abc import Callable

import numpy as np

from helpers.checks.guard import TooSlow, run, student_frame

SECONDS = 2.0  # a slider that takes longer is no fun


def ask(function: Callable, *inputs, shape: tuple[int, ...]) -> tuple[np.ndarray | None, str]:
    """The function's answer as float64 of `shape`, or None and the sentence that says what is wrong with it."""
    value, problem = call(function, *inputs)
    return (None, problem) if problem else as_floats(value, name_of(function), shape)


def call(function: Callable, *inputs, name: str = "") -> tuple[object, str]:
    """What the function returns for copies of `inputs`, or None and the sentence that says why it returned nothing."""
    name = name or name_of(function)
    copies = [i.copy() if isinstance(i, np.ndarray) else i for i in inputs]
    outcome = run(lambda: function(*copies), SECONDS)
    if isinstance(outcome.error, TooSlow):
        return None, f"{name} was stopped after {SECONDS:g} s: it is too slow for a slider, or it never ends."
    if isinstance(outcome.error, NotImplementedError):
        return None, f"{name} is not written yet."
    if outcome.error is not None:
        frame = student_frame(outcome.error.__traceback__)
        where = f", line {frame[1]}" if frame else ""
        return None, f"{name}{where} raised {type(outcome.error).__name__}: {str(outcome.error)[:200]}"
    return outcome.value, ""


def name_of(function: Callable) -> str:
    """What sentences call a learner's function."""
    return getattr(function, "__name__", "your function")


def as_floats(value: object, name: str, shape: tuple[int, ...]) -> tuple[np.ndarray | None, str]:
    """What the function called `name` returned, as float64 of `shape`; or None and the sentence that says why not."""
    if not isinstance(value, np.ndarray | int | float | np.number) or isinstance(value, bool):
        return None, f"{name} returned a {type(value).__name__}; an array of shape {shape} is needed here."
    array = np.asarray(value)
    if array.dtype.kind not in "iufb":
        return None, f"{name} returned an array of {array.dtype}; numbers are needed here."
    if array.shape != shape:
        return None, f"{name} returned shape {array.shape}; {shape} is needed here."
    return array.astype(np.float64), ""
