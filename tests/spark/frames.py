"""Lines as data frames, and data frames as rows again."""

from __future__ import annotations

from crmkit.warehouse import CustomerSummary, ScoredCustomer

__all__ = ["CANONICAL", "frame_of", "rows_of", "scores_of", "summaries_of"]

CANONICAL = "customer_id STRING, day INT, amount_minor BIGINT"


def frame_of(spark, lines, schema=CANONICAL):
    """A data frame of lines, spread over two partitions so that customers stand in both."""
    rows = list(lines)
    return spark.createDataFrame([*rows[::2], *rows[1::2]], schema).repartition(2)


def rows_of(frame):
    """All rows as plain tuples, sorted."""
    columns = frame.toArrow().to_pydict().values()
    return sorted(zip(*columns, strict=True))


def summaries_of(frame):
    return [CustomerSummary(*row) for row in rows_of(frame.select(*CustomerSummary._fields))]


def scores_of(frame):
    return [ScoredCustomer(*row) for row in rows_of(frame.select(*ScoredCustomer._fields))]
