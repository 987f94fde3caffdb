"""Lines of the canonical table, at random, and what the embedded library makes of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from hypothesis import strategies as st

from crmkit.identifiers import CustomerId
from crmkit.lifetime_value import RefundRule, RepeatPurchaseSummary, summarize_repeat_purchases
from crmkit.money import Money
from crmkit.period import Unit
from crmkit.records import Purchase
from crmkit.segmentation import Refunds, RfmSummary, summarize_rfm
from crmkit.warehouse import CustomerSummary, Line, date_of, day_of

AS_OF = date(2024, 3, 1)
TODAY = day_of(AS_OF)
# As code points Z comes before a, and a before Ä; an English dictionary has them otherwise.
CUSTOMERS = ("Zoe", "anna", "Ä", "bert", "ß", "客", "𠮷", "o'neil", "a b", "anna2", "a%_\\")
AMOUNTS = (0, 1, 999, 4_000, 4_001, 2**53 - 1, -1, -999, -4_000, 1 - 2**53)
DAYS = tuple(TODAY - ago for ago in (-400, -1, 0, 1, 2, 3, 90, 91, 800, 20_000))


def lines() -> st.SearchStrategy[Line]:
    """A purchase, a gift or a refund on one of few days, some of them after the last one."""
    return st.tuples(st.sampled_from(CUSTOMERS), st.sampled_from(DAYS), st.sampled_from(AMOUNTS))


def histories(max_size: int = 14) -> st.SearchStrategy[list[Line]]:
    """What a few customers bought and gave back, in no order; lines may be identical."""
    return st.lists(lines(), max_size=max_size)


def refund_rules() -> st.SearchStrategy[RefundRule]:
    return st.sampled_from(RefundRule)


def purchases_of(listed: Iterable[Line]) -> list[Purchase]:
    return [
        Purchase(CustomerId(customer), date_of(day), Money.of_minor(minor, "EUR"))
        for customer, day, minor in listed
    ]


def as_rfm(listed: Iterable[Line], refunds: RefundRule = RefundRule.NET) -> RfmSummary:
    return summarize_rfm(purchases_of(listed), as_of=AS_OF, refunds=Refunds(refunds.value))


def as_repeats(
    listed: Iterable[Line],
    refunds: RefundRule = RefundRule.NET,
    unit: Unit = Unit.DAY,
    *,
    whole_units: bool = False,
) -> RepeatPurchaseSummary:
    records = purchases_of(listed)
    return summarize_repeat_purchases(
        records, as_of=AS_OF, unit=unit, refunds=refunds, whole_units=whole_units
    )


def embedded(listed: Sequence[Line], refunds: RefundRule = RefundRule.NET) -> list[CustomerSummary]:
    """The summaries put together from what the embedded library says of each customer."""
    rfm, repeats = as_rfm(listed, refunds), as_repeats(listed, refunds)
    assert set(rfm) == set(repeats)
    found = []
    for customer in sorted(rfm):
        facts, again = rfm[customer], repeats[customer]
        assert again.repeat_spend is not None
        found.append(
            CustomerSummary(
                customer,
                day_of(facts.first_purchase_on),
                day_of(facts.last_purchase_on),
                facts.frequency,
                facts.recency_days,
                again.repeat_purchases,
                int(again.age_at_last_purchase),
                int(again.customer_age),
                facts.total.minor,
                again.repeat_spend.minor,
            )
        )
    return found
