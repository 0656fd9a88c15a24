"""The names of `helpers.kernels` on TensorFlow tensors: `from helpers.kernels import tensorflow as tfk`.

Arguments, shapes and messages are those of the NumPy kernels. Every function works eagerly, under `tf.GradientTape` and
inside `tf.function`; what needs values (weights that are not finite, labels out of range) is checked only when eager.
TensorFlow puts tensors on a GPU where it finds one; its memory grows as needed instead of being taken whole.
"""

import tensorflow as _tf

from helpers.kernels.conv import (
    output_size,
)
from helpers.kernels.optimizers import (
    adam_step,
    momentum_step,
    nesterov_lookahead_step,
    nesterov_step,
    sgd_step,
)
from helpers.kernels.tensorflow.activations import (
    elu,
    elu_grad,
    leaky_relu,
    leaky_relu_grad,
    log_softmax,
    log_softmax_backward,
    prelu,
    prelu_grad,
    prelu_grad_alpha,
    relu,
    relu_grad,
    sigmoid,
    sigmoid_grad,
    softmax,
    softmax_backward,
    tanh,
    tanh_grad,
)
from helpers.kernels.tensorflow.conv import (
    col2im,
    conv2d,
    conv2d_backward,
    conv2d_backward_input,
    conv2d_backward_weights,
    im2col,
)
from helpers.kernels.tensorflow.dense import (
    dense,
    dense_backward,
    dense_backward_input,
    dense_backward_weights,
)
from helpers.kernels.tensorflow.engine import (
    array,
    assign,
    compiled,
    compiled_epoch,
    mixed_precision,
    random_source,
    reshape,
    variable,
)
from helpers.kernels.tensorflow.filters import (
    convolve2d,
    correlate2d,
)
from helpers.kernels.tensorflow.losses import (
    binary_cross_entropy,
    binary_cross_entropy_grad,
    cross_entropy,
    cross_entropy_grad,
    hinge_loss,
    hinge_loss_grad,
    l1_loss,
    l1_loss_grad,
    l2_loss,
    l2_loss_grad,
    softmax_cross_entropy,
    squared_hinge_loss,
    squared_hinge_loss_grad,
)
from helpers.kernels.tensorflow.norm import (
    batch_norm,
    batch_norm_backward,
    dropout,
    dropout_backward,
    dropout_mask,
)
from helpers.kernels.tensorflow.pool import (
    avg_pool2d,
    avg_pool2d_backward,
    max_pool2d,
    max_pool2d_backward,
)

for _gpu in _tf.config.list_physical_devices("GPU"):
    _tf.config.experimental.set_memory_growth(_gpu, True)

__all__ = [
    "adam_step",
    "array",
    "assign",
    "avg_pool2d",
    "avg_pool2d_backward",
    "batch_norm",
    "batch_norm_backward",
    "binary_cross_entropy",
    "binary_cross_entropy_grad",
    "col2im",
    "compiled",
    "compiled_epoch",
    "conv2d",
    "conv2d_backward",
    "conv2d_backward_input",
    "conv2d_backward_weights",
    "convolve2d",
    "correlate2d",
    "cross_entropy",
    "cross_entropy_grad",
    "dense",
    "dense_backward",
    "dense_backward_input",
    "dense_backward_weights",
    "dropout",
    "dropout_backward",
    "dropout_mask",
    "elu",
    "elu_grad",
    "hinge_loss",
    "hinge_loss_grad",
    "im2col",
    "l1_loss",
    "l1_loss_grad",
    "l2_loss",
    "l2_loss_grad",
    "leaky_relu",
    "leaky_relu_grad",
    "log_softmax",
    "log_softmax_backward",
    "max_pool2d",
    "max_pool2d_backward",
    "mixed_precision",
    "momentum_step",
    "nesterov_lookahead_step",
    "nesterov_step",
    "output_size",
    "prelu",
    "prelu_grad",
    "prelu_grad_alpha",
    "random_source",
    "relu",
    "relu_grad",
    "reshape",
    "sgd_step",
    "sigmoid",
    "sigmoid_grad",
    "softmax",
    "softmax_backward",
    "softmax_cross_entropy",
    "squared_hinge_loss",
    "squared_hinge_loss_grad",
    "tanh",
    "tanh_grad",
    "variable",
]
