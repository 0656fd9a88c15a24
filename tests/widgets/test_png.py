"""PNG files: other programs read back what was written."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from helpers.widgets.png import png


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (9, 1), (31, 17)])
def test_pillow_and_opencv_read_it_back(shape):
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 4), dtype=np.uint8)
    file = png(pixels)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(file))), pixels)
    read = cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(np.atleast_3d(read)[..., [2, 1, 0, 3]], pixels)


def test_other_layouts_in_memory_are_the_same_picture():
    pixels = np.random.default_rng(0).integers(0, 256, (6, 8, 4), dtype=np.uint8)
    assert png(np.asfortranarray(pixels)) == png(pixels)
    assert png(np.repeat(pixels, 2, axis=1)[:, ::2]) == png(pixels)
