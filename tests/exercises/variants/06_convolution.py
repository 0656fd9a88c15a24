"""Other answers to the exercises of chapter 06: right ones in other styles, wrong ones without a name of their own."""

from collections import namedtuple
from functools import lru_cache, partial

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

Gradients = namedtuple("Gradients", "dx dw db")


class Picture(np.ndarray):
    """A subclass of ndarray, as some libraries return."""


# --- padding and sizes ----------------------------------------------------------------------------------------------


def pad_row_by_row(image, pad, mode):
    height, width = image.shape

    def look(i, n):
        if 0 <= i < n:
            return i
        if mode == "edge":
            return 0 if i < 0 else n - 1
        return -i if i < 0 else 2 * n - 2 - i

    result = np.zeros((height + 2 * pad, width + 2 * pad))
    for i in range(-pad, height + pad):
        for j in range(-pad, width + pad):
            if mode != "zero" or (0 <= i < height and 0 <= j < width):
                result[i + pad, j + pad] = image[look(i, height), look(j, width)]
    return result


def pad_with_stacks(image, pad, mode, constant=0):
    if pad == 0:
        return image
    if mode == "zero":
        frame = np.full((image.shape[0] + 2 * pad, image.shape[1] + 2 * pad), constant, float, order="F")
        frame[pad:-pad, pad:-pad] = image
        return frame
    for _ in range(2):
        if mode == "edge":
            first, last = [image[:1]] * pad, [image[-1:]] * pad
        else:
            first, last = [image[1 : pad + 1][::-1]], [image[-pad - 1 : -1][::-1]]
        image = np.concatenate([*first, image, *last]).T
    return image


class Padder:
    """A callable object."""

    def __call__(self, image, pad, mode):
        names = {"zero": "constant", "edge": "edge", "reflect": "reflect"}
        return np.pad(image, pad, mode=names[mode]).view(Picture)


def size_by_counting(n, kernel, stride=1, pad=0, dilation=1):
    reach = 1 + dilation * (kernel - 1)
    starts = list(range(0, n + 2 * pad - reach + 1, stride))
    if not starts or starts[-1] + reach != n + 2 * pad:
        raise ValueError
    return len(starts)


def size_divmod(n, kernel, stride=1, pad=0, dilation=1, what="windows"):
    steps, rest = divmod(n + 2 * pad - kernel - (kernel - 1) * (dilation - 1), stride)
    if rest or steps < 0:
        raise ValueError(f"{what} do not fit")
    return np.int64(steps + 1)


@lru_cache
def size_remembered(n, kernel, stride=1, pad=0, dilation=1):
    size = (n + 2 * pad - dilation * (kernel - 1) - 1) / stride + 1
    if size != int(size) or size < 1:
        raise ValueError("no")
    return int(size)


# --- filters --------------------------------------------------------------------------------------------------------


def correlate_pure_loops(image, kernel):
    rows, columns = len(kernel), len(kernel[0])
    result = []
    for i in range(len(image) - rows + 1):
        line = []
        for j in range(len(image[0]) - columns + 1):
            total = 0.0
            for m in range(rows):
                for n in range(columns):
                    total += float(image[i + m][j + n]) * float(kernel[m][n])
            line.append(total)
        result.append(line)
    return np.array(result)


def correlate_tap_by_tap(image, kernel):
    height, width = image.shape[0] - kernel.shape[0] + 1, image.shape[1] - kernel.shape[1] + 1
    y = np.zeros((height, width), order="F")
    for (m, n), weight in np.ndenumerate(kernel):
        y += weight * image[m : m + height, n : n + width].astype(np.float64)
    return y


def correlate_windows(image, kernel):
    windows = sliding_window_view(image, kernel.shape)
    return np.einsum("abij,ij->ab", windows.astype(float), kernel.astype(float)).view(Picture)


def correlate_single_precision(image, kernel):
    return correlate_windows(image.astype(np.float32), kernel.astype(np.float32)).astype(np.float32)


def correlate_by_spectrum(image, kernel):
    shape = image.shape
    product = np.fft.rfft2(image.astype(float)) * np.conj(np.fft.rfft2(kernel, s=shape))
    full = np.fft.irfft2(product, s=shape)
    return full[: shape[0] - kernel.shape[0] + 1, : shape[1] - kernel.shape[1] + 1]


def convolve_by_definition(image, kernel):
    kh, kw = kernel.shape
    image = image.astype(float)
    result = np.zeros((image.shape[0] - kh + 1, image.shape[1] - kw + 1))
    for i, j in np.ndindex(result.shape):
        result[i, j] = sum(image[i + kh - 1 - m, j + kw - 1 - n] * kernel[m, n] for m, n in np.ndindex(kh, kw))
    return result


def convolve_rotated(image, kernel):
    return correlate_windows(image, np.rot90(kernel, 2))


def convolve_flipped_in_place(image, kernel):
    kernel = kernel.astype(float).copy()
    kernel[:] = np.flip(kernel).copy()
    return correlate_tap_by_tap(image, kernel)


def gaussian_by_loops(size, sigma):
    kernel = np.zeros((size, size))
    for i in range(size):
        for j in range(size):
            kernel[i, j] = np.exp(-((i - (size - 1) / 2) ** 2 + (j - (size - 1) / 2) ** 2) / (2 * sigma**2))
    kernel /= kernel.sum()
    return kernel


def gaussian_outer(size, sigma):
    line = np.exp(-0.5 * (np.linspace(-(size - 1) / 2, (size - 1) / 2, size) / sigma) ** 2)
    line = line / line.sum()
    return np.outer(line, line)


def gaussian_with_constant(size, sigma):
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    kernel = 1 / (2 * np.pi * sigma**2) * np.exp(-(x**2 + y**2) / (2 * sigma**2))
    kernel = kernel / np.sum(kernel)
    kernel.flags.writeable = False
    return kernel


def gradient_by_slices(image):
    p = image.astype(np.float64)
    right, left = p[:, 2:], p[:, :-2]
    below, above = p[2:], p[:-2]
    dx, dy = right - left, below - above
    gx = dx[:-2] + 2 * dx[1:-1] + dx[2:]
    gy = dy[:, :-2] + 2 * dy[:, 1:-1] + dy[:, 2:]
    return (gx**2 + gy**2) ** 0.5


def gradient_by_convolution(image):
    sobel = np.array([[1, 2, 1], [0, 0, 0], [-1, -2, -1]])
    gy, gx = convolve_rotated(image, sobel), convolve_rotated(image, sobel.T)
    return np.abs(gx + 1j * gy)


def gradient_by_loops(image):
    height, width = image.shape
    out = np.zeros((height - 2, width - 2))
    p = [[float(v) for v in row] for row in image]
    for i in range(1, height - 1):
        for j in range(1, width - 1):
            gx = sum(w * (p[i + d][j + 1] - p[i + d][j - 1]) for d, w in ((-1, 1), (0, 2), (1, 1)))
            gy = sum(w * (p[i + 1][j + d] - p[i - 1][j + d]) for d, w in ((-1, 1), (0, 2), (1, 1)))
            out[i - 1, j - 1] = (gx * gx + gy * gy) ** 0.5
    return out


# --- layers ---------------------------------------------------------------------------------------------------------


def layer_of_einsum(x, w, b, stride=1, pad=0):
    size_by_counting(x.shape[1], w.shape[0], stride, pad), size_by_counting(x.shape[2], w.shape[1], stride, pad)
    p = np.pad(x, [(0, 0), (pad, pad), (pad, pad), (0, 0)])
    windows = sliding_window_view(p, w.shape[:2], axis=(1, 2))[:, ::stride, ::stride]
    y = np.einsum("nijchw,hwcf->nijf", windows, w, optimize=True)
    return y if b is None else y + b


def layer_tap_by_tap(x, w, b, stride=1, pad=0):
    n, height, width, _ = x.shape
    kh, kw, _, filters = w.shape
    oh, ow = size_divmod(height, kh, stride, pad), size_divmod(width, kw, stride, pad)
    p = np.zeros((n, height + 2 * pad, width + 2 * pad, x.shape[3]), order="F")
    p[:, pad : pad + height, pad : pad + width] = x
    y = np.zeros((n, oh, ow, filters)) + (0 if b is None else np.asarray(b))
    for i in range(kh):
        for j in range(kw):
            y += p[:, i : i + stride * oh : stride, j : j + stride * ow : stride][:, :oh, :ow] @ w[i, j]
    return y


def layer_all_loops(x, w, b, stride=1, pad=0):
    n, height, width, channels = x.shape
    kh, kw, _, filters = w.shape
    oh, ow = size_by_counting(height, kh, stride, pad), size_by_counting(width, kw, stride, pad)
    y = np.zeros((n, oh, ow, filters))
    for a, i, j, f in np.ndindex(y.shape):
        total = 0.0 if b is None else float(b[f])
        for h in range(kh):
            for v in range(kw):
                r, c = i * stride + h - pad, j * stride + v - pad
                if 0 <= r < height and 0 <= c < width:
                    for k in range(channels):
                        total += float(x[a, r, c, k]) * float(w[h, v, k, f])
        y[a, i, j, f] = total
    return y


class ConvolutionLayer:
    """A callable object that keeps what it has seen."""

    def __call__(self, x, w, b=None, stride=1, pad=0):
        self.seen = x, w
        return layer_of_einsum(x, w, b, stride, pad).view(Picture)


def columns_from_view(x, kernel_height, kernel_width, stride, pad):
    p = np.ascontiguousarray(np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0))))
    n, height, width, channels = p.shape
    oh, ow = size_by_counting(height, kernel_height, stride), size_by_counting(width, kernel_width, stride)
    a, r, c, k = p.strides
    shape, strides = (n, oh, ow, kernel_height, kernel_width, channels), (a, r * stride, c * stride, r, c, k)
    return as_strided(p, shape, strides).reshape(n * oh * ow, -1)


def columns_from_indices(x, kernel_height, kernel_width, stride, pad):
    oh = size_divmod(x.shape[1], kernel_height, stride, pad)
    ow = size_divmod(x.shape[2], kernel_width, stride, pad)
    p = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)), mode="constant")
    rows = stride * np.arange(oh)[:, None] + np.arange(kernel_height)
    columns = stride * np.arange(ow)[:, None] + np.arange(kernel_width)
    picked = p[:, rows[:, None, :, None], columns[None, :, None, :]]
    return picked.reshape(len(x) * oh * ow, kernel_height * kernel_width * x.shape[3])


def columns_window_by_window(x, kernel_height, kernel_width, stride, pad):
    oh = size_divmod(x.shape[1], kernel_height, stride, pad)
    ow = size_divmod(x.shape[2], kernel_width, stride, pad)
    p = np.pad(x.astype(float), ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    rows = []
    for image in p:
        for i in range(oh):
            for j in range(ow):
                top, left = i * stride, j * stride
                rows.append(image[top : top + kernel_height, left : left + kernel_width].ravel())
    return np.stack(rows)


def product_of(columns):
    def layer(x, w, b, stride=1, pad=0):
        oh, ow = (size_by_counting(n, k, stride, pad) for n, k in zip(x.shape[1:3], w.shape[:2], strict=True))
        y = np.dot(columns(x, w.shape[0], w.shape[1], stride, pad), w.reshape(-1, w.shape[-1]))
        y += 0 if b is None else b
        return y.reshape(len(x), oh, ow, -1)

    return layer


def product_transposed(x, w, b, stride, pad):
    """The matrix the other way round, as other courses write it."""
    n, kh, kw, filters = len(x), *w.shape[:2], w.shape[3]
    oh, ow = size_by_counting(x.shape[1], kh, stride, pad), size_by_counting(x.shape[2], kw, stride, pad)
    columns = columns_from_indices(x, kh, kw, stride, pad).T
    y = w.transpose(3, 0, 1, 2).reshape(filters, -1) @ columns
    if b is not None:
        y = y + b.reshape(-1, 1)
    return y.reshape(filters, n, oh, ow).transpose(1, 2, 3, 0)


def backward_by_definition(dy, x, w, stride, pad):
    kh, kw, _, _ = w.shape
    p = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0))).astype(float)
    dp, dw, db = np.zeros_like(p), np.zeros(w.shape), np.zeros(w.shape[3])
    for n, i, j, f in np.ndindex(dy.shape):
        top, left = i * stride, j * stride
        dw[..., f] += p[n, top : top + kh, left : left + kw] * dy[n, i, j, f]
        dp[n, top : top + kh, left : left + kw] += w[..., f] * dy[n, i, j, f]
        db[f] += dy[n, i, j, f]
    if pad:
        dp = dp[:, pad:-pad, pad:-pad]
    return [dp, dw, db]


def backward_by_columns(dy, x, w, stride, pad):
    kh, kw, channels, filters = w.shape
    flat = dy.reshape(-1, filters)
    dw = (columns_from_view(x, kh, kw, stride, pad).T @ flat).reshape(w.shape)
    dcolumns = (flat @ w.reshape(-1, filters).T).reshape(*dy.shape[:3], kh, kw, channels)
    dp = np.zeros((x.shape[0], x.shape[1] + 2 * pad, x.shape[2] + 2 * pad, channels))
    for i in range(kh):
        for j in range(kw):
            rows, columns = slice(i, i + stride * dy.shape[1], stride), slice(j, j + stride * dy.shape[2], stride)
            target = dp[:, rows, columns]
            target[:, : dy.shape[1], : dy.shape[2]] += dcolumns[:, :, :, i, j]
    return Gradients(dp[:, pad : pad + x.shape[1], pad : pad + x.shape[2]], dw, flat.sum(axis=0))


def backward_by_correlation(dy, x, w, stride, pad):
    """dx as a full correlation of the spread-out dy with the turned kernel."""
    kh, kw, _, _ = w.shape
    n, oh, ow, filters = dy.shape
    spread = np.zeros((n, (oh - 1) * stride + 1, (ow - 1) * stride + 1, filters))
    spread[:, ::stride, ::stride] = dy
    frame = np.pad(spread, ((0, 0), (kh - 1, kh - 1), (kw - 1, kw - 1), (0, 0)))
    dp = layer_of_einsum(frame, w[::-1, ::-1].swapaxes(2, 3), None)
    p = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    windows = sliding_window_view(p, (kh, kw), axis=(1, 2))[:, ::stride, ::stride]
    dw = np.einsum("nijchw,nijf->hwcf", windows, dy)
    return dp[:, pad : pad + x.shape[1], pad : pad + x.shape[2]], dw, np.einsum("nijf->f", dy)


def backward_single_precision(dy, x, w, stride, pad):
    return tuple(g.astype(np.float32) for g in backward_by_columns(dy, x, w, stride, pad))


# --- pools ----------------------------------------------------------------------------------------------------------


def pool_windows(x, size, stride):
    size_by_counting(x.shape[1], size, stride), size_by_counting(x.shape[2], size, stride)
    return sliding_window_view(x, (size, size), axis=(1, 2))[:, ::stride, ::stride]


def max_of_windows(x, size, stride):
    return pool_windows(x, size, stride).max(axis=(-1, -2))


def max_by_all_loops(x, size, stride):
    oh, ow = size_divmod(x.shape[1], size, stride), size_divmod(x.shape[2], size, stride)
    y = np.full((len(x), oh, ow, x.shape[3]), -np.inf)
    for n, i, j, c in np.ndindex(y.shape):
        for a in range(size):
            for b in range(size):
                y[n, i, j, c] = max(y[n, i, j, c], x[n, i * stride + a, j * stride + b, c])
    return y


def max_tap_by_tap(x, size, stride):
    oh, ow = size_divmod(x.shape[1], size, stride), size_divmod(x.shape[2], size, stride)
    y = None
    for a in range(size):
        for b in range(size):
            tap = x[:, a::stride, b::stride][:, :oh, :ow]
            y = tap if y is None else np.maximum(y, tap)
    return y


def mean_of_windows(x, size, stride):
    return pool_windows(x, size, stride).mean((-1, -2)).view(Picture)


def mean_of_sums(x, size, stride, divide=True):
    oh, ow = size_divmod(x.shape[1], size, stride), size_divmod(x.shape[2], size, stride)
    total = sum(x[:, a::stride, b::stride][:, :oh, :ow].astype(float) for a in range(size) for b in range(size))
    return np.asfortranarray(total / (size * size if divide else 1))


def mean_as_layer(x, size, stride):
    channels = x.shape[3]
    w = np.zeros((size, size, channels, channels))
    w[:, :, np.arange(channels), np.arange(channels)] = 1 / size**2
    return layer_of_einsum(x, w, None, stride, 0)


def max_backward_first(dy, x, size, stride):
    dx = np.zeros_like(x, dtype=float)
    for n, i, j, c in np.ndindex(dy.shape):
        window = x[n, i * stride : i * stride + size, j * stride : j * stride + size, c]
        a, b = np.unravel_index(np.argmax(window), window.shape)
        dx[n, i * stride + a, j * stride + b, c] += dy[n, i, j, c]
    return dx


def max_backward_last(dy, x, size, stride):
    dx = np.zeros(x.shape, order="F")
    for n, i, j, c in np.ndindex(dy.shape):
        best, where = -np.inf, None
        for a in range(i * stride, i * stride + size):
            for b in range(j * stride, j * stride + size):
                if x[n, a, b, c] >= best:
                    best, where = x[n, a, b, c], (n, a, b, c)
        dx[where] = dx[where] + dy[n, i, j, c]
    return dx


def max_backward_uneven(dy, x, size, stride):
    """Tied maxima share the gradient in the proportion 1 : 2 : 3 ..."""
    dx = np.zeros(x.shape)
    for i in range(dy.shape[1]):
        for j in range(dy.shape[2]):
            place = np.s_[:, i * stride : i * stride + size, j * stride : j * stride + size]
            window = x[place]
            share = (window == window.max((1, 2), keepdims=True)) * np.arange(1, size**2 + 1).reshape(1, size, size, 1)
            dx[place] += share / share.sum((1, 2), keepdims=True) * dy[:, i, j][:, None, None, :]
    return dx


def max_backward_scatter(dy, x, size, stride):
    n, oh, ow, c = dy.shape
    windows = pool_windows(x, size, stride).reshape(n, oh, ow, c, size * size)
    a, b = np.divmod(windows.argmax(-1), size)
    grid = np.indices(dy.shape)
    grid = grid[0], grid[1], grid[2], grid[3]
    dx = np.zeros(x.shape)
    np.add.at(dx, (grid[0], grid[1] * stride + a, grid[2] * stride + b, grid[3]), dy)
    return dx


def avg_backward_all_loops(dy, x, size, stride):
    dx = np.zeros_like(x, dtype=float)
    for n, i, j, c in np.ndindex(dy.shape):
        for a in range(size):
            for b in range(size):
                dx[n, i * stride + a, j * stride + b, c] += dy[n, i, j, c] / size**2
    return dx


def avg_backward_tap_by_tap(dy, x, size, stride):
    dx = np.zeros(x.shape, order="F")
    for a in range(size):
        for b in range(size):
            dx[:, a::stride, b::stride][:, : dy.shape[1], : dy.shape[2]] += dy / float(size * size)
    return dx.view(Picture)


def avg_backward_as_layer(dy, x, size, stride):
    channels = x.shape[3]
    w = np.zeros((size, size, channels, channels))
    w[:, :, range(channels), range(channels)] = 1 / size**2
    return backward_by_columns(dy, x, w, stride, 0).dx


VARIANTS = {
    "pad2d": {"row by row": pad_row_by_row, "stacks": pad_with_stacks, "a callable object": Padder()},
    "output_size": {"counting": size_by_counting, "divmod": size_divmod, "cached": size_remembered},
    "correlate2d": {
        "pure loops": correlate_pure_loops,
        "tap by tap": correlate_tap_by_tap,
        "windows": correlate_windows,
        "float32": correlate_single_precision,
        "spectrum": correlate_by_spectrum,
    },
    "convolve2d": {
        "definition": convolve_by_definition,
        "rotated": convolve_rotated,
        "in place on a copy": convolve_flipped_in_place,
    },
    "gaussian_kernel": {
        "loops": gaussian_by_loops,
        "outer": gaussian_outer,
        "with the constant, read-only": gaussian_with_constant,
    },
    "gradient_magnitude": {
        "slices": gradient_by_slices,
        "convolution": gradient_by_convolution,
        "loops": gradient_by_loops,
    },
    "conv2d": {
        "einsum": layer_of_einsum,
        "tap by tap": layer_tap_by_tap,
        "all loops": layer_all_loops,
        "a callable object": ConvolutionLayer(),
        "matrix product": product_of(columns_from_view),
    },
    "im2col": {
        "strides": columns_from_view,
        "indices": columns_from_indices,
        "window by window": columns_window_by_window,
    },
    "conv2d_im2col": {
        "strides": product_of(columns_from_view),
        "indices": partial(product_of(columns_from_indices)),
        "transposed": product_transposed,
        "einsum": layer_of_einsum,
        "tap by tap": layer_tap_by_tap,
    },
    "conv2d_backward": {
        "definition, as a list": backward_by_definition,
        "columns, as a namedtuple": backward_by_columns,
        "full correlation": backward_by_correlation,
        "float32": backward_single_precision,
    },
    "max_pool2d": {"windows": max_of_windows, "all loops": max_by_all_loops, "tap by tap": max_tap_by_tap},
    "max_pool2d_backward": {
        "first of the tied": max_backward_first,
        "last of the tied": max_backward_last,
        "shared unevenly": max_backward_uneven,
        "scatter": max_backward_scatter,
    },
    "avg_pool2d": {"windows": mean_of_windows, "sums": mean_of_sums, "as a layer": mean_as_layer},
    "avg_pool2d_backward": {
        "all loops": avg_backward_all_loops,
        "tap by tap": avg_backward_tap_by_tap,
        "as a layer": avg_backward_as_layer,
    },
}

# --- wrong answers --------------------------------------------------------------------------------------------------


def pad_copies_reflection_forwards(image, pad, mode):
    if mode != "reflect" or pad == 0:
        return Padder()(image, pad, mode)
    image = np.concatenate([image[1 : pad + 1], image, image[-pad - 1 : -1]])
    return np.concatenate([image[:, 1 : pad + 1], image, image[:, -pad - 1 : -1]], axis=1)


def pad_with_ones(image, pad, mode):
    return np.pad(image, pad, constant_values=1) if mode == "zero" else Padder()(image, pad, mode)


def pad_corners_black(image, pad, mode):
    padded = np.array(Padder()(image, pad, mode))
    for rows in (np.s_[:pad], np.s_[padded.shape[0] - pad :]):
        for columns in (np.s_[:pad], np.s_[padded.shape[1] - pad :]):
            padded[rows, columns] = 0
    return padded


def pad_transposed(image, pad, mode):
    return np.array(Padder()(image, pad, mode)).T


def pad_in_signed_bytes(image, pad, mode):
    return np.array(Padder()(image, pad, mode)).astype(np.int8)


def size_rounds(n, kernel, stride=1, pad=0, dilation=1):
    return round((n + 2 * pad - dilation * (kernel - 1) - 1) / stride) + 1


def size_as_float(n, kernel, stride=1, pad=0, dilation=1):
    return float(size_by_counting(n, kernel, stride, pad, dilation))


def size_as_text(n, kernel, stride=1, pad=0, dilation=1):
    return str(size_by_counting(n, kernel, stride, pad, dilation))


def size_none_on_error(n, kernel, stride=1, pad=0, dilation=1):
    try:
        return size_by_counting(n, kernel, stride, pad, dilation)
    except ValueError:
        return None


def size_asserts(n, kernel, stride=1, pad=0, dilation=1):
    room = n + 2 * pad - dilation * (kernel - 1) - 1
    assert room >= 0
    assert room % stride == 0
    return room // stride + 1


def size_ceils(n, kernel, stride=1, pad=0, dilation=1):
    room = n + 2 * pad - dilation * (kernel - 1) - 1
    if room < 0:
        raise ValueError
    return -(-room // stride) + 1


def size_wrong_default(n, kernel, stride=2, pad=0, dilation=1):
    return size_by_counting(n, kernel, stride, pad, dilation)


def size_same_padding_by_default(n, kernel, stride=1, pad=1, dilation=1):
    return size_by_counting(n, kernel, stride, pad, dilation)


def changed(right, change):
    """A wrong answer: the right one with one thing changed."""
    return lambda *inputs: change(right(*inputs))


def one_side(right, change):
    """A wrong answer: right, but for one changed input."""
    return lambda *inputs: right(*change(*inputs))


def correlate_wraps_in_bytes(image, kernel):
    windows = sliding_window_view(image, kernel.shape)
    return np.sum(windows * kernel.astype(image.dtype), axis=(2, 3)).astype(float)


def remembered(right):
    """A wrong answer: what it gave for one input it gives for every other of the same shape."""
    given = {}

    def answer(*inputs):
        key = tuple(i.shape if isinstance(i, np.ndarray) else i for i in inputs)
        return given.setdefault(key, right(*inputs))

    return answer


def correlate_modifies(image, kernel):
    y = correlate_tap_by_tap(image, kernel)
    image[0, 0] = 0
    return y


def correlate_skips_last_kernel_column(image, kernel):
    kernel = kernel.astype(float).copy()
    if kernel.shape[1] > 1:
        kernel[:, -1] = 0
    return correlate_tap_by_tap(image, kernel)


def correlate_clips(image, kernel):
    return np.clip(correlate_tap_by_tap(image, kernel), 0, 255)


def correlate_squares_the_kernel(image, kernel):
    k = max(kernel.shape)
    return correlate_tap_by_tap(image, np.pad(kernel, ((0, k - kernel.shape[0]), (0, k - kernel.shape[1]))))


def convolve_transposed_kernel(image, kernel):
    return correlate_tap_by_tap(image, kernel.T)


def gaussian_sums_rows(size, sigma):
    kernel = gaussian_by_loops(size, sigma)
    return kernel / kernel.sum(axis=0)


def gaussian_peak_one(size, sigma):
    kernel = gaussian_by_loops(size, sigma)
    return kernel / kernel.max()


def gaussian_from_one(size, sigma):
    offset = np.arange(1, size + 1) - (size - 1) / 2
    kernel = np.exp(-(offset[:, None] ** 2 + offset**2) / (2 * sigma**2))
    return kernel / kernel.sum()


def gaussian_ignores_sigma(size, sigma):
    return gaussian_by_loops(size, 1.0)


def gaussian_tent(size, sigma):
    line = 1 / (1 + ((np.arange(size) - (size - 1) / 2) / sigma) ** 2)
    return np.outer(line, line) / line.sum() ** 2


def gradient_same_kernel_twice(image):
    sobel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    gx = correlate_windows(image, sobel)
    return np.sqrt(2) * np.abs(gx)


def gradient_largest(image):
    sobel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    return np.maximum(abs(correlate_windows(image, sobel)), abs(correlate_windows(image, sobel.T)))


def gradient_scharr(image):
    scharr = np.array([[-3, 0, 3], [-10, 0, 10], [-3, 0, 3]])
    return np.hypot(correlate_windows(image, scharr), correlate_windows(image, scharr.T))


def gradient_of_numpy(image):
    gy, gx = np.gradient(image.astype(float))
    return np.hypot(gx, gy)[1:-1, 1:-1]


def gradient_clipped(image):
    return np.minimum(gradient_by_slices(image), 255)


def gradient_in_small_integers(image):
    return gradient_by_slices(image).astype(np.uint8)


def layer_only_pads_rows(x, w, b, stride=1, pad=0):
    size_by_counting(x.shape[2], w.shape[1], stride, pad)
    size_by_counting(x.shape[1], w.shape[0], stride, pad)
    wide = np.pad(x, ((0, 0), (0, 0), (0, 2 * pad), (0, 0)))
    return layer_of_einsum(np.pad(wide, ((0, 0), (pad, pad), (0, 0), (0, 0))), w, b, stride, 0)


def layer_first_image_only(x, w, b, stride=1, pad=0):
    y = layer_of_einsum(x, w, b, stride, pad)
    return np.repeat(y[:1], len(x), axis=0)


def layer_with_relu(x, w, b, stride=1, pad=0):
    return np.maximum(layer_of_einsum(x, w, b, stride, pad), 0)


def layer_pads_with_edge(x, w, b, stride=1, pad=0):
    size_by_counting(x.shape[1], w.shape[0], stride, pad), size_by_counting(x.shape[2], w.shape[1], stride, pad)
    return layer_of_einsum(np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)), "edge"), w, b, stride)


def layer_needs_square_kernel(x, w, b, stride=1, pad=0):
    size_by_counting(x.shape[1], w.shape[0], stride, pad)
    size_by_counting(x.shape[2], w.shape[0], stride, pad)
    return layer_of_einsum(x, w, b, stride, pad)


def layer_stride_in_rows_only(x, w, b, stride=1, pad=0):
    size_by_counting(x.shape[1], w.shape[0], stride, pad), size_by_counting(x.shape[2], w.shape[1], stride, pad)
    return layer_of_einsum(x, w, b, 1, pad)[:, ::stride]


def layer_checks_height_only(x, w, b, stride=1, pad=0):
    size_by_counting(x.shape[1], w.shape[0], stride, pad)
    p = np.pad(x, [(0, 0), (pad, pad), (pad, pad), (0, 0)])
    windows = sliding_window_view(p, w.shape[:2], axis=(1, 2))[:, ::stride, ::stride]
    y = np.einsum("nijchw,hwcf->nijf", windows, w)
    return y if b is None else y + b


def layer_mean_over_channels(x, w, b, stride=1, pad=0):
    y = layer_of_einsum(x, w, None, stride, pad) / x.shape[3]
    return y if b is None else y + b


def layer_adds_bias_to_input(x, w, b, stride=1, pad=0):
    return layer_of_einsum(x + (0 if b is None else np.sum(b)), w, None, stride, pad)


def layer_wrong_default_pad(x, w, b, stride=1, pad=1):
    return layer_of_einsum(x, w, b, stride, pad)


def layer_bytes_wrap(x, w, b, stride=1, pad=0):
    return layer_of_einsum(x.astype(np.int8) if x.dtype.kind in "iu" else x, w, b, stride, pad)


def row_loop(x, w, b, stride=1, pad=0):
    """A loop over the rows of the result is a loop over pixels too."""
    oh, ow = (
        size_by_counting(x.shape[1], w.shape[0], stride, pad),
        size_by_counting(x.shape[2], w.shape[1], stride, pad),
    )
    p = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    y = np.zeros((len(x), oh, ow, w.shape[3]))
    for i in range(oh):
        y[:, i] = layer_of_einsum(p[:, i * stride : i * stride + w.shape[0]], w, b, stride)[:, 0]
    return y


def vectorized_in_name(x, w, b, stride=1, pad=0):
    """np.vectorize is a loop."""
    oh, ow = (
        size_by_counting(x.shape[1], w.shape[0], stride, pad),
        size_by_counting(x.shape[2], w.shape[1], stride, pad),
    )
    p = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))

    def one(n, i, j, f):
        top, left = i * stride, j * stride
        total = np.sum(p[n, top : top + w.shape[0], left : left + w.shape[1]] * w[..., f])
        return total + (0 if b is None else b[f])

    return np.vectorize(one, otypes=[float])(*np.indices((len(x), oh, ow, w.shape[3])))


def windows_in_a_comprehension(x, w, b, stride=1, pad=0):
    return product_of(columns_window_by_window)(x, w, b, stride, pad)


def spoiled(position, change):
    """`conv2d_backward` with one of its three gradients changed."""

    def backward(dy, x, w, stride, pad):
        gradients = list(backward_by_columns(dy, x, w, stride, pad))
        gradients[position] = change(gradients[position])
        return tuple(gradients)

    return backward


def backward_ignores_stride(dy, x, w, stride, pad):
    dx, _, db = backward_by_columns(dy, x, w, stride, pad)
    p = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    windows = sliding_window_view(p, w.shape[:2], axis=(1, 2))[:, : dy.shape[1], : dy.shape[2]]
    return dx, np.einsum("nijchw,nijf->hwcf", windows, dy), db


def backward_first_image_dx(dy, x, w, stride, pad):
    dx, dw, db = backward_by_columns(dy, x, w, stride, pad)
    return np.repeat(dx[:1], len(dx), axis=0), dw, db


def backward_without_bias(dy, x, w, stride, pad):
    return backward_by_columns(dy, x, w, stride, pad)[:2]


def backward_swaps_channels(dy, x, w, stride, pad):
    dx, dw, db = backward_by_columns(dy, x, w, stride, pad)
    return dx, dw.swapaxes(2, 3), db


def backward_zero_at_border(dy, x, w, stride, pad):
    dx, dw, db = backward_by_columns(dy, x, w, stride, pad)
    dx = dx.copy()
    dx[:, :1] = 0
    return dx, dw, db


def backward_changes_dy(dy, x, w, stride, pad):
    gradients = backward_by_columns(dy, x, w, stride, pad)
    dy *= 2
    return gradients


def max_first_image(x, size, stride):
    return np.repeat(max_of_windows(x, size, stride)[:1], len(x), axis=0)


def max_of_rows(x, size, stride):
    return pool_windows(x, size, stride).max(axis=-1)[..., 0]


def max_height_checked_only(x, size, stride):
    size_by_counting(x.shape[1], size, stride)
    return sliding_window_view(x, (size, size), axis=(1, 2))[:, ::stride, ::stride].max((-1, -2))


def max_reshape_trick(x, size, stride):
    """Right only where windows lie side by side."""
    n, height, width, channels = x.shape
    size_by_counting(height, size, stride), size_by_counting(width, size, stride)
    height, width = height // size, width // size
    x = x[:, : height * size, : width * size]
    return x.reshape(n, height, size, width, size, channels).max(axis=(2, 4))


def max_pads(x, size, stride):
    return max_of_windows(np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0))), size, stride)


def tied_nothing(dy, x, size, stride):
    """Ties get nothing."""
    dx = np.zeros(x.shape)
    for i, j in np.ndindex(dy.shape[1:3]):
        place = np.s_[:, i * stride : i * stride + size, j * stride : j * stride + size]
        winners = x[place] == x[place].max((1, 2), keepdims=True)
        dx[place] += (winners & (winners.sum((1, 2), keepdims=True) == 1)) * dy[:, i : i + 1, j : j + 1]
    return dx


def tied_to_the_outside(dy, x, size, stride):
    """Half of the gradient of a tied window goes to its first pixel, tied or not."""
    dx = np.zeros(x.shape)
    for n, i, j, c in np.ndindex(dy.shape):
        window = x[n, i * stride : i * stride + size, j * stride : j * stride + size, c]
        a, b = np.unravel_index(window.argmax(), window.shape)
        tied = np.sum(window == window.max()) > 1
        dx[n, i * stride + a, j * stride + b, c] += dy[n, i, j, c] / (1 + tied)
        dx[n, i * stride, j * stride, c] += dy[n, i, j, c] * tied / 2
    return dx


def tied_with_opposite_signs(dy, x, size, stride):
    """Sums are right, but of two tied pixels one gets twice too much and the other minus once."""
    dx = max_backward_first(dy, x, size, stride)
    last = max_backward_last(dy, x, size, stride)
    return 2 * dx - last


def max_backward_drops_border(dy, x, size, stride):
    dx = max_backward_first(dy, x, size, stride)
    dx[:, -1] = 0
    return dx


def max_backward_of_minimum(dy, x, size, stride):
    return max_backward_first(dy, -x, size, stride)


def max_backward_across_channels(dy, x, size, stride):
    dx = np.zeros(x.shape)
    for i, j in np.ndindex(dy.shape[1:3]):
        place = np.s_[:, i * stride : i * stride + size, j * stride : j * stride + size]
        dx[place] += (x[place] == x[place].max((1, 2, 3), keepdims=True)) * dy[:, i : i + 1, j : j + 1]
    return dx


def max_backward_of_absolute(dy, x, size, stride):
    return max_backward_first(dy, np.abs(x), size, stride)


def avg_counts_wrong(x, size, stride):
    return mean_of_windows(x, size, stride) * size**2 / (size**2 + 1)


def avg_of_nonzero(x, size, stride):
    windows = pool_windows(x, size, stride).astype(float)
    return windows.sum((-1, -2)) / np.maximum((windows > 0).sum((-1, -2)), 1)


def avg_median(x, size, stride):
    return np.median(pool_windows(x, size, stride), axis=(-1, -2))


def avg_floor_division(x, size, stride):
    return pool_windows(x, size, stride).astype(float).sum((-1, -2)) // size**2


def avg_backward_reshape_trick(dy, x, size, stride):
    dx = np.zeros(x.shape)
    big = np.repeat(np.repeat(dy, size, axis=1), size, axis=2)[:, : x.shape[1], : x.shape[2]] / size**2
    dx[:, : big.shape[1], : big.shape[2]] = big
    return dx


def avg_backward_times_x(dy, x, size, stride):
    return avg_backward_tap_by_tap(dy, x, size, stride) * x


def avg_backward_centre(dy, x, size, stride):
    dx = np.zeros(x.shape)
    for i, j in np.ndindex(dy.shape[1:3]):
        dx[:, i * stride + size // 2, j * stride + size // 2] += dy[:, i, j]
    return dx


LAYER_MUTANTS = {
    "remembered by shape": remembered(layer_of_einsum),
    "frame at the right in rows": layer_only_pads_rows,
    "first image everywhere": layer_first_image_only,
    "with ReLU": layer_with_relu,
    "frame repeats the edge": layer_pads_with_edge,
    "width checked with the kernel's height": layer_needs_square_kernel,
    "stride in rows only": layer_stride_in_rows_only,
    "only the height must fit": layer_checks_height_only,
    "mean over channels": layer_mean_over_channels,
    "bias on the input": layer_adds_bias_to_input,
    "bytes as signed": layer_bytes_wrap,
    "sign": changed(layer_of_einsum, np.negative),
    "filters reversed": changed(layer_of_einsum, lambda y: y[..., ::-1]),
    "images reversed": changed(layer_of_einsum, lambda y: y[::-1]),
    "height and width swapped": changed(layer_of_einsum, lambda y: y.swapaxes(1, 2)),
    "channels reversed": one_side(layer_of_einsum, lambda x, *rest: (x[..., ::-1], *rest)),
    "kernel transposed": one_side(layer_of_einsum, lambda x, w, *rest: (x, np.rot90(w, 2, (0, 1)), *rest)),
    "in the dtype of the weights": lambda x, w, *rest: layer_of_einsum(x, w, *rest).astype(w.dtype),
    "bias squared": one_side(
        layer_of_einsum, lambda x, w, b, *rest: (x, w, None if b is None else b * np.abs(b), *rest)
    ),
}

MUTANTS = {
    "pad2d": {
        "mirror not reversed": pad_copies_reflection_forwards,
        "remembered by shape": remembered(Padder()),
        "frame of ones": pad_with_ones,
        "black corners": pad_corners_black,
        "transposed": pad_transposed,
        "signed bytes": pad_in_signed_bytes,
        "last row missing": changed(Padder(), lambda y: y[:-1]),
        "a frame twice as wide": one_side(Padder(), lambda image, pad, mode: (image, 2 * pad, mode)),
        "edge and reflect swapped": one_side(
            Padder(), lambda image, pad, mode: (image, pad, {"edge": "reflect", "reflect": "edge"}.get(mode, mode))
        ),
    },
    "output_size": {
        "rounds": size_rounds,
        "float": size_as_float,
        "text": size_as_text,
        "None instead of an error": size_none_on_error,
        "AssertionError": size_asserts,
        "rounds up": size_ceils,
        "default stride 2": size_wrong_default,
        "default pad 1": size_same_padding_by_default,
    },
    "correlate2d": {
        "wraps in bytes": correlate_wraps_in_bytes,
        "modifies the picture": correlate_modifies,
        "whole numbers for bytes": lambda image, kernel: correlate_tap_by_tap(image, kernel).astype(
            int if image.dtype == np.uint8 else float
        ),
        "remembered by shape": remembered(correlate_tap_by_tap),
        "in the dtype of the kernel": lambda image, kernel: correlate_tap_by_tap(image, kernel).astype(kernel.dtype),
        "last column of the kernel skipped": correlate_skips_last_kernel_column,
        "clipped to 0..255": correlate_clips,
        "kernel padded to a square": correlate_squares_the_kernel,
        "sign": changed(correlate_tap_by_tap, np.negative),
        "absolute": changed(correlate_tap_by_tap, np.abs),
        "rounded": changed(correlate_tap_by_tap, np.rint),
        "left to right": one_side(correlate_tap_by_tap, lambda image, kernel: (image, kernel[:, ::-1])),
        "kernel over its sum": one_side(
            correlate_tap_by_tap, lambda image, kernel: (image, kernel / (np.sum(kernel) or 1))
        ),
        "kernel transposed": one_side(correlate_tap_by_tap, lambda image, kernel: (image, kernel.T)),
    },
    "convolve2d": {
        "kernel transposed": convolve_transposed_kernel,
        "turned by a quarter": one_side(correlate_tap_by_tap, lambda image, kernel: (image, np.rot90(kernel))),
        "clipped": changed(convolve_rotated, lambda y: np.clip(y, 0, 255)),
        "rounded": changed(convolve_rotated, np.rint),
        "sign": changed(correlate_tap_by_tap, np.negative),
        "absolute": changed(convolve_rotated, np.abs),
        "sorted kernel": one_side(correlate_tap_by_tap, lambda image, kernel: (image, np.sort(kernel)[:, ::-1])),
    },
    "gaussian_kernel": {
        "columns add up to 1": gaussian_sums_rows,
        "peak 1": gaussian_peak_one,
        "starts at 1": gaussian_from_one,
        "sigma ignored": gaussian_ignores_sigma,
        "not a bell": gaussian_tent,
        "flat": lambda size, sigma: np.full((size, size), 1 / size**2),
        "size 1 larger": lambda size, sigma: gaussian_by_loops(size + 1, sigma),
        "twice as wide": lambda size, sigma: gaussian_by_loops(size, 2 * sigma),
        "rounded": lambda size, sigma: gaussian_by_loops(size, sigma).round(4),
    },
    "gradient_magnitude": {
        "the same kernel twice": gradient_same_kernel_twice,
        "remembered by shape": remembered(gradient_by_slices),
        "the larger slope": gradient_largest,
        "Scharr": gradient_scharr,
        "np.gradient": gradient_of_numpy,
        "clipped to 255": gradient_clipped,
        "stored in bytes": gradient_in_small_integers,
        "top to bottom only": lambda image: np.abs(correlate_windows(image, np.outer([-1, 0, 1], [1, 2, 1]))),
        "transposed": changed(gradient_by_slices, np.transpose),
        "mean of squares": changed(gradient_by_slices, lambda y: y / np.sqrt(2)),
    },
    "conv2d": {"default pad 1": layer_wrong_default_pad} | LAYER_MUTANTS,
    "im2col": {
        "sign": changed(columns_from_view, np.negative),
        "rows reversed": changed(columns_from_view, lambda y: y[::-1]),
        "columns reversed": changed(columns_from_view, lambda y: y[:, ::-1]),
        "windows kept as blocks": lambda x, kh, kw, stride, pad: columns_from_view(x, kh, kw, stride, pad).reshape(
            -1, kh, kw, x.shape[3]
        ),
        "one block per image": lambda x, kh, kw, stride, pad: columns_from_view(x, kh, kw, stride, pad).reshape(
            len(x), -1, kh * kw * x.shape[3]
        ),
        "frame repeats the edge": lambda x, kh, kw, stride, pad: columns_from_view(
            np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)), "edge"), kh, kw, stride, 0
        ),
        "sides of the kernel swapped": lambda x, kh, kw, stride, pad: columns_from_view(x, kw, kh, stride, pad),
        "first image only": lambda x, kh, kw, stride, pad: np.tile(
            columns_from_view(x[:1], kh, kw, stride, pad), (len(x), 1)
        ),
        "shuffled by a reshape": lambda x, kh, kw, stride, pad: (
            columns_from_view(x, kh, kw, stride, pad).reshape(kh * kw * x.shape[3], -1).T
        ),
        "a list": lambda *inputs: list(columns_from_view(*inputs)),
    },
    "conv2d_im2col": {
        "a loop over rows": row_loop,
        "np.vectorize": vectorized_in_name,
        "im2col with loops": windows_in_a_comprehension,
        "all loops": layer_all_loops,
    }
    | LAYER_MUTANTS,
    "conv2d_backward": {
        "dw without the stride": backward_ignores_stride,
        "remembered by shape": remembered(backward_by_columns),
        "first image everywhere": backward_first_image_dx,
        "no db": backward_without_bias,
        "channels swapped in dw": backward_swaps_channels,
        "first row 0": backward_zero_at_border,
        "changes dy": backward_changes_dy,
        "dx negative": spoiled(0, np.negative),
        "dw negative": spoiled(1, np.negative),
        "db negative": spoiled(2, np.negative),
        "dx doubled": spoiled(0, lambda g: 2 * g),
        "dw halved": spoiled(1, lambda g: g / 2),
        "dw transposed": spoiled(1, lambda g: np.rot90(g, 1, (0, 1))),
        "db as a row": spoiled(2, lambda g: g[None]),
        "db as one number": spoiled(2, np.sum),
        "dx zero": spoiled(0, np.zeros_like),
        "a dictionary": lambda *inputs: backward_by_columns(*inputs)._asdict(),
    },
    "max_pool2d": {
        "first image everywhere": max_first_image,
        "maximum of one row": max_of_rows,
        "only the height must fit": max_height_checked_only,
        "side by side only": max_reshape_trick,
        "with a frame": max_pads,
        "sign": changed(max_of_windows, np.negative),
        "channels reversed": changed(max_of_windows, lambda y: y[..., ::-1]),
        "height and width swapped": changed(max_of_windows, lambda y: y.swapaxes(1, 2)),
    },
    "max_pool2d_backward": {
        "ties get nothing": tied_nothing,
        "ties pay the first pixel": tied_to_the_outside,
        "ties with opposite signs": tied_with_opposite_signs,
        "last row 0": max_backward_drops_border,
        "the smallest": max_backward_of_minimum,
        "across channels": max_backward_across_channels,
        "the largest magnitude": max_backward_of_absolute,
        "sign": changed(max_backward_first, np.negative),
        "halved": changed(max_backward_first, lambda dx: dx / 2),
    },
    "avg_pool2d": {
        "counts wrong": avg_counts_wrong,
        "remembered by shape": remembered(mean_of_windows),
        "mean of the positive": avg_of_nonzero,
        "median": avg_median,
        "floor division": avg_floor_division,
        "side by side only": one_side(mean_of_windows, lambda x, size, stride: (x, size, size)),
        "rounded": changed(mean_of_windows, np.rint),
        "first image everywhere": changed(mean_of_windows, lambda y: np.repeat(y[:1], len(y), axis=0)),
    },
    "avg_pool2d_backward": {
        "side by side only": avg_backward_reshape_trick,
        "remembered by shape": remembered(avg_backward_tap_by_tap),
        "times x": avg_backward_times_x,
        "centre only": avg_backward_centre,
        "sign": changed(avg_backward_tap_by_tap, np.negative),
        "batch added up": changed(avg_backward_tap_by_tap, lambda dx: np.broadcast_to(dx.sum(0), dx.shape).copy()),
        "last column 0": changed(
            avg_backward_tap_by_tap, lambda dx: dx * (np.arange(dx.shape[2])[:, None] < dx.shape[2] - 1)
        ),
    },
}
