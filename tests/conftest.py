"""Fixtures that tests of every part may use."""

import os
import sys
from pathlib import Path

import pytest
from absl import logging as absl_logging

from tests import offline as network

os.environ["COURSE_PROGRESS"] = ""  # neither tests nor the notebooks they run count as a learner's progress

# TensorFlow's log handler closes the stream that it found when it was made, once somebody sets up logging anew, and
# nbgrader does. Here that stream would be pytest's own; this one it leaves open.
absl_logging.get_absl_handler().python_handler.stream = sys.__stderr__


@pytest.fixture(scope="session")
def course_data() -> Path:
    """The folder of the real data sets; tests that need it are skipped where COURSE_DATA does not name one."""
    folder = os.environ.get("COURSE_DATA")
    if not folder:
        pytest.skip("COURSE_DATA does not name a folder with the real data sets")
    return Path(folder)


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Cut this test, and every process and kernel that it starts, off from the network."""
    for name, value in network.environment(tmp_path_factory.mktemp("offline")).items():
        monkeypatch.setenv(name, value)
    network.install(monkeypatch.setattr)
