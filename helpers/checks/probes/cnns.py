"""Probes of chapter 07: layer lists, batch normalisation, dropout, Keras models and a LeNet in NumPy."""

import copy

import numpy as np

from helpers.checks.probes import Finding, attribute, probe

LENET_PARTS = ("conv1 w", "conv1 b", "conv2 w", "conv2 b", "dense1 W", "dense1 b", "dense2 W", "dense2 b")
MOST_LAYERS = 40  # outputs are named up to here, so that a layer that is missing can be named too


# --- arithmetic on lists of layers -----------------------------------------------------------------------------------


@probe
def shape_list(layer_shapes, layers, input_shape):
    """The shape after every layer, as text; shapes may come as tuples, lists or arrays."""
    names = [f"shape after layer {number} ({layer['type']})" for number, layer in enumerate(layers, start=1)]
    shapes = layer_shapes(layers, tuple(input_shape))
    if not isinstance(shapes, list | tuple | np.ndarray):
        raise Finding("type", f"layer_shapes returned a {_kind(shapes)}; a list with one shape per layer is expected.")
    texts = [_shape_text(shape) for shape in shapes] + ["nothing"] * len(names)
    return {"number of shapes": len(shapes)} | dict(zip(names, texts, strict=False))


@probe
def parameter_count(count_parameters, layers, input_shape):
    """The one number that `count_parameters` returns."""
    return {"result": count_parameters(layers, tuple(input_shape))}


def _shape_text(shape) -> str:
    """A shape as Python writes a tuple, whatever sequence of numbers it came as."""
    if isinstance(shape, np.ndarray):
        shape = shape.tolist()
    if isinstance(shape, list | tuple):
        return str(tuple(int(n) if isinstance(n, np.integer) else n for n in shape))[:80]
    return repr(shape)[:80]


def _kind(thing) -> str:
    return type(thing).__name__


# --- batch normalisation ---------------------------------------------------------------------------------------------


@probe
def batch_norm_once(batch_norm, x, gamma, beta, mean, var, training, options):
    """One call with running statistics `mean` and `var`: what it returns, and what they are afterwards."""
    running = _running(mean, var)
    y, _ = _several("batch_norm", batch_norm(x, gamma, beta, running, training, *options), "y, cache")
    return {"y": y} | _statistics(running)


@probe
def batch_norm_in_use(batch_norm, batches, x, gamma, beta):
    """Several batches in training, starting from mean 0 and variance 1, then `x` with `training=False`."""
    running = _running(np.zeros(len(gamma)), np.ones(len(gamma)))
    for batch in batches:
        batch_norm(batch, gamma, beta, running, True)
    y, _ = _several("batch_norm", batch_norm(x, gamma, beta, running, False), "y, cache")
    return {"y": y} | _statistics(running)


@probe
def batch_norm_gradients(functions, x, gamma, beta, dy, options):
    """Forward on `x`, forward on another batch, then backward with the cache of the first."""
    batch_norm, batch_norm_backward = functions
    start = np.zeros(len(gamma)), np.ones(len(gamma))
    first = _several("batch_norm", batch_norm(x, gamma, beta, _running(*start), True, *options), "y, cache")
    batch_norm(x[::-1] * 2.0 + 1.0, gamma, beta, _running(*start), True, *options)
    gradients = _several("batch_norm_backward", batch_norm_backward(dy, first[1]), "dx, dgamma, dbeta")
    return dict(zip(("dx", "dgamma", "dbeta"), gradients, strict=True))


def _running(mean, var) -> dict:
    return {"mean": np.array(mean, dtype=np.float64), "var": np.array(var, dtype=np.float64)}


def _statistics(running: dict) -> dict:
    return {"running['mean']": running.get("mean"), "running['var']": running.get("var")}


def _several(name: str, answer, parts: str) -> list:
    """The parts of a tuple or list, or a finding that says how many are expected."""
    count = len(parts.split(", "))
    if not isinstance(answer, tuple | list) or len(answer) != count:
        got = f"{len(answer)} values" if isinstance(answer, tuple | list) else f"one {_kind(answer)}"
        raise Finding("type", f"{name} returned {got}; {count} are expected: {parts}.")
    return list(answer)


# --- dropout ---------------------------------------------------------------------------------------------------------


@probe
def dropout_once(dropout, x, rate, rng):
    """What one training call does to `x`, which holds no zeros: what is dropped, and what becomes of the rest."""
    y = _same_shape(dropout(x, rate, rng, True), x)
    kept = y != 0
    factors = y[kept] / x[kept] if kept.any() else np.zeros(1)
    outputs = {
        "smallest y / x among the kept": float(factors.min()),
        "largest y / x among the kept": float(factors.max()),
        "share of entries dropped, to one decimal": round(float(1 - kept.mean()), 1),
    }
    axes = range(x.ndim) if x.ndim > 1 else ()
    return outputs | {f"different patterns along axis {axis}": _patterns(kept, axis) for axis in axes}


@probe
def dropout_again(dropout, x, rate, seed):
    """Whether the same generator state drops the same entries, and the next call others."""
    rng = np.random.default_rng(seed)
    masks = [_same_shape(dropout(x, rate, rng, True), x) != 0 for _ in range(20)]
    again = _same_shape(dropout(x, rate, np.random.default_rng(seed), True), x) != 0
    return {
        "a generator with the same seed drops the same entries": int(np.array_equal(masks[0], again)),
        "the next call drops other entries": int(not np.array_equal(masks[0], masks[1])),
        "the number of dropped entries varies from call to call": int(len({int(m.sum()) for m in masks}) > 1),
    }


def _same_shape(y, x) -> np.ndarray:
    if not isinstance(y, np.ndarray):
        raise Finding("type", f"dropout returned a {_kind(y)}; the array alone is expected.")
    if y.shape != x.shape:
        raise Finding("shape", f"dropout returned shape {y.shape} for x of shape {x.shape}; both should be the same.")
    return np.asarray(y)


def _patterns(kept: np.ndarray, axis: int) -> int:
    """How many different slices `kept` has along `axis`."""
    return len(np.unique(np.moveaxis(kept, axis, 0).reshape(kept.shape[axis], -1), axis=0))


# --- Keras models ----------------------------------------------------------------------------------------------------


@probe
def keras_model(build, input_shape, num_classes, options):
    """The layers of the model, one text each, with fused activations told apart; its parameters; what it puts out."""
    model = build(tuple(input_shape), num_classes, *options)
    from helpers.framework import keras

    if not isinstance(model, keras.Model):
        raise Finding("type", f"a Keras model is expected; your function returned a {_kind(model)}.")
    images = np.random.default_rng(0).random((2, *input_shape), np.float32)
    scores = np.asarray(model(images, training=False))
    steps = _steps(model, tuple(input_shape))
    steps += ["nothing"] * (MOST_LAYERS - len(steps))
    return {f"layer {number}": step for number, step in enumerate(steps, start=1)} | {
        "parameters": f"{model.count_params():,}",
        "shape of the output for 2 images": _shape_text(scores.shape),
        "the output sums to 1 for every image": "yes" if np.allclose(scores.sum(axis=-1), 1, atol=1e-3) else "no",
        "the model is compiled": "yes" if model.compiled else "no",
    }


def _steps(model, shape: tuple) -> list[str]:
    """One text per operation, with the shape that it puts out unless it is an activation, which keeps the shape."""
    steps = []
    for layer in _leaves(model):
        if _kind(layer) == "InputLayer":
            continue
        if not hasattr(layer, "compute_output_shape"):  # a bare operation, such as keras.ops.relu
            steps += _plain_relu(layer)
            continue
        shape = tuple(layer.compute_output_shape((None, *shape)))[1:]
        steps += [f"{name} -> {shape}" for name in _layer_name(layer, shape)]
        steps += [name for name in _activation_name(layer) if name != "linear"]
    return steps


def _activation_name(layer) -> list[str]:
    """The activation of a layer, fused into it or a layer of its own; none for other layers."""
    if ".layers.activations." not in type(layer).__module__ or _kind(layer) == "Activation":
        function = getattr(layer, "activation", None)
        return [_function_name(function)] if function is not None else []
    return _plain_relu(layer)


def _plain_relu(layer) -> list[str]:
    settings = [getattr(layer, name, None) for name in ("max_value", "negative_slope", "threshold")]
    plain = _kind(layer).lower() != "relu" or not any(settings)
    return [_kind(layer).lower() if plain else "relu with settings of its own"]


def _function_name(function) -> str:
    """What an activation function is called, told by what it does: `tf.nn.softmax` names itself otherwise."""
    from helpers.framework import keras

    known = {name: getattr(keras.activations, name) for name in ("linear", "relu", "softmax")}
    z = keras.ops.convert_to_tensor(np.array([[-7.0, -0.5, 0.0, 1.5, 9.0]], np.float32))
    answer = np.asarray(function(z))
    for name, activation in known.items():
        if np.allclose(answer, np.asarray(activation(z)), atol=1e-6):
            return name
    own = getattr(function, "__name__", _kind(function))
    return f"{own} of its own" if own in known else own


def _leaves(model):
    for layer in getattr(model, "operations", model.layers):
        if hasattr(layer, "layers"):
            yield from _leaves(layer)
        else:
            yield layer


def _layer_name(layer, shape: tuple) -> list[str]:
    """What a layer does, whatever it is called; none for a layer that is only an activation."""
    if ".layers.activations." in type(layer).__module__:
        return []
    match _kind(layer):
        case "Conv2D":
            return [f"convolution, {layer.filters} filters of {_by(layer.kernel_size)}"]
        case "MaxPooling2D":
            return [f"max pool {_by(layer.pool_size)}"]
        case "AveragePooling2D":
            return [f"average pool {_by(layer.pool_size)}"]
        case "Dense":
            return [f"dense, {layer.units} units"]
        case "BatchNormalization":
            return ["batch norm" if layer.axis in (-1, len(shape)) else f"batch norm over axis {layer.axis}"]
        case "Dropout":
            return [f"dropout {layer.rate:g}"]
        case "Reshape" if len(shape) == 1:
            return ["flatten"]
    return [_kind(layer).lower()]


def _by(size) -> str:
    return " x ".join(str(n) for n in size)


@probe
def layer_output(feature_maps, kind, weights, images, layer_name):
    """What `feature_maps` says that one layer of a small Keras model puts out for `images`."""
    model = small_model(kind, images.shape[1:], weights)
    maps = feature_maps(model, images, layer_name)
    untouched = all(np.array_equal(a, b) for a, b in zip(model.get_weights(), weights, strict=True))
    return {"result": maps, "the model's weights are as they were": int(untouched)}


def small_model(kind: str, input_shape: tuple, weights: list):
    """edges (convolution) - rectified - evened (batch norm) - smaller (pool) - corners (convolution) - scores."""
    from helpers.framework import keras

    layers = keras.layers

    steps = [
        layers.Conv2D(weights[0].shape[-1], weights[0].shape[:2], padding="same", name="edges"),
        layers.ReLU(name="rectified"),
        layers.BatchNormalization(name="evened"),
        layers.MaxPooling2D(2, name="smaller"),
        layers.Conv2D(weights[6].shape[-1], weights[6].shape[:2], activation="tanh", name="corners"),
        layers.Flatten(name="flat"),
        layers.Dense(weights[8].shape[-1], activation="softmax", name="scores"),
    ]
    if kind == "sequential":
        model = keras.Sequential([layers.Input(input_shape), *steps])
    else:
        inputs = outputs = layers.Input(input_shape)
        for step in steps:
            outputs = step(outputs)
        model = keras.Model(inputs, outputs)
    model.set_weights(weights)
    return model


# --- a LeNet in NumPy ------------------------------------------------------------------------------------------------


@probe
def lenet_starts(NumpyLeNet, input_shape, num_classes, rng):
    """The parameters of a fresh network: how many, which shapes, and whether a second one from the same rng differs."""
    twin = copy.deepcopy(rng)
    one, two, again = (NumpyLeNet(tuple(input_shape), num_classes, source) for source in (rng, rng, twin))
    params = attribute(one, "params")
    shapes = [_shape_text(np.shape(p)) for p in params] + ["nothing"] * len(LENET_PARTS)
    outputs = {"params is a": _list_or_kind(params), "number of arrays in params": len(params)}
    outputs |= {f"shape of {name}": shape for name, shape in zip(_names("params"), shapes, strict=False)}
    weights = list(zip(params, two.params, strict=False))[::2]
    return outputs | {
        "weight arrays of different numbers": sum(np.unique(one).size > 1 for one, _ in weights),
        "weight arrays that differ in a second network": sum(not np.array_equal(one, two) for one, two in weights),
        "arrays that are the same with the same rng": sum(map(np.array_equal, params, again.params)),
    }


@probe
def lenet_forward(NumpyLeNet, input_shape, num_classes, seed, x):
    """What `forward(x)` returns once known weights are written into `params`."""
    return {"forward(x)": _known(NumpyLeNet, input_shape, num_classes, seed).forward(x)}


@probe
def lenet_backward(NumpyLeNet, input_shape, num_classes, seed, x, dlogits):
    """The gradients after `forward(x)` and `backward(dlogits)`: their shapes, and a digest of each."""
    network = _known(NumpyLeNet, input_shape, num_classes, seed)
    network.forward(x)
    network.backward(dlogits)
    grads = attribute(network, "grads")
    found = list(grads) + [None] * len(LENET_PARTS)
    outputs = {"grads is a": _list_or_kind(grads), "number of arrays in grads": len(grads)}
    outputs |= {f"shape of {n}": _shape_text(np.shape(g)) for n, g in zip(_names("grads"), found, strict=False)}
    return outputs | {f"{n}{DIGEST}": digest(g) for n, g in zip(_names("grads"), found, strict=False)}


@probe
def lenet_two_steps(NumpyLeNet, input_shape, num_classes, seed, batches, gradients, learning_rate):
    """The parameters after forward, backward and step on two batches, and what `forward` then makes of the first."""
    network = _known(NumpyLeNet, input_shape, num_classes, seed)
    for x, dlogits in zip(batches, gradients, strict=True):
        network.forward(x)
        network.backward(dlogits)
        network.step(learning_rate)
    outputs = {f"{n}{DIGEST}": digest(p) for n, p in zip(_names("params"), network.params, strict=False)}
    return outputs | {"forward(x) after two steps": network.forward(batches[0])}


DIGEST = " (8 of its entries, then all of them weighted and summed)"


def digest(array):
    """Enough of a large array to tell it from any other: 8 entries and a randomly weighted sum of all."""
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "iuf" or not array.size:
        return array
    rng = np.random.default_rng(array.size)
    flat, picks = array.ravel(), rng.integers(array.size, size=8)
    total = rng.normal(size=flat.size) @ flat.astype(np.float64) / np.sqrt(flat.size)
    return np.append(flat[picks], total).astype(array.dtype if array.dtype.kind == "f" else np.float64)


def known_weights(shapes, seed) -> list[np.ndarray]:
    """Random arrays of these shapes, for a network to be checked with; float32 holds them exactly."""
    rng = np.random.default_rng(seed)
    return [np.round(rng.normal(0, np.prod(shape[:-1]) ** -0.5, shape) * 4096) / 4096 for shape in shapes]


def _known(NumpyLeNet, input_shape, num_classes, seed):
    """A network with known weights written into the arrays of its `params`."""
    network = NumpyLeNet(tuple(input_shape), num_classes, np.random.default_rng(seed))
    params = attribute(network, "params")
    for index, values in enumerate(known_weights([np.shape(p) for p in params], seed)):
        if isinstance(params[index], np.ndarray) and params[index].flags.writeable:
            params[index][...] = values
        else:
            params[index] = values
    return network


def _names(attribute_name: str) -> list[str]:
    return [f"{attribute_name}[{index}], {part}" for index, part in enumerate(LENET_PARTS)]


def _list_or_kind(thing) -> str:
    return "list" if isinstance(thing, list) else _kind(thing)
