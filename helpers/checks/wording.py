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

# What to try where the kind of failure says more than the exercise's own hints.
CURES = {
    "error": "read the line that is named, print the shapes of what it works on, and run it on the worked example.",
    "type": "look at every `return`, and call your function on the worked example in a cell of its own.",
    "shape": "print the shape of what you return, and follow it back to the line where it goes wrong.",
    "dtype": "print the dtype of what you return; arrays made by np.zeros or .astype(float) hold fractions.",
    "input modified": "work on a copy of the input, or make a new array for the result.",
    "too slow": "look for a loop whose end never comes, and for work that could be one array operation.",
    "rule broken": "read in the exercise what may be used, and replace the line that is named.",
}
