"""Right answers to chapter 01 in other styles, and wrong ones that have no name of their own."""

from collections import Counter

import numpy as np

# --- right ------------------------------------------------------------------------------------------------------------


def grey_loops(image):
    out = np.zeros(image.shape[:-1])
    for index in np.ndindex(out.shape):
        red, green, blue = (float(v) for v in image[index])
        out[index] = 0.299 * red + 0.587 * green + 0.114 * blue
    return out


def grey_channels(image):
    return 0.299 * image[..., 0] + 0.587 * image[..., 1] + 0.114 * image[..., 2]


def grey_float32(image):
    return np.einsum("...c,c->...", image.astype(np.float32), np.float32([0.299, 0.587, 0.114]))


def resize_loops(image, height, width):
    H, W = image.shape[:2]
    out = np.zeros((height, width, *image.shape[2:]), dtype=image.dtype)
    for i in range(height):
        for j in range(width):
            out[i, j] = image[(2 * i + 1) * H // (2 * height), (2 * j + 1) * W // (2 * width)]
    return out


def resize_nearest_centre(image, height, width):
    """Literally: the old pixel whose centre is nearest."""

    def nearest(new, old):
        centres = (np.arange(new) + 0.5) / new
        return np.abs(centres[:, None] - (np.arange(old) + 0.5)[None] / old).argmin(axis=1)

    return image[np.ix_(nearest(height, image.shape[0]), nearest(width, image.shape[1]))]


def resize_take(image, height, width):
    rows = np.round((np.arange(height) + 0.5) * (image.shape[0] / height) - 0.5).astype(int)
    columns = np.round((np.arange(width) + 0.5) * (image.shape[1] / width) - 0.5).astype(int)
    rows, columns = np.clip(rows, 0, image.shape[0] - 1), np.clip(columns, 0, image.shape[1] - 1)
    return image.take(rows, axis=0).take(columns, axis=1).astype(float)


def flatten_stack(images):
    return np.stack([image.ravel() for image in images])


def flatten_product(images):
    return np.reshape(images, (images.shape[0], int(np.prod(images.shape[1:])))).astype(np.float64)


def distances_expanded(A, B, p=2):
    """The binomial formula where p is 2: fast, a little less exact."""
    A, B = A.astype(float), B.astype(float)
    if p != 2:
        return np.power(np.power(np.abs(A[:, np.newaxis] - B), p).sum(-1), 1.0 / p)
    squares = (A**2).sum(1)[:, None] + (B**2).sum(1)[None] - 2 * A @ B.T
    return np.sqrt(np.maximum(squares, 0))


def distances_norm(A, B, p=2):
    return np.linalg.norm(np.float64(A)[:, None] - np.float64(B)[None], ord=p, axis=2)


def distances_float32(A, B, p=2):
    differences = np.abs(np.subtract.outer(A.astype(np.float32), B.astype(np.float32)))  # (n, d, m, d)
    return (np.einsum("ndmd->nmd", differences) ** p).sum(axis=-1) ** np.float32(1 / p)


def knn_loops(X_train, y_train, X, k):
    out = []
    for x in X.astype(float):
        order = sorted(range(len(X_train)), key=lambda i: float(((X_train[i] - x) ** 2).sum()))
        counts = Counter(int(y_train[i]) for i in order[:k])
        out.append(min(counts, key=lambda label: (-counts[label], label)))
    return np.array(out)


def knn_unique(X_train, y_train, X, k):
    far = ((X[:, None].astype(float) - X_train[None]) ** 2).sum(axis=-1)
    nearest = np.argpartition(far, k - 1, axis=1)[:, :k]
    labels = np.unique(y_train)
    counts = (y_train[nearest][:, :, None] == labels).sum(axis=1)
    return labels[counts.argmax(axis=1)].astype(np.int32)


def split_slices(n, fractions, rng):
    order, parts, start, total = rng.permutation(n), [], 0, 0.0
    for f in fractions[:-1]:
        total += f
        parts.append(order[start : int(total * n)])
        start = int(total * n)
    return (*parts, order[start:])


def split_lists(n, fractions, rng):
    numbers = list(range(n))
    rng.shuffle(numbers)
    parts = []
    for f in fractions[:-1]:
        size = round(f * n)
        parts.append(sorted(numbers[:size]))
        numbers = numbers[size:]
    return [*parts, numbers]


def split_by_keys(n, fractions, rng):
    ends = np.floor(np.cumsum(fractions) * n + 1e-9).astype(int)
    return np.split(np.argsort(rng.random(n)), ends[:-1])


def confusion_add_at(y_true, y_pred, num_classes):
    counts = np.zeros((num_classes, num_classes), dtype=np.int32)
    np.add.at(counts, (y_true, y_pred), 1)
    return counts


def confusion_bincount(y_true, y_pred, num_classes):
    return np.bincount(y_true * num_classes + y_pred, minlength=num_classes**2).reshape(num_classes, num_classes)


def confusion_masks(y_true, y_pred, num_classes):
    rows = [[int(((y_true == i) & (y_pred == j)).sum()) for j in range(num_classes)] for i in range(num_classes)]
    return np.array(rows)


def rates_loops(confusion):
    precision, recall = [], []
    for c in range(len(confusion)):
        called, real = sum(confusion[:, c]), sum(confusion[c])
        precision.append(float(confusion[c, c] / called) if called else 0.0)
        recall.append(float(confusion[c, c] / real) if real else 0.0)
    return np.array(precision), np.array(recall)


def rates_nan(confusion):
    with np.errstate(all="ignore"):
        both = [np.diag(confusion) / confusion.sum(axis=axis) for axis in (0, 1)]
    return [np.nan_to_num(rate) for rate in both]


def rates_where(confusion):
    right = np.diagonal(confusion).astype(float)
    return tuple(
        np.divide(right, t, out=np.zeros(len(right)), where=t > 0) for t in (confusion.sum(0), confusion.sum(1))
    )


VARIANTS = {
    "to_grayscale": {"loops": grey_loops, "channels": grey_channels, "float32": grey_float32},
    "resize_nearest": {"loops": resize_loops, "nearest centre": resize_nearest_centre, "take": resize_take},
    "flatten_images": {"stack": flatten_stack, "product": flatten_product},
    "pairwise_distances": {"expanded": distances_expanded, "norm": distances_norm, "float32": distances_float32},
    "knn_predict": {"loops": knn_loops, "unique": knn_unique},
    "split_indices": {"slices": split_slices, "lists": split_lists, "random keys": split_by_keys},
    "confusion_matrix": {"add.at": confusion_add_at, "bincount": confusion_bincount, "masks": confusion_masks},
    "precision_recall": {"loops": rates_loops, "nan_to_num": rates_nan, "where": rates_where},
}

# --- wrong ------------------------------------------------------------------------------------------------------------


def grey_in_place(image):
    image[..., 0] = 0
    return grey_channels(image)


def resize_in_place(image, height, width):
    out = resize_loops(image, height, width)
    image[:] = 0
    return out


def resize_width_from_height(image, height, width):
    out = resize_loops(image, height, image.shape[1])
    return np.repeat(out[:, :1], width, axis=1)


def distances_looped(A, B, p=2):
    return np.array([[(np.abs(a.astype(float) - b) ** p).sum() ** (1 / p) for b in B] for a in A])


def distances_scipy(A, B, p=2):
    from scipy.spatial.distance import cdist

    return cdist(A, B, "minkowski", p=p)


def distances_sorted(A, B, p=2):
    return np.sort(distances_norm(A, B, p), axis=1)


def distances_default_one(A, B, p=1):
    return distances_norm(A, B, p)


def distances_max(A, B, p=2):
    return np.abs(A[:, None].astype(float) - B[None]).max(axis=-1)


def knn_sklearn(X_train, y_train, X, k):
    from sklearn.neighbors import KNeighborsClassifier

    return KNeighborsClassifier(k).fit(X_train, y_train).predict(X)


def knn_weighted(X_train, y_train, X, k):
    far = ((X[:, None].astype(float) - X_train[None]) ** 2).sum(axis=-1)
    nearest = np.argsort(far, axis=1)[:, :k]
    return np.array([np.bincount(y_train[i], 1 / (1e-9 + f[i])).argmax() for i, f in zip(nearest, far)])


def knn_median(X_train, y_train, X, k):
    far = ((X[:, None].astype(float) - X_train[None]) ** 2).sum(axis=-1)
    return np.sort(y_train[np.argsort(far, axis=1)[:, :k]], axis=1)[:, k // 2]


def knn_wrapping(X_train, y_train, X, k):
    far = ((X[:, None] - X_train[None]) ** 2).sum(axis=-1)
    labels = np.unique(y_train)
    votes = y_train[np.argsort(far, axis=1)[:, :k]]
    return labels[(votes[:, :, None] == labels).sum(axis=1).argmax(axis=1)]


def knn_one_label(X_train, y_train, X, k):
    return int(knn_unique(X_train, y_train, X[:1], k)[0])


def split_rolled(n, fractions, rng):
    """A random place to begin, but still blocks."""
    ends = np.rint(np.cumsum(fractions) * n).astype(int)
    return np.split(np.roll(np.arange(n), int(rng.integers(n))), ends[:-1])


def split_shuffled_inside(n, fractions, rng):
    ends = np.rint(np.cumsum(fractions) * n).astype(int)
    return [rng.permutation(part) for part in np.split(np.arange(n), ends[:-1])]


def split_keeps_zero(n, fractions, rng):
    """Sample 0 always goes to the first part."""
    order = np.concatenate([[0], 1 + rng.permutation(n - 1)])
    return np.split(order, np.rint(np.cumsum(fractions) * n).astype(int)[:-1])


def split_masks(n, fractions, rng):
    parts = split_slices(n, fractions, rng)
    return [np.isin(np.arange(n), part) for part in parts]


def split_touching(n, fractions, rng):
    order = rng.permutation(n)
    ends = np.rint(np.cumsum(fractions) * n).astype(int)
    return [order[start : end + 1] for start, end in zip([0, *ends], ends, strict=False)]


def split_global(n, fractions, rng):
    order = np.arange(n)
    np.random.shuffle(order)  # noqa: NPY002
    return np.split(order, np.rint(np.cumsum(fractions) * n).astype(int)[:-1])


def split_first_only(n, fractions, rng):
    return split_slices(n, fractions, rng)[0]


def confusion_floats(y_true, y_pred, num_classes):
    return confusion_add_at(y_true, y_pred, num_classes).astype(float)


def confusion_upper(y_true, y_pred, num_classes):
    counts = confusion_add_at(y_true, y_pred, num_classes)
    return np.triu(counts + counts.T) - np.diag(np.diag(counts))


def confusion_sklearn(y_true, y_pred, num_classes):
    from sklearn import metrics

    return metrics.confusion_matrix(y_true, y_pred, labels=np.arange(num_classes))


def rates_f1(confusion):
    precision, recall = rates_loops(confusion)
    return 2 * precision * recall / np.maximum(precision + recall, 1e-12), recall


def rates_percent(confusion):
    return tuple(100 * rate for rate in rates_loops(confusion))


def rates_rounded(confusion):
    return tuple(np.round(rate, 2) for rate in rates_loops(confusion))


MUTANTS = {
    "to_grayscale": {
        "writes into the picture": grey_in_place,
        "brightest channel": lambda image: image.max(axis=-1).astype(float),
        "green only": lambda image: image[..., 1] * 1.0,
        "middle of range": lambda image: image.max(axis=-1) / 2 + image.min(axis=-1) / 2,
        "always between 0 and 1": lambda image: grey_channels(image) / image.max(),
    },
    "resize_nearest": {
        "writes into the picture": resize_in_place,
        "first column everywhere": resize_width_from_height,
        "a list": lambda image, height, width: resize_loops(image, height, width).tolist(),
        "turned": lambda image, height, width: resize_loops(np.swapaxes(image, 0, 1), height, width),
        "mirrored": lambda image, height, width: resize_loops(image, height, width)[:, ::-1],
    },
    "flatten_images": {
        "first picture only": lambda images: images[0].ravel(),
        "sorted": lambda images: np.sort(images.reshape(len(images), -1), axis=1),
        "a list": lambda images: [image.ravel() for image in images],
        "in 0..1": lambda images: images.reshape(len(images), -1) / 255,
        "an axis too many": lambda images: images.reshape(len(images), 1, -1),
    },
    "pairwise_distances": {
        "loops": distances_looped,
        "SciPy": distances_scipy,
        "sorted": distances_sorted,
        "default of 1": distances_default_one,
        "largest difference": distances_max,
    },
    "knn_predict": {
        "scikit-learn": knn_sklearn,
        "weighted by nearness": knn_weighted,
        "median": knn_median,
        "one label": knn_one_label,
        "bytes go round": knn_wrapping,
        "a list": lambda *args: knn_unique(*args).tolist(),
        "floats": lambda *args: knn_unique(*args).astype(float),
    },
    "split_indices": {
        "rolled": split_rolled,
        "shuffled inside": split_shuffled_inside,
        "0 always trains": split_keeps_zero,
        "masks": split_masks,
        "shares the ends": split_touching,
        "global random state": split_global,
        "first part only": split_first_only,
    },
    "confusion_matrix": {
        "floats": confusion_floats,
        "one side only": confusion_upper,
        "scikit-learn": confusion_sklearn,
        "a list": lambda *args: confusion_masks(*args).tolist(),
    },
    "precision_recall": {
        "F1": rates_f1,
        "percent": rates_percent,
        "rounded": rates_rounded,
        "one array": lambda confusion: np.array(rates_loops(confusion)),
        "precision only": lambda confusion: rates_loops(confusion)[0],
    },
}
