"""Grading a class of attackers and honest people the way this course grades, and what came of it, as plain data."""

import json
import os
import random
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path

from grading import feedback, intake
from grading import sheet as sheets
from grading.grade import close_sandboxes, grade
from grading.model import Limits, Reviewed, Sheet
from helpers.checks.library import ROOT
from tests.hostile import watch
from tests.hostile.kit import TARGET, Attack, Kit, World

LIMITS = Limits(cell_seconds=10.0, total_seconds=60.0, cpu_seconds=30.0, memory=1 << 30)
WATCHED = ("solutions", "notebooks", "data", "helpers", "grading", "authoring")
PAGE = 5 << 20  # bytes of a feedback page


@dataclass
class Graded:
    """What grading one class came to."""

    rows: dict[str, dict] = field(default_factory=dict)  # by student: the row of `--json`
    notes: dict[str, list[str]] = field(default_factory=dict)
    pages: dict[str, dict] = field(default_factory=dict)  # by student: what was found in the feedback page
    changed: list[str] = field(default_factory=list)  # files that are not as they were
    litter: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    survivors: list[str] = field(default_factory=list)
    seconds: float = 0.0


def honest(chapter: str) -> dict[str, tuple[str, ...]]:
    """Students who do not attack anything: who, and which exercises they have right."""
    names = {"02_neuron": ("step", TARGET), "06_convolution": ("pad2d",), "07_cnns": ("layer_shapes",)}
    return {f"honest-some-{chapter}": names[chapter], f"honest-stub-{chapter}": ()}


def grade_class(folder: Path, attacks: Sequence[Attack], seed: int = 0, workers: int = 2) -> Graded:
    """Hand everything in, in random order, grade it, and look around."""
    watch.adopt_orphans()
    folder.chmod(0o755)
    home = folder / "home"
    home.mkdir()
    (home / "canary.txt").write_text(watch.CANARY)
    name = f"hostile-canary-{os.getpid()}"
    listener = watch.Listener(name)
    world = World(ROOT, folder / "submitted", folder / "gradebook.db", home, listener.port, name)
    tasks = _hand_in(world, attacks)
    random.Random(seed).shuffle(tasks)
    alive = {process.pid for process in watch.below()}
    places = [ROOT / part for part in WATCHED] + [home, folder / "submitted"]
    before, litter = watch.snapshot(places), set(watch.litter(home))
    began = time.monotonic()
    graded = _grade_all(tasks, workers)
    graded.seconds = time.monotonic() - began
    graded.survivors = watch.survivors(alive)
    graded.changed = watch.changes(before, watch.snapshot(places))
    graded.litter = sorted(set(watch.litter(home)) - litter)
    graded.heard = listener.heard
    listener.close()
    return graded


def _hand_in(world: World, attacks: Sequence[Attack]) -> list[tuple[Sheet, Path, str]]:
    """Write every hand-in; what has to be graded: sheet, folder, student."""
    tasks, known = [], {}
    for chapter in sorted({attack.chapter for attack in attacks} | {"02_neuron"}):
        known[chapter] = replace(sheets.load(chapter)[0], limits=LIMITS)
        for student, right in honest(chapter).items():
            folder = _folder(world, student, chapter)
            Kit(chapter, folder, world, right).hand_in()
            tasks.append((known[chapter], folder, student))
    for attack in attacks:
        folder = _folder(world, attack.name, attack.chapter)
        attack.build(Kit(attack.chapter, folder, world, attack.honestly))
        tasks.append((known[attack.chapter], folder, attack.name))
    return tasks


def _folder(world: World, student: str, chapter: str) -> Path:
    folder = world.submitted / student / chapter
    folder.mkdir(parents=True)
    return folder


def _grade_all(tasks: list[tuple[Sheet, Path, str]], workers: int) -> Graded:
    graded = Graded()
    questions = [sheets.questions_bytes(sheet) for sheet in {sheet.digest: sheet for sheet, _, _ in tasks}.values()]
    with ProcessPoolExecutor(workers, get_context("spawn"), _install, (questions,)) as pool:
        for student, row, notes, page in pool.map(_grade_one, *zip(*tasks, strict=True)):
            graded.rows[student], graded.notes[student], graded.pages[student] = row, notes, page
        for _ in range(workers):
            pool.submit(close_sandboxes)
    return graded


def _install(questions: list[bytes]) -> None:
    """What a worker of a cluster gets before it grades: the references, as they were when the class was handed in."""
    for data in questions:
        sheets.install(data)


def _grade_one(sheet: Sheet, folder: Path, student: str) -> tuple[str, dict, list[str], dict]:
    """What a worker does for one student, and what can be seen in the page that the student gets."""
    result = grade(sheet, intake.read_submission(folder, sheet, student))
    page = feedback.render(Reviewed(result), sheet, {})
    row = json.dumps(result.row(), ensure_ascii=False)
    seen = {
        "active": watch.active_content(page),
        "odd": watch.odd_characters(page + row),
        "leaks": watch.leaks(page, sheet.chapter) or watch.leaks(row, sheet.chapter),
        "size": len(page.encode("utf-8", "replace")),
        "secrets": watch.secrets(page),
    }
    return student, result.row(), list(result.notes), seen


def harms(attack: Attack, graded: Graded) -> list[str]:
    """What one attack achieved for itself and in its own page, in words; nothing where it was held."""
    row = graded.rows.get(attack.name)
    return of_scores(attack, row) + (of_page(graded.pages[attack.name]) if row else [])


def of_scores(attack: Attack, row: dict | None) -> list[str]:
    """Where a row of scores is not what an attack deserves."""
    if row is None:
        return ["no grade"]
    scores = {exercise["id"]: exercise["score"] for exercise in row["exercises"]}
    over = sum(max(0.0, scores[name] - most) for name, most in attack.deserves.items())
    lost = sum(max(0.0, most - scores[name]) for name, most in attack.deserves.items() if name in attack.right)
    said = [f"{over:g} points for nothing"] if over > 1e-6 else []
    return said + ([f"{lost:g} honest points lost"] if lost > 1e-6 and attack.keeps else [])


def of_page(page: dict) -> list[str]:
    """What should not be in the page that a student gets."""
    words = {"active": "script in the page", "leaks": "hidden inputs shown", "odd": "control characters shown",
             "secrets": "secrets read"}  # fmt: skip
    return [said for key, said in words.items() if page[key]] + (["a huge page"] if page["size"] > PAGE else [])
