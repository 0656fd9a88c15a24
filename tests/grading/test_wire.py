"""Frames between the judge and a student's process: what is true to form comes through, everything else is refused."""

import json
import socket
import struct
import threading
import time

import numpy as np
import pytest

from grading import wire
from helpers.checks.answers import Answer, Opaque, Trouble
from helpers.checks.codec import Function, Rng

TREE = {
    "array": np.arange(6.0).reshape(2, 3),
    "fortran": np.asfortranarray(np.arange(6).reshape(2, 3)),
    "empty": np.zeros((0, 4), np.float32),
    "number": np.array(3.5),
    "pair": (1, [2.5, None, True, "text"]),
    "marks": [Rng(7), Function("sigmoid"), Opaque("function")],
    "nan": float("nan"),
}


def same(one, other) -> bool:
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if isinstance(one, list | tuple):
        return type(one) is type(other) and len(one) == len(other) and all(map(same, one, other))
    return one == other or (one != one and other != other)


def split(frame: bytes) -> tuple[bytes, bytes]:
    size, _ = struct.unpack("!II", frame[:8])
    return frame[8 : 8 + size], frame[8 + size :]


def test_a_tree_comes_back_as_it_was():
    assert same(wire.unpack(*split(wire.pack(TREE))), TREE)


def test_frames_travel_over_a_socket():
    one, other = socket.socketpair()
    with one, other:
        sender = threading.Thread(target=wire.send, args=(one, {"big": np.zeros(500_000)}))
        sender.start()
        assert wire.receive(other, time.monotonic() + 20)["big"].shape == (500_000,)
        sender.join()


def test_an_array_that_is_too_large_says_so_instead():
    sent = wire.unpack(*split(wire.pack({"y": np.zeros((3, 1_000_000))})))
    assert sent == {"y": Opaque("array of shape (3, 1000000), which is too large to be sent")}


def npy(header: str, body: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    text = header.encode() + b"\n"
    return b"\x93NUMPY" + version + struct.pack("<H", len(text)) + text + body


HEADERS = {
    "far larger than its bytes": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,)}"),
    "smaller than its bytes": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", bytes(80)),
    "a negative length": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}", bytes(8)),
    "objects": npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", bytes(8)),
    "a record": npy("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,)}", bytes(8)),
    "text": npy("{'descr': '<U4', 'fortran_order': False, 'shape': (1,)}", bytes(16)),
    "code in the header": npy("__import__('os').system('true')"),
    "deep nesting": npy("(" * 9_000),
    "another version": npy("{'descr': '<f8', 'fortran_order': False, 'shape': ()}", bytes(8), b"\x03\x00"),
    "no array at all": b"hello",
    "nothing": b"",
    "big-endian numbers": npy("{'descr': '>f8', 'fortran_order': False, 'shape': (1,)}", bytes(8)),
}


@pytest.mark.parametrize("name", HEADERS)
def test_an_array_that_lies_about_itself_is_refused(name):
    with pytest.raises(wire.Broken):
        wire.read_npy(HEADERS[name])


TEXTS = {
    "no JSON": b"{",
    "no UTF-8": b"\xff\xfe",
    "a list": b"[]",
    "no sizes": b'{"tree": 1}',
    "negative sizes": b'{"tree": 1, "sizes": [-4, 4]}',
    "sizes that do not add up": b'{"tree": 1, "sizes": [4]}',
    "an array that is not there": b'{"tree": {"$array": 3}, "sizes": []}',
    "an array with a text for a number": b'{"tree": {"$array": "x"}, "sizes": []}',
    "depth": b'{"sizes": [], "tree": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "more arrays than anybody needs": b'{"tree": 1, "sizes": [' + b"0," * 20_000 + b"0]}",
    "a number of a million digits": b'{"sizes": [], "tree": ' + b"9" * 1_000_000 + b"}",
}


@pytest.mark.parametrize("name", TEXTS)
def test_text_that_is_no_frame_is_refused(name):
    with pytest.raises(wire.Broken):
        wire.unpack(TEXTS[name], b"")


def test_a_frame_that_promises_too_much_is_refused_before_it_is_read():
    one, other = socket.socketpair()
    with one, other:
        one.sendall(struct.pack("!II", 2**31, 0))
        with pytest.raises(wire.Broken):
            wire.receive(other, time.monotonic() + 5)


def test_half_a_frame_is_late_and_a_lost_end_is_closed():
    one, other = socket.socketpair()
    with other:
        one.sendall(b"\x00\x00")
        with pytest.raises(wire.Late):
            wire.receive(other, time.monotonic() + 0.05)
        one.close()
        with pytest.raises(wire.Closed):
            wire.receive(other, time.monotonic() + 5)


ANSWER = Answer(
    outputs={"y": np.ones(3), "n": 4},
    trouble=Trouble(("ValueError", "Exception"), "ValueError: no", "in f, line 2: "),
    printed="hello",
    warned=["UserWarning: careful"],
    modified=["x"],
)


def test_an_answer_comes_back_as_it_was():
    back = wire.read_answer(wire.unpack(*split(wire.pack(wire.answer_tree(ANSWER)))))
    assert same(back.outputs, ANSWER.outputs)
    assert back.trouble == ANSWER.trouble
    assert (back.printed, back.warned, back.modified, back.seeded) == ("hello", ["UserWarning: careful"], ["x"], False)


def bent(**fields) -> dict:
    return json.loads(json.dumps(wire.answer_tree(Answer()))) | fields


TROUBLE = {"kinds": ["E"], "headline": "", "place": "", "unwritten": "", "finding": None}
FORGED = {
    "no table": [],
    "outputs that are no table": bent(outputs=[1]),
    "a nested table as an output": bent(outputs={"y": {"a": 1}}),
    "lists in lists in lists ...": bent(outputs={"y": [[[[[[[1]]]]]]]}),
    "a text without end": bent(outputs={"y": "x" * 10_000}),
    "a list without end": bent(outputs={"y": [0] * 200_000}),
    "a whole number without end": bent(outputs={"y": 10**400}),
    "a verdict of its own": bent(trouble=TROUBLE | {"finding": ["passed", ""]}),
    "an exception without a name": bent(trouble=TROUBLE | {"kinds": []}),
    "warnings that are no texts": bent(warned=[1]),
    "a thousand warnings": bent(warned=["x"] * 1_000),
    "a page for a warning": bent(warned=["x" * 5_000]),
    "nothing printed at all": bent(printed=None),
}  # fmt: skip


@pytest.mark.parametrize("name", FORGED)
def test_an_answer_out_of_form_is_refused(name):
    with pytest.raises(wire.Broken):
        wire.read_answer(FORGED[name])
