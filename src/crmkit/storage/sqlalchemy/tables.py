"""The tables of a store inside a host's own database, in types that mean the same everywhere.

Keys compare by code point, whatever the database does with the texts of others. Amounts, versions
and instants are whole numbers: the portable types for decimals and zoned datetimes lose both on
SQLite. Documents are plain texts that no statement looks into.
"""

import re
from typing import Any

from attrs import frozen
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    insert,
    inspect,
    select,
)
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.types import TypeEngine

from crmkit.errors import InvalidPolicy, NewerSchema
from crmkit.storage.sqlalchemy.faults import foreign, missing
from crmkit.storage.unit.changes import LONGEST_LISTING

__all__ = [
    "SCHEMA_VERSION",
    "Tables",
    "check_version",
    "create",
    "metadata",
    "version_question",
]

SCHEMA_VERSION = 1
"""The newest schema version that this release reads and writes."""

_OURS = "crmkit"
_PREFIX = re.compile(r"[a-z][a-z0-9_]{0,30}", re.ASCII)
_UTF8 = {"charset": "utf8mb4", "collation": "utf8mb4_bin"}
_OPTIONS: dict[str, Any] = {
    f"{dialect}_{option}": value
    for dialect in ("mysql", "mariadb")
    for option, value in (("engine", "InnoDB"), ("charset", "utf8mb4"), ("collate", "utf8mb4_bin"))
}

_ON_SQLITE: dict[str, dict[str, Any]] = {
    # The number of a message that was handed over is never used again.
    "message": {"sqlite_autoincrement": True},
    # Otherwise SQLite would search all listings of a collection for those of one record.
    "listing": {"sqlite_with_rowid": False},
}


def _text(length: int) -> TypeEngine[str]:
    return (
        String(length)
        .with_variant(postgresql.TEXT(collation="C"), "postgresql")
        .with_variant(mysql.VARCHAR(length, **_UTF8), "mysql", "mariadb")
    )


def _document() -> TypeEngine[str]:
    return Text().with_variant(mysql.LONGTEXT(**_UTF8), "mysql", "mariadb")


def _bytes() -> TypeEngine[bytes]:
    return LargeBinary().with_variant(mysql.VARBINARY(LONGEST_LISTING), "mysql", "mariadb")


def _number() -> TypeEngine[int]:
    # SQLite counts by itself in a column of this very type only, which holds 64 bits all the same.
    return BigInteger().with_variant(Integer(), "sqlite")


def _named(name: str, *, key: bool = True) -> Column[str]:
    return Column(name, _text(60), primary_key=key, nullable=False)


def _key(*, key: bool = True) -> Column[str]:
    return Column("key", _text(255), primary_key=key, nullable=False)


def _counted(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def _written(name: str = "document") -> Column[str]:
    return Column(name, _document(), nullable=False)


@frozen
class Tables:
    """The tables of one store."""

    metadata: MetaData
    schema: Table
    shelf: Table
    record: Table
    listing: Table
    entry: Table
    snapshot: Table
    answer: Table
    message: Table

    @classmethod
    def of(cls, prefix: str, schema: str | None) -> "Tables":
        """Lay the tables out under a prefix, in a schema of the database or its usual one.

        :raises InvalidPolicy: if the prefix could not begin a name in every database.
        """
        if type(prefix) is not str or _PREFIX.fullmatch(prefix) is None:
            raise InvalidPolicy(
                "a prefix is up to 31 lower-case letters, digits and underscores, such as 'crmkit_'"
            )
        made = MetaData(schema=schema)

        def table(name: str, *columns: Column[str] | Column[int] | Column[bytes]) -> Table:
            return Table(f"{prefix}{name}", made, *columns, **_OPTIONS, **_ON_SQLITE.get(name, {}))

        tables = cls(
            metadata=made,
            schema=table("schema", _named("name"), _counted("version")),
            shelf=table("shelf", _named("collection"), _counted("floor"), _written("signature")),
            record=table("record", _named("collection"), _key(), _counted("version"), _written()),
            listing=table(
                "listing",
                _named("collection"),
                _named("listed_by"),
                Column("entry", _bytes(), primary_key=True, nullable=False),
                _key(),
            ),
            entry=table("entry", _named("stream"), _key(), _numbered(), _written()),
            snapshot=table(
                "snapshot",
                *(_named("stream"), _key(), _named("fold")),
                *(_counted("length"), _counted("revision"), _written()),
            ),
            answer=table(
                "answer",
                *(_key(), Column("digest", _text(64), nullable=False), _counted("at"), _written()),
                Column("outcome", _text(10), nullable=False),
            ),
            message=table(
                "message",
                Column("id", _number(), primary_key=True, autoincrement=True),
                *(Column("topic", _text(255), nullable=False), _written("payload")),
            ),
        )
        listed = tables.listing.c
        Index(f"{prefix}listing_of_record", listed.collection, listed.key)
        Index(f"{prefix}answer_by_instant", tables.answer.c.at)
        return tables


def _numbered() -> Column[int]:
    return Column("number", BigInteger, primary_key=True, nullable=False, autoincrement=False)


def metadata(*, prefix: str = "crmkit_", schema: str | None = None) -> MetaData:
    """The tables of a store, for the migrations of a host: a fresh ``MetaData`` each time.

    :raises InvalidPolicy: if the prefix could not begin a name in every database.

    >>> sorted(metadata(prefix="desk_").tables)[:3]
    ['desk_answer', 'desk_entry', 'desk_listing']
    """
    return Tables.of(prefix, schema).metadata


# --- making and recognizing them ------------------------------------------------------------------


def create(connection: Connection, tables: Tables) -> None:
    """Make the tables that are not there yet, and note their version last.

    :raises ForeignStore: if tables of these names belong to somebody else.
    :raises NewerSchema: if a newer release has made them.
    """
    there = inspect(connection)
    question = version_question(tables, connection.dialect)
    named, schema = tables.schema.name, tables.schema.schema
    if there.has_table(named, schema=schema):
        check_version(connection.exec_driver_sql(question).scalar() or SCHEMA_VERSION)
    elif any(there.has_table(each.name, schema=schema) for each in tables.metadata.sorted_tables):
        raise foreign()
    tables.metadata.create_all(connection, tables=[tables.schema])
    tables.metadata.create_all(connection)
    if connection.exec_driver_sql(question).scalar() is None:
        connection.execute(insert(tables.schema), {"name": _OURS, "version": SCHEMA_VERSION})


def check_version(found: int | None) -> None:
    """Refuse tables that are unfinished, or that a newer release has brought up to its own schema.

    ``found`` is the answer to :func:`version_question`. It is the first that every unit of work
    asks, so that what the unit sees stands still from there on.

    :raises StoreUnavailable: if they are not there.
    :raises NewerSchema: if they are newer than this release.
    """
    if found is None:
        raise missing()
    if found > SCHEMA_VERSION:
        raise NewerSchema("the tables of the store", found, SCHEMA_VERSION)


def version_question(tables: Tables, dialect: Dialect) -> str:
    """What asks for the version of the tables, put together once for each store."""
    of = tables.schema.c
    question = select(of.version).where(of.name == _OURS)
    return str(question.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
