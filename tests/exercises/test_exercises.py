"""Right answers pass, wrong ones fail, known mistakes are called by their name: for every exercise of the course.

`make mutation` prints the same as a table.
"""

import pytest

from tests.exercises.bank import Entry, entries
from tests.exercises.mutants import Mutant, sites
from tests.exercises.mutation import NAMED, Score, score, score_known
from tests.exercises.wrap import around

ENTRIES = {entry.id: entry for entry in entries()}
# What the report says about an answer that is wrong in one plain way, where the exercise is a function of one result.
STATES = {
    "None": {"type"},
    "a tensor": {"type"},
    "a text": {"type"},
    "a generator": {"type"},
    "a function": {"type"},
    "nan": {"not finite"},
    "one nan": {"not finite"},
    "infinite": {"not finite"},
    "booleans": {"dtype"},
    "complex": {"dtype", "type"},
    "extra axis in front": {"shape"},
    "extra axis at the end": {"shape"},
    "wrong sign": {"values", "gradient"},
    "shifted": {"values", "gradient"},
}


@pytest.fixture(params=ENTRIES)
def entry(request) -> Entry:
    return ENTRIES[request.param]


def test_there_are_exercises():
    assert ENTRIES


def test_right_answers_pass_and_wrong_ones_fail(entry):
    result = score(entry)
    assert result.perfect, "\n".join(result.complaints)
    assert result.right >= 3, "the author's answer and two more"
    assert result.wrong >= 10


def test_known_mistakes_are_named():
    """At least 90 % over the whole course."""
    results = [Score(name) for name in ENTRIES]
    for result in results:
        score_known(ENTRIES[result.id], result)
    known, named = sum(r.known for r in results), sum(r.known_named for r in results)
    print(f"{named} of {known} known mistakes are called by their name")
    assert named >= NAMED * known, "\n".join(f"{r.id}: {c}" for r in results for c in r.complaints)


def test_every_kind_of_mistake_has_its_own_state(entry):
    """A function's plain mistakes are told apart: type, shape, dtype, not finite, values."""
    from tests.exercises.mutants import _changes, _changing

    if any(output.integer for output in entry.public.outputs.values()):
        pytest.skip("whole numbers: nan is a wrong dtype before it is not finite")
    if len(entry.public.outputs) > 1 or any(case.probe != "call" or case.raises for case in entry.public.cases):
        pytest.skip("several results, a class, or errors that are asked for: what is wrong comes out elsewhere")
    if any(
        want.low is not None or isinstance(want.value, str) for c in entry.public.cases for want in c.expected.values()
    ):
        pytest.skip("ranges and texts have other states")
    for site, sample in sites(entry)[0].items():
        for name, change in _changes(sample):
            if name in STATES:
                mutant = Mutant(name, around(entry.author, _changing(site, change)), site)
                report = entry.judge(mutant.student, rules=False)
                assert report.state in STATES[name], f"{name}: {report.text()}"
