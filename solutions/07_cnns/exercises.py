"""Exercises of chapter 07: oracles are TensorFlow and Keras, the books' own numbers, and binomial arithmetic."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers as kl

from authoring.exercise import Case, Exercise, Misconception, Output, Rng, no_calls
from helpers import kernels
from helpers.checks.probes.cnns import DIGEST, LENET_PARTS, digest, known_weights

OWN_WORK = no_calls("helpers", "kernels", "scipy", "tf", "keras", "torch")
NO_FRAMEWORK = no_calls("tf", "keras", "torch", "helpers.network", "helpers.framework")

# --- lists of layers -------------------------------------------------------------------------------------------------

CONV3 = {"type": "conv", "filters": 32, "kernel": 3, "stride": 1, "pad": 1}
SHALLOWNET = [CONV3, {"type": "relu"}, {"type": "flatten"}, {"type": "dense", "units": 10}]
LENET = [
    {"type": "conv", "filters": 20, "kernel": 5, "stride": 1, "pad": 2},
    {"type": "relu"},
    {"type": "pool", "size": 2, "stride": 2},
    {"type": "conv", "filters": 50, "kernel": 5, "stride": 1, "pad": 2},
    {"type": "relu"},
    {"type": "pool", "size": 2, "stride": 2},
    {"type": "flatten"},
    {"type": "dense", "units": 500},
    {"type": "relu"},
    {"type": "dense", "units": 10},
]
LENET_SHAPES = "28x28x20 28x28x20 14x14x20 14x14x50 14x14x50 7x7x50 2450 500 500 10"
MLP = [{"type": "dense", "units": 256}, {"type": "relu"}, {"type": "dense", "units": 128}, {"type": "relu"}]
MLP += [{"type": "dense", "units": 10}]
ALEXNET_START = [{"type": "conv", "filters": 96, "kernel": 11, "stride": 4}, {"type": "pool", "size": 3, "stride": 2}]


def minivgg_list():
    """MiniVGGNet with batch normalisation, as a list of layers."""
    conv = lambda filters: [  # noqa: E731
        {"type": "conv", "filters": filters, "kernel": 3, "stride": 1, "pad": 1},
        {"type": "relu"},
        {"type": "batch_norm"},
    ]
    rest = [{"type": "pool", "size": 2, "stride": 2}, {"type": "dropout", "rate": 0.25}]
    body = conv(32) + conv(32) + rest + conv(64) + conv(64) + rest + [{"type": "flatten"}]
    head = [{"type": "dense", "units": 512}, {"type": "relu"}, {"type": "batch_norm"}, {"type": "dropout", "rate": 0.5}]
    return body + head + [{"type": "dense", "units": 10}]


def keras_twin(layers, input_shape):
    """The same layers in Keras, which knows shapes and counts."""
    model = keras.Sequential([kl.Input(tuple(input_shape))])
    ends = []
    for layer in layers:
        match layer["type"]:
            case "conv":
                model.add(kl.ZeroPadding2D(layer.get("pad", 0)))
                model.add(kl.Conv2D(layer["filters"], layer["kernel"], strides=layer.get("stride", 1)))
            case "pool":
                model.add(kl.MaxPooling2D(layer["size"], strides=layer.get("stride")))
            case "dense":
                model.add(kl.Dense(layer["units"]))
            case "flatten":
                model.add(kl.Flatten())
            case "batch_norm":
                model.add(kl.BatchNormalization())
            case "relu":
                model.add(kl.ReLU())
            case "dropout":
                model.add(kl.Dropout(layer.get("rate", 0.5)))
        ends.append(tuple(model.output_shape[1:]))
    return model, ends


def shape_outputs(layers, shapes):
    names = [f"shape after layer {i} ({layer['type']})" for i, layer in enumerate(layers, start=1)]
    return {"number of shapes": len(shapes)} | {n: str(s) for n, s in zip(names, shapes, strict=True)}


def keras_shapes(layers, input_shape):
    return shape_outputs(layers, keras_twin(layers, input_shape)[1])


def book_shapes(layers, text):
    return shape_outputs(layers, [tuple(map(int, shape.split("x"))) for shape in text.split()])


def draw_stack(rng):
    """A random stack whose windows fit: sizes are chosen from the last map back to the picture."""
    size = rng.integers(2, 5, size=2)
    stack, body = [], []
    for _ in range(rng.integers(2, 5)):
        pool = rng.random() < 0.4
        kernel, stride = int(rng.integers(2, 4 if pool else 6)), int(rng.integers(1, 4 if pool else 3))
        pad = 0 if pool else int(rng.integers(0, (kernel + 1) // 2))
        size = (size - 1) * stride + kernel - 2 * pad
        layer = {"type": "pool", "size": kernel} if pool else {"type": "conv"}
        if not pool:
            layer |= {"filters": int(rng.integers(2, 9)), "kernel": kernel}
        if stride != (kernel if pool else 1) or rng.random() < 0.5:
            layer["stride"] = stride
        if pad or (not pool and rng.random() < 0.5):
            layer["pad"] = pad
        body.append([layer, *({"type": str(t)} for t in rng.permutation(["relu", "batch_norm"])[: rng.integers(0, 3)])])
    for block in reversed(body):
        stack += block
    head = [{"type": "flatten"}, {"type": "dense", "units": int(rng.integers(2, 20))}, {"type": "relu"}]
    head += [{"type": "dropout", "rate": 0.5}, {"type": "dense", "units": int(rng.integers(2, 7))}]
    return {"layers": stack + head, "input_shape": [int(size[0]), int(size[1]), int(rng.integers(1, 5))]}


class Shapes:
    """`layer_shapes` as a student might write it; the misconceptions change one thing each."""

    with_input = False

    def __call__(self, layers, input_shape):
        shapes, shape = [], input_shape
        for layer in layers:
            shape = getattr(self, layer["type"], lambda layer, shape: shape)(layer, shape)
            shapes.append(self.finish(shape))
        return [input_shape, *shapes] if self.with_input else shapes

    def finish(self, shape):
        return shape

    def windows(self, n, kernel, stride, pad):
        free = n + 2 * pad - kernel
        if free < 0 or free % stride:
            raise ValueError("the windows do not fit")
        return free // stride + 1

    def conv(self, layer, shape):
        height, width, _ = shape
        how = layer["kernel"], layer.get("stride", 1), layer.get("pad", 0)
        return self.windows(height, *how), self.windows(width, *how), layer["filters"]

    def pool(self, layer, shape):
        height, width, channels = shape
        how = layer["size"], layer.get("stride", layer["size"]), 0
        return self.windows(height, *how), self.windows(width, *how), channels

    def dense(self, layer, shape):
        return (layer["units"],)

    def flatten(self, layer, shape):
        return (int(np.prod(shape)),)


class PadIgnored(Shapes):
    def windows(self, n, kernel, stride, pad):
        return super().windows(n, kernel, stride, 0)


class PadOnce(Shapes):
    def windows(self, n, kernel, stride, pad):
        return (n + pad - kernel) // stride + 1


class NoPlusOne(Shapes):
    def windows(self, n, kernel, stride, pad):
        return super().windows(n, kernel, stride, pad) - 1


class NeverComplains(Shapes):
    def windows(self, n, kernel, stride, pad):
        return (n + 2 * pad - kernel) // stride + 1


class PoolStrideOne(Shapes):
    def pool(self, layer, shape):
        return super().pool({"stride": 1} | layer, shape)


class ChannelsKept(Shapes):
    def conv(self, layer, shape):
        return (*super().conv(layer, shape)[:2], shape[2])


class ChannelsFirst(Shapes):
    def conv(self, layer, shape):
        height, width, filters = super().conv(layer, shape)
        return filters, height, width

    def pool(self, layer, shape):
        height, width, channels = super().pool(layer, (*shape[1:], shape[0]))
        return channels, height, width


class Square(Shapes):
    def conv(self, layer, shape):
        return super().conv(layer, (shape[0], shape[0], shape[2]))

    def pool(self, layer, shape):
        return super().pool(layer, (shape[0], shape[0], shape[2]))


class FlattenForgetsChannels(Shapes):
    def flatten(self, layer, shape):
        return (int(np.prod(shape[:2])),)


class BatchAxis(Shapes):
    def finish(self, shape):
        return (None, *shape)


class BareNumber(Shapes):
    def finish(self, shape):
        return shape[0] if len(shape) == 1 else shape


class FloatSizes(Shapes):
    def windows(self, n, kernel, stride, pad):
        return super().windows(n, kernel, stride, pad) / 1


class WithInput(Shapes):
    with_input = True


TOO_WIDE = [{"type": "conv", "filters": 4, "kernel": 5}]
UNEVEN = [{"type": "pool", "size": 2, "stride": 2}]

layer_shapes = Exercise(
    "layer_shapes",
    title="The shape after every layer",
    points=(2, 2),
    minutes=15,
    probe="shape_list",
    oracle=keras_shapes,
    cases=[
        Case(
            "LeNet on 28 x 28 pictures",
            {"layers": LENET, "input_shape": [28, 28, 1]},
            expected=book_shapes(LENET, LENET_SHAPES),
            weight=2,
        ),
        Case(
            "strides and pads left out",
            {"layers": [*ALEXNET_START, {"type": "pool", "size": 3}], "input_shape": [227, 227, 3]},
        ),
        Case("a picture that is not square", {"layers": LENET, "input_shape": [12, 20, 3]}),
        Case("a network without convolutions", {"layers": MLP, "input_shape": [784]}, weight=0.5),
        Case("a kernel larger than the picture", {"layers": TOO_WIDE, "input_shape": [9, 4, 1]}, raises="ValueError"),
        Case("a stride that does not divide", {"layers": UNEVEN, "input_shape": [8, 7, 1]}, raises="ValueError"),
    ],
    hidden_cases=[
        Case("MiniVGGNet", {"layers": minivgg_list(), "input_shape": [32, 32, 3]}),
        Case(
            "AlexNet's first layer on 224 pixels",
            {"layers": ALEXNET_START, "input_shape": [224, 224, 3]},
            raises="ValueError",
        ),
        Case(
            "a convolution after flatten",
            {"layers": [{"type": "flatten"}, CONV3], "input_shape": [8, 8, 1]},
            raises="ValueError",
            weight=0.5,
        ),
    ],
    draw=draw_stack,
    rules=[NO_FRAMEWORK],
    misconceptions=[
        Misconception(
            "pad_ignored",
            PadIgnored(),
            says="The padding of the convolutions is not counted.",
            hint="`pad` rows of zeros are added at the top and again at the bottom before the kernel slides.",
        ),
        Misconception(
            "pad_once",
            PadOnce(),
            says="The padding is counted on one side only.",
            hint="Zeros are added on both sides of each axis.",
        ),
        Misconception(
            "no_plus_one",
            NoPlusOne(),
            says="Every map is one row and one column too small.",
            hint="Count the places of a kernel of 3 on a row of 3: there is one, not none.",
        ),
        Misconception(
            "pool_stride_one",
            PoolStrideOne(),
            says="A pool without a stride of its own moves by 1 here.",
            hint="Pooling windows lie side by side unless a stride is given: what is then the stride?",
        ),
        Misconception(
            "channels_kept",
            ChannelsKept(),
            says="The convolutions keep the number of channels of their input.",
            hint="Each filter makes one map, whatever the number of channels that it reads.",
        ),
        Misconception(
            "channels_first",
            ChannelsFirst(),
            says="The channels stand first.",
            hint="This course writes rows, columns, channels, in this order.",
        ),
        Misconception(
            "square",
            Square(),
            says="The width is computed from the height.",
            hint="Pictures need not be square: treat the two axes one by one.",
        ),
        Misconception(
            "flatten_forgets_channels",
            FlattenForgetsChannels(),
            says="Flatten loses the channels.",
            hint="Every number of the volume becomes an entry of the vector.",
        ),
        Misconception(
            "batch_axis",
            BatchAxis(),
            says="The shapes carry a batch axis.",
            hint="Shapes are asked for one picture: no `None` in front.",
        ),
        Misconception(
            "bare_number",
            BareNumber(),
            says="Flat shapes come as bare numbers.",
            hint="The shape of a vector is a tuple with one entry: `(10,)`.",
        ),
        Misconception(
            "float_sizes",
            FloatSizes(),
            says="The sizes are floating-point numbers.",
            hint="`/` always gives a float; a size is a whole number.",
        ),
        Misconception(
            "with_input",
            WithInput(),
            says="The list begins with the input's own shape.",
            hint="One shape per layer: the one that comes out of it.",
        ),
        Misconception(
            "never_complains",
            NeverComplains(),
            says="Layers that do not fit are accepted without a word.",
            hint="Before you divide, ask whether one window fits at all, and whether the last ends at the border.",
        ),
    ],
    hints=(
        "Which layers change the shape at all? Which of them change the channels?",
        "Walk through the list with one variable that holds the current shape, and append to a list what it becomes.",
        "Let one helper count the windows along an axis, from n, kernel, stride and pad; conv and pool both use it.",
    ),
)

# --- counting --------------------------------------------------------------------------------------------------------


class Count(Shapes):
    """`count_parameters` as a student might write it."""

    def __call__(self, layers, input_shape):
        total, shape = 0, tuple(input_shape)
        for layer, after in zip(layers, super().__call__(layers, input_shape), strict=True):
            total += getattr(self, "count_" + layer["type"], lambda *_: 0)(layer, shape, after)
            shape = after
        return total

    def count_conv(self, layer, before, after):
        return (layer["kernel"] ** 2 * before[2] + 1) * layer["filters"]

    def count_dense(self, layer, before, after):
        return (before[0] + 1) * layer["units"]

    def count_batch_norm(self, layer, before, after):
        return 4 * before[-1]


class NoBiases(Count):
    def count_conv(self, layer, before, after):
        return layer["kernel"] ** 2 * before[2] * layer["filters"]

    def count_dense(self, layer, before, after):
        return before[0] * layer["units"]


class OneChannel(Count):
    def count_conv(self, layer, before, after):
        return (layer["kernel"] ** 2 + 1) * layer["filters"]


class LearnedOnly(Count):
    def count_batch_norm(self, layer, before, after):
        return 2 * before[-1]


class NormPerValue(Count):
    def count_batch_norm(self, layer, before, after):
        return 4 * int(np.prod(before))


class NotShared(Count):
    def count_conv(self, layer, before, after):
        return super().count_conv(layer, before, after) * after[0] * after[1]


class BiasPerPlace(Count):
    def count_conv(self, layer, before, after):
        return layer["kernel"] ** 2 * before[2] * layer["filters"] + int(np.prod(after))


class KernelNotSquared(Count):
    def count_conv(self, layer, before, after):
        return (layer["kernel"] * before[2] + 1) * layer["filters"]


class PoolLearns(Count):
    def count_pool(self, layer, before, after):
        return layer["size"] ** 2 * before[2]


class Units(Count):
    def count_conv(self, layer, before, after):
        return int(np.prod(after))

    def count_dense(self, layer, before, after):
        return layer["units"]

    def count_batch_norm(self, layer, before, after):
        return 0


class PerLayer(Count):
    def __call__(self, layers, input_shape):
        return [super(PerLayer, self).__call__(layers[: i + 1], input_shape) for i in range(len(layers))]


class CountsAnything(Count):
    def windows(self, n, kernel, stride, pad):
        return (n + 2 * pad - kernel) // stride + 1


count_parameters = Exercise(
    "count_parameters",
    title="What a network has to learn and to remember",
    points=(2, 2),
    minutes=12,
    probe="parameter_count",
    oracle=lambda layers, input_shape: keras_twin(layers, input_shape)[0].count_params(),
    outputs={"result": Output(integer=True)},
    rtol=1e-12,
    cases=[
        Case(
            "ShallowNet for 10 classes",
            {"layers": SHALLOWNET, "input_shape": [32, 32, 3]},
            expected={"result": 328_586},
        ),
        Case("LeNet", {"layers": LENET, "input_shape": [28, 28, 1]}, expected={"result": 1_256_080}),
        Case(
            "MiniVGGNet with batch norm",
            {"layers": minivgg_list(), "input_shape": [32, 32, 3]},
            expected={"result": 2_171_178},
        ),
        Case("a network without convolutions", {"layers": MLP, "input_shape": [784]}, expected={"result": 235_146}),
        Case(
            "a kernel larger than the picture",
            {"layers": TOO_WIDE, "input_shape": [9, 4, 1]},
            raises="ValueError",
            weight=0.5,
        ),
    ],
    hidden_cases=[
        Case(
            "ShallowNet for 3 classes",
            {"layers": [*SHALLOWNET[:3], {"type": "dense", "units": 3}], "input_shape": [32, 32, 3]},
            expected={"result": 99_203},
        ),
        Case(
            "layers that learn nothing",
            {"layers": [*UNEVEN, {"type": "relu"}, {"type": "flatten"}], "input_shape": [8, 6, 2]},
        ),
        Case(
            "batch norm after flatten",
            {"layers": [{"type": "flatten"}, {"type": "batch_norm"}], "input_shape": [4, 5, 3]},
        ),
        Case(
            "a stride that does not divide",
            {"layers": UNEVEN, "input_shape": [8, 7, 1]},
            raises="ValueError",
            weight=0.5,
        ),
    ],
    draw=draw_stack,
    rules=[NO_FRAMEWORK],
    misconceptions=[
        Misconception(
            "no_biases",
            NoBiases(),
            says="The biases are missing.",
            hint="Every filter and every dense unit has one bias beside its weights.",
        ),
        Misconception(
            "one_channel",
            OneChannel(),
            says="The filters read one channel only.",
            hint="A filter is as deep as its input: it has weights for every channel that comes in.",
        ),
        Misconception(
            "learned_only",
            LearnedOnly(),
            says="Batch norm is counted with two numbers per channel.",
            hint="Beside the two that are learned it keeps two that it only remembers: a mean and a variance.",
        ),
        Misconception(
            "norm_per_value",
            NormPerValue(),
            says="Batch norm is counted per value of the map.",
            hint="All positions of one channel share the same four numbers.",
        ),
        Misconception(
            "not_shared",
            NotShared(),
            says="Every position of a map has weights of its own here.",
            hint="The same filter slides over the whole picture; its weights count once.",
        ),
        Misconception(
            "bias_per_place",
            BiasPerPlace(),
            says="The convolutions have one bias per position.",
            hint="All positions of a map share one bias, as they share the weights.",
        ),
        Misconception(
            "kernel_not_squared",
            KernelNotSquared(),
            says="A kernel is counted as one row.",
            hint="A kernel of 5 has 5 rows and 5 columns.",
        ),
        Misconception(
            "pool_learns",
            PoolLearns(),
            says="The pools are counted as if they learned something.",
            hint="A maximum has no weights.",
        ),
        Misconception(
            "units",
            Units(),
            says="These are the numbers that the layers put out, not those that they learn.",
            hint="Ask of each layer: what would you have to write down to rebuild it?",
        ),
        Misconception(
            "per_layer",
            PerLayer(),
            says="This is a list of running totals.",
            hint="One whole number is asked for, the total of the network.",
        ),
        Misconception(
            "counts_anything",
            CountsAnything(),
            says="Layers that do not fit are counted without a word.",
            hint="If you build on `layer_shapes`, the ValueError comes of itself.",
        ),
    ],
    hints=(
        "What does one filter need to know? And how many filters are there?",
        "Every layer needs the shape that comes in: pair the layers with the shapes before them.",
        "zip(layers, [input_shape, *layer_shapes(...)]) gives each layer with its input; add up per type.",
    ),
)

# --- receptive field -------------------------------------------------------------------------------------------------


def field_by_gradient(layers):
    """From the first to the last input that one output depends on, measured in TensorFlow along one axis."""
    x = tf.Variable(tf.ones((1, 4000, 1), tf.float64))
    with tf.GradientTape() as tape:
        y = x
        for layer in layers:
            if layer["type"] == "conv":
                kernel = tf.ones((layer["kernel"], 1, 1), tf.float64) / layer["kernel"]
                y = tf.nn.conv1d(y, kernel, layer.get("stride", 1), "VALID")
            elif layer["type"] == "pool":
                y = tf.nn.avg_pool1d(y, layer["size"], layer.get("stride", layer["size"]), "VALID")
        middle = y[0, y.shape[1] // 2, 0]
    seen = np.flatnonzero(tape.gradient(middle, x))
    return int(seen[-1] - seen[0] + 1)


def draw_field(rng):
    return {"layers": draw_stack(rng)["layers"]}


def field(
    step=lambda jump, size: jump * (size - 1), move=lambda jump, stride: jump * stride, start=1, pool_stride=None
):
    """`receptive_field` with its two rules left open."""

    def receptive_field(layers):
        size, jump = start, 1
        for layer in layers:
            if layer["type"] in ("conv", "pool"):
                window = layer["kernel"] if layer["type"] == "conv" else layer["size"]
                default = 1 if layer["type"] == "conv" else (pool_stride or window)
                stride = layer.get("stride", default)
                size += step(jump, window)
                jump = move(jump, stride)
        return size

    return receptive_field


def field_stride_first(layers):
    size, jump = 1, 1
    for layer in layers:
        if layer["type"] in ("conv", "pool"):
            window = layer.get("kernel", layer.get("size"))
            jump *= layer.get("stride", 1 if layer["type"] == "conv" else window)
            size += (window - 1) * jump
    return size


def field_without_pools(layers):
    return field()([layer for layer in layers if layer["type"] == "conv"])


def field_with_pads(layers):
    return field()(layers) + 2 * sum(layer.get("pad", 0) for layer in layers)


def field_of_last_layer(layers):
    windows = [layer.get("kernel", layer.get("size")) for layer in layers if layer["type"] in ("conv", "pool")]
    return windows[-1]


def field_product(layers):
    return int(np.prod([layer.get("kernel", layer.get("size", 1)) for layer in layers]))


def conv(kernel, stride=1, pad=0):
    return {"type": "conv", "filters": 8, "kernel": kernel, "stride": stride, "pad": pad}


receptive_field = Exercise(
    "receptive_field",
    title="How far one neuron sees",
    points=(2, 2),
    minutes=12,
    oracle=field_by_gradient,
    outputs={"result": Output(integer=True)},
    rtol=1e-12,
    cases=[
        Case("two kernels of 3", {"layers": [conv(3), conv(3)]}, expected={"result": 5}),
        Case(
            "conv 3, pool 2, conv 3",
            {"layers": [conv(3), {"type": "pool", "size": 2}, conv(3)]},
            expected={"result": 8},
        ),
        Case("LeNet", {"layers": LENET}, expected={"result": 16}),
        Case(
            "a stride in the middle",
            {"layers": [conv(3, pad=1), conv(5, stride=2), conv(3), {"type": "pool", "size": 3, "stride": 2}]},
        ),
    ],
    hidden_cases=[
        Case("MiniVGGNet", {"layers": minivgg_list()}),
        Case("AlexNet's start", {"layers": ALEXNET_START}, expected={"result": 19}),
        Case("one layer", {"layers": [conv(7, pad=3)]}, expected={"result": 7}),
    ],
    draw=draw_field,
    rules=[NO_FRAMEWORK],
    misconceptions=[
        Misconception(
            "kernels_added",
            field(step=lambda jump, size: size, start=0),
            says="The kernel sizes are added up.",
            hint="Two neighbouring windows overlap: how many new pixels does the second layer reach on each side?",
        ),
        Misconception(
            "no_jump",
            field(move=lambda jump, stride: 1),
            says="The strides make no difference here.",
            hint="After a stride of 2, neighbours in the map are 2 pixels apart: a step there reaches twice as far.",
        ),
        Misconception(
            "last_stride_only",
            field(move=lambda jump, stride: stride),
            says="Only the stride of the layer just before counts here.",
            hint="Strides multiply: after two pools of 2, neighbours are 4 pixels apart.",
        ),
        Misconception(
            "strides_added",
            field(move=lambda jump, stride: jump + stride - 1),
            says="The strides are added where they multiply.",
            hint="How far apart in the input are neighbours after two layers of stride 2? And after three?",
        ),
        Misconception(
            "stride_first",
            field_stride_first,
            says="A layer's own stride is applied before its own kernel.",
            hint="A layer reads its input at the spacing made by the layers before; its own stride matters after it.",
        ),
        Misconception(
            "no_pools",
            field_without_pools,
            says="The pools are left out.",
            hint="A pool has a window and a stride, like a convolution.",
        ),
        Misconception(
            "pads_added",
            field_with_pads,
            says="The padding makes the field larger here.",
            hint="Padding moves where windows lie, not how many pixels they cover.",
        ),
        Misconception(
            "last_layer",
            field_of_last_layer,
            says="This is the window of the last layer alone, in pixels of the map before it.",
            hint="Follow the window back to the picture: each of those pixels saw a window of its own.",
        ),
        Misconception(
            "starts_at_zero",
            field(start=0),
            says="The field is one pixel too small.",
            hint="Before any layer, one neuron sees one pixel.",
        ),
        Misconception(
            "product",
            field_product,
            says="The sizes are multiplied.",
            hint="Windows overlap: two kernels of 3 see 5 pixels, not 9.",
        ),
        Misconception(
            "area",
            lambda layers: field()(layers) ** 2,
            says="This is the area.",
            hint="The length of one side is asked for.",
        ),
    ],
    hints=(
        "Draw one neuron of the last map and mark what it reads in the map before; then go one map further back.",
        "Keep two numbers: how many pixels are seen so far, and how many pixels lie between neighbours of this map.",
        "size, spacing = 1, 1; then for each conv and pool size grows, in steps of the spacing, and then spacing does.",
    ),
)

# --- batch normalisation ---------------------------------------------------------------------------------------------


def between(one, other):
    """Any value from one to the other, with room for rounding at both ends."""
    low, high = np.minimum(one, other), np.maximum(one, other)
    return {"low": low - 1e-9 * np.abs(low), "high": high + 1e-9 * np.abs(high)}


def tf_batch_norm(x, gamma, beta, mean, var, training, options):
    """Running variances may be updated with the biased or the unbiased variance of the batch."""
    momentum, eps = (*options, *(0.9, 1e-5)[len(options) :])
    x, axes = tf.cast(tf.constant(x), tf.float64), list(range(np.ndim(x) - 1))
    now_mean, now_var = tf.nn.moments(x, axes) if training else (tf.constant(mean), tf.constant(var))
    y = tf.nn.batch_normalization(
        x, now_mean, now_var, tf.constant(beta, tf.float64), tf.constant(gamma, tf.float64), eps
    )
    if training:
        count = np.size(x) // np.shape(x)[-1]
        mean = momentum * mean + (1 - momentum) * now_mean.numpy()
        ends = [momentum * var + (1 - momentum) * now_var.numpy() * factor for factor in (1, count / (count - 1))]
        var = between(*ends)
    return {"y": y.numpy(), "running['mean']": mean, "running['var']": var}


def tf_batch_norm_in_use(batches, x, gamma, beta):
    mean, low, high = np.zeros(len(gamma)), np.ones(len(gamma)), np.ones(len(gamma))
    for batch in batches:
        stats = tf_batch_norm(batch, gamma, beta, mean, np.zeros(len(gamma)), True, [])
        mean, more = stats["running['mean']"], stats["running['var']"]
        low, high = 0.9 * low + more["low"], 0.9 * high + more["high"]
    ends = [tf_batch_norm(x, gamma, beta, mean, var, False, [])["y"] for var in (low, high)]
    return {"y": between(*ends), "running['mean']": mean, "running['var']": between(low, high)}


def image_or_flat(rng):
    """A shape: a few pictures that are not square, or rows of features."""
    channels = int(rng.integers(2, 5))
    if rng.random() < 0.3:
        return int(rng.integers(3, 9)), channels
    return int(rng.integers(1, 4)), int(rng.integers(2, 5)), int(rng.integers(5, 7)), channels


def draw_batch_norm(rng, training=True):
    shape = image_or_flat(rng)
    n = shape[-1]
    return {
        "x": rng.normal(rng.normal(size=n) * 2, rng.uniform(0.3, 1.2, n), shape),
        "gamma": rng.normal(1, 0.5, n),
        "beta": rng.normal(size=n),
        "mean": rng.normal(size=n),
        "var": rng.uniform(0.5, 3, n),
        "training": training,
        "options": [round(float(rng.uniform(0.5, 0.99)), 2), 0.001] if rng.random() < 0.5 else [],
    }


def draw_batch_norm_in_use(rng):
    data = draw_batch_norm(rng)
    batches = [data["x"], data["x"][..., ::-1] * 1.5 - 1, data["x"] ** 2]
    inputs = {"batches": batches, "x": data["x"][:1] + 1, "gamma": data["gamma"], "beta": data["beta"]}
    return Case("three batches, then a picture on its own", inputs, probe="batch_norm_in_use")


class Norm:
    """`batch_norm` as a student might write it; the misconceptions change one thing each."""

    def __call__(self, x, gamma, beta, running, training, momentum=0.9, eps=1e-5):
        if self.uses_batch(training):
            mean, var = self.moments(x)
        else:
            mean, var = running["mean"], running["var"]
        if self.remembers(training):
            self.remember(running, *self.moments(x), momentum)
        x_hat = (x - mean) / self.spread(var, eps)
        return self.scale(x_hat, gamma, beta), (x_hat, gamma, var, eps)

    def uses_batch(self, training):
        return training

    def remembers(self, training):
        return training

    def moments(self, x):
        axes = tuple(range(x.ndim - 1))
        return x.mean(axes), x.var(axes)

    def remember(self, running, mean, var, momentum):
        running["mean"] = momentum * running["mean"] + (1 - momentum) * mean
        running["var"] = momentum * running["var"] + (1 - momentum) * var

    def spread(self, var, eps):
        return np.sqrt(var + eps)

    def scale(self, x_hat, gamma, beta):
        return gamma * x_hat + beta


class OverTheBatchOnly(Norm):
    def moments(self, x):
        return x.mean(0), x.var(0)

    def remember(self, running, mean, var, momentum):
        axes = tuple(range(mean.ndim - 1))
        super().remember(running, mean.mean(axes), var.mean(axes), momentum)


class OverEverything(Norm):
    def moments(self, x):
        return np.full(x.shape[-1], x.mean()), np.full(x.shape[-1], x.var())


class PerSample(Norm):
    def moments(self, x):
        axes = tuple(range(1, x.ndim))
        return x.mean(axes, keepdims=True), x.var(axes, keepdims=True)

    def remember(self, running, mean, var, momentum):
        super().remember(running, mean.mean(), var.mean(), momentum)


class AlwaysBatch(Norm):
    def uses_batch(self, training):
        return True


class AlwaysRunning(Norm):
    def uses_batch(self, training):
        return False


class AlwaysRemembers(Norm):
    def remembers(self, training):
        return True


class NeverRemembers(Norm):
    def remembers(self, training):
        return False


class MomentumSwapped(Norm):
    def remember(self, running, mean, var, momentum):
        super().remember(running, mean, var, 1 - momentum)


class RemembersLast(Norm):
    def remember(self, running, mean, var, momentum):
        running["mean"], running["var"] = mean, var


class NewDictionary(Norm):
    def remember(self, running, mean, var, momentum):
        running = {"mean": momentum * running["mean"] + (1 - momentum) * mean}


class RemembersDeviation(Norm):
    def remember(self, running, mean, var, momentum):
        super().remember(running, mean, np.sqrt(var), momentum)


class DividesByVariance(Norm):
    def spread(self, var, eps):
        return var + eps


class EpsOutside(Norm):
    def spread(self, var, eps):
        return np.sqrt(var) + eps


class NoEps(Norm):
    def spread(self, var, eps):
        return np.sqrt(var)


class UnbiasedBatch(Norm):
    def moments(self, x):
        axes = tuple(range(x.ndim - 1))
        return x.mean(axes), x.var(axes, ddof=1)


class NoScale(Norm):
    def scale(self, x_hat, gamma, beta):
        return x_hat


class NoShift(Norm):
    def scale(self, x_hat, gamma, beta):
        return gamma * x_hat


COLUMN = np.array([[1.0, 10.0], [3.0, 10.0], [5.0, 10.0], [7.0, 14.0]])
WHOLE = np.arange(24).reshape(2, 3, 2, 2) * np.array([3, -1]) % 7

batch_norm = Exercise(
    "batch_norm",
    title="Batch normalisation, forward",
    points=(3, 3),
    minutes=20,
    probe="batch_norm_once",
    outputs={"y": Output(), "running['mean']": Output(), "running['var']": Output()},
    oracle={"batch_norm_once": tf_batch_norm, "batch_norm_in_use": tf_batch_norm_in_use},
    cases=[
        Case(
            "worked example",
            {
                "x": COLUMN,
                "gamma": np.array([1.0, 2.0]),
                "beta": np.array([0.0, 0.5]),
                "mean": np.zeros(2),
                "var": np.ones(2),
                "training": True,
                "options": [0.9, 0.0],
            },
            expected={
                "y": np.array([[-3.0, 0.0], [-1.0, 0.0], [1.0, 0.0], [3.0, 0.0]]) / np.sqrt(5.0)
                + np.array([[0, 0.5 - 2 / np.sqrt(3)]] * 3 + [[0, 0.5 + 6 / np.sqrt(3)]]),
                "running['mean']": np.array([0.4, 1.1]),
                "running['var']": between(np.array([1.4, 1.2]), np.array([0.9 + 2 / 3, 1.3])),
            },
        ),
        Case("pictures in training", {**draw_batch_norm(np.random.default_rng(1)), "options": []}, weight=2),
        Case("pictures at test time", {**draw_batch_norm(np.random.default_rng(2), False), "options": []}, weight=2),
        Case(
            "a channel that never varies",
            {
                "x": np.stack([np.full((2, 3, 2), 4.0), np.arange(12.0).reshape(2, 3, 2)], axis=-1),
                "gamma": np.array([1.5, 0.5]),
                "beta": np.array([2.0, -1.0]),
                "mean": np.zeros(2),
                "var": np.ones(2),
                "training": True,
                "options": [0.9, 0.01],
            },
        ),
        Case(
            "float32",
            {
                "x": (WHOLE / 4).astype(np.float32),
                "gamma": np.array([1.5, 0.5], np.float32),
                "beta": np.array([0.25, -1.0], np.float32),
                "mean": np.zeros(2),
                "var": np.ones(2),
                "training": True,
                "options": [0.5, 0.125],
            },
            weight=0.5,
        ),
        draw_batch_norm_in_use(np.random.default_rng(3)),
    ],
    hidden_cases=[
        Case(
            "whole numbers",
            {
                "x": WHOLE,
                "gamma": np.array([1.5, 0.5]),
                "beta": np.array([0.25, -1.0]),
                "mean": np.zeros(2),
                "var": np.ones(2),
                "training": True,
                "options": [],
            },
            weight=0.5,
        ),
        Case(
            "test time with eps of its own", {**draw_batch_norm(np.random.default_rng(4), False), "options": [0.5, 0.1]}
        ),
    ],
    draw=(draw_batch_norm, lambda rng: draw_batch_norm(rng, False), draw_batch_norm_in_use),
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "batch_axis_only",
            OverTheBatchOnly(),
            says="Mean and variance are taken over the batch only, one for every pixel.",
            hint="One mean per channel: average over every axis but the last.",
        ),
        Misconception(
            "over_everything",
            OverEverything(),
            says="All channels share one mean and one variance.",
            hint="Every channel is a feature of its own: leave the last axis alone.",
        ),
        Misconception(
            "per_sample",
            PerSample(),
            says="Every sample is normalised by itself; that is another layer.",
            hint="The samples of a batch are pooled together: their axis is averaged over too.",
        ),
        Misconception(
            "always_batch",
            AlwaysBatch(),
            says="The batch's own mean and variance are used at test time too.",
            hint="With `training=False` the answer for one picture must not depend on its neighbours in the batch.",
        ),
        Misconception(
            "always_running",
            AlwaysRunning(),
            says="The running mean and variance are used in training.",
            hint="In training, the batch is normalised with its own statistics; the running ones are for later.",
        ),
        Misconception(
            "always_remembers",
            AlwaysRemembers(),
            says="The running statistics change at test time.",
            hint="A network that is being used must not learn from what it sees: update only while training.",
        ),
        Misconception(
            "never_remembers",
            NeverRemembers(),
            says="`running` stays as it was.",
            hint="In training, move both running statistics a little towards the batch's.",
        ),
        Misconception(
            "momentum_swapped",
            MomentumSwapped(),
            says="The momentum weighs the new batch, not the old value.",
            hint="With momentum 0.9, nine tenths of the old value stay. (Some libraries mean the opposite.)",
        ),
        Misconception(
            "remembers_last",
            RemembersLast(),
            says="`running` holds the last batch instead of an average over time.",
            hint="Mix the old value and the new one with `momentum`.",
        ),
        Misconception(
            "remembers_deviation",
            RemembersDeviation(),
            says="The running variance is fed with standard deviations.",
            hint="Store the variance; take the square root when you use it.",
        ),
        Misconception(
            "divides_by_variance",
            DividesByVariance(),
            says="The values are divided by the variance.",
            hint="What has the unit of x: the variance, or its square root?",
        ),
        Misconception(
            "eps_outside",
            EpsOutside(),
            says="`eps` is added to the standard deviation.",
            hint="It belongs under the root, beside the variance.",
        ),
        Misconception(
            "no_eps",
            NoEps(),
            says="`eps` is not used.",
            hint="A channel that never varies has variance 0: what would you divide by?",
        ),
        Misconception(
            "unbiased",
            UnbiasedBatch(),
            says="The batch is normalised with the variance that divides by n - 1.",
            hint="After normalising, the batch itself should have variance 1: divide by n.",
        ),
        Misconception(
            "no_scale_no_shift",
            NoScale(),
            says="`gamma` and `beta` are not used.",
            hint="The normalised values are scaled by `gamma`, then shifted by `beta`: these two are learned.",
        ),
        Misconception("no_shift", NoShift(), says="`beta` is missing.", hint="Shift by `beta` after scaling."),
    ],
    hints=(
        "Over which axes do you average, so that one number per channel is left?",
        "First decide whose mean and variance are used; then the same three lines serve training and test time.",
        "axes = all but the last; statistics over them; x_hat; write into running[...]; return y and a cache.",
    ),
)

# --- batch normalisation, backward -----------------------------------------------------------------------------------


def tf_batch_norm_gradients(x, gamma, beta, dy, options):
    _, eps = (*options, *(0.9, 1e-5)[len(options) :])
    x, gamma, beta = (tf.Variable(np.asarray(a, np.float64)) for a in (x, gamma, beta))
    with tf.GradientTape() as tape:
        mean, var = tf.nn.moments(x, list(range(len(x.shape) - 1)))
        y = tf.nn.batch_normalization(x, mean, var, beta, gamma, eps)
    return [g.numpy() for g in tape.gradient(y, (x, gamma, beta), tf.constant(np.asarray(dy, np.float64)))]


def draw_batch_norm_gradients(rng):
    data = draw_batch_norm(rng)
    dy = rng.normal(rng.normal(size=len(data["gamma"])), 1.0, data["x"].shape)
    return {name: data[name] for name in ("x", "gamma", "beta")} | {"dy": dy, "options": data["options"]}


class NormBack:
    """`batch_norm_backward` for the cache of `Norm`; the misconceptions change one thing each."""

    def __call__(self, dy, cache):
        x_hat, gamma, var, eps = cache
        axes = tuple(range(dy.ndim - 1))
        count = dy.size // dy.shape[-1]
        dgamma, dbeta = self.learned(dy, x_hat, axes)
        dx = self.inner(dy * self.strength(gamma), x_hat, axes, count) / np.sqrt(var + eps)
        return self.order(dx, dgamma, dbeta)

    def learned(self, dy, x_hat, axes):
        return (dy * x_hat).sum(axes), dy.sum(axes)

    def strength(self, gamma):
        return gamma

    def inner(self, g, x_hat, axes, count):
        return g - g.mean(axes) - x_hat * (g * x_hat).mean(axes)

    def order(self, dx, dgamma, dbeta):
        return dx, dgamma, dbeta


class OnlyDirect(NormBack):
    def inner(self, g, x_hat, axes, count):
        return g


class NoVariancePath(NormBack):
    def inner(self, g, x_hat, axes, count):
        return g - g.mean(axes)


class NoMeanPath(NormBack):
    def inner(self, g, x_hat, axes, count):
        return g - x_hat * (g * x_hat).mean(axes)


class SumsForMeans(NormBack):
    def inner(self, g, x_hat, axes, count):
        return g - g.sum(axes) - x_hat * (g * x_hat).sum(axes)


class PlusVariance(NormBack):
    def inner(self, g, x_hat, axes, count):
        return g - g.mean(axes) + x_hat * (g * x_hat).mean(axes)


class NoGamma(NormBack):
    def strength(self, gamma):
        return 1.0


class MeansForSums(NormBack):
    def learned(self, dy, x_hat, axes):
        return (dy * x_hat).mean(axes), dy.mean(axes)


class BatchSumsOnly(NormBack):
    def learned(self, dy, x_hat, axes):
        return (dy * x_hat).sum(0), dy.sum(0)


class DgammaWithoutXHat(NormBack):
    def learned(self, dy, x_hat, axes):
        return dy.sum(axes), dy.sum(axes)


class DgammaOfX(NormBack):
    """The cache of this pair holds x itself where x_hat belongs."""

    def __call__(self, dy, cache):
        inner, x = cache
        dx, _, dbeta = super().__call__(dy, inner)
        return dx, (dy * x).sum(tuple(range(dy.ndim - 1))), dbeta


class NormKeepingX(Norm):
    def __call__(self, x, *args):
        y, cache = super().__call__(x, *args)
        return y, (cache, x)


class Swapped(NormBack):
    def order(self, dx, dgamma, dbeta):
        return dx, dbeta, dgamma


def pair(backward, forward=None):
    return forward or Norm(), backward


batch_norm_backward = Exercise(
    "batch_norm_backward",
    title="Batch normalisation, backward",
    points=(4, 4),
    minutes=35,
    names=("batch_norm", "batch_norm_backward"),
    probe="batch_norm_gradients",
    outputs={"dx": Output(gradient=True), "dgamma": Output(gradient=True), "dbeta": Output(gradient=True)},
    oracle=tf_batch_norm_gradients,
    cases=[
        Case(
            "four samples, one channel",
            {
                "x": COLUMN[:, :1],
                "gamma": np.array([2.0]),
                "beta": np.array([0.5]),
                "dy": np.array([[1.0], [0.0], [0.0], [0.0]]),
                "options": [0.9, 0.0],
            },
            expected={
                "dx": np.array([[0.3], [-0.4], [-0.1], [0.2]]) * 2 / np.sqrt(5.0),
                "dgamma": np.array([-3 / np.sqrt(5.0)]),
                "dbeta": np.array([1.0]),
            },
        ),
        Case("pictures", {**draw_batch_norm_gradients(np.random.default_rng(11)), "options": []}, weight=2),
        Case("eps of its own", {**draw_batch_norm_gradients(np.random.default_rng(12)), "options": [0.8, 0.5]}),
    ],
    draw=draw_batch_norm_gradients,
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "only_direct",
            pair(OnlyDirect()),
            says="dx follows the direct path only: mean and variance are taken for constants.",
            hint="x also moves mean and variance, and through them every other entry: three paths lead back.",
        ),
        Misconception(
            "no_variance_path",
            pair(NoVariancePath()),
            says="The path through the variance is missing in dx.",
            hint="Compare with numbers: dx must be at right angles to x_hat, in every channel.",
        ),
        Misconception(
            "no_mean_path",
            pair(NoMeanPath()),
            says="The path through the mean is missing in dx.",
            hint="Adding one constant to a whole channel changes nothing in y: so what must dx sum to?",
        ),
        Misconception(
            "sums_for_means",
            pair(SumsForMeans()),
            says="In dx, sums stand where means belong.",
            hint="The mean has a 1/N: each of its inputs moves it by one N-th only.",
        ),
        Misconception(
            "plus_variance",
            pair(PlusVariance()),
            says="The path through the variance has the wrong sign.",
            hint="A larger spread makes every normalised value smaller.",
        ),
        Misconception(
            "no_gamma",
            pair(NoGamma()),
            says="`gamma` is missing in dx.",
            hint="The gradient passes the scaling first on its way back.",
        ),
        Misconception(
            "means_for_sums",
            pair(MeansForSums()),
            says="dgamma and dbeta are means over the batch.",
            hint="Gradients are sums over what comes in: a loss that is a mean has its 1/N in dy already.",
        ),
        Misconception(
            "batch_sums_only",
            pair(BatchSumsOnly()),
            says="dgamma and dbeta are summed over the batch only.",
            hint="One gamma serves every position: sum over all axes but the last.",
        ),
        Misconception(
            "dgamma_without_x_hat",
            pair(DgammaWithoutXHat()),
            says="dgamma is the sum of dy alone.",
            hint="gamma multiplies x_hat: so what is dy multiplied by?",
        ),
        Misconception(
            "dgamma_of_x",
            pair(DgammaOfX(), NormKeepingX()),
            says="dgamma uses x where x_hat belongs.",
            hint="gamma multiplies the normalised values.",
        ),
        Misconception(
            "swapped",
            pair(Swapped()),
            says="dgamma and dbeta are the wrong way round.",
            hint="The order is dx, dgamma, dbeta.",
        ),
    ],
    hints=(
        "Draw the graph: from x to its mean, to its variance, to x_hat, to y. How many arrows leave x?",
        "First the gradient at x_hat. Then add up what comes back to x: directly, by the mean, by the variance.",
        "dx = (g - a mean - x_hat * another mean) / something in your cache. The sums of dx and dx * x_hat must be 0.",
    ),
)

# --- dropout ---------------------------------------------------------------------------------------------------------


def dropout_facts(x, rate, rng):
    """What binomial arithmetic says; with hundreds of entries a slice, two equal slices do not happen."""
    facts = {
        "smallest y / x among the kept": 1 / (1 - rate),
        "largest y / x among the kept": 1 / (1 - rate),
        "share of entries dropped, to one decimal": round(rate, 1),
    }
    axes = range(x.ndim) if x.ndim > 1 else ()
    return facts | {f"different patterns along axis {axis}": x.shape[axis] for axis in axes}


def dropout_habits(**_):
    return {
        "a generator with the same seed drops the same entries": 1,
        "the next call drops other entries": 1,
        "the number of dropped entries varies from call to call": 1,
    }


def filled(shape, seed=0):
    """Random values away from 0, in steps that need little room in a file."""
    rng = np.random.default_rng(seed)
    return rng.integers(1, 9, shape) * rng.choice([-0.25, 0.25], shape)


def draw_dropout(rng):
    shape = (120, 100) if rng.random() < 0.5 else (12, 10, 8, 16)
    rate = float(rng.choice([0.1, 0.3, 0.4, 0.6, 0.7, 0.9]))
    return {"x": filled(shape, int(rng.integers(1000))), "rate": rate, "rng": Rng(int(rng.integers(1000)))}


def mask_of(shape, rate, rng):
    return rng.random(shape) >= rate


def dropping(mask=mask_of, factor=lambda rate: 1 / (1 - rate), at_test=lambda x, rate: x):
    """`dropout` with its parts left open."""

    def dropout(x, rate, rng, training):
        return x * mask(x.shape, rate, rng) * factor(rate) if training else at_test(x, rate)

    return dropout


def whole_maps(shape, rate, rng):
    return rng.random((shape[0], *(1,) * (len(shape) - 2), *shape[1:][-1:])) >= rate


def exact_mask(shape, rate, rng):
    mask = np.ones(int(np.prod(shape)))
    mask[rng.permutation(mask.size)[: round(rate * mask.size)]] = 0
    return mask.reshape(shape)


def own_generator(shape, rate, rng):
    return np.random.default_rng().random(shape) >= rate


def same_every_time(shape, rate, rng):
    return np.random.default_rng(0).random(shape) >= rate


BATCH, MAPS = filled((120, 100)), filled((12, 10, 8, 16), 1)
SMALL = filled((3, 4), 2)

dropout = Exercise(
    "dropout",
    title="Dropout",
    points=(2, 2),
    minutes=12,
    probe="dropout_once",
    oracle={"dropout_once": dropout_facts, "dropout_again": dropout_habits, "call": lambda x, rate, rng, training: x},
    outputs={"result": Output()},
    rtol=1e-6,
    cases=[
        Case("half of a batch", {"x": BATCH, "rate": 0.5, "rng": Rng(1)}),
        Case("a fifth of some maps", {"x": MAPS, "rate": 0.2, "rng": Rng(2)}, weight=2),
        Case("called again", {"x": BATCH[:30], "rate": 0.3, "seed": 3}, probe="dropout_again"),
        Case("at test time", {"x": SMALL, "rate": 0.5, "rng": Rng(4), "training": False}, probe="call"),
        Case("a rate of zero", {"x": SMALL, "rate": 0.0, "rng": Rng(5), "training": True}, probe="call", weight=0.5),
    ],
    hidden_cases=[
        Case("one sample", {"x": filled((9000,), 3), "rate": 0.4, "rng": Rng(6)}),
        Case("whole numbers", {"x": np.arange(1, 9001).reshape(90, 100), "rate": 0.2, "rng": Rng(7)}, weight=0.5),
        Case("called again, on maps", {"x": MAPS[:2], "rate": 0.6, "seed": 8}, probe="dropout_again"),
        Case("maps at test time", {"x": MAPS[:2], "rate": 0.8, "rng": Rng(9), "training": False}, probe="call"),
    ],
    draw=draw_dropout,
    draws=(1, 4),
    rules=[OWN_WORK],
    misconceptions=[
        Misconception(
            "not_scaled",
            dropping(factor=lambda rate: 1.0),
            says="What is kept is not made stronger.",
            hint="With half the inputs gone, sums come out half as large; make up for it while training.",
        ),
        Misconception(
            "scaled_down",
            dropping(factor=lambda rate: 1 - rate),
            says="What is kept is made weaker instead of stronger.",
            hint="The mean of the output over many draws should be the input: by what must the kept ones be divided?",
        ),
        Misconception(
            "divided_by_rate",
            dropping(factor=lambda rate: 1 / rate if rate else 1.0),
            says="The kept entries are divided by the share that is dropped.",
            hint="Try a rate of 0.1: nearly all are kept, so the factor should be near 1.",
        ),
        Misconception(
            "rate_is_kept",
            dropping(lambda shape, rate, rng: rng.random(shape) < rate, lambda rate: 1 / rate if rate else 1.0),
            says="`rate` is read as the share to keep.",
            hint="In this course, as in Keras, `rate` is the share that is dropped.",
        ),
        Misconception(
            "keeps_the_wrong_ones",
            dropping(lambda shape, rate, rng: rng.random(shape) < rate),
            says="The share that is dropped and the share that is kept have changed places.",
            hint="Which way round does your comparison with `rate` go?",
        ),
        Misconception(
            "one_mask_for_all",
            dropping(lambda shape, rate, rng: rng.random(shape[1:]) >= rate),
            says="Every sample of the batch loses the same entries.",
            hint="Draw one random number for every entry of x.",
        ),
        Misconception(
            "whole_samples",
            dropping(lambda shape, rate, rng: rng.random((shape[0],) + (1,) * (len(shape) - 1)) >= rate),
            says="Whole samples are dropped.",
            hint="Draw one random number for every entry of x.",
        ),
        Misconception(
            "whole_channels",
            dropping(whole_maps),
            says="Whole maps are dropped together; that is spatial dropout.",
            hint="Here every entry is drawn by itself.",
        ),
        Misconception(
            "exact_share",
            dropping(exact_mask),
            says="Exactly the same number of entries is dropped in every call.",
            hint="Each entry is dropped or kept by its own draw, so the number varies a little.",
        ),
        Misconception(
            "own_generator",
            dropping(own_generator),
            says="The random numbers do not come from `rng`.",
            hint="Draw from the generator that is passed in, so that a run can be repeated.",
        ),
        Misconception(
            "same_every_time",
            dropping(same_every_time),
            says="Every call drops the same entries.",
            hint="Draw anew from `rng` in every call.",
        ),
        Misconception(
            "on_at_test_time",
            lambda x, rate, rng, training: dropping()(x, rate, rng, True),
            says="Entries are dropped at test time too.",
            hint="With `training=False` nothing is dropped and nothing is scaled.",
        ),
        Misconception(
            "scaled_at_test_time",
            dropping(at_test=lambda x, rate: x * (1 - rate)),
            says="The output is scaled at test time.",
            hint="Here the scaling is done in training, so that at test time there is nothing left to do.",
        ),
    ],
    hints=(
        "How do you make something happen with a probability of `rate`, for every entry by itself?",
        "Compare one random number per entry with `rate`; that gives a mask of the shape of x.",
        "Not training: nothing to do. Training: a mask from `rng` and `rate`, then what is kept is scaled up.",
    ),
)

# --- Keras builders --------------------------------------------------------------------------------------------------


def conv_text(filters, kernel, shape):
    return [f"convolution, {filters} filters of {kernel} x {kernel} -> {(*shape, filters)}", "relu"]


def shallownet_book(input_shape, num_classes, options=()):
    height, width, channels = input_shape
    steps = conv_text(32, 3, (height, width))
    steps += [f"flatten -> ({height * width * 32},)", f"dense, {num_classes} units -> ({num_classes},)", "softmax"]
    return steps, 32 * (9 * channels + 1) + (height * width * 32 + 1) * num_classes


def lenet_book(input_shape, num_classes, options=()):
    height, width, channels = input_shape
    flat = height // 4 * (width // 4) * 50
    steps = [*conv_text(20, 5, (height, width)), f"max pool 2 x 2 -> {(height // 2, width // 2, 20)}"]
    steps += [*conv_text(50, 5, (height // 2, width // 2)), f"max pool 2 x 2 -> {(height // 4, width // 4, 50)}"]
    steps += [f"flatten -> ({flat},)", "dense, 500 units -> (500,)", "relu"]
    steps += [f"dense, {num_classes} units -> ({num_classes},)", "softmax"]
    weights = 20 * (25 * channels + 1) + 50 * (25 * 20 + 1) + 500 * (flat + 1) + num_classes * 501
    return steps, weights


def minivggnet_book(input_shape, num_classes, options=()):
    height, width, channels = input_shape
    norm = options[0] if options else True
    steps, count, before = [], 0, channels
    for filters in (32, 64):
        for _ in range(2):
            shape = (height, width, filters)
            steps += conv_text(filters, 3, shape[:2]) + [f"batch norm -> {shape}"] * norm
            count += filters * (9 * before + 1) + 4 * filters * norm
            before = filters
        height, width = height // 2, width // 2
        shape = (height, width, filters)
        steps += [f"max pool 2 x 2 -> {shape}", f"dropout 0.25 -> {shape}"]
    flat = height * width * 64
    steps += [f"flatten -> ({flat},)", "dense, 512 units -> (512,)", "relu"] + ["batch norm -> (512,)"] * norm
    steps += ["dropout 0.5 -> (512,)", f"dense, {num_classes} units -> ({num_classes},)", "softmax"]
    return steps, count + 512 * (flat + 1) + 4 * 512 * norm + num_classes * 513


def model_facts(book):
    """The oracle of a builder: the book's layers and counts, written down by hand."""

    def facts(input_shape, num_classes, options):
        steps, count = book(input_shape, num_classes, options)
        named = {f"layer {number}": step for number, step in enumerate([*steps, "nothing"], start=1)}
        return named | {
            "parameters": f"{count:,}",
            "shape of the output for 2 images": f"(2, {num_classes})",
            "the output sums to 1 for every image": "yes",
            "the model is compiled": "no",
        }

    return facts


def counted(book, input_shape, num_classes, options, parameters):
    """Facts whose number of parameters is the inventory's own."""
    return model_facts(book)(input_shape, num_classes, options) | {"parameters": f"{parameters:,}"}


def model_case(name, input_shape, num_classes, options=(), **more):
    inputs = {"input_shape": list(input_shape), "num_classes": num_classes, "options": list(options)}
    return Case(name, inputs, **more)


def draw_model(rng):
    height, width = (4 * rng.integers(1, 5, size=2)).tolist()
    return model_case(
        f"{height} x {width} pictures", (height, width, int(rng.integers(1, 4))), int(rng.integers(2, 12))
    )


def conv_relu(filters, kernel, padding="same", activation="relu"):
    return [kl.Conv2D(filters, kernel, padding=padding, activation=activation)]


def build(input_shape, steps, compiled=False):
    model = keras.Sequential([kl.Input(input_shape), *steps])
    if compiled:
        model.compile("sgd", "categorical_crossentropy")
    return model


def shallownet_with(
    filters=32, kernel=3, padding="same", act="relu", pool=False, hidden=False, end="softmax", compiled=False
):
    """A ShallowNet with one thing changed."""

    def build_shallownet(input_shape, num_classes):
        steps = conv_relu(filters, kernel, padding, act) + [kl.MaxPooling2D(2)] * pool + [kl.Flatten()]
        steps += [kl.Dense(64, "relu")] * hidden + [kl.Dense(num_classes, end)]
        return build(input_shape, steps, compiled)

    return build_shallownet


def shallownet_without_flatten(input_shape, num_classes):
    return build(input_shape, [*conv_relu(32, 3), kl.GlobalAveragePooling2D(), kl.Dense(num_classes, "softmax")])


COMPILED = "The model is compiled."
COMPILED_HINT = "Return it as it is built; loss and optimiser are chosen where it is trained."
LOGITS = "The model ends without a softmax."
LOGITS_HINT = "The last layer's scores should become probabilities, which sum to 1."

build_shallownet = Exercise(
    "build_shallownet",
    title="ShallowNet",
    points=(1, 1),
    minutes=8,
    seconds=30,
    probe="keras_model",
    oracle=model_facts(shallownet_book),
    cases=[
        model_case(
            "32 x 32 colour pictures, 10 classes",
            (32, 32, 3),
            10,
            expected=counted(shallownet_book, (32, 32, 3), 10, (), 328_586),
        ),
        model_case("small grey pictures that are not square", (8, 12, 1), 4),
    ],
    hidden_cases=[
        model_case("3 classes", (32, 32, 3), 3, expected=counted(shallownet_book, (32, 32, 3), 3, (), 99_203)),
    ],
    draw=draw_model,
    draws=(0, 2),
    misconceptions=[
        Misconception(
            "valid_padding",
            shallownet_with(padding="valid"),
            says="The convolution shrinks the picture.",
            hint="ShallowNet pads so that maps are as large as the picture: look for Keras's word for that.",
        ),
        Misconception(
            "no_relu",
            shallownet_with(act=None),
            says="No activation follows the convolution.",
            hint="Without it, convolution and dense layer are one linear map in two parts.",
        ),
        Misconception("no_softmax", shallownet_with(end=None), says=LOGITS, hint=LOGITS_HINT),
        Misconception(
            "sigmoid",
            shallownet_with(end="sigmoid"),
            says="The model ends in a sigmoid per class.",
            hint="One class is right: the outputs should share a probability of 1.",
        ),
        Misconception(
            "wrong_kernel",
            shallownet_with(kernel=5),
            says="The kernels are 5 x 5.",
            hint="ShallowNet's are 3 x 3.",
        ),
        Misconception(
            "pooled",
            shallownet_with(pool=True),
            says="There is a pool, which ShallowNet does not have.",
            hint="INPUT - CONV - RELU - FC, and nothing else.",
        ),
        Misconception(
            "hidden_layer",
            shallownet_with(hidden=True),
            says="There is a second dense layer.",
            hint="The map is flattened and goes straight into the layer of classes.",
        ),
        Misconception(
            "averaged",
            shallownet_without_flatten,
            says="The maps are averaged instead of flattened.",
            hint="Here every position keeps weights of its own in the dense layer.",
        ),
        Misconception("compiled", shallownet_with(compiled=True), says=COMPILED, hint=COMPILED_HINT),
    ],
    hints=(
        "Say the network aloud, layer by layer: how many filters, how large, what then?",
        "keras.Sequential takes a list of layers; `keras.layers.Input(input_shape)` comes first.",
        "Input, Conv2D(..., padding=..., activation=...), Flatten, Dense(..., activation=...).",
    ),
)


def lenet_with(
    filters=(20, 50),
    kernel=5,
    padding="same",
    act="relu",
    pool=kl.MaxPooling2D,
    dense=500,
    dense_act="relu",
    end="softmax",
    compiled=False,
):
    """A LeNet with one thing changed."""

    def build_lenet(input_shape, num_classes):
        steps = []
        for count in filters:
            steps += conv_relu(count, kernel, padding, act) + ([pool(2)] if pool else [])
        steps += [kl.Flatten(), kl.Dense(dense, dense_act), kl.Dense(num_classes, end)]
        return build(input_shape, steps, compiled)

    return build_lenet


def lenet_five(input_shape, num_classes):
    steps = [*conv_relu(6, 5), kl.MaxPooling2D(2), *conv_relu(16, 5, "valid"), kl.MaxPooling2D(2), kl.Flatten()]
    return build(input_shape, [*steps, kl.Dense(120, "relu"), kl.Dense(84, "relu"), kl.Dense(num_classes, "softmax")])


def lenet_strided(input_shape, num_classes):
    steps = [kl.Conv2D(n, 5, strides=2, padding="same", activation="relu") for n in (20, 50)]
    return build(input_shape, [*steps, kl.Flatten(), kl.Dense(500, "relu"), kl.Dense(num_classes, "softmax")])


build_lenet = Exercise(
    "build_lenet",
    title="LeNet",
    points=(1, 2),
    minutes=10,
    seconds=30,
    probe="keras_model",
    oracle=model_facts(lenet_book),
    cases=[
        model_case(
            "28 x 28 grey pictures, 10 classes",
            (28, 28, 1),
            10,
            expected=counted(lenet_book, (28, 28, 1), 10, (), 1_256_080),
        ),
        model_case("small colour pictures that are not square", (8, 12, 3), 4),
    ],
    hidden_cases=[
        model_case("9 classes", (28, 28, 1), 9, expected=counted(lenet_book, (28, 28, 1), 9, (), 1_255_579)),
        model_case("2 classes", (28, 28, 1), 2, expected=counted(lenet_book, (28, 28, 1), 2, (), 1_252_072)),
    ],
    draw=draw_model,
    draws=(0, 2),
    misconceptions=[
        Misconception(
            "valid_padding",
            lenet_with(padding="valid", kernel=3),
            says="The convolutions are 3 x 3 and shrink their maps.",
            hint="This LeNet has kernels of 5 and pads, so that only the pools make maps smaller.",
        ),
        Misconception(
            "kernel_three",
            lenet_with(kernel=3),
            says="The kernels are 3 x 3.",
            hint="LeNet's kernels are 5 x 5.",
        ),
        Misconception(
            "filters_swapped",
            lenet_with(filters=(50, 20)),
            says="The numbers of filters are the wrong way round.",
            hint="More filters as the maps get smaller: 20 first.",
        ),
        Misconception(
            "lenet_strided",
            lenet_strided,
            says="The convolutions make the maps smaller by strides, and there are no pools.",
            hint="Here the convolutions move by 1, and a pool after each halves the map.",
        ),
        Misconception(
            "average_pool",
            lenet_with(pool=kl.AveragePooling2D),
            says="The pools average.",
            hint="This variant takes the largest value of each window.",
        ),
        Misconception(
            "no_pools",
            lenet_with(pool=None),
            says="The pools are missing.",
            hint="After each activation a 2 x 2 pool halves the sides.",
        ),
        Misconception(
            "no_relu",
            lenet_with(act=None),
            says="No activation follows the convolutions.",
            hint="Without one, two convolutions are one larger convolution.",
        ),
        Misconception(
            "tanh",
            lenet_with(act="tanh", dense_act="tanh"),
            says="The activations are tanh, as in 1998.",
            hint="This variant uses ReLU throughout.",
        ),
        Misconception(
            "no_relu_in_dense",
            lenet_with(dense_act=None),
            says="The dense layer of 500 has no activation.",
            hint="Two dense layers in a row without one are a single linear map.",
        ),
        Misconception(
            "lenet_five",
            lenet_five,
            says="This is close to LeNet-5 of 1998: 6 and 16 filters, then 120 and 84 units.",
            hint="The variant of this chapter has 20 and 50 filters, and one dense layer of 500 before the last.",
        ),
        Misconception("no_softmax", lenet_with(end=None), says=LOGITS, hint=LOGITS_HINT),
        Misconception("compiled", lenet_with(compiled=True), says=COMPILED, hint=COMPILED_HINT),
    ],
    hints=(
        "Read the shapes backwards: 10, 500, 2450, 7 x 7 x 50. Which layer makes which?",
        "Twice the same block, convolution - ReLU - pool, with 20 filters and then with 50.",
        "Input, (Conv2D, MaxPooling2D) twice, Flatten, Dense with 500 units, Dense with one unit per class.",
    ),
)


def minivgg_with(
    order="relu-norm",
    norm=None,
    drops=(0.25, 0.5),
    filters=(32, 64),
    convs=2,
    dense_norm=True,
    dense_drop=True,
    end="softmax",
    compiled=False,
    padding="same",
):
    """A MiniVGGNet with one thing changed."""

    def build_minivggnet(input_shape, num_classes, batch_norm=True):
        with_norm = batch_norm if norm is None else norm

        def conv(count):
            steps = {"conv": [kl.Conv2D(count, 3, padding=padding)], "relu": [kl.ReLU()]}
            steps["norm"] = [kl.BatchNormalization()] if with_norm else []
            return [step for part in ["conv", *order.split("-")] for step in steps[part]]

        steps = []
        for count in filters:
            steps += [step for _ in range(convs) for step in conv(count)] + [kl.MaxPooling2D(2), kl.Dropout(drops[0])]
        steps += [kl.Flatten(), kl.Dense(512, "relu")] + [kl.BatchNormalization()] * (with_norm and dense_norm)
        steps += [kl.Dropout(drops[1])] * dense_drop + [kl.Dense(num_classes, end)]
        return build(input_shape, steps, compiled)

    return build_minivggnet


build_minivggnet = Exercise(
    "build_minivggnet",
    title="MiniVGGNet",
    points=(2, 2),
    minutes=15,
    seconds=30,
    probe="keras_model",
    oracle=model_facts(minivggnet_book),
    cases=[
        model_case(
            "32 x 32 colour pictures, 10 classes",
            (32, 32, 3),
            10,
            expected=counted(minivggnet_book, (32, 32, 3), 10, (), 2_171_178),
        ),
        model_case("small pictures, without batch norm", (8, 12, 1), 4, [False]),
        model_case("small pictures, with batch norm", (8, 4, 2), 3, [True]),
    ],
    hidden_cases=[
        model_case(
            "32 x 32 without batch norm",
            (32, 32, 3),
            10,
            [False],
            expected=counted(minivggnet_book, (32, 32, 3), 10, (False,), 2_168_362),
        ),
    ],
    draw=draw_model,
    draws=(0, 2),
    misconceptions=[
        Misconception(
            "norm_before_relu",
            minivgg_with("norm-relu"),
            says="Batch norm stands before the ReLU.",
            hint="That is the order of the paper that introduced it. Here build the book's: after the activation.",
        ),
        Misconception(
            "norm_ignored",
            minivgg_with(norm=True),
            says="`batch_norm=False` makes no difference.",
            hint="With False, all five batch norm layers stay away.",
        ),
        Misconception(
            "no_norm",
            minivgg_with(norm=False),
            says="There is no batch norm, though it was asked for.",
            hint="Each activation but the last is followed by one.",
        ),
        Misconception(
            "no_norm_in_dense",
            minivgg_with(dense_norm=False),
            says="The dense layer of 512 has no batch norm.",
            hint="All five hidden activations are normalised.",
        ),
        Misconception(
            "drops_swapped",
            minivgg_with(drops=(0.5, 0.25)),
            says="The dropout rates are the wrong way round.",
            hint="A quarter after the pools, a half after the dense layer.",
        ),
        Misconception(
            "same_drop",
            minivgg_with(drops=(0.5, 0.5)),
            says="The dropout after the pools is too strong.",
            hint="A quarter is enough for maps, whose neighbours say much the same.",
        ),
        Misconception(
            "one_conv",
            minivgg_with(convs=1),
            says="Each block has one convolution.",
            hint="The idea of VGG is to stack two before each pool.",
        ),
        Misconception(
            "filters_swapped",
            minivgg_with(filters=(64, 32)),
            says="The numbers of filters are the wrong way round.",
            hint="More filters as the maps get smaller.",
        ),
        Misconception(
            "no_last_drop",
            minivgg_with(dense_drop=False),
            says="The last dropout is missing.",
            hint="The dense layer has most of the parameters: it is where dropout helps most.",
        ),
        Misconception(
            "valid_padding",
            minivgg_with(padding="valid"),
            says="The convolutions shrink their maps.",
            hint="They pad, so that only the pools make maps smaller.",
        ),
        Misconception("no_softmax", minivgg_with(end=None), says=LOGITS, hint=LOGITS_HINT),
        Misconception("compiled", minivgg_with(compiled=True), says=COMPILED, hint=COMPILED_HINT),
    ],
    hints=(
        "The same small group of layers comes four times, and a variant of it a fifth time. Can a helper make it?",
        "A list of layers that grows: append a group for each convolution, and batch norm only if it was asked for.",
        "for filters in (32, 64): two groups of layers, then pool and dropout. After the loop, the dense part.",
    ),
)

# --- a LeNet in NumPy ------------------------------------------------------------------------------------------------


def lenet_shapes(input_shape, num_classes):
    height, width, channels = input_shape
    flat = height // 4 * (width // 4) * 50
    return [(5, 5, channels, 20), (20,), (5, 5, 20, 50), (50,), (flat, 500), (500,), (500, num_classes), (num_classes,)]


def tf_lenet(params, x):
    w1, b1, w2, b2, w3, b3, w4, b4 = params
    x = tf.cast(tf.constant(x), tf.float64)
    x = tf.nn.max_pool2d(tf.nn.relu(tf.nn.conv2d(x, w1, 1, "SAME") + b1), 2, 2, "VALID")
    x = tf.nn.max_pool2d(tf.nn.relu(tf.nn.conv2d(x, w2, 1, "SAME") + b2), 2, 2, "VALID")
    x = tf.nn.relu(tf.reshape(x, (x.shape[0], -1)) @ w3 + b3)
    return x @ w4 + b4


def tf_known(input_shape, num_classes, seed):
    return [tf.Variable(p) for p in known_weights(lenet_shapes(input_shape, num_classes), seed)]


def tf_gradients(params, x, dlogits):
    with tf.GradientTape() as tape:
        logits = tf_lenet(params, x)
    return [g.numpy() for g in tape.gradient(logits, params, tf.constant(dlogits))]


def tf_starts(input_shape, num_classes, rng):
    shapes = {
        f"shape of {n}": str(s) for n, s in zip(names("params"), lenet_shapes(input_shape, num_classes), strict=True)
    }
    outputs = {"params is a": "list", "number of arrays in params": 8}
    drawn = {
        "weight arrays of different numbers": 4,
        "weight arrays that differ in a second network": 4,
        "arrays that are the same with the same rng": 8,
    }
    return outputs | shapes | drawn


def tf_forward(input_shape, num_classes, seed, x):
    return {"forward(x)": tf_lenet(tf_known(input_shape, num_classes, seed), x).numpy()}


def tf_backward(input_shape, num_classes, seed, x, dlogits):
    grads = tf_gradients(tf_known(input_shape, num_classes, seed), x, dlogits)
    outputs = {"grads is a": "list", "number of arrays in grads": 8}
    outputs |= {f"shape of {n}": str(g.shape) for n, g in zip(names("grads"), grads, strict=True)}
    return outputs | {f"{n}{DIGEST}": digest(g) for n, g in zip(names("grads"), grads, strict=True)}


def tf_two_steps(input_shape, num_classes, seed, batches, gradients, learning_rate):
    params = tf_known(input_shape, num_classes, seed)
    for x, dlogits in zip(batches, gradients, strict=True):
        for param, grad in zip(params, tf_gradients(params, x, dlogits), strict=True):
            param.assign_sub(learning_rate * grad)
    outputs = {f"{n}{DIGEST}": digest(p.numpy()) for n, p in zip(names("params"), params, strict=True)}
    return outputs | {"forward(x) after two steps": tf_lenet(params, batches[0]).numpy()}


def names(attribute):
    return [f"{attribute}[{index}], {part}" for index, part in enumerate(LENET_PARTS)]


def lenet_inputs(rng, probe="lenet_forward", input_shape=None, batch=None):
    """Inputs of one case of `probe`, and its name."""
    shape = input_shape or [int(4 * rng.integers(1, 3)), int(4 * rng.integers(1, 4)), int(rng.integers(1, 4))]
    classes, batch = int(rng.integers(2, 8)), batch or int(rng.integers(1, 4))
    x = lambda: rng.normal(size=(batch, *shape))  # noqa: E731
    dlogits = lambda: rng.normal(size=(batch, classes)) / batch  # noqa: E731
    inputs = {"input_shape": shape, "num_classes": classes, "seed": int(rng.integers(1000))}
    if probe == "lenet_two_steps":
        more = {"batches": [x(), x()], "gradients": [dlogits(), dlogits()], "learning_rate": 0.05}
    else:
        more = {"x": x()} | ({"dlogits": dlogits()} if probe == "lenet_backward" else {})
    size = f"{shape[0]} x {shape[1]} x {shape[2]}, batch of {batch}"
    kind = {"lenet_forward": "forward", "lenet_backward": "backward", "lenet_two_steps": "two steps"}[probe]
    return Case(f"{kind}: {size}", inputs | more, probe=probe, weight=1 if probe == "lenet_forward" else 1.5)


class Net:
    """`NumpyLeNet` as a student might write it; the misconceptions change one thing each."""

    filters, pad = (20, 50), 2

    def __init__(self, input_shape, num_classes, rng):
        height, width, channels = input_shape
        one, two = self.filters
        flat = (height // 4) * (width // 4) * two
        shapes = [(5, 5, channels, one), (5, 5, one, two), (flat, 500), (500, num_classes)]
        self.params = [p for shape in shapes for p in (self.start(shape, rng), np.zeros(shape[-1]))]
        self.grads = [np.zeros_like(p) for p in self.params]

    def start(self, shape, rng):
        return rng.normal(0, np.sqrt(2 / np.prod(shape[:-1])), shape)

    relu = staticmethod(kernels.relu)
    pool = staticmethod(kernels.max_pool2d)
    pool_back = staticmethod(kernels.max_pool2d_backward)

    def forward(self, x):
        w1, b1, w2, b2, w3, b3, w4, b4 = self.params
        self.x, self.z1 = x, kernels.conv2d(x, w1, b1, 1, self.pad)
        self.p1 = self.pool(self.relu(self.z1), 2, 2)
        self.z2 = kernels.conv2d(self.p1, w2, b2, 1, self.pad)
        self.p2 = self.pool(self.relu(self.z2), 2, 2)
        self.flat = self.flatten(self.p2)
        self.z3 = self.flat @ w3 + b3
        self.a3 = self.relu_of_dense(self.z3)
        return self.finish(self.a3 @ w4 + b4)

    def flatten(self, maps):
        return maps.reshape(len(maps), -1)

    def relu_of_dense(self, z):
        return kernels.relu(z)

    def finish(self, scores):
        return scores

    def mask(self, z):
        return z > 0

    def backward(self, dlogits):
        w1, _, w2, _, w3, _, w4, _ = self.params
        dz3 = (dlogits @ w4.T) * self.mask(self.z3)
        da2 = self.pool_back((dz3 @ w3.T).reshape(self.p2.shape), self.relu(self.z2), 2, 2)
        dp1, dw2, db2 = kernels.conv2d_backward(da2 * self.mask(self.z2), self.p1, w2, 1, self.pad)
        da1 = self.pool_back(dp1, self.relu(self.z1), 2, 2)
        _, dw1, db1 = kernels.conv2d_backward(da1 * self.mask(self.z1), self.x, w1, 1, self.pad)
        self.keep([dw1, db1, dw2, db2, self.flat.T @ dz3, dz3.sum(0), self.a3.T @ dlogits, dlogits.sum(0)])

    def keep(self, grads):
        self.grads = grads

    def step(self, learning_rate):
        for param, grad in zip(self.params, self.grads, strict=True):
            param -= learning_rate * grad


class Probabilities(Net):
    def finish(self, scores):
        return kernels.softmax(scores)


class NoReluInConvs(Net):
    relu = staticmethod(lambda z: z)

    def mask(self, z):
        return (z > 0) | (z.ndim == 4)


class NoReluInDense(Net):
    def relu_of_dense(self, z):
        return z

    def mask(self, z):
        return (z > 0) | (z.ndim == 2)


class AveragePools(Net):
    pool = staticmethod(kernels.avg_pool2d)
    pool_back = staticmethod(kernels.avg_pool2d_backward)


class ChannelsFirstFlatten(Net):
    def flatten(self, maps):
        return maps.transpose(0, 3, 1, 2).reshape(len(maps), -1)


class ReluForgottenInBackward(Net):
    def mask(self, z):
        return np.ones(z.shape)


class Ascends(Net):
    def step(self, learning_rate):
        super().step(-learning_rate)


class GradsAddUp(Net):
    def keep(self, grads):
        self.grads = [old + new for old, new in zip(self.grads, grads, strict=True)]


class DividesByBatch(Net):
    def keep(self, grads):
        self.grads = [grad / len(self.x) for grad in grads]


class BiasesStay(Net):
    def step(self, learning_rate):
        for param, grad in list(zip(self.params, self.grads, strict=True))[::2]:
            param -= learning_rate * grad


class BiasGradientsAreMeans(Net):
    def keep(self, grads):
        count = [1, self.z1[..., 0].size, 1, self.z2[..., 0].size, 1, len(self.x), 1, len(self.x)]
        self.grads = [grad / n for grad, n in zip(grads, count, strict=True)]


class StaleList(Net):
    """Computes with arrays of its own; `params` shows copies of them."""

    def __init__(self, input_shape, num_classes, rng):
        super().__init__(input_shape, num_classes, rng)
        self.own, self.params = self.params, [p.copy() for p in self.params]

    def forward(self, x):
        shown, self.params = self.params, self.own
        scores = super().forward(x)
        self.params = shown
        return scores


class Backwards(Net):
    def keep(self, grads):
        self.grads = grads[::-1]


class FewerFilters(Net):
    filters = (6, 16)


class StartsAtZero(Net):
    def start(self, shape, rng):
        return np.zeros(shape)


class IgnoresRng(Net):
    def start(self, shape, rng):
        return super().start(shape, np.random.default_rng(0))


GIVEN = np.random.default_rng(21)

numpy_lenet = Exercise(
    "NumpyLeNet",
    title="A LeNet out of your own layers",
    points=(4, 4),
    minutes=45,
    seconds=20,
    probe="lenet_forward",
    oracle={
        "lenet_starts": tf_starts,
        "lenet_forward": tf_forward,
        "lenet_backward": tf_backward,
        "lenet_two_steps": tf_two_steps,
    },
    outputs={f"grads[{i}], {part}{DIGEST}": Output(gradient=True) for i, part in enumerate(LENET_PARTS)},
    cases=[
        Case(
            "a new network for 8 x 8 digits",
            {"input_shape": [8, 8, 1], "num_classes": 10, "rng": Rng(1)},
            "lenet_starts",
        ),
        lenet_inputs(GIVEN, "lenet_forward", [8, 8, 1], 3),
        lenet_inputs(GIVEN, "lenet_forward", [4, 12, 2], 1),
        lenet_inputs(GIVEN, "lenet_backward", [8, 4, 1], 3),
        lenet_inputs(GIVEN, "lenet_two_steps", [4, 8, 2], 2),
    ],
    hidden_cases=[
        Case(
            "a new network for 12 x 8 colour pictures",
            {"input_shape": [12, 8, 3], "num_classes": 4, "rng": Rng(2)},
            "lenet_starts",
        ),
        lenet_inputs(GIVEN, "lenet_two_steps", [8, 4, 3], 3),
        lenet_inputs(GIVEN, "lenet_backward", [4, 4, 2], 1),
    ],
    draw=(lenet_inputs, lambda rng: lenet_inputs(rng, "lenet_backward")),
    draws=(2, 4),
    rules=[NO_FRAMEWORK],
    misconceptions=[
        Misconception(
            "fewer_filters",
            FewerFilters,
            says="The convolutions have 6 and 16 filters, as in LeNet-5 of 1998.",
            hint="The variant of this chapter has 20 and 50.",
        ),
        Misconception(
            "starts_at_zero",
            StartsAtZero,
            says="All weights start at zero.",
            hint="Filters that start alike stay alike: draw the weights from `rng`.",
        ),
        Misconception(
            "ignores_rng",
            IgnoresRng,
            says="The weights are not drawn from `rng`.",
            hint="Two networks made one after the other from one generator should differ.",
        ),
        Misconception(
            "probabilities",
            Probabilities,
            says="`forward` returns probabilities.",
            hint="Return the scores of the last layer; the softmax belongs to the loss.",
        ),
        Misconception(
            "no_relu_in_convs",
            NoReluInConvs,
            says="The convolutions are not followed by a ReLU.",
            hint="Which layers of the list of layers above have you used?",
        ),
        Misconception(
            "no_relu_in_dense",
            NoReluInDense,
            says="The layer of 500 is not followed by a ReLU.",
            hint="Which layers of the list of layers above have you used?",
        ),
        Misconception(
            "average_pools",
            AveragePools,
            says="The pools average.",
            hint="This LeNet takes the largest value of each window.",
        ),
        Misconception(
            "channels_first_flatten",
            ChannelsFirstFlatten,
            says="The maps are flattened channel by channel.",
            hint="Rows, columns, channels: one reshape keeps the order.",
        ),
        Misconception(
            "relu_forgotten_in_backward",
            ReluForgottenInBackward,
            says="On the way back, the ReLUs let everything through.",
            hint="A unit that was off in `forward` gets no gradient: keep what you need to know for that.",
        ),
        Misconception(
            "divides_by_batch",
            DividesByBatch,
            says="The gradients are divided by the size of the batch.",
            hint="The loss is a mean already: its 1/N is in `dlogits`, and would be there twice.",
        ),
        Misconception(
            "bias_gradients_are_means",
            BiasGradientsAreMeans,
            says="The gradients of the biases are means.",
            hint="A bias is added at every position of every picture: its gradient is the sum.",
        ),
        Misconception(
            "backwards",
            Backwards,
            says="`grads` is in the reverse order.",
            hint="Same order as `params`, first layer first, although they are computed last to first.",
        ),
        Misconception(
            "grads_add_up",
            GradsAddUp,
            says="Gradients of earlier batches are still in there.",
            hint="`backward` replaces the gradients of the step before.",
        ),
        Misconception(
            "ascends",
            Ascends,
            says="`step` walks uphill.",
            hint="The gradient points to where the loss grows.",
        ),
        Misconception(
            "biases_stay",
            BiasesStay,
            says="`step` changes the weights only.",
            hint="The biases are learned too: every entry of `params` takes a step.",
        ),
        Misconception(
            "stale_list",
            StaleList,
            says="Writing into `params` does not change what `forward` computes.",
            hint="`params` must hold the very arrays that the layers use, not copies.",
        ),
    ],
    hints=(
        "List the eight arrays with their shapes first. What must `forward` keep so that `backward` can do its work?",
        "`backward` is `forward` read from the end: one line for every line, each with the *_backward of its kernel.",
        "Keep the input of every layer: conv2d_backward, max_pool2d_backward and the ReLUs need theirs.",
    ),
)

# --- looking inside --------------------------------------------------------------------------------------------------


def tf_layer_output(kind, weights, images, layer_name):
    w1, b1, gamma, beta, mean, var, w2, b2, w3, b3 = (tf.constant(w, tf.float64) for w in weights)
    maps, x = {}, tf.cast(tf.constant(images), tf.float64)
    maps["edges"] = tf.nn.conv2d(x, w1, 1, "SAME") + b1
    maps["rectified"] = tf.nn.relu(maps["edges"])
    maps["evened"] = tf.nn.batch_normalization(maps["rectified"], mean, var, beta, gamma, 1e-3)
    maps["smaller"] = tf.nn.max_pool2d(maps["evened"], 2, 2, "VALID")
    maps["corners"] = tf.tanh(tf.nn.conv2d(maps["smaller"], w2, 1, "VALID") + b2)
    maps["flat"] = tf.reshape(maps["corners"], (len(images), -1))
    maps["scores"] = tf.nn.softmax(maps["flat"] @ w3 + b3)
    return {"result": maps[layer_name].numpy(), "the model's weights are as they were": 1}


def maps_case(rng, layer_name=None, kind=None, batch=None):
    height, width, channels, n = (
        2 * rng.integers(3, 5),
        2 * rng.integers(3, 6),
        rng.integers(1, 4),
        batch or rng.integers(2, 5),
    )
    flat = (height // 2 - 1) * (width // 2 - 1) * 2
    shapes = [(3, 3, channels, 3), (3,), (3,), (3,), (3,), (3,), (2, 2, 3, 2), (2,), (flat, 4), (4,)]
    weights = [rng.normal(0, 0.5, shape).astype(np.float32) for shape in shapes]
    weights[5] = np.abs(weights[5]) + np.float32(0.5)
    layer_name = layer_name or str(rng.choice(["edges", "rectified", "evened", "smaller", "corners", "scores"]))
    inputs = {"kind": kind or str(rng.choice(["sequential", "functional"])), "weights": weights}
    inputs |= {"images": rng.random((n, height, width, channels)).astype(np.float32), "layer_name": layer_name}
    return Case(f"the layer {layer_name!r} of a {inputs['kind']} model", inputs)


def maps_with(image=lambda images: images, end=lambda maps: maps, output="output", training=False, shift=0):
    """`feature_maps` with one thing changed."""

    def feature_maps(model, images, layer_name):
        layers = [layer for layer in model.layers if layer.name != "input"]
        index = [layer.name for layer in layers].index(layer_name)
        layer = layers[max(0, min(index + shift, len(layers) - 1))]
        part = keras.Model(model.inputs, getattr(layer, output))
        return end(np.asarray(part(image(images), training=training)))

    return feature_maps


def layer_on_pictures(model, images, layer_name):
    return np.asarray(model.get_layer(layer_name)(images))


LOOK = np.random.default_rng(31)

feature_maps = Exercise(
    "feature_maps",
    title="What a layer puts out",
    points=(1, 2),
    minutes=12,
    seconds=30,
    probe="layer_output",
    outputs={"result": Output()},
    rtol=1e-5,
    oracle=tf_layer_output,
    cases=[
        maps_case(LOOK, "edges", "sequential"),
        maps_case(LOOK, "rectified", "functional"),
        maps_case(LOOK, "corners", "functional", 1),
        maps_case(LOOK, "smaller", "sequential"),
    ],
    hidden_cases=[maps_case(LOOK, "evened", "functional"), maps_case(LOOK, "scores", "sequential")],
    draw=maps_case,
    draws=(0, 2),
    misconceptions=[
        Misconception(
            "layer_input",
            maps_with(output="input"),
            says="This is what goes into the layer.",
            hint="A layer knows both its `input` and its `output`.",
        ),
        Misconception(
            "final_output",
            lambda model, images, layer_name: np.asarray(model(images)),
            says="This is the output of the whole model.",
            hint="Build a second model that begins at the same input and ends at the named layer.",
        ),
        Misconception(
            "layer_on_pictures",
            layer_on_pictures,
            says="The layer is applied to the pictures themselves.",
            hint="A deep layer sees what the layers before it made of the picture: go through all of them.",
        ),
        Misconception(
            "next_layer",
            maps_with(shift=1),
            says="This is the output of the layer after the one that is named.",
            hint="Ask the model for the layer by its name: `model.get_layer(...)`.",
        ),
        Misconception(
            "training_mode",
            maps_with(training=True),
            says="The model runs in training mode: its batch norm uses, and changes, other statistics.",
            hint="Look at the network as it is used: `training=False`.",
        ),
        Misconception(
            "first_picture",
            maps_with(end=lambda maps: maps[0]),
            says="Only the maps of the first picture come back.",
            hint="All pictures of the batch are asked for: (n, height, width, channels).",
        ),
        Misconception(
            "channels_first",
            maps_with(end=lambda maps: np.moveaxis(maps, -1, 1)),
            says="The channels stand before rows and columns.",
            hint="This course keeps channels last.",
        ),
        Misconception(
            "mean_map",
            maps_with(end=lambda maps: maps.mean(axis=-1)),
            says="The maps are averaged into one.",
            hint="Every filter's map is asked for.",
        ),
        Misconception(
            "scaled",
            maps_with(end=lambda maps: (maps - maps.min()) / (maps.max() - maps.min())),
            says="The maps are stretched to 0..1.",
            hint="Return the layer's own numbers; stretch them when you draw them.",
        ),
    ],
    hints=(
        "The numbers are computed on the way to the class anyway: where could you stop?",
        "A Keras model is made from an input and an output, and every layer's output is such a thing.",
        "keras.Model(inputs, output of the named layer), called with the images; then turn the tensor into an array.",
    ),
)

EXERCISES = [
    layer_shapes,
    count_parameters,
    receptive_field,
    batch_norm,
    batch_norm_backward,
    dropout,
    build_shallownet,
    build_lenet,
    build_minivggnet,
    numpy_lenet,
    feature_maps,
]
