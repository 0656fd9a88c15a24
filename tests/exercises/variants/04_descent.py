"""Right answers to chapter 04 in other styles, and wrong ones that have no name of their own."""

import math
from collections import namedtuple

import numpy as np

# --- right: losses ----------------------------------------------------------------------------------------------------


def table(values):
    return np.asarray(values, dtype=float).reshape(len(values), -1)


def l1_loops(predictions, targets):
    total = 0.0
    for row, wanted in zip(table(predictions), table(targets), strict=True):
        total += sum(abs(float(a) - float(b)) for a, b in zip(row, wanted, strict=True))
    return total / len(predictions)


def l1_masks(predictions, targets):
    slopes = np.zeros(predictions.shape)
    slopes[predictions > targets] = 1.0
    slopes[predictions < targets] = -1.0
    return slopes / predictions.shape[0]


def l1_one_sided(predictions, targets):
    """+1 at the kink."""
    return np.where(predictions >= targets, 1.0, -1.0) / len(targets)


def l2_einsum(predictions, targets):
    e = table(predictions) - table(targets)
    return np.einsum("ij,ij->i", e, e).mean()


def l2_loops(predictions, targets):
    return math.fsum((float(a) - float(b)) ** 2 for a, b in zip(predictions.flat, targets.flat, strict=True)) / len(
        targets
    )


def l2_slopes_in_place(predictions, targets):
    out = np.array(predictions, dtype=float)
    out -= targets
    out *= 2 / len(out)
    return out


def l2_slopes_rows(predictions, targets):
    n = len(predictions)
    return np.stack([(p - t) / n + (p - t) / n for p, t in zip(predictions, targets, strict=True)])


def bce_logaddexp(logits, targets):
    return (np.logaddexp(0, logits) - targets * logits).sum() / len(logits)


def bce_cases(logits, targets):
    """Each sign of the score with a form of its own, sample by sample."""
    total = 0.0
    for z, t in zip(table(logits).flat, table(targets).flat, strict=True):
        total += z + math.log1p(math.exp(-z)) - t * z if z > 0 else math.log1p(math.exp(z)) - t * z
    return total / len(logits)


def bce_of_helpers(logits, targets):
    from helpers.kernels import log_softmax

    pairs = np.stack([np.zeros_like(logits, dtype=float), np.asarray(logits, float)], axis=-1)
    log_p = log_softmax(pairs)
    return -(targets * log_p[..., 1] + (1 - targets) * log_p[..., 0]).sum() / len(logits)


def bce_slopes_tanh(logits, targets):
    return ((1 + np.tanh(logits / 2)) / 2 - targets) / len(logits)


def bce_slopes_loops(logits, targets):
    out = np.empty(logits.shape)
    for place in np.ndindex(out.shape):
        z = float(logits[place])
        p = 1 / (1 + math.exp(-z)) if z > 0 else math.exp(z) / (1 + math.exp(z))
        out[place] = (p - targets[place]) / len(logits)
    return out


def ce_logsumexp(logits, labels):
    top = logits.max(axis=1)
    chosen = np.take_along_axis(logits, labels.astype(int)[:, None], axis=1)[:, 0]
    return np.mean(np.log(np.exp(logits - top[:, None]).sum(axis=1)) + top - chosen)


def ce_loops(logits, labels):
    total = 0.0
    for row, label in zip(logits.tolist(), labels.tolist(), strict=True):
        total -= row[label] - max(row) - math.log(sum(math.exp(z - max(row)) for z in row))
    return total / len(labels)


def ce_slopes_one_hot(logits, labels):
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (shifted / shifted.sum(axis=1, keepdims=True) - np.eye(logits.shape[1])[labels]) / len(logits)


def ce_slopes_loops(logits, labels):
    out = []
    for row, label in zip(logits.tolist(), labels.tolist(), strict=True):
        e = [math.exp(z - max(row)) for z in row]
        out.append([(v / sum(e) - (j == label)) / len(labels) for j, v in enumerate(e)])
    return np.array(out)


def hinge_loops(scores, labels, power=1):
    total = 0.0
    for row, label in zip(scores.tolist(), labels.tolist(), strict=True):
        total += sum(max(0.0, s - row[label] + 1) ** power for j, s in enumerate(row) if j != label)
    return total / len(labels)


def hinge_minus_one(scores, labels):
    """Lets the right class pay its 1, and takes it off again."""
    right = np.take_along_axis(scores, labels.astype(int)[:, None], axis=1)
    return np.mean(np.maximum(scores - right + 1, 0).sum(axis=1) - 1)


def squared_hinge_minus_one(scores, labels):
    right = (scores * np.eye(scores.shape[1])[labels]).sum(axis=1, keepdims=True)
    return (np.square(np.maximum(scores - right + 1, 0)).sum() - len(scores)) / len(scores)


def hinge_slopes_loops(scores, labels, power=1):
    out = np.zeros(scores.shape)
    for i, label in enumerate(labels.tolist()):
        for j in range(scores.shape[1]):
            violation = float(scores[i, j]) - float(scores[i, label]) + 1
            if j != label and violation >= 0:
                slope = 1.0 if power == 1 else 2 * violation
                out[i, j] += slope / len(labels)
                out[i, label] -= slope / len(labels)
    return out


def hinge_slopes_masks(scores, labels):
    target = np.eye(scores.shape[1])[labels]
    inside = (scores - (scores * target).sum(axis=1, keepdims=True) > -1) * (1 - target)
    return (inside - target * inside.sum(axis=1, keepdims=True)) / len(scores)


def squared_hinge_slopes_masks(scores, labels):
    target = np.eye(scores.shape[1])[labels]
    m = np.maximum(scores - (scores * target).sum(axis=1, keepdims=True) + 1, 0) * (1 - target)
    return np.asfortranarray((m - target * m.sum(axis=1, keepdims=True)) * (2 / len(scores)))


# --- right: descent ---------------------------------------------------------------------------------------------------


def slopes_with_units(f, x, h=1e-5):
    """One unit vector at a time."""
    x = np.asarray(x, dtype=float)
    units = np.eye(x.size).reshape(x.size, *x.shape)
    return np.array([(f(x + h * unit) - f(x - h * unit)) / (2 * h) for unit in units]).reshape(x.shape)


def slopes_flat(f, x, h=1e-5):
    shape, values = np.shape(x), [float(v) for v in np.ravel(x)]
    out = []
    for i in range(len(values)):
        up, down = values.copy(), values.copy()
        up[i], down[i] = up[i] + h, down[i] - h
        out.append((f(np.reshape(up, shape)) - f(np.reshape(down, shape))) / (h + h))
    return np.reshape(np.array(out), shape)


def stable_sigmoid(z):
    return 0.5 * (1 + np.tanh(np.asarray(z, float) / 2))


def mean_loss(z, y):
    return float(np.mean(np.logaddexp(0, z) - y * z))


Fit = namedtuple("Fit", "weights losses")


def descend_in_place(X, y, W0, learning_rate, epochs):
    W, losses = np.array(W0, dtype=float), np.zeros(epochs)
    for epoch in range(epochs):
        losses[epoch] = mean_loss(X @ W, y)
        W -= learning_rate * ((stable_sigmoid(X @ W) - y)[:, None] * X).mean(axis=0)
    return Fit(W, losses)


def descend_lists(X, y, W0, learning_rate, epochs):
    w, losses = [float(v) for v in W0], []
    for _ in range(epochs):
        slopes, total = [0.0] * len(w), 0.0
        for row, label in zip(X.tolist(), y.tolist(), strict=True):
            z = sum(a * b for a, b in zip(row, w, strict=True))
            p = float(stable_sigmoid(z))
            total -= math.log(p if label else 1 - p)
            slopes = [s + (p - label) * v / len(y) for s, v in zip(slopes, row, strict=True)]
        losses.append(total / len(y))
        w = [a - learning_rate * s for a, s in zip(w, slopes, strict=True)]
    return [np.array(w), losses]


def batches_yielded(X, y, batch_size, rng):
    order = np.arange(len(y))
    rng.shuffle(order)
    for start in range(0, len(y), batch_size):
        yield X[order[start : start + batch_size]], y[order[start : start + batch_size]]


def batches_by_random_keys(X, y, batch_size, rng):
    order = np.argsort(rng.random(len(X)))
    X, y = X[order], y[order]
    batches = []
    while len(X):
        batches.append([X[:batch_size], y[:batch_size]])
        X, y = X[batch_size:], y[batch_size:]
    return tuple(batches)


def batches_drawn(X, y, batch_size, rng):
    """Draws every batch from what is left."""
    left, batches = list(range(len(X))), []
    while left:
        taken = rng.choice(left, min(batch_size, len(left)), replace=False)
        batches.append((np.array([X[i] for i in taken]), np.array([y[i] for i in taken])))
        left = [i for i in left if i not in set(taken.tolist())]
    return batches


def sgd_in_place(X, y, W0, learning_rate, epochs, batch_size, rng):
    W, losses = np.array(W0, dtype=float), np.zeros(epochs)
    for epoch in range(epochs):
        batches = list(batches_yielded(X, y, batch_size, rng))
        for Xb, yb in batches:
            losses[epoch] += mean_loss(Xb @ W, yb) / len(batches)
            W -= learning_rate / len(yb) * ((stable_sigmoid(Xb @ W) - yb) @ Xb)
    return Fit(W, losses)


def sgd_weighted(X, y, W0, learning_rate, epochs, batch_size, rng):
    """The loss of an epoch is the mean over its samples."""
    W, losses = W0, []
    for _ in range(epochs):
        order, total = rng.permutation(len(X)), 0.0
        for start in range(0, len(X), batch_size):
            chosen = order[start : start + batch_size]
            z = X[chosen] @ W
            total = total + mean_loss(z, y[chosen]) * len(chosen)
            W = W - learning_rate * (X[chosen].T @ (stable_sigmoid(z) - y[chosen])) / len(chosen)
        losses.append(total / len(X))
    return [W, losses]


Step = namedtuple("Step", "w velocity")


def momentum_copy(w, grad, velocity, learning_rate, gamma):
    v = np.array(velocity, dtype=np.result_type(velocity, np.float32))
    v *= gamma
    v -= learning_rate * grad
    new = np.array(w)
    new += v
    return Step(new, v)


def momentum_entries(w, grad, velocity, learning_rate, gamma):
    v, new = np.empty(w.shape), np.empty(w.shape)
    for place in np.ndindex(w.shape):
        v[place] = gamma * velocity[place] - learning_rate * grad[place]
        new[place] = w[place] + v[place]
    return [new, v]


def nesterov_whole(w, grad_fn, velocity, learning_rate, gamma):
    ahead = np.add(w, np.multiply(gamma, velocity))
    slope = grad_fn(ahead)
    return Step(ahead - learning_rate * slope, ahead - w - learning_rate * slope)


def nesterov_copy(w, grad_fn, velocity, learning_rate, gamma):
    v = velocity * gamma
    v = v - grad_fn(w + v) * learning_rate
    return [w + v, v]


def penalty_branches(w, kind, strength, mix=0.5):
    if kind == "l1":
        return strength * sum(abs(float(v)) for v in w.flat)
    if kind == "l2":
        return strength * sum(float(v) ** 2 for v in w.flat)
    if kind == "elastic_net":
        return mix * penalty_branches(w, "l1", strength) + (1 - mix) * penalty_branches(w, "l2", strength)
    raise ValueError(kind)


def penalty_norms(w, kind, strength, mix=0.5):
    flat = np.ravel(w).astype(float)
    match kind:
        case "l1":
            return strength * np.linalg.norm(flat, 1)
        case "l2":
            return strength * (flat @ flat)
        case "elastic_net":
            return strength * (mix * np.linalg.norm(flat, 1) + (1 - mix) * np.linalg.norm(flat) ** 2)
    raise ValueError("l1, l2 or elastic_net")


def price_slopes_branches(w, kind, strength, mix=0.5):
    if kind == "l1":
        return strength * np.where(w >= 0, 1.0, -1.0)
    if kind == "l2":
        return strength * (w + w)
    if kind == "elastic_net":
        return mix * price_slopes_branches(w, "l1", strength) + (1 - mix) * price_slopes_branches(w, "l2", strength)
    raise ValueError(kind)


def price_slopes_entries(w, kind, strength, mix=0.5):
    share = {"l1": 1.0, "l2": 0.0, "elastic_net": mix}.get(kind)
    if share is None:
        raise ValueError(kind)
    out = np.zeros(w.shape)
    for place, v in np.ndenumerate(w):
        out[place] = strength * (share * ((v > 0) * 1.0 - (v < 0) * 1.0) + (1 - share) * 2 * v)
    return out


VARIANTS = {
    "l1_loss": {"loops": l1_loops, "rows first": lambda p, t: np.abs(table(p) - table(t)).sum(axis=1).mean()},
    "l1_loss_grad": {"masks": l1_masks, "+1 at the kink": l1_one_sided},
    "l2_loss": {"einsum": l2_einsum, "loops": l2_loops},
    "l2_loss_grad": {"in place on a copy": l2_slopes_in_place, "row by row": l2_slopes_rows},
    "binary_cross_entropy": {
        "logaddexp": bce_logaddexp,
        "loops, two cases": bce_cases,
        "a softmax over two": bce_of_helpers,
    },
    "binary_cross_entropy_grad": {"tanh": bce_slopes_tanh, "loops": bce_slopes_loops},
    "cross_entropy": {"log of a sum": ce_logsumexp, "loops": ce_loops},
    "cross_entropy_grad": {"one-hot": ce_slopes_one_hot, "loops": ce_slopes_loops},
    "hinge_loss": {"loops": hinge_loops, "minus one": hinge_minus_one},
    "hinge_loss_grad": {"loops, 1 on the margin": hinge_slopes_loops, "masks": hinge_slopes_masks},
    "squared_hinge_loss": {"loops": lambda s, y: hinge_loops(s, y, 2), "minus one": squared_hinge_minus_one},
    "squared_hinge_loss_grad": {
        "loops": lambda s, y: hinge_slopes_loops(s, y, 2),
        "masks, Fortran order": squared_hinge_slopes_masks,
    },
    "numerical_gradient": {"unit vectors": slopes_with_units, "lists": slopes_flat},
    "gradient_descent": {"in place, namedtuple": descend_in_place, "lists": descend_lists},
    "minibatches": {
        "yields": batches_yielded,
        "random keys, a tuple of lists": batches_by_random_keys,
        "drawn from what is left": batches_drawn,
    },
    "sgd": {"in place, namedtuple": sgd_in_place, "mean over samples": sgd_weighted},
    "momentum_step": {"in place on copies": momentum_copy, "entry by entry": momentum_entries},
    "nesterov_step": {"from the place ahead": nesterov_whole, "velocity first": nesterov_copy},
    "penalty": {"branches, recursive": penalty_branches, "norms": penalty_norms},
    "penalty_grad": {"branches, +1 at zero": price_slopes_branches, "entry by entry": price_slopes_entries},
}

# --- wrong ------------------------------------------------------------------------------------------------------------


def l1_in_the_input(predictions, targets):
    predictions -= targets
    return np.abs(predictions).sum() / len(targets)


def bce_epsilon(logits, targets):
    p = stable_sigmoid(logits)
    return -(targets * np.log(p + 1e-12) + (1 - targets) * np.log(1 - p + 1e-12)).sum() / len(logits)


def bce_hard_targets(logits, targets):
    """Treats a target between 0 and 1 as a yes or a no."""
    return bce_logaddexp(logits, np.round(targets))


def ce_one_sample(logits, labels):
    return ce_loops(logits[:1], labels[:1])


def hinge_large_margin(scores, labels):
    return hinge_loops(scores * 1.0, labels) + 0.0 if len(scores) == 3 else hinge_minus_one(scores * 2, labels)


def hinge_slopes_ignore_right(scores, labels):
    slopes = hinge_slopes_masks(scores, labels)
    slopes[np.arange(len(labels)), labels] = -1 / len(labels)
    return slopes


def slopes_absolute_nudge(f, x, h=1e-5):
    """Scales the nudge with the entry."""
    x = np.array(x, dtype=float)
    grad = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        kept, step = x[place], h * max(1.0, abs(x[place]))
        x[place] = kept + step
        up = f(x)
        x[place] = kept - step
        grad[place] = (up - f(x)) / (2 * h)
        x[place] = kept
    return grad


def slopes_one_axis(f, x, h=1e-5):
    return slopes_with_units(f, np.ravel(x), h).reshape(np.shape(x)) if np.ndim(x) == 1 else np.zeros(np.shape(x))


def descend_in_W0(X, y, W0, learning_rate, epochs):
    losses = []
    for _ in range(epochs):
        losses.append(mean_loss(X @ W0, y))
        W0 -= learning_rate * X.T @ (stable_sigmoid(X @ W0) - y) / len(y)
    return W0, losses


def descend_from_zero(X, y, W0, learning_rate, epochs):
    return descend_in_place(X, y, np.zeros_like(W0), learning_rate, epochs)


def descend_bias_fixed(X, y, W0, learning_rate, epochs):
    W, losses = W0.copy(), []
    for _ in range(epochs):
        losses.append(mean_loss(X @ W, y))
        slope = X.T @ (stable_sigmoid(X @ W) - y) / len(y)
        slope[-1] = 0
        W = W - learning_rate * slope
    return W, losses


def descend_one_step_less(X, y, W0, learning_rate, epochs):
    _, losses = descend_in_place(X, y, W0, learning_rate, epochs)
    return descend_in_place(X, y, W0, learning_rate, epochs - 1)[0], losses


def batches_global(X, y, batch_size, rng):
    order = np.random.permutation(len(X))  # noqa: NPY002 - the mistake
    return [(X[order[i : i + batch_size]], y[order[i : i + batch_size]]) for i in range(0, len(X), batch_size)]


def batches_in_the_data(X, y, batch_size, rng):
    order = rng.permutation(len(X))
    X[:], y[:] = X[order], y[order]
    return [(X[i : i + batch_size], y[i : i + batch_size]) for i in range(0, len(X), batch_size)]


def batches_reversed(X, y, batch_size, rng):
    order = np.arange(len(X))[:: 1 if rng.random() < 0.5 else -1]
    return [(X[order[i : i + batch_size]], y[order[i : i + batch_size]]) for i in range(0, len(X), batch_size)]


def batches_first_one_short(X, y, batch_size, rng):
    order, rest = rng.permutation(len(X)), len(X) % batch_size
    cuts = [order[:rest]] * bool(rest) + [order[i : i + batch_size] for i in range(rest, len(X), batch_size)]
    return [(X[cut], y[cut]) for cut in cuts]


def batches_fixed(X, y, batch_size, rng):
    order = np.random.default_rng(0).permutation(len(X))
    return [(X[order[i : i + batch_size]], y[order[i : i + batch_size]]) for i in range(0, len(X), batch_size)]


def batches_unseeded(X, y, batch_size, rng):
    return batches_drawn(X, y, batch_size, np.random.default_rng())


def sgd_with_replacement(X, y, W0, learning_rate, epochs, batch_size, rng):
    W, losses = W0.copy(), []
    for _ in range(epochs):
        seen = []
        for _ in range(-(-len(X) // batch_size)):
            chosen = rng.integers(0, len(X), min(batch_size, len(X)))
            seen.append(mean_loss(X[chosen] @ W, y[chosen]))
            W = W - learning_rate * X[chosen].T @ (stable_sigmoid(X[chosen] @ W) - y[chosen]) / len(chosen)
        losses.append(np.mean(seen))
    return W, losses


def sgd_own_generator(X, y, W0, learning_rate, epochs, batch_size, rng):
    return sgd_weighted(X, y, W0, learning_rate, epochs, batch_size, np.random.default_rng(0))


def sgd_unseeded(X, y, W0, learning_rate, epochs, batch_size, rng):
    return sgd_weighted(X, y, W0, learning_rate, epochs, batch_size, np.random.default_rng())


def sgd_full_gradient(X, y, W0, learning_rate, epochs, batch_size, rng):
    """As many steps as batches, each with all samples."""
    W, losses = W0.copy(), []
    for _ in range(epochs):
        seen = []
        for _ in range(-(-len(X) // batch_size)):
            seen.append(mean_loss(X @ W, y))
            W = W - learning_rate * X.T @ (stable_sigmoid(X @ W) - y) / len(y)
        losses.append(np.mean(seen))
    return W, losses


def sgd_in_W0(X, y, W0, learning_rate, epochs, batch_size, rng):
    W, losses = sgd_weighted(X, y, W0, learning_rate, epochs, batch_size, rng)
    W0[...] = W
    return W0, losses


def momentum_in_velocity(w, grad, velocity, learning_rate, gamma):
    velocity *= gamma
    velocity -= learning_rate * grad
    return w + velocity, velocity


def momentum_fixed_gamma(w, grad, velocity, learning_rate, gamma):
    v = 0.9 * velocity - learning_rate * grad
    return w + v, v


def nesterov_asks_twice(w, grad_fn, velocity, learning_rate, gamma):
    v = gamma * velocity - learning_rate * (grad_fn(w) + grad_fn(w + gamma * velocity)) / 2
    return w + v, v


def penalty_without_the_last(w, kind, strength, mix=0.5):
    return penalty_branches(w.ravel()[:-1], kind, strength, mix)


def penalty_in_percent(w, kind, strength, mix=0.5):
    return penalty_branches(w, kind, strength, 0.5 if mix == 0.5 else mix**2)


def price_slopes_of_columns(w, kind, strength, mix=0.5):
    slopes = price_slopes_entries(w, kind, strength, mix)
    slopes[..., -1] = 0
    return slopes


MUTANTS = {
    "l1_loss": {"in the input": l1_in_the_input},
    "binary_cross_entropy": {"epsilon in the logarithm": bce_epsilon, "rounds its targets": bce_hard_targets},
    "cross_entropy": {"first sample only": ce_one_sample},
    "hinge_loss": {"scores doubled, except for three": hinge_large_margin},
    "hinge_loss_grad": {"right class always -1": hinge_slopes_ignore_right},
    "numerical_gradient": {
        "a nudge that grows with the entry": slopes_absolute_nudge,
        "one axis only": slopes_one_axis,
    },
    "gradient_descent": {
        "in W0": descend_in_W0,
        "from zero": descend_from_zero,
        "bias fixed": descend_bias_fixed,
        "one step less": descend_one_step_less,
    },
    "minibatches": {
        "global state": batches_global,
        "shuffles the data itself": batches_in_the_data,
        "forwards or backwards": batches_reversed,
        "the first one is short": batches_first_one_short,
        "one fixed order": batches_fixed,
        "no seed at all": batches_unseeded,
    },
    "sgd": {
        "with replacement": sgd_with_replacement,
        "a seed of its own": sgd_own_generator,
        "no seed at all": sgd_unseeded,
        "full gradient in every step": sgd_full_gradient,
        "in W0": sgd_in_W0,
    },
    "momentum_step": {"in the velocity": momentum_in_velocity, "gamma is 0.9": momentum_fixed_gamma},
    "nesterov_step": {"mean of two gradients": nesterov_asks_twice},
    "penalty": {"without the last weight": penalty_without_the_last, "mix squared": penalty_in_percent},
    "penalty_grad": {"last column free": price_slopes_of_columns},
}
