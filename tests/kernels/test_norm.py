"""Batch normalisation and dropout: NumPy kernel = TensorFlow = Keras, gradients = the tape = central differences."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from helpers import kernels
from helpers.kernels import tensorflow as tfk
from tests.kernels.support import assert_close, assert_gradient, dtypes, laid_out, layouts, normal, seeds

shapes = st.one_of(
    st.tuples(st.integers(2, 6), st.integers(1, 4)),
    st.tuples(st.integers(2, 3), st.integers(1, 4), st.integers(1, 4), st.integers(1, 3)),
)


@given(shapes, st.booleans(), dtypes, layouts, seeds)
def test_batch_norm(shape, training, dtype, layout, seed) -> None:
    x, gamma, beta, mean, var, dy = normal(seed, dtype, shape, *[shape[-1:]] * 4, shape)
    x, dy, var = laid_out(3 * x + 1, layout), laid_out(dy, layout), var**2 + 0.5
    running = {"mean": mean.copy(), "var": var.copy()}
    y, cache = kernels.batch_norm(x, gamma, beta, running, training, 0.8, 1e-2)
    grads = kernels.batch_norm_backward(dy, cache)

    layer = keras.layers.BatchNormalization(momentum=0.8, epsilon=1e-2, dtype=dtype)
    layer.build(shape)
    layer.set_weights([gamma, beta, mean, var])
    assert_close(y, layer(tf.constant(x), training=training), dtype, rounds=3)
    assert_close(running["mean"], layer.moving_mean, dtype)
    assert_close(running["var"], layer.moving_variance, dtype)

    tx, tgamma, tbeta, tdy = (tf.constant(a) for a in (x, gamma, beta, dy))
    tf_running = {"mean": tf.constant(mean), "var": tf.Variable(var)}
    with tf.GradientTape() as tape:
        tape.watch((tx, tgamma, tbeta))
        ty, tf_cache = tfk.batch_norm(tx, tgamma, tbeta, tf_running, training, 0.8, 1e-2)
    assert_close(ty, y, dtype, rounds=3)
    for name in running:
        assert_close(tf_running[name], running[name], dtype)
    by_tape = tape.gradient(ty, (tx, tgamma, tbeta), tdy)
    for grad, hand, expected in zip(grads, tfk.batch_norm_backward(tdy, tf_cache), by_tape, strict=True):
        assert_close(grad, expected, dtype, rounds=30)
        assert_close(hand, expected, dtype, rounds=30)

    if dtype == "float64":
        f = lambda x, g, b: kernels.batch_norm(x, g, b, dict(running), training, 0.8, 1e-2)[0]  # noqa: E731
        running = {"mean": mean, "var": var}
        assert_gradient(lambda x: f(x, gamma, beta), x, dy, grads[0])
        assert_gradient(lambda gamma: f(x, gamma, beta), gamma, dy, grads[1])
        assert_gradient(lambda beta: f(x, gamma, beta), beta, dy, grads[2])


@pytest.mark.parametrize("k", [kernels, tfk])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dropout(k, dtype: str) -> None:
    x = np.random.default_rng(0).standard_normal((200, 300)).astype(dtype)
    mask = np.asarray(k.dropout_mask(k.array(x), 0.25, k.random_source(5)))
    values, counts = np.unique(mask, return_counts=True)
    np.testing.assert_allclose(values, [0, 4 / 3], rtol=1e-6)
    assert abs(counts[0] / mask.size - 0.25) < 0.01  # over five standard deviations of 60,000 draws
    assert min(mask.std(axis=0).min(), mask.std(axis=1).min()) > 0  # not by whole rows or columns
    assert_close(k.dropout(k.array(x), 0.25, k.random_source(5), True), x * mask, dtype)
    assert_close(k.dropout(k.array(x), 0.25, k.random_source(5), False), x, dtype)
    assert_close(k.dropout_backward(k.array(x), k.array(mask)), x * mask, dtype)
