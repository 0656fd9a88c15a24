"""Probes of chapter 02: they build a neuron, a layer or a network, give it known weights and let it compute."""

import numpy as np

from helpers.checks.probes import attribute, probe


@probe
def neuron_forward(Neuron, num_inputs, activation_fn, W, b, x):
    """A fresh neuron with `W` and `b` written into it: what `forward(x)` returns."""
    neuron = Neuron(num_inputs, activation_fn, np.random.default_rng(0))
    neuron.W, neuron.b = W.copy(), b
    return {"forward(x)": neuron.forward(x)}


@probe
def neuron_starts(Neuron, num_inputs, activation_fn, rng):
    """The attributes of a fresh neuron: their shapes, and whether two neurons from one rng differ."""
    one, two = Neuron(num_inputs, activation_fn, rng), Neuron(num_inputs, activation_fn, rng)
    W = attribute(one, "W")
    return {
        "shape of W": np.array(np.shape(W)),
        "shape of b": np.array(np.shape(attribute(one, "b"))),
        "different weights in a second neuron": int(not np.array_equal(W, two.W)),
    }
