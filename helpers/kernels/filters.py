"""Filters for grey pictures: one picture, one kernel.

Three roads, the quickest is taken: a kernel that is a column times a row (a Gaussian, a mean, Sobel's) is applied as
two thin kernels; a small one becomes matrix products over a few rows; a large one goes through the Fourier transform.
"""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import fft

from helpers.kernels.arguments import as_float, require_finite, require_rank

THIN_TAPS = 25  # smaller kernels are quicker whole than as two thin ones
FFT_TAPS = 256  # from about this many kernel entries on, the Fourier transform is quicker
BAND_ROWS = 4  # more rows waste more of the product on zeros, fewer read the image more often
THIN_ROWS = (
    8  # for a kernel one entry wide; with more rows BLAS would wake further threads, which wait when others work
)
BANDS_AT_ONCE = 16  # so that their products stay in the processor's cache
BORDERS = {"zero": "constant", "edge": "edge", "reflect": "reflect"}


def correlate2d(image: np.ndarray, kernel: np.ndarray, border: str | None = None) -> np.ndarray:
    """Slide `kernel` (kernel_height, kernel_width) over a grey `image` (height, width), unflipped.

    border: None for the valid part, (height - kernel_height + 1, width - kernel_width + 1); or "zero", "edge" (repeat
    the border pixel) or "reflect" (mirror without repeating it) for a result of the image's size, the window centred
    at (kernel_height // 2, kernel_width // 2), as in OpenCV's filter2D and SciPy's ndimage.correlate.
    """
    image, kernel = _check(image, kernel, border)
    before = [k // 2 for k in kernel.shape]
    return _correlate_valid(_pad(image, kernel.shape, before, border), kernel)


def convolve2d(image: np.ndarray, kernel: np.ndarray, border: str | None = None) -> np.ndarray:
    """As `correlate2d`, with the kernel flipped in both directions; SciPy's ndimage.convolve."""
    image, kernel = _check(image, kernel, border)
    before = [(k - 1) // 2 for k in kernel.shape]
    return _correlate_valid(_pad(image, kernel.shape, before, border), kernel[::-1, ::-1])


def separate(kernel: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """(column, row) whose outer product is `kernel`, or None where there is none."""
    top, left = np.unravel_index(np.abs(kernel).argmax(), kernel.shape)
    pivot = kernel[top, left]
    if pivot == 0:
        return None
    column, row = kernel[:, left], kernel[top] / pivot
    error = np.abs(np.outer(column, row) - kernel).max()
    return (column, row) if error <= 4 * np.finfo(kernel.dtype).eps * abs(pivot) else None


def _correlate_valid(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    thin = separate(kernel) if kernel.size >= THIN_TAPS else None
    if thin is not None:
        column, row = thin
        return _correlate_columns(_correlate_columns(image, column).T, row).T
    return _multiply_spectra(image, kernel) if kernel.size >= FFT_TAPS else _multiply_bands(image, kernel)


def _correlate_columns(image: np.ndarray, taps: np.ndarray) -> np.ndarray:
    """Correlate every column of the image with `taps`: for THIN_ROWS output rows at a time, one matrix product."""
    height = image.shape[0] - len(taps) + 1
    shifts = _shifts(taps, min(THIN_ROWS, height))
    y = np.empty_like(image, shape=(height, image.shape[1]))
    for top in range(0, height, THIN_ROWS):
        rows = min(THIN_ROWS, height - top)
        reach = rows + len(taps) - 1
        np.matmul(shifts[:rows, :reach], image[top : top + reach], out=y[top : top + rows])
    return y


def _multiply_bands(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Valid correlation, a few output rows (a band) at a time.

    A matrix that holds the kernel's columns, once for each of the band's rows, is multiplied with a band of the image:
    that sums over the kernel's rows. What is left, the sum over its columns, adds shifted copies of the product.
    """
    kernel_height, kernel_width = kernel.shape
    height, width = (n - k + 1 for n, k in zip(image.shape, kernel.shape, strict=True))
    rows = min(BAND_ROWS, height)
    shifts = np.concatenate([_shifts(column, rows) for column in kernel.T])
    image = np.ascontiguousarray(image)
    bands = sliding_window_view(image, rows + kernel_height - 1, axis=0)[::rows].swapaxes(1, 2)
    y = np.empty((height, width), image.dtype)
    whole = y[: len(bands) * rows].reshape(-1, rows, width)
    for start in range(0, len(bands), BANDS_AT_ONCE):
        out = whole[start : start + BANDS_AT_ONCE]
        products = shifts @ bands[start : start + BANDS_AT_ONCE]
        products = products.reshape(len(out), kernel_width, rows, -1)
        out[...] = products[:, 0, :, :width]
        for j in range(1, kernel_width):
            out += products[:, j, :, j : j + width]
    if height % rows:
        y[-rows:] = _multiply_bands(image[-bands.shape[1] :], kernel)
    return y


def _shifts(taps: np.ndarray, rows: int) -> np.ndarray:
    """(rows, rows + len(taps) - 1): the taps in every row, one place further each time, zeros elsewhere."""
    matrix = np.zeros((rows, rows + len(taps) - 1), taps.dtype)
    for r in range(rows):
        matrix[r, r : r + len(taps)] = taps
    return matrix


def _multiply_spectra(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    height, width = (n - k + 1 for n, k in zip(image.shape, kernel.shape, strict=True))
    size = [fft.next_fast_len(n, real=True) for n in image.shape]
    spectrum = fft.rfft2(image, size) * fft.rfft2(kernel, size).conj()
    return np.ascontiguousarray(fft.irfft2(spectrum, size)[:height, :width])


def _pad(image: np.ndarray, kernel_shape: tuple[int, int], before: list[int], border: str | None) -> np.ndarray:
    if border is None:
        return image
    widths = [(b, k - 1 - b) for b, k in zip(before, kernel_shape, strict=True)]
    return np.pad(image, widths, BORDERS[border])


def _check(image: np.ndarray, kernel: np.ndarray, border: str | None) -> tuple[np.ndarray, np.ndarray]:
    image, kernel = as_float("image", image), as_float("kernel", kernel)
    check_filter(image, kernel, border)
    require_finite("kernel", kernel)
    return image, kernel.astype(image.dtype, copy=False)


def check_filter(image: Any, kernel: Any, border: str | None) -> None:
    """Image and kernel, arrays or tensors, are grey, not empty, and fit each other."""
    require_rank("image", image, 2, "(height, width)")
    require_rank("kernel", kernel, 2, "(kernel_height, kernel_width)")
    if border is not None and border not in BORDERS:
        raise ValueError(f"border is {border!r}; it must be one of {', '.join(map(repr, BORDERS))}, or None.")
    if min(kernel.shape) < 1 or min(image.shape) < 1:
        raise ValueError(f"image {image.shape} and kernel {kernel.shape} must both have at least one entry.")
    if border is None and any(k > n for n, k in zip(image.shape, kernel.shape, strict=True)):
        raise ValueError(f"kernel {kernel.shape} is larger than image {image.shape}; give a border, or a larger image.")
