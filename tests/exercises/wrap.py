"""Changing what an answer gives back without touching its code: around a function, or around the methods of a class.

A *site* is a place where numbers come out: a result (of the function, or of one method), one part of such a result, or
an attribute that a method changes. `around(answer, hook)` lets `hook(site, value, args)` replace what comes out there.
"""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Site:
    """Where a number comes out: which of the exercise's objects, its method, and the path to the number from there."""

    part: int
    method: str  # "" for a function
    path: tuple = ()
    attribute: str = ""

    def __str__(self) -> str:
        place = self.method + ("()" if self.method else "")
        place += f" -> .{self.attribute}" if self.attribute else ""
        return (place + "".join(f"[{key!r}]" for key in self.path)) or "result"


Hook = Callable[[Site, object, tuple], object]


def around(answer, hook: Hook):
    """The same answer, every number that comes out of it put through `hook`."""
    parts = answer if isinstance(answer, tuple) else (answer,)
    wrapped = tuple(_class(p, i, hook) if inspect.isclass(p) else _function(p, i, hook) for i, p in enumerate(parts))
    return wrapped if isinstance(answer, tuple) else wrapped[0]


def _function(function, part: int, hook: Hook):
    @functools.wraps(function)
    def student(*args):
        return _put_through(function(*args), Site(part, ""), hook, args)

    return student


def _class(kind: type, part: int, hook: Hook) -> type:
    """A subclass whose public methods are hooked."""
    methods = {name: _method(getattr(kind, name), Site(part, name), hook) for name in public_methods(kind)}
    return type(kind.__name__, (kind,), methods)


def without(answer, part: int, method: str):
    """The same answer, one method of one class doing nothing."""
    parts = list(answer) if isinstance(answer, tuple) else [answer]
    parts[part] = type(parts[part].__name__, (parts[part],), {method: lambda self, *args, **kwargs: None})
    return tuple(parts) if isinstance(answer, tuple) else parts[0]


def public_methods(kind: type) -> list[str]:
    """Names of the methods that a student writes, operators left out, and what a Keras class inherits."""
    methods = [(n, f) for n, f in inspect.getmembers(kind, inspect.isfunction) if not f.__module__.startswith("keras.")]
    return [name for name, _ in methods if not name.startswith("_") or name == "__call__"]


def _method(method, site: Site, hook: Hook):
    @functools.wraps(method)
    def student(self, *args, **kwargs):
        before = _numbers(self)
        result = method(self, *args, **kwargs)
        for name, value in _numbers(self).items():
            if name not in before or not np.array_equal(value, before[name]):
                place = Site(site.part, site.method, attribute=name)
                new = hook(place, value, (before.get(name),))
                if new is not value:
                    setattr(self, name, new)
        return _put_through(result, site, hook, args)

    return student


def _numbers(thing) -> dict[str, object]:
    """Copies of the attributes that are numbers or arrays of numbers."""
    attributes = {name: value for name, value in vars(thing).items() if is_number(value)}
    return {name: value.copy() if isinstance(value, np.ndarray) else value for name, value in attributes.items()}


def _put_through(value, site: Site, hook: Hook, args: tuple):
    """`value` with `hook` applied to every number, array, list of numbers or text in it."""
    if isinstance(value, tuple):
        items = [_put_through(v, _below(site, i), hook, args) for i, v in enumerate(value)]
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    if isinstance(value, dict):
        return {key: _put_through(v, _below(site, key), hook, args) for key, v in value.items()}
    if is_number(value) or isinstance(value, str | list) or value is None:
        return hook(site, value, args)
    return value


def _below(site: Site, key) -> Site:
    return Site(site.part, site.method, (*site.path, key))


def is_number(value) -> bool:
    """Whether a value is a number or an array of numbers."""
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "iufb"
    return isinstance(value, int | float | np.generic)
