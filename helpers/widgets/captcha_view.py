"""The captcha explorer: make pages harder until your own functions, or your own eyes, give up."""

from collections.abc import Callable

import ipywidgets as widgets
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from helpers import plots
from helpers.captcha import HEIGHT, WIDTH
from helpers.widgets.captcha import MOST, compute, describe
from helpers.widgets.live import Explorer, LivePicture, number
from helpers.widgets.parts import called, put, unit_image

PAGES, LENGTHS = range(1000), range(1, 7)


class CaptchaExplorer(Explorer):
    """One page, the boxes that were found on it, and what it was read as."""

    name = "captcha_explorer"
    rows = (("level", "length"), ("page", "another page"))

    def __init__(self, find_digits: Callable | None, read: Callable | None, **start) -> None:
        self.find_digits, self.read = find_digits, read
        controls = {
            "level": widgets.FloatSlider(
                start["level"],
                min=0,
                max=1,
                step=0.05,
                description="difficulty (0.5: medium)",
                layout={"width": "24em"},
            ),
            "length": widgets.IntSlider(start["length"], min=LENGTHS[0], max=LENGTHS[-1], description="digits"),
            "page": widgets.IntSlider(start["page"], min=PAGES[0], max=PAGES[-1], description="page"),
        }
        fig = self._draw()
        super().__init__(controls, LivePicture(fig, [self.shown, *self.frames]), {"another page": self.another})

    def _draw(self) -> Figure:
        fig, axes = plots.figure(width=7.2, height=2.2)
        self.shown = unit_image(axes[0, 0], "")
        axes[0, 0].set(ylim=(HEIGHT / WIDTH, 0))
        style = {"fill": False, "edgecolor": plots.COLOURS["vermilion"], "lw": 2}
        self.frames = [axes[0, 0].add_patch(Rectangle((0, 0), 1, 1, **style)) for _ in range(MOST)]
        return fig

    def another(self) -> None:
        """Turn to the next page."""
        self.controls["page"].value = (self.controls["page"].value + 1) % len(PAGES)

    def update(self) -> tuple[list[str], str]:
        level, page, length = (self.controls[name].value for name in ("level", "page", "length"))
        seen = compute(level, page, length, self.find_digits, self.read)
        put(self.shown, seen.captcha.image / 255)
        boxes = np.zeros((0, 4)) if seen.boxes is None else seen.boxes
        for index, frame in enumerate(self.frames):
            frame.set_visible(index < len(boxes))
            if index < len(boxes):
                top, left, bottom, right = boxes[index] / WIDTH
                frame.set(xy=(left, top), width=right - left, height=bottom - top)
        return describe(seen, level), seen.problem

    def settings(self) -> dict[str, str]:
        own = {"find_digits": self.find_digits, "read": self.read}
        return {name: called(f, name) for name, f in own.items() if f is not None} | super().settings()


def captcha_explorer(
    find_digits: Callable | None = None,
    read: Callable | None = None,
    *,
    level: float = 0.5,
    page: int = 0,
    length: int = 4,
) -> CaptchaExplorer:
    """Turn the pages of the course's captchas, at any difficulty from 0 to 1.

    `find_digits(image)` is your own function for the boxes, which are drawn; `read(image)` your own solver, whose text
    is compared with the truth. The explorer shows itself; what it returns has a `state`, one line of code.
    """
    start = {
        "level": number("level", level, 0.0, 1.0),
        "page": number("page", page, PAGES[0], PAGES[-1]),
        "length": number("length", length, LENGTHS[0], LENGTHS[-1]),
    }
    explorer = CaptchaExplorer(find_digits, read, **start)
    explorer.show()
    return explorer
