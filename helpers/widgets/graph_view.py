"""The graph explorer: a formula as a graph of numbers, stepped forwards and backwards."""

from collections.abc import Callable, Mapping

import ipywidgets as widgets
import numpy as np
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch
from matplotlib.text import Text

from helpers import plots
from helpers.widgets.graph import (
    EXAMPLES,
    MOST,
    START,
    FormulaError,
    Graph,
    Moment,
    Walk,
    compare,
    describe,
    in_symbols,
    moment,
    parse,
    places,
    short,
    walk,
)
from helpers.widgets.live import Explorer, LivePicture, as_code, number, plain

OWN = "your own"
WIDTH, HEIGHT = 9.2, 4.4  # inches; also the picture's coordinates
EDGES = 2 * MOST
KEPT = 24  # stamps of one text
KEY = "box: value, slope of the result with respect to it · arrow: × slope of its one step, ← what it passes back"
NEXT, BACK, AGAIN = "next step", "step back", "from the start"
BLUE, VERMILION = plots.COLOURS["blue"], plots.COLOURS["vermilion"]


class Stamp(Text):
    """A text that is drawn once and then stamped: laying out letters costs more than all else in this picture."""

    def draw(self, renderer) -> None:
        if not self.get_visible() or not self.get_text():
            return
        frame = self.get_bbox_patch()
        look = frame.get_edgecolor(), frame.get_linewidth(), frame.get_linestyle()
        key = (self.get_text(), self.get_position(), self.get_verticalalignment(), self.get_color(), *look)
        kept = self.__dict__.setdefault("kept", {})
        if key not in kept:
            if len(kept) >= KEPT:
                kept.clear()
            kept[key] = self._cut_out(renderer)
        left, bottom, pixels = kept[key]
        renderer.draw_image(renderer.new_gc(), left, bottom, pixels)
        self.stale = False

    def _cut_out(self, renderer) -> tuple[int, int, np.ndarray]:
        """The text with its frame: left, bottom, and pixels from the bottom row up."""
        scratch = RendererAgg(renderer.width, renderer.height, renderer.dpi)
        super().draw(scratch)
        drawn = np.asarray(scratch.buffer_rgba())[::-1]
        rows, columns = (np.flatnonzero(drawn[..., 3].any(axis=axis)) for axis in (1, 0))
        if not len(rows):
            return 0, 0, np.zeros((1, 1, 4), np.uint8)
        part = drawn[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        return int(columns[0]), int(rows[0]), part.copy()


class GraphExplorer(Explorer):
    """Boxes with a value and a slope each, arrows with the slope of their single step."""

    name = "graph_explorer"
    rows = (("example", "formula"), ("step", NEXT, BACK, AGAIN))

    def __init__(self, value_class: Callable | None, formula: str, inputs: dict[str, float], step: int) -> None:
        self.value_class = value_class
        self.wrong, self.compared = "", ("", "")
        self.fields: dict[str, widgets.FloatText] = {}
        self.box = widgets.HBox(layout={"flex_flow": "row wrap"})
        self.remembered = START | inputs
        self.graph = parse(formula)
        self.last = walk(self.graph, self.inputs_for(self.graph))
        example = next((name for name, text in EXAMPLES.items() if text == formula), OWN)
        controls = {
            "example": widgets.Dropdown(options=[*EXAMPLES, OWN], value=example, description="example"),
            "formula": widgets.Text(
                formula, continuous_update=False, description="formula", layout={"width": "460px", "max_width": "100%"}
            ),
            "step": widgets.IntSlider(min(step, self.graph.last_step), max=self.graph.last_step, description="step"),
        }
        controls["example"].observe(self._example_chosen, names="value")
        controls["formula"].observe(lambda change: self._formula_typed(change["new"]), names="value")
        self._put_fields()
        fig = self._draw()
        buttons = {
            NEXT: lambda: self._go(self.controls["step"].value + 1),
            BACK: lambda: self._go(self.controls["step"].value - 1),
            AGAIN: lambda: self._go(0),
        }
        moving = [*self.arrows, *self.labels, *self.boxes]
        super().__init__(controls, LivePicture(fig, moving), buttons, players={"step": (1500, 1)})

    def inputs_for(self, graph: Graph) -> dict[str, float]:
        """The number of every input: the one it had when there was one of that name, or 1."""
        return {name: self.remembered.get(name, 1.0) for name in graph.inputs}

    # --- what is typed and pressed -----------------------------------------------------------------------------------

    def _go(self, step: int) -> None:
        self.controls["step"].value = min(max(step, 0), self.graph.last_step)

    def _example_chosen(self, change) -> None:
        if change["new"] in EXAMPLES:
            self.controls["formula"].value = EXAMPLES[change["new"]]

    def _formula_typed(self, formula: str) -> None:
        try:
            self.graph, self.wrong = parse(formula), ""
        except FormulaError as error:
            self.wrong = f"{error} You still see the graph before."
            return
        self._put_fields()
        with self.quietly():
            example = next((name for name, text in EXAMPLES.items() if text == formula), OWN)
            self.controls["example"].value = example
            self.controls["step"].value = 0
            self.controls["step"].max = self.graph.last_step

    def _put_fields(self) -> None:
        """One number field for every input of the graph."""
        self.fields = {
            name: widgets.FloatText(value, description=name, step=0.1, layout={"width": "130px"})
            for name, value in self.inputs_for(self.graph).items()
        }
        for name, field in self.fields.items():
            field.style.description_width = "initial"
            field.observe(lambda change, name=name: self._number_typed(name, change["new"]), names="value")
        self.box.children = list(self.fields.values())

    def _number_typed(self, name: str, value: float) -> None:
        self.remembered[name] = value
        self.refresh()

    # --- what is seen ------------------------------------------------------------------------------------------------

    def _draw(self) -> Figure:
        fig, axes = plots.figure(width=WIDTH, height=HEIGHT)
        ax = axes[0, 0]
        ax.set(xlim=(0, WIDTH), ylim=(0, HEIGHT), position=(0, 0, 1, 1))
        ax.set_axis_off()
        fig.set_layout_engine("none")
        look = {"boxstyle": "round,pad=0.35", "facecolor": "white", "edgecolor": plots.INK}
        middle = {"ha": "center", "va": "center"}
        ax.text(0.12, 0.08, KEY, size=8.5, va="bottom")
        self.boxes = [Stamp(text="", size=8.5, bbox=look, **middle) for _ in range(MOST)]
        small = {"size": 8, "bbox": {"facecolor": plots.CARD, "edgecolor": "none", "pad": 1}}
        self.labels = [Stamp(text="", **small, **middle) for _ in range(EDGES)]
        for stamp in (*self.labels, *self.boxes):
            ax.add_artist(stamp)
        self.arrows = [
            ax.add_patch(
                FancyArrowPatch((0, 0), (1, 1), arrowstyle="-|>", mutation_scale=12, zorder=1, shrinkA=0, shrinkB=0)
            )
            for _ in range(EDGES)
        ]
        return fig

    def update(self) -> tuple[list[str], str]:
        step = self.controls["step"].value
        inputs = self.inputs_for(self.graph)
        try:
            done = walk(self.graph, inputs)
        except FormulaError as error:
            return [], self.wrong or str(error)
        now = moment(self.graph, done, step)
        self._put(done, now)
        return describe(self.graph, done, now, step), self.wrong or self._compare(inputs, done)

    def _compare(self, inputs: dict[str, float], done: Walk) -> str:
        """What the learner's class does with this graph: asked once for the same graph and numbers."""
        if self.value_class is None:
            return ""
        key = (self.graph, tuple(inputs.items()))
        if self.compared[0] != key:
            self.compared = key, compare(self.value_class, self.graph, inputs, done)
        return self.compared[1]

    def _put(self, done: Walk, now: Moment) -> None:
        spots = [(0.75 + x * (WIDTH - 1.5), 0.75 + y * (HEIGHT - 1.2)) for x, y in places(self.graph)]
        for index, box in enumerate(self.boxes):
            box.set_visible(index < len(spots))
            if index < len(spots):
                box.set_position(spots[index])
                _put_box(box, self.graph, index, done, now)
        edges = [(p, i, at) for i, node in enumerate(self.graph.nodes) for at, p in enumerate(node.parents)]
        for index, (arrow, label) in enumerate(zip(self.arrows, self.labels)):
            for artist in (arrow, label):
                artist.set_visible(index < len(edges))
            if index < len(edges):
                parent, child, at = edges[index]
                bend = _bend(self.graph, spots, parent, child, at)
                _put_edge(arrow, label, *(self._side(spots, *end) for end in ((parent, 1), (child, -1))), bend)
                slope = done.slopes[child][at]
                _put_label(arrow, label, slope, slope * done.grads[child], child in now.known, child in now.passed)

    def _side(self, spots: list, index: int, side: int) -> np.ndarray:
        """The middle of the right side, 1, or the left side, -1, of a box as wide as its longest line."""
        longest = max(map(len, self.boxes[index].get_text().split("\n")))
        x, y = spots[index]
        return np.array([x + side * 0.5 * (0.068 * longest + 0.2), y])

    def layout(self) -> widgets.Widget:
        view = super().layout()
        view.children = (view.children[0], self.box, *view.children[1:])
        return view

    def settings(self) -> dict[str, str]:
        given = {"value_class": as_code(self.value_class)} if self.value_class else {}
        numbers = ", ".join(f"{name!r}: {plain(float(v))}" for name, v in self.inputs_for(self.graph).items())
        controls = super().settings()
        del controls["example"]
        return given | {"formula": controls["formula"], "inputs": f"{{{numbers}}}", "step": controls["step"]}


def _put_box(box: Text, graph: Graph, index: int, done: Walk, now: Moment) -> None:
    node, known = graph.nodes[index], index in now.known
    made = f" = {in_symbols(node, [graph.nodes[p].name for p in node.parents])}" if node.parents else ""
    if node.op == "number":
        box.set_text(node.name)
    else:
        value = short(done.values[index]) if known else "?"
        slope = f"\nslope {short(now.grads[index])}" if index in now.grads else ""
        box.set_text(f"{node.name}{made}\n{value}{slope}")
    here = index == now.at
    box.get_bbox_patch().set(
        edgecolor=VERMILION if here else plots.INK, linewidth=2.5 if here else 1, linestyle="-" if known else ":"
    )


def _bend(graph: Graph, spots: list, parent: int, child: int, at: int) -> float:
    """How far an arrow bows out, as a share of its length: where another lies on it, or a box stands in its way."""
    (x0, y0), (x1, y1) = spots[parent], spots[child]
    if graph.nodes[child].parents.count(parent) > 1:
        bow = min(0.3, 0.7 / (x1 - x0))
        return bow if at else -bow
    between = [(x, y) for i, (x, y) in enumerate(spots) if i not in (parent, child) and x0 < x < x1]
    if not any(abs(y0 + (y1 - y0) * (x - x0) / (x1 - x0) - y) < 0.45 for x, y in between):
        return 0.0
    bow = min(0.45, 2.4 / (x1 - x0))
    return bow if y0 + y1 > HEIGHT + 0.4 else -bow  # towards the middle of the picture, or up


def _put_edge(arrow: FancyArrowPatch, label: Text, start: np.ndarray, end: np.ndarray, bend: float) -> None:
    arrow.set_positions(start, end)
    arrow.set_connectionstyle("arc3", rad=bend)
    across = end - start
    flat = not bend and abs(across[1]) < 0.1
    label.set_verticalalignment("bottom" if flat else "center")  # above a level arrow, which may be short
    label.set_position((start + end) / 2 + (0, 0.05 * flat) + 0.5 * bend * np.array([across[1], -across[0]]))


def _put_label(arrow: FancyArrowPatch, label: Text, slope: float, share: float, known: bool, passed: bool) -> None:
    """The slope of the single step once it is known; what has been passed back along it once it has."""
    colour = VERMILION if passed else BLUE if known else plots.FRAME
    text = f"× {short(slope, 3)}" if known else ""
    label.set(text=f"{text}\n← {short(share, 3)}" if passed else text, color=colour)
    arrow.set(color=colour, linewidth=2 if passed else 1.2, linestyle="-" if known else ":")


def graph_explorer(
    value_class: Callable | None = None,
    *,
    formula: str = EXAMPLES["four numbers"],
    inputs: Mapping[str, float] | None = None,
    step: int = 0,
) -> GraphExplorer:
    """Explore a formula as a graph of numbers: values forwards, slopes of the result backwards, step by step.

    `formula` is names, numbers, `+ - * / **` and exp, tanh, relu, sigmoid, in parts such as "d = a*b; L = d + c", or
    the name of an example. `inputs` are the numbers to start with. Your own class `Value` is put to the same graph
    where you give it, and compared. The explorer shows itself; what it returns has a `state`, one line of code.
    """
    if not isinstance(formula, str):
        raise ValueError("formula must be a text such as 'd = a*b; L = d + c'.")
    text = EXAMPLES.get(formula, formula)
    given = {str(name): number(f"inputs[{name!r}]", value, -1e9, 1e9) for name, value in dict(inputs or {}).items()}
    steps = int(number("step", step, 0, 10 * MOST))
    explorer = GraphExplorer(value_class, text, given, steps)
    explorer.show()
    return explorer
