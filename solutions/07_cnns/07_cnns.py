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
# # 7 · Convolutional neural networks
#
# In chapter 6 you built the parts: convolution, pooling, and the way back through both. In this chapter you put them
# together, until a network made of your own code reads handwritten digits, in NumPy and in Keras, with the same
# numbers.
#
# **At the end you can**
#
# - follow a picture through a network and say every shape, every parameter count and how far each neuron sees;
# - write batch normalisation and dropout, forward and backward, and say what they do at test time;
# - build ShallowNet, LeNet and MiniVGGNet in Keras, and a LeNet out of your own layers, and show that both agree;
# - look at what a layer has learned, and measure what a network makes of a picture that has moved.
#
# **Time**: about four hours and a half, of which the exercises take three and a quarter. Two or three sittings are
# wise; the
# sections after *Dropout* are a good place to pause.
#
# You need chapter 5 (the chain rule, `softmax_cross_entropy`) and chapter 6. What you wrote there waits for you in
# `helpers.kernels`, under the same names.

# %%
import numpy as np

from helpers import kernels, plots
from helpers.checks import evaluate, hint, passed
from helpers.data import load
from helpers.quiz import quiz

CHAPTER = "07_cnns"

# %% [markdown]
# ## What happens to a picture on its way to a class?
#
# A **convolutional neural network**, CNN for short, is a stack of layers. The early ones work on *maps*: arrays
# (height, width, channels) in which every position still belongs to a place in the picture. Convolutions make the
# maps
# deeper, pools make them smaller. Then the last map is laid out as one long vector (*flatten*), and dense layers
# decide.
#
# Nearly all such networks follow one pattern:
#
# $$\text{input} \to \big[[\text{conv} \to \text{ReLU}] \times N \to \text{pool}\big] \times M \to \text{flatten} \to
# [\text{dense} \to \text{ReLU}] \times K \to \text{dense}$$
#
# With $N = 1$, $M = 2$, $K = 1$ this is **LeNet**, in the form that many books use: 20 and 50 filters of 5 × 5, two
# 2 × 2
# pools, 500 units. In this chapter we write a network down as a list of such descriptions:

# %%
LENET = [
    {"type": "conv", "filters": 20, "kernel": 5, "stride": 1, "pad": 2},
    {"type": "relu"},
    {"type": "pool", "size": 2, "stride": 2},
    {"type": "conv", "filters": 50, "kernel": 5, "stride": 1, "pad": 2},
    {"type": "relu"},
    {"type": "pool", "size": 2, "stride": 2},
    {"type": "flatten"},
    {"type": "dense", "units": 500},
    {"type": "relu"},
    {"type": "dense", "units": 10},
]  # fmt: skip

# %% [markdown]
# Here is its journey for a 28 × 28 picture in grey. Maps shrink, and get deeper; then they become a vector.

# %%
fig, axes = plots.figure(width=7.6, height=2.8)
ax, left = axes[0, 0], 0.0
for side, depth, name in [
    (28, 1, "input"),
    (28, 20, "conv 20"),
    (14, 20, "pool"),
    (14, 50, "conv 50"),
    (7, 50, "pool"),
]:
    width = 3 + depth / 3
    ax.bar(left, side, width, bottom=-side / 2, align="edge", color=plots.COLOURS["blue"], edgecolor=plots.CARD)
    ax.text(left + width / 2, side / 2 + 1, f"{name}\n{side} × {side} × {depth}", ha="center", va="bottom", size=9)
    left += width + 12
for length, name in [(2450, "flatten"), (500, "dense"), (10, "dense")]:
    ax.bar(left, 28 * (length / 2450) ** 0.4, 2, bottom=-14 * (length / 2450) ** 0.4, color=plots.COLOURS["vermilion"])
    ax.text(left, 14 * (length / 2450) ** 0.4 + 1, f"{name}\n{length}", ha="center", va="bottom", size=9)
    left += 11
ax.set_ylim(-15, 24)
ax.set_axis_off()
plots.show(
    fig,
    alt="LeNet as a row of boxes: 28 by 28 by 1, then 28 by 28 by 20, 14 by 14 by 20, 14 by 14 by 50, 7 by 7 by 50, "
    "then bars for vectors of 2450, 500 and 10 numbers. Heights show the sides of the maps, widths their depth.",
)

# %% [markdown]
# Each number follows from the arithmetic of chapter 6. Along one axis of $n$ pixels, windows of size $k$ with stride
# $s$
# and $p$ pixels of padding *on each side* fit
#
# $$\frac{n + 2p - k}{s} + 1 \text{ times.}$$
#
# The first convolution: $(28 + 2 \cdot 2 - 5) / 1 + 1 = 28$. The first pool: $(28 - 2) / 2 + 1 = 14$. After the last
# pool, $7 \cdot 7 \cdot 50 = 2450$.
#
# **Predict before you run.** A picture of 32 × 48 pixels goes into the same list of layers. What is the shape after
# the
# second pool? Which layer would complain about 30 × 30 pixels?
#
# {{exercise: layer_shapes}}
#
# Write `layer_shapes(layers, input_shape)`: the shape that comes out of each layer, as a list as long as `layers`.
# Shapes are
# tuples of whole numbers for *one* picture: `(28, 28, 20)` for a map, `(500,)` for a vector, no batch axis.
#
# - `conv` has `filters` and `kernel`; `stride` (1) and `pad` (0) may be left out.
# - `pool` has `size`; `stride` may be left out and is then `size`.
# - `flatten`; `dense` with `units`; and `relu`, `batch_norm` and `dropout`, which keep every shape.
#
# Pictures need not be square. Layers that do not fit raise `ValueError`: a window larger than the padded map, a
# stride that does
# not divide, a convolution after `flatten`. `kernels.output_size` is yours to use. Leave the list as it is.


# %% exercise="layer_shapes"
def layer_shapes(layers, input_shape):
    """The shape after each layer, without the batch axis: a list as long as `layers`."""
    ### BEGIN SOLUTION
    shapes, shape = [], tuple(input_shape)
    for layer in layers:
        kind = layer["type"]
        if kind in ("conv", "pool"):
            if len(shape) != 3:
                raise ValueError(f"{kind} needs a map (height, width, channels), not {shape}")
            window = layer["kernel"] if kind == "conv" else layer["size"]
            stride = layer.get("stride", 1 if kind == "conv" else window)
            sides = [kernels.output_size(n, window, stride, layer.get("pad", 0)) for n in shape[:2]]
            shape = (*sides, layer.get("filters", shape[2]))
        elif kind == "flatten":
            shape = (int(np.prod(shape)),)
        elif kind == "dense":
            shape = (layer["units"],)
        shapes.append(shape)
    return shapes
    ### END SOLUTION


# %% [markdown]
# Your function, and the picture above:

# %%
if passed("layer_shapes"):
    for layer, shape in zip(LENET, layer_shapes(LENET, (28, 28, 1))):
        print(f"{layer['type']:8} {tuple(shape)}")
    print("32 x 48 pictures, after the second pool:", tuple(layer_shapes(LENET, (32, 48, 1))[5]))

# %% [markdown]
# **Recap.** Convolutions with enough padding keep the size and set the depth; pools halve the size and keep the
# depth. Sides that
# can be halved several times (28, 32, 64, 224) make life easy.

# %% [markdown]
# ## Where are the parameters?
#
# A network is as large as the numbers that have to be stored. One filter of LeNet's first layer is a 5 × 5 kernel
# for one
# channel, plus one bias: 26 numbers, whatever the size of the picture. Twenty of them make 520. A filter of the
# second
# convolution reads 20 channels at once: $5 \cdot 5 \cdot 20 + 1 = 501$ numbers, times 50 filters.

# %%
LENET_COUNTS = {"conv 20": 520, "conv 50": 25_050, "dense 500": 1_225_500, "dense 10": 5_010}
fig, axes = plots.figure(width=6.4, height=2.2)
ax = axes[0, 0]
ax.barh(list(LENET_COUNTS), list(LENET_COUNTS.values()), color=plots.COLOURS["blue"])
for row, count in enumerate(LENET_COUNTS.values()):
    ax.text(count + 15_000, row, f"{count:,}", va="center")
ax.set(xlim=(0, 1_500_000), xticks=[], title="LeNet for 28 × 28: 1,256,080 parameters")
ax.invert_yaxis()
plots.show(fig, alt="Bars of LeNet's parameters: 520, 25,050, 1,225,500 in the dense layer of 500 units, and 5,010.")

# %% [markdown]
# Nearly all sit in *one* dense layer. The convolutions, which do the seeing, are cheap, because a filter is shared
# by all
# positions.
#
# **Predict before you run.** Pictures twice as wide and twice as high: by how much does the number of parameters of
# the
# convolutions grow? And that of the first dense layer?
#
# {{exercise: count_parameters}}
#
# Write `count_parameters(layers, input_shape)`: how many numbers the network holds, as one `int`. Convolutions and
# dense layers
# have weights and biases. `batch_norm`, which comes further down, has **four** numbers per channel: two that it
# learns and two
# that it remembers. For a vector, every entry counts as a channel. The other layers hold nothing. Where
# `layer_shapes` raises
# `ValueError`, so does this.
#
# To check yourself: LeNet on 28 × 28 × 1 has 1,256,080; the multilayer perceptron 784-256-128-10 has 235,146.


# %% exercise="count_parameters"
def count_parameters(layers, input_shape):
    """How many numbers the network holds: weights, biases, and four per channel of batch norm."""
    ### BEGIN SOLUTION
    total = 0
    inputs = [tuple(input_shape), *layer_shapes(layers, input_shape)]
    for layer, shape in zip(layers, inputs):
        if layer["type"] == "conv":
            total += (layer["kernel"] ** 2 * shape[-1] + 1) * layer["filters"]
        elif layer["type"] == "dense":
            total += (shape[-1] + 1) * layer["units"]
        elif layer["type"] == "batch_norm":
            total += 4 * shape[-1]
    return total
    ### END SOLUTION


# %%
if passed("count_parameters"):
    for side in (28, 56, 112):
        part, whole = (count_parameters(layers, (side, side, 1)) for layers in (LENET[:6], LENET))
        print(f"{side:3} x {side:3}: {part:,} in convolutions, {whole:,} in all")

# %% [markdown]
# Storing is one cost. Two others: the **memory** for the maps, which training must keep for the way back, and the
# **multiplications**, which take the time. They sit elsewhere:

# %%
if passed("layer_shapes", "count_parameters"):
    before = (28, 28, 1)
    print("layer       parameters   numbers in map   multiplications")
    for i, (layer, shape) in enumerate(zip(LENET, layer_shapes(LENET, (28, 28, 1)))):
        if layer["type"] in ("conv", "dense"):
            count = count_parameters(LENET[: i + 1], (28, 28, 1)) - count_parameters(LENET[:i], (28, 28, 1))
            per_output = layer.get("kernel", 1) ** 2 * before[-1]
            print(f"{layer['type']:8} {count:13,} {np.prod(shape):16,} {np.prod(shape) * per_output:17,}")
        before = shape

# %% [markdown]
# Parameters are in the dense layer, memory is in the first maps, work is in the second convolution. "Make it
# smaller" means three
# different things.

# %% [markdown]
# ## How far does one neuron see?
#
# A neuron of the first map sees 5 × 5 pixels. A neuron of the last map sees more: it reads a window of a map, each
# entry of which
# has read a window before. The side of the patch of the picture that can reach a neuron is its **receptive field**.
#
# Two 3 × 3 convolutions on top of each other, along one axis. Each circle reads the three below it:

# %%
fig, axes = plots.figure(width=5.2, height=2.3)
ax = axes[0, 0]
for level, count in enumerate((7, 5, 3)):
    for i in range(count):
        seen = abs(i - count // 2) <= (2, 1, 0)[level]
        colour = plots.COLOURS["vermilion"] if seen else plots.CARD
        ax.plot(i - count // 2, level, "o", markersize=20, color=colour, markeredgecolor=plots.INK)
        for j in (-1, 0, 1) if level else ():
            ax.plot(
                [i - count // 2, i - count // 2 + j],
                [level - 0.18, level - 0.82],
                color=plots.INK,
                ls="-",
                lw=2 * seen + 0.4,
            )
ax.set_yticks([0, 1, 2], ["picture", "first map", "second map"])
ax.set_xticks([])
ax.set(xlim=(-3.5, 3.5), ylim=(-0.5, 2.5))
ax.spines[:].set_visible(False)
plots.show(
    fig,
    alt="Three rows of circles. The middle circle of the second map reads three circles of the first map, "
    "and through them five pixels of the picture: these are filled, all others are empty.",
)

# %% [markdown]
# Five pixels, not six: the windows overlap. Each new layer adds its window less one, $3 - 1 = 2$. After a stride or
# a pool of 2,
# though, neighbours in the map are **two** pixels apart in the picture, so every further step counts double; after
# two pools, four
# times. With convolution 3, pool 2, convolution 3: $1 + 2 = 3$, then $3 + 1 = 4$, then steps of two:
# $4 + 2 \cdot 2 = 8$.
#
# **Predict before you run.** How many pixels does a neuron after LeNet's second pool see? More or less than half of
# the 28?
#
# {{exercise: receptive_field}}
#
# Write `receptive_field(layers)`: how many pixels along one side of the picture a neuron of the last map depends on,
# as one `int`.
# Convolutions and pools matter; `flatten`, `dense` and all others change nothing here. Padding does not matter
# either: it moves
# windows, it does not widen them.


# %% exercise="receptive_field"
def receptive_field(layers):
    """How many pixels along one side of the picture a neuron of the last map depends on."""
    ### BEGIN SOLUTION
    size, spacing = 1, 1
    for layer in layers:
        if layer["type"] in ("conv", "pool"):
            window = layer["kernel"] if layer["type"] == "conv" else layer["size"]
            size += (window - 1) * spacing
            spacing *= layer.get("stride", 1 if layer["type"] == "conv" else window)
    return size
    ### END SOLUTION


# %% [markdown]
# Now measure it. The gradient of *one* neuron with respect to the picture is zero wherever the neuron does not look.
# Here are
# LeNet's two convolutions and pools (averages, and all weights alike, so that nothing cancels), and the way back
# from one
# neuron in the middle:

# %%
one, two = np.full((5, 5, 1, 1), 1 / 25), np.full((5, 5, 1, 1), 1 / 25)
x0 = np.zeros((1, 28, 28, 1))
x1 = kernels.conv2d(x0, one, pad=2)
x2 = kernels.avg_pool2d(x1, 2)
x3 = kernels.conv2d(x2, two, pad=2)
dy = np.zeros((1, 7, 7, 1))
dy[0, 3, 3, 0] = 1
d2 = kernels.conv2d_backward(kernels.avg_pool2d_backward(dy, x3, 2), x2, two, pad=2)[0]
seen = kernels.conv2d_backward(kernels.avg_pool2d_backward(d2, x1, 2), x0, one, pad=2)[0][0, :, :, 0]
rows = np.flatnonzero(seen.any(axis=1))
print(f"rows {rows[0]} to {rows[-1]}: {len(rows)} pixels")
plots.show_signed(
    seen,
    "what one neuron of the last map looks at",
    alt="A 28 by 28 picture of gradients: a square of 16 by 16 pixels is not zero, strongest in its middle.",
)

# %%
if passed("receptive_field"):
    print("LeNet:", receptive_field(LENET))
    assert receptive_field(LENET) == len(rows)

# %% [markdown]
# The square has soft edges: pixels in the middle reach the neuron on many paths, those at the rim on few. The
# *effective* field is
# smaller than the formula says (Luo and others measured this in 2016).
#
# Move the unit and the depth yourself, in LeNet or in another stack. The size is worked out by your function.
#
# **Predict before you try.** In which layer of LeNet does the field grow most? Does a unit at the border see as many
# pixels of the picture as one in the middle?

# %%
if passed("receptive_field"):
    from helpers.widgets import receptive_field_explorer

    receptive_field_explorer(LENET, receptive_field)

# %% [markdown]
# **Why 3 × 3?** Two 3 × 3 layers see as far as one 5 × 5, three see as far as one 7 × 7. With 64 channels in and out:

# %%
if passed("count_parameters", "receptive_field"):
    for kernel, times in ((5, 1), (3, 2), (7, 1), (3, 3)):
        stack = [{"type": "conv", "filters": 64, "kernel": kernel, "pad": kernel // 2}] * times
        count = count_parameters(stack, (32, 32, 64))
        print(f"{times} x {kernel} x {kernel}: sees {receptive_field(stack)} pixels, {count:,} parameters")

# %% [markdown]
# The same view for fewer parameters, and with a ReLU more in between. This is the idea of VGG.

# %% [markdown]
# ## Batch normalisation: keep the numbers in range
#
# Chapter 3 showed signals that fade or explode on their way through the layers; a good start helps, but training
# moves the
# weights. **Batch normalisation** acts while training runs: after a layer, every channel is shifted and scaled so
# that over the
# batch it has mean 0 and variance 1. Then it gets a scale $\gamma$ and a shift $\beta$ of its own, which are
# learned, so that
# nothing is lost that the network needs:
#
# $$\hat x = \frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}}, \qquad y = \gamma \hat x + \beta .$$
#
# One channel, four samples, $\gamma = 1$, $\beta = 0$, $\varepsilon = 0$:
#
# | | | | | | mean | variance |
# |---|---|---|---|---|---|---|
# | $x$ | 1 | 3 | 5 | 7 | 4 | 5 |
# | $\hat x$ | −1.342 | −0.447 | 0.447 | 1.342 | 0 | 1 |
#
# For maps (batch, height, width, channels) the mean runs over batch, height *and* width: all positions of a channel
# are treated
# alike, as they share one filter.
#
# There is a catch. In training, the answer for a picture depends on the other pictures in its batch. At test time
# that would be
# absurd. So in training the layer also keeps **running** averages, and at test time it uses those:
#
# $$\text{running} \leftarrow m \cdot \text{running} + (1 - m) \cdot \text{batch}, \qquad m = 0.9 .$$
#
# **Predict before you run.** What comes out of a channel that has the same value everywhere? What is $\varepsilon$
# there for?
#
# {{exercise: batch_norm}}
#
# Write `batch_norm(x, gamma, beta, running, training, momentum=0.9, eps=1e-5)` -> `(y, cache)`.
#
# - `x` has any number of axes, channels last; average over all the others. `gamma` and `beta` are `(channels,)`.
# - In training (`training=True`), use the batch's mean and variance (divide by $n$), and update `running`, a
#   dictionary with
#   `"mean"` and `"var"`, in place. For the running variance the batch's variance may be divided by $n$ or by
#   $n - 1$: libraries
#   differ.
# - Otherwise use `running`, and leave it alone.
# - `cache` holds whatever your backward pass will need: you choose.


# %% exercise="batch_norm"
def batch_norm(x, gamma, beta, running, training, momentum=0.9, eps=1e-5):
    """Normalise x (..., channels) per channel; returns (y, cache). Updates `running` in place when training."""
    ### BEGIN SOLUTION
    mean, var = running["mean"], running["var"]
    if training:
        axes = tuple(range(x.ndim - 1))
        mean, var = x.mean(axis=axes), x.var(axis=axes)
        running["mean"] = momentum * running["mean"] + (1 - momentum) * mean
        running["var"] = momentum * running["var"] + (1 - momentum) * var
    std = np.sqrt(var + eps)
    x_hat = (x - mean) / std
    return gamma * x_hat + beta, (x_hat, std, gamma)
    ### END SOLUTION


# %% [markdown]
# A check with real numbers. Digits go through eight random filters; the channels come out with very different ranges.

# %%
digits = load("digits")
images, labels = digits.x_train[..., None], digits.y_train
test_images, test_labels = digits.x_test[..., None], digits.y_test
print(digits)

# %%
if passed("batch_norm"):
    rng = np.random.default_rng(0)
    maps = kernels.conv2d(images[:64], rng.normal(size=(3, 3, 1, 8)), rng.normal(0, 2, 8), pad=1)
    running = {"mean": np.zeros(8), "var": np.ones(8)}
    normal, _ = batch_norm(maps, np.ones(8), np.zeros(8), running, True)
    fig, axes = plots.figure(1, 2, width=7.2, height=2.8)
    for ax, values, title in zip(axes[0], (maps, normal), ("before", "after")):
        ax.boxplot(values.reshape(-1, 8), showfliers=False, medianprops={"color": plots.COLOURS["vermilion"]})
        ax.set(title=f"{title} batch norm", xlabel="channel")
    plots.show(
        fig,
        alt="Box plots of eight channels. Before batch norm their centres lie between about minus 3 and 5 and their "
        "widths differ; after it all are centred near 0 with the same width.",
    )

# %% [markdown]
# And Keras? Same formula, but other names and defaults: `momentum=0.99`, `epsilon=0.001`. Told our values, it gives
# our numbers:

# %%
from helpers.framework import keras

if passed("batch_norm"):
    layer = keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5, dtype="float64")
    theirs = np.asarray(layer(maps, training=True))
    running = {"mean": np.zeros(8), "var": np.ones(8)}
    mine, _ = batch_norm(maps, np.ones(8), np.zeros(8), running, True)
    print("largest difference in y:", np.abs(mine - theirs).max())
    print("largest difference in the running mean:", np.abs(running["mean"] - np.asarray(layer.moving_mean)).max())
    assert np.allclose(mine, theirs, atol=1e-9)

# %% [markdown]
# **Predict before you run.** The first picture below is normalised three times: in a batch with 15 others, in a
# batch with 15
# *different* others, and at test time. Which of the three results agree?

# %%
if passed("batch_norm"):
    stats = {"mean": maps.mean(axis=(0, 1, 2)), "var": maps.var(axis=(0, 1, 2))}
    batches = maps[:16], np.concatenate([maps[:1], maps[16:31]])
    for batch in batches:
        trained, _ = batch_norm(batch, np.ones(8), np.zeros(8), {k: v.copy() for k, v in stats.items()}, True)
        tested, _ = batch_norm(batch, np.ones(8), np.zeros(8), stats, False)
        print(f"first picture, one pixel: in training {trained[0, 4, 4, 0]:.4f}, at test time {tested[0, 4, 4, 0]:.4f}")

# %% [markdown]
# Forgetting to switch from training to test time is the classic bug of this layer. It also explains why very small
# batches and
# batch norm do not go well together: three pictures say little about a mean.

# %% [markdown]
# ### The way back
#
# $x$ reaches $y$ on **three** paths: directly, through the mean, and through the variance. Chapter 5's rule applies:
# the gradients
# of all paths add up.

# %%
fig, axes = plots.figure(width=6.6, height=2.4)
ax = axes[0, 0]
spots = {
    "x": (0, 1),
    "mean": (1.3, 2),
    "variance": (1.3, 0),
    "x_hat": (2.8, 1),
    "y": (4.2, 1),
    "gamma, beta": (2.8, 2.2),
}
arrows = [
    ("x", "mean"),
    ("x", "variance"),
    ("mean", "variance"),
    ("x", "x_hat"),
    ("mean", "x_hat"),
    ("variance", "x_hat"),
]
for start, end in [*arrows, ("x_hat", "y"), ("gamma, beta", "y")]:
    ax.annotate(
        "", spots[end], spots[start], arrowprops={"arrowstyle": "->", "shrinkA": 18, "shrinkB": 18, "color": plots.INK}
    )
for name, spot in spots.items():
    box = {"boxstyle": "round", "facecolor": plots.CARD, "edgecolor": plots.COLOURS["blue"]}
    ax.text(*spot, name, ha="center", va="center", bbox=box)
ax.set(xlim=(-0.4, 4.6), ylim=(-0.5, 2.7))
ax.set_axis_off()
plots.show(
    fig,
    alt="The graph of batch norm: arrows lead from x to the mean, to the variance and to x_hat; from the mean to the "
    "variance and to x_hat; from the variance to x_hat; from x_hat and from gamma and beta to y.",
)

# %% [markdown]
# Two facts tell you whether your result can be right, without any formula. Adding a constant to a whole channel
# changes nothing in
# $y$: so $dx$ must sum to 0 in every channel. Stretching a channel about its mean changes (nearly) nothing either: so
# $\sum dx \cdot \hat x$ must be 0 as well. In the example above ($\hat x$ = −1.342, −0.447, 0.447, 1.342), with
# $\gamma = 2$ and
# the gradient $dy = (1, 0, 0, 0)$: $dx = (0.268, -0.358, -0.089, 0.179)$. Try both sums.
#
# {{exercise: batch_norm_backward}}
#
# Write `batch_norm_backward(dy, cache)` -> `(dx, dgamma, dbeta)` for training mode; `cache` comes from *your*
# `batch_norm`, and
# both are checked together. `dy` and `dx` have the shape of `x`; `dgamma` and `dbeta` are `(channels,)` and are sums
# over
# everything else. Sums, not means: if the loss is a mean, its 1/N is in `dy` already.


# %% exercise="batch_norm_backward"
def batch_norm_backward(dy, cache):
    """(dx, dgamma, dbeta) for the gradient dy of the loss with respect to y, in training."""
    ### BEGIN SOLUTION
    x_hat, std, gamma = cache
    axes = tuple(range(dy.ndim - 1))
    dgamma, dbeta = (dy * x_hat).sum(axis=axes), dy.sum(axis=axes)
    g = dy * gamma
    dx = (g - g.mean(axis=axes) - x_hat * (g * x_hat).mean(axis=axes)) / std
    return dx, dgamma, dbeta
    ### END SOLUTION


# %% [markdown]
# The gradient check of chapter 5, on your pair of functions: change one entry of x a little, up and down.

# %%
if passed("batch_norm", "batch_norm_backward"):
    rng = np.random.default_rng(1)
    x, dy = rng.normal(size=(3, 2, 4, 2)), rng.normal(size=(3, 2, 4, 2))
    gamma, beta = np.array([1.5, -0.5]), np.array([0.2, 1.0])

    def loss(x):
        return np.sum(dy * batch_norm(x, gamma, beta, {"mean": np.zeros(2), "var": np.ones(2)}, True)[0])

    _, cache = batch_norm(x, gamma, beta, {"mean": np.zeros(2), "var": np.ones(2)}, True)
    dx, dgamma, dbeta = batch_norm_backward(dy, cache)
    numeric = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        nudge = np.zeros_like(x)
        nudge[index] = 1e-5
        numeric[index] = (loss(x + nudge) - loss(x - nudge)) / 2e-5
    print("largest difference between formula and measurement:", np.abs(dx - numeric).max())
    print("sums of dx per channel:", dx.sum(axis=(0, 1, 2)).round(12))

# %% [markdown]
# ### Before or after the activation?
#
# The paper of 2015 puts batch norm *between* convolution and ReLU. A well-known book puts it *after* the ReLU, and
# says this is
# better. People still disagree. So: an experiment, with your own layer in a small network.
#
# First a rule for all experiments of this chapter: **the test pictures wait until the end.** Choices are made on a
# part of the
# training pictures that is set aside, the *validation* part.

# %%
rng = np.random.default_rng(7)
order = rng.permutation(len(images))
mean, spread = images.mean(), images.std()
standard = (images[order] - mean) / spread
x_train, y_train = standard[:1080], labels[order][:1080]
x_val, y_val = standard[1080:], labels[order][1080:]
print(len(x_train), "to learn from,", len(x_val), "to decide with,", len(test_images), "to test once")

# %% [markdown]
# `helpers.layers` has layers that call the kernels, like those that you wrote in chapter 5. Ours calls *your* two
# functions:

# %%
from helpers.layers import Activation, BatchNorm, Conv2D, Dense, Flatten, MaxPool2D
from helpers.network import Optimizer, Sequential


class YourBatchNorm(BatchNorm):
    """`helpers.layers.BatchNorm` with the functions of this notebook."""

    def forward(self, x, training=False):
        y, self.cache = batch_norm(x, self.gamma, self.beta, self.running, training)
        return y

    def backward(self, dy, input_gradient=True):
        dx, *self.grads = batch_norm_backward(dy, self.cache)
        return dx


# %%
def small_network(place, seed):
    """Two convolutions and a dense layer; batch norm "nowhere", "before" or "after" each ReLU."""

    def block(filters):
        norm = [YourBatchNorm()]
        before, after = norm * (place == "before"), norm * (place == "after")
        return [Conv2D(filters, 3, pad=1), *before, Activation("relu"), *after, MaxPool2D(2)]

    layers = [*block(8), *block(16), Flatten(), Dense(10)]
    return Sequential(layers, (8, 8, 1), np.random.default_rng(seed), dtype="float64")


# %% [markdown]
# **Predict before you run.** Three places, three learning rates, three seeds each, two rounds over the pictures
# (*epochs*).
# Where will batch norm matter most: at the small, the middle or the large learning rate?

# %%
if passed("batch_norm", "batch_norm_backward"):
    results = {}
    for place in ("nowhere", "before", "after"):
        for rate in (0.01, 0.1, 1.0):
            scores = []
            for seed in range(3):
                network = small_network(place, seed)
                with np.errstate(all="ignore"):
                    try:
                        network.fit(
                            x_train, y_train, 2, 30, Optimizer("sgd", learning_rate=rate), np.random.default_rng(seed)
                        )
                        scores.append(network.evaluate_accuracy(x_val, y_val))
                    except ValueError:
                        scores.append(0.1)  # the weights are no longer finite
            results[place, rate] = scores
    print("validation accuracy after 2 epochs, three seeds each")
    for (place, rate), scores in results.items():
        print(f"batch norm {place:8} rate {rate:4}: " + "  ".join(f"{100 * s:5.1f} %" for s in scores))

# %% [markdown]
# In our run, the network without batch norm needed the right learning rate; with it, both 0.01 and 0.1 worked well.
# And the
# place? At 0.01 *after* was ahead, by three to ten points; at 0.1 it was ahead for two seeds of three; at 1.0
# *after* fell apart,
# where *before* still learned. So "after is better" is true here for one learning rate and false for another. Your
# numbers may
# differ in a digit, and in the last rows by more: runs at a rate of 1.0 are chaotic. When somebody states a rule of
# this kind,
# ask: with which learning rate, on which data, with how many seeds?
#
# **Recap.** Batch norm: statistics of the batch in training, running statistics at test time; four numbers per
# channel; three paths
# on the way back.

# %% [markdown]
# ## Dropout: learn with missing parts
#
# A network with a million parameters can learn 1,000 pictures by heart. **Dropout** makes that harder: in every
# training step,
# each unit is silenced with a probability `rate`, by a draw of its own. No unit can count on a certain other unit
# being there.
#
# At test time all units are present, and their sum would be larger than anything seen in training. So in training
# those that are
# kept are made stronger, by $1 / (1 - \text{rate})$; then the *expected* value stays the same. This form is called
# *inverted
# dropout*. Six units with a rate of 1/3:
#
# | | | | | | | | sum |
# |---|---|---|---|---|---|---|---|
# | $x$ | 2 | 1 | 4 | 3 | 1 | 1 | 12 |
# | kept? | yes | no | yes | yes | no | yes | |
# | $y$ | 3 | 0 | 6 | 4.5 | 0 | 1.5 | 15 |
#
# This draw is a little above 12, others are below; the mean over many draws is 12.
#
# {{exercise: dropout}}
#
# Write `dropout(x, rate, rng, training)` and return the array alone. In training every entry is dropped with
# probability `rate`
# ($0 \le$ `rate` $< 1$), independently of all others, by draws from `rng`; what is kept is divided by $1 -$ `rate`.
# Otherwise `x`
# comes back as it is.


# %% exercise="dropout"
def dropout(x, rate, rng, training):
    """Drop every entry of x with probability `rate` and scale up the rest; at test time, x as it is."""
    ### BEGIN SOLUTION
    if not training:
        return x
    return x * (rng.random(x.shape) >= rate) / (1 - rate)
    ### END SOLUTION


# %% [markdown]
# **Predict before you run.** Ten thousand draws of the table above: what will be the mean of the sums, and can a
# single sum be larger
# than 12?

# %%
if passed("dropout"):
    rng = np.random.default_rng(0)
    units = np.array([[2.0, 1.0, 4.0, 3.0, 1.0, 1.0]])
    sums = dropout(np.repeat(units, 10_000, axis=0), 1 / 3, rng, True).sum(axis=1)
    print(f"in training: mean of the sums {sums.mean():.2f}, from {sums.min():.1f} to {sums.max():.1f}")
    print("at test time:", dropout(units, 1 / 3, rng, False).sum())

# %% [markdown]
# Dropout acts on *units*, not on connections: a silenced unit is gone for everything that reads it. It also changes
# how curves
# look: the training loss is measured with units missing, the validation loss without. So the training loss may well
# lie *above*
# the validation loss, and nothing is wrong.
#
# Usual rates: 0.5 between dense layers, 0.1 to 0.25 after pools. In maps, neighbours say much the same, so a missing
# entry is
# easily guessed from its neighbours; there dropout does less.
#
# **Recap.** Dropout: independent draws, kept entries made stronger, nothing at all at test time.

# %% [markdown]
# ## Three networks in Keras
#
# Now with a library. In Keras a model is a list of layers, too, and `padding="same"` means: pad so that the size
# stays. The three
# networks below are those of a well-known book; each is one step on from the one before.
#
# | | layers | input | parameters |
# |---|---|---|---|
# | **ShallowNet** | conv 32 of 3 × 3 - ReLU - dense | 32 × 32 × 3, 10 classes | 328,586 |
# | **LeNet** | (conv 5 × 5 - ReLU - pool) twice - dense 500 - ReLU - dense | 28 × 28 × 1, 10 classes | 1,256,080 |
# | **MiniVGGNet** | see below | 32 × 32 × 3, 10 classes | 2,171,178 |
#
# In all three exercises: return a model that is *not compiled*, that takes pictures of shape `input_shape` and ends
# in a softmax
# over `num_classes`. All convolutions keep the size of their map. How you write it (a list, `add`, functions;
# activations as
# layers or as arguments) is up to you.

# %% [markdown]
# {{exercise: build_shallownet}}
#
# `build_shallownet(input_shape, num_classes)`: one convolution with 32 filters of 3 × 3, ReLU, flatten, and a dense
# layer with one
# unit per class. It is the smallest network that deserves the name CNN.


# %% exercise="build_shallownet"
def build_shallownet(input_shape, num_classes):
    """ShallowNet: one convolution, then straight to the classes."""
    ### BEGIN SOLUTION
    return keras.Sequential(
        [
            keras.layers.Input(input_shape),
            keras.layers.Conv2D(32, 3, padding="same", activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(num_classes, activation="softmax"),
        ]
    )
    ### END SOLUTION


# %% [markdown]
# {{exercise: build_lenet}}
#
# `build_lenet(input_shape, num_classes)`: the list `LENET` of the first section, with a softmax at the end.


# %% exercise="build_lenet"
def build_lenet(input_shape, num_classes):
    """LeNet with 20 and 50 filters and 500 units."""
    ### BEGIN SOLUTION
    return keras.Sequential(
        [
            keras.layers.Input(input_shape),
            keras.layers.Conv2D(20, 5, padding="same", activation="relu"),
            keras.layers.MaxPooling2D(2),
            keras.layers.Conv2D(50, 5, padding="same", activation="relu"),
            keras.layers.MaxPooling2D(2),
            keras.layers.Flatten(),
            keras.layers.Dense(500, activation="relu"),
            keras.layers.Dense(num_classes, activation="softmax"),
        ]
    )
    ### END SOLUTION


# %% [markdown]
# MiniVGGNet takes VGG's idea, two 3 × 3 convolutions before each pool, and adds batch norm and dropout:
#
# - (convolution of 32 filters 3 × 3 - ReLU - batch norm) twice, 2 × 2 max pool, dropout 0.25;
# - the same with 64 filters;
# - flatten, dense 512 - ReLU - batch norm, dropout 0.5, dense - softmax.
#
# {{exercise: build_minivggnet}}
#
# `build_minivggnet(input_shape, num_classes, batch_norm=True)`. With `batch_norm=False` all five batch norm layers
# stay away, and
# for 32 × 32 × 3 and 10 classes 2,168,362 parameters are left.


# %% exercise="build_minivggnet"
def build_minivggnet(input_shape, num_classes, batch_norm=True):
    """MiniVGGNet: two blocks of two 3 x 3 convolutions, batch norm after each ReLU, dropout."""
    ### BEGIN SOLUTION
    model = keras.Sequential([keras.layers.Input(input_shape)])

    def activate():
        model.add(keras.layers.ReLU())
        if batch_norm:
            model.add(keras.layers.BatchNormalization())

    for filters in (32, 64):
        for _ in range(2):
            model.add(keras.layers.Conv2D(filters, 3, padding="same"))
            activate()
        model.add(keras.layers.MaxPooling2D(2))
        model.add(keras.layers.Dropout(0.25))
    model.add(keras.layers.Flatten())
    model.add(keras.layers.Dense(512))
    activate()
    model.add(keras.layers.Dropout(0.5))
    model.add(keras.layers.Dense(num_classes, activation="softmax"))
    return model
    ### END SOLUTION


# %%
if passed("build_shallownet", "build_lenet", "build_minivggnet"):
    for build, shape in ((build_shallownet, (32, 32, 3)), (build_lenet, (28, 28, 1)), (build_minivggnet, (32, 32, 3))):
        print(f"{build.__name__:18} {shape}: {build(shape, 10).count_params():,} parameters")

# %% [markdown]
# On CIFAR-10 (32 × 32 colour pictures, ten classes) the book reports an accuracy of 58.9 % for ShallowNet, and for
# MiniVGGNet
# 82.4 % with batch norm, 79.6 % without; on MNIST 98.4 % for LeNet. Such runs take from minutes to hours on a
# laptop, so they
# are not part of this notebook.

# %% [markdown]
# ## A LeNet out of your own layers
#
# This is the exercise that the chapters before have led to: a whole CNN, forward and backward, without a library for
# deep learning.
# The parts are in `helpers.kernels`, with the names and meanings of your own functions of chapters 5 and 6:
#
# | forward | backward |
# |---|---|
# | `conv2d(x, w, b, stride, pad)` | `conv2d_backward(dy, x, w, stride, pad)` -> `(dx, dw, db)` |
# | `max_pool2d(x, size, stride)` | `max_pool2d_backward(dy, x, size, stride)` |
# | `relu(z)` | `relu_grad(z)`, to multiply with |
# | `dense(x, W, b)` | `dense_backward(dy, x, W)` -> `(dx, dW, db)` |
# | `x.reshape(...)` | reshape back |
#
# The eight arrays for pictures (height, width, channels), sides being multiples of four:
#
# | | shape | | shape |
# |---|---|---|---|
# | conv1 w, b | (5, 5, channels, 20), (20,) | dense1 W, b | (height/4 · width/4 · 50, 500), (500,) |
# | conv2 w, b | (5, 5, 20, 50), (50,) | dense2 W, b | (500, num_classes), (num_classes,) |
#
# {{exercise: NumpyLeNet}}
#
# Write the class `NumpyLeNet(input_shape, num_classes, rng)`.
#
# - `params` is a **list** of the eight arrays in the order of the table, weights drawn from `rng`. (Chapter 3's He
#   initialisation is a good start: standard deviation $\sqrt{2 / \text{inputs of one unit}}$.) Writing into `params`
#   must change
#   what `forward` computes.
# - `forward(x)` takes pictures (batch, height, width, channels) and returns the *scores* of the last layer, (batch,
#   num_classes),
#   without softmax.
# - `backward(dlogits)` takes the gradient with respect to these scores and leaves eight gradients in the list
#   `grads`, same order
#   as `params`; each call replaces those of the call before.
# - `step(learning_rate)` takes one step of gradient descent with every parameter.


# %% exercise="NumpyLeNet"
class NumpyLeNet:
    """LeNet out of `helpers.kernels`; `params` and `grads` are lists of eight arrays in the same order."""

    def __init__(self, input_shape, num_classes, rng):
        ### BEGIN SOLUTION
        height, width, channels = input_shape
        flat = height // 4 * (width // 4) * 50
        shapes = [(5, 5, channels, 20), (5, 5, 20, 50), (flat, 500), (500, num_classes)]
        self.params = []
        for shape in shapes:
            spread = np.sqrt(2 / np.prod(shape[:-1]))
            self.params += [rng.normal(0, spread, shape), np.zeros(shape[-1])]
        self.grads = []
        ### END SOLUTION

    def forward(self, x):
        """Images (batch, height, width, channels) -> logits (batch, num_classes)."""
        ### BEGIN SOLUTION
        w1, b1, w2, b2, w3, b3, w4, b4 = self.params
        self.x = np.asarray(x, dtype=w1.dtype)
        self.z1 = kernels.conv2d(self.x, w1, b1, pad=2)
        self.a1 = kernels.relu(self.z1)
        self.p1 = kernels.max_pool2d(self.a1, 2)
        self.z2 = kernels.conv2d(self.p1, w2, b2, pad=2)
        self.a2 = kernels.relu(self.z2)
        self.p2 = kernels.max_pool2d(self.a2, 2)
        self.flat = self.p2.reshape(len(x), -1)
        self.z3 = kernels.dense(self.flat, w3, b3)
        self.a3 = kernels.relu(self.z3)
        return kernels.dense(self.a3, w4, b4)
        ### END SOLUTION

    def backward(self, dlogits):
        """Fill `grads`, given the gradient of the loss with respect to the logits."""
        ### BEGIN SOLUTION
        w1, _, w2, _, w3, _, w4, _ = self.params
        da3, dw4, db4 = kernels.dense_backward(dlogits, self.a3, w4)
        dz3 = da3 * kernels.relu_grad(self.z3)
        dflat, dw3, db3 = kernels.dense_backward(dz3, self.flat, w3)
        da2 = kernels.max_pool2d_backward(dflat.reshape(self.p2.shape), self.a2, 2)
        dz2 = da2 * kernels.relu_grad(self.z2)
        dp1, dw2, db2 = kernels.conv2d_backward(dz2, self.p1, w2, pad=2)
        da1 = kernels.max_pool2d_backward(dp1, self.a1, 2)
        dz1 = da1 * kernels.relu_grad(self.z1)
        _, dw1, db1 = kernels.conv2d_backward(dz1, self.x, w1, pad=2)
        self.grads = [dw1, db1, dw2, db2, dw3, db3, dw4, db4]
        ### END SOLUTION

    def step(self, learning_rate):
        """One step of gradient descent for every parameter."""
        ### BEGIN SOLUTION
        for param, grad in zip(self.params, self.grads):
            param -= learning_rate * grad
        ### END SOLUTION


# %% [markdown]
# ### Does it agree with Keras?
#
# The eight arrays go into the Keras model as they are: both keep channels last. Scores become probabilities by a
# softmax; then
# both networks should say the same, up to the seven digits of Keras's float32.

# %%
if passed("NumpyLeNet", "build_lenet"):
    net, twin = NumpyLeNet((8, 8, 1), 10, np.random.default_rng(3)), build_lenet((8, 8, 1), 10)
    twin.set_weights(net.params)
    mine = kernels.softmax(net.forward(x_val[:32]))
    theirs = np.asarray(twin(x_val[:32].astype("float32")))
    print("largest difference of a probability:", np.abs(mine - theirs).max())
    assert np.allclose(mine, theirs, atol=1e-5)

# %% [markdown]
# And the gradients? TensorFlow writes down what happens under a `GradientTape` and walks it back:

# %%
if passed("NumpyLeNet", "build_lenet"):
    from helpers.framework import tf

    with tf.GradientTape() as tape:
        losses = keras.losses.sparse_categorical_crossentropy(y_val[:32], twin(x_val[:32].astype("float32")))
        loss = tf.reduce_mean(losses)
    theirs = tape.gradient(loss, twin.trainable_variables)
    _, dlogits = kernels.softmax_cross_entropy(net.forward(x_val[:32]), y_val[:32])
    net.backward(dlogits)
    for name, mine, other in zip(("conv1", "conv2", "dense1", "dense2"), net.grads[::2], theirs[::2]):
        print(
            f"{name:7} weights: largest gradient {np.abs(mine).max():.4f}, difference {np.abs(mine - other).max():.1e}"
        )
        assert np.allclose(mine, other, atol=1e-4 * np.abs(mine).max())

# %% [markdown]
# ### It learns
#
# The 8 × 8 digits that come with scikit-learn: 1,080 pictures to learn from, standardised (mean 0, standard
# deviation 1, both
# taken from training pictures). Steps on batches of 30, each epoch in a new order; twelve epochs with a learning
# rate of 0.05, then
# three with 0.01, so that the last steps do no harm (chapter 8 makes a method of that).
#
# **Predict before you run.** What is the loss before the first step, if the network knows nothing about ten classes?
# And what
# accuracy will it have after one epoch, which is 36 steps?


# %%
def accuracy(net, x, y):
    """The share of pictures that are read correctly, 500 at a time to save memory."""
    right = [net.forward(x[i : i + 500]).argmax(axis=1) == y[i : i + 500] for i in range(0, len(x), 500)]
    return np.mean(np.concatenate(right))


def train(net, x, y, validation, epochs, learning_rate, rng, batch=30):
    """Gradient descent on mini-batches; the loss of every epoch, and the validation accuracy after it."""
    losses, accuracies = [], []
    for _ in range(epochs):
        total, order = 0.0, rng.permutation(len(x))
        for rows in order[: len(x) // batch * batch].reshape(-1, batch):
            loss, dlogits = kernels.softmax_cross_entropy(net.forward(x[rows]), y[rows])
            net.backward(dlogits)
            net.step(learning_rate)
            total += loss / (len(x) // batch)
        losses.append(total)
        accuracies.append(accuracy(net, *validation))
    return losses, accuracies


# %%
if passed("NumpyLeNet"):
    rng = np.random.default_rng(0)
    net = NumpyLeNet((8, 8, 1), 10, rng)
    start, _ = kernels.softmax_cross_entropy(net.forward(x_train), y_train)
    losses, accuracies = train(net, x_train, y_train, (x_val, y_val), 12, 0.05, rng)
    more_losses, more_accuracies = train(net, x_train, y_train, (x_val, y_val), 3, 0.01, rng)
    losses, accuracies = losses + more_losses, accuracies + more_accuracies
    print(f"loss before: {start:.2f} (knowing nothing: ln 10 = {np.log(10):.2f}), after: {losses[-1]:.4f}")
    fig, axes = plots.figure(1, 2, width=7.4, height=2.8)
    epochs = np.arange(1, 16)
    plots.draw_curves(axes[0, 0], {"training": (epochs, losses)}, "loss", "epoch", "cross-entropy")
    plots.draw_curves(axes[0, 1], {"validation": (epochs, 100 * np.array(accuracies))}, "accuracy", "epoch", "%")
    plots.show(
        fig,
        alt=f"Two curves over 15 epochs: the training loss falls from {losses[0]:.2f} to {losses[-1]:.3f}, the "
        f"validation accuracy rises from {100 * accuracies[0]:.0f} to {100 * accuracies[-1]:.0f} per cent.",
    )

# %% [markdown]
# Once more from the start, with you at the wheel: press "train", and change the learning rate while it runs.
#
# **Predict before you try.** What does the validation loss do at 0.5? And when you turn the rate down to 0.005 once the
# loss has stopped falling?

# %%
if passed("NumpyLeNet"):
    from helpers.widgets import training_monitor

    watched, shuffle = NumpyLeNet((8, 8, 1), 10, np.random.default_rng(1)), np.random.default_rng(1)

    def epoch(learning_rate):
        """One round over the training pictures; its numbers, by name."""
        loss, right = train(watched, x_train, y_train, (x_val, y_val), 1, learning_rate, shuffle)
        val_loss, _ = kernels.softmax_cross_entropy(watched.forward(x_val), y_val)
        return {"training loss": loss, "validation loss": val_loss, "validation accuracy": right}

    training_monitor(epoch, epochs=15, learning_rate=0.05)

# %% [markdown]
# Now, once, the test pictures. They get the same preparation as the training pictures: *their* mean would be a
# different one, and
# the network would see other numbers than it knows.

# %%
if passed("NumpyLeNet"):
    x_test = (test_images - mean) / spread
    predictions = net.forward(x_test).argmax(axis=1)
    share = np.mean(predictions == test_labels)
    print(f"test accuracy: {100 * share:.1f} % of {len(test_labels)} pictures")
    if share < 0.97:
        print(
            "97 % is usual here. Look at the size of your starting weights: too small, and the first epochs are lost."
        )

# %% [markdown]
# With the author's network, ten seeds give between 97.6 and 98.4 %. Which ones are wrong?

# %%
if passed("NumpyLeNet"):
    wrong = np.flatnonzero(predictions != test_labels)[:10]
    titles = [f"{test_labels[i]} read as {predictions[i]}" for i in wrong] or ["none is wrong"]
    plots.show_images(
        [test_images[i, :, :, 0] for i in wrong] or [np.zeros((8, 8))],
        titles,
        size=1.5,
        alt="Test digits that the network gets wrong, each with its true class and the predicted one: "
        + "; ".join(titles),
    )

# %% [markdown]
# The whole table of what is taken for what, with the pictures behind every cell. Click a cell, or choose the classes.
#
# **Predict before you try.** Which two digits will be mixed up most? Is the network unsure when it is wrong?


# %%
def ready(pictures):
    """Pictures (batch, 8, 8) in 0..1, prepared as the network knows them."""
    return (pictures[..., None] - mean) / spread


if passed("NumpyLeNet"):
    from helpers.widgets import confusion_explorer

    confusion_explorer(net, test_images, test_labels, ready)

# %% [markdown]
# ### It reads *your* digits
#
# Draw one, with the mouse, a finger or the keys, and watch your network read it stroke by stroke.
#
# **Predict before you try.** Draw a small 3 into a corner. What does the network say with and without the tick at "in
# the middle and large, as in the data"? Which of your digits fools it?

# %%
if passed("NumpyLeNet"):
    from helpers.widgets import draw_digit

    draw_digit(net, ready)

# %% [markdown]
# ### MNIST (opt-in)
#
# The same class reads MNIST, 60,000 pictures of 28 × 28. One epoch in NumPy takes about two minutes on a free
# processor core, so
# it is switched off; ours then read 98.2 % of the test pictures. Set `LONG_RUN = True` to run it; MNIST is
# downloaded once
# (11 MB), or read from the folder that `COURSE_DATA` names.

# %%
LONG_RUN = False

if LONG_RUN and passed("NumpyLeNet"):
    mnist = load("mnist")
    x, x_final = ((part[..., None] / 255 - 0.13) / 0.31 for part in (mnist.x_train, mnist.x_test))
    y, held_back = mnist.y_train, (x[50_000:], mnist.y_train[50_000:])
    big = NumpyLeNet((28, 28, 1), 10, np.random.default_rng(0))
    _, rates = train(big, x[:50_000], y[:50_000], held_back, 1, 0.05, np.random.default_rng(1), batch=50)
    print(f"validation {100 * rates[-1]:.2f} %, test {100 * accuracy(big, x_final, mnist.y_test):.2f} %")

# %% [markdown]
# ## Looking inside
#
# What do the twenty filters of the first layer make of a digit? A **feature map** is what a layer puts out for one
# picture, one
# map per filter. Any layer of a Keras model can be made the end of a smaller model.
#
# {{exercise: feature_maps}}
#
# Write `feature_maps(model, images, layer_name)`: what the layer of that name puts out for these images, as a NumPy
# array, for all
# images and all channels, with the network in the state in which it is *used*, not trained. The model stays as it is.


# %% exercise="feature_maps"
def feature_maps(model, images, layer_name):
    """What the named layer of a Keras model puts out for these images, as a NumPy array."""
    ### BEGIN SOLUTION
    part = keras.Model(model.inputs[0], model.get_layer(layer_name).output)
    return np.asarray(part(images, training=False))
    ### END SOLUTION


# %% [markdown]
# The weights of your trained network, in the Keras model, seen through `feature_maps`:

# %%
if passed("NumpyLeNet", "build_lenet", "feature_maps"):
    twin.set_weights(net.params)
    first = next(layer.name for layer in twin.layers if isinstance(layer, keras.layers.Conv2D))
    maps = feature_maps(twin, x_test[:1].astype("float32"), first)[0]
    fig, axes = plots.figure(3, 7, width=7.4, height=3.5)
    plots.draw_image(axes[0, 0], test_images[0, :, :, 0], "input")
    for ax, number in zip(axes.flat[1:], range(20)):
        plots.draw_signed(ax, maps[:, :, number], f"{number}", limit=np.abs(maps).max())
    plots.show(
        fig,
        alt=f"A handwritten {test_labels[0]} of 8 by 8 pixels and the 20 feature maps of the first layer, each 8 by 8, "
        "each with its own pattern of weak and strong answers; zero is white.",
    )

# %% [markdown]
# And all layers of your own network, for any test picture. Below are all maps of the chosen layer; click one to see it
# large, with its filter.
#
# **Predict before you try.** After the first ReLU, what share of a map is exactly 0? After the second pool, can you
# still tell the digit?

# %%
if passed("NumpyLeNet"):
    from helpers.widgets import cnn_explorer

    cnn_explorer(net, test_images, test_labels, ready, layer="2: relu")

# %% [markdown]
# Usually some filters answer to one side of a stroke, some to the other, some to hardly anything. Nobody told them:
# this is
# what gradient
# descent found useful.

# %% [markdown]
# Which *pixels* does the answer hang on? Hide a patch, and ask again. Where hiding costs the class its probability, the
# map is red; where it helps the class, blue.
#
# **Predict before you try.** Picture 3 is a 9. Which part of it must not be hidden? What will the network say without
# it?

# %%
if passed("NumpyLeNet"):
    from helpers.widgets import occlusion_explorer

    occlusion_explorer(net, test_images, test_labels, ready, picture=3, row=2, column=4)

# %% [markdown]
# ## What if the picture moves?
#
# Two words that are often mixed up:
#
# - **equivariant**: move the input, and the output moves along;
# - **invariant**: move the input, and the output stays as it is.
#
# A convolution is the first. A classifier should be the second: a shifted 3 is still a 3. How does one become the
# other? With
# pools, in part. Let us measure.
#
# **Predict before you run.** A small square in a 16 × 16 picture moves one pixel to the right. Does a 3 × 3
# convolution's map move
# along exactly? And the map after a 2 × 2 pool? What if the square moves by *two* pixels?


# %%
def moved(pictures, pixels):
    """Every picture moved to the right; empty pixels come in from the left."""
    out = np.zeros_like(pictures)
    out[:, :, pixels:] = pictures[:, :, : pictures.shape[2] - pixels]
    return out


rng = np.random.default_rng(5)
square = np.zeros((1, 16, 16, 1))
square[0, 5:9, 4:8, 0] = rng.uniform(0.5, 1.0, (4, 4))
w = rng.normal(size=(3, 3, 1, 4))
for pixels in (1, 2):
    still, shifted = (kernels.relu(kernels.conv2d(p, w, pad=1)) for p in (square, moved(square, pixels)))
    print(f"moved by {pixels}: the map moves along, up to {np.abs(moved(still, pixels) - shifted).max():.1f}; ", end="")
    still, shifted = kernels.max_pool2d(still, 2), kernels.max_pool2d(shifted, 2)
    away = min(np.abs(moved(still, k) - shifted).max() for k in (0, 1))
    print(f"after the pool, the best fitting shift is off by {away:.2f} of at most {still.max():.2f}")

# %% [markdown]
# The convolution is exactly equivariant (away from the border). The pool is equivariant for shifts by *its stride*
# only; for one
# pixel it neither moves along nor stays. It is somewhat tolerant, no more.
#
# And the whole network? Here is your trained LeNet on test digits that are moved or turned, which it has never seen:

# %%
if passed("NumpyLeNet"):
    versions = {f"moved by {pixels}": moved(test_images, pixels) for pixels in range(4)}
    versions |= {"turned by 90°": np.rot90(test_images, axes=(1, 2)), "mirrored": test_images[:, :, ::-1]}
    rates = [100 * np.mean(net.forward((v - mean) / spread).argmax(axis=1) == test_labels) for v in versions.values()]
    fig, axes = plots.figure(width=6.4, height=2.6)
    axes[0, 0].barh(list(versions), rates, color=plots.COLOURS["blue"])
    for row, rate in enumerate(rates):
        axes[0, 0].text(rate + 1, row, f"{rate:.1f} %", va="center")
    axes[0, 0].set(xlim=(0, 112), xlabel="test accuracy (%)")
    axes[0, 0].invert_yaxis()
    plots.show(
        fig,
        alt="Bars of test accuracy: " + ", ".join(f"{name} {rate:.0f} per cent" for name, rate in zip(versions, rates)),
    )

# %% [markdown]
# One pixel is an eighth of such a picture, and costs dearly. Invariance is not built in: a network has it as far as
# it has *seen*
# moved pictures. That is what augmentation in chapter 8 is for. (The dense layer sees positions: weights for the
# left are not
# weights for the right. Averaging each map over all positions, as newer networks do before their last layer, removes
# that.)
#
# **Recap.** Convolution: equivariant. Pool: tolerant of small shifts. Network: as invariant as its training pictures
# made it.

# %% [markdown]
# ## Check yourself
#
# Six questions. Every option is explained once you have answered.

# %%
quiz("lenet-shape")

# %%
quiz("filter-parameters")

# %%
quiz("field-after-pool")

# %%
quiz("small-kernels")

# %%
quiz("one-picture")

# %%
quiz("losses-crossed")

# %% [markdown]
# ## What the books got wrong
#
# Good books contain mistakes; knowing them sharpens the eye. From well-known ones, checked by running the code:
#
# - **Precision is not accuracy.** "71 %" for ShallowNet on animals is the averaged precision; its accuracy is 69.5
#   %. "60 %" on
#   CIFAR-10 is 58.9 %. "83 % against 79 %" for MiniVGGNet is 82.4 % against 79.6 %.
# - **Batch norm lost its scale and shift.** One book prints the normalisation with a garbled formula and never
#   mentions $\gamma$ and
#   $\beta$, without which the
#   layer could not even pass its input on unchanged.
# - **"Two to three times slower"** is said of batch norm; the same chapter's own runs give 23 seconds against 13, a
#   factor of 1.8.
# - **"Dropout disconnects connections."** It drops units. And the scaling by $1 / (1 - \text{rate})$ is not
#   mentioned; without it
#   test time would not match training.
# - **A pattern that allows no convolution.** The layer pattern is given with "zero or more" of everything; a CNN
#   needs at least one.
# - **AlexNet's 224.** With 11 × 11 windows and a stride of 4, 224 pixels do not fit: $(224 - 11) / 4 + 1 = 54.25$.
#   It is 227, or 224
#   with uneven padding. Your `layer_shapes` refuses 224.
# - **"LeNet" is not LeNet-5.** 20 and 50 filters, ReLU and max pools come from a later example of a library. The
#   network of 1998 had
#   6 and 16 filters, tanh, pools with weights, and 120 and 84 units.
# - **Test pictures used for choosing.** All the curves called "validation" were drawn on test pictures. The numbers
#   are a little too
#   good; how much, nobody knows.
# - **Two label encoders.** Labels of training and test pictures were encoded separately; if one class is missing in
#   one of them, the
#   columns no longer agree.
# - **A learning rate of 0.1** in the text is 0.01 in the program. And `SGD(lr=..., decay=...)` no longer works:
#   today's Keras refuses
#   the first and ignores the second with a warning.

# %% [markdown]
# ## What you take with you
#
# - Shapes: $(n + 2p - k)/s + 1$, axis by axis. Filters set the depth; pools keep it.
# - Parameters sit in dense layers, memory in early maps, work in convolutions.
# - A neuron's view grows by (window − 1) times the product of the strides before it.
# - Batch norm: batch statistics in training, running ones at test time. Dropout: only in training, with scaling.
# - A CNN is a list of layers, each with a way forward and a way back. You have written one, and it agrees with Keras.
# - Convolutions are equivariant; invariance must be learned.
#
# **Next**: chapter 8, how to make training work: learning rates that fall, curves that tell, more pictures out of
# few.
