"""The activation explorer: f and f' together, a tangent that follows z, saturation shaded."""

from collections.abc import Callable, Mapping
from html import escape

import ipywidgets as widgets
import numpy as np

from helpers import plots
from helpers.widgets.activation import COURSE, WITH_ALPHA, Activation, Z, compute, describe
from helpers.widgets.live import Explorer, LivePicture

Functions = Callable | Mapping[str, Callable] | None


class ActivationExplorer(Explorer):
    """Two axes over z: the function with its tangent above, its slope below."""

    name = "activation_explorer"

    def __init__(self, own: dict[str, Activation], function: str, z: float, alpha: float) -> None:
        self.own = own
        names = list(own) or list(COURSE)
        controls = {
            "function": widgets.Dropdown(options=names, value=function or names[0], description="function"),
            "z": widgets.FloatSlider(z, min=-6, max=6, step=0.05, description="z"),
            "alpha": widgets.FloatSlider(alpha, min=0, max=1, step=0.01, description="alpha"),
        }
        super().__init__(controls, LivePicture(self._draw()))

    def _draw(self):
        fig, axes = plots.figure(2, 1, width=6.4, height=4.6, sharex=True)
        upper, lower = axes[:, 0]
        blue, vermilion, green = (plots.COLOURS[c] for c in ("blue", "vermilion", "green"))
        for ax, title in ((upper, "f(z)"), (lower, "slope f '(z)")):
            ax.axhline(0, color=plots.FRAME, linewidth=0.8, linestyle="-")
            ax.axvline(0, color=plots.FRAME, linewidth=0.8, linestyle="-")
            ax.set(xlim=(Z[0], Z[-1]), ylabel=title)
        lower.set(xlabel="z, the weighted sum")
        self.curve = upper.plot(Z, Z, color=blue, linestyle="-", label="course")[0]
        self.own_curve = upper.plot(Z, Z, color=vermilion, linestyle="--", label="yours")[0]
        self.tangent = upper.plot(Z, Z, color=green, linestyle=":")[0]
        self.dot = upper.plot(0, 0, "o", color=green)[0]
        self.slope = lower.plot(Z, Z, color=blue, linestyle="-")[0]
        self.own_slope = lower.plot(Z, Z, color=vermilion, linestyle="--")[0]
        self.slope_dot = lower.plot(0, 0, "o", color=green)[0]
        self.shades = [_shade(ax) for ax in axes[:, 0]]
        upper.set_title("Shaded: saturated, the slope is nearly zero", size=10)
        return fig

    def update(self) -> None:
        name, z, alpha = (self.controls[k].value for k in ("function", "z", "alpha"))
        self.controls["alpha"].layout.visibility = "visible" if name in WITH_ALPHA else "hidden"
        curves = compute(name, z, alpha, self.own.get(name))
        _, y, slope = curves.at
        self.curve.set_ydata(curves.y)
        self.slope.set_ydata(curves.slope)
        _put(self.own_curve, curves.own_y)
        _put(self.own_slope, curves.own_slope)
        self.tangent.set_ydata(y + slope * (Z - z))
        self.dot.set_data([z], [y])
        self.slope_dot.set_data([z], [slope])
        for shade in self.shades:
            shade.set_data(curves.saturated[None].astype(float))
        _fit(self.curve.axes, curves.y)
        _fit(self.slope.axes, curves.slope)
        text = describe(name, curves)
        self.readout.value = f"<span role='status'>{escape(text)}</span>"
        self.problem.value = f"<strong>{escape(curves.problem)}</strong>" if curves.problem else ""
        self.picture.refresh(text)


def _shade(ax):
    """A strip behind an axes, grey where its values are 1."""
    place = {"extent": (Z[0], Z[-1], 0, 1), "transform": ax.get_xaxis_transform(), "zorder": 0}
    return ax.imshow(np.zeros((1, Z.size)), aspect="auto", cmap="Greys", vmin=0, vmax=4, **place)


def _put(line, values: np.ndarray | None) -> None:
    line.set_visible(values is not None)
    if values is not None:
        line.set_ydata(values)


def _fit(ax, values: np.ndarray) -> None:
    finite = values[np.isfinite(values)]
    low, high = (finite.min(initial=0.0), finite.max(initial=0.0)) if finite.size else (0.0, 1.0)
    room = 0.1 * (high - low or 1.0)
    ax.set_ylim(max(low - room, -50), min(high + room, 50))


def activation_explorer(
    f: Functions = None, f_grad: Functions = None, *, function: str = "", z: float = 1.0, alpha: float = 0.1
) -> ActivationExplorer:
    """Explore activation functions: the course's, or your own `f` with its derivative `f_grad` (or dicts by name).

    Your functions are called with z, and with alpha where their name says that they have one. `function`, `z` and
    `alpha` are where the controls start. The explorer shows itself; what it returns has a `state`, one line of code.
    """
    fs = dict(f) if isinstance(f, Mapping) else {getattr(f, "__name__", "f"): f} if f else {}
    grads = dict(f_grad) if isinstance(f_grad, Mapping) else dict.fromkeys(fs, f_grad)
    own = {name: Activation(name, function_, grads.get(name)) for name, function_ in fs.items()}
    explorer = ActivationExplorer(own, function, z, alpha)
    explorer.show()
    return explorer
