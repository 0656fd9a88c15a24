"""What the occlusion explorer computes: how much a network's answer depends on every part of a picture."""

from dataclasses import dataclass

import numpy as np

from helpers.widgets.reader import Reader

PLACES = 6  # at most so many patches side by side, so that a map takes no longer than a moment
PATCHES = range(1, 13)


@dataclass(frozen=True)
class Occluded:
    """The shares of all classes for the picture as it is, and with a grey patch on every place.

    `rows` and `columns` are the places' upper left corners, shares (rows, columns, classes).
    """

    whole: np.ndarray
    shares: np.ndarray
    rows: np.ndarray
    columns: np.ndarray
    size: int
    shape: tuple[int, int]

    def drop(self, label: int) -> np.ndarray:
        """How much less probable each pixel makes a class when it is hidden, mean over the patches on it."""
        total, count = np.zeros(self.shape), np.zeros(self.shape)
        for i, top in enumerate(self.rows):
            for j, left in enumerate(self.columns):
                place = np.s_[top : top + self.size, left : left + self.size]
                total[place] += self.whole[label] - self.shares[i, j, label]
                count[place] += 1
        return total / np.maximum(count, 1)


def hide(picture: np.ndarray, top: int, left: int, size: int, value: float) -> np.ndarray:
    """The picture with a patch of one grey on it."""
    hidden = picture.copy()
    hidden[top : top + size, left : left + size] = value
    return hidden


def places(length: int, size: int) -> np.ndarray:
    """Where patches begin along one axis: everywhere, or evenly where that would be too many."""
    last = max(length - size, 0)
    return np.unique(np.linspace(0, last, min(last + 1, PLACES)).round().astype(int))


def compute(reader: Reader, picture: np.ndarray, size: int, grey: float) -> tuple[Occluded | None, str]:
    """The network's answers with a patch on every place of a picture (height, width), or None and the reason.

    `grey` is the patch's value, in the picture's own units.
    """
    size = min(size, *picture.shape)
    picture = picture.astype(np.float64)
    rows, columns = (places(n, size) for n in picture.shape)
    hidden = [hide(picture, top, left, size, grey) for top in rows for left in columns]
    shares, problem = reader.probabilities(np.stack([picture, *hidden]))
    if problem:
        return None, problem
    grid = shares[1:].reshape(len(rows), len(columns), -1)
    return Occluded(shares[0], grid, rows, columns, size, picture.shape), ""


def nearest(occluded: Occluded, row: int, column: int) -> tuple[int, int]:
    """The place whose patch begins nearest to (row, column), as indices of `rows` and `columns`."""
    return tuple(int(np.abs(a - at).argmin()) for a, at in ((occluded.rows, row), (occluded.columns, column)))


def describe(occluded: Occluded, place: tuple[int, int], label: int, names: tuple[str, ...]) -> list[str]:
    """The map and the patch that is shown, in words."""
    top, left = occluded.rows[place[0]], occluded.columns[place[1]]
    before, after = occluded.whole[label], occluded.shares[place][label]
    says = names[int(occluded.shares[place].argmax())]
    drop = occluded.whole[label] - occluded.shares[..., label]
    worst = np.unravel_index(drop.argmax(), drop.shape)
    at = f"row {occluded.rows[worst[0]]}, column {occluded.columns[worst[1]]}"
    flips = int((occluded.shares.argmax(axis=2) != occluded.whole.argmax()).sum())
    return [
        f"Patch of {occluded.size} x {occluded.size} at row {top}, column {left}: {names[label]} falls from "
        f"{before:.1%} to {after:.1%}; the network then says {says}."
        if after <= before
        else f"Patch of {occluded.size} x {occluded.size} at row {top}, column {left}: {names[label]} rises from "
        f"{before:.1%} to {after:.1%}; the network then says {says}.",
        f"{names[label]} loses most, {drop.max():.1%}, with the patch at {at}.",
        f"{flips} of {drop.size} patches change what the network says ({names[int(occluded.whole.argmax())]}).",
    ]
