"""What to work on next: the drivers of loyalty build on each other."""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum

from attrs import field, frozen

from crmkit.decision import Decision, Evidence, equals
from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.loyalty.records.answers import as_words
from crmkit.period import check_date

__all__ = ["DriverFacts", "DriverOrder", "LoyaltyDriver"]


class LoyaltyDriver(StrEnum):
    """What loyalty grows from, in the order of LOY-06.

    A driver is something to work on. That it is in place does not make anybody loyal, and no policy
    of this room concludes so.
    """

    SATISFACTION = "satisfaction"
    """The base: what was promised is kept."""
    DELIGHT = "delight"
    """The key: more than was expected."""
    TRUST = "trust"
    """The end point: the customer relies on us."""


def _as_drivers(drivers: Iterable[str]) -> frozenset[str]:
    return frozenset(as_words(drivers))


@frozen(kw_only=True)
class DriverFacts:
    """Which drivers the shop holds to be in place with a customer, by whatever it goes by.

    :raises InvalidIdentifier: if a word could not serve as a key.
    """

    customer: CustomerId
    as_of: date
    in_place: frozenset[str] = field(default=frozenset(), converter=_as_drivers)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        check_date(self.as_of, "as_of")
        for driver in self.in_place:
            check_identifier(driver, "a driver")


@frozen(kw_only=True)
class DriverOrder:
    """The driver to work on next: the first of the order that is not in place.

    What stands on a base that is missing does not count: whoever was delighted and is let down in
    small things gets the small things put right first. Source: LOY-06, in whose place a shop may
    put an order of its own.

    :raises InvalidPolicy: if no driver is named, or one stands twice.

    >>> facts = DriverFacts(
    ...     customer="C-7", as_of=date(2026, 6, 30), in_place=[LoyaltyDriver.SATISFACTION]
    ... )
    >>> DriverOrder()(facts).outcome
    'delight'
    """

    order: tuple[str, ...] = field(default=tuple(map(str, LoyaltyDriver)), converter=as_words)

    def __attrs_post_init__(self) -> None:
        for driver in self.order:
            check_identifier(driver, "a driver")
        if not self.order or len(set(self.order)) < len(self.order):
            raise InvalidPolicy("an order names one driver or more, each once")

    def __call__(self, facts: DriverFacts, /) -> Decision[str | None]:
        """What to work on next with one customer; None if all is in place.

        :raises InvalidValue: if a driver is in place that the order does not know.
        """
        evidence = tuple(self._evidence(facts))
        return Decision(
            self._next(facts), "driver-order", facts.as_of, evidence, subject=facts.customer
        )

    def outcomes(self, facts: Iterable[DriverFacts]) -> list[str | None]:
        """What to work on next with many customers, as the call gives it one by one."""
        return [self._next(item) for item in facts]

    def _next(self, facts: DriverFacts) -> str | None:
        if not facts.in_place <= set(self.order):
            raise InvalidValue(f"a driver is one of the order: {', '.join(self.order)}")
        return next((driver for driver in self.order if driver not in facts.in_place), None)

    def _evidence(self, facts: DriverFacts) -> Iterable[Evidence]:
        return (equals(driver, driver in facts.in_place, True) for driver in self.order)
