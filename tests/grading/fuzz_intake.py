"""Hand in thousands of broken notebooks, and see that each becomes a submission on its sheet.

    python -m tests.grading.fuzz_intake [--count 10000] [--first 0]

Every mutant is made from a chapter of the course, released or solved, by damage to its JSON tree and to its bytes; its
number alone says how. The exit code is 1 if one of them broke a promise; its number is printed, to try it alone with
`--first NUMBER --count 1`.
"""

import argparse
import copy
import json
import random
import resource
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from tqdm import tqdm

from grading.intake import UNFORESEEN, read_submission
from grading.model import Sheet, Submission
from grading.notes import MAX_NOTES
from grading.sheet import load
from helpers.checks.library import ROOT, chapters
from tests.grading.handed_in import whole

HANG = 60  # seconds that no mutant may take
JUNK = (
    None, True, 0, -1.5, 10**30, float("nan"), float("inf"), "", "code", "markdown", "\0", "\ud800", "\u202e",
    "x" * 5000, [], [[]], [None, "a"], ["x"] * 50, {}, {"a": {}}, {"grade_id": "step"}, {"nbgrader": []},
    {"nbgrader": {"grade_id": 3}},
)  # fmt: skip
FIELDS = ("grade_id", "points", "grade", "solution", "locked", "task", "schema_version", "x")
PIECES = (b'"', b"\\", b"{", b"]", b"\xff", b"\0", b"null", b"\\ud800", b"<<<<<<< HEAD\n", b"1e999", b"}" * 9)
Random = random.Random


class Hang(BaseException):
    """A mutant took too long. No Exception, so that nothing but the fuzzer catches it."""


@cache
def sheet_of(chapter: str) -> Sheet:
    """The chapter as it is graded."""
    return load(chapter)[0]


@cache
def _text(folder: str, chapter: str) -> str:
    return (ROOT / folder / chapter / f"{chapter}.ipynb").read_text(encoding="utf-8")


def mutant(number: int) -> tuple[str, bytes]:
    """A chapter, and what was once its notebook."""
    rng = Random(number)
    chapter = rng.choice(chapters())
    tree = json.loads(_text(rng.choice(["notebooks", "solutions"]), chapter))
    for _ in range(rng.choice([0, 1, 1, 2, 3, 5, 10])):
        rng.choice(ON_TREES)(rng, tree)
    data = _dumped(rng, tree)
    for _ in range(rng.choice([0] * 8 + [1, 3])):
        data = rng.choice(ON_BYTES)(rng, data)
    return chapter, data


def _dumped(rng: Random, tree: dict) -> bytes:
    text = json.dumps(tree, ensure_ascii=rng.random() < 0.5)
    if rng.random() < 0.05:
        deep = rng.choice([10, 900, 1100, 20_000])
        text = text.replace("null", rng.choice(["[" * deep + "]" * deep, '{"a":' * deep + "1" + "}" * deep]), 1)
    if rng.random() < 0.05:
        text = text.replace("5", "9" * rng.choice([30, 5000, 300_000]), 1)
    encoding = rng.choice(["utf-8"] * 20 + ["utf-8-sig", "utf-16", "utf-32-be", "latin-1"])
    return text.encode(encoding, "replace" if encoding == "latin-1" else "surrogatepass")


# --- damage to trees: each changes `tree` in place -------------------------------------------------------------------


def _cells(tree: dict) -> list:
    """The cells that are still cells; a list of its own where there are none."""
    cells = tree.get("cells")
    return cells if isinstance(cells, list) and cells else [{}]


def _some_cell(rng: Random, tree: dict) -> dict:
    cell = rng.choice(_cells(tree))
    return cell if isinstance(cell, dict) else {}


def _fields(rng: Random, tree: dict) -> dict:
    """nbgrader's fields of one of the cells that have any."""
    having = [
        fields
        for cell in _cells(tree)
        if isinstance(cell, dict) and isinstance(cell.get("metadata"), dict)
        for fields in [cell["metadata"].get("nbgrader")]
        if isinstance(fields, dict)
    ]
    return rng.choice(having or [{}])


def delete_cells(rng: Random, tree: dict) -> None:
    cells = _cells(tree)
    at = rng.randrange(len(cells))
    del cells[at : at + rng.choice([1, 1, 1, 5, 50])]


def duplicate_a_cell(rng: Random, tree: dict) -> None:
    cells = _cells(tree)
    copied = copy.deepcopy(rng.choice(cells))
    if isinstance(copied, dict) and rng.random() < 0.5:
        copied["source"] = rng.choice(["pass", ["x = 1\n", "y = 2"], "def step(z):\n    return z"])
    at = rng.randrange(len(cells) + 1)
    cells[at:at] = [copied] * rng.choice([1, 1, 1, 2, 30])


def flood(rng: Random, tree: dict) -> None:
    cells = _cells(tree)
    if rng.random() < 0.1:  # these take as long as a hundred others
        cells += [rng.choice(cells)] * rng.choice([2000, 11_000])


def move_a_cell(rng: Random, tree: dict) -> None:
    cells = _cells(tree)
    cells.insert(rng.randrange(len(cells)), cells.pop(rng.randrange(len(cells))))


def shuffle_cells(rng: Random, tree: dict) -> None:
    rng.shuffle(_cells(tree))


def insert_junk(rng: Random, tree: dict) -> None:
    cells = _cells(tree)
    cells.insert(rng.randrange(len(cells) + 1), rng.choice(JUNK))


def retype_a_cell(rng: Random, tree: dict) -> None:
    _some_cell(rng, tree)["cell_type"] = rng.choice(["code", "markdown", "raw", "heading", *JUNK])


def rewrite_a_cell(rng: Random, tree: dict) -> None:
    huge = rng.choice(["x", "é", "\U0001f600", "def f\n", "async def ", " ", "\r"]) * rng.choice([10, 3000, 400_000])
    sources = [huge, [huge], "class Neuron:\n    pass", "\ud83d", "a\0b", "\r\n\r\n", "# %%\n" * 100, *JUNK]
    _some_cell(rng, tree)["source"] = rng.choice(sources)


def junk_in_fields(rng: Random, tree: dict) -> None:
    fields = _fields(rng, tree)
    fields[rng.choice(["grade_id", "points", "grade", "solution", "locked", "task", "schema_version", "x"])] = (
        rng.choice(JUNK)
    )


def swap_grade_ids(rng: Random, tree: dict) -> None:
    first, second = _fields(rng, tree), _fields(rng, tree)
    first["grade_id"], second["grade_id"] = second.get("grade_id"), first.get("grade_id")


def tags(rng: Random, tree: dict) -> None:
    metadata = _some_cell(rng, tree).setdefault("metadata", {})
    if isinstance(metadata, dict):
        metadata["tags"] = rng.choice([["skip-execution"], "skip-execution", {"skip-execution": 1}, [[]], 3])


def strip_metadata(rng: Random, tree: dict) -> None:
    share = rng.choice([1.0, 1.0, 0.5])
    for cell in _cells(tree):
        if isinstance(cell, dict) and rng.random() < share:
            cell["metadata"] = rng.choice([{}, {"id": cell.get("id")}, None, []])


def strip_ids(rng: Random, tree: dict) -> None:
    number = rng.random() < 0.5
    for position, cell in enumerate(_cells(tree)):
        if isinstance(cell, dict):
            cell.pop("id", None)
            if number:
                cell["id"] = str(position)


def shift_ids(rng: Random, tree: dict) -> None:
    cells = [cell for cell in _cells(tree) if isinstance(cell, dict)]
    ids = [cell.get("id") for cell in cells]
    for cell, name in zip(cells, ids[1:] + ids[:1]):
        cell["id"] = name


def to_worksheets(rng: Random, tree: dict) -> None:
    cells = tree.pop("cells", None)
    for cell in cells if isinstance(cells, list) else []:
        if isinstance(cell, dict) and "source" in cell and rng.random() < 0.9:
            cell["input"] = cell.pop("source")
    sheet = {"cells": cells}
    tree["worksheets"] = rng.choice([[sheet], [sheet, sheet, 3], cells, sheet])


def at_the_top(rng: Random, tree: dict) -> None:
    key = rng.choice(["cells", "metadata", "nbformat", "nbformat_minor", "worksheets", "x"])
    if rng.random() < 0.5:
        tree.pop(key, None)
    else:
        tree[key] = rng.choice(JUNK)


def anywhere(rng: Random, tree: dict) -> None:
    """Go down a random path, and replace or delete what is there."""
    node: object = tree
    while isinstance(node, dict | list) and node:
        key = rng.choice(list(node)) if isinstance(node, dict) else rng.randrange(len(node))
        if not isinstance(node[key], dict | list) or not node[key] or rng.random() < 0.2:
            if rng.random() < 0.3:
                del node[key]
            else:
                node[key] = copy.deepcopy(rng.choice(JUNK))
            return
        node = node[key]


def outputs(rng: Random, tree: dict) -> None:
    value = rng.choice([*JUNK, [{"output_type": "stream", "text": ["x" * 100] * 1000}] * 20, [[]] * 50_000])
    _some_cell(rng, tree).update(outputs=value, attachments=value)


ON_TREES: list[Callable[[Random, dict], None]] = [
    delete_cells, duplicate_a_cell, flood, move_a_cell, shuffle_cells, insert_junk, retype_a_cell, rewrite_a_cell,
    junk_in_fields, swap_grade_ids, tags, strip_metadata, strip_ids, shift_ids, to_worksheets, at_the_top, anywhere,
    anywhere, anywhere, outputs,
]  # fmt: skip


# --- damage to bytes -------------------------------------------------------------------------------------------------


def truncate(rng: Random, data: bytes) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def flip_bits(rng: Random, data: bytes) -> bytes:
    flipped = bytearray(data)
    for _ in range(rng.choice([1, 1, 3, 30]) if data else 0):
        flipped[rng.randrange(len(flipped))] ^= 1 << rng.randrange(8)
    return bytes(flipped)


def overwrite(rng: Random, data: bytes) -> bytes:
    at = rng.randrange(len(data) + 1)
    piece = rng.choice(PIECES)
    return data[:at] + piece + data[at + rng.choice([0, len(piece)]) :]


def repeat_a_piece(rng: Random, data: bytes) -> bytes:
    at, size = rng.randrange(len(data) + 1), rng.choice([10, 1000, 20_000])
    return data[:at] + data[at : at + size] * rng.choice([2, 3, 10]) + data[at:]


def around(rng: Random, data: bytes) -> bytes:
    before, after = rng.choice([b"\xef\xbb\xbf", b"\n", b"x", b"\0", b""]), rng.choice([b"", b"\n", b"}", b"{}", b"\0"])
    return before + data + after


ON_BYTES: list[Callable[[Random, bytes], bytes]] = [truncate, flip_bits, flip_bits, overwrite, repeat_a_piece, around]


# --- what must hold --------------------------------------------------------------------------------------------------


def broken_promises(found: Submission, sheet: Sheet) -> list[str]:
    """What is wrong with a submission; nothing, for any notebook whatever."""
    sentences = [*found.notes, *([found.problem] if found.problem is not None else [])]
    text = "".join(cell.source for cell in found.cells)
    return [
        name
        for name, kept in {
            "every cell of the sheet is there once, in order, as the sheet has it": whole(found, sheet),
            "nothing unforeseen happened": UNFORESEEN not in (found.problem or ""),
            "cells are of a known type": {cell.kind for cell in found.cells} <= {"code", "markdown", "raw"},
            "there are not too many notes": len(found.notes) <= MAX_NOTES,
            "every sentence is one, printable and short": all(
                s.isprintable() and s.endswith(".") and len(s) < 400 for s in sentences
            ),
            "the sources can be written to a file": ("\0" not in text and text.isascii()) or _encodable(text),
            "what cannot be read was not attempted": not (found.problem and any(cell.changed for cell in found.cells)),
            "it has a digest": len(found.digest) == 64,
        }.items()
        if not kept
    ]


def _encodable(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= c <= "\udfff" for c in set(text))


@contextmanager
def _hang_guard() -> Iterator[None]:
    def ring(*_: object) -> None:
        raise Hang(f"not done after {HANG} seconds")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(HANG)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def try_mutant(number: int, submitted: Path) -> tuple[str, list[str], float]:
    """What became of a mutant ("read" or "problem"), the promises that were broken, and the seconds it took."""
    chapter, data = mutant(number)
    sheet = sheet_of(chapter)
    folder = submitted / "ada" / chapter
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{chapter}.ipynb").write_bytes(data)
    began = time.perf_counter()
    try:
        with _hang_guard():
            found = read_submission(folder, sheet, "ada")
    except (Exception, Hang) as error:
        return "raised", [f"{type(error).__name__}: {error}"], time.perf_counter() - began
    seconds = time.perf_counter() - began
    return "problem" if found.problem else "read", broken_promises(found, sheet), seconds


def main() -> int:
    """Command line; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.grading.fuzz_intake", description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first mutant")
    arguments = parser.parse_args()
    outcomes, slowest, total, failed = Counter(), (0.0, 0), 0.0, 0
    with tempfile.TemporaryDirectory() as folder:
        for number in tqdm(range(arguments.first, arguments.first + arguments.count), unit="mutant", mininterval=1):
            outcome, broken, seconds = try_mutant(number, Path(folder))
            outcomes[outcome] += 1
            slowest, total = max(slowest, (seconds, number)), total + seconds
            if broken:
                failed += 1
                tqdm.write(f"mutant {number}: {'; '.join(broken)}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(
        f"{arguments.count} mutants: {outcomes['read']} read, {outcomes['problem']} with a problem, {failed} failed; "
        f"{total / max(1, arguments.count) * 1e3:.1f} ms each, slowest {slowest[0]:.2f} s (mutant {slowest[1]}), "
        f"peak memory of the process {peak} MiB"
    )
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
