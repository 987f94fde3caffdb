"""Calibration and holdout: what a model is fitted to, and what it is then held against."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from types import MappingProxyType
from typing import Any

from attrs import frozen

from crmkit.errors import CurrencyMismatch, InvalidValue
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.lifetime_value.facts.ages import age_in, age_of, days_of
from crmkit.lifetime_value.summary.repeat import (
    RepeatPurchaseSummary,
    summarize_repeat_purchases,
)
from crmkit.lifetime_value.tally import RefundRule, units_of
from crmkit.money import Money, Rounding
from crmkit.period import MEAN_GREGORIAN_YEAR, Unit, check_date
from crmkit.records import Purchase

__all__ = ["HoldoutFacts", "HoldoutSplit", "split_holdout"]


@frozen(kw_only=True)
class HoldoutFacts:
    """What one customer of the calibration did in the holdout.

    ``purchases`` are purchase days (all of them repeats), ``spend`` is the money of the holdout,
    net as the rule of refunds says, ``duration`` how long it was.

    :raises InvalidValue: if there are fewer than no purchases, or the holdout has no duration.
    """

    customer: CustomerId
    purchases: int
    spend: Money
    duration: float
    unit: Unit

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        if type(self.purchases) is not int or self.purchases < 0:
            raise InvalidValue("purchases in the holdout are a whole number, zero or more")
        if not isinstance(self.duration, int | float) or not self.duration > 0:
            raise InvalidValue("a holdout lasts for some time: its duration is a number above zero")

    @property
    def mean_spend(self) -> Money | None:
        """What was spent on a purchase day, half rounded to even; None if there was none."""
        if not self.purchases:
            return None
        return self.spend.times(Fraction(1, self.purchases), rounding=Rounding.HALF_EVEN)


@frozen(eq=False)
class HoldoutSplit:
    """A customer base up to the end of the calibration, and what its customers did after that.

    ``calibration`` is the summary as of its last day: fit to it. ``later`` is the summary of the
    records after that day alone, as of the last day of the holdout: nothing of it is known to the
    calibration. Splits of parts of the records :meth:`merge` to the split of all.

    :raises InvalidValue: if the holdout does not end after the calibration, or the rules differ.
    """

    calibration: RepeatPurchaseSummary
    later: RepeatPurchaseSummary

    def __attrs_post_init__(self) -> None:
        if self.later.as_of <= self.calibration.as_of:
            raise InvalidValue("a holdout comes after the calibration: it ends on a later day")
        if self.later.rules != self.calibration.rules:
            raise InvalidValue("the rules of calibration and holdout are the same")
        _one_currency(self.calibration, self.later)

    @property
    def duration(self) -> float:
        """How long the holdout is, in units of time, not rounded."""
        days = (self.later.as_of - self.calibration.as_of).days
        rules = self.calibration.rules
        return age_of(days, rules.unit, days_in_year=rules.days_in_year)

    @cached_property
    def holdout_purchases(self) -> tuple[int, ...]:
        """The purchases in the holdout of each customer, in the order of the calibration."""
        index, days = self.later._tally.index, self.later._tally.days
        return tuple(
            days[index[customer]].bit_count() if customer in index else 0
            for customer in self.calibration
        )

    @property
    def opportunities(self) -> int:
        """How many opportunities to buy each customer has in the holdout: whole units of time."""
        days = (self.later.as_of - self.calibration.as_of).days
        return int(age_in(days, self._length, whole_units=True))

    @cached_property
    def opportunities_taken(self) -> tuple[int, ...]:
        """How many of them each customer took, in the order of the calibration.

        They go on where the :meth:`~crmkit.lifetime_value.RepeatPurchaseSummary.opportunities` of
        the calibration end. So the first one is the unit of time that was running at its end: it
        was left out there, and counts here as a whole. All of them are over when the holdout is.
        """
        known, columns = self.calibration.columns, self.observed.columns
        today, length, ahead = self.calibration.as_of.toordinal(), self._length, self.opportunities
        taken = []
        for customer, first in zip(known.customers, known.first_days, strict=True):
            met = age_in(today - first, length, whole_units=True)
            units = units_of(columns.purchase_days[columns.rows[customer]], length)
            taken.append(sum(met < number <= met + ahead for number in units))
        return tuple(taken)

    @cached_property
    def holdout(self) -> Mapping[CustomerId, HoldoutFacts]:
        """What each customer of the calibration did in the holdout, if anything."""
        index, money = self.later._tally.index, self.later._tally.money()
        spent = (money[index[each]] if each in index else 0 for each in self.calibration)
        found = zip(self.calibration, self.holdout_purchases, spent, strict=True)
        duration, unit = self.duration, self.calibration.unit
        currency = str(self.calibration.currency)
        return MappingProxyType(
            {
                customer: HoldoutFacts(
                    customer=customer,
                    purchases=purchases,
                    spend=Money.of_minor(minor, currency),
                    duration=duration,
                    unit=unit,
                )
                for customer, purchases, minor in found
            }
        )

    @property
    def _length(self) -> Fraction:
        rules = self.calibration.rules
        return days_of(rules.unit, rules.days_in_year)

    @property
    def newcomers(self) -> int:
        """How many customers first bought in the holdout; they are left out of it."""
        known = self.calibration.columns.rows
        return sum(customer not in known for customer in self.later)

    @cached_property
    def observed(self) -> RepeatPurchaseSummary:
        """The summary of all records, as of the last day of the holdout."""
        return self.calibration.rolled_to(self.later.as_of).merge(self.later)

    def merge(self, other: "HoldoutSplit") -> "HoldoutSplit":
        """The split of the records of both; each record may be in one of them only.

        :raises InvalidValue: if the rules or the days differ.
        :raises CurrencyMismatch: if the currencies differ.
        """
        return HoldoutSplit(
            self.calibration.merge(other.calibration), self.later.merge(other.later)
        )


def _one_currency(one: RepeatPurchaseSummary, other: RepeatPurchaseSummary) -> None:
    if None not in (one.currency, other.currency) and one.currency != other.currency:
        raise CurrencyMismatch(str(one.currency), str(other.currency))


def split_holdout(
    purchases: Iterable[Purchase],
    calibration_end: date,
    observation_end: date,
    *,
    unit: Unit,
    whole_units: bool = False,
    refunds: RefundRule = RefundRule.NET,
    known_by: datetime | None = None,
    days_in_year: Decimal = MEAN_GREGORIAN_YEAR,
) -> HoldoutSplit:
    """Sum up purchases up to a day, and what the same customers did from then to a later day.

    The calibration includes ``calibration_end``, the holdout goes from the day after it to
    ``observation_end``. Customers who first bought in the holdout are left out and counted. The
    other terms are those of :func:`summarize_repeat_purchases`.

    :raises InvalidValue: if the observation does not end after the calibration.
    :raises CurrencyMismatch: if the purchases are in different currencies.
    """
    check_date(calibration_end, "calibration_end")
    terms: dict[str, Any] = {
        "unit": unit,
        "whole_units": whole_units,
        "refunds": refunds,
        "known_by": known_by,
        "days_in_year": days_in_year,
    }
    listed = list(purchases)
    calibration = summarize_repeat_purchases(listed, as_of=calibration_end, **terms)
    after = [purchase for purchase in listed if purchase.on > calibration_end]
    return HoldoutSplit(
        calibration, summarize_repeat_purchases(after, as_of=observation_end, **terms)
    )
