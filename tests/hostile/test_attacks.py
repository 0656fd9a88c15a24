"""The whole corpus, beside honest people, graded once: nobody gets more than they deserve, and nobody notices."""

import base64
import dataclasses
import fcntl
import io
import json
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from PIL import Image

from grading import sandbox
from tests.hostile import road, watch
from tests.hostile.attacks import ATTACKS
from tests.hostile.kit import GROUPS, Attack, author, points

pytestmark = pytest.mark.skipif(bool(sandbox.trouble()), reason=str(sandbox.trouble()))
ROWS = "abcdefghijklmnopqrstuvwx"
NO_SENTENCE = re.compile(r"Traceback|File \"|/root/|/home/|\bline \d+, in\b")


@pytest.fixture(scope="session")
def graded(tmp_path_factory) -> road.Graded:
    """Every attack and some honest hand-ins, graded in one batch in random order."""
    return _once(tmp_path_factory, "hostile", ATTACKS)


@pytest.fixture(scope="session")
def quiet(tmp_path_factory) -> road.Graded:
    """The honest ones alone."""
    return _once(tmp_path_factory, "quiet", [])


def _once(factory, name: str, attacks: list[Attack]) -> road.Graded:
    """Grade a class once for all the processes that run these tests."""
    folder = factory.mktemp(name)
    shared = folder.parents[1 if "popen" in folder.parent.name else 0] / f"{name}.json"
    with shared.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not shared.exists():
            found = road.grade_class(folder, attacks)
            shared.write_text(json.dumps(dataclasses.asdict(found)), encoding="utf-8")
    return road.Graded(**json.loads(shared.read_text(encoding="utf-8")))


every_attack = pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)


def test_the_corpus_is_large_and_knows_the_exploits_of_nbgrader():
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS) >= 80
    assert {attack.group for attack in ATTACKS} == set(GROUPS)
    assert sorted(attack.row for attack in ATTACKS if attack.row) == list(ROWS)


def test_attackers_can_answer_rightly_where_they_do(graded):
    row = graded.rows["right"]
    assert row["score"] == points("02_neuron")["step"] + points("02_neuron")["weighted_sum"]
    assert set(author("02_neuron")) == set(points("02_neuron"))


@every_attack
def test_an_attacker_gets_no_more_than_deserved(graded, attack):
    row = graded.rows[attack.name]
    assert {e["id"] for e in row["exercises"]} == set(attack.deserves)
    for exercise in row["exercises"]:
        most = attack.deserves[exercise["id"]]
        assert 0.0 <= exercise["score"] <= most + 1e-9, exercise
        if attack.keeps and exercise["id"] in attack.right:
            assert exercise["score"] == pytest.approx(most), exercise


@every_attack
def test_the_reasons_are_plain_sentences(graded, attack):
    row, notes = graded.rows[attack.name], graded.notes[attack.name]
    reasons = {exercise["id"]: exercise for exercise in row["exercises"]}
    for exercise in reasons.values():
        assert exercise["reason"].strip()
        assert not NO_SENTENCE.search(exercise["reason"]), exercise
        assert len(exercise["reason"]) <= 2_000
    if attack.states:
        assert reasons[attack.target]["state"] in (*attack.states, "rule broken")
    if attack.says:
        told = " ".join([reasons[attack.target]["reason"], *notes])
        assert any(word in told for word in attack.says), told


@every_attack
def test_the_page_that_a_student_gets_is_harmless(graded, attack):
    assert not road.of_page(graded.pages[attack.name]), graded.pages[attack.name]


def test_honest_people_get_what_they_get_without_attackers(graded, quiet):
    assert len(quiet.rows) == 2
    for student, row in quiet.rows.items():
        there = graded.rows[student]
        assert row["exercises"] == there["exercises"]


def test_honest_people_of_every_chapter_have_their_points(graded):
    for chapter in sorted({attack.chapter for attack in ATTACKS}):
        for student, right in road.honest(chapter).items():
            scores = {e["id"]: e["score"] for e in graded.rows[student]["exercises"]}
            assert scores == {name: most if name in right else 0.0 for name, most in points(chapter).items()}


def test_nothing_outside_has_changed(graded):
    assert graded.changed == []


def test_nothing_is_left_behind(graded):
    assert graded.litter == []
    assert not Path("/tmp/hostile-pickle").exists()


def test_nobody_is_reached_over_the_network(graded):
    assert graded.heard == []


def test_no_process_survives(graded):
    assert graded.survivors == []


def test_the_watch_sees_what_attacks_would_do(tmp_path):
    """Everything above would pass if nobody looked; so it is shown what it is looking for."""
    mark = min(watch.hidden_marks())
    assert watch.leaks(f"... LOOT{mark} ...")
    assert not watch.leaks("LOOT" + min(watch.public_marks("02_neuron")))
    pixels = io.BytesIO()
    Image.frombytes("L", (len(mark) + 4, 1), f"LOOT{mark}".encode()).save(pixels, format="PNG")
    assert watch.leaks(f"<img src='data:image/png;base64,{base64.b64encode(pixels.getvalue()).decode()}'>")
    for page in ("<script>1</script>", "<p onclick=x>", "<a href='java\nscript:x'>", "<style>@import 'x'</style>"):
        assert watch.active_content(page)
    assert not watch.active_content("<p>&lt;script&gt;</p><a href='#top'>x</a>")
    assert watch.odd_characters("a\u202eb\x1b") == ["U+001B", "U+202E"]
    before = watch.snapshot([tmp_path])
    (tmp_path / "hostile-was-here").touch()
    assert watch.changes(before, watch.snapshot([tmp_path])) == [str(tmp_path / "hostile-was-here")]
    assert str(tmp_path / "hostile-was-here") in watch.litter(tmp_path)


def test_the_watch_sees_processes_and_connections():
    watch.adopt_orphans()
    alive = {process.pid for process in watch.below()}
    orphan = "import subprocess as s; print(s.Popen(['sleep', '30'], start_new_session=True, stdout=-3, stderr=-3).pid)"
    pid = int(subprocess.run([sys.executable, "-c", orphan], capture_output=True, text=True, check=True).stdout)
    try:
        assert watch.survivors(alive) == ["sleep 30"]
    finally:
        psutil.Process(pid).kill()
    listener = watch.Listener("hostile-canary-of-a-test")
    socket.create_connection(("127.0.0.1", listener.port)).close()
    deadline = time.monotonic() + 10
    while not listener.heard and time.monotonic() < deadline:
        time.sleep(0.01)
    listener.close()
    assert listener.heard == ["TCP"]
