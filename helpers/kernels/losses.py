"""Losses, each a mean over the batch, and their gradients (which carry the 1/N of that mean).

`l1_loss` and `l2_loss` compare predictions with targets of the same shape, (batch,) or (batch, outputs), summed over
the outputs. `binary_cross_entropy` does so with scores before the sigmoid. The others take scores (batch, classes) and
integer labels (batch,). Every loss raises ValueError for shapes that do not fit, labels outside the classes, and an
empty batch.
"""

import numpy as np

from helpers.kernels.activations import log_softmax, sigmoid
from helpers.kernels.arguments import require_floats, require_rank, require_samples, require_shape


def l1_loss(predictions: np.ndarray, targets: np.ndarray) -> float:
    """Absolute error, summed over the outputs, mean over the batch."""
    _check_targets(predictions, targets)
    return np.abs(predictions - targets).sum() / len(predictions)


def l1_loss_grad(predictions: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """sign(predictions - targets) / N."""
    _check_targets(predictions, targets)
    return np.sign(predictions - targets) / len(predictions)


def l2_loss(predictions: np.ndarray, targets: np.ndarray) -> float:
    """Squared error, summed over the outputs, mean over the batch."""
    _check_targets(predictions, targets)
    return np.square(predictions - targets).sum() / len(predictions)


def l2_loss_grad(predictions: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """2 * (predictions - targets) / N."""
    _check_targets(predictions, targets)
    return 2 * (predictions - targets) / len(predictions)


def binary_cross_entropy(logits: np.ndarray, targets: np.ndarray) -> float:
    """-t log(p) - (1 - t) log(1 - p) for p = sigmoid(logits), targets t in 0..1; finite for every finite logit."""
    _check_targets(logits, targets)
    loss = np.maximum(logits, 0) - logits * targets + np.log1p(np.exp(-np.abs(logits)))
    return loss.sum() / len(logits)


def binary_cross_entropy_grad(logits: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """(sigmoid(logits) - targets) / N."""
    _check_targets(logits, targets)
    return (sigmoid(logits) - targets) / len(logits)


def hinge_loss(scores: np.ndarray, labels: np.ndarray) -> float:
    """Multi-class hinge: over the wrong classes j, the sum of max(0, score_j - score_label + 1)."""
    return _violations(scores, labels).sum() / len(scores)


def hinge_loss_grad(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """+1/N for every wrong class inside the margin; the right class pays for all of them."""
    violated = (_violations(scores, labels) > 0).astype(scores.dtype)
    return _charge_right_class(violated, labels)


def squared_hinge_loss(scores: np.ndarray, labels: np.ndarray) -> float:
    """As `hinge_loss`, every violation squared."""
    return np.square(_violations(scores, labels)).sum() / len(scores)


def squared_hinge_loss_grad(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """2/N times each violation for the wrong classes; the right class pays for all of them."""
    return _charge_right_class(2 * _violations(scores, labels), labels)


def softmax_cross_entropy(logits: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    """-log softmax(logits)[label], mean over the batch, and its gradient (softmax(logits) - one_hot(labels)) / N."""
    _check_labels(logits, labels)
    rows = np.arange(len(logits))
    log_p = log_softmax(logits)
    dlogits = np.exp(log_p)
    dlogits[rows, labels] -= 1
    return -log_p[rows, labels].sum() / len(logits), dlogits / len(logits)


def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> float:
    """The loss of `softmax_cross_entropy` alone."""
    return softmax_cross_entropy(logits, labels)[0]


def cross_entropy_grad(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The gradient of `softmax_cross_entropy` alone."""
    return softmax_cross_entropy(logits, labels)[1]


def _violations(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """max(0, score_j - score_label + 1) for every class j, zero for the right one."""
    _check_labels(scores, labels)
    rows = np.arange(len(scores))
    violations = np.maximum(scores - scores[rows, labels, None] + 1, 0)
    violations[rows, labels] = 0
    return violations


def _charge_right_class(dscores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    dscores[np.arange(len(dscores)), labels] = -dscores.sum(axis=1)
    return dscores / len(dscores)


def _check_targets(predictions: np.ndarray, targets: np.ndarray) -> None:
    require_floats(predictions=predictions, targets=targets)
    require_shape("targets", targets, predictions.shape)
    require_samples("predictions", predictions)


def _check_labels(scores: np.ndarray, labels: np.ndarray) -> None:
    require_floats(scores=scores)
    require_rank("scores", scores, 2, "(batch, classes)")
    require_samples("scores", scores)
    labels = np.asarray(labels)
    require_shape("labels", labels, scores.shape[:1])
    if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() >= scores.shape[1]:
        raise ValueError(f"labels must be whole numbers from 0 to {scores.shape[1] - 1}, one per row of scores.")
