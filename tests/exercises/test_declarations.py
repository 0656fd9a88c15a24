"""The declarations are sound: enough known mistakes, three hints, nothing given away, gradients that are gradients."""

import ast
import inspect
import re

import numpy as np
import pytest

from authoring import notebooks, references
from authoring.build import chapter_names
from helpers.checks.codec import materialise
from helpers.checks.compare import same
from tests.exercises.bank import Entry, entries

ENTRIES = {entry.id: entry for entry in entries()}
# Exercises that have no room for five known mistakes, each with the reason.
FEW: dict[str, str] = {
    "02_neuron/step": "two values, one threshold: there is little to get wrong",
}


@pytest.fixture(params=ENTRIES)
def entry(request) -> Entry:
    return ENTRIES[request.param]


def test_enough_known_mistakes(entry):
    known = len(entry.declared.misconceptions)
    assert known >= (3 if entry.id in FEW else 5), f"{entry.id} names {known} misconceptions"


def test_three_different_hints(entry):
    assert len({hint.strip() for hint in entry.declared.hints if hint.strip()}) == 3


def test_every_known_mistake_shows_on_a_public_case(entry):
    for key in entry.public.misconceptions:
        shows = [case.name for case in entry.public.cases if case.wrong.get(key, "right") != "right"]
        assert shows, f"{key} gives right answers on every public case"


def test_known_mistakes_differ_from_each_other(entry):
    """Two mistakes with the same outputs on every case cannot both be called by their name."""
    keys = list(entry.public.misconceptions)
    for i, one in enumerate(keys):
        for other in keys[i + 1 :]:
            assert any(_differ(c.wrong.get(one, "right"), c.wrong.get(other, "right")) for c in entry.public.cases), (
                f"{one} and {other} give the same outputs on every public case"
            )


def _differ(a, b) -> bool:
    if isinstance(a, str) or isinstance(b, str):
        return a != b if isinstance(a, str) and isinstance(b, str) else True
    return a.keys() != b.keys() or not all(same(a[name], b[name], 1e-9) for name in a)


def test_every_case_has_a_name_of_its_own(entry):
    for half in (entry.public, entry.hidden):
        names = [case.name for case in half.cases]
        assert len(set(names)) == len(names)


def test_points_and_minutes_are_sensible(entry):
    assert all(points >= 0 for points in entry.public.points)
    assert sum(entry.public.points) > 0
    assert 1 <= entry.public.minutes <= 60


def test_hints_do_not_give_the_solution_away(entry):
    """No line of the author's solution stands in a hint, or in what is said of a mistake."""
    texts = [*entry.declared.hints, *(t for m in entry.declared.misconceptions for t in (m.says, m.hint))]
    told = [re.sub(r"[\s`]", "", text) for text in texts]
    for line in _solution_lines(entry):
        for text in told:
            assert line not in text, f"{entry.id}: a hint holds the solution's line {line}"


def _solution_lines(entry: Entry) -> list[str]:
    """Statements of the solution without blanks: those long enough to say something, and not only a loop's head."""
    parts = entry.author if isinstance(entry.author, tuple) else (entry.author,)
    functions = [f for p in parts for f in (vars(p).values() if inspect.isclass(p) else [p]) if inspect.isfunction(f)]
    lines = [re.sub(r"\s", "", line) for f in functions for line in inspect.getsource(f).splitlines()]
    heads = ("def", "class", "#", '"""', "@")
    return [line for line in lines if len(line) >= 20 and not line.startswith(heads) and not line.endswith(":")]


def test_gradients_are_gradients(entry):
    """`f_grad(z)` is the slope of `f(z)`, by central differences of the author's `f`, away from kinks."""
    pair = ENTRIES.get(entry.id.removesuffix("_grad"))
    if not entry.id.endswith("_grad") or pair is None or any(case.probe != "call" for case in entry.public.cases):
        pytest.skip("not the gradient of another exercise's function")
    checked = 0
    for case in entry.public.cases:
        wants = list(case.expected.values())
        if len(wants) == 1 and wants[0].value is not None and not case.raises:
            checked += _agrees_with_slope(pair.author, case, np.asarray(wants[0].value, float))
    assert checked, f"{entry.id}: no case could be compared with a slope"


def _agrees_with_slope(function, case, gradient: np.ndarray, h: float = 1e-6) -> int:
    """Whether the slope in a random direction is the gradient's; how many cases were compared, 0 or 1."""
    names = list(case.inputs)
    first = case.inputs[names[0]]
    if not isinstance(first, np.ndarray | float) or np.shape(first) != gradient.shape:
        return 0
    x = np.asarray(first, float)
    direction = np.random.default_rng(0).normal(size=x.shape)

    def total(t: float) -> np.ndarray:
        inputs = {name: materialise(value) for name, value in case.inputs.items()}
        inputs[names[0]] = x + t * direction
        return np.asarray(function(*inputs.values()), float)

    ahead, behind = (total(h) - total(0)) / h, (total(0) - total(-h)) / h
    if np.abs(ahead - behind).max(initial=0) > 1e-3:  # a kink within reach
        return 0
    slope = (total(h) - total(-h)) / (2 * h)
    expected = gradient * direction if slope.shape == gradient.shape else (gradient * direction).sum()
    np.testing.assert_allclose(slope, expected, rtol=1e-4, atol=1e-6)
    return 1


# What each backward exercise differentiates: its inputs by name -> the number of which it gives the gradients.
def _dense(i) -> float:
    return (i["dy"] * (i["x"] @ i["W"] + i["b"])).sum()


def _through(forward: str, *names: str):
    """The author's own forward function of another exercise, weighted by dy."""
    return lambda i: (i["dy"] * ENTRIES[forward].author(*(i[name] for name in names))).sum()


def _batch_norm(i) -> float:
    running = {"mean": np.zeros(i["x"].shape[-1]), "var": np.ones(i["x"].shape[-1])}
    forward = ENTRIES["07_cnns/batch_norm"].author
    return (i["dy"] * forward(i["x"], i["gamma"], i["beta"], running, True, *i["options"])[0]).sum()


BACKWARD = {
    "05_backprop/dense_backward": _dense,
    "05_backprop/softmax_cross_entropy": lambda i: ENTRIES["05_backprop/softmax_cross_entropy"].author(
        i["logits"], i["labels"]
    )[0],
    "06_convolution/conv2d_backward": _through("06_convolution/conv2d", "x", "w", "b", "stride", "pad"),
    "06_convolution/max_pool2d_backward": _through("06_convolution/max_pool2d", "x", "size", "stride"),
    "06_convolution/avg_pool2d_backward": _through("06_convolution/avg_pool2d", "x", "size", "stride"),
    "07_cnns/batch_norm_backward": _batch_norm,
}


def test_every_backward_exercise_is_compared_with_differences():
    named = {name for name in ENTRIES if name.endswith("_backward")}
    assert named <= set(BACKWARD)


@pytest.mark.parametrize("name", [name for name in BACKWARD if name in ENTRIES])
def test_backward_references_are_gradients(name):
    """Central differences in float64 along random directions, parameter by parameter, with a bias that is not zero."""
    compared = set()
    for case in ENTRIES[name].public.cases:
        for output, want in case.expected.items():
            parameter = output.removeprefix("d")
            inputs = {key: materialise(value) for key, value in case.inputs.items()} | _bias(case)
            if want.value is None or not output.startswith("d") or parameter not in inputs:
                continue
            if _slope_agrees(BACKWARD[name], inputs, parameter, np.asarray(want.value, float)):
                compared.add(output)
    gradients = {o for o in ENTRIES[name].public.outputs if o.startswith("d")}
    assert compared == gradients, f"{name}: no case could be compared for {gradients - compared}"


def _bias(case) -> dict:
    """A bias for the exercises whose backward pass does not need one as input."""
    width = np.shape(case.inputs.get("dy", 0.0))[-1:]
    return {} if "b" in case.inputs else {"b": np.random.default_rng(1).normal(size=width)}


def _slope_agrees(total, inputs: dict, parameter: str, gradient: np.ndarray, h: float = 1e-6) -> bool:
    """Compare the slope in a random direction with the gradient's; False where a kink lies within reach."""
    at = np.asarray(inputs[parameter], float)
    direction = np.random.default_rng(0).normal(size=at.shape)

    def along(t: float) -> float:
        moved = {key: value.copy() if isinstance(value, np.ndarray) else value for key, value in inputs.items()}
        return float(total(moved | {parameter: at + t * direction}))

    ahead, here, behind = along(h), along(0.0), along(-h)
    slope, scale = (ahead - behind) / (2 * h), np.abs(gradient * direction).sum()
    if abs((ahead - here) / h - (here - behind) / h) > 1e-3 * max(scale, 1.0):
        return False
    assert slope == pytest.approx((gradient * direction).sum(), rel=1e-5, abs=1e-5 * max(scale, 1e-3))
    return True


@pytest.mark.parametrize("chapter", chapter_names())
def test_exercise_cells_are_python_that_says_what_to_write(chapter):
    """Every exercise cell defines the names that its checks look for, each with a docstring."""
    declared = references.load_exercises(chapter)
    notebook = notebooks.solution_notebook(chapter, declared)
    cells = {c["id"]: c for c in notebook.cells}
    for exercise in declared:
        tree = ast.parse(cells[exercise.id].source)
        defined = {n.name: ast.get_docstring(n) for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef)}
        for name in exercise.names or (exercise.id,):
            if len(exercise.names) < 2:
                assert name in defined, f"{chapter}/{exercise.id}: its cell does not define {name}"
            assert defined.get(name, "inherited"), f"{chapter}/{exercise.id}: {name} has no docstring"
