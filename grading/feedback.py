"""What a student reads after grading: one page a notebook, that needs nothing else and does nothing but be read.

Everything on it is escaped text, a highlighted answer, or a picture drawn anew. Of hidden checks it tells the reason
and never the questions.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from grading.autograded import BESIDE
from grading.files import write_inside
from grading.model import Cell, Grade, Output, Result, Reviewed, Sheet, exercise_of
from grading.plain import Pictures, plain, shown
from helpers.checks.library import chapters, public_path, read_chapter
from helpers.checks.wording import CURES

MAX_PAGE = 5 << 20  # bytes
RESERVE = 512 << 10  # bytes of it for what is never left out: points, states, reasons, hints
MAX_PICTURES = 2 << 20  # bytes, all pictures of a page together, before they are encoded
MAX_CODE = 20_000  # characters of one cell
MAX_OUTPUT = 4_000  # characters of one output
MAX_REPORT = 8_000  # characters of one report or comment
MAX_SENTENCES = 1_000  # characters of one reason or hint

_LABELS = {"check": "Public check", "hidden": "Hidden check", "test": "Test", "manual": "Your answer", "task": "Task"}
# State -> (mark, words, kind). A kind has a colour, but nothing is said by colour alone.
_STATES = {
    "passed": ("✓", "right", "right"),
    "not attempted": ("○", "not attempted", "open"),
    "manual": ("…", "waits for your teacher", "open"),
    "error": ("✗", "stops with an error", "wrong"),
    "too slow": ("✗", "takes too long", "wrong"),
    "rule broken": ("✗", "breaks a rule of the exercise", "wrong"),
    "input modified": ("✗", "changes its input", "wrong"),
    "timeout": ("✗", "ran out of time", "wrong"),
    "memory": ("✗", "ran out of memory", "wrong"),
    "killed": ("✗", "stopped before its end", "wrong"),
    "tampered": ("✗", "cannot be counted", "wrong"),
    "not run": ("○", "was not run", "open"),
    "not readable": ("○", "could not be read", "open"),
    "lost": ("○", "was lost on our side", "open"),
}
_WRONG = ("✗", "not right yet", "wrong")
_PARTLY = ("◐", "partly right", "wrong")
_BY_HAND = ("✓", "graded by your teacher", "right")
# What to do next where a grade comes without a hint of its own.
_ADVICE = CURES | {
    "not attempted": "write your answer in its cell, run the check below it, and hand in again if you still can.",
    "timeout": "restart the kernel, run all cells from the top, and look which one does not come back.",
    "memory": "look for an array or a list that grows far beyond the data it is made from.",
    "killed": "restart the kernel and run all cells from the top; the cell that ends the kernel is the one to mend.",
    "tampered": "take out what changes the checks or the grading, keep your answers, and hand in again.",
    "not run": "mend the first exercise above that is not right: what follows may be right already.",
    "not readable": "open the notebook in JupyterLab, save it, and hand in that file under the chapter's name.",
    "lost": "nothing for you to do: tell your teacher, who can grade it again.",
}


class _Space:
    """How much of a page is left for what need not be on it."""

    def __init__(self, left: int) -> None:
        self.left, self.full = left, False
        self.pictures = Pictures(MAX_PICTURES)

    def take(self, text: str) -> bool:
        """Whether `text` (escaped already if it is Markup) still fits; if so, its space is taken."""
        size = len(Markup.escape(text).encode())
        if size > self.left:
            self.full = True
            return False
        self.left -= size
        return True


@dataclass
class _Half:
    """One graded cell of an exercise, as the page tells it."""

    label: str
    grade: Grade
    reason: str
    report: str = ""


@dataclass
class _Shown:
    """A cell that the student wrote, and what came out of it."""

    source: str
    code: Markup | None  # highlighted; None for text
    outputs: list[tuple[str, str]] = field(default_factory=list)  # (kind, text or data of a picture)


@dataclass
class _Part:
    """An exercise on the page."""

    anchor: str
    name: str
    title: str
    score: float
    max_score: float
    state: str
    halves: list[_Half]
    hint: str = ""
    cells: list[_Shown] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)

    @property
    def waits(self) -> bool:
        """Whether a person has yet to look at it."""
        return self.state == "manual" and any(half.grade.score is None for half in self.halves)

    @property
    def right(self) -> bool:
        """Whether nothing is left to do."""
        return self.state == "passed" or (self.look is _BY_HAND and self.score >= self.max_score)

    @property
    def look(self) -> tuple[str, str, str]:
        """Mark, words and kind of its state."""
        if self.state == "manual" and not self.waits:
            return _BY_HAND
        known = _STATES.get(self.state, _WRONG)
        return _PARTLY if known is _WRONG and self.score > 0 else known


def chapter_titles(chapter: str) -> dict[str, str]:
    """The title of every exercise by id, where `chapter` is one of the course; else nothing."""
    if chapter not in chapters():
        return {}
    return {name: exercise.title for name, exercise in read_chapter(public_path(chapter)).items()}


def render(review: Reviewed, sheet: Sheet, titles: Mapping[str, str]) -> str:
    """The page as HTML, at most MAX_PAGE bytes; `titles` are those of the exercises by id."""
    review = replace(review, result=replace(review.result, cells=review.result.cells or sheet.cells))
    page = _page(review, sheet, titles, _Space(MAX_PAGE - RESERVE))
    if len(page.encode()) <= MAX_PAGE:
        return page
    return _page(replace(review, comments={}), sheet, titles, _Space(0))  # a thousand exercises, each with much to say


def write(
    review: Reviewed,
    sheet: Sheet,
    titles: Mapping[str, str],
    feedback_dir: Path,
    files: Mapping[str, bytes] | None = None,
) -> Path:
    """Write the page to `feedback_dir`/<student>/<chapter>/<notebook>.html, whole or not at all; its path.

    `files` are those that were handed in beside the notebook; nbgrader's release_feedback asks for two of them.

    Raises:
        CourseError: it cannot be written.
    """
    folder = (review.result.student, review.result.chapter)
    for name in BESIDE:
        if name in (files or {}):
            write_inside(feedback_dir, (*folder, name), files[name][:4096])
    page = render(review, sheet, titles)
    return write_inside(feedback_dir, (*folder, f"{review.result.notebook}.html"), page.encode())


def _page(review: Reviewed, sheet: Sheet, titles: Mapping, space: _Space) -> str:
    result = review.result
    parts = _parts(result, sheet, titles, space)
    _attach_comments(result.cells, parts, review.comments)
    rest = _attach_cells(result, sheet, parts, space)
    return _template().render(
        title=_heading(sheet),
        student=plain(result.student, 200),
        score=max(0.0, result.score - review.late_penalty),
        penalty=review.late_penalty,
        max_score=result.max_score,
        waiting=sum(grade.max_score for grade in result.grades.values() if grade.score is None),
        parts=list(parts.values()),
        right=sum(part.right for part in parts.values()),
        next=_next(list(parts.values())),
        hidden=any(cell.role == "hidden" for cell in sheet.cells),
        rest=rest,
        full=space.full,
    )


def _heading(sheet: Sheet) -> str:
    """The notebook's own heading, or its name."""
    texts = (cell.source for cell in sheet.cells if cell.kind == "markdown" and cell.role in ("text", "locked"))
    found = next(filter(None, (re.search(r"^# +(.+)$", text, re.MULTILINE) for text in texts)), None)
    return plain(found[1].strip() if found else sheet.notebook, 200)


def _parts(result: Result, sheet: Sheet, titles: Mapping, space: _Space) -> dict[str, _Part]:
    """The exercises by id, in the order of the notebook."""
    roles = {cell.grade_id: cell.role for cell in sheet.cells if cell.grade_id}
    halves: dict[str, list[_Half]] = {}
    for grade_id, grade in result.grades.items():
        half = _half(grade_id, grade, roles.get(grade_id, "hidden"), result.reports, space)
        halves.setdefault(exercise_of(grade_id, result.cells), []).append(half)
    parts = {}
    for number, row in enumerate(result.exercises(), 1):
        name = row["id"]
        speaker = next((half for half in halves[name] if half.grade.state != "passed"), halves[name][-1])
        hint = speaker.grade.hint or _ADVICE.get(row["state"], "")
        parts[name] = _Part(
            anchor=f"exercise-{number}",
            name=plain(name, 100),
            title=plain(titles[name], 200) if name in titles else "",
            score=row["score"],
            max_score=row["max_score"],
            state=row["state"],
            halves=_merged(halves[name]),
            hint=shown(hint, MAX_SENTENCES).strip() if row["state"] != "passed" else "",
        )
    return parts


def _half(grade_id: str, grade: Grade, role: str, reports: Mapping[str, str], space: _Space) -> _Half:
    report = "" if role == "hidden" or grade.state == "passed" else reports.get(grade_id, "")
    report = shown(report, MAX_REPORT).strip()
    reason = shown(grade.reason, MAX_SENTENCES).strip()
    told = {f"Try: {shown(grade.hint, MAX_SENTENCES).strip()}", *reason.splitlines()}
    news = [line for line in report.splitlines()[1:] if line not in told]  # the first line is its headline
    return _Half(_LABELS.get(role, "Test"), grade, reason, report if news and space.take(report) else "")


def _merged(halves: list[_Half]) -> list[_Half]:
    """The halves of an exercise; one where both would say the same."""
    first, *others = halves
    scores = [half.grade.score for half in halves]
    if not others or None in scores or any((h.reason, h.report) != (first.reason, first.report) for h in others):
        return halves
    grade = replace(first.grade, score=sum(scores), max_score=sum(half.grade.max_score for half in halves))
    return [_Half("Both checks", grade, first.reason)] if len(halves) == 2 else halves


def _attach_cells(result: Result, sheet: Sheet, parts: dict[str, _Part], space: _Space) -> list[_Shown]:
    """Put each cell that the student wrote under the exercise that follows it; return those after the last one."""
    released = {(cell.kind, cell.source) for cell in sheet.cells}
    waiting: list[_Shown] = []
    for index, cell in enumerate(result.cells):
        if _own(cell, released):
            waiting.append(_Shown(*_source(cell, space), _outputs(result.outputs.get(index, ()), space)))
        if cell.role in _LABELS and cell.grade_id in result.grades:
            parts[exercise_of(cell.grade_id, result.cells)].cells += waiting
            waiting = []
    return waiting


def _own(cell: Cell, released: set[tuple[str, str]]) -> bool:
    """Whether the student wrote this cell: the teacher's, and answers left as they were, are not shown."""
    return cell.role in ("solution", "manual", "extra", "text") and (cell.kind, cell.source) not in released


def _source(cell: Cell, space: _Space) -> tuple[str, Markup | None]:
    """A cell's source as text and, if it is code, as highlighted HTML; nothing where there is no more space."""
    source = plain(cell.source, MAX_CODE).strip("\n")
    if not space.take(source):
        return "", None
    if cell.kind != "code":
        return source, None
    code = Markup(highlight(source, PythonLexer(stripnl=False), HtmlFormatter(nowrap=True)))
    return source, code if space.take(code) else Markup.escape(source)


def _outputs(outputs: tuple[Output, ...], space: _Space) -> list[tuple[str, str]]:
    """What a cell showed: (kind, text), and of a picture its data."""
    made = []
    for output in outputs:
        if output.kind == "png":
            image = space.pictures.draw(output.png)
            data = base64.b64encode(image).decode() if image else ""
            made.append(("png", data) if data and space.take(data) else ("text", "[a picture that cannot be shown]"))
        else:
            text = shown(output.text, MAX_OUTPUT).rstrip()
            made += [(output.kind, text)] if space.take(text) else []
    return [(kind, text) for kind, text in made if text]


def _attach_comments(cells: tuple[Cell, ...], parts: dict[str, _Part], comments: Mapping[str, str]) -> None:
    """An instructor's comment belongs to the exercise whose graded cell, or whose answer, has that grade_id."""
    waiting: list[str] = []
    for cell in cells:
        if not cell.grade_id:
            continue
        waiting += [plain(comments[cell.grade_id], MAX_REPORT)] if comments.get(cell.grade_id) else []
        home = parts.get(exercise_of(cell.grade_id, cells))
        if home and cell.role in _LABELS:
            home.comments += waiting
            waiting = []


def _next(parts: list[_Part]) -> _Part | None:
    """Where to go on: at what was begun before what was not."""
    unfinished = [part for part in parts if part.state not in ("passed", "manual", "lost")]
    begun = [part for part in unfinished if part.look[2] == "wrong"]
    return next(iter(begun or unfinished), None)


def _points(value: float) -> str:
    """Points without needless digits."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _counted(value: float) -> str:
    """Points with their unit."""
    return f"{_points(value)} point{'' if value == 1 else 's'}"


def _inline(text: str) -> Markup:
    """Escaped text whose `code` spans are set as code."""
    pieces = text.split("`")
    if len(pieces) % 2 == 0:  # a stray backtick: the text stays as it is
        return Markup.escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if number % 2 else Markup.escape(piece)
        for number, piece in enumerate(pieces)
    )


@lru_cache(maxsize=1)
def _template():
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"points": _points, "counted": _counted, "inline": _inline}
    return environment.get_template("feedback.html")
