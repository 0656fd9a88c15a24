"""What the activation explorer computes: the curve, its slope, the tangent at z, and where it saturates."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from helpers import kernels
from helpers.widgets.student import ask

FLAT = 0.05  # a slope smaller than this share of the steepest one counts as saturated
Z = np.linspace(-6.0, 6.0, 481)
WITH_ALPHA = ("leaky_relu", "prelu", "elu")
COURSE = ("sigmoid", "tanh", "relu", "leaky_relu", "prelu", "elu")


@dataclass(frozen=True)
class Activation:
    """A function and its derivative by one name; alpha is passed on where the function has one."""

    name: str
    f: Callable
    f_grad: Callable

    def inputs(self, z: np.ndarray, alpha: float) -> tuple:
        return (z, alpha) if self.name in WITH_ALPHA else (z,)


@dataclass(frozen=True)
class Curves:
    """Everything the picture shows; `problem` is a sentence where the learner's function gave no curve."""

    y: np.ndarray
    slope: np.ndarray
    at: tuple[float, float, float]  # z, f(z), f'(z)
    saturated: np.ndarray  # boolean over Z
    own_y: np.ndarray | None = None
    own_slope: np.ndarray | None = None
    problem: str = ""


def course_activation(name: str) -> Activation:
    """The course's own function of that name."""
    return Activation(name, getattr(kernels, name), getattr(kernels, f"{name}_grad"))


def compute(name: str, z: float, alpha: float, own: Activation | None = None) -> Curves:
    """Curves of the course's function `name` and the learner's; where the course has none, the learner's alone."""
    points = np.append(Z, z)
    y, slope, problem = None, None, ""
    if own is not None:
        y, problem = ask(own.f, *own.inputs(points, alpha), shape=points.shape)
        slope, trouble = ask(own.f_grad, *own.inputs(points, alpha), shape=points.shape) if own.f_grad else (None, "")
        problem = problem or trouble
    reference = _reference(name, points, alpha)
    base_y, base_slope = reference or (_or_zero(y), _or_zero(slope))
    if not problem and reference and y is not None:
        problem = _disagreement(own, y, slope, base_y, base_slope)
    steepest = np.abs(base_slope).max() or 1.0
    return Curves(
        base_y[:-1],
        base_slope[:-1],
        (z, float(base_y[-1]), float(base_slope[-1])),
        np.abs(base_slope[:-1]) < FLAT * steepest,
        None if y is None else y[:-1],
        None if slope is None else slope[:-1],
        problem,
    )


def _reference(name: str, points: np.ndarray, alpha: float) -> tuple[np.ndarray, np.ndarray] | None:
    if name not in COURSE:
        return None
    activation = course_activation(name)
    inputs = activation.inputs(points, alpha)
    return activation.f(*inputs), activation.f_grad(*inputs)


def _or_zero(values: np.ndarray | None) -> np.ndarray:
    return np.zeros(Z.size + 1) if values is None else values


def _disagreement(own: Activation, y, slope, base_y, base_slope) -> str:
    smooth = np.abs(np.append(Z, 1.0)) > 1e-9  # at the kink any slope between both sides is right
    for what, mine, theirs in (("f", y, base_y), ("f'", slope, base_slope)):
        if mine is not None and not np.allclose(mine[smooth], theirs[smooth], rtol=1e-6, atol=1e-9):
            worst = int(np.nanargmax(np.where(smooth, np.abs(mine - theirs), 0)))
            z = np.append(Z, np.nan)[worst]
            at = f"at z = {z:.3g} " if np.isfinite(z) else ""
            return f"Your {what} of {own.name} is {mine[worst]:.4g} {at}where {theirs[worst]:.4g} was expected."
    return ""


def describe(name: str, curves: Curves) -> str:
    """The picture in words."""
    z, y, slope = curves.at
    share = curves.saturated.mean()
    flat = f"On {share:.0%} of the range from -6 to 6 the slope is nearly zero." if share else "It saturates nowhere."
    return f"{name}({z:.3g}) = {y:.4g}, slope there {slope:.4g}. {flat}"
