"""The descent explorer: a map of the loss, four optimizers that race over it, and what is left of the loss."""

from collections.abc import Callable

import ipywidgets as widgets
import numpy as np
from contourpy import contour_generator
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from helpers import plots
from helpers.widgets.descent import (
    BATCHES,
    HIGH,
    LOW,
    OPTIMIZERS,
    SAMPLES,
    SHAPES,
    STEPS,
    Path,
    course_surface,
    describe,
    lowest,
    own_surface,
    race,
    steepest_curvature,
)
from helpers.widgets.live import Explorer, LivePicture, as_code, choice, number

RATES = [float(f"{m}e{e}") for e in (-3, -2, -1) for m in (1, 1.2, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9)]
RATES += [1.0, 1.2, 1.5, 2.0, 2.5, 3.0]
ALL, OWN = "all four", "your own"
LEFT = 1e-4, 1e2  # of the axis of what is left of the loss
QUANTILES = np.linspace(0.01, 0.97, 14)  # of the map, where its contour lines are
COLOURS = [plots.COLOURS[name] for name in ("black", "blue", "vermilion", "green")]
MARKS = ("o", "s", "^", "D")


class DescentExplorer(Explorer):
    """The map with the paths on the left, the loss over the steps on the right."""

    name = "descent_explorer"
    rows = (("surface", "optimizer"), ("rate", "momentum", "batch"), ("w1", "w2"), ("step",))

    def __init__(self, own: dict[str, Callable | None], **start) -> None:
        self.own, self._raced, self._mapped, self.surface = own, (), "", None
        surfaces = [OWN] if own["loss"] else list(SHAPES)
        controls = {
            "surface": widgets.Dropdown(options=surfaces, value=start["surface"] or surfaces[0], description="loss"),
            "optimizer": widgets.Dropdown(options=[ALL, *OPTIMIZERS], value=start["optimizer"], description="who runs"),
            "rate": widgets.SelectionSlider(options=RATES, value=start["rate"], description="rate"),
            "momentum": widgets.FloatSlider(start["momentum"], min=0, max=0.99, step=0.01, description="momentum"),
            "batch": widgets.SelectionSlider(options=BATCHES, value=start["batch"], description="batch size"),
            "w1": widgets.FloatSlider(start["w1"], min=LOW, max=HIGH, step=0.05, description="start w1"),
            "w2": widgets.FloatSlider(start["w2"], min=LOW, max=HIGH, step=0.05, description="start w2"),
            "step": widgets.IntSlider(start["step"], min=0, max=STEPS, description="step"),
        }
        if own["loss"]:
            controls["batch"].layout.display = "none"
        fig = self._draw()
        moving = [*self.paths, *self.heads, *self.curves, *self.ends, self.now]
        super().__init__(controls, LivePicture(fig, moving, self._pointed), players={"step": (150, 1)})

    def _draw(self) -> Figure:
        fig, axes = plots.figure(1, 2, width=9.2, height=4.4, width_ratios=[1.15, 1])
        left, right = axes[0]
        left.set(xlim=(LOW, HIGH), ylim=(LOW, HIGH), aspect="equal", xlabel="weight w1", ylabel="weight w2")
        left.set_title("the loss from above: the lighter, the lower")
        look = {"cmap": "Greys", "vmin": 0, "vmax": 2.2, "origin": "lower", "interpolation": "bilinear"}
        self.map = left.imshow(np.zeros((2, 2)), extent=(LOW, HIGH, LOW, HIGH), **look)
        self.contours = left.add_collection(LineCollection([], colors=plots.FRAME, linewidths=0.8), autolim=False)
        self.bottom = left.plot([0], [0], "*", color=plots.COLOURS["purple"], markersize=14)[0]
        right.set(xlim=(-1, STEPS + 1), ylim=LEFT, yscale="log", xlabel="step", ylabel="share of the loss at the start")
        right.set_title("what is left of the loss")
        right.axhline(1, color=plots.FRAME, linewidth=0.8, linestyle="-")
        self.paths, self.heads, self.curves, self.ends = [], [], [], []
        for name, colour, dash, mark in zip(OPTIMIZERS, COLOURS, plots.DASHES, MARKS):
            line = {"color": colour, "linestyle": dash, "linewidth": 1.6}
            self.paths += left.plot([], [], marker=mark, markersize=2.5, **line)
            self.heads += left.plot([], [], mark, color=colour, markersize=9, markeredgecolor="white")
            self.curves += right.plot([], [], label=name, **line)
            self.ends += right.plot([], [], "X", color=colour, markersize=10, clip_on=False)
        right.legend(frameon=False, fontsize=9, handlelength=3, loc="upper right")
        self.now = right.axvline(0, color=plots.FRAME, linewidth=1, linestyle="-")
        self.axes = left, right
        return fig

    def _pointed(self, ax: Axes, x: float, y: float) -> None:
        if ax is self.axes[0]:
            with self.together():
                for name, value in (("w1", x), ("w2", y)):
                    self.controls[name].value = round(min(max(value, LOW), HIGH), 2)
        else:
            self.controls["step"].value = min(max(round(x), 0), STEPS)

    def update(self) -> tuple[list[str], str]:
        name, optimizer, *settings, step = (control.value for control in self.controls.values())
        self._map(name)
        if self.surface is None:
            return [], self._wrong
        rate, momentum, batch, w1, w2 = settings
        key = (name, optimizer, *settings)
        if not self._raced or self._raced[0] != key:
            runners = OPTIMIZERS if optimizer == ALL else (optimizer,)
            self._raced = key, *race(self.surface, (w1, w2), rate, momentum, batch, runners, self.own["step_fn"])
        _, paths, problem = self._raced
        self._put(paths, step)
        curvature = steepest_curvature(self.surface, (w1, w2)) if not (problem or self._wrong) else 0.0
        return describe(paths, step, (w1, w2), rate, curvature), self._wrong or problem

    def _map(self, name: str) -> None:
        """Compute and draw the surface, where it is another one."""
        if name == self._mapped:
            return
        self._mapped, self._wrong = name, ""
        if name == OWN:
            self.surface, self._wrong = own_surface(self.own["loss"], self.own["grad"])
        else:
            self.surface = course_surface(name)
        if self.surface is None:
            return
        heights = np.where(np.isfinite(self.surface.heights), self.surface.heights, np.nanmax(self.surface.heights))
        levels = np.quantile(heights, QUANTILES)
        self.map.set_data(np.interp(heights, levels, QUANTILES))
        side = np.linspace(LOW, HIGH, len(heights))
        contours = contour_generator(side, side, heights)
        self.contours.set_segments([line for level in levels for line in contours.lines(level)])
        row, column = np.unravel_index(heights.argmin(), heights.shape)
        self.bottom.set_data([side[column]], [side[row]])

    def _put(self, paths: dict[str, Path], step: int) -> None:
        bottom = lowest(self.surface, paths)
        self.now.set_xdata([step, step])
        for name, *artists in zip(OPTIMIZERS, self.paths, self.heads, self.curves, self.ends):
            for artist in artists:
                artist.set_visible(name in paths)
            if name in paths:
                _put_path(paths[name], step, bottom, *artists)

    def settings(self) -> dict[str, str]:
        given = {name: as_code(function) for name, function in self.own.items() if function}
        controls = super().settings()
        if self.own["loss"]:
            del controls["surface"], controls["batch"]
        return given | controls


def _put_path(path: Path, step: int, bottom: float, line, head, curve, end) -> None:
    """Show the first `step` steps of a path on the map, and of its loss beside it."""
    w = np.clip(path.w[: step + 1], 10 * LOW, 10 * HIGH)
    line.set_data(*w.T)
    head.set_data([w[-1, 0]], [w[-1, 1]])
    left = (path.loss - bottom) / ((path.loss[0] - bottom) or 1.0)
    left = np.clip(left[: step + 1], *LEFT)
    curve.set_data(np.arange(len(left)), left)
    end.set_visible(path.diverged and step >= len(path.loss) - 1)
    end.set_data([len(left) - 1], [LEFT[1]])


def descent_explorer(
    loss: Callable | None = None,
    grad: Callable | None = None,
    step_fn: Callable | None = None,
    *,
    surface: str = "",
    optimizer: str = ALL,
    rate: float = 0.1,
    momentum: float = 0.9,
    batch: int = SAMPLES,
    w1: float = -2.0,
    w2: float = 2.0,
    step: int = 30,
) -> DescentExplorer:
    """Explore gradient descent on a loss over two weights, with four optimizers at the same rate.

    Your own `loss(w)`, w of shape (2,), takes the place of the course's surfaces, with its gradient `grad(w)`, (2,), or
    one found by nudging; `step_fn(w, grad, learning_rate)`, the next w, takes the place of plain gradient descent. The
    explorer shows itself; what it returns has a `state`, one line of code.
    """
    start = {
        "surface": choice("surface", surface, SHAPES) if surface else "",
        "optimizer": choice("optimizer", optimizer, (ALL, *OPTIMIZERS)),
        "rate": min(RATES, key=lambda r: abs(np.log(r / number("rate", rate, RATES[0], RATES[-1])))),
        "momentum": number("momentum", momentum, 0.0, 0.99),
        "batch": choice("batch", batch, BATCHES),
        "w1": number("w1", w1, LOW, HIGH),
        "w2": number("w2", w2, LOW, HIGH),
        "step": int(number("step", step, 0, STEPS)),
    }
    if grad is not None and loss is None:
        raise ValueError("grad needs the loss whose gradient it is: descent_explorer(loss, grad).")
    explorer = DescentExplorer({"loss": loss, "grad": grad, "step_fn": step_fn}, **start)
    explorer.show()
    return explorer
