"""What grading costs: beside nbgrader and Otter on the same hand-ins, as a class grows, and in the driver alone.

    python -m benchmarks.grading [PART ...] [--hand-ins 60] [--otter PYTHON]

Parts: peers-tensorflow, peers-tensorflow-class, peers-numpy, peers-numpy-class, overhead, workers, growth, driver.
Prints the results of each part and writes docs/benchmarks/grading.json and the tables in docs/benchmarks.md. `--otter`
names a Python that has otter-grader beside the course's packages. PostgreSQL is measured where its server is installed.
"""

import argparse
import itertools
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psutil
from tqdm import tqdm

from authoring.references import load_exercises
from benchmarks.measure import Elsewhere, machine
from grading.demo import course as demo
from grading.demo.__main__ import author_cells
from grading.demo.students import Student, make_class
from helpers.checks.library import ROOT

PAGE, DATA = ROOT / "docs" / "benchmarks.md", ROOT / "docs" / "benchmarks" / "grading.json"
BEGIN, END = "<!-- grading: written by `python -m benchmarks.grading` -->", "<!-- end of grading -->"
TENSORFLOW, NUMPY = "07_cnns", "02_neuron"
STOCK = """
c = get_config()
c.CourseDirectory.course_id = "learning-to-see"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "notebooks"
c.CourseDirectory.ignore = ["*.py", "*.npz", "*.npy", "*.json", "*.yaml", "*secret*", "__pycache__"]
c.Execute.timeout = 120
"""


# --- hand-ins --------------------------------------------------------------------------------------------------------


def trivial(chapter: str) -> list[Student]:
    """A student who has solved the first exercise and nothing else."""
    first = load_exercises(chapter)[0].id
    return [Student("first-exercise", {first: author_cells(chapter)[first]})]


def made_up(chapter: str) -> list[Student]:
    """The class of `make demo`: right in several styles, half finished, mistaken, not attempted."""
    return make_class(chapter, load_exercises(chapter), author_cells(chapter))


@contextmanager
def class_of(chapter: str, students: list[Student], count: int) -> Iterator[Path]:
    """A course folder with `count` hand-ins of a chapter, the students taken in turn."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "course"
        demo.start(out, [chapter])
        for number, student in zip(range(count), itertools.cycle(students)):
            named = Student(f"s{number:05}-{student.name}"[:60], student.answers, student.notes, student.extra)
            demo.hand_in(out, chapter, named)
        yield out


CLASSES = {trivial: "first exercise only", made_up: "made-up class"}
PEERS = {
    "peers-tensorflow": (TENSORFLOW, trivial),
    "peers-tensorflow-class": (TENSORFLOW, made_up),
    "peers-numpy": (NUMPY, trivial),
    "peers-numpy-class": (NUMPY, made_up),
}
CONTENDERS = ("nbgrader", "Otter", "course, 1 worker", "course, 2 workers")


# --- contenders ------------------------------------------------------------------------------------------------------


def timed(command: list[str], folder: Path, **environment: str) -> float:
    """Seconds that a command takes in a course folder."""
    began = time.perf_counter()
    done = subprocess.run(
        command, cwd=folder, env=demo.environment() | environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return time.perf_counter() - began


def course_grade(folder: Path, chapter: str, workers: int) -> float:
    """`course grade`, from nothing."""
    shutil.rmtree(folder / "autograded", ignore_errors=True)
    return timed([*COURSE, "grade", chapter, "--workers", str(workers), "--fresh"], folder)


COURSE = [sys.executable, "-m", "grading.cli"]


def nbgrader_autograde(folder: Path, chapter: str) -> float:
    """`nbgrader autograde` with its own stages, in a copy of the course."""
    with tempfile.TemporaryDirectory() as other:
        copy = Path(other) / "course"
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("autograded", "gradebook.db*"))
        (copy / "nbgrader_config.py").write_text(STOCK)
        timed([sys.executable, "-m", "nbgrader", "generate_assignment", chapter, "--force"], copy)
        return timed([sys.executable, "-m", "nbgrader", "autograde", chapter], copy)


# --- parts -----------------------------------------------------------------------------------------------------------


def peers(chapter: str, make: Callable[[str], list[Student]], count: int, otter: str | None) -> dict:
    """Seconds per hand-in of nbgrader, Otter (on the NumPy chapter) and this course."""
    with class_of(chapter, make(chapter), count) as folder:
        seconds = {
            "nbgrader": nbgrader_autograde(folder, chapter) / count,
            "course, 2 workers": course_grade(folder, chapter, 2) / count,
            "course, 1 worker": course_grade(folder, chapter, 1) / count,
        }
        if otter and chapter == NUMPY:
            seconds["Otter"] = otter_run(folder, chapter, otter, count)
    print({key: round(value, 3) for key, value in seconds.items()}, flush=True)
    return {"hand_ins": count, "chapter": chapter, "class": CLASSES[make], "seconds_each": seconds}


def otter_run(folder: Path, chapter: str, python: str, count: int) -> float:
    """Seconds per hand-in of `otter run`, with the cases of five exercises as tests of Otter's own."""
    from tests.hostile.compare import autograder

    tests, out = autograder(python), folder / "otter"
    out.mkdir(exist_ok=True)
    seconds = []
    for path in sorted((folder / "submitted").glob(f"*/{chapter}/{chapter}.ipynb"))[:count]:
        command = [python, "-m", "otter", "run", str(path), "-a", str(tests), "-o", str(out), "--no-logo"]
        seconds.append(timed(command, folder))
    return statistics.mean(seconds)


def overhead(count: int) -> dict:
    """Seconds per hand-in beyond those that the student's own code ran, once the workers are warm."""
    rows = {}
    for chapter in (TENSORFLOW, NUMPY):
        with class_of(chapter, made_up(chapter), count) as folder:
            course_grade(folder, chapter, 1)
            results = _results(folder, chapter)
        beyond = sorted(result.seconds - result.student_seconds for result in results)
        rows[chapter] = {
            "student": statistics.mean(result.student_seconds for result in results),
            "beyond": statistics.mean(beyond),
            "beyond_p95": beyond[int(0.95 * (len(beyond) - 1))],
        }
        print(chapter, rows[chapter], flush=True)
    return rows


def _results(folder: Path, chapter: str) -> list:
    from grading.gradebook import Gradebook

    with Gradebook(f"sqlite:///{folder}/gradebook.db", "learning-to-see") as gradebook:
        return list(gradebook.results(chapter))


def workers(count: int) -> dict:
    """How much faster two workers are than one; from nothing, starting of the workers included."""
    rows = {}
    for chapter in (TENSORFLOW, NUMPY):
        with class_of(chapter, made_up(chapter), count) as folder:
            one, two = course_grade(folder, chapter, 1), course_grade(folder, chapter, 2)
        rows[chapter] = {"one": one, "two": two, "ratio": one / two}
        print(chapter, rows[chapter], flush=True)
    return rows


def growth(most: int) -> dict:
    """Seconds and the driver's memory for more and more hand-ins of the NumPy chapter."""
    rows = {}
    for count in [n for n in (10, 100, 500, 1_000, 2_000) if n <= most]:
        with class_of(NUMPY, trivial(NUMPY), count) as folder:
            seconds, memory = _watched([*COURSE, "grade", NUMPY, "--workers", "2"], folder)
        rows[count] = {"seconds": seconds, "each": seconds / count, "driver_mb": memory / 1e6}
        print(count, rows[count], flush=True)
    return rows


def driver(count: int) -> dict:
    """Hand-ins a second and the driver's memory where grading itself takes no time: SQLite, and PostgreSQL if there."""
    from tests.grading import postgres, simulated

    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        root = simulated.course(Path(folder), {})
        for number in tqdm(range(count), desc="writing hand-ins", disable=None):
            simulated.hand_in(root, f"s{number:05}", f"score {number % 4}")
        command = [sys.executable, "-m", "tests.grading.simulated", "grade", simulated.CHAPTER, "--workers", "2"]
        rows["SQLite"] = _driven([*command, "--trust-submissions"], root, count)
        if postgres.programs():
            shutil.rmtree(root / "autograded")
            with postgres.running() as server:
                url = ["--db", server.new_database()]
                rows["PostgreSQL"] = _driven([*command, "--trust-submissions", *url], root, count)
    return {"hand_ins": count, **rows}


def _driven(command: list[str], root: Path, count: int) -> dict:
    seconds, memory = _watched(command, root)
    row = {"seconds": seconds, "per_second": count / seconds, "driver_mb": memory / 1e6}
    print(row, flush=True)
    return row


def _watched(command: list[str], folder: Path) -> tuple[float, int]:
    """Seconds of a command, and the largest resident size of its own process."""
    began, most = time.perf_counter(), 0
    environment = demo.environment() | {"PYTHONPATH": str(ROOT)}
    with tempfile.TemporaryFile() as log:
        process = psutil.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
        done = threading.Event()

        def watch() -> None:
            nonlocal most
            while not done.wait(0.2):
                try:
                    most = max(most, process.memory_info().rss)
                except psutil.Error:
                    return

        watcher = threading.Thread(target=watch)
        watcher.start()
        code = process.wait()
        done.set()
        watcher.join()
        if code:
            log.seek(0)
            raise SystemExit(f"{' '.join(command)} failed:\n{log.read()[-3000:].decode(errors='replace')}")
    return time.perf_counter() - began, most


# --- results ---------------------------------------------------------------------------------------------------------


def table(head: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown."""
    lines = [" | ".join(cells) for cells in (head, ["---"] * len(head), *rows)]
    return "\n".join(f"| {line} |" for line in lines)


def page(results: dict) -> str:
    """The tables of docs/benchmarks.md."""
    parts = []
    if found := [results[name] for name in PEERS if name in results]:
        rows = []
        for row in found:
            each = row["seconds_each"]
            ratio = f"{each['nbgrader'] / each['course, 2 workers']:.1f}×"
            cells = [f"{each[name]:.2f}" if name in each else "" for name in CONTENDERS]
            rows.append([f"{row['chapter']}, {row['class']}", str(row["hand_ins"]), *cells, ratio])
        parts.append(table(["seconds per hand-in", "hand-ins", *CONTENDERS, "nbgrader / 2 workers"], rows))
    if found := results.get("overhead"):
        rows = [[c, f"{r['student']:.2f}", f"{r['beyond']:.3f}", f"{r['beyond_p95']:.3f}"] for c, r in found.items()]
        parts.append(table(["seconds per hand-in", "in the student's process", "beyond", "beyond, 95 %"], rows))
    if found := results.get("workers"):
        rows = [[c, f"{r['one']:.0f}", f"{r['two']:.0f}", f"{r['ratio']:.2f}×"] for c, r in found.items()]
        parts.append(table(["chapter", "1 worker, s", "2 workers, s", "ratio"], rows))
    if found := results.get("growth"):
        rows = [[n, f"{r['seconds']:.0f}", f"{r['each']:.3f}", f"{r['driver_mb']:.0f}"] for n, r in found.items()]
        parts.append(table(["hand-ins", "seconds", "seconds each", "driver's memory, MB"], rows))
    if found := results.get("driver"):
        kinds = [kind for kind in ("SQLite", "PostgreSQL") if kind in found]
        rows = [[k, f"{found[k]['per_second']:.0f}", f"{found[k]['driver_mb']:.0f}"] for k in kinds]
        head = [f"{found['hand_ins']} simulated hand-ins", "a second", "driver's memory, MB"]
        parts.append(table(head, rows))
    where = results.get("machine", {})
    parts.append(f"Measured on {where.get('cpu')}, {where.get('cores')} cores, Python {where.get('python')}.")
    busy = [f"{share:.0%} during {name}" for name, share in results.get("elsewhere", {}).items() if share]
    parts += [f"Other programs took of the processors meanwhile: {', '.join(busy)}."] if busy else []
    return "\n\n".join(parts)


def write(results: dict) -> None:
    """Keep the results, and renew the tables."""
    DATA.write_text(json.dumps(results, indent=1) + "\n")
    before, _, rest = PAGE.read_text().partition(BEGIN)
    PAGE.write_text(before.rstrip() + f"\n\n{BEGIN}\n\n{page(results)}\n\n{END}" + (rest.partition(END)[2] or "\n"))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.grading", description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", help="see above; all of them if none is named")
    parser.add_argument("--hand-ins", type=int, default=60, help="of peers, overhead and workers")
    parser.add_argument("--most", type=int, default=2_000, help="largest class of growth")
    parser.add_argument("--simulated", type=int, default=10_000, help="hand-ins of driver")
    parser.add_argument("--otter", metavar="PYTHON", help="a Python with otter-grader")
    a = parser.parse_args()
    parts: dict[str, Callable[[], dict]] = {
        **{name: partial(peers, *what, a.hand_ins, a.otter) for name, what in PEERS.items()},
        "overhead": lambda: overhead(a.hand_ins),
        "workers": lambda: workers(a.hand_ins), "growth": lambda: growth(a.most), "driver": lambda: driver(a.simulated),
    }  # fmt: skip
    results = json.loads(DATA.read_text()) if DATA.exists() else {}
    for name in a.parts or parts:
        print(f"{name} (load {os.getloadavg()[0]:.1f})", flush=True)
        elsewhere = Elsewhere()
        results[name] = parts[name]()
        results.setdefault("elsewhere", {})[name] = elsewhere.share()
        results["machine"] = machine()
        write(results)


if __name__ == "__main__":
    main()
