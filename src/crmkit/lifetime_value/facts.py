"""What the models of lifetime value know of a customer as of a day.

The words are not those of segmentation: here a purchase is a *repeat* purchase, and age counts from
the customer's first purchase day, on which nothing is repeated yet.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from attrs import field, frozen

from crmkit.errors import InvalidValue
from crmkit.identifiers import CustomerId
from crmkit.money import Money
from crmkit.period import Unit

__all__ = ["CountedFacts", "RepeatPurchaseColumns", "RepeatPurchaseFacts", "counted"]


@frozen
class RepeatPurchaseFacts:
    """How often, how long and for how much a customer came back, as of a day."""

    repeat_purchases: int
    age_at_last_purchase: float
    customer_age: float
    mean_repeat_spend: Money | float | None = None
    unit: Unit | None = field(default=None, kw_only=True)
    whole_units: bool = field(default=False, kw_only=True)
    customer: CustomerId | None = field(default=None, kw_only=True)
    as_of: date | None = field(default=None, kw_only=True)
    repeat_spend: Money | None = field(default=None, kw_only=True)


Row = tuple[int, float, float]
"""Repeat purchases, age at the last one, and age of the customer."""


@frozen(eq=False)
class CountedFacts:
    """Equal rows of repeat-purchase facts with how many customers have them."""

    rows: Mapping[Row, int]
    unit: Unit | None = None

    @property
    def customers(self) -> int:
        return sum(self.rows.values())


@frozen(eq=False)
class RepeatPurchaseColumns:
    """The facts of many customers as equally long columns."""

    repeat_purchases: Sequence[int]
    ages_at_last_purchase: Sequence[float]
    customer_ages: Sequence[float]
    unit: Unit | None = None

    def counted(self) -> CountedFacts:
        rows = Counter(
            zip(
                self.repeat_purchases, self.ages_at_last_purchase, self.customer_ages, strict=True
            )
        )
        return CountedFacts(rows, self.unit)


Countable = (
    CountedFacts
    | RepeatPurchaseColumns
    | RepeatPurchaseFacts
    | Iterable[RepeatPurchaseFacts]
    | Mapping[CustomerId, RepeatPurchaseFacts]
)


def counted(facts: Countable) -> CountedFacts:
    """Compress facts in any of their forms into counted rows."""
    if isinstance(facts, CountedFacts):
        return facts
    if isinstance(facts, RepeatPurchaseColumns):
        return facts.counted()
    if isinstance(facts, RepeatPurchaseFacts):
        facts = (facts,)
    each = list(facts.values() if isinstance(facts, Mapping) else facts)
    units = {fact.unit for fact in each}
    if len(units) > 1:
        raise InvalidValue("facts in different units of time: summarize them in one unit")
    rows = Counter(_row(fact) for fact in each)
    return CountedFacts(rows, units.pop() if units else None)


def _row(fact: RepeatPurchaseFacts) -> Row:
    return fact.repeat_purchases, fact.age_at_last_purchase, fact.customer_age


def rows_of(facts: Iterable[RepeatPurchaseFacts]) -> Iterator[Row]:
    return map(_row, facts)
