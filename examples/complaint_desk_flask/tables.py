"""The tables of the app itself; those of crmkit lie beside them, in the same database."""

from sqlalchemy import Boolean, Column, Engine, ForeignKey, MetaData, String, Table, Text

from crmkit.storage.sqlalchemy import SqlAlchemyStore

__all__ = ["create_tables", "disputes", "letters", "metadata", "orders"]

metadata = MetaData()

orders = Table(
    "orders",
    metadata,
    Column("number", String(40), primary_key=True),
    Column("customer", String(40), nullable=False),
)
"""What was sold, and to whom."""

disputes = Table(
    "disputes",
    metadata,
    Column("complaint", String(40), primary_key=True),
    Column("order_number", ForeignKey(orders.c.number), nullable=False, index=True),
    Column("is_open", Boolean, nullable=False),
)
"""Which orders somebody complains about: while a dispute is open, nobody sends a reminder to pay.

A complaint and its dispute are written in one transaction, so that they never contradict."""

letters = Table(
    "letters",
    metadata,
    Column("complaint", String(40), nullable=False, index=True),
    Column("text", Text, nullable=False),
)
"""What goes out by post, for whoever prints it."""


def create_tables(engine: Engine) -> None:
    """Make all tables that are not there yet.

    An app with migrations makes those of crmkit there: Alembic takes a list of metadata,
    ``target_metadata = [metadata, crmkit.storage.sqlalchemy.metadata()]``, and the migration ends
    with ``SqlAlchemyStore(op.get_bind()).create_schema()``.
    """
    metadata.create_all(engine)
    SqlAlchemyStore(engine).create_schema()
