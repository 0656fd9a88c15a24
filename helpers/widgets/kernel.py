"""What the kernel explorer computes: the filtered picture, the window under one output pixel, and the sizes."""

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
}
PADDINGS = ("none", "zero", "edge", "reflect")
_MODES = {"zero": "constant", "edge": "edge", "reflect": "reflect"}


@dataclass(frozen=True)
class Filtered:
    """Everything the picture shows. `output` is None where sizes do not fit or a function failed: see `problem`."""

    output: np.ndarray | None
    window: np.ndarray | None  # of the padded picture, under the chosen output pixel
    kernel: np.ndarray  # as it lies on the picture: flipped for a convolution
    corner: tuple[int, int]  # of the window, in the padded picture
    sizes: str
    problem: str = ""


def compute(
    image: np.ndarray,
    kernel: np.ndarray,
    *,
    flip: bool = False,
    stride: int = 1,
    padding: str = "none",
    row: int = 0,
    column: int = 0,
    own: Callable | None = None,
) -> Filtered:
    """Filter a grey picture (height, width) in 0..1; `own(image, kernel)` replaces the course's function, valid part.

    `flip` makes it a convolution. Sizes that a stride does not divide are reported, not rounded.
    """
    lying = kernel[::-1, ::-1] if flip else kernel
    pads = [k // 2 if padding != "none" else 0 for k in kernel.shape]
    sizes, problem = _sizes(image.shape, kernel.shape, stride, pads)
    if problem:
        return Filtered(None, None, lying, (0, 0), sizes, problem)
    padded = np.pad(image, [(p, k - 1 - p if p else 0) for p, k in zip(pads, kernel.shape, strict=True)],
                    mode=_MODES.get(padding, "constant"))  # fmt: skip
    valid = tuple(n - k + 1 for n, k in zip(padded.shape, kernel.shape, strict=True))
    if own is None:
        output = (kernels.convolve2d if flip else kernels.correlate2d)(padded, kernel)
    else:
        output, problem = ask(own, padded, kernel, shape=valid)
    corner = min(row * stride, valid[0] - 1), min(column * stride, valid[1] - 1)
    window = padded[corner[0] : corner[0] + kernel.shape[0], corner[1] : corner[1] + kernel.shape[1]]
    return Filtered(None if output is None else output[::stride, ::stride], window, lying, corner, sizes, problem)


def _sizes(image: tuple, kernel: tuple, stride: int, pads: list[int]) -> tuple[str, str]:
    """The formula written out for both directions, and what is wrong with it."""
    lines, problem = [], ""
    for axis, n, k, p in zip(("height", "width"), image, kernel, pads, strict=True):
        free = n + (k - 1 if p else 0) - k
        lines.append(f"{axis}: ({n} + {k - 1 if p else 0} − {k}) / {stride} + 1 = {free / stride + 1:g}")
        if free % stride:
            problem = f"Stride {stride} does not divide the {axis}: {free / stride + 1:g} windows cannot be."
    return "; ".join(lines), problem


def sum_written_out(filtered: Filtered, limit: int = 25) -> str:
    """The products under the chosen output pixel and their sum."""
    if filtered.window is None:
        return ""
    window, kernel = filtered.window.ravel(), filtered.kernel.ravel()
    used = [(x, w) for x, w in zip(window, kernel, strict=True) if w]
    terms = [f"{x:.2f}·({w:.3g})" for x, w in used[:limit]] or ["0"]
    dots = " + …" if len(used) > limit else ""
    return f"{' + '.join(terms)}{dots} = {float(window @ kernel):.4g}"


def describe(filtered: Filtered, name: str) -> str:
    """The picture in words."""
    if filtered.output is None:
        return filtered.problem
    output = filtered.output
    low, high, mean = (f"{v:.3g}" for v in (output.min(), output.max(), output.mean()))
    return f"{name}: output {output.shape[0]} x {output.shape[1]}, from {low} to {high}, mean {mean}."
