"""TensorFlow and Keras without their start-up messages: `from helpers.framework import keras, tf`.

On its first import TensorFlow's C++ code reports, on the process's standard error and past every Python setting, which
instructions and drivers it found. No learner can act on that, and nbgrader would take marks off for it.
"""

import contextlib
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def _standard_error_closed() -> Iterator[None]:
    """Send file descriptor 2, which C++ code writes to, nowhere for a while."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
with _standard_error_closed():
    import keras
    import tensorflow as tf

    tf.config.list_physical_devices()  # looks for a GPU now, so that the result of the search is not reported later
tf.get_logger().setLevel("ERROR")

__all__ = ["keras", "tf"]
