"""Good and poor lists: made by themselves from what is known, and served differently."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from attrs import field, frozen

from crmkit.decision import Decision, Evidence, all_of, any_of
from crmkit.errors import InvalidPolicy
from crmkit.segmentation.policies.conditions import AnyCondition
from crmkit.segmentation.policies.fields import CustomerFacts
from crmkit.segmentation.policies.ladder import check_names, first_met
from crmkit.segmentation.policies.service_level import ServiceLevel, check_every_class, read_only

__all__ = ["CustomerLists", "ListGround", "Listing"]


class Listing(StrEnum):
    """Which list a customer is on."""

    POOR = "poor"
    GOOD = "good"
    UNLISTED = "unlisted"


@frozen
class ListGround:
    """A reason to be on a list, with a name that the customer could be told."""

    ground: str
    when: AnyCondition


def _as_grounds(grounds: Iterable[ListGround]) -> tuple[ListGround, ...]:
    return tuple(grounds)


def _as_service(service: Mapping[Listing, ServiceLevel]) -> Mapping[Listing, ServiceLevel]:
    return read_only(service)


@frozen(kw_only=True)
class CustomerLists:
    """On the poor list for any ground for it, else on the good list for any ground for that.

    A ground against a customer outweighs any ground in favor, so that a big buyer who does not pay
    is not on the good list. ``service`` says what each list, and nobody's list, gets.

    :raises InvalidPolicy: if a list has no ground, two grounds share a name, or a list lacks its
        service.

    >>> from datetime import date
    >>> from crmkit.decision import Comparison, explain
    >>> from crmkit.money import Money
    >>> from crmkit.segmentation.facts import CustomerValue
    >>> from crmkit.segmentation.policies.conditions import Condition
    >>> good = Condition("value", Comparison.AT_LEAST, Money(5000, "EUR"))
    >>> poor = Condition("value", Comparison.BELOW, Money(0, "EUR"))
    >>> lists = CustomerLists(
    ...     good=[ListGround("buys much", good)],
    ...     poor=[ListGround("costs more than it brings", poor)],
    ...     service={
    ...         Listing.GOOD: ServiceLevel(priority=1, contacts_per_year=12),
    ...         Listing.UNLISTED: ServiceLevel(priority=2, contacts_per_year=4),
    ...         Listing.POOR: ServiceLevel(priority=3, contacts_per_year=0, support=("prepaid",)),
    ...     },
    ... )
    >>> facts = CustomerValue(customer="C-7", as_of=date(2026, 6, 30), value=Money(6200, "EUR"))
    >>> print(explain(lists(facts)))
    good for C-7, by customer lists, as of 2026-06-30
    - not met: poor list; one of these is enough
      - not met: costs more than it brings; all of these are needed
        - not met: value is 6,200.00 EUR; less than 0.00 EUR required
    - met: good list; one of these is enough
      - met: buys much; all of these are needed
        - met: value is 6,200.00 EUR; at least 5,000.00 EUR required
    """

    good: tuple[ListGround, ...] = field(converter=_as_grounds)
    poor: tuple[ListGround, ...] = field(converter=_as_grounds)
    service: Mapping[Listing, ServiceLevel] = field(converter=_as_service, hash=False)

    def __attrs_post_init__(self) -> None:
        check_names([ground.ground for ground in (*self.good, *self.poor)], "grounds")
        check_every_class(self.service, Listing, "the service")
        if not self.good or not self.poor:
            raise InvalidPolicy("each list has a ground, or nobody could be on it")

    def service_for(self, listing: Listing) -> ServiceLevel:
        """What the customers of a list get."""
        return self.service[listing]

    def __call__(self, facts: CustomerFacts, /) -> Decision[Listing]:
        """Say which list one customer is on, and every ground for and against."""
        evidence = (
            any_of("poor-list", *_judged(self.poor, facts)),
            any_of("good-list", *_judged(self.good, facts)),
        )
        outcome = first_met(tuple(Listing), evidence)
        return Decision(outcome, "customer-lists", facts.as_of, evidence, subject=facts.customer)

    def outcomes(self, facts: Iterable[CustomerFacts]) -> list[Listing]:
        """The lists of many customers, as the call gives them one by one."""
        return [self(item).outcome for item in facts]


def _judged(grounds: Iterable[ListGround], facts: CustomerFacts) -> Iterable[Evidence]:
    return (all_of(ground.ground, ground.when.evidence(facts)) for ground in grounds)
