"""Comparing an answer with what was expected, in the order that helps: type, shape, dtype, finite, values.

Nothing here calls the student's code: answers are taken as plain numbers or arrays, or refused.
"""

from dataclasses import dataclass

import numpy as np

from helpers.checks.library import Output, Want

FLOAT32_RTOL = 1e-4
FLOOR = 1e-12  # absolute: the rounding of a sum that should be exactly 0
STAGES = ("type", "shape", "dtype", "not finite", "values", "gradient")


@dataclass
class Finding:
    """One thing that is wrong: the state it puts the exercise in, and the sentence that says so."""

    state: str
    message: str
    yours: np.ndarray | None = None
    expected: np.ndarray | None = None


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
    if expected.dtype.kind == "f" and not np.isfinite(got).all() and np.isfinite(expected).all():
        return _not_finite(label, got, expected), ""
    return _values(label, got, expected, want, output, rtol)


def _compare_text(label: str, answer, target: str) -> Finding | None:
    if not isinstance(answer, str):
        return Finding(
            "type", f"{label} is a {_kind(answer)}; the text {target!r} or another word of the list is expected."
        )
    return None if str.__eq__(answer, target) else Finding("values", f"{label} is {answer!r}, expected {target!r}.")


def _take(label: str, answer, expected: np.ndarray, output: Output) -> tuple[Finding | None, np.ndarray | None]:
    """`answer` as a plain numeric array, or the finding that says why it is not one."""
    if answer is None:
        return Finding("type", f"{label} is None. Does every path through your code end in `return`?"), None
    if output.sequence and isinstance(answer, list | tuple):
        answer = _sequence(answer, expected)
    if isinstance(answer, bool | np.bool_):
        return Finding("dtype", f"{label} is a boolean; a number is expected (multiply by 1, or use .astype)."), None
    if isinstance(answer, int | float | np.number) and not isinstance(answer, complex | np.complexfloating):
        if expected.ndim:
            return Finding(
                "shape", f"{label} is a single number; an array of shape {expected.shape} is expected."
            ), None
        try:
            whole = output.integer and isinstance(answer, int)
            plain = answer if isinstance(answer, np.number) else np.int64(answer) if whole else np.float64(answer)
            return None, np.asarray(plain)
        except OverflowError:
            return Finding("not finite", f"{label} is a whole number too large for a float64."), None
    if not isinstance(answer, np.ndarray):
        return Finding("type", f"{label} is a {_kind(answer)}; {_wanted(expected)} is expected.{_cure(answer)}"), None
    got = answer.view(np.ndarray)
    if got.dtype.kind == "b":
        return Finding(
            "dtype", f"{label} holds booleans (True and False); numbers are expected: `.astype(float)`."
        ), None
    if got.dtype.kind not in "iuf":
        return Finding("dtype", f"{label} has dtype {got.dtype}; real numbers such as float64 are expected."), None
    return None, got


def _sequence(answer, expected: np.ndarray):
    """A list of plain numbers (or of shapes) as an array; anything else is handed back as it is."""
    if len(answer) > 100_000:
        return answer
    try:
        array = np.array([np.asarray(item) if isinstance(item, np.ndarray) else item for item in answer])
    except (ValueError, TypeError, OverflowError, RecursionError):
        return answer
    return array if array.dtype.kind in "iuf" else answer


def _kind(answer) -> str:
    module, name = type(answer).__module__.split(".")[0], type(answer).__name__
    if module in ("tensorflow", "torch", "jax", "jaxlib", "keras"):
        return f"{module} tensor"
    return {"dict": "dictionary", "function": "function (did you forget to call it?)"}.get(name, name)


def _wanted(expected: np.ndarray) -> str:
    return f"a NumPy array of shape {expected.shape}" if expected.ndim else "a single number"


def _cure(answer) -> str:
    if isinstance(answer, list | tuple):
        return " Wrap it in np.array(...), or keep the computation in arrays."
    if _kind(answer).endswith("tensor"):
        return " Call .numpy() on it, or compute with NumPy."
    return ""


def _shape_message(label: str, got: np.ndarray, expected: np.ndarray) -> str:
    message = f"{label} has shape {got.shape}, expected {expected.shape}."
    if got.shape == expected.shape[::-1] and got.ndim > 1:
        return message + " It is the right shape transposed: look at the order of the factors or axes."
    if got.size == expected.size:
        return message + " The number of elements is right: an axis is in the wrong place, missing or extra."
    try:
        np.broadcast_shapes(got.shape, expected.shape)
    except ValueError:
        return message
    return message + " NumPy would stretch one into the other without a word, which is how this mistake hides."


def _not_finite(label: str, got: np.ndarray, expected: np.ndarray) -> Finding:
    bad = np.argwhere(~np.isfinite(got))
    where = tuple(int(i) for i in bad[0])
    here = f", first at index {where}" if where else ""
    message = f"{label} has {len(bad)} of {got.size} values that are nan or infinite{here}."
    return Finding(
        "not finite", message + " Look for a division by zero, a log of 0, or an exp that overflows.", got, expected
    )


def _values(label, got, expected, want: Want, output: Output, rtol: float) -> tuple[Finding | None, str]:
    yours = got.astype(np.float64)
    error, tolerance = _error(yours, expected, want), rtol * _scale(expected) + FLOOR
    if not (error > tolerance).any():
        return None, ""
    if got.dtype in (np.float32, np.float16) and not (error > FLOAT32_RTOL * _scale(expected)).any():
        return (
            None,
            f"{label} was computed in {got.dtype}: right, but only to about {FLOAT32_RTOL:g}. float64 is more exact.",
        )
    state = "gradient" if output.gradient else "values"
    if got.dtype.kind in "iu" and expected.dtype.kind == "f" and (np.abs(yours - expected) < 1).all():
        state = "dtype"
    return Finding(state, _value_message(label, got, expected, error, tolerance, want), yours, expected), ""


def _scale(expected: np.ndarray):
    magnitude = np.abs(expected.astype(np.float64))
    return magnitude + (magnitude.max() if magnitude.size else 0.0)


def _error(yours: np.ndarray, expected: np.ndarray, want: Want) -> np.ndarray:
    """Distance from the expected value, or from the nearer end of the allowed range."""
    if want.low is None:
        return np.abs(yours - expected.astype(np.float64))
    below, above = np.asarray(want.low) - yours, yours - np.asarray(want.high)
    return np.maximum(np.maximum(below, above), 0.0)


def _value_message(label, got, expected, error, tolerance, want: Want) -> str:
    excess = error - tolerance
    where = tuple(int(i) for i in np.unravel_index(int(np.argmax(excess)), error.shape))
    if want.low is not None:
        goal = f"between {np.asarray(want.low)[where]:.6g} and {np.asarray(want.high)[where]:.6g}"
    else:
        goal = _number(expected[where], got[where])
    mine = _number(got[where], expected[where])
    if not got.shape:
        message = f"{label} is {mine}, expected {goal}."
    else:
        wrong = int((excess > 0).sum())
        message = f"{label}: {wrong} of {got.size} values differ. "
        message += f"Furthest off at index {where}: yours {mine}, expected {goal}."
    if got.dtype.kind in "iu" and expected.dtype.kind == "f":
        message += f" Your result has dtype {got.dtype}, which holds no fractions."
    return message


def _number(value, other) -> str:
    """As many digits as are needed to tell the two apart."""
    for digits in (6, 9, 17):
        if f"{float(value):.{digits}g}" != f"{float(other):.{digits}g}":
            break
    return f"{float(value):.{digits}g}"


def same(a, b, rtol: float) -> bool:
    """Whether two outputs agree in shape and value: how an answer is recognised as a known mistake."""
    if isinstance(a, str) or isinstance(b, str):
        return isinstance(a, str) and isinstance(b, str) and str(a) == str(b)
    x, y = _plain(a), _plain(b)
    if x is None or y is None or x.shape != y.shape:
        return False
    x, y = x.astype(np.float64), y.astype(np.float64)
    close = np.abs(x - y) <= max(rtol, 1e-6) * _scale(np.where(np.isfinite(y), y, 0.0)) + FLOOR
    return bool((close | (x == y) | (np.isnan(x) & np.isnan(y))).all())


def _plain(value) -> np.ndarray | None:
    if isinstance(value, list | tuple):
        value = _sequence(value, np.asarray(0.0))
    if isinstance(value, bool | np.bool_ | int | float | np.number):
        return np.asarray(value)
    if isinstance(value, np.ndarray) and value.dtype.kind in "iufb":
        return value.view(np.ndarray)
    return None
