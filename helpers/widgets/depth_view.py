"""The depth explorer: a signal on its way through many layers, a correction on its way back, and the dead units."""

from collections.abc import Callable, Mapping

import ipywidgets as widgets
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers import plots
from helpers.widgets.activation_view import Functions, named
from helpers.widgets.depth import (
    COMPARED,
    COURSE,
    DEEPEST,
    PLAIN,
    SCHEMES,
    WIDTHS,
    Network,
    Run,
    corrections,
    count_dead,
    describe,
    forward,
)
from helpers.widgets.live import Explorer, LivePicture, as_code, choice, number

LAYERS = np.arange(1, DEEPEST + 1)
LIMITS = 1e-7, 1e5  # of the logarithmic axes
BINS = 60
NARROW = {"width": "220px"}
COLOURS = [plots.COLOURS[name] for name in ("green", "purple", "vermilion", "blue")]


class DepthExplorer(Explorer):
    """Spread and correction over the layers on the left; one layer's activations and all dead units on the right."""

    name = "depth_explorer"
    rows = (("activation", "scheme", "width"), ("depth", "layer"), ("bias", "seed"))

    def __init__(self, own: dict[str, Callable | None], given: dict[str, Functions], **start) -> None:
        self.own, self.given = own, given
        self.fs = named(given["f"])
        grads = given["f_grad"]
        self.grads = dict(grads) if isinstance(grads, Mapping) else dict.fromkeys(self.fs, grads)
        self._computed: tuple = ()
        names = list(self.fs) or list(COURSE)
        name = choice("activation", start["activation"] or names[0], names)
        depth = start["depth"]
        controls = {
            "activation": widgets.Dropdown(options=names, value=name, description="activation", layout=NARROW),
            "scheme": widgets.Dropdown(
                options=[*SCHEMES, *PLAIN], value=start["scheme"], description="weights", layout=NARROW
            ),
            "width": widgets.Dropdown(options=WIDTHS, value=start["width"], description="units", layout=NARROW),
            "depth": widgets.IntSlider(depth, min=1, max=DEEPEST, description="layers"),
            "layer": widgets.IntSlider(min(start["layer"], depth), min=1, max=depth, description="look at layer"),
            "bias": widgets.FloatSlider(start["bias"], min=-3, max=3, step=0.1, description="bias of every unit"),
            "seed": widgets.IntSlider(start["seed"], min=0, max=20, description="seed"),
        }
        fig = self._draw()
        moving = [*self.compared, self.spread, self.flow, self.heights, self.dead, *self.here]
        super().__init__(controls, LivePicture(fig, moving, self._pointed))

    def _draw(self) -> Figure:
        fig, axes = plots.figure(2, 2, width=9.2, height=4.8, width_ratios=[1.5, 1])
        (top, histogram), (bottom, dead) = axes
        for ax, title in (
            (top, "spread of the signal, layer by layer"),
            (bottom, "size of a correction on its way back"),
        ):
            ax.set(xlim=(0, DEEPEST + 1), ylim=LIMITS, yscale="log", title=title)
            ax.axhline(1, color=plots.FRAME, linewidth=0.8, linestyle="-")
        bottom.set(xlabel="layer")
        histogram.set(xlim=(-2, 2), ylim=(0, 1), title="activations of one layer", ylabel="share")
        dead.set(xlim=(0, DEEPEST + 1), ylim=(-0.03, 1.03), title="dead units", xlabel="layer", ylabel="share")
        dashes = plots.DASHES[1:5]
        self.compared = [
            top.plot(LAYERS, LAYERS, color=colour, linestyle=dash, linewidth=1.5, label=name)[0]
            for name, colour, dash in zip(COMPARED, COLOURS, dashes)
        ]
        chosen = {"color": plots.INK, "linestyle": "-", "marker": "o", "markersize": 3}
        self.spread = top.plot(LAYERS, LAYERS, label="chosen", **chosen)[0]
        self.flow = bottom.plot(LAYERS, LAYERS, **chosen)[0]
        top.legend(ncols=5, fontsize=8, handlelength=2.2, columnspacing=1, loc="upper left", frameon=False)
        edges = np.linspace(-2, 2, BINS + 1)
        self.heights = histogram.stairs(np.zeros(BINS), edges, fill=True, color=plots.COLOURS["blue"])
        self.dead = dead.plot(LAYERS, LAYERS, **chosen)[0]
        look = {"color": plots.COLOURS["vermilion"], "linestyle": ":", "linewidth": 2}
        self.here = [ax.axvline(1, **look) for ax in (top, bottom, dead)]
        self.axes, self.edges = (top, bottom, dead), edges
        return fig

    def _pointed(self, ax: Axes, x: float, y: float) -> None:
        if ax in self.axes:
            self.controls["layer"].value = min(max(round(x), 1), self.controls["depth"].value)

    def update(self) -> tuple[list[str], str]:
        name, scheme, width, depth, _, bias, seed = (control.value for control in self.controls.values())
        self.controls["layer"].max = depth
        layer = self.controls["layer"].value
        network = Network(name, scheme, width, round(bias, 6), seed)
        if not self._computed or self._computed[0] != network:
            self._computed = network, *forward(network, self.fs.get(name), self.own["initial_weights"])
        _, runs, problem = self._computed
        run = runs[scheme]
        flow, slopes_wrong = corrections(run, depth, name, self.grads.get(name))
        dead, count_wrong = count_dead(run.out[layer - 1], self.own["dead_fraction"])
        self._put(runs, run, depth, layer, flow)
        return describe(network, run, depth, layer, flow, dead), problem or slopes_wrong or count_wrong

    def _put(self, runs: dict[str, Run], run: Run, depth: int, layer: int, flow: np.ndarray) -> None:
        shown = LAYERS[:depth]
        for line, scheme in zip(self.compared, COMPARED.values()):
            line.set_data(shown, np.clip(runs[scheme].spread[:depth], *LIMITS))
        self.spread.set_data(shown, np.clip(run.spread[:depth], *LIMITS))
        self.flow.set_data(shown, np.clip(flow, *LIMITS))
        self.dead.set_data(shown, run.dead[:depth])
        for line in self.here:
            line.set_xdata([layer, layer])
        out = run.out[layer - 1]
        counts = np.histogram(np.clip(out, -2, 2), self.edges)[0]
        self.heights.set_data(counts / out.size)

    def settings(self) -> dict[str, str]:
        given = {**self.given, **self.own}
        return {name: as_code(value) for name, value in given.items() if value} | super().settings()


def depth_explorer(
    f: Functions = None,
    f_grad: Functions = None,
    initial_weights: Callable | None = None,
    dead_fraction: Callable | None = None,
    *,
    activation: str = "",
    scheme: str = "he_normal",
    width: int = 64,
    depth: int = 20,
    layer: int = 1,
    bias: float = 0.0,
    seed: int = 0,
) -> DepthExplorer:
    """Explore what becomes of a signal, and of a correction, in up to 50 layers that have learned nothing.

    Your own activations `f(z)` and their derivatives `f_grad(z)` (one, or dicts by name), `initial_weights(scheme,
    fan_in, fan_out, rng)` and `dead_fraction(activations)` are used where you give them. The explorer shows itself;
    what it returns has a `state`, one line of code.
    """
    start = {
        "activation": activation,
        "scheme": choice("scheme", scheme, [*SCHEMES, *PLAIN]),
        "width": choice("width", width, WIDTHS),
        "depth": int(number("depth", depth, 1, DEEPEST)),
        "layer": int(number("layer", layer, 1, DEEPEST)),
        "bias": number("bias", bias, -3.0, 3.0),
        "seed": int(number("seed", seed, 0, 20)),
    }
    own = {"initial_weights": initial_weights, "dead_fraction": dead_fraction}
    explorer = DepthExplorer(own, {"f": f, "f_grad": f_grad}, **start)
    explorer.show()
    return explorer
