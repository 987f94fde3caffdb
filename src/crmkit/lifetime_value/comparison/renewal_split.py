"""Contracts up to the end of the calibration, and which of them were renewed after that."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from operator import add
from types import MappingProxyType
from typing import Any, Self

from attrs import field, frozen

from crmkit.errors import InvalidValue, UnitMismatch
from crmkit.identifiers import CustomerId
from crmkit.lifetime_value.models.renewal import CountedRenewals, RenewalFacts, counted_renewals
from crmkit.period import Unit

__all__ = ["RenewalSplit", "split_renewals"]

# More rows than anybody reads; a larger number is a mistake.
_MOST_PERIODS = 10_000


def _left(later: Mapping[int, Sequence[int]]) -> Mapping[int, tuple[int, ...]]:
    return MappingProxyType({since: tuple(later[since]) for since in sorted(later)})


@frozen(kw_only=True)
class RenewalSplit:
    """Customers with a contract at the end of the calibration, and how many of them stayed on.

    ``calibration`` counts what was known by its end: fit to it. The holdout is the ``periods``
    renewals that came up after that for everybody. ``later`` maps how often the active customers of
    the calibration had renewed to how many of them were left after each renewal of the holdout.
    Splits of parts of the customers :meth:`merge` to the split of all.

    :raises InvalidValue: if the holdout has no period, or ``later`` does not go on from the active
        customers of the calibration.
    """

    calibration: CountedRenewals
    later: Mapping[int, tuple[int, ...]] = field(converter=_left, hash=False)
    periods: int

    def __attrs_post_init__(self) -> None:
        _check_held_back(self.periods)
        if self.later.keys() != self.calibration.active.keys():
            raise InvalidValue("later goes on from the numbers of renewals of active customers")
        for since, left in self.later.items():
            if len(left) != self.periods or {*map(type, left)} != {int} or left[-1] < 0:
                raise InvalidValue("later says for each period how many are left, a whole number")
            if any(a < b for a, b in pairwise((self.calibration.active[since], *left))):
                raise InvalidValue("who has left does not come back: what is left never rises")

    @classmethod
    def of_customers(
        cls,
        calibration: Mapping[CustomerId, RenewalFacts],
        later: Mapping[CustomerId, RenewalFacts],
        *,
        periods: int,
    ) -> Self:
        """Read the facts of each customer at the end of the calibration, and so many renewals on.

        Customers who were won in the holdout are left out.

        :raises InvalidValue: if an active customer of the calibration is missing later, or has come
            to more or fewer renewals than those of the holdout.
        :raises UnitMismatch: if the facts are in different units of time.
        """
        _check_held_back(periods)
        if not isinstance(calibration, Mapping) or not isinstance(later, Mapping):
            raise InvalidValue("the facts of customers at two dates come as mappings by customer")
        known = counted_renewals(calibration)
        made: Counter[tuple[int, int]] = Counter()
        for customer, facts in calibration.items():
            if facts.active:
                made[facts.renewals, _made(facts, later.get(customer), periods)] += 1
        left: dict[int, list[int]] = {since: [0] * periods for since in known.active}
        for (since, renewals), customers in made.items():
            for period in range(renewals):
                left[since][period] += customers
        return cls(calibration=known, later=left, periods=periods)

    def merge(self, other: "RenewalSplit") -> "RenewalSplit":
        """The split of the customers of both; each may be in one of them only.

        :raises InvalidValue: if the holdouts are of different length.
        :raises UnitMismatch: if the customers renew in different units of time.
        """
        if self.periods != other.periods:
            raise InvalidValue("only splits that hold back equally many periods merge")
        later = dict(self.later)
        for since, left in other.later.items():
            later[since] = tuple(map(add, later.get(since, (0,) * self.periods), left))
        return RenewalSplit(
            calibration=self.calibration.merge(other.calibration),
            later=later,
            periods=self.periods,
        )


def split_renewals(
    cohorts: Sequence[int] | Iterable[Sequence[int]], periods: int, *, unit: Unit | None = None
) -> RenewalSplit:
    """Hold back the last renewals of one cohort, or of several that are observed to one day.

    A cohort is its survivors: how many customers were won, and how many of them were left after
    each renewal; whole numbers alone are one cohort. Of each the last ``periods`` are held back. A
    cohort that was won after that, with no more numbers than there are periods, is left out.

    :raises InvalidValue: if ``periods`` is no whole number from 1 to 10,000, or the survivors of a
        cohort are not whole numbers that never rise.

    >>> split = split_renewals([[1000, 869, 743, 653], [500, 430, 370]], 1, unit=Unit.YEAR)
    >>> dict(split.calibration.churned), dict(split.calibration.active)
    ({0: 201, 1: 126}, {1: 430, 2: 743})
    >>> dict(split.later)
    {1: (370,), 2: (653,)}
    """
    _check_held_back(periods)
    churned: Counter[int] = Counter()
    active: Counter[int] = Counter()
    later: dict[int, list[int]] = {}
    for survivors in _each_cohort(cohorts):
        CountedRenewals.of_survivors(survivors)  # Refuses what is no cohort, held back or not.
        known, held_back = survivors[:-periods], survivors[-periods:]
        if not known:
            continue
        counts = CountedRenewals.of_survivors(known)
        churned.update(counts.churned)
        active.update(counts.active)
        for since in counts.active:
            before = later.get(since, [0] * periods)
            later[since] = list(map(add, before, held_back))
    calibration = CountedRenewals(churned, active, unit)
    return RenewalSplit(calibration=calibration, later=later, periods=periods)


def _each_cohort(cohorts: Sequence[int] | Iterable[Sequence[int]]) -> list[list[int]]:
    try:
        each: list[Any] = list(cohorts)
        return [each] if each and {*map(type, each)} == {int} else list(map(list, each))
    except TypeError:
        raise InvalidValue(
            "cohorts are survivors: pass those of one cohort, such as [1000, 869, 743], or a list "
            "of several"
        ) from None


def _made(known: RenewalFacts, later: RenewalFacts | None, periods: int) -> int:
    """How many renewals of the holdout a customer made who was active before it."""
    if later is None:
        raise InvalidValue("a customer of the calibration is missing later: pass who has left too")
    if later.unit is not known.unit:
        raise UnitMismatch(*(str(facts.unit or "unnamed unit") for facts in (known, later)))
    made = later.renewals - known.renewals
    if made != periods if later.active else not 0 <= made < periods:
        raise InvalidValue(
            f"everybody comes to {periods} renewals in the holdout: who is still active has made "
            f"all of them, and who has left has made fewer"
        )
    return made


def _check_held_back(periods: int) -> None:
    if type(periods) is not int or not 1 <= periods <= _MOST_PERIODS:
        raise InvalidValue(f"a whole number of periods is held back: from 1 to {_MOST_PERIODS:,}")
