"""Results survive the way into bytes and back, and nothing oversized or foreign gets through."""

import json
import zlib

import pytest

from grading.codec import DamagedData, dump, load, pack, unpack
from grading.model import Cell, Grade, Output, Result


def result(**changes) -> Result:
    whole = {
        "student": "ada",
        "chapter": "02_neuron",
        "notebook": "02_neuron",
        "grades": {
            "check-a": Grade(1.5, 2.0, "wrong values", "1 of 2 cases is wrong.", hint="Add b."),
            "written": Grade(None, 3.0, "manual", "A person reads this.", inside=True),
        },
        "seconds": 1.25,
        "student_seconds": 0.5,
        "notes": ("One cell was missing.",),
        "cells": (
            Cell("code", "x = '\ud800\x00é'", "solution", "a", changed=True),
            Cell("code", "check", "check", "check-a", 2.0, "a"),
        ),
        "outputs": {1: (Output("text", "1\n"), Output("png", png=b"\x89PNG\xff\x00"))},
        "reports": {"check-a": "✗ 1 of 2"},
    }
    return Result(**(whole | changes))


def test_there_and_back():
    assert load(dump(result())) == result()


def test_order_of_the_grades_is_kept():
    grades = {f"check-{name}": Grade(1.0, 1.0, "passed", "Right.") for name in "zamb"}
    assert list(load(dump(result(grades=grades))).grades) == list(grades)


@pytest.mark.parametrize(
    ("flood", "gone"),
    [
        ({"outputs": {0: (Output("text", "x" * 50_000),)}}, {"outputs": {}}),
        ({"cells": (Cell("code", "x" * 50_000, "solution", "a"),)}, {"cells": (Cell("code", "", "solution", "a"),)}),
        ({"reports": {"check-a": "x" * 50_000}}, {"reports": {}}),
    ],
)
def test_what_is_too_large_is_left_out_with_a_note_and_the_grades_stay(flood, gone):
    back = load(dump(result(**flood), largest=10_000), largest=10_000)
    assert back.grades == result().grades
    assert {name: getattr(back, name) for name in gone} == gone
    assert back.notes[0] == "One cell was missing."
    assert "the grades stand" in back.notes[-1]


def test_grades_that_are_no_numbers_are_refused():
    with pytest.raises(ValueError, match="JSON compliant"):
        dump(result(grades={"check-a": Grade(float("nan"), 2.0, "passed", "")}))


def test_a_bomb_is_not_unpacked():
    with pytest.raises(DamagedData, match="larger than 1000 bytes"):
        unpack(zlib.compress(b"[" + b"1," * 10_000_000 + b"1]"), 1000)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no zlib",
        zlib.compress(b"no JSON"),
        zlib.compress(b"[" * 100_000),
        zlib.compress(b'{"version": NaN}'),
        dump(result())[:-9],
        pack([]),
        pack({"version": 1}),
        pack({"version": 99}),
        pack(json.loads(zlib.decompress(dump(result()))) | {"cells": [{"colour": "red"}]}),
    ],
)
def test_anything_else_is_one_sentence(data):
    with pytest.raises(DamagedData, match="cannot be read") as told:
        load(data)
    assert "\n" not in str(told.value)
