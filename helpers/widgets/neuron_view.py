"""The neuron explorer: samples in a plane, the line that a neuron draws, its activation, and the perceptron rule."""

from collections.abc import Callable, Sequence

import ipywidgets as widgets
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

from helpers import plots
from helpers.widgets.activation_view import Functions, named
from helpers.widgets.live import Explorer, LivePicture, as_code, choice, number
from helpers.widgets.neuron import (
    COURSE,
    HIGH,
    LOW,
    MOST,
    TABLES,
    Neuron,
    Samples,
    Z,
    compute,
    describe,
    learn,
    lesson_in_words,
)

OWN = "your own"
HEIGHTS = -1.2, 2.4  # of the activation; what is higher is drawn at the edge
SHOWN = 12  # epochs
NARROW = {"width": "190px"}
LIMIT = 5.0  # of weights and bias on their sliders
BLUE, VERMILION, GREEN = (plots.COLOURS[name] for name in ("blue", "vermilion", "green"))
SAMPLE, EPOCH, ZERO = "next sample", "whole epoch", "weights to 0"
ADD_ONE, ADD_ZERO, REMOVE = "add a 1 at ×", "add a 0 at ×", "take the nearest away"


class NeuronExplorer(Explorer):
    """The plane of both inputs on the left, the activation over the sum on the right."""

    name = "neuron_explorer"
    rows = (
        ("points", "activation"),
        ("w1", "w2", "b"),
        ("rate", SAMPLE, EPOCH, ZERO),
        ("x1", "x2", ADD_ONE, ADD_ZERO, REMOVE),
    )

    def __init__(self, own: dict[str, Callable | None], f: Functions, samples: Samples, **start) -> None:
        self.own, self.given, self.fs = own, f, named(f)
        self.samples, self.sample, self.mistakes, self.lesson = samples, start["sample"], start["mistakes"], ("", "")
        names = [*self.fs, *(name for name in COURSE if name not in self.fs)]
        activation = choice("activation", start["activation"] or names[0], names)
        controls = {
            "points": widgets.Dropdown(
                options=[*TABLES, OWN], value=start["points"], description="points", layout=NARROW
            ),
            "activation": widgets.Dropdown(options=names, value=activation, description="activation", layout=NARROW),
            **{name: _slider(name, start[name], -LIMIT, LIMIT, 0.05) for name in ("w1", "w2", "b")},
            "rate": _slider("rate", start["rate"], 0.05, 2.0, 0.05),
            **{name: _slider(name, start[name], LOW, HIGH, 0.05) for name in ("x1", "x2")},
        }
        controls["points"].observe(self._points_chosen, names="value")
        for name in ("w1", "w2", "b"):
            controls[name].observe(lambda change: self._busy or self._forget(), names="value")
        buttons = {
            SAMPLE: self._next_sample,
            EPOCH: self._whole_epoch,
            ZERO: lambda: self._put_weights(np.zeros(3), forget=True),
            ADD_ONE: lambda: self._add(1),
            ADD_ZERO: lambda: self._add(0),
            REMOVE: lambda: self._put_samples(self.samples.without_nearest(self._at)),
        }
        fig = self._draw()
        moving = [self.plane, self.line, self.arrow, *self.dots, *self.rings, *self.crosses, self.curve, *self.marks]
        moving.sort(key=lambda artist: artist.get_zorder())
        super().__init__(controls, LivePicture(fig, moving, self._pointed), buttons)

    def _draw(self) -> Figure:
        fig, axes = plots.figure(1, 2, width=9.2, height=4.0, width_ratios=[1, 1.15])
        left, right = axes[0]
        left.set(
            xlim=(LOW, HIGH),
            ylim=(LOW, HIGH),
            aspect="equal",
            xlabel="input x1",
            ylabel="input x2",
            xticks=range(-1, 3),
            yticks=range(-1, 3),
        )
        left.set_title("squares should be 1, dots 0")
        look = {"cmap": plots.SIGNED, "vmin": -3.5, "vmax": 3.5, "origin": "lower", "extent": (LOW, HIGH, LOW, HIGH)}
        self.plane = left.imshow(np.zeros((2, 2)), zorder=1, **look)
        self.line = left.plot([0, 1], [0, 1], color=plots.INK, linestyle="-", zorder=2)[0]
        self.arrow = FancyArrowPatch((0, 0), (1, 1), arrowstyle="-|>", mutation_scale=16, color=plots.INK, zorder=2)
        left.add_patch(self.arrow)
        right.axhline(0, color=plots.FRAME, linewidth=0.8, linestyle="-")
        right.axvline(0, color=plots.FRAME, linewidth=0.8, linestyle="-")
        right.set(xlim=(Z[0], Z[-1]), ylim=HEIGHTS, xlabel="z = w1·x1 + w2·x2 + b", ylabel="what it sends, f(z)")
        right.set_title("the same samples by their sum z")
        self.curve = right.plot(Z, Z, color=GREEN, linestyle="-", zorder=2)[0]
        self.axes = left, right
        self.dots, self.marks = (_pair(ax) for ax in self.axes)
        ring = {"color": plots.INK, "fillstyle": "none", "markersize": 20, "markeredgewidth": 1.5, "zorder": 4}
        self.rings = [ax.plot([], [], "o", **ring)[0] for ax in self.axes]
        cross = {"color": plots.INK, "markersize": 11, "markeredgewidth": 3, "zorder": 5}
        self.crosses = [ax.plot([0], [0], "x", **cross)[0] for ax in self.axes]
        return fig

    @property
    def weights(self) -> np.ndarray:
        """(w1, w2, b)."""
        return np.array([self.controls[name].value for name in ("w1", "w2", "b")])

    @property
    def _at(self) -> tuple[float, float]:
        return self.controls["x1"].value, self.controls["x2"].value

    # --- what is pressed ---------------------------------------------------------------------------------------------

    def _pointed(self, ax: Axes, x: float, y: float) -> None:
        if ax is self.axes[0]:
            with self.together():
                for name, value in zip(("x1", "x2"), (x, y)):
                    self.controls[name].value = round(min(max(value, LOW), HIGH), 2)

    def _points_chosen(self, change) -> None:
        if change["new"] in TABLES:
            self.samples = Samples.table(change["new"])
            self._forget()

    def _forget(self) -> None:
        """Learning starts anew, with the first sample."""
        self.sample, self.mistakes, self.lesson = 0, [0], ("", "")

    def _put_samples(self, samples: Samples) -> None:
        self.samples = samples
        self._forget()
        with self.together():
            self.controls["points"].value = OWN

    def _add(self, label: int) -> None:
        if len(self.samples.y) < MOST:
            self._put_samples(self.samples.plus(self._at, label))

    def _put_weights(self, weights: np.ndarray, forget: bool = False) -> None:
        with self.together():
            for name, value in zip(("w1", "w2", "b"), weights):
                slider = self.controls[name]
                slider.min, slider.max = min(slider.min, value), max(slider.max, value)
                slider.value = float(value)
            if forget:
                self._forget()

    def _next_sample(self) -> None:
        if not len(self.samples.y):
            return
        x, label = self.samples.x[self.sample], int(self.samples.y[self.sample])
        words = lesson_in_words(x, label, self.weights, self.controls["rate"].value)
        self._learn(slice(self.sample, self.sample + 1), words)

    def _whole_epoch(self) -> None:
        if len(self.samples.y):
            self._learn(slice(self.sample, None), "")

    def _learn(self, part: slice, words: str) -> None:
        """Pass over a part of the samples; after the last of them a new epoch begins."""
        passed = Samples(self.samples.x[part], self.samples.y[part])
        lesson = learn(passed, self.weights, self.controls["rate"].value, self.own["fit"])
        self.mistakes[-1] += lesson.mistakes
        self.sample += len(passed.y)
        words = (
            words or f"Epoch {len(self.mistakes)} is over: {lesson.mistakes} mistakes in these {len(passed.y)} samples."
        )
        self.lesson = words, lesson.problem
        if self.sample >= len(self.samples.y):
            self.sample, self.mistakes = 0, [*self.mistakes, 0]
        self._put_weights(lesson.w)

    # --- what is seen ------------------------------------------------------------------------------------------------

    def update(self) -> tuple[list[str], str]:
        (w, b), name, at = (self.weights[:2], self.weights[2]), self.controls["activation"].value, self._at
        own = {"weighted_sum": self.own["weighted_sum"], "f": self.fs.get(name)}
        neuron = compute(w, b, name, self.samples, at, **own)
        self._put_line(w, b)
        self._put_neuron(neuron, at)
        words, trouble = self.lesson
        return [*describe(w, b, name, self.samples, at, neuron), words, self._epochs()], neuron.problem or trouble

    def _epochs(self) -> str:
        done, running = self.mistakes[:-1], self.mistakes[-1]
        if not done and not self.sample:
            return ""
        earlier = "…, " if len(done) > SHOWN else ""
        text = f"Mistakes per epoch: {earlier}{', '.join(map(str, done[-SHOWN:])) or 'none finished yet'}."
        if self.sample:
            text += f" In epoch {len(self.mistakes)}, after {self.sample} of {len(self.samples.y)} samples: {running}."
        return text + (" An epoch without a mistake: it has learned all it can." if done and done[-1] == 0 else "")

    def _put_line(self, w: np.ndarray, b: float) -> None:
        length = np.hypot(*w)
        for artist in (self.line, self.arrow):
            artist.set_visible(bool(length))
        if length:
            foot, along = -b * w / length**2, 10 * np.array([-w[1], w[0]]) / length
            self.line.set_data(*np.transpose([foot - along, foot + along]))
            self.arrow.set_positions(foot, foot + 0.5 * w / length)

    def _put_neuron(self, neuron: Neuron, at: tuple[float, float]) -> None:
        self.plane.set_data(neuron.sent / (np.abs(neuron.sent).max() or 1.0))
        wrong = neuron.wrong(self.samples)
        shown, out = np.clip(neuron.z, Z[0], Z[-1]), np.clip(neuron.out, *HEIGHTS)
        for label, dots, marks in zip((1, 0), self.dots, self.marks):
            of = self.samples.y == label
            dots.set_data(*self.samples.x[of].T)
            marks.set_data(shown[of], out[of])
        self.rings[0].set_data(*self.samples.x[wrong].T)
        self.rings[1].set_data(shown[wrong], out[wrong])
        self.crosses[0].set_data([at[0]], [at[1]])
        self.crosses[1].set_data([np.clip(neuron.z_at, Z[0], Z[-1])], [np.clip(neuron.out_at, *HEIGHTS)])
        self.curve.set_ydata(neuron.curve)

    def settings(self) -> dict[str, str]:
        given = {"weighted_sum": self.own["weighted_sum"], "f": self.given, "fit": self.own["fit"]}
        controls = super().settings()
        if self.controls["points"].value == OWN:
            controls["points"] = repr(self.samples.rows())
        if self.sample or len(self.mistakes) > 1:
            controls |= {"sample": repr(self.sample), "mistakes": repr(self.mistakes)}
        return {name: as_code(value) for name, value in given.items() if value} | controls


def _slider(name: str, value: float, low: float, high: float, step: float) -> widgets.FloatSlider:
    return widgets.FloatSlider(
        value, min=min(low, value), max=max(high, value), step=step, description=name, layout={"width": "230px"}
    )


def _pair(ax: Axes) -> list:
    """Squares for ones, dots for zeros; none at first."""
    looks = (("s", VERMILION), ("o", BLUE))
    return [
        ax.plot([], [], mark, color=colour, markersize=11, markeredgecolor="white", zorder=3)[0]
        for mark, colour in looks
    ]


def neuron_explorer(
    weighted_sum: Callable | None = None,
    f: Functions = None,
    fit: Callable | None = None,
    *,
    points: str | Sequence[Sequence[float]] = "OR",
    activation: str = "",
    w1: float = 1.0,
    w2: float = 1.0,
    b: float = -1.5,
    rate: float = 1.0,
    x1: float = 0.5,
    x2: float = 1.0,
    sample: int = 0,
    mistakes: Sequence[int] = (0,),
) -> NeuronExplorer:
    """Explore one neuron with two inputs: its line, its activation, and the perceptron rule, sample by sample.

    Your own functions do the work where you give them: `weighted_sum(x, w, b)`, activations `f(z)` (one, or a dict by
    name) and `fit(X, y, learning_rate, epochs, w0)`, a perceptron. `points` is OR, AND, XOR, or rows (x1, x2, label).
    `sample` comes next, after so many `mistakes` per epoch. The explorer shows itself; what it returns has a `state`.
    """
    preset = points if isinstance(points, str) else OWN
    samples = Samples.table(choice("table", points, TABLES)) if isinstance(points, str) else Samples.of(points)
    weights = {name: number(name, value, -1e6, 1e6) for name, value in (("w1", w1), ("w2", w2), ("b", b))}
    start = {
        "points": preset,
        "activation": activation,
        **weights,
        "rate": number("rate", rate, 0.05, 2.0),
        "x1": number("x1", x1, LOW, HIGH),
        "x2": number("x2", x2, LOW, HIGH),
        "sample": int(number("sample", sample, 0, max(len(samples.y) - 1, 0))),
        "mistakes": [int(m) for m in mistakes] or [0],
    }
    explorer = NeuronExplorer({"weighted_sum": weighted_sum, "fit": fit}, f, samples, **start)
    explorer.show()
    return explorer
