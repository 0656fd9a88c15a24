"""What drawing a digit and the CNN explorer compute: what a network says of one picture, and one of its layers."""

from dataclasses import dataclass

import numpy as np

from helpers.widgets.reader import Reader, Seen, as_shares, is_share, verdict


@dataclass(frozen=True)
class Inside:
    """One picture on its way through a network. `shares` and `layers` are empty where `problem` says why."""

    picture: np.ndarray
    shares: np.ndarray | None
    layers: list[Seen]
    problem: str = ""
    hidden: str = ""  # why no layers are seen, where the network itself works


@dataclass(frozen=True)
class Chosen:
    """One map of one layer."""

    layer: Seen
    channel: int

    @property
    def map(self) -> np.ndarray:
        """(height, width); (1, 1) for a unit of a dense layer."""
        values = self.layer.values
        return values[..., self.channel] if values.ndim == 3 else values[None, self.channel : self.channel + 1]

    @property
    def filter(self) -> tuple[np.ndarray, int] | None:
        """The weights that this map was made with, through the input channel with the strongest of them, and which."""
        weights = self.layer.weights
        if weights is None or weights.ndim != 4 or self.channel >= weights.shape[3]:
            return None
        mine = weights[..., self.channel]
        channel = int(np.linalg.norm(mine.reshape(-1, mine.shape[2]), axis=0).argmax())
        return mine[..., channel], channel


def compute(reader: Reader, picture: np.ndarray) -> Inside:
    """What the network says of a picture (height, width), pixels as its data set holds them, and all its layers."""
    scores, problem = reader.scores(picture[None])
    if problem:
        return Inside(picture, None, [], problem)
    layers, hidden = reader.look_inside(picture)
    hidden = hidden or _disagreement(reader, layers[-1].values, scores[0])
    return Inside(picture, as_shares(scores)[0], layers, "", hidden)


def _disagreement(reader: Reader, last: np.ndarray, scores: np.ndarray) -> str:
    """A sentence where the layers, one after the other, do not give what the network says."""
    if last.shape == scores.shape and np.allclose(last, scores, rtol=1e-3, atol=1e-3):
        return ""
    return (
        f"{reader.name} does not give what its layers give one after the other; the maps are those of its layers, "
        "the bars are its own."
    )


def choose(inside: Inside, layer: str, channel: int) -> Chosen | None:
    """That map of that layer, or the nearest there is; None where no layer is seen."""
    if not inside.layers:
        return None
    found = next((seen for seen in inside.layers if seen.name == layer), inside.layers[0])
    return Chosen(found, min(max(channel, 0), found.values.shape[-1] - 1))


def describe_verdict(reader: Reader, inside: Inside) -> str:
    """What the network says, in words."""
    if inside.shares is None:
        return ""
    return f"The network says: {verdict(inside.shares, reader.names(len(inside.shares)), _sums_to_one(inside))}."


def _sums_to_one(inside: Inside) -> bool:
    return is_share(inside.shares) and bool(np.isclose(inside.shares.sum(), 1, atol=1e-3))


def describe_map(chosen: Chosen) -> list[str]:
    """A layer and one of its maps, in words."""
    values, one = chosen.layer.values, chosen.map
    if values.ndim == 1:
        silent = f", {np.mean(values == 0):.0%} of them silent (0)" if (values == 0).any() else ""
        return [f"Layer {chosen.layer.name}: {values.size} units{silent}. Unit {chosen.channel}: {one[0, 0]:.4g}."]
    height, width, channels = values.shape
    row, column = np.unravel_index(np.abs(one).argmax(), one.shape)
    dead = int((values == 0).all(axis=(0, 1)).sum())
    silent = f", {dead} of them 0 everywhere" if dead else ""
    lines = [
        f"Layer {chosen.layer.name}: {channels} maps of {height} x {width}{silent}.",
        f"Map {chosen.channel}: from {one.min():.4g} to {one.max():.4g}, strongest at row {row}, column {column}; "
        f"{np.mean(one == 0):.0%} of it is 0.",
    ]
    if chosen.filter is not None:
        weights, channel = chosen.filter
        of = f", through input channel {channel}" if chosen.layer.weights.shape[2] > 1 else ""
        height, width = weights.shape
        lines.append(f"Its filter{of}: {height} x {width} weights from {weights.min():.3g} to {weights.max():.3g}.")
    return lines
