"""crmkit keeps its decisions in the models of the shop: the Store port over Django's ORM.

Inside of ``transaction.atomic()`` a unit of work is part of that transaction: what it commits is
kept with the rows of the shop, or not at all. Outside of one it has transactions of its own.

crmkit gathers what a unit wants to write (:mod:`crmkit.storage.unit`), so there are two things to
bring: a view that reads, and a function that writes :class:`~crmkit.storage.unit.changes.Changes`
if nothing they rest on has changed.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from itertools import count
from types import TracebackType
from typing import Any, Self

from django.db import DEFAULT_DB_ALIAS, connections, transaction

from club import models
from club.faults import typed_errors
from club.reading import OrmView
from club.writing import Writing
from crmkit.errors import StoreError
from crmkit.storage import Collection, Message
from crmkit.storage.ordering import microseconds
from crmkit.storage.unit import Unit
from crmkit.storage.unit.changes import Changes, check_limit, hand_over

__all__ = ["DjangoStore"]

_numbers = count(1)


class DjangoStore:
    """A store in the models of the shop; any number of threads may share it."""

    def __init__(self, using: str = DEFAULT_DB_ALIAS) -> None:
        """Name the database, as in ``settings.DATABASES``."""
        self._using = using

    def unit_of_work(self) -> Unit:
        """Begin a unit of work; in ``transaction.atomic()`` it is a part of that transaction."""
        if self._is_inside():
            return Unit(OrmView(self._using), self._apply)
        snapshot = ExitStack()
        with typed_errors():
            own = snapshot.enter_context(_snapshot(self._using))
        return Unit(OrmView(own, snapshot.close), self._apply)

    def deliver(self, handler: Callable[[Message], None], *, limit: int = 100) -> int:
        """Hand the oldest messages over; see :meth:`crmkit.storage.Store.deliver`.

        :raises StoreError: inside of ``transaction.atomic()``, which might yet be rolled back.
        """
        check_limit(limit)
        if self._is_inside():
            raise StoreError("messages leave after the commit: deliver them outside of atomic()")
        with self.unit_of_work() as unit:
            oldest = unit.outbox.waiting(limit=limit)
        return hand_over(oldest, handler, self._forget_messages)

    def reindex(self, collection: Collection[Any]) -> int:
        """List all records of a collection anew; see :meth:`crmkit.storage.Store.reindex`."""
        with self._writing() as write:
            return write.reindex(collection)

    def forget_answers(self, *, before: datetime) -> int:
        """Forget old answers to commands; see :meth:`crmkit.storage.Store.forget_answers`."""
        old = models.Reply.objects.using(self._using).filter(at__lt=microseconds(before))
        with self._writing():
            return int(old.delete()[0])

    def close(self) -> None:
        """There is nothing to let go of: the connections are Django's."""

    def __enter__(self) -> Self:
        """Use the store, and close it."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the store."""
        self.close()

    # --- transactions ---

    def _is_inside(self) -> bool:
        return bool(connections[self._using].in_atomic_block)

    @contextmanager
    def _writing(self) -> Iterator[Writing]:
        """A transaction, or a savepoint in that of the shop: a conflict leaves that one usable."""
        with typed_errors(), transaction.atomic(using=self._using):
            yield Writing(self._using)

    def _apply(self, changes: Changes) -> None:
        with self._writing() as write:
            write.all_of(changes)

    def _forget_messages(self, taken: list[int]) -> None:
        with self._writing():
            models.Letter.objects.using(self._using).filter(pk__in=taken).delete()


@contextmanager
def _snapshot(using: str) -> Iterator[str]:
    """A connection that sees the database as it is now, whatever others write; its name.

    The usual connection of a thread has one transaction at a time, and units can be open side by
    side. A connection that is in no settings is known to the thread that has put it there only.
    """
    name = f"{using}-{next(_numbers)}"
    own = connections[using].copy(alias=name)
    options = own.settings_dict["OPTIONS"]
    options.pop("pool", None)
    if own.vendor == "sqlite":
        options["transaction_mode"] = "DEFERRED"  # It only reads, so it needs no lock.
    connections[name] = own
    try:
        with transaction.atomic(using=name):
            if own.vendor == "postgresql":
                with own.cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            models.Shelf.objects.using(name).exists()  # The first question fixes what is seen.
            yield name
    finally:
        own.close()
        del connections[name]
