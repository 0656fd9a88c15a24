"""Labels typed in a real JupyterLab and Chromium: every key is written at once, and a second session goes on."""

import shutil
from collections.abc import Iterator

import nbformat
import pytest

from helpers.annotation import Labels
from helpers.checks.library import ROOT

pytest.importorskip("playwright", reason="playwright is not installed (it is in the extra 'dev')")

from authoring.lab import CHROMIUM, Lab, Notebook, open_lab

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium (on Debian: apt-get install chromium)"),
]

SHOTS = ROOT / ".artifacts" / "screenshots"
PICTURES = """import numpy as np
from helpers.captcha import random_captchas
from helpers.widgets import annotate, captcha_explorer
pages = random_captchas(2, 0, np.random.default_rng(0))
digits = [p.image[t:b, s:e] for p in pages for t, s, b, e in p.boxes]"""
CELLS = (PICTURES, "annotate(digits, 'mine')", "captcha_explorer(lambda image: [(9, 9, 40, 40)], level=0.3)")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder, state = tmp_path_factory.mktemp("notebooks"), tmp_path_factory.mktemp("state")
    SHOTS.mkdir(parents=True, exist_ok=True)
    with open_lab(folder, state) as lab:
        yield lab


def opened(lab: Lab, name: str) -> Notebook:
    """The notebook with both widgets, run."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, lab.folder / name)
    notebook = lab.open(name)
    notebook.run()
    notebook.page.wait_for_function("() => document.querySelectorAll('.live-stage[src]').length == 2", timeout=60_000)
    return notebook


def said(notebook: Notebook, text: str) -> None:
    notebook.page.locator(".explorer [role=status]", has_text=text).first.wait_for(timeout=30_000)


def test_keys_are_labels_and_nothing_is_lost_between_two_sessions(lab):
    first = opened(lab, "first.ipynb")
    field = first.page.get_by_label("labels")
    field.click()
    first.page.keyboard.type("269", delay=30)
    said(first, "Picture 4 of 8")
    first.page.keyboard.press("Backspace")
    said(first, "Picture 3 of 8")
    first.page.keyboard.type("5 ", delay=30)
    said(first, "Picture 5 of 8")
    first.page.screenshot(path=SHOTS / "annotate.png")
    assert first.errors == []
    first.close()
    mine = Labels(lab.folder / "mine")
    assert mine.read()[1] == ["2", "6", "5"]
    before = mine.journal.read_bytes()

    second = opened(lab, "second.ipynb")
    said(second, "Picture 1 of 4")
    second.page.get_by_label("labels").click()
    second.page.keyboard.type("7")
    said(second, "Picture 2 of 4")
    second.close()
    assert mine.read()[1] == ["2", "6", "5", "7"]
    assert mine.journal.read_bytes().startswith(before)
    shutil.rmtree(mine.folder)


def test_the_page_is_turned_by_key_and_by_button(lab):
    notebook = opened(lab, "pages.ipynb")
    explorer = notebook.page.locator(".explorer").nth(1)
    picture = explorer.locator(".live-stage").get_attribute("src")
    explorer.get_by_role("button", name="another page").click()
    said(notebook, "1 boxes, for 4 digits")
    notebook.page.wait_for_function(
        "old => [...document.querySelectorAll('.live-stage')].every(e => e.src !== old)", arg=picture
    )
    explorer.locator(".noUi-handle").first.focus()
    notebook.page.keyboard.press("ArrowRight")
    explorer.locator("[role=status]", has_text="up to 10°").wait_for(timeout=30_000)
    assert notebook.errors == []
    notebook.close()
