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
    """The reverse road of `im2col`: the input gradient of a convolution whose kernels pick one entry each."""
    taps = kernel_height * kernel_width * x_shape[3]
    pick = tf.reshape(tf.eye(taps, dtype=columns.dtype), (kernel_height, kernel_width, x_shape[3], taps))
    sizes = zip(x_shape[1:3], (kernel_height, kernel_width), strict=True)
    height, width = (output_size(n, k, stride, pad, dilation) for n, k in sizes)
    require_shape("columns", columns, (x_shape[0] * height * width, taps))
    dy = tf.reshape(columns, (x_shape[0], height, width, taps))
    return conv2d_backward_input(dy, tf.zeros(x_shape, columns.dtype), pick, stride, pad, dilation)


def conv2d(x: Tensor, w: Tensor, b: Tensor | None = None, stride: int = 1, pad: int = 0, dilation: int = 1) -> Tensor:
    """Correlate images x with the kernels w (kernel_height, kernel_width, in_channels, out_channels) and add b."""
    shape = _check_conv(x, w, stride, pad, dilation, b=b)
    require_finite("w", w)
    require_finite("b", b)
    if shape[0] == 0:  # TensorFlow's own kernel hands an empty batch back in the wrong shape
        return tf.zeros(shape, x.dtype)
    w = _spread(w, dilation)
    padding, _ = _padding(w, stride, pad)
    y = tf.nn.conv2d(x, w, stride, _paddings(pad) if padding == "EXPLICIT" else padding)
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
    w = _spread(w, dilation)
    return tf.raw_ops.Conv2DBackpropInput(
        input_sizes=tf.shape(x), filter=w, out_backprop=dy, **_settings(w, stride, pad)
    )


def conv2d_backward_weights(
    dy: Tensor, x: Tensor, w: Tensor, stride: int = 1, pad: int = 0, dilation: int = 1
) -> tuple[Tensor, Tensor]:
    """(dw, db) of `conv2d_backward`."""
    require_shape("dy", dy, _check_conv(x, w, stride, pad, dilation, dy=dy))
    w = _spread(w, dilation)
    dw = tf.raw_ops.Conv2DBackpropFilter(input=x, filter_sizes=w.shape, out_backprop=dy, **_settings(w, stride, pad))
    return dw[::dilation, ::dilation], tf.raw_ops.BiasAddGrad(out_backprop=dy)


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


def _spread(w: Tensor, dilation: int) -> Tensor:
    """The kernel with zeros between its entries, because TensorFlow has no gradients of dilated ones on the CPU."""
    if dilation == 1:
        return w
    kernel_height, kernel_width, *channels = w.shape
    gaps = [[0, 0], [0, dilation - 1], [0, 0], [0, dilation - 1], [0, 0], [0, 0]]
    spread = tf.pad(tf.reshape(w, (kernel_height, 1, kernel_width, 1, *channels)), gaps)
    spread = tf.reshape(spread, (kernel_height * dilation, kernel_width * dilation, *channels))
    return spread[: 1 - dilation, : 1 - dilation]


def _paddings(pad: int) -> list[list[int]]:
    return [[0, 0], [pad, pad], [pad, pad], [0, 0]]


def _padding(w: Tensor, stride: int, pad: int) -> tuple[str, list[int]]:
    """TensorFlow's name for this padding. Explicit numbers come last: their gradients take up to three times longer."""
    if pad == 0:
        return "VALID", []
    if stride == 1 and w.shape[0] == w.shape[1] == 2 * pad + 1:
        return "SAME", []
    return "EXPLICIT", [0, 0, pad, pad, pad, pad, 0, 0]


def _settings(w: Tensor, stride: int, pad: int) -> dict[str, Any]:
    padding, explicit = _padding(w, stride, pad)
    return {"strides": [1, stride, stride, 1], "padding": padding, "explicit_paddings": explicit}
