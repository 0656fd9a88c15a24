"""A picture that follows sliders: what moves is drawn over a kept background, and only the PNG is sent."""

import io
from collections.abc import Callable, Iterable, Mapping
from html import escape

import ipywidgets as widgets
import numpy as np
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from helpers import plots

DPI = 96
_ROW = {"display": "flex", "flex_flow": "row wrap", "align_items": "flex-start"}


class LivePicture:
    """A figure in a widget: an `<img>` with the picture's text, which ipywidgets' own Image cannot carry.

    `moving` artists are drawn over everything else, in their order. Changing one of them is cheap; changing anything
    else has the whole figure drawn again.
    """

    def __init__(self, fig: Figure, moving: Iterable[Artist]) -> None:
        self.fig, self.moving, self.canvas = fig, list(moving), FigureCanvasAgg(fig)
        for artist in self.moving:
            artist.set_animated(True)
        fig.set_dpi(DPI)
        self.canvas.draw()
        fig.set_layout_engine("none")  # placed once: sliders do not move axes
        fig.stale = True
        self.png, self.alt, self.width = b"", "", round(DPI * fig.get_figwidth())
        self.widget = widgets.HTML()

    def refresh(self, alt: str) -> None:
        """Draw the figure as its artists are now; `alt` says what can be seen."""
        if self.fig.stale:
            self.canvas.draw()
            self._background = self.canvas.copy_from_bbox(self.fig.bbox)
            self.fig.stale = False
        else:
            self.canvas.restore_region(self._background)
        for artist in self.moving:
            artist.axes.draw_artist(artist)
        pixels = np.asarray(self.canvas.buffer_rgba())[..., :3]
        Image.fromarray(pixels).save(png := io.BytesIO(), "PNG", compress_level=1)
        self.png, self.alt = png.getvalue(), alt
        self.widget.value = self.static()._repr_mimebundle_()["text/html"]

    def static(self) -> plots.Picture:
        """The picture as it is now, for pages without widgets."""
        return plots.Picture(self.png, self.alt, self.width)


class Explorer:
    """What all explorers share: controls, a picture with its text, a state, a way to be shown."""

    name = "explorer"

    def __init__(self, controls: dict[str, widgets.Widget], picture: LivePicture) -> None:
        self.controls, self.picture = controls, picture
        self.readout, self.problem, self.code = widgets.HTML(), widgets.HTML(), widgets.HTML()
        for control in controls.values():
            control.style.description_width = "initial"
            control.observe(lambda change: self.refresh(), names="value")
        self._busy = False
        self.refresh()

    def refresh(self) -> None:
        """Compute and draw for what the controls say. Controls that this moves do not start it again."""
        if self._busy:
            return
        self._busy = True
        try:
            lines, problem = self.update()
        finally:
            self._busy = False
        self.readout.value = "<div role='status'>" + "".join(f"<div>{escape(x)}</div>" for x in lines if x) + "</div>"
        self.problem.value = f"<strong role='alert'>⚠ {escape(problem)}</strong>" if problem else ""
        self.code.value = f"<details><summary>This view as code</summary><code>{escape(self.state)}</code></details>"
        self.picture.refresh(" ".join(filter(None, (*lines, problem))))

    def update(self) -> tuple[list[str], str]:
        """Change the picture's artists; return what can be read there, line by line, and what is wrong, or ""."""
        raise NotImplementedError

    def settings(self) -> dict[str, str]:
        """The arguments of `state`, each as code."""
        return {name: repr(control.value) for name, control in self.controls.items()}

    @property
    def state(self) -> str:
        """One line of code that shows the explorer as it is now."""
        return f"{self.name}({', '.join(f'{name}={code}' for name, code in self.settings().items())})"

    def layout(self) -> widgets.Widget:
        """The widget: controls above the picture, its text below."""
        controls = widgets.Box(list(self.controls.values()), layout=_ROW)
        return widgets.VBox([controls, self.picture.widget, self.problem, self.readout, self.code])

    def show(self) -> None:
        """Display the explorer; where there are no widgets, its picture and text."""
        from IPython.display import display

        view = self.layout()._repr_mimebundle_()
        display({**view, **self.picture.static()._repr_mimebundle_()}, raw=True)

    def _ipython_display_(self) -> None:
        """Nothing: an explorer has shown itself already."""


def as_code(value: Callable | Mapping[str, Callable] | None) -> str:
    """Functions by their names, as a learner would write them."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name!r}: {as_code(function)}" for name, function in value.items()) + "}"
    name = getattr(value, "__name__", type(value).__name__)
    return "None" if value is None else name if name.isidentifier() else "..."
