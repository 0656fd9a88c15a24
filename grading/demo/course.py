"""A course folder of its own for the demonstration, and nbgrader's commands run in it."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell

from grading.demo.students import Student
from helpers.checks.errors import CourseError
from helpers.checks.library import ROOT


class GradingFailed(CourseError):
    """nbgrader did not do what it was asked to."""


def start(out: Path, chapters: Sequence[str]) -> None:
    """An empty course in `out`: the configuration, the author's notebooks, and nbgrader's release of them."""
    if out.exists():
        if not (out / "nbgrader_config.py").exists() and any(out.iterdir()):
            raise GradingFailed(f"{out} is not empty and no course of a demonstration; name another folder with --out.")
        shutil.rmtree(out)
    for chapter in chapters:
        source = out / "solutions" / chapter
        source.mkdir(parents=True)
        shutil.copy(ROOT / "solutions" / chapter / f"{chapter}.ipynb", source)
    shutil.copy(ROOT / "nbgrader_config.py", out)
    for chapter in chapters:
        nbgrader(out, "generate_assignment", chapter)


def nbgrader(out: Path, *command: str) -> None:
    """Run one nbgrader command in the course at `out`."""
    done = subprocess.run(_command(*command), cwd=out, env=environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise GradingFailed(f"nbgrader {' '.join(command)} failed in {out}:\n{done.stderr[-2000:]}")


def _command(*command: str) -> list[str]:
    return [sys.executable, "-m", "nbgrader", *command]


def environment() -> dict[str, str]:
    """nbgrader calls `alembic` by its bare name, so the environment's programs come first; one thread per kernel."""
    search = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    threads = {"OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
    return os.environ | threads | {"PATH": search, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}


def hand_in(out: Path, chapter: str, student: Student) -> nbformat.NotebookNode:
    """Fill the released notebook with a student's answers and put it where nbgrader collects it."""
    notebook = nbformat.read(out / "notebooks" / chapter / f"{chapter}.ipynb", as_version=4)
    for cell in notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = student.answers.get(grade_id, cell.source)
    if student.notes:
        text = next(c for c in notebook.cells if c.cell_type == "markdown")
        text.source += f"\n\n{student.notes}"
        notebook.cells.insert(2, new_markdown_cell(student.notes))
    notebook.cells[3:3] = [new_code_cell(source) for source in student.extra]
    path = out / "submitted" / student.name / chapter / f"{chapter}.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)
    return notebook


def run_over_chapters(
    out: Path, command: str, chapters: Sequence[str], jobs: int, folder: str, progress: Callable[[int], None]
) -> dict[str, float]:
    """Run an nbgrader command over whole chapters, `jobs` at a time; seconds per chapter.

    `progress` hears how many notebooks have arrived in `folder`, such as "autograded".
    """
    waiting, running, seconds = list(chapters), {}, {}
    logs = out / "logs"
    logs.mkdir(exist_ok=True)
    while waiting or running:
        while waiting and len(running) < jobs:
            chapter = waiting.pop(0)
            log = (logs / f"{command}-{chapter}.log").open("w", encoding="utf-8")
            process = subprocess.Popen(_command(command, chapter), cwd=out, env=environment(), stdout=log, stderr=log)
            running[chapter] = process, time.perf_counter(), log
        time.sleep(0.2)
        for chapter, (process, began, log) in list(running.items()):
            if process.poll() is not None:
                seconds[chapter] = time.perf_counter() - began
                log.close()
                del running[chapter]
        progress(sum(1 for _ in (out / folder).glob("*/*/*.*")))
    return seconds
