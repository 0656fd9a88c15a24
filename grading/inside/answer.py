"""A student's process: it runs the notebook's cells and answers questions about what they defined.

The judge, outside, says what to do next, one request at a time: "cell" runs a cell; "mark" keeps the names as they are
at that point of the notebook; "look" and "ask" go back to a mark and say what can be seen of an answer, or what came of
one case; "test" runs a cell of asserts. What comes back is data; nothing here knows what is right.
"""

import contextlib
import io
import socket
import sys
from dataclasses import replace
from pathlib import Path

import numpy.testing  # noqa: F401 - before helpers.checks.pristine, which then keeps it too

from grading import wire
from grading.inside import isolate
from grading.inside.shell import Shell
from helpers.checks import pristine, probes
from helpers.checks.ask import ask, look
from helpers.checks.library import Case, Exercise, Output, unknown

_shell: Shell | None = None


def prepare() -> None:
    """Everything that can be done before anybody's code is there."""
    global _shell
    _load_probes()
    _shell = Shell.instance()
    _draw_once()
    _give_students_their_own_copy()


def _load_probes() -> None:
    with contextlib.suppress(KeyError):
        probes.get("")  # there is none of that name, and after looking for it all are loaded


def _draw_once() -> None:
    """The first figure of a process costs a tenth of a second: fonts, formatters, caches."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    figure = pyplot.figure()
    figure.add_subplot().set_title("$x$")
    figure.savefig(io.BytesIO(), format="png", bbox_inches="tight")
    pyplot.close(figure)


def _give_students_their_own_copy() -> None:
    """Students import `helpers` afresh: overwriting something in their copy does not reach the one that asks."""
    mine = {name: module for name, module in sys.modules.items() if name.split(".")[0] == "helpers"}
    for name in mine:
        del sys.modules[name]
    for name in mine:
        __import__(name)


def serve(channel: socket.socket) -> None:
    """Answer requests until the judge hangs up."""
    marks: dict[str, dict] = {}
    requests = {
        "files": _files,
        "cell": _cell,
        "test": _test,
        "mark": _mark,
        "look": _look,
        "ask": _ask,
        "modules": _modules,
    }
    while True:
        try:
            request = wire.receive(channel)
        except wire.Closed:
            return
        number = request.pop("number")
        reply = requests[request.pop("do")](marks, **request)
        wire.send(channel, {"number": number, "reply": reply})


def _files(marks, files: dict, total_output: int) -> dict:
    """Put the student's own files beside the notebook; modules among them are found last."""
    _shell.screen.clear(0, total_output)
    for name, data in files.items():
        path = Path(isolate.WORK, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.tobytes())
    sys.path.append(isolate.WORK)
    return {}


def _cell(marks, source: str, seconds: float, output: int, figures: bool) -> dict:
    _shell.screen.clear(output)
    outcome = _shell.run(source, seconds, figures)
    return outcome | {"outputs": _shell.screen.taken()}


def _mark(marks, key: str) -> dict:
    marks[key] = dict(_shell.user_ns)
    return {}


def _answer_at(marks: dict, key: str, names: list[str]):
    """The student's objects as they were at a mark, and the notebook's names around them."""
    if marks.get("now") != key:
        _shell.user_ns.clear()
        _shell.user_ns.update(marks[key])
        marks["now"] = key
    found = tuple(_shell.user_ns.get(name) for name in names)
    return found if len(found) > 1 else found[0]


def _look(marks, key: str, names: list[str], rules: list[dict]) -> dict:
    seen = look(_exercise(names, [], 0.0, rules), _answer_at(marks, key, names))
    return {"kinds": list(seen.kinds), "broken": seen.broken, "replaced": list(seen.replaced)}


def _ask(marks, key: str, names: list[str], outputs: list[str], seconds: float, case: dict) -> dict:
    student = _answer_at(marks, key, names)
    return wire.answer_tree(ask(_exercise(names, outputs, seconds), Case(name="", **case), student))


def _exercise(names, outputs, seconds: float, rules=()) -> Exercise:
    """As much of an exercise as asking needs."""
    parts = {"names": tuple(names), "outputs": {name: Output() for name in outputs}}
    return replace(unknown(""), seconds=seconds, rules=tuple(rules), **parts)


def _modules(marks) -> list[str]:
    """What has been imported, in order."""
    return [name for name in sys.modules if name.isascii() and len(name) < 200]


def _test(marks, source: str, seconds: float, output: int) -> dict:
    """Run a cell of asserts, with NumPy and Python as they were."""
    pristine.put_back()
    _shell.screen.clear(output)
    outcome = _shell.run(source, seconds, figures=False, plainly=True)
    return outcome | {"outputs": _shell.screen.taken()}
