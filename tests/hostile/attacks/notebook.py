"""Notebooks that are not what they should be."""

# ruff: noqa: E501 - an attack a line or two reads best

import json
from functools import partial

from tests.hostile.kit import TARGET, Attack, Kit, answer, author, cell, code, mutated, raw, text

A = partial(Attack, group="notebook")
WRONG = {"weighted_sum": "def weighted_sum(x, w, b):\n    return np.zeros(np.shape(x)[:-1])"}
EVERYTHING_WRONG = {**WRONG, "perceptron_predict": "def perceptron_predict(X, w):\n    return 7.0"}


def graded(tree: dict) -> list[dict]:
    return [one for one in tree["cells"] if one["metadata"].get("nbgrader", {}).get("grade")]


def named(tree: dict, grade_id: str) -> dict:
    return next(c for c in tree["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == grade_id)


def every_check(**fields):
    """Changes to the metadata nbgrader keeps in every check one."""

    def change(tree: dict) -> None:
        for one in graded(tree):
            one["metadata"]["nbgrader"].update(fields)

    return mutated(change, WRONG)


def tags(tree: dict) -> None:
    for one in graded(tree):
        one["metadata"]["tags"] = ["skip-execution", "raises-exception", "nbval-skip"]


def doubled(tree: dict) -> None:
    tree["cells"].insert(0, json.loads(json.dumps(named(tree, f"check-{TARGET}"))))


def without_checks(tree: dict) -> None:
    tree["cells"] = [one for one in tree["cells"] if one not in graded(tree)]


def forged_outputs(tree: dict) -> None:
    result = {"output_type": "execute_result", "data": {"text/plain": "1"}, "metadata": {}, "execution_count": 1}
    for one in graded(tree):
        one["outputs"] = [result]


def edited(source: str):
    def change(tree: dict) -> None:
        for one in graded(tree):
            one["source"] = source

    return mutated(change, WRONG)


def retyped(kind: str):
    def change(tree: dict) -> None:
        for one in graded(tree):
            one["cell_type"] = kind
            one.pop("outputs"), one.pop("execution_count")

    return mutated(change, WRONG)


def answers_in_markdown(tree: dict) -> None:
    for one in tree["cells"]:
        if one["metadata"].get("nbgrader", {}).get("solution"):
            one["cell_type"] = "markdown"
            one.pop("outputs", None), one.pop("execution_count", None)


def reversed_cells(tree: dict) -> None:
    tree["cells"].reverse()


def stripped(tree: dict) -> None:
    for one in tree["cells"]:
        one["metadata"] = {}


def swapped_ids(tree: dict) -> None:
    """The easy exercise's answer poses as the other's, and its checks too."""
    for one in tree["cells"]:
        fields = one["metadata"].get("nbgrader", {})
        if "grade_id" in fields:
            pairs = {"step": TARGET, TARGET: "step"}
            head, _, tail = fields["grade_id"].rpartition("-")
            fields["grade_id"] = f"{head}-{pairs.get(tail, tail)}" if head else pairs.get(tail, tail)


def only_the_easy_check(tree: dict) -> None:
    for one in graded(tree):
        one["metadata"]["nbgrader"]["grade_id"] = "check-step"
        one["source"] = 'evaluate("step")'


def junk_ids(tree: dict) -> None:
    for number, one in enumerate(tree["cells"]):
        if "nbgrader" in one["metadata"] and number % 3 == 0:
            one["metadata"]["nbgrader"]["grade_id"] = [{"a": 1}, None, 7, "../../x", "\u202e", "a" * 10**6][number % 6]


def junk_cells(tree: dict) -> None:
    tree["cells"][1:1] = [None, 3, "text", [], {}, {"cell_type": "code"}, {"cell_type": 5, "source": 5, "metadata": 5}]


def junk_sources(tree: dict) -> None:
    extra = [code("x"), code("y"), code("z")]
    for one, source in zip(extra, (None, {"a": 1}, [1, 2, "pass"]), strict=True):
        one["source"] = source
    tree["cells"] += extra


def no_kernel(tree: dict) -> None:
    tree["metadata"] = {"kernelspec": None, "language_info": 3}


def bash_kernel(tree: dict) -> None:
    tree["metadata"] = {"kernelspec": {"name": "hostile", "display_name": "x", "language": "bash"},
                        "language_info": {"name": "bash"}}  # fmt: skip


def huge_metadata(tree: dict) -> None:
    tree["metadata"]["x"] = {str(i): "y" * 1000 for i in range(5000)}


def many_cells(tree: dict) -> None:
    tree["cells"] += [code("", f"empty-{i}") for i in range(30_000)]


def long_source(tree: dict) -> None:
    tree["cells"].append(code("#" + "x" * 30_000_000, "long"))


def old_format(tree: dict) -> dict:
    cells = [
        {"cell_type": "code", "language": "python", "input": one["source"], "metadata": one["metadata"], "outputs": []}
        for one in tree["cells"] if one["cell_type"] == "code"
    ]  # fmt: skip
    return {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": cells}]}


def future_format(tree: dict) -> dict:
    return tree | {"nbformat": 99, "nbformat_minor": 10**30}


def bad_text(tree: dict) -> None:
    tree["cells"].insert(1, code("# \x00 \ud800 \u202e \ufeff \x1b[31m\nx = '\ud83d'", "bad\ud800"))


def trojan(tree: dict) -> None:
    named(tree, TARGET)["source"] = (
        "def weighted_sum(x, w, b):\n    '''\u202e\u2066 return 0 ''' ;return x * 0 #\u2069\u2066"
    )


def not_json_numbers(tree: dict) -> None:
    tree["metadata"]["score"] = float("nan")
    for one in graded(tree):
        one["metadata"]["nbgrader"]["points"] = float("inf")


def duplicate_keys(kit: Kit) -> bytes:
    whole = json.dumps(kit.notebook(WRONG))
    return (whole[:-1] + ', "cells": [], "nbformat": 2, "metadata": []}').encode()


def deep(kit: Kit) -> bytes:
    return b'{"cells": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"


def truncated(kit: Kit) -> bytes:
    data = json.dumps(kit.notebook()).encode()
    return data[: len(data) // 2]


def huge_number(kit: Kit) -> bytes:
    return json.dumps(kit.notebook(WRONG)).encode()[:-1] + b', "x": ' + b"9" * 200_000 + b"}"


def encoded(encoding: str):
    return raw(lambda kit: json.dumps(kit.notebook(), ensure_ascii=False).encode(encoding))


def two_answers(order: int):
    """The same one twice, once right and once wrong."""

    def build(kit: Kit) -> None:
        tree = kit.notebook(WRONG)
        place = tree["cells"].index(named(tree, TARGET))
        other = json.loads(json.dumps(tree["cells"][place])) | {
            "source": "def weighted_sum(x, w, b):\n    return -12.5"
        }
        tree["cells"].insert(place + order, other)
        kit.write(tree)

    return build


def renamed(kit: Kit) -> None:
    kit.hand_in()
    kit.path.rename(kit.folder / "Copy of 02_neuron (1).ipynb")


def several(kit: Kit) -> None:
    kit.hand_in(WRONG)
    for name in ("03_activations.ipynb", "02_neuron-Copy1.ipynb", "gradebook.ipynb"):
        (kit.folder / name).write_text(json.dumps(kit.notebook({TARGET: author("02_neuron")[TARGET]})))


def everything_at_once(kit: Kit) -> None:
    tree = kit.notebook(WRONG, first="evaluate = passed = lambda *a, **k: 1.0")
    for change in (tags, doubled, forged_outputs, no_kernel):
        change(tree)
    kit.write(tree)


def reads_ahead(kit: Kit) -> None:
    tree = kit.notebook(WRONG)
    assert all("hidden=" not in text(c) for c in tree["cells"])
    tree["cells"].append(code("1.0", "verdict"))
    kit.write(tree)


SCHEMA = ("not", "notebook", "read")
ATTACKS = [
    A("right", row="a", harm="none: right answers", build=cell("pass", answers={TARGET: author("02_neuron")[TARGET]}),
      right=("step", TARGET), keeps=True),
    A("wrong", row="b", harm="none: a wrong answer", build=answer(WRONG[TARGET]), keeps=True),
    A("skip-tags", row="c", harm="tagged check cells are not executed, and no output counts as full marks",
      build=mutated(tags, WRONG), keeps=True),
    A("doubled-check", row="j", harm="a copied check cell stops the whole class", build=mutated(doubled, WRONG), keeps=True),
    A("truncated", row="k", harm="half a file", build=raw(truncated), right=(), says=SCHEMA),
    A("not-graded", row="r", harm="check cells say that they are none", build=every_check(grade=False), keeps=True),
    A("deleted-checks", row="u", harm="without check cells there is no grade", build=mutated(without_checks, WRONG),
      keeps=True),
    A("more-points", row="v", harm="check cells worth 400 points", build=every_check(points=400), keeps=True),
    A("negative-points", harm="check cells worth less than nothing", build=every_check(points=-5), keeps=True),
    A("schema-of-the-future", harm="an unknown version stops the whole class", build=every_check(schema_version=99),
      keeps=True),
    A("schema-of-the-past", harm="an old version stops the whole class", build=every_check(schema_version=0), keeps=True),
    A("locked-answers", harm="answers are marked as somebody else's", build=every_check(solution=True, locked=False)),
    A("edited-checks", harm="check cells hold the number that counts as points", build=edited("1.0"), keeps=True),
    A("empty-checks", harm="check cells without a line", build=edited(""), keeps=True),
    A("checks-that-raise", harm="check cells that leave the kernel", build=edited("import os; os._exit(0)"), keeps=True),
    A("checks-in-markdown", harm="check cells that are text", build=retyped("markdown"), keeps=True),
    A("checks-raw", harm="check cells that are raw", build=retyped("raw"), keeps=True),
    A("answers-in-markdown", harm="answers that are text are never run", build=mutated(answers_in_markdown)),
    A("forged-outputs", harm="outputs of the checks are handed in", build=mutated(forged_outputs, WRONG), keeps=True),
    A("backwards", harm="cells in another order", build=mutated(reversed_cells)),
    A("stripped", harm="no cell says what it is", build=mutated(stripped)),
    A("swapped-ids", harm="the answer to one exercise poses as another's", build=mutated(swapped_ids), right=(),
      halves={"step": 2, TARGET: 2}),
    A("easy-checks", harm="every check cell asks the easy question", build=mutated(only_the_easy_check, WRONG)),
    A("junk-ids", harm="ids that are no text, or paths", build=mutated(junk_ids, WRONG)),
    A("junk-cells", harm="cells that are none", build=mutated(junk_cells, WRONG)),
    A("junk-sources", harm="sources that are no text", build=mutated(junk_sources, WRONG)),
    A("no-kernel", harm="a notebook without a kernel", build=mutated(no_kernel, WRONG), keeps=True),
    A("bash-kernel", harm="a kernel that does not exist, or is none of ours", build=mutated(bash_kernel, WRONG), keeps=True),
    A("huge-metadata", harm="5 MB of metadata", build=mutated(huge_metadata, WRONG)),
    A("thirty-thousand-cells", harm="more cells than anybody can run", build=mutated(many_cells, WRONG)),
    A("thirty-megabytes-of-source", harm="a line of 30 MB", build=mutated(long_source, WRONG)),
    A("old-format", harm="a notebook of version 3", build=mutated(old_format)),
    A("future-format", harm="a notebook of version 99", build=mutated(future_format)),
    A("bad-text", harm="NUL, half characters and control characters", build=mutated(bad_text, WRONG)),
    A("trojan-source", harm="source that reads otherwise than it runs", build=mutated(trojan)),
    A("nan-points", harm="NaN and infinity where numbers belong", build=mutated(not_json_numbers, WRONG)),
    A("duplicate-keys", harm="JSON that means two things", build=raw(duplicate_keys)),
    A("huge-number", harm="a number of 200,000 digits takes minutes to read", build=raw(huge_number)),
    A("deep-json", harm="200,000 brackets overflow the parser", build=raw(deep), right=(), says=SCHEMA),
    A("list-of-json", harm="JSON that is a list", build=raw(b"[1, 2, 3]"), right=(), says=SCHEMA),
    A("null-of-json", harm="JSON that is null", build=raw(b"null"), right=(), says=SCHEMA),
    A("empty", harm="an empty file", build=raw(b""), right=(), says=SCHEMA),
    A("noise", harm="bytes without a meaning", build=raw(bytes(range(256)) * 40), right=(), says=SCHEMA),
    A("a-pickle", harm="a pickle with the notebook's name", build=raw(b"cos\nsystem\n(S'touch hostile'\ntR."), right=(),
      says=SCHEMA),
    A("missing", harm="no notebook at all", build=lambda kit: None, right=(), says=("not", "no ", "missing")),
    A("renamed", harm="a notebook with another name", build=renamed),
    A("several", harm="several notebooks, the right answers in another", build=several),
    A("utf-16", harm="another encoding", build=encoded("utf-16")),
    A("with-a-mark", harm="a byte order mark", build=encoded("utf-8-sig")),
    A("doubled-answer-first", harm="two answers to one exercise", build=two_answers(0)),
    A("doubled-answer-last", harm="two answers to one exercise", build=two_answers(1)),
    A("asks-a-question", row="s", harm="input() waits for an answer", build=cell("name = input('who? ')", answers=WRONG),
      keeps=True),
    A("runs-a-shell", harm="magics and shell lines", build=cell("!echo pwned > hostile.txt\n%cd /\n%env X=1\n%reset -f",
      answers=WRONG)),
    A("runs-another-language", harm="a cell for another interpreter", build=cell("%%bash\ntrap '' TERM INT\nsleep 45")),
    A("waits-for-ever", harm="a coroutine that never ends", build=cell("import asyncio\nawait asyncio.sleep(10**6)")),
    A("breaks-into-the-debugger", harm="a debugger waits for a command", build=cell("breakpoint()\n%debug")),
    A("last-line-is-a-number", harm="the last value of the notebook poses as points", build=reads_ahead, keeps=True),
    A("everything-at-once", harm="tags, copies, forged outputs and replaced checks", build=everything_at_once, keeps=True),
]  # fmt: skip
