"""Probes of chapter 01: they split index numbers, and look at who came where."""

import numpy as np

from helpers.checks.probes import Finding, probe


@probe
def images_split(split_indices, n, fractions, seed):
    """One split: who is in which part, how large the parts are, and how it follows from the generator."""
    rng = np.random.default_rng(seed)
    first, second = (_parts(split_indices(n, list(fractions), rng), fractions) for _ in range(2))
    again = _parts(split_indices(n, list(fractions), np.random.default_rng(seed)), fractions)
    return {
        "parts": len(first),
        "every number from 0 to n - 1": _census(np.concatenate(first), n),
        **{f"numbers in part {i}": len(part) for i, part in enumerate(first, start=1)},
        "parts that are one block of neighbours": _blocks(first),
        "a second split with the same rng": "the same one" if _same(first, second) else "another one",
        "a split with the rng started again": "the same as the first" if _same(first, again) else "another one",
    }


@probe
def images_split_fair(split_indices, n, fractions, seed):
    """In how many of 400 splits the first and the last number come into the first part."""
    rng = np.random.default_rng(seed)
    firsts = [_parts(split_indices(n, list(fractions), rng), fractions)[0] for _ in range(400)]
    return {
        f"share of splits with the {which} number in part 1": float(np.mean([number in part for part in firsts]))
        for which, number in (("first", 0), ("last", n - 1))
    }


def _parts(split, fractions) -> list[np.ndarray]:
    """What was returned, as arrays of whole numbers; or a finding that says what else it is."""
    if not isinstance(split, list | tuple):
        kind = type(split).__name__
        raise Finding("type", f"your function returned a {kind}; a list of arrays, one per fraction, is expected.")
    if len(split) != len(fractions):
        raise Finding("shape", f"your function returned {len(split)} parts for {len(fractions)} fractions.")
    parts = [np.array(part) for part in split]
    for part in parts:
        if part.dtype.kind == "b":
            raise Finding("dtype", "a part holds True and False; the numbers of the samples are expected.")
        if part.ndim != 1 or (part.size and part.dtype.kind not in "iu"):
            raise Finding(
                "dtype", f"a part has shape {part.shape} and dtype {part.dtype}; a row of whole numbers is expected."
            )
    return [part.astype(np.int64) for part in parts]


def _census(numbers: np.ndarray, n: int) -> str:
    """Whether each number from 0 to n - 1 is there once, in words."""
    if ((numbers < 0) | (numbers >= n)).any():
        return "some numbers lie outside"
    counts = np.bincount(numbers, minlength=n)
    if (counts == 1).all():
        return "in exactly one part"
    wrong = ["in no part"] * bool((counts == 0).any()) + ["there more than once"] * bool((counts > 1).any())
    return "some are " + ", some are ".join(wrong)


def _blocks(parts: list[np.ndarray]) -> str:
    """Which parts hold neighbouring numbers only, without a gap."""
    blocks = [i for i, part in enumerate(parts, start=1) if len(part) > 3 and np.ptp(part) == len(part) - 1]
    return ", ".join(f"part {i}" for i in blocks) or "none"


def _same(one: list[np.ndarray], other: list[np.ndarray]) -> bool:
    return all(np.array_equal(np.sort(a), np.sort(b)) for a, b in zip(one, other, strict=True))
