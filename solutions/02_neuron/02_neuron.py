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
# # 2 · The neuron
#
# One artificial neuron multiplies, adds, and decides. By the end of this chapter you have written one, watched it
# learn, found something that it can never learn, and put many of them together into a network that looks at digits.
#
# **You will be able to**
# - compute what a neuron sends, for one sample and for a batch, and draw the line at which it decides;
# - turn the bias into one more weight, and train a perceptron by hand and in code;
# - prove that no single neuron can learn XOR;
# - write a layer as one matrix product, and show why layers without activations are worth no more than one;
# - say how good a network is that has learned nothing, which is what every result must be compared with.
#
# **You need** NumPy arrays and functions. **Time**: about 2½ hours, 90 minutes of them for the ten exercises. You can
# stop after any section.

# %%
from itertools import pairwise

import numpy as np

from helpers import plots
from helpers.checks import evaluate, hint, passed
from helpers.data import load
from helpers.kernels import sigmoid
from helpers.quiz import quiz

CHAPTER = "02_neuron"

# %% [markdown]
# **How to work.** Run the cells from top to bottom. Where one says `raise NotImplementedError()`, write your code in
# its place, run the cell, then the check below it, which says what was expected where your answer is wrong. Stuck?
# `hint("weighted_sum")` in a cell of your own gives a nudge, and more after another try. Cells that begin with
# `if passed(...)` wait until your function passes. After a restart, begin again with the first code cell.

# %% [markdown]
# ## 1 · What does one neuron compute?
#
# A nerve cell collects signals through many contacts, some of which excite it and some of which calm it. If enough
# excitement comes together, it fires. The model keeps just that:
#
# | nerve cell | model | name |
# |:--|:--|:--|
# | signals that arrive | numbers $x_1, x_2, \dots$ | inputs |
# | strength of each contact, exciting or calming | numbers $w_1, w_2, \dots$, positive or negative | weights |
# | everything collected, and how easily it fires | $z = w_1 x_1 + w_2 x_2 + \dots + b$ | weighted sum, with bias $b$ |
# | firing | $f(z)$ | activation |
#
# In one line, a neuron is $f(w \cdot x + b)$. It is *inspired* by biology, no more: a real nerve cell sends pulses in
# time, has chemistry and a shape, and one of them can do what takes a whole network of these. We keep the model because
# it works.

# %%
x, w, b = np.array([1.0, 2.0, 3.0]), np.array([0.5, -1.0, 2.0]), 0.25

fig, axes = plots.figure(width=7.2, height=2.8)
ax = axes[0, 0]
ax.set(xlim=(0, 10), ylim=(0, 4))
ax.axis("off")
for row, (value, weight) in enumerate(zip(x, w, strict=True)):
    height = 3.5 - 1.5 * row
    look = {"color": plots.COLOURS["vermilion"]} if weight > 0 else {"color": plots.COLOURS["blue"], "linestyle": "--"}
    ax.annotate("", (5.3, 2.0), (1.0, height), arrowprops={"arrowstyle": "-|>", **look})
    ax.text(0.6, height, f"{value:g}", size=14, ha="center", va="center")
    ax.text(2.6, 2.0 + 0.62 * (height - 2.0) + 0.2, f"× {weight:g} = {weight * value:g}", ha="center")
ax.text(6.2, 2.0, f"sum {x @ w:g}\n+ bias {b:g}\n= {x @ w + b:g}", ha="center", va="center", bbox={"fc": "white"})
ax.annotate("", (8.9, 2.0), (7.1, 2.0), arrowprops={"arrowstyle": "-|>"})
ax.text(9.0, 2.0, "f(4.75)", va="center")
plots.show(
    fig,
    "A neuron with inputs 1, 2 and 3. Times the weights 0.5, -1 and 2 they become 0.5, -2 and 6; their sum is 4.5, and "
    "with the bias 0.25 it is 4.75. Exciting weights are solid red arrows, the calming one a dashed blue arrow.",
)

# %% [markdown]
# **Predict before you run.** The second input rises from 2 to 3. Does the sum rise or fall, and by how much?

# %%
total = b
for value, weight in zip([1.0, 3.0, 3.0], w, strict=True):
    total = total + weight * value
print(total)

# %% [markdown]
# It falls by 1: the weight of the second input is −1. A weight says how much the sum changes when its input grows by
# one.
#
# Usually there are many samples at once, a **batch**: one row per sample, shape `(batch, inputs)`. Rows are samples
# throughout this course.

# %% [markdown]
# {{exercise: weighted_sum}}
#
# Write `weighted_sum(x, w, b)`: multiply every input by its weight, add the products up, add the bias.
#
# - One sample `x` of shape `(n,)` gives a single number; a batch `(batch, n)` gives one number per row, shape
#   `(batch,)`.
# - From the picture: `weighted_sum([1, 2, 3], [0.5, -1, 2], 0.25)` is `4.75`, all of them arrays.


# %% exercise="weighted_sum"
def weighted_sum(x, w, b):
    """The weighted sum of one sample x (n,) -> a number, or of a batch (batch, n) -> (batch,)."""
    ### BEGIN SOLUTION
    return x @ w + b
    ### END SOLUTION


# %% [markdown]
# The first sample is that of the picture, the second that of the loop. Do the numbers agree?

# %%
if passed("weighted_sum"):
    batch = np.array([[1.0, 2.0, 3.0], [1.0, 3.0, 3.0], [0.0, 0.0, 0.0]])
    print(weighted_sum(batch, w, b))

# %% [markdown]
# The last sample is all zeros, and what comes out is the bias: it is what a neuron says when it sees nothing.
#
# **Recap.** A weight is how much an input counts, the bias is where the sum starts. A batch is one matrix product.

# %% [markdown]
# ## 2 · When does it fire?
#
# The oldest activation is the **step**: silence up to a threshold, full signal above it. The threshold sits at $z = 0$;
# the bias moves it to wherever it is needed. Exactly at 0 somebody has to decide: in this course the neuron stays
# silent.

# %% [markdown]
# {{exercise: step}}
#
# Write `step(z)`: 1 where `z > 0`, otherwise 0. It takes one number or an array of any shape, and gives numbers back,
# not `True` and `False`. For example `step(np.array([-2.0, 0.0, 0.5]))` is `[0, 0, 1]`.


# %% exercise="step"
def step(z):
    """1 where z > 0, else 0; for a number or an array of any shape."""
    ### BEGIN SOLUTION
    return np.where(np.asarray(z) > 0, 1.0, 0.0)
    ### END SOLUTION


# %% [markdown]
# The step has a soft sibling, the **sigmoid**: it rises smoothly from 0 to 1 and is ½ at zero. You will write it in the
# next chapter; for now it is imported.

# %%
if passed("step"):
    z = np.linspace(-6, 6, 601)
    plots.plot_curves(
        {"step": (z, step(z)), "sigmoid": (z, sigmoid(z))},
        x_label="weighted sum z",
        y_label="activation f(z)",
        alt="Two curves over z from -6 to 6: the step jumps from 0 to 1 at zero, the sigmoid rises gently through 0.5.",
    )

# %% [markdown]
# {{exercise: Neuron}}
#
# Now put both halves into a class. `Neuron(num_inputs, activation_fn, rng)` draws its weights `W` of shape
# `(num_inputs,)` and its bias `b`, a single number, from the generator `rng`, for example with
# `rng.standard_normal(...)`. `forward(x)` returns the activation of the weighted sum: a number for one sample,
# `(batch,)` for a batch.
#
# - Worked by hand: with `W = [0.5, -1, 2]`, `b = -4.5` and the sigmoid, the sample `[1, 2, 3]` gives
#   $z = 4.5 - 4.5 = 0$, so `forward` returns `0.5`.
# - How you draw the weights is up to you, as long as they come from `rng`: the same seed must give the same neuron.
# - The checks write other values into `W` and `b`, so `forward` must use whatever is there when it is called.


# %% exercise="Neuron"
class Neuron:
    """A weighted sum and an activation function."""

    def __init__(self, num_inputs, activation_fn, rng):
        """Draw W (num_inputs,) and b, a number, from rng; remember the activation function."""
        ### BEGIN SOLUTION
        self.W = rng.standard_normal(num_inputs)
        self.b = rng.standard_normal()
        self.activation_fn = activation_fn
        ### END SOLUTION

    def forward(self, x):
        """What the neuron sends for one sample (num_inputs,) -> a number, or for a batch -> (batch,)."""
        ### BEGIN SOLUTION
        return self.activation_fn(weighted_sum(x, self.W, self.b))
        ### END SOLUTION


# %%
if passed("Neuron", "step"):
    for name, activation_fn in (("step", step), ("sigmoid", sigmoid)):
        neuron = Neuron(3, activation_fn, np.random.default_rng(0))
        neuron.W, neuron.b = np.array([0.5, -1.0, 2.0]), -4.5
        for sample in ([1.0, 2.0, 3.0], [1.0, 2.0, 3.1], [1.0, 2.0, 2.9]):
            print(f"{name:8} {sample} -> {neuron.forward(np.array(sample)):.3f}")

# %% [markdown]
# The same three samples, close to the threshold: the step jumps between them, the sigmoid hardly moves. A jump is easy
# to read and hard to improve, because a small change of a weight changes nothing or everything; that is why the sigmoid
# will be needed when networks learn.
#
# **Recap.** The activation turns a sum into a decision. A neuron is its weights, its bias and its activation.

# %% [markdown]
# ## 3 · Where does a neuron draw the line?
#
# With two inputs, a sample is a point in the plane, and a neuron cuts the plane in two along
# $w_1 x_1 + w_2 x_2 + b = 0$. Take $w = (1, 2)$ and $b = -2$: the points $(2, 0)$ and $(0, 1)$ both give zero, so the
# line goes through them. The weights, drawn as an arrow, stand at a right angle to it and point to the side that fires.


# %%
def draw_line(ax, w, b, **look):
    """Draw the line w·x + b = 0 into axes that show two inputs."""
    x1, x2 = np.meshgrid(np.linspace(*ax.get_xlim(), 200), np.linspace(*ax.get_ylim(), 200))
    ax.contour(x1, x2, w[0] * x1 + w[1] * x2 + b, levels=[0], **look)


fig, axes = plots.figure(width=4.6, height=4.2)
ax = axes[0, 0]
ax.set(xlim=(-1, 3), ylim=(-1, 3), aspect="equal", xlabel="input x1", ylabel="input x2")
draw_line(ax, [1.0, 2.0], -2.0, colors="black")
ax.annotate("", (1.3, 1.6), (0.8, 0.6), arrowprops={"arrowstyle": "-|>"})
ax.text(1.3, 1.65, "w = (1, 2)")
for x1, x2 in ((2, 0), (0, 1), (2, 2), (0, 0)):
    z = x1 + 2 * x2 - 2
    ax.plot(x1, x2, "s" if z > 0 else "o", color=plots.COLOURS["vermilion" if z > 0 else "blue"])
    ax.annotate(f"({x1}, {x2}): z = {z}", (x1, x2), (5, 8), textcoords="offset points")
plots.show(
    fig,
    "The line through (2, 0) and (0, 1) falls from left to right. At both points z is 0; at (2, 2) above the line "
    "z is 4 and the neuron fires, at (0, 0) below it z is -2. The arrow of the weights is at a right angle to it.",
)

# %% [markdown]
# **Predict before you run.** You double both weights *and* the bias. Where does the line go?

# %%
quiz("decision-line")

# %%
if passed("Neuron"):
    side = np.linspace(-1, 3, 81)
    points = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    fig, axes = plots.figure(1, 3, width=8.4, height=3.5, sharey=True)
    for ax, scale in zip(axes[0], (1, 2, 8), strict=True):
        neuron = Neuron(2, sigmoid, np.random.default_rng(0))
        neuron.W, neuron.b = scale * np.array([1.0, 2.0]), scale * -2.0
        fired = np.asarray(neuron.forward(points)).reshape(81, 81)
        ax.imshow(fired, cmap=plots.COUNTS, vmin=0, vmax=1, origin="lower", extent=(-1, 3, -1, 3))
        draw_line(ax, neuron.W, neuron.b, colors="white", linestyles="--")
        ax.set(title=f"everything × {scale}", xlabel="input x1")
    axes[0, 0].set(ylabel="input x2")
    plots.show(
        fig,
        "What a sigmoid neuron sends over the plane, for the weights (1, 2) and the bias -2 times 1, 2 and 8. The "
        "dashed line where it is one half stays in place; the change from dark to bright becomes ever steeper.",
    )

# %% [markdown]
# The line stays where it is; what changes is how sharply the neuron switches. The *direction* of the weights and the
# bias set the line, their *size* the certainty. The distance of the line from the origin is $|b| / \lVert w \rVert$,
# here $2/\sqrt{5} = 0.894$.
#
# Now take the neuron into your own hands. The explorer draws with **your** functions. **Predict before you move a
# slider:** which of `w1`, `w2` and `b` turn the line, and which moves it without turning it? Then choose AND, and make
# all four samples right with as few moves as you can. (Click into the plane, or move `x1` and `x2`, to read the sum
# anywhere; with the buttons below you place samples of your own.)

# %%
if passed("weighted_sum", "step"):
    from helpers.widgets import neuron_explorer

    neuron_explorer(weighted_sum, {"step": step, "sigmoid": sigmoid}, w1=1.0, w2=2.0, b=-0.5)

# %% [markdown]
# The bias shifts the line and keeps its direction; a weight turns it. For AND, lowering `b` alone is enough here: the
# sum of (1, 1) is 3, of the others at most 2, so any bias from −2 down to just above −3 will do.
#
# **Recap.** One neuron, one straight cut: a line for two inputs, a plane for three, a hyperplane for the 64 pixels of a
# digit.

# %% [markdown]
# ## 4 · Can the bias be a weight?
#
# The bias is added as if it were a weight whose input is always 1. So give every sample one more input that *is* always
# 1, and the bias needs no special treatment any more: $w \cdot x + b = (w, b) \cdot (x, 1)$.

# %% [markdown]
# {{exercise: add_bias_column}}
#
# Write `add_bias_column(X)`: the same samples with one more column, of ones, at the end. `(batch, n)` becomes
# `(batch, n + 1)`, and one sample `(n,)` becomes `(n + 1,)`. The result holds floating-point numbers, even where `X`
# holds whole ones: `[[0, 1]]` becomes `[[0.0, 1.0, 1.0]]`. `X` itself stays as it is.


# %% exercise="add_bias_column"
def add_bias_column(X):
    """X (batch, n) or (n,) with a last column of ones: (batch, n + 1) or (n + 1,), floating point."""
    ### BEGIN SOLUTION
    return np.concatenate([X, np.ones((*X.shape[:-1], 1))], axis=-1)
    ### END SOLUTION


# %% [markdown]
# The ones go into the *data*, not into the weights. Both ways of writing the same neuron, side by side:

# %%
if passed("weighted_sum", "add_bias_column"):
    batch = np.array([[1.0, 2.0, 3.0], [1.0, 3.0, 3.0], [0.0, 0.0, 0.0]])
    w_and_b = np.array([0.5, -1.0, 2.0, 0.25])
    print("bias apart:     ", weighted_sum(batch, w_and_b[:3], w_and_b[3]))
    print("bias as weight: ", add_bias_column(batch) @ w_and_b)

# %% [markdown]
# **Recap.** With the bias trick everything that can be learned is one vector.

# %% [markdown]
# ## 5 · Can a neuron find its own weights?
#
# In 1958 Frank Rosenblatt let it: the **perceptron** is a step neuron that learns from its mistakes. For each sample
# with label $y$ (0 or 1) and prediction $p$,
#
# $$w \leftarrow w + \eta \, (y - p)\, x .$$
#
# The **learning rate** $\eta$ is the size of the correction. Where the prediction is right, $y - p = 0$ and nothing
# happens. Where 1 was wanted and 0 came out, the sample, times $\eta$, is *added* to the weights, so that its **score**
# $w \cdot x$ rises next time; in the opposite case it is subtracted. One pass over all samples is an **epoch**.
#
# The logical OR, $\eta = 1$, starting from zero, bias column last. Follow the first two epochs with a finger:
#
# | epoch | sample $x$ | $y$ | score $w \cdot x$ | $p$ | | $w$ afterwards |
# |:-:|:-:|:-:|:-:|:-:|:--|:-:|
# | 1 | (0, 0, 1) | 0 | 0 | 0 | right | (0, 0, 0) |
# | 1 | (0, 1, 1) | 1 | 0 | 0 | mistake | (0, 1, 1) |
# | 1 | (1, 0, 1) | 1 | 1 | 1 | right | (0, 1, 1) |
# | 1 | (1, 1, 1) | 1 | 2 | 1 | right | (0, 1, 1) |
# | 2 | (0, 0, 1) | 0 | 1 | 1 | mistake | (0, 1, 0) |
# | 2 | (0, 1, 1) | 1 | 1 | 1 | right | (0, 1, 0) |
# | 2 | (1, 0, 1) | 1 | 0 | 0 | mistake | (1, 1, 1) |
# | 2 | (1, 1, 1) | 1 | 3 | 1 | right | (1, 1, 1) |
#
# One mistake in epoch 1, two in epoch 2: learning is not a steady climb. Epoch 3 makes one more mistake and ends at
# $(1, 1, 0)$; epoch 4 makes none.

# %% [markdown]
# {{exercise: perceptron_predict}}
#
# Write `perceptron_predict(X, w)`: 1 where the score $w \cdot x$ is above zero, otherwise 0. `X` already has its bias
# column. A batch gives one prediction per row, one sample `(n,)` a single one.


# %% exercise="perceptron_predict"
def perceptron_predict(X, w):
    """1 where X @ w > 0, else 0: (batch, n) -> (batch,), or one sample (n,) -> a number."""
    ### BEGIN SOLUTION
    return step(X @ w)
    ### END SOLUTION


# %% [markdown]
# {{exercise: perceptron_fit}}
#
# Write `perceptron_fit(X, y, learning_rate, epochs, w0)`, which returns two things: the weights at the end, and a list
# with the number of mistakes in each epoch, `epochs` entries in all.
#
# - `X` has its bias column, `y` holds 0 and 1. Take the samples in the order in which they come.
# - Start from a *copy* of `w0`; whoever passed it in still needs it.
# - The weights change at once, so that the next sample already meets the new ones.
# - From the table: OR with `learning_rate=1.0`, `epochs=4` and zeros as `w0` gives `[1, 1, 0]` and `[1, 2, 1, 0]`.


# %% exercise="perceptron_fit"
def perceptron_fit(X, y, learning_rate, epochs, w0):
    """Train a perceptron on X (batch, n), y (batch,) from weights w0 (n,): the new weights, mistakes per epoch."""
    ### BEGIN SOLUTION
    w = w0.copy()
    mistakes_per_epoch = []
    for _ in range(epochs):
        mistakes = 0
        for sample, label in zip(X, y, strict=True):
            error = label - perceptron_predict(sample, w)
            if error != 0:
                w = w + learning_rate * error * sample
                mistakes += 1
        mistakes_per_epoch.append(mistakes)
    return w, mistakes_per_epoch
    ### END SOLUTION


# %% [markdown]
# **Predict before you run.** Which needs more epochs from zero weights, OR or AND? For three of the four samples of
# AND, the right answer is 0.

# %%
inputs = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
tables = {"OR": np.array([0, 1, 1, 1]), "AND": np.array([0, 0, 0, 1]), "XOR": np.array([0, 1, 1, 0])}


def draw_table(ax, labels):
    """Draw the four samples of a truth table: red squares are 1, blue dots are 0."""
    ax.set(xlim=(-0.6, 1.6), ylim=(-0.6, 1.6), xlabel="input x1", xticks=(0, 1), yticks=(0, 1), aspect="equal")
    for (x1, x2), label in zip(inputs, labels, strict=True):
        colour, marker = (plots.COLOURS["vermilion"], "s") if label else (plots.COLOURS["blue"], "o")
        ax.plot(x1, x2, marker, color=colour, markersize=11)


# %%
if passed("add_bias_column", "perceptron_fit"):
    fig, axes = plots.figure(1, 2, width=7.2, height=4.4, sharey=True)
    for ax, name in zip(axes[0], ("OR", "AND"), strict=True):
        w, mistakes = perceptron_fit(add_bias_column(inputs), tables[name], 1.0, 6, np.zeros(3))
        print(f"{name}: weights {w}, mistakes per epoch {[int(m) for m in mistakes]}")
        draw_table(ax, tables[name])
        draw_line(ax, w[:2], w[2], colors="black")
        ax.set(title=name)
    axes[0, 0].set(ylabel="input x2")
    plots.show(
        fig,
        "The four samples of OR and of AND with the line that the perceptron found. In OR it passes through (0, 0), "
        "which is therefore silent, with the three ones above; in AND through (1, 0), and only (1, 1) is above.",
    )

# %% [markdown]
# Both lines do their job, and neither keeps its distance: each runs right through a sample, whose score of exactly 0
# counts as silence. The perceptron stops at the first weights that make no mistake.
#
# **Does it matter how large $\eta$ is?** If a line exists at all, the perceptron finds one after finitely many
# mistakes, for *any* positive learning rate. Starting from zero the rate only scales the weights, and scaling does not
# move the line. Try it: the mistakes come at the same moments.

# %%
if passed("add_bias_column", "perceptron_fit"):
    for learning_rate in (0.125, 1.0, 64.0):
        w, mistakes = perceptron_fit(add_bias_column(inputs), tables["AND"], learning_rate, 6, np.zeros(3))
        print(f"rate {learning_rate:6}: weights {w}, mistakes {[int(m) for m in mistakes]}")

# %% [markdown]
# From *random* weights it does matter: a small rate takes many corrections to outweigh a bad start. Two hundred starts,
# twenty epochs each, and the share of them that ends without a mistake:

# %%
if passed("add_bias_column", "perceptron_fit"):
    starts = np.random.default_rng(0).standard_normal((200, 3)) / np.sqrt(2)
    for learning_rate in (0.1, 0.01):
        for name in ("OR", "AND"):
            runs = [perceptron_fit(add_bias_column(inputs), tables[name], learning_rate, 20, w0) for w0 in starts]
            print(f"rate {learning_rate}, {name}: {np.mean([mistakes[-1] == 0 for _, mistakes in runs]):.0%}")

# %% [markdown]
# Nothing is wrong with the others; twenty epochs were just not enough for them.
#
# **See it learn.** Each press on “next sample” lets **your** `perceptron_fit` look at one sample; the line moves with
# the weights. **Predict before you press:** follow the table of OR above, which presses will move the line? Then choose
# XOR under “points” and press “whole epoch” as often as you like.

# %%
if passed("weighted_sum", "step", "perceptron_fit"):
    from helpers.widgets import neuron_explorer

    neuron_explorer(weighted_sum, step, perceptron_fit, points="OR", w1=0.0, w2=0.0, b=0.0)

# %% [markdown]
# ### What a perceptron can never learn
#
# XOR is true when exactly one input is 1. **Predict before you run**: what will the mistakes look like after 20 epochs?

# %%
if passed("add_bias_column", "perceptron_fit", "perceptron_predict"):
    X = add_bias_column(inputs)
    w, mistakes = perceptron_fit(X, tables["XOR"], 1.0, 20, np.zeros(3))
    print("mistakes per epoch:", [int(m) for m in mistakes])
    print("predictions:", perceptron_predict(X, w), " wanted:", tables["XOR"])

# %% [markdown]
# More epochs do not help. Write down what the four samples ask of $w_1$, $w_2$ and $b$:
#
# $$b \le 0, \qquad w_2 + b > 0, \qquad w_1 + b > 0, \qquad w_1 + w_2 + b \le 0.$$
#
# Add the two in the middle: $w_1 + w_2 + 2b > 0$. Subtract $b$, which is not positive: $w_1 + w_2 + b > -b \ge 0$. That
# contradicts the last one. No weights exist, so no learning rule, no learning rate and no patience can find them. Let
# us try to break the proof all the same, with a thousand random lines:

# %%
if passed("add_bias_column", "perceptron_predict"):
    X, lines = add_bias_column(inputs), np.random.default_rng(0).normal(size=(1000, 3))
    right = [int(np.sum(perceptron_predict(X, w) == tables["XOR"])) for w in lines]
    print("right answers out of 4:", {count: right.count(count) for count in sorted(set(right))})

# %% [markdown]
# Two classes that a straight cut can part are called **linearly separable**; OR and AND are, XOR is not. Minsky and
# Papert made this widely known in 1969. How much it had to do with the lean years of neural networks is disputed; the
# way out, a second layer, comes in section 8.
#
# ### Real pictures: is it a 3?
#
# The digits of this course are real: 8×8 pixels, handwritten by dozens of people. A perceptron gets the 64 pixels and
# the bias column.

# %%
digits = load("digits")
threes = (digits.y_train == 3).astype(int)
print(digits)
print(f"threes among the test digits: {np.mean(digits.y_test == 3):.1%}")
plots.show_images(
    digits.x_train[:10],
    [str(label) for label in digits.y_train[:10]],
    alt="Ten handwritten digits of 8 by 8 pixels, coarse but easy to read, with their labels: "
    + ", ".join(str(label) for label in digits.y_train[:10]) + ".",
)  # fmt: skip

# %%
if passed("add_bias_column", "perceptron_fit", "perceptron_predict"):
    X_train = add_bias_column(digits.x_train.reshape(-1, 64))
    X_test = add_bias_column(digits.x_test.reshape(-1, 64))
    w, mistakes = perceptron_fit(X_train, threes, 1.0, 20, np.zeros(65))
    accuracy = np.mean(perceptron_predict(X_test, w) == (digits.y_test == 3))
    print(f"mistakes per epoch: {[int(m) for m in mistakes]}")
    print(f"right on {accuracy:.1%} of the test digits; always saying no is right on {np.mean(digits.y_test != 3):.1%}")

# %% [markdown]
# Ninety per cent would have been no achievement: someone who always says “no” gets that. **A number without its
# baseline says nothing**; look for the baseline wherever you read an accuracy.
#
# **Recap.** The perceptron corrects its weights only on mistakes. It finds a line if there is one, and never if there
# is none.

# %% [markdown]
# ## 6 · How do you choose among ten classes?
#
# Give every class a neuron of its own, without activation, and let the highest **score** win. All their weights side by
# side form a matrix `W` with one column per class; all their biases form a vector `b`. A picture of shape
# `(height, width)` is first **flattened** into one row of numbers, pixel by pixel, row after row:
#
# $$\begin{bmatrix} 0 & 1 \\ 2 & 3 \end{bmatrix} \rightarrow (0, 1, 2, 3), \qquad
# (0, 1, 2, 3) \begin{bmatrix} 1 & 0 & -1 \\ 0 & 1 & 0 \\ 2 & 0 & 1 \\ 0 & -1 & 1 \end{bmatrix} + (0.5, -0.5, 0)
# = (4.5, -2.5, 5).$$
#
# The third class wins. The first one, for instance, scores $0 \cdot 1 + 1 \cdot 0 + 2 \cdot 2 + 3 \cdot 0 + 0.5 = 4.5$.

# %% [markdown]
# {{exercise: linear_scores}}
#
# Write `linear_scores(images, W, b)` for a batch of images of shape `(n, ...)`: grey `(n, height, width)`, colour
# `(n, height, width, 3)`, or already flat `(n, inputs)`. `W` is `(inputs, classes)`, `b` is `(classes,)`, the result
# `(n, classes)`. Pixels count as they come, whether `uint8` or floating point.


# %% exercise="linear_scores"
def linear_scores(images, W, b):
    """Scores (n, classes) of images (n, ...), flattened row by row, under W (inputs, classes) and b (classes,)."""
    ### BEGIN SOLUTION
    return images.reshape(len(images), -1) @ W + b
    ### END SOLUTION


# %% [markdown]
# **Predict before you run.** `W` and `b` are drawn at random. On how many of a hundred digits is the highest score the
# right one?

# %%
if passed("linear_scores"):
    rng = np.random.default_rng(0)
    shares = []
    for _ in range(100):
        scores = linear_scores(digits.x_test, rng.normal(size=(64, 10)), rng.normal(size=10))
        shares.append(np.mean(np.argmax(scores, axis=1) == digits.y_test))
    print(f"on average {np.mean(shares):.1%}; the worst of 100 {min(shares):.1%}, the best {max(shares):.1%}")

# %% [markdown]
# About ten, with luck in both directions. Now let the weights come from your own perceptron: ten of them, each asked
# whether it sees *its* digit.

# %%
if passed("add_bias_column", "perceptron_predict", "perceptron_fit", "linear_scores"):
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(len(X_train))
        X, y = X_train[order], digits.y_train[order]
        columns = [perceptron_fit(X, (y == digit).astype(int), 1.0, 5, np.zeros(65))[0] for digit in range(10)]
        trained = np.stack(columns, axis=1)
        scores = linear_scores(digits.x_test, trained[:64], trained[64])
        share = np.mean(np.argmax(scores, axis=1) == digits.y_test)
        print(f"training digits in random order {seed}: right on {share:.1%} of the test digits")

# %% [markdown]
# From one in ten to about nine in ten, with 650 numbers and nothing but additions and subtractions of pictures. (The
# order of the samples makes a few per cent of difference, because the last mistakes have the last word.)
#
# What do these weights look like? Each column has one weight per pixel, so it can be shown as a picture: red pixels
# speak for the digit, blue ones against it.

# %%
if passed("add_bias_column", "perceptron_predict", "perceptron_fit", "linear_scores"):
    fig, axes = plots.figure(2, 5, width=7.5, height=3.4)
    for digit, ax in enumerate(axes.flat):
        plots.draw_signed(ax, trained[:64, digit].reshape(8, 8), str(digit))
    plots.show(
        fig,
        "The trained weights of the ten classes as 8 by 8 pictures in red, white and blue. The 0 has a blue, "
        "forbidding centre, where a zero has no ink. Most are patchy: they show what tells a digit from the others.",
    )

# %% [markdown]
# Two cautions. The ten perceptrons were trained apart, so nothing promises that their scores can be compared; that it
# works is luck of a friendly data set, and chapter 4 does it properly. And a score is not a probability: it has no
# bounds.
#
# **Recap.** Flatten, multiply, add: a linear classifier keeps only `W` and `b` and can forget its training data.

# %% [markdown]
# ## 7 · How do you write many neurons at once?
#
# You just did. A **fully connected layer** is the same product with an activation at the end: every neuron sees every
# input. Three neurons with two inputs each, $f$ = ReLU, which keeps positive numbers and turns negative ones into 0:
#
# $$f\Big( (1, 2) \begin{bmatrix} 1 & -1 & 0.5 \\ 0 & 2 & 1 \end{bmatrix} + (0.5, -4, 0) \Big)
# = f(1.5, -1, 2.5) = (1.5, 0, 2.5).$$
#
# Every *column* of the matrix is one neuron.

# %%
quiz("layer-shape")

# %% [markdown]
# {{exercise: FullyConnectedLayer}}
#
# Write the class `FullyConnectedLayer(num_inputs, layer_size, activation_fn, rng)` with `W` of shape
# `(num_inputs, layer_size)`, `b` of shape `(layer_size,)`, and `forward(x)`: `(num_inputs,)` gives `(layer_size,)`, a
# batch `(batch, num_inputs)` gives `(batch, layer_size)`.
#
# As with the neuron, draw the weights from `rng` as you like. (Biases may start at zero; weights may not: neurons that
# start alike would stay alike.) The checks write their own values into `W` and `b`.


# %% exercise="FullyConnectedLayer"
class FullyConnectedLayer:
    """A layer in which every neuron sees every input."""

    def __init__(self, num_inputs, layer_size, activation_fn, rng):
        """Draw W (num_inputs, layer_size) and b (layer_size,) from rng; remember the activation function."""
        ### BEGIN SOLUTION
        self.W = rng.standard_normal((num_inputs, layer_size))
        self.b = rng.standard_normal(layer_size)
        self.activation_fn = activation_fn
        ### END SOLUTION

    def forward(self, x):
        """What the layer sends: (num_inputs,) -> (layer_size,), or (batch, num_inputs) -> (batch, layer_size)."""
        ### BEGIN SOLUTION
        return self.activation_fn(x @ self.W + self.b)
        ### END SOLUTION


# %% [markdown]
# Is a layer really nothing but neurons side by side? Compare it with your own neurons, and with the layer of Keras, the
# framework of this course, where it is called `Dense`. (Its first import takes a few seconds.)

# %%
if passed("Neuron", "FullyConnectedLayer"):
    layer = FullyConnectedLayer(64, 10, sigmoid, np.random.default_rng(0))
    together = layer.forward(digits.x_test.reshape(-1, 64))
    for column in range(10):
        neuron = Neuron(64, sigmoid, np.random.default_rng(0))
        neuron.W, neuron.b = layer.W[:, column], layer.b[column]
        assert np.allclose(neuron.forward(digits.x_test.reshape(-1, 64)), together[:, column])
    print(f"{together.shape[0]} digits through {together.shape[1]} neurons: the layer equals its neurons")

# %%
if passed("Neuron", "FullyConnectedLayer"):
    from helpers.framework import keras

    dense = keras.layers.Dense(10, activation="sigmoid", dtype="float64")
    dense.build((None, 64))
    dense.set_weights([layer.W, layer.b])
    difference = np.abs(together - dense(digits.x_test.reshape(-1, 64)).numpy()).max()
    assert difference < 1e-12
    print(f"largest difference between your layer and Keras's: {difference:.1e}")

# %% [markdown]
# The same numbers, to the last digits that rounding leaves. Keras keeps its weights as `(inputs, units)` too.
#
# **Recap.** One column per neuron, one row per sample: a layer is one matrix product, one addition, one activation.

# %% [markdown]
# ## 8 · Why have an activation at all?
#
# Suppose there were none, and layer A feeds layer B:
#
# $$y = (x W_A + b_A)\, W_B + b_B .$$
#
# **Predict before you run**: how many layers would it take to do the work of these two?

# %% [markdown]
# {{exercise: collapse_linear}}
#
# Write `collapse_linear(WA, bA, WB, bB)`, which returns the `W` and the `b` of *one* layer that does exactly what A
# followed by B does, without activations. By hand:
#
# $$W_A = \begin{bmatrix} 1 & 2 \\ 0 & 1 \\ -1 & 0 \end{bmatrix},\; b_A = (1, -1),\;
# W_B = \begin{bmatrix} 2 \\ 1 \end{bmatrix},\; b_B = (0.5)
# \quad\text{give}\quad
# W = \begin{bmatrix} 4 \\ 1 \\ -2 \end{bmatrix},\; b = (1.5).$$


# %% exercise="collapse_linear"
def collapse_linear(WA, bA, WB, bB):
    """The pair W, b of the single linear layer that equals layer A followed by layer B."""
    ### BEGIN SOLUTION
    return WA @ WB, bA @ WB + bB
    ### END SOLUTION


# %% [markdown]
# Ten linear layers of 64 neurons hold 41,600 numbers. Fold them together, two at a time:

# %%
if passed("collapse_linear"):
    rng = np.random.default_rng(0)
    layers = [(rng.normal(size=(64, 64)) / 8, rng.normal(size=64)) for _ in range(10)]
    signal, W, b = digits.x_test.reshape(-1, 64), np.eye(64), np.zeros(64)
    for W_next, b_next in layers:
        signal = signal @ W_next + b_next
        W, b = collapse_linear(W, b, W_next, b_next)
    difference = np.abs(signal - (digits.x_test.reshape(-1, 64) @ W + b)).max()
    print(f"ten layers against one: outputs up to {np.abs(signal).max():.1f}, largest difference {difference:.1e}")

# %% [markdown]
# Depth without activations buys nothing: a straight cut of a straight cut is a straight cut, and XOR stays out of
# reach. With an activation in between the folding fails, and that failure is the gain. Here is XOR from *three* step
# neurons, weights by hand: the first hidden neuron is OR, the second is AND, and the output wants the first but not the
# second.

# %%
if passed("step", "FullyConnectedLayer"):
    hidden = FullyConnectedLayer(2, 2, step, np.random.default_rng(0))
    hidden.W, hidden.b = np.array([[1.0, 1.0], [1.0, 1.0]]), np.array([-0.5, -1.5])
    output = FullyConnectedLayer(2, 1, step, np.random.default_rng(0))
    output.W, output.b = np.array([[1.0], [-1.0]]), np.array([-0.5])
    for sample in inputs:
        print(sample, "-> hidden", hidden.forward(sample), "-> output", output.forward(hidden.forward(sample)))

# %%
if passed("step", "FullyConnectedLayer"):
    fig, axes = plots.figure(1, 2, width=7.4, height=3.5)
    draw_table(axes[0, 0], tables["XOR"])
    for column in range(2):
        draw_line(axes[0, 0], hidden.W[:, column], hidden.b[column], colors="black", linestyles=("--", ":")[column])
    axes[0, 0].set(title="inputs: two cuts", ylabel="input x2")
    draw_table(axes[0, 1], [0, 0, 1, 0])
    axes[0, 1].plot(0, 1, "x", color=plots.INK, markersize=16)
    draw_line(axes[0, 1], output.W[:, 0], output.b[0], colors="black")
    axes[0, 1].set(title="hidden layer: one cut is enough", xlabel="first hidden neuron, OR", ylabel="second, AND")
    plots.show(
        fig,
        "Left: the four samples of XOR with the cuts of OR (dashed) and AND (dotted); the two ones lie between them. "
        "Right: the same samples as the hidden layer sees them. Both ones fall on (1, 0), the zeros on (0, 0) and "
        "(1, 1), no sample on the crossed-out (0, 1), and one straight line parts ones from zeros.",
    )

# %% [markdown]
# The hidden layer *moves the points* until one cut is enough. That is what every network in this course does, with more
# neurons and with weights that it finds itself (chapter 5).
#
# **Recap.** Linear layers collapse into one. An activation between them is what makes depth worth having.

# %% [markdown]
# ## 9 · What does a network know before it learns?
#
# Stack layers, and you have a network. For digits: 64 inputs, two hidden layers of 32 and 16 neurons, ten outputs, a
# sigmoid in every layer. The predicted class is the output neuron that speaks loudest.

# %%
quiz("parameters")

# %% [markdown]
# {{exercise: SimpleNetwork}}
#
# Write the class `SimpleNetwork(num_inputs, num_outputs, hidden_layer_sizes, rng)`; `hidden_layer_sizes` is a list such
# as `[32, 16]`.
#
# - `layers`: a list of your `FullyConnectedLayer`s from the first hidden one to the outputs, each with `sigmoid`.
#   `[32, 16]` with 64 inputs and 10 outputs makes three layers, with weights `(64, 32)`, `(32, 16)` and `(16, 10)`.
# - `forward(x)`: what the last layer sends, for one sample or a batch.
# - `predict(x)`: the class, a whole number from 0: shape `(n,)` for a batch, a single one for a sample.
# - `evaluate_accuracy(X, y)`: the share of the batch `X` whose prediction is its label in `y`, between 0 and 1.


# %% exercise="SimpleNetwork"
class SimpleNetwork:
    """Fully connected layers one after another, each with a sigmoid."""

    def __init__(self, num_inputs, num_outputs, hidden_layer_sizes, rng):
        """Build the layers; hidden_layer_sizes lists the numbers of hidden neurons, from the inputs on."""
        ### BEGIN SOLUTION
        sizes = [num_inputs, *hidden_layer_sizes, num_outputs]
        self.layers = [FullyConnectedLayer(n, m, sigmoid, rng) for n, m in pairwise(sizes)]
        ### END SOLUTION

    def forward(self, x):
        """Outputs of the last layer: (num_inputs,) -> (num_outputs,), or (batch, ...) -> (batch, num_outputs)."""
        ### BEGIN SOLUTION
        for layer in self.layers:
            x = layer.forward(x)
        return x
        ### END SOLUTION

    def predict(self, x):
        """The class with the largest output: a whole number, or (batch,) of them."""
        ### BEGIN SOLUTION
        return np.argmax(self.forward(x), axis=-1)
        ### END SOLUTION

    def evaluate_accuracy(self, X, y):
        """The share of the samples X (batch, num_inputs) that are predicted as their labels y (batch,): 0..1."""
        ### BEGIN SOLUTION
        return float(np.mean(self.predict(X) == y))
        ### END SOLUTION


# %% [markdown]
# **Predict before you run.** Forty networks with random weights look at 450 test digits. What is their accuracy on
# average, and how far from it are the best and the worst?

# %%
if passed("SimpleNetwork"):
    X_flat = digits.x_test.reshape(-1, 64)
    networks = [SimpleNetwork(64, 10, [32, 16], np.random.default_rng(seed)) for seed in range(40)]
    accuracies = [float(network.evaluate_accuracy(X_flat, digits.y_test)) for network in networks]
    answers = [len(np.unique(network.predict(X_flat))) for network in networks]
    print(f"accuracy: mean {np.mean(accuracies):.1%}, lowest {min(accuracies):.1%}, highest {max(accuracies):.1%}")
    print(f"different digits that such a network ever answers: {np.mean(answers):.1f} of 10 on average")

# %%
if passed("SimpleNetwork"):
    fig, axes = plots.figure(height=2.8)
    axes[0, 0].hist(accuracies, bins=np.arange(0, 0.26, 0.01), color=plots.COLOURS["blue"], edgecolor="white")
    axes[0, 0].axvline(0.1, color=plots.COLOURS["vermilion"], label="one in ten")
    axes[0, 0].set(xlabel="accuracy on the test digits (fraction)", ylabel="networks")
    axes[0, 0].legend(frameon=False)
    plots.show(
        fig,
        "How often each accuracy occurs among forty untrained networks: spread around one in ten, the lowest "
        f"{min(accuracies):.0%}, the highest {max(accuracies):.0%}.",
    )

# %% [markdown]
# About one in ten on average, but single networks differ widely; how widely depends on how you draw the weights. Each
# of them names the same few digits again and again, and is right as often as those happen to occur. So one accuracy
# from one random start says little; this course always gives a band over several.
#
# The same network in Keras, with your weights, must give the same outputs:

# %%
if passed("SimpleNetwork"):
    from helpers.framework import keras

    network = networks[0]
    model = keras.Sequential([keras.layers.Input((64,), dtype="float64")])
    for layer in network.layers:
        model.add(keras.layers.Dense(len(layer.b), activation="sigmoid", dtype="float64"))
        model.layers[-1].set_weights([layer.W, layer.b])
    difference = np.abs(network.forward(X_flat) - model(X_flat).numpy()).max()
    assert difference < 1e-12
    print(f"largest difference between your network and Keras's: {difference:.1e}, {model.count_params():,} parameters")

# %% [markdown]
# **Optional: MNIST.** A well-known book builds the same kind of network, 784-64-32-10, for the 28×28 digits of MNIST,
# and finds 12.06 % before training. Set `LONG_RUN = True` to try ten starts of your own; the data set is downloaded
# once (12 MB) unless it is on this computer already.

# %%
LONG_RUN = False

if LONG_RUN and passed("SimpleNetwork"):
    mnist = load("mnist")
    X_mnist = mnist.x_test.reshape(-1, 784) / 255
    for seed in range(10):
        network = SimpleNetwork(784, 10, [64, 32], np.random.default_rng(seed))
        print(f"start {seed}: {network.evaluate_accuracy(X_mnist, mnist.y_test):.2%}")

# %% [markdown]
# **Recap.** A network is layers in a row. Untrained, it guesses. Everything above one in ten has to come from learning.

# %% [markdown]
# ## What the books got wrong
#
# This chapter follows two well-known books. While checking every number we found:
#
# - **“The weights say dog.”** One book scores a single photograph of a beagle with *random* weights and shows that
#   “dog” wins. The seed of the random numbers was picked by hand. With the very same weights, any evenly bright picture
#   is a dog too:

# %%
legacy = np.random.RandomState(1)  # the old generator, kept here to reproduce the book's weights
W_book, b_book = legacy.randn(3, 3072), legacy.randn(3)
grey_square = np.full(3072, 128.0)
for name, score in zip(("dog", "cat", "panda"), W_book @ grey_square + b_book, strict=True):
    print(f"{name:6}{score:10.2f}")

# %% [markdown]
# - **“Random numbers between 0 and 1.”** The function used there draws from the *normal* distribution: mean 0,
#   unbounded, half of the values negative.
# - **“OR is true when only one input is 1.”** That is XOR. OR is true when *at least* one is.
# - **“The perceptron classifies nonlinearly separable points.”** It is exactly what it cannot do, as you proved.
# - **“It converges if the learning rate is small enough.”** Any positive rate converges on separable data; from random
#   starts a small one just takes longer, as you saw in section 5. Twenty epochs from one random start, as in the book,
#   are not always enough even at rate 0.1.
# - **A prediction for one row only.** The book's step is an `if` on a single number and fails on a batch. Yours is not.
# - **Ones in the weights.** A figure about the bias trick puts the row of ones into the weight matrix. They belong into
#   the data; the weights there are what is learned.
# - **“The brain has 10 billion neurons.”** Counts of recent years come to about 86 billion.

# %% [markdown]
# ## Questions
#
# Every answer is explained, right or wrong.

# %%
quiz("bias")

# %%
quiz("perceptron-count")

# %%
quiz("xor")

# %%
quiz("baseline")

# %% [markdown]
# ## Recap
#
# - A neuron is $f(w \cdot x + b)$: weights say how much each input counts, the bias moves the threshold, $f$ decides.
# - It cuts its inputs in two along a straight line. Scaling weights and bias together leaves the line where it is.
# - The perceptron learns by adding and subtracting the samples it gets wrong. It succeeds exactly where a straight cut
#   exists: OR and AND, yes; XOR, never.
# - A layer is one matrix product: one column per neuron, one row per sample.
# - Without an activation between them, any number of layers equals one. With it, three neurons solve XOR.
# - A network that has learned nothing is right about one time in ten on ten classes. Know the baseline before you
#   believe a result.
#
# **Next**: chapter 3 asks which activation to use, and what happens to a signal on its way through many layers.
