"""Exercises of chapter 01: oracles are Pillow, SciPy, scikit-learn, TensorFlow and numbers worked out by hand."""

import numpy as np
import tensorflow as tf
from PIL import Image
from scipy.spatial.distance import cdist
from sklearn import metrics
from sklearn.neighbors import KNeighborsClassifier

from authoring.exercise import Case, Exercise, Misconception, Output, no_calls, no_loops

OTHERS = ("cv2", "PIL", "skimage", "sklearn", "scipy", "tf", "keras", "torch", "imageio")
OWN_WORK = no_calls("helpers.data", "helpers.preprocess", "helpers.widgets", *OTHERS)


def some_size(rng, low=2, high=7):
    return int(rng.integers(low, high))


def colour_bytes(rng, *shape):
    return rng.integers(0, 256, size=(*shape, 3), dtype=np.uint8)


# --- to_grayscale ----------------------------------------------------------------------------------------------------


def thousandths(image):
    """Grey by whole numbers where the picture has bytes: (299 R + 587 G + 114 B) / 1000."""
    wide = image.astype(np.int64) if image.dtype == np.uint8 else image.astype(np.float64)
    red, green, blue = np.moveaxis(wide, -1, 0)
    return (299 * red + 587 * green + 114 * blue) / 1000


FOUR_COLOURS = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 255]]], dtype=np.uint8)

to_grayscale = Exercise(
    "to_grayscale",
    title="From colour to grey",
    minutes=6,
    oracle=thousandths,
    outputs={"result": Output(floating=True)},
    cases=[
        Case("worked example", {"image": np.array([[[100, 150, 200]]], np.uint8)}, expected={"result": [[140.75]]}),
        Case(
            "red, green, blue, white",
            {"image": FOUR_COLOURS},
            expected={"result": np.array([[76.245, 149.685], [29.07, 255.0]])},
        ),
        Case("pixels between 0 and 1", {"image": np.random.default_rng(1).random((2, 5, 3))}),
        Case("three rows, three columns", {"image": colour_bytes(np.random.default_rng(2), 3, 3)}),
        Case("a batch of three pictures", {"image": colour_bytes(np.random.default_rng(3), 3, 4, 2)}),
    ],
    draw=[
        lambda rng: {"image": colour_bytes(rng, some_size(rng), some_size(rng))},
        lambda rng: {"image": rng.random((some_size(rng), some_size(rng), 3))},
    ],
    hidden_cases=[
        Case("bright bytes", {"image": np.full((2, 3, 3), 250, np.uint8)}),
        Case("float32", {"image": np.random.default_rng(4).random((3, 2, 3), dtype=np.float32)}),
        Case("a batch of one", {"image": np.random.default_rng(5).random((1, 2, 4, 3))}),
    ],
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "plain_mean",
            lambda image: image.mean(axis=-1),
            says="This is the plain mean of the three channels.",
            hint="Green looks brighter than blue: each channel has a weight of its own.",
        ),
        Misconception(
            "blue_first",
            lambda image: image @ np.array([0.114, 0.587, 0.299]),
            says="The weights of red and blue are swapped.",
            hint="In this course channel 0 is red and channel 2 is blue.",
        ),
        Misconception(
            "wraps_round",
            lambda image: (image[..., 0] + image[..., 1] + image[..., 2]) / 3,
            says="The channels are added as bytes, which start again at 0 after 255, and no channel has its weight.",
            hint="Multiply by the weights first: the products are floating-point numbers.",
        ),
        Misconception(
            "rounded",
            lambda image: np.rint(image @ np.array([0.299, 0.587, 0.114])).astype(np.uint8).astype(float),
            says="The greys are rounded to whole numbers.",
            hint="Return the floating-point numbers as they are; rounding can wait until a file is written.",
        ),
        Misconception(
            "scaled",
            lambda image: image @ np.array([0.299, 0.587, 0.114]) / 255,
            says="The greys are divided by 255.",
            hint="Keep the range of the picture: bytes give 0 to 255, fractions give 0 to 1.",
        ),
        Misconception(
            "axis_kept",
            lambda image: image @ np.array([[0.299], [0.587], [0.114]]),
            says="The channel axis is still there, with one entry.",
            hint="A grey picture has two axes, (height, width).",
        ),
        Misconception(
            "other_weights",
            lambda image: image @ np.array([0.2126, 0.7152, 0.0722]),
            says="These are the weights for linear light (BT.709); here those of BT.601 are asked for.",
            hint="Look the three weights up in the text above.",
        ),
        Misconception(
            "first_axis",
            lambda image: 0.299 * image[0] + 0.587 * image[1] + 0.114 * image[2],
            says="The weights go to the first three rows, not to the channels.",
            hint="The channels lie along the last axis: `image[..., 0]` is red.",
        ),
    ],
    hints=(
        "What is the grey of a pixel that is pure green? Of one that is white?",
        "Multiply each channel by its weight and add the three up; `...` stands for all axes before the last.",
        "A matrix product with a vector of three weights adds up along the last axis, whatever comes before it.",
    ),
)

# --- resize_nearest --------------------------------------------------------------------------------------------------


def no_ties(height, width, new_height, new_width):
    """Whether every new pixel has one nearest old pixel: centres never fall between two."""
    pairs = ((height, new_height), (width, new_width))
    return all((2 * i + 1) * old % (2 * new) for old, new in pairs for i in range(new))


def pillow_nearest(image, height, width):
    """Pillow resizes a picture of positions; the pixels are taken from there."""
    assert no_ties(*image.shape[:2], height, width), (image.shape, height, width)
    rows, columns = image.shape[:2]
    positions = np.arange(rows * columns, dtype=np.float32).reshape(rows, columns)
    resized = Image.fromarray(positions).resize((width, height), Image.Resampling.NEAREST)
    return image.reshape(rows * columns, *image.shape[2:])[np.asarray(resized).astype(int)]


def draw_sizes(rng):
    while True:
        sizes = [int(n) for n in rng.integers(2, 9, size=4)]
        if no_ties(*sizes) and sizes[2:] != sizes[:2] and sizes[2] != sizes[3]:
            return sizes


def draw_grey_resize(rng):
    height, width, new_height, new_width = draw_sizes(rng)
    return {"image": rng.random((height, width)), "height": new_height, "width": new_width}


def draw_colour_resize(rng):
    height, width, new_height, new_width = draw_sizes(rng)
    return {"image": colour_bytes(rng, height, width), "height": new_height, "width": new_width}


def by_rows_and_columns(rule, swap=False):
    """A wrong `resize_nearest` whose rows and columns are `rule(new, old)`, clipped into the picture."""

    def resize_nearest(image, height, width):
        if swap:
            height, width = width, height
        rows = np.clip(np.asarray(rule(height, image.shape[0])).astype(int), 0, image.shape[0] - 1)
        columns = np.clip(np.asarray(rule(width, image.shape[1])).astype(int), 0, image.shape[1] - 1)
        return image[rows][:, columns]

    return resize_nearest


def one_scale(image, height, width):
    scale = image.shape[0] / height
    rows = ((np.arange(height) + 0.5) * scale).astype(int)
    columns = np.minimum(((np.arange(width) + 0.5) * scale).astype(int), image.shape[1] - 1)
    return image[rows][:, columns]


def mixing(image, height, width):
    stack = tf.constant(image.reshape(1, *image.shape[:2], -1), tf.float64)
    return tf.image.resize(stack, (height, width)).numpy()[0].reshape(height, width, *image.shape[2:]).astype(float)


def first_channel(image, height, width):
    resized = centres(image, height, width)
    return resized[..., 0] if image.ndim == 3 else resized


centres = by_rows_and_columns(lambda new, old: (np.arange(new) + 0.5) * old / new)
SIX = np.arange(36.0).reshape(6, 6)

resize_nearest = Exercise(
    "resize_nearest",
    title="Resize by the nearest pixel",
    points=(1, 2),
    minutes=12,
    oracle=pillow_nearest,
    cases=[
        Case(
            "worked example",
            {"image": np.array([[10, 20, 30], [40, 50, 60]], np.uint8), "height": 4, "width": 1},
            expected={"result": np.array([[20], [20], [50], [50]])},
        ),
        Case(
            "6 x 6 to 2 x 2",
            {"image": SIX, "height": 2, "width": 2},
            expected={"result": np.array([[7.0, 10.0], [25.0, 28.0]])},
        ),
        Case(
            "colour, wider and lower", {"image": colour_bytes(np.random.default_rng(1), 5, 3), "height": 3, "width": 7}
        ),
        Case("the same size", {"image": SIX[:3, :4], "height": 3, "width": 4}),
        Case("5 rows to 12", {"image": np.random.default_rng(2).random((5, 2)), "height": 12, "width": 6}),
    ],
    draw=[draw_grey_resize, draw_colour_resize],
    draws=(4, 8),
    hidden_cases=[
        Case("one pixel to many", {"image": np.array([[[1, 2, 3]]], np.uint8), "height": 2, "width": 3}),
        Case("one channel", {"image": np.random.default_rng(3).random((3, 5, 1)), "height": 5, "width": 3}),
    ],
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "swapped",
            by_rows_and_columns(lambda new, old: (np.arange(new) + 0.5) * old / new, swap=True),
            says="Height and width are swapped.",
            hint="Rows come first: the result has `height` rows.",
        ),
        Misconception(
            "corners",
            by_rows_and_columns(lambda new, old: np.arange(new) * old / new),
            says="The upper left corners of the pixels are compared, not their centres.",
            hint="The centre of pixel i lies at i + ½. Where does that fall in the old picture?",
        ),
        Misconception(
            "ends_pinned",
            by_rows_and_columns(lambda new, old: np.rint(np.linspace(0, old - 1, new))),
            says="The first and the last pixels are pinned to the ends of the picture, so that the scale is off.",
            hint="A pixel has a width: n old pixels are n wide, not n − 1.",
        ),
        Misconception(
            "next_one",
            by_rows_and_columns(lambda new, old: np.ceil((np.arange(new) + 0.5) * old / new)),
            says="The pixels are taken one too far to the right and below.",
            hint="Position 2.3 lies inside pixel 2, which reaches from 2 to 3.",
        ),
        Misconception(
            "one_scale",
            one_scale,
            says="Rows and columns are scaled by the same factor.",
            hint="The height may shrink while the width grows: each direction has a factor of its own.",
        ),
        Misconception(
            "mixed",
            mixing,
            says="Neighbouring pixels are mixed.",
            hint="Every new pixel is a copy of one old pixel.",
        ),
        Misconception(
            "np_resize",
            lambda image, height, width: np.resize(image, (height, width, *image.shape[2:])),
            says="`np.resize` only fills a new shape with the numbers in their order; rows no longer stay rows.",
            hint="Choose rows and columns of the old picture by their index.",
        ),
        Misconception(
            "first_channel",
            first_channel,
            says="Only the first channel is left of a colour picture.",
            hint="Index rows and columns, and leave the last axis alone.",
        ),
        Misconception(
            "cut_off",
            lambda image, height, width: image[:height, :width],
            says="The picture is cut off, not resized.",
            hint="The whole picture must be seen in the result.",
        ),
    ],
    hints=(
        "Along one axis first: six pixels become two. Where do the centres of the two lie among the six?",
        "New centre i + ½, times old size / new size; rounding down says which pixel that is in.",
        "Make an array of row numbers and one of column numbers, and pick the rows, then the columns.",
    ),
)

# --- flatten_images --------------------------------------------------------------------------------------------------


def draw_grey_batch(rng):
    return {"images": rng.random((some_size(rng), some_size(rng), some_size(rng)))}


def draw_colour_batch(rng):
    return {"images": colour_bytes(rng, some_size(rng), some_size(rng), some_size(rng))}


TWO_PICTURES = np.array([[[0, 1, 2], [3, 4, 5]], [[6, 7, 8], [9, 10, 11]]], dtype=np.uint8)

flatten_images = Exercise(
    "flatten_images",
    title="A picture as one row of numbers",
    minutes=4,
    oracle=lambda images: tf.reshape(tf.constant(np.ascontiguousarray(images)), (len(images), -1)).numpy(),
    cases=[
        Case(
            "worked example",
            {"images": TWO_PICTURES},
            expected={"result": np.array([[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]])},
        ),
        Case("colour", {"images": colour_bytes(np.random.default_rng(1), 2, 3, 4)}),
        Case("a batch of one", {"images": np.random.default_rng(2).random((1, 3, 2))}),
        Case("as many pictures as pixels", {"images": np.random.default_rng(3).random((4, 2, 2))}),
    ],
    draw=[draw_grey_batch, draw_colour_batch],
    hidden_cases=[
        Case("one channel", {"images": np.random.default_rng(4).random((3, 2, 4, 1))}),
        Case("flat already", {"images": np.random.default_rng(5).random((3, 4))}),
    ],
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "one_long_row",
            lambda images: images.ravel(),
            says="All pictures end up in one long row.",
            hint="Keep the first axis: one row per picture.",
        ),
        Misconception(
            "columns",
            lambda images: images.reshape(len(images), -1).T,
            says="Pictures are columns here.",
            hint="Rows are samples throughout this course.",
        ),
        Misconception(
            "cut_elsewhere",
            lambda images: images.reshape(-1, len(images)),
            says="Every row has as many numbers as there are pictures, so that pictures are torn apart.",
            hint="There should be as many *rows* as pictures; NumPy works the other size out for −1.",
        ),
        Misconception(
            "column_by_column",
            lambda images: images.reshape(len(images), -1, order="F"),
            says="The pixels come column by column.",
            hint="A picture is read like a page: row after row.",
        ),
        Misconception(
            "channel_by_channel",
            lambda images: np.moveaxis(images, -1, 1).reshape(len(images), -1),
            says="The last axis is moved to the front before the picture is laid out.",
            hint="Leave the order of the numbers as it is; for colour, the three of a pixel stay together.",
        ),
        Misconception(
            "rows_of_pixels",
            lambda images: images.reshape(-1, images.shape[-1]),
            says="Each row is a line of a picture (or one pixel), not a picture.",
            hint="Everything behind the first axis belongs into one row.",
        ),
        Misconception(
            "no_colours",
            lambda images: images.reshape(images.shape[0], images.shape[1] * images.shape[2]),
            says="There is no room for the channels of colour pictures.",
            hint="Let NumPy count what is behind the first axis: −1 stands for “whatever is left”.",
        ),
    ],
    hints=(
        "How many rows does the result have? How many numbers are in each?",
        "No number moves: only the shape changes.",
        "Keep the first axis, and let `reshape` work out the second.",
    ),
)

# --- pairwise_distances ----------------------------------------------------------------------------------------------


def minkowski(A, B, p=2):
    return cdist(A.astype(np.float64), B.astype(np.float64), "minkowski", p=p)


def draw_euclidean(rng):
    features = some_size(rng)
    return {"A": rng.normal(size=(some_size(rng), features)), "B": rng.normal(size=(some_size(rng) + 5, features))}


def draw_manhattan(rng):
    return draw_euclidean(rng) | {"p": 1}


def draw_bytes(rng):
    features = some_size(rng, 3)
    A, B = (rng.integers(0, 256, size=(n, features), dtype=np.uint8) for n in (2, 4))
    return {"A": A, "B": B, "p": int(rng.integers(1, 3))}


def differences(A, B):
    return A[:, None, :].astype(float) - B[None, :, :]


A_345 = np.array([[0.0, 0.0], [3.0, 4.0]])
B_345 = np.array([[0.0, 0.0], [3.0, 0.0], [0.0, -4.0]])

pairwise_distances = Exercise(
    "pairwise_distances",
    title="All distances at once",
    points=(2, 2),
    minutes=12,
    oracle=minkowski,
    rtol=1e-6,
    outputs={"result": Output(floating=True)},
    cases=[
        Case(
            "worked example, p left out",
            {"A": A_345, "B": B_345},
            expected={"result": np.array([[0.0, 3.0, 4.0], [5.0, 4.0, np.sqrt(73.0)]])},
            weight=2,
        ),
        Case(
            "worked example, p = 1",
            {"A": A_345, "B": B_345, "p": 1},
            expected={"result": np.array([[0.0, 3.0, 4.0], [7.0, 4.0, 11.0]])},
        ),
        Case("p = 3", {"A": A_345, "B": B_345, "p": 3}),
        Case(
            "bytes",
            {
                "A": np.array([[0, 250], [10, 10]], np.uint8),
                "B": np.array([[255, 0], [10, 13], [7, 6]], np.uint8),
                "p": 2,
            },
        ),
        Case("one against one", {"A": np.array([[1.0, 2.0, 3.0]]), "B": np.array([[1.0, 0.0, 2.0]]), "p": 1}),
        Case("as many rows here as there", {"A": SIX[:3, :4], "B": SIX[3:, 1:5] / 7, "p": 2}),
    ],
    draw=[draw_euclidean, draw_manhattan, draw_bytes],
    draws=(3, 6),
    hidden_cases=[
        Case("one feature", {"A": np.array([[2.0], [-1.0]]), "B": np.array([[5.0], [0.5], [-3.0]]), "p": 2}),
        Case(
            "float32", {"A": np.float32([[0.5, 1.5], [2.0, -1.0]]), "B": np.float32([[0.0, 1.0], [3.0, 3.0]]), "p": 1}
        ),
    ],
    rules=[OWN_WORK, no_loops()],
    misconceptions=[
        Misconception(
            "no_root",
            lambda A, B, p=2: (np.abs(differences(A, B)) ** p).sum(axis=-1),
            says="The root at the end is missing.",
            hint="After the sum comes the p-th root, which is the power 1/p.",
        ),
        Misconception(
            "always_square_root",
            lambda A, B, p=2: np.sqrt((np.abs(differences(A, B)) ** p).sum(axis=-1)),
            says="The root is always the square root.",
            hint="For p = 1 nothing is left to take a root of; for p = 3 it is the cube root.",
        ),
        Misconception(
            "always_euclidean",
            lambda A, B, p=2: np.sqrt((differences(A, B) ** 2).sum(axis=-1)),
            says="`p` is not used: this is always the Euclidean distance.",
            hint="Write `p` where the 2 stands, and 1/p where the root is taken.",
        ),
        Misconception(
            "signed",
            lambda A, B, p=2: (
                np.sqrt((differences(A, B) ** 2).sum(axis=-1)) if p == 2 else differences(A, B).sum(axis=-1)
            ),
            says="For p = 1 differences of opposite sign cancel.",
            hint="Take the size of every difference before you add.",
        ),
        Misconception(
            "turned",
            lambda A, B, p=2: minkowski(B, A, p),
            says="Rows and columns are the wrong way round.",
            hint="Row i belongs to `A[i]`, column j to `B[j]`.",
        ),
        Misconception(
            "mean",
            lambda A, B, p=2: (np.abs(differences(A, B)) ** p).mean(axis=-1) ** (1 / p),
            says="This averages over the features where it should add up.",
            hint="3 across and 4 up are 5 apart, whatever the number of features.",
        ),
        Misconception(
            "row_by_row",
            lambda A, B, p=2: (np.abs(A.astype(float) - B) ** p).sum(axis=-1) ** (1 / p),
            says="Row i of `A` is compared with row i of `B` only.",
            hint="Every row meets every row: give the two arrays axes of their own, (n, 1, d) and (1, m, d).",
        ),
        Misconception(
            "subtracts_bytes",
            lambda A, B, p=2: (np.abs(A[:, None] - B[None]).astype(float) ** p).sum(axis=-1) ** (1 / p),
            says="Bytes are subtracted as bytes, and 3 − 5 is 254 there.",
            hint="Turn the numbers into floating point before you subtract, not afterwards.",
        ),
        Misconception(
            "wraps_round",
            lambda A, B, p=2: (np.abs(A[:, None] - B[None]) ** p).sum(axis=-1, dtype=float) ** (1 / p),
            says="All is computed in bytes: 3 − 5 is 254 there, and 20 squared is 144.",
            hint="Turn the numbers into floating point first.",
        ),
        Misconception(
            "wrong_axis",
            lambda A, B, p=2: (np.abs(differences(A, B)) ** p).sum(axis=0) ** (1 / p),
            says="The sum runs over the rows of `A`, not over the features.",
            hint="Which of the three axes holds the features? That one should disappear.",
        ),
    ],
    hints=(
        "What is the distance of two points on paper, 3 across and 4 up?",
        "An axis of length 1 is stretched: (n, 1, d) minus (1, m, d) is (n, m, d), all differences at once.",
        "`A[:, None, :]` puts the new axis in; then sizes, power p, sum over the last axis, power 1/p.",
    ),
)

# --- knn_predict -----------------------------------------------------------------------------------------------------


def sklearn_knn(X_train, y_train, X, k):
    assert clear_neighbours(X_train, X, k), (X, k)
    model = KNeighborsClassifier(n_neighbors=k, algorithm="brute").fit(X_train.astype(float), y_train)
    return model.predict(X.astype(float)).astype(np.int64)


def clear_neighbours(X_train, X, k):
    """Whether the k-th and the next training row are never equally far from a row of X."""
    far = np.sort(cdist(X.astype(float), X_train.astype(float)), axis=1)
    return k == len(X_train) or (far[:, k] - far[:, k - 1]).min() > 1e-6 * far.max()


def knn_case(rng, as_bytes=False):
    while True:
        features, n = some_size(rng), some_size(rng, 8, 16)
        labels = rng.choice(20, size=3, replace=False)
        y = rng.choice(labels, size=n)
        X_train, X = (3 * rng.normal(size=(count, features)) for count in (n, 6))
        if as_bytes:
            X_train, X = (np.clip(40 * part + 128, 0, 255).astype(np.uint8) for part in (X_train, X))
        k = int(rng.integers(2, 6))
        if clear_neighbours(X_train, X, k):
            return {"X_train": X_train, "y_train": y, "X": X, "k": k}


class Vote:
    """`knn_predict` as a student might write it; the misconceptions change one thing each."""

    def __call__(self, X_train, y_train, X, k):
        order = np.argsort(self.distances(X_train.astype(float), X.astype(float)), axis=1, kind="stable")
        return np.array([self.vote(y_train, row, k) for row in order])

    def distances(self, X_train, X):
        return cdist(X, X_train)

    def vote(self, y_train, order, k):
        return self.winner(y_train[order[:k]])

    def winner(self, labels):
        values, counts = np.unique(labels, return_counts=True)
        return values[counts.argmax()]


class LargestLabel(Vote):
    def winner(self, labels):
        values, counts = np.unique(labels, return_counts=True)
        return values[counts == counts.max()].max()


class NearestBreaksTies(Vote):
    def winner(self, labels):
        values, counts = np.unique(labels, return_counts=True)
        best = values[counts == counts.max()]
        return next(label for label in labels if label in best)


class Farthest(Vote):
    def vote(self, y_train, order, k):
        return self.winner(y_train[order[-k:]])


class OnlyOne(Vote):
    def vote(self, y_train, order, k):
        return y_train[order[0]]


class MeanLabel(Vote):
    def winner(self, labels):
        return int(np.rint(labels.mean()))


class Positions(Vote):
    def vote(self, y_train, order, k):
        return order[0]


class SkipsNearest(Vote):
    def vote(self, y_train, order, k):
        return self.winner(y_train[order[1 : k + 1]])


class OneMore(Vote):
    def vote(self, y_train, order, k):
        return self.winner(y_train[order[: k + 1]])


class Manhattan(Vote):
    def distances(self, X_train, X):
        return cdist(X, X_train, "cityblock")


class Everybody(Vote):
    def vote(self, y_train, order, k):
        return self.winner(y_train)


class Renumbered(Vote):
    def __call__(self, X_train, y_train, X, k):
        return super().__call__(X_train, np.unique(y_train, return_inverse=True)[1], X, k)


class Column(Vote):
    def __call__(self, X_train, y_train, X, k):
        return super().__call__(X_train, y_train, X, k)[:, None]


LINE = {"X_train": np.array([[0.0], [1.0], [3.0], [6.0], [7.0]]), "y_train": np.array([0, 0, 1, 2, 2])}
TRIANGLES = {
    "X_train": np.array([[0.0, 0.0], [1.0, 5.0], [4.0, 0.5], [5.0, 5.5], [2.0, 1.5], [3.5, 3.0], [-3.0, -2.6]]),
    "y_train": np.array([9, 4, 2, 4, 2, 9, 4]),
    "X": np.array([[1.2, 1.0], [3.0, 1.8], [4.0, 5.0], [0.0, 4.4]]),
}

knn_predict = Exercise(
    "knn_predict",
    title="Ask the nearest",
    points=(2, 3),
    minutes=15,
    oracle=sklearn_knn,
    outputs={"result": Output(integer=True)},
    cases=[
        Case(
            "worked example, k = 3",
            LINE | {"X": np.array([[1.4], [5.5]]), "k": 3},
            expected={"result": np.array([0, 2])},
            weight=2,
        ),
        Case(
            "a tie: one vote each",
            LINE | {"X": np.array([[4.9], [2.4]]), "k": 2},
            expected={"result": np.array([1, 0])},
        ),
        Case("k = 1", TRIANGLES | {"k": 1}),
        Case("labels 2, 4 and 9, k = 3", TRIANGLES | {"k": 3}),
        Case(
            "everybody votes", LINE | {"X": np.array([[100.0], [3.0]]), "k": 5}, expected={"result": np.array([0, 0])}
        ),
        Case("one sample", LINE | {"X": np.array([[6.8]]), "k": 1}),
        Case("sizes that differ", knn_case(np.random.default_rng(3))),
        Case("another set", knn_case(np.random.default_rng(8))),
    ],
    draw=[knn_case, lambda rng: knn_case(rng, as_bytes=True)],
    draws=(4, 10),
    rules=[no_calls(*OTHERS, "helpers.widgets")],
    misconceptions=[
        Misconception(
            "largest_label",
            LargestLabel(),
            says="Ties go to the largest label.",
            hint="Where several labels have equally many votes, the smallest label wins.",
        ),
        Misconception(
            "nearest_breaks_ties",
            NearestBreaksTies(),
            says="Ties go to the label whose neighbour is nearest (as `Counter.most_common` does on sorted labels).",
            hint="A sensible rule, but another one is asked for: the smallest label wins.",
        ),
        Misconception(
            "farthest",
            Farthest(),
            says="The farthest samples vote.",
            hint="Sorting goes from small to large: the nearest are at the front.",
        ),
        Misconception(
            "only_one",
            OnlyOne(),
            says="Only the nearest sample is asked, whatever k is.",
            hint="The k nearest vote; the label with most votes wins.",
        ),
        Misconception(
            "mean_label",
            MeanLabel(),
            says="The labels are averaged.",
            hint="Labels are names: between a cat (0) and a panda (2) there is no dog (1). Count votes.",
        ),
        Misconception(
            "positions",
            Positions(),
            says="This is where the nearest sample stands in the training set, not what it is.",
            hint="The places of the neighbours have still to be looked up in `y_train`.",
        ),
        Misconception(
            "skips_nearest",
            SkipsNearest(),
            says="The nearest sample is left out.",
            hint="The samples of `X` are not in the training set: nobody is their own neighbour here.",
        ),
        Misconception(
            "one_more",
            OneMore(),
            says="One neighbour too many votes.",
            hint="`[:k]` has k entries; the last index is k − 1.",
        ),
        Misconception(
            "manhattan",
            Manhattan(),
            says="The distances are those of p = 1.",
            hint="The Euclidean distance is asked for, p = 2.",
        ),
        Misconception(
            "everybody",
            Everybody(),
            says="The whole training set votes: every answer is the most frequent label.",
            hint="For each sample, only its k nearest have a vote.",
        ),
        Misconception(
            "renumbered",
            Renumbered(),
            says="The answer is the place of the label among the labels, not the label.",
            hint="`np.unique` gives the labels themselves too: look the winner up there.",
        ),
        Misconception(
            "column",
            Column(),
            says="The labels come as a column.",
            hint="One label per sample has shape (n,).",
        ),
    ],
    hints=(
        "For one sample first: whom do you ask, and how do you count?",
        "`np.argsort` along axis 1 orders the training samples by distance for each sample; keep the first k.",
        "`np.bincount` counts votes label by label, and `argmax` takes the first of several maxima.",
    ),
)

# --- split_indices ---------------------------------------------------------------------------------------------------


def share(n, fraction):
    return {"low": n * fraction - 1.999, "high": n * fraction + 1.999}


def split_case(name, n, fractions, seed, weight=1.0):
    sizes = {f"numbers in part {i}": share(n, f) for i, f in enumerate(fractions, start=1)}
    return Case(
        name,
        {"n": n, "fractions": fractions, "seed": seed},
        weight=weight,
        expected={
            "parts": len(fractions),
            "every number from 0 to n - 1": "in exactly one part",
            **sizes,
            "parts that are one block of neighbours": "none",
            "a second split with the same rng": "another one",
            "a split with the rng started again": "the same as the first",
        },
    )


def fair_case(name, n, fractions, seed):
    """How often the first and the last number come into the first part, in 400 splits: within five standard errors."""
    p = fractions[0]
    spread = 5 * np.sqrt(p * (1 - p) / 400) + 2 / n
    band = {"low": p - spread, "high": p + spread}
    names = ("first", "last")
    return Case(
        name,
        {"n": n, "fractions": fractions, "seed": seed},
        probe="images_split_fair",
        expected={f"share of splits with the {which} number in part 1": band for which in names},
    )


def draw_split(rng):
    n = int(rng.integers(40, 120))
    fractions = [(0.75, 0.25), (0.6, 0.2, 0.2), (0.5, 0.25, 0.25), (0.7, 0.1, 0.1, 0.1)][int(rng.integers(4))]
    return split_case(f"{n} numbers", n, list(fractions), int(rng.integers(1000)))


def cut(order, fractions):
    ends = np.rint(np.cumsum(fractions) * len(order)).astype(int)
    return np.split(order, ends[:-1])


def in_order(n, fractions, rng):
    return cut(np.arange(n), fractions)


def overlapping(n, fractions, rng):
    return [rng.choice(n, size=int(f * n), replace=False) for f in fractions]


def drawn_again(n, fractions, rng):
    return cut(rng.integers(0, n, size=n), fractions)


def remainder_lost(n, fractions, rng):
    order, parts = rng.permutation(n), []
    for f in fractions:
        parts.append(order[: int(f * n)])
        order = order[int(f * n) :]
    return parts


def own_generator(n, fractions, rng):
    return cut(np.random.default_rng().permutation(n), fractions)


def fixed_seed(n, fractions, rng):
    return cut(np.random.default_rng(42).permutation(n), fractions)


def equal_parts(n, fractions, rng):
    return np.array_split(rng.permutation(n), len(fractions))


def from_one(n, fractions, rng):
    return cut(rng.permutation(n) + 1, fractions)


def backwards(n, fractions, rng):
    return cut(rng.permutation(n), fractions[::-1])


split_indices = Exercise(
    "split_indices",
    title="Parts that share nothing",
    points=(2, 2),
    minutes=12,
    probe="images_split",
    cases=[
        split_case("60, 20 and 20 of 100", 100, [0.6, 0.2, 0.2], 3, weight=2),
        split_case("three quarters of 50", 50, [0.75, 0.25], 4),
        split_case("77 does not divide", 77, [0.5, 0.3, 0.2], 5),
        fair_case("400 splits of 20 numbers", 20, [0.75, 0.25], 6),
    ],
    hidden_cases=[
        split_case("four parts", 64, [0.4, 0.3, 0.2, 0.1], 7),
        fair_case("400 other splits", 30, [0.4, 0.4, 0.2], 8),
    ],
    draw=draw_split,
    draws=(2, 5),
    rules=[no_calls(*OTHERS)],
    misconceptions=[
        Misconception(
            "in_order",
            in_order,
            says="The numbers are not shuffled before the cut: the parts are blocks of neighbours.",
            hint="Data often come sorted by class; a block then holds one class only. Shuffle with `rng`, then cut.",
        ),
        Misconception(
            "overlapping",
            overlapping,
            says="The parts overlap: some numbers come into several of them, and some into none.",
            hint="Shuffle once, and cut that one order into pieces: each begins where the one before it ends.",
        ),
        Misconception(
            "drawn_again",
            drawn_again,
            says="Numbers are drawn with replacement: some come twice, some never.",
            hint="A shuffled order holds each number once; `rng.integers` does not.",
        ),
        Misconception(
            "remainder_lost",
            remainder_lost,
            says="Some numbers are lost at the cuts.",
            hint="Let the next part begin exactly where the one before it ends.",
        ),
        Misconception(
            "own_generator",
            own_generator,
            says="The split does not come from `rng`, and cannot be repeated.",
            hint="Call a method of the `rng` that is passed in.",
        ),
        Misconception(
            "fixed_seed",
            fixed_seed,
            says="The seed is built in: every call gives the same split.",
            hint="Use the `rng` that is passed in; whoever calls decides about the seed.",
        ),
        Misconception(
            "equal_parts",
            equal_parts,
            says="All parts are of one size; the fractions are not used.",
            hint="Add the fractions up from the left and multiply by n: there are the cuts.",
        ),
        Misconception(
            "backwards",
            backwards,
            says="The fractions are used from back to front.",
            hint="The first fraction is the share of the first part.",
        ),
        Misconception(
            "from_one",
            from_one,
            says="The numbers run from 1 to n.",
            hint="Indices start at 0 and end at n − 1.",
        ),
    ],
    hints=(
        "How would you do it with a pack of cards?",
        "`rng.permutation(n)` is the shuffled pack; the cuts lie at the running sums of the fractions, times n.",
        "`np.cumsum` adds up; round to whole numbers; `np.split` cuts at all of them but the last.",
    ),
)

# --- confusion_matrix ------------------------------------------------------------------------------------------------


def sklearn_confusion(y_true, y_pred, num_classes):
    return metrics.confusion_matrix(y_true, y_pred, labels=range(num_classes))


def draw_confusion(rng):
    classes, n = some_size(rng), int(rng.integers(15, 40))
    return {
        "y_true": rng.integers(0, classes, size=n),
        "y_pred": rng.integers(0, classes, size=n),
        "num_classes": classes,
    }


def counted_once(y_true, y_pred, num_classes):
    counts = np.zeros((num_classes, num_classes), dtype=int)
    counts[y_true, y_pred] += 1
    return counts


def shares(y_true, y_pred, num_classes):
    counts = sklearn_confusion(y_true, y_pred, num_classes)
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


def right_ones(y_true, y_pred, num_classes):
    return np.diag(np.diag(sklearn_confusion(y_true, y_pred, num_classes)))


def wrong_ones(y_true, y_pred, num_classes):
    counts = sklearn_confusion(y_true, y_pred, num_classes)
    return counts - np.diag(np.diag(counts))


PETS = {"y_true": np.array([0, 0, 1, 2, 2, 2]), "y_pred": np.array([0, 1, 1, 2, 0, 0]), "num_classes": 3}

confusion_matrix = Exercise(
    "confusion_matrix",
    title="What is taken for what",
    minutes=8,
    oracle=sklearn_confusion,
    outputs={"result": Output(integer=True)},
    cases=[
        Case("worked example", PETS, expected={"result": np.array([[1, 1, 0], [0, 1, 0], [2, 0, 1]])}, weight=2),
        Case("classes that never occur", PETS | {"num_classes": 5}),
        Case("always the same", {"y_true": np.array([1, 1]), "y_pred": np.array([0, 0]), "num_classes": 2}),
        Case(
            "all right",
            {"y_true": np.array([3, 1, 3, 0, 3]), "y_pred": np.array([3, 1, 3, 0, 3]), "num_classes": 4},
        ),
    ],
    draw=draw_confusion,
    rules=[no_calls(*OTHERS, "helpers.widgets")],
    misconceptions=[
        Misconception(
            "turned",
            lambda y_true, y_pred, num_classes: sklearn_confusion(y_pred, y_true, num_classes),
            says="Rows and columns are swapped.",
            hint="The row says what it is, the column says what it was taken for.",
        ),
        Misconception(
            "counted_once",
            counted_once,
            says="A pair that occurs several times is counted once: NumPy's `+=` adds once per place.",
            hint="Loop over the samples, or use `np.add.at`, which adds as often as a place is named.",
        ),
        Misconception(
            "shares",
            shares,
            says="These are shares of each row, not counts.",
            hint="Count samples; nothing is divided.",
        ),
        Misconception(
            "right_ones",
            right_ones,
            says="Only the right answers are counted.",
            hint="Every sample counts, in the row of its class and the column of its prediction.",
        ),
        Misconception(
            "wrong_ones",
            wrong_ones,
            says="Only the wrong answers are counted.",
            hint="The right ones belong on the diagonal.",
        ),
        Misconception(
            "only_seen",
            lambda y_true, y_pred, num_classes: metrics.confusion_matrix(y_true, y_pred),
            says="Classes that do not occur have no row and no column.",
            hint="The shape is (num_classes, num_classes), whatever occurs.",
        ),
    ],
    hints=(
        "Into which cell does a sample belong that is a 2 and was taken for a 0?",
        "Start with zeros and add one per sample.",
        "A loop over both label arrays, side by side, is short and clear.",
    ),
)

# --- precision_recall ------------------------------------------------------------------------------------------------


def sklearn_precision_recall(confusion):
    cells = np.indices(confusion.shape).reshape(2, -1)
    y_true, y_pred = (np.repeat(labels, confusion.ravel()) for labels in cells)
    labels = range(len(confusion))
    return metrics.precision_recall_fscore_support(y_true, y_pred, labels=labels, zero_division=0)[:2]


def draw_counts(rng):
    classes = some_size(rng)
    return {"confusion": rng.integers(0, 9, size=(classes, classes)) + 5 * np.eye(classes, dtype=int)}


def guarded(numbers, totals):
    return np.where(totals > 0, numbers / np.maximum(totals, 1), 0.0)


def parts_of(confusion):
    return np.diag(confusion), confusion.sum(axis=0), confusion.sum(axis=1)


def swapped(confusion):
    right, predicted, true = parts_of(confusion)
    return guarded(right, true), guarded(right, predicted)


def unguarded(confusion):
    right, predicted, true = parts_of(confusion)
    with np.errstate(all="ignore"):
        return right / predicted, right / true


def ones_for_none(confusion):
    right, predicted, true = parts_of(confusion)
    return np.where(predicted > 0, guarded(right, predicted), 1.0), np.where(true > 0, guarded(right, true), 1.0)


def averaged(confusion):
    precision, recall = sklearn_precision_recall(confusion)
    return precision.mean(), recall.mean()


def of_all(confusion):
    right, _, true = parts_of(confusion)
    return right / confusion.sum(), guarded(right, true)


def accuracy_twice(confusion):
    accuracy = np.full(len(confusion), np.trace(confusion) / confusion.sum())
    return accuracy, accuracy


def by_the_wrong_ones(confusion):
    right, predicted, true = parts_of(confusion)
    return guarded(right, predicted - right), guarded(right, true - right)


def error_rates(confusion):
    right, predicted, true = parts_of(confusion)
    return guarded(predicted - right, predicted), guarded(true - right, true)


precision_recall = Exercise(
    "precision_recall",
    title="Precision and recall",
    points=(1, 2),
    minutes=10,
    oracle=sklearn_precision_recall,
    outputs={"precision": Output(), "recall": Output()},
    cases=[
        Case(
            "worked example",
            {"confusion": np.array([[8, 2], [4, 6]])},
            expected={"precision": np.array([8 / 12, 6 / 8]), "recall": np.array([0.8, 0.6])},
            weight=2,
        ),
        Case(
            "a class that is never predicted, one that never occurs",
            {"confusion": np.array([[5, 0, 1], [2, 0, 2], [0, 0, 0]])},
            expected={"precision": np.array([5 / 7, 0.0, 0.0]), "recall": np.array([5 / 6, 0.0, 0.0])},
        ),
        Case("cats, dogs and pandas", {"confusion": np.array([[117, 112, 10], [117, 117, 15], [68, 100, 94]])}),
        Case("all right", {"confusion": np.diag([3, 1, 7])}),
    ],
    draw=draw_counts,
    rules=[no_calls(*OTHERS, "helpers.widgets")],
    misconceptions=[
        Misconception(
            "swapped",
            swapped,
            says="Precision and recall are swapped.",
            hint="Precision looks down a column (all that was *called* a cat), recall along a row (all that *is* one).",
        ),
        Misconception(
            "unguarded",
            unguarded,
            says="Where a class is never predicted or never occurs, 0/0 gives nan.",
            hint="Such a class gets 0: ask for the total before you divide.",
        ),
        Misconception(
            "ones_for_none",
            ones_for_none,
            says="A class that is never predicted, or never occurs, gets 1.",
            hint="Here such a class gets 0.",
        ),
        Misconception(
            "averaged",
            averaged,
            says="The classes are averaged.",
            hint="One precision and one recall per class are asked for, two arrays of shape (classes,).",
        ),
        Misconception(
            "of_all",
            of_all,
            says="For precision you divide by the number of all samples.",
            hint="Divide by the number of samples that were *called* this class.",
        ),
        Misconception(
            "accuracy_twice",
            accuracy_twice,
            says="This is the accuracy, for every class the same.",
            hint="Each class has its own right answers, its own column and its own row.",
        ),
        Misconception(
            "by_the_wrong_ones",
            by_the_wrong_ones,
            says="The right answers are divided by the wrong ones.",
            hint="The whole column, the whole row: the diagonal belongs to both.",
        ),
        Misconception(
            "error_rates",
            error_rates,
            says="These are the shares of wrong answers.",
            hint="What lies on the diagonal is right.",
        ),
    ],
    hints=(
        "Where in the matrix are all samples that were called a cat? All that are one?",
        "The right answers are on the diagonal; `confusion.sum(axis=...)` gives totals of columns or rows.",
        "`np.divide(a, b, out=np.zeros(...), where=b > 0)` leaves zeros where b is 0.",
    ),
)

EXERCISES = [
    to_grayscale,
    resize_nearest,
    flatten_images,
    pairwise_distances,
    knn_predict,
    split_indices,
    confusion_matrix,
    precision_recall,
]
