"""What engines call the same thing: the few words in which portable SQL differs."""

from enum import StrEnum

from attrs import frozen

from crmkit.errors import InvalidValue

__all__ = ["Dialect", "Words", "words_of"]


class Dialect(StrEnum):
    """The engine that SQL text is meant for."""

    SQLITE = "sqlite"
    DUCKDB = "duckdb"
    POSTGRESQL = "postgresql"
    SPARK = "spark"
    MYSQL = "mysql"
    """MySQL from 8.0 on, and MariaDB. They cut off a sum beyond 64 bits, and only warn of it."""


@frozen(kw_only=True)
class Words:
    """How one engine says it: customers compared by code point, and whole numbers of 64 bits."""

    customer: str
    """The customer of a line, so that no collation of the engine makes two keys one."""
    whole: str = "BIGINT"
    """The type of a whole number of 64 bits, in a CAST."""
    customer_type: str
    """The type of the column of customers."""
    checks: bool = True
    """Whether a table can hold constraints."""
    is_typed: bool = True
    """Whether a column holds values of its type only."""


_WORDS = {
    Dialect.SQLITE: Words(
        customer="customer_id COLLATE BINARY", customer_type="TEXT", is_typed=False
    ),
    Dialect.DUCKDB: Words(customer='customer_id COLLATE "binary"', customer_type="VARCHAR"),
    Dialect.POSTGRESQL: Words(customer='customer_id COLLATE "C"', customer_type='TEXT COLLATE "C"'),
    Dialect.SPARK: Words(
        customer="customer_id COLLATE UTF8_BINARY", customer_type="STRING", checks=False
    ),
    Dialect.MYSQL: Words(
        customer="CONVERT(customer_id USING utf8mb4) COLLATE utf8mb4_bin",
        whole="SIGNED",
        customer_type="VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
    ),
}


def words_of(dialect: Dialect | str) -> Words:
    """The words of an engine, by its member or its name.

    :raises InvalidValue: if crmkit knows no such engine.
    """
    try:
        return _WORDS[Dialect(dialect)]
    except ValueError:
        raise InvalidValue(f"a dialect is one of {', '.join(Dialect)}") from None
