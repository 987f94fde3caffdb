"""Histories in the words of a shop, at random or line by line, and the naive way to sum them up.

The naive way is the oracle of the laws: plain dicts, sets and dates, one rule after the other, and
nothing of how the library does it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from typing import Any

from attrs import frozen
from hypothesis import strategies as st

from crmkit.identifiers import CustomerId, OrderId
from crmkit.intake import read_purchases
from crmkit.money import Money
from crmkit.records import Purchase
from crmkit.segmentation import (
    Counting,
    MonetaryMeasure,
    Refunds,
    RfmFacts,
    RfmSummary,
    SummaryRules,
    summarize_rfm,
)
from tests.shared_data import shared_file

# --- line by line ---------------------------------------------------------------------------------


def day(text: str) -> date:
    return date.fromisoformat(text)


def euro(amount: str | int) -> Money:
    return Money(amount, "EUR")


def purchase(line: str) -> Purchase:
    """One purchase: ``anna 2024-01-05 40.00 EUR order A-1 refund-of A-1 recorded 2024-02-01``.

    The customer is Anna where none is named, and what follows the amount may be left out. What was
    recorded on a day was so at noon, UTC.
    """
    words = line.split()
    if not words[0][:1].isdigit():
        customer, *words = words
    else:
        customer = "anna"
    on, amount, currency, *rest = words
    terms = dict(zip(rest[::2], rest[1::2], strict=True))
    recorded = terms.pop("recorded", None)
    order, refund_of = terms.pop("order", None), terms.pop("refund-of", None)
    assert not terms, f"words that no builder knows: {sorted(terms)}"
    return Purchase(
        CustomerId(customer),
        day(on),
        Money(amount, currency),
        order=OrderId(order) if order else None,
        refund_of=OrderId(refund_of) if refund_of else None,
        recorded_at=noon(day(recorded)) if recorded else None,
    )


def purchases(*lines: str) -> list[Purchase]:
    return [purchase(line) for line in lines]


def columns_of(records: Sequence[Purchase]) -> tuple[list[Any], list[Any], list[Any]]:
    """The same as columns: customers, ordinals of days, minor units."""
    return (
        [p.customer for p in records],
        [p.on.toordinal() for p in records],
        [p.amount.minor for p in records],
    )


def noon(on: date) -> datetime:
    return datetime.combine(on, time(12), tzinfo=UTC)


def facts(
    customer: str = "anna",
    *,
    days_ago: int = 0,
    times: int = 1,
    spent: Money | int = 0,
    as_of: date = date(2026, 6, 30),
) -> RfmFacts:
    """Anna bought so many times, last so many days ago, for so many euro cents."""
    money = spent if isinstance(spent, Money) else Money.of_minor(spent, "EUR")
    last = as_of - timedelta(days=days_ago)
    return RfmFacts(
        customer=CustomerId(customer),
        as_of=as_of,
        first_purchase_on=last,
        last_purchase_on=last,
        frequency=times,
        monetary=money,
        total=money,
    )


# --- at random ------------------------------------------------------------------------------------

CUSTOMERS = tuple(map(CustomerId, ("anna", "bert", "Änne", "客")))
ORDERS = tuple(map(OrderId, ("A-1", "A-2", "A-3")))
# Three calendar years, so that years begin, end and stay empty within a history; some days next to
# each other, some farther apart than a machine word has bits.
FIRST, LAST = date(2023, 12, 1), date(2026, 1, 31)
DAYS = (
    *(date(2023, 12, 1), date(2023, 12, 30), date(2023, 12, 31), date(2024, 1, 1)),
    *(date(2024, 1, 2), date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1)),
    *(date(2024, 5, 4), date(2024, 5, 5), date(2024, 12, 31), date(2026, 1, 1), date(2026, 1, 31)),
)
# Gifts, purchases and refunds, some of them equal, so that an order can be paid back in full.
AMOUNTS = (0, 1, 2, 3, 4_000, 4_001, 9_999, -1, -2, -4_000, -4_001, -12_345)


def days() -> st.SearchStrategy[date]:
    """Days of the history: few, so that purchases share them."""
    return st.sampled_from(DAYS)


def lines() -> st.SearchStrategy[Purchase]:
    """A purchase, a gift of 0 euro, or a refund, with or without an order."""
    # Each is one choice out of a list: laws draw thousands of lines.
    order = st.sampled_from((None, *ORDERS))
    recorded = st.sampled_from((None, *map(noon, DAYS[::3])))
    told = st.tuples(
        st.sampled_from(CUSTOMERS), days(), st.sampled_from(AMOUNTS), order, order, recorded
    )
    return told.map(
        lambda line: Purchase(
            line[0],
            line[1],
            Money.of_minor(line[2], "EUR"),
            order=line[3],
            refund_of=line[4] if line[2] < 0 else None,
            recorded_at=line[5],
        )
    )


def histories(max_size: int = 12) -> st.SearchStrategy[list[Purchase]]:
    """What a few customers bought and gave back, in no order; lines may be identical."""
    return st.lists(lines(), max_size=max_size)


def all_rules() -> st.SearchStrategy[SummaryRules]:
    return st.builds(
        SummaryRules,
        counting=st.sampled_from(Counting),
        monetary=st.sampled_from(MonetaryMeasure),
        refunds=st.sampled_from(Refunds),
    )


def summarize(records: Iterable[Purchase], as_of: date, rules: SummaryRules) -> RfmSummary:
    return summarize_rfm(
        records,
        as_of=as_of,
        counting=rules.counting,
        monetary=rules.monetary,
        refunds=rules.refunds,
    )


def populations(
    *, max_size: int = 12, min_size: int = 1, largest: int = 6
) -> st.SearchStrategy[list[RfmFacts]]:
    """Customers of whom many are equal: small numbers of days, purchases and cents."""
    whole = st.integers(0, largest)
    people = st.tuples(whole, st.integers(1, 1 + largest), st.integers(-1, largest))
    return st.lists(people, min_size=min_size, max_size=max_size).map(
        lambda listed: [
            facts(f"{'cBaÄ客'[n % 5]}{n}", days_ago=r, times=f, spent=m)
            for n, (r, f, m) in enumerate(listed)
        ]
    )


# --- the naive way --------------------------------------------------------------------------------


@frozen
class Naive:
    """What is true of one customer, worked out by hand."""

    first: date
    last: date
    frequency: int
    monetary: int
    total: int
    yearly: dict[int, int]


def naive_rfm(records: Sequence[Purchase], as_of: date, rules: SummaryRules) -> dict[str, Naive]:
    """Recency, frequency and money, each rule spelled out over the whole list again and again."""
    counted = [p for p in records if p.on <= as_of]
    if rules.refunds is Refunds.IGNORE:
        counted = [p for p in counted if p.amount.minor >= 0]
    found = {}
    for customer in {p.customer for p in counted}:
        own = [p for p in counted if p.customer == customer]
        bought = [p for p in own if p.amount.minor >= 0]
        if rules.refunds is Refunds.CANCEL_ORDERS:
            bought = [p for p in bought if not _was_canceled(p.order, own)]
        if bought:
            found[str(customer)] = _naive_facts(own, bought, rules)
    return found


def _was_canceled(order: OrderId | None, own: list[Purchase]) -> bool:
    if order is None:
        return False
    charged = sum(p.amount.minor for p in own if p.amount.minor >= 0 and p.order == order)
    returned = -sum(
        p.amount.minor for p in own if p.amount.minor < 0 and order == (p.refund_of or p.order)
    )
    return returned > 0 and returned >= charged


def _naive_facts(own: list[Purchase], bought: list[Purchase], rules: SummaryRules) -> Naive:
    frequency = len({p.on for p in bought})
    if rules.counting is Counting.ORDERS:
        receipts = [p.order for p in bought if p.order is not None]
        frequency = len(set(receipts)) + len(bought) - len(receipts)
    total = sum(p.amount.minor for p in own)
    monetary = total
    if rules.monetary is MonetaryMeasure.MEAN:
        monetary = round(Fraction(total, frequency))  # Python rounds half to even.
    yearly: dict[int, int] = {}
    for p in own:
        yearly[p.on.year] = yearly.get(p.on.year, 0) + p.amount.minor
    return Naive(
        min(p.on for p in bought),
        max(p.on for p in bought),
        frequency,
        monetary,
        total,
        {year: minor for year, minor in sorted(yearly.items()) if minor},
    )


def as_naive(summary: RfmSummary) -> dict[str, Naive]:
    """A summary in the form of the naive way."""
    return {
        str(customer): Naive(
            f.first_purchase_on,
            f.last_purchase_on,
            f.frequency,
            f.monetary.minor,
            f.total.minor,
            {year: money.minor for year, money in f.yearly_totals.items() if money.minor},
        )
        for customer, f in summary.items()
    }


# --- real data ------------------------------------------------------------------------------------

CDNOW_AS_OF = date(1998, 6, 30)


def cdnow_master() -> Iterable[Purchase]:
    """The purchases of CDNOW, 1997-01-01 to 1998-06-30, as published by Fader and Hardie."""
    return read_purchases(shared_file("cdnow_master.txt"), currency="USD")


def cdnow_sample() -> Iterable[Purchase]:
    """The published sample of one customer in ten, under the numbers of the sample."""
    columns = {"customer": "sampleid"}
    return read_purchases(shared_file("cdnow_sample.csv"), currency="USD", columns=columns)
