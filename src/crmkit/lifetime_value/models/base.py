"""What the models of customers who leave silently have in common.

Each of them says two things of its own: how probable it is that a customer is still there, and how
a customer who is there goes on. Given that somebody is alive, the past only changes the parameters
of the future (the prior distributions are conjugate), so every question about a customer is the
probability of being alive times the answer for a process with updated parameters. That is also
what keeps the arithmetic safe: nothing is subtracted.
"""

import math
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Protocol, Self

from crmkit.errors import InvalidValue, UnitMismatch
from crmkit.identifiers import CustomerId
from crmkit.lifetime_value.facts import (
    MAX_AGE,
    Countable,
    CountedFacts,
    RepeatPurchaseColumns,
    RepeatPurchaseFacts,
    Row,
    counted,
)
from crmkit.lifetime_value.models.fitting import FitReport
from crmkit.lifetime_value.numerics.special import softplus
from crmkit.lifetime_value.summary import RepeatPurchaseSummary
from crmkit.period import Rate, Unit

__all__ = [
    "FactsOfMany",
    "Process",
    "RepeatPurchaseModel",
    "check_count",
    "check_horizon",
    "check_parameters",
    "facts_of_each",
    "force_of",
]

FactsOfMany = (
    RepeatPurchaseColumns | Mapping[CustomerId, RepeatPurchaseFacts] | Iterable[RepeatPurchaseFacts]
)
"""The facts of many customers in an order: columns, a mapping by customer, or one by one."""


# Whole numbers beyond this could not even be turned into a float.
_LARGEST = 1e300
_LARGEST_LOG = 700.0


class Process(Protocol):
    """How a customer who is there goes on buying until they leave."""

    def expected(self, t: float, /) -> float:
        """Expected purchases within a horizon."""

    def pmf(self, n: int, t: float, /) -> float:
        """Probability of exactly so many purchases within a horizon."""

    def discounted(self, force: float, /) -> float:
        """Expected purchases for ever, each discounted at a continuous rate a unit of time."""


class RepeatPurchaseModel(ABC):
    """A model of how often customers come back who never say that they have left."""

    __slots__ = ()

    PARAMETERS: ClassVar[tuple[str, ...]]
    COUNTS_OPPORTUNITIES: ClassVar[bool] = False
    """Whether it knows time only as opportunities to buy, of which each is taken once or not."""

    unit: Unit | None
    fitted: FitReport | None

    # --- what each model says of its own ---

    @classmethod
    @abstractmethod
    def _fit(cls, facts: CountedFacts) -> FitReport:
        """Find the best parameters."""

    @abstractmethod
    def _log_likelihood_while_there(self, x: int, age: float) -> float:
        """The log-likelihood of so many purchases by a customer who is there at the end."""

    @abstractmethod
    def _log_odds_of_having_left(self, x: int, t_x: float, age: float) -> float:
        """Left since the last purchase, against still there: the logarithm of the odds."""

    @abstractmethod
    def _ever_buys(self, age: float) -> float:
        """The probability that a new customer has come back by an age."""

    @abstractmethod
    def _future(self, x: int, age: float) -> Process:
        """How a customer with this history goes on, if there."""

    @abstractmethod
    def _newcomer(self) -> tuple[float, float, Process]:
        """How probable it is that a new customer stays at all, or not, and how they then go on."""

    # --- what follows, unless a model knows better ---

    def _alive(self, x: int, t_x: float, age: float) -> float:
        """The probability that a customer with this history is there."""
        return _share(self._log_odds_of_having_left(x, t_x, age))

    def _left(self, x: int, t_x: float, age: float) -> float:
        """The probability that they have left: one less the other, with all digits of its own."""
        return _share(-self._log_odds_of_having_left(x, t_x, age))

    def _log_likelihood(self, x: int, t_x: float, age: float) -> float:
        """The log-likelihood of one row."""
        if x == 0:
            # Where hardly anybody comes back, only the opposite has any digits.
            ever = self._ever_buys(age)
            if ever < 0.5:
                return math.log1p(-ever)
        odds = self._log_odds_of_having_left(x, t_x, age)
        return self._log_likelihood_while_there(x, age) + softplus(odds)

    def _checked(self, row: Row) -> Row:
        """Refuse what this model cannot read; most read everything."""
        return row

    # --- fitting ---

    @classmethod
    def fit(cls, facts: Countable) -> Self:
        """Find the parameters under which the facts are most likely.

        ``facts`` are those of each customer (one by one, or the mapping of a summary), columns, or
        counted facts. The model keeps the unit of time of the facts, and says in ``fitted`` how the
        search went and how sure the parameters are.

        :raises NothingToFit: if there is no customer.
        :raises CannotFit: if the facts cannot tell the parameters: nobody came back, or all
            customers are alike.
        :raises UnitMismatch: if the facts are in different units of time.
        """
        rows = counted(facts)
        report = cls._fit(rows)
        build: Any = cls  # Each model names its own parameters.
        model: Self = build(**report.parameters, unit=rows.unit, fitted=report)
        return model

    def log_likelihood(self, facts: Countable) -> float:
        """The logarithm of how likely the facts are under this model.

        :raises UnitMismatch: if the facts count time in another unit than the model.
        """
        rows = counted(facts)
        self._check_unit(rows.unit)
        return math.fsum(
            count * self._log_likelihood(*self._checked(row)) for row, count in rows.rows.items()
        )

    # --- one customer ---

    def probability_alive(self, facts: RepeatPurchaseFacts) -> float:
        """The probability that the customer has not left, as of the day of the facts.

        :raises UnitMismatch: if the facts count time in another unit than the model.
        """
        return self._alive(*self._row(facts))

    def probability_alive_path(
        self, purchase_ages: Sequence[float], ages: Sequence[float]
    ) -> list[float]:
        """The probability of being alive at each of several ages of one customer.

        ``purchase_ages`` are the ages at the repeat purchases, the earliest first. At each of
        ``ages`` only what had happened by then is known.

        :raises InvalidValue: if the ages at the purchases do not ascend, or an age is no finite
            number of zero or more.
        """
        happened = [check_horizon(age) for age in purchase_ages]
        if sorted(set(happened)) != happened or 0.0 in happened:
            raise InvalidValue("the ages at repeat purchases ascend, and lie above zero")
        return [self.probability_alive(_facts_at(happened, age)) for age in ages]

    def expected_purchases(self, facts: RepeatPurchaseFacts, t: float) -> float:
        """The purchases expected of a customer in the next ``t`` units of time.

        :raises InvalidValue: if the horizon is no finite number of zero or more.
        :raises UnitMismatch: if the facts count time in another unit than the model.
        """
        return self._expected(self._row(facts), check_horizon(t))

    def conditional_pmf(self, facts: RepeatPurchaseFacts, n: int, t: float) -> float:
        """The probability that a customer buys exactly ``n`` times in the next ``t`` units of time.

        :raises InvalidValue: if ``n`` is no whole number of zero or more, or the horizon no finite
            number of zero or more.
        :raises UnitMismatch: if the facts count time in another unit than the model.
        """
        row = self._row(facts)
        shares = self._alive(*row), self._left(*row)
        return _with_leavers(*shares, self._future(row[0], row[2]), n, check_horizon(t))

    def residual_transactions(self, facts: RepeatPurchaseFacts, rate: Rate) -> float:
        """All purchases still expected of a customer, each discounted to the day of the facts.

        The unit of time is that of the model or of the facts.

        :raises InvalidValue: if the rate is no :class:`~crmkit.period.Rate` above zero, or neither
            side names its unit of time.
        :raises UnitMismatch: if both name a unit and they differ.
        """
        row = self._row(facts)
        force = force_of(rate, self.unit or facts.unit)
        return self._alive(*row) * self._future(row[0], row[2]).discounted(force)

    # --- a new customer ---

    def expected_purchases_new(self, t: float) -> float:
        """The repeat purchases expected of a new customer in their first ``t`` units of time.

        :raises InvalidValue: if the horizon is no finite number of zero or more.
        """
        share, _, process = self._newcomer()
        return share * process.expected(check_horizon(t))

    def pmf(self, n: int, t: float) -> float:
        """The probability that a new customer makes exactly ``n`` repeat purchases within ``t``.

        :raises InvalidValue: if ``n`` is no whole number of zero or more, or the horizon no finite
            number of zero or more.
        """
        return _with_leavers(*self._newcomer(), n, check_horizon(t))

    def discounted_transactions_new(self, rate: Rate) -> float:
        """All repeat purchases ever expected of a new customer, each discounted to the first day.

        :raises InvalidValue: if the rate is no :class:`~crmkit.period.Rate` above zero, or the
            model does not name its unit of time.
        """
        share, _, process = self._newcomer()
        return share * process.discounted(force_of(rate, self.unit))

    # --- many customers: each distinct row once ---

    def probability_alive_each(self, facts: FactsOfMany) -> list[float]:
        """The probability of being alive of each of many customers, in their order.

        Equal to asking :meth:`probability_alive` for each; equal rows are computed once.

        :raises UnitMismatch: if the facts count time in another unit than the model.
        """
        return self._each(facts, lambda row: self._alive(*row))

    def expected_purchases_each(self, facts: FactsOfMany, t: float) -> list[float]:
        """The expected purchases of each of many customers, in their order.

        Equal to asking :meth:`expected_purchases` for each; equal rows are computed once.

        :raises InvalidValue: if the horizon is no finite number of zero or more.
        :raises UnitMismatch: if the facts count time in another unit than the model.
        """
        horizon = check_horizon(t)
        # What is expected of those who are there does not depend on when they bought last.
        if_there: dict[tuple[int, float], float] = {}

        def expected(row: Row) -> float:
            x, _, age = row
            if (x, age) not in if_there:
                if_there[x, age] = self._future(x, age).expected(horizon)
            return self._alive(*row) * if_there[x, age]

        return self._each(facts, expected)

    def _each(self, facts: FactsOfMany, answer: Callable[[Row], float]) -> list[float]:
        rows: list[Row]
        if isinstance(facts, RepeatPurchaseSummary):
            facts = facts.repeat_columns()
        if isinstance(facts, RepeatPurchaseColumns):
            known = facts.counted()
            self._check_unit(known.unit)
            answers = {row: answer(self._checked(row)) for row in known.rows}
            ages = facts.ages_at_last_purchase, facts.customer_ages
            rows = list(zip(facts.repeat_purchases, *ages, strict=True))
        else:
            rows = [self._row(one) for one in facts_of_each(facts)]
            answers = {row: answer(row) for row in set(rows)}
        return [answers[row] for row in rows]

    # --- inside ---

    def _expected(self, row: Row, t: float) -> float:
        return self._alive(*row) * self._future(row[0], row[2]).expected(t)

    def _row(self, facts: RepeatPurchaseFacts) -> Row:
        if not isinstance(facts, RepeatPurchaseFacts):
            raise InvalidValue(
                f"facts are a {type(facts).__name__}: pass RepeatPurchaseFacts, or for many "
                f"customers call the method that ends in _each"
            )
        self._check_unit(facts.unit)
        return self._checked(
            (facts.repeat_purchases, facts.age_at_last_purchase, facts.customer_age)
        )

    def _check_unit(self, unit: Unit | None) -> None:
        if self.unit is not None and unit is not None and self.unit is not unit:
            raise UnitMismatch(self.unit, unit)


def facts_of_each(
    facts: Mapping[CustomerId, RepeatPurchaseFacts] | Iterable[RepeatPurchaseFacts],
) -> Iterable[RepeatPurchaseFacts]:
    """The facts of many customers one by one.

    :raises InvalidValue: if they are those of one customer, or no facts.
    """
    each = facts.values() if isinstance(facts, Mapping) else facts
    if not isinstance(each, Iterable):
        raise InvalidValue(
            f"the facts of many customers are a {type(facts).__name__}: pass a summary, or a list "
            f"of RepeatPurchaseFacts"
        )
    return each


def _facts_at(purchase_ages: list[float], age: float) -> RepeatPurchaseFacts:
    """What was known of a customer at an age."""
    x = bisect_right(purchase_ages, check_horizon(age))
    return RepeatPurchaseFacts(x, purchase_ages[x - 1] if x else 0.0, age)


def _with_leavers(there: float, gone: float, process: Process, n: int, t: float) -> float:
    """The probability of so many purchases, when only a share of the customers is there."""
    probability = there * process.pmf(check_count(n), t)
    return probability + gone if n == 0 else probability


def _share(log_odds: float) -> float:
    """One in one plus the odds."""
    return 1.0 / (1.0 + math.exp(log_odds)) if log_odds < _LARGEST_LOG else math.exp(-log_odds)


def force_of(rate: Rate, unit: Unit | None) -> float:
    """The continuous rate a unit of time, above zero.

    :raises InvalidValue: if the rate is no :class:`~crmkit.period.Rate`, or not above zero, or the
        unit of time is not known.
    """
    if not isinstance(rate, Rate):
        raise InvalidValue(
            f"a discount rate is a {type(rate).__name__}: pass a Rate, which knows its unit of "
            f"time, such as Rate.annual('0.12')"
        )
    if unit is None:
        raise InvalidValue(
            "the unit of time is not known: name it in the facts or in the model, such as "
            "unit=Unit.WEEK"
        )
    force = float(rate.force_per(unit))
    if force <= 0.0:
        raise InvalidValue("what is expected for ever is discounted at a rate above zero")
    return force


def check_horizon(t: float) -> float:
    """Refuse a horizon that is no finite number of zero or more.

    :raises InvalidValue: if it is none.
    """
    if isinstance(t, bool) or not isinstance(t, int | float) or not 0.0 <= t <= _LARGEST:
        raise InvalidValue("ages and horizons are finite numbers of units of time, zero or more")
    return float(t)


def check_count(n: int) -> int:
    """Refuse a number of purchases that is no whole number of zero or more, or beyond all counting.

    :raises InvalidValue: if it is none.
    """
    if type(n) is not int or not 0 <= n <= MAX_AGE:
        raise InvalidValue(
            f"a number of purchases is a whole number, zero or more, at most {MAX_AGE:g}"
        )
    return n


def check_parameters(model: object, names: Iterable[str]) -> None:
    """Refuse parameters of a model that are no finite numbers above zero.

    :raises InvalidValue: if one is none.
    """
    for name in names:
        value = getattr(model, name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InvalidValue(f"{name} is a {type(value).__name__}: pass a number above zero")
        if not 0.0 < value <= _LARGEST:
            raise InvalidValue(f"{name} is a finite number above zero")
