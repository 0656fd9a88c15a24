"""The environment: one truth about versions, and one sentence where a machine does not fit."""

import ast
import os
import re
import runpy
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions, version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from traitlets.config.loader import PyFileConfigLoader

from authoring import environment, python_version

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCK = (ROOT / "requirements.lock").read_text()
LOCKED = [Requirement(line.removesuffix("\\")) for line in LOCK.splitlines() if re.match(r"[A-Za-z0-9]", line)]
OLD_PYTHON = """#!/bin/sh
exec {python} -c 'import runpy, sys
sys.version_info, sys.executable, sys.argv = (3, 9, 18), sys.argv[1], sys.argv[2:]
runpy.run_path(sys.argv[0], run_name="__main__")' "$0" "$@"
"""


def declared(*extras: str) -> list[Requirement]:
    """What pyproject.toml asks for, with the extras named."""
    texts = PROJECT["dependencies"] + [text for extra in extras for text in PROJECT["optional-dependencies"][extra]]
    return [Requirement(text) for text in texts]


# --- the lock and those that must agree with it -----------------------------------------------------------------------


def test_lock_names_no_place() -> None:
    """No address, no folder of one machine: pip's own settings decide where packages come from."""
    assert not re.findall(r"://|--(?:extra-)?index|--find-links|--trusted-host|(?m:^-)|@|/", LOCK.split("\n", 1)[1])


def test_lock_is_exact_and_hashed() -> None:
    entries = re.split(r"\n(?=[A-Za-z0-9])", LOCK.split("\n", 1)[1].strip())
    assert len(entries) == len(LOCKED) > 100
    for entry, requirement in zip(entries, LOCKED):
        assert re.fullmatch(r"==[\w.]+", str(requirement.specifier)), requirement
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), requirement


@pytest.mark.parametrize("python", ["3.11.2", "3.12.0", "3.13.0"])
@pytest.mark.parametrize(("system", "platform"), [("Linux", "linux"), ("Darwin", "darwin"), ("Windows", "win32")])
def test_lock_satisfies_every_declared_range(python: str, system: str, platform: str) -> None:
    markers = {"python_full_version": python, "python_version": python[:4], "sys_platform": platform}
    markers |= {"platform_system": system, "os_name": "nt" if platform == "win32" else "posix"}
    chosen = {canonicalize_name(r.name): r for r in LOCKED if r.marker is None or r.marker.evaluate(markers)}
    for wanted in declared("dev"):
        locked = str(chosen[canonicalize_name(wanted.name)].specifier).removeprefix("==")
        assert wanted.specifier.contains(locked), f"{wanted} against {locked}"


def test_this_environment_is_the_locked_one() -> None:
    for requirement in LOCKED:
        if requirement.marker is None or requirement.marker.evaluate():
            assert requirement.specifier.contains(version(requirement.name)), f"{requirement}: run `make env`"


def test_conda_takes_the_same_versions() -> None:
    conda = yaml.safe_load((ROOT / "environment.yml").read_text())
    python, pip, from_pip = conda["dependencies"]
    assert SpecifierSet(python.removeprefix("python ")) == SpecifierSet(PROJECT["requires-python"])
    assert pip == "pip"
    assert from_pip == {"pip": ["--requirement requirements.lock"]}


@pytest.mark.parametrize(
    ("folder", "extras"),
    [("helpers", ()), ("grading", ()), ("authoring", ("dev",)), ("tests", ("dev",)), ("benchmarks", ("dev", "bench"))],
)
def test_every_import_is_declared(folder: str, extras: tuple[str, ...]) -> None:
    """What code imports is in pyproject.toml, so that a fresh environment has it too."""
    allowed = {canonicalize_name(requirement.name) for requirement in declared(*extras)}
    ours = {path.name.removesuffix(".py") for path in ROOT.iterdir()} | set(sys.stdlib_module_names)
    distributions = packages_distributions()
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module]
            for name in {name.partition(".")[0] for name in names} - ours:
                carriers = {canonicalize_name(carrier) for carrier in distributions.get(name, [name])}
                assert carriers & allowed, (
                    f"{path.relative_to(ROOT)} imports {name}, which pyproject.toml does not name"
                )


# --- a machine that does not fit --------------------------------------------------------------------------------------


def test_supported_range_is_the_one_declared() -> None:
    low, end = python_version.supported()
    assert SpecifierSet(PROJECT["requires-python"]) == SpecifierSet(f">=3.{low[1]},<3.{end[1]}")


@pytest.mark.parametrize("fitting", [(3, 11, 0), (3, 12, 9), (3, 13, 0)])
def test_fitting_python_is_no_problem(fitting: tuple) -> None:
    assert python_version.problem(fitting, "/usr/bin/python3") is None


@pytest.mark.parametrize("wrong", [(2, 7, 18), (3, 10, 13), (3, 14, 0)])
def test_wrong_python_names_what_is_found_needed_and_next(wrong: tuple) -> None:
    found = ".".join(map(str, wrong))
    said = python_version.problem(wrong, "/usr/bin/python3", installed=lambda name: name == "python3.12")
    assert said.startswith(f"/usr/bin/python3 is Python {found}, but the course needs Python 3.11 to 3.13; ")
    assert said.endswith("you have one: PYTHON=python3.12 make lab")
    said = python_version.problem(wrong, "/usr/bin/python3", installed=lambda name: False)
    assert said.endswith("install one from https://www.python.org/downloads/, then PYTHON=python3.11 make lab")


def make(*arguments: str) -> subprocess.CompletedProcess:
    """Run make in the project's folder, as from a terminal."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(["make", *arguments], cwd=ROOT, env=plain, capture_output=True, text=True, check=False)


def test_make_stops_with_the_sentence_and_makes_nothing(tmp_path: Path) -> None:
    old = tmp_path / "python3.9"
    old.write_text(OLD_PYTHON.format(python=sys.executable))
    old.chmod(0o755)
    result = make("env", f"PYTHON={old}", f"VENV={tmp_path / 'venv'}")
    assert result.returncode
    assert result.stderr.splitlines()[0].startswith(f"{old} is Python 3.9.18, but the course needs Python 3.11 to 3.13")
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "venv").exists()


def test_make_names_a_missing_python(tmp_path: Path) -> None:
    result = make("env", "PYTHON=no-such-python", f"VENV={tmp_path / 'venv'}")
    assert result.returncode
    assert result.stderr.startswith("There is no no-such-python on this machine; install Python from")


def test_make_lists_every_target() -> None:
    targets = re.search(r"\.PHONY: (.+)", (ROOT / "Makefile").read_text())[1].split()
    assert [line.split()[0] for line in make().stdout.splitlines()] == targets


# --- making the environment -------------------------------------------------------------------------------------------


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, list[str]]:
    """A folder for an environment, and what was done to it; creating one here only puts an interpreter there."""
    created = []

    def create(venv: Path, anew: bool) -> None:
        created.append("anew" if anew else "updated")
        environment.interpreter(venv).parent.mkdir(parents=True, exist_ok=True)
        environment.interpreter(venv).touch()

    for name in ("LOCK", "PYPROJECT"):
        monkeypatch.setattr(environment, name, tmp_path / name)
        (tmp_path / name).write_text("first")
    monkeypatch.setattr(environment, "create", create)
    return tmp_path / "venv", created


def test_environment_is_made_once(made: tuple[Path, list[str]], capsys: pytest.CaptureFixture) -> None:
    venv, created = made
    environment.main(venv)
    assert "some minutes" in capsys.readouterr().out
    environment.main(venv)
    assert created == ["anew"]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("name", ["LOCK", "PYPROJECT"])
def test_environment_follows_what_it_is_made_of(made: tuple[Path, list[str]], name: str) -> None:
    venv, created = made
    environment.main(venv)
    getattr(environment, name).write_text("second")
    environment.main(venv)
    assert created == ["anew", "updated"]


def test_environment_without_its_python_is_made_anew(made: tuple[Path, list[str]]) -> None:
    venv, created = made
    environment.main(venv)
    environment.interpreter(venv).unlink()
    environment.main(venv)
    assert created == ["anew", "anew"]


def test_environment_that_was_moved_is_made_anew(made: tuple[Path, list[str]]) -> None:
    """Its programs still name the Python of the old place."""
    venv, created = made
    environment.main(venv)
    moved = venv.rename(venv.parent / "elsewhere")
    environment.main(moved)
    assert created == ["anew", "anew"]


def test_failed_step_leaves_no_stamp(made: tuple[Path, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    venv, _ = made
    failing = [sys.executable, "-c", "raise SystemExit(1)"]
    monkeypatch.setattr(environment, "create", lambda venv, anew: environment.run(failing, "pip could not install it"))
    with pytest.raises(SystemExit, match="pip could not install it"):
        environment.main(venv)
    assert not (venv / "course-stamp").exists()


# --- imports and nbgrader ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("helpers", {"numpy", "matplotlib", "tensorflow", "keras", "sklearn", "skimage", "IPython", "ipywidgets"}),
        ("helpers.data", {"matplotlib", "tensorflow", "keras", "sklearn", "skimage", "pooch", "PIL"}),
        ("helpers.plots", {"matplotlib.pyplot", "tensorflow", "keras", "sklearn", "skimage", "IPython"}),
    ],
)
def test_imports_stay_light(module: str, unwanted: set[str]) -> None:
    command = f"import {module}, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True, cwd=os.sep)
    assert module in loaded.stdout.split()
    assert not unwanted & set(loaded.stdout.split())


def test_nbgrader_finds_this_course() -> None:
    config = PyFileConfigLoader("nbgrader_config.py", path=str(ROOT)).load_config()["CourseDirectory"]
    assert Path(config["root"]) == ROOT
    assert (config["source_directory"], config["release_directory"]) == ("solutions", "notebooks")


def test_nbgrader_leaves_authors_files_behind(tmp_path: Path) -> None:
    from nbgrader.utils import find_all_files

    config = PyFileConfigLoader("nbgrader_config.py", path=str(ROOT)).load_config()["CourseDirectory"]
    (tmp_path / "__pycache__").mkdir()
    authors = ["02.py", "hidden.npz", "hidden.npy", "hidden_references.json", "course_secret.txt", "__pycache__/a.txt"]
    for name in [*authors, "picture.png", "02.ipynb"]:
        (tmp_path / name).touch()
    copied = find_all_files(str(tmp_path), config["ignore"] + ["*.ipynb"])
    assert [Path(name).name for name in copied] == ["picture.png"]


def test_old_python_can_read_the_check() -> None:
    """Nothing that Python 2.7 cannot parse: no f-string, no annotation, no walrus."""
    tree = ast.parse(Path(python_version.__file__).read_text())
    newer = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.AsyncFunctionDef, ast.Nonlocal, ast.Starred)
    assert not [node for node in ast.walk(tree) if isinstance(node, newer)]
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    assert not [f for f in functions if f.returns or f.args.kwonlyargs or any(a.annotation for a in f.args.args)]
    assert runpy.run_path(python_version.__file__)["supported"]() == python_version.supported()
