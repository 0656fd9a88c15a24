"""Explorers of neurons, depth, descent and backpropagation in a real JupyterLab and Chromium: by mouse and by key."""

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
WAIT = 60_000  # milliseconds; a busy machine is slow
CELLS = {
    "neuron": "from helpers.widgets import *\nneuron_explorer(w1=0, w2=0, b=0)",
    "activation": "activation_explorer()",
    "depth": "depth_explorer()",
    "descent": "descent_explorer(surface='long valley', step=10)",
    "graph": "graph_explorer()",
    "xor": "xor_explorer()",
    "broken": "xor_explorer(lambda *sizes: 1 / 0)",
}
KEYS = [
    ("neuron", "w1", "ArrowRight", "z = 0.05·0.5"),
    ("neuron", "x2", "ArrowLeft", "x = (0.5, 0.95)"),
    ("activation", "z", "ArrowRight", "sigmoid(1.05)"),
    ("depth", "look at layer", "ArrowRight", "Layer 2"),
    ("depth", "bias of every unit", "ArrowLeft", "units are dead"),
    ("descent", "rate", "ArrowRight", "yours, 0.12"),
    ("descent", "step", "ArrowRight", "After 11 steps"),
    ("graph", "step", "ArrowRight", "Step 1 of 7. Forwards: d = a · b"),
    ("xor", "epoch", "ArrowRight", "Epoch 1:"),
    ("xor", "hidden neurons", "ArrowRight", "Hidden neuron 3"),
    ("broken", "epoch", "ArrowRight", "Epoch 1:"),
]
WITHOUT_NAME = """() => [...document.querySelectorAll('.jp-OutputArea input, .jp-OutputArea select,'
    + ' .jp-OutputArea button, .jp-OutputArea .noUi-handle')].filter(e => e.offsetParent && !(e.labels?.length
    || e.title || e.ariaLabel || e.innerText || e.getAttribute('aria-labelledby')
    || e.closest('[title]:not([title=""])')
    || e.closest('.widget-inline-hbox')?.querySelector('label')?.innerText)).map(e => e.outerHTML)"""
WATCH = """e => { window.gaps = 0; window.frames_seen = 0; const stage = e.querySelector('.live-stage');
    const look = () => { window.frames_seen++; if (!(stage.complete && stage.naturalWidth && stage.clientHeight
    && stage.isConnected)) window.gaps++; window.watching = requestAnimationFrame(look) }; look() }"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder, state = tmp_path_factory.mktemp("notebooks"), tmp_path_factory.mktemp("state")
    SHOTS.mkdir(parents=True, exist_ok=True)
    with open_lab(folder, state) as lab:
        yield lab


@pytest.fixture(scope="module", params=["light", "dark"])
def opened(lab: Lab, request: pytest.FixtureRequest) -> Iterator[Notebook]:
    """A notebook with one explorer a cell, run, in each theme."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS.values()])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, lab.folder / f"{request.param}.ipynb")
    lab.set_theme(request.param)
    opened = lab.open(f"{request.param}.ipynb")
    opened.page.set_default_timeout(WAIT)
    opened.run()
    everything = "n => document.querySelectorAll('.live-stage[src]').length === n"
    opened.page.wait_for_function(everything, arg=len(CELLS), timeout=WAIT)
    yield opened
    for name in CELLS:
        cell(opened, name).screenshot(path=SHOTS / f"{name}-explorer-{request.param}.png")
    opened.close()


def cell(opened: Notebook, name: str) -> Locator:
    return opened.page.locator(".jp-CodeCell").nth(list(CELLS).index(name))


def source(output: Locator) -> str:
    return output.locator(".live-stage").get_attribute("src")


def wait_for_words(output: Locator, words: str, before: str) -> None:
    """Wait for a picture other than `before` whose alt, as well as the text below it, says `words`."""
    shown = """([e, words, before]) => { const stage = e.querySelector('.live-stage');
        return stage.src !== before && stage.alt.includes(words)
        && e.querySelector('[role=status]').innerText.includes(words) }"""
    output.page.wait_for_function(shown, arg=[output.element_handle(), words, before], timeout=WAIT)


def handle(output: Locator, slider: str) -> Locator:
    label = output.page.get_by_text(slider, exact=True)
    return output.locator(".widget-inline-hbox", has=label).locator(".noUi-handle").first


@pytest.mark.parametrize(("name", "slider", "key", "said"), KEYS)
def test_arrow_keys_on_sliders_change_picture_alt_and_text(opened, name, slider, key, said):
    output = cell(opened, name)
    before = source(output)
    handle(output, slider).press(key)
    wait_for_words(output, said, before)


@pytest.mark.parametrize(
    ("name", "button", "said"),
    [
        ("neuron", "whole epoch", "Mistakes per epoch: "),
        ("neuron", "next sample", "Sample (0, 0), wanted 0"),
        ("graph", "next step", "Step 2 of 7. Forwards: e = d + c"),
        ("graph", "from the start", "Step 0 of 7."),
        ("xor", "another start", "Epoch 0:"),
        ("xor", "50 epochs", "Epoch 50:"),
    ],
)
def test_buttons_are_pressed_by_key(opened, name, button, said):
    output = cell(opened, name)
    before = source(output)
    output.get_by_role("button", name=button).press("Enter")
    wait_for_words(output, said, before)


def test_a_click_into_the_plane_moves_the_cross_and_a_button_adds_a_sample_there(opened):
    output = cell(opened, "neuron")
    box = output.locator(".live-stage").bounding_box()
    before = source(output)
    output.locator(".live-stage").click(position={"x": 0.12 * box["width"], "y": 0.75 * box["height"]})
    wait_for_words(output, "At the cross, x = (-0.", before)
    before = source(output)
    output.get_by_role("button", name="add a 1 at ×").click()
    wait_for_words(output, "of 5 samples", before)
    assert "[(0.0, 0.0, 0)" in output.locator("details code").text_content()


def test_the_tangent_is_dragged_without_a_flicker(opened):
    output = cell(opened, "activation")
    stage = output.locator(".live-stage")
    stage.scroll_into_view_if_needed()
    output.evaluate(WATCH)
    box, before = stage.bounding_box(), source(output)
    x, y = box["x"] + 0.5 * box["width"], box["y"] + 0.3 * box["height"]
    opened.page.mouse.move(x, y)
    opened.page.mouse.down()
    for step in range(1, 21):
        opened.page.mouse.move(x - step * 0.015 * box["width"], y)
        opened.page.wait_for_timeout(20)
    opened.page.mouse.up()
    wait_for_words(output, "sigmoid(-4", before)
    opened.page.evaluate("() => cancelAnimationFrame(window.watching)")
    assert opened.page.evaluate("() => window.frames_seen") > 5
    assert opened.page.evaluate("() => window.gaps") == 0


def test_a_start_is_clicked_on_the_map_and_the_race_runs_by_itself_until_it_is_paused(opened):
    output = cell(opened, "descent")
    box, before = output.locator(".live-stage").bounding_box(), source(output)
    output.locator(".live-stage").click(position={"x": 0.3 * box["width"], "y": 0.4 * box["height"]})
    wait_for_words(output, "steps from w = (0", before)
    ran = "e => +e.querySelector('[role=status]').innerText.match(/After ([0-9]+) steps/)[1] > 14"
    play = output.get_by_role("button", name="run, or pause")
    play.press("Enter")
    opened.page.wait_for_function(ran, arg=output.element_handle(), timeout=WAIT)
    play.press("Enter")


def test_a_formula_is_typed_wrong_and_right(opened):
    output = cell(opened, "graph")
    field = output.locator("input[type=text]").first
    field.fill("L = a *")
    field.press("Enter")
    output.locator("[role=alert]", has_text="is no formula").wait_for()
    before = source(output)
    field.fill("L = a*a + b")
    field.press("Enter")
    wait_for_words(output, "Step 0 of 5.", before)
    assert output.locator("[role=alert]").count() == 0
    before = source(output)
    number = output.locator("input[type=number]").first
    number.fill("5")
    number.press("Enter")
    handle(output, "step").press("ArrowRight")
    wait_for_words(output, "5 · 5 = 25", before)


def test_a_network_that_raises_is_a_sentence_beside_the_widget(opened):
    assert "raised ZeroDivisionError" in cell(opened, "broken").locator("[role=alert]").inner_text()


def test_every_control_has_a_name(opened):
    assert opened.page.evaluate(WITHOUT_NAME) == []


def test_neither_notebook_nor_console_shows_an_error(opened):
    assert opened.tracebacks() == []
    assert opened.errors == []
