"""Buyers of property: owners, those with strong intent, and those who may come round."""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum

from attrs import evolve, frozen

from crmkit.decision import Decision, at_least
from crmkit.errors import InvalidValue
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.period import check_date
from crmkit.records import Purchase
from crmkit.segmentation.policies.ladder import first_met
from crmkit.segmentation.policies.ordinal import OrdinalScale

__all__ = ["INCLINATION", "BuyerClass", "BuyerClasses", "BuyerFacts"]


class BuyerClass(StrEnum):
    """The classes exclude each other: who has bought is an owner and nothing else."""

    OWNER = "owner"
    """Has bought."""
    INTENT = "intent"
    """Has not bought, and is strongly inclined to."""
    POTENTIAL = "potential"
    """Is interested, and neither of the two."""
    NONE = "none"
    """Is not even interested: no buyer of any class."""


INCLINATION = OrdinalScale(("none", "interested", "strong"))
"""How inclined to buy a person seems, in three words."""


@frozen(kw_only=True)
class BuyerFacts:
    """What is known of a possible buyer: what was bought, and how inclined the person seems.

    :raises InvalidValue: if the purchases are below 0.
    """

    customer: CustomerId
    as_of: date
    inclination: str
    purchases: int = 0

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        check_date(self.as_of, "as_of")
        if self.purchases < 0:
            raise InvalidValue("purchases count from 0")

    def after(self, purchase: Purchase) -> "BuyerFacts":
        """The facts as of the day of a purchase, which makes the buyer an owner.

        :raises InvalidValue: for a refund, another customer's purchase, or one of a day that the
            facts include already.

        >>> from crmkit.money import Money
        >>> seen = BuyerFacts(customer="P-1", as_of=date(2026, 5, 1), inclination="interested")
        >>> bought = Purchase("P-1", date(2026, 6, 3), Money(320_000, "EUR"))
        >>> BuyerClasses()(seen).outcome.value, BuyerClasses()(seen.after(bought)).outcome.value
        ('potential', 'owner')
        """
        if purchase.is_refund or purchase.customer != self.customer or purchase.on <= self.as_of:
            raise InvalidValue("a later purchase of the same customer makes an owner, no refund")
        return evolve(self, as_of=purchase.on, purchases=self.purchases + 1)


@frozen(kw_only=True)
class BuyerClasses:
    """Owner, intent or potential: the class of a possible buyer.

    ``scale`` holds the words for inclination; from ``intent_from`` on it is strong, from
    ``potential_from`` on there is interest.

    :raises InvalidValue: if a word is not on the scale, or intent takes less than interest.
    """

    scale: OrdinalScale = INCLINATION
    intent_from: str = "strong"
    potential_from: str = "interested"

    def __attrs_post_init__(self) -> None:
        intent = self.scale.position(self.intent_from, "intent_from")
        if intent <= self.scale.position(self.potential_from, "potential_from"):
            raise InvalidValue("intent takes a stronger inclination than mere interest")

    def __call__(self, facts: BuyerFacts, /) -> Decision[BuyerClass]:
        """Name the class of one possible buyer, and what the others would have taken."""
        evidence = (
            at_least("purchases", facts.purchases, 1),
            self.scale.at_least("inclination", facts.inclination, self.intent_from),
            self.scale.at_least("inclination", facts.inclination, self.potential_from),
        )
        outcome = first_met(tuple(BuyerClass), evidence)
        return Decision(outcome, "buyer-class", facts.as_of, evidence, subject=facts.customer)

    def outcomes(self, facts: Iterable[BuyerFacts]) -> list[BuyerClass]:
        """The classes of many possible buyers, as the call gives them one by one."""
        return [self(item).outcome for item in facts]
