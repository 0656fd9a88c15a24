"""What the XOR explorer computes: a small network that learns XOR epoch by epoch, and what it does with the plane."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from helpers import kernels
from helpers.widgets.student import as_floats, call, name_of

X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
T = np.array([[0.0], [1.0], [1.0], [0.0]])
LOW, HIGH = -0.5, 1.5  # of both inputs
GRID = np.linspace(LOW, HIGH, 41)
PLANE = np.stack(np.meshgrid(GRID, GRID), axis=-1).reshape(-1, 2)
MOST_EPOCHS, MOST_HIDDEN = 2000, 4
SOLVED = 0.1  # a loss below this, with all answers right
TOLERANCE = 1e-6
WIDEN = 2.0  # the first weights are normal, so much wider than one over the root of their inputs


@dataclass(frozen=True)
class Weights:
    """A 2-hidden-1 network of sigmoids: W1 (2, hidden), b1 (hidden,), W2 (hidden, 1), b2 (1,)."""

    W1: np.ndarray
    b1: np.ndarray
    W2: np.ndarray
    b2: np.ndarray

    @classmethod
    def start(cls, hidden: int, seed: int) -> "Weights":
        rng = np.random.default_rng(seed)
        W1 = rng.normal(scale=WIDEN / 2**0.5, size=(2, hidden))
        W2 = rng.normal(scale=WIDEN / hidden**0.5, size=(hidden, 1))
        return cls(W1, np.zeros(hidden), W2, np.zeros(1))

    @property
    def parts(self) -> tuple[np.ndarray, ...]:
        return self.W1, self.b1, self.W2, self.b2

    def hidden(self, x: np.ndarray) -> np.ndarray:
        """What the hidden layer sends for x (batch, 2): (batch, hidden)."""
        return kernels.sigmoid(x @ self.W1 + self.b1)

    def output(self, x: np.ndarray) -> np.ndarray:
        """What the network sends for x (batch, 2): (batch, 1)."""
        return kernels.sigmoid(self.hidden(x) @ self.W2 + self.b2)

    def step(self, rate: float) -> tuple["Weights", float, float]:
        """The weights after one step on all four samples; the loss and the size of the gradient before it."""
        h = self.hidden(X)
        y = kernels.sigmoid(h @ self.W2 + self.b2)
        dz = 2 * (y - T) / len(T) * y * (1 - y)
        dh = dz @ self.W2.T * h * (1 - h)
        grads = X.T @ dh, dh.sum(axis=0), h.T @ dz, dz.sum(axis=0)
        moved = Weights(*(part - rate * grad for part, grad in zip(self.parts, grads)))
        return moved, float(((y - T) ** 2).mean()), float(sum((grad**2).sum() for grad in grads) ** 0.5)


class Training:
    """The course's network trained as far as anybody has looked: weights, loss and gradient of every epoch."""

    def __init__(self, hidden: int, rate: float, seed: int) -> None:
        self.rate = rate
        self.weights = [Weights.start(hidden, seed)]
        self.losses: list[float] = []
        self.gradients: list[float] = []

    def go_on(self, epoch: int) -> str:
        """Train so far that `epoch` is known; what is wrong, as a sentence, or ""."""
        while len(self.losses) <= epoch:
            moved, loss, gradient = self.weights[-1].step(self.rate)
            self.weights.append(moved)
            self.losses.append(loss)
            self.gradients.append(gradient)
        return ""


class OwnTraining(Training):
    """The learner's network, from the same weights: `network_class(2, 1, [hidden], rng)` of chapter 5.

    It is asked for `layers` with `W` and `b`, `forward`, `backward` and `optimize`, and compared with the course's.
    Where it stops working, the course's goes on.
    """

    def __init__(self, network_class: Callable, hidden: int, rate: float, seed: int) -> None:
        super().__init__(hidden, rate, seed)
        self.name = name_of(network_class)
        self.course, self.problem = Training(hidden, rate, seed), ""
        self.network, problem = call(_build, network_class, hidden, self.weights[0], name=self.name)
        self._stop(problem)

    def go_on(self, epoch: int) -> str:
        self.course.go_on(epoch)
        if self.network is not None:
            said, problem = call(self._train, epoch, name=self.name)
            self._stop(problem or said or ("" if self.problem else self._disagreement()))
        known = self if self.network is not None else self.course
        self.weights, self.losses, self.gradients = known.weights, known.losses, known.gradients
        return self.problem

    def _train(self, epoch: int) -> str:
        """What is wrong with what the network returns or holds, or ""."""
        while len(self.losses) <= epoch:
            y, problem = as_floats(self.network.forward(X), f"{self.name}.forward", T.shape)
            if y is None:
                return problem
            self.network.backward(2 * (y - T) / len(T))
            self.network.optimize(self.rate)
            parts = []
            for part, before in zip(_parts_of(self.network), self.weights[-1].parts):
                array, problem = as_floats(part, f"A W or b of {self.name}", before.shape)
                if array is None:
                    return problem.replace("returned", "holds")
                parts.append(array)
            before = self.weights[-1].parts
            step = sum(((a - b) ** 2).sum() for a, b in zip(parts, before)) ** 0.5
            self.weights.append(Weights(*parts))
            self.losses.append(float(((y - T) ** 2).mean()))
            self.gradients.append(float(step) / self.rate)
        return ""

    def _stop(self, problem: str) -> None:
        """Note what is wrong; a network that has failed is not asked again."""
        if not problem:
            return
        self.problem = problem
        if "was expected" not in problem:
            self.network = None
            self.problem += " You see the course's network."

    def _disagreement(self) -> str:
        """The first epoch whose loss is not the course's, as a sentence, or ""."""
        own, right = np.array(self.losses), np.array(self.course.losses[: len(self.losses)])
        wrong = np.flatnonzero(~(np.abs(own - right) <= TOLERANCE * np.maximum(1.0, right)))
        if not len(wrong):
            return ""
        at = wrong[0]
        return f"After epoch {at} the loss of your {self.name} is {own[at]:.6g}, where {right[at]:.6g} was expected."


def _build(network_class: Callable, hidden: int, start: Weights):
    """The learner's network with our first weights."""
    network = network_class(2, 1, [hidden], np.random.default_rng(0))
    first, second = network.layers
    first.W, first.b, second.W, second.b = (part.copy() for part in start.parts)
    return network


def _parts_of(network) -> tuple:
    first, second = network.layers
    return first.W, first.b, second.W, second.b


def describe(training: Training, epoch: int) -> list[str]:
    """The picture in words."""
    weights, loss = training.weights[epoch], training.losses[epoch]
    y = weights.output(X)
    answers = ", ".join(f"({a:g}, {b:g}) → {out:.3f}" for (a, b), out in zip(X, y[:, 0]))
    right = int(((y > 0.5) == T).sum())
    verdict = "solved" if right == len(T) and loss < SOLVED else f"{right} of 4 answers right"
    return [
        f"Epoch {epoch}: loss {loss:.4f}, {verdict}; size of the gradient {training.gradients[epoch]:.2g}.",
        f"It says {answers}.",
        *(_neuron(f"Hidden neuron {i + 1}", w, b, "x") for i, (w, b) in enumerate(zip(weights.W1.T, weights.b1))),
        _neuron("Output", weights.W2[:, 0], weights.b2[0], "h"),
    ]


def _neuron(name: str, w: np.ndarray, b: float, of: str) -> str:
    terms = " + ".join(f"{_brackets(v)}·{of}{i}" for i, v in enumerate(w, start=1))
    return f"{name}: sigmoid({terms} + {_brackets(b)})"


def _brackets(value: float) -> str:
    return f"({value:.2f})" if value < 0 else f"{value:.2f}"
