"""Explorers for the notebooks, each one line to show, driven by the learner's own functions where there are some."""

from helpers.widgets.activation_view import activation_explorer
from helpers.widgets.depth_view import depth_explorer
from helpers.widgets.descent_view import descent_explorer
from helpers.widgets.graph_view import graph_explorer
from helpers.widgets.kernel_view import kernel_explorer
from helpers.widgets.neuron_view import neuron_explorer

__all__ = [
    "activation_explorer",
    "depth_explorer",
    "descent_explorer",
    "graph_explorer",
    "kernel_explorer",
    "neuron_explorer",
]
