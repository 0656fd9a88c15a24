"""Comparing an answer with what was expected, in the order that helps: type, shape, dtype, finite, values.

Answers come through `answers.freeze`: nothing here touches an object of the student's.
"""

from dataclasses import dataclass

import numpy as np

from helpers.checks.answers import Opaque
from helpers.checks.library import Output, Want
from helpers.checks.wording import a

FLOAT32_RTOL = 1e-4
FLOOR = 1e-12  # absolute: the rounding of a sum that should be exactly 0
STAGES = ("type", "shape", "dtype", "not finite", "values", "gradient")


@dataclass
class Finding:
    """One thing that is wrong: the state it puts the exercise in, and the sentence that says so.

    Where values differ, `yours` and `want` are kept for a closer look.
    """

    state: str
    message: str
    label: str = ""
    yours: np.ndarray | None = None
    want: Want | None = None


def compare(label: str, answer, want: Want, output: Output, rtol: float) -> tuple[Finding | None, str]:
    """The first thing wrong with `answer`, or None; and a remark that costs nothing, or "".

    Right is `|yours - expected| <= rtol * (|expected| + max|expected|)`, or lying between `want.low` and `want.high`.
    """
    target = want.value if want.value is not None else want.low
    if isinstance(target, str):
        return _compare_text(label, answer, target), ""
    expected = np.asarray(target)
    finding, got = _take(label, answer, expected, output)
    if finding:
        return finding, ""
    if got.shape != expected.shape:
        return Finding("shape", _shape_message(label, got, expected)), ""
    if output.integer and got.dtype.kind not in "iu":
        return Finding("dtype", f"{label} has dtype {got.dtype}; whole numbers are expected here, such as int64."), ""
    if output.floating and got.dtype.kind != "f":
        return Finding("dtype", f"{label} has dtype {got.dtype}; floating-point numbers are expected here."), ""
    if (~np.isfinite(got) & np.isfinite(expected)).any():
        return _not_finite(label, got, expected, want), ""
    return _values(label, got, expected, want, output, rtol)


def _compare_text(label: str, answer, target: str) -> Finding | None:
    if not isinstance(answer, str):
        return Finding("type", f"{label} is {a(_kind(answer))}; a text such as {target!r} is expected.")
    return None if answer == target else Finding("values", f"{label} is {answer[:60]!r}, expected {target!r}.")


def _take(label: str, answer, expected: np.ndarray, output: Output) -> tuple[Finding | None, np.ndarray | None]:
    """`answer` as a numeric array, or the finding that says why it is not one."""
    if answer is None:
        return Finding("type", f"{label} is None. Does every path through your code end in `return`?"), None
    if output.sequence and isinstance(answer, list | tuple):
        answer = _sequence(answer)
    if isinstance(answer, bool) or (isinstance(answer, np.ndarray) and answer.dtype.kind == "b"):
        return Finding("dtype", _boolean_message(label, answer)), None
    if isinstance(answer, int | float):
        answer = np.asarray(answer, np.int64 if isinstance(answer, int) and _fits(answer) else np.float64)
    if not isinstance(answer, np.ndarray):
        kind = a(_kind(answer))
        return Finding("type", f"{label} is {kind}; {_wanted(expected)} is expected.{_cure(answer)}"), None
    if answer.dtype.kind not in "iuf":
        return Finding("dtype", f"{label} has dtype {answer.dtype}; real numbers such as float64 are expected."), None
    return None, answer


def _fits(number: int) -> bool:
    return number.bit_length() < 64


def _boolean_message(label: str, answer) -> str:
    if isinstance(answer, np.ndarray) and answer.ndim:
        return f"{label} holds booleans (True and False); numbers are expected: `.astype(float)`."
    return f"{label} is a boolean; a number is expected: `float(...)` turns True into 1.0."


def _sequence(answer):
    """A list of plain numbers (or of shapes) as an array; anything else is handed back as it is."""
    try:
        array = np.array(answer)
    except (ValueError, TypeError, OverflowError):
        return answer
    return array if array.dtype.kind in "iuf" else answer


def _kind(answer) -> str:
    if isinstance(answer, Opaque):
        return answer.kind
    return {"str": "text", "ndarray": "NumPy array"}.get(type(answer).__name__, type(answer).__name__)


def _wanted(expected: np.ndarray) -> str:
    return f"a NumPy array of shape {expected.shape}" if expected.ndim else "a single number"


def _cure(answer) -> str:
    if isinstance(answer, list | tuple):
        return " Wrap it in np.array(...), or keep the computation in arrays."
    if isinstance(answer, Opaque) and answer.tensor:
        return " Call .numpy() on it, or compute with NumPy."
    return ""


def _shape_message(label: str, got: np.ndarray, expected: np.ndarray) -> str:
    if not got.ndim:
        return f"{label} is a single number; an array of shape {expected.shape} is expected."
    if not expected.ndim:
        cure = " Take the number out of its array, for example with `[0]`." if got.size == 1 else ""
        return f"{label} has shape {got.shape}; a single number is expected.{cure}"
    message = f"{label} has shape {got.shape}, expected {expected.shape}."
    if got.shape == expected.shape[::-1] and got.ndim > 1:
        return message + " It is the right shape transposed: look at the order of the factors or axes."
    if got.size == expected.size:
        return message + " The number of elements is right: an axis is in the wrong place, missing or extra."
    if not all(m == n or 1 in (m, n) for m, n in zip(got.shape[::-1], expected.shape[::-1], strict=False)):
        return message
    return message + " NumPy would stretch one into the other without a word, which is how this mistake hides."


def _not_finite(label: str, got: np.ndarray, expected: np.ndarray, want: Want) -> Finding:
    cure = "Look for a division by zero, a log of 0, or an exp that overflows."
    if not got.ndim:
        return Finding("not finite", f"{label} is {float(got)}; a finite number is expected. {cure}")
    bad = np.argwhere(~np.isfinite(got) & np.isfinite(expected))
    where = tuple(int(i) for i in bad[0])
    message = f"{label} has {len(bad)} of {got.size} values that are nan or infinite, first at index {place(where)}."
    return Finding("not finite", f"{message} {cure}", label, got.astype(np.float64), want)


def _values(label, got, expected, want: Want, output: Output, rtol: float) -> tuple[Finding | None, str]:
    yours = got.astype(np.float64)
    error, tolerance = _error(yours, expected, want), rtol * _scale(expected) + FLOOR
    if not (error > tolerance).any():
        return None, ""
    single = got.dtype.kind == "f" and got.dtype.itemsize < 8
    if single and not (error > FLOAT32_RTOL * _scale(expected) + FLOOR).any():
        kind = got.dtype.newbyteorder("=")
        return (
            None,
            f"{label} was computed in {kind}: right, but only to about {FLOAT32_RTOL:g}. float64 is more exact.",
        )
    state = "gradient" if output.gradient else "values"
    if got.dtype.kind in "iu" and expected.dtype.kind == "f" and (np.abs(yours - expected) < 1).all():
        state = "dtype"
    message = _value_message(label, got, expected, error - tolerance, want)
    return Finding(state, message, label, yours, want), ""


def _scale(expected: np.ndarray) -> np.ndarray:
    magnitude = np.abs(expected.astype(np.float64))
    magnitude = np.where(np.isfinite(magnitude), magnitude, 0.0)
    return magnitude + magnitude.max(initial=0.0)


def _error(yours: np.ndarray, expected: np.ndarray, want: Want) -> np.ndarray:
    """Distance from the expected value, or from the nearer end of the allowed range; infinite where one is nan."""
    if want.low is not None:
        below, above = np.asarray(want.low) - yours, yours - np.asarray(want.high)
        return np.maximum(np.maximum(below, above), 0.0)
    with np.errstate(invalid="ignore"):
        error = np.abs(yours - expected.astype(np.float64))
    error = np.where(np.isnan(error), np.inf, error)
    return np.where((yours == expected) | (np.isnan(yours) & np.isnan(expected)), 0.0, error)


def _value_message(label, got, expected, excess, want: Want) -> str:
    where = tuple(int(i) for i in np.unravel_index(int(np.argmax(excess)), excess.shape))
    if want.low is not None:
        low, high = (f"{np.asarray(end)[where]:.6g}" for end in (want.low, want.high))
        goal = low if low == high else f"between {low} and {high}"
    else:
        goal = number(expected[where], got[where])
    mine = number(got[where], expected[where])
    if not got.shape:
        message = f"{label} is {mine}, expected {goal}."
    elif got.size == 1:
        message = f"the one value of {label} is {mine}, expected {goal}."
    else:
        wrong = int((excess > 0).sum())
        message = f"{wrong} of {got.size} values of {label} are wrong. "
        message += f"Furthest off is the one at index {place(where)}: yours {mine}, expected {goal}."
    if got.dtype.kind in "iu" and expected.dtype.kind == "f" and (expected != np.round(expected)).any():
        message += f" Your result has dtype {got.dtype}, which holds no fractions."
    return message


def place(index: tuple[int, ...]) -> str:
    """An index as one writes it: 3, or (0, 3)."""
    return str(index[0]) if len(index) == 1 else str(index)


def number(value, other) -> str:
    """As many digits as are needed to tell the two apart."""
    for digits in (6, 9, 17):
        if f"{float(value):.{digits}g}" != f"{float(other):.{digits}g}":
            break
    return f"{float(value):.{digits}g}"


def same(one, other, rtol: float) -> bool:
    """Whether two outputs agree in shape and value: how an answer is recognised as a known mistake."""
    if isinstance(one, str) or isinstance(other, str):
        return isinstance(one, str) and isinstance(other, str) and one == other
    x, y = _plain(one), _plain(other)
    if x is None or y is None or x.shape != y.shape:
        return False
    x, y = x.astype(np.float64), y.astype(np.float64)
    with np.errstate(invalid="ignore"):
        close = np.abs(x - y) <= max(rtol, 1e-6) * _scale(y) + FLOOR
    return bool((close | (x == y) | (np.isnan(x) & np.isnan(y))).all())


def _plain(value) -> np.ndarray | None:
    if isinstance(value, list | tuple):
        value = _sequence(value)
    if isinstance(value, bool | np.bool_ | int | float | np.number):
        return np.asarray(value)
    if isinstance(value, np.ndarray) and value.dtype.kind in "iufb":
        return value
    return None
