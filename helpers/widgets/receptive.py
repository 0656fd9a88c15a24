"""What the receptive-field explorer computes: which pixels reach one unit of a stack of layers, and on how many paths.

Layers are descriptions as in chapter 7, {"type": "conv", "kernel": 5, "stride": 1, "pad": 2}. Convolutions and pools
move along rows and columns alike, so one axis tells it all.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from helpers.kernels import output_size
from helpers.widgets.student import call, name_of

CONV3, CONV5 = ({"type": "conv", "kernel": k, "pad": k // 2} for k in (3, 5))
BARE3, POOL2 = {"type": "conv", "kernel": 3}, {"type": "pool", "size": 2}
STACKS: dict[str, list[dict]] = {
    "LeNet": [CONV5, POOL2, CONV5, POOL2],
    "one 5 x 5": [{"type": "conv", "kernel": 5}],
    "two 3 x 3": [BARE3, BARE3],
    "three 3 x 3": [BARE3, BARE3, BARE3],
    "conv 3, pool 2, conv 3": [CONV3, POOL2, CONV3],
    "VGG, two blocks": [CONV3, CONV3, POOL2, CONV3, CONV3, POOL2],
    "strides instead of pools": [CONV3 | {"stride": 1}, {"type": "conv", "kernel": 4, "stride": 2, "pad": 1}] * 2,
}


@dataclass(frozen=True)
class Window:
    """A layer that looks through windows."""

    name: str
    size: int
    stride: int
    pad: int


@dataclass(frozen=True)
class Field:
    """One unit of the last of `windows`, and what it depends on.

    `counts` has one array per level, the picture's first, (units of that level,): on how many paths each unit reaches
    the one. `reach` is the first and last pixel of its field, beyond the border where there is padding.
    """

    windows: list[Window]
    unit: int
    counts: list[np.ndarray]
    reach: tuple[int, int]
    terms: list[str]  # of the formula
    problem: str = ""

    @property
    def size(self) -> int:
        """How many pixels along one side the unit sees, padding included."""
        return self.reach[1] - self.reach[0] + 1

    @property
    def places(self) -> list[tuple[float, float]]:
        """For every level: where its first unit is centred, in pixels of the picture, and how far two lie apart."""
        start, apart, places = 0.0, 1.0, [(0.0, 1.0)]
        for window in self.windows:
            start += ((window.size - 1) / 2 - window.pad) * apart
            apart *= window.stride
            places.append((start, apart))
        return places


def windows_of(layers: Sequence[dict]) -> list[Window]:
    """The convolutions and pools of a stack up to its first flatten or dense layer. Raises ValueError where a
    description is none."""
    found = []
    for number, layer in enumerate(layers, start=1):
        kind = layer.get("type") if isinstance(layer, dict) else None
        if kind in ("flatten", "dense"):
            break
        if kind in ("conv", "pool"):
            found.append(_window(number, kind, layer))
        elif not isinstance(kind, str):
            raise ValueError(f'layer {number} must be a description such as {{"type": "conv", "kernel": 3}}.')
    return found


def _window(number: int, kind: str, layer: dict) -> Window:
    size = layer.get("kernel" if kind == "conv" else "size")
    stride, pad = layer.get("stride", 1 if kind == "conv" else size), layer.get("pad", 0)
    for name, value, low in (("its size", size, 1), ("stride", stride, 1), ("pad", pad, 0)):
        if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < low:
            raise ValueError(f"layer {number}, {kind}: {name} must be a whole number from {low} on, not {value!r}.")
    text = f"{kind} {size}" + (f", stride {stride}" if kind == "conv" and stride > 1 else "")
    return Window(text, size, stride, pad)


def compute(windows: list[Window], depth: int, unit: int, side: int, layers: Sequence[dict] = (), own=None) -> Field:
    """The field of one unit of layer `depth` (1 is the first) over a picture of `side` pixels.

    `own(layers)` is the learner's function for the size of the field, given the layers up to that depth.
    """
    stack, lengths, problem = windows[:depth], [side], ""
    for window in stack:
        try:
            lengths.append(output_size(lengths[-1], window.size, window.stride, window.pad))
        except ValueError as error:
            problem = f"{window.name} does not fit onto {lengths[-1]} units: {error}"
            break
    stack = stack[: len(lengths) - 1]
    unit = max(0, min(unit, lengths[-1] - 1))
    counts, low, high = _back(stack, lengths, unit)
    field = Field(stack, unit, counts, (low, high), _terms(stack), problem)
    if own is not None and not problem:
        problem = _disagreement(own, field, list(layers))
    return Field(stack, unit, counts, (low, high), field.terms, problem)


def _back(stack: list[Window], lengths: list[int], unit: int) -> tuple[list[np.ndarray], int, int]:
    """The paths from every level to the unit, the picture's first, and the field's ends."""
    paths = np.zeros(lengths[-1])
    paths[unit] = 1.0
    counts, low, high = [paths], unit, unit
    for window, length in zip(stack[::-1], lengths[-2::-1]):
        padded = np.zeros(length + 2 * window.pad)
        for place in range(window.size):
            padded[place : place + window.stride * (len(paths) - 1) + 1 : window.stride] += paths
        paths = padded[window.pad : window.pad + length]
        counts.insert(0, paths)
        low, high = low * window.stride - window.pad, high * window.stride - window.pad + window.size - 1
    return counts, low, high


def _terms(stack: list[Window]) -> list[str]:
    apart, terms = 1, ["1"]
    for window in stack:
        terms.append(f"({window.size} − 1)·{apart}")
        apart *= window.stride
    return terms


def _disagreement(own: Callable, field: Field, layers: list[dict]) -> str:
    """What the learner's function says of these layers, where it is something else."""
    value, problem = call(own, [dict(layer) for layer in layers], name=name_of(own))
    if problem:
        return problem
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or value != field.size:
        return f"Your {name_of(own)} says {str(value)[:60]}; following the windows back gives {field.size}."
    return ""


def describe(field: Field, side: int) -> list[str]:
    """The picture in words."""
    if not field.windows:
        return [f"A pixel of the picture sees itself: 1 of {side} x {side}."]
    low, high = field.reach
    inside = field.counts[0]
    seen = np.flatnonzero(inside)
    width = len(field.counts[-1])
    cut = f" ({field.size - len(seen)} of them in the padding)" if len(seen) < field.size else ""
    middle = inside[seen[len(seen) // 4] : seen[-1 - len(seen) // 4] + 1].sum() / inside.sum()
    return [
        f"Layer {len(field.windows)}, {field.windows[-1].name}, has {width} x {width} units. Unit ({field.unit}, "
        f"{field.unit}) sees {field.size} x {field.size} pixels, rows and columns {low} to {high}{cut}.",
        f"{' + '.join(field.terms)} = {field.size}: each layer adds its window less one, times the strides before it.",
        f"The middle half of those rows and columns, a quarter of the pixels, carries {middle**2:.0%} of all paths.",
    ]
