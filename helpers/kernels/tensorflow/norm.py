"""Batch normalisation and dropout on tensors."""

from typing import Any

import tensorflow as tf

from helpers.kernels.arguments import require_between, require_floats, require_samples, require_shape

Tensor = tf.Tensor


def batch_norm(
    x: Tensor,
    gamma: Tensor,
    beta: Tensor,
    running: dict[str, Tensor],
    training: bool,
    momentum: float = 0.9,
    eps: float = 1e-5,
) -> tuple[Tensor, Any]:
    """As `helpers.kernels.batch_norm`; `running` holds tensors (then replaced) or variables (then assigned)."""
    require_floats(x=x, gamma=gamma, beta=beta)
    for name, array in {"gamma": gamma, "beta": beta, **running}.items():
        require_shape(name, array, x.shape[-1:])
    if training:
        require_samples("x", x)
        mean, var = tf.nn.moments(x, list(range(len(x.shape) - 1)))
        for name, batch in (("mean", mean), ("var", var)):
            value = momentum * running[name] + (1 - momentum) * batch
            if isinstance(running[name], tf.Variable):
                running[name].assign(value)
            else:
                running[name] = value
    else:
        mean, var = running["mean"], running["var"]
    inv_std = tf.math.rsqrt(var + eps)
    x_hat = (x - mean) * inv_std
    return gamma * x_hat + beta, (x_hat, inv_std, gamma, training)


def batch_norm_backward(dy: Tensor, cache: Any) -> tuple[Tensor, Tensor, Tensor]:
    """(dx, dgamma, dbeta), as `helpers.kernels.batch_norm_backward`."""
    x_hat, inv_std, gamma, training = cache
    require_floats(dy=dy, x=x_hat)
    require_shape("dy", dy, x_hat.shape)
    axes = list(range(len(dy.shape) - 1))
    dgamma, dbeta = tf.reduce_sum(dy * x_hat, axes), tf.reduce_sum(dy, axes)
    dx = dy
    if training:
        count = tf.cast(tf.size(dy) // dy.shape[-1], dy.dtype)
        dx = dy - dbeta / count - x_hat * (dgamma / count)
    return dx * (gamma * inv_std), dgamma, dbeta


def dropout_mask(x: Tensor, rate: float, rng: tf.random.Generator) -> Tensor:
    """0 with probability `rate`, else 1 / (1 - rate), drawn independently for every entry of x."""
    require_floats(x=x)
    require_between("rate", rate, 0, 1)
    return tf.cast(rng.uniform(tf.shape(x)) >= rate, x.dtype) / (1 - rate)


def dropout(x: Tensor, rate: float, rng: tf.random.Generator, training: bool) -> Tensor:
    """Inverted dropout: in training x * `dropout_mask`, otherwise x."""
    return x * dropout_mask(x, rate, rng) if training else x


def dropout_backward(dy: Tensor, mask: Tensor) -> Tensor:
    """dx: the gradient passes exactly where, and as much as, the forward pass did."""
    require_shape("dy", dy, mask.shape)
    return dy * mask
