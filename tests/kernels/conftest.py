"""The same examples on every machine and in every run, and no time limit on any of them."""

import os

from hypothesis import settings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

settings.register_profile("kernels", max_examples=80, deadline=None, derandomize=True, database=None)
settings.load_profile("kernels")
