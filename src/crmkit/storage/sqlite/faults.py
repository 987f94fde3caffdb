"""What SQLite reports, as the errors that crmkit promises.

No error of the driver leaves the adapter: its text can hold what was kept, and hosts would have to
know the driver to tell a full disk from a damaged file.
"""

import errno
import sqlite3
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any
from zlib import crc32

from crmkit.errors import CorruptStore, ForeignStore, StoreBusy, StoreError, StoreFull
from crmkit.storage import StoreUnavailable

__all__ = ["check", "checksum", "damaged", "foreign", "full", "typed_errors", "unavailable"]

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def damaged() -> CorruptStore:
    """The error for a file that is not whole."""
    return CorruptStore(
        "the store file is damaged or truncated; nothing was written to it: "
        "put the last good copy in its place"
    )


def foreign() -> ForeignStore:
    """The error for a file of another program."""
    return ForeignStore(
        "the file is not a crmkit store; nothing was written to it: name another file"
    )


def _typed(error: sqlite3.Error) -> StoreError:
    code = getattr(error, "sqlite_errorcode", None)
    match code and code & 0xFF:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return StoreBusy(
                "another writer holds the store: try again, or open it with a longer timeout"
            )
        case sqlite3.SQLITE_FULL:
            return full()
        case sqlite3.SQLITE_IOERR if code == sqlite3.SQLITE_IOERR_WRITE:
            # A limit on the size of files comes as a failed write, and not as a full disk.
            return full()
        case (
            sqlite3.SQLITE_CANTOPEN
            | sqlite3.SQLITE_PERM
            | sqlite3.SQLITE_READONLY
            | sqlite3.SQLITE_IOERR
        ):
            return unavailable()
        case _:
            # A statement of our own that SQLite does not understand, a text that is no UTF-8, a
            # broken constraint: the file is not as a commit of ours left it.
            return damaged()


def full() -> StoreFull:
    """The error for a disk without room."""
    return StoreFull("there is no room left to write; what was kept before is intact: make room")


def unavailable() -> StoreUnavailable:
    """The error for a file that is not there or not ours to use."""
    return StoreUnavailable(
        "the store file cannot be opened, read or written: it exists unless create=True makes it, "
        "and the process may read and write it and its directory"
    )


class _TypedErrors:
    """What :func:`typed_errors` hands out; as a generator it would take as long as a read."""

    def __enter__(self) -> None:
        """Watch what is done within."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Give an error of others the name that it has here."""
        match error:
            case sqlite3.Error():
                raise _typed(error) from None
            case UnicodeDecodeError():
                # The driver trips over its own message when damaged text is part of it.
                raise damaged() from None
            case OSError():
                raise (full() if error.errno in _FULL else unavailable()) from None


_TYPED_ERRORS = _TypedErrors()


def typed_errors() -> AbstractContextManager[None]:
    """Turn errors of SQLite and of the file system into those that crmkit promises."""
    return _TYPED_ERRORS


# --- checksums ------------------------------------------------------------------------------------


def checksum(*parts: Any) -> int:
    """A number that changes with any of the parts of a row, none of which holds a NUL."""
    return crc32("\0".join(map(str, parts)).encode())


def check(found: int, *parts: Any) -> None:
    """Refuse a row that is not what was written.

    :raises CorruptStore: if the checksum tells.
    """
    if found != checksum(*parts):
        raise damaged()
