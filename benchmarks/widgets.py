"""How long the kernel takes from a moved control to a new picture, and what explorers cost.

    python -m benchmarks.widgets [--browser]

prints milliseconds at the median and the 95th percentile, on the clock and on the processor; on a machine that other
programs use too, the processor's is the fairer. With `--browser` it measures from a key pressed in Chromium to the new
picture shown there, through JupyterLab.
"""

import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import IPython.display
import numpy as np

IPython.display.display = lambda *args, **kwargs: None  # explorers show themselves

from helpers.data import load  # noqa: E402
from helpers.network import lenet  # noqa: E402
from helpers.widgets import (  # noqa: E402
    activation_explorer,
    cnn_explorer,
    confusion_explorer,
    depth_explorer,
    descent_explorer,
    draw_digit,
    graph_explorer,
    kernel_explorer,
    neuron_explorer,
    occlusion_explorer,
    pooling_explorer,
    receptive_field_explorer,
    training_monitor,
    xor_explorer,
)

MOVES = 100
PRESSES = 40
SHOWN = {
    "activation_explorer()": "z",
    "neuron_explorer()": "w1",
    "depth_explorer()": "look at layer",
    "descent_explorer(surface='long valley')": "rate",
    "graph_explorer()": "step",
    "xor_explorer()": "epoch",
    "kernel_explorer()": "output row",
    "pooling_explorer()": "output row",
    "receptive_field_explorer()": "unit",
    "cnn_explorer(net, digits.x_test, digits.y_test)": "picture",
    "confusion_explorer(net, digits.x_test, digits.y_test)": "page",
    "occlusion_explorer(net, digits.x_test, digits.y_test)": "picture",
}
FIRST = """import numpy as np
from helpers.data import load
from helpers.network import lenet
from helpers.widgets import *
digits, net = load("digits"), lenet((8, 8, 1), 10, np.random.default_rng(0))"""
WATCH = """e => { window.times = []; let pressed = 0;
    e.addEventListener('keydown', () => { pressed = performance.now() }, true);
    e.querySelector('.live-stage').addEventListener('load', () => requestAnimationFrame(() =>
        window.times.push(performance.now() - pressed))) }"""


def measure(move: Callable[[int], None]) -> tuple[np.ndarray, np.ndarray]:
    """Milliseconds of `move(0)`, `move(1)`, ..., on the clock and on the processor."""
    clock, processor = [], []
    for i in range(MOVES):
        start, used = time.perf_counter(), time.process_time()
        move(i)
        clock.append(time.perf_counter() - start)
        processor.append(time.process_time() - used)
    return np.array(clock) * 1e3, np.array(processor) * 1e3


def moves() -> dict[str, Callable[[int], None]]:
    """What a learner does, by name."""
    activation, elu, kernel = activation_explorer(), activation_explorer(function="elu", z=-1), kernel_explorer()
    presets, paddings = ("emboss", "mean"), ("none", "zero")
    return {
        "activation: z": lambda i: setattr(activation.controls["z"], "value", 0.05 * i - 2),
        "activation: alpha": lambda i: setattr(elu.controls["alpha"], "value", 0.01 * i),
        "kernel: output row": lambda i: setattr(kernel.controls["row"], "value", 2 * i),
        "kernel: a weight": lambda i: setattr(kernel.cells[1], "value", 0.1 * i),
        "kernel: preset": lambda i: setattr(kernel.controls["preset"], "value", presets[i % 2]),
        "kernel: padding": lambda i: setattr(kernel.controls["padding"], "value", paddings[i % 2]),
        "kernel: dilation": lambda i: setattr(kernel.controls["dilation"], "value", i % 4 + 1),
    }


def learning_moves() -> dict[str, Callable[[int], None]]:
    """Neurons, depth, descent and backpropagation."""
    neuron, depth, xor = neuron_explorer(), depth_explorer(), xor_explorer()
    descent, graph = descent_explorer(), graph_explorer(formula="a neuron and its loss")
    rates = descent.controls["rate"].options
    return {
        "neuron: w1": lambda i: setattr(neuron.controls["w1"], "value", 0.05 * i - 2),
        "neuron: next sample": lambda i: neuron.buttons["next sample"].click(),
        "depth: layer": lambda i: setattr(depth.controls["layer"], "value", i % 20 + 1),
        "depth: bias": lambda i: setattr(depth.controls["bias"], "value", 0.05 * i - 3),
        "descent: step": lambda i: setattr(descent.controls["step"], "value", i),
        "descent: rate": lambda i: setattr(descent.controls["rate"], "value", rates[i % len(rates)]),
        "graph: step": lambda i: setattr(graph.controls["step"], "value", i % 12),
        "graph: an input": lambda i: setattr(graph.fields["w"], "value", 0.1 * i),
        "xor: 10 epochs": lambda i: setattr(xor.controls["epoch"], "value", 10 * i),
        "xor: start": lambda i: setattr(xor.controls["seed"], "value", i % 30),
    }


def window_moves() -> dict[str, Callable[[int], None]]:
    """Windows and fields."""
    pooling, field = pooling_explorer(picture="camera"), receptive_field_explorer()
    return {
        "pooling: row": lambda i: setattr(pooling.controls["row"], "value", i % 30),
        "pooling: shift": lambda i: setattr(pooling.controls["shift"], "value", i % 4),
        "field: unit": lambda i: setattr(field.controls["unit"], "value", i % 7),
    }


def network_moves() -> dict[str, Callable[[int], None]]:
    """A LeNet for 8 x 8 pictures, looked at from all sides; its weights matter to no time."""
    digits = load("digits")
    network = lenet((8, 8, 1), 10, np.random.default_rng(0))
    given = (network, digits.x_test, digits.y_test)
    pad, cnn = draw_digit(network), cnn_explorer(*given)
    matrix, hidden = confusion_explorer(*given), occlusion_explorer(*given)
    monitor = training_monitor(lambda: {"loss": 1.0, "validation accuracy": 0.5}, epochs=2 * MOVES)
    return {
        "digit: a point": lambda i: (pad.pad.down(i, 50), pad.pad.up()),
        "cnn: picture": lambda i: setattr(cnn.controls["picture"], "value", i + 1),
        "cnn: map": lambda i: setattr(cnn.controls["channel"], "value", i % 20),
        "confusion: class": lambda i: setattr(matrix.controls["true"], "value", str(i % 10)),
        "occlusion: picture": lambda i: setattr(hidden.controls["picture"], "value", i + 1),
        "occlusion: place": lambda i: setattr(hidden.controls["row"], "value", i % 6),
        "monitor: an epoch": lambda i: monitor.step(),
    }


def browser() -> None:
    """From a key pressed on a slider to the new picture on the screen, for one slider of each explorer."""
    import nbformat

    from authoring.lab import open_lab

    print(f"Milliseconds from key to picture; load {os.getloadavg()[0]:.1f}")
    print(f"{'explorer':<58}{'slider':<16}{'p50':>6}{'p95':>7}")
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as state:
        for explorer, slider in SHOWN.items():
            cells = [nbformat.v4.new_code_cell(source) for source in (FIRST, explorer)]
            nbformat.write(nbformat.v4.new_notebook(cells=cells), Path(folder) / "one.ipynb")
            with open_lab(Path(folder), Path(state)) as lab:
                times = _pressed(lab.open("one.ipynb"), slider)
            print(f"{explorer:<58}{slider:<16}{np.median(times):>6.0f}{np.percentile(times, 95):>7.0f}", flush=True)


def _pressed(opened, slider: str) -> list[float]:
    """Milliseconds of every press."""
    opened.run()
    page = opened.page
    page.wait_for_selector(".live-stage[src]")
    row = page.locator(".explorer .widget-inline-hbox", has=page.get_by_text(slider, exact=True)).first
    handle = row.locator(".noUi-handle").first
    page.locator(".explorer").evaluate(WATCH)
    for press in range(PRESSES):
        at_the_end = handle.get_attribute("aria-valuenow") == handle.get_attribute("aria-valuemax")
        handle.press("ArrowLeft" if at_the_end or press % 20 > 9 else "ArrowRight")
        page.wait_for_function("n => window.times.length > n", arg=press)
    times = page.evaluate("() => window.times")
    opened.close()
    return times[2:]  # the first are slower: code and fonts are loaded


def main() -> None:
    """Command line."""
    if "--browser" in sys.argv:
        return browser()
    print(f"Milliseconds; load {os.getloadavg()[0]:.1f}")
    print(f"{'control':<20}{'clock p50':>11}{'p95':>7}{'processor p50':>15}{'p95':>7}")
    for name, move in (moves() | learning_moves() | window_moves() | network_moves()).items():
        clock, processor = (np.percentile(times, [50, 95]) for times in measure(move))
        print(f"{name:<20}{clock[0]:>11.1f}{clock[1]:>7.1f}{processor[0]:>15.1f}{processor[1]:>7.1f}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"memory at most {peak:.0f} MB; TensorFlow loaded: {'tensorflow' in sys.modules}")


if __name__ == "__main__":
    main()
