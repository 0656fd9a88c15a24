"""Optimizer steps, against Keras' optimizers over several steps, on arrays and on tensors."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from helpers import kernels

RATE, GAMMA = 0.1, 0.8


def slope(w):
    """The gradient of a bowl that is steeper in one direction."""
    return w * np.array([[1.0, 4.0, 0.3]]) + 0.2


def descend(name: str, w, steps: int) -> list:
    """All weights on the way down."""
    zeros, way = 0 * w, []
    memory = {"sgd": (), "momentum": (zeros,), "nesterov_lookahead": (zeros,), "adam": (zeros, zeros)}[name]
    for t in range(1, steps + 1):
        if name == "sgd":
            w = kernels.sgd_step(w, slope(w), RATE)
        elif name == "adam":
            w, *memory = kernels.adam_step(w, slope(w), *memory, t, RATE)
        else:
            w, *memory = getattr(kernels, f"{name}_step")(w, slope(w), *memory, RATE, GAMMA)
        way.append(w)
    return way


@pytest.mark.parametrize(
    ("name", "optimizer"),
    [
        ("sgd", lambda: keras.optimizers.SGD(RATE)),
        ("momentum", lambda: keras.optimizers.SGD(RATE, momentum=GAMMA)),
        ("nesterov_lookahead", lambda: keras.optimizers.SGD(RATE, momentum=GAMMA, nesterov=True)),
        ("adam", lambda: keras.optimizers.Adam(RATE)),
    ],
)
def test_same_way_as_keras(name: str, optimizer) -> None:
    start = np.random.default_rng(0).standard_normal((2, 3))
    variable, keras_optimizer = keras.Variable(start, dtype="float64"), optimizer()
    ways = descend(name, start, 6), descend(name, tf.constant(start), 6)
    for array, tensor in zip(*ways, strict=True):
        keras_optimizer.apply([tf.constant(slope(np.asarray(variable)))], [variable])
        np.testing.assert_allclose(array, variable, rtol=1e-4, atol=1e-5)  # Keras keeps its settings in float32
        np.testing.assert_allclose(tensor, array, rtol=1e-12)


def test_both_forms_of_nesterov_walk_the_same_way() -> None:
    w = start = np.random.default_rng(1).standard_normal((2, 3))
    velocity = np.zeros_like(w)
    for ahead in descend("nesterov_lookahead", start, 5):
        w, velocity = kernels.nesterov_step(w, slope, velocity, RATE, GAMMA)
        np.testing.assert_allclose(ahead, w + GAMMA * velocity, rtol=1e-12)


@pytest.mark.parametrize("name", ["sgd", "momentum", "nesterov_lookahead", "adam"])
def test_nothing_is_modified_and_float32_stays(name: str) -> None:
    w = np.ones((2, 2), np.float32)
    for array in (w, grad := np.full((2, 2), 0.5, np.float32), memory := np.zeros((2, 2), np.float32)):
        array.flags.writeable = False
    extra = {"sgd": (RATE,), "adam": (memory, memory, 1, RATE)}.get(name, (memory, RATE, GAMMA))
    new = getattr(kernels, f"{name}_step")(w, grad, *extra)
    assert all(a.dtype == np.float32 for a in (new if isinstance(new, tuple) else (new,)))
