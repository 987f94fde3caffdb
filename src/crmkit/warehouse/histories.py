"""From summaries to models of lifetime value: facts counted, models fitted, each history once.

Two customers with equal histories are worth the same, so a model is fitted to counts of histories
and asked once for each. Histories are counted in whole days, which an engine can do by ``GROUP
BY``; units of time are made of them here.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import islice
from typing import Any

from attrs import evolve, field, frozen

from crmkit.errors import InvalidValue
from crmkit.identifiers import CustomerId
from crmkit.lifetime_value import (
    CountedFacts,
    CountedSpend,
    ExpectedValue,
    PurchaseModel,
    RepeatPurchaseFacts,
)
from crmkit.lifetime_value.facts.ages import age_of
from crmkit.money import Money, Rounding, digits_of, round_fraction
from crmkit.period import MEAN_GREGORIAN_YEAR, Rate, Unit
from crmkit.segmentation import RfmFacts
from crmkit.warehouse.kernel import CustomerSummary, date_of, day_of

__all__ = [
    "History",
    "count_histories",
    "count_spends",
    "counted_facts",
    "counted_spend",
    "repeat_facts",
    "rfm_facts",
    "value_summaries",
]

History = tuple[int, int, int]
"""Repeat purchases, days at the last one, and age in days: x, t_x and T, counted in days."""

_OTHER_DAY = "these summaries are as of another day: pass the as_of they were made with"


# --- counting -------------------------------------------------------------------------------------


def count_histories(summaries: Iterable[CustomerSummary]) -> Counter[History]:
    """How many customers have which history; counts of parts of the base add up with ``+``.

    >>> anna = CustomerSummary("anna", 0, 7, 2, 3, 1, 7, 10, 800, 300)
    >>> bert = anna._replace(customer_id="bert", repeat_minor=100)
    >>> count_histories([anna, bert])
    Counter({(1, 7, 10): 2})
    """
    return Counter(
        (each.repeat_purchases, each.days_at_last_purchase, each.customer_age_days)
        for each in summaries
    )


def count_spends(summaries: Iterable[CustomerSummary]) -> Counter[tuple[int, int]]:
    """How many customers came back how often and spent how much on it, in minor units."""
    return Counter((each.repeat_purchases, each.repeat_minor) for each in summaries)


def counted_facts(
    histories: Mapping[History, int],
    *,
    unit: Unit,
    whole_units: bool = False,
    days_in_year: Decimal = MEAN_GREGORIAN_YEAR,
) -> CountedFacts:
    """Counted histories as facts that a model can be fitted to, in units of time.

    They are those of :meth:`RepeatPurchaseSummary.counted
    <crmkit.lifetime_value.RepeatPurchaseSummary.counted>` for the same customers.

    :raises InvalidValue: if a history is one that nobody can have, or a count is below one.

    >>> counted_facts({(1, 7, 14): 2}, unit=Unit.WEEK).rows
    mappingproxy({(1, 1.0, 2.0): 2})
    """

    def age(days: int) -> float:
        return age_of(days, unit, whole_units=whole_units, days_in_year=days_in_year)

    lengths = {days: age(days) for days in {day for row in histories for day in row[1:]}}
    pairs = (
        ((repeats, lengths[at_last], lengths[old]), count)
        for (repeats, at_last, old), count in histories.items()
    )
    return CountedFacts(pairs, unit, whole_units)


def counted_spend(spends: Mapping[tuple[int, int], int], currency: str) -> CountedSpend:
    """Counted spends as what a model of spend can be fitted to.

    They are those of :meth:`RepeatPurchaseSummary.counted_spend
    <crmkit.lifetime_value.RepeatPurchaseSummary.counted_spend>` for the same customers.

    :raises InvalidValue: if a spend is one that nobody can have, or a count is below one.
    :raises InvalidMoney: if the currency is unknown.

    >>> counted_spend({(2, 4470): 1, (0, 0): 3}, "USD").rows
    mappingproxy({(2, 22.35): 1})
    """
    minors = 10 ** digits_of(currency)
    rows: Counter[tuple[int, float]] = Counter()
    left_out = without_repeats = 0
    for (repeats, total), count in spends.items():
        if repeats and total > 0:
            # One exact quotient, rounded once to the nearest float.
            rows[repeats, total / (repeats * minors)] += count
        elif repeats:
            left_out += count
        elif total:
            raise InvalidValue("money was spent on no repeat purchase: pass zero for it")
        else:
            without_repeats += count
    return CountedSpend(rows, currency, left_out, without_repeats)


# --- one customer, for the policies of the embedded library ---------------------------------------


def rfm_facts(summary: CustomerSummary, *, as_of: date, currency: str) -> RfmFacts:
    """What segmentation knows of the customer; the parts of the total by year are not told.

    :raises InvalidValue: if the summary is as of another day.

    >>> anna = CustomerSummary("anna", 0, 7, 2, 3, 1, 7, 10, 800, 300)
    >>> str(rfm_facts(anna, as_of=date(1970, 1, 11), currency="EUR").total)
    '8.00 EUR'
    """
    _check_day(summary, as_of)
    total = Money.of_minor(summary.total_minor, currency)
    return RfmFacts(
        customer=CustomerId(summary.customer_id),
        as_of=as_of,
        first_purchase_on=date_of(summary.first_day),
        last_purchase_on=date_of(summary.last_day),
        frequency=summary.purchase_days,
        monetary=total,
        total=total,
    )


def repeat_facts(
    summary: CustomerSummary,
    *,
    as_of: date,
    currency: str,
    unit: Unit,
    whole_units: bool = False,
    days_in_year: Decimal = MEAN_GREGORIAN_YEAR,
) -> RepeatPurchaseFacts:
    """What the models of lifetime value know of the customer, as the embedded summary tells it.

    :raises InvalidValue: if the summary is as of another day.

    >>> anna = CustomerSummary("anna", 0, 7, 2, 7, 1, 7, 14, 800, 300)
    >>> facts = repeat_facts(anna, as_of=date(1970, 1, 15), currency="EUR", unit=Unit.WEEK)
    >>> facts.age_at_last_purchase, facts.customer_age, str(facts.mean_repeat_spend)
    (1.0, 2.0, '3.00 EUR')
    """
    _check_day(summary, as_of)
    repeats, spent = summary.repeat_purchases, summary.repeat_minor
    mean = round_fraction(Fraction(spent, repeats), Rounding.HALF_EVEN) if repeats else 0

    def age(days: int) -> float:
        return age_of(days, unit, whole_units=whole_units, days_in_year=days_in_year)

    return RepeatPurchaseFacts(
        repeats,
        age(summary.days_at_last_purchase),
        age(summary.customer_age_days),
        Money.of_minor(mean, currency),
        unit=unit,
        whole_units=whole_units,
        customer=CustomerId(summary.customer_id),
        as_of=as_of,
        repeat_spend=Money.of_minor(spent, currency),
    )


def _check_day(summary: CustomerSummary, as_of: date) -> None:
    if summary.last_day + summary.recency_days != day_of(as_of):
        raise InvalidValue(_OTHER_DAY)


# --- value, each history once ---------------------------------------------------------------------


@frozen
class _Remembering:
    """A model that is asked for each history once, however many batches it comes in.

    It can do what the outcomes of many customers need, and no more.
    """

    model: PurchaseModel
    _expected: dict[Any, float] = field(factory=dict, init=False, repr=False)
    _residual: dict[Any, float] = field(factory=dict, init=False, repr=False)

    @property
    def unit(self) -> Unit | None:
        return self.model.unit

    def expected_purchases_each(
        self, facts: Sequence[RepeatPurchaseFacts], t: float, /
    ) -> Sequence[float]:
        keys = [(t, *_history(item)) for item in facts]
        new = {
            key: item for key, item in zip(keys, facts, strict=True) if key not in self._expected
        }
        found = self.model.expected_purchases_each(list(new.values()), t)
        self._expected.update(zip(new, found, strict=True))
        return [self._expected[key] for key in keys]

    def residual_transactions(self, facts: RepeatPurchaseFacts, rate: Rate, /) -> float:
        key = _history(facts)
        if key not in self._residual:
            self._residual[key] = self.model.residual_transactions(facts, rate)
        return self._residual[key]


def _history(facts: RepeatPurchaseFacts) -> tuple[int, float, float]:
    return facts.repeat_purchases, facts.age_at_last_purchase, facts.customer_age


def value_summaries(
    summaries: Iterable[CustomerSummary],
    value: ExpectedValue[Any, Any],
    *,
    as_of: date,
    unit: Unit,
    whole_units: bool = False,
    days_in_year: Decimal = MEAN_GREGORIAN_YEAR,
    batch: int = 10_000,
) -> Iterator[tuple[str, int]]:
    """What each customer is expected to bring, as ``value`` gives it, in minor units.

    Customers come out as they go in, ``batch`` at a time. The model is asked once for each history,
    so memory holds a number for each distinct one; where those are too many, sort or partition the
    customers by history first.

    :raises InvalidValue: if a summary is as of another day, or a batch is no whole number above
        zero.
    :raises UnitMismatch: if the model counts in another unit of time.
    """
    if type(batch) is not int or batch < 1:
        raise InvalidValue("a batch is a whole number of customers, one or more")
    terms: dict[str, Any] = {
        "as_of": as_of,
        "currency": value.currency,
        "unit": unit,
        "whole_units": whole_units,
        "days_in_year": days_in_year,
    }
    once = evolve(value, purchases=_Remembering(value.purchases))
    return _values(iter(summaries), once, terms, batch)


def _values(
    summaries: Iterator[CustomerSummary],
    value: ExpectedValue[Any, Any],
    terms: Mapping[str, Any],
    batch: int,
) -> Iterator[tuple[str, int]]:
    while some := list(islice(summaries, batch)):
        amounts = value.outcomes([repeat_facts(each, **terms) for each in some])
        for each, amount in zip(some, amounts, strict=True):
            yield each.customer_id, amount.minor
