"""Once each: whatever is killed, restarted or full at a random moment, every hand-in has its one grade afterwards."""

import pytest

from tests.grading.faults import FAULTS, Bench, Unavailable, attempt


@pytest.fixture(scope="module")
def bench():
    with Bench() as shared:
        yield shared


@pytest.mark.parametrize("name", FAULTS)
def test_nothing_is_lost_or_wrong_after(name, bench):
    try:
        outcome = attempt(name, 1, bench)
    except Unavailable as why:
        pytest.skip(str(why))
    assert outcome.good, outcome
