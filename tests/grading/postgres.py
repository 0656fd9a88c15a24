"""A PostgreSQL server of the tests' own: on loopback, a free port and a temporary folder, gone when they are done."""

import contextlib
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

USER = "teacher"


def programs() -> Path | None:
    """The folder of the newest server's programs, or None where there is no server."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    onpath = shutil.which("initdb")
    return max(found, key=lambda path: int(path.parent.name)) if found else Path(onpath).parent if onpath else None


@dataclass
class Server:
    """A running server; `restart` and `stop` end what goes on in it at once."""

    programs: Path
    folder: Path
    port: int
    password: str

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs, as somebody who is not root, as it demands."""
        account = {"user": _account(), "group": pwd.getpwnam(_account()).pw_gid} if os.geteuid() == 0 else {}
        command = [str(self.programs / program), *arguments]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False, **account)
        assert done.returncode == 0, f"{program}: {done.stdout}{done.stderr}"

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder} -c fsync=off"
        log = str(self.folder / "log")
        self.run("pg_ctl", "start", "-w", "-D", str(self.folder / "data"), "-o", options, "-l", log)

    def stop(self) -> None:
        self.run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", str(self.folder / "data"))

    def restart(self) -> None:
        self.stop()
        self.start()

    def url(self, database: str, password: str | None = None) -> str:
        return f"postgresql://{USER}:{password or self.password}@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """The URL of a database that nobody has used."""
        name = f"db{secrets.token_hex(6)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)


def _account() -> str:
    """Somebody who is not root."""
    with contextlib.suppress(KeyError):
        return pwd.getpwnam("postgres").pw_name
    return "nobody"


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """A fresh server, gone with its folder at the end. There must be `programs`."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))  # short, since the path of a socket may have 107 characters
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Server(programs(), folder, port, secrets.token_hex(8))
    try:
        (folder / "password").write_text(server.password)
        if os.geteuid() == 0:
            for path in (folder, folder / "password"):
                shutil.chown(path, _account())
        secret = f"--pwfile={folder / 'password'}"
        server.run("initdb", "-D", str(folder / "data"), "-U", USER, "-A", "scram-sha-256", "-N", secret, "-E", "UTF8")
        server.start()
        yield server
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A server, started once for all tests of this process."""
    if programs() is None:
        pytest.skip("no PostgreSQL server is installed here (on Debian and Ubuntu: apt install postgresql)")
    with running() as server:
        yield server
