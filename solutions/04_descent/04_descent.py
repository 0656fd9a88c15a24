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
# # 4 · Losses and gradient descent
#
# Chapter 2 ended with a network that guesses. To improve it we need two things: a number that says *how wrong* it is,
# and a way to make that number smaller. The number is called a **loss**, the way is called **gradient descent**. Nearly
# everything that learns in this course learns like this.
#
# **You will be able to**
# - choose between absolute error, squared error, cross-entropy and hinge, and say what each punishes;
# - compute their slopes by thinking, and check them by nudging;
# - train a classifier with all samples at once and with small batches, without a glance at the test part;
# - speed descent up with momentum, plain and Nesterov's;
# - put a price on large weights, and see what L1, L2 and their mixture do to them;
# - say whether one result is really better than another, or just luckier.
#
# **You need** chapter 2 (layers, the bias column) and from chapter 3 the sigmoid and the softmax, which wait in
# `helpers.kernels`. **Time**: about 5 hours, 3 of them for the twenty exercises, most of which are one line. The ends
# of sections 3, 5 and 7 are good places to pause.

# %%
import numpy as np
from sklearn.datasets import make_blobs

from helpers import plots
from helpers.checks import evaluate, hint, passed
from helpers.data import load
from helpers.kernels import log_softmax, sigmoid, softmax
from helpers.quiz import quiz

CHAPTER = "04_descent"

# %% [markdown]
# ## 1 · How wrong is a number?
#
# A program guesses distances in metres: 3, 1, 2 and 0. The true ones are 2, 1.5, 2 and 3. How wrong is it, in *one*
# number? The **errors**, guess minus truth, are 1, −0.5, 0 and −3. Adding them up would let high and low guesses
# cancel. Two ways out:
#
# | error $e$ | 1 | −0.5 | 0 | −3 | mean |
# |:--|--:|--:|--:|--:|--:|
# | absolute error $\lvert e \rvert$, called **L1** | 1 | 0.5 | 0 | 3 | 1.125 |
# | squared error $e^2$, called **L2** | 1 | 0.25 | 0 | 9 | 2.5625 |

# %%
e = np.linspace(-3.2, 3.2, 129)
fig, axes = plots.figure(width=6.4, height=3.4)
plots.draw_curves(axes[0, 0], {"L1: |e|": (e, np.abs(e)), "L2: e²": (e, e**2)}, "", "error e", "loss")
for error in (1, -0.5, 0, -3):
    axes[0, 0].plot([error, error], [abs(error), error**2], "o", color=plots.INK, markersize=5)
plots.show(
    fig,
    "Two curves over the error from -3.2 to 3.2. L1 is a V of two straight lines, L2 a parabola. They meet at errors "
    "-1, 0 and 1; dots at the errors 1, -0.5, 0 and -3 show 3 on the V and 9 on the parabola for the last one.",
)

# %% [markdown]
# Below an error of 1 the square forgives, above it the square is harsh: the one error of −3 makes up 9 of the total of
# 10.25.
#
# If a sample has several outputs, its errors are added up along the row. **In this course a loss is the mean over the
# samples of the batch**, never over anything else. Programs differ in that, and a factor of ten in the loss is a factor
# of ten in every step.

# %% [markdown]
# {{exercise: l1_loss}}
#
# Write `l1_loss(predictions, targets)`: absolute errors, added up over a sample's outputs, mean over the samples. Both
# arrays have the same shape, `(batch,)` or `(batch, outputs)`; the result is one number. From the table:
# `l1_loss([3, 1, 2, 0], [2, 1.5, 2, 3])`, all of them arrays, is `1.125`.


# %% exercise="l1_loss"
def l1_loss(predictions, targets):
    """Absolute error, summed over a sample's outputs, mean over the batch: one number."""
    ### BEGIN SOLUTION
    return np.abs(predictions - targets).sum() / len(predictions)
    ### END SOLUTION


# %% [markdown]
# How does the loss change when *one* prediction is raised a little? That is its **slope**, and the table of all these
# slopes is the **gradient**: as many numbers as there are predictions, in the same shape. It points to where the loss
# *grows*. Look at the V: left of zero its slope is −1, right of it +1, whatever the size of the error. At the very tip
# every slope from −1 to 1 is as good as any other. And since the loss is a mean over $N$ samples, each slope counts
# $1/N$.
#
# {{exercise: l1_loss_grad}}
#
# Write `l1_loss_grad(predictions, targets)`: the slope of `l1_loss` for every prediction, in the shape of
# `predictions`. Errors of 1, −0.5, 0.5 and −3 give `[0.25, -0.25, 0.25, -0.25]`. Throughout this course `f_grad` is the
# gradient that belongs to `f`, with respect to its first argument.


# %% exercise="l1_loss_grad"
def l1_loss_grad(predictions, targets):
    """The slope of l1_loss for every prediction, in the shape of predictions."""
    ### BEGIN SOLUTION
    return np.sign(predictions - targets) / len(predictions)
    ### END SOLUTION


# %% [markdown]
# {{exercise: l2_loss}}
#
# Write `l2_loss(predictions, targets)`: the same with squares. The table gives `2.5625`. (Some books halve it, to lose
# a 2 in the slope. We do not.)


# %% exercise="l2_loss"
def l2_loss(predictions, targets):
    """Squared error, summed over a sample's outputs, mean over the batch: one number."""
    ### BEGIN SOLUTION
    return ((predictions - targets) ** 2).sum() / len(predictions)
    ### END SOLUTION


# %% [markdown]
# {{exercise: l2_loss_grad}}
#
# Write `l2_loss_grad(predictions, targets)`. A parabola $e^2$ has slope $2e$: steep far out, flat at the bottom. The
# errors 1, −0.5, 0, −3 give `[0.5, -0.25, 0, -1.5]`.


# %% exercise="l2_loss_grad"
def l2_loss_grad(predictions, targets):
    """The slope of l2_loss for every prediction, in the shape of predictions."""
    ### BEGIN SOLUTION
    return 2 * (predictions - targets) / len(predictions)
    ### END SOLUTION


# %% [markdown]
# **Predict before you run.** Five people measure a table: 2.0, 2.1, 1.9, 2.0, and somebody slips and writes 20. Which
# *single* number has the smallest L1 loss to all five? And the smallest L2 loss?

# %%
if passed("l1_loss", "l2_loss"):
    measured = np.array([2.0, 2.1, 1.9, 2.0, 20.0])
    answers = np.linspace(0, 12, 241)
    curves = {loss.__name__: [loss(np.full(5, a), measured) for a in answers] for loss in (l1_loss, l2_loss)}
    for name, values in curves.items():
        print(f"{name}: lowest, {min(values):.2f}, at {answers[np.argmin(values)]:.2f}")
    print(f"median {np.median(measured):.2f}, mean {np.mean(measured):.2f}")

# %% [markdown]
# L1 is led by the **median** and shrugs the slip off; L2 is led by the **mean**, which one slip drags to 5.6. Neither
# is wrong. Squares are right where large errors are really much worse, absolute values where large errors are
# probably slips.
#
# **Recap.** A loss is one number per batch, its gradient has one slope per prediction. The 1/N of the mean stands in
# both.

# %%
quiz("mean-over-samples")

# %% [markdown]
# ## 2 · How wrong is a probability?
#
# “Is it a cat?” A model answers with a **score** $z$, any number, and the sigmoid makes a probability
# $p = 1/(1 + e^{-z})$ of it. Scores before the sigmoid are also called **logits**. Suppose it said ¾, ½ and ⅕, and the
# truth is yes, no, no. It gave what really happened the probabilities ¾, ½ and ⅘. The **binary cross-entropy** is the
# *surprise* about what happened, $-\ln(\text{probability})$:
#
# | said $p$ | truth $t$ | probability of what happened | surprise |
# |--:|:-:|--:|--:|
# | 0.75 | 1 | 0.75 | 0.288 |
# | 0.5 | 0 | 0.5 | 0.693 |
# | 0.2 | 0 | 0.8 | 0.223 |
# | | | mean | 0.401 |
#
# In one formula, $-t \ln p - (1 - t) \ln(1 - p)$: the target $t$, which is 1 or 0, picks one of the two terms.

# %%
p = np.linspace(0.005, 1, 200)
fig, axes = plots.figure(width=6.4, height=3.4)
plots.draw_curves(
    axes[0, 0],
    {"surprise: -ln p": (p, -np.log(p)), "squared error: (1 - p)²": (p, (1 - p) ** 2)},
    "what it costs to say p when the answer is yes",
    "probability p",
    "loss",
)
for said, text in ((0.75, "0.288"), (0.5, "0.693")):
    axes[0, 0].plot(said, -np.log(said), "o", color=plots.INK)
    axes[0, 0].annotate(text, (said, -np.log(said)), (4, 6), textcoords="offset points")
plots.show(
    fig,
    "Two curves over the probability p of what happened. The surprise falls from above 5 near p = 0 through 0.693 at "
    "one half and 0.288 at three quarters to 0 at p = 1. The squared error never exceeds 1.",
)

# %% [markdown]
# To be sure and wrong costs without limit. That is the point, and also a trap: at $z = -1000$ the probability rounds to
# 0, and the logarithm of 0 is minus infinity. The way out is to put the sigmoid *into* the formula before computing
# anything. With a pencil,
#
# $$-t \ln p - (1 - t)\ln(1 - p) \;=\; \ln(1 + e^{z}) - t z, \qquad
# \ln(1 + e^{z}) = \max(z, 0) + \ln(1 + e^{-|z|}),$$
#
# and nothing on the far right can overflow: $e^{-|z|}$ lies between 0 and 1.

# %% [markdown]
# {{exercise: binary_cross_entropy}}
#
# Write `binary_cross_entropy(logits, targets)`: scores *before* the sigmoid and targets from 0 to 1, both `(batch,)` or
# `(batch, outputs)`; added up over a sample's outputs, mean over the samples. It must be right for scores of ±1000 too:
# a score of 1000 with target 0 costs 1000. The logits $\ln 3$, $0$ and $-\ln 4$, which are the three of the table, give
# 0.401.


# %% exercise="binary_cross_entropy"
def binary_cross_entropy(logits, targets):
    """Surprise about yes or no, summed over a sample's outputs, mean over the batch; finite for every logit."""
    ### BEGIN SOLUTION
    surprise = np.maximum(logits, 0) - logits * targets + np.log1p(np.exp(-np.abs(logits)))
    return surprise.sum() / len(logits)
    ### END SOLUTION


# %% [markdown]
# Its slope is a gift. The slope of $\ln(1 + e^z)$ is $e^z / (1 + e^z) = p$, that of $t z$ is $t$. What remains is
# **what the model said minus what it should have said**.
#
# {{exercise: binary_cross_entropy_grad}}
#
# Write `binary_cross_entropy_grad(logits, targets)`: the slope for every logit, in the shape of `logits`. The three
# samples of the table give $-0.25$, $0.5$ and $0.2$, each divided by 3. (`sigmoid` is imported, and safe at ±1000.)


# %% exercise="binary_cross_entropy_grad"
def binary_cross_entropy_grad(logits, targets):
    """The slope of binary_cross_entropy for every logit, in the shape of logits."""
    ### BEGIN SOLUTION
    return (sigmoid(logits) - targets) / len(logits)
    ### END SOLUTION


# %% [markdown]
# **Predict before you run.** Chapter 5's network uses squared errors behind a sigmoid, as its book does. Take a model
# that is sure and wrong: score −8, and the answer is yes. With which of the two losses will it learn faster from that?

# %%
if passed("binary_cross_entropy_grad"):
    for z in (-8.0, -2.0, 2.0):
        p = sigmoid(z)
        by_entropy = binary_cross_entropy_grad(np.array([z]), np.array([1.0]))[0]
        print(f"score {z:4}: slope {by_entropy:8.5f} with cross-entropy, {2 * (p - 1) * p * (1 - p):8.5f} with squares")

# %% [markdown]
# With squares the slope is almost zero where it is needed most: the sigmoid is flat out there, and its flatness is
# multiplied in. The logarithm takes exactly that factor away.
#
# **Recap.** Cross-entropy is surprise. Work from the score, never from the rounded probability. Slope: said minus
# should.

# %% [markdown]
# ## 3 · How wrong is a choice among many?
#
# Now there are three classes: cat, dog, panda. A linear layer gives one score per class. Three pictures, the true class
# in bold:
#
# | picture | cat | dog | panda |
# |:--|--:|--:|--:|
# | A, a cat | **4.26** | 1.33 | −1.01 |
# | B, a dog | 3.76 | **−1.20** | −3.81 |
# | C, a panda | −2.37 | 1.03 | **−2.27** |
#
# A is right, B and C are wrong. But *how* wrong? There are two schools.
#
# **Probabilities.** Softmax turns the scores of a row into probabilities that add up to 1, and the **cross-entropy** is
# the surprise about the true class, as before. A: 94.5 %, surprise 0.057. B: 0.7 %, surprise 4.97. C: 3.4 %, surprise
# 3.37. (A network that is sure of its panda: scores of −3.44, 1.16 and 3.91 become 0.1 %, 6.0 % and 93.9 %, surprise
# 0.063.)
#
# **Margins.** The **hinge loss** does not care for probabilities. It wants the right score to lead every other by at
# least 1, the *margin*. Each wrong class $j$ that comes closer pays $\max(0,\; s_j - s_{\text{right}} + 1)$; what pays
# is a *violation*:
#
# - A: $1.33 - 4.26 + 1 = -1.93$ and $-1.01 - 4.26 + 1 = -4.27$, both below zero: nothing to pay.
# - B: $3.76 + 1.20 + 1 = 5.96$; $-3.81 + 1.20 + 1 = -1.61$. Together 5.96.
# - C: $-2.37 + 2.27 + 1 = 0.9$ and $1.03 + 2.27 + 1 = 4.3$. Together 5.2.
#
# The mean is $(0 + 5.96 + 5.2)/3 = 3.72$. The **squared hinge** squares every violation: 0, 35.52 and 19.3.

# %% [markdown]
# {{exercise: cross_entropy}}
#
# Write `cross_entropy(logits, labels)`: scores `(batch, classes)` before the softmax, and labels `(batch,)`, whole
# numbers from 0. One number: the mean of $-\ln$ of the probability of each sample's true class. `log_softmax`,
# imported, gives the logarithms of all probabilities in one go, and does not break at scores of ±1000.


# %% exercise="cross_entropy"
def cross_entropy(logits, labels):
    """-log softmax of the true class, mean over the batch; logits (batch, classes), labels (batch,)."""
    ### BEGIN SOLUTION
    return -log_softmax(logits)[np.arange(len(labels)), labels].mean()
    ### END SOLUTION


# %% [markdown]
# {{exercise: cross_entropy_grad}}
#
# Write `cross_entropy_grad(logits, labels)`, shape `(batch, classes)`. It is said minus should once more, for a whole
# row: the softmax, less 1 at the true class, with the 1/N of the mean. Probabilities of ⅛, 2⁄8, 5⁄8, with the third
# class right, give $(\tfrac18, \tfrac28, -\tfrac38)/N$.


# %% exercise="cross_entropy_grad"
def cross_entropy_grad(logits, labels):
    """The slope of cross_entropy for every logit, (batch, classes)."""
    ### BEGIN SOLUTION
    slopes = softmax(logits)
    slopes[np.arange(len(labels)), labels] -= 1
    return slopes / len(labels)
    ### END SOLUTION


# %% [markdown]
# {{exercise: hinge_loss}}
#
# Write `hinge_loss(scores, labels)` for scores `(batch, classes)` and labels `(batch,)`: all violations of a sample
# added up, mean over the samples. The three pictures give 3.72. Mind the right class: compared with itself it would
# always pay 1.


# %% exercise="hinge_loss"
def hinge_loss(scores, labels):
    """Over the wrong classes, the sum of max(0, score - right score + 1); mean over the batch."""
    ### BEGIN SOLUTION
    rows = np.arange(len(labels))
    violations = np.maximum(scores - scores[rows, labels][:, None] + 1, 0)
    violations[rows, labels] = 0
    return violations.sum() / len(labels)
    ### END SOLUTION


# %% [markdown]
# Its slopes: a wrong class inside the margin has slope 1, one outside has 0. The *right* score stands in every
# violation with a minus, so it pays for all of them. For picture C that is $(1, 1, -2)$; for B $(1, -1, 0)$; for A
# nothing. A class *exactly* on the margin sits at a kink: 0, 1, or anything between is right.
#
# {{exercise: hinge_loss_grad}}
#
# Write `hinge_loss_grad(scores, labels)`, shape `(batch, classes)`, with the 1/N.


# %% exercise="hinge_loss_grad"
def hinge_loss_grad(scores, labels):
    """The slope of hinge_loss for every score, (batch, classes)."""
    ### BEGIN SOLUTION
    rows = np.arange(len(labels))
    slopes = (scores - scores[rows, labels][:, None] + 1 > 0).astype(float)
    slopes[rows, labels] = 0
    slopes[rows, labels] = -slopes.sum(axis=1)
    return slopes / len(labels)
    ### END SOLUTION


# %% [markdown]
# {{exercise: squared_hinge_loss}}
#
# Write `squared_hinge_loss(scores, labels)`: every violation squared before anything is added up. The three pictures
# give
# $(0 + 35.5216 + 0.81 + 18.49)/3 = 18.27$.


# %% exercise="squared_hinge_loss"
def squared_hinge_loss(scores, labels):
    """As hinge_loss, every violation squared."""
    ### BEGIN SOLUTION
    rows = np.arange(len(labels))
    violations = np.maximum(scores - scores[rows, labels][:, None] + 1, 0)
    violations[rows, labels] = 0
    return (violations**2).sum() / len(labels)
    ### END SOLUTION


# %% [markdown]
# {{exercise: squared_hinge_loss_grad}}
#
# Write `squared_hinge_loss_grad(scores, labels)`. A square's slope is twice what was squared; the right class pays for
# all. Picture B: $(11.92, -11.92, 0)$, before the 1/N.


# %% exercise="squared_hinge_loss_grad"
def squared_hinge_loss_grad(scores, labels):
    """The slope of squared_hinge_loss for every score, (batch, classes)."""
    ### BEGIN SOLUTION
    rows = np.arange(len(labels))
    slopes = 2 * np.maximum(scores - scores[rows, labels][:, None] + 1, 0)
    slopes[rows, labels] = 0
    slopes[rows, labels] = -slopes.sum(axis=1)
    return slopes / len(labels)
    ### END SOLUTION


# %% [markdown]
# Your three losses on the three pictures, one at a time and together:

# %%
pictures = np.array([[4.26, 1.33, -1.01], [3.76, -1.20, -3.81], [-2.37, 1.03, -2.27]])
truth = np.array([0, 1, 2])

if passed("cross_entropy", "hinge_loss", "squared_hinge_loss"):
    for loss in (cross_entropy, hinge_loss, squared_hinge_loss):
        single = [loss(pictures[i : i + 1], truth[i : i + 1]) for i in range(3)]
        print(f"{loss.__name__:20}", *(f"{value:8.3f}" for value in single), f"   mean {loss(pictures, truth):8.4f}")

# %% [markdown]
# **Predict before you run.** Let the right score lead the only other one by $m$. Which of the losses is exactly 0 from
# some lead on? Which one never lets go? And which is 0 although the answer is wrong?

# %%
if passed("cross_entropy", "hinge_loss", "squared_hinge_loss"):
    lead = np.linspace(-2, 3, 101)
    two = np.stack([lead, np.zeros_like(lead)], axis=1)
    curves = {"right or wrong (0 or 1)": (lead, (lead <= 0) * 1.0)}
    for name, loss in (("hinge", hinge_loss), ("squared hinge", squared_hinge_loss), ("cross-entropy", cross_entropy)):
        curves[name] = (lead, np.array([loss(row[None], np.array([0])) for row in two]))
    plots.plot_curves(
        curves,
        x_label="lead of the right score",
        y_label="loss",
        alt="Four curves over the lead from -2 to 3. Right or wrong jumps from 1 to 0 at lead 0. The hinge falls in a "
        "straight line from 3 to 0 at lead 1 and stays there; the squared hinge falls from 9 to 0 at lead 1; the "
        "cross-entropy falls from 2.1 through 0.69 at lead 0 and is still 0.05 at lead 3.",
    )

# %% [markdown]
# The hinges let go at a lead of 1, cross-entropy never quite does. None is 0 for a wrong answer. But the reverse is not
# true, though one book says so: between a lead of 0 and 1 the answer is *right* and the hinge is *not* 0. And none of
# them *is* what we want, which is the jumping line: that one is flat nearly everywhere, so its slope tells nobody where
# to go. Losses are slopes to slide down on, put in place of a step.
#
# A useful number: a model with no opinion gives each of $K$ classes $1/K$, so its cross-entropy is $\ln K$.

# %%
if passed("cross_entropy"):
    for classes in (2, 3, 10):
        print(f"{classes:2} classes: {cross_entropy(np.zeros((1, classes)), np.array([0])):.4f} = ln {classes}")

# %% [markdown]
# If the first loss that you see in a training on ten classes is far from 2.3, something is wrong before it has begun.
#
# **Recap.** Cross-entropy asks for probability, the hinge for a margin. Both grow with the mistake, and both have
# slopes.

# %%
quiz("hinge-by-hand")

# %%
quiz("zero-hinge")

# %% [markdown]
# ## 4 · How do you know that a slope is right?
#
# By measuring it. The slope of $f$ at $x$ is *defined* as what $\frac{f(x + h) - f(x)}{h}$ approaches as the **nudge**
# $h$ goes to zero. A computer cannot go to zero, but it can take a small $h$. It can also nudge to both sides, which is
# fairer:
#
# $$\text{one side: } \frac{f(x + h) - f(x)}{h} \qquad\qquad \text{both sides: } \frac{f(x + h) - f(x - h)}{2h}$$
#
# For $f(x) = x^3$ at $x = 1$ the slope is 3. With $h = 0.5$, one side gives $(3.375 - 1)/0.5 = 4.75$, both sides
# $(3.375 - 0.125)/1 = 3.25$.
#
# **Predict before you run.** The smaller $h$, the better?

# %%
h = 10.0 ** np.arange(-15, 0.1, 0.25)
one_side = np.abs(((1 + h) ** 3 - 1) / h - 3)
both_sides = np.abs(((1 + h) ** 3 - (1 - h) ** 3) / (2 * h) - 3)
fig, axes = plots.figure(width=7.0, height=3.6)
plots.draw_curves(
    axes[0, 0],
    {"one side": (h, one_side + 1e-17), "both sides": (h, both_sides + 1e-17)},
    "error of the measured slope",
    "nudge h",
    "distance from 3",
)
axes[0, 0].set(xscale="log", yscale="log", ylim=(1e-14, 10))
plots.show(
    fig,
    "Two curves on logarithmic axes over the nudge from 1e-15 to 1. One side is best, about 1e-8, near h = 1e-8; both "
    "sides are best, about 1e-11, near h = 1e-5. For smaller h both get worse again, up to an error near 1.",
)

# %% [markdown]
# Too large, and the curve bends within the nudge; too small, and both values of $f$ agree in nearly all of their
# sixteen digits, so that what is left of their difference is rounding. For two-sided nudges $h = 10^{-5}$ is about
# right. (The *limit* is the exact slope; the quotient at some $h$ is an approximation. One book has it the other way
# round.)

# %% [markdown]
# {{exercise: numerical_gradient}}
#
# Write `numerical_gradient(f, x, h=1e-5)`: `f` takes an array of the shape of `x` and returns one number. The result
# has the shape of `x` and holds, for every entry, the slope measured with a nudge to *both* sides, all other entries
# as they are. `x` may have any number of axes, may be read-only, and may hold whole numbers: work on a floating-point
# copy.
#
# For $f(x) = x_1^2 + x_2^2$ at $(3, -1)$ the answer is $(6, -2)$.


# %% exercise="numerical_gradient"
def numerical_gradient(f, x, h=1e-5):
    """The slope of f at every entry of x, by nudging it by h to both sides; an array of the shape of x."""
    ### BEGIN SOLUTION
    x = np.array(x, dtype=float)
    grad = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        kept = x[place]
        x[place] = kept + h
        above = f(x)
        x[place] = kept - h
        below = f(x)
        x[place] = kept
        grad[place] = (above - below) / (2 * h)
    return grad
    ### END SOLUTION


# %% [markdown]
# Now you can check any gradient of this course, your own first. Every `_grad` that you have written, against nudging:

# %%
LOSSES = ("l1_loss", "l2_loss", "binary_cross_entropy", "cross_entropy", "hinge_loss", "squared_hinge_loss")

if passed("numerical_gradient", *LOSSES, *(f"{name}_grad" for name in LOSSES)):
    rng = np.random.default_rng(0)
    table = rng.normal(size=(5, 3))
    for name in LOSSES:
        loss, loss_grad = globals()[name], globals()[f"{name}_grad"]
        wanted = rng.integers(0, 3, 5) if "hinge" in name or name == "cross_entropy" else rng.random((5, 3))
        measured = numerical_gradient(lambda scores, loss=loss, wanted=wanted: loss(scores, wanted), table)
        print(f"{name:21} largest difference {np.abs(measured - loss_grad(table, wanted)).max():.0e}")

# %% [markdown]
# Why not always nudge, and never think? Because it asks for two losses per number. A small network has 100,000 weights;
# thinking gives all slopes for about the price of three losses.
#
# **Recap.** A slope can be measured: nudge both ways, divide by 2h. Too slow to learn with, perfect to check with.

# %%
quiz("two-sided")

# %% [markdown]
# ## 5 · Which way is down?
#
# The gradient points uphill, so walk the other way, a little, and look again. That is all:
#
# $$W \leftarrow W - \eta \cdot \text{gradient at } W .$$
#
# $\eta$ is the **learning rate**. Let us train the simplest classifier on two inputs: score $z = X W$ (with a bias
# column), probability $\sigma(z)$, binary cross-entropy. By the chain rule, the slope for the weights is
# $X^{\top}$ times the slopes for the scores. One epoch by hand, with two samples $(1, 1)$, yes, and $(-1, 1)$, no (the
# second entry is the bias column), $W = (0, 0)$ and $\eta = 1$:
#
# | | sample 1 | sample 2 |
# |:--|--:|--:|
# | score, probability | 0, 0.5 | 0, 0.5 |
# | loss | 0.693 | 0.693 |
# | (said − should)/N | −0.25 | 0.25 |
# | its part of the gradient, times $x$ | (−0.25, −0.25) | (−0.25, 0.25) |
#
# Gradient $(-0.5, 0)$, so $W$ becomes $(0.5, 0)$. The loss of this epoch, noted *before* the step, is 0.693; that of
# the next will be $\ln(1 + e^{-0.5}) = 0.474$.

# %% [markdown]
# {{exercise: gradient_descent}}
#
# Write `gradient_descent(X, y, W0, learning_rate, epochs)` for this classifier. It returns the pair `W, losses`.
#
# - `X` is `(n, d)` and already has its bias column; `y` is `(n,)` with 0 and 1; `W0` is `(d,)`, floating point.
# - In every epoch: the mean binary cross-entropy of *all* samples at the weights as they are goes into `losses`; then
#   one step. So `losses` has `epochs` entries, and the first is the loss at `W0`.
# - `W0` itself stays as it is.
#
# The two samples above with two epochs give `W = [0.8775, 0]` and `losses = [0.693, 0.474]`, rounded.


# %% exercise="gradient_descent"
def gradient_descent(X, y, W0, learning_rate, epochs):
    """Descend the mean binary cross-entropy of X @ W with all samples at once: W (d,), a list of `epochs` losses."""
    ### BEGIN SOLUTION
    W, losses = W0.copy(), []
    for _ in range(epochs):
        logits = X @ W
        losses.append(binary_cross_entropy(logits, y))
        W = W - learning_rate * X.T @ binary_cross_entropy_grad(logits, y)
    return W, losses
    ### END SOLUTION


# %% [markdown]
# Two clouds of 500 points each, one half to learn from, one half to test on. The test part is put aside *now*.

# %%
points, side = make_blobs(1000, n_features=2, centers=2, cluster_std=1.5, random_state=1)
points = np.column_stack([points, np.ones(len(points))])
order = np.random.default_rng(42).permutation(1000)
X_train, y_train = points[order[:500]], side[order[:500]]
X_test, y_test = points[order[500:]], side[order[500:]]

# %% [markdown]
# **Predict before you run.** Three learning rates: 0.001, 0.1 and 5. (The last one is that of a well-known book, which
# writes 0.01 but takes the *sum* over 500 samples as its gradient.) Which is lowest after five epochs? Which after a
# hundred?

# %%
if passed("gradient_descent"):
    W0 = np.array([1.5, -0.5, 0.5])
    runs = {rate: gradient_descent(X_train, y_train, W0, rate, 100) for rate in (0.001, 0.1, 5.0)}
    fig, axes = plots.figure(width=7.0, height=3.6)
    plots.draw_curves(
        axes[0, 0],
        {f"rate {r}": np.array(losses) for r, (_, losses) in runs.items()},
        "",
        "epoch",
        "mean cross-entropy",
    )
    axes[0, 0].set(yscale="log")
    plots.show(
        fig,
        "The loss over 100 epochs for three rates on a logarithmic axis. 0.001 sinks slowly and steadily and is still "
        "above 3 at the end; 0.1 falls below 0.1 within four epochs; 5 overshoots at first, needs more than forty "
        "epochs to come as low, and ends lowest of all.",
    )
    for rate, (W, losses) in runs.items():
        right = np.mean((X_test @ W > 0) == y_test)
        print(f"rate {rate:5}: loss {losses[0]:.3f} -> {losses[-1]:.5f}, right on the test part {right:.1%}")

# %% [markdown]
# The smallest rate has hardly left. The largest overshoots: its first steps throw the weights far out, and many epochs
# go into mending that. The clouds lie far apart, so that it lands well in the end; a straight cut is easy to find here.
# On harder problems too large a rate never lands. See it for yourself, on a loss of *your own*: the clouds below
# overlap, there are just two weights, and what you see from above is your `binary_cross_entropy`. The star marks the
# lowest place.
#
# **Predict before you move the rate:** what will plain gradient descent do at rate 0.1? At 1? At 3? And which of the
# four is fastest at 0.1?

# %%
if passed("binary_cross_entropy", "binary_cross_entropy_grad"):
    from helpers.widgets import descent_explorer

    near, kind = make_blobs(200, n_features=2, centers=[(-1.5, -0.3), (1.5, 0.3)], cluster_std=2.0, random_state=3)

    def cloud_loss(w):
        return binary_cross_entropy(near @ w, kind)

    def cloud_slopes(w):
        return near.T @ binary_cross_entropy_grad(near @ w, kind)

    descent_explorer(cloud_loss, cloud_slopes, rate=0.1, w1=-2.0, w2=2.0, step=30)

# %% [markdown]
# **Recap.** Descent is one line. The learning rate decides whether it crawls, runs or jumps. One step costs a look at
# *all* samples.

# %%
quiz("rate-too-large")

# %% [markdown]
# ## 6 · Why wait for all samples?
#
# With a million pictures, one step of the last section costs a million scores. But half of the pictures would have told
# nearly the same direction, and 32 of them roughly. So take a small **mini-batch**, step, take the next. One pass
# through all batches is still called an epoch; it now has many steps. That is **stochastic gradient descent**, SGD.
#
# Two rules keep it honest. Every epoch goes through the samples in a **new random order**: data often comes sorted, and
# a batch of nothing but cats teaches “always say cat”. And every sample comes exactly **once** per epoch. With ten
# samples and batches of four:
#
# | | batch 1 | batch 2 | batch 3 |
# |:--|:--|:--|:--|
# | epoch 1 | 7 2 9 0 | 5 1 8 3 | 4 6 |
# | epoch 2 | 3 6 1 4 | 0 9 2 7 | 8 5 |

# %% [markdown]
# {{exercise: minibatches}}
#
# Write `minibatches(X, y, batch_size, rng)`: the samples in a new random order, drawn from `rng`, cut into batches.
# It returns a list of pairs `(X_batch, y_batch)`, or yields them one by one. All batches have `batch_size` samples;
# what is left over makes a shorter last one. `X` is `(n, ...)`, `y` is `(n,)`. Each label must stay with its sample.


# %% exercise="minibatches"
def minibatches(X, y, batch_size, rng):
    """Pairs (X_batch, y_batch) that hold every sample once, in an order drawn from rng; the last may be shorter."""
    ### BEGIN SOLUTION
    order = rng.permutation(len(X))
    parts = [order[start : start + batch_size] for start in range(0, len(X), batch_size)]
    return [(X[part], y[part]) for part in parts]
    ### END SOLUTION


# %% [markdown]
# {{exercise: sgd}}
#
# Write `sgd(X, y, W0, learning_rate, epochs, batch_size, rng)`, which returns `W, losses`: `gradient_descent`, with a
# step after every batch.
#
# - Every epoch asks `minibatches` for new batches.
# - The gradient of a batch is the mean over the samples that *it* has (the last one may have fewer).
# - `losses` has one entry per epoch: the mean, over its batches, of the loss that each batch had before its step.
#
# With `batch_size` at least `n`, it does what `gradient_descent` does.


# %% exercise="sgd"
def sgd(X, y, W0, learning_rate, epochs, batch_size, rng):
    """As gradient_descent, a step for every batch: W (d,), and per epoch the mean loss of its batches."""
    ### BEGIN SOLUTION
    W, losses = W0.copy(), []
    for _ in range(epochs):
        seen = []
        for X_batch, y_batch in minibatches(X, y, batch_size, rng):
            logits = X_batch @ W
            seen.append(binary_cross_entropy(logits, y_batch))
            W = W - learning_rate * X_batch.T @ binary_cross_entropy_grad(logits, y_batch)
        losses.append(np.mean(seen))
    return W, losses
    ### END SOLUTION


# %% [markdown]
# **Predict before you run.** The same clouds, rate 0.01, 20 epochs: batches of 32 against all samples at once. Which is
# ahead after 20 looks at every sample, and roughly how many steps has each taken? (500 samples make 16 batches.)

# %%
if passed("gradient_descent", "sgd"):
    _, all_at_once = gradient_descent(X_train, y_train, W0, 0.01, 20)
    curves = {"all 500, 20 steps": np.array(all_at_once)}
    for size in (128, 32, 4):
        _, losses = sgd(X_train, y_train, W0, 0.01, 20, size, np.random.default_rng(0))
        curves[f"batches of {size}, {20 * -(-500 // size)} steps"] = np.array(losses)
    fig, axes = plots.figure(width=7.6, height=3.4)
    plots.draw_curves(axes[0, 0], curves, "", "epoch", "mean cross-entropy")
    axes[0, 0].set(yscale="log")
    plots.show(
        fig,
        "The loss over 20 epochs for four batch sizes on a logarithmic axis: the smaller the batches, the lower the "
        "curve; all samples at once is highest from the start to the end.",
    )

# %% [markdown]
# Smaller batches, more steps per epoch, and here a lower loss for the same number of looks at the data. Beware of the
# first entries: they are means *during* the first epoch, in which small batches have already learned a lot. (One book
# compares the *sum* over 500 samples in one program with the *mean of sums* over 32 in the other, and concludes that
# SGD is ten times better. Compare per sample, on the same samples, or do not compare.)
#
# More steps are not free: a batch of 4 is a shaky guide. How shaky? Here is one weight's slope, measured on many
# batches of each size, at the same weights:

# %%
if passed("minibatches", "binary_cross_entropy_grad"):
    rng, W = np.random.default_rng(0), np.array([0.2, -0.1, 0.0])
    for size in (1, 4, 16, 64):
        slopes = []
        for _ in range(40):
            for X_batch, y_batch in list(minibatches(X_train, y_train, size, rng))[:5]:
                slopes.append((X_batch.T @ binary_cross_entropy_grad(X_batch @ W, y_batch))[0])
        print(f"batches of {size:2}: slope {np.mean(slopes):6.3f} on average, give or take {np.std(slopes):.3f}")

# %% [markdown]
# Right on average; four times the samples, half the scatter. Batches of 32 to 256 are the usual compromise, and
# computers like them too.
#
# **Predict before you run.** What does the new order buy? Ten digits, sorted by class, one pass, batches of 32, once in
# the order of the data and once in yours.

# %%
digits = load("digits")
P_train, P_test = (np.column_stack([x.reshape(len(x), -1), np.ones(len(x))]) for x in (digits.x_train, digits.x_test))
d_train, d_test = digits.y_train, digits.y_test


def accuracy(W, X, y):
    """The share of rows of X whose highest score in X @ W is that of their label."""
    return np.mean(np.argmax(X @ W, axis=1) == y)


if passed("minibatches", "cross_entropy_grad"):
    by_class = np.argsort(d_train, kind="stable")
    X_sorted, y_sorted = P_train[by_class], d_train[by_class]
    in_order = [(X_sorted[i : i + 32], y_sorted[i : i + 32]) for i in range(0, len(X_sorted), 32)]
    for name, batches in (
        ("sorted", in_order),
        ("shuffled", minibatches(X_sorted, y_sorted, 32, np.random.default_rng(0))),
    ):
        W = np.zeros((65, 10))
        for X_batch, y_batch in batches:
            W = W - 0.5 * X_batch.T @ cross_entropy_grad(X_batch @ W, y_batch)
        said = np.argmax(P_test @ W, axis=1)
        print(f"{name:8}: {accuracy(W, P_test, d_test):.1%} of the test part right; says 9 to {np.mean(said == 9):.0%}")

# %% [markdown]
# The sorted run has seen every digit, and remembers the last ones: it answers 9, whatever it is shown.
#
# ### What must never be in a batch
#
# The test part. It sounds too obvious to say, and one book's SGD does it: it splits the data, and then draws its
# batches from *all* of it. How much can that matter? Here is data with *nothing* to learn: 200 random numbers per
# sample, and labels from a coin. An honest classifier is right half of the time.
#
# **Predict before you run.** What does the leaking one claim?

# %%
if passed("sgd"):
    found = {"trained on the training part": [], "trained on everything": []}
    for seed in range(10):
        rng = np.random.default_rng(seed)
        noise, coins = rng.normal(size=(200, 200)), rng.integers(0, 2, 200)
        for name, size in zip(found, (100, 200), strict=True):  # samples 100 to 199 are the test part
            W, _ = sgd(noise[:size], coins[:size], np.zeros(200), 0.1, 60, 16, rng)
            found[name].append(np.mean((noise[100:] @ W > 0) == coins[100:]))
    for name, accuracies in found.items():
        print(f"{name}: {np.mean(accuracies):.0%} right on the test part, mean of ten tries")

# %% [markdown]
# It has learned the coins by heart, and looks brilliant. Whoever leaks does not see an error message; they see a good
# result. **The test part is for one number at the very end.**
#
# **Recap.** Mini-batches: many shaky steps in place of one steady one. New order every epoch, each sample once,
# training part only.

# %%
quiz("steps-per-epoch")

# %%
quiz("leak")

# %% [markdown]
# ## 7 · How do you get through a long valley?
#
# Where the loss is steep across and flat along, plain descent zigzags: the rate must be small enough for the steep
# direction, and is then far too small for the flat one. A heavy ball would do better. It keeps some of its
# **velocity**, so that pushes that agree add up, and pushes that contradict each other cancel:
#
# $$v \leftarrow \gamma\, v - \eta \cdot \text{gradient}, \qquad w \leftarrow w + v .$$
#
# The velocity $v$ *is* the step. $\gamma$ is what is left of it every time, usually 0.9. On $f(w) = w^2$ with gradient
# $2w$, from $w = 1$, $\eta = 0.1$, $\gamma = 0.9$:
#
# | step | gradient | velocity | $w$ |
# |:-:|--:|--:|--:|
# | 1 | 2 | −0.2 | 0.8 |
# | 2 | 1.6 | −0.18 − 0.16 = −0.34 | 0.46 |
# | 3 | 0.92 | −0.306 − 0.092 = −0.398 | 0.062 |
#
# Plain descent would stand at 0.512. (And what happens in step 4?)

# %% [markdown]
# {{exercise: momentum_step}}
#
# Write `momentum_step(w, grad, velocity, learning_rate, gamma)`, which returns the pair: the new weights and the new
# velocity. All arrays have one shape, whatever it is; none of them may be changed. For `w = [1, -2]`,
# `grad = [2, 0.5]`, `velocity = [0.5, -1]`, rate 0.1 and gamma 0.9: `w = [1.25, -2.95]`, `velocity = [0.25, -0.95]`.


# %% exercise="momentum_step"
def momentum_step(w, grad, velocity, learning_rate, gamma):
    """One step of a heavy ball: the new weights, the new velocity."""
    ### BEGIN SOLUTION
    velocity = gamma * velocity - learning_rate * grad
    return w + velocity, velocity
    ### END SOLUTION


# %% [markdown]
# A ball with momentum overshoots: in step 4 above it rolls through zero to −0.31. Yurii Nesterov's idea: you know that
# the velocity will carry you by $\gamma v$ anyway, so ask for the slope *there*, and you brake before it is too late.
#
# | step | looks at $w + \gamma v$ | gradient there | velocity | $w$ |
# |:-:|--:|--:|--:|--:|
# | 1 | 1 | 2 | −0.2 | 0.8 |
# | 2 | 0.8 − 0.18 = 0.62 | 1.24 | −0.18 − 0.124 = −0.304 | 0.496 |
# | 3 | 0.496 − 0.2736 = 0.2224 | 0.4448 | −0.2736 − 0.04448 = −0.31808 | 0.17792 |

# %% [markdown]
# {{exercise: nesterov_step}}
#
# Write `nesterov_step(w, grad_fn, velocity, learning_rate, gamma)`. In place of the gradient it gets a *function*:
# `grad_fn(place)` is the gradient at any place. It returns the new weights and the new velocity. The table holds three
# steps to compare with.


# %% exercise="nesterov_step"
def nesterov_step(w, grad_fn, velocity, learning_rate, gamma):
    """Momentum whose gradient is taken where the velocity is about to lead: the new weights, the new velocity."""
    ### BEGIN SOLUTION
    return momentum_step(w, grad_fn(w + gamma * velocity), velocity, learning_rate, gamma)
    ### END SOLUTION


# %% [markdown]
# The valley $f(w) = \tfrac12 (0.15\, w_1^2 + 5\, w_2^2)$ is 33 times steeper across than along. **Predict before you
# run:** which of the three is nearest to the bottom after 40 steps at rate 0.1?

# %%
steepness = np.array([0.15, 5.0])


def valley_slopes(w):
    """The gradient of the valley at w (2,)."""
    return steepness * w


if passed("momentum_step", "nesterov_step"):
    walks = {"plain": [np.array([-2.5, 2.0])], "momentum": [np.array([-2.5, 2.0])], "Nesterov": [np.array([-2.5, 2.0])]}
    slow, fast = np.zeros(2), np.zeros(2)
    for _ in range(40):
        walks["plain"].append(walks["plain"][-1] - 0.1 * valley_slopes(walks["plain"][-1]))
        w, slow = momentum_step(walks["momentum"][-1], valley_slopes(walks["momentum"][-1]), slow, 0.1, 0.9)
        walks["momentum"].append(w)
        w, fast = nesterov_step(walks["Nesterov"][-1], valley_slopes, fast, 0.1, 0.9)
        walks["Nesterov"].append(w)
    heights = {name: np.array([0.5 * (steepness * w**2).sum() for w in walk]) for name, walk in walks.items()}
    for name, height in heights.items():
        print(
            f"{name:9}: height {height[0]:.2f} at the start, {height[10]:.3f} after 10 steps, {height[40]:.5f} after 40"
        )

# %%
if passed("momentum_step", "nesterov_step"):
    fig, axes = plots.figure(1, 2, width=9.2, height=3.4, width_ratios=[1.3, 1])
    across, along = np.meshgrid(np.linspace(-3, 3, 121), np.linspace(-3, 3, 121))
    axes[0, 0].contour(across, along, 0.5 * (0.15 * across**2 + 5 * along**2), 14, colors=plots.FRAME, linewidths=0.8)
    for name, walk in walks.items():
        axes[0, 0].plot(*np.array(walk).T, marker=".", label=name, linewidth=1.3)
    axes[0, 0].plot(0, 0, "*", color=plots.COLOURS["purple"], markersize=14)
    axes[0, 0].set(xlabel="weight w1", ylabel="weight w2", xlim=(-3, 3), ylim=(-3, 3))
    plots.draw_curves(axes[0, 1], heights, "", "step", "height")
    axes[0, 1].set(yscale="log")
    plots.show(
        fig,
        "Left: three paths over the contour lines of a long valley, from the upper left to the star at the bottom. "
        "Plain descent drops into the valley and then creeps along it; momentum swings widely from wall to wall "
        "and runs past; Nesterov's path swings less. Right: the height over 40 steps, on a logarithmic axis.",
    )

# %% [markdown]
# Momentum runs, but swings from wall to wall; Nesterov's look ahead damps the swings. (The steep direction is where it
# helps; along the valley both run alike.) Neither is always best: on a round bowl plain descent with a good rate needs
# no help, and with very noisy batches the look ahead sees mostly noise. Try the course's surfaces, with batches of 64
# noisy samples.
#
# **Predict before you try:** in the long valley, from which rate on does plain descent fly off? Does momentum allow a
# larger or a smaller one? What do batches of 1 do to each of the four? (Adam, the fourth, comes in chapter 8.)

# %%
if passed("momentum_step", "nesterov_step"):
    from helpers.widgets import descent_explorer

    descent_explorer(surface="long valley", rate=0.1, momentum=0.9, w1=-2.5, w2=2.0, step=40)

# %% [markdown]
# **Recap.** Momentum remembers its step: $v$ is what the step was, $\gamma$ what is kept. Nesterov asks for the slope
# where it is about to be. Both cost one gradient per step, like plain descent.

# %%
quiz("momentum-by-hand")

# %% [markdown]
# ## 8 · One softmax, or ten times yes or no?
#
# There are two ways to ten classes. **Softmax**: ten scores, *one* set of probabilities, cross-entropy.
# **One-vs-rest**: ten separate yes-or-no classifiers, “is it a 0?”, “is it a 1?”, each with its own sigmoid; the
# loudest yes wins. The second needs nothing but your `sgd`, ten times. Here is what the first needs; it works with
# any loss of section 3:


# %%
def train(X, y, loss_grad, price=None, learning_rate=0.5, epochs=30, seed=0, classes=10):
    """Train a linear classifier by SGD: W (inputs, classes). `price`, a kind and a strength, is for section 9."""
    rng = np.random.default_rng(seed)
    W = np.zeros((X.shape[1], classes))
    for _ in range(epochs):
        for X_batch, y_batch in minibatches(X, y, 32, rng):
            slopes = X_batch.T @ loss_grad(X_batch @ W, y_batch)
            W = W - learning_rate * (slopes + penalty_grad(W, *price) if price else slopes)
    return W


# %% [markdown]
# **Predict before you run.** Which of the four is most accurate on the 450 test digits? By how much?

# %%
if passed("minibatches", "sgd", "cross_entropy_grad", "hinge_loss_grad", "squared_hinge_loss_grad"):
    rng = np.random.default_rng(0)
    one_vs_rest = [sgd(P_train, (d_train == k) * 1, np.zeros(65), 0.5, 30, 32, rng)[0] for k in range(10)]
    models = {"one-vs-rest": np.stack(one_vs_rest, axis=1)}
    models["softmax"] = train(P_train, d_train, cross_entropy_grad)
    models["hinge"] = train(P_train, d_train, hinge_loss_grad, learning_rate=0.05)
    models["squared hinge"] = train(P_train, d_train, squared_hinge_loss_grad, learning_rate=0.02)
    for name, W in models.items():
        print(
            f"{name:14} training part {accuracy(W, P_train, d_train):.1%}, test part {accuracy(W, P_test, d_test):.1%}"
        )

# %% [markdown]
# A point or two between them: on this test part that is five or ten digits, and section 10 asks whether it means
# anything. The difference that *does* matter is what the numbers say. Add up the probabilities of all ten classes:

# %%
if passed("minibatches", "sgd", "cross_entropy_grad", "hinge_loss_grad", "squared_hinge_loss_grad"):
    shared = softmax(P_test @ models["softmax"]).sum(axis=1)
    apart = sigmoid(P_test @ models["one-vs-rest"]).sum(axis=1)
    print(f"softmax:     sums from {shared.min():.3f} to {shared.max():.3f}")
    print(f"one-vs-rest: sums from {apart.min():.3f} to {apart.max():.3f}")
    confused = sigmoid(P_test @ models["one-vs-rest"]).max(axis=1) < 0.5
    print(f"one-vs-rest says no to all ten digits for {np.sum(confused)} of {len(P_test)} pictures")

# %% [markdown]
# Ten separate answers need not agree: some pictures get no yes at all, others two. That is right where a picture may
# show several things, or none. Where exactly one class is true, one softmax says it in one voice.
#
# Which of the two does a library use? scikit-learn's `SGDClassifier(loss="log_loss")`, which a book introduces as a
# softmax classifier, gives itself away:

# %%
from sklearn.linear_model import SGDClassifier

library = SGDClassifier(loss="log_loss", max_iter=30, tol=None, random_state=0).fit(P_train, d_train)
scores = library.decision_function(P_test)
separate = sigmoid(scores) / sigmoid(scores).sum(axis=1, keepdims=True)
said = library.predict_proba(P_test)
print(f"farthest from ten sigmoids, scaled to add up to 1: {np.abs(said - separate).max():.1e}")
print(f"farthest from one softmax:                         {np.abs(said - softmax(scores)).max():.2f}")

# %% [markdown]
# Ten sigmoids. One-vs-rest.
#
# **Recap.** Softmax: classes share one probability. One-vs-rest: every class is asked on its own. Know which one your
# program trains.

# %%
quiz("softmax-or-ovr")

# %% [markdown]
# ## 9 · What is wrong with large weights?
#
# The clouds of section 5 can be parted perfectly. So twice the weights part them too, with more certainty and a lower
# loss; and three times. The loss alone never says “enough”. With few samples that is dangerous: large weights are a way
# to learn accidents by heart. **Regularisation** puts a price on them. The loss becomes
#
# $$\text{data loss} \;+\; \lambda R(W), \qquad R_{L1} = \sum \lvert w \rvert, \qquad R_{L2} = \sum w^2, \qquad
# R_{\text{elastic}} = m R_{L1} + (1 - m) R_{L2},$$
#
# with a *strength* $\lambda$ and, for the **elastic net**, a *mix* $m$ between 0 and 1. For
# $W = \begin{bmatrix} 1 & -2 \\ 3 & 0.5 \end{bmatrix}$ the sums are $R_{L1} = 6.5$ and $R_{L2} = 14.25$, and with
# $m = \tfrac12$ the mixture is $10.375$.

# %% [markdown]
# {{exercise: penalty}}
#
# Write `penalty(w, kind, strength, mix=0.5)`: strength times the sum that `kind` names, `"l1"`, `"l2"` or
# `"elastic_net"`. `mix` is the share of L1 in the elastic net; the other kinds ignore it. Any other kind raises
# `ValueError`. `w` has any shape.


# %% exercise="penalty"
def penalty(w, kind, strength, mix=0.5):
    """The price of the weights w: "l1", "l2" or "elastic_net" (a share `mix` of L1, the rest L2); one number."""
    ### BEGIN SOLUTION
    shares = {"l1": 1.0, "l2": 0.0, "elastic_net": mix}
    if kind not in shares:
        raise ValueError(f"kind is 'l1', 'l2' or 'elastic_net', not {kind!r}")
    share = shares[kind]
    return strength * (share * np.abs(w).sum() + (1 - share) * (w**2).sum())
    ### END SOLUTION


# %% [markdown]
# {{exercise: penalty_grad}}
#
# Write `penalty_grad(w, kind, strength, mix=0.5)`: how the price changes with every weight, in the shape of `w`. The
# slope of $w^2$ is $2w$, that of $\lvert w \rvert$ is its sign (at 0, anything from −1 to 1 is right). For the matrix
# above, L2 with strength 0.1 gives $\begin{bmatrix} 0.2 & -0.4 \\ 0.6 & 0.1 \end{bmatrix}$. Unknown kinds raise
# `ValueError`.


# %% exercise="penalty_grad"
def penalty_grad(w, kind, strength, mix=0.5):
    """The slope of penalty for every weight, in the shape of w."""
    ### BEGIN SOLUTION
    shares = {"l1": 1.0, "l2": 0.0, "elastic_net": mix}
    if kind not in shares:
        raise ValueError(f"kind is 'l1', 'l2' or 'elastic_net', not {kind!r}")
    share = shares[kind]
    return strength * (share * np.sign(w) + (1 - share) * 2 * w)
    ### END SOLUTION


# %% [markdown]
# The price belongs to the loss, so its *gradient* is descended like the rest:
#
# $$W \leftarrow W - \eta\, (\text{gradient of the data loss} + \text{gradient of the penalty}).$$
#
# One book has it $W \leftarrow W - \eta\, \text{gradient} + \lambda R(W)$. Two slips in one formula: the sign, and
# $R$ in place of its gradient: a single number, added to every weight alike.
#
# **Predict before you run.** A weight of 0.5, no data at all, strength 0.5, rate 0.1. What becomes of it in ten steps
# by either rule?

# %%
if passed("penalty", "penalty_grad"):
    ours, book = np.array([0.5]), np.array([0.5])
    for step in range(1, 11):
        ours = ours - 0.1 * penalty_grad(ours, "l2", 0.5)
        book = book + penalty(book, "l2", 0.5)
        if step in (1, 2, 3, 5, 10):
            print(f"step {step:2}: {ours[0]:.4f} with the minus, {book[0]:.4g} with the book's plus")

# %% [markdown]
# With the minus a weight *decays*, by the same share in every step; that is why L2 is also called **weight decay**.
# With the plus it explodes.
#
# Now something to learn, with accidents in it: 120 digits for 650 weights, and a quarter of their labels are drawn anew
# at random. Whoever gets *those* right has learned by heart. (The bias column is priced along here. Usually biases are
# left out, since a bias alone cannot learn accidents.)


# %%
def with_accidents(seed):
    """120 training digits, a quarter of their labels redrawn: pixels, labels, and the positions of all other digits."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(P_train))
    labels, redrawn = d_train[order[:120]].copy(), rng.random(120) < 0.25
    labels[redrawn] = rng.integers(0, 10, redrawn.sum())
    return P_train[order[:120]], labels, order[120:]


# %% [markdown]
# **Predict before you run.** From no price to a high one: what happens to the accuracy on the 120 that were learned?
# And on the test part?

# %%
if passed("penalty_grad", "cross_entropy_grad", "minibatches"):
    X_few, y_few, _ = with_accidents(3)
    W_of = {}
    for price in (None, ("l2", 0.003), ("l2", 0.01), ("l2", 0.1), ("l1", 0.003), ("elastic_net", 0.006)):
        W = W_of[price] = train(X_few, y_few, cross_entropy_grad, price, 0.5, 200)
        print(
            f"{price or 'no penalty'!s:22} learned {accuracy(W, X_few, y_few):.0%}, "
            f"test {accuracy(W, P_test, d_test):.1%}, largest weight {np.abs(W).max():.2f}, "
            f"below 0.01: {np.mean(np.abs(W) < 0.01):.0%}"
        )

# %% [markdown]
# Without a price nearly all accidents are learned, and the test part pays for it. A moderate price takes the first and
# gives the second. Too high, and even what is true is not learned any more: that is **underfitting**; its opposite,
# learning accidents, is **overfitting**.
#
# L2 shrinks all weights. L1 pushes the small ones to zero, because its push is the same however small a weight has
# become. (A sixth is at zero in any case: pixels that are always blank.) Here are the weights of the digit 3, as
# pictures:

# %%
if passed("penalty_grad", "cross_entropy_grad", "minibatches"):
    fig, axes = plots.figure(1, 3, width=7.6, height=3.0)
    for ax, price, title in zip(
        axes[0], (None, ("l2", 0.01), ("l1", 0.003)), ("no penalty", "L2, 0.01", "L1, 0.003"), strict=True
    ):
        plots.draw_signed(ax, W_of[price][:64, 3].reshape(8, 8), title, limit=1.5)
    plots.show(
        fig,
        "The 64 weights of the digit 3 as 8 by 8 pictures, red above zero and blue below, all on one scale. Without "
        "penalty most pixels have a strong colour; with L2 the pattern is much the same and far paler; with L1 a few "
        "strong pixels are left, and the others are white.",
    )

# %% [markdown]
# (With steps of finite size an L1 weight does not rest at 0, it trembles about it by up to rate times strength. Solvers
# that set it to exactly 0 take the penalty's step apart from the others.)
#
# **Recap.** A penalty is part of the loss, and its gradient part of the step, with a minus. L2 shrinks everything, L1
# empties, the elastic net does some of both.

# %%
quiz("penalty-sign")

# %%
quiz("l1-or-l2")

# %% [markdown]
# ## 10 · Better, or just luckier?
#
# A book trains a linear classifier on pictures of cats, dogs and pandas, and tests on 750 of them: 50.4 % without a
# penalty, 52.5 % with L1, 55.1 % with L2. So L2 is best?
#
# Think of 750 tosses of a coin that shows heads in 52 of 100 cases. Another 750 tosses give another percentage. How far
# apart such percentages lie is the **standard error**,
#
# $$\sqrt{\frac{p\,(1 - p)}{n}} = \sqrt{\frac{0.52 \cdot 0.48}{750}} = 0.018,$$
#
# that is 1.8 points. Two of three results fall within 1.8 points of the truth, one of three does not. A *difference*
# between two such percentages shakes more: $\sqrt{2} \cdot 1.8 = 2.6$ points.
#
# **Predict before you run.** Three classifiers that are *exactly equally good*, each tested on its own 750 pictures.
# How often will the best of them look at least 4.7 points better than the worst, as in the book?

# %%
rng = np.random.default_rng(0)
equal = rng.binomial(750, 0.527, size=(20_000, 3)) / 750
gaps = np.ptp(equal, axis=1)
print(f"standard error of one accuracy: {100 * equal[:, 0].std():.2f} points")
print(f"best and worst of three equals differ by 2.1 points or more: {np.mean(gaps >= 0.021):.0%} of the time")
print(f"by 4.67 points or more, as in the book:                      {np.mean(gaps >= 0.0467):.0%} of the time")

# %%
fig, axes = plots.figure(width=6.4, height=3.0)
axes[0, 0].hist(100 * gaps, bins=np.arange(0, 12, 0.5), color=plots.COLOURS["blue"], edgecolor="white")
axes[0, 0].axvline(4.67, color=plots.COLOURS["vermilion"], label="the book's gap, 4.67")
axes[0, 0].set(xlabel="best minus worst of three equals (percentage points)", ylabel="of 20,000 trials")
axes[0, 0].legend(frameon=False)
plots.show(
    fig,
    "How far the best and the worst of three equally good classifiers lie apart when each is tested on 750 pictures: "
    "most often about 3 points, and beyond the book's 4.67 points about one time in six.",
)

# %% [markdown]
# About one time in six, by luck alone. That does not prove that L2 is no better. It says that this experiment cannot
# tell. Two things make experiments sharper:
#
# - **The same test pictures for both.** Then easy and hard pictures are the same for both, and only those count on
#   which they *disagree*. If one is right on $b$ pictures where the other is wrong, and wrong on $c$ where the other is
#   right, the difference is $(b - c)/n$, and its standard error about $\sqrt{b + c}/n$.
# - **Repeat everything**, with other splits and other seeds, and look at the scatter.
#
# Both for the digits with accidents of section 9: ten draws of 120 digits, each time with and without the price, on the
# *same* digits, and checked on the same 1,227 others (of the training part: the test part is for the end). Once with
# the book's strength of L2, 0.0001, once with 0.01.
#
# **Predict before you run.** Which of the two makes a difference that is more than luck?

# %%
if passed("penalty_grad", "cross_entropy_grad", "minibatches"):
    for strength in (0.0001, 0.01):
        gains = []
        for seed in range(10):
            X_few, y_few, rest = with_accidents(seed)
            plain, priced = (
                np.argmax(P_train[rest] @ train(X_few, y_few, cross_entropy_grad, price, 0.5, 150, seed), axis=1)
                for price in (None, ("l2", strength))
            )
            better = (priced == d_train[rest]) & (plain != d_train[rest])
            worse = (priced != d_train[rest]) & (plain == d_train[rest])
            gains.append(100 * (better.sum() - worse.sum()) / len(rest))
            if seed == 0:
                print(
                    f"strength {strength}, first draw: better on {better.sum()}, worse on {worse.sum()} of {len(rest)}"
                )
        error = np.std(gains, ddof=1) / np.sqrt(10)
        print(f"gain over ten draws: {np.mean(gains):+.2f} points, standard error {error:.2f}")

# %% [markdown]
# A gain of less than twice its standard error may well be luck; then write “no difference found”, not “no
# difference”: a small one may still be there. The gain of the stronger price is several standard errors large. *That*
# is how L2 shows that it helps: where there are accidents to learn, and enough repetitions to see it. The gain of the
# book's strength is a fraction of a point. Comparing the same digits is so sharp that even this may stand out from
# the noise, but two more digits in a thousand are nothing that 750 pictures could have shown.
#
# **Recap.** An accuracy on $n$ samples is uncertain by $\sqrt{p(1-p)/n}$. Give it with every result. Compare on the
# same samples, repeat, and do not crown the winner of a lottery.

# %%
quiz("standard-error")

# %%
quiz("noise")

# %% [markdown]
# ## 11 · For a long evening: cats, dogs and deer
#
# The book's pictures are not free to pass on, but CIFAR-10 has cats, dogs and deer, 5,000 of each to learn from and
# 1,000 of each to test on, 32 × 32 pixels in colour. A linear classifier on the bare pixels, without a penalty, with L1
# and with L2, three seeds each. Set `LONG_RUN = True`; the data set is downloaded once (170 MB) unless it is on this
# computer already. Before you start: what is the standard error of an accuracy near 55 % on 3,000 pictures?

# %%
LONG_RUN = False

if LONG_RUN and passed("penalty_grad", "cross_entropy_grad", "minibatches"):
    cifar = load("cifar10")
    print(cifar, cifar.note, sep="\n")
    animals = [cifar.class_names.index(name) for name in ("cat", "dog", "deer")]
    parts = []
    for images, labels in ((cifar.x_train, cifar.y_train), (cifar.x_test, cifar.y_test)):
        chosen = np.isin(labels, animals)
        pixels = images[chosen].reshape(np.sum(chosen), -1) / 255 - 0.5
        parts += [np.column_stack([pixels, np.ones(len(pixels))]), np.array([animals.index(c) for c in labels[chosen]])]
    X_long, y_long, X_last, y_last = parts
    for kind in (None, "l1", "l2"):
        found = [
            accuracy(
                train(X_long, y_long, cross_entropy_grad, kind and (kind, 1e-3), 0.01, 20, seed, 3), X_last, y_last
            )
            for seed in range(3)
        ]
        print(f"{kind or 'none':5} {' '.join(f'{value:.1%}' for value in found)}")

# %% [markdown]
# ## What the book got wrong
#
# This chapter follows a well-known book. Redoing its sums and running its programs turned up:
#
# - **The test part in the batches.** Its SGD loops over *all* data, test part included (section 6), and reports 100 %
#   on the test part.
# - **Never shuffled**, although its text asks for it (section 6). Data in random order hides that.
# - **Two losses that cannot be compared.** Full-batch descent logs the sum over 500 samples, SGD the mean of sums over
#   32. “Ten times lower” is that difference; per sample, the full batch had the lower loss (4.3 against 11.9, in units
#   of $10^{-5}$).
# - **One loss shown, another descended.** The program prints squared errors, but $X^{\top}(p - y)$ is the gradient of
#   the *cross-entropy*; squared errors would need $2(p - y)\,p\,(1 - p)$.
# - **A plus for a minus.** The update with a penalty *adds* $\lambda R(W)$ (section 9).
# - **An elastic net that does not mix.** L1 in full plus $\beta$ times L2 (13.625 for the matrix of section 9, with
#   $\beta = \tfrac12$) has no setting that gives pure L2. Ours has.
# - **“Correct if and only if the loss is 0.”** A hinge of 0 means right; right does not mean a hinge of 0 (section 3).
#   Its formula for the probability of the true class also has the wrong index, and “$i \neq j$” where $j \neq y$ is
#   meant.
# - **The limit as the approximation.** It is the other way round (section 4).
# - **“Softmax classifier”** for what is one-vs-rest (section 8). The name of that loss has changed as well: `"log"` is
#   refused today, `"log_loss"` is right.
# - **Within noise.** 50.4, 52.5 and 55.1 % on 750 pictures (section 10); the author does say that the split
#   matters. The pixels go in as 0 to 255, which for a fixed rate of 0.01 makes far too large steps: scale them.
# - **Slips of the pen.** “Random weights, uniform between 0 and 1” come from the normal distribution; a rate of 0.1 in
#   the text is 0.01 in the program; a support of 50 should be 500; and nothing fixes the seed of the weights, so that
#   nobody can repeat the numbers.

# %% [markdown]
# ## Recap
#
# - A loss is one number per batch, a mean over samples. Its gradient carries the same 1/N.
# - L1 follows the median, L2 the mean. Cross-entropy is surprise, the hinge wants a margin.
# - Said minus should: the slope of cross-entropy, for yes or no and for many classes.
# - Check every gradient by nudging both ways.
# - Descent: minus the rate times the gradient. Batches: new order every epoch, each sample once, never the test part.
# - Momentum keeps its step; Nesterov looks ahead.
# - A penalty's gradient is descended too. L2 shrinks, L1 empties.
# - $\sqrt{p(1 - p)/n}$ belongs to every accuracy.
#
# **Next**: all of this needed the slope for *one* layer. Chapter 5 finds it for any number of layers.
