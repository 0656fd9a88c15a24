"""Exercises of chapter 06: oracles are OpenCV, SciPy, TensorFlow and numbers worked out by hand.

TensorFlow's pools turn a NumPy float64 array into float32 without a word, so every array goes through `tf.constant`.
OpenCV's Gaussian of an even size is not centred, so SciPy's window is the oracle there.
"""

import cv2
import numpy as np
import scipy.ndimage
import scipy.signal
import tensorflow as tf
from numpy.lib.stride_tricks import sliding_window_view

from authoring.exercise import Case, Exercise, Misconception, Output, no_calls
from helpers.data import photo

OWN_WORK = no_calls("helpers.kernels", "helpers.layers", "scipy", "skimage", "cv2", "tf", "keras", "torch", "jax")

LAPLACIAN = np.array([[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]])
EMBOSS = np.array([[-2.0, -1.0, 0.0], [-1.0, 1.0, 1.0], [0.0, 1.0, 2.0]])
SOBEL_X = np.array([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]])
PATCH = np.array([[93.0, 139.0, 101.0], [26.0, 252.0, 196.0], [135.0, 230.0, 18.0]])
BOARD = np.array(
    [
        [95, 242, 186, 152, 39],
        [39, 14, 220, 153, 180],
        [5, 247, 212, 54, 46],
        [46, 77, 133, 110, 74],
        [156, 35, 74, 93, 116],
    ],
    dtype=float,
)
BOARD_EDGES = np.array([[692.0, -315.0, -6.0], [-680.0, -194.0, 305.0], [153.0, -59.0, -86.0]])
BOARD_EDGES_PADDED = np.array(
    [
        [-99, -673, -130, -230, 176],
        [-42, 692, -315, -6, -482],
        [312, -680, -194, 305, 124],
        [54, 153, -59, -86, -24],
        [-543, 167, -35, -72, -297],
    ],
    dtype=float,
)
POOL = np.array([[7, 3, 5, 2], [8, 6, 1, 4], [9, 12, 0, 11], [10, 13, 15, 14]], dtype=float)
FACE = photo("camera")[196:208, 172:188].copy()  # 12 x 16 pixels of a real photograph, uint8


def nhwc(image):
    """A grey image as a batch of one with one channel."""
    return np.asarray(image)[None, :, :, None]


def exact(x):
    """A float64 tensor, whatever the array's dtype and layout."""
    return tf.constant(np.ascontiguousarray(x, dtype=np.float64))


def fitting(rng, kernel, stride, pad, low=3, high=9):
    """A random length that windows of `kernel`, `stride` apart, cover exactly."""
    return int(
        rng.choice([n for n in range(low, high) if n + 2 * pad >= kernel and (n + 2 * pad - kernel) % stride == 0])
    )


def size_of(n, kernel, stride=1, pad=0, dilation=1):
    """The output size as a careful student computes it; the wrong answers below need it too."""
    free = n + 2 * pad - dilation * (kernel - 1) - 1
    if free < 0 or free % stride:
        raise ValueError("the windows do not fit")
    return free // stride + 1


# --- padding --------------------------------------------------------------------------------------------------------

BORDERS = {"zero": cv2.BORDER_CONSTANT, "edge": cv2.BORDER_REPLICATE, "reflect": cv2.BORDER_REFLECT_101}
NUMPY_MODES = {"zero": "constant", "edge": "edge", "reflect": "reflect"}


def cv_pad(image, pad, mode):
    return cv2.copyMakeBorder(np.array(image, np.float64), pad, pad, pad, pad, BORDERS[mode], value=0.0)


def draw_pad(rng):
    height, width = rng.permutation(np.arange(3, 8))[:2]
    image = rng.normal(size=(height, width))
    return {"image": image, "pad": int(rng.integers(1, 3)), "mode": str(rng.choice(list(BORDERS)))}


def cut_with_minus_pad(image, pad, mode):
    padded = np.pad(image, pad, NUMPY_MODES[mode])
    if mode == "zero":
        padded[pad:-pad, pad:-pad] = image
    return padded


SMALL = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])

pad2d = Exercise(
    "pad2d",
    title="A frame around the picture",
    minutes=8,
    oracle=cv_pad,
    cases=[
        Case(
            "worked example",
            {"image": SMALL, "pad": 1, "mode": "zero"},
            expected={"result": np.array([[0, 0, 0, 0, 0], [0, 1, 2, 3, 0], [0, 4, 5, 6, 0], [0, 0, 0, 0, 0]], float)},
        ),
        Case(
            "the border pixel repeated",
            {"image": SMALL, "pad": 1, "mode": "edge"},
            expected={"result": np.array([[1, 1, 2, 3, 3], [1, 1, 2, 3, 3], [4, 4, 5, 6, 6], [4, 4, 5, 6, 6]], float)},
        ),
        Case(
            "the border pixel as a mirror",
            {"image": SMALL, "pad": 1, "mode": "reflect"},
            expected={"result": np.array([[5, 4, 5, 6, 5], [2, 1, 2, 3, 2], [5, 4, 5, 6, 5], [2, 1, 2, 3, 2]], float)},
        ),
        Case("other pixels in the same shape", {"image": SMALL**2, "pad": 1, "mode": "zero"}),
        Case("two pixels of mirror", {"image": np.arange(20.0).reshape(4, 5), "pad": 2, "mode": "reflect"}),
        Case("no padding at all", {"image": SMALL, "pad": 0, "mode": "zero"}),
        Case("bytes of a photograph", {"image": FACE[:4, :7].copy(), "pad": 3, "mode": "edge"}),
    ],
    hidden_cases=[
        Case("no padding, edge", {"image": SMALL, "pad": 0, "mode": "edge"}),
        Case("no padding, reflect", {"image": SMALL, "pad": 0, "mode": "reflect"}),
        Case("a single row", {"image": np.arange(1.0, 7.0)[None], "pad": 2, "mode": "zero"}),
        Case("a single column", {"image": np.arange(1, 7)[:, None], "pad": 2, "mode": "edge"}),
        Case("bytes in a mirror", {"image": FACE[:5, :4].copy(), "pad": 3, "mode": "reflect"}),
        Case("wide zeros", {"image": SMALL.astype(np.float32), "pad": 4, "mode": "zero"}),
    ],
    draw=draw_pad,
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "one_side",
            lambda image, pad, mode: np.pad(image, ((0, pad), (0, pad)), NUMPY_MODES[mode]),
            says="The frame is only at the bottom and on the right.",
            hint="`pad` rows above and below, `pad` columns left and right: the picture grows by 2 · pad both ways.",
        ),
        Misconception(
            "minus_pad",
            cut_with_minus_pad,
            says="For `pad` = 0 the slice `pad:-pad` is `0:0`, which is empty.",
            hint="Write the end of the slice as `pad + height`, which also works for `pad` = 0.",
        ),
        Misconception(
            "total",
            lambda image, pad, mode: np.pad(image, ((pad // 2, pad - pad // 2),) * 2, NUMPY_MODES[mode]),
            says="`pad` is shared out between the two sides.",
            hint="`pad` counts the pixels on each side, so the picture grows by 2 · pad both ways.",
        ),
        Misconception(
            "always_zero",
            lambda image, pad, mode: np.pad(image, pad),
            says="The frame is black in every mode.",
            hint="Look at `mode`: “edge” and “reflect” take their values from the picture.",
        ),
        Misconception(
            "border_twice",
            lambda image, pad, mode: np.pad(image, pad, "symmetric" if mode == "reflect" else NUMPY_MODES[mode]),
            says="In “reflect” the border pixel appears twice.",
            hint="The border pixel is the mirror itself: 3 2 [1 2 3] 2 1, not 2 1 [1 2 3] 3 2.",
        ),
        Misconception(
            "wraps",
            lambda image, pad, mode: np.pad(image, pad, "wrap" if mode == "reflect" else NUMPY_MODES[mode]),
            says="In “reflect” the frame comes from the opposite side of the picture.",
            hint="A mirror shows what lies next to the border, in reverse: 3 2 [1 2 3] 2 1.",
        ),
        Misconception(
            "edge_for_reflect",
            lambda image, pad, mode: np.pad(image, pad, "constant" if mode == "zero" else "edge"),
            says="“reflect” repeats the border pixel, which is what “edge” does.",
            hint="A mirror goes on inwards: one step outside shows the pixel one step inside.",
        ),
        Misconception(
            "columns_only",
            lambda image, pad, mode: np.pad(image, ((0, 0), (pad, pad)), NUMPY_MODES[mode]),
            says="The frame has columns but no rows.",
            hint="The first axis is the rows: they need `pad` more above and below.",
        ),
    ],
    hints=(
        "How large is the result, in terms of height, width and `pad`?",
        "Every row and column of the result shows one row and column of the picture. Which one does row −1 show in "
        "“edge”, and in “reflect”?",
        "Either make an array of the full size, put the picture in its middle and fill the frame, or look for a "
        "NumPy function whose name says pad.",
    ),
)

# --- output size ----------------------------------------------------------------------------------------------------


def count_windows(n, kernel, stride=1, pad=0, dilation=1):
    """Slide the window along and count: nothing but the definition."""
    taps = [dilation * i for i in range(kernel)]
    return sum(1 for start in range(0, n + 2 * pad, stride) if start + taps[-1] < n + 2 * pad)


def draw_size(rng):
    kernel, stride, pad, dilation = (int(rng.integers(low, high)) for low, high in ((1, 6), (1, 4), (0, 4), (1, 4)))
    reach = dilation * (kernel - 1) + 1
    windows = int(rng.integers(6, 30))
    n = (windows - 1) * stride + reach - 2 * pad
    inputs = {"n": n, "kernel": kernel, "stride": stride, "pad": pad, "dilation": dilation}
    if stride > 1 and rng.random() < 0.3:
        return Case("a stride that leaves pixels over", inputs | {"n": n + 1}, raises="ValueError")
    return inputs


def floored_size(n, kernel, stride=1, pad=0, dilation=1):
    size = (n + 2 * pad - dilation * (kernel - 1) - 1) // stride + 1
    if size < 1:
        raise ValueError
    return size


def size_without_one(n, kernel, stride=1, pad=0, dilation=1):
    return size_of(n, kernel, stride, pad, dilation) - 1


def size_padded_once(n, kernel, stride=1, pad=0, dilation=1):
    free = n + pad - dilation * (kernel - 1) - 1
    if free < 0 or free % stride:
        raise ValueError
    return free // stride + 1


def size_not_dilated(n, kernel, stride=1, pad=0, dilation=1):
    return size_of(n, kernel, stride, pad)


def size_kernel_times_dilation(n, kernel, stride=1, pad=0, dilation=1):
    return size_of(n, kernel * dilation, stride, pad)


def size_never_too_large(n, kernel, stride=1, pad=0, dilation=1):
    free = n + 2 * pad - dilation * (kernel - 1) - 1
    if free % stride:
        raise ValueError
    return free // stride + 1


def size_one_before_stride(n, kernel, stride=1, pad=0, dilation=1):
    size_of(n, kernel, stride, pad, dilation)
    return (n + 2 * pad - dilation * (kernel - 1)) // stride


output_size = Exercise(
    "output_size",
    title="How many windows fit",
    minutes=8,
    oracle=count_windows,
    outputs={"result": Output(integer=True)},  # `range(5.0)` and `np.zeros((5.0, 3))` fail where the size is used
    cases=[
        Case("worked example", {"n": 5, "kernel": 3}, expected={"result": 3}),
        Case("with padding", {"n": 5, "kernel": 3, "stride": 1, "pad": 1}, expected={"result": 5}),
        Case("AlexNet's first layer", {"n": 227, "kernel": 11, "stride": 4}, expected={"result": 55}),
        Case("AlexNet's first layer as it was printed", {"n": 224, "kernel": 11, "stride": 4}, raises="ValueError"),
        Case("a kernel larger than the picture", {"n": 3, "kernel": 5}, raises="ValueError"),
        Case("just enough padding", {"n": 3, "kernel": 5, "stride": 1, "pad": 1}, expected={"result": 1}),
        Case("dilation 2", {"n": 9, "kernel": 3, "stride": 1, "pad": 0, "dilation": 2}, expected={"result": 5}),
        Case("all at once", {"n": 12, "kernel": 4, "stride": 3, "pad": 2, "dilation": 3}, expected={"result": 3}),
    ],
    hidden_cases=[
        Case("one pixel", {"n": 1, "kernel": 1}, expected={"result": 1}),
        Case("stride past the picture", {"n": 2, "kernel": 2, "stride": 7}, expected={"result": 1}),
        Case("gaps between windows", {"n": 9, "kernel": 1, "stride": 4}, expected={"result": 3}),
        Case("too large by one", {"n": 4, "kernel": 5}, raises="ValueError"),
        Case("too large by exactly the stride", {"n": 3, "kernel": 5, "stride": 2}, raises="ValueError"),
        Case(
            "too large through dilation",
            {"n": 4, "kernel": 3, "stride": 1, "pad": 0, "dilation": 2},
            raises="ValueError",
        ),
        Case("does not divide with padding", {"n": 7, "kernel": 4, "stride": 2, "pad": 1}, raises="ValueError"),
    ],
    draw=draw_size,
    draws=(4, 8),
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "floors",
            floored_size,
            says="Where the stride does not divide, the result is rounded down.",
            hint="Frameworks drop the last pixels silently; here that is a ValueError, so that nobody loses pixels "
            "unknowingly.",
        ),
        Misconception(
            "no_plus_one",
            size_without_one,
            says="The first window is not counted.",
            hint="A kernel as wide as the picture fits once, not zero times.",
        ),
        Misconception(
            "padded_once",
            size_padded_once,
            says="The padding is counted on one side only.",
            hint="`pad` pixels stand on both sides of the picture.",
        ),
        Misconception(
            "dilation_ignored",
            size_not_dilated,
            says="The dilation has no effect.",
            hint="With dilation 2 there is a gap of one pixel between neighbouring kernel entries. How far does the "
            "kernel reach then?",
        ),
        Misconception(
            "dilation_times_kernel",
            size_kernel_times_dilation,
            says="The kernel is taken to reach over dilation · kernel pixels.",
            hint="Only the gaps between entries grow, and k entries have k − 1 gaps.",
        ),
        Misconception(
            "too_large_accepted",
            size_never_too_large,
            says="A kernel larger than the padded picture is accepted.",
            hint="Not even one window fits there: raise ValueError.",
        ),
        Misconception(
            "one_inside",
            size_one_before_stride,
            says="The first window is counted before dividing by the stride.",
            hint="Divide the steps that the window can take by the stride; the first window comes on top of that.",
        ),
    ],
    hints=(
        "How many steps can the window take before it hits the far border?",
        "Padded length minus the kernel's reach gives the room for steps; the stride divides it; the first window "
        "comes on top.",
        "Compute the room in whole numbers. Raise ValueError if it is negative or leaves a remainder; use `//`, so "
        "that the result stays a whole number.",
    ),
)

# --- correlation and convolution of grey pictures -------------------------------------------------------------------


def windows2d(image, kernel):
    """All windows of a grey picture: (out_height, out_width, kernel_height, kernel_width)."""
    return sliding_window_view(np.asarray(image, np.float64), np.shape(kernel))


def correlate(image, kernel):
    return np.einsum("ijhw,hw->ij", windows2d(image, kernel), kernel)


def draw_filter(rng):
    height, width = (int(rng.integers(4, 9)) for _ in range(2))
    kernel = rng.normal(size=tuple(rng.integers(1, 4, size=2)))
    return {"image": rng.normal(size=(height, width)), "kernel": kernel}


FILTER_CASES = [
    Case(
        "a kernel of even and unequal sides",
        {"image": np.arange(20.0).reshape(4, 5) ** 1.5, "kernel": np.array([[1.0, -2.0, 0.5], [3.0, 0.25, -1.0]])},
    ),
    Case("bytes of a photograph, fractions in the kernel", {"image": FACE, "kernel": EMBOSS / 4}),
    Case("bytes, whole-number kernel", {"image": FACE[:5, :6].copy(), "kernel": np.array([[1, 2], [3, 4], [7, 9]])}),
]
FILTER_HIDDEN = [
    Case("kernel as large as the picture", {"image": PATCH, "kernel": np.arange(9.0).reshape(3, 3)}),
    Case("a single entry", {"image": PATCH, "kernel": np.array([[-2.5]])}),
    Case("a row", {"image": BOARD, "kernel": np.array([[1.0, 2.0, -4.0, 0.5]])}),
    Case("a column", {"image": BOARD[:, :3].copy(), "kernel": np.array([[1.0], [2.0], [-4.0], [0.5]])}),
    Case("float32", {"image": BOARD.astype(np.float32), "kernel": EMBOSS.astype(np.float32)}),
    Case("bytes of a photograph", {"image": FACE[2:9, 3:9].copy(), "kernel": SOBEL_X}),
    Case("whole-number kernel, fractions in the picture", {"image": BOARD / 7, "kernel": LAPLACIAN.astype(int)}),
]


def transposed_output(image, kernel):
    return correlate(image, kernel).T


def as_bytes(image, kernel):
    return correlate(image, kernel).astype(np.asarray(image).dtype)


def cut_square(image, kernel):
    kernel_height, _ = kernel.shape
    height, width = image.shape[0] - kernel_height + 1, image.shape[1] - kernel_height + 1
    result = np.zeros((height, width))
    for i in range(height):
        for j in range(width):
            window = image[i : i + kernel_height, j : j + kernel.shape[1]]
            result[i, j] = np.sum(window * kernel[:, : window.shape[1]])
    return result


def same_size(correlation):
    """The answer of a student who pads with zeros so that the result is as large as the picture."""

    def padded(image, kernel):
        before = [(k - 1) // 2 for k in kernel.shape]
        widths = [(b, k - 1 - b) for b, k in zip(before, kernel.shape, strict=True)]
        return correlation(np.pad(np.asarray(image, float), widths), kernel)

    return padded


correlate2d = Exercise(
    "correlate2d",
    title="Slide the kernel",
    points=(1, 2),
    minutes=12,
    oracle=lambda image, kernel: scipy.signal.correlate2d(image.astype(float), kernel.astype(float), mode="valid"),
    cases=[
        Case(
            "worked example: a mean",
            {"image": PATCH, "kernel": np.full((3, 3), 1 / 9)},
            expected={"result": np.array([[1190 / 9]])},
        ),
        Case("worked example: a Laplacian", {"image": BOARD, "kernel": LAPLACIAN}, expected={"result": BOARD_EDGES}),
        *FILTER_CASES,
    ],
    hidden_cases=FILTER_HIDDEN,
    draw=draw_filter,
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "flipped",
            lambda image, kernel: correlate(image, kernel[::-1, ::-1]),
            says="The kernel is flipped, which makes this a convolution.",
            hint="Correlation lays the kernel on the picture as it is; the flip comes in the next exercise.",
        ),
        Misconception(
            "same_size",
            same_size(correlate),
            says="The result is as large as the picture: zeros were put around it.",
            hint="Keep only the windows that lie inside the picture; `pad2d` is there for those who want a frame.",
        ),
        Misconception(
            "one_short",
            lambda image, kernel: correlate(image, kernel)[:-1, :-1],
            says="The last row and the last column of windows are missing.",
            hint="Three pixels fit into five at positions 0, 1 and 2: n − k + 1 places.",
        ),
        Misconception(
            "square",
            cut_square,
            says="The kernel is taken to be as wide as it is high.",
            hint="A kernel has two sides, `kernel.shape[0]` and `kernel.shape[1]`.",
        ),
        Misconception(
            "bytes",
            as_bytes,
            says="The result is stored in the picture's own dtype, where values wrap round or lose their fractions.",
            hint="A byte holds 0 to 255 and nothing else; make the result with `np.zeros(shape)`, which is float64.",
        ),
        Misconception(
            "averaged",
            lambda image, kernel: np.mean(windows2d(image, kernel) * kernel, axis=(2, 3)),
            says="The products are averaged instead of added up.",
            hint="A weighted sum: the kernel itself says how much every pixel counts.",
        ),
        Misconception(
            "transposed",
            transposed_output,
            says="Rows and columns of the result are swapped.",
            hint="The row index moves down the picture, the column index to the right: result[row, column].",
        ),
        Misconception(
            "upside_down",
            lambda image, kernel: correlate(image, kernel[::-1]),
            says="The kernel is upside down.",
            hint="Row 0 of the kernel belongs on the topmost row of the window.",
        ),
    ],
    hints=(
        "You computed one window in the picture above. What changes from one window to the next?",
        "Two loops over the places where the window fits; in each, cut the window out, multiply by the kernel, add up.",
        "The window at (i, j) is `image[i : i + kernel_height, j : j + kernel_width]`; there are n − k + 1 places "
        "along an axis.",
    ),
)

convolve2d = Exercise(
    "convolve2d",
    title="Flip, then slide",
    minutes=6,
    oracle=lambda image, kernel: scipy.signal.convolve2d(image.astype(float), kernel.astype(float), mode="valid"),
    cases=[
        Case(
            "worked example: a single bright pixel",
            {"image": np.pad([[1.0]], 2), "kernel": np.arange(1.0, 10.0).reshape(3, 3)},
            expected={"result": np.arange(1.0, 10.0).reshape(3, 3)},
        ),
        Case(
            "a kernel that looks the same flipped",
            {"image": BOARD, "kernel": LAPLACIAN},
            expected={"result": BOARD_EDGES},
        ),
        *FILTER_CASES,
    ],
    hidden_cases=FILTER_HIDDEN,
    draw=draw_filter,
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "not_flipped",
            correlate,
            says="The kernel is not flipped, which makes this a correlation.",
            hint="Turn the kernel by 180° before it slides: a bright pixel then leaves an imprint of the kernel "
            "itself.",
        ),
        Misconception(
            "rows_only",
            lambda image, kernel: correlate(image, kernel[::-1]),
            says="The kernel is flipped upside down only.",
            hint="Both axes are flipped: rows and columns.",
        ),
        Misconception(
            "columns_only",
            lambda image, kernel: correlate(image, kernel[:, ::-1]),
            says="The kernel is flipped left to right only.",
            hint="Both axes are flipped: rows and columns.",
        ),
        Misconception(
            "result_flipped",
            lambda image, kernel: correlate(image, kernel)[::-1, ::-1],
            says="The result is flipped instead of the kernel.",
            hint="Turn the kernel before it slides; the picture and the result stay as they are.",
        ),
        Misconception(
            "picture_flipped",
            lambda image, kernel: correlate(np.asarray(image)[::-1, ::-1], kernel),
            says="The picture is flipped instead of the kernel.",
            hint="Turning the picture turns the result too; turn the kernel alone.",
        ),
        Misconception(
            "same_size",
            same_size(lambda image, kernel: correlate(image, kernel[::-1, ::-1])),
            says="The result is as large as the picture: zeros were put around it.",
            hint="Keep only the windows that lie inside the picture.",
        ),
        Misconception(
            "bytes",
            lambda image, kernel: as_bytes(image, kernel[::-1, ::-1]),
            says="The result is stored in the picture's own dtype, where values wrap round or lose their fractions.",
            hint="A byte holds 0 to 255 and nothing else; compute in float64.",
        ),
    ],
    hints=(
        "You have `correlate2d`. What does the kernel have to look like before it slides?",
        "Turned by 180°: upside down and left to right.",
        "Reverse both axes of the kernel with slices, then call `correlate2d`.",
    ),
)

# --- two famous filters ---------------------------------------------------------------------------------------------


def scipy_gaussian(size, sigma):
    line = scipy.signal.windows.gaussian(size, sigma)
    return np.outer(line, line) / line.sum() ** 2


def squared_distance(size, centre):
    offset = np.arange(size) - centre
    return offset[:, None] ** 2 + offset**2


def bell(size, exponent):
    kernel = np.exp(-exponent)
    return kernel / kernel.sum()


def middle(size):
    return (size - 1) / 2


gaussian_kernel = Exercise(
    "gaussian_kernel",
    title="The Gaussian kernel",
    minutes=8,
    oracle=scipy_gaussian,
    cases=[
        Case("size 3, sigma 1", {"size": 3, "sigma": 1.0}),
        Case("an even size", {"size": 4, "sigma": 1.5}),
        Case("wide", {"size": 7, "sigma": 2.5}),
        Case("narrow", {"size": 5, "sigma": 0.4}),
        Case("a single entry", {"size": 1, "sigma": 3.0}, expected={"result": np.array([[1.0]])}),
    ],
    hidden_cases=[
        Case("two by two", {"size": 2, "sigma": 0.7}),
        Case("sigma as a whole number", {"size": 9, "sigma": 2}),
        Case("almost flat", {"size": 6, "sigma": 40.0}),
        Case("almost one pixel", {"size": 5, "sigma": 0.1}),
    ],
    draw=lambda rng: {"size": int(rng.integers(2, 12)), "sigma": float(rng.uniform(0.5, 4.0))},
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "not_normalised",
            lambda size, sigma: np.exp(-squared_distance(size, middle(size)) / (2 * sigma**2)),
            says="The entries do not add up to 1, so the blurred picture gets brighter.",
            hint="Divide by the sum of all entries.",
        ),
        Misconception(
            "by_formula",
            lambda size, sigma: np.exp(-squared_distance(size, middle(size)) / (2 * sigma**2)) / (2 * np.pi * sigma**2),
            says="The factor 1 / (2πσ²) makes the sum 1 only for an endless kernel; this one is cut off.",
            hint="Divide by the sum of the entries that are really there.",
        ),
        Misconception(
            "off_centre",
            lambda size, sigma: bell(size, squared_distance(size, size // 2) / (2 * sigma**2)),
            says="With an even size the peak is not in the middle.",
            hint="The middle of positions 0 … size − 1 is (size − 1) / 2, which may lie between two pixels.",
        ),
        Misconception(
            "sigma_not_squared",
            lambda size, sigma: bell(size, squared_distance(size, middle(size)) / (2 * sigma)),
            says="σ is not squared in the exponent.",
            hint="The exponent is −r² / (2σ²).",
        ),
        Misconception(
            "no_two",
            lambda size, sigma: bell(size, squared_distance(size, middle(size)) / sigma**2),
            says="The factor 2 in the exponent is missing.",
            hint="The exponent is −r² / (2σ²).",
        ),
        Misconception(
            "distance_not_squared",
            lambda size, sigma: bell(size, np.sqrt(squared_distance(size, middle(size))) / (2 * sigma**2)),
            says="The distance is not squared: this is a tent with a spike, not a bell.",
            hint="The exponent is −r² / (2σ²), and r² is row² + column².",
        ),
        Misconception(
            "one_line",
            lambda size, sigma: bell(size, (np.arange(size) - middle(size)) ** 2 / (2 * sigma**2)),
            says="This is the Gaussian along one line.",
            hint="Every pair of row and column needs an entry: broadcasting a column against a row gives them all.",
        ),
    ],
    hints=(
        "How far is the entry in row i and column j from the middle of the kernel?",
        "Squared distance from the middle for every entry, the bell exp(−r² / 2σ²) of it, then make the sum 1.",
        "`np.arange(size)` minus the middle gives distances along one axis; squared, as a column plus as a row, they "
        "are r² everywhere.",
    ),
)


def scipy_gradient(image):
    image = image.astype(float)
    gx, gy = (scipy.ndimage.sobel(image, axis=axis)[1:-1, 1:-1] for axis in (1, 0))
    return np.hypot(gx, gy)


def slopes(image, weights=(1.0, 2.0, 1.0)):
    across = np.outer(weights, (-1.0, 0.0, 1.0))
    return correlate(image, across), correlate(image, across.T)


def wrapping_gradient(image):
    gx = image[:-2, 2:] + 2 * image[1:-1, 2:] + image[2:, 2:] - image[:-2, :-2] - 2 * image[1:-1, :-2] - image[2:, :-2]
    gy = image[2:, :-2] + 2 * image[2:, 1:-1] + image[2:, 2:] - image[:-2, :-2] - 2 * image[:-2, 1:-1] - image[:-2, 2:]
    return np.hypot(gx.astype(float), gy.astype(float))


def gradient_in_bytes(image):
    if image.dtype != np.uint8:
        return np.hypot(*slopes(image))
    gx, gy = (slope.astype(np.int64).astype(np.uint8) for slope in slopes(image))
    return np.sqrt(gx**2 + gy**2).astype(float)


def same_size_gradient(image):
    return np.hypot(*slopes(np.pad(np.asarray(image, float), 1)))


RAMP = np.array([[0, 0, 0, 4], [0, 0, 0, 4], [0, 0, 0, 4], [3, 3, 3, 7]], dtype=float)

gradient_magnitude = Exercise(
    "gradient_magnitude",
    title="How steep is the picture?",
    minutes=8,
    oracle=scipy_gradient,
    cases=[
        Case(
            "worked example: a step of 4 to the right, of 3 downwards",
            {"image": RAMP},
            expected={"result": np.array([[0.0, 16.0], [12.0, 20.0]])},
        ),
        Case("bytes of a photograph", {"image": FACE}),
        Case("a single window", {"image": PATCH}),
        Case("another single window", {"image": BOARD[:3, 2:].copy()}),
        Case(
            "bytes, black beside white",
            {"image": np.array([[0, 255, 0], [255, 0, 0], [255, 255, 255], [0, 0, 255]], np.uint8)},
        ),
    ],
    hidden_cases=[
        Case("bytes of a photograph", {"image": FACE[3:10, 5:14].copy()}),
        Case("whole numbers", {"image": BOARD.astype(np.int64)}),
        Case("float32", {"image": BOARD.astype(np.float32)}),
    ],
    draw=lambda rng: {"image": rng.normal(size=tuple(rng.permutation(np.arange(3, 9))[:2]))},
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "squared",
            lambda image: sum(g**2 for g in slopes(image)),
            says="This is the square of the magnitude: the root is missing.",
            hint="Pythagoras: the length is the root of the sum of the two squares.",
        ),
        Misconception(
            "absolute_sum",
            lambda image: sum(np.abs(g) for g in slopes(image)),
            says="The two slopes are added up as absolute values.",
            hint="The two slopes stand at right angles; their length is the root of the sum of squares.",
        ),
        Misconception(
            "one_direction",
            lambda image: np.abs(slopes(image)[0]),
            says="Only the slope from left to right is there.",
            hint="A second Sobel kernel, the transpose of the first, gives the slope from top to bottom.",
        ),
        Misconception(
            "prewitt",
            lambda image: np.hypot(*slopes(image, (1.0, 1.0, 1.0))),
            says="The middle row counts once; this is Prewitt's kernel.",
            hint="Sobel counts the middle row of the kernel twice: −2, 0, 2.",
        ),
        Misconception(
            "wrapped",
            wrapping_gradient,
            says="Bytes wrapped round: in uint8, 3 − 5 is 254.",
            hint="Turn the picture into float64 before you subtract.",
        ),
        Misconception(
            "bytes",
            gradient_in_bytes,
            says="The slopes are stored in the picture's own dtype; bytes know no sign and wrap round.",
            hint="Make room for the slopes in float64: `np.zeros(shape)`, not `np.zeros_like(image)`.",
        ),
        Misconception(
            "same_size",
            same_size_gradient,
            says="The result is as large as the picture: zeros were put around it, and their edge shows.",
            hint="Keep only the windows that lie inside the picture.",
        ),
        Misconception(
            "scaled",
            lambda image: np.hypot(*slopes(image)) / 8,
            says="The result is divided by 8.",
            hint="That would be the slope per pixel, and sensible; this exercise leaves Sobel's kernels as they are.",
        ),
        Misconception(
            "signed_sum",
            lambda image: sum(slopes(image)),
            says="The two slopes are added up with their signs, so that they can cancel.",
            hint="The length of the arrow (gx, gy) is the root of the sum of squares.",
        ),
    ],
    hints=(
        "The slope has two parts: left to right, and top to bottom. Which kernels measure them?",
        "Correlate with Sobel's kernel and with its transpose, then combine the two as the sides of a right-angled "
        "triangle.",
        "gx from `correlate2d(image, sobel)`, gy from `correlate2d(image, sobel.T)`, and the length of (gx, gy) for "
        "every pixel.",
    ),
)

# --- the layer ------------------------------------------------------------------------------------------------------


def tf_pad(pad):
    return [[0, 0], [pad, pad], [pad, pad], [0, 0]]


def tf_conv2d(x, w, b, stride=1, pad=0):
    y = tf.nn.conv2d(exact(x), exact(w), stride, tf_pad(pad))
    return (y if b is None else y + exact(b)).numpy()


def tf_im2col(x, kernel_height, kernel_width, stride, pad):
    padded = tf.pad(exact(x), tf_pad(pad))
    sizes, strides = [1, kernel_height, kernel_width, 1], [1, stride, stride, 1]
    patches = tf.image.extract_patches(padded, sizes, strides, [1, 1, 1, 1], "VALID")
    return patches.numpy().reshape(-1, patches.shape[-1])


def draw_layer(rng):
    kernel_height, kernel_width = (int(k) for k in rng.permutation([1, 2, 3, 4])[:2])
    stride, pad = int(rng.integers(1, 3)), int(rng.integers(0, 3))
    batch, channels, filters = (int(rng.integers(1, high)) for high in (4, 4, 5))
    shape = batch, fitting(rng, kernel_height, stride, pad, 2), fitting(rng, kernel_width, stride, pad, 4), channels
    w = rng.normal(size=(kernel_height, kernel_width, channels, filters))
    return {"x": rng.normal(size=shape), "w": w, "b": rng.normal(size=filters), "stride": stride, "pad": pad}


def windows4d(x, kernel_height, kernel_width, stride=1, pad=0, size=size_of):
    """All windows of a batch: (batch, out_height, out_width, kernel_height, kernel_width, channels)."""
    height, width = size(x.shape[1], kernel_height, stride, pad), size(x.shape[2], kernel_width, stride, pad)
    padded = np.pad(np.asarray(x, np.float64), ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    windows = sliding_window_view(padded, (kernel_height, kernel_width), axis=(1, 2))[:, ::stride, ::stride]
    return windows[:, :height, :width].transpose(0, 1, 2, 4, 5, 3)


def layer(x, w, b, stride=1, pad=0, size=size_of):
    y = np.einsum("nijhwc,hwcf->nijf", windows4d(x, *w.shape[:2], stride, pad, size), w)
    return y if b is None else y + b


def flipped_layer(x, w, b, stride=1, pad=0):
    return layer(x, w[::-1, ::-1], b, stride, pad)


def no_bias_layer(x, w, b, stride=1, pad=0):
    return layer(x, w, None, stride, pad)


def always_biased_layer(x, w, b, stride=1, pad=0):
    return layer(x, w, None, stride, pad) + b


def floored_layer(x, w, b, stride=1, pad=0):
    return layer(x, w, b, stride, pad, floored_size)


def no_stride_layer(x, w, b, stride=1, pad=0):
    return layer(x, w, b, 1, pad)


def no_pad_layer(x, w, b, stride=1, pad=0):
    return layer(x, w, b, stride)


def one_sided_layer(x, w, b, stride=1, pad=0):
    size_of(x.shape[1], w.shape[0], stride, pad), size_of(x.shape[2], w.shape[1], stride, pad)
    return layer(np.pad(x, ((0, 0), (0, 2 * pad), (0, 2 * pad), (0, 0))), w, b, stride)


def truncated_layer(x, w, b, stride=1, pad=0):
    return layer(x, w, b, stride, pad).astype(np.asarray(x).dtype)


def repeated_bias_layer(x, w, b, stride=1, pad=0):
    return layer(x, w, None if b is None else b * x.shape[3], stride, pad)


def first_channel_layer(x, w, b, stride=1, pad=0):
    return layer(x[..., :1], w[:, :, :1], b, stride, pad)


def batch_summed_layer(x, w, b, stride=1, pad=0):
    y = layer(x, w, None, stride, pad)
    y[:] = y.sum(axis=0)
    return y if b is None else y + b


def channels_first_layer(x, w, b, stride=1, pad=0):
    return layer(x, w, b, stride, pad).transpose(0, 3, 1, 2)


RNG = np.random.default_rng(6)
TWO_IMAGES = RNG.normal(size=(2, 5, 6, 3)).round(2)
TWO_FILTERS = RNG.normal(size=(3, 2, 3, 2)).round(2)
PHOTOGRAPHS = np.stack([FACE[:6, :7], FACE[6:, 9:]])[..., None]
HIDDEN_RNG = np.random.default_rng(66)  # the hidden cases share no array with the public ones
HIDDEN_IMAGES = HIDDEN_RNG.normal(size=(2, 5, 6, 3))
HIDDEN_FILTERS = HIDDEN_RNG.normal(size=(3, 2, 3, 2))

LAYER_CASES = [
    Case(
        "worked example: a Laplacian",
        {"x": nhwc(BOARD), "w": LAPLACIAN[..., None, None], "b": np.array([0.0]), "stride": 1, "pad": 0},
        expected={"result": nhwc(BOARD_EDGES)},
    ),
    Case(
        "the same, every second place",
        {"x": nhwc(BOARD), "w": LAPLACIAN[..., None, None], "b": np.array([0.0]), "stride": 2, "pad": 0},
        expected={"result": nhwc(np.array([[692.0, -6.0], [153.0, -86.0]]))},
    ),
    Case(
        "the same with a frame of zeros",
        {"x": nhwc(BOARD), "w": LAPLACIAN[..., None, None], "b": np.array([0.0]), "stride": 1, "pad": 1},
        expected={"result": nhwc(BOARD_EDGES_PADDED)},
    ),
    Case(
        "another kernel, other pixels",
        {"x": nhwc(BOARD.T.copy()), "w": EMBOSS[..., None, None], "b": np.array([9.5]), "stride": 1, "pad": 0},
    ),
    Case(
        "two images, three channels, two filters",
        {"x": TWO_IMAGES, "w": TWO_FILTERS, "b": np.array([0.5, -1.0]), "stride": 2, "pad": 1},
    ),
    Case("without a bias", {"x": TWO_IMAGES, "w": TWO_FILTERS[:, :, :, ::-1].copy(), "b": None, "stride": 1, "pad": 0}),
    Case(
        "bytes of photographs",
        {"x": PHOTOGRAPHS, "w": EMBOSS[:2, :, None, None] / 3, "b": np.array([-0.5]), "stride": 1, "pad": 1},
    ),
    Case(
        "a stride that leaves rows over",
        {"x": np.ones((1, 6, 5, 1)), "w": np.ones((3, 3, 1, 1)), "b": np.zeros(1), "stride": 2, "pad": 0},
        raises="ValueError",
    ),
]
LAYER_HIDDEN = [
    Case(
        "a stride that leaves columns over",
        {"x": np.ones((1, 5, 6, 2)), "w": np.ones((3, 3, 2, 1)), "b": np.zeros(1), "stride": 2, "pad": 1},
        raises="ValueError",
    ),
    Case(
        "a kernel higher than the image",
        {"x": np.ones((2, 2, 5, 1)), "w": np.ones((3, 2, 1, 2)), "b": np.zeros(2), "stride": 1, "pad": 0},
        raises="ValueError",
    ),
    Case(
        "a kernel wider than the padded image",
        {"x": np.ones((2, 5, 2, 1)), "w": np.ones((3, 5, 1, 2)), "b": np.zeros(2), "stride": 1, "pad": 1},
        raises="ValueError",
    ),
    Case(
        "a kernel that fits thanks to the frame",
        {
            "x": HIDDEN_IMAGES[:, :2, :3].copy(),
            "w": HIDDEN_RNG.normal(size=(4, 5, 3, 2)),
            "b": np.ones(2),
            "stride": 1,
            "pad": 1,
        },
    ),
    Case(
        "one by one",
        {
            "x": HIDDEN_RNG.normal(size=(3, 4, 2, 3)),
            "w": HIDDEN_RNG.normal(size=(1, 1, 3, 4)),
            "b": HIDDEN_RNG.normal(size=4),
            "stride": 1,
            "pad": 0,
        },
    ),
    Case(
        "whole numbers, with fractions in the weights",
        {
            "x": np.arange(48).reshape(1, 4, 6, 2),
            "w": HIDDEN_RNG.normal(size=(2, 2, 2, 3)),
            "b": HIDDEN_RNG.normal(size=3),
            "stride": 2,
            "pad": 0,
        },
    ),
    Case(
        "float32",
        {
            "x": HIDDEN_IMAGES.astype(np.float32),
            "w": HIDDEN_FILTERS.astype(np.float32),
            "b": np.ones(2, np.float32),
            "stride": 1,
            "pad": 2,
        },
    ),
    Case(
        "whole numbers everywhere",
        {
            "x": np.arange(40).reshape(1, 5, 4, 2),
            "w": np.arange(-8, 8).reshape(2, 2, 2, 2),
            "b": np.array([2, -3]),
            "stride": 1,
            "pad": 1,
        },
    ),
    Case(
        "whole-number weights, fractions in the images",
        {"x": HIDDEN_IMAGES, "w": np.arange(-9, 9).reshape(2, 3, 3, 1), "b": np.array([3]), "stride": 1, "pad": 0},
    ),
    Case("no bias, stride 2", {"x": HIDDEN_IMAGES, "w": HIDDEN_FILTERS, "b": None, "stride": 2, "pad": 1}),
]

LAYER_MISCONCEPTIONS = [
    Misconception(
        "flipped",
        flipped_layer,
        says="The kernel is flipped.",
        hint="Layers of neural networks correlate: the kernel lies on the window as it is.",
    ),
    Misconception(
        "no_bias", no_bias_layer, says="The bias is missing.", hint="Add `b` once per filter, at every place."
    ),
    Misconception(
        "floors",
        floored_layer,
        says="Where the stride does not divide, the last pixels are dropped silently.",
        hint="Use your `output_size`: it raises ValueError there.",
    ),
    Misconception(
        "bias_always_added",
        always_biased_layer,
        says="`b` may be `None`, and `None` cannot be added.",
        hint="Add the bias only where there is one: `if b is not None`.",
    ),
    Misconception(
        "stride_ignored",
        no_stride_layer,
        says="The stride has no effect.",
        hint="Window (i, j) starts at row i · stride and column j · stride.",
    ),
    Misconception(
        "pad_ignored",
        no_pad_layer,
        says="The padding has no effect.",
        hint="Put `pad` zeros above, below, left and right of every image before the windows are cut.",
    ),
    Misconception(
        "one_sided",
        one_sided_layer,
        says="The zeros are all at the bottom and on the right.",
        hint="`pad` zeros on each of the four sides.",
    ),
    Misconception(
        "truncated",
        truncated_layer,
        says="The result has the dtype of `x`, where whole numbers lose their fractions.",
        hint="Make the result with `np.zeros(shape)`, which is float64.",
    ),
    Misconception(
        "bias_per_channel",
        repeated_bias_layer,
        says="The bias is added once per input channel.",
        hint="Add up over all channels first, then add the bias once.",
    ),
    Misconception(
        "first_channel",
        first_channel_layer,
        says="Only the first input channel is looked at.",
        hint="A filter has one slice per input channel; the products of all of them are added up.",
    ),
    Misconception(
        "batch_summed",
        batch_summed_layer,
        says="The sum runs over the images too, so that every image gets the total of the batch.",
        hint="Sum over window rows, window columns and channels: three axes, not all four.",
    ),
    Misconception(
        "channels_first",
        channels_first_layer,
        says="The filters stand before rows and columns in the result.",
        hint="This course writes (batch, height, width, channels) everywhere.",
    ),
]

conv2d = Exercise(
    "conv2d",
    title="A convolution layer",
    points=(2, 2),
    minutes=20,
    oracle=tf_conv2d,
    cases=[
        Case("stride 1 and no padding when left out", {"x": TWO_IMAGES, "w": TWO_FILTERS, "b": np.array([0.5, -1.0])}),
        *LAYER_CASES,
    ],
    hidden_cases=LAYER_HIDDEN,
    draw=draw_layer,
    rules=[OWN_WORK],
    misconceptions=LAYER_MISCONCEPTIONS,
    hints=(
        "What shape does the result have, and which window of `x` does its entry (n, i, j, f) see?",
        "Pad, ask `output_size` for both sides, then loop over images, places and filters; each entry is a sum of "
        "products plus a bias.",
        "The window is `padded[n, i * stride : i * stride + kernel_height, j * stride : j * stride + kernel_width]`, "
        "as deep as `w[..., f]`.",
    ),
)


def columns(x, kernel_height, kernel_width, stride, pad, size=size_of):
    windows = windows4d(x, kernel_height, kernel_width, stride, pad, size)
    return windows.reshape(-1, kernel_height * kernel_width * x.shape[3])


def columns_channel_first(x, kernel_height, kernel_width, stride, pad):
    windows = windows4d(x, kernel_height, kernel_width, stride, pad).transpose(0, 1, 2, 5, 3, 4)
    return windows.reshape(-1, kernel_height * kernel_width * x.shape[3])


def columns_place_first(x, kernel_height, kernel_width, stride, pad):
    windows = windows4d(x, kernel_height, kernel_width, stride, pad).transpose(1, 2, 0, 3, 4, 5)
    return windows.reshape(-1, kernel_height * kernel_width * x.shape[3])


def columns_by_column(x, kernel_height, kernel_width, stride, pad):
    windows = windows4d(x, kernel_height, kernel_width, stride, pad).transpose(0, 2, 1, 3, 4, 5)
    return windows.reshape(-1, kernel_height * kernel_width * x.shape[3])


def columns_sideways(x, kernel_height, kernel_width, stride, pad):
    windows = windows4d(x, kernel_height, kernel_width, stride, pad).transpose(0, 1, 2, 4, 3, 5)
    return windows.reshape(-1, kernel_height * kernel_width * x.shape[3])


def columns_one_sided(x, kernel_height, kernel_width, stride, pad):
    size_of(x.shape[1], kernel_height, stride, pad), size_of(x.shape[2], kernel_width, stride, pad)
    return columns(np.pad(x, ((0, 0), (0, 2 * pad), (0, 2 * pad), (0, 0))), kernel_height, kernel_width, stride, 0)


def draw_im2col(rng):
    drawn = draw_layer(rng)
    kernel_height, kernel_width = drawn["w"].shape[:2]
    names = {"x": drawn["x"], "kernel_height": kernel_height, "kernel_width": kernel_width}
    return names | {"stride": drawn["stride"], "pad": drawn["pad"]}


im2col = Exercise(
    "im2col",
    title="Every window becomes a row",
    points=(2, 2),
    minutes=20,
    oracle=tf_im2col,
    cases=[
        Case(
            "worked example",
            {"x": nhwc(np.arange(9.0).reshape(3, 3)), "kernel_height": 2, "kernel_width": 2, "stride": 1, "pad": 0},
            expected={"result": np.array([[0, 1, 3, 4], [1, 2, 4, 5], [3, 4, 6, 7], [4, 5, 7, 8]], float)},
        ),
        Case(
            "two images, three channels",
            {"x": TWO_IMAGES, "kernel_height": 3, "kernel_width": 2, "stride": 2, "pad": 1},
        ),
        Case("no stride, no padding", {"x": TWO_IMAGES, "kernel_height": 2, "kernel_width": 3, "stride": 1, "pad": 0}),
        Case("bytes of photographs", {"x": PHOTOGRAPHS, "kernel_height": 3, "kernel_width": 3, "stride": 1, "pad": 1}),
        Case(
            "a stride that leaves columns over",
            {"x": np.ones((1, 5, 6, 1)), "kernel_height": 3, "kernel_width": 3, "stride": 2, "pad": 0},
            raises="ValueError",
        ),
    ],
    hidden_cases=[
        Case(
            "a stride that leaves rows over",
            {"x": np.ones((2, 6, 5, 1)), "kernel_height": 3, "kernel_width": 1, "stride": 2, "pad": 0},
            raises="ValueError",
        ),
        Case(
            "a kernel wider than the image",
            {"x": np.ones((1, 5, 2, 3)), "kernel_height": 1, "kernel_width": 3, "stride": 1, "pad": 0},
            raises="ValueError",
        ),
        Case(
            "a kernel higher than the padded image",
            {"x": np.ones((1, 1, 5, 3)), "kernel_height": 5, "kernel_width": 3, "stride": 2, "pad": 1},
            raises="ValueError",
        ),
        Case("one by one", {"x": HIDDEN_IMAGES, "kernel_height": 1, "kernel_width": 1, "stride": 1, "pad": 0}),
        Case(
            "gaps between windows",
            {"x": HIDDEN_IMAGES[:, :, :5].copy(), "kernel_height": 2, "kernel_width": 2, "stride": 3, "pad": 0},
        ),
        Case(
            "whole numbers",
            {"x": np.arange(36).reshape(2, 3, 3, 2), "kernel_height": 2, "kernel_width": 3, "stride": 1, "pad": 2},
        ),
        Case(
            "float32",
            {"x": HIDDEN_IMAGES.astype(np.float32), "kernel_height": 3, "kernel_width": 2, "stride": 2, "pad": 1},
        ),
    ],
    draw=draw_im2col,
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "channels_first",
            columns_channel_first,
            says="In each row all pixels of channel 0 come first, then those of channel 1.",
            hint="The order is that of the weights (kernel_height, kernel_width, channels): channels change fastest.",
        ),
        Misconception(
            "columns_as_rows",
            lambda x, kernel_height, kernel_width, stride, pad: columns(x, kernel_height, kernel_width, stride, pad).T,
            says="Windows are the columns; the name comes from there, but here every window is a row.",
            hint="(number of windows, kernel_height · kernel_width · channels), so that `columns @ weights` works.",
        ),
        Misconception(
            "place_first",
            columns_place_first,
            says="The images take turns: first place (0, 0) of every image, then (0, 1) of every image.",
            hint="All windows of image 0 first, then all of image 1.",
        ),
        Misconception(
            "down_first",
            columns_by_column,
            says="The windows are listed down the columns of the image.",
            hint="Reading order: along the first row of places, then along the second.",
        ),
        Misconception(
            "kernel_sides_swapped",
            columns_sideways,
            says="Inside a window the pixels are listed column by column.",
            hint="The order is that of the weights (kernel_height, kernel_width, channels): row by row.",
        ),
        Misconception(
            "stride_ignored",
            lambda x, kernel_height, kernel_width, stride, pad: columns(x, kernel_height, kernel_width, 1, pad),
            says="The stride has no effect.",
            hint="Window (i, j) starts at row i · stride and column j · stride.",
        ),
        Misconception(
            "pad_ignored",
            lambda x, kernel_height, kernel_width, stride, pad: columns(x, kernel_height, kernel_width, stride, 0),
            says="The padding has no effect.",
            hint="Put `pad` zeros on all four sides of every image before the windows are cut.",
        ),
        Misconception(
            "one_sided",
            columns_one_sided,
            says="The zeros are all at the bottom and on the right.",
            hint="`pad` zeros on each of the four sides.",
        ),
        Misconception(
            "floors",
            lambda x, kernel_height, kernel_width, stride, pad: columns(
                x, kernel_height, kernel_width, stride, pad, floored_size
            ),
            says="Where the stride does not divide, the last pixels are dropped silently.",
            hint="Use your `output_size`: it raises ValueError there.",
        ),
    ],
    hints=(
        "How many windows are there in all, and how many numbers are in each?",
        "Fill an array of shape (batch, out_height, out_width, kernel_height, kernel_width, channels); `reshape` "
        "makes it a matrix.",
        "Two loops over the kernel's rows i and columns j are enough: entry (i, j) of all windows at once is a slice "
        "of the padded images with steps of `stride`.",
    ),
)


def im2col_layer(x, w, b, stride, pad):
    return layer(x, w, b, stride, pad)


def loops_over_pixels(x, w, b, stride, pad):
    height, width = size_of(x.shape[1], w.shape[0], stride, pad), size_of(x.shape[2], w.shape[1], stride, pad)
    windows = windows4d(x, *w.shape[:2], stride, pad)
    y = np.zeros((len(x), height, width, w.shape[3]))
    for n in range(len(x)):
        for i in range(height):
            for j in range(width):
                y[n, i, j] = np.tensordot(windows[n, i, j], w, 3)
    return y if b is None else y + b


def loops_over_images(x, w, b, stride, pad):
    return np.concatenate([layer(image[None], w, b, stride, pad) for image in x])


def weights_channel_first(x, w, b, stride, pad):
    weights = w.transpose(2, 0, 1, 3).reshape(-1, w.shape[3])
    y = columns(x, *w.shape[:2], stride, pad) @ weights + (0.0 if b is None else b)
    height, width = size_of(x.shape[1], w.shape[0], stride, pad), size_of(x.shape[2], w.shape[1], stride, pad)
    return y.reshape(len(x), height, width, -1)


def weights_filter_first(x, w, b, stride, pad):
    weights = w.reshape(w.shape[3], -1).T
    y = columns(x, *w.shape[:2], stride, pad) @ weights + (0.0 if b is None else b)
    height, width = size_of(x.shape[1], w.shape[0], stride, pad), size_of(x.shape[2], w.shape[1], stride, pad)
    return y.reshape(len(x), height, width, -1)


def reshaped_filters_first(x, w, b, stride, pad):
    y = layer(x, w, b, stride, pad)
    batch, height, width, filters = y.shape
    return y.reshape(batch, filters, height, width).transpose(0, 2, 3, 1)


def sides_swapped(x, w, b, stride, pad):
    y = layer(x, w, b, stride, pad)
    return y.reshape(y.shape[0], y.shape[2], y.shape[1], y.shape[3])


STEPS = {"w": TWO_FILTERS, "b": np.array([0.5, -1.0])}
HIDDEN_STEPS = {"w": HIDDEN_FILTERS, "b": np.array([-0.5, 2.0])}
NO_LOOP = {"loops over images": 0, "loops over pixels": 0}

conv2d_im2col = Exercise(
    "conv2d_im2col",
    title="The layer as one matrix product",
    points=(2, 2),
    minutes=15,
    oracle=tf_conv2d,
    cases=[
        *LAYER_CASES,
        Case("Python steps on larger input", STEPS, probe="loops_with_size", weight=4, expected=NO_LOOP),
    ],
    hidden_cases=[
        *LAYER_HIDDEN,
        Case("Python steps on larger input", HIDDEN_STEPS, probe="loops_with_size", weight=6, expected=NO_LOOP),
    ],
    draw=draw_layer,
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "loops_over_pixels",
            loops_over_pixels,
            says="The values are right, but Python still loops over images or places.",
            hint="Only loops over the kernel's few entries are allowed, in `im2col` too; everything else is one "
            "matrix product.",
        ),
        Misconception(
            "loops_over_images",
            loops_over_images,
            says="The values are right, but Python still loops over the images.",
            hint="Let `im2col` put the windows of all images into one matrix; one product serves them all.",
        ),
        *(
            m
            for m in LAYER_MISCONCEPTIONS
            if m.key not in ("channels_first", "bias_per_channel", "truncated", "batch_summed")
        ),
        Misconception(
            "weights_channel_first",
            weights_channel_first,
            says="The weights are listed channel by channel, but the columns are not.",
            hint="`im2col` orders its columns like the weights: a plain reshape of `w` fits, no transpose.",
        ),
        Misconception(
            "weights_filter_first",
            weights_filter_first,
            says="`w.reshape(filters, -1).T` shuffles the weights: reshape does not move axes.",
            hint="The filters are the last axis of `w`; keep them last when you flatten the other three.",
        ),
        Misconception(
            "filters_first",
            reshaped_filters_first,
            says="The result is reshaped as if the filters came before rows and columns; reshape does not move axes.",
            hint="A row of the product holds the filters of one place, so filters are the last axis: no transpose is "
            "needed.",
        ),
        Misconception(
            "sides_swapped",
            sides_swapped,
            says="Height and width of the result are swapped.",
            hint="(batch, out_height, out_width, filters).",
        ),
    ],
    hints=(
        "A row of `im2col(x, ...)` is one window. What must it be multiplied by?",
        "Flatten every filter into a column of a matrix; one product gives all filters at all places of all images.",
        "`columns @ w.reshape(-1, filters)`, plus the bias if there is one, then a reshape to (batch, out_height, "
        "out_width, filters).",
    ),
)

# --- backward -------------------------------------------------------------------------------------------------------


def tf_conv2d_backward(dy, x, w, stride, pad):
    x, w, b = exact(x), exact(w), tf.zeros(w.shape[3], tf.float64)
    with tf.GradientTape() as tape:
        tape.watch([x, w, b])
        total = tf.reduce_sum((tf.nn.conv2d(x, w, stride, tf_pad(pad)) + b) * exact(dy))
    return tuple(gradient.numpy() for gradient in tape.gradient(total, [x, w, b]))


def draw_backward(rng):
    drawn = draw_layer(rng)
    dy = rng.normal(size=layer(drawn["x"], drawn["w"], drawn["b"], drawn["stride"], drawn["pad"]).shape)
    return {"dy": dy, "x": drawn["x"], "w": drawn["w"], "stride": drawn["stride"], "pad": drawn["pad"]}


def scatter(dy, x, w, stride, pad, put=np.add):
    """dx, window by window; `put` says how overlapping windows meet."""
    padded = np.zeros((x.shape[0], x.shape[1] + 2 * pad, x.shape[2] + 2 * pad, x.shape[3]))
    for i in range(dy.shape[1]):
        for j in range(dy.shape[2]):
            window = np.s_[:, i * stride : i * stride + w.shape[0], j * stride : j * stride + w.shape[1]]
            padded[window] = put(padded[window], np.einsum("nf,hwcf->nhwc", dy[:, i, j], w))
    return padded[:, pad : pad + x.shape[1], pad : pad + x.shape[2]]


def overwrite(old, new):
    return new


def gradients(dy, x, w, stride, pad):
    dw = np.einsum("nijhwc,nijf->hwcf", windows4d(x, *w.shape[:2], stride, pad), dy)
    return scatter(dy, x, w, stride, pad), dw, dy.sum(axis=(0, 1, 2))


def overwritten_dx(dy, x, w, stride, pad):
    return scatter(dy, x, w, stride, pad, overwrite), *gradients(dy, x, w, stride, pad)[1:]


def flipped_dx(dy, x, w, stride, pad):
    return scatter(dy, x, w[::-1, ::-1], stride, pad), *gradients(dy, x, w, stride, pad)[1:]


def flipped_dw(dy, x, w, stride, pad):
    dx, dw, db = gradients(dy, x, w, stride, pad)
    return dx, dw[::-1, ::-1], db


def averaged_gradients(dy, x, w, stride, pad):
    dx, dw, db = gradients(dy, x, w, stride, pad)
    return dx, dw / len(x), db / len(x)


def last_image_only(dy, x, w, stride, pad):
    dx, _, db = gradients(dy, x, w, stride, pad)
    return dx, gradients(dy[-1:], x[-1:], w, stride, pad)[1], db


def mean_db(dy, x, w, stride, pad):
    return *gradients(dy, x, w, stride, pad)[:2], dy.mean(axis=(0, 1, 2))


def db_of_the_batch(dy, x, w, stride, pad):
    return *gradients(dy, x, w, stride, pad)[:2], dy.sum(axis=0)


def padded_dx(dy, x, w, stride, pad):
    padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    return scatter(dy, padded, w, stride, 0), *gradients(dy, x, w, stride, pad)[1:]


def emptied_dx(dy, x, w, stride, pad):
    dx, dw, db = gradients(dy, x, w, stride, pad)
    return (dx if pad else dx[:, 0:-0, 0:-0]), dw, db


def corner_dx(dy, x, w, stride, pad):
    return padded_dx(dy, x, w, stride, pad)[0][:, : x.shape[1], : x.shape[2]], *gradients(dy, x, w, stride, pad)[1:]


def unpadded_dw(dy, x, w, stride, pad):
    dx, _, db = gradients(dy, x, w, stride, pad)
    shifted = np.pad(x, ((0, 0), (0, 2 * pad), (0, 2 * pad), (0, 0)))
    return dx, gradients(dy, shifted, w, stride, 0)[1], db


def other_order(dy, x, w, stride, pad):
    dx, dw, db = gradients(dy, x, w, stride, pad)
    return dw, db, dx


SIMPLE_X = nhwc(np.array([[1.0, 2.0, 0.0], [0.0, 1.0, 3.0], [2.0, 0.0, 1.0]]))
SIMPLE_W = np.array([[1.0, -1.0], [2.0, 0.0]])[..., None, None]
SIMPLE = {"dy": nhwc(np.array([[1.0, 0.0], [0.0, 2.0]])), "x": SIMPLE_X, "w": SIMPLE_W, "stride": 1, "pad": 0}
SIMPLE_DX = nhwc(np.array([[1.0, -1.0, 0.0], [2.0, 2.0, -2.0], [0.0, 4.0, 0.0]]))
SIMPLE_DW = np.array([[3.0, 8.0], [0.0, 3.0]])[..., None, None]
STRIDED = {"dy": RNG.normal(size=(2, 3, 4, 2)), "x": TWO_IMAGES, "w": TWO_FILTERS, "stride": 2, "pad": 1}
STRIDED_DX, STRIDED_DW, STRIDED_DB = tf_conv2d_backward(**STRIDED)

conv2d_backward = Exercise(
    "conv2d_backward",
    title="Backwards through the layer",
    points=(3, 4),
    minutes=30,
    oracle=tf_conv2d_backward,
    outputs={name: Output(gradient=True) for name in ("dx", "dw", "db")},
    cases=[
        Case("worked example, db alone", SIMPLE, expected={"db": np.array([3.0])}),
        Case("worked example, dw alone", SIMPLE, expected={"dw": SIMPLE_DW}),
        Case("worked example, dx alone", SIMPLE, expected={"dx": SIMPLE_DX}),
        Case(
            "the same shapes, other numbers",
            {"dy": SIMPLE_X[:, 1:, 1:], "x": SIMPLE_X**2, "w": SIMPLE_W - 3.0, "stride": 1, "pad": 0},
        ),
        Case("stride 2 and padding, db alone", STRIDED, expected={"db": STRIDED_DB}),
        Case("stride 2 and padding, dw alone", STRIDED, expected={"dw": STRIDED_DW}),
        Case("stride 2 and padding, dx alone", STRIDED, expected={"dx": STRIDED_DX}),
        Case(
            "overlapping windows, padding, many channels",
            {
                "dy": RNG.normal(size=(3, 4, 6, 4)),
                "x": RNG.normal(size=(3, 4, 5, 2)),
                "w": RNG.normal(size=(3, 2, 2, 4)),
                "stride": 1,
                "pad": 1,
            },
        ),
    ],
    hidden_cases=[
        Case(
            "gaps between windows",
            {
                "dy": HIDDEN_RNG.normal(size=(1, 2, 3, 2)),
                "x": HIDDEN_RNG.normal(size=(1, 4, 7, 1)),
                "w": HIDDEN_RNG.normal(size=(1, 1, 1, 2)),
                "stride": 3,
                "pad": 0,
            },
        ),
        Case(
            "a wide frame",
            {
                "dy": HIDDEN_RNG.normal(size=(2, 6, 5, 3)),
                "x": HIDDEN_RNG.normal(size=(2, 4, 2, 2)),
                "w": HIDDEN_RNG.normal(size=(3, 2, 2, 3)),
                "stride": 1,
                "pad": 2,
            },
        ),
        Case(
            "float32",
            {
                "dy": HIDDEN_RNG.normal(size=(2, 3, 3, 2)).astype(np.float32),
                "x": HIDDEN_RNG.normal(size=(2, 4, 5, 1)).astype(np.float32),
                "w": HIDDEN_RNG.normal(size=(2, 3, 1, 2)).astype(np.float32),
                "stride": 1,
                "pad": 0,
            },
        ),
        Case(
            "whole numbers as gradient",
            {
                "dy": np.arange(-6, 6).reshape(1, 2, 3, 2),
                "x": HIDDEN_RNG.normal(size=(1, 3, 4, 3)),
                "w": HIDDEN_RNG.normal(size=(2, 2, 3, 2)),
                "stride": 1,
                "pad": 0,
            },
        ),
    ],
    draw=draw_backward,
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "overwritten",
            overwritten_dx,
            says="In dx, where windows overlap, the last one overwrites the others.",
            hint="A pixel seen by several windows gets a gradient from each of them: `+=`, not `=`.",
        ),
        Misconception(
            "kernel_turned",
            flipped_dx,
            says="In dx the kernel is turned by 180° relative to the window it came from.",
            hint="Pixel (h, w) of a window was multiplied by w[h, w], so that is what it gets back, times dy. "
            "(Turning is needed only if you write dx as a correlation of dy.)",
        ),
        Misconception(
            "dw_turned",
            flipped_dw,
            says="dw comes out turned by 180°.",
            hint="w[h, w] was multiplied by pixel (h, w) of every window, and collects those pixels times dy.",
        ),
        Misconception(
            "averaged",
            averaged_gradients,
            says="dw and db are divided by the number of images.",
            hint="The 1/N of a mean loss is already in dy. Here gradients are sums over the batch.",
        ),
        Misconception(
            "last_image",
            last_image_only,
            says="dw holds the last image only.",
            hint="The same weights serve every image: add up over the batch, `+=`, not `=`.",
        ),
        Misconception(
            "db_mean",
            mean_db,
            says="db is a mean.",
            hint="The bias was added at every place of every image; its gradient is the sum over all of them.",
        ),
        Misconception(
            "db_per_place",
            db_of_the_batch,
            says="db is summed over the batch, but not over the places.",
            hint="One bias per filter, shape (out_channels,): sum over images, rows and columns.",
        ),
        Misconception(
            "frame_left",
            padded_dx,
            says="dx still has the frame of padding.",
            hint="The zeros were not part of `x`; cut them off again, so that dx has the shape of x.",
        ),
        Misconception(
            "emptied",
            emptied_dx,
            says="Without padding, dx is empty: the slice `pad:-pad` is `0:0` then.",
            hint="Cut from `pad` to `pad + height`, which also works for pad = 0.",
        ),
        Misconception(
            "wrong_corner",
            corner_dx,
            says="dx is cut from the corner of the padded array.",
            hint="The picture starts at row `pad` and column `pad` of the padded array.",
        ),
        Misconception(
            "dw_unpadded",
            unpadded_dw,
            says="For dw the windows are cut from images that were not padded on the left and at the top.",
            hint="Use the same padded images as in the forward pass.",
        ),
        Misconception(
            "order",
            other_order,
            says="The three gradients come in another order.",
            hint="Return dx, dw, db.",
        ),
    ],
    hints=(
        "Take one output number. Which pixels and which weights went into it, and what was each multiplied by?",
        "Loop over the places as in `conv2d`. At each, `dw` collects window times dy, and the window of `dx` "
        "collects weights times dy.",
        "Pad x, make zeros like the padded x, add to both with `+=` place by place, cut the frame off at the end; db "
        "is a sum over three axes of dy.",
    ),
)

# --- pooling --------------------------------------------------------------------------------------------------------


def tf_pool(pool):
    return lambda x, size, stride: pool(exact(x), size, stride, "VALID").numpy()


def tf_pool_backward(pool):
    def backward(dy, x, size, stride):
        x = exact(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = tf.reduce_sum(pool(x, size, stride, "VALID") * exact(dy))
        return tape.gradient(total, x).numpy()

    return backward


def draw_pool(rng):
    size, stride = int(rng.integers(1, 4)), int(rng.integers(1, 4))
    batch, channels = (int(n) for n in rng.integers(1, 4, size=2))
    shape = batch, fitting(rng, size, stride, 0), fitting(rng, size, stride, 0, 5, 11), channels
    return {"x": rng.normal(size=shape) - 1.0, "size": size, "stride": stride}


def draw_pool_backward(rng):
    drawn = draw_pool(rng)
    windows = pool_windows(**drawn)
    return {"dy": rng.normal(size=windows.shape[:3] + windows.shape[5:])} | drawn


def pool_windows(x, size, stride, length=size_of):
    """(batch, out_height, out_width, size, size, channels)"""
    return windows4d(x, size, size, stride, 0, length)


def pool_shape(x, size, stride):
    windows = pool_windows(x, size, stride)
    return windows.shape[:3] + windows.shape[5:]


POOL_CASES = [
    Case("two images, three channels", {"x": TWO_IMAGES[:, :4], "size": 2, "stride": 2}),
    Case("overlapping windows", {"x": TWO_IMAGES[:, :, :5], "size": 3, "stride": 2}),
    Case("only negative values", {"x": -1.0 - np.abs(TWO_IMAGES), "size": 2, "stride": 1}),
    Case("bytes of a photograph", {"x": FACE[None, :, :, None], "size": 2, "stride": 2}),
    Case(
        "a stride that leaves columns over", {"x": np.ones((1, 4, 5, 1)), "size": 2, "stride": 2}, raises="ValueError"
    ),
]
POOL_HIDDEN = [
    Case("a stride that leaves rows over", {"x": np.ones((1, 5, 4, 2)), "size": 2, "stride": 2}, raises="ValueError"),
    Case("a window higher than the image", {"x": np.ones((1, 2, 5, 2)), "size": 3, "stride": 1}, raises="ValueError"),
    Case("a window wider than the image", {"x": np.ones((2, 4, 2, 1)), "size": 4, "stride": 2}, raises="ValueError"),
    Case("the whole image", {"x": HIDDEN_IMAGES[:, :, :5].copy(), "size": 5, "stride": 5}),
    Case("gaps between windows", {"x": HIDDEN_IMAGES[:, :, :5].copy(), "size": 2, "stride": 3}),
    Case("windows of one", {"x": HIDDEN_IMAGES, "size": 1, "stride": 1}),
    Case("whole numbers", {"x": np.arange(-30, 30).reshape(1, 5, 6, 2) ** 3, "size": 2, "stride": 1}),
    Case("float32", {"x": HIDDEN_IMAGES.astype(np.float32), "size": 2, "stride": 1}),
]

max_pool2d = Exercise(
    "max_pool2d",
    title="Keep the largest",
    minutes=10,
    oracle=tf_pool(tf.nn.max_pool2d),
    cases=[
        Case(
            "worked example",
            {"x": nhwc(POOL), "size": 2, "stride": 2},
            expected={"result": nhwc(np.array([[8.0, 5.0], [13.0, 15.0]]))},
        ),
        Case(
            "worked example, stride 1",
            {"x": nhwc(POOL), "size": 2, "stride": 1},
            expected={"result": nhwc(np.array([[8.0, 6.0, 5.0], [12.0, 12.0, 11.0], [13.0, 15.0, 15.0]]))},
        ),
        *POOL_CASES,
    ],
    hidden_cases=POOL_HIDDEN,
    draw=draw_pool,
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "starts_at_zero",
            lambda x, size, stride: np.maximum(pool_windows(x, size, stride).max(axis=(3, 4)), 0),
            says="The maximum starts from 0, so a window with only negative values gives 0.",
            hint="Take the maximum of the window itself; zero is not in it.",
        ),
        Misconception(
            "stride_is_size",
            lambda x, size, stride: pool_windows(x, size, size, floored_size).max(axis=(3, 4)),
            says="The windows lie side by side whatever the stride.",
            hint="Window (i, j) starts at row i · stride and column j · stride.",
        ),
        Misconception(
            "across_channels",
            lambda x, size, stride: np.broadcast_to(
                pool_windows(x, size, stride).max(axis=(3, 4, 5))[..., None], pool_shape(x, size, stride)
            ).copy(),
            says="The maximum runs over all channels.",
            hint="Every channel is pooled for itself: reduce over the two window axes only.",
        ),
        Misconception(
            "minimum",
            lambda x, size, stride: pool_windows(x, size, stride).min(axis=(3, 4)),
            says="This keeps the smallest value.",
            hint="Keep the largest.",
        ),
        Misconception(
            "mean",
            lambda x, size, stride: pool_windows(x, size, stride).mean(axis=(3, 4)),
            says="This is the mean of every window.",
            hint="Keep the largest value; the mean comes two exercises later.",
        ),
        Misconception(
            "floors",
            lambda x, size, stride: pool_windows(x, size, stride, floored_size).max(axis=(3, 4)),
            says="Where the stride does not divide, the last pixels are dropped silently.",
            hint="Use your `output_size`: it raises ValueError there.",
        ),
        Misconception(
            "largest_magnitude",
            lambda x, size, stride: np.abs(pool_windows(x, size, stride)).max(axis=(3, 4)),
            says="This keeps the largest absolute value.",
            hint="−7 is smaller than 1: no absolute values.",
        ),
    ],
    hints=(
        "It is the same sliding window as in `conv2d`. What takes the place of the weighted sum?",
        "Loop over the places; cut the window out of all images and channels at once; take the maximum over its rows "
        "and columns.",
        "`x[:, i * stride : i * stride + size, j * stride : j * stride + size]` has shape (batch, size, size, "
        "channels); reduce over axes 1 and 2.",
    ),
)


def route(dy, x, size, stride, share, put=np.add):
    """dx of a pool: `share(window, dy)` says what every pixel of a window gets, `put` how overlapping windows meet."""
    dx = np.zeros(x.shape)
    for i in range(dy.shape[1]):
        for j in range(dy.shape[2]):
            place = np.s_[:, i * stride : i * stride + size, j * stride : j * stride + size]
            dx[place] = put(dx[place], share(x[place], dy[:, i, j][:, None, None]))
    return dx


def is_largest(window):
    return window == window.max(axis=(1, 2), keepdims=True)


def all_largest(window, dy):
    return is_largest(window) * dy


def first_largest(window, dy):
    batch, height, width, channels = window.shape
    flat = window.reshape(batch, -1, channels)
    mask = np.arange(height * width)[None, :, None] == flat.argmax(axis=1)[:, None]
    return mask.reshape(window.shape) * dy


def routed_to_first(dy, x, size, stride):
    return route(dy, x, size, stride, first_largest)


def only_where_new(old, new):
    return np.where(new != 0, new, old)


def ties(dy, x, size, stride):
    """The least and the most that every pixel may get when tied maxima share in any way."""
    signs = np.minimum, np.maximum
    low, high = np.zeros(x.shape), np.zeros(x.shape)
    for i, j in np.ndindex(dy.shape[1:3]):
        place = np.s_[:, i * stride : i * stride + size, j * stride : j * stride + size]
        largest, out = is_largest(x[place]), dy[:, i, j][:, None, None]
        alone = largest.sum(axis=(1, 2), keepdims=True) == 1
        for bound, sign in zip((low, high), signs, strict=True):
            bound[place] += np.where(alone, out, sign(out, 0.0)) * largest
    return {"low": low, "high": high}


def tied_case(name, x, size, rng, layout=""):
    dy = rng.normal(size=pool_shape(x, size, size)).round(2) + 0.005
    expected = {"dx": ties(dy, x, size, size), "dx added up over each window": dy}
    return Case(name, {"dy": dy, "x": x, "size": size}, "tied_windows", layout=layout, expected=expected)


def overlapping_case(name, x, size, stride, rng):
    dy = rng.normal(size=pool_shape(x, size, stride)).round(2) + 0.005
    expected = {"dx": ties(dy, x, size, stride), "dx added up over each image and channel": dy.sum(axis=(1, 2))}
    return Case(name, {"dy": dy, "x": x, "size": size, "stride": stride}, "tied_overlaps", expected=expected)


def rectified(x):
    """After ReLU many windows are all zero: the ties that really happen."""
    return np.maximum(x, 0.0)


POOL_DX = nhwc(np.array([[0, 0, 2, 0], [1, 0, 0, 0], [0, 0, 0, 0], [0, 3, 4, 0]], dtype=float))
POOL_DX_STRIDE_1 = nhwc(np.array([[0, 0, 3, 0], [1, 2, 0, 0], [0, 9, 0, 6], [0, 7, 17, 0]], dtype=float))
POOL_BACKWARD_CASES = [
    Case(
        "two images, three channels",
        {"dy": RNG.normal(size=(2, 2, 3, 3)), "x": TWO_IMAGES[:, :4], "size": 2, "stride": 2},
    ),
    Case(
        "overlapping windows", {"dy": RNG.normal(size=(2, 2, 2, 3)), "x": TWO_IMAGES[:, :, :5], "size": 3, "stride": 2}
    ),
    Case("only negative values", {"dy": RNG.normal(size=(2, 4, 5, 3)), "x": -TWO_IMAGES - 9, "size": 2, "stride": 1}),
]
POOL_BACKWARD_HIDDEN = [
    Case(
        "the whole image",
        {"dy": HIDDEN_RNG.normal(size=(2, 1, 1, 3)), "x": HIDDEN_IMAGES[:, :, :5].copy(), "size": 5, "stride": 5},
    ),
    Case(
        "gaps between windows",
        {"dy": HIDDEN_RNG.normal(size=(2, 2, 2, 3)), "x": HIDDEN_IMAGES[:, :, :5].copy(), "size": 2, "stride": 3},
    ),
    Case("windows of one", {"dy": HIDDEN_RNG.normal(size=(2, 5, 6, 3)), "x": HIDDEN_IMAGES, "size": 1, "stride": 1}),
    Case(
        "whole numbers as gradient",
        {"dy": np.arange(1, 21).reshape(1, 4, 5, 1), "x": HIDDEN_IMAGES[:1, ..., :1].copy(), "size": 2, "stride": 1},
    ),
    Case(
        "float32",
        {
            "dy": HIDDEN_RNG.normal(size=(2, 3, 5, 3)).astype(np.float32),
            "x": HIDDEN_IMAGES[:, :4].astype(np.float32),
            "size": 2,
            "stride": 1,
        },
    ),
]

max_pool2d_backward = Exercise(
    "max_pool2d_backward",
    title="The winner takes the gradient",
    points=(2, 2),
    minutes=15,
    oracle=tf_pool_backward(tf.nn.max_pool2d),
    outputs={"dx": Output(gradient=True)},
    cases=[
        Case(
            "worked example",
            {"dy": nhwc(np.array([[1.0, 2.0], [3.0, 4.0]])), "x": nhwc(POOL), "size": 2, "stride": 2},
            expected={"dx": POOL_DX},
        ),
        Case(
            "worked example, stride 1",
            {"dy": nhwc(np.arange(1.0, 10.0).reshape(3, 3)), "x": nhwc(POOL), "size": 2, "stride": 1},
            expected={"dx": POOL_DX_STRIDE_1},
        ),
        *POOL_BACKWARD_CASES,
        tied_case("ties: zeros after ReLU", rectified(TWO_IMAGES[:, :4] - 0.3), 2, RNG),
        tied_case("ties: a flat image", np.full((1, 6, 3, 2), -2.0), 3, RNG),
    ],
    hidden_cases=[
        *POOL_BACKWARD_HIDDEN,
        tied_case("ties: zeros after ReLU", rectified(HIDDEN_RNG.normal(size=(2, 6, 4, 2)) - 0.5), 2, HIDDEN_RNG),
        tied_case("ties: pairs", np.repeat(HIDDEN_RNG.normal(size=(2, 3, 6, 1)), 2, axis=1), 2, HIDDEN_RNG),
        overlapping_case(
            "ties where windows overlap", rectified(HIDDEN_RNG.normal(size=(2, 4, 5, 2)) - 0.5), 2, 1, HIDDEN_RNG
        ),
        overlapping_case("a flat image, windows overlap", np.full((1, 5, 7, 1), 3.0), 3, 2, HIDDEN_RNG),
    ],
    draw=draw_pool_backward,
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "every_tie_in_full",
            lambda dy, x, size, stride: route(dy, x, size, stride, all_largest),
            says="Where several pixels share the maximum, each of them gets the whole gradient.",
            hint="Nudge two tied pixels together and the output moves once, not twice: give it to one of them, or "
            "share it.",
        ),
        Misconception(
            "overwritten",
            lambda dy, x, size, stride: route(dy, x, size, stride, first_largest, overwrite),
            says="Where windows overlap, the last one overwrites what the others gave.",
            hint="A pixel that wins in several windows gets a gradient from each of them: `+=`, not `=`.",
        ),
        Misconception(
            "assigned_to_winner",
            lambda dy, x, size, stride: route(dy, x, size, stride, first_largest, only_where_new),
            says="A pixel that wins in several windows keeps only the gradient of the last one.",
            hint="Add up: `+=`, not `=`.",
        ),
        Misconception(
            "stride_is_size",
            lambda dy, x, size, stride: route(
                dy[:, : x.shape[1] // size, : x.shape[2] // size], x, size, size, first_largest
            ),
            says="The windows are taken side by side whatever the stride.",
            hint="Window (i, j) starts at row i · stride and column j · stride.",
        ),
        Misconception(
            "everyone",
            lambda dy, x, size, stride: route(dy, x, size, stride, lambda window, out: np.ones_like(window) * out),
            says="Every pixel of a window gets the gradient.",
            hint="Nudge a pixel that is not the largest: the output does not move. Its gradient is 0.",
        ),
        Misconception(
            "shared",
            lambda dy, x, size, stride: route(
                dy, x, size, stride, lambda window, out: np.ones_like(window) * out / size**2
            ),
            says="The gradient is spread evenly over the window, as an average pool would do.",
            hint="Only the largest pixel of a window moves the output.",
        ),
        Misconception(
            "mask_only",
            lambda dy, x, size, stride: route(np.ones_like(dy), x, size, stride, first_largest),
            says="The winners are marked with 1; the gradient from above is missing.",
            hint="Chain rule: the winner gets 1 times what comes in, dy.",
        ),
        Misconception(
            "times_value",
            lambda dy, x, size, stride: route(
                dy, x, size, stride, lambda window, out: first_largest(window, out) * window
            ),
            says="The gradient is multiplied by the winner's value.",
            hint="The output is the winner itself, so its slope with respect to the winner is 1.",
        ),
        Misconception(
            "first_position",
            lambda dy, x, size, stride: route(
                dy,
                x,
                size,
                stride,
                lambda window, out: first_largest(-np.arange(window.size).reshape(window.shape), out),
            ),
            says="The upper left pixel of every window gets the gradient, whoever won.",
            hint="Look in `x` for the pixel that was the largest.",
        ),
    ],
    hints=(
        "Nudge one pixel of the window a little. When does the output move, and by how much?",
        "Loop over the places; find the largest pixel of the window in `x`; add the entry of dy at that pixel of dx.",
        "`np.argmax` on the flattened window and `np.unravel_index` give its row and column; or a mask `window == "
        "max`, divided by the number of its ones.",
    ),
)

avg_pool2d = Exercise(
    "avg_pool2d",
    title="Keep the mean",
    minutes=5,
    oracle=tf_pool(tf.nn.avg_pool2d),
    cases=[
        Case(
            "worked example",
            {"x": nhwc(POOL), "size": 2, "stride": 2},
            expected={"result": nhwc(np.array([[6.0, 3.0], [11.0, 10.0]]))},
        ),
        *POOL_CASES,
    ],
    hidden_cases=POOL_HIDDEN,
    draw=draw_pool,
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "sum",
            lambda x, size, stride: pool_windows(x, size, stride).sum(axis=(3, 4)),
            says="This is the sum of every window.",
            hint="Divide by the number of pixels in a window.",
        ),
        Misconception(
            "one_side_divided",
            lambda x, size, stride: pool_windows(x, size, stride).sum(axis=(3, 4)) / size,
            says="The sum is divided by the window's side, not by its number of pixels.",
            hint="A window has size · size pixels.",
        ),
        Misconception(
            "stride_is_size",
            lambda x, size, stride: pool_windows(x, size, size, floored_size).mean(axis=(3, 4)),
            says="The windows lie side by side whatever the stride.",
            hint="Window (i, j) starts at row i · stride and column j · stride.",
        ),
        Misconception(
            "across_channels",
            lambda x, size, stride: np.broadcast_to(
                pool_windows(x, size, stride).mean(axis=(3, 4, 5))[..., None], pool_shape(x, size, stride)
            ).copy(),
            says="The mean runs over all channels.",
            hint="Every channel is pooled for itself: reduce over the two window axes only.",
        ),
        Misconception(
            "maximum",
            lambda x, size, stride: pool_windows(x, size, stride).max(axis=(3, 4)),
            says="This keeps the largest value of every window.",
            hint="The mean is asked for here.",
        ),
        Misconception(
            "floors",
            lambda x, size, stride: pool_windows(x, size, stride, floored_size).mean(axis=(3, 4)),
            says="Where the stride does not divide, the last pixels are dropped silently.",
            hint="Use your `output_size`: it raises ValueError there.",
        ),
        Misconception(
            "truncated",
            lambda x, size, stride: pool_windows(x, size, stride).mean(axis=(3, 4)).astype(x.dtype),
            says="The means are stored in the dtype of `x`, where whole numbers lose their fractions.",
            hint="Make the result with `np.zeros(shape)`, which is float64.",
        ),
        Misconception(
            "wrapped",
            lambda x, size, stride: pool_windows(x, size, stride).sum(axis=(3, 4)).astype(x.dtype) / size**2,
            says="The sums are stored in the dtype of `x`; bytes wrap round there.",
            hint="200 + 100 is 44 in uint8. Add up in float64.",
        ),
    ],
    hints=(
        "What has to change in `max_pool2d`?",
        "The same windows, the mean instead of the maximum.",
        "The mean over axes 1 and 2 of `x[:, rows, columns]` is one place of all images and channels.",
    ),
)


def equal_shares(window, dy):
    return np.ones(window.shape) * dy / (window.shape[1] * window.shape[2])


def routed_equally(dy, x, size, stride):
    return route(dy, x, size, stride, equal_shares)


avg_pool2d_backward = Exercise(
    "avg_pool2d_backward",
    title="Everybody gets a share",
    points=(1, 2),
    minutes=8,
    oracle=tf_pool_backward(tf.nn.avg_pool2d),
    outputs={"dx": Output(gradient=True)},
    cases=[
        Case(
            "worked example",
            {"dy": nhwc(np.array([[4.0, 8.0], [12.0, -16.0]])), "x": nhwc(POOL), "size": 2, "stride": 2},
            expected={"dx": nhwc(np.array([[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, -4, -4], [3, 3, -4, -4]], dtype=float))},
        ),
        Case(
            "the same shapes, other gradient",
            {"dy": nhwc(np.array([[1.0, -2.0], [6.0, 0.5]])), "x": nhwc(POOL.T), "size": 2, "stride": 2},
        ),
        *POOL_BACKWARD_CASES,
    ],
    hidden_cases=POOL_BACKWARD_HIDDEN,
    draw=draw_pool_backward,
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "not_divided",
            lambda dy, x, size, stride: route(dy, x, size, stride, lambda window, out: np.ones(window.shape) * out),
            says="Every pixel gets the whole gradient.",
            hint="A pixel entered the mean with the weight 1 / size², and gets its gradient back with the same weight.",
        ),
        Misconception(
            "one_side_divided",
            lambda dy, x, size, stride: route(
                dy, x, size, stride, lambda window, out: np.ones(window.shape) * out / size
            ),
            says="The gradient is divided by the window's side, not by its number of pixels.",
            hint="A window has size · size pixels.",
        ),
        Misconception(
            "overwritten",
            lambda dy, x, size, stride: route(dy, x, size, stride, equal_shares, overwrite),
            says="Where windows overlap, the last one overwrites what the others gave.",
            hint="A pixel seen by several windows gets a share from each of them: `+=`, not `=`.",
        ),
        Misconception(
            "stride_is_size",
            lambda dy, x, size, stride: route(
                dy[:, : x.shape[1] // size, : x.shape[2] // size], x, size, size, equal_shares
            ),
            says="The windows are taken side by side whatever the stride.",
            hint="Window (i, j) starts at row i · stride and column j · stride.",
        ),
        Misconception(
            "winner",
            lambda dy, x, size, stride: route(dy, x, size, stride, first_largest),
            says="Only the largest pixel gets a gradient, as in a max pool.",
            hint="Every pixel moves the mean, each by the same amount.",
        ),
        Misconception(
            "divided_by_stride",
            lambda dy, x, size, stride: route(
                dy, x, size, stride, lambda window, out: np.ones(window.shape) * out / stride**2
            ),
            says="The gradient is divided by stride² instead of size².",
            hint="The weight of a pixel in the mean depends on the size of the window, not on the step between "
            "windows.",
        ),
        Misconception(
            "averaged",
            lambda dy, x, size, stride: route(dy, x, size, stride, equal_shares) / len(x),
            says="The gradient is divided by the number of images as well.",
            hint="The 1/N of a mean loss is already in dy.",
        ),
    ],
    hints=(
        "Nudge one pixel by 1. How much does the mean of its window move?",
        "Every pixel of a window gets the same share of dy; overlapping windows add up.",
        "Zeros in the shape of `x`; for every place (i, j), add `dy[:, i : i + 1, j : j + 1]`, divided by the number "
        "of pixels in a window, to that window of dx.",
    ),
)

EXERCISES = [
    pad2d,
    output_size,
    correlate2d,
    convolve2d,
    gaussian_kernel,
    gradient_magnitude,
    conv2d,
    im2col,
    conv2d_im2col,
    conv2d_backward,
    max_pool2d,
    max_pool2d_backward,
    avg_pool2d,
    avg_pool2d_backward,
]
