"""Exercises of chapter 05: oracles are TensorFlow's automatic differentiation and numbers worked out by hand."""

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import tensorflow as tf

from authoring.exercise import Case, Exercise, Function, Misconception, Output, Rng, no_calls
from helpers.checks.guard import TooSlow
from helpers.checks.probes.backprop import run_steps

FRAMEWORKS = ("tf", "keras", "torch", "jax", "autograd")
DENSE_BACKWARD = tuple(f"helpers.kernels.dense_backward{part}" for part in ("", "_input", "_weights"))
CROSS_ENTROPY = tuple(
    f"helpers.kernels.{name}" for name in ("softmax_cross_entropy", "cross_entropy", "cross_entropy_grad")
)
READY_LAYERS = (
    "tf.GradientTape",
    "tf.nn",
    "tf.keras.layers",
    "tf.keras.Sequential",
    "keras.layers",
    "keras.Sequential",
)

NO_AUTODIFF = no_calls(*FRAMEWORKS)
OWN_GRADIENT = no_calls(*FRAMEWORKS, "helpers.layers", "helpers.network", *DENSE_BACKWARD)
OWN_LOSS = no_calls(*FRAMEWORKS, "sklearn", "helpers.kernels.tensorflow", *CROSS_ENTROPY)
OWN_LAYERS = no_calls("torch", "jax", "helpers.layers", "helpers.network", *READY_LAYERS, *DENSE_BACKWARD)
OWN_CHECK = no_calls(*FRAMEWORKS, "scipy.optimize", "scipy.differentiate")

# --- Value ---------------------------------------------------------------------------------------------------------


class Taped:
    """A TensorFlow scalar with the operations of `Value`: the oracle."""

    def __init__(self, tensor):
        self.tensor = tensor

    def exp(self):
        return Taped(tf.exp(self.tensor))

    def tanh(self):
        return Taped(tf.tanh(self.tensor))

    def relu(self):
        return Taped(tf.nn.relu(self.tensor))


def _taped(operation):
    def method(self, other):
        return Taped(operation(self.tensor, getattr(other, "tensor", other)))

    return method


for _name in ("add", "sub", "mul", "truediv", "pow", "radd", "rsub", "rmul", "rtruediv"):
    setattr(Taped, f"__{_name}__", _taped(getattr(tf.Tensor, f"__{_name}__")))


def tf_value_graph(steps, values, roots):
    leaves = {name: Taped(tf.constant(float(number), tf.float64)) for name, number in values.items()}
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([leaf.tensor for leaf in leaves.values()])
        nodes = run_steps(steps, leaves)
    outputs = {f"{name}.data": node.tensor.numpy() for name, node in nodes.items() if name not in leaves}
    roots = roots.split()
    for name, node in (nodes if len(roots) == 1 else leaves).items():
        slopes = [tape.gradient(nodes[root].tensor, node.tensor) for root in roots]
        outputs[f"{name}.grad"] = float(sum(0.0 if slope is None else slope.numpy() for slope in slopes))
    return outputs


def tf_value_chain(x, depth):
    leaf = tf.constant(x, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(leaf)
        node = leaf
        for _ in range(depth):
            node = (node + node) * 0.5 + node * 0.01
    return {"y.data": node.numpy(), "x.grad": tape.gradient(node, leaf).numpy()}


TEMPLATES = (
    "{p} + {q}", "{p} - {q}", "{p} * {q}", "{p} / ({q} * {q} + 1)", "{p}.tanh()", "({p} * 0.3).tanh().exp()",
    "{p}.relu()", "{p}.tanh() ** 3", "{k} - {p}", "{k} * {p}", "{p} + {k}", "{k} / ({p}.exp() + 1)",
)  # fmt: skip


def draw_value_graph(rng):
    """A random graph of seven steps; most nodes are used more than once."""
    values = {name: round(float(rng.uniform(0.3, 2.0) * rng.choice([-1, 1])), 2) for name in "abc"}
    names, steps = list(values), []
    for step in "defghi":
        p, q = rng.choice(names, 2)
        k = round(float(rng.uniform(0.5, 3.0)), 1)
        steps.append(f"{step} = {TEMPLATES[rng.integers(len(TEMPLATES))].format(p=p, q=q, k=k)}")
        names.append(step)
    steps.append(f"L = i * {rng.choice(names)} + {rng.choice(names)} * {rng.choice(names)} + h")
    return {"steps": "; ".join(steps), "values": values, "roots": "L"}


def graph(name, steps, roots="L", weight=1.0, expected=None, **values):
    return Case(name, {"steps": steps, "values": values, "roots": roots}, weight=weight, expected=expected)


class RefValue:
    """Value as a student might write it; the misconceptions change one thing each."""

    def __init__(self, data, parents=(), slopes=()):
        self.data, self.grad, self.parents, self.slopes = data, 0.0, parents, slopes

    def lift(self, other):
        return other if isinstance(other, RefValue) else type(self)(other)

    def make(self, data, *pairs):
        return type(self)(data, tuple(p for p, _ in pairs), tuple(s for _, s in pairs))

    def __add__(self, other):
        other = self.lift(other)
        return self.make(self.data + other.data, (self, 1.0), (other, 1.0))

    def __sub__(self, other):
        other = self.lift(other)
        return self.make(self.data - other.data, (self, 1.0), (other, -1.0))

    def __mul__(self, other):
        other = self.lift(other)
        return self.make(self.data * other.data, (self, other.data), (other, self.data))

    def __truediv__(self, other):
        other = self.lift(other)
        quotient = self.data / other.data
        return self.make(quotient, (self, 1 / other.data), (other, -quotient / other.data))

    def __pow__(self, n):
        return self.make(self.data**n, (self, n * self.data ** (n - 1)))

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def __rsub__(self, other):
        return self.lift(other) - self

    def __rtruediv__(self, other):
        return self.lift(other) / self

    def exp(self):
        return self.make(math.exp(self.data), (self, math.exp(self.data)))

    def tanh(self):
        return self.make(math.tanh(self.data), (self, 1 - math.tanh(self.data) ** 2))

    def relu(self):
        return self.make(max(self.data, 0.0), (self, float(self.data > 0)))

    def order(self):
        """The nodes from here down, parents after children."""
        done, ordered, stack = set(), [], [(self, False)]
        while stack:
            node, ready = stack.pop()
            if ready:
                ordered.append(node)
            elif id(node) not in done:
                done.add(id(node))
                stack += [(node, True), *((parent, False) for parent in node.parents)]
        return ordered[::-1]

    def backward(self):
        flow = {id(self): 1.0}
        for node in self.order():
            slope = flow[id(node)]
            node.grad += slope
            for parent, local in zip(node.parents, node.slopes, strict=True):
                flow[id(parent)] = flow.get(id(parent), 0.0) + slope * local


class ValueOverwrites(RefValue):
    def backward(self):
        self.grad = 1.0
        for node in self.order():
            for parent, local in zip(node.parents, node.slopes, strict=True):
                parent.grad = node.grad * local


class ValueStale(RefValue):
    def backward(self):
        self.grad = 1.0
        for node in self.order():
            for parent, local in zip(node.parents, node.slopes, strict=True):
                parent.grad += node.grad * local


class ValueNeverAdds(RefValue):
    def backward(self):
        for node in self.order():
            node.grad = 0.0
        super().backward()


class ValueNoSeed(RefValue):
    def backward(self):
        for node in self.order():
            for parent, local in zip(node.parents, node.slopes, strict=True):
                parent.grad += node.grad * local


class ValueRecursive(RefValue):
    """Passes on what it has so far as soon as something arrives, so that shared nodes pass it on twice."""

    def backward(self, depth=0):
        if depth == 0:
            self.grad = 1.0
        if depth > 14:
            raise RecursionError
        for parent, local in zip(self.parents, self.slopes, strict=True):
            parent.grad += self.grad * local
            parent.backward(depth + 1)


class ValuePathByPath(RefValue):
    """Right, but walks every path on its own: with shared nodes their number doubles at every step."""

    def backward(self):
        walks, steps = [(self, 1.0)], 0
        while walks:
            node, slope = walks.pop()
            node.grad += slope
            walks += [(p, slope * local) for p, local in zip(node.parents, node.slopes, strict=True)]
            steps += 1
            if steps > 20_000:
                raise TooSlow


class ValueLevelByLevel(RefValue):
    """Goes down level by level: a node is done before all that uses it is done."""

    def order(self):
        ordered = [self]
        for node in ordered:
            ordered += [p for p in dict.fromkeys(node.parents) if not any(p is seen for seen in ordered)]
        return ordered


class ValueOneStep(RefValue):
    def order(self):
        return [self]


class ValueSubAdds(RefValue):
    def __sub__(self, other):
        other = self.lift(other)
        return self.make(self.data - other.data, (self, 1.0), (other, 1.0))


class ValueSwappedSub(RefValue):
    def __rsub__(self, other):
        return self - other


class ValueSwappedDiv(RefValue):
    def __rtruediv__(self, other):
        return self / other


class ValueMulOwn(RefValue):
    def __mul__(self, other):
        other = self.lift(other)
        return self.make(self.data * other.data, (self, self.data), (other, other.data))


class ValueDivSign(RefValue):
    def __truediv__(self, other):
        other = self.lift(other)
        quotient = self.data / other.data
        return self.make(quotient, (self, 1 / other.data), (other, quotient / other.data))


class ValuePowNoFactor(RefValue):
    def __pow__(self, n):
        return self.make(self.data**n, (self, self.data ** (n - 1)))


class ValuePowSameExponent(RefValue):
    def __pow__(self, n):
        return self.make(self.data**n, (self, n * self.data**n))


class ValueExpOfInput(RefValue):
    def exp(self):
        return self.make(math.exp(self.data), (self, self.data))


class ValueTanhOfInput(RefValue):
    def tanh(self):
        return self.make(math.tanh(self.data), (self, 1 - self.data**2))


class ValueReluOpen(RefValue):
    def relu(self):
        return self.make(max(self.data, 0.0), (self, 1.0))


value = Exercise(
    "Value",
    title="A number that knows where it came from",
    points=(3, 3),
    minutes=35,
    probe="value_graph",
    oracle={"value_graph": tf_value_graph, "value_chain": tf_value_chain},
    outputs={f"{name}.grad": Output(gradient=True) for name in [*"abcdefghipquxz", "L"]},
    seconds=2,
    cases=[
        graph(
            "the graph of the picture",
            "d = a * b; e = d + c; L = e * f",
            expected={
                **{"d.data": -6.0, "e.data": 2.0, "L.data": 1.0, "L.grad": 1.0, "e.grad": 0.5, "f.grad": 2.0},
                **{"d.grad": 0.5, "c.grad": 0.5, "a.grad": -1.0, "b.grad": 1.5},
            },
            a=3.0,
            b=-2.0,
            c=8.0,
            f=0.5,
            weight=2,
        ),
        graph("a node used twice", "L = a * a + a", a=3.0),
        graph("a shared node, near and far", "p = a * b; q = p + a; u = q * p; L = u - p", a=1.5, b=-0.5, weight=2),
        graph("numbers on the right", "p = a + 2; q = p - 0.5; u = q * 3; L = u / 4", a=1.25),
        graph("numbers on the left", "p = 2 + a; q = 5 - p; u = 3 * q; L = 4 / u", a=1.25),
        graph("differences and quotients", "p = a - b; q = p / c; L = c - q / b", a=2.0, b=-0.75, c=1.5),
        graph("powers", "p = a ** 3; q = b ** -2; L = p * q + c ** 0.5 + x ** 2", a=-1.2, b=2, c=2.25, x=-0.7),
        graph("exp", "L = a.exp() * b", a=-0.7, b=3.0),
        graph("tanh", "p = (a * b).tanh(); L = p + p * a", a=0.8, b=-0.6),
        graph(
            "relu on both sides of zero", "p = a.relu(); q = b.relu(); L = p * 3 + q * 5 + z * 0", a=0.5, b=-0.5, z=1.0
        ),
        graph("backward called twice", "p = a * b; q = p.tanh(); L = q * a", roots="L L", a=0.9, b=0.4),
        graph("two results share a node", "u = a * b; p = u * 2; q = u * u", roots="p q", a=1.5, b=-2.0),
        Case("a hundred rounds of shared nodes", {"x": 1.5, "depth": 100}, probe="value_chain"),
    ],
    hidden_cases=[
        graph("whole numbers", "p = a * b; q = p / c; L = q ** 2 - a", a=3, b=4, c=8),
        graph("an input that is never used", "L = a * b", a=2.0, b=-1.0, c=5.0),
        graph(
            "relu at exactly zero",
            "L = a.relu() * 3",
            a=0.0,
            expected={"L.data": 0.0, "a.grad": {"low": 0.0, "high": 3.0}, "L.grad": 1.0},
        ),
        graph("backward three times, shared nodes", "p = a * a; q = p + a; L = q * p", roots="L L L", a=-1.3),
        graph("from an inner node first", "p = a * b; q = p * a; L = q.exp()", roots="q L", a=0.7, b=-0.9),
        Case("ninety rounds of shared nodes", {"x": -0.5, "depth": 90}, probe="value_chain"),
    ],
    draw=draw_value_graph,
    draws=(2, 6),
    rules=[NO_AUTODIFF],
    misconceptions=[
        Misconception(
            "overwrites",
            ValueOverwrites,
            says="A node that is used twice keeps only the last of its gradients.",
            hint="Every use of a node contributes to its slope: contributions are added, never assigned.",
        ),
        Misconception(
            "stale",
            ValueStale,
            says="A second call of `backward` sends old gradients through the graph again.",
            hint="What flows in this call and what `.grad` has collected in earlier ones are two different "
            "things: keep "
            "them apart, or set the inner nodes' gradients back first.",
        ),
        Misconception(
            "never_adds",
            ValueNeverAdds,
            says="Every call of `backward` starts the gradients at zero again.",
            hint="`backward` adds to `.grad`; whoever wants a fresh start sets `.grad` to zero.",
        ),
        Misconception(
            "no_seed",
            ValueNoSeed,
            says="All gradients stay zero: nothing was put in at the end of the graph.",
            hint="How much does the result change when the result itself is nudged? That number starts the flow.",
        ),
        Misconception(
            "recursive",
            ValueRecursive,
            says="A shared node passes its gradient on before all of it has arrived, and passes it on again later.",
            hint="A node may pass its gradient on only once, after everything that uses it has done so: find "
            "that order first.",
        ),
        Misconception(
            "path_by_path",
            ValuePathByPath,
            says="Every path back is walked on its own, and shared nodes make more paths than there is time for.",
            hint="Let a node wait until everything that uses it has sent its share; then it passes on the sum, once.",
        ),
        Misconception(
            "level_by_level",
            ValueLevelByLevel,
            says="The graph is walked level by level; a node used near the end and far from it is treated too early.",
            hint="Sort the nodes so that each stands after all its parents, then walk that list from its end.",
        ),
        Misconception(
            "one_step",
            ValueOneStep,
            says="The gradient goes back one step and stops.",
            hint="`backward` has to reach every node that the result was made from.",
        ),
        Misconception(
            "sub_adds",
            ValueSubAdds,
            says="In a difference, the number that is taken away gets a gradient with the wrong sign.",
            hint="If b grows by a little, what does a − b do?",
        ),
        Misconception(
            "swapped_sub",
            ValueSwappedSub,
            says="`5 - a` is computed as `a - 5`.",
            hint="Python calls `__rsub__` when the number stands on the left: `self` is then what is taken away.",
        ),
        Misconception(
            "swapped_div",
            ValueSwappedDiv,
            says="`4 / a` is computed as `a / 4`.",
            hint="Python calls `__rtruediv__` when the number stands on the left: `self` is then the divisor.",
        ),
        Misconception(
            "mul_own",
            ValueMulOwn,
            says="In a product, each factor gets its own value as slope.",
            hint="Nudge a in a · b: the product changes by how much of which number?",
        ),
        Misconception(
            "div_sign",
            ValueDivSign,
            says="The divisor's gradient has the wrong sign.",
            hint="A larger divisor makes a positive quotient smaller.",
        ),
        Misconception(
            "pow_no_factor",
            ValuePowNoFactor,
            says="The slope of a power lacks its factor, the exponent.",
            hint="The slope of x³ at x = 1 is 3, not 1.",
        ),
        Misconception(
            "pow_same_exponent",
            ValuePowSameExponent,
            says="The slope of a power has the exponent of the power itself.",
            hint="The slope of x² is a straight line in x: its exponent is one lower.",
        ),
        Misconception(
            "exp_of_input",
            ValueExpOfInput,
            says="The slope of exp is taken to be its input.",
            hint="exp is the one function that is its own slope.",
        ),
        Misconception(
            "tanh_of_input",
            ValueTanhOfInput,
            says="The slope of tanh is computed from its input where its output belongs.",
            hint="1 − t² is right when t is the value of tanh, not what went into it.",
        ),
        Misconception(
            "relu_open",
            ValueReluOpen,
            says="ReLU lets gradients through below zero, where it is flat.",
            hint="Nudge a negative input of ReLU: does the output move?",
        ),
    ],
    hints=(
        "Do it by hand on the picture first: which number flows back along each arrow?",
        "When a node is made, note its parents and its slope with respect to each. `backward` sends 1.0 "
        "in at the end and "
        "multiplies by those slopes on the way down, in an order in which nobody passes on too early.",
        "Three parts: (1) a list of all nodes, each after its parents; (2) a table of what has flowed "
        "into each node in this "
        "call, 1.0 for the last; (3) walk the list backwards, add the node's flow to its `.grad`, and add "
        "flow times slope "
        "to each parent's entry in the table.",
    ),
)

# --- dense_backward ------------------------------------------------------------------------------------------------


def tf_dense_backward(dy, x, W):
    x, W, b = (tf.constant(np.asarray(a, np.float64)) for a in (x, W, np.zeros(W.shape[1])))
    with tf.GradientTape() as tape:
        tape.watch([x, W, b])
        y = x @ W + b
    gradients = tape.gradient(y, [x, W, b], output_gradients=tf.constant(np.asarray(dy, np.float64)))
    return [tf.convert_to_tensor(gradient).numpy() for gradient in gradients]


def draw_dense_backward(rng):
    batch, inputs, outputs = (int(n) for n in rng.integers(2, 7, 3))
    return {
        "dy": rng.normal(size=(batch, outputs)),
        "x": rng.normal(size=(batch, inputs)),
        "W": rng.normal(size=(inputs, outputs)),
    }


def dense_case(name, seed, batch, inputs, outputs, dtype=np.float64):
    rng = np.random.default_rng(seed)
    shapes = {"dy": (batch, outputs), "x": (batch, inputs), "W": (inputs, outputs)}
    scale = 3 if np.dtype(dtype).kind == "i" else 1
    return Case(name, {key: (scale * rng.normal(size=shape)).astype(dtype) for key, shape in shapes.items()})


def dense_gradients(dx=lambda dy, x, W: dy @ W.T, dW=lambda dy, x: x.T @ dy, db=lambda dy: dy.sum(axis=0)):
    """dense_backward with one formula replaced."""
    return lambda dy, x, W: (dx(dy, x, W), dW(dy, x), db(dy))


dense_backward = Exercise(
    "dense_backward",
    title="Backwards through a matrix product",
    points=(2, 2),
    minutes=15,
    oracle=tf_dense_backward,
    outputs={name: Output(gradient=True) for name in ("dx", "dW", "db")},
    cases=[
        Case(
            "worked example",
            {
                "dy": np.array([[1.0, 0.0], [0.5, -1.0]]),
                "x": np.array([[1.0, 2.0, 3.0], [0.0, -1.0, 4.0]]),
                "W": np.array([[1.0, 0.0], [2.0, 1.0], [0.0, -3.0]]),
            },
            expected={
                "dx": np.array([[1.0, 2.0, 0.0], [0.5, 0.0, 3.0]]),
                "dW": np.array([[1.0, 0.0], [1.5, 1.0], [5.0, -4.0]]),
                "db": np.array([1.5, -1.0]),
            },
            weight=2,
        ),
        dense_case("a batch of one", 1, 1, 4, 3),
        dense_case("as many outputs as inputs as samples", 2, 3, 3, 3),
        dense_case("one output", 3, 5, 4, 1),
    ],
    hidden_cases=[
        dense_case("float32", 4, 4, 3, 5, np.float32),
        dense_case("whole numbers", 5, 3, 2, 4, np.int64),
        dense_case("one input", 6, 6, 1, 2),
    ],
    draw=draw_dense_backward,
    rules=[OWN_GRADIENT],
    misconceptions=[
        Misconception(
            "dW_transposed",
            dense_gradients(dW=lambda dy, x: dy.T @ x),
            says="`dW` is transposed: its rows belong to outputs.",
            hint="A gradient has the shape of what it belongs to: `W` is (inputs, outputs).",
        ),
        Misconception(
            "W_not_transposed",
            dense_gradients(dx=lambda dy, x, W: dy @ W),
            says="`dx` uses W where its transpose belongs.",
            hint="dx[n, i] collects dy[n, j] over all outputs j, each times the weight from i to j.",
        ),
        Misconception(
            "reshaped",
            dense_gradients(dx=lambda dy, x, W: dy @ W.reshape(W.shape[::-1])),
            says="`dx` uses W reshaped; reshaping is not transposing.",
            hint="`W.T` turns rows into columns; `reshape` only breaks the same row of numbers elsewhere.",
        ),
        Misconception(
            "divides_everything",
            lambda dy, x, W: (dy @ W.T / len(x), x.T @ dy / len(x), dy.sum(axis=0) / len(x)),
            says="All three are divided by the batch size, which `dy` has already settled.",
            hint="If the loss is a mean over the batch, its 1/N is inside `dy`. Here you only sum.",
        ),
        Misconception(
            "divides_by_batch",
            dense_gradients(dW=lambda dy, x: x.T @ dy / len(x), db=lambda dy: dy.mean(axis=0)),
            says="`dW` and `db` are divided by the batch size, which `dy` has already settled.",
            hint="If the loss is a mean over the batch, its 1/N is inside `dy`. Here you only sum.",
        ),
        Misconception(
            "db_mean",
            dense_gradients(db=lambda dy: dy.mean(axis=0)),
            says="`db` is a mean over the batch where the sum belongs.",
            hint="The bias is added to every sample, so every sample adds to its gradient.",
        ),
        Misconception(
            "db_not_summed",
            dense_gradients(db=lambda dy: dy.copy()),
            says="`db` still has one row per sample.",
            hint="There is one bias per output, and every sample adds to its gradient.",
        ),
        Misconception(
            "db_one_number",
            dense_gradients(db=lambda dy: dy.sum()),
            says="`db` is a single number: the sum ran over the outputs too.",
            hint="Sum over the batch only, axis 0.",
        ),
        Misconception(
            "db_wrong_axis",
            dense_gradients(db=lambda dy: dy.sum(axis=1)),
            says="`db` is summed over the outputs, one number per sample.",
            hint="One number per output is needed: which axis has to go?",
        ),
        Misconception(
            "db_row",
            dense_gradients(db=lambda dy: dy.sum(axis=0, keepdims=True)),
            says="`db` is a row of shape (1, outputs).",
            hint="The bias has shape (outputs,); its gradient must have the same.",
        ),
        Misconception(
            "wrong_order",
            lambda dy, x, W: (x.T @ dy, dy @ W.T, dy.sum(axis=0)),
            says="The results come in another order: `dW` stands where `dx` belongs.",
            hint="Return `dx, dW, db`.",
        ),
        Misconception(
            "swapped_x_dy",
            dense_gradients(dW=lambda dy, x: np.outer(x.sum(axis=0), dy.sum(axis=0))),
            says="`dW` multiplies sums over the batch; the product belongs inside the sum.",
            hint="Multiply sample by sample, then sum over the samples: that is what one matrix product does.",
        ),
    ],
    hints=(
        "Write down the three shapes you want: those of x, of W and of the bias. Then look for products "
        "that give them.",
        "dL/dW[i, j]: weight (i, j) was multiplied by x[n, i] and landed in y[n, j], for every sample n.",
        "Two matrix products and one sum over the batch axis; in each product one factor is transposed, "
        "and the shapes say which.",
    ),
)

# --- softmax_cross_entropy -----------------------------------------------------------------------------------------


def tf_softmax_cross_entropy(logits, labels):
    logits = tf.constant(np.asarray(logits, np.float64))
    with tf.GradientTape() as tape:
        tape.watch(logits)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(np.asarray(labels, np.int64), logits)
        loss = tf.reduce_mean(losses)
    return loss.numpy(), tape.gradient(loss, logits).numpy()


def draw_softmax_cross_entropy(rng):
    batch, classes = int(rng.integers(2, 7)), int(rng.integers(3, 11))
    logits = rng.normal(scale=2.0, size=(batch, classes))
    return {"logits": logits, "labels": rng.integers(0, classes, batch)}


def _parts(logits, labels, axis=1):
    shifted = logits - logits.max(axis=axis, keepdims=True)
    p = np.exp(shifted) / np.exp(shifted).sum(axis=axis, keepdims=True)
    rows = np.arange(len(labels))
    log_p = shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
    return p, np.eye(logits.shape[1])[labels], -log_p[rows, labels], len(labels)


def ce_no_mean(logits, labels):
    p, target, losses, _ = _parts(logits, labels)
    return losses.sum(), p - target


def ce_gradient_not_divided(logits, labels):
    p, target, losses, _ = _parts(logits, labels)
    return losses.mean(), p - target


def ce_divided_twice(logits, labels):
    p, target, losses, n = _parts(logits, labels)
    return losses.mean(), (p - target) / n**2


def ce_no_target(logits, labels):
    p, _, losses, n = _parts(logits, labels)
    return losses.mean(), p / n


def ce_sign(logits, labels):
    p, target, losses, n = _parts(logits, labels)
    return losses.mean(), (target - p) / n


def ce_wrong_axis(logits, labels):
    p, target, losses, n = _parts(logits, labels, axis=0)
    return losses.mean(), (p - target) / n


def ce_whole_table(logits, labels):
    p, target, _, n = _parts(logits, labels, axis=(0, 1))
    return -np.log(p[np.arange(n), labels]).mean(), (p - target) / n


def ce_per_sample(logits, labels):
    p, target, losses, n = _parts(logits, labels)
    return losses, (p - target) / n


def ce_over_classes(logits, labels):
    p, target, losses, _ = _parts(logits, labels)
    return losses.mean() / p.shape[1], (p - target) / p.size


def ce_unstable(logits, labels):
    e = np.exp(logits.astype(float))
    p = e / e.sum(axis=1, keepdims=True)
    rows = np.arange(len(labels))
    return -np.log(p[rows, labels]).mean(), (p - np.eye(p.shape[1])[labels]) / len(labels)


def ce_epsilon(logits, labels):
    p, target, _, n = _parts(logits, labels)
    return -np.log(p[np.arange(n), labels] + 1e-12).mean(), (p - target) / n


def ce_log_of_softmax(logits, labels):
    p, target, _, n = _parts(logits, labels)
    return -np.log(p[np.arange(n), labels]).mean(), (p - target) / n


def ce_log2(logits, labels):
    p, target, losses, n = _parts(logits, labels)
    return losses.mean() / np.log(2), (p - target) / n


def ce_only_the_label(logits, labels):
    p, target, losses, n = _parts(logits, labels)
    return losses.mean(), (p - 1) * target / n


def ce_before_softmax(logits, labels):
    p, target, losses, n = _parts(logits, labels)
    return losses.mean(), -target / np.maximum(p, 1e-300) / n


softmax_cross_entropy = Exercise(
    "softmax_cross_entropy",
    title="Where the gradient starts",
    points=(2, 2),
    minutes=15,
    oracle=tf_softmax_cross_entropy,
    outputs={"loss": Output(), "dlogits": Output(gradient=True)},
    cases=[
        Case(
            "worked example",
            {"logits": np.log(np.array([[1.0, 2.0, 5.0], [3.0, 6.0, 1.0]])), "labels": np.array([2, 0])},
            expected={
                "loss": (math.log(8 / 5) + math.log(10 / 3)) / 2,
                "dlogits": np.array([[0.0625, 0.125, -0.1875], [-0.35, 0.3, 0.05]]),
            },
            weight=2,
        ),
        Case(
            "ten classes, all scores equal",
            {"logits": np.zeros((4, 10)), "labels": np.array([3, 1, 4, 1])},
            expected={"loss": math.log(10), "dlogits": (0.1 - np.eye(10)[[3, 1, 4, 1]]) / 4},
        ),
        Case("one sample", {"logits": np.array([[0.3, -1.2, 0.9, 0.1]]), "labels": np.array([1])}),
        Case(
            "huge scores",
            {
                "logits": np.array([[1000.0, 0.0], [-1000.0, 1000.0], [5.0, 800.0], [-1000.0, -1001.0]]),
                "labels": np.array([0, 0, 1, 0]),
            },
        ),
    ],
    hidden_cases=[
        Case(
            "as many classes as samples",
            {"logits": np.random.default_rng(3).normal(size=(3, 3)), "labels": np.array([2, 2, 0])},
        ),
        Case(
            "float32",
            {
                "logits": np.random.default_rng(4).normal(size=(5, 4)).astype(np.float32),
                "labels": np.array([0, 3, 1, 2, 2]),
            },
        ),
        Case(
            "whole numbers, small labels",
            {"logits": np.array([[1, 2, 3], [4, -1, 0]]), "labels": np.array([2, 1], np.uint8)},
        ),
        Case(
            "more scores than a small label can count",
            {
                "logits": np.random.default_rng(6).normal(size=(30, 10)),
                "labels": np.random.default_rng(7).integers(0, 10, 30).astype(np.uint8),
            },
        ),
        Case(
            "very unlikely labels",
            {"logits": np.array([[0.0, 60.0, 2.0], [900.0, -900.0, 0.0]]), "labels": np.array([0, 1])},
        ),
    ],
    draw=draw_softmax_cross_entropy,
    rules=[OWN_LOSS],
    misconceptions=[
        Misconception(
            "no_mean",
            ce_no_mean,
            says="Loss and gradient are sums over the batch; the mean is asked for.",
            hint="Both get the same 1/N.",
        ),
        Misconception(
            "gradient_not_divided",
            ce_gradient_not_divided,
            says="The loss is a mean over the batch, but its gradient lacks the 1/N.",
            hint="The gradient belongs to the loss you return: what divides one divides the other. A gradient "
            "check finds this.",
        ),
        Misconception(
            "divided_twice",
            ce_divided_twice,
            says="The gradient is divided by the batch size twice.",
            hint="One 1/N belongs to the mean; there is no second one.",
        ),
        Misconception(
            "no_target",
            ce_no_target,
            says="The gradient is the softmax alone; the right class has not been subtracted.",
            hint="The gradient is what the network said minus what it should have said.",
        ),
        Misconception(
            "sign",
            ce_sign,
            says="The gradient has the wrong sign.",
            hint="A gradient points uphill: raising the score of a wrong class raises the loss.",
        ),
        Misconception(
            "wrong_axis",
            ce_wrong_axis,
            says="The softmax runs down the batch instead of across the classes.",
            hint="The probabilities of one sample, one row, must add up to 1.",
        ),
        Misconception(
            "whole_table",
            ce_whole_table,
            says="The softmax runs over the whole table: all samples together add up to 1.",
            hint="The probabilities of one sample, one row, must add up to 1: sum along axis 1, and keep that axis.",
        ),
        Misconception(
            "per_sample",
            ce_per_sample,
            says="The loss comes back as one number per sample.",
            hint="Return their mean.",
        ),
        Misconception(
            "over_classes",
            ce_over_classes,
            says="The mean runs over the classes too.",
            hint="Each sample has one loss. Only those are averaged.",
        ),
        Misconception(
            "unstable",
            ce_unstable,
            says="exp overflows for scores of 1000.",
            hint="Subtract each row's largest score first: softmax does not notice, exp does.",
        ),
        Misconception(
            "log_of_softmax",
            ce_log_of_softmax,
            says="The logarithm is taken of a probability that has been rounded to zero.",
            hint="log softmax has a form of its own, shifted score minus log of a sum, in which nothing becomes zero.",
        ),
        Misconception(
            "epsilon",
            ce_epsilon,
            says="A small constant inside the logarithm caps the loss.",
            hint="It hides log(0), and makes large losses wrong. Compute log softmax directly instead.",
        ),
        Misconception(
            "log2",
            ce_log2,
            says="The logarithm has base 2.",
            hint="np.log is the natural logarithm, the one whose slope is 1/x.",
        ),
        Misconception(
            "only_the_label",
            ce_only_the_label,
            says="Only the right class gets a gradient.",
            hint="Raising the score of any class takes probability from the right one.",
        ),
        Misconception(
            "before_softmax",
            ce_before_softmax,
            says="This is the gradient with respect to the probabilities; it has not gone back through the softmax.",
            hint="Carry −1/p back through the softmax: almost everything cancels.",
        ),
    ],
    hints=(
        "What would the gradient be if the network were already certain and right?",
        "The loss is −log of the right class's probability, mean over the batch; the gradient is a "
        "difference of two tables "
        "of shape (batch, classes), with the same 1/N.",
        "shifted = logits minus each row's maximum; log_p = shifted minus the log of each row's sum of "
        "exp; pick the label's "
        "entry of every row for the loss; exp(log_p), with 1 taken off at the labels and divided by N, is "
        "the gradient.",
    ),
)

# --- FullyConnectedLayer -------------------------------------------------------------------------------------------

TF_ACTIVATIONS = {"sigmoid": tf.math.sigmoid, "tanh": tf.math.tanh, "relu": tf.nn.relu}
WORKED_W = np.array([[0.351, -0.097, 0.457], [1.076, -0.165, -0.165]])
WORKED_b = np.array([1.116, 0.542, -0.331])


def tf_layer(activation_fn, W, b, x):
    return TF_ACTIVATIONS[activation_fn.__name__](x @ W + b)


def tf_layer_forward(activation_fn, activation_grad, W, b, x, by_entry):
    x = np.asarray(x, np.float64)
    y = tf_layer(activation_fn, W, b, np.atleast_2d(x)).numpy()
    return {"forward(x)": y.reshape((*x.shape[:-1], W.shape[1]))}


def tf_layer_backward(activation_fn, activation_grad, W, b, batches, dL_dys):
    x, W, b = (tf.constant(np.asarray(a, np.float64)) for a in (batches[-1], W, b))
    with tf.GradientTape() as tape:
        tape.watch([x, W, b])
        y = tf_layer(activation_fn, W, b, x)
    gradients = tape.gradient(y, [x, W, b], output_gradients=tf.constant(np.asarray(dL_dys[-1], np.float64)))
    names = ("backward(dL_dy)", "dL_dW", "dL_db")
    return {name: tf.convert_to_tensor(g).numpy() for name, g in zip(names, gradients, strict=True)}


def tf_layer_optimize(activation_fn, activation_grad, W, b, x, dL_dy, learning_rate, steps):
    for _ in range(steps):
        gradients = tf_layer_backward(activation_fn, activation_grad, W, b, [x], [dL_dy])
        W, b = W - learning_rate * gradients["dL_dW"], b - learning_rate * gradients["dL_db"]
    return {"W": W, "b": b}


def exact(array):
    """The nearest numbers that float32 holds too: layers may keep their parameters in it."""
    return array.astype(np.float32).astype(np.float64)


def activation(name):
    return {"activation_fn": Function(name), "activation_grad": Function(f"{name}_grad")}


def layer_case(name, probe, rng, weight=1.0, fn="tanh", batch=4, inputs=3, outputs=2, rounds=1, single=False, **more):
    """One question about a layer with random weights; a single sample is for `forward` alone."""
    W, b = exact(rng.normal(size=(inputs, outputs))), exact(rng.normal(size=outputs))
    xs = [rng.normal(size=inputs if single else (batch + i, inputs)) for i in range(rounds)]
    dys = [rng.normal(size=(len(x), outputs)) for x in xs]
    known = {**activation(fn), "W": W, "b": b}
    inputs_of = {
        "layer_forward": {"x": xs[0], "by_entry": False},
        "layer_backward": {"batches": xs, "dL_dys": dys},
        "layer_optimize": {"x": xs[0], "dL_dy": dys[0], "learning_rate": 0.3, "steps": 1},
    }
    return Case(name, known | inputs_of[probe] | more, probe=probe, weight=weight)


def draw_layer(rng):
    probe = str(rng.choice(["layer_forward", "layer_backward", "layer_optimize"], p=[0.2, 0.5, 0.3]))
    batch, inputs, outputs = (int(n) for n in rng.integers(2, 6, 3))
    fn = str(rng.choice(["sigmoid", "tanh"]))
    single = probe == "layer_forward" and rng.random() < 0.5
    return layer_case(f"random: {probe[6:]}", probe, rng, 1.0, fn, batch, inputs, outputs, single=single)


class RefLayer:
    """A layer as a student might write it; the misconceptions change one thing each."""

    def __init__(self, num_inputs, layer_size, activation_fn, activation_grad, rng):
        self.W, self.b = rng.normal(size=(num_inputs, layer_size)), np.zeros(layer_size)
        self.fn, self.fn_grad = activation_fn, activation_grad

    def forward(self, x):
        self.x, self.z = x, x @ self.W + self.b
        return self.fn(self.z)

    def slope(self):
        return self.fn_grad(self.z)

    def backward(self, dL_dy):
        dz = dL_dy * self.slope()
        self.dL_dW, self.dL_db = self.x.T @ dz, dz.sum(axis=0)
        return dz @ self.W.T

    def optimize(self, learning_rate):
        self.W = self.W - learning_rate * self.dL_dW
        self.b = self.b - learning_rate * self.dL_db


class LayerSlopeOfOutput(RefLayer):
    def slope(self):
        return self.fn_grad(self.fn(self.z))


class LayerNoSlope(RefLayer):
    def slope(self):
        return 1.0


class LayerActivationForSlope(RefLayer):
    def slope(self):
        return self.fn(self.z)


class LayerMean(RefLayer):
    def backward(self, dL_dy):
        dL_dx = super().backward(dL_dy)
        self.dL_dW, self.dL_db = self.dL_dW / len(dL_dy), self.dL_db / len(dL_dy)
        return dL_dx


class LayerAccumulates(RefLayer):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.dL_dW, self.dL_db = 0.0, 0.0

    def backward(self, dL_dy):
        dz = dL_dy * self.slope()
        self.dL_dW, self.dL_db = self.dL_dW + self.x.T @ dz, self.dL_db + dz.sum(axis=0)
        return dz @ self.W.T


class LayerReturnsDz(RefLayer):
    def backward(self, dL_dy):
        super().backward(dL_dy)
        return dL_dy * self.slope()


class LayerPassesDy(RefLayer):
    def backward(self, dL_dy):
        super().backward(dL_dy)
        return dL_dy @ self.W.T


class LayerBiasNotSummed(RefLayer):
    def backward(self, dL_dy):
        dL_dx = super().backward(dL_dy)
        self.dL_db = dL_dy * self.slope()
        return dL_dx


class LayerAscends(RefLayer):
    def optimize(self, learning_rate):
        super().optimize(-learning_rate)


class LayerBiasStays(RefLayer):
    def optimize(self, learning_rate):
        self.W = self.W - learning_rate * self.dL_dW


class LayerNoActivation(RefLayer):
    def forward(self, x):
        super().forward(x)
        return self.z


class LayerNoBias(RefLayer):
    def forward(self, x):
        self.x, self.z = x, x @ self.W
        return self.fn(self.z)


class LayerZeroWeights(RefLayer):
    def __init__(self, num_inputs, layer_size, *rest):
        super().__init__(num_inputs, layer_size, *rest)
        self.W = np.zeros((num_inputs, layer_size))


class LayerOwnRandom(RefLayer):
    def __init__(self, num_inputs, layer_size, *rest):
        super().__init__(num_inputs, layer_size, *rest)
        self.W = np.random.default_rng().normal(size=(num_inputs, layer_size))


FRESH = {"units that start alike": 0, "same weights from the same seed": 1}
LAYER_RNG = np.random.default_rng(50)

layer = Exercise(
    "FullyConnectedLayer",
    title="A layer that learns",
    points=(3, 3),
    minutes=25,
    probe="layer_backward",
    oracle={
        "layer_forward": tf_layer_forward,
        "layer_backward": tf_layer_backward,
        "layer_optimize": tf_layer_optimize,
    },
    outputs={name: Output(gradient=True) for name in ("backward(dL_dy)", "dL_dW", "dL_db")},
    cases=[
        Case(
            "a fresh layer, 4 inputs and 3 units",
            {"num_inputs": 4, "layer_size": 3, **activation("sigmoid"), "seed": 5},
            probe="layer_starts",
            expected={
                "shape of W": np.array([4, 3]),
                "shape of b": np.array([3]),
                "different weights in a second layer": 1,
            }
            | FRESH,
        ),
        Case(
            "forward: the worked example",
            {**activation("sigmoid"), "W": WORKED_W, "b": WORKED_b, "x": np.array([0.0, 1.0]), "by_entry": False},
            probe="layer_forward",
            expected={"forward(x)": 1 / (1 + np.exp(-np.array([2.192, 0.377, -0.496])))},
        ),
        layer_case("forward: a batch", "layer_forward", LAYER_RNG),
        Case(
            "backward: the worked example",
            {
                **activation("sigmoid"),
                "W": WORKED_W,
                "b": WORKED_b,
                "batches": [np.array([[0.0, 1.0]])],
                "dL_dys": [-0.1233517 * np.array([[0.383, -0.327, -0.329]])],
            },
            weight=2,
        ),
        layer_case(
            "backward: a batch", "layer_backward", LAYER_RNG, weight=2, fn="sigmoid", batch=5, inputs=4, outputs=3
        ),
        layer_case("backward: square", "layer_backward", LAYER_RNG, fn="tanh", batch=3, inputs=3, outputs=3),
        layer_case("backward: a second batch", "layer_backward", LAYER_RNG, fn="tanh", batch=4, rounds=2),
        layer_case("optimize: one step", "layer_optimize", LAYER_RNG, fn="sigmoid", weight=2),
        layer_case("optimize: three rounds", "layer_optimize", LAYER_RNG, fn="tanh", steps=3),
    ],
    hidden_cases=[
        layer_case("weights written entry by entry", "layer_forward", LAYER_RNG, batch=2, by_entry=True),
        layer_case("one sample", "layer_forward", LAYER_RNG, fn="sigmoid", single=True),
        layer_case("forward: whole-number inputs", "layer_forward", LAYER_RNG, x=np.array([[0, 1, 2], [3, -1, 0]])),
        layer_case("relu", "layer_backward", LAYER_RNG, fn="relu", batch=6, inputs=2, outputs=5),
        layer_case("a batch of one", "layer_backward", LAYER_RNG, fn="sigmoid", batch=1),
        layer_case(
            "whole-number inputs",
            "layer_backward",
            LAYER_RNG,
            batch=3,
            batches=[np.array([[0, 1, 1], [2, -1, 0], [3, 1, 1]])],
        ),
        layer_case("three batches in a row", "layer_backward", LAYER_RNG, fn="sigmoid", batch=1, rounds=3),
    ],
    draw=draw_layer,
    draws=(2, 6),
    rules=[OWN_LAYERS],
    misconceptions=[
        Misconception(
            "slope_of_output",
            LayerSlopeOfOutput,
            says="`activation_grad` is fed the layer's output; it takes the pre-activation z.",
            hint="Keep z = x W + b in `forward`, before the activation, and use that in `backward`.",
        ),
        Misconception(
            "no_slope",
            LayerNoSlope,
            says="The gradient passes the activation as if it were not there.",
            hint="On its way from y to z, dL_dy is multiplied by the activation's slope, element by element.",
        ),
        Misconception(
            "activation_for_slope",
            LayerActivationForSlope,
            says="The gradient is multiplied by the activation, not by its slope.",
            hint="The layer gets two functions: one for the way forward, one for the way back.",
        ),
        Misconception(
            "mean_over_batch",
            LayerMean,
            says="The parameter gradients are divided by the batch size, which `dL_dy` has already settled.",
            hint="A loss that is a batch mean carries its 1/N in `dL_dy`. In the layer you only sum.",
        ),
        Misconception(
            "accumulates",
            LayerAccumulates,
            says="Gradients of an earlier batch are still in there.",
            hint="Each `backward` belongs to the latest `forward`: assign its gradients, do not add to old ones.",
        ),
        Misconception(
            "returns_dz",
            LayerReturnsDz,
            says="`backward` returns the gradient of z; the layer below needs that of x.",
            hint="One more step back, through the weights.",
        ),
        Misconception(
            "passes_dy",
            LayerPassesDy,
            says="What is returned has skipped the activation: it was computed from dL_dy.",
            hint="Go through the activation once, and use the result for all three gradients.",
        ),
        Misconception(
            "bias_not_summed",
            LayerBiasNotSummed,
            says="`dL_db` has one row per sample.",
            hint="There is one bias per unit, and every sample adds to its gradient.",
        ),
        Misconception(
            "ascends",
            LayerAscends,
            says="`optimize` walks uphill.",
            hint="The gradient points to where the loss grows.",
        ),
        Misconception(
            "bias_stays",
            LayerBiasStays,
            says="`optimize` moves the weights but not the bias.",
            hint="The bias is a parameter like any other.",
        ),
        Misconception(
            "no_activation",
            LayerNoActivation,
            says="`forward` returns the weighted sum; the activation is missing.",
            hint="Keep z for later, and return the activation of it.",
        ),
        Misconception("no_bias", LayerNoBias, says="The bias is missing in `forward`.", hint="z = x W + b."),
        Misconception(
            "zero_weights",
            LayerZeroWeights,
            says="All weights start equal: every unit will get the same gradient and stay the same for ever.",
            hint="Draw the weights from `rng`; only the bias may start at zero.",
        ),
        Misconception(
            "own_random",
            LayerOwnRandom,
            says="The weights do not come from the `rng` that was passed in.",
            hint="Draw from `rng`, so that the same seed gives the same layer again.",
        ),
    ],
    hints=(
        "Draw the layer as a line of boxes, x → z → y, and walk it backwards with the shapes written on the arrows.",
        "`forward` must keep what `backward` will need: the input and the pre-activation. From z back to "
        "x you have a function already.",
        "backward: dz = dL_dy times the slope at z, element by element; then `dense_backward` gives three "
        "results, two to keep "
        "and one to return. optimize: each parameter minus the rate times its gradient.",
    ),
)

# --- SimpleNetwork -------------------------------------------------------------------------------------------------


def tf_forward(W, b, x):
    for weights, bias in zip(W, b, strict=True):
        x = tf.math.sigmoid(x @ weights + bias)
    return x


def tf_network_forward(W, b, x):
    x = np.asarray(x, np.float64)
    return {"forward(x)": tf_forward(W, b, np.atleast_2d(x)).numpy().reshape((*x.shape[:-1], len(b[-1])))}


def tf_network_predict(W, b, x):
    return {"predict(x)": tf_network_forward(W, b, x)["forward(x)"].argmax(axis=-1)}


def tf_network_accuracy(W, b, X, y):
    return {"evaluate_accuracy(X, y)": float(np.mean(tf_network_predict(W, b, X)["predict(x)"] == y))}


def _named(W, b, suffix=""):
    parts = {"W": W, "b": b} if not suffix else {f"dL_d{n}": a for n, a in (("W", W), ("b", b))}
    return {f"layers[{i}].{n}": np.asarray(a[i]) for i in range(len(W)) for n, a in parts.items()}


def _gradients(W, b, x, loss):
    W, b = ([tf.constant(np.asarray(a, np.float64)) for a in arrays] for arrays in (W, b))
    with tf.GradientTape() as tape:
        tape.watch([W, b])
        value = loss(tf_forward(W, b, np.asarray(x, np.float64)))
    dW, db = tape.gradient(value, [W, b])
    return float(value), [g.numpy() for g in dW], [g.numpy() for g in db]


def tf_network_backward(W, b, x, dL_dy):
    return _named(*_gradients(W, b, x, lambda y: tf.reduce_sum(y * dL_dy))[1:], "grad")


def tf_step(W, b, x, loss, learning_rate):
    value, dW, db = _gradients(W, b, x, loss)
    new_W = [w - learning_rate * g for w, g in zip(W, dW, strict=True)]
    return value, new_W, [bias - learning_rate * g for bias, g in zip(b, db, strict=True)]


def tf_network_optimize(W, b, x, dL_dy, learning_rate):
    return _named(*tf_step(W, b, x, lambda y: tf.reduce_sum(y * dL_dy), learning_rate)[1:])


def tf_network_train(W, b, X_train, y_train, X_val, y_val, batch_size, num_epochs, learning_rate, rng):
    """Right where the order of the samples cannot matter: one batch an epoch, or all samples equal.

    The loss may be averaged over batches or over samples. The validation accuracy is that after the epoch; one measured
    before it is not refused.
    """
    starts = range(0, len(X_train), batch_size)
    sizes = [len(X_train[i : i + batch_size]) for i in starts]
    low, high = [], []
    accuracies = [tf_network_accuracy(W, b, X_val, y_val)["evaluate_accuracy(X, y)"]]
    for _ in range(num_epochs):
        losses = []
        for i in starts:
            x, targets = X_train[i : i + batch_size], np.eye(len(b[-1]))[y_train[i : i + batch_size]]
            squared = lambda y, t=targets: tf.reduce_sum((y - t) ** 2) / len(t)  # noqa: E731
            loss, W, b = tf_step(W, b, x, squared, learning_rate)
            losses.append(loss)
        means = sorted([np.mean(losses), np.average(losses, weights=sizes)])
        low.append(means[0]), high.append(means[1])
        accuracies.append(tf_network_accuracy(W, b, X_val, y_val)["evaluate_accuracy(X, y)"])
    pairs = np.array([accuracies[:-1], accuracies[1:]])
    return {
        'history["loss"]': {"low": np.array(low) * (1 - 1e-9), "high": np.array(high) * (1 + 1e-9)},
        'history["val_accuracy"]': {"low": pairs.min(axis=0), "high": pairs.max(axis=0)},
    } | _named(W, b)


def weights(rng, *sizes):
    pairs = list(pairwise(sizes))
    return {"W": [exact(rng.normal(size=pair)) for pair in pairs], "b": [exact(rng.normal(size=n)) for n in sizes[1:]]}


def network_case(name, probe, rng, *sizes, batch=4, weight=1.0, single=False, **more):
    known = weights(rng, *sizes)
    x = rng.normal(size=sizes[0] if single else (batch, sizes[0]))
    dL_dy = {"dL_dy": rng.normal(size=(batch, sizes[-1]))}
    inputs_of = {
        "network_forward": {"x": x},
        "network_predict": {"x": x},
        "network_accuracy": {"X": x, "y": rng.integers(0, sizes[-1], batch)},
        "network_backward": {"x": x, **dL_dy},
        "network_optimize": {"x": x, **dL_dy, "learning_rate": 0.4},
    }
    return Case(name, known | inputs_of[probe] | more, probe=probe, weight=weight)


def training_case(name, rng, *sizes, n=6, batch_size=6, num_epochs=3, learning_rate=0.8, weight=1.0, equal=False):
    """A run whose result does not depend on the order of the samples: one batch an epoch, or equal samples."""
    X, y = rng.normal(size=(n, sizes[0])), rng.integers(0, sizes[-1] - 1, n)  # the last class never comes up
    if equal:
        X, y = np.repeat(X[:1], n, axis=0), np.repeat(y[:1], n)
    val = {"X_val": rng.normal(size=(5, sizes[0])), "y_val": rng.integers(0, sizes[-1], 5)}
    settings = {"batch_size": batch_size, "num_epochs": num_epochs, "learning_rate": learning_rate, "rng": Rng(3)}
    inputs = weights(rng, *sizes) | {"X_train": X, "y_train": y} | val | settings
    return Case(name, inputs, probe="network_train", weight=weight)


def samples_case(name, rng, *sizes, num_train, batch_size):
    inputs = weights(rng, *sizes) | {"num_train": num_train, "batch_size": batch_size, "learning_rate": 0.5}
    expected = {
        "training samples that were learned from": num_train,
        "validation samples that were learned from": 0,
    }
    return Case(name, inputs, probe="network_samples", expected=expected)


def batches_case(name, rng, *sizes, n, batch_size):
    """`n` samples of which one is left for a last batch of its own."""
    inputs = weights(rng, *sizes) | {"num_train": n, "batch_size": batch_size}
    full = [batch_size] * (n - n % batch_size) + [n % batch_size] * (n % batch_size)
    expected = {
        "size of the batch that each sample was in, smallest first": np.array(sorted(full)),
        "another sample in the short batch with another rng": 1,
    }
    return Case(name, inputs, probe="network_batches", expected=expected)


def order_case(name, rng, *sizes, n=9):
    X, y = rng.normal(size=(n + 4, sizes[0])), rng.integers(0, sizes[-1], n + 4)
    data = {"X_train": X[:n], "y_train": y[:n], "X_val": X[n:], "y_val": y[n:], "learning_rate": 0.7}
    expected = {
        "another rng, another order": 1,
        "the same rng, the same order": 1,
        "an order of its own for the second epoch": 1,
    }
    return Case(name, weights(rng, *sizes) | data, probe="network_order", expected=expected)


def blobs_case(name, rng):
    """Three clouds of points in a plane, far enough apart for any network that learns."""
    centres = 2.0 * np.array([[0.0, 1.0], [0.87, -0.5], [-0.87, -0.5]])
    y = np.arange(75) % 3
    X = centres[y] + 0.4 * rng.normal(size=(75, 2))
    data = weights(rng, 2, 8, 3) | {"X_train": X[:60], "y_train": y[:60], "X_val": X[60:], "y_val": y[60:]}
    settings = {"batch_size": 8, "num_epochs": 60, "learning_rate": 1.0}
    bands = {
        "first loss": {"low": 0.05, "high": 2.5},
        "last loss": {"low": 0.0, "high": 0.1},
        "last val_accuracy": {"low": 0.9, "high": 1.0},
    }
    return Case(name, data | settings, probe="network_learns", expected=bands)


def draw_network(rng):
    kind = str(rng.choice(["network_forward", "network_predict", "network_backward", "network_optimize", "train"]))
    sizes = [int(n) for n in rng.integers(2, 6, int(rng.integers(3, 5)))]
    sizes[-1] = max(sizes[-1], 3)
    if kind == "train":
        return training_case("random: train", rng, *sizes, n=int(rng.integers(4, 9)), batch_size=10)
    return network_case(f"random: {kind[8:]}", kind, rng, *sizes, batch=int(rng.integers(1, 6)))


def _sigmoid(z):
    return 1 / (1 + np.exp(-z))


def _sigmoid_grad(z):
    return _sigmoid(z) * (1 - _sigmoid(z))


class RefNetwork:
    """A network as a student might write it; the misconceptions change one thing each."""

    def __init__(self, num_inputs, num_outputs, hidden_layer_sizes, rng):
        sizes = [num_inputs, *hidden_layer_sizes, num_outputs]
        self.layers = [RefLayer(n, m, _sigmoid, _sigmoid_grad, rng) for n, m in pairwise(sizes)]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def predict(self, x):
        return self.forward(x).argmax(axis=-1)

    def evaluate_accuracy(self, X, y):
        return float(np.mean(self.predict(X) == y))

    def backward(self, dL_dy):
        for layer in self.layers[::-1]:
            dL_dy = layer.backward(dL_dy)

    def optimize(self, learning_rate):
        for layer in self.layers:
            layer.optimize(learning_rate)

    def order(self, n, rng, epoch):
        return rng.permutation(n)

    def batches(self, order, batch_size):
        return [order[i : i + batch_size] for i in range(0, len(order), batch_size)]

    def dL_dy(self, y_hat, target):
        return 2 * (y_hat - target) / len(target)

    def loss(self, y_hat, target):
        return np.sum((y_hat - target) ** 2) / len(target)

    def step(self, x, target, learning_rate):
        y_hat = self.forward(x)
        self.backward(self.dL_dy(y_hat, target))
        self.optimize(learning_rate)
        return self.loss(y_hat, target)

    def validate(self, X_train, y_train, X_val, y_val):
        return self.evaluate_accuracy(X_val, y_val)

    def train(self, X_train, y_train, X_val, y_val, batch_size, num_epochs, learning_rate, rng):
        history = {"loss": [], "val_accuracy": []}
        targets = np.eye(len(self.layers[-1].b))[y_train]
        for epoch in range(num_epochs):
            batches = self.batches(self.order(len(X_train), rng, epoch), batch_size)
            losses = [self.step(X_train[i], targets[i], learning_rate) for i in batches]
            history["loss"].append(self.summary(losses))
            history["val_accuracy"].append(self.validate(X_train, y_train, X_val, y_val))
        return history

    def summary(self, losses):
        return np.mean(losses)


class NetSummedGradient(RefNetwork):
    def dL_dy(self, y_hat, target):
        return 2 * (y_hat - target)


class NetNoFactorTwo(RefNetwork):
    def dL_dy(self, y_hat, target):
        return (y_hat - target) / len(target)


class NetMeanOverOutputs(RefNetwork):
    def dL_dy(self, y_hat, target):
        return 2 * (y_hat - target) / target.size

    def loss(self, y_hat, target):
        return np.mean((y_hat - target) ** 2)


class NetHalfLoss(RefNetwork):
    def dL_dy(self, y_hat, target):
        return (y_hat - target) / len(target)

    def loss(self, y_hat, target):
        return np.sum((y_hat - target) ** 2) / len(target) / 2


class NetSign(RefNetwork):
    def dL_dy(self, y_hat, target):
        return 2 * (target - y_hat) / len(target)


class NetNoShuffle(RefNetwork):
    def order(self, n, rng, epoch):
        return np.arange(n)


class NetShufflesOnce(RefNetwork):
    def order(self, n, rng, epoch):
        if epoch == 0:
            self.kept = rng.permutation(n)
        return self.kept


class NetOwnShuffle(RefNetwork):
    def order(self, n, rng, epoch):
        return np.random.default_rng(epoch).permutation(n)


class NetDropsLast(RefNetwork):
    def batches(self, order, batch_size):
        full = super().batches(order, batch_size)
        return [i for i in full if len(i) == batch_size] or full


class NetTrainsOnValidation(RefNetwork):
    def train(self, X_train, y_train, X_val, y_val, *settings):
        X, y = np.concatenate([X_train, X_val]), np.concatenate([y_train, y_val])
        return super().train(X, y, X_val, y_val, *settings)


class NetValidatesOnTraining(RefNetwork):
    def validate(self, X_train, y_train, X_val, y_val):
        return self.evaluate_accuracy(X_train, y_train)


class NetLossAfterStep(RefNetwork):
    def step(self, x, target, learning_rate):
        super().step(x, target, learning_rate)
        return self.loss(self.forward(x), target)


class NetLastLossOnly(RefNetwork):
    def summary(self, losses):
        return losses[-1]


class NetSummedLosses(RefNetwork):
    def summary(self, losses):
        return float(np.sum(losses))


class NetLastLayerOnly(RefNetwork):
    def optimize(self, learning_rate):
        self.layers[-1].optimize(learning_rate)


class NetBackwardForwards(RefNetwork):
    def backward(self, dL_dy):
        for layer in self.layers:
            dL_dy = layer.backward(dL_dy)


class NetLinearOutput(RefNetwork):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.layers[-1].fn, self.layers[-1].fn_grad = (lambda z: z), np.ones_like


class NetPredictsScores(RefNetwork):
    def predict(self, x):
        return self.forward(x)

    def evaluate_accuracy(self, X, y):
        return float(np.mean(self.forward(X).argmax(axis=-1) == y))


class NetPredictsDown(RefNetwork):
    """The winner of every column of a batch."""

    def predict(self, x):
        return self.forward(x).argmax(axis=0)

    def evaluate_accuracy(self, X, y):
        return float(np.mean(self.forward(X).argmax(axis=-1) == y))


class NetCounts(RefNetwork):
    def evaluate_accuracy(self, X, y):
        return int(np.sum(self.predict(X) == y))


class NetPercent(RefNetwork):
    def evaluate_accuracy(self, X, y):
        return 100 * float(np.mean(self.predict(X) == y))


class NetMissingOutputLayer(RefNetwork):
    def __init__(self, num_inputs, num_outputs, hidden_layer_sizes, rng):
        super().__init__(num_inputs, hidden_layer_sizes[-1], hidden_layer_sizes[:-1], rng)


NET_RNG = np.random.default_rng(51)

network = Exercise(
    "SimpleNetwork",
    title="A network that learns",
    points=(4, 4),
    minutes=45,
    probe="network_forward",
    oracle={
        "network_forward": tf_network_forward,
        "network_predict": tf_network_predict,
        "network_accuracy": tf_network_accuracy,
        "network_backward": tf_network_backward,
        "network_optimize": tf_network_optimize,
        "network_train": tf_network_train,
    },
    outputs={"predict(x)": Output(integer=True)}
    | {f"layers[{i}].dL_d{name}": Output(gradient=True) for i in range(4) for name in "Wb"}
    | {'history["loss"]': Output(sequence=True), 'history["val_accuracy"]': Output(sequence=True)},
    seconds=10,
    cases=[
        Case(
            "a fresh network, 4 inputs, 3 and 5 hidden units, 2 outputs",
            {"num_inputs": 4, "num_outputs": 2, "hidden_layer_sizes": [3, 5], "seed": 5},
            probe="network_starts",
            expected={"number of layers": 3, "different weights in a second network": 1}
            | {f"shape of layers[{i}].W": np.array(shape) for i, shape in enumerate([(4, 3), (3, 5), (5, 2)])}
            | FRESH,
        ),
        Case(
            "forward: the worked example",
            {
                "W": [WORKED_W, np.array([[0.383], [-0.327], [-0.329]])],
                "b": [WORKED_b, np.zeros(1)],
                "x": np.array([[0.0, 1.0]]),
            },
        ),
        network_case("predict: a batch", "network_predict", NET_RNG, 3, 4, 5, batch=6),
        network_case("predict: one sample", "network_predict", NET_RNG, 3, 4, 5, single=True),
        network_case("evaluate_accuracy", "network_accuracy", NET_RNG, 3, 5, 3, batch=8),
        network_case("backward: two layers", "network_backward", NET_RNG, 3, 4, 2, weight=2),
        network_case("backward: three layers", "network_backward", NET_RNG, 4, 3, 2, 3, batch=3),
        network_case("optimize", "network_optimize", NET_RNG, 3, 4, 2),
        training_case("train: one batch an epoch", NET_RNG, 3, 4, 3, weight=2, n=7, batch_size=7),
        training_case("train: a short last batch", NET_RNG, 3, 4, 2, weight=2, n=5, batch_size=2, equal=True),
        samples_case("train: every sample once an epoch", NET_RNG, 10, 4, 3, num_train=7, batch_size=3),
        order_case("train: the order of the samples", NET_RNG, 3, 4, 3),
        batches_case("train: batches of three, and one left over", NET_RNG, 7, 4, 3, n=7, batch_size=3),
        blobs_case("train: three clouds of points", NET_RNG),
    ],
    hidden_cases=[
        network_case("forward: one sample", "network_forward", NET_RNG, 4, 3, 2, single=True),
        network_case("evaluate_accuracy of a batch of one", "network_accuracy", NET_RNG, 3, 5, 4, batch=1),
        network_case("backward: four layers", "network_backward", NET_RNG, 3, 5, 2, 4, 3, batch=2, weight=2),
        training_case(
            "train: a batch larger than the data", NET_RNG, 4, 3, 3, n=5, batch_size=64, num_epochs=4, weight=2
        ),
        training_case(
            "train: batches of three, seven samples", NET_RNG, 3, 4, 3, n=7, batch_size=3, equal=True, num_epochs=2
        ),
        samples_case("train: twelve samples", NET_RNG, 15, 4, 3, num_train=12, batch_size=5),
        order_case("train: the order again", NET_RNG, 4, 3, 2, n=11),
        batches_case("train: batches of four, and one left over", NET_RNG, 9, 3, 2, n=9, batch_size=4),
        blobs_case("train: three other clouds", NET_RNG),
    ],
    draw=draw_network,
    draws=(2, 5),
    rules=[OWN_LAYERS],
    misconceptions=[
        Misconception(
            "summed_gradient",
            NetSummedGradient,
            says="The gradient is that of the batch's summed loss; the loss is a mean.",
            hint="A mean of N terms has a 1/N, and so does its gradient. The same step becomes N times too "
            "long without it.",
        ),
        Misconception(
            "no_factor_two",
            NetNoFactorTwo,
            says="The slope of a square lacks its factor 2.",
            hint="The slope of (ŷ − t)² with respect to ŷ is 2(ŷ − t). (With a ½ in the loss the 2 would "
            "cancel; here there is none.)",
        ),
        Misconception(
            "mean_over_outputs",
            NetMeanOverOutputs,
            says="Loss and gradient are means over the outputs as well.",
            hint="Sum the squares over the outputs; only the batch is averaged.",
        ),
        Misconception(
            "half_loss",
            NetHalfLoss,
            says="The loss is halved.",
            hint="Some books put a ½ in front so that the 2 of the slope cancels; here the loss is the plain "
            "sum of squares.",
        ),
        Misconception(
            "sign",
            NetSign,
            says="The training walks uphill.",
            hint="Prediction minus target, not the other way round.",
        ),
        Misconception(
            "no_shuffle",
            NetNoShuffle,
            says="The samples come in the same order every time.",
            hint="Draw a new order from `rng` at the start of every epoch.",
        ),
        Misconception(
            "shuffles_once",
            NetShufflesOnce,
            says="The samples are shuffled once; every epoch then has the same order.",
            hint="The new order belongs inside the loop over epochs.",
        ),
        Misconception(
            "own_shuffle",
            NetOwnShuffle,
            says="The order does not come from the `rng` that was passed in.",
            hint="Use the `rng` argument of `train`, without a seed of your own.",
        ),
        Misconception(
            "drops_last",
            NetDropsLast,
            says="The last, shorter batch is left out.",
            hint="A slice that runs past the end of an array is simply shorter: no special case is needed.",
        ),
        Misconception(
            "trains_on_validation",
            NetTrainsOnValidation,
            says="The network learns from the validation samples.",
            hint="They are only for `evaluate_accuracy`: what has been learned from cannot be an honest test.",
        ),
        Misconception(
            "validates_on_training",
            NetValidatesOnTraining,
            says='"val_accuracy" is measured on the training samples.',
            hint="Use `X_val` and `y_val` there.",
        ),
        Misconception(
            "loss_after_step",
            NetLossAfterStep,
            says="The loss is measured after each step; it belongs to the forward pass before it.",
            hint="You have that prediction anyway: take its loss before `optimize`.",
        ),
        Misconception(
            "last_loss_only",
            NetLastLossOnly,
            says="The history holds the last batch's loss of each epoch.",
            hint="Collect every batch's loss and take the mean.",
        ),
        Misconception(
            "summed_losses",
            NetSummedLosses,
            says="The history holds the sum of the batches' losses.",
            hint="Take their mean, so that runs with different batch sizes can be compared.",
        ),
        Misconception(
            "last_layer_only",
            NetLastLayerOnly,
            says="`optimize` moves the last layer only.",
            hint="Every layer has parameters, and gradients for them.",
        ),
        Misconception(
            "backward_forwards",
            NetBackwardForwards,
            says="`backward` goes through the layers from the first to the last.",
            hint="The gradient comes in at the output: the last layer is the first to know.",
        ),
        Misconception(
            "linear_output",
            NetLinearOutput,
            says="The last layer has no activation.",
            hint="In this network every layer is followed by a sigmoid, the last one too.",
        ),
        Misconception(
            "predicts_scores",
            NetPredictsScores,
            says="`predict` returns the outputs; the class with the largest one is asked for.",
            hint="np.argmax along the last axis.",
        ),
        Misconception(
            "predicts_down",
            NetPredictsDown,
            says="`predict` looks for the largest output down the batch.",
            hint="Each row is one sample; the classes lie along the last axis.",
        ),
        Misconception(
            "counts",
            NetCounts,
            says="`evaluate_accuracy` counts the right answers.",
            hint="A fraction between 0 and 1 is asked for.",
        ),
        Misconception(
            "percent",
            NetPercent,
            says="`evaluate_accuracy` returns per cent.",
            hint="A fraction between 0 and 1 is asked for.",
        ),
        Misconception(
            "missing_output_layer",
            NetMissingOutputLayer,
            says="The output layer is missing.",
            hint="Two hidden layers make three matrices: write the sizes in a row, input and output included, "
            "and pair neighbours.",
        ),
    ],
    hints=(
        "Every method is a loop over the layers or uses one that is. Which ones run the other way round?",
        "train, per epoch: a fresh order from `rng`; per batch: forward, the loss's gradient 2(ŷ − t)/N, "
        "backward, optimize.",
        "train: targets = rows of an identity matrix picked by the labels; for each epoch, order = "
        "rng.permutation(n); for each "
        "start in range(0, n, batch_size), take order[start : start + batch_size], do the four steps and "
        "note the loss; then "
        "append the mean loss and the accuracy on the validation part.",
    ),
)

# --- relative_error ------------------------------------------------------------------------------------------------


def exact_relative_error(a, b):
    """In exact fractions, entry by entry."""
    a, b = ([Fraction(float(entry)) for entry in np.ravel(array)] for array in (a, b))
    return float(max(abs(p - q) / max(Fraction(1e-8), abs(p) + abs(q)) for p, q in zip(a, b, strict=True)))


def draw_relative_error(rng):
    shape = tuple(int(n) for n in rng.integers(1, 5, int(rng.integers(1, 4))))
    a = rng.normal(size=shape) * 10.0 ** rng.integers(-4, 3, shape)
    return {"a": a, "b": a * (1 + rng.normal(size=shape) * 10.0 ** float(rng.integers(-6, 0)))}


relative_error = Exercise(
    "relative_error",
    title="How different are two gradients?",
    points=(1, 1),
    minutes=6,
    oracle=exact_relative_error,
    cases=[
        Case(
            "worked example",
            {"a": np.array([1.0, -2.0, 0.0]), "b": np.array([1.0, -3.0, 0.0])},
            expected={"result": 0.2},
        ),
        Case(
            "opposite signs",
            {"a": np.array([[0.5, 2.0], [1.0, 1.0]]), "b": np.array([[-0.5, 2.0], [1.0, 1.0]])},
            expected={"result": 1.0},
        ),
        Case("both zero", {"a": np.zeros((2, 3)), "b": np.zeros((2, 3))}, expected={"result": 0.0}),
        Case(
            "one tiny entry is off",
            {"a": np.array([[1000.0, 1e-4], [3.0, 4.0]]), "b": np.array([[1000.0, 2e-4], [3.0, 4.0]])},
        ),
        Case("below the floor", {"a": np.array([2e-9, 1.0]), "b": np.array([1e-9, 1.0])}, expected={"result": 0.1}),
        Case("the smaller first", {"a": np.array([1.0, 5.0]), "b": np.array([4.0, 5.0])}, expected={"result": 0.6}),
    ],
    hidden_cases=[
        Case("equal arrays", {"a": np.array([[3.0, -1.0]]), "b": np.array([[3.0, -1.0]])}, expected={"result": 0.0}),
        Case("whole numbers", {"a": np.array([3, -4, 1]), "b": np.array([1, -4, 2])}, expected={"result": 0.5}),
        Case("one entry", {"a": np.array([-2.0]), "b": np.array([-6.0])}, expected={"result": 0.5}),
        Case("far below the floor", {"a": np.array([3e-12, 0.0]), "b": np.array([-3e-12, 0.0])}),
    ],
    draw=draw_relative_error,
    rules=[no_calls("helpers.checks")],
    misconceptions=[
        Misconception(
            "mean",
            lambda a, b: np.mean(np.abs(a - b) / np.maximum(1e-8, np.abs(a) + np.abs(b))),
            says="This is the mean of the relative errors; the largest is asked for.",
            hint="One wrong entry among thousands must stand out: a mean drowns it.",
        ),
        Misconception(
            "no_abs_below",
            lambda a, b: np.max(np.abs(a - b) / np.maximum(1e-8, np.abs(a + b))),
            says="The denominator adds the numbers before their signs are taken off.",
            hint="|a| + |b|, not |a + b|: opposite numbers are as different as can be, not infinitely different.",
        ),
        Misconception(
            "larger_below",
            lambda a, b: np.max(np.abs(a - b) / np.maximum(1e-8, np.maximum(np.abs(a), np.abs(b)))),
            says="The denominator is the larger of the two; their sum is asked for.",
            hint="With |a| + |b| below, the result can never exceed 1.",
        ),
        Misconception(
            "no_floor",
            lambda a, b: np.max(np.abs(a - b) / (np.abs(a) + np.abs(b))),
            says="0 / 0 appears where both gradients are zero.",
            hint="The denominator is never allowed below 1e-8.",
        ),
        Misconception(
            "adds_floor",
            lambda a, b: np.max(np.abs(a - b) / (np.abs(a) + np.abs(b) + 1e-8)),
            says="1e-8 is added to the denominator; it should only stop it from becoming smaller than that.",
            hint="Take the larger of the two, entry by entry.",
        ),
        Misconception(
            "absolute",
            lambda a, b: np.max(np.abs(a - b)),
            says="This is the absolute error.",
            hint="An error of 0.001 is small beside 100 and large beside 0.001: divide by the size of the numbers.",
        ),
        Misconception(
            "of_norms",
            lambda a, b: np.linalg.norm(a - b) / max(1e-8, np.linalg.norm(a) + np.linalg.norm(b)),
            says="Whole arrays are compared by their norms; one bad small entry disappears beside large ones.",
            hint="Divide entry by entry, then take the largest.",
        ),
        Misconception(
            "signed",
            lambda a, b: np.max((a - b) / np.maximum(1e-8, np.abs(a) + np.abs(b))),
            says="Without an absolute value above the line, errors below zero are lost.",
            hint="|a − b|.",
        ),
        Misconception(
            "per_entry",
            lambda a, b: np.abs(a - b) / np.maximum(1e-8, np.abs(a) + np.abs(b)),
            says="This is one error per entry; the largest of them is asked for.",
            hint="One number: the worst.",
        ),
    ],
    hints=(
        "What should the answer be for 1 and 3? For −1 and 1? For 0 and 0?",
        "A fraction for every entry; then the worst of them.",
        "np.abs above, np.maximum(1e-8, ...) below, np.max around it all.",
    ),
)

# --- gradient_check ------------------------------------------------------------------------------------------------


def check_case(name, rng, *sizes, batch=4, fault=(), weight=1.0):
    """A network with right gradients, or with one gradient multiplied by a factor: its relative error is then known."""
    known = {**weights(rng, *sizes), "x": rng.normal(size=(batch, sizes[0])), "y": (np.arange(batch) + 1) % sizes[-1]}
    band = {"low": 0.0, "high": RIGHT}
    if fault:
        factor = fault[-1]
        error = abs(factor - 1) / (abs(factor) + 1)
        band = {"low": error - 1e-3, "high": error + 1e-3}
    expected = {"the largest relative error": band}
    expected |= {f"{name} afterwards": array for name, array in _named(known["W"], known["b"]).items()}
    return Case(name, {**known, "fault": list(fault)}, expected=expected, weight=weight)


# What central differences reach on the right networks below for every h from 1e-7 to 1e-3, and one-sided ones for none
# down to 1e-6: their seeds were chosen for that.
RIGHT = 5e-6
CHECK_RNG = np.random.default_rng(52)


def _relative(a, b):
    return np.max(np.abs(a - b) / np.maximum(1e-8, np.abs(a) + np.abs(b)))


class GradientCheck:
    """gradient_check with one thing replaced."""

    h, restores, best = 1e-5, True, staticmethod(max)

    def loss(self, network, x, target):
        return np.sum((network.forward(x) - target) ** 2) / len(target)

    def parameters(self, network):
        return [(layer, name) for layer in network.layers for name in ("W", "b")]

    def slope(self, loss, array, index):
        old = array[index]
        array[index] = old + self.h
        up = loss()
        array[index] = old - self.h
        down = loss()
        if self.restores:
            array[index] = old
        return (up - down) / (2 * self.h)

    def __call__(self, network, x, y):
        target = np.eye(len(network.layers[-1].b))[y]
        loss = lambda: self.loss(network, x, target)  # noqa: E731
        network.backward(2 * (network.forward(x) - target) / len(target))
        analytic = {key: getattr(key[0], f"dL_d{key[1]}").copy() for key in self.parameters(network)}
        errors = []
        for (layer, name), gradient in analytic.items():
            array = getattr(layer, name)
            numeric = np.zeros_like(array)
            for index in np.ndindex(array.shape):
                numeric[index] = self.slope(loss, array, index)
            errors.append(self.compare(gradient, numeric))
        return float(self.best(errors))

    def compare(self, gradient, numeric):
        return _relative(gradient, numeric)


class CheckOneSided(GradientCheck):
    def slope(self, loss, array, index):
        old, before = array[index], loss()
        array[index] = old + self.h
        after = loss()
        array[index] = old
        return (after - before) / self.h


class CheckNoRestore(GradientCheck):
    restores = False


class CheckNotHalved(GradientCheck):
    def slope(self, loss, array, index):
        return 2 * super().slope(loss, array, index)


class CheckFirstLayer(GradientCheck):
    def parameters(self, network):
        return super().parameters(network)[:2]


class CheckLastLayer(GradientCheck):
    def parameters(self, network):
        return super().parameters(network)[-2:]


class CheckWeightsOnly(GradientCheck):
    def parameters(self, network):
        return [(layer, "W") for layer in network.layers]


class CheckSummedAgainstMean(GradientCheck):
    def loss(self, network, x, target):
        return np.sum((network.forward(x) - target) ** 2)


class CheckMeanError(GradientCheck):
    best = staticmethod(np.mean)

    def compare(self, gradient, numeric):
        return np.mean(np.abs(gradient - numeric) / np.maximum(1e-8, np.abs(gradient) + np.abs(numeric)))


class CheckSmallest(GradientCheck):
    best = staticmethod(min)


class CheckAbsolute(GradientCheck):
    def compare(self, gradient, numeric):
        return np.max(np.abs(gradient - numeric))


def check_yes_no(network, x, y):
    return GradientCheck()(network, x, y) < 1e-4


gradient_check = Exercise(
    "gradient_check",
    title="A gradient checker you can trust",
    points=(2, 2),
    minutes=20,
    probe="gradient_check_verdict",
    seconds=10,
    cases=[
        check_case("right gradients", np.random.default_rng(118), 3, 4, 2, weight=2),
        check_case("a factor 2 in the first layer's dL_dW", CHECK_RNG, 3, 4, 2, fault=(0, "dL_dW", None, 2.0)),
        check_case(
            "the batch size too much in the last layer's dL_dW", CHECK_RNG, 3, 4, 3, fault=(1, "dL_dW", None, 4.0)
        ),
        check_case("one entry of the last layer's dL_db", CHECK_RNG, 3, 4, 3, fault=(1, "dL_db", -1, 0.5)),
        check_case("one sign in the first layer's dL_dW", CHECK_RNG, 3, 4, 2, batch=5, fault=(0, "dL_dW", -1, -1.0)),
        check_case("one entry of the first layer's dL_db", CHECK_RNG, 2, 3, 2, fault=(0, "dL_db", 1, 3.0)),
        check_case("three layers, right", np.random.default_rng(38), 2, 3, 4, 3, batch=3),
        check_case("three layers, one entry in the middle", CHECK_RNG, 2, 3, 4, 3, batch=3, fault=(1, "dL_dW", 5, 0.0)),
    ],
    hidden_cases=[
        check_case("right, one sample", np.random.default_rng(16), 4, 3, 3, batch=1, weight=2),
        check_case("right, other sizes", np.random.default_rng(42), 2, 5, 4, batch=6),
        check_case("one entry of the last layer's dL_dW", CHECK_RNG, 3, 2, 4, batch=3, fault=(1, "dL_dW", 3, 1.5)),
        check_case("the middle dL_db", CHECK_RNG, 3, 2, 4, 2, batch=3, fault=(1, "dL_db", 2, -2.0)),
        check_case("the first entry of all", CHECK_RNG, 3, 2, 4, batch=3, fault=(0, "dL_dW", 0, 1.2)),
    ],
    rules=[OWN_CHECK],
    misconceptions=[
        Misconception(
            "one_sided",
            CheckOneSided(),
            says="The slope is taken on one side only, and is not exact enough to tell right from nearly right.",
            hint="Go a little to the right and a little to the left: the largest part of the error cancels.",
        ),
        Misconception(
            "no_restore",
            CheckNoRestore(),
            says="The network's parameters are not put back.",
            hint="Keep the old value of the entry, and write it back before you go on to the next.",
        ),
        Misconception(
            "factor_two",
            CheckNotHalved(),
            says="The two gradients you compare differ by a factor of 2.",
            hint="From w − h to w + h it is 2h; and the slope of (ŷ − t)² is 2(ŷ − t). One of these two has "
            "lost its 2.",
        ),
        Misconception(
            "first_layer",
            CheckFirstLayer(),
            says="Only the first layer is checked.",
            hint="Loop over all of `network.layers`.",
        ),
        Misconception(
            "last_layer",
            CheckLastLayer(),
            says="Only the last layer is checked.",
            hint="Loop over all of `network.layers`.",
        ),
        Misconception(
            "weights_only",
            CheckWeightsOnly(),
            says="The biases are not checked.",
            hint="`b` has gradients too.",
        ),
        Misconception(
            "summed_against_mean",
            CheckSummedAgainstMean(),
            says="Two different losses are compared: a sum over the batch and a mean.",
            hint="The loss you nudge must be the very one whose gradient you send into `backward`.",
        ),
        Misconception(
            "mean_error",
            CheckMeanError(),
            says="The errors are averaged; one wrong entry disappears among the right ones.",
            hint="Report the largest.",
        ),
        Misconception(
            "smallest",
            CheckSmallest(),
            says="The smallest of the arrays' errors is returned.",
            hint="A chain is as strong as its weakest link: the largest.",
        ),
        Misconception(
            "absolute",
            CheckAbsolute(),
            says="The error is absolute; small gradients may be quite wrong without being noticed.",
            hint="You wrote `relative_error` for this.",
        ),
        Misconception(
            "yes_or_no",
            check_yes_no,
            says="The result is yes or no.",
            hint="Return the number; the reader decides what is small enough.",
        ),
    ],
    hints=(
        "Two ways to the same number: `backward` gives all slopes at once, nudging gives them one by one.",
        "For each layer, for W and b, for each entry: loss a little to the right, loss a little to the "
        "left, put it back.",
        "First forward and backward with 2(ŷ − t)/N, and copy every dL_dW and dL_db. Then np.ndindex over each array; "
        "(loss at +h minus loss at −h) / 2h with h = 1e-5; at the end the largest `relative_error` of all arrays.",
    ),
)

EXERCISES = [value, dense_backward, softmax_cross_entropy, layer, network, relative_error, gradient_check]
