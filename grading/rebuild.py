"""A submission on the template of its sheet: what is asked comes from the sheet, what was answered from the student.

The code that runs is what nbgrader's own autograde would run for an honest notebook: the student's cells in their
order, with the cells that are not theirs restored.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from grading.matching import ANSWERS, Matching
from grading.model import Cell, Sheet
from grading.notes import Notes
from grading.received import SKIP_TAG, Received

_GRADED = ("check", "hidden", "test", "manual")


def rebuild(sheet: Sheet, received: Sequence[Received], name: str, notes: Notes) -> tuple[Cell, ...]:
    """The sheet's cells in the sheet's order with the student's answers, and the student's own cells between them.

    Every cell that is not plain text is there exactly once, whatever was received: its source, points and ids are the
    sheet's, except for the source of answers. Of a plain text or example cell the student's version counts: edited,
    moved, or deleted. Own cells follow the template cell that they followed.
    """
    matching = Matching(sheet.cells, received, name, notes)
    matching.match()
    _tell(matching)
    return tuple(_assembled(matching))


def _tell(matching: Matching) -> None:
    """Notes about everything that is not as it was released."""
    graded = [t for t, cell in enumerate(matching.template) if cell.role != "text"]
    if graded and not any(t in matching.found for t in graded):
        matching.notes.add(
            f"{matching.name} holds none of the graded cells: see whether it is another chapter's notebook."
        )
        return
    _tell_deleted(matching, graded)
    _tell_changed(matching, [(t, matching.found[t]) for t in graded if t in matching.found])


def _tell_deleted(matching: Matching, graded: list[int]) -> None:
    template, found = matching.template, matching.found
    gone = [t for t in graded if t not in found]
    answers = [t for t in gone if template[t].role in ANSWERS]
    others = [t for t in gone if template[t].role not in ANSWERS]
    elsewhere = [t for t in graded if matching.attempted(t) and not matching.changed(t)]
    still = {cell.plain for r, cell in enumerate(matching.received) if matching.free(r)}
    examples = [
        t
        for t, cell in enumerate(template)
        if (cell.role, cell.kind) == ("text", "code") and t not in found and matching.given[t] not in still
    ]
    matching.note(answers, "answers that were deleted", "nothing is in their place")
    matching.note(others, "cells that were deleted", "they were put back as released")
    matching.note(elsewhere, "answers that another cell defines", "see which of the two was meant")
    matching.note(examples, "examples that were deleted or rewritten", "the student's version runs")


def _tell_changed(matching: Matching, pairs: list[tuple[int, int]]) -> None:
    template, received = matching.template, matching.received
    roles = {t: template[t].role for t, _ in pairs}
    edited = [t for t, _ in pairs if roles[t] not in ANSWERS and matching.changed(t) and _release_is_known(template[t])]
    retyped = [t for t, r in pairs if roles[t] in ANSWERS and received[r].kind != template[t].kind]
    flagged = [t for t, r in pairs if _tampered(template[t], received[r])]
    moved = [t for t, _ in pairs if t not in matching.in_order]
    matching.note(edited, "locked cells that were edited", "the released version counts")
    matching.note(retyped, "answers whose cell type was changed", "they were read as released")
    matching.note(flagged, "cells with other points or grade flags", "those of the release count")
    matching.note(moved, "graded cells that were moved", "they were put back in the released order")
    skipped = [f"cell {r + 1}" for r, cell in enumerate(received) if cell.skipped]
    matching.notes.about(skipped, matching.name, f"cells with the tag {SKIP_TAG}", "it was ignored, they run")


def _release_is_known(cell: Cell) -> bool:
    """Whether what students were given can be told from the sheet: hidden questions and asserts were kept back."""
    return cell.released is not None or cell.role not in ("hidden", "test")


def _tampered(cell: Cell, received: Received) -> bool:
    """Whether nbgrader's fields say something else about grading than the release does."""
    fields = received.fields
    if cell.role == "task":
        return "points" in fields and fields["points"] != cell.points
    graded = cell.role in _GRADED
    wrong_flags = bool(fields.get("grade", graded)) != graded
    wrong_flags |= bool(fields.get("solution", cell.role in ANSWERS)) != (cell.role in ANSWERS)
    return wrong_flags or (graded and fields.get("points", cell.points) != cell.points)


def _assembled(matching: Matching) -> list[Cell]:
    """The template's cells, as they are to be run, each followed by the student's own cells after it."""
    own = _own_cells(matching)
    cells = list(own.get(-1, ()))
    for t, cell in enumerate(matching.template):
        r = matching.found.get(t)
        given = None if r is None else matching.received[r]
        if cell.role in ANSWERS:
            cells.append(replace(cell, source=given.source if given else "", changed=matching.attempted(t)))
        elif cell.role != "text":
            cells.append(cell)
        elif given:
            cells.append(replace(cell, kind=given.kind, source=given.source))
        cells += own.get(t, ())
    return cells


def _own_cells(matching: Matching) -> dict[int, list[Cell]]:
    """Cells that the template does not have, by the template cell that they follow (-1: none)."""
    stands_for = {r: t for t, r in matching.found.items()}
    own = defaultdict(list)
    last = -1
    for r, cell in enumerate(matching.received):
        if r in stands_for:
            last = stands_for[r]
        elif matching.free(r) and cell.plain:
            own[_after_setup(matching, last)].append(Cell(kind=cell.kind, source=cell.source, role="extra"))
    return own


def _after_setup(matching: Matching, t: int) -> int:
    """Locked cells are often imports: one that was deleted comes back before the cells that may need it."""
    while t + 1 < len(matching.template) and matching.template[t + 1].role == "locked" and t + 1 not in matching.found:
        t += 1
    return t
