"""The fully connected layer on tensors."""

import tensorflow as tf

from helpers.kernels.arguments import require_floats, require_rank, require_shape
from helpers.kernels.tensorflow.arguments import require_finite

Tensor = tf.Tensor


def dense(x: Tensor, w: Tensor, b: Tensor | None = None) -> Tensor:
    """x @ w + b, for x (batch, inputs) or (inputs,), w (inputs, outputs), b (outputs,)."""
    require_floats(x=x, w=w, b=b)
    require_rank("w", w, 2, "(inputs, outputs)")
    require_shape("x", x, (*x.shape[:-1][:1], w.shape[0]))
    require_finite("w", w)
    require_finite("b", b)
    y = tf.matmul(x, w) if len(x.shape) == 2 else tf.linalg.matvec(w, x, transpose_a=True)
    if b is not None:
        require_shape("b", b, w.shape[1:])
        y += b
    return y


def dense_backward(dy: Tensor, x: Tensor, w: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(dx, dw, db) for the gradient dy (batch, outputs) of `dense(x, w, b)`."""
    return dense_backward_input(dy, x, w), *dense_backward_weights(dy, x, w)


def dense_backward_input(dy: Tensor, x: Tensor, w: Tensor) -> Tensor:
    """dx of `dense_backward`."""
    _check_dense_backward(dy, x, w)
    return tf.matmul(dy, w, transpose_b=True)


def dense_backward_weights(dy: Tensor, x: Tensor, w: Tensor) -> tuple[Tensor, Tensor]:
    """(dw, db) of `dense_backward`."""
    _check_dense_backward(dy, x, w)
    return tf.matmul(x, dy, transpose_a=True), tf.raw_ops.BiasAddGrad(out_backprop=dy)


def _check_dense_backward(dy: Tensor, x: Tensor, w: Tensor) -> None:
    require_floats(dy=dy, x=x, w=w)
    require_rank("x", x, 2, "(batch, inputs)")
    require_shape("w", w, (x.shape[1], None))
    require_shape("dy", dy, (x.shape[0], w.shape[1]))
