"""Ending, leaving, multiplying and attacking processes."""

# ruff: noqa: E501 - an attack a line or two reads best

from functools import partial

from tests.hostile.kit import Attack, body, cell

GONE = ("killed", "error", "timeout", "tampered", "not run", "not attempted", "lost")
A = partial(Attack, group="process")

FORK_BOMB = """
import os, signal, time
made = 0
while made < 1500:
    try:
        pid = os.fork()
    except OSError:
        break
    if pid == 0:
        signal.alarm(45)
        if made % 3 == 0:
            os.setsid()
        try:
            os.fork()
        except OSError:
            pass
        time.sleep(40)
        os._exit(0)
    made += 1
"""
DAEMON = """
import os, signal, time
if os.fork() == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
    for number in range(1, 64):
        try: signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError): pass
    os.closerange(0, 256)
    time.sleep(240)
    os._exit(0)
"""
KILL = """
import os, signal
if <ALONE>:
    for victim in {victims}:
        for number in (signal.SIGTERM, signal.SIGSTOP, signal.SIGKILL):
            try: os.kill(victim, number)
            except OSError: pass
"""
MEDDLE = """
import ctypes, glob, os, re
libc = ctypes.CDLL(None, use_errno=True)
mine = os.getpid()
for pid in [os.getppid(), 1] + [int(p[6:]) for p in glob.glob('/proc/[0-9]*')]:
    if pid == mine or not <ALONE>:
        continue
    attached = libc.ptrace(16, pid, None, None) == 0
    if attached:
        libc.ptrace(17, pid, None, None)
    try:
        maps = open(f'/proc/{pid}/maps').read()
        with open(f'/proc/{pid}/mem', 'r+b', 0) as memory:
            for low, high in re.findall(r'([0-9a-f]+)-([0-9a-f]+) rw', maps)[:200]:
                low, high = int(low, 16), int(high, 16)
                memory.seek(low)
                data = memory.read(min(high - low, 1 << 22))
                place = data.find(b'not attempted')
                if place >= 0:
                    memory.seek(low + place)
                    memory.write(b'passed       ')
    except (OSError, ValueError, OverflowError):
        pass
"""
VM_WRITE = """
import ctypes, os
class iovec(ctypes.Structure):
    _fields_ = [('base', ctypes.c_void_p), ('size', ctypes.c_size_t)]
libc = ctypes.CDLL(None, use_errno=True)
data = ctypes.create_string_buffer(b'0' * 4096)
for pid in (os.getppid(), 1):
    try: maps = open(f'/proc/{pid}/maps').read()
    except OSError: continue
    if pid == os.getpid() or not <ALONE>: continue
    for line in maps.splitlines():
        if ' rw' in line:
            low = int(line.split('-')[0], 16)
            libc.process_vm_writev(pid, ctypes.byref(iovec(ctypes.addressof(data), 4096)), 1,
                                   ctypes.byref(iovec(low, 4096)), 1, 0)
"""

ATTACKS = [
    A("exit-in-a-cell", row="g", harm="the kernel ends before anything is checked; the hand-in stays without a grade",
      build=cell("import os; os._exit(0)"), says=("ended", "stopped", "exit", "killed", "not", "run")),
    A("exit-in-the-answer", harm="the process ends in the middle of a check, with exit code 0",
      build=body("import os\nos._exit(0)"), states=GONE, says=("ended", "stopped", "exit", "killed", "process")),
    A("system-exit", harm="an early exit counts as passed", build=body("raise SystemExit(0)"), states=GONE, keeps=True),
    A("system-exit-in-a-cell", harm="an early exit counts as passed", build=cell("import sys; sys.exit(0)")),
    A("keyboard-interrupt", harm="what looks like the instructor's Ctrl-C stops the class",
      build=body("raise KeyboardInterrupt"), states=(*GONE, "interrupted")),
    A("abort", harm="SIGABRT writes a core file and ends the process", build=body("import os\nos.abort()"), states=GONE),
    A("becomes-another-program", harm="the process is replaced by one that never answers",
      build=body("import os\nos.execv('/bin/sleep', ['sleep', '45'])"), states=GONE),
    A("closes-every-descriptor", harm="the line to the judge is cut",
      build=body("import os\nos.closerange(0, 4096)\nreturn 0.0")),
    A("forks-and-returns-twice", harm="two processes answer one question",
      build=body("import os\nos.fork()\nreturn np.zeros(np.shape(x)[:-1])")),
    A("fork-bomb", harm="processes until nobody can start one", build=cell(FORK_BOMB)),
    A("fork-bomb-in-the-answer", harm="the same while a check waits", build=body(FORK_BOMB + "\nreturn 0.0")),
    A("vfork-bomb", harm="programs started faster than they can be found",
      build=body("import os\nfor _ in range(400):\n    try: os.posix_spawn('/bin/sleep', ['sleep', '45'], {})\n"
                 "    except OSError: break\nreturn 0.0")),
    A("thread-bomb", harm="threads until nobody can start one",
      build=body("import threading, time\nfor _ in range(5000):\n"
                 "    try: threading.Thread(target=time.sleep, args=(45,), daemon=True).start()\n"
                 "    except RuntimeError: break\nreturn 0.0")),
    A("zombies", harm="dead processes that nobody buries",
      build=body("import os\nfor _ in range(2000):\n    try:\n        if os.fork() == 0: os._exit(0)\n"
                 "    except OSError: break\nreturn 0.0")),
    A("leaves-a-program", row="t", harm="a program goes on after grading has ended",
      build=cell("import subprocess\nsubprocess.Popen(['sleep', '240'], start_new_session=True)")),
    A("leaves-a-daemon", harm="a daemon that ignores every signal and has no parent", build=cell(DAEMON)),
    A("leaves-a-daemon-in-the-answer", harm="the same from within a check", build=body(DAEMON + "\nreturn 0.0")),
    A("leaves-a-job", harm="a job for cron, at or systemd comes back later",
      build=cell("import subprocess, os\n"
                 "for place in ('/etc/cron.d', '/var/spool/cron/crontabs', '/etc/systemd/system', '/etc/profile.d',\n"
                 "              os.path.expanduser('~/.config/systemd/user'), os.path.expanduser('~/.ipython/profile_default/startup')):\n"
                 "    try:\n"
                 "        os.makedirs(place, exist_ok=True)\n"
                 "        if <ALONE>: open(os.path.join(place, 'hostile'), 'w').write('')\n"
                 "    except OSError: pass")),
    A("kills-its-parent", harm="the process that started it is killed", build=cell(KILL.format(victims="[os.getppid()]"))),
    A("kills-its-parent-from-the-answer", harm="the same from within a check",
      build=body(KILL.format(victims="[os.getppid()]") + "\nreturn 0.0")),
    A("kills-process-one", harm="the first process of its namespace is killed", build=cell(KILL.format(victims="[1]"))),
    A("kills-everybody", harm="every process that can be reached is killed",
      build=cell(KILL.format(victims="[-1]"))),
    A("kills-its-neighbours", harm="the kernels of other students are killed",
      build=body(KILL.format(victims="[int(p) for p in os.listdir('/proc') if p.isdigit() and int(p) != os.getpid()]")
                 + "\nreturn 0.0")),
    A("stops-its-parent", harm="a parent that is stopped waits for ever",
      build=body("import os, signal\nif <ALONE>: os.kill(os.getppid(), signal.SIGSTOP)\nreturn 0.0")),
    A("traces-its-parent", harm="the memory of the process that started it is rewritten",
      build=body(MEDDLE + "\nreturn 0.0")),
    A("writes-into-its-parent", harm="process_vm_writev does what a debugger would",
      build=body(VM_WRITE + "\nreturn 0.0")),
    A("takes-priority", harm="a real-time process starves the machine",
      build=body("import os\n"
                 "for attempt in (lambda: os.nice(-20), lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50)),\n"
                 "                lambda: os.setpriority(os.PRIO_USER, 0, -20)):\n"
                 "    try: attempt()\n"
                 "    except OSError: pass\nwhile True: pass"), states=(*GONE, "too slow")),
    A("becomes-root", harm="rights are taken back",
      build=cell("import os, ctypes\nlibc = ctypes.CDLL(None)\n"
                 "for attempt in (lambda: os.setresuid(0, 0, 0), lambda: os.setgroups([0])):\n"
                 "    try: attempt()\n    except OSError: pass\n"
                 "libc.unshare(0x10000000 | 0x00020000)\n"
                 "for name, text in (('setgroups', 'deny'), ('uid_map', '0 0 1'), ('gid_map', '0 0 1')):\n"
                 "    try: open(f'/proc/self/{name}', 'w').write(text)\n    except OSError: pass\n"
                 "libc.mount(b'none', b'/', None, 0x1000 | 0x20, None)\n"
                 "try: open(<COURSE> + '/solutions/hostile', 'w').close()\nexcept OSError: pass")),
    A("enters-another-namespace", harm="the namespaces of other processes are entered",
      build=cell("import ctypes, glob, os\nlibc = ctypes.CDLL(None)\n"
                 "for path in glob.glob('/proc/[0-9]*/ns/*'):\n"
                 "    try: fd = os.open(path, os.O_RDONLY)\n    except OSError: continue\n"
                 "    libc.setns(fd, 0); os.close(fd)\n"
                 "try: open(<COURSE> + '/solutions/hostile', 'w').close()\nexcept OSError: pass")),
    A("hangs-at-exit", harm="an exit handler that never returns",
      build=cell("import atexit, os, threading\n"
                 "def never():\n    while True: pass\n"
                 "atexit.register(never)\nos.register_at_fork(after_in_child=lambda: None)\n"
                 "threading.Thread(target=never).start()")),
    A("types-into-the-terminal", harm="characters are pushed into the instructor's terminal",
      build=cell("import fcntl, termios\n"
                 "for name in (0, 1, 2, '/dev/tty', '/dev/console'):\n"
                 "    try:\n        fd = name if isinstance(name, int) else open(name, 'r+b', 0)\n"
                 "        if <ALONE>: fcntl.ioctl(fd, termios.TIOCSTI, b'#')\n    except OSError: pass")),
]  # fmt: skip
