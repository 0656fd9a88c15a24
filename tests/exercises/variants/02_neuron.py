"""Right answers to chapter 02 in other styles, and wrong ones that have no name of their own."""

import sys
from collections import namedtuple
from functools import lru_cache, partial
from itertools import pairwise

import numpy as np

# --- right ------------------------------------------------------------------------------------------------------------


def weighted_sum_loops(x, w, b):
    rows = x.reshape(-1, len(w))
    sums = [float(b) + sum(float(v) * float(weight) for v, weight in zip(row, w, strict=True)) for row in rows]
    return sums[0] if x.ndim == 1 else np.array(sums)


def weighted_sum_float32(x, w, b):
    return np.einsum("...i,i->...", x.astype(np.float32), w.astype(np.float32)) + np.float32(b)


def weighted_sum_with_options(x, w, b, axis=-1, *, dtype=np.float64):
    return np.add.reduce(x * w, axis=axis, dtype=dtype) + b


def step_integers(z):
    return (np.asarray(z) > 0).astype(int)


def step_product(z):
    return (z > 0) * 1


def step_in_place(z):
    out = np.array(z, dtype=np.float64)
    out[out <= 0] = 0
    out[out > 0] = 1
    return out


class PlainNeuron:
    def __init__(self, num_inputs, activation_fn, rng):
        self.W = rng.uniform(-0.5, 0.5, size=num_inputs)
        self.b = 0.0
        self.f = activation_fn

    def forward(self, x):
        if x.ndim == 1:
            return self.f(sum(float(v) * float(w) for v, w in zip(x, self.W, strict=True)) + float(self.b))
        return np.array([self.forward(row) for row in x])


class CallableNeuron:
    """Parameters behind properties, everything in `__call__`, the result read-only."""

    def __init__(self, num_inputs, activation_fn, rng, scale=0.01):
        self.parameters = {"W": scale * rng.normal(size=(num_inputs,)), "b": np.array(rng.normal())}
        self.activation = activation_fn

    W = property(lambda self: self.parameters["W"], lambda self, value: self.parameters.update(W=value))
    b = property(lambda self: self.parameters["b"], lambda self, value: self.parameters.update(b=value))

    def __call__(self, x):
        y = np.asarray(self.activation(np.tensordot(x, self.W, axes=1) + self.b))
        y.flags.writeable = False
        return y

    def forward(self, x):
        return self(x)


def bias_column_filled(X):
    out = np.ones((*X.shape[:-1], X.shape[-1] + 1), order="F")
    out[..., :-1] = X
    return out


def bias_column_padded(X):
    return np.pad(X.astype(float), [(0, 0)] * (X.ndim - 1) + [(0, 1)], constant_values=1.0)


def bias_column_cases(X):
    X = np.asarray(X, dtype=np.float32) if X.dtype == np.float32 else np.asarray(X, dtype=np.float64)
    return np.append(X, 1.0) if X.ndim == 1 else np.column_stack([X, np.ones(len(X))])


def predict_loops(X, w):
    if X.ndim == 1:
        return int(sum(float(a) * float(b) for a, b in zip(X, w, strict=True)) > 0)
    return np.array([predict_loops(row, w) for row in X])


Fit = namedtuple("Fit", "weights mistakes")


def fit_in_place(X, y, learning_rate, epochs, w0):
    w, mistakes = np.array(w0, dtype=float), np.zeros(epochs, dtype=int)
    for epoch in range(epochs):
        for i in range(len(X)):
            p = 1 if np.dot(w, X[i]) > 0 else 0
            if p != y[i]:
                w += learning_rate * (y[i] - p) * X[i]
                mistakes[epoch] += 1
    return Fit(w, mistakes)


def fit_always_updating(X, y, learning_rate, epochs, w0):
    """Changes the weights on every sample; where the prediction is right it adds nothing."""
    w, mistakes = list(w0), []
    for _ in range(epochs):
        wrong = 0.0
        for x, target in zip(X.tolist(), y.tolist(), strict=True):
            error = target - (sum(a * b for a, b in zip(x, w, strict=True)) > 0)
            w = [weight + learning_rate * error * value for weight, value in zip(w, x, strict=True)]
            wrong += abs(error)
        mistakes.append(wrong)
    return [np.array(w), mistakes]


def fit_stopping_work(X, y, learning_rate, epochs, w0):
    """Does no more work once an epoch was right, but still returns a full list."""
    w, mistakes = w0 * 1.0, []
    while len(mistakes) < epochs:
        if mistakes and mistakes[-1] == 0:
            return w, mistakes + [0] * (epochs - len(mistakes))
        mistakes.append(0)
        for x, target in zip(X, y, strict=True):
            if (x @ w > 0) != bool(target):
                w = w + x * learning_rate if target else w - x * learning_rate
                mistakes[-1] += 1
    return w, mistakes


def scores_loops(images, W, b):
    rows = [np.concatenate([np.ravel(image).astype(float)]) for image in images]
    return np.array([[float(row @ W[:, c]) + float(b[c]) for c in range(W.shape[1])] for row in rows])


def scores_einsum(images, W, b):
    flat = images.reshape(images.shape[0], int(np.prod(images.shape[1:])))
    return np.asfortranarray(np.einsum("np,pc->nc", flat, W) + b)


class LoopLayer:
    """A list of columns, one neuron after the other."""

    def __init__(self, num_inputs, layer_size, activation_fn, rng):
        self.W = np.stack([rng.normal(0, 0.1, size=num_inputs) for _ in range(layer_size)], axis=1)
        self.b = np.zeros(layer_size)
        self.f = activation_fn

    def forward(self, x):
        sums = np.empty((*x.shape[:-1], len(self.b)))
        for j in range(len(self.b)):
            sums[..., j] = (x * self.W[:, j]).sum(axis=-1) + self.b[j]
        return self.f(sums)


class SmallNumbersLayer:
    """float32 parameters at the start, a bound method as activation, extra arguments."""

    def __init__(self, num_inputs, layer_size, activation_fn, rng, dtype=np.float32):
        self.W = rng.standard_normal((num_inputs, layer_size), dtype=dtype)
        self.b = np.full(layer_size, 0.1, dtype=dtype)
        self.activation_fn = partial(activation_fn)

    def forward(self, x):
        y = np.dot(np.atleast_2d(x), self.W)
        y += self.b
        return self.activation_fn(y).reshape(*x.shape[:-1], -1)


Pair = namedtuple("Pair", "W b")


def collapse_by_bases(WA, bA, WB, bB):
    """Sends the unit vectors and the origin through both layers."""

    def both(x):
        return (x @ WA + bA) @ WB + bB

    b = both(np.zeros(WA.shape[0]))
    return Pair(both(np.eye(WA.shape[0])) - b, b)


def collapse_loops(WA, bA, WB, bB):
    W = np.zeros((WA.shape[0], WB.shape[1]))
    b = np.array(bB, dtype=float)
    for j in range(WB.shape[1]):
        for k in range(WB.shape[0]):
            W[:, j] += WA[:, k] * WB[k, j]
            b[j] += bA[k] * WB[k, j]
    return [W, b]


def np_sigmoid(z):
    return 0.5 * (1 + np.tanh(z / 2))


class TupleNetwork:
    """Layers in a tuple, whole numbers of Python, accuracy by counting."""

    def __init__(self, num_inputs, num_outputs, hidden_layer_sizes, rng):
        layers, before = [], num_inputs
        for size in (*hidden_layer_sizes, num_outputs):
            layers.append(SmallNumbersLayer(before, size, np_sigmoid, rng))
            before = size
        self.layers = tuple(layers)

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def predict(self, x):
        if x.ndim == 1:
            return int(np.argsort(self.forward(x))[-1])
        return np.array([self.predict(row) for row in x])

    def evaluate_accuracy(self, X, y):
        return sum(int(self.predict(row) == label) for row, label in zip(X, y, strict=True)) / len(y)


class RecursiveNetwork:
    def __init__(self, num_inputs, num_outputs, hidden_layer_sizes, rng):
        sizes = [num_inputs] + list(hidden_layer_sizes) + [num_outputs]  # noqa: RUF005
        self.layers = [LoopLayer(sizes[i], sizes[i + 1], np_sigmoid, rng) for i in range(len(sizes) - 1)]

    def forward(self, x, depth=0):
        return x if depth == len(self.layers) else self.forward(self.layers[depth].forward(x), depth + 1)

    def predict(self, x):
        return self.forward(x).argmax(-1)

    def evaluate_accuracy(self, X, y):
        return np.count_nonzero(self.predict(X) == y) / y.size


class OneVectorNeuron:
    """Weights and bias live in one vector; `W` and `b` are views into it."""

    def __init__(self, num_inputs, activation_fn, rng):
        self.parameters, self.activation_fn = rng.standard_normal(num_inputs + 1), activation_fn

    @property
    def W(self):
        return self.parameters[:-1]

    @W.setter
    def W(self, values):
        self.parameters[:-1] = values

    @property
    def b(self):
        return self.parameters[-1]

    @b.setter
    def b(self, value):
        self.parameters[-1] = value

    def forward(self, x):
        with_ones = np.concatenate([x, np.ones((*x.shape[:-1], 1))], axis=-1)
        return self.activation_fn(with_ones @ self.parameters)


class LazyNeuron(PlainNeuron):
    """Draws its weights when somebody first asks for them; the bias begins at a whole 0."""

    def __init__(self, num_inputs, activation_fn, rng):
        self.draw, self.b, self.activation_fn = (lambda: rng.uniform(-1, 1, num_inputs)), 0, activation_fn

    def __getattr__(self, name):
        if name != "W":
            raise AttributeError(name)
        self.W = self.draw()
        return self.W

    def forward(self, x):
        return self.activation_fn(np.inner(x, self.W) + self.b)


class CoinLayer(LoopLayer):
    """Weights of -1 and 1, from the generator all the same; zero biases."""

    def __init__(self, num_inputs, layer_size, activation_fn, rng):
        super().__init__(num_inputs, layer_size, activation_fn, rng)
        self.W, self.b = rng.choice([-1.0, 1.0], size=(num_inputs, layer_size)), np.zeros(layer_size)


VARIANTS = {
    "weighted_sum": {
        "loops": weighted_sum_loops,
        "einsum in float32": weighted_sum_float32,
        "extra options": weighted_sum_with_options,
        "transposed twice": lambda x, w, b: (w @ x.T) + b,
    },
    "step": {"integers": step_integers, "times one": step_product, "in place on a copy": step_in_place},
    "Neuron": {
        "loops, small uniform weights": PlainNeuron,
        "a callable object with properties": CallableNeuron,
        "one vector for all": OneVectorNeuron,
        "weights drawn when asked for": LazyNeuron,
    },
    "add_bias_column": {
        "filled, Fortran order": bias_column_filled,
        "padded": bias_column_padded,
        "two cases": bias_column_cases,
    },
    "perceptron_predict": {
        "loops, integers": predict_loops,
        "einsum": lambda X, w: 1.0 * (np.einsum("...i,i", X, w) > 0),
    },
    "perceptron_fit": {
        "in place, namedtuple, array of counts": fit_in_place,
        "lists, float counts, a list of two": fit_always_updating,
        "stops working early": fit_stopping_work,
    },
    "linear_scores": {"loops": scores_loops, "einsum, Fortran order": scores_einsum},
    "FullyConnectedLayer": {
        "weights of -1 and 1": CoinLayer,
        "one neuron after the other": LoopLayer,
        "float32 at the start": SmallNumbersLayer,
    },
    "collapse_linear": {"by bases, namedtuple": collapse_by_bases, "loops, a list of two": collapse_loops},
    "SimpleNetwork": {"tuple of layers, loops": TupleNetwork, "recursive": RecursiveNetwork},
}

# --- wrong ------------------------------------------------------------------------------------------------------------


def sums_in_the_inputs_type(x, w, b):
    rows = np.atleast_2d(x)
    out = np.zeros(len(rows), dtype=x.dtype)
    for i, row in enumerate(rows):
        out[i] = row @ w + b
    return out if x.ndim == 2 else out[0]


def weighted_sum_in_place(x, w, b):
    x *= w
    return x.sum(axis=-1) + b


def step_in_the_input(z):
    if np.ndim(z) == 0:
        return 1.0 if z > 0 else 0.0
    z[z <= 0] = 0
    z[z > 0] = 1
    return z


class ForgetfulNeuron(PlainNeuron):
    """Draws its weights anew on every call."""

    def __init__(self, num_inputs, activation_fn, rng):
        super().__init__(num_inputs, activation_fn, rng)
        self.rng = rng

    def forward(self, x):
        self.W = self.rng.normal(size=len(self.W))
        return super().forward(x)


class FrozenNeuron(PlainNeuron):
    """Computes with the weights of its birth."""

    def __init__(self, num_inputs, activation_fn, rng):
        super().__init__(num_inputs, activation_fn, rng)
        self.born = self.W.copy(), self.b

    def forward(self, x):
        return self.f(x @ self.born[0] + self.born[1])


class CopyOnceNeuron(PlainNeuron):
    """Keeps the weights of its first call."""

    first = None

    def forward(self, x):
        if self.first is None:
            self.first = np.array(self.W), self.b
        return self.f(x @ self.first[0] + self.first[1])


class BatchOnlyNeuron(PlainNeuron):
    def forward(self, x):
        return self.f(np.atleast_2d(x) @ self.W + self.b)


class ListNeuron(PlainNeuron):
    def __init__(self, num_inputs, activation_fn, rng):
        super().__init__(num_inputs, activation_fn, rng)
        self.W = [float(v) for v in self.W]


class GlobalNeuron(PlainNeuron):
    def __init__(self, num_inputs, activation_fn, rng):
        super().__init__(num_inputs, activation_fn, rng)
        self.W = np.random.randn(num_inputs)  # noqa: NPY002 - the mistake


class SeededNeuron(PlainNeuron):
    def __init__(self, num_inputs, activation_fn, rng):
        super().__init__(num_inputs, activation_fn, np.random.default_rng(0))


class SharedNeuron(PlainNeuron):
    """All neurons share one array of weights."""

    _weights: dict = {}  # noqa: RUF012 - the mistake

    def __init__(self, num_inputs, activation_fn, rng):
        super().__init__(num_inputs, activation_fn, rng)
        self.W = self._weights.setdefault(num_inputs, self.W)


class WeightlessNeuron:
    """Calls its weights something else."""

    def __init__(self, num_inputs, activation_fn, rng):
        self.weights, self.bias, self.f = rng.normal(size=num_inputs), 0.0, activation_fn

    def forward(self, x):
        return self.f(x @ self.weights + self.bias)


class ClippedNeuron(PlainNeuron):
    def forward(self, x):
        return self.f(np.clip(x @ self.W + self.b, -1, 1))


def bias_column_in_the_type_of_X(X):
    return np.concatenate([X, np.ones((*X.shape[:-1], 1), dtype=X.dtype)], axis=-1)


def bias_column_as_row(X):
    return np.atleast_2d(bias_column_padded(X))


def fit_in_w0(X, y, learning_rate, epochs, w0):
    mistakes = []
    for _ in range(epochs):
        mistakes.append(0)
        for x, target in zip(X, y, strict=True):
            p = int(x @ w0 > 0)
            w0 += learning_rate * (target - p) * x
            mistakes[-1] += int(p != target)
    return w0, mistakes


def fit_backwards(X, y, learning_rate, epochs, w0):
    return fit_in_place(X[::-1], y[::-1], learning_rate, epochs, w0)


def fit_shuffled(X, y, learning_rate, epochs, w0):
    order = np.random.default_rng(0).permutation(len(X))
    return fit_in_place(X[order], y[order], learning_rate, epochs, w0)


def fit_from_zero(X, y, learning_rate, epochs, w0):
    return fit_in_place(X, y, learning_rate, epochs, np.zeros_like(w0))


def fit_own_bias(X, y, learning_rate, epochs, w0):
    wide = np.column_stack([X, np.ones(len(X))])
    w, mistakes = fit_in_place(wide, y, learning_rate, epochs, np.append(w0, 0.0))
    return w[:-1], mistakes


def fit_one_epoch(X, y, learning_rate, epochs, w0):
    w, mistakes = fit_in_place(X, y, learning_rate, 1, w0)
    return w, [*mistakes, *[0] * (epochs - 1)]


def fit_best_weights(X, y, learning_rate, epochs, w0):
    """Returns the weights of the best epoch instead of the last."""
    runs = [fit_in_place(X, y, learning_rate, e, w0) for e in range(1, epochs + 1)]
    best = min(runs, key=lambda run: (np.sum((X @ run.weights > 0) != y), -len(run.mistakes)))
    return best.weights, runs[-1].mistakes


def fit_averaged(X, y, learning_rate, epochs, w0):
    runs = [fit_in_place(X, y, learning_rate, e, w0) for e in range(1, epochs + 1)]
    return np.mean([run.weights for run in runs], axis=0), runs[-1].mistakes


def fit_mean_mistakes(X, y, learning_rate, epochs, w0):
    w, mistakes = fit_in_place(X, y, learning_rate, epochs, w0)
    return w, mistakes / len(X)


def fit_decaying(X, y, learning_rate, epochs, w0):
    w, mistakes = np.array(w0), []
    for epoch in range(epochs):
        w, more = fit_in_place(X, y, learning_rate / (1 + epoch), 1, w)
        mistakes += list(more)
    return w, mistakes


def fit_integer_weights(X, y, learning_rate, epochs, w0):
    w, mistakes = fit_in_place(X, y, learning_rate, epochs, w0)
    return w.astype(int), mistakes


def scores_for_bytes(images, W, b):
    return images.reshape(len(images), -1).astype(np.uint8).astype(float) @ W + b


def scores_that_wrap(images, W, b):
    flat = images.reshape(len(images), -1)
    return (flat * flat.dtype.type(1)) @ W.astype(flat.dtype) + b


def scores_squeezed(images, W, b):
    return np.squeeze(images.reshape(len(images), -1) @ W + b)


def scores_in_memory_order(images, W, b):
    return np.stack([image.ravel(order="K") for image in images]) @ W + b


def scores_grey_only(images, W, b):
    n, height, width = images.shape[:3] if images.ndim > 2 else (*images.shape, 1)
    return images.reshape(n, height * width, -1).mean(axis=2) @ W[: height * width] + b


def scores_centred(images, W, b):
    flat = images.reshape(len(images), -1).astype(float)
    return (flat - flat.mean(axis=0)) @ W + b


class FrozenLayer(LoopLayer):
    """Made of neurons of its own that never hear of a new `W`."""

    def __init__(self, num_inputs, layer_size, activation_fn, rng):
        super().__init__(num_inputs, layer_size, activation_fn, rng)
        self.neurons = [(self.W[:, j].copy(), self.b[j]) for j in range(layer_size)]

    def forward(self, x):
        return self.f(np.stack([x @ w + b for w, b in self.neurons], axis=-1))


class SummedLayer(LoopLayer):
    def forward(self, x):
        return self.f((x @ self.W + self.b).sum(axis=-1, keepdims=True))


class BatchOnlyLayer(LoopLayer):
    def forward(self, x):
        return self.f(np.atleast_2d(x) @ self.W + self.b)


class NormalisingLayer(LoopLayer):
    def forward(self, x):
        z = super().forward(x)
        return z / np.abs(z).max()


class PositionalBiasLayer(LoopLayer):
    """Adds the bias of the sample's row instead of the neuron's."""

    def forward(self, x):
        z = x @ self.W
        return self.f(z + (self.b[: len(z), None] if z.ndim == 2 and len(z) <= len(self.b) else self.b))


class ListedLayer(LoopLayer):
    def forward(self, x):
        return super().forward(x).tolist()


class ColumnBiasLayer(LoopLayer):
    def __init__(self, num_inputs, layer_size, activation_fn, rng):
        super().__init__(num_inputs, layer_size, activation_fn, rng)
        self.b = np.zeros((layer_size, 1))


class FirstBiasLayer(LoopLayer):
    def forward(self, x):
        return self.f(x @ self.W + self.b[0])


class NetworkOfOneSample(RecursiveNetwork):
    def predict(self, x):
        return np.atleast_1d(super().predict(x))


class FloatClasses(RecursiveNetwork):
    def predict(self, x):
        return super().predict(x).astype(float) if x.ndim == 2 else float(super().predict(x))


class OneHotClasses(RecursiveNetwork):
    def predict(self, x):
        outputs = self.forward(x)
        return (outputs == outputs.max(axis=-1, keepdims=True)) * 1


class RoundedNetwork(RecursiveNetwork):
    def forward(self, x):
        return np.round(super().forward(x))


class CountingFromOne(RecursiveNetwork):
    def predict(self, x):
        return super().predict(x) + 1


class SmallestNetwork(RecursiveNetwork):
    def predict(self, x):
        return self.forward(x).argmin(-1)


class BatchLengthAccuracy(RecursiveNetwork):
    def evaluate_accuracy(self, X, y):
        return np.sum(self.predict(X) == y) / X.shape[1]


class ThresholdAccuracy(RecursiveNetwork):
    """Counts outputs on the right side of one half."""

    def evaluate_accuracy(self, X, y):
        outputs = self.forward(X)
        return float(np.mean((outputs > 0.5) == np.eye(outputs.shape[1], dtype=bool)[y]))


class FirstSampleAccuracy(RecursiveNetwork):
    def evaluate_accuracy(self, X, y):
        return float(self.predict(X[0]) == y[0])


class BalancedAccuracy(RecursiveNetwork):
    """The mean of the classes' recalls, which is another measure."""

    def evaluate_accuracy(self, X, y):
        hits = self.predict(X) == y
        return float(np.mean([hits[y == label].mean() for label in np.unique(y)]))


class ForgetsLayer(RecursiveNetwork):
    def forward(self, x, depth=0):
        return x if depth == len(self.layers) else self.forward(self.layers[depth].forward(x), depth + 2)


class SameLayerTwice(RecursiveNetwork):
    """All hidden layers of the same size are one object."""

    def __init__(self, num_inputs, num_outputs, hidden_layer_sizes, rng):
        make = lru_cache(lambda n, m: LoopLayer(n, m, np_sigmoid, rng))
        sizes = [num_inputs, *hidden_layer_sizes, num_outputs]
        self.layers = [make(n, m) for n, m in pairwise(sizes)]


class UnseededNetwork(RecursiveNetwork):
    def __init__(self, num_inputs, num_outputs, hidden_layer_sizes, rng):
        super().__init__(num_inputs, num_outputs, hidden_layer_sizes, np.random.default_rng())


class NumberedLayers(RecursiveNetwork):
    """Has no `layers`."""

    def __init__(self, num_inputs, num_outputs, hidden_layer_sizes, rng):
        super().__init__(num_inputs, num_outputs, hidden_layer_sizes, rng)
        self.all_layers = self.__dict__.pop("layers")


class OwnBiasNeuron(PlainNeuron):
    """Weights from the rng, but a bias from nowhere."""

    def __init__(self, num_inputs, activation_fn, rng):
        super().__init__(num_inputs, activation_fn, rng)
        self.b = np.random.default_rng().normal()


class OneNumberNeuron(PlainNeuron):
    """One random number for all weights."""

    def __init__(self, num_inputs, activation_fn, rng):
        super().__init__(num_inputs, activation_fn, rng)
        self.W = np.full(num_inputs, rng.normal())


class EqualRowsLayer(LoopLayer):
    """Every input has the same weights."""

    def __init__(self, num_inputs, layer_size, activation_fn, rng):
        super().__init__(num_inputs, layer_size, activation_fn, rng)
        self.W = np.tile(rng.normal(size=layer_size), (num_inputs, 1))


class SquareBiasLayer(LoopLayer):
    """Gives the biases to the samples where there are as many samples as neurons."""

    def forward(self, x):
        b = self.b[:, None] if x.ndim == 2 and len(x) == len(self.b) else self.b
        return self.activation_fn(x @ self.W + b)


class SilentOutputNetwork(RecursiveNetwork):
    """Random hidden layers, and a last one of zeros."""

    def __init__(self, num_inputs, num_outputs, hidden_layer_sizes, rng):
        super().__init__(num_inputs, num_outputs, hidden_layer_sizes, rng)
        self.layers[-1].W = np.zeros_like(self.layers[-1].W)


class UnpackingNetwork(RecursiveNetwork):
    """A batch of one gives a number."""

    def predict(self, x):
        classes = super().predict(x)
        return classes[0] if np.shape(classes) == (1,) else classes


def fit_with_margin(X, y, learning_rate, epochs, w0):
    w, mistakes = w0.copy(), [0] * epochs
    for epoch in range(epochs):
        for x, target in zip(X, y, strict=True):
            error = target - (1.0 if x @ w > 1e-9 else 0.0)
            w = w + learning_rate * error * x
            mistakes[epoch] += int(error != 0)
    return w, mistakes


def sum_from_the_caller(x, w, b):
    frame = sys._getframe()
    while frame and "case" not in frame.f_locals:
        frame = frame.f_back
    return frame.f_locals["case"].expected["result"].value


def sum_from_the_references(x, w, b):
    from helpers.checks.library import find

    cases = [case for hidden in (False, True) for case in find("weighted_sum", hidden).cases]
    return next(c.expected["result"].value for c in cases if np.array_equal(c.inputs["x"], x))


MUTANTS = {
    "weighted_sum": {
        "looked up at the caller's": sum_from_the_caller,
        "looked up in the references": sum_from_the_references,
        "truncated to the inputs' type": sums_in_the_inputs_type,
        "multiplies in its input": weighted_sum_in_place,
        "subtracts the bias": lambda x, w, b: x @ w - b,
        "bias times sum": lambda x, w, b: (x @ w) * b,
        "first sample only": lambda x, w, b: (x @ w + b)[0] if x.ndim == 2 else x @ w + b,
        "always a batch": lambda x, w, b: np.atleast_2d(x) @ w + b,
        "weights first": lambda x, w, b: w @ x + b,
        "absolute weights": lambda x, w, b: x @ np.abs(w) + b,
        "without the last input": lambda x, w, b: x[..., :-1] @ w[:-1] + b,
        "activated": lambda x, w, b: np.tanh(x @ w + b),
        "rounded": lambda x, w, b: np.round(x @ w + b, 3),
        "summed twice": lambda x, w, b: np.sum(x @ w) + b,
    },
    "step": {
        "flat beyond two axes": lambda z: np.where(np.ravel(z) > 0, 1, 0) if np.ndim(z) > 2 else step_integers(z),
        "booleans": lambda z: np.asarray(z) > 0,
        "a list": lambda z: [1.0 if v > 0 else 0.0 for v in np.ravel(z)],
        "threshold at one": lambda z: np.where(np.asarray(z) >= 1, 1.0, 0.0),
        "threshold at one half": lambda z: np.where(np.asarray(z) > 0.5, 1.0, 0.0),
        "flattened": lambda z: np.where(np.ravel(z) > 0, 1.0, 0.0),
        "z over |z|": lambda z: z / np.abs(z),
        "steep sigmoid": lambda z: 1 / (1 + np.exp(-50 * np.clip(z, -10, 10))),
        "not for tiny numbers": lambda z: np.where(np.asarray(z) > 1e-8, 1.0, 0.0),
        "written into its input": step_in_the_input,
        "always one": lambda z: np.ones_like(z, dtype=float),
    },
    "Neuron": {
        "a bias from nowhere": OwnBiasNeuron,
        "one number for all weights": OneNumberNeuron,
        "draws anew on every call": ForgetfulNeuron,
        "weights of its birth": FrozenNeuron,
        "weights of its first call": CopyOnceNeuron,
        "always a batch": BatchOnlyNeuron,
        "weights in a list": ListNeuron,
        "global random state": GlobalNeuron,
        "a seed of its own": SeededNeuron,
        "shared weights": SharedNeuron,
        "other attribute names": WeightlessNeuron,
        "clipped sums": ClippedNeuron,
        "a function": lambda num_inputs, activation_fn, rng: activation_fn,
    },
    "add_bias_column": {
        "one sample keeps its type": lambda X: np.append(X, 1) if X.ndim == 1 else bias_column_filled(X),
        "whole numbers stay whole": bias_column_in_the_type_of_X,
        "one sample becomes a batch": bias_column_as_row,
        "two columns": lambda X: bias_column_padded(bias_column_padded(X)),
        "column of the largest value": lambda X: np.concatenate([X, 0.0 * X[..., :1] + X.max()], axis=-1),
        "unchanged": lambda X: X.astype(float),
        "a list": lambda X: bias_column_padded(X).tolist(),
        "normalised": lambda X: bias_column_padded(X) / 2,
    },
    "perceptron_predict": {
        "a little above zero": lambda X, w: np.where(X @ w > 1e-6, 1, 0),
        "booleans": lambda X, w: X @ w > 0,
        "a list": lambda X, w: [int(s > 0) for s in np.atleast_1d(X @ w)],
        "always a batch": lambda X, w: np.where(np.atleast_2d(X) @ w > 0, 1, 0),
        "one decision for all": lambda X, w: int(np.sum(X @ w) > 0),
        "sigmoid": lambda X, w: 1 / (1 + np.exp(-(X @ w))),
        "numbers of the firing rows": lambda X, w: np.flatnonzero(X @ w > 0),
        "bias subtracted": lambda X, w: np.where(X[..., :-1] @ w[:-1] - w[-1] > 0, 1.0, 0.0),
        "largest score only": lambda X, w: np.where(X @ w == np.max(X @ w), 1.0, 0.0),
    },
    "perceptron_fit": {
        "a little above zero": fit_with_margin,
        "writes into w0": fit_in_w0,
        "samples backwards": fit_backwards,
        "samples shuffled": fit_shuffled,
        "ignores w0": fit_from_zero,
        "adds a bias of its own": fit_own_bias,
        "learns for one epoch": fit_one_epoch,
        "best weights": fit_best_weights,
        "averaged weights": fit_averaged,
        "share of mistakes": fit_mean_mistakes,
        "decaying rate": fit_decaying,
        "whole weights": fit_integer_weights,
        "weights only": lambda X, y, rate, epochs, w0: fit_in_place(X, y, rate, epochs, w0).weights,
        "results swapped": lambda X, y, rate, epochs, w0: fit_in_place(X, y, rate, epochs, w0)[::-1],
        "one epoch too many": lambda X, y, rate, epochs, w0: fit_in_place(X, y, rate, epochs + 1, w0),
        "number of all mistakes": lambda X, y, rate, epochs, w0: (
            fit_in_place(X, y, rate, epochs, w0)[0],
            int(fit_in_place(X, y, rate, epochs, w0)[1].sum()),
        ),
        "right answers counted": lambda X, y, rate, epochs, w0: (
            fit_in_place(X, y, rate, epochs, w0)[0],
            len(X) - fit_in_place(X, y, rate, epochs, w0)[1],
        ),
    },
    "linear_scores": {
        "cut to bytes": scores_for_bytes,
        "in the pixels' type": scores_that_wrap,
        "squeezed": scores_squeezed,
        "in memory order": scores_in_memory_order,
        "colours averaged": scores_grey_only,
        "centred": scores_centred,
        "bias subtracted": lambda images, W, b: images.reshape(len(images), -1) @ W - b,
        "bias of the first class": lambda images, W, b: images.reshape(len(images), -1) @ W + b[0],
        "relu": lambda images, W, b: np.maximum(images.reshape(len(images), -1) @ W + b, 0),
        "upside down": lambda images, W, b: images.reshape(len(images), -1)[:, ::-1] @ W + b,
        "first image only": lambda images, W, b: images[:1].reshape(1, -1) @ W + b,
        "a list": lambda images, W, b: (images.reshape(len(images), -1) @ W + b).tolist(),
    },
    "FullyConnectedLayer": {
        "equal rows": EqualRowsLayer,
        "biases for samples": SquareBiasLayer,
        "neurons that never hear of W": FrozenLayer,
        "summed over its neurons": SummedLayer,
        "always a batch": BatchOnlyLayer,
        "normalised": NormalisingLayer,
        "a bias per sample": PositionalBiasLayer,
        "a list": ListedLayer,
        "biases as a column": ColumnBiasLayer,
        "first bias for all": FirstBiasLayer,
    },
    "collapse_linear": {
        "results swapped": lambda WA, bA, WB, bB: (bA @ WB + bB, WA @ WB),
        "weights only": lambda WA, bA, WB, bB: WA @ WB,
        "bias as a row": lambda WA, bA, WB, bB: (WA @ WB, (bA @ WB + bB)[None]),
        "bias subtracted": lambda WA, bA, WB, bB: (WA @ WB, bA @ WB - bB),
        "bias averaged": lambda WA, bA, WB, bB: (WA @ WB, (bA @ WB + bB) / 2),
        "biases multiplied": lambda WA, bA, WB, bB: (WA @ WB, (bA @ WB) * bB),
        "through WB transposed": lambda WA, bA, WB, bB: (WA @ WB.T, bA @ WB.T + bB),
        "a dictionary": lambda WA, bA, WB, bB: {"W": WA @ WB, "b": bA @ WB + bB},
        "layer B alone": lambda WA, bA, WB, bB: (WB, bB),
        "with an activation": lambda WA, bA, WB, bB: (WA @ WB, np.maximum(bA, 0) @ WB + bB),
    },
    "SimpleNetwork": {
        "a silent last layer": SilentOutputNetwork,
        "unpacks a batch of one": UnpackingNetwork,
        "one sample gives a list of one": NetworkOfOneSample,
        "classes as floats": FloatClasses,
        "one-hot": OneHotClasses,
        "rounded outputs": RoundedNetwork,
        "classes from one": CountingFromOne,
        "smallest output": SmallestNetwork,
        "accuracy over the inputs": BatchLengthAccuracy,
        "accuracy of all outputs": ThresholdAccuracy,
        "accuracy of one sample": FirstSampleAccuracy,
        "balanced accuracy": BalancedAccuracy,
        "skips layers": ForgetsLayer,
        "layers of one size are one": SameLayerTwice,
        "ignores its rng": UnseededNetwork,
        "no layers": NumberedLayers,
    },
}
