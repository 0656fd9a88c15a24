"""The border between a student's code and the checks: whatever it returned becomes plain data, safe to look at.

An object of a student's own class can lie about its class, its length and its equality, or do anything when asked.
`freeze` asks nothing of it: the real type decides, and the bare number, array or text inside is copied out.
"""

from dataclasses import dataclass, field

import numpy as np

MAX_ITEMS = 100_000  # of a list
MAX_BYTES = 1 << 26  # of an array that is copied; a larger one is only looked at
MAX_TEXT = 1_000
DEPTH = 4  # of lists in lists
_TENSORS = ("tensorflow", "torch", "jax", "jaxlib", "keras")


@dataclass(frozen=True)
class Opaque:
    """Stands for a result that is no number, array, text or list; `kind` says in words what it was."""

    kind: str

    @property
    def tensor(self) -> bool:
        return self.kind.endswith(" tensor")


@dataclass(frozen=True)
class Trouble:
    """An exception as plain data."""

    kinds: tuple[str, ...]  # names of its class and of all base classes
    headline: str  # such as "IndexError: list index out of range"
    place: str  # where in the student's code, such as "in f, line 3 (`x[9]`): ", or ""
    unwritten: str = ""  # the function whose `raise NotImplementedError()` still stands
    finding: tuple[str, str] | None = None  # state and message, where a probe said what is wrong

    @property
    def kind(self) -> str:
        return self.kinds[0]


@dataclass
class Answer:
    """What came of putting one case to a student's code: plain data that could travel as it is."""

    outputs: dict[str, object] = field(default_factory=dict)
    trouble: Trouble | None = None
    printed: str = ""
    warned: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)  # functions of NumPy or Python that the code overwrote
    seeded: bool = False  # NumPy's global random state moved
    modified: list[str] = field(default_factory=list)  # inputs that are not as they were


@dataclass(frozen=True)
class Look:
    """What can be seen of a student's code before it is called."""

    kinds: tuple[str, ...]  # of each part: "" where it can be called, else what it is; "NoneType" where there is none
    broken: str | None = None  # the sentence that says which source rule is broken
    replaced: tuple[str, ...] = ()  # functions of NumPy or Python that had been overwritten, and are put back


def freeze(value, depth: int = DEPTH):
    """`value` as a plain array, number, text or list of such, or as an `Opaque` that says what it was."""
    kind = type(value)
    if value is None or kind is bool:
        return value
    if issubclass(kind, np.ndarray):
        return _array(np.ndarray.view(value, np.ndarray))
    if issubclass(kind, np.generic):
        return _array(np.asarray(np.generic.item(value), np.generic.dtype.__get__(value)))
    if issubclass(kind, float):
        return float.__float__(value)
    if issubclass(kind, int):
        number = int.__int__(value)
        return number if number.bit_length() < 1024 else Opaque("whole number that is too large for a float64")
    if issubclass(kind, str):
        return str.__str__(value)[:MAX_TEXT]
    if issubclass(kind, complex):
        return Opaque("complex number")
    if issubclass(kind, list | tuple):
        return _items(value, list if issubclass(kind, list) else tuple, depth)
    return Opaque(described(kind))


def _array(plain: np.ndarray):
    if plain.dtype.kind not in "biufc":
        return Opaque("array of objects" if plain.dtype.kind == "O" else f"array of dtype {plain.dtype}")
    return plain.copy() if plain.nbytes <= MAX_BYTES else plain


def _items(value, kind: type, depth: int):
    """A plain list or tuple with every item frozen."""
    length = kind.__len__(value)
    if length > MAX_ITEMS or depth == 0:
        return Opaque(f"{kind.__name__} of {length} items" if depth else f"{kind.__name__} in lists in lists")
    return kind(freeze(item, depth - 1) for item in kind.__iter__(value))


def described(kind: type) -> str:
    """What a type is called in a sentence; reads the type itself, not what it claims."""
    name = type.__dict__["__name__"].__get__(kind)
    module = type.__dict__["__module__"].__get__(kind)
    package = module.split(".")[0] if type(module) is str else ""
    if package in _TENSORS:
        return f"{package} tensor"
    words = {"dict": "dictionary", "function": "function (did you forget to call it?)", "type": "class"}
    return words.get(name, name)
