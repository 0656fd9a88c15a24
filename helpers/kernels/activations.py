"""Activation functions. `f(z)` and its derivative `f_grad(z)` both take the pre-activation z, of any shape."""

import numpy as np

from helpers.kernels.arguments import as_float


def sigmoid(z: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-z)), element by element; exp only ever sees numbers below zero, so that nothing overflows."""
    z = as_float("z", z)
    return np.exp(np.minimum(z, 0)) / (1 + np.exp(-np.abs(z)))


def sigmoid_grad(z: np.ndarray) -> np.ndarray:
    """sigmoid(z) * (1 - sigmoid(z)), written so that no digits cancel for large z. At most 1/4, at z = 0."""
    e = np.exp(-np.abs(as_float("z", z)))
    return e / (1 + e) ** 2


def tanh(z: np.ndarray) -> np.ndarray:
    """Hyperbolic tangent: 2 * sigmoid(2 z) - 1."""
    return np.tanh(as_float("z", z))


def tanh_grad(z: np.ndarray) -> np.ndarray:
    """1 - tanh(z)^2."""
    return 1 - np.tanh(as_float("z", z)) ** 2


def relu(z: np.ndarray) -> np.ndarray:
    """max(0, z)."""
    return np.maximum(as_float("z", z), 0)


def relu_grad(z: np.ndarray) -> np.ndarray:
    """1 where z > 0, else 0 (at the kink itself any slope from 0 to 1 would be right)."""
    z = as_float("z", z)
    return (z > 0).astype(z.dtype)


def leaky_relu(z: np.ndarray, alpha: float = 0.01) -> np.ndarray:
    """z where z > 0, else alpha * z."""
    return prelu(z, alpha)


def leaky_relu_grad(z: np.ndarray, alpha: float = 0.01) -> np.ndarray:
    """1 where z > 0, else alpha."""
    return prelu_grad(z, alpha)


def prelu(z: np.ndarray, alpha: float | np.ndarray) -> np.ndarray:
    """z where z > 0, else alpha * z; alpha is learned: one number, or one per unit (z's last axis)."""
    z = as_float("z", z)
    return np.where(z > 0, z, np.asarray(alpha, z.dtype) * z)


def prelu_grad(z: np.ndarray, alpha: float | np.ndarray) -> np.ndarray:
    """d prelu / d z, in z's shape: 1 where z > 0, else alpha."""
    z = as_float("z", z)
    return np.where(z > 0, np.asarray(1, z.dtype), np.asarray(alpha, z.dtype))


def prelu_grad_alpha(z: np.ndarray) -> np.ndarray:
    """d prelu / d alpha, element by element: z where z < 0, else 0."""
    return np.minimum(as_float("z", z), 0)


def elu(z: np.ndarray, alpha: float = 1.0) -> np.ndarray:
    """z where z > 0, else alpha * (exp(z) - 1)."""
    z = as_float("z", z)
    return np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0)))


def elu_grad(z: np.ndarray, alpha: float = 1.0) -> np.ndarray:
    """1 where z > 0, else alpha * exp(z)."""
    z = as_float("z", z)
    return np.where(z > 0, 1, alpha * np.exp(np.minimum(z, 0)))


def softmax(z: np.ndarray, axis: int = -1) -> np.ndarray:
    """exp(z) / sum(exp(z)) along `axis`; subtracting the maximum first changes nothing but the danger of overflow."""
    z = as_float("z", z)
    e = np.exp(z - z.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def softmax_backward(dy: np.ndarray, z: np.ndarray, axis: int = -1) -> np.ndarray:
    """Gradient with respect to z. Softmax mixes its entries, so its derivative is a matrix; this is dy times it."""
    y = softmax(z, axis)
    return y * (dy - (dy * y).sum(axis, keepdims=True))


def log_softmax(z: np.ndarray, axis: int = -1) -> np.ndarray:
    """log(softmax(z)) along `axis`, exact also where softmax itself underflows to zero."""
    z = as_float("z", z)
    shifted = z - z.max(axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis, keepdims=True))


def log_softmax_backward(dy: np.ndarray, z: np.ndarray, axis: int = -1) -> np.ndarray:
    """Gradient with respect to z, for the gradient dy with respect to log_softmax(z)."""
    return dy - softmax(z, axis) * dy.sum(axis, keepdims=True)
