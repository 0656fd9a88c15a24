"""What the confusion explorer computes: what a network takes for what, and the pictures behind every cell."""

from dataclasses import dataclass

import numpy as np

from helpers.widgets.examples import Examples
from helpers.widgets.reader import Reader

TILES = 24  # pictures that are shown of one cell


@dataclass(frozen=True)
class Confusion:
    """Counts (true, predicted), and for every picture the predicted class and its share."""

    counts: np.ndarray
    predicted: np.ndarray
    shares: np.ndarray

    @property
    def accuracy(self) -> float:
        return float(np.trace(self.counts) / self.counts.sum())

    @property
    def worst(self) -> tuple[int, int]:
        """The commonest mistake: (true, predicted); the first cell where there is none."""
        wrong = self.counts - np.diag(np.diag(self.counts))
        return tuple(int(i) for i in np.unravel_index(wrong.argmax(), wrong.shape))


def compute(reader: Reader, given: Examples) -> tuple[Confusion | None, str]:
    """The confusion of the network on these pictures, or None and the reason."""
    shares, problem = reader.probabilities(given.pictures)
    if problem:
        return None, problem
    predicted = shares.argmax(axis=1)
    counts = np.zeros((len(given.class_names),) * 2, np.int64)
    np.add.at(counts, (given.labels, predicted), 1)
    return Confusion(counts, predicted, shares.max(axis=1)), ""


def behind(confusion: Confusion, labels: np.ndarray, true: int, predicted: int) -> np.ndarray:
    """The numbers of the pictures in one cell, those that the network is surest of first."""
    members = np.flatnonzero((labels == true) & (confusion.predicted == predicted))
    return members[np.argsort(-confusion.shares[members], kind="stable")]


def describe(confusion: Confusion, given: Examples, true: int, predicted: int) -> list[str]:
    """The chosen cell and its classes, in words."""
    counts, names = confusion.counts, given.class_names
    members = behind(confusion, given.labels, true, predicted)
    row, column = counts[true].sum(), counts[:, predicted].sum()
    shown = [f"number {i} ({confusion.shares[i]:.0%} sure)" for i in members[:6]]
    more = f" and {len(members) - 6} more" if len(members) > 6 else ""
    lines = [
        f"Right: {np.trace(counts)} of {counts.sum()} pictures, an accuracy of {confusion.accuracy:.1%}.",
        f"True class {names[true]}, read as {names[predicted]}: {len(members)} of its {row} pictures"
        + (f": {', '.join(shown)}{more}." if shown else "."),
    ]
    if row:
        lines.append(f"Of the {row} that are {names[true]}, {counts[true, true] / row:.1%} were found (recall).")
    if column:
        right = counts[predicted, predicted] / column
        lines.append(f"Of the {column} that were called {names[predicted]}, {right:.1%} are (precision).")
    return lines
