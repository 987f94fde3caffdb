"""Customers who come back, at random: their facts, many of them equal, and their spend."""

from __future__ import annotations

from hypothesis import strategies as st

from crmkit.lifetime_value.facts import RepeatPurchaseFacts
from crmkit.money import Money
from crmkit.period import Unit
from crmkit.testing.strategies import repeat_purchase_facts

__all__ = ["customer_bases", "repeat_purchase_facts"]

# Few numbers, so that customers tie.
HISTORIES = [
    (0, 0, 10),
    (0, 0, 20.5),
    (1, 3, 10),
    (1, 3.5, 10),
    (2, 3, 10),
    (2, 10, 10),
    (7, 20.25, 20.5),
]


def customer_bases(
    *, unit: Unit | None = Unit.WEEK, currency: str = "EUR", min_size: int = 0, max_size: int = 12
) -> st.SearchStrategy[list[RepeatPurchaseFacts]]:
    """The facts of a few customers of whom some are equal, with what they spent."""

    def customer(history: tuple[int, float, float], cents: int) -> RepeatPurchaseFacts:
        repeats, at_last, age = history
        spent = Money.of_minor(cents if repeats else 0, currency)
        total = spent * repeats
        return RepeatPurchaseFacts(repeats, at_last, age, spent, unit=unit, repeat_spend=total)

    one = st.builds(customer, st.sampled_from(HISTORIES), st.sampled_from([0, 1, 999, 1000]))
    return st.lists(one, min_size=min_size, max_size=max_size)
