"""Gamma-Gamma: what customers spend on a repeat purchase, apart from how often they come back."""

import math
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import ClassVar, Self

from attrs import field, frozen

from crmkit.errors import CurrencyMismatch, InvalidValue
from crmkit.identifiers import CustomerId
from crmkit.lifetime_value.facts import (
    MAX_REPEAT_PURCHASES,
    CountableSpend,
    CountedSpend,
    RepeatPurchaseFacts,
    counted_spend,
    mean_spend_of,
)
from crmkit.lifetime_value.models.base import check_parameters, facts_of_each
from crmkit.lifetime_value.models.fitting import FitReport, FitWarning, Interval, reach_of
from crmkit.lifetime_value.models.gamma_gamma_fit import (
    PARAMETERS,
    check_spend_fittable,
    correlation_of,
    fit_spend,
)
from crmkit.lifetime_value.numerics.special import log_negative_binomial
from crmkit.money import Money, Rounding, digits_of

__all__ = ["INDEPENDENCE_BOUND", "GammaGamma", "Independence"]

INDEPENDENCE_BOUND = 0.3
"""From this correlation on, in either direction, spend is said to follow frequency: Cohen (1988)
calls 0.1 small, 0.3 medium, 0.5 large. That of CDNOW, which its authors take for none, is 0.11."""

_CLOSE = 1e-3
# More than any currency has, and yet its square is a float.
_LARGEST_MEAN = 1e150
_BEYOND = "a mean spend is beyond any amount of money: check its unit"
_BELOW_ONE = math.nextafter(1.0, 0.0)
# Beyond this, the density is as good as infinite, and exp would overflow.
_LARGEST_LOG = 700.0


@frozen
class Independence:
    """Whether those who come back more often also spend more (or less) each time.

    Models of spend and of frequency are multiplied, which is right as long as the two do not hang
    together. ``correlation`` is Pearson's, of repeat purchases and mean repeat spend over the
    customers who came back; None if all of them came back equally often. (Under the model it is 0,
    while a correlation of ranks is not: the median of a mean rises with what it is a mean of.)
    """

    correlation: float | None
    customers: int

    @property
    def holds(self) -> bool:
        """Whether the correlation lies below :data:`INDEPENDENCE_BOUND` in either direction."""
        return self.correlation is None or abs(self.correlation) < INDEPENDENCE_BOUND

    def interval(self, level: float = 0.95) -> Interval | None:
        """The interval of the correlation (Fisher's z); None with fewer than four customers.

        :raises InvalidValue: if the level does not lie between 0 and 1.
        """
        reach = reach_of(level)
        if self.correlation is None or self.customers < 4:
            return None
        reach /= math.sqrt(self.customers - 3)
        z = math.atanh(min(max(self.correlation, -_BELOW_ONE), _BELOW_ONE))
        return Interval(math.tanh(z - reach), math.tanh(z + reach))


@frozen(kw_only=True)
class GammaGamma:
    """What a customer spends on a repeat purchase: the Gamma-Gamma model.

    What a customer spends varies from purchase to purchase around a mean of their own: a gamma
    distribution of shape ``p``. The rates of these distributions differ between customers by
    another one, of shape ``q`` and rate ``v`` (in major units of ``currency``). The fewer repeat
    purchases a customer has made, the more their expected spend is drawn to that of all customers.

    It rests on spend and frequency having nothing to do with each other: ``independence`` says how
    far that is so in the customers it was fitted to.

    Source: Fader and Hardie (2013), "The Gamma-Gamma Model of Monetary Value", note 25 at
    brucehardie.com: the density of the mean spend is their equation (1a), the conditional
    expectation (5).

    :raises InvalidValue: if a parameter is no finite number above zero.
    :raises InvalidMoney: if the currency is unknown.

    >>> model = GammaGamma(p=6.25, q=3.74, v=15.44)
    >>> round(model.expected_mean_spend(RepeatPurchaseFacts(2, 30.43, 38.86, 22.35)), 6)
    24.663714
    """

    PARAMETERS: ClassVar[tuple[str, ...]] = PARAMETERS

    p: float
    q: float
    v: float
    currency: str | None = None
    fitted: FitReport | None = field(default=None, eq=False, repr=False)
    independence: Independence | None = field(default=None, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        check_parameters(self, self.PARAMETERS)
        if self.currency is not None:
            digits_of(self.currency)

    @classmethod
    def fit(cls, facts: CountableSpend) -> Self:
        """Find the parameters under which what repeat customers spent is most likely.

        Customers who have not come back say nothing of repeat spend, and those who spent nothing on
        their repeat purchases have no place in the model: neither takes part.

        :raises NothingToFit: if no customer with a spend has come back.
        :raises CannotFit: if all of them spend the same, or there is only one.
        :raises CurrencyMismatch: if the money is in different currencies.
        :raises InvalidValue: if it is not known what a customer who came back spent.
        """
        spend = _measurable(facts)
        warnings = check_spend_fittable(spend)
        independence = Independence(correlation_of(spend), spend.customers)
        if not independence.holds:
            warnings.append(FitWarning.SPEND_FOLLOWS_FREQUENCY)
        report = fit_spend(spend, warnings)
        return cls(
            **report.parameters, currency=spend.currency, fitted=report, independence=independence
        )

    def log_likelihood(self, facts: CountableSpend) -> float:
        """The logarithm of how likely the spend of repeat customers is under this model.

        :raises CurrencyMismatch: if the spend is in another currency than the model.
        :raises InvalidValue: if it is not known what a customer who came back spent.
        """
        spend = _measurable(facts)
        self._check_currency(spend.currency)
        return math.fsum(
            count * self._log_density(x, mean) for (x, mean), count in spend.rows.items()
        )

    def density(self, mean_spend: float, repeat_purchases: int) -> float:
        """How dense the mean spend over so many repeat purchases lies at an amount (1a).

        :raises InvalidValue: if the spend or the number of purchases is not above zero.
        """
        if isinstance(mean_spend, bool) or not isinstance(mean_spend, int | float):
            raise InvalidValue(f"a mean spend is a {type(mean_spend).__name__}: pass a number")
        if not 0.0 < mean_spend < _LARGEST_MEAN:
            raise InvalidValue("a mean spend is a finite number above zero, in major units")
        x = repeat_purchases
        if type(x) is not int or not 1 <= x <= MAX_REPEAT_PURCHASES:
            raise InvalidValue(
                f"a mean is one of repeat purchases: pass a whole number above zero, at most "
                f"{MAX_REPEAT_PURCHASES}"
            )
        return math.exp(min(self._log_density(x, mean_spend), _LARGEST_LOG))

    # --- one customer ---

    @property
    def population_mean(self) -> float:
        """What a purchase of a customer drawn at random brings on average: p v / (q - 1).

        :raises InvalidValue: if the mean does not exist, because q is not above 1.
        """
        return self._expected(0, 0.0)

    def expected_mean_spend(self, facts: RepeatPurchaseFacts) -> float:
        """What a purchase of this customer is expected to bring, in major units, not rounded.

        It lies between the mean of the customer's own repeat purchases and the mean of all
        customers, the nearer to the own one the more of them there are (5).

        :raises InvalidValue: if the mean does not exist, because p times the repeat purchases plus
            q is not above 1, or it is not known what a customer who came back spent.
        :raises CurrencyMismatch: if the spend is in another currency than the model.
        """
        if not isinstance(facts, RepeatPurchaseFacts):
            raise InvalidValue(
                f"facts are a {type(facts).__name__}: pass RepeatPurchaseFacts, or for many "
                f"customers call expected_mean_spend_each"
            )
        if not facts.repeat_purchases:
            return self.population_mean
        own, currency = _own_mean(facts)
        self._check_currency(currency)
        return self._expected(facts.repeat_purchases, own)

    def expected_mean_spend_money(
        self, facts: RepeatPurchaseFacts, *, rounding: Rounding = Rounding.HALF_EVEN
    ) -> Money:
        """What a purchase of this customer is expected to bring, as money.

        :raises InvalidValue: if the model names no currency, or as in :meth:`expected_mean_spend`.
        :raises CurrencyMismatch: if the spend is in another currency than the model.
        :raises InvalidMoney: if it is more than any amount of money.
        """
        if self.currency is None:
            raise InvalidValue(
                "the model names no currency: fit it to money, or pass currency='EUR' with the "
                "parameters"
            )
        expected = self.expected_mean_spend(facts)
        return Money.rounded(Fraction(expected), self.currency, rounding=rounding)

    def expected_mean_spend_each(
        self, facts: Iterable[RepeatPurchaseFacts] | Mapping[CustomerId, RepeatPurchaseFacts]
    ) -> list[float]:
        """What a purchase is expected to bring of each of many customers, in their order.

        :raises InvalidValue: as in :meth:`expected_mean_spend`.
        :raises CurrencyMismatch: if the spend is in another currency than the model.
        """
        return [self.expected_mean_spend(one) for one in facts_of_each(facts)]

    # --- inside ---

    def _log_density(self, x: int, mean: float) -> float:
        """The logarithm of (1a), as that of a negative binomial with a real number of events.

        The total x m is v times a beta-prime variable with shapes p x and q. Written so, nothing
        cancels that is large.
        """
        shape = self.p * x
        return (
            math.log(shape)
            + log_negative_binomial(shape, self.q, self.v, x * mean)
            - math.log(mean)
        )

    def _expected(self, x: int, mean: float) -> float:
        above = self.p * x + self.q - 1.0
        if above < _CLOSE:
            # Next to where the mean ceases to exist the products are taken exactly.
            above = float(Fraction(self.p) * x + Fraction(self.q) - 1)
        if above <= 0.0:
            raise InvalidValue(
                "the mean spend does not exist: it takes p times the repeat purchases plus q above "
                "1; so few repeats of so uneven customers leave it infinite"
            )
        expected = self.p * (self.v + x * mean) / above
        if expected > _LARGEST_MEAN:
            raise InvalidValue("the mean spend is beyond any amount of money: check the parameters")
        return expected

    def _check_currency(self, currency: str | None) -> None:
        if self.currency is not None and currency is not None and self.currency != currency:
            raise CurrencyMismatch(self.currency, currency)


def _own_mean(facts: RepeatPurchaseFacts) -> tuple[float, str | None]:
    """What a customer spent on a repeat purchase; who got back more than was paid spent nothing."""
    mean, currency = mean_spend_of(facts)
    if mean > _LARGEST_MEAN:
        raise InvalidValue(_BEYOND)
    return max(mean, 0.0), currency


def _measurable(facts: CountableSpend) -> CountedSpend:
    """Count the spend; refuse what is so large or so small that its total could not be taken."""
    spend = counted_spend(facts)
    means = [mean for _, mean in spend.rows]
    if max(means, default=1.0) > _LARGEST_MEAN or min(means, default=1.0) < 1.0 / _LARGEST_MEAN:
        raise InvalidValue(_BEYOND)
    return spend
