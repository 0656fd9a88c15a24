"""Look at the chapters as a reader sees them: run them in JupyterLab and photograph their whole length.

    python -m authoring.screenshots [CHAPTER ...]

runs the author's notebooks, in a light and in a dark JupyterLab, and writes sheets of pages to .artifacts/screenshots/;
prints errors, and outputs that are wider than their place.
"""

import argparse
import io
import itertools
import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image

from authoring.build import chapter_names
from authoring.lab import CHROMIUM, THEMES, Lab, Notebook, open_lab
from helpers.checks.library import ROOT

OUT = ROOT / ".artifacts" / "screenshots"
WIDTH, HEIGHT = 1100, 1600  # of a page, in pixels
COLUMNS = 4  # pages on a sheet
PLAIN = """.jp-SideBar, #jp-left-stack, #jp-right-stack, #jp-top-panel, #jp-bottom-panel { display: none !important }"""
WIDE = """() => [...document.querySelectorAll('.jp-OutputArea-output, .jp-RenderedMarkdown')]
    .filter(e => e.scrollWidth > e.clientWidth + 2)
    .map(e => `${e.scrollWidth} pixels in ${e.clientWidth}: ${e.innerText.slice(0, 80).replace(/\\s+/g, ' ')}`)"""
SCROLLER = """() => [...document.querySelectorAll('.jp-NotebookPanel *')]
    .find(e => e.scrollHeight > e.clientHeight + 2 && /auto|scroll/.test(getComputedStyle(e).overflowY)
        && e.querySelector('.jp-Cell'))"""


def pages(notebook: Notebook) -> list[Image.Image]:
    """The notebook from top to bottom, in pages."""
    notebook.page.add_style_tag(content=PLAIN)
    scroller = notebook.page.evaluate_handle(SCROLLER).as_element()
    box = scroller.bounding_box()
    total = scroller.evaluate("e => { e.scrollTop = 0; return e.scrollHeight }")
    shots = []
    for top in range(0, total, int(box["height"])):
        at = scroller.evaluate("(e, top) => { e.scrollTop = top; return e.scrollTop }", top)
        notebook.page.wait_for_timeout(100)
        page = Image.open(io.BytesIO(notebook.page.screenshot(clip=box))).convert("RGB")
        shots.append(page.crop((0, int(top - at), page.width, page.height)))
    return shots


def photograph(lab: Lab, chapter: str, theme: str) -> list[str]:
    """Write the sheets of one chapter; return what looks wrong."""
    lab.set_theme(theme)
    notebook = lab.open(f"{theme}/{chapter}/{chapter}.ipynb", WIDTH, HEIGHT)
    notebook.run()
    shots = pages(notebook)
    for number, start in enumerate(range(0, len(shots), COLUMNS), start=1):
        _sheet(shots[start : start + COLUMNS]).save(OUT / f"{chapter}-{theme}-{number}.png")
    wrong = [f"error: {text[-300:]}" for text in notebook.tracebacks()]
    wrong += [f"console: {text[:300]}" for text in notebook.errors]
    wrong += [f"too wide: {text}" for text in notebook.page.evaluate(WIDE)]
    notebook.close()
    return wrong


def _sheet(shots: list[Image.Image]) -> Image.Image:
    sheet = Image.new("RGB", (sum(s.width for s in shots), max(s.height for s in shots)), "grey")
    left = 0
    for shot in shots:
        sheet.paste(shot, (left, 0))
        left += shot.width
    return sheet


def main() -> int:
    """Command line; the exit code: 1 where something looks wrong."""
    parser = argparse.ArgumentParser(prog="python -m authoring.screenshots", description=__doc__.splitlines()[0])
    parser.add_argument("chapters", nargs="*", metavar="CHAPTER", help="such as 02_neuron; all of them if none")
    chapters = parser.parse_args().chapters or chapter_names()
    if not CHROMIUM:
        print("There is no Chromium on this machine (on Debian: apt-get install chromium).", file=sys.stderr)
        return 2
    OUT.mkdir(parents=True, exist_ok=True)
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        root, state = Path(folder, "chapters"), Path(folder, "state")
        state.mkdir()
        for theme, chapter in itertools.product(THEMES, chapters):
            shutil.copytree(ROOT / "solutions" / chapter, root / theme / chapter)
        with open_lab(root, state) as lab:
            for chapter, theme in itertools.product(chapters, THEMES):
                wrong = photograph(lab, chapter, theme)
                failed |= bool(wrong)
                print(f"{chapter} {theme}: {len(wrong)} to look at", *wrong, sep="\n  ", flush=True)
    print(f"Pictures: {OUT}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
