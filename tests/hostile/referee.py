"""Grades one class of three with another grader and says what came of it. Runs inside the walls that `compare` puts up.

    python -m tests.hostile.referee nbgrader|otter FOLDER     (prints one line of JSON)

FOLDER is the course: alice has been graded before, the attacker comes next, and zoe after that.
"""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import psutil

from tests.hostile import watch

SECONDS = 90  # for grading the attacker and zoe; honest people take about ten
_MINE = ("autograded", "feedback", "gradebook.db", "logs", "submitted", "otter", ".course", "home")


def main() -> int:
    """Grade, look around, report."""
    grader, course = sys.argv[1], Path(sys.argv[2])
    os.chdir(course)
    watch.adopt_orphans()
    listener = watch.Listener("hostile-canary")
    (course / "port").write_text(str(listener.port))
    _tell_the_attacker(course, listener.port)
    watched = [p for p in course.iterdir() if p.name not in (*_MINE, ".venv")]
    before, hand_ins = watch.snapshot(watched), watch.snapshot([course / "submitted"])
    finished = GRADERS[grader](course)
    time.sleep(1.0)
    left = watch.survivors(set())
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            process.kill()
    found = {
        "finished": finished,
        "scores": SCORES[grader](course),
        "processes": left,
        "files": watch.changes(before, watch.snapshot(watched))[:5],
        "hand_ins": watch.changes(hand_ins, watch.snapshot([course / "submitted"]))[:5],
        "litter": watch.litter(course / "home")[:5],
        "heard": listener.heard[:3],
        **_pages(course),
    }
    print("RESULT " + json.dumps(found), flush=True)
    return 0


def _tell_the_attacker(course: Path, port: int) -> None:
    """The port is known only now: it stands in the hand-in as 54321."""
    for path in (course / "submitted").rglob("*.ipynb"):
        if path.is_file() and not path.is_symlink() and path.stat().st_size < 1 << 24:
            with contextlib.suppress(OSError):
                path.write_bytes(path.read_bytes().replace(b"54321", str(port).encode()))


def _run(command: list[str], log: Path, seconds: float = SECONDS) -> bool:
    """Whether a command ended in time, by itself."""
    with log.open("w") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            process.wait(seconds)
            return True
        except subprocess.TimeoutExpired:
            for one in [process.pid, *(p.pid for p in psutil.Process(process.pid).children(recursive=True))]:
                with contextlib.suppress(OSError):
                    os.kill(one, signal.SIGKILL)
            return False


# --- nbgrader --------------------------------------------------------------------------------------------------------


def _chapter(course: Path) -> str:
    return next((course / "submitted" / "alice").iterdir()).name


def grade_with_nbgrader(course: Path) -> bool:
    """Autograde the class with the stages that nbgrader comes with, then write feedback."""
    nbgrader = [sys.executable, "-m", "nbgrader"]
    finished = _run([*nbgrader, "autograde", _chapter(course)], course / "logs" / "autograde.log")
    attacker = next((course / "submitted").glob("m-*")).name
    _run([*nbgrader, "generate_feedback", _chapter(course), "--student", attacker], course / "logs" / "feedback.log")
    return finished


def nbgrader_scores(course: Path) -> dict:
    """Points per student and exercise; None for a student without a grade."""
    query = """
        select student.id, cell.name, grade.auto_score, grade.manual_score from submitted_assignment s
        join student on student.id = s.student_id join submitted_notebook n on n.assignment_id = s.id
        join grade on grade.notebook_id = n.id
        join base_cell cell on cell.id = grade.cell_id
    """
    with sqlite3.connect(f"file:{course}/gradebook.db?mode=ro", uri=True) as db:
        rows = db.execute(query).fetchall()
    scores: dict = {}
    for student, name, auto, manual in rows:
        exercise = name.split("-", 1)[-1]
        of_student = scores.setdefault(student, {})
        earned = manual if manual is not None else auto
        of_student[exercise] = None if earned is None else (of_student.get(exercise) or 0.0) + earned
    return scores


# --- Otter-Grader ----------------------------------------------------------------------------------------------------


def grade_with_otter(course: Path) -> bool:
    """`otter run` for the attacker, as its documentation does it without containers: it knows no class."""
    finished = True
    for folder in sorted((course / "submitted").glob("m-*")):
        out = course / "otter" / folder.name
        out.mkdir(parents=True)
        notebooks = sorted((folder / _chapter(course)).glob("*.ipynb"))
        if notebooks:
            otter = [sys.executable, "-m", "otter", "run", "--no-logo", "-a", "autograder.zip", "-o", str(out)]
            finished &= _run([*otter, str(notebooks[0])], course / "logs" / f"{folder.name}.log", SECONDS / 2)
    return finished


def otter_scores(course: Path) -> dict:
    """Points per student and exercise, out of the result files."""
    scores = {}
    for path in (course / "otter").glob("*/results.json"):
        with contextlib.suppress(ValueError, KeyError, TypeError):
            tests = json.loads(path.read_text())["tests"]
            scores[path.parent.name] = _by_exercise(tests)
    return scores


def _by_exercise(tests: list[dict]) -> dict:
    points: dict = {}
    for test in tests:
        if test.get("score") is not None and test["name"] != "Public Tests":
            name = test["name"].split(" - ")[0].strip()
            points[name] = points.get(name, 0.0) + test["score"]
    return points


def _pages(course: Path) -> dict:
    """What is in the page or the results that the attacker is handed back."""
    folders = [*course.glob("feedback/m-*"), *course.glob("otter/m-*")]
    pages = [p for f in folders for p in f.rglob("*") if p.suffix in (".html", ".json")]
    texts = [_shown(page) for page in pages if page.stat().st_size < 1 << 26]
    return {
        "leaks": any(watch.leaks(text) for text in texts),
        "script": any(watch.attackers_script(text) for text in texts),
        "odd": any(watch.odd_characters(text) for text in texts),
        "largest": max((page.stat().st_size for page in pages), default=0),
        "secrets": any(watch.secrets(text) for text in texts),
    }


def _shown(page: Path) -> str:
    """What a student may read of a page, or of Otter's results, which mark what is hidden."""
    text = page.read_text(encoding="utf-8", errors="replace")
    if page.suffix == ".html":
        return text
    with contextlib.suppress(ValueError, KeyError, TypeError):
        results = json.loads(text)
        results["tests"] = [test for test in results["tests"] if test.get("visibility") != "hidden"]
        return json.dumps(results, ensure_ascii=False)
    return text


GRADERS = {"nbgrader": grade_with_nbgrader, "otter": grade_with_otter}
SCORES = {"nbgrader": nbgrader_scores, "otter": otter_scores}

if __name__ == "__main__":
    sys.exit(main())
