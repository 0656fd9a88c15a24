"""Looking exercises up, recognising misconceptions, opening hints, scoring, and what bad input is told."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from helpers.checks import (
    CheckFailed,
    MissingReferences,
    UnknownExercise,
    check,
    evaluate,
    hint,
    library,
    passed,
    session,
)
from helpers.checks.engine import judge
from helpers.checks.errors import CourseError
from helpers.checks.library import Output, Want, chapters, find, public_path, read_chapter
from helpers.checks.wording import CURES
from tests.checks.conftest import case, doubling, exercise

FIRST = chapters()[0]
NAME = next(iter(read_chapter(public_path(FIRST))))


@pytest.fixture
def tries(monkeypatch, tmp_path):
    """Progress of this test alone."""
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))
    monkeypatch.setattr(session, "_latest", {})


def wrong_exercise():
    """`double(x)` with two misconceptions: halving, and forgetting the sign."""
    vector, single = np.array([1.0, -2.0]), 3.0
    wrongs = [
        {"halves": {"result": vector / 2}, "no_sign": {"result": abs(2 * vector)}, "fails": "raises ValueError"},
        {"halves": {"result": 1.5}, "no_sign": "right", "fails": "raises ValueError"},
    ]
    says = {"halves": "This is half.", "no_sign": "The sign is lost.", "fails": "It fails."}
    return exercise(
        case("vector", {"x": vector}, 2 * vector, wrong=wrongs[0]),
        case("single", {"x": single}, 6.0, wrong=wrongs[1]),
        misconceptions={key: {"says": text, "hint": f"Mind {key}."} for key, text in says.items()},
    )


@pytest.mark.parametrize(
    ("student", "named"),
    [
        (lambda x: x / 2, "halves"),
        (lambda x: np.abs(2 * x), "no_sign"),
        (lambda x: np.float32(x) / 2, "halves"),
        (lambda x: x / 3, None),
        (lambda x: x / 2 if np.ndim(x) else 2 * x, None),
        (lambda x: np.abs(2 * x) if np.ndim(x) else 0.0, None),
        (lambda x: int("a"), "fails"),
        (lambda x: x.nothing, None),
    ],
)
def test_a_misconception_is_named_only_where_it_explains_every_case(student, named):
    report = judge(wrong_exercise(), student)
    assert not report.passed
    assert report.misconception == named
    if named:
        assert report.message.startswith(wrong_exercise().misconceptions[named]["says"])
        assert report.hint == f"Mind {named}."
    else:
        assert report.hint == CURES.get(report.state, "a nudge")


def test_an_exception_that_is_asked_for():
    asked = exercise(library.Case("does not divide", {"n": 3}, "call", raises="ValueError"), id="f", names=("f",))

    class Mine(ValueError):
        pass

    def raises(error):
        def f(n):
            raise error

        return f

    assert judge(asked, raises(ValueError("no"))).passed
    assert judge(asked, raises(Mine())).passed
    report = judge(asked, raises(TypeError("no")))
    assert report.state == "error"
    assert "a ValueError is expected for this input" in report.message
    report = judge(asked, lambda n: 1)
    assert report.state == "values"
    assert "a ValueError is expected for this input, but your code returned a result" in report.message


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (np.ones(2), "it returned one array; 2 are expected: dx, dw"),
        ((1.0, 2.0, 3.0), "it returned 3 values; 2 are expected"),
        (None, "it returned None; 2 are expected"),
        ({"dx": 1}, "it returned one dictionary"),
    ],
)
def test_the_number_of_results_is_checked(result, words):
    two = exercise(
        library.Case("two", {"x": 1.0}, "call", expected={"dx": Want(1.0), "dw": Want(2.0)}),
        outputs={"dx": Output(), "dw": Output()},
    )
    assert judge(two, lambda x: (1.0, 2.0)).passed
    assert judge(two, lambda x: [1.0, 2.0]).passed
    report = judge(two, lambda x: result)
    assert report.state == "type"
    assert words in report.message


def test_points_are_shared_by_weight():
    weighted = exercise(case("easy", {"x": 1.0}, 2.0), case("hard", {"x": -1.0}, -2.0, weight=3.0), points=(4.0, 0.0))
    assert judge(weighted, lambda x: 2 * x).points == 4.0
    assert judge(weighted, lambda x: 2.0).points == 1.0
    assert judge(weighted, lambda x: -2.0).points == 3.0


def test_whole_and_floating_numbers_where_they_are_asked_for():
    whole = exercise(case("index", {"x": 1.0}, np.array([1, 2])), outputs={"result": Output(integer=True)})
    assert judge(whole, lambda x: np.array([1, 2])).passed
    assert judge(whole, lambda x: np.array([1.0, 2.0])).state == "dtype"
    floating = exercise(case("ones", {"x": 1.0}, np.array([1.0, 2.0])), outputs={"result": Output(floating=True)})
    assert judge(floating, lambda x: np.array([1, 2])).state == "dtype"


def test_a_silent_exercise_costs_points_for_warnings():
    loud = doubling(silent=True)

    def student(x):
        np.log(np.zeros(1))
        return 2 * x

    def quiet(x):
        with np.errstate(all="ignore"):
            return student(x)

    assert "a warning was raised: RuntimeWarning: divide by zero" in judge(loud, student).message
    assert judge(loud, quiet).passed
    assert judge(doubling(), student).passed


def test_the_global_random_state_is_watched_and_put_back():
    def student(x):
        np.random.rand()  # noqa: NPY002
        return 2 * x

    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    report = judge(doubling(), student)
    assert report.state == "rule broken"
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002


def test_an_answer_is_looked_up_where_evaluate_is_called(tries):
    scope = {"evaluate": evaluate, "CHAPTER": FIRST, NAME: 3}
    assert eval(f"evaluate({NAME!r})", scope).state == "type"
    del scope[NAME]
    assert eval(f"evaluate({NAME!r})", scope).state == "not attempted"


def test_check_shows_and_raises(tries, capsys):
    with pytest.raises(CheckFailed) as caught:
        check(f"{FIRST}/{NAME}", lambda *args: None)
    assert "the result is None" in capsys.readouterr().out
    assert caught.value._render_traceback_() == [f"CheckFailed: {NAME}: type"]


def test_hints_open_one_by_one_and_passed_waits(tries, capsys):
    full = f"{FIRST}/{NAME}"
    for step in (1, 1, 2, 3, 3):
        hint(full)
        assert capsys.readouterr().out.count("Hint ") == step
        evaluate(full, lambda *args: None)
    assert passed(full) is False
    assert NAME in capsys.readouterr().out


def test_passed_is_false_while_nbgrader_grades(tries, monkeypatch, capsys):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert passed(f"{FIRST}/{NAME}") is False
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("exercise_id", "words"),
    [
        (f"{FIRST}/{NAME}x", f"did you mean '{NAME}'?"),
        ("99_nothing/at_all", "There is no exercise"),
        ("", "There is no exercise"),
        (3, "An exercise id is a text"),
        (None, "An exercise id is a text"),
    ],
)
@pytest.mark.parametrize("ask", [evaluate, hint, passed], ids=lambda f: f.__name__)
def test_an_unknown_exercise_is_one_sentence(ask, exercise_id, words):
    with pytest.raises(UnknownExercise, match=r"^[^\n]+$") as caught:
        ask(exercise_id)
    assert words in str(caught.value)
    assert caught.value._render_traceback_() == [f"UnknownExercise: {caught.value}"]


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A copy of one chapter's public references in a course of its own."""
    folder = tmp_path / "data" / "references"
    folder.mkdir(parents=True)
    for suffix in (".json", ".npz"):
        shutil.copy(public_path(FIRST).with_suffix(suffix), folder)
    monkeypatch.setattr(library, "ROOT", tmp_path)
    read_chapter.cache_clear()
    yield folder
    read_chapter.cache_clear()


def test_hidden_references_are_not_in_a_students_course(elsewhere):
    with pytest.raises(MissingReferences, match="is missing"):
        find(f"{FIRST}/{NAME}", hidden=True)


@pytest.mark.parametrize("suffix", [".json", ".npz"])
@pytest.mark.parametrize("damage", ["gone", "empty", "rubbish", "cut"])
def test_a_damaged_reference_file_is_one_sentence(elsewhere, suffix, damage):
    path = (elsewhere / FIRST).with_suffix(suffix)
    content = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes({"empty": b"", "rubbish": b"[1, 2]", "cut": content[: len(content) // 2]}[damage])
    if suffix == ".json" and damage == "gone":
        with pytest.raises(UnknownExercise):
            find(f"{FIRST}/{NAME}")
        return
    with pytest.raises(MissingReferences, match=r"^[^\n]+$"):
        find(f"{FIRST}/{NAME}")


def test_references_never_hold_pickles(elsewhere):
    path = (elsewhere / FIRST).with_suffix(".npz")
    with np.load(path) as stored:
        keys = list(stored.files)
    np.savez(path, **{key: np.array([object()]) for key in keys})
    with pytest.raises(MissingReferences, match="cannot be read"):
        find(f"{FIRST}/{NAME}")


def test_a_name_in_two_chapters_must_be_told_apart(elsewhere):
    tree = json.loads((elsewhere / f"{FIRST}.json").read_text(encoding="utf-8"))
    (elsewhere / "98_copy.json").write_text(json.dumps(tree | {"chapter": "98_copy"}), encoding="utf-8")
    shutil.copy(elsewhere / f"{FIRST}.npz", elsewhere / "98_copy.npz")
    with pytest.raises(UnknownExercise, match=f"name one, as in '{FIRST}/{NAME}'"):
        find(NAME)
    assert find(f"98_copy/{NAME}").chapter == "98_copy"


def test_course_errors_have_no_stack_trace_in_a_notebook():
    assert CourseError("No.")._render_traceback_() == ["CourseError: No."]


def test_importing_the_checks_imports_neither_tensorflow_nor_matplotlib():
    heavy = {"tensorflow", "matplotlib", "PIL", "IPython", "ipywidgets"}
    heavy = {"tensorflow", "matplotlib", "PIL", "IPython", "ipywidgets"}
    code = f"import sys, helpers.checks, helpers.progress, helpers.quiz; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=library.ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
