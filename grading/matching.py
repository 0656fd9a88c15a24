"""Which cell of a notebook that was handed in stands for which cell of the released one.

Told by nbgrader's grade_id; where an editor has thrown that away by cell id, equal source, what a cell defines, and
last by its place.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import cached_property

from grading.model import Cell
from grading.notes import Notes
from grading.received import Received, defined, plain

ANSWERS = ("solution", "manual")  # the roles whose source is the student's
_WORD = re.compile(r"\w+")
_RIVALS = 50  # cells that are compared with a stub, and
_COMPARED = 10_000  # how many characters of each


class Matching:
    """Which received cell stands for which cell of the template. Indices `t` count the template, `r` the received."""

    def __init__(self, template: Sequence[Cell], received: Sequence[Received], name: str, notes: Notes) -> None:
        self.template, self.received, self.name, self.notes = template, received, name, notes
        self.found: dict[int, int] = {}  # t -> r
        self.used: set[int] = set()  # every r in `found`
        self.dropped: set[int] = set()  # copies that say nothing of their own
        self.given = [plain(_released(cell)) for cell in template]
        self.known = {cell.grade_id: t for t, cell in enumerate(template) if cell.grade_id}

    @cached_property
    def stripped(self) -> bool:
        """Whether nothing of nbgrader's metadata is left."""
        return not any(cell.grade_id in self.known for cell in self.received)

    def match(self) -> None:
        """Fill `found`, from the surest sign to the weakest."""
        self._by_grade_id()
        signs = [("cell id", self._by_id), ("text", self._by_source), ("definitions", self._by_definition)]
        if self.stripped:
            signs.append(("place", self._by_place))
        for sign, step in signs:
            before = set(self.found)
            step()
            new = [t for t in sorted(self.found.keys() - before) if self.template[t].role != "text"]
            problem = f"cells without nbgrader's metadata, recognised by their {sign}"
            self.note(new, problem, "see that the right ones were taken")
        self._let_go_of_moved_text()

    def _label(self, t: int) -> str:
        cell = self.template[t]
        return cell.grade_id or cell.id or f"cell {t + 1} of the released notebook"

    def note(self, cells: Sequence[int], problem: str, remedy: str) -> None:
        """One sentence about some of the template's cells; none where there are none."""
        self.notes.about([self._label(t) for t in cells], self.name, problem, remedy)

    def differs(self, t: int, r: int) -> bool:
        """Whether a received cell says something else than the released one, white space aside."""
        return self.received[r].plain != self.given[t]

    def changed(self, t: int) -> bool:
        """Whether a template cell is there and not as it was released."""
        return t in self.found and self.differs(t, self.found[t])

    def attempted(self, t: int) -> bool:
        """Whether the student has worked on an answer, here or in another cell that defines the same names."""
        return self.changed(t) or not self.names(t).isdisjoint(self._defined_by_student)

    def names(self, t: int) -> frozenset[str]:
        """The functions and classes that an answer's stub defines."""
        cell = self.template[t]
        return defined(cell.source) if cell.kind == "code" and cell.role in ANSWERS else frozenset()

    @cached_property
    def _defined_by_student(self) -> frozenset[str]:
        theirs = (*ANSWERS, "text")
        not_theirs = {
            r for t, r in self.found.items() if self.template[t].role not in theirs or not self.differs(t, r)
        } | self.dropped
        return frozenset().union(*(cell.defines for r, cell in enumerate(self.received) if r not in not_theirs))

    def free(self, r: int) -> bool:
        """Whether a received cell is still nobody's."""
        return r not in self.used and r not in self.dropped

    def _take(self, t: int, r: int) -> None:
        self.found[t] = r
        self.used.add(r)

    def _by_grade_id(self) -> None:
        copies = defaultdict(list)
        for r, cell in enumerate(self.received):
            if cell.grade_id in self.known:
                copies[self.known[cell.grade_id]].append(r)
        self._choose(copies)

    def _by_id(self) -> None:
        ids = {cell.id: t for t, cell in enumerate(self.template) if cell.id and t not in self.found}
        elsewhere = set(self.given)
        copies = defaultdict(list)
        for r, cell in enumerate(self.received):
            t = ids.get(cell.id)
            if t is None or not self.free(r) or cell.grade_id in self.known:
                continue
            # Editors that number the cells anew give ids of one cell to another.
            if not self.differs(t, r) or cell.plain not in elsewhere:
                copies[t].append(r)
        self._choose(copies)

    def _choose(self, copies: dict[int, list[int]]) -> None:
        """Take one of several copies of a cell. Untouched copies say nothing; changed ones run as the student's own."""
        doubled = []
        for t, candidates in copies.items():
            role = self.template[t].role
            chosen = self._best(t, candidates)
            self._take(t, chosen)
            others = [r for r in candidates if r != chosen]
            if role != "text":
                self.dropped.update(r for r in others if not self.differs(t, r))
                doubled += [f"{self._label(t)}: cell {chosen + 1}"] * bool(others)
        remedy = "the cell that is named counts, and other changed copies run as cells of the student's own"
        self.notes.about(doubled, self.name, "cells that are there several times", remedy)

    def _best(self, t: int, candidates: list[int]) -> int:
        if self.template[t].role == "text":
            return candidates[0]
        if self.template[t].role in ANSWERS:
            return max(candidates, key=lambda r: (self.differs(t, r), r))
        return min(candidates, key=lambda r: (self.differs(t, r), r))

    def _by_source(self) -> None:
        places = defaultdict(list)
        for r, cell in enumerate(self.received):
            if self.free(r) and cell.plain and cell.grade_id not in self.known:
                places[cell.plain].append(r)
        copies = Counter(self.given)
        # What is there once says for the rest, such as equal stubs for free text, which gap they belong to.
        for t in sorted(range(len(self.given)), key=lambda t: (copies[self.given[t]] > 1, t)):
            free = [r for r in places.get(self.given[t], ()) if self.free(r)]
            if t in self.found or not free:
                continue
            low, high = self._gap(t)
            near = [r for r in free if low < r < high]
            if near or copies[self.given[t]] == 1:
                self._take(t, (near or free)[0])

    def _by_definition(self) -> None:
        definers = defaultdict(list)
        for r, cell in enumerate(self.received):
            if self.free(r):
                for name in cell.defines:
                    definers[name].append(r)
        for t in self._missing(("solution",)):
            free = {r for name in self.names(t) for r in definers.get(name, ()) if self.free(r)}
            low, high = self._gap(t)
            near = [r for r in free if low < r < high]
            if free:
                self._take(t, max(near or free))

    def _by_place(self) -> None:
        """Answers without names, such as free text: what stands in the gap between cells that are known."""
        groups = defaultdict(list)
        for t in self._missing(ANSWERS):
            if self._gap(t) != (-1, len(self.received)):  # with nothing known there is no place
                groups[self._gap(t), self.template[t].kind].append(t)
        for ((low, high), kind), cells in groups.items():
            here = [r for r in range(low + 1, high) if self.free(r) and self.received[r].kind == kind][:_RIVALS]
            for waiting, t in zip(range(len(cells), 0, -1), cells):
                if here:
                    # Those that stand too late would leave too few for the cells that are still to come.
                    chosen = self._likest(t, here[: max(1, len(here) - waiting + 1)])
                    self._take(t, chosen)
                    here = [r for r in here if r > chosen]

    def _missing(self, roles: Sequence[str]) -> list[int]:
        return [t for t, cell in enumerate(self.template) if cell.role in roles and t not in self.found]

    def _gap(self, t: int) -> tuple[int, int]:
        """The received cells that the template's neighbours leave for cell `t`: from and to, both excluded."""
        low = next((self.found[u] for u in range(t - 1, -1, -1) if u in self.found), -1)
        high = next((self.found[u] for u in range(t + 1, len(self.template)) if u in self.found), len(self.received))
        return low, high

    def _likest(self, t: int, rivals: list[int]) -> int:
        """The first of the cells that have kept the most words of the stub."""
        words = set(_WORD.findall(self.given[t]))
        return max(rivals, key=lambda r: len(words & set(_WORD.findall(self.received[r].plain[:_COMPARED]))))

    @cached_property
    def in_order(self) -> set[int]:
        """Template cells that the student left in order: the longest such run, in which graded cells weigh most."""
        pairs = sorted((r, t) for t, r in self.found.items())
        best: list[tuple[int, int]] = []  # per pair: weight of the heaviest run that ends here, and the pair before
        for i, (_, t) in enumerate(pairs):
            before = max(((best[j][0], j) for j in range(i) if pairs[j][1] < t), default=(0, -1))
            weight = 1 if self.template[t].role == "text" else len(self.template) + 1
            best.append((before[0] + weight, before[1]))
        run, i = set(), max(range(len(best)), key=lambda i: best[i][0], default=-1)
        while i >= 0:
            run.add(pairs[i][1])
            i = best[i][1]
        return run

    def _let_go_of_moved_text(self) -> None:
        """A plain cell that the student moved runs where it stands now, as a cell of the student's own."""
        for t in [t for t in self.found if t not in self.in_order and self.template[t].role == "text"]:
            self.used.discard(self.found.pop(t))


def _released(cell: Cell) -> str:
    return cell.source if cell.released is None else cell.released
