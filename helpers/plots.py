"""The one look of the course's figures, and the few pictures that every chapter needs.

`draw_...` draws into axes that you have; `show_...` and `plot_...` make the figure and show it. Every figure comes with
a text that says what can be seen in it, for those who cannot see it.

Figures sit on a light card of their own and read the same in a light and in a dark notebook: no one grey has good
contrast on both. The colours are five of Okabe and Ito's, two of them darkened so that all have a contrast of 3 to 1 on
the card and stay apart for colour-blind eyes (a test computes both); lines differ in their dashes too. Signed values go
from blue through white, which is zero, to red.
"""

from __future__ import annotations

import base64
import html
import io
import os
from collections.abc import Mapping, Sequence

import numpy as np
from cycler import cycler
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

CARD = "#FAFAF7"
INK = "#262626"
FRAME = "#B0B0A8"
COLOURS = {"blue": "#005C9E", "vermilion": "#D55E00", "green": "#009E73", "purple": "#C875A3", "black": INK}
DASHES = ("-", "--", "-.", ":", (0, (6, 2, 1, 2, 1, 2)))
SIGNED = "RdBu_r"  # blue below zero, red above: distinct to colour-blind eyes
COUNTS = "cividis"  # ordered in lightness, the same to all eyes

PNG_LIMIT = 100_000  # bytes

STYLE = {
    "figure.facecolor": CARD,
    "savefig.facecolor": CARD,
    "axes.facecolor": CARD,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "axes.titlecolor": INK,
    "axes.titlesize": 12,
    "axes.prop_cycle": cycler(color=COLOURS.values()) + cycler(linestyle=DASHES) + cycler(linewidth=[2] * len(DASHES)),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "font.size": 11,
}


class Picture:
    """A finished figure in a notebook: a PNG, and the text that stands for it."""

    def __init__(self, png: bytes, alt: str, width: int) -> None:
        self.png, self.alt, self.width = png, alt, width

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        style = "max-width:100%;height:auto;border-radius:6px"
        tag = f'<img alt="{html.escape(self.alt)}" width="{self.width}" style="{style}" src="{self.source}">'
        return {"text/html": tag, "text/plain": self.alt}

    @property
    def source(self) -> str:
        """The PNG as a URL that holds it all."""
        return f"data:image/png;base64,{base64.b64encode(self.png).decode('ascii')}"


def figure(
    rows: int = 1, columns: int = 1, width: float = 6.4, height: float = 3.6, **subplots
) -> tuple[Figure, np.ndarray]:
    """Return an empty figure in the course's style, `width` by `height` inches, and its axes, (rows, columns).

    `subplots` goes to matplotlib's `Figure.subplots`, e.g. `sharey=True`.
    """
    with rc_context(STYLE):
        fig = Figure(figsize=(width, height), layout="constrained")
        return fig, fig.subplots(rows, columns, squeeze=False, **subplots)


def show(fig: Figure, alt: str) -> None:
    """Show `fig` below the cell; `alt` says in words what can be seen in it."""
    from IPython.display import display

    if not alt.strip():
        raise ValueError("a figure needs a text that says what can be seen in it: show(fig, alt='...')")
    if os.environ.get("COURSE_GRADING"):  # nobody looks, and drawing would be most of what grading costs
        print(alt)
        return
    display(Picture(_png(fig), alt, round(96 * fig.get_figwidth())))


def _png(fig: Figure) -> bytes:
    """Return `fig` as PNG, as sharp as PNG_LIMIT allows: fewer colours come first, then fewer pixels."""
    from PIL import Image

    for dpi in (144, 120, 96, 72, 54, 40):
        with rc_context(STYLE):
            fig.savefig(raw := io.BytesIO(), dpi=dpi)
        image = Image.open(raw).convert("RGB")
        for candidate in (image, image.quantize(256)):
            candidate.save(packed := io.BytesIO(), "PNG", optimize=True)
            if packed.tell() <= PNG_LIMIT:
                return packed.getvalue()
    return packed.getvalue()


# --- pictures --------------------------------------------------------------------------------------------------------


def draw_image(ax: Axes, image: np.ndarray, title: str = "") -> AxesImage:
    """Draw `image`, (height, width) or (height, width, 3), uint8 in 0..255 or floating point in 0..1."""
    image = np.asarray(image)
    white = 255 if image.dtype.kind in "iu" else 1.0
    _frame(ax, title)
    return ax.imshow(image if image.ndim == 3 else image / white, cmap="gray", vmin=0, vmax=1)


def show_images(
    images: Sequence[np.ndarray], titles: Sequence[str] = (), *, alt: str, columns: int = 5, size: float = 1.4
) -> None:
    """Show `images` (see `draw_image`) in a grid, each `size` inches wide, below its title."""
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    fig, axes = figure(rows, columns, width=size * columns, height=(size + 0.25 * bool(titles)) * rows)
    for ax in axes.flat:
        ax.set_axis_off()
    for index, (ax, image) in enumerate(zip(axes.flat, images)):
        draw_image(ax, image, titles[index] if index < len(titles) else "")
    show(fig, alt)


def draw_signed(ax: Axes, image: np.ndarray, title: str = "", limit: float | None = None) -> AxesImage:
    """Draw signed values `image`, (height, width), with white at zero; `limit` is the value of the strongest colour."""
    image = np.asarray(image, dtype=np.float64)
    limit = limit or float(np.abs(image).max(initial=0)) or 1.0
    _frame(ax, title)
    return ax.imshow(image, cmap=SIGNED, vmin=-limit, vmax=limit)


def show_signed(image: np.ndarray, title: str = "", *, alt: str, limit: float | None = None, unit: str = "") -> None:
    """Show `image` (see `draw_signed`) beside the scale of its colours, which is in `unit`."""
    fig, axes = figure(width=4.4, height=3.4)
    drawn = draw_signed(axes[0, 0], image, title, limit)
    fig.colorbar(drawn, ax=axes[0, 0], label=unit)
    show(fig, alt)


def draw_kernel(ax: Axes, kernel: np.ndarray, title: str = "", limit: float | None = None) -> AxesImage:
    """Draw `kernel` (height, width) like `draw_signed`, with every weight written into its cell up to 7 x 7."""
    drawn = draw_signed(ax, kernel, title, limit)
    if max(drawn.get_array().shape) <= 7:
        _write_cells(ax, drawn, ".3g")
    return drawn


def show_kernel(kernel: np.ndarray, title: str = "", *, alt: str, limit: float | None = None) -> None:
    """Show `kernel` (see `draw_kernel`)."""
    height, width = np.shape(kernel)
    cell = min(0.6, 4 / max(height, width))
    fig, axes = figure(width=max(2.0, cell * width), height=max(1.2, cell * height) + 0.3)
    draw_kernel(axes[0, 0], kernel, title, limit)
    show(fig, alt)


# --- numbers ---------------------------------------------------------------------------------------------------------


def draw_curves(
    ax: Axes, curves: Mapping[str, np.ndarray | tuple], title: str = "", x_label: str = "", y_label: str = ""
) -> None:
    """Draw named curves, each an array of heights over 0, 1, 2, ... or a pair (x, y), into axes from `figure`."""
    for name, curve in curves.items():
        x, y = curve if isinstance(curve, tuple) else (np.arange(len(curve)), curve)
        ax.plot(x, y, label=name)
    ax.set(title=title, xlabel=x_label, ylabel=y_label)
    if len(curves) > 1:
        ax.legend(frameon=False, handlelength=3, loc="upper left", bbox_to_anchor=(1, 1))


def plot_curves(
    curves: Mapping[str, np.ndarray | tuple], title: str = "", *, x_label: str, y_label: str, alt: str
) -> None:
    """Show named curves (see `draw_curves`) over axes that say what they measure, units in brackets."""
    fig, axes = figure()
    draw_curves(axes[0, 0], curves, title, x_label, y_label)
    show(fig, alt)


def draw_confusion(ax: Axes, confusion: np.ndarray, class_names: Sequence[str], title: str = "") -> AxesImage:
    """Draw a confusion matrix, (classes, classes): true classes in rows, predicted ones in columns, counts in cells."""
    confusion = np.asarray(confusion)
    drawn = ax.imshow(confusion, cmap=COUNTS)
    turn = {"rotation": 45, "ha": "right"} if max(map(len, class_names)) > 2 else {}
    ax.set_xticks(range(len(class_names)), class_names, **turn)
    ax.set_yticks(range(len(class_names)), class_names)
    ax.set(title=title, xlabel="predicted class", ylabel="true class")
    _write_cells(ax, drawn, "g")
    return drawn


def plot_confusion(confusion: np.ndarray, class_names: Sequence[str], title: str = "", *, alt: str) -> None:
    """Show a confusion matrix (see `draw_confusion`)."""
    side = 1.6 + 0.42 * len(class_names)
    fig, axes = figure(width=side, height=side)
    draw_confusion(axes[0, 0], confusion, class_names, title)
    show(fig, alt)


def _frame(ax: Axes, title: str) -> None:
    """Make `ax` a picture with a thin frame and a title in place of axes with numbers."""
    ax.set(title=title, xticks=[], yticks=[])
    ax.spines[:].set(visible=True, color=FRAME, linewidth=0.8)


def _write_cells(ax: Axes, drawn: AxesImage, form: str) -> None:
    """Write every value of `drawn` into its cell in the format `form`, dark on light colours and light on dark ones."""
    for (row, column), value in np.ndenumerate(drawn.get_array()):
        brightness = np.dot(drawn.to_rgba(value)[:3], (0.299, 0.587, 0.114))
        ink = "black" if brightness > 0.5 else "white"
        ax.text(column, row, f"{value:{form}}", ha="center", va="center", size=9, color=ink)
