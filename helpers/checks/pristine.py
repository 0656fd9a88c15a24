"""NumPy and Python as they were when the course was imported, so that code which overwrites them harms nobody else."""

import builtins
import math
import sys
from collections.abc import Callable
from operator import is_

import numpy as np

# Notebooks and terminals replace these themselves.
_LEFT_ALONE = {"breakpoint", "copyright", "credits", "display", "exit", "get_ipython", "help", "input", "license"}
_LEFT_ALONE |= {"open", "print", "quit"}
_MODULES = {"Python's ": builtins, "math.": math, "np.": np, "np.linalg.": np.linalg, "np.random.": np.random}
if "numpy.testing" in sys.modules:  # not worth importing for this
    _MODULES["np.testing."] = np.testing


def _keeper() -> Callable[[], list[str]]:
    """A function that puts everything back and names it; nothing that it calls can have been replaced."""
    kept = []
    for prefix, module in _MODULES.items():
        left_alone = _LEFT_ALONE if module is builtins else ()
        names = [name for name in vars(module) if not name.startswith("_") and name not in left_alone]
        kept.append((prefix, vars(module), names, [vars(module)[name] for name in names]))
    every, put_together, pairs, same = all, map, zip, is_

    def put_back() -> list[str]:
        replaced = []
        for prefix, namespace, names, values in kept:
            if every(put_together(same, put_together(namespace.get, names), values)):
                continue
            for name, value in pairs(names, values):
                if namespace.get(name) is not value:
                    namespace[name] = value
                    replaced.append(prefix + name)
        return replaced

    return put_back


put_back = _keeper()
