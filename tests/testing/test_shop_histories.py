"""Purchase histories look like those of a shop."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings

from crmkit.segmentation import summarize_rfm
from crmkit.testing.shops import shop_histories

# Found is found: the smallest example is not asked for.
REACH = settings(
    max_examples=2_000,
    phases=[Phase.generate],
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def days_of(lines: Any) -> dict[str, list[date]]:
    days: dict[str, set[date]] = defaultdict(set)
    for line in lines:
        if not line.is_refund:
            days[line.customer].add(line.on)
    return {customer: sorted(on) for customer, on in days.items()}


def gaps_of(lines: Any) -> list[int]:
    """The mean days between two purchases, customer by customer."""
    return [(on[-1] - on[0]).days // (len(on) - 1) for on in days_of(lines).values() if len(on) > 3]


@given(shop_histories(last_day=date(2025, 12, 31)))
def test_one_currency_and_no_day_after_the_last(lines):
    assert len({line.amount.currency for line in lines}) == 1
    assert all(date(2024, 1, 1) <= line.on <= date(2025, 12, 31) for line in lines)


@given(shop_histories(currency="JPY", refunds=False))
def test_a_currency_and_a_shop_without_refunds_can_be_asked_for(lines):
    assert not any(line.is_refund for line in lines)
    assert {line.amount.currency for line in lines} == {"JPY"}


@given(shop_histories())
def test_a_summary_takes_them(lines):
    assert len(summarize_rfm(lines, as_of=date(2026, 6, 30))) == len(days_of(lines))


class TestManners:
    """What makes a base of customers awkward is there."""

    @pytest.mark.parametrize(
        "meets",
        [
            lambda lines: len(gaps_of(lines)) > 1 and max(gaps_of(lines)) > 9 * min(gaps_of(lines)),
            lambda lines: any(on[-1] < date(2025, 1, 1) for on in days_of(lines).values()),
            lambda lines: any(line.amount.is_zero for line in lines),
            lambda lines: any(line.is_refund and line.refund_of for line in lines),
            lambda lines: {"Ä", "客"} <= {line.customer for line in lines},
            lambda lines: {"C-1", "c-1"} <= {line.customer for line in lines},
            lambda lines: 2 in Counter(line.order for line in lines if line.order).values(),
            lambda lines: len({line.amount.currency for line in lines} & {"KWD"}) == 1,
        ],
        ids=["rates", "dropouts", "free", "refunds", "keys", "case", "orders of lines", "mils"],
    )
    def test_is_found(self, meets):
        find(shop_histories(), meets, settings=REACH)

    def test_a_single_purchase_is_the_smallest_shop(self):
        assert len(find(shop_histories(), lambda _: True)) == 1

    def test_in_the_season_customers_buy_twice_a_day(self):
        def has_a_season(lines: Any) -> bool:
            baskets = Counter((line.customer, line.on) for line in lines if line.on.month == 6)
            return len(baskets) > 1 and set(baskets.values()) == {2}

        find(shop_histories(refunds=False), has_a_season, settings=REACH)
