"""Draw a digit, and the learner's own network reads it while it is being drawn."""

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as widgets
import numpy as np
from matplotlib.figure import Figure

from helpers import plots
from helpers.widgets.ink import EXAMPLE, Drawing, decode
from helpers.widgets.inside import Inside, choose, compute, describe_map, describe_verdict
from helpers.widgets.live import Explorer, LivePicture, choice
from helpers.widgets.pad import DrawingPad
from helpers.widgets.parts import Bars, Mosaic, called, put, unit_image
from helpers.widgets.reader import Reader, steps_of

DIGITS = tuple("0123456789")
SIDES = range(4, 65)


class DigitPad(Explorer):
    """A pad; beside it what the network sees, what it says, and the maps of one of its layers."""

    name = "draw_digit"

    def __init__(self, reader: Reader, drawing: Drawing, side: int, layer: str, laid_out: bool) -> None:
        self.reader, self.side, self.pad = reader, side, DrawingPad(drawing, lambda: self.refresh())
        names = [step.name for step in steps_of(reader.network)]
        self.layer = choice("layer", layer or (names[0] if names else ""), names or [""])
        controls: dict[str, widgets.Widget] = {
            "laid_out": widgets.Checkbox(laid_out, description="in the middle and large, as in the data", indent=False)
        }
        if names:
            controls["layer"] = widgets.Dropdown(options=names, value=self.layer, description="maps of layer")
        fig = self._draw()
        super().__init__(controls, LivePicture(fig, [self.seen, *self.bars.artists, *self.maps.artists]))

    def _draw(self) -> Figure:
        fig, axes = plots.figure(2, 2, width=6.9, height=4.6, height_ratios=[1.7, 1], width_ratios=[1, 1.2])
        self.seen = unit_image(axes[0, 0], "what the network sees")
        self.bars = Bars(axes[0, 1], self.reader.class_names, "what it says")
        below = axes[1, 0].get_gridspec()[1, :]
        for ax in axes[1]:
            ax.remove()
        ax = fig.add_subplot(below)
        ax.set_title("maps of a layer: white is 0, red above, blue below", fontsize=10)
        self.maps = Mosaic(ax, 4.2)
        return fig

    def update(self) -> tuple[list[str], str]:
        drawing = self.pad.drawing
        picture = drawing.pixels(self.side, self.controls["laid_out"].value)
        put(self.seen, picture)
        if not drawing.strokes:
            self._show(None)
            return [], "The sheet is empty: draw a digit on it."
        inside = compute(self.reader, picture)
        self._show(inside)
        lines = [describe_verdict(self.reader, inside)]
        chosen = choose(inside, self.controls["layer"].value, 0) if "layer" in self.controls else None
        if chosen is not None:
            lines += describe_map(chosen)[:1]
        return [*lines, inside.hidden], inside.problem

    def _show(self, inside: Inside | None) -> None:
        self.bars.put(None if inside is None else inside.shares)
        chosen = choose(inside, self.controls["layer"].value, 0) if inside and inside.layers else None
        self.maps.image.set_visible(chosen is not None)
        self.maps.frame.set_visible(False)
        if chosen is not None:
            self.maps.put(chosen.layer.values, 0)

    def layout(self) -> widgets.Widget:
        view = super().layout()
        controls, picture, *rest = view.children
        side_by_side = widgets.HBox([self.pad.widget, picture], layout={"flex_flow": "row wrap"})
        view.children = (controls, side_by_side, *rest)
        return view

    def settings(self) -> dict[str, str]:
        given = {"network": called(self.reader.network, "network")}
        if self.reader.prepare is not None:
            given["prepare"] = called(self.reader.prepare, "prepare")
        if self.reader.class_names != DIGITS:
            given["class_names"] = repr(list(self.reader.class_names))
        return given | {"side": str(self.side)} | super().settings() | {"drawing": repr(self.pad.drawing.code())}


def draw_digit(
    network: Any,
    prepare: Callable | None = None,
    *,
    class_names: Sequence[str] = DIGITS,
    side: int = 8,
    layer: str = "",
    laid_out: bool = True,
    drawing: str | None = None,
) -> DigitPad:
    """Draw, with mouse, finger or keys, and watch your own network read it.

    `network` is a network with `forward`, a Keras model, or a function from prepared pictures to scores (batch,
    classes). `prepare` turns pictures (batch, side, side) in 0..1 into what it takes; left out, they get a channel
    axis. `drawing` is a text that the pad gave. The pad shows itself; what it returns has a `state`, one line of code.
    """
    if isinstance(side, bool) or not isinstance(side, int | np.integer) or side not in SIDES:
        raise ValueError(f"side must be a whole number of pixels from {SIDES[0]} to {SIDES[-1]}, not {side!r}.")
    sheet = Drawing(EXAMPLE) if drawing is None else decode(drawing)
    pad = DigitPad(Reader(network, prepare, class_names), sheet, int(side), layer, bool(laid_out))
    pad.show()
    return pad
