"""What a model foresaw of each customer, held against what they did in the time held out."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping

from attrs import frozen

from crmkit.errors import InvalidValue, NothingToFit
from crmkit.lifetime_value.comparison.frequency import check_top
from crmkit.lifetime_value.facts import RepeatPurchaseFacts
from crmkit.lifetime_value.facts.ages import age_of
from crmkit.lifetime_value.models.base import RepeatPurchaseModel
from crmkit.lifetime_value.summary import HoldoutSplit

__all__ = ["HoldoutFit", "HoldoutRow", "Outcome", "holdout_fit", "outcomes_of"]


@frozen(kw_only=True)
class HoldoutRow:
    """The customers with one number of calibration repeats, or in the last row with more as well.

    ``expected`` and ``actual`` are the purchases of all of them together in the holdout; of a model
    that counts opportunities, the opportunities taken.
    """

    repeat_purchases: int
    or_more: bool
    customers: int
    expected: float
    actual: int

    @property
    def expected_mean(self) -> float | None:
        """The purchases expected of one of them; None where there is nobody."""
        return self.expected / self.customers if self.customers else None

    @property
    def actual_mean(self) -> float | None:
        """What one of them bought, on the mean; None where there is nobody."""
        return self.actual / self.customers if self.customers else None


@frozen(kw_only=True)
class HoldoutFit:
    """Purchases expected of each customer in the holdout, and those that were made.

    ``mean_absolute_error``, ``root_mean_squared_error`` and ``correlation`` are of single
    customers; the correlation is None where all are expected to do the same, or all did.
    """

    horizon: float
    """How long the holdout is, in units of time of the model."""
    rows: tuple[HoldoutRow, ...]
    mean_absolute_error: float
    root_mean_squared_error: float
    correlation: float | None

    @property
    def customers(self) -> int:
        """All customers of the calibration."""
        return sum(row.customers for row in self.rows)

    @property
    def expected(self) -> float:
        """All purchases that were expected."""
        return math.fsum(row.expected for row in self.rows)

    @property
    def actual(self) -> int:
        """All purchases that were made."""
        return sum(row.actual for row in self.rows)

    @property
    def bias(self) -> float:
        """By how many purchases a customer was expected to do more than they did, on the mean."""
        return (self.expected - self.actual) / self.customers

    @property
    def weighted_row_error(self) -> float:
        """How far the mean of a row is off, on the mean, each row weighing its customers."""
        return math.fsum(abs(row.expected - row.actual) for row in self.rows) / self.customers


def holdout_fit(model: RepeatPurchaseModel, split: HoldoutSplit, *, top: int = 7) -> HoldoutFit:
    """Hold the purchases expected of each customer against those they made in the holdout.

    The model is one that was fitted to the calibration: ``BgNbd.fit(split.calibration)``. What is
    expected is E[Y(t) | x, t_x, T] over the time t of the holdout, computed once for each distinct
    row. The last row of the table takes all customers with ``top`` calibration repeats and more.
    With 7 on CDNOW's sample, the means of the rows are Figure 4 of Fader, Hardie and Lee (2005,
    "Counting your customers" the easy way, Marketing Science 24, p. 283).

    BG/BB counts opportunities: it is fitted to ``split.calibration.opportunities()``, and held
    against the opportunities taken in the holdout, as :attr:`HoldoutSplit.opportunities_taken
    <crmkit.lifetime_value.HoldoutSplit.opportunities_taken>` counts them.

    :raises InvalidValue: if ``top`` is not a whole number from 1 to 1,000, or the model counts
        opportunities and the holdout is shorter than one.
    :raises NothingToFit: if there is no customer in the calibration.
    :raises UnitMismatch: if the model counts time in another unit than the calibration.
    """
    check_top(top)
    horizon, outcomes = outcomes_of(model, split)
    facts = list({outcome.facts: None for outcome in outcomes})
    each = dict(zip(facts, model.expected_purchases_each(facts, horizon), strict=True))
    pairs = [(each[outcome.facts], outcome.purchases, outcome.customers) for outcome in outcomes]
    customers = sum(count for _, _, count in pairs)
    misses = [(abs(expected - actual), count) for expected, actual, count in pairs]
    return HoldoutFit(
        horizon=horizon,
        rows=_rows(outcomes, each, top),
        mean_absolute_error=math.fsum(miss * count for miss, count in misses) / customers,
        root_mean_squared_error=math.sqrt(
            math.fsum(miss * miss * count for miss, count in misses) / customers
        ),
        correlation=_correlation(pairs),
    )


@frozen
class Outcome:
    """Customers who were alike in the calibration, and did the same in the holdout.

    ``purchases`` are days of purchase, or opportunities taken if that is what the model counts.
    """

    facts: RepeatPurchaseFacts
    purchases: int
    customers: int


def outcomes_of(model: RepeatPurchaseModel, split: HoldoutSplit) -> tuple[float, list[Outcome]]:
    """How far a model looks ahead, and customers by what was known of them and what they did then.

    :raises InvalidValue: if the model counts opportunities and the holdout is shorter than one.
    :raises NothingToFit: if there is no customer in the calibration.
    """
    if not split.calibration:
        raise NothingToFit("nobody had bought by the end of the calibration: name a later end")
    if not model.COUNTS_OPPORTUNITIES:
        return split.duration, _by_days(split)
    if not split.opportunities:
        raise InvalidValue(
            "the holdout is shorter than one opportunity to buy: name a later end, or count them "
            "in a shorter unit of time"
        )
    return float(split.opportunities), _by_opportunities(split)


def _by_opportunities(split: HoldoutSplit) -> list[Outcome]:
    known = split.calibration.opportunities().values()
    counts = Counter(
        (facts.repeat_purchases, facts.age_at_last_purchase, facts.customer_age, taken)
        for facts, taken in zip(known, split.opportunities_taken, strict=True)
    )
    unit = split.calibration.unit
    return [
        Outcome(
            RepeatPurchaseFacts(x, t_x, age, unit=unit, whole_units=True),
            taken,
            customers,
        )
        for (x, t_x, age, taken), customers in counts.items()
    ]


def _by_days(split: HoldoutSplit) -> list[Outcome]:
    known, rules = split.calibration, split.calibration.rules
    columns = known.columns
    counts = Counter(
        zip(
            columns.repeat_purchases,
            columns.days_at_last_purchase,
            columns.first_days,
            split.holdout_purchases,
            strict=True,
        )
    )
    today = known.as_of.toordinal()

    def age(days: int) -> float:
        return age_of(
            days, rules.unit, whole_units=rules.whole_units, days_in_year=rules.days_in_year
        )

    ages = {days: age(days) for _, last, first, _ in counts for days in (last, today - first)}
    return [
        Outcome(
            RepeatPurchaseFacts(
                *(repeats, ages[last], ages[today - first]),
                unit=rules.unit,
                whole_units=rules.whole_units,
            ),
            purchases,
            customers,
        )
        for (repeats, last, first, purchases), customers in counts.items()
    ]


def _rows(
    outcomes: Iterable[Outcome], expected: Mapping[RepeatPurchaseFacts, float], top: int
) -> tuple[HoldoutRow, ...]:
    customers: Counter[int] = Counter()
    actual: Counter[int] = Counter()
    parts: dict[int, list[float]] = {repeats: [] for repeats in range(top + 1)}
    for outcome in outcomes:
        repeats = min(outcome.facts.repeat_purchases, top)
        customers[repeats] += outcome.customers
        actual[repeats] += outcome.customers * outcome.purchases
        parts[repeats].append(outcome.customers * expected[outcome.facts])
    return tuple(
        HoldoutRow(
            repeat_purchases=repeats,
            or_more=repeats == top,
            customers=customers[repeats],
            expected=math.fsum(parts[repeats]),
            actual=actual[repeats],
        )
        for repeats in range(top + 1)
    )


def _correlation(pairs: list[tuple[float, int, int]]) -> float | None:
    """Pearson's correlation of what was expected and what was done, over single customers."""
    if (
        min(len({expected for expected, _, _ in pairs}), len({actual for _, actual, _ in pairs}))
        < 2
    ):
        return None
    customers = sum(count for _, _, count in pairs)
    mean_expected = math.fsum(expected * count for expected, _, count in pairs) / customers
    mean_actual = sum(actual * count for _, actual, count in pairs) / customers
    off = [(e - mean_expected, a - mean_actual, count) for e, a, count in pairs]
    of_expected = math.hypot(*(x * math.sqrt(count) for x, _, count in off))
    of_actual = math.hypot(*(y * math.sqrt(count) for _, y, count in off))
    return math.fsum(x / of_expected * (y / of_actual) * count for x, y, count in off)
