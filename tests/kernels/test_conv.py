"""Convolution: loops = NumPy kernel = TensorFlow = SciPy, forward and every gradient."""

from typing import NamedTuple

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import signal

from helpers import kernels
from helpers.kernels import conv
from helpers.kernels import tensorflow as tfk
from tests.kernels.support import assert_close, assert_gradient, dtypes, laid_out, layouts, normal, seeds


class Case(NamedTuple):
    """Shapes and settings of one convolution, and the dtype, layout and seed of its arrays."""

    x: tuple[int, int, int, int]
    w: tuple[int, int, int, int]
    stride: int
    pad: int
    dilation: int
    dtype: str = "float64"
    layout: str = "C"
    seed: int = 0

    @property
    def settings(self) -> tuple[int, int, int]:
        return self.stride, self.pad, self.dilation

    @property
    def out(self) -> tuple[int, int, int, int]:
        height, width = (
            kernels.output_size(n, k, *self.settings) for n, k in zip(self.x[1:3], self.w[:2], strict=True)
        )
        return self.x[0], height, width, self.w[3]

    def arrays(self) -> list[np.ndarray]:
        """x, w, b, dy."""
        arrays = normal(self.seed, self.dtype, self.x, self.w, self.w[3:], self.out)
        return [laid_out(a, self.layout) for a in arrays]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    stride, pad, dilation = draw(st.integers(1, 3)), draw(st.integers(0, 3)), draw(st.integers(1, 2))
    kernel = draw(st.tuples(st.integers(1, 11), st.integers(1, 11)))
    size = []
    for k in kernel:
        reach = dilation * (k - 1) + 1
        fewest = max(1, -(-(1 + 2 * pad - reach) // stride) + 1)  # windows that leave at least one row of image
        size.append(reach - 2 * pad + stride * (draw(st.integers(fewest, fewest + 4)) - 1))
    batch, channels, filters = draw(st.integers(0, 3)), draw(st.sampled_from([1, 2, 3, 9])), draw(st.integers(1, 4))
    return Case(
        (batch, *size, channels),
        (*kernel, channels, filters),
        stride,
        pad,
        dilation,
        draw(dtypes),
        draw(layouts),
        draw(seeds),
    )


awkward = [
    Case((1, 5, 5, 1), (5, 5, 1, 1), 1, 0, 1),  # one window in all
    Case((2, 4, 7, 1), (1, 1, 1, 3), 1, 0, 1),  # 1 x 1 kernel
    Case((2, 9, 6, 2), (4, 2, 2, 3), 1, 1, 1),  # even kernel
    Case((1, 11, 15, 3), (11, 11, 3, 2), 2, 1, 1),  # 11 x 11 kernel
    Case((0, 6, 6, 2), (3, 3, 2, 4), 1, 1, 1),  # empty batch
    Case((2, 9, 11, 9), (3, 3, 9, 2), 2, 0, 2),  # stride and dilation together
    Case((1, 3, 3, 9), (3, 3, 9, 2), 1, 3, 1),  # padded by more than the kernel reaches
]


def every_case(test):
    """Run a test on random cases and on all the awkward ones."""
    test = given(cases())(test)
    for case in awkward:
        test = example(case)(example(case._replace(dtype="float32", layout="reversed"))(test))
    return test


def conv2d_loops(x, w, b, stride, pad, dilation):
    """The definition: one output pixel after the other, in float64."""
    x = np.pad(x.astype(np.float64), ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    (n, height, width, _), (kernel_height, kernel_width, _, filters) = x.shape, w.shape
    out_height = (height - dilation * (kernel_height - 1) - 1) // stride + 1
    out_width = (width - dilation * (kernel_width - 1) - 1) // stride + 1
    y = np.empty((n, out_height, out_width, filters))
    for image, row, column, filter_ in np.ndindex(y.shape):
        top, left = row * stride, column * stride
        window = x[
            image,
            top : top + dilation * (kernel_height - 1) + 1 : dilation,
            left : left + dilation * (kernel_width - 1) + 1 : dilation,
        ]
        y[image, row, column, filter_] = np.sum(window * w[..., filter_]) + b[filter_]
    return y


def conv2d_scipy(x, w, b, stride, pad, dilation):
    """`scipy.signal.correlate` on one image and filter at a time, with the kernel pulled apart by zeros."""
    kernel_height, kernel_width, channels, filters = w.shape
    spread = np.zeros((dilation * (kernel_height - 1) + 1, dilation * (kernel_width - 1) + 1, channels, filters))
    spread[::dilation, ::dilation] = w
    x = np.pad(x.astype(np.float64), ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    maps = [[signal.correlate(image, spread[..., f], "valid")[..., 0] for f in range(filters)] for image in x]
    return np.stack([np.stack(m, -1) for m in maps])[:, ::stride, ::stride] + b


@every_case
def test_forward(case: Case) -> None:
    x, w, b, _ = case.arrays()
    expected = conv2d_loops(x, w, b, *case.settings)
    assert_close(kernels.conv2d(x, w, b, *case.settings), expected, case.dtype)
    assert_close(tfk.conv2d(tf.constant(x), tf.constant(w), tf.constant(b), *case.settings), expected, case.dtype)
    if len(x):
        assert_close(conv2d_scipy(x, w, b, *case.settings), expected, "float64")


@every_case
def test_backward(case: Case) -> None:
    x, w, b, dy = case.arrays()
    tx, tw, tb, tdy = (tf.constant(a) for a in (x, w, b, dy))
    grads = kernels.conv2d_backward(dy, x, w, *case.settings)
    by_hand = tfk.conv2d_backward(tdy, tx, tw, *case.settings)
    with tf.GradientTape() as tape:
        tape.watch((tx, tw, tb))
        y = tfk.conv2d(tx, tw, tb, *case.settings)
    by_tape = tape.gradient(y, (tx, tw, tb), tdy, tf.UnconnectedGradients.ZERO)  # an empty batch connects nothing
    for grad, hand, tape_grad in zip(grads, by_hand, by_tape, strict=True):
        assert_close(grad, tape_grad, case.dtype)
        assert_close(hand, tape_grad, case.dtype)


@every_case
def test_backward_against_central_differences(case: Case) -> None:
    case = case._replace(dtype="float64")
    x, w, b, dy = case.arrays()
    dx, dw, db = kernels.conv2d_backward(dy, x, w, *case.settings)
    assert_gradient(lambda x: kernels.conv2d(x, w, b, *case.settings), x, dy, dx)
    assert_gradient(lambda w: kernels.conv2d(x, w, b, *case.settings), w, dy, dw)
    assert_gradient(lambda b: kernels.conv2d(x, w, b, *case.settings), b, dy, db)


@every_case
def test_columns(case: Case) -> None:
    """The columns times the weights are the layer, col2im is the transpose of im2col, TensorFlow has the same two."""
    x, w, b, _ = case.arrays()
    kernel = case.w[:2]
    columns = kernels.im2col(x, *kernel, *case.settings)
    layer = (columns @ w.reshape(-1, case.w[3])).reshape(case.out) + b
    assert_close(layer, conv2d_loops(x, w, b, *case.settings), case.dtype)
    assert_close(tfk.im2col(tf.constant(x), *kernel, *case.settings), columns, case.dtype)
    (other,) = normal(case.seed + 1, case.dtype, columns.shape)
    image = kernels.col2im(other, case.x, *kernel, *case.settings)
    assert_close(tfk.col2im(tf.constant(other), case.x, *kernel, *case.settings), image, case.dtype)
    there, back = np.sum(columns.astype("float64") * other), np.sum(x.astype("float64") * image)
    assert abs(there - back) <= 1e-4 * (1 + np.sqrt(columns.size) * 10)


@pytest.mark.parametrize("block_bytes", [1, 700, 5000])
@pytest.mark.parametrize(
    "case", [Case((5, 9, 7, 2), (3, 3, 2, 4), 1, 1, 1), Case((3, 9, 11, 9), (3, 3, 9, 2), 2, 0, 1)]
)
def test_blocks_of_any_size_give_the_same(case: Case, block_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Large inputs are cut into blocks of images or rows; small blocks cut small inputs in the same ways."""
    x, w, b, dy = case.arrays()
    y, grads = kernels.conv2d(x, w, b, *case.settings), kernels.conv2d_backward(dy, x, w, *case.settings)
    monkeypatch.setattr(conv, "BLOCK_BYTES", block_bytes)
    assert_close(kernels.conv2d(x, w, b, *case.settings), y, "float64")
    for grad, expected in zip(kernels.conv2d_backward(dy, x, w, *case.settings), grads, strict=True):
        assert_close(grad, expected, "float64")


@pytest.mark.parametrize(
    ("arguments", "size"),
    [((28, 5), 24), ((28, 5, 1, 2), 28), ((227, 11, 4), 55), ((7, 3, 2), 3), ((7, 3, 1, 0, 3), 1)],
)
def test_output_size(arguments: tuple[int, ...], size: int) -> None:
    assert kernels.output_size(*arguments) == size
