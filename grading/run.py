"""Leading a student's process through the notebook and the questions, from outside, with a watch and a scale in hand.

One request at a time: the process does something and answers, or it runs out of time, of memory, or of life. Whatever
it is, it comes out as a reply or as `Ended`, which says how in words.
"""

import base64
import contextlib
import secrets
import time

import numpy as np

from grading import wire
from grading.model import Cell, Limits, Output, Submission
from grading.sandbox import Process, Sandbox
from helpers.checks.answers import Answer, Look, Trouble
from helpers.checks.library import Case, Exercise

TICK = 0.1  # seconds between two looks at the memory
GRACE = 3.0  # seconds that a process has for answering after its own alarm rang
_MOST_PNG = 1 << 20


class Ended(Exception):
    """The student's process is no more. `state` is one of model.NO_EVIDENCE, `reason` a clause for a sentence."""

    def __init__(self, state: str, reason: str, perhaps_by_others: bool = False) -> None:
        super().__init__(reason)
        self.state, self.reason = state, reason
        self.perhaps_by_others = perhaps_by_others  # such as the system when memory is short: worth a second try


class Run:
    """One student's process, and the requests that it can be sent."""

    def __init__(self, sandbox: Sandbox, submission: Submission, limits: Limits, until: float) -> None:
        self.limits, self.until = limits, until
        self.process: Process = sandbox.process(limits)
        self.spent = 0.0
        files = {name: np.frombuffer(data, np.uint8) for name, data in submission.files.items()}
        try:
            self._request(20.0, do="files", files=files, total_output=limits.total_output)
        except BaseException:
            self.close()
            raise

    def cell(self, cell: Cell, figures: bool) -> tuple[dict, tuple[Output, ...]]:
        """Run a cell: what came of it, `{"state", "error", "value"}`, and what it showed."""
        seconds, output = self.limits.cell_seconds, self.limits.cell_output
        ways = {"do": "test"} if cell.role == "test" else {"do": "cell", "figures": figures}
        reply = self._request(seconds + GRACE, source=cell.source, seconds=seconds, output=output, **ways)
        with _believing_nothing():
            outcome = {name: reply[name] for name in ("state", "error", "value")}
            if not all(part is None or isinstance(part, str) for part in outcome.values()):
                raise wire.Broken("an outcome that is no text")
            return outcome, tuple(_output(o) for o in reply["outputs"][:1_000])

    def mark(self, key: str) -> None:
        """Keep the notebook's names as they are now, under `key`."""
        self._request(20.0, do="mark", key=key)

    def look(self, key: str, exercise: Exercise) -> Look:
        """What can be seen of an answer before it is called."""
        reply = self._request(20.0, do="look", key=key, names=list(exercise.names), rules=list(exercise.rules))
        with _believing_nothing():
            return wire.read_look(reply)

    def ask(self, key: str, exercise: Exercise, case: Case) -> Answer:
        """Put one case to the answer at a mark. The inputs travel; what is expected stays here."""
        question = {"inputs": case.inputs, "probe": case.probe, "layout": case.layout}
        reply = self._request(
            exercise.seconds + GRACE, do="ask", key=key, names=list(exercise.names), outputs=list(exercise.outputs),
            seconds=exercise.seconds, case=question,
        )  # fmt: skip
        with _believing_nothing():
            return wire.read_answer(reply)

    def modules(self) -> list[str]:
        """What the notebook has imported so far."""
        return self._request(20.0, do="modules")

    def _request(self, within: float, /, **request) -> object:
        began = time.monotonic()
        deadline = min(began + within, self.until)
        request["number"] = secrets.token_hex(8)  # what was sent unasked is no reply to this
        try:
            wire.send(self.process.channel, request, deadline)
            self._wait(deadline)
            frame = wire.receive(self.process.channel, deadline)
            if not isinstance(frame, dict) or frame.get("number") != request["number"]:
                raise wire.Broken("it is no reply to what was asked")
            return frame.get("reply")
        except wire.Late:
            whole = "the whole notebook" if deadline == self.until else "this step"
            raise Ended("timeout", f"{whole} was stopped after its time limit of {self._limit(within):g} s") from None
        except wire.Broken as error:
            raise Ended("tampered", f"the process sent something that is no answer ({error})") from None
        except wire.Closed:
            raise self._obituary() from None
        finally:
            self.spent += time.monotonic() - began

    def _limit(self, within: float) -> float:
        return self.limits.total_seconds if time.monotonic() >= self.until else within - GRACE

    def _wait(self, deadline: float) -> None:
        """Wait for the first byte of a reply, with an eye on the memory."""
        while not wire.waits(self.process.channel, min(TICK, max(0.0, deadline - time.monotonic()))):
            if self.process.over_memory():
                raise Ended("memory", f"it used more than {self.limits.memory / 2**30:.2g} GiB of memory")
            if time.monotonic() >= deadline:
                raise wire.Late

    def _obituary(self) -> Ended:
        """Why the process is gone."""
        code = self.process.how_it_ended()
        if code is None or code == -9:
            return Ended("killed", "the process was killed", perhaps_by_others=True)
        if code < 0:
            name = {-11: "stopped by a segmentation fault", -24: "stopped for using too much processor time"}
            return Ended("killed", f"the process was {name.get(code, f'ended by signal {-code}')}")
        return Ended("killed", f"the process ended itself (exit code {code})")

    def close(self) -> None:
        """End the process and everything that it started."""
        self.process.close()


@contextlib.contextmanager
def _believing_nothing():
    """Whatever is wrong with a reply means that somebody tampered with the process."""
    try:
        yield
    except Ended:
        raise
    except Exception as error:
        raise Ended("tampered", f"the process sent something that is no answer ({type(error).__name__})") from None


def died(ended: Ended) -> Answer:
    """The answer of a process that died over a question."""
    message = f"{ended.reason}."
    return Answer(trouble=Trouble(("Ended",), message, "", finding=(ended.state, message)))


def _output(tree: dict) -> Output:
    if tree["kind"] == "png":
        data = base64.b64decode(tree["data"], validate=True)
        if len(data) > _MOST_PNG:
            raise wire.Broken("a picture that is too large")
        return Output("png", png=data)
    if tree["kind"] not in ("text", "error") or not isinstance(tree["text"], str):
        raise wire.Broken("an output of no known kind")
    return Output(tree["kind"], tree["text"][: 1 << 20])
