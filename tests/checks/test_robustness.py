"""Nothing that a student's code does can stop a check, show our insides, or harm the check after it."""

import builtins
import gc
import math
import os
import sys
import threading
import time
import warnings

import numpy as np
import pytest

from helpers.checks import pristine
from helpers.checks.engine import judge
from helpers.checks.guard import run
from helpers.checks.library import Output
from tests.checks.conftest import case, doubling, exercise

SECONDS = 0.2


def swallow_forever(x):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass


def nested_swallow(x):
    while True:
        try:
            swallow_forever(x)
        except BaseException:
            continue


def swallow_and_recurse(x):
    try:
        while True:
            pass
    except BaseException:
        return swallow_and_recurse(x)


def finally_forever(x):
    while True:
        try:
            while True:
                pass
        finally:
            continue  # noqa: B012


def print_forever(x):
    while True:
        print("again")


def numpy_forever(x):
    a = np.ones((200, 200))
    while True:
        a = a @ a * 1e-3


def sleep_forever(x):
    time.sleep(1e6)


def generate_forever(x):
    return sum(i for i in iter(int, 1))


FOREVER = [swallow_forever, nested_swallow, swallow_and_recurse, finally_forever, print_forever, numpy_forever]
FOREVER += [sleep_forever, generate_forever]


@pytest.mark.parametrize("student", FOREVER, ids=lambda f: f.__name__)
def test_a_loop_that_never_ends_is_stopped(ask_double, student):
    report = ask_double(student, seconds=SECONDS)
    assert report.state == "too slow"
    assert "stopped after 0.2 s" in report.text()
    assert len(report.cases) == 1, "after the first case the others are not asked"
    assert ask_double(lambda x: 2 * x).passed


def raising(error):
    def student(x):
        raise error

    return student


class OddError(BaseException):
    def __str__(self):
        raise RuntimeError("no text for you")


class LoopingError(Exception):
    def __str__(self):
        while True:
            pass


def deep(x):
    return deep(x)


def deeper(x):
    sys.setrecursionlimit(20_000)
    return deep(x)


ERRORS = {
    "Exception": raising(Exception("no")),
    "SystemExit": raising(SystemExit(3)),
    "sys.exit": lambda x: sys.exit(),
    "KeyboardInterrupt": raising(KeyboardInterrupt()),
    "GeneratorExit": raising(GeneratorExit()),
    "StopIteration": raising(StopIteration(2)),
    "StopAsyncIteration": raising(StopAsyncIteration()),
    "a BaseException without a text": raising(OddError()),
    "an error whose text never ends": raising(LoopingError()),
    "MemoryError": raising(MemoryError()),
    "RecursionError": deep,
    "a raised recursion limit": deeper,
    "ExceptionGroup": raising(ExceptionGroup("several", [ValueError("a")])),
    "a class": raising(ZeroDivisionError),
    "no exception at all": lambda x: (_ for _ in ()).throw(5),
    "an assertion": raising(AssertionError("<b>no</b>")),
    "a huge text": raising(ValueError("x" * 10_000_000)),
}


@pytest.mark.parametrize("name", ERRORS)
def test_every_error_becomes_a_report(ask_double, name):
    report = ask_double(ERRORS[name], seconds=SECONDS)
    assert report.state in ("error", "interrupted")
    assert len(report.message) < 1_000
    assert "helpers/checks" not in report.text()
    assert "<b>" not in report.html().replace("<strong>", "")
    assert ask_double(lambda x: 2 * x).passed


def test_the_line_of_the_error_is_the_students_own(ask_double):
    def student(x):
        y = x + 1
        return np.linalg.inv(y)

    message = ask_double(student).message
    assert "`return np.linalg.inv(y)`" in message
    assert "LinAlgError" in message
    assert ".<locals>" not in message


def test_a_misspelt_name_reads_well(ask_double):
    def student(x):
        return 2 * xs  # noqa: F821

    assert "NameError: name 'xs' is not defined" in ask_double(student).message


def test_a_wrong_signature_is_told_so(ask_double):
    assert "could not be called as the exercise says: TypeError" in ask_double(lambda: 1).message


class Liar:
    """Everything that can be asked of it fails, or never ends."""

    def _no(self, *args, **kwargs):
        raise RuntimeError("never")

    __eq__ = __ne__ = __len__ = __iter__ = __getitem__ = __bool__ = __array__ = __repr__ = __str__ = __float__ = _no
    __int__ = __index__ = __hash__ = __getattr__ = __format__ = __reduce__ = __copy__ = __deepcopy__ = _no

    @property
    def __class__(self):
        raise RuntimeError("never")


class Pretender:
    """Says that it is an array, and equal to everything."""

    shape, dtype, ndim, size = (3,), np.dtype(float), 1, 3
    __eq__ = lambda self, other: True  # noqa: E731
    __array__ = lambda self, dtype=None, copy=None: np.array([2.0, -4.0, 6.0])  # noqa: E731
    __hash__ = None
    __class__ = np.ndarray


class LyingArray(np.ndarray):
    """Holds wrong numbers and denies it."""

    shape = property(lambda self: (3,))
    dtype = property(lambda self: np.dtype(float))

    def view(self, *args):
        return np.array([2.0, -4.0, 6.0])

    def astype(self, *args, **kwargs):
        return np.array([2.0, -4.0, 6.0])

    def __array_ufunc__(self, *args, **kwargs):
        return np.array([False, False, False])

    def __array_function__(self, *args, **kwargs):
        return np.array([2.0, -4.0, 6.0])

    def __array_finalize__(self, other):
        if other is not None:
            raise RuntimeError("never")

    __eq__ = __sub__ = __rsub__ = copy = tolist = __array_ufunc__


class LyingFloat(float):
    """A wrong number that claims to be right."""

    __eq__ = __float__ = __sub__ = __rsub__ = __abs__ = lambda self, *args: 6.0
    __hash__ = float.__hash__


class LyingInt(int):
    __eq__ = __int__ = __index__ = __float__ = lambda self, *args: 6
    __hash__ = int.__hash__


class LyingList(list):
    __len__ = lambda self: 3  # noqa: E731
    __iter__ = lambda self: iter([2.0, -4.0, 6.0])  # noqa: E731
    __getitem__ = lambda self, index: 2.0  # noqa: E731


class Meta(type):
    """A class whose class lies."""

    __name__ = property(lambda cls: 1 / 0)
    __module__ = property(lambda cls: 1 / 0)
    __instancecheck__ = lambda cls, thing: True  # noqa: E731
    __subclasscheck__ = lambda cls, thing: True  # noqa: E731


class Odd(metaclass=Meta):
    """An instance of such a class."""


def recursive_list():
    items = []
    items.append(items)
    return items


def wide_list():
    items = [0.0]
    for _ in range(40):
        items = [items, items]
    return items


def liars():
    array = np.empty(3, dtype=object)
    for i in range(3):
        array[i] = Liar()
    return array


ABSURD = {
    "a million by a million, broadcast": lambda: np.broadcast_to(1.0, (10**6, 10**6)),
    "a huge array of zeros": lambda: np.zeros((10**5, 10**4)),
    "64 dimensions": lambda: np.zeros((1,) * 60),
    "a generator": lambda: (i for i in range(3)),
    "an endless generator": lambda: iter(int, 1),
    "a list in itself": recursive_list,
    "a list of lists of lists": wide_list,
    "a long list": lambda: [0.0] * 10**6,
    "a ragged list": lambda: [[1.0], [2.0, 3.0]],
    "a list of liars": lambda: [Liar(), Liar(), Liar()],
    "a range": lambda: range(10**12),
    "a liar": Liar,
    "a pretender": Pretender,
    "a lying array": lambda: np.ndarray.__new__(LyingArray, (5,)),
    "a lying float": lambda: LyingFloat(1.0),
    "a lying int": lambda: LyingInt(1),
    "a lying list": lambda: LyingList([1, 2]),
    "an odd instance": Odd,
    "an odd class": lambda: Odd,
    "a lambda": lambda: lambda: 1,
    "a module": lambda: np,
    "a text": lambda: "<script>alert(1)</script>" * 10**6,
    "bytes": lambda: b"\0" * 10,
    "a dictionary": lambda: {"result": np.ones(3)},
    "a set": lambda: {1, 2, 3},
    "a complex number": lambda: 1j,
    "a complex array": lambda: np.ones(3, complex),
    "an object array": liars,
    "texts": lambda: np.array(["a", "b", "c"]),
    "dates": lambda: np.array(["2020-01-01"] * 3, "M8[D]"),
    "a structured array": lambda: np.zeros(3, [("a", float), ("b", int)]),
    "a masked array": lambda: np.ma.masked_array(np.ones(3), mask=[0, 1, 0]),
    "a long double": lambda: np.longdouble(3),
    "a huge int": lambda: 10**100_000,
    "a decimal": lambda: __import__("decimal").Decimal(3),
    "a fraction": lambda: __import__("fractions").Fraction(1, 3),
    "booleans": lambda: np.array([True, False, True]),
    "a memory view": lambda: memoryview(np.ones(3)),
    "NotImplemented": lambda: NotImplemented,
    "Ellipsis": lambda: ...,
    "an exception": lambda: ValueError("not raised"),
    "a coroutine function": lambda: _coroutine,
    "the frame": sys._getframe,
}


async def _coroutine():
    return 1


@pytest.mark.parametrize("name", ABSURD)
def test_every_absurd_result_becomes_a_report(ask_double, name):
    make = ABSURD[name]
    report = ask_double(lambda x: make())
    assert not report.passed
    assert report.state in ("type", "shape", "dtype", "not finite", "values")
    assert len(report.text()) < 3_000
    assert "<script>" not in report.html()
    assert "RuntimeError" not in report.text()


@pytest.mark.parametrize("name", ABSURD)
def test_absurd_results_where_a_number_or_a_sequence_is_expected(name):
    make = ABSURD[name]
    number = exercise(case("a number", {"x": 1.0}, 6.0))
    assert not judge(number, lambda x: make()).passed
    sequence = exercise(case("a list", {"x": 1.0}, np.array([2.0, 4.0])), outputs={"result": Output(sequence=True)})
    assert not judge(sequence, lambda x: make()).passed
    text = exercise(case("a text", {"x": 1.0}, "good fit"))
    assert not judge(text, lambda x: make()).passed


def test_honest_subclasses_pass(ask_double):
    class Mine(np.ndarray):
        pass

    class Number(float):
        pass

    assert ask_double(lambda x: (2 * x).view(Mine)).passed
    assert judge(exercise(case("a number", {"x": 1.0}, 2.0)), lambda x: Number(2 * x)).passed


def patch(module, name, replacement):
    def student(x):
        setattr(module, name, replacement)
        return 3 * x

    return student


PATCHES = {
    "np.abs": patch(np, "abs", lambda *a, **k: np.zeros(3)),
    "np.asarray": patch(np, "asarray", lambda *a, **k: None),
    "np.isfinite": patch(np, "isfinite", lambda *a, **k: True),
    "np.ndarray": patch(np, "ndarray", object),
    "np.where": patch(np, "where", None),
    "np.linalg.norm": patch(np.linalg, "norm", lambda x: 0.0),
    "np.random.default_rng": patch(np.random, "default_rng", lambda seed: None),
    "np.testing": patch(np, "testing", None),
    "math.sqrt": patch(math, "sqrt", lambda x: 0.0),
    "builtins.len": patch(builtins, "len", lambda x: 0),
    "builtins.isinstance": patch(builtins, "isinstance", lambda *a: True),
    "builtins.type": patch(builtins, "type", lambda *a: np.ndarray),
    "builtins.all": patch(builtins, "all", lambda *a: True),
    "builtins.map": patch(builtins, "map", None),
    "builtins.getattr": patch(builtins, "getattr", lambda *a: None),
    "builtins.setattr": patch(builtins, "setattr", lambda *a: None),
    "builtins.BaseException": patch(builtins, "BaseException", ValueError),
    "builtins.min": patch(builtins, "min", lambda *a, **k: None),
}


@pytest.mark.parametrize("name", PATCHES)
def test_what_is_overwritten_is_put_back(ask_double, name):
    try:
        report = ask_double(PATCHES[name])
        assert report.state == "values", report.text()
        assert ask_double(lambda x: 2 * x).passed
        assert not ask_double(lambda x: 3 * x).passed
    finally:
        pristine.put_back()
        np.testing = sys.modules.get("numpy.testing")


def test_overwriting_is_reported_even_where_the_result_is_right(ask_double):
    def student(x):
        np.abs = lambda x: x
        return 2 * x

    report = ask_double(student)
    assert report.state == "rule broken"
    assert "np.abs" in report.message
    assert np.abs(-1) == 1


def test_what_a_cell_overwrote_before_the_check_is_put_back_and_said(ask_double, monkeypatch):
    monkeypatch.setattr(np, "abs", lambda x: 0 * x)
    report = ask_double(lambda x: 3 * x)
    assert not report.passed
    assert any("np.abs had been replaced" in remark for remark in report.remarks)


def deletes(x):
    del x


def resizes(x):
    try:
        x.resize((50,), refcheck=False)
    except ValueError:
        x.shape = (x.size,)
        x *= 0
    return np.zeros(3)


def overwrites(x):
    result = 2 * x
    x[...] = 0
    return result


def makes_writeable(x):
    x.flags.writeable = True
    return overwrites(x)


@pytest.mark.parametrize("student", [overwrites, makes_writeable, resizes], ids=lambda f: f.__name__)
def test_a_changed_input_is_noticed_and_does_no_harm(student):
    twice = doubling()
    report = judge(twice, student)
    assert not report.passed
    assert judge(twice, lambda x: 2 * x).passed, "the cases are as they were"


def test_a_changed_input_has_its_own_state():
    report = judge(doubling(), overwrites)
    assert report.state == "input modified"
    assert "`x`" in report.message


def test_writing_into_a_read_only_input_is_told_as_such():
    vector = np.array([1.0, 2.0])

    def student(x):
        x *= 2
        return x

    report = judge(exercise(case("read-only", {"x": vector}, 2 * vector, layout="readonly")), student)
    assert report.state == "input modified"
    assert "`x *= 2`" in report.message


def test_lists_and_dictionaries_are_watched_too():
    inputs = {"sizes": [3, 4], "running": {"mean": np.zeros(2)}}
    mixed = exercise(case("containers", inputs, 7.0))
    assert judge(mixed, lambda sizes, running: 7.0).passed
    for spoil in (
        lambda sizes, running: sizes.clear() or 7.0,
        lambda sizes, running: sizes.append(sizes) or 7.0,
        lambda sizes, running: running.update(mean=Liar()) or 7.0,
        lambda sizes, running: running.clear() or 7.0,
        lambda sizes, running: running["mean"].fill(1) or 7.0,
    ):
        assert judge(mixed, spoil).state == "input modified"
    assert inputs["sizes"] == [3, 4]


def reaches_for_the_cases(x):
    """Walks up the stack and spoils what it finds there."""
    frame = sys._getframe(1)
    while frame is not None:
        for name in ("case", "exercise"):
            found = frame.f_locals.get(name)
            if found is not None and hasattr(found, "expected"):
                found.expected.clear()
            if found is not None and hasattr(found, "cases"):
                for other in found.cases:
                    other.expected.clear()
        frame = frame.f_back
    return x


def test_what_a_check_hands_out_is_a_copy():
    from helpers.checks.library import chapters, find, public_path, read_chapter

    chapter = chapters()[0]
    name = next(iter(read_chapter(public_path(chapter))))
    before = find(f"{chapter}/{name}").cases[0].expected
    judge(find(f"{chapter}/{name}"), reaches_for_the_cases)
    assert find(f"{chapter}/{name}").cases[0].expected.keys() == before.keys() != set()


SETTINGS = {
    "np.seterr": (lambda: np.seterr(all="raise"), np.geterr),
    "warnings": (lambda: warnings.simplefilter("error"), lambda: list(warnings.filters)),
    "showwarning": (lambda: setattr(warnings, "showwarning", None), lambda: warnings.showwarning),
    "folder": (lambda: os.chdir("/"), os.getcwd),
    "recursion limit": (lambda: sys.setrecursionlimit(50_000), sys.getrecursionlimit),
    "stdout": (lambda: setattr(sys, "stdout", None), lambda: sys.stdout),
    "stdout closed": (lambda: sys.stdout.close(), lambda: sys.stdout.closed),
    "stderr": (lambda: setattr(sys, "stderr", 3), lambda: sys.stderr),
    "global random state": (lambda: np.random.seed(3), lambda: np.random.get_state()[1].tolist()),  # noqa: NPY002
}


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_for_everybody_are_put_back(ask_double, name):
    change, read = SETTINGS[name]
    before = read()

    def student(x):
        change()
        return 2 * x

    report = ask_double(student)
    assert read() == before
    assert report.passed or report.state == "rule broken"
    assert ask_double(lambda x: 2 * x).passed


def test_the_alarm_of_the_program_around_is_kept():
    import signal

    if not hasattr(signal, "SIGALRM"):
        pytest.skip("this system has no alarm")
    before = signal.getsignal(signal.SIGALRM)
    run(lambda: swallow_forever(1), SECONDS)
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_fifty_megabytes_of_prints_are_capped(ask_double):
    def student(x):
        for _ in range(50):
            print("x" * 1_000_000)
        return 2 * x

    report = ask_double(student, seconds=20.0)
    assert report.passed
    assert len(report.printed) < 3_000
    assert "more characters" in report.printed
    assert len(report.text()) < 2_000


def test_a_million_warnings_are_capped(ask_double):
    def student(x):
        for i in range(10_000):
            warnings.warn(f"mind the gap {i}", stacklevel=1)
        return 2 * x

    assert ask_double(student, seconds=20.0).passed
    assert run(lambda: student(np.ones(1)), 20.0).warned[0] == "UserWarning: mind the gap 0"
    assert len(run(lambda: student(np.ones(1)), 20.0).warned) == 5


def test_threads_do_not_matter(ask_double):
    stop = threading.Event()

    def student(x):
        threading.Thread(target=stop.wait, daemon=True).start()
        return 2 * x

    assert ask_double(student).passed
    stop.set()


def test_checks_work_off_the_main_thread():
    reports = []
    thread = threading.Thread(target=lambda: reports.append(judge(doubling(), lambda x: 2 * x)))
    thread.start()
    thread.join()
    assert reports[0].passed


def test_an_answer_that_depends_on_the_call_before_is_no_answer(ask_double):
    calls = []

    def student(x):
        calls.append(1)
        return 2 * x if len(calls) <= 3 else x

    report = ask_double(student)
    assert not report.passed
    assert "a second time" in report.message


def test_a_reused_buffer_is_judged_as_it_was_when_it_was_returned():
    buffer = np.zeros(3)

    def student(x):
        np.multiply(x, 2, out=buffer)
        return buffer

    vectors = [np.arange(3.0), np.ones(3), np.array([5.0, 1.0, 2.0])]
    assert judge(exercise(*(case(str(i), {"x": v}, 2 * v) for i, v in enumerate(vectors))), student).passed


def test_no_memory_is_kept_of_an_error(ask_double):
    """The exception and its frames, which hold the student's arrays, are let go."""

    class Big:
        pass

    def student(x):
        big = Big()
        raise ValueError(str(type(big)))

    report = ask_double(student)
    assert report.state == "error"
    gc.collect()
    assert not any(isinstance(thing, Big) for thing in gc.get_objects() if type(thing) is Big)


@pytest.mark.parametrize(
    ("student", "state", "words"),
    [
        (None, "not attempted", "does not exist yet"),
        (3, "type", "an int, not something that can be called"),
        ([1], "type", "a list"),
        ((1, 2), "type", "one object, not a tuple"),
        (deletes, "type", "None"),
    ],
)
def test_what_is_no_answer_is_told_so(ask_double, student, state, words):
    report = ask_double(student)
    assert report.state == state
    assert words in report.message


def untouched(x):
    """Twice x."""
    raise NotImplementedError()


class HalfDone:
    """One method is written, the other is not."""

    def first(self):
        return 1.0

    def second(self):
        raise NotImplementedError()


def test_not_attempted_and_partly_attempted_are_told_apart(ask_double, monkeypatch):
    from helpers.checks import probes

    assert ask_double(untouched).state == "not attempted"
    assert "`untouched` is not written yet" in ask_double(untouched).message
    assert ask_double(untouched).hint == ""
    monkeypatch.setitem(probes._REGISTRY, "half_first", lambda student: {"result": student().first()})
    monkeypatch.setitem(probes._REGISTRY, "half_second", lambda student: {"result": student().second()})
    one, two = case("first", {}, 1.0), case("second", {}, 2.0)
    both = exercise(*(type(c)(**{**c.__dict__, "probe": p}) for c, p in ((one, "half_first"), (two, "half_second"))))
    report = judge(both, HalfDone)
    assert report.state == "error"
    assert "`HalfDone.second` is not written yet" in report.message
    assert report.score == 0.5


def test_a_library_that_raises_not_implemented_is_an_error(ask_double):
    import numbers

    def student(x):
        return numbers.Complex.__abs__(x) or np.ma.MaskedArray.__call__ or NotImplemented

    class Abstract:
        def value(self):
            raise NotImplementedError("abstract")

    assert ask_double(lambda x: Abstract().value()).state == "not attempted"
    exec_scope = {}
    exec(compile("def library(): raise NotImplementedError('no kernel')", np.__file__, "exec"), exec_scope)
    assert ask_double(lambda x: exec_scope["library"]()).state == "error"
