"""A question as a widget: radio buttons or a text field, a button, and the explanations below."""

from html import escape

import ipywidgets as widgets
from IPython.display import display

from helpers.quiz import RIGHT, Question, Verdict, judge, plain_text, revealed

_STYLE = """<style>
.course-quiz { border: 1px solid var(--jp-border-color2, #9e9e9e); border-radius: 4px; padding: 8px 14px;
  max-width: 60em; }
.course-quiz .widget-radio, .course-quiz .widget-radio-box { width: auto; height: auto; }
.course-quiz .widget-radio-box label { white-space: normal; height: auto; line-height: 1.4; margin-bottom: 4px; }
.course-quiz .widget-html-content { white-space: normal; line-height: 1.4; }
</style>"""


def show(question: Question) -> None:
    """Display the question; without a widget manager (an exported page) its plain text is shown instead."""
    bundle = view(question)._repr_mimebundle_()
    display(bundle | {"text/plain": plain_text(question)}, raw=True)


def view(question: Question) -> widgets.VBox:
    """The widget of one question."""
    entry = _entry(question)
    check = widgets.Button(description="Check", button_style="primary", tooltip="Check your answer")
    reveal = widgets.Button(description="Show the answer", disabled=True)
    result = widgets.HTMLMath("<div role='status' aria-live='polite'></div>")

    def answer(_=None) -> None:
        given = entry.index if question.kind == "choose" else entry.value
        result.value = _html(judge(question, given))
        reveal.disabled = given in (None, "")

    def give_up(_) -> None:
        result.value = _html(revealed(question))

    check.on_click(answer)
    reveal.on_click(give_up)
    if question.kind != "choose":
        entry.observe(answer, "value")  # Enter, or leaving the field
    buttons = widgets.HBox([check] if question.kind == "choose" else [check, reveal])
    title = widgets.HTMLMath(_STYLE + f"<strong>{_inline(question.question)}</strong>")
    box = widgets.VBox([title, entry, buttons, result])
    box.add_class("course-quiz")
    return box


def _entry(question: Question) -> widgets.Widget:
    if question.kind == "choose":
        return widgets.RadioButtons(options=question.options, index=None, layout={"width": "auto"})
    example = "(64, 10)" if question.kind == "shape" else "0.25"
    return widgets.Text(placeholder=f"such as {example}", description="Answer", continuous_update=False)


def _html(verdict: Verdict) -> str:
    rows = [f"<strong>{escape(verdict.headline)}</strong>"]
    for mark, what, why in verdict.lines:
        colour = "var(--jp-success-color1, #00795c)" if mark == RIGHT else "var(--jp-error-color1, #b3401f)"
        rows.append(f"<span style='color:{colour}'>{mark}</span> {_inline(what)}<br><em>{_inline(why)}</em>")
    body = "".join(f"<div style='margin:4px 0'>{row}</div>" for row in rows)
    return f"<div role='status' aria-live='polite'>{body}</div>"


def _inline(text: str) -> str:
    """Escaped text whose `code` spans are set as code."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if i % 2 and i < len(parts) - 1 else part for i, part in enumerate(parts))
