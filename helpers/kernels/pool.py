"""Pooling over windows of images (batch, height, width, channels), without padding.

A window moves over rows and columns independently, so the forward passes reduce along rows first, then along columns:
2 * size array operations in place of size * size.
"""

from collections.abc import Callable, Iterator

import numpy as np

from helpers.kernels.arguments import IMAGES, require_floats, require_rank, require_shape, require_whole
from helpers.kernels.conv import output_size


def max_pool2d(x: np.ndarray, size: int, stride: int | None = None) -> np.ndarray:
    """The largest value of every size x size window, windows `stride` apart (default: side by side).

    x (batch, height, width, channels) -> (batch, out_height, out_width, channels), see `output_size`.
    """
    stride = _check(x, size, stride)
    return _reduce_windows(x, size, stride, np.maximum)


def max_pool2d_backward(dy: np.ndarray, x: np.ndarray, size: int, stride: int | None = None) -> np.ndarray:
    """dx for the gradient dy of `max_pool2d(x, size, stride)`; of tied maxima, the first in reading order counts."""
    stride = _check(x, size, stride, dy)
    y = _reduce_windows(x, size, stride, np.maximum)
    dx = np.zeros(x.shape, x.dtype)
    unclaimed = np.ones(y.shape, bool)
    for window in _windows(size, stride, y.shape):
        winners = (x[window] == y) & unclaimed
        unclaimed ^= winners
        dx[window] += dy * winners
    return dx


def avg_pool2d(x: np.ndarray, size: int, stride: int | None = None) -> np.ndarray:
    """The mean of every size x size window, windows `stride` apart (default: side by side). Shapes as `max_pool2d`."""
    stride = _check(x, size, stride)
    return _reduce_windows(x, size, stride, np.add) / x.dtype.type(size * size)


def avg_pool2d_backward(dy: np.ndarray, x: np.ndarray, size: int, stride: int | None = None) -> np.ndarray:
    """dx for the gradient dy of `avg_pool2d(x, size, stride)`: every entry of a window gets an equal share."""
    stride = _check(x, size, stride, dy)
    dx = np.zeros(x.shape, x.dtype)
    share = dy / x.dtype.type(size * size)
    for window in _windows(size, stride, dy.shape):
        dx[window] += share
    return dx


def _reduce_windows(x: np.ndarray, size: int, stride: int, combine: Callable) -> np.ndarray:
    """Combine (maximum or sum) the rows of every window, then the columns."""
    for axis in (1, 2):
        count = output_size(x.shape[axis], size, stride)
        lines = np.moveaxis(x, axis, 0)
        y = lines[0 : 1 + stride * (count - 1) : stride]
        for i in range(1, size):
            y = combine(y, lines[i : i + 1 + stride * (count - 1) : stride], out=None if i == 1 else y)
        x = np.moveaxis(y, 0, axis)
    return x.copy() if size == 1 else np.ascontiguousarray(x)


def _windows(size: int, stride: int, out_shape: tuple[int, ...]) -> Iterator[tuple[slice, ...]]:
    """For every place inside a window, in reading order: the slice of x that holds that place of all windows."""
    _, height, width, _ = out_shape
    for i in range(size):
        for j in range(size):
            rows = slice(i, i + 1 + stride * (height - 1), stride)
            yield slice(None), rows, slice(j, j + 1 + stride * (width - 1), stride)


def _check(x: np.ndarray, size: int, stride: int | None, dy: np.ndarray | None = None) -> int:
    stride = size if stride is None else stride
    require_floats(x=x, dy=dy)
    require_rank("x", x, 4, IMAGES)
    require_whole("size", size, 1)
    require_whole("stride", stride, 1)
    height, width = (output_size(n, size, stride) for n in x.shape[1:3])
    if dy is not None:
        require_shape("dy", dy, (x.shape[0], height, width, x.shape[3]))
    return stride
