"""A page in a real browser that notes whatever the page tries to do."""

from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser


@dataclass
class Seen:
    """What a page did while it was looked at."""

    requests: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    ran: object = None  # what an attack has left in `window.pwned`
    active: list[str] = field(default_factory=list)  # elements and attributes that could do something


_ACTIVE = """() => [...document.querySelectorAll('*')].flatMap(e => [
    ...(/^(script|iframe|object|embed|svg|math|form|input|base|link|video|audio|foreignobject)$/i.test(e.tagName)
        ? [e.outerHTML.slice(0, 120)] : []),
    ...[...e.attributes].filter(a => /^on/i.test(a.name)
        || /^\\s*(javascript|vbscript|data:text|file):/i.test(a.value)
        || (a.name === 'src' && !a.value.startsWith('data:image/png;base64,'))).map(a => a.name + '=' + a.value),
])"""


def look_at(browser: Browser, page_file: Path) -> Seen:
    """Load a file, open everything on it, click every link, and say what it did."""
    seen, context = Seen(), browser.new_context()
    page = context.new_page()
    page.on("request", lambda request: seen.requests.append(request.url))
    page.on("dialog", lambda dialog: (seen.dialogs.append(dialog.message), dialog.dismiss()))
    page.goto(page_file.as_uri())
    seen.active = page.evaluate(_ACTIVE)
    page.evaluate("() => document.querySelectorAll('details').forEach(e => e.open = true)")
    page.evaluate("() => document.querySelectorAll('a').forEach(e => { if (!/^https?:/.test(e.href)) e.click(); })")
    page.wait_for_timeout(200)
    seen.ran = page.evaluate("() => window.pwned || null")
    context.close()
    seen.requests = [url for url in seen.requests if not url.startswith(("data:", page_file.as_uri()))]
    return seen
