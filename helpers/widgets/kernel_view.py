"""The kernel explorer: a kernel to edit, a photograph, and one output pixel with its window and its sum."""

from collections.abc import Callable, Sequence

import ipywidgets as widgets
import numpy as np
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle

from helpers import plots
from helpers.data import PHOTOS, grey, photo
from helpers.widgets.kernel import (
    PADDINGS,
    PRESETS,
    STRIDES,
    Filtered,
    Window,
    compute,
    describe,
    sum_written_out,
    window_at,
)
from helpers.widgets.live import Explorer, LivePicture, as_code

SIDE = 256  # pixels of the picture's longer side
LARGEST = 7  # of a kernel's sides
OWN = "your own"


class KernelExplorer(Explorer):
    """The picture with a window on it, the kernel, and the result on a scale with white at zero."""

    name = "kernel_explorer"

    def __init__(self, own: dict[str, Callable | None], image: np.ndarray | None, kernel: np.ndarray, **start) -> None:
        self.own, self.given = own, image
        self.image = small(photo(start["photo_name"]) if image is None else image)
        self.cells: list[widgets.FloatText] = []
        self.grid = widgets.GridBox()
        self._computed: tuple = ()
        controls = {
            "photo_name": widgets.Dropdown(options=list(PHOTOS), value=start["photo_name"], description="photo"),
            "preset": widgets.Dropdown(options=[*PRESETS, OWN], value=start["preset"], description="kernel"),
            "convolution": widgets.Checkbox(start["convolution"], description="flip it (convolution)", indent=False),
            "stride": widgets.IntSlider(start["stride"], min=STRIDES[0], max=STRIDES[-1], description="stride"),
            "padding": widgets.Dropdown(options=PADDINGS, value=start["padding"], description="padding"),
            "row": widgets.IntSlider(start["row"], min=0, max=SIDE - 1, description="output row"),
            "column": widgets.IntSlider(start["column"], min=0, max=SIDE - 1, description="output column"),
        }
        if image is not None:
            del controls["photo_name"]
        else:
            controls["photo_name"].observe(self._photo_chosen, names="value")
        self._put_kernel(kernel)
        controls["preset"].observe(self._preset_chosen, names="value")
        fig = self._draw()
        super().__init__(controls, LivePicture(fig, [self.weights, self.result, self.frame, self.spot]))

    def _photo_chosen(self, change) -> None:
        self.image = small(photo(change["new"]))
        _put(self.shown, self.image)

    def _preset_chosen(self, change) -> None:
        if change["new"] in PRESETS:
            self._put_kernel(PRESETS[change["new"]])

    def _put_kernel(self, kernel: np.ndarray) -> None:
        """Fill the grid with one number field per weight."""
        self.kernel = kernel
        self.cells = [
            widgets.FloatText(round(float(w), 4), tooltip=f"weight in row {r}, column {c}", layout={"width": "68px"})
            for (r, c), w in np.ndenumerate(kernel)
        ]
        for cell in self.cells:
            cell.observe(self._cell_edited, names="value")
        self.grid.layout = {"grid_template_columns": f"repeat({kernel.shape[1]}, 72px)"}
        self.grid.children = self.cells

    def _cell_edited(self, change) -> None:
        values = np.array([cell.value for cell in self.cells], dtype=np.float64)
        self.kernel = values.reshape(self.kernel.shape)
        self.controls["preset"].value = OWN
        self.refresh()

    def _draw(self) -> Figure:
        fig, axes = plots.figure(1, 3, width=9.2, height=3.4, width_ratios=[3, 1.4, 3])
        left, middle, right = axes[0]
        self.shown = plots.draw_image(left, self.image, "picture")
        self.weights = plots.draw_signed(middle, np.zeros((3, 3)), "kernel,\nas it lies")
        self.result = plots.draw_signed(right, np.zeros((2, 2)), "result: white is 0")
        for drawn in (self.shown, self.weights, self.result):
            drawn.set_interpolation("nearest")
            drawn.axes.set(xlim=(0, 1), ylim=(1, 0))
            drawn.axes.spines[:].set_visible(False)
        _put(self.shown, self.image)
        bar = fig.colorbar(self.result, ax=right, shrink=0.8, ticks=[-1, 0, 1])
        bar.set_ticklabels(["-max", "0", "max"])
        self.frame = left.add_patch(Rectangle((0, 0), 3, 3, fill=False, edgecolor=plots.COLOURS["vermilion"], lw=2))
        self.spot = right.plot([0], [0], "s", color=plots.COLOURS["black"], fillstyle="none", markersize=8)[0]
        return fig

    def update(self) -> tuple[list[str], str]:
        if not np.isfinite(self.kernel).all():
            return [], "Every weight of the kernel must be a number; correct the grid."
        filtered = self._filtered()
        self._fit_sliders(filtered)
        window = window_at(filtered, self.controls["row"].value, self.controls["column"].value)
        self._draw_window(window)
        name = "convolution" if self.controls["convolution"].value else "correlation"
        lines = [describe(filtered, name), *filtered.sizes, sum_written_out(window) if window else ""]
        return lines, filtered.problem

    def _filtered(self) -> Filtered:
        """The result for these settings, computed and drawn anew only when one of them has changed."""
        flip, stride, padding = (self.controls[k].value for k in ("convolution", "stride", "padding"))
        key = (id(self.image), self.kernel.tobytes(), flip, stride, padding)
        if not self._computed or self._computed[0] != key:
            own = self.own["convolve" if flip else "correlate"]
            filtered = compute(self.image, self.kernel, flip=flip, stride=stride, padding=padding, own=own)
            self._computed = key, filtered
            _put_signed(self.weights, filtered.kernel)
            _put_signed(self.result, np.zeros((2, 2)) if filtered.output is None else filtered.output)
        return self._computed[1]

    def _fit_sliders(self, filtered: Filtered) -> None:
        if filtered.output is not None:
            for name, size in zip(("row", "column"), filtered.output.shape):
                self.controls[name].max = size - 1

    def _draw_window(self, window: Window | None) -> None:
        for artist in (self.frame, self.spot):
            artist.set_visible(window is not None)
        if window is not None:
            (top, left), (height, width) = window.corner, window.kernel.shape
            side = max(self.image.shape)
            self.frame.set(xy=(left / side, top / side), height=height / side, width=width / side)
            side = max(self._computed[1].output.shape)
            self.spot.set_data([(window.column + 0.5) / side], [(window.row + 0.5) / side])

    def layout(self) -> widgets.Widget:
        view = super().layout()
        view.children = (view.children[0], self.grid, *view.children[1:])
        return view

    def settings(self) -> dict[str, str]:
        given = {name: as_code(function) for name, function in self.own.items() if function is not None}
        if self.given is not None:
            given["image"] = "image"
        controls = super().settings()
        if self.controls["preset"].value == OWN:
            controls["preset"] = repr(self.kernel.tolist())
        controls["kernel"] = controls.pop("preset")
        return given | controls


def _put(artist: AxesImage, values: np.ndarray) -> None:
    """Show other values, their longer side from 0 to 1: axes that stay need not be drawn again."""
    height, width = np.divide(values.shape, max(values.shape))
    artist.set_extent((0, width, height, 0))
    artist.set_data(values)


def _put_signed(artist: AxesImage, values: np.ndarray) -> None:
    """Show other signed values as shares of the largest: one scale for all of them."""
    _put(artist, values / (np.abs(values[np.isfinite(values)]).max(initial=0.0) or 1.0))


def small(image: np.ndarray) -> np.ndarray:
    """A grey picture in 0..1 whose longer side is at most SIDE, by taking every n-th pixel."""
    image = np.asarray(image)
    if image.ndim not in (2, 3) or image.shape[2:] not in ((), (3,), (4,)) or not image.size:
        raise ValueError(
            "image must be a picture, (height, width) in grey or (height, width, 3) in colour; its shape is "
            f"{image.shape}."
        )
    if image.dtype.kind not in "iuf" or not np.isfinite(image).all():
        raise ValueError(f"the pixels of image must be numbers, none of them nan or infinite; they are {image.dtype}.")
    white = 255.0 if image.dtype.kind in "iu" else 1.0
    step = -(-max(image.shape[:2]) // SIDE)
    image = image[::step, ::step]
    return (grey(image[..., :3]) if image.ndim == 3 else image) / white


def _weights(kernel: str | Sequence | np.ndarray) -> tuple[np.ndarray, str]:
    """A kernel and the name of its preset."""
    if isinstance(kernel, str):
        if kernel not in PRESETS:
            raise ValueError(f"There is no kernel {kernel!r}; choose one of {', '.join(PRESETS)}, or give its weights.")
        return PRESETS[kernel], kernel
    weights = np.asarray(kernel)
    fits = weights.ndim == 2 and all(n % 2 and n <= LARGEST for n in weights.shape)
    if not fits or weights.dtype.kind not in "iuf" or not np.isfinite(weights).all():
        raise ValueError(f"kernel must be a table of numbers with odd sides up to {LARGEST}, such as 3 x 3.")
    return weights.astype(np.float64), OWN


def kernel_explorer(
    convolve: Callable | None = None,
    correlate: Callable | None = None,
    image: np.ndarray | None = None,
    *,
    photo_name: str = "camera",
    kernel: str | Sequence | np.ndarray = "Sobel x",
    convolution: bool = False,
    stride: int = 1,
    padding: str = "none",
    row: int = 40,
    column: int = 40,
) -> KernelExplorer:
    """Slide a kernel over a photograph, or over your own `image`, with your own functions where you give them.

    `convolve(image, kernel)` and `correlate(image, kernel)` return the valid part. `kernel` is a preset's name or a
    table of weights. The explorer shows itself; what it returns has a `state`, one line of code.
    """
    weights, preset = _weights(kernel)
    start = {
        "photo_name": photo_name,
        "preset": preset,
        "convolution": convolution,
        "stride": stride,
        "padding": padding,
        "row": row,
        "column": column,
    }
    explorer = KernelExplorer({"convolve": convolve, "correlate": correlate}, image, weights, **start)
    explorer.show()
    return explorer
