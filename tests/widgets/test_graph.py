"""The graph explorer: formulas become graphs, walks find the slopes that nudging finds, step by step."""

import io
import math
import time

import numpy as np
import pytest
from PIL import Image

from helpers.widgets import graph_explorer
from helpers.widgets.graph import (
    EXAMPLES,
    MOST,
    START,
    FormulaError,
    compare,
    describe,
    moment,
    parse,
    places,
    walk,
)


class Value:
    """A right answer to chapter 5's exercise, as short as it goes."""

    def __init__(self, data, parents=(), slopes=()):
        self.data, self.grad, self.parents, self.slopes = data, 0.0, parents, slopes

    def __add__(self, other):
        return Value(self.data + as_value(other).data, (self, as_value(other)), (1.0, 1.0))

    def __mul__(self, other):
        other = as_value(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, n):
        return Value(self.data**n, (self,), (n * self.data ** (n - 1),))

    def exp(self):
        return Value(math.exp(self.data), (self,), (math.exp(self.data),))

    def tanh(self):
        return Value(math.tanh(self.data), (self,), (1 - math.tanh(self.data) ** 2,))

    def relu(self):
        return Value(max(self.data, 0.0), (self,), (1.0 if self.data > 0 else 0.0,))

    def backward(self, flow=1.0):
        self.grad += flow
        for parent, slope in zip(self.parents, self.slopes):
            parent.backward(flow * slope)

    def __sub__(self, other):
        return self + as_value(other) * -1

    def __truediv__(self, other):
        return self * as_value(other) ** -1

    def __rtruediv__(self, other):
        return as_value(other) / self

    __radd__, __rmul__ = __add__, __mul__


class Overwriting(Value):
    def backward(self, flow=1.0):
        self.grad = flow
        for parent, slope in zip(self.parents, self.slopes):
            parent.backward(flow * slope)


def as_value(number):
    return number if isinstance(number, Value) else Value(number)


NAMES = {"graph_explorer": graph_explorer, "Value": Value}
FORMULAS = [
    *EXAMPLES.values(),
    "a / (b + c) - -a",
    "exp(-a) * tanh(b) + a**3",
    "L = sigmoid(a*b)**-2",
    "p = 2*a; p + 1.5",
]


def pixels(explorer) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(explorer.picture.png)))


@pytest.mark.parametrize("formula", FORMULAS)
def test_slopes_are_those_that_nudging_finds(formula):
    graph, h = parse(formula), 1e-6
    inputs = {name: START.get(name, 1.0) + 0.1 for name in graph.inputs}
    done = walk(graph, inputs)
    for node, grad in zip(graph.nodes, done.grads):
        if node.op == "input":
            above, below = (walk(graph, inputs | {node.name: inputs[node.name] + n}).values[-1] for n in (h, -h))
            assert grad == pytest.approx((above - below) / (2 * h), rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("formula", FORMULAS)
def test_the_last_step_has_brought_every_slope_and_every_box_a_place_of_its_own(formula):
    graph = parse(formula)
    done = walk(graph, dict.fromkeys(graph.inputs, 1.5))
    end = moment(graph, done, graph.last_step)
    assert end.known == set(range(len(graph.nodes)))
    for i, grad in enumerate(done.grads):
        assert end.grads.get(i, 0.0) == pytest.approx(grad)
    assert len(set(places(graph))) == len(graph.nodes)
    assert all(0 <= x <= 1 and 0 <= y <= 1 for x, y in places(graph))


def test_every_step_says_what_it_does():
    graph = parse("L = a*a + a")
    done = walk(graph, {"a": 3.0})
    words = [moment(graph, done, step).words for step in range(graph.last_step + 1)]
    assert words == [
        "Before the first step: the inputs are known, nothing else.",
        "Forwards: v1 = a · a = 3 · 3 = 9.",
        "Forwards: L = v1 + a = 9 + 3 = 12.",
        "The way back begins: L moves as much as itself, dL/dL = 1.",
        "Backwards from L, whose slope is 1: v1 gets 1 × 1 = 1; a gets 1 × 1 = 1.",
        "Backwards from v1, whose slope is 1: a gets 1 × 3 = 3, added to 1: 4; a gets 1 × 3 = 3, added to 4: 7.",
    ]
    assert describe(graph, done, moment(graph, done, 5), 5)[-1] == "L = 12; dL/da = 7."


def test_what_the_result_is_not_made_of_is_left_out():
    assert [node.name for node in parse("d = a*b; e = a + c; L = e*2").nodes] == ["a", "c", "e", "2", "L"]


@pytest.mark.parametrize(
    ("formula", "sentence"),
    [
        ("a +", "is no formula"),
        ("a", "needs an operation"),
        ("", "needs an operation"),
        ("a = 3", "needs an operation"),
        ("a, b = c*d", "there must be one name"),
        ("d = a*b; d = a + b", "d has a value already"),
        ("sin(a)", "There is no function sin here"),
        ("a ** b", "exponent after ** must be a plain number"),
        ("a if b else c", "A formula holds"),
        ("import os", "A formula holds"),
        ("a.b * 2", "A formula holds"),
        ("'a' * 2", "A formula holds"),
        ("+".join("a" * 30), f"more than {MOST} numbers"),
        ("-" * 150 + "a", f"more than {MOST} numbers"),
        ("(" * 99 + "a" + ")" * 99, "needs an operation"),
        ("a" * 201, "has 201 characters"),
        ("a\0*b", "is no formula"),
    ],
)
def test_a_formula_that_makes_no_graph_is_explained(formula, sentence):
    with pytest.raises(FormulaError) as raised:
        parse(formula)
    assert sentence in str(raised.value)
    assert "\n" not in str(raised.value).replace("\\n", "")


@pytest.mark.parametrize(
    ("formula", "a", "sentence"),
    [
        ("1 / a", 0.0, "L divides by 0"),
        ("exp(a)", 1e4, "L is no finite number"),
        ("a**-1", 0.0, "L is no finite number"),
        ("a**0.5", -2.0, "L is no finite number"),
        ("a*2", float("nan"), "a is no finite number"),
        ("a*1e999", 1.0, "inf is no finite number"),
    ],
)
def test_numbers_that_cannot_be_computed_are_explained(formula, a, sentence):
    with pytest.raises(FormulaError, match=sentence):
        walk(parse(formula), {"a": a})


# --- the learner's class ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_right_class_finds_the_same(formula):
    graph = parse(formula)
    inputs = {name: START.get(name, 1.0) + 0.1 for name in graph.inputs}
    assert compare(Value, graph, inputs, walk(graph, inputs)) == ""


def test_a_class_that_forgets_to_add_is_found_where_a_number_is_used_twice():
    graph = parse("L = a*a + a")
    done = walk(graph, {"a": 3.0})
    assert compare(Overwriting, graph, {"a": 3.0}, done) == "Your Overwriting gives dL/da = 1, where 7 was expected."


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (lambda data: 1 / 0, "raised ZeroDivisionError"),
        (lambda data: object(), "raised TypeError"),
        (lambda data: Value(str(data)), "raised TypeError"),
        (lambda data: Value(data + 1), "gives a = 4, where 3 was expected"),
    ],
)
def test_a_class_that_does_not_work_is_a_sentence(wrong, sentence):
    graph = parse("L = a*a + a")
    assert sentence in compare(wrong, graph, {"a": 3.0}, walk(graph, {"a": 3.0}))


def test_a_class_that_never_ends_is_stopped(monkeypatch):
    monkeypatch.setattr("helpers.widgets.student.SECONDS", 0.2)
    graph = parse("a*a")
    assert "too slow" in compare(lambda data: time.sleep(60), graph, {"a": 1.0}, walk(graph, {"a": 1.0}))


# --- the widget ------------------------------------------------------------------------------------------------------


def test_stepping_changes_picture_alt_and_text():
    explorer = graph_explorer(Value)
    seen = [pixels(explorer)]
    for step in range(1, explorer.graph.last_step + 1):
        explorer.buttons["next step"].click()
        assert f"Step {step} of 7." in explorer.picture.alt
        assert f"step={step}" in explorer.state
        assert not np.array_equal(pixels(explorer), seen[-1])
        seen.append(pixels(explorer))
    explorer.buttons["next step"].click()
    assert "dL/da = −1, dL/db = 1.5, dL/dc = 0.5, dL/df = 2" in explorer.readout.value
    explorer.buttons["step back"].click()
    assert "Step 6 of 7." in explorer.readout.value
    explorer.buttons["from the start"].click()
    np.testing.assert_array_equal(pixels(explorer), seen[0])
    assert explorer.problem.value == ""


def test_inputs_are_edited_and_a_wrong_one_is_a_sentence_until_it_is_mended():
    explorer = graph_explorer(formula="L = a / b", inputs={"a": 6, "b": 2}, step=1)
    assert "Forwards: L = a / b = 6 / 2 = 3." in explorer.readout.value
    explorer.fields["b"].value = 0.0
    assert "L divides by 0" in explorer.problem.value
    explorer.fields["b"].value = 4.0
    assert explorer.problem.value == ""
    assert "= 1.5." in explorer.readout.value


def test_a_formula_is_typed_and_a_wrong_one_is_a_sentence_until_it_is_mended():
    explorer = graph_explorer()
    explorer.controls["formula"].value = "a +"
    assert "is no formula" in explorer.problem.value
    explorer.controls["formula"].value = "u*v + u"
    assert explorer.problem.value == ""
    assert list(explorer.fields) == ["u", "v"]
    assert explorer.controls["example"].value == "your own"
    assert explorer.controls["step"].max == 5
    explorer.controls["example"].value = "used twice"
    assert explorer.controls["formula"].value == "L = a*a + a"


def test_a_wrong_class_is_told_beside_the_right_numbers():
    explorer = graph_explorer(Overwriting, formula="used twice", step=5)
    assert "gives dL/da = 1, where 7 was expected" in explorer.problem.value
    assert "dL/da = 7" in explorer.readout.value


@pytest.mark.parametrize(
    "line",
    [
        "graph_explorer(formula='a neuron', step=4)",
        "graph_explorer(Value, formula='p = 2*q; p**2', inputs={'q': -0.5}, step=5)",
    ],
)
def test_a_state_is_one_line_that_restores_the_explorer(line):
    explorer = eval(line, NAMES)
    again = eval(explorer.state, NAMES)
    assert again.state == explorer.state
    np.testing.assert_array_equal(pixels(again), pixels(explorer))


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: graph_explorer(formula=3), "formula must be a text"),
        (lambda: graph_explorer(formula="a +"), "is no formula"),
        (lambda: graph_explorer(inputs={"a": "x"}), "must be a number"),
        (lambda: graph_explorer(formula="1 / a", inputs={"a": 0}), "divides by 0"),
    ],
)
def test_arguments_that_make_no_sense_are_explained(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
