"""Whatever is handed in becomes a submission: the sheet's cells with answers, or a sentence on why there are none."""

import copy
import json
import os
import socket
import threading
from dataclasses import replace

import pytest

from grading import intake, received
from grading.intake import read_submission, student_id, students
from grading.model import Cell
from grading.notes import MAX_NOTES, MAX_SHOWN, Notes
from tests.grading.handed_in import (
    ANSWER,
    CHAPTER,
    DOUBLE,
    NAME,
    SHEET,
    TRIPLE,
    cell_of,
    code,
    folder_of,
    hand_in,
    named,
    notebook,
    place,
    read,
    sources,
    whole,
)


@pytest.fixture
def tree():
    return notebook()


def only_note(submission):
    assert submission.problem is None
    (note,) = submission.notes
    return note


def answered(tree):
    named(tree, "double")["source"] = ANSWER
    return tree


# --- honest hand-ins -------------------------------------------------------------------------------------------------


def test_the_released_notebook_is_the_sheet(tmp_path, tree):
    found = hand_in(tmp_path, tree)
    assert found.cells == SHEET.cells
    assert (found.problem, found.notes, found.files, found.timestamp) == (None, (), {}, None)
    assert (found.student, found.chapter, found.notebook) == ("ada", CHAPTER, CHAPTER)


def test_answers_are_the_students_and_everything_else_the_sheets(tmp_path, tree):
    answered(tree)
    named(tree, "essay")["source"] = ["Because\n", "it is so."]
    found = hand_in(tmp_path, tree)
    assert whole(found)
    assert not found.notes
    assert (cell_of(found, "double").source, cell_of(found, "double").changed) == (ANSWER, True)
    assert (cell_of(found, "essay").source, cell_of(found, "essay").changed) == ("Because\nit is so.", True)
    assert (cell_of(found, "triple").source, cell_of(found, "triple").changed) == (TRIPLE, False)
    assert "assert triple(2) == 6" in cell_of(found, "test-triple").source


def test_white_space_is_no_change(tmp_path, tree):
    named(tree, "double")["source"] = DOUBLE.replace("\n", "  \r\n") + "\n\n"
    assert not cell_of(hand_in(tmp_path, tree), "double").changed


def test_own_cells_follow_the_cell_they_followed(tmp_path, tree):
    tree["cells"].insert(0, code("first = 1"))
    tree["cells"].insert(place(tree, "check-double"), code("helper = 2"))
    tree["cells"].append(code("last = 3"))
    tree["cells"].append(code("  \n"))
    found = hand_in(tmp_path, tree)
    assert whole(found)
    assert not found.notes
    ran = sources(found)
    assert ran[0] == "first = 1"
    assert ran[ran.index('evaluate("double")') - 1] == "helper = 2"
    assert ran[-1] == "last = 3"
    assert {cell.source for cell in found.cells if cell.role == "extra"} == {"first = 1", "helper = 2", "last = 3"}


@pytest.mark.parametrize("ids", [True, False])
def test_an_edited_example_runs_as_edited(tmp_path, tree, ids):
    named(tree, "example")["source"] = "x = 4"
    if not ids:
        for cell in tree["cells"]:
            del cell["id"]
    found = hand_in(tmp_path, tree)
    assert whole(found)
    ran = sources(found)
    assert ran[ran.index("import math") + 1] == "x = 4"
    assert "x = 3" not in ran


def test_a_deleted_example_stays_deleted(tmp_path, tree):
    tree["cells"].remove(named(tree, "example"))
    found = hand_in(tmp_path, tree)
    assert whole(found)
    assert "x = 3" not in sources(found)
    assert "examples that were deleted or rewritten (example)" in only_note(found)


def test_a_moved_example_runs_where_it_stands_now(tmp_path, tree):
    tree["cells"].append(tree["cells"].pop(place(tree, "example")))
    found = hand_in(tmp_path, tree)
    assert whole(found)
    assert sources(found).index("x = 3") == len(sources(found)) - 1
    assert not found.notes


def test_an_example_turned_into_text_does_not_run(tmp_path, tree):
    named(tree, "example")["cell_type"] = "markdown"
    found = hand_in(tmp_path, tree)
    assert "x = 3" not in sources(found)
    assert whole(found)


def test_numbered_ids_of_another_cell_are_not_believed(tmp_path, tree):
    for cell in tree["cells"]:
        if not cell["metadata"]:
            cell["id"] = {"intro": "example", "example": "outro", "outro": "intro"}[cell["id"]]
    assert hand_in(tmp_path, tree).cells == SHEET.cells


# --- cells that are the sheet's --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["setup", "check-double", "hidden-double", "test-triple"])
def test_deleted_cells_come_back(tmp_path, tree, name):
    answered(tree)["cells"].remove(named(tree, name))
    found = hand_in(tmp_path, tree)
    assert whole(found)
    assert f"cells that were deleted ({name}): they were put back" in only_note(found)


def test_setup_comes_back_before_the_cells_that_need_it(tmp_path, tree):
    tree["cells"][place(tree, "setup")] = code("y = math.pi")
    ran = sources(hand_in(tmp_path, tree))
    assert ran[:2] == ["import math", "y = math.pi"]


@pytest.mark.parametrize("name", ["setup", "check-double", "test-triple"])
def test_edited_locked_cells_are_as_released(tmp_path, tree, name):
    named(tree, name)["source"] = "evaluate = print"
    found = hand_in(tmp_path, tree)
    assert whole(found)
    assert f"locked cells that were edited ({name})" in only_note(found)


def test_points_and_flags_are_the_sheets(tmp_path, tree):
    named(tree, "check-double")["metadata"]["nbgrader"] |= {"points": 400, "schema_version": 99}
    named(tree, "hidden-double")["metadata"]["nbgrader"]["grade"] = False
    named(tree, "double")["metadata"]["nbgrader"]["solution"] = []
    found = hand_in(tmp_path, tree)
    assert found.cells == SHEET.cells
    assert "other points or grade flags (double, check-double, hidden-double)" in only_note(found)


def test_a_skip_tag_is_ignored(tmp_path, tree):
    for name in ("check-double", "example"):
        named(tree, name)["metadata"]["tags"] = ["hide", "skip-execution"]
    found = hand_in(tmp_path, tree)
    assert found.cells == SHEET.cells
    assert "the tag skip-execution (cell 3, cell 5)" in only_note(found)


def test_graded_cells_keep_the_released_order(tmp_path, tree):
    tree["cells"].insert(0, answered(tree)["cells"].pop(place(tree, "check-double")))
    found = hand_in(tmp_path, tree)
    assert whole(found)
    assert "graded cells that were moved (check-double)" in only_note(found)


def test_a_graded_cell_that_was_moved_past_examples_runs_after_them(tmp_path):
    cells = [Cell("code", "import math", "locked", "setup"), Cell("code", "x = 1"), Cell("code", "y = 2")]
    sheet = replace(SHEET, cells=tuple(cells))
    tree = notebook(sheet)
    tree["cells"].append(tree["cells"].pop(0))
    assert sources(hand_in(tmp_path, tree, sheet=sheet)) == ["x = 1", "y = 2", "import math"]


def test_outputs_attachments_and_the_kernel_are_ignored(tmp_path, tree):
    named(tree, "double").update({"outputs": 3, "execution_count": "x", "attachments": [None]})
    tree["metadata"] = {"kernelspec": {"name": "ir"}, "language_info": 7}
    assert hand_in(tmp_path, tree | {"nbformat": 4.7, "nbformat_minor": -(10**400)}).cells == SHEET.cells


# --- answers ---------------------------------------------------------------------------------------------------------


def test_a_deleted_answer_is_not_attempted(tmp_path, tree):
    tree["cells"].remove(named(tree, "double"))
    found = hand_in(tmp_path, tree)
    assert whole(found)
    assert (cell_of(found, "double").source, cell_of(found, "double").changed) == ("", False)
    assert "answers that were deleted (double)" in only_note(found)


@pytest.mark.parametrize("order", ["first", "last"])
def test_the_changed_copy_counts_not_the_untouched_one(tmp_path, tree, order):
    copied = copy.deepcopy(named(tree, "double"))
    tree["cells"].insert(place(tree, "double") + 1, copied)
    (named(tree, "double") if order == "first" else copied)["source"] = ANSWER
    found = hand_in(tmp_path, tree)
    assert whole(found)
    assert cell_of(found, "double").source == ANSWER
    assert DOUBLE not in sources(found)
    assert f"several times (double: cell {4 if order == 'first' else 5})" in only_note(found)


def test_the_last_of_several_changed_copies_counts_and_the_others_run(tmp_path, tree):
    """JupyterLab gives both halves of a split cell the same metadata."""
    at = place(tree, "double")
    tree["cells"][at : at + 1] = [copy.deepcopy(named(tree, "double")) for _ in range(2)]
    tree["cells"][at]["source"], tree["cells"][at + 1]["source"] = "two = 2", ANSWER.replace("2", "two")
    found = hand_in(tmp_path, tree)
    assert whole(found)
    ran = sources(found)
    assert cell_of(found, "double").source == ran[ran.index("two = 2") + 1] == ANSWER.replace("2", "two")


def test_copies_of_a_check_say_nothing(tmp_path, tree):
    tree["cells"].append(copy.deepcopy(named(tree, "check-double")))
    found = hand_in(tmp_path, tree)
    assert found.cells == SHEET.cells
    assert "several times" in only_note(found)


@pytest.mark.parametrize("kind", ["markdown", "raw", "heading", "junk", None, ["code"]])
def test_code_that_was_turned_into_text_is_code_again(tmp_path, tree, kind):
    answered(tree)
    named(tree, "double")["cell_type"] = kind
    found = hand_in(tmp_path, tree)
    assert whole(found)
    assert cell_of(found, "double").source == ANSWER
    assert "answers whose cell type was changed (double)" in " ".join(found.notes)


def test_an_answer_in_another_cell_is_an_attempt(tmp_path, tree):
    tree["cells"].insert(place(tree, "check-double"), code(ANSWER))
    found = hand_in(tmp_path, tree)
    assert cell_of(found, "double").changed
    ran = sources(found)
    assert ran.index(DOUBLE) < ran.index(ANSWER) < ran.index('evaluate("double")')
    assert "answers that another cell defines (double)" in only_note(found)


def test_two_answers_merged_into_one_cell_are_two_attempts(tmp_path, tree):
    named(tree, "double")["source"] = f"{ANSWER}\n\n\ndef triple(x):\n    return 3 * x"
    tree["cells"].remove(named(tree, "triple"))
    found = hand_in(tmp_path, tree)
    assert whole(found)
    assert cell_of(found, "triple").changed
    assert cell_of(found, "triple").source == ""


# --- metadata that editors threw away --------------------------------------------------------------------------------


def strip(tree, ids):
    for cell in tree["cells"]:
        name = cell["id"] if ids == "kept" else cell.pop("id", "")
        cell["metadata"] = {"id": name} if ids == "in the metadata" else {}
    return tree


@pytest.mark.parametrize("ids", ["kept", "in the metadata", "gone"])
def test_everything_is_recognised_without_metadata(tmp_path, tree, ids):
    answered(tree)
    named(tree, "essay")["source"] = "An answer of my own."
    named(tree, "triple")["source"] = "import os\ndef triple(x): return x + x + x"
    kept = hand_in(tmp_path, tree)
    found = hand_in(tmp_path, strip(tree, ids))
    assert found.cells == kept.cells
    assert "without nbgrader's metadata, recognised by their" in found.notes[0]


def test_an_answer_without_metadata_may_stand_elsewhere(tmp_path, tree):
    tree["cells"].append(tree["cells"].pop(place(answered(tree), "double")))
    found = hand_in(tmp_path, strip(tree, "gone"))
    assert whole(found)
    assert cell_of(found, "double").source == ANSWER


def test_a_renamed_function_is_recognised_by_its_place(tmp_path, tree):
    named(tree, "double")["source"] = "def twice(x):\n    return 2 * x"
    found = hand_in(tmp_path, strip(tree, "gone"))
    assert cell_of(found, "double").source == "def twice(x):\n    return 2 * x"
    assert "recognised by their place (double)" in " ".join(found.notes)


def test_of_several_cells_in_the_place_the_one_like_the_stub_is_taken(tmp_path, tree):
    named(tree, "essay")["source"] = "Why? Since it is."
    tree["cells"].insert(place(tree, "essay"), code("A remark.", cell_type="markdown"))
    found = hand_in(tmp_path, strip(tree, "gone"))
    assert cell_of(found, "essay").source == "Why? Since it is."


def test_of_several_cells_that_define_the_name_the_one_in_its_place_is_taken(tmp_path, tree):
    answered(tree)["cells"].append(code("def double(x):\n    return 0"))
    found = hand_in(tmp_path, strip(tree, "gone"))
    assert cell_of(found, "double").source == ANSWER
    assert sources(found)[-1] == "def double(x):\n    return 0"


def test_equal_stubs_are_told_apart_by_their_place(tmp_path):
    cells = [
        Cell("markdown", "Write here.", "manual", "first", 1.0),
        Cell("markdown", "Question 2"),
        Cell("markdown", "Write here.", "manual", "second", 1.0),
    ]
    sheet = replace(SHEET, cells=tuple(cells))
    tree = notebook(sheet)
    tree["cells"][0]["source"] = "My answer."
    found = hand_in(tmp_path, strip(tree, "gone"), sheet=sheet)
    assert [(cell.source, cell.changed) for cell in found.cells if cell.role == "manual"] == [
        ("My answer.", True),
        ("Write here.", False),
    ]


def test_another_chapters_notebook_is_told(tmp_path):
    found = hand_in(tmp_path, {"cells": [code("z = 1")], "nbformat": 4})
    assert whole(found)
    assert not any(cell.changed for cell in found.cells)
    assert "z = 1" in sources(found)
    assert "another chapter" in only_note(found)


# --- notebooks that are none -----------------------------------------------------------------------------------------

LOST = [
    ("", "is empty"),
    ("\0" * 100, "is empty"),
    ("{", "not JSON"),
    ("null", "no object"),
    ("[]", "no object"),
    ("3", "no object"),
    ('"cells"', "no object"),
    ("{}", "no list of cells"),
    ('{"cells": 3}', "no list of cells"),
    ('{"cells": {"0": {}}}', "no list of cells"),
    ('{"worksheets": [3, {"cells": 4}], "cells": null, "cells": "x"}', "no list of cells"),
    ("PK\x03\x04", "not JSON"),
    ("<html>Sign in</html>", "not JSON"),
    ("[" * 100_000, "nested too deeply"),
    ('{"a":' * 100_000, "nested too deeply"),
    ('{"cells": [' + "[" * 5000 + "]" * 5000 + "]}", "nested too deeply"),
    ("[]," * 1_000_001, "millions of values"),
    ("1," * 4_000_001, "millions of values"),
    (b"\xff\xfe\x00", "not JSON"),
    (json.dumps({"cells": [{}] * 10_001}), "10,001 cells, more than 10,000"),
]


@pytest.mark.parametrize(("content", "why"), LOST, ids=[f"{i}-{why}" for i, (_, why) in enumerate(LOST)])
def test_what_is_no_notebook_is_a_problem_in_one_sentence(tmp_path, content, why):
    found = hand_in(tmp_path, content)
    assert found.problem.startswith(NAME)
    assert why in found.problem
    assert ": ask " in found.problem
    assert intake.UNFORESEEN not in found.problem
    assert len(found.problem) < 250
    assert "\n" not in found.problem
    assert whole(found)
    assert not any(cell.changed for cell in found.cells)


def test_a_notebook_over_the_limit_is_not_parsed(tmp_path, tree, monkeypatch):
    monkeypatch.setattr(intake, "MAX_NOTEBOOK", 1 << 20)
    assert "larger than 1 MiB" in hand_in(tmp_path, json.dumps(tree) + " " * (1 << 20)).problem


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_any_unicode_encoding_is_read(tmp_path, tree, encoding):
    text = json.dumps(answered(tree), ensure_ascii=False).replace("Small", "Größe ∂")
    found = hand_in(tmp_path, text.encode(encoding))
    assert found.cells[0].source == "# Größe ∂"
    assert cell_of(found, "double").source == ANSWER


def test_latin_1_is_read_with_a_note(tmp_path, tree):
    named(tree, "double")["source"] = f"# Größe\n{ANSWER}"
    found = hand_in(tmp_path, json.dumps(tree, ensure_ascii=False).encode("latin-1"))
    assert cell_of(found, "double").source == f"# Gr\ufffd\ufffde\n{ANSWER}"
    assert "not valid Unicode" in only_note(found)


def test_null_characters_and_half_characters_are_replaced(tmp_path, tree):
    named(tree, "double")["source"] = f"{ANSWER}  # \0 \ud800 \U0001f600"
    found = hand_in(tmp_path, tree)
    assert cell_of(found, "double").source == f"{ANSWER}  # \ufffd \ufffd \U0001f600"
    assert "null characters or halves of characters (cell 4)" in only_note(found)


def test_odd_json_is_read(tmp_path, tree):
    text = json.dumps(answered(tree))[1:-1]
    odd = f'{{"cells": 1, "a": NaN, "b": -Infinity, "c": {"9" * 50_000}, "d": "\n\t", "\\ud800": 1e999, {text}}}'
    assert cell_of(hand_in(tmp_path, odd), "double").source == ANSWER


def test_version_3_is_read(tmp_path, tree):
    expected = hand_in(tmp_path, answered(tree)).cells
    for cell in tree["cells"]:
        del cell["id"]
        if cell["cell_type"] == "code":
            cell["input"] = cell.pop("source")
    tree["cells"][0]["cell_type"] = "heading"
    old = {"nbformat": 3, "worksheets": [{"cells": tree["cells"][:5]}, {"cells": tree["cells"][5:]}, {}]}
    assert hand_in(tmp_path, old).cells == expected


@pytest.mark.parametrize("junk", [None, 3, {"a": 1}, [None, 3, ["x"]], True])
def test_a_source_that_is_no_text_is_empty(tmp_path, tree, junk):
    named(tree, "double")["source"] = junk
    found = hand_in(tmp_path, tree)
    assert whole(found)
    assert cell_of(found, "double").source == ""
    assert "whose source is no text (cell 4)" in only_note(found)


def test_what_is_text_in_a_source_is_kept(tmp_path, tree):
    named(tree, "double")["source"] = [*ANSWER.splitlines(keepends=True), 7, "  # end"]
    assert cell_of(hand_in(tmp_path, tree), "double").source == f"{ANSWER}  # end"


@pytest.mark.parametrize("junk", [None, 3, "code", ["code"], []])
def test_a_cell_that_is_none_is_left_out(tmp_path, tree, junk):
    tree["cells"][1:1] = [junk, junk]
    found = hand_in(tmp_path, tree)
    assert found.cells == SHEET.cells
    assert "entries that are no cells (cell 2, cell 3)" in only_note(found)


@pytest.mark.parametrize("junk", [None, 3, "x", [], {"nbgrader": None}, {"nbgrader": {"grade_id": []}, "tags": 4}])
def test_junk_in_metadata_is_no_metadata(tmp_path, tree, junk):
    answered(tree)
    for cell in tree["cells"]:
        cell["metadata"] = junk
    assert cell_of(hand_in(tmp_path, tree), "double").source == ANSWER


def test_a_cell_over_the_limit_loses_its_source(tmp_path, tree):
    named(tree, "double")["source"] = "é" * (received.MAX_SOURCE // 2 + 1)
    found = hand_in(tmp_path, answered_triple(tree))
    assert cell_of(found, "double").source == ""
    assert cell_of(found, "triple").changed
    assert "more than 1 MiB of source (cell 4)" in only_note(found)


def answered_triple(tree):
    named(tree, "triple")["source"] = "def triple(x):\n    return 3 * x"
    return tree


# --- files and folders -----------------------------------------------------------------------------------------------


def test_nothing_handed_in(tmp_path):
    assert f"{NAME} is missing: ask" in read(tmp_path).problem


@pytest.mark.parametrize("student", ["ada", "no\0body", "x" * 300, "."])
def test_no_folder(tmp_path, student):
    found = read_submission(tmp_path / student / CHAPTER, SHEET, student)
    assert found.problem
    assert whole(found)


def test_the_only_notebook_may_have_another_name(tmp_path, tree):
    found = hand_in(tmp_path, answered(tree), "02_small (1).IPYNB")
    assert cell_of(found, "double").source == ANSWER
    assert f"02_small (1).IPYNB has not the expected name {NAME}" in only_note(found)


def test_a_notebook_of_another_name_without_our_cells_is_another_notebook(tmp_path):
    found = hand_in(tmp_path, {"cells": [code("z = 1")]}, "other.ipynb")
    assert f"{NAME} is missing, and other.ipynb holds none of its graded cells" in found.problem


def test_of_several_notebooks_the_expected_one_counts(tmp_path, tree):
    hand_in(tmp_path, tree, f"{CHAPTER}-Copy1.ipynb")
    found = hand_in(tmp_path, answered(tree))
    assert cell_of(found, "double").source == ANSWER
    assert f"other notebooks in the folder ({CHAPTER}-Copy1.ipynb)" in only_note(found)
    assert not found.files


def test_several_other_names_are_named(tmp_path, tree):
    hand_in(tmp_path, tree, "a.ipynb")
    found = hand_in(tmp_path, tree, "b.ipynb")
    assert f"{NAME} is missing, but there is a.ipynb, b.ipynb" in found.problem


def test_a_notebook_in_a_folder_of_its_own_is_found(tmp_path, tree):
    (folder_of(tmp_path) / CHAPTER).mkdir()
    hand_in(tmp_path, tree, f"{CHAPTER}/{NAME}")
    assert f"there is {CHAPTER}/{NAME}" in read(tmp_path).problem


def make_link(path):
    path.symlink_to("/etc/passwd")


def make_loop(path):
    path.symlink_to(path.name)


def make_pipe(path):
    os.mkfifo(path)


def make_folder(path):
    path.mkdir()


def make_socket(path):
    with socket.socket(socket.AF_UNIX) as end:
        end.bind(os.path.relpath(path))


SPECIAL = {
    make_link: "a link",
    make_loop: "a link",
    make_pipe: "no regular file",
    make_folder: "a folder",
    make_socket: "not readable",
}


@pytest.mark.parametrize("make", SPECIAL)
def test_a_special_file_is_no_notebook(tmp_path, monkeypatch, make):
    monkeypatch.chdir(folder_of(tmp_path))
    make(folder_of(tmp_path) / NAME)
    found = within(60, lambda: read(tmp_path))
    assert found.problem.startswith(f"{NAME} is {SPECIAL[make]}")
    assert ": ask the student" in found.problem


def test_a_hard_link_is_left_out(tmp_path, tree):
    (tmp_path / "secret.txt").write_text("of the instructor")
    os.link(tmp_path / "secret.txt", folder_of(tmp_path) / "data.txt")
    (folder_of(tmp_path) / "own.txt").write_text("mine")
    hand_in(tmp_path, tree)
    found = read(tmp_path)
    assert dict(found.files) == {"own.txt": b"mine"}
    assert any("data.txt" in note and "links" in note for note in found.notes)


def within(seconds, job):
    """The job's result; fails where it waits for something that never comes."""
    results = []
    thread = threading.Thread(target=lambda: results.append(job()), daemon=True)
    thread.start()
    thread.join(seconds)
    assert results, "still waiting"
    return results[0]


@pytest.mark.parametrize("level", ["student", "chapter"])
def test_folders_that_are_links_are_not_followed(tmp_path, tree, level):
    hand_in(tmp_path / "elsewhere", answered(tree))
    submitted = tmp_path / "submitted"
    link = submitted / "ada" if level == "student" else submitted / "ada" / CHAPTER
    link.parent.mkdir(parents=True)
    link.symlink_to(tmp_path / "elsewhere" / "ada" / ("" if level == "student" else CHAPTER))
    found = read_submission(submitted / "ada" / CHAPTER, SHEET, "ada")
    assert f"the folder that should hold {NAME} is a link" in found.problem


def test_the_submitted_folder_may_be_a_link(tmp_path, tree):
    hand_in(tmp_path / "elsewhere", answered(tree))
    (tmp_path / "submitted").symlink_to("elsewhere")
    assert read_submission(tmp_path / "submitted" / "ada" / CHAPTER, SHEET, "ada").problem is None


def test_a_file_instead_of_a_folder(tmp_path):
    folder_of(tmp_path).rmdir()
    (tmp_path / "ada" / CHAPTER).write_text("x")
    assert "is a file: ask" in read_submission(tmp_path / "ada" / CHAPTER, SHEET, "ada").problem


def test_files_come_along(tmp_path, tree):
    folder = folder_of(tmp_path)
    (folder / "helper.py").write_text("a = 1")
    (folder / "data" / "more").mkdir(parents=True)
    (folder / "data" / "more" / "größe 1.csv").write_bytes(b"\0\xff")
    for litter in (".DS_Store", ".ipynb_checkpoints/x.txt", "__pycache__/helper.pyc", "old.pyc", "timestamp.txt"):
        (folder / litter).parent.mkdir(exist_ok=True)
        (folder / litter).write_text("")
    found = hand_in(tmp_path, tree)
    assert found.files == {"helper.py": b"a = 1", "data/more/größe 1.csv": b"\0\xff"}
    assert not found.notes


@pytest.mark.parametrize(
    "name",
    ["lib.so", "x.PYD", "a\nb.py", "a\u202eb.py", b"\xff.py", "back\\slash", "-rf", "a ", "a.", "~$x", "c:x", "*"],
)
def test_files_with_unsafe_names_are_left_out(tmp_path, tree, name):
    path = os.path.join(os.fsencode(folder_of(tmp_path)), os.fsencode(name))
    with open(path, "wb") as file:
        file.write(b"x")
    found = hand_in(tmp_path, tree)
    assert not found.files
    assert "they are not there while the notebook runs" in only_note(found)
    assert only_note(found).isprintable()


@pytest.mark.parametrize("make", [make_link, make_loop, make_pipe, make_socket])
def test_special_files_are_left_out(tmp_path, tree, monkeypatch, make):
    monkeypatch.chdir(folder_of(tmp_path))
    make(folder_of(tmp_path) / "data.txt")
    found = within(60, lambda: hand_in(tmp_path, tree))
    assert not found.files
    assert "(data.txt)" in only_note(found)


def test_a_link_to_a_folder_is_left_out(tmp_path, tree):
    (folder_of(tmp_path) / "data").symlink_to("/etc")
    found = hand_in(tmp_path, tree)
    assert not found.files
    assert "(data)" in only_note(found)


def test_files_have_limits(tmp_path, tree, monkeypatch):
    monkeypatch.setattr(intake, "MAX_FILE", 100)
    monkeypatch.setattr(intake, "MAX_FILES_TOTAL", 150)
    for name, size in (("a", 100), ("b", 101), ("c", 51), ("d", 50)):
        (folder_of(tmp_path) / name).write_bytes(b"x" * size)
    found = hand_in(tmp_path, tree)
    assert set(found.files) == {"a", "d"}
    assert "(b, c)" in only_note(found)


def test_there_are_not_too_many_files(tmp_path, tree):
    for number in range(intake.MAX_FILES + 3):
        (folder_of(tmp_path) / f"f{number:02}").write_text("")
    found = hand_in(tmp_path, tree)
    assert sorted(found.files) == [f"f{number:02}" for number in range(intake.MAX_FILES)]
    assert "(f32, f33, f34)" in only_note(found)


def test_a_flood_of_files_is_not_waded_through(tmp_path, tree):
    for number in range(intake.MAX_ENTRIES):
        (folder_of(tmp_path) / f".f{number}").touch()
    found = hand_in(tmp_path, answered(tree))
    assert cell_of(found, "double").source == ANSWER
    assert f"more than {intake.MAX_ENTRIES} files and folders" in only_note(found)


def test_deep_folders_are_left_out(tmp_path, tree):
    deep = folder_of(tmp_path).joinpath(*"abcdefgh")
    deep.mkdir(parents=True)
    (deep / "x.txt").touch()
    found = hand_in(tmp_path, tree)
    assert not found.files
    assert "(a/b/c/d)" in only_note(found)


# --- time stamps -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-02-02 15:58:23.948203 UTC", "2026-02-02T15:58:23.948203+00:00"),
        ("2026-02-02 15:58:23 America/Los_Angeles\n", "2026-02-02T23:58:23+00:00"),
        ("2026-02-02 15:58:23 +3600", "2026-02-02T14:58:23+00:00"),
        ("2026-02-02T15:58:23", "2026-02-02T15:58:23+00:00"),
    ],
)
def test_time_stamps(tmp_path, tree, text, time):
    (folder_of(tmp_path) / "timestamp.txt").write_text(text)
    found = hand_in(tmp_path, tree)
    assert found.timestamp == time
    assert not found.notes


@pytest.mark.parametrize("text", ["", " \n"])
def test_an_empty_time_stamp_is_none(tmp_path, tree, text):
    (folder_of(tmp_path) / "timestamp.txt").write_text(text)
    found = hand_in(tmp_path, tree)
    assert (found.timestamp, found.notes) == (None, ())


@pytest.mark.parametrize(
    "text",
    [
        b"yesterday",
        b"10",
        b"2026-13-45",
        b"2026-01-01 10:00:00 /dev/stdin",
        b"2026-01-01 10:00:00 :/dev/stdin",
        b"2026-01-01 10:00:00 ../../../dev/stdin",
        b"0001-01-01 00:00:00 +2300",
        b"2026-01-01 10:00:00 99999999999999999999",
        b"2026" + b"9" * 70,
        b"\xff\xfe2026",
        b"2026-01-01 \x00",
        b"2026-01-01" + b" " * 80,
    ],
)
def test_an_odd_time_stamp_is_a_note(tmp_path, tree, text):
    (folder_of(tmp_path) / "timestamp.txt").write_bytes(text)
    found = hand_in(tmp_path, tree)
    assert found.timestamp is None
    assert "timestamp.txt is " in only_note(found)


# --- students --------------------------------------------------------------------------------------------------------

ODD = [".ada", "-ada", "a+b", "a\nb", "a\x1b[31mb", "a\u202eb", " a", "a ", "*", "%41", "a,b\\", "\udcff"]


def test_students_are_those_with_the_chapter(tmp_path):
    for student in ("zoe", "ada", ".dot", "a+b"):
        folder_of(tmp_path, student)
    os.makedirs(os.path.join(os.fsencode(tmp_path), b"\xff", os.fsencode(CHAPTER)))
    (tmp_path / "ben" / "03_other").mkdir(parents=True)
    (tmp_path / "file").touch()
    assert students(tmp_path, CHAPTER) == [".dot", "a+b", "ada", "zoe", "\udcff"]
    assert students(tmp_path / "nowhere", CHAPTER) == []


def test_ordinary_names_are_ids():
    for name in ("ada", "Ada Lovelace", "s123456", "josé.garcía", "ada-l_2", "ada@example.org", "李", "o'neil"):
        assert student_id(name) == name


def test_ids_are_safe_and_differ():
    ids = [student_id(name) for name in [*ODD, "", "a/b", "\ud800", "x" * 129, "x" * 130, "%" * 200]]
    assert len(set(ids)) == len(ids)
    for one in ids:
        assert one.isprintable()
        assert 0 < len(one) <= 128
        assert not set(one) & set('/\\+*?[]\n:"')
        assert one[0] not in ".- "


@pytest.mark.parametrize("name", ODD)
def test_a_student_with_an_odd_name_is_graded(tmp_path, tree, name):
    folder = os.path.join(os.fsencode(tmp_path), os.fsencode(name), os.fsencode(CHAPTER))
    os.makedirs(folder)
    with open(os.path.join(folder, os.fsencode(NAME)), "w") as file:
        json.dump(answered(tree), file)
    (student,) = students(tmp_path, CHAPTER)
    found = read_submission(tmp_path / student / CHAPTER, SHEET, student)
    assert found.student == student_id(name) != name
    assert cell_of(found, "double").source == ANSWER
    assert "is no safe id" in only_note(found)
    assert only_note(found).isprintable()


# --- notes -----------------------------------------------------------------------------------------------------------


def test_notes_repeat_little_of_what_a_student_wrote(tmp_path, tree):
    hand_in(tmp_path, tree, CHAPTER + "é\u202e" * 40 + ".ipynb")
    for number in range(60):
        (folder_of(tmp_path) / f"bad\u202e{number}").touch()
    named(tree, "double")["metadata"]["nbgrader"]["grade_id"] = "<script>" * 1000
    found = hand_in(tmp_path, tree)
    assert 2 <= len(found.notes) <= MAX_NOTES
    for note in found.notes:
        assert note.isprintable()
        assert len(note) < 150 + 2 * MAX_SHOWN


def test_notes_are_no_more_than_fifty():
    notes = Notes()
    for number in range(60):
        notes.add(f"Note {number}.")
    sentences = notes.sentences()
    assert len(sentences) == MAX_NOTES == 50
    assert sentences[-1] == "There are 11 more notes of this kind."


def test_what_goes_wrong_within_is_a_problem_too(tmp_path, tree, monkeypatch):
    def fall(*_):
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(intake, "parse", fall)
    found = hand_in(tmp_path, tree)
    assert whole(found)
    assert f"{NAME} {intake.UNFORESEEN} (ZeroDivisionError)" in found.problem
    assert "secret" not in found.problem
