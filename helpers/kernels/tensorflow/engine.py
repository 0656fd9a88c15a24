"""What a network needs beside mathematics, on TensorFlow; a whole epoch becomes one compiled step."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import tensorflow as tf

array = tf.convert_to_tensor
reshape = tf.reshape


def variable(value: np.ndarray) -> tf.Variable:
    """A variable, which `assign` overwrites; on the GPU where there is one."""
    return tf.Variable(value)


def assign(target: tf.Variable, value: Any) -> None:
    """Overwrite a variable."""
    target.assign(value)


def random_source(seed: int) -> tf.random.Generator:
    """The random numbers that `dropout` draws from."""
    return tf.random.Generator.from_seed(seed)


def compiled(function: Callable) -> Callable:
    """`function` as one graph, traced once for every new shape."""
    return tf.function(function, autograph=False)


def compiled_epoch(step: Callable, batch_size: int) -> Callable:
    """(x, y, order) -> mean loss, from `step(x_batch, y_batch) -> loss` on all mini-batches, looped over by the graph.

    Nothing returns to Python between two steps, and the data stay on the device.
    """

    def run(x: tf.Tensor, y: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
        return step(tf.gather(x, rows), tf.gather(y, rows)) * tf.cast(tf.size(rows), x.dtype)

    @tf.function(autograph=False)
    def epoch(x: tf.Tensor, y: tf.Tensor, order: tf.Tensor) -> tf.Tensor:
        full = order.shape[0] // batch_size
        batches = tf.reshape(order[: full * batch_size], (full, batch_size))
        _, loss = tf.while_loop(
            lambda i, loss: i < full,
            lambda i, loss: (i + 1, loss + run(x, y, batches[i])),
            (0, tf.zeros((), x.dtype)),
        )
        rest = order[full * batch_size :]
        if rest.shape[0]:
            loss += run(x, y, rest)
        return loss / order.shape[0]

    return epoch


def mixed_precision(dtype: str = "bfloat16") -> SimpleNamespace:
    """The same kernels with every matrix product computed in `dtype` and handed back as it came, usually float32.

    Pays off on a GPU with half-precision units: `lenet(..., kernels=tfk.mixed_precision())`.
    """
    from helpers.kernels import tensorflow as kernels

    def cast(kernel: Callable) -> Callable:
        def halved(first: tf.Tensor, *others: Any, **settings: Any) -> Any:
            half = [tf.cast(a, dtype) if tf.is_tensor(a) else a for a in (first, *others)]
            return tf.nest.map_structure(lambda result: tf.cast(result, first.dtype), kernel(*half, **settings))

        return halved

    products = ("dense", "conv2d")
    names = {name: getattr(kernels, name) for name in kernels.__all__}
    return SimpleNamespace(**{n: cast(f) if n.startswith(products) else f for n, f in names.items()})
