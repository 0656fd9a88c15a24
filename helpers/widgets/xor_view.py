"""The XOR explorer: a small network that learns XOR before your eyes."""

from collections.abc import Callable

import ipywidgets as widgets
import numpy as np
from contourpy import contour_generator
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from helpers import plots
from helpers.widgets.live import Explorer, LivePicture, as_code, choice, number
from helpers.widgets.xor import (
    GRID,
    HIGH,
    LOW,
    MOST_EPOCHS,
    MOST_HIDDEN,
    PLANE,
    OwnTraining,
    T,
    Training,
    Weights,
    X,
    describe,
)

RATES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
SEEDS = 30
FEW, MANY, ANOTHER = "1 epoch", "50 epochs", "another start"
BLUE, VERMILION, GREEN = (plots.COLOURS[name] for name in ("blue", "vermilion", "green"))
DASHES = ("--", ":", "-.", (0, (6, 2, 1, 2, 1, 2)))


class XorExplorer(Explorer):
    """The plane with the output and the hidden neurons' lines, the samples as the hidden layer sees them, the loss."""

    name = "xor_explorer"
    rows = (("hidden", "rate", "seed"), ("epoch", FEW, MANY, ANOTHER))

    def __init__(self, network_class: Callable | None, **start) -> None:
        self.network_class, self.training, self._trained = network_class, None, ()
        controls = {
            "hidden": widgets.IntSlider(start["hidden"], min=1, max=MOST_HIDDEN, description="hidden neurons"),
            "rate": widgets.SelectionSlider(options=RATES, value=start["rate"], description="rate"),
            "seed": widgets.IntSlider(start["seed"], min=0, max=SEEDS, description="start no."),
            "epoch": widgets.IntSlider(start["epoch"], min=0, max=MOST_EPOCHS, description="epoch"),
        }
        for name in ("hidden", "rate", "seed"):
            controls[name].observe(self._from_the_start, names="value")
        fig = self._draw()
        moving = [self.plane, *self.cuts, self.edge, *self.dots, self.cut, *self.moved, self.curve, self.now]
        buttons = {
            FEW: lambda: self._go_on(1),
            MANY: lambda: self._go_on(50),
            ANOTHER: self._another,
        }
        super().__init__(controls, LivePicture(fig, moving), buttons, players={"epoch": (100, 10)})

    def _draw(self) -> Figure:
        fig, axes = plots.figure(1, 3, width=9.6, height=3.5)
        left, middle, right = axes[0]
        look = {"cmap": plots.SIGNED, "vmin": -1.2, "vmax": 1.2, "origin": "lower", "interpolation": "bilinear"}
        self.plane = left.imshow(np.zeros((2, 2)), extent=(LOW, HIGH, LOW, HIGH), **look)
        left.set(xlim=(LOW, HIGH), ylim=(LOW, HIGH), xlabel="input x1", ylabel="input x2", title="what it sends")
        middle.set(xlim=(-0.1, 1.1), ylim=(-0.1, 1.1), aspect="equal", title="as the hidden layer sees them")
        middle.set(xlabel="hidden neuron 1, h1", ylabel="hidden neuron 2, h2")
        right.set(xlim=(0, MOST_EPOCHS), ylim=(0, 0.5), xlabel="epoch", title="loss")
        for ax in (left, middle):
            ax.set(xticks=(0, 1), yticks=(0, 1))
        thin = {"color": plots.INK, "linewidth": 1.2}
        self.cuts = [left.plot([], [], linestyle=dash, **thin)[0] for dash in DASHES]
        self.edge = left.add_collection(LineCollection([], colors=plots.INK, linewidths=2.5), autolim=False)
        self.cut = middle.plot([], [], color=plots.INK, linewidth=2.5, linestyle="-")[0]
        self.dots, self.moved = _samples(left), _samples(middle)
        for label, dots in zip((1, 0), self.dots):
            dots.set_data(*X[T[:, 0] == label].T)
        self.curve = right.plot([], [], color=GREEN, linestyle="-")[0]
        self.now = right.plot([], [], "o", color=GREEN)[0]
        return fig

    # --- what is pressed ---------------------------------------------------------------------------------------------

    def _from_the_start(self, change) -> None:
        with self.quietly():
            self.controls["epoch"].value = 0

    def _go_on(self, epochs: int) -> None:
        self.controls["epoch"].value = min(self.controls["epoch"].value + epochs, MOST_EPOCHS)

    def _another(self) -> None:
        self.controls["seed"].value = (self.controls["seed"].value + 1) % (SEEDS + 1)

    # --- what is seen ------------------------------------------------------------------------------------------------

    def update(self) -> tuple[list[str], str]:
        hidden, rate, seed, epoch = (control.value for control in self.controls.values())
        if self._trained != (hidden, rate, seed):
            self._trained = hidden, rate, seed
            own = self.network_class
            self.training = OwnTraining(own, *self._trained) if own else Training(*self._trained)
        problem = self.training.go_on(epoch)
        self._put_planes(self.training.weights[epoch])
        losses = np.minimum(self.training.losses[: epoch + 1], 0.5)
        self.curve.set_data(np.arange(len(losses)), losses)
        self.now.set_data([epoch], [losses[-1]])
        return describe(self.training, epoch), problem

    def _put_planes(self, weights: Weights) -> None:
        sent = weights.output(PLANE).reshape(len(GRID), -1)
        self.plane.set_data(2 * (sent - 0.5))
        self.edge.set_segments(contour_generator(GRID, GRID, sent).lines(0.5))
        hidden = len(weights.b1)
        for i, line in enumerate(self.cuts):
            line.set_visible(i < hidden)
            if i < hidden:
                _put_line(line, weights.W1[:, i], weights.b1[i])
        seen = np.column_stack([weights.hidden(X), np.zeros(len(X))])[:, :2]  # with one neuron, on a line
        for label, moved in zip((1, 0), self.moved):
            moved.set_data(*seen[T[:, 0] == label].T)
        self.cut.set_visible(hidden <= 2)
        if hidden <= 2:
            _put_line(self.cut, np.append(weights.W2[:, 0], [0.0])[:2], weights.b2[0])

    def settings(self) -> dict[str, str]:
        given = {"network_class": as_code(self.network_class)} if self.network_class else {}
        return given | super().settings()


def _samples(ax: Axes) -> list:
    """Squares for ones, dots for zeros; none at first."""
    look = {"markersize": 11, "markeredgecolor": "white", "linestyle": "none"}
    return [ax.plot([], [], marker=mark, color=colour, **look)[0] for mark, colour in (("s", VERMILION), ("o", BLUE))]


def _put_line(line, w: np.ndarray, b: float) -> None:
    """The line w·x + b = 0."""
    length = np.hypot(*w) or 1e-12
    foot, along = -b * w / length**2, 10 * np.array([-w[1], w[0]]) / length
    line.set_data(*np.transpose([foot - along, foot + along]))


def xor_explorer(
    network_class: Callable | None = None, *, hidden: int = 2, rate: float = 5.0, seed: int = 0, epoch: int = 0
) -> XorExplorer:
    """Watch a 2-hidden-1 network learn XOR: all four samples in every epoch, squared error, sigmoids.

    Your own `network_class(2, 1, [hidden], rng)`, the network of chapter 5, is trained where you give it, and compared
    with the course's. The explorer shows itself; what it returns has a `state`, one line of code.
    """
    start = {
        "hidden": int(number("hidden", hidden, 1, MOST_HIDDEN)),
        "rate": choice("rate", rate, RATES),
        "seed": int(number("seed", seed, 0, SEEDS)),
        "epoch": int(number("epoch", epoch, 0, MOST_EPOCHS)),
    }
    explorer = XorExplorer(network_class, **start)
    explorer.show()
    return explorer
