"""A whole class per chapter through nbgrader: every single score is the one that was expected."""

import json

import pytest

from authoring.build import chapter_names
from grading.demo import results
from grading.demo.__main__ import EXPECTED, demonstrate
from helpers.checks.library import public_path, read_chapter

CHAPTERS = chapter_names()


@pytest.fixture(scope="module", params=CHAPTERS)
def graded(request, tmp_path_factory):
    """The chapter, nbgrader's grades by student, what judging without nbgrader says, and the course folder."""
    out = tmp_path_factory.mktemp("demo") / request.param
    rows, expected = demonstrate(out, [request.param], jobs=1)
    return request.param, {row.student: row for row in rows}, expected[request.param], out


def test_the_class_through_nbgrader(graded):
    chapter, rows, judged, out = graded
    kept = json.loads(EXPECTED.read_text(encoding="utf-8"))[chapter]
    assert len(rows) >= 15
    assert {name: row.points for name, row in rows.items()} == {n: pytest.approx(p, abs=1e-3) for n, p in kept.items()}
    assert judged == {n: pytest.approx(p, abs=1e-3) for n, p in kept.items()}
    plain_rules(chapter, {name.split("-", 1)[1]: row for name, row in rows.items()})
    for name in rows:
        page = (out / "feedback" / name / chapter / f"{chapter}.html").read_text(encoding="utf-8")
        assert all(exercise in page for exercise in kept[name])
        assert "<script" not in page
    assert (out / f"{chapter}.png").stat().st_size > 10_000
    assert (out / "grades.csv").read_text(encoding="utf-8").count(chapter) == len(rows)


def plain_rules(chapter: str, rows: dict[str, results.Row]) -> None:
    """What the scores must be whatever the exercises are."""
    most = results.max_points(chapter)
    whole = {name: pytest.approx(points) for name, points in most.items()}
    for name in ("perfect", "other-style-1", "other-style-2", "chatty"):
        assert rows[name].points == whole, name
    assert rows["not-attempted"].total == 0
    assert 0 < rows["first-half"].total < rows["perfect"].total
    assert rows["only-the-last"].total < rows["perfect"].total
    mistaken = [row for name, row in rows.items() if _names_a_misconception(chapter, name)]
    assert len(mistaken) >= 5
    for row in [*mistaken, *(rows[name] for name in ("syntax-error", "exception", "wrong-shape", "returns-a-list"))]:
        assert row.total < rows["perfect"].total, row.student


def _names_a_misconception(chapter: str, student: str) -> bool:
    exercises = read_chapter(public_path(chapter))
    names = {f"{e.id}-{key}".replace("_", "-") for e in exercises.values() for key in e.misconceptions}
    return student in names


def test_an_unknown_chapter_is_one_sentence(capsys, monkeypatch):
    from grading.demo.__main__ import main

    monkeypatch.setattr("sys.argv", ["demo", "99_nothing"])
    assert main() == 2
    assert "no chapter '99_nothing'" in capsys.readouterr().err


def test_somebody_elses_folder_is_left_alone(tmp_path, capsys, monkeypatch):
    from grading.demo.__main__ import main

    (tmp_path / "thesis.txt").write_text("years of work")
    monkeypatch.setattr("sys.argv", ["demo", CHAPTERS[0], "--out", str(tmp_path)])
    assert main() == 1
    assert "name another folder with --out" in capsys.readouterr().err
    assert (tmp_path / "thesis.txt").exists()
