"""What the kernel explorer computes: the filtered picture, its size, and the window under one output pixel."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from helpers import kernels
from helpers.widgets.student import ask

_COLUMN, _ROW = np.array([[1.0], [2.0], [1.0]]), np.array([[-1.0, 0.0, 1.0]])
PRESETS: dict[str, np.ndarray] = {
    "identity": np.pad([[1.0]], 1),
    "mean": np.full((3, 3), 1 / 9),
    "Gaussian": np.outer([1.0, 2.0, 1.0], [1.0, 2.0, 1.0]) / 16,
    "sharpen": np.array([[0.0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
    "Sobel x": _COLUMN @ _ROW,
    "Sobel y": (_COLUMN @ _ROW).T,
    "Laplacian": np.array([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]),
    "emboss": np.array([[-2.0, -1, 0], [-1, 1, 1], [0, 1, 2]]),
    "mean 5 x 5": np.full((5, 5), 1 / 25),
    "identity 5 x 5": np.pad([[1.0]], 2),
}
PADDINGS = ("none", "zero", "edge", "reflect")
STRIDES = range(1, 9)
TOLERANCE = 1e-6  # between the learner's result and the course's, for pixels in 0..1


@dataclass(frozen=True)
class Filtered:
    """A filtered picture. `output` is None where sizes do not fit or a function failed; `problem` says so."""

    output: np.ndarray | None
    padded: np.ndarray
    kernel: np.ndarray  # as it lies on the picture: flipped for a convolution
    pads: tuple[int, int]
    stride: int
    sizes: list[str]  # the formula of the output's size, once per direction
    problem: str = ""


@dataclass(frozen=True)
class Window:
    """What one output pixel is made of."""

    row: int  # of the output pixel
    column: int
    corner: tuple[int, int]  # of the window, in the picture without its padding
    values: np.ndarray
    kernel: np.ndarray

    @property
    def total(self) -> float:
        return float((self.values * self.kernel).sum())


def compute(
    image: np.ndarray,
    kernel: np.ndarray,
    *,
    flip: bool = False,
    stride: int = 1,
    padding: str = "none",
    own: Callable | None = None,
) -> Filtered:
    """Filter a grey picture (height, width) in 0..1; `flip` the kernel for a convolution.

    `own(image, kernel)`, which returns the valid part, is used and compared with the course's function. A size that the
    stride does not divide is reported, not rounded. Kernel sides are odd.
    """
    lying = kernel[::-1, ::-1] if flip else kernel
    pads = tuple(k // 2 if padding != "none" else 0 for k in kernel.shape)
    padded = np.pad(image, [(p, p) for p in pads], mode=kernels.filters.BORDERS.get(padding, "constant"))
    sizes, problem = _sizes(image.shape, kernel.shape, stride, pads)
    if problem:
        return Filtered(None, padded, lying, pads, stride, sizes, problem)
    output = (kernels.convolve2d if flip else kernels.correlate2d)(padded, kernel)
    if own is not None:
        expected = output
        output, problem = ask(own, padded, kernel, shape=expected.shape)
        problem = problem or _disagreement(output, expected, flip)
    if output is not None:
        output = output[::stride, ::stride]
    return Filtered(output, padded, lying, pads, stride, sizes, problem)


def _sizes(image: tuple, kernel: tuple, stride: int, pads: tuple[int, int]) -> tuple[list[str], str]:
    """The formula written out for both directions, and what is wrong with it."""
    free = [n + 2 * p - k for n, k, p in zip(image, kernel, pads)]
    lines, problem = [], ""
    for axis, n, k, p, rest in zip(("height", "width"), image, kernel, pads, free):
        formula = f"({n} + 2·{p} − {k}) / {stride} + 1 = {rest / stride + 1:.4g}"
        lines.append(f"{axis}: {formula}")
        if rest < 0:
            problem = f"The kernel is larger than the picture: its {axis} is {k} where the picture has {n + 2 * p}."
        elif rest % stride and not problem:
            fits = ", ".join(str(s) for s in STRIDES if not any(f % s for f in free))
            problem = f"Stride {stride} does not fit: {axis} {formula} is no whole number. Here these fit: {fits}."
    return lines, problem


def _disagreement(own: np.ndarray | None, right: np.ndarray, flip: bool) -> str:
    """Where the learner's result is farthest from the course's, as a sentence, or ""."""
    gap = np.nan_to_num(np.abs(own - right), nan=np.inf)
    row, column = np.unravel_index(gap.argmax(), gap.shape)
    if gap[row, column] <= TOLERANCE:
        return ""
    what = "convolution" if flip else "correlation"
    return (
        f"At output row {row}, column {column} (stride 1) your {what} is {own[row, column]:.4g} "
        f"where {right[row, column]:.4g} was expected."
    )


def window_at(filtered: Filtered, row: int, column: int) -> Window | None:
    """The window under the output pixel nearest to (row, column); None where there is no output."""
    if filtered.output is None:
        return None
    row, column = (min(i, n - 1) for i, n in zip((row, column), filtered.output.shape))
    top, left = row * filtered.stride, column * filtered.stride
    height, width = filtered.kernel.shape
    values = filtered.padded[top : top + height, left : left + width]
    return Window(row, column, (top - filtered.pads[0], left - filtered.pads[1]), values, filtered.kernel)


def sum_written_out(window: Window) -> str:
    """The products under one output pixel, without those that are zero by their weight, and their sum."""
    pairs = zip(window.values.ravel(), window.kernel.ravel())
    terms = [f"{x:.2f}·{w:.3g}" if w > 0 else f"{x:.2f}·({w:.3g})" for x, w in pairs if w]
    return f"output[{window.row}, {window.column}] = {' + '.join(terms) or '0'} = {round(window.total, 12) + 0:.4g}"


def describe(filtered: Filtered, name: str) -> str:
    """The picture in words."""
    if filtered.output is None:
        return f"{name.capitalize()}: no result."
    output = filtered.output
    low, high, mean = (f"{v:.3g}" for v in (output.min(), output.max(), output.mean()))
    height, width = output.shape
    return f"{name.capitalize()}: the result is {height} x {width} pixels, from {low} to {high}, on average {mean}."
