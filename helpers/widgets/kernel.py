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
    "1 to 9": np.arange(1.0, 10.0).reshape(3, 3),
}
SIZES = (1, 3, 5, 7)  # of a square kernel
PADDINGS = ("none", "zero", "edge", "reflect")
STRIDES, DILATIONS = range(1, 9), range(1, 5)
TERMS = 25  # of a sum that is written out whole
TOLERANCE = 1e-6  # between the learner's result and the course's, for pixels in 0..1


@dataclass(frozen=True)
class Filtered:
    """A filtered picture. `output` is None where sizes do not fit or a function failed; `problem` says so."""

    output: np.ndarray | None
    padded: np.ndarray
    kernel: np.ndarray  # as it lies on the picture: flipped for a convolution
    pads: tuple[int, int]
    stride: int
    dilation: int
    sizes: list[str]  # the formula of the output's size, once per direction
    left_over: tuple[int, int]  # rows and columns of the padded picture that no window would reach
    problem: str = ""


@dataclass(frozen=True)
class Window:
    """What one output pixel is made of."""

    row: int  # of the output pixel
    column: int
    corner: tuple[int, int]  # of the window, in the picture without its padding
    values: np.ndarray  # the pixels under the kernel's entries
    kernel: np.ndarray

    @property
    def total(self) -> float:
        return float((self.values * self.kernel).sum())

    @property
    def turned_total(self) -> float:
        """What the kernel turned by 180 degrees gives here."""
        return float((self.values * self.kernel[::-1, ::-1]).sum())


def preset(name: str, size: int) -> np.ndarray:
    """The kernel of that name in `size` x `size`: grown where it has larger forms, else with zeros around it."""
    if name == "mean":
        return np.full((size, size), 1 / size**2)
    if name == "Gaussian":
        row = np.array([1.0])
        for _ in range(size - 1):
            row = np.convolve(row, [0.5, 0.5])  # the binomial coefficients, scaled
        return np.outer(row, row)
    return resized(PRESETS[name], size)


def resized(kernel: np.ndarray, size: int) -> np.ndarray:
    """The middle `size` x `size` entries, with zeros where there are none."""
    grown = np.pad(kernel, [(max(0, (size - n) // 2),) * 2 for n in kernel.shape])
    top, left = ((n - size) // 2 for n in grown.shape)
    return grown[top : top + size, left : left + size]


def spread(kernel: np.ndarray, dilation: int) -> np.ndarray:
    """The kernel with dilation - 1 zeros between neighbouring entries."""
    wide = np.zeros([dilation * (n - 1) + 1 for n in kernel.shape])
    wide[::dilation, ::dilation] = kernel
    return wide


def compute(
    image: np.ndarray,
    kernel: np.ndarray,
    *,
    flip: bool = False,
    stride: int = 1,
    padding: str = "none",
    dilation: int = 1,
    own: Callable | None = None,
) -> Filtered:
    """Filter a grey picture (height, width) in 0..1; `flip` the kernel for a convolution.

    `own(image, kernel)`, which returns the valid part, gets the kernel with its zeros where it is dilated; it is used
    and compared with the course's function. A size that the stride does not divide is reported, not rounded. Kernel
    sides are odd.
    """
    lying, wide = kernel[::-1, ::-1] if flip else kernel, spread(kernel, dilation)
    pads = tuple(k // 2 if padding != "none" else 0 for k in wide.shape)
    padded = np.pad(image, [(p, p) for p in pads], mode=kernels.filters.BORDERS.get(padding, "constant"))
    free = [n - k for n, k in zip(padded.shape, wide.shape)]
    left_over = tuple(max(f, 0) % stride for f in free)
    sizes, problem = _sizes(image.shape, kernel.shape, stride, pads, dilation)
    output = None
    if not problem:
        output = (kernels.convolve2d if flip else kernels.correlate2d)(padded, wide)
        if own is not None:
            expected = output
            output, problem = ask(own, padded, wide, shape=expected.shape)
            problem = problem or _disagreement(output, expected, flip)
    if output is not None:
        output = output[::stride, ::stride]
    return Filtered(output, padded, lying, pads, stride, dilation, sizes, left_over, problem)


def _sizes(image: tuple, kernel: tuple, stride: int, pads: tuple[int, int], dilation: int) -> tuple[list[str], str]:
    """The formula written out for both directions, and what is wrong with it."""
    reaches = [dilation * (k - 1) + 1 for k in kernel]
    free = [n + 2 * p - reach for n, reach, p in zip(image, reaches, pads)]
    lines, problem = [], ""
    for axis, n, k, reach, p, rest in zip(("height", "width"), image, kernel, reaches, pads, free):
        taken = f"{reach}" if dilation == 1 else f"({dilation}·({k} − 1) + 1)"
        formula = f"({n} + 2·{p} − {taken}) / {stride} + 1 = {rest / stride + 1:.4g}"
        lines.append(f"{axis}: {formula}")
        if rest < 0:
            problem = f"The kernel is larger than the picture: its {axis} is {reach} where the picture has {n + 2 * p}."
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
    row, column = (max(0, min(i, n - 1)) for i, n in zip((row, column), filtered.output.shape))
    top, left = row * filtered.stride, column * filtered.stride
    height, width = (filtered.dilation * (k - 1) + 1 for k in filtered.kernel.shape)
    values = filtered.padded[top : top + height : filtered.dilation, left : left + width : filtered.dilation]
    return Window(row, column, (top - filtered.pads[0], left - filtered.pads[1]), values, filtered.kernel)


def sum_written_out(window: Window) -> str:
    """The products under one output pixel, without those that are zero by their weight, and their sum."""
    pairs = [(x, w) for x, w in zip(window.values.ravel(), window.kernel.ravel()) if w]
    terms = [f"{x:.2f}·{w:.3g}" if w > 0 else f"{x:.2f}·({w:.3g})" for x, w in pairs[:TERMS]]
    if len(pairs) > TERMS:
        terms.append(f"{len(pairs) - TERMS} more products")
    return f"output[{window.row}, {window.column}] = {' + '.join(terms) or '0'} = {_plain(window.total)}"


def the_other_way_round(window: Window, flip: bool) -> str:
    """What the other of correlation and convolution gives at the same place, and where both agree."""
    turned = window.kernel[::-1, ::-1]
    if np.allclose(turned, window.kernel):
        return "Correlation and convolution agree: turned by 180°, this kernel looks the same."
    name = "Correlation" if flip else "Convolution"
    sign = " Everywhere the two differ by their sign alone." if np.allclose(turned, -window.kernel) else ""
    return f"{name} turns the kernel by 180°; it gives {_plain(window.turned_total)} here.{sign}"


def _plain(value: float) -> str:
    return f"{round(value, 12) + 0:.4g}"


def describe(filtered: Filtered, name: str) -> str:
    """The picture in words."""
    if filtered.output is None:
        return f"{name.capitalize()}: no result."
    output = filtered.output
    low, high, mean = (f"{v:.3g}" for v in (output.min(), output.max(), output.mean()))
    height, width = output.shape
    return f"{name.capitalize()}: the result is {height} x {width} pixels, from {low} to {high}, on average {mean}."
