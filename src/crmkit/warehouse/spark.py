"""The batch kernel on Spark: the same functions, run where the records are.

Needs ``pip install 'crmkit[spark]'`` where the program runs, and crmkit on every worker. Each
function takes a data frame and gives another, or counts that are small enough for one machine:

- :func:`summarize` brings the lines of each customer together and sums them up;
- :func:`histograms` counts, so that :class:`~crmkit.warehouse.CutPoints` can be fitted;
- :func:`score` decides row by row;
- :func:`count_histories` and :func:`count_spends` count what the models of lifetime value are
  fitted to, and :func:`value_summaries` puts a value on each customer.

Nothing here sorts or numbers all customers in one place. What comes out are whole numbers and
texts, equal to the last digit to what :mod:`crmkit.warehouse` finds in one process. Works on
classic Spark and on Spark Connect. Data frames are lazy: a fault in the records shows when a result
is asked for, as a ``PythonException`` of Spark that names crmkit's own error. Keep (``cache()``)
summaries that are used more than once; else they are computed again each time.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from itertools import chain, islice, repeat
from typing import TYPE_CHECKING, Any

from crmkit.errors import InvalidValue, MissingExtra
from crmkit.lifetime_value import ExpectedValue, RefundRule
from crmkit.money import digits_of
from crmkit.period import MEAN_GREGORIAN_YEAR, Unit
from crmkit.warehouse.cut_points import CutPoints, Histograms
from crmkit.warehouse.histories import History
from crmkit.warehouse.histories import value_summaries as values_of
from crmkit.warehouse.kernel import CustomerSummary, Line, day_of, summarize_sorted
from crmkit.warehouse.sql import score_sql

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame

__all__ = [
    "COLUMNS",
    "count_histories",
    "count_spends",
    "histograms",
    "score",
    "summarize",
    "value_summaries",
]

COLUMNS = ("customer_id", "day", "amount_minor")
"""The columns of the canonical table: who, when, and how much."""

_WHOLE = ("tinyint", "smallint", "int", "bigint")
_WANTED = (
    ("string",),
    (*_WHOLE, "date"),
    _WHOLE,
)
_ADVICE = (
    "a customer is a STRING with the collation UTF8_BINARY, which is the usual one: CAST it",
    "a day is a DATE, or whole days since 1970-01-01: CAST a timestamp AS DATE in the zone of the "
    "shop",
    "an amount is whole minor units: CAST(amount * 100 AS BIGINT) for a decimal amount in EUR",
)

_BIG = ("total_minor", "repeat_minor", "value_minor")
_SUMMARY = CustomerSummary._fields
_VALUE = ("customer_id", "value_minor")
_HISTORY = ("repeat_purchases", "days_at_last_purchase", "customer_age_days")

# Large enough that the cost of a batch does not show, small enough for the memory of a worker.
_ROWS_IN_A_BATCH = 10_000
_CUSTOMERS_AT_ONCE = 1_000

Row = tuple[Any, ...]


# --- from lines to summaries ----------------------------------------------------------------------


def summarize(
    purchases: "DataFrame",
    *,
    as_of: date,
    refunds: RefundRule = RefundRule.NET,
    columns: Sequence[str] = COLUMNS,
    partitions: int | None = None,
) -> "DataFrame":
    """Sum up what each customer bought up to a day: a row of ``CustomerSummary`` for each.

    ``columns`` name the customer, the day and the amount in minor units of one currency, a refund
    below zero; a day may be a ``DATE``. All lines of a customer go to one partition, whose lines a
    worker holds in its memory, at some 40 bytes each. Without ``partitions`` their number is that
    of the session's ``spark.sql.shuffle.partitions``.

    Asked for a result, Spark fails with the kernel's ``InvalidValue`` or ``InvalidIdentifier`` if
    something in a line is missing, a customer could not serve as a key, or an amount is 2^53 minor
    units or more.

    :raises InvalidValue: if ``as_of`` is not a plain date, or there are no such columns of these
        types.
    :raises InvalidPolicy: if ``refunds`` is no :class:`~crmkit.lifetime_value.RefundRule`.
    :raises MissingExtra: if pyarrow is not installed.
    """
    _arrow()
    summarize_sorted((), as_of=as_of, refunds=refunds)  # Refuses such terms now, not on a worker.
    expressions = _canonical(purchases, columns)
    lines = purchases.selectExpr(*expressions)
    # What is missing is let through: the kernel refuses it.
    known = lines.where(f"day IS NULL OR day <= {day_of(as_of)}")
    together = (
        known.repartition("customer_id")
        if partitions is None
        else known.repartition(partitions, "customer_id")
    )
    return together.mapInArrow(partial(_summarized, as_of=as_of, refunds=refunds), _ddl(_SUMMARY))


def _canonical(purchases: "DataFrame", columns: Sequence[str]) -> list[str]:
    """The expressions that make the canonical table of three columns."""
    if len(columns) != len(COLUMNS) or isinstance(columns, str):
        raise InvalidValue("the columns are three: the customer, the day, and the amount")
    types = dict(_types(purchases))
    expressions = []
    for column, name, wanted, advice in zip(columns, COLUMNS, _WANTED, _ADVICE, strict=True):
        if column not in types:
            raise InvalidValue(f"there is no column {column!r}: name the three with columns=")
        if types[column] not in wanted:
            raise InvalidValue(f"the column {column!r} is a {types[column]}; {advice}")
        quoted = f"`{column.replace('`', '``')}`"
        days = f"unix_date({quoted})" if types[column] == "date" else quoted
        expressions.append(f"{days} AS {name}")
    return expressions


def _types(frame: "DataFrame") -> list[tuple[str, str]]:
    try:
        types: list[tuple[str, str]] = frame.dtypes
    except AttributeError:
        raise InvalidValue(
            f"records on Spark are a {type(frame).__name__}: pass a DataFrame of pyspark.sql"
        ) from None
    return types


def _summarized(
    batches: Iterable["pa.RecordBatch"], *, as_of: date, refunds: RefundRule
) -> Iterator["pa.RecordBatch"]:
    """Sum up the lines of one partition; a customer may begin in one batch and end in another."""
    return _batches(summarize_sorted(_lines(batches), as_of=as_of, refunds=refunds), _SUMMARY)


def _lines(batches: Iterable["pa.RecordBatch"]) -> Iterator[Line]:
    """The lines of one partition, customer by customer, in the order of code points.

    Arrow groups and sorts them at a fraction of what it costs Spark; only lines of a few customers
    at a time become objects of Python.
    """
    listed = list(batches)
    if not listed:
        return
    lists = [(name, "list") for name in COLUMNS[1:]]
    lines = _arrow().Table.from_batches(listed)
    grouped = lines.group_by(COLUMNS[0], use_threads=False).aggregate(lists).sort_by(COLUMNS[0])
    del listed, lines
    for some in grouped.to_batches(max_chunksize=_CUSTOMERS_AT_ONCE):
        days, minors = (some[f"{name}_list"] for name in COLUMNS[1:])
        lengths = days.value_lengths().to_pylist()
        customers = chain.from_iterable(map(repeat, some[COLUMNS[0]].to_pylist(), lengths))
        yield from zip(
            customers, days.flatten().to_pylist(), minors.flatten().to_pylist(), strict=True
        )


# --- from summaries to scores ---------------------------------------------------------------------


def histograms(summaries: "DataFrame", *, currency: str) -> Histograms:
    """Count how many customers have which recency, frequency and money: what cut points need.

    Spark groups and counts in one pass; the counts come to this machine, one for each distinct
    value.

    :raises InvalidValue: if these are no summaries.
    :raises InvalidMoney: if the currency is unknown.
    """
    digits_of(currency)  # Refuses an unknown one before anything is counted.
    three = (
        "stack(3, 0, CAST(recency_days AS BIGINT), 1, CAST(purchase_days AS BIGINT), "
        "2, total_minor) AS (dimension, value)"
    )
    counted = _counted(_summaries(summaries).selectExpr(three), "dimension", "value")
    recency, frequency, monetary = (
        {value: count for (of, value), count in counted.items() if of == dimension}
        for dimension in range(3)
    )
    return Histograms.of_counts(
        recency=recency, frequency=frequency, monetary=monetary, currency=currency
    )


def score(summaries: "DataFrame", cut_points: CutPoints) -> "DataFrame":
    """Score each customer: the summaries with the three scores and the class beside them.

    Each row is decided for itself, by the text that :func:`~crmkit.warehouse.score_sql` gives to
    every engine; no row is moved, and none goes through Python.

    :raises InvalidValue: if these are no summaries.
    :raises InvalidPolicy: if a class has a name that does not go into the SQL of every engine.
    """
    text = score_sql("summaries", cut_points)
    columns = text.removeprefix("SELECT\n").removesuffix("\nFROM summaries").split(",\n")
    return _summaries(summaries).selectExpr("*", *columns[1:])


# --- lifetime value -------------------------------------------------------------------------------


def count_histories(summaries: "DataFrame") -> Counter[History]:
    """Count equal histories: what :func:`~crmkit.warehouse.counted_facts` makes facts of.

    :raises InvalidValue: if these are no summaries.
    """
    return _counted(_summaries(summaries), *_HISTORY)


def count_spends(summaries: "DataFrame") -> Counter[tuple[int, int]]:
    """Count equal spends: what :func:`~crmkit.warehouse.counted_spend` makes facts of.

    :raises InvalidValue: if these are no summaries.
    """
    return _counted(_summaries(summaries), "repeat_purchases", "repeat_minor")


def value_summaries(
    summaries: "DataFrame",
    value: ExpectedValue[Any, Any],
    *,
    as_of: date,
    unit: Unit,
    whole_units: bool = False,
    days_in_year: Decimal = MEAN_GREGORIAN_YEAR,
) -> "DataFrame":
    """Put a value on each customer, in minor units of the value's currency.

    Customers with equal histories go to one partition, so that the model is asked about each
    history once. ``as_of`` is the day of the summaries; unit and rounding of ages are those that
    the model was fitted with.

    :raises InvalidValue: if these are no summaries.
    :raises MissingExtra: if pyarrow is not installed.
    """
    _arrow()
    terms = {"as_of": as_of, "unit": unit, "whole_units": whole_units, "days_in_year": days_in_year}
    together = _summaries(summaries).repartition(*_HISTORY)
    return together.mapInArrow(partial(_valued, value=value, terms=terms), _ddl(_VALUE))


def _valued(
    batches: Iterable["pa.RecordBatch"], *, value: ExpectedValue[Any, Any], terms: Mapping[str, Any]
) -> Iterator["pa.RecordBatch"]:
    found = values_of(chain.from_iterable(map(_summaries_in, batches)), value, **terms)
    return _batches(found, _VALUE)


# --- rows and batches -----------------------------------------------------------------------------


def _summaries(frame: "DataFrame") -> "DataFrame":
    """The columns of summaries, whatever stands beside them."""
    types = dict(_types(frame))
    if any(types.get(name) != _type(name) for name in _SUMMARY):
        raise InvalidValue("these are no summaries: pass what summarize() gives, columns as named")
    return frame.select(*_SUMMARY)


def _counted(frame: "DataFrame", *columns: str) -> Counter[Any]:
    """How many rows have each combination of values, in the order of the values."""
    found = frame.groupBy(*columns).count().toArrow().to_pydict()
    keys = zip(*(found[name] for name in columns), strict=True)
    return Counter(dict(sorted(zip(keys, found["count"], strict=True))))


def _rows(batch: "pa.RecordBatch") -> Iterator[Row]:
    return zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _summaries_in(batch: "pa.RecordBatch") -> Iterator[CustomerSummary]:
    return map(CustomerSummary._make, _rows(batch))


def _batches(rows: Iterator[Row], names: Sequence[str]) -> Iterator["pa.RecordBatch"]:
    """Rows as batches of equally named columns."""
    while chunk := list(islice(rows, _ROWS_IN_A_BATCH)):
        yield _batch(list(zip(*chunk, strict=True)), names)


def _batch(columns: Sequence[Any], names: Sequence[str]) -> "pa.RecordBatch":
    pa = _arrow()
    types = {"string": pa.string(), "int": pa.int32(), "bigint": pa.int64()}
    arrays = [
        pa.array(column, types[_type(name)]) for column, name in zip(columns, names, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, names=list(names))


def _type(name: str) -> str:
    """The type of a column in Spark's words."""
    if name == "customer_id":
        return "string"
    return "bigint" if name in _BIG else "int"


def _ddl(names: Sequence[str]) -> str:
    return ", ".join(f"{name} {_type(name)}" for name in names)


def _arrow() -> Any:
    """The library that carries batches between Spark and Python."""
    try:
        import pyarrow
    except ImportError:
        raise MissingExtra("pyarrow", "spark") from None
    return pyarrow
