"""Histories of customers who come back, and the naive way to sum them up.

The naive way is the oracle of the laws: plain lists, sets and dates, one rule after the other, and
nothing of how the library does it. What shops write line by line is read as in segmentation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

from attrs import frozen
from hypothesis import strategies as st

from crmkit.identifiers import CustomerId
from crmkit.lifetime_value.facts import RepeatPurchaseFacts
from crmkit.lifetime_value.summary import RepeatPurchaseSummary, summarize_repeat_purchases
from crmkit.lifetime_value.tally import RefundRule, RepeatPurchaseRules
from crmkit.money import Money
from crmkit.period import Unit
from crmkit.records import Purchase
from tests.segmentation.builders import (
    cdnow_master,
    cdnow_sample,
    columns_of,
    day,
    days,
    euro,
    histories,
    noon,
    purchase,
    purchases,
)

__all__ = [
    "ANNA",
    "Naive",
    "all_rules",
    "as_naive",
    "bought",
    "cdnow_master",
    "cdnow_sample",
    "cents",
    "columns_of",
    "day",
    "days",
    "euro",
    "histories",
    "naive_repeats",
    "noon",
    "purchase",
    "purchases",
    "splits",
    "summarize",
    "x_tx_age",
]

ANNA = CustomerId("anna")

# Days in a unit: the year of the rules below is a Julian one.
JULIAN_YEAR = Fraction("365.25")
DAYS_IN = {
    Unit.DAY: Fraction(1),
    Unit.WEEK: Fraction(7),
    Unit.MONTH: JULIAN_YEAR / 12,
    Unit.QUARTER: JULIAN_YEAR / 4,
    Unit.YEAR: JULIAN_YEAR,
}


def bought(**days_of_customers: str) -> list[Purchase]:
    """Purchases of one euro each: ``bought(anna="2015-02-01 2015-02-06")``."""
    return [
        purchase(f"{customer} {on} 1.00 EUR")
        for customer, listed in days_of_customers.items()
        for on in listed.split()
    ]


def x_tx_age(facts: RepeatPurchaseFacts) -> tuple[int, float, float]:
    """The facts in the order of the literature."""
    return facts.repeat_purchases, facts.age_at_last_purchase, facts.customer_age


def cents(facts: RepeatPurchaseFacts) -> tuple[int, int]:
    """What was spent on all repeats, and on each."""
    total, mean = facts.repeat_spend, facts.mean_repeat_spend
    assert isinstance(total, Money)
    assert isinstance(mean, Money)
    return total.minor, mean.minor


def all_rules() -> st.SearchStrategy[RepeatPurchaseRules]:
    return st.builds(
        RepeatPurchaseRules,
        unit=st.sampled_from(Unit),
        whole_units=st.booleans(),
        refunds=st.sampled_from(RefundRule),
        days_in_year=st.just(Decimal("365.25")),
    )


def summarize(
    records: Iterable[Purchase], as_of: date, rules: RepeatPurchaseRules
) -> RepeatPurchaseSummary:
    return summarize_repeat_purchases(
        records,
        as_of=as_of,
        unit=rules.unit,
        whole_units=rules.whole_units,
        refunds=rules.refunds,
        days_in_year=rules.days_in_year,
    )


@st.composite
def splits(draw, records):
    """The records in one to four parts, in any order."""
    places = draw(st.lists(st.integers(0, 3), min_size=len(records), max_size=len(records)))
    parts = [[p for p, place in zip(records, places, strict=True) if place == n] for n in range(4)]
    return draw(st.permutations(parts))


# --- the naive way --------------------------------------------------------------------------------


@frozen
class Naive:
    """What is true of one customer, worked out by hand."""

    repeats: int
    age_at_last: float
    age: float
    spend: int
    mean: int


def naive_repeats(
    records: Sequence[Purchase], as_of: date, rules: RepeatPurchaseRules
) -> dict[str, Naive]:
    """Repeats, ages and money, each rule spelled out over the whole list again and again."""
    counted = [p for p in records if p.on <= as_of]
    if rules.refunds is RefundRule.IGNORE:
        counted = [p for p in counted if p.amount.minor >= 0]
    found = {}
    for customer in {p.customer for p in counted}:
        own = [p for p in counted if p.customer == customer]
        bought_on = sorted({p.on for p in own if p.amount.minor >= 0})
        if bought_on:
            found[str(customer)] = _naive_facts(own, bought_on, as_of, rules)
    return found


def _naive_facts(
    own: list[Purchase], bought_on: list[date], as_of: date, rules: RepeatPurchaseRules
) -> Naive:
    first, *repeats = bought_on
    spend = sum(p.amount.minor for p in own if _booked_on(p, bought_on) in repeats)
    mean = round(Fraction(spend, len(repeats))) if repeats else 0  # Python rounds half to even.
    return Naive(
        len(repeats),
        _units((bought_on[-1] - first).days, rules),
        _units((as_of - first).days, rules),
        spend,
        mean,
    )


def _booked_on(line: Purchase, bought_on: list[date]) -> date | None:
    """The purchase day to which a line belongs: a refund goes to the last one before it."""
    before = [on for on in bought_on if on <= line.on]
    return before[-1] if before else None


def _units(number: int, rules: RepeatPurchaseRules) -> float:
    units = number / DAYS_IN[rules.unit]
    return float(int(units) if rules.whole_units else units)


def as_naive(summary: RepeatPurchaseSummary) -> dict[str, Naive]:
    """A summary in the form of the naive way."""
    return {
        str(customer): Naive(*x_tx_age(facts), *cents(facts)) for customer, facts in summary.items()
    }
