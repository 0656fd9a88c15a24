"""A picture that follows sliders: what moves is drawn over a kept background, and only the PNG is sent."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from html import escape

import ipywidgets as widgets
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from helpers import plots
from helpers.widgets.png import png

DPI = 96
ROW = {"display": "flex", "flex_flow": "row wrap", "align_items": "center"}

# A new picture arrives in an <img> of its own and is shown in one that stays, so that nothing flickers between them.
# Where a page runs no scripts, the one that arrives is what is seen.
_STAGE = """<style>.live-picture:has(.live-stage[src]) .live-feed {{ display: none }}</style>
<img class="live-stage" width="{width}" height="{height}" draggable="false" {handlers}
 style="max-width:100%;height:auto;border-radius:6px;user-select:none">"""
_ARRIVED = """(function put(img, tries) {
 const s = img.closest('.live-picture')?.querySelector('.live-stage');
 if (s) { s.src = img.src; s.alt = img.alt } else if (tries) setTimeout(put, 50, img, tries - 1)
 const words = ['run, or pause', 'stop, and go to the start'];
 const buttons = img.closest('.explorer')?.querySelectorAll('.widget-play button') || [];
 buttons.forEach((b, i) => { b.title = b.ariaLabel = words[i] })
})(this, 40)"""  # it may have loaded before it has its place in the page; ipywidgets names no button of its Play
_FEED = '<img class="live-feed" alt="{alt}" width="{width}" src="{source}" onload="{arrived}">'
_TELL = (
    "const i = this.closest('.live-picture').querySelector('input');"
    " i.value = (event.offsetX / this.clientWidth).toFixed(4) + ' ' + (event.offsetY / this.clientHeight).toFixed(4);"
    " i.dispatchEvent(new Event('input', {bubbles: true}))"
)
_HANDLERS = (
    f'onpointerdown="this.setPointerCapture(event.pointerId); {_TELL}"'
    f' onpointermove="if (event.buttons & 1) {{ {_TELL} }}" data-pointer'
)


class LivePicture:
    """A figure in a widget: an `<img>` with the picture's text, which ipywidgets' own Image cannot carry.

    `moving` artists are drawn over everything else, in their order. Changing one of them is cheap; changing anything
    else has the whole figure drawn again. `on_pointer(ax, x, y)` is called where the picture is clicked or a pointer
    drawn over it, in the data coordinates of the axes there.
    """

    def __init__(
        self,
        fig: Figure,
        moving: Iterable[Artist],
        on_pointer: Callable[[Axes, float, float], None] | None = None,
    ) -> None:
        self.fig, self.moving, self.canvas = fig, list(moving), FigureCanvasAgg(fig)
        for artist in self.moving:
            artist.set_animated(True)
            artist.set_in_layout(False)
        fig.set_dpi(DPI)
        self.canvas.draw()
        fig.set_layout_engine("none")  # placed once: sliders do not move axes
        fig.stale = True
        self.png, self.alt = b"", ""
        self.width, height = (round(DPI * inches) for inches in fig.get_size_inches())
        handlers = _HANDLERS if on_pointer else ""
        self.stage = widgets.HTML(_STAGE.format(width=self.width, height=height, handlers=handlers))
        self.feed = widgets.HTML()
        self.pointer = widgets.Text(description="pointer", layout={"display": "none"})
        self.pointer.observe(lambda change: self._pointed(on_pointer, change["new"]), names="value")
        self.widget = widgets.VBox([self.stage, self.feed, *([self.pointer] if on_pointer else [])])
        self.widget.add_class("live-picture")

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
        self.png, self.alt = png(np.asarray(self.canvas.buffer_rgba())), alt
        self.feed.value = _FEED.format(
            alt=escape(alt), width=self.width, source=self.static().source, arrived=escape(_ARRIVED)
        )

    def static(self) -> plots.Picture:
        """The picture as it is now, for pages without widgets."""
        return plots.Picture(self.png, self.alt, self.width)

    def _pointed(self, on_pointer: Callable[[Axes, float, float], None], place: str) -> None:
        """`place` is "x y", shares of the picture's width and height from its top left corner."""
        try:
            right, down = map(float, place.split())
        except ValueError:
            return
        spot = right * self.fig.bbox.width, (1 - down) * self.fig.bbox.height
        for ax in self.fig.axes:
            if ax.get_window_extent().contains(*spot):
                on_pointer(ax, *map(float, ax.transData.inverted().transform(spot)))


class Explorer:
    """What all explorers share: controls, a picture with its text, a state, a way to be shown.

    `controls` are what `state` is made of. `buttons` are words to press and what they do; `players` lets controls by
    those names run by themselves: milliseconds between two steps, and their size. `rows` says what stands beside what.
    """

    name = "explorer"
    rows: tuple[tuple[str, ...], ...] = ()  # of names of controls and words of buttons; what is in none comes last

    def __init__(
        self,
        controls: dict[str, widgets.Widget],
        picture: LivePicture,
        buttons: Mapping[str, Callable[[], None]] | None = None,
        players: Mapping[str, tuple[int, int]] | None = None,
    ) -> None:
        self.controls, self.picture = controls, picture
        self.readout, self.problem, self.code = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.buttons = {words: _button(words, action) for words, action in (buttons or {}).items()}
        self.players = {name: _player(controls[name], *pace) for name, pace in (players or {}).items()}
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

    @contextlib.contextmanager
    def quietly(self) -> Iterator[None]:
        """Controls are moved inside without being drawn: what called this draws anyway."""
        busy, self._busy = self._busy, True
        try:
            yield
        finally:
            self._busy = busy

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Several controls are moved inside, and drawn once, at the end."""
        with self.quietly():
            yield
        self.refresh()

    def update(self) -> tuple[list[str], str]:
        """Change the picture's artists; return what can be read there, line by line, and what is wrong, or ""."""
        raise NotImplementedError

    def settings(self) -> dict[str, str]:
        """The arguments of `state`, each as code."""
        return {name: plain(control.value) for name, control in self.controls.items()}

    @property
    def state(self) -> str:
        """One line of code that shows the explorer as it is now."""
        return f"{self.name}({', '.join(f'{name}={code}' for name, code in self.settings().items())})"

    def layout(self) -> widgets.Widget:
        """The widget: controls above the picture, its text below."""
        parts = self.controls | self.buttons
        for name, player in self.players.items():
            parts[name] = widgets.HBox([player, parts[name]])
        rows = [[parts.pop(name) for name in row if name in parts] for row in self.rows]
        lines = [widgets.Box(row, layout=ROW) for row in (*rows, list(parts.values())) if row]
        view = widgets.VBox([widgets.VBox(lines), self.picture.widget, self.problem, self.readout, self.code])
        return view.add_class("explorer")

    def show(self) -> None:
        """Display the explorer; where there are no widgets, its picture and text."""
        from IPython.display import display

        view = self.layout()._repr_mimebundle_()
        display({**view, **self.picture.static()._repr_mimebundle_()}, raw=True)

    def _ipython_display_(self) -> None:
        """Nothing: an explorer has shown itself already."""


def _button(words: str, action: Callable[[], None]) -> widgets.Button:
    button = widgets.Button(description=words, layout={"width": "auto"})
    button.on_click(lambda _: action())
    return button


def _player(slider: widgets.IntSlider, interval: int, step: int) -> widgets.Play:
    """Buttons that move `slider` by `step` every `interval` milliseconds, in the browser."""
    play = widgets.Play(
        value=slider.value, min=slider.min, max=slider.max, step=step, interval=interval, show_repeat=False
    )
    widgets.jslink((play, "value"), (slider, "value"))
    widgets.jslink((slider, "max"), (play, "max"))
    return play


def make_room(ax: Axes, values: np.ndarray) -> None:
    """Make room for `values` and zero, up to 50; limits in which they are well seen stay, since new ones cost time."""
    finite = np.clip(values[np.isfinite(values)], -50, 50)
    low, high = finite.min(initial=0.0), finite.max(initial=0.0)
    room = 0.1 * (high - low or 1.0)
    bottom, top = ax.get_ylim()
    if not (bottom <= low - room / 2 and high + room / 2 <= top and top - bottom < 1.5 * (high - low + 2 * room)):
        ax.set_ylim(low - room, high + room)


def plain(value: object) -> str:
    """A value as code, floating-point numbers without the noise of their last digits."""
    return repr(float(f"{value:.6g}")) if isinstance(value, float) else repr(value)


def number(name: str, value: object, low: float, high: float) -> float:
    """`value` as the number that a slider from `low` to `high` starts at, the nearest end where it lies outside."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not np.isfinite(value):
        raise ValueError(f"{name} must be a number from {low:g} to {high:g}, not {value!r}.")
    return type(low)(min(max(value, low), high))


def choice(name: str, value: object, options: Iterable) -> object:
    """`value`, which is one of `options`."""
    options = list(options)
    if value not in options:
        raise ValueError(f"There is no {name} {value!r} here; choose one of {', '.join(map(str, options))}.")
    return value


def as_code(value: Callable | Mapping[str, Callable] | None) -> str:
    """Functions by their names, as a learner would write them."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name!r}: {as_code(function)}" for name, function in value.items()) + "}"
    name = getattr(value, "__name__", type(value).__name__)
    return "None" if value is None else name if name.isidentifier() else "..."
