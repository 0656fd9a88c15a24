"""Cut Python off from the network: in this process and in every Python that it starts, notebook kernels included.

Only this computer itself can be reached. Programs other than Python are pointed at a proxy that does not exist.
This file is run as it is by the processes that are cut off, so it needs nothing but the standard library.
"""

import errno
import ipaddress
import os
import socket
from pathlib import Path

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


def local(host: object) -> bool:
    """Tell whether `host` names this computer."""
    if host in (None, "", "localhost", b"localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def refuse(host: object) -> None:
    """Raise what a computer without a network raises, unless `host` is this computer."""
    if not local(host):
        raise OSError(errno.ENETUNREACH, f"the network is cut off in this test; {host} was asked for")


def guarded(method):
    """Return the socket method `method(self, ..., address)`, refusing addresses elsewhere; socket files may pass."""

    def call(self, *arguments):
        if self.family in (socket.AF_INET, socket.AF_INET6):
            refuse(arguments[-1][0])
        return method(self, *arguments)

    return call


def guarded_lookup(lookup):
    """Return `socket.getaddrinfo`, refusing to look up names of other computers."""

    def call(host, *arguments, **options):
        refuse(host)
        return lookup(host, *arguments, **options)

    return call


def install(setter=setattr) -> None:
    """Guard this process; `setter` is `monkeypatch.setattr` where the guard has to go again."""
    for name in ("connect", "connect_ex", "sendto"):
        setter(socket.socket, name, guarded(getattr(socket.socket, name)))
    setter(socket, "getaddrinfo", guarded_lookup(socket.getaddrinfo))


def environment(folder: Path) -> dict[str, str]:
    """Return the variables under which Python and others start cut off; `folder`, empty, takes the start-up file."""
    start = f"import runpy\nrunpy.run_path({os.path.abspath(__file__)!r})['install']()\n"
    (Path(folder) / "sitecustomize.py").write_text(start)
    search = os.pathsep.join(part for part in (str(folder), os.environ.get("PYTHONPATH")) if part)
    return {"PYTHONPATH": search, "no_proxy": "localhost,127.0.0.1", **dict.fromkeys(PROXIES, "http://127.0.0.1:9")}
