"""Probes: how a student's code is exercised. A probe calls it and returns named outputs; it never judges.

A function-shaped exercise needs none: `call` passes the inputs in order and names the results. A class has one or more
probes of its own in this package, found by name.
"""

import importlib
import pkgutil
from collections.abc import Callable

_REGISTRY: dict[str, Callable[..., dict]] = {}


def probe(function: Callable[..., dict]) -> Callable[..., dict]:
    """Register `function(student, **inputs) -> {output name: value}` under its own name."""
    if function.__name__ in _REGISTRY:
        raise ValueError(f"two probes are named {function.__name__!r}")
    _REGISTRY[function.__name__] = function
    return function


def get(name: str) -> Callable[..., dict]:
    """The probe of that name."""
    if name not in _REGISTRY:
        for module in pkgutil.iter_modules(__path__):
            importlib.import_module(f"{__name__}.{module.name}")
    return _REGISTRY[name]


class Finding(Exception):
    """Raised by a probe that sees something an output cannot express, such as a missing attribute."""

    def __init__(self, state: str, message: str) -> None:
        super().__init__(message)
        self.state, self.message = state, message


def attribute(thing, name: str):
    """`thing.name`, or a finding that says which attribute is missing."""
    try:
        return getattr(thing, name)
    except AttributeError:
        kind = type(thing).__name__
        raise Finding("type", f"Your {kind} has no attribute `{name}`; set `self.{name}` in `__init__`.") from None
