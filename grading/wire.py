"""What passes between the judge and a student's process: bounded frames of JSON and npy, never pickled.

A frame is two lengths, JSON text, and the bytes of its arrays, each a complete `.npy`. Both ends use this module; the
side that judges believes nothing: every length, header and type is checked before anything is made of it.
"""

import io
import json
import math
import select
import socket
import struct
import time
from dataclasses import asdict

import numpy as np

from helpers.checks.answers import MAX_ITEMS, MAX_TEXT, Answer, Look, Opaque, Trouble
from helpers.checks.codec import Function, Rng
from helpers.checks.compare import STAGES

_LENGTHS = struct.Struct("!II")
MAX_JSON = 4 << 20
MAX_ARRAYS = 64 << 20  # bytes of one frame
MAX_ARRAY = 8 << 20  # bytes of one array; more than anything that is asked for
MAX_COUNT = 10_000  # arrays of one frame
_CHUNK = 1 << 20
_KINDS = "biufc"
_FINDINGS = (*STAGES, "error", "rule broken")  # what a probe may say is wrong
_MARKED = {"$array", "$rng", "$function", "$opaque", "$tuple"}


class Broken(Exception):
    """What came is no frame of ours, or too large to be one."""


class Closed(Exception):
    """The other end is gone."""


class Late(Exception):
    """Nothing, or only a part, came in time."""


# --- trees and arrays ------------------------------------------------------------------------------------------------


def pack(tree) -> bytes:
    """A tree of plain data, arrays, inputs' markers and `Opaque`s as one frame."""
    blobs: list[bytes] = []
    text = json.dumps({"tree": _outward(tree, blobs), "sizes": [len(b) for b in blobs]}).encode()
    return _LENGTHS.pack(len(text), sum(map(len, blobs))) + text + b"".join(blobs)


def _outward(value, blobs: list[bytes]):
    match value:
        case np.ndarray() if value.nbytes > MAX_ARRAY:
            return {"$opaque": f"array of shape {value.shape}, which is too large to be sent"[:MAX_TEXT]}
        case np.ndarray():
            blobs.append(_npy(value))
            return {"$array": len(blobs) - 1}
        case Rng(seed):
            return {"$rng": seed}
        case Function(name):
            return {"$function": name}
        case Opaque(kind):
            return {"$opaque": kind[:MAX_TEXT]}
        case tuple():
            return {"$tuple": [_outward(item, blobs) for item in value]}
        case list():
            return [_outward(item, blobs) for item in value]
        case dict():
            return {name: _outward(item, blobs) for name, item in value.items()}
    return value


def _npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, array, allow_pickle=False)
    return file.getvalue()


def unpack(text: bytes, arrays: bytes):
    """The tree of a frame; `Broken` for anything that is not what `pack` writes."""
    try:
        frame = json.loads(text)
        tree, sizes = frame["tree"], frame["sizes"]
        if len(sizes) > MAX_COUNT or not all(type(n) is int and n >= 0 for n in sizes) or sum(sizes) != len(arrays):
            raise Broken("the lengths of the arrays do not add up")
        starts = np.cumsum([0, *sizes], dtype=np.int64)
        return _inward(tree, [read_npy(arrays[a : a + n]) for a, n in zip(starts, sizes, strict=False)])
    except Broken:
        raise
    except Exception as error:  # of JSON, of wrong types, of depth: all of them mean the same
        raise Broken(f"{type(error).__name__} in a frame") from None


def _inward(value, arrays: list[np.ndarray]):
    if isinstance(value, list):
        return [_inward(item, arrays) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and (key := next(iter(value))) in _MARKED:
        return _marked(key, value[key], arrays)
    return {name: _inward(item, arrays) for name, item in value.items()}


def _marked(key: str, value, arrays: list[np.ndarray]):
    if key == "$tuple":
        return tuple(_inward(item, arrays) for item in value)
    if key == "$array":
        return arrays[value]
    return {"$rng": Rng, "$function": Function, "$opaque": lambda kind: Opaque(str(kind)[:MAX_TEXT])}[key](value)


def read_npy(data: bytes) -> np.ndarray:
    """The array in a `.npy`, once its header has promised a plain dtype and exactly the bytes that are there."""
    file = io.BytesIO(data)
    try:
        if np.lib.format.read_magic(file) != (1, 0):
            raise Broken("an array of another format")
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
    except Exception as error:
        raise Broken(f"an array with a broken header ({type(error).__name__})") from None
    body = memoryview(data)[file.tell() :]
    plain = dtype.kind in _KINDS and dtype.names is None and dtype.subdtype is None and dtype.isnative
    if not plain or len(shape) > 32 or any(n < 0 for n in shape) or math.prod(shape) * dtype.itemsize != len(body):
        raise Broken("an array whose header does not fit its bytes")
    return np.frombuffer(body, dtype).reshape(shape, order="F" if fortran else "C")


# --- frames on a socket ----------------------------------------------------------------------------------------------


def send(channel: socket.socket, tree, until: float | None = None) -> None:
    """Send one frame; by `until` (of `time.monotonic`), if given."""
    view = memoryview(pack(tree))
    while view:
        channel.settimeout(_left(until))
        try:
            view = view[channel.send(view) :]
        except TimeoutError:
            raise Late from None
        except OSError:
            raise Closed from None


def receive(channel: socket.socket, until: float | None = None):
    """The next frame's tree."""
    json_size, array_size = _LENGTHS.unpack(_exactly(channel, _LENGTHS.size, until))
    if json_size > MAX_JSON or array_size > MAX_ARRAYS:
        raise Broken("a frame that is too large")
    text = _exactly(channel, json_size, until)
    return unpack(bytes(text), bytes(_exactly(channel, array_size, until)))


def _exactly(channel: socket.socket, size: int, until: float | None) -> bytearray:
    data = bytearray()
    while len(data) < size:
        channel.settimeout(_left(until))
        try:
            part = channel.recv(min(_CHUNK, size - len(data)))
        except TimeoutError:
            raise Late from None
        except OSError:
            raise Closed from None
        if not part:
            raise Closed
        data += part
    return data


def _left(until: float | None) -> float | None:
    return None if until is None else max(0.001, until - time.monotonic())


def waits(channel: socket.socket, seconds: float) -> bool:
    """Whether something can be read within `seconds`."""
    return bool(select.select([channel], [], [], seconds)[0])


# --- answers ---------------------------------------------------------------------------------------------------------


def answer_tree(answer: Answer) -> dict:
    """An `Answer` as a tree."""
    return asdict(answer) | {"outputs": dict(answer.outputs)}


def read_answer(tree) -> Answer:
    """An `Answer` out of what a student's process sent: every field of the type and size that it should have."""
    fields = _dict(tree)
    outputs = {_text(name, 200): _value(item) for name, item in _dict(fields.get("outputs")).items()}
    trouble = fields.get("trouble")
    return Answer(
        outputs=outputs,
        trouble=None if trouble is None else _read_trouble(_dict(trouble)),
        printed=_text(fields.get("printed"), 4_000),
        warned=_texts(fields.get("warned"), 5, 400),
        replaced=_texts(fields.get("replaced"), 1_000, 100),
        seeded=fields.get("seeded") is not False,
        modified=_texts(fields.get("modified"), 100, 100),
    )


def _read_trouble(fields: dict) -> Trouble:
    kinds = _texts(fields.get("kinds"), 50, 200)
    finding = fields.get("finding")
    pair = None if finding is None else tuple(_texts(finding, 2, 2_000))
    if not kinds or (pair is not None and (len(pair) != 2 or pair[0] not in _FINDINGS)):
        raise Broken("an exception without a name")
    texts = (_text(fields.get(name), 1_000) for name in ("headline", "place", "unwritten"))
    return Trouble(tuple(kinds), *texts, finding=pair)


def read_look(tree) -> Look:
    """A `Look` out of what a student's process sent."""
    fields = _dict(tree)
    broken = fields.get("broken")
    return Look(
        kinds=tuple(_texts(fields.get("kinds"), 20, 200)),
        broken=None if broken is None else _text(broken, 1_000),
        replaced=tuple(_texts(fields.get("replaced"), 1_000, 100)),
    )


def _value(value, depth: int = 5):
    """A plain value as `freeze` makes them, or `Broken`."""
    if value is None or isinstance(value, bool | float | np.ndarray | Opaque):
        return value
    if isinstance(value, int) and value.bit_length() < 1024:
        return value
    if isinstance(value, str) and len(value) <= MAX_TEXT:
        return value
    if isinstance(value, list | tuple) and len(value) <= MAX_ITEMS and depth:
        return type(value)(_value(item, depth - 1) for item in value)
    raise Broken("an answer that is no plain value")


def _dict(tree) -> dict:
    if not isinstance(tree, dict) or len(tree) > 10_000:
        raise Broken("a part that should be a table")
    return tree


def _text(text, most: int) -> str:
    if not isinstance(text, str) or len(text) > most:
        raise Broken("a part that should be a short text")
    return text


def _texts(items, most: int, longest: int) -> list[str]:
    if not isinstance(items, list | tuple) or len(items) > most:
        raise Broken("a part that should be a short list")
    return [_text(item, longest) for item in items]
