"""What the graph explorer computes: a formula as a graph, walked forwards for values and backwards for slopes."""

import ast
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from helpers.widgets.student import call

MOST = 18  # nodes
EXAMPLES = {
    "four numbers": "d = a*b; e = d + c; L = e*f",
    "used twice": "L = a*a + a",
    "a neuron": "z = w1*x1 + w2*x2 + b; y = tanh(z)",
    "a neuron and its loss": "y = sigmoid(w*x + b); L = (y - t)**2",
    "two ReLUs": "h1 = relu(a*x); h2 = relu(b*x); L = h1 - h2",
}
START = {"a": 3.0, "b": -2.0, "c": 8.0, "f": 0.5, "w1": 0.5, "w2": 1.5, "x1": 1.0, "x2": 2.0}
START |= {"w": 2.0, "x": 0.5, "t": 1.0}
LONGEST = 200  # characters of a formula
_BINARY = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_CALCULATE = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
_FUNCTIONS = ("exp", "tanh", "relu", "sigmoid")
_ALLOWED = f"A formula holds names, numbers, + - * / **, brackets and {', '.join(_FUNCTIONS)}."


class FormulaError(ValueError):
    """A formula that cannot be made a graph or computed; its text is a sentence for the learner."""


@dataclass(frozen=True)
class Node:
    """One number of the graph: an input or a constant without parents, or what `op` makes of its parents."""

    name: str
    op: str  # "input", "number", "-x", "**", "+", "-", "*", "/", or a function's name
    parents: tuple[int, ...] = ()
    number: float = 0.0  # of a constant; the exponent of **


@dataclass(frozen=True)
class Graph:
    """Nodes, each after its parents; the last one is the result."""

    nodes: tuple[Node, ...]

    @property
    def inputs(self) -> list[str]:
        return [node.name for node in self.nodes if node.op == "input"]

    @property
    def operations(self) -> list[int]:
        return [i for i, node in enumerate(self.nodes) if node.parents]

    @property
    def result(self) -> str:
        return self.nodes[-1].name

    @property
    def last_step(self) -> int:
        """One step forward per operation, one to begin the way back, one back per operation."""
        return 2 * len(self.operations) + 1


# --- from a formula to a graph ---------------------------------------------------------------------------------------


def parse(formula: str) -> Graph:
    """The graph of a formula such as "d = a*b; L = d + c"; the last part is the result. Raises FormulaError."""
    if len(formula) > LONGEST:
        raise FormulaError(f"This formula has {len(formula)} characters; take one of up to {LONGEST}.")
    try:
        tree = ast.parse(formula.strip())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise FormulaError(f"{formula!r} is no formula; write one such as d = a*b; L = d + c.") from None
    builder = _Builder()
    for statement in tree.body:
        builder.add_statement(statement)
    return builder.graph()


class _Builder:
    """Adds the nodes of one statement after the other."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.known: dict[str, int] = {}
        self.last: int | None = None

    def add_statement(self, statement: ast.stmt) -> None:
        name = ""
        if isinstance(statement, ast.Assign):
            target = statement.targets[0]
            if len(statement.targets) != 1 or not isinstance(target, ast.Name):
                raise FormulaError("Left of = there must be one name.")
            name = target.id
        elif not isinstance(statement, ast.Expr):
            raise FormulaError(
                "A formula holds names, numbers, + - * / **, brackets and " + ", ".join(_FUNCTIONS) + "."
            )
        if name in self.known:
            raise FormulaError(f"{name} has a value already; every number of a graph has a name of its own.")
        self.last = self.add(statement.value, name)
        if name:
            self.known[name] = self.last

    def add(self, e: ast.expr, name: str = "") -> int:
        """The index of the node for an expression, new ones added."""
        if isinstance(e, ast.Name):
            if e.id not in self.known:
                self.known[e.id] = self.put(Node(e.id, "input"))
            return self.known[e.id]
        if isinstance(e, ast.Constant) and isinstance(e.value, int | float) and not isinstance(e.value, bool):
            return self.put(Node(f"{e.value:g}", "number", (), float(e.value)))
        if isinstance(e, ast.UnaryOp) and isinstance(e.op, ast.USub):
            return self.put_operation(name, "-x", e.operand)
        if isinstance(e, ast.BinOp) and type(e.op) in _BINARY:
            return self.put_operation(name, _BINARY[type(e.op)], e.left, e.right)
        if isinstance(e, ast.BinOp) and isinstance(e.op, ast.Pow):
            return self.put_operation(name, "**", e.left, number=_exponent(e.right))
        if isinstance(e, ast.Call) and isinstance(e.func, ast.Name) and len(e.args) == 1 and not e.keywords:
            if e.func.id in _FUNCTIONS:
                return self.put_operation(name, e.func.id, e.args[0])
            raise FormulaError(f"There is no function {e.func.id} here; there are {', '.join(_FUNCTIONS)}.")
        raise FormulaError(_ALLOWED)

    def put_operation(self, name: str, op: str, *operands: ast.expr, number: float = 0.0) -> int:
        parents = tuple(self.add(operand) for operand in operands)
        return self.put(Node(name, op, parents, number))

    def put(self, node: Node) -> int:
        if len(self.nodes) >= MOST:
            raise FormulaError(f"This formula has more than {MOST} numbers; take a shorter one.")
        self.nodes.append(node)
        return len(self.nodes) - 1

    def graph(self) -> Graph:
        """The nodes that the last statement is made of, those without a name called v1, v2, ..., the last one L."""
        if self.last is None or not self.nodes[self.last].parents:
            raise FormulaError("A formula needs an operation, such as L = a*b.")
        used, waiting = set(), [self.last]
        while waiting:
            index = waiting.pop()
            used.add(index)
            waiting.extend(set(self.nodes[index].parents) - used)
        order = sorted(used)
        place = {index: at for at, index in enumerate(order)}
        taken, nodes = {self.nodes[i].name for i in order}, []
        spare = (name for i in range(1, 2 * MOST) if (name := f"v{i}") not in taken)
        for index in order:
            node = self.nodes[index]
            unnamed = "L" if index == self.last and "L" not in taken else ""
            name = node.name or unnamed or next(spare)
            nodes.append(Node(name, node.op, tuple(place[p] for p in node.parents), node.number))
        return Graph(tuple(nodes))


def _exponent(e: ast.expr) -> float:
    sign = 1
    if isinstance(e, ast.UnaryOp) and isinstance(e.op, ast.USub):
        sign, e = -1, e.operand
    if isinstance(e, ast.Constant) and isinstance(e.value, int | float) and not isinstance(e.value, bool):
        return sign * e.value
    raise FormulaError("The exponent after ** must be a plain number.")


# --- values and slopes -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Walk:
    """What the whole walk finds: values and slopes of the result per node, and the slope of every edge."""

    values: list[float]
    slopes: list[tuple[float, ...]]  # of each node with respect to each of its parents
    grads: list[float]


def walk(graph: Graph, inputs: Mapping[str, float]) -> Walk:
    """Forwards and backwards through the graph. Raises FormulaError where a number cannot be computed."""
    values: list[float] = []
    slopes: list[tuple[float, ...]] = []
    for node in graph.nodes:
        if node.op == "input":
            value, local = float(inputs[node.name]), ()
        elif node.op == "number":
            value, local = node.number, ()
        else:
            value, local = _operate(node, [values[p] for p in node.parents])
        if not all(map(math.isfinite, (value, *local))):
            raise FormulaError(f"{node.name} is no finite number; change the inputs.")
        values.append(value)
        slopes.append(local)
    grads = [0.0] * len(values)
    grads[-1] = 1.0
    for node, local, grad in zip(reversed(graph.nodes), reversed(slopes), _from_the_end(grads)):
        for parent, slope in zip(node.parents, local):
            grads[parent] += grad * slope
    return Walk(values, slopes, grads)


def _from_the_end(values: list[float]):
    """The values from last to first, each read when its turn comes: earlier turns change later ones."""
    return (values[i] for i in range(len(values) - 1, -1, -1))


def _operate(node: Node, x: list[float]) -> tuple[float, tuple[float, ...]]:
    """The value of an operation and its slope with respect to each parent."""
    a, b = x[0], x[-1]
    try:
        if node.op == "**":
            return math.pow(a, node.number), (node.number * math.pow(a, node.number - 1) if node.number else 0.0,)
        if node.op == "exp":
            return math.exp(a), (math.exp(a),)
        if node.op == "sigmoid":
            y = 0.5 * (1 + math.tanh(a / 2))
            return y, (y * (1 - y),)
        if node.op == "tanh":
            return math.tanh(a), (1 - math.tanh(a) ** 2,)
        if node.op in ("relu", "-x"):
            return (max(a, 0.0), (1.0 if a > 0 else 0.0,)) if node.op == "relu" else (-a, (-1.0,))
        local = {"+": (1.0, 1.0), "-": (1.0, -1.0), "*": (b, a)}
        return _CALCULATE[node.op](a, b), local[node.op] if node.op in local else (1 / b, -a / b**2)
    except ZeroDivisionError:
        raise FormulaError(f"{node.name} divides by 0; change the inputs.") from None
    except (OverflowError, ValueError):
        raise FormulaError(f"{node.name} is no finite number; change the inputs.") from None


# --- the learner's class ---------------------------------------------------------------------------------------------


def compare(value_class: Callable, graph: Graph, inputs: Mapping[str, float], right: Walk) -> str:
    """Where the learner's `Value` finds other numbers than `right`, or what stops it, as a sentence; or ""."""
    name = getattr(value_class, "__name__", "Value")
    found, problem = call(lambda: _by_values(value_class, graph, inputs), name=name)
    if problem:
        return problem
    data, grads = found
    for what, own, wanted in (("", data, right.values), (f"d{graph.result}/d", grads, right.grads)):
        for node, mine, expected in zip(graph.nodes, own, wanted):
            if node.op == "number":
                continue
            if isinstance(mine, bool) or not isinstance(mine, int | float | np.number):
                return f"Your {name} has a {type(mine).__name__} for {what}{node.name}; a number is needed."
            kink = what and any(n.op == "relu" and right.values[n.parents[0]] == 0 for n in graph.nodes)
            if not kink and not abs(mine - expected) <= 1e-6 * max(1.0, abs(expected)):
                return f"Your {name} gives {what}{node.name} = {mine:.4g}, where {expected:.4g} was expected."
    return ""


def _by_values(value_class: Callable, graph: Graph, inputs: Mapping[str, float]) -> tuple[list, list]:
    made: list = []
    for node in graph.nodes:
        x = [made[p] for p in node.parents]
        if node.op in ("input", "number"):
            made.append(value_class(float(inputs[node.name]) if node.op == "input" else node.number))
        elif node.op == "sigmoid":
            made.append(1 / (1 + (x[0] * -1).exp()))
        elif node.op in _CALCULATE:
            made.append(_CALCULATE[node.op](*x))
        elif node.op in ("**", "-x"):
            made.append(x[0] ** node.number if node.op == "**" else x[0] * -1)
        else:
            made.append(getattr(x[0], node.op)())
    made[-1].backward()
    return [node.data for node in made], [node.grad for node in made]


# --- step by step ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Moment:
    """What is known after some steps of the walk."""

    known: set[int]  # nodes with a value
    grads: dict[int, float]  # slopes that have arrived, the sums so far
    passed: set[int]  # operations that have passed theirs on
    at: int | None  # the node of this step
    words: str


def moment(graph: Graph, done: Walk, step: int) -> Moment:
    """The walk after `step` steps."""
    operations = graph.operations
    forward = operations[: min(step, len(operations))]
    known = {i for i, node in enumerate(graph.nodes) if not node.parents} | set(forward)
    at = forward[-1] if forward else None
    words = "Before the first step: the inputs are known, nothing else." if at is None else _forward(graph, done, at)
    if step <= len(operations):
        return Moment(known, {}, set(), at, words)
    result, grads = len(graph.nodes) - 1, {len(graph.nodes) - 1: 1.0}
    at, words = (
        result,
        f"The way back begins: {graph.result} moves as much as itself, d{graph.result}/d{graph.result} = 1.",
    )
    back = operations[::-1][: step - len(operations) - 1]
    for at in back:
        words = _backward(graph, done, at, grads)
        for parent, slope in zip(graph.nodes[at].parents, done.slopes[at]):
            grads[parent] = grads.get(parent, 0.0) + done.grads[at] * slope
    return Moment(known, grads, set(back), at, words)


def _forward(graph: Graph, done: Walk, at: int) -> str:
    node = graph.nodes[at]
    names = in_symbols(node, [graph.nodes[p].name for p in node.parents])
    numbers = in_symbols(node, [short(done.values[p], brackets=True) for p in node.parents])
    return f"Forwards: {node.name} = {names} = {numbers} = {short(done.values[at])}."


def _backward(graph: Graph, done: Walk, at: int, before: Mapping[int, float]) -> str:
    node, parts, grads = graph.nodes[at], [], dict(before)
    for parent, slope in zip(node.parents, done.slopes[at]):
        if graph.nodes[parent].op == "number":
            continue
        share, had = done.grads[at] * slope, grads.get(parent)
        grads[parent] = (had or 0.0) + share
        sum_ = f", added to {short(had)}: {short(grads[parent])}" if had is not None else ""
        product = f"{short(done.grads[at])} × {short(slope, brackets=True)} = {short(share)}"
        parts.append(f"{graph.nodes[parent].name} gets {product}{sum_}")
    return f"Backwards from {node.name}, whose slope is {short(done.grads[at])}: {'; '.join(parts)}."


def in_symbols(node: Node, parents: list[str]) -> str:
    """An operation as it is written, such as "a · b"."""
    if node.op == "**":
        return f"{parents[0]} ** {node.number:g}"
    if node.op == "-x":
        return f"−{parents[0]}"
    if node.op in _FUNCTIONS:
        inner = parents[0].removeprefix("(").removesuffix(")")
        return f"{node.op}({inner})"
    return f" {'·' if node.op == '*' else '−' if node.op == '-' else node.op} ".join(parents)


def short(value: float, digits: int = 4, brackets: bool = False) -> str:
    """A number as it is shown."""
    text = f"{value + 0:.{digits}g}".replace("-", "−")
    return f"({text})" if brackets and value < 0 else text


def describe(graph: Graph, done: Walk, now: Moment, step: int) -> list[str]:
    """The picture in words."""
    lines = [f"Step {step} of {graph.last_step}. {now.words}"]
    grads = {node.name: now.grads.get(i) for i, node in enumerate(graph.nodes) if node.op == "input"}
    if step == graph.last_step:
        slopes = ", ".join(f"d{graph.result}/d{name} = {short(grad or 0.0)}" for name, grad in grads.items())
        lines.append(f"{graph.result} = {short(done.values[-1])}; {slopes}.")
    return lines


def places(graph: Graph) -> list[tuple[float, float]]:
    """Where each node is drawn, from the inputs at x = 0 to the result at x = 1; y from 0, the bottom, to 1."""
    column = [0] * len(graph.nodes)
    for i, node in enumerate(graph.nodes):
        column[i] = 1 + max((column[p] for p in node.parents), default=-1)
    for i, node in enumerate(graph.nodes):
        if not node.parents:
            column[i] = min(column[c] for c, child in enumerate(graph.nodes) if i in child.parents) - 1
    rows: list[float] = []
    slot = 0
    for i, node in enumerate(graph.nodes):
        row = sum(rows[p] for p in node.parents) / len(node.parents) if node.parents else float(slot)
        slot += not node.parents
        while any(column[j] == column[i] and abs(rows[j] - row) < 0.9 for j in range(i)):
            row += 0.5
        rows.append(row)
    low, high = min(rows), max(rows)
    return [(c / max(column), 1 - (r - low) / ((high - low) or 1) if high > low else 0.5) for c, r in zip(column, rows)]
