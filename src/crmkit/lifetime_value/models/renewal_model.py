"""What the two models of customers who renew have in common: all but the names of parameters."""

import math
from collections.abc import Callable
from typing import Any, ClassVar, Self

from crmkit.errors import InvalidValue, UnitMismatch
from crmkit.lifetime_value.models.base import force_of
from crmkit.lifetime_value.models.fitting import FitReport
from crmkit.lifetime_value.models.renewal import (
    MAX_RENEWALS,
    CountableRenewals,
    RenewalFacts,
    counted_renewals,
)
from crmkit.lifetime_value.models.renewal_curve import fit_renewals, log_survival
from crmkit.lifetime_value.numerics.special import log1mexp
from crmkit.lifetime_value.numerics.summation import log_falling_sum
from crmkit.period import Rate, Unit

__all__ = ["RenewalModel"]

# exp(709) is near the largest float, and exp(-1e4) is nothing.
_LARGEST_EXPONENT = 709.0
_LARGEST_DISCOUNT = 1e4


class RenewalModel:
    """A model of how long customers stay who renew a contract each period, or leave for good.

    Periods are counted from the day a customer was won: the first renewal comes after one period.
    """

    __slots__ = ()

    PARAMETERS: ClassVar[tuple[str, ...]]

    alpha: float
    beta: float
    unit: Unit | None
    fitted: FitReport | None

    # --- what each model says of its own ---

    def _shape(self) -> float:
        """The power of time by which the clock of a contract runs: 1 where it runs steadily."""
        return 1.0

    def _expected_renewals_for_ever(self, since: int) -> float:
        """The renewals still to come of a customer who has made so many: a sum without end."""
        self._require_an_end()
        total = log_falling_sum(self._next(since), math.inf)
        if total > _LARGEST_EXPONENT:
            raise InvalidValue(
                "the expected lifetime is beyond any number: ask for the discounted one"
            )
        return math.exp(total)

    def _require_an_end(self) -> None:
        """Refuse a curve that falls so slowly that the sum of all renewals is infinite."""
        if self.alpha * self._shape() <= 1.0:
            raise InvalidValue(
                "the expected lifetime is infinite, because many customers hardly ever leave: ask "
                "for the discounted one, or for the renewals of a number of periods"
            )

    # --- fitting ---

    @classmethod
    def fit(cls, facts: CountableRenewals) -> Self:
        """Find the parameters under which the facts are most likely.

        ``facts`` are those of each customer, counted renewals (of several cohorts, if merged), or
        the survivors of one cohort as whole numbers. The model keeps the unit of time of the facts,
        and says in ``fitted`` how the search went and how sure the parameters are.

        :raises NothingToFit: if there is no customer.
        :raises CannotFit: if nobody has left, nobody has renewed, or the customers came to fewer
            renewals than there are parameters.
        :raises UnitMismatch: if the facts are in different units of time.
        """
        counts = counted_renewals(facts)
        report = fit_renewals(counts, cls.PARAMETERS)
        terms: dict[str, Any] = {"unit": counts.unit, "fitted": report}
        return cls(**report.parameters, **terms)

    def log_likelihood(self, facts: CountableRenewals) -> float:
        """The logarithm of how likely the facts are under this model.

        :raises UnitMismatch: if the facts count time in another unit than the model.
        """
        counts = counted_renewals(facts)
        self._check_unit(counts.unit)
        stayed = (n * self._log_survival(0, k) for k, n in counts.active.items())
        left = (n * self._log_churn(k + 1) for k, n in counts.churned.items())
        return math.fsum((*stayed, *left))

    # --- a new customer ---

    def survival(self, t: int) -> float:
        """The share of new customers who will have renewed ``t`` times: S(t).

        :raises InvalidValue: if ``t`` is no whole number of zero or more.
        """
        return math.exp(self._log_survival(0, check_periods(t)))

    def retention(self, t: int) -> float:
        """The share of those who come to the ``t``-th renewal that renew: S(t) / S(t - 1).

        :raises InvalidValue: if ``t`` is no whole number of one or more.
        """
        return math.exp(self._log_survival(check_periods(t, 1) - 1, 1))

    def pmf(self, t: int) -> float:
        """The share of new customers who will leave at the ``t``-th renewal: S(t - 1) - S(t).

        :raises InvalidValue: if ``t`` is no whole number of one or more.
        """
        return math.exp(self._log_churn(check_periods(t, 1)))

    def expected_lifetime(self) -> float:
        """The periods that a new customer stays and pays for, the first one included.

        :raises InvalidValue: if it is infinite: so many customers hardly ever leave. Then discount.
        """
        return 1.0 + self._expected_renewals_for_ever(0)

    def discounted_expected_lifetime(self, rate: Rate) -> float:
        """What a new customer pays ever, in payments of today: DEL.

        A payment falls due at the start of each period; the first, on the day the customer is won,
        counts in full, the one at the t-th renewal is discounted by t periods.

        Source: Fader and Hardie (2010), "Customer-Base Valuation in a Contractual Setting",
        Marketing Science 29 (1).

        :raises InvalidValue: if the rate is no :class:`~crmkit.period.Rate` above zero, or the
            model does not name its unit of time.
        """
        force = force_of(rate, self.unit)
        return 1.0 + math.exp(-force) * self._discounted_renewals(0, force)

    # --- a given customer ---

    def conditional_survival(self, facts: RenewalFacts, t: int) -> float:
        """The probability that a customer will renew ``t`` more times; 0 for whoever has left.

        :raises InvalidValue: if ``t`` is no whole number of zero or more.
        :raises UnitMismatch: if the facts count time in another unit than the model.
        """
        periods = check_periods(t)
        return self._if_active(facts, lambda since: math.exp(self._log_survival(since, periods)))

    def expected_renewals(self, facts: RenewalFacts, t: int) -> float:
        """How many of the next ``t`` renewals a customer is expected to make.

        :raises InvalidValue: if ``t`` is no whole number of zero or more.
        :raises UnitMismatch: if the facts count time in another unit than the model.
        """
        if not check_periods(t):
            return 0.0
        return self._if_active(facts, lambda since: math.exp(log_falling_sum(self._next(since), t)))

    def expected_residual_lifetime(self, facts: RenewalFacts) -> float:
        """The renewals still to come of a customer: the periods beyond the one now running.

        :raises InvalidValue: if it is infinite: so many customers hardly ever leave. Then discount.
        :raises UnitMismatch: if the facts count time in another unit than the model.
        """
        return self._if_active(facts, self._expected_renewals_for_ever)

    def discounted_residual_lifetime(
        self, facts: RenewalFacts, rate: Rate, *, periods_until_renewal: float = 0
    ) -> float:
        """What a customer is still to pay, in payments of today: DERL.

        As in the source, the customer stands right before the next renewal: if it is made, its
        payment counts in full, the one after it is discounted by one period, and so on. Where the
        next renewal lies ahead, ``periods_until_renewal`` says how far (1 for a customer who has
        just renewed), and all is discounted by that too.

        Source: Fader and Hardie (2010), "Customer-Base Valuation in a Contractual Setting",
        Marketing Science 29 (1), equation 6.

        :raises InvalidValue: if the rate is no :class:`~crmkit.period.Rate` above zero, the unit of
            time is named by neither side, or the periods are no finite number of zero or more.
        :raises UnitMismatch: if both name a unit and they differ.
        """
        _check_facts(facts)
        wait = periods_until_renewal
        if isinstance(wait, bool) or not isinstance(wait, int | float) or not 0 <= wait <= 1e300:
            raise InvalidValue("periods until the next renewal are a finite number, zero or more")
        force = force_of(rate, self.unit or facts.unit)
        discount = math.exp(-force * wait)
        return self._if_active(
            facts, lambda since: discount * self._discounted_renewals(since, force)
        )

    # --- inside ---

    def _log_survival(self, since: int, more: int) -> float:
        return self._next(since)(more - 1.0, 0.0) if more else 0.0

    def _next(self, since: int) -> Callable[[float, float], float]:
        """The log probability of making the next renewal and ``i`` more after it."""
        alpha, beta, c = self.alpha, self.beta, self._shape()

        def log_term(i: float, log_i: float) -> float:
            log_more = math.log1p(i) if i < math.inf else log_i
            return log_survival(alpha, beta, c, since, i + 1.0, log_more)

        return log_term

    def _log_churn(self, t: int) -> float:
        return self._log_survival(0, t - 1) + log1mexp(-self._log_survival(t - 1, 1))

    def _discounted_renewals(self, since: int, force: float) -> float:
        """The renewals to come, each discounted by the periods after the next one."""
        log_next = self._next(since)

        def log_term(i: float, log_i: float) -> float:
            discount = force * i
            return log_next(i, log_i) - discount if discount < _LARGEST_DISCOUNT else -math.inf

        return math.exp(log_falling_sum(log_term, math.inf))

    def _if_active(self, facts: RenewalFacts, answer: Callable[[int], float]) -> float:
        _check_facts(facts)
        self._check_unit(facts.unit)
        return answer(facts.renewals) if facts.active else 0.0

    def _check_unit(self, unit: Unit | None) -> None:
        if self.unit is not None and unit is not None and self.unit is not unit:
            raise UnitMismatch(self.unit, unit)


def check_periods(t: int, least: int = 0) -> int:
    """Refuse a number of periods that is not whole, or too small.

    :raises InvalidValue: if it is none.
    """
    if type(t) is not int or not least <= t <= MAX_RENEWALS:
        raise InvalidValue(f"contracts are renewed by the period: a whole number, at least {least}")
    return t


def _check_facts(facts: RenewalFacts) -> None:
    if not isinstance(facts, RenewalFacts):
        raise InvalidValue(
            f"facts of renewals are a {type(facts).__name__}: pass RenewalFacts, such as "
            f"RenewalFacts(3, active=True)"
        )
