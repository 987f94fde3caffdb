"""How far ahead a value looks, in named steps of exact length."""

from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from attrs import frozen

from crmkit.errors import InvalidPolicy
from crmkit.lifetime_value.facts import days_of
from crmkit.lifetime_value.policies.exact import (
    MOST_PERIODS,
    check_rate,
    check_unit,
    check_word,
    discount_factor,
)
from crmkit.period import MEAN_GREGORIAN_YEAR, Rate, Unit

__all__ = ["Horizon", "PaidWithin"]


class PaidWithin(StrEnum):
    """On which day of a step its money counts as paid."""

    START = "start"
    """On the first day: fees that are paid in advance."""
    MIDDLE = "middle"
    """Half way through: purchases come in all along the step."""
    END = "end"
    """On the last day, the cautious reading."""


@frozen
class Horizon:
    """How far ahead one looks: ``Horizon(1, Unit.YEAR, step=Unit.MONTH)`` is a year in months.

    What is expected of each step is discounted to the day that ``paid`` names. Without a step the
    unit is the step. A year has ``days_in_year`` days and a month a twelfth of them, a week has 7:
    there is no other month. Where the steps do not fill the horizon, the last one is shorter.

    :raises InvalidPolicy: if the count is below 1, a unit is none, or there are more than 1,200
        steps.
    :raises InvalidValue: if a year has no days.

    >>> [round(float(end), 2) for end in Horizon(1, Unit.QUARTER, step=Unit.MONTH).ends_in_days]
    [30.44, 60.87, 91.31]
    """

    count: int
    unit: Unit
    step: Unit | None = None
    paid: PaidWithin = PaidWithin.MIDDLE
    days_in_year: Decimal = MEAN_GREGORIAN_YEAR

    def __attrs_post_init__(self) -> None:
        if type(self.count) is not int or self.count < 1:
            raise InvalidPolicy("a horizon is a whole number of units of time, from 1 on")
        for unit in (self.unit, self.step_unit):
            check_unit(unit)
        check_word(self.paid, PaidWithin, "the day of payment")
        if self.days / days_of(self.step_unit, self.days_in_year) > MOST_PERIODS:
            raise InvalidPolicy(f"a horizon has at most {MOST_PERIODS:,} steps: take longer ones")

    @property
    def step_unit(self) -> Unit:
        """The unit of its steps."""
        return self.unit if self.step is None else self.step

    @property
    def days(self) -> Fraction:
        """How many days it has, exactly."""
        return self.count * days_of(self.unit, self.days_in_year)

    @property
    def ends_in_days(self) -> tuple[Fraction, ...]:
        """Where each step ends, in days from now."""
        step = days_of(self.step_unit, self.days_in_year)
        steps = -(-self.days // step)
        return tuple(min(step * n, self.days) for n in range(1, steps + 1))

    def ends_in(self, unit: Unit) -> tuple[float, ...]:
        """Where each step ends, in the unit of time of a model: one exact quotient, then a float.

        >>> Horizon(1, Unit.YEAR, days_in_year=Decimal(364)).ends_in(Unit.WEEK)
        (52.0,)
        """
        length = days_of(unit, self.days_in_year)
        return tuple(float(end / length) for end in self.ends_in_days)

    def discount_factors(self, rate: Rate) -> tuple[Fraction, ...]:
        """What money paid in each step is worth now.

        :raises InvalidPolicy: if the rate is a bare number.
        """
        check_rate(rate)
        return tuple(discount_factor(rate, day) for day in self._paid_in_days())

    def _paid_in_days(self) -> list[Fraction]:
        ends = self.ends_in_days
        starts = (Fraction(0), *ends)
        match self.paid:
            case PaidWithin.START:
                return list(starts[:-1])
            case PaidWithin.END:
                return list(ends)
            case _:
                return [(start + end) / 2 for start, end in zip(starts, ends, strict=False)]

    def __str__(self) -> str:
        return f"{self.count} {self.unit}{'' if self.count == 1 else 's'}"
