"""Run the chapters as a reader would, and say how long each takes.

    python -m authoring.execute [CHAPTER ...]

prints, per chapter, the exercises, their points, and the seconds that the author's and the untouched student's
notebook take.
"""

import argparse
import itertools
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from authoring.build import chapter_names
from helpers.checks.library import ROOT, public_path, read_chapter

CELL_LIMIT = 120  # seconds; a cell that takes longer is stuck


@dataclass(frozen=True)
class Execution:
    """An executed notebook and what it took."""

    notebook: nbformat.NotebookNode
    seconds: float
    longest: float  # seconds of the slowest cell

    def errors(self) -> list[str]:
        """One line per cell that ended in an exception."""
        return [
            f"{cell['id']}: {output.ename}: {output.evalue}"
            for cell in self.notebook.cells
            for output in cell.get("outputs", [])
            if output.output_type == "error"
        ]

    def text_of(self, cell_id: str) -> str:
        """Everything that a cell shows, as plain text."""
        cell = next(c for c in self.notebook.cells if c["id"] == cell_id)
        return "\n".join(o.get("text") or o.get("data", {}).get("text/plain", "") for o in cell.outputs)


def execute(path: Path) -> Execution:
    """Run every cell of a notebook in its own folder, going on after errors; nobody's progress is recorded."""
    os.environ["COURSE_PROGRESS"] = ""
    notebook = nbformat.read(path, as_version=4)
    times: list[float] = []
    client = NotebookClient(
        notebook,
        timeout=CELL_LIMIT,
        allow_errors=True,
        resources={"metadata": {"path": str(path.parent)}},
        on_cell_start=lambda **_: times.append(time.perf_counter()),
    )
    client.execute()
    times.append(time.perf_counter())
    steps = [b - a for a, b in itertools.pairwise(times)]
    return Execution(notebook, times[-1] - times[0], max(steps))


def main() -> int:
    """Command line; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m authoring.execute", description=__doc__.splitlines()[0])
    parser.add_argument(
        "chapters", nargs="*", metavar="CHAPTER", help="such as 02_neuron; all of them if none is named"
    )
    known, failed = chapter_names(), False
    print(f"{'chapter':<16}{'exercises':>10}{'points':>8}{'author s':>10}{'longest cell s':>16}{'student s':>11}")
    for chapter in parser.parse_args().chapters or known:
        if chapter not in known:
            print(f"There is no chapter {chapter!r}; the chapters are {', '.join(known)}.", file=sys.stderr)
            return 2
        author, student = (execute(ROOT / kind / chapter / f"{chapter}.ipynb") for kind in ("solutions", "notebooks"))
        exercises = read_chapter(public_path(chapter)).values()
        points = sum(sum(e.points) for e in exercises)
        print(
            f"{chapter:<16}{len(exercises):>10}{points:>8g}{author.seconds:>10.1f}{author.longest:>16.1f}"
            f"{student.seconds:>11.1f}"
        )
        for line in author.errors() + student.errors():
            failed = True
            print(f"  {line}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
