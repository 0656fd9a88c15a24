"""What students get: everything they need, nothing of the author's, the same bytes each time."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from authoring import leaks
from grading.bundle import make_bundle
from helpers.checks.errors import CourseError
from helpers.checks.library import ROOT
from tests.authoring.test_build import COPIED, build, copy_course

CHAPTER = "02_neuron"
KEPT = ("02", "03")
MORE = ("LICENSE", "Makefile", "README.md", "environment.yml", "requirements.lock")


@pytest.fixture(scope="module")
def packed(tmp_path_factory) -> tuple[Path, list[str]]:
    """The course's own bundle, unpacked, and the names of its files."""
    folder = tmp_path_factory.mktemp("packed")
    names = make_bundle(whole_course(folder / "course"), folder / "course.zip")
    with zipfile.ZipFile(folder / "course.zip") as archive:
        archive.extractall(folder / "unpacked")
        assert archive.namelist() == names
    return folder / "unpacked", names


def whole_course(to: Path) -> Path:
    """A copy, so that nobody who works on the course meanwhile is in the way."""
    to.mkdir()
    for name in MORE:
        shutil.copy(ROOT / name, to / name)
    return copy_course(to)


@pytest.fixture
def course(tmp_path) -> Path:
    """A copy with two chapters, whose leak search takes a moment."""
    root = whole_course(tmp_path / "course")
    for path in [*root.glob("*/0[3-9]_*"), *root.glob("data/*/0[3-9]_*")]:
        if path.name[:2] not in KEPT:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    return root


def test_it_holds_what_a_student_needs(packed):
    _, names = packed
    assert {*MORE, "pyproject.toml", "data/registry.json", "helpers/checks/engine.py"} <= set(names)
    assert {f"notebooks/{CHAPTER}/{CHAPTER}.ipynb", f"data/references/{CHAPTER}.npz"} <= set(names)
    assert names == sorted(names)


def test_it_holds_nothing_of_the_author(packed):
    _, names = packed
    folders = {name.split("/")[0] for name in names if "/" in name}
    assert folders == {"authoring", "data", "helpers", "notebooks"}
    assert [name for name in names if name.startswith("authoring/")] == [
        "authoring/environment.py",
        "authoring/python_version.py",
    ]
    assert not [name for name in names if "hidden" in name or "secret" in name or "exercises.py" in name]


def test_helpers_work_where_it_is_unpacked(packed):
    """The author's copy is out of reach: imports, checks, the quiz and a data set come from the bundle alone."""
    folder, _ = packed
    program = (
        "import helpers, numpy as np\n"
        "from helpers.checks import evaluate\n"
        "from helpers.checks.errors import CourseError\n"
        "from helpers.data import load\n"
        "from helpers.quiz import quiz\n"
        "def weighted_sum(x, w, b):\n    return x @ w + b\n"
        "print(helpers.__file__)\n"
        "print(evaluate('weighted_sum').state, load('digits').x_train.shape)\n"
        "try:\n    evaluate('weighted_sum', hidden=True)\n"
        "except CourseError as error:\n    print(type(error).__name__)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(folder), "TF_CPP_MIN_LOG_LEVEL": "3", "COURSE_PROGRESS": ""}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, env=environment, capture_output=True, text=True, timeout=120
    )
    where, verdict, hidden = done.stdout.splitlines()
    assert where == str(folder / "helpers" / "__init__.py"), done.stderr
    assert verdict.startswith("passed (")
    assert hidden == "MissingReferences"


@pytest.mark.skipif(not shutil.which("make"), reason="there is no make on this machine")
@pytest.mark.parametrize("target", ["help", "lab", "env", "clean"])
def test_every_target_of_its_makefile_has_its_files(target, packed):
    folder, names = packed
    done = subprocess.run(["make", "--dry-run", target], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    scripts = {word for word in done.stdout.split() if word.endswith(".py")}
    assert scripts <= set(names)
    assert scripts or target in ("help", "clean")


def test_links_of_its_readme_lead_somewhere(packed):
    folder, _ = packed
    text = (folder / "README.md").read_text(encoding="utf-8")
    targets = [part.split(")")[0] for part in text.split("](")[1:]]
    assert len(targets) > 5
    assert not [target for target in targets if not (folder / target).is_file()]


def test_the_same_course_gives_the_same_bytes(course, tmp_path):
    make_bundle(course, tmp_path / "one.zip")
    for path in course.rglob("*"):
        os.utime(path, (1, 1))
    (course / "helpers" / "plots.py").chmod(0o600)
    (course / "helpers" / "__pycache__").mkdir()
    (course / "helpers" / "__pycache__" / "plots.cpython-311.pyc").write_bytes(b"compiled")
    make_bundle(course, tmp_path / "two.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_some_chapters_only(course, tmp_path):
    names = make_bundle(course, tmp_path / "one.zip", [CHAPTER])
    assert {name.split("/")[1] for name in names if name.startswith("notebooks/")} == {CHAPTER}
    assert [name for name in names if name.startswith("data/quizzes/")] == [f"data/quizzes/{CHAPTER}.json"]


def test_an_unknown_chapter_is_one_sentence(course, tmp_path):
    with pytest.raises(CourseError, match=r"no chapter '99_nothing'.*02_neuron"):
        make_bundle(course, tmp_path / "one.zip", ["99_nothing"])


def in_the_quiz(course):
    line = sorted(leaks.telling_lines(course))[0]
    path = course / f"data/quizzes/{CHAPTER}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"note": line}))


def in_the_licence(course):
    (course / "LICENSE").write_text((course / "solutions/course_secret.txt").read_text())


def solution_in_helpers(course):
    region = next(r for r in leaks.solution_regions(course) if len(r) >= 3)
    (course / "helpers/easy.py").write_text("def f():\n" + "".join(f"    {line}\n" for line in region))


def instructors_file(course):
    shutil.copy(course / f"solutions/{CHAPTER}/exercises.py", course / f"notebooks/{CHAPTER}/exercises.py")


def hidden_references(course):
    shutil.copy(course / f"solutions/{CHAPTER}/hidden_references.json", course / "data/references/more.json")


def hidden_cases_under_a_public_name(course):
    shutil.copy(course / "solutions/03_activations/hidden_references.json", course / f"data/quizzes/{CHAPTER}.json")


def hidden_arrays_under_a_public_name(course):
    path = course / f"data/references/{CHAPTER}.npz"
    hidden = dict(np.load(course / f"solutions/{CHAPTER}/hidden_references.npz"))
    np.savez(path, **hidden)


def gradebook(course):
    (course / "data/gradebook.db").write_bytes(b"SQLite format 3\0")


def link(course):
    (course / "helpers/plots.py").unlink()
    (course / "helpers/plots.py").symlink_to(course / f"solutions/{CHAPTER}/{CHAPTER}.py")


def linked_folder(course):
    shutil.move(course / f"notebooks/{CHAPTER}", course / "elsewhere")
    (course / f"notebooks/{CHAPTER}").symlink_to(course / "elsewhere")


def solved_notebook(course):
    shutil.copy(course / f"solutions/{CHAPTER}/{CHAPTER}.ipynb", course / f"notebooks/{CHAPTER}/{CHAPTER}.ipynb")


@pytest.mark.parametrize(
    ("plant", "words"),
    [
        (in_the_quiz, f"data/quizzes/{CHAPTER}.json: holds an author's line"),
        (in_the_licence, "LICENSE: holds the secret seed"),
        (solution_in_helpers, "helpers/easy.py: holds a whole solution"),
        (instructors_file, "exercises.py is no file that students get"),
        (hidden_references, "more.json is no file that students get"),
        (hidden_cases_under_a_public_name, f"data/quizzes/{CHAPTER}.json: holds the hidden case"),
        (hidden_arrays_under_a_public_name, f"data/references/{CHAPTER}.npz: .* is the hidden array"),
        (gradebook, "gradebook.db is no file that students get"),
        (link, "helpers/plots.py is a link"),
        (linked_folder, f"notebooks/{CHAPTER}/{CHAPTER}.ipynb is a link"),
        (solved_notebook, f"{CHAPTER}.ipynb: holds"),
    ],
)
def test_a_planted_leak_stops_the_packing(plant, words, course, tmp_path):
    plant(course)
    with pytest.raises(CourseError, match=words):
        make_bundle(course, tmp_path / "one.zip")
    assert not (tmp_path / "one.zip").exists()


def test_it_is_not_packed_where_leaks_cannot_be_noticed(packed, tmp_path):
    with pytest.raises(CourseError, match="no leak could be noticed"):
        make_bundle(packed[0], tmp_path / "again.zip")


def test_another_secret_gives_other_hidden_cases_and_the_same_bundle(course, tmp_path, monkeypatch):
    make_bundle(course, tmp_path / "one.zip")
    before = contents(course)
    monkeypatch.setenv("COURSE_SECRET", "another seed altogether")
    done = build(course, CHAPTER)
    assert done.returncode == 0, done.stderr
    changed = {name for name, data in contents(course).items() if before.get(name) != data}
    assert changed == {f"solutions/{CHAPTER}/hidden_references.{kind}" for kind in ("json", "npz")}
    make_bundle(course, tmp_path / "two.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def contents(course: Path) -> dict[str, bytes]:
    paths = (path for name in COPIED for path in [course / name, *(course / name).rglob("*")])
    return {
        str(path.relative_to(course)): path.read_bytes()
        for path in paths
        if path.is_file() and "__pycache__" not in path.parts
    }
