"""Convolution layers on tensors: TensorFlow's own kernels, with this course's arguments and messages."""

from typing import Any

import tensorflow as tf

from helpers.kernels.arguments import IMAGES, WEIGHTS, require_floats, require_rank, require_shape
from helpers.kernels.conv import output_size
from helpers.kernels.tensorflow.arguments import require_finite

Tensor = tf.Tensor


def im2col(
    x: Tensor, kernel_height: int, kernel_width: int, stride: int = 1, pad: int = 0, dilation: int = 1
) -> Tensor:
    """One row per window of x, its entries ordered like a kernel's weights; see `helpers.kernels.im2col`."""
    require_floats(x=x)
    require_rank("x", x, 4, IMAGES)
    output_size(x.shape[1], kernel_height, stride, pad, dilation)
    output_size(x.shape[2], kernel_width, stride, pad, dilation)
    windows = tf.image.extract_patches(
        tf.pad(x, _paddings(pad)),
        [1, kernel_height, kernel_width, 1],
        [1, stride, stride, 1],
        [1, dilation, dilation, 1],
        "VALID",
    )
    return tf.reshape(windows, (-1, kernel_height * kernel_width * x.shape[3]))


def col2im(
    columns: Tensor,
    x_shape: tuple[int, int, int, int],
    kernel_height: int,
    kernel_width: int,
    stride: int = 1,
    pad: int = 0,
    dilation: int = 1,
) -> Tensor:
    """The reverse road of `im2col`, whose gradient it is: every entry is added back to its place in x (of
    `x_shape`).
    """
    with tf.GradientTape() as tape:
        x = tf.zeros(x_shape, columns.dtype)
        tape.watch(x)
        y = im2col(x, kernel_height, kernel_width, stride, pad, dilation)
    require_shape("columns", columns, y.shape)
    return tape.gradient(y, x, columns)


def conv2d(x: Tensor, w: Tensor, b: Tensor | None = None, stride: int = 1, pad: int = 0, dilation: int = 1) -> Tensor:
    """Correlate images x with the kernels w (kernel_height, kernel_width, in_channels, out_channels) and add b."""
    _check_conv(x, w, stride, pad, dilation, b=b)
    require_finite("w", w)
    require_finite("b", b)
    y = tf.nn.conv2d(x, w, stride, _paddings(pad), dilations=dilation)
    return y if b is None else tf.nn.bias_add(y, b)


def conv2d_backward(
    dy: Tensor, x: Tensor, w: Tensor, stride: int = 1, pad: int = 0, dilation: int = 1
) -> tuple[Tensor, Tensor, Tensor]:
    """(dx, dw, db) for the gradient dy of `conv2d(x, w, b, stride, pad, dilation)`."""
    dx = conv2d_backward_input(dy, x, w, stride, pad, dilation)
    return dx, *conv2d_backward_weights(dy, x, w, stride, pad, dilation)


def conv2d_backward_input(dy: Tensor, x: Tensor, w: Tensor, stride: int = 1, pad: int = 0, dilation: int = 1) -> Tensor:
    """dx of `conv2d_backward`."""
    require_shape("dy", dy, _check_conv(x, w, stride, pad, dilation, dy=dy))
    return tf.raw_ops.Conv2DBackpropInput(
        input_sizes=tf.shape(x), filter=w, out_backprop=dy, **_settings(stride, pad, dilation)
    )


def conv2d_backward_weights(
    dy: Tensor, x: Tensor, w: Tensor, stride: int = 1, pad: int = 0, dilation: int = 1
) -> tuple[Tensor, Tensor]:
    """(dw, db) of `conv2d_backward`."""
    require_shape("dy", dy, _check_conv(x, w, stride, pad, dilation, dy=dy))
    dw = tf.raw_ops.Conv2DBackpropFilter(
        input=x, filter_sizes=w.shape, out_backprop=dy, **_settings(stride, pad, dilation)
    )
    return dw, tf.reduce_sum(dy, axis=(0, 1, 2))


def _check_conv(
    x: Tensor, w: Tensor, stride: int, pad: int, dilation: int, b: Tensor | None = None, dy: Tensor | None = None
) -> tuple[int | None, int, int, int]:
    """The output's shape, once everything fits."""
    require_floats(x=x, w=w, b=b, dy=dy)
    require_rank("x", x, 4, IMAGES)
    require_rank("w", w, 4, WEIGHTS)
    require_shape("w", w, (None, None, x.shape[3], None))
    if b is not None:
        require_shape("b", b, w.shape[3:])
    out_height = output_size(x.shape[1], w.shape[0], stride, pad, dilation)
    out_width = output_size(x.shape[2], w.shape[1], stride, pad, dilation)
    return x.shape[0], out_height, out_width, w.shape[3]


def _paddings(pad: int) -> list[list[int]]:
    return [[0, 0], [pad, pad], [pad, pad], [0, 0]]


def _settings(stride: int, pad: int, dilation: int) -> dict[str, Any]:
    return {
        "strides": [1, stride, stride, 1],
        "padding": "EXPLICIT" if pad else "VALID",
        "explicit_paddings": [0, 0, pad, pad, pad, pad, 0, 0] if pad else [],
        "dilations": [1, dilation, dilation, 1],
    }
