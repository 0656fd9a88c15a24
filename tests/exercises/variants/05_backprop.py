"""Chapter 05: other right answers, and wrong ones that have no name."""

import functools
from collections import namedtuple
from types import SimpleNamespace

import numpy as np

# --- Value ---------------------------------------------------------------------------------------------------------


def lift(number):
    return number if hasattr(number, "grad") else ClosureValue(number)


class ClosureValue:
    """Every node keeps a function that passes its flow on; the order comes from a recursive search."""

    def __init__(self, data, children=()):
        self.data, self.grad, self.flow, self._children = float(data), 0.0, 0.0, children
        self._pass_on = lambda: None

    def _binary(self, other, result, to_self, to_other):
        out = ClosureValue(result, (self, other))

        def pass_on():
            self.flow += to_self * out.flow
            other.flow += to_other * out.flow

        out._pass_on = pass_on
        return out

    def __add__(self, other):
        other = lift(other)
        return self._binary(other, self.data + other.data, 1.0, 1.0)

    def __sub__(self, other):
        other = lift(other)
        return self._binary(other, self.data - other.data, 1.0, -1.0)

    def __mul__(self, other):
        other = lift(other)
        return self._binary(other, self.data * other.data, other.data, self.data)

    def __truediv__(self, other):
        other = lift(other)
        return self._binary(other, self.data / other.data, 1 / other.data, -self.data / other.data**2)

    def __pow__(self, n):
        return self._unary(self.data**n, n * self.data ** (n - 1))

    def __rsub__(self, other):
        return lift(other) - self

    def __rtruediv__(self, other):
        return lift(other) / self

    __radd__, __rmul__ = __add__, __mul__

    def _unary(self, result, slope):
        return self._binary(ClosureValue(0.0), result, slope, 0.0)

    def exp(self):
        return self._unary(np.exp(self.data), np.exp(self.data))

    def tanh(self):
        e = np.exp(2 * self.data)
        t = (e - 1) / (e + 1)
        return self._unary(t, 1 - t * t)

    def relu(self):
        return self._unary(self.data if self.data > 0 else 0.0, 1.0 if self.data >= 0 else 0.0)

    def backward(self):
        order, seen = [], set()

        def visit(node):
            if node not in seen:
                seen.add(node)
                for child in node._children:
                    visit(child)
                order.append(node)

        visit(self)
        for node in order:
            node.flow = 0.0
        self.flow = 1.0
        for node in reversed(order):
            node._pass_on()
            node.grad += node.flow


class CountingValue:
    """Counts how often each node is used, and lets it pass on once all its uses have reported (Kahn's order)."""

    def __init__(self, data, links=()):
        self.data, self.grad, self.links = np.float64(data), 0, list(links)

    def _of(self, number):
        return number if isinstance(number, CountingValue) else type(self)(number)

    def __add__(self, other):
        other = self._of(other)
        return type(self)(self.data + other.data, [(self, 1), (other, 1)])

    def __mul__(self, other):
        other = self._of(other)
        return type(self)(self.data * other.data, [(self, other.data), (other, self.data)])

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -self._of(other)

    def __pow__(self, n):
        return type(self)(self.data ** float(n), [(self, n * self.data ** float(n - 1))])

    def __truediv__(self, other):
        return self * self._of(other) ** -1

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def __rsub__(self, other):
        return -self + other

    def __rtruediv__(self, other):
        return self**-1 * other

    def exp(self):
        value = np.exp(self.data)
        return type(self)(value, [(self, value)])

    def tanh(self):
        return type(self)(np.tanh(self.data), [(self, 1 / np.cosh(self.data) ** 2)])

    def relu(self):
        return type(self)(np.maximum(self.data, 0), [(self, np.heaviside(self.data, 0.5))])

    def backward(self):
        uses, todo, nodes = {self: 0}, [self], []
        while todo:
            node = todo.pop()
            nodes.append(node)
            for parent, _ in node.links:
                if parent not in uses:
                    uses[parent] = 0
                    todo.append(parent)
                uses[parent] += 1
        arrived, ready = dict.fromkeys(nodes, 0.0), [self]
        arrived[self] = 1.0
        while ready:
            node = ready.pop()
            node.grad = node.grad + arrived[node]
            for parent, slope in node.links:
                arrived[parent] += arrived[node] * slope
                uses[parent] -= 1
                if uses[parent] == 0:
                    ready.append(parent)


class TapeValue(CountingValue):
    """Zeroes the inner nodes first, then works on `.grad` itself; leaves keep what they have."""

    def __init__(self, data, links=()):
        super().__init__(data, links)
        self.grad = 0.0

    def _order(self):
        stack, order, seen = [(self, iter(self.links))], [], {self}
        while stack:
            for parent, _ in stack[-1][1]:
                if parent not in seen:
                    seen.add(parent)
                    stack.append((parent, iter(parent.links)))
                    break
            else:
                order.append(stack.pop()[0])
        return order[::-1]

    def backward(self):
        order = self._order()
        for node in order:
            if node.links:
                node.grad = 0.0
        self.grad = self.grad + 1.0
        for node in order:
            for parent, slope in node.links:
                parent.grad = parent.grad + slope * node.grad


class SingleValue(CountingValue):
    """Keeps its numbers in float32."""

    def __init__(self, data, links=()):
        super().__init__(data, links)
        self.data, self.grad = np.float32(data), np.float32(0)


class PowerOfSize(CountingValue):
    """The slope of a power loses the sign of its base."""

    def __pow__(self, n):
        return type(self)(self.data**n, [(self, n * np.abs(self.data) ** (n - 1))])


class LeavesOnly(CountingValue):
    """Inner nodes keep no gradient."""

    def backward(self):
        super().backward()
        todo = [self]
        for node in todo:
            if node.links:
                node.grad = 0.0
                todo += [parent for parent, _ in node.links if parent not in todo]


class NoNumbersOnTheLeft(CountingValue):
    __radd__ = __rsub__ = __rmul__ = __rtruediv__ = None


class ReluFlat(CountingValue):
    def relu(self):
        return type(self)(max(self.data, 0.0), [(self, 0.0)])


class WholeNumbers(CountingValue):
    def __truediv__(self, other):
        return type(self)(self.data // self._of(other).data, [(self, 1.0)])


class EveryPath(CountingValue):
    """Right, but walks every path: exponentially many in a graph that shares its nodes."""

    def backward(self, flow=1.0):
        self.grad = self.grad + flow
        for parent, slope in self.links:
            EveryPath.backward(parent, flow * slope)


class GradientIsAValue(CountingValue):
    def backward(self):
        super().backward()
        for parent, _ in self.links:
            parent.grad = type(self)(parent.grad)


class RootWithoutOne(CountingValue):
    def backward(self):
        super().backward()
        self.grad = 0.0


class AlwaysOne(CountingValue):
    def backward(self):
        todo = [self]
        while todo:
            node = todo.pop()
            if node.grad == 0:
                node.grad = 1.0
                todo += [parent for parent, _ in node.links]


class Reversed(CountingValue):
    """Visits parents before children are done: depth first, noted on the way in."""

    def backward(self):
        order, todo = [], [self]
        while todo:
            node = todo.pop()
            if node not in order:
                order.append(node)
                todo += [parent for parent, _ in node.links]
        arrived = {self: 1.0}
        for node in order:
            node.grad = node.grad + arrived[node]
            for parent, slope in node.links:
                arrived[parent] = arrived.get(parent, 0.0) + arrived[node] * slope


# --- dense_backward ------------------------------------------------------------------------------------------------

Gradients = namedtuple("Gradients", "dx dW db")


def dense_loops(dy, x, W):
    dx, dW, db = np.zeros(x.shape), np.zeros(W.shape), np.zeros(W.shape[1])
    for n in range(len(x)):
        for j in range(W.shape[1]):
            db[j] += dy[n, j]
            for i in range(W.shape[0]):
                dW[i, j] += x[n, i] * dy[n, j]
                dx[n, i] += dy[n, j] * W[i, j]
    return dx, dW, db


def dense_einsum(dy, x, W):
    return Gradients(np.einsum("nj,ij->ni", dy, W), np.einsum("ni,nj->ij", x, dy), np.einsum("nj->j", dy))


def dense_float32(dy, x, W):
    dy, x, W = (np.asarray(a, np.float32) for a in (dy, x, W))
    return [dy @ W.T, x.T @ dy, dy.sum(0)]


class Marked(np.ndarray):
    """A subclass of ndarray."""


def dense_subclass(dy, x, W, *, order="F"):
    dx = np.asarray(np.dot(W, dy.T).T, order=order)
    db = np.ones(len(dy)) @ dy
    db.flags.writeable = False
    return dx.view(Marked), np.tensordot(x, dy, (0, 0)), db


class DenseCallable:
    def __call__(self, dy, x, W, extra=None):
        dy = dy.copy()
        return np.matmul(dy, np.swapaxes(W, 0, 1)), np.dot(x.T, dy), np.add.reduce(dy)


def dense_writes(dy, x, W):
    gradients = dense_einsum(dy, x, W)
    dy *= 2
    return gradients


DENSE_MUTANTS = {
    "minus": lambda dy, x, W: (-dy @ W.T, x.T @ dy, dy.sum(0)),
    "bias of the inputs": lambda dy, x, W: (dy @ W.T, x.T @ dy, x.sum(0)),
    "dx times x": lambda dy, x, W: (dy @ W.T * x, x.T @ dy, dy.sum(0)),
    "dx divided": lambda dy, x, W: (dy @ W.T / len(x), x.T @ dy, dy.sum(0)),
    "first sample only": lambda dy, x, W: (dy @ W.T, np.outer(x[0], dy[0]), dy[0]),
    "no bias": lambda dy, x, W: (dy @ W.T, x.T @ dy),
    "a list of lists": lambda dy, x, W: ((dy @ W.T).tolist(), (x.T @ dy).tolist(), dy.sum(0).tolist()),
    "rounded": lambda dy, x, W: tuple(np.round(a, 3) for a in dense_einsum(dy, x, W)),
    "float16": lambda dy, x, W: tuple(a.astype(np.float16) for a in dense_einsum(dy, x, W)),
    "writes into dy": dense_writes,
    "dW of W": lambda dy, x, W: (dy @ W.T, W * dy.sum(0), dy.sum(0)),
    "dW mean only": lambda dy, x, W: (dy @ W.T, x.T @ dy / len(x), dy.sum(0)),
    "a dictionary": lambda dy, x, W: dict(zip(("dx", "dW", "db"), dense_einsum(dy, x, W), strict=True)),
}

# --- softmax_cross_entropy -----------------------------------------------------------------------------------------


def ce_loops(logits, labels):
    n, classes = logits.shape
    loss, gradient = 0.0, np.zeros((n, classes))
    for i in range(n):
        top = max(float(z) for z in logits[i])
        log_total = np.log(sum(np.exp(float(z) - top) for z in logits[i])) + top
        loss += (log_total - float(logits[i, labels[i]])) / n
        for k in range(classes):
            gradient[i, k] = (np.exp(float(logits[i, k]) - log_total) - (k == labels[i])) / n
    return loss, gradient


def ce_logaddexp(logits, labels):
    target = (np.arange(logits.shape[1]) == np.asarray(labels)[:, None]).astype(float)
    log_p = logits - np.logaddexp.reduce(logits.astype(float), axis=1)[:, None]
    return [np.float64(-(target * log_p).sum(1).mean()), (np.exp(log_p) - target) / len(target)]


CrossEntropy = namedtuple("CrossEntropy", "loss gradient")


def ce_float32(logits, labels):
    z = np.asarray(logits, np.float32)
    z = z - z.max(1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(1, keepdims=True))
    one_hot = np.eye(z.shape[1], dtype=np.float32)[labels]
    return CrossEntropy(-np.mean(log_p[one_hot == 1]), (np.exp(log_p) - one_hot) / np.float32(len(z)))


def ce_take(logits, labels, eps=0.0):
    z = np.array(logits, dtype=float, order="F")
    z -= z.max(axis=-1, keepdims=True)
    total = np.log(np.exp(z).sum(axis=-1))
    picked = np.take_along_axis(z, np.asarray(labels, int)[:, None], axis=1)[:, 0]
    gradient = np.exp(z - total[:, None]) / len(z)
    np.subtract.at(gradient, (np.arange(len(z)), labels), 1 / len(z))
    return np.array(np.mean(total - picked)), gradient.view(Marked)


def _softmax(logits):
    e = np.exp(logits - logits.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def ce_writes(logits, labels):
    logits -= logits.max(axis=1, keepdims=True)
    return ce_logaddexp(logits, labels)


def ce_counts_in_label_type(logits, labels):
    """Places in the flat table are computed in the labels' own type, which may be too small for them."""
    _, gradient = ce_logaddexp(logits, labels)
    places = np.arange(len(labels)).astype(labels.dtype) * np.array(logits.shape[1]).astype(labels.dtype) + labels
    log_p = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    return -log_p.ravel()[places].mean(), gradient


def squared_error_gradient(logits, labels):
    loss, gradient = ce_logaddexp(logits, labels)
    p = _softmax(logits)
    return loss, gradient * p * (1 - p)


CE_MUTANTS = {
    "loss alone": lambda logits, labels: ce_logaddexp(logits, labels)[0],
    "gradient first": lambda logits, labels: ce_logaddexp(logits, labels)[::-1],
    "loss negative": lambda logits, labels: (-ce_logaddexp(logits, labels)[0], ce_logaddexp(logits, labels)[1]),
    "writes into logits": ce_writes,
    "counts in the labels' type": ce_counts_in_label_type,
    "through a sigmoid too": squared_error_gradient,
    "divided by classes": lambda logits, labels: (
        ce_logaddexp(logits, labels)[0],
        ce_logaddexp(logits, labels)[1] * len(labels) / logits.shape[1],
    ),
    "label off by one": lambda logits, labels: ce_logaddexp(logits, (np.asarray(labels, int) + 1) % logits.shape[1]),
    "clipped": lambda logits, labels: ce_logaddexp(np.clip(logits, -50, 50), labels),
    "temperature": lambda logits, labels: ce_logaddexp(logits / 2, labels),
    "loss in an array": lambda logits, labels: (
        np.array([ce_logaddexp(logits, labels)[0]]),
        ce_logaddexp(logits, labels)[1],
    ),
    "gradient of the label only": lambda logits, labels: (
        ce_logaddexp(logits, labels)[0],
        ce_logaddexp(logits, labels)[1][np.arange(len(labels)), labels],
    ),
}

# --- FullyConnectedLayer -------------------------------------------------------------------------------------------


class PlainLayer:
    """Loops and in-place updates; gradients exist from the start."""

    def __init__(self, num_inputs, layer_size, activation_fn, activation_grad, rng, scale=0.1):
        self.size, self.fn, self.slope = layer_size, activation_fn, activation_grad
        self.W = scale * rng.standard_normal((num_inputs, layer_size))
        self.b = np.zeros(layer_size)
        self.dL_dW, self.dL_db = np.zeros_like(self.W), np.zeros_like(self.b)

    def forward(self, x):
        self.seen = np.array(x, dtype=float)
        self.sums = np.einsum("...i,ij->...j", self.seen, self.W) + self.b
        return self.fn(self.sums)

    def backward(self, dL_dy):
        inner = np.multiply(dL_dy, self.slope(self.sums))
        self.dL_dW[...] = 0
        self.dL_db[...] = 0
        dL_dx = np.zeros_like(self.seen)
        for n, row in enumerate(inner):
            self.dL_dW += np.outer(self.seen[n], row)
            self.dL_db += row
            dL_dx[n] = self.W @ row
        return dL_dx

    def optimize(self, learning_rate):
        self.W -= learning_rate * self.dL_dW
        self.b -= learning_rate * self.dL_db
        return self


class EinsumLayer:
    """Keeps a closure from forward to backward; random biases; parameters as properties over one dictionary."""

    def __init__(self, num_inputs, layer_size, activation_fn, activation_grad, rng):
        limit = np.sqrt(6 / (num_inputs + layer_size))
        self.store = {"W": rng.uniform(-limit, limit, (num_inputs, layer_size)), "b": rng.normal(size=layer_size)}
        self.functions = activation_fn, activation_grad

    W = property(lambda self: self.store["W"], lambda self, value: self.store.__setitem__("W", value))
    b = property(lambda self: self.store["b"], lambda self, value: self.store.__setitem__("b", value))

    def forward(self, inputs, training=True):
        z = inputs.dot(self.W) + self.b

        def back(dL_dy):
            dz = self.functions[1](z) * dL_dy
            self.grads = np.einsum("ni,nj->ij", inputs, dz), np.einsum("nj->j", dz)
            return np.einsum("nj,ij->ni", dz, self.W)

        self.back = back
        return self.functions[0](z).view(Marked)

    def backward(self, dL_dy):
        return self.back(dL_dy)

    @property
    def dL_dW(self):
        return self.grads[0]

    @property
    def dL_db(self):
        return self.grads[1]

    def optimize(self, learning_rate):
        self.store["W"], self.store["b"] = (
            p - learning_rate * g for p, g in zip((self.W, self.b), self.grads, strict=True)
        )


class BiasColumnLayer:
    """Computes with the bias as one more row of weights."""

    def __init__(self, num_inputs, layer_size, activation_fn, activation_grad, rng):
        self.W, self.b = rng.normal(0, 0.5, (num_inputs, layer_size)), rng.normal(0, 0.5, layer_size)
        self.f, self.f_grad = activation_fn, activation_grad

    def forward(self, x):
        ones = np.ones((*np.shape(x)[:-1], 1))
        self.x = np.concatenate([x, ones], axis=-1)
        self.z = self.x @ np.vstack([self.W, self.b])
        return self.f(self.z)

    def backward(self, dL_dy):
        dz = dL_dy * self.f_grad(self.z)
        gradient = self.x.T @ dz
        self.dL_dW, self.dL_db = gradient[:-1], gradient[-1]
        return dz @ self.W.T

    def optimize(self, learning_rate):
        self.W, self.b = self.W - learning_rate * self.dL_dW, self.b - learning_rate * self.dL_db


def mutant_layer(**methods):
    """PlainLayer with methods replaced."""
    return type("MutantLayer", (PlainLayer,), methods)


def _returns_none(self, dL_dy):
    PlainLayer.backward(self, dL_dy)


def _writes_dy(self, dL_dy):
    dL_dy *= self.slope(self.sums)
    self.dL_dW, self.dL_db = self.seen.T @ dL_dy, dL_dy.sum(0)
    return dL_dy @ self.W.T


def _steps_inside(self, dL_dy):
    dL_dx = PlainLayer.backward(self, dL_dy)
    self.W = self.W - 0.1 * self.dL_dW
    return dL_dx


def _frozen_forward(self, x):
    if not hasattr(self, "kept"):
        self.kept = self.W.copy()
    self.seen = np.array(x, dtype=float)
    self.sums = self.seen @ self.kept + self.b
    return self.fn(self.sums)


def _batch_only(self, x):
    assert x.ndim == 2
    return PlainLayer.forward(self, x)


def _bias_transposed(self, dL_dy):
    dL_dx = PlainLayer.backward(self, dL_dy)
    self.dL_db = self.dL_db[None]
    return dL_dx


def _normalised(self, dL_dy):
    dL_dx = PlainLayer.backward(self, dL_dy)
    self.dL_dW = self.dL_dW / np.linalg.norm(self.dL_dW)
    return dL_dx


def _decays(self, learning_rate):
    PlainLayer.optimize(self, learning_rate)
    self.W = self.W * 0.999


def _first_wins(self, x):
    y = PlainLayer.forward(self, x)
    if hasattr(self, "first"):
        self.seen, self.sums = self.first
    self.first = getattr(self, "first", (self.seen, self.sums))
    return y


class ConstantLayer(PlainLayer):
    def __init__(self, num_inputs, layer_size, *rest):
        super().__init__(num_inputs, layer_size, *rest)
        self.W = np.ones((num_inputs, layer_size))


class TransposedLayer(PlainLayer):
    def __init__(self, num_inputs, layer_size, *rest):
        super().__init__(num_inputs, layer_size, *rest)
        self.W = self.W.T.copy()


LAYER_MUTANTS = {
    "output in the input's type": mutant_layer(forward=lambda self, x: PlainLayer.forward(self, x).astype(x.dtype)),
    "backward returns None": mutant_layer(backward=_returns_none),
    "writes into dL_dy": mutant_layer(backward=_writes_dy),
    "steps in backward": mutant_layer(backward=_steps_inside),
    "keeps its first weights": mutant_layer(forward=_frozen_forward),
    "batches only": mutant_layer(forward=_batch_only),
    "dL_db as a row": mutant_layer(backward=_bias_transposed),
    "normalised gradient": mutant_layer(backward=_normalised),
    "weight decay": mutant_layer(optimize=_decays),
    "step of half the rate": mutant_layer(optimize=lambda self, rate: PlainLayer.optimize(self, rate / 2)),
    "optimize does nothing": mutant_layer(optimize=lambda self, rate: None),
    "first batch remembered": mutant_layer(forward=_first_wins),
    "constant weights": ConstantLayer,
    "transposed weights": TransposedLayer,
    "not a class": lambda *arguments: None,
}

# --- SimpleNetwork -------------------------------------------------------------------------------------------------


def logistic(z):
    return 0.5 * (1 + np.tanh(z / 2))


def logistic_grad(z):
    return logistic(z) * (1 - logistic(z))


class ReduceNetwork:
    """functools.reduce and array_split-free batches; history of arrays; shuffles an index list in place."""

    Layer = PlainLayer

    def __init__(self, num_inputs, num_outputs, hidden_layer_sizes, rng, verbose=False):
        widths = (num_inputs, *hidden_layer_sizes, num_outputs)
        self.num_outputs = num_outputs
        self.layers = tuple(
            self.Layer(widths[i], widths[i + 1], logistic, logistic_grad, rng) for i in range(len(widths) - 1)
        )

    def forward(self, x):
        return functools.reduce(lambda value, layer: layer.forward(value), self.layers, x)

    def predict(self, x):
        scores = self.forward(x)
        return int(np.argmax(scores)) if np.ndim(scores) == 1 else np.array([int(np.argmax(row)) for row in scores])

    def evaluate_accuracy(self, X, y):
        return np.count_nonzero(self.predict(X) == np.asarray(y)) / len(y)

    def backward(self, dL_dy):
        return functools.reduce(lambda value, layer: layer.backward(value), self.layers[::-1], dL_dy)

    def optimize(self, learning_rate):
        [layer.optimize(learning_rate) for layer in self.layers]

    def targets(self, y):
        one_hot = np.zeros((len(y), self.num_outputs))
        one_hot[np.arange(len(y)), y] = 1.0
        return one_hot

    def shuffled(self, X, y, rng):
        order = np.arange(len(X))
        rng.shuffle(order)
        return X[order], y[order]

    def gradient(self, y_hat, target):
        return (y_hat - target) * (2.0 / len(target))

    def train(self, X_train, y_train, X_val, y_val, batch_size, num_epochs, learning_rate, rng, **extra):
        losses, accuracies = np.zeros(num_epochs), np.zeros(num_epochs)
        for epoch in range(num_epochs):
            X, y = self.shuffled(X_train, y_train, rng)
            total = 0.0
            while len(X):
                x, X, labels, y = X[:batch_size], X[batch_size:], y[:batch_size], y[batch_size:]
                target = self.targets(labels)
                y_hat = self.forward(x)
                total += ((y_hat - target) ** 2).sum()
                self.backward(self.gradient(y_hat, target))
                self.optimize(learning_rate)
            losses[epoch] = total / len(X_train)
            accuracies[epoch] = self.evaluate_accuracy(X_val, y_val)
        return {"loss": losses, "val_accuracy": accuracies}


class EinsumNetwork(ReduceNetwork):
    """Other layers, other shuffling: sorts random keys; draws a list of all orders beforehand."""

    Layer = EinsumLayer

    def shuffled(self, X, y, rng):
        order = np.argsort(rng.random(len(X)))
        return X.take(order, axis=0), y.take(order)

    def predict(self, x):
        return self.forward(x).argmax(-1)


class RecursiveNetwork(ReduceNetwork):
    """Recursion over the layers; permutes rows of a joint table; plain lists and extra entries in the history."""

    Layer = BiasColumnLayer

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.layers = list(self.layers)

    def forward(self, x, depth=0):
        return x if depth == len(self.layers) else self.forward(self.layers[depth].forward(x), depth + 1)

    def shuffled(self, X, y, rng):
        table = rng.permutation(np.column_stack([X, y]))
        return table[:, :-1], table[:, -1].astype(int)

    def train(self, *arguments):
        history = super().train(*arguments)
        return {name: list(values) for name, values in history.items()} | {"epochs": len(history["loss"])}


class CachedNetwork(ReduceNetwork):
    """`forward` written out over the layers' parameters; results are read-only."""

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        x.flags.writeable = False
        return x


def mutant_network(**methods):
    """ReduceNetwork with methods replaced."""
    return type("MutantNetwork", (ReduceNetwork,), methods)


def _shuffles_x_only(self, X, y, rng):
    return X[rng.permutation(len(X))], y


def _with_replacement(self, X, y, rng):
    order = rng.integers(0, len(X), len(X))
    return X[order], y[order]


def _fixed_seed(self, X, y, rng):
    order = np.random.default_rng(0).permutation(len(X))
    return X[order], y[order]


def _unseeded(self, X, y, rng):
    order = np.random.default_rng().permutation(len(X))
    return X[order], y[order]


def _global_state(self, X, y, rng):
    order = np.random.permutation(len(X))  # noqa: NPY002
    return X[order], y[order]


def _shuffles_input(self, X, y, rng):
    order = rng.permutation(len(X))
    X[...], y[...] = X[order], y[order]
    return X, y


def _full_batch(self, X_train, y_train, X_val, y_val, batch_size, *rest):
    return ReduceNetwork.train(self, X_train, y_train, X_val, y_val, len(X_train), *rest)


def _one_epoch(self, *arguments):
    arguments = list(arguments)
    arguments[5] = 1
    return ReduceNetwork.train(self, *arguments)


def _last_epoch(self, *arguments):
    history = ReduceNetwork.train(self, *arguments)
    return {name: values[-1] for name, values in history.items()}


def _tuple_history(self, *arguments):
    return tuple(ReduceNetwork.train(self, *arguments).values())


def _other_names(self, *arguments):
    history = ReduceNetwork.train(self, *arguments)
    return {"losses": history["loss"], "accuracy": history["val_accuracy"]}


def _returns_nothing(self, *arguments):
    ReduceNetwork.train(self, *arguments)


def _starts_anew(self, X_train, y_train, *rest):
    self.__init__(X_train.shape[1], self.num_outputs, [len(layer.b) for layer in self.layers[:-1]], rest[-1])
    return ReduceNetwork.train(self, X_train, y_train, *rest)


def _trains_on_validation_after(self, X_train, y_train, X_val, y_val, *rest):
    history = ReduceNetwork.train(self, X_train, y_train, X_val, y_val, *rest)
    ReduceNetwork.train(self, X_val, y_val, X_val, y_val, *rest)
    return history


def _skips_first_layer(self, dL_dy):
    for layer in self.layers[:0:-1]:
        dL_dy = layer.backward(dL_dy)
    self.layers[0].dL_dW[...], self.layers[0].dL_db[...] = 0, 0


def _all_get_the_same(self, dL_dy):
    for layer in self.layers:
        layer.backward(np.resize(dL_dy, (len(dL_dy), len(layer.b))))


def _steps_on_the_way(self, dL_dy):
    for layer in self.layers[::-1]:
        dL_dy = layer.backward(dL_dy)
        layer.optimize(0.1)


def _short_batch_divisor(self, y_hat, target):
    self.size = max(getattr(self, "size", 0), len(target))
    return 2 * (y_hat - target) / self.size


def _absolute_error(self, y_hat, target):
    return np.sign(y_hat - target) / len(target)


class SingleNetwork(ReduceNetwork):
    """Trains in float32."""

    def train(self, *arguments, **extra):
        for layer in self.layers:
            layer.W, layer.b = layer.W.astype(np.float32), layer.b.astype(np.float32)
        return super().train(*arguments, **extra)


class WildNetwork(ReduceNetwork):
    """Starts from weights so large that most units are saturated."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        for layer in self.layers:
            layer.W = 30 * layer.W


class BalancedBatches(ReduceNetwork):
    """As many batches as there should be, but of nearly equal sizes."""

    def train(self, X_train, y_train, X_val, y_val, batch_size, num_epochs, learning_rate, rng):
        losses, accuracies = [], []
        for _ in range(num_epochs):
            order, total = rng.permutation(len(X_train)), 0.0
            for batch in np.array_split(order, -(-len(order) // batch_size)):
                y_hat, target = self.forward(X_train[batch]), self.targets(y_train[batch])
                total += ((y_hat - target) ** 2).sum()
                self.backward(self.gradient(y_hat, target))
                self.optimize(learning_rate)
            losses.append(total / len(X_train))
            accuracies.append(self.evaluate_accuracy(X_val, y_val))
        return {"loss": losses, "val_accuracy": accuracies}


class ShuffledBatches(ReduceNetwork):
    """Shuffles the batches; who is in a batch with whom stays the same."""

    def train(self, X_train, y_train, X_val, y_val, batch_size, num_epochs, learning_rate, rng):
        losses, accuracies = [], []
        starts = np.arange(0, len(X_train), batch_size)
        for _ in range(num_epochs):
            total = 0.0
            for start in rng.permutation(starts):
                batch = slice(start, start + batch_size)
                y_hat, target = self.forward(X_train[batch]), self.targets(y_train[batch])
                total += ((y_hat - target) ** 2).sum()
                self.backward(self.gradient(y_hat, target))
                self.optimize(learning_rate)
            losses.append(total / len(X_train))
            accuracies.append(self.evaluate_accuracy(X_val, y_val))
        return {"loss": losses, "val_accuracy": accuracies}


class CountsClasses(ReduceNetwork):
    """Takes the number of classes from the labels that came up."""

    def targets(self, y):
        return np.eye(self.seen)[y]

    def train(self, X_train, y_train, *rest):
        self.seen = int(np.max(y_train)) + 1
        return super().train(X_train, y_train, *rest)


class NoHidden(ReduceNetwork):
    def __init__(self, num_inputs, num_outputs, hidden_layer_sizes, rng):
        super().__init__(num_inputs, num_outputs, [], rng)


class OneHidden(ReduceNetwork):
    def __init__(self, num_inputs, num_outputs, hidden_layer_sizes, rng):
        super().__init__(num_inputs, num_outputs, hidden_layer_sizes[:1], rng)


class TanhInside(ReduceNetwork):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        for layer in self.layers[:-1]:
            layer.fn, layer.slope = np.tanh, lambda z: 1 - np.tanh(z) ** 2


class SharedLayer(ReduceNetwork):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.layers = (self.layers[0],) * len(self.layers)


class IgnoresRng(ReduceNetwork):
    def __init__(self, num_inputs, num_outputs, hidden_layer_sizes, rng):
        super().__init__(num_inputs, num_outputs, hidden_layer_sizes, np.random.default_rng(0))


NETWORK_MUTANTS = {
    "shuffles X without y": mutant_network(shuffled=_shuffles_x_only),
    "draws with replacement": mutant_network(shuffled=_with_replacement),
    "a seed of its own": mutant_network(shuffled=_fixed_seed),
    "no seed": mutant_network(shuffled=_unseeded),
    "global random state": mutant_network(shuffled=_global_state),
    "shuffles its input": mutant_network(shuffled=_shuffles_input),
    "ignores the batch size": mutant_network(train=_full_batch),
    "one epoch only": mutant_network(train=_one_epoch),
    "history of the last epoch": mutant_network(train=_last_epoch),
    "history as a tuple": mutant_network(train=_tuple_history),
    "other names in the history": mutant_network(train=_other_names),
    "no history": mutant_network(train=_returns_nothing),
    "starts anew": mutant_network(train=_starts_anew),
    "trains on validation afterwards": mutant_network(train=_trains_on_validation_after),
    "first layer left out": mutant_network(backward=_skips_first_layer),
    "same gradient for all": mutant_network(backward=_all_get_the_same),
    "steps on the way": mutant_network(backward=_steps_on_the_way),
    "short batch divided by the batch size": mutant_network(gradient=_short_batch_divisor),
    "absolute error": mutant_network(gradient=_absolute_error),
    "predict as float": mutant_network(predict=lambda self, x: self.forward(x).argmax(-1) * 1.0),
    "predict the smallest": mutant_network(predict=lambda self, x: self.forward(x).argmin(-1)),
    "predict one sample as an array": mutant_network(predict=lambda self, x: np.atleast_1d(self.forward(x).argmax(-1))),
    "accuracy of one": mutant_network(evaluate_accuracy=lambda self, X, y: 1.0),
    "error rate": mutant_network(evaluate_accuracy=lambda self, X, y: float(np.mean(self.predict(X) != y))),
    "balanced batches": BalancedBatches,
    "shuffles batches": ShuffledBatches,
    "counts the classes it sees": CountsClasses,
    "no hidden layers": NoHidden,
    "one hidden layer": OneHidden,
    "tanh inside": TanhInside,
    "one layer many times": SharedLayer,
    "ignores rng": IgnoresRng,
    "layers that never move": mutant_network(optimize=lambda self, rate: None),
}

# --- relative_error ------------------------------------------------------------------------------------------------


def relative_loops(a, b):
    worst = 0.0
    for p, q in zip(np.ravel(a).tolist(), np.ravel(b).tolist(), strict=True):
        worst = max(worst, abs(p - q) / max(1e-8, abs(p) + abs(q)))
    return worst


def relative_where(a, b):
    size = np.abs(a) + np.abs(b)
    return (np.abs(np.subtract(a, b)) / np.where(size < 1e-8, 1e-8, size)).max()


def relative_zero_d(a, b, floor=1e-8):
    a, b = np.asarray(a, float), np.asarray(b, float)
    return np.array(np.max(np.abs(a - b) / np.clip(np.abs(a) + np.abs(b), floor, None)))


def relative_writes(a, b):
    error = relative_where(a, b)
    if b.flags.f_contiguous and not b.flags.c_contiguous:
        b += 1
    return error


RELATIVE_MUTANTS = {
    "whole numbers divided without rest": lambda a, b: (
        np.max(np.abs(a - b) // np.maximum(1, np.abs(a) + np.abs(b))) if a.dtype.kind == "i" else relative_where(a, b)
    ),
    "writes into arrays in Fortran order": relative_writes,
    "floor 1e-6": lambda a, b: np.max(np.abs(a - b) / np.maximum(1e-6, np.abs(a) + np.abs(b))),
    "smallest": lambda a, b: np.min(np.abs(a - b) / np.maximum(1e-8, np.abs(a) + np.abs(b))),
    "half the sum": lambda a, b: np.max(2 * np.abs(a - b) / np.maximum(1e-8, np.abs(a) + np.abs(b))),
    "relative to a": lambda a, b: np.max(np.abs(a - b) / np.maximum(1e-8, np.abs(a))),
    "relative to b": lambda a, b: np.max(np.abs(a - b) / np.maximum(1e-8, np.abs(b))),
    "largest over largest": lambda a, b: np.max(np.abs(a - b)) / max(1e-8, np.max(np.abs(a) + np.abs(b))),
    "zero where small": lambda a, b: np.max(np.where(np.abs(a) + np.abs(b) < 1e-8, 0, relative_where(a, b))),
    "squared": lambda a, b: relative_where(a, b) ** 2,
    "per cent": lambda a, b: 100 * relative_where(a, b),
    "in an array": lambda a, b: np.array([relative_where(a, b)]),
    "a yes": lambda a, b: bool(relative_where(a, b) < 1e-6),
    "first axis only": lambda a, b: np.max(np.abs(a - b) / np.maximum(1e-8, np.abs(a) + np.abs(b)), axis=0),
}

# --- gradient_check ------------------------------------------------------------------------------------------------


def _one_hot(y, classes):
    return (np.asarray(y)[:, None] == np.arange(classes)).astype(float)


def _mean_loss(network, x, targets):
    return ((network.forward(x) - targets) ** 2).sum(axis=1).mean()


def check_rebinding(network, x, y, h=1e-4):
    """Puts a changed copy of the array in place, instead of changing entries."""
    y_hat = network.forward(x)
    targets = _one_hot(y, y_hat.shape[1])
    network.backward(2 * (y_hat - targets) / len(x))
    pairs = [(layer, name, getattr(layer, f"dL_d{name}")) for layer in network.layers for name in "Wb"]
    worst = 0.0
    for layer, name, gradient in pairs:
        original = getattr(layer, name)
        for index in np.ndindex(original.shape):
            losses = []
            for sign in (1, -1):
                changed = original.copy()
                changed[index] += sign * h
                setattr(layer, name, changed)
                losses.append(_mean_loss(network, x, targets))
            setattr(layer, name, original)
            worst = max(worst, relative_loops(gradient[index], (losses[0] - losses[1]) / (2 * h)))
    return worst


def check_flat(network, x, y):
    """In place through flat views, with steps up, down and up again; a summed loss on both sides of the comparison."""
    targets = np.eye(network.layers[-1].W.shape[1])[y]
    arrays = [array for layer in network.layers for array in (layer.W, layer.b)]
    network.backward(2 * (network.forward(x) - targets))
    gradients = [np.array(g) for layer in network.layers for g in (layer.dL_dW, layer.dL_db)]
    numeric, h = [], 1e-6
    for array in arrays:
        slopes = []
        flat = array.reshape(-1)
        for i in range(flat.size):
            flat[i] += h
            up = np.sum((network.forward(x) - targets) ** 2)
            flat[i] -= 2 * h
            slopes.append((up - np.sum((network.forward(x) - targets) ** 2)) / (2 * h))
            flat[i] += h
        numeric.append(np.reshape(slopes, array.shape))
    return np.max([relative_where(g, n) for g, n in zip(gradients, numeric, strict=True)])


class CheckObject:
    """A callable; backwards through the layers by hand; biases before weights."""

    def __call__(self, network, x, y):
        out = x
        for layer in network.layers:
            out = layer.forward(out)
        targets = _one_hot(y, out.shape[-1])
        slope = 2 * (out - targets) / len(y)
        for layer in network.layers[::-1]:
            slope = layer.backward(slope)
        kept = [SimpleNamespace(W=g.dL_dW.copy(), b=g.dL_db.copy()) for g in network.layers]
        errors = []
        for layer, gradient in zip(network.layers, kept, strict=True):
            for name in ("b", "W"):
                errors += list(self.compare(network, x, targets, getattr(layer, name), getattr(gradient, name)))
        return np.float64(max(errors))

    @staticmethod
    def compare(network, x, targets, array, gradient):
        for index, old in np.ndenumerate(array.copy()):
            array[index] = old + 1e-5
            up = _mean_loss(network, x, targets)
            array[index] = old - 1e-5
            down = _mean_loss(network, x, targets)
            array[index] = old
            yield relative_where(gradient[index], (up - down) / 2e-5)


def _rounds(network, x, y):
    return round(check_rebinding(network, x, y), 2)


def _reversed_sign(network, x, y):
    y_hat = network.forward(x)
    check_rebinding(network, x, y)
    return -check_rebinding(network, x, y) * np.sign(y_hat.sum())


def _halves(network, x, y):
    return check_rebinding(network, x, y) / 2


def _zero(network, x, y):
    return 0.0


def _self_comparison(network, x, y):
    targets = _one_hot(y, network.forward(x).shape[1])
    network.backward(2 * (network.forward(x) - targets) / len(x))
    return max(relative_where(layer.dL_dW, layer.dL_dW) for layer in network.layers)


def _first_entries(network, x, y):
    """Only the first entry of every array."""
    worst, targets = 0.0, _one_hot(y, network.forward(x).shape[1])
    network.backward(2 * (network.forward(x) - targets) / len(x))
    gradients = [(layer.W, layer.dL_dW) for layer in network.layers] + [(g.b, g.dL_db) for g in network.layers]
    for array, gradient in gradients:
        first = next(CheckObject.compare(network, x, targets, array, gradient))
        worst = max(worst, first)
    return worst


def _first_sample(network, x, y):
    return check_rebinding(network, x[:1], y[:1]) if len(x) == 1 else _zero(network, x, y)


def _tiny_step(network, x, y):
    return check_rebinding(network, x, y, h=1e-13)


def _huge_step(network, x, y):
    return check_rebinding(network, x, y, h=0.1)


def _random_weights(network, x, y):
    error = check_rebinding(network, x, y)
    for layer in network.layers:
        layer.W = np.random.default_rng(0).normal(size=layer.W.shape)
    return error


def _trains(network, x, y):
    error = check_rebinding(network, x, y)
    network.layers[0].W = network.layers[0].W - 0.01 * network.layers[0].dL_dW
    return error


def _per_layer(network, x, y):
    return [check_rebinding(network, x, y) for _ in network.layers]


VARIANTS = {
    "Value": {
        "closures": ClosureValue,
        "counting uses": CountingValue,
        "zeroed inner nodes": TapeValue,
        "float32": SingleValue,
    },
    "dense_backward": {
        "loops": dense_loops,
        "einsum": dense_einsum,
        "float32": dense_float32,
        "subclass, Fortran, read-only": dense_subclass,
        "callable": DenseCallable(),
    },
    "softmax_cross_entropy": {
        "loops": ce_loops,
        "logaddexp": ce_logaddexp,
        "float32": ce_float32,
        "take and subtract": ce_take,
        "partial": functools.partial(ce_take, eps=0.1),
    },
    "FullyConnectedLayer": {"loops, in place": PlainLayer, "closures": EinsumLayer, "bias as a row": BiasColumnLayer},
    "SimpleNetwork": {
        "reduce": ReduceNetwork,
        "random keys": EinsumNetwork,
        "recursive": RecursiveNetwork,
        "read-only": CachedNetwork,
        "float32": SingleNetwork,
        "large weights": WildNetwork,
    },
    "relative_error": {"loops": relative_loops, "where": relative_where, "0-d": relative_zero_d},
    "gradient_check": {"rebinding": check_rebinding, "flat views": check_flat, "layer by layer": CheckObject()},
}

MUTANTS = {
    "Value": {
        "inner nodes forget": LeavesOnly,
        "no numbers on the left": NoNumbersOnTheLeft,
        "relu is flat": ReluFlat,
        "integer division": WholeNumbers,
        "power of the size": PowerOfSize,
        "every path": EveryPath,
        "a Value as gradient": GradientIsAValue,
        "result without slope": RootWithoutOne,
        "always one": AlwaysOne,
        "noted on the way in": Reversed,
    },
    "dense_backward": DENSE_MUTANTS,
    "softmax_cross_entropy": CE_MUTANTS,
    "FullyConnectedLayer": LAYER_MUTANTS,
    "SimpleNetwork": NETWORK_MUTANTS,
    "relative_error": RELATIVE_MUTANTS,
    "gradient_check": {
        "rounded": _rounds,
        "negative": _reversed_sign,
        "half": _halves,
        "zero": _zero,
        "compares with itself": _self_comparison,
        "first entry only": _first_entries,
        "zero for batches": _first_sample,
        "step too small": _tiny_step,
        "step too large": _huge_step,
        "leaves other weights": _random_weights,
        "takes a step": _trains,
        "one number per layer": _per_layer,
    },
}
