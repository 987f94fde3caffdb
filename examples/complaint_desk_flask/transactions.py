"""One transaction for the tables of the app and for those of crmkit: both are kept, or neither."""

import random
import time
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from attrs import frozen
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from crmkit.complaints import ActionRefused
from crmkit.errors import IllegalTransition, Refused, StoreBusy, VersionConflict
from crmkit.storage import UnitOfWork
from crmkit.storage.sqlalchemy import SqlAlchemyStore

__all__ = ["Transactions", "sqlstate"]

ResultT = TypeVar("ResultT")
Work = Callable[[Connection, UnitOfWork], ResultT]

_MADE_WAY = {"40001", "40P01"}
"""What PostgreSQL calls a transaction that it has undone for the sake of another one."""


@frozen
class Transactions:
    """The transactions of the app."""

    engine: Engine
    attempts: int = 10
    first_pause: float = 0.005
    """Seconds."""

    def together(self, work: Work[ResultT]) -> ResultT:
        """Do some work in one transaction; after a conflict do all of it again, in a fresh one.

        The unit is committed into the transaction, and the transaction after it. A conflict undoes
        both, so what the app wrote is not written twice: to try again *inside* of the transaction,
        as ``crmkit.storage.retrying.retry`` would, is right only where crmkit alone has written.
        """
        for attempt in range(self.attempts - 1):
            try:
                return self._once(work)
            except (VersionConflict, StoreBusy):
                pass
            except DBAPIError as error:  # From a statement of the app itself.
                if sqlstate(error) not in _MADE_WAY:
                    raise
            time.sleep(random.uniform(0, self.first_pause * 2**attempt))  # noqa: S311
        return self._once(work)

    def _once(self, work: Work[ResultT]) -> ResultT:
        with self.engine.begin() as connection:
            with SqlAlchemyStore(connection).unit_of_work() as unit:
                result = work(connection, unit)
                unit.commit()
            return result

    def command(self, key: str, payload: str, work: Work[str], *, at: datetime) -> str:
        """Carry out a command once, however often it comes; its answer or refusal is kept.

        :raises Refused: if it is refused, or was before.
        """

        def attempt(connection: Connection, unit: UnitOfWork) -> str | Refused:
            def action() -> str:
                # A refusal is kept, so the transaction goes on: what the app wrote has to go here.
                with connection.begin_nested():
                    return work(connection, unit)

            refusals = (IllegalTransition, ActionRefused)
            try:
                return unit.once(key, payload, action, at=at, refusals=refusals)
            except Refused as refused:
                return refused

        result = self.together(attempt)
        if isinstance(result, Refused):
            raise result
        return result


def sqlstate(error: DBAPIError) -> str:
    """The number of an error; nothing else of it, as its text may hold what a customer said."""
    return str(getattr(error.orig, "sqlstate", None))
