"""One definition of a network: the same numbers on both kernel sets, right gradients, and it learns."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from helpers import kernels
from helpers.kernels import tensorflow as tfk
from helpers.layers import Activation, AvgPool2D, BatchNorm, Conv2D, Dense, Dropout, Flatten, MaxPool2D
from helpers.network import Optimizer, Sequential, lenet
from tests.kernels.support import assert_close, assert_gradient

SETS = {"numpy": kernels, "tensorflow": tfk}


def every_layer(k, dtype: str = "float64", rate: float = 0.0) -> Sequential:
    layers = [
        Conv2D(4, 3, pad=1), BatchNorm(), Activation("elu", alpha=0.5), MaxPool2D(2), Conv2D(3, 3, stride=1, pad=1),
        Activation("leaky_relu"), AvgPool2D(3, 1), Flatten(), Dropout(rate), Dense(5), Activation("tanh"), Dense(3),
    ]  # fmt: skip
    return Sequential(layers, (8, 12, 2), np.random.default_rng(0), k, dtype)


@pytest.mark.parametrize("k", SETS.values(), ids=SETS)
def test_gradients_of_a_network_with_every_layer(k) -> None:
    rng = np.random.default_rng(1)
    network = every_layer(k)
    x, labels = rng.standard_normal((6, 8, 12, 2)), k.array(rng.integers(0, 3, 6))
    loss = lambda x: k.cross_entropy(network.forward(k.array(x), training=True), labels)  # noqa: E731
    dx = network.backward(k.cross_entropy_grad(network.forward(k.array(x), training=True), labels), input_gradient=True)
    grads = [np.asarray(grad) for grad in network.grads]
    assert_gradient(loss, x, np.float64(1), np.asarray(dx))
    for param, grad in zip(network.params, grads, strict=True):
        start = np.asarray(param).copy()

        def loss_at(value, param=param, start=start):
            k.assign(param, value)
            result = loss(x)
            k.assign(param, start)
            return result

        assert_gradient(loss_at, start, np.float64(1), grad)


@pytest.mark.parametrize("name", ["sgd", "momentum", "nesterov_lookahead", "adam"])
def test_both_kernel_sets_train_to_the_same_weights(name: str) -> None:
    rng = np.random.default_rng(2)
    x, labels = rng.standard_normal((22, 8, 12, 2)), rng.integers(0, 3, 22)
    results = []
    for k in SETS.values():
        network = every_layer(k)
        optimizer = Optimizer(name, learning_rate=0.01)
        losses = network.fit(x, labels, 3, 8, optimizer, np.random.default_rng(3))  # 22 = 8 + 8 + 6: a short last batch
        running = [layer.running["var"] for layer in network.layers if isinstance(layer, BatchNorm)]
        results.append([np.array(losses), *map(np.asarray, network.params), *map(np.asarray, running)])
    for array, tensor in zip(*results, strict=True):
        assert_close(array, tensor, "float64", rounds=1000)


@pytest.mark.parametrize("k", SETS.values(), ids=SETS)
def test_lenet_learns_digits(k) -> None:
    digits = load_digits()
    images = (digits.images[..., None] / 16).astype(np.float32)
    network = lenet((8, 8, 1), 10, np.random.default_rng(0), k)
    untrained = network.evaluate_accuracy(images[1200:], digits.target[1200:])
    optimizer = Optimizer("adam", learning_rate=2e-3)
    losses = network.fit(images[:1200], digits.target[:1200], 3, 32, optimizer, np.random.default_rng(1))
    assert untrained < 0.3
    assert losses[2] < losses[0] / 3
    assert network.evaluate_accuracy(images[1200:], digits.target[1200:]) > 0.9


@pytest.mark.parametrize("k", SETS.values(), ids=SETS)
def test_dropout_is_active_in_training_only(k) -> None:
    network = every_layer(k, rate=0.9)
    x = k.array(np.random.default_rng(4).standard_normal((3, 8, 12, 2)))
    assert_close(network.forward(x), network.forward(x), "float64")
    assert (
        np.abs(np.asarray(network.forward(x, training=True)) - np.asarray(network.forward(x, training=True))).max() > 0
    )


def test_lenet_has_the_size_of_the_book() -> None:
    network = lenet((28, 28, 1), 10, np.random.default_rng(0))
    assert sum(param.size for param in network.params) == 1_256_080


def test_mixed_precision_trains_in_float32_with_half_precision_products() -> None:
    half = tfk.mixed_precision()
    rng = np.random.default_rng(5)
    x, w = (tfk.array(rng.standard_normal(s).astype("float32")) for s in ((64, 100), (100, 10)))
    error = np.abs(np.asarray(half.dense(x, w)) - np.asarray(tfk.dense(x, w))).max()
    assert 1e-4 < error < 0.5  # bfloat16 keeps 8 bits
    network = lenet((8, 8, 1), 10, np.random.default_rng(0), half)
    images, labels = rng.random((64, 8, 8, 1), np.float32), rng.integers(0, 10, 64)
    losses = network.fit(images, labels, 12, 32, Optimizer("adam", learning_rate=2e-3), rng)
    assert losses[-1] < 0.9 * losses[0]
    assert all(param.dtype == "float32" for param in network.params)


def test_layers_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match=r"put a Flatten\(\) before it"):
        Sequential([Dense(3)], (4, 4, 1), np.random.default_rng(0))
    with pytest.raises(ValueError, match="Conv2D gets inputs of shape"):
        Sequential([Conv2D(3, 3)], (16,), np.random.default_rng(0))
    with pytest.raises(ValueError, match="name is 'adamw'; it must be one of"):
        Optimizer("adamw")
