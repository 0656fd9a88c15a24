"""Filters for grey pictures, on tensors."""

import numpy as np
import tensorflow as tf

from helpers.kernels.arguments import require_floats
from helpers.kernels.filters import BORDERS, check_filter
from helpers.kernels.tensorflow.arguments import require_finite
from helpers.kernels.tensorflow.conv import conv2d

Tensor = tf.Tensor


def correlate2d(image: Tensor, kernel: Tensor, border: str | None = None) -> Tensor:
    """Slide `kernel` over a grey `image`, unflipped; border None (valid part), "zero", "edge" or "reflect"."""
    return _correlate(image, kernel, border, [k // 2 for k in kernel.shape])


def convolve2d(image: Tensor, kernel: Tensor, border: str | None = None) -> Tensor:
    """As `correlate2d`, with the kernel flipped in both directions."""
    return _correlate(image, tf.reverse(kernel, (0, 1)), border, [(k - 1) // 2 for k in kernel.shape])


def _correlate(image: Tensor, kernel: Tensor, border: str | None, before: list[int]) -> Tensor:
    require_floats(image=image, kernel=kernel)
    check_filter(image, kernel, border)
    require_finite("kernel", kernel)
    widths = [(b, k - 1 - b) for b, k in zip(before, kernel.shape, strict=True)]
    if border == "zero":
        image = tf.pad(image, widths)
    elif border is not None:
        for axis, width in enumerate(widths):
            image = tf.gather(image, np.pad(np.arange(image.shape[axis]), width, BORDERS[border]), axis=axis)
    return conv2d(image[None, :, :, None], kernel[:, :, None, None])[0, :, :, 0]
