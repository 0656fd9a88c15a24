"""From the bytes of a notebook that somebody handed in to its cells, without believing a word of it.

Nothing is validated against nbformat's schema: of every cell only its type, source, id and nbgrader's fields are looked
at. Outputs and attachments never get further than the JSON parser.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from grading.notes import Notes

MAX_NOTEBOOK = 20 << 20  # bytes
MAX_CELLS = 10_000
MAX_SOURCE = 1 << 20  # bytes of one cell
# JSON of 20 MiB may stand for half a gigabyte of empty lists.
MAX_CONTAINERS = 1_000_000
MAX_ITEMS = 4_000_000
SKIP_TAG = "skip-execution"
_KINDS = {"code": "code", "markdown": "markdown", "heading": "markdown", "raw": "raw"}
_DEFINED = re.compile(r"^(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)", re.MULTILINE)
_UNUSABLE = re.compile("[\x00\ud800-\udfff]")  # can be in no source file
_AGAIN = "ask the student to save the notebook in Jupyter and hand it in again"


class Unreadable(Exception):
    """One sentence for the instructor: the file, why there is nothing to grade in it, what to do."""


@dataclass(frozen=True)
class Received:
    """One cell as it was handed in."""

    kind: str  # "code", "markdown" or "raw"
    source: str
    id: str = ""
    grade_id: str = ""
    fields: Mapping = field(default_factory=dict)  # nbgrader's, as they came
    skipped: bool = False  # carries the tag that makes nbclient pass over it

    @cached_property
    def plain(self) -> str:
        """The source for comparisons: white space makes no difference."""
        return plain(self.source)

    @cached_property
    def defines(self) -> frozenset[str]:
        """Names of the functions and classes that a code cell defines at top level."""
        return defined(self.source) if self.kind == "code" else frozenset()


def plain(source: str) -> str:
    """The source with every run of white space as one blank."""
    return " ".join(source.split())


def defined(source: str) -> frozenset[str]:
    """Names of the functions and classes that are defined at the start of a line."""
    return frozenset(_DEFINED.findall(source))


def parse(data: bytes, name: str, notes: Notes) -> list[Received]:
    """The cells of a notebook of any nbformat, in its order; what cannot be a cell is left out with a note.

    Raises:
        Unreadable: this is no notebook, or it is larger than anything that a chapter could need.
    """
    found = _cells(_tree(data, name, notes), name)
    if len(found) > MAX_CELLS:
        raise Unreadable(
            f"{name} has {len(found):,} cells, more than {MAX_CELLS:,}: ask for a notebook of the released cells."
        )
    received, odd = [], {what: [] for what in _ODDITIES}
    for number, tree in enumerate(found, start=1):
        if isinstance(tree, dict):
            received.append(_cell(tree, f"cell {number}", odd))
        else:
            odd["no cell"].append(f"cell {number}")
    for what, (problem, remedy) in _ODDITIES.items():
        notes.about(odd[what], name, problem, remedy)
    return received


_ODDITIES = {
    "no cell": ("entries that are no cells", "they were left out"),
    "kind": ("cells of an unknown type", "they were kept as text and not run"),
    "source": ("cells whose source is no text", "what is text in it was kept"),
    "long": (f"cells with more than {MAX_SOURCE >> 20} MiB of source", "their source was left out"),
    "characters": ("cells with null characters or halves of characters", "these were replaced by \\ufffd"),
}


def _tree(data: bytes, name: str, notes: Notes) -> object:
    if not data.strip(b"\0 \t\r\n"):
        raise Unreadable(f"{name} is empty: {_AGAIN}.")
    containers = data.count(b"[") + data.count(b"{")
    if containers > MAX_CONTAINERS or containers + data.count(b",") > MAX_ITEMS:
        raise Unreadable(f"{name} holds millions of values: ask the student to clear its outputs and hand it in again.")
    try:
        return _loads(data, name, notes)
    except RecursionError:
        raise Unreadable(f"{name} is nested too deeply to be a notebook: {_AGAIN}.") from None
    except MemoryError:
        raise Unreadable(f"{name} does not fit into memory: {_AGAIN}.") from None
    except json.JSONDecodeError as error:
        where = f"{error.msg}, line {error.lineno}"
        raise Unreadable(f"{name} is no notebook, since it is not JSON ({where}): {_AGAIN}.") from None


def _loads(data: bytes, name: str, notes: Notes) -> object:
    # Integers of thousands of digits are refused by int() and harmless as float.
    options = {"strict": False, "parse_int": float}
    try:
        return json.loads(data, **options)
    except UnicodeDecodeError:
        notes.add(f"{name}: the text is not valid Unicode: bytes that make no character were replaced by \\ufffd.")
        return json.loads(data.decode("utf-8-sig", "replace"), **options)


def _cells(tree: object, name: str) -> list:
    """The list of cells, also of nbformat 2 and 3, which kept it in worksheets."""
    if not isinstance(tree, dict):
        raise Unreadable(f"{name} is no notebook, since its JSON is no object: {_AGAIN}.")
    cells, sheets = tree.get("cells"), tree.get("worksheets")
    if cells is None and isinstance(sheets, list):
        lists = [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)]
        cells = [cell for one in lists if isinstance(one, list) for cell in one]
    if not isinstance(cells, list):
        raise Unreadable(f"{name} is no notebook, since it has no list of cells: {_AGAIN}.")
    return cells


def _cell(tree: dict, label: str, odd: dict[str, list[str]]) -> Received:
    metadata = _mapping(tree.get("metadata"))
    fields = _mapping(metadata.get("nbgrader"))
    kind = _KINDS.get(_text(tree.get("cell_type")))
    if kind is None:
        odd["kind"].append(label)
    tags = metadata.get("tags")
    return Received(
        kind=kind or "raw",
        source=_source(tree, label, odd),
        id=_text(tree.get("id")) or _text(metadata.get("id")),  # Colab keeps it in the metadata
        grade_id=_text(fields.get("grade_id")),
        fields=fields,
        skipped=isinstance(tags, list) and SKIP_TAG in tags,
    )


def _source(tree: dict, label: str, odd: dict[str, list[str]]) -> str:
    value = tree.get("source", tree.get("input", ""))  # nbformat 3 called that of a code cell "input"
    lines = value if isinstance(value, list) else [value]
    texts = list(_texts(lines))
    if len(texts) < len(lines):
        odd["source"].append(label)
    source = "".join(texts).replace("\r\n", "\n").replace("\r", "\n")
    if len(source) > MAX_SOURCE or len(source.encode("utf-8", "surrogatepass")) > MAX_SOURCE:
        odd["long"].append(label)
        return ""
    source, replaced = _UNUSABLE.subn("\ufffd", source)
    if replaced:
        odd["characters"].append(label)
    return source


def _texts(values: list) -> Iterator[str]:
    return (value for value in values if isinstance(value, str))


def _mapping(value: object) -> dict:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
