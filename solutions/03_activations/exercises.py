"""Exercises of chapter 03. Oracles: TensorFlow's own derivatives, SciPy, Keras's initialisers, hand-worked numbers.

Wrong answers are written in the student's shape, most of them as one lambda.
"""

import keras
import numpy as np
import tensorflow as tf
from scipy import special

from authoring.exercise import Case, Exercise, Function, Misconception, Output, Rng, no_calls

OWN_WORK = no_calls("helpers.kernels", "helpers.layers", "scipy", "sklearn", "tf", "keras", "torch")


def elementwise(numbers, **more):
    """The inputs of a case: `numbers` as an array called z, and whatever else the function takes."""
    return {"z": np.array(numbers), **more}


def some_shape(rng):
    """One sample, or a batch that is not square, sometimes of one row."""
    units = int(rng.integers(3, 8))
    return (units,) if rng.random() < 0.3 else (int(rng.choice([1, 2, 4])), units)


def draw_z(rng):
    return {"z": 2 * rng.normal(size=some_shape(rng))}


def draw_whole(rng):
    return {"z": rng.choice([-4, -3, -2, -1, 1, 2, 3, 5], size=some_shape(rng))}


def draw_z_alpha(rng):
    return {**draw_z(rng), "alpha": float(rng.uniform(0.05, 0.95))}


def draw_units(rng):
    """z with one alpha per unit; square as often as not, where a mixed-up axis raises no error."""
    units = int(rng.integers(2, 6))
    shape = [(units,), (units, units), (units + 1, units)][int(rng.integers(3))]
    return {"z": 2 * rng.normal(size=shape), "alpha": rng.uniform(0.05, 0.95, size=units)}


WHOLE = Case("whole numbers", elementwise([[-3, 2, -1], [4, -2, 1]]))
FLOAT32 = Case("float32 numbers", {"z": np.array([[-1.5, 0.25, 3.0, -0.5]], np.float32)})


def on_tensors(f):
    """A TensorFlow function as an oracle on arrays, in float64."""

    def oracle(z, **parameters):
        z = tf.constant(np.asarray(z, np.float64))
        return f(z, **{k: tf.constant(np.asarray(v, np.float64)) for k, v in parameters.items()}).numpy()

    return oracle


def slope_of(f, kink=None):
    """TensorFlow's own derivative of `f` as an oracle; at z = 0 every slope in the range `kink(alpha)` is right."""

    def oracle(z, **parameters):
        x = tf.constant(np.asarray(z, np.float64))
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = f(x, **{k: tf.constant(np.asarray(v, np.float64)) for k, v in parameters.items()})
        slope = tape.gradient(y, x).numpy()
        if kink is None or np.all(np.asarray(z) != 0):
            return slope
        low, high = kink(**parameters)
        return {"low": np.where(z == 0, low, slope), "high": np.where(z == 0, high, slope)}

    return oracle


def bent(z, alpha):
    """Both halves of a leaky line, on tensors."""
    return tf.maximum(z, 0.0) + alpha * tf.minimum(z, 0.0)


def tf_leaky(z, alpha=0.01):
    return bent(z, tf.cast(alpha, tf.float64))


def tf_elu(z, alpha=1.0):
    return tf.where(z > 0, z, tf.cast(alpha, tf.float64) * tf.nn.elu(tf.minimum(z, 0.0)))


def plain_sigmoid(z):
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-z))


# --- sigmoid and tanh -------------------------------------------------------------------------------------------------

sigmoid = Exercise(
    "sigmoid",
    title="The sigmoid",
    points=(2, 2),
    minutes=10,
    oracle=lambda z: special.expit(np.asarray(z, np.float64)),
    silent=True,
    cases=[
        Case(
            "worked example",
            elementwise([-2.0, 0.0, 2.0]),
            expected={"result": np.array([0.11920292202211755, 0.5, 0.8807970779778823])},
        ),
        Case("a batch", elementwise([[0.5, -1.0, 3.0], [-0.25, 4.0, -6.0]])),
        WHOLE,
        FLOAT32,
        Case(
            "far out",
            elementwise([[-1000.0, 1000.0], [-800.0, 750.0]]),
            expected={"result": np.array([[0.0, 1.0], [0.0, 1.0]])},
            weight=2,
        ),
    ],
    draw=draw_z,
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "exp_overflows",
            lambda z: 1 / (1 + np.exp(-z)),
            says="exp overflows for inputs far below zero. The values survive, but NumPy warns.",
            hint="`np.where` computes both branches for every element. Make exp see only numbers ≤ 0, such "
            "as −|z|: how can both halves of the curve be written with that one exp?",
        ),
        Misconception(
            "infinity_over_infinity",
            lambda z: np.exp(z) / (1 + np.exp(z)),
            says="exp overflows for inputs far above zero, and infinity divided by infinity is not a number.",
            hint="This form is safe below zero only; find the one that is safe above zero, and combine them.",
        ),
        Misconception(
            "mirrored",
            lambda z: 1 / (1 + np.exp(z)),
            says="The curve is mirrored: it falls where it should rise.",
            hint="Look at the sign in the exponent: a large positive z should give almost 1.",
        ),
        Misconception(
            "tanh",
            lambda z: np.tanh(z),
            says="This is tanh, which runs from −1 to 1.",
            hint="The sigmoid runs from 0 to 1 and is 0.5 at zero.",
        ),
        Misconception(
            "derivative",
            lambda z: plain_sigmoid(z) * (1 - plain_sigmoid(z)),
            says="This is the sigmoid's derivative, the next exercise.",
            hint="At z = 0 the sigmoid itself is 0.5, its slope 0.25.",
        ),
        Misconception(
            "step",
            lambda z: np.where(z > 0, 1.0, 0.0),
            says="This is the hard step of the perceptron.",
            hint="The sigmoid is its smooth relative: 1 / (1 + exp(−z)).",
        ),
        Misconception(
            "lost_one",
            lambda z: 1 / np.exp(-z),
            says="The 1 in the denominator is missing, so nothing keeps the result below 1.",
            hint="Parentheses: the division is by the whole of 1 + exp(−z).",
        ),
    ],
    hints=(
        "Start from the formula 1 / (1 + exp(−z)). For which z does exp become larger than any float?",
        "1 / (1 + exp(−z)) is safe for z ≥ 0; exp(z) / (1 + exp(z)) is the same number and safe for z < 0.",
        "exp of −|z| lies between 0 and 1 for every z. Call it e, write both safe forms with e; let np.where choose.",
    ),
)

sigmoid_grad = Exercise(
    "sigmoid_grad",
    title="The slope of the sigmoid",
    minutes=5,
    outputs={"result": Output(gradient=True)},
    oracle=slope_of(tf.sigmoid),
    cases=[
        Case(
            "worked example",
            elementwise([0.0, 5.0, -2.0]),
            expected={"result": np.array([0.25, 0.006648056670790155, 0.10499358540350662])},
        ),
        Case("a batch", elementwise([[0.5, -1.0, 3.0], [-0.25, 4.0, -6.0]])),
        WHOLE,
        FLOAT32,
        Case("saturated", elementwise([30.0, -30.0, 0.1])),
    ],
    draw=draw_z,
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "takes_the_output",
            lambda z: z * (1 - z),
            says="This is the derivative in terms of the sigmoid's output; the exercise passes z.",
            hint="Compute s = sigmoid(z) first; the formula s·(1 − s) is about s.",
        ),
        Misconception(
            "activated_twice",
            lambda z: plain_sigmoid(plain_sigmoid(z)) * (1 - plain_sigmoid(plain_sigmoid(z))),
            says="The sigmoid was applied twice before the derivative was taken.",
            hint="z is the pre-activation: apply the sigmoid to it once.",
        ),
        Misconception(
            "sigmoid_itself",
            plain_sigmoid,
            says="This is the sigmoid, not its slope.",
            hint="The slope is largest, 0.25, at z = 0, and dies away on both sides.",
        ),
        Misconception(
            "one_minus",
            lambda z: 1 - plain_sigmoid(z),
            says="The factor sigmoid(z) is missing: this is 1 − sigmoid(z).",
            hint="The derivative is a product of two factors; far out on either side one of them is almost 0.",
        ),
        Misconception(
            "negative",
            lambda z: -plain_sigmoid(z) * (1 - plain_sigmoid(z)),
            says="The sign is wrong: the sigmoid rises everywhere.",
            hint="Count the minus signs in the chain rule: one from the reciprocal, one from exp(−z).",
        ),
        Misconception(
            "times_z",
            lambda z: z * plain_sigmoid(z) * (1 - plain_sigmoid(z)),
            says="There is a factor z too many.",
            hint="The inner derivative of −z is −1; no z is left over.",
        ),
        Misconception(
            "plus",
            lambda z: plain_sigmoid(z) * (1 + plain_sigmoid(z)),
            says="There is a plus where the derivative has a minus.",
            hint="At z = 0 the slope is 0.25; yours is 0.75.",
        ),
    ],
    hints=(
        "Read the slope off the picture: where is the sigmoid steepest, and how steep?",
        "The derivative can be written with the sigmoid itself: s·(1 − s).",
        "Two lines: s = the sigmoid of z, then the product of s and what is missing to 1.",
    ),
)

tanh = Exercise(
    "tanh",
    title="The hyperbolic tangent",
    minutes=4,
    oracle=on_tensors(tf.tanh),
    cases=[
        Case(
            "worked example",
            elementwise([-1.0, 0.0, 1.0]),
            expected={"result": np.array([-0.7615941559557649, 0.0, 0.7615941559557649])},
        ),
        Case("a batch", elementwise([[0.5, -1.0, 3.0], [-0.25, 4.0, -6.0]])),
        WHOLE,
        FLOAT32,
    ],
    draw=draw_z,
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "not_twice_z",
            lambda z: 2 * plain_sigmoid(z) - 1,
            says="The sigmoid inside gets z; it should get 2z, so this curve is only half as steep.",
            hint="tanh has slope 1 at zero; the sigmoid has slope 0.25. Which two factors make up for it?",
        ),
        Misconception(
            "not_stretched",
            lambda z: plain_sigmoid(2 * z),
            says="This still runs from 0 to 1.",
            hint="Stretch it to height 2 and shift it down by 1.",
        ),
        Misconception(
            "sinh",
            lambda z: np.sinh(z),
            says="This is sinh, which grows without bound.",
            hint="tanh is sinh divided by cosh.",
        ),
        Misconception(
            "tan",
            lambda z: np.tan(z),
            says="This is the tangent of trigonometry.",
            hint="The h stands for hyperbolic: exp, not sine and cosine.",
        ),
        Misconception(
            "negated",
            lambda z: -np.tanh(z),
            says="The sign is wrong: tanh rises.",
            hint="A positive z gives a positive result.",
        ),
        Misconception(
            "sigmoid",
            plain_sigmoid,
            says="This is the sigmoid, which is never negative.",
            hint="tanh is zero-centred: tanh(0) = 0.",
        ),
        Misconception(
            "arctan",
            lambda z: np.arctan(z),
            says="This is arctan, which levels off at ±π/2 and much more slowly.",
            hint="tanh levels off at ±1; tanh(1) = 0.7616.",
        ),
    ],
    hints=(
        "NumPy may help you here, or your own sigmoid: tanh is a sigmoid, stretched and shifted.",
        "tanh(z) = 2·sigmoid(2z) − 1.",
        "One line: either the NumPy function of that name, or twice your sigmoid of twice z, minus one.",
    ),
)

tanh_grad = Exercise(
    "tanh_grad",
    title="The slope of tanh",
    minutes=4,
    outputs={"result": Output(gradient=True)},
    oracle=slope_of(tf.tanh),
    cases=[
        Case(
            "worked example",
            elementwise([0.0, 1.0, -1.0]),
            expected={"result": np.array([1.0, 0.41997434161402614, 0.41997434161402614])},
        ),
        Case("a batch", elementwise([[0.5, -1.0, 3.0], [-0.25, 4.0, -6.0]])),
        WHOLE,
        FLOAT32,
    ],
    draw=draw_z,
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "takes_the_output",
            lambda z: 1 - z**2,
            says="This is the derivative in terms of tanh's output; the exercise passes z.",
            hint="Apply tanh to z first, then square.",
        ),
        Misconception(
            "not_squared",
            lambda z: 1 - np.tanh(z),
            says="The square is missing.",
            hint="The slope is the same at z and −z: something has to be squared.",
        ),
        Misconception(
            "tanh_itself",
            lambda z: np.tanh(z),
            says="This is tanh, not its slope.",
            hint="At z = 0 the slope is 1.",
        ),
        Misconception(
            "sigmoid_rule",
            lambda z: np.tanh(z) * (1 - np.tanh(z)),
            says="This is the rule t·(1 − t) of the sigmoid, applied to tanh.",
            hint="Put tanh = 2·sigmoid(2z) − 1 into the chain rule, or take the derivative of sinh/cosh.",
        ),
        Misconception(
            "sech",
            lambda z: 1 / np.cosh(z),
            says="This is 1/cosh(z); the derivative is its square.",
            hint="1 − tanh² = 1/cosh².",
        ),
        Misconception(
            "negative",
            lambda z: np.tanh(z) ** 2 - 1,
            says="The sign is wrong: tanh rises everywhere.",
            hint="At z = 0 the slope is +1.",
        ),
        Misconception(
            "plus",
            lambda z: 1 + np.tanh(z) ** 2,
            says="1 + t² is the derivative of the trigonometric tangent.",
            hint="Where tanh is flat, the slope has to be almost 0.",
        ),
    ],
    hints=(
        "Where is tanh steepest, and what is its slope there?",
        "With t = tanh(z), the derivative is 1 − t².",
        "Two lines: t = the tanh of z, then one minus its square.",
    ),
)

# --- ReLU and its family ----------------------------------------------------------------------------------------------

relu = Exercise(
    "relu",
    title="The rectified linear unit",
    minutes=3,
    oracle=on_tensors(tf.nn.relu),
    cases=[
        Case("worked example", elementwise([-2.0, 0.0, 0.5]), expected={"result": np.array([0.0, 0.0, 0.5])}),
        Case("a batch", elementwise([[0.5, -1.0, 3.0], [-0.25, 4.0, -6.0]])),
        WHOLE,
        FLOAT32,
        Case("large numbers", elementwise([-30.0, 7.5, 250.0])),
    ],
    draw=draw_z,
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "absolute",
            lambda z: np.abs(z),
            says="This folds the negative half up: it is |z|.",
            hint="Below zero a ReLU is silent: 0.",
        ),
        Misconception(
            "step",
            lambda z: np.where(z > 0, 1.0, 0.0),
            says="This is the step; it forgets how large z was.",
            hint="Above zero a ReLU lets z through unchanged.",
        ),
        Misconception(
            "negative_part",
            lambda z: np.minimum(z, 0),
            says="This keeps the negative half and silences the positive one.",
            hint="Of z and 0, which one is wanted?",
        ),
        Misconception(
            "leaky",
            lambda z: np.where(z > 0, z, 0.01 * z),
            says="This leaks below zero; that is the leaky ReLU, two exercises further on.",
            hint="The plain ReLU is exactly 0 there.",
        ),
        Misconception("identity", lambda z: 1.0 * z, says="Nothing happens to z.", hint="Cut off what is below zero."),
        Misconception(
            "capped",
            lambda z: np.clip(z, 0, 1),
            says="This also cuts off above 1.",
            hint="A ReLU has no upper end: that is the point of it.",
        ),
        Misconception(
            "softplus",
            lambda z: np.log1p(np.exp(z)),
            says="This is softplus, the smooth relative of ReLU.",
            hint="A ReLU has a sharp corner at zero.",
        ),
    ],
    hints=(
        "What comes out for −2, for 0, and for 0.5?",
        "The larger one of z and 0, for every element on its own.",
        "`np.maximum` compares element by element; `np.max` would look for one maximum of the whole array.",
    ),
)

SLOPE = {"result": Output(gradient=True)}
KINK = Case("at the kink", elementwise([[0.0, 1.0, -1.0], [2.0, 0.0, -0.5]]))

relu_grad = Exercise(
    "relu_grad",
    title="The slope of ReLU",
    minutes=4,
    outputs=SLOPE,
    oracle=slope_of(tf.nn.relu, kink=lambda: (0.0, 1.0)),
    cases=[
        Case("worked example", elementwise([-2.0, 3.0, 0.5]), expected={"result": np.array([0.0, 1.0, 1.0])}),
        Case("a batch", elementwise([[0.5, -1.0, 3.0], [-0.25, 4.0, -6.0]])),
        WHOLE,
        FLOAT32,
        KINK,
    ],
    draw=draw_z,
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "relu_itself",
            lambda z: np.maximum(z, 0),
            says="This is ReLU, not its slope.",
            hint="However large z is, the line rises by 1 for every 1 to the right.",
        ),
        Misconception(
            "one_everywhere",
            lambda z: np.ones(z.shape),
            says="The slope is 1 everywhere, also where ReLU is flat.",
            hint="Compare z itself with 0, not relu(z) with ≥ 0.",
        ),
        Misconception(
            "wrong_side",
            lambda z: np.where(z > 0, 0.0, 1.0),
            says="0 and 1 are the wrong way round.",
            hint="ReLU rises to the right of zero and is flat to the left.",
        ),
        Misconception(
            "sign",
            lambda z: np.where(z > 0, 1.0, -1.0),
            says="The slope is −1 below zero: that belongs to |z|.",
            hint="ReLU is flat there.",
        ),
        Misconception(
            "leaky",
            lambda z: np.where(z > 0, 1.0, 0.01),
            says="Below zero there is a small slope left: that belongs to the leaky ReLU.",
            hint="The plain ReLU is flat there.",
        ),
        Misconception(
            "transposed",
            lambda z: np.where(z > 0, 1.0, 0.0).T,
            says="The result is transposed.",
            hint="The slope has z's shape; nothing changes places.",
        ),
        Misconception(
            "one_for_the_batch",
            lambda z: np.full(z.shape, 1.0 if z.sum() > 0 else 0.0),
            says="All elements share one slope.",
            hint="Every element has a slope of its own: compare z with 0 element by element.",
        ),
    ],
    hints=(
        "Only two slopes occur in the picture. Which, and where?",
        "A comparison gives True and False; numbers are asked for.",
        "`np.where(condition, slope if true, slope if false)`, or a comparison followed by `.astype(float)`.",
    ),
)


def truncating_leak(z, alpha=0.01):
    out = z.copy()
    out[z < 0] = alpha * z[z < 0]
    return out


leaky_relu = Exercise(
    "leaky_relu",
    title="The leaky ReLU",
    minutes=5,
    oracle=on_tensors(tf_leaky),
    cases=[
        Case("worked example", elementwise([-2.0, 0.0, 3.0]), expected={"result": np.array([-0.02, 0.0, 3.0])}),
        Case("another alpha", elementwise([[0.5, -1.0, 3.0], [-0.25, 4.0, -6.0]], alpha=0.2)),
        WHOLE,
        FLOAT32,
        Case("alpha = 0", elementwise([-1.0, 2.0, 50.0], alpha=0.0)),
    ],
    draw=(draw_z_alpha, draw_z),
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "max_of_alpha",
            lambda z, alpha=0.01: np.maximum(z, alpha),
            says="Below zero the result is alpha itself: the factor z is missing.",
            hint="The left half is a line through the origin with slope alpha.",
        ),
        Misconception(
            "wrong_side",
            lambda z, alpha=0.01: np.where(z > 0, alpha * z, z),
            says="The leak is on the right; it belongs to the left of zero.",
            hint="Positive values pass unchanged.",
        ),
        Misconception(
            "folded_up",
            lambda z, alpha=0.01: np.where(z > 0, z, -alpha * z),
            says="The left half points upwards.",
            hint="A negative z gives a (small) negative result.",
        ),
        Misconception(
            "alpha_ignored",
            lambda z, alpha=0.01: np.where(z > 0, z, 0.01 * z),
            says="alpha is always 0.01, whatever is passed.",
            hint="Use the argument; 0.01 is only its default.",
        ),
        Misconception(
            "another_default",
            lambda z, alpha=0.3: np.where(z > 0, z, alpha * z),
            says="The default of alpha is 0.3 (as in Keras) instead of 0.01.",
            hint="Look at the signature in the exercise.",
        ),
        Misconception(
            "relu",
            lambda z, alpha=0.01: np.maximum(z, 0.0),
            says="This is the plain ReLU: nothing leaks.",
            hint="To the left of zero the slope is alpha, not 0.",
        ),
        Misconception(
            "fractions_cut",
            truncating_leak,
            says="For whole numbers the fractions are cut off: a copy of an integer array holds integers.",
            hint="Make the copy in float64, or build the result with `np.where`.",
        ),
    ],
    hints=(
        "Two straight lines meet at the origin. What are their slopes?",
        "`np.where` chooses element by element between z and something smaller.",
        "np.where(<z is positive>, <the right-hand line>, <the left-hand line>).",
    ),
)


def truncating_slope(z, alpha=0.01):
    out = np.ones_like(z)
    out[z < 0] = alpha
    return out


def leak_range(alpha=0.01):
    return np.minimum(alpha, 1.0), np.maximum(alpha, 1.0)


leaky_relu_grad = Exercise(
    "leaky_relu_grad",
    title="The slope of the leaky ReLU",
    minutes=3,
    outputs=SLOPE,
    oracle=slope_of(tf_leaky, kink=leak_range),
    cases=[
        Case("worked example", elementwise([-2.0, 0.5, 3.0]), expected={"result": np.array([0.01, 1.0, 1.0])}),
        Case("another alpha", elementwise([[0.5, -1.0, 3.0], [-0.25, 4.0, -6.0]], alpha=0.2)),
        WHOLE,
        FLOAT32,
        Case("at the kink", elementwise([0.0, 1.0, -1.0], alpha=0.1)),
        Case("alpha = 0", elementwise([-1.0, 2.0, 50.0], alpha=0.0)),
    ],
    draw=(draw_z_alpha, draw_z),
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "zero_below",
            lambda z, alpha=0.01: np.where(z > 0, 1.0, 0.0),
            says="Below zero the slope is 0: that is the plain ReLU.",
            hint="The leaky half is a line, too; which slope does it have?",
        ),
        Misconception(
            "times_z",
            lambda z, alpha=0.01: np.where(z > 0, 1.0, alpha * z),
            says="Below zero this is the function alpha·z, not its slope.",
            hint="How steep is the line alpha·z?",
        ),
        Misconception(
            "wrong_side",
            lambda z, alpha=0.01: np.where(z > 0, alpha, 1.0),
            says="The two slopes are exchanged.",
            hint="The steep half is on the right.",
        ),
        Misconception(
            "negative",
            lambda z, alpha=0.01: np.where(z > 0, 1.0, -alpha),
            says="The slope below zero has the wrong sign.",
            hint="The leaky ReLU rises everywhere.",
        ),
        Misconception(
            "alpha_ignored",
            lambda z, alpha=0.01: np.where(z > 0, 1.0, 0.01),
            says="alpha is always 0.01, whatever is passed.",
            hint="Use the argument; 0.01 is only its default.",
        ),
        Misconception(
            "leaky_itself",
            lambda z, alpha=0.01: np.where(z > 0, z, alpha * z),
            says="This is the leaky ReLU, not its slope.",
            hint="Only two numbers can occur in the result: 1 and alpha.",
        ),
        Misconception(
            "fractions_cut",
            truncating_slope,
            says="For whole numbers alpha is cut off to 0: an integer array holds no fractions.",
            hint="Make the array in float64, or build it with `np.where`.",
        ),
    ],
    hints=(
        "How many different slopes are there in the picture?",
        "1 to the right of zero, alpha to the left; at zero itself anything in between is accepted.",
        "np.where(<z is positive>, <slope there>, <slope elsewhere>).",
    ),
)


def per_row(alpha):
    """One alpha per row instead of per unit: a mix-up of axes that a square batch hides."""
    return np.asarray(alpha).reshape(-1, 1) if np.ndim(alpha) else alpha


UNITS = np.array([0.1, 0.5, 0.9])
SQUARE = [[1.0, -2.0, -3.0], [-1.0, 4.0, -0.5], [-2.5, -1.5, 2.0]]
PRELU_CASES = [
    Case("one alpha", elementwise([[0.5, -1.0, 3.0], [-0.25, 4.0, -6.0]], alpha=0.2)),
    Case("one alpha per unit, one sample", elementwise([-2.0, 1.5, -1.0], alpha=UNITS)),
    Case("one alpha per unit, a square batch", elementwise(SQUARE, alpha=UNITS), weight=2),
    Case("a batch of one", elementwise([[-1.0, 50.0, -2.0]], alpha=np.array([0.0, 0.5, 1.0]))),
    Case("whole numbers", elementwise([[-3, 2, -1], [4, -2, -5]], alpha=UNITS)),
]

prelu = Exercise(
    "prelu",
    title="A leak that is learned",
    minutes=5,
    oracle=on_tensors(bent),
    cases=[
        Case(
            "worked example",
            elementwise([[-2.0, -2.0], [3.0, -4.0]], alpha=np.array([0.25, 0.5])),
            expected={"result": np.array([[-0.5, -1.0], [3.0, -2.0]])},
        ),
        *PRELU_CASES,
    ],
    draw=(draw_units, draw_z_alpha),
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "alpha_per_row",
            lambda z, alpha: np.where(z > 0, z, per_row(alpha) * z),
            says="alpha runs along the rows: every sample has its own slope instead of every unit.",
            hint="Units are the last axis, and NumPy lines up last axes by itself.",
        ),
        Misconception(
            "mean_alpha",
            lambda z, alpha: np.where(z > 0, z, np.mean(alpha) * z),
            says="All units share one slope, the mean of alpha.",
            hint="Let alpha take part in the product as the array it is.",
        ),
        Misconception(
            "first_alpha",
            lambda z, alpha: np.where(z > 0, z, np.ravel(alpha)[0] * z),
            says="Only the first alpha is used.",
            hint="Let alpha take part in the product as the array it is.",
        ),
        Misconception(
            "fixed",
            lambda z, alpha: np.where(z > 0, z, 0.01 * z),
            says="The slope is fixed at 0.01: that is the leaky ReLU's default.",
            hint="Use the argument alpha.",
        ),
        Misconception(
            "wrong_side",
            lambda z, alpha: np.where(z > 0, alpha * z, z),
            says="alpha acts on the right; it belongs to the left of zero.",
            hint="Positive values pass unchanged.",
        ),
        Misconception(
            "max_of_alpha",
            lambda z, alpha: np.maximum(z, alpha),
            says="Below zero the result is alpha itself: the factor z is missing.",
            hint="The left half is a line through the origin with slope alpha.",
        ),
        Misconception(
            "relu",
            lambda z, alpha: np.maximum(z, 0.0),
            says="This is the plain ReLU: nothing leaks.",
            hint="To the left of zero the slope is alpha, not 0.",
        ),
    ],
    hints=(
        "What is different from the leaky ReLU? Only where alpha comes from, and that there may be several.",
        "An array (units,) times an array (batch, units) multiplies every column by its own number.",
        "Your leaky ReLU may already do it: try it with an array for alpha.",
    ),
)

prelu_grad = Exercise(
    "prelu_grad",
    title="The slope of PReLU",
    minutes=4,
    outputs=SLOPE,
    oracle=slope_of(bent, kink=leak_range),
    cases=[
        Case(
            "worked example",
            elementwise([[-2.0, -2.0], [3.0, -4.0]], alpha=np.array([0.25, 0.5])),
            expected={"result": np.array([[0.25, 0.5], [1.0, 0.5]])},
        ),
        *PRELU_CASES,
        Case("at the kink", elementwise([[0.0, 1.0, -1.0], [2.0, 0.0, 0.0]], alpha=UNITS)),
    ],
    draw=(draw_units, draw_z_alpha),
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "with_respect_to_alpha",
            lambda z, alpha: np.minimum(z, 0),
            says="This is the derivative with respect to alpha, the next exercise.",
            hint="Here alpha is held still and z moves.",
        ),
        Misconception(
            "zero_below",
            lambda z, alpha: np.where(z > 0, 1.0, 0.0),
            says="Below zero the slope is 0: that is the plain ReLU.",
            hint="The left half has slope alpha.",
        ),
        Misconception(
            "wrong_side",
            lambda z, alpha: np.where(z > 0, alpha, 1.0),
            says="The two slopes are exchanged.",
            hint="The right half has slope 1.",
        ),
        Misconception(
            "alpha_per_row",
            lambda z, alpha: np.where(z > 0, 1.0, per_row(alpha)),
            says="alpha runs along the rows: every sample has its own slope instead of every unit.",
            hint="Units are the last axis, and NumPy lines up last axes by itself.",
        ),
        Misconception(
            "times_z",
            lambda z, alpha: np.where(z > 0, 1.0, alpha * z),
            says="Below zero this is the function alpha·z, not its slope.",
            hint="How steep is the line alpha·z?",
        ),
        Misconception(
            "summed",
            lambda z, alpha: np.where(z > 0, 1.0, alpha).sum(axis=0),
            says="The slopes are summed over the batch.",
            hint="The result has z's shape: one slope for every element.",
        ),
        Misconception(
            "fixed",
            lambda z, alpha: np.where(z > 0, 1.0, 0.01),
            says="The slope below zero is fixed at 0.01.",
            hint="Use the argument alpha.",
        ),
    ],
    hints=(
        "Same question as for the leaky ReLU: which slopes are there, and where?",
        "1 to the right of zero, the unit's alpha to the left; the result has z's shape.",
        "np.where(<z is positive>, <slope there>, alpha) stretches alpha along the batch by itself.",
    ),
)

prelu_grad_alpha = Exercise(
    "prelu_grad_alpha",
    title="How the leak itself is learned",
    minutes=6,
    outputs=SLOPE,
    oracle=lambda z: -tf.nn.relu(-tf.constant(np.asarray(z, np.float64))).numpy(),
    cases=[
        Case("worked example", elementwise([-2.0, 0.0, 3.0]), expected={"result": np.array([-2.0, 0.0, 0.0])}),
        Case("a batch", elementwise([[0.5, -1.0, 3.0], [-0.25, 4.0, -6.0]])),
        WHOLE,
        FLOAT32,
    ],
    draw=draw_z,
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "summed",
            lambda z: np.minimum(z, 0).sum(axis=0),
            says="The derivatives are summed over the batch; here they are wanted element by element.",
            hint="Return z's shape; the sum over everything that shares an alpha comes with backpropagation.",
        ),
        Misconception(
            "mask",
            lambda z: np.where(z < 0, 1.0, 0.0),
            says="This only marks where z is negative.",
            hint="If alpha grows a little, by how much does alpha·z grow?",
        ),
        Misconception(
            "z_everywhere",
            lambda z: 1.0 * z,
            says="This is z also where alpha plays no part.",
            hint="To the right of zero the result does not depend on alpha at all.",
        ),
        Misconception(
            "wrong_side",
            lambda z: np.maximum(z, 0),
            says="This is the positive half; alpha acts on the negative one.",
            hint="Where does alpha occur in the formula?",
        ),
        Misconception(
            "magnitude",
            lambda z: np.maximum(-z, 0),
            says="The sign is lost.",
            hint="With a larger alpha the negative half goes further down: its derivative is negative.",
        ),
        Misconception(
            "with_respect_to_z",
            lambda z: np.where(z > 0, 1.0, 0.01),
            says="This is a slope with respect to z.",
            hint="Here z is held still and alpha moves.",
        ),
    ],
    hints=(
        "Hold z still and move alpha. For which z does the result change at all?",
        "The left half is alpha·z: its derivative with respect to alpha is what stands beside alpha.",
        "z where z is negative, 0 elsewhere: one NumPy call.",
    ),
)


def cut_elu(z, alpha=1.0):
    out = z.copy()
    out[z < 0] = alpha * (np.exp(z[z < 0]) - 1)
    return out


elu = Exercise(
    "elu",
    title="The exponential linear unit",
    minutes=5,
    oracle=on_tensors(tf_elu),
    cases=[
        Case(
            "worked example",
            elementwise([-1.0, 0.0, 2.0]),
            expected={"result": np.array([-0.6321205588285577, 0.0, 2.0])},
        ),
        Case("another alpha", elementwise([[0.5, -1.0, 3.0], [-0.25, 4.0, -6.0]], alpha=0.5)),
        WHOLE,
        FLOAT32,
        Case("far below zero", elementwise([-40.0, -5.0, 1.0], alpha=0.3)),
        Case("alpha = 0", elementwise([-1.0, 2.0, 50.0], alpha=0.0)),
    ],
    draw=(draw_z_alpha, draw_z),
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "alpha_on_exp_only",
            lambda z, alpha=1.0: np.where(z > 0, z, alpha * np.exp(z) - 1),
            says="alpha multiplies only exp(z): the curve then jumps at zero.",
            hint="Parentheses: alpha multiplies the whole of exp(z) − 1.",
        ),
        Misconception(
            "no_minus_one",
            lambda z, alpha=1.0: np.where(z > 0, z, alpha * np.exp(z)),
            says="The − 1 is missing: the curve jumps at zero.",
            hint="At z = 0 both halves have to meet at 0.",
        ),
        Misconception(
            "alpha_ignored",
            lambda z, alpha=1.0: np.where(z > 0, z, np.exp(z) - 1),
            says="alpha plays no part.",
            hint="The left half levels off at −alpha.",
        ),
        Misconception(
            "upside_down",
            lambda z, alpha=1.0: np.where(z > 0, z, alpha * (1 - np.exp(z))),
            says="The left half is upside down.",
            hint="exp(z) − 1 is negative to the left of zero.",
        ),
        Misconception(
            "mirrored",
            lambda z, alpha=1.0: np.where(z > 0, z, alpha * (np.exp(-z) - 1)),
            says="The exponent has the wrong sign: the left half explodes.",
            hint="exp(z) is small for negative z; exp(−z) is huge.",
        ),
        Misconception(
            "leaky",
            lambda z, alpha=1.0: np.where(z > 0, z, alpha * z),
            says="This is a straight leak, without exp.",
            hint="ELU levels off at −alpha; a line never does.",
        ),
        Misconception(
            "another_default",
            lambda z, alpha=0.01: np.where(z > 0, z, alpha * (np.exp(z) - 1)),
            says="The default of alpha is 0.01 instead of 1.",
            hint="Look at the signature in the exercise.",
        ),
        Misconception(
            "fractions_cut",
            cut_elu,
            says="For whole numbers the fractions are cut off: a copy of an integer array holds integers.",
            hint="Make the copy in float64, or build the result with `np.where`.",
        ),
    ],
    hints=(
        "Where does the left half start, and where does it level off?",
        "To the left of zero: alpha·(exp(z) − 1). NumPy's `expm1` is exp(z) − 1 without loss of digits.",
        "np.where(<z is positive>, <the line>, <the exponential half>). A warning for huge z costs nothing here.",
    ),
)

elu_grad = Exercise(
    "elu_grad",
    title="The slope of ELU",
    minutes=4,
    outputs=SLOPE,
    oracle=slope_of(tf_elu, kink=lambda alpha=1.0: leak_range(alpha)),
    cases=[
        Case(
            "worked example",
            elementwise([-1.0, -2.0, 2.0]),
            expected={"result": np.array([0.36787944117144233, 0.1353352832366127, 1.0])},
        ),
        Case("another alpha", elementwise([[0.5, -1.0, 3.0], [-0.25, 4.0, -6.0]], alpha=0.5)),
        WHOLE,
        FLOAT32,
        Case("at the kink", elementwise([0.0, 1.0], alpha=0.25)),
        Case("alpha = 0", elementwise([-1.0, 2.0, 50.0], alpha=0.0)),
    ],
    draw=(draw_z_alpha, draw_z),
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "elu_below",
            lambda z, alpha=1.0: np.where(z > 0, 1.0, alpha * (np.exp(z) - 1)),
            says="Below zero this is ELU itself, not its slope.",
            hint="The constant −alpha drops out of the derivative.",
        ),
        Misconception(
            "minus_one_left",
            lambda z, alpha=1.0: np.where(z > 0, 1.0, alpha * np.exp(z) - 1),
            says="A −1 is left over from ELU itself.",
            hint="Constants drop out of a derivative; a slope of ELU is never negative.",
        ),
        Misconception(
            "alpha_ignored",
            lambda z, alpha=1.0: np.where(z > 0, 1.0, np.exp(z)),
            says="alpha plays no part.",
            hint="A constant factor stays when the derivative is taken.",
        ),
        Misconception(
            "zero_below",
            lambda z, alpha=1.0: np.where(z > 0, 1.0, 0.0),
            says="Below zero the slope is 0: that is the plain ReLU.",
            hint="ELU still rises there, if slowly.",
        ),
        Misconception(
            "constant_below",
            lambda z, alpha=1.0: np.where(z > 0, 1.0, alpha),
            says="Below zero the slope is alpha everywhere: that is the leaky ReLU.",
            hint="The left half is curved: its slope depends on z.",
        ),
        Misconception(
            "takes_the_output",
            lambda z, alpha=1.0: np.where(z > 0, 1.0, z + alpha),
            says="This is the derivative in terms of ELU's output; the exercise passes z.",
            hint="Write it with exp(z), or compute elu(z) first.",
        ),
        Misconception(
            "exp_everywhere",
            lambda z, alpha=1.0: alpha * np.exp(z),
            says="The exponential slope is used on the right, too.",
            hint="To the right of zero ELU is a straight line.",
        ),
        Misconception(
            "negative",
            lambda z, alpha=1.0: np.where(z > 0, 1.0, -alpha * np.exp(z)),
            says="The slope below zero has the wrong sign.",
            hint="ELU rises everywhere.",
        ),
    ],
    hints=(
        "Where does the slope come close to 0, and where is it exactly 1?",
        "The derivative of alpha·(exp(z) − 1) is alpha·exp(z).",
        "np.where(<z is positive>, <slope of the line>, <slope of the exponential half>).",
    ),
)

# --- Softmax ----------------------------------------------------------------------------------------------------------


def draw_scores(rng):
    rows, classes = int(rng.integers(1, 5)), int(rng.integers(2, 6))
    shape = (classes,) if rng.random() < 0.25 else (rows, classes)
    return {"z": 2 * rng.normal(size=shape)}


def draw_scores_axis(rng):
    side = int(rng.integers(2, 5))
    z = 2 * rng.normal(size=(side, side + int(rng.integers(2))))
    return {"z": z, "axis": int(rng.choice([0, 1, -1, -2]))}


def draw_far(rng):
    """Rows around different heights of up to ±1000, where exp of a raw score overflows or vanishes."""
    heights = rng.choice([-1000.0, 0.0, 1000.0], size=(3, 1))
    return {"z": heights + 2 * rng.normal(size=(3, 4))}


SCORES = [-3.44, 1.16, 3.91]
FAR_ROWS = [[1000.0, 1000.0, 999.0], [-1000.0, -1001.0, -1000.0], [0.0, 0.0, 0.0]]
SCORE_CASES = [
    Case("a batch", elementwise([[1.0, 2.0, 3.0], [0.5, -1.0, 0.0]])),
    Case("a square batch", elementwise([[1.0, 2.0, 0.0], [0.5, -1.0, 4.0], [-2.0, 1.0, 1.5]])),
    Case("axis = 0", elementwise([[1.0, 2.0, 3.0], [0.5, -1.0, 0.0]], axis=0)),
    Case("axis = 0, a square batch", elementwise([[1.0, 2.0], [0.5, -1.0]], axis=0)),
    Case("axis = 1 of three", elementwise([[[1.0, 2.0], [0.5, -1.0], [0.0, 3.0]]], axis=1)),
    Case("axis = -2", elementwise([[1.0, -2.0, 0.0], [0.5, 3.0, -1.0]], axis=-2)),
    Case("whole numbers", elementwise([[3, 1, -2, 0]])),
    Case("float32 numbers", {"z": np.array([[0.5, -1.5, 2.0], [1.0, 0.0, 0.25]], np.float32)}),
    Case("every row far out", elementwise(FAR_ROWS), weight=2),
]


def e_softmax(z, axis=-1):
    return np.exp(z) / np.exp(z).sum(axis=axis, keepdims=True)


def whole_softmax(z, axis=-1):
    e = np.exp(z - z.max())
    return e / e.sum()


def last_softmax(z, axis=-1):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def first_softmax(z, axis=0):
    return special.softmax(z, axis=axis)


def flat_sum_softmax(z, axis=-1):
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis)


def one_max_softmax(z, axis=-1):
    e = np.exp(z - z.max())
    return e / e.sum(axis=axis, keepdims=True)


softmax = Exercise(
    "softmax",
    title="Softmax: from scores to probabilities",
    points=(2, 2),
    minutes=12,
    oracle=lambda z, axis=-1: special.softmax(np.asarray(z, np.float64), axis=axis),
    silent=True,
    cases=[
        Case(
            "worked example",
            elementwise(SCORES),
            expected={"result": np.array([6.036165649745581e-4, 0.06005038087662876, 0.9393460025583967])},
        ),
        *SCORE_CASES,
        Case("±1000 together", elementwise([1000.0, -1000.0]), expected={"result": np.array([1.0, 0.0])}),
    ],
    draw=(draw_scores, draw_scores_axis, draw_far),
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "exp_overflows",
            e_softmax,
            says="exp overflows (or vanishes) for scores far from zero, and then infinity is divided by infinity.",
            hint="Softmax does not change when the same number is subtracted from every score. Which number makes "
            "the largest exp exactly 1?",
        ),
        Misconception(
            "whole_array",
            whole_softmax,
            says="The sum runs over the whole array, so that all rows together make 1.",
            hint="Every row makes 1 on its own: sum along `axis`, and keep that axis with `keepdims=True`.",
        ),
        Misconception(
            "axis_ignored",
            last_softmax,
            says="It works along the last axis, whatever `axis` says.",
            hint="Pass `axis` on to the maximum and to the sum.",
        ),
        Misconception(
            "first_axis",
            first_softmax,
            says="Left to itself it works along the first axis: it compares samples, not classes.",
            hint="The default is axis=-1: the classes of one sample.",
        ),
        Misconception(
            "axis_not_kept",
            flat_sum_softmax,
            says="The sum has lost its axis, so NumPy divides columns by the sums of rows.",
            hint="`keepdims=True` keeps the summed axis with length 1, so that every row meets its own sum.",
        ),
        Misconception(
            "one_maximum_for_all",
            one_max_softmax,
            says="One maximum of the whole array is subtracted: rows far below it vanish, and 0 is divided by 0.",
            hint="Take the maximum along `axis`, too, with `keepdims=True`.",
        ),
        Misconception(
            "whole_array_and_overflow",
            lambda z, axis=-1: np.exp(z) / np.exp(z).sum(),
            says="The sum runs over the whole array: all rows together make 1. And exp overflows far from zero.",
            hint="Rows first: sum along `axis` with `keepdims=True`. Then subtract the largest score along `axis`.",
        ),
        Misconception(
            "first_axis_always",
            lambda z, axis=-1: special.softmax(np.asarray(z, np.float64), axis=0),
            says="It works along the first axis, whatever `axis` says: it compares samples, not classes.",
            hint="Pass `axis` on to the maximum and to the sum; Python's own `sum` knows the first axis only.",
        ),
        Misconception(
            "first_axis_and_overflow",
            lambda z, axis=-1: np.exp(z) / np.exp(z).sum(axis=0),
            says="It works along the first axis, whatever `axis` says; and exp overflows far from zero.",
            hint="Pass `axis` on to the sum, with `keepdims=True`. Then subtract the largest score along `axis`.",
        ),
        Misconception(
            "no_exp",
            lambda z, axis=-1: z / z.sum(axis=axis, keepdims=True),
            says="The scores are divided by their sum without exp.",
            hint="Scores may be negative; exp makes them positive first.",
        ),
        Misconception(
            "sigmoid",
            lambda z, axis=-1: special.expit(z),
            says="This is the sigmoid of every score on its own: the rows do not sum to 1.",
            hint="Divide by the sum over all classes.",
        ),
        Misconception(
            "log",
            lambda z, axis=-1: special.log_softmax(np.asarray(z, np.float64), axis=axis),
            says="This is the logarithm of softmax, the next exercise.",
            hint="Probabilities lie between 0 and 1.",
        ),
        Misconception(
            "winner_takes_all",
            lambda z, axis=-1: (z == z.max(axis=axis, keepdims=True)) * 1.0,
            says="This gives everything to the largest score: a hard maximum.",
            hint="Softmax leaves the others their share: exp of each, divided by the sum.",
        ),
    ],
    hints=(
        "What has to be true of probabilities? Which function makes any number positive?",
        "exp of every score, divided by the sum of them along `axis`. Before that, subtract the largest score.",
        "Three lines: shifted = ...; e = ...; return e / ... . Both reductions take axis=axis, keepdims=True.",
    ),
)


def log_of_softmax(z, axis=-1):
    return np.log(special.softmax(np.asarray(z, np.float64), axis=axis))


def shifted_by_max(z, axis):
    return z - z.max(axis=axis, keepdims=True)


log_softmax = Exercise(
    "log_softmax",
    title="The logarithm of softmax",
    points=(2, 2),
    minutes=10,
    oracle=lambda z, axis=-1: special.log_softmax(np.asarray(z, np.float64), axis=axis),
    silent=True,
    cases=[
        Case(
            "worked example",
            elementwise(SCORES),
            expected={"result": np.array([-7.412571387817994, -2.8125713878179948, -0.06257138781799489])},
        ),
        *SCORE_CASES,
        Case("±1000 together", elementwise([1000.0, -1000.0]), expected={"result": np.array([0.0, -2000.0])}),
    ],
    draw=(draw_scores, draw_scores_axis, draw_far),
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "log_of_softmax",
            log_of_softmax,
            says="A probability that underflows to 0 has lost its logarithm: log(0) is minus infinity.",
            hint="Never form the probability. Write log(exp(a) / s) as a difference, and exp disappears.",
        ),
        Misconception(
            "exp_overflows",
            lambda z, axis=-1: z - np.log(np.exp(z).sum(axis=axis, keepdims=True)),
            says="The formula is right, but exp overflows (or vanishes) for scores far from zero.",
            hint="Subtract the largest score along `axis` before anything else.",
        ),
        Misconception(
            "log_of_overflowing_softmax",
            lambda z, axis=-1: np.log(e_softmax(z, axis)),
            says="Softmax overflows for scores far from zero before the logarithm can help.",
            hint="Write log(exp(a) / s) as a difference: no probability is formed. Subtract the largest score first.",
        ),
        Misconception(
            "whole_array_and_overflow",
            lambda z, axis=-1: z - np.log(np.exp(z).sum()),
            says="The sum runs over the whole array; and exp overflows for scores far from zero.",
            hint="Rows first: sum along `axis` with `keepdims=True`. Then subtract the largest score along `axis`.",
        ),
        Misconception(
            "softmax_itself",
            lambda z, axis=-1: special.softmax(np.asarray(z, np.float64), axis=axis),
            says="This is softmax without the logarithm.",
            hint="Logarithms of probabilities are never positive.",
        ),
        Misconception(
            "shifted_only_inside",
            lambda z, axis=-1: z - np.log(np.exp(shifted_by_max(z, axis)).sum(axis=axis, keepdims=True)),
            says="The maximum was subtracted inside the logarithm only.",
            hint="Subtract it once, at the beginning, and use the shifted scores in both places.",
        ),
        Misconception(
            "no_log",
            lambda z, axis=-1: shifted_by_max(z, axis) - np.exp(shifted_by_max(z, axis)).sum(axis=axis, keepdims=True),
            says="The logarithm of the sum is missing.",
            hint="log(a / s) = log(a) − log(s).",
        ),
        Misconception(
            "whole_array",
            lambda z, axis=-1: z - special.logsumexp(z),
            says="The sum runs over the whole array.",
            hint="Every row is a distribution of its own: sum along `axis`, with `keepdims=True`.",
        ),
        Misconception(
            "axis_ignored",
            lambda z, axis=-1: special.log_softmax(np.asarray(z, np.float64), axis=-1),
            says="It works along the last axis, whatever `axis` says.",
            hint="Pass `axis` on to the maximum and to the sum.",
        ),
        Misconception(
            "first_axis",
            lambda z, axis=0: special.log_softmax(np.asarray(z, np.float64), axis=axis),
            says="Left to itself it works along the first axis: it compares samples, not classes.",
            hint="The default is axis=-1: the classes of one sample.",
        ),
        Misconception(
            "patched_with_epsilon",
            lambda z, axis=-1: np.log(special.softmax(np.asarray(z, np.float64), axis=axis) + 1e-12),
            says="A small number inside the logarithm hides log(0), and with it the true value.",
            hint="Nothing has to be patched when the probability is never formed: subtract logarithms instead.",
        ),
        Misconception(
            "negative",
            lambda z, axis=-1: -special.log_softmax(np.asarray(z, np.float64), axis=axis),
            says="The sign is wrong; this is the loss of the next chapter but one.",
            hint="Logarithms of probabilities are never positive.",
        ),
        Misconception(
            "base_ten",
            lambda z, axis=-1: special.log_softmax(np.asarray(z, np.float64), axis=axis) / np.log(10),
            says="This is a logarithm to base 10.",
            hint="`np.log` is the natural one.",
        ),
    ],
    hints=(
        "Write log(exp(a) / s) with the rules of logarithms. What happens to exp?",
        "log-softmax is z minus the logarithm of a sum of exps; make it safe in the same way as softmax.",
        "Two lines: shifted = ...; return shifted − log(sum of ...), with axis=axis, keepdims=True.",
    ),
)

# --- Initial weights, depth, dead units -------------------------------------------------------------------------------

SCHEMES = [f"{name}_{kind}" for name in ("lecun", "glorot", "he") for kind in ("normal", "uniform")]
FAN_IN, FAN_OUT = 400, 250


def keras_std(scheme, fan_in, fan_out):
    """The standard deviation that Keras documents for a scheme, from the initialiser's own settings."""
    initializer = keras.initializers.get(scheme)
    fan = {"fan_in": fan_in, "fan_avg": (fan_in + fan_out) / 2}[initializer.mode]
    return float(np.sqrt(initializer.scale / fan))


def statistics_of_weights(scheme, fan_in, fan_out, seed):
    """Bands: plain and truncated normals of the right variance count as normal."""
    std, uniform = keras_std(scheme, fan_in, fan_out), scheme.endswith("uniform")
    beyond_one = {"low": 0.41, "high": 0.435} if uniform else {"low": 0.30, "high": 0.37}
    beyond_two = {"low": 0.0, "high": 0.001} if uniform else {"low": 0.025, "high": 0.055}
    return {
        "standard deviation": {"low": 0.975 * std, "high": 1.025 * std},
        "share of weights above 0": {"low": 0.48, "high": 0.52},
        "share of weights further than one standard deviation from 0": beyond_one,
        "share of weights further than two standard deviations from 0": beyond_two,
        "share of weights that are all different": {"low": 0.99, "high": 1.0},
        "new weights on the next call (1 = yes)": 1,
        "the same weights from an equal rng (1 = yes)": 1,
    }


def limits_of_weights(scheme, fan_in, fan_out, rng):
    """Uniform weights stay within their limit, normal ones practically within seven standard deviations."""
    std = keras_std(scheme, fan_in, fan_out)
    bound = np.full((fan_in, fan_out), std * (np.sqrt(3) if scheme.endswith("uniform") else 7))
    return {"result": {"low": -bound, "high": bound}}


def right_variance(family, fan_in, fan_out):
    return {"lecun": 1 / fan_in, "glorot": 2 / (fan_in + fan_out), "he": 2 / fan_in}[family]


def right_std(family, fan_in, fan_out):
    return np.sqrt(right_variance(family, fan_in, fan_out))


def lecun_for_he(family, fan_in, fan_out):
    return right_std("lecun" if family == "he" else family, fan_in, fan_out)


def glorot_without_two(family, fan_in, fan_out):
    return right_std(family, fan_in, fan_out) / (np.sqrt(2) if family == "glorot" else 1)


def drawn(std=right_std, root=3**0.5, normal=1.0, low=-1.0, always_normal=False, transposed=False, rng=None):
    """An `initial_weights` with one thing wrong; `root` times std is the uniform limit, `low` times that its start."""
    own = rng

    def initial_weights(scheme, fan_in, fan_out, rng):
        family, kind = scheme.split("_")
        spread = std(family, fan_in, fan_out)
        shape = (fan_out, fan_in) if transposed else (fan_in, fan_out)
        rng = own() if own else rng
        if kind == "normal" or always_normal:
            return rng.normal(0.0, normal * spread, shape)
        return rng.uniform(low * root * spread, root * spread, shape)

    return initial_weights


initial_weights = Exercise(
    "initial_weights",
    title="Six ways to begin",
    points=(2, 2),
    minutes=15,
    probe="weight_statistics",
    outputs={
        "result": Output(alike=1e9),
        "standard deviation": Output(alike=0.015),
        "share of weights above 0": Output(alike=0.015),
        "share of weights further than one standard deviation from 0": Output(alike=0.02),
        "share of weights further than two standard deviations from 0": Output(alike=0.1),
        "share of weights that are all different": Output(alike=0.01),
    },
    oracle={"weight_statistics": statistics_of_weights, "fresh_weights": limits_of_weights},
    cases=[
        *[
            Case(scheme, {"scheme": scheme, "fan_in": FAN_IN, "fan_out": FAN_OUT, "seed": seed})
            for seed, scheme in enumerate(SCHEMES)
        ],
        Case(
            "the shape",
            {"scheme": "glorot_uniform", "fan_in": 3, "fan_out": 5, "rng": Rng(0)},
            probe="fresh_weights",
            weight=2,
        ),
    ],
    hidden_cases=[
        *[
            Case(scheme, {"scheme": scheme, "fan_in": 240, "fan_out": 500, "seed": seed})
            for seed, scheme in enumerate(SCHEMES, start=20)
        ],
        Case("one unit", {"scheme": "he_normal", "fan_in": 4, "fan_out": 1, "rng": Rng(1)}, probe="fresh_weights"),
    ],
    rules=[no_calls("helpers.kernels", "helpers.layers", "tf", "keras", "torch")],  # SciPy has truncated normals
    seconds=10.0,  # a loop over 120,000 weights, three times
    misconceptions=[
        Misconception(
            "no_square_root",
            drawn(std=right_variance, root=3.0),
            says="The spread is the square of what it should be: a variance stands where a standard deviation belongs.",
            hint="The table gives standard deviations and limits, each under a square root.",
        ),
        Misconception(
            "fans_swapped",
            drawn(std=lambda family, fan_in, fan_out: right_std(family, fan_out, fan_in)),
            says="fan_out stands where fan_in belongs.",
            hint="LeCun and He count what comes into a unit: the rows of the weight matrix.",
        ),
        Misconception(
            "std_as_limit",
            drawn(root=1.0),
            says="The uniform schemes use the standard deviation as their limit, so their spread is too small.",
            hint="A uniform distribution up to ±limit has standard deviation limit / √3.",
        ),
        Misconception(
            "limit_as_std",
            drawn(normal=np.sqrt(3)),
            says="The normal schemes use the limit of the uniform ones as their standard deviation.",
            hint="The two columns of the table differ by √3.",
        ),
        Misconception(
            "not_centred",
            drawn(low=0.0),
            says="The uniform weights run from 0 to the limit; none is negative.",
            hint="Draw from −limit to limit.",
        ),
        Misconception(
            "always_normal",
            drawn(always_normal=True),
            says="The spread is right, but the uniform schemes draw from a normal distribution.",
            hint="`rng.uniform(low, high, size)`.",
        ),
        Misconception(
            "he_without_two",
            drawn(std=lecun_for_he),
            says="He's scheme has lost its factor 2: it is the same as LeCun's.",
            hint="ReLU silences half of the signal; the 2 makes up for it.",
        ),
        Misconception(
            "glorot_without_two",
            drawn(std=glorot_without_two),
            says="Glorot's scheme divides by the sum of both fans; it should be their mean.",
            hint="2 / (fan_in + fan_out) is one over the mean.",
        ),
        Misconception(
            "unscaled",
            drawn(std=lambda family, fan_in, fan_out: 1.0, root=1.0),
            says="The weights are not scaled: their spread does not depend on the number of inputs.",
            hint="The more inputs a unit adds up, the smaller each weight has to be.",
        ),
        Misconception(
            "transposed",
            drawn(transposed=True),
            says="The shape is (fan_out, fan_in).",
            hint="In this course a layer computes x @ W: one row of W per input, one column per unit.",
        ),
        Misconception(
            "own_generator",
            drawn(rng=lambda: np.random.default_rng(0)),
            says="The weights come from a generator of the function's own: every layer begins with the same ones.",
            hint="Draw from the `rng` that is passed in.",
        ),
    ],
    hints=(
        "Two questions decide everything: which fan, and normal or uniform?",
        "One standard deviation per family; the uniform limit is √3 times it.",
        "family, kind = scheme.split('_'); look the standard deviation up in a dict; then rng.normal or rng.uniform, "
        "with the shape last.",
    ),
)


def keras_signal(activation, scheme, depth, width, seed):
    """The standard deviation after every layer in one random network, drawn by Keras's own initialiser."""
    signal = tf.random.stateless_normal((200, width), seed=(seed, 0), dtype=tf.float64)
    stds = []
    for layer in range(depth):
        initializer = keras.initializers.get({"class_name": scheme, "config": {"seed": 100 * seed + layer}})
        signal = activation(signal @ tf.cast(initializer((width, width)), tf.float64))
        stds.append(float(tf.math.reduce_std(signal)))
    return stds


TF_ACTIVATIONS = {
    "relu": tf.nn.relu,
    "tanh": tf.tanh,
    "sigmoid": tf.sigmoid,
    "elu": tf.nn.elu,
    "leaky_relu": lambda z: tf.where(z > 0, z, 0.01 * z),
}


SOURCES = (
    "other samples on the next call (1 = yes)",
    "weights of every layer its own (1 = yes)",
    "the same signal from an equal rng (1 = yes)",
)


def signal_bands(activation_fn, scheme, depth, width, rng):
    """Five standard deviations (of the logarithm) around the mean of 24 random networks."""
    activation = TF_ACTIVATIONS[activation_fn.__name__]
    logs = np.log([keras_signal(activation, scheme, depth, width, seed) for seed in range(24)])
    reach = 5 * logs.std(axis=0) + 0.01
    return {
        "result": {"low": np.exp(logs.mean(axis=0) - reach), "high": np.exp(logs.mean(axis=0) + reach)},
        "rows sent through every layer": {"low": 200, "high": 10**9},
    }


def signal(measure=np.std, rows=256, layer=None, start=None, scheme=None):
    """A `signal_through_depth` with one thing wrong."""
    weights = drawn()

    def signal_through_depth(activation_fn, chosen, depth, width, rng):
        h = start(rng, rows, width) if start else rng.standard_normal((rows, width))
        stds = []
        for _ in range(depth):
            z = h @ weights(scheme or chosen, width, width, rng)
            h = activation_fn(z)
            stds.append(measure(h))
            h = layer(h, z, rng) if layer else h
        return stds

    return signal_through_depth


def before_activation(activation_fn, scheme, depth, width, rng):
    h, stds = rng.standard_normal((256, width)), []
    for _ in range(depth):
        z = h @ drawn()(scheme, width, width, rng)
        stds.append(z.std())
        h = activation_fn(z)
    return stds


def input_counted(activation_fn, scheme, depth, width, rng):
    h, stds = rng.standard_normal((256, width)), []
    for _ in range(depth):
        stds.append(h.std())
        h = activation_fn(h @ drawn()(scheme, width, width, rng))
    return stds


def without_activation(activation_fn, scheme, depth, width, rng):
    return signal()(lambda z: z, scheme, depth, width, rng)


def one_matrix(activation_fn, scheme, depth, width, rng):
    h, stds, W = rng.standard_normal((256, width)), [], drawn()(scheme, width, width, rng)
    for _ in range(depth):
        h = activation_fn(h @ W)
        stds.append(h.std())
    return stds


def own_generator(activation_fn, scheme, depth, width, rng):
    return signal()(activation_fn, scheme, depth, width, np.random.default_rng(0))


def only_last(activation_fn, scheme, depth, width, rng):
    return signal()(activation_fn, scheme, depth, width, rng)[-1]


signal_through_depth = Exercise(
    "signal_through_depth",
    title="A signal through many layers",
    points=(2, 2),
    minutes=12,
    probe="signal_and_rows",
    outputs={
        "result": Output(sequence=True, alike=0.08),
        "rows sent through every layer": Output(alike=1e9),
    },
    oracle={"signal_and_rows": signal_bands},
    cases=[
        Case(
            "ReLU after He",
            {"activation_fn": Function("relu"), "scheme": "he_normal", "depth": 4, "width": 300, "rng": Rng(1)},
        ),
        Case(
            "tanh after Glorot",
            {"activation_fn": Function("tanh"), "scheme": "glorot_uniform", "depth": 6, "width": 200, "rng": Rng(2)},
        ),
        Case(
            "sigmoid after LeCun",
            {"activation_fn": Function("sigmoid"), "scheme": "lecun_normal", "depth": 3, "width": 250, "rng": Rng(3)},
        ),
        Case(
            "where the numbers come from",
            {"activation_fn": Function("tanh"), "scheme": "lecun_normal", "depth": 4, "width": 30, "seed": 8},
            probe="signal_sources",
            expected=dict.fromkeys(SOURCES, 1),
        ),
    ],
    hidden_cases=[
        Case(
            "ReLU after Glorot",
            {"activation_fn": Function("relu"), "scheme": "glorot_normal", "depth": 5, "width": 256, "rng": Rng(4)},
        ),
        Case(
            "leaky ReLU after He",
            {"activation_fn": Function("leaky_relu"), "scheme": "he_uniform", "depth": 3, "width": 220, "rng": Rng(5)},
        ),
        Case(
            "ELU after LeCun",
            {"activation_fn": Function("elu"), "scheme": "lecun_uniform", "depth": 4, "width": 180, "rng": Rng(6)},
        ),
        Case(
            "a single layer",
            {"activation_fn": Function("tanh"), "scheme": "he_normal", "depth": 1, "width": 240, "rng": Rng(7)},
        ),
    ],
    rules=[OWN_WORK],
    seconds=5.0,
    misconceptions=[
        Misconception(
            "before_activation",
            before_activation,
            says="These are the standard deviations before the activation.",
            hint="Measure what the next layer gets to see: after activation_fn.",
        ),
        Misconception(
            "input_counted",
            input_counted,
            says="The list is shifted by one: its first entry is the input, and the last layer is missing.",
            hint="Append after the layer has been computed.",
        ),
        Misconception(
            "without_activation",
            without_activation,
            says="The activation function is never called.",
            hint="Every layer is a matrix product, and then activation_fn.",
        ),
        Misconception(
            "fresh_input",
            signal(layer=lambda h, z, rng: rng.standard_normal(h.shape)),
            says="Every layer gets the input instead of what the layer before it has computed.",
            hint="Carry one array from layer to layer.",
        ),
        Misconception(
            "scheme_ignored",
            signal(scheme="he_normal"),
            says="The weights are always He's, whatever scheme is passed.",
            hint="Pass `scheme` on to initial_weights.",
        ),
        Misconception(
            "always_lecun",
            signal(scheme="lecun_normal"),
            says="The weights always have variance 1 / width, whatever scheme is passed.",
            hint="Pass `scheme` on to initial_weights.",
        ),
        Misconception(
            "variances",
            signal(measure=np.var),
            says="These are variances.",
            hint="The standard deviation is the square root of the variance.",
        ),
        Misconception(
            "root_mean_square",
            signal(measure=lambda h: np.sqrt(np.mean(h**2))),
            says="This is the root mean square: the mean was not subtracted.",
            hint="`.std()` of all entries does it.",
        ),
        Misconception(
            "per_unit",
            signal(measure=lambda h: h.std(axis=0).mean()),
            says="This is the mean of one standard deviation per unit; the differences between units are lost.",
            hint="One number for all entries of the layer: `.std()` without an axis.",
        ),
        Misconception(
            "pre_activation_carried_on",
            signal(layer=lambda h, z, rng: z),
            says="The next layer gets the weighted sums instead of the activations.",
            hint="Carry the result of activation_fn from layer to layer.",
        ),
        Misconception(
            "uniform_input",
            signal(start=lambda rng, rows, width: rng.random((rows, width))),
            says="The input is uniform between 0 and 1.",
            hint="`rng.standard_normal` draws with mean 0 and standard deviation 1.",
        ),
        Misconception(
            "only_last",
            only_last,
            says="Only the last layer's standard deviation comes back.",
            hint="Collect one number per layer in a list.",
        ),
        Misconception(
            "few_rows",
            signal(rows=20),
            says="Fewer than 200 samples go through the network.",
            hint="The input is an array of at least 200 rows, one column per unit.",
        ),
        Misconception(
            "own_generator",
            own_generator,
            says="The numbers come from a generator of the function's own: every call sends the same signal.",
            hint="Draw the samples from the `rng` that is passed in, and pass it on to initial_weights.",
        ),
        Misconception(
            "one_matrix",
            one_matrix,
            says="All layers share the same weights.",
            hint="Every layer has weights of its own: draw them inside the loop.",
        ),
    ],
    hints=(
        "What goes into layer 5? Only what has come out of layer 4.",
        "One array is carried through a loop: matrix product with fresh weights, activation, append its std.",
        "h = rng.standard_normal((200 or more, width)); then `depth` times: new W from initial_weights, new h, append.",
    ),
)


def all_zero_share(activations):
    """The share of columns without any non-zero entry, through TensorFlow."""
    silent = tf.reduce_all(tf.equal(tf.constant(np.asarray(activations, np.float64)), 0.0), axis=0)
    return float(tf.reduce_mean(tf.cast(silent, tf.float64)))


def draw_activations(rng):
    samples, units = int(rng.integers(2, 9)), int(rng.integers(3, 12))
    a = np.maximum(rng.normal(size=(samples, units)), 0)
    a[:, rng.random(units) < 0.3] = 0.0
    return {"activations": a}


dead_fraction = Exercise(
    "dead_fraction",
    title="Counting the dead",
    points=(1, 1),
    minutes=6,
    oracle=all_zero_share,
    cases=[
        Case(
            "worked example",
            {"activations": np.array([[0.0, 1.5, 0.0, 0.0], [0.0, 0.0, 2.0, 0.0], [0.0, 0.5, 0.0, 0.0]])},
            expected={"result": 0.5},
        ),
        Case("a silent sample", {"activations": np.array([[0.0, 0.0, 0.0], [1.0, 2.0, 0.0]])}),
        Case("values that cancel", {"activations": np.array([[1.0, 0.0, -2.0], [-1.0, 0.0, 2.0]])}),
        Case("a very quiet unit", {"activations": np.array([[1e-12, 0.0], [0.0, 0.0]])}),
        Case("nobody is dead", {"activations": np.array([[0.0, 2.0], [1.0, 0.0]])}),
        Case("negative outputs", {"activations": np.array([[-1.0, 0.0], [-2.0, 0.0]])}),
        Case("a negative output and a 0", {"activations": np.array([[-1.0, 0.0], [0.0, 0.0]])}),
    ],
    hidden_cases=[
        Case("all are dead", {"activations": np.zeros((3, 5))}),
        Case("one sample", {"activations": np.array([[0.0, 3.0, 0.0]])}),
        Case("a unit that is all but silent", {"activations": np.array([[0.0, 1e-30], [0.0, 0.0]])}),
        Case("float32 numbers", {"activations": np.array([[0.0, 3.0, 0.0], [0.0, 0.0, 1e-9]], np.float32)}),
    ],
    draw=draw_activations,
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "share_of_zeros",
            lambda activations: float(np.mean(activations == 0)),
            says="This is the share of zeros among all entries; a healthy ReLU layer has about half of them.",
            hint="A unit is dead only if it is 0 for every sample: first decide per unit, then take the mean.",
        ),
        Misconception(
            "any_zero",
            lambda activations: float(np.mean(np.any(activations == 0, axis=0))),
            says="This counts units that are 0 at least once.",
            hint="Dead means 0 for every sample: all, not any.",
        ),
        Misconception(
            "silent_samples",
            lambda activations: float(np.mean(np.all(activations == 0, axis=1))),
            says="This counts samples for which every unit is silent.",
            hint="Samples are rows, units are columns: ask along the other axis.",
        ),
        Misconception(
            "count",
            lambda activations: float(np.sum(np.all(activations == 0, axis=0))),
            says="This is the number of dead units, not their share.",
            hint="A mean of trues and falses is a share.",
        ),
        Misconception(
            "percent",
            lambda activations: 100 * float(np.mean(np.all(activations == 0, axis=0))),
            says="This is a percentage.",
            hint="A share lies between 0 and 1.",
        ),
        Misconception(
            "sum_is_zero",
            lambda activations: float(np.mean(activations.sum(axis=0) == 0)),
            says="Positive and negative outputs that cancel are taken for silence.",
            hint="Ask whether every entry is 0, not whether their sum is.",
        ),
        Misconception(
            "not_positive",
            lambda activations: float(np.mean(np.all(activations <= 0, axis=0))),
            says="Units with negative outputs are counted as dead.",
            hint="Exactly 0 is asked for: a leaky unit is not dead.",
        ),
        Misconception(
            "alive",
            lambda activations: 1 - float(np.mean(np.all(activations == 0, axis=0))),
            says="This is the share of units that are alive.",
            hint="Count the others.",
        ),
        Misconception(
            "nearly_zero",
            lambda activations: float(np.mean(np.all(np.isclose(activations, 0), axis=0))),
            says="Units that are merely quiet are counted as dead.",
            hint="Exactly 0 is meant: a ReLU's zero is exact.",
        ),
    ],
    hints=(
        "When is a unit dead: if it is 0 for one sample, or for all of them?",
        "Compare with 0, ask `all` along the samples, take the mean over the units.",
        "Three steps: silent = activations == 0; dead = silent.all(axis=...); the mean of dead, as a number.",
    ),
)

EXERCISES = [
    sigmoid,
    sigmoid_grad,
    tanh,
    tanh_grad,
    relu,
    relu_grad,
    leaky_relu,
    leaky_relu_grad,
    prelu,
    prelu_grad,
    prelu_grad_alpha,
    elu,
    elu_grad,
    softmax,
    log_softmax,
    initial_weights,
    signal_through_depth,
    dead_fraction,
]
