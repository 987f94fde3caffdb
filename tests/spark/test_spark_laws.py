"""Spark finds what the kernel finds in one process, to the last digit, however rows are spread."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings

from crmkit.lifetime_value import BgNbd, ExpectedValue, Horizon, RefundRule
from crmkit.money import Money
from crmkit.period import Rate, Unit
from crmkit.warehouse import (
    CutPoints,
    Histograms,
    count_histories,
    count_spends,
    counted_facts,
    date_of,
    digest_of,
    lines_of,
    summarize_lines,
)
from crmkit.warehouse import spark as on_spark
from crmkit.warehouse import value_summaries as values_in_python
from tests.segmentation.builders import cdnow_master
from tests.spark.frames import frame_of, rows_of, scores_of, summaries_of
from tests.warehouse.histories import AS_OF, CUSTOMERS, TODAY, histories, refund_rules
from tests.warehouse.test_engines import CASES

# A job of Spark takes a while, however small.
few = settings(max_examples=6, suppress_health_check=[HealthCheck.too_slow])

LINES = [
    (customer, TODAY - ago * step, minor * step)
    for step, customer in enumerate(CUSTOMERS, start=1)
    for ago, minor in (
        (9, 500),
        (9, 0),
        (4, -300),
        (4, 250),
        (2, -100),
        (1, 700),
        (0, 350),
        (-1, 900),
    )
]
"""Longer than a batch for each customer: refunds, gifts, a day shared, the last day, one after."""


class TestLaws:
    @few
    @given(lines=histories(max_size=30), refunds=refund_rules())
    @example(lines=LINES, refunds=RefundRule.NET)
    @example(lines=LINES, refunds=RefundRule.IGNORE)
    def test_spark_sums_up_as_the_kernel_does(self, spark, lines, refunds):
        found = on_spark.summarize(frame_of(spark, lines), as_of=AS_OF, refunds=refunds)
        assert summaries_of(found) == summarize_lines(lines, as_of=AS_OF, refunds=refunds)

    @few
    @given(lines=histories(max_size=30))
    def test_spark_counts_and_scores_as_the_kernel_does(self, spark, lines):
        summaries = summarize_lines([*LINES, *lines], as_of=AS_OF)
        frame = on_spark.summarize(frame_of(spark, [*LINES, *lines]), as_of=AS_OF).cache()
        histograms = on_spark.histograms(frame, currency="EUR")
        assert histograms == Histograms.of(summaries, "EUR")
        cuts = CutPoints.fit(histograms)
        assert scores_of(on_spark.score(frame, cuts)) == list(cuts.score(summaries))
        assert on_spark.count_histories(frame) == count_histories(summaries)
        assert on_spark.count_spends(frame) == count_spends(summaries)
        frame.unpersist()

    @pytest.mark.parametrize("partitions", [1, 2, 5])
    @pytest.mark.parametrize("rows", [1, 6, 10_000])
    def test_where_a_customer_is_cut_does_not_matter(self, spark, partitions, rows):
        name = "spark.sql.execution.arrow.maxRecordsPerBatch"
        before = spark.conf.get(name)
        spark.conf.set(name, rows)
        try:
            frame = frame_of(spark, LINES[::-1])
            found = on_spark.summarize(frame, as_of=AS_OF, partitions=partitions)
            assert found.rdd.getNumPartitions() == partitions
            assert summaries_of(found) == summarize_lines(LINES, as_of=AS_OF)
        finally:
            spark.conf.set(name, before)


class TestNothingIsThere:
    def test_no_lines_are_no_customers(self, spark):
        nobody = on_spark.summarize(frame_of(spark, []), as_of=AS_OF)
        assert rows_of(nobody) == []
        assert on_spark.histograms(nobody, currency="EUR") == Histograms.of([], "EUR")
        cuts = CutPoints.fit(Histograms.of(summarize_lines(LINES, as_of=AS_OF), "EUR"))
        assert rows_of(on_spark.score(nobody, cuts)) == []

    def test_who_only_got_money_back_or_comes_later_is_no_customer(self, spark):
        lines = [("anna", TODAY, -5), ("bert", TODAY + 1, 5)]
        assert rows_of(on_spark.summarize(frame_of(spark, lines), as_of=AS_OF)) == []


class TestColumns:
    def test_the_columns_may_have_other_names_and_a_day_may_be_a_date(self, spark):
        """Whatever zone a session is in: a date has none."""
        schema = "`who's` STRING, `on.day` DATE, `a``b` INT, extra STRING"
        rows = [(who, date_of(day), minor, "x") for who, day, minor in LINES]
        frame = frame_of(spark, rows, schema)
        found = on_spark.summarize(frame, as_of=AS_OF, columns=("who's", "on.day", "a`b"))
        assert summaries_of(found) == summarize_lines(LINES, as_of=AS_OF)

    def test_days_before_1970_and_the_first_and_last_of_the_calendar(self, spark):
        lines = [("anna", -719_162, 1), ("anna", 0, 1), ("bert", 2_932_896, 1)]
        found = on_spark.summarize(frame_of(spark, lines), as_of=date.max)
        assert summaries_of(found) == summarize_lines(lines, as_of=date.max)

    def test_scores_stand_beside_the_summary(self, spark):
        frame = on_spark.summarize(frame_of(spark, LINES), as_of=AS_OF)
        cuts = CutPoints.fit(on_spark.histograms(frame, currency="EUR"))
        scored = on_spark.score(frame, cuts)
        assert scored.columns == [
            *frame.columns,
            *("recency_score", "frequency_score", "monetary_score", "tier"),
        ]
        assert summaries_of(scored) == summaries_of(frame)

    def test_scores_may_be_scored_again(self, spark):
        """Columns beside those of a summary are left aside."""
        frame = on_spark.summarize(frame_of(spark, LINES), as_of=AS_OF)
        cuts = CutPoints.fit(on_spark.histograms(frame, currency="EUR"))
        once = on_spark.score(frame, cuts)
        assert rows_of(on_spark.score(once, cuts)) == rows_of(once)


class TestLifetimeValue:
    MODEL = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426, unit=Unit.WEEK)
    TERMS: dict[str, Any] = {
        "margin": "0.30",
        "discount": Rate.annual("0.12"),
        "horizon": Horizon(1, Unit.YEAR),
    }

    def value(self, model=MODEL):
        return ExpectedValue(purchases=model, spend=Money("50.00", "EUR"), **self.TERMS)

    def test_the_value_of_a_customer_is_that_of_the_kernel(self, spark):
        summaries = summarize_lines(LINES, as_of=AS_OF)
        frame = on_spark.summarize(frame_of(spark, LINES), as_of=AS_OF)
        terms: dict[str, Any] = {"as_of": AS_OF, "unit": Unit.WEEK}
        found = on_spark.value_summaries(frame, self.value(), **terms)
        assert rows_of(found) == sorted(values_in_python(summaries, self.value(), **terms))

    def test_a_model_fitted_to_counts_of_spark_goes_to_the_workers(self, spark):
        """With all that the fit has to report, some of which cannot be pickled by everyone."""
        lines = list(lines_of(cdnow_master()))[:3_000]
        as_of = date(1998, 6, 30)
        terms: dict[str, Any] = {"as_of": as_of, "unit": Unit.WEEK}
        summaries = summarize_lines(lines, as_of=as_of)
        frame = on_spark.summarize(frame_of(spark, lines), as_of=as_of).cache()
        model = BgNbd.fit(counted_facts(on_spark.count_histories(frame), unit=Unit.WEEK))
        assert model.fitted is not None
        found = on_spark.value_summaries(frame, self.value(model), **terms)
        assert rows_of(found) == sorted(values_in_python(summaries, self.value(model), **terms))
        frame.unpersist()


class TestDigests:
    @pytest.mark.parametrize(("lines", "as_of", "customers", "digests"), CASES)
    def test_on_spark(self, spark, lines, as_of, customers, digests):
        """The digests are those of all engines."""
        frame = on_spark.summarize(frame_of(spark, lines()), as_of=as_of).cache()
        assert frame.count() == customers
        cuts = CutPoints.fit(on_spark.histograms(frame, currency="USD"))
        found = rows_of(frame), scores_of(on_spark.score(frame, cuts))
        assert tuple(digest_of(rows)[:16] for rows in found) == digests
        frame.unpersist()
