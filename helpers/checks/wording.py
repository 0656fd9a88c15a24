"""Small helpers for sentences."""


def a(noun: str) -> str:
    """The noun with its article: "an int", "a list", "a ufunc"."""
    vowel = noun[:1].lower() in "aeio" or (noun[:1].lower() == "u" and not noun.startswith(("uf", "ui", "us", "un_")))
    return f"{'an' if noun and vowel else 'a'} {noun}"


def listed(names) -> str:
    """ "a", "a and b", "a, b and c"."""
    names = list(names)
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


MARKS = {"passed": "✓", "not attempted": "○", "not asked": "○", "wrong": "✗"}
