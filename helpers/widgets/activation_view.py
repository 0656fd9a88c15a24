"""The activation explorer: a function and its slope together, a tangent that follows z, saturation shaded."""

from collections.abc import Callable, Mapping

import ipywidgets as widgets
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from helpers import plots
from helpers.widgets.activation import COURSE, WITH_ALPHA, Activation, Curve, Z, compute, describe
from helpers.widgets.live import Explorer, LivePicture, as_code, make_room

Functions = Callable | Mapping[str, Callable] | None
BLUE, VERMILION, GREEN = (plots.COLOURS[name] for name in ("blue", "vermilion", "green"))


class ActivationExplorer(Explorer):
    """Two axes over z: the function with its tangent above, its slope below."""

    name = "activation_explorer"

    def __init__(self, own: dict[str, Activation], given: dict[str, Functions], function: str, z: float, alpha: float):
        self.own, self.given = own, given
        names = list(own) or list(COURSE)
        controls = {
            "function": widgets.Dropdown(options=names, value=function or names[0], description="function"),
            "z": widgets.FloatSlider(z, min=-6, max=6, step=0.05, description="z"),
            "alpha": widgets.FloatSlider(alpha, min=0, max=1, step=0.01, description="alpha"),
        }
        fig = self._draw()
        moving = [*self.shades, *self.compared, *self.curves, self.tangent, *self.dots]
        super().__init__(controls, LivePicture(fig, moving, self._pointed))

    def _draw(self) -> Figure:
        fig, axes = plots.figure(2, 1, width=6.4, height=4.6, sharex=True)
        both = axes[:, 0]
        for ax, label in zip(both, ("f(z)", "slope of f")):
            ax.axhline(0, color=plots.FRAME, linewidth=0.8, linestyle="-")
            ax.axvline(0, color=plots.FRAME, linewidth=0.8, linestyle="-")
            ax.set(xlim=(Z[0], Z[-1]), ylim=(-1, 1), ylabel=label)
        both[0].set_title("function, its tangent at z (dotted): drag it")
        both[1].set(xlabel="z, the weighted sum")
        self.axes = both
        self.curves = [ax.plot(Z, Z, color=BLUE, linestyle="-")[0] for ax in both]
        self.compared = [ax.plot(Z, Z, color=VERMILION, linestyle="--")[0] for ax in both]
        self.tangent = both[0].plot(Z, Z, color=GREEN, linestyle=":")[0]
        self.dots = [ax.plot([0], [0], "o", color=GREEN)[0] for ax in both]
        self.shades = [_shade(ax) for ax in both]
        return fig

    def update(self) -> tuple[list[str], str]:
        name, z, alpha = (self.controls[k].value for k in ("function", "z", "alpha"))
        self.controls["alpha"].layout.display = None if name in WITH_ALPHA else "none"
        curves = compute(name, z, alpha, self.own.get(name))
        for line in (*self.curves, self.tangent, *self.dots):
            line.set_visible(curves.shown is not None)
        for line in self.compared:
            line.set_visible(curves.compared is not None)
        if curves.compared is not None:
            _put(self.compared, curves.compared)
        if curves.shown is not None:
            self._put_curve(curves.shown, z)
        dashed = " Yours is the solid curve, the course's the dashed one." if curves.compared else ""
        return describe(name, z, curves), curves.problem + dashed

    def _pointed(self, ax: Axes, x: float, y: float) -> None:
        self.controls["z"].value = round(min(max(x, -6.0), 6.0), 2)

    def settings(self) -> dict[str, str]:
        return {name: as_code(value) for name, value in self.given.items()} | super().settings()

    def _put_curve(self, curve: Curve, z: float) -> None:
        _put(self.curves, curve)
        self.tangent.set_ydata(curve.y_at + curve.slope_at * (Z - z))
        for dot, height in zip(self.dots, (curve.y_at, curve.slope_at)):
            dot.set_data([z], [height])
        for ax, values in zip(self.axes, (curve.y, curve.slope)):
            make_room(ax, values)
        for shade in self.shades:
            shade.set_verts(_strips(curve.saturated))


def _put(lines: list[Line2D], curve: Curve) -> None:
    for line, heights in zip(lines, (curve.y, curve.slope)):
        line.set_ydata(heights)


def _shade(ax: Axes) -> PolyCollection:
    """Grey strips behind an axes; none at first."""
    strips = PolyCollection([], facecolor=plots.INK, alpha=0.15, transform=ax.get_xaxis_transform())
    return ax.add_collection(strips, autolim=False)


def _strips(where: np.ndarray) -> list[list[tuple[float, float]]]:
    """The stretches of Z where `where` is true, as rectangles from the bottom of an axes, 0, to its top, 1."""
    edges = np.flatnonzero(np.diff(where, prepend=False, append=False))
    ends = zip(Z[edges[::2]], Z[edges[1::2] - 1])
    return [[(low, 0), (low, 1), (high, 1), (high, 0)] for low, high in ends]


def activation_explorer(
    f: Functions = None, f_grad: Functions = None, *, function: str = "", z: float = 1.0, alpha: float = 0.1
) -> ActivationExplorer:
    """Explore activation functions: the course's, or your own `f` with its derivative `f_grad` (or dicts by name).

    Your functions are called with an array z, and with alpha where the course's function of that name has one; where
    no derivative is given, the slope is measured. `function`, `z` and `alpha` are where the controls start. The
    explorer shows itself; what it returns has a `state`, one line of code.
    """
    fs = named(f)
    grads = dict(f_grad) if isinstance(f_grad, Mapping) else dict.fromkeys(fs, f_grad)
    own = {name: Activation(name, one, grads.get(name)) for name, one in fs.items()}
    known = list(own) or list(COURSE)
    if function and function not in known:
        raise ValueError(f"There is no function {function!r} here; choose one of {', '.join(known)}.")
    given = {"f": f, "f_grad": f_grad} if own else {}
    explorer = ActivationExplorer(own, given, function, min(max(z, -6.0), 6.0), min(max(alpha, 0.0), 1.0))
    explorer.show()
    return explorer


def named(f: Functions) -> dict[str, Callable]:
    """Functions by name: those of a mapping, or the one, called "f" where it has no name."""
    if f is None or isinstance(f, Mapping):
        return dict(f or {})
    name = getattr(f, "__name__", "f")
    return {name if name.isidentifier() else "f": f}
