"""BG/BB: customers who have one opportunity to buy a period, and leave silently between two."""

import math
from collections.abc import Iterator
from typing import ClassVar

from attrs import field, frozen

from crmkit.errors import InvalidValue
from crmkit.lifetime_value.facts import MAX_AGE, CountedFacts, Row
from crmkit.lifetime_value.models.base import RepeatPurchaseModel, check_parameters
from crmkit.lifetime_value.models.bg_bb_fit import fit_opportunities
from crmkit.lifetime_value.models.fitting import FitReport
from crmkit.lifetime_value.numerics.special import log_add, log_beta, log_beta_ratio
from crmkit.lifetime_value.numerics.summation import log_falling_sum
from crmkit.period import Unit

__all__ = ["BgBb"]

# Beyond this a discount leaves nothing that a float could hold.
_LARGEST_DISCOUNT = 1e4


@frozen
class _Opportunities:
    """How a customer goes on who meets the next opportunity, and may leave before each later one.

    The probability of buying at an opportunity is beta distributed with ``alpha`` and ``beta``,
    that of leaving before the next one with ``gamma`` and ``delta``. ``meets`` is the probability
    of meeting the next opportunity at all, and ``misses`` that of not doing so.
    """

    alpha: float
    beta: float
    gamma: float
    delta: float
    meets: float = 1.0
    misses: float = 0.0

    def expected(self, t: float) -> float:
        """Expected purchases at so many opportunities."""
        opportunities = check_opportunities(t)
        if not opportunities:
            return 0.0
        return self._mean() * math.exp(log_falling_sum(self._log_met, opportunities))

    def ever_buys(self, opportunities: int) -> float:
        """The probability of buying at one of so many opportunities, if there is any."""
        if not opportunities:
            return 0.0

        def log_term(i: float, log_i: float) -> float:
            return log_beta_ratio(self.alpha + 1.0, self.beta, i) + self._log_met(i, log_i)

        return self._mean() * math.exp(log_falling_sum(log_term, opportunities))

    def discounted(self, force: float) -> float:
        """Expected purchases for ever, discounted; the next opportunity is one unit away."""

        def log_term(i: float, log_i: float) -> float:
            discount = force * i
            if discount > _LARGEST_DISCOUNT:
                return -math.inf
            return self._log_met(i, log_i) - discount

        return self._mean() * math.exp(log_falling_sum(log_term, math.inf) - force)

    def pmf(self, n: int, t: float) -> float:
        """Probability of exactly so many purchases at so many opportunities."""
        opportunities = check_opportunities(t)
        if n > opportunities:
            return 0.0
        if not opportunities:
            return 1.0
        stayed = self._log_buys(n, opportunities) + self._log_met(opportunities - 1.0, 0.0)
        total = stayed
        for log_sum in self._log_left(n, opportunities):
            total = log_add(total, log_sum)
        return self.meets * math.exp(total) + (0.0 if n else self.misses)

    def _mean(self) -> float:
        """The probability of buying at the next opportunity."""
        return self.meets * self.alpha / (self.alpha + self.beta)

    def _log_met(self, i: float, _: float) -> float:
        """The log probability of meeting so many opportunities after the next one, if that."""
        return log_beta_ratio(self.gamma, self.delta, i)

    def _log_buys(self, n: int, met: float) -> float:
        """The log probability of n purchases at so many opportunities met: a beta-binomial."""
        a, b, rest = self.alpha + n, self.beta, met - n
        ways = -math.log(met + 1.0) - log_beta(n + 1.0, rest + 1.0)
        return ways + log_beta_ratio(b, self.alpha, n) + log_beta_ratio(a, b, rest)

    def _log_left(self, n: int, opportunities: int) -> Iterator[float]:
        """The log probabilities of n purchases and leaving early, in stretches that only fall."""
        fewest = max(n, 1)

        def log_term(met: float) -> float:
            left = self._log_met(met - 1.0, 0.0) - math.log(self.gamma + self.delta + met - 1.0)
            return math.log(self.gamma) + left + self._log_buys(n, met)

        peak = min(max(fewest, self._peak(n)), opportunities)
        if peak > fewest:
            yield log_falling_sum(lambda i, _: log_term(peak - 1 - i), peak - fewest)
        if opportunities > peak:
            yield log_falling_sum(lambda i, _: log_term(peak + i), opportunities - peak)

    def _peak(self, n: int) -> int:
        """From where on the terms of leaving early fall; up to there, if at all, they rise.

        The ratio of two neighbors is a quotient of products of three factors each. It crosses one
        where the quadratic that is left of their difference crosses zero; as the delta of a
        customer who meets an opportunity is above one, that happens once at most.
        """
        a, b, c = n + 1.0, self.beta, self.delta + n - 1.0
        b_below, c_below = self.alpha + self.beta + n, self.gamma + self.delta + n
        square = -(self.alpha + self.gamma + 1.0)
        linear = a * b + a * c + b * c - b_below - c_below - b_below * c_below
        constant = a * b * c - b_below * c_below
        half = -0.5 * linear / square
        root = half * half - constant / square
        if not 0.0 < root < math.inf:
            return n
        return n + math.ceil(min(half + math.sqrt(root), MAX_AGE))


@frozen(kw_only=True)
class BgBb(RepeatPurchaseModel):
    """How often customers come back to occasions that come once a period: the BG/BB model.

    For donations by the year, cruises, conventions, or purchases by the calendar week: at each
    opportunity a customer who is still there buys with a probability that is beta distributed with
    ``alpha`` and ``beta``; before each opportunity a customer leaves for good with a probability
    that is beta distributed with ``gamma`` and ``delta``.

    The facts count opportunities: ``customer_age`` is how many there have been since the first
    purchase (n), ``age_at_last_purchase`` which of them was the last one taken (t_x), and
    ``repeat_purchases`` how many were taken (x), at most that. Horizons are numbers of
    opportunities, and the unit of time is what lies between two of them. The probability of being
    alive is that of meeting the *next* opportunity. What is expected for ever is discounted by one
    whole unit at the next opportunity, as in the paper.

    Source: Fader, Hardie and Shang (2010), "Customer-Base Analysis in a Discrete-Time
    Noncontractual Setting", Marketing Science 29 (6), equations 2 to 14.

    :raises InvalidValue: if a parameter is no finite number above zero.

    >>> from crmkit.lifetime_value.facts import RepeatPurchaseFacts
    >>> model = BgBb(alpha=1.20, beta=0.75, gamma=0.66, delta=2.78)
    >>> round(model.expected_purchases_new(10), 6)
    3.16499
    >>> round(model.probability_alive(RepeatPurchaseFacts(3, 4, 6)), 6)
    0.438344
    """

    PARAMETERS: ClassVar[tuple[str, ...]] = ("alpha", "beta", "gamma", "delta")
    COUNTS_OPPORTUNITIES: ClassVar[bool] = True

    alpha: float
    beta: float
    gamma: float
    delta: float
    unit: Unit | None = None
    fitted: FitReport | None = field(default=None, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        check_parameters(self, self.PARAMETERS)

    @classmethod
    def _fit(cls, facts: CountedFacts) -> FitReport:
        for row in facts.rows:
            check_history_of_opportunities(row)
        return fit_opportunities(facts)

    def _checked(self, row: Row) -> Row:
        check_history_of_opportunities(row)
        return row

    def _log_likelihood_while_there(self, x: int, age: float) -> float:
        """Equation 5, in which the likelihood if there stands beside those of having left."""
        bought = log_beta_ratio(self.beta, self.alpha, x) + log_beta_ratio(
            self.alpha + x, self.beta, age - x
        )
        return bought + log_beta_ratio(self.gamma, self.delta, age)

    def _ever_buys(self, age: float) -> float:
        return self._newcomer()[2].ever_buys(int(age))

    def _alive(self, x: int, t_x: float, age: float) -> float:
        """Equation 11 for the next opportunity."""
        meets = (self.delta + age) / (self.gamma + self.delta + age)
        return super()._alive(x, t_x, age) * meets

    def _left(self, x: int, t_x: float, age: float) -> float:
        misses = self.gamma / (self.gamma + self.delta + age)
        return super()._left(x, t_x, age) + super()._alive(x, t_x, age) * misses

    def _log_odds_of_having_left(self, x: int, t_x: float, age: float) -> float:
        """Left after the last purchase, against still there at the last opportunity."""
        if age == t_x:
            return -math.inf
        a, b = self.alpha + x, self.beta + (t_x - x)
        d = self.delta + t_x

        def log_term(i: float, _: float) -> float:
            return log_beta_ratio(a, b, i) + log_beta_ratio(self.gamma + 1.0, d, i)

        silent = age - t_x
        left = log_falling_sum(log_term, silent) + math.log(self.gamma / (self.gamma + d))
        return left - log_beta_ratio(a, b, silent) - log_beta_ratio(self.gamma, d, silent)

    def _future(self, x: int, age: float) -> _Opportunities:
        """Given that the next opportunity is met, as :meth:`probability_alive` says."""
        passed = self.delta + age + 1.0
        return _Opportunities(self.alpha + x, self.beta + (age - x), self.gamma, passed)

    def _newcomer(self) -> tuple[float, float, _Opportunities]:
        total = self.gamma + self.delta
        process = _Opportunities(
            self.alpha,
            self.beta,
            self.gamma,
            self.delta + 1.0,
            meets=self.delta / total,
            misses=self.gamma / total,
        )
        return 1.0, 0.0, process


def check_opportunities(t: float) -> int:
    """Refuse a horizon that is no whole number of opportunities.

    :raises InvalidValue: if it is none.
    """
    if t != math.floor(t) or t > MAX_AGE:
        raise InvalidValue(f"BG/BB counts opportunities: a whole number, at most {MAX_AGE:g}")
    return int(t)


def check_history_of_opportunities(row: Row) -> None:
    """Refuse a row that does not count opportunities.

    :raises InvalidValue: if an age is not whole, or there are more purchases than opportunities.
    """
    x, t_x, age = row
    if t_x != math.floor(t_x) or age != math.floor(age):
        raise InvalidValue(
            "BG/BB counts opportunities, so ages are whole: call opportunities() of a summary in "
            "the unit of one opportunity"
        )
    if x > t_x:
        raise InvalidValue(
            "more repeat purchases than opportunities up to the last one: call opportunities() of "
            "a summary, which counts all purchases of one unit of time once"
        )
