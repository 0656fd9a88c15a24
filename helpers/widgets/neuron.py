"""What the neuron explorer computes: the sum over the plane, the activation, and the perceptron rule."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from helpers import kernels
from helpers.widgets.student import as_floats, ask, call, name_of

LOW, HIGH = -1.0, 2.0  # of both inputs
GRID = np.linspace(LOW, HIGH, 61)
PLANE = np.stack(np.meshgrid(GRID, GRID), axis=-1).reshape(-1, 2)
Z = np.linspace(-6.0, 6.0, 241)
MOST = 60  # samples
CORNERS = ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0))
TABLES = {"OR": (0, 1, 1, 1), "AND": (0, 0, 0, 1), "XOR": (0, 1, 1, 0)}
COURSE: dict[str, Callable] = {
    "step": lambda z: np.where(z > 0, 1.0, 0.0),
    "sigmoid": kernels.sigmoid,
    "tanh": kernels.tanh,
    "relu": kernels.relu,
}
TOLERANCE = 1e-6


@dataclass(frozen=True)
class Samples:
    """Points in the plane, (samples, 2), and whether each is a 1 or a 0, (samples,)."""

    x: np.ndarray
    y: np.ndarray

    @classmethod
    def of(cls, rows: Sequence[Sequence[float]]) -> "Samples":
        """From rows (x1, x2, label); ValueError where they are something else."""
        table = np.asarray(rows)
        fits = table.size == 0 or (table.ndim == 2 and table.shape[1] == 3 and table.dtype.kind in "iuf")
        if not fits or len(table) > MOST:
            raise ValueError(f"points must be OR, AND, XOR, or up to {MOST} rows (x1, x2, label).")
        table = table.reshape(-1, 3).astype(np.float64)
        if not np.isfinite(table).all() or not np.isin(table[:, 2], (0, 1)).all():
            raise ValueError("points must be rows (x1, x2, label) of numbers, the label 0 or 1.")
        return cls(np.clip(table[:, :2], LOW, HIGH), table[:, 2].astype(int))

    @classmethod
    def table(cls, name: str) -> "Samples":
        """The four samples of a truth table."""
        return cls(np.array(CORNERS), np.array(TABLES[name]))

    def rows(self) -> list[tuple[float, float, int]]:
        return [(round(float(a), 3), round(float(b), 3), int(y)) for (a, b), y in zip(self.x, self.y)]

    def plus(self, at: tuple[float, float], label: int) -> "Samples":
        return Samples(np.vstack([self.x, at]), np.append(self.y, label))

    def without_nearest(self, at: tuple[float, float]) -> "Samples":
        if not len(self.y):
            return self
        nearest = int(((self.x - at) ** 2).sum(axis=1).argmin())
        return Samples(np.delete(self.x, nearest, axis=0), np.delete(self.y, nearest))


@dataclass(frozen=True)
class Neuron:
    """What a neuron does with the plane, the samples and the place of the cross."""

    sent: np.ndarray  # f(z) - f(0) over PLANE, as (61, 61)
    z: np.ndarray  # of the samples
    out: np.ndarray
    z_at: float
    out_at: float
    curve: np.ndarray  # f over Z
    problem: str = ""

    def wrong(self, samples: Samples) -> np.ndarray:
        """Which samples lie on the other side of the line than their label says: boolean, (samples,)."""
        return (self.z > 0) != (samples.y == 1)


def compute(
    w: np.ndarray,
    b: float,
    name: str,
    samples: Samples,
    at: tuple[float, float],
    weighted_sum: Callable | None = None,
    f: Callable | None = None,
) -> Neuron:
    """A neuron with weights w (2,) and bias b, and the activation called `name`, or the learner's own functions.

    `weighted_sum(x (batch, 2), w, b)` -> (batch,); `f(z (batch,))` -> (batch,). Where they fail, the course's are used.
    """
    x = np.vstack([PLANE, samples.x, at])
    z, problem = x @ w + b, ""
    if weighted_sum is not None:
        z, problem = _own(weighted_sum, (x, w, b), z, lambda i: f"at x = ({x[i, 0]:.3g}, {x[i, 1]:.3g})")
    inputs = np.concatenate([z, Z])
    out = COURSE[name](inputs) if name in COURSE else np.zeros_like(inputs)
    if f is not None:
        out, trouble = _own(f, (inputs,), out, lambda i: f"at z = {inputs[i]:.3g}", known=name in COURSE)
        problem = problem or trouble
    (sent, curve), n = np.split(out, [len(z)]), len(PLANE)
    sent_over_plane = (sent[:n] - curve[len(Z) // 2]).reshape(len(GRID), -1)
    return Neuron(sent_over_plane, z[n:-1], sent[n:-1], float(z[-1]), float(sent[-1]), curve, problem)


def _own(
    function: Callable, inputs: tuple, right: np.ndarray, where: Callable[[int], str], known: bool = True
) -> tuple[np.ndarray, str]:
    """What the learner's function says, and where it is farthest from `right`; `right` itself where it says nothing."""
    value, problem = ask(function, *inputs, shape=right.shape)
    if value is None:
        return right, problem + (" You see the course's instead." if known else "")
    if not np.isfinite(value).all():
        return right, f"{name_of(function)} gives nan or infinity {where(int((~np.isfinite(value)).argmax()))}."
    gap = np.abs(value - right)
    worst = int(gap.argmax())
    if known and gap[worst] > TOLERANCE:
        said, wanted = value[worst], right[worst]
        return value, f"Your {name_of(function)} is {said:.4g} {where(worst)}, where {wanted:.4g} was expected."
    return value, ""


# --- the perceptron rule ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Lesson:
    """What one pass over some samples does to the weights (w1, w2, b)."""

    w: np.ndarray
    mistakes: int
    problem: str = ""


def learn(samples: Samples, w: np.ndarray, rate: float, fit: Callable | None = None) -> Lesson:
    """One pass over the samples in their order, from the weights w (3,), the bias last.

    `fit(X (n, 3), y, rate, epochs, w)` -> (w, mistakes per epoch) is the learner's own perceptron.
    """
    X = np.column_stack([samples.x, np.ones(len(samples.y))])
    right = _perceptron(X, samples.y, w, rate)
    if fit is None:
        return right
    own, problem = _weights_of(fit, (X, samples.y, rate, 1, w))
    if own is None:
        return Lesson(right.w, right.mistakes, f"{problem} The course's rule made this step.")
    if np.abs(own - right.w).max() > TOLERANCE:
        problem = f"Your {name_of(fit)} goes to {vector(own)}, where {vector(right.w)} was expected."
    return Lesson(own, right.mistakes, problem)


def _weights_of(fit: Callable, inputs: tuple) -> tuple[np.ndarray | None, str]:
    """The weights that the learner's perceptron returns, or None and what is wrong with it."""
    answer, problem = call(fit, *inputs)
    if problem:
        return None, problem
    if not isinstance(answer, tuple) or len(answer) != 2:
        return None, f"{name_of(fit)} returned a {type(answer).__name__}; it must return weights and mistakes."
    w, problem = as_floats(answer[0], name_of(fit), (3,))
    if w is not None and not np.isfinite(w).all():
        return None, f"{name_of(fit)} returned weights that are nan or infinite."
    return w, problem


def _perceptron(X: np.ndarray, y: np.ndarray, w: np.ndarray, rate: float) -> Lesson:
    mistakes = 0
    for sample, label in zip(X, y):
        error = label - (sample @ w > 0)
        w, mistakes = w + rate * error * sample, mistakes + abs(int(error))
    return Lesson(w, mistakes)


# --- in words --------------------------------------------------------------------------------------------------------


def describe(
    w: np.ndarray, b: float, name: str, samples: Samples, at: tuple[float, float], neuron: Neuron
) -> list[str]:
    """The picture in words, line by line."""
    side = "above 0: it fires" if neuron.z_at > 0 else "not above 0: it does not fire"
    total = f"{w[0]:.4g}·{_signed(at[0])} + {_signed(w[1])}·{_signed(at[1])} + {_signed(b)} = {neuron.z_at:.4g}"
    length = float(np.hypot(*w))
    line = (
        f"The line lies {abs(b) / length:.3g} from (0, 0); the arrow, the weights, points to the side that fires."
        if length
        else "Both weights are 0: the sum is the bias everywhere, and there is no line."
    )
    return [
        f"At the cross, x = {vector(np.array(at))}: z = {total}, {side}; {name}(z) = {neuron.out_at:.4g}.",
        line,
        _score(samples, neuron.wrong(samples)),
    ]


def _score(samples: Samples, wrong: np.ndarray) -> str:
    if not len(samples.y):
        return "There are no samples; put the cross somewhere and add one."
    right = f"{int((~wrong).sum())} of {len(wrong)} samples are on their side of the line"
    if not wrong.any():
        return f"{right}."
    return f"{right}; ringed, on the wrong one: {', '.join(vector(x) for x in samples.x[wrong][:6])}."


def lesson_in_words(x: np.ndarray, label: int, w: np.ndarray, rate: float) -> str:
    """What the perceptron rule does with one sample, for weights w (3,)."""
    score = float(np.append(x, 1.0) @ w)
    said = int(score > 0)
    case = f"Sample {vector(x)}, wanted {label}: the sum is {score:.4g}, so it said {said}"
    if said == label:
        return f"{case}, which is right: nothing changes."
    sign = "+" if label else "−"
    moved = w + rate * (label - said) * np.append(x, 1.0)
    return (
        f"{case}, a mistake: (w1, w2, b) = {vector(w)} {sign} {rate:g}·{vector(np.append(x, 1.0))} = {vector(moved)}."
    )


def vector(values: np.ndarray) -> str:
    """Numbers in brackets."""
    return f"({', '.join(f'{round(float(v), 6) + 0:.4g}' for v in values)})"


def _signed(value: float) -> str:
    return f"({value:.4g})" if value < 0 else f"{value:.4g}"
