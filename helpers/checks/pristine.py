"""NumPy and Python as they were when the course was imported, so that code which overwrites them harms nobody else."""

import builtins
import math
from collections.abc import Callable

import numpy as np

# Notebooks and terminals replace these themselves.
_LEFT_ALONE = (
    "breakpoint",
    "copyright",
    "credits",
    "display",
    "exit",
    "get_ipython",
    "help",
    "input",
    "license",
    "open",
)
_MODULES = {"Python's": builtins, "math": math, "np": np, "np.linalg": np.linalg, "np.random": np.random}


def _keeper() -> Callable[[], list[str]]:
    """A function that puts everything back and names what it put back; it calls nothing that can have been replaced."""
    kept = []
    for module_name, module in _MODULES.items():
        for name, value in vars(module).items():
            if not name.startswith("_") and not (module is builtins and name in _LEFT_ALONE):
                kept.append((module_name, vars(module), name, value))

    def put_back() -> list[str]:
        replaced = []
        for module_name, namespace, name, value in kept:
            if name not in namespace or namespace[name] is not value:
                namespace[name] = value
                replaced.append(f"{module_name} {name}" if module_name == "Python's" else f"{module_name}.{name}")
        return replaced

    return put_back


put_back = _keeper()
