"""One plain sentence for every argument that does not fit: its name, what it was, what fits.

The checks read only `shape` and `dtype`, so NumPy arrays and TensorFlow tensors are checked by the same code.
"""

from typing import Any

import numpy as np

IMAGES = "(batch, height, width, channels)"
WEIGHTS = "(kernel_height, kernel_width, in_channels, out_channels)"


def require_floats(**arrays: Any) -> None:
    """Every named argument is an array of float32 or float64, and all of them of the same one. None is skipped."""
    expected, owner = None, ""
    for name, array in arrays.items():
        if array is None:
            continue
        dtype = getattr(array, "dtype", None)
        if dtype is None:
            raise ValueError(f"{name} is a {type(array).__name__}; it must be an array, for example np.array({name}).")
        if not (getattr(dtype, "kind", "") == "f" or getattr(dtype, "is_floating", False)):  # NumPy's way, TensorFlow's
            raise ValueError(
                f"{name} has dtype {dtype.name}; use float32 or float64, for example {name}.astype('float32')."
            )
        if expected is not None and dtype != expected:
            raise ValueError(
                f"{name} has dtype {dtype.name} but {owner} has {expected.name}; convert one so that both agree."
            )
        expected, owner = dtype, name


def require_rank(name: str, array: Any, rank: int, axes: str) -> None:
    """`array` has exactly `rank` axes, described to the reader by `axes`."""
    if len(array.shape) != rank:
        raise ValueError(f"{name} has shape {tuple(array.shape)}; it needs {rank} axes: {axes}.")


def require_shape(name: str, array: Any, shape: tuple[int | None, ...]) -> None:
    """`array` has this shape; a None, on either side, stands for any length."""
    actual = tuple(array.shape)
    if actual == shape:
        return
    if len(actual) != len(shape) or any(
        a != s for a, s in zip(actual, shape, strict=True) if a is not None and s is not None
    ):
        raise ValueError(f"{name} has shape {actual}; it must be {shape} to fit the other arguments.")


def require_whole(name: str, value: Any, minimum: int) -> None:
    """`value` is a whole number and at least `minimum`."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < minimum:
        raise ValueError(f"{name} is {value!r}; it must be a whole number, {minimum} or more.")


def require_between(name: str, value: float, low: float, high: float) -> None:
    """`low <= value < high`."""
    if not low <= value < high:
        raise ValueError(f"{name} is {value!r}; it must be at least {low} and below {high}.")


def require_finite(name: str, array: np.ndarray) -> None:
    """No NaN and no infinity in `array`."""
    finite = np.isfinite(array)
    if not finite.all():
        bad = np.argwhere(~finite)
        where = tuple(int(i) for i in bad[0])
        raise ValueError(
            f"{name} holds {array[where]} at index {where} (and {len(bad) - 1} more such entries); every entry must be "
            "finite. A learning rate that is too high is the usual cause."
        )


def require_samples(name: str, array: Any) -> None:
    """The batch is not empty: a mean over no samples does not exist."""
    if array.shape[0] == 0:
        raise ValueError(f"{name} has shape {tuple(array.shape)}, an empty batch; a mean needs at least one sample.")


def as_float(name: str, array: Any) -> np.ndarray:
    """`array` as a floating-point array: floats as they are, whole numbers as float64."""
    array = np.asarray(array)
    if array.dtype.kind == "f":
        return array
    if array.dtype.kind in "iu":
        return array.astype(np.float64)
    raise ValueError(f"{name} has dtype {array.dtype}; it must hold numbers.")
