"""Losses on tensors, each a mean over the batch; `helpers.kernels.losses` says what each one is."""

import tensorflow as tf

from helpers.kernels.arguments import require_floats, require_rank, require_samples, require_shape
from helpers.kernels.tensorflow.activations import log_softmax, softmax

Tensor = tf.Tensor


def l1_loss(predictions: Tensor, targets: Tensor) -> Tensor:
    """Absolute error, summed over the outputs, mean over the batch."""
    return _batch_mean(tf.abs(_difference(predictions, targets)))


def l1_loss_grad(predictions: Tensor, targets: Tensor) -> Tensor:
    """sign(predictions - targets) / N."""
    return _per_sample(tf.sign(_difference(predictions, targets)))


def l2_loss(predictions: Tensor, targets: Tensor) -> Tensor:
    """Squared error, summed over the outputs, mean over the batch."""
    return _batch_mean(tf.square(_difference(predictions, targets)))


def l2_loss_grad(predictions: Tensor, targets: Tensor) -> Tensor:
    """2 * (predictions - targets) / N."""
    return _per_sample(2 * _difference(predictions, targets))


def binary_cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """-t log(p) - (1 - t) log(1 - p) for p = sigmoid(logits), targets t in 0..1."""
    _difference(logits, targets)
    return _batch_mean(tf.nn.sigmoid_cross_entropy_with_logits(targets, logits))


def binary_cross_entropy_grad(logits: Tensor, targets: Tensor) -> Tensor:
    """(sigmoid(logits) - targets) / N."""
    return _per_sample(_difference(tf.sigmoid(logits), targets))


def hinge_loss(scores: Tensor, labels: Tensor) -> Tensor:
    """Multi-class hinge: over the wrong classes j, the sum of max(0, score_j - score_label + 1)."""
    return _batch_mean(_violations(scores, labels))


def hinge_loss_grad(scores: Tensor, labels: Tensor) -> Tensor:
    """+1/N for every wrong class inside the margin; the right class pays for all of them."""
    return _charge_right_class(tf.cast(_violations(scores, labels) > 0, scores.dtype), labels)


def squared_hinge_loss(scores: Tensor, labels: Tensor) -> Tensor:
    """As `hinge_loss`, every violation squared."""
    return _batch_mean(tf.square(_violations(scores, labels)))


def squared_hinge_loss_grad(scores: Tensor, labels: Tensor) -> Tensor:
    """2/N times each violation for the wrong classes; the right class pays for all of them."""
    return _charge_right_class(2 * _violations(scores, labels), labels)


def softmax_cross_entropy(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """-log softmax(logits)[label], mean over the batch, and its gradient (softmax(logits) - one_hot(labels)) / N."""
    return cross_entropy(logits, labels), cross_entropy_grad(logits, labels)


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """The loss of `softmax_cross_entropy` alone."""
    return -_batch_mean(_one_hot(logits, labels) * log_softmax(logits))


def cross_entropy_grad(logits: Tensor, labels: Tensor) -> Tensor:
    """The gradient of `softmax_cross_entropy` alone."""
    return _per_sample(softmax(logits) - _one_hot(logits, labels))


def _count(x: Tensor) -> Tensor:
    return tf.cast(tf.shape(x)[0], x.dtype)


def _per_sample(x: Tensor) -> Tensor:
    return x / _count(x)


def _batch_mean(x: Tensor) -> Tensor:
    return tf.reduce_sum(x) / _count(x)


def _difference(predictions: Tensor, targets: Tensor) -> Tensor:
    require_floats(predictions=predictions, targets=targets)
    require_shape("targets", targets, predictions.shape)
    require_samples("predictions", predictions)
    return predictions - targets


def _one_hot(scores: Tensor, labels: Tensor) -> Tensor:
    require_floats(scores=scores)
    require_rank("scores", scores, 2, "(batch, classes)")
    require_samples("scores", scores)
    require_shape("labels", labels, scores.shape[:1])
    classes = scores.shape[1]
    within = not tf.executing_eagerly() or bool(tf.reduce_all((labels >= 0) & (labels < classes)))
    if not (labels.dtype.is_integer and within):
        raise ValueError(f"labels must be whole numbers from 0 to {classes - 1}, one per row of scores.")
    return tf.one_hot(labels, classes, dtype=scores.dtype)


def _violations(scores: Tensor, labels: Tensor) -> Tensor:
    right = _one_hot(scores, labels)
    right_score = tf.reduce_sum(scores * right, axis=1, keepdims=True)
    return tf.maximum(scores - right_score + 1, 0) * (1 - right)


def _charge_right_class(dscores: Tensor, labels: Tensor) -> Tensor:
    return _per_sample(dscores - _one_hot(dscores, labels) * tf.reduce_sum(dscores, axis=1, keepdims=True))
