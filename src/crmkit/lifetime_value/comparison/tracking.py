"""Repeat purchases as time goes by: how many a model expects, and how many there were."""

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import accumulate, count, pairwise, takewhile

from attrs import frozen

from crmkit.errors import InvalidValue
from crmkit.lifetime_value.facts.ages import age_of
from crmkit.lifetime_value.models.base import RepeatPurchaseModel
from crmkit.lifetime_value.summary import RepeatPurchaseSummary
from crmkit.period import Period, Unit, add_units, check_date

__all__ = ["Tracking", "TrackingRow", "deviation_of", "tracking"]


@frozen(kw_only=True)
class TrackingRow:
    """One week (or other unit): the repeat purchases of all customers in it, and all so far."""

    period: Period
    actual: int
    expected: float
    actual_so_far: int
    expected_so_far: float


@frozen
class Tracking:
    """Expected against actual repeat purchases, week by week from the first purchase day on."""

    rows: tuple[TrackingRow, ...]

    def after(self, day: date) -> "Tracking":
        """Only the weeks after a day: after the calibration, how well the model foresees.

        The sums so far still begin with the first week.

        :raises InvalidValue: if no week is left, or the day is not a plain date.
        """
        check_date(day, "the day after which weeks are wanted")
        rows = tuple(row for row in self.rows if row.period.start > day)
        if not rows:
            last = self.rows[-1].period
            raise InvalidValue(f"nothing is tracked after that: name a day before {last.start}")
        return Tracking(rows)

    @property
    def deviation(self) -> float:
        """How far the expected sum is off at the end, as a part of the actual one.

        -0.04 is a model that expects 4 % too little. Where nobody came back it is infinite, unless
        nothing was expected either.
        """
        return _deviation(self.rows[-1])

    @property
    def mean_absolute_error(self) -> float:
        """By how many purchases a week is off, on the mean."""
        return math.fsum(abs(row.expected - row.actual) for row in self.rows) / len(self.rows)

    @property
    def mean_absolute_percentage_error(self) -> float:
        """By which part the sum so far is off, on the mean over the weeks: 0.02 is 2 %.

        The first weeks weigh heavily, as their sums are small: ask it of the weeks :meth:`after`
        the calibration.
        """
        return math.fsum(abs(_deviation(row)) for row in self.rows) / len(self.rows)


def _deviation(row: TrackingRow) -> float:
    return deviation_of(row.expected_so_far, row.actual_so_far)


def deviation_of(expected: float, actual: int) -> float:
    """How far an expected number is off, as a part of the actual one.

    Beside an actual number of zero it is infinite, unless nothing was expected either.
    """
    if actual:
        return (expected - actual) / actual
    return math.inf if expected > 0.0 else 0.0


def tracking(
    model: RepeatPurchaseModel, summary: RepeatPurchaseSummary, *, by: Unit = Unit.WEEK
) -> Tracking:
    """Hold expected against actual repeat purchases, week by week and summed up.

    Weeks (or whatever ``by`` says) count from the first purchase day of all; one that is not over
    on the last day of the summary is left out. A customer is expected to have come back E[X(t)]
    times by the age t, as new customers are: what they did is not looked at, but for the day on
    which they came. With CDNOW's sample and a model fitted to its first 39 weeks this is Figure 3
    of Fader, Hardie and Lee (2005, "Counting your customers" the easy way, Marketing Science 24,
    p. 282).

    Of a model that counts opportunities, as BG/BB does, it is the opportunities taken that are
    expected, and counted in the week in which each is over.

    :raises InvalidValue: if not one week is over, or ``by`` is no member of
        :class:`~crmkit.period.Unit`.
    :raises UnitMismatch: if the model counts time in another unit than the summary.
    """
    model._check_unit(summary.unit)
    first = min(summary.first_days, default=summary.as_of)
    periods = _whole_periods(first, summary.as_of, by)
    ends = [period.last for period in periods]
    came_back = summary.opportunity_days if model.COUNTS_OPPORTUNITIES else summary.repeat_days
    actual = pairwise([0, *_actual_so_far(came_back, ends)])
    expected = pairwise([0.0, *_expected_so_far(model, summary, ends)])
    rows = (
        TrackingRow(
            period=period,
            actual=now - before,
            expected=expected_now - expected_before,
            actual_so_far=now,
            expected_so_far=expected_now,
        )
        for period, (before, now), (expected_before, expected_now) in zip(
            periods, actual, expected, strict=True
        )
    )
    return Tracking(tuple(rows))


def _whole_periods(first: date, last: date, by: Unit) -> list[Period]:
    if not isinstance(by, Unit):
        raise InvalidValue("repeat purchases are tracked by a member of Unit, such as Unit.WEEK")
    end = add_units(last, 1, Unit.DAY)
    cuts = takewhile(lambda cut: cut <= end, (add_units(first, n, by) for n in count(1)))
    periods = [Period(*span) for span in pairwise([first, *cuts])]
    if not periods:
        raise InvalidValue(f"not one {by} is over since the first purchase: track by a shorter one")
    return periods


def _actual_so_far(came_back: Mapping[date, int], ends: Sequence[date]) -> list[int]:
    days = list(came_back)
    so_far = [0, *accumulate(came_back.values())]
    return [so_far[bisect_right(days, end)] for end in ends]


def _expected_so_far(
    model: RepeatPurchaseModel, summary: RepeatPurchaseSummary, ends: Sequence[date]
) -> list[float]:
    """The purchases expected of all who had come by each day, once for each distinct age."""
    rules = summary.rules
    whole_units = rules.whole_units or model.COUNTS_OPPORTUNITIES
    came = [(day.toordinal(), customers) for day, customers in summary.first_days.items()]
    at_age: dict[int, float] = {}

    def expected(days: int) -> float:
        if days not in at_age:
            age = age_of(days, rules.unit, whole_units=whole_units, days_in_year=rules.days_in_year)
            at_age[days] = model.expected_purchases_new(age)
        return at_age[days]

    return [
        math.fsum(customers * expected(end - day) for day, customers in came if day <= end)
        for end in map(date.toordinal, ends)
    ]
