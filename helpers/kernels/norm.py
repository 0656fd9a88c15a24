"""Batch normalisation and dropout."""

from typing import Any

import numpy as np

from helpers.kernels.arguments import require_between, require_floats, require_samples, require_shape


def batch_norm(
    x: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    running: dict[str, np.ndarray],
    training: bool,
    momentum: float = 0.9,
    eps: float = 1e-5,
) -> tuple[np.ndarray, Any]:
    """gamma * (x - mean) / sqrt(variance + eps) + beta, per channel: over every axis of x but the last.

    In training, mean and (biased) variance are the batch's, and `running` {"mean", "var"}, each (channels,), moves to
    `momentum * old + (1 - momentum) * batch`; otherwise the running ones are used. Returns (y, cache for the backward
    pass). Source: Ioffe and Szegedy, "Batch Normalization", 2015.
    """
    require_floats(x=x, gamma=gamma, beta=beta)
    for name, array in {"gamma": gamma, "beta": beta, **running}.items():
        require_shape(name, array, x.shape[-1:])
    if training:
        require_samples("x", x)
        axes = tuple(range(x.ndim - 1))
        mean, var = x.mean(axes), x.var(axes)
        running["mean"] = momentum * running["mean"] + (1 - momentum) * mean
        running["var"] = momentum * running["var"] + (1 - momentum) * var
    else:
        mean, var = running["mean"], running["var"]
    inv_std = 1 / np.sqrt(var + eps)
    x_hat = (x - mean) * inv_std
    return gamma * x_hat + beta, (x_hat, inv_std, gamma, training)


def batch_norm_backward(dy: np.ndarray, cache: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(dx, dgamma, dbeta). In training x also acts through the batch's mean and variance, hence the two extra terms."""
    x_hat, inv_std, gamma, training = cache
    require_floats(dy=dy, x=x_hat)
    require_shape("dy", dy, x_hat.shape)
    axes = tuple(range(dy.ndim - 1))
    dgamma, dbeta = (dy * x_hat).sum(axes), dy.sum(axes)
    dx = dy
    if training:
        count = dy.size // dy.shape[-1]
        dx = dy - dbeta / count - x_hat * (dgamma / count)
    return dx * (gamma * inv_std), dgamma, dbeta


def dropout_mask(x: np.ndarray, rate: float, rng: np.random.Generator) -> np.ndarray:
    """0 with probability `rate`, else 1 / (1 - rate), drawn independently for every entry of x."""
    require_floats(x=x)
    require_between("rate", rate, 0, 1)
    kept = rng.random(x.shape, np.float32) >= rate
    return kept / x.dtype.type(1 - rate)


def dropout(x: np.ndarray, rate: float, rng: np.random.Generator, training: bool) -> np.ndarray:
    """Inverted dropout: in training x * `dropout_mask`, whose mean is one, so that nothing is rescaled afterwards."""
    return x * dropout_mask(x, rate, rng) if training else x


def dropout_backward(dy: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """dx: the gradient passes exactly where, and as much as, the forward pass did."""
    require_shape("dy", dy, mask.shape)
    return dy * mask
