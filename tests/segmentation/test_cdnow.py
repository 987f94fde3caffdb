"""Purchases of CDNOW, as published by Fader and Hardie, summed up."""

from __future__ import annotations

from collections import Counter

import pytest

from crmkit.money import Money
from crmkit.records import Purchase
from crmkit.segmentation import (
    RfmSummary,
    summarize_rfm,
)
from tests.segmentation.builders import (
    CDNOW_AS_OF,
    FIRST,
    cdnow_master,
    cdnow_sample,
    columns_of,
    day,
)
from tests.shared_data import shared_file


@pytest.fixture(scope="module")
def summary():
    return summarize_rfm(cdnow_master(), as_of=CDNOW_AS_OF)


class TestCdnow:
    """69,659 purchases of 23,570 customers, as published by Fader and Hardie."""

    def test_the_published_totals(self, summary):
        assert len(summary) == 23_570
        assert summary.without_purchase == ()
        assert summary.revenue == Money("2500315.63", "USD")
        assert sum(summary.columns.frequency) == 67_591

    def test_a_day_of_free_discs_is_a_purchase(self, summary):
        """68 customers have nothing but lines of 0 dollars."""
        assert sum(total == 0 for total in summary.columns.totals) == 68

    def test_every_year_adds_up(self, summary):
        by_year: Counter[int] = Counter()
        for facts in summary.values():
            by_year.update({year: money.minor for year, money in facts.yearly_totals.items()})
        assert sorted(by_year) == [1997, 1998]
        assert by_year.total() == summary.revenue.minor

    def test_months_summed_up_apart_and_merged_are_the_same(self, summary):
        by_month: dict[tuple[int, int], list[Purchase]] = {}
        for purchase in cdnow_master():
            by_month.setdefault((purchase.on.year, purchase.on.month), []).append(purchase)
        merged = summarize_rfm([], as_of=FIRST.replace(1997, 1, 1))
        for month in sorted(by_month):
            records = by_month[month]
            as_of = max(purchase.on for purchase in records)
            merged = merged.rolled_to(as_of).merge(summarize_rfm(records, as_of=as_of))
        assert merged.rolled_to(CDNOW_AS_OF) == summary

    def test_columns_give_the_same(self, summary):
        columns = columns_of(list(cdnow_master()))
        assert RfmSummary.from_columns(*columns, as_of=CDNOW_AS_OF, currency="USD") == summary

    def test_the_published_summary_of_the_sample(self):
        """Repeat purchases, age at the last and customer age in weeks, to 1997-09-30."""
        summary = summarize_rfm(cdnow_sample(), as_of=day("1997-09-30"))
        rows = shared_file("cdnow_sample_summary.csv").read_text(encoding="ascii").splitlines()[1:]
        published = {
            number: tuple(map(float, rest)) for number, *rest in (r.split(",") for r in rows)
        }
        assert len(summary) == len(published) == 2_357
        for customer, facts in summary.items():
            between = (facts.last_purchase_on - facts.first_purchase_on).days
            age = (facts.as_of - facts.first_purchase_on).days
            repeats, age_at_last, customer_age = published[customer]
            assert facts.frequency - 1 == repeats
            assert between / 7 == pytest.approx(age_at_last, abs=0.0051)
            assert age / 7 == pytest.approx(customer_age, abs=0.0051)
        heads = Counter(min(facts.frequency - 1, 7) for facts in summary.values())
        assert [heads[n] for n in range(8)] == [1411, 439, 214, 100, 62, 38, 29, 64]
