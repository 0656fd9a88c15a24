"""Exercises of chapter 04: oracles are TensorFlow with its automatic gradients, and numbers worked out by hand."""

import math

import numpy as np
import tensorflow as tf

from authoring.exercise import Case, Exercise, Function, Misconception, Output, Rng, no_calls

FRAMEWORKS = ("tf", "keras", "torch", "jax", "sklearn", "scipy", "autograd")
LOSSES = ("l1_loss", "l2_loss", "binary_cross_entropy", "hinge_loss", "squared_hinge_loss", "cross_entropy")
READY = [f"helpers.kernels.{name}{part}" for name in LOSSES for part in ("", "_grad")]
STEPS = ("sgd_step", "momentum_step", "nesterov_step", "nesterov_lookahead_step")
READY += ["helpers.kernels.softmax_cross_entropy", *(f"helpers.kernels.{name}" for name in STEPS)]
OWN_WORK = no_calls(*FRAMEWORKS, "helpers.kernels.tensorflow", *READY)


def tensor(values):
    """A float64 tensor of any numbers: TensorFlow mixes no types."""
    return tf.constant(np.asarray(values, dtype=np.float64))


def some_size(rng):
    return int(rng.integers(2, 7))


# --- what the losses have in common ----------------------------------------------------------------------------------


def value_oracle(loss):
    """The mean over the batch of `loss(a, b)`, tensors -> (batch,)."""

    def oracle(**inputs):
        a, b = inputs.values()
        return float(tf.reduce_mean(loss(tensor(a), b)))

    return oracle


def slope_oracle(loss):
    """Its gradient with respect to the first input, by TensorFlow."""

    def oracle(**inputs):
        a, b = inputs.values()
        a = tensor(a)
        with tf.GradientTape() as tape:
            tape.watch(a)
            mean = tf.reduce_mean(loss(a, b))
        return tape.gradient(mean, a).numpy()

    return oracle


def over_outputs(table):
    """(batch,) or (batch, outputs) -> (batch,)."""
    return tf.reduce_sum(table, axis=1) if table.ndim == 2 else table


def tf_l1(a, b):
    return over_outputs(tf.abs(a - tensor(b)))


def tf_l2(a, b):
    return over_outputs(tf.math.squared_difference(a, tensor(b)))


def tf_bce(a, b):
    return over_outputs(tf.nn.sigmoid_cross_entropy_with_logits(tensor(b), a))


def tf_margins(scores, labels):
    target = tf.one_hot(np.asarray(labels, np.int64), scores.shape[1], dtype=tf.float64)
    right = tf.reduce_sum(scores * target, axis=1, keepdims=True)
    return tf.nn.relu(scores - right + 1) * (1 - target)


def tf_hinge(scores, labels):
    return tf.reduce_sum(tf_margins(scores, labels), axis=1)


def tf_squared_hinge(scores, labels):
    return tf.reduce_sum(tf_margins(scores, labels) ** 2, axis=1)


def tf_ce(logits, labels):
    return tf.nn.sparse_softmax_cross_entropy_with_logits(np.asarray(labels, np.int64), logits)


def value_mistakes(each):
    """Mistakes that any mean over a batch invites; `each(a, b)` is the loss of every sample."""
    return [
        Misconception(
            "not_divided",
            lambda a, b: each(a, b).sum(),
            says="This is the sum over the batch; its mean is asked for.",
            hint="Divide by the number of samples, which is the length of the first axis.",
        ),
        Misconception(
            "per_sample",
            each,
            says="This is one loss per sample.",
            hint="Average them: a loss is one number for the whole batch.",
        ),
        Misconception(
            "over_everything",
            lambda a, b: each(a, b).sum() / np.size(a),
            says="The mean runs over all entries of the table, not only over the samples.",
            hint="Add up along a sample's row first; divide by the number of samples only.",
        ),
        Misconception(
            "negative",
            lambda a, b: -each(a, b).mean(),
            says="The sign is the wrong way round: this gets smaller as the predictions get worse.",
            hint="A loss is 0 or more, and grows with the mistake.",
        ),
    ]


def slope_mistakes(slope):
    """Mistakes that any gradient of a mean invites; `slope(a, b)` is the gradient of the sum over the batch."""
    return [
        Misconception(
            "not_divided",
            slope,
            says="This is the gradient of the sum over the batch: the 1/N of the mean is missing.",
            hint="The loss was divided by the number of samples, and so is its gradient.",
        ),
        Misconception(
            "downhill",
            lambda a, b: -slope(a, b) / len(a),
            says="The gradient has the wrong sign: it points downhill.",
            hint="The gradient points to where the loss *grows*; the minus comes later, in the step.",
        ),
        Misconception(
            "over_everything",
            lambda a, b: slope(a, b) / np.size(a),
            says="The gradient is divided by the number of entries instead of the number of samples.",
            hint="It carries the same 1/N as the loss, and that counted samples only.",
        ),
        Misconception(
            "summed",
            lambda a, b: slope(a, b).sum(axis=0) / len(a),
            says="The gradient has been summed over the batch.",
            hint="Every entry of the first input has a slope of its own: the result has the same shape.",
        ),
        Misconception(
            "divided_twice",
            lambda a, b: slope(a, b) / len(a) ** 2,
            says="The gradient is divided by the batch size twice.",
            hint="One 1/N belongs to the mean; there is no second one.",
        ),
    ]


# --- l1_loss, l2_loss ------------------------------------------------------------------------------------------------


def draw_pairs(rng):
    n = some_size(rng)
    return {"predictions": rng.normal(size=n), "targets": rng.normal(size=n)}


def draw_tables(rng):
    shape = (some_size(rng), some_size(rng) + 1)
    return {"predictions": rng.normal(size=shape), "targets": rng.normal(size=shape)}


def pair(predictions, targets):
    return {"predictions": np.array(predictions), "targets": np.array(targets)}


WORKED_PAIR = pair([3.0, 1.0, 2.0, 0.0], [2.0, 1.5, 2.0, 3.0])
TABLE_PAIR = pair([[1.0, 2.0], [0.0, -1.0]], [[0.0, 2.5], [3.0, 1.0]])
HIDDEN_PAIRS = [
    Case("one sample", pair([[0.5, -2.0, 1.0]], [[1.0, 0.0, 1.25]])),
    Case("whole numbers", pair([[3, -1], [0, 2], [5, 5]], [[1, 1], [4, -2], [7, 6]])),
    Case("float32", {k: v.astype(np.float32) for k, v in draw_tables(np.random.default_rng(5)).items()}),
]


def each_abs(a, b):
    e = np.abs(a - b)
    return e.sum(axis=1) if e.ndim == 2 else e


def each_square(a, b):
    e = (a - b) ** 2
    return e.sum(axis=1) if e.ndim == 2 else e


l1_loss = Exercise(
    "l1_loss",
    title="Absolute error",
    minutes=4,
    oracle=value_oracle(tf_l1),
    cases=[
        Case("worked example", WORKED_PAIR, expected={"result": 1.125}),
        Case("two outputs per sample", TABLE_PAIR, expected={"result": 3.25}),
        Case("nothing wrong", pair([1.5, -2.0], [1.5, -2.0]), expected={"result": 0.0}),
    ],
    hidden_cases=HIDDEN_PAIRS,
    draw=[draw_tables, draw_pairs],
    rules=[OWN_WORK],
    misconceptions=[
        *value_mistakes(each_abs),
        Misconception(
            "signed",
            lambda a, b: (a - b).sum() / len(a),
            says="Errors of opposite sign cancel.",
            hint="Make every error positive before anything is added up.",
        ),
        Misconception(
            "abs_of_the_mean",
            lambda a, b: abs((a - b).sum()) / len(a),
            says="The absolute value is taken after adding up, so errors of opposite sign have cancelled.",
            hint="Absolute values first, the sum afterwards.",
        ),
        Misconception(
            "squared",
            lambda a, b: each_square(a, b).mean(),
            says="This is the squared error.",
            hint="L1 takes every error at its size; squares come next.",
        ),
    ],
    hints=(
        "What do you do with an error of −3, so that it counts as much as one of +3?",
        "Absolute differences, all of them added up, then divided by the number of samples.",
        "`len(predictions)` is the number of samples for both shapes; `.sum()` adds up a whole table.",
    ),
)

l1_loss_grad = Exercise(
    "l1_loss_grad",
    title="Slopes of the absolute error",
    minutes=5,
    oracle=slope_oracle(tf_l1),
    outputs={"result": Output(gradient=True)},
    cases=[
        Case(
            "worked example",
            pair([3.0, 1.0, 2.5, 0.0], [2.0, 1.5, 2.0, 3.0]),
            expected={"result": np.array([0.25, -0.25, 0.25, -0.25])},
        ),
        Case("two outputs per sample", TABLE_PAIR, expected={"result": np.array([[0.5, -0.5], [-0.5, -0.5]])}),
        Case(
            "an error of exactly 0",
            pair([2.0, 1.0], [2.0, 3.0]),
            expected={"result": {"low": np.array([-0.5, -0.5]), "high": np.array([0.5, -0.5])}},
        ),
    ],
    hidden_cases=HIDDEN_PAIRS,
    draw=[draw_tables, draw_pairs],
    rules=[OWN_WORK],
    misconceptions=[
        *slope_mistakes(lambda a, b: np.sign(a - b)),
        Misconception(
            "size_of_the_error",
            lambda a, b: (a - b) / len(a),
            says="The slope grows with the error here; that belongs to squares.",
            hint="The curve of |e| is made of two straight lines. What is the slope of each?",
        ),
        Misconception(
            "always_positive",
            lambda a, b: np.ones(a.shape) / len(a),
            says="The slope is positive on both sides.",
            hint="Where the prediction is too low, raising it *lowers* the loss.",
        ),
    ],
    hints=(
        "Look at the V in the picture: how steep is it left of zero, and right of it?",
        "The slope is −1 or +1, whatever the size of the error, times the 1/N of the mean.",
        "`np.sign` of the differences, divided by the number of samples.",
    ),
)

l2_loss = Exercise(
    "l2_loss",
    title="Squared error",
    minutes=3,
    oracle=value_oracle(tf_l2),
    cases=[
        Case("worked example", WORKED_PAIR, expected={"result": 2.5625}),
        Case("two outputs per sample", TABLE_PAIR, expected={"result": 7.125}),
        Case("nothing wrong", pair([1.5, -2.0], [1.5, -2.0]), expected={"result": 0.0}),
    ],
    hidden_cases=HIDDEN_PAIRS,
    draw=[draw_tables, draw_pairs],
    rules=[OWN_WORK],
    misconceptions=[
        *value_mistakes(each_square),
        Misconception(
            "half",
            lambda a, b: each_square(a, b).mean() / 2,
            says="This is half of it.",
            hint="Some books put ½ in front, so that the 2 of the slope goes away. This course does not.",
        ),
        Misconception(
            "square_of_the_sum",
            lambda a, b: (a - b).sum() ** 2 / len(a),
            says="The errors are added up before they are squared.",
            hint="Square every error, then add up.",
        ),
        Misconception(
            "root",
            lambda a, b: math.sqrt(each_square(a, b).mean()),
            says="A square root has been taken at the end.",
            hint="The mean of the squares is asked for, without a root.",
        ),
        Misconception(
            "absolute",
            lambda a, b: each_abs(a, b).mean(),
            says="This is the absolute error.",
            hint="Square the errors instead.",
        ),
    ],
    hints=(
        "It is the absolute error with one thing changed.",
        "Squared differences, all added up, divided by the number of samples.",
        "`(predictions - targets) ** 2` has one square per entry.",
    ),
)

l2_loss_grad = Exercise(
    "l2_loss_grad",
    title="Slopes of the squared error",
    minutes=4,
    oracle=slope_oracle(tf_l2),
    outputs={"result": Output(gradient=True)},
    cases=[
        Case("worked example", WORKED_PAIR, expected={"result": np.array([0.5, -0.25, 0.0, -1.5])}),
        Case("two outputs per sample", TABLE_PAIR, expected={"result": np.array([[1.0, -0.5], [-3.0, -2.0]])}),
    ],
    hidden_cases=HIDDEN_PAIRS,
    draw=[draw_tables, draw_pairs],
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "no_two",
            lambda a, b: (a - b) / len(a),
            says="The factor 2 is missing.",
            hint="The slope of e² is 2e. Only a loss with ½ in front loses the 2.",
        ),
        *slope_mistakes(lambda a, b: 2 * (a - b)),
        Misconception(
            "sign_only",
            lambda a, b: np.sign(a - b) / len(a),
            says="These are the slopes of the absolute error.",
            hint="On a parabola the slope grows with the distance from its lowest point.",
        ),
        Misconception(
            "squares",
            lambda a, b: (a - b) ** 2 / len(a),
            says="These are the losses themselves.",
            hint="Ask how each square changes when its prediction is nudged.",
        ),
    ],
    hints=(
        "What is the slope of a parabola e² at e?",
        "Twice the error, times the 1/N of the mean; shape and signs are those of the errors.",
        "2 · (prediction − target) / number of samples, entry by entry.",
    ),
)

# --- binary_cross_entropy --------------------------------------------------------------------------------------------


def draw_logits(rng):
    n = some_size(rng)
    return {"logits": rng.normal(scale=2, size=n), "targets": rng.integers(0, 2, n)}


def draw_logit_tables(rng):
    shape = (some_size(rng), some_size(rng) + 1)
    return {"logits": rng.normal(scale=2, size=shape), "targets": rng.integers(0, 2, shape).astype(float)}


def logits(values, targets):
    return {"logits": np.array(values), "targets": np.array(targets)}


ODDS = [math.log(3.0), math.log(1.0), -math.log(4.0)]  # probabilities 3/4, 1/2, 1/5
WORKED_LOGITS = logits(ODDS, [1, 0, 0])
HUGE = logits([1000.0, -1000.0, 1000.0, -1000.0], [1.0, 0.0, 0.0, 1.0])
HIDDEN_LOGITS = [
    Case("targets between 0 and 1", logits([0.3, -1.2, 2.0], [0.5, 0.1, 0.9])),
    Case("whole numbers", logits([[2, -1, 0], [0, 3, -4]], [[1, 0, 1], [0, 1, 1]])),
    Case("one sample", logits([-0.7], [1])),
    Case("one huge score among small ones", logits([0.5, 800.0, -750.0, 1.0], [1, 1, 1, 0])),
    Case("float32", {k: v.astype(np.float32) for k, v in draw_logit_tables(np.random.default_rng(6)).items()}),
]


def squash(z):
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-np.asarray(z, np.float64)))


def rows(table):
    return table.sum(axis=1) if table.ndim == 2 else table


def each_bce(a, b):
    return rows(np.maximum(a, 0) - a * b + np.log1p(np.exp(-np.abs(a))))


def bce_of(p, b):
    with np.errstate(all="ignore"):
        return rows(-b * np.log(p) - (1 - b) * np.log(1 - p)).mean()


def bce_clipped(a, b):
    return bce_of(np.clip(squash(a), 1e-7, 1 - 1e-7), b)


def bce_unsquashed(a, b):
    return bce_of(np.asarray(a, np.float64), b)


def bce_one_half(a, b):
    with np.errstate(all="ignore"):
        return rows(np.where(b == 1, -np.log(squash(a)), 0.0)).mean()


binary_cross_entropy = Exercise(
    "binary_cross_entropy",
    title="Surprise about a yes or no",
    points=(2, 2),
    minutes=12,
    oracle=value_oracle(tf_bce),
    cases=[
        Case("worked example", WORKED_LOGITS, expected={"result": math.log(10 / 3) / 3}),
        Case("no opinion", logits([0.0, 0.0], [0, 1]), expected={"result": math.log(2)}),
        Case("two questions per sample", logits([[0.5, -1.0], [2.0, 0.0]], [[1.0, 1.0], [0.0, 1.0]])),
        Case("scores of ±1000, right and wrong", HUGE, expected={"result": 500.0}),
    ],
    hidden_cases=HIDDEN_LOGITS,
    draw=[draw_logits, draw_logit_tables],
    rules=[OWN_WORK],
    misconceptions=[
        *value_mistakes(each_bce),
        Misconception(
            "overflows",
            lambda a, b: bce_of(squash(a), b),
            says="The formula is right, but for large scores the probability rounds to 0 or 1, and its logarithm is "
            "lost.",
            hint="Never take the logarithm of a rounded probability: write −log(sigmoid(z)) as log(1 + e^(−z)).",
        ),
        Misconception(
            "clipped",
            bce_clipped,
            says="Probabilities are cut off near 0 and 1, so that no loss can be larger than about 16.",
            hint="Cutting hides the overflow and makes large losses wrong; work from the score instead.",
        ),
        Misconception(
            "no_sigmoid",
            bce_unsquashed,
            says="The scores are used as if they were probabilities.",
            hint="`logits` are scores before the sigmoid; they may be negative or larger than 1.",
        ),
        Misconception(
            "only_ones",
            bce_one_half,
            says="Only the samples with target 1 count.",
            hint="A confident yes where the answer is no must cost something too: that is the second term.",
        ),
        Misconception(
            "swapped",
            lambda a, b: each_bce(a, 1 - b).mean(),
            says="Targets 0 and 1 are the wrong way round.",
            hint="With target 1 the loss is −log(p): nothing where p is 1.",
        ),
        Misconception(
            "log2",
            lambda a, b: each_bce(a, b).mean() / math.log(2),
            says="The logarithm has base 2.",
            hint="The natural logarithm is meant, `np.log`.",
        ),
        Misconception(
            "squared_error",
            lambda a, b: rows((squash(a) - b) ** 2).mean(),
            says="This is the squared error of the probabilities.",
            hint="The loss is minus the logarithm of the probability that was given to what happened.",
        ),
    ],
    hints=(
        "Which probability did the model give to what really happened?",
        "Put z into −t·log(p) − (1 − t)·log(1 − p), and simplify: what remains is log(1 + e^z) − t·z.",
        "log(1 + e^z) overflows for large z, but it equals max(z, 0) + log(1 + e^(−|z|)); `np.log1p` helps.",
    ),
)

binary_cross_entropy_grad = Exercise(
    "binary_cross_entropy_grad",
    title="Said minus should",
    minutes=6,
    oracle=slope_oracle(tf_bce),
    outputs={"result": Output(gradient=True)},
    cases=[
        Case("worked example", WORKED_LOGITS, expected={"result": np.array([-0.25, 0.5, 0.2]) / 3}),
        Case("two questions per sample", logits([[0.5, -1.0], [2.0, 0.0]], [[1.0, 1.0], [0.0, 1.0]])),
        Case("scores of ±1000, right and wrong", HUGE, expected={"result": np.array([0.0, 0.0, 0.25, -0.25])}),
    ],
    hidden_cases=HIDDEN_LOGITS,
    draw=[draw_logits, draw_logit_tables],
    rules=[OWN_WORK],
    misconceptions=[
        *slope_mistakes(lambda a, b: squash(a) - b),
        Misconception(
            "through_the_sigmoid_again",
            lambda a, b: (squash(a) - b) * squash(a) * (1 - squash(a)) / len(a),
            says="The slope of the sigmoid is multiplied in once more.",
            hint="It has cancelled already: that is what makes this pair of functions so pleasant.",
        ),
        Misconception(
            "of_the_probability",
            lambda a, b: (squash(a) - b) / np.maximum(squash(a) * (1 - squash(a)), 1e-300) / len(a),
            says="This is the slope with respect to the probability, not to the score.",
            hint="The score goes through the sigmoid first; multiply by the sigmoid's slope, and look what cancels.",
        ),
        Misconception(
            "no_sigmoid",
            lambda a, b: (a - b) / len(a),
            says="The scores are used as if they were probabilities.",
            hint="What the model *said* is the sigmoid of the score.",
        ),
    ],
    hints=(
        "What should the slope be for a model that is certain and right? And for one that is certain and wrong?",
        "Take log(1 + e^z) − t·z apart: what is the slope of each of its two terms?",
        "The sigmoid of the scores minus the targets, divided by the number of samples.",
    ),
)

# --- hinge losses ----------------------------------------------------------------------------------------------------

BOOK_SCORES = np.array([[4.26, 1.33, -1.01], [3.76, -1.20, -3.81], [-2.37, 1.03, -2.27]])
BOOK = {"scores": BOOK_SCORES, "labels": np.array([0, 1, 2])}
KINK = {"scores": np.array([[2.0, 1.0, 0.0], [0.0, 3.0, 0.5]]), "labels": np.array([0, 1])}


def draw_scores(rng):
    n, classes = some_size(rng), some_size(rng) + 1
    return {"scores": rng.normal(scale=2, size=(n, classes)), "labels": rng.integers(0, classes, n)}


def draw_square(rng):
    n = some_size(rng) + 1
    return {"scores": rng.normal(size=(n, n)), "labels": rng.integers(0, n, n)}


def label_cases(first, seed):
    rng = np.random.default_rng(seed)
    return [
        Case("two classes", {first: rng.normal(size=(5, 2)), "labels": np.array([0, 1, 1, 0, 1])}),
        Case("one sample", {first: rng.normal(size=(1, 4)), "labels": np.array([2])}),
        Case("whole numbers, small labels", {first: np.array([[1, 2, 3], [4, -1, 0]]), "labels": np.uint8([2, 1])}),
        Case(
            "more scores than a small label can count",
            {first: rng.normal(size=(30, 10)), "labels": rng.integers(0, 10, 30).astype(np.uint8)},
        ),
        Case("float32", {first: rng.normal(size=(5, 4)).astype(np.float32), "labels": np.array([0, 3, 1, 2, 2])}),
    ]


def margins(scores, labels, margin=1.0, own=False):
    """How far every wrong class intrudes; `own` lets the right class count against itself."""
    n = np.arange(len(scores))
    m = np.maximum(scores - scores[n, labels][:, None] + margin, 0.0)
    if not own:
        m[n, labels] = 0.0
    return m


def charge(m, labels):
    """Slopes of the sum, where each entry of m is the slope for a wrong class."""
    m = np.array(m, dtype=float)
    m[np.arange(len(m)), labels] = -m.sum(axis=1)
    return m


def worst_only(m):
    return m * (m == m.max(axis=1, keepdims=True))


def hinge_value_mistakes(power):
    def each(a, b):
        return (margins(a, b) ** power).sum(axis=1)

    mean = lambda m: (m**power).sum() / len(m)  # noqa: E731
    return [
        *value_mistakes(each),
        Misconception(
            "right_class_counts",
            lambda a, b: mean(margins(a, b, own=True)),
            says="The right class is compared with itself, which adds 1 for every sample.",
            hint="Only the wrong classes are compared with the right one.",
        ),
        Misconception(
            "no_margin",
            lambda a, b: mean(margins(a, b, margin=0.0)),
            says="The margin is missing.",
            hint="A wrong class costs something as soon as it comes closer than 1 to the right one.",
        ),
        Misconception(
            "worst_only",
            lambda a, b: mean(worst_only(margins(a, b))),
            says="Only the worst of the wrong classes counts.",
            hint="That loss exists too (Crammer and Singer's). Here every class inside the margin counts.",
        ),
        Misconception(
            "not_cut",
            lambda a, b: (
                ((charge(a - a[np.arange(len(a)), b][:, None] + 1, b) * (1 - np.eye(a.shape[1])[b])) ** power).sum()
                / len(a)
            ),
            says="Classes that are far below the right one are counted too.",
            hint="Below the margin there is nothing to pay: max(0, ...).",
        ),
        Misconception(
            "margin_reversed",
            lambda a, b: mean(np.maximum(-margins_raw(a, b), 0.0) * (1 - np.eye(a.shape[1])[b])),
            says="The difference is the wrong way round: a right class that leads is punished.",
            hint="The loss grows with the score of a *wrong* class.",
        ),
    ]


def margins_raw(a, b):
    return a - a[np.arange(len(a)), b][:, None] - 1.0


hinge_loss = Exercise(
    "hinge_loss",
    title="Hinge loss",
    points=(1, 2),
    minutes=10,
    oracle=value_oracle(tf_hinge),
    cases=[
        Case("worked example", BOOK, expected={"result": 3.72}),
        Case(
            "right, and still not far enough",
            {"scores": np.array([[1.5, 1.0, -1.0]]), "labels": np.array([0])},
            expected={"result": 0.5},
        ),
        Case("all scores equal", {"scores": np.zeros((2, 5)), "labels": np.array([3, 0])}, expected={"result": 4.0}),
    ],
    hidden_cases=[
        *label_cases("scores", 21),
        Case("exactly on the margin", KINK | {"scores": KINK["scores"] + 1}, expected={"result": 0.0}),
    ],
    draw=[draw_scores, draw_square],
    rules=[OWN_WORK],
    misconceptions=[
        *hinge_value_mistakes(1),
        Misconception(
            "squared",
            lambda a, b: (margins(a, b) ** 2).sum() / len(a),
            says="These are the squares; they come next.",
            hint="Every violation counts at its size here.",
        ),
    ],
    hints=(
        "For one sample: which number does every wrong score have to stay below by 1?",
        "Pick the right class's score of every row, as a column; subtract it from the table and add 1; cut at 0.",
        "`scores[np.arange(n), labels]` picks them; set the entries of the right classes to 0 before you add up.",
    ),
)


def hinge_slope_mistakes(slope, table):
    """`slope(a, b)`: right slopes of the sum; `table(a, b)`: those of the wrong classes alone."""
    return [
        *slope_mistakes(slope),
        Misconception(
            "right_class_forgotten",
            lambda a, b: table(a, b) / len(a),
            says="The right class gets no slope.",
            hint="Its score stands in every one of the differences, with a minus.",
        ),
        Misconception(
            "right_class_once",
            lambda a, b: (
                np.where(np.eye(a.shape[1])[b] > 0, -table(a, b).max(axis=1, keepdims=True), table(a, b)) / len(a)
            ),
            says="The right class pays for one wrong class only.",
            hint="It pays for every class that is inside the margin.",
        ),
        Misconception(
            "worst_only",
            lambda a, b: charge(table(a, b) * (margins(a, b) == margins(a, b).max(axis=1, keepdims=True)), b) / len(a),
            says="Only the worst of the wrong classes gets a slope.",
            hint="Every class inside the margin does.",
        ),
    ]


def hinge_table(a, b):
    return (margins(a, b) > 0) * 1.0


hinge_loss_grad = Exercise(
    "hinge_loss_grad",
    title="Slopes of the hinge loss",
    points=(2, 2),
    minutes=12,
    oracle=slope_oracle(tf_hinge),
    outputs={"result": Output(gradient=True)},
    cases=[
        Case(
            "worked example",
            BOOK,
            expected={"result": np.array([[0.0, 0.0, 0.0], [1.0, -1.0, 0.0], [1.0, 1.0, -2.0]]) / 3},
        ),
        Case(
            "all scores equal",
            {"scores": np.zeros((1, 4)), "labels": np.array([1])},
            expected={"result": np.array([[1.0, -3.0, 1.0, 1.0]])},
        ),
        Case(
            "exactly on the margin",
            KINK,
            expected={
                "result": {"low": np.array([[-0.5, 0, 0], [0, 0, 0]]), "high": np.array([[0, 0.5, 0], [0, 0, 0]])}
            },
        ),
    ],
    hidden_cases=[case for case in label_cases("scores", 22) if case.name != "whole numbers, small labels"]
    + [
        Case(
            "whole numbers, small labels",
            {"scores": np.array([[1, 3, 3], [4, -1, 0]]), "labels": np.uint8([2, 1])},
            expected={"result": np.array([[0, 0.5, -0.5], [0.5, -1.0, 0.5]])},
        )
    ],
    draw=[draw_scores, draw_square],
    rules=[OWN_WORK],
    misconceptions=[
        *hinge_slope_mistakes(lambda a, b: charge(hinge_table(a, b), b), hinge_table),
        Misconception(
            "size_of_the_violation",
            lambda a, b: charge(margins(a, b), b) / len(a),
            says="The slopes grow with the violation.",
            hint="The hinge is made of two straight lines; its slope is 0 or 1.",
        ),
        Misconception(
            "no_margin",
            lambda a, b: charge(margins(a, b, margin=0.0) > 0, b) / len(a),
            says="The margin is missing: classes that come closer than 1 without overtaking get no slope.",
            hint="Ask where score − right score + 1 is above zero.",
        ),
    ],
    hints=(
        "Which scores, nudged a little, change the loss of the sample at all?",
        "+1 for every wrong class inside the margin; the right class pays for all of them; then the 1/N.",
        "Make a table of 0 and 1 of the violations, then put minus each row's sum at the place of the label.",
    ),
)

squared_hinge_loss = Exercise(
    "squared_hinge_loss",
    title="Squared hinge loss",
    points=(1, 1),
    minutes=5,
    oracle=value_oracle(tf_squared_hinge),
    cases=[
        Case("worked example", BOOK, expected={"result": 54.8216 / 3}),
        Case("all scores equal", {"scores": np.zeros((2, 5)), "labels": np.array([3, 0])}, expected={"result": 4.0}),
        Case(
            "right, and still not far enough",
            {"scores": np.array([[1.5, 1.0, -1.0]]), "labels": np.array([0])},
            expected={"result": 0.25},
        ),
    ],
    hidden_cases=label_cases("scores", 23),
    draw=[draw_scores, draw_square],
    rules=[OWN_WORK],
    misconceptions=[
        *hinge_value_mistakes(2),
        Misconception(
            "not_squared",
            lambda a, b: margins(a, b).sum() / len(a),
            says="The violations are not squared.",
            hint="Square each of them before anything is added up.",
        ),
        Misconception(
            "square_of_the_sum",
            lambda a, b: (margins(a, b).sum(axis=1) ** 2).mean(),
            says="A sample's violations are added up first and squared afterwards.",
            hint="Square each violation on its own.",
        ),
    ],
    hints=(
        "It is the hinge loss with one thing changed.",
        "Square every violation after it has been cut at 0, then add up and average.",
        "If your hinge loss makes a table of violations, `** 2` on that table is all.",
    ),
)


def squared_table(a, b):
    return 2 * margins(a, b)


squared_hinge_loss_grad = Exercise(
    "squared_hinge_loss_grad",
    title="Slopes of the squared hinge loss",
    points=(1, 2),
    minutes=8,
    oracle=slope_oracle(tf_squared_hinge),
    outputs={"result": Output(gradient=True)},
    cases=[
        Case(
            "worked example",
            BOOK,
            expected={"result": np.array([[0.0, 0.0, 0.0], [11.92, -11.92, 0.0], [1.8, 8.6, -10.4]]) / 3},
        ),
        Case(
            "all scores equal",
            {"scores": np.zeros((1, 4)), "labels": np.array([1])},
            expected={"result": np.array([[2.0, -6.0, 2.0, 2.0]])},
        ),
        Case("exactly on the margin", KINK, expected={"result": np.zeros((2, 3))}),
    ],
    hidden_cases=label_cases("scores", 24),
    draw=[draw_scores, draw_square],
    rules=[OWN_WORK],
    misconceptions=[
        *hinge_slope_mistakes(lambda a, b: charge(squared_table(a, b), b), squared_table),
        Misconception(
            "no_two",
            lambda a, b: charge(margins(a, b), b) / len(a),
            says="The factor 2 is missing.",
            hint="The slope of a square is twice what was squared.",
        ),
        Misconception(
            "hinge",
            lambda a, b: charge(hinge_table(a, b), b) / len(a),
            says="These are the slopes of the plain hinge.",
            hint="A larger violation is steeper here.",
        ),
    ],
    hints=(
        "How does the slope of m² differ from that of m?",
        "Twice the violation for every wrong class; the right class pays for all; then the 1/N.",
        "Start from the table of violations in place of the table of 0 and 1.",
    ),
)

# --- cross_entropy ---------------------------------------------------------------------------------------------------


def draw_ce(rng):
    inputs = draw_scores(rng)
    return {"logits": inputs["scores"], "labels": inputs["labels"]}


def draw_square_ce(rng):
    inputs = draw_square(rng)
    return {"logits": inputs["scores"], "labels": inputs["labels"]}


WORKED_CE = {"logits": np.log(np.array([[1.0, 2.0, 5.0], [3.0, 6.0, 1.0]])), "labels": np.array([2, 0])}
HUGE_CE = {
    "logits": np.array([[1000.0, 0.0], [-1000.0, 1000.0], [5.0, 800.0], [-1000.0, -1001.0]]),
    "labels": np.array([0, 0, 1, 0]),
}


def log_p(z, axis=1):
    z = np.asarray(z, np.float64)
    shifted = z - z.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def pick(table, labels):
    return table[np.arange(len(table)), labels]


def each_ce(a, b):
    return -pick(log_p(a), b)


def naive_ce(a, b):
    with np.errstate(all="ignore"):
        e = np.exp(np.asarray(a, np.float64))
        return -np.log(pick(e / e.sum(axis=1, keepdims=True), b)).mean()


def rounded_ce(a, b):
    with np.errstate(all="ignore"):
        return -np.log(pick(np.exp(log_p(a)), b)).mean()


def target(a, b):
    return np.eye(a.shape[1])[b]


cross_entropy = Exercise(
    "cross_entropy",
    title="Surprise about one of many",
    points=(1, 2),
    minutes=10,
    oracle=value_oracle(tf_ce),
    cases=[
        Case("worked example", WORKED_CE, expected={"result": (math.log(8 / 5) + math.log(10 / 3)) / 2}),
        Case(
            "no opinion, ten classes",
            {"logits": np.zeros((4, 10)), "labels": np.array([3, 1, 4, 1])},
            expected={"result": math.log(10)},
        ),
        Case("huge scores", HUGE_CE),
        Case("sure of the panda", {"logits": np.array([[-3.44, 1.16, 3.91]]), "labels": np.array([2])}),
    ],
    hidden_cases=[
        *label_cases("logits", 31),
        Case("the three pictures", {"logits": BOOK_SCORES + 0.25, "labels": np.array([0, 1, 2])}),
        Case(
            "very unlikely labels",
            {"logits": np.array([[0.0, 60.0, 2.0], [900.0, -900.0, 0.0]]), "labels": np.array([0, 1])},
        ),
    ],
    draw=[draw_ce, draw_square_ce],
    rules=[OWN_WORK],
    misconceptions=[
        *value_mistakes(each_ce),
        Misconception(
            "unstable",
            naive_ce,
            says="exp overflows for scores of 1000.",
            hint="Subtract each row's largest score first, or use `log_softmax`, which does.",
        ),
        Misconception(
            "log_of_rounded",
            rounded_ce,
            says="The logarithm is taken of a probability that has been rounded to 0.",
            hint="`log_softmax` never goes through the probability; take the label's entry of that.",
        ),
        Misconception(
            "clipped",
            lambda a, b: -np.log(np.maximum(pick(np.exp(log_p(a)), b), 1e-12)).mean(),
            says="Small probabilities are cut off, which caps the loss.",
            hint="Large losses become wrong; use `log_softmax`.",
        ),
        Misconception(
            "wrong_axis",
            lambda a, b: -pick(log_p(a, axis=0), b).mean(),
            says="The softmax runs down the batch instead of across the classes.",
            hint="The probabilities of one sample, one row, add up to 1.",
        ),
        Misconception(
            "no_log",
            lambda a, b: 1 - pick(np.exp(log_p(a)), b).mean(),
            says="The logarithm is missing.",
            hint="The loss is −log(p): ever larger as p goes to 0.",
        ),
        Misconception(
            "log2",
            lambda a, b: each_ce(a, b).mean() / math.log(2),
            says="The logarithm has base 2.",
            hint="The natural logarithm is meant.",
        ),
        Misconception(
            "score_only",
            lambda a, b: -pick(np.asarray(a, float), b).mean(),
            says="Only the right class's score counts here; the others are ignored.",
            hint="Turn the scores into probabilities first: softmax, or better its logarithm.",
        ),
        Misconception(
            "all_classes",
            lambda a, b: -log_p(a).sum(axis=1).mean(),
            says="All classes are added up.",
            hint="Only the probability of the class that is right matters.",
        ),
    ],
    hints=(
        "Which single number of each row of probabilities matters?",
        "Log-probabilities of all classes, the label's entry of every row, minus, mean.",
        "`log_softmax(logits)` is imported; `table[np.arange(n), labels]` picks one entry per row.",
    ),
)

cross_entropy_grad = Exercise(
    "cross_entropy_grad",
    title="Said minus should, for many classes",
    points=(1, 2),
    minutes=8,
    oracle=slope_oracle(tf_ce),
    outputs={"result": Output(gradient=True)},
    cases=[
        Case(
            "worked example", WORKED_CE, expected={"result": np.array([[0.0625, 0.125, -0.1875], [-0.35, 0.3, 0.05]])}
        ),
        Case(
            "no opinion, ten classes",
            {"logits": np.zeros((4, 10)), "labels": np.array([3, 1, 4, 1])},
            expected={"result": (0.1 - np.eye(10)[[3, 1, 4, 1]]) / 4},
        ),
        Case("huge scores", HUGE_CE),
    ],
    hidden_cases=label_cases("logits", 32),
    draw=[draw_ce, draw_square_ce],
    rules=[OWN_WORK],
    misconceptions=[
        *slope_mistakes(lambda a, b: np.exp(log_p(a)) - target(a, b)),
        Misconception(
            "no_target",
            lambda a, b: np.exp(log_p(a)) / len(a),
            says="This is the softmax alone; what should have been said is missing.",
            hint="Subtract 1 at the place of the right class.",
        ),
        Misconception(
            "only_the_label",
            lambda a, b: (np.exp(log_p(a)) - 1) * target(a, b) / len(a),
            says="Only the right class gets a slope.",
            hint="Raising any other score takes probability from the right class.",
        ),
        Misconception(
            "wrong_axis",
            lambda a, b: (np.exp(log_p(a, axis=0)) - target(a, b)) / len(a),
            says="The softmax runs down the batch instead of across the classes.",
            hint="The probabilities of one sample, one row, add up to 1.",
        ),
        Misconception(
            "one_vs_rest",
            lambda a, b: (squash(a) - target(a, b)) / len(a),
            says="Every class goes through a sigmoid of its own.",
            hint="That is one-vs-rest. Here the classes share one softmax, so that every row of slopes adds up to 0.",
        ),
    ],
    hints=(
        "Compare with the yes-or-no loss: what did the model say, and what should it have said?",
        "The softmax table minus the table of right answers (1 at the label, 0 elsewhere), times the 1/N.",
        "Copy the softmax, subtract 1 at `[np.arange(n), labels]`, divide by n.",
    ),
)

# --- numerical_gradient ----------------------------------------------------------------------------------------------

TF_FORMULAS = {
    "sum of squares": lambda x: tf.reduce_sum(x**2),
    "sum of cubes": lambda x: tf.reduce_sum(x**3),
    "product": tf.reduce_prod,
    "sine of the sum, times the first entry": lambda x: tf.sin(tf.reduce_sum(x)) * tf.reshape(x, [-1])[0],
    "sum of absolute values": lambda x: tf.reduce_sum(tf.abs(x)),
    "squares, each with another weight": lambda x: tf.reduce_sum(
        tf.reshape(tensor(np.arange(1, tf.size(x) + 1)), x.shape) * x**2
    ),
}


def tf_slopes(formula, x, options):
    x = tensor(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = TF_FORMULAS[formula](x)
    return tape.gradient(y, x).numpy()


def nudged(formula=lambda up, down, here, h: (up - down) / (2 * h), step=None, restore=True, whole=False):
    """A numerical gradient as a student might write it, with one thing changed."""

    def numerical(f, x, h=1e-5):
        h = step or h
        x = np.array(x, copy=True) if whole else np.array(x, dtype=float)
        grad, here = np.zeros(x.shape), f(x)
        for i in np.ndindex(x.shape):
            kept = x[i]
            x[i] = kept + h
            up = f(x)
            x[i] = kept - h
            down = f(x)
            grad[i] = formula(up, down, here, h)
            if restore:
                x[i] = kept
        return grad

    return numerical


def all_at_once(f, x, h=1e-5):
    return np.full(np.shape(x), (f(x + h) - f(x - h)) / (2 * h))


def rows_only(f, x, h=1e-5):
    grad = np.zeros(np.shape(x))
    for i in range(len(x)):
        nudge = np.zeros(np.shape(x))
        nudge[i] = h
        grad[i] = (f(x + nudge) - f(x - nudge)) / (2 * h)
    return grad


def draw_slopes(rng):
    shape = [(some_size(rng),), (some_size(rng), some_size(rng))][int(rng.integers(2))]
    formula = str(rng.choice([name for name in TF_FORMULAS if name != "sum of absolute values"]))
    return {"formula": formula, "x": rng.uniform(0.5, 1.5, shape) * rng.choice([-1, 1], shape), "options": []}


numerical_gradient = Exercise(
    "numerical_gradient",
    title="Slopes without calculus",
    points=(2, 2),
    minutes=15,
    probe="slopes",
    oracle=tf_slopes,
    outputs={"result": Output(gradient=True)},
    cases=[
        Case(
            "worked example",
            {"formula": "sum of squares", "x": np.array([3.0, -1.0]), "options": []},
            expected={"result": np.array([6.0, -2.0])},
        ),
        Case(
            "a table",
            {
                "formula": "squares, each with another weight",
                "x": np.array([[1.0, 0.5, -1.0], [2.0, -0.25, 1.5]]),
                "options": [],
            },
        ),
        Case(
            "cubes, h = 0.5",
            {"formula": "sum of cubes", "x": np.array([1.0, -2.0, 0.5]), "options": [0.5]},
            expected={"result": np.array([3.25, 12.25, 1.0])},
        ),
        Case(
            "whole numbers",
            {"formula": "product", "x": np.array([2, -3, 5]), "options": []},
            expected={"result": np.array([-15.0, 10.0, -6.0])},
        ),
        Case(
            "at a kink",
            {"formula": "sum of absolute values", "x": np.array([0.0, 2.0, -1.0]), "options": []},
            expected={"result": np.array([0.0, 1.0, -1.0])},
        ),
    ],
    hidden_cases=[
        Case("one entry", {"formula": "sine of the sum, times the first entry", "x": np.array([0.7]), "options": []}),
        Case(
            "three axes",
            {
                "formula": "squares, each with another weight",
                "x": np.random.default_rng(3).uniform(0.5, 1.5, (2, 3, 2)),
                "options": [],
            },
        ),
        Case(
            "cubes, h = 0.25",
            {"formula": "sum of cubes", "x": np.array([[1.0, 2.0]]), "options": [0.25]},
            expected={"result": np.array([[3.0625, 12.0625]])},
        ),
    ],
    draw=draw_slopes,
    draws=(3, 6),
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "forward",
            nudged(lambda up, down, here, h: (up - here) / h),
            says="The slope is measured to one side only, which is off by about h.",
            hint="Nudge both ways, by +h and by −h, and divide by the distance between the two.",
        ),
        Misconception(
            "backward",
            nudged(lambda up, down, here, h: (here - down) / h),
            says="The slope is measured backwards only, which is off by about h.",
            hint="Nudge both ways, by +h and by −h, and divide by the distance between the two.",
        ),
        Misconception(
            "distance_h",
            nudged(lambda up, down, here, h: (up - down) / h),
            says="All slopes are twice too large.",
            hint="From x − h to x + h it is not h.",
        ),
        Misconception(
            "not_divided",
            nudged(lambda up, down, here, h: up - down),
            says="These are the differences; they have not been divided by anything.",
            hint="A slope is rise over run.",
        ),
        Misconception(
            "reversed",
            nudged(lambda up, down, here, h: (down - up) / (2 * h)),
            says="All slopes have the wrong sign.",
            hint="The value at x + h comes first.",
        ),
        Misconception(
            "not_restored",
            nudged(restore=False),
            says="The nudges pile up: an entry stays moved when the next one is measured.",
            hint="Put every entry back, exactly as it was, before you go on to the next.",
        ),
        Misconception(
            "h_ignored",
            nudged(step=1e-5),
            says="The h that is passed in has no effect.",
            hint="Use `h` in both places.",
        ),
        Misconception(
            "all_at_once",
            all_at_once,
            says="All entries are nudged together.",
            hint="Nudge one entry at a time: each has a slope of its own.",
        ),
        Misconception(
            "rows_only",
            rows_only,
            says="In a table, whole rows are nudged together.",
            hint="Visit every entry: `np.ndindex(x.shape)` lists all positions, whatever the number of axes.",
        ),
        Misconception(
            "flat",
            lambda f, x, h=1e-5: nudged()(f, x, h).ravel(),
            says="The slopes come back as one long row.",
            hint="The result has the shape of x.",
        ),
        Misconception(
            "whole_numbers",
            nudged(whole=True),
            says="In an array of whole numbers the nudge is rounded away.",
            hint="Copy x as floating point first: `np.array(x, dtype=float)`.",
        ),
    ],
    hints=(
        "How would you measure the slope of a hill at one place, with a staff and a spirit level?",
        "For every position: f with that entry h larger, f with it h smaller, the difference divided by 2h.",
        "A floating-point copy of x; for i in np.ndindex(x.shape): keep x[i], change it twice, call f twice, put it "
        "back.",
    ),
)

# --- gradient_descent ------------------------------------------------------------------------------------------------


def tf_logistic(X, y, W):
    """Mean loss at W and its gradient."""
    W = tensor(W)
    with tf.GradientTape() as tape:
        tape.watch(W)
        scores = tf.linalg.matvec(tensor(X), W)
        loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(tensor(y), scores))
    return float(loss), tape.gradient(loss, W).numpy()


def tf_descend(batches, W0, learning_rate, epochs):
    """Descent over the same batches in every epoch: the weights, and the mean loss of each epoch's batches."""
    W, losses = np.array(W0, np.float64), []
    for _ in range(epochs):
        seen = []
        for X, y in batches:
            loss, slope = tf_logistic(X, y, W)
            seen.append(loss)
            W = W - learning_rate * slope
        losses.append(np.mean(seen))
    return W, np.array(losses)


def tf_gradient_descent(X, y, W0, learning_rate, epochs):
    return tf_descend([(X, y)], W0, learning_rate, epochs)


def mean_bce(z, y):
    return each_bce(z, y).mean()


def descent_like(
    slope=lambda X, y, p: X.T @ (p - y) / len(y),
    loss=lambda z, y, p: mean_bce(z, y),
    sign=-1.0,
    after=False,
    start_too=False,
    restart=False,
    only_last=False,
):
    """gradient_descent as a student might write it, with one thing changed."""

    def gradient_descent(X, y, W0, learning_rate, epochs):
        W, losses = W0.copy(), []
        for _ in range(epochs):
            before = X @ W
            p = squash(before)
            if restart:
                W = W0.copy()
            W = W + sign * learning_rate * slope(X, y, p)
            z = X @ W if after else before
            losses.append(loss(z, y, squash(z)))
        if start_too:
            losses.append(loss(X @ W, y, squash(X @ W)))
        return W, (losses[-1] if only_last else losses)

    return gradient_descent


def draw_descent(rng):
    n, d = some_size(rng) + 2, some_size(rng)
    X = np.column_stack([rng.normal(size=(n, d)), np.ones(n)])
    return {
        "X": X,
        "y": rng.integers(0, 2, n),
        "W0": rng.normal(size=d + 1),
        "learning_rate": float(rng.choice([0.1, 0.5, 1.0])),
        "epochs": int(rng.integers(2, 6)),
    }


HAND = {
    "X": np.array([[1.0, 1.0], [-1.0, 1.0]]),
    "y": np.array([1, 0]),
    "W0": np.array([0.0, 0.0]),
    "learning_rate": 1.0,
}
HAND_LOSS_2 = math.log(1 + math.exp(-0.5))

gradient_descent = Exercise(
    "gradient_descent",
    title="Downhill with all samples",
    points=(3, 3),
    minutes=20,
    oracle=tf_gradient_descent,
    outputs={"W": Output(), "losses": Output(sequence=True)},
    cases=[
        Case(
            "one epoch, by hand",
            HAND | {"epochs": 1},
            expected={"W": np.array([0.5, 0.0]), "losses": np.array([math.log(2)])},
        ),
        Case(
            "two epochs, by hand",
            HAND | {"epochs": 2},
            expected={
                "W": np.array([0.5 + 1 / (1 + math.exp(0.5)), 0.0]),
                "losses": np.array([math.log(2), HAND_LOSS_2]),
            },
        ),
        Case(
            "three features, unequal classes",
            {
                "X": np.array([[0.5, -1.0, 2.0, 1.0], [1.5, 0.0, -1.0, 1.0], [-0.5, 1.0, 0.5, 1.0]]),
                "y": np.array([1, 1, 0]),
                "W0": np.array([0.1, -0.2, 0.3, 0.4]),
                "learning_rate": 0.5,
                "epochs": 4,
            },
        ),
    ],
    hidden_cases=[
        Case(
            "one sample",
            {
                "X": np.array([[2.0, 1.0]]),
                "y": np.array([0]),
                "W0": np.array([1.0, -0.5]),
                "learning_rate": 0.3,
                "epochs": 3,
            },
        ),
        Case("labels as fractions of one type", HAND | {"y": np.array([1.0, 0.0]), "epochs": 3}),
        Case("whole numbers", HAND | {"X": np.array([[3, 1], [-2, 1]]), "epochs": 3}),
    ],
    draw=draw_descent,
    draws=(3, 6),
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "uphill",
            descent_like(sign=1.0),
            says="The weights climb: the loss grows from epoch to epoch.",
            hint="The gradient points uphill. Go the other way.",
        ),
        Misconception(
            "summed_gradient",
            descent_like(slope=lambda X, y, p: X.T @ (p - y)),
            says="The gradient is that of the summed loss: every step is N times too long.",
            hint="The loss is a mean over the samples, and so is its gradient.",
        ),
        Misconception(
            "squared_error_gradient",
            descent_like(slope=lambda X, y, p: X.T @ (2 * (p - y) * p * (1 - p)) / len(y)),
            says="This descends the squared error of the probabilities.",
            hint="Here the loss is the cross-entropy, whose gradient has no p(1 − p).",
        ),
        Misconception(
            "no_sigmoid",
            descent_like(slope=lambda X, y, p: X.T @ (np.log(p / (1 - p)) - y) / len(y)),
            says="The scores are compared with the labels directly.",
            hint="What the model says is a probability: send the scores through the sigmoid.",
        ),
        Misconception(
            "losses_afterwards",
            descent_like(after=True),
            says="The losses are those after each step.",
            hint="Note down the loss first, then take the step: the first entry is the loss at W0.",
        ),
        Misconception(
            "one_loss_more",
            descent_like(start_too=True),
            says="There is one loss more than there are epochs.",
            hint="One entry per epoch: the loss before its step.",
        ),
        Misconception(
            "last_loss_only",
            descent_like(only_last=True),
            says="Only the last loss is returned.",
            hint="Append one loss per epoch to a list, and return the list.",
        ),
        Misconception(
            "summed_loss",
            descent_like(loss=lambda z, y, p: each_bce(z, y).sum()),
            says="The losses are sums over the samples.",
            hint="The mean over the samples is asked for.",
        ),
        Misconception(
            "squared_error",
            descent_like(loss=lambda z, y, p: ((p - y) ** 2).sum()),
            says="The losses are sums of squared errors, while the steps descend the cross-entropy.",
            hint="Report the loss that you descend: the mean binary cross-entropy.",
        ),
        Misconception(
            "mean_squared_error",
            descent_like(loss=lambda z, y, p: ((p - y) ** 2).mean()),
            says="The losses are squared errors, while the steps descend the cross-entropy.",
            hint="Report the loss that you descend: the mean binary cross-entropy.",
        ),
        Misconception(
            "starts_anew",
            descent_like(restart=True),
            says="Every epoch starts again from W0.",
            hint="Copy W0 once, before the first epoch.",
        ),
    ],
    hints=(
        "What happens in one epoch, in three lines: scores, loss, step?",
        "By the chain rule, the slope of the loss with respect to W is X transposed times the slopes of the scores.",
        "W = W0.copy(); every epoch: z = X @ W; append binary_cross_entropy(z, y); "
        "W = W − learning_rate · X.T @ binary_cross_entropy_grad(z, y).",
    ),
)

# --- minibatches -----------------------------------------------------------------------------------------------------


def together(X, y, batch_size, rng):
    n = len(X)
    sizes = [batch_size] * (n // batch_size) + ([n % batch_size] if n % batch_size else [])
    return {"sizes of the batches": " ".join(map(str, sizes)), "X, sorted": np.asarray(X, float), "y in that order": y}


def numbered(rng, n, *shape):
    """n different samples in rising order of their first number, so that sorting puts them back."""
    X = rng.normal(size=(n, *shape))
    X.reshape(n, -1)[:, 0] = np.arange(n)
    return {"X": X, "y": rng.integers(0, 10, n)}


def draw_batches(rng):
    n = int(rng.integers(7, 20))
    return numbered(rng, n, some_size(rng)) | {"batch_size": int(rng.integers(2, 7)), "rng": Rng(int(rng.integers(99)))}


def batches_like(order=lambda n, rng: rng.permutation(n), labels=None, keep_last=True):
    """minibatches as a student might write it, with one thing changed."""

    def minibatches(X, y, batch_size, rng):
        n = len(X)
        taken = order(n, rng)
        other = labels(n, rng, taken) if labels else taken
        stop = n if keep_last else n - n % batch_size
        return [(X[taken[i : i + batch_size]], y[other[i : i + batch_size]]) for i in range(0, stop, batch_size)]

    return minibatches


def one_batch(X, y, batch_size, rng):
    chosen = rng.permutation(len(X))[:batch_size]
    return [(X[chosen], y[chosen])]


def chunks_shuffled(X, y, batch_size, rng):
    starts = rng.permutation(np.arange(0, len(X), batch_size))
    return [(X[i : i + batch_size], y[i : i + batch_size]) for i in starts]


def equal_parts(X, y, batch_size, rng):
    order = rng.permutation(len(X))
    parts = np.array_split(order, math.ceil(len(X) / batch_size))
    return [(X[part], y[part]) for part in parts]


def that_many_batches(X, y, batch_size, rng):
    order = rng.permutation(len(X))
    return [(X[part], y[part]) for part in np.array_split(order, batch_size)]


ORDERS = {
    "different orders in 20 calls": 20,
    "the same seed gives the same order": 1,
    "batches that are neighbours in the data": {"low": 0, "high": 8},
    "batches in rising order": {"low": 0, "high": 30},
}

minibatches = Exercise(
    "minibatches",
    title="Batches in a new order",
    points=(2, 2),
    minutes=12,
    probe="batches_together",
    oracle={"batches_together": together},
    outputs={"y in that order": Output(integer=True)},
    cases=[
        Case(
            "12 samples in batches of 4", numbered(np.random.default_rng(1), 12, 3) | {"batch_size": 4, "rng": Rng(0)}
        ),
        Case(
            "10 samples in batches of 4", numbered(np.random.default_rng(2), 10, 2) | {"batch_size": 4, "rng": Rng(1)}
        ),
        Case(
            "a batch larger than the data", numbered(np.random.default_rng(3), 5, 2) | {"batch_size": 32, "rng": Rng(2)}
        ),
        Case("pictures", numbered(np.random.default_rng(4), 7, 3, 2) | {"batch_size": 3, "rng": Rng(3)}),
        Case(
            "is the order new every time?",
            {"n": 20, "batch_size": 4, "seed": 5},
            probe="batches_in_order",
            expected=ORDERS,
            weight=2,
        ),
    ],
    hidden_cases=[
        Case("one at a time", numbered(np.random.default_rng(5), 6, 2) | {"batch_size": 1, "rng": Rng(4)}),
        Case("one left over", numbered(np.random.default_rng(6), 9, 2) | {"batch_size": 4, "rng": Rng(6)}),
        Case(
            "another order every time?",
            {"n": 24, "batch_size": 4, "seed": 8},
            probe="batches_in_order",
            expected=ORDERS,
            weight=2,
        ),
    ],
    draw=draw_batches,
    draws=(2, 4),
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "not_shuffled",
            batches_like(order=lambda n, rng: np.arange(n)),
            says="The samples come in the order of the data.",
            hint="Draw a new order from `rng` at every call.",
        ),
        Misconception(
            "chunks_shuffled",
            chunks_shuffled,
            says="Only the order of the batches is new; inside, neighbours stay together.",
            hint="Shuffle the samples first, then cut.",
        ),
        Misconception(
            "rolled",
            batches_like(order=lambda n, rng: np.roll(np.arange(n), rng.integers(n))),
            says="The samples are only rotated; neighbours stay together.",
            hint="`rng.permutation(n)` is a truly new order.",
        ),
        Misconception(
            "with_replacement",
            batches_like(order=lambda n, rng: rng.integers(0, n, n)),
            says="Some samples come twice, and others never.",
            hint="An epoch sees every sample exactly once: a permutation.",
        ),
        Misconception(
            "labels_left_behind",
            batches_like(labels=lambda n, rng, taken: np.arange(n)),
            says="The samples are shuffled, but their labels are not.",
            hint="Use one and the same order for X and for y.",
        ),
        Misconception(
            "labels_shuffled_apart",
            batches_like(labels=lambda n, rng, taken: rng.permutation(n)),
            says="Samples and labels are shuffled separately, so that they no longer belong together.",
            hint="Draw one order, and use it for X and for y.",
        ),
        Misconception(
            "last_dropped",
            batches_like(keep_last=False),
            says="The last, shorter batch is missing.",
            hint="What is left over makes a batch of its own.",
        ),
        Misconception(
            "one_batch", one_batch, says="This is a single batch.", hint="All samples are needed, batch after batch."
        ),
        Misconception(
            "equal_parts",
            equal_parts,
            says="The samples are cut into parts of nearly equal size.",
            hint="Every batch but the last has exactly `batch_size` samples.",
        ),
        Misconception(
            "that_many",
            that_many_batches,
            says="There are `batch_size` batches.",
            hint="`batch_size` is how many samples a batch holds, not how many batches there are.",
        ),
    ],
    hints=(
        "How do you shuffle two packs of cards in exactly the same way?",
        "Shuffle *positions*: one random order of 0 ... n − 1, cut into pieces, used to index both X and y.",
        "Draw an order with `rng.permutation`; cut it in strides of `batch_size`; index X and y with each piece.",
    ),
)

# --- sgd -------------------------------------------------------------------------------------------------------------


def tf_any_order(X, y, W0, learning_rate, epochs, batch_size, rng):
    """The data must be such that the order makes no difference: one batch, or samples that share no feature."""
    n = len(X)
    batches = [(X[i : i + batch_size], y[i : i + batch_size]) for i in range(0, n, batch_size)]
    W, losses = tf_descend(batches, W0, learning_rate, epochs)
    return {"W": W, "losses": losses}


def tf_weights(X, y, W0, learning_rate, epochs, batch_size, rng):
    W = tf_any_order(X, y, W0, learning_rate, epochs, batch_size, rng)["W"]
    return {"W": W, "number of losses": epochs}


def apart(rng, n, batch_size, epochs=3, learning_rate=2.0):
    """Every sample has a feature of its own: no step sees what another has changed."""
    return {
        "X": np.diag(rng.uniform(0.5, 2.0, n)) * rng.choice([-1, 1], n),
        "y": rng.integers(0, 2, n),
        "W0": rng.normal(size=n),
        "learning_rate": learning_rate,
        "epochs": epochs,
        "batch_size": batch_size,
        "rng": Rng(int(rng.integers(99))),
    }


def alike(rng, n, batch_size, epochs=2):
    """All samples are the same one, so that only the number of steps and the mean of each batch matter."""
    x = np.append(rng.normal(size=2), 1.0)
    return {
        "X": np.tile(x, (n, 1)),
        "y": np.full(n, int(rng.integers(2))),
        "W0": rng.normal(size=3),
        "learning_rate": 0.5,
        "epochs": epochs,
        "batch_size": batch_size,
        "rng": Rng(int(rng.integers(99))),
    }


def in_one_batch(rng):
    inputs = draw_descent(rng)
    n = len(inputs["X"])
    return inputs | {"batch_size": n + int(rng.integers(3)), "rng": Rng(int(rng.integers(99)))}


def draw_apart(rng):
    batch_size = int(rng.integers(1, 4))
    return Case("samples that share nothing", apart(rng, batch_size * some_size(rng), batch_size))


def draw_alike(rng):
    return Case("the same sample again and again", alike(rng, 11, 4), probe="descent_weights")


def draw_whole(rng):
    return Case("everything in one batch", in_one_batch(rng))


def sgd_like(
    batches=None,
    slope=lambda X, y, p, size: X.T @ (p - y) / len(y),
    sign=-1.0,
    last_only=False,
    every_step=False,
    summed=False,
    once=False,
    first_batch=False,
):
    """sgd as a student might write it, with one thing changed."""
    cut = batches or batches_like()

    def sgd(X, y, W0, learning_rate, epochs, batch_size, rng):
        W, losses, kept = W0.copy(), [], None
        for _ in range(epochs):
            kept = kept if once and kept else cut(X, y, batch_size, rng)
            seen = []
            for Xb, yb in kept[:1] if first_batch else kept:
                z = Xb @ W
                seen.append(mean_bce(z, yb))
                W = W + sign * learning_rate * slope(Xb, yb, squash(z), batch_size)
            losses += seen if every_step else [sum(seen) if summed else seen[-1] if last_only else np.mean(seen)]
        return W, losses

    return sgd


def sgd_leaves_out(X, y, W0, learning_rate, epochs, batch_size, rng):
    """Computes every gradient of an epoch with the weights from its beginning."""
    W, losses = W0.copy(), []
    for _ in range(epochs):
        start, seen = W.copy(), []
        for Xb, yb in batches_like()(X, y, batch_size, rng):
            z = Xb @ start
            seen.append(mean_bce(z, yb))
            W = W - learning_rate * Xb.T @ (squash(z) - yb) / len(yb)
        losses.append(np.mean(seen))
    return W, losses


def sgd_full_loss(X, y, W0, learning_rate, epochs, batch_size, rng):
    W, losses = W0.copy(), []
    for _ in range(epochs):
        for Xb, yb in batches_like()(X, y, batch_size, rng):
            W = W - learning_rate * Xb.T @ (squash(Xb @ W) - yb) / len(yb)
        losses.append(mean_bce(X @ W, y))
    return W, losses


def general(seed):
    rng = np.random.default_rng(seed)
    return {
        "X": np.column_stack([rng.normal(size=(12, 2)), np.ones(12)]),
        "y": rng.integers(0, 2, 12),
        "W0": rng.normal(size=3),
        "learning_rate": 0.5,
        "epochs": 2,
        "batch_size": 4,
    }


SEEDS = {"the same seed gives the same weights": 1, "other seeds give other weights": 2}
TURNS = {"number of losses": 80, "epochs that take the two samples in the opposite order": {"low": 14, "high": 66}}

sgd = Exercise(
    "sgd",
    title="A step for every batch",
    points=(3, 4),
    minutes=20,
    probe="descent_any_order",
    oracle={"descent_any_order": tf_any_order, "descent_weights": tf_weights},
    outputs={"W": Output(), "losses": Output(sequence=True)},
    cases=[
        Case("everything in one batch", in_one_batch(np.random.default_rng(41))),
        Case("samples that share nothing, batches of 2", apart(np.random.default_rng(42), 6, 2), weight=2),
        Case("samples that share nothing, one at a time", apart(np.random.default_rng(43), 4, 1)),
        Case(
            "the same sample again and again, one left over",
            alike(np.random.default_rng(44), 9, 4),
            probe="descent_weights",
            weight=2,
        ),
        Case("the generator alone decides", general(45), probe="descent_seeds", expected=SEEDS),
        Case("a new order in every epoch", {"epochs": 80, "seed": 7}, probe="descent_reshuffles", expected=TURNS),
    ],
    hidden_cases=[
        Case("the generator decides", general(46), probe="descent_seeds", expected=SEEDS),
        Case("another order in every epoch", {"epochs": 80, "seed": 11}, probe="descent_reshuffles", expected=TURNS),
        Case("one epoch", apart(np.random.default_rng(47), 6, 3, epochs=1)),
        Case("the same sample, two left over", alike(np.random.default_rng(48), 8, 3), probe="descent_weights"),
    ],
    draw=[draw_whole, draw_apart, draw_alike],
    draws=(0, 6),
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "uphill",
            sgd_like(sign=1.0),
            says="The weights climb.",
            hint="The gradient points uphill. Go the other way.",
        ),
        Misconception(
            "summed_gradient",
            sgd_like(slope=lambda X, y, p, size: X.T @ (p - y)),
            says="The gradient is summed over the batch.",
            hint="Take the mean over the samples of the batch.",
        ),
        Misconception(
            "divided_by_batch_size",
            sgd_like(slope=lambda X, y, p, size: X.T @ (p - y) / size),
            says="The last, shorter batch is divided by `batch_size` too, which makes its steps too short.",
            hint="Divide by the number of samples that the batch really has.",
        ),
        Misconception(
            "not_shuffled",
            sgd_like(batches_like(order=lambda n, rng: np.arange(n))),
            says="The samples are never shuffled.",
            hint="Ask `minibatches` for the batches; it shuffles.",
        ),
        Misconception(
            "shuffled_once",
            sgd_like(once=True),
            says="The order is drawn once, for all epochs.",
            hint="Ask for new batches at the beginning of every epoch.",
        ),
        Misconception(
            "last_dropped",
            sgd_like(lambda X, y, b, rng: batches_like(keep_last=len(X) < b)(X, y, b, rng)),
            says="The last, shorter batch is left out.",
            hint="Every sample counts in every epoch.",
        ),
        Misconception(
            "one_batch_per_epoch",
            sgd_like(first_batch=True),
            says="There is only one step in an epoch.",
            hint="An epoch goes through all batches, with a step after each.",
        ),
        Misconception(
            "old_weights",
            sgd_leaves_out,
            says="All gradients of an epoch are taken at the weights from its beginning.",
            hint="Each step starts where the last one ended.",
        ),
        Misconception(
            "loss_of_the_last_batch",
            sgd_like(last_only=True),
            says="An epoch's loss is that of its last batch.",
            hint="Average the losses of all batches of the epoch.",
        ),
        Misconception(
            "loss_of_every_step",
            sgd_like(every_step=True),
            says="There is a loss for every step.",
            hint="One number per epoch: the mean over its batches.",
        ),
        Misconception(
            "losses_summed",
            sgd_like(summed=True),
            says="An epoch's loss is the sum over its batches.",
            hint="Average them, so that the number does not depend on how many batches there are.",
        ),
        Misconception(
            "loss_afterwards",
            sgd_full_loss,
            says="The loss is measured after the epoch.",
            hint="Note down every batch's loss before its step, and average those.",
        ),
    ],
    hints=(
        "What of `gradient_descent` stays, and what happens more than once in an epoch now?",
        "Two loops: epochs outside, the batches of that epoch inside, with a loss and a step in each round.",
        "for each epoch: seen = []; for X_batch, y_batch in minibatches(X, y, batch_size, rng): append the loss, take "
        "the step; then append the mean of seen.",
    ),
)

# --- momentum --------------------------------------------------------------------------------------------------------


def exact_momentum(w, grad, velocity, learning_rate, gamma):
    """Worked out in one line each, without the intermediate velocity."""
    return w - (learning_rate * grad - gamma * velocity), gamma * velocity - learning_rate * grad


def walk_of(curvature, w, learning_rate, gamma, steps, ahead):
    """The same steps on a bowl as a linear recurrence of (w, velocity)."""
    shrink = learning_rate * np.asarray(curvature, float)
    places, v = [], np.zeros_like(w)
    for _ in range(steps):
        v = gamma * (1 - ahead * shrink) * v - shrink * w
        w = w + v
        places.append(w)
    return {"w after every step": np.array(places), "the last velocity": v}


def draw_step(rng):
    shape = [(some_size(rng),), (some_size(rng), some_size(rng))][int(rng.integers(2))]
    return {
        "w": rng.normal(size=shape),
        "grad": rng.normal(size=shape),
        "velocity": rng.normal(size=shape),
        "learning_rate": float(rng.choice([0.01, 0.1, 0.5])),
        "gamma": float(rng.choice([0.5, 0.9, 0.95])),
    }


def bowl(w, curvature, steps, learning_rate=0.1, gamma=0.9):
    return {
        "curvature": np.array(curvature),
        "w": np.array(w),
        "learning_rate": learning_rate,
        "gamma": gamma,
        "steps": steps,
    }


STEP = {
    "w": np.array([1.0, -2.0]),
    "grad": np.array([2.0, 0.5]),
    "velocity": np.array([0.5, -1.0]),
    "learning_rate": 0.1,
    "gamma": 0.9,
}

momentum_step = Exercise(
    "momentum_step",
    title="A step with momentum",
    points=(1, 2),
    minutes=8,
    oracle={
        "call": exact_momentum,
        "momentum_walk": lambda **given: walk_of(ahead=0, **given),
    },
    outputs={"w": Output(), "velocity": Output()},
    cases=[
        Case("worked example", STEP, expected={"w": np.array([1.25, -2.95]), "velocity": np.array([0.25, -0.95])}),
        Case(
            "three steps on w²",
            bowl([1.0], [2.0], 3),
            probe="momentum_walk",
            expected={
                "w after every step": np.array([[0.8], [0.46], [0.062]]),
                "the last velocity": np.array([-0.398]),
            },
        ),
        Case("no momentum at all", STEP | {"gamma": 0.0}),
    ],
    hidden_cases=[
        Case("five steps in a valley", bowl([1.0, -2.0], [0.5, 8.0], 5), probe="momentum_walk"),
        Case("no gradient", STEP | {"grad": np.zeros(2)}),
        Case("float32", {k: np.float32(v) if isinstance(v, np.ndarray) else v for k, v in STEP.items()}),
    ],
    draw=draw_step,
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "uphill",
            lambda w, g, v, a, c: (w + c * v + a * g, c * v + a * g),
            says="The gradient pushes uphill.",
            hint="It enters with a minus.",
        ),
        Misconception(
            "positive_velocity",
            lambda w, g, v, a, c: (w - (c * v + a * g), c * v + a * g),
            says="The velocity is kept with the opposite sign, and then subtracted.",
            hint="That works as well, but in this course the velocity is the step itself: w + velocity is the new w.",
        ),
        Misconception(
            "rate_outside",
            lambda w, g, v, a, c: (w + a * (c * v - g), c * v - g),
            says="The learning rate multiplies the velocity instead of the gradient.",
            hint="PyTorch does it so. Here the rate is already part of the velocity.",
        ),
        Misconception(
            "old_velocity",
            lambda w, g, v, a, c: (w + v, c * v - a * g),
            says="The step is taken with the old velocity.",
            hint="Renew the velocity first, then add it to w.",
        ),
        Misconception(
            "averaged",
            lambda w, g, v, a, c: (w + c * v - (1 - c) * a * g, c * v - (1 - c) * a * g),
            says="The new gradient is multiplied by (1 − gamma).",
            hint="The velocity is not an average here: the whole new step is added.",
        ),
        Misconception(
            "velocity_forgotten",
            lambda w, g, v, a, c: (w - a * g, -a * g),
            says="The old velocity has no effect.",
            hint="Keep the share gamma of it.",
        ),
        Misconception(
            "no_friction",
            lambda w, g, v, a, c: (w + v - a * g, v - a * g),
            says="gamma has no effect.",
            hint="Multiply the old velocity by gamma: that is its friction.",
        ),
        Misconception(
            "roles_mixed_up",
            lambda w, g, v, a, c: (w + c * g - a * v, c * g - a * v),
            says="Gradient and velocity have changed places.",
            hint="The arguments come in the order w, grad, velocity; gamma belongs to the velocity.",
        ),
        Misconception(
            "swapped",
            lambda w, g, v, a, c: (c * v - a * g, w + c * v - a * g),
            says="The two results are in the wrong order.",
            hint="Weights first, velocity second.",
        ),
        Misconception(
            "weights_only",
            lambda w, g, v, a, c: w + c * v - a * g,
            says="Only the weights come back.",
            hint="Whoever calls needs the new velocity for the next step: return both.",
        ),
    ],
    hints=(
        "A ball rolls: what is left of its speed, and what does the slope add?",
        "New velocity = gamma · old velocity − learning rate · gradient; new weights = weights + new velocity.",
        "Compute the velocity in one line, and return the pair (w + velocity, velocity).",
    ),
)

POTENTIALS = {
    "tanh": lambda w: tf.math.log(tf.math.cosh(w)),
    "sigmoid": tf.math.softplus,
}


def tf_nesterov(w, grad_fn, velocity, learning_rate, gamma):
    """The gradient comes from the function whose slope `grad_fn` is, at the place where the velocity leads."""
    ahead = tensor(w + gamma * velocity)
    with tf.GradientTape() as tape:
        tape.watch(ahead)
        height = tf.reduce_sum(POTENTIALS[grad_fn.__name__](ahead))
    return exact_momentum(w, tape.gradient(height, ahead).numpy(), velocity, learning_rate, gamma)


def draw_nesterov(rng):
    inputs = draw_step(rng)
    return {"w": inputs["w"], "grad_fn": Function(str(rng.choice(list(POTENTIALS))))} | {
        k: inputs[k] for k in ("velocity", "learning_rate", "gamma")
    }


NESTEROV = {
    "w": np.array([1.0, -2.0]),
    "grad_fn": Function("tanh"),
    "velocity": np.array([0.5, -1.0]),
    "learning_rate": 0.1,
    "gamma": 0.9,
}


def nesterov_like(place, then=exact_momentum):
    def nesterov_step(w, grad_fn, velocity, learning_rate, gamma):
        at = place(w, grad_fn, velocity, learning_rate, gamma)
        return then(w, grad_fn(at), velocity, learning_rate, gamma)

    return nesterov_step


def look_ahead(w, f, v, a, c):
    return w + c * v


nesterov_step = Exercise(
    "nesterov_step",
    title="Look before you step",
    points=(1, 2),
    minutes=8,
    oracle={
        "call": tf_nesterov,
        "nesterov_walk": lambda **given: walk_of(ahead=1, **given),
    },
    outputs={"w": Output(), "velocity": Output()},
    cases=[
        Case(
            "three steps on w²",
            bowl([1.0], [2.0], 3),
            probe="nesterov_walk",
            expected={
                "w after every step": np.array([[0.8], [0.496], [0.17792]]),
                "the last velocity": np.array([-0.31808]),
            },
        ),
        Case("a curved hill", NESTEROV),
        Case("no momentum at all", NESTEROV | {"gamma": 0.0}),
    ],
    hidden_cases=[
        Case("five steps in a valley", bowl([1.0, -2.0], [0.5, 8.0], 5), probe="nesterov_walk"),
        Case("standing still at first", NESTEROV | {"velocity": np.zeros(2)}),
    ],
    draw=draw_nesterov,
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "plain_momentum",
            nesterov_like(lambda w, f, v, a, c: w),
            says="This is plain momentum: the gradient is taken at w.",
            hint="Take it where the velocity is about to lead.",
        ),
        Misconception(
            "whole_velocity",
            nesterov_like(lambda w, f, v, a, c: w + v),
            says="The look ahead goes as far as the whole old velocity.",
            hint="Only the share gamma of the velocity will be left.",
        ),
        Misconception(
            "looks_back",
            nesterov_like(lambda w, f, v, a, c: w - c * v),
            says="The look goes back instead of ahead.",
            hint="The velocity is added to the weights, so ahead is w + gamma · velocity.",
        ),
        Misconception(
            "after_the_step",
            nesterov_like(lambda w, f, v, a, c: w + c * v - a * f(w)),
            says="The gradient is taken where a whole momentum step would end.",
            hint="Look only along the old velocity; the gradient there is the one that you need.",
        ),
        Misconception(
            "starts_ahead",
            nesterov_like(look_ahead, lambda w, g, v, a, c: (w + c * v + c * v - a * g, c * v - a * g)),
            says="The step starts from the place ahead, so that the velocity counts twice.",
            hint="Look ahead, but step from w.",
        ),
        Misconception(
            "uphill",
            nesterov_like(look_ahead, lambda w, g, v, a, c: (w + c * v + a * g, c * v + a * g)),
            says="The gradient pushes uphill.",
            hint="It enters with a minus.",
        ),
        Misconception(
            "no_friction",
            nesterov_like(look_ahead, lambda w, g, v, a, c: (w + v - a * g, v - a * g)),
            says="gamma is missing in the new velocity.",
            hint="Keep only the share gamma of the old velocity.",
        ),
        Misconception(
            "weights_only",
            nesterov_like(look_ahead, lambda w, g, v, a, c: w + c * v - a * g),
            says="Only the weights come back.",
            hint="Return both, weights and velocity.",
        ),
    ],
    hints=(
        "What is the only difference between the two tables above?",
        "The same two formulas as momentum; only the place where the gradient is asked for is another one.",
        "grad = grad_fn(w + gamma * velocity); the rest is momentum_step.",
    ),
)

# --- penalties -------------------------------------------------------------------------------------------------------


def tf_penalty_of(w, kind, strength, mix):
    share = {"l1": 1.0, "l2": 0.0, "elastic_net": mix}[kind]
    return strength * (share * tf.norm(tf.reshape(w, [-1]), 1) + 2 * (1 - share) * tf.nn.l2_loss(w))


def tf_penalty(w, kind, strength, mix=0.5):
    return float(tf_penalty_of(tensor(w), kind, strength, mix))


def tf_penalty_grad(w, kind, strength, mix=0.5):
    w = tensor(w)
    with tf.GradientTape() as tape:
        tape.watch(w)
        value = tf_penalty_of(w, kind, strength, mix)
    return tape.gradient(value, w).numpy()


W_BOOK = np.array([[1.0, -2.0], [3.0, 0.5]])


def draw_penalty(rng):
    shape = [(some_size(rng),), (some_size(rng), some_size(rng))][int(rng.integers(2))]
    return {
        "w": rng.normal(size=shape) * 2,
        "kind": str(rng.choice(["l1", "l2"])),
        "strength": float(rng.choice([0.01, 0.5, 2.0])),
    }


def draw_elastic(rng):
    inputs = draw_penalty(rng) | {"kind": "elastic_net"}
    return inputs | {"mix": float(rng.choice([0.15, 0.5, 0.8]))}


def asked(kind, strength, w=W_BOOK, **more):
    return {"w": w, "kind": kind, "strength": strength} | more


def penalty_like(l1=lambda w: np.abs(w).sum(), l2=lambda w: (w**2).sum(), join=None, finish=lambda s, r, w: s * r):
    """penalty as a student might write it, with one thing changed."""
    join = join or (lambda one, two, mix: mix * one + (1 - mix) * two)

    def penalty(w, kind, strength, mix=0.5):
        if kind not in ("l1", "l2", "elastic_net"):
            raise ValueError(kind)
        one, two = l1(w), l2(w)
        return finish(strength, {"l1": one, "l2": two, "elastic_net": join(one, two, mix)}[kind], w)

    return penalty


def no_error(w, kind, strength, mix=0.5):
    if kind not in ("l1", "l2", "elastic_net"):
        return 0.0
    return penalty_like()(w, kind, strength, mix)


UNKNOWN = Case("an unknown kind", asked("l3", 0.1), raises="ValueError")

penalty = Exercise(
    "penalty",
    title="A price on large weights",
    points=(1, 2),
    minutes=10,
    oracle=tf_penalty,
    cases=[
        Case("l1", asked("l1", 0.1), expected={"result": 0.65}),
        Case("l2", asked("l2", 0.1), expected={"result": 1.425}),
        Case("elastic net, half and half", asked("elastic_net", 0.1), expected={"result": 1.0375}),
        Case("elastic net, a quarter of l1", asked("elastic_net", 2.0, mix=0.25), expected={"result": 24.625}),
        UNKNOWN,
    ],
    hidden_cases=[
        Case("elastic net, all of it l1", asked("elastic_net", 0.5, w=-W_BOOK, mix=1.0), expected={"result": 3.25}),
        Case(
            "elastic net, nothing of it l1", asked("elastic_net", 0.5, w=-W_BOOK, mix=0.0), expected={"result": 7.125}
        ),
        Case("no weights left", asked("elastic_net", 0.5, w=np.zeros(4)), expected={"result": 0.0}),
        Case("whole numbers", asked("l2", 0.5, w=np.array([3, -4])), expected={"result": 12.5}),
        Case("an unknown kind", asked("L2", 0.1, w=-W_BOOK), raises="ValueError"),
    ],
    draw=[draw_elastic, draw_penalty],
    draws=(2, 6),
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "no_strength",
            penalty_like(finish=lambda s, r, w: r),
            says="The strength has no effect.",
            hint="Multiply the sum by `strength`.",
        ),
        Misconception(
            "half_squares",
            penalty_like(l2=lambda w: (w**2).sum() / 2),
            says="The squares are halved.",
            hint="Many programs put ½ in front of L2; this course does not.",
        ),
        Misconception(
            "root",
            penalty_like(l2=lambda w: math.sqrt((w**2).sum())),
            says="The root of the sum of squares is taken.",
            hint="`np.linalg.norm` takes a root; L2 as a penalty is the sum of squares itself.",
        ),
        Misconception(
            "mean",
            penalty_like(finish=lambda s, r, w: s * r / w.size),
            says="This is a mean over the weights.",
            hint="The penalty is a sum over all weights.",
        ),
        Misconception(
            "signed",
            penalty_like(l1=lambda w: w.sum()),
            says="Weights of opposite sign cancel in L1.",
            hint="Absolute values first.",
        ),
        Misconception(
            "unmixed",
            penalty_like(join=lambda one, two, mix: one + two),
            says="Elastic net is the sum of both here.",
            hint="`mix` shares the strength out: one part for L1, the rest for L2.",
        ),
        Misconception(
            "book_mix",
            penalty_like(join=lambda one, two, mix: one + mix * two),
            says="Only L2 is scaled; L1 counts in full.",
            hint="What L1 gets, L2 must lose: mix and 1 − mix.",
        ),
        Misconception(
            "mix_reversed",
            penalty_like(join=lambda one, two, mix: (1 - mix) * one + mix * two),
            says="`mix` is the share of L2 here.",
            hint="`mix` is the share of L1: with 1 the elastic net is L1.",
        ),
        Misconception(
            "always_half",
            penalty_like(join=lambda one, two, mix: (one + two) / 2),
            says="`mix` has no effect.",
            hint="Give L1 the share `mix`, L2 the share 1 − mix.",
        ),
        Misconception(
            "no_error",
            no_error,
            says="An unknown kind passes in silence.",
            hint="Raise ValueError: a typing mistake that switches the penalty off is hard to find.",
        ),
    ],
    hints=(
        "What are the two sums, and what decides which of them counts?",
        "L1 adds up absolute values, L2 squares; elastic net is mix · L1 + (1 − mix) · L2; all times strength.",
        "if kind == ...: return ...; three times, and `raise ValueError` for everything else.",
    ),
)


def penalty_slopes_like(l1=np.sign, l2=lambda w: 2 * w, join=None, factor=1.0, finish=lambda s, r, w: s * r):
    """penalty_grad as a student might write it, with one thing changed."""
    join = join or (lambda one, two, mix: mix * one + (1 - mix) * two)

    def penalty_grad(w, kind, strength, mix=0.5):
        if kind not in ("l1", "l2", "elastic_net"):
            raise ValueError(kind)
        w = np.asarray(w, float)
        one, two = l1(w), l2(w)
        return factor * finish(strength, {"l1": one, "l2": two, "elastic_net": join(one, two, mix)}[kind], w)

    return penalty_grad


def slope_no_error(w, kind, strength, mix=0.5):
    if kind not in ("l1", "l2", "elastic_net"):
        return np.zeros(w.shape)
    return penalty_slopes_like()(w, kind, strength, mix)


penalty_grad = Exercise(
    "penalty_grad",
    title="Which way the price pushes",
    points=(1, 2),
    minutes=8,
    oracle=tf_penalty_grad,
    outputs={"result": Output(gradient=True)},
    cases=[
        Case("l1", asked("l1", 0.1), expected={"result": np.array([[0.1, -0.1], [0.1, 0.1]])}),
        Case("l2", asked("l2", 0.1), expected={"result": np.array([[0.2, -0.4], [0.6, 0.1]])}),
        Case(
            "elastic net, half and half",
            asked("elastic_net", 0.1),
            expected={"result": np.array([[0.15, -0.25], [0.35, 0.1]])},
        ),
        Case(
            "elastic net, a quarter of l1",
            asked("elastic_net", 2.0, mix=0.25),
            expected={"result": np.array([[3.5, -6.5], [9.5, 2.0]])},
        ),
        Case(
            "l1 at zero",
            asked("l1", 0.5, w=np.array([0.0, 2.0, -1.0])),
            expected={"result": {"low": np.array([-0.5, 0.5, -0.5]), "high": np.array([0.5, 0.5, -0.5])}},
        ),
        UNKNOWN,
    ],
    hidden_cases=[
        Case("l2 at zero", asked("l2", 0.5, w=np.zeros(3)), expected={"result": np.zeros(3)}),
        Case(
            "whole numbers",
            asked("elastic_net", 0.5, w=np.array([3, -4])),
            expected={"result": np.array([1.75, -2.25])},
        ),
        Case("an unknown kind", asked("L2", 0.1, w=-W_BOOK), raises="ValueError"),
    ],
    draw=[draw_elastic, draw_penalty],
    draws=(2, 6),
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "downhill",
            penalty_slopes_like(factor=-1.0),
            says="The sign is the wrong way round.",
            hint="This is the gradient, which points to a *higher* price; the minus comes in the step.",
        ),
        Misconception(
            "no_two",
            penalty_slopes_like(l2=lambda w: w),
            says="The factor 2 of L2 is missing.",
            hint="The slope of w² is 2w.",
        ),
        Misconception(
            "no_strength",
            penalty_slopes_like(finish=lambda s, r, w: r),
            says="The strength has no effect.",
            hint="Multiply the slopes by `strength`.",
        ),
        Misconception(
            "absolute_values",
            penalty_slopes_like(l1=np.abs),
            says="L1 pushes with the size of the weight here.",
            hint="The slope of |w| is only a sign: large and small weights are pushed alike.",
        ),
        Misconception(
            "always_up",
            penalty_slopes_like(l1=np.ones_like),
            says="L1 has the same slope for negative weights.",
            hint="Left of zero the slope of |w| is −1.",
        ),
        Misconception(
            "the_penalty_itself",
            penalty_slopes_like(
                l1=lambda w: np.full(w.shape, np.abs(w).sum()), l2=lambda w: np.full(w.shape, (w**2).sum())
            ),
            says="The value of the penalty is given to every weight.",
            hint="How does the price change when one weight is nudged? Only its own term matters.",
        ),
        Misconception(
            "unmixed",
            penalty_slopes_like(join=lambda one, two, mix: one + two),
            says="Elastic net adds both slopes in full.",
            hint="The shares are the same as in `penalty`: mix and 1 − mix.",
        ),
        Misconception(
            "mix_reversed",
            penalty_slopes_like(join=lambda one, two, mix: (1 - mix) * one + mix * two),
            says="`mix` is the share of L2 here.",
            hint="`mix` is the share of L1.",
        ),
        Misconception(
            "always_half",
            penalty_slopes_like(join=lambda one, two, mix: (one + two) / 2),
            says="`mix` has no effect.",
            hint="Give L1 the share `mix`, L2 the share 1 − mix.",
        ),
        Misconception(
            "no_error",
            slope_no_error,
            says="An unknown kind passes in silence.",
            hint="Raise ValueError, as `penalty` does.",
        ),
    ],
    hints=(
        "What is the slope of |w|, and of w², for a single weight?",
        "strength · sign(w) for L1, strength · 2w for L2, and the elastic net mixes the two as `penalty` does.",
        "`np.sign(w)` and `2 * w` have the shape of w; mix · one + (1 − mix) · the other.",
    ),
)

EXERCISES = [
    l1_loss,
    l1_loss_grad,
    l2_loss,
    l2_loss_grad,
    binary_cross_entropy,
    binary_cross_entropy_grad,
    cross_entropy,
    cross_entropy_grad,
    hinge_loss,
    hinge_loss_grad,
    squared_hinge_loss,
    squared_hinge_loss_grad,
    numerical_gradient,
    gradient_descent,
    minibatches,
    sgd,
    momentum_step,
    nesterov_step,
    penalty,
    penalty_grad,
]
