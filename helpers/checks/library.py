"""What an exercise is, and how it is found on disk.

`data/references/NN_chapter.json` and `.npz` hold the public half of every exercise; the hidden half lies beside the
author's solution in `solutions/NN_chapter/hidden_references.*` and never reaches a student. Both are written by
`make build`.
"""

import copy
import difflib
import io
import json
import zipfile
import zlib
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np

from helpers.checks.codec import decode
from helpers.checks.errors import MissingReferences, UnknownExercise

ROOT = Path(__file__).resolve().parents[2]
_UNREADABLE = (ValueError, KeyError, OSError, TypeError, AttributeError, EOFError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True)
class Want:
    """What one output should be. `low` and `high` replace `value` where a whole range is right."""

    value: object = None
    low: object = None
    high: object = None


@dataclass(frozen=True)
class Output:
    """One named output of a probe: how it is judged apart from its value."""

    integer: bool = False  # class indices and counts: float would break as an index later
    floating: bool = False  # whole numbers that must be able to take fractions later
    sequence: bool = False  # a list or tuple of numbers is as good as an array
    gradient: bool = False  # a wrong value is reported as a wrong gradient
    alike: float = 0.0  # random results that differ by less (relatively) are taken for the same known mistake


@dataclass(frozen=True)
class Case:
    """One question put to the student's code, with the answer and the wrong answers that have a name."""

    name: str
    inputs: dict
    probe: str
    layout: str = "C"
    weight: float = 1.0
    expected: dict[str, Want] = field(default_factory=dict)
    raises: str | None = None
    wrong: dict[str, object] = field(default_factory=dict)  # misconception -> {output: value} | "raises ..." | "right"


@dataclass(frozen=True)
class Exercise:
    """The half of a declaration that is needed to check an answer; see docs/authoring.md."""

    id: str
    chapter: str
    title: str
    names: tuple[str, ...]  # what the student defines; several are passed to the probe as a tuple
    points: tuple[float, float]  # public, hidden
    minutes: int
    seconds: float  # time limit of one case
    rtol: float
    silent: bool  # no Python warnings allowed
    rules: tuple[dict, ...]
    hints: tuple[str, ...]
    misconceptions: dict[str, dict[str, str]]  # key -> {"says", "hint"}
    outputs: dict[str, Output]
    cases: tuple[Case, ...]

    @property
    def full_id(self) -> str:
        return f"{self.chapter}/{self.id}"


def public_path(chapter: str) -> Path:
    """The public references of a chapter, without suffix."""
    return ROOT / "data" / "references" / chapter


def hidden_path(chapter: str) -> Path:
    """The hidden references of a chapter, without suffix."""
    return ROOT / "solutions" / chapter / "hidden_references"


def chapters() -> list[str]:
    """Names of the chapters that have public references, in order."""
    return sorted(path.stem for path in (ROOT / "data" / "references").glob("*.json"))


def find(exercise_id: str, hidden: bool = False) -> Exercise:
    """The exercise of that id: `"05_backprop/SimpleNetwork"`, or the bare name where only one chapter has it."""
    if not isinstance(exercise_id, str):
        raise UnknownExercise(
            f"An exercise id is a text such as 'weighted_sum'; this is a {type(exercise_id).__name__}."
        )
    chapter, _, name = exercise_id.rpartition("/")
    homes = [c for c in chapters() if chapter in ("", c) and name in _chapter(c, False)]
    if len(homes) == 1:
        return _half(homes[0], name, hidden)
    if homes:
        raise UnknownExercise(f"{name!r} is in {' and '.join(homes)}; name one, as in '{homes[0]}/{name}'.")
    known = sorted({n for c in chapters() for n in _chapter(c, False)})
    near = difflib.get_close_matches(name, known, n=1)
    suggestion = f"did you mean {near[0]!r}?" if near else "the chapter's headings name its exercises."
    raise UnknownExercise(f"There is no exercise {exercise_id!r}; {suggestion}")


def _half(chapter: str, name: str, hidden: bool) -> Exercise:
    """The public or hidden half: a copy, so that nobody's code can spoil the one that is kept."""
    if name not in _chapter(chapter, hidden):
        raise MissingReferences(
            f"The hidden references of {chapter} do not know {name!r}: `make build` writes them again."
        )
    return copy.deepcopy(_chapter(chapter, hidden)[name])


def unknown(exercise_id: str) -> Exercise:
    """An exercise of which nothing is known but what it is called."""
    return Exercise(
        id=str(exercise_id), chapter="", title="", names=(), points=(0.0, 0.0), minutes=0, seconds=0.0, rtol=0.0,
        silent=False, rules=(), hints=(), misconceptions={}, outputs={}, cases=(),
    )  # fmt: skip


def find_in_chapter(exercise_id: str, chapter: str, hidden: bool = False) -> Exercise:
    """The exercise of that bare id in one chapter."""
    return find(f"{chapter}/{exercise_id}", hidden)


def _chapter(chapter: str, hidden: bool) -> dict[str, Exercise]:
    return read_chapter(hidden_path(chapter) if hidden else public_path(chapter))


@lru_cache(maxsize=32)
def read_chapter(path: Path) -> dict[str, Exercise]:
    """Every exercise in one pair of reference files (`path` has no suffix), by id."""
    try:
        return parse_chapter(path.with_suffix(".json").read_bytes(), path.with_suffix(".npz").read_bytes())
    except FileNotFoundError as error:
        raise MissingReferences(
            f"The reference file {error.filename} is missing: `make build` writes it again; a student gets it back "
            "by unpacking the course once more."
        ) from None
    except _UNREADABLE as error:
        raise MissingReferences(
            f"The reference file {path}.json or .npz cannot be read ({error}): write it again with `make build`, or "
            "unpack the course once more."
        ) from None


def parse_chapter(text: bytes, arrays: bytes) -> dict[str, Exercise]:
    """The exercises in the contents of a pair of reference files, by id."""
    tree = json.loads(text)
    with np.load(io.BytesIO(arrays), allow_pickle=False) as stored:
        found = dict(stored)
    return {e["id"]: _exercise(e, tree["chapter"], found) for e in tree["exercises"]}


def _exercise(tree: dict, chapter: str, arrays: dict) -> Exercise:
    plain = ("id", "title", "minutes", "seconds", "rtol", "silent", "misconceptions")
    return Exercise(
        chapter=chapter,
        names=tuple(tree["names"]),
        points=tuple(tree["points"]),
        rules=tuple(tree["rules"]),
        hints=tuple(tree["hints"]),
        outputs={name: Output(**flags) for name, flags in tree["outputs"].items()},
        cases=tuple(_case(case, arrays) for case in tree["cases"]),
        **{name: tree[name] for name in plain},
    )


def _case(tree: dict, arrays: dict) -> Case:
    return Case(
        name=tree["name"],
        inputs=decode(tree["inputs"], arrays),
        probe=tree["probe"],
        layout=tree["layout"],
        weight=tree["weight"],
        expected={name: Want(**decode(want, arrays)) for name, want in tree["expected"].items()},
        raises=tree["raises"],
        wrong=decode(tree["wrong"], arrays),
    )
