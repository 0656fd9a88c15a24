"""What the annotation widget does: a queue of pictures, and a text of which every character labels one of them."""

from collections.abc import Sequence

import numpy as np

from helpers.annotation import SKIPPED, Labels, fingerprint

SKIP_KEYS = " ."


class Session:
    """The pictures that have no label yet, each once, in order; `apply` takes what has been typed so far.

    The n-th character belongs to the n-th picture: a digit or letter of `classes` labels it, a space or a full stop
    skips it. Deleting characters takes labels back. Everything is written down at once, and nothing over anything.
    """

    def __init__(self, pictures: Sequence[np.ndarray], labels: Labels, classes: str) -> None:
        self.labels, self.classes, self.typed = labels, classes, ""
        names = [fingerprint(picture) for picture in pictures]
        known = labels.known()
        fresh = {name: picture for name, picture in zip(names, pictures) if name not in known}
        self.queue = list(fresh.values())
        self.given, self.twins = len(names), len(names) - len(set(names))
        self.before = len(set(names)) - len(fresh)  # labelled or skipped in an earlier session

    def apply(self, text: str) -> str:
        """Write down what `text` changes; returns a sentence about characters that mean nothing here, or ""."""
        text = text[: len(self.queue)]
        for index in range(max(len(text), len(self.typed))):
            new, old = (self.label(t[index]) if index < len(t) else None for t in (text, self.typed))
            if new != old:
                self.labels.add(self.queue[index], new)
        self.typed = text
        strange = [c for c in text if self.label(c) is None]
        return f"{strange[0]!r} is no label here: type one of {self.classes}." if strange else ""

    def label(self, character: str) -> str | None:
        """What a character says: a class, `SKIPPED`, or None where it says nothing."""
        if character in SKIP_KEYS:
            return SKIPPED
        return character if character in self.classes else None

    @property
    def at(self) -> int:
        """Which picture is next."""
        return len(self.typed)

    def describe(self) -> list[str]:
        """Where the session stands, in words."""
        left = len(self.queue) - self.at
        first = f"Picture {self.at + 1} of {len(self.queue)}: which is it?" if left else "All pictures are done."
        facts = [f"{len(self.labels)} labels in {self.labels.folder.name}"]
        facts += [f"{self.before} pictures known from before"] * bool(self.before)
        facts += [f"{self.twins} pictures that are the same as another, pixel by pixel"] * bool(self.twins)
        return [first, "; ".join(facts) + "."]
