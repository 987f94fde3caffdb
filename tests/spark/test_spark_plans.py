"""No step sorts or numbers all customers in one place, and no function asks for more than frames.

What Spark is going to do stands in its plan; the words for a look at all rows are those that a
ranking of all customers has there.
"""

from __future__ import annotations

import pytest

from crmkit.lifetime_value import BgNbd, ExpectedValue
from crmkit.money import Money
from crmkit.period import Rate, Unit
from crmkit.warehouse import CutPoints, Histograms, summarize_lines
from crmkit.warehouse import spark as on_spark
from tests.spark.frames import frame_of
from tests.warehouse.histories import AS_OF, TODAY

LINES = [("anna", TODAY - 1, 5), ("anna", TODAY, 5), ("bert", TODAY, 7)]
IN_ONE_PLACE = ("Window", "SinglePartition", "rangepartitioning")


@pytest.fixture
def summaries(spark):
    return on_spark.summarize(frame_of(spark, LINES), as_of=AS_OF)


def plan_of(frame, capsys):
    frame.explain("extended")
    return capsys.readouterr().out


def gathers(plan):
    return [word for word in IN_ONE_PLACE if word in plan]


class TestPlans:
    def test_summaries(self, summaries, capsys):
        plan = plan_of(summaries, capsys)
        assert "MapInArrow" in plan
        assert gathers(plan) == []

    def test_scores_are_made_without_moving_a_row(self, summaries, capsys):
        cuts = CutPoints.fit(Histograms.of(summarize_lines(LINES, as_of=AS_OF), "EUR"))
        before, after = (
            plan_of(frame, capsys) for frame in (summaries, on_spark.score(summaries, cuts))
        )
        assert gathers(after) == []
        assert after.count("Exchange") == before.count("Exchange")

    def test_values(self, summaries, capsys):
        value = ExpectedValue(
            purchases=BgNbd(r=0.2, alpha=4.4, a=0.8, b=2.4, unit=Unit.WEEK),
            spend=Money("50.00", "EUR"),
            margin="0.30",
            discount=Rate.annual("0.12"),
        )
        valued = on_spark.value_summaries(summaries, value, as_of=AS_OF, unit=Unit.WEEK)
        assert gathers(plan_of(valued, capsys)) == []

    def test_a_ranking_of_all_customers_would_be_seen(self, spark, summaries, capsys):
        """The check itself can fail."""
        summaries.createOrReplaceTempView("ranked_customers")
        ranked = spark.sql("SELECT NTILE(5) OVER (ORDER BY total_minor) FROM ranked_customers")
        assert gathers(plan_of(ranked, capsys)) == ["Window", "SinglePartition"]

    def test_lines_after_the_day_are_left_where_they_are(self, spark, tmp_path, capsys):
        """They are not even read from the files."""
        frame_of(spark, LINES).write.parquet(str(tmp_path / "lines"))
        frame = spark.read.parquet(str(tmp_path / "lines"))
        plan = plan_of(on_spark.summarize(frame, as_of=AS_OF), capsys)
        assert f"LessThanOrEqual(day,{TODAY})" in plan


class TestConnect:
    def test_nothing_asks_for_what_spark_connect_has_not(self):
        """On Connect there is neither a context nor an RDD."""
        with open(on_spark.__file__, encoding="utf-8") as source:
            text = source.read()
        assert "sparkContext" not in text
        assert ".rdd" not in text
