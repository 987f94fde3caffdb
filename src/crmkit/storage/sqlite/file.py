"""The store file: made whole or not at all, recognized before it is touched, and brought up to
date."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Literal

from crmkit.errors import NewerSchema
from crmkit.storage import StoreUnavailable
from crmkit.storage.sqlite import schema
from crmkit.storage.sqlite.faults import damaged, foreign, typed_errors, unavailable

__all__ = [
    "Journal",
    "bring_up_to_date",
    "check_ours",
    "check_version",
    "connect",
    "create_file",
    "look_at",
    "set_journal",
    "transaction",
]

Journal = Literal["wal", "delete"]
"""How SQLite makes a commit all or nothing: by a log beside the file, or by a journal that goes."""

_MAGIC = b"SQLite format 3\0"
_SMALLEST = 512  # One page of the smallest size; SQLite takes an empty file for a database.


def connect(path: Path, timeout: float) -> sqlite3.Connection:
    """Open a file that is there. Transactions are begun and ended by nobody but us."""
    connection = sqlite3.connect(
        f"{path.as_uri()}?mode=rw",
        uri=True,
        timeout=timeout,
        isolation_level=None,
        # A connection serves one unit of work at a time, but not always in one thread.
        check_same_thread=False,
    )
    try:
        for pragma in (
            "PRAGMA foreign_keys = ON",
            # A commit that was acknowledged outlasts a power cut, as far as the disk keeps its
            # word.
            "PRAGMA synchronous = FULL",
            # What was removed is overwritten, and nothing is spilled into a directory of others.
            "PRAGMA secure_delete = ON",
            "PRAGMA temp_store = MEMORY",
            # A file may come from anywhere: nothing in it is run, and its pages are checked as
            # read.
            "PRAGMA trusted_schema = OFF",
            "PRAGMA cell_size_check = ON",
        ):
            connection.execute(pragma)
    except BaseException:
        connection.close()
        raise
    return connection


def set_journal(connection: sqlite3.Connection, journal: Journal) -> None:
    """Let SQLite keep the journal that was asked for.

    :raises StoreUnavailable: if the file system does not have what it needs.
    """
    statement = "PRAGMA journal_mode = WAL" if journal == "wal" else "PRAGMA journal_mode = DELETE"
    (found,) = connection.execute(statement).fetchone()
    if found != journal:
        raise StoreUnavailable(
            "the file system does not let processes share memory, which a log beside the file "
            "needs: open the store with journal='delete'"
        )


def create_file(path: Path) -> None:
    """Make a new store, so that no other process ever sees half of one.

    If another process makes it first, theirs is left as it is.
    """
    with typed_errors():
        with NamedTemporaryFile(
            dir=path.parent, prefix=f".{path.name}.", suffix=".new", delete=False
        ) as file:
            new = Path(file.name)
        try:
            with closing(connect(new, timeout=0)) as connection:
                bring_up_to_date(connection)
            _put_in_place(new, path)
        finally:
            new.unlink(missing_ok=True)


def _put_in_place(new: Path, path: Path) -> None:
    with suppress(FileExistsError):
        try:
            os.link(new, path)
        except FileExistsError:
            raise
        except OSError:
            # A file system without hard links: take the name first, so that nothing is replaced.
            path.touch(exist_ok=False)
            new.replace(path)


def look_at(path: Path) -> None:
    """Refuse what is not a store file of ours, without writing a byte to it or beside it.

    :raises CorruptStore: if it is empty, or its header is damaged.
    :raises ForeignStore: if it belongs to another program.
    :raises StoreUnavailable: if there is no such file.
    """
    with typed_errors():
        if not path.is_file():
            raise unavailable()
        if path.stat().st_size < _SMALLEST:
            raise damaged() if _begins_like_sqlite(path) else foreign()
        application_id, page_size = _header(path)
        if application_id != schema.APPLICATION_ID:
            raise foreign()
        if path.stat().st_size % page_size and not _has_log(path):
            raise damaged()


def _header(path: Path) -> tuple[int, int]:
    """What the header says the file is, and the size of its pages.

    Read as an immutable file: SQLite then neither replays the journal of another program nor waits
    for it. Reading the header without SQLite would not do, because closing the file again would
    drop the locks that this process may hold on it.
    """
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        try:
            (application_id,) = connection.execute("PRAGMA application_id").fetchone()
            (page_size,) = connection.execute("PRAGMA page_size").fetchone()
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_NOTADB:
                # Cut off behind the header, or the log holds the rest: opening it will tell.
                return schema.APPLICATION_ID, _SMALLEST
            raise (damaged() if _begins_like_sqlite(path) else foreign()) from None
    return application_id, page_size


def _has_log(path: Path) -> bool:
    """Whether a log or a journal beside the file may say what its pages are to be."""
    logs = [path.with_name(f"{path.name}{suffix}") for suffix in ("-wal", "-journal")]
    return any(log.exists() and log.stat().st_size > 0 for log in logs)


def _begins_like_sqlite(path: Path) -> bool:
    # This is no database, so no store is open on it and there are no locks to lose.
    with path.open("rb") as file:
        return _MAGIC.startswith(file.read(len(_MAGIC)))


# --- transactions ---------------------------------------------------------------------------------


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Write all of it or nothing, as the only writer there is.

    ``BEGIN IMMEDIATE`` takes the lock before anything is read; taking it later would fail at once,
    and not wait, when another writer was quicker.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        # Some failures, such as a full disk, have ended the transaction themselves.
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def check_ours(connection: sqlite3.Connection) -> None:
    """Refuse an open file that belongs to another program.

    :raises ForeignStore: if its header says so.
    """
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    if application_id != schema.APPLICATION_ID:
        raise foreign()


def check_version(connection: sqlite3.Connection) -> None:
    """Refuse a file that a newer release has brought up to its own schema.

    :raises NewerSchema: if the schema is newer than this release.
    :raises CorruptStore: if there is none.
    """
    found = _version(connection)
    if found > len(schema.STEPS):
        raise NewerSchema("the store file", found, len(schema.STEPS))
    if found < 1:
        raise damaged()


def bring_up_to_date(connection: sqlite3.Connection) -> None:
    """Take the steps that lead to the schema of this release, each in a transaction of its own."""
    while (version := _version(connection)) < len(schema.STEPS):
        with transaction(connection):
            if _version(connection) == version:  # Otherwise another process was quicker.
                for statement in schema.STEPS[version]:
                    connection.execute(statement)


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)
