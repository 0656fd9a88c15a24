"""Losses: NumPy kernel = TensorFlow, values from independent formulas, gradients = the tape = central differences."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from helpers import kernels
from helpers.kernels import tensorflow as tfk
from tests.kernels.support import assert_close, assert_gradient, dtypes, laid_out, layouts, seeds

REGRESSION = ["l1_loss", "l2_loss", "binary_cross_entropy"]
CLASSIFICATION = ["cross_entropy", "hinge_loss", "squared_hinge_loss"]


def same_everywhere(name, scores, targets, dtype) -> None:
    loss, grad = getattr(kernels, name), getattr(kernels, f"{name}_grad")
    ts, tt = tf.constant(scores), tf.constant(targets)
    with tf.GradientTape() as tape:
        tape.watch(ts)
        expected = getattr(tfk, name)(ts, tt)
    assert_close(loss(scores, targets), expected, dtype)
    assert_close(grad(scores, targets), tape.gradient(expected, ts), dtype)
    assert_close(getattr(tfk, f"{name}_grad")(ts, tt), grad(scores, targets), dtype)
    scores = scores.astype("float64")
    targets = targets.astype("float64") if targets.dtype.kind == "f" else targets
    assert_gradient(lambda s: loss(s, targets), scores, np.float64(1), grad(scores, targets))


@pytest.mark.parametrize("name", REGRESSION)
@given(st.tuples(st.integers(1, 6), st.integers(1, 4)), st.booleans(), dtypes, layouts, seeds)
def test_regression(name, shape, flat, dtype, layout, seed) -> None:
    rng = np.random.default_rng(seed)
    shape = shape[:1] if flat else shape
    scores = laid_out(rng.standard_normal(shape).astype(dtype), layout)
    targets = laid_out(rng.integers(0, 2, shape).astype(dtype), layout)
    same_everywhere(name, scores, targets, dtype)


@pytest.mark.parametrize("name", CLASSIFICATION)
@given(st.integers(1, 6), st.integers(2, 5), dtypes, layouts, seeds)
def test_classification(name, batch, classes, dtype, layout, seed) -> None:
    rng = np.random.default_rng(seed)
    scores = laid_out(2 * rng.standard_normal((batch, classes)).astype(dtype), layout)
    same_everywhere(name, scores, rng.integers(0, classes, batch), dtype)


def test_values_that_others_compute() -> None:
    rng = np.random.default_rng(0)
    scores, labels = rng.standard_normal((7, 4)), rng.integers(0, 4, 7)
    targets = rng.integers(0, 2, (7, 4)).astype(float)
    assert np.isclose(kernels.l1_loss(scores, targets), 4 * metrics.mean_absolute_error(targets, scores))
    assert np.isclose(kernels.l2_loss(scores, targets), 4 * metrics.mean_squared_error(targets, scores))
    p = keras.ops.sigmoid(scores)
    assert np.isclose(
        kernels.binary_cross_entropy(scores, targets),
        4 * float(keras.ops.mean(keras.losses.binary_crossentropy(targets, p))), rtol=1e-6,
    )  # fmt: skip
    assert np.isclose(
        kernels.cross_entropy(scores, labels),
        metrics.log_loss(labels, np.asarray(keras.ops.softmax(scores)), labels=range(4)),
    )
    assert kernels.softmax_cross_entropy(scores, labels)[0] == kernels.cross_entropy(scores, labels)
    worked = np.array([[4.26, 1.33, -1.01], [3.76, -1.2, -3.81], [-2.37, 1.03, -2.27]])  # hinge losses 0, 5.96, 5.20
    assert np.isclose(kernels.hinge_loss(worked, np.array([0, 1, 2])), 3.72, atol=5e-3)


@pytest.mark.parametrize("k", [kernels, tfk])
def test_hopeless_scores_still_give_finite_losses(k) -> None:
    scores = k.array(np.array([[1000.0, -1000.0]]))
    assert float(k.cross_entropy(scores, k.array(np.array([1])))) == 2000
    assert float(k.binary_cross_entropy(scores, k.array(np.array([[0.0, 1.0]])))) == 2000
