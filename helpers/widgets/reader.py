"""A trained network as explorers see it: pictures go in, class probabilities and feature maps come out, or a sentence.

A network is the course's `Sequential`, a Keras model, a learner's own class with `forward`, or a plain function from
prepared pictures to scores. None of them is changed; what a layer keeps for its way back is overwritten.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from helpers import kernels
from helpers.widgets.student import as_floats, call, name_of

AT_ONCE = 100  # pictures in one call, each with its own time limit
LENET_SHAPES = (4, 1, 4, 1, 2, 1, 2, 1)  # ranks of the eight arrays of a LeNet, weights and biases in turn


@dataclass(frozen=True)
class Step:
    """One layer: its name, what it does to a batch, and its weights where it has some."""

    name: str
    function: Callable
    weights: np.ndarray | None = None


@dataclass(frozen=True)
class Seen:
    """What a layer puts out for one picture: (height, width, channels), or (units,).

    The weights are those that made its channels; an activation or a pool shows those of the layer before it.
    """

    name: str
    values: np.ndarray
    weights: np.ndarray | None = None


class Reader:
    """A network with what has to be done to pictures before it sees them.

    `prepare` turns pictures (batch, height, width) as the data set holds them into what the network takes; left out,
    they get a channel axis.
    """

    def __init__(self, network: Any, prepare: Callable | None = None, class_names: Sequence[str] = ()) -> None:
        if not hasattr(network, "forward") and not callable(network):
            raise ValueError(
                f"network must be a network with forward, a Keras model or a function from pictures to scores, not a "
                f"{type(network).__name__}."
            )
        self.network, self.prepare, self.class_names = network, prepare, tuple(map(str, class_names))
        self.name = f"{type(network).__name__}.forward" if hasattr(network, "forward") else name_of(network)

    def prepared(self, pictures: np.ndarray) -> tuple[Any, str]:
        """The pictures as the network takes them, or None and what went wrong."""
        if self.prepare is None:
            x, problem = pictures[..., None], ""
        else:
            x, problem = call(self.prepare, pictures, name="prepare")
        dtype = getattr(
            self.network, "dtype", None
        )  # the course's networks and Keras's have one, others compute in any
        return (x.astype(dtype) if isinstance(dtype, str) and isinstance(x, np.ndarray) else x), problem

    def scores(self, pictures: np.ndarray) -> tuple[np.ndarray | None, str]:
        """What the network says, (batch, classes), or None and the sentence that says what is wrong with it."""
        parts = []
        for start in range(0, len(pictures), AT_ONCE):
            some = pictures[start : start + AT_ONCE]
            x, problem = self.prepared(some)
            value, problem = (None, problem) if problem else call(self._run, x, name=self.name)
            if not problem:
                shape = np.shape(value)
                wanted = (len(some), len(self.names(shape[-1] if len(shape) == 2 else 10)))
                value, problem = as_floats(value, self.name, wanted)
            if not problem and not np.isfinite(value).all():
                problem = f"{self.name} returned scores that are nan or infinite."
            if problem:
                return None, problem
            parts.append(value)
        return np.concatenate(parts), ""

    def probabilities(self, pictures: np.ndarray) -> tuple[np.ndarray | None, str]:
        """The scores as shares, (batch, classes); outputs that lie between 0 and 1 already stay as they are."""
        scores, problem = self.scores(pictures)
        return (None, problem) if problem else (as_shares(scores), "")

    def names(self, count: int) -> tuple[str, ...]:
        """What the classes are called: numbers where nobody has named them."""
        return self.class_names or tuple(map(str, range(count)))

    def look_inside(self, picture: np.ndarray) -> tuple[list[Seen], str]:
        """What every layer puts out for one picture (height, width); the last of them are the scores."""
        steps = steps_of(self.network)
        if not steps:
            return [], f"{self.name} shows no layers: give the network itself to see its feature maps."
        x, problem = self.prepared(picture[None])
        return ([], problem) if problem else _walk(steps, x)

    def _run(self, x: Any) -> Any:
        network = self.network
        if hasattr(network, "forward"):
            return network.forward(x)
        return _array(network(x)) if hasattr(network, "layers") else network(x)


def as_shares(scores: np.ndarray) -> np.ndarray:
    """Scores (batch, classes) as shares."""
    return scores if is_share(scores) else kernels.softmax(scores)


def is_share(scores: np.ndarray) -> bool:
    """Whether these are probabilities or the outputs of sigmoids, which a softmax would flatten."""
    return bool(scores.min() >= 0 and scores.max() <= 1)


def _walk(steps: list[Step], x: Any) -> tuple[list[Seen], str]:
    seen, weights = [], None
    for step in steps:
        x, problem = call(step.function, x, name=step.name)
        if problem:
            return seen, problem
        values = _array(x)
        if values.ndim not in (2, 4) or len(values) != 1 or values.dtype.kind not in "iuf":
            return seen, f"{step.name} put out an array of shape {values.shape} for one picture; no map can be shown."
        weights = weights if step.weights is None else step.weights
        if weights is not None and weights.shape[-1] != values.shape[-1]:
            weights = None
        seen.append(Seen(step.name, values[0].astype(np.float64), weights))
    return seen, ""


def _array(value: Any) -> np.ndarray:
    """A tensor or an array as an array."""
    return np.asarray(value)


def steps_of(network: Any) -> list[Step]:
    """The layers of a network, none where it shows none: its `layers`, or the eight `params` of a LeNet."""
    layers = getattr(network, "layers", None)
    if isinstance(layers, list | tuple) and layers:
        return [_step(number, layer) for number, layer in enumerate(layers, start=1)]
    params = getattr(network, "params", None)
    if isinstance(params, list) and tuple(np.ndim(p) for p in params) == LENET_SHAPES:
        return _lenet_steps(params)
    return []


def _step(number: int, layer: Any) -> Step:
    """A layer of the course, of a learner or of Keras."""
    kind = getattr(layer, "name", None) or type(layer).__name__
    weights = getattr(layer, "w", getattr(layer, "W", None))
    if hasattr(layer, "get_weights"):
        weights = next(iter(layer.get_weights()), None)
    if weights is not None and np.ndim(weights) not in (2, 4):
        weights = None
    return Step(f"{number}: {kind}", getattr(layer, "forward", layer), None if weights is None else _array(weights))


def _lenet_steps(params: list) -> list[Step]:
    w1, b1, w2, b2, w3, b3, w4, b4 = params
    pool = lambda x: kernels.max_pool2d(x, 2)  # noqa: E731
    flatten = lambda x: x.reshape(len(x), -1)  # noqa: E731
    return [
        Step("1: conv", lambda x: kernels.conv2d(np.asarray(x, w1.dtype), w1, b1, pad=2), w1),
        Step("2: relu", kernels.relu),
        Step("3: max pool", pool),
        Step("4: conv", lambda x: kernels.conv2d(x, w2, b2, pad=2), w2),
        Step("5: relu", kernels.relu),
        Step("6: max pool", pool),
        Step("7: flatten", flatten),
        Step("8: dense", lambda x: kernels.dense(x, w3, b3), w3),
        Step("9: relu", kernels.relu),
        Step("10: dense", lambda x: kernels.dense(x, w4, b4), w4),
    ]


def verdict(shares: np.ndarray, names: Sequence[str], sure: bool = True) -> str:
    """What the network says about one picture, in words: its two best classes."""
    first, second = np.argsort(-shares, kind="stable")[:2]
    form = "{:.0%}" if sure else "{:.2f}"
    return f"{names[first]} ({form.format(shares[first])}), then {names[second]} ({form.format(shares[second])})"
