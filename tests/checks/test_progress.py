"""Progress: kept, merged, exported, reset; and never in the way."""

import json
import os
import subprocess
import sys

import pytest

from helpers import progress as view
from helpers.checks import evaluate, record
from helpers.checks.errors import CourseError
from helpers.checks.library import ROOT, chapters, public_path, read_chapter

FIRST = chapters()[0]
NAMES = [f"{FIRST}/{name}" for name in read_chapter(public_path(FIRST))]


@pytest.fixture
def file(tmp_path, monkeypatch):
    """The progress file of this test; the kernel's memory begins empty."""
    path = tmp_path / "course" / "progress.json"
    monkeypatch.setenv("COURSE_PROGRESS", str(path))
    monkeypatch.setattr(record.keeper, "file", None)
    monkeypatch.setattr(record.keeper, "entries", {})
    return path


def restart():
    """Forget what the kernel knows, as a restart does."""
    record.keeper.file, record.keeper.entries, record.keeper.told = None, {}, False


def wrong(*args):
    return None


def fail(name=NAMES[0]):
    return evaluate(name, wrong)


def test_tries_survive_a_restart(file):
    assert fail().tries == 1
    restart()
    assert fail().tries == 2
    assert json.loads(file.read_text())["exercises"][NAMES[0]]["tries"] == 2


def test_what_is_not_attempted_is_not_recorded(file):
    evaluate(NAMES[0], None)
    assert not file.exists()


def test_the_overview_says_where_you_stopped(file):
    assert "No exercise has been checked yet." in view.progress().text()
    fail(NAMES[0])
    fail(NAMES[1])
    text = view.progress().text()
    assert f"You stopped at {NAMES[1]} (not passed yet, 1 try so far)." in text
    assert f"next: {NAMES[0].split('/')[1]}" in text
    html = view.progress().html()
    assert NAMES[1] in html
    assert "<th scope='row'>" in html


def test_a_passed_exercise_counts(file):
    entries = {NAMES[0]: record.Entry(True, 1.0, 2, "2026-01-01T00:00:00")}
    name, done, count, earned, _, following = view.Overview(entries).rows()[0]
    assert (name, done, count, earned) == (FIRST, 1, len(NAMES), 1.0)
    assert following == NAMES[1].split("/")[1]


def test_an_exercise_that_is_gone_does_not_matter(file):
    overview = view.Overview({"99_gone/f": record.Entry(True, 1.0, 0, "2030")})
    assert overview.stopped_at() == "No exercise has been checked yet."


@pytest.mark.parametrize("content", ["", "{", "[]", '{"exercises": [1]}', '{"exercises": {"a": {}}}', "\x00", "null"])
def test_a_damaged_file_never_blocks_work(file, capsys, content):
    file.parent.mkdir()
    file.write_text(content)
    assert fail().tries == 1
    assert fail().tries == 2
    assert capsys.readouterr().err.count("was damaged") == 1
    assert file.with_suffix(".damaged").read_text() == content
    assert json.loads(file.read_text())["exercises"][NAMES[0]]["tries"] == 2


def test_a_place_that_cannot_be_written_never_blocks_work(file, capsys):
    file.parent.write_text("a file where the folder should be")
    assert fail().tries == 1
    assert fail().tries == 2
    message = capsys.readouterr().err
    assert message.count("Progress:") == 1
    assert message.count("\n") == 1


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_never_blocks_work(file, capsys):
    file.parent.mkdir(mode=0o500)
    assert fail().tries == 1
    assert "cannot be written" in capsys.readouterr().err


def test_a_lock_left_behind_by_a_crash_is_removed(file):
    file.parent.mkdir()
    lock = file.with_suffix(".lock")
    lock.touch()
    os.utime(lock, (1, 1))
    fail()
    assert file.exists()
    assert not lock.exists()


def test_nothing_is_kept_where_nothing_is_wanted(file, monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_PROGRESS", "")
    assert fail().tries == 1
    assert fail().tries == 2
    assert not list(tmp_path.rglob("*.json"))


def test_nothing_is_kept_while_nbgrader_executes(file, monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    fail()
    assert not file.exists()


def test_two_notebooks_at_once_lose_nothing(file):
    """Four kernels check ten times each, all at the same time."""
    code = (
        "import sys\nfrom helpers.checks import evaluate\n"
        "for _ in range(10):\n    evaluate(sys.argv[1], lambda *args: None)"
    )
    jobs = [subprocess.Popen([sys.executable, "-c", code, name], cwd=ROOT) for name in (*NAMES[:3], NAMES[0])]
    assert [job.wait() for job in jobs] == [0] * 4
    entries = record.read(file)
    assert [entries[name].tries for name in NAMES[:3]] == [20, 10, 10]
    assert not list(file.parent.glob("*.new"))
    assert not list(file.parent.glob("*.lock"))


def test_merging_takes_the_later_check_and_the_larger_count():
    early, late = record.Entry(False, 0.0, 5, "2026-01-01"), record.Entry(True, 1.0, 2, "2026-01-02")
    expected = {"a": record.Entry(True, 1.0, 5, "2026-01-02")}
    assert record.merged({"a": early}, {"a": late}) == expected
    assert record.merged({"a": late}, {"a": early}) == expected
    assert record.merged({"a": early}, {"b": late}) == {"a": early, "b": late}


def test_export(file, tmp_path):
    fail()
    view.export_progress(tmp_path / "mine.json")
    assert record.read(tmp_path / "mine.json") == record.read(file)
    view.export_progress(str(tmp_path / "mine.csv"))
    rows = (tmp_path / "mine.csv").read_text().splitlines()
    assert rows[0] == "exercise,passed,public_points,failed_tries,latest_check"
    assert rows[1].startswith(f"{NAMES[0]},False,0,1,2")
    with pytest.raises(CourseError, match="name a file in a folder"):
        view.export_progress(tmp_path / "nowhere" / "mine.csv")


def test_reset_all_and_one_chapter(file, capsys):
    other = next(f"{c}/{n}" for c in chapters()[1:] for n in read_chapter(public_path(c)))
    fail()
    fail(other)
    view.reset_progress(FIRST)
    assert list(record.read(file)) == [other]
    restart()
    assert fail(other).tries == 2
    view.reset_progress()
    assert record.read(file) == {}
    assert "your notebooks are as they were" in capsys.readouterr().out
    with pytest.raises(CourseError, match="There is no chapter"):
        view.reset_progress("99_none")
