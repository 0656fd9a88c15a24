"""Results as bytes, for the gradebook and for a worker on another machine: compressed JSON, never pickled.

PNG pictures are in it as base64. Sizes are bounded on both sides, so that one student's flood of output costs that
output, never the grade and never the memory of whoever reads it.
"""

import base64
import json
import zlib
from dataclasses import replace

from grading.model import Cell, Grade, Output, Result, Submission
from helpers.checks.errors import CourseError

LARGEST = 64 << 20  # bytes of JSON, before compression
_VERSION = 1
_CUT = "The {} of this notebook took more room than there is, and were left out of the record; the grades stand."


class DamagedData(CourseError):
    """Bytes that are no stored result, or one of another version of the course."""


def dump(result: Result, largest: int = LARGEST) -> bytes:
    """`result` as bytes. What does not fit into `largest` bytes of JSON is left out with a note: first the outputs,
    then the sources of the cells, then the reports.

    Raises ValueError for numbers that are no grades (NaN, infinity).
    """
    for shorten in (lambda r: r, _without_outputs, _without_sources, _without_reports):
        result = shorten(result)
        text = _json(_tree(result))
        if len(text) <= largest:
            return zlib.compress(text)
    raise ValueError(f"the grades alone of {result.student} take {len(text)} bytes, more than {largest}")


def load(data: bytes, largest: int = LARGEST) -> Result:
    """Undo `dump`. Raises DamagedData for anything else, without unpacking more than `largest` bytes."""
    tree = unpack(data, largest)
    try:
        return _result(tree)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DamagedData(f"A stored result cannot be read ({error!r}); grade that notebook again.") from error


def pack(tree) -> bytes:
    """A tree of plain data as compressed JSON."""
    return zlib.compress(_json(tree))


def unpack(data: bytes, largest: int = LARGEST):
    """Undo `pack`. Raises DamagedData for anything else, and for more than `largest` bytes of JSON."""
    inflate = zlib.decompressobj()
    try:
        text = inflate.decompress(data, largest)
        if not inflate.eof:
            raise ValueError(f"it is cut short, or larger than {largest} bytes")
        return json.loads(text, parse_constant=_no_number)
    except (zlib.error, ValueError, RecursionError) as error:
        raise DamagedData(f"Stored data cannot be read ({error}); grade that notebook again.") from error


def dump_submission(submission: Submission) -> bytes:
    """`submission` as bytes: whole, since intake has bounded it."""
    files = {name: base64.b64encode(data).decode("ascii") for name, data in submission.files.items()}
    return pack(vars(submission) | {"cells": [vars(cell) for cell in submission.cells], "files": files})


def load_submission(data: bytes, largest: int = LARGEST) -> Submission:
    """Undo `dump_submission`. Raises DamagedData for anything else."""
    tree = unpack(data, largest)
    try:
        cells = tuple(Cell(**cell) for cell in tree.pop("cells"))
        files = {name: base64.b64decode(text, validate=True) for name, text in tree.pop("files").items()}
        return Submission(**tree | {"cells": cells, "files": files, "notes": tuple(tree["notes"])})
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DamagedData(f"A submission cannot be read ({error!r}); grade it again.") from error


def _json(tree) -> bytes:
    return json.dumps(tree, separators=(",", ":"), allow_nan=False).encode("ascii")


def _no_number(name: str):
    raise ValueError(f"{name} is no number here")


def _tree(result: Result) -> dict:
    return {
        "version": _VERSION,
        "student": result.student,
        "chapter": result.chapter,
        "notebook": result.notebook,
        "grades": {grade_id: vars(grade) for grade_id, grade in result.grades.items()},
        "seconds": result.seconds,
        "student_seconds": result.student_seconds,
        "notes": result.notes,
        "cells": [vars(cell) for cell in result.cells],
        "outputs": {index: [_output_tree(o) for o in outputs] for index, outputs in result.outputs.items()},
        "reports": dict(result.reports),
    }


def _output_tree(output: Output) -> list[str]:
    return [output.kind, output.text, base64.b64encode(output.png).decode("ascii")]


def _result(tree: dict) -> Result:
    if tree["version"] != _VERSION:
        raise ValueError(f"it is of version {tree['version']}, not {_VERSION}")
    return Result(
        student=tree["student"],
        chapter=tree["chapter"],
        notebook=tree["notebook"],
        grades={grade_id: Grade(**grade) for grade_id, grade in tree["grades"].items()},
        seconds=tree["seconds"],
        student_seconds=tree["student_seconds"],
        notes=tuple(tree["notes"]),
        cells=tuple(Cell(**cell) for cell in tree["cells"]),
        outputs={int(index): tuple(_output(*o) for o in outputs) for index, outputs in tree["outputs"].items()},
        reports=tree["reports"],
    )


def _output(kind: str, text: str, png: str) -> Output:
    return Output(kind, text, base64.b64decode(png, validate=True))


def _without_outputs(result: Result) -> Result:
    return replace(result, outputs={}, notes=(*result.notes, _CUT.format("outputs")))


def _without_sources(result: Result) -> Result:
    cells = tuple(replace(cell, source="") for cell in result.cells)
    return replace(result, cells=cells, notes=(*result.notes, _CUT.format("cells")))


def _without_reports(result: Result) -> Result:
    return replace(result, reports={}, notes=(*result.notes, _CUT.format("reports")))
