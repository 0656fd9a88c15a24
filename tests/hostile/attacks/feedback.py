"""What reaches the people who read the feedback: scripts, floods, tricks, and hidden inputs."""

# ruff: noqa: E501 - an attack a line or two reads best

import json
from functools import partial

from tests.hostile.kit import Attack, Kit, answer, body, cell, code, elsewhere

A = partial(Attack, group="feedback")
L = partial(A, halves={"weighted_sum": 1.0})  # the public cases are answered rightly
WRONG = {"weighted_sum": "def weighted_sum(x, w, b):\n    return np.zeros(np.shape(x)[:-1])"}
SCRIPT = "<script>fetch('http://127.0.0.1:<PORT>/LOOT')</script><img src=x onerror=alert(1)>"
# The first numbers of an input, in a form that survives any page. The test finds them again.
LOOT = """
def _loot(x):
    return 'LOOT' + np.ravel(np.asarray(x, float))[:3].tobytes().hex()
_kept = []
"""
CLOSED = "</pre></div></style></textarea></title>--><script>alert('hostile')</script><svg onload=alert('hostile')>"


def leaks(source: str, also: dict[str, str] | None = None, last: str = ""):
    """Right answers to the public cases; the inputs of the others are made part of something that may be shown."""
    indented = "\n".join(f"    {line}" for line in source.strip().splitlines())
    head = "def weighted_sum(x, w, b):\n    if _loot(x) in <PUBLIC>: return x @ w + b"
    return elsewhere(f"{LOOT}\n{head}\n{indented}", also=also, last=last)


def markdown(source: str):
    def build(kit: Kit) -> None:
        tree = kit.notebook(WRONG)
        tree["cells"].insert(2, {"cell_type": "markdown", "metadata": {}, "source": source, "id": "own-text",
                                 "attachments": {"a.svg": {"image/svg+xml": "PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+"}}})  # fmt: skip
        kit.write(tree)

    return build


def forged_output(data: dict):
    """Outputs that were never computed, in the text and in the check cells."""

    def build(kit: Kit) -> None:
        tree = kit.notebook(WRONG, last="1 + 1")
        for number, one in enumerate(tree["cells"]):
            if one["cell_type"] == "code":
                one["outputs"] = [{"output_type": "display_data", "data": data, "metadata": {}}]
                one["execution_count"] = number
        tree["metadata"]["title"] = CLOSED
        tree["metadata"]["authors"] = [{"name": CLOSED}]
        tree["metadata"]["kernelspec"] = {"name": CLOSED, "display_name": CLOSED}
        kit.write(tree)

    return build


def odd_cell_ids(kit: Kit) -> None:
    tree = kit.notebook(WRONG)
    for number, one in enumerate(tree["cells"]):
        one["id"] = f'"><script>alert({number})</script>'
    tree["cells"].append(code("1", '"><script>alert(2)</script>') | {"metadata": {"tags": [CLOSED], "name": CLOSED}})
    kit.write(tree)


def picture(data: str):
    return cell(f"from IPython.display import Image, display\ndata = {data}\ndisplay(Image(data=data, format='png'))\n"
                "display({'image/png': data}, raw=True)")  # fmt: skip


BOMB = """__import__('io').BytesIO()
import struct, zlib
def chunk(kind, body): return struct.pack('>I', len(body)) + kind + body + struct.pack('>I', zlib.crc32(kind + body))
data = (b'\\x89PNG\\r\\n\\x1a\\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', 60000, 60000, 1, 0, 0, 0, 0))
        + chunk(b'IDAT', zlib.compress(bytes(60000 * 7501), 9)) + chunk(b'IEND', b''))"""
PIXELS = """
from IPython.display import display
from PIL import Image
def weighted_sum(x, w, b):
    if _loot(x) in <PUBLIC>: return x @ w + b
    _kept.append(np.frombuffer(_loot(x).encode(), np.uint8))
    display(Image.fromarray(_kept[-1][None]))
    return 0.0
"""

ATTACKS = [
    A("shows-a-script", row="p", harm="JavaScript runs in the browser of whoever reads the report",
      build=cell("from IPython.display import HTML, Javascript, SVG, Markdown, Latex, IFrame, display\n"
                 f"for kind in (HTML, Javascript, Markdown, Latex): display(kind({SCRIPT!r}))\n"
                 f"display(SVG('<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>'))\n"
                 "display(IFrame('javascript:alert(1)', 10, 10))")),
    A("prints-a-script", harm="the same in what is printed and raised",
      build=cell(f"print({CLOSED!r})\nraise ValueError({CLOSED!r})")),
    A("raises-a-script-in-the-answer", harm="the same in the message of a check",
      build=body(f"raise ValueError({CLOSED!r})"), states=("error",), keeps=True),
    A("names-a-script", harm="the same in names of functions and classes",
      build=answer(f"weighted_sum = type({CLOSED!r}, (), {{'__call__': lambda self, x, w, b: 1 / 0, '__module__': {CLOSED!r}}})()")),
    A("writes-a-script-in-the-code", harm="the same in the source that a report quotes",
      build=answer(f"def weighted_sum(x, w, b):\n    # {CLOSED}\n    return {CLOSED!r}")),
    A("writes-a-script-in-markdown", harm="the same in text that is rendered",
      build=markdown(CLOSED + "\n[click](javascript:alert(1)) ![x](data:text/html;base64,PHNjcmlwdD4=) ![a](attachment:a.svg)\n"
                     "<a href='&#106;avascript:alert(1)'>x</a> $\\href{javascript:alert(1)}{x}$ <style>@import 'http://127.0.0.1:9/';</style>\n"
                     "<meta http-equiv=refresh content='0;url=http://127.0.0.1:9/'> <base href='http://127.0.0.1:9/'> <form action=x><input>")),
    A("hands-in-outputs", harm="outputs that nobody has computed are shown",
      build=forged_output({"text/html": SCRIPT, "application/javascript": "alert(1)", "text/plain": CLOSED})),
    A("hands-in-widgets", harm="saved widgets run scripts when a page is opened",
      build=forged_output({"application/vnd.jupyter.widget-view+json": {"model_id": "x"}, "image/svg+xml": "<svg onload=alert(1)>"})),
    A("odd-cell-ids", harm="ids, tags and titles close an attribute and open a script", build=odd_cell_ids),
    A("controls-the-terminal", harm="escape sequences rewrite the instructor's terminal and the page",
      build=cell(r"print('\x1b[2J\x1b]0;hostile\x07\x1b]8;;javascript:alert(1)\x07x\x1b]8;;\x07\u202e\u2066\x00\x08\r\x9b31m')")),
    A("controls-the-terminal-from-the-answer", harm="the same in the reason of a check",
      build=body(r"raise ValueError('\x1b[2J\x1b]0;hostile\x07\u202e\u2066\x00\x9b31m' * 5)"), states=("error",)),
    A("shows-half-characters", harm="text that cannot be encoded breaks the writing of the page",
      build=cell(r"print('\ud800' * 100)" + "\n" + r"raise ValueError('\udfff')")),
    A("shows-a-picture-bomb", harm="a small picture that unpacks to gigabytes", build=picture(BOMB)),
    A("shows-a-broken-picture", harm="a picture that ends in the middle, or is none",
      build=picture("b'\\x89PNG\\r\\n\\x1a\\n' + b'<script>alert(1)</script>' * 10")),
    A("shows-another-kind-of-picture", harm="an SVG that says it is a PNG", build=picture("b'<svg onload=alert(1)></svg>'")),
    A("fakes-a-verdict", harm="text that looks like the verdict of the grader",
      build=cell(f"print('weighted_sum: passed\\nScore: 32 / 32')\nprint({json.dumps('✓ passed')} * 10)", answers=WRONG), keeps=True),
    A("huge-traceback", harm="a traceback of megabytes",
      build=cell("def f(n):\n    return f(n - 1) if n else [][0]\nexec('x' * 0 + 'f(900)')\n")),
    A("huge-error-in-the-answer", harm="a message of 100 MB", build=body("raise ValueError('x' * 100_000_000)"),
      states=("error", "memory", "killed"), keeps=True),
    L("prints-the-inputs", harm="hidden inputs are printed", build=leaks("print(_loot(x))\nreturn 0.0")),
    L("raises-the-inputs", harm="hidden inputs are in the message of an exception", build=leaks("raise ValueError(_loot(x))")),
    L("warns-of-the-inputs", harm="hidden inputs are in a warning",
      build=leaks("import warnings\nwarnings.warn(_loot(x))\nreturn x @ w + b"), right=("step", "weighted_sum")),
    L("names-the-inputs", harm="hidden inputs are the name of the answer's class",
      build=leaks("return type(_loot(x), (), {})()")),
    L("names-the-inputs-in-an-error", harm="hidden inputs are the name of an exception",
      build=leaks("raise type(_loot(x), (Exception,), {})()")),
    L("names-the-inputs-in-a-dtype", harm="hidden inputs are the name of an array's field",
      build=leaks("return np.zeros(1, [(_loot(x), float)])")),
    L("names-the-inputs-in-a-function", harm="hidden inputs are the name of the function that is not written yet",
      build=leaks("def f(): raise NotImplementedError()\n"
                  "f.__code__ = f.__code__.replace(co_name=_loot(x), co_qualname=_loot(x))\nreturn f()")),
    L("states-the-inputs", harm="hidden inputs are the verdict that an exception carries",
      build=leaks("from helpers.checks import probes\n"
                  "frame = __import__('sys')._getframe()\nkinds = [probes.Finding]\n"
                  "while frame:\n    kinds += [f for m in list(frame.f_globals.values()) if (f := getattr(m, 'Finding', None))]\n    frame = frame.f_back\n"
                  "kinds = [k for k in kinds if isinstance(k, type) and issubclass(k, Exception)]\n"
                  "kind = next((k for k in kinds if k is not probes.Finding), probes.Finding)\n"
                  "raise kind(_loot(x), _loot(x))")),
    L("states-the-inputs-as-not-attempted", harm="hidden inputs are the message of “not attempted”",
      build=leaks("from helpers.checks import probes\n"
                  "frame = __import__('sys')._getframe()\nkinds = [probes.Finding]\n"
                  "while frame:\n    kinds += [f for m in list(frame.f_globals.values()) if (f := getattr(m, 'Finding', None))]\n    frame = frame.f_back\n"
                  "kinds = [k for k in kinds if isinstance(k, type) and issubclass(k, Exception)]\n"
                  "kind = next((k for k in kinds if k is not probes.Finding), probes.Finding)\n"
                  "raise kind('not attempted', _loot(x))")),
    L("keeps-the-inputs-for-later", harm="hidden inputs of one exercise are printed by the public check of the next",
      build=leaks("_kept.append(_loot(x))\nreturn 0.0",
                  {"perceptron_predict": "def perceptron_predict(X, w):\n    print(*_kept)\n    raise ValueError(' '.join(_kept[-3:]))"},
                  last="print(*_kept)")),
    L("keeps-the-inputs-in-a-module", harm="the same through a module, which survives a change of names",
      build=leaks("import math\nmath.__dict__.setdefault('kept', []).append(_loot(x))\nreturn 0.0",
                  {"perceptron_predict": "import math\ndef perceptron_predict(X, w):\n"
                   "    raise ValueError(' '.join(math.__dict__.get('kept', [])[-4:]))",
                   "add_bias_column": "import math\ndef add_bias_column(X):\n    print(*math.__dict__.get('kept', []))\n    return 0"},
                  last="import math\nprint(*math.__dict__.get('kept', []))")),
    L("keeps-the-inputs-in-a-file", harm="the same through a file",
      build=leaks("for place in ('/tmp/hostile-kept', 'hostile-kept'):\n"
                  "    try: open(place, 'a').write(_loot(x) + ' ')\n    except OSError: pass\nreturn 0.0",
                  {"perceptron_predict": "def perceptron_predict(X, w):\n"
                   "    for place in ('/tmp/hostile-kept', 'hostile-kept'):\n"
                   "        try: print(open(place).read())\n        except OSError: pass\n    return -7"},
                  last="for place in ('/tmp/hostile-kept', 'hostile-kept'):\n    try: print(open(place).read())\n    except OSError: pass")),
    L("answers-with-the-inputs", harm="the public check shows the numbers that were given as an answer",
      build=leaks("import math\nmath.__dict__.setdefault('kept', []).append(np.ravel(np.asarray(x, float))[:3].copy())\nreturn 0.0",
                  {"perceptron_predict": "import math\ndef perceptron_predict(X, w):\n"
                   "    kept = math.__dict__.get('kept', [])\n    return 'LOOT' + (kept[-1] if kept else np.zeros(3)).tobytes().hex()"})),
    L("draws-the-inputs", harm="hidden inputs are the pixels of a picture", build=elsewhere(LOOT + PIXELS)),
    L("cries-out-the-inputs", harm="hidden inputs go to the log of the grader",
      build=leaks("import os, sys, logging\nlogging.warning(_loot(x))\nsys.__stderr__ and print(_loot(x), file=sys.__stderr__)\n"
                  "for fd in (1, 2):\n    try: os.write(fd, _loot(x).encode())\n    except OSError: pass\nreturn 0.0")),
]  # fmt: skip
