"""The database under the gradebook: opened, created, and changed in transactions that happen as a whole or not at all.

nbgrader's own tables and `course_results` lie in one database, so that a grade and the reason for it are stored in the
same transaction. SQLite is the default; its journal stays as nbgrader has it (one file to copy, fit for a network
folder), and what is killed midway is rolled back by whoever opens the file next. PostgreSQL is named by its URL:
`postgresql://`, `postgres://` and `postgresql+psycopg://` all mean the driver psycopg 3. nbgrader's own commands take
the first and the last of them, given as `c.CourseDirectory.db_url`.
"""

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from alembic.script import ScriptDirectory
from nbgrader import api, dbutil
from sqlalchemy import (
    URL,
    Column,
    Connection,
    DateTime,
    Engine,
    Index,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    inspect,
    make_url,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from helpers.checks.errors import CourseError

T = TypeVar("T")

_BUSY_SECONDS = 30.0  # how long to wait for another program that is writing to the same SQLite file
_CONNECT_SECONDS = 10  # for a server to answer
_PAUSES = (0.1, 0.3, 1.0, 3.0, 6.0, 10.0)  # seconds between tries after a lost connection: time for a server to restart
_PASSING = {"40001", "40P01"}  # SQLSTATEs of a serialisation failure and a deadlock: the same again will do
_CREATING = 0x6E626772  # number of the advisory lock of those who create or register

_METADATA = MetaData()
# Sorted and compared byte by byte on both databases, so that going through a chapter page by page misses nobody.
_NAME = String(128).with_variant(String(128, collation="C"), "postgresql")
COURSE_RESULTS = Table(
    "course_results",
    _METADATA,
    Column("student", _NAME, primary_key=True),
    Column("chapter", _NAME, primary_key=True),
    Column("notebook", _NAME, primary_key=True),
    Column("submission", String(32), nullable=False),  # id in submitted_notebook: a row without its like there is void
    Column("key", String(128), nullable=False),
    Column("row_json", Text, nullable=False),
    Column("result", LargeBinary, nullable=False),
    Column("graded_at", DateTime, nullable=False),  # UTC
    Index("course_results_chapter", "chapter", "student"),
    Index("course_results_submission", "submission"),
)
# Without these, nbgrader reads all grades of everybody for the score of one student, in `nbgrader export` for instance.
_INDEXES = {
    "course_grade": ("grade", "notebook_id"),
    "course_submitted_notebook": ("submitted_notebook", "assignment_id"),
}


class GradebookError(CourseError):
    """The gradebook cannot be opened, read or written."""


class Database:
    """An nbgrader database with the course's table in it, brought into being where there is none.

    Raises GradebookError, one sentence, for an address that makes no sense, a server that cannot be reached, a file
    that is locked, damaged or read-only, and a database of another program or of another version of nbgrader.
    """

    def __init__(self, db_url: str) -> None:
        url = _address(db_url)
        self.name = url.database or "a database in memory" if _is_sqlite(url) else url.render_as_string()
        self._engine = _engine(url)
        self._writer = self._engine.execution_options(write=True)
        self._try(self._writer, self._create)

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def read(self, work: Callable[[Connection], T]) -> T:
        """The value of `work(connection)`, which changes nothing."""
        return self._persist(self._engine, work)

    def write(self, work: Callable[[Connection], T]) -> T:
        """The value of `work(connection)`, whose changes are kept as a whole or not at all.

        `work` is called again after a lost connection or a deadlock, which may strike after everything was stored: it
        must be safe to repeat.
        """
        return self._persist(self._writer, work)

    def _persist(self, engine: Engine, work: Callable[[Connection], T]) -> T:
        for pause in _PAUSES:
            try:
                return self._try(engine, work)
            except GradebookError as error:
                if not _is_passing(error.__cause__):
                    raise
            time.sleep(pause)
        return self._try(engine, work)

    def _try(self, engine: Engine, work: Callable[[Connection], T]) -> T:
        try:
            with engine.begin() as connection:
                return work(connection)
        except SQLAlchemyError as error:
            raise GradebookError(_sentence(self.name, error)) from error

    def _create(self, connection: Connection) -> None:
        """nbgrader's tables and the course's, and the mark by which nbgrader knows the version of its own."""
        exclude_others(connection)
        tables = set(inspect(connection).get_table_names())
        head = ScriptDirectory(dbutil.ALEMBIC_DIR).get_current_head()
        if not tables & set(api.Base.metadata.tables):
            if tables:
                raise GradebookError(
                    f"{self.name} is not a gradebook of nbgrader: it holds {_some(tables)}. Name another database."
                )
            api.Base.metadata.create_all(connection)
        elif (version := _version(connection, tables)) != head:
            raise GradebookError(
                f"{self.name} was made by another version of nbgrader: its tables are of version {version}, not {head}."
                " Make a copy of it, run `nbgrader db upgrade`, and repeat the command."
            )
        if "alembic_version" not in tables:
            connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
            connection.execute(text("INSERT INTO alembic_version (version_num) VALUES (:head)"), {"head": head})
        _METADATA.create_all(connection)
        for name, (table, column) in _INDEXES.items():
            if name not in {index["name"] for index in inspect(connection).get_indexes(table)}:
                connection.execute(text(f"CREATE INDEX {name} ON {table} ({column})"))


def insert(connection: Connection, table: Table):
    """An INSERT that knows `on_conflict_do_nothing` and `on_conflict_do_update`."""
    return (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)


def exclude_others(connection: Connection) -> None:
    """Until this transaction ends, others who ask for the same wait. In SQLite every writer is alone anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _CREATING})


def _address(db_url: str) -> URL:
    try:
        url = make_url(db_url)
    except ArgumentError:
        raise GradebookError(
            f"{db_url!r} is not the address of a database; write sqlite:///gradebook.db or"
            " postgresql://user:password@host/name."
        ) from None
    if url.drivername in ("postgres", "postgresql"):
        return url.set(drivername="postgresql+psycopg")
    if url.drivername not in ("sqlite", "sqlite+pysqlite", "postgresql+psycopg"):
        raise GradebookError(
            f"A gradebook cannot be kept in {url.drivername}; its address begins with sqlite:/// or postgresql://."
        )
    return url


def _is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def _engine(url: URL) -> Engine:
    if _is_sqlite(url):
        engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS})
        event.listen(engine, "connect", _leave_transactions_to_us)
        event.listen(engine, "begin", _begin)
        return engine
    try:
        return create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": _CONNECT_SECONDS})
    except (ImportError, NoSuchModuleError):
        raise GradebookError(
            "A gradebook in PostgreSQL needs the package psycopg; install it: pip install 'psycopg[binary]'."
        ) from None


def _leave_transactions_to_us(connection, _record) -> None:
    """By itself Python's sqlite3 begins a transaction late, and none at all for a CREATE TABLE."""
    connection.isolation_level = None


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _version(connection: Connection, tables: set[str]) -> str:
    """The version of nbgrader's tables. A creation that was cut short has left today's tables without a version."""
    if "alembic_version" in tables:
        return connection.scalar(text("SELECT version_num FROM alembic_version")) or "unknown"
    look = inspect(connection)
    for name, table in api.Base.metadata.tables.items():
        if name not in tables or {c["name"] for c in look.get_columns(name)} != set(table.columns.keys()):
            return "unknown"
    return ScriptDirectory(dbutil.ALEMBIC_DIR).get_current_head()


def _some(names: set[str]) -> str:
    listed = ", ".join(sorted(names)[:3])
    return f"the tables {listed}{' ...' if len(names) > 3 else ''}"


def _is_passing(error: BaseException | None) -> bool:
    """Tell a lost connection or a deadlock, after which the same may be tried again, from everything else."""
    if not isinstance(error, DBAPIError) or not type(error.orig).__module__.startswith("psycopg"):
        return False
    state = getattr(error.orig, "sqlstate", None)
    return error.connection_invalidated or state in _PASSING or _is_unreachable(error)


def _is_unreachable(error: SQLAlchemyError) -> bool:
    """A server that does not answer, or says (class 57P) that it is going down or coming up."""
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    return type(getattr(error, "orig", None)).__name__ == "OperationalError" and (not state or state[:3] == "57P")


_SQLITE: Sequence[tuple[str, str]] = (
    ("unable to open", "cannot be opened; its folder must exist, and the file must be yours to read and write."),
    ("readonly", "is read-only; make the file and its folder writable, and repeat the command."),
    ("locked", "is in use by another program; close Formgrader or wait for the other grading, and repeat the command."),
    ("not a database", "is damaged, or no SQLite file; put it aside or restore a copy, and repeat the command."),
    ("malformed", "is damaged; put it aside or restore a copy, and repeat the command."),
    ("is full", "cannot grow: the disk is full; make room, and repeat the command."),
)


def _sentence(name: str, error: SQLAlchemyError) -> str:
    said = " ".join(str(getattr(error, "orig", None) or error).split())[:300]
    if "sqlite3" in type(getattr(error, "orig", None)).__module__:
        for sign, problem in _SQLITE:
            if sign in said:
                return f"The gradebook {name} {problem}"
    elif _is_unreachable(error) or getattr(error, "connection_invalidated", False):
        return (
            f"The gradebook {name} cannot be reached ({said}); see that the server runs and that its address, the"
            " database, the user and the password are right, and repeat the command."
        )
    return f"The gradebook {name} refused what was asked of it ({said}); nothing of it was stored."
