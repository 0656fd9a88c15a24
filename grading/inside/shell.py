"""IPython as a notebook knows it, without a kernel around it: cells run, magics work, figures show at a cell's end."""

import ast
import base64
import contextlib
import io
import os
import signal
import sys
import traceback

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.inputtransformer2 import TransformerManager
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from grading.inside.screen import Screen, Stream

_CONFIG = Config(HistoryManager={"enabled": False}, InteractiveShell={"colors": "nocolor", "xmode": "Context"})


class CellTimeout(BaseException):
    """A cell has run for longer than it may. Not an `Exception`, so that few programs swallow it."""


class Publisher(DisplayPublisher):
    """`display(...)`: the picture if there is one, else the text; HTML and scripts are left behind."""

    def publish(self, data, metadata=None, *, transient=None, update=False, **_) -> None:
        show(self.shell.screen, data)


class Hook(DisplayHook):
    """The value of a cell's last line."""

    def write_output_prompt(self) -> None:
        """A notebook has none in its output."""

    def write_format_data(self, format_dict, md_dict=None) -> None:
        self.shell.last_text = format_dict.get("text/plain")
        show(self.shell.screen, format_dict, end="\n")


def show(screen: Screen, data: dict, end: str = "") -> None:
    """One mime bundle."""
    picture = data.get("image/png")
    if isinstance(picture, str):
        with contextlib.suppress(ValueError):
            picture = base64.b64decode(picture)
    if isinstance(picture, bytes):
        screen.png(picture)
    elif isinstance(text := data.get("text/plain"), str):
        screen.text(text + end)


class Shell(InteractiveShell):
    """One notebook's interpreter."""

    display_pub_class = Publisher
    displayhook_class = Hook

    def __init__(self, **kwargs) -> None:
        self.screen, self.last_text = Screen(), None
        super().__init__(config=_CONFIG, **kwargs)

    def enable_gui(self, gui=None) -> None:
        """There is no window in a sandbox."""

    def _tee(self, channel):
        """IPython would keep a second copy of all that is printed, however much it is."""
        return contextlib.nullcontext()

    def _showtraceback(self, etype, evalue, stb) -> None:
        self.screen.text("\n".join(stb) if isinstance(stb, list) else str(stb), kind="error")

    def run(self, source: str, seconds: float, figures: bool, plainly: bool = False) -> dict:
        """Run one cell: `{"state": "ok" | "error" | "timeout", "error": headline, "value": text of the last line}`.

        `plainly` means without IPython's own machinery, which a notebook can take apart.
        """
        self.last_text = None
        streams = sys.stdout, sys.stderr, sys.stdin
        sys.stdout = sys.stderr = Stream(self.screen)
        sys.stdin = open(os.devnull)  # noqa: SIM115 - input() finds the end of a file
        signal.signal(signal.SIGALRM, _alarm)
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            error = self._run_plainly(source) if plainly else self._run(source)
            if figures and not isinstance(error, CellTimeout):
                _show_figures(self)
        except BaseException as late:  # an alarm between two lines of ours, or of IPython's
            error = late
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            sys.stdout, sys.stderr, sys.stdin = streams
        _close_figures()
        state = "ok" if error is None else "timeout" if isinstance(error, CellTimeout) else "error"
        return {"state": state, "error": headline(error), "value": self.last_text}

    def _run(self, source: str) -> BaseException | None:
        result = self.run_cell(source, store_history=True, silent=False)
        return result.error_before_exec or result.error_in_exec

    def _run_plainly(self, source: str) -> BaseException | None:
        try:
            tree = ast.parse(TransformerManager().transform_cell(source))
            last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
            exec(compile(tree, "<test>", "exec"), self.user_ns)
            if last is not None:
                value = eval(compile(ast.Expression(last.value), "<test>", "eval"), self.user_ns)
                self.last_text = None if value is None else repr(value)[:200]
        except BaseException as error:
            self.screen.text("".join(traceback.format_exception_only(error)), kind="error")
            return error
        return None


def _alarm(signum, frame) -> None:
    raise CellTimeout


def headline(error: BaseException | None) -> str:
    """An exception in one line."""
    if error is None:
        return ""
    name = type.__dict__["__name__"].__get__(type(error))
    if isinstance(error, SyntaxError):
        return f"{name}: {error.msg} (line {error.lineno})"[:300]
    try:
        return f"{name}: {' '.join(str(error).split())}"[:300].rstrip(": ")
    except BaseException:
        return name


def _show_figures(shell: Shell) -> None:
    """Figures that a cell left open, as a notebook shows them."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    for number in pyplot.get_fignums()[:8] if pyplot else ():
        file = io.BytesIO()
        with contextlib.suppress(Exception):
            pyplot.figure(number).savefig(file, format="png", dpi=72, bbox_inches="tight")
            shell.screen.png(file.getvalue())


def _close_figures() -> None:
    with contextlib.suppress(Exception):
        if pyplot := sys.modules.get("matplotlib.pyplot"):
            pyplot.close("all")
