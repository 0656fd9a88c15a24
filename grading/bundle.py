"""The zip that students get: the notebooks and what they need, and nothing that only the author may know."""

import io
import re
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import nbformat
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from authoring.leaks import find_leaks
from grading.files import write_inside
from helpers.checks.errors import CourseError

# Copied as they are. The two of authoring/ make the environment.
SINGLE = (
    "LICENSE",
    "environment.yml",
    "requirements.lock",
    "pyproject.toml",
    "authoring/python_version.py",
    "authoring/environment.py",
    "data/README.md",
    "data/registry.json",
)
PER_CHAPTER = (
    "data/references/{}.json",
    "data/references/{}.npz",
    "data/quizzes/{}.json",
    "notebooks/{}/{}.ipynb",
)
BESIDE_NOTEBOOKS = (".png", ".jpg", ".jpeg", ".gif", ".svg", ".csv", ".txt", ".md")
TARGETS = ("help", "lab", "env", "clean")  # of the Makefile
_PASSED_OVER = re.compile(r"(?:^|/)(?:\.[^/]+|__pycache__)(?:/|$)|\.pyc$")  # what is made by working here
_TIME = (1980, 1, 1, 0, 0, 0)


def make_bundle(root: Path, out: Path, chapters: Sequence[str] | None = None) -> list[str]:
    """Write the bundle of the course in `root` to the zip `out`, all chapters or those named; the names of its files.

    The same course gives the same bytes.

    Raises:
        CourseError: there is no such chapter; a file is missing, a link, or none that students get; something of the
            author's is in it. Nothing is written then.
    """
    files = _files(root, _chapters(root, chapters))
    _refuse_leaks(files, root)
    write_inside(out.absolute().parent, [out.name], _zipped(files))
    return list(files)


def _chapters(root: Path, wanted: Sequence[str] | None) -> list[str]:
    known = sorted(path.parent.name for path in root.glob("notebooks/*/*.ipynb") if path.stem == path.parent.name)
    unknown = [name for name in wanted or () if name not in known]
    if unknown or not known:
        names = f"{root} has {', '.join(known)}" if known else f"{root} has none: build the course first"
        raise CourseError(f"There is no chapter {unknown[0] if unknown else 'to pack'!r}; {names}.")
    return [name for name in known if not wanted or name in wanted]


def _files(root: Path, chapters: list[str]) -> dict[str, bytes]:
    """Everything that goes into the bundle, by name, in order."""
    names = [*SINGLE, *(name.format(chapter, chapter) for chapter in chapters for name in PER_CHAPTER)]
    names += [name for name in _present(root, "helpers") if name.endswith(".py")]
    names += [name for chapter in chapters for name in _present(root, f"notebooks/{chapter}") if _is_beside(name)]
    _refuse_strangers(root, chapters, set(names))
    files = {name: _read(root, name) for name in names}
    files["Makefile"] = _makefile(_read(root, "Makefile").decode())
    files["README.md"] = _readme(files, chapters)
    return dict(sorted(files.items()))


def _present(root: Path, folder: str) -> Iterator[str]:
    """Names of the files in a folder of the course, but for those that working in it leaves behind."""
    for path in sorted((root / folder).rglob("*")):
        name = path.relative_to(root).as_posix()
        if not _PASSED_OVER.search(name) and (path.is_symlink() or not path.is_dir()):
            yield name


def _is_beside(name: str) -> bool:
    return name.lower().endswith(BESIDE_NOTEBOOKS)


def _refuse_strangers(root: Path, chapters: list[str], names: set[str]) -> None:
    """What lies where students' files lie, and is none of them, has got there by mistake."""
    others = {name.format(c, c) for c in _chapters(root, None) if c not in chapters for name in PER_CHAPTER}
    folders = ("helpers", "data", *(f"notebooks/{chapter}" for chapter in chapters))
    for name in (name for folder in folders for name in _present(root, folder)):
        if name not in names | others:
            raise CourseError(f"{root / name} is no file that students get: move it elsewhere, then pack again.")


def _read(root: Path, name: str) -> bytes:
    path = root / name
    if any(part.is_symlink() for part in (path, *path.parents) if part.is_relative_to(root) and part != root):
        raise CourseError(f"{path} is a link: put the file itself there, then pack again.")
    try:
        return path.read_bytes()
    except OSError as error:
        raise CourseError(f"{path} cannot be packed ({error.strerror}): build the course, then pack again.") from None


def _makefile(text: str) -> bytes:
    """The course's Makefile with its variables and, of its targets, those that a student needs."""
    blocks = re.split(r"\n\n+", text.strip())
    kept = [block for block in blocks if (target := _target(block)) is None or target in TARGETS]
    text = re.sub(r"^\.PHONY:.*$", f".PHONY: {' '.join(TARGETS)}", "\n\n".join(kept), flags=re.MULTILINE)
    return f"{text}\n".encode()


def _target(block: str) -> str | None:
    found = re.match(r"([a-z-]+):(?!=)", block)
    return found[1] if found else None


def _readme(files: dict[str, bytes], chapters: list[str]) -> bytes:
    low, high = re.search(r'requires-python = ">=3\.(\d+),<3\.(\d+)"', files["pyproject.toml"].decode()).groups()
    versions = [f"3.{minor}" for minor in range(int(low), int(high))]
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates" / "bundle"),
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # Markdown
    )
    rows = [_row(chapter, files[f"notebooks/{chapter}/{chapter}.ipynb"]) for chapter in chapters]
    python = f"{', '.join(versions[:-1])} or {versions[-1]}"
    return environment.get_template("README.md").render(python=python, chapters=rows).encode()


def _row(chapter: str, data: bytes) -> dict:
    """What the table of chapters says of one."""
    notebook = nbformat.reads(data.decode(), as_version=4)
    fields = [cell.metadata.get("nbgrader", {}) for cell in notebook.cells]
    heading = re.search(r"^# +(.+)$", notebook.cells[0].source, re.MULTILINE)
    return {
        "name": chapter,
        "title": heading[1] if heading else chapter,
        "exercises": sum(bool(field.get("solution")) for field in fields),
        "points": f"{sum(field.get('points', 0) for field in fields):g}",
    }


def _refuse_leaks(files: dict[str, bytes], root: Path) -> None:
    if not (root / "solutions").is_dir():
        raise CourseError(
            f"{root / 'solutions'} is missing, and no leak could be noticed: pack where the author's files are."
        )
    with tempfile.TemporaryDirectory() as folder:
        for name, data in files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        leaks = find_leaks(Path(folder), root, folders=(".",))
    if leaks:
        more = f" And {len(leaks) - 1} more: `python -m authoring.leaks`." if len(leaks) > 1 else ""
        raise CourseError(f"Nothing was packed, for it would tell students too much. {leaks[0]}{more}")


def _zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, _TIME)
            entry.create_system = 3  # Unix, wherever it is packed
            entry.external_attr = 0o100644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data, compresslevel=9)
    return buffer.getvalue()
