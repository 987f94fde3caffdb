"""What a database reports, as the errors that crmkit promises.

Only the number of an error is looked at and kept: its text can hold what a customer said, even if
the engine hides the parameters.
"""

import sqlite3
from collections.abc import Callable, Mapping
from types import TracebackType

from sqlalchemy import exc

from crmkit.errors import CorruptStore, ForeignStore, StoreBusy, StoreError, StoreFull
from crmkit.storage import StoreUnavailable

__all__ = [
    "Again",
    "Taken",
    "TypedErrors",
    "busy",
    "damaged",
    "foreign",
    "missing",
    "taken",
]


class Again(StoreBusy):
    """The database has undone a transaction for the sake of another one: it may be tried again."""


class Taken(StoreBusy):
    """A place that was free is taken: somebody else has written there first."""


def busy() -> StoreBusy:
    """The error for a wait that took too long, and for a transaction that made way for another."""
    return StoreBusy(
        "another transaction holds what this one needs: roll back, and do it again from its start"
    )


def damaged() -> CorruptStore:
    """The error for entries that are not all there."""
    return CorruptStore(
        "a stream has entries without those before them: somebody else has written to the tables, "
        "so put the last good copy in their place"
    )


def foreign() -> ForeignStore:
    """The error for tables of somebody else."""
    return ForeignStore(
        "the tables under this prefix are not as crmkit makes them; nothing was written to them: "
        "take another prefix"
    )


def full() -> StoreFull:
    """The error for a disk without room."""
    return StoreFull("the database has no room left to write; what was kept before is intact")


def lost() -> StoreUnavailable:
    """The error for a database that does not answer."""
    return StoreUnavailable(
        "the database cannot be reached, or has ended the connection: try again, a command under "
        "the same idempotency key, as it may have been carried out"
    )


def unusable() -> StoreError:
    """The error for a connection that somebody has left in the middle of something."""
    return StoreError(
        "the connection cannot be used: roll back what failed in it, or take another one"
    )


def missing() -> StoreUnavailable:
    """The error for tables that nobody has made."""
    return StoreUnavailable(
        "the tables of the store are not there, or unfinished: call store.create_schema() once, or "
        "run the migration that makes them"
    )


def refused() -> StoreUnavailable:
    """The error for a right that the user of the database does not have."""
    return StoreUnavailable(
        "the database does not let this user do that: grant it to read and write the tables"
    )


def again() -> Again:
    """The error for a transaction that made way for another."""
    return Again(*busy().args)


def taken() -> Taken:
    """The error for a place that is not as it was seen."""
    return Taken(*busy().args)


_Fault = Callable[[], StoreError]

# The classes and codes of the SQL standard and of PostgreSQL; the longest that fits counts.
_SQLSTATES: Mapping[str, _Fault] = {
    **dict.fromkeys(("40001", "40P01"), again),
    **dict.fromkeys(("55P03", "57014", "53300"), busy),
    **dict.fromkeys(("53100", "53200"), full),
    **dict.fromkeys(("08", "57P", "25006", "25P03", "25P04"), lost),
    **dict.fromkeys(("42P01", "3F"), missing),
    **dict.fromkeys(("42P07", "42710"), again),  # Somebody else has made the table just now.
    **dict.fromkeys(("42501", "28"), refused),
    **dict.fromkeys(("42703", "42804", "42883"), foreign),
    "23": taken,
}
# What MySQL and MariaDB count.
_ERRNOS: Mapping[int, _Fault] = {
    **dict.fromkeys((1205, 1213), again),
    **dict.fromkeys((1040, 1317, 3024, 1969), busy),
    **dict.fromkeys((1021, 1114), full),
    **dict.fromkeys((2002, 2003, 2006, 2013, 1053, 1290, 1792, 1927), lost),
    **dict.fromkeys((1146, 1049), missing),
    1050: again,
    **dict.fromkeys((1044, 1045, 1142, 1143), refused),
    1054: foreign,
    1062: taken,
}
# What SQLite counts, without the details in the higher bits.
_RESULTS: Mapping[int, _Fault] = {
    **dict.fromkeys((sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED), busy),
    sqlite3.SQLITE_FULL: full,
    **dict.fromkeys((sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR), lost),
    **dict.fromkeys((sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY), refused),
    # Statements of crmkit are well-formed, so that a table or a column must be missing.
    sqlite3.SQLITE_ERROR: missing,
    sqlite3.SQLITE_CONSTRAINT: taken,
}


class TypedErrors:
    """Turns errors of SQLAlchemy and of the driver itself into those that crmkit promises.

    It is a class because every read goes through it, and a generator takes three times as long.
    """

    __slots__ = ("_driver",)

    def __init__(self, driver: type[Exception] = exc.DBAPIError) -> None:
        """Say what the driver's own errors are, where they may come past SQLAlchemy."""
        self._driver = driver

    def __enter__(self) -> None:
        """Begin to watch."""

    def __exit__(
        self, kind: object, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Raise the promised error instead."""
        if error is None:
            return
        if isinstance(error, exc.DBAPIError):
            raise _typed(error.orig) from None
        if isinstance(error, exc.TimeoutError):
            raise StoreBusy(
                "all connections of the engine are in use: end units of work soon, or make the "
                "pool larger"
            ) from None
        if isinstance(error, exc.SQLAlchemyError):
            raise unusable() from None
        if isinstance(error, self._driver):
            raise _typed(error) from None


def _typed(driver: BaseException | None) -> StoreError:
    state = getattr(driver, "sqlstate", None) or getattr(driver, "pgcode", None)
    result = getattr(driver, "sqlite_errorcode", None)
    number = driver.args[0] if driver is not None and driver.args else None
    if isinstance(state, str):
        return _by_state(state)
    if isinstance(result, int):
        return _RESULTS.get(result & 0xFF, _unknown(f"result {result}"))()
    if isinstance(number, int):
        return _ERRNOS.get(number, _unknown(f"error {number}"))()
    return lost()  # A driver that could not even connect has no number to show.


def _by_state(state: str) -> StoreError:
    fits = [prefix for prefix in _SQLSTATES if state.startswith(prefix)]
    fault = _SQLSTATES[max(fits, key=len)] if fits else _unknown(f"SQLSTATE {state}")
    return fault()


def _unknown(number: str) -> _Fault:
    return lambda: StoreError(f"the database has refused a statement ({number}): see its own log")
