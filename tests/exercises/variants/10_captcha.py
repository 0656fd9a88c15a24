"""Chapter 10: right answers written in other ways, and wrong ones that have no name."""

from collections import deque, namedtuple

import cv2
import numpy as np
from PIL import Image
from skimage import measure
from skimage.transform import resize

SIDE = 20

# --- the threshold ---------------------------------------------------------------------------------------------------


def otsu_by_loop(image, verbose=False):
    """The formula, threshold by threshold."""
    best, best_t = -1.0, None
    for t in range(255):
        dark, light = image[image <= t], image[image > t]
        if len(dark) and len(light):
            w0, w1 = len(dark) / image.size, len(light) / image.size
            score = w0 * w1 * (light.mean() - dark.mean()) ** 2
            if score > best:
                best, best_t = score, t
    if best_t is None:
        raise ValueError("only one grey")
    return best_t


def otsu_within(image):
    """The other way round: least spread inside the classes; last of equal ones."""
    values = np.sort(np.asarray(image, dtype=float).ravel())
    candidates = [t for t in range(256) if values[0] <= t < values[-1]]
    if not candidates:
        raise ValueError("there is nothing to part")

    def spread(t):
        dark = values <= t
        return sum(part.size * part.var() for part in (values[dark], values[~dark]))

    scores = np.array([spread(t) for t in candidates])
    return np.uint8(candidates[np.flatnonzero(scores <= scores.min() * (1 + 1e-9) + 1e-9)[-1]])


class Otsu:
    """A callable object on probabilities, in float32 at the end."""

    def __call__(self, image):
        p = np.histogram(image, bins=256, range=(0, 256))[0] / image.size
        if (p > 0).sum() == 1:
            raise ValueError("one grey")
        grey = np.arange(256)
        omega, mu = p.cumsum(), (p * grey).cumsum()
        with np.errstate(divide="ignore", invalid="ignore"):
            score = (mu[-1] * omega - mu) ** 2 / (omega * (1 - omega))
        score[~np.isfinite(score) | (omega > 1 - 1e-12)] = -1
        return np.float32(score.argmax())


# --- the boxes -------------------------------------------------------------------------------------------------------


def boxes_by_flood(image):
    """Fills one component after the other from a queue."""
    todo = {tuple(p) for p in np.argwhere(image <= otsu_by_loop(image)).tolist()}
    boxes = []
    while todo:
        queue = deque([todo.pop()])
        rows, columns = [], []
        while queue:
            row, column = queue.popleft()
            rows.append(row)
            columns.append(column)
            for near in [(row + i, column + j) for i in (-1, 0, 1) for j in (-1, 0, 1)]:
                if near in todo:
                    todo.remove(near)
                    queue.append(near)
        boxes.append([min(rows), min(columns), max(rows) + 1, max(columns) + 1])
    limit = max(b[2] - b[0] for b in boxes) / 2
    return np.array(sorted((b for b in boxes if b[2] - b[0] > limit), key=lambda b: (b[1], b[0])), dtype=np.int32)


def boxes_by_opencv(image):
    """Contours, as in the book, without its mistakes."""
    if image.min() == image.max():
        raise ValueError("an empty page")
    _, ink = cv2.threshold(np.ascontiguousarray(image), 0, 255, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)
    contours, _ = cv2.findContours(ink, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    found = sorted(cv2.boundingRect(c) for c in contours)
    tallest = max(h for _, _, _, h in found)
    return [(y, x, y + h, x + w) for x, y, w, h in found if h >= 0.55 * tallest]


Box = namedtuple("Box", "top left bottom right")


def boxes_by_measure(image):
    """scikit-image's regions, dust told by half of the second highest part."""
    regions = measure.regionprops(measure.label(image <= otsu_by_loop(image), connectivity=2))
    regions.sort(key=lambda region: region.bbox[1])
    heights = sorted((r.bbox[2] - r.bbox[0] for r in regions), reverse=True)
    return tuple(Box(*r.bbox) for r in regions if 2 * (r.bbox[2] - r.bbox[0]) >= heights[0])


def boxes_with_holes_counted(image):
    """Wrong where a digit has a hole: every contour counts."""
    if image.min() == image.max():
        raise ValueError("an empty page")
    _, ink = cv2.threshold(np.ascontiguousarray(image), 0, 255, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)
    contours, _ = cv2.findContours(ink, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    found = sorted(cv2.boundingRect(c) for c in contours)
    tallest = max(h for _, _, _, h in found)
    return [(y, x, y + h, x + w) for x, y, w, h in found if h >= 0.25 * tallest]


def boxes_by_absolute_height(image):
    """Wrong on small pages: dust is what is less than ten pixels high."""
    return [b for b in boxes_by_measure(image) if b.bottom - b.top >= 10]


# --- one size --------------------------------------------------------------------------------------------------------


def padded_by_numpy(image, size):
    """np.pad and Pillow, its default way of resizing; returns what came in as bytes as bytes."""
    missing = max(image.shape) - np.array(image.shape)
    sheet = np.pad(image, [(m // 2, m - m // 2) for m in missing], constant_values=image.max())
    if sheet.dtype == np.uint8:
        return np.asarray(Image.fromarray(sheet).resize((size, size)))
    return np.asarray(Image.fromarray(sheet.astype(np.float32)).resize((size, size), Image.Resampling.BILINEAR))


def padded_by_skimage(image, size, order=1):
    height, width = image.shape
    if height > width:
        left = -(-(height - width) // 2)
        sheet = np.ones((height, height)) * image.max()
        sheet[:, left : left + width] = image
    else:
        top = -(-(width - height) // 2)
        sheet = np.ones((width, width)) * image.max()
        sheet[top : top + height] = image
    return resize(sheet, (size, size), order=order, mode="edge", anti_aliasing=size < len(sheet), preserve_range=True)


def resized_then_padded(image, size):
    """Two matrix products of linear weights on the padded picture."""
    side, paper = max(image.shape), image.max()
    sheet = np.full((side, side), paper, dtype=np.float64)
    top, left = ((side - n) // 2 for n in image.shape)
    sheet[top : top + image.shape[0], left : left + image.shape[1]] = image
    where = np.clip((np.arange(size) + 0.5) * side / size - 0.5, 0, side - 1)
    weights = np.maximum(0, 1 - np.abs(where[:, None] - np.arange(side)))
    return weights @ sheet @ weights.T


def scaled_about_corner(image, size):
    """Wrong: pixels are taken at their upper left corners, so that the digit moves."""
    side = max(image.shape)
    sheet = np.full((side, side), image.max(), dtype=np.float64)
    top, left = ((side - n) // 2 for n in image.shape)
    sheet[top : top + image.shape[0], left : left + image.shape[1]] = image
    where = np.clip(np.arange(size) * side / size, 0, side - 1)
    weights = np.maximum(0, 1 - np.abs(where[:, None] - np.arange(side)))
    return weights @ sheet @ weights.T


def paper_is_median(image, size):
    """Wrong on a digit with more ink than paper."""
    side = max(image.shape)
    sheet = np.full((side, side), np.median(image), dtype=np.float64)
    top, left = ((side - n) // 2 for n in image.shape)
    sheet[top : top + image.shape[0], left : left + image.shape[1]] = image
    return cv2.resize(sheet, (size, size), interpolation=cv2.INTER_AREA)


# --- the solver ------------------------------------------------------------------------------------------------------


def ink_of(picture):
    picture = np.asarray(picture, dtype=float)
    return (picture.max() - picture) / np.ptp(picture)


def solved_one_by_one(model, image):
    """Asks the model once for every digit."""
    text = ""
    for box in boxes_by_opencv(image):
        cut = image[box[0] : box[2], box[1] : box[3]]
        scores = model(ink_of(padded_by_skimage(cut, SIDE)).reshape(1, SIDE, SIDE, 1))
        text += "0123456789"[int(np.asarray(scores).argmax())]
    return text


def solved_in_float32(model, image, side=SIDE):
    boxes = boxes_by_flood(image)
    batch = np.empty((len(boxes), side, side, 1), np.float32)
    for i, (top, left, bottom, right) in enumerate(boxes):
        batch[i, ..., 0] = ink_of(padded_by_numpy(image[top:bottom, left:right], side))
    best = [max(range(10), key=row.__getitem__) for row in model(batch).tolist()]
    return "".join(map(str, best))


def solved_without_stretching(model, image):
    """Ink by the page's paper, not by each picture's own extremes."""
    page = np.clip((np.median(image) - image.astype(float)) / (np.median(image) - image.min()), 0, 1)
    pictures = [1 - resized_then_padded(1 - page[t:b, s:r], SIDE) for t, s, b, r in boxes_by_measure(image)]
    return "".join(model(np.array(pictures)[..., np.newaxis]).argmax(-1).astype(str))


def solved_with_least(model, image):
    boxes = boxes_by_measure(image)
    cuts = [ink_of(resized_then_padded(image[b.top : b.bottom, b.left : b.right], SIDE)) for b in boxes]
    return "".join(str(c) for c in np.argmin(model(np.stack(cuts)[..., None]), axis=1))


def solved_transposed(model, image):
    boxes = boxes_by_measure(image)
    cuts = [ink_of(resized_then_padded(image[b.top : b.bottom, b.left : b.right].T, SIDE)) for b in boxes]
    return "".join(str(c) for c in np.argmax(model(np.stack(cuts)[..., None]), axis=1))


def solved_as_number_with_four_places(model, image):
    return f"{int(solved_in_float32(model, image)):04}"


def solved_twice_the_same(model, image):
    """Cuts every digit out of the place of the first one."""
    boxes = boxes_by_measure(image)
    cuts = [ink_of(resized_then_padded(image[boxes[0].top : boxes[0].bottom, boxes[0].left : boxes[0].right], SIDE))]
    return "".join(str(c) for c in np.argmax(model(np.stack(cuts * len(boxes))[..., None]), axis=1))


def solved_without_gaps(model, image):
    """The digits are put in the order of their middle rows."""
    boxes = sorted(boxes_by_measure(image), key=lambda b: b.top + b.bottom)
    cuts = [ink_of(resized_then_padded(image[b.top : b.bottom, b.left : b.right], SIDE)) for b in boxes]
    return "".join(str(c) for c in np.argmax(model(np.stack(cuts)[..., None]), axis=1))


VARIANTS = {
    "threshold_otsu": {"loop": otsu_by_loop, "within, last of equals": otsu_within, "object, float32": Otsu()},
    "find_digits": {
        "flood fill": boxes_by_flood,
        "OpenCV contours": boxes_by_opencv,
        "regions, named tuples": boxes_by_measure,
    },
    "pad_and_resize": {
        "np.pad and Pillow": padded_by_numpy,
        "scikit-image, odd pixel first": padded_by_skimage,
        "matrix products": resized_then_padded,
    },
    "solve": {
        "digit by digit": solved_one_by_one,
        "float32": solved_in_float32,
        "ink by the page": solved_without_stretching,
    },
}
MUTANTS = {
    "threshold_otsu": {
        "median": lambda image: int(np.median(image)),
        "middle of the bulk": lambda image: int(np.percentile(image, [2, 98]).mean()),
        "a tenth darker": lambda image: int(0.9 * otsu_by_loop(image)),
    },
    "find_digits": {
        "holes counted": boxes_with_holes_counted,
        "absolute height": boxes_by_absolute_height,
        "one row too many": lambda image: [(b.top, b.left, b.bottom + 1, b.right) for b in boxes_by_measure(image)],
        "the tallest only": lambda image: [max(boxes_by_measure(image), key=lambda b: b.bottom - b.top)],
    },
    "pad_and_resize": {
        "moved": scaled_about_corner,
        "median paper": paper_is_median,
        "transposed": lambda image, size: resized_then_padded(image.T, size),
        "upside down": lambda image, size: resized_then_padded(image[::-1], size),
    },
    "solve": {
        "argmin": solved_with_least,
        "transposed": solved_transposed,
        "four places": solved_as_number_with_four_places,
        "first digit again and again": solved_twice_the_same,
        "by middle rows": solved_without_gaps,
    },
}
