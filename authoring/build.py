"""`make build`: from `solutions/NN_chapter/` derive the notebooks, reference outputs and questions of every chapter."""

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # the oracles import TensorFlow

from authoring import notebooks, references
from authoring.quizzes import build_quiz
from authoring.solutions import disagreements
from helpers.checks.errors import CourseError
from helpers.checks.library import ROOT, hidden_path, public_path, read_chapter


def chapter_names(root: Path = ROOT) -> list[str]:
    """Every folder in solutions/ that has an author's text of its own name."""
    return sorted(p.parent.name for p in (root / "solutions").glob("*/*.py") if p.stem == p.parent.name)


def build_chapter(chapter: str) -> list[str]:
    """Build one chapter; the files that changed."""
    exercises = references.load_exercises(chapter)
    solution = notebooks.solution_notebook(chapter, exercises)
    written = []
    for hidden, path in ((False, public_path(chapter)), (True, hidden_path(chapter))):
        if references.write(path, *references.chapter_references(chapter, exercises, hidden)):
            written.append(f"{path.relative_to(ROOT)}.json/.npz")
    read_chapter.cache_clear()
    if build_quiz(chapter):
        written.append(f"data/quizzes/{chapter}.json")
    problems = disagreements(chapter, solution, exercises)
    if problems:
        raise references.BuildError(
            f"{chapter}: the author's solution and the oracle disagree.\n" + "\n".join(problems)
        )
    pairs = ((ROOT / "solutions", solution), (ROOT / "notebooks", notebooks.released_notebook(chapter, solution)))
    for folder, notebook in pairs:
        path = folder / chapter / f"{chapter}.ipynb"
        if notebooks.write(path, notebook):
            written.append(str(path.relative_to(ROOT)))
    return written


def main() -> int:
    """Command line; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m authoring.build", description=__doc__.splitlines()[0])
    parser.add_argument(
        "chapters", nargs="*", metavar="CHAPTER", help="such as 02_neuron; all of them if none is named"
    )
    arguments = parser.parse_args()
    known = chapter_names()
    for chapter in arguments.chapters or known:
        if chapter not in known:
            print(f"There is no chapter {chapter!r}; the chapters are {', '.join(known)}.", file=sys.stderr)
            return 2
        try:
            written = build_chapter(chapter)
        except CourseError as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
            return 1
        print(f"{chapter}: {', '.join(written) if written else 'up to date'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
