"""Everything that is asked of the tables, put together once for each store.

Values come in as parameters only. A statement that is put together once is also found again in
SQLAlchemy's cache at little cost, which shows in the time of a small unit of work.
"""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    Update,
    and_,
    bindparam,
    column,
    delete,
    func,
    insert,
    or_,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, TEXT
from sqlalchemy.dialects.postgresql import insert as insert_or_skip

from crmkit.storage.sqlalchemy.tables import Tables

__all__ = ["Statements"]


class Statements:
    """What is asked of the tables of one store."""

    def __init__(self, tables: Tables) -> None:
        """Put everything together."""
        self.tables = tables
        self._last_entries: dict[int, Select[Any]] = {}
        self._of_collections(tables)
        self._of_listings(tables)
        self._of_postgresql(tables)
        self._of_streams(tables)
        self._of_commands(tables)

    def _of_collections(self, tables: Tables) -> None:
        shelf, record = tables.shelf, tables.record
        self.shelf = select(shelf.c.floor, shelf.c.signature).where(_is(shelf, "collection"))
        self.shelves = (
            select(shelf.c.collection, shelf.c.floor, shelf.c.signature)
            .where(shelf.c.collection.in_(bindparam("names", expanding=True)))
            .order_by(shelf.c.collection)
        )
        self.hold_shelves = {
            alone: self.shelves.with_for_update(read=not alone) for alone in (True, False)
        }
        one = select(shelf.c.collection, shelf.c.floor, shelf.c.signature).where(
            _is(shelf, "collection")
        )
        self.hold_shelf = {alone: one.with_for_update(read=not alone) for alone in (True, False)}
        self.add_shelf = insert(shelf)
        self.set_shelf = _set(shelf, "floor", "signature").where(_is(shelf, "collection"))

        here = and_(record.c.collection == shelf.c.collection, record.c.key == bindparam("at_key"))
        self.row = select(record.c.version, record.c.document).where(
            _is(record, "collection", "key")
        )
        self.row_and_shelf = (
            select(shelf.c.floor, shelf.c.signature, record.c.version, record.c.document)
            .select_from(shelf.outerjoin(record, here))
            .where(_is(shelf, "collection"))
        )
        keys = select(record.c.key).where(_is(record, "collection"))
        above = keys.where(record.c.key > bindparam("at_key")).order_by(record.c.key).limit(1)
        below = keys.where(record.c.key < bindparam("at_key")).order_by(record.c.key.desc())
        self.around = select(below.limit(1).scalar_subquery(), above.scalar_subquery())
        self.rows = (
            select(record.c.key, record.c.version, record.c.document)
            .where(_is(record, "collection"), record.c.key > bindparam("above"))
            .order_by(record.c.key)
            .limit(bindparam("count"))
        )
        self.versions = (
            select(record.c.key, record.c.version)
            .where(_among(record, "collection"))
            .order_by(record.c.key)
        )
        self.add_record = insert(record)
        self.set_record = _set(record, "version", "document").where(
            _is(record, "collection", "key", "version")
        )
        self.remove_records = delete(record).where(_among(record, "collection"))
        self.hold_versions = {
            alone: self.versions.with_for_update(read=not alone) for alone in (True, False)
        }

    def _of_listings(self, tables: Tables) -> None:
        record, listing = tables.record, tables.listing
        entry, key = listing.c.entry, listing.c.key
        low, high = (
            (bindparam(f"{end}_entry", type_=entry.type), bindparam(f"{end}_key", type_=key.type))
            for end in ("low", "high")
        )
        found = (
            select(entry, key, record.c.version, record.c.document)
            .join(
                record,
                and_(record.c.collection == listing.c.collection, record.c.key == listing.c.key),
            )
            .where(
                _is(listing, "collection", "listed_by"),
                # The first two conditions say less than the others; some databases find their way
                # into an index by them only.
                entry >= low[0],
                entry <= high[0],
                tuple_(entry, key) > tuple_(*low),
                tuple_(entry, key) < tuple_(*high),
            )
            .limit(bindparam("count"))
        )
        self.ascending = found.order_by(entry, key)
        self.descending = found.order_by(entry.desc(), key.desc())
        listed = select(listing.c.listed_by, entry, key)
        self.listings = listed.where(_among(listing, "collection"))
        self.listings_of_one = listed.where(_is(listing, "collection", "key"))
        self.add_listing = insert(listing)
        self.move_listing = _set(listing, "entry").where(
            _is(listing, "collection", "listed_by", "entry", "key")
        )
        self.remove_listing = delete(listing).where(
            _is(listing, "collection", "listed_by", "entry", "key")
        )
        self.remove_listings = delete(listing).where(_among(listing, "collection"))
        self.remove_all_listings = delete(listing).where(_is(listing, "collection"))

    def _of_postgresql(self, tables: Tables) -> None:
        """Replace a record and list it anew with one message, where nothing can come between.

        ``new_listed_by`` and ``new_entries`` are two lists of the same length. The answer is how
        many records were replaced: none if the version is another one, and then nothing is listed.
        """
        record, listing = tables.record, tables.listing
        index, entry = listing.c.listed_by, listing.c.entry
        changed = self.set_record.returning(record.c.collection, record.c.key).cte("changed")
        new = (
            func.unnest(
                bindparam("new_listed_by", type_=ARRAY(TEXT)),
                bindparam("new_entries", type_=ARRAY(BYTEA)),
            )
            .table_valued(column("listed_by", index.type), column("entry", entry.type))
            .render_derived(name="new")
        )
        gone = delete(listing).where(
            listing.c.collection == changed.c.collection,
            listing.c.key == changed.c.key,
            tuple_(index, entry).not_in(select(new.c.listed_by, new.c.entry)),
        )
        rows = select(changed.c.collection, new.c.listed_by, new.c.entry, changed.c.key)
        added = insert_or_skip(listing).from_select(
            [listing.c.collection, index, entry, listing.c.key], rows.join(new, true())
        )
        self.replace_and_list = (
            select(func.count())
            .select_from(changed)
            .add_cte(gone.cte("gone"), added.on_conflict_do_nothing().cte("added"))
        )

    def _of_streams(self, tables: Tables) -> None:
        entry, snapshot = tables.entry, tables.snapshot
        of_stream = _is(entry, "stream", "key")
        self.numbers = select(
            # Each end is looked up in the index by itself; both in one question would read all.
            select(func.min(entry.c.number)).where(of_stream).scalar_subquery(),
            select(func.max(entry.c.number)).where(of_stream).scalar_subquery(),
        )
        self.lengths = (
            select(entry.c.key, func.max(entry.c.number))
            .where(_among(entry, "stream"))
            .group_by(entry.c.key)
        )
        self.entries = (
            select(entry.c.number, entry.c.document)
            .where(
                of_stream,
                entry.c.number > bindparam("after"),
                entry.c.number <= bindparam("until"),
            )
            .order_by(entry.c.number)
        )
        self.keys = (
            select(entry.c.key)
            .where(
                _is(entry, "stream"),
                entry.c.key > bindparam("above"),
                entry.c.number == 1,
            )
            .order_by(entry.c.key)
            .limit(bindparam("count"))
        )
        self.add_entry = insert(entry)
        self.remove_entry = delete(entry).where(_is(entry, "stream", "key", "number"))
        self.remove_entries = delete(entry).where(of_stream, entry.c.number <= bindparam("until"))
        of_fold = _is(snapshot, "stream", "key", "fold")
        self.snapshot = select(snapshot.c.length, snapshot.c.revision, snapshot.c.document).where(
            of_fold
        )
        self.add_snapshot = insert(snapshot)
        self.set_snapshot = _set(snapshot, "length", "revision", "document").where(of_fold)
        self.remove_snapshots = delete(snapshot).where(_is(snapshot, "stream", "key"))

    def last_entries(self, count: int) -> Select[Any]:
        """The entries with the numbers ``number_...`` under the keys ``key_...`` of a stream.

        Every database looks up what is spelled out; a list of pairs some search through.
        """
        if count not in self._last_entries:
            entry = self.tables.entry
            pairs = (
                and_(
                    _is(entry, "stream"),
                    entry.c.key == bindparam(f"key_{each}"),
                    entry.c.number == bindparam(f"number_{each}"),
                )
                for each in range(count)
            )
            self._last_entries[count] = select(entry.c.key).where(or_(*pairs)).order_by(entry.c.key)
        return self._last_entries[count]

    def _of_commands(self, tables: Tables) -> None:
        answer, message = tables.answer, tables.message
        kept = select(
            answer.c.key, answer.c.digest, answer.c.at, answer.c.document, answer.c.outcome
        )
        self.answer = kept.where(_is(answer, "key"))
        self.answers = (
            kept.where(answer.c.key > bindparam("above"))
            .order_by(answer.c.key)
            .limit(bindparam("count"))
        )
        self.known_answers = select(answer.c.key).where(
            answer.c.key.in_(bindparam("keys", expanding=True))
        )
        self.add_answer = insert(answer)
        self.set_answer = _set(answer, "digest", "at", "document", "outcome").where(
            _is(answer, "key")
        )
        self.remove_answer = delete(answer).where(_is(answer, "key"))
        self.remove_answers = delete(answer).where(answer.c.at < bindparam("before"))
        self.messages = (
            select(message.c.id, message.c.topic, message.c.payload)
            .where(message.c.id > bindparam("above"))
            .order_by(message.c.id)
            .limit(bindparam("count"))
        )
        self.add_message = insert(message)
        self.remove_messages = delete(message).where(
            message.c.id.in_(bindparam("numbers", expanding=True))
        )


def _is(table: Table, *names: str) -> ColumnElement[bool]:
    """The rows that the parameters ``at_...`` name."""
    return and_(*(table.c[name] == bindparam(f"at_{name}") for name in names))


def _among(table: Table, first: str) -> ColumnElement[bool]:
    """The rows of one collection or stream under any of the keys in the parameter ``keys``."""
    return and_(_is(table, first), table.c.key.in_(bindparam("keys", expanding=True)))


def _set(table: Table, *names: str) -> Update:
    """Write what the parameters ``new_...`` hold."""
    return update(table).values({name: bindparam(f"new_{name}") for name in names})
