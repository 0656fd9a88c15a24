"""Activation functions on tensors; `helpers.kernels.activations` says what each one is."""

import tensorflow as tf

Tensor = tf.Tensor

sigmoid = tf.sigmoid
tanh = tf.tanh
relu = tf.nn.relu
softmax = tf.nn.softmax
log_softmax = tf.nn.log_softmax


def sigmoid_grad(z: Tensor) -> Tensor:
    """sigmoid(z) * (1 - sigmoid(z)), written so that no digits cancel for large z."""
    return tf.sigmoid(z) * tf.sigmoid(-z)


def tanh_grad(z: Tensor) -> Tensor:
    """1 - tanh(z)^2."""
    return 1 - tf.tanh(z) ** 2


def relu_grad(z: Tensor) -> Tensor:
    """1 where z > 0, else 0."""
    return tf.cast(z > 0, z.dtype)


def leaky_relu(z: Tensor, alpha: float = 0.01) -> Tensor:
    """z where z > 0, else alpha * z."""
    return prelu(z, alpha)


def leaky_relu_grad(z: Tensor, alpha: float = 0.01) -> Tensor:
    """1 where z > 0, else alpha."""
    return prelu_grad(z, alpha)


def prelu(z: Tensor, alpha: float | Tensor) -> Tensor:
    """z where z > 0, else alpha * z; alpha is one number, or one per unit (z's last axis)."""
    return tf.where(z > 0, z, tf.convert_to_tensor(alpha, z.dtype) * z)


def prelu_grad(z: Tensor, alpha: float | Tensor) -> Tensor:
    """1 where z > 0, else alpha, in z's shape."""
    return tf.where(z > 0, tf.ones_like(z), tf.convert_to_tensor(alpha, z.dtype))


def prelu_grad_alpha(z: Tensor) -> Tensor:
    """z where z < 0, else 0."""
    return tf.minimum(z, 0)


def elu(z: Tensor, alpha: float = 1.0) -> Tensor:
    """z where z > 0, else alpha * (exp(z) - 1)."""
    return tf.where(z > 0, z, alpha * tf.math.expm1(tf.minimum(z, 0)))


def elu_grad(z: Tensor, alpha: float = 1.0) -> Tensor:
    """1 where z > 0, else alpha * exp(z)."""
    return tf.where(z > 0, tf.ones_like(z), alpha * tf.exp(tf.minimum(z, 0)))


def softmax_backward(dy: Tensor, z: Tensor, axis: int = -1) -> Tensor:
    """Gradient with respect to z, for the gradient dy with respect to softmax(z)."""
    y = softmax(z, axis)
    return y * (dy - tf.reduce_sum(dy * y, axis, keepdims=True))


def log_softmax_backward(dy: Tensor, z: Tensor, axis: int = -1) -> Tensor:
    """Gradient with respect to z, for the gradient dy with respect to log_softmax(z)."""
    return dy - softmax(z, axis) * tf.reduce_sum(dy, axis, keepdims=True)
