"""Pictures that learners bring along: arrays and uploaded files become small grey pictures, or a sentence."""

import io

import numpy as np

from helpers.data import grey

SIDE = 256  # pixels of the longer side of what is explored
UPLOAD_BYTES = 8_000_000  # a message to the kernel may have 10 MB
UPLOAD_PIXELS = 50_000_000


def small(image: np.ndarray, side: int = SIDE) -> np.ndarray:
    """A grey picture in 0..1 whose longer side is at most `side`, by taking every n-th pixel.

    Raises ValueError where `image` is no picture: (height, width) or (height, width, 3 or 4), uint8 or 0..1.
    """
    image = np.asarray(image)
    if image.ndim not in (2, 3) or image.shape[2:] not in ((), (3,), (4,)) or not image.size:
        raise ValueError(
            "image must be a picture, (height, width) in grey or (height, width, 3) in colour; its shape is "
            f"{image.shape}."
        )
    if image.dtype.kind not in "iuf" or not np.isfinite(image).all():
        raise ValueError(f"the pixels of image must be numbers, none of them nan or infinite; they are {image.dtype}.")
    white = 255.0 if image.dtype.kind in "iu" else 1.0
    step = -(-max(image.shape[:2]) // side)
    image = image[::step, ::step]
    return (grey(image[..., :3]) if image.ndim == 3 else image) / white


def uploaded(name: str, content: bytes, side: int = SIDE) -> tuple[np.ndarray | None, str]:
    """The picture in an uploaded file, grey in 0..1, its longer side at most `side`; or None and the reason."""
    from PIL import Image, ImageOps

    if len(content) > UPLOAD_BYTES:
        return None, f"{name} has {len(content) / 1e6:.1f} MB; choose a picture of at most {UPLOAD_BYTES / 1e6:.0f} MB."
    try:
        picture = Image.open(io.BytesIO(content))
        width, height = picture.size
        if width * height > UPLOAD_PIXELS:
            limit = UPLOAD_PIXELS // 1_000_000
            return None, f"{name} is {width} x {height} pixels; choose one of at most {limit} megapixels."
        picture.draft("L", (side, side))  # where the format can be read at a smaller size, it is: JPEG
        picture = ImageOps.exif_transpose(picture.convert("RGBA" if picture.has_transparency_data else "L"))
        picture.thumbnail((side, side))
        if picture.mode == "RGBA":  # what can be seen through is white paper
            picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("L")
        return np.asarray(picture) / 255.0, ""
    except Exception:  # what a damaged file raises differs from format to format
        return None, f"{name} cannot be read as a picture; choose a PNG or JPEG file that opens elsewhere."
