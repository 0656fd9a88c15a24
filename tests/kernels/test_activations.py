"""Activations: NumPy kernel = TensorFlow, gradients = the tape = central differences, right and silent at extremes."""

import warnings

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from helpers import kernels
from helpers.kernels import tensorflow as tfk
from tests.kernels.support import assert_close, assert_gradient, dtypes, laid_out, layouts, normal, seeds

ELEMENTWISE = {"sigmoid": (), "tanh": (), "relu": (), "leaky_relu": (0.2,), "prelu": (0.3,), "elu": (0.7,)}
TENSORFLOW = {
    "sigmoid": tf.sigmoid,
    "tanh": tf.tanh,
    "relu": tf.nn.relu,
    "leaky_relu": lambda z: tf.where(z > 0, z, tf.constant(0.2, z.dtype) * z),
    "prelu": lambda z: tf.where(z > 0, z, tf.constant(0.3, z.dtype) * z),
    "elu": lambda z: tf.where(z > 0, z, tf.constant(0.7, z.dtype) * tf.nn.elu(z)),
}
shapes = st.lists(st.integers(0, 5), min_size=1, max_size=4).map(tuple)


@pytest.mark.parametrize("name", ELEMENTWISE)
@given(shapes, dtypes, layouts, seeds)
def test_elementwise(name, shape, dtype, layout, seed) -> None:
    z, dy = (laid_out(a, layout) for a in normal(seed, dtype, shape, shape))
    settings = ELEMENTWISE[name]
    f, f_grad = getattr(kernels, name), getattr(kernels, f"{name}_grad")
    tz = tf.constant(z)
    with tf.GradientTape() as tape:
        tape.watch(tz)
        expected = TENSORFLOW[name](tz)
    slope = tape.gradient(expected, tz)
    assert_close(f(z, *settings), expected, dtype)
    assert_close(getattr(tfk, name)(tz, *settings), expected, dtype)
    assert_close(f_grad(z, *settings), slope, dtype)
    assert_close(getattr(tfk, f"{name}_grad")(tz, *settings), slope, dtype)
    z = z.astype("float64") + np.sign(z) * 1e-3  # away from the kink
    assert_gradient(lambda z: f(z, *settings), z, dy.astype("float64"), dy * f_grad(z, *settings))


@pytest.mark.parametrize(("name", "scipy_f"), [("softmax", special.softmax), ("log_softmax", special.log_softmax)])
@given(
    st.tuples(st.integers(0, 4), st.integers(1, 4), st.integers(1, 4)),
    st.sampled_from([1, 2, -1]),
    dtypes,
    layouts,
    seeds,
)
def test_softmax(name, scipy_f, shape, axis, dtype, layout, seed) -> None:
    z, dy = (laid_out(a, layout) for a in normal(seed, dtype, shape, shape))
    f, f_backward = getattr(kernels, name), getattr(kernels, f"{name}_backward")
    assert_close(f(z, axis), scipy_f(z.astype("float64"), axis), dtype)
    assert_close(getattr(tfk, name)(tf.constant(z), axis), f(z, axis), dtype)
    dz = f_backward(dy, z, axis)
    along = np.abs(dy).max(initial=0)  # along one entry, the gradient is dy minus itself
    assert_close(getattr(tfk, f"{name}_backward")(tf.constant(dy), tf.constant(z), axis), dz, dtype, scale=along)
    z, dy = z.astype("float64"), dy.astype("float64")
    assert_gradient(lambda z: f(z, axis), z, dy, f_backward(dy, z, axis))


@given(shapes.filter(lambda shape: shape[-1] > 0), dtypes, seeds)
def test_prelu_with_one_slope_per_unit(shape, dtype, seed) -> None:
    z, alpha = normal(seed, dtype, shape, shape[-1:])
    for k, array in ((kernels, np.asarray), (tfk, tf.constant)):
        tz, ta = array(z), array(alpha)
        assert_close(k.prelu(tz, ta), np.where(z > 0, z, alpha * z), dtype)
        assert_close(k.prelu_grad(tz, ta), np.where(z > 0, 1, alpha + 0 * z), dtype)
        assert_close(k.prelu_grad_alpha(tz), np.where(z > 0, 0, z), dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_extremes_are_exact_and_silent(dtype: str) -> None:
    z = np.array([-1000, -40, 0, 40, 1000], dtype)
    with warnings.catch_warnings(), np.errstate(all="raise", under="ignore"):
        warnings.simplefilter("error")
        np.testing.assert_allclose(kernels.sigmoid(z), special.expit(z), rtol=1e-6)
        np.testing.assert_allclose(kernels.softmax(z), special.softmax(z), rtol=1e-6)
        np.testing.assert_allclose(kernels.log_softmax(z), [-2000, -1040, -1000, -960, 0])
        for name, settings in ELEMENTWISE.items():
            assert np.isfinite(getattr(kernels, name)(z, *settings)).all()
            assert np.isfinite(getattr(kernels, f"{name}_grad")(z, *settings)).all()


def test_whole_numbers_become_float64_and_bytes_do_not_wrap_round() -> None:
    z = np.array([0, 200], np.uint8)
    assert_close(kernels.sigmoid(z), [0.5, 1], "float64")
    assert_close(kernels.log_softmax(z), [-200, 0], "float64")
    assert_close(kernels.relu(np.array([-3, 3])), [0, 3], "float64")
