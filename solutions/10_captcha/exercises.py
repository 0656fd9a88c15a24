"""Exercises of chapter 10: oracles are OpenCV, scikit-image and Pillow, pictures drawn by hand, and the captchas' own
texts."""

import cv2
import numpy as np
from PIL import Image
from scipy import ndimage
from skimage.filters import threshold_otsu as skimage_otsu
from skimage.transform import resize as skimage_resize

from authoring.exercise import Case, Exercise, Misconception, Output, no_calls
from helpers.captcha import EASY, FONTS, MEDIUM, SIDE, make_captcha
from helpers.checks.probes.captcha import likeness

RNG = np.random.default_rng(1001)
HIDDEN_RNG = np.random.default_rng(1002)
NO_READY_THRESHOLD = no_calls("cv2", "skimage", "helpers")
NO_HELPERS = no_calls("helpers")

# --- the threshold ---------------------------------------------------------------------------------------------------


def between(image, t):
    """How far apart the classes `<= t` and `> t` are: share times share times squared distance of their means."""
    dark, light = image[image <= t].astype(float), image[image > t].astype(float)
    if not dark.size or not light.size:
        return 0.0
    return dark.size * light.size * (dark.mean() - light.mean()) ** 2 / image.size**2


def otsu_range(image):
    """Every whole number that parts the picture as OpenCV's threshold does; scikit-image's must be among them."""
    image = np.ascontiguousarray(image)
    t, _ = cv2.threshold(image, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    greys = np.unique(image)
    low, high = int(greys[greys <= t].max()), int(greys[greys > t].min()) - 1
    assert low <= skimage_otsu(image) <= high, "the two libraries disagree"
    rivals = [between(image, g) for g in greys[:-1] if g != low]
    assert all(rival < between(image, low) * (1 - 1e-6) for rival in rivals), "two thresholds are equally good"
    return {"low": low, "high": high}


def best_grey(image, score, classes=lambda image, t: image <= t, greys=range(256)):
    """The grey whose two classes have the highest score, as a student's loop finds it."""
    if image.min() == image.max():
        raise ValueError("one grey")
    best, best_score = 0, -np.inf
    for t in greys:
        dark = classes(image, t)
        if dark.any() and not dark.all():
            value = score(image[dark].astype(float), image[~dark].astype(float))
            if value > best_score:
                best, best_score = t, value
    return best


def weighted(dark, light):
    return dark.size * light.size * (dark.mean() - light.mean()) ** 2


def with_one_grey(function):
    """A wrong threshold that does refuse a picture of one grey."""

    def threshold_otsu(image):
        if image.min() == image.max():
            raise ValueError("one grey")
        return function(image)

    return threshold_otsu


def nan_wins(image, last=255):
    """The formula for every grey, also where a class is empty: the largest of numbers with a nan among them is nan."""
    scores = []
    for t in range(last + 1):
        dark, light = image[image <= t], image[image > t]
        scores.append(dark.size * light.size * (np.mean(dark) - np.mean(light)) ** 2)
    return int(np.argmax(scores))


def first_best_bin(image):
    """The number of the bin instead of its grey: np.histogram spreads its bins from the darkest to the lightest."""
    if image.min() == image.max():
        raise ValueError("one grey")
    counts, _ = np.histogram(image, bins=256)
    bins = np.repeat(np.arange(256), counts)
    return best_grey(bins, weighted)


def silent_about_one_grey(image):
    try:
        return best_grey(image, weighted)
    except ValueError:
        return 0


def two_greys(rng, dark, light, share, spread, shape):
    """Ink and paper, each of about one grey."""
    ink = rng.random(shape) < share
    noise = rng.normal(0, spread, shape)
    return np.clip(np.rint(np.where(ink, dark, light) + noise), 0, 255).astype(np.uint8)


def draw_mixture(rng):
    while True:
        dark, light = rng.integers(10, 90), rng.integers(130, 245)
        shape = tuple(rng.integers(12, 40, size=2))
        image = two_greys(rng, dark, light, rng.uniform(0.06, 0.5), rng.uniform(6, 25), shape)
        try:
            otsu_range(image)
        except AssertionError:
            continue
        return {"image": image}


def cut_captcha(level, rng, length=4, fonts=FONTS):
    """A captcha of random digits, cut to what is printed on it."""
    return make_captcha("".join(rng.choice(list("0123456789"), length)), level, rng, fonts).image


OTSU_EXAMPLE = np.array([[10, 30, 30, 200, 200], [30, 200, 220, 220, 220]], dtype=np.uint8)
LOPSIDED = np.array([[40, 60] * 3 + [120] * 14, [120, 121] * 10, [119, 122] * 10, [118, 123] * 10], dtype=np.uint8)

threshold_otsu = Exercise(
    "threshold_otsu",
    title="Otsu's threshold",
    points=(2, 2),
    minutes=20,
    oracle=otsu_range,
    cases=[
        Case(
            "worked example",
            {"image": OTSU_EXAMPLE},
            expected={"result": {"low": np.asarray(30), "high": np.asarray(199)}},
            weight=2,
        ),
        Case("a captcha", {"image": cut_captcha(MEDIUM, RNG)[6:42, 20:110].copy()}),
        Case("little ink", {"image": two_greys(RNG, 60, 200, 0.06, 14, (30, 40))}),
        Case("ink and paper close together", {"image": LOPSIDED}),
        Case("black and white", {"image": np.where(np.eye(6) > 0, 0, 255).astype(np.uint8)}),
        Case("a picture of one grey", {"image": np.full((5, 7), 200, np.uint8)}, raises="ValueError"),
    ],
    hidden_cases=[
        Case("another captcha", {"image": cut_captcha(MEDIUM, HIDDEN_RNG)[6:42, 30:120].copy()}),
        Case("mostly ink", {"image": two_greys(HIDDEN_RNG, 50, 180, 0.9, 12, (24, 31))}),
        Case("two neighbouring greys", {"image": np.array([[100, 101, 101], [100, 101, 101]], np.uint8)}),
        Case("a black page", {"image": np.zeros((4, 4), np.uint8)}, raises="ValueError", weight=0.5),
    ],
    draw=draw_mixture,
    draws=(2, 5),
    rules=[NO_READY_THRESHOLD],
    misconceptions=[
        Misconception(
            "mean",
            lambda image: image.mean(),
            says="This is the mean grey.",
            hint="Little ink hardly moves the mean, which then lies inside the paper. (Where the distance of the two "
            "means is not squared, the mean comes out too.)",
        ),
        Misconception(
            "mean_rounded",
            with_one_grey(lambda image: int(image.mean())),
            says="This is the mean grey, rounded down.",
            hint="Little ink hardly moves it. (Where the distance of the means is not squared, it comes out.)",
        ),
        Misconception(
            "middle",
            lambda image: (int(image.min()) + int(image.max())) // 2,
            says="This is the middle between the darkest and the lightest pixel.",
            hint="One speck of dust would move it. Let all pixels have a say, through the means of the two classes.",
        ),
        Misconception(
            "nan_wins",
            nan_wins,
            says="A class without pixels has no mean: the score is nan there, and np.argmax takes nan for the largest.",
            hint="Skip the thresholds that leave a class empty.",
        ),
        Misconception(
            "nan_wins_too",
            lambda image: nan_wins(image, 254),
            says="A class without pixels has no mean: the score is nan there, and np.argmax takes nan for the largest.",
            hint="Skip the thresholds that leave a class empty.",
        ),
        Misconception(
            "one_too_high",
            lambda image: best_grey(image, weighted, lambda image, t: image < t),
            says="The threshold is one grey too high: at yours, the pixels *below* it are the dark class.",
            hint="In this chapter the pixel that equals the threshold is ink: `image <= t`.",
        ),
        Misconception(
            "not_weighted",
            lambda image: best_grey(image, lambda dark, light: (dark.mean() - light.mean()) ** 2),
            says="The sizes of the two classes are not counted.",
            hint="The two most extreme pixels are always furthest apart. Multiply by the share of each class.",
        ),
        Misconception(
            "one_share",
            lambda image: best_grey(image, lambda dark, light: dark.size * (dark.mean() - light.mean()) ** 2),
            says="Only the share of the dark class is counted.",
            hint="Both shares are factors: w₀ · w₁.",
        ),
        Misconception(
            "least",
            lambda image: best_grey(image, lambda dark, light: -weighted(dark, light)),
            says="This is where the classes are *least* apart.",
            hint="Between the classes, the variance should be as large as it can be.",
        ),
        Misconception(
            "spread_added",
            lambda image: best_grey(image, lambda dark, light: -(dark.var() + light.var())),
            says="The spreads of the two classes are added without weights.",
            hint="A class of one pixel has no spread at all, and would win. Weigh each class by its share.",
        ),
        Misconception(
            "bin_number",
            first_best_bin,
            says="This is the number of a bin, counted from the darkest grey of the picture.",
            hint="`np.histogram` spreads its bins from the smallest to the largest value unless `range` says "
            "otherwise; `np.bincount(..., minlength=256)` counts every grey.",
        ),
        Misconception(
            "score",
            lambda image: (
                weighted(
                    image[image <= (t := best_grey(image, weighted))].astype(float), image[image > t].astype(float)
                )
                / image.size**2
            ),
            says="This is the variance between the classes at the best threshold.",
            hint="Return *where* it is largest: np.argmax, not np.max.",
        ),
        Misconception(
            "picture",
            lambda image: (image <= best_grey(image, weighted)).astype(np.uint8),
            says="This is the picture in black and white.",
            hint="Only the threshold is asked for, one number.",
        ),
        Misconception(
            "silent_about_one_grey",
            silent_about_one_grey,
            says="A picture of one grey gets a threshold without a word.",
            hint="There are no two classes then: raise ValueError.",
        ),
    ],
    hints=(
        "For one threshold t: how many pixels are in each class, and what are their means? Do that for every t.",
        "Loop over t in range(255), skip those that leave a class empty, keep the t with the largest score.",
        "`dark, light = image[image <= t], image[image > t]`; the score is "
        "`dark.size * light.size * (dark.mean() - light.mean()) ** 2`.",
    ),
)

# --- the boxes -------------------------------------------------------------------------------------------------------


def opencv_boxes(image):
    """The boxes as OpenCV finds them; what is neither clearly a digit nor clearly dust must not be there."""
    image = np.ascontiguousarray(image)
    _, ink = cv2.threshold(image, 0, 255, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    left, top, width, height = (stats[1:, i] for i in range(4))
    share = height / height.max()
    assert ((share <= 0.4) | (share >= 0.6)).all(), "a part that may be a digit or dust"
    keep = np.flatnonzero(share >= 0.6)
    keep = keep[np.argsort(left[keep])]
    assert len(np.unique(left[keep])) == len(keep), "two digits begin in one column"
    return np.stack([top, left, top + height, left + width], axis=1)[keep].astype(np.int64)


class Finder:
    """`find_digits` as a student might write it; the misconceptions change one thing each."""

    neighbours = np.ones((3, 3))

    def __call__(self, image):
        labels, _ = ndimage.label(self.ink(image), structure=self.neighbours)
        boxes = [(r.start, c.start, r.stop, c.stop) for r, c in ndimage.find_objects(labels)]
        sizes = [int((labels == i + 1).sum()) for i in range(len(boxes))]
        return np.array([self.finish(box, image.shape) for box in self.order(self.choose(boxes, sizes))])

    def ink(self, image):
        return image <= best_grey(image, weighted)

    def choose(self, boxes, sizes):
        tallest = max(box[2] - box[0] for box in boxes)
        return [box for box in boxes if box[2] - box[0] >= tallest / 2]

    def order(self, boxes):
        return sorted(boxes, key=lambda box: box[1])

    def finish(self, box, shape):
        return box


class FourNeighbours(Finder):
    neighbours = None


class FixedThreshold(Finder):
    def ink(self, image):
        return image < 128


class LightInk(Finder):
    def ink(self, image):
        return image > best_grey(image, weighted)


class KeepsDust(Finder):
    def choose(self, boxes, sizes):
        return boxes


class FourLargest(Finder):
    def choose(self, boxes, sizes):
        return [boxes[i] for i in np.argsort(sizes)[::-1][:4]]


class BySize(Finder):
    def order(self, boxes):
        return sorted(boxes, key=lambda box: -(box[2] - box[0]) * (box[3] - box[1]))


class TopToBottom(Finder):
    def order(self, boxes):
        return sorted(boxes)


class RightToLeft(Finder):
    def order(self, boxes):
        return super().order(boxes)[::-1]


class LastIncluded(Finder):
    def finish(self, box, shape):
        return box[0], box[1], box[2] - 1, box[3] - 1


class ColumnsFirst(Finder):
    def finish(self, box, shape):
        return box[1], box[0], box[3], box[2]


class WithSizes(Finder):
    def finish(self, box, shape):
        return box[1], box[0], box[3] - box[1], box[2] - box[0]


class RowsThenSizes(Finder):
    def finish(self, box, shape):
        return box[0], box[1], box[2] - box[0], box[3] - box[1]


class WithMargin(Finder):
    def finish(self, box, shape):
        return max(box[0] - 5, 0), max(box[1] - 5, 0), min(box[2] + 5, shape[0]), min(box[3] + 5, shape[1])


class WholeHeight(Finder):
    def finish(self, box, shape):
        return 0, box[1], shape[0], box[3]


class EmptyColumns(Finder):
    """Cuts the page where a column has no ink."""

    def __call__(self, image):
        ink = self.ink(image)
        strips, _ = ndimage.label(ink.any(axis=0))
        boxes = []
        for (columns,) in ndimage.find_objects(strips):
            rows = np.flatnonzero(ink[:, columns].any(axis=1))
            boxes.append((rows[0], columns.start, rows[-1] + 1, columns.stop))
        return np.array(self.choose(boxes, [1] * len(boxes)))


def drawn(*rows, paper=220, ink=30):
    """A picture from text: # is ink."""
    return np.array([[ink if mark == "#" else paper for mark in row] for row in rows], dtype=np.uint8)


BY_HAND = drawn(
    "....................",
    "..............#####.",
    ".##...........#.....",
    "..#..........##.....",
    "..#...#......####...",
    "..#..............#..",
    "..#..............#..",
    ".###..........###...",
    "....................",
)
BY_HAND_BOXES = np.array([[2, 1, 8, 4], [1, 13, 8, 19]])
CORNERS = drawn(
    "..........#...",
    ".##......#.#..",
    ".##.....#...#.",
    ".##......#.#..",
    ".##.......#...",
)
LEANING = drawn(
    "....#####...##",
    ".......#...##.",
    "......#...##..",
    ".....#...####.",
    "....#....#..#.",
    "...#......##..",
)
GREY_PAGE = drawn(
    ".......###.",
    ".##....#.#.",
    "..#....#.#.",
    "..#....###.",
    "..#........",
    paper=115,
    ink=70,
)


def find_case(rng, length=4, level=MEDIUM, name="captcha"):
    """A captcha whose parts are clearly digits or clearly dust, and as many as it has digits."""
    while True:
        image = cut_captcha(level, rng, length)
        try:
            if len(opencv_boxes(image)) == length:
                return Case(f"a {name} of {length} digits", {"image": image})
        except AssertionError:
            continue


def draw_find(rng):
    return find_case(rng, int(rng.integers(2, 7)), float(rng.uniform(0, MEDIUM)))


find_digits = Exercise(
    "find_digits",
    title="Where are the digits?",
    points=(2, 3),
    minutes=25,
    oracle=opencv_boxes,
    outputs={"result": Output(integer=True, sequence=True)},
    cases=[
        Case("worked example", {"image": BY_HAND}, expected={"result": BY_HAND_BOXES}, weight=2),
        find_case(RNG, 4, EASY, "clean captcha"),
        find_case(RNG, 4),
        find_case(RNG, 5),
        find_case(RNG, 3),
        Case("strokes that touch at corners", {"image": CORNERS}),
        Case("digits that lean over each other", {"image": LEANING}),
        Case("a grey page", {"image": GREY_PAGE}),
        Case("an empty page", {"image": np.full((12, 20), 230, np.uint8)}, raises="ValueError", weight=0.5),
    ],
    hidden_cases=[
        find_case(HIDDEN_RNG, 6),
        find_case(HIDDEN_RNG, 1),
        Case("digits at the edges", {"image": LEANING[:, 3:].copy()}),
        Case("a light page", {"image": GREY_PAGE + np.uint8(130)}),
        Case("another empty page", {"image": np.full((9, 9), 12, np.uint8)}, raises="ValueError", weight=0.5),
    ],
    draw=draw_find,
    draws=(1, 5),
    rules=[NO_HELPERS],
    misconceptions=[
        Misconception(
            "light_ink",
            LightInk(),
            says="The paper is taken for the ink.",
            hint="Ink is dark: the pixels at or below the threshold.",
        ),
        Misconception(
            "fixed_threshold",
            FixedThreshold(),
            says="The threshold is the same for every page.",
            hint="Use the threshold of this page: yours.",
        ),
        Misconception(
            "four_neighbours",
            FourNeighbours(),
            says="Pixels that touch only at a corner are taken apart.",
            hint="`ndimage.label` joins along edges only, unless `structure` says that all eight neighbours count.",
        ),
        Misconception(
            "keeps_dust",
            KeepsDust(),
            says="Specks of dust get boxes too.",
            hint="Compare the height of each part with that of the tallest one.",
        ),
        Misconception(
            "four_largest",
            FourLargest(),
            says="There are always four boxes at most, of the parts with most ink.",
            hint="A captcha may have three digits or five. Let the heights decide, not a number.",
        ),
        Misconception(
            "top_to_bottom",
            TopToBottom(),
            says="The boxes are sorted from top to bottom.",
            hint="A box begins with its top row, and `sorted` looks at that first. Tell it which number counts.",
        ),
        Misconception(
            "by_size",
            BySize(),
            says="The boxes are sorted by size.",
            hint="A number is read from left to right.",
        ),
        Misconception(
            "right_to_left",
            RightToLeft(),
            says="The boxes run from right to left.",
            hint="Sort by the left edge, smallest first.",
        ),
        Misconception(
            "last_included",
            LastIncluded(),
            says="The last row and the last column are the last ones *inside* the box.",
            hint="`bottom` and `right` are the first ones outside, so that image[top:bottom, left:right] is the digit.",
        ),
        Misconception(
            "columns_first",
            ColumnsFirst(),
            says="Columns come before rows.",
            hint="The order is top, left, bottom, right.",
        ),
        Misconception(
            "with_sizes",
            WithSizes(),
            says="The boxes are left, top, width, height, as OpenCV gives them.",
            hint="The order here is top, left, bottom, right.",
        ),
        Misconception(
            "rows_then_sizes",
            RowsThenSizes(),
            says="The boxes end with height and width.",
            hint="`bottom` is top plus height, `right` is left plus width.",
        ),
        Misconception(
            "with_margin",
            WithMargin(),
            says="The boxes have a margin of five pixels.",
            hint="Cut tightly; paper is put around a digit in the next exercise.",
        ),
        Misconception(
            "whole_height",
            WholeHeight(),
            says="The boxes are as high as the page.",
            hint="Top and bottom are those of the digit.",
        ),
        Misconception(
            "empty_columns",
            EmptyColumns(),
            says="The page is cut at empty columns: digits that lean over each other stay together.",
            hint="Follow the ink from pixel to neighbour instead: connected parts.",
        ),
    ],
    hints=(
        "Three steps: which pixels are ink, which of them hang together, which of the parts are digits?",
        "`ndimage.label(ink, structure=np.ones((3, 3)))` numbers the parts; `ndimage.find_objects(labels)` gives two "
        "slices for each, with `start` and `stop`.",
        "Collect `(rows.start, columns.start, rows.stop, columns.stop)`, keep those at least half as high as the "
        "tallest, and sort with `key=lambda box: box[1]`.",
    ),
)

# --- the same size for all -------------------------------------------------------------------------------------------

SLACK = 0.02  # of the range of greys: rounding to bytes, and libraries that place samples a little differently


def square(image):
    """The picture in the middle of a square of paper."""
    height, width = image.shape
    side = max(height, width)
    top, left = (side - height) // 2, (side - width) // 2
    paper = image.max().item()
    return cv2.copyMakeBorder(
        image, top, side - height - top, left, side - width - left, cv2.BORDER_CONSTANT, value=paper
    )


def resized_in_all_ways(image, size):
    """What OpenCV, scikit-image and Pillow make of a square picture, linear, by area, cubic, with and without blur."""
    image = image.astype(np.float32)
    where = {"output_shape": (size, size), "order": 1, "mode": "edge", "preserve_range": True}
    pillow = [Image.Resampling.BILINEAR, Image.Resampling.BOX, Image.Resampling.HAMMING, Image.Resampling.BICUBIC]
    return np.stack(
        [
            cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA),
            cv2.resize(image, (size, size), interpolation=cv2.INTER_LINEAR),
            skimage_resize(image, anti_aliasing=True, **where),
            skimage_resize(image, anti_aliasing=False, **where),
            *(np.asarray(Image.fromarray(image).resize((size, size), method)) for method in pillow),
        ]
    ).astype(np.float64)


def resize_range(image, size):
    """Between the lowest and the highest that the libraries give, pixel by pixel."""
    image = np.ascontiguousarray(image)
    assert (image.shape[0] - image.shape[1]) % 2 == 0, "the odd row or column could lie on either side"
    ways = resized_in_all_ways(square(image), size)
    slack = SLACK * (float(image.max()) - float(image.min()))
    return {"low": ways.min(axis=0) - slack, "high": ways.max(axis=0) + slack}


def area(picture, size):
    """A square picture resized, as a student might do it."""
    how = cv2.INTER_AREA if picture.shape[0] > size else cv2.INTER_LINEAR
    return cv2.resize(np.ascontiguousarray(picture).astype(np.float64), (size, size), interpolation=how)


def padded(image, mode="constant", before=0.5, **more):
    """The picture in a square, `before` of the new rows or columns in front."""
    height, width = image.shape
    missing = np.array([max(height, width)] * 2) - (height, width)
    front = (missing * before).astype(int)
    return np.pad(image, list(zip(front, missing - front, strict=True)), mode=mode, **more)


def with_paper(image, **more):
    return padded(image, constant_values=image.max(), **more)


def stretched(image, size):
    picture = np.ascontiguousarray(image).astype(np.float64)
    return cv2.resize(picture, (size, size), interpolation=cv2.INTER_LINEAR)


def middle_square(image):
    height, width = image.shape
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return image[top : top + side, left : left + side]


def only_padded(image, size):
    """Puts the picture on a sheet of the wanted size, without making it larger; what is too large is cut."""
    image = image[:size, :size]
    height, width = image.shape
    sheet = np.full((size, size), image.max())
    top, left = (size - height) // 2, (size - width) // 2
    sheet[top : top + height, left : left + width] = image
    return sheet


def resized_first(image, size):
    """Resizes until the longer side fits, then pads: sides are rounded, and the digit moves a little."""
    scale = size / max(image.shape)
    height, width = (max(1, round(n * scale)) for n in image.shape)
    picture = cv2.resize(np.ascontiguousarray(image).astype(np.float64), (width, height))
    return padded(picture, constant_values=image.max())


def nearest(image, size):
    return cv2.resize(with_paper(image), (size, size), interpolation=cv2.INTER_NEAREST)


def short_side(image, size):
    """Fits the shorter side, so that the longer one is cut."""
    return area(middle_square(image), size)


def in_unit(image, size):
    picture = area(with_paper(image), size)
    return picture / 255 if image.dtype == np.uint8 else picture / 2


def ink_is_one(image, size):
    picture = area(with_paper(image), size)
    return (picture.max() - picture) / (picture.max() - picture.min())


def glyph(rng, height, width, dtype=np.uint8):
    """Smooth strokes on paper, tight in their box."""
    ink = ndimage.gaussian_filter((rng.random((height, width)) < 0.25).astype(float), 1.1)
    ink = np.clip(ink / ink.max() * 1.3, 0, 1)
    ink[:, 0] = np.maximum(ink[:, 0], 0.6)  # ink up to the edge, as in a box that is cut tightly
    ink[-1] = np.maximum(ink[-1], 0.7)
    ink[0, -1] = 0.0
    paper, dark = rng.uniform(0.75, 0.95), rng.uniform(0.05, 0.3)
    picture = paper - ink * (paper - dark)
    return np.rint(picture * 255).astype(np.uint8) if dtype == np.uint8 else picture.astype(dtype)


def draw_glyph(rng):
    height, width = rng.integers(9, 34, size=2)
    width += (height - width) % 2
    return {
        "image": glyph(rng, int(height), int(width), [np.uint8, np.float64][rng.integers(2)]),
        "size": int(rng.choice([12, 20, 28])),
    }


TALL = np.array([[0, 200], [100, 0], [0, 100], [200, 0]], dtype=np.uint8)
TALL_PADDED = np.array([[200, 0, 200, 200], [200, 100, 0, 200], [200, 0, 100, 200], [200, 200, 0, 200]], dtype=float)


def within(values, slack):
    return {"result": {"low": values - slack, "high": values + slack}}


pad_and_resize = Exercise(
    "pad_and_resize",
    title="One size, no distortion",
    points=(2, 2),
    minutes=15,
    oracle=resize_range,
    outputs={"result": Output(alike=0.03)},
    cases=[
        Case("worked example", {"image": TALL, "size": 4}, expected=within(TALL_PADDED, 2.0), weight=2),
        Case("worked example, twice as small", {"image": np.kron(TALL, np.ones((2, 2), np.uint8)), "size": 4}),
        Case("a tall digit", {"image": glyph(RNG, 26, 14), "size": 20}),
        Case("a wide digit", {"image": glyph(RNG, 12, 22), "size": 20}),
        Case("a square one, made larger", {"image": glyph(RNG, 13, 13), "size": 28}),
        Case("greys in 0..1", {"image": glyph(RNG, 24, 10, np.float64), "size": 12}),
        Case("a thin one of the right height", {"image": glyph(RNG, 20, 4), "size": 20}),
    ],
    hidden_cases=[
        Case("a small one", {"image": glyph(HIDDEN_RNG, 8, 6), "size": 20}),
        Case("a large one", {"image": glyph(HIDDEN_RNG, 40, 28), "size": 20}),
        Case("as wide as wanted", {"image": glyph(HIDDEN_RNG, 10, 28, np.float64), "size": 28}),
    ],
    draw=draw_glyph,
    draws=(1, 6),
    rules=[NO_HELPERS],
    misconceptions=[
        Misconception(
            "stretched",
            stretched,
            says="The picture is stretched to a square.",
            hint="A 1 becomes as wide as a 0 that way. Make the picture square before you resize it.",
        ),
        Misconception(
            "black_bars",
            lambda image, size: area(padded(image), size),
            says="The new pixels are black.",
            hint="Black is ink here. Fill with paper: the brightest grey of the picture.",
        ),
        Misconception(
            "white_bars",
            lambda image, size: area(padded(image, constant_values=255 if image.dtype == np.uint8 else 1.0), size),
            says="The new pixels are white, whatever the paper.",
            hint="On a grey page, white bars are edges that no digit has. Take the brightest grey of the picture.",
        ),
        Misconception(
            "edge",
            lambda image, size: area(padded(image, mode="edge"), size),
            says="The pixels at the edge are repeated.",
            hint="The boxes are tight: there is ink at the edge, and repeating smears it. Fill with one grey, paper.",
        ),
        Misconception(
            "one_side",
            lambda image, size: area(with_paper(image, before=0.0), size),
            says="All new pixels are at the bottom or on the right.",
            hint="Half of them belong on each side, so that the digit is in the middle.",
        ),
        Misconception(
            "other_side",
            lambda image, size: area(with_paper(image, before=1.0), size),
            says="All new pixels are at the top or on the left.",
            hint="Half of them belong on each side, so that the digit is in the middle.",
        ),
        Misconception(
            "cropped",
            short_side,
            says="The longer side is cut to make a square.",
            hint="No ink may be lost: add paper on the shorter side.",
        ),
        Misconception(
            "only_padded",
            only_padded,
            says="The picture is put on a sheet of the wanted size, but not resized.",
            hint="Small digits should become large, and large ones small.",
        ),
        Misconception(
            "resized_first",
            resized_first,
            says="The picture is resized first and padded afterwards: its sides are rounded, which distorts a little.",
            hint="The other way round nothing is rounded: first the square, then the size.",
        ),
        Misconception(
            "nearest",
            nearest,
            says="Every pixel is a copy of its nearest neighbour.",
            hint="Thin strokes break that way. Let neighbours mix: linear or area interpolation.",
        ),
        Misconception(
            "unit",
            in_unit,
            says="The greys are divided by 255, or halved.",
            hint="The greys stay as they are; they are turned into ink later.",
        ),
        Misconception(
            "ink_is_one",
            ink_is_one,
            says="Dark and light are swapped.",
            hint="The greys stay as they are; they are turned into ink later.",
        ),
        Misconception(
            "only_square",
            lambda image, size: with_paper(image).astype(float),
            says="The picture is square, but not of the wanted size.",
            hint="After padding, resize to size × size.",
        ),
    ],
    hints=(
        "Make it square first, then resize: what has to be added, and where?",
        "A sheet `np.full((side, side), image.max())` with `side` the longer side; lay the picture in its middle.",
        "With top and left as half of what is missing, the picture belongs into the rows `top : top + height` and the "
        "columns `left : left + width` of the sheet; then `cv2.resize(sheet, (size, size), ...)`.",
    ),
)

# --- the solver ------------------------------------------------------------------------------------------------------


class Solver:
    """`solve` as a student might write it; the misconceptions change one thing each."""

    def __call__(self, model, image):
        boxes = self.order(Finder()(image))
        pictures = np.stack([self.ready(image[t:b, s:e]) for t, s, b, e in boxes])
        return self.text(self.classes(model(pictures[..., None])))

    def order(self, boxes):
        return boxes

    def ready(self, cut):
        picture = area(with_paper(cut), SIDE)
        return (picture.max() - picture) / (picture.max() - picture.min())

    def classes(self, scores):
        return np.argmax(scores, axis=1)

    def text(self, classes):
        return "".join(str(c) for c in classes)


class NotInverted(Solver):
    def ready(self, cut):
        return 1 - super().ready(cut)


class RawGreys(Solver):
    def ready(self, cut):
        return area(with_paper(cut), SIDE)


class InkInBytes(Solver):
    def ready(self, cut):
        return 255 * super().ready(cut)


class Stretched(Solver):
    def ready(self, cut):
        picture = stretched(cut, SIDE)
        return (picture.max() - picture) / (picture.max() - picture.min())


class AlongBatch(Solver):
    def classes(self, scores):
        return np.argmax(scores, axis=0)


class PlusOne(Solver):
    def classes(self, scores):
        return np.argmax(scores, axis=1) + 1


class Backwards(Solver):
    def order(self, boxes):
        return boxes[::-1]


class AsPrinted(Solver):
    def order(self, boxes):
        return np.array(sorted(boxes.tolist()))


class WithSpaces(Solver):
    def text(self, classes):
        return " ".join(str(c) for c in classes)


class AsNumber(Solver):
    def text(self, classes):
        return int(super().text(classes))


class AsList(Solver):
    def text(self, classes):
        return [int(c) for c in classes]


class FirstFour(Solver):
    def order(self, boxes):
        return boxes[:4]


def mean_digits(rng, count=12):
    """The mean of each digit (10, SIDE, SIDE), ink in 0..1, as bytes: what the check's model compares with."""
    solver, means = Solver(), []
    for digit in "0123456789":
        pictures = [make_captcha(digit, 0.2, rng, FONTS[:2]).image for _ in range(count)]
        ready = [solver.ready(image[t:b, s:e]) for image in pictures for t, s, b, e in opencv_boxes(image)[:1]]
        means.append(np.mean(ready, axis=0))
    return np.rint(255 * np.stack(means)).astype(np.uint8)


TEMPLATES = mean_digits(np.random.default_rng(1003))
WHAT_IT_GETS = {
    "brightest pixel of every picture that the model got": {"low": 0.6, "high": 1.0001},
    "darkest pixel of these pictures": {"low": 0.0, "high": 0.25},
}


def solve_case(text, rng, level=0.2, name=""):
    """A captcha that the check's model reads right with something to spare, however the digits are resized."""
    while True:
        image = make_captcha(text, level, rng, FONTS[:2]).image
        try:
            if len(opencv_boxes(image)) == len(text) and _margin(image, text) > 0.03:
                break
        except AssertionError:
            continue
    top, left, bottom, right = opencv_boxes(image)[0]
    columns = int((Solver().ready(image[top:bottom, left:right]).max(axis=0) > 0.5).sum())
    wide = {"columns with ink in the first of them": {"low": columns - 2, "high": columns + 2}}
    expected = {"result": text} | WHAT_IT_GETS | wide
    return Case(name or f"a captcha of {len(text)} digits", {"image": image, "templates": TEMPLATES}, expected=expected)


def _margin(image, text):
    """By how much the right class is ahead, at the worst digit."""
    pictures = np.stack([Solver().ready(image[t:b, s:e]) for t, s, b, e in opencv_boxes(image)])
    scores = likeness(pictures[..., None], TEMPLATES)
    own = scores[np.arange(len(text)), list(map(int, text))].copy()
    scores[np.arange(len(text)), list(map(int, text))] = -1
    return float((own - scores.max(axis=1)).min())


def staggered(text, rng):
    """A captcha whose digits, read from top to bottom, say something else."""
    while True:
        case = solve_case(text, rng, name="digits at different heights")
        boxes = opencv_boxes(case.inputs["image"])
        if sorted(boxes.tolist()) != boxes.tolist():
            return case


def draw_solve(rng):
    return solve_case("".join(rng.choice(list("0123456789"), int(rng.integers(3, 7)))), rng)


solve = Exercise(
    "solve",
    title="From a picture to a string",
    points=(2, 3),
    minutes=15,
    probe="captcha_solved",
    cases=[
        staggered("2696", RNG),
        solve_case("8051", RNG),
        solve_case("173", RNG),
        solve_case("0047", RNG, name="zeros in front"),
        solve_case("95", RNG, name="two digits"),
        solve_case("60382", RNG),
    ],
    hidden_cases=[
        staggered("6831", HIDDEN_RNG),
        solve_case("70592", HIDDEN_RNG),
        solve_case("0", HIDDEN_RNG, name="a single digit"),
    ],
    draw=draw_solve,
    draws=(1, 5),
    misconceptions=[
        Misconception(
            "not_inverted",
            NotInverted(),
            says="The model gets paper as 1 and ink as 0.",
            hint="It has learned from pictures in which ink is 1: `as_ink` does that.",
        ),
        Misconception(
            "raw_greys",
            RawGreys(),
            says="The model gets the greys of the page.",
            hint="It has learned from pictures of ink between 0 and 1: `as_ink` does that.",
        ),
        Misconception(
            "bytes",
            InkInBytes(),
            says="The model gets ink in 0..255.",
            hint="It has learned from numbers between 0 and 1.",
        ),
        Misconception(
            "stretched",
            Stretched(),
            says="The digits are stretched on their way to the model.",
            hint="Use your `pad_and_resize`: the model has only seen digits that were padded.",
        ),
        Misconception(
            "along_batch",
            AlongBatch(),
            says="The best *picture* of each class is taken, not the best class of each picture.",
            hint="The scores are (digits, 10): along which axis are the classes?",
        ),
        Misconception(
            "plus_one",
            PlusOne(),
            says="Every digit is one too high.",
            hint="Column 0 of the scores stands for the digit 0 here.",
        ),
        Misconception(
            "backwards",
            Backwards(),
            says="The string is read from right to left.",
            hint="Keep the order of the boxes.",
        ),
        Misconception(
            "as_printed",
            AsPrinted(),
            says="The digits are in the order of their top edges.",
            hint="Keep the order in which `find_digits` gives the boxes: left to right.",
        ),
        Misconception(
            "with_spaces",
            WithSpaces(),
            says="There are spaces between the digits.",
            hint='`"".join(...)` puts nothing in between.',
        ),
        Misconception(
            "number",
            AsNumber(),
            says="The result is a number.",
            hint="0047 is not 47: a text is asked for.",
        ),
        Misconception(
            "list",
            AsList(),
            says="The result is a list of digits.",
            hint="Join them to one text.",
        ),
        Misconception(
            "first_four",
            FirstFour(),
            says="Only the first four digits are read.",
            hint="A captcha may have any number of digits.",
        ),
    ],
    hints=(
        "Everything is there: in which order do your three functions and the model come?",
        "Cut out every box, bring it to SIDE × SIDE, turn it into ink; stack all of them, add a channel axis, ask the "
        "model once.",
        "`pictures = np.stack([as_ink(pad_and_resize(image[top:bottom, left:right], SIDE)) for ...])[..., None]`, then "
        "an argmax along the classes, and a join.",
    ),
)

EXERCISES = [threshold_otsu, find_digits, pad_and_resize, solve]
