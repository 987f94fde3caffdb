"""Segment and value all customers on Spark: from a table of lines to a table of decisions.

The lines have the columns ``customer_id``, ``on_day`` (a DATE) and ``amount_minor``. Run:
``spark-submit spark_job.py LINES DECISIONS 2025-12-31 EUR``, on workers that have crmkit.
"""

import sys
from datetime import date
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from crmkit.lifetime_value import BgNbd, ExpectedValue, GammaGamma, Horizon
from crmkit.period import Rate, Unit
from crmkit.warehouse import CutPoints, counted_facts, counted_spend, spark


def decisions(lines: DataFrame, as_of: date, currency: str) -> DataFrame:
    """What every customer bought, three scores, a class, and the value of the year to come."""
    columns = ("customer_id", "on_day", "amount_minor")
    summaries = spark.summarize(lines, as_of=as_of, columns=columns).cache()

    # Small enough for one machine: a count for each distinct value.
    cuts = CutPoints.fit(spark.histograms(summaries, currency=currency))
    scored = spark.score(summaries, cuts)

    value: ExpectedValue[Any, Any] = ExpectedValue(
        purchases=BgNbd.fit(counted_facts(spark.count_histories(summaries), unit=Unit.WEEK)),
        spend=GammaGamma.fit(counted_spend(spark.count_spends(summaries), currency)),
        margin="0.30",
        discount=Rate.annual("0.10"),
        horizon=Horizon(1, Unit.YEAR),
    )
    valued = spark.value_summaries(summaries, value, as_of=as_of, unit=Unit.WEEK)
    return scored.join(valued, "customer_id")


def main(lines: str, target: str, as_of: str, currency: str) -> None:
    """Read the lines, decide, and keep the decisions."""
    session = SparkSession.builder.appName("crmkit").getOrCreate()
    found = decisions(session.read.parquet(lines), date.fromisoformat(as_of), currency)
    found.write.mode("overwrite").parquet(target)


if __name__ == "__main__":
    main(*sys.argv[1:])
