"""Pictures with their labels, as explorers take them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

MOST = 10_000


@dataclass(frozen=True)
class Examples:
    """Pictures (n, height, width) as their data set holds them, labels (n,), and what the classes are called."""

    pictures: np.ndarray
    labels: np.ndarray | None
    class_names: tuple[str, ...]

    @property
    def white(self) -> float:
        """The value of the brightest pixel that there can be."""
        return 255.0 if self.pictures.dtype.kind in "iu" else max(1.0, float(self.pictures.max(initial=0.0)))

    def shown(self, index: int) -> np.ndarray:
        """One picture in 0..1."""
        return self.pictures[index] / self.white

    def label(self, index: int) -> str:
        """The name of a picture's class, "" where nobody knows it."""
        return "" if self.labels is None else self.class_names[int(self.labels[index])]


def examples(
    pictures: np.ndarray, labels: Sequence[int] | np.ndarray | None, class_names: Sequence[str] = ()
) -> Examples:
    """The pictures, once they fit their labels. Raises ValueError, in a sentence, where they do not."""
    array = np.asarray(pictures)
    if array.ndim == 4 and array.shape[3] == 1:
        array = array[..., 0]
    if array.ndim != 3 or not array.size or array.dtype.kind not in "iufb" or not np.isfinite(array).all():
        raise ValueError(
            f"images must be grey pictures, (n, height, width) of finite numbers; they are {array.dtype} "
            f"of shape {array.shape}."
        )
    if labels is None:
        return Examples(array[:MOST], None, tuple(map(str, class_names)))
    marks = np.asarray(labels)
    if marks.shape != array.shape[:1] or marks.dtype.kind not in "iu" or marks.min() < 0:
        raise ValueError(
            f"labels must be one class number per picture: whole numbers (n,) for n = {len(array)}; they are "
            f"{marks.dtype} of shape {marks.shape}."
        )
    names = tuple(map(str, class_names)) or tuple(map(str, range(max(10, int(marks.max()) + 1))))
    if marks.max() >= len(names):
        raise ValueError(f"label {marks.max()} has no name among the {len(names)} of class_names.")
    return Examples(array[:MOST], marks[:MOST], names)
