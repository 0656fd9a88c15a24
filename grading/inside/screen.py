"""What a cell shows: text, errors and PNG pictures, cut off where it becomes too much."""

import base64
import io


class Screen:
    """Collects the outputs of one cell at a time."""

    def __init__(self) -> None:
        self.outputs: list[dict] = []
        self.left = self.total_left = 0
        self.cut = False

    def clear(self, cell_bytes: int, total_bytes: int | None = None) -> None:
        """A new cell, which may show so much; `total_bytes` starts a new notebook."""
        if total_bytes is not None:
            self.total_left = total_bytes
        self.outputs, self.left, self.cut = [], min(cell_bytes, self.total_left), False

    def text(self, text: str, kind: str = "text") -> None:
        """Add text; runs of the same kind become one output."""
        part = text[: max(0, self.left)]
        self._spend(len(part.encode("utf-8", "replace")), cut=len(part) < len(text))
        if not part:
            return
        if self.outputs and self.outputs[-1]["kind"] == kind == "text":
            self.outputs[-1]["parts"].append(part)
        else:
            self.outputs.append({"kind": kind, "parts": [part]})

    def png(self, data: bytes) -> None:
        """Add a picture, whole or not at all."""
        if len(data) > self.left:
            self.cut = True
            return
        self._spend(len(data), cut=False)
        self.outputs.append({"kind": "png", "data": data})

    def _spend(self, size: int, cut: bool) -> None:
        self.left -= size
        self.total_left -= size
        self.cut = self.cut or cut

    def taken(self) -> list[dict]:
        """The outputs of the cell, ready to be sent."""
        shown = [
            {"kind": o["kind"], "data": base64.b64encode(o["data"]).decode()}
            if o["kind"] == "png"
            else {"kind": o["kind"], "text": "".join(o["parts"])}
            for o in self.outputs
        ]
        if self.cut:
            shown.append({"kind": "text", "text": "\n... more was shown than is kept.\n"})
        self.outputs = []
        return shown


class Stream(io.TextIOBase):
    """Stands in for sys.stdout and sys.stderr."""

    encoding = "utf-8"

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._screen.text(text)
        return len(text)
