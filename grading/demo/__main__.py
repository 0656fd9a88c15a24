"""`make demo`: a made-up class, graded with nbgrader from hand-in to feedback.

python -m grading.demo [CHAPTER ...] [--out build/demo] [--jobs 2] [--write-expected]
"""

import argparse
import json
import os
import sys
from functools import partial
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import nbformat
from tqdm import tqdm

from authoring.build import chapter_names
from authoring.references import load_exercises
from grading.demo import course, results
from grading.demo.students import expected_points, make_class
from helpers.checks.errors import CourseError
from helpers.checks.library import ROOT

EXPECTED = Path(__file__).with_name("expected.json")


def author_cells(chapter: str) -> dict[str, str]:
    """Source of the author's exercise cells, by exercise."""
    notebook = nbformat.read(ROOT / "solutions" / chapter / f"{chapter}.ipynb", as_version=4)
    tagged = [(c.metadata.get("nbgrader", {}), c.source) for c in notebook.cells]
    return {nbgrader["grade_id"]: source for nbgrader, source in tagged if nbgrader.get("solution")}


def write_class(out: Path, chapters: list[str]) -> dict[str, dict[str, dict[str, float]]]:
    """Hand in everything; the points expected of each student, judged without nbgrader."""
    expected = {}
    for chapter in tqdm(chapters, desc="writing the class", unit="chapter"):
        exercises = load_exercises(chapter)
        students = make_class(chapter, exercises, author_cells(chapter))
        notebooks = {s.name: course.hand_in(out, chapter, s) for s in students}
        expected[chapter] = {name: expected_points(chapter, nb, exercises) for name, nb in notebooks.items()}
    return expected


def grade_class(out: Path, chapters: list[str], jobs: int) -> dict[str, float]:
    """autograde and generate_feedback with a progress bar; seconds of grading per chapter."""
    total = sum(1 for _ in (out / "submitted").glob("*/*"))
    seconds = {}
    for command, folder in (("autograde", "autograded"), ("generate_feedback", "feedback")):
        with tqdm(total=total, desc=command, unit="notebook") as bar:
            took = course.run_over_chapters(out, command, chapters, jobs, folder, partial(_advance, bar))
        seconds = seconds or took
    course.nbgrader(out, "export")
    return seconds


def _advance(bar: tqdm, done: int) -> None:
    if done > bar.n:
        bar.update(done - bar.n)


def demonstrate(out: Path, chapters: list[str], jobs: int) -> tuple[list[results.Row], dict]:
    """The whole demonstration in the folder `out`; the grades, and what was expected."""
    course.start(out, chapters)
    expected = write_class(out, chapters)
    seconds = grade_class(out, chapters, jobs)
    rows = results.read(out, chapters)
    for chapter in chapters:
        of_chapter = [row for row in rows if row.chapter == chapter]
        text = results.table(of_chapter, chapter)
        (out / f"{chapter}.txt").write_text(text + "\n", encoding="utf-8")
        results.picture(of_chapter, chapter, out / f"{chapter}.png")
        each = seconds[chapter] / len(of_chapter)
        print(f"\n{text}\n\n{len(of_chapter)} notebooks in {seconds[chapter]:.0f} s, {each:.1f} s each")
    print(f"\nTables, pictures, feedback and the gradebook are in {out}.")
    return rows, expected


def write_expected(out: Path, chapters: list[str]) -> None:
    """Write the class, judge it without nbgrader, and keep the scores that the tests expect of nbgrader."""
    course.start(out, chapters)
    kept = json.loads(EXPECTED.read_text(encoding="utf-8")) if EXPECTED.exists() else {}
    kept |= write_class(out, chapters)
    EXPECTED.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def main() -> int:
    """Command line; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m grading.demo", description=__doc__.splitlines()[0])
    parser.add_argument(
        "chapters", nargs="*", metavar="CHAPTER", help="such as 02_neuron; all of them if none is named"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "demo", help="folder that is made anew")
    parser.add_argument("--jobs", type=int, default=2, help="chapters graded at the same time")
    parser.add_argument("--write-expected", action="store_true", help="only judge, and keep the scores for the tests")
    arguments = parser.parse_args()
    known = chapter_names()
    unknown = [c for c in arguments.chapters if c not in known]
    if unknown:
        print(f"There is no chapter {unknown[0]!r}; the chapters are {', '.join(known)}.", file=sys.stderr)
        return 2
    out, chapters = arguments.out.resolve(), arguments.chapters or known
    try:
        if arguments.write_expected:
            write_expected(out, chapters)
        else:
            demonstrate(out, chapters, arguments.jobs)
    except CourseError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
