"""The annotation widget: a picture, a key, the next picture."""

from collections.abc import Sequence
from pathlib import Path

import ipywidgets as widgets
import numpy as np
from matplotlib.figure import Figure

from helpers import plots
from helpers.annotation import SKIPPED, Labels
from helpers.widgets.annotating import Session
from helpers.widgets.live import Explorer, LivePicture
from helpers.widgets.parts import called, unit_image

SHOWN = (-2, -1, 0, 1, 2)  # places beside the picture that is asked for
HOW = (
    "Click into the field and type, one key a picture. Space or full stop skips, Backspace takes back. "
    "Every key is written down at once; stop whenever you like."
)


class Annotator(Explorer):
    """Five pictures of the queue, the one in the middle is asked for; labels are typed into one field."""

    name = "annotate"

    def __init__(self, session: Session, pictures: Sequence[np.ndarray]) -> None:
        self.session, self.pictures = session, pictures
        field = widgets.Text(description="labels", placeholder="type here", layout={"width": "100%"})
        fig = self._draw()
        super().__init__({"labels": field}, LivePicture(fig, [*self.images, *self.words]))

    def _draw(self) -> Figure:
        fig, axes = plots.figure(1, len(SHOWN), width=7.2, height=1.9, width_ratios=[1, 1, 1.6, 1, 1])
        self.images = [unit_image(ax, "") for ax in axes[0]]
        self.words = [ax.text(0.5, 1.12, "", ha="center", va="top", size=13) for ax in axes[0]]
        for ax in axes[0]:
            ax.set(xlim=(0, 1), ylim=(1.35, 0))
        return fig

    def update(self) -> tuple[list[str], str]:
        problem = self.session.apply(self.controls["labels"].value)
        for place, image, word in zip(SHOWN, self.images, self.words):
            index = self.session.at + place
            there = 0 <= index < len(self.session.queue)
            image.set_visible(there)
            word.set_text(self._below(index, place) if there else "")
            if there:
                self._put(image, self.session.queue[index])
        return [*self.session.describe(), HOW], problem

    def _below(self, index: int, place: int) -> str:
        if place >= 0:
            return "?" if place == 0 else ""
        label = self.session.label(self.session.typed[index])
        return {SKIPPED: "skipped", None: "no label"}.get(label, label)

    @staticmethod
    def _put(image, picture: np.ndarray) -> None:
        """The picture in the middle of its place, its longer side from 0 to 1."""
        height, width = np.divide(picture.shape, max(picture.shape))
        image.set_extent((0.5 - width / 2, 0.5 + width / 2, 0.5 + height / 2, 0.5 - height / 2))
        image.set_data(picture / 255)

    def settings(self) -> dict[str, str]:
        given = {"pictures": called(self.pictures, "pictures"), "folder": repr(str(self.session.labels.folder))}
        if self.session.classes != "0123456789":
            given["classes"] = repr(self.session.classes)
        return given


def annotate(pictures: Sequence[np.ndarray], folder: str | Path, *, classes: str = "0123456789") -> Annotator:
    """Label `pictures`, each (height, width), uint8, with one key a picture; labels are kept in `folder`.

    Pictures that have a label in that folder are not asked for again, and no label is ever written over: see
    `helpers.annotation`. The widget shows itself; what it returns has a `session`.
    """
    if not classes or set(classes) & set(" ."):
        raise ValueError(f"classes is {classes!r}; it must be a text of characters other than space and full stop.")
    session = Session(list(pictures), Labels(folder), classes)
    annotator = Annotator(session, pictures)
    annotator.show()
    return annotator
