"""A report as HTML: a card with a coloured edge, a word for every colour, readable in light and dark."""

from html import escape

_EDGES = {"passed": "#009E73", "not attempted": "#767676"}


def render(report) -> str:
    """HTML of a report; everything that came from a student is escaped."""
    edge = _EDGES.get(report.state, "#D55E00")
    rows = [f"<strong>{escape(report.exercise.id)}: {escape(report.state)}</strong>", escape(report.message)]
    if report.hint and report.state != "not attempted":
        rows.append(f"<em>Try:</em> {escape(report.hint)}")
    rows += [f"<em>Remark:</em> {escape(remark)}" for remark in report.remarks]
    if report.printed and not report.hidden:
        rows.append(f"<em>Your code printed:</em> <code>{escape(report.printed[:500])}</code>")
    body = "".join(f"<div style='margin:2px 0'>{row}</div>" for row in rows)
    return f"<div role='status' style='border-left:4px solid {edge};padding:4px 12px;margin:4px 0'>{body}</div>"
