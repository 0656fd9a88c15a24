"""Pooling: loops = NumPy kernel = TensorFlow, forward and backward, with ties and overlapping windows."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from helpers import kernels
from helpers.kernels import tensorflow as tfk
from tests.kernels.support import assert_close, assert_gradient, dtypes, laid_out, layouts, seeds

POOLS = {
    "max": (kernels.max_pool2d, kernels.max_pool2d_backward, tfk.max_pool2d, tfk.max_pool2d_backward, np.max),
    "avg": (kernels.avg_pool2d, kernels.avg_pool2d_backward, tfk.avg_pool2d, tfk.avg_pool2d_backward, np.mean),
}


def pool2d_loops(x, size, stride, reduce):
    n, height, width, channels = x.shape
    y = np.empty((n, (height - size) // stride + 1, (width - size) // stride + 1, channels))
    for image, i, j in np.ndindex(y.shape[:3]):
        window = x[image, i * stride : i * stride + size, j * stride : j * stride + size]
        y[image, i, j] = reduce(window.astype("float64"), axis=(0, 1))
    return y


@pytest.mark.parametrize("kind", POOLS)
@given(
    st.integers(0, 3), st.tuples(st.integers(1, 4), st.integers(1, 4)), st.integers(1, 3), st.integers(1, 4),
    st.integers(1, 3), st.booleans(), dtypes, layouts, seeds,
)  # fmt: skip
def test_pool(kind, batch, windows, channels, size, stride, ties, dtype, layout, seed) -> None:
    forward, backward, tf_forward, tf_backward, reduce = POOLS[kind]
    rng = np.random.default_rng(seed)
    height, width = (size + stride * (count - 1) for count in windows)
    x = rng.permutation(batch * height * width * channels).reshape(batch, height, width, channels)
    x = laid_out((x // (5 if ties else 1)).astype(dtype), layout)
    y = forward(x, size, stride)
    assert_close(y, pool2d_loops(x, size, stride, reduce), dtype)
    dy = laid_out(rng.standard_normal(y.shape).astype(dtype), layout)
    dx = backward(dy, x, size, stride)
    if not ties:
        assert_gradient(
            lambda x: forward(x, size, stride),
            x.astype("float64"),
            dy,
            backward(dy.astype("float64"), x.astype("float64"), size, stride),
        )
    tx, tdy = tf.constant(x), tf.constant(dy)
    assert_close(tf_forward(tx, size, stride), y, dtype)
    if batch:  # TensorFlow's own gradients refuse an empty batch
        assert_close(tf_backward(tdy, tx, size, stride), dx, dtype)
        with tf.GradientTape() as tape:
            tape.watch(tx)
            ty = tf_forward(tx, size, stride)
        assert_close(tape.gradient(ty, tx, tdy), dx, dtype)


@pytest.mark.parametrize("kind", POOLS)
def test_windows_lie_side_by_side_by_default(kind: str) -> None:
    forward, backward, tf_forward, _, _ = POOLS[kind]
    x = np.random.default_rng(0).standard_normal((2, 6, 4, 3))
    assert_close(forward(x, 2), forward(x, 2, 2), "float64")
    assert_close(tf_forward(tf.constant(x), 2), forward(x, 2, 2), "float64")
    dy = np.ones((2, 3, 2, 3))
    assert_close(backward(dy, x, 2), backward(dy, x, 2, 2), "float64")


def test_the_first_of_tied_maxima_gets_the_gradient() -> None:
    dx = kernels.max_pool2d_backward(np.full((1, 1, 1, 1), 7.0), np.zeros((1, 2, 2, 1)), 2)
    assert dx[0, :, :, 0].tolist() == [[7, 0], [0, 0]]


def test_results_never_share_memory_with_the_input() -> None:
    x = np.ones((1, 2, 2, 1))
    kernels.max_pool2d(x, 1)[...] = 5
    kernels.avg_pool2d(x, 1)[...] = 5
    assert x.max() == 1
