"""The k-NN explorer: samples in a plane, the answer everywhere, who votes at one place, and what k changes."""

from collections.abc import Callable, Sequence

import ipywidgets as widgets
import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers import plots
from helpers.widgets.knn import (
    CLASSES,
    GRID,
    HIGH,
    K_MAX,
    LOW,
    MOST,
    SETS,
    Answers,
    Samples,
    compute,
    describe,
    samples_of,
    shares_right,
)
from helpers.widgets.live import Explorer, LivePicture, as_code, choice, number

OWN = "your own"
LOOKS = (("o", plots.COLOURS["blue"]), ("s", plots.COLOURS["vermilion"]), ("^", plots.COLOURS["green"]))
ADD = tuple(f"add a {label} at ×" for label in range(CLASSES))
REMOVE = "take the nearest away"
FAINT = 0.3  # how strongly the plane is coloured
NARROW = {"width": "230px"}
KS = np.arange(1, K_MAX + 1)


class KnnExplorer(Explorer):
    """The plane of both inputs on the left, right answers over k on the right."""

    name = "knn_explorer"
    rows = (("points", "k"), ("x1", "x2", *ADD, REMOVE))

    def __init__(self, own: Callable | None, samples: Samples, **start) -> None:
        self.own, self.samples, self._measured = own, samples, ()
        controls = {
            "points": widgets.Dropdown(
                options=[*SETS, OWN], value=start["points"], description="points", layout=NARROW
            ),
            "k": widgets.IntSlider(start["k"], min=1, max=K_MAX, description="k", layout={"width": "320px"}),
            **{name: _slider(name, start[name]) for name in ("x1", "x2")},
        }
        controls["points"].observe(self._points_chosen, names="value")
        buttons = {words: (lambda label=label: self._add(label)) for label, words in enumerate(ADD)}
        buttons[REMOVE] = lambda: self._put_samples(self.samples.without_nearest(self._at))
        fig = self._draw()
        moving = [self.plane, *self.dots, self.rings, self.cross, *self.curves, *self.marks]
        super().__init__(controls, LivePicture(fig, moving, self._pointed), buttons)

    def _draw(self) -> Figure:
        fig, axes = plots.figure(1, 2, width=9.2, height=4.0, width_ratios=[1, 1.15])
        left, right = axes[0]
        left.set(xlim=(LOW, HIGH), ylim=(LOW, HIGH), aspect="equal", xlabel="input x1", ylabel="input x2")
        left.set_title("class 0 ●, 1 ■, 2 ▲; ringed: who votes at ×")
        half = (GRID[1] - GRID[0]) / 2
        extent = (LOW - half, HIGH + half, LOW - half, HIGH + half)
        empty = np.ones((2, 2, 3))
        self.plane = left.imshow(empty, origin="lower", extent=extent, interpolation="nearest", zorder=1)
        self.dots = [
            left.plot([], [], mark, color=colour, markersize=8, markeredgecolor="white", zorder=3)[0]
            for mark, colour in LOOKS
        ]
        ring = {"color": plots.INK, "fillstyle": "none", "markersize": 14, "markeredgewidth": 1.5, "zorder": 4}
        self.rings = left.plot([], [], "o", **ring)[0]
        self.cross = left.plot([0], [0], "x", color=plots.INK, markersize=11, markeredgewidth=3, zorder=5)[0]
        left.set(xlim=(LOW, HIGH), ylim=(LOW, HIGH))
        right.set(xlim=(0.5, K_MAX + 0.5), ylim=(0.4, 1.03), xlabel="k", ylabel="share of right answers")
        looks = (("training", plots.COLOURS["purple"], "--"), ("fresh", plots.INK, "-"))
        self.curves = [right.plot([], [], label=name, color=c, linestyle=dash)[0] for name, c, dash in looks]
        self.marks = [right.plot([], [], "o", color=c, markersize=9)[0] for _, c, _ in looks]
        right.legend(handles=self.curves, frameon=False, handlelength=3, loc="lower left")
        self.axes = left, right
        return fig

    @property
    def _at(self) -> tuple[float, float]:
        return self.controls["x1"].value, self.controls["x2"].value

    # --- what is pressed ---------------------------------------------------------------------------------------------

    def _pointed(self, ax: Axes, x: float, y: float) -> None:
        with self.together():
            if ax is self.axes[0]:
                for name, value in zip(("x1", "x2"), (x, y)):
                    self.controls[name].value = round(min(max(value, LOW), HIGH), 2)
            else:
                self.controls["k"].value = int(min(max(round(x), 1), K_MAX))

    def _points_chosen(self, change) -> None:
        if change["new"] in SETS:
            self.samples = samples_of(change["new"])

    def _put_samples(self, samples: Samples) -> None:
        self.samples = samples
        with self.together():
            self.controls["points"].value = OWN

    def _add(self, label: int) -> None:
        if len(self.samples.y) < MOST:
            self._put_samples(self.samples.plus(self._at, label))

    # --- what is seen ------------------------------------------------------------------------------------------------

    def update(self) -> tuple[list[str], str]:
        points, k = self.controls["points"].value, self.controls["k"].value
        answers = compute(self.samples, k, self._at, self.own)
        if not self._measured or self._measured[0] != points:
            curves = None if points == OWN else shares_right(self.samples, samples_of(points, fresh=True))
            self._measured = points, curves
        self._put(answers)
        self._put_curves(self._measured[1], k)
        return describe(self.samples, k, self._at, answers, self._measured[1]), answers.problem

    def _put(self, answers: Answers) -> None:
        faint = np.array([_mixed(colour) for _, colour in LOOKS])
        self.plane.set_data(faint[answers.plane])
        for label, dots in enumerate(self.dots):
            dots.set_data(*self.samples.x[self.samples.y == label].T)
        self.rings.set_data(*self.samples.x[answers.neighbours].T)
        self.cross.set_data(*([value] for value in self._at))

    def _put_curves(self, curves: tuple[np.ndarray, np.ndarray] | None, k: int) -> None:
        for index, (line, mark) in enumerate(zip(self.curves, self.marks)):
            for artist in (line, mark):
                artist.set_visible(curves is not None)
            if curves is not None:
                line.set_data(KS, curves[index])
                mark.set_data([k], [curves[index][k - 1]])

    def settings(self) -> dict[str, str]:
        controls = super().settings()
        if self.controls["points"].value == OWN:
            controls["points"] = repr(self.samples.rows())
        return ({"knn_predict": as_code(self.own)} if self.own else {}) | controls


def _mixed(colour: str) -> np.ndarray:
    """A colour mixed with the card's."""
    strong, card = (np.array(matplotlib.colors.to_rgb(c)) for c in (colour, plots.CARD))
    return FAINT * strong + (1 - FAINT) * card


def _slider(name: str, value: float) -> widgets.FloatSlider:
    return widgets.FloatSlider(value, min=LOW, max=HIGH, step=0.05, description=name, layout=NARROW)


def knn_explorer(
    knn_predict: Callable | None = None,
    *,
    points: str | Sequence[Sequence[float]] = "three clouds",
    k: int = 1,
    x1: float = 0.0,
    x2: float = 0.0,
) -> KnnExplorer:
    """Explore k-nearest neighbours in the plane: the answer everywhere, who votes at (x1, x2), and what k changes.

    Your `knn_predict(X_train, y_train, X, k)` gives the answers where you pass it. `points` is the name of a set, or
    rows (x1, x2, class) with the classes 0, 1 and 2. The explorer shows itself; what it returns has a `state`.
    """
    named = isinstance(points, str)
    samples = samples_of(choice("set of points", points, SETS)) if named else Samples.of(points)
    start = {
        "points": points if named else OWN,
        "k": number("k", k, 1, K_MAX),
        "x1": number("x1", x1, LOW, HIGH),
        "x2": number("x2", x2, LOW, HIGH),
    }
    explorer = KnnExplorer(knn_predict, samples, **start)
    explorer.show()
    return explorer
