"""The page that a student reads: what it tells, what it must not tell, and that it does nothing but be read."""

import re
import shutil
from dataclasses import replace
from itertools import pairwise

import pytest
from bs4 import BeautifulSoup

from grading import feedback
from grading.model import Cell, Grade, Output, Result, Reviewed, Sheet
from helpers.checks.errors import CourseError
from helpers.checks.library import ROOT, find_in_chapter
from tests.grading import graded, pranks

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
TITLES = feedback.chapter_titles(graded.CHAPTER)


@pytest.fixture(scope="module")
def sheet() -> Sheet:
    return graded.sheet()


@pytest.fixture(scope="module")
def result() -> Result:
    return graded.result()


@pytest.fixture(scope="module")
def page(result, sheet):
    return parsed(
        feedback.render(Reviewed(result, {"step": "Look at z = 0 again.\nCome by on Tuesday."}), sheet, TITLES)
    )


def parsed(html: str) -> BeautifulSoup:
    return BeautifulSoup(html, "html.parser")


def part(page, name):
    """The text of an exercise's section."""
    section = next(s for s in page.select("section.exercise") if name in [c.text for c in s.select("code")])
    return " ".join(section.text.split())


def alone(cells, grades, **more):
    """The page of a small notebook."""
    sheet = Sheet("ps1", "p1", tuple(cells))
    return parsed(feedback.render(Reviewed(Result("ada", "ps1", "p1", grades, cells=sheet.cells, **more)), sheet, {}))


def small(source="x = 1", state="values", kind="code", **more):
    """A page with one test and a cell before it."""
    sheet = Sheet("ps1", "p1", (Cell("code", "# YOUR CODE HERE", "solution", "a"), Cell("code", "", "test", "t", 2.0)))
    cells = (Cell(kind, source, "solution", "a", changed=True), sheet.cells[1])
    grade = Grade(2.0 if state == "passed" else 0.5, 2.0, state, more.pop("reason", "Because."), more.pop("hint", ""))
    return feedback.render(Reviewed(Result("ada", "ps1", "p1", {"t": grade}, cells=cells, **more)), sheet, {})


# --- what it tells --------------------------------------------------------------------------------------------------


def test_the_score_comes_first(page, result):
    header = " ".join(page.header.text.split())
    assert header.startswith("Feedback for ada 2 · The neuron 2.75 of 35 points")
    assert "1 of 11 exercises is right. 3 points wait for your teacher" in header


def test_every_exercise_is_named_with_points_and_state(page, result):
    rows = [[" ".join(cell.text.split()) for cell in row.select("td")] for row in page.select("tbody tr")]
    assert len(rows) == len(result.exercises())
    assert rows[0] == ["The weighted sum", "✓ right", "2 of 2"]
    assert rows[1] == ["The step function", "◐ partly right", "0.75 of 2"]
    assert [row[1] for row in rows[2:7]] == [
        "✗ ran out of time",
        "○ not attempted",
        "✗ cannot be counted",
        "✗ stopped before its end",
        "○ was not run",
    ]
    assert rows[-1] == ["why-xor", "… waits for your teacher", "up to 3"]


def test_links_lead_to_the_exercises(page):
    anchors = [link["href"] for link in page.select("tbody a")]
    assert len(set(anchors)) == len(anchors) > 5
    assert all(page.find(id=anchor[1:]) for anchor in anchors)


def test_where_to_go_on_is_what_was_begun_with_reason_and_hint(page):
    section = " ".join(page.select_one("section.next").text.split())
    assert "The step function" in section
    assert "At exactly z = 0 the result is 1." in section
    assert "Try: In this course a neuron fires only above the threshold" in section


def test_a_wrong_answer_is_told_in_full(page, result):
    text = part(page, "step")
    assert "yours: [0, 1, 1] expected: [0, 0, 1]" in text
    assert "def step(z):" in text
    assert "Look at z = 0 again. Come by on Tuesday." in text


def test_a_report_that_says_nothing_new_is_left_out(page):
    assert "the whole report" not in part(page, "weighted_sum")
    assert "the whole report" not in part(page, "perceptron_fit")


def test_an_answer_comes_with_what_it_printed_and_drew(page):
    text = part(page, "weighted_sum")
    assert "It printed 3.0 It drew" in text
    (image,) = page.select("img")
    assert image["src"].startswith("data:image/png;base64,")
    assert image["alt"]


def test_the_teachers_cells_are_not_repeated(page):
    assert "raise NotImplementedError" not in page.text
    assert "from helpers.checks import" not in page.text


def test_cells_after_the_last_exercise_are_shown_apart():
    cells = (Cell("code", "assert a", "test", "t", 1.0), Cell("code", "later = 1", "extra"))
    sheet = Sheet("ps1", "p1", cells[:1])
    result = Result("ada", "ps1", "p1", {"t": Grade(1.0, 1.0, "passed", "")}, cells=cells)
    html = feedback.render(Reviewed(result), sheet, {})
    assert "later = 1" in " ".join(parsed(html).find(id="rest").parent.text.split())


def test_everything_right_is_praised_and_nothing_is_to_do():
    page = parsed(small(state="passed"))
    assert "Every exercise is right. Well done!" in page.header.text
    assert page.select("section.next") == []


def test_points_given_by_hand_are_shown():
    cell = Cell("markdown", "Words.", "manual", "why", 3.0)
    page = alone([cell], {"why": Grade(2.5, 3.0, "manual", "Read by a person.")})
    assert "2.5 of 3 points" in " ".join(page.header.text.split())
    assert "waits" not in page.text
    assert page.select_one("td .state").text == "✓ graded by your teacher"
    assert page.select_one("td.number").text == "2.5 of 3"


def test_what_being_late_costs_is_told():
    result = Result("ada", "ps1", "p1", {"t": Grade(2.0, 2.0, "passed", "")})
    sheet = Sheet("ps1", "p1", (Cell("code", "assert a", "test", "t", 2.0),))
    header = " ".join(parsed(feedback.render(Reviewed(result, late_penalty=0.5), sheet, {})).header.text.split())
    assert "1.5 of 2 points" in header
    assert "0.5 points are taken off for handing in late." in header


def test_an_unreadable_hand_in_has_its_reason(sheet):
    reason = "02_neuron.ipynb is not a notebook: save it anew in JupyterLab."
    grades = {c.grade_id: Grade(0.0, c.points, "not readable", reason) for c in sheet.cells if c.points}
    page = parsed(feedback.render(Reviewed(Result("ada", sheet.chapter, sheet.notebook, grades)), sheet, TITLES))
    assert reason in page.select_one("section.next").text
    assert "open the notebook in JupyterLab, save it" in page.select_one("section.next").text


@pytest.mark.parametrize("state", sorted({*feedback._STATES, "values", "shape", "a state yet to come"}))
def test_every_state_has_a_mark_and_words(state):
    mark, words = parsed(small(state=state)).select_one("td .state").text.split(maxsplit=1)
    assert mark in "✓✗○◐…"
    assert len(words) > 4


def test_titles_are_those_of_the_course_or_none():
    assert TITLES["step"] == find_in_chapter("step", graded.CHAPTER).title
    assert feedback.chapter_titles("ps1") == {}


# --- what it must not tell ------------------------------------------------------------------------------------------


def test_of_hidden_checks_only_the_reason_is_told(result, sheet):
    secret = {name: "hidden question 4711" for name in result.grades if name.startswith("hidden-")}
    index = next(i for i, c in enumerate(result.cells) if c.grade_id == "hidden-step")
    cells = list(result.cells)
    cells[index] = replace(cells[index], source="evaluate('step', hidden=True)  # hidden source 4712")
    outputs = {index: (Output("text", "hidden output 4713"),)}
    told = replace(result, cells=tuple(cells), reports=dict(result.reports) | secret, outputs=outputs)
    html = feedback.render(Reviewed(told), sheet, TITLES)
    assert not re.search("471[123]", html)
    assert "hidden cases fail" in html


def test_of_an_unknown_cell_only_the_reason_is_told():
    page = alone([], {"odd": Grade(0.0, 1.0, "values", "Not right.")}, reports={"odd": "x\nsecret 4711"})
    assert "Not right." in page.text
    assert "4711" not in page.text


def test_source_and_output_of_tests_are_not_told():
    cells = [Cell("code", "assert f(4711) == 1", "test", "t", 1.0)]
    page = alone(cells, {"t": Grade(0.0, 1.0, "error", "f gave 2.")}, outputs={0: (Output("error", "4711"),)})
    assert "4711" not in page.text


def test_notes_for_the_instructor_are_not_told(result, sheet):
    noted = Reviewed(replace(result, notes=("like that of ben",)))
    assert "like that of ben" not in feedback.render(noted, sheet, TITLES)


def test_paths_of_the_grading_machine_are_not_told():
    path = f"{ROOT}/grading/inside/worker.py"
    html = small(
        reason=f"Stopped in {path}.",
        hint=f"See {path}.",
        reports={"t": f"x\nat {path}"},
        outputs={0: (Output("error", f'File "{path}"\nFile "/tmp/box-1/cell.py"'),)},
    )
    assert str(ROOT) not in html
    assert "/tmp" not in html
    assert "grading/inside/worker.py" in html


# --- tricks ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A page about a hand-in full of pranks, in every place where a student can leave text."""
    everything = [*pranks.HTML, *pranks.MARKDOWN, *(text for text, _ in pranks.TERMINAL)]
    cells, outputs, grades, reports, titles, comments = [], {}, {}, {}, {}, {}
    for number, text in enumerate(everything):
        for kind in ("code", "markdown", "raw"):
            outputs[len(cells)] = (Output("text", text), Output("error", text))
            cells.append(Cell(kind, f"{text} {number}", "extra"))
        name = f"{text}{number}"
        cells.append(Cell("code", text, "test", name, 1.0))
        grades[name], reports[name] = Grade(0.0, 1.0, text, text, text), f"x\n{text}\nmore"
        titles[name], comments[name] = text, text
    for data in pranks.no_pictures(graded.png()).values():
        outputs[len(cells)] = (Output("png", png=data),)
        cells.append(Cell("code", "draw()", "extra"))
    tests = tuple(c for c in cells if c.role == "test")
    sheet = Sheet(everything[0], everything[1], (Cell("markdown", f"# {everything[0]}"), *tests))
    result = Result(everything[0], everything[0], "p1", grades, cells=tuple(cells), outputs=outputs, reports=reports)
    path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_text(feedback.render(Reviewed(result, comments), sheet, titles), encoding="utf-8")
    return path


def test_a_hostile_page_has_only_the_elements_of_its_template(hostile, page):
    ours = {tag.name for tag in page.find_all()} | {"section", "blockquote", "code"}
    theirs = parsed(hostile.read_text(encoding="utf-8"))
    assert {tag.name for tag in theirs.find_all()} <= ours
    assert {name for tag in theirs.find_all() for name in tag.attrs} <= {
        *("lang", "charset", "http-equiv", "content", "name", "class", "style", "aria-hidden", "aria-labelledby"),
        *("id", "href", "scope", "open", "tabindex", "role", "aria-label", "src", "alt"),
    }
    assert all(tag["href"].startswith("#exercise-") for tag in theirs.find_all(href=True))


def test_nothing_unseen_is_on_a_hostile_page(hostile):
    html = hostile.read_text(encoding="utf-8")
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b\ud800-\udfff]", html)
    assert "user\\u202eexe.txt" in html


def test_no_script_may_run_even_if_one_got_in(page):
    policy = page.find("meta", attrs={"http-equiv": "Content-Security-Policy"})["content"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:")
    assert page.select("script, link, iframe") == []


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium (on Debian: apt-get install chromium)")
def test_a_browser_shows_it_and_nothing_happens(hostile, result, sheet, tmp_path):
    """Nor is anything to be seen of its style rules in another place: a page with one picture loads just that."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    from tests.grading.browsers import look_at

    honest = tmp_path / "honest.html"
    honest.write_text(feedback.render(Reviewed(result), sheet, TITLES), encoding="utf-8")
    with playwright.sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for path in (hostile, honest):
            seen = look_at(browser, path)
            assert (seen.requests, seen.dialogs, seen.ran, seen.active) == ([], [], None, [])
        browser.close()


def test_pictures_that_are_none_are_told(hostile):
    html = hostile.read_text(encoding="utf-8")
    assert html.count("[a picture that cannot be shown]") == len(pranks.no_pictures(graded.png()))


@pytest.mark.parametrize(
    "more",
    [
        {"source": "+" * 50_000_000},
        {"outputs": {0: (Output("text", "<" * 9_000_000),) * 50}},
        {"outputs": {0: (Output("png", png=graded.png(900, 600)),) * 60}},
        {"reports": {"t": "x\n" + "&" * 9_000_000}, "reason": "&" * 9_000_000, "hint": "&" * 9_000_000},
    ],
    ids=["source", "outputs", "pictures", "reports"],
)
def test_a_page_has_a_limit(more):
    assert len(small(**more).encode()) <= feedback.MAX_PAGE


def test_many_cells_have_a_limit_and_the_page_says_so():
    cells = tuple(Cell("code", f"x{i} = [{'1,' * 1800}]", "extra") for i in range(900))
    test = Cell("code", "", "test", "t", 1.0)
    result = Result("ada", "ps1", "p1", {"t": Grade(0.0, 1.0, "values", "No.")}, cells=(*cells, test))
    html = feedback.render(Reviewed(result), Sheet("ps1", "p1", (test,)), {})
    assert len(html.encode()) <= feedback.MAX_PAGE
    assert "Some of what you wrote or printed is left out" in html


# --- reading it, writing it -----------------------------------------------------------------------------------------


def test_headings_come_in_order_and_sections_have_names(page):
    levels = [int(tag.name[1]) for tag in page.find_all(re.compile("^h[1-6]$"))]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))
    assert all(page.find(id=section["aria-labelledby"]) for section in page.select("section"))
    assert [tag.name for tag in page.body.find_all(recursive=False)] == ["header", "main", "footer"]
    assert page.html["lang"] == "en"


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_colours_are_far_enough_apart(scheme, page):
    """WCAG AA: 4.5 to 1 for every text colour on every ground it stands on."""
    roots = re.findall(r":root \{(.*?)\}", page.style.text, re.DOTALL)
    colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", roots[scheme]))
    texts = ("ink", "soft", "link", "right", "wrong", "open", "key", "text", "number", "remark", "name")
    for text in texts:
        for ground in ("page", "card", "well"):
            assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, as WCAG 2 defines it."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_it_lies_where_release_feedback_looks(result, sheet, tmp_path):
    beside = {"timestamp.txt": b"2026-01-02 03:04:05 UTC", "submission_secret.txt": b"s", "evil.html": b"<script>"}
    path = feedback.write(Reviewed(result), sheet, TITLES, tmp_path, files=beside)
    assert path == tmp_path / "ada" / graded.CHAPTER / f"{graded.CHAPTER}.html"
    assert path.stat().st_mode & 0o777 == 0o644
    assert {p.name for p in path.parent.iterdir()} == {path.name, "timestamp.txt", "submission_secret.txt"}
    assert path.read_text(encoding="utf-8") == feedback.render(Reviewed(result), sheet, TITLES)


@pytest.mark.parametrize("student", ["..", "a/b", ""])
def test_a_name_that_leads_elsewhere_is_refused(student, result, sheet, tmp_path):
    with pytest.raises(CourseError):
        feedback.write(Reviewed(replace(result, student=student)), sheet, TITLES, tmp_path / "feedback")
    assert not list(tmp_path.rglob("*.html"))
