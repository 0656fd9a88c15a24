"""What is asked: the sheets of a chapter, and the references that its questions come from.

A sheet holds the notebook as released, with what is run for each graded cell. For the course's own chapters the graded
cells stand for questions, whose references travel apart (`questions_bytes`, `install`): they are for judges only. For
an assignment of any other nbgrader course, the graded cells hold asserts.
"""

import ast
import io
import os
import re
import zipfile
from functools import lru_cache
from pathlib import Path

import nbformat

from grading.model import Cell, Limits, Sheet, digest
from helpers.checks.errors import CourseError
from helpers.checks.library import ROOT, Exercise, hidden_path, parse_chapter, public_path

_HALVES = re.compile(r'^evaluate\("([^"]+)"(, hidden=True)?\)$', re.MULTILINE)
_SECONDS = {"GRADING_CELL_SECONDS": "cell_seconds", "GRADING_TOTAL_SECONDS": "total_seconds"}


class NoSuchChapter(CourseError):
    """There is nothing of that name to grade."""


def load(chapter: str, root: Path = ROOT) -> list[Sheet]:
    """The sheets of a chapter of the course in `root`, or of an assignment of any nbgrader course there."""
    source = _source_folder(root) / chapter
    notebooks = sorted(source.glob("*.ipynb")) if _plain_name(chapter) else []
    if not notebooks:
        known = sorted(path.parent.name for path in _source_folder(root).glob("*/*.ipynb"))
        raise NoSuchChapter(f"There is no chapter {chapter!r} in {root}; there are {', '.join(known) or 'none'}.")
    return [_sheet(chapter, path, root) for path in notebooks]


def _plain_name(chapter: str) -> bool:
    return bool(chapter) and "/" not in chapter and not chapter.startswith(".")


@lru_cache
def _directories(root: Path) -> tuple[Path, Path]:
    """The source and release directories that the course's nbgrader configuration names."""
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config.loader import PyFileConfigLoader

    config = None
    if (root / "nbgrader_config.py").exists():
        config = PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()
    directory = CourseDirectory(config=config)
    return root / directory.source_directory, root / directory.release_directory


def _source_folder(root: Path) -> Path:
    return _directories(root)[0]


def _sheet(chapter: str, path: Path, root: Path) -> Sheet:
    try:
        source = nbformat.read(path, as_version=4)
        released_path = _directories(root)[1] / chapter / path.name
        released = nbformat.read(released_path, as_version=4) if released_path.exists() else None
    except Exception as error:
        raise CourseError(f"{path} or its release cannot be read ({type(error).__name__}): build it again.") from None
    if released is None:
        raise CourseError(f"{released_path} is missing: run `nbgrader generate_assignment {chapter}` first.")
    graded = {_grade_id(cell): cell for cell in source.cells if _grade_id(cell)}
    cells = tuple(_cell(cell, graded) for cell in released.cells)
    asked = {cell.exercise for cell in cells if cell.exercise}
    return Sheet(chapter, path.stem, cells, _limits(), _references_digest(chapter) if asked else "")


def _limits() -> Limits:
    """The limits, with those that the environment names in their place."""
    return Limits(**{field: float(os.environ[name]) for name, field in _SECONDS.items() if os.environ.get(name)})


def _grade_id(cell) -> str | None:
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def _cell(cell, graded: dict) -> Cell:
    """A released cell with its role; a graded one with the source that the author keeps back."""
    fields = cell.metadata.get("nbgrader", {})
    name, source, exercise = _grade_id(cell), cell.source, None
    role, points = "text", float(fields.get("points", 0.0) or 0.0)
    if fields.get("task"):
        role = "task"
    elif fields.get("grade") and fields.get("solution"):
        role = "manual"
    elif fields.get("solution"):
        role = "solution"
    elif fields.get("grade"):
        source = graded[name].source if name in graded else source
        asked = _HALVES.findall(source)
        role = ("hidden" if asked[0][1] else "check") if len(asked) == 1 else "test"
        exercise = asked[0][0] if len(asked) == 1 else None
        source = cell.source if exercise else source
    elif fields.get("locked"):
        role = "locked"
    released = None if source == cell.source else cell.source
    return Cell(cell.cell_type, source, role, name, points, exercise, id=cell.get("id", ""), released=released)


# --- references ------------------------------------------------------------------------------------------------------

Questions = dict[str, tuple[Exercise, Exercise]]  # exercise -> its public and its hidden half
_installed: dict[str, Questions] = {}


def questions_bytes(sheet: Sheet) -> bytes:
    """Everything a judge needs beyond the sheet, as bytes; empty where the sheet asks no questions."""
    if not sheet.references:
        return b""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, path in _files(sheet.chapter).items():
            archive.writestr(zipfile.ZipInfo(name), path.read_bytes())
    return file.getvalue()


def install(data: bytes) -> None:
    """Keep the questions in `data` for the sheets that name them."""
    if not data:
        return
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    key = digest({name: digest(content.hex()) for name, content in files.items()})
    if key in _installed:
        return
    public = parse_chapter(files["public.json"], files["public.npz"])
    hidden = parse_chapter(files["hidden.json"], files["hidden.npz"])
    _installed[key] = {name: (public[name], hidden[name]) for name in public if name in hidden}


def questions(sheet: Sheet) -> Questions:
    """The questions of a sheet, read from the course's own files where nobody installed them."""
    if sheet.references and sheet.references not in _installed:
        install(questions_bytes(sheet))
    if sheet.references and sheet.references not in _installed:
        raise CourseError(
            f"The references of {sheet.chapter} are not those that this class is graded with: run the same version of "
            "the course on every machine, after `make build`."
        )
    return _installed.get(sheet.references, {})


def _files(chapter: str) -> dict[str, Path]:
    stems = {"public": public_path(chapter), "hidden": hidden_path(chapter)}
    return {f"{half}.{kind}": stem.with_suffix(f".{kind}") for half, stem in stems.items() for kind in ("json", "npz")}


def _references_digest(chapter: str) -> str:
    files = _files(chapter)
    missing = [str(path) for path in files.values() if not path.exists()]
    if missing:
        raise CourseError(f"{missing[0]} is missing: `make build` writes it again.")
    return digest({name: digest(path.read_bytes().hex()) for name, path in files.items()})


def imports(sheet: Sheet) -> list[str]:
    """Modules that the released notebook imports, so that a forking parent can have them ready."""
    found: dict[str, None] = {}
    for cell in sheet.cells:
        for node in _statements(cell):
            if isinstance(node, ast.Import):
                found |= dict.fromkeys(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found |= dict.fromkeys([node.module, *(f"{node.module}.{a.name}" for a in node.names)])
    return list(found)


def _statements(cell: Cell) -> list[ast.stmt]:
    """A code cell's statements; none where it holds more than Python."""
    try:
        return ast.parse(cell.source).body if cell.kind == "code" else []
    except SyntaxError:
        return []
