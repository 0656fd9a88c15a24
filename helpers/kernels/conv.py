"""Convolution layers (which correlate: the kernel is not flipped) as a few large matrix products.

Every window of the picture becomes one row of a matrix of columns (`im2col`); the layer is then `columns @ weights`.
That matrix is kernel_height * kernel_width times as large as the picture, so it is never built whole: it is made, used
and overwritten block by block, each block small enough to stay in the processor's cache.
"""

from collections.abc import Iterator
from math import ceil

import numpy as np
from numpy.lib.stride_tricks import as_strided

from helpers.kernels.arguments import (
    IMAGES,
    WEIGHTS,
    require_finite,
    require_floats,
    require_rank,
    require_shape,
    require_whole,
)

BLOCK_BYTES = 1 << 20  # of columns; about half of a core's second-level cache
FEW_CHANNELS = 8  # below this a window's rows are too short to copy one at a time

Block = tuple[slice, slice]  # images, output rows


def output_size(n: int, kernel: int, stride: int = 1, pad: int = 0, dilation: int = 1) -> int:
    """How many windows fit along an axis of n entries padded on both sides: (n + 2 pad - reach) / stride + 1.

    The kernel reaches over dilation * (kernel - 1) + 1 entries. Raises ValueError where the windows do not end exactly
    at the border, or not even one fits.
    """
    for name, value, minimum in (
        ("kernel", kernel, 1),
        ("stride", stride, 1),
        ("pad", pad, 0),
        ("dilation", dilation, 1),
    ):
        require_whole(name, value, minimum)
    reach = dilation * (kernel - 1) + 1
    free = n + 2 * pad - reach
    if free < 0:
        raise ValueError(f"kernel reaches over {reach} entries, but n + 2 * pad is only {n + 2 * pad}: pad more.")
    if free % stride:
        raise ValueError(
            f"stride {stride} does not divide n + 2 * pad - reach = {n} + 2 * {pad} - {reach} = {free}: "
            f"the last {free % stride} entries would be left out. Change the stride or the padding."
        )
    return free // stride + 1


def im2col(
    x: np.ndarray, kernel_height: int, kernel_width: int, stride: int = 1, pad: int = 0, dilation: int = 1
) -> np.ndarray:
    """One row per window of x (batch, height, width, channels), its entries ordered like a kernel's weights.

    Returns (batch * out_height * out_width, kernel_height * kernel_width * channels), a copy.
    """
    require_floats(x=x)
    require_rank("x", x, 4, IMAGES)
    padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    windows = _windows(padded, kernel_height, kernel_width, stride, dilation)
    return windows.reshape(-1, kernel_height * kernel_width * x.shape[3])


def col2im(
    columns: np.ndarray,
    x_shape: tuple[int, int, int, int],
    kernel_height: int,
    kernel_width: int,
    stride: int = 1,
    pad: int = 0,
    dilation: int = 1,
) -> np.ndarray:
    """The reverse road of `im2col`: every entry is added back to the place in x (of `x_shape`) that it came from."""
    n, height, width, channels = x_shape
    out_height = output_size(height, kernel_height, stride, pad, dilation)
    out_width = output_size(width, kernel_width, stride, pad, dilation)
    require_shape("columns", columns, (n * out_height * out_width, kernel_height * kernel_width * channels))
    taps = columns.reshape(n, out_height, out_width, kernel_height, kernel_width, channels)
    padded = np.zeros((n, height + 2 * pad, width + 2 * pad, channels), columns.dtype)
    _add_windows(padded, np.moveaxis(taps, (3, 4), (0, 1)), stride, dilation)
    return padded[:, pad : pad + height, pad : pad + width].copy()


def conv2d(
    x: np.ndarray, w: np.ndarray, b: np.ndarray | None = None, stride: int = 1, pad: int = 0, dilation: int = 1
) -> np.ndarray:
    """Correlate images x with kernels w, without flipping them, and add b to every pixel.

    x is (batch, height, width, in_channels), w (kernel_height, kernel_width, in_channels, out_channels), b
    (out_channels,). `pad` zeros are put on all four sides; `dilation` is the distance between neighbouring kernel
    entries. Returns (batch, out_height, out_width, out_channels), see `output_size`. Raises ValueError where ranks,
    shapes or dtypes do not fit, or w or b is not finite.
    """
    y = np.empty(_check(x, w, stride, pad, dilation, b=b), x.dtype)
    kernel_height, kernel_width, _, out_channels = w.shape
    weights = w.reshape(-1, out_channels)
    for block, columns in _column_blocks(x, kernel_height, kernel_width, stride, pad, dilation):
        out = y[block].reshape(-1, out_channels)
        np.matmul(columns, weights, out=out)
        if b is not None:
            out += b
    return y


def conv2d_backward(
    dy: np.ndarray, x: np.ndarray, w: np.ndarray, stride: int = 1, pad: int = 0, dilation: int = 1
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(dx, dw, db) for the gradient dy of `conv2d(x, w, b, stride, pad, dilation)`, dw and db summed over the batch."""
    dx = conv2d_backward_input(dy, x, w, stride, pad, dilation)
    return dx, *conv2d_backward_weights(dy, x, w, stride, pad, dilation)


def conv2d_backward_weights(
    dy: np.ndarray, x: np.ndarray, w: np.ndarray, stride: int = 1, pad: int = 0, dilation: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """(dw, db) of `conv2d_backward`: every weight collects, over all windows, what it was multiplied by times dy."""
    require_shape("dy", dy, _check(x, w, stride, pad, dilation, dy=dy))
    kernel_height, kernel_width, _, out_channels = w.shape
    dy = np.ascontiguousarray(dy)
    dw = np.zeros((w[..., 0].size, out_channels), w.dtype)
    for block, columns in _column_blocks(x, kernel_height, kernel_width, stride, pad, dilation):
        dw += columns.T @ dy[block].reshape(-1, out_channels)
    return dw.reshape(w.shape), dy.sum(axis=(0, 1, 2))


def conv2d_backward_input(
    dy: np.ndarray, x: np.ndarray, w: np.ndarray, stride: int = 1, pad: int = 0, dilation: int = 1
) -> np.ndarray:
    """dx of `conv2d_backward`: every output hands its gradient back to the window it came from, tap by tap.

    With stride 1 that is a correlation of dy with the flipped kernel, which is quicker unless x has few channels.
    """
    require_shape("dy", dy, _check(x, w, stride, pad, dilation, dy=dy))
    n, height, width, channels = x.shape
    kernel_height, kernel_width, _, out_channels = w.shape
    surround = dilation * (kernel_height - 1) - pad
    if stride == 1 and kernel_height == kernel_width and surround >= 0 and channels >= FEW_CHANNELS:
        return conv2d(dy, w[::-1, ::-1].swapaxes(2, 3), None, 1, surround, dilation)
    dy = np.ascontiguousarray(dy)
    taps = np.ascontiguousarray(w.swapaxes(2, 3))
    dx = np.empty(x.shape, x.dtype)
    bytes_per_row = w[..., 0].size * dy.shape[2] * x.itemsize
    for images, row_blocks in _blocks(n, dy.shape[1], bytes_per_row):
        count = images.stop - images.start
        padded = np.zeros((count, height + 2 * pad, width + 2 * pad, channels), x.dtype)
        for rows in row_blocks:
            out = dy[images, rows]
            grads = out.reshape(-1, out_channels) @ taps
            grads = grads.reshape(kernel_height, kernel_width, *out.shape[:3], channels)
            _add_windows(padded[:, rows.start * stride :], grads, stride, dilation)
        dx[images] = padded[:, pad : pad + height, pad : pad + width]
    return dx


def _column_blocks(
    x: np.ndarray, kernel_height: int, kernel_width: int, stride: int, pad: int, dilation: int
) -> Iterator[tuple[Block, np.ndarray]]:
    """Yields (block of the output, its columns). The columns are overwritten by the next block's.

    Copying a window row by row is quick while a row is long. With few channels it is not; then pictures and columns are
    laid out channel by channel, where the same copy runs along whole rows of the picture.
    """
    n, height, width, channels = x.shape
    lead = 1 if channels < FEW_CHANNELS else 0
    out_height = output_size(height, kernel_height, stride, pad, dilation)
    out_width = output_size(width, kernel_width, stride, pad, dilation)
    taps = kernel_height, kernel_width, channels
    columns = padded = None
    for images, row_blocks in _blocks(n, out_height, out_width * int(np.prod(taps)) * x.itemsize):
        count = images.stop - images.start
        if padded is None:
            padded = _zeros((count, height + 2 * pad, width + 2 * pad, channels), lead, x.dtype)
        padded[:count, pad : pad + height, pad : pad + width] = x[images]
        windows = _windows(padded[:count], kernel_height, kernel_width, stride, dilation)
        for rows in row_blocks:
            if columns is None:
                columns = _zeros((count, rows.stop - rows.start, out_width, *taps), 3 * lead, x.dtype)
            block = columns[:count, : rows.stop - rows.start]
            np.copyto(block, windows[:, rows])
            yield (images, rows), block.reshape(-1, int(np.prod(taps)))


def _blocks(n: int, rows: int, bytes_per_row: int) -> Iterator[tuple[slice, list[slice]]]:
    """Cut n images of `rows` output rows into even blocks of about BLOCK_BYTES: whole images, or some rows of one."""
    bytes_per_image = max(1, rows * bytes_per_row)
    row_blocks = list(_even_slices(rows, bytes_per_image / BLOCK_BYTES))
    for images in _even_slices(n, n * min(1, bytes_per_image / BLOCK_BYTES)):
        yield images, row_blocks


def _even_slices(count: int, pieces: float) -> Iterator[slice]:
    """Cut range(count) into about `pieces` slices, all but the last of the same length."""
    length = ceil(count / max(1, round(pieces)))
    return (slice(start, min(start + length, count)) for start in range(0, count, max(1, length)))


def _windows(padded: np.ndarray, kernel_height: int, kernel_width: int, stride: int, dilation: int) -> np.ndarray:
    """A view (no copy) of all windows: (batch, out_height, out_width, kernel_height, kernel_width, channels)."""
    n, height, width, channels = padded.shape
    out_height = output_size(height, kernel_height, stride, 0, dilation)
    out_width = output_size(width, kernel_width, stride, 0, dilation)
    image, row, column, channel = padded.strides
    return as_strided(
        padded,
        (n, out_height, out_width, kernel_height, kernel_width, channels),
        (image, row * stride, column * stride, row * dilation, column * dilation, channel),
        writeable=False,
    )


def _add_windows(padded: np.ndarray, taps: np.ndarray, stride: int, dilation: int) -> None:
    """Add taps (kernel_height, kernel_width, batch, out_height, out_width, channels) to their places in `padded`."""
    kernel_height, kernel_width, _, out_height, out_width, _ = taps.shape
    for i in range(kernel_height):
        rows = slice(i * dilation, i * dilation + stride * (out_height - 1) + 1, stride)
        for j in range(kernel_width):
            columns = slice(j * dilation, j * dilation + stride * (out_width - 1) + 1, stride)
            padded[:, rows, columns] += taps[i, j]


def _zeros(shape: tuple[int, ...], lead: int, dtype: np.dtype) -> np.ndarray:
    """Zeros of this shape, with the last `lead` axes outermost in memory."""
    first = len(shape) - lead
    return np.moveaxis(np.zeros(shape[first:] + shape[:first], dtype), range(lead), range(first, len(shape)))


def _check(
    x: np.ndarray,
    w: np.ndarray,
    stride: int,
    pad: int,
    dilation: int,
    b: np.ndarray | None = None,
    dy: np.ndarray | None = None,
) -> tuple[int, int, int, int]:
    """The output's shape, once everything fits."""
    require_floats(x=x, w=w, b=b, dy=dy)
    require_rank("x", x, 4, IMAGES)
    require_rank("w", w, 4, WEIGHTS)
    require_shape("w", w, (None, None, x.shape[3], None))
    require_finite("w", w)
    if b is not None:
        require_shape("b", b, w.shape[3:])
        require_finite("b", b)
    out_height = output_size(x.shape[1], w.shape[0], stride, pad, dilation)
    out_width = output_size(x.shape[2], w.shape[1], stride, pad, dilation)
    return x.shape[0], out_height, out_width, w.shape[3]
