"""How many customers with a contract were expected to stay on in the holdout, and how many did."""

import math

from attrs import frozen

from crmkit.errors import NothingToFit
from crmkit.lifetime_value.comparison.renewal_split import RenewalSplit
from crmkit.lifetime_value.comparison.tracking import deviation_of
from crmkit.lifetime_value.models.renewal import RenewalFacts
from crmkit.lifetime_value.models.renewal_model import RenewalModel

__all__ = ["RenewalHoldout", "RenewalHoldoutRow", "renewal_holdout"]


@frozen(kw_only=True)
class RenewalHoldoutRow:
    """One renewal of the holdout: how many customers were expected to be left, and how many were.

    ``period`` counts from the end of the calibration: 1 is the first renewal after it.
    """

    period: int
    expected: float
    actual: int


@frozen(kw_only=True)
class RenewalHoldout:
    """Customers expected to be left after each renewal of the holdout, and those who were."""

    customers: int
    """All who had a contract at the end of the calibration."""
    rows: tuple[RenewalHoldoutRow, ...]

    @property
    def deviation(self) -> float:
        """How far the expected number is off at the end, as a part of the actual one.

        -0.04 is a model that expects 4 % too few to be left. Where nobody is left it is infinite.
        """
        return deviation_of(self.rows[-1].expected, self.rows[-1].actual)

    @property
    def mean_absolute_error(self) -> float:
        """By how many customers a period is off, on the mean."""
        return math.fsum(abs(row.expected - row.actual) for row in self.rows) / len(self.rows)

    @property
    def mean_absolute_percentage_error(self) -> float:
        """By which part of those who were left a period is off, on the mean: 0.02 is 2 %."""
        off = (abs(deviation_of(row.expected, row.actual)) for row in self.rows)
        return math.fsum(off) / len(self.rows)


def renewal_holdout(model: RenewalModel, split: RenewalSplit) -> RenewalHoldout:
    """Hold the customers expected to renew in the holdout against those who did.

    The model is one that was fitted to ``split.calibration``. Whoever had a contract at its end is
    expected to be left with the probability of making the renewals that came up since: S(t) / S(k)
    after k renewals of t. Who had left by then is known, and nothing is expected of them.

    Fader and Hardie (2007, "How to Project Customer Retention", Journal of Interactive Marketing
    21) judge models so, by years 8 to 12 of two cohorts; theirs start from all who were won.

    :raises NothingToFit: if nobody had a contract at the end of the calibration.
    :raises UnitMismatch: if the model counts time in another unit than the calibration.

    >>> from crmkit.lifetime_value.comparison.renewal_split import split_renewals
    >>> from crmkit.lifetime_value.models.shifted_beta_geometric import ShiftedBetaGeometric
    >>> split = split_renewals([1000, 869, 743, 653, 593, 551, 517, 491, 468, 445], 2)
    >>> held = renewal_holdout(ShiftedBetaGeometric.fit(split.calibration), split)
    >>> [(row.period, round(row.expected), row.actual) for row in held.rows]
    [(1, 462, 468), (2, 438, 445)]
    """
    known = split.calibration
    model._check_unit(known.unit)
    if not known.active:
        raise NothingToFit(
            "nobody had a contract at the end of the calibration: hold back fewer periods"
        )
    rows = []
    for period in range(1, split.periods + 1):
        expected = (
            customers * model.conditional_survival(RenewalFacts(since, active=True), period)
            for since, customers in known.active.items()
        )
        rows.append(
            RenewalHoldoutRow(
                period=period,
                expected=math.fsum(expected),
                actual=sum(left[period - 1] for left in split.later.values()),
            )
        )
    return RenewalHoldout(customers=sum(known.active.values()), rows=tuple(rows))
