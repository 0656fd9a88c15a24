"""What a submission can see and do inside the sandbox, and what is left of it afterwards."""

import os
import time

import psutil
import pytest

from grading import sandbox
from grading.grade import close_sandboxes, grade
from grading.model import Cell, Limits, Sheet, Submission
from grading.run import Run

pytestmark = pytest.mark.skipif(sandbox.trouble() is not None, reason=f"no sandbox: {sandbox.trouble()}")

LIMITS = Limits(
    cell_seconds=4, total_seconds=40, memory=256 << 20, disk=16 << 20, file_size=8 << 20, processes=40,
    cell_output=20_000, total_output=40_000,
)  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def _parents_end():
    yield
    close_sandboxes()


def run(*sources: str, files=None, check: str = "assert True"):
    """Grade a notebook of these cells, with one cell of asserts (2 points) at its end."""
    cells = (*(Cell("code", source, "extra") for source in sources), Cell("code", check, "test", "t", 2.0))
    sheet = Sheet("made_up", "made_up", cells, LIMITS)
    return grade(sheet, Submission("student", "made_up", "made_up", cells, files=files or {}))


def shown(result, index: int = 0) -> str:
    return "".join(output.text for output in result.outputs.get(index, ()))


def test_a_notebook_runs_and_shows_what_it_shows():
    result = run(
        "x = 20\nprint('hello')\nx + 22", "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2]);"
    )
    assert result.grades["t"].score == 2.0
    assert shown(result) == "hello\n42\n"
    assert result.outputs[1][0].png.startswith(b"\x89PNG")


def test_nobody_is_root_and_nothing_of_the_machine_is_there():
    result = run(
        "import os, socket\n"
        "print(os.getuid() != 0 and os.geteuid() != 0)\n"
        "print(sorted(os.listdir('/course')), os.path.exists('/course/data/references'))\n"
        "print([n for n in os.environ if 'SECRET' in n], len([p for p in os.listdir('/proc') if p.isdigit()]))\n"
        "try:\n    socket.create_connection(('127.0.0.1', 22), 1)\nexcept OSError as e:\n    print(type(e).__name__)"
    )
    lines = shown(result).splitlines()
    assert lines[:2] == ["True", "['data', 'grading', 'helpers'] False"]
    assert lines[2] == "[] 2"
    assert lines[3] in ("ConnectionRefusedError", "OSError")


def test_what_one_submission_leaves_behind_the_next_does_not_find():
    places = "['/tmp/left', '/dev/shm/left', '/submission/left', '/course/left', '/left']"
    write = (
        f"for p in {places}:\n    try:\n        open(p, 'w').write('x'); print('wrote', p)\n    except OSError: pass"
    )
    assert "wrote /submission/left" in shown(run(write))
    result = run(f"import os\nprint([p for p in {places} if os.path.exists(p)])")
    assert shown(result) == "[]\n"


def test_files_of_the_student_are_beside_the_notebook_and_shadow_nothing():
    files = {"mine.py": b"value = 7", "numpy.py": b"raise ImportError", "statistics.py": b"mean = None"}
    result = run(
        "import mine, numpy, statistics\nprint(mine.value, statistics.mean([1, 3]), numpy.ones(2).sum())", files=files
    )
    assert shown(result) == "7 2 2.0\n"


ENDS = {
    "leaves": ("import os\nos._exit(0)", "killed", "ended itself"),
    "crashes": ("import ctypes\nctypes.string_at(0)", "killed", "segmentation fault"),
    "is deaf": (
        "import signal\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\nwhile True: pass", "timeout", "limit of 4 s",
    ),
    "talks nonsense": (
        "import os\nfor n in range(3, 20):\n    try: os.write(n, b'x' * 64)\n    except OSError: pass",
        "tampered",
        "no answer",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ENDS)
def test_a_process_that_ends_costs_its_cell_and_nothing_else(name):
    source, _, words = ENDS[name]
    result = run("x = 1", source, "y = 2", check="assert x + y == 3")
    assert result.grades["t"].score == 2.0
    assert any(words in note for note in result.notes), result.notes


@pytest.mark.parametrize("name", ENDS)
def test_a_graded_cell_that_ends_the_process_has_no_points_and_a_reason(name):
    source, state, words = ENDS[name]
    given = run("x = 1", check=source).grades["t"]
    assert (given.score, given.state) == (0.0, state)
    assert words in given.reason


LIMITED = {
    "memory": ("data = bytearray(10**9)", "MemoryError"),
    "a large file": ("open('big', 'wb').write(bytes(10**7))", "OSError"),
    "many files": ("for i in range(10):\n    open(f'f{i}', 'wb').write(bytes(4 * 10**6))", "OSError"),
    "processes": (
        "import os\nfor i in range(200):\n    if os.fork() == 0:\n        import time; time.sleep(30); os._exit(0)",
        "BlockingIOError",
    ),
    "threads": (
        "from threading import Thread as T\nimport time\n"
        "for i in range(200): T(target=time.sleep, args=(9,), daemon=True).start()",
        "RuntimeError",
    ),
    "a cell that takes too long": ("while True: pass", "CellTimeout"),
    "input": ("input()", "EOFError"),
}  # fmt: skip


@pytest.mark.parametrize("name", LIMITED)
def test_a_limit_is_an_ordinary_exception_in_the_notebook(name):
    source, error = LIMITED[name]
    result = run(source)
    assert error in shown(result), result
    assert result.grades["t"].score == 2.0


def test_memory_that_no_single_process_uses_up_is_noticed():
    result = run(
        "import os, time\nfor i in range(8):\n    if os.fork() == 0:\n        x = b'x' * 200_000_000\n"
        "        time.sleep(9)\ntime.sleep(9)"
    )
    assert any("more than 0.25 GiB of memory" in note for note in result.notes), result.notes


def test_a_flood_is_cut_off():
    result = run("while True: print('x' * 1000)", "print('y' * 10**8)", "1")
    assert len(shown(result)) + len(shown(result, 1)) < 42_000
    assert "more was shown than is kept" in shown(result)


def test_no_process_survives():
    before = {p.pid for p in psutil.process_iter() if p.username() in ("nobody", "65534")}
    run("import subprocess\nfor i in range(3): subprocess.Popen(['sleep', '97'], start_new_session=True)")
    left = [p for p in psutil.process_iter(["cmdline"]) if p.info["cmdline"] == ["sleep", "97"] and p.pid not in before]
    assert left == []


def test_a_forking_parent_that_was_killed_is_replaced():
    run("x = 1")
    parents = [
        p for p in psutil.process_iter(["cmdline"]) if "grading.inside.parent" in " ".join(p.info["cmdline"] or [])
    ]
    mine = [p for p in parents if os.getpid() in [a.pid for a in p.parents()]]
    for process in mine:
        process.kill()
    time.sleep(0.2)
    assert mine
    assert run("x = 1").grades["t"].score == 2.0


@pytest.mark.parametrize("victim", ["the forking parent", "the student's process"])
def test_nobody_is_blamed_for_a_process_that_somebody_else_killed(monkeypatch, victim):
    asked, killed = Run.cell, []

    def cell(run, *arguments, **options):
        if not killed:
            parent = psutil.Process(run.process.sandbox.parent.pid)
            killed.append(parent if victim == "the forking parent" else run.process.family()[-1])
            killed[0].kill()
        return asked(run, *arguments, **options)

    run("x = 1")
    monkeypatch.setattr(Run, "cell", cell)
    result = run("x = 1", check="assert x == 1")
    assert killed
    assert (result.grades["t"].score, result.notes) == (2.0, ())


def test_who_kills_the_own_process_twice_is_told_so():
    result = run("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "y = 1", check="assert y")
    assert result.grades["t"].score == 2.0
    assert "the process was killed" in result.notes[0]


CREDIT = {
    "1.5": 1.5, "0": 0.0, "np.float64(0.5)": 0.5, "2": 2.0, "None": 2.0, "'well done'": 2.0,
    "float('nan')": 0.0, "-1": 0.0, "1e9": 0.0, "float('inf')": 0.0,
}  # fmt: skip


@pytest.mark.parametrize("value", CREDIT)
def test_partial_credit_is_a_number_between_nothing_and_everything(value):
    assert run("import numpy as np", check=value).grades["t"].score == CREDIT[value]


def test_asserts_hold_however_the_notebook_has_bent_the_interpreter():
    bent = (
        "import numpy as np\nimport numpy.testing, builtins\n"
        "np.testing.assert_allclose = lambda *a, **k: None\nbuiltins.all = lambda x: True\n"
        "ip = get_ipython()\nip.run_cell = ip.run_code = lambda *a, **k: None\nip._showtraceback = lambda *a: None\n"
        "import ast\nclass T(ast.NodeTransformer):\n    def visit_Assert(self, n): return ast.Pass()\n"
        "ip.ast_transformers.append(T())"
    )
    result = run(bent, check="import numpy as np\nnp.testing.assert_allclose(1.0, 2.0)")
    assert (result.grades["t"].score, result.grades["t"].inside) == (0.0, True)
    assert run(bent, check="assert all([False])").grades["t"].score == 0.0


def test_a_warning_costs_nothing():
    assert (
        run("import warnings", check="warnings.warn('careful')\nimport sys; print('x', file=sys.stderr)")
        .grades["t"]
        .score
        == 2.0
    )


def test_without_bubblewrap_grading_refuses_and_says_how(monkeypatch):
    monkeypatch.setattr(sandbox, "trouble", lambda: "bubblewrap is missing: install it.")
    with pytest.raises(sandbox.NoSandbox, match="--trust-submissions"):
        sandbox.require(trust=False)
    sandbox.require(trust=True)
