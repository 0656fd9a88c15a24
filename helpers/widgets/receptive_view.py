"""The receptive-field explorer: what one unit of a stack of layers sees of the picture."""

from collections.abc import Callable, Sequence

import ipywidgets as widgets
import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from helpers import plots
from helpers.widgets.live import Explorer, LivePicture, choice, number
from helpers.widgets.parts import called, put_signed, unit_image
from helpers.widgets.receptive import STACKS, Field, compute, describe, windows_of

GIVEN = "your layers"
DEEPEST = 12
SIDES = range(8, 65)
ORANGE = plots.COLOURS["vermilion"]


class ReceptiveFieldExplorer(Explorer):
    """Left one axis of all levels, what reaches the unit filled; right the picture, darker where more paths lead."""

    name = "receptive_field_explorer"
    rows = (("stack", "depth"), ("unit", "side"))

    def __init__(self, layers: list[dict] | None, own: Callable | None, **start) -> None:
        self.layers, self.own = layers, own
        stacks = [*([] if layers is None else [GIVEN]), *STACKS]
        controls = {
            "stack": widgets.Dropdown(options=stacks, value=start["stack"], description="layers"),
            "depth": widgets.IntSlider(start["depth"], min=0, max=DEEPEST, description="up to layer"),
            "unit": widgets.IntSlider(start["unit"], min=0, max=SIDES[-1] - 1, description="unit"),
            "side": widgets.IntSlider(start["side"], min=SIDES[0], max=SIDES[-1], description="side of the picture"),
        }
        fig = self._draw()
        super().__init__(controls, LivePicture(fig, [self.cone, self.units, *self.words, self.seen]))

    def _draw(self) -> Figure:
        fig, axes = plots.figure(1, 2, width=9.2, height=3.9, width_ratios=[1.7, 1])
        left, right = axes[0]
        left.set(xlim=(-0.22, 1.02), ylim=(-0.08, 1.08), title="one axis: the unit at the top, the picture below")
        left.set_axis_off()
        self.units = left.scatter([], [], s=20, marker="s", linewidths=0.8, edgecolors=plots.INK)
        self.cone = left.add_collection(LineCollection([], colors=ORANGE, linewidths=1.2), autolim=False)
        self.words = [left.text(-0.03, 0, "", ha="right", va="center", size=9) for _ in range(DEEPEST + 1)]
        self.seen = unit_image(right, "the picture: how many paths\nlead from each pixel to the unit", signed=True)
        return fig

    def update(self) -> tuple[list[str], str]:
        layers = self.layers if self.controls["stack"].value == GIVEN else STACKS[self.controls["stack"].value]
        windows = windows_of(layers)[:DEEPEST]
        self.controls["depth"].max = len(windows)
        depth, unit, side = (self.controls[name].value for name in ("depth", "unit", "side"))
        field = compute(windows, depth, unit, side, _up_to(layers, depth), self.own)
        self.controls["unit"].max = len(field.counts[-1]) - 1
        self._show(field, side)
        return describe(field, side), field.problem

    def _show(self, field: Field, side: int) -> None:
        levels = len(field.counts)
        heights = np.linspace(0, 1, levels) if levels > 1 else np.zeros(1)
        spots, reached, ends = [], [], []
        for height, counts, (start, apart) in zip(heights, field.counts, field.places):
            x = (start + apart * np.arange(len(counts)) + 0.5) / side
            spots += [(right, height) for right in x]
            reached += list(counts > 0)
            inside = np.flatnonzero(counts)
            ends.append([(x[inside[0]], height), (x[inside[-1]], height)])
        self.units.set_offsets(spots)
        self.units.set_sizes([min(60.0, (420 / side) ** 2 / 2)])
        self.units.set_facecolors([ORANGE if r else plots.CARD for r in reached])
        self.cone.set_segments([[end[edge] for end in ends] for edge in (0, 1)] if levels > 1 else [])
        names = ["picture", *(window.name for window in field.windows)]
        for number_, text in enumerate(self.words):
            text.set_text(names[number_] if number_ < levels else "")
            text.set_y(heights[min(number_, levels - 1)])
        put_signed(self.seen, np.outer(field.counts[0], field.counts[0]))

    def settings(self) -> dict[str, str]:
        given = {} if self.layers is None else {"layers": called(self.layers, "layers")}
        if self.own is not None:
            given["receptive_field"] = called(self.own, "receptive_field")
        return given | super().settings()


def _up_to(layers: Sequence[dict], depth: int) -> list[dict]:
    """The layers up to and with the `depth`-th that looks through windows."""
    for count in range(len(layers) + 1):
        if len(windows_of(layers[:count])) == depth:
            return list(layers[:count])
    return list(layers)


def receptive_field_explorer(
    layers: Sequence[dict] | None = None,
    receptive_field: Callable | None = None,
    *,
    stack: str = "",
    depth: int = DEEPEST,
    unit: int = 3,
    side: int = 28,
) -> ReceptiveFieldExplorer:
    """See how far a unit of a stack of layers looks, and on how many paths every pixel reaches it.

    `layers` are descriptions as in chapter 7, `receptive_field(layers)` your own function for the size of the field;
    it is compared with what following the windows back gives. The explorer shows itself; what it returns has a
    `state`, one line of code.
    """
    if layers is not None and not windows_of(list(layers)):
        raise ValueError('layers must hold a convolution or a pool, such as {"type": "conv", "kernel": 3}.')
    stacks = [*([] if layers is None else [GIVEN]), *STACKS]
    start = {
        "stack": choice("stack", stack or stacks[0], stacks),
        "depth": number("depth", depth, 0, DEEPEST),
        "unit": number("unit", unit, 0, SIDES[-1] - 1),
        "side": number("side", side, SIDES[0], SIDES[-1]),
    }
    explorer = ReceptiveFieldExplorer(None if layers is None else list(layers), receptive_field, **start)
    explorer.show()
    return explorer
