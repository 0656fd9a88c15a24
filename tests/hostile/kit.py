"""What an attack is, and what an attacker has at hand: the released chapter, right answers, and the lie of the land.

Attacks are harmless where they fail to be contained: whatever they would destroy is a canary, whatever they start ends
by itself within minutes, and nothing but this computer is spoken to.
"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from helpers.checks.library import ROOT
from tests.hostile.watch import public_marks

GROUPS = ("resources", "process", "files and network", "interpreter and judge", "notebook", "feedback")
TARGET = "weighted_sum"  # most attacks are on this exercise of chapter 02
HONEST = "step"  # and answer this one honestly
STUB = "raise NotImplementedError()"


@dataclass(frozen=True)
class World:
    """Where things are on the machine that grades. The attacker is taken to know it all."""

    course: Path  # with solutions/ and the hidden references
    submitted: Path
    gradebook: Path
    home: Path
    port: int = 9  # of a listener on this computer that nobody may reach
    socket: str = "hostile-canary"  # abstract Unix socket of the same listener
    namespace: str = field(default_factory=lambda: os.readlink("/proc/self/ns/pid"))  # where signals would do harm


@dataclass(frozen=True)
class Attack:
    """One hand-in that should not get what it wants.

    `right` are the exercises that it answers rightly: it deserves their points, and no others. With `keeps` it must get
    them, whatever else it does. `states` are the verdicts allowed on `target`, `says` words of which the reasons or
    notes must hold one.
    """

    name: str  # also that of the student
    group: str
    harm: str
    build: Callable[["Kit"], None]
    chapter: str = "02_neuron"
    right: tuple[str, ...] = (HONEST,)
    halves: Mapping[str, float] = field(default_factory=dict)  # exercises of which only a part is deserved
    keeps: bool = False
    target: str = TARGET
    states: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    row: str = ""  # letter in the list of exploits known of nbgrader

    @property
    def honestly(self) -> tuple[str, ...]:
        """Exercises that the kit answers for the attacker; the target, where it is right, the attack answers itself."""
        return tuple(name for name in self.right if name != self.target)

    @property
    def deserves(self) -> dict[str, float]:
        """Points per exercise that honest grading gives at most."""
        most = points(self.chapter)
        return {name: most[name] if name in self.right else self.halves.get(name, 0.0) for name in most}


@cache
def released(chapter: str) -> str:
    """The student's notebook as it is handed out, as JSON."""
    return (ROOT / "notebooks" / chapter / f"{chapter}.ipynb").read_text(encoding="utf-8")


@cache
def points(chapter: str) -> dict[str, float]:
    """Points per exercise, public and hidden half together."""
    most: dict[str, float] = {}
    for cell in json.loads(released(chapter))["cells"]:
        fields = cell["metadata"].get("nbgrader", {})
        if fields.get("grade"):
            exercise = fields["grade_id"].split("-", 1)[1]
            most[exercise] = most.get(exercise, 0.0) + fields["points"]
    return most


@cache
def author(chapter: str) -> dict[str, str]:
    """The author's answer per exercise."""
    solution = json.loads((ROOT / "solutions" / chapter / f"{chapter}.ipynb").read_text(encoding="utf-8"))
    fields = [(cell["metadata"].get("nbgrader", {}), text(cell)) for cell in solution["cells"]]
    return {f["grade_id"]: _without_markers(source) for f, source in fields if f.get("solution")}


def _without_markers(source: str) -> str:
    return "\n".join(line for line in source.splitlines() if not line.strip().startswith("###"))


def text(cell: dict) -> str:
    """The source of a cell, which may be a list of lines."""
    return "".join(cell["source"])


def code(source: str, name: str = "") -> dict:
    """A code cell of the student's own."""
    identity = {"id": name} if name else {}
    return {"cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": None} | identity


@dataclass(frozen=True)
class Kit:
    """Writes one hand-in into `folder`, which is `submitted`/student/chapter."""

    chapter: str
    folder: Path
    world: World
    honest: tuple[str, ...] = (HONEST,)

    @property
    def path(self) -> Path:
        return self.folder / f"{self.chapter}.ipynb"

    @property
    def right(self) -> dict[str, str]:
        return author(self.chapter)

    def notebook(
        self, answers: Mapping[str, str] | None = None, first: str = "", last: str = "", whole: bool = False
    ) -> dict:
        """The released notebook with the honest answers, `answers`, and cells of one's own after the imports and last.

        The cells of the text are left out unless `whole`: they cost time, and nobody has to hand them in.
        """
        tree = json.loads(released(self.chapter))
        given = {name: self.right[name] for name in self.honest} | dict(answers or {})
        cells = [cell for cell in tree["cells"] if whole or "nbgrader" in cell["metadata"]]
        for cell in cells:
            name = cell["metadata"].get("nbgrader", {}).get("grade_id")
            if name in given:
                cell["source"] = self.fill(given[name])
        start = next(i for i, cell in enumerate(cells) if cell["cell_type"] == "code") + 1
        cells[start:start] = [code(self.fill(first), "own-first")] if first else []
        cells += [code(self.fill(last), "own-last")] if last else []
        return tree | {"cells": cells}

    def hand_in(self, answers: Mapping[str, str] | None = None, **options) -> None:
        """Write `notebook(...)` where it is collected."""
        self.write(self.notebook(answers, **options))

    def write(self, tree) -> None:
        """Write any tree as JSON, right or not."""
        self.path.write_text(json.dumps(tree), encoding="utf-8")

    def fill(self, source: str) -> str:
        """`source` with what it needs to know of the world: <COURSE>, <GRADEBOOK>, <HOME>, <SUBMITTED>, <PORT> ...

        ALONE tells whether the code runs in a process namespace of its own; signals to others are sent only there.
        PUBLIC is what `_loot` makes of the public inputs.
        """
        world = self.world
        for name, value in (
            ("COURSE", str(world.course)),
            ("GRADEBOOK", str(world.gradebook)),
            ("SUBMITTED", str(world.submitted)),
            ("HOME", str(world.home)),
            ("PORT", world.port),
            ("SOCKET", "\0" + world.socket),
            ("PUBLIC", sorted("LOOT" + mark for mark in public_marks(self.chapter))),
        ):
            source = source.replace(f"<{name}>", repr(value))
        return source.replace("<ALONE>", f"(__import__('os').readlink('/proc/self/ns/pid') != {world.namespace!r})")


def cell(source: str, **options) -> Callable[[Kit], None]:
    """An attack in a cell of its own, after the imports."""
    return lambda kit: kit.hand_in(first=source, **options)


def answer(source: str, exercise: str = TARGET, **options) -> Callable[[Kit], None]:
    """An attack in the answer to an exercise."""
    return lambda kit: kit.hand_in({exercise: source}, **options)


def body(source: str, exercise: str = TARGET, arguments: str = "x, w, b") -> Callable[[Kit], None]:
    """An attack that begins when the check calls the answer."""
    indented = "\n".join(f"    {line}" for line in source.strip().splitlines())
    return elsewhere(f"def {exercise}({arguments}):\n{indented}", exercise, arguments)


def elsewhere(
    source: str, exercise: str = TARGET, arguments: str = "x, w, b", also: Mapping[str, str] | None = None, **options
) -> Callable[[Kit], None]:
    """An answer that calls a function of another cell, where no source rule of the exercise looks."""
    caller = f"def {exercise}({arguments}):\n    return strike({arguments})"
    answers = {exercise: caller} | dict(also or {})
    return lambda kit: kit.hand_in(answers, first=source.replace(f"def {exercise}(", "def strike("), **options)


def mutated(change: Callable[[dict], object], answers: Mapping[str, str] | None = None) -> Callable[[Kit], None]:
    """A notebook whose JSON is changed by hand."""

    def build(kit: Kit) -> None:
        tree = kit.notebook(answers)
        replaced = change(tree)
        kit.write(tree if replaced is None else replaced)

    return build


def raw(data: bytes | Callable[[Kit], bytes]) -> Callable[[Kit], None]:
    """Bytes in place of a notebook."""

    def build(kit: Kit) -> None:
        kit.path.write_bytes(data(kit) if callable(data) else data)

    return build
