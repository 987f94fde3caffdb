"""What the database reports, as the errors that crmkit promises."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError

from crmkit.errors import StoreBusy, StoreError, StoreFull
from crmkit.storage import StoreUnavailable

__all__ = ["typed_errors"]

_MADE_WAY = ("40001", "40P01", "55P03")
_SQLITE_BUSY, _SQLITE_LOCKED, _SQLITE_FULL = 5, 6, 13


@contextmanager
def typed_errors() -> Iterator[None]:
    """Turn errors of Django and the driver into those of crmkit; their texts may quote a row."""
    try:
        yield
    except DatabaseError as error:
        raise _typed(error.__cause__) from None


def _typed(driver: BaseException | None) -> StoreError:
    state = getattr(driver, "sqlstate", None) or ""
    result = (getattr(driver, "sqlite_errorcode", None) or 0) & 0xFF
    if state in _MADE_WAY or result in (_SQLITE_BUSY, _SQLITE_LOCKED):
        return StoreBusy("another transaction holds what this one needs: do all of it again")
    if state == "53100" or result == _SQLITE_FULL:
        return StoreFull("the database has no room left; what was kept before is intact")
    return StoreUnavailable(
        f"the database has refused a statement ({state or result}): has manage.py migrate been run?"
    )
