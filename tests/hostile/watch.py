"""Seeing whether an attack had any effect: canaries, listeners, processes, and what is in the pages that came out."""

import base64
import contextlib
import ctypes
import hashlib
import html.parser
import io
import os
import re
import socket
import threading
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

from helpers.checks.library import hidden_path, public_path, read_chapter

CANARY = "FOUND A SECRET in the instructor's own files"
LITTER = "hostile"  # in the name of everything that an attack leaves behind
_PLACES = ("/tmp", "/var/tmp", "/dev/shm", "/run", "/work", "/etc/cron.d", "/etc/profile.d", "/etc/systemd/system")
_SUBREAPER = 36


class Listener:
    """Listens where nobody may reach it: TCP and UDP on this computer, and an abstract Unix socket."""

    def __init__(self, name: str) -> None:
        self.heard: list[str] = []
        self._open = True
        tcp = socket.create_server(("127.0.0.1", 0))
        self.port = tcp.getsockname()[1]
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", self.port))
        unix = socket.socket(socket.AF_UNIX)
        unix.bind("\0" + name)
        unix.listen()
        self._sockets = {"TCP": tcp, "UDP": udp, "a Unix socket": unix}
        for kind, one in self._sockets.items():
            threading.Thread(target=self._listen, args=(kind, one), daemon=True).start()

    def _listen(self, kind: str, one: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                if kind == "UDP":
                    one.recv(4096)
                else:
                    one.accept()[0].close()
                if self._open:  # closing a socket wakes its thread once more
                    self.heard.append(kind)

    def close(self) -> None:
        """Stop listening; what is `heard` stays as it is."""
        self._open = False
        for one in self._sockets.values():
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


def snapshot(folders: Iterable[Path]) -> dict[str, tuple]:
    """Every file below `folders`: size, time of change, inode and content; not those that any import compiles."""
    found = {}
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix != ".pyc" and path.name not in ("__pycache__", ".ipynb_checkpoints"):
                found[str(path)] = _state(path)
    return found


def _state(path: Path) -> tuple:
    about = path.lstat()
    if path.is_symlink() or not path.is_file():
        return about.st_mode, about.st_ino
    data = hashlib.sha256(path.read_bytes()).hexdigest() if about.st_size < 1 << 28 else ""
    return about.st_mode, about.st_ino, about.st_size, about.st_mtime_ns, data


def changes(before: dict, after: dict) -> list[str]:
    """Names of what is new, gone or different."""
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def litter(home: Path) -> list[str]:
    """What attacks have left on this machine outside of any course folder."""
    places = (*_PLACES, str(home), os.path.expanduser("~"))
    found = [f"{p}/{name}" for p in places if os.path.isdir(p) for name in os.listdir(p) if LITTER in name]
    queues = {"/proc/sysvipc/shm": f" {0x71A0} ", "/proc/sysvipc/msg": f" {0x71A0} ", "/proc/keys": LITTER}
    for path, mark in queues.items():
        with contextlib.suppress(OSError):
            found += [path for line in Path(path).read_text().splitlines() if mark in f" {line} "]
    return found


def adopt_orphans() -> None:
    """Whatever is started below this process and outlives its parent becomes a child of this process."""
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)


def below() -> list[psutil.Process]:
    """Every living process below this one."""
    alive = []
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE:
                alive.append(process)
    return alive


def survivors(before: set[int]) -> list[str]:
    """What runs below this process and was not there `before`, Python's own helpers aside."""
    words = [(process.pid, " ".join(process.cmdline())[:80] or process.name()) for process in below()]
    return [text for pid, text in words if pid not in before and "resource_tracker" not in text]


# --- hidden inputs ---------------------------------------------------------------------------------------------------


@cache
def public_marks(chapter: str) -> frozenset[str]:
    """The first numbers of every public input, as the attacks write them down."""
    return _marks(read_chapter(public_path(chapter)))


@cache
def hidden_marks(chapter: str = "02_neuron") -> frozenset[str]:
    """The first numbers of every hidden input; those that are public too left out."""
    return _marks(read_chapter(hidden_path(chapter))) - public_marks(chapter)


def _marks(exercises: dict) -> frozenset[str]:
    values = [v for e in exercises.values() for case in e.cases for v in case.inputs.values()]
    arrays = [v for v in values if isinstance(v, np.ndarray) and v.size > 1 and v.dtype.kind in "iuf"]
    return frozenset(np.ravel(v.astype(float))[:3].tobytes().hex() for v in arrays)


def leaks(text: str, chapter: str = "02_neuron") -> bool:
    """Whether hidden inputs are in a text, or in the pixels of the pictures in a page."""
    texts = [text, *_pixels(text)]
    return any(mark in hidden_marks(chapter) for t in texts for mark in re.findall("LOOT((?:[0-9a-f]{2})+)", t))


def _pixels(page: str) -> list[str]:
    found = []
    for data in re.findall("data:image/png;base64,([A-Za-z0-9+/=\\s]+)", page):
        with contextlib.suppress(Exception):
            picture = Image.open(io.BytesIO(base64.b64decode(data))).convert("L")
            if picture.width * picture.height < 1 << 22:
                found.append(picture.tobytes().decode("latin-1"))
    return found


# --- active content --------------------------------------------------------------------------------------------------


class _Page(html.parser.HTMLParser):
    """Collects what a browser would run or fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes) -> None:
        if tag in ("script", "iframe", "object", "embed", "base", "form", "link", "frame", "applet"):
            self.found.append(f"<{tag}>")
        for name, value in attributes:
            value = "".join((value or "").split()).lower()
            if name.startswith("on"):
                self.found.append(f"<{tag} {name}=...>")
            if name in ("href", "src", "action", "xlink:href", "srcdoc", "data") and not self._harmless(value):
                self.found.append(f"<{tag} {name}={value[:40]}>")
            if tag == "meta" and name == "http-equiv" and value == "refresh":
                self.found.append("<meta refresh>")
            if name == "style" and "url(" in value:
                self.found.append(f"<{tag} style={value[:40]}>")

    @staticmethod
    def _harmless(value: str) -> bool:
        return value.startswith(("#", "data:image/png;base64,"))

    def handle_data(self, data: str) -> None:
        if self.lasttag == "style" and ("@import" in data or "url(" in data):
            self.found.append("a style sheet that fetches")


def active_content(page: str) -> list[str]:
    """Everything in a page that would run, or fetch something from elsewhere."""
    parser = _Page()
    parser.feed(page)
    return parser.found


_PAYLOAD = re.compile(
    r"<script[^>]*>[^<]*(?:alert\(|/LOOT)|<(?:img|svg)[^>]*\son\w+\s*=\s*[\"']?alert|src=[\"']?javascript:alert",
    re.IGNORECASE,
)


def attackers_script(page: str) -> bool:
    """Whether a script of an attack's stands in a page that has scripts of its own too."""
    return bool(_PAYLOAD.search(page))


_SECRETS = ("FOUND THE HIDDEN CHECKS", "FOUND A SECRET", "OPENED FOR WRITING", "OPENED BY HANDLE", "GOT DESCRIPTORS")


def secrets(page: str) -> list[str]:
    """Words by which attacks say that they have found what they looked for."""
    return [words for words in _SECRETS if words in page]


_ODD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def odd_characters(text: str) -> list[str]:
    """Control characters, bidirectional overrides and half characters."""
    return sorted({f"U+{ord(c):04X}" for c in _ODD.findall(text)})
