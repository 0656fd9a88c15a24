"""The kernel explorer: a kernel to edit, a photograph, and one output pixel with its window and its sum."""

from collections.abc import Callable
from html import escape

import ipywidgets as widgets
import numpy as np
from matplotlib.patches import Rectangle

from helpers import plots
from helpers.data import PHOTOS, grey, photo
from helpers.widgets.kernel import PADDINGS, PRESETS, compute, describe, sum_written_out
from helpers.widgets.live import Explorer, LivePicture

SIDE = 256  # pixels of the picture's longer side


class KernelExplorer(Explorer):
    """The picture with a window on it, the kernel, and the result on a scale with white at zero."""

    name = "kernel_explorer"

    def __init__(self, own: dict[str, Callable | None], image: np.ndarray | None, **start) -> None:
        self.own, self.given = own, image
        names = ["yours"] if image is not None else list(PHOTOS)
        self.cells: list[widgets.FloatText] = []
        self.grid = widgets.GridBox(layout=widgets.Layout(grid_template_columns="repeat(5, 60px)"))
        controls = {
            "photo_name": widgets.Dropdown(options=names, description="photo"),
            "preset": widgets.Dropdown(options=[*PRESETS, "own"], value=start["preset"], description="kernel"),
            "convolution": widgets.Checkbox(start["convolution"], description="convolution: flip the kernel"),
            "stride": widgets.IntSlider(start["stride"], min=1, max=8, description="stride"),
            "padding": widgets.Dropdown(options=PADDINGS, value=start["padding"], description="padding"),
            "row": widgets.IntSlider(start["row"], min=0, max=SIDE - 1, description="output row"),
            "column": widgets.IntSlider(start["column"], min=0, max=SIDE - 1, description="output col"),
        }
        self._put_kernel(PRESETS[start["preset"]])
        self.image = self._picture(names[0])
        controls["preset"].observe(self._preset_chosen, names="value")
        controls["photo_name"].observe(self._photo_chosen, names="value")
        super().__init__(controls, LivePicture(self._draw()))

    def _picture(self, name: str) -> np.ndarray:
        return small(self.given if self.given is not None else photo(name))

    def _photo_chosen(self, change) -> None:
        self.image = self._picture(change["new"])

    def _preset_chosen(self, change) -> None:
        if change["new"] in PRESETS:
            self._put_kernel(PRESETS[change["new"]])

    def _put_kernel(self, kernel: np.ndarray) -> None:
        """Fill the grid with one number field per weight."""
        self.cells = [
            widgets.FloatText(round(float(w), 4), layout=widgets.Layout(width="58px"), tooltip=f"row {r}, column {c}")
            for (r, c), w in np.ndenumerate(kernel)
        ]
        self.exact = kernel
        for cell in self.cells:
            cell.observe(self._cell_edited, names="value")
        self.grid.layout.grid_template_columns = f"repeat({kernel.shape[1]}, 60px)"
        self.grid.children = self.cells

    def _cell_edited(self, change) -> None:
        values = np.array([cell.value for cell in self.cells], dtype=np.float64)
        self.exact = values.reshape(self.exact.shape)
        self.controls["preset"].value = "own"
        self.update()

    def _draw(self):
        fig, axes = plots.figure(1, 3, width=9.6, height=3.6, width_ratios=[3, 1.4, 3])
        left, middle, right = axes[0]
        self.shown = plots.draw_image(left, self.image, "picture, padded by rule")
        self.frame = left.add_patch(Rectangle((0, 0), 3, 3, fill=False, edgecolor=plots.COLOURS["vermilion"], lw=2))
        self.weights = plots.draw_signed(middle, np.zeros((3, 3)), "kernel as it lies")
        self.result = plots.draw_signed(right, np.zeros((2, 2)), "result")
        self.spot = right.plot([0], [0], "s", color=plots.COLOURS["vermilion"], fillstyle="none", markersize=8)[0]
        fig.colorbar(self.result, ax=right, shrink=0.8)
        return fig

    def update(self) -> None:
        value = {name: control.value for name, control in self.controls.items()}
        kind = "convolve" if value["convolution"] else "correlate"
        if not np.isfinite(self.exact).all():
            return self._say("Every weight of the kernel must be a number.", "", "")
        filtered = compute(
            self.image,
            self.exact,
            flip=value["convolution"],
            stride=value["stride"],
            padding=value["padding"],
            row=value["row"],
            column=value["column"],
            own=self.own[kind],
        )
        self._draw_result(filtered, value)
        text = describe(filtered, "convolution" if value["convolution"] else "correlation")
        self._say(filtered.problem, f"{text} {filtered.sizes}", sum_written_out(filtered))

    def _draw_result(self, filtered, value: dict) -> None:
        height, width = self.image.shape
        pad = [k // 2 if value["padding"] != "none" else 0 for k in self.exact.shape]
        self.shown.set(data=self.image, extent=(-0.5, width - 0.5, height - 0.5, -0.5))
        self.frame.set_xy((filtered.corner[1] - pad[1] - 0.5, filtered.corner[0] - pad[0] - 0.5))
        self.frame.set(height=self.exact.shape[0], width=self.exact.shape[1])
        _signed(self.weights, filtered.kernel)
        output = filtered.output if filtered.output is not None else np.zeros((2, 2))
        _signed(self.result, output)
        self.result.set_alpha(1.0 if filtered.output is not None else 0.2)
        row, column = (min(value[k], n - 1) for k, n in zip(("row", "column"), output.shape, strict=True))
        self.spot.set_data([column], [row])

    def _say(self, problem: str, text: str, written_out: str) -> None:
        self.readout.value = f"<div role='status'>{escape(text)}</div><div>{escape(written_out)}</div>"
        self.problem.value = f"<strong>{escape(problem)}</strong>" if problem else ""
        self.picture.refresh(f"{text} {problem}".strip())

    def layout(self) -> widgets.Widget:
        view = super().layout()
        view.children[0].children[0].children += (self.grid,)
        return view

    @property
    def state(self) -> str:
        line = super().state
        if self.controls["preset"].value != "own":
            return line
        return line.replace("preset='own'", f"kernel={self.exact.tolist()!r}")


def _signed(artist, values: np.ndarray) -> None:
    """Show other signed values, white at zero."""
    limit = float(np.abs(values).max()) or 1.0
    height, width = values.shape
    artist.set(data=values, clim=(-limit, limit), extent=(-0.5, width - 0.5, height - 0.5, -0.5))
    artist.axes.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))


def small(image: np.ndarray) -> np.ndarray:
    """A grey picture in 0..1 whose longer side is at most SIDE, by taking every n-th pixel."""
    image = np.asarray(image)
    white = 255.0 if image.dtype.kind in "iu" else 1.0
    if image.ndim == 3:
        image = grey(image[..., :3])
    if image.ndim != 2 or not image.size or image.dtype.kind not in "iufb":
        raise ValueError(
            f"image must be a grey (height, width) or colour (height, width, 3) picture; it is {image.shape}."
        )
    step = -(-max(image.shape) // SIDE)
    return image[::step, ::step] / white


def kernel_explorer(
    convolve: Callable | None = None,
    correlate: Callable | None = None,
    image: np.ndarray | None = None,
    *,
    preset: str = "Sobel x",
    convolution: bool = False,
    stride: int = 1,
    padding: str = "none",
    row: int = 40,
    column: int = 40,
) -> KernelExplorer:
    """Slide a kernel over a photograph, or over your own `image`, with your own functions where you give them.

    `convolve(image, kernel)` and `correlate(image, kernel)` return the valid part. The explorer shows itself; what it
    returns has a `state`, one line of code.
    """
    start = {
        "preset": preset,
        "convolution": convolution,
        "stride": stride,
        "padding": padding,
        "row": row,
        "column": column,
    }
    explorer = KernelExplorer({"convolve": convolve, "correlate": correlate}, image, **start)
    explorer.show()
    return explorer
