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
# # 6 · Convolution
#
# A dense layer ties every neuron to every pixel. This chapter builds the layer that looks through a small window
# instead, the same window everywhere, and that made machines see.
#
# **When you are done, you can**
#
# - compute one output pixel of a filter by hand, and say how large a result will be;
# - write filters that blur, sharpen and find edges, and tell correlation from convolution;
# - write a convolution layer with loops, and then as one matrix product;
# - carry gradients back through convolution and pooling, and check them.
#
# **Time**: about four hours, with good places to stop after sections 5 and 8. You need chapters 02 and 05: weighted
# sums, and gradients that flow backwards. Stuck? `hint("pad2d")` gives a nudge, and one more after every try. Write
# every exercise with NumPy alone: SciPy, OpenCV, scikit-image and the frameworks solve them for you, so the checks
# refuse them.

# %%
import time

import numpy as np

from helpers.checks import evaluate, hint, passed
from helpers.data import load, photo
from helpers.plots import COLOURS, draw_image, draw_kernel, draw_signed, figure, plot_curves, show, show_images
from helpers.quiz import quiz

CHAPTER = "06_convolution"


# %%
def draw_numbers(ax, values, title=""):
    """A small picture with the value of every pixel written into it."""
    values = np.asarray(values)
    draw_image(ax, (values - values.min()) / max(np.ptp(values), 1e-9), title)
    middle = (values.max() + values.min()) / 2
    for (row, column), value in np.ndenumerate(values):
        ink = "black" if value > middle else "white"
        ax.text(column, row, f"{value:g}", ha="center", va="center", color=ink)


# %% [markdown]
# ## 1 · What does one output pixel see?
#
# A photograph of 250 × 250 pixels in colour has 187,500 numbers. One dense neuron that looks at it needs 187,500
# weights, and learns separately, for every position, what an edge looks like. But an edge is an edge wherever it is.
# So take **few** weights, look at a **small** part of the picture, and use the same weights **everywhere**.
#
# Here is the small part: nine pixels. The weights lie in a grid of the same size, the **kernel**. One output pixel is
# the sum of nine products.

# %%
patch = np.array([[93, 139, 101], [26, 252, 196], [135, 230, 18]])
mean_kernel = np.full((3, 3), 1 / 9)

fig, axes = figure(1, 2, width=6.0, height=2.8)
draw_numbers(axes[0, 0], patch, "nine pixels")
draw_kernel(axes[0, 1], mean_kernel, "kernel: every weight 1/9", limit=0.5)
show(
    fig, alt="Left: nine grey pixels, 93 139 101, 26 252 196, 135 230 18. Right: a kernel of nine weights, each 0.111."
)

# %% [markdown]
# **Predict before you run.** The nine pixels add up to 1190. What is the output pixel? Darker or brighter than the
# pixel in the middle, 252?

# %%
products = patch * mean_kernel
print(products.round(2))
print("output pixel:", products.sum(), "=", patch.sum(), "/ 9")

# %% [markdown]
# The output is 132.2: the bright pixel in the middle is drawn towards its neighbours. A kernel of equal weights that
# add up to 1 is a **mean filter**; it blurs.
#
# *In short*: multiply window and kernel entry by entry, add up, and you have one output pixel. That is the weighted
# sum of chapter 02, with a window as input.

# %% [markdown]
# ## 2 · What happens at the border?
#
# The window needs neighbours, and pixels at the border lack some. Either the result has no pixel there (the **valid**
# part, smaller than the picture), or we put a frame around the picture first: **padding**. There are three common
# ways to fill it.

# %%
line = "1 2 3"
print(f"zero     0 0 [{line}] 0 0")
print(f"edge     1 1 [{line}] 3 3")
print(f"reflect  3 2 [{line}] 2 1")

# %% [markdown]
# {{exercise: pad2d}}
#
# Write `pad2d(image, pad, mode)`: a frame of `pad` pixels on each of the four sides of a grey `image` (height,
# width).
#
# - `"zero"` fills it with 0, `"edge"` repeats the border pixel, `"reflect"` is a mirror that stands *on* the border
#   pixel, so that this pixel is not repeated.
# - `pad` may be 0. Pixels may be bytes (uint8).
#
# For example, `[[1, 2, 3], [4, 5, 6]]` with a frame of 1 in mode `"reflect"` begins with the row `5 4 5 6 5`.


# %% exercise="pad2d"
def pad2d(image, pad, mode):
    """The image (height, width) with a frame of `pad` pixels: (height + 2 pad, width + 2 pad)."""
    ### BEGIN SOLUTION
    return np.pad(image, pad, {"zero": "constant"}.get(mode, mode))
    ### END SOLUTION


# %% [markdown]
# A frame of 24 pixels shows what the modes do to a real photograph.

# %%
camera = photo("camera")[80:208, 180:308]  # 128 x 128 pixels, uint8
if passed("pad2d"):
    modes = ("zero", "edge", "reflect")
    framed = [pad2d(camera, 24, mode) / 255 for mode in modes]
    show_images(
        framed,
        modes,
        columns=3,
        size=2.0,
        alt="The head of a man with a camera, framed in three ways: in black, in streaks that continue the border "
        "pixels, and in a mirror image of the picture.",
    )

# %% [markdown]
# Zeros are the usual choice inside networks, although they draw a dark line around every picture. For photographs a
# mirror leaves the fewest traces.
#
# How large is a result? Let a window of `kernel` pixels slide along `n` pixels with `pad` pixels added on both sides.
# It starts at the left end and takes steps of `stride` pixels. Count where it can stand.

# %%
n, kernel, stride, pad = 5, 3, 2, 1
cells = ["0"] * pad + [str(i + 1) for i in range(n)] + ["0"] * pad
print(" ".join(cells))
for start in range(0, n + 2 * pad - kernel + 1, stride):
    print("  " * start + " ".join("^" * kernel))

# %% [markdown]
# The window has room for (n + 2·pad − kernel) steps of one pixel, so it can stand at
#
# $$\frac{n + 2\,\text{pad} - \text{kernel}}{\text{stride}} + 1$$
#
# places: the steps it can take, plus the place where it starts. **Dilation** pulls the kernel's entries apart: with
# dilation 2 there is one pixel between neighbouring entries, and three entries reach over five pixels.
#
# **Predict before you run.** A famous network of 2012, AlexNet, is printed with an input of 224 pixels, a kernel of
# 11, stride 4 and no padding. How many places is that?

# %%
print("224 pixels:", (224 - 11) / 4 + 1)
print("227 pixels:", (227 - 11) / 4 + 1)

# %% [markdown]
# 54.25 places do not exist. With 227 pixels the numbers fit, and that is what the network really used. Frameworks
# round down silently and drop the last pixels. Here it is an error, so that you notice.
#
# {{exercise: output_size}}
#
# Write `output_size(n, kernel, stride=1, pad=0, dilation=1)`: how many places there are, as a whole number (an `int`:
# `range` and shapes will not take 5.0). Raise `ValueError` where the stride does not divide the room, and where the
# kernel reaches over more pixels than there are.


# %% exercise="output_size"
def output_size(n, kernel, stride=1, pad=0, dilation=1):
    """How many windows fit along an axis of n pixels; ValueError where they do not fit exactly."""
    ### BEGIN SOLUTION
    reach = dilation * (kernel - 1) + 1
    room = n + 2 * pad - reach
    if room < 0 or room % stride:
        raise ValueError(f"windows of {reach} pixels, {stride} apart, do not fit into {n + 2 * pad} pixels")
    return room // stride + 1
    ### END SOLUTION


# %%
if passed("output_size"):
    for setting in [(28, 5, 1, 2), (28, 2, 2), (32, 3, 2, 1), (227, 11, 4)]:
        try:
            print(setting, "->", output_size(*setting))
        except ValueError as error:
            print(setting, "-> ValueError:", error)

# %% [markdown]
# *In short*: a padding of (kernel − 1) / 2 keeps the size at stride 1, which is often called **same** padding; stride
# 2 halves it, if the numbers fit.

# %% [markdown]
# ## 3 · What can nine numbers do to a picture?
#
# Slide the kernel over the whole picture, and every place gives one output pixel. This is called
# **cross-correlation**, or correlation for short. Here are five by five pixels and a kernel that compares each pixel
# with its four neighbours, the **Laplacian**.

# %%
board = np.array(
    [
        [95, 242, 186, 152, 39],
        [39, 14, 220, 153, 180],
        [5, 247, 212, 54, 46],
        [46, 77, 133, 110, 74],
        [156, 35, 74, 93, 116],
    ]
)
laplacian = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]])

fig, axes = figure(1, 2, width=6.4, height=3.1)
draw_numbers(axes[0, 0], board, "5 x 5 pixels")
axes[0, 0].plot([-0.5, 2.5, 2.5, -0.5, -0.5], [-0.5, -0.5, 2.5, 2.5, -0.5], color=COLOURS["vermilion"], lw=4)
draw_kernel(axes[0, 1], laplacian, "Laplacian")
show(
    fig,
    alt="Left: 5 by 5 grey pixels, the first window of 3 by 3 outlined. Right: the Laplacian, 1 above, below, left and "
    "right of −4, and 0 in the corners.",
)

# %% [markdown]
# **Predict before you run.** The first window has 14 in its middle, and 242, 39, 220 and 247 around it. What does the
# Laplacian give? What would it give if all five were equal?

# %%
window = board[0:3, 0:3]
print(window * laplacian)
print("sum:", np.sum(window * laplacian))

# %% [markdown]
# A dark pixel among bright ones gives a large number, 692; equal pixels give 0, because the kernel's entries add up
# to 0.
#
# {{exercise: correlate2d}}
#
# Write `correlate2d(image, kernel)` for a grey `image` (height, width) and a kernel of any size, also of even or
# unequal sides. Give the valid part: shape `(height - kernel_height + 1, width - kernel_width + 1)`. Loops are fine.
#
# Photographs come as bytes, 0 to 255, and results do not fit into bytes: make room for them in float64.


# %% exercise="correlate2d"
def correlate2d(image, kernel):
    """Slide the kernel over the image, unflipped: the valid part, float64."""
    ### BEGIN SOLUTION
    kernel_height, kernel_width = kernel.shape
    height = image.shape[0] - kernel_height + 1
    width = image.shape[1] - kernel_width + 1
    result = np.zeros((height, width))
    for i in range(height):
        for j in range(width):
            result[i, j] = np.sum(image[i : i + kernel_height, j : j + kernel_width] * kernel)
    return result
    ### END SOLUTION


# %% [markdown]
# Compare with the picture: the first number must be 692. And a stride of 2 is nothing new: it keeps every second
# place.

# %%
if passed("correlate2d"):
    edges = correlate2d(board, laplacian)
    print(edges)
    print("every second place:\n", edges[::2, ::2])

# %% [markdown]
# Now a real photograph, and six kernels.

# %%
kernels = {
    "mean, 7 x 7": np.full((7, 7), 1 / 49),
    "sharpen": np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
    "Laplacian": laplacian,
    "Sobel x": np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]),
    "Sobel y": np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]]),
    "emboss": np.array([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]]),
}

# %% [markdown]
# **Predict before you run.** Which of the six keep the brightness of a flat sky, and which answer it with 0? (Add up
# their entries.)

# %%
if passed("correlate2d"):
    fig, axes = figure(1, 3, width=6.0, height=2.3)
    for ax, name in zip(axes.flat, ("mean, 7 x 7", "sharpen", "emboss"), strict=True):
        draw_image(
            ax, np.clip(correlate2d(camera, kernels[name]), 0, 255) / 255, f"{name}: sum {kernels[name].sum():g}"
        )
    show(
        fig,
        alt="A man with a camera under three kernels of sum 1: mean blurs, sharpen makes crisp, emboss gives relief.",
    )

# %%
if passed("correlate2d"):
    fig, axes = figure(1, 3, width=6.0, height=2.3)
    for ax, name in zip(axes.flat, ("Laplacian", "Sobel x", "Sobel y"), strict=True):
        draw_signed(ax, correlate2d(camera, kernels[name]), f"{name}: sum {kernels[name].sum():g}", limit=400)
    show(
        fig,
        alt="The same picture under three kernels of sum 0, white where it is flat. The Laplacian leaves thin double "
        "lines at all edges, Sobel x broad red and blue lines at upright edges, Sobel y at level ones.",
    )

# %% [markdown]
# Kernels that add up to 1 keep the brightness, kernels that add up to 0 answer to change only. Their results have a
# sign: red is positive, blue negative, white is zero.
#
# *In short*: the kernel decides what is seen. In chapter 07 the network will learn its kernels; here you choose them.

# %% [markdown]
# ## 4 · Why is it called convolution, if nothing is convolved?
#
# Take a picture that is black except for one pixel, and look at what a kernel makes of it.

# %%
point = np.zeros((5, 5))
point[2, 2] = 1
numbers = np.arange(1.0, 10.0).reshape(3, 3)
if passed("correlate2d"):
    fig, axes = figure(1, 2, width=5.6, height=2.8)
    draw_kernel(axes[0, 0], numbers, "kernel")
    draw_kernel(axes[0, 1], correlate2d(point, numbers), "correlation with one pixel")
    show(
        fig,
        alt="Left: a kernel with the entries 1 to 9 in reading order. Right: its correlation with a single bright "
        "pixel, the same numbers turned by 180 degrees, 9 to 1.",
    )

# %% [markdown]
# The imprint is the kernel turned by 180°. **Convolution** turns the kernel first, so that a point leaves an imprint
# of the kernel itself. Only with this turn do the laws hold that mathematicians want: the order of two filters does
# not matter, and neither does the grouping.
#
# {{exercise: convolve2d}}
#
# Write `convolve2d(image, kernel)`: turn the kernel by 180°, then slide it. Again the valid part.


# %% exercise="convolve2d"
def convolve2d(image, kernel):
    """Slide the flipped kernel over the image: the valid part, float64."""
    ### BEGIN SOLUTION
    return correlate2d(image, kernel[::-1, ::-1])
    ### END SOLUTION


# %% [markdown]
# **Predict before you run.** For which of the Laplacian, Sobel x and emboss are correlation and convolution the same?
# For which do they differ by a sign only?

# %%
if passed("correlate2d", "convolve2d"):
    for name in ("Laplacian", "Sobel x", "emboss"):
        one, other = correlate2d(camera, kernels[name]), convolve2d(camera, kernels[name])
        print(f"{name:10} same: {np.array_equal(one, other)!s:6} opposite: {np.array_equal(one, -other)}")

# %% [markdown]
# And now the word: the layers of neural networks that everybody calls convolutions **correlate**. Nobody minds,
# because the kernel is learned: a network that wanted it turned would learn it turned. From section 6 on, this course
# does the same and calls it convolution too.
#
# Make your own kernel. The picture below is filtered with *your* `correlate2d` and `convolve2d`. Click into the
# picture, or move the sliders, to see what one output pixel is made of.
#
# **Predict before you try.**
#
# 1. Picture "one pixel", kernel "1 to 9": what do you get as it is, and what with "flip it"?
# 2. Which strides fit 128 pixels, a kernel of 3 and no padding? And with zero padding? (Choose one that does not fit:
#    the pixels that it would lose are hatched.)
# 3. Draw something of your own (picture "your drawing"). Which preset leaves only its upright lines?

# %%
if passed("correlate2d", "convolve2d"):
    from helpers.widgets import kernel_explorer

    kernel_explorer(convolve=convolve2d, correlate=correlate2d, image=camera)

# %% [markdown]
# ## 5 · Two filters worth knowing
#
# A mean filter counts a far pixel as much as a near one, which leaves blocky traces. The **Gaussian** lets weights
# fall off with the distance $r$ from the middle, as $e^{-r^2 / 2\sigma^2}$; the width σ says how far it looks.
# Afterwards the weights are divided by their sum, so that the brightness stays.

# %%
distance = np.linspace(-6, 6, 241)
plot_curves(
    {f"σ = {sigma:g}": (distance, np.exp(-(distance**2) / (2 * sigma**2))) for sigma in (0.7, 1.5, 3.0)},
    "How much a pixel counts",
    x_label="distance from the middle (pixels)",
    y_label="weight before scaling",
    alt="Three bell curves over the distance from the middle. All have height 1 at 0; at distance 2 the narrow one "
    "(σ = 0.7) has fallen to 0.02, the middle one to 0.4, the wide one to 0.8.",
)

# %% [markdown]
# {{exercise: gaussian_kernel}}
#
# Write `gaussian_kernel(size, sigma)`: shape `(size, size)`, centred at `(size - 1) / 2` along both axes, entries
# that add up to 1. An even size has no pixel in the middle; its four middle entries are equal.


# %% exercise="gaussian_kernel"
def gaussian_kernel(size, sigma):
    """A Gaussian of width sigma (pixels), (size, size), centred, with sum 1."""
    ### BEGIN SOLUTION
    offset = np.arange(size) - (size - 1) / 2
    squared_distance = offset[:, None] ** 2 + offset**2
    kernel = np.exp(-squared_distance / (2 * sigma**2))
    return kernel / kernel.sum()
    ### END SOLUTION


# %%
if passed("correlate2d", "gaussian_kernel"):
    blurred = [camera / 255, *(correlate2d(camera, gaussian_kernel(size, size / 6)) / 255 for size in (7, 15))]
    show_images(
        blurred,
        ("photograph", "σ = 1.2", "σ = 2.5"),
        columns=3,
        size=2.0,
        alt="The photograph, and two blurred versions: with σ 1.2 the face is soft, with σ 2.5 only large shapes are "
        "left.",
    )

# %% [markdown]
# One property makes the Gaussian cheap: it is a column times a row. Blurring with the column and then with the row
# takes 2 · size products per pixel in place of size². Your own functions can show it.

# %%
if passed("correlate2d", "gaussian_kernel"):
    kernel = gaussian_kernel(7, 1.2)
    column = kernel.sum(axis=1, keepdims=True)
    twice = correlate2d(correlate2d(camera, column), column.T)
    print("largest difference:", np.abs(twice - correlate2d(camera, kernel)).max())

# %% [markdown]
# An edge is where brightness changes quickly. Sobel x measures the slope from left to right, Sobel y the slope from
# top to bottom: together they are an arrow that points uphill, $(g_x, g_y)$. How steep it is there is the arrow's
# length.
#
# {{exercise: gradient_magnitude}}
#
# Write `gradient_magnitude(image)`: the length $\sqrt{g_x^2 + g_y^2}$ for every window, with the 3 × 3 kernels of
# Sobel as they stand above (not scaled), valid part. Bytes must not wrap round: in uint8, 3 − 5 is 254.


# %% exercise="gradient_magnitude"
def gradient_magnitude(image):
    """How steep a grey image is: the length of Sobel's gradient, valid part."""
    ### BEGIN SOLUTION
    sobel = np.array([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]])
    return np.hypot(correlate2d(image, sobel), correlate2d(image, sobel.T))
    ### END SOLUTION


# %%
if passed("gradient_magnitude"):
    steep = gradient_magnitude(camera)
    draw = [1 - np.minimum(steep / 400, 1), (steep < 150).astype(float)]
    show_images(
        [camera[1:-1, 1:-1], *draw],
        ("photograph", "steepness", "steeper than 150"),
        columns=3,
        size=2.0,
        alt="The photograph; beside it the same scene as a line drawing, darker where brightness changes more; and the "
        "drawing in pure black and white.",
    )

# %% [markdown]
# Edge finders of the last century worked like this, with kernels chosen by people. The lines are there, but so is
# every blade of grass: which edges matter is a question that no fixed kernel can answer.
#
# *In short*: Gaussian to smooth, Sobel to find edges. A good place for a break.

# %% [markdown]
# ## 6 · From a filter to a layer
#
# A layer sees many images at once, each with several channels, and it has several filters. Its arrays have four axes:
#
# | array | shape | in this section |
# | --- | --- | --- |
# | images `x` | (batch, height, width, in_channels) | 1 × 5 × 5 × 3 |
# | weights `w` | (kernel_height, kernel_width, in_channels, out_channels) | 3 × 3 × 3 × 2 |
# | bias `b` | (out_channels,) | 2 |
# | result | (batch, out_height, out_width, out_channels) | 1 × 3 × 3 × 2 |
#
# A filter is as deep as its input: a 3 × 3 filter on a colour picture has 3 · 3 · 3 = 27 weights; on a map of
# 94 channels it would have 846. It multiplies the whole block, adds everything up into **one** number, and adds its
# bias. Every filter makes one channel of the result.

# %%
rng = np.random.default_rng(0)
x = rng.integers(0, 3, size=(1, 5, 5, 3)).astype(float)
w = rng.integers(-1, 2, size=(3, 3, 3, 2)).astype(float)
fig, axes = figure(2, 3, width=6.6, height=4.4)
for channel, colour in enumerate(("red", "green", "blue")):
    draw_numbers(axes[0, channel], x[0, :3, :3, channel], f"window, {colour}")
    draw_kernel(axes[1, channel], w[..., channel, 0], f"filter 0, {colour}")
show(
    fig,
    alt="The first window of a colour picture, one panel per colour, above filter 0, one panel per colour: 27 pixels "
    "above 27 weights.",
)

# %% [markdown]
# **Predict before you run.** Work out the red part of the first output number: nine products.

# %%
parts = [np.sum(x[0, :3, :3, channel] * w[..., channel, 0]) for channel in range(3)]
print("red, green, blue:", *parts, "  output before the bias:", sum(parts))

# %% [markdown]
# {{exercise: conv2d}}
#
# Write `conv2d(x, w, b, stride=1, pad=0)` with the shapes of the table. Kernels are not flipped. `pad` zeros stand on
# all four sides of every image; stride and pad serve both directions. `b` may be `None`: no bias. Where windows do
# not fit exactly, `ValueError`, as in your `output_size`, which you may use. Images may be bytes or other whole
# numbers. Loops are allowed; clear beats fast here.


# %% exercise="conv2d"
def conv2d(x, w, b, stride=1, pad=0):
    """A convolution layer: (batch, height, width, in_channels) -> (batch, out_height, out_width, out_channels)."""
    ### BEGIN SOLUTION
    batch, height, width, _ = x.shape
    kernel_height, kernel_width, _, out_channels = w.shape
    out_height = output_size(height, kernel_height, stride, pad)
    out_width = output_size(width, kernel_width, stride, pad)
    padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    y = np.zeros((batch, out_height, out_width, out_channels))
    for n in range(batch):
        for i in range(out_height):
            for j in range(out_width):
                top, left = i * stride, j * stride
                window = padded[n, top : top + kernel_height, left : left + kernel_width]
                for f in range(out_channels):
                    y[n, i, j, f] = np.sum(window * w[..., f])
    return y if b is None else y + b
    ### END SOLUTION


# %%
if passed("conv2d"):
    print("by hand:", sum(parts), "  your layer:", conv2d(x, w, None)[0, 0, 0, 0])

# %% [markdown]
# The same weights everywhere have a consequence. Move the input by one pixel, and the output moves by one pixel: the
# layer is **equivariant** to shifts. Real digits, 8 × 8 pixels, show it.

# %%
digits = load("digits")
images = digits.x_train[:, :, :, None]  # (n, 8, 8, 1), values 0..1
sobel = np.stack([kernels["Sobel x"], kernels["Sobel y"]], axis=-1)[:, :, None, :]  # (3, 3, 1, 2)
if passed("conv2d"):
    moved = np.roll(images[:20], 1, axis=2)
    moved[:, :, 0] = 0
    answer, moved_answer = (conv2d(batch, sobel, None) for batch in (images[:20], moved))
    print("largest difference after moving back:", np.abs(moved_answer[:, :, 2:] - answer[:, :, 1:-1]).max())

# %% [markdown]
# *In short*: a filter is a block of weights as deep as its input. Few weights, shared by all places; what it finds
# moves along with the picture.

# %% [markdown]
# ## 7 · How do you get rid of the loops?
#
# Your layer is right, and slow: Python takes a few microseconds for every window. Computers are best at one thing,
# the product of two large matrices. So: write every window as one **row** of a matrix, every filter as one **column**
# of another. Their product is the whole layer.

# %%
tiny = np.arange(9.0).reshape(3, 3)
rows = np.array([tiny[i : i + 2, j : j + 2].ravel() for i in range(2) for j in range(2)])
fig, axes = figure(1, 3, width=7.0, height=2.8, width_ratios=[3, 4, 1])
draw_numbers(axes[0, 0], tiny, "picture")
draw_numbers(axes[0, 1], rows, "windows of 2 x 2 as rows")
draw_kernel(axes[0, 2], np.array([[1], [-1], [2], [0]]), "a filter")
show(
    fig,
    alt="A picture of the numbers 0 to 8; its four windows of 2 by 2 as the rows of a matrix, 0 1 3 4, 1 2 4 5, "
    "3 4 6 7, 4 5 7 8; and a filter as a column, 1 −1 2 0.",
)

# %% [markdown]
# **Predict before you run.** Pixel 4, in the middle, is in how many rows? How many numbers does the matrix hold,
# compared with the picture's nine?

# %%
print(rows)
print("pixel 4 appears", np.sum(rows == 4), "times;", rows.size, "numbers in place of", tiny.size)

# %% [markdown]
# {{exercise: im2col}}
#
# Write `im2col(x, kernel_height, kernel_width, stride, pad)` for a batch `x` (batch, height, width, channels). The
# result is a matrix of shape `(batch * out_height * out_width, kernel_height * kernel_width * channels)`.
#
# - Rows: all windows of image 0 in reading order, then those of image 1, and so on.
# - Inside a row: the order of the weights `(kernel_height, kernel_width, channels)`, channels changing fastest.
# - `ValueError` as in `conv2d`.
#
# A loop over windows passes here. The next exercise uses this function and forbids loops over pixels and images, so
# you may want to do it right away: two loops over the *kernel's* rows and columns are enough, because pixel (i, j) of
# all windows at once is one slice of the padded images.


# %% exercise="im2col"
def im2col(x, kernel_height, kernel_width, stride, pad):
    """One row per window: (batch * out_height * out_width, kernel_height * kernel_width * channels)."""
    ### BEGIN SOLUTION
    batch, height, width, channels = x.shape
    out_height = output_size(height, kernel_height, stride, pad)
    out_width = output_size(width, kernel_width, stride, pad)
    padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    windows = np.empty((batch, out_height, out_width, kernel_height, kernel_width, channels), x.dtype)
    for i in range(kernel_height):
        for j in range(kernel_width):
            rows = slice(i, i + stride * (out_height - 1) + 1, stride)
            columns = slice(j, j + stride * (out_width - 1) + 1, stride)
            windows[:, :, :, i, j] = padded[:, rows, columns]
    return windows.reshape(batch * out_height * out_width, -1)
    ### END SOLUTION


# %% [markdown]
# {{exercise: conv2d_im2col}}
#
# Write `conv2d_im2col(x, w, b, stride, pad)`: the same results as `conv2d`, as one matrix product. No Python loop
# over images or pixels, not in the functions that you call either; a loop over the kernel's few entries is fine. The
# checks count the steps that Python takes on larger input.


# %% exercise="conv2d_im2col"
def conv2d_im2col(x, w, b, stride, pad):
    """`conv2d` as one matrix product."""
    ### BEGIN SOLUTION
    kernel_height, kernel_width, _, out_channels = w.shape
    out_height = output_size(x.shape[1], kernel_height, stride, pad)
    out_width = output_size(x.shape[2], kernel_width, stride, pad)
    columns = im2col(x, kernel_height, kernel_width, stride, pad)
    y = columns @ w.reshape(-1, out_channels)
    if b is not None:
        y = y + b
    return y.reshape(x.shape[0], out_height, out_width, out_channels)
    ### END SOLUTION


# %% [markdown]
# ## 8 · Four ways to the same numbers
#
# Your loops, your matrix product, the course's own kernels (blocks of columns that fit into the processor's cache),
# and TensorFlow: they must agree, and they differ in speed. First they must agree. This cell loads TensorFlow, which
# takes a few seconds.

# %%
if passed("conv2d", "im2col", "conv2d_im2col"):
    from helpers import kernels as course
    from helpers.framework import tf

    x, w, b = rng.normal(size=(4, 28, 28, 3)), rng.normal(size=(3, 3, 3, 16)), rng.normal(size=16)
    x_tf, w_tf, b_tf = (tf.constant(a) for a in (x, w, b))
    ladder = {
        "your loops": lambda: conv2d(x, w, b, 1, 1),
        "your im2col": lambda: conv2d_im2col(x, w, b, 1, 1),
        "helpers.kernels": lambda: course.conv2d(x, w, b, 1, 1),
        "TensorFlow": lambda: (tf.nn.conv2d(x_tf, w_tf, 1, [[0, 0], [1, 1], [1, 1], [0, 0]]) + b_tf).numpy(),
    }
    results = {name: call() for name, call in ladder.items()}
    for name, y in results.items():
        difference = np.abs(y - results["TensorFlow"]).max()
        print(f"{name:16} {y.shape}, largest difference from TensorFlow {difference:.1e}")
        assert difference < 1e-4

# %% [markdown]
# Numbers from different orders of adding agree to about 15 digits, not to the last one. Never compare such results
# with `==`.
#
# **Predict before you run.** How much faster is the matrix product than your loops: 10 times, 100 times, 1,000 times?
# Here is the clock of *your* machine.

# %%
if passed("conv2d", "im2col", "conv2d_im2col"):
    speeds = {}
    for name, call in ladder.items():
        seconds = []
        for _ in range(2 if name == "your loops" else 10):
            start = time.perf_counter()
            call()
            seconds.append(time.perf_counter() - start)
        speeds[name] = 1000 * min(seconds)
        print(f"{name:16} {speeds[name]:8.2f} ms")

# %%
if passed("conv2d", "im2col", "conv2d_im2col"):
    fig, axes = figure(width=6.4, height=2.4)
    axes[0, 0].barh(list(speeds), list(speeds.values()), color=COLOURS["blue"])
    axes[0, 0].set(xscale="log", xlabel="milliseconds for one layer (log scale)", title="The same numbers, four ways")
    axes[0, 0].invert_yaxis()
    slowest = max(speeds, key=speeds.get)
    show(
        fig,
        alt="Bars, milliseconds on a logarithmic scale: "
        + ", ".join(f"{k} {v:.2f}" for k, v in speeds.items())
        + f". Slowest: {slowest}.",
    )

# %% [markdown]
# And a whole layer of Keras, in double precision, with your weights put into it:

# %%
if passed("conv2d", "im2col", "conv2d_im2col"):
    from helpers.framework import keras

    layer = keras.layers.Conv2D(16, (3, 3), strides=2, padding="valid", dtype="float64")
    odd = rng.normal(size=(4, 27, 29, 3))
    layer.build(odd.shape)
    layer.set_weights([w, b])
    difference = np.abs(layer(odd).numpy() - conv2d_im2col(odd, w, b, 2, 0)).max()
    print(f"Keras and you, stride 2: largest difference {difference:.1e}")
    assert difference < 1e-4

# %% [markdown]
# Two things to know about frameworks. Keras's `padding="same"` with stride 2 may put more zeros at the bottom and on
# the right than at the top and on the left, so a `pad` of yours does not always reproduce it. And `"valid"` rounds
# down where your layer raises ValueError.
#
# *In short*: `im2col` trades memory (every pixel is written out up to kernel_height · kernel_width times) for one
# matrix product. Another good place for a break.

# %% [markdown]
# ## 9 · How does a kernel learn?
#
# In chapter 05 a dense layer got a gradient for its result, `dy`, and handed back three: for its input, its weights
# and its bias. A convolution layer does the same. The rule is the old one: *whoever took part gets its share, by the
# factor it was multiplied with; who took part several times adds up*.
#
# - A weight was multiplied by one pixel in **every window**. `dw` adds up pixel times dy, over all windows.
# - A pixel was multiplied by one weight for **every window that sees it**. `dx` adds up weight times dy, over these
#   windows.
# - The bias was added everywhere. `db` is the sum of dy.
#
# A small case, worked out: a picture of 3 × 3, a kernel of 2 × 2, and a gradient that is not zero in two places only.

# %%
x0 = np.array([[1.0, 2.0, 0.0], [0.0, 1.0, 3.0], [2.0, 0.0, 1.0]])
w0 = np.array([[1.0, -1.0], [2.0, 0.0]])
dy0 = np.array([[1.0, 0.0], [0.0, 2.0]])
fig, axes = figure(1, 3, width=6.6, height=2.6)
draw_numbers(axes[0, 0], x0, "x")
draw_kernel(axes[0, 1], w0, "w")
draw_kernel(axes[0, 2], dy0, "dy")
show(fig, alt="x: 1 2 0, 0 1 3, 2 0 1. w: 1 −1, 2 0. dy: 1 0, 0 2.")

# %% [markdown]
# **Predict before you run.** What is `dw[0, 0]`: which pixels did the upper left weight meet, and with which dy? And
# what does the pixel in the middle get, which two windows with a gradient see?

# %%
dw0 = 1 * x0[0:2, 0:2] + 2 * x0[1:3, 1:3]  # windows where dy is not zero, times dy
dx0 = np.zeros((3, 3))
dx0[0:2, 0:2] += 1 * w0
dx0[1:3, 1:3] += 2 * w0
print("dw\n", dw0, "\ndx\n", dx0, "\ndb", dy0.sum())

# %% [markdown]
# The middle pixel got 0 from the first window and 2 from the second. With `=` in place of `+=`, pixels seen by
# several windows would lose all but the last share.
#
# {{exercise: conv2d_backward}}
#
# Write `conv2d_backward(dy, x, w, stride, pad)` -> `(dx, dw, db)`, for the layer of `conv2d` and `dy` in the shape of
# its result. `dx` has the shape of `x`: the frame of zeros was not part of it. `dw` and `db` are sums over the batch;
# a mean over the batch would have its 1/N in `dy` already. Loops are allowed.


# %% exercise="conv2d_backward"
def conv2d_backward(dy, x, w, stride, pad):
    """Gradients (dx, dw, db) of a convolution layer for dy (batch, out_height, out_width, out_channels)."""
    ### BEGIN SOLUTION
    kernel_height, kernel_width, _, _ = w.shape
    padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    d_padded, dw = np.zeros(padded.shape), np.zeros(w.shape)
    for i in range(dy.shape[1]):
        for j in range(dy.shape[2]):
            top, left = i * stride, j * stride
            window = np.s_[:, top : top + kernel_height, left : left + kernel_width]
            dw += np.tensordot(padded[window], dy[:, i, j], axes=(0, 0))
            d_padded[window] += np.tensordot(dy[:, i, j], w, axes=(1, 3))
    dx = d_padded[:, pad : pad + x.shape[1], pad : pad + x.shape[2]]
    return dx, dw, dy.sum(axis=(0, 1, 2))
    ### END SOLUTION


# %% [markdown]
# Trust, but check. Nudge all of `x` (or `w`, or `b`) a little in a random direction, and see how much $L = \sum dy
# \cdot y$ really changes. The gradient predicts that change.

# %%
if passed("conv2d", "conv2d_backward"):
    x, w, b = rng.normal(size=(2, 7, 6, 3)), rng.normal(size=(3, 2, 3, 4)), rng.normal(size=4)
    dy = rng.normal(size=conv2d(x, w, b, 2, 1).shape)

    def loss(x, w, b):
        return np.sum(dy * conv2d(x, w, b, 2, 1))

    point, gradient = [x, w, b], conv2d_backward(dy, x, w, 2, 1)
    for index, name in enumerate(("dx", "dw", "db")):
        direction = [rng.normal(size=a.shape) if i == index else 0 * a for i, a in enumerate(point)]
        ahead, behind = ([a + h * d for a, d in zip(point, direction, strict=True)] for h in (1e-5, -1e-5))
        measured = (loss(*ahead) - loss(*behind)) / 2e-5
        predicted = np.sum(gradient[index] * direction[index])
        print(f"{name}: measured {measured:.8f}, predicted {predicted:.8f}")

# %% [markdown]
# TensorFlow writes down what happens to a variable (on its *tape*) and works out the same three gradients:

# %%
if passed("conv2d", "conv2d_backward"):
    from helpers.framework import tf

    x_tf, w_tf, b_tf = (tf.constant(a) for a in (x, w, b))
    with tf.GradientTape() as tape:
        tape.watch([x_tf, w_tf, b_tf])
        y_tf = tf.nn.conv2d(x_tf, w_tf, 2, [[0, 0], [1, 1], [1, 1], [0, 0]]) + b_tf
        total = tf.reduce_sum(y_tf * dy)
    for name, mine, theirs in zip(("dx", "dw", "db"), gradient, tape.gradient(total, [x_tf, w_tf, b_tf]), strict=True):
        difference = np.abs(mine - theirs.numpy()).max()
        print(f"{name}: largest difference from TensorFlow {difference:.1e}")
        assert difference < 1e-4

# %% [markdown]
# Now let a kernel learn. The teacher is Sobel x: it turns digits into edges. The pupil starts from zeros, sees digits
# and edges, and follows your gradient downhill.
#
# **Predict before you run.** Will the pupil find the teacher's nine numbers?

# %%
if passed("conv2d_im2col", "conv2d_backward"):
    lesson = images[:32]
    target = conv2d_im2col(lesson, sobel[..., :1], None, 1, 0)
    pupil, errors = np.zeros((3, 3, 1, 1)), []
    for _ in range(100):
        error = conv2d_im2col(lesson, pupil, None, 1, 0) - target
        errors.append(np.mean(error**2))
        pupil -= 0.4 * conv2d_backward(2 * error / error.size, lesson, pupil, 1, 0)[1]
    print(pupil[..., 0, 0].round(2))

# %%
if passed("conv2d_im2col", "conv2d_backward"):
    plot_curves(
        {"error": errors},
        "A kernel learns from examples",
        x_label="step",
        y_label="mean squared error",
        alt=f"The mean squared error falls from {errors[0]:.2f} to {errors[-1]:.4f}, steeply at first.",
    )

# %% [markdown]
# *In short*: every weight is used at every place, so its gradient is a sum over all places. That is the whole secret
# of learning kernels, and chapter 07 does it with many.

# %% [markdown]
# ## 10 · Does it matter exactly where?
#
# To know that there is an edge *about here* is often enough. **Pooling** replaces every small window by one number,
# in each channel separately: its largest value, or its mean. There is nothing to learn in it.

# %%
table = np.array([[7, 3, 5, 2], [8, 6, 1, 4], [9, 12, 0, 11], [10, 13, 15, 14]])
fig, axes = figure(1, 3, width=6.6, height=2.5)
draw_numbers(axes[0, 0], table, "4 x 4")
draw_numbers(axes[0, 1], np.array([[8, 5], [13, 15]]), "largest, size 2, stride 2")
draw_numbers(axes[0, 2], np.array([[6, 3], [11, 10]]), "mean, size 2, stride 2")
show(fig, alt="4 by 4 numbers; the largest of each 2 by 2 block, 8 5 13 15; and the means of the blocks, 6 3 11 10.")

# %% [markdown]
# **Predict before you run.** With stride 1 the windows overlap. How large is the result, and how often does 12 appear
# in it?
#
# {{exercise: max_pool2d}}
#
# Write `max_pool2d(x, size, stride)` for `x` (batch, height, width, channels): the largest value of every `size` ×
# `size` window. No padding; `ValueError` as in `output_size`. Values may all be negative.


# %% exercise="max_pool2d"
def max_pool2d(x, size, stride):
    """The largest value of every window: (batch, out_height, out_width, channels)."""
    ### BEGIN SOLUTION
    out_height, out_width = output_size(x.shape[1], size, stride), output_size(x.shape[2], size, stride)
    y = np.empty((x.shape[0], out_height, out_width, x.shape[3]), x.dtype)
    for i in range(out_height):
        for j in range(out_width):
            window = x[:, i * stride : i * stride + size, j * stride : j * stride + size]
            y[:, i, j] = window.max(axis=(1, 2))
    return y
    ### END SOLUTION


# %%
if passed("max_pool2d"):
    print("stride 2:\n", max_pool2d(table[None, :, :, None], 2, 2)[0, :, :, 0])
    print("stride 1:\n", max_pool2d(table[None, :, :, None], 2, 1)[0, :, :, 0])

# %% [markdown]
# Which way does the gradient go? Nudge a pixel that is not the largest: nothing moves, so its gradient is 0. Nudge
# the winner: the output moves with it, so the winner gets all of `dy`.
#
# What if two are equal? Mathematics leaves that open, and every answer is right that shares `dy` out among the tied
# ones: all to the first, half and half, ... Giving the whole of it to *each* is not; then the window would hand back
# more than it got. After a ReLU, ties of zeros happen all the time.
#
# {{exercise: max_pool2d_backward}}
#
# Write `max_pool2d_backward(dy, x, size, stride)` -> `dx` in the shape of `x`. Where windows overlap, gradients add
# up.


# %% exercise="max_pool2d_backward"
def max_pool2d_backward(dy, x, size, stride):
    """dx for the gradient dy of `max_pool2d(x, size, stride)`."""
    ### BEGIN SOLUTION
    dx = np.zeros(x.shape)
    for i in range(dy.shape[1]):
        for j in range(dy.shape[2]):
            place = np.s_[:, i * stride : i * stride + size, j * stride : j * stride + size]
            winners = x[place] == x[place].max(axis=(1, 2), keepdims=True)
            shares = winners / winners.sum(axis=(1, 2), keepdims=True)
            dx[place] += shares * dy[:, i : i + 1, j : j + 1]
    return dx
    ### END SOLUTION


# %% [markdown]
# {{exercise: avg_pool2d}}
#
# Write `avg_pool2d(x, size, stride)`: the mean of every window, everything else as in `max_pool2d`. Whole numbers and
# bytes have means with fractions.


# %% exercise="avg_pool2d"
def avg_pool2d(x, size, stride):
    """The mean of every window: (batch, out_height, out_width, channels)."""
    ### BEGIN SOLUTION
    out_height, out_width = output_size(x.shape[1], size, stride), output_size(x.shape[2], size, stride)
    y = np.zeros((x.shape[0], out_height, out_width, x.shape[3]))
    for i in range(out_height):
        for j in range(out_width):
            window = x[:, i * stride : i * stride + size, j * stride : j * stride + size]
            y[:, i, j] = window.mean(axis=(1, 2))
    return y
    ### END SOLUTION


# %% [markdown]
# {{exercise: avg_pool2d_backward}}
#
# Write `avg_pool2d_backward(dy, x, size, stride)` -> `dx` in the shape of `x`: every pixel of a window had the same
# weight in its mean.


# %% exercise="avg_pool2d_backward"
def avg_pool2d_backward(dy, x, size, stride):
    """dx for the gradient dy of `avg_pool2d(x, size, stride)`."""
    ### BEGIN SOLUTION
    dx = np.zeros(x.shape)
    for i in range(dy.shape[1]):
        for j in range(dy.shape[2]):
            dx[:, i * stride : i * stride + size, j * stride : j * stride + size] += (
                dy[:, i : i + 1, j : j + 1] / size**2
            )
    return dx
    ### END SOLUTION


# %% [markdown]
# Your four functions at work, on the table above. The third picture shows where the gradient of *one* output pixel
# goes.
#
# **Predict before you try.** Size 3, stride 1: which pixels get any gradient at all? Then take the mean: how large is
# each share? Last, move the digit by one pixel: how much does the pooled picture change, compared with the picture
# itself?

# %%
if passed("max_pool2d", "max_pool2d_backward", "avg_pool2d", "avg_pool2d_backward"):
    from helpers.widgets import pooling_explorer

    pooling_explorer(max_pool2d, max_pool2d_backward, avg_pool2d, avg_pool2d_backward)

# %% [markdown]
# All together on real digits: find edges, keep the positive part (ReLU), keep the largest of every 2 × 2.

# %%
if passed("conv2d", "max_pool2d"):
    shown = [np.argmax(digits.y_train == digit) for digit in (0, 1, 4, 7)]
    found = np.maximum(conv2d(images[shown], sobel, None), 0)
    pooled = max_pool2d(found, 2, 2)
    fig, axes = figure(3, 4, width=6.4, height=4.8)
    for column in range(4):
        draw_image(axes[0, column], images[shown[column], :, :, 0], f"digit {digits.y_train[shown[column]]}")
        draw_image(axes[1, column], found[column, :, :, 0] / found.max(), "Sobel x, ReLU")
        draw_image(axes[2, column], pooled[column, :, :, 0] / found.max(), "largest of 2 x 2")
    show(
        fig,
        alt="Four handwritten digits of 8 by 8 pixels; below each, 6 by 6 pixels that are bright where the stroke's "
        "left edge is; below that, the same pooled to 3 by 3 pixels.",
    )

# %% [markdown]
# **Predict before you run.** Move every digit by one pixel. How much do the edges change, and how much do the pooled
# ones, in proportion?

# %%
if passed("conv2d", "max_pool2d", "avg_pool2d"):
    still, moved = images[:100], np.roll(images[:100], 1, axis=2)
    moved[:, :, 0] = 0
    edges, moved_edges = (np.maximum(conv2d(batch, sobel, None), 0) for batch in (still, moved))
    pools = {
        "no pool": (avg_pool2d, 1),
        "largest of 2 x 2": (max_pool2d, 2),
        "mean of 2 x 2": (avg_pool2d, 2),
        "mean of 6 x 6": (avg_pool2d, 6),
    }
    for name, (pool, size) in pools.items():
        a, b = pool(edges, size, size), pool(moved_edges, size, size)
        print(f"{name:17} {np.linalg.norm(a - b) / np.linalg.norm(a):.2f}")


# %% [markdown]
# Pooling makes the answer depend less on the exact place, a little at 2 × 2 and more over larger windows. It does not
# make a network blind to shifts, as is often said; and networks with a stride in the convolution in place of pooling
# work well too. Whether pooling is needed at all is contested.
#
# Keras agrees with your pools, forwards and backwards:

# %%
if passed("max_pool2d", "max_pool2d_backward", "avg_pool2d", "avg_pool2d_backward"):
    from helpers.framework import keras, tf

    x = rng.normal(size=(2, 7, 9, 3))
    pairs = (
        (keras.layers.MaxPooling2D, max_pool2d, max_pool2d_backward),
        (keras.layers.AveragePooling2D, avg_pool2d, avg_pool2d_backward),
    )
    for Layer, pool, pool_backward in pairs:
        x_tf = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(x_tf)
            y = Layer(3, strides=2, dtype="float64")(x_tf)
        dy = rng.normal(size=y.shape)
        forward = np.abs(pool(x, 3, 2) - y.numpy()).max()
        backward = np.abs(
            pool_backward(dy, x, 3, 2) - tape.gradient(y, x_tf, output_gradients=tf.constant(dy)).numpy()
        ).max()
        print(f"{Layer.__name__:17} forward {forward:.1e}, backward {backward:.1e}")
        assert max(forward, backward) < 1e-4

# %% [markdown]
# ## 11 · What the books got wrong
#
# Facts from well-known books and courses on this subject, checked again for this chapter. They are good books;
# mistakes of this kind are easy to make, and easy to find once you compute.
#
# - **"Identical to the library."** A hand-written filter is said to match a well-known library's. It cuts fractions
#   off where the library rounds, and it repeats the border pixel where the library mirrors. Inside the picture and
#   with whole numbers they agree, elsewhere they do not. The next cell counts how many pixels differ.
# - **Padding from one side of the kernel.** The same filter computes its frame from the kernel's width alone and
#   crashes with a kernel of 3 × 5. A much-used course checks the picture's width against the kernel's *height*.
#   Square kernels hide both. That is why the checks here use kernels of unequal sides.
# - **A table that does not add up.** Nine products of a mean filter are printed as 2.8, 21.7, 25.5, ...: cut off, not
#   rounded (2.89, 21.78, 25.56). The printed digits add up to 131.9; the result is 132.2.
# - **An index on the wrong factor.** Cross-correlation is printed with the shift in the kernel. The picture is
#   shifted: result(i, j) = Σ image(i + m, j + n) · kernel(m, n).
# - **No way back.** Gradients through convolution and pooling are left out of many books, and courses that do have
#   them often leave them ungraded. You have written all three.

# %%
if passed("correlate2d"):
    exact = correlate2d(camera, np.full((7, 7), 1 / 49))
    rounded, cut = np.rint(exact), np.floor(exact + 1e-9)  # 1e-9: a whole number may come out as 131.99999999999997
    print(f"{np.mean(rounded != cut):.0%} of the pixels differ by 1 between rounding and cutting off")

# %% [markdown]
# ## 12 · What you know now
#
# - One output pixel is a weighted sum of a window. Kernels with sum 1 keep brightness, with sum 0 they answer to
#   change.
# - Size: (n + 2·pad − kernel) / stride + 1, and it had better be a whole number.
# - Correlation slides the kernel as it is, convolution turns it by 180° first; layers correlate.
# - A filter is as deep as its input; weights are shared by all places, so a layer is small and equivariant to shifts.
# - `im2col` turns the layer into one matrix product: more memory, far less time.
# - Backwards, everybody who took part gets a share, and shares add up.
# - Max pooling sends the gradient to the winner, average pooling to everybody.
#
# Seven questions to see what has stayed.

# %%
quiz("layer-shape")

# %%
quiz("layer-weights")

# %%
quiz("flip-matters")

# %%
quiz("which-kernel")

# %%
quiz("memory")

# %%
quiz("who-gets-the-gradient")

# %%
quiz("shifted-digit")
