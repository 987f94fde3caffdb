"""The batch kernel as SQL text, for customers who are in a database already.

The text is the same for every engine but for the words in :mod:`crmkit.warehouse.dialects`. Nothing
in it divides, rounds, or computes with dates: whole numbers go in and come out, so every engine
finds the same, which :func:`~crmkit.warehouse.digest_of` tells. All numbers in it are literals of
Python's own ints; names are checked against a pattern, so no text of a caller becomes SQL. No step
sorts or numbers all customers in one place.
"""

import re
from collections.abc import Sequence
from datetime import date

from crmkit.errors import InvalidIdentifier, InvalidPolicy
from crmkit.lifetime_value import RefundRule
from crmkit.warehouse.cut_points import CutPoints, ScoredCustomer
from crmkit.warehouse.dialects import Dialect, words_of
from crmkit.warehouse.kernel import (
    AMOUNT_LIMIT,
    EARLIEST_DAY,
    LATEST_DAY,
    CustomerSummary,
    check_refunds,
    day_of,
)

__all__ = [
    "check_sql",
    "histogram_sql",
    "histories_sql",
    "lines_sql",
    "score_sql",
    "spends_sql",
    "summarize_sql",
    "table_sql",
]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}(\.[A-Za-z_][A-Za-z0-9_]{0,62}){0,2}", re.ASCII)
_OWN_NAMES = ("crmkit_lines", "crmkit_days", "crmkit_met")


def _table(name: str) -> str:
    """A name of a table as it is, if it is nothing but that."""
    if type(name) is not str or not _NAME.fullmatch(name) or name.lower() in _OWN_NAMES:
        raise InvalidIdentifier(
            "a table is named by ASCII letters, digits and underscores, such as purchases or "
            f"shop.purchases, and other than {', '.join(_OWN_NAMES)}: make a view for any other"
        )
    return name


# --- the canonical table --------------------------------------------------------------------------


def table_sql(table: str, *, dialect: Dialect | str) -> str:
    """The statement that makes an empty canonical table, with all that the engine can guard.

    :raises InvalidIdentifier: if the table has no plain name.
    :raises InvalidValue: if the dialect is unknown.

    >>> print(table_sql("purchases", dialect="postgresql"))
    CREATE TABLE purchases (
      customer_id TEXT COLLATE "C" NOT NULL,
      day INTEGER NOT NULL CHECK (day BETWEEN -719162 AND 2932896),
      amount_minor BIGINT NOT NULL
        CHECK (amount_minor BETWEEN -9007199254740991 AND 9007199254740991)
    )
    """
    words = words_of(dialect)
    in_days, in_amounts = f" CHECK (day {_DAYS})", f"\n    CHECK (amount_minor {_AMOUNTS})"
    whole = _is_whole("day"), _is_whole("amount_minor")
    if not words.checks:
        in_days = in_amounts = ""
    elif not words.is_typed:
        in_days, in_amounts = f"{in_days} CHECK ({whole[0]})", f"{in_amounts} CHECK ({whole[1]})"
    return (
        f"CREATE TABLE {_table(table)} (\n"
        f"  customer_id {words.customer_type} NOT NULL,\n"
        f"  day INTEGER NOT NULL{in_days},\n"
        f"  amount_minor BIGINT NOT NULL{in_amounts}\n"
        ")"
    )


_DAYS = f"BETWEEN {EARLIEST_DAY} AND {LATEST_DAY}"
_AMOUNTS = f"BETWEEN {1 - AMOUNT_LIMIT} AND {AMOUNT_LIMIT - 1}"


def _is_whole(column: str) -> str:
    return f"typeof({column}) = 'integer'"


def check_sql(table: str, *, dialect: Dialect | str) -> str:
    """The query that counts what has no place in a canonical table; one row, all but the first 0.

    Ask it before :func:`summarize_sql`, unless the table was made by :func:`table_sql`: engines
    disagree about what is missing or not whole. Columns: ``table_lines`` in all; those without
    customer, day or amount (``incomplete``); with a day or amount out of all bounds
    (``out_of_bounds``); with a part of a day or of a minor unit, or no number (``not_whole``).

    :raises InvalidIdentifier: if the table has no plain name.
    :raises InvalidValue: if the dialect is unknown.
    """
    words = words_of(dialect)
    if words.is_typed:
        whole = " OR ".join(
            f"{column} <> CAST({column} AS {words.whole})" for column in ("day", "amount_minor")
        )
    else:
        whole = (
            f"NOT (typeof(customer_id) = 'text' AND {_is_whole('day')}"
            f" AND {_is_whole('amount_minor')})"
        )
    columns = ("customer_id", "day", "amount_minor")
    missing = " OR ".join(f"{column} IS NULL" for column in columns)
    return (
        "SELECT COUNT(*) AS table_lines,\n"
        f"  {_count(missing)} AS incomplete,\n"
        f"  {_count(f'day NOT {_DAYS} OR amount_minor NOT {_AMOUNTS}')} AS out_of_bounds,\n"
        f"  {_count(whole)} AS not_whole\n"
        f"FROM {_table(table)}"
    )


def _count(condition: str) -> str:
    return f"COUNT(CASE WHEN {condition} THEN 1 END)"


def lines_sql(table: str, *, as_of: date, dialect: Dialect | str = Dialect.SQLITE) -> str:
    """The query for all lines up to a day, sorted as ``summarize_sorted`` wants them.

    :raises InvalidIdentifier: if the table has no plain name.
    :raises InvalidValue: if ``as_of`` is not a plain date, or the dialect is unknown.

    >>> from datetime import date
    >>> print(lines_sql("purchases", as_of=date(1998, 6, 30), dialect="postgresql"))
    SELECT customer_id, day, amount_minor
    FROM purchases
    WHERE day <= 10407
    ORDER BY customer_id COLLATE "C"
    """
    return (
        f"SELECT customer_id, day, amount_minor\nFROM {_table(table)}\n"
        f"WHERE day <= {day_of(as_of)}\nORDER BY {words_of(dialect).customer}"
    )


# --- summaries ------------------------------------------------------------------------------------


def summarize_sql(
    table: str,
    *,
    as_of: date,
    dialect: Dialect | str = Dialect.SQLITE,
    refunds: RefundRule = RefundRule.NET,
) -> str:
    """The query that sums up a canonical table: the columns and rows of ``CustomerSummary``.

    The table has the columns ``customer_id`` (text), ``day`` (days since 1970-01-01) and
    ``amount_minor`` (minor units of one currency, refunds below zero), none of them missing. Its
    name may have a schema and a catalog before it. The rows come in no order.

    A sum beyond 64 bits is an error of the engine; MySQL and MariaDB cut it off with a warning.

    :raises InvalidIdentifier: if the table has no plain name.
    :raises InvalidValue: if ``as_of`` is not a plain date, or the dialect is unknown.
    :raises InvalidPolicy: if ``refunds`` is no :class:`~crmkit.lifetime_value.RefundRule`.

    >>> import sqlite3
    >>> from datetime import date
    >>> shop = sqlite3.connect(":memory:")
    >>> _ = shop.execute(table_sql("purchases", dialect="sqlite"))
    >>> lines = [("anna", 0, 500), ("anna", 7, 300), ("bert", 3, 900)]
    >>> _ = shop.executemany("INSERT INTO purchases VALUES (?, ?, ?)", lines)
    >>> query = summarize_sql("purchases", as_of=date(1970, 1, 11))
    >>> sorted(CustomerSummary(*row).repeat_minor for row in shop.execute(query))
    [0, 300]
    """
    today, words = day_of(as_of), words_of(dialect)
    charged = " AND amount_minor >= 0" if check_refunds(refunds) is RefundRule.IGNORE else ""

    def whole(expression: str) -> str:
        return f"CAST({expression} AS {words.whole})"

    first, last = (f"{pick}(CASE WHEN bought = 1 THEN day END)" for pick in ("MIN", "MAX"))
    found = (
        "customer_id",
        first,
        last,
        "SUM(bought)",
        f"{today} - {last}",
        "SUM(bought) - 1",
        f"{last} - {first}",
        f"{today} - {first}",
        "SUM(minor)",
        "SUM(CASE WHEN met >= 2 THEN minor ELSE 0 END)",
    )
    columns = ",\n".join(
        f"  {item if name == 'customer_id' else whole(item)} AS {name}"
        for name, item in zip(CustomerSummary._fields, found, strict=True)
    )
    return _SUMMARIZE.format(
        customer=words.customer,
        table=_table(table),
        today=today,
        charged=charged,
        minor=whole("SUM(amount_minor)"),
        columns=columns,
    )


_SUMMARIZE = """\
WITH crmkit_lines AS (
  SELECT {customer} AS customer_id, day, amount_minor
  FROM {table}
  WHERE day <= {today}{charged}
), crmkit_days AS (
  SELECT customer_id, day, {minor} AS minor,
    MAX(CASE WHEN amount_minor >= 0 THEN 1 ELSE 0 END) AS bought
  FROM crmkit_lines
  GROUP BY customer_id, day
), crmkit_met AS (
  SELECT customer_id, day, minor, bought,
    SUM(bought) OVER (PARTITION BY customer_id ORDER BY day ROWS UNBOUNDED PRECEDING) AS met
  FROM crmkit_days
)
SELECT
{columns}
FROM crmkit_met
GROUP BY customer_id
HAVING SUM(bought) > 0"""


# --- counts ---------------------------------------------------------------------------------------

_COUNTABLE = CustomerSummary._fields[1:]


def histogram_sql(summaries: str, column: str) -> str:
    """The query that counts how many customers have each value of a column of the summaries.

    Its pairs (``value``, ``customers``) make a ``Histogram``; ``summaries`` names a table or view
    of what :func:`summarize_sql` gives.

    :raises InvalidIdentifier: if the table has no plain name, or no summary has such a column.

    >>> print(histogram_sql("summaries", "purchase_days"))
    SELECT purchase_days AS value, COUNT(*) AS customers
    FROM summaries
    GROUP BY purchase_days
    """
    if column not in _COUNTABLE:
        raise InvalidIdentifier(f"customers are counted by one of {', '.join(_COUNTABLE)}")
    return (
        f"SELECT {column} AS value, COUNT(*) AS customers\n"
        f"FROM {_table(summaries)}\nGROUP BY {column}"
    )


def histories_sql(summaries: str) -> str:
    """The query that counts equal histories: what ``counted_facts`` takes, and the count.

    :raises InvalidIdentifier: if the table has no plain name.
    """
    return _counted(summaries, "repeat_purchases, days_at_last_purchase, customer_age_days")


def spends_sql(summaries: str) -> str:
    """The query that counts equal spends on repeats: what ``counted_spend`` takes, and the count.

    :raises InvalidIdentifier: if the table has no plain name.
    """
    return _counted(summaries, "repeat_purchases, repeat_minor")


def _counted(summaries: str, columns: str) -> str:
    return f"SELECT {columns}, COUNT(*) AS customers\nFROM {_table(summaries)}\nGROUP BY {columns}"


# --- scores ---------------------------------------------------------------------------------------


def score_sql(summaries: str, cut_points: CutPoints) -> str:
    """The query that scores summaries row by row: the columns and rows of ``ScoredCustomer``.

    :raises InvalidIdentifier: if the table has no plain name.
    :raises InvalidPolicy: if a class has a name that does not go into the SQL of every engine.
    """
    scale, tiers = cut_points.scale, cut_points.tiers
    for name in tiers.names:
        if not all(letter.isalnum() or letter in " _-+." for letter in name):
            raise InvalidPolicy(
                "the name of a class goes into the SQL: letters, digits and blanks, and - + _ ."
            )
    dimensions = (
        _scored("recency_days <=", scale.recency_at_most),
        _scored("purchase_days >=", scale.frequency_at_least),
        _scored("total_minor >=", [money.minor for money in scale.monetary_at_least]),
    )
    reached = "".join(
        f"WHEN total_minor >= {money.minor} THEN '{name}' "
        for name, money in zip(tiers.names, tiers.thresholds, strict=False)
        if money is not None
    )
    last = f"'{tiers.names[-1]}'"
    tier = f"CASE {reached}ELSE {last} END" if reached else last
    named = zip(ScoredCustomer._fields, ("customer_id", *dimensions, tier), strict=True)
    columns = ",\n".join(f"  {expression} AS {name}" for name, expression in named)
    return f"SELECT\n{columns}\nFROM {_table(summaries)}"


def _scored(reaches: str, thresholds: Sequence[int]) -> str:
    """The score of a column: the highest one whose threshold it reaches."""
    steps = list(enumerate(thresholds, start=2))
    best_first = " ".join(f"WHEN {reaches} {edge} THEN {score}" for score, edge in reversed(steps))
    return f"CASE {best_first} ELSE 1 END"
