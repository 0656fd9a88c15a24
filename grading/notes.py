"""Sentences about what was odd in a submission: bounded, one per kind, and safe to print whatever a student wrote."""

from collections.abc import Sequence

MAX_NOTES = 50
MAX_SHOWN = 80  # characters of a student's text that a sentence may repeat


def shown(text: str, limit: int = MAX_SHOWN) -> str:
    """The text with control characters, bidirectional overrides and surrogates escaped, cut to `limit` characters."""
    text = text[: limit + 1]
    safe = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
    return safe if len(safe) <= limit else f"{safe[: limit - 1]}…"


def listed(names: Sequence[str]) -> str:
    """As many of the names as a sentence may repeat, and how many more there are."""
    text, count = shown(names[0]), 1
    while count < len(names) and len(text) + 2 + len(shown(names[count])) <= MAX_SHOWN:
        text, count = f"{text}, {shown(names[count])}", count + 1
    return text if count == len(names) else f"{text} and {len(names) - count} more"


class Notes:
    """Collects sentences; what comes after the fiftieth is only counted."""

    def __init__(self) -> None:
        self._sentences: list[str] = []

    def add(self, sentence: str) -> None:
        """One whole sentence: the file, the problem, what was done about it."""
        self._sentences.append(sentence)

    def about(self, names: Sequence[str], file: str, problem: str, remedy: str) -> None:
        """One sentence for all things of a kind; none where there is no such thing."""
        if names:
            self.add(f"{file}: {problem} ({listed(names)}): {remedy}.")

    def sentences(self) -> tuple[str, ...]:
        """At most MAX_NOTES sentences, in the order in which they were added."""
        if len(self._sentences) <= MAX_NOTES:
            return tuple(self._sentences)
        kept = self._sentences[: MAX_NOTES - 1]
        return (*kept, f"There are {len(self._sentences) - len(kept)} more notes of this kind.")
