"""What is known of customers with a contract: how often they renewed it, and whether they still do.

With a contract nobody leaves silently: at each renewal a customer stays or goes, and the shop knows
it. So the facts of a customer are one number and a yes or no, and models fit on counts of them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Self

from attrs import field, frozen

from crmkit.errors import InvalidValue, UnitMismatch
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.lifetime_value.facts.counted import check_customers
from crmkit.period import Unit, check_date

__all__ = [
    "MAX_RENEWALS",
    "CountableRenewals",
    "CountedRenewals",
    "RenewalFacts",
    "counted_renewals",
]

MAX_RENEWALS = 10**12
"""More renewals than any contract sees: a larger number is a mistake."""


@frozen
class RenewalFacts:
    """How many times a customer has renewed, and whether they are still a customer.

    Whoever was won and has not yet come to the first renewal has renewed 0 times and is active;
    whoever left at the first renewal has renewed 0 times and is not. ``unit`` is the time between
    two renewals.

    :raises InvalidValue: if the number of renewals is not a whole number of zero or more,
        ``active`` not a bool, or ``as_of`` not a plain date.
    :raises InvalidIdentifier: if the customer could not serve as a key.

    >>> RenewalFacts(3, active=True, unit=Unit.YEAR).renewals
    3
    """

    renewals: int
    active: bool = field(kw_only=True)
    customer: CustomerId | None = field(default=None, kw_only=True)
    as_of: date | None = field(default=None, kw_only=True)
    unit: Unit | None = field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        _check_whole(self.renewals)
        if type(self.active) is not bool:
            raise InvalidValue("active says whether somebody is still a customer: True or False")
        if self.customer is not None:
            check_identifier(self.customer, "customer")
        if self.as_of is not None:
            check_date(self.as_of, "as_of")


def _check_whole(renewals: int) -> None:
    if type(renewals) is not int or not 0 <= renewals <= MAX_RENEWALS:
        raise InvalidValue("a number of renewals is a whole number, zero or more")


def _counts(counts: Mapping[int, int]) -> Mapping[int, int]:
    if not isinstance(counts, Mapping):
        raise InvalidValue(_SHAPE)
    for renewals in counts:
        _check_whole(renewals)
    check_customers(counts.values(), _SHAPE)
    return MappingProxyType(dict(sorted(counts.items())))


_SHAPE = (
    "counted renewals map a number of renewals to how many customers have it, a whole number above "
    "zero"
)


@frozen
class CountedRenewals:
    """How many customers renewed how often: all that fitting a model of renewal needs.

    ``churned`` maps a number of renewals to how many customers left after that many, ``active`` to
    how many have made that many and are still there. Several cohorts, old and new, merge into one.

    :raises InvalidValue: if a number of renewals is not a whole number of zero or more, or a number
        of customers not a whole number above zero, or there are more of them than people.

    >>> CountedRenewals(churned={0: 131, 1: 126}, active={2: 743}).customers
    1000
    """

    churned: Mapping[int, int] = field(converter=_counts, hash=False)
    active: Mapping[int, int] = field(converter=_counts, hash=False)
    unit: Unit | None = None

    @classmethod
    def of_survivors(cls, survivors: Sequence[int], unit: Unit | None = None) -> Self:
        """Read the survivors of one cohort: how many were won, and how many were left each period.

        :raises InvalidValue: if a number is not whole, below zero, above the one before, or the
            first is zero.

        >>> cohort = CountedRenewals.of_survivors([1000, 869, 743], Unit.YEAR)
        >>> dict(cohort.churned), dict(cohort.active)
        ({0: 131, 1: 126}, {2: 743})
        """
        each = list(survivors)
        if {*map(type, each)} != {int} or each[0] < 1 or each[-1] < 0:
            raise InvalidValue(_SURVIVORS)
        if any(before < after for before, after in pairwise(each)):
            raise InvalidValue(_SURVIVORS)
        lost = {k: before - after for k, (before, after) in enumerate(pairwise(each))}
        churned = {k: count for k, count in lost.items() if count}
        return cls(churned, {len(each) - 1: each[-1]} if each[-1] else {}, unit)

    @property
    def customers(self) -> int:
        """How many customers are counted."""
        return sum(self.churned.values()) + sum(self.active.values())

    def merge(self, other: "CountedRenewals") -> "CountedRenewals":
        """Count both groups of customers together.

        :raises UnitMismatch: if they renew in different units of time.
        """
        _one_unit({self.unit, other.unit})
        churned, active = Counter(self.churned), Counter(self.active)
        churned.update(other.churned)
        active.update(other.active)
        return CountedRenewals(churned, active, self.unit)


_SURVIVORS = (
    "survivors are whole numbers that never rise, beginning with how many customers were won, such "
    "as [1000, 869, 743]"
)

CountableRenewals = (
    CountedRenewals
    | RenewalFacts
    | Iterable[RenewalFacts]
    | Mapping[CustomerId, RenewalFacts]
    | Sequence[int]
)
"""Facts of renewals in any form that a model can be fitted to."""


def counted_renewals(facts: CountableRenewals) -> CountedRenewals:
    """Count facts of renewals in any form; whole numbers are the survivors of one cohort.

    :raises InvalidValue: if there is something else among them.
    :raises UnitMismatch: if the facts are in different units of time.

    >>> left, stayed = RenewalFacts(2, active=False), RenewalFacts(2, active=True)
    >>> counted_renewals([left, stayed, stayed])
    CountedRenewals(churned=mappingproxy({2: 1}), active=mappingproxy({2: 2}), unit=None)
    """
    if isinstance(facts, CountedRenewals):
        return facts
    each = _each(facts)
    if each and {*map(type, each)} == {int}:
        return CountedRenewals.of_survivors(each)
    counts: tuple[Counter[int], Counter[int]] = Counter(), Counter()
    units: set[Unit | None] = set()
    for fact in each:
        if not isinstance(fact, RenewalFacts):
            raise InvalidValue(_FORMS)
        counts[fact.active][fact.renewals] += 1
        units.add(fact.unit)
    return CountedRenewals(*counts, _one_unit(units))


def _one_unit(units: set[Unit | None]) -> Unit | None:
    if len(units) > 1:
        raise UnitMismatch(*sorted(str(unit or "unnamed unit") for unit in units)[:2])
    return next(iter(units), None)


_FORMS = (
    "facts of renewals come as CountedRenewals, as RenewalFacts one by one or by customer, or as "
    "the survivors of one cohort: [1000, 869, 743]"
)


def _each(facts: RenewalFacts | Iterable[Any] | Mapping[CustomerId, Any]) -> list[Any]:
    if isinstance(facts, RenewalFacts):
        return [facts]
    try:
        return list(facts.values() if isinstance(facts, Mapping) else facts)
    except TypeError:
        raise InvalidValue(_FORMS) from None
