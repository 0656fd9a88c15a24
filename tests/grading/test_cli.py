"""The command `course`: wrong use, what it shows and writes, and being stopped."""

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys

import psutil
import pytest

from grading.cli import Engine, main
from helpers.checks.library import ROOT
from tests.grading import simulated
from tests.grading.processes import Processes, wait_until
from tests.grading.simulated import CHAPTER, course, hand_in, states

SIMULATED = Engine(simulated.ENGINE, simulated.load, simulated.questions)


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A course with three hand-ins, graded by the command, and what the command did."""
    root = course(tmp_path_factory.mktemp("graded"), {"ada": "score 3", "ben": "score 1", "poison": "exit"})
    done = run_course(root, "grade", CHAPTER, "--workers", "2", "--json", "rows.json")
    return root, done


@pytest.fixture
def inside(graded, monkeypatch):
    monkeypatch.chdir(graded[0])


@pytest.fixture
def processes(tmp_path):
    started = Processes(tmp_path)
    yield started
    started.end()


def run_course(root, *words: str) -> subprocess.CompletedProcess:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))}
    command = [sys.executable, "-m", "tests.grading.simulated", *words]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False, timeout=300)


def said(capsys) -> str:
    captured = capsys.readouterr()
    return captured.out + captured.err


def test_grading_ends_with_a_table_and_zero_where_everybody_has_a_grade(graded):
    _, done = graded
    assert done.returncode == 0, done.stderr
    assert "3 students: mean 1.33, median 1.00 of 3" in done.stdout
    assert re.search(r"answer +1\.33 of 3 +1 passed, 1 values, 1 lost|answer +1\.33 of 3", done.stdout)
    assert "  lost: poison\n" in done.stdout
    assert "3 graded, 0 unchanged" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_the_json_file_holds_every_row(graded):
    rows = json.loads((graded[0] / "rows.json").read_text())
    assert [row["student"] for row in rows] == ["ada", "ben", "poison"]
    assert rows[0]["exercises"] == [
        {"id": "answer", "score": 3.0, "max_score": 3.0, "state": "passed", "reason": "Simulated."}
    ]
    assert set(rows[0]) == {"student", "chapter", "score", "max_score", "seconds", "exercises"}


def test_a_second_time_nothing_is_graded_and_no_cluster_started(inside, capsys, monkeypatch):
    monkeypatch.setattr("grading.cluster.local", lambda *_, **__: pytest.fail("a cluster was started"))
    assert main(["grade", CHAPTER], SIMULATED) == 0
    assert "0 graded, 3 unchanged" in said(capsys)


def test_scores_as_lines_json_and_csv(inside, capsys):
    assert main(["scores", CHAPTER], SIMULATED) == 0
    assert re.search(r"^ada +3\.00 of 3$", said(capsys), re.MULTILINE)
    assert main(["scores", CHAPTER, "--json"], SIMULATED) == 0
    assert [row["score"] for row in json.loads(said(capsys))] == [3.0, 1.0, 0.0]
    assert main(["scores", CHAPTER, "--csv"], SIMULATED) == 0
    rows = list(csv.DictReader(io.StringIO(said(capsys))))
    assert rows[1] == {"student": "ben", "chapter": CHAPTER, "score": "1.0", "max_score": "3.0", "answer": "1.0"}


def test_feedback_for_one_and_for_all(inside, graded, capsys):
    pages = graded[0] / "feedback"
    assert main(["feedback", CHAPTER, "--student", "ben"], SIMULATED) == 0
    assert [path.relative_to(pages).parts[0] for path in pages.rglob("*.html")] == ["ben"]
    assert main(["feedback", CHAPTER], SIMULATED) == 0
    assert "3 pages are in" in said(capsys)
    assert {path.parts[-3] for path in pages.rglob(f"{CHAPTER}/{CHAPTER}.html")} == {"ada", "ben", "poison"}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["grade"], "Missing argument 'CHAPTER'."),
        (["grade", CHAPTER, "--workers", "0"], "Invalid value for '--workers'"),
        (["grade", CHAPTER, "--workers", "2", "--scheduler", "tcp://a:1"], "exclude each other"),
        (["grade", CHAPTER, "--scheduler", "10.0.0.1"], "write it as tcp://HOST:PORT"),
        (["grade", CHAPTER, "--submitted", "nowhere"], "Directory 'nowhere' does not exist."),
        (["grade", CHAPTER, "--submitted", "feedback-of-nobody"], "holds no hand-in of pretend: put each at STUDENT/"),
        (["grade", CHAPTER, "--student", "zoe"], "no hand-in of pretend by 'zoe'"),
        (["grade", CHAPTER, "--colour"], "No such option"),
        (["feedback", CHAPTER, "--student", "zoe"], "'zoe' has not been graded for pretend"),
        (["mark", CHAPTER], "No such command 'mark'"),
    ],
)
def test_wrong_use_is_one_sentence(inside, graded, capsys, words, sentence):
    (graded[0] / "feedback-of-nobody").mkdir(exist_ok=True)
    assert main(words, SIMULATED) == 2
    message = said(capsys)
    assert sentence in message
    assert len(message.strip().splitlines()) == 1


def test_an_unknown_chapter_is_one_sentence_that_names_the_known(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)  # no course here: the course's own is meant
    for command in ("grade", "scores", "feedback"):
        assert main([command, "99_nothing"]) == 2
        message = said(capsys)
        assert "There is no chapter '99_nothing'" in message
        assert "02_neuron" in message
        assert len(message.strip().splitlines()) == 1


@pytest.mark.parametrize("url", ["nonsense", "sqlite:////nowhere/at/all.db", "sqlite:///rows.json"])
def test_a_gradebook_that_cannot_be_used_is_one_sentence(inside, capsys, url):
    assert main(["grade", CHAPTER, "--db", url], SIMULATED) == 1
    message = said(capsys).strip()
    assert message
    assert len(message.splitlines()) == 1


def test_nobody_has_been_graded_yet(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(course(tmp_path, {"ada": "score 3"}))
    assert main(["feedback", CHAPTER], SIMULATED) == 2
    assert "run `course grade pretend` first" in said(capsys)


def test_a_json_file_that_cannot_be_written_is_told_and_the_grades_stay(inside, capsys):
    assert main(["grade", CHAPTER, "--json", "no/such/folder.json"], SIMULATED) == 1
    assert "folder.json was not written (No such file or directory): name another file" in said(capsys)


def test_help_shows_examples(capsys):
    for command in ("grade", "feedback", "scores", "bundle"):
        assert main([command, "--help"]) == 0
        assert f"course {command}" in said(capsys).split("Examples:")[1]


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_stores_what_is_done_says_how_to_go_on_and_ends_with_130(tmp_path, processes, sign):
    root = course(tmp_path / "course", {f"s{i:02}": "sleep 0.2" for i in range(40)} | {"t": "sleep 60"})
    process = start(processes, root)
    wait_until(lambda: len(graded_so_far(root)) > 4, "some to be graded")
    os.kill(process.pid, sign)
    assert process.wait(60) == 130
    message = processes.said(process)
    assert re.search(r"Stopped\. \d+ of 41 are graded and stored; the same command goes on from there\.", message)
    assert "Traceback" not in message
    stored = len(states(root))
    assert 0 < stored < 41
    (root / "submitted" / "t" / CHAPTER / f"{CHAPTER}.ipynb").unlink()
    hand_in(root, "t", "score 3")
    again = run_course(root, "grade", CHAPTER, "--workers", "2")
    assert f"{41 - stored} graded, {stored} unchanged" in again.stdout


def test_a_driver_that_is_killed_leaves_no_process_and_loses_nothing_stored(tmp_path, processes):
    root = course(tmp_path / "course", {f"s{i:02}": "sleep 0.3" for i in range(40)})
    process = start(processes, root)
    wait_until(lambda: stored(root) > 0, "some to be stored")
    process.kill()
    pids = {pid for _, pid in graded_so_far(root)}
    wait_until(lambda: not any(alive(pid) for pid in pids), "the workers to end")
    before = stored(root)
    assert before < 40
    again = run_course(root, "grade", CHAPTER, "--workers", "2")
    assert again.returncode == 0, again.stderr
    assert f"{40 - before} graded, {before} unchanged" in again.stdout
    assert len(states(root)) == 40


def start(processes: Processes, root) -> subprocess.Popen:
    """The command in a process of its own, in the course at `root`."""
    words = ("-m", "tests.grading.simulated", "grade", CHAPTER, "--workers", "2")
    return processes.start(*words, cwd=root, SIMULATED_LOG=str(root / "graded.jsonl"))


def graded_so_far(root) -> list[tuple[str, int]]:
    log = root / "graded.jsonl"
    return [tuple(json.loads(line)) for line in log.read_text().splitlines()] if log.exists() else []


def stored(root) -> int:
    return len(states(root)) if (root / "gradebook.db").exists() else 0


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
