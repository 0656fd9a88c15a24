"""A report as HTML: a card with a word for every colour, readable in light and dark, by eye and by screen reader."""

from html import escape

from helpers.checks.closer import closer_look
from helpers.checks.wording import MARKS

_KINDS = {"passed": "right", "not attempted": "open"}
_STYLE = """<style>
.course-report { color-scheme: light dark; padding: 4px 14px; margin: 4px 0; max-width: 62em; line-height: 1.45;
  border-left: 5px solid #d55e00; border-color: light-dark(#b3261e, #ff8a80); }
.course-report.right { border-color: #00795c; border-color: light-dark(#00795c, #4fd1a5); }
.course-report.open { border-color: #767676; border-color: light-dark(#6b6b6b, #a0a0a0); }
[data-jp-theme-light="true"] .course-report { color-scheme: light; }
[data-jp-theme-light="false"] .course-report { color-scheme: dark; }
.course-report p, .course-report ul { margin: 3px 0; }
.course-report table { border-collapse: collapse; margin: 4px 0; }
.course-report th, .course-report td { text-align: left; padding: 1px 10px 1px 0; }
.course-report pre { margin: 4px 0; white-space: pre-wrap; }
.course-report .pictures { display: flex; gap: 14px; flex-wrap: wrap; }
.course-report figure { margin: 4px 0; }
.course-report img { image-rendering: pixelated; border: 1px solid #808080; }
.course-report .band { fill: #808080; fill-opacity: .35; }
.course-report .curve { fill: none; stroke: currentColor; stroke-width: 2; }
</style>"""


def render(report) -> str:
    """HTML of a report; everything that a student could have written is escaped."""
    body = [f"<p><strong>{report.mark} {escape(report.headline)}</strong></p>", f"<p>{_inline(report.message)}</p>"]
    look = closer_look(report.finding) if report.shows_details else None
    body += [look.html] if look else []
    body += [f"<p><strong>Try:</strong> {_inline(report.hint)}</p>"] if report.hint else []
    body += [f"<p><strong>Remark:</strong> {_inline(remark)}</p>" for remark in report.remarks]
    if report.printed and not report.hidden:
        body.append(
            f"<details><summary>Your code printed</summary><pre>{escape(report.printed[:2000])}</pre></details>"
        )
    body += [_table(report)] if report.shows_cases else []
    kind = _KINDS.get(report.state, "wrong")
    return f"{_STYLE}<div class='course-report {kind}' role='status' aria-live='polite'>{''.join(body)}</div>"


def _table(report) -> str:
    rows = "".join(
        f"<tr><td>{MARKS.get(state, MARKS['wrong'])} {escape(state)}</td><td>{escape(name)}</td></tr>"
        for name, state in report.verdicts()
    )
    head = "<tr><th scope='col'>Verdict</th><th scope='col'>Case</th></tr>"
    opened = " open" if len({state == "passed" for _, state in report.verdicts()}) > 1 else ""
    return f"<details{opened}><summary>{escape(report.tally)}</summary><table>{head}{rows}</table></details>"


def _inline(text: str) -> str:
    """Escaped text whose `code` spans are set as code."""
    parts = escape(text).split("`")
    if len(parts) % 2 == 0:  # a stray backtick: leave the text as it is
        return "`".join(parts)
    return "".join(f"<code>{part}</code>" if i % 2 else part for i, part in enumerate(parts))
