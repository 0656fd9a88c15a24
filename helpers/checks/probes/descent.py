"""Probes of chapter 04: slopes by nudging, batches, descent that shuffles, steps with a memory."""

import numpy as np

from helpers.checks.probes import Finding, probe

# Functions of an array that numerical_gradient is asked about, by name.
FORMULAS = {
    "sum of squares": lambda x: (x**2).sum(),
    "sum of cubes": lambda x: (x**3).sum(),
    "product": lambda x: x.prod(),
    "sine of the sum, times the first entry": lambda x: np.sin(x.sum()) * x.flat[0],
    "sum of absolute values": lambda x: np.abs(x).sum(),
    "squares, each with another weight": lambda x: (np.arange(1, x.size + 1).reshape(x.shape) * x**2).sum(),
}


@probe
def slopes(numerical_gradient, formula, x, options):
    """The gradient of a known function at `x`; `options` is empty or holds h."""
    return {"result": numerical_gradient(FORMULAS[formula], x, *options)}


# --- batches ---------------------------------------------------------------------------------------------------------


@probe
def batches_together(minibatches, X, y, batch_size, rng):
    """The sizes of the batches, and all their samples, sorted by the first number of each."""
    batches = _batches(minibatches(X, y, batch_size, rng))
    sizes = [f"{len(samples)}" for samples, _ in batches]
    samples, labels = _join([s for s, _ in batches], "X"), _join([t for _, t in batches], "y")
    order = np.argsort(samples.reshape(len(samples), -1)[:, 0], kind="stable")
    labels = labels[order] if len(labels) == len(samples) else labels
    return {"sizes of the batches": " ".join(sizes), "X, sorted": samples[order], "y in that order": labels}


@probe
def batches_in_order(minibatches, n, batch_size, seed):
    """How the order of samples 0, 1, 2, ... differs from call to call."""
    numbers, rng = np.arange(n, dtype=np.float64), np.random.default_rng(seed)

    def order(source):
        return [samples[:, 0] for samples, _ in _batches(minibatches(numbers[:, None], numbers, batch_size, source))]

    calls = [order(rng) for _ in range(20)]
    again = order(np.random.default_rng(seed))
    joined = [np.concatenate(call) for call in calls]
    together = sum(bool(np.ptp(batch) == len(batch) - 1) for call in calls for batch in call)
    rising = sum(bool((np.diff(batch) > 0).all()) for call in calls for batch in call)
    return {
        "different orders in 20 calls": len({order.tobytes() for order in joined}),
        "the same seed gives the same order": int(np.array_equal(joined[0], np.concatenate(again))),
        "batches that are neighbours in the data": together,
        "batches in rising order": rising,
    }


def _batches(answer) -> list:
    """The batches as a list of pairs, or a finding that says what is there instead."""
    wanted = "a list, or a generator, of pairs (X, y) is expected."
    if answer is None or isinstance(answer, np.ndarray | dict | str):
        raise Finding("type", f"minibatches returned {_kind(answer)}; {wanted}")
    if isinstance(answer, tuple) and len(answer) == 2 and all(isinstance(part, np.ndarray) for part in answer):
        raise Finding("type", f"minibatches returned a single pair of arrays; {wanted}")
    batches = list(answer)
    for batch in batches:
        if not isinstance(batch, tuple | list) or len(batch) != 2:
            raise Finding("type", f"a batch is {_kind(batch)}; a pair of two arrays, X and y, is expected.")
    return batches


def _kind(thing) -> str:
    return {"NoneType": "None", "ndarray": "one NumPy array"}.get(type(thing).__name__, f"one {type(thing).__name__}")


def _join(parts: list, name: str) -> np.ndarray:
    if not parts:
        raise Finding("values", "There is no batch at all.")
    if any(not isinstance(part, np.ndarray) for part in parts):
        raise Finding("type", f"{name} of a batch is {_kind(parts[0])}; a NumPy array is expected.")
    if any(part.ndim != parts[0].ndim or part.shape[1:] != parts[0].shape[1:] for part in parts):
        raise Finding(
            "shape", f"{name} has other axes in one batch than in another: {parts[0].shape}, {parts[-1].shape}."
        )
    return np.concatenate(parts)


# --- stochastic descent ----------------------------------------------------------------------------------------------


@probe
def descent_any_order(sgd, X, y, W0, learning_rate, epochs, batch_size, rng):
    """Weights and losses on data for which the order makes no difference."""
    W, losses = _pair("sgd", sgd(X, y, W0, learning_rate, epochs, batch_size, rng), "W, losses")
    return {"W": W, "losses": losses}


@probe
def descent_weights(sgd, X, y, W0, learning_rate, epochs, batch_size, rng):
    """The weights alone, on data for which the order makes no difference."""
    W, losses = _pair("sgd", sgd(X, y, W0, learning_rate, epochs, batch_size, rng), "W, losses")
    return {"W": W, "number of losses": len(np.atleast_1d(losses))}


@probe
def descent_reshuffles(sgd, epochs, seed):
    """Two samples that contradict each other, at a huge rate: the loss tells in which order each epoch took them.

    The weight jumps to +50 or -50, whatever the last sample wants. If the next epoch begins with that same sample, its
    loss is 0 and the mean of the two about 25; if it begins with the other one, both losses are about 50.
    """
    X, y, W0 = np.ones((2, 1)), np.array([0, 1]), np.zeros(1)
    _, losses = _pair("sgd", sgd(X, y, W0, 100.0, epochs, 1, np.random.default_rng(seed)), "W, losses")
    losses = np.asarray(losses, dtype=np.float64)
    turned = int((losses[1:] < 37).sum())
    return {"number of losses": len(losses), "epochs that take the two samples in the opposite order": turned}


@probe
def descent_seeds(sgd, X, y, W0, learning_rate, epochs, batch_size):
    """Whether the generator alone decides."""
    runs = [
        _pair("sgd", sgd(X, y, W0, learning_rate, epochs, batch_size, np.random.default_rng(seed)), "W, losses")[0]
        for seed in (1, 1, 2, 3)
    ]
    return {
        "the same seed gives the same weights": int(np.array_equal(runs[0], runs[1])),
        "other seeds give other weights": int(not np.array_equal(runs[0], runs[2]))
        + int(not np.array_equal(runs[2], runs[3])),
    }


def _pair(name: str, answer, parts: str):
    """The two parts of an answer, or a finding that says how many there are."""
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        got = f"{len(answer)} values" if isinstance(answer, tuple | list) else _kind(answer)
        raise Finding("type", f"{name} returned {got}; two are expected: {parts}.")
    return answer


# --- steps with a memory ---------------------------------------------------------------------------------------------


@probe
def momentum_walk(momentum_step, curvature, w, learning_rate, gamma, steps):
    """Several steps on a bowl whose gradient at w is curvature * w, starting without velocity."""

    def step(w, velocity):
        return momentum_step(w, curvature * w, velocity, learning_rate, gamma)

    return _walk("momentum_step", step, w, steps)


@probe
def nesterov_walk(nesterov_step, curvature, w, learning_rate, gamma, steps):
    """The same for a step that asks for gradients itself."""

    def step(w, velocity):
        return nesterov_step(w, lambda at: curvature * at, velocity, learning_rate, gamma)

    return _walk("nesterov_step", step, w, steps)


def _walk(name: str, step, w, steps: int) -> dict:
    velocity, places = np.zeros_like(w), []
    for _ in range(steps):
        w, velocity = _pair(name, step(w, velocity), "w, velocity")
        places.append(np.asarray(w))
    return {"w after every step": np.array(places), "the last velocity": velocity}
