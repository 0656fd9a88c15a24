"""Figures: every one has its text, its size has a limit, and its colours do what they promise."""

import html
import io
import re
from itertools import combinations

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image
from skimage.color import deltaE_ciede2000, rgb2lab

from helpers import plots

# Colours as seen without red-, green- or blue-sensitive cones, on linear RGB: Machado, Oliveira, Fernandes, 2009.
COLOUR_BLINDNESS = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[plots.Picture]:
    """The pictures that a notebook would have shown."""
    pictures = []
    monkeypatch.setattr("IPython.display.display", pictures.append)
    return pictures


def linear(colour: str) -> np.ndarray:
    rgb = np.array(to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """Contrast ratio of WCAG 2."""
    dark, light = sorted(linear(colour) @ [0.2126, 0.7152, 0.0722] for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


# --- what a notebook gets ---------------------------------------------------------------------------------------------


def test_every_figure_carries_its_text(shown: list[plots.Picture]) -> None:
    fig, axes = plots.figure()
    axes[0, 0].plot([0, 1])
    text = 'A line that rises from 0 to 1, "straight" & <thin>'
    plots.show(fig, text)
    bundle = shown[0]._repr_mimebundle_()
    assert bundle["text/plain"] == text
    alt, width = re.match(r'<img alt="([^"]*)" width="(\d+)"', bundle["text/html"]).groups()
    assert html.unescape(alt) == text
    assert int(width) == round(6.4 * 96)
    assert Image.open(io.BytesIO(shown[0].png)).size == (int(6.4 * 144), int(3.6 * 144))


@pytest.mark.parametrize("text", ["", "   "])
def test_figure_without_text_is_refused(shown: list[plots.Picture], text: str) -> None:
    with pytest.raises(ValueError, match="needs a text"):
        plots.show(plots.figure()[0], text)
    assert not shown


def test_png_stays_small_whatever_it_shows(shown: list[plots.Picture]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (2, 300, 300, 3), dtype=np.uint8)
    plots.show_images(noise, alt="Two squares of noise", size=3)
    assert len(shown[0].png) <= plots.PNG_LIMIT
    assert Image.open(io.BytesIO(shown[0].png)).size[0] >= 240


def test_matplotlib_is_left_as_it_was(shown: list[plots.Picture]) -> None:
    before = dict(matplotlib.rcParams)
    plots.plot_curves({"a": [1, 2]}, x_label="epoch", y_label="loss", alt="One line")
    assert dict(matplotlib.rcParams) == before


# --- colours ----------------------------------------------------------------------------------------------------------


def test_text_and_lines_stand_out_from_the_card() -> None:
    assert contrast(plots.INK, plots.CARD) > 7
    assert min(contrast(colour, plots.CARD) for colour in plots.COLOURS.values()) >= 3


def test_card_stands_out_from_a_dark_notebook() -> None:
    assert contrast(plots.CARD, "#111111") > 15


@pytest.mark.parametrize("kind", COLOUR_BLINDNESS)
def test_line_colours_differ_to_colour_blind_eyes(kind: str) -> None:
    """By more than 12 in CIEDE2000, where 2 can just be seen; dashes differ besides."""
    seen = [np.clip(np.array(COLOUR_BLINDNESS[kind]) @ linear(colour), 0, 1) for colour in plots.COLOURS.values()]
    lab = [rgb2lab(np.where(rgb <= 0.0031308, 12.92 * rgb, 1.055 * rgb ** (1 / 2.4) - 0.055)) for rgb in seen]
    distances = [float(deltaE_ciede2000(one, other)) for one, other in combinations(lab, 2)]
    assert min(distances) > 12
    assert len(set(plots.DASHES)) == len(plots.COLOURS)


@pytest.mark.parametrize("image", [[[-2.0, 0.0, 1.0]], [[0.0, 5.0, 5.0]], [[0.0, 0.0, 0.0]]])
def test_zero_is_white_and_signs_are_mirrored(image: list) -> None:
    _, axes = plots.figure()
    drawn = plots.draw_signed(axes[0, 0], np.array(image))
    low, high = drawn.get_clim()
    assert low == -high < 0
    assert min(drawn.to_rgba(0.0)[:3]) > 0.95
    negative, positive = drawn.to_rgba(low), drawn.to_rgba(high)
    assert negative[2] > negative[0]
    assert positive[0] > positive[2]


def test_limit_fixes_the_scale() -> None:
    _, axes = plots.figure()
    assert plots.draw_signed(axes[0, 0], np.eye(2), limit=4.0).get_clim() == (-4.0, 4.0)


# --- pictures and numbers ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (np.array([[0, 51]], np.uint8), (0.0, 0.2)),
        (np.array([[0.0, 0.2]]), (0.0, 0.2)),
        (np.array([[0.2, 0.2]]), (0.2, 0.2)),
    ],
)
def test_a_dark_picture_stays_dark(image: np.ndarray, expected: tuple) -> None:
    _, axes = plots.figure()
    drawn = plots.draw_image(axes[0, 0], image)
    grey = [drawn.to_rgba(value)[0] for value in drawn.get_array().ravel()]
    np.testing.assert_allclose(grey, expected, atol=0.005)


def test_images_keep_their_order_and_titles(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = []
    monkeypatch.setattr(plots, "show", lambda fig, alt: kept.append((fig, alt)))
    images = [np.full((2, 3), n / 10) for n in range(7)]
    plots.show_images(images, [f"no. {n}" for n in range(7)], alt="Seven greys", columns=3)
    fig, alt = kept[0]
    drawn = [ax for ax in fig.axes if ax.images]
    assert alt == "Seven greys"
    assert len(fig.axes) == 9
    assert [ax.get_title() for ax in drawn] == [f"no. {n}" for n in range(7)]
    assert [float(ax.images[0].get_array()[0, 0]) for ax in drawn] == [n / 10 for n in range(7)]


def test_curves_have_their_values_names_and_looks() -> None:
    _, axes = plots.figure()
    ax = axes[0, 0]
    plots.draw_curves(ax, {"train": [3.0, 2.0, 1.0], "test": ([0, 5], [4.0, 4.5])}, "Loss", "epoch", "loss")
    first, second = ax.lines
    assert first.get_xydata().tolist() == [[0, 3], [1, 2], [2, 1]]
    assert second.get_xydata().tolist() == [[0, 4], [5, 4.5]]
    assert first.get_color() != second.get_color()
    assert first.get_linestyle() != second.get_linestyle()
    assert (ax.get_title(), ax.get_xlabel(), ax.get_ylabel()) == ("Loss", "epoch", "loss")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["train", "test"]


def test_confusion_counts_stand_in_their_cells() -> None:
    _, axes = plots.figure()
    plots.draw_confusion(axes[0, 0], np.array([[50, 1], [12, 40]]), ["cat", "dog"])
    cells = {text.get_position(): text for text in axes[0, 0].texts}
    assert {place: text.get_text() for place, text in cells.items()} == {
        (0, 0): "50", (1, 0): "1", (0, 1): "12", (1, 1): "40",
    }  # fmt: skip
    assert (cells[0, 0].get_color(), cells[1, 0].get_color()) == ("black", "white")
    assert (axes[0, 0].get_xlabel(), axes[0, 0].get_ylabel()) == ("predicted class", "true class")


def test_kernel_weights_are_written_only_where_they_fit() -> None:
    _, axes = plots.figure(1, 2)
    plots.draw_kernel(axes[0, 0], np.array([[1 / 3, -1.0]]))
    plots.draw_kernel(axes[0, 1], np.ones((9, 9)))
    assert [text.get_text() for text in axes[0, 0].texts] == ["0.333", "-1"]
    assert not axes[0, 1].texts


def test_whole_figures_are_shown(shown: list[plots.Picture]) -> None:
    plots.show_signed(np.eye(3), "Eye", alt="A red diagonal", unit="weight")
    plots.show_kernel(np.ones((3, 3)), "Box", alt="Nine equal weights")
    plots.plot_confusion(np.eye(3), "abc", alt="All right")
    assert [picture.alt for picture in shown] == ["A red diagonal", "Nine equal weights", "All right"]
    assert all(picture.png.startswith(b"\x89PNG") for picture in shown)
