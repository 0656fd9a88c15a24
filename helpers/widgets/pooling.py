"""What the pooling explorer computes: the pooled picture, one window, and where its gradient goes."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from helpers import kernels
from helpers.widgets.student import ask

KINDS = ("max", "mean")
SIZES, STRIDES, SHIFTS = range(1, 9), range(1, 9), range(4)
NUMBERS = np.array([[7, 3, 5, 2], [8, 6, 1, 4], [9, 12, 0, 11], [10, 13, 15, 14]]) / 15
TERMS = 16  # values of a window that are written out


@dataclass(frozen=True)
class Functions:
    """A learner's pooling functions by kind, called as the course's: forward(x, size, stride), backward(dy, x, ...)."""

    forward: Callable | None = None
    backward: Callable | None = None


@dataclass(frozen=True)
class Pooled:
    """A pooled picture. `output` is None where the windows do not fit or a function failed; `problem` says so."""

    image: np.ndarray  # as it was pooled: moved
    output: np.ndarray | None
    kind: str
    size: int
    stride: int
    sizes: list[str]
    changed: tuple[float, float] | None = None  # by the shift: the picture and the result, as shares of their length
    problem: str = ""


@dataclass(frozen=True)
class Window:
    """One output pixel: its window, and the gradient of its picture."""

    row: int
    column: int
    corner: tuple[int, int]
    values: np.ndarray
    total: float
    gradient: np.ndarray | None  # of the output pixel with respect to the picture, (height, width)
    problem: str = ""


def moved(image: np.ndarray, pixels: int) -> np.ndarray:
    """The picture moved to the right; black comes in from the left."""
    return np.pad(image, ((0, 0), (pixels, 0)))[:, : image.shape[1]]


def compute(
    image: np.ndarray, kind: str, size: int, stride: int, shift: int = 0, own: Functions | None = None
) -> Pooled:
    """Pool a grey picture (height, width), moved to the right by `shift` pixels; with `own` functions where given."""
    picture = moved(image, shift)
    sizes, problem = _sizes(image.shape, size, stride)
    if problem:
        return Pooled(picture, None, kind, size, stride, sizes, problem=problem)
    expected = _ours(kind)(picture[None, :, :, None], size, stride)
    still = _ours(kind)(image[None, :, :, None], size, stride)
    changed = tuple(_change(a, b) for a, b in ((image, picture), (still, expected))) if shift else None
    output, problem = expected, ""
    if own is not None and own.forward is not None:
        output, problem = ask(own.forward, picture[None, :, :, None], size, stride, shape=expected.shape)
        problem = problem or _disagreement(output, expected, kind)
    output = None if output is None else output[0, :, :, 0]
    return Pooled(picture, output, kind, size, stride, sizes, changed, problem)


def _ours(kind: str) -> Callable:
    return kernels.max_pool2d if kind == "max" else kernels.avg_pool2d


def _change(before: np.ndarray, after: np.ndarray) -> float:
    return float(np.linalg.norm(after - before) / (np.linalg.norm(before) or 1.0))


def _sizes(image: tuple[int, int], size: int, stride: int) -> tuple[list[str], str]:
    """The formula written out for both directions, and what is wrong with it."""
    lines, problem = [], ""
    for axis, n in zip(("height", "width"), image):
        rest = n - size
        lines.append(f"{axis}: ({n} − {size}) / {stride} + 1 = {rest / stride + 1:.4g}")
        if rest < 0:
            problem = f"The window is larger than the picture: {size} where its {axis} is {n}."
        elif rest % stride and not problem:
            fits = ", ".join(str(s) for s in STRIDES if not any((m - size) % s for m in image))
            problem = f"Stride {stride} does not fit: {lines[-1]} is no whole number. Here these fit: {fits}."
    return lines, problem


def _disagreement(own: np.ndarray, right: np.ndarray, kind: str) -> str:
    gap = np.nan_to_num(np.abs(own - right), nan=np.inf)[0, :, :, 0]
    row, column = np.unravel_index(gap.argmax(), gap.shape)
    if gap[row, column] <= 1e-6:
        return ""
    mine, expected = own[0, row, column, 0], right[0, row, column, 0]
    return f"At output row {row}, column {column} your {kind} pool is {mine:.4g} where {expected:.4g} was expected."


def window_at(pooled: Pooled, row: int, column: int, own: Functions | None = None) -> Window | None:
    """The window of the output pixel nearest to (row, column), and its gradient; None where there is no output."""
    if pooled.output is None:
        return None
    row, column = (max(0, min(i, n - 1)) for i, n in zip((row, column), pooled.output.shape))
    top, left = row * pooled.stride, column * pooled.stride
    values = pooled.image[top : top + pooled.size, left : left + pooled.size]
    dy = np.zeros((1, *pooled.output.shape, 1))
    dy[0, row, column] = 1.0
    gradient, problem = _gradient(pooled, dy, own)
    if gradient is not None and not problem:
        problem = _lost(gradient, (top, left), pooled)
    return Window(row, column, (top, left), values, float(pooled.output[row, column]), gradient, problem)


def _gradient(pooled: Pooled, dy: np.ndarray, own: Functions | None) -> tuple[np.ndarray | None, str]:
    x = pooled.image[None, :, :, None]
    if own is not None and own.backward is not None:
        dx, problem = ask(own.backward, dy, x, pooled.size, pooled.stride, shape=x.shape)
    else:
        back = kernels.max_pool2d_backward if pooled.kind == "max" else kernels.avg_pool2d_backward
        dx, problem = back(dy, x, pooled.size, pooled.stride), ""
    return (None, problem) if dx is None else (dx[0, :, :, 0], problem)


def _lost(dx: np.ndarray, corner: tuple[int, int], pooled: Pooled) -> str:
    """What is wrong with a gradient of one output pixel, as a sentence, or "": shares of winners are free."""
    (top, left), size = corner, pooled.size
    window, values = dx[top : top + size, left : left + size], pooled.image[top : top + size, left : left + size]
    if not np.isfinite(dx).all():
        return "The gradient holds numbers that are nan or infinite."
    if abs(window.sum() - 1) > 1e-6 or np.abs(dx).sum() - np.abs(window).sum() > 1e-6:
        return f"The gradient that arrives in the window adds up to {window.sum():.4g}; the output pixel handed out 1."
    if pooled.kind == "max" and np.abs(window[values < values.max()]).max(initial=0) > 1e-6:
        return "A pixel that is not the largest got a share of the gradient: moving it a little changes nothing."
    if pooled.kind == "mean" and np.abs(window - 1 / size**2).max() > 1e-6:
        return f"In a mean every pixel has the same weight, 1/{size**2}; here some got more than others."
    return ""


def describe(pooled: Pooled, window: Window | None) -> list[str]:
    """The picture in words."""
    if window is None:
        return [*pooled.sizes]
    height, width = pooled.output.shape
    lines = [f"The result is {height} x {width} pixels.", *pooled.sizes, _written(pooled, window)]
    if window.gradient is not None:
        count = int((window.gradient != 0).sum())
        share = f"{window.gradient.max():.3g}"
        whole = "all of it" if count == 1 else f"up to {share} each"
        lines.append(f"Its gradient goes to {count} pixel{'s' if count != 1 else ''}, {whole}.")
    if pooled.changed:
        before, after = pooled.changed
        lines.append(f"Moving the picture changed it by {before:.0%} of its length, and the result by {after:.0%}.")
    return lines


def _written(pooled: Pooled, window: Window) -> str:
    values = ", ".join(f"{v:.2f}" for v in window.values.ravel()[:TERMS])
    more = f", {window.values.size - TERMS} more" if window.values.size > TERMS else ""
    return f"output[{window.row}, {window.column}] = {pooled.kind}({values}{more}) = {window.total:.4g}"
