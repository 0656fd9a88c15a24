"""The CNN explorer: a picture on its way through a trained network, layer by layer, map by map."""

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as widgets
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from helpers import plots
from helpers.widgets.examples import Examples, examples
from helpers.widgets.inside import Chosen, Inside, choose, compute, describe_map, describe_verdict
from helpers.widgets.live import Explorer, LivePicture, choice, number
from helpers.widgets.parts import Bars, Mosaic, called, put, put_signed, unit_image
from helpers.widgets.reader import Reader, steps_of


class CnnExplorer(Explorer):
    """Above: picture, one map, its filter, the classes. Below: all maps of the chosen layer."""

    name = "cnn_explorer"
    rows = (("picture",), ("layer", "channel"))

    def __init__(self, reader: Reader, given: Examples, **start) -> None:
        self.reader, self.given = reader, given
        self._computed: tuple = ()
        names = [step.name for step in steps_of(reader.network)] or [""]
        controls = {
            "picture": widgets.IntSlider(
                start["picture"], min=0, max=len(given.pictures) - 1, description="picture", continuous_update=True
            ),
            "layer": widgets.Dropdown(options=names, value=start["layer"] or names[0], description="layer"),
            "channel": widgets.IntSlider(start["channel"], min=0, max=10_000, description="map"),
        }
        fig = self._draw()
        moving = [self.shown, self.map, self.filter, self.spot, *self.bars.artists, *self.maps.artists]
        super().__init__(controls, LivePicture(fig, moving, self._pointed))

    def _draw(self) -> Figure:
        fig, axes = plots.figure(2, 4, width=9.2, height=5.0, height_ratios=[1.15, 1], width_ratios=[1, 1, 0.7, 1.2])
        self.shown = unit_image(axes[0, 0], "picture")
        self.map = unit_image(axes[0, 1], "one map", signed=True)
        self.filter = unit_image(axes[0, 2], "its filter", signed=True)
        self.bars = Bars(axes[0, 3], self.reader.class_names, "what it says")
        self.spot = axes[0, 1].plot([], [], "o", color=plots.INK, fillstyle="none", markersize=9)[0]
        self.spot.set_path_effects([withStroke(linewidth=3, foreground="white")])
        below = axes[1, 0].get_gridspec()[1, :]
        for ax in axes[1]:
            ax.remove()
        ax = fig.add_subplot(below)
        ax.set_title("all maps of the layer: white is 0, red above, blue below", fontsize=10)
        self.maps = Mosaic(ax, 4.4)
        return fig

    def update(self) -> tuple[list[str], str]:
        index = self.controls["picture"].value
        if not self._computed or self._computed[0] != index:
            self._computed = index, compute(self.reader, self.given.pictures[index])
            put(self.shown, self.given.shown(index))
            self.bars.put(self._computed[1].shares)
        inside: Inside = self._computed[1]
        chosen = choose(inside, self.controls["layer"].value, self.controls["channel"].value)
        self._show(chosen)
        label = self.given.label(index)
        lines = [f"Picture {index}{f', a {label}' if label else ''}. {describe_verdict(self.reader, inside)}"]
        lines += describe_map(chosen) if chosen else []
        return lines, " ".join(filter(None, (inside.problem, inside.hidden)))

    def _show(self, chosen: Chosen | None) -> None:
        for artist in (self.map, self.filter, self.spot, *self.maps.artists):
            artist.set_visible(chosen is not None)
        if chosen is None:
            return
        self.controls["channel"].max = chosen.layer.values.shape[-1] - 1
        self.maps.put(chosen.layer.values, chosen.channel)
        put_signed(self.map, chosen.map)
        row, column = np.unravel_index(np.abs(chosen.map).argmax(), chosen.map.shape)
        side = max(chosen.map.shape)
        self.spot.set_data([(column + 0.5) / side], [(row + 0.5) / side])
        self.filter.set_visible(chosen.filter is not None)
        if chosen.filter is not None:
            put_signed(self.filter, chosen.filter[0])

    def _pointed(self, ax: Axes, x: float, y: float) -> None:
        """A pointer on the maps chooses one."""
        if ax is self.maps.ax and (index := self.maps.at(x, y)) is not None:
            self.controls["channel"].value = index

    def settings(self) -> dict[str, str]:
        return given_as_code(self.reader, self.given) | super().settings()


def given_as_code(reader: Reader, given: Examples) -> dict[str, str]:
    """The arguments that a learner gave, by the names that they have in the notebook."""
    code = {"network": called(reader.network, "network"), "images": "images"}
    if given.labels is not None:
        code["labels"] = "labels"
    if reader.prepare is not None:
        code["prepare"] = called(reader.prepare, "prepare")
    if given.class_names != tuple(map(str, range(len(given.class_names)))):
        code["class_names"] = repr(list(given.class_names))
    return code


def reader_of(
    network: Any, images: np.ndarray, labels: Sequence[int] | None, prepare: Callable | None, class_names: Sequence[str]
) -> tuple[Reader, Examples]:
    """A network and the pictures that it is shown, with classes that have names."""
    given = examples(images, labels, class_names)
    if not given.class_names:
        scores, _ = Reader(network, prepare).scores(given.pictures[:1])
        count = 10 if scores is None else scores.shape[1]
        given = Examples(given.pictures, None, tuple(map(str, range(count))))
    return Reader(network, prepare, given.class_names), given


def cnn_explorer(
    network: Any,
    images: np.ndarray,
    labels: Sequence[int] | None = None,
    prepare: Callable | None = None,
    *,
    class_names: Sequence[str] = (),
    picture: int = 0,
    layer: str = "",
    channel: int = 0,
) -> CnnExplorer:
    """Follow one of `images` (n, height, width) through your network: every layer's maps, and the filters.

    `network` is one of the course's, a Keras model, or your LeNet with its eight `params`; `prepare` turns pictures
    (batch, height, width) into what it takes, left out, they get a channel axis. The explorer shows itself; what it
    returns has a `state`, one line of code.
    """
    reader, given = reader_of(network, images, labels, prepare, class_names)
    names = [step.name for step in steps_of(network)] or [""]
    start = {
        "picture": number("picture", picture, 0, len(given.pictures) - 1),
        "layer": choice("layer", layer or names[0], names),
        "channel": number("channel", channel, 0, 10_000),
    }
    explorer = CnnExplorer(reader, given, **start)
    explorer.show()
    return explorer
