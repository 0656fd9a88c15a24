"""The explorers in a real JupyterLab and a real Chromium, worked by keyboard."""

import shutil
from collections.abc import Iterator

import nbformat
import pytest

from helpers.checks.library import ROOT

pytest.importorskip("playwright", reason="playwright is not installed (it is in the extra 'dev')")

from playwright.sync_api import Locator

from authoring.lab import CHROMIUM, Lab, Notebook, open_lab

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium (on Debian: apt-get install chromium)"),
]

SHOTS = ROOT / ".artifacts" / "screenshots"
CELLS = (
    "from helpers.widgets import activation_explorer, kernel_explorer\nimport math",
    "activation_explorer()",
    "kernel_explorer()",
    "kernel_explorer()",
    "activation_explorer(lambda z: math.exp(z))",
    "def f(z):\n    while z[-1] > 1:\n        pass\n    return z\n\nactivation_explorer(f)",
)
WITHOUT_NAME = """() => [...document.querySelectorAll('.jp-OutputArea input, .jp-OutputArea select,'
    + ' .jp-OutputArea .noUi-handle')].filter(e => !(e.labels?.length || e.title || e.ariaLabel
    || e.getAttribute('aria-labelledby') || e.closest('[title]:not([title=""])')
    || e.closest('.widget-inline-hbox')?.querySelector('label')?.innerText)).map(e => e.outerHTML)"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder, state = tmp_path_factory.mktemp("notebooks"), tmp_path_factory.mktemp("state")
    SHOTS.mkdir(parents=True, exist_ok=True)
    with open_lab(folder, state) as lab:
        yield lab


@pytest.fixture(scope="module")
def explorers(lab: Lab) -> Iterator[Notebook]:
    """A notebook with one explorer a cell, run."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, lab.folder / "explorers.ipynb")
    opened = lab.open("explorers.ipynb")
    opened.run()
    opened.page.wait_for_selector(".jp-OutputArea .noUi-handle")
    yield opened
    opened.page.screenshot(path=SHOTS / "explorers.png")
    opened.close()


def press(output: Locator, slider: str, key: str) -> None:
    """Press a key on a slider, and wait for another picture."""
    before = source(output)
    output.locator(".widget-inline-hbox", has_text=slider).locator(".noUi-handle").first.press(key)
    wait_for_other_picture(output, before)


def source(output: Locator) -> str:
    return output.locator("img.live-stage").get_attribute("src")


def wait_for_other_picture(output: Locator, before: str) -> None:
    changed = "([e, old]) => e.querySelector('img.live-stage').src !== old"
    output.page.wait_for_function(changed, arg=[output.element_handle(), before], timeout=15_000)


@pytest.mark.parametrize(
    ("cell", "keys"),
    [
        (1, [("z", "ArrowRight", "sigmoid(1.05)")]),
        (
            2,
            [
                ("output row", "ArrowRight", "output[41, 40]"),
                ("output column", "ArrowLeft", "output[41, 39]"),
                ("stride", "ArrowRight", "Stride 2 does not fit"),
            ],
        ),
    ],
)
def test_arrow_keys_on_sliders_change_picture_alt_and_text(explorers, cell, keys):
    output = explorers.page.locator(".jp-CodeCell").nth(cell)
    for slider, key, said in keys:
        press(output, slider, key)
        assert said in output.inner_text()
        assert said in output.locator("img.live-stage").get_attribute("alt")


def test_a_weight_typed_into_the_grid_changes_the_picture(explorers):
    output = explorers.page.locator(".jp-CodeCell").nth(3)
    output.locator("select").filter(has_text="Laplacian").select_option("identity")
    middle = "e => e.querySelectorAll('input[type=number]')[4].value == '1'"
    explorers.page.wait_for_function(middle, arg=output.element_handle())
    before = source(output)
    field = output.locator("input[type=number]").nth(4)
    field.fill("-3")
    field.press("Enter")
    wait_for_other_picture(output, before)


def test_a_function_that_raises_is_a_sentence_beside_the_widget(explorers):
    output = explorers.page.locator(".jp-CodeCell").nth(4)
    assert "raised TypeError" in output.locator("[role=alert]").inner_text()
    assert output.locator(".noUi-handle").count()


def test_a_function_that_never_ends_is_stopped_and_the_widget_goes_on(explorers):
    output = explorers.page.locator(".jp-CodeCell").nth(5)
    handle = output.locator(".noUi-handle").first
    handle.press("ArrowRight")
    output.locator("[role=alert]", has_text="f was stopped after 2 s").wait_for(timeout=15_000)
    handle.press("ArrowLeft")
    output.locator("[role=status]", has_text="f(1) = 1").wait_for(timeout=15_000)
    assert output.locator("[role=alert]").count() == 0


def test_every_control_has_a_name(explorers):
    assert explorers.page.evaluate(WITHOUT_NAME) == []


def test_explorers_show_themselves_once(explorers):
    assert "Explorer at" not in explorers.page.locator(".jp-Notebook").inner_text()
    assert explorers.page.locator(".jp-OutputArea .live-stage").count() == len(CELLS) - 1


def test_neither_notebook_nor_console_shows_an_error(explorers):
    assert explorers.tracebacks() == []
    assert explorers.errors == []


@pytest.mark.parametrize(
    ("chapter", "slider", "said"),
    [("03_activations", "z", "sigmoid(1.05)"), ("06_convolution", "output column", "output[40, 41]")],
)
def test_a_chapter_with_answers_runs_and_its_first_explorer_follows_a_key(
    lab: Lab, chapter: str, slider: str, said: str
):
    shutil.copytree(ROOT / "solutions" / chapter, lab.folder / chapter)
    notebook = lab.open(f"{chapter}/{chapter}.ipynb")
    notebook.run()
    output = notebook.page.locator(".jp-CodeCell", has=notebook.page.locator("summary", has_text="as code")).first
    press(output, slider, "ArrowRight")
    assert said in output.inner_text()
    assert said in output.locator("img.live-stage").get_attribute("alt")
    notebook.page.screenshot(path=SHOTS / f"{chapter}-explorer.png")
    assert notebook.tracebacks() == []
    assert notebook.errors == []
    notebook.close()
