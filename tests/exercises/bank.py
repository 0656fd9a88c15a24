"""Every exercise of the course: its declaration, its checks, the author's answer, and other right and wrong ones."""

import importlib.util
import os
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # declarations import TensorFlow for their oracles

from authoring import exercise as authoring
from authoring import notebooks, references, solutions
from authoring.build import chapter_names
from helpers.checks import library
from helpers.checks.engine import judge
from helpers.checks.report import Report

VARIANTS = Path(__file__).parent / "variants"


@dataclass(frozen=True)
class Entry:
    """One exercise with all that is known about it."""

    declared: authoring.Exercise
    public: library.Exercise
    hidden: library.Exercise
    author: object  # the author's answer: a function, a class, or a tuple of them
    variants: dict[str, object]  # right answers in another style
    mutants: dict[str, object]  # wrong answers without a name

    @property
    def id(self) -> str:
        return self.public.full_id

    def judge(self, student, hidden: bool = False, rules: bool = True) -> Report:
        """The report on an answer; without `rules` its source is not read, which for a wrapper is not the student's."""
        exercise = self.hidden if hidden else self.public
        return judge(exercise if rules else replace(exercise, rules=()), student, hidden)


def entries() -> list[Entry]:
    """All exercises of the course, in order."""
    return [entry for chapter in chapter_names() for entry in _chapter(chapter)]


@cache
def _chapter(chapter: str) -> list[Entry]:
    declared = references.load_exercises(chapter)
    scope = solutions.namespace(notebooks.solution_notebook(chapter, declared))
    own = _variants(chapter)
    return [
        Entry(
            exercise,
            library.find_in_chapter(exercise.id, chapter),
            library.find_in_chapter(exercise.id, chapter, hidden=True),
            solutions.answers(exercise, scope),
            own.get("VARIANTS", {}).get(exercise.id, {}),
            own.get("MUTANTS", {}).get(exercise.id, {}),
        )
        for exercise in declared
    ]


def _variants(chapter: str) -> dict:
    path = VARIANTS / f"{chapter}.py"
    if not path.exists():
        return {}
    spec = importlib.util.spec_from_file_location(f"variants_{chapter}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return vars(module)
