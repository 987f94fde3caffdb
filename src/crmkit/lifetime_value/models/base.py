"""What the four models of customers who leave silently have in common.

Each of them says two things of its own: how probable it is that a customer is still there, and how
a customer who is there goes on. Given that somebody is alive, the past only changes the parameters
of the future (the prior distributions are conjugate), so every question about a customer is the
probability of being alive times the answer for a process with updated parameters. That is also
what keeps the arithmetic safe: nothing is subtracted.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Protocol, Self

from crmkit.errors import InvalidValue
from crmkit.lifetime_value.facts import (
    Countable,
    CountedFacts,
    RepeatPurchaseFacts,
    counted,
)
from crmkit.lifetime_value.models.fitting import FitReport
from crmkit.period import Rate, Unit

__all__ = ["Process", "RepeatPurchaseModel", "check_horizon", "check_parameters"]


class Process(Protocol):
    """How a customer who is alive now goes on buying until they leave."""

    def expected(self, t: float) -> float:
        """Expected purchases within a horizon."""

    def pmf(self, n: int, t: float) -> float:
        """Probability of exactly so many purchases within a horizon."""

    def discounted(self, force: float) -> float:
        """Expected purchases for ever, each discounted at a continuous rate a unit of time."""


class RepeatPurchaseModel:
    """A model of how often customers come back who never say that they have left."""

    __slots__ = ()

    NAME: ClassVar[str]
    PARAMETERS: ClassVar[tuple[str, ...]]

    unit: Unit | None
    fitted: FitReport | None

    # --- what each model says of its own ---

    @classmethod
    def _fit(cls, rows: CountedFacts) -> FitReport:
        raise NotImplementedError

    def _log_likelihood(self, x: int, t_x: float, age: float) -> float:
        """The log-likelihood of one row."""
        raise NotImplementedError

    def _alive(self, x: int, t_x: float, age: float) -> float:
        """The probability that a customer with this history is alive."""
        raise NotImplementedError

    def _future(self, x: int, age: float) -> Process:
        """How a customer with this history goes on, if alive."""
        raise NotImplementedError

    def _newcomer(self) -> tuple[float, Process]:
        """The probability that a new customer stays at all, and how they then go on."""
        raise NotImplementedError

    # --- what they share ---

    @classmethod
    def fit(cls, facts: Countable) -> Self:
        """Find the parameters under which the facts are most likely."""
        rows = counted(facts)
        report = cls._fit(rows)
        terms: dict[str, Any] = dict(report.parameters)
        return cls(**terms, unit=rows.unit, fitted=report)

    def log_likelihood(self, facts: Countable) -> float:
        """The logarithm of how likely the facts are under this model."""
        rows = counted(facts)
        self._check_unit(rows.unit)
        return math.fsum(
            count * self._log_likelihood(*row) for row, count in rows.rows.items()
        )

    def probability_alive(self, facts: RepeatPurchaseFacts) -> float:
        """The probability that the customer has not left, as of the day of the facts."""
        self._check_unit(facts.unit)
        return self._alive(
            facts.repeat_purchases, facts.age_at_last_purchase, facts.customer_age
        )

    def expected_purchases_new(self, t: float) -> float:
        """The purchases expected of a new customer in their first ``t`` units of time."""
        share, process = self._newcomer()
        return share * process.expected(check_horizon(t))

    def expected_purchases(self, facts: RepeatPurchaseFacts, t: float) -> float:
        """The purchases expected of a customer in the next ``t`` units of time."""
        process = self._future(facts.repeat_purchases, facts.customer_age)
        return self.probability_alive(facts) * process.expected(check_horizon(t))

    def pmf(self, n: int, t: float) -> float:
        """The probability that a new customer makes exactly ``n`` repeat purchases within ``t``."""
        share, process = self._newcomer()
        probability = share * process.pmf(n, check_horizon(t))
        return probability + (1.0 - share) if n == 0 else probability

    def residual_transactions(self, facts: RepeatPurchaseFacts, rate: Rate) -> float:
        """All purchases still expected of a customer, each discounted to the day of the facts."""
        force = self._force(rate, facts.unit)
        process = self._future(facts.repeat_purchases, facts.customer_age)
        return self.probability_alive(facts) * process.discounted(force)

    def _force(self, rate: Rate, unit: Unit | None) -> float:
        raise NotImplementedError

    def _check_unit(self, unit: Unit | None) -> None:
        if self.unit is not None and unit is not None and self.unit is not unit:
            raise InvalidValue(
                f"the model counts in {self.unit}s and the facts in {unit}s: summarize the "
                f"purchases with unit=Unit.{self.unit.name}, or fit the model to these facts"
            )


def check_horizon(t: float) -> float:
    if isinstance(t, bool) or not isinstance(t, int | float) or not 0.0 <= t < math.inf:
        raise InvalidValue("a horizon is a finite number of units of time, zero or more")
    return float(t)


def check_parameters(model: object, names: Iterable[str]) -> None:
    for name in names:
        value = getattr(model, name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InvalidValue(f"{name} is a {type(value).__name__}: pass a number above zero")
        if not 0.0 < value < math.inf:
            raise InvalidValue(f"{name} is a finite number above zero")


def probability_alive_path(
    model: RepeatPurchaseModel, purchase_ages: Sequence[float], ages: Sequence[float]
) -> list[float]:
    raise NotImplementedError
