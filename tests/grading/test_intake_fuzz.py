"""Broken notebooks, by the hundred: each becomes a submission on its sheet. `fuzz_intake` does it by the thousand."""

import pytest

from tests.grading.fuzz_intake import mutant, try_mutant

BATCH = 50


@pytest.mark.parametrize("first", range(0, 300, BATCH))
def test_every_mutant_becomes_a_submission(tmp_path, first):
    tried = {number: try_mutant(number, tmp_path) for number in range(first, first + BATCH)}
    assert {number: broken for number, (_, broken, _) in tried.items() if broken} == {}
    assert {outcome for outcome, _, _ in tried.values()} == {"read", "problem"}  # the damage is neither nil nor total


def test_a_number_says_it_all():
    assert mutant(7) == mutant(7)
    assert len({mutant(number)[1] for number in range(20)}) == 20
