"""The two kernel sets offer the same names, and importing the one does not import TensorFlow."""

import subprocess
import sys

import numpy as np

from helpers import kernels
from helpers.kernels import tensorflow as tfk


def test_every_numpy_kernel_exists_on_tensors() -> None:
    assert set(kernels.__all__) <= set(tfk.__all__)
    assert all(callable(getattr(tfk, name)) for name in tfk.__all__)


def test_tensorflow_is_imported_only_by_its_kernels() -> None:
    code = "import sys, helpers, helpers.kernels, helpers.network; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_global_random_state_stays() -> None:
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    kernels.dropout(np.ones((3, 3)), 0.5, kernels.random_source(0), True)
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002
