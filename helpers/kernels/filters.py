"""Filters for grey pictures: one picture, one kernel.

Three roads, the quickest is taken: a kernel that is a column times a row (a Gaussian, a mean, Sobel's) is applied as
two thin kernels; a small kernel is added up tap by tap; a large one goes through the Fourier transform.
"""

import numpy as np
from scipy import fft

from helpers.kernels.arguments import as_float, require_finite, require_rank

FFT_TAPS = 150  # from about this many kernel entries on, the Fourier transform is quicker than adding up tap by tap
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
    thin = separate(kernel) if min(kernel.shape) > 1 else None
    if thin is not None:
        column, row = thin
        return _add_taps(_add_taps(image, column[:, None]), row[None, :])
    return _multiply_spectra(image, kernel) if kernel.size >= FFT_TAPS else _add_taps(image, kernel)


def _add_taps(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    height, width = (n - k + 1 for n, k in zip(image.shape, kernel.shape))
    y = np.zeros((height, width), image.dtype)
    for (i, j), weight in np.ndenumerate(kernel):
        if weight:
            y += weight * image[i : i + height, j : j + width]
    return y


def _multiply_spectra(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    height, width = (n - k + 1 for n, k in zip(image.shape, kernel.shape))
    size = [fft.next_fast_len(n, real=True) for n in image.shape]
    spectrum = fft.rfft2(image, size) * fft.rfft2(kernel, size).conj()
    return np.ascontiguousarray(fft.irfft2(spectrum, size)[:height, :width])


def _pad(image: np.ndarray, kernel_shape: tuple[int, int], before: list[int], border: str | None) -> np.ndarray:
    if border is None:
        return image
    widths = [(b, k - 1 - b) for b, k in zip(before, kernel_shape)]
    return np.pad(image, widths, BORDERS[border])


def _check(image: np.ndarray, kernel: np.ndarray, border: str | None) -> tuple[np.ndarray, np.ndarray]:
    image, kernel = as_float("image", image), as_float("kernel", kernel)
    require_rank("image", image, 2, "(height, width)")
    require_rank("kernel", kernel, 2, "(kernel_height, kernel_width)")
    require_finite("kernel", kernel)
    if border is not None and border not in BORDERS:
        raise ValueError(f"border is {border!r}; it must be one of {', '.join(map(repr, BORDERS))}, or None.")
    if min(kernel.shape) < 1 or min(image.shape) < 1:
        raise ValueError(f"image {image.shape} and kernel {kernel.shape} must both have at least one entry.")
    if border is None and any(k > n for n, k in zip(image.shape, kernel.shape)):
        raise ValueError(f"kernel {kernel.shape} is larger than image {image.shape}; give a border, or a larger image.")
    return image, kernel.astype(image.dtype, copy=False)
