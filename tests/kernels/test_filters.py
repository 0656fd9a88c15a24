"""Grey filters: loops = NumPy kernel = TensorFlow = OpenCV = SciPy, for every border."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from helpers import kernels
from helpers.kernels import filters
from helpers.kernels import tensorflow as tfk
from tests.kernels.support import assert_close, dtypes, laid_out, layouts, normal, seeds

cv2 = pytest.importorskip("cv2", reason="OpenCV is one of the oracles; the `dev` extra installs it")

BORDERS = {
    "zero": (cv2.BORDER_CONSTANT, "constant"),
    "edge": (cv2.BORDER_REPLICATE, "nearest"),
    "reflect": (cv2.BORDER_REFLECT_101, "mirror"),
}
kernel_sides = st.one_of(st.integers(1, 11), st.sampled_from([16, 17, 21]))


def correlate2d_loops(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    height, width = (n - k + 1 for n, k in zip(image.shape, kernel.shape, strict=True))
    y = np.empty((height, width))
    for i, j in np.ndindex(height, width):
        y[i, j] = np.sum(image[i : i + kernel.shape[0], j : j + kernel.shape[1]].astype("float64") * kernel)
    return y


@given(
    st.tuples(st.integers(22, 40), st.integers(22, 40)),
    st.tuples(kernel_sides, kernel_sides),
    st.booleans(),
    st.sampled_from(list(BORDERS)),
    dtypes,
    layouts,
    seeds,
)
def test_same_size(size, kernel_size, thin, border, dtype, layout, seed) -> None:
    image, kernel = normal(seed, dtype, size, kernel_size)
    if thin:
        kernel = np.outer(kernel[:, 0], kernel[0])
    image, kernel = laid_out(image, layout), laid_out(kernel, layout)
    cv_border, scipy_border = BORDERS[border]
    y = kernels.correlate2d(image, kernel, border)
    exact = ndimage.correlate(image.astype("float64"), kernel.astype("float64"), mode=scipy_border)
    assert_close(y, exact, dtype)
    assert_close(y, cv2.filter2D(np.ascontiguousarray(image), -1, np.array(kernel), borderType=cv_border), dtype)
    assert_close(tfk.correlate2d(tf.constant(image), tf.constant(kernel), border), exact, dtype)
    exact = ndimage.convolve(image.astype("float64"), kernel.astype("float64"), mode=scipy_border)
    assert_close(kernels.convolve2d(image, kernel, border), exact, dtype)
    assert_close(tfk.convolve2d(tf.constant(image), tf.constant(kernel), border), exact, dtype)


@given(
    st.tuples(st.integers(21, 26), st.integers(21, 26)),
    st.tuples(kernel_sides, kernel_sides),
    dtypes,
    layouts,
    seeds,
)
def test_valid_part(size, kernel_size, dtype, layout, seed) -> None:
    image, kernel = (laid_out(a, layout) for a in normal(seed, dtype, size, kernel_size))
    expected = correlate2d_loops(image, kernel)
    assert_close(kernels.correlate2d(image, kernel), expected, dtype)
    assert_close(kernels.convolve2d(image, kernel[::-1, ::-1]), expected, dtype)
    assert_close(tfk.correlate2d(tf.constant(image), tf.constant(kernel)), expected, dtype)


@pytest.mark.parametrize("road", ["thin", "bands", "spectra"])
def test_every_road_leads_to_the_same_picture(road: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thresholds choose between the roads by speed alone."""
    taps = {"thin": (0, 10**9), "bands": (10**9, 10**9), "spectra": (10**9, 0)}[road]
    monkeypatch.setattr(filters, "THIN_TAPS", taps[0])
    monkeypatch.setattr(filters, "FFT_TAPS", taps[1])
    image, column, row = normal(3, "float64", (37, 29), (9,), (6,))
    kernel = np.outer(column, row)
    assert_close(kernels.correlate2d(image, kernel), correlate2d_loops(image, kernel), "float64")


def test_thin_kernels_are_recognised() -> None:
    column, row = normal(1, "float64", (7,), (4,))
    found = filters.separate(np.outer(column, row))
    assert found is not None
    np.testing.assert_allclose(np.outer(*found), np.outer(column, row), rtol=1e-12)
    assert filters.separate(np.outer(column, row) + 1e-6 * np.eye(7, 4)) is None
    assert filters.separate(np.zeros((3, 3))) is None


def test_bytes_do_not_wrap_round() -> None:
    image = np.full((4, 4), 200, np.uint8)
    assert kernels.correlate2d(image, np.ones((2, 2), np.uint8)).max() == 800


def test_image_smaller_than_the_kernel() -> None:
    """With a border the result has the image's size, however large the kernel."""
    image, kernel = normal(5, "float64", (3, 2), (7, 9))
    expected = ndimage.correlate(image, kernel, mode="mirror")
    assert_close(kernels.correlate2d(image, kernel, "reflect"), expected, "float64")
    assert_close(tfk.correlate2d(tf.constant(image), tf.constant(kernel), "reflect"), expected, "float64")
