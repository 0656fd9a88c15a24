"""Using up what others need: time, memory, disk, output, descriptors."""

# ruff: noqa: E501 - an attack a line or two reads best

from functools import partial

from tests.hostile.kit import Attack, Kit, answer, body, cell, code

SLOW = ("too slow", "timeout", "killed")
OUT_OF_MEMORY = ("memory", "killed", "error", "timeout", "too slow")
A = partial(Attack, group="resources")


def _many_slow_cells(kit: Kit) -> None:
    """No cell is over the limit for one cell; together they take minutes."""
    tree = kit.notebook()
    tree["cells"] += [code("import time; time.sleep(1.5)", f"nap-{i}") for i in range(100)]
    kit.write(tree)


LIE_DOWN = """
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))
signal.setitimer(signal.ITIMER_REAL, 0)
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
"""

ATTACKS = [
    A("endless-answer", harm="a loop that never ends holds up the class", build=body("while True: pass"),
      states=SLOW, says=("stopped after", "second", "time"), keeps=True),
    A("endless-cell", harm="a cell that never ends holds up the class", build=cell("while True: pass"),
      states=("not attempted", "not run", "timeout")),
    A("swallows-interrupts", row="h", harm="a loop that catches every interrupt ends the kernel, not the loop",
      build=cell("while True:\n    try:\n        while True: pass\n    except BaseException: pass")),
    A("blocks-every-signal", harm="the alarm of the time limit is switched off", build=body(LIE_DOWN), states=SLOW),
    A("endless-c-call", harm="one call into compiled code cannot be interrupted from within",
      build=body("return sum(range(10**18))"), states=SLOW, says=("stopped after", "second", "time")),
    A("endless-power", harm="10**10**8 holds the interpreter lock", build=body("return len(str(10 ** 10**8))"),
      states=(*SLOW, "error")),
    A("endless-regex", harm="a pattern that backtracks for ever",
      build=body("import re\nreturn float(bool(re.match(r'(a+)+$', 'a' * 60 + 'b')))"), states=SLOW),
    A("endless-linalg", harm="LAPACK keeps every core busy on a matrix of 12,000 rows",
      build=body("a = np.random.default_rng(0).random((12000, 12000))\nreturn float(np.linalg.svd(a)[1][0])"),
      states=(*SLOW, *OUT_OF_MEMORY)),
    A("sleeps", harm="sleeping costs no CPU time and holds a worker", build=body("import time\ntime.sleep(10**6)"),
      states=SLOW),
    A("stops-itself", harm="a stopped process runs into no limit of CPU time",
      build=body("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)\nreturn 0.0")),
    A("many-slow-cells", harm="a hundred cells, each just under the limit for one", build=_many_slow_cells),
    A("busy-threads", harm="threads that go on computing after the answer",
      build=body("import threading\n"
                 "def burn():\n    while True: pass\n"
                 "for _ in range(32): threading.Thread(target=burn, daemon=True).start()\n"
                 "return np.zeros(np.shape(x)[:-1])")),
    A("signal-storm", harm="a timer that rings every microsecond",
      build=body("import signal\nsignal.signal(signal.SIGALRM, lambda *_: None)\n"
                 "signal.setitimer(signal.ITIMER_REAL, 1e-6, 1e-6)\nwhile True: pass"), states=SLOW),
    A("memory-list", harm="memory that grows until the machine kills somebody",
      build=body("kept = []\nwhile True: kept.append(np.ones(1 << 23))"), states=OUT_OF_MEMORY,
      says=("memory", "killed", "time", "stopped")),
    A("memory-cell", harm="the same in a cell, after which every check might pass",
      build=cell("kept = []\nwhile True: kept.append(bytearray(b'x' * (1 << 26)))")),
    A("memory-at-once", harm="a terabyte in one allocation", build=body("return np.ones(1 << 40)"),
      states=OUT_OF_MEMORY),
    A("memory-shared", harm="shared mappings count for nobody",
      build=body("import mmap\nkept = []\nfor _ in range(96):\n    m = mmap.mmap(-1, 1 << 26)\n"
                 "    m.write(b'x' * (1 << 26))\n    kept.append(m)\nreturn 0.0")),
    A("memory-memfd", harm="memory files hide from the limit of the process",
      build=body("import os\nfor i in range(96):\n    fd = os.memfd_create(f'bomb{i}')\n"
                 "    os.write(fd, b'x' * (1 << 26))\nreturn 0.0")),
    A("memory-locked", harm="memory locked in place cannot be swapped out",
      build=body("import ctypes, mmap\nlibc = ctypes.CDLL(None)\nlibc.mlockall(3)\n"
                 "kept = [mmap.mmap(-1, 1 << 26, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) for _ in range(96)]\n"
                 "for m in kept: m.write(b'x' * (1 << 26))\nreturn 0.0")),
    A("memory-list-of-a-generator", harm="a class's worth of memory from one innocent line",
      build=body("import itertools\nreturn list(itertools.repeat('x', 10**10))"), states=OUT_OF_MEMORY),
    A("answer-of-a-gigabyte", harm="the answer itself fills the judge's memory", build=body("return np.ones(1 << 27)"),
      states=("shape", "type", "not readable", *OUT_OF_MEMORY)),
    A("answer-of-a-text", harm="a text of 300 MB as an answer", build=body("return 'x' * 300_000_000"),
      states=("type", "not readable", *OUT_OF_MEMORY)),
    A("answer-of-many-lists", harm="a list that holds itself, or a hundred thousand levels of lists",
      build=body("deep = []\nfor _ in range(100_000): deep = [deep]\nloop = []\nloop.append(loop)\n"
                 "return [deep, loop]"), states=("type", "not readable", "error", "killed")),
    A("answer-of-shared-lists", harm="a small list that has 10^20 items once it is written out",
      build=body("wide = [0.0] * 100\nfor _ in range(9): wide = [wide] * 100\nreturn wide"),
      states=("type", "not readable", *OUT_OF_MEMORY)),
    A("prints-for-ever", harm="output until the disk of the grader is full",
      build=body("while True: print('x' * 1000)"), states=SLOW, keeps=True),
    A("prints-for-ever-in-a-cell", harm="output until the disk of the grader is full",
      build=cell("while True: print('x' * 1000)")),
    A("one-long-line", row="i", harm="a line of 100 MB in the notebook and in the feedback",
      build=cell("print('x' * 100_000_000)", answers={"weighted_sum": "def weighted_sum(x, w, b):\n    return x @ w + b"}),
      right=("step", "weighted_sum")),
    A("displays-for-ever", harm="rich output without end",
      build=cell("from IPython.display import display, HTML\nwhile True: display(HTML('x' * 1000))")),
    A("writes-past-python", harm="output past Python's own streams",
      build=cell("import os\nfor _ in range(4000): os.write(1, b'x' * 65536); os.write(2, b'y' * 65536)")),
    A("many-figures", harm="hundreds of pictures in the feedback page",
      build=cell("from matplotlib import pyplot as plt\nfor i in range(400):\n    plt.figure(figsize=(9, 9))\n"
                 "    plt.imshow(np.random.default_rng(i).random((400, 400)))\n    plt.show(); plt.close()")),
    A("fills-the-disk", harm="files wherever files can be written",
      build=cell("import os, tempfile\n"
                 "for place in {'.', '/tmp', '/var/tmp', '/dev/shm', os.path.expanduser('~'), tempfile.gettempdir()}:\n"
                 "    try:\n"
                 "        with open(os.path.join(place, 'hostile-fill'), 'wb') as file:\n"
                 "            for _ in range(400): file.write(b'x' * (1 << 20))\n"
                 "    except OSError: pass")),
    A("many-files", harm="as many small files as the file system has room for",
      build=cell("import os\nos.makedirs('hostile-many', exist_ok=True)\n"
                 "for i in range(20_000): open(f'hostile-many/{i}', 'w').close()")),
    A("open-files", harm="every descriptor is taken, so that the answer cannot be sent",
      build=body("kept = []\nwhile True:\n    try: kept.append(open('/dev/null'))\n    except OSError: break\n"
                 "weighted_sum.kept = kept\nreturn 0.0")),
    A("raises-its-own-limits", harm="the limits are lifted from within",
      build=body("import resource\n"
                 "for name in dir(resource):\n"
                 "    if name.startswith('RLIMIT_'):\n"
                 "        try: resource.setrlimit(getattr(resource, name), (-1, -1))\n"
                 "        except (ValueError, OSError): pass\n"
                 "kept = []\nwhile True: kept.append(np.ones(1 << 23))"), states=(*OUT_OF_MEMORY,)),
    A("deep-recursion", harm="the C stack overflows and takes the process along",
      build=body("import sys\nsys.setrecursionlimit(10**9)\n"
                 "class Deep:\n    def __getattr__(self, name): return getattr(self, name + 'x')\n"
                 "return Deep().a"), states=("error", "killed", "memory", "timeout", "too slow")),
    A("segfault", harm="the process crashes in the middle of a check",
      build=body("import ctypes\nreturn ctypes.string_at(0)"), states=("killed", "error"), says=("stopped", "crash",
      "killed", "ended", "died", "exit")),
    A("parser-bomb", harm="source that crashes whoever parses it",
      build=answer("def weighted_sum(x, w, b):\n    return " + "(" * 5000 + "0" + ")" * 5000)),
    A("parser-bomb-unary", harm="a hundred thousand minus signs overflow the compiler's stack",
      build=answer("def weighted_sum(x, w, b):\n    return " + "-" * 100_000 + "1")),
    A("constant-bomb", harm="the compiler itself is asked to compute",
      build=answer("def weighted_sum(x, w, b):\n    return ((((9 ** 9) ** 9) ** 9) ** 9) ** 9 > 0"), states=(*SLOW,
      *OUT_OF_MEMORY, "dtype", "not attempted")),
    A("tensor-of-everything", harm="TensorFlow takes all memory that there is", chapter="07_cnns",
      right=("layer_shapes",), target="dropout",
      build=body("import tensorflow as tf\nreturn tf.ones([1 << 18, 1 << 18])", "dropout", "x, rate, rng, training"),
      states=("error", *OUT_OF_MEMORY)),
    A("tensorflow-threads-for-ever", harm="a graph that loops in C++ threads", chapter="07_cnns",
      right=("layer_shapes",), target="dropout",
      build=body("import tensorflow as tf\n"
                 "return tf.while_loop(lambda i: True, lambda i: [i + 0.0], [tf.constant(0.0)])",
                 "dropout", "x, rate, rng, training"), states=SLOW),
]  # fmt: skip
