"""A bank of generic wrong answers, made from the author's right one."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from helpers.checks.codec import materialise
from helpers.checks.library import Case, Exercise
from tests.exercises.bank import Entry
from tests.exercises.wrap import Site, around, without


class Tensor:
    """Stands for a TensorFlow tensor: looks like an array, is none."""

    def __init__(self, array) -> None:
        self._array = np.asarray(array)
        self.shape, self.dtype = self._array.shape, self._array.dtype

    def numpy(self):
        return self._array

    def __array__(self, dtype=None, copy=None):
        return self._array.astype(dtype or self.dtype)


Tensor.__module__ = "tensorflow.python"


def _one_off(y: np.ndarray) -> np.ndarray:
    y = y.copy()
    y.flat[-1] += 1
    return y


def _one_nan(y: np.ndarray) -> np.ndarray:
    y = y.astype(float)
    y.flat[-1] = np.nan
    return y


def _roll(y: np.ndarray) -> np.ndarray:
    return np.roll(y, 1)


CHANGES: dict[str, Callable[[np.ndarray], object]] = {
    "zeros": np.zeros_like,
    "constant": lambda y: np.full_like(y, 3),
    "wrong sign": lambda y: -y,
    "scaled": lambda y: y * 0.5,
    "shifted": lambda y: y + 1,
    "off by one place": _roll,
    "last element off": _one_off,
    "reversed": lambda y: y[::-1] if y.ndim else y,
    "transposed": lambda y: y.T,
    "extra axis in front": lambda y: y[None],
    "extra axis at the end": lambda y: y[..., None],
    "flattened": np.ravel,
    "first row only": lambda y: y[:1] if y.ndim else y,
    "mean that broadcasts": lambda y: np.asarray(y.mean()) if y.size else y,
    "one too few": lambda y: y[:-1] if y.ndim else y,
    "nan": lambda y: np.full(y.shape, np.nan),
    "one nan": _one_nan,
    "infinite": lambda y: np.full(y.shape, np.inf),
    "truncated to integers": lambda y: y.astype(np.int64),
    "floats for integers": lambda y: y.astype(np.float64),
    "booleans": lambda y: y.astype(bool),
    "complex": lambda y: y.astype(complex),
}
DISGUISES: dict[str, Callable] = {
    "None": lambda y: None,
    "a list": lambda y: y.tolist(),
    "a tensor": Tensor,
    "a text": str,
    "a tuple around it": lambda y: (y,),
    "an array of objects": lambda y: y.astype(object),
    "a generator": lambda y: (item for item in y.flat),
    "a function": lambda y: lambda: y,
}
TEXTS: dict[str, Callable[[str], object]] = {
    "another text": lambda s: s[::-1],
    "upper case": str.upper,
    "None": lambda s: None,
    "a number": len,
}


@dataclass(frozen=True)
class Mutant:
    """A wrong answer. `site` is where it differs from the author's; None where it is wrong as a whole.

    `kind` is "change" where every call differs in the same way, "history" where calls depend on each other, "tampering"
    where the numbers are right and what is done on the way is wrong.
    """

    name: str
    student: object
    site: Site | None = None
    kind: str = "tampering"


def mutants(entry: Entry) -> Iterator[Mutant]:
    """All generic wrong answers to one exercise."""
    found, spoilable = sites(entry)
    for site, sample in found.items():
        for name, change in _changes(sample):
            yield Mutant(f"{site}: {name}", around(entry.author, _changing(site, change)), site, "change")
        for name, kind, hook in _histories(site, site in spoilable):
            yield Mutant(f"{site}: {name}", around(entry.author, hook), site, kind)
    for part, method in sorted({(site.part, site.method) for site in found if site.method}):
        yield Mutant(f"{method}() does nothing", without(entry.author, part, method))
    yield from _whole(entry)


def sites(entry: Entry) -> tuple[dict[Site, object], set[Site]]:
    """Where numbers come out of the author's answer while its public cases are asked, each with one example.

    Also those of them where an array goes in.
    """
    found: dict[Site, object] = {}
    spoilable: set[Site] = set()

    def note(site: Site, value, args):
        if site not in found or found[site] is None:
            found[site] = value
        if any(isinstance(array, np.ndarray) and array.size for array in args):
            spoilable.add(site)
        return value

    entry.judge(around(entry.author, note), rules=False)
    return found, spoilable


def _changes(sample) -> Iterator[tuple[str, Callable]]:
    if isinstance(sample, str):
        yield from TEXTS.items()
    elif sample is not None and not isinstance(_array(sample), np.ndarray):
        yield "None", lambda value: None
    elif sample is not None:
        for name, change in CHANGES.items():
            yield name, _like(change)
        for name, disguise in DISGUISES.items():
            yield name, lambda value, disguise=disguise: disguise(np.asarray(value))


def _array(value) -> np.ndarray | None:
    """A number, an array, or a list of numbers as an array; None for anything else."""
    if isinstance(value, list) and not value:
        return None
    try:
        array = np.asarray(value)
    except ValueError:
        return None
    return array if array.dtype.kind in "iufb" else None


def _like(change: Callable) -> Callable:
    """A change of arrays, applied to numbers and lists too; what comes out has the kind that went in."""

    def changed(value):
        new = change(np.asarray(value))
        if isinstance(value, list):
            return new.tolist()
        return new.item() if np.ndim(value) == 0 and new.ndim == 0 else new

    return changed


def _changing(where: Site, change: Callable):
    def hook(site: Site, value, args):
        return change(value) if site == where and value is not None else value

    return hook


def _histories(where: Site, spoilable: bool) -> Iterator[tuple[str, str, Callable]]:
    """Wrong because of what happened before, or of what happens on the way."""
    calls, memory = itertools.count(), []

    def only_first(site, value, args):
        return value if site != where or next(calls) == 0 else None

    def remembers(site, value, args):
        if site != where:
            return value
        memory.append(value)
        return memory[0]

    def draws(site, value, args):
        if site == where:
            np.random.rand()  # noqa: NPY002 - what the check must notice
        return value

    def spoils(site, value, args):
        if site == where:
            for array in args:
                if isinstance(array, np.ndarray):
                    array += 1
        return value

    yield "right on the first call only", "history", only_first
    if not where.attribute:
        yield "remembers its first answer", "history", remembers
        yield "draws from the global random state", "tampering", draws
    if spoilable and not where.attribute:
        yield "modifies its input", "tampering", spoils


def _whole(entry: Entry) -> Iterator[Mutant]:
    """Answers that are wrong as a whole."""

    def raises(*args):
        raise RuntimeError("not like this")

    parts = len(entry.public.names)
    yield Mutant("raises", raises if parts == 1 else (raises,) * parts)
    if parts == 1 and all(case.probe == "call" for case in entry.public.cases):
        yield Mutant("hard-coded to the public cases", _table(entry, _content))
        yield Mutant("memorised by shape", _table(entry, _form))


def _table(entry: Entry, key: Callable):
    """Looks its answers up among those of the public cases."""
    known: dict = {}
    for case in entry.public.cases:
        if not case.raises:
            args = tuple(materialise(value) for value in case.inputs.values())
            known.setdefault(key(args), entry.author(*tuple(materialise(v) for v in case.inputs.values())))
    return lambda *args: known.get(key(args), 0.0)


def _content(args) -> tuple:
    return tuple(_one_content(value) for value in args)


def _one_content(value):
    if isinstance(value, np.ndarray):
        return value.shape, value.dtype.str, value.tobytes()
    if isinstance(value, np.random.Generator):
        return str(value.bit_generator.state)
    if isinstance(value, list | tuple):
        return _content(value)
    return repr(sorted(value.items())) if isinstance(value, dict) else getattr(value, "__name__", repr(value))


def _form(args) -> tuple:
    return tuple(np.shape(v) if isinstance(v, np.ndarray | list | float | int) else type(v).__name__ for v in args)


def truly_right(exercise: Exercise, case: Case, outputs: dict) -> bool:
    """Whether outputs are what a case expects, judged anew and more simply than the check engine does it."""
    return all(
        _right(outputs.get(n), want, exercise.outputs.get(n), exercise.rtol) for n, want in case.expected.items()
    )


def _right(got, want, flags, rtol: float) -> bool:
    target = want.value if want.value is not None else want.low
    if isinstance(target, str):
        return got == target
    if isinstance(got, list | tuple) and not (flags and flags.sequence):
        return False
    if isinstance(got, bool | np.bool_) or not isinstance(got, list | tuple | np.ndarray | int | float | np.number):
        return False
    got, target = np.array(got), np.asarray(target)
    kinds = "iu" if flags and flags.integer else "f" if flags and flags.floating else "iuf"
    if got.dtype.kind not in kinds or got.shape != target.shape:
        return False
    if want.low is not None:
        slack = 1e-9 * np.abs(want.high).max(initial=0.0)
        return bool(((got >= want.low - slack) & (got <= want.high + slack)).all())
    scale = np.abs(target[np.isfinite(target)]).max(initial=0.0)
    near = np.abs(got - target) <= max(rtol, 1e-4) * 2 * scale + 1e-9
    return bool((near | (got == target) | (np.isnan(got) & np.isnan(target))).all())
