"""Right answers in other clothes, made from the author's: nothing here may cost a point."""

import functools
import warnings
from collections.abc import Callable, Iterator

import numpy as np

from tests.exercises.bank import Entry
from tests.exercises.mutants import sites
from tests.exercises.wrap import Site, around, is_number


class Subclass(np.ndarray):
    """An array of a student's own kind."""


def _strided(y: np.ndarray) -> np.ndarray:
    roomy = np.zeros(tuple(2 * n for n in y.shape), y.dtype)
    view = roomy[tuple(slice(None, None, 2) for _ in y.shape)]
    view[...] = y
    return view


def _readonly(y: np.ndarray) -> np.ndarray:
    y = y.copy()
    y.flags.writeable = False
    return y


ARRAYS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "Fortran order": np.asfortranarray,
    "a read-only result": _readonly,
    "a view with gaps": _strided,
    "a subclass of ndarray": lambda y: y.view(Subclass),
    "float32": lambda y: y.astype(np.float32) if y.dtype == np.float64 else y,
    "big-endian": lambda y: y.astype(y.dtype.newbyteorder(">")),
}
NUMBERS: dict[str, Callable] = {
    "0-d arrays": np.asarray,
    "NumPy numbers": lambda y: np.asarray(y)[()],
    "Python numbers": lambda y: y.item() if isinstance(y, np.generic) else y,
}


def disguises(entry: Entry) -> Iterator[tuple[str, object]]:
    """Right answers to one exercise, by name."""
    samples, _ = sites(entry)
    if any(is_number(sample) for sample in samples.values()):
        yield from ((name, around(entry.author, _on_arrays(change))) for name, change in ARRAYS.items())
        yield from ((name, around(entry.author, _on_numbers(change))) for name, change in NUMBERS.items())
    yield "prints", around(entry.author, _prints)
    if not entry.public.silent:
        yield "warns", around(entry.author, _warns)
    if len(entry.public.names) == 1 and not isinstance(entry.author, type):
        yield "a partial", functools.partial(entry.author)
        yield "a callable object", _Callable(entry.author)
        yield "optional arguments of its own", _with_options(entry.author)


def _on_arrays(change: Callable):
    def hook(site: Site, value, args):
        return change(value) if isinstance(value, np.ndarray) and value.ndim and not site.attribute else value

    return hook


def _on_numbers(change: Callable):
    def hook(site: Site, value, args):
        number = isinstance(value, int | float | np.generic) and not isinstance(value, bool)
        return change(value) if number and not site.attribute else value

    return hook


def _prints(site, value, args):
    print("here I am:", value)
    return value


def _warns(site, value, args):
    warnings.warn("mind the gap", stacklevel=1)
    return value


def _with_options(function):
    def student(*args, verbose=False, **options):
        return function(*args)

    return student


class _Callable:
    """An object that is called like a function."""

    def __init__(self, function) -> None:
        self.function = function

    def __call__(self, *args):
        return self.function(*args)
