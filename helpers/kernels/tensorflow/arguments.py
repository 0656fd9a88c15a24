"""The one check of arguments that needs the values of a tensor."""

import tensorflow as tf

from helpers.kernels import arguments


def require_finite(name: str, array: tf.Tensor | None) -> None:
    """No NaN and no infinity in `array`; not checked inside `tf.function`, where there are no values yet."""
    if array is not None and tf.executing_eagerly():
        arguments.require_finite(name, array.numpy())
