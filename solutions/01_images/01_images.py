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
# # 1 · Pictures as arrays, and a first classifier
#
# To a computer, a picture is a table of numbers. In this chapter you take such tables apart, bring them to one size,
# read a whole folder of them, and build a first program that says what is on a picture: it looks for similar pictures
# whose answer it knows. It learns nothing, and that makes it the yardstick for everything that follows.
#
# **You will be able to**
# - find any pixel of a picture in its array, and say what the order of axes and of colours means;
# - resize a picture in three ways, and say what each of them costs;
# - read pictures from folders, all at once or a few at a time, and deal with files that are broken;
# - classify pictures by their nearest neighbours, and say what that costs;
# - split data so that nothing leaks, and measure with a confusion matrix, precision, recall and accuracy, which are
#   three different things.
#
# **You need** Python functions and a first look at NumPy. **Time**: about 2½ hours, 80 minutes of them for the eight
# exercises. You can stop after any section.

# %%
import functools
import tempfile
import time
from pathlib import Path

import numpy as np
from matplotlib.patches import Rectangle

from helpers import plots
from helpers.checks import evaluate, hint, passed
from helpers.data import load, photo, to_unit
from helpers.quiz import quiz

CHAPTER = "01_images"

# %% [markdown]
# **How to work.** Run the cells from top to bottom. Where one says `raise NotImplementedError()`, write your code in
# its place, run the cell, then the check below it, which says what was expected where your answer is wrong. Stuck?
# `hint("to_grayscale")` in a cell of your own gives a nudge, and more after another try. Cells that begin with
# `if passed(...)` wait until your function passes. After a restart, begin again with the first code cell.

# %% [markdown]
# ## 1 · What does a computer see?
#
# Some things can be written down as rules. The Fibonacci numbers, for instance: each is the sum of the two before it.
# One line, and anybody can check it:

# %%
fibonacci = functools.cache(lambda n: n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2))
print(fibonacci(7), fibonacci(13), fibonacci(35))

# %% [markdown]
# Now try to write down, as rules, what makes a picture the picture of a cat. Nobody has managed. In this course the
# program gets *examples* instead of rules. So let us look at the examples as the computer does.

# %%
image = photo("astronaut")
print("shape:", image.shape, " type of each number:", image.dtype)

# %% [markdown]
# 512 rows, 512 columns, and three numbers in each place: how much red, green and blue. Such a place is a **pixel**.
# Each number is a byte, a whole number from 0 (none) to 255 (full); NumPy calls the type `uint8`.
#
# Row 0 is at the **top**, column 0 on the left. An index goes row first: `image[row, column]`. That is *y before x*,
# against the habit of the geometry lesson.

# %%
top, left, size = 106, 190, 6
fig, axes = plots.figure(1, 2, width=8.0, height=3.9, width_ratios=[1, 1.05])
plots.draw_image(axes[0, 0], image, "512 rows, 512 columns")
axes[0, 0].add_patch(Rectangle((left, top), 60, 60, fill=False, edgecolor="white", linewidth=2))
zoom = image[top : top + 60 : 10, left : left + 60 : 10]
plots.draw_image(axes[0, 1], zoom, "the red of every tenth pixel in the frame")
for (row, column), value in np.ndenumerate(zoom[..., 0]):
    ink = "black" if zoom[row, column].mean() > 128 else "white"
    axes[0, 1].text(column, row, str(value), ha="center", va="center", size=9, color=ink)
axes[0, 1].set_xticks(range(size), range(left, left + 60, 10))
axes[0, 1].set_yticks(range(size), range(top, top + 60, 10))
axes[0, 1].set(xlabel="column", ylabel="row")
plots.show(
    fig,
    "Left: a portrait of an astronaut with a frame around a part of her face. Right: every tenth pixel of that part, "
    f"6 by 6, with its red written into it. The pixel in row {top}, column {left} has red {image[top, left, 0]}.",
)

# %% [markdown]
# **Predict before you run.** What does `image[10, 200]` give: one number, three, or a whole row? And what is the shape
# of `image[100:150, 200:230]`?

# %%
print(image[10, 200])
print(image[100:150, 200:230].shape)

# %%
quiz("which-pixel")

# %% [markdown]
# ### Bytes go round in circles
#
# **Predict before you run.** Two photographs are laid over each other by adding them. One has 200 in some place, the
# other 100. What is the sum, as bytes?

# %%
print(np.array([200], np.uint8) + np.array([100], np.uint8))

# %% [markdown]
# It is 44: after 255 a byte starts again at 0, and 300 − 256 = 44. Nothing warns you. Subtracting is worse still: 3 − 5
# becomes 254. So **turn bytes into floating-point numbers before you calculate**, and, if you like, divide by 255, so
# that all pixels lie between 0 and 1. (`helpers.data.to_unit` does both.)
#
# ### Which channel is red?
#
# In this course, channel 0 is red, then come green and blue: **RGB**. One widely used library, OpenCV, reads files the
# other way round: **BGR**. The array does not say which of the two it is.
#
# **Predict before you run.** Her suit is orange, that is much red, some green, little blue. What colour will it be
# where a program takes red for blue?

# %%
from helpers.preprocess import swap_red_blue

plots.show_images(
    [image, swap_red_blue(image)],
    ["RGB as RGB", "RGB taken for BGR"],
    size=2.6,
    alt="The astronaut twice. Left as she is, in an orange suit; right with red and blue exchanged: the suit is blue, "
    "and so is her skin.",
)

# %%
quiz("mixed-light")

# %% [markdown]
# ### One number instead of three
#
# Often brightness is enough. The three colours do not look equally bright to us: full green looks far brighter than
# full blue. A recipe from the days of television, still the usual one (its name is BT.601):
#
# $$\text{grey} = 0.299\,\text{red} + 0.587\,\text{green} + 0.114\,\text{blue}.$$
#
# The weights add up to 1, so white stays white. For a pixel $(100, 150, 200)$:
# $29.9 + 88.05 + 22.8 = 140.75$.

# %% [markdown]
# {{exercise: to_grayscale}}
#
# Write `to_grayscale(image)`: the brightness of every pixel by this recipe.
#
# - A picture `(height, width, 3)` gives `(height, width)`; a batch `(n, height, width, 3)` gives `(n, height, width)`.
# - The result holds floating-point numbers in the range of the picture: bytes give 0 to 255, not rounded, and
#   fractions give 0 to 1.


# %% exercise="to_grayscale"
def to_grayscale(image):
    """The brightness of a picture (..., 3) in red, green, blue: (...), floating point, in the same range."""
    ### BEGIN SOLUTION
    return image @ np.array([0.299, 0.587, 0.114])
    ### END SOLUTION


# %% [markdown]
# Is it worth having weights? **Predict before you run.** Three stripes, full red, full green, full blue. What will they
# look like in grey, by your recipe, and by the plain mean of the three channels?

# %%
if passed("to_grayscale"):
    stripes = np.repeat(np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8), 2, axis=0)
    weighted, plain = to_grayscale(stripes) / 255, stripes.mean(axis=-1) / 255
    plots.show_images(
        [stripes, weighted, plain],
        ["colour", "weighted", "plain mean"],
        size=2.4,
        alt="Three stripes in red, green and blue. In weighted grey, green is brightest, red darker, blue nearly "
        "black; by the plain mean all three have the same grey and cannot be told apart.",
    )
    print("weighted:", np.round(255 * weighted[0]), "  plain mean:", np.round(255 * plain[0]))

# %% [markdown]
# **Recap.** `image[row, column, channel]`, row 0 at the top, red first. Bytes go round after 255: calculate in floating
# point.

# %% [markdown]
# ## 2 · How do all pictures get one size?
#
# Photographs come in all sizes. What compares or learns from them wants one size: the same number of numbers each time.
# The simplest way to change the size copies pixels: every new pixel becomes a copy of the **nearest** old one.
#
# Along one axis, six pixels become two. Pixel $i$ reaches from $i$ to $i + 1$; its centre is at $i + ½$. Stretch the
# two new pixels over the old six, and look where their centres come to lie:

# %%
fig, axes = plots.figure(width=7.0, height=2.1)
ax = axes[0, 0]
for i in range(6):
    chosen = i in (1, 4)
    colour = plots.COLOURS["vermilion"] if chosen else plots.CARD
    ax.add_patch(Rectangle((i, 0), 1, 0.8, facecolor=colour, edgecolor=plots.INK))
    ax.text(i + 0.5, 0.4, f"old {i}", ha="center", va="center", color="white" if chosen else plots.INK)
for i in range(2):
    ax.add_patch(Rectangle((3 * i, 1.1), 3, 0.8, fill=False, edgecolor=plots.INK))
    ax.text(3 * i + 0.75, 1.5, f"new {i}", ha="center", va="center")
    ax.plot([3 * i + 1.5] * 2, [1.5, 0.8], "o-", color=plots.COLOURS["vermilion"], markevery=[0])
    ax.text(3 * i + 1.6, 1.5, f"({i} + ½) · 6/2 = {3 * i + 1.5}", va="center")
ax.set(xlim=(-0.1, 6.1), ylim=(-0.1, 2.0))
ax.axis("off")
plots.show(
    fig,
    "Two new pixels above six old ones. The centre of new pixel 0 is at (0 + one half) times 6/2 = 1.5, which is in "
    "old pixel 1; that of new pixel 1 is at 4.5, in old pixel 4. Old pixels 1 and 4 are marked.",
)

# %% [markdown]
# So $\text{old} = \lfloor (i + ½) \cdot \text{old size} / \text{new size} \rfloor$; the brackets mean: round down. Rows
# and columns are independent of each other, each with a factor of its own.

# %% [markdown]
# {{exercise: resize_nearest}}
#
# Write `resize_nearest(image, height, width)`: the picture with `height` rows and `width` columns, each pixel a copy of
# the nearest old one.
#
# - `(H, W)` gives `(height, width)`; `(H, W, C)` gives `(height, width, C)`. Pixels keep their values.
# - It works for larger and for smaller sizes, and for both at once:
#   `[[10, 20, 30], [40, 50, 60]]` with `height=4, width=1` gives `[[20], [20], [50], [50]]`.
# - Where a centre falls exactly between two old pixels, either of them will do.


# %% exercise="resize_nearest"
def resize_nearest(image, height, width):
    """A picture (H, W) or (H, W, C) with `height` rows and `width` columns, by copying nearest pixels."""
    ### BEGIN SOLUTION
    rows = ((np.arange(height) + 0.5) * image.shape[0] / height).astype(int)
    columns = ((np.arange(width) + 0.5) * image.shape[1] / width).astype(int)
    return image[rows][:, columns]
    ### END SOLUTION


# %% [markdown]
# **Predict before you run.** The photograph of a cup, 400 × 600, is brought to 60 × 60. In the photograph the saucer is
# wider than high. And afterwards?

# %%
if passed("resize_nearest"):
    cup = photo("coffee")
    small = resize_nearest(cup, 60, 60)
    plots.show_images(
        [cup, small],
        ["400 × 600", "60 × 60, nearest"],
        size=3.0,
        alt="A cup of coffee on a saucer, 400 by 600 pixels, and the same in 60 by 60 coarse pixels: everything is "
        "squeezed together sideways, and the saucer, which was wider than high, is now higher than wide.",
    )

# %% [markdown]
# Two things went wrong. The **proportions**: a picture that is wider than high was squeezed into a square. And nearest
# looks at one pixel in 67 and ignores the rest, so thin lines get holes. `helpers.preprocess` does better in both:
#
# | | what it does | what it costs |
# |:--|:--|:--|
# | `Squash` | resizes to the size, come what may | circles become ovals |
# | `CropCentre` | keeps the proportions, covers the size, cuts off what sticks out | what is at the edge is lost |
# | `PadToFit` | keeps the proportions, fits inside, repeats the border to fill up | part of the result is filling |
#
# All three average over the old pixels where a picture shrinks.

# %%
from helpers.preprocess import CropCentre, PadToFit, Squash

cup = photo("coffee")
steps = [Squash(60, 60), CropCentre(60, 60), PadToFit(60, 60)]
plots.show_images(
    [step(cup) for step in steps],
    ["Squash", "CropCentre", "PadToFit"],
    size=2.6,
    alt="The cup in 60 by 60 pixels, three times. Squashed: the saucer is higher than wide. Cropped: in proportion, "
    "the ends of the picture to the left and right are cut off. Padded: in proportion and whole, but smaller, with "
    "stripes above and below that repeat the border.",
)

# %%
quiz("crop-or-pad")

# %% [markdown]
# Which is best? It depends on where the things are. If they are in the middle, crop. If all of the picture matters, as
# with a digit that is to be read, pad. What counts more than the choice: **do the same to every picture**, in training
# and afterwards.
#
# **Recap.** Resizing picks or averages old pixels. Keep the proportions, unless you have a reason not to.

# %% [markdown]
# ## 3 · How does a folder become an array?
#
# Pictures of your own usually lie in folders, one per class: `photos/cat/…`, `photos/flower/…`. The name of the folder
# *is* the label. Let us make such a folder, from pieces of four photographs, each piece of another size: 60 pieces per
# class out of the left halves of the photographs to learn from, and 25 out of the right halves to test on.

# %%
from PIL import Image

CLASSES = {"cat": "chelsea", "coffee": "coffee", "flower": "flower", "temple": "china"}


def cut_pieces(folder, count, side, rng):
    """Cut pieces out of one side of each photograph, and write them as class/number.png."""
    for name, source in CLASSES.items():
        whole = photo(source)
        middle = whole.shape[1] // 2
        half = whole[:, :middle] if side == "left" else whole[:, middle:]
        Path(folder, name).mkdir(parents=True)
        for number in range(count):
            height, width = rng.integers(40, 90, size=2)
            top, left = rng.integers(half.shape[0] - height), rng.integers(half.shape[1] - width)
            Image.fromarray(half[top : top + height, left : left + width]).save(Path(folder, name, f"{number:03}.png"))


room = tempfile.TemporaryDirectory()  # gone when the kernel ends
where, rng = Path(room.name), np.random.default_rng(0)
cut_pieces(where / "train", 60, "left", rng)
cut_pieces(where / "test", 25, "right", rng)
print(sorted(path.relative_to(where).as_posix() for path in where.glob("*/*/000.png")))

# %% [markdown]
# `ImageFolder` reads them. It takes a list of **steps**, small functions from picture to picture that are done one
# after the other: each does one job, so they can be put together in any way. Every step of `helpers.preprocess` will
# do, and every function of yours that takes a picture and returns one.

# %%
from helpers.folder import ImageFolder, PictureDamaged, PictureUnprepared

pieces = ImageFolder(where / "train", steps=[CropCentre(16, 16)])
print(pieces)
images, labels = pieces.load()
print(images.shape, images.dtype, "labels", np.bincount(labels))

# %%
examples = [np.flatnonzero(labels == label)[n] for label in range(4) for n in range(5)]
plots.show_images(
    [images[i] for i in examples],
    [pieces.class_names[labels[i]] for i in examples],
    alt="Five pieces of each class in 16 by 16 pixels: brown fur of the cat; the brown table and the red saucer; "
    "orange petals on dark blue-green; roofs, trees and sky of the temple.",
)

# %% [markdown]
# **Predict before you run.** What happens without the step that makes all pictures of one size?

# %%
try:
    ImageFolder(where / "train").load()
except PictureUnprepared as error:
    print(error)

# %% [markdown]
# An array has one shape, so all its pictures must have it too. The message says which two disagree, and what to do.
#
# ### Files break
#
# Among thousands of downloaded files, some are cut short, some are web pages with the name of a picture. A loader that
# stops at the first is a nuisance; one that leaves files out without a word is dangerous. This one stops with a
# sentence, and leaves files out if you say so, and keeps a list:

# %%
broken = where / "train" / "cat" / "007.png"
content = broken.read_bytes()
broken.write_bytes(content[: len(content) // 2])
try:
    pieces.load()
except PictureDamaged as error:
    print(error)

# %%
forgiving = ImageFolder(where / "train", steps=[CropCentre(16, 16)], skip_damaged=True)
print(forgiving.load()[0].shape, "left out:", [path.name for path in forgiving.damaged])
assert broken.write_bytes(content)  # mended again

# %% [markdown]
# ### And if they do not fit in memory?
#
# Prepared pictures are arrays, and arrays need room: the number of pictures times the numbers in each, times the bytes
# per number. 3,000 pictures of 32 × 32 × 3 bytes are $3000 \cdot 3072 = 9{,}216{,}000$ bytes, nothing much. A million
# pictures of 224 × 224 × 3 are 150 GB.

# %%
quiz("bytes-needed")

# %% [markdown]
# Then read them in **batches**: a few pictures at a time, which are forgotten before the next ones come. Much can be
# computed that way. The mean picture, for instance, needs only a running sum:

# %%
total, count = 0.0, 0
for some, _ in pieces.batches(64):
    total, count = total + some.sum(axis=0, dtype=float), count + len(some)
print("as in one go:", np.allclose(total / count, images.mean(axis=0)), " pictures seen:", count)

# %% [markdown]
# `load` refuses what would take more than two gigabytes, and says how much it would be. Let us lower that limit, to see
# the sentence:

# %%
try:
    pieces.load(limit=100_000)
except MemoryError as error:
    print(error)

# %% [markdown]
# **Recap.** Folder names are labels; small steps are chained; broken files are named; what does not fit is read in
# batches.

# %% [markdown]
# ## 4 · How far apart are two pictures?
#
# Lay the rows of a picture end to end, and it becomes one long row of numbers, a **vector**. An 8 × 8 digit becomes 64
# numbers, that is a point in a space of 64 dimensions. Nobody can picture that, but distances work there as they do on
# paper.
#
# $$\begin{bmatrix} 0 & 1 & 2 \\ 3 & 4 & 5 \end{bmatrix} \rightarrow (0, 1, 2, 3, 4, 5)$$

# %% [markdown]
# {{exercise: flatten_images}}
#
# Write `flatten_images(images)`: a batch of pictures `(n, height, width)` or `(n, height, width, channels)` becomes
# `(n, numbers)`, one row per picture, read like a page: row after row, and within a pixel red, green, blue. Values stay
# as they are.


# %% exercise="flatten_images"
def flatten_images(images):
    """A batch of pictures (n, ...) as (n, numbers): one row per picture."""
    ### BEGIN SOLUTION
    return images.reshape(len(images), -1)
    ### END SOLUTION


# %% [markdown]
# How far is it from $(0, 0)$ to $(3, 4)$? As the crow flies, 5: the root of $3^2 + 4^2$. Along the streets of a town
# laid out in squares, 7: $3 + 4$. Both are cases of one formula, with $p = 2$ and $p = 1$:
#
# $$d_p(a, b) = \Big( \sum_j |a_j - b_j|^p \Big)^{1/p}$$

# %%
fig, axes = plots.figure(width=4.4, height=3.6)
ax = axes[0, 0]
ax.plot([0, 3], [0, 4], "-", color=plots.COLOURS["vermilion"])
ax.plot([0, 3, 3], [0, 0, 4], "--", color=plots.COLOURS["blue"])
ax.plot([0, 3], [0, 4], "o", color=plots.INK)
ax.text(0.9, 2.1, "p = 2: 5", ha="right")
ax.text(3.1, 1.9, "p = 1: 3 + 4 = 7")
ax.set(xlim=(-0.8, 5.4), ylim=(-0.6, 4.6), aspect="equal", xticks=range(5), yticks=range(5))
plots.show(
    fig,
    "The points (0, 0) and (3, 4). A straight red line joins them, of length 5 (p = 2); a dashed blue way goes 3 to "
    "the right and 4 up, 7 in all (p = 1).",
)

# %% [markdown]
# {{exercise: pairwise_distances}}
#
# Write `pairwise_distances(A, B, p=2)`: the distance of every row of `A` from every row of `B`. `A` is `(n, d)`, `B` is
# `(m, d)`, the result is `(n, m)` in floating point; row i, column j holds the distance from `A[i]` to `B[j]`.
#
# - `p` is 1 or more. Rows may hold bytes: mind the circle.
# - Without a Python loop: with a few thousand rows on each side, a loop takes minutes. NumPy stretches an axis of
#   length 1 to fit, so an array `(n, 1, d)` minus an array `(1, m, d)` gives `(n, m, d)`, all differences at once.
# - From the picture: the distance of $(0, 0)$ and $(3, 4)$ is 5, with `p=1` it is 7.


# %% exercise="pairwise_distances"
def pairwise_distances(A, B, p=2):
    """Distances (n, m) of the rows of A (n, d) from the rows of B (m, d): the p-th root of the summed p-th powers."""
    ### BEGIN SOLUTION
    differences = A[:, None, :].astype(float) - B[None, :, :]
    return (np.abs(differences) ** p).sum(axis=-1) ** (1 / p)
    ### END SOLUTION


# %% [markdown]
# Now look for similar digits. On the left a digit that is asked about, then the five nearest of 1,347, with their
# distances:

# %%
digits = load("digits")
print(digits)

if passed("flatten_images", "pairwise_distances"):
    asked = digits.x_test[[0, 7, 12]]
    far = pairwise_distances(flatten_images(asked), flatten_images(digits.x_train))
    fig, axes = plots.figure(3, 6, width=7.8, height=4.8)
    for row, (picture, away) in enumerate(zip(asked, far)):
        plots.draw_image(axes[row, 0], picture, "which digit?")
        for ax, i in zip(axes[row, 1:], np.argsort(away)):
            plots.draw_image(ax, digits.x_train[i], f"a {digits.y_train[i]}: {away[i]:.2f}")
    plots.show(
        fig,
        "Three digits, each followed by the five training digits that are nearest to it, with label and distance. "
        "The neighbours look alike; all of them show the same digit.",
    )

# %% [markdown]
# That works well. But a distance compares pixels *place by place*. **Predict before you run.** We move a digit one
# pixel to the right. To you it is the same digit. Which is farther from it: the moved digit, or the nearest digit of
# another class?

# %%
moved = np.zeros_like(digits.x_test)
moved[:, :, 1:] = digits.x_test[:, :, :-1]

if passed("flatten_images", "pairwise_distances"):
    flat, flat_moved = flatten_images(digits.x_test[:100]), flatten_images(moved[:100])
    to_itself = np.diag(pairwise_distances(flat, flat_moved))
    to_all = pairwise_distances(flat, flatten_images(digits.x_train))
    to_all[digits.y_test[:100, None] == digits.y_train] = np.inf
    print(f"to itself, moved by one pixel: {np.median(to_itself):.2f} (median of 100 digits)")
    print(f"to the nearest digit that is another: {np.median(to_all.min(axis=1)):.2f}")

# %% [markdown]
# A digit is farther from itself, moved by one pixel, than from a digit of another class. Pixel distance is not
# likeness; keep that in mind when the results look too good.
#
# **Recap.** A picture is a point; alike means near; near means equal *in the same places*.

# %% [markdown]
# ## 5 · Can a program classify that never learns?
#
# Ask the $k$ nearest training pictures, and let them vote: **k-nearest neighbours**, k-NN for short. On a line, with
# five samples of three classes:

# %%
line_x, line_y = np.array([[0.0], [1.0], [3.0], [6.0], [7.0]]), np.array([0, 0, 1, 2, 2])
LOOKS = [("o", plots.COLOURS["blue"]), ("s", plots.COLOURS["vermilion"]), ("^", plots.COLOURS["green"])]

fig, axes = plots.figure(width=7.0, height=1.9)
ax = axes[0, 0]
ax.axhline(0, color=plots.FRAME, linestyle="-", zorder=0)
for (place,), label in zip(line_x, line_y):
    ax.plot(place, 0, LOOKS[label][0], color=LOOKS[label][1], markersize=13)
    ax.text(place, -0.75, f"class {label}", ha="center")
ax.plot(1.4, 0, "x", color=plots.INK, markersize=12, markeredgewidth=3)
ax.text(1.4, 0.6, "1.4: who is this?", ha="center")
ax.set(xlim=(-0.7, 7.7), ylim=(-1, 1), yticks=[])
ax.spines["left"].set_visible(False)
plots.show(
    fig,
    "A line with class 0 at 0 and 1, class 1 at 3, class 2 at 6 and 7. A cross at 1.4 asks for its class. Its "
    "distances are 0.4 to the sample at 1, 1.4 to that at 0, 1.6 to that at 3.",
)

# %% [markdown]
# For $k = 3$ the nearest are those at 1, 0 and 3, with the classes 0, 0 and 1: two votes against one, so the answer is
# 0.
#
# **Predict before you run.** What does $k = 5$ answer at 7? And at 100?

# %%
quiz("all-vote")

# %% [markdown]
# {{exercise: knn_predict}}
#
# Write `knn_predict(X_train, y_train, X, k)`: for every row of `X`, the label that most of its `k` nearest rows of
# `X_train` have, by the Euclidean distance (p = 2).
#
# - `X_train` is `(N, d)`, `y_train` holds whole numbers `(N,)`, `X` is `(n, d)`; the result is `(n,)`, whole numbers.
# - Where several labels have equally many votes, the **smallest label** wins. Labels need not be 0, 1, 2, …
# - Your `pairwise_distances` is there to be used. Loops are allowed here.


# %% exercise="knn_predict"
def knn_predict(X_train, y_train, X, k):
    """The most frequent label among the k nearest rows of X_train (N, d), for each row of X (n, d): (n,)."""
    ### BEGIN SOLUTION
    nearest = np.argsort(pairwise_distances(X, X_train), axis=1)[:, :k]
    return np.array([np.bincount(votes).argmax() for votes in y_train[nearest]])
    ### END SOLUTION


# %%
if passed("knn_predict"):
    print(knn_predict(line_x, line_y, np.array([[1.4], [5.5]]), 3), "expected: [0 2]")

# %% [markdown]
# In the plane one can see it all: every place is coloured with the answer that **your** function gives there.
#
# **Predict before you move the slider.** How do the borders change as $k$ grows from 1 to 40? For which $k$ are all the
# samples in the picture answered right? Is that the best $k$ for *fresh* samples? Then choose “a ring”: what will a
# large $k$ do to the small class in the middle?

# %%
if passed("knn_predict"):
    from helpers.widgets import knn_explorer

    knn_explorer(knn_predict, points="three clouds", k=1, x1=-0.6, x2=0.4)

# %% [markdown]
# With $k = 1$ every sample is its own nearest neighbour: no mistake on the training samples, ever, and islands around
# each outlier. With a large $k$ the borders become smooth, and small groups are outvoted, as in the ring. Which $k$ is
# best for samples that were *not* there before depends on the data; section 6 shows how to choose.
#
# ### Many dimensions
#
# The plane is a friendly place. A colour picture of 32 × 32 pixels is a point in 3,072 dimensions. **Predict before you
# run.** 500 points are strewn at random. How much nearer than the average point is the nearest: in 2 dimensions, in
# 64, in 3,072?

# %%
if passed("pairwise_distances"):
    rng = np.random.default_rng(0)
    for d in (2, 64, 3072):
        strewn = rng.random((501, d))
        away = pairwise_distances(strewn[:1], strewn[1:])[0]
        print(f"{d:5} dimensions: nearest {away.min() / away.mean():.2f}, ", end="")
        print(f"farthest {away.max() / away.mean():.2f} times the average distance")

# %% [markdown]
# With thousands of random numbers all points are about equally far, and “the nearest” means little: the **curse of
# dimensionality**. Pictures are not random numbers: neighbouring pixels are much alike, and that is what saves k-NN.
# But where most of the numbers are background, the distance is mostly that of backgrounds.
#
# ### What does it cost?
#
# Most methods work hard while they learn and answer quickly. k-NN is the other way round. **Predict before you run.**
# How does the time for one answer grow when there are twice as many training pictures? And the time for learning?

# %%
if passed("knn_predict"):
    rng, rows = np.random.default_rng(0), []
    for N in (1000, 2000, 4000, 8000):
        X_train, y_train, X = rng.random((N, 64)), rng.integers(10, size=N), rng.random((20, 64))
        times = []
        for _ in range(5):
            start = time.perf_counter()
            knn_predict(X_train, y_train, X, 3)
            times.append(time.perf_counter() - start)
        rows.append((N, min(times) / len(X) * 1000))
    print("\n".join(f"{N:5} training pictures: {ms:6.2f} ms per answer" for N, ms in rows))

# %% [markdown]
# Learning costs nothing: the pictures are kept, that is all. An answer costs time in proportion to the number $N$ of
# training pictures, written $O(N)$: twice as many take about twice as long (timings are never exact). And all of them
# must be there, in memory, wherever the program runs. A neural network is the opposite: it learns for hours, and then
# forgets its training pictures and answers in a time that does not depend on their number. There are indexes that find
# neighbours faster, some of them at the price of missing one now and then.
#
# **Recap.** k-NN: keep everything, ask the nearest, count votes. Free to train, dear to use.

# %% [markdown]
# ## 6 · How do you measure without fooling yourself?
#
# On pictures that it has seen, 1-NN is always right. That says nothing. What counts is how it does on **fresh** ones.
# So part of the data is put aside before anything else happens:
#
# | part | what for | how often |
# |:--|:--|:--|
# | training | the program may look at these as it likes | always |
# | validation | to choose: which $k$, which steps, which network | often |
# | test | to say how good the final choice is | **once** |
#
# Why two parts to measure on? Whoever tries a hundred settings and keeps the one that does best on some pictures has
# fitted the setting to those pictures. They are no longer fresh.

# %% [markdown]
# {{exercise: split_indices}}
#
# Write `split_indices(n, fractions, rng)`: the numbers 0 to n − 1, shuffled and dealt out into one part per fraction.
# The result is a list (or tuple) of arrays.
#
# - `fractions` is a list that adds up to 1: with `n=100` and `[0.6, 0.2, 0.2]` the parts hold 60, 20 and 20 numbers.
#   Where that does not come out even, a part may have one number more or less.
# - **Every number is in exactly one part.**
# - All chance comes from `rng`, for example from `rng.permutation(n)`: the same seed gives the same split.


# %% exercise="split_indices"
def split_indices(n, fractions, rng):
    """The numbers 0..n-1 in random order, dealt out into parts by `fractions`: a list of arrays."""
    ### BEGIN SOLUTION
    ends = np.rint(np.cumsum(fractions) * n).astype(int)
    return np.split(rng.permutation(n), ends[:-1])
    ### END SOLUTION


# %% [markdown]
# Choose $k$ for the digits. The test digits were put aside by `load`; the others are split into training and
# validation. (The distances of all pairs at once would fill a large part of the memory, so a small helper asks for the
# answers in batches.)


# %%
def answers(X_train, y_train, X, k, size=50):
    """`knn_predict` for many rows, `size` at a time."""
    return np.concatenate([knn_predict(X_train, y_train, X[i : i + size], k) for i in range(0, len(X), size)])


def accuracy(y_true, y_pred):
    """The share of right answers."""
    return float(np.mean(y_true == y_pred))


# %% [markdown]
# **Predict before you run.** Where will the curve be highest: at small, medium or large $k$?

# %%
if passed("flatten_images", "knn_predict", "split_indices"):
    flat = flatten_images(digits.x_train)
    training, validation = split_indices(len(flat), [0.75, 0.25], np.random.default_rng(0))
    ks = [1, 3, 5, 9, 25, 101, 401]
    scores = []
    for k in ks:
        said = answers(flat[training], digits.y_train[training], flat[validation], k)
        scores.append(accuracy(digits.y_train[validation], said))
    best = ks[int(np.argmax(scores))]
    fig, axes = plots.figure(width=5.6, height=3.0)
    axes[0, 0].plot(ks, scores, "o-")
    axes[0, 0].set(xscale="log", xlabel="k", ylabel="right on validation digits", ylim=(0.5, 1.02))
    axes[0, 0].set_xticks(ks, ks, minor=False)
    axes[0, 0].minorticks_off()
    listed = ", ".join(f"{score:.1%} for k = {k}" for k, score in zip(ks, scores))
    plots.show(fig, f"A curve of the share of right answers over k: {listed}.")
    print(f"best on validation digits: k = {best}, {max(scores):.1%}")

# %% [markdown]
# Small $k$ do about equally well: differences of a per cent are three digits out of 337, which is chance. Large $k$
# outvote the small groups. Now, **once**, the test digits:

# %%
if passed("flatten_images", "knn_predict", "split_indices"):
    said = answers(flat, digits.y_train, flatten_images(digits.x_test), best)
    print(f"test: right on {accuracy(digits.y_test, said):.1%}; always the most frequent digit: ", end="")
    print(f"{np.bincount(digits.y_test).max() / len(digits.y_test):.1%}")
    said = answers(flat, digits.y_train, flatten_images(moved), best)
    print(f"the same digits, moved by one pixel to the right: {accuracy(digits.y_test, said):.1%}")

# %% [markdown]
# Impressive, and brittle: one pixel to the side, and four in ten are wrong. These digits happen to be centred with
# care. Convolutional networks (chapter 7) suffer less, and are *shown* moved pictures (chapter 8).
#
# ### A leak
#
# Here is an experiment that cannot succeed. We take 300 digits and give each a label by *tossing a coin*. There is
# nothing to find out: on fresh digits nobody can be right in more than about half of the cases.
#
# We take three slightly different copies of each, as in three frames of a film, and split the 900 pictures at random.
# **Predict before you run.** How often will 1-NN be right on the test pictures?

# %%
if passed("flatten_images", "knn_predict", "split_indices"):
    rng = np.random.default_rng(0)
    originals, coin = flatten_images(digits.x_train[:300]), rng.integers(0, 2, size=300)
    which = np.tile(np.arange(300), 3)  # the original that each picture is a copy of
    films = originals[which] + rng.normal(scale=0.05, size=(900, 64))
    train, test = split_indices(900, [0.75, 0.25], rng)
    said = answers(films[train], coin[which[train]], films[test], 1)
    print(f"split by picture: right on {accuracy(coin[which[test]], said):.1%} of coin tosses")

# %% [markdown]
# Nearly always right, about coin tosses! The test pictures were not fresh: most of them have a twin in the training
# part. The split must be made by *original*: all copies of one digit go to the same side.

# %%
if passed("flatten_images", "knn_predict", "split_indices"):
    train_originals, test_originals = split_indices(300, [0.75, 0.25], rng)
    train, test = (np.flatnonzero(np.isin(which, part)) for part in (train_originals, test_originals))
    said = answers(films[train], coin[which[train]], films[test], 1)
    print(f"split by original: right on {accuracy(coin[which[test]], said):.1%}")

# %% [markdown]
# About half, as it must be. (With 75 originals, chance alone moves that by six per cent either way.) This mistake has
# gone through peer review many times: several X-rays of one patient, patches of one photograph, pictures that were
# multiplied *before* they were split. More ways for the test part to leak:
#
# - **Preparing with all data.** Mean, range, the list of labels: take them from the training part, and apply the
#   *same* ones to the others.
# - **Choosing on the test part.** Every choice uses it up a little.
# - **Sorted data, unshuffled.** Then the test part has classes that training has never seen. That is no leak, but no
#   measurement either.

# %%
quiz("where-to-scale")

# %% [markdown]
# **Recap.** Split first, by whatever belongs together; choose on validation; test once.

# %% [markdown]
# ## 7 · What is wrong, and how?
#
# One number hides a lot. A **confusion matrix** shows which class is taken for which: one row per true class, one
# column per prediction. Six pictures:
#
# | true | 0 | 0 | 1 | 2 | 2 | 2 |
# |:--|:-:|:-:|:-:|:-:|:-:|:-:|
# | **predicted** | 0 | 1 | 1 | 2 | 0 | 0 |
#
# $$\begin{bmatrix} 1 & 1 & 0 \\ 0 & 1 & 0 \\ 2 & 0 & 1 \end{bmatrix}$$
#
# The bottom row says: of the three pictures of class 2, two were taken for a 0 and one was right. Right answers are on
# the diagonal.

# %% [markdown]
# {{exercise: confusion_matrix}}
#
# Write `confusion_matrix(y_true, y_pred, num_classes)`: whole numbers of shape `(num_classes, num_classes)`. The cell
# in row i and column j counts the samples of class i that were taken for class j. Labels run from 0 to
# `num_classes` − 1; a class that does not occur has a row and a column all the same.


# %% exercise="confusion_matrix"
def confusion_matrix(y_true, y_pred, num_classes):
    """How many samples of each class (row) were taken for each class (column): (num_classes, num_classes)."""
    ### BEGIN SOLUTION
    counts = np.zeros((num_classes, num_classes), dtype=int)
    for true, predicted in zip(y_true, y_pred, strict=True):
        counts[true, predicted] += 1
    return counts
    ### END SOLUTION


# %% [markdown]
# Two questions can be asked about each class, say “cat”:
#
# - **Precision**: of all that were *called* a cat, what share is one? Look down the column.
# - **Recall**: of all that *are* cats, what share was found? Look along the row.
#
# For $\begin{bmatrix} 8 & 2 \\ 4 & 6 \end{bmatrix}$, class 0: precision $8 / (8 + 4) = 0.667$, recall
# $8 / (8 + 2) = 0.8$. And **accuracy** is neither: of *all* samples, the share that is right,
# $(8 + 6) / 20 = 0.7$.

# %% [markdown]
# {{exercise: precision_recall}}
#
# Write `precision_recall(confusion)`, which returns two arrays of shape `(classes,)`: the precision and the recall of
# every class. A class that was never predicted gets precision 0, and one that never occurs recall 0.


# %% exercise="precision_recall"
def precision_recall(confusion):
    """Precision and recall of every class, two arrays (classes,); 0 where there is nothing to divide by."""
    ### BEGIN SOLUTION
    right, called, real = np.diag(confusion), confusion.sum(axis=0), confusion.sum(axis=1)
    return right / np.maximum(called, 1), right / np.maximum(real, 1)
    ### END SOLUTION


# %% [markdown]
# Back to the pieces of photographs. Training pieces are from the left halves, test pieces from the right: no pixel is
# on both sides. **Predict before you run.** How much does it matter whether k-NN sees colours?

# %%
if passed("to_grayscale", "flatten_images", "knn_predict", "confusion_matrix", "precision_recall"):
    results = {}
    for name, steps in {"colour": [CropCentre(16, 16)], "grey": [CropCentre(16, 16), to_grayscale]}.items():
        (x, y), (x_test, y_test) = (ImageFolder(where / part, steps).load() for part in ("train", "test"))
        results[name] = answers(flatten_images(x), y, flatten_images(x_test), 3)
        print(f"{name}: right on {accuracy(y_test, results[name]):.0%} of the test pieces")
    confusion = np.asarray(confusion_matrix(y_test, results["colour"], 4))
    listed = "; ".join(f"{name} {list(map(int, row))}" for name, row in zip(pieces.class_names, confusion))
    plots.plot_confusion(confusion, pieces.class_names, "pieces in colour", alt=f"Confusion matrix, by row: {listed}.")

# %%
if passed("to_grayscale", "flatten_images", "knn_predict", "confusion_matrix", "precision_recall"):
    precision, recall = precision_recall(confusion)
    for name, p, r in zip(pieces.class_names, precision, recall):
        print(f"{name:8} precision {p:.2f}   recall {r:.2f}")

# %% [markdown]
# A class with high recall and low precision is one that the program says too readily; with high precision and low
# recall, one that it says only when it is sure.
#
# ### 52 per cent that were 44
#
# A well-known book runs k-NN on 3,000 photographs of cats, dogs and pandas, and prints this table for the 750 that were
# held back:
#
# | | precision | recall | pictures |
# |:--|:-:|:-:|:-:|
# | cats | 0.39 | 0.49 | 239 |
# | dogs | 0.36 | 0.47 | 249 |
# | pandas | 0.79 | 0.36 | 262 |
# | average, by pictures | 0.52 | 0.44 | 750 |
#
# The text says that the program reaches “52 % accuracy”. **Predict before you run:** does it?

# %%
share_right = (0.49 * 239 + 0.47 * 249 + 0.36 * 262) / 750
print(f"recall times pictures, added up: right on {share_right:.1%}")

# %% [markdown]
# It is 43.8 %. The share of *all* pictures that is right is the recall of each class, weighted with its pictures. 52 %
# is the average of the precisions, which is another question's answer. How can the two be so far apart? Here is a
# matrix that fits the table (the table fixes the diagonal and the totals, up to rounding; the rest is made up):

# %%
if passed("precision_recall"):
    animals = np.array([[117, 112, 10], [117, 117, 15], [68, 100, 94]])
    precision, recall = precision_recall(animals)
    pictures = animals.sum(axis=1)
    print("precision", np.round(precision, 2), " average", round(np.average(precision, weights=pictures), 2))
    print("recall   ", np.round(recall, 2), " average", round(np.average(recall, weights=pictures), 2))
    print(f"accuracy  {np.trace(animals) / animals.sum():.1%}; “panda” was said {animals.sum(axis=0)[2]} times of 750")

# %% [markdown]
# “Panda” is said rarely, and then it is usually right: 0.79. That one careful class pulls the average of the precisions
# up, while two pandas in three are missed. And always saying the same class is right on one in three, so 43.8 % is not
# much.

# %%
quiz("careful-class")

# %% [markdown]
# **Recap.** Accuracy: right among all. Precision: right among those that were called so. Recall: found among those that
# are so. Say which one you mean, and what the baseline is.

# %% [markdown]
# ## 8 · Photographs (opt-in)
#
# The same experiment on 3,000 real photographs: cats, deer and dogs out of CIFAR-10, 32 × 32 pixels, 1,000 each. It is
# switched off, because CIFAR-10 is downloaded once (170 MB), unless it is in the folder that `COURSE_DATA` names; the
# answers take a minute or two. Set `LONG_RUN = True` to run it. Pictures of your own? Write their folder into `MINE`;
# it should hold one folder per class.
#
# With the author's functions, and a copy of CIFAR-10 that had been stored as JPEG, $k = 3$ was best on the validation
# pictures and right on 45.5 % of the 750 test pictures, where a third would be chance. “Deer” was said too readily
# (precision 0.46, recall 0.81), “dog” hardly ever (recall 0.20). That is about what the book had for cats, dogs and
# pandas; networks that learn will do much better. (Measured on 750 pictures, such a share is uncertain by about two
# points either way.)

# %%
LONG_RUN = False
MINE = ""

if (LONG_RUN or MINE) and passed("flatten_images", "knn_predict", "split_indices", "precision_recall"):
    if MINE:
        own = ImageFolder(MINE, [CropCentre(32, 32)], skip_damaged=True)
        (photos, kinds), names = own.load(), own.class_names
    else:
        cifar, names = load("cifar10"), ("cat", "deer", "dog")
        chosen = [np.flatnonzero(cifar.y_train == cifar.class_names.index(name))[:1000] for name in names]
        photos, kinds = cifar.x_train[np.concatenate(chosen)], np.repeat(np.arange(3), 1000)
    flat = flatten_images(to_unit(photos, np.float32))
    train, validation, test = split_indices(len(flat), [0.6, 0.15, 0.25], np.random.default_rng(0))
    ks = [1, 3, 9, 25]
    scores = [accuracy(kinds[validation], answers(flat[train], kinds[train], flat[validation], k, 4)) for k in ks]
    k = ks[int(np.argmax(scores))]
    print("on validation pictures:", {k: f"{score:.1%}" for k, score in zip(ks, scores)})
    said = answers(flat[train], kinds[train], flat[test], k, 4)
    precision, recall = precision_recall(np.asarray(confusion_matrix(kinds[test], said, len(names))))
    for name, p, r in zip(names, precision, recall):
        print(f"{name:8} precision {p:.2f}   recall {r:.2f}")
    print(f"accuracy with k = {k}: {accuracy(kinds[test], said):.1%} of {len(test)} test pictures")

# %% [markdown]
# ## Check yourself
#
# You have met seven questions on the way. Two more:

# %%
quiz("flat-shape")

# %%
quiz("twice-the-pictures")

# %% [markdown]
# ## What the book got wrong
#
# Good books contain mistakes; knowing them sharpens the eye. From a well-known one, checked by running the code or by
# doing the sums:
#
# - **Precision is not accuracy.** k-NN's “52 %” is the averaged precision; its accuracy is 43.8 %. And “79 % of the
#   pandas right” is the precision of the word “panda”; the share of pandas that was found is 36 %. The book goes on
#   like this in later chapters.
# - **Red and blue make magenta**, not another colour; and in the order blue, green, red that is `(255, 0, 255)` as
#   well. Where the order of channels is not said, it has to be tested on a picture whose colours you know.
# - **Squashing is not the only way.** Crop and resize is described, but only squashing is implemented. You have all
#   three here.
# - **A table of colour statistics that cannot be.** Some of its standard deviations are above 127.5, the most that
#   numbers between 0 and 255 can have, and more than their means allow.
# - **9.0 MB** for 3,000 small pictures comes from dividing by 1024 · 1000. It is 9,216,000 bytes: 9.2 MB, or 8.8 MiB.
# - **No validation part.** Everything is chosen and measured on the same test pictures, throughout.
# - **Labels encoded twice**, for training and test pictures separately: if one class is missing on one side, the
#   numbers no longer mean the same. `ImageFolder.part` keeps them.
# - **Scaling before splitting.** In one experiment the range of the pixels is taken from all pictures, test pictures
#   included. It does little harm there, and it is a bad habit.

# %% [markdown]
# ## What you take with you
#
# - A picture is an array `[row, column, channel]` of bytes; calculate in floating point.
# - One size for all: squash, crop or pad, the same for every picture.
# - Folder names are labels; steps are chained; batches where memory is short.
# - k-NN: training is free, an answer costs $O(N)$; it compares places, so it does not survive a shift.
# - Training, validation, test; split by what belongs together; test once.
# - Accuracy, precision and recall are three numbers. Quote the right one, with its baseline.
#
# **Next**: chapter 2, the neuron: a classifier that learns, and can forget its training pictures.
