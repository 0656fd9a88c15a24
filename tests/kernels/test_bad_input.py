"""A user's mistake gives a ValueError that names the argument, what it was and what fits; the same words on tensors."""

import numpy as np
import pytest
import tensorflow as tf

from helpers import kernels
from helpers.kernels import tensorflow as tfk

X, W, B = np.ones((2, 6, 5, 3)), np.ones((3, 3, 3, 4)), np.ones(4)
NAN_W = W.copy()
NAN_W[1, 2, 0, 3] = np.nan
RUNNING = {"mean": np.zeros(3), "var": np.ones(3)}

MISTAKES = [
    # function, arguments, words of the message
    ("conv2d", (X[0], W), r"x has shape \(6, 5, 3\); it needs 4 axes: \(batch, height, width, channels\)"),
    ("conv2d", (X, W[0]), r"w has shape \(3, 3, 4\); it needs 4 axes: \(kernel_height"),
    ("conv2d", (X, np.ones((3, 3, 2, 4))), r"w has shape \(3, 3, 2, 4\); it must be \(None, None, 3, None\)"),
    ("conv2d", (X, W, np.ones(3)), r"b has shape \(3,\); it must be \(4,\)"),
    ("conv2d", (X.astype("float32"), W), "w has dtype float64 but x has float32"),
    ("conv2d", (X.astype("uint8"), W), "x has dtype uint8; use float32 or float64"),
    ("conv2d", (X, NAN_W), r"w holds nan at index \(1, 2, 0, 3\)"),
    ("conv2d", (X, W, np.array([1, np.inf, 1, 1])), r"b holds inf at index \(1,\)"),
    ("conv2d", (X, W, B, 0), "stride is 0; it must be a whole number, 1 or more"),
    ("conv2d", (X, W, B, 1.5), "stride is 1.5"),
    ("conv2d", (X, W, B, 1, -1), "pad is -1; it must be a whole number, 0 or more"),
    ("conv2d", (X, W, B, 1, 0, 0), "dilation is 0"),
    ("conv2d", (X, W, B, 1, 0, 3), "kernel reaches over 7 entries, but .* is only 6"),
    ("conv2d", (X, W, B, 2), "stride 2 does not divide"),
    ("conv2d_backward", (np.ones((2, 4, 3, 5)), X, W), r"dy has shape \(2, 4, 3, 5\); it must be \(2, 4, 3, 4\)"),
    ("im2col", (X[0], 3, 3), "x has shape"),
    ("im2col", (X, 7, 3), "kernel reaches over 7"),
    ("col2im", (np.ones((5, 27)), (2, 6, 5, 3), 3, 3), r"columns has shape \(5, 27\); it must be \(24, 27\)"),
    ("dense", (np.ones((2, 3)), np.ones((4, 5))), r"x has shape \(2, 3\); it must be \(2, 4\)"),
    ("dense", (np.ones((2, 3)), np.ones((3, 5)), np.ones((1, 5))), r"b has shape \(1, 5\); it must be \(5,\)"),
    ("dense", (np.ones((2, 3)), np.full((3, 5), np.inf)), r"w holds inf at index \(0, 0\) \(and 14 more"),
    ("dense", (np.ones((2, 3, 4)), np.ones((4, 5))), r"x has shape \(2, 3, 4\)"),
    ("dense_backward", (np.ones((2, 4)), np.ones((2, 3)), np.ones((3, 5))), r"dy has shape \(2, 4\)"),
    ("max_pool2d", (X, 0), "size is 0"),
    ("max_pool2d", (X, 2, -1), "stride is -1"),
    ("avg_pool2d", (X, 7), "kernel reaches over 7"),
    ("avg_pool2d", (X, 2, 2), "stride 2 does not divide"),
    (
        "max_pool2d_backward",
        (np.ones((2, 3, 3, 3)), X[:, :, :4], 2),
        r"dy has shape \(2, 3, 3, 3\); it must be \(2, 3, 2, 3\)",
    ),
    ("correlate2d", (X[0], W[:, :, 0, 0]), r"image has shape \(6, 5, 3\)"),
    (
        "correlate2d",
        (X[0, :, :, 0], W[:, :, 0, 0], "wrap"),
        "border is 'wrap'; it must be one of 'zero', 'edge', 'reflect'",
    ),
    ("convolve2d", (X[0, :, :, 0], np.ones((7, 1))), r"kernel \(7, 1\) is larger than image \(6, 5\)"),
    ("correlate2d", (X[0, :, :, 0], NAN_W[1, :, 0]), "kernel holds nan"),
    ("batch_norm", (X, np.ones(2), np.ones(3), RUNNING, True), r"gamma has shape \(2,\); it must be \(3,\)"),
    ("batch_norm", (X[:0], np.ones(3), np.ones(3), RUNNING, True), "an empty batch"),
    ("dropout_mask", (X, 1.0, None), "rate is 1.0; it must be at least 0 and below 1"),
    ("l2_loss", (np.ones((3, 1)), np.ones(3)), r"targets has shape \(3,\); it must be \(3, 1\)"),
    ("l1_loss", (np.ones((0, 1)), np.ones((0, 1))), "an empty batch"),
    ("cross_entropy", (np.ones(3), np.array([1])), r"scores has shape \(3,\); it needs 2 axes"),
    ("cross_entropy", (np.ones((2, 3)), np.array([0, 3])), "labels must be whole numbers from 0 to 2"),
    ("cross_entropy", (np.ones((2, 3)), np.array([0.0, 1.0])), "labels must be whole numbers from 0 to 2"),
    ("hinge_loss", (np.ones((2, 3)), np.array([0])), r"labels has shape \(1,\); it must be \(2,\)"),
]


@pytest.mark.parametrize(("function", "arguments", "message"), MISTAKES, ids=[f"{m[0]}-{m[2][:30]}" for m in MISTAKES])
def test_message(function: str, arguments: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        getattr(kernels, function)(*arguments)
    tensors = [tf.constant(a) if isinstance(a, np.ndarray) else a for a in arguments]
    with pytest.raises(ValueError, match=message):
        getattr(tfk, function)(*tensors)


def test_what_is_not_an_array() -> None:
    with pytest.raises(ValueError, match=r"x is a list; it must be an array, for example np.array\(x\)"):
        kernels.conv2d(X.tolist(), W)
    with pytest.raises(ValueError, match="z has dtype bool; it must hold numbers"):
        kernels.relu(np.array([True, False]))


def test_huge_but_finite_weights_are_fine() -> None:
    """The sum of finite weights may overflow; that alone is no mistake."""
    w = np.full((2, 2), 3e38, np.float32)
    assert kernels.dense(np.zeros((1, 2), np.float32), w).tolist() == [[0, 0]]
