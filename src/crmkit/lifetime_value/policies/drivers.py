"""What drives customer equity, and what a change of a driver brings (CLV-03).

The three drivers are those of R. T. Rust, V. A. Zeithaml and K. N. Lemon, "Driving Customer Equity"
(2000).
"""

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from fractions import Fraction

from attrs import field, frozen

from crmkit.decision import Decision, Evidence, noted
from crmkit.errors import InvalidPolicy
from crmkit.lifetime_value.policies.exact import (
    ExactNumber,
    as_ratio,
    check_money,
    check_probability,
    check_rounding,
    check_word,
    exact,
    note_factor,
    note_number,
    read_only,
    split_money,
    to_money,
)
from crmkit.money import Money, Rounding
from crmkit.period import check_date

__all__ = ["EquityChange", "EquityDriver", "EquityDrivers"]


class EquityDriver(StrEnum):
    """What makes customers choose a company, and so drives what they are worth to it."""

    VALUE = "value"
    """The objective appraisal: quality, price, convenience."""
    BRAND = "brand"
    """The subjective appraisal beyond that; it matters most in winning customers."""
    RELATIONSHIP = "relationship"
    """The inclination to stay, beyond both appraisals."""


def _as_changes(changes: Mapping[EquityDriver, ExactNumber]) -> Mapping[EquityDriver, Fraction]:
    for driver in changes:
        check_word(driver, EquityDriver, "a driver")
    return read_only({driver: as_ratio(change) for driver, change in changes.items()})


@frozen(kw_only=True)
class EquityChange:
    """An equity, and by how much each of its drivers is to change: ``"0.05"`` is 5 % better.

    ``segment`` names whose equity it is, None: that of all. ``investment`` is what the change
    costs, if that is known.

    :raises InvalidPolicy: if a driver is none of the three, or the investment is not above zero.
    :raises CurrencyMismatch: if the investment is of another currency.
    """

    as_of: date
    equity: Money
    changes: Mapping[EquityDriver, Fraction] = field(converter=_as_changes, hash=False)
    investment: Money | None = None
    segment: str | None = None

    def __attrs_post_init__(self) -> None:
        check_date(self.as_of, "as_of")
        check_money(self.equity, "an equity")
        if self.investment is not None:
            check_money(self.investment, "an investment")
            if not self.investment > Money.zero(self.equity.currency):
                raise InvalidPolicy("an investment is above zero; leave out what costs nothing")


@frozen(kw_only=True)
class EquityDrivers:
    """How much of an equity hangs on each driver, as the host states it, and what a change brings.

    The shares add up to 1. A driver that gets better by a part of itself changes the equity by that
    part of its share: a first-order reading, right for small changes, which leaves out how drivers
    work on one another and on rivals. The shares themselves come from a survey of the host's; the
    method of the source estimates them with a choice model.

    :raises InvalidPolicy: if a share is none, or they do not add up to 1.

    >>> from crmkit.decision import explain
    >>> drivers = EquityDrivers(value="0.5", brand="0.2", relationship="0.3")
    >>> change = EquityChange(
    ...     as_of=date(2026, 6, 30), equity=Money("1000000.00", "EUR"),
    ...     changes={EquityDriver.BRAND: "-0.01", EquityDriver.RELATIONSHIP: "0.05"},
    ...     investment=Money("10000.00", "EUR"),
    ... )
    >>> print(explain(drivers(change)))
    13,000.00 EUR, by equity drivers, as of 2026-06-30
    - noted: equity is 1,000,000.00 EUR
    - noted: value is 0.00 EUR
      - noted: share is 0.5
      - noted: change is 0
    - noted: brand is -2,000.00 EUR
      - noted: share is 0.2
      - noted: change is -0.01
    - noted: relationship is 15,000.00 EUR
      - noted: share is 0.3
      - noted: change is 0.05
    - noted: investment is 10,000.00 EUR
      - noted: return is 0.3
    """

    value: Fraction = field(converter=as_ratio)
    brand: Fraction = field(converter=as_ratio)
    relationship: Fraction = field(converter=as_ratio)
    rounding: Rounding = Rounding.HALF_EVEN

    def __attrs_post_init__(self) -> None:
        check_rounding(self.rounding)
        for driver, share in self.shares.items():
            check_probability(share, f"the share of {driver}")
        if sum(self.shares.values()) != 1:
            raise InvalidPolicy("the shares of the three drivers add up to 1")

    @property
    def shares(self) -> Mapping[EquityDriver, Fraction]:
        """The share of each driver."""
        return {
            EquityDriver.VALUE: self.value,
            EquityDriver.BRAND: self.brand,
            EquityDriver.RELATIONSHIP: self.relationship,
        }

    def split(self, equity: Money) -> Mapping[EquityDriver, Money]:
        """How much of an equity hangs on each driver; not one minor unit is lost.

        >>> drivers = EquityDrivers(value="0.5", brand="0.2", relationship="0.3")
        >>> [str(part) for part in drivers.split(Money("1.01", "EUR")).values()]
        ['0.51 EUR', '0.20 EUR', '0.30 EUR']
        """
        parts = equity.allocate(list(self.shares.values()))
        return dict(zip(self.shares, parts, strict=True))

    def __call__(self, facts: EquityChange, /) -> Decision[Money]:
        """Say by how much an equity changes, driver by driver."""
        amounts = split_money(self._exact(facts), facts.equity.currency, self.rounding)
        outcome = self._outcome(facts)
        evidence = (
            noted("equity", facts.equity),
            *(
                Evidence(driver.value, amount, parts=_terms(share, facts.changes.get(driver)))
                for (driver, share), amount in zip(self.shares.items(), amounts, strict=True)
            ),
            *_return(outcome, facts.investment),
        )
        return Decision(outcome, "equity-drivers", facts.as_of, evidence, subject=facts.segment)

    def outcomes(self, facts: Iterable[EquityChange]) -> list[Money]:
        """What many changes bring, as the call gives it one by one."""
        return [self._outcome(item) for item in facts]

    def _outcome(self, facts: EquityChange) -> Money:
        return to_money(sum(self._exact(facts), Fraction(0)), facts.equity.currency, self.rounding)

    def _exact(self, facts: EquityChange) -> list[Fraction]:
        equity = exact(facts.equity)
        return [
            equity * share * facts.changes.get(driver, Fraction(0))
            for driver, share in self.shares.items()
        ]


def _terms(share: Fraction, change: Fraction | None) -> tuple[Evidence, ...]:
    return note_number("share", share), note_number("change", change or Fraction(0))


def _return(gained: Money, investment: Money | None) -> tuple[Evidence, ...]:
    """The return on an investment: what was gained beyond it, as a part of it."""
    if investment is None:
        return ()
    rate = (gained - investment).ratio_to(investment)
    return (Evidence("investment", investment, parts=(note_factor("return", rate),)),)
