"""The training monitor: epochs one after the other, curves that grow, a button that stops."""

import asyncio
import itertools
import time
from collections.abc import Callable, Mapping

import ipywidgets as widgets
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from helpers import plots
from helpers.widgets.live import Explorer, LivePicture, number
from helpers.widgets.parts import called
from helpers.widgets.training import EPOCHS, MOST_NAMES, History, describe, history_of, is_loss, one_epoch, trouble

BREATH = 0.02  # seconds between two epochs in which buttons and sliders are heard
RATES = [digit * 10.0**power for power in range(-5, 1) for digit in (1, 2, 5)]


class TrainingMonitor(Explorer):
    """Losses left, everything else right, over epochs; a dashed line at the chosen one, a ring at the best."""

    name = "training_monitor"
    rows = (("epochs", "learning_rate", "look_at"), ("train", "stop", "one epoch"))

    def __init__(self, epoch: Callable | None, history: History, epochs: int, rate: float | None) -> None:
        self.run_epoch, self.history, self.task, self.problem_seen = epoch, history, None, ""
        self.stopped = False
        controls = {"epochs": widgets.IntSlider(epochs, min=1, max=EPOCHS[-1], description="epochs in all")}
        if rate is not None:
            rates = sorted({rate, *RATES})
            controls["learning_rate"] = widgets.SelectionSlider(
                options=[(f"{r:g}", r) for r in rates], value=rate, description="learning rate"
            )
        controls["look_at"] = widgets.IntSlider(
            max(1, history.epochs), min=1, max=max(1, history.epochs), description="look at epoch"
        )
        self.progress = widgets.IntProgress(min=0, max=epochs, bar_style="info", layout={"width": "100%"})
        fig = self._draw()
        buttons = {"train": self.train, "stop": self.stop, "one epoch": self.step} if epoch else {}
        moving = [artist for panel in self.panels for artist in panel.artists]
        super().__init__(controls, LivePicture(fig, moving), buttons)

    def _draw(self) -> Figure:
        fig, axes = plots.figure(1, 2, width=8.8, height=3.2)
        self.panels = [
            _Panel(axes[0, 0], "loss: lower is better", "upper right"),
            _Panel(axes[0, 1], "everything else", "lower right"),
        ]
        return fig

    # --- training ----------------------------------------------------------------------------------------------------

    def step(self) -> bool:
        """Train for one epoch; whether it worked."""
        self.stopped = False
        inputs = [self.controls["learning_rate"].value] if "learning_rate" in self.controls else []
        start = time.perf_counter()
        numbers, self.problem_seen = one_epoch(self.run_epoch, *inputs)
        if not self.problem_seen:
            self.problem_seen = self.history.add(numbers, time.perf_counter() - start)
        follow = self.controls["look_at"].value >= self.history.epochs - 1
        with self.together():
            self.controls["look_at"].max = max(1, self.history.epochs)
            if follow:
                self.controls["look_at"].value = max(1, self.history.epochs)
        return not self.problem_seen

    def train(self) -> None:
        """Train up to the chosen number of epochs; in a notebook other cells and the buttons stay usable meanwhile."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            while self._unfinished() and self.step():
                pass
            return
        if self.task is None or self.task.done():
            self.task = loop.create_task(self._train())

    async def _train(self) -> None:
        while self._unfinished() and self.step():
            await asyncio.sleep(BREATH)

    def _unfinished(self) -> bool:
        return self.history.epochs < self.controls["epochs"].value and not trouble(self.history)

    def stop(self) -> None:
        """Stop after the epoch that is running; "train" goes on from there."""
        if self.task is not None:
            self.task.cancel()
            self.stopped = True
            self.refresh()

    # --- the picture -------------------------------------------------------------------------------------------------

    def update(self) -> tuple[list[str], str]:
        epochs, chosen = self.controls["epochs"].value, self.controls["look_at"].value
        self.progress.max, self.progress.value = max(epochs, self.history.epochs), self.history.epochs
        best = self.history.best()
        for panel, wanted in zip(self.panels, (True, False)):
            values = {n: v for n, v in self.history.values.items() if is_loss(n) == wanted}
            panel.put(values, epochs, chosen, best)
        lines = describe(self.history, epochs, chosen)
        if self.stopped:
            lines.append('Stopped; "train" goes on from here.')
        if not self.history.epochs:
            lines.append('Press "train".' if self.run_epoch else "There is nothing to see yet.")
        return lines, self.problem_seen or trouble(self.history)

    def layout(self) -> widgets.Widget:
        view = super().layout()
        view.children = (view.children[0], self.progress, *view.children[1:])
        return view

    def settings(self) -> dict[str, str]:
        given = {} if self.run_epoch is None else {"epoch": called(self.run_epoch, "epoch")}
        controls = super().settings()
        del controls["look_at"]
        if self.history.epochs:
            rounded = {n: [float(f"{v:.4g}") for v in values] for n, values in self.history.values.items()}
            controls["history"] = repr(rounded)
        return given | controls


class _Panel:
    """Curves by name over epochs, a line at the chosen epoch, a ring at the best."""

    def __init__(self, ax: Axes, title: str, place: str) -> None:
        self.ax, self.names, self.place = ax, [], place  # of the legend
        ax.set(title=title, xlabel="epoch", xlim=(0.5, 1.5), ylim=(0, 1))
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        self.lines: list[Line2D] = [ax.plot([], [])[0] for _ in range(MOST_NAMES)]
        self.marker = ax.axvline(1, color=plots.INK, linestyle=":", linewidth=1)
        self.ring = ax.plot([], [], "o", color=plots.INK, fillstyle="none", markersize=10)[0]

    @property
    def artists(self) -> list[Line2D]:
        return [*self.lines, self.marker, self.ring]

    def put(self, values: Mapping[str, list[float]], epochs: int, chosen: int, best: tuple[str, int] | None) -> None:
        """Show other curves; the axes are drawn anew only when these no longer fit."""
        for line, name in itertools.zip_longest(self.lines, values):
            heights = values[name] if name else []
            line.set_data(np.arange(1, len(heights) + 1), heights)
        if self.names != list(values):
            self.names = list(values)
            self.ax.legend(
                self.lines[: len(values)], self.names, frameon=False, handlelength=3, fontsize=9, loc=self.place
            )
        self._make_room(np.array([v for heights in values.values() for v in heights]), epochs)
        self.marker.set_visible(bool(values))
        self.marker.set_xdata([chosen, chosen])
        name, index = best or ("", 0)
        self.ring.set_visible(name in values)
        if name in values:
            self.ring.set_data([index + 1], [values[name][index]])

    def _make_room(self, heights: np.ndarray, epochs: int) -> None:
        heights = heights[np.isfinite(heights)]
        if self.ax.get_xlim()[1] != epochs + 0.5:
            self.ax.set_xlim(0.5, epochs + 0.5)
        low, high = self.ax.get_ylim()
        if heights.size and not (low <= heights.min() and 0.4 * high < heights.max() <= high):
            self.ax.set_ylim(min(0.0, 1.1 * heights.min()), 1.1 * heights.max() if heights.max() > 0 else 1.0)


def training_monitor(
    epoch: Callable | None = None,
    *,
    epochs: int = 20,
    learning_rate: float | None = None,
    history: Mapping[str, list[float]] | None = None,
) -> TrainingMonitor:
    """Train with `epoch(learning_rate)`, your function for one round over the data, and watch; stop whenever you like.

    It returns numbers by name, such as {"loss": 0.31, "validation accuracy": 0.93}; without a `learning_rate` here it
    is called without one. `history` holds the numbers of epochs before. The monitor shows itself; what it returns has a
    `state`, one line of code.
    """
    if epoch is not None and not callable(epoch):
        raise ValueError(f"epoch must be a function that trains for one epoch, not a {type(epoch).__name__}.")
    rate = None if learning_rate is None else number("learning_rate", learning_rate, RATES[0], RATES[-1])
    count = number("epochs", epochs, EPOCHS[0], EPOCHS[-1])
    monitor = TrainingMonitor(epoch, history_of(history), count, rate)
    monitor.show()
    return monitor
