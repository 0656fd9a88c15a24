"""From the results of `benchmarks.kernels` to the tables and plots of docs/benchmarks.md."""

import operator
from collections.abc import Callable
from pathlib import Path
from statistics import geometric_mean
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt

BEGIN, END = "<!-- kernels: written by `python -m benchmarks.kernels` -->", "<!-- end of kernels -->"
MIB = 1 << 20
# Okabe and Ito's colours, told apart with every kind of colour vision; markers and hatches repeat the difference.
STYLES = {
    "NumPy kernel": ("#0072B2", "o", ""),
    "TensorFlow eager": ("#F0E442", "^", ".."),
    "TensorFlow compiled": ("#E69F00", "s", "//"),
    "TensorFlow XLA": ("#CC79A7", "v", "xx"),
    "PyTorch": ("#D55E00", "D", "\\\\"),
    "sgemm floor": ("#999999", "x", "--"),
    "OpenCV": ("#009E73", "P", "++"),
    "SciPy ndimage": ("#56B4E9", "<", "||"),
    "SciPy fftconvolve": ("#000000", ">", "oo"),
}
WAYS = ("forward", "backward")
AT_MOST, AT_LEAST = ("at most", operator.le), ("at least", operator.ge)


def write(results: dict[str, Any], folder: Path) -> None:
    """Write the plots into `folder`, and the tables between the two markers of ../benchmarks.md."""
    sections = {"conv": _conv, "growth": _growth, "filters": _filters, "dense": _dense, "lenet": _lenet}
    body = [_targets(results), *(make(results[part], folder) for part, make in sections.items() if part in results)]
    page = folder.parent / "benchmarks.md"
    before, _, rest = page.read_text().partition(BEGIN)
    page.write_text(before + "\n\n".join([BEGIN, *body, END]) + rest.partition(END)[2])


def targets(results: dict[str, Any]) -> list[tuple[str, str, float, float, bool]]:
    """(what, at most or at least, limit, measured, reached) for every target whose part was measured."""
    rows: list[tuple[str, str, float, float, bool]] = []

    def add(part: str, what: str, rule: tuple[str, Callable], limit: float, value: Callable[[Any], float]) -> None:
        if part in results:
            measured = value(results[part]["results"])
            rows.append((what, rule[0], limit, measured, rule[1](measured, limit)))

    def ratio(seconds: dict[str, float], other: str, ours: str = "NumPy kernel") -> float:
        return seconds[ours] / seconds[other]

    def conv_ratios(conv: Any, other: str) -> list[float]:
        return [ratio(r["forward_backward_s"], other) for r in conv]

    def wrapped(conv: Any, how: str) -> float:
        return geometric_mean(r["tfk_s"][f"tfk {how}"] / r["tfk_s"][f"bare {how}"] for r in conv)

    def grey(results: Any, other: str, sides: range) -> float:
        return max(ratio(r["seconds"], other) for r in results if r["side"] in sides)

    small, every, large = range(8), range(100), range(31, 32)
    add("conv", "conv2d forward + backward / TensorFlow compiled, geometric mean", AT_MOST, 1.5,
        lambda r: geometric_mean(conv_ratios(r, "TensorFlow compiled")))  # fmt: skip
    add("conv", "naive loops / conv2d, smallest", AT_LEAST, 100, lambda r: 1 / max(conv_ratios(r, "loops")))
    add("conv", "extra memory of conv2d / (input + output), largest", AT_MOST, 3,
        lambda r: max(c[f"{way}_extra_bytes"] / c["input_and_output_bytes"] for c in r for way in WAYS))  # fmt: skip
    add("conv", "tfk.conv2d / tf.nn.conv2d, eager, geometric mean", AT_MOST, 1.05, lambda r: wrapped(r, "eager"))
    add("conv", "tfk.conv2d / tf.nn.conv2d, compiled, geometric mean", AT_MOST, 1.05, lambda r: wrapped(r, "compiled"))
    add("filters", "grey filters up to 7x7 / OpenCV, largest", AT_MOST, 4, lambda r: grey(r, "OpenCV", small))
    add("filters", "grey filters / SciPy ndimage, largest", AT_MOST, 1, lambda r: grey(r, "SciPy ndimage", every))
    add("filters", "31x31 / SciPy fftconvolve, largest", AT_MOST, 1, lambda r: grey(r, "SciPy fftconvolve", large))
    add("dense", "Keras train_on_batch / NumPy step", AT_LEAST, 5,
        lambda r: 1 / ratio(r["seconds"], "Keras train_on_batch"))  # fmt: skip
    add("lenet", "LeNet epoch, NumPy / Keras fit", AT_MOST, 2, lambda r: ratio(r["seconds"], "Keras fit"))
    add("lenet", "LeNet epoch, tfk compiled / Keras fit", AT_MOST, 1,
        lambda r: ratio(r["seconds"], "Keras fit", "tfk compiled"))  # fmt: skip
    add("import", "import helpers, seconds", AT_MOST, 0.3, lambda r: r["helpers"])
    return rows


def _targets(results: dict[str, Any]) -> str:
    rows = [
        [what, f"{rule} {limit:g}", f"{value:.3g}", "yes" if reached else "**no**"]
        for what, rule, limit, value, reached in targets(results)
    ]
    return "### Targets\n\n" + _table(["what", "target", "measured", "reached"], rows)


def _conv(part: dict[str, Any], folder: Path) -> str:
    names = list(part["results"][0]["forward_backward_s"])
    tables = []
    for key, title in (("forward_s", "forward"), ("forward_backward_s", "forward + backward")):
        rows = [[_shape(r), *(f"{1e3 * r[key][n]:.3g}" for n in names)] for r in part["results"]]
        tables.append(f"Milliseconds, {title}:\n\n" + _table(["layer", *names], rows))
    frameworks = list(part["results"][0]["forward_backward_process_bytes"])
    rows = [
        [
            _shape(r),
            f"{r['input_and_output_bytes'] / MIB:.1f}",
            f"{r['forward_extra_bytes'] / MIB:.1f}",
            f"{r['backward_extra_bytes'] / MIB:.1f}",
            *(_mib(r["forward_backward_process_bytes"][n]) for n in frameworks),
        ]
        for r in part["results"]
    ]
    head = ["layer", "input + output", "NumPy forward, extra", "NumPy backward, extra", *frameworks]
    tables.append(
        "Peak memory, MiB: beside input, output and gradients for the NumPy kernel; for everyone, by how much the "
        "process grows during forward + backward, results included:\n\n" + _table(head, rows)
    )
    _bars(
        [_shape(r).replace(" to ", "\nto ") for r in part["results"]],
        {n: [1e3 * r["forward_backward_s"][n] for r in part["results"]] for n in names if n in STYLES},
        "forward + backward, milliseconds",
        folder / "conv.svg",
    )
    picture = (
        "![Bars: forward + backward time of each contender on the five layers; the numbers are in the table above]"
    )
    return "\n\n".join(["### Convolution layers", _about(part), *tables, f"{picture}(benchmarks/conv.svg)"])


def _growth(part: dict[str, Any], folder: Path) -> str:
    rows = []
    for what, steps in part["results"].items():
        for step in steps:
            seconds, process = step["seconds"], step["process_bytes"]
            times = [f"{1e3 * seconds[n]:.3g}" for n in seconds]
            rows.append(
                [f"{what} {step['value']}", *times, f"{step['numpy_bytes'] / MIB:.2f}", *map(_mib, process.values())]
            )
    names = list(part["results"]["batch"][0]["seconds"])
    head = ["", *(f"{n}, ms" for n in names), "NumPy arrays, MiB", *(f"{n}, process, MiB" for n in names)]
    with mpl.rc_context({"font.size": 9}):
        figure, axes = plt.subplots(2, 3, figsize=(9, 5), sharey="row", layout="constrained")
        for column, (what, steps) in zip(axes.T, part["results"].items(), strict=True):
            values = [step["value"] for step in steps]
            for name in names:
                colour, marker, _ = STYLES[name]
                times = [1e3 * step["seconds"][name] for step in steps]
                column[0].loglog(values, times, color=colour, marker=marker, label=name)
            memory = [step["numpy_bytes"] / MIB for step in steps]
            column[1].loglog(values, memory, color=STYLES["NumPy kernel"][0], marker="o", label="NumPy kernel")
            column[1].set_xlabel(
                {"side": "image side, pixels", "kernel": "kernel side, pixels"}.get(what, "batch size")
            )
            for axis in column:
                axis.set_xticks(values, map(str, values))
                axis.minorticks_off()
                axis.grid(alpha=0.3)
        axes[0, 0].set_ylabel("forward + backward, ms")
        axes[1, 0].set_ylabel("peak of arrays, MiB")
        axes[0, 0].legend()
        figure.savefig(folder / "growth.svg")
        plt.close(figure)
    picture = (
        "![Lines: time and memory against batch size, image side and kernel side; the numbers are in the table above]"
    )
    intro = (
        "Forward + backward of (16, 32, 32, 16) -> 32 3x3, one of batch, image side and kernel side changed at a time:"
    )
    return "\n\n".join(["### Growth", _about(part), intro, _table(head, rows), f"{picture}(benchmarks/growth.svg)"])


def _filters(part: dict[str, Any], folder: Path) -> str:
    names = list(part["results"][0]["seconds"])
    rows = [
        [f"{r['side']}x{r['side']} {r['kernel']}", *(f"{1e3 * r['seconds'][n]:.3g}" for n in names),
         *(f"{b / MIB:.1f}" for b in r["bytes"].values())]
        for r in part["results"]
    ]  # fmt: skip
    head = ["kernel", *names, *(f"{n}, MiB" for n in part["results"][0]["bytes"])]
    random = [r for r in part["results"] if r["kernel"] == "random"]
    _bars(
        [f"{r['side']}x{r['side']}" for r in random],
        {n: [1e3 * r["seconds"][n] for r in random] for n in names if n in STYLES},
        "one 512 x 512 image, milliseconds",
        folder / "filters.svg",
    )
    picture = "![Bars: time of each contender for random kernels of five sizes; the numbers are in the table above]"
    intro = "512 x 512, zero border, float32. Milliseconds, and peak MiB of arrays; a Gaussian is a column times a row:"
    return "\n\n".join(
        ["### Grey filters", _about(part), intro, _table(head, rows), f"{picture}(benchmarks/filters.svg)"]
    )


def _dense(part: dict[str, Any], folder: Path) -> str:
    seconds, minutes = part["results"]["seconds"], part["results"]["book_run_minutes"]
    text = (
        f"At this pace 500 epochs of MNIST at batch 30 (a million steps) take the NumPy kernel {minutes:.0f} minutes. "
        "Microseconds per training step, sigmoid, squared error:"
    )
    rows = [[name, f"{1e6 * value:.0f}"] for name, value in seconds.items()]
    return "\n\n".join(["### Dense 784-64-32-10, batch 30", _about(part), text, _table(["who", "microseconds"], rows)])


def _lenet(part: dict[str, Any], folder: Path) -> str:
    rows = [[name, f"{value:.2f}"] for name, value in part["results"]["seconds"].items()]
    title = f"### LeNet, one epoch of {part['results']['images']:,} MNIST digits, batch 128"
    return "\n\n".join([title, _about(part), _table(["who", "seconds"], rows)])


def _about(part: dict[str, Any]) -> str:
    m = part["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in m["versions"].items())
    elsewhere = "an unknown share" if part["busy_elsewhere"] is None else f"{part['busy_elsewhere']:.0%}"
    quick = " A quick run: fewer rounds." if part["quick"] else ""
    return (
        f"{m['cpu']}, {m['cores']} cores, threads for each: {m['threads']}; other programs kept {elsewhere} of the "
        f"processors busy meanwhile. Python {m['python']}, {versions}.{quick}"
    )


def _bars(groups: list[str], series: dict[str, list[float]], label: str, path: Path) -> None:
    with mpl.rc_context({"font.size": 9, "hatch.linewidth": 0.5}):
        figure, axis = plt.subplots(figsize=(9, 4), layout="constrained")
        width = 0.85 / len(series)
        for i, (name, values) in enumerate(series.items()):
            colour, _, hatch = STYLES[name]
            places = [g + (i - (len(series) - 1) / 2) * width for g in range(len(groups))]
            axis.bar(places, values, width, color=colour, hatch=hatch, edgecolor="#333333", linewidth=0.5, label=name)
        axis.set_yscale("log")
        axis.set_xticks(range(len(groups)), groups)
        axis.set_ylabel(label)
        axis.grid(axis="y", alpha=0.3)
        axis.legend(ncols=4, loc="upper center", bbox_to_anchor=(0.5, 1.18))
        figure.savefig(path)
        plt.close(figure)


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def _shape(result: dict[str, Any]) -> str:
    n, height, width, channels = result["x"]
    return f"{n}x{height}x{width}x{channels} to {result['filters']}, {result['kernel']}x{result['kernel']}"


def _mib(value: int | None) -> str:
    return "unknown" if value is None else f"{value / MIB:.1f}"
