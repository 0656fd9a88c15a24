"""The dense layer: loops = NumPy kernel = TensorFlow, forward and every gradient."""

import numpy as np
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from helpers import kernels
from helpers.kernels import tensorflow as tfk
from tests.kernels.support import assert_close, assert_gradient, dtypes, laid_out, layouts, normal, seeds


@given(st.integers(0, 5), st.integers(1, 6), st.integers(1, 6), dtypes, layouts, seeds)
def test_dense(batch, inputs, outputs, dtype, layout, seed) -> None:
    shapes = (batch, inputs), (inputs, outputs), (outputs,), (batch, outputs)
    x, w, b, dy = (laid_out(a, layout) for a in normal(seed, dtype, *shapes))
    expected = np.empty((batch, outputs))
    for i, j in np.ndindex(expected.shape):
        expected[i, j] = sum(float(x[i, k]) * float(w[k, j]) for k in range(inputs)) + b[j]
    tx, tw, tb, tdy = (tf.constant(a) for a in (x, w, b, dy))
    with tf.GradientTape() as tape:
        tape.watch((tx, tw, tb))
        ty = tfk.dense(tx, tw, tb)
    assert_close(kernels.dense(x, w, b), expected, dtype)
    assert_close(kernels.dense(x, w), expected - b, dtype, rounds=3)
    assert_close(ty, expected, dtype)
    grads, hand = kernels.dense_backward(dy, x, w), tfk.dense_backward(tdy, tx, tw)
    for grad, by_hand, by_tape in zip(grads, hand, tape.gradient(ty, (tx, tw, tb), tdy), strict=True):
        assert_close(grad, by_tape, dtype)
        assert_close(by_hand, by_tape, dtype)
    if dtype == "float64":
        assert_gradient(lambda x: kernels.dense(x, w, b), x, dy, grads[0])
        assert_gradient(lambda w: kernels.dense(x, w, b), w, dy, grads[1])
        assert_gradient(lambda b: kernels.dense(x, w, b), b, dy, grads[2])
    if batch:
        assert_close(kernels.dense(x[0], w, b), expected[0], dtype)
        assert_close(tfk.dense(tx[0], tw, tb), expected[0], dtype)
