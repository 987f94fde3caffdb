"""What a unit of work reads from the models of the shop."""

from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import Max, Min, OuterRef, Q, Subquery

from club import models
from club.faults import typed_errors
from crmkit.storage import Message
from crmkit.storage.ordering import Position
from crmkit.storage.unit.changes import Answer, Found, Outcome, Place, Row, Shelf, Snapshot

__all__ = ["OrmView", "numbers_of"]


class OrmView:
    """The store as it was when a unit began, or as the transaction of the shop sees it."""

    def __init__(self, using: str, release: Callable[[], None] = lambda: None) -> None:
        """Read from a database, and let go of it by ``release``."""
        self._using = using
        self._release = release

    def _of(self, model: Any) -> Any:
        return model.objects.using(self._using)

    def _all(self, rows: Iterable[Any]) -> list[Any]:
        with typed_errors():
            return list(rows)

    def shelf(self, collection: str) -> Shelf:
        """What is known of a collection."""
        found = self._of(models.Shelf).filter(name=collection)
        rows = self._all(found.values_list("floor", "signature"))
        return Shelf(*rows[0]) if rows else Shelf()

    def row(self, collection: str, key: str) -> Row | None:
        """The record under a key."""
        found = self._of(models.Card).filter(shelf=collection, key=key)
        rows = self._all(found.values_list("version", "document"))
        return Row(*rows[0]) if rows else None

    def rows(self, collection: str, above: str, limit: int) -> list[Found]:
        """The first records whose keys lie above one."""
        found = self._of(models.Card).filter(shelf=collection, key__gt=above).order_by("key")
        rows = self._all(found.values_list("key", "version", "document")[:limit])
        return [(b"", key, Row(version, document)) for key, version, document in rows]

    def listed(
        self,
        place: tuple[str, str],
        above: Position,
        below: Position,
        limit: int,
        *,
        descending: bool,
    ) -> list[Found]:
        """The first records that an index of a collection lists between two positions."""
        # One question, because another one might find the next state of the database.
        card = self._of(models.Card).filter(shelf=OuterRef("shelf"), key=OuterRef("key"))
        tabs = (
            self._of(models.Tab)
            .filter(shelf=place[0], index=place[1], entry__gte=above[0], entry__lte=below[0])
            .filter(Q(entry__gt=above[0]) | Q(key__gt=above[1]))
            .filter(Q(entry__lt=below[0]) | Q(key__lt=below[1]))
            .order_by(*(("-entry", "-key") if descending else ("entry", "key")))
            .annotate(
                version=Subquery(card.values("version")), document=Subquery(card.values("document"))
            )
        )
        found = self._all(tabs.values_list("entry", "key", "version", "document")[:limit])
        return [(bytes(entry), key, Row(*row)) for entry, key, *row in found]

    def numbers(self, stream: str, key: str) -> tuple[int, int]:
        """The number before the first entry of a stream, and that of the last."""
        with typed_errors():
            return numbers_of(self._of(models.Line), (stream, key))

    def entries(self, stream: str, key: str, after: int, until: int) -> list[str]:
        """The entries after one number, up to and including another."""
        found = self._of(models.Line).filter(book=stream, key=key, number__gt=after)
        found = found.filter(number__lte=until).order_by("number")
        return self._all(found.values_list("document", flat=True))

    def keys(self, stream: str, above: str, limit: int) -> list[str]:
        """The first keys above one under which a stream has entries."""
        found = self._of(models.Line).filter(book=stream, key__gt=above).order_by("key")
        return self._all(found.values_list("key", flat=True).distinct()[:limit])

    def snapshot(self, stream: str, key: str, fold: str) -> Snapshot | None:
        """The snapshot of a fold."""
        found = self._of(models.Subtotal).filter(book=stream, key=key, fold=fold)
        rows = self._all(found.values_list("length", "revision", "document"))
        return Snapshot(*rows[0]) if rows else None

    def answer(self, key: str) -> Answer | None:
        """The answer to a command."""
        rows = self._all(self._of(models.Reply).filter(key=key))
        return _answer(rows[0]) if rows else None

    def answers(self, above: str, limit: int) -> list[tuple[str, Answer]]:
        """The first answers whose keys lie above one."""
        found = self._of(models.Reply).filter(key__gt=above).order_by("key")
        return [(reply.key, _answer(reply)) for reply in self._all(found[:limit])]

    def messages(self, above: int, limit: int) -> list[Message]:
        """The first messages with a number above one that were not handed over yet."""
        found = self._of(models.Letter).filter(pk__gt=above).order_by("pk")
        rows = self._all(found.values_list("pk", "topic", "payload")[:limit])
        return [Message(*row) for row in rows]

    def close(self) -> None:
        """End the transaction, if it is ours."""
        with typed_errors():
            self._release()


def _answer(reply: models.Reply) -> Answer:
    return Answer(reply.digest, reply.at, reply.document, Outcome(reply.outcome))


def numbers_of(lines: Any, place: Place) -> tuple[int, int]:
    """The number before the first entry of a stream, and that of the last."""
    found = lines.filter(book=place[0], key=place[1])
    numbers = found.aggregate(first=Min("number"), last=Max("number"))
    return (0, 0) if numbers["last"] is None else (numbers["first"] - 1, numbers["last"])
