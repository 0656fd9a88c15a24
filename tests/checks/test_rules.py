"""Source rules: what they notice however it is dressed up, and what they leave alone."""

import functools
import linecache

import numpy as np
import pytest

from helpers.checks.rules import broken_rule

FORBIDDEN = [{"rule": "no_calls", "names": ["scipy", "np.convolve", "helpers.kernels", "tf"]}]
LOOPLESS = [{"rule": "no_loops"}]


def cell(source: str, name: str = "f", prelude: str = "import numpy as np") -> object:
    """What a notebook cell with this source defines as `name`; the imports stand in another cell."""
    scope = {"__name__": "__main__"}
    for number, text in enumerate((prelude, source)):
        filename = f"<cell {number} {hash(source)}>"
        linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
        exec(compile(text, filename, "exec"), scope)
    return scope[name]


NOTICED = {
    "plain": ("def f(x):\n    return np.convolve(x, x)", ""),
    "numpy by another name": ("def f(x):\n    return n.convolve(x, x)", "import numpy as n"),
    "member imported": ("def f(x):\n    return c(x, x)", "from numpy import convolve as c"),
    "imported inside": ("def f(x):\n    from scipy import signal as s\n    return s.correlate2d(x, x)", ""),
    "dotted import inside": ("def f(x):\n    import scipy.signal\n    return x", ""),
    "dotted import by another name": ("def f(x):\n    import scipy.signal as s\n    return s.convolve(x, x)", ""),
    "module imported outside": ("def f(x):\n    return s.correlate2d(x, x)", "from scipy import signal as s"),
    "star import": ("def f(x):\n    return correlate2d(x, x)", "from scipy.signal import *"),
    "kernels of the course": ("def f(x):\n    return relu(x)", "from helpers.kernels import relu"),
    "kernels as a module": ("def f(x):\n    return k.relu(x)", "from helpers import kernels as k"),
    "through the package": ("def f(x):\n    return helpers.kernels.relu(x)", "import helpers.kernels"),
    "a lambda": ("f = lambda x: np.convolve(x, x)", ""),
    "the second lambda of a line": ("g, f = (lambda x: x), (lambda x: np.convolve(x, x))", ""),
    "an alias of the module": ("def f(x):\n    m = np\n    return m.convolve(x, x)", ""),
    "an alias of the function": ("def f(x):\n    c = np.convolve\n    return c(x, x)", ""),
    "the function itself": ("f = np.convolve", ""),
    "a partial": ("f = functools.partial(np.convolve, mode='full')", "import functools, numpy as np"),
    "a default value": ("def f(x, c=np.convolve):\n    return c(x, x)", ""),
    "a closure": ("def make(c):\n    def f(x):\n        return c(x, x)\n    return f\nf = make(np.convolve)", ""),
    "a helper in the same cell": ("def g(x):\n    return np.convolve(x, x)\ndef f(x):\n    return g(x)", ""),
    "a decorated function": (
        "def deco(g):\n    @functools.wraps(g)\n    def inner(*a):\n        return g(*a)\n    return inner\n"
        "@deco\ndef f(x):\n    return np.convolve(x, x)",
        "import functools, numpy as np",
    ),
    "cached": ("@functools.lru_cache\ndef f(x):\n    return np.convolve(x, x)", "import functools, numpy as np"),
    "a method": ("class f:\n    def forward(self, x):\n        return np.convolve(x, x)", ""),
    "a base class in the cell": (
        "class Base:\n    def forward(self, x):\n        return np.convolve(x, x)\nclass f(Base):\n    pass",
        "",
    ),
    "a base class of the course": (
        "class f(Case):\n    pass",
        "import types\nCase = type('Case', (), {'__module__': 'helpers.kernels.layers'})",
    ),
    "a property": ("class f:\n    @property\n    def W(self):\n        return np.convolve([1], [2])", ""),
    "a callable object": ("class C:\n    def __call__(self, x):\n        return np.convolve(x, x)\nf = C()", ""),
    "getattr": ("def f(x):\n    return getattr(np, 'convolve')(x, x)", ""),
    "getattr of a computed name": ("def f(x):\n    return getattr(np, 'con' + 'volve')(x, x)", ""),
    "eval": ("def f(x):\n    return eval('np.convolve(x, x)')", ""),
    "exec": ("def f(x):\n    exec('y = 1')\n    return x", ""),
    "__import__": ("def f(x):\n    return __import__('scipy.signal').signal.convolve(x, x)", ""),
    "importlib": ("def f(x):\n    import importlib\n    return importlib.import_module('scipy')", ""),
    "the caller's variables": ("def f(x):\n    return sys._getframe(1).f_locals['case']", "import sys"),
    "the caller's variables, inspected": ("def f(x):\n    import inspect\n    return inspect.stack()[1]", ""),
    "the caller's variables, by an exception": (
        "def f(x):\n    try:\n        1 / 0\n    except Exception as e:\n        return e.__traceback__.tb_frame",
        "",
    ),
    "the references": ("def f(x):\n    from helpers.checks.library import find\n    return find('f')", ""),
    "the references as a file": ("def f(x):\n    return np.load('data/references/02_neuron.npz')", ""),
    "sys.modules": ("def f(x):\n    return sys.modules['numpy'].convolve(x, x)", "import sys"),
}


@pytest.mark.parametrize("name", NOTICED)
def test_forbidden_calls_are_noticed(name):
    source, prelude = NOTICED[name]
    message = broken_rule(cell(source, prelude=prelude or "import numpy as np"), FORBIDDEN)
    assert message
    assert message.endswith(".")


ALLOWED = {
    "a function of one's own of that name": "def correlate2d(x):\n    return x\ndef f(x):\n    return correlate2d(x)",
    "a local variable of that name": "def f(x):\n    tf = x + 1\n    scipy = tf.sum()\n    return scipy * tf",
    "a parameter of that name": "def f(scipy, tf):\n    return scipy.T @ tf",
    "an attribute of that name": "class f:\n    def forward(self, x):\n        self.tf = x\n        return self.tf",
    "a method of that name": "class f:\n    def convolve(self, x):\n        return self.convolve2(x)",
    "other functions of NumPy": "def f(x):\n    return np.linalg.norm(np.einsum('i,i', x, x))",
    "a longer name": "def f(x):\n    return np.convolved",
    "words in texts": "def f(x):\n    '''Unlike scipy and np.convolve.'''\n    return 'tf.nn'  # scipy",
    "getattr of an object": "class f:\n    def read(self, name):\n        return getattr(self, name)",
    "a regular expression": "import re\ndef f(x):\n    return re.compile('a')",
    "another function's business": "def g(x):\n    return np.convolve(x, x)\ndef f(x):\n    return x",
}


@pytest.mark.parametrize("name", ALLOWED)
def test_what_is_allowed_is_left_alone(name):
    assert broken_rule(cell(ALLOWED[name]), FORBIDDEN) is None


def test_the_line_is_named():
    message = broken_rule(cell("def f(x):\n    y = x\n    return np.convolve(y, y)"), FORBIDDEN)
    assert message == "Line 3 (`return np.convolve(y, y)`) uses numpy.convolve; here you write that yourself."


def test_code_without_source_is_judged_by_its_names():
    scope = {"np": np}
    exec("def f(x):\n    return np.convolve(x, x)\ndef g(x):\n    return np.dot(x, x)", scope)
    exec("def h(x):\n    import scipy.signal\n    return x", scope)
    assert broken_rule(scope["f"], FORBIDDEN)
    assert broken_rule(scope["h"], FORBIDDEN) or "scipy.signal" not in __import__("sys").modules
    assert broken_rule(scope["g"], FORBIDDEN) is None


LOOPS = {
    "for": "def f(x):\n    for i in x:\n        pass",
    "while": "def f(x):\n    while x:\n        x -= 1",
    "list comprehension": "def f(x):\n    return [i for i in x]",
    "generator": "def f(x):\n    return sum(i for i in x)",
    "map": "def f(x):\n    return list(map(abs, x))",
    "np.vectorize": "def f(x):\n    return np.vectorize(abs)(x)",
    "vectorize imported": "from numpy import vectorize as v\ndef f(x):\n    return v(abs)(x)",
    "np.apply_along_axis": "def f(x):\n    return np.apply_along_axis(sum, 0, x)",
    "a vectorised function": "f = np.vectorize(lambda x: x + 1)",
    "a helper": "def g(x):\n    return [i for i in x]\ndef f(x):\n    return g(x)",
    "a method": "class f:\n    def forward(self, x):\n        for i in x:\n            pass",
}


@pytest.mark.parametrize("name", LOOPS)
def test_loops_are_noticed(name):
    assert broken_rule(cell(LOOPS[name]), LOOPLESS)


@pytest.mark.parametrize(
    "source",
    [
        "def f(x):\n    return x @ x  # for, while",
        "def f(map):\n    return map(3)",
        "def g(x):\n    for i in x:\n        pass\ndef f(x):\n    return x",
        "def f(x):\n    try:\n        return x\n    except ValueError:\n        return 0",
    ],
)
def test_what_is_no_loop_is_left_alone(source):
    assert broken_rule(cell(source), LOOPLESS) is None


class Hostile:
    """An answer that fights being looked at."""

    def __getattr__(self, name):
        raise RuntimeError("go away")

    @property
    def __class__(self):
        raise RuntimeError("go away")

    def __call__(self):
        return None


ODD = {
    "hostile": Hostile,
    "partials": lambda: functools.partial(functools.partial(len)),
    "built in": lambda: len,
    "a ufunc": lambda: np.add,
    "a type": lambda: int,
    "no function": object,
}


@pytest.mark.parametrize("name", ODD)
def test_odd_answers_do_not_break_the_rules(name):
    assert broken_rule(ODD[name](), FORBIDDEN + LOOPLESS) is None
