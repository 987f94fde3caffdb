"""How many customers a model expects to have come back so and so often, and how many did."""

import math
from collections import Counter

from attrs import frozen

from crmkit.errors import InvalidValue
from crmkit.lifetime_value.facts import Countable, counted
from crmkit.lifetime_value.models.base import RepeatPurchaseModel

__all__ = ["FrequencyFit", "FrequencyRow", "check_top", "frequency_fit"]


@frozen(kw_only=True)
class FrequencyRow:
    """The customers with one number of repeat purchases, or in the last row with more as well."""

    repeat_purchases: int
    or_more: bool
    actual: int
    expected: float


@frozen
class FrequencyFit:
    """Customers by their number of repeat purchases, as they are and as the model expects them.

    It shows whether the model describes the customers it was fitted to; whether it foresees what
    they do next is asked of a holdout.
    """

    rows: tuple[FrequencyRow, ...]

    @property
    def customers(self) -> int:
        """All customers; the expected numbers add up to them too."""
        return sum(row.actual for row in self.rows)

    @property
    def chi_square(self) -> float:
        """Pearson's chi-square: how far the numbers are off, each against what is expected.

        With a fit of ``k`` parameters to the same customers, it is held against the chi-square
        distribution with ``len(rows) - k - 1`` degrees of freedom.
        """
        return math.fsum(_squared_miss(row) for row in self.rows)

    @property
    def misplaced(self) -> float:
        """How many customers would have to move to another row for the two to be the same."""
        return math.fsum(abs(row.expected - row.actual) for row in self.rows) / 2.0


def _squared_miss(row: FrequencyRow) -> float:
    miss = row.expected - row.actual
    if miss == 0.0:
        return 0.0
    return miss / row.expected * miss if row.expected > 0.0 else math.inf


def frequency_fit(model: RepeatPurchaseModel, facts: Countable, *, top: int = 7) -> FrequencyFit:
    """Hold the expected number of customers by repeat purchases against the actual one.

    Each customer is expected in a row with the probability that a new customer makes so many
    repeat purchases within the age that this customer has; that is computed once for each distinct
    age. The last row takes all customers with ``top`` repeat purchases and more. With 7 on the
    CDNOW sample this is Figure 2 of Fader, Hardie and Lee (2005, "Counting your customers" the easy
    way, Marketing Science 24, p. 282).

    For BG/BB, pass the ``opportunities()`` of a summary: then customers are counted by the
    opportunities that they took.

    :raises InvalidValue: if ``top`` is not a whole number from 1 to 1,000, or the model counts
        opportunities and the facts do not.
    :raises UnitMismatch: if the model and the facts count in different units of time.
    """
    check_top(top)
    rows = counted(facts)
    model._check_unit(rows.unit)
    actual: Counter[int] = Counter()
    ages: Counter[float] = Counter()
    for row, customers in rows.rows.items():
        repeats, _, age = model._checked(row)
        actual[min(repeats, top)] += customers
        ages[age] += customers
    expected = [
        math.fsum(customers * model.pmf(repeats, age) for age, customers in ages.items())
        for repeats in range(top)
    ]
    expected.append(max(0.0, ages.total() - math.fsum(expected)))
    return FrequencyFit(
        tuple(
            FrequencyRow(
                repeat_purchases=repeats,
                or_more=repeats == top,
                actual=actual[repeats],
                expected=expected[repeats],
            )
            for repeats in range(top + 1)
        )
    )


_MOST_ROWS = 1_000


def check_top(top: int) -> None:
    """Refuse a last row that leaves nothing to tell apart, or comes after more than can be read."""
    if type(top) is not int or not 1 <= top <= _MOST_ROWS:
        raise InvalidValue(
            f"the last row takes so many repeat purchases or more: from 1 to {_MOST_ROWS:,}"
        )
