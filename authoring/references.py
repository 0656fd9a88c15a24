"""From declarations to reference files: ask the oracles, ask the misconceptions, write JSON and arrays.

An author's solution that disagrees with the oracle fails the build.
"""

import hashlib
import importlib.util
import json
import math
import os
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from authoring.exercise import LAYOUTS, Case, Exercise
from helpers.checks.answers import Answer
from helpers.checks.ask import ask
from helpers.checks.codec import encode, materialise
from helpers.checks.compare import same
from helpers.checks.errors import CourseError
from helpers.checks.library import ROOT
from helpers.checks.library import Case as Question

SECRET_FILE = ROOT / "solutions" / "course_secret.txt"


class BuildError(CourseError):
    """The course's sources contradict themselves; the build stops."""


def load_exercises(chapter: str, root: Path = ROOT) -> list[Exercise]:
    """The declarations of `solutions/<chapter>/exercises.py`."""
    path = root / "solutions" / chapter / "exercises.py"
    spec = importlib.util.spec_from_file_location(f"exercises_{chapter}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    exercises = list(module.EXERCISES)
    ids = [e.id for e in exercises]
    if len(set(ids)) != len(ids):
        raise BuildError(f"{path}: two exercises have the same id; every id may stand once in a chapter.")
    return exercises


def course_secret() -> str:
    """The seed of the hidden cases: `COURSE_SECRET`, or the one that lies beside the solutions."""
    return os.environ.get("COURSE_SECRET") or SECRET_FILE.read_text(encoding="utf-8").strip()


def chapter_references(chapter: str, exercises: Iterable[Exercise], hidden: bool) -> tuple[dict, dict[str, np.ndarray]]:
    """The JSON tree and the arrays of one half, public or hidden, of a chapter."""
    arrays: dict[str, np.ndarray] = {}
    trees = [_exercise_tree(chapter, exercise, hidden, arrays) for exercise in exercises]
    if not hidden:
        _must_differ(chapter, trees)
    return {"chapter": chapter, "exercises": trees}, arrays


def _exercise_tree(chapter: str, exercise: Exercise, hidden: bool, arrays: dict) -> dict:
    cases = all_cases(chapter, exercise, hidden)
    return {
        "id": exercise.id,
        "title": exercise.title,
        "names": list(exercise.names or (exercise.id,)),
        "points": list(exercise.points),
        "minutes": exercise.minutes,
        "seconds": exercise.seconds,
        "rtol": exercise.rtol,
        "silent": exercise.silent,
        "rules": [dict(rule) for rule in exercise.rules],
        "hints": list(exercise.hints),
        "misconceptions": {m.key: {"says": m.says, "hint": m.hint} for m in exercise.misconceptions},
        "outputs": {name: asdict(flags) for name, flags in exercise.outputs.items()},
        "cases": [_case_tree(exercise, case, f"{exercise.id}/{i}", arrays) for i, case in enumerate(cases)],
    }


def _must_differ(chapter: str, trees: list[dict]) -> None:
    """A misconception that gives the right answer on every public case could never be told to a learner."""
    for tree in trees:
        for key in tree["misconceptions"]:
            if all(case["wrong"][key] == "right" for case in tree["cases"]):
                raise BuildError(
                    f"{chapter}/{tree['id']}: the misconception {key!r} gives the right answer on every public case; "
                    "add a case that tells it apart."
                )


def all_cases(chapter: str, exercise: Exercise, hidden: bool) -> list[Case]:
    """Fixed and drawn cases of one half, each with a layout."""
    fixed = list(exercise.hidden_cases if hidden else exercise.cases)
    rng = np.random.default_rng(_seed(chapter, exercise.id, course_secret() if hidden else "public"))
    draws = [exercise.draw] if callable(exercise.draw) else list(exercise.draw)
    count = exercise.draws[hidden] if draws else 0
    drawn = [_as_case(draws[i % len(draws)](rng), f"random {i + 1}") for i in range(count)]
    if not fixed + drawn:
        raise BuildError(f"{chapter}/{exercise.id}: no {'hidden' if hidden else 'public'} case; add cases or draw().")
    return [_with_layout(case, i) for i, case in enumerate(fixed + drawn)]


def _seed(*words: str) -> int:
    return int.from_bytes(hashlib.sha256("/".join(words).encode()).digest()[:8], "big")


def _as_case(drawn, name: str) -> Case:
    return replace(drawn, name=f"{drawn.name}, {name}") if isinstance(drawn, Case) else Case(name, drawn)


def _with_layout(case: Case, index: int) -> Case:
    return Case(**{**case.__dict__, "layout": case.layout or LAYOUTS[index % len(LAYOUTS)]})


def _case_tree(exercise: Exercise, case: Case, key: str, arrays: dict) -> dict:
    expected = expected_outputs(exercise, case)
    wrong = {m.key: _wrong_outputs(exercise, case, m.wrong, expected) for m in exercise.misconceptions}
    return {
        "name": case.name,
        "inputs": encode(dict(case.inputs), arrays, f"{key}/in"),
        "probe": case.probe or exercise.probe,
        "layout": case.layout,
        "weight": case.weight,
        "expected": encode(expected, arrays, f"{key}/out"),
        "raises": case.raises,
        "wrong": encode(wrong, arrays, f"{key}/wrong"),
    }


def expected_outputs(exercise: Exercise, case: Case) -> dict[str, dict]:
    """What is right for a case: `{output: {"value": v} or {"low": a, "high": b}}`."""
    if case.raises:
        return {}
    answer = case.expected
    if answer is None:
        oracle = exercise.oracle
        if isinstance(oracle, dict):
            oracle = oracle[case.probe or exercise.probe]
        answer = oracle(**{name: materialise(value) for name, value in case.inputs.items()})
    return {name: _want(value) for name, value in _named(exercise, answer).items()}


def _named(exercise: Exercise, answer) -> dict[str, object]:
    names = list(exercise.outputs)
    if isinstance(answer, dict) and not {"low", "high"} >= set(answer):
        return answer
    return {names[0]: answer} if len(names) == 1 else dict(zip(names, answer, strict=True))


def _want(value) -> dict:
    if isinstance(value, dict):
        return {"low": np.asarray(value["low"]), "high": np.asarray(value["high"])}
    return {"value": value if isinstance(value, str | int | float) else np.asarray(value)}


def student_answer(exercise: Exercise, case: Case, student) -> Answer:
    """What comes of asking student-shaped code one case: outputs by name, or the error."""
    return ask(exercise, Question(case.name, dict(case.inputs), case.probe or exercise.probe), student)


def _wrong_outputs(exercise: Exercise, case: Case, wrong, expected: dict) -> dict | str:
    """A misconception's outputs, or "right" where it makes no difference, or "raises TypeError" where it fails.

    Right values that come with a warning are stored too, where the exercise asks for silence.
    """
    answer = student_answer(exercise, case, wrong)
    if answer.trouble:
        return "right" if case.raises in answer.trouble.kinds else f"raises {answer.trouble.kind}"
    outputs = answer.outputs
    if case.raises:
        return {name: value for name, value in outputs.items() if _storable(value)}
    agree = [_agrees(outputs.get(name), want, exercise.rtol) for name, want in expected.items()]
    right = all(agree) and not (exercise.silent and answer.warned)
    return "right" if right else {n: outputs[n] for n in expected if _storable(outputs.get(n))}


def _agrees(value, want: dict, rtol: float) -> bool:
    if "value" in want:
        return same(value, want["value"], rtol)
    if not _storable(value) or isinstance(value, str):
        return False
    array = np.asarray(value)
    return array.shape == want["low"].shape and bool(((array >= want["low"]) & (array <= want["high"])).all())


def _storable(value) -> bool:
    if isinstance(value, list | tuple):
        return all(_storable(item) for item in value)
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "iufb"
    return isinstance(value, str | bool | int | float | np.generic)


def write(path: Path, tree: dict, arrays: dict[str, np.ndarray]) -> bool:
    """Write `path`.json and .npz unless the files there already say the same; whether anything was written.

    Arrays that agree to rounding count as the same: another processor's last digit is not a change.
    """
    text = json.dumps(tree, indent=1, ensure_ascii=False) + "\n"
    json_path, npz_path = path.with_suffix(".json"), path.with_suffix(".npz")
    if json_path.exists() and npz_path.exists() and _same_text(json_path, text) and _same_arrays(npz_path, arrays):
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(npz_path, **arrays)
    json_path.write_text(text, encoding="utf-8")
    return True


def _same_text(path: Path, text: str) -> bool:
    return _same_tree(json.loads(path.read_text(encoding="utf-8")), json.loads(text))


def _same_tree(one, other) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-8, abs_tol=1e-7) or (one != one and other != other)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same_tree(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same_tree, one, other))
    return type(one) is type(other) and one == other


def _same_arrays(path: Path, arrays: dict[str, np.ndarray]) -> bool:
    with np.load(path, allow_pickle=False) as stored:
        if set(stored.files) != set(arrays):
            return False
        return all(
            stored[k].dtype == a.dtype and stored[k].shape == a.shape and _same_numbers(stored[k], a)
            for k, a in arrays.items()
        )


def _same_numbers(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two arrays of the same kind agree to rounding, which is that of float32 where they are float32."""
    coarse = one.dtype == np.float32
    return np.allclose(one, other, 1e-5 if coarse else 1e-9, 1e-5 if coarse else 1e-12, equal_nan=True)
