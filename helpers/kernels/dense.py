"""The fully connected layer: a matrix product."""

import numpy as np

from helpers.kernels.arguments import require_finite, require_floats, require_rank, require_shape


def dense(x: np.ndarray, w: np.ndarray, b: np.ndarray | None = None) -> np.ndarray:
    """x @ w + b, for x (batch, inputs) or (inputs,), w (inputs, outputs), b (outputs,).

    Raises ValueError where shapes or dtypes do not fit, or w or b is not finite.
    """
    require_floats(x=x, w=w, b=b)
    require_rank("w", w, 2, "(inputs, outputs)")
    require_shape("x", x, (*x.shape[:-1][:1], w.shape[0]))
    require_finite("w", w)
    y = x @ w
    if b is not None:
        require_shape("b", b, w.shape[1:])
        require_finite("b", b)
        y += b
    return y


def dense_backward(dy: np.ndarray, x: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(dx, dw, db) for the gradient dy (batch, outputs) of `dense(x, w, b)`; gradients are sums over the batch."""
    return dense_backward_input(dy, x, w), *dense_backward_weights(dy, x, w)


def dense_backward_input(dy: np.ndarray, x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """dx of `dense_backward`."""
    _check_backward(dy, x, w)
    return dy @ w.T


def dense_backward_weights(dy: np.ndarray, x: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(dw, db) of `dense_backward`."""
    _check_backward(dy, x, w)
    return x.T @ dy, dy.sum(axis=0)


def _check_backward(dy: np.ndarray, x: np.ndarray, w: np.ndarray) -> None:
    require_floats(dy=dy, x=x, w=w)
    require_rank("x", x, 2, "(batch, inputs)")
    require_shape("w", w, (x.shape[1], None))
    require_shape("dy", dy, (x.shape[0], w.shape[1]))
