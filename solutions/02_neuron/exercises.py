"""Exercises of chapter 02: oracles are TensorFlow and numbers worked out by hand."""

import numpy as np
import tensorflow as tf

from authoring.exercise import Case, Exercise, Function, Misconception, Rng, no_calls

OWN_WORK = no_calls("helpers.kernels", "scipy", "sklearn", "tf", "keras", "torch")


def tf_weighted_sum(x, w, b):
    return (tf.linalg.matvec(tf.constant(np.atleast_2d(x)), tf.constant(w)) + b).numpy().reshape(np.shape(x)[:-1])


def draw_weighted_sum(rng):
    n, batch = rng.integers(2, 7), rng.integers(2, 6)
    shape = (n,) if rng.random() < 0.3 else (batch, n)
    return {"x": rng.normal(size=shape), "w": rng.normal(size=n), "b": float(rng.normal())}


def column_for_a_batch(x, w, b):
    return (x @ w + b)[..., None] if np.ndim(x) == 2 else x @ w + b


weighted_sum = Exercise(
    "weighted_sum",
    title="The weighted sum",
    minutes=5,
    oracle=tf_weighted_sum,
    cases=[
        Case(
            "worked example",
            {"x": np.array([1.0, 2.0, 3.0]), "w": np.array([0.5, -1.0, 2.0]), "b": 0.25},
            expected={"result": 4.75},
        ),
        Case("a batch of one", {"x": np.array([[1.0, 2.0, 3.0]]), "w": np.array([0.5, -1.0, 2.0]), "b": 0.25}),
    ],
    draw=draw_weighted_sum,
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "no_bias", lambda x, w, b: x @ w, says="The bias is missing.", hint="Add `b` after the products are summed."
        ),
        Misconception(
            "not_summed",
            lambda x, w, b: x * w + b,
            says="These are the products before they are summed.",
            hint="A neuron adds its products up: one number for each sample.",
        ),
        Misconception(
            "bias_per_input",
            lambda x, w, b: np.sum(x * w + b, axis=-1),
            says="The bias is added once per input instead of once.",
            hint="Sum the products first, then add the bias.",
        ),
        Misconception(
            "batch_summed",
            lambda x, w, b: np.sum(x * w) + b,
            says="The sum runs over the whole batch.",
            hint="Sum over the last axis only: every row of `x` is a sample of its own.",
        ),
        Misconception(
            "column",
            column_for_a_batch,
            says="The batch comes back as a column.",
            hint="One number per sample has shape (batch,); an extra axis makes NumPy stretch things later.",
        ),
    ],
    hints=(
        "What does the picture above do with each input before the values meet?",
        "Multiply and sum along the last axis: that works for one sample and for a batch.",
        "A single line: the matrix product of `x` and `w`, and one addition.",
    ),
)

step = Exercise(
    "step",
    title="The step function",
    minutes=3,
    oracle=lambda z: np.heaviside(z, 0.0),
    cases=[
        Case("worked example", {"z": np.array([-2.0, 0.0, 0.5])}, expected={"result": np.array([0.0, 0.0, 1.0])}),
        Case("a single number", {"z": 3.0}, expected={"result": 1.0}),
    ],
    draw=lambda rng: {"z": rng.normal(size=(3, 4)).round(1)},
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "one_at_zero",
            lambda z: np.where(np.asarray(z) >= 0, 1.0, 0.0),
            says="At exactly z = 0 the result is 1.",
            hint="This course fires only above the threshold: z > 0, so zero itself gives 0.",
        ),
        Misconception(
            "sign",
            lambda z: np.sign(z),
            says="This is the sign function, which gives −1 below zero.",
            hint="A neuron that does not fire sends 0.",
        ),
        Misconception(
            "relu",
            lambda z: np.maximum(z, 0.0),
            says="This lets positive values through as they are; that is ReLU, of chapter 03.",
            hint="The step has only two values, 0 and 1.",
        ),
        Misconception(
            "swapped",
            lambda z: np.where(np.asarray(z) > 0, 0.0, 1.0),
            says="0 and 1 are the wrong way round.",
            hint="1 stands for “fires”, above the threshold.",
        ),
    ],
    hints=(
        "What are the only two values the step can have?",
        "A comparison gives booleans; numbers are asked for.",
        "`np.where(condition, value if true, value if false)` works for one number and for arrays.",
    ),
)


class ReferenceNeuron:
    """A neuron as a student might write it; the misconceptions change one thing each."""

    def __init__(self, num_inputs, activation_fn, rng):
        self.W, self.b, self.activation_fn = rng.standard_normal(num_inputs), rng.standard_normal(), activation_fn

    def forward(self, x):
        return self.activation_fn(np.einsum("...i,i->...", x, self.W) + self.b)


class NoActivation(ReferenceNeuron):
    def forward(self, x):
        return x @ self.W + self.b


class NoBias(ReferenceNeuron):
    def forward(self, x):
        return self.activation_fn(x @ self.W)


class ActivationFirst(ReferenceNeuron):
    def forward(self, x):
        return self.activation_fn(x) @ self.W + self.b


class ColumnWeights(ReferenceNeuron):
    def __init__(self, num_inputs, activation_fn, rng):
        self.W, self.b, self.activation_fn = rng.standard_normal((num_inputs, 1)), rng.standard_normal(), activation_fn


class ConstantWeights(ReferenceNeuron):
    def __init__(self, num_inputs, activation_fn, rng):
        self.W, self.b, self.activation_fn = np.ones(num_inputs), 0.0, activation_fn


ACTIVATIONS = {"sigmoid": tf.math.sigmoid, "tanh": tf.math.tanh, "relu": tf.nn.relu}


def tf_neuron(num_inputs, activation_fn, W, b, x):
    z = tf.constant(tf_weighted_sum(x, W, b))
    return {"forward(x)": ACTIVATIONS[activation_fn.__name__](z).numpy()}


def draw_neuron(rng):
    n = int(rng.integers(2, 6))
    shape = (n,) if rng.random() < 0.3 else (int(rng.integers(2, 5)), n)
    return {
        "num_inputs": n,
        "activation_fn": Function(str(rng.choice(list(ACTIVATIONS)))),
        "W": rng.normal(size=n),
        "b": float(rng.normal()),
        "x": rng.normal(size=shape),
    }


neuron = Exercise(
    "Neuron",
    title="A neuron as a class",
    points=(1, 2),
    minutes=10,
    probe="neuron_forward",
    oracle={"neuron_forward": tf_neuron},
    cases=[
        Case(
            "a fresh neuron with 3 inputs",
            {"num_inputs": 3, "activation_fn": Function("sigmoid"), "rng": Rng(3)},
            probe="neuron_starts",
            expected={
                "shape of W": np.array([3]),
                "shape of b": np.array([], dtype=int),
                "different weights in a second neuron": 1,
            },
        ),
        Case(
            "worked example",
            {
                "num_inputs": 3,
                "activation_fn": Function("sigmoid"),
                "W": np.array([0.5, -1.0, 2.0]),
                "b": -4.5,
                "x": np.array([1.0, 2.0, 3.0]),
            },
            expected={"forward(x)": 0.5},
        ),
    ],
    draw=draw_neuron,
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "no_activation",
            NoActivation,
            says="This is the weighted sum; the activation function is missing.",
            hint="Pass the weighted sum through `self.activation_fn` before you return it.",
        ),
        Misconception("no_bias", NoBias, says="The bias is missing.", hint="Add `self.b` to the weighted sum."),
        Misconception(
            "activation_first",
            ActivationFirst,
            says="The activation is applied to the inputs instead of the sum.",
            hint="Sum first, activate last.",
        ),
        Misconception(
            "column_weights",
            ColumnWeights,
            says="The weights are a column of shape (num_inputs, 1).",
            hint="One weight per input is a vector: shape (num_inputs,).",
        ),
        Misconception(
            "constant_weights",
            ConstantWeights,
            says="Every new neuron has the same weights.",
            hint="Draw them from the `rng` that is passed in.",
        ),
    ],
    hints=(
        "Which three things must a neuron remember between calls?",
        "`__init__` stores W, b and the activation; `forward` is a weighted sum inside an activation.",
        "self.W = rng.standard_normal(...); forward returns self.activation_fn(weighted_sum(...)).",
    ),
)

EXERCISES = [weighted_sum, step, neuron]
