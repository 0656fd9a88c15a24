"""The confusion explorer: choose a cell of the matrix and see the pictures behind it."""

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as widgets
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from helpers import plots
from helpers.widgets.cnn_view import given_as_code, reader_of
from helpers.widgets.confusion import TILES, behind, compute, describe
from helpers.widgets.examples import Examples
from helpers.widgets.live import Explorer, LivePicture, choice
from helpers.widgets.parts import Mosaic
from helpers.widgets.reader import Reader


class ConfusionExplorer(Explorer):
    """The matrix with a frame around one cell; beside it the pictures in that cell, the surest first."""

    name = "confusion_explorer"

    def __init__(self, reader: Reader, given: Examples, true: str, predicted: str) -> None:
        self.reader, self.given = reader, given
        self.confusion, self.trouble = compute(reader, given)
        worst = self.confusion.worst if self.confusion else (0, 0)
        names = given.class_names
        controls = {
            "true": widgets.Dropdown(options=names, value=true or names[worst[0]], description="true class"),
            "predicted": widgets.Dropdown(options=names, value=predicted or names[worst[1]], description="read as"),
        }
        super().__init__(controls, LivePicture(self._draw(), [self.frame, *self.tiles.artists], self._pointed))

    def _draw(self) -> Figure:
        fig, axes = plots.figure(1, 2, width=9.2, height=4.4, width_ratios=[1.15, 1])
        left, right = axes[0]
        count = len(self.given.class_names)
        counts = np.zeros((count, count), int) if self.confusion is None else self.confusion.counts
        plots.draw_confusion(left, counts, self.given.class_names, "how many")
        self.frame = left.add_patch(Rectangle((0, 0), 1, 1, fill=False, edgecolor=plots.COLOURS["vermilion"], lw=2.5))
        self.frame.set_clip_on(False)
        self.frame.set_path_effects([withStroke(linewidth=5, foreground="white")])
        right.set_title("the pictures in that cell, surest first")
        self.tiles = Mosaic(right, 0.95)
        self.tiles.frame.set_visible(False)
        self.tiles.image.set_cmap("gray")
        self.tiles.image.set_clim(0, 1)
        return fig

    def update(self) -> tuple[list[str], str]:
        names = self.given.class_names
        true, predicted = (names.index(self.controls[k].value) for k in ("true", "predicted"))
        self.frame.set_xy((predicted - 0.5, true - 0.5))
        self.tiles.image.set_visible(False)
        if self.confusion is None:
            return [], self.trouble
        members = behind(self.confusion, self.given.labels, true, predicted)[:TILES]
        if members.size:
            self.tiles.image.set_visible(True)
            self.tiles.put(np.stack([self.given.shown(i) for i in members], axis=2), 0)
            self.tiles.frame.set_visible(False)
        return describe(self.confusion, self.given, true, predicted), ""

    def _pointed(self, ax: Axes, x: float, y: float) -> None:
        """A pointer on the matrix chooses a cell."""
        if ax is self.frame.axes:
            names = self.given.class_names
            with self.together():
                for control, at in (("true", y), ("predicted", x)):
                    self.controls[control].value = names[int(min(max(round(at), 0), len(names) - 1))]

    def settings(self) -> dict[str, str]:
        return given_as_code(self.reader, self.given) | super().settings()


def confusion_explorer(
    network: Any,
    images: np.ndarray,
    labels: Sequence[int],
    prepare: Callable | None = None,
    *,
    class_names: Sequence[str] = (),
    true: str = "",
    predicted: str = "",
) -> ConfusionExplorer:
    """See what your network takes for what on `images` (n, height, width), and the pictures behind every cell.

    `network` and `prepare` are as in `cnn_explorer`; a plain function from prepared pictures to scores will do. The
    commonest mistake is chosen first. The explorer shows itself; what it returns has a `state`, one line of code.
    """
    if labels is None:
        raise ValueError("labels are needed here: the true class of every picture.")
    reader, given = reader_of(network, images, labels, prepare, class_names)
    for name, value in (("class", true), ("class", predicted)):
        choice(name, value or given.class_names[0], given.class_names)
    explorer = ConfusionExplorer(reader, given, true, predicted)
    explorer.show()
    return explorer
