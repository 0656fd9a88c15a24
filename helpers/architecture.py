"""What a Keras model is made of, as a table to read and, where Graphviz is there, as a picture."""

import importlib.util
import shutil
import tempfile
from pathlib import Path

from helpers import plots

WITHOUT_GRAPHVIZ = (
    "No picture here: it needs the program `dot` (on Debian and Ubuntu: `apt install graphviz`) and the package pydot "
    "(`pip install pydot`); the table says the same."
)


def architecture_table(model) -> str:
    """One line per layer of a built Keras model: name, kind, shape that it puts out without the batch, parameters."""
    rows = [("layer", "kind", "puts out", "parameters")]
    rows += [(layer.name, type(layer).__name__, _shape(layer), f"{layer.count_params():,}") for layer in model.layers]
    rows.append(("in all", "", "", f"{model.count_params():,}"))
    widths = [max(map(len, column)) for column in zip(*rows)]
    forms = [f"{{:<{width}}}" for width in widths[:3]] + [f"{{:>{widths[3]}}}"]
    return "\n".join("  ".join(form.format(cell) for form, cell in zip(forms, row)) for row in rows)


def show_architecture(model) -> None:
    """Show the picture that `keras.utils.plot_model` draws; without Graphviz, a sentence that says what is missing."""
    if shutil.which("dot") is None or importlib.util.find_spec("pydot") is None:
        print(WITHOUT_GRAPHVIZ)
        return
    from IPython.display import display
    from PIL import Image

    from helpers.framework import keras

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.png")
        keras.utils.plot_model(model, str(path), show_shapes=True, dpi=72)
        width = Image.open(path).width
        display(plots.Picture(path.read_bytes(), architecture_in_words(model), width))


def architecture_in_words(model) -> str:
    """The layers in a sentence, with their shapes."""
    steps = [f"{type(layer).__name__} {_shape(layer)}" for layer in model.layers]
    return f"Boxes from top to bottom, joined by arrows: {', then '.join(steps)}."


def _shape(layer) -> str:
    return " x ".join(str(side) for side in layer.output.shape[1:])
