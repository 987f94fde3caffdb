"""The example of the docs does in one job what the kernel does in one process."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from runpy import run_path
from typing import Any

from crmkit.lifetime_value import BgNbd, ExpectedValue, GammaGamma, Horizon
from crmkit.period import Rate, Unit
from crmkit.warehouse import (
    CutPoints,
    Histograms,
    count_histories,
    count_spends,
    counted_facts,
    counted_spend,
    date_of,
    lines_of,
    summarize_lines,
    value_summaries,
)
from tests.segmentation.builders import cdnow_master
from tests.spark.frames import frame_of, rows_of

JOB = Path(__file__).parents[2] / "examples" / "spark_job.py"


def test_the_job_of_the_docs_decides_as_one_process_does(spark):
    as_of, lines = date(1998, 6, 30), list(lines_of(cdnow_master()))[:6_000]
    summaries = summarize_lines(lines, as_of=as_of)
    scored = CutPoints.fit(Histograms.of(summaries, "USD")).score(summaries)
    value: ExpectedValue[Any, Any] = ExpectedValue(
        purchases=BgNbd.fit(counted_facts(count_histories(summaries), unit=Unit.WEEK)),
        spend=GammaGamma.fit(counted_spend(count_spends(summaries), "USD")),
        margin="0.30",
        discount=Rate.annual("0.10"),
        horizon=Horizon(1, Unit.YEAR),
    )
    valued = dict(value_summaries(summaries, value, as_of=as_of, unit=Unit.WEEK))
    expected = [
        (*summary, *score[1:], valued[summary.customer_id])
        for summary, score in zip(summaries, scored, strict=True)
    ]
    dated = [(who, date_of(day), minor) for who, day, minor in lines]
    frame = frame_of(spark, dated, "customer_id STRING, on_day DATE, amount_minor BIGINT")
    assert rows_of(run_path(str(JOB))["decisions"](frame, as_of, "USD")) == expected
