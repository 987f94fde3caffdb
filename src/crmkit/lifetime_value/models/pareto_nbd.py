"""Pareto/NBD: customers buy at random while they are there, and may leave at any moment."""

import math

from attrs import field, frozen

from crmkit.lifetime_value.facts import CountedFacts
from crmkit.lifetime_value.models.base import RepeatPurchaseModel, check_parameters
from crmkit.lifetime_value.models.fitting import FitReport
from crmkit.lifetime_value.models.pareto_nbd_fit import fit_pareto_nbd
from crmkit.lifetime_value.numerics.decaying import Decay, decaying_integral
from crmkit.lifetime_value.numerics.peaked import Peaked
from crmkit.lifetime_value.numerics.special import (
    log_gamma_ratio,
    log_negative_binomial,
)
from crmkit.period import Unit

__all__ = ["ParetoNbd", "ParetoNbdProcess"]


@frozen
class ParetoNbdProcess:
    """How a customer goes on who is there, and may leave at any moment from now on.

    The rate of buying is gamma distributed with shape ``r`` and rate ``alpha``, the rate of leaving
    with shape ``s`` and rate ``beta``. Equation numbers are those of Fader and Hardie (2005).
    """

    r: float
    alpha: float
    s: float
    beta: float

    def expected(self, t: float) -> float:
        """Expected purchases within a horizon: the mean rate times the time spent here.

        Equation (27), r beta / (alpha (s - 1)) [1 - (beta / (beta + t))^(s - 1)], written so that
        s = 1 is no exception. With the parameters of a customer who is there it is what stands
        beside the probability of being alive in (41).
        """
        log_growth = math.log1p(t / self.beta)
        exponent = (self.s - 1.0) * log_growth
        share = -math.expm1(-exponent) / exponent if exponent else 1.0
        return self.r * (self.beta / self.alpha) * log_growth * share

    def pmf(self, n: int, t: float) -> float:
        """Probability of exactly so many purchases within a horizon.

        Those still there at the end, and those who left at some time before, as in Fader and
        Hardie (2006), Deriving an Expression for P(X(t) = x) Under the Pareto/NBD Model, before
        the integral is solved.
        """
        r, alpha, s, beta = self.r, self.alpha, self.s, self.beta
        if n == 0:
            decay = Decay(r, alpha, s + 1.0, beta)
            left = s / beta * decaying_integral(decay, t)
            return math.exp(-r * math.log1p(t / alpha) - s * math.log1p(t / beta)) + left
        if t == 0.0:
            return 0.0

        still_there = log_negative_binomial(n, r, alpha, t) - s * math.log1p(t / beta)
        bought = Peaked(n, r, alpha, s + 1.0, beta)
        top = bought.top(t)
        highest = log_negative_binomial(n, r, alpha, top) - (s + 1.0) * math.log1p(top / beta)
        left = s / beta * top * math.exp(highest) * bought.integral(top, t)
        return math.exp(still_there) + left

    def discounted(self, force: float) -> float:
        """Expected purchases for ever, each discounted at a continuous rate a unit of time.

        The mean rate times the discounted time spent here, the integral of exp(-force u)
        (beta / (beta + u))^s: beta U(1, 2 - s, force beta), with Tricomi's confluent hypergeometric
        function, in Fader, Hardie and Lee (2005), RFM and CLV, J. of Marketing Research 42 (4).
        """
        decay = Decay(self.s, self.beta, 0.0, self.beta, force)
        return self.r / self.alpha * decaying_integral(decay, math.inf)


@frozen(kw_only=True)
class ParetoNbd(RepeatPurchaseModel):
    """How often customers come back, and who has left without a word: the Pareto/NBD model.

    While a customer is there, purchases come at random at the customer's own rate; the rates of all
    customers are gamma distributed with shape ``r`` and rate ``alpha`` (in units of time). A
    customer leaves at any moment at a rate of their own, gamma distributed with shape ``s`` and
    rate ``beta`` (in units of time): how long they stay has a Pareto distribution. So silence
    counts against everybody, also against who has not come back once.

    Source: Schmittlein, Morrison and Colombo (1987), Counting Your Customers, Management Science
    33 (1); the equation numbers are those of Fader and Hardie (2005), A Note on Deriving the
    Pareto/NBD Model and Related Expressions. Where they have hypergeometric functions, the integral
    over the time of leaving is taken itself: all of it is positive, so nothing cancels.

    :raises InvalidValue: if a parameter is no finite number above zero.

    >>> from crmkit.lifetime_value.facts import RepeatPurchaseFacts
    >>> model = ParetoNbd(r=0.553, alpha=10.578, s=0.606, beta=11.669)
    >>> anna = RepeatPurchaseFacts(2, 30.43, 38.86)
    >>> round(model.probability_alive(anna), 3), round(model.expected_purchases(anna, 39), 3)
    (0.869, 1.455)
    """

    PARAMETERS = ("r", "alpha", "s", "beta")

    r: float
    alpha: float
    s: float
    beta: float
    unit: Unit | None = None
    fitted: FitReport | None = field(default=None, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        check_parameters(self, self.PARAMETERS)

    @classmethod
    def _fit(cls, facts: CountedFacts) -> FitReport:
        return fit_pareto_nbd(facts)

    def _log_likelihood_while_there(self, x: int, age: float) -> float:
        """Equation (18), in which the likelihood if there stands beside that of having left."""
        return (
            log_gamma_ratio(self.r, x)
            - self.r * math.log1p(age / self.alpha)
            - x * math.log(self.alpha + age)
            - self.s * math.log1p(age / self.beta)
        )

    def _ever_buys(self, age: float) -> float:
        """Sooner or later within the time, and before leaving: over the time of coming back."""
        first = Decay(self.r + 1.0, self.alpha, self.s, self.beta)
        return self.r / self.alpha * decaying_integral(first, age)

    def _log_odds_of_having_left(self, x: int, t_x: float, age: float) -> float:
        """Left at some time since the last purchase, against still there, as in (36)."""
        silence = age - t_x
        if silence == 0.0:
            return -math.inf
        bought, a, b = self.r + x, self.alpha + t_x, self.beta + t_x
        left = decaying_integral(Decay(bought, a, self.s + 1.0, b), silence)
        quiet = bought * math.log1p(silence / a) + self.s * math.log1p(silence / b)
        return math.log(self.s / b) + quiet + math.log(left)

    def _future(self, x: int, age: float) -> ParetoNbdProcess:
        return ParetoNbdProcess(self.r + x, self.alpha + age, self.s, self.beta + age)

    def _newcomer(self) -> tuple[float, float, ParetoNbdProcess]:
        return 1.0, 0.0, ParetoNbdProcess(self.r, self.alpha, self.s, self.beta)
