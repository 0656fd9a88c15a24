"""The kernel explorer: a kernel to edit, a picture to choose, draw or upload, one output pixel with its sum."""

from collections.abc import Callable, Sequence

import ipywidgets as widgets
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from helpers import plots
from helpers.data import PHOTOS, load, photo
from helpers.widgets.ink import EXAMPLE, Drawing, decode
from helpers.widgets.kernel import (
    DILATIONS,
    PADDINGS,
    PRESETS,
    SIZES,
    STRIDES,
    Filtered,
    Window,
    compute,
    describe,
    preset,
    resized,
    sum_written_out,
    the_other_way_round,
    window_at,
)
from helpers.widgets.live import Explorer, LivePicture, as_code, choice
from helpers.widgets.pad import DrawingPad
from helpers.widgets.parts import put, put_signed, unit_image
from helpers.widgets.pictures import SIDE, small, uploaded

LARGEST = SIZES[-1]  # of a kernel's sides
OWN = "your own"
GIVEN, DRAWN, UPLOADED = "your image", "your drawing", "your upload"
DRAWN_SIDE = 56  # pixels of a drawing
SPOT = 0.03  # of the result's longer side: what marks the output pixel is no smaller
ORANGE = plots.COLOURS["vermilion"]


class KernelExplorer(Explorer):
    """The picture with a window on it, the window and the kernel, and the result on a scale with white at zero."""

    name = "kernel_explorer"
    rows = (("photo_name", "preset", "size", "convolution"), ("padding", "stride", "dilation"), ("row", "column"))

    def __init__(
        self, own: dict[str, Callable | None], image: np.ndarray | None, kernel: np.ndarray, drawing: Drawing, **start
    ) -> None:
        self.own, self.given, self.drawing = own, None if image is None else small(image), drawing
        self.cells: list[widgets.FloatText] = []
        self.grid = widgets.GridBox()
        self._computed: tuple = ()
        self._missing = ""
        controls = self._make_controls(start)
        self.image = small(photo("camera"))
        self._put_kernel(kernel)
        fig = self._draw()
        self._make_sources()
        self._choose_picture(start["photo_name"])
        moving = [self.weights, self.result, self.zoomed, *self.left_over, self.frame, self.taps, self.spot]
        super().__init__(controls, LivePicture(fig, moving, self._pointed))

    def _make_controls(self, start: dict) -> dict[str, widgets.Widget]:
        pictures = [*([] if self.given is None else [GIVEN]), *PHOTOS, "one pixel", "a digit", DRAWN, UPLOADED]
        controls = {
            "photo_name": widgets.Dropdown(options=pictures, value=start["photo_name"], description="picture"),
            "preset": widgets.Dropdown(options=[*PRESETS, OWN], value=start["preset"], description="kernel"),
            "size": widgets.Dropdown(options=[*SIZES], value=start["size"], description="size"),
            "convolution": widgets.Checkbox(start["convolution"], description="flip it (convolution)", indent=False),
            "padding": widgets.Dropdown(options=PADDINGS, value=start["padding"], description="padding"),
            "stride": _slider("stride", start["stride"], STRIDES),
            "dilation": _slider("dilation", start["dilation"], DILATIONS),
            "row": _slider("output row", start["row"], range(SIDE)),
            "column": _slider("output column", start["column"], range(SIDE)),
        }
        controls["photo_name"].observe(lambda change: self._choose_picture(change["new"]), names="value")
        controls["preset"].observe(self._preset_chosen, names="value")
        controls["size"].observe(self._size_chosen, names="value")
        return controls

    # --- where the picture comes from --------------------------------------------------------------------------------

    def _make_sources(self) -> None:
        self.pad = DrawingPad(self.drawing, self._drawn)
        self.upload = widgets.FileUpload(accept="image/*", description="choose a picture", layout={"width": "auto"})
        self.upload.observe(self._uploaded, names="value")
        self.sources = {DRAWN: self.pad.widget, UPLOADED: self.upload}

    def _choose_picture(self, name: str) -> None:
        """Take the picture of that name; where it is still to come, the one before stays and a sentence says so."""
        for source, widget in self.sources.items():
            widget.layout.display = None if source == name else "none"
        self._missing = ""
        if name == GIVEN:
            self._put_image(self.given)
        elif name == "one pixel":
            self._put_image(np.pad([[1.0]], 7))
        elif name == "a digit":
            self._put_image(load("digits").x_train[1])
        elif name in PHOTOS:
            self._put_image(small(photo(name)))
        elif name == DRAWN:
            self._take_drawing()
        else:
            self._missing = "Choose a picture from your computer."

    def _put_image(self, image: np.ndarray) -> None:
        self.image = image
        put(self.shown, image)

    def _take_drawing(self) -> None:
        self._missing = "" if self.drawing.strokes else "The sheet is empty: draw something on it."
        self._put_image(self.drawing.pixels(DRAWN_SIDE))

    def _drawn(self) -> None:
        self._take_drawing()
        self.refresh()

    def _uploaded(self, change) -> None:
        for file in change["new"]:
            image, self._missing = uploaded(file["name"], bytes(file["content"]))
            if image is not None:
                self._put_image(image)
            self.refresh()
        if change["new"]:
            self.upload.value = ()  # so that the same file can be chosen again

    # --- the kernel --------------------------------------------------------------------------------------------------

    def _preset_chosen(self, change) -> None:
        if change["new"] in PRESETS:
            self._put_kernel(preset(change["new"], self.controls["size"].value))

    def _size_chosen(self, change) -> None:
        name, size = self.controls["preset"].value, change["new"]
        self._put_kernel(resized(self.kernel, size) if name == OWN else preset(name, size))

    def _put_kernel(self, kernel: np.ndarray) -> None:
        """Fill the grid with one number field per weight."""
        self.kernel = kernel
        if [cell.tooltip for cell in self.cells] != _names(kernel):
            self.cells = [widgets.FloatText(tooltip=name, layout={"width": "68px"}) for name in _names(kernel)]
            for cell in self.cells:
                cell.observe(self._cell_edited, names="value")
            self.grid.layout = {"grid_template_columns": f"repeat({kernel.shape[1]}, 72px)"}
            self.grid.children = self.cells
        self._filling = True
        for cell, weight in zip(self.cells, kernel.ravel()):
            cell.value = round(float(weight), 4)
        self._filling = False

    def _cell_edited(self, change) -> None:
        if not self._filling:
            values = np.array([cell.value for cell in self.cells], dtype=np.float64)
            self.kernel = values.reshape(self.kernel.shape)
            with self.together():
                self.controls["preset"].value = OWN

    # --- the picture -------------------------------------------------------------------------------------------------

    def _draw(self) -> Figure:
        fig, axes = plots.figure(1, 4, width=9.6, height=3.4, width_ratios=[3, 1.25, 1.25, 3])
        left, middle, beside, right = axes[0]
        self.shown, self.zoomed = unit_image(left, "picture"), unit_image(middle, "window")
        self.weights = unit_image(beside, "kernel,\nas it lies", signed=True)
        self.result = unit_image(right, "result: white is 0", signed=True)
        bar = fig.colorbar(self.result, ax=right, shrink=0.8, ticks=[-1, 0, 1])
        bar.set_ticklabels(["-max", "0", "max"])
        self._draw_marks(left, right)
        return fig

    def _draw_marks(self, left: Axes, right: Axes) -> None:
        """What lies on the picture and on the result: window, its pixels, and what no window reaches."""
        self.frame = left.add_patch(Rectangle((0, 0), 3, 3, fill=False, edgecolor=ORANGE, lw=2))
        self.taps = left.plot([], [], ".", color=ORANGE, markersize=3)[0]
        self.spot = right.add_patch(Rectangle((0, 0), 1, 1, fill=False, edgecolor=plots.INK, lw=2))
        self.spot.set_path_effects([withStroke(linewidth=4, foreground="white")])
        style = {"hatch": "//", "facecolor": plots.CARD, "edgecolor": ORANGE, "alpha": 0.7}
        self.left_over = [left.add_patch(Rectangle((0, 0), 0, 0, **style)) for _ in range(2)]

    def update(self) -> tuple[list[str], str]:
        if not np.isfinite(self.kernel).all():
            return [], "Every weight of the kernel must be a number; correct the grid."
        filtered = self._filtered()
        self._fit_sliders(filtered)
        window = window_at(filtered, self.controls["row"].value, self.controls["column"].value)
        self._draw_window(window, filtered)
        flip = self.controls["convolution"].value
        lines = [describe(filtered, "convolution" if flip else "correlation"), *filtered.sizes]
        if window is not None:
            lines += [sum_written_out(window), the_other_way_round(window, flip)]
        return lines, " ".join(filter(None, (self._missing, filtered.problem)))

    def _filtered(self) -> Filtered:
        """The result for these settings, computed and drawn anew only when one of them has changed."""
        flip, stride, padding, dilation = (
            self.controls[k].value for k in ("convolution", "stride", "padding", "dilation")
        )
        key = (id(self.image), self.kernel.tobytes(), self.kernel.shape, flip, stride, padding, dilation)
        if not self._computed or self._computed[0] != key:
            own = self.own["convolve" if flip else "correlate"]
            settings = {"flip": flip, "stride": stride, "padding": padding, "dilation": dilation}
            filtered = compute(self.image, self.kernel, **settings, own=own)
            self._computed = key, filtered
            put_signed(self.weights, filtered.kernel)
            put_signed(self.result, np.zeros((2, 2)) if filtered.output is None else filtered.output)
            self._shade(filtered)
        return self._computed[1]

    def _shade(self, filtered: Filtered) -> None:
        """Hatch the rows and columns at the far end that a stride would leave out."""
        side, (height, width) = max(self.image.shape), self.image.shape
        rows, columns = filtered.left_over
        for patch, shown in zip(self.left_over, (rows, columns)):
            patch.set_visible(bool(shown))
        bottom, right = height + filtered.pads[0], width + filtered.pads[1]
        self.left_over[0].set(xy=(0, (bottom - rows) / side), width=width / side, height=rows / side)
        self.left_over[1].set(xy=((right - columns) / side, 0), width=columns / side, height=height / side)

    def _fit_sliders(self, filtered: Filtered) -> None:
        if filtered.output is not None:
            for name, size in zip(("row", "column"), filtered.output.shape):
                self.controls[name].max = size - 1

    def _draw_window(self, window: Window | None, filtered: Filtered) -> None:
        for artist in (self.frame, self.taps, self.spot, self.zoomed):
            artist.set_visible(window is not None)
        if window is None:
            return
        (top, left), side, step = window.corner, max(self.image.shape), filtered.dilation
        height, width = (step * (n - 1) + 1 for n in window.kernel.shape)
        self.frame.set(xy=(left / side, top / side), height=height / side, width=width / side)
        rows, columns = np.indices(window.kernel.shape).reshape(2, -1) * step + 0.5
        self.taps.set_data((columns + left) / side, (rows + top) / side)
        self.taps.set_visible(step > 1)
        side = max(filtered.output.shape)
        cell = max(1 / side, SPOT)
        at = ((window.column + 0.5) / side - cell / 2, (window.row + 0.5) / side - cell / 2)
        self.spot.set(xy=at, width=cell, height=cell)
        put(self.zoomed, window.values)

    def _pointed(self, ax: Axes, x: float, y: float) -> None:
        """A pointer chooses an output pixel: on the result it, on the picture the one whose window is there."""
        if not self._computed or (filtered := self._computed[1]).output is None:
            return
        if ax is self.result.axes:
            place = np.array([y, x]) * max(filtered.output.shape)
        elif ax is self.shown.axes:
            reach = filtered.dilation * (np.array(filtered.kernel.shape) - 1)
            place = (np.array([y, x]) * max(self.image.shape) + filtered.pads - reach / 2) / filtered.stride
        else:
            return
        with self.together():
            for name, at, size in zip(("row", "column"), place, filtered.output.shape):
                self.controls[name].value = int(min(max(at, 0), size - 1))

    # --- as a widget and as code -------------------------------------------------------------------------------------

    def layout(self) -> widgets.Widget:
        view = super().layout()
        above = widgets.HBox(
            [self.grid, *self.sources.values()], layout={"flex_flow": "row wrap", "align_items": "flex-start"}
        )
        view.children = (view.children[0], above, *view.children[1:])
        return view

    def settings(self) -> dict[str, str]:
        given = {name: as_code(function) for name, function in self.own.items() if function is not None}
        if self.given is not None:
            given["image"] = "image"
        controls = super().settings()
        if self.controls["preset"].value == OWN:
            controls["preset"] = repr(self.kernel.tolist())
            controls.pop("size")
        controls["kernel"] = controls.pop("preset")
        if self.controls["photo_name"].value == DRAWN:
            controls["drawing"] = repr(self.drawing.code())
        return given | controls


def _slider(words: str, value: int, values: range) -> widgets.IntSlider:
    return widgets.IntSlider(value, min=values[0], max=values[-1], description=words)


def _names(kernel: np.ndarray) -> list[str]:
    """What the fields of the grid are called."""
    return [f"weight in row {r}, column {c}" for r, c in np.ndindex(kernel.shape)]


def _weights(kernel: str | Sequence | np.ndarray, size: int) -> tuple[np.ndarray, str]:
    """A kernel and the name of its preset."""
    if isinstance(kernel, str):
        if kernel not in PRESETS:
            raise ValueError(f"There is no kernel {kernel!r}; choose one of {', '.join(PRESETS)}, or give its weights.")
        return preset(kernel, choice("size", size, SIZES)), kernel
    try:
        weights = np.asarray(kernel)
    except ValueError:  # rows of unequal lengths
        weights = np.zeros(0)
    fits = weights.ndim == 2 and all(n % 2 and n <= LARGEST for n in weights.shape)
    if not fits or weights.dtype.kind not in "iuf" or not np.isfinite(weights).all():
        raise ValueError(f"kernel must be a table of numbers with odd sides up to {LARGEST}, such as 3 x 3.")
    return weights.astype(np.float64), OWN


def kernel_explorer(
    convolve: Callable | None = None,
    correlate: Callable | None = None,
    image: np.ndarray | None = None,
    *,
    photo_name: str = "",
    kernel: str | Sequence | np.ndarray = "Sobel x",
    size: int = 3,
    convolution: bool = False,
    stride: int = 1,
    padding: str = "none",
    dilation: int = 1,
    row: int = 40,
    column: int = 40,
    drawing: str | None = None,
) -> KernelExplorer:
    """Slide a kernel over a photograph, your own `image`, your drawing or a picture that you upload.

    `convolve(image, kernel)` and `correlate(image, kernel)` are your own functions, where you give them, and return the
    valid part. `kernel` is a preset's name, of `size` x `size`, or a table of weights. `drawing` is a text that an
    explorer gave. The explorer shows itself; what it returns has a `state`, one line of code.
    """
    weights, name = _weights(kernel, size)
    known = [*([] if image is None else [GIVEN]), *PHOTOS, "one pixel", "a digit", DRAWN, UPLOADED]
    start = {
        "photo_name": choice("picture", photo_name or (known[0] if image is not None else "camera"), known),
        "preset": name,
        "size": size if name != OWN else max(weights.shape),
        "convolution": convolution,
        "stride": stride,
        "padding": choice("padding", padding, PADDINGS),
        "dilation": dilation,
        "row": row,
        "column": column,
    }
    sheet = Drawing(EXAMPLE) if drawing is None else decode(drawing)
    explorer = KernelExplorer({"convolve": convolve, "correlate": correlate}, image, weights, sheet, **start)
    explorer.show()
    return explorer
