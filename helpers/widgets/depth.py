"""What the depth explorer computes: what becomes of a signal, and of a correction, in many layers."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from helpers import kernels
from helpers.widgets.student import as_floats, ask, call, name_of

SAMPLES, DEEPEST = 50, 50
WIDTHS = (16, 32, 64)
SCHEMES = ("he_normal", "he_uniform", "lecun_normal", "lecun_uniform", "glorot_normal", "glorot_uniform")
PLAIN = {"std 1": 1.0, "std 0.01": 0.01}  # normal weights of one size, however many inputs
COMPARED = {"He": "he_normal", "LeCun, Glorot": "lecun_normal", **{name: name for name in PLAIN}}
COURSE: dict[str, tuple[Callable, Callable]] = {
    name: (getattr(kernels, name), getattr(kernels, f"{name}_grad"))
    for name in ("relu", "leaky_relu", "elu", "tanh", "sigmoid")
}
STEP = 1e-5  # of the slope measured where no derivative is given
TOLERANCE = 0.05  # of the spread of the learner's weights


@dataclass(frozen=True)
class Network:
    """The layers before anything is learned; `name` is the activation's, every unit has the same bias."""

    name: str
    scheme: str
    width: int
    bias: float
    seed: int


@dataclass(frozen=True)
class Run:
    """A signal through `DEEPEST` layers: z and activations, (layers, samples, width), and what was done to them."""

    weights: np.ndarray  # (layers, width, width)
    z: np.ndarray
    out: np.ndarray

    @cached_property
    def spread(self) -> np.ndarray:
        """The standard deviation of the activations after every layer, (layers,)."""
        return self.out.std(axis=(1, 2))

    @cached_property
    def dead(self) -> np.ndarray:
        """The share of units that are 0 for every sample, per layer, (layers,)."""
        return (self.out == 0).all(axis=1).mean(axis=1)


def std_of(scheme: str, width: int) -> float:
    """The standard deviation that a scheme gives to the weights between two layers of `width` units."""
    return PLAIN.get(scheme) or ((2 if scheme.startswith("he") else 1) / width) ** 0.5


def forward(
    network: Network, f: Callable | None = None, initial_weights: Callable | None = None
) -> tuple[dict[str, Run], str]:
    """The signal through the network and through those with the weights of `COMPARED`, by scheme; and what is wrong.

    The learner's own functions are used, or the course's where those do not work: `f(z)` -> the shape of z, (samples,
    units); `initial_weights(scheme, fan_in, fan_out, rng)` -> (fan_in, fan_out), for the network's own scheme.
    """
    schemes = list(dict.fromkeys([network.scheme, *COMPARED.values()]))
    weights = np.stack([_course_weights(network, scheme) for scheme in schemes])
    problem, course = "", COURSE.get(network.name)
    if initial_weights is not None and network.scheme in SCHEMES:
        own, problem = _own_weights(initial_weights, network)
        weights[0] = weights[0] if own is None else own
    layers, trouble = None, ""
    if f is not None:
        layers, trouble = call(_through, f, weights, network, name=name_of(f))
        layers, trouble = layers or (None, trouble)
        trouble = f"{trouble} You see the course's instead." if trouble and course else trouble
    if layers is None:
        layers, _ = _through(course[0] if course else np.zeros_like, weights, network)
    runs = {scheme: Run(w, z, out) for scheme, w, z, out in zip(schemes, weights, *layers)}
    return runs, problem or trouble


def _through(f: Callable, weights: np.ndarray, network: Network) -> tuple[np.ndarray | None, str]:
    """z and activations, (2, schemes, layers, samples, width), or None and what is wrong with f.

    All schemes go through a layer together, as one batch: a call per layer is what this costs.
    """
    signal = np.random.default_rng(network.seed + 1).standard_normal((SAMPLES, network.width))
    layers = np.empty((2, *weights.shape[:2], *signal.shape))
    for layer in range(DEEPEST):
        z = signal @ weights[:, layer] + network.bias
        rows = z.reshape(-1, network.width)
        values, problem = as_floats(f(rows.copy()), name_of(f), rows.shape)
        if values is None or np.isnan(values).any():
            return None, problem or f"{name_of(f)} gives nan for numbers as large as {np.abs(z).max():.3g}."
        signal = values.reshape(z.shape)
        layers[0, :, layer], layers[1, :, layer] = z, signal
    return layers, ""


@lru_cache(maxsize=4)
def _draws(kind: str, width: int, seed: int) -> np.ndarray:
    """Weights of standard deviation 1 for all layers."""
    rng = np.random.default_rng(seed)
    shape = (DEEPEST, width, width)
    return rng.uniform(-(3**0.5), 3**0.5, shape) if kind == "uniform" else rng.standard_normal(shape)


def _course_weights(network: Network, scheme: str) -> np.ndarray:
    kind = "uniform" if scheme.endswith("uniform") else "normal"
    return std_of(scheme, network.width) * _draws(kind, network.width, network.seed)


def _own_weights(initial_weights: Callable, network: Network) -> tuple[np.ndarray | None, str]:
    """The learner's weights for all layers and, where their spread is not the scheme's, the sentence that says so."""
    rng, name, size = np.random.default_rng(network.seed), name_of(initial_weights), (network.width, network.width)
    drawn, problem = call(lambda: [initial_weights(network.scheme, *size, rng) for _ in range(DEEPEST)], name=name)
    for weights in drawn or ():
        problem = problem or as_floats(weights, name, size)[1]
    if problem:
        return None, f"{problem} You see the course's weights instead."
    own, wanted = np.array(drawn, dtype=np.float64), std_of(network.scheme, network.width)
    if not abs(own.std() / wanted - 1) < TOLERANCE:
        problem = f"Your {name} gives {network.scheme} the spread {own.std():.4g}, where {wanted:.4g} was expected."
    return (own if np.isfinite(own).all() else None), problem


def corrections(run: Run, depth: int, name: str, f_grad: Callable | None = None) -> tuple[np.ndarray, str]:
    """The size of a correction at the outputs of layers 1 to `depth`, as a share of what came to the last, (depth,).

    Without a derivative of the learner's or the course's, there is none: nan.
    """
    slope, problem = COURSE[name][1] if name in COURSE else None, ""
    if f_grad is not None:
        slopes, problem = ask(f_grad, run.z[:depth], shape=run.z[:depth].shape)
        slope = slope if slopes is None else lambda z: slopes
    if slope is None:
        return np.full(depth, np.nan), problem
    slopes = slope(run.z[:depth])
    flow = np.random.default_rng(0).standard_normal(run.z[0].shape)
    sizes = [flow.std()]
    for w, at in zip(run.weights[depth - 1 : 0 : -1], slopes[:0:-1]):
        flow = (flow * at) @ w.T
        sizes.append(flow.std())
    return np.array(sizes[::-1]) / sizes[0], problem


def count_dead(out: np.ndarray, dead_fraction: Callable | None) -> tuple[float, str]:
    """The share of dead units in activations (samples, units), by the learner's function where it is given."""
    right = float((out == 0).all(axis=0).mean())
    if dead_fraction is None:
        return right, ""
    own, problem = ask(dead_fraction, out, shape=())
    if own is None:
        return right, problem
    if not abs(own - right) < 1e-9:
        problem = f"Your {name_of(dead_fraction)} is {float(own):.4g} here, where {right:.4g} was expected."
    return float(own), problem


def describe(network: Network, run: Run, depth: int, layer: int, flow: np.ndarray, dead: float) -> list[str]:
    """The picture in words."""
    spread, out = run.spread, run.out[layer - 1]
    kept = spread[depth - 1] / spread[0] if spread[0] else 0.0
    lines = [
        f"{network.name}, {network.scheme}: the spread after layer 1 is {spread[0]:.3g}, after layer {depth} "
        f"{spread[depth - 1]:.3g}; {_verdict(kept)}",
        f"Layer {layer}: mean {out.mean():.3g}, spread {spread[layer - 1]:.3g}; "
        f"{round(dead * network.width)} of {network.width} units are dead, 0 for all {SAMPLES} samples.",
    ]
    if np.isfinite(flow).all() and depth > 1:
        lines.append(
            f"Of a correction of size 1 at layer {depth}, {flow[0]:.3g} arrives at layer 1; {_verdict(flow[0])}"
        )
    return lines


def _verdict(kept: float) -> str:
    if kept > 10:
        return "it explodes."
    if kept < 0.1:
        return "it vanishes."
    return "it gets through."
