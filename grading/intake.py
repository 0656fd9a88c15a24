"""What a student handed in, read without trusting any of it: from a folder to a `Submission` on the sheet's template.

    submitted/<student>/<chapter>/<notebook>.ipynb, other files, timestamp.txt

Nothing in the folder is executed, no link is followed, nothing is read beyond a limit, and whatever is in there becomes
a submission: one that cannot be read has a `problem` and the sheet's cells without answers.
"""

import errno
import hashlib
import os
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from grading.model import Sheet, Submission
from grading.notes import Notes, listed, shown
from grading.rebuild import rebuild
from grading.received import MAX_NOTEBOOK, Received, Unreadable, parse

MAX_FILES = 32  # beside the notebook
MAX_FILE = 1 << 20  # bytes
MAX_FILES_TOTAL = 8 << 20  # bytes
MAX_ENTRIES = 1000  # files and folders that are looked at
MAX_DEPTH = 4  # folders in folders
MAX_PATH = 200  # characters
STAMP = "timestamp.txt"
MAX_STAMP = 80  # bytes
MAX_ID = 128  # characters, as in nbgrader's gradebook
UNFORESEEN = "brought the intake itself to a fall"
_COMPILED = (".so", ".pyd", ".dll", ".dylib")
_SAFE_PART = re.compile(r"[\w(=@~#'&!][\w .,;=@~#'&!()+-]*")
_UNSAFE_IN_ID = set('+%*?[]{}\\/:"<>|')
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Not to wait for a writer where the "file" is a pipe, and not to make a terminal the process's own.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


def students(submitted: Path, chapter: str) -> list[str]:
    """Names of the folders in `submitted` that hold a hand-in of the chapter, in the order of their bytes.

    The names are as on disk, however odd; `student_id` makes ids of them. No `submitted` folder is nobody.
    """
    try:
        names = os.listdir(submitted)
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted((name for name in names if os.path.lexists(submitted / name / chapter)), key=os.fsencode)


def student_id(name: str) -> str:
    """The id in the gradebook of the student whose folder has this name; different names have different ids.

    Mostly the name itself. What nbgrader, a URL, a glob or a terminal could take for something else becomes `%` and the
    hexadecimal digits of its bytes: a leading dot or dash, blanks at the ends, `+`, control characters, bytes that are
    no UTF-8 ... Where that is more than nbgrader's 128 characters, a digest of the name takes the place of its end.
    """
    last = len(name) - 1
    parts = []
    for position, c in enumerate(name):
        odd = not c.isprintable() or c in _UNSAFE_IN_ID or (c == " " and position in (0, last))
        odd |= c in ".-" and position == 0
        parts.append("".join(f"%{byte:02X}" for byte in _bytes_of(c)) if odd else c)
    whole = "".join(parts) or "%"
    if len(whole) <= MAX_ID:
        return whole
    return f"{whole[: MAX_ID - 34]}%-{hashlib.sha256(whole.encode()).hexdigest()[:32]}"


def _bytes_of(c: str) -> bytes:
    """The bytes of a character of a file name, also of one that stands for a byte that is no UTF-8."""
    return c.encode("utf-8", "surrogateescape" if "\udc80" <= c <= "\udcff" else "surrogatepass")


def read_submission(folder: Path, sheet: Sheet, student: str) -> Submission:
    """The hand-in in `folder`, which is `submitted`/<student>/<chapter>, on the template of `sheet`; never raises.

    Args:
        student: name of the student's folder, as `students` gives it; the submission has its `student_id`
    """
    notes = Notes()
    identity = student_id(student)
    if identity != student:
        notes.add(f"The folder name {shown(student)} is no safe id: the student is {identity} in the gradebook.")
    handed = _Handed(f"{sheet.notebook}.ipynb")
    try:
        _collect(folder, handed, notes)
        received = parse(handed.data, handed.shown, notes)
        _refuse_another_notebook(handed, sheet, received)
        cells, problem = rebuild(sheet, received, handed.shown, notes), None
    except Unreadable as error:
        cells, problem = rebuild(sheet, (), handed.shown, Notes()), str(error)
    except Exception as error:  # a mistake in this code costs one student's grade, never the class's
        cells = rebuild(sheet, (), handed.shown, Notes())
        problem = f"{handed.shown} {UNFORESEEN} ({type(error).__name__}): report it, and grade this one by hand."
    return Submission(
        student=identity,
        chapter=sheet.chapter,
        notebook=sheet.notebook,
        cells=cells,
        files=handed.files,
        notes=notes.sentences(),
        problem=problem,
        timestamp=handed.timestamp,
    )


@dataclass
class _Handed:
    """What was found in a folder."""

    name: str  # of the notebook's file
    data: bytes = b""
    files: dict[str, bytes] = field(default_factory=dict)
    timestamp: str | None = None
    renamed: bool = False  # the notebook has another name than it should

    @property
    def shown(self) -> str:
        return shown(self.name)


class _Refused(Exception):
    """Why something is not read; goes on after "FILE is"."""


def _collect(folder: Path, handed: _Handed, notes: Notes) -> None:
    """Read the notebook, the time stamp and the other files."""
    with _opened(folder, handed) as top:
        files, others = _walk(top)
        handed.timestamp = _timestamp(top, notes)
        _choose_notebook(top, handed, files, notes)
        try:
            handed.data = _read(top, handed.name, MAX_NOTEBOOK)
        except (_Refused, OSError) as error:
            raise Unreadable(
                f"{handed.shown} is {_why(error)}: ask the student to hand in the notebook again."
            ) from None
        _take_files(top, handed, files, others, notes)


@contextmanager
def _opened(folder: Path, handed: _Handed) -> Iterator[int]:
    """A descriptor of the folder. What is above the student's folder is the instructor's and may be a link.

    Raises:
        Unreadable: the student's folder or the chapter's is not there, a link, or no folder
    """
    path = Path(os.path.abspath(folder))
    with ExitStack() as stack:
        try:
            root = os.open(path.parent.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            stack.callback(os.close, root)
            top = stack.enter_context(_inside(root, (path.parent.name, path.name)))
        except (_Refused, OSError) as error:
            where = f"the folder that should hold {handed.shown}"
            raise Unreadable(f"{where} is {_why(error)}: ask the student to hand in the notebook.") from None
        yield top


@contextmanager
def _inside(top: int, parts: Sequence[str]) -> Iterator[int]:
    """A descriptor of a folder in a folder in ... the open folder `top`, none of them a link."""
    with ExitStack() as stack:
        for part in parts:
            kind = os.stat(part, dir_fd=top, follow_symlinks=False).st_mode
            if not stat.S_ISDIR(kind):
                raise _Refused(_described(kind))
            top = os.open(part, _FOLDER, dir_fd=top)
            stack.callback(os.close, top)
        yield top


def _read(top: int, path: str, limit: int, own: bool = False) -> bytes:
    """The bytes of a regular file below the open folder `top`; `own` ones have no other name anywhere.

    Raises:
        _Refused: it is something else, or has more than `limit` bytes
        OSError: it is not there, not readable ...
    """
    *folders, name = path.split("/")
    with _inside(top, folders) as parent, ExitStack() as stack:
        descriptor = os.open(name, _FILE, dir_fd=parent)
        stack.callback(os.close, descriptor)
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            raise _Refused(_described(about.st_mode))
        if own and about.st_nlink > 1:
            raise _Refused("a hard link")  # perhaps to something that is not the student's
        with open(descriptor, "rb", closefd=False) as file:
            data = file.read(limit + 1)
    if len(data) > limit:
        raise _Refused(f"larger than {limit >> 20} MiB" if limit >> 20 else f"larger than {limit} bytes")
    return data


def _described(kind: int) -> str:
    if stat.S_ISLNK(kind):
        return "a link"
    if stat.S_ISDIR(kind):
        return "a folder"
    return "a file" if stat.S_ISREG(kind) else "no regular file"


def _why(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "missing"
    if isinstance(error, OSError) and error.errno == errno.ELOOP:
        return "a link"
    if isinstance(error, OSError):
        return f"not readable ({error.strerror})"
    return str(error)


def _walk(top: int) -> tuple[list[str], list[str]]:
    """Relative paths of the regular files below a folder, and of what is not read, both sorted.

    What Jupyter, Python and operating systems leave behind (names with a leading dot, `__pycache__`) is passed over.
    Where there are more than MAX_ENTRIES, no file is named, since which ones came first would be chance.
    """
    files, others, folders = [], [], [""]
    seen = 0
    while folders:
        folder = folders.pop()
        for name, kind in _entries(top, folder):
            seen += 1
            if seen > MAX_ENTRIES:
                return [], [f"more than {MAX_ENTRIES} files and folders"]
            if name.startswith(".") or name == "__pycache__":
                continue
            path = folder + name
            if stat.S_ISREG(kind):
                files.append(path)
            elif stat.S_ISDIR(kind) and path.count("/") < MAX_DEPTH - 1:
                folders.append(f"{path}/")
            else:
                others.append(path)
    return sorted(files), sorted(others)


def _entries(top: int, folder: str) -> Iterator[tuple[str, int]]:
    """Name and mode of what lies in a folder, lazily; nothing where it cannot be listed."""
    with suppress(OSError, _Refused), _inside(top, folder.split("/")[:-1]) as opened, os.scandir(opened) as found:
        for entry in found:
            yield entry.name, entry.stat(follow_symlinks=False).st_mode


def _choose_notebook(top: int, handed: _Handed, files: list[str], notes: Notes) -> None:
    """Settle the name of the notebook's file: the expected one, or else the only notebook that is there.

    Raises:
        Unreadable: there is none, or several
    """
    with suppress(FileNotFoundError):
        os.stat(handed.name, dir_fd=top, follow_symlinks=False)
        stem = PurePosixPath(handed.name).stem
        copies = [path for path in files if _is_notebook(path) and path.startswith(stem) and path != handed.name]
        notes.about(copies, handed.shown, "other notebooks in the folder", "they are not graded")
        return
    there = [path for path in files if _is_notebook(path)]
    if len(there) == 1 and "/" not in there[0]:
        notes.add(f"{shown(there[0])} has not the expected name {handed.shown}: it was graded all the same.")
        handed.name, handed.renamed = there[0], True
    elif there:
        raise Unreadable(f"{handed.shown} is missing, but there is {listed(there)}: put the right one in its place.")
    else:
        raise Unreadable(f"{handed.shown} is missing: ask the student to hand it in.")


def _is_notebook(path: str) -> bool:
    return path.lower().endswith(".ipynb")


def _refuse_another_notebook(handed: _Handed, sheet: Sheet, received: Sequence[Received]) -> None:
    """A notebook of another name is taken only if something in it is this sheet's."""
    ours = {
        word for cell in sheet.cells if cell.role != "text" for word in (cell.grade_id, cell.id, cell.source) if word
    }
    if handed.renamed and not any({cell.grade_id, cell.id, cell.source} & ours for cell in received):
        raise Unreadable(
            f"{sheet.notebook}.ipynb is missing, and {handed.shown} holds none of its graded cells: "
            "ask the student to hand in the right notebook."
        )


def _timestamp(top: int, notes: Notes) -> str | None:
    """When nbgrader collected the folder, in ISO 8601 and UTC; None where it did not say so."""
    try:
        text = _read(top, STAMP, MAX_STAMP).decode("utf-8").strip()
        return _parsed_time(text) if text else None
    except FileNotFoundError:
        return None
    except (_Refused, OSError) as error:
        problem = _why(error)
    except Exception:  # dateutil raises many kinds
        problem = "no date and time"
    notes.add(f"{STAMP} is {problem}: the submission counts as handed in at an unknown time.")
    return None


def _parsed_time(text: str) -> str:
    # A time zone may be named by a path, and dateutil would open that file.
    names_a_path = ".." in text or any(word.startswith(("/", ":")) for word in text.split())
    if names_a_path or not text.isprintable() or not re.search(r"\d{4}", text):
        raise ValueError(text)
    from nbgrader.utils import parse_utc  # takes seconds to import, and most hand-ins have no time stamp

    return parse_utc(text).isoformat() + "+00:00"


def _take_files(top: int, handed: _Handed, paths: list[str], others: list[str], notes: Notes) -> None:
    """Read the files beside the notebook, in the order of their names, as far as the limits go."""
    left_out = list(others)
    space = MAX_FILES_TOTAL
    for path in paths:
        if path in (handed.name, STAMP) or path.lower().endswith((".ipynb", ".pyc", ".pyo")):
            continue
        try:
            if len(handed.files) == MAX_FILES or not _is_safe(path):
                raise _Refused("one too many, or has an unsafe name")
            data = _read(top, path, min(MAX_FILE, space), own=True)
        except (_Refused, OSError):
            left_out.append(path)
        else:
            handed.files[path] = data
            space -= len(data)
    problem = "links, special files, and files with unsafe names or beyond the limits"
    notes.about(left_out, handed.shown, problem, "they are not there while the notebook runs")


def _is_safe(path: str) -> bool:
    """Whether a relative path can be made anywhere without surprises, and is not a compiled module."""
    parts = path.split("/")
    return (
        len(path) <= MAX_PATH
        and path.isprintable()
        and not path.lower().endswith(_COMPILED)
        and all(_SAFE_PART.fullmatch(part) and not part.endswith((" ", ".")) for part in parts)
    )
