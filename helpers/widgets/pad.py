"""A pad to draw on, with mouse, finger or keyboard. The strokes are kept here; the canvas only shows them."""

import asyncio
from collections.abc import Callable

import ipywidgets as widgets
from ipycanvas import MultiCanvas, hold_canvas

from helpers import plots
from helpers.widgets.ink import PAPER, PEN, Drawing

SCALE = 2  # pixels of the screen per unit of the paper
STEP = 4  # units that an arrow key moves the pen
PAUSE = 0.03  # seconds in which further strokes are waited for before the drawing is looked at
KEYS = "Mouse or finger; or with the keyboard: arrow keys move, Space lowers and lifts the pen, Backspace takes back."
_MOVES = {"ArrowLeft": (-1, 0), "ArrowRight": (1, 0), "ArrowUp": (0, -1), "ArrowDown": (0, 1)}

# A canvas has no name for those who cannot see it, and ipycanvas keeps every key to itself, Tab included.
_NAME = (
    "const c = this.closest('.drawing-pad').querySelector('canvas'); c.setAttribute('role', 'application');"
    " c.setAttribute('aria-label', this.alt); c.style.touchAction = 'none';"
    " c.addEventListener('keydown', e => { if (e.key === 'Tab') e.stopImmediatePropagation() }, true)"
)
_NAMER = '<img alt="{alt}" style="display:none" src="data:image/gif;base64,{dot}" onload="{script}">'
_DOT = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"


class DrawingPad:
    """A sheet with buttons. `on_change()` is called a moment after the drawing has changed, not for every point."""

    def __init__(self, drawing: Drawing, on_change: Callable[[], None]) -> None:
        self.drawing, self.on_change = drawing, on_change
        self.pen_down, self.cursor, self._waiting = False, (PAPER // 2, PAPER // 2), False
        side = SCALE * PAPER
        fixed = {"width": f"{side}px", "height": f"{side}px", "flex": "none", "border": f"1px solid {plots.FRAME}"}
        self.canvas = MultiCanvas(2, width=side, height=side, layout=fixed)
        self._listen()
        buttons = [widgets.Button(description=words, layout={"width": "auto"}) for words in ("take back", "clear")]
        for button, action in zip(buttons, (self.undo, self.clear)):
            button.on_click(lambda _, action=action: action())
        namer = widgets.HTML(_NAMER.format(alt=f"Drawing pad. {KEYS}", dot=_DOT, script=_NAME))
        hint = widgets.HTML(f"<small style='display:block;max-width:{side}px;line-height:1.3'>{KEYS}</small>")
        self.widget = widgets.VBox([self.canvas, widgets.HBox(buttons), hint, namer], layout={"flex": "none"})
        self.widget.add_class("drawing-pad")
        self.redraw()

    def _listen(self) -> None:
        canvas = self.canvas
        canvas.on_mouse_down(lambda x, y: self.down(x / SCALE, y / SCALE))
        canvas.on_mouse_move(lambda x, y: self.move(x / SCALE, y / SCALE))
        canvas.on_mouse_up(lambda x, y: self.up())
        canvas.on_mouse_out(lambda x, y: self.up())
        canvas.on_touch_start(lambda touches: self.down(touches[0][0] / SCALE, touches[0][1] / SCALE))
        canvas.on_touch_move(lambda touches: self.move(touches[0][0] / SCALE, touches[0][1] / SCALE))
        canvas.on_touch_end(lambda touches: self.up())
        canvas.on_touch_cancel(lambda touches: self.up())
        canvas.on_key_down(lambda key, shift, control, meta: self.key(key, 1 if shift else STEP))
        canvas.on_client_ready(self.redraw)

    def down(self, x: float, y: float) -> None:
        """The pen touches the paper."""
        self.pen_down = True
        self.cursor = self.drawing.begin(x, y)
        self._show_line(self.cursor, self.cursor)

    def move(self, x: float, y: float) -> None:
        """The pen moves, on the paper or above it; only on it something is drawn."""
        if self.pen_down:
            before = self.cursor
            self.cursor = self.drawing.extend(x, y)
            self._show_line(before, self.cursor)

    def up(self) -> None:
        """The pen leaves the paper."""
        self.pen_down = False

    def undo(self) -> None:
        """Take the last stroke back."""
        self.drawing.undo()
        self._start_anew()

    def clear(self) -> None:
        """Take a new sheet."""
        self.drawing.clear()
        self._start_anew()

    def _start_anew(self) -> None:
        self.pen_down = False
        self.redraw()
        self._tell_soon()

    def key(self, key: str, step: int = STEP) -> None:
        """What a key does."""
        if key in _MOVES:
            x, y = (c + step * d for c, d in zip(self.cursor, _MOVES[key]))
            if self.pen_down:
                self.move(x, y)
            else:
                self.cursor = tuple(min(max(v, 0), PAPER - 1) for v in (x, y))
        elif key in (" ", "Enter"):
            if self.pen_down:
                self.up()
            else:
                self.down(*self.cursor)
        elif key == "Backspace":
            self.undo()
        elif key == "Delete":
            self.clear()
        self._show_cursor()

    def redraw(self) -> None:
        """Show the whole drawing anew."""
        with hold_canvas():
            sheet = self.canvas[0]
            sheet.fill_style = "black"
            sheet.fill_rect(0, 0, self.canvas.width, self.canvas.height)
            self.canvas[1].clear()
            for stroke in self.drawing.strokes:
                for start, end in zip(stroke, stroke[1:] or stroke):
                    self._ink(start, end)

    def _ink(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        sheet = self.canvas[0]
        sheet.stroke_style, sheet.line_width, sheet.line_cap = "white", SCALE * PEN, "round"
        (x0, y0), (x1, y1) = start, end
        sheet.stroke_line(SCALE * x0, SCALE * y0, SCALE * x1 + 0.01, SCALE * y1)  # a line of no length is no dot

    def _show_line(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        with hold_canvas():
            self._ink(start, end)
        self._tell_soon()

    def _show_cursor(self) -> None:
        """A ring where the keyboard's pen is, filled while it is down."""
        with hold_canvas():
            layer = self.canvas[1]
            layer.clear()
            layer.stroke_style = layer.fill_style = plots.COLOURS["vermilion"]
            layer.line_width = 3
            spot = [SCALE * v for v in self.cursor]
            layer.stroke_circle(*spot, SCALE * PEN / 2)
            if self.pen_down:
                layer.fill_circle(*spot, SCALE * PEN / 4)

    def _tell_soon(self) -> None:
        """Many points arrive faster than a network answers: they are answered together. Outside a kernel, at once."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.on_change()
            return
        if not self._waiting:
            self._waiting = True
            loop.call_later(PAUSE, self._tell)

    def _tell(self) -> None:
        self._waiting = False
        self.on_change()
