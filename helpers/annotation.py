"""Labels for pictures, in a folder that only grows: nothing that was written is ever written over.

    labels = Labels("my_digits")
    labels.add(picture, "7")
    pictures, names = labels.read()

A picture is kept once, under the hash of its pixels. A label is one more line of `labels.jsonl`; the last line about a
picture counts, so that a correction is a line too. What was labelled yesterday is known today.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import numpy as np
from PIL import Image

SKIPPED = ""  # the label of a picture that was looked at and is to be left out


def fingerprint(picture: np.ndarray) -> str:
    """A name that follows from the pixels and the shape of `picture` alone: the same picture, the same name."""
    picture = np.ascontiguousarray(picture)
    return hashlib.sha256(repr(picture.shape).encode() + picture.tobytes()).hexdigest()[:24]


class Labels:
    """What is known about the pictures (height, width), uint8, in one folder, which the first label makes."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.journal = self.folder / "labels.jsonl"

    def add(self, picture: np.ndarray, label: str | None) -> None:
        """Write down that `picture` shows `label`; `SKIPPED` leaves it out, None takes the last label back."""
        if picture.dtype != np.uint8 or picture.ndim != 2:
            raise ValueError(f"a picture is (height, width), uint8; this one is {picture.shape}, {picture.dtype}.")
        name = fingerprint(picture)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._keep(picture, self.folder / f"{name}.png")
        line = json.dumps({"picture": name, "label": label}) + "\n"
        with self.journal.open("ab") as file:  # "a": whatever is there stays
            if file.tell() and not self._ends_well():
                line = "\n" + line
            file.write(line.encode())
            file.flush()
            os.fsync(file.fileno())

    def known(self) -> dict[str, str]:
        """The label of every picture that has one, `SKIPPED` among them, by fingerprint."""
        last: dict[str, str | None] = {}
        lines = self.journal.read_bytes().splitlines() if self.journal.exists() else []
        for line in lines:
            try:
                entry = json.loads(line)
                last[entry["picture"]] = entry["label"]
            except (ValueError, KeyError, TypeError):  # cut off when the power failed: that label is lost, no other
                continue
        return {name: label for name, label in last.items() if label is not None}

    def read(self) -> tuple[list[np.ndarray], list[str]]:
        """All pictures with their labels, those that were skipped left out."""
        named = {name: label for name, label in self.known().items() if label != SKIPPED}
        return [np.asarray(Image.open(self.folder / f"{name}.png")) for name in named], list(named.values())

    def __len__(self) -> int:
        return sum(label != SKIPPED for label in self.known().values())

    def _ends_well(self) -> bool:
        return self.journal.read_bytes().endswith(b"\n")

    @staticmethod
    def _keep(picture: np.ndarray, path: Path) -> None:
        if not path.exists():
            part = path.with_suffix(f".{os.getpid()}.part")
            Image.fromarray(picture).save(part, "PNG")
            part.replace(path)
