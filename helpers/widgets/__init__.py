"""Explorers for the notebooks, each one line to show, driven by the learner's own functions where there are some."""

from helpers.widgets.activation_view import activation_explorer
from helpers.widgets.annotation_view import annotate
from helpers.widgets.captcha_view import captcha_explorer
from helpers.widgets.cnn_view import cnn_explorer
from helpers.widgets.confusion_view import confusion_explorer
from helpers.widgets.depth_view import depth_explorer
from helpers.widgets.descent_view import descent_explorer
from helpers.widgets.digit_view import draw_digit
from helpers.widgets.graph_view import graph_explorer
from helpers.widgets.kernel_view import kernel_explorer
from helpers.widgets.knn_view import knn_explorer
from helpers.widgets.neuron_view import neuron_explorer
from helpers.widgets.occlusion_view import occlusion_explorer
from helpers.widgets.pooling_view import pooling_explorer
from helpers.widgets.receptive_view import receptive_field_explorer
from helpers.widgets.training_view import training_monitor
from helpers.widgets.xor_view import xor_explorer

__all__ = [
    "activation_explorer",
    "annotate",
    "captcha_explorer",
    "cnn_explorer",
    "confusion_explorer",
    "depth_explorer",
    "descent_explorer",
    "draw_digit",
    "graph_explorer",
    "kernel_explorer",
    "knn_explorer",
    "neuron_explorer",
    "occlusion_explorer",
    "pooling_explorer",
    "receptive_field_explorer",
    "training_monitor",
    "xor_explorer",
]
