"""Getting pictures ready: each of these makes a new picture out of one, and they can be chained.

    prepared = image
    for step in [CropCentre(32, 32), to_grayscale]:
        prepared = step(prepared)

A picture is (height, width) in grey or (height, width, 3) in colour, uint8 in 0..255 or floating point; it keeps its
type. A step is anything that can be called with a picture, so your own functions are steps too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

Step = Callable[[np.ndarray], np.ndarray]


def resize(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return `image` with another size; where it shrinks, every old pixel counts (Pillow's bilinear filter)."""
    from PIL import Image

    image = np.asarray(image)
    channels = image.reshape(*image.shape[:2], -1)
    result = np.empty((height, width, channels.shape[-1]))
    for c in range(channels.shape[-1]):
        channel = Image.fromarray(channels[..., c].astype(np.float32))
        result[..., c] = channel.resize((width, height), Image.Resampling.BILINEAR)
    result = result.reshape(height, width, *image.shape[2:])
    return np.rint(result).astype(image.dtype) if image.dtype.kind in "iu" else result.astype(image.dtype)


@dataclass(frozen=True)
class Squash:
    """Resize to `height` x `width`, whatever that does to the proportions."""

    height: int
    width: int

    def __call__(self, image: np.ndarray) -> np.ndarray:
        return resize(image, self.height, self.width)


@dataclass(frozen=True)
class CropCentre:
    """Resize so that the picture just covers `height` x `width`, and cut off what sticks out, half on either side."""

    height: int
    width: int

    def __call__(self, image: np.ndarray) -> np.ndarray:
        scale = max(self.height / image.shape[0], self.width / image.shape[1])
        height, width = _scaled(image, scale, at_least=(self.height, self.width))
        top, left = (height - self.height) // 2, (width - self.width) // 2
        return resize(image, height, width)[top : top + self.height, left : left + self.width]


@dataclass(frozen=True)
class PadToFit:
    """Resize so that the picture just fits into `height` x `width`, and repeat its border to fill the rest."""

    height: int
    width: int

    def __call__(self, image: np.ndarray) -> np.ndarray:
        scale = min(self.height / image.shape[0], self.width / image.shape[1])
        height, width = np.minimum(_scaled(image, scale, at_least=(1, 1)), (self.height, self.width))
        top, left = (self.height - height) // 2, (self.width - width) // 2
        pad = ((top, self.height - height - top), (left, self.width - width - left), (0, 0))
        return np.pad(resize(image, height, width), pad[: image.ndim], mode="edge")


def _scaled(image: np.ndarray, scale: float, at_least: tuple[int, int]) -> tuple[int, int]:
    """Height and width of `image` times `scale`, rounded: both sides by the same factor."""
    height, width = (max(round(side * scale), least) for side, least in zip(image.shape[:2], at_least))
    return height, width


def swap_red_blue(image: np.ndarray) -> np.ndarray:
    """Return `image` (..., 3) from red, green, blue to blue, green, red, or back."""
    return image[..., ::-1]


def apply(steps: Iterable[Step], image: np.ndarray) -> np.ndarray:
    """Return what is left of `image` after all `steps`, one after the other."""
    for step in steps:
        image = step(image)
    return image
