"""What the descent explorer computes: loss surfaces over two weights, and the paths of four optimizers on them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from helpers import kernels
from helpers.widgets.neuron import vector
from helpers.widgets.student import as_floats, call, name_of

LOW, HIGH = -3.0, 3.0  # of both weights
FINE, COARSE = np.linspace(LOW, HIGH, 81), np.linspace(LOW, HIGH, 41)
SAMPLES, STEPS = 64, 100
BATCHES = (1, 4, 16, SAMPLES)
LOST = 1e9  # a loss that has diverged, or a weight
NUDGE = 1e-5
OPTIMIZERS = ("gradient descent", "momentum", "Nesterov", "Adam")

_OFFSETS = np.random.default_rng(0).normal(scale=0.5, size=(SAMPLES, 2))
_OFFSETS -= _OFFSETS.mean(axis=0)


@dataclass(frozen=True)
class Surface:
    """A loss over two weights: `losses(ws (n, 2))` -> (n,); `grad(w (2,), batch)` -> (2,), the mean over the batch."""

    losses: Callable[[np.ndarray], np.ndarray]
    grad: Callable[[np.ndarray, np.ndarray], np.ndarray]
    heights: np.ndarray  # over a square grid from LOW to HIGH, rows along the second weight


def _quadratic(a: float, b: float) -> tuple[Callable, Callable]:
    scale = np.array([a, b])
    return lambda w: 0.5 * (scale * w**2).sum(axis=-1), lambda w: scale * w


def _quartic(sides: float) -> tuple[Callable, Callable]:
    """Two valleys along the first weight, one deeper than the other by `sides`."""

    def loss(w):
        x, y = w[..., 0], w[..., 1]
        return 0.1 * (x**2 - 2.5) ** 2 + sides * x + 0.6 * y**2

    def grad(w):
        x, y = w[..., 0], w[..., 1]
        return np.stack([0.4 * x * (x**2 - 2.5) + sides, 1.2 * y], axis=-1)

    return loss, grad


def _hollow() -> tuple[Callable, Callable]:
    """A hollow in a plain: hardly any slope far from it."""

    def depth(w):
        return np.exp(-0.5 * (w**2).sum(axis=-1))

    return lambda w: 1 - depth(w), lambda w: w * depth(w)[..., None]


def _bend() -> tuple[Callable, Callable]:
    """Rosenbrock's bent valley, in gentler proportions."""

    def loss(w):
        x, y = w[..., 0], w[..., 1]
        return 0.05 * (1 - x) ** 2 + 0.3 * (y + 1.5 - 0.6 * x**2) ** 2

    def grad(w):
        x, y = w[..., 0], w[..., 1]
        off = y + 1.5 - 0.6 * x**2
        return np.stack([-0.1 * (1 - x) - 0.72 * off * x, 0.6 * off], axis=-1)

    return loss, grad


SHAPES: dict[str, tuple[Callable, Callable]] = {
    "round bowl": _quadratic(1.0, 1.0),
    "long valley": _quadratic(0.15, 5.0),
    "two valleys": _quartic(0.25),
    "saddle": _quartic(0.0),
    "bent valley": _bend(),
    "hollow in a plain": _hollow(),
}


@lru_cache
def course_surface(name: str) -> Surface:
    """The mean over 64 samples, each of which has the same shape with its lowest place somewhere else."""
    loss, grad = SHAPES[name]

    def losses(ws):
        return loss(ws[:, None, :] - _OFFSETS).mean(axis=1)

    grid = np.stack(np.meshgrid(FINE, FINE), axis=-1)
    heights = losses(grid.reshape(-1, 2)).reshape(grid.shape[:2])
    return Surface(losses, lambda w, batch: grad(w - _OFFSETS[batch]).sum(axis=0) / len(batch), heights)


def own_surface(loss: Callable, grad: Callable | None) -> tuple[Surface | None, str]:
    """The learner's `loss(w)` -> a number, with `grad(w)` -> (2,), measured by nudging where it is not given."""

    def measured(w):
        nudges = NUDGE * np.eye(2)
        return np.array([(loss(w + n) - loss(w - n)) / (2 * NUDGE) for n in nudges])

    def over_the_grid():
        return np.array([[loss(np.array([x, y])) for x in COARSE] for y in COARSE])

    heights, problem = call(over_the_grid, name=name_of(loss))
    if not problem:
        heights, problem = as_floats(heights, name_of(loss), (len(COARSE), len(COARSE)))
    if problem:
        return None, problem
    if not np.isfinite(heights).any() or np.ptp(heights[np.isfinite(heights)]) == 0:
        return None, f"{name_of(loss)} gives the same number, or none, everywhere from {LOW:g} to {HIGH:g}."

    def losses(ws):
        return np.array([float(loss(w)) for w in ws])

    if grad is None:
        return Surface(losses, lambda w, batch: measured(w), heights), ""
    return Surface(losses, lambda w, batch: grad(w.copy()), heights), _wrong_slope(grad, measured)


def _wrong_slope(grad: Callable, measured: Callable) -> str:
    """Where the learner's gradient is not what nudging gives, as a sentence, or ""."""
    for w in np.random.default_rng(0).uniform(-2, 2, (4, 2)).round(2):
        value, problem = call(grad, w)
        own, problem = (None, problem) if problem else as_floats(value, name_of(grad), (2,))
        if own is None:
            return problem
        right = measured(w)
        if not np.abs(own - right).max() <= 1e-4 * max(1.0, np.abs(right).max()):
            return f"Your {name_of(grad)} is {vector(own)} at w = {vector(w)}, where nudging gives {vector(right)}."
    return ""


# --- the race --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Path:
    """Where an optimizer went: weights (steps + 1, 2) and losses (steps + 1,), up to where it diverged."""

    w: np.ndarray
    loss: np.ndarray

    @property
    def diverged(self) -> bool:
        return len(self.loss) <= STEPS

    def left_the_map(self) -> int | None:
        """The first step that ended outside the map, or None."""
        outside = (np.abs(self.w) > HIGH).any(axis=1)
        return int(outside.argmax()) if outside.any() else None


def race(
    surface: Surface,
    start: tuple[float, float],
    rate: float,
    momentum: float,
    batch: int,
    runners: tuple[str, ...] = OPTIMIZERS,
    step: Callable | None = None,
) -> tuple[dict[str, Path], str]:
    """The paths of the optimizers named, from the same start, at the same rate, over the same batches.

    `step(w, grad, learning_rate)` -> the next w is the learner's own gradient descent.
    """
    rng = np.random.default_rng(0)
    batches = [rng.choice(SAMPLES, batch, replace=False) for _ in range(STEPS)]
    usable, problem = _try_step(step) if step else (False, "")
    paths = {}
    for name in runners:
        own = step if usable and name == "gradient descent" else None
        path, trouble = call(_walk, surface, name, np.array(start), rate, momentum, batches, own, name="your function")
        problem = problem or trouble
        if path is not None:
            paths[name] = path
    return paths, problem


def _try_step(step: Callable) -> tuple[bool, str]:
    """Whether the learner's step can be walked with, and what is wrong with it, as a sentence, or ""."""
    w, slope = np.array([1.0, -2.0]), np.array([0.5, 4.0])
    value, problem = call(step, w, slope, 0.25)
    own, problem = (None, problem) if problem else as_floats(value, name_of(step), (2,))
    right = kernels.sgd_step(w, slope, 0.25)
    if own is None or np.allclose(own, right):
        return own is not None, problem
    task = f"w = {vector(w)}, gradient {vector(slope)} and rate 0.25"
    return True, f"Your {name_of(step)} goes to {vector(own)} for {task}, where {vector(right)} was expected."


def _walk(surface, name: str, w: np.ndarray, rate: float, momentum: float, batches: list, own) -> Path:
    """One optimizer's path."""
    memory, second, ws = np.zeros(2), np.zeros(2), [w]
    for t, batch in enumerate(batches, start=1):
        if name == "Nesterov":
            w, memory = kernels.nesterov_step(w, lambda at, b=batch: surface.grad(at, b), memory, rate, momentum)
        else:
            slope = surface.grad(w, batch)
            if name == "momentum":
                w, memory = kernels.momentum_step(w, slope, memory, rate, momentum)
            elif name == "Adam":
                w, memory, second = kernels.adam_step(w, slope, memory, second, t, rate, momentum)
            else:
                w = (
                    np.asarray(own(w.copy(), slope, rate), dtype=np.float64)
                    if own
                    else kernels.sgd_step(w, slope, rate)
                )
        ws.append(w)
        if not np.abs(w).max() < LOST:
            break
    return _path(surface, np.array(ws))


def _path(surface: Surface, w: np.ndarray) -> Path:
    with np.errstate(all="ignore"):
        loss = surface.losses(w)
    lost = np.flatnonzero(~(np.abs(loss) < LOST))
    end = lost[0] + 1 if len(lost) else len(w)
    return Path(w[:end], loss[:end])


def lowest(surface: Surface, paths: dict[str, Path]) -> float:
    """The lowest loss known: on the map or on a path."""
    known = [surface.heights, *(path.loss for path in paths.values())]
    return float(min(np.nanmin(np.where(np.isfinite(k), k, np.nan)) for k in known))


def steepest_curvature(surface: Surface, w: tuple[float, float]) -> float:
    """The largest curvature of the surface at w: above 2 / this, plain steps overshoot more and more."""
    everything, at = np.arange(SAMPLES), np.array(w)
    rows = [(surface.grad(at + n, everything) - surface.grad(at - n, everything)) / 2e-4 for n in 1e-4 * np.eye(2)]
    return float(np.linalg.eigvalsh((np.array(rows) + np.array(rows).T) / 2).max())


# --- in words --------------------------------------------------------------------------------------------------------


def describe(paths: dict[str, Path], step: int, start: tuple[float, float], rate: float, curvature: float) -> list[str]:
    """The picture in words: one line for each optimizer, and what the rate may be."""
    lines = [f"After {step} steps from w = {vector(np.array(start))}:"]
    for name, path in paths.items():
        at = min(step, len(path.loss) - 1)
        if path.diverged and step >= at == len(path.loss) - 1:
            lines.append(f"{name}: diverged; at step {at} the loss passed {path.loss[at]:.2g}.")
            continue
        left = path.left_the_map()
        outside = f", off the map since step {left}" if left is not None and left <= step else ""
        lines.append(f"{name}: loss {path.loss[at]:.4g} at w = {vector(path.w[at])}{outside}.")
    if curvature > 1e-6:
        limit = 2 / curvature
        verdict = "below" if rate < limit else "not below"
        lines.append(
            f"The steepest curvature at the start is {curvature:.3g}: plain steps shrink there only for rates below "
            f"2 / {curvature:.3g} = {limit:.3g}; yours, {rate:.3g}, is {verdict} that."
        )
    return lines
