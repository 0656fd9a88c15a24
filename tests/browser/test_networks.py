"""Explorers of pictures and networks in a real JupyterLab and Chromium: by mouse, by touch, by key."""

import io
import re
from collections.abc import Iterator

import nbformat
import pytest
from PIL import Image

from helpers.checks.library import ROOT

pytest.importorskip("playwright", reason="playwright is not installed (it is in the extra 'dev')")

from playwright.sync_api import Locator

from authoring.lab import CHROMIUM, Lab, Notebook, open_lab

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium (on Debian: apt-get install chromium)"),
]

SHOTS = ROOT / ".artifacts" / "screenshots"
TRAINING = """import numpy as np
from helpers.data import load
from helpers.network import Optimizer, lenet
from helpers.widgets import *
digits = load("digits")
x, y, spread = digits.x_train, digits.y_train, digits.x_train.std()
def ready(pictures):
    return (pictures[..., None] - x.mean()) / spread
net = lenet((8, 8, 1), 10, np.random.default_rng(0))
sgd = Optimizer("momentum", learning_rate=0.05)
_ = net.fit(ready(x).astype("float32"), y, 3, 30, sgd, np.random.default_rng(1))"""
MONITOR = """watched, steps = lenet((8, 8, 1), 10, np.random.default_rng(1)), np.random.default_rng(1)
def epoch(rate):
    fresh = Optimizer("sgd", learning_rate=rate)
    return {"loss": watched.fit(ready(x[:300]).astype("float32"), y[:300], 1, 30, fresh, steps)}
training_monitor(epoch, epochs=900, learning_rate=0.05)"""
CELLS = {
    "training": TRAINING,
    "kernel": "kernel_explorer(photo_name='your drawing')",
    "upload": "kernel_explorer(photo_name='your upload')",
    "pooling": "pooling_explorer(picture='a digit')",
    "field": "receptive_field_explorer()",
    "digit": "draw_digit(net, ready)",
    "cnn": "cnn_explorer(net, digits.x_test, digits.y_test, ready)",
    "confusion": "confusion_explorer(net, digits.x_test, digits.y_test, ready)",
    "occlusion": "occlusion_explorer(net, digits.x_test, digits.y_test, ready)",
    "monitor": MONITOR,
}
WITHOUT_NAME = """() => [...document.querySelectorAll('.jp-OutputArea input, .jp-OutputArea select,'
    + ' .jp-OutputArea canvas, .jp-OutputArea .noUi-handle')].filter(e => e.type !== 'file' && e.offsetParent
    && !(e.labels?.length || e.title || e.ariaLabel
    || e.getAttribute('aria-labelledby') || e.closest('[title]:not([title=""])')
    || e.closest('.widget-inline-hbox')?.querySelector('label')?.innerText)).map(e => e.outerHTML)"""


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
    opened = lab.open(f"{request.param}.ipynb", 1280, 1000)
    opened.run()
    opened.page.wait_for_selector(".drawing-pad canvas[aria-label]")
    yield opened
    opened.page.wait_for_timeout(200)
    for number, name in enumerate(CELLS):
        if opened.page.locator(".jp-CodeCell").nth(number).locator("img.live-stage").count():
            cell_of(opened, name).screenshot(path=SHOTS / f"{name}-{request.param}.png")
    assert opened.tracebacks() == []
    assert opened.errors == []
    opened.close()


def cell_of(notebook: Notebook, name: str) -> Locator:
    return notebook.page.locator(".jp-CodeCell").nth(list(CELLS).index(name))


def stage(cell: Locator) -> Locator:
    return cell.locator("img.live-stage")


def wait_for_other(cell: Locator, before: str) -> None:
    """Wait until the picture is another, which happens after the kernel has answered."""
    changed = "([e, old]) => e.querySelector('img.live-stage').src !== old"
    cell.page.wait_for_function(changed, arg=[cell.element_handle(), before], timeout=30_000)


def source(cell: Locator) -> str:
    return stage(cell).get_attribute("src")


def say(cell: Locator) -> Locator:
    return cell.locator("[role=status]")


@pytest.mark.parametrize(
    ("name", "slider", "key", "said"),
    [
        ("kernel", "output row", "ArrowLeft", "output[39, 40]"),
        ("kernel", "dilation", "ArrowRight", "(2·(3 − 1) + 1)"),
        ("pooling", "move to the right", "ArrowRight", "Moving the picture changed it"),
        ("pooling", "output column", "ArrowRight", "output[0, 1]"),
        ("field", "unit", "ArrowRight", "Unit (4, 4)"),
        ("cnn", "picture", "ArrowRight", "Picture 1"),
        ("cnn", "map", "ArrowRight", "Map 1"),
        ("occlusion", "patch size", "ArrowRight", "Patch of 4 x 4"),
        ("occlusion", "patch column", "ArrowRight", "column 1"),
    ],
)
def test_arrow_keys_change_picture_alt_and_text(opened: Notebook, name: str, slider: str, key: str, said: str):
    cell = cell_of(opened, name)
    before = source(cell)
    cell.locator(".widget-inline-hbox", has_text=slider).locator(".noUi-handle").first.press(key)
    wait_for_other(cell, before)
    assert said in say(cell).inner_text()
    assert said in stage(cell).get_attribute("alt")


@pytest.mark.parametrize(
    ("name", "place", "said"),
    [
        ("pooling", (0.5, 0.5), "output["),
        ("cnn", (0.5, 0.9), "Map 15"),
        ("confusion", (0.15, 0.75), "True class 8, read as"),
        ("occlusion", (0.15, 0.2), "at row"),
    ],
)
def test_a_click_into_the_picture_chooses(opened: Notebook, name: str, place: tuple[float, float], said: str):
    cell = cell_of(opened, name)
    picture = stage(cell)
    picture.scroll_into_view_if_needed()
    before, box = source(cell), picture.bounding_box()
    picture.click(position={"x": place[0] * box["width"], "y": place[1] * box["height"]})
    wait_for_other(cell, before)
    assert said in say(cell).inner_text()


def canvas_of(cell: Locator) -> Locator:
    canvas = cell.locator(".drawing-pad canvas")
    canvas.scroll_into_view_if_needed()
    return canvas


def clear(cell: Locator) -> None:
    cell.get_by_role("button", name="clear").click()
    cell.locator("[role=alert]", has_text="The sheet is empty").wait_for()


def test_a_digit_drawn_with_the_mouse_is_read(opened: Notebook):
    cell = cell_of(opened, "digit")
    clear(cell)
    box, mouse = canvas_of(cell).bounding_box(), opened.page.mouse
    mouse.move(box["x"] + 112, box["y"] + 30)
    mouse.down()
    mouse.move(box["x"] + 112, box["y"] + 195, steps=12)
    mouse.up()
    cell.locator("[role=status]", has_text="The network says: 1").wait_for(timeout=15_000)
    assert cell.locator("[role=alert]").count() == 0


def test_a_stroke_of_a_finger_is_drawn(opened: Notebook):
    cell = cell_of(opened, "digit")
    clear(cell)
    canvas = canvas_of(cell)
    draw = """(e, points) => {
        const box = e.getBoundingClientRect();
        const touch = ([x, y]) => new Touch({identifier: 1, target: e, clientX: box.x + x, clientY: box.y + y});
        points.forEach((at, i) => e.dispatchEvent(new TouchEvent(i ? 'touchmove' : 'touchstart',
            {touches: [touch(at)], targetTouches: [touch(at)], changedTouches: [touch(at)], bubbles: true,
             cancelable: true})));
        e.dispatchEvent(new TouchEvent('touchend', {bubbles: true}));
    }"""
    canvas.evaluate(draw, [[112, 30], [112, 120], [112, 195]])
    cell.locator("[role=status]", has_text="The network says").wait_for(timeout=15_000)
    assert ink(canvas) > 500


def test_a_digit_drawn_with_keys_is_read_and_tab_leaves_the_pad(opened: Notebook):
    cell = cell_of(opened, "digit")
    clear(cell)
    canvas = canvas_of(cell)
    cells = opened.page.locator(".jp-Cell").count()
    for key in (*["ArrowUp"] * 10, "Space", *["ArrowDown"] * 20, "Space"):
        canvas.press(key)
    cell.locator("[role=status]", has_text="The network says: 1").wait_for(timeout=15_000)
    canvas.press("Backspace")
    cell.locator("[role=alert]", has_text="The sheet is empty").wait_for(timeout=15_000)
    canvas.press("b")
    assert opened.page.locator(".jp-Cell").count() == cells
    canvas.press("Tab")
    assert opened.page.evaluate("() => document.activeElement.tagName") != "CANVAS"


def ink(canvas: Locator) -> int:
    """How many pixels of a canvas are white."""
    picture = Image.open(io.BytesIO(canvas.screenshot())).convert("L")
    return sum(picture.histogram()[200:])


def choose_file(cell: Locator, name: str, kind: str, content: bytes) -> None:
    with cell.page.expect_file_chooser() as chooser:
        cell.get_by_role("button", name="choose a picture").click()
    chooser.value.set_files({"name": name, "mimeType": kind, "buffer": content})


def test_a_photograph_is_uploaded_and_a_damaged_file_is_a_sentence(opened: Notebook):
    cell = cell_of(opened, "upload")
    before = source(cell)
    Image.effect_mandelbrot((5400, 4000), (-2, -1, 1, 1), 30).save(packed := io.BytesIO(), "JPEG", quality=60)
    choose_file(cell, "large.jpg", "image/jpeg", packed.getvalue())
    wait_for_other(cell, before)
    cell.locator("[role=status]", has_text="188 x 254 pixels").wait_for()
    choose_file(cell, "bad.png", "image/png", b"no picture")
    cell.locator("[role=alert]", has_text="bad.png cannot be read as a picture").wait_for(timeout=15_000)


def test_training_runs_beside_the_notebook_and_stops_when_told(opened: Notebook):
    cell = cell_of(opened, "monitor")
    cell.get_by_role("button", name="train").click()
    cell.locator("[role=status]", has_text=re.compile(r"Epoch [1-9]\d* of 900")).wait_for(timeout=30_000)
    cell.get_by_role("button", name="stop").click()
    cell.locator("[role=status]", has_text="Stopped").wait_for(timeout=30_000)
    stopped = say(cell).inner_text()
    opened.page.wait_for_timeout(1000)
    assert say(cell).inner_text() == stopped
    assert "Best loss so far" in stopped


def test_every_control_has_a_name(opened: Notebook):
    assert opened.page.evaluate(WITHOUT_NAME) == []
