"""The pooling explorer: windows of a picture, the number that each is replaced by, and the way back."""

import functools
from collections.abc import Callable

import ipywidgets as widgets
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from helpers import plots
from helpers.data import load, photo
from helpers.widgets.live import Explorer, LivePicture, choice, number
from helpers.widgets.parts import called, put, put_signed, unit_image
from helpers.widgets.pictures import small
from helpers.widgets.pooling import (
    KINDS,
    NUMBERS,
    SHIFTS,
    SIZES,
    STRIDES,
    Functions,
    Pooled,
    Window,
    compute,
    describe,
    window_at,
)

GIVEN = "your image"
SIDE = 64  # pixels of a photograph: pooled ones should still be seen
PREFIXES = {"max": "max_pool", "mean": "avg_pool"}  # of the names of the functions
PICTURES = ("16 numbers", "a digit", "camera")
SPOT = 0.03  # of the result's side: what marks the output pixel is no smaller


class PoolingExplorer(Explorer):
    """The picture with a window on it, the result, and where the gradient of one of its pixels goes."""

    name = "pooling_explorer"
    rows = (("picture", "kind", "shift"), ("size", "stride"), ("row", "column"))

    def __init__(self, own: dict[str, Callable | None], given: np.ndarray | None, **start) -> None:
        self.own, self.given = own, given
        self._computed: tuple = ()
        pictures = [*([] if given is None else [GIVEN]), *PICTURES]
        controls = {
            "picture": widgets.Dropdown(options=pictures, value=start["picture"], description="picture"),
            "kind": widgets.Dropdown(options=KINDS, value=start["kind"], description="take the"),
            "shift": _slider("move to the right by", start["shift"], SHIFTS),
            "size": _slider("size", start["size"], SIZES),
            "stride": _slider("stride", start["stride"], STRIDES),
            "row": _slider("output row", start["row"], range(SIDE)),
            "column": _slider("output column", start["column"], range(SIDE)),
        }
        fig = self._draw()
        moving = [self.shown, self.result, self.gradient, *self.frames, self.spot]
        super().__init__(controls, LivePicture(fig, moving, self._pointed))

    def _draw(self) -> Figure:
        fig, axes = plots.figure(1, 3, width=8.4, height=3.1)
        left, middle, right = axes[0]
        self.shown, self.result = unit_image(left, "picture"), unit_image(middle, "result")
        self.gradient = unit_image(right, "gradient of that pixel: white is 0", signed=True)
        style = {"fill": False, "edgecolor": plots.COLOURS["vermilion"], "lw": 2}
        self.frames = [ax.add_patch(Rectangle((0, 0), 1, 1, **style)) for ax in (left, right)]
        self.spot = middle.add_patch(Rectangle((0, 0), 1, 1, **style))
        self.spot.set_path_effects([withStroke(linewidth=4, foreground="white")])
        return fig

    def functions(self, kind: str) -> Functions:
        """The learner's functions of a kind."""
        name = PREFIXES[kind]
        return Functions(self.own[name], self.own[f"{name}_backward"])

    def update(self) -> tuple[list[str], str]:
        kind = self.controls["kind"].value
        pooled = self._pooled(kind)
        if pooled.output is not None:
            for name, length in zip(("row", "column"), pooled.output.shape):
                self.controls[name].max = length - 1
        place = (self.controls[name].value for name in ("row", "column"))
        window = window_at(pooled, *place, self.functions(kind))
        self._mark(pooled, window)
        problem = pooled.problem or (window.problem if window else "")
        return describe(pooled, window), problem

    def _pooled(self, kind: str) -> Pooled:
        """The result for these settings, computed and drawn anew only when one of them has changed."""
        key = tuple(self.controls[name].value for name in ("picture", "kind", "size", "stride", "shift"))
        if not self._computed or self._computed[0] != key:
            picture, _, size, stride, shift = key
            pooled = compute(self._picture(picture), kind, size, stride, shift, self.functions(kind))
            self._computed = key, pooled
            put(self.shown, pooled.image)
            put(self.result, np.ones((2, 2)) if pooled.output is None else pooled.output)
        return self._computed[1]

    def _picture(self, name: str) -> np.ndarray:
        if name == GIVEN:
            return self.given
        if name == "16 numbers":
            return NUMBERS
        return load("digits").x_train[1] if name == "a digit" else _photograph(name)

    def _mark(self, pooled: Pooled, window: Window | None) -> None:
        for artist in (*self.frames, self.spot, self.gradient):
            artist.set_visible(window is not None)
        if window is None:
            return
        side, (top, left) = max(pooled.image.shape), window.corner
        for frame in self.frames:
            frame.set(xy=(left / side, top / side), width=pooled.size / side, height=pooled.size / side)
        side = max(pooled.output.shape)
        cell = max(1 / side, SPOT)
        at = ((window.column + 0.5) / side - cell / 2, (window.row + 0.5) / side - cell / 2)
        self.spot.set(xy=at, width=cell, height=cell)
        put_signed(self.gradient, np.zeros_like(pooled.image) if window.gradient is None else window.gradient)

    def _pointed(self, ax: Axes, x: float, y: float) -> None:
        """A pointer chooses an output pixel, on the result or by its window on the picture."""
        if not self._computed or (pooled := self._computed[1]).output is None:
            return
        if ax is self.result.axes:
            place = np.array([y, x]) * max(pooled.output.shape)
        else:
            place = (np.array([y, x]) * max(pooled.image.shape) - (pooled.size - pooled.stride) / 2) / pooled.stride
        with self.together():
            for name, at, length in zip(("row", "column"), place, pooled.output.shape):
                self.controls[name].value = int(min(max(at, 0), length - 1))

    def settings(self) -> dict[str, str]:
        given = {name: called(function, name) for name, function in self.own.items() if function is not None}
        if self.given is not None:
            given["image"] = "image"
        return given | super().settings()


@functools.cache
def _photograph(name: str) -> np.ndarray:
    return small(photo(name), SIDE)


def _slider(words: str, value: int, values: range) -> widgets.IntSlider:
    return widgets.IntSlider(
        value, min=values[0], max=values[-1], description=words, style={"description_width": "initial"}
    )


def pooling_explorer(
    max_pool: Callable | None = None,
    max_pool_backward: Callable | None = None,
    avg_pool: Callable | None = None,
    avg_pool_backward: Callable | None = None,
    image: np.ndarray | None = None,
    *,
    picture: str = "",
    kind: str = "max",
    size: int = 2,
    stride: int = 2,
    shift: int = 0,
    row: int = 0,
    column: int = 0,
) -> PoolingExplorer:
    """Pool a small table of numbers, a digit, a photograph or your own grey `image`, and see where gradients go.

    Your functions, where you give them, are called as those of the course: max_pool(x, size, stride) and
    max_pool_backward(dy, x, size, stride) with x (batch, height, width, channels). The explorer shows itself; what it
    returns has a `state`, one line of code.
    """
    given = None if image is None else small(image, SIDE)
    pictures = [*([] if image is None else [GIVEN]), *PICTURES]
    own = {
        "max_pool": max_pool,
        "max_pool_backward": max_pool_backward,
        "avg_pool": avg_pool,
        "avg_pool_backward": avg_pool_backward,
    }
    start = {
        "picture": choice("picture", picture or pictures[0], pictures),
        "kind": choice("kind", kind, KINDS),
        "size": number("size", size, SIZES[0], SIZES[-1]),
        "stride": number("stride", stride, STRIDES[0], STRIDES[-1]),
        "shift": number("shift", shift, SHIFTS[0], SHIFTS[-1]),
        "row": number("row", row, 0, SIDE - 1),
        "column": number("column", column, 0, SIDE - 1),
    }
    explorer = PoolingExplorer(own, given, **start)
    explorer.show()
    return explorer
