"""The forking parent: it imports what a chapter needs once, and then makes a process per submission in milliseconds.

    python -P -m grading.inside.parent FD     (started by grading.sandbox, inside bubblewrap)

It runs no line of a student's. On the socket FD come JSON messages, with the two sockets of a submission attached.
"""

import contextlib
import gc
import importlib
import json
import os
import socket
import sys

from grading.inside import isolate, linux

NOBODY = 65534


def main() -> None:
    """Warm up as the first message says, then fork whenever another one comes."""
    control = socket.socket(fileno=int(sys.argv[1]))
    first = json.loads(control.recv(1 << 16))
    if first["drop_root"]:
        _become_nobody()
    serve = _warm_up(first["imports"])
    control.send(b"{}")
    while True:
        text, fds, _, _ = socket.recv_fds(control, 1 << 16, 2)
        if not text:
            return
        order = json.loads(text)
        if "imports" in order:
            _import(order["imports"])
            control.send(b"{}")
            continue
        channel, status = fds[0], socket.socket(fileno=fds[1])
        isolate.launch(channel, status, order["limits"], order["walls"], serve)
        os.close(channel)
        status.close()
        _bury()


def _become_nobody() -> None:
    """bubblewrap was started by root: its own files could be written and its limits would not hold. Never so inside."""
    linux.uncover_proc()
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    linux.set_dumpable(True)  # otherwise /proc/self belongs to root, and no namespace can be made


def _warm_up(imports: list[str]):
    from grading.inside import answer

    _import(imports)
    answer.prepare()
    return answer.serve


def _import(names: list[str]) -> None:
    """What this costs is paid once. What cannot be imported will fail in the student's notebook, with a name."""
    for name in names:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()  # the collector would write to every object, and so copy every page


def _bury() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


if __name__ == "__main__":
    main()
