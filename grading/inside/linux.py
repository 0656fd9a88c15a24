"""The system calls that Python has no function for: namespaces, mounts, capabilities, and a filter for system calls."""

import ctypes
import errno
import os
import platform
import struct

NEW_USER, NEW_PID, NEW_MOUNT, NEW_NET, NEW_IPC, NEW_UTS = (
    0x10000000, 0x20000000, 0x00020000, 0x40000000, 0x08000000, 0x04000000,
)  # fmt: skip
_PRIVATE, _RECURSIVE, _NO_SUID, _NO_DEVICES, _NO_EXEC, _DETACH = 1 << 18, 1 << 14, 2, 4, 8, 2
_PDEATHSIG, _DUMPABLE, _SECCOMP, _CAPBSET_DROP, _NO_NEW_PRIVS = 1, 4, 22, 24, 38

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    """Leave namespaces; the user stays the same person in the new user namespace."""
    uid, gid = os.getuid(), os.getgid()
    _checked(_libc.unshare(flags), "unshare")
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def make_mounts_private() -> None:
    _checked(_libc.mount(b"none", b"/", None, _PRIVATE | _RECURSIVE, None), "mount /")


def mount_tmpfs(target: str, size: int) -> None:
    """An empty file system in memory of at most `size` bytes."""
    options = f"size={size},nr_inodes=20000,mode=1777".encode()
    _checked(_libc.mount(b"tmpfs", target.encode(), b"tmpfs", _NO_SUID | _NO_DEVICES, options), f"mount {target}")


def mount_proc() -> None:
    _checked(_libc.mount(b"proc", b"/proc", b"proc", _NO_SUID | _NO_DEVICES | _NO_EXEC, None), "mount /proc")


def uncover_proc() -> None:
    """Take away bubblewrap's covers of parts of /proc, without which no /proc could be mounted further inside."""
    for part in ("sys", "sysrq-trigger", "irq", "bus"):
        _libc.umount2(f"/proc/{part}".encode(), _DETACH)


def die_with_parent() -> None:
    _checked(_libc.prctl(_PDEATHSIG, 9, 0, 0, 0), "prctl")


def set_dumpable(yes: bool) -> None:
    """Whether processes of the same user may look into this one."""
    _checked(_libc.prctl(_DUMPABLE, int(yes), 0, 0, 0), "prctl")


def drop_capabilities() -> None:
    """Give up every capability for good."""
    for number in range(64):
        if _libc.prctl(_CAPBSET_DROP, number, 0, 0, 0) != 0:
            break  # the kernel knows no more
    header = struct.pack("Ii", 0x20080522, 0)
    _checked(_libc.capset(header, bytes(24)), "capset")
    _checked(_libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")


# --- the filter for system calls -------------------------------------------------------------------------------------

# Numbers on x86-64 and on 64-bit ARM. What is refused: looking into other processes, memory that no limit counts,
# kernel key rings, tracing, kernel programs, further namespaces and mounts, and queues that outlive their process.
_REFUSED = {
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "pidfd_getfd": (438, 438), "memfd_create": (319, 279), "memfd_secret": (447, 447), "userfaultfd": (323, 282),
    "bpf": (321, 280), "perf_event_open": (298, 241), "add_key": (248, 217), "request_key": (249, 218),
    "keyctl": (250, 219), "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "chroot": (161, 51), "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442),
    "open_by_handle_at": (304, 265), "name_to_handle_at": (303, 264), "kexec_load": (246, 104),
    "kexec_file_load": (320, 294), "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106),
    "acct": (163, 89), "swapon": (167, 224), "reboot": (169, 142), "quotactl": (179, 60), "syslog": (103, 116),
    "personality": (135, 92), "shmget": (29, 194), "msgget": (68, 186), "semget": (64, 190),
    "mq_open": (240, 180),
}  # fmt: skip
_SOCKET, _CLONE, _CLONE3 = (41, 198), (56, 220), 435
_FAMILIES = (1, 2, 10)  # of sockets: Unix, IPv4, IPv6; the last two lead nowhere inside
_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06


def filter_system_calls() -> None:
    """Install the filter, which every later child inherits and none can take away."""
    column, architecture = _ARCHITECTURES[platform.machine()]
    program = _program(column, architecture)
    code = b"".join(struct.pack("HBBI", *line) for line in program)
    buffer = ctypes.create_string_buffer(code)
    head = struct.pack("HxxxxxxP", len(program), ctypes.addressof(buffer))
    _checked(_libc.prctl(_SECCOMP, 2, ctypes.create_string_buffer(head), 0, 0), "seccomp")


def _program(column: int, architecture: int) -> list[tuple[int, int, int, int]]:
    """Lines of (operation, jump if true, jump if false, operand) for the kernel's packet-filter machine."""
    refuse = (_RETURN, 0, 0, _ERRNO | errno.EPERM)
    lines = [
        (_LOAD, 0, 0, 4), (_EQUAL, 1, 0, architecture), (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, 0), (_AT_LEAST, 0, 1, 0x40000000), (_RETURN, 0, 0, _KILL),  # the x32 calls of x86-64
        (_EQUAL, 0, 1, _CLONE3), (_RETURN, 0, 0, _ERRNO | errno.ENOSYS),  # its flags cannot be seen; libc uses clone
    ]  # fmt: skip
    for numbers in _REFUSED.values():
        lines += [(_EQUAL, 0, 1, numbers[column]), refuse]
    lines += [(_EQUAL, 0, 3, _CLONE[column]), (_LOAD, 0, 0, 16), (_ANY_BIT, 0, 1, NEW_USER), refuse, (_LOAD, 0, 0, 0)]
    lines += [(_EQUAL, 0, 2 + len(_FAMILIES), _SOCKET[column]), (_LOAD, 0, 0, 16)]
    lines += [(_EQUAL, len(_FAMILIES) - i, 0, family) for i, family in enumerate(_FAMILIES)]
    return [*lines, refuse, (_RETURN, 0, 0, _ALLOW)]
