"""What a network needs beside mathematics: memory that outlives a step, random numbers, and a loop over mini-batches.

`helpers.kernels.tensorflow` has the same names; a network that uses only these and the kernels runs on both.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

array = np.asarray
reshape = np.reshape


def variable(value: np.ndarray) -> np.ndarray:
    """An array of its own, which `assign` overwrites."""
    return np.array(value)


def assign(target: np.ndarray, value: Any) -> None:
    """Overwrite a variable, in place: everyone who holds it sees the new value."""
    target[...] = value


def random_source(seed: int) -> np.random.Generator:
    """The random numbers that `dropout` draws from."""
    return np.random.default_rng(seed)


def compiled(function: Callable) -> Callable:
    """`function` itself: NumPy has nothing to compile."""
    return function


def compiled_epoch(step: Callable, batch_size: int) -> Callable:
    """(x, y, order) -> mean loss, from calling `step(x_batch, y_batch) -> loss` on all mini-batches in this order."""

    def epoch(x: np.ndarray, y: np.ndarray, order: np.ndarray) -> float:
        return sum(step(x[rows], y[rows]) * len(rows) for rows in _batches(order, batch_size)) / len(order)

    return epoch


def _batches(order: np.ndarray, batch_size: int) -> Iterable[np.ndarray]:
    return (order[start : start + batch_size] for start in range(0, len(order), batch_size))
