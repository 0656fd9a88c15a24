"""What the kernel tests share: awkward memory layouts, a comparison that forgives rounding, numerical gradients."""

from collections.abc import Callable

import numpy as np
from hypothesis import strategies as st

TOLERANCE = {"float32": 3e-5, "float64": 1e-10}

dtypes = st.sampled_from(["float32", "float64"])
layouts = st.sampled_from(["C", "F", "reversed", "every other"])
seeds = st.integers(0, 2**32 - 1)


def laid_out(array: np.ndarray, layout: str) -> np.ndarray:
    """The same numbers, read-only, in another order in memory."""
    if layout == "F":
        array = np.asfortranarray(array)
    elif layout == "reversed":
        array = array[::-1].copy()[::-1] if array.ndim == 1 else array[::-1, ::-1].copy()[::-1, ::-1]
    elif layout == "every other":
        roomy = np.full([2 * n for n in array.shape], np.nan, array.dtype)
        roomy[tuple(slice(None, None, 2) for _ in array.shape)] = array
        array = roomy[tuple(slice(None, None, 2) for _ in array.shape)]
    array = array.view()
    array.flags.writeable = False
    return array


def normal(seed: int, dtype: str, *shapes: tuple[int, ...]) -> list[np.ndarray]:
    """Standard-normal arrays of these shapes."""
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape).astype(dtype) for shape in shapes]


def assert_close(actual: object, expected: object, dtype: str, rounds: float = 1, scale: float = 1e-3) -> None:
    """Same shape and dtype, and no entry further off than rounding explains, measured against the largest entry.

    scale: the size of what was subtracted from one another, where the difference may cancel down to nothing.
    """
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape
    assert actual.dtype == dtype
    if expected.size:
        allowed = rounds * TOLERANCE[dtype] * (np.abs(expected) + np.abs(expected).max() + scale)
        worst = (np.abs(actual - expected) / allowed).max()
        assert worst <= 1, f"{worst} times the tolerance"


def assert_gradient(f: Callable[[np.ndarray], np.ndarray], x: np.ndarray, dy: np.ndarray, dx: np.ndarray) -> None:
    """dx is the gradient of sum(dy * f(x)): along four random directions, against central differences (float64)."""
    rng = np.random.default_rng(0)
    h = 1e-5
    assert dx.shape == x.shape
    for _ in range(4):
        direction = rng.standard_normal(x.shape)
        slope = np.sum(dy * (np.asarray(f(x + h * direction)) - np.asarray(f(x - h * direction)))) / (2 * h)
        scale = np.sqrt(np.sum(dx**2)) * np.sqrt(max(1, x.size)) + 1e-3
        assert abs(np.sum(dx * direction) - slope) <= 1e-6 * scale
