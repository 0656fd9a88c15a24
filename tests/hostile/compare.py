"""The same attacks against nbgrader as it comes, against Otter-Grader, and against this course.

    python -m tests.hostile.compare [--otter PYTHON] [--jobs N] [--only WORD ...] [--page docs/security-comparison.md]

Each attack is graded in a throw-away course inside bubblewrap, by a user without rights, without a network, with
limits on processes, memory and file sizes, so that this machine survives. `--otter` names a Python with otter-grader
and the course's packages in it (pip install otter-grader numpy scipy matplotlib scikit-learn scikit-image ipywidgets
pyyaml pooch psutil ipykernel). What has been found is kept in build/hostile/, and the next run goes on from there.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.metadata import version
from pathlib import Path

import numpy as np
from tqdm import tqdm

from helpers.checks.library import ROOT, Case, hidden_path, public_path, read_chapter
from tests.hostile.attacks import ATTACKS
from tests.hostile.kit import GROUPS, HONEST, TARGET, Attack, Kit, World, points
from tests.hostile.watch import CANARY

KEPT = ROOT / "build" / "hostile"
OF_OTTER = (TARGET, HONEST, "add_bias_column", "perceptron_predict", "linear_scores")
PERSON = 47_111  # a user without rights, and nobody else's processes
LIMITS = ["--nproc=400", f"--as={12 << 30}", f"--fsize={1 << 30}", "--core=0"]
MEMORY = 6 << 30
CONFIG = """
c = get_config()
c.CourseDirectory.course_id = "throw-away"
c.CourseDirectory.root = {root!r}
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "notebooks"
c.CourseDirectory.ignore = ["*.py", "*.npz", "*.npy", "*.json", "*.yaml", "*secret*", "__pycache__"]
c.Execute.timeout = 8
"""
OTTER_TEST = """
import numpy as np
from numpy import inf, nan
from otter.test_files import test_case

OK_FORMAT = False
name = "{name}"
points = None
CASES = {{"public": {public}, "hidden": {hidden}}}


def _right(answer, half):
    for inputs, expected in CASES[half]:
        np.testing.assert_allclose(answer(*inputs), expected, rtol=1e-6, atol=1e-9)


@test_case(points={points[0]})
def test_public({name}):
    _right({name}, "public")


@test_case(points={points[1]}, hidden=True)
def test_hidden({name}):
    _right({name}, "hidden")
"""
ABOUT = """
nbgrader {nbgrader} grades with the stages that it comes with and this course's checks in the notebook, Otter-Grader
{otter} by `otter run` with the same cases as tests of its own; both in a course folder as an instructor has it. An
attacker who answers one exercise honestly and cheats at the rest should get the points of that one; *held* says that
this is so, that the others have their grades, and that nothing was read, changed or left that should not be. Otter has
tests for five exercises of chapter 02 and grades one notebook at a time: attacks on other chapters do not concern it,
and there is no class to stop. A – says that an attack has not been tried.
"""


# --- a throw-away course ---------------------------------------------------------------------------------------------


@cache
def base() -> Path:
    """A course folder as an instructor has it, with alice's work graded; every attack gets a copy."""
    folder = Path(tempfile.mkdtemp(prefix="course-base-"))
    chapters = sorted({attack.chapter for attack in ATTACKS})
    quiet = shutil.ignore_patterns("__pycache__", "*.pyc")
    for name in ("helpers", "data", "tests/hostile"):
        shutil.copytree(ROOT / name, folder / name, ignore=quiet)
    shutil.copy(ROOT / "tests" / "__init__.py", folder / "tests")
    for name in ("solutions", "notebooks"):
        for chapter in chapters:
            shutil.copytree(ROOT / name / chapter, folder / name / chapter, ignore=quiet)
    for name in ("home", "logs", "submitted", ".venv"):
        (folder / name).mkdir()
    (folder / "home" / "canary.txt").write_text(CANARY)
    (folder / "nbgrader_config.py").write_text(CONFIG.format(root=str(ROOT)))
    _hand_in(folder, "alice", _honest(chapters[0]))
    commands = [f"{sys.executable} -m nbgrader generate_assignment {c} --force" for c in chapters]
    commands += [f"{sys.executable} -m nbgrader {stage} {chapters[0]}" for stage in ("autograde", "generate_feedback")]
    done = _inside(folder, ["sh", "-ec", "; ".join(commands)])
    if done.returncode:
        raise RuntimeError(f"the throw-away course cannot be made: {(done.stderr or done.stdout)[-2000:]}")
    return folder


def _honest(chapter: str) -> Attack:
    return next(a for a in ATTACKS if a.name == "right" and a.chapter == chapter)


def _hand_in(course: Path, student: str, attack: Attack) -> None:
    world = World(ROOT, ROOT / "submitted", ROOT / "gradebook.db", ROOT / "home", 54321)
    folder = course / "submitted" / student / attack.chapter
    folder.mkdir(parents=True)
    attack.build(Kit(attack.chapter, folder, world, attack.honestly))


def _inside(course: Path, command: list[str], python: str = sys.executable) -> subprocess.CompletedProcess:
    """Run a command where `course` poses as this course's folder and nothing else can be written."""
    subprocess.run(["chown", "-hR", f"{PERSON}:{PERSON}", str(course)], check=True)
    course.chmod(0o755)
    settings = {
        "HOME": f"{ROOT}/home", "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT), "MPLBACKEND": "agg", "OMP_NUM_THREADS": "1",
        "PATH": f"{Path(python).parent}:/usr/bin:/bin", "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3",
        "SERVICE_TOKEN": "hostile-token",
    }  # fmt: skip
    walls = [
        "bwrap", "--die-with-parent", "--new-session", "--unshare-pid", "--unshare-net", "--unshare-ipc",
        "--unshare-uts", "--as-pid-1", "--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID",
        "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc",
        "--perms", "1777", "--size", str(1 << 30), "--tmpfs", "/tmp", "--perms", "1777", "--tmpfs", "/var/tmp",
        "--perms", "1777", "--size", str(1 << 30), "--tmpfs", "/dev/shm", *_reachable(python),
        "--bind", str(course), str(ROOT), "--ro-bind", str(ROOT / ".venv"), str(ROOT / ".venv"), "--chdir", str(ROOT),
        "--clearenv", *(word for name, value in settings.items() for word in ("--setenv", name, value)),
    ]  # fmt: skip
    person = ["setpriv", f"--reuid={PERSON}", f"--regid={PERSON}", "--clear-groups", "--no-new-privs"]
    return subprocess.run(
        [*walls, "prlimit", *LIMITS, *person, *command], capture_output=True, text=True, errors="replace", timeout=400,
        check=False, preexec_fn=_join_cgroup,
    )  # fmt: skip


def _join_cgroup() -> None:
    """Memory of all attacks together, where this machine's control groups can be had."""
    group = Path("/sys/fs/cgroup/memory/hostile")
    try:
        group.mkdir(exist_ok=True)
        (group / "memory.limit_in_bytes").write_text(str(MEMORY))
        (group / "cgroup.procs").write_text(str(os.getpid()))
    except OSError:
        os.nice(10)


def _reachable(python: str) -> list[str]:
    """Mounts that let everybody read the Pythons, wherever root has put them."""
    words = []
    for real in {str(Path(p).resolve().parents[1]) for p in (python, sys.executable)}:
        for folder in reversed(Path(real).parents):
            if folder != Path("/") and not folder.stat().st_mode & 0o005:
                words += ["--tmpfs", str(folder)]
                below = [p for p in reversed(Path(real).parents) if folder in p.parents]
                words += [word for p in below for word in ("--dir", str(p))] + ["--ro-bind", real, real]
                break
    prefix = str(Path(python).parents[1])
    return [*words, "--ro-bind", prefix, prefix]


# --- Otter's side ----------------------------------------------------------------------------------------------------


@cache
def autograder(python: str) -> Path:
    """autograder.zip with tests for some exercises of chapter 02, as `otter generate` makes it."""
    folder = Path(tempfile.mkdtemp(prefix="otter-"))
    public, hidden = (read_chapter(path("02_neuron")) for path in (public_path, hidden_path))
    for name in OF_OTTER:
        cases = {
            half: _literal(e[name].cases, list(e[name].outputs)) for half, e in (("public", public), ("hidden", hidden))
        }
        (folder / f"{name}.py").write_text(OTTER_TEST.format(name=name, points=public[name].points, **cases))
    target = folder / "autograder.zip"
    generate = [python, "-m", "otter", "generate", "-t", str(folder), "-o", str(target)]
    command = [*generate, "--no-config", "--no-requirements", "--no-environment"]
    subprocess.run(command, check=True, capture_output=True, cwd=folder)
    return target


def _literal(cases: Iterable[Case], outputs: list[str]) -> str:
    """Inputs and expected outputs as Python source."""
    plain = [
        c for c in cases if c.probe == "call" and not c.raises and all(c.expected[o].value is not None for o in outputs)
    ]
    rows = [f"([{', '.join(map(_source, c.inputs.values()))}], {_source(c.expected[outputs[0]].value)})" for c in plain]
    return f"[{', '.join(rows)}]"


def _source(value) -> str:
    if isinstance(value, np.ndarray):
        return f"np.array({value.tolist()!r}, dtype={str(value.dtype)!r}).reshape({value.shape})"
    return repr(value)


# --- running and judging ---------------------------------------------------------------------------------------------


def attack_rival(grader: str, attack: Attack, python: str) -> dict:
    """What came of one attack on nbgrader or Otter."""
    course = Path(tempfile.mkdtemp(prefix="course-"))
    try:
        shutil.copytree(base(), course, dirs_exist_ok=True, symlinks=True)
        if grader == "otter":
            shutil.copy(autograder(python), course)
        _hand_in(course, f"m-{attack.name}", attack)
        _hand_in(course, "zoe", _next(attack))
        done = _inside(course, [python, "-P", "-m", "tests.hostile.referee", grader, str(ROOT)], python)
        lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
        return (
            json.loads(lines[-1][7:])
            if lines
            else {"failed": (done.stderr or done.stdout)[-300:] or str(done.returncode)}
        )
    except subprocess.TimeoutExpired:
        return {"failed": "the machine had to be switched off"}
    finally:
        subprocess.run(["rm", "-rf", str(course)], check=False)


def _next(attack: Attack) -> Attack:
    """What the student after the attacker hands in, honestly."""
    if attack.chapter == "02_neuron":
        return _honest(attack.chapter)
    return Attack("honest", "notebook", "none", lambda kit: kit.hand_in(), attack.chapter, attack.right)


def harms(grader: str, attack: Attack, found: dict) -> list[str]:
    """What an attack has achieved, in words; nothing where it was held."""
    if "failed" in found:
        return ["grading was killed"]
    most = {n: p for n, p in points(attack.chapter).items() if grader != "otter" or n in OF_OTTER}
    said = [] if found["finished"] else ["grading never ended"]
    scores = found["scores"].get(f"m-{attack.name}")
    said += _of_scores(attack, most, scores)
    if grader == "nbgrader":
        said += _of_others(attack, found["scores"])
    for key, words in (
        ("processes", "processes left"), ("files", "course changed"), ("hand_ins", "others' work changed"),
        ("litter", "things left behind"), ("heard", "network reached"), ("secrets", "secrets read"),
        ("leaks", "hidden inputs shown"), ("script", "script in the page"),
    ):  # fmt: skip
        said += [words] if found[key] else []
    if found["largest"] > 8 << 20:
        said.append(f"page of {found['largest'] >> 20} MB")
    return said


def _of_scores(attack: Attack, most: dict, scores: dict | None) -> list[str]:
    if not scores or all(score is None for score in scores.values()):
        return ["no grade"]
    over = sum(max(0.0, (scores.get(n) or 0.0) - attack.deserves[n]) for n in most)
    lost = sum(max(0.0, attack.deserves[n] - (scores.get(n) or 0.0)) for n in most if n in attack.right)
    said = [f"{over:g} points for nothing"] if over > 1e-6 else []
    said += [f"{lost:g} honest points lost"] if lost > 1e-6 and attack.keeps else []
    return [*said, *(["some exercises without a grade"] if any(scores.get(n) is None for n in most) else [])]


def _of_others(attack: Attack, scores: dict) -> list[str]:
    said = []
    if attack.chapter == "02_neuron" and sum(filter(None, scores.get("alice", {}).values())) != 4:
        said.append("others' grades changed")
    zoe = scores.get("zoe")
    if not zoe or any(score is None for score in zoe.values()):
        said.append("the next student has no grade")
    elif sum(zoe.values()) != sum(points(attack.chapter)[name] for name in _next(attack).right):
        said.append("the next student's grade changed")
    return said


def attack_ours(attacks: list[Attack]) -> dict[str, list[str]]:
    """What came of the attacks on this course, all of them in one class; what cannot be told apart is said of each."""
    from tests.hostile import road  # the other two are attacked without this course's grading

    with tempfile.TemporaryDirectory(prefix="class-", ignore_cleanup_errors=True) as folder:
        graded = road.grade_class(Path(folder), attacks)
    common = [
        words
        for words, seen in (
            ("processes left", graded.survivors),
            ("files changed", graded.changed),
            ("things left behind", graded.litter),
            ("network reached", graded.heard),
        )
        if seen
    ]
    return {a.name: road.harms(a, graded) + common for a in attacks}


# --- the page --------------------------------------------------------------------------------------------------------


def page(found: dict[str, dict[str, list[str] | None]]) -> str:
    """Everything as a page of Markdown."""
    lines = [
        "# The same attacks, three graders", "",
        "Generated by `python -m tests.hostile.compare`; what the attacks are stands in `tests/hostile/attacks/`.", "",
        ABOUT.format(nbgrader=version("nbgrader"), otter=found["versions"]["otter"]).replace("\n", " ").strip(), "",
        *_summary(found), "",
    ]  # fmt: skip
    for group in GROUPS:
        lines += [f"## {group.capitalize()}", "", "| attack | what it tries | nbgrader | Otter-Grader | this course |"]
        lines += ["| --- | --- | --- | --- | --- |"]
        for attack in (a for a in ATTACKS if a.group == group):
            cells = [_words(found[grader].get(attack.name)) for grader in ("nbgrader", "otter", "ours")]
            lines.append(f"| {attack.name} | {attack.harm} | {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines)


def _summary(found: dict) -> list[str]:
    lines = ["| | nbgrader | Otter-Grader | this course |", "| --- | --- | --- | --- |"]
    for group in GROUPS:
        names = [a.name for a in ATTACKS if a.group == group]
        counts = [_count([found[grader].get(name) for name in names]) for grader in ("nbgrader", "otter", "ours")]
        lines.append(f"| {group} | {' | '.join(counts)} |")
    names = [a.name for a in ATTACKS]
    totals = [_count([found[grader].get(name) for name in names]) for grader in ("nbgrader", "otter", "ours")]
    return [*lines, f"| **all** | {' | '.join(f'**{t}**' for t in totals)} |"]


def _count(results: list) -> str:
    tried = [r for r in results if r is not None]
    return f"{sum(not r for r in tried)} of {len(tried)} held" if tried else "–"


def _words(said: list[str] | None) -> str:
    return "–" if said is None else "; ".join(said) if said else "held"


# --- the command -----------------------------------------------------------------------------------------------------


def main() -> int:
    """Command line; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile.compare", description=__doc__.splitlines()[0])
    parser.add_argument("--otter", metavar="PYTHON", help="a Python that has otter-grader")
    parser.add_argument("--jobs", type=int, default=2, help="attacks at the same time")
    parser.add_argument("--only", nargs="*", default=[], metavar="WORD", help="attacks with such a word in their name")
    parser.add_argument(
        "--graders", nargs="*", default=["nbgrader", "otter", "ours"], help="which of the three to attack"
    )
    parser.add_argument("--fresh", action="store_true", help="forget what was found before")
    parser.add_argument("--page", type=Path, help="write the page of all that was found to this file")
    arguments = parser.parse_args()
    if os.getuid() != 0 or not shutil.which("bwrap"):
        print("The comparison needs root and bubblewrap: it runs the others as a user of its own.", file=sys.stderr)
        return 2
    attacks = [a for a in ATTACKS if not arguments.only or any(word in a.name for word in arguments.only)]
    attacks.sort(key=lambda a: a.row or "~")  # those known of nbgrader first
    for grader in arguments.graders:
        _attack_all(grader, attacks, arguments)
    if arguments.page:
        arguments.page.write_text(page(_all_found(arguments.otter)), encoding="utf-8")
    return 0


def _attack_all(grader: str, attacks: list[Attack], arguments) -> None:
    """Put every attack to one grader, and keep what was found."""
    python = {"nbgrader": sys.executable, "otter": arguments.otter}.get(grader)
    if grader == "otter" and not python:
        return
    folder = KEPT / grader
    folder.mkdir(parents=True, exist_ok=True)
    attacks = [a for a in attacks if grader != "otter" or a.chapter == "02_neuron"]
    waiting = [a for a in attacks if arguments.fresh or not (folder / f"{a.name}.json").exists()]

    if waiting and grader == "ours":
        for name, said in attack_ours(waiting).items():
            _keep(folder / f"{name}.json", {"said": said})
    elif waiting:
        base()
        with ThreadPoolExecutor(arguments.jobs) as pool:
            work = pool.map(lambda a: _keep(folder / f"{a.name}.json", attack_rival(grader, a, python)), waiting)
            list(tqdm(work, total=len(waiting), desc=grader))


def _keep(path: Path, found: dict) -> None:
    path.write_text(json.dumps(found, indent=1), encoding="utf-8")


def _all_found(otter: str | None) -> dict:
    """What is kept, in words, by grader and attack."""
    found: dict = {"versions": {"otter": _otter_version(otter)}}
    for grader in ("nbgrader", "otter", "ours"):
        found[grader] = {}
        for attack in ATTACKS:
            path = KEPT / grader / f"{attack.name}.json"
            if path.exists():
                kept = json.loads(path.read_text(encoding="utf-8"))
                found[grader][attack.name] = kept["said"] if grader == "ours" else harms(grader, attack, kept)
    return found


def _otter_version(python: str | None) -> str:
    if not python:
        return ""
    ask = "from importlib.metadata import version; print(version('otter-grader'))"
    return subprocess.run([python, "-c", ask], capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
