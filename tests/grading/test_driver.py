"""The driver with pools that do as they are told: what is graded, stored, tried again and gone on with."""

import os
import subprocess
import tracemalloc
from contextlib import contextmanager

import pytest

from grading import cluster, codec, driver, worker
from grading.database import GradebookError
from grading.gradebook import Gradebook
from grading.worker import Reply
from helpers.checks.errors import CourseError
from tests.grading import simulated
from tests.grading.simulated import CHAPTER, course, hand_in, run, states


class Pool:
    """Grades in the test's own process; `lose` names students whose process is lost, and how often."""

    def __init__(self, lose: dict[str, int] | None = None, stop_after: int = 10**9) -> None:
        self.lose, self.stop_after = dict(lose or {}), stop_after
        self.waiting: dict[int, tuple[str, bytes]] = {}
        self.beside: list[tuple[str, int]] = []  # student, how many were in hand with it
        self.most = 0
        self.opened = 0

    @contextmanager
    def __call__(self, assignment):
        self.opened += 1
        self.key = assignment.digest
        worker.install(assignment, self.key)
        yield self

    def window(self) -> int:
        return 4

    def submit(self, number: int, sheet: str, packed: bytes) -> None:
        self.waiting[number] = sheet, packed
        self.most = max(self.most, len(self.waiting))

    def replies(self, seconds: float):
        number = next(iter(self.waiting))
        count = len(self.waiting)
        sheet, packed = self.waiting.pop(number)
        student = codec.load_submission(packed).student
        self.beside.append((student, count))
        if self.lose.get(student, 0):
            self.lose[student] -= 1
            yield number, Reply("lost")
            return
        self.stop_after -= 1
        if self.stop_after < 0:
            raise KeyboardInterrupt
        yield number, worker.reply(self.key, sheet, packed)


def test_everybody_is_graded_and_only_what_changed_is_graded_again(tmp_path):
    course(tmp_path, {"ada": "score 3", "ben": "score 1"})
    tally = run(tmp_path, Pool())
    assert (tally.total, tally.graded, tally.unchanged, tally.problems.count) == (2, 2, 0, 0)
    assert states(tmp_path) == {"ada": (3.0, "passed"), "ben": (1.0, "values")}
    idle = Pool()
    assert run(tmp_path, idle).unchanged == 2
    assert idle.opened == 0  # no cluster is started for nothing
    hand_in(tmp_path, "ben", "score 2")
    again = Pool()
    assert run(tmp_path, again).graded == 1
    assert [student for student, _ in again.beside] == ["ben"]
    assert states(tmp_path)["ben"] == (2.0, "values")


def test_fresh_grades_again_and_names_choose(tmp_path):
    course(tmp_path, {"ada": "score 3", "ben": "score 1"})
    run(tmp_path, Pool())
    assert run(tmp_path, Pool(), fresh=True).graded == 2
    assert run(tmp_path, Pool(), fresh=True, wanted=("ben",)).graded == 1
    with pytest.raises(driver.NobodyHandedIn, match="no hand-in of pretend by 'cleo'"):
        run(tmp_path, Pool(), wanted=("cleo",))


@pytest.mark.parametrize("change", ["code", "engine", "trust", "timestamp"])
def test_what_may_change_a_grade_has_it_graded_again(tmp_path, monkeypatch, change):
    course(tmp_path, {"ada": "score 3"})
    run(tmp_path, Pool())
    if change == "code":
        monkeypatch.setattr("grading.fingerprint.code", lambda: "f" * 64)
    elif change == "engine":
        monkeypatch.setattr(simulated, "ENGINE", "tests.grading.simulated:another")
        monkeypatch.setattr(simulated, "another", simulated.grade, raising=False)
    elif change == "timestamp":
        (tmp_path / "submitted" / "ada" / CHAPTER / "timestamp.txt").write_text("2026-05-05 12:00:00 UTC")
    assert run(tmp_path, Pool(), trust=change != "trust").graded == 1


def test_no_more_in_hand_than_the_pool_wants(tmp_path):
    course(tmp_path, {f"s{i}": "score 1" for i in range(20)})
    pool = Pool()
    run(tmp_path, pool)
    assert pool.most == pool.window()


def test_a_process_lost_once_costs_nothing_and_the_second_try_is_alone(tmp_path):
    course(tmp_path, {f"s{i}": "score 3" for i in range(9)})
    pool = Pool(lose={"s0": 1, "s1": 1, "s2": 1})
    tally = run(tmp_path, pool)
    assert (tally.graded, tally.lost) == (9, 0)
    assert set(states(tmp_path).values()) == {(3.0, "passed")}
    assert pool.beside[-3:] == [("s0", 1), ("s1", 1), ("s2", 1)]


def test_who_loses_its_process_twice_gets_no_points_and_a_reason_once_and_for_all(tmp_path):
    course(tmp_path, {"ada": "score 3", "bad": "score 3", "cleo": "score 3"})
    tally = run(tmp_path, Pool(lose={"bad": 2}))
    assert (tally.graded, tally.lost, tally.problems.count) == (3, 1, 0)
    assert states(tmp_path) == {"ada": (3.0, "passed"), "bad": (0.0, "lost"), "cleo": (3.0, "passed")}
    with Gradebook(simulated.places(tmp_path).db_url) as gradebook:
        (bad,) = [result for result in gradebook.results(CHAPTER) if result.student == "bad"]
    assert {grade.reason for grade in bad.grades.values()} == {driver.TWICE_LOST}
    assert run(tmp_path, Pool()).unchanged == 3  # it is not let loose on the workers every time


def test_an_engine_that_stumbles_is_told_and_tried_again_next_time(tmp_path):
    course(tmp_path, {"ada": "score 3", "ben": "raise"})
    tally = run(tmp_path, Pool())
    assert tally.problems.count == 1
    assert "ben, pretend: the grading program failed (ZeroDivisionError: made to fail" in tally.problems.first[0]
    assert states(tmp_path) == {"ada": (3.0, "passed"), "ben": (0.0, "lost")}
    assert run(tmp_path, Pool()).graded == 1


def test_where_nothing_can_be_graded_nobody_gets_zero_for_it(tmp_path):
    course(tmp_path, {"ada": "score 3", "ben": "stop", "cleo": "score 3"})
    with pytest.raises(CourseError, match="Nothing can be graded here"):
        run(tmp_path, Pool())
    assert states(tmp_path) == {"ada": (3.0, "passed")}


def test_what_came_back_before_ctrl_c_is_stored_and_the_next_run_goes_on(tmp_path):
    course(tmp_path, {f"s{i}": "score 3" for i in range(9)})
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, Pool(stop_after=5))
    assert len(states(tmp_path)) == 5
    tally = run(tmp_path, Pool())
    assert (tally.graded, tally.unchanged) == (4, 5)


def test_an_unreadable_hand_in_is_graded_too(tmp_path):
    course(tmp_path, {"ada": "score 3"})
    folder = tmp_path / "submitted" / "ben" / CHAPTER
    folder.mkdir(parents=True)
    (folder / f"{CHAPTER}.ipynb").write_text("{")
    tally = run(tmp_path, Pool())
    assert tally.graded == 2
    assert states(tmp_path)["ben"][0] == 0.0


def test_a_deleted_graded_notebook_is_written_again_without_grading(tmp_path):
    course(tmp_path, {"ada": "score 3", "ben": "score 2"})
    run(tmp_path, Pool())
    notebook = tmp_path / "autograded" / "ada" / CHAPTER / f"{CHAPTER}.ipynb"
    before = notebook.read_bytes()
    notebook.unlink()
    assert run(tmp_path, Pool()).unchanged == 2
    assert notebook.read_bytes() == before


def test_a_gradebook_that_fails_midway_keeps_what_it_has(tmp_path, monkeypatch):
    course(tmp_path, {f"s{i}": "score 3" for i in range(6)})
    monkeypatch.setattr(driver, "BATCH", 2)
    save, calls = Gradebook.save, []

    def failing(self, batch):
        calls.append(len(batch))
        if len(calls) == 3:
            raise GradebookError("The disk of the gradebook is full.")
        save(self, batch)

    monkeypatch.setattr(Gradebook, "save", failing)
    with pytest.raises(GradebookError, match="is full"):
        run(tmp_path, Pool())
    assert calls == [2, 2, 2]
    assert len(states(tmp_path)) == 4
    assert run(tmp_path, Pool()).graded == 2


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a disk of 128 KiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk needs the rights of root")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_is_told_loses_no_grade_and_is_made_up_for(tmp_path, small_disk, monkeypatch):
    root = course(tmp_path / "course", {f"s{i}": "score 3" for i in range(6)})
    (root / "autograded").symlink_to(small_disk)
    filler = small_disk / "filler"
    filler.write_bytes(bytes(110 << 10))
    tally = run(root, Pool())
    assert tally.graded == 6
    assert tally.problems.count > 0
    assert "the disk is full; make room" in tally.problems.first[0]
    assert set(states(root).values()) == {(3.0, "passed")}
    filler.unlink()
    assert run(root, Pool()).unchanged == 6
    assert len(list(small_disk.glob(f"*/{CHAPTER}/{CHAPTER}.ipynb"))) == 6


def test_memory_does_not_grow_with_the_class(tmp_path):
    course(tmp_path, {f"s{i:03}": "big" for i in range(120)})  # a megabyte of output each
    tracemalloc.start()
    try:
        assert run(tmp_path, cluster.here).graded == 120
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 80 << 20


def test_in_this_process_an_unfit_machine_is_told(tmp_path):
    course(tmp_path, {"ada": "score 3"})
    wrong = simulated.job(tmp_path)
    wrong.assignment.expected["numpy"] = "1.0"
    with Gradebook(simulated.places(tmp_path).db_url) as gradebook, pytest.raises(CourseError, match=r"not 1\.0"):
        driver.run(wrong, cluster.here, gradebook)


def test_submissions_travel_whole():
    submission = simulated.Submission(
        "ada", CHAPTER, CHAPTER, simulated.CELLS, {"data.bin": bytes(range(256))}, ("A note.",), "A problem.", "2026"
    )
    assert codec.load_submission(codec.dump_submission(submission)) == submission


@pytest.mark.parametrize("data", [b"", b"junk", codec.pack([]), codec.pack({"cells": 1}), codec.pack({"cells": []})])
def test_a_damaged_submission_is_one_sentence(data):
    with pytest.raises(codec.DamagedData):
        codec.load_submission(data)
