"""Optimizer steps: from a parameter and its gradient to the next parameter. Pure: nothing that comes in is modified.

An optimizer's memory (velocity, moments) goes in and comes out; start it with zeros of the parameter's shape.
"""

from collections.abc import Callable

import numpy as np


def sgd_step(w: np.ndarray, grad: np.ndarray, learning_rate: float) -> np.ndarray:
    """One step downhill."""
    return w - learning_rate * grad


def momentum_step(
    w: np.ndarray, grad: np.ndarray, velocity: np.ndarray, learning_rate: float, gamma: float = 0.9
) -> tuple[np.ndarray, np.ndarray]:
    """(w, velocity): the velocity keeps the share gamma of itself and gains the new step. Source: Polyak, 1964."""
    velocity = gamma * velocity - learning_rate * grad
    return w + velocity, velocity


def nesterov_step(
    w: np.ndarray,
    grad_fn: Callable[[np.ndarray], np.ndarray],
    velocity: np.ndarray,
    learning_rate: float,
    gamma: float = 0.9,
) -> tuple[np.ndarray, np.ndarray]:
    """(w, velocity): momentum whose gradient is taken where the velocity is about to lead. Source: Nesterov, 1983."""
    return momentum_step(w, grad_fn(w + gamma * velocity), velocity, learning_rate, gamma)


def nesterov_lookahead_step(
    w_ahead: np.ndarray, grad: np.ndarray, velocity: np.ndarray, learning_rate: float, gamma: float = 0.9
) -> tuple[np.ndarray, np.ndarray]:
    """`nesterov_step` for a network, which keeps w_ahead = w + gamma * velocity, where its gradients are taken.

    Source: Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013.
    """
    velocity = gamma * velocity - learning_rate * grad
    return w_ahead + gamma * velocity - learning_rate * grad, velocity


def adam_step(
    w: np.ndarray,
    grad: np.ndarray,
    m: np.ndarray,
    v: np.ndarray,
    t: int,
    learning_rate: float = 1e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-7,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(w, m, v) after step t = 1, 2, ...: running means of the gradient and its square, freed of their start at zero.

    Source: Kingma and Ba, "Adam", 2015, in the form of its section 2 (eps beside the uncorrected root), as Keras has
    it.
    """
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad**2
    rate = learning_rate * (1 - beta2**t) ** 0.5 / (1 - beta1**t)
    return w - rate * m / (v**0.5 + eps), m, v
