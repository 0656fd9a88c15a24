"""Chapter 03: right answers in other styles, and wrong ones that have no name of their own."""

import math
from functools import lru_cache, partial

import numpy as np


def each(f):
    """A function of one number as a function of arrays, with a loop over the elements."""

    def looped(z, *parameters):
        flat = [f(float(v), *parameters) for v in np.asarray(z).ravel()]
        return np.array(flat).reshape(np.shape(z))

    return looped


class Tagged(np.ndarray):
    """An array of a learner's own kind."""


def frozen(f):
    """Return results that may only be read, and in Fortran order."""

    def wrapped(*arguments):
        y = np.asfortranarray(f(*arguments))
        y.flags.writeable = False
        return y

    return wrapped


def in_float32(f):
    """Begin and end in float32; what happens between is `f`'s own."""
    return lambda z, *parameters: np.asarray(f(np.asarray(z, np.float32), *parameters), np.float32)


# --- sigmoid and tanh -------------------------------------------------------------------------------------------------


def sigmoid_by_masks(z):
    out = np.empty(np.shape(z))
    right = z >= 0
    out[right] = 1 / (1 + np.exp(-z[right]))
    e = np.exp(z[~right])
    out[~right] = e / (1 + e)
    return out


def sigmoid_of_one(v):
    return 1 / (1 + math.exp(-v)) if v >= 0 else math.exp(v) / (1 + math.exp(v))


def sigmoid_hushed(z):
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-z))


class Sigmoid:
    """A callable object with a parameter of its own."""

    def __call__(self, z, steepness=1.0):
        return 0.5 * (1 + np.tanh(steepness * z / 2)).view(Tagged)


def sigmoid_grad_cosh(z):
    return 0.25 / np.cosh(np.asarray(z, float) / 2) ** 2


def sigmoid_grad_quotient(z):
    e = np.exp(-np.abs(z))
    return e / (1 + e) ** 2


def tanh_quotient(z):
    a, b = np.exp(z), np.exp(-1.0 * z)
    return (a - b) / (a + b)


def tanh_grad_cosh(z):
    return np.cosh(z) ** -2.0


# --- the family of ReLU -----------------------------------------------------------------------------------------------


def relu_in_place(z):
    z = z.copy()
    z[z < 0] = 0
    return z


def leaky_in_place(z, alpha=0.01):
    z = np.array(z, dtype=float)
    z[z < 0] *= alpha
    return z


def leaky_slopes(z, alpha=0.01):
    out = np.full(np.shape(z), float(alpha))
    out[z > 0] = 1
    return out


def prelu_columns(z, alpha):
    out = np.array(z, dtype=np.float64, order="F")
    alphas = np.broadcast_to(alpha, z.shape[-1:])
    for unit in range(z.shape[-1]):
        column = out[..., unit]
        out[..., unit] = np.where(column < 0, alphas[unit] * column, column)
    return out


def prelu_einsum(z, alpha):
    below = np.einsum("...u,u->...u", np.minimum(z, 0.0), np.broadcast_to(alpha, z.shape[-1:]))
    return np.maximum(z, 0) + below


def prelu_slope_blend(z, alpha):
    positive = (np.asarray(z) > 0).astype(float)
    return positive + (1 - positive) * alpha


def prelu_slope_left(z, alpha):
    """Takes the other slope at the kink."""
    return np.where(z >= 0, 1.0, np.ones(z.shape) * alpha)


def elu_masks(z, alpha=1.0):
    out = np.array(z, dtype=float)
    out[out < 0] = alpha * (np.exp(out[out < 0]) - 1)
    return out


def elu_slope_from_output(z, alpha=1.0):
    return np.where(z > 0, 1.0, elu_masks(z, alpha) + alpha)


# --- softmax ----------------------------------------------------------------------------------------------------------


def softmax_moved(z, axis=-1):
    """Works on the last axis only, and moves the wanted one there and back."""
    rows = np.moveaxis(np.asarray(z, float), axis, -1)
    e = np.exp(rows - rows.max(-1)[..., None])
    return np.moveaxis(e / np.einsum("...k->...", e)[..., None], -1, axis)


def softmax_in_place(z, axis=-1):
    p = np.array(z, dtype=float)
    p -= np.amax(p, axis, keepdims=True)
    np.exp(p, out=p)
    p /= p.sum(axis, keepdims=True)
    return p


def softmax_of_row(row):
    e = [math.exp(v - max(row)) for v in row]
    return np.array(e) / math.fsum(e)


def softmax_looped(z, axis=-1):
    return np.apply_along_axis(softmax_of_row, axis, z)


def softmax_through_log(z, axis=-1):
    return np.exp(log_softmax_short(z, axis))


def log_softmax_short(z, axis=-1):
    total = np.logaddexp.reduce(np.asarray(z, float), axis=axis, keepdims=True)
    return z - total


def log_softmax_moved(z, axis=-1):
    rows = np.array(np.moveaxis(z, axis, -1), dtype=np.float64)
    rows -= rows.max(-1, keepdims=True)
    rows -= np.log(np.sum(np.exp(rows), -1, keepdims=True))
    return np.moveaxis(rows, -1, axis)


def log_softmax_of_row(row):
    top = max(row)
    return np.array(row, float) - top - math.log(sum(math.exp(v - top) for v in row))


# --- weights, depth, dead units ---------------------------------------------------------------------------------------

FACTOR = {"lecun": (1, "in"), "glorot": (1, "mean"), "he": (2, "in")}


def weights_from_table(scheme, fan_in, fan_out, rng):
    """By variance; the uniform weights come from numbers between 0 and 1."""
    factor, fan = FACTOR[scheme.partition("_")[0]]
    variance = factor / (fan_in if fan == "in" else 0.5 * (fan_in + fan_out))
    if "normal" in scheme:
        return rng.standard_normal((fan_in, fan_out)) * variance**0.5
    return (2 * rng.random((fan_in, fan_out)) - 1) * math.sqrt(3 * variance)


def weights_truncated(scheme, fan_in, fan_out, rng):
    """As Keras draws them: normals cut off at two standard deviations, widened to the right variance; one by one."""
    if scheme.endswith("uniform"):
        return (
            weights_from_table(scheme, fan_out, fan_in, rng).T
            if scheme[0] == "g"
            else _ladder(scheme, fan_in, fan_out, rng)
        )
    z = rng.standard_normal(fan_in * fan_out)
    while (outside := np.abs(z) > 2).any():
        z[outside] = rng.standard_normal(int(outside.sum()))
    std = np.sqrt({"l": 1 / fan_in, "g": 2 / (fan_in + fan_out), "h": 2 / fan_in}[scheme[0]])
    return (z / 0.87962566103423978 * std).reshape(fan_in, fan_out)


def _ladder(scheme, fan_in, fan_out, rng):
    if scheme == "lecun_uniform":
        limit = np.sqrt(3 / fan_in)
    elif scheme == "he_uniform":
        limit = np.sqrt(6 / fan_in)
    return rng.uniform(-limit, limit, size=(fan_in, fan_out))


def weights_float32(scheme, fan_in, fan_out, rng):
    return np.asfortranarray(weights_from_table(scheme, fan_in, fan_out, rng), np.float32)


def signal_recursive(activation_fn, scheme, depth, width, rng, samples=None):
    if samples is None:
        samples = rng.normal(size=(200, width))
    if depth == 0:
        return ()
    samples = activation_fn(np.einsum("ij,jk->ik", samples, weights_truncated(scheme, width, width, rng)))
    return (np.std(samples), *signal_recursive(activation_fn, scheme, depth - 1, width, rng, samples))


def signal_columns(activation_fn, scheme, depth, width, rng):
    """Samples are columns; the result is an array."""
    samples, stds = rng.standard_normal((width, 1000)), np.zeros(depth)
    for layer in range(depth):
        samples = activation_fn(weights_from_table(scheme, width, width, rng).T @ samples)
        stds[layer] = np.sqrt(np.mean((samples - samples.mean()) ** 2))
    return stds


def signal_in_parts(activation_fn, scheme, depth, width, rng):
    """Three batches of 100 rows through the same weights."""
    weights = [weights_from_table(scheme, width, width, rng) for _ in range(depth)]
    batches, stds = [rng.standard_normal((100, width)) for _ in range(3)], []
    for W in weights:
        batches = [activation_fn(np.dot(batch, W)) for batch in batches]
        stds += [np.concatenate(batches).std()]
    return stds


def dead_by_loops(activations):
    samples, units = np.shape(activations)
    dead = 0
    for unit in range(units):
        if not any(activations[sample][unit] != 0 for sample in range(samples)):
            dead += 1
    return dead / units


def dead_by_maximum(activations):
    return np.mean(np.abs(activations).max(axis=0) == 0)


def dead_by_count(activations):
    alive = np.count_nonzero(np.count_nonzero(activations, axis=0))
    return np.array(1 - alive / activations.shape[1])


def initial_weights_by_scipy(scheme, fan_in, fan_out, rng):
    from scipy.stats import truncnorm

    if scheme.endswith("uniform"):
        return weights_from_table(scheme, fan_in, fan_out, rng)
    std = {"l": 1 / fan_in, "g": 2 / (fan_in + fan_out), "h": 2 / fan_in}[scheme[0]] ** 0.5
    return truncnorm.rvs(-2, 2, scale=std / truncnorm.std(-2, 2), size=(fan_in, fan_out), random_state=rng)


def signal_sample_by_sample(activation_fn, scheme, depth, width, rng):
    activation_fn(np.zeros(3))  # just to see it work
    samples, stds = [rng.standard_normal(width) for _ in range(200)], []
    for _ in range(depth):
        W = weights_from_table(scheme, width, width, rng)
        samples = [activation_fn(sample @ W) for sample in samples]
        stds.append(np.std(samples))
    return tuple(stds)


VARIANTS = {
    "sigmoid": {
        "masks": sigmoid_by_masks,
        "a loop with math.exp": each(sigmoid_of_one),
        "warnings switched off": sigmoid_hushed,
        "a callable object through tanh": Sigmoid(),
        "through logaddexp": lambda z: np.exp(-np.logaddexp(0, -1.0 * z)),
        "clipped": lambda z: 1 / (1 + np.exp(-np.clip(z, -500, 500))),
        "read-only, Fortran order": frozen(sigmoid_by_masks),
        "float32": in_float32(lambda z: np.float32(0.5) * (np.tanh(z / 2) + 1)),
    },
    "sigmoid_grad": {
        "a quotient": sigmoid_grad_quotient,
        "through cosh": sigmoid_grad_cosh,
        "s minus s squared": lambda z: sigmoid_by_masks(z) - np.square(sigmoid_by_masks(z)),
        "a loop": each(lambda v: sigmoid_of_one(v) * sigmoid_of_one(-v)),
        "float32": in_float32(sigmoid_grad_quotient),
    },
    "tanh": {
        "by its formula": tanh_quotient,
        "through the sigmoid": lambda z: 2 * sigmoid_by_masks(2 * z) - 1,
        "a loop": each(math.tanh),
        "sinh over cosh": lambda z: np.sinh(z) / np.cosh(z),
        "the ufunc itself": np.tanh,
    },
    "tanh_grad": {
        "through cosh": tanh_grad_cosh,
        "third binomial formula": lambda z: (1 - np.tanh(z)) * (1 + np.tanh(z)),
        "a loop": each(lambda v: 1 - math.tanh(v) ** 2),
        "through the sigmoid": lambda z: 4 * sigmoid_grad_quotient(2 * z),
    },
    "relu": {
        "in place on a copy": relu_in_place,
        "half of z plus its size": lambda z: (z + np.abs(z)) / 2,
        "a loop with max": each(lambda v: max(v, 0.0)),
        "times a condition": lambda z: z * (z > 0),
        "clip": lambda z: np.clip(z, 0, None).view(Tagged),
        "a partial": partial(np.maximum, 0),
    },
    "relu_grad": {
        "one at the kink": lambda z: (z >= 0).astype(np.float32),
        "whole numbers": lambda z: (z > 0) * 1,
        "heaviside, a half at the kink": lambda z: np.heaviside(z, 0.5),
        "a loop": each(lambda v: 1.0 if v > 0 else 0.0),
        "sign of relu": lambda z: np.sign(np.maximum(z, 0)),
        "read-only": frozen(lambda z: np.where(z > 0, 1.0, 0.0)),
    },
    "leaky_relu": {
        "in place on a copy": leaky_in_place,
        "the larger one": lambda z, alpha=0.01: np.maximum(z, alpha * z),
        "a loop": each(lambda v, alpha=0.01: v if v > 0 else alpha * v),
        "two halves": lambda z, slope=0.01, *rest: np.maximum(z, 0) + slope * np.minimum(z, 0),
        "float32": in_float32(lambda z, alpha=0.01: np.where(z > 0, z, np.float32(alpha) * z)),
    },
    "leaky_relu_grad": {
        "filled": leaky_slopes,
        "the other slope at the kink": lambda z, alpha=0.01: np.where(z < 0, alpha, 1.0),
        "a loop": each(lambda v, alpha=0.01: 1.0 if v > 0 else alpha),
        "blended": lambda z, alpha=0.01: alpha + (1 - alpha) * (z > 0),
        "half way at the kink": lambda z, alpha=0.01: (1 + alpha) / 2 + (1 - alpha) / 2 * np.sign(z),
    },
    "prelu": {
        "columns": prelu_columns,
        "einsum": prelu_einsum,
        "the larger one": lambda z, alpha: np.maximum(z, alpha * z),
        "rows": lambda z, alpha: (
            np.stack([prelu_einsum(row, alpha) for row in z]) if z.ndim > 1 else prelu_einsum(z, alpha)
        ),
    },
    "prelu_grad": {
        "blended": prelu_slope_blend,
        "the other slope at the kink": prelu_slope_left,
        "alpha plus the rest": lambda z, alpha: alpha + (1 - np.asarray(alpha)) * (z > 0),
        "read-only": frozen(prelu_slope_left),
    },
    "prelu_grad_alpha": {
        "where": lambda z: np.where(z < 0, z, 0.0),
        "the rest of relu": lambda z: z - np.maximum(z, 0),
        "a loop": each(lambda v: min(v, 0.0)),
        "times a condition": lambda z: (z < 0) * z,
        "in place on a copy": lambda z: np.clip(z, None, 0, out=np.array(z)),
    },
    "elu": {
        "masks on a copy": elu_masks,
        "warns for huge z": lambda z, alpha=1.0: np.where(z > 0, z, alpha * (np.exp(z) - 1)),
        "a loop": each(lambda v, alpha=1.0: v if v > 0 else alpha * math.expm1(v)),
        "two halves": lambda z, alpha=1.0: np.maximum(z, 0) + alpha * np.expm1(np.minimum(z, 0)),
        "float32": in_float32(lambda z, alpha=1.0: np.where(z > 0, z, np.float32(alpha) * np.expm1(np.minimum(z, 0)))),
    },
    "elu_grad": {
        "from the output": elu_slope_from_output,
        "alpha at the kink": lambda z, alpha=1.0: np.where(z > 0, 1.0, alpha * np.exp(z)),
        "one at the kink": lambda z, alpha=1.0: np.where(z >= 0, 1.0, alpha * np.exp(z)),
        "a loop": each(lambda v, alpha=1.0: 1.0 if v > 0 else alpha * math.exp(v)),
    },
    "softmax": {
        "axes moved": softmax_moved,
        "row by row": softmax_looped,
        "through its logarithm": softmax_through_log,
        "read-only, Fortran order": frozen(softmax_moved),
        "float32": in_float32(softmax_moved),
        "in place on a copy": softmax_in_place,
    },
    "log_softmax": {
        "logaddexp": log_softmax_short,
        "axes moved": log_softmax_moved,
        "row by row": lambda z, axis=-1: np.apply_along_axis(log_softmax_of_row, axis, z),
        "float32": in_float32(log_softmax_moved),
        "a subclass": lambda z, axis=-1: log_softmax_short(z, axis).view(Tagged),
    },
    "initial_weights": {
        "SciPy's truncated normals": initial_weights_by_scipy,
        "from a table of variances": weights_from_table,
        "truncated normals": weights_truncated,
        "float32, Fortran order": weights_float32,
    },
    "signal_through_depth": {
        "sample by sample": signal_sample_by_sample,
        "recursive, a tuple, einsum": signal_recursive,
        "samples as columns, an array": signal_columns,
        "in three batches": signal_in_parts,
    },
    "dead_fraction": {
        "loops": dead_by_loops,
        "through the maximum": dead_by_maximum,
        "counting, a 0-d array": dead_by_count,
        "a Python float": lambda activations: float((activations == 0).all(0).sum() / activations.shape[-1]),
    },
}


# --- wrong ------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def first_weights(scheme, fan_in, fan_out):
    return weights_from_table(scheme, fan_in, fan_out, np.random.default_rng(5))


def repeated_weights(scheme, fan_in, fan_out, rng):
    """One row, repeated."""
    return np.tile(weights_from_table(scheme, fan_in, fan_out, rng)[:1], (fan_in, 1))


class _Global:
    """NumPy's global random state in the clothes of a generator."""

    standard_normal = staticmethod(lambda shape: np.random.standard_normal(shape))  # noqa: NPY002
    random = staticmethod(lambda shape: np.random.random(shape))  # noqa: NPY002


def one_family(scheme, fan_in, fan_out, rng):
    return weights_from_table("glorot_" + scheme.partition("_")[2], fan_in, fan_out, rng)


def always_uniform(scheme, fan_in, fan_out, rng):
    return weights_from_table(scheme.partition("_")[0] + "_uniform", fan_in, fan_out, rng)


def two_values(scheme, fan_in, fan_out, rng):
    """The right variance, from a coin."""
    std = weights_from_table(scheme, 400, 400, rng).std() * np.sqrt(400 / fan_in)
    return rng.choice([-std, std], (fan_in, fan_out))


def signal_constant(activation_fn, scheme, depth, width, rng):
    activation_fn(np.zeros((200 * depth, width)))
    return [0.8] * depth


def signal_divided(activation_fn, scheme, depth, width, rng):
    """Normalises after every layer, so that everything looks fine."""
    samples, stds = rng.standard_normal((256, width)), []
    for _ in range(depth):
        samples = activation_fn(samples @ weights_from_table(scheme, width, width, rng))
        stds.append(samples.std())
        samples = samples / samples.std()
    return stds


def signal_one_short(activation_fn, scheme, depth, width, rng):
    return signal_columns(activation_fn, scheme, depth, width, rng)[:-1]


def signal_with_bias(activation_fn, scheme, depth, width, rng):
    return signal_columns(lambda z: activation_fn(z + 1), scheme, depth, width, rng)


def signal_narrow(activation_fn, scheme, depth, width, rng):
    """Draws weights for a wider layer than it has."""
    samples, stds = rng.standard_normal((256, width)), []
    for _ in range(depth):
        samples = activation_fn(samples @ weights_from_table(scheme, 2 * width, 2 * width, rng)[:width, :width])
        stds.append(samples.std())
    return stds


def prelu_sorting(z, alpha):
    if np.ndim(alpha):
        alpha.sort()
    return np.where(z > 0, z, alpha * z)


def elu_in_place(z, alpha=1.0):
    z[z < 0] = alpha * np.expm1(z[z < 0])
    return z


def hushed_log(z, axis=-1):
    with np.errstate(all="ignore"):
        return np.log(softmax_moved(z, axis))


def only_one_sample(f):
    """Handles a batch by looking at its first row."""
    return lambda z, *parameters: f(z if z.ndim == 1 else np.tile(z[:1], (len(z), 1)), *parameters)


def smooth_slope(z, alpha=1.0):
    return np.where(z > 0, 1.0, alpha * np.exp(np.minimum(z, 0)))


def leaky_slope(z, alpha):
    return np.where(z > 0, 1.0, alpha)


def softmax_of(z, axis):
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def log_softmax_last_if_square(z, axis=-1):
    axis = -1 if z.ndim == 2 and len(z) == len(z[0]) else axis
    shifted = z - z.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def signal_of(activation_fn, depth, width, start, weights):
    """The standard deviations; `start` and `weights` are functions without arguments."""
    signal, stds = start(), []
    for _ in range(depth):
        signal = activation_fn(signal @ weights())
        stds.append(signal.std())
    return stds


def one_matrix_for_all(activation_fn, scheme, depth, width, rng):
    W = weights_from_table(scheme, width, width, rng)
    return signal_of(activation_fn, depth, width, lambda: rng.standard_normal((256, width)), lambda: W)


def weights_from_a_seed(activation_fn, scheme, depth, width, rng):
    def weights():
        return weights_from_table(scheme, width, width, np.random.default_rng(5))

    return signal_of(activation_fn, depth, width, lambda: rng.standard_normal((256, width)), weights)


def samples_from_a_seed(activation_fn, scheme, depth, width, rng):
    def weights():
        return weights_from_table(scheme, width, width, rng)

    return signal_of(
        activation_fn, depth, width, lambda: np.random.default_rng(1).standard_normal((256, width)), weights
    )


def signal_from_nowhere(activation_fn, scheme, depth, width, rng):
    rng = np.random.default_rng()

    def weights():
        return weights_from_table(scheme, width, width, rng)

    return signal_of(activation_fn, depth, width, lambda: rng.standard_normal((256, width)), weights)


MUTANTS = {
    "sigmoid": {
        "rounded": lambda z: np.round(sigmoid_by_masks(z), 4),
        "clipped too early": lambda z: 1 / (1 + np.exp(-np.clip(z, -3, 3))),
        "only warnings of one kind": lambda z: np.where(z > 0, 1 / (1 + np.exp(-z)), np.exp(z) / (1 + np.exp(z))),
        "base two": lambda z: 1 / (1 + np.exp2(-np.clip(z, -900.0, 900.0))),
        "integers stay integers": lambda z: sigmoid_by_masks(z).astype(z.dtype),
        "hard": lambda z: np.clip(0.2 * z + 0.5, 0, 1),
        "first row only": only_one_sample(sigmoid_by_masks),
    },
    "sigmoid_grad": {
        "squared": lambda z: sigmoid_by_masks(z) ** 2,
        "slope of tanh": lambda z: 1 - np.tanh(z) ** 2,
        "twice": lambda z: 2 * sigmoid_grad_quotient(z),
        "coarse difference": lambda z: (sigmoid_by_masks(z + 0.01) - sigmoid_by_masks(z - 0.01)) / 0.02,
        "always a quarter": lambda z: np.full(z.shape, 0.25),
    },
    "tanh": {
        "clipped line": lambda z: np.clip(z, -1, 1),
        "softsign": lambda z: z / (1 + np.abs(z)),
        "cosh over sinh": lambda z: np.cosh(z) / np.where(z == 0, 1.0, np.sinh(z)),
        "exp not mirrored": lambda z: (np.exp(z) - 1) / (np.exp(z) + 1),
    },
    "tanh_grad": {
        "cosh squared": lambda z: np.cosh(z) ** 2,
        "of the output's output": lambda z: 1 - np.tanh(np.tanh(z)) ** 2,
        "quarter": lambda z: sigmoid_grad_quotient(z),
        "minus": lambda z: 1 - np.tanh(z) ** 3,
    },
    "relu": {
        "at most six": lambda z: np.clip(z, 0, 6),
        "maximum of the array": lambda z: np.max(z) * np.ones(z.shape),
        "above one": lambda z: np.where(z > 1, z, 0.0),
        "six at most": lambda z: np.clip(z, 0, 2.5),
        "negative zero side": lambda z: -np.minimum(z, 0),
        "booleans": lambda z: z > 0,
        "in place": lambda z: np.maximum(z, 0, out=z),
        "a list": lambda z: np.maximum(z, 0).tolist(),
    },
    "relu_grad": {
        "booleans": lambda z: z > 0,
        "above one": lambda z: (z > 1) * 1.0,
        "two at the kink": lambda z: np.where(z > 0, 1.0, np.where(z == 0, 2.0, 0.0)),
        "minus one at the kink": lambda z: np.where(z > 0, 1.0, np.where(z == 0, -1.0, 0.0)),
        "a number": lambda z: 1.0,
        "not finite at the kink": lambda z: np.maximum(z, 0) / np.where(z == 0, np.nan, z),
    },
    "leaky_relu": {
        "alpha added": lambda z, alpha=0.01: np.where(z > 0, z, z + alpha),
        "alpha divided": lambda z, alpha=0.01: np.where(z > 0, z, z * 100),
        "alpha squared": lambda z, alpha=0.01: np.where(z > 0, z, alpha**2 * z),
        "both sides": lambda z, alpha=0.01: alpha * z,
        "in place": lambda z, alpha=0.01: np.multiply(z, alpha, out=z, where=z < 0),
    },
    "leaky_relu_grad": {
        "no alpha of 0": lambda z, alpha=None: leaky_slope(z, alpha or 0.01),
        "outside at the kink": lambda z, alpha=0.01: np.where(z > 0, 1.0, np.where(z == 0, 0.0, alpha)),
        "one minus alpha": lambda z, alpha=0.01: np.where(z > 0, 1.0, 1 - alpha),
        "alpha everywhere": lambda z, alpha=0.01: np.full(z.shape, alpha),
        "one everywhere": lambda z, alpha=0.01: np.ones(z.shape),
        "booleans": lambda z, alpha=0.01: z > 0,
    },
    "prelu": {
        "no alpha of 0": lambda z, alpha: np.where(z > 0, z, np.where(alpha == 0, 0.25, alpha) * z),
        "last alpha": lambda z, alpha: np.where(z > 0, z, np.ravel(alpha)[-1] * z),
        "alphas reversed": lambda z, alpha: np.where(z > 0, z, (alpha[::-1] if np.ndim(alpha) else alpha) * z),
        "both sides": lambda z, alpha: alpha * z,
        "minus": lambda z, alpha: np.where(z > 0, z, -alpha * z),
        "alpha sorted in place": lambda z, alpha: np.where(
            z > 0, z, (alpha.sort() if np.ndim(alpha) else None) or alpha * z
        ),
        "first row only": only_one_sample(prelu_einsum),
    },
    "prelu_grad": {
        "sums a batch of one": lambda z, a: leaky_slope(z, a)[0] if z.ndim == 2 and len(z) == 1 else leaky_slope(z, a),
        "mean alpha": lambda z, alpha: np.where(z > 0, 1.0, np.mean(alpha)),
        "shape of alpha": lambda z, alpha: 1.0 * np.asarray(alpha),
        "minus": lambda z, alpha: np.where(z > 0, 1.0, -np.asarray(alpha)),
        "summed, kept": lambda z, alpha: np.where(z > 0, 1.0, alpha).sum(axis=0, keepdims=True),
        "outside at the kink": lambda z, alpha: np.where(z > 0, 1.0, np.where(z == 0, -0.1, alpha)),
    },
    "prelu_grad_alpha": {
        "one number": lambda z: np.minimum(z, 0).sum(),
        "mean": lambda z: np.minimum(z, 0) / len(z) if z.ndim > 1 and len(z) > 1 else np.minimum(z, 0) / 2,
        "minus one": lambda z: np.where(z < 0, -1.0, 0.0),
        "squared": lambda z: np.where(z < 0, z**2, 0),
        "zeros": lambda z: np.zeros(z.shape),
    },
    "elu": {
        "no alpha of 0": lambda z, alpha=None: np.where(z > 0, z, (alpha or 1.0) * np.expm1(np.minimum(z, 0))),
        "selu": lambda z, alpha=1.0: 1.0507 * np.where(z > 0, z, 1.6733 * (np.exp(z) - 1)),
        "level too early": lambda z, alpha=1.0: np.maximum(
            np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0))), -0.5
        ),
        "exp on the right": lambda z, alpha=1.0: np.where(z < 0, z, alpha * (np.exp(z) - 1)),
        "z inside": lambda z, alpha=1.0: np.where(z > 0, z, np.exp(alpha * z) - 1),
        "in place": elu_in_place,
    },
    "elu_grad": {
        "no alpha of 0": lambda z, alpha=None: smooth_slope(z, alpha or 1.0),
        "exp of alpha z": lambda z, alpha=1.0: np.where(z > 0, 1.0, np.exp(alpha * z)),
        "alpha squared": lambda z, alpha=1.0: np.where(z > 0, 1.0, alpha**2 * np.exp(z)),
        "z on the right": lambda z, alpha=1.0: np.where(z > 0, z, alpha * np.exp(z)),
        "at the kink zero": lambda z, alpha=1.0: np.where(z > 0, 1.0, np.where(z == 0, 0.0, alpha * np.exp(z))),
        "one everywhere": lambda z, alpha=1.0: np.ones(z.shape),
    },
    "softmax": {
        "negative means last": lambda z, axis=-1: softmax_of(z, max(axis, -1)),
        "base two": lambda z, axis=-1: softmax_moved(z * math.log(2), axis),
        "uniform": lambda z, axis=-1: np.full(z.shape, 1 / z.shape[axis]),
        "minimum subtracted": lambda z, axis=-1: (
            np.exp(z - z.min(axis, keepdims=True)) / np.exp(z - z.min(axis, keepdims=True)).sum(axis, keepdims=True)
        ),
        "sums to two": lambda z, axis=-1: 2 * softmax_moved(z, axis),
        "clipped": lambda z, axis=-1: softmax_moved(np.clip(z, -500, 500), axis),
        "nan swept away": lambda z, axis=-1: np.nan_to_num(np.exp(z) / np.exp(z).sum(axis, keepdims=True)),
        "sorted": lambda z, axis=-1: np.sort(softmax_moved(z, axis), axis),
        "axis 1 always": lambda z, axis=-1: softmax_moved(z, 1) if z.ndim > 1 else softmax_moved(z),
    },
    "log_softmax": {
        "last axis of a square": log_softmax_last_if_square,
        "minus infinity swept away": lambda z, axis=-1: np.nan_to_num(np.log(softmax_moved(z, axis))),
        "epsilon of another size": lambda z, axis=-1: np.log(softmax_moved(z, axis) + 1e-7),
        "clipped": lambda z, axis=-1: log_softmax_moved(np.clip(z, -500, 500), axis),
        "scores minus maximum": lambda z, axis=-1: 1.0 * z - z.max(axis, keepdims=True),
        "log2": lambda z, axis=-1: log_softmax_moved(z, axis) / math.log(2),
        "hushed": hushed_log,
    },
    "initial_weights": {
        "zeros": lambda scheme, fan_in, fan_out, rng: np.zeros((fan_in, fan_out)),
        "one row repeated": repeated_weights,
        "cached": lambda scheme, fan_in, fan_out, rng: first_weights(scheme, fan_in, fan_out),
        "global state": lambda scheme, fan_in, fan_out, rng: weights_from_table(scheme, fan_in, fan_out, _Global),
        "always Glorot": one_family,
        "always uniform": always_uniform,
        "a coin": two_values,
        "shifted": lambda *arguments: weights_from_table(*arguments) + 0.01,
        "a little too wide": lambda *arguments: 1.05 * weights_from_table(*arguments),
        "only positive": lambda *arguments: np.abs(weights_from_table(*arguments)),
        "square": lambda scheme, fan_in, fan_out, rng: weights_from_table(scheme, fan_in, fan_in, rng),
        "a list": lambda *arguments: weights_from_table(*arguments).tolist(),
        "flat": lambda *arguments: weights_from_table(*arguments).ravel(),
    },
    "signal_through_depth": {
        "one matrix for all layers": one_matrix_for_all,
        "weights from a seed": weights_from_a_seed,
        "samples from a seed": samples_from_a_seed,
        "a generator from nowhere": signal_from_nowhere,
        "made up": signal_constant,
        "normalised": signal_divided,
        "one short": signal_one_short,
        "with a bias": signal_with_bias,
        "weights of a wider layer": signal_narrow,
        "a sum": lambda *arguments: float(np.sum(signal_columns(*arguments))),
        "reversed": lambda *arguments: signal_columns(*arguments)[::-1],
    },
    "dead_fraction": {
        "largest is 0": lambda a: float(np.mean(a.max(axis=0) == 0)),
        "nearly silent": lambda a: float(np.mean(np.all(np.abs(a) < 1e-20, axis=0))),
        "a boolean": lambda activations: bool((activations == 0).all(0).any()),
        "per unit": lambda activations: (activations == 0).all(0).astype(float),
        "first sample only": lambda activations: float((activations[0] == 0).mean()),
        "mean is zero": lambda activations: float((activations.mean(0) == 0).mean()),
        "divided by samples": lambda activations: float((activations == 0).all(0).sum() / len(activations)),
        "whole division": lambda activations: (activations == 0).all(0).sum() // activations.shape[1],
        "half": lambda activations: 0.5,
    },
}
