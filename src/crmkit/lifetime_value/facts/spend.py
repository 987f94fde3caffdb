"""What customers spend on a repeat day, counted: all that a model of spend is fitted to."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Protocol, Self, runtime_checkable

from attrs import field, frozen

from crmkit.errors import CurrencyMismatch, InvalidValue
from crmkit.identifiers import CustomerId
from crmkit.lifetime_value.facts.counted import (
    Entry,
    add_up,
    are_numbers,
    check_customers,
    count_rows,
    entries,
)
from crmkit.lifetime_value.facts.repeat import MAX_REPEAT_PURCHASES, RepeatPurchaseFacts
from crmkit.money import MAX_MINOR, Money, digits_of

__all__ = ["CountableSpend", "CountedSpend", "SpendRow", "counted_spend", "mean_spend_of"]

SpendRow = tuple[int, float]
"""Repeat purchases, and what was spent on each on average, in major units of the currency."""


_SHAPE = (
    "counted spend maps rows (repeat_purchases, mean_repeat_spend), both above zero and finite, to "
    "how many customers have them, a whole number above zero"
)


def _rows(rows: Mapping[Any, int] | Iterable[tuple[SpendRow, int]]) -> Mapping[SpendRow, int]:
    return add_up(rows, _SHAPE)


@frozen
class CountedSpend:
    """How many customers came back how often and spent how much each time.

    ``rows`` map (repeat purchases, mean spend by repeat purchase) to a number of customers. Means
    are numbers of major units of ``currency``, worked out of exact totals where they are known;
    without a currency they are bare numbers, as given.

    Left out are customers who spent nothing on their repeat purchases, or got more back than they
    paid (a spend below or at zero has no place in a model of spend), and those without repeats:
    their numbers are kept.

    :raises InvalidValue: if a row could not be the spend of a customer.
    :raises InvalidMoney: if the currency is unknown.
    """

    rows: Mapping[SpendRow, int] = field(converter=_rows, hash=False, repr=False)
    currency: str | None = None
    left_out: int = 0
    """Customers with repeat purchases on which they spent nothing, or less, net of refunds."""
    without_repeats: int = 0
    """Customers who have not come back."""

    def __attrs_post_init__(self) -> None:
        if self.currency is not None:
            digits_of(self.currency)
        check_customers(self.rows.values(), _SHAPE)
        if not _are_possible(self.rows):
            raise InvalidValue(_SHAPE)
        for number in (self.left_out, self.without_repeats):
            if type(number) is not int or number < 0:
                raise InvalidValue("how many customers are left out is a whole number")

    @classmethod
    def of_totals(
        cls, repeat_purchases: Iterable[int], repeat_spend: Iterable[int], currency: str
    ) -> Self:
        """Count columns of repeat purchases and exact totals of their money, in minor units.

        :raises InvalidValue: if the columns differ in length or hold other than whole numbers.
        """
        counts = count_rows(_plain(repeat_purchases), _plain(repeat_spend))
        _check_repeats(counts)
        totals = [total for _, total in counts]
        if {*map(type, totals)} - {int} or max(map(abs, totals), default=0) > MAX_MINOR:
            raise InvalidValue("totals are whole minor units: pass 1230 for 12.30 EUR")
        minors = _minors(currency)
        means: Counter[SpendRow] = Counter()
        for (repeats, total), count in counts.items():
            # One exact quotient, rounded once to the nearest float.
            means[repeats, total / ((repeats or 1) * minors)] += count
        return cls._of_means(means, currency)

    @classmethod
    def of_means(
        cls,
        repeat_purchases: Iterable[int],
        mean_repeat_spend: Iterable[float],
        currency: str | None = None,
    ) -> Self:
        """Count columns of repeat purchases and of mean spend, as figures in papers come.

        :raises InvalidValue: if the columns differ in length or hold other than numbers.
        """
        means = count_rows(_plain(repeat_purchases), _plain(mean_repeat_spend))
        _check_repeats(means)
        if not are_numbers(mean for _, mean in means):
            raise InvalidValue("mean spend is a bare number: an int or a float")
        return cls._of_means(means, currency)

    @classmethod
    def _of_means(cls, means: Mapping[SpendRow, int], currency: str | None) -> Self:
        rows: dict[SpendRow, int] = {}
        left_out = without = 0
        for (repeats, mean), count in means.items():
            if not repeats and mean:
                raise InvalidValue("money was spent on no repeat purchase: pass zero for it")
            if not repeats:
                without += count
            elif mean <= 0:
                left_out += count
            else:
                rows[repeats, mean] = count
        return cls(rows, currency, left_out, without)

    def counted_spend(self) -> Self:
        """Itself: it is counted already."""
        return self

    @property
    def customers(self) -> int:
        """How many customers are in the rows."""
        return sum(self.rows.values())

    def merge(self, other: "CountedSpend") -> "CountedSpend":
        """Count both parts of the base together.

        :raises CurrencyMismatch: if they are in different currencies.
        """
        if self.currency != other.currency:
            raise CurrencyMismatch(str(self.currency), str(other.currency))
        rows = Counter(self.rows)
        rows.update(other.rows)
        return CountedSpend(
            rows,
            self.currency,
            self.left_out + other.left_out,
            self.without_repeats + other.without_repeats,
        )


def _plain(column: Iterable[Any]) -> Iterable[Any]:
    """The numbers of an array as Python's own."""
    return column.tolist() if hasattr(column, "tolist") else column


def _check_repeats(rows: Iterable[tuple[int, object]]) -> None:
    repeats = {number for number, _ in rows}
    whole = {*map(type, repeats)} <= {int}
    if not whole or not all(0 <= number <= MAX_REPEAT_PURCHASES for number in repeats):
        raise InvalidValue(
            f"repeat purchases are whole numbers, zero or more, at most {MAX_REPEAT_PURCHASES}"
        )


def _are_possible(rows: Mapping[SpendRow, int]) -> bool:
    """Whether every row could be the spend of a customer, told as fast as Python can."""
    try:
        repeats, means = zip(*rows, strict=True)
    except (TypeError, ValueError):
        return not rows
    return (
        {*map(type, repeats)} == {int}
        and are_numbers(means)
        and 1 <= min(repeats) <= max(repeats) <= MAX_REPEAT_PURCHASES
        and all(0 < mean < math.inf for mean in means)
    )


@runtime_checkable
class CountsSpend(Protocol):
    """Whatever can count the spend of its customers itself: counted spend, and summaries."""

    def counted_spend(self) -> CountedSpend:
        """The spend of its customers as counted rows."""


CountableSpend = CountsSpend | RepeatPurchaseFacts | Iterable[Entry] | Mapping[CustomerId, Entry]
"""Facts in any form that a model of spend can be fitted to."""


def counted_spend(facts: CountableSpend) -> CountedSpend:
    """Count the spend of customers: from a summary, or from facts one by one or with their number.

    :raises InvalidValue: if it is not known of a customer who came back what they spent, or if some
        spend is money and some is a bare number.
    :raises CurrencyMismatch: if the money is in different currencies.

    >>> anna = RepeatPurchaseFacts(2, 30.43, 38.86, Money("22.35", "USD"))
    >>> counted_spend([anna, anna]).rows
    mappingproxy({(2, 22.35): 2})
    """
    if isinstance(facts, CountsSpend):
        return facts.counted_spend()
    means: Counter[SpendRow] = Counter()
    currencies: set[str | None] = set()
    for fact, count in entries(facts):
        if fact.repeat_purchases == 0:
            means[0, 0.0] += count
            continue
        mean, currency = mean_spend_of(fact)
        means[fact.repeat_purchases, mean] += count
        currencies.add(currency)
    return CountedSpend._of_means(means, _one_currency(currencies))


def mean_spend_of(facts: RepeatPurchaseFacts) -> tuple[float, str | None]:
    """What was spent on a repeat day, out of the exact total if it is known, and in what currency.

    :raises InvalidValue: if it is not known.
    """
    mean, total = facts.mean_repeat_spend, facts.repeat_spend
    if total is not None:
        return total.minor / (facts.repeat_purchases * _minors(total.currency)), total.currency
    if isinstance(mean, Money):
        return mean.minor / _minors(mean.currency), mean.currency
    if mean is None:
        raise InvalidValue(
            "the spend of a customer who came back is not known: pass mean_repeat_spend with the "
            "facts, or summarize the purchases"
        )
    return float(mean), None


def _minors(currency: str) -> int:
    """How many minor units make a major one."""
    return int(10 ** digits_of(currency))


def _one_currency(currencies: set[str | None]) -> str | None:
    if len(currencies) > 1:
        if None in currencies:
            raise InvalidValue("some spend is money and some a bare number: pass one or the other")
        raise CurrencyMismatch(*sorted(map(str, currencies))[:2])
    return next(iter(currencies), None)
