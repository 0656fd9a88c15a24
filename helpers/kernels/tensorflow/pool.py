"""Pooling on tensors, without padding."""

import tensorflow as tf

from helpers.kernels.arguments import IMAGES, require_floats, require_rank, require_shape, require_whole
from helpers.kernels.conv import output_size

Tensor = tf.Tensor


def max_pool2d(x: Tensor, size: int, stride: int | None = None) -> Tensor:
    """The largest value of every size x size window, windows `stride` apart (default: side by side)."""
    return tf.nn.max_pool2d(x, size, _check_pool(x, size, stride), "VALID")


def max_pool2d_backward(dy: Tensor, x: Tensor, size: int, stride: int | None = None) -> Tensor:
    """dx for the gradient dy of `max_pool2d(x, size, stride)`; of tied maxima, the first in reading order counts."""
    stride = _check_pool(x, size, stride, dy)
    return tf.raw_ops.MaxPoolGrad(
        orig_input=x,
        orig_output=tf.nn.max_pool2d(x, size, stride, "VALID"),
        grad=dy,
        ksize=[1, size, size, 1],
        strides=[1, stride, stride, 1],
        padding="VALID",
    )


def avg_pool2d(x: Tensor, size: int, stride: int | None = None) -> Tensor:
    """The mean of every size x size window, windows `stride` apart (default: side by side)."""
    return tf.nn.avg_pool2d(x, size, _check_pool(x, size, stride), "VALID")


def avg_pool2d_backward(dy: Tensor, x: Tensor, size: int, stride: int | None = None) -> Tensor:
    """dx for the gradient dy of `avg_pool2d(x, size, stride)`: every entry of a window gets an equal share."""
    stride = _check_pool(x, size, stride, dy)
    return tf.raw_ops.AvgPoolGrad(
        orig_input_shape=tf.shape(x), grad=dy, ksize=[1, size, size, 1], strides=[1, stride, stride, 1], padding="VALID"
    )


def _check_pool(x: Tensor, size: int, stride: int | None, dy: Tensor | None = None) -> int:
    stride = size if stride is None else stride
    require_floats(x=x, dy=dy)
    require_rank("x", x, 4, IMAGES)
    require_whole("size", size, 1)
    require_whole("stride", stride, 1)
    height, width = (output_size(n, size, stride) for n in x.shape[1:3])
    if dy is not None:
        require_shape("dy", dy, (x.shape[0], height, width, x.shape[3]))
    return stride
