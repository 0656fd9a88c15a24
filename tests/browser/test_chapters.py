"""Every chapter in a real JupyterLab and Chromium: run from top to bottom, and every slider of every explorer moved."""

import shutil
from collections.abc import Iterator

import pytest

from helpers.checks.library import ROOT, chapters

pytest.importorskip("playwright", reason="playwright is not installed (it is in the extra 'dev')")

from playwright.sync_api import Locator

from authoring.lab import CHROMIUM, Lab, Notebook, open_lab

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium (on Debian: apt-get install chromium)"),
]

SHOTS = ROOT / ".artifacts" / "screenshots"
WAIT = 60_000  # milliseconds; a busy machine is slow
CODE = "e => e.querySelector('details code').textContent"
_WAIT = """new Promise(done => { const until = performance.now() + 20000;
    const look = () => %s ? done(true) : performance.now() > until ? done(false) : setTimeout(look, 20); look() })"""
ANOTHER_CODE = "(e, old) => " + _WAIT % "e.querySelector('details code').textContent !== old"
ANOTHER_PICTURE = "(e, old) => " + _WAIT % "e.querySelector('.live-stage').src !== old"
LATER = {"rate"}  # is seen in the next step only
BY_ITSELF = "training_monitor"  # its picture follows the training; test_networks.py drives it


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder, state = tmp_path_factory.mktemp("notebooks"), tmp_path_factory.mktemp("state")
    SHOTS.mkdir(parents=True, exist_ok=True)
    with open_lab(folder, state) as lab:
        yield lab


@pytest.mark.parametrize("chapter", chapters())
def test_it_runs_and_every_slider_changes_its_picture(lab, chapter):
    shutil.copy(ROOT / "solutions" / chapter / f"{chapter}.ipynb", lab.folder)
    opened = lab.open(f"{chapter}.ipynb")
    opened.page.set_default_timeout(WAIT)
    opened.run()
    moved = [slider for explorer in explorers(opened) for slider in move_sliders(explorer)]
    assert opened.tracebacks() == []
    assert opened.errors == []
    assert moved or not explorers(opened)
    opened.close()


def explorers(opened: Notebook) -> list[Locator]:
    """Those of the notebook, each with its first picture."""
    opened.page.wait_for_function("() => [...document.querySelectorAll('.live-stage')].every(e => e.src)", timeout=WAIT)
    found = opened.page.locator(".explorer").all()
    return [explorer for explorer in found if not explorer.evaluate(CODE).startswith(BY_ITSELF)]


def move_sliders(explorer: Locator) -> list[str]:
    """Move every slider that can be seen by one key, and back; their names."""
    names = []
    for handle in explorer.locator(".noUi-handle").all():
        low, now, high = (handle.get_attribute(f"aria-value{which}") for which in ("min", "now", "max"))
        if not handle.is_visible() or low == high:
            continue
        names.append(name_of(handle))
        there, back = ("ArrowLeft", "ArrowRight") if now == high else ("ArrowRight", "ArrowLeft")
        picture = explorer.locator(".live-stage").get_attribute("src")
        press(explorer, handle, there)
        if names[-1] not in LATER and not explorer.locator("[role=alert]").count():
            changed = explorer.evaluate(ANOTHER_PICTURE, picture)
            assert changed, f"{names[-1]}: {explorer.evaluate(CODE)}"
        press(explorer, handle, back)
    return names


def name_of(slider: Locator) -> str:
    return slider.locator("xpath=ancestor::*[contains(@class, 'widget-inline-hbox')]").locator("label").inner_text()


def press(explorer: Locator, slider: Locator, key: str) -> None:
    """Press a key and wait for the kernel's answer, the code of what is now shown; a busy page may miss a key."""
    before = explorer.evaluate(CODE)
    for _ in range(3):
        slider.press(key)
        if explorer.evaluate(ANOTHER_CODE, before):
            return
    pytest.fail(f"{name_of(slider)}: no answer to {key}; still {before}")
