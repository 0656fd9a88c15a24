"""Probes of chapter 05: scalar graphs, layers and networks with known weights, and a network that can be broken."""

import numpy as np

from helpers.checks.probes import Finding, attribute, probe

STEP = 1e-30  # of a complex step: exact to the last digit, because nothing is subtracted


def run_steps(steps: str, nodes: dict) -> dict:
    """Compute `"d = a * b; L = d + c"` on the given nodes; every name that was assigned joins them."""
    nodes = dict(nodes)
    for step in steps.split(";"):
        name, _, expression = step.partition("=")
        nodes[name.strip()] = eval(compile(expression.strip(), __file__, "eval"), {"__builtins__": {}}, nodes)
    return nodes


@probe
def value_graph(Value, steps, values, roots):
    """Compute `steps` on Values, call `backward()` on each of `roots` in turn, and read `.data` and `.grad`.

    After several calls only the inputs' gradients are read: what remains inside the graph is the student's own affair.
    """
    leaves = {name: Value(number) for name, number in values.items()}
    nodes = run_steps(steps, leaves)
    outputs = {f"{name}.data": attribute(node, "data") for name, node in nodes.items() if name not in leaves}
    for root in roots.split():
        nodes[root].backward()
    readable = nodes if len(roots.split()) == 1 else leaves
    return outputs | {f"{name}.grad": attribute(node, "grad") for name, node in readable.items()}


@probe
def value_chain(Value, x, depth):
    """A long chain in which every node is used three times, at two different distances from the end."""
    leaf = node = Value(x)
    for _ in range(depth):
        node = (node + node) * 0.5 + node * 0.01
    node.backward()
    return {"y.data": attribute(node, "data"), "x.grad": attribute(leaf, "grad")}


@probe
def layer_starts(FullyConnectedLayer, num_inputs, layer_size, activation_fn, activation_grad, seed):
    """A fresh layer: the shapes of its parameters, and where its weights come from."""
    rng = np.random.default_rng(seed)
    arguments = num_inputs, layer_size, activation_fn, activation_grad
    one, two = FullyConnectedLayer(*arguments, rng), FullyConnectedLayer(*arguments, rng)
    again = FullyConnectedLayer(*arguments, np.random.default_rng(seed))
    return {
        "shape of W": np.array(np.shape(attribute(one, "W"))),
        "shape of b": np.array(np.shape(attribute(one, "b"))),
    } | (_freshness(one.W, two.W, again.W, "layer"))


def _freshness(one, two, again, kind: str) -> dict:
    """Whether weights are random, differ between units, and are the same again with the same seed."""
    columns = np.unique(np.asarray(one), axis=1).shape[-1] if np.ndim(one) == 2 else 0
    return {
        "units that start alike": int(np.shape(one)[-1] - columns) if np.ndim(one) == 2 else -1,
        f"different weights in a second {kind}": int(not np.array_equal(one, two)),
        "same weights from the same seed": int(np.array_equal(one, again)),
    }


def _layer(FullyConnectedLayer, activation_fn, activation_grad, W, b, by_entry):
    layer = FullyConnectedLayer(*W.shape, activation_fn, activation_grad, np.random.default_rng(0))
    _write(layer, W, b, by_entry)
    return layer


def _write(layer, W, b, by_entry: bool = False) -> None:
    """Give a layer known parameters, as whole arrays or entry by entry; the layer keeps copies of its own."""
    if by_entry:
        attribute(layer, "W")[...], attribute(layer, "b")[...] = W, b
    else:
        layer.W, layer.b = W.copy(), b.copy()


@probe
def layer_forward(FullyConnectedLayer, activation_fn, activation_grad, W, b, x, by_entry):
    """What `forward(x)` returns for known weights."""
    return {"forward(x)": _layer(FullyConnectedLayer, activation_fn, activation_grad, W, b, by_entry).forward(x)}


@probe
def layer_backward(FullyConnectedLayer, activation_fn, activation_grad, W, b, batches, dL_dys):
    """Forward and backward once per batch; what the last `backward` returned and left behind."""
    layer = _layer(FullyConnectedLayer, activation_fn, activation_grad, W, b, False)
    for x, dL_dy in zip(batches, dL_dys, strict=True):
        layer.forward(x)
        dL_dx = layer.backward(dL_dy)
    return {"backward(dL_dy)": dL_dx, "dL_dW": _gradient(layer, "dL_dW"), "dL_db": _gradient(layer, "dL_db")}


def _gradient(layer, name: str):
    if not hasattr(layer, name):
        raise Finding("type", f"after `backward`, your layer has no `{name}`; keep it there as `self.{name}`.")
    return getattr(layer, name)


@probe
def layer_optimize(FullyConnectedLayer, activation_fn, activation_grad, W, b, x, dL_dy, learning_rate, steps):
    """The parameters after `steps` rounds of forward, backward and optimize, each with the same `dL_dy`."""
    layer = _layer(FullyConnectedLayer, activation_fn, activation_grad, W, b, False)
    for _ in range(steps):
        layer.forward(x)
        layer.backward(dL_dy)
        layer.optimize(learning_rate)
    return {"W": attribute(layer, "W"), "b": attribute(layer, "b")}


@probe
def network_starts(SimpleNetwork, num_inputs, num_outputs, hidden_layer_sizes, seed):
    """A fresh network: the shapes in `.layers`, and where its weights come from."""
    rng = np.random.default_rng(seed)
    arguments = num_inputs, num_outputs, hidden_layer_sizes
    one, two = SimpleNetwork(*arguments, rng), SimpleNetwork(*arguments, rng)
    again = SimpleNetwork(*arguments, np.random.default_rng(seed))
    layers = _layers(one)
    shapes = {f"shape of layers[{i}].W": np.array(np.shape(attribute(layer, "W"))) for i, layer in enumerate(layers)}
    first = [network.layers[0].W for network in (one, two, again)]
    return {"number of layers": len(layers)} | shapes | _freshness(*first, "network")


def _layers(network) -> list:
    layers = attribute(network, "layers")
    if not isinstance(layers, list | tuple):
        raise Finding("type", f"`layers` is a {type(layers).__name__}; a list of layers is expected.")
    return layers


def _network(SimpleNetwork, W, b, seed: int = 0):
    """A network of the student's own with known weights."""
    sizes = [len(W[0]), *(len(bias) for bias in b)]
    network = SimpleNetwork(sizes[0], sizes[-1], sizes[1:-1], np.random.default_rng(seed))
    layers = _layers(network)
    if len(layers) != len(W):
        raise Finding(
            "values", f"`layers` has {len(layers)} entries for {sizes[1:-1]} hidden units; {len(W)} are expected."
        )
    for layer, weights, bias in zip(layers, W, b, strict=True):
        _write(layer, weights, bias)
    return network


@probe
def network_forward(SimpleNetwork, W, b, x):
    """What `forward(x)` returns."""
    return {"forward(x)": _network(SimpleNetwork, W, b).forward(x)}


@probe
def network_predict(SimpleNetwork, W, b, x):
    """What `predict(x)` returns."""
    return {"predict(x)": _network(SimpleNetwork, W, b).predict(x)}


@probe
def network_accuracy(SimpleNetwork, W, b, X, y):
    """What `evaluate_accuracy(X, y)` returns."""
    return {"evaluate_accuracy(X, y)": _network(SimpleNetwork, W, b).evaluate_accuracy(X, y)}


@probe
def network_backward(SimpleNetwork, W, b, x, dL_dy):
    """The gradients that `backward(dL_dy)` leaves in every layer."""
    network = _network(SimpleNetwork, W, b)
    network.forward(x)
    network.backward(dL_dy)
    gradients = ((i, layer, name) for i, layer in enumerate(network.layers) for name in ("dL_dW", "dL_db"))
    return {f"layers[{i}].{name}": _gradient(layer, name) for i, layer, name in gradients}


@probe
def network_optimize(SimpleNetwork, W, b, x, dL_dy, learning_rate):
    """The parameters of every layer after one step."""
    network = _network(SimpleNetwork, W, b)
    network.forward(x)
    network.backward(dL_dy)
    network.optimize(learning_rate)
    return _read(network, "W", "b")


def _read(network, *names: str) -> dict:
    return {f"layers[{i}].{name}": attribute(layer, name) for i, layer in enumerate(network.layers) for name in names}


@probe
def network_train(SimpleNetwork, W, b, X_train, y_train, X_val, y_val, batch_size, num_epochs, learning_rate, rng):
    """The history of a training run, and the parameters after it."""
    network = _network(SimpleNetwork, W, b)
    history = network.train(X_train, y_train, X_val, y_val, batch_size, num_epochs, learning_rate, rng)
    return _history(history) | _read(network, "W", "b")


def _history(history) -> dict:
    if not isinstance(history, dict):
        raise Finding(
            "type", f'`train` returned a {type(history).__name__}; a dict with "loss" and "val_accuracy" is expected.'
        )
    for key in ("loss", "val_accuracy"):
        if key not in history:
            raise Finding(
                "type", f'the history that `train` returns has no "{key}"; it has {", ".join(map(repr, history))}.'
            )
    return {'history["loss"]': history["loss"], 'history["val_accuracy"]': history["val_accuracy"]}


@probe
def network_learns(SimpleNetwork, W, b, X_train, y_train, X_val, y_val, batch_size, num_epochs, learning_rate):
    """A whole training run: how it began and how it ended."""
    rng, network = np.random.default_rng(7), _network(SimpleNetwork, W, b)
    history = _history(network.train(X_train, y_train, X_val, y_val, batch_size, num_epochs, learning_rate, rng))
    loss, accuracy = history.values()
    return {"first loss": loss[0], "last loss": loss[-1], "last val_accuracy": accuracy[-1]}


@probe
def network_samples(SimpleNetwork, W, b, num_train, batch_size, learning_rate):
    """One epoch in which sample i switches on input i alone, so that row i of the first W tells whether it was used."""
    X, y = np.eye(len(W[0])), np.arange(len(W[0])) % len(b[-1])
    network = _network(SimpleNetwork, W, b)
    rng = np.random.default_rng(1)
    network.train(X[:num_train], y[:num_train], X[num_train:], y[num_train:], batch_size, 1, learning_rate, rng)
    moved = (np.asarray(network.layers[0].W) != W[0]).any(axis=1)
    return {
        "training samples that were learned from": int(moved[:num_train].sum()),
        "validation samples that were learned from": int(moved[num_train:].sum()),
    }


@probe
def network_batches(SimpleNetwork, W, b, num_train, batch_size):
    """Which sample was in a batch of which size, in one epoch of tiny steps, for several generators.

    Sample i switches on input i alone, and a mean over k samples moves row i of the first W by a k-th of what it moves
    when the sample comes alone.
    """
    X, y = np.eye(num_train), np.arange(num_train) % len(b[-1])

    def moves(samples, size, seed=0):
        network = _network(SimpleNetwork, W, b)
        network.train(X[samples], y[samples], X[:1], y[:1], size, 1, 0.01, np.random.default_rng(seed))
        return np.abs(np.asarray(network.layers[0].W) - W[0]).sum(axis=1)

    alone = np.array([moves([i], 1)[i] for i in range(num_train)])
    runs = [
        np.rint(alone / np.maximum(moves(np.arange(num_train), batch_size, s), 1e-12)).astype(int) for s in range(6)
    ]
    return {
        "size of the batch that each sample was in, smallest first": np.sort(runs[0]),
        "another sample in the short batch with another rng": int(len({int(sizes.argmin()) for sizes in runs}) > 1),
    }


@probe
def network_order(SimpleNetwork, W, b, X_train, y_train, X_val, y_val, learning_rate):
    """Train sample by sample, so that the order can be told from the weights: with two seeds, and for two epochs."""

    def weights_after(*runs: tuple[int, int]) -> np.ndarray:
        network = _network(SimpleNetwork, W, b)
        for seed, epochs in runs:
            rng = np.random.default_rng(seed)
            network.train(X_train, y_train, X_val, y_val, 1, epochs, learning_rate, rng)
        return np.concatenate([np.ravel(layer.W) for layer in network.layers])

    def differ(a: np.ndarray, b: np.ndarray) -> int:
        return int(not np.allclose(a, b, rtol=1e-10, atol=1e-13))

    once = weights_after((1, 1))
    return {
        "another rng, another order": differ(once, weights_after((2, 1))),
        "the same rng, the same order": 1 - differ(once, weights_after((1, 1))),
        "an order of its own for the second epoch": differ(weights_after((1, 2)), weights_after((1, 1), (1, 1))),
    }


class ProbeLayer:
    """A sigmoid layer whose gradients come from complex steps, one parameter at a time: slow, exact, no chain rule."""

    def __init__(self, W, b) -> None:
        self.W, self.b = W.copy(), b.copy()
        self.faults: list = []

    def forward(self, x):
        self.x = np.asarray(x)
        return _sigmoid_layer(self.x, self.W, self.b)

    def backward(self, dL_dy):
        gradients = [
            _complex_step(lambda x: (dL_dy * _sigmoid_layer(x, self.W, self.b)).sum(), self.x),
            _complex_step(lambda W: (dL_dy * _sigmoid_layer(self.x, W, self.b)).sum(), self.W),
            _complex_step(lambda b: (dL_dy * _sigmoid_layer(self.x, self.W, b)).sum(), self.b),
        ]
        dL_dx, self.dL_dW, self.dL_db = gradients
        for name, entry, factor in self.faults:
            gradient = getattr(self, name)
            gradient.flat[slice(None) if entry is None else entry] *= factor
        return dL_dx


def _sigmoid_layer(x, W, b):
    return 1 / (1 + np.exp(-(x @ W + b)))


def _complex_step(f, point):
    gradient = np.empty(np.shape(point))
    for index in np.ndindex(gradient.shape):
        shifted = np.array(point, dtype=complex)
        shifted[index] += 1j * STEP
        gradient[index] = f(shifted).imag / STEP
    return gradient


class ProbeNetwork:
    """What `gradient_check` is tried on: the chapter's network, with faults where the case asks for them."""

    def __init__(self, W, b) -> None:
        self.layers = [ProbeLayer(*parameters) for parameters in zip(W, b, strict=True)]

    def forward(self, x):
        outputs = x
        for layer in self.layers:
            outputs = layer.forward(outputs)
        return outputs

    def backward(self, dL_dy):
        slopes = dL_dy
        for layer in self.layers[::-1]:
            slopes = layer.backward(slopes)
        return slopes


@probe
def gradient_check_verdict(gradient_check, W, b, x, y, fault):
    """Its verdict on a network with one fault or none, and the parameters afterwards.

    `fault` is `[layer, "dL_dW" or "dL_db", entry or None for all, factor]`, or empty.
    """
    network = ProbeNetwork(W, b)
    if fault:
        network.layers[fault[0]].faults.append(fault[1:])
    verdict = gradient_check(network, x, y)
    return {"the largest relative error": verdict} | {f"{n} afterwards": a for n, a in _read(network, "W", "b").items()}
