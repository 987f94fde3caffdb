"""The strategies for hosts give what they say, and say what is missing."""

from __future__ import annotations

import importlib.util
import sys
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from crmkit.decision import Comparison, Evidence, explain
from crmkit.errors import MissingExtra
from crmkit.identifiers import CustomerId
from crmkit.loyalty import LedgerTerms, PointsLedger
from crmkit.money import MAX_MINOR, Money, digits_of
from crmkit.testing import shared, strategies
from crmkit.testing.strategies import (
    currencies,
    days,
    decisions,
    evidence,
    identifiers,
    instants,
    lifecycles,
    money,
    periods,
    purchase_histories,
    purchases,
    rates,
    ratios,
    texts,
    units,
    weights,
)

# Found is found: the smallest example is not asked for.
REACH = settings(max_examples=2_000, phases=[Phase.generate], database=None)


def finds(strategy: st.SearchStrategy[Any], condition: Any) -> Any:
    """An example that meets the condition: the strategy reaches that corner."""
    return find(strategy, condition, settings=REACH)


class TestCorners:
    """A random search misses the corners; so the strategies lead into them."""

    @pytest.mark.parametrize("digits", [0, 2, 3, 4])
    def test_currencies_of_all_digits(self, digits):
        assert digits_of(finds(currencies(), lambda code: digits_of(code) == digits)) == digits

    def test_amounts_of_nothing_and_of_debt(self):
        finds(money(), lambda amount: amount.is_zero)
        finds(money(), lambda amount: amount.is_negative)

    def test_the_last_day_of_a_leap_february(self):
        finds(days(), lambda day: (day.month, day.day) == (2, 29))

    def test_days_keep_to_their_bounds_where_no_month_ends(self):
        only = date(2026, 6, 15)
        assert finds(days(only, only), lambda _: True) == only

    def test_hours_that_are_there_twice_and_hours_that_are_not_there(self):
        def is_gap(at: datetime) -> bool:
            back = (at.astimezone(ZoneInfo("UTC"))).astimezone(at.tzinfo)
            return back.replace(tzinfo=None) != at.replace(tzinfo=None)

        finds(instants(), lambda at: at.fold == 1)
        finds(instants(), is_gap)

    @pytest.mark.parametrize("comparison", Comparison)
    def test_every_comparison(self, comparison):
        finds(evidence(), lambda item: item.comparison is comparison)

    def test_nested_evidence(self):
        finds(evidence(), lambda item: any(part.parts for part in item.parts))

    @pytest.mark.parametrize(
        "corner",
        [
            lambda history: any(line.is_refund for line in history),
            lambda history: any(line.amount.is_zero for line in history),
            lambda history: len(set(history)) < len(history),
            lambda history: len({line.on for line in history}) < len(history),
            lambda history: len({line.customer for line in history}) > 1,
            lambda history: [line.on for line in history] != sorted(line.on for line in history),
            lambda history: any(line.order is None for line in history),
        ],
        ids=["refunds", "free", "identical", "one day twice", "several", "unsorted", "no order"],
    )
    def test_shops_with_all_that_makes_shops_hard(self, corner):
        finds(purchase_histories(), corner)

    def test_lifecycles_with_loops_and_shortcuts(self):
        finds(lifecycles(), lambda table: len(table.moves) > len(table.statuses))
        finds(lifecycles(), lambda table: any(s == t for s, _, t in table.moves))


class TestBounds:
    """What is asked for is kept to."""

    @given(money("EUR", min_minor=5, max_minor=9))
    def test_amounts(self, amount):
        assert amount.currency == "EUR"
        assert 5 <= amount.minor <= 9

    @given(money())
    def test_any_amount_can_still_be_added_to_itself(self, amount):
        assert abs(2 * amount.minor) <= MAX_MINOR

    @given(weights(max_size=3))
    def test_weights_can_be_allocated_by(self, by):
        assert 1 <= len(by) <= 3
        assert min(by) >= 0 < sum(map(Fraction, by))

    @given(ratios(5), texts(3), identifiers("C-"), units(), periods(max_days=5), rates())
    def test_the_rest(self, ratio, text, key, unit, period, rate):
        assert 0 <= ratio <= 5
        assert 1 <= len(text) <= 3
        assert key.startswith("C-")
        assert period.days >= 1
        assert rate.per(unit) >= -1  # What is left of a year can be too little to write down.

    @given(purchases(customers=st.just("C-1"), currency="JPY"))
    def test_purchases(self, line):
        assert (line.customer, line.amount.currency) == ("C-1", "JPY")

    @given(purchase_histories(first_day=date(2026, 1, 1), last_day=date(2026, 1, 2)))
    def test_histories(self, history):
        assert all(timedelta(0) <= line.on - date(2026, 1, 1) <= timedelta(1) for line in history)

    @given(decisions(st.just(5)))
    def test_decisions_with_an_outcome_of_the_host(self, decision):
        assert explain(decision).startswith("5")
        assert all(isinstance(item, Evidence) for item in decision.evidence)


# What these give depends on something that the caller has.
ASKED_FOR: dict[str, dict[str, Any]] = {
    "ledger_commands": {"ledger": PointsLedger(CustomerId("C-1"), LedgerTerms())},
    "qualifications": {"on": date(2026, 5, 4)},
    "values": {"cls": Money},
}


def test_everything_public_is_a_strategy_with_a_sentence():
    for name in strategies.__all__:
        make = getattr(strategies, name)
        assert make.__doc__[0].isupper()
        assert isinstance(make(*ASKED_FOR.get(name, {}).values()), st.SearchStrategy)


def test_a_name_that_is_not_there_is_refused_as_of_any_module():
    with pytest.raises(AttributeError, match="has no attribute 'complaint'"):
        strategies.complaint  # noqa: B018


def test_without_hypothesis_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    spec = importlib.util.spec_from_file_location("fresh_strategies", shared.__file__)
    assert spec is not None
    assert spec.loader is not None
    with pytest.raises(
        MissingExtra, match=r"hypothesis is not installed: pip install 'crmkit\[tes"
    ):
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
