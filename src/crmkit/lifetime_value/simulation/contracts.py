"""Customers with a contract, made up by a model of renewal."""

import math
from collections.abc import Iterable

from attrs import frozen

from crmkit.errors import InvalidValue
from crmkit.lifetime_value.models.beta_discrete_weibull import BetaDiscreteWeibull
from crmkit.lifetime_value.models.renewal import MAX_RENEWALS, RenewalFacts
from crmkit.lifetime_value.models.renewal_model import check_periods
from crmkit.lifetime_value.models.shifted_beta_geometric import ShiftedBetaGeometric
from crmkit.lifetime_value.simulation.draws import (
    RandomSource,
    check_random,
    check_series,
    draw_hazard,
    draw_wait,
)
from crmkit.period import Unit

__all__ = ["ContractModel", "SimulatedContract", "simulate_contracts"]

ContractModel = ShiftedBetaGeometric | BetaDiscreteWeibull
"""The models of customers who renew."""


@frozen(kw_only=True)
class SimulatedContract:
    """The whole story of a made-up customer with a contract.

    ``renewals`` is how many times they would renew in their life (at most
    :data:`~crmkit.lifetime_value.models.renewal.MAX_RENEWALS`), which no shop can see while they
    stay; ``observed_for`` how many renewals have come up so far.
    """

    renewals: int
    observed_for: int
    unit: Unit | None = None

    def is_active(self, at: int | None = None) -> bool:
        """Whether the contract still runs after so many renewals have come up, by default all.

        :raises InvalidValue: if the number is not whole, or below zero.
        """
        return self.renewals >= self._periods(at)

    def facts(self, at: int | None = None) -> RenewalFacts:
        """What a shop knows after so many renewals have come up, by default all.

        :raises InvalidValue: if the number is not whole, or below zero.
        """
        periods = self._periods(at)
        return RenewalFacts(
            min(self.renewals, periods), active=self.renewals >= periods, unit=self.unit
        )

    def _periods(self, at: int | None) -> int:
        return self.observed_for if at is None else check_periods(at)


def simulate_contracts(
    model: ContractModel, periods: Iterable[int], *, random: RandomSource
) -> tuple[SimulatedContract, ...]:
    """Make up customers who renew as a model says, one for each number of renewals come up so far.

    Each has a probability of leaving of their own, beta distributed; how often they renew is drawn
    from it and not from the formulas of the model.

    :raises InvalidValue: if the model is none of renewal, a number of renewals is no whole number
        of zero or more, or the source of randomness is none.

    >>> from random import Random
    >>> model = ShiftedBetaGeometric(alpha=0.668, beta=3.806)
    >>> cohort = simulate_contracts(model, [7] * 1000, random=Random(7))
    >>> 400 < sum(contract.is_active() for contract in cohort) < 600
    True
    """
    check_random(random)
    if not isinstance(model, ContractModel):
        raise InvalidValue(
            f"a {type(model).__name__} renews no contract: pass a ShiftedBetaGeometric or a "
            f"BetaDiscreteWeibull"
        )
    each = check_series(periods, "periods are those of all customers: pass [7] * 1000 for 1,000")
    return tuple(
        SimulatedContract(
            renewals=_renewals(model, random), observed_for=check_periods(come_up), unit=model.unit
        )
        for come_up in each
    )


def _renewals(model: ContractModel, random: RandomSource) -> int:
    """How often one customer renews: the largest t whose t^c, their clock, has not run out."""
    shape = model.c if isinstance(model, BetaDiscreteWeibull) else 1.0
    clock = draw_wait(random, draw_hazard(random, model.alpha, model.beta))
    if clock < 1.0:
        return 0
    log_renewals = min(math.log(clock) / shape, math.log(MAX_RENEWALS))
    return min(math.floor(math.exp(log_renewals)), MAX_RENEWALS)
