"""What the k-NN explorer computes: the answer over the plane, who votes at one place, how fresh samples fare."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from helpers.widgets.student import ask, name_of

LOW, HIGH = -3.0, 3.0  # of both inputs
GRID = np.linspace(LOW, HIGH, 49)
PLANE = np.stack(np.meshgrid(GRID, GRID), axis=-1).reshape(-1, 2)
CLASSES = 3
MOST = 80  # samples
K_MAX = 40
FRESH = 300
NEAR = 1e-9  # distances closer than this are a tie, and either sample may vote


@dataclass(frozen=True)
class Samples:
    """Points in the plane, (samples, 2), and their classes 0, 1 or 2, (samples,)."""

    x: np.ndarray
    y: np.ndarray

    @classmethod
    def of(cls, rows: Sequence[Sequence[float]]) -> "Samples":
        """From rows (x1, x2, class); ValueError where they are something else."""
        table = np.asarray(rows)
        if table.ndim != 2 or table.shape[1] != 3 or not 1 <= len(table) <= MOST or table.dtype.kind not in "iuf":
            raise ValueError(f"points must be {', '.join(SETS)}, or 1 to {MOST} rows (x1, x2, class).")
        table = table.astype(np.float64)
        if not np.isfinite(table).all() or not np.isin(table[:, 2], range(CLASSES)).all():
            raise ValueError("points must be rows (x1, x2, class) of numbers, the class 0, 1 or 2.")
        return cls(np.clip(table[:, :2], LOW, HIGH), table[:, 2].astype(int))

    def rows(self) -> list[tuple[float, float, int]]:
        return [(round(float(a), 3), round(float(b), 3), int(label)) for (a, b), label in zip(self.x, self.y)]

    def plus(self, at: tuple[float, float], label: int) -> "Samples":
        return Samples(np.vstack([self.x, at]), np.append(self.y, label))

    def without_nearest(self, at: tuple[float, float]) -> "Samples":
        if len(self.y) == 1:
            return self
        nearest = int(((self.x - at) ** 2).sum(axis=1).argmin())
        return Samples(np.delete(self.x, nearest, axis=0), np.delete(self.y, nearest))


def _clouds(rng: np.random.Generator, n: int, centres: Sequence[Sequence[float]], spread: float) -> Samples:
    y = np.arange(n) % len(centres)
    return Samples(np.clip(np.array(centres)[y] + rng.normal(scale=spread, size=(n, 2)), LOW, HIGH), y)


def _ring(rng: np.random.Generator, n: int) -> Samples:
    y = np.arange(n) % 2
    angle, radius = rng.uniform(0, 2 * np.pi, n), np.where(y == 0, 0.7, 2.0) + rng.normal(scale=0.45, size=n)
    return Samples(np.clip(np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1), LOW, HIGH), y)


SETS: dict[str, Callable[[np.random.Generator, int], Samples]] = {
    "three clouds": lambda rng, n: _clouds(rng, n, ((-1.2, -0.8), (1.2, -0.6), (0.0, 1.2)), 0.95),
    "two clouds": lambda rng, n: _clouds(rng, n, ((-0.8, 0.0), (0.8, 0.0)), 0.9),
    "a ring": _ring,
}


def samples_of(name: str, fresh: bool = False) -> Samples:
    """The 60 training samples of a set, or FRESH others of the same kind; always the same ones."""
    return SETS[name](np.random.default_rng(int(fresh)), FRESH if fresh else 60)


@dataclass(frozen=True)
class Answers:
    """What k-NN says."""

    plane: np.ndarray  # classes over PLANE, (49, 49)
    at: int  # the class at the cross
    neighbours: np.ndarray  # who votes there, nearest first
    problem: str = ""


def compute(samples: Samples, k: int, at: tuple[float, float], own: Callable | None = None) -> Answers:
    """The answers of `own(X_train, y_train, X, k)`, or of the course where it fails: over the plane and at a place."""
    asked = np.vstack([PLANE, at])
    far = distances(asked, samples.x)
    order = np.argsort(far, axis=1, kind="stable")
    k = min(k, len(samples.y))
    said, problem = votes(samples.y[order[:, :k]]), ""
    if own is not None:
        said, problem = _own(own, samples, asked, k, said, _clear(np.sort(far, axis=1), k))
    return Answers(said[:-1].reshape(len(GRID), -1), int(said[-1]), order[-1, :k], problem)


def distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Euclidean distances (n, m) of rows in the plane."""
    return np.hypot(a[:, None, 0] - b[None, :, 0], a[:, None, 1] - b[None, :, 1])


def votes(labels: np.ndarray) -> np.ndarray:
    """The most frequent class in each row (n, k), the smallest of several: (n,)."""
    return (labels[:, :, None] == np.arange(CLASSES)).sum(axis=1).argmax(axis=1)


def shares_right(samples: Samples, fresh: Samples) -> tuple[np.ndarray, np.ndarray]:
    """The share of training and of fresh samples that is answered right, for k = 1, 2, ... K_MAX."""
    curves = []
    for asked in (samples, fresh):
        labels = samples.y[np.argsort(distances(asked.x, samples.x), axis=1, kind="stable")]
        ks = (min(k, len(samples.y)) for k in range(1, K_MAX + 1))
        curves.append(np.array([np.mean(votes(labels[:, :k]) == asked.y) for k in ks]))
    return curves[0], curves[1]


def _clear(far: np.ndarray, k: int) -> np.ndarray:
    """Where it is clear who the k nearest are, for sorted distances (n, samples): boolean (n,)."""
    return np.ones(len(far), bool) if k == far.shape[1] else far[:, k] - far[:, k - 1] > NEAR


def _own(
    own: Callable, samples: Samples, asked: np.ndarray, k: int, right: np.ndarray, clear: np.ndarray
) -> tuple[np.ndarray, str]:
    """What the learner's function says, and what is wrong with it; `right` where it says nothing that can be drawn."""
    value, problem = ask(own, samples.x, samples.y, asked, k, shape=right.shape)
    if value is None:
        return right, f"{problem} You see the course's instead."
    if not np.isin(value, range(CLASSES)).all():
        strange = value[~np.isin(value, range(CLASSES))][0]
        return right, f"{name_of(own)} says {strange:.4g}, which is no class here. You see the course's instead."
    wrong = np.flatnonzero((value != right) & clear)
    if len(wrong):
        (x1, x2), i = asked[wrong[0]], wrong[0]
        problem = f"Your {name_of(own)} says {value[i]:.0f} at ({x1:.3g}, {x2:.3g}), where {right[i]} was expected."
    return value.astype(int), problem


# --- in words --------------------------------------------------------------------------------------------------------


def describe(
    samples: Samples, k: int, at: tuple[float, float], answers: Answers, curves: tuple[np.ndarray, np.ndarray] | None
) -> list[str]:
    """The picture in words, line by line."""
    voters = samples.y[answers.neighbours]
    counted = np.bincount(voters, minlength=CLASSES)
    count = ", ".join(f"{counted[c]} for {c}" for c in range(CLASSES) if counted[c])
    tie = " The tie goes to the smallest label." if (counted == counted.max()).sum() > 1 else ""
    place = f"At the cross, ({at[0]:.3g}, {at[1]:.3g}),"
    if len(voters) == 1:
        lines = [f"{place} the nearest sample is of class {voters[0]}, and so is the answer."]
    else:
        lines = [f"{place} the {len(voters)} nearest vote: {count}. The answer is class {answers.at}.{tie}"]
    if k > len(samples.y):
        lines.append(f"There are {len(samples.y)} samples only; all of them vote.")
    if curves is None:
        return [*lines, "For points of your own there are no fresh samples to measure with."]
    training, fresh = (curve[k - 1] for curve in curves)
    best = int(curves[1].argmax()) + 1
    return [
        *lines,
        f"k = {k}: right on {training:.0%} of the training samples and on {fresh:.0%} of {FRESH} fresh ones. "
        f"Fresh samples do best with k = {best}, {curves[1].max():.0%}.",
    ]
