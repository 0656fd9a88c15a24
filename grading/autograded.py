"""The notebook as it was graded, where Formgrader looks for it: `autograded/<student>/<chapter>/<notebook>.ipynb`.

Formgrader shows it on a page that may do whatever the instructor may. So there is nothing in it but source, text and
pictures drawn anew, and what a student wrote as Markdown or raw text has lost what a browser would act on.
"""

import base64
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.utils import compute_checksum

from grading.files import write_inside
from grading.model import Cell, Output, Result, Sheet
from grading.plain import Pictures, plain, shown

BESIDE = ("timestamp.txt", "submission_secret.txt")  # what nbgrader's commands read beside a graded notebook
MAX_TEXT = 20_000  # characters of one output
MAX_SOURCE = 200_000  # characters of one cell
MAX_PICTURES = 8 << 20  # bytes, all pictures of a notebook
_METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
_FLAGS = {  # role -> what nbgrader calls it
    "locked": {"locked": True},
    "solution": {"solution": True},
    "check": {"grade": True, "locked": True},
    "hidden": {"grade": True, "locked": True},
    "test": {"grade": True, "locked": True},
    "manual": {"grade": True, "solution": True},
    "task": {"task": True, "locked": True},
}
# A browser opens a tag only where one of these follows, and decodes only what looks like this.
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_ENTITY = re.compile(r"&(?!(?:lt|gt|nbsp);)(?=#|[A-Za-z][A-Za-z0-9]*;)")  # in an address it is decoded twice
_PICTURE = re.compile(r"!(?=\[)")  # would be fetched from anywhere; nbconvert stops at an attachment that is missing
_SCHEME = re.compile(r"(?i)(javascript|vbscript|data|file|attachment)(?=[\s\\]*:)")
_MERMAID = re.compile(r"(?i)([`~]{3,}[ \t]*)(?=mermaid)")  # nbconvert passes such a block on unescaped
_MACRO = re.compile(  # what MathJax would do beyond setting formulas
    r"\\(?=(?:href|url|require|style|class|cssId|data|unicode|html\w*|mmlToken|bbox|def|gdef|edef|xdef|let|futurelet|newcommand"
    r"|renewcommand|providecommand|newenvironment|renewenvironment|DeclareMathOperator|Newextarrow|includegraphics)"
    r"(?![A-Za-z]))"
)


def notebook(result: Result, sheet: Sheet) -> NotebookNode:
    """The notebook as graded, valid for nbformat, with nbgrader's metadata and each check's report as its output."""
    released = {cell.grade_id: cell for cell in sheet.cells if cell.grade_id}
    ours = {(cell.kind, cell.source) for cell in sheet.cells}
    outputs = _Outputs(result)
    cells = [_notes(result.notes)] if result.notes else []
    for index, cell in enumerate(result.cells or sheet.cells):
        made = _cell(cell, (cell.kind, cell.source) in ours)
        if cell.kind == "code":
            made.outputs = outputs.of(index, cell)
        if cell.grade_id:
            made.metadata["nbgrader"] = _nbgrader(cell, released.get(cell.grade_id, cell))
        cells.append(made)
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    return nbformat.from_dict({"cells": cells, "metadata": _METADATA, "nbformat": 4, "nbformat_minor": 5})


def write(result: Result, sheet: Sheet, autograded_dir: Path, files: Mapping[str, bytes] | None = None) -> Path:
    """Write the notebook as graded below `autograded_dir`, whole or not at all; its path.

    `files` are those that were handed in beside the notebook. Of them, nbgrader's timestamp and secret are kept;
    Formgrader would serve every other one as it is.

    Raises:
        CourseError: it cannot be written.
    """
    folder = (result.student, result.chapter)
    for name in BESIDE:
        if name in (files or {}):
            write_inside(autograded_dir, (*folder, name), files[name][:4096], 0o444)
    text = nbformat.v4.writes(notebook(result, sheet)) + "\n"
    return write_inside(autograded_dir, (*folder, f"{result.notebook}.ipynb"), text.encode(), 0o444)


def _cell(cell: Cell, ours: bool) -> NotebookNode:
    """A cell with its source; `ours` if that stands in the released notebook."""
    if cell.kind == "code":
        return _node("code", plain(cell.source, MAX_SOURCE))
    if ours:
        return _node(cell.kind, cell.source)
    if cell.kind == "markdown":
        return _node("markdown", harmless(plain(cell.source, MAX_SOURCE)))
    # A raw cell would be copied into the page as HTML.
    lines = harmless(plain(cell.source, MAX_SOURCE)).splitlines()
    return _node("markdown", "\n".join(f"    {line}" for line in lines))


def _node(kind: str, source: str) -> NotebookNode:
    """A cell as nbformat has it; its own functions validate each one, which is most of the time that they take."""
    node = NotebookNode(cell_type=kind, metadata=NotebookNode(), source=source)
    if kind == "code":
        node.execution_count, node.outputs = None, []
    return node


def harmless(markdown: str) -> str:
    """Markdown that sets text, lists, code and formulas, and nothing else.

    It is changed as little as possible and stays Markdown: the text of an HTML tag is there to be read. A sanitiser
    works on HTML and would spoil quotations, code and formulas before Markdown sees them.
    """
    text = _ENTITY.sub("& ", markdown)
    text = _TAG.sub("&lt;", text)
    text = _PICTURE.sub("! ", text)
    text = _SCHEME.sub(r"\1 ", text)
    text = _MERMAID.sub(r"\1text ", text)
    return _MACRO.sub("\N{SET MINUS}", text)


def _notes(notes: Iterable[str]) -> NotebookNode:
    """What was odd about the hand-in, above everything else."""
    lines = [f"- {harmless(' '.join(shown(note, 400).split()))}" for note in notes]
    return _node("markdown", "\n".join(["**Notes on this hand-in**", "", *lines]))


def _nbgrader(cell: Cell, released: Cell) -> dict:
    """nbgrader's metadata; the checksum is that of the released cell, by which nbgrader tells an untouched one."""
    fields = {"grade": False, "locked": False, "solution": False, "task": False} | _FLAGS.get(cell.role, {})
    fields |= {"grade_id": cell.grade_id, "schema_version": 3, "cell_type": cell.kind}
    if fields["grade"] or fields["task"]:
        fields["points"] = cell.points
    like = NotebookNode(source=released.source, cell_type=released.kind, metadata={"nbgrader": fields})
    return fields | {"checksum": compute_checksum(nbformat.from_dict(like))}


class _Outputs:
    """The outputs of a result's cells as nbformat has them, within the space that a notebook has for pictures."""

    def __init__(self, result: Result) -> None:
        self.result = result
        self.pictures = Pictures(MAX_PICTURES)

    def of(self, index: int, cell: Cell) -> list[NotebookNode]:
        """Of a check its report, of any other cell what it showed."""
        if cell.grade_id in self.result.grades and cell.role in ("check", "hidden", "test"):
            return [_stream(_report(self.result, cell.grade_id))]
        return [self._made(output) for output in self.result.outputs.get(index, ())]

    def _made(self, output: Output) -> NotebookNode:
        if output.kind == "png":
            image = self.pictures.draw(output.png)
            if image is None:
                return _stream("[a picture that cannot be shown]")
            data = NotebookNode({"image/png": base64.b64encode(image).decode()})
            return NotebookNode(output_type="display_data", data=data, metadata=NotebookNode())
        text = shown(output.text, MAX_TEXT)
        if output.kind == "error":
            return NotebookNode(output_type="error", ename="", evalue="", traceback=text.split("\n"))
        return _stream(text)


def _report(result: Result, grade_id: str) -> str:
    grade = result.grades[grade_id]
    return shown(result.reports.get(grade_id) or "\n".join(filter(None, [grade.reason, grade.hint])), MAX_TEXT)


def _stream(text: str) -> NotebookNode:
    return NotebookNode(output_type="stream", name="stdout", text=text.rstrip("\n") + "\n")
