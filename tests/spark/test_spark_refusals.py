"""What has no place on Spark is refused: at once where the types tell, else on a worker."""

from __future__ import annotations

import sys
from datetime import date, datetime
from typing import Any

import pytest

from crmkit.errors import InvalidMoney, InvalidPolicy, InvalidValue, MissingExtra
from crmkit.lifetime_value import BgNbd, ExpectedValue
from crmkit.money import Money
from crmkit.period import Rate, Unit
from crmkit.warehouse import CutPoints, Histograms, summarize_lines
from crmkit.warehouse import spark as on_spark
from tests.spark.frames import frame_of, rows_of
from tests.warehouse.histories import AS_OF, TODAY

WELL = [("anna", TODAY, 1)]


class TestAtOnce:
    @pytest.mark.parametrize(
        ("schema", "row", "text"),
        [
            ("customer_id BIGINT, day INT, amount_minor BIGINT", (1, 1, 1), "'customer_id' is a b"),
            (
                "customer_id STRING COLLATE UTF8_LCASE, day INT, amount_minor BIGINT",
                ("anna", 1, 1),
                "the collation UTF8_BINARY",
            ),
            (
                "customer_id STRING, day TIMESTAMP, amount_minor BIGINT",
                ("anna", datetime(2024, 1, 1, 1), 1),  # noqa: DTZ001
                "CAST a timestamp AS DATE",
            ),
            ("customer_id STRING, day INT, amount_minor DOUBLE", ("anna", 1, 1.0), "minor units"),
            (
                "customer_id STRING, day INT, amount_minor DECIMAL(9, 2)",
                ("anna", 1, None),
                r"CAST\(amount \* 100 AS BIGINT\)",
            ),
            ("customer STRING, day INT, amount_minor BIGINT", ("anna", 1, 1), "no column 'custom"),
        ],
    )
    def test_columns_of_other_types(self, spark, schema, row, text):
        frame = spark.createDataFrame([row], schema)
        with pytest.raises(InvalidValue, match=text):
            on_spark.summarize(frame, as_of=AS_OF)

    @pytest.mark.parametrize("columns", [("customer_id", "day"), "abc"])
    def test_other_than_three_columns(self, spark, columns):
        with pytest.raises(InvalidValue, match="the columns are three"):
            on_spark.summarize(frame_of(spark, WELL), as_of=AS_OF, columns=columns)

    def test_terms_that_the_kernel_would_refuse(self, spark):
        frame = frame_of(spark, WELL)
        with pytest.raises(InvalidValue, match="day"):
            on_spark.summarize(frame, as_of=datetime(2024, 1, 1))  # noqa: DTZ001
        refunds: Any = "net"
        with pytest.raises(InvalidPolicy, match="NET, IGNORE"):
            on_spark.summarize(frame, as_of=AS_OF, refunds=refunds)

    def test_what_is_no_frame_of_spark(self):
        with pytest.raises(InvalidValue, match="a list: pass a DataFrame of pyspark"):
            on_spark.summarize(WELL, as_of=AS_OF)

    def test_what_are_no_summaries(self, spark):
        frame = frame_of(spark, WELL)
        cuts = CutPoints.fit(Histograms.of(summarize_lines(WELL, as_of=AS_OF), "EUR"))
        value = ExpectedValue(
            purchases=BgNbd(r=0.2, alpha=4.4, a=0.8, b=2.4, unit=Unit.WEEK),
            spend=Money("50.00", "EUR"),
            margin="0.30",
            discount=Rate.annual("0.12"),
        )
        for asked in (
            lambda: on_spark.score(frame, cuts),
            lambda: on_spark.histograms(frame, currency="EUR"),
            lambda: on_spark.count_histories(frame),
            lambda: on_spark.count_spends(frame),
            lambda: on_spark.value_summaries(frame, value, as_of=AS_OF, unit=Unit.WEEK),
        ):
            with pytest.raises(InvalidValue, match="these are no summaries"):
                asked()

    def test_a_currency_that_there_is_not(self, spark):
        summaries = on_spark.summarize(frame_of(spark, WELL), as_of=AS_OF)
        with pytest.raises(InvalidMoney):
            on_spark.histograms(summaries, currency="XXQ")

    def test_without_pyarrow_the_extra_is_named(self, spark, monkeypatch):
        frame = frame_of(spark, WELL)
        monkeypatch.setitem(sys.modules, "pyarrow", None)
        with pytest.raises(MissingExtra, match=r"pyarrow is not installed: .*crmkit\[spark\]"):
            on_spark.summarize(frame, as_of=AS_OF)


class TestOnAWorker:
    """Spark hands on the kernel's own error, and nothing that tells who the customer is."""

    SECRET = "anna-7301"

    @pytest.mark.parametrize(
        ("line", "error"),
        [
            ((None, TODAY, 1), "InvalidIdentifier"),
            ((f" {SECRET}", TODAY, 1), "InvalidIdentifier"),
            ((SECRET, None, 1), "InvalidValue"),
            ((SECRET, TODAY, None), "InvalidValue"),
            ((SECRET, TODAY, 2**53), "InvalidValue"),
            ((SECRET, TODAY, -(2**53)), "InvalidValue"),
            ((SECRET, -719_163, 1), "InvalidValue"),
        ],
    )
    def test_a_line_that_the_kernel_refuses(self, spark, line, error):
        from pyspark.errors import PythonException

        frame = frame_of(spark, [*WELL, line])
        with pytest.raises(PythonException, match=f"crmkit.errors.{error}") as refused:
            rows_of(on_spark.summarize(frame, as_of=AS_OF))
        assert self.SECRET not in str(refused.value)
        assert str(2**53) not in str(refused.value)

    def test_more_money_than_there_is_never_wraps_around(self, spark):
        from pyspark.errors import PythonException

        frame = frame_of(spark, [(self.SECRET, TODAY, 2**53 - 1)] * 1_100)
        with pytest.raises(PythonException, match="the money of one customer is at most"):
            rows_of(on_spark.summarize(frame, as_of=AS_OF))

    def test_summaries_of_another_day_are_not_valued(self, spark):
        from pyspark.errors import PythonException

        value = ExpectedValue(
            purchases=BgNbd(r=0.2, alpha=4.4, a=0.8, b=2.4, unit=Unit.WEEK),
            spend=Money("50.00", "EUR"),
            margin="0.30",
            discount=Rate.annual("0.12"),
        )
        summaries = on_spark.summarize(frame_of(spark, WELL), as_of=AS_OF)
        valued = on_spark.value_summaries(summaries, value, as_of=date.max, unit=Unit.WEEK)
        with pytest.raises(PythonException, match="as of another day"):
            rows_of(valued)
