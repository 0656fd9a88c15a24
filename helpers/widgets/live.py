"""A picture that follows sliders: artists are updated, the figure is drawn again, and only its PNG is sent."""

import io

import ipywidgets as widgets
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from helpers import plots

DPI = 96


class LivePicture:
    """A figure shown as an image widget. `alt` of the latest picture is its tool tip, which screen readers speak."""

    def __init__(self, fig: Figure) -> None:
        self.fig, self.canvas = fig, FigureCanvasAgg(fig)
        fig.set_dpi(DPI)
        self.canvas.draw()
        fig.set_layout_engine("none")  # placed once: sliders do not move axes
        self.widget = widgets.Image(format="png", width=round(DPI * fig.get_figwidth()))
        self.alt = ""

    def refresh(self, alt: str) -> None:
        """Draw the figure as its artists are now."""
        self.canvas.draw()
        pixels = np.asarray(self.canvas.buffer_rgba())[..., :3]
        Image.fromarray(pixels).save(png := io.BytesIO(), "PNG", compress_level=1)
        self.alt, self.widget.tooltip = alt, alt
        self.widget.value = png.getvalue()

    def static(self) -> plots.Picture:
        """The picture as it is now, for pages without widgets."""
        return plots.Picture(self.widget.value, self.alt, int(self.widget.width))


class Explorer:
    """What all explorers share: controls beside a picture with its text, a state, a way to be shown."""

    name = "explorer"

    def __init__(self, controls: dict[str, widgets.Widget], picture: LivePicture) -> None:
        self.controls, self.picture = controls, picture
        self.readout = widgets.HTML()
        self.problem = widgets.HTML()
        for control in controls.values():
            control.observe(lambda change: self.update(), names="value")
        self.update()

    def update(self) -> None:
        """Compute and draw for what the controls say."""
        raise NotImplementedError

    @property
    def state(self) -> str:
        """One line of code that shows the explorer as it is now."""
        settings = ", ".join(f"{name}={control.value!r}" for name, control in self.controls.items())
        return f"{self.name}({settings})"

    def layout(self) -> widgets.Widget:
        """The widget: controls on the left, picture, text below."""
        controls = widgets.VBox(list(self.controls.values()))
        return widgets.VBox([widgets.HBox([controls, self.picture.widget]), self.readout, self.problem])

    def show(self) -> None:
        """Display the explorer; where there are no widgets, its picture and text."""
        from IPython.display import display

        view = self.layout()._repr_mimebundle_()
        data = view[0] if isinstance(view, tuple) else view
        static = self.picture.static()._repr_mimebundle_()
        display({**data, "text/html": static["text/html"], "text/plain": static["text/plain"]}, raw=True)

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        """Nothing: an explorer has shown itself already."""
        return {}
