"""A JupyterLab of its own in a headless Chromium: nothing of the user's settings, workspaces or files is touched."""

import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
START_LIMIT = 60  # seconds
RUN_LIMIT = 300_000  # milliseconds for all cells of a notebook
_READY = """async () => {
    const session = window.jupyterapp.shell.currentWidget.sessionContext;
    await session.ready;
    await session.session.kernel.info;
}"""
_RUN_ALL = "() => window.jupyterapp.commands.execute('notebook:run-all-cells')"
_SHOWN = """() => {
    const prompts = [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].map(e => e.innerText);
    const failed = document.querySelector("[data-mime-type='application/vnd.jupyter.error']");
    return !prompts.some(p => p.includes('*')) && (failed || /[0-9]/.test(prompts.at(-1)));
}"""


@dataclass
class Lab:
    """A running server, and the browser that looks at it."""

    url: str
    token: str
    folder: Path  # what the file browser shows
    settings: Path
    browser: Browser

    def set_theme(self, theme: str) -> None:
        """Choose "light" or "dark" for the notebooks opened from now on."""
        _write_setting(self.settings, "apputils-extension/themes", {"theme": THEMES[theme]})

    def open(self, notebook: str, width: int = 1280, height: int = 1000) -> "Notebook":
        """Open a notebook, a path inside `folder`, in a page of its own, with its kernel ready."""
        page = self.browser.new_page(viewport={"width": width, "height": height})
        opened = Notebook(page)
        page.on("console", lambda message: opened.heard(message.type, message.text))
        page.on("pageerror", lambda error: opened.heard("error", str(error)))
        page.goto(f"{self.url}/doc/tree/{notebook}?token={self.token}&reset")
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=START_LIMIT * 1000)
        page.evaluate(_READY)
        return opened


@dataclass
class Notebook:
    """A notebook in a page."""

    page: Page
    errors: list[str] = field(default_factory=list)  # what the browser's console complained about

    def heard(self, kind: str, text: str) -> None:
        if kind == "error":
            self.errors.append(text)

    def run(self) -> None:
        """Run all cells, up to the first that fails, and wait for the last one."""
        self.page.evaluate(_RUN_ALL)
        self.page.wait_for_function(_SHOWN, timeout=RUN_LIMIT)

    def tracebacks(self) -> list[str]:
        """The errors that cells show."""
        shown = self.page.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.error']")
        return shown.all_inner_texts()

    def close(self) -> None:
        """Stop the kernel and close the page."""
        self.page.evaluate("() => window.jupyterapp.serviceManager.sessions.shutdownAll()")
        self.page.close()


@contextlib.contextmanager
def open_lab(folder: Path, state: Path) -> Iterator[Lab]:
    """A JupyterLab over `folder` on loopback, with its settings in `state`, and a Chromium; both end with the block."""
    settings = state / "settings"
    _write_setting(settings, "apputils-extension/notification", {"fetchNews": "false", "checkForUpdates": False})
    _write_setting(settings, "notebook-extension/tracker", {"windowingMode": "none", "scrollPastEnd": False})
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url, token = f"http://127.0.0.1:{port}", secrets.token_hex(16)
    with (state / "lab.log").open("wb") as log:
        server = subprocess.Popen(
            _command(folder, port), env=_environment(state, settings, token), stdout=log, stderr=subprocess.STDOUT
        )
    try:
        _wait_for(server, f"{url}/api/status?token={token}", state / "lab.log")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            yield Lab(url, token, folder, settings, browser)
            browser.close()
    finally:
        server.terminate()
        server.wait(30)


def _command(folder: Path, port: int) -> list[str]:
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.root_dir": folder,
        "ServerApp.open_browser": False,
        "ServerApp.allow_root": True,
        "LabApp.expose_app_in_browser": True,
        "LabApp.extension_manager": "readonly",
    }
    return [sys.executable, "-m", "jupyterlab", *(f"--{name}={value}" for name, value in options.items())]


def _environment(state: Path, settings: Path, token: str) -> dict[str, str]:
    own = {
        "JUPYTER_TOKEN": token,
        "JUPYTERLAB_SETTINGS_DIR": settings,
        "JUPYTERLAB_WORKSPACES_DIR": state / "workspaces",
        "JUPYTER_CONFIG_DIR": state / "config",
        "JUPYTER_RUNTIME_DIR": state / "runtime",
        "JUPYTER_DATA_DIR": state / "data",
        "IPYTHONDIR": state / "ipython",
        "COURSE_PROGRESS": "",
    }
    return os.environ | {name: str(value) for name, value in own.items()}


def _wait_for(server: subprocess.Popen, url: str, log: Path) -> None:
    end = time.monotonic() + START_LIMIT
    while time.monotonic() < end and server.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):
            return
        time.sleep(0.2)
    raise RuntimeError(f"JupyterLab did not start; it said:\n{log.read_text(errors='replace')[-2000:]}")


def _write_setting(folder: Path, name: str, values: dict) -> None:
    path = folder / "@jupyterlab" / f"{name}.jupyterlab-settings"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(values), encoding="utf-8")
