"""Probes of chapter 03: random weights and random signals, told by their statistics."""

import numpy as np

from helpers.checks.probes import Finding, probe


@probe
def fresh_weights(initial_weights, scheme, fan_in, fan_out, rng):
    """The weights themselves, for their type, shape and limits."""
    return {"result": initial_weights(scheme, fan_in, fan_out, rng)}


@probe
def weight_statistics(initial_weights, scheme, fan_in, fan_out, seed):
    """What can be said about random weights whatever the order in which they were drawn."""
    rng = np.random.default_rng(seed)
    W, later = (_numbers(initial_weights(scheme, fan_in, fan_out, rng)) for _ in range(2))
    again = _numbers(initial_weights(scheme, fan_in, fan_out, np.random.default_rng(seed)))
    size = np.abs(W) / (W.std() or 1.0)
    return {
        "standard deviation": float(W.std()),
        "share of weights above 0": float((W > 0).mean()),
        "share of weights further than one standard deviation from 0": float((size > 1).mean()),
        "share of weights further than two standard deviations from 0": float((size > 2).mean()),
        "share of weights that are all different": np.unique(W).size / max(W.size, 1),
        "new weights on the next call (1 = yes)": int(not np.array_equal(W, later)),
        "the same weights from an equal rng (1 = yes)": int(np.array_equal(W, again)),
    }


def _numbers(weights) -> np.ndarray:
    if weights is None:
        raise Finding("type", "the result is None for this scheme. Does every path through your code end in `return`?")
    if not isinstance(weights, np.ndarray) or weights.dtype.kind != "f":
        kind = f"array of {weights.dtype}" if isinstance(weights, np.ndarray) else type(weights).__name__
        raise Finding("type", f"the result is a {kind}; a NumPy array of floating-point weights is expected.")
    return weights.view(np.ndarray)


@probe
def signal_and_rows(signal_through_depth, activation_fn, scheme, depth, width, rng):
    """The student's standard deviations, and how many rows of `width` values went through every layer."""
    seen = 0

    def counted(z):
        nonlocal seen
        seen += np.size(z)
        return activation_fn(z)

    stds = signal_through_depth(counted, scheme, depth, width, rng)
    return {"result": stds, "rows sent through every layer": seen // (depth * width)}
