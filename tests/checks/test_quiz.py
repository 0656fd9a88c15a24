"""Questions: from quiz.yaml to a sealed file to an explained answer."""

import json

import pytest

from authoring import quizzes
from authoring.references import BuildError
from helpers import quiz

SOURCE = """\
- id: decision-line
  kind: choose
  question: You double every weight and the bias. What happens to the `decision` line?
  options:
    - {text: It stays where it is., right: true, why: "Doubling both sides changes nothing."}
    - {text: It moves <b>away</b>., why: "The offset is -b/|w|, and both were doubled."}
    - {text: It turns., why: "Its direction is that of w, which only grew."}
- id: batch-shape
  kind: shape
  question: What is the shape of the output?
  answer: [64, 10]
  why: One row per sample.
  mistakes:
    - {answer: [10, 64], why: Rows are samples in this course.}
- id: count
  kind: number
  question: How many weights?
  answer: 1256080
  why: Count them.
- id: share
  kind: number
  question: How large a share?
  answer: 0.1
  why: One in ten.
"""
ASKS = 'quiz("decision-line")\nquiz("batch-shape")\nif True:\n    quiz("count")\nquiz("share")\n'


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course of one chapter with the questions above, built."""
    folder = tmp_path / "solutions" / "02_neuron"
    folder.mkdir(parents=True)
    (folder / "quiz.yaml").write_text(SOURCE, encoding="utf-8")
    (folder / "02_neuron.py").write_text(ASKS, encoding="utf-8")
    quizzes.build_quiz("02_neuron", tmp_path)
    monkeypatch.setattr(quiz, "ROOT", tmp_path)
    return tmp_path


def ask(name, answer):
    return quiz.judge(quiz.find(name, "02_neuron"), answer)


def test_the_file_tells_no_answer_in_plain_text(course):
    text = (course / "data" / "quizzes" / "02_neuron.json").read_text(encoding="utf-8")
    for secret in ("right", "Doubling", "Rows are samples", "1256080", '"answer"', "One in ten"):
        assert secret not in text
    assert "You double every weight" in text
    assert quizzes.build_quiz("02_neuron", course) is False, "a second build changes nothing"


def test_every_option_is_explained_whatever_was_chosen(course):
    question = quiz.find("decision-line", "02_neuron")
    right = question.solution()["right"]
    for index in range(3):
        verdict = quiz.judge(question, index)
        assert verdict.right is (index == right)
        assert len(verdict.lines) == 3
        assert all(why for _, _, why in verdict.lines)
        assert verdict == quiz.judge(question, "abc"[index])


@pytest.mark.parametrize("answer", ["z", "", 3, -1, None, 1.0, True, [0]])
def test_what_is_no_option_is_asked_for_again(course, answer):
    assert ask("decision-line", answer).right is None


@pytest.mark.parametrize("answer", [(64, 10), [64, 10], "(64, 10)", "64,10", " [64, 10] ", "64x10", "(64, 10,)"])
def test_a_shape_may_be_written_in_many_ways(course, answer):
    assert ask("batch-shape", answer).right is True


@pytest.mark.parametrize(("answer", "right"), [("(64,)", False), ("()", False), ("", None), ("64;1", None)])
def test_other_shapes(course, answer, right):
    assert ask("batch-shape", answer).right is right


def test_a_known_mistake_is_explained(course):
    assert "Rows are samples" in ask("batch-shape", "10, 64").text()


@pytest.mark.parametrize("answer", [1256080, "1256080", "1,256,080", "1 256 080", "1_256_080", "1.25608e6"])
def test_a_whole_number_may_be_written_in_many_ways(course, answer):
    assert ask("count", answer).right is True


@pytest.mark.parametrize(
    ("answer", "right"),
    [("0.1", True), ("0,1", True), ("10 %", True), (".1005", True), ("-0.1", False), ("0.11", False), ("ten", None)],
)
def test_a_fraction_has_a_tolerance(course, answer, right):
    assert ask("share", answer).right is right
    assert ask("count", 1256081).right is False


def test_the_answer_can_be_asked_for(course):
    assert "(64, 10)" in quiz.revealed(quiz.find("batch-shape", "02_neuron")).text()
    assert "1,256,080" in quiz.revealed(quiz.find("count", "02_neuron")).text()


def test_quiz_prints_outside_a_notebook(course, capsys):
    quiz.quiz("02_neuron/decision-line")
    out = capsys.readouterr().out
    assert "a) " in out
    assert "Doubling" not in out
    quiz.quiz("02_neuron/batch-shape", "64, 10")
    assert "Right." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "chapter", "expected"),
    [
        ("decisionline", "02_neuron", "did you mean 'decision-line'"),
        ("nothing-like-it", "02_neuron", "it has decision-line"),
        ("decision-line", None, "Say which chapter"),
        ("decision-line", "99_none", "unpack the course again"),
        (7, "02_neuron", "is a text"),
    ],
)
def test_an_unknown_question_is_one_sentence(course, name, chapter, expected):
    with pytest.raises(quiz.UnknownQuestion, match=r"^[^\n]+$") as caught:
        quiz.find(name, chapter)
    assert expected in str(caught.value)


@pytest.mark.parametrize("text", ["{", "[]", '{"chapter": "02_neuron", "questions": [{"id": "x"}]}', "\x00"])
def test_a_broken_file_is_one_sentence(tmp_path, text):
    path = tmp_path / "02_neuron.json"
    path.write_text(text)
    with pytest.raises(quiz.UnknownQuestion, match="cannot be read"):
        quiz.read(path)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("id: count", "id: share", "same id"),
        ("kind: shape", "kind: form", "choose, shape or number"),
        (", right: true", "", "0 options are marked"),
        ('{text: It turns., why: "Its', '{text: It turns., right: true, why: "Its', "2 options are marked"),
        (', why: "The offset is -b/|w|, and both were doubled."', "", "needs a why"),
        ("answer: [64, 10]", "answer: 64", "list of whole numbers"),
        ("answer: 1256080", "answer: many", "a number"),
        ("  why: Count them.\n", "", "why is missing"),
        ("  why: Count them.", "  because: Count them.", "why is missing"),
        ("  why: Count them.", "  why: Count them.\n  hint: none", "has no field hint"),
        ("question: How many weights?", "question: How many: weights?", "between quotes"),
        ("answer: [10, 64]", "answer: [64, 10]", "stands twice"),
        ("id: count", "id: counted", "quiz('count') is asked"),
    ],
)
def test_what_is_wrong_with_a_quiz_file_is_said_in_one_sentence(course, old, new, expected):
    assert old in SOURCE
    (course / "solutions" / "02_neuron" / "quiz.yaml").write_text(SOURCE.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(BuildError, match=r"^[^\n]+$") as caught:
        quizzes.build_quiz("02_neuron", course)
    assert expected in str(caught.value)


def test_a_question_that_is_never_asked_is_noticed(course):
    (course / "solutions" / "02_neuron" / "02_neuron.py").write_text(ASKS.replace('quiz("share")\n', ""))
    with pytest.raises(BuildError, match="'share' is never asked"):
        quizzes.build_quiz("02_neuron", course)


def test_the_widget_answers_explains_and_escapes(course):
    from helpers.quiz_widget import view

    question = quiz.find("decision-line", "02_neuron")
    _, options, buttons, result = view(question).children
    assert "Doubling" not in result.value
    options.index = 0
    buttons.children[0].click()
    assert "Doubling both sides changes nothing." in result.value
    assert "&lt;b&gt;away" in result.value
    assert "aria-live" in result.value


def test_a_typed_answer_in_the_widget(course):
    from helpers.quiz_widget import view

    _, field, buttons, result = view(quiz.find("batch-shape", "02_neuron")).children
    check, reveal = buttons.children
    assert reveal.disabled
    field.value = "3, 3"
    assert "(3, 3) is not right" in result.value
    assert not reveal.disabled
    reveal.click()
    assert "(64, 10)" in result.value
    field.value = ""
    check.click()
    assert "Please write a shape" in result.value


def test_course_quizzes_are_up_to_date():
    """Every chapter's released questions say what its quiz.yaml says."""
    for source in sorted((quizzes.ROOT / "solutions").glob("*/quiz.yaml")):
        chapter = source.parent.name
        tree = json.loads((quizzes.ROOT / "data" / "quizzes" / f"{chapter}.json").read_text(encoding="utf-8"))
        assert tree == quizzes.released(chapter, quizzes.load(source)), f"{chapter}: run `make build`"
