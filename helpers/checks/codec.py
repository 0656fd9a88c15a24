"""Reference files: a JSON tree whose arrays lie beside it in one `.npz`, never pickled.

Arrays become `{"$array": key}`. Two more markers stand for things that JSON cannot hold and that are made afresh for
every call: `Rng(seed)` a seeded generator, `Function(name)` a function of `helpers.kernels`.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Rng:
    """Stands for `numpy.random.default_rng(seed)`, made anew for every call."""

    seed: int


@dataclass(frozen=True)
class Function:
    """Stands for the function of that name in `helpers.kernels`."""

    name: str


def encode(value, arrays: dict[str, np.ndarray], key: str):
    """Turn `value` into JSON, putting its arrays into `arrays` under keys that begin with `key`."""
    match value:
        case np.ndarray():
            arrays[key] = value
            return {"$array": key}
        case np.generic():
            return value.item()
        case Rng(seed):
            return {"$rng": seed}
        case Function(name):
            return {"$function": name}
        case dict():
            return {str(name): encode(item, arrays, f"{key}/{name}") for name, item in value.items()}
        case list() | tuple():
            return [encode(item, arrays, f"{key}/{index}") for index, item in enumerate(value)]
        case None | bool() | int() | float() | str():
            return value
    raise TypeError(f"{key}: a {type(value).__name__} cannot be stored in a reference file")


def decode(tree, arrays):
    """Undo `encode`. Lists stay lists; markers stay markers until `materialise`."""
    match tree:
        case {"$array": key}:
            return arrays[key]
        case {"$rng": seed}:
            return Rng(seed)
        case {"$function": name}:
            return Function(name)
        case dict():
            return {name: decode(item, arrays) for name, item in tree.items()}
        case list():
            return [decode(item, arrays) for item in tree]
    return tree


def materialise(value):
    """A fresh, private copy of an input: arrays copied, markers turned into what they stand for."""
    match value:
        case np.ndarray():
            return value.copy(order="K")
        case Rng(seed):
            return np.random.default_rng(seed)
        case Function(name):
            from helpers import kernels

            return getattr(kernels, name)
        case list():
            return [materialise(item) for item in value]
        case dict():
            return {name: materialise(item) for name, item in value.items()}
    return value
