"""Every notebook runs from top to bottom with the network cut off: the author's passing, the student's waiting."""

import pytest

from authoring.build import chapter_names
from authoring.execute import execute
from helpers.checks.library import ROOT, public_path, read_chapter

CHAPTERS = chapter_names()


def run(kind: str, chapter: str):
    return execute(ROOT / kind / chapter / f"{chapter}.ipynb")


def pictures(done) -> list[str]:
    """The HTML of every picture that an executed notebook shows; "" where a picture has none."""
    data = [o.get("data", {}) for cell in done.notebook.cells for o in cell.get("outputs", [])]
    return [d.get("text/html", "") for d in data if "image/png" in d or "<img" in d.get("text/html", "")]


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_authors_notebook_passes_every_check_and_describes_its_pictures(chapter):
    done = run("solutions", chapter)
    assert done.errors() == []
    for name in read_chapter(public_path(chapter)):
        assert f"{name}: passed" in done.text_of(f"check-{name}")
        assert f"{name}: passed" in done.text_of(f"hidden-{name}")
    shown = pictures(done)
    assert shown, "a chapter without a picture"
    assert all('alt="' in html and 'alt=""' not in html for html in shown), "a picture without a text"


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_students_notebook_runs_untouched(chapter):
    done = run("notebooks", chapter)
    assert done.errors() == []
    for name in read_chapter(public_path(chapter)):
        assert f"{name}: not attempted" in done.text_of(f"check-{name}")
