"""Probes of chapter 02: they build a neuron, a layer or a network, give it known weights and let it compute."""

import numpy as np

from helpers.checks.probes import Finding, attribute, probe


@probe
def neuron_starts(Neuron, num_inputs, activation_fn, seed):
    """The parameters of fresh neurons: their shapes, and how they follow from the generator."""
    neuron = Neuron(num_inputs, activation_fn, np.random.default_rng(seed))
    return {
        **_shapes(neuron),
        **_randomness(lambda rng: [Neuron(num_inputs, activation_fn, rng)], seed),
        "weights of its inputs": _alike(neuron.W, axis=0),
    }


@probe
def neuron_forward(Neuron, num_inputs, activation_fn, W, b, x):
    """What `forward(x)` returns once `W` and `b` have been written into a fresh neuron."""
    neuron = Neuron(num_inputs, activation_fn, np.random.default_rng(0))
    neuron.W, neuron.b = W.copy(), b
    return {"forward(x)": neuron.forward(x)}


@probe
def neuron_changes(Neuron, num_inputs, activation_fn, W, b, x):
    """`forward(x)` before and after the first weight and the bias were changed in place."""
    neuron = Neuron(num_inputs, activation_fn, np.random.default_rng(0))
    neuron.W, neuron.b = W.copy(), b
    first = _kept(neuron.forward(x))
    neuron.W[0] = 3.0
    neuron.b = b - 1.0
    return {"forward(x)": first, "forward(x) after W[0] = 3 and b -= 1": neuron.forward(x)}


@probe
def neuron_layer_starts(FullyConnectedLayer, num_inputs, layer_size, activation_fn, seed):
    """The parameters of fresh layers: their shapes, whether the neurons differ, how they follow from the generator."""
    layer = FullyConnectedLayer(num_inputs, layer_size, activation_fn, np.random.default_rng(seed))
    return {
        **_shapes(layer),
        **_randomness(lambda rng: [FullyConnectedLayer(num_inputs, layer_size, activation_fn, rng)], seed),
        "weights of its neurons": _alike(layer.W, axis=1),
        "weights of its inputs": _alike(layer.W, axis=0),
    }


@probe
def neuron_layer_forward(FullyConnectedLayer, num_inputs, layer_size, activation_fn, W, b, x):
    """What `forward(x)` returns once `W` and `b` have been written into a fresh layer."""
    layer = FullyConnectedLayer(num_inputs, layer_size, activation_fn, np.random.default_rng(0))
    layer.W, layer.b = W.copy(), b.copy()
    return {"forward(x)": layer.forward(x)}


@probe
def neuron_layer_changes(FullyConnectedLayer, num_inputs, layer_size, activation_fn, W, b, x):
    """`forward(x)` before and after one weight and one bias were changed in place."""
    layer = FullyConnectedLayer(num_inputs, layer_size, activation_fn, np.random.default_rng(0))
    layer.W, layer.b = W.copy(), b.copy()
    first = _kept(layer.forward(x))
    layer.W[0, -1] += 1.0
    layer.b[0] -= 1.0
    return {"forward(x)": first, "forward(x) after W[0, -1] += 1 and b[0] -= 1": layer.forward(x)}


@probe
def neuron_network_starts(SimpleNetwork, num_inputs, num_outputs, hidden_layer_sizes, seed):
    """The layers of fresh networks: their shapes, and how their weights follow from the generator."""

    def build(rng):
        return list(attribute(SimpleNetwork(num_inputs, num_outputs, hidden_layer_sizes, rng), "layers"))

    layers = build(np.random.default_rng(seed))
    shapes = [_shapes(layer) for layer in layers]
    return {
        "shapes of W, layer by layer": " ".join(s["shape of W"] for s in shapes),
        "shapes of b, layer by layer": " ".join(s["shape of b"] for s in shapes),
        **_randomness(build, seed),
    }


@probe
def neuron_network_forward(SimpleNetwork, num_inputs, num_outputs, hidden_layer_sizes, weights, biases, x):
    """What `forward(x)` returns once all weights and biases have been written into a fresh network."""
    network = _known_network(SimpleNetwork, num_inputs, num_outputs, hidden_layer_sizes, weights, biases)
    return {"forward(x)": network.forward(x)}


@probe
def neuron_network_predict(SimpleNetwork, num_inputs, num_outputs, hidden_layer_sizes, weights, biases, x):
    """What `predict(x)` returns."""
    network = _known_network(SimpleNetwork, num_inputs, num_outputs, hidden_layer_sizes, weights, biases)
    return {"predict(x)": network.predict(x)}


@probe
def neuron_network_accuracy(SimpleNetwork, num_inputs, num_outputs, hidden_layer_sizes, weights, biases, X, y):
    """What `evaluate_accuracy(X, y)` returns."""
    network = _known_network(SimpleNetwork, num_inputs, num_outputs, hidden_layer_sizes, weights, biases)
    return {"evaluate_accuracy(X, y)": network.evaluate_accuracy(X, y)}


@probe
def neuron_network_changes(SimpleNetwork, num_inputs, num_outputs, hidden_layer_sizes, weights, biases, x):
    """`forward(x)` before and after weights of the first and the last layer were changed in place."""
    network = _known_network(SimpleNetwork, num_inputs, num_outputs, hidden_layer_sizes, weights, biases)
    first = _kept(network.forward(x))
    network.layers[0].W[0, 0] += 1.0
    network.layers[-1].b[-1] -= 1.0
    return {"forward(x)": first, "forward(x) after two parameters were changed": network.forward(x)}


def _known_network(SimpleNetwork, num_inputs, num_outputs, hidden_layer_sizes, weights, biases):
    """A fresh network with these weights and biases."""
    network = SimpleNetwork(num_inputs, num_outputs, hidden_layer_sizes, np.random.default_rng(0))
    layers = attribute(network, "layers")
    if len(layers) != len(weights):
        raise Finding(
            "values",
            f"your network has {len(layers)} layers where {len(weights)} are expected: one for each entry of "
            "hidden_layer_sizes, and one for the outputs.",
        )
    for layer, W, b in zip(layers, weights, biases, strict=True):
        layer.W, layer.b = W.copy(), b.copy()
    return network


def _shapes(unit) -> dict[str, str]:
    """The shapes of a fresh neuron's or layer's parameters, as text."""
    W, b = attribute(unit, "W"), attribute(unit, "b")
    if not isinstance(W, np.ndarray):
        raise Finding("type", f"`W` is a {type(W).__name__}; keep the weights in a NumPy array.")
    if isinstance(b, list | tuple):
        raise Finding("type", f"`b` is a {type(b).__name__}; keep it as a number or in a NumPy array.")
    return {"shape of W": str(np.shape(W)), "shape of b": str(np.shape(b))}


def _randomness(build, seed) -> dict[str, str]:
    """Whether the parameters come from the generator: other draws differ, and the same seed repeats the first."""
    rng = np.random.default_rng(seed)
    first, second, again = build(rng), build(rng), build(np.random.default_rng(seed))
    return {
        "weights of a second one from the same rng": "the same" if any(_equal("W", first, second)) else "different",
        "weights when the rng starts from the same seed": "the same" if all(_equal("W", first, again)) else "different",
        "biases when the rng starts from the same seed": "the same" if all(_equal("b", first, again)) else "different",
    }


def _alike(W: np.ndarray, axis: int) -> str:
    """Whether everything along an axis of W is like the first."""
    return "the same" if W.ndim > axis and (W.take([0], axis) == W).all() else "different"


def _kept(result):
    """A result as it is now, safe from a forward pass that writes into the same array again."""
    return result.copy() if isinstance(result, np.ndarray) else result


def _equal(name: str, some: list, others: list) -> list[bool]:
    """For each unit, whether the other one of its place has the same `W` or `b`."""
    pairs = zip(some, others, strict=True)
    return [np.array_equal(getattr(one, name), getattr(other, name)) for one, other in pairs]
