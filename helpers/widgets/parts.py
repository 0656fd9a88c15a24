"""Parts that several explorers' pictures are made of: feature maps side by side, and bars for classes."""

from collections.abc import Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from helpers import plots

GAP = 0.12  # between maps, as a share of a map's side
MAX_TILES = 600


class Mosaic:
    """Maps (height, width, channels) side by side, or a vector as one cell per unit; white is zero.

    Everything lies in 0..1 of the axes' longer side, so that the axes never change.
    """

    def __init__(self, ax: Axes, shape: float = 4.0) -> None:
        self.ax, self.shape = ax, shape  # width of the place, in heights
        cmap = matplotlib.colormaps[plots.SIGNED].with_extremes(bad=plots.CARD)
        self.image = ax.imshow(np.zeros((2, 2)), cmap=cmap, vmin=-1, vmax=1, interpolation="nearest", aspect="equal")
        self.frame = ax.add_patch(Rectangle((0, 0), 1, 1, fill=False, edgecolor=plots.COLOURS["vermilion"], lw=2))
        ax.set(xlim=(0, shape), ylim=(1, 0))
        ax.set_axis_off()
        self.count, self.columns, self.cell = 1, 1, (1.0, 1.0)

    @property
    def artists(self) -> list:
        return [self.image, self.frame]

    def put(self, values: np.ndarray, chosen: int) -> None:
        """Show other maps, with a frame around one of them."""
        maps = values if values.ndim == 3 else values[None, None, :]
        maps = maps[..., :MAX_TILES]
        height, width, self.count = maps.shape
        pad = max(1, round(GAP * max(height, width))) if height * width > 1 else 0
        tall, wide = height + pad, width + pad
        self.columns = _columns(self.count, tall, wide, self.shape)
        rows = -(-self.count // self.columns)
        sheet = np.full((rows * tall - pad, self.columns * wide - pad), np.nan)
        for index in range(self.count):
            row, column = divmod(index, self.columns)
            sheet[row * tall : row * tall + height, column * wide : column * wide + width] = maps[..., index]
        scale = min(1 / sheet.shape[0], self.shape / sheet.shape[1])
        self.image.set_extent((0, sheet.shape[1] * scale, sheet.shape[0] * scale, 0))
        self.image.set_data(np.ma.masked_invalid(sheet / strongest(maps)))
        self.cell = tall * scale, wide * scale
        row, column = divmod(min(chosen, self.count - 1), self.columns)
        self.frame.set(xy=(column * self.cell[1], row * self.cell[0]), width=width * scale, height=height * scale)

    def at(self, x: float, y: float) -> int | None:
        """Which map lies there."""
        row, column = int(y // self.cell[0]), int(x // self.cell[1])
        index = row * self.columns + column
        return index if 0 <= column < self.columns and 0 <= index < self.count else None


def _columns(count: int, tall: int, wide: int, shape: float) -> int:
    """How many maps fit side by side so that all are as large as possible."""
    sizes = [min(1 / (-(-count // c) * tall), shape / (c * wide)) for c in range(1, count + 1)]
    return int(np.argmax(sizes)) + 1


def strongest(values: np.ndarray) -> float:
    """The largest finite size of any value; 1 where all are zero."""
    return float(np.abs(values[np.isfinite(values)]).max(initial=0.0)) or 1.0


def put_signed(image, values: np.ndarray) -> None:
    """Show other signed values as shares of the strongest, their longer side from 0 to 1."""
    put(image, values / strongest(values))


def put(image, values: np.ndarray) -> None:
    """Show other values, their longer side from 0 to 1: axes that stay need not be drawn again."""
    height, width = np.divide(values.shape[:2], max(values.shape[:2]))
    image.set_extent((0, width, height, 0))
    image.set_data(values)


def unit_image(ax: Axes, title: str, signed: bool = False):
    """An empty picture whose longer side goes from 0 to 1, for `put` or `put_signed`."""
    draw = plots.draw_signed if signed else plots.draw_image
    image = draw(ax, np.zeros((2, 2)), title)
    image.set_interpolation("nearest")
    if signed:
        image.set_clim(-1, 1)
    ax.set(xlim=(0, 1), ylim=(1, 0))
    ax.spines[:].set_visible(False)
    return image


class Bars:
    """One bar a class, from 0 to 1; the longest is orange."""

    def __init__(self, ax: Axes, names: Sequence[str], title: str) -> None:
        self.bars = ax.barh(range(len(names)), [0] * len(names), color=plots.COLOURS["blue"]).patches
        ax.set(xlim=(0, 1), ylim=(len(names) - 0.5, -0.5), title=title, xticks=[0, 0.5, 1])
        ax.set_yticks(range(len(names)), names, fontsize=9)

    @property
    def artists(self) -> list:
        return self.bars

    def put(self, shares: np.ndarray | None) -> None:
        """Show other shares, (classes,); None shows none."""
        for index, bar in enumerate(self.bars):
            bar.set_width(0 if shares is None else float(np.clip(shares[index], 0, 1)))
            best = shares is not None and index == int(np.argmax(shares))
            bar.set_facecolor(plots.COLOURS["vermilion" if best else "blue"])


def called(value: object, otherwise: str) -> str:
    """The name by which a learner would write `value` in the notebook; `otherwise` where it has none."""
    from IPython import get_ipython

    shell = get_ipython()
    names = shell.user_ns if shell is not None else {}
    for name, held in list(names.items()):
        if held is value and name.isidentifier() and not name.startswith("_"):
            return name
    name = getattr(value, "__name__", otherwise)
    return name if name.isidentifier() else otherwise
