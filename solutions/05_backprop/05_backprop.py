# ---
# jupyter:
#   jupytext:
#     text_representation:
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     name: python3
# ---

# %% [markdown]
# # 5 · Backpropagation

# %%
import math

import numpy as np

from helpers.checks import evaluate, hint, passed
from helpers.kernels import sigmoid, sigmoid_grad

CHAPTER = "05_backprop"

# %% [markdown]
# {{exercise: Value}}


# %% exercise="Value"
class Value:
    """A number that remembers what it was made from, and with which slopes."""

    def __init__(self, data, parents=(), slopes=()):
        self.data = data  # the number
        self.grad = 0.0  # what backward() has brought here
        self.parents = parents  # the Values this one was made from
        self.slopes = slopes  # d(this) / d(parent), one for each parent

    def __add__(self, other):
        other = as_value(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        other = as_value(other)
        ### BEGIN SOLUTION
        return Value(self.data * other.data, (self, other), (other.data, self.data))
        ### END SOLUTION

    def __pow__(self, n):
        """self ** n for a plain number n."""
        ### BEGIN SOLUTION
        return Value(self.data**n, (self,), (n * self.data ** (n - 1),))
        ### END SOLUTION

    def exp(self):
        ### BEGIN SOLUTION
        result = math.exp(self.data)
        return Value(result, (self,), (result,))
        ### END SOLUTION

    def tanh(self):
        ### BEGIN SOLUTION
        result = math.tanh(self.data)
        return Value(result, (self,), (1 - result**2,))
        ### END SOLUTION

    def relu(self):
        ### BEGIN SOLUTION
        return Value(max(self.data, 0.0), (self,), (1.0 if self.data > 0 else 0.0,))
        ### END SOLUTION

    def backward(self):
        """Add d(self) / d(node) to `.grad` of every node that self was made from, self included."""
        ### BEGIN SOLUTION
        nodes, seen, stack = [], set(), [(self, False)]
        while stack:  # depth first, without recursion: a graph may be deeper than Python's stack
            node, parents_listed = stack.pop()
            if parents_listed:
                nodes.append(node)
            elif node not in seen:
                seen.add(node)
                stack.append((node, True))
                stack.extend((parent, False) for parent in node.parents)
        flow = dict.fromkeys(nodes, 0.0)  # what has arrived during this call
        flow[self] = 1.0
        for node in reversed(nodes):
            node.grad += flow[node]
            for parent, slope in zip(node.parents, node.slopes, strict=True):
                flow[parent] += flow[node] * slope
        ### END SOLUTION

    # Everything else is made from the above.
    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def __sub__(self, other):
        return self + as_value(other) * -1

    def __rsub__(self, other):
        return as_value(other) - self

    def __truediv__(self, other):
        return self * as_value(other) ** -1

    def __rtruediv__(self, other):
        return as_value(other) / self


def as_value(number):
    """A plain number as a Value; a Value stays what it is."""
    return number if isinstance(number, Value) else Value(number)


# %% [markdown]
# {{exercise: dense_backward}}


# %% exercise="dense_backward"
def dense_backward(dy, x, W):
    """Gradients (dx, dW, db) of a loss, for y = x @ W + b and dy = dL/dy.

    dy: (batch, outputs). x: (batch, inputs). W: (inputs, outputs).
    """
    ### BEGIN SOLUTION
    return dy @ W.T, x.T @ dy, dy.sum(axis=0)
    ### END SOLUTION


# %% [markdown]
# {{exercise: softmax_cross_entropy}}


# %% exercise="softmax_cross_entropy"
def softmax_cross_entropy(logits, labels):
    """The loss, mean over the batch, and its gradient: (loss, dlogits).

    logits: scores (batch, classes). labels: the right classes, integers (batch,).
    """
    ### BEGIN SOLUTION
    rows = np.arange(len(labels))
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    dlogits = np.exp(log_p)
    dlogits[rows, labels] -= 1
    return -log_p[rows, labels].mean(), dlogits / len(labels)
    ### END SOLUTION


# %% [markdown]
# {{exercise: FullyConnectedLayer}}


# %% exercise="FullyConnectedLayer"
class FullyConnectedLayer:
    """y = activation_fn(x @ W + b), with gradients."""

    def __init__(self, num_inputs, layer_size, activation_fn, activation_grad, rng):
        ### BEGIN SOLUTION
        self.W = rng.normal(size=(num_inputs, layer_size))
        self.b = np.zeros(layer_size)
        self.activation_fn, self.activation_grad = activation_fn, activation_grad
        ### END SOLUTION

    def forward(self, x):
        """x (batch, num_inputs) or (num_inputs,) -> y (batch, layer_size) or (layer_size,)."""
        ### BEGIN SOLUTION
        self.x = x
        self.z = x @ self.W + self.b
        return self.activation_fn(self.z)
        ### END SOLUTION

    def backward(self, dL_dy):
        """Keep dL_dW and dL_db, return dL_dx. dL_dy: (batch, layer_size)."""
        ### BEGIN SOLUTION
        dL_dz = dL_dy * self.activation_grad(self.z)
        dL_dx, self.dL_dW, self.dL_db = dense_backward(dL_dz, self.x, self.W)
        return dL_dx
        ### END SOLUTION

    def optimize(self, learning_rate):
        """One step downhill."""
        ### BEGIN SOLUTION
        self.W = self.W - learning_rate * self.dL_dW
        self.b = self.b - learning_rate * self.dL_db
        ### END SOLUTION


# %% [markdown]
# {{exercise: SimpleNetwork}}


# %% exercise="SimpleNetwork"
class SimpleNetwork:
    """Fully connected layers, each with a sigmoid."""

    def __init__(self, num_inputs, num_outputs, hidden_layer_sizes, rng):
        ### BEGIN SOLUTION
        sizes = [num_inputs, *hidden_layer_sizes, num_outputs]
        self.layers = [FullyConnectedLayer(n, m, sigmoid, sigmoid_grad, rng) for n, m in zip(sizes[:-1], sizes[1:])]
        ### END SOLUTION

    def forward(self, x):
        """x (batch, num_inputs) or (num_inputs,) -> outputs of the last layer."""
        ### BEGIN SOLUTION
        for layer in self.layers:
            x = layer.forward(x)
        return x
        ### END SOLUTION

    def predict(self, x):
        """The class with the largest output: (batch,) integers, or one."""
        ### BEGIN SOLUTION
        return np.argmax(self.forward(x), axis=-1)
        ### END SOLUTION

    def evaluate_accuracy(self, X, y):
        """The share of samples, 0..1, whose predicted class is their label."""
        ### BEGIN SOLUTION
        return float(np.mean(self.predict(X) == y))
        ### END SOLUTION

    def backward(self, dL_dy):
        """Leave dL_dW and dL_db in every layer."""
        ### BEGIN SOLUTION
        for layer in reversed(self.layers):
            dL_dy = layer.backward(dL_dy)
        return dL_dy
        ### END SOLUTION

    def optimize(self, learning_rate):
        """One step downhill for every layer."""
        ### BEGIN SOLUTION
        for layer in self.layers:
            layer.optimize(learning_rate)
        ### END SOLUTION

    def train(self, X_train, y_train, X_val, y_val, batch_size, num_epochs, learning_rate, rng):
        """Train on (X_train, y_train); returns {"loss": [...], "val_accuracy": [...]}, one entry per epoch."""
        ### BEGIN SOLUTION
        targets = np.eye(len(self.layers[-1].b))[y_train]
        history = {"loss": [], "val_accuracy": []}
        for _ in range(num_epochs):
            order, losses = rng.permutation(len(X_train)), []
            for start in range(0, len(order), batch_size):
                batch = order[start : start + batch_size]
                error = self.forward(X_train[batch]) - targets[batch]
                losses.append(np.sum(error**2) / len(batch))
                self.backward(2 * error / len(batch))
                self.optimize(learning_rate)
            history["loss"].append(np.mean(losses))
            history["val_accuracy"].append(self.evaluate_accuracy(X_val, y_val))
        return history
        ### END SOLUTION


# %% [markdown]
# {{exercise: relative_error}}


# %% exercise="relative_error"
def relative_error(a, b):
    """The largest |a - b| / max(1e-8, |a| + |b|) over all entries, one number."""
    ### BEGIN SOLUTION
    return float(np.max(np.abs(a - b) / np.maximum(1e-8, np.abs(a) + np.abs(b))))
    ### END SOLUTION


# %% [markdown]
# {{exercise: gradient_check}}


# %% exercise="gradient_check"
def gradient_check(network, x, y):
    """The largest relative error between backward's gradients and central differences, over every parameter.

    x: (batch, num_inputs). y: labels (batch,). The network is left as it was.
    """
    ### BEGIN SOLUTION
    targets = np.eye(len(network.layers[-1].b))[y]

    def loss():
        return np.sum((network.forward(x) - targets) ** 2) / len(targets)

    def slope(parameter, index, h=1e-5):
        kept = parameter[index]
        parameter[index] = kept + h
        above = loss()
        parameter[index] = kept - h
        below = loss()
        parameter[index] = kept
        return (above - below) / (2 * h)

    network.backward(2 * (network.forward(x) - targets) / len(targets))
    errors = []
    for layer in network.layers:
        for parameter, gradient in ((layer.W, layer.dL_dW), (layer.b, layer.dL_db)):
            numeric = [slope(parameter, index) for index in np.ndindex(parameter.shape)]
            errors.append(relative_error(gradient, np.reshape(numeric, gradient.shape)))
    return max(errors)
    ### END SOLUTION
