"""Source rules on text: they see what the live rules see, as far as text can tell."""

import pytest

from grading.static_rules import broken_rule
from tests.checks import test_rules as live

# Only running code can tell where these names come from; the live rules see them.
LIVE_ONLY = {"star import", "the second lambda of a line", "a base class of the course"}


@pytest.mark.parametrize("name", [name for name in live.NOTICED if name not in LIVE_ONLY])
def test_forbidden_calls_are_noticed(name):
    source, prelude = live.NOTICED[name]
    message = broken_rule([prelude or "import numpy as np", source], ["f"], live.FORBIDDEN)
    assert message
    assert message.endswith(".")


@pytest.mark.parametrize("name", live.ALLOWED)
def test_what_is_allowed_is_left_alone(name):
    assert broken_rule(["import numpy as np", live.ALLOWED[name]], ["f"], live.FORBIDDEN) is None


@pytest.mark.parametrize("name", live.LOOPS)
def test_loops_are_noticed(name):
    assert broken_rule(["import numpy as np", live.LOOPS[name]], ["f"], live.LOOPLESS)


def test_the_last_definition_counts():
    loop, none = "def f(x):\n    for i in x: pass", "def f(x):\n    return x"
    assert broken_rule([loop, none], ["f"], live.LOOPLESS) is None
    assert broken_rule([none, loop], ["f"], live.LOOPLESS) == (
        "Line 2 (`for i in x: pass`) loops in Python; this exercise asks for array operations instead."
    )


@pytest.mark.parametrize(
    "source", ["def f(x", "%matplotlib inline\n!ls\nf = 1", "", "x" * 10_000 + "(" * 5_000, "\x00"]
)
def test_odd_cells_are_passed_over(source):
    assert broken_rule([source], ["f"], live.LOOPLESS + live.FORBIDDEN) is None
