"""What a unit of work writes into the models of the shop."""

from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError
from django.db.models import F

from club import models
from club.reading import OrmView, numbers_of
from crmkit.errors import VersionConflict
from crmkit.storage import Collection, OutdatedIndex
from crmkit.storage.unit.changes import ANSWERS, Answer, Changes, Place, listings

__all__ = ["Writing"]


class Writing:
    """What is written inside of one transaction, which is rolled back if any of it raises."""

    def __init__(self, using: str) -> None:
        """Write to a database."""
        self._using = using
        self._view = OrmView(using)

    def _of(self, model: Any) -> Any:
        return model.objects.using(self._using)

    def all_of(self, changes: Changes) -> None:
        """Write the changes of a unit.

        :raises VersionConflict: if something they rest on is no longer so.
        :raises OutdatedIndex: if a collection was given other indexes in between.
        """
        places = [*changes.seen, *changes.lengths]
        for name in sorted({*changes.shelves, *(name for name, _ in places)}):
            self._take_turn(name)
        self._check(changes)
        self._write_shelves(changes)
        self._write_records(changes)
        self._write_lines(changes)
        self._write_subtotals(changes)
        self._write_replies(changes)
        self._write_letters(changes)

    def _take_turn(self, name: str) -> None:
        """Be the only one who writes to a collection or stream, until the transaction ends.

        To write is better than ``select_for_update``: SQLite, which does not have that, waits here
        as well, and under REPEATABLE READ who comes too late is told so.
        """
        shelf = self._of(models.Shelf).filter(name=name)
        if not shelf.update(turns=F("turns") + 1):
            self._of(models.Shelf).bulk_create([models.Shelf(name=name)], ignore_conflicts=True)
            shelf.update(turns=F("turns") + 1)

    # --- what the changes rest on ---

    def _check(self, changes: Changes) -> None:
        """Refuse changes that rest on something that is no longer so."""
        for name in changes.shelves:
            self._check_shelf(name, changes)
        for place, version in changes.seen.items():
            row = self._view.row(*place)
            actual = row.version if row else None
            if (actual or 0) != version:
                raise VersionConflict(place[0], version, actual)
        for place, length in changes.lengths.items():
            _, actual = numbers_of(self._of(models.Line), place)
            if actual != length:
                raise VersionConflict(place[0], length, actual)

    def _check_shelf(self, name: str, changes: Changes) -> None:
        shelf = self._view.shelf(name)
        if shelf.signature not in (None, changes.shelves[name].signature):
            raise OutdatedIndex(name)
        # A new record must not get a version that one removed in between may have had.
        for place, change in changes.records.items():
            is_new = place[0] == name and not changes.seen[place]
            if is_new and change.row is not None and change.row.version <= shelf.floor:
                raise VersionConflict(name, 0, None)

    # --- what becomes of it ---

    def _write_shelves(self, changes: Changes) -> None:
        for name, seen in changes.shelves.items():
            floor = max(self._view.shelf(name).floor, changes.floors.get(name, 0))
            self._of(models.Shelf).filter(name=name).update(floor=floor, signature=seen.signature)

    def _write_records(self, changes: Changes) -> None:
        for (name, key), change in changes.records.items():
            self._of(models.Tab).filter(shelf=name, key=key).delete()
            card = self._of(models.Card).filter(shelf=name, key=key)
            if change.row is None:
                card.delete()
            elif changes.seen[name, key]:
                card.update(version=change.row.version, document=change.row.document)
        self._of(models.Card).bulk_create(
            models.Card(
                shelf=name, key=key, version=change.row.version, document=change.row.document
            )
            for (name, key), change in changes.records.items()
            if change.row is not None and not changes.seen[name, key]
        )
        self._list((place, change.listings) for place, change in changes.records.items())

    def _list(self, records: Iterable[tuple[Place, Iterable[tuple[str, bytes]]]]) -> None:
        self._of(models.Tab).bulk_create(
            models.Tab(shelf=shelf, key=key, index=index, entry=entry)
            for (shelf, key), listed in records
            for index, entry in sorted(listed)
        )

    def _write_lines(self, changes: Changes) -> None:
        for book, key in changes.erased_streams:
            for model in (models.Line, models.Subtotal):
                self._of(model).filter(book=book, key=key).delete()
        self._of(models.Line).bulk_create(
            models.Line(book=place[0], key=place[1], number=number, document=document)
            for place, documents in changes.entries.items()
            for number, document in enumerate(documents, changes.first_number(place))
        )

    def _write_subtotals(self, changes: Changes) -> None:
        for (book, key, fold), snapshot in changes.snapshots.items():
            self._of(models.Subtotal).update_or_create(
                {
                    "length": snapshot.length,
                    "revision": snapshot.revision,
                    "document": snapshot.document,
                },
                book=book,
                key=key,
                fold=fold,
            )

    def _write_replies(self, changes: Changes) -> None:
        for key, answer in changes.rewritten_answers.items():
            reply = self._of(models.Reply).filter(key=key)
            if answer is None:
                reply.delete()
            else:
                reply.update(**_parts(answer))
        try:
            self._of(models.Reply).bulk_create(
                models.Reply(key=key, **_parts(answer)) for key, answer in changes.answers.items()
            )
        except IntegrityError:  # The same command has come twice at once, and the other was first.
            raise VersionConflict(ANSWERS, 0, 1) from None

    def _write_letters(self, changes: Changes) -> None:
        self._of(models.Letter).filter(pk__in=changes.dropped_messages).delete()
        self._of(models.Letter).bulk_create(
            models.Letter(topic=topic, payload=payload) for topic, payload in changes.messages
        )

    # --- all of a collection ---

    def reindex(self, collection: Collection[Any]) -> int:
        """List all records of a collection anew, and count them."""
        name = collection.name
        self._take_turn(name)
        self._of(models.Shelf).filter(name=name).update(signature=collection.signature)
        self._of(models.Tab).filter(shelf=name).delete()
        cards = list(self._of(models.Card).filter(shelf=name).values_list("key", "document"))
        self._list(
            ((name, key), listings(collection, collection.loads(document)))
            for key, document in cards
        )
        return len(cards)


def _parts(answer: Answer) -> dict[str, Any]:
    return {
        "digest": answer.digest,
        "at": answer.at,
        "document": answer.document,
        "outcome": answer.outcome.value,
    }
