"""Probes of chapter 03: random weights and random signals, told by their statistics."""

from itertools import combinations, pairwise

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


@probe
def signal_sources(signal_through_depth, activation_fn, scheme, depth, width, seed):
    """Whether samples and weights are drawn afresh, and from the rng that is passed in.

    The weights of a layer follow from what goes in and what comes out; that of the first one from nothing that is seen.
    Code that does not send whole batches through `activation_fn` is given the benefit of the doubt.
    """

    def watched(rng):
        seen = []

        def activation(z):
            a = activation_fn(z)
            seen.append((np.array(z, np.float64), np.array(a, np.float64)))
            return a

        signal_through_depth(activation, scheme, depth, width, rng)
        return seen

    rng = np.random.default_rng(seed)
    first, second, again = watched(rng), watched(rng), watched(np.random.default_rng(seed))
    whole = [seen for seen in (first, second) if len(seen) == depth]
    samples = [seen[0][0] for seen in whole]
    weights = [_solve(a, z) for seen in whole for (_, a), (z, _) in pairwise(seen)]
    return {
        "other samples on the next call (1 = yes)": int(len(samples) < 2 or not _spans(*samples)),
        "weights of every layer its own (1 = yes)": int(not any(_close(*pair) for pair in combinations(weights, 2))),
        "the same signal from an equal rng (1 = yes)": int(
            len(first) == len(again)
            and all(_close(one, other) for (one, _), (other, _) in zip(first, again, strict=True))
        ),
    }


def _solve(a: np.ndarray, z: np.ndarray) -> np.ndarray:
    """W from z = a W, or an empty array where the shapes tell nothing."""
    if a.ndim != 2 or z.shape != a.shape or a.shape[0] < a.shape[1]:
        return np.empty(0)
    return np.linalg.lstsq(a, z, rcond=None)[0]


def _spans(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether both are products of the same samples: their columns span the same space."""
    W = _solve(one, other)
    return W.size > 0 and one.shape[0] > one.shape[1] and _close(one @ W, other)


def _close(one: np.ndarray, other: np.ndarray) -> bool:
    """Equal up to the rounding of float32; empty arrays are like nothing."""
    return one.shape == other.shape and one.size > 0 and np.abs(one - other).max() <= 1e-2 * other.std()
