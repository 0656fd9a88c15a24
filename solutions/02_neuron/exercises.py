"""Exercises of chapter 02: oracles are TensorFlow, scikit-learn and numbers worked out by hand."""

from itertools import pairwise

import numpy as np
import tensorflow as tf
from sklearn.metrics import accuracy_score

from authoring.exercise import Case, Exercise, Function, Misconception, Output, no_calls

OWN_WORK = no_calls("helpers.kernels.dense", "helpers.layers", "helpers.network", "sklearn", "tf", "keras", "torch")
ACTIVATIONS = {"sigmoid": tf.math.sigmoid, "tanh": tf.math.tanh, "relu": tf.nn.relu}


def tensor(values):
    """A float64 tensor of any numbers: TensorFlow mixes no types."""
    return tf.constant(np.asarray(values, dtype=np.float64))


def tf_affine(x, W, b):
    """x W + b on tensors, for one sample or a batch."""
    return tf.tensordot(tensor(x), tensor(W), axes=1) + tensor(b)


def some_size(rng):
    return int(rng.integers(2, 7))


# --- weighted_sum --------------------------------------------------------------------------------------------------


def draw_one_sum(rng):
    n = some_size(rng)
    return {"x": rng.normal(size=n), "w": rng.normal(size=n), "b": float(rng.normal())}


def draw_batch_of_sums(rng):
    n = some_size(rng)
    return {"x": rng.normal(size=(some_size(rng), n)), "w": rng.normal(size=n), "b": float(rng.normal())}


def draw_square_sums(rng):
    n = some_size(rng)
    return {"x": rng.normal(size=(n, n)), "w": rng.normal(size=n), "b": float(rng.normal())}


weighted_sum = Exercise(
    "weighted_sum",
    title="The weighted sum",
    minutes=5,
    oracle=lambda x, w, b: tf_affine(x, w, b).numpy(),
    cases=[
        Case(
            "worked example",
            {"x": np.array([1.0, 2.0, 3.0]), "w": np.array([0.5, -1.0, 2.0]), "b": 0.25},
            expected={"result": 4.75},
        ),
        Case("a batch of one", {"x": np.array([[1.0, 2.0, 3.0]]), "w": np.array([0.5, -1.0, 2.0]), "b": 0.25}),
        Case(
            "whole numbers as inputs",
            {"x": np.array([[1, 2, 3], [4, 5, 6], [0, -1, 2]]), "w": np.array([0.5, -1.0, 2.0]), "b": 0.25},
            expected={"result": np.array([4.75, 9.25, 5.25])},
        ),
        Case("one input", {"x": np.array([[2.0], [-1.0], [0.0], [4.0]]), "w": np.array([1.5]), "b": -1.0}),
    ],
    draw=[draw_batch_of_sums, draw_one_sum, draw_square_sums],
    hidden_cases=[
        Case(
            "float32",
            {"x": np.float32([[0.1, -0.7], [2.3, 0.4], [1.0, 9.0]]), "w": np.float32([1.7, -0.3]), "b": 0.1},
        ),
        Case("nothing but whole numbers", {"x": np.array([3, -2]), "w": np.array([4, 5]), "b": -1}),
    ],
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "no_bias", lambda x, w, b: x @ w, says="The bias is missing.", hint="Add `b` after the products are summed."
        ),
        Misconception(
            "not_summed",
            lambda x, w, b: x * w + b,
            says="These are the products before they are added up.",
            hint="A neuron adds its products up: one number for each sample.",
        ),
        Misconception(
            "bias_per_input",
            lambda x, w, b: np.sum(x * w + b, axis=-1),
            says="The bias is added once for every input instead of once.",
            hint="Add the products up first, then add the bias.",
        ),
        Misconception(
            "mean",
            lambda x, w, b: np.mean(x * w, axis=-1) + b,
            says="This is the mean of the products, not their sum.",
            hint="A neuron with twice as many inputs adds up twice as many products; nothing is divided.",
        ),
        Misconception(
            "batch_summed",
            lambda x, w, b: np.sum(x * w) + b,
            says="The sum runs over the whole batch.",
            hint="Every row of `x` is a sample with a sum of its own.",
        ),
        Misconception(
            "wrong_axis",
            lambda x, w, b: np.sum(x * w, axis=0) + b,
            says="In a batch the sum runs over the samples instead of over the inputs.",
            hint="The inputs of a sample lie along the last axis.",
        ),
        Misconception(
            "rows_times_weights",
            lambda x, w, b: sum(x[i] * w[i] for i in range(len(x))) + b,
            says="In a batch, whole samples are multiplied by single weights.",
            hint="In a batch `x[i]` is a sample, not an input; its inputs are `x[i, 0]`, `x[i, 1]` and so on.",
        ),
        Misconception(
            "weights_first",
            lambda x, w, b: w @ x + b,
            says="The product has its factors the wrong way round for a batch.",
            hint="(batch, n) times (n,) gives (batch,): the samples come first.",
        ),
        Misconception(
            "column",
            lambda x, w, b: (x @ w + b)[..., None] if np.ndim(x) == 2 else x @ w + b,
            says="The batch comes back as a column.",
            hint="One number per sample has shape (batch,); an extra axis makes NumPy stretch things later.",
        ),
    ],
    hints=(
        "What does the picture above do with each input before the values meet?",
        "Multiply and add up along the last axis: that works for one sample and for a batch.",
        "One line is enough: NumPy's matrix product of the two arrays, then one addition.",
    ),
)

# --- step ------------------------------------------------------------------------------------------------------------


def draw_step(rng):
    return {"z": rng.normal(size=(some_size(rng), some_size(rng))).round(1)}


def draw_whole_steps(rng):
    return {"z": rng.integers(-2, 3, size=some_size(rng) + 3)}


step = Exercise(
    "step",
    title="The step function",
    minutes=3,
    oracle=lambda z: np.heaviside(z, 0.0),
    cases=[
        Case("worked example", {"z": np.array([-2.0, 0.0, 0.5])}, expected={"result": np.array([0.0, 0.0, 1.0])}),
        Case("a single number", {"z": 3.0}, expected={"result": 1.0}),
        Case("exactly zero", {"z": 0.0}, expected={"result": 0.0}),
        Case("whole numbers, in rows and columns", {"z": np.array([[-3, 0, 1], [2, -1, 0]])}),
        Case("three axes", {"z": np.array([[[0.5, -2.0], [0.0, 3.0]], [[-1.0, 0.25], [4.0, 0.0]]])}),
    ],
    draw=[draw_step, draw_whole_steps],
    hidden_cases=[
        Case("a hair's breadth from zero", {"z": np.array([1e-300, -1e-300, 0.0, -0.0, 1e300, -1e300])}),
        Case("a negative number", {"z": -0.25}),
        Case("float32", {"z": np.float32([[0.0], [0.5], [-0.5]])}),
    ],
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "one_at_zero",
            lambda z: np.where(np.asarray(z) >= 0, 1.0, 0.0),
            says="At exactly z = 0 the result is 1.",
            hint="In this course a neuron fires only above the threshold: zero itself gives 0.",
        ),
        Misconception(
            "half_at_zero",
            lambda z: np.heaviside(z, 0.5),
            says="At exactly z = 0 the result is one half.",
            hint="There are only two values, and zero itself does not fire.",
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
            says="This lets positive values through as they are; that is ReLU, of the next chapter.",
            hint="The step has only two values, 0 and 1.",
        ),
        Misconception(
            "ramp",
            lambda z: np.clip(z, 0.0, 1.0),
            says="Between 0 and 1 this is a ramp: half a sum gives half a step.",
            hint="The step jumps; there is nothing between its two values.",
        ),
        Misconception(
            "swapped",
            lambda z: np.where(np.asarray(z) > 0, 0.0, 1.0),
            says="0 and 1 are the wrong way round.",
            hint="1 stands for “fires”, above the threshold.",
        ),
        Misconception(
            "only_single_numbers",
            lambda z: 1.0 if z > 0 else 0.0,
            says="This works for one number only: `if` cannot decide for a whole array at once.",
            hint="Let NumPy choose, element by element.",
        ),
    ],
    hints=(
        "What are the only two values the step can have?",
        "A comparison gives booleans, True and False; numbers are asked for.",
        "`np.where(condition, a, b)` takes a where the condition holds and b elsewhere, for numbers and for arrays.",
    ),
)

# --- Neuron ----------------------------------------------------------------------------------------------------------

RANDOMNESS = {
    "weights of a second one from the same rng": "different",
    "weights when the rng starts from the same seed": "the same",
    "biases when the rng starts from the same seed": "the same",
}


class ReferenceNeuron:
    """A neuron as a student might write it; the misconceptions change one thing each."""

    def __init__(self, num_inputs, activation_fn, rng):
        self.W, self.b, self.activation_fn = rng.standard_normal(num_inputs), rng.standard_normal(), activation_fn

    def forward(self, x):
        return self.activation_fn(np.einsum("...i,i->...", x, self.W) + self.b)


class NeuronWithoutActivation(ReferenceNeuron):
    def forward(self, x):
        return x @ self.W + self.b


class NeuronWithoutBias(ReferenceNeuron):
    def forward(self, x):
        return self.activation_fn(x @ self.W)


class BiasOutsideNeuron(ReferenceNeuron):
    def forward(self, x):
        return self.activation_fn(x @ self.W) + self.b


class ActivationFirstNeuron(ReferenceNeuron):
    def forward(self, x):
        return self.activation_fn(x) @ self.W + self.b


class AlwaysStepNeuron(ReferenceNeuron):
    def forward(self, x):
        return np.where(x @ self.W + self.b > 0, 1.0, 0.0)


class ColumnWeightsNeuron(ReferenceNeuron):
    def __init__(self, num_inputs, activation_fn, rng):
        self.W, self.b, self.activation_fn = rng.standard_normal((num_inputs, 1)), rng.standard_normal(), activation_fn


class BiasPerInputNeuron(ReferenceNeuron):
    def __init__(self, num_inputs, activation_fn, rng):
        self.W, self.activation_fn = rng.standard_normal(num_inputs), activation_fn
        self.b = rng.standard_normal(num_inputs)


class BiasArrayNeuron(ReferenceNeuron):
    def __init__(self, num_inputs, activation_fn, rng):
        self.W, self.b, self.activation_fn = rng.standard_normal(num_inputs), rng.standard_normal(1), activation_fn


class ConstantNeuron(ReferenceNeuron):
    def __init__(self, num_inputs, activation_fn, rng):
        self.W, self.b, self.activation_fn = np.ones(num_inputs), 0.0, activation_fn


class OwnRngNeuron(ReferenceNeuron):
    def __init__(self, num_inputs, activation_fn, rng):
        super().__init__(num_inputs, activation_fn, np.random.default_rng())


def tf_neuron(num_inputs, activation_fn, W, b, x):
    return {"forward(x)": ACTIVATIONS[activation_fn.__name__](tf_affine(x, W, b)).numpy()}


def tf_neuron_changes(num_inputs, activation_fn, W, b, x):
    changed = tf_neuron(num_inputs, activation_fn, np.concatenate([[3.0], W[1:]]), b - 1.0, x)
    after = {"forward(x) after W[0] = 3 and b -= 1": changed["forward(x)"]}
    return tf_neuron(num_inputs, activation_fn, W, b, x) | after


def neuron_inputs(rng, *batch):
    n = some_size(rng)
    return {
        "num_inputs": n,
        "activation_fn": Function(str(rng.choice(list(ACTIVATIONS)))),
        "W": rng.normal(size=n),
        "b": float(rng.normal()),
        "x": rng.normal(size=(*batch, n)),
    }


neuron = Exercise(
    "Neuron",
    title="A neuron as a class",
    points=(1, 2),
    minutes=10,
    probe="neuron_forward",
    oracle={"neuron_forward": tf_neuron, "neuron_changes": tf_neuron_changes},
    cases=[
        Case(
            "a fresh neuron with 12 inputs",
            {"num_inputs": 12, "activation_fn": Function("sigmoid"), "seed": 3},
            probe="neuron_starts",
            expected={"shape of W": "(12,)", "shape of b": "()", "weights of its inputs": "different"} | RANDOMNESS,
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
        Case(
            "a batch of one",
            {
                "num_inputs": 2,
                "activation_fn": Function("relu"),
                "W": np.array([1.0, -2.0]),
                "b": 0.5,
                "x": np.array([[3.0, 1.0]]),
            },
            expected={"forward(x)": np.array([1.5])},
        ),
        Case("the weights change", neuron_inputs(np.random.default_rng(1), 4), probe="neuron_changes"),
    ],
    draw=[
        lambda rng: neuron_inputs(rng, some_size(rng)),
        lambda rng: neuron_inputs(rng),
        lambda rng: Case("the weights change", neuron_inputs(rng, some_size(rng)), probe="neuron_changes"),
    ],
    draws=(2, 5),
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "no_activation",
            NeuronWithoutActivation,
            says="This is the weighted sum; the activation function is missing.",
            hint="Pass the weighted sum through `self.activation_fn` before you return it.",
        ),
        Misconception("no_bias", NeuronWithoutBias, says="The bias is missing.", hint="Add `self.b` to the sum."),
        Misconception(
            "bias_outside",
            BiasOutsideNeuron,
            says="The bias is added after the activation.",
            hint="The bias shifts the sum, so that it decides where the activation switches; it belongs inside.",
        ),
        Misconception(
            "activation_first",
            ActivationFirstNeuron,
            says="The activation is applied to the inputs instead of to the sum.",
            hint="Sum first, activate last.",
        ),
        Misconception(
            "always_step",
            AlwaysStepNeuron,
            says="The neuron always uses the step function, whatever activation it was given.",
            hint="Keep the `activation_fn` that comes in, and call that one.",
        ),
        Misconception(
            "column_weights",
            ColumnWeightsNeuron,
            says="The weights are a column of shape (num_inputs, 1).",
            hint="One weight per input is a vector: shape (num_inputs,).",
        ),
        Misconception(
            "bias_per_input",
            BiasPerInputNeuron,
            says="There is one bias per input; a neuron has a single one.",
            hint="Draw one number for `b`.",
        ),
        Misconception(
            "bias_array",
            BiasArrayNeuron,
            says="`b` is an array with one entry, which would turn the answer for one sample into an array too.",
            hint="A single number is asked for: draw it without a size.",
        ),
        Misconception(
            "constant_weights",
            ConstantNeuron,
            says="Every new neuron has the same weights.",
            hint="Draw them from the `rng` that is passed in.",
        ),
        Misconception(
            "own_rng",
            OwnRngNeuron,
            says="The weights do not come from the `rng` that is passed in, so nobody can repeat your run.",
            hint="`rng` has methods such as `standard_normal(size)` and `uniform(low, high, size)`.",
        ),
    ],
    hints=(
        "Which three things must a neuron remember between calls?",
        "`__init__` stores the weights, the bias and the activation; `forward` is a weighted sum inside an activation.",
        "`self.W` is drawn with `rng.standard_normal(...)`; `forward` returns `self.activation_fn(...)` of your sum.",
    ),
)

# --- add_bias_column -------------------------------------------------------------------------------------------------


def tf_add_bias_column(X):
    return tf.pad(tensor(X), [[0, 0]] * (np.ndim(X) - 1) + [[0, 1]], constant_values=1.0).numpy()


add_bias_column = Exercise(
    "add_bias_column",
    title="A bias in disguise",
    minutes=5,
    oracle=tf_add_bias_column,
    outputs={"result": Output(floating=True)},
    cases=[
        Case(
            "worked example",
            {"X": np.array([[0.5, 2.0], [-1.5, 4.0], [3.0, 0.0]])},
            expected={"result": np.array([[0.5, 2.0, 1.0], [-1.5, 4.0, 1.0], [3.0, 0.0, 1.0]])},
        ),
        Case("one sample", {"X": np.array([2.0, 3.0])}, expected={"result": np.array([2.0, 3.0, 1.0])}),
        Case("a batch of one", {"X": np.array([[2.0, 3.0, 4.0, 5.0]])}),
        Case("whole numbers", {"X": np.array([[0, 0], [0, 1], [1, 0], [1, 1]])}),
        Case("one sample of whole numbers", {"X": np.array([4, 0, -7])}),
        Case("as many samples as inputs", {"X": np.arange(9.0).reshape(3, 3)}),
    ],
    draw=[
        lambda rng: {"X": rng.normal(size=(some_size(rng), some_size(rng)))},
        lambda rng: {"X": rng.normal(size=some_size(rng))},
        lambda rng: {"X": rng.integers(-9, 9, size=(some_size(rng), 1))},
    ],
    draws=(2, 5),
    hidden_cases=[Case("float32", {"X": np.float32([[0.5], [1.5]])})],
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "ones_first",
            lambda X: np.concatenate([np.ones((*X.shape[:-1], 1)), X], axis=-1),
            says="The ones come first.",
            hint="In this course the ones are the last column, so that the bias is the last weight.",
        ),
        Misconception(
            "zeros",
            lambda X: np.concatenate([X, np.zeros((*X.shape[:-1], 1))], axis=-1),
            says="The new column holds zeros.",
            hint="What must the last weight be multiplied with so that it counts in full?",
        ),
        Misconception(
            "row_of_ones",
            lambda X: np.vstack([X, np.ones(X.shape[-1])]),
            says="The ones were added as a row: that is one more sample, not one more input.",
            hint="The inputs of a sample lie along the last axis; make that one longer.",
        ),
        Misconception(
            "flattened",
            lambda X: np.append(X, 1.0),
            says="The samples were run together into one long list with a single 1 at its end.",
            hint="Every sample needs its own 1; tell NumPy which axis should become longer.",
        ),
        Misconception(
            "added",
            lambda X: X + 1.0,
            says="1 was added to every input.",
            hint="Nothing changes in the inputs; there is one more of them.",
        ),
        Misconception(
            "replaced",
            lambda X: np.concatenate([X[..., :-1], np.ones((*X.shape[:-1], 1))], axis=-1),
            says="The ones have taken the place of the last input.",
            hint="The result has one column more than `X`.",
        ),
        Misconception(
            "batches_only",
            lambda X: np.concatenate([X, np.ones((X.shape[0], 1))], axis=1),
            says="This works for a batch, but not for one sample on its own.",
            hint="`X.shape[:-1]` is the shape without its last axis, whether there is a batch or not.",
        ),
    ],
    hints=(
        "If the bias is to be one of the weights, what must its input always be?",
        "Make an array of ones with the shape of `X` but for the last axis, which has length 1, and put it behind `X`.",
        "`np.ones((*X.shape[:-1], 1))` has the right shape; `np.concatenate([...], axis=...)` joins.",
    ),
)

# --- perceptron_predict ----------------------------------------------------------------------------------------------

TABLE = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])  # both inputs, and the bias column
OR, AND, XOR = np.array([0, 1, 1, 1]), np.array([0, 0, 0, 1]), np.array([0, 1, 1, 0])


def tf_perceptron_predict(X, w):
    return tf.cast(tf.tensordot(tensor(X), tensor(w), axes=1) > 0, tf.float64).numpy()


def draw_predict(rng, *batch):
    """Scores well away from 0, some of them between 0 and 1."""
    n = some_size(rng)
    while True:
        X = np.concatenate([rng.normal(size=(*batch, n)), np.ones((*batch, 1))], axis=-1)
        w = rng.normal(size=n + 1)
        if np.abs(X @ w).min() > 1e-3:
            return {"X": X, "w": w}


perceptron_predict = Exercise(
    "perceptron_predict",
    title="The perceptron decides",
    minutes=4,
    oracle=tf_perceptron_predict,
    cases=[
        Case("AND by hand", {"X": TABLE, "w": np.array([2.0, 1.0, -2.0])}, expected={"result": AND}),
        Case("OR by hand", {"X": TABLE, "w": np.array([1.0, 1.0, 0.0])}, expected={"result": OR}),
        Case("one sample", {"X": np.array([1.0, 1.0, 1.0]), "w": np.array([2.0, 1.0, -2.0])}, expected={"result": 1}),
        Case("a small score", {"X": np.array([[0.5, -1.0, 1.0]]), "w": np.array([1.0, 0.5, 0.25])}),
    ],
    draw=[lambda rng: draw_predict(rng, some_size(rng)), lambda rng: draw_predict(rng)],
    draws=(2, 6),
    hidden_cases=[
        Case("a hair's breadth from zero", {"X": np.array([[2.0**-40, 1.0], [-(2.0**-40), 1.0]]), "w": np.eye(2)[0]})
    ],
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "one_at_zero",
            lambda X, w: np.where(X @ w >= 0, 1.0, 0.0),
            says="A score of exactly 0 gives 1.",
            hint="The perceptron fires only above zero, as your `step` does.",
        ),
        Misconception(
            "scores",
            lambda X, w: X @ w,
            says="These are the scores; the decision is missing.",
            hint="Turn each score into 1 or 0.",
        ),
        Misconception(
            "plus_minus_one",
            lambda X, w: np.where(X @ w > 0, 1.0, -1.0),
            says="The two classes are called 1 and −1 here.",
            hint="In this course they are 1 and 0.",
        ),
        Misconception(
            "swapped",
            lambda X, w: np.where(X @ w > 0, 0.0, 1.0),
            says="0 and 1 are the wrong way round.",
            hint="A score above zero means class 1.",
        ),
        Misconception(
            "half",
            lambda X, w: np.where(X @ w > 0.5, 1.0, 0.0),
            says="The threshold is one half; a score between 0 and 0.5 gives 0.",
            hint="A score has no bounds; its threshold is zero. One half is for probabilities.",
        ),
        Misconception(
            "bias_ignored",
            lambda X, w: np.where(X[..., :-1] @ w[:-1] > 0, 1.0, 0.0),
            says="The last column, which carries the bias, is left out.",
            hint="With the bias trick the bias is a weight like the others; nothing has to be cut off.",
        ),
        Misconception(
            "second_bias_column",
            lambda X, w: np.where(np.concatenate([X, np.ones((*X.shape[:-1], 1))], axis=-1) @ w > 0, 1.0, 0.0),
            says="`X` already has its bias column; a second one does not fit the weights.",
            hint="Use `X` as it comes.",
        ),
        Misconception(
            "one_sample_only",
            lambda X, w: 1.0 if X @ w > 0 else 0.0,
            says="This works for one sample only: `if` cannot decide for a whole batch at once.",
            hint="You have a function that decides element by element.",
        ),
    ],
    hints=(
        "You have written both halves already.",
        "A weighted sum without a separate bias, then the step.",
        "`step(...)` of the matrix product of `X` and `w`.",
    ),
)

# --- perceptron_fit --------------------------------------------------------------------------------------------------


def dual_perceptron(X, y, learning_rate, epochs, w0):
    """The same algorithm in its dual form: a signed count of mistakes per sample, scores through the Gram matrix.

    Returns weights, mistakes, and the smallest score of any prediction, 0 left out.
    """
    X = np.asarray(X, dtype=np.float64)
    gram, start, alpha = X @ X.T, X @ w0, np.zeros(len(X))
    mistakes, closest = [], np.inf
    for _ in range(epochs):
        wrong = 0
        for i, target in enumerate(y):
            score = start[i] + learning_rate * (alpha @ gram[i])
            closest = min(closest, abs(score)) if score else closest
            if (score > 0) != (target == 1):
                alpha[i] += 2 * target - 1
                wrong += 1
        mistakes.append(wrong)
    return w0 + learning_rate * (X.T @ alpha), np.array(mistakes), closest


def fit_oracle(X, y, learning_rate, epochs, w0):
    return dual_perceptron(X, y, learning_rate, epochs, w0)[:2]


def draw_fit(rng):
    """Two noisy clouds, and no score so close to 0 that rounding could decide."""
    while True:
        n, d, epochs = int(rng.integers(6, 16)), int(rng.integers(1, 5)), int(rng.integers(2, 8))
        y = rng.permuted(np.arange(n) % 2)
        X = np.concatenate([rng.normal(size=(n, d)) + y[:, None], np.ones((n, 1))], axis=1)
        inputs = {
            "X": X,
            "y": y,
            "learning_rate": float(rng.choice([0.05, 0.1, 0.3, 2.0])),
            "epochs": epochs,
            "w0": rng.normal(size=d + 1),
        }
        _, mistakes, closest = dual_perceptron(**inputs)
        if closest > 1e-4 and len(set(mistakes.tolist())) > 1 and mistakes[-1] > 0:
            return inputs


def perceptron_like(
    threshold=lambda score: score > 0,
    change=lambda y, p, score, x, rate: rate * (y - p) * x,
    batch=False,
    restart=False,
    running_total=False,
    stops=False,
    counts_afterwards=False,
):
    """A perceptron with one mistake built in, in the student's shape."""

    def fit(X, y, learning_rate, epochs, w0):
        w, history, total = np.array(w0, dtype=np.float64), [], 0
        for _ in range(epochs):
            w = np.array(w0, dtype=np.float64) if restart else w
            total = total if running_total else 0
            old = w.copy()
            for x, target in zip(X, y, strict=True):
                score = x @ (old if batch else w)
                p = 1 if threshold(score) else 0
                total += int(p != target)
                w = w + change(target, p, score, x, learning_rate)
            history.append(int(np.sum((X @ w > 0) != (y == 1))) if counts_afterwards else total)
            if stops and total == 0:
                break
        return w, history

    return fit


def only_inputs(y, p, score, x, rate):
    step = rate * (y - p) * x
    return np.concatenate([step[:-1], [0.0]])


def one_flag_per_sample(X, y, learning_rate, epochs, w0):
    w, flags = perceptron_like()(X, y, learning_rate, epochs, w0)[0], np.zeros(len(y))
    for e in range(epochs):
        before = perceptron_like()(X, y, learning_rate, e, w0)[0]
        for i, (x, target) in enumerate(zip(X, y, strict=True)):
            p = int(x @ before > 0)
            flags[i] += p != target
            before = before + learning_rate * (target - p) * x
    return w, flags


perceptron_fit = Exercise(
    "perceptron_fit",
    title="The perceptron learns",
    points=(2, 3),
    minutes=15,
    oracle=fit_oracle,
    outputs={"w": Output(), "mistakes_per_epoch": Output(sequence=True)},
    cases=[
        Case(
            "OR",
            {"X": TABLE, "y": OR, "learning_rate": 1.0, "epochs": 4, "w0": np.zeros(3)},
            expected={"w": np.array([1.0, 1.0, 0.0]), "mistakes_per_epoch": np.array([1, 2, 1, 0])},
        ),
        Case(
            "AND",
            {"X": TABLE, "y": AND, "learning_rate": 1.0, "epochs": 6, "w0": np.zeros(3)},
            expected={"w": np.array([2.0, 1.0, -2.0]), "mistakes_per_epoch": np.array([1, 3, 3, 2, 1, 0])},
        ),
        Case(
            "OR, half the rate, more epochs than needed",
            {"X": TABLE, "y": OR, "learning_rate": 0.5, "epochs": 6, "w0": np.zeros(3)},
            expected={"w": np.array([0.5, 0.5, 0.0]), "mistakes_per_epoch": np.array([1, 2, 1, 0, 0, 0])},
        ),
        Case(
            "AND from other starting weights",
            {"X": TABLE, "y": AND, "learning_rate": 0.5, "epochs": 3, "w0": np.array([-1.0, 0.25, 0.75])},
        ),
    ],
    draw=draw_fit,
    draws=(3, 6),
    hidden_cases=[
        Case("XOR", {"X": TABLE, "y": XOR, "learning_rate": 1.0, "epochs": 9, "w0": np.zeros(3)}),
        Case("one epoch", {"X": TABLE, "y": XOR, "learning_rate": 0.25, "epochs": 1, "w0": np.array([0.5, 0.5, 0.5])}),
        Case(
            "one sample",
            {
                "X": np.array([[2.0, 1.0]]),
                "y": np.array([1]),
                "learning_rate": 1.0,
                "epochs": 3,
                "w0": np.array([-3.0, 0.0]),
            },
        ),
        Case(
            "a hair's breadth above zero",
            {
                "X": np.array([[2.0**-40, 1.0]]),
                "y": np.array([0]),
                "learning_rate": 1.0,
                "epochs": 2,
                "w0": np.array([1.0, 0.0]),
            },
        ),
    ],
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "wrong_sign",
            perceptron_like(change=lambda y, p, score, x, rate: -rate * (y - p) * x),
            says="The weights move the wrong way: every mistake makes the next one more likely.",
            hint="Where 1 was wanted and 0 came out, the score must rise.",
        ),
        Misconception(
            "one_at_zero",
            perceptron_like(threshold=lambda score: score >= 0),
            says="A score of exactly 0 counts as 1 here.",
            hint="Predict 1 only above zero; from zero weights that decides the very first sample.",
        ),
        Misconception(
            "no_learning_rate",
            perceptron_like(change=lambda y, p, score, x, rate: (y - p) * x),
            says="The learning rate has no effect.",
            hint="Every change of the weights is multiplied by `learning_rate`.",
        ),
        Misconception(
            "whole_batch",
            perceptron_like(batch=True),
            says="All predictions of an epoch were made with the weights from its beginning.",
            hint="The perceptron learns sample by sample: the next sample already sees the new weights.",
        ),
        Misconception(
            "error_of_the_score",
            perceptron_like(change=lambda y, p, score, x, rate: rate * (y - score) * x),
            says="The change is made with the raw score instead of the decision 0 or 1.",
            hint="Predict first, then compare the prediction with y. With the score it is another rule, Adaline.",
        ),
        Misconception(
            "bias_fixed",
            perceptron_like(change=only_inputs),
            says="The last weight, the bias, never changes.",
            hint="With the bias trick the bias learns like every other weight.",
        ),
        Misconception(
            "target_times_input",
            perceptron_like(change=lambda y, p, score, x, rate: rate * (2 * y - 1) * x),
            says="The weights change on every sample, not only on mistakes.",
            hint="Where the prediction is right, nothing may change.",
        ),
        Misconception(
            "no_unlearning",
            perceptron_like(change=lambda y, p, score, x, rate: rate * max(y - p, 0) * x),
            says="Weights only ever grow: a 1 where 0 was wanted changes nothing.",
            hint="`y - p` is 1, 0 or −1; all three matter.",
        ),
        Misconception(
            "running_total",
            perceptron_like(running_total=True),
            says="The mistakes are counted on from epoch to epoch.",
            hint="Begin every epoch with a count of zero.",
        ),
        Misconception(
            "counted_afterwards",
            perceptron_like(counts_afterwards=True),
            says="The mistakes are counted at the end of each epoch, with the weights from there.",
            hint="Count a mistake when it happens, at the moment the weights change.",
        ),
        Misconception(
            "stops_early",
            perceptron_like(stops=True),
            says="The list ends with the first epoch without a mistake.",
            hint="Return exactly `epochs` counts; epochs without a mistake count 0.",
        ),
        Misconception(
            "starts_anew",
            perceptron_like(restart=True),
            says="Every epoch starts again from `w0`.",
            hint="Copy `w0` once, before the first epoch.",
        ),
        Misconception(
            "per_sample",
            one_flag_per_sample,
            says="The mistakes are counted per sample; the exercise asks for one count per epoch.",
            hint="Append one number when an epoch ends.",
        ),
    ],
    hints=(
        "Follow the table of the worked example: what happens at each sample, what at the end of an epoch?",
        "Two loops, epochs outside and samples inside; a change happens only where prediction and label differ.",
        "w = w0.copy(); for each epoch: a count of 0; for each sample: predict, and on a mistake change w and count.",
    ),
)

# --- linear_scores ---------------------------------------------------------------------------------------------------


def tf_linear_scores(images, W, b):
    return tf_affine(tf.reshape(tensor(images), (len(images), -1)), W, b).numpy()


def scores_inputs(rng, *shape):
    n, classes = some_size(rng), some_size(rng)
    return {
        "images": rng.normal(size=(n, *shape)),
        "W": rng.normal(size=(int(np.prod(shape)), classes)),
        "b": rng.normal(size=classes),
    }


def draw_grey(rng):
    return scores_inputs(rng, some_size(rng), some_size(rng) + 1)


def draw_flat(rng):
    return scores_inputs(rng, some_size(rng))


def draw_colour(rng):
    inputs = scores_inputs(rng, some_size(rng), some_size(rng), 3)
    return inputs | {"images": rng.integers(0, 256, size=inputs["images"].shape, dtype=np.uint8)}


def draw_square_scores(rng):
    """As many samples as pixels as classes: shapes alone do not tell what goes where."""
    n = 2 * some_size(rng)
    return {"images": rng.normal(size=(n, 2, n // 2)), "W": rng.normal(size=(n, n)), "b": rng.normal(size=n)}


def softmax_of_scores(images, W, b):
    scores = np.exp(images.reshape(len(images), -1) @ W + b)
    return scores / scores.sum(axis=1, keepdims=True)


linear_scores = Exercise(
    "linear_scores",
    title="One score per class",
    points=(1, 2),
    minutes=6,
    oracle=tf_linear_scores,
    cases=[
        Case(
            "worked example",
            {
                "images": np.array([[[0.0, 1.0], [2.0, 3.0]], [[1.0, 0.0], [0.0, 1.0]]]),
                "W": np.array([[1.0, 0.0, -1.0], [0.0, 1.0, 0.0], [2.0, 0.0, 1.0], [0.0, -1.0, 1.0]]),
                "b": np.array([0.5, -0.5, 0.0]),
            },
            expected={"result": np.array([[4.5, -2.5, 5.0], [1.5, -1.5, 0.0]])},
        ),
        Case(
            "one image",
            {
                "images": np.array([[[3.0, 1.0, 2.0]]]),
                "W": np.array([[1.0, 2.0], [0.0, 1.0], [-1.0, 3.0]]),
                "b": np.array([1.0, -1.0]),
            },
        ),
        Case(
            "bright uint8 pixels",
            {
                "images": np.array([[[200, 250], [255, 0]]], dtype=np.uint8),
                "W": np.array([[1, 0], [2, 1], [1, -1], [0, 3]]),
                "b": np.array([0.5, 0.0]),
            },
            expected={"result": np.array([[955.5, -5.0]])},
        ),
        Case(
            "as many classes as pixels",
            scores_inputs(np.random.default_rng(5), 2, 2)
            | {"W": np.random.default_rng(6).normal(size=(4, 4)), "b": np.random.default_rng(7).normal(size=4)},
        ),
    ],
    draw=[draw_flat, draw_grey, draw_colour, draw_square_scores],
    draws=(3, 8),
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "no_bias",
            lambda images, W, b: images.reshape(len(images), -1) @ W,
            says="The bias is missing.",
            hint="Every class has one entry of `b`, added to its score.",
        ),
        Misconception(
            "column_order",
            lambda images, W, b: images.reshape(len(images), -1, order="F") @ W + b,
            says="The pixels are read column by column.",
            hint="This course reads images row by row, as NumPy does when you don't ask otherwise.",
        ),
        Misconception(
            "weights_transposed",
            lambda images, W, b: images.reshape(len(images), -1) @ W.T + b,
            says="The weights are transposed; `W` already has one column per class.",
            hint="(n, inputs) times (inputs, classes) gives (n, classes): nothing has to be turned round.",
        ),
        Misconception(
            "scores_transposed",
            lambda images, W, b: W.T @ images.reshape(len(images), -1).T + b[:, None],
            says="The scores come out with one column per image.",
            hint="In this course a batch is always the first axis: one row per image.",
        ),
        Misconception(
            "not_flattened",
            lambda images, W, b: images @ W + b,
            says="The pictures have not been flattened, so that the product pairs the wrong axes.",
            hint="Make every picture one long row first; `len(images)` rows in all.",
        ),
        Misconception(
            "one_long_row",
            lambda images, W, b: images.reshape(-1) @ W + b,
            says="All pictures were flattened into a single row.",
            hint="Keep the first axis, the one that counts images.",
        ),
        Misconception(
            "labels",
            lambda images, W, b: np.argmax(images.reshape(len(images), -1) @ W + b, axis=1),
            says="This is the class with the highest score; the scores themselves are asked for.",
            hint="Return the whole table of scores, one row per image.",
        ),
        Misconception(
            "scaled",
            lambda images, W, b: (images / 255).reshape(len(images), -1) @ W + b,
            says="The pixels were divided by 255 first.",
            hint="Score the pixels as they come; scaling belongs to preparing the data.",
        ),
    ],
    hints=(
        "How many numbers describe one picture, and how many scores does it get?",
        "Flatten every picture into a row; then it is a weighted sum for each class at once.",
        "`images.reshape(len(images), -1)` gives the rows; the rest is the formula x W + b.",
    ),
)

# --- FullyConnectedLayer ---------------------------------------------------------------------------------------------


class ReferenceLayer:
    """A layer as a student might write it; the misconceptions change one thing each."""

    def __init__(self, num_inputs, layer_size, activation_fn, rng):
        self.W = rng.standard_normal((num_inputs, layer_size))
        self.b = rng.standard_normal(layer_size)
        self.activation_fn = activation_fn

    def forward(self, x):
        return self.activation_fn(np.einsum("...i,ij->...j", x, self.W) + self.b)


class LayerWithoutActivation(ReferenceLayer):
    def forward(self, x):
        return x @ self.W + self.b


class LayerWithoutBias(ReferenceLayer):
    def forward(self, x):
        return self.activation_fn(x @ self.W)


class BiasOutsideLayer(ReferenceLayer):
    def forward(self, x):
        return self.activation_fn(x @ self.W) + self.b


class ActivationFirstLayer(ReferenceLayer):
    def forward(self, x):
        return self.activation_fn(x) @ self.W + self.b


class TransposedLayer(ReferenceLayer):
    def __init__(self, num_inputs, layer_size, activation_fn, rng):
        super().__init__(num_inputs, layer_size, activation_fn, rng)
        self.W = rng.standard_normal((layer_size, num_inputs))

    def forward(self, x):
        return self.activation_fn(x @ self.W.T + self.b)


class WrongOrderLayer(ReferenceLayer):
    def forward(self, x):
        return self.activation_fn(self.W @ x + self.b)


class OneBiasLayer(ReferenceLayer):
    def __init__(self, num_inputs, layer_size, activation_fn, rng):
        super().__init__(num_inputs, layer_size, activation_fn, rng)
        self.b = rng.standard_normal()


class BiasRowLayer(ReferenceLayer):
    def __init__(self, num_inputs, layer_size, activation_fn, rng):
        super().__init__(num_inputs, layer_size, activation_fn, rng)
        self.b = rng.standard_normal((1, layer_size))


class ZeroLayer(ReferenceLayer):
    def __init__(self, num_inputs, layer_size, activation_fn, rng):
        super().__init__(num_inputs, layer_size, activation_fn, rng)
        self.W, self.b = np.zeros((num_inputs, layer_size)), np.zeros(layer_size)


class CopiedNeuronLayer(ReferenceLayer):
    def __init__(self, num_inputs, layer_size, activation_fn, rng):
        super().__init__(num_inputs, layer_size, activation_fn, rng)
        self.W = np.tile(rng.standard_normal((num_inputs, 1)), layer_size)


def tf_layer(num_inputs, layer_size, activation_fn, W, b, x):
    return {"forward(x)": ACTIVATIONS[activation_fn.__name__](tf_affine(x, W, b)).numpy()}


def tf_layer_changes(num_inputs, layer_size, activation_fn, W, b, x):
    before = tf_layer(num_inputs, layer_size, activation_fn, W, b, x)
    W, b = W.copy(), b.copy()
    W[0, -1], b[0] = W[0, -1] + 1.0, b[0] - 1.0
    after = tf_layer(num_inputs, layer_size, activation_fn, W, b, x)["forward(x)"]
    return before | {"forward(x) after W[0, -1] += 1 and b[0] -= 1": after}


def layer_inputs(rng, *batch, square=False):
    num_inputs = some_size(rng)
    layer_size = num_inputs if square else num_inputs + int(rng.choice([-1, 1, 2]))
    return {
        "num_inputs": num_inputs,
        "layer_size": layer_size,
        "activation_fn": Function(str(rng.choice(list(ACTIVATIONS)))),
        "W": rng.normal(size=(num_inputs, layer_size)),
        "b": rng.normal(size=layer_size),
        "x": rng.normal(size=(*batch, num_inputs)),
    }


HAND_LAYER = {
    "num_inputs": 2,
    "layer_size": 3,
    "activation_fn": Function("relu"),
    "W": np.array([[1.0, -1.0, 0.5], [0.0, 2.0, 1.0]]),
    "b": np.array([0.5, -4.0, 0.0]),
}

fully_connected_layer = Exercise(
    "FullyConnectedLayer",
    title="A layer of neurons",
    points=(2, 2),
    minutes=12,
    probe="neuron_layer_forward",
    oracle={"neuron_layer_forward": tf_layer, "neuron_layer_changes": tf_layer_changes},
    cases=[
        Case(
            "a fresh layer of 5 neurons with 12 inputs",
            {"num_inputs": 12, "layer_size": 5, "activation_fn": Function("sigmoid"), "seed": 3},
            probe="neuron_layer_starts",
            expected={
                "shape of W": "(12, 5)",
                "shape of b": "(5,)",
                "weights of its neurons": "different",
                "weights of its inputs": "different",
            }
            | RANDOMNESS,
        ),
        Case(
            "worked example",
            HAND_LAYER | {"x": np.array([1.0, 2.0])},
            expected={"forward(x)": np.array([1.5, 0.0, 2.5])},
        ),
        Case(
            "a batch of two",
            HAND_LAYER | {"x": np.array([[1.0, 2.0], [-1.0, 0.0]])},
            expected={"forward(x)": np.array([[1.5, 0.0, 2.5], [0.0, 0.0, 0.0]])},
        ),
        Case(
            "as many neurons as inputs",
            layer_inputs(np.random.default_rng(2), square=True) | {"activation_fn": Function("tanh")},
        ),
        Case(
            "as many samples as neurons",
            HAND_LAYER | {"x": np.array([[1.0, 2.0], [-1.0, 4.0], [2.0, 0.5]])},
            expected={"forward(x)": np.array([[1.5, 0.0, 2.5], [0.0, 5.0, 3.5], [2.5, 0.0, 1.5]])},
        ),
        Case("the weights change", layer_inputs(np.random.default_rng(3), 4), probe="neuron_layer_changes"),
    ],
    draw=[
        lambda rng: layer_inputs(rng, some_size(rng)),
        lambda rng: layer_inputs(rng, square=True),
        lambda rng: Case("the weights change", layer_inputs(rng, 1), probe="neuron_layer_changes"),
    ],
    draws=(2, 6),
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "no_activation",
            LayerWithoutActivation,
            says="These are the weighted sums; the activation function is missing.",
            hint="Every neuron of the layer ends with its activation.",
        ),
        Misconception(
            "no_bias", LayerWithoutBias, says="The biases are missing.", hint="Add `self.b` before you activate."
        ),
        Misconception(
            "bias_outside",
            BiasOutsideLayer,
            says="The biases are added after the activation.",
            hint="They shift the sums, so they belong inside.",
        ),
        Misconception(
            "activation_first",
            ActivationFirstLayer,
            says="The activation is applied to the inputs instead of to the sums.",
            hint="Sum first, activate last.",
        ),
        Misconception(
            "transposed_weights",
            TransposedLayer,
            says="`W` has one row per neuron; this course keeps one column per neuron.",
            hint="Shape (num_inputs, layer_size): then a batch times W needs no transposing.",
        ),
        Misconception(
            "wrong_order",
            WrongOrderLayer,
            says="The product has its factors the wrong way round.",
            hint="Rows of samples come first: (batch, inputs) times (inputs, neurons).",
        ),
        Misconception(
            "one_bias",
            OneBiasLayer,
            says="The whole layer shares a single bias.",
            hint="Every neuron has its own: shape (layer_size,).",
        ),
        Misconception(
            "bias_row",
            BiasRowLayer,
            says="The biases are a row of shape (1, layer_size), which would turn one sample into a batch.",
            hint="Shape (layer_size,) fits one sample and a batch alike.",
        ),
        Misconception(
            "all_zero",
            ZeroLayer,
            says="All weights start at zero, so that every neuron of the layer is the same.",
            hint="Draw the weights from the `rng` that is passed in; biases may well be zero.",
        ),
        Misconception(
            "copies",
            CopiedNeuronLayer,
            says="One neuron was copied: all columns of `W` are the same.",
            hint="Draw every weight on its own: ask the `rng` for the whole shape.",
        ),
    ],
    hints=(
        "A neuron's weights are a vector. What do you get if you put several neurons side by side?",
        "`W` has one column per neuron, `b` one entry; `forward` is your neuron's formula with a matrix.",
        "`self.W` has shape (num_inputs, layer_size), `self.b` (layer_size,); `forward` returns "
        "`self.activation_fn(...)` of the matrix product plus the biases.",
    ),
)

# --- collapse_linear -------------------------------------------------------------------------------------------------


def tf_collapse_linear(WA, bA, WB, bB):
    W = tf.linalg.matmul(tensor(WA), tensor(WB))
    b = tf_affine(tf_affine(np.zeros(len(WA)), WA, bA), WB, bB)  # what the two layers make of all-zero inputs
    return W.numpy(), b.numpy()


def collapse_inputs(rng, inputs, hidden, outputs):
    return {
        "WA": rng.normal(size=(inputs, hidden)),
        "bA": rng.normal(size=hidden),
        "WB": rng.normal(size=(hidden, outputs)),
        "bB": rng.normal(size=outputs),
    }


def draw_square_collapse(rng):
    n = some_size(rng)
    return collapse_inputs(rng, n, n, n)


collapse_linear = Exercise(
    "collapse_linear",
    title="Two layers in one",
    points=(1, 2),
    minutes=8,
    oracle=tf_collapse_linear,
    outputs={"W": Output(), "b": Output()},
    cases=[
        Case(
            "worked example",
            {
                "WA": np.array([[1.0, 2.0], [0.0, 1.0], [-1.0, 0.0]]),
                "bA": np.array([1.0, -1.0]),
                "WB": np.array([[2.0], [1.0]]),
                "bB": np.array([0.5]),
            },
            expected={"W": np.array([[4.0], [1.0], [-2.0]]), "b": np.array([1.5])},
        ),
        Case("square matrices", collapse_inputs(np.random.default_rng(4), 2, 2, 2)),
        Case(
            "whole numbers",
            {
                "WA": np.array([[1, 2]]),
                "bA": np.array([3, -1]),
                "WB": np.array([[1, 0, 2], [0, 1, 1]]),
                "bB": np.array([0, 1, 0]),
            },
            expected={"W": np.array([[1, 2, 4]]), "b": np.array([3, 0, 5])},
        ),
    ],
    draw=[lambda rng: collapse_inputs(rng, some_size(rng), some_size(rng), some_size(rng)), draw_square_collapse],
    draws=(3, 6),
    hidden_cases=[Case("a bottleneck of one", collapse_inputs(np.random.default_rng(8), 4, 1, 3))],
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "wrong_order",
            lambda WA, bA, WB, bB: (WB @ WA, bA @ WB + bB),
            says="The two matrices are multiplied the wrong way round.",
            hint="The inputs meet layer A first: (x WA) WB.",
        ),
        Misconception(
            "biases_added",
            lambda WA, bA, WB, bB: (WA @ WB, bA + bB),
            says="The biases are simply added.",
            hint="Layer A's biases travel through layer B like everything else that leaves A.",
        ),
        Misconception(
            "first_bias_lost",
            lambda WA, bA, WB, bB: (WA @ WB, bB),
            says="Layer A's biases are lost.",
            hint="Write y = (x WA + bA) WB + bB and multiply the bracket out.",
        ),
        Misconception(
            "second_bias_lost",
            lambda WA, bA, WB, bB: (WA @ WB, bA @ WB),
            says="Layer B's biases are lost.",
            hint="What does layer B send when nothing at all arrives?",
        ),
        Misconception(
            "bias_through_first",
            lambda WA, bA, WB, bB: (WA @ WB, bA @ WA + bB),
            says="Layer A's biases are sent through layer A once more.",
            hint="They leave layer A; the next matrix that they meet is WB.",
        ),
        Misconception(
            "entry_by_entry",
            lambda WA, bA, WB, bB: (WA * WB, bA @ WB + bB),
            says="The matrices are multiplied entry by entry.",
            hint="Layers combine by the matrix product, written `@`.",
        ),
        Misconception(
            "weights_added",
            lambda WA, bA, WB, bB: (WA + WB, bA @ WB + bB),
            says="The matrices are added.",
            hint="What leaves layer A is multiplied by WB, not added to it.",
        ),
        Misconception(
            "transposed",
            lambda WA, bA, WB, bB: ((WA @ WB).T, bA @ WB + bB),
            says="W is transposed.",
            hint="The single layer has as many rows as A has inputs, as many columns as B has neurons.",
        ),
    ],
    hints=(
        "Write down on paper what layer B makes of what layer A sends.",
        "Multiply the bracket out: one part contains x, the rest is the new bias.",
        "Return a pair: the product of the two matrices, and what layer B makes of bA.",
    ),
)

# --- SimpleNetwork ---------------------------------------------------------------------------------------------------


def np_sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


class ReferenceNetwork:
    """A network as a student might write it; the misconceptions change one thing each."""

    hidden_fn = output_fn = staticmethod(np_sigmoid)

    def __init__(self, num_inputs, num_outputs, hidden_layer_sizes, rng):
        sizes = self.sizes(num_inputs, num_outputs, list(hidden_layer_sizes))
        functions = [self.hidden_fn] * (len(sizes) - 2) + [self.output_fn]
        pairs = zip(pairwise(sizes), functions, strict=True)
        self.layers = [ReferenceLayer(n, m, f, rng) for (n, m), f in pairs]

    @staticmethod
    def sizes(num_inputs, num_outputs, hidden):
        return [num_inputs, *hidden, num_outputs]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def predict(self, x):
        return np.argmax(self.forward(x), axis=-1)

    def evaluate_accuracy(self, X, y):
        return float(np.mean(self.predict(X) == y))


class LinearOutputNetwork(ReferenceNetwork):
    output_fn = staticmethod(lambda z: z)


class LinearHiddenNetwork(ReferenceNetwork):
    hidden_fn = staticmethod(lambda z: z)


class TanhNetwork(ReferenceNetwork):
    hidden_fn = output_fn = staticmethod(np.tanh)


class SoftmaxOutputNetwork(ReferenceNetwork):
    output_fn = staticmethod(lambda z: np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True))


class NoOutputLayerNetwork(ReferenceNetwork):
    @staticmethod
    def sizes(num_inputs, num_outputs, hidden):
        return [num_inputs, *hidden]


class ReversedNetwork(ReferenceNetwork):
    @staticmethod
    def sizes(num_inputs, num_outputs, hidden):
        return [num_inputs, *hidden[::-1], num_outputs]


class FirstHiddenOnlyNetwork(ReferenceNetwork):
    @staticmethod
    def sizes(num_inputs, num_outputs, hidden):
        return [num_inputs, hidden[0], num_outputs]


class WrongAxisNetwork(ReferenceNetwork):
    def predict(self, x):
        return np.argmax(self.forward(x), axis=0)


class FlatArgmaxNetwork(ReferenceNetwork):
    def predict(self, x):
        return np.argmax(self.forward(x))

    def evaluate_accuracy(self, X, y):
        return float(np.mean(np.argmax(self.forward(X), axis=1) == y))


class LargestOutputNetwork(ReferenceNetwork):
    def predict(self, x):
        return np.max(self.forward(x), axis=-1)

    def evaluate_accuracy(self, X, y):
        return float(np.mean(np.argmax(self.forward(X), axis=-1) == y))


class PercentNetwork(ReferenceNetwork):
    def evaluate_accuracy(self, X, y):
        return 100.0 * super().evaluate_accuracy(X, y)


class CountNetwork(ReferenceNetwork):
    def evaluate_accuracy(self, X, y):
        return int(np.sum(self.predict(X) == y))


class ErrorRateNetwork(ReferenceNetwork):
    def evaluate_accuracy(self, X, y):
        return float(np.mean(self.predict(X) != y))


def tf_forward(weights, biases, x):
    values = tensor(x)
    for W, b in zip(weights, biases, strict=True):
        values = tf.math.sigmoid(tf_affine(values, W, b))
    return values.numpy()


def tf_network_forward(num_inputs, num_outputs, hidden_layer_sizes, weights, biases, x):
    return {"forward(x)": tf_forward(weights, biases, x)}


def tf_network_predict(num_inputs, num_outputs, hidden_layer_sizes, weights, biases, x):
    return {"predict(x)": tf.argmax(tf_forward(weights, biases, x), axis=-1).numpy()}


def sklearn_accuracy(num_inputs, num_outputs, hidden_layer_sizes, weights, biases, X, y):
    labels = tf.argmax(tf_forward(weights, biases, X), axis=1).numpy()
    return {"evaluate_accuracy(X, y)": float(accuracy_score(y, labels))}


def tf_network_changes(num_inputs, num_outputs, hidden_layer_sizes, weights, biases, x):
    before = tf_forward(weights, biases, x)
    weights, biases = [W.copy() for W in weights], [b.copy() for b in biases]
    weights[0][0, 0] += 1.0
    biases[-1][-1] -= 1.0
    after = tf_forward(weights, biases, x)
    return {"forward(x)": before, "forward(x) after two parameters were changed": after}


def network_inputs(rng, *batch, hidden=None):
    """A small random network and a batch whose two highest outputs are never a tie."""
    num_inputs, num_outputs = some_size(rng), some_size(rng) + 1
    hidden = hidden or [some_size(rng) for _ in range(int(rng.integers(1, 4)))]
    sizes = [num_inputs, *hidden, num_outputs]
    while True:
        weights = [rng.normal(size=shape) for shape in pairwise(sizes)]
        biases = [rng.normal(size=size) for size in sizes[1:]]
        x = rng.normal(size=(*batch, num_inputs))
        top = np.sort(tf_forward(weights, biases, x), axis=-1)
        if (top[..., -1] - top[..., -2]).min() > 1e-5:
            break
    return {
        "num_inputs": num_inputs,
        "num_outputs": num_outputs,
        "hidden_layer_sizes": hidden,
        "weights": weights,
        "biases": biases,
        "x": x,
    }


def accuracy_case(rng, name="accuracy"):
    """Labels of which some, but not all and not half, are what the network says."""
    inputs = network_inputs(rng, 7)
    labels = tf_network_predict(**inputs)["predict(x)"]
    y = np.where(np.arange(7) < int(rng.integers(2, 6)), labels, (labels + 1) % inputs["num_outputs"])
    order = rng.permutation(7)
    X = inputs.pop("x")
    return Case(name, inputs | {"X": X[order], "y": y[order]}, probe="neuron_network_accuracy")


def forward_case(rng):
    return Case("forward", network_inputs(rng, some_size(rng)))


def predict_case(rng):
    return Case("predict", network_inputs(rng, some_size(rng) + 1), probe="neuron_network_predict")


def one_sample_case(rng):
    return Case("predict, one sample", network_inputs(rng), probe="neuron_network_predict")


def changes_case(rng):
    return Case("the weights change", network_inputs(rng, 2), probe="neuron_network_changes")


HAND_NETWORK = {
    "num_inputs": 2,
    "num_outputs": 2,
    "hidden_layer_sizes": [3],
    "weights": [np.array([[1.0, 0.0, -1.0], [0.0, 1.0, 1.0]]), np.array([[1.0, -1.0], [0.0, 2.0], [-1.0, 1.0]])],
    "biases": [np.array([0.0, -1.0, 0.5]), np.array([0.5, -1.5])],
}

simple_network = Exercise(
    "SimpleNetwork",
    title="A whole network",
    points=(2, 4),
    minutes=20,
    probe="neuron_network_forward",
    oracle={
        "neuron_network_forward": tf_network_forward,
        "neuron_network_predict": tf_network_predict,
        "neuron_network_accuracy": sklearn_accuracy,
        "neuron_network_changes": tf_network_changes,
    },
    outputs={"predict(x)": Output(integer=True)},
    cases=[
        Case(
            "a fresh network, 12 inputs, 5 and 4 hidden neurons, 3 outputs",
            {"num_inputs": 12, "num_outputs": 3, "hidden_layer_sizes": [5, 4], "seed": 3},
            probe="neuron_network_starts",
            weight=2,
            expected={
                "shapes of W, layer by layer": "(12, 5) (5, 4) (4, 3)",
                "shapes of b, layer by layer": "(5,) (4,) (3,)",
            }
            | RANDOMNESS,
        ),
        Case(
            "one hidden layer",
            {"num_inputs": 4, "num_outputs": 10, "hidden_layer_sizes": [6], "seed": 4},
            probe="neuron_network_starts",
            expected={
                "shapes of W, layer by layer": "(4, 6) (6, 10)",
                "shapes of b, layer by layer": "(6,) (10,)",
            }
            | RANDOMNESS,
        ),
        Case("worked example", HAND_NETWORK | {"x": np.array([1.0, 2.0])}, weight=2),
        Case("forward, a batch of one", HAND_NETWORK | {"x": np.array([[1.0, 2.0]])}),
        Case("forward, two hidden layers", network_inputs(np.random.default_rng(10), 4, hidden=[5, 3]), weight=2),
        Case("forward, hidden layers of one size", network_inputs(np.random.default_rng(11), 3, hidden=[3, 3, 3])),
        Case(
            "predict",
            HAND_NETWORK | {"x": np.array([[1.0, 2.0], [-1.0, 4.0], [3.0, 0.0]])},
            probe="neuron_network_predict",
            weight=2,
        ),
        Case("predict, one sample", HAND_NETWORK | {"x": np.array([-1.0, 4.0])}, probe="neuron_network_predict"),
        Case("predict, a batch of one", HAND_NETWORK | {"x": np.array([[-1.0, 4.0]])}, probe="neuron_network_predict"),
        accuracy_case(np.random.default_rng(12)),
        accuracy_case(np.random.default_rng(13), "accuracy, another network"),
        changes_case(np.random.default_rng(14)),
    ],
    draw=[forward_case, predict_case, accuracy_case, one_sample_case, changes_case],
    draws=(0, 10),
    hidden_cases=[
        Case(
            "another fresh network",
            {"num_inputs": 9, "num_outputs": 2, "hidden_layer_sizes": [8, 3, 5], "seed": 5},
            probe="neuron_network_starts",
            weight=2,
            expected={
                "shapes of W, layer by layer": "(9, 8) (8, 3) (3, 5) (5, 2)",
                "shapes of b, layer by layer": "(8,) (3,) (5,) (2,)",
            }
            | RANDOMNESS,
        ),
    ],
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "linear_output",
            LinearOutputNetwork,
            says="The last layer has no activation.",
            hint="Every layer of this network uses the sigmoid, the last one too.",
        ),
        Misconception(
            "linear_hidden",
            LinearHiddenNetwork,
            says="The hidden layers have no activation, so that they collapse into one.",
            hint="Every layer of this network uses the sigmoid.",
        ),
        Misconception(
            "tanh",
            TanhNetwork,
            says="The activation is tanh, whose outputs run from −1 to 1.",
            hint="Use the sigmoid, whose outputs run from 0 to 1.",
        ),
        Misconception(
            "softmax_output",
            SoftmaxOutputNetwork,
            says="The outputs add up to 1: the last layer uses softmax.",
            hint="In this chapter every layer uses the sigmoid; softmax comes in the next.",
        ),
        Misconception(
            "no_output_layer",
            NoOutputLayerNetwork,
            says="The layer of outputs is missing: the network ends with its last hidden layer.",
            hint="After the hidden layers comes one more, with `num_outputs` neurons.",
        ),
        Misconception(
            "reversed",
            ReversedNetwork,
            says="The hidden layers are in reverse order.",
            hint="`hidden_layer_sizes` runs from the inputs to the outputs.",
        ),
        Misconception(
            "first_hidden_only",
            FirstHiddenOnlyNetwork,
            says="Only the first hidden layer is built.",
            hint="There are as many hidden layers as `hidden_layer_sizes` has entries.",
        ),
        Misconception(
            "wrong_axis",
            WrongAxisNetwork,
            says="In a batch, `predict` looks for the best sample of a class instead of the best class of a sample.",
            hint="The classes lie along the last axis.",
        ),
        Misconception(
            "whole_batch",
            FlatArgmaxNetwork,
            says="`predict` gives one number for the whole batch.",
            hint="Tell argmax along which axis to look: one answer per row.",
        ),
        Misconception(
            "largest_output",
            LargestOutputNetwork,
            says="`predict` gives the largest output, not which neuron it came from.",
            hint="The class is the position of the largest output.",
        ),
        Misconception(
            "percent",
            PercentNetwork,
            says="The accuracy is given in percent.",
            hint="A fraction between 0 and 1 is asked for.",
        ),
        Misconception(
            "count",
            CountNetwork,
            says="`evaluate_accuracy` counts the right answers.",
            hint="Divide by the number of samples: a mean does that.",
        ),
        Misconception(
            "error_rate",
            ErrorRateNetwork,
            says="This is the share of wrong answers.",
            hint="Accuracy is the share of right ones.",
        ),
    ],
    hints=(
        "How many layers are there, and what does each one take in and send out?",
        "Put all sizes in one list, inputs first and outputs last: every pair of neighbours is a layer.",
        "`forward` hands x from layer to layer; `predict` is an argmax over the last axis; accuracy is a mean.",
    ),
)

EXERCISES = [
    weighted_sum,
    step,
    neuron,
    add_bias_column,
    perceptron_predict,
    perceptron_fit,
    linear_scores,
    fully_connected_layer,
    collapse_linear,
    simple_network,
]
