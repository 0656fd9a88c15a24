"""Curves that grow while a training runs: what a callback can draw with after every epoch."""

from collections.abc import Callable, Mapping

from helpers.widgets import training_monitor
from helpers.widgets.training import history_of


def live_curves(epochs: int = 20) -> Callable[[Mapping[str, list[float]]], None]:
    """Show empty curves for so many epochs; return `draw(history)`, which shows the lists of a history in them.

    A history has one list per name, one entry per epoch: {"loss": [2.3, 1.9], "val_loss": [2.2, 2.0]}.
    """
    monitor = training_monitor(epochs=epochs)

    def draw(history: Mapping[str, list[float]]) -> None:
        monitor.history = history_of(history)
        last = max(1, monitor.history.epochs)
        with monitor.together():
            monitor.controls["look_at"].max = last
            monitor.controls["look_at"].value = last

    return draw
