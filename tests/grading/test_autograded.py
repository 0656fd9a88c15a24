"""The notebook as graded: what nbgrader needs is in it, and nothing that Formgrader's page would act on."""

import errno
import os
import shutil
import subprocess
from dataclasses import replace

import nbformat
import pytest
from nbconvert.exporters import HTMLExporter
from nbgrader import utils
from nbgrader.server_extensions.formgrader import handlers
from PIL import Image

from grading import autograded, files
from grading.autograded import harmless, notebook, write
from grading.model import Cell, Grade, Output, Result, Sheet
from grading.plain import picture, plain, shown
from helpers.checks.errors import CourseError
from helpers.checks.library import ROOT
from tests.grading import graded, pranks

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="module")
def sheet() -> Sheet:
    return graded.sheet()


@pytest.fixture(scope="module")
def result() -> Result:
    return graded.result()


@pytest.fixture(scope="module")
def made(result, sheet):
    return notebook(result, sheet)


def tagged(made, grade_id):
    return next(c for c in made.cells if c.metadata.get("nbgrader", {}).get("grade_id") == grade_id)


def test_it_is_a_sound_notebook(made):
    nbformat.validate(made)
    assert len({cell.id for cell in made.cells}) == len(made.cells)


def test_nbgrader_finds_every_graded_cell_with_its_points(made, sheet):
    points = {c.metadata.nbgrader.grade_id: c.metadata.nbgrader.points for c in made.cells if utils.is_grade(c)}
    assert points == {c.grade_id: c.points for c in sheet.cells if c.role in ("check", "hidden", "manual")}
    assert all(c.metadata.nbgrader.schema_version == 3 for c in made.cells if "nbgrader" in c.metadata)


def test_its_metadata_is_that_of_the_released_notebook(made):
    """But for the checksums of answers: all fields of all cells, as nbgrader's own release has them."""
    released = nbformat.read(ROOT / "notebooks" / graded.CHAPTER / f"{graded.CHAPTER}.ipynb", as_version=4)
    fields = [cell.metadata.nbgrader for cell in released.cells if "nbgrader" in cell.metadata]
    assert len(fields) > 30
    assert [tagged(made, field.grade_id).metadata.nbgrader for field in fields] == fields


def test_an_untouched_answer_is_told_from_a_written_one(made):
    untouched, written = tagged(made, "perceptron_fit"), tagged(made, "weighted_sum")
    assert utils.compute_checksum(untouched) != untouched.metadata.nbgrader.checksum
    assert utils.compute_checksum(written) != written.metadata.nbgrader.checksum
    later = tagged(made, "SimpleNetwork")
    assert utils.compute_checksum(later) == later.metadata.nbgrader.checksum


def test_the_output_of_a_check_is_its_report(made, result):
    for name in ("check-step", "hidden-step"):
        (output,) = tagged(made, name).outputs
        assert output.text.strip() == result.reports[name]


def test_other_cells_keep_text_pictures_and_errors(made):
    kinds = [output.output_type for cell in made.cells for output in cell.get("outputs", ())]
    assert {"stream", "display_data", "error"} == set(kinds)
    data = [o.data for c in made.cells for o in c.get("outputs", ()) if o.output_type == "display_data"]
    assert all(list(item) == ["image/png"] for item in data)


def test_what_a_check_cell_showed_is_not_kept(sheet, result):
    index = next(i for i, c in enumerate(result.cells) if c.grade_id == "hidden-step")
    told = replace(result, outputs={index: (Output("text", "stolen question"),)})
    assert "stolen question" not in nbformat.writes(notebook(told, sheet))


def test_an_unreadable_hand_in_is_the_released_notebook(sheet):
    grades = {c.grade_id: Grade(0.0, c.points, "not readable", "No notebook.") for c in sheet.cells if c.points}
    made = notebook(Result("ada", sheet.chapter, sheet.notebook, grades, notes=("It is <b>empty</b>.",)), sheet)
    assert len(made.cells) == len(sheet.cells) + 1
    assert "It is &lt;b>empty&lt;/b>." in made.cells[0].source
    assert tagged(made, "check-step").outputs[0].text == "No notebook.\n"


def test_a_task_is_one_for_nbgrader():
    sheet = Sheet("ps1", "p1", (Cell("markdown", "Draw it.", "task", "drawing", 2.0),))
    grade = {"drawing": Grade(None, 2.0, "manual", "")}
    (cell,) = notebook(Result("ada", "ps1", "p1", grade, cells=sheet.cells), sheet).cells
    assert utils.is_task(cell)
    assert not utils.is_grade(cell)
    assert cell.metadata.nbgrader.points == 2.0


# --- tricks ---------------------------------------------------------------------------------------------------------


def test_honest_markdown_is_left_alone():
    text = (
        "> quoted\n\n**bold** `a < b && c > d` and $a < b$, R&D\n\n1. [link](https://example.org/?a=1&b=2)\n\n"
        "$$\\begin{aligned} a &= b \\\\ c &= d \\end{aligned}$$\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n"
        "```python\nx <= y\n```"
    )
    assert harmless(text) == text


@pytest.fixture(scope="module")
def hostile(sheet, result) -> Result:
    """A hand-in full of pranks, in every cell that is a student's."""
    everything = [*pranks.HTML, *pranks.MARKDOWN, *(text for text, _ in pranks.TERMINAL)]
    extra = [Cell(kind, text, "extra") for text in everything for kind in ("markdown", "raw", "code")]
    outputs = {i: (Output("text", c.source), Output("error", c.source)) for i, c in enumerate(extra)}
    outputs |= {i: (Output("png", d),) for i, d in enumerate(pranks.no_pictures(graded.png()).values(), len(extra))}
    manual = Cell("markdown", "\n\n".join(everything), "manual", "why-xor", 3.0, changed=True)
    filler = [Cell("code", f"x = {i}", "extra") for i in range(len(outputs))]
    cells = (*extra, *filler, *(c for c in result.cells if c.role != "manual"), manual)
    reports = {name: "\n".join(everything) for name in result.grades}
    return replace(result, student="<b>x", cells=cells, outputs=outputs, reports=reports, notes=tuple(everything))


@pytest.fixture(scope="module")
def formgrader_page(hostile, sheet, tmp_path_factory):
    """What Formgrader's exporter makes of it, without its own scripts and styles."""
    exporter = HTMLExporter(template_name="formgrade", extra_template_basedirs=[handlers.template_path])
    nbgrader = {"assignment_id": "a", "notebook_id": "n", "submission_id": "s", "index": 0, "total": 1}
    nbgrader |= {"base_url": "", "student": "s", "last_name": "", "first_name": "", "notebook_path": ""}
    page, _ = exporter.from_notebook_node(notebook(hostile, sheet), resources=nbgrader)
    begin = page.index('id="notebook-container"')
    body = page[page.rindex("<div", 0, begin) : page.index('<div class="help"')]
    path = tmp_path_factory.mktemp("formgrader") / "page.html"
    path.write_text(f"<!DOCTYPE html><meta charset=utf-8><body>{body}", encoding="utf-8")
    return path


def test_a_hostile_notebook_is_sound_all_the_same(hostile, sheet):
    nbformat.validate(notebook(hostile, sheet))


def test_nothing_is_left_that_mathjax_would_act_on(hostile, sheet):
    text = "\n".join(cell.source for cell in notebook(hostile, sheet).cells if cell.cell_type == "markdown")
    assert "\N{SET MINUS}href" in text
    for macro in ("\\href", "\\require", "\\style", "\\class", "\\def"):
        assert macro not in text


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium (on Debian: apt-get install chromium)")
def test_formgrader_shows_it_and_nothing_happens(formgrader_page):
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    from tests.grading.browsers import look_at

    with playwright.sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        seen = look_at(browser, formgrader_page)
        browser.close()
    assert [item for item in seen.active if not item.startswith("<input class=")] == []  # those for points
    assert (seen.requests, seen.dialogs, seen.ran) == ([], [], None)


@pytest.mark.parametrize(("text", "expected"), pranks.TERMINAL)
def test_terminal_commands_become_plain_text(text, expected):
    assert plain(text) == expected


def test_long_text_loses_its_middle():
    text = plain("a" * 500 + "b" * 500, 300)
    assert text.startswith("a" * 200)
    assert text.endswith("b" * 100)
    assert "700 characters left out" in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f'File "{ROOT}/grading/run.py", line 3', 'File "grading/run.py", line 3'),
        ('File "/tmp/sandbox-x1/home/cell.py", line 3', 'File "cell.py", line 3'),
        ("/opt/py/lib/python3.11/site-packages/numpy/core.py:1", "site-packages/numpy/core.py:1"),
        ("/home/kim/.cache/x.txt", "x.txt"),
        (f"{ROOT}", ""),
        ("a/b and 1/2 and /etc/hosts", "a/b and 1/2 and /etc/hosts"),
    ],
)
def test_paths_of_the_grading_machine_are_taken_out(text, expected):
    assert shown(text, 1000) == expected


@pytest.mark.parametrize("name", pranks.no_pictures(graded.png()))
def test_what_is_no_picture_is_not_shown(name):
    assert picture(pranks.no_pictures(graded.png())[name]) is None


def test_a_picture_is_drawn_anew_and_carries_nothing_along():
    again = picture(pranks.telling_png())
    assert again.startswith(b"\x89PNG")
    assert b"carried along" not in again


def test_a_large_picture_is_made_smaller(tmp_path):
    path = tmp_path / "large.png"
    path.write_bytes(picture(graded.png(2000, 1000)))
    with Image.open(path) as image:
        assert image.size == (1400, 700)


# --- writing --------------------------------------------------------------------------------------------------------


def test_it_lies_where_formgrader_looks_read_only(result, sheet, tmp_path):
    handed_in = {"timestamp.txt": b"2026-01-02 03:04:05 UTC", "evil.html": b"<script>", "data.csv": b"1"}
    path = write(result, sheet, tmp_path, handed_in)
    assert path == tmp_path / "ada" / graded.CHAPTER / f"{graded.CHAPTER}.ipynb"
    assert path.stat().st_mode & 0o777 == 0o444
    assert {p.name for p in path.parent.iterdir()} == {path.name, "timestamp.txt"}
    assert (path.parent / "timestamp.txt").read_bytes() == handed_in["timestamp.txt"]


def test_writing_again_replaces_it_and_keeps_the_timestamp(result, sheet, tmp_path):
    write(result, sheet, tmp_path, {"timestamp.txt": b"2026-01-02 03:04:05 UTC"})
    path = write(replace(result, notes=("Second.",)), sheet, tmp_path)
    assert "Second." in path.read_text()
    assert (path.parent / "timestamp.txt").exists()


def test_a_link_in_its_place_is_replaced_and_not_followed(result, sheet, tmp_path):
    outside = tmp_path / "outside.ipynb"
    outside.write_text("precious")
    folder = tmp_path / "autograded" / "ada" / graded.CHAPTER
    folder.mkdir(parents=True)
    (folder / f"{graded.CHAPTER}.ipynb").symlink_to(outside)
    path = write(result, sheet, tmp_path / "autograded")
    assert not path.is_symlink()
    assert outside.read_text() == "precious"


def test_a_link_in_the_place_of_a_folder_is_refused(result, sheet, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "autograded").mkdir()
    (tmp_path / "autograded" / "ada").symlink_to(outside)
    with pytest.raises(CourseError, match="a folder on the way is a link"):
        write(result, sheet, tmp_path / "autograded")
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("student", ["..", ".", "", "a/b", "/etc", "a\0b", "\ud800x"])
def test_a_name_that_leads_elsewhere_is_refused(student, result, sheet, tmp_path):
    with pytest.raises(CourseError):
        write(replace(result, student=student), sheet, tmp_path / "autograded")
    assert not list(tmp_path.rglob("*.ipynb"))


def test_a_full_disk_is_one_sentence_and_the_old_file_stays(result, sheet, tmp_path, monkeypatch):
    path = write(result, sheet, tmp_path)
    before = path.read_bytes()

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(CourseError, match="the disk is full; make room"):
        write(replace(result, notes=("Second.",)), sheet, tmp_path)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_disk_that_is_really_full(result, sheet, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32k", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        with pytest.raises(CourseError, match="the disk is full"):
            write(result, sheet, disk)
        assert not [path for path in disk.rglob("*") if path.is_file()]
    finally:
        subprocess.run(["umount", disk], check=True)


def test_what_a_crash_left_behind_is_cleared_away(result, sheet, tmp_path, monkeypatch):
    monkeypatch.setattr(files.os, "replace", lambda *args, **kwargs: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        write(result, sheet, tmp_path)
    assert list(tmp_path.rglob("*.part"))
    monkeypatch.undo()
    path = write(result, sheet, tmp_path)
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_pictures_of_a_notebook_have_a_limit(result, sheet, monkeypatch):
    monkeypatch.setattr(autograded, "MAX_PICTURES", 2 * len(picture(graded.png())))
    cells = (Cell("code", "draw()", "extra"),)
    outputs = {0: (Output("png", png=graded.png()),) * 4}
    made = notebook(replace(result, cells=cells, outputs=outputs), sheet)
    assert [o.output_type for o in made.cells[0].outputs] == ["display_data"] * 2 + ["stream"] * 2
