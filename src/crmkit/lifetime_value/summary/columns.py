"""The facts of a whole customer base as columns."""

from collections.abc import Mapping
from functools import cached_property
from itertools import compress
from typing import Any, Self

from attrs import field, frozen

from crmkit.identifiers import CustomerId
from crmkit.lifetime_value.tally import RepeatTally

__all__ = ["SummaryColumns"]


@frozen(eq=False)
class SummaryColumns:
    """The facts of all customers of a summary as equally long columns, in its order."""

    customers: list[CustomerId] = field(repr=False)
    first_days: list[int] = field(repr=False)
    """The ordinals of the first purchase days."""
    purchase_days: list[int] = field(repr=False)
    """The set of purchase days: bit ``k`` stands for the day ``first + k``."""
    repeat_purchases: list[int] = field(repr=False)
    days_at_last_purchase: list[int] = field(repr=False)
    """Days from the first to the last purchase."""
    repeat_spend: list[int] = field(repr=False)
    """What was spent on all repeat days, in minor units, net as the rule of refunds says."""

    @classmethod
    def of(cls, tally: RepeatTally) -> Self:
        """The columns of all customers of a tally who have bought something."""
        columns: tuple[list[Any], ...] = (
            *(list(tally.index), tally.first, tally.days, tally.repeat_spend()),
        )
        if 0 in tally.days:
            columns = tuple(list(compress(column, tally.days)) for column in columns)
        customers, first, days, spend = columns
        return cls(
            customers=customers,
            first_days=first,
            purchase_days=days,
            repeat_purchases=[purchased.bit_count() - 1 for purchased in days],
            days_at_last_purchase=[purchased.bit_length() - 1 for purchased in days],
            repeat_spend=spend,
        )

    @cached_property
    def rows(self) -> Mapping[CustomerId, int]:
        """Where in the columns a customer stands."""
        return {customer: row for row, customer in enumerate(self.customers)}
