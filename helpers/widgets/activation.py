"""What the activation explorer computes: a function, its slope, both at one z, and where it saturates."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from helpers import kernels
from helpers.widgets.student import ask

FLAT = 0.05  # a slope smaller than this share of the steepest one counts as saturated
STEP = 1e-5  # of the slope measured where no derivative is given
Z = np.linspace(-6.0, 6.0, 481)
WITH_ALPHA = ("leaky_relu", "prelu", "elu")
COURSE = ("sigmoid", "tanh", "relu", "leaky_relu", "prelu", "elu")


@dataclass(frozen=True)
class Activation:
    """A function and, where there is one, its derivative, by one name; alpha is passed on where the name has one."""

    name: str
    f: Callable
    f_grad: Callable | None = None

    def inputs(self, z: np.ndarray, alpha: float) -> tuple:
        return (z, alpha) if self.name in WITH_ALPHA else (z,)


@dataclass(frozen=True)
class Curve:
    """A function over Z with its slope, and both at the chosen z."""

    y: np.ndarray
    slope: np.ndarray
    y_at: float
    slope_at: float

    @property
    def saturated(self) -> np.ndarray:
        """Where over Z the slope is next to nothing: boolean."""
        size = np.abs(np.nan_to_num(self.slope))
        return size < FLAT * (size.max() or 1.0)


@dataclass(frozen=True)
class Curves:
    """What the picture shows: the learner's curve where there is one, and the course's where that is another.

    `shown` is None where neither the learner's function nor the course gives a curve; `problem` says why.
    """

    shown: Curve | None
    compared: Curve | None = None
    problem: str = ""


def course_activation(name: str) -> Activation:
    """The course's own function of that name."""
    return Activation(name, getattr(kernels, name), getattr(kernels, f"{name}_grad"))


def compute(name: str, z: float, alpha: float, own: Activation | None = None) -> Curves:
    """The curves of the function called `name`: the learner's `own`, compared with the course's where it has one."""
    course = _curve(course_activation(name), z, alpha)[0] if name in COURSE else None
    if own is None:
        return Curves(course)
    mine, problem = _curve(own, z, alpha)
    if mine is None:
        return Curves(course, None, problem + (" You see the course's instead." if course else ""))
    problem = _disagreement(name, mine, course) if course else ""
    return Curves(mine, course if problem else None, problem)


def _curve(activation: Activation, z: float, alpha: float) -> tuple[Curve | None, str]:
    points = np.append(Z, z)
    y, problem = ask(activation.f, *activation.inputs(points, alpha), shape=points.shape)
    if problem:
        return None, problem
    if activation.f_grad:
        slope, problem = ask(activation.f_grad, *activation.inputs(points, alpha), shape=points.shape)
    else:
        slope, problem = _measured_slope(activation, points, alpha)
    return (None, problem) if problem else (Curve(y[:-1], slope[:-1], float(y[-1]), float(slope[-1])), "")


def _measured_slope(activation: Activation, points: np.ndarray, alpha: float) -> tuple[np.ndarray | None, str]:
    """Rise over run, where no derivative was given."""
    around = np.concatenate([points + STEP, points - STEP])
    y, problem = ask(activation.f, *activation.inputs(around, alpha), shape=around.shape)
    return (None, problem) if problem else ((y[: points.size] - y[points.size :]) / (2 * STEP), "")


def _disagreement(name: str, mine: Curve, course: Curve) -> str:
    """Where the learner's curve is farthest from the course's, as a sentence, or ""."""
    smooth = np.abs(Z) > 1e-9  # at the kink any slope between both sides is right
    for what, own, right in ((name, mine.y, course.y), (f"slope of {name}", mine.slope, course.slope)):
        gap = np.where(smooth, np.nan_to_num(np.abs(own - right), nan=np.inf), 0)
        worst = int(gap.argmax())
        if gap[worst] > 1e-6:
            return f"Your {what} is {own[worst]:.4g} at z = {Z[worst]:.3g}, where {right[worst]:.4g} was expected."
    return ""


def describe(name: str, z: float, curves: Curves) -> list[str]:
    """The picture in words, line by line."""
    curve = curves.shown
    if curve is None:
        return []
    share = curve.saturated.mean()
    flat = (
        f"On {share:.0%} of the range from -6 to 6 (shaded) it is saturated: its slope is below a twentieth of its "
        "steepest."
        if share
        else "It saturates nowhere from -6 to 6."
    )
    return [f"{name}({z:.3g}) = {curve.y_at:.4g}, slope there {curve.slope_at:.4g}.", flat]
