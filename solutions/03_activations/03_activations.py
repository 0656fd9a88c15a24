# ---
# jupyter:
#   jupytext:
#     text_representation:
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     name: python3
# ---

# %% [markdown]
# # 3 · Activation functions
#
# A neuron adds up its weighted inputs and then *decides* how loudly to speak. The decision is one small curve,
# its **activation function**. This chapter is about those curves: which ones there are, how their slopes carry or
# choke the learning signal, and how a network has to begin for the signal to get through.
#
# **What you will be able to do**
#
# - write the sigmoid, tanh, ReLU and its relatives, each with its slope, and softmax, so that they hold for any input;
# - say what saturates, what vanishes, what dies, and see it in numbers;
# - draw initial weights that neither silence nor blow up a deep network;
# - compare your work with Keras, digit for digit.
#
# **Time:** about two and a half hours for 18 short exercises; you can stop after any section. **You need:** chapter
# 2, and what a derivative is: the slope of a curve at a point. **Stuck?** `hint("sigmoid")` in a new cell opens the
# next hint for an exercise.

# %%
import numpy as np

from helpers import kernels, plots
from helpers.checks import evaluate, hint, passed
from helpers.quiz import quiz

CHAPTER = "03_activations"

# %% [markdown]
# ## 1 · Why must a neuron bend?
#
# In chapter 2 you saw that layers without an activation collapse: two matrix products in a row are one matrix product.
# Whatever bends between them prevents that. The perceptron used the hardest bend of all, the **step**: 0 or 1.
# So why not keep it?
#
# Because of learning. To learn, a network asks: *if this weight grew a little, would the result get better?*
# Through a step the answer is always "nothing changes", except at the one point where everything does. The
# **sigmoid** is the step made smooth:
#
# $$\text{sigmoid}(z) = \frac{1}{1 + e^{-z}}$$
#
# Here $z$ is the weighted sum, also called the **pre-activation**.

# %%
z = np.linspace(-8, 8, 321)
plots.plot_curves(
    {"step": (z, np.heaviside(z, 0.5)), "sigmoid": (z, kernels.sigmoid(z))},
    "From a decision to a degree",
    x_label="pre-activation z",
    y_label="output",
    alt="Two curves over z from -8 to 8. The step jumps from 0 to 1 at z = 0. The sigmoid rises smoothly from 0 "
    "to 1, passes 0.12 at z = -2, 0.5 at z = 0 and 0.88 at z = 2, and is nearly flat beyond 5 on both sides.",
)

# %% [markdown]
# Three points by hand, with $e^{2} \approx 7.389$ and $e^{-2} \approx 0.1353$:
#
# | z | 1 + exp(−z) | sigmoid(z) |
# | ---: | ---: | ---: |
# | −2 | 8.389 | 0.1192 |
# | 0 | 2 | 0.5 |
# | 2 | 1.1353 | 0.8808 |
#
# Do you see that the first and the last result sum to 1? The curve is symmetric about the *point* (0, ½).
#
# **Predict before you run:** the formula says that sigmoid(−1000) is practically 0. What will NumPy say about
# `np.exp(1000)`, which stands in its denominator?

# %%
with np.errstate(over="ignore"):  # without this line NumPy warns
    print("exp(709)  =", np.exp(709.0))
    print("exp(1000) =", np.exp(1000.0))

# %% [markdown]
# The largest float64 is about 1.8 · 10³⁰⁸, so exp **overflows** just above 709. There is a second way to write the
# sigmoid; multiply numerator and denominator by $e^{z}$:
#
# $$\frac{1}{1 + e^{-z}} = \frac{e^{z}}{e^{z} + 1}$$
#
# The left form is safe for z ≥ 0, the right one for z < 0: there, exp sees only numbers up to 0 and stays between 0
# and 1.
#
# {{exercise: sigmoid}}
#
# Write `sigmoid(z)` for an array `z`, element by element. Results must be right, and no warning may appear, even at
# z = ±1000. (`np.where(condition, a, b)` computes *both* `a` and `b` for every element before it chooses.)


# %% exercise="sigmoid"
def sigmoid(z):
    """1 / (1 + exp(-z)) for every element of z; right and silent at z = -1000 and z = 1000 too."""
    ### BEGIN SOLUTION
    e = np.exp(-np.abs(z))  # never above 1
    return np.where(z >= 0, 1, e) / (1 + e)
    ### END SOLUTION


# %% [markdown]
# **Recap.** The sigmoid is the step with a slope. A formula that is right on paper can still overflow; let exp see only
# numbers up to 0.
#
# ## 2 · How steep is it?
#
# Learning sends corrections backwards through a network, and every activation on the way **multiplies the correction by
# its slope**. (Chapter 5 shows why; it is the chain rule.) Where the slope is 0.25, a quarter gets through. Where it is
# almost 0, almost nothing does, and we say that the unit is **saturated**.
#
# With $s = \text{sigmoid}(z)$, the chain rule gives a slope that needs nothing but $s$:
#
# $$\text{sigmoid}'(z) = \frac{e^{-z}}{(1 + e^{-z})^2} = s\,(1 - s)$$
#
# | z | s | slope s(1 − s) |
# | ---: | ---: | ---: |
# | 0 | 0.5 | 0.25 |
# | 2 | 0.8808 | 0.1050 |
# | 5 | 0.99331 | 0.00665 |
# | 10 | 0.99995 | 0.0000454 |

# %%
fig, axes = plots.figure(height=3.4)
plots.draw_curves(
    axes[0, 0],
    {"sigmoid": (z, kernels.sigmoid(z)), "its slope": (z, kernels.sigmoid_grad(z))},
    "Only the middle listens",
    "pre-activation z",
    "value",
)
for left, right in ((-8, -4), (4, 8)):
    axes[0, 0].axvspan(left, right, color=plots.INK, alpha=0.08)
plots.show(
    fig,
    alt="The sigmoid and its slope over z from -8 to 8. The slope is a hill with its top, 0.25, at z = 0. In the "
    "shaded zones beyond -4 and 4 the slope is below 0.018: the sigmoid is saturated there.",
)

# %% [markdown]
# **A convention for the whole course:** a derivative `f_grad(z)` takes the same pre-activation `z` as `f(z)`. Some
# books pass the *output* instead, because they have it at hand. Both are fine; mixing them up gives wrong numbers
# without any error.
#
# {{exercise: sigmoid_grad}}
#
# Write `sigmoid_grad(z)`, the slope of the sigmoid at every element of `z`.


# %% exercise="sigmoid_grad"
def sigmoid_grad(z):
    """The slope of the sigmoid at every element of the pre-activation z."""
    ### BEGIN SOLUTION
    s = sigmoid(z)
    return s * (1 - s)
    ### END SOLUTION


# %% [markdown]
# A slope can always be checked without any calculus: step a little to the left and to the right, and divide the
# rise by the run.

# %%
if passed("sigmoid", "sigmoid_grad"):
    h, points = 1e-5, np.array([-5.0, -2.0, 0.0, 2.0, 5.0])
    rise_over_run = (sigmoid(points + h) - sigmoid(points - h)) / (2 * h)
    print("by formula:      ", np.round(sigmoid_grad(points), 6))
    print("by rise over run:", np.round(rise_over_run, 6))

# %% [markdown]
# **Predict before you run:** how far from 0 must z be for the slope to fall below 0.01, so that less than a hundredth
# of a correction gets through? The explorer below draws **your own** functions: move z and find out.

# %%
if passed("sigmoid", "sigmoid_grad"):
    from helpers.widgets import activation_explorer

    activation_explorer(sigmoid, sigmoid_grad)

# %% [markdown]
# **Recap.** A slope multiplies the correction that passes. The sigmoid's is s·(1 − s): a quarter in the middle, less
# than a hundredth from about 4.6 on.
#
# ## 3 · Does it matter that the sigmoid is never negative?
#
# A unit's weight $w_i$ is corrected by (the unit's error) × (its input $x_i$). If all inputs come out of sigmoids,
# they are all positive, and so **all weights of the unit must move up together or down together**. To go up with
# one and down with the other, learning has to zigzag.
#
# The **hyperbolic tangent** avoids that: it is the sigmoid, stretched to run from −1 to 1 and **centred on zero**.
#
# $$\tanh(z) = \frac{e^{z} - e^{-z}}{e^{z} + e^{-z}} = 2\,\text{sigmoid}(2z) - 1$$

# %%
plots.plot_curves(
    {"sigmoid": (z, kernels.sigmoid(z)), "tanh": (z, kernels.tanh(z)), "slope of tanh": (z, kernels.tanh_grad(z))},
    "tanh is zero-centred, and four times as steep",
    x_label="pre-activation z",
    y_label="value",
    alt="tanh rises from -1 to 1 through 0 at z = 0, where its slope is 1; tanh(1) is 0.76. The sigmoid beside it "
    "stays between 0 and 1. The slope of tanh is a hill of height 1 that is practically 0 beyond 3 on both sides.",
)

# %% [markdown]
# {{exercise: tanh}}
#
# Write `tanh(z)`. You may use your sigmoid, or NumPy's own function. By hand: tanh(1) = (2.718 − 0.368) / (2.718 +
# 0.368) = 0.7616.


# %% exercise="tanh"
def tanh(z):
    """The hyperbolic tangent of every element of z."""
    ### BEGIN SOLUTION
    return np.tanh(z)
    ### END SOLUTION


# %% [markdown]
# {{exercise: tanh_grad}}
#
# With $t = \tanh(z)$, the slope is $1 - t^2$. At z = 1 that is 1 − 0.7616² = 0.4200. Write `tanh_grad(z)`; it takes the
# pre-activation `z`.


# %% exercise="tanh_grad"
def tanh_grad(z):
    """The slope of tanh at every element of the pre-activation z."""
    ### BEGIN SOLUTION
    return 1 - np.tanh(z) ** 2
    ### END SOLUTION


# %% [markdown]
# Check the story about the signs. One unit with eight inputs has an error of −0.3. **Predict before you run:** in which
# directions are its weights corrected, if the inputs come out of sigmoids, and if they come out of tanhs?

# %%
if passed("sigmoid", "tanh"):
    sums = np.random.default_rng(3).standard_normal(8)
    for f in (sigmoid, tanh):
        print(np.sign(-0.3 * f(sums)).astype(int))

# %% [markdown]
# One sign, against a mixture. How much this slows learning in practice is debated (biases and normalisation layers
# soften it), but it is the reason why tanh long stood where the sigmoid used to be.
#
# ## 4 · What is left after ten layers?
#
# **Predict before you run:** a correction of size 1 goes back through ten sigmoid layers, and in each it meets the
# *best* slope there is. How much arrives at the first layer: a half, a hundredth, a millionth?

# %%
if passed("sigmoid_grad", "tanh_grad"):
    for name, slope, at in (("sigmoid", sigmoid_grad, 0.0), ("sigmoid", sigmoid_grad, 2.0), ("tanh", tanh_grad, 1.0)):
        best = slope(np.array([at]))[0]
        print(f"{name:7} at z = {at:g}: slope {best:.4f}, after ten layers {best**10:.2e}")

# %% [markdown]
# 0.25¹⁰ is 9.5 · 10⁻⁷. This is the **vanishing gradient**: the first layers of a deep sigmoid network hear next to
# nothing. (The weights multiply the correction, too, and may make up for some of it, or make it explode; that is
# section 7.) What we would like is a slope of exactly 1.

# %%
layers = np.arange(11)
fig, axes = plots.figure(height=3.4)
curves = {
    "slope 1 (ReLU)": 1.0**layers,
    "slope 0.42 (tanh at 1)": 0.42**layers,
    "slope 0.25 (sigmoid at 0)": 0.25**layers,
}
plots.draw_curves(axes[0, 0], curves, "What is left of a correction", "layers passed", "share that arrives")
axes[0, 0].set_yscale("log")
plots.show(
    fig,
    alt="Share of a correction that arrives after 0 to 10 layers, on a logarithmic axis. With slope 1 it stays 1. With "
    "slope 0.42 it falls to 1.7e-4 after ten layers, with slope 0.25 to 9.5e-7.",
)

# %% [markdown]
# **Recap.** Slopes multiply. A sigmoid passes on a quarter at best and saturates on both sides. tanh passes on
# everything at z = 0 and is centred on zero, but it saturates as well.
#
# ## 5 · Can it be simpler?
#
# The **rectified linear unit**, ReLU, is hardly a curve at all: let positive values through, silence the others. On the
# right its slope is exactly 1, however many layers there are. On the left it is 0, and that is its one weakness. Its
# relatives let a little through on the left:
#
# | name | z > 0 | z ≤ 0 | at z = −1 |
# | --- | --- | --- | ---: |
# | ReLU | z | 0 | 0 |
# | leaky ReLU | z | alpha · z, alpha = 0.01 | −0.01 |
# | PReLU | z | alpha · z, alpha is *learned* | −0.25, if alpha = 0.25 |
# | ELU | z | alpha · (exp(z) − 1), alpha = 1 | −0.632 |

# %%
near = np.linspace(-4, 2, 241)
plots.plot_curves(
    {
        "ReLU": (near, kernels.relu(near)),
        "leaky ReLU, alpha 0.1": (near, kernels.leaky_relu(near, 0.1)),
        "PReLU, alpha 0.25": (near, kernels.prelu(near, 0.25)),
        "ELU, alpha 1": (near, kernels.elu(near)),
    },
    "Alike on the right, different on the left",
    x_label="pre-activation z",
    y_label="output",
    alt="Four curves that are the same line for positive z. For negative z, ReLU is 0, the leaky ReLU with alpha 0.1 "
    "and the PReLU with alpha 0.25 are straight lines that fall to -0.4 and -1 at z = -4; ELU bends and levels off at "
    "-1.",
)

# %% [markdown]
# {{exercise: relu}}
#
# Write `relu(z)`: the larger one of z and 0, for every element. For z = −2, 0, 0.5 that is 0, 0, 0.5.


# %% exercise="relu"
def relu(z):
    """z where z is positive, else 0, for every element."""
    ### BEGIN SOLUTION
    return np.maximum(z, 0)
    ### END SOLUTION


# %% [markdown]
# {{exercise: relu_grad}}
#
# Write `relu_grad(z)`: numbers, not True and False. At z = 0 exactly, ReLU has a **kink**: the slope is 0 from the left
# and 1 from the right. Every number between the two is called a *subgradient*, works in practice, and is accepted here.


# %% exercise="relu_grad"
def relu_grad(z):
    """The slope of relu at every element of z; anything from 0 to 1 at the kink."""
    ### BEGIN SOLUTION
    return np.where(z > 0, 1.0, 0.0)
    ### END SOLUTION


# %% [markdown]
# {{exercise: leaky_relu}}
#
# A small slope on the left keeps the unit teachable: with `alpha=0.01`, z = −2 becomes −0.02. Write
# `leaky_relu(z, alpha=0.01)`; alpha lies between 0 and 1.


# %% exercise="leaky_relu"
def leaky_relu(z, alpha=0.01):
    """z where z is positive, else alpha * z, for every element."""
    ### BEGIN SOLUTION
    return np.where(z > 0, z, alpha * z)
    ### END SOLUTION


# %% [markdown]
# {{exercise: leaky_relu_grad}}
#
# Write `leaky_relu_grad(z, alpha=0.01)`. At the kink, anything from alpha to 1 is right.


# %% exercise="leaky_relu_grad"
def leaky_relu_grad(z, alpha=0.01):
    """The slope of leaky_relu at every element of z."""
    ### BEGIN SOLUTION
    return np.where(z > 0, 1.0, alpha)
    ### END SOLUTION


# %% [markdown]
# ### A slope that is learned
#
# Why should *we* choose alpha? The parametric ReLU, **PReLU**, treats it as one more parameter, often with one
# alpha for each unit. For two samples, two units and alpha = (0.25, 0.5):
#
# $$\begin{pmatrix} -2 & -2 \\ 3 & -4 \end{pmatrix} \;\longrightarrow\;
# \begin{pmatrix} -0.5 & -1 \\ 3 & -2 \end{pmatrix}$$
#
# Every column has its own slope; 3 is positive and passes unchanged.
#
# {{exercise: prelu}}
#
# Write `prelu(z, alpha)`. `alpha` is one number, or an array with one number per unit, and units are the **last
# axis** of `z`: `(units,)` for one sample, `(batch, units)` for a batch.


# %% exercise="prelu"
def prelu(z, alpha):
    """z where z is positive, else alpha * z; alpha is a number, or one per unit: z (..., units), alpha (units,)."""
    ### BEGIN SOLUTION
    return np.where(z > 0, z, alpha * z)
    ### END SOLUTION


# %% [markdown]
# {{exercise: prelu_grad}}
#
# Write `prelu_grad(z, alpha)`, the slope with respect to `z`. The result has the shape of `z`; in the example it is
# (0.25, 0.5) in the first row and (1, 0.5) in the second.


# %% exercise="prelu_grad"
def prelu_grad(z, alpha):
    """The slope of prelu with respect to z, in z's shape; alpha is a number, or one per unit."""
    ### BEGIN SOLUTION
    return np.where(z > 0, 1.0, alpha)
    ### END SOLUTION


# %% [markdown]
# {{exercise: prelu_grad_alpha}}
#
# To learn alpha, we need to know how the output changes when *alpha* grows a little and z stays. To the right of
# zero alpha does not occur. To the left the output is alpha · z: raise alpha by 0.1 at z = −2, and it goes down by
# 0.2. Write `prelu_grad_alpha(z)`, element by element. (The sum over everything that shares an alpha is taken
# later, in backpropagation.)


# %% exercise="prelu_grad_alpha"
def prelu_grad_alpha(z):
    """The derivative of prelu with respect to alpha, for every element of z, in z's shape."""
    ### BEGIN SOLUTION
    return np.minimum(z, 0)
    ### END SOLUTION


# %% [markdown]
# {{exercise: elu}}
#
# The **exponential linear unit** bends gently on the left and levels off at −alpha:
#
# $$\text{elu}(z) = \alpha\,(e^{z} - 1) \quad \text{for } z \le 0, \qquad \text{elu}(-1) = e^{-1} - 1 = -0.632$$
#
# Its outputs can be negative, so that their mean is closer to zero. Write `elu(z, alpha=1.0)`, alpha between 0 and 1.


# %% exercise="elu"
def elu(z, alpha=1.0):
    """z where z is positive, else alpha * (exp(z) - 1), for every element."""
    ### BEGIN SOLUTION
    return np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0)))
    ### END SOLUTION


# %% [markdown]
# {{exercise: elu_grad}}
#
# Write `elu_grad(z, alpha=1.0)`. At z = −1 the slope is $e^{-1} = 0.368$. At z = 0 anything between alpha and 1 is
# right; for alpha = 1 there is no kink at all.


# %% exercise="elu_grad"
def elu_grad(z, alpha=1.0):
    """The slope of elu at every element of z."""
    ### BEGIN SOLUTION
    return np.where(z > 0, 1.0, alpha * np.exp(np.minimum(z, 0)))
    ### END SOLUTION


# %% [markdown]
# ### Your functions beside those of Keras
#
# The next cell puts the same 1,000 numbers through your functions and through those of Keras, and lets TensorFlow,
# on which Keras runs, find the slopes by its own means. It fails if any two numbers differ by more than 10⁻⁷.
# (Importing TensorFlow takes some seconds.)
#
# **Predict before you run:** will the differences be exactly 0, or merely small?

# %%
if passed(*[f + g for f in ("sigmoid", "tanh", "relu", "leaky_relu", "prelu", "elu") for g in ("", "_grad")]):
    from helpers.framework import keras, tf

    points = np.random.default_rng(0).normal(scale=3, size=(100, 10))
    keras_prelu = keras.layers.PReLU(keras.initializers.Constant(0.25), dtype="float64")
    rows = [
        ("sigmoid", sigmoid, sigmoid_grad, keras.activations.sigmoid),
        ("tanh", tanh, tanh_grad, keras.activations.tanh),
        ("relu", relu, relu_grad, keras.activations.relu),
        ("leaky_relu", leaky_relu, leaky_relu_grad, lambda x: keras.activations.leaky_relu(x, 0.01)),
        ("prelu", lambda z: prelu(z, 0.25), lambda z: prelu_grad(z, 0.25), keras_prelu),
        ("elu", elu, elu_grad, keras.activations.elu),
    ]
    for name, yours, your_slope, theirs in rows:
        x = tf.Variable(points)
        with tf.GradientTape() as tape:
            y = theirs(x)
        values = np.abs(yours(points) - y.numpy()).max()
        slopes = np.abs(your_slope(points) - tape.gradient(y, x).numpy()).max()
        assert max(values, slopes) < 1e-7, name
        print(f"{name:11} largest difference: value {values:.1e}, slope {slopes:.1e}")

# %% [markdown]
# And all of your own curves in one explorer: choose one, move z, and watch where the slope dies.

# %%
if passed(*[f + g for f in ("sigmoid", "tanh", "relu", "leaky_relu", "elu") for g in ("", "_grad")]):
    from helpers.widgets import activation_explorer

    activation_explorer(
        {"sigmoid": sigmoid, "tanh": tanh, "relu": relu, "leaky_relu": leaky_relu, "elu": elu},
        {"sigmoid": sigmoid_grad, "tanh": tanh_grad, "relu": relu_grad, "leaky_relu": leaky_relu_grad, "elu": elu_grad},
    )

# %% [markdown]
# **Recap.** ReLU: slope 1 on the right, 0 on the left. Leaky ReLU and PReLU keep a slope on the left, fixed or
# learned. ELU is smooth for alpha = 1 and levels off.
#
# **Contested:** which one is best? Many books say that ReLU beats sigmoid and tanh "nearly always", and that ELU
# gains one to five per cent after tuning. Both depend on the network, the data and the tuning. A safe habit: begin
# with ReLU, change it last, and measure. Newer networks often use smooth relatives such as GELU or SiLU; nothing in
# this chapter changes for them.

# %%
quiz("steepest-sigmoid")

# %%
quiz("which-z")

# %% [markdown]
# ## 6 · How do ten scores become ten probabilities?
#
# The last layer of a classifier gives a **score** for every class: any number, the higher the more likely.
# Probabilities must be positive and sum to 1. **Softmax** makes them so: exp makes every score positive, division
# by the sum does the rest.
#
# $$\text{softmax}(z)_k = \frac{e^{z_k}}{\sum_j e^{z_j}}$$
#
# The scores of one picture for cat, dog and panda are −3.44, 1.16 and 3.91:
#
# | | cat | dog | panda | sum |
# | --- | ---: | ---: | ---: | ---: |
# | score | −3.44 | 1.16 | 3.91 | |
# | exp(score) | 0.0321 | 3.190 | 49.90 | 53.12 |
# | softmax | 0.0006 | 0.0601 | 0.9393 | 1 |

# %%
fig, axes = plots.figure(1, 2, height=3.0)
classes, scores, blue = ["cat", "dog", "panda"], np.array([-3.44, 1.16, 3.91]), plots.COLOURS["blue"]
axes[0, 0].bar_label(axes[0, 0].bar(classes, scores, color=blue), fmt="%.2f", padding=2)
axes[0, 1].bar_label(axes[0, 1].bar(classes, kernels.softmax(scores), color=blue), fmt="%.4f", padding=2)
for ax, title in zip(axes[0], ("scores", "softmax"), strict=True):
    ax.axhline(0, color=plots.INK, linewidth=1)
    ax.set_title(title)
    ax.margins(y=0.15)
plots.show(
    fig,
    alt="Two bar charts for the classes cat, dog and panda. The scores are -3.44, 1.16 and 3.91; their softmax is "
    "0.0006, 0.0601 and 0.9393.",
)

# %% [markdown]
# Only *differences* between scores matter: add 100 to all three, and numerator and denominator both grow by the
# factor $e^{100}$, which cancels. That is more than a curiosity. exp overflows above 709, so subtract the largest
# score first: the result is the same, and exp never sees anything above 0.
#
# **Predict before you run:** what should the softmax of (1000, 1000, 1000) be? And what does the formula give, typed in
# as it stands?

# %%
with np.errstate(over="ignore", invalid="ignore"):
    e = np.exp(np.array([1000.0, 1000.0, 1000.0]))
    print(e / e.sum())

# %% [markdown]
# {{exercise: softmax}}
#
# Write `softmax(z, axis=-1)`. `z` is one sample `(classes,)`, a batch `(batch, classes)`, or any array; the
# probabilities along `axis` sum to 1. Right, and without any warning, for scores of ±1000, also when one sample
# lies at 1000 and the next at −1000. (`keepdims=True` keeps a summed axis with length 1, so that every row meets
# its own sum.)


# %% exercise="softmax"
def softmax(z, axis=-1):
    """exp(z) divided by its sum along axis; right and silent for scores of -1000 and 1000 too."""
    ### BEGIN SOLUTION
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)
    ### END SOLUTION


# %% [markdown]
# Training looks at the **logarithm** of the probability that the network gave to the true class: log 0.9393 =
# −0.0626 for the panda, log 0.0006 = −7.41 if it was a cat after all. Taking `np.log(softmax(z))` fails where it
# matters most: a probability of $e^{-2000}$ underflows to 0, and log 0 is −∞. The rules of logarithms help:
#
# $$\log \frac{e^{z_k}}{\sum_j e^{z_j}} = z_k - \log \sum_j e^{z_j}$$
#
# {{exercise: log_softmax}}
#
# Write `log_softmax(z, axis=-1)`, right and silent for scores of ±1000: for (1000, −1000) it is (0, −2000).


# %% exercise="log_softmax"
def log_softmax(z, axis=-1):
    """log(softmax(z)) along axis; right and silent for scores of -1000 and 1000 too."""
    ### BEGIN SOLUTION
    shifted = z - z.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
    ### END SOLUTION


# %%
if passed("softmax", "log_softmax"):
    from helpers.framework import keras, tf

    scores = np.random.default_rng(1).normal(scale=300, size=(50, 10))
    for name, yours, theirs in (("softmax", softmax, tf.nn.softmax), ("log_softmax", log_softmax, tf.nn.log_softmax)):
        difference = np.abs(yours(scores) - theirs(tf.constant(scores)).numpy()).max()
        assert difference < 1e-7, name
        print(f"{name:11} largest difference from TensorFlow: {difference:.1e}")

# %% [markdown]
# **Recap.** Softmax turns scores into probabilities along one axis. Subtract the maximum *along that axis* first. Where
# a logarithm is wanted, never form the probability.

# %%
quiz("shifted-scores")

# %%
quiz("softmax-shape")

# %% [markdown]
# ## 7 · How large should the first weights be?
#
# Not zero: if all weights of a layer are equal, all its units compute the same, get the same corrections, and stay
# the same for ever. So they are drawn at random. But how large?
#
# A unit adds up `fan_in` products $x_i w_i$. If inputs and weights are independent and the weights have mean 0,
# variances add:
#
# $$\text{Var}(z) = \text{fan\_in} \cdot \text{Var}(w) \cdot \overline{x^2}$$
#
# To keep the size of the signal, choose $\text{Var}(w) = 1 / \text{fan\_in}$. That is **LeCun's** rule.
# **Glorot's** makes a compromise with the way back, where `fan_out` counts: one over the mean of both. **He's**
# doubles the variance, because a ReLU throws half of the signal away. Each comes as a normal and as a uniform
# distribution; a uniform one from −limit to limit has standard deviation limit / √3.
#
# | scheme | std of the normal | limit of the uniform | for 64 inputs, 32 units |
# | --- | --- | --- | --- |
# | `lecun` | √(1 / fan_in) | √(3 / fan_in) | 0.1250, 0.2165 |
# | `glorot` | √(2 / (fan_in + fan_out)) | √(6 / (fan_in + fan_out)) | 0.1443, 0.2500 |
# | `he` | √(2 / fan_in) | √(6 / fan_in) | 0.1768, 0.3062 |
#
# Libraries differ in details: Keras cuts its normals off at two standard deviations (and widens them, so that the
# variance is right); PyTorch's linear layers start uniformly with limit √(1 / fan_in).
#
# {{exercise: initial_weights}}
#
# Write `initial_weights(scheme, fan_in, fan_out, rng)`. `scheme` is one of `"lecun_normal"`, `"lecun_uniform"`,
# `"glorot_normal"`, `"glorot_uniform"`, `"he_normal"`, `"he_uniform"`. It returns an array of shape `(fan_in,
# fan_out)`, drawn from `rng`, a NumPy random generator (`rng.normal(mean, std, shape)`, `rng.uniform(low, high,
# shape)`).


# %% exercise="initial_weights"
def initial_weights(scheme, fan_in, fan_out, rng):
    """Random weights (fan_in, fan_out) of one of the six schemes, drawn from the generator rng."""
    ### BEGIN SOLUTION
    family, kind = scheme.split("_")
    fan = {"lecun": fan_in, "glorot": (fan_in + fan_out) / 2, "he": fan_in / 2}[family]
    std = np.sqrt(1 / fan)
    if kind == "normal":
        return rng.normal(0.0, std, (fan_in, fan_out))
    limit = np.sqrt(3) * std
    return rng.uniform(-limit, limit, (fan_in, fan_out))
    ### END SOLUTION


# %% [markdown]
# Beside Keras: the standard deviation of 160,000 weights of each scheme. Random numbers never agree digit for
# digit; with so many of them, the standard deviations agree to about half a per cent.
#
# **Predict before you run:** below that come the histograms of both He schemes, with the same standard deviation. Which
# one reaches further out?

# %%
if passed("initial_weights"):
    from helpers.framework import keras

    rng = np.random.default_rng(0)
    for scheme in ("lecun_normal", "lecun_uniform", "glorot_normal", "glorot_uniform", "he_normal", "he_uniform"):
        yours = initial_weights(scheme, 640, 250, rng).std()
        theirs = np.std(keras.initializers.get({"class_name": scheme, "config": {"seed": 0}})((640, 250)))
        assert abs(yours / theirs - 1) < 0.02, scheme
        print(f"{scheme:14} yours {yours:.5f}   Keras {theirs:.5f}")

# %%
if passed("initial_weights"):
    fig, axes = plots.figure(1, 2, height=2.8, sharex=True)
    for ax, scheme in zip(axes[0], ("he_normal", "he_uniform"), strict=True):
        weights = initial_weights(scheme, 64, 320, np.random.default_rng(0))
        ax.hist(weights.ravel(), bins=60, color=plots.COLOURS["blue"])
        ax.set(title=f"{scheme}: std {weights.std():.4f}", xlabel="weight", ylabel="how many")
    plots.show(
        fig,
        alt="Histograms of your initial weights for 64 inputs. he_normal is a bell around 0 with tails beyond 0.5; "
        "he_uniform is a flat block from -0.306 to 0.306. Both have standard deviation 0.177.",
    )

# %% [markdown]
# **Recap.** Random, not equal; and the more inputs a unit adds up, the smaller its weights. Normal or uniform matters
# little, the variance a lot.
#
# ## 8 · Does the signal get through?
#
# Rules are one thing; let us measure. Send random samples through a stack of layers, and write down after each how
# much the activations still vary.
#
# The first layer can be worked out by hand. With inputs of variance 1 and He's weights, z has variance 2. After
# the ReLU the mean square is 1 and the mean is $1/\sqrt{\pi} = 0.564$, which leaves a standard deviation of
# $\sqrt{1 - 0.318} = 0.826$.
#
# {{exercise: signal_through_depth}}
#
# Write `signal_through_depth(activation_fn, scheme, depth, width, rng)`. Start with at least 200 rows of `width`
# standard normal numbers. Every one of the `depth` layers multiplies by fresh weights from your
# `initial_weights(scheme, width, width, rng)`, without bias, and applies `activation_fn`. Return the `depth`
# standard deviations, each over all entries **after** the activation, as a list or an array.


# %% exercise="signal_through_depth"
def signal_through_depth(activation_fn, scheme, depth, width, rng):
    """The standard deviation of the activations after each of depth layers of the given width."""
    ### BEGIN SOLUTION
    signal = rng.standard_normal((500, width))
    stds = []
    for _ in range(depth):
        signal = activation_fn(signal @ initial_weights(scheme, width, width, rng))
        stds.append(float(signal.std()))
    return stds
    ### END SOLUTION


# %% [markdown]
# **Predict before you run:** ten ReLU layers of 256 units, once with He's weights and once with Glorot's, whose
# variance is half as large. By which factor will the two differ after ten layers: 1.4, about 30, or a million?

# %%
if passed("signal_through_depth", "relu", "tanh", "sigmoid"):
    pairs = [(relu, "he_normal"), (relu, "glorot_normal"), (tanh, "glorot_normal"), (sigmoid, "glorot_normal")]
    names = ["ReLU, He", "ReLU, Glorot", "tanh, Glorot", "sigmoid, Glorot"]
    signals = {
        name: signal_through_depth(f, scheme, 10, 256, np.random.default_rng(0))
        for name, (f, scheme) in zip(names, pairs, strict=True)
    }
    for name, stds in signals.items():
        print(f"{name:16} layer 1: {stds[0]:.3f}   layer 5: {stds[4]:.3f}   layer 10: {stds[9]:.4f}")

# %%
if passed("signal_through_depth", "relu", "tanh", "sigmoid"):
    fig, axes = plots.figure(height=3.6)
    curves = {name: (np.arange(1, 11), np.array(stds)) for name, stds in signals.items()}
    plots.draw_curves(axes[0, 0], curves, "Ten layers of 256 units", "layer", "standard deviation")
    axes[0, 0].set_yscale("log")
    plots.show(
        fig,
        alt="Standard deviation after each of ten layers, on a logarithmic axis. ReLU with He's weights stays close to "
        "where it began, about 0.8. tanh with Glorot's falls slowly from 0.6 to about 0.2. ReLU with Glorot's falls "
        "steadily from 0.6 to about 0.03. The sigmoid drops to about 0.1 at once and stays there.",
    )

# %% [markdown]
# Half the variance ten times over is a factor $\sqrt{2}^{10} = 32$. **He's weights hold a ReLU network's signal.**
# With tanh, which bends every large value down, Glorot's let it fade slowly. And the sigmoid? Its *variation* stays
# at about a tenth: nearly all of every output is the constant ½, which tells the next layer nothing.
#
# The numbers scatter from one random network to the next, the more so the deeper and the narrower it is. Change the
# seed and see.
#
# Go deeper: up to fifty layers, with **your** functions and weights. The dashed curves are the other ways to begin. The
# lower picture is the way back: what is left of a correction of size 1 that starts at the last layer.
#
# **Predict before you move a slider:** choose the sigmoid. Which of the weights bring a tenth of the correction through
# 20 layers: He's, LeCun's, or none?

# %%
if passed("initial_weights", *[f + g for f in ("sigmoid", "tanh", "relu") for g in ("", "_grad")]):
    from helpers.widgets import depth_explorer

    depth_explorer(
        {"relu": relu, "tanh": tanh, "sigmoid": sigmoid},
        {"relu": relu_grad, "tanh": tanh_grad, "sigmoid": sigmoid_grad},
        initial_weights,
    )

# %% [markdown]
# None of them: a slope of at most ¼ twenty times over is too much for weights of any of these sizes. With “std 1”
# a tenth does: weights of that size saturate the units, and yet outweigh the small slopes.
#
# **Recap.** Spreads multiply like slopes: measure them after the activation, layer by layer.

# %%
quiz("why-two")

# %% [markdown]
# ## 9 · Can a unit die?
#
# A ReLU is silent where z ≤ 0, and its slope there is 0. What if z is negative for *every* sample, because one
# large step has pushed its bias far down? Then no correction ever reaches its weights again. The unit is **dead**.
#
# | | unit 1 | unit 2 | unit 3 | unit 4 |
# | --- | ---: | ---: | ---: | ---: |
# | sample 1 | 0 | 1.5 | 0 | 0 |
# | sample 2 | 0 | 0 | 2 | 0 |
# | sample 3 | 0 | 0.5 | 0 | 0 |
#
# Units 1 and 4 are dead: 0 for every sample. Unit 3 is choosy, but alive. The dead fraction is 2 / 4 = 0.5. (Among *all
# entries* the share of zeros is 9 / 12; that is another number.)
#
# {{exercise: dead_fraction}}
#
# Write `dead_fraction(activations)` for activations of shape `(samples, units)`: the share of units that are
# exactly 0 for every sample, as one number from 0 to 1.


# %% exercise="dead_fraction"
def dead_fraction(activations):
    """The share of units (last axis) that are exactly 0 for every sample; activations (samples, units)."""
    ### BEGIN SOLUTION
    return float(np.mean(np.all(activations == 0, axis=0)))
    ### END SOLUTION


# %% [markdown]
# Now with real pictures: 1,000 handwritten digits of 8 × 8 pixels go through one layer of 300 ReLUs with He's
# weights. The bias starts at 0; then imagine that one careless learning step has pushed *all* biases down.
#
# **Predict before you run:** with bias 0, will some units be dead? How far down must the bias go to kill half of them?

# %%
if passed("dead_fraction", "initial_weights", "relu", "leaky_relu"):
    from helpers.data import load

    pixels = load("digits").x_train[:1000].reshape(1000, -1)
    sums = pixels @ initial_weights("he_normal", 64, 300, np.random.default_rng(0))
    biases = np.linspace(0, -3, 13)
    dead = {
        "ReLU": (biases, np.array([dead_fraction(relu(sums + b)) for b in biases])),
        "leaky ReLU": (biases, np.array([dead_fraction(leaky_relu(sums + b)) for b in biases])),
    }
    for b in (0, 4, 8, 12):
        print(f"bias {biases[b]:5.2f}: {dead['ReLU'][1][b]:4.0%} of the ReLUs are dead")

# %%
if passed("dead_fraction", "initial_weights", "relu", "leaky_relu"):
    plots.plot_curves(
        dead,
        "One push of the bias kills units",
        x_label="bias of every unit",
        y_label="share of dead units",
        alt="Share of dead units against the bias, from 0 to -3. For ReLU it is close to 0 at bias 0, about a half at "
        "-1, and nearly 1 from -2.5 on. For the leaky ReLU it is 0 throughout.",
    )

# %% [markdown]
# Dead units in *every* layer of a deep network, counted by **your** function: push the bias of every unit down, look at
# one layer after the other, and see when nothing at all comes out of the last one.

# %%
if passed("dead_fraction", "initial_weights", "relu", "relu_grad"):
    from helpers.widgets import depth_explorer

    depth_explorer(relu, relu_grad, initial_weights, dead_fraction, depth=10, layer=3, bias=-0.5)

# %% [markdown]
# A leaky ReLU never dies: its slope on the left is small, but a small correction can still bring it back. In
# practice a smaller learning rate protects ReLUs just as well, and a few dead units do little harm. Worth knowing:
# if a network stops learning, count its dead.
#
# **Recap.** Dead means 0 for *every* sample. A unit that is silent for many samples is merely choosy.

# %%
quiz("dead-or-quiet")

# %% [markdown]
# ## 10 · Does any of it show in training?
#
# One experiment with Keras: the same network twice, 64-256-128-10 with plain gradient descent, once with sigmoids
# and once with ReLUs. With ten classes and no idea, the loss is $\ln 10 = 2.303$.
#
# **Predict before you run:** after how many of 20 passes over the digits will the sigmoid network have left 2.3 behind?
#
# `LONG_RUN = True` repeats it on MNIST, 60,000 digits of 28 × 28 pixels, which is downloaded once. It takes some
# minutes.

# %%
LONG_RUN = False

# %%
if passed("sigmoid", "relu"):
    from helpers.data import load
    from helpers.framework import keras

    data, epochs = load("mnist" if LONG_RUN else "digits"), 20
    pixels = data.x_train.reshape(len(data.x_train), -1) / (255 if LONG_RUN else 1)
    losses = {}
    for name, initializer in (("sigmoid", "glorot_uniform"), ("relu", "he_uniform")):
        keras.utils.set_random_seed(0)
        hidden = {"activation": name, "kernel_initializer": initializer}
        model = keras.Sequential(
            [keras.layers.Dense(256, **hidden), keras.layers.Dense(128, **hidden), keras.layers.Dense(10)]
        )
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.SGD(0.1), loss)
        losses[name] = model.fit(pixels, data.y_train, batch_size=32, epochs=epochs, verbose=0).history["loss"]
        print(f"{name:8} loss after 1, 5, 10, 20 passes:", ", ".join(f"{losses[name][i]:.3f}" for i in (0, 4, 9, 19)))

# %%
if passed("sigmoid", "relu"):
    plots.plot_curves(
        {name: (np.arange(1, epochs + 1), np.array(loss)) for name, loss in losses.items()},
        "The same network, twice",
        x_label="passes over the data",
        y_label="training loss",
        alt="Training loss over 20 passes. The ReLU network falls at once, to 0.14 after five passes and 0.03 at the "
        "end. The sigmoid network is still at 2.25 after five passes, near the 2.3 of pure guessing, and falls to 0.8 "
        "at the end.",
    )

# %% [markdown]
# The sigmoid network is not unable to learn; it *waits*: after five passes it is hardly better than guessing, and
# then it comes down. Its two hidden layers let little of the correction through, until the weights have slowly
# grown out of the flat start. (With other learning rates and initial weights the numbers change; try it.)
#
# ## What the books got wrong
#
# Well-known books that this course learned from contain some slips that are worth knowing, because they return in many
# places:
#
# - *The slope of the sigmoid, `x * (1 - x)`.* It is right for the activated value, and silently wrong for the
#   pre-activation. A name or a docstring should always say which one is meant.
# - *"The sigmoid is symmetric around the y-axis."* It is symmetric about the point (0, ½): sigmoid(−z) = 1 −
#   sigmoid(z).
# - *"ReLU does not saturate."* True on the right only. On the left its slope is exactly 0, and a unit that ends up
#   there for every sample is dead; several books do not mention it.
# - *"ReLU nearly always wins", "ELU brings one to five per cent."* Reported for particular networks and data; not laws.
# - *Softmax and sigmoid typed in as the formula stands.* They fail with nan or a warning at scores that a bad
#   learning rate reaches in minutes.
# - *Standard deviation and limit.* One book calls the standard deviation of a normal initialiser its "limit",
#   announces a standard deviation of 0.05 and uses 0.5 in the code; it also describes `randn` as uniform between 0
#   and 1 (it is normal, with mean 0 and variance 1), and prints a stray minus sign in one library's variant of
#   Glorot's limit.
# - *"The default initialiser of library X is …"* Such sentences age. Look into the documentation of your version.
#
# ## Recap
#
# - An activation bends, or layers collapse into one. Its **slope** decides how much a correction gets through.
# - **Sigmoid**: 0 to 1, slope at most ¼, saturates on both sides. **tanh**: zero-centred, slope up to 1, saturates too.
# - **ReLU**: slope 1 or 0. Leaky ReLU, PReLU and ELU keep something alive on the left.
# - **Softmax**: scores to probabilities along one axis; subtract the maximum; use log-softmax where logarithms are
#   wanted.
# - Slopes multiply, and so do spreads: **LeCun, Glorot and He** choose the weights so that the signal keeps its size.
# - A unit that is 0 for every sample learns nothing more. Count them.
#
# Next, in chapter 4, the loss and the walk downhill; in chapter 5 the slopes of this chapter do their work in
# backpropagation.
