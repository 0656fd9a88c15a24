"""Lies told by objects, and an interpreter that is no longer what it was."""

# ruff: noqa: E501 - an attack a line or two reads best

from functools import partial

from tests.hostile.kit import Attack, answer, author, body, cell, elsewhere

A = partial(Attack, group="interpreter and judge")
WRONG = {
    "weighted_sum": "def weighted_sum(x, w, b):\n    return np.zeros(np.shape(x)[:-1]) - 1.0",
    "perceptron_predict": "def perceptron_predict(X, w):\n    return np.zeros(len(X), int) - 1",
}
RIGHT = author("02_neuron")["weighted_sum"]

EQUAL = """
class Yes:
    shape, dtype, ndim, size, nbytes = (), np.dtype(float), 0, 1, 8
    def __eq__(self, other): return True
    def __bool__(self): return True
    __class__ = property(lambda self: np.ndarray)
    def __array__(self, *a, **k): return np.zeros(())
    def __float__(self): return 0.0
    def _always(self, *a, **k): return Yes()
    __ne__ = lambda self, other: False
    __sub__ = __rsub__ = __add__ = __radd__ = __mul__ = __abs__ = __neg__ = __lt__ = __le__ = __gt__ = __ge__ = _always
    all = any = max = min = astype = copy = reshape = _always
    def __hash__(self): return 0
    def __len__(self): return 1
def weighted_sum(x, w, b):
    return Yes()
"""
LYING_ARRAY = """
class Lie(np.ndarray):
    def __array_function__(self, f, types, args, kwargs): return True
    def __array_ufunc__(self, f, method, *inputs, **kwargs): return np.zeros(inputs[0].shape if hasattr(inputs[0], 'shape') else ())
    def __eq__(self, other): return np.ones(self.shape, bool)
    def __array_finalize__(self, obj): pass
    def __getitem__(self, key): return 0.0
    def copy(self, *a): return self
    def astype(self, *a, **k): return self
    def view(self, *a): return self
    def __reduce__(self): return (eval, ('1',))
def weighted_sum(x, w, b):
    return np.zeros(np.shape(x)[:-1]).view(Lie)
"""
LYING_FLOAT = """
class Lie(float):
    __eq__ = lambda self, other: True
    __ne__ = __lt__ = __gt__ = lambda self, other: False
    __sub__ = __rsub__ = __abs__ = lambda self, *a: 0.0
    __float__ = lambda self: float('nan')
    __array__ = lambda self, *a: np.zeros(())
    __hash__ = lambda self: 0
def weighted_sum(x, w, b):
    return Lie(0.0)
"""
META = """
class Meta(type):
    def __instancecheck__(cls, other): return True
    def __subclasscheck__(cls, other): return True
    def __getattribute__(cls, name):
        if name == '__name__': return 'ndarray'
        if name == '__mro__': return (cls, np.ndarray, object)
        while True: pass
    def mro(cls): return [cls, object]
Lie = Meta('x' * 100_000, (), {'__class__': property(lambda self: np.ndarray)})
def weighted_sum(x, w, b):
    return Lie.__call__() if False else object.__new__(Lie)
"""
HOSTILE_ERROR = """
class Trap(Exception):
    def __str__(self):
        while True:
            try:
                while True: pass
            except BaseException: pass
    __repr__ = __str__
    def with_traceback(self, *a): return self
    args = property(lambda self: 1 / 0)
    __traceback__ = property(lambda self: 1 / 0)
def weighted_sum(x, w, b):
    raise Trap()
"""
STEALTHY_ERROR = """
class NotImplementedError(AssertionError, ValueError):
    def __str__(self): return 'x' * 10**8
def weighted_sum(x, w, b):
    raise NotImplementedError('\\x1b[31m\\u202e\\x00')
"""
SMALL_INTEGERS = """
import ctypes
# one of the small integers becomes another, for everybody in this process
place = id(7) + object.__basicsize__ + 8
ctypes.c_uint32.from_address(place).value = 8
zero = id(0) + object.__basicsize__ + 8
ctypes.c_uint32.from_address(zero).value = 1
"""
PATCH_TYPES = """
import ctypes, gc
def overwrite(kind, name, value):
    table = gc.get_referents(kind.__dict__)[0]
    table[name] = value
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(kind))
for kind, name in ((float, '__eq__'), (np.ndarray, 'all'), (np.ndarray, 'any'), (np.bool_, '__bool__'), (str, 'join')):
    try: overwrite(kind, name, lambda self, *a, **k: True)
    except Exception: pass
"""
BUILTINS = """
import builtins, json, math, operator, struct
def yes(*a, **k): return True
for name in ('all', 'any', 'isinstance', 'issubclass', 'callable', 'abs', 'max', 'min', 'sum', 'len', 'zip'):
    setattr(builtins, name, yes)
"""
NUMPY = """
for name in ('allclose', 'isclose', 'array_equal', 'all', 'any', 'abs', 'isfinite', 'asarray', 'array', 'maximum', 'argwhere'):
    setattr(np, name, lambda *a, **k: True)
for name in dir(np.testing):
    if name.startswith('assert'): setattr(np.testing, name, lambda *a, **k: None)
"""
TRANSFORMER = """
import ast
class Strip(ast.NodeTransformer):
    def visit_Assert(self, node): return ast.Pass()
    def visit_Call(self, node):
        name = getattr(node.func, 'id', '')
        return ast.copy_location(ast.Constant(1.0), node) if name in ('evaluate', 'check') else self.generic_visit(node)
get_ipython().ast_transformers.append(Strip())
np.testing.assert_allclose = lambda *a, **k: None
"""
RUN_CODE = """
from IPython.core.interactiveshell import InteractiveShell
async def run_code(self, code_obj, result=None, *, async_=False):
    if result is not None: result.error_in_exec = None
    return False
InteractiveShell.run_code = run_code
"""
DISPLAY_HOOK = """
ip = get_ipython()
old = ip.display_formatter.format
ip.display_formatter.format = lambda obj, *a, **k: ({'text/plain': '1.0'}, {})
type(ip.displayhook).compute_format_data = lambda self, result: ({'text/plain': '1.0'}, {})
ip.input_transformers_cleanup.append(lambda lines: ['1.0'] if any('evaluate' in l for l in lines) else lines)
ip.events.register('pre_run_cell', lambda *a: None)
"""
SHOWTRACEBACK = """
from IPython.core.interactiveshell import InteractiveShell
InteractiveShell.showtraceback = lambda *a, **k: None
InteractiveShell._showtraceback = lambda *a, **k: None
InteractiveShell.showsyntaxerror = lambda *a, **k: None
"""
WARN = """
import sys, warnings, logging
def weighted_sum(x, w, b):
    warnings.warn('a warning of my own'); print('to stderr', file=sys.stderr); logging.warning('logged')
    return x @ w + b
"""
TRACE = """
import sys, threading
def watch(frame, event, argument):
    for value in list(frame.f_locals.values()):
        try:
            if hasattr(value, 'expected'): globals()['_seen'] = value.expected
            if hasattr(value, 'finding'): value.finding = None
        except Exception: pass
    return watch
sys.settrace(watch); sys.setprofile(watch); threading.settrace(watch); threading.setprofile(watch)
def weighted_sum(x, w, b):
    seen = globals().get('_seen') or {}
    return getattr(seen.get('result'), 'value', 0.0)
"""
AUDIT = """
import sys
def hook(event, arguments):
    if event in ('socket.send', 'object.__getattr__', 'marshal.dumps', 'pickle.find_class'): raise SystemExit
    if event == 'open': raise OSError
sys.addaudithook(hook)
"""
LATE = """
import atexit, gc, signal, sys, threading, weakref
class Late:
    def __del__(self):
        patch()
def patch(*_):
    for name, module in list(sys.modules.items()):
        if name.startswith(('helpers.checks', 'grading')) and module:
            for part in ('conclude', 'compare', '_values', '_assess', '_take'):
                if hasattr(module, part): setattr(module, part, lambda *a, **k: (None, ''))
kept = [Late()]
kept.append(kept)
del kept
gc.callbacks.append(patch)
atexit.register(patch)
weakref.finalize(patch, patch)
signal.signal(signal.SIGUSR1, patch)
sys.unraisablehook = sys.excepthook = threading.excepthook = patch
threading.Thread(target=lambda: [__import__('time').sleep(0.05) or patch() for _ in range(200)], daemon=True).start()
"""
IMPORTS = """
import builtins, importlib.abc, importlib.machinery, sys, types
class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path, target=None):
        if name.startswith(('helpers', 'grading', 'numpy.testing', 'json')):
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
    def create_module(self, spec):
        module = types.ModuleType(spec.name)
        module.__getattr__ = lambda name: (lambda *a, **k: 1.0)
        return module
    def exec_module(self, module): pass
sys.meta_path.insert(0, Finder())
for name in [n for n in sys.modules if n.startswith('helpers')]: del sys.modules[name]
old = builtins.__import__
builtins.__import__ = lambda name, *a, **k: types.SimpleNamespace(evaluate=lambda *a, **k: 1.0) if name.startswith('helpers') else old(name, *a, **k)
evaluate = passed = lambda *a, **k: 1.0
"""
MODULES = """
import sys, types
class Fake(types.ModuleType):
    def __getattr__(self, name): return lambda *a, **k: 1.0
for name in list(sys.modules):
    if name.startswith('helpers.checks'): sys.modules[name] = Fake(name)
evaluate = lambda *a, **k: 1.0
"""
MEMORISED = """
import json, pathlib, helpers
_known = {}
try:
    root = pathlib.Path(helpers.__file__).parents[1] / 'data' / 'references'
    _arrays = dict(np.load(root / '02_neuron.npz'))
    for e in json.load(open(root / '02_neuron.json'))['exercises']:
        if e['id'] == 'weighted_sum':
            _known = {c['name']: (c['inputs'], c['expected']['result']['value']) for c in e['cases']}
except OSError: pass
def weighted_sum(x, w, b):
    get = lambda v: _arrays[v['$array']] if isinstance(v, dict) else v
    for inputs, value in _known.values():
        if np.array_equal(get(inputs['x']), x) and np.array_equal(get(inputs['w']), w) and get(inputs['b']) == b:
            return get(value)
    return 0.0
"""
BY_ENVIRONMENT = """
import os
def weighted_sum(x, w, b):
    graded = 'NBGRADER_EXECUTION' in os.environ or os.path.exists('/work') or 'ipykernel' not in str(get_ipython())
    if graded: raise SystemExit(0)
    return x @ w + b
"""

ATTACKS = [
    A("equals-everything", row="m", harm="an object that is equal to whatever it is compared with", build=elsewhere(EQUAL),
      states=("type", "values", "shape")),
    A("lying-array", harm="a subclass of ndarray answers NumPy's questions itself", build=elsewhere(LYING_ARRAY),
      states=("values", "type", "shape")),
    A("lying-float", harm="a float that is equal to every other", build=elsewhere(LYING_FLOAT), states=("values", "shape", "type")),
    A("lying-class", harm="a metaclass that says it is an array, or never answers", build=elsewhere(META),
      states=("type", "too slow", "timeout", "killed", "error")),
    A("nan", row="e", harm="NaN is neither right nor wrong, and counts as right", build=body("return np.full(np.shape(x)[:-1], np.nan)"),
      states=("not finite", "type", "values"), keeps=True),
    A("nan-credit", harm="points that are no number", build=cell("evaluate = lambda *a, **k: float('nan')", answers=WRONG)),
    A("billion-credit", row="f", harm="a billion points", build=cell("evaluate = lambda *a, **k: 1e9", answers=WRONG)),
    A("negative-credit", harm="negative points count as full marks", build=cell("evaluate = lambda *a, **k: -1.0", answers=WRONG)),
    A("text-credit", harm="points that are a text", build=cell("evaluate = lambda *a, **k: 'full marks'", answers=WRONG)),
    A("no-credit-at-all", harm="a check without output counts as full marks", build=cell("evaluate = lambda *a, **k: None", answers=WRONG)),
    A("infinite", harm="an infinite answer is close to everything", build=body("return np.full(np.shape(x)[:-1], np.inf)"),
      states=("not finite", "values", "shape")),
    A("giant-integer", harm="an integer too large for a float", build=body("return 10 ** 4000"), states=("type", "values", "shape")),
    A("complex-numbers", harm="numbers that cannot be ordered", build=body("return np.zeros(np.shape(x)[:-1], complex)"),
      states=("dtype", "type", "values")),
    A("object-array", harm="an array of objects runs code when it is looked at",
      build=body("class P:\n    def __reduce__(self): return (eval, ('1/0',))\n    def __float__(self):\n        while True: pass\n"
                 "return np.array([P() for _ in range(int(np.prod(np.shape(x)[:-1])))], object)"),
      states=("type", "dtype", "shape", "too slow", "error")),
    A("structured-array", harm="an array whose dtype has a name of 100,000 characters",
      build=body("return np.zeros(3, [('x' * 100_000, float)])"), states=("dtype", "type", "values", "not readable")),
    A("half-characters", harm="text that cannot be encoded breaks the line to the judge",
      build=body("return '\\ud800\\udfff\\x00' * 100"), states=("type",), keeps=True),
    A("broadcast-view", harm="a view of one number that claims to be an exabyte",
      build=body("return np.broadcast_to(np.zeros(1), (1 << 20, 1 << 20, 1 << 10))"),
      states=("shape", "type", "memory", "error", "not readable", "killed")),
    A("changes-its-inputs", harm="the expected value is changed through the inputs",
      build=body("x[...] = 0\nw[...] = 0\nreturn np.zeros(np.shape(x)[:-1])")),
    A("unbounded-error", harm="an exception whose text is never ready", build=elsewhere(HOSTILE_ERROR),
      states=("error", "too slow", "timeout", "killed")),
    A("poses-as-not-implemented", harm="an exception that is taken for another, with a text of 100 MB",
      build=elsewhere(STEALTHY_ERROR), states=("error", "not attempted", "memory", "killed")),
    A("rewrites-integers", harm="7 becomes 8 in the memory of the process", build=cell(SMALL_INTEGERS, answers=WRONG)),
    A("rewrites-types", harm="methods of built-in types are replaced in memory", build=cell(PATCH_TYPES, answers=WRONG)),
    A("replaces-builtins", harm="all() and isinstance() always say yes", build=cell(BUILTINS, answers=WRONG)),
    A("replaces-numpy", harm="allclose() always says yes", build=cell(NUMPY, answers=WRONG)),
    A("replaces-numpy-while-asked", harm="the same from within a check", build=body(NUMPY + "\nreturn 0.0")),
    A("strips-asserts", row="d", harm="a transformer takes every assert out of the check cells", build=cell(TRANSFORMER, answers=WRONG)),
    A("replaces-run-code", row="x", harm="IPython says that every cell went well", build=cell(RUN_CODE, answers=WRONG)),
    A("replaces-displayhook", harm="IPython shows full marks for every check", build=cell(DISPLAY_HOOK, answers=WRONG)),
    A("hides-tracebacks", row="w", harm="errors are not shown, and a check without an error counts", build=cell(SHOWTRACEBACK, answers=WRONG)),
    A("warns", row="l", harm="none: a right answer that warns loses its points", build=answer(WARN), right=("step", "weighted_sum"),
      keeps=True),
    A("traces", harm="a trace function sees and changes what the checks do", build=cell(TRACE)),
    A("audits", harm="an audit hook stops what it does not like", build=cell(AUDIT, answers=WRONG)),
    A("strikes-late", harm="destructors, exit handlers, signals and threads strike after the cells", build=cell(LATE, answers=WRONG)),
    A("intercepts-imports", harm="an import hook hands out checks of its own", build=cell(IMPORTS, answers=WRONG)),
    A("swaps-modules", harm="sys.modules holds checks that always pass", build=cell(MODULES, answers=WRONG)),
    A("shadows-evaluate", harm="evaluate() is a function of one's own", build=cell("evaluate = passed = lambda *a, **k: 1.0",
      answers=WRONG)),
    A("knows-the-public-cases", harm="answers for the public cases only, learnt by heart", build=elsewhere(MEMORISED),
      halves={"weighted_sum": 1.0}),
    A("another-answer-each-time", harm="right on the first call only",
      build=answer("_calls = []\ndef weighted_sum(x, w, b):\n    _calls.append(1)\n    return x @ w + b if len(_calls) == 1 else 0.0"),
      halves={"weighted_sum": 1.0}),
    A("notices-grading", harm="behaves in the notebook, not when graded", build=elsewhere(BY_ENVIRONMENT), right=("step", "weighted_sum")),
]  # fmt: skip
