"""Customers who may leave after each purchase: what BG/NBD and MBG/NBD have in common.

While there, a customer buys at random at a rate that differs between customers by a gamma
distribution; after each purchase they leave with a probability that differs by a beta distribution.
The two models differ in one thing: whether the first purchase of all is an occasion to leave.
"""

import math
from collections.abc import Callable
from typing import ClassVar

from attrs import frozen

from crmkit.lifetime_value.facts import CountedFacts
from crmkit.lifetime_value.models.base import RepeatPurchaseModel
from crmkit.lifetime_value.models.fitting import FitReport
from crmkit.lifetime_value.models.leaving_fit import fit_leaving
from crmkit.lifetime_value.numerics.exponential_integral import log_scaled_exponential_integral
from crmkit.lifetime_value.numerics.quadrature import log_integral
from crmkit.lifetime_value.numerics.special import (
    log1mexp,
    log_beta,
    log_beta_ratio,
    log_gamma_ratio,
    log_negative_binomial,
    log_negative_binomial_tail,
    softplus,
)

__all__ = ["LeavingModel", "LeavingProcess"]

_MOST_TERMS = 400
_SMALLEST = 1e-17
_LARGEST_EXPONENT = 700.0
# Below the smallest part of one that a float can tell.
_LOG_TINY = -37.0


@frozen
class LeavingProcess:
    """How a customer goes on who is there, and may leave after each purchase from now on.

    The rate of buying is gamma distributed with shape ``r`` and rate ``alpha``, the probability of
    leaving after a purchase is beta distributed with parameters ``a`` and ``b``.
    """

    r: float
    alpha: float
    a: float
    b: float

    def expected(self, t: float) -> float:
        """Expected purchases within a horizon."""
        if t == 0.0:
            return 0.0
        z = t / self.alpha
        mean = self.r * z
        # After twice the mean the terms shrink by at least the middle between their limit and one.
        terms = 2.0 * mean + 40.0 * (1.0 + z)
        if terms < _MOST_TERMS and self.r * math.log1p(z) < _LARGEST_EXPONENT:
            return self._expected_by_series(z, 2.0 * mean)
        return self._expected_by_quadrature(math.log(t) - math.log(self.alpha))

    def _expected_by_series(self, z: float, turn: float) -> float:
        """Sum over how many purchases there would be, times how many of them still happen.

        All terms are positive: the probability of j purchases by somebody who never leaves, times
        the expected number of them that come before leaving.
        """
        share = z / (1.0 + z)
        smallest = _SMALLEST / (1.0 + z)
        r, b, both = self.r, self.b, self.a + self.b
        probability = math.exp(-r * math.log1p(z))
        happen, stays, total, j = 0.0, 1.0, 0.0, 1.0
        while True:
            happen += stays
            stays *= b / both
            probability *= share * r / j
            term = probability * happen
            total += term
            if term <= smallest * total and j > turn:
                return total
            b += 1.0
            both += 1.0
            r += 1.0
            j += 1.0

    def _expected_by_quadrature(self, log_z: float) -> float:
        """The integral over the probability p of leaving of [1 - (1 + p t / alpha)^-r] / p."""
        log_r = math.log(self.r)

        def log_kernel(log_p: float) -> float:
            log_pz = log_p + log_z
            if log_pz >= _LOG_TINY:
                return log1mexp(self.r * _log1p_exp(log_pz)) - log_p
            if log_r + log_pz >= _LOG_TINY:
                return log1mexp(math.exp(log_r + log_pz)) - log_p
            return log_r + log_z  # Nobody leaves: r t / alpha.

        return math.exp(self._log_mean_over_leaving(log_kernel))

    def pmf(self, n: int, t: float) -> float:
        """Probability of exactly so many purchases within a horizon."""
        r, alpha, a, b = self.r, self.alpha, self.a, self.b
        if n == 0:
            return math.exp(log_negative_binomial(0, r, alpha, t))
        if t == 0.0:
            return 0.0
        still_there = log_beta_ratio(a, b, n) + log_negative_binomial(n, r, alpha, t)
        # Left right after the last of them, though at least as many would have come.
        left = log_beta_ratio(a, b, n - 1) + math.log(a) - math.log(a + b + n - 1)
        return math.exp(still_there) + math.exp(left + log_negative_binomial_tail(n, r, alpha, t))

    def discounted(self, force: float) -> float:
        """Expected purchases for ever, each discounted at a continuous rate a unit of time.

        For one customer who buys at rate l and leaves with probability p after each purchase it is
        l / (force + p l); over the rate, this is an exponential integral.
        """
        r, log_z = self.r, math.log(self.alpha) + math.log(force)

        def log_kernel(log_p: float) -> float:
            return log_scaled_exponential_integral(r, log_z - log_p) - log_p

        return math.exp(self._log_mean_over_leaving(log_kernel))

    def _log_mean_over_leaving(self, log_kernel: Callable[[float], float]) -> float:
        """The logarithm of the mean of a function of log p over the distribution of p."""
        a, b = self.a, self.b

        def log_density(logit: float) -> float:
            log_p, log_q = -softplus(-logit), -softplus(logit)
            return a * log_p + b * log_q + log_kernel(log_p)

        return log_integral(log_density) - log_beta(a, b)


def _log1p_exp(log_z: float) -> float:
    """log(1 + z) for a z given by its logarithm, which may be beyond the largest float."""
    return math.log1p(math.exp(log_z)) if log_z < 40.0 else log_z


class LeavingModel(RepeatPurchaseModel):
    """A model in which customers may leave after each repeat purchase, perhaps after the first."""

    __slots__ = ()

    PARAMETERS = ("r", "alpha", "a", "b")
    AT_START: ClassVar[int]
    """How many occasions to leave there were before the first repeat purchase: 0 or 1."""

    r: float
    alpha: float
    a: float
    b: float

    @classmethod
    def _fit(cls, facts: CountedFacts) -> FitReport:
        return fit_leaving(facts, at_start=cls.AT_START)

    def _log_likelihood_while_there(self, x: int, age: float) -> float:
        return (
            log_gamma_ratio(self.r, x)
            - self.r * math.log1p(age / self.alpha)
            - x * math.log(self.alpha + age)
            + log_beta_ratio(self.a, self.b, x + self.AT_START)
        )

    def _log_odds_of_having_left(self, x: int, t_x: float, age: float) -> float:
        """Left right after the last purchase, against still there: the logarithm of the odds."""
        occasions = x + self.AT_START
        if occasions == 0:
            return -math.inf
        silence = math.log1p((age - t_x) / (self.alpha + t_x))
        return math.log(self.a) - math.log(self.b + occasions - 1) + (self.r + x) * silence

    def _ever_buys(self, age: float) -> float:
        return self._newcomer()[0] * -math.expm1(-self.r * math.log1p(age / self.alpha))

    def _future(self, x: int, age: float) -> LeavingProcess:
        stayed = self.b + x + self.AT_START
        return LeavingProcess(self.r + x, self.alpha + age, self.a, stayed)

    def _newcomer(self) -> tuple[float, float, LeavingProcess]:
        process = LeavingProcess(self.r, self.alpha, self.a, self.b + self.AT_START)
        if not self.AT_START:
            return 1.0, 0.0, process
        both = self.a + self.b
        return self.b / both, self.a / both, process
