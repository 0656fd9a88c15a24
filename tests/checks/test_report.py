"""What a learner reads: states, grammar, pictures, both as text and as HTML; and what a hidden report keeps back."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from helpers.checks.engine import judge
from helpers.checks.library import Case, Output, Want
from helpers.checks.wording import a, listed
from tests.checks.conftest import case, doubling, exercise

ROUND_OFF = np.array([1.0, 3.0, 1e-20])


class Reader(HTMLParser):
    """The words, the alternative texts and the tags of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words, self.tags, self.open, self.skip = [], [], [], 0
        self.feed(page)
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("img", "br", "polygon", "polyline"):
            self.open.append(tag)
        self.words += [dict(attrs).get("alt") or dict(attrs).get("aria-label") or ""]

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))


def plain(text: str) -> str:
    """The letters alone: tags may have put blanks between them."""
    return re.sub(r"[\s`]+", "", text)


@pytest.mark.parametrize(
    ("noun", "expected"),
    [("int", "an int"), ("list", "a list"), ("array of objects", "an array of objects"), ("ufunc", "a ufunc")],
)
def test_articles(noun, expected):
    assert a(noun) == expected


def test_lists_in_sentences():
    assert [listed(x) for x in (["a"], ["a", "b"], "abc")] == ["a", "a and b", "a, b and c"]


def answers():
    """One wrong answer per state that values can have, by state and by words that must be said."""
    return {
        "type": (lambda x: None, "the result is None"),
        "type list": (lambda x: x.tolist(), "the result is a list; a NumPy array of shape (3,) is expected"),
        "shape": (lambda x: (2 * x)[None], "has shape (1, 3), expected (3,)"),
        "shape number": (lambda x: 1.0, "is a single number; an array of shape (3,) is expected"),
        "dtype": (lambda x: x > 0, "holds booleans"),
        "not finite": (lambda x: x * np.inf, "3 of 3 values that are nan or infinite, first at index 0"),
        "values": (
            lambda x: 2 * x + (x > 2),
            "1 of 3 values of the result are wrong. Furthest off is the one at index 2",
        ),
        "error": (lambda x: x[9], "IndexError"),
    }


@pytest.mark.parametrize("name", answers())
def test_every_state_in_text_and_html_says_the_same(ask_double, name):
    student, words = answers()[name]
    report = ask_double(student)
    assert report.state == (name.split()[0] if name.startswith(("type", "shape")) else name)
    assert words in report.message
    page = Reader(report.html())
    for line in (report.message, report.hint, report.headline):
        assert plain(line) in plain(page.text)
    assert dict(page.tags)["div"].get("role") in ("status", None)
    assert any(attrs.get("aria-live") == "polite" for _, attrs in page.tags)


def test_what_is_expected_stands_beside_what_came(ask_double):
    message = ask_double(lambda x: 2 * x + (x == 3)).message
    assert "In the case “worked example” (x = [1, -2, 3])" in message
    assert "yours 7, expected 6" in message


def test_digits_enough_to_tell_two_numbers_apart():
    report = judge(exercise(case("close", {"x": 1.0}, 1.0)), lambda x: 1.0 + 3e-7)
    assert "is 1.0000003, expected 1." in report.message


def test_inputs_of_several_lines_stand_in_one(ask_double):
    matrix = np.arange(6.0).reshape(2, 3)
    report = judge(exercise(case("a matrix", {"x": matrix, "n": 3, "name": "zero"}, matrix)), lambda *args: 0)
    assert "(x = [[0, 1, 2], [3, 4, 5]], n = 3, name = 'zero')" in report.message


def test_large_inputs_are_told_by_their_shape():
    report = judge(exercise(case("large", {"x": np.ones((9, 9)), "i": np.ones(99, int)}, 1.0)), lambda *args: 0)
    assert "(x of shape (9, 9), i of shape (99,) and dtype int64)" in report.message


def test_a_stretched_result_is_told_so(ask_double):
    report = judge(exercise(case("column", {"x": np.ones(3)}, np.ones(3))), lambda x: np.ones((3, 3)))
    assert "NumPy would stretch one into the other" in report.message
    report = judge(exercise(case("column", {"x": np.ones(3)}, np.ones((2, 3)))), lambda x: np.ones((3, 2)))
    assert "transposed" in report.message


@pytest.mark.parametrize(("points", "said"), [((1.0, 1.0), True), ((1.0, 0.0), False)])
def test_hidden_checks_are_announced_where_there_are_any(points, said):
    report = judge(doubling(points=points), lambda x: 2 * x)
    assert report.passed
    assert ("Hidden checks run when your work is graded." in report.message) is said
    assert "all passed" not in report.text().lower()


def test_a_hidden_report_tells_neither_inputs_nor_expected_values():
    secret = np.array([7.125, 8.375])
    hidden = exercise(case("the secret case", {"x": secret}, 2 * secret))

    def nosy(x):
        print("seen", x)
        raise ValueError(f"seen {x}")

    for student in (lambda x: x, nosy, lambda x: np.zeros((8, 8)), lambda x: 2 * x.astype(np.float32)):
        report = judge(hidden, student, hidden=True)
        for text in (report.text(), report.html(), repr(report), report.message):
            for secret_word in ("7.125", "8.375", "14.25", "16.75", "secret case", "seen"):
                assert secret_word not in text
    assert judge(hidden, lambda x: x, hidden=True).message == "1 of 1 hidden cases fail (values)."


def test_everything_of_the_students_is_escaped(ask_double):
    def student(x):
        print("<script>alert(1)</script>")
        raise ValueError("<img src=x onerror=alert(1)>")

    page = ask_double(student).html()
    assert "<script>" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;" in page


def test_a_class_is_told_which_attribute_is_off():
    outputs = {"`dL_dW`": Want(np.ones(2)), "`dL_db`": Want(np.ones(1))}
    both = exercise(Case("gradients", {"x": 1.0}, "call", expected={k.strip("`"): v for k, v in outputs.items()}))
    both = type(both)(**{**both.__dict__, "outputs": {"dL_dW": Output(gradient=True), "dL_db": Output(gradient=True)}})
    report = judge(both, lambda x: (np.ones(2), np.zeros(1)))
    assert report.state == "gradient"
    assert "the one value of `dL_db` is 0, expected 1" in report.message


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 3), (2, 8, 8, 1)])
def test_an_image_is_shown_with_its_difference(shape):
    image = np.random.default_rng(0).random(shape)
    report = judge(exercise(case("picture", {"x": image}, image)), lambda x: x + 0.25 * (x > 0.9))
    page = Reader(report.html())
    pictures = [attrs for tag, attrs in page.tags if tag == "img"]
    assert len(pictures) == 3
    assert all(p["alt"] and p["src"].startswith("data:image/png;base64,") for p in pictures)
    assert "Yours minus expected goes from 0 to 0.25." in report.text()
    assert len(report.html()) < 20_000


def test_the_difference_is_white_at_zero_blue_below_red_above():
    from helpers.checks.closer import _signed

    pixels = _signed(np.array([[-1.0, 0.0, 0.5]]), 1.0)
    blue, white, red = pixels[0].astype(int)
    assert blue[2] > blue[0]
    assert white.min() == white.max() > 240
    assert red[0] > red[2]


def test_a_picture_with_nan_in_it_is_shown():
    image = np.random.default_rng(0).random((8, 8))
    report = judge(exercise(case("picture", {"x": image}, image)), lambda x: np.where(x > 0.5, np.nan, x))
    assert report.state == "not finite"
    assert "<img" in report.html()


def test_a_large_image_is_not_put_into_the_page():
    image = np.zeros((400, 400))
    report = judge(exercise(case("picture", {"x": image}, image)), lambda x: x + 1)
    assert "<img" not in report.html()


def test_a_curve_is_shown_against_its_band():
    band = np.linspace(1.0, 0.1, 10)
    losses = exercise(
        Case("losses", {"epochs": 10}, "call", expected={"result": Want(low=band - 0.05, high=band + 0.05)})
    )
    assert judge(losses, lambda epochs: band).passed
    report = judge(losses, lambda epochs: band + 0.1 * (np.arange(10) > 3))
    assert "6 of 10 values lie outside the expected range, first at index 4" in report.text()
    page = Reader(report.html())
    assert [tag for tag, attrs in page.tags if attrs.get("role") == "img"] == ["svg"]
    assert "6 of 10 values" in page.text
    assert "<svg" in judge(losses, lambda epochs: np.where(np.arange(10) == 2, np.nan, band)).html()


def test_small_arrays_stand_side_by_side(ask_double):
    text = ask_double(lambda x: x + 1).text()
    assert "yours:\n[2, -1, 4]\nexpected:\n[2, -4, 6]" in text


def test_every_case_has_a_verdict(ask_double):
    report = ask_double(lambda x: 2 * x if x.ndim == 1 else x)
    assert report.verdicts() == [("worked example", "passed"), ("a matrix", "values"), ("an image", "values")]
    assert "1 of 3 cases are right" in report.text()
    assert "<th scope='col'>" in report.html()
    assert report.points == pytest.approx(1 / 3, abs=1e-4)


def test_no_meaning_by_colour_alone(ask_double):
    """Without its style the page still says what is right and what is wrong."""
    page = Reader(ask_double(lambda x: x).html())
    assert "✗ double: values" in page.text
    assert "✓ double: passed" in Reader(ask_double(lambda x: 2 * x).html()).text


def test_the_notebook_gets_both_and_nbgrader_gets_points(ask_double, monkeypatch):
    report = ask_double(lambda x: 2 * x if x.ndim == 1 else x)
    assert report._repr_mimebundle_()["text/plain"] == report.text()
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert report._repr_mimebundle_()["text/plain"] == "0.3333"


def test_float32_is_right_with_a_remark(ask_double):
    report = ask_double(lambda x: (2.000005 * x).astype(np.float32))
    assert report.passed
    assert "computed in float32" in report.remarks[0]


def test_what_may_have_made_a_result_wrong_is_remarked(ask_double):
    def student(x):
        x += 1
        return 2 * x

    report = ask_double(student)
    assert report.state == "values"
    assert "your code changed its input `x`" in report.text()


def test_arrays_in_a_list_are_told_by_their_shapes():
    weights = [np.zeros((2, 3)), np.zeros((3, 1))]
    report = judge(exercise(case("weights", {"weights": weights}, 6.0)), lambda weights: 5.0)
    assert "weights of shapes (2, 3) and (3, 1)" in report.text()


def test_tiny_entries_beside_large_ones_need_no_more_digits_than_there_are():
    assert judge(
        exercise(case("round-off", {"x": 1.0}, ROUND_OFF)), lambda x: ROUND_OFF + np.array([0, 0, 1e-17])
    ).passed


def test_infinity_is_right_only_where_it_is_expected():
    mixed = exercise(case("log of zero", {"x": 1.0}, np.array([-np.inf, 0.0, np.nan])))
    assert judge(mixed, lambda x: np.array([-np.inf, 0.0, np.nan])).passed
    for wrong in ([0.0, 0.0, np.nan], [-np.inf, -np.inf, np.nan], [np.inf, 0.0, np.nan], [-np.inf, 1.0, np.nan]):
        assert not judge(mixed, lambda x, wrong=wrong: np.array(wrong)).passed
    assert not judge(mixed, lambda x: np.array([-np.inf, 0.0, 0.0])).passed
