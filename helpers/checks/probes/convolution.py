"""Probes of chapter 06: what cannot be seen in a result alone, loops over pixels and gradients at tied maxima."""

import sys

import numpy as np

from helpers.checks.probes import probe

MANY = 250  # images or pixels; a loop over them takes as many steps at least
SLACK = 100  # steps that NumPy's own Python code may take more or fewer from one size to another
PRINTING = ("arrayprint.py", "guard.py")  # files whose steps are not counted: `print(x)` is no loop of the student's


@probe
def loops_with_size(conv2d_im2col, w, b):
    """Whether more images, or more pixels, make a layer take more Python steps: 1 where they do."""

    def steps(batch: int, height: int, width: int) -> int:
        x = np.ones((batch, height, width, w.shape[2]))
        return _python_steps(lambda: conv2d_im2col(x, w.copy(), b.copy(), 1, 1))

    steps(1, 5, 4)  # imports and other things that happen once
    few = steps(2, 6, 5)
    return {
        "loops over images": int(steps(MANY, 6, 5) > few + SLACK),
        "loops over pixels": int(steps(2, MANY, 5) > few + SLACK or steps(2, 6, MANY) > few + SLACK),
    }


@probe
def tied_windows(max_pool2d_backward, dy, x, size):
    """The gradient of a pool whose windows lie side by side, and what each window got in all."""
    dx = max_pool2d_backward(dy, x, size, size)
    batch, height, width, channels = dy.shape
    sums = np.zeros(dy.shape)
    if isinstance(dx, np.ndarray) and dx.shape == x.shape and dx.dtype.kind in "iuf":
        sums = np.asarray(dx, float).reshape(batch, height, size, width, size, channels).sum(axis=(2, 4))
    return {"dx": dx, "dx added up over each window": sums}


@probe
def tied_overlaps(max_pool2d_backward, dy, x, size, stride):
    """The gradient of a pool whose windows overlap, and what each channel of each image got in all."""
    dx = max_pool2d_backward(dy, x, size, stride)
    sums = np.zeros((x.shape[0], x.shape[3]))
    if isinstance(dx, np.ndarray) and dx.shape == x.shape and dx.dtype.kind in "iuf":
        sums = np.asarray(dx, float).sum(axis=(1, 2))
    return {"dx": dx, "dx added up over each image and channel": sums}


def _python_steps(call) -> int:
    """How many lines of Python, and calls of Python functions, run inside `call()`."""
    count = 0

    def trace(frame, event, arg):
        nonlocal count
        if frame.f_code.co_filename.endswith(PRINTING):
            return None
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return count
