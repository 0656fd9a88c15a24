"""A small course of its own for the check engine's tests: exercises made by hand, no progress kept."""

from collections.abc import Callable

import numpy as np
import pytest

from helpers.checks.engine import judge
from helpers.checks.library import Case, Exercise, Output, Want
from helpers.checks.report import Report


@pytest.fixture(autouse=True)
def _no_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_PROGRESS", "")
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)


def case(name: str, inputs: dict, result, **more) -> Case:
    """A case whose only output is `result`."""
    return Case(name, inputs, "call", expected={"result": Want(result)}, **more)


def exercise(*cases: Case, **more) -> Exercise:
    """An exercise named `double` unless told otherwise."""
    fields = {
        "id": "double",
        "chapter": "99_test",
        "title": "Twice as much",
        "names": ("double",),
        "points": (1.0, 1.0),
        "minutes": 1,
        "seconds": 1.0,
        "rtol": 1e-7,
        "silent": False,
        "rules": (),
        "hints": ("a nudge", "an idea", "a skeleton"),
        "misconceptions": {},
        "outputs": {"result": Output()},
        "cases": cases,
    }
    return Exercise(**fields | more)


def doubling(**more) -> Exercise:
    """`double(x)`: a vector, a matrix, an image in three layouts."""
    rng = np.random.default_rng(0)
    vector, matrix, image = np.array([1.0, -2.0, 3.0]), rng.normal(size=(2, 3)), rng.normal(size=(8, 8))
    return exercise(
        case("worked example", {"x": vector}, 2 * vector),
        case("a matrix", {"x": matrix}, 2 * matrix, layout="F"),
        case("an image", {"x": image}, 2 * image, layout="strided"),
        **more,
    )


@pytest.fixture
def ask_double() -> Callable[..., Report]:
    """Put an answer to the exercise `double`; keyword arguments change the exercise."""
    return lambda student, **more: judge(doubling(**more), student)
