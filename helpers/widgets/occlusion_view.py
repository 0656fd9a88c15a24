"""The occlusion explorer: hide a part of a picture, and see what the network's answer hangs on."""

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as widgets
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from helpers import plots
from helpers.widgets.cnn_view import given_as_code, reader_of
from helpers.widgets.examples import Examples
from helpers.widgets.live import Explorer, LivePicture, choice, number
from helpers.widgets.occlusion import PATCHES, Occluded, compute, describe, hide, nearest
from helpers.widgets.parts import Bars, put, put_signed, unit_image
from helpers.widgets.reader import Reader

BEST = "what it says"


class OcclusionExplorer(Explorer):
    """The picture under its patch, the map of what is lost by hiding, and the classes with the patch on."""

    name = "occlusion_explorer"
    rows = (("picture", "label"), ("size", "grey"), ("row", "column"))

    def __init__(self, reader: Reader, given: Examples, **start) -> None:
        self.reader, self.given = reader, given
        self._computed: tuple = ()
        height, width = given.pictures.shape[1:]
        controls = {
            "picture": _slider("picture", start["picture"], len(given.pictures) - 1),
            "label": widgets.Dropdown(options=[BEST, *given.class_names], value=start["label"], description="class"),
            "size": _slider("patch size", start["size"], PATCHES[-1], 1),
            "grey": widgets.FloatSlider(start["grey"], min=0, max=1, step=0.05, description="patch grey"),
            "row": _slider("patch row", start["row"], height - 1),
            "column": _slider("patch column", start["column"], width - 1),
        }
        fig = self._draw()
        moving = [self.shown, self.map, *self.frames, *self.bars.artists]
        super().__init__(controls, LivePicture(fig, moving, self._pointed))

    def _draw(self) -> Figure:
        fig, axes = plots.figure(1, 3, width=8.4, height=3.1)
        self.shown = unit_image(axes[0, 0], "picture under the patch")
        self.map = unit_image(axes[0, 1], "lost by hiding: red, gained: blue", signed=True)
        self.bars = Bars(axes[0, 2], self.reader.class_names, "what it says then")
        style = {"fill": False, "edgecolor": plots.COLOURS["vermilion"], "lw": 2}
        self.frames = [ax.add_patch(Rectangle((0, 0), 1, 1, **style)) for ax in axes[0, :2]]
        return fig

    def update(self) -> tuple[list[str], str]:
        index, size, grey = (self.controls[name].value for name in ("picture", "size", "grey"))
        occluded, problem = self._occluded(index, size, grey)
        for artist in (self.map, *self.frames):
            artist.set_visible(occluded is not None)
        if occluded is None:
            put(self.shown, self.given.shown(index))
            self.bars.put(None)
            return [], problem
        names, chosen = self.given.class_names, self.controls["label"].value
        label = int(occluded.whole.argmax()) if chosen == BEST else names.index(chosen)
        place = nearest(occluded, self.controls["row"].value, self.controls["column"].value)
        self._show(occluded, index, place, label, grey)
        true = self.given.label(index)
        first = f"Picture {index}{f', a {true}' if true else ''}; the map is for class {names[label]}."
        return [first, *describe(occluded, place, label, names)], ""

    def _occluded(self, *key) -> tuple[Occluded | None, str]:
        """The answers for a picture and a patch, asked for only when one of them has changed."""
        if not self._computed or self._computed[0] != key:
            index, size, grey = key
            self._computed = key, compute(self.reader, self.given.pictures[index], size, grey * self.given.white)
        return self._computed[1]

    def _show(self, occluded: Occluded, index: int, place: tuple[int, int], label: int, grey: float) -> None:
        top, left = int(occluded.rows[place[0]]), int(occluded.columns[place[1]])
        put(self.shown, hide(self.given.shown(index), top, left, occluded.size, grey))
        put_signed(self.map, occluded.drop(label))
        self.bars.put(occluded.shares[place])
        side = max(occluded.shape)
        for frame in self.frames:
            frame.set(xy=(left / side, top / side), width=occluded.size / side, height=occluded.size / side)

    def _pointed(self, ax: Axes, x: float, y: float) -> None:
        """A pointer puts the middle of the patch where it is."""
        if ax in (self.shown.axes, self.map.axes):
            side, half = max(self.given.pictures.shape[1:]), self.controls["size"].value / 2
            with self.together():
                for name, at in (("row", y), ("column", x)):
                    self.controls[name].value = int(min(max(round(at * side - half), 0), self.controls[name].max))

    def settings(self) -> dict[str, str]:
        return given_as_code(self.reader, self.given) | super().settings()


def _slider(words: str, value: int, high: int, low: int = 0) -> widgets.IntSlider:
    return widgets.IntSlider(value, min=low, max=high, description=words)


def occlusion_explorer(
    network: Any,
    images: np.ndarray,
    labels: Sequence[int] | None = None,
    prepare: Callable | None = None,
    *,
    class_names: Sequence[str] = (),
    picture: int = 0,
    label: str = BEST,
    size: int = 3,
    grey: float = 0.0,
    row: int = 0,
    column: int = 0,
) -> OcclusionExplorer:
    """Hide parts of one of `images` (n, height, width) and see which of them your network's answer hangs on.

    `network` and `prepare` are as in `cnn_explorer`; a plain function from prepared pictures to scores will do. The map
    is for the class `label`, by its name. The explorer shows itself; what it returns has a `state`, one line of code.
    """
    reader, given = reader_of(network, images, labels, prepare, class_names)
    height, width = given.pictures.shape[1:]
    start = {
        "picture": number("picture", picture, 0, len(given.pictures) - 1),
        "label": choice("class", label, (BEST, *given.class_names)),
        "size": number("size", size, PATCHES[0], PATCHES[-1]),
        "grey": number("grey", grey, 0.0, 1.0),
        "row": number("row", row, 0, height - 1),
        "column": number("column", column, 0, width - 1),
    }
    explorer = OcclusionExplorer(reader, given, **start)
    explorer.show()
    return explorer
