"""From the level of demand to the level of product, and on to the channel that serves it."""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum

from attrs import field, frozen

from crmkit.decision import Decision, equals
from crmkit.errors import InvalidPolicy
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.period import check_date

__all__ = [
    "BANK_CHANNELS",
    "DemandFacts",
    "DemandLevel",
    "ProductLevel",
    "ServiceChannel",
    "ServiceChannels",
    "ServiceOffer",
]


class DemandLevel(StrEnum):
    """How demanding the need of a customer is."""

    MASS = "mass"
    MIDDLE = "middle"
    UPPER = "upper"


class ProductLevel(StrEnum):
    """What kind of product answers it."""

    COMMON = "common"
    MIDDLE = "middle"
    PREMIUM = "premium"


class ServiceChannel(StrEnum):
    """Who, or what, serves the customer."""

    AUTOMATION = "automation"
    CLIENT_MANAGER = "client-manager"
    PROFESSIONAL_PARTNER = "professional-partner"


@frozen
class ServiceOffer:
    """What one level of demand is answered with: a level of product, through a channel."""

    demand: DemandLevel
    product: ProductLevel
    channel: ServiceChannel

    def __str__(self) -> str:
        return f"{self.product} product by {self.channel.replace('-', ' ')}"


BANK_CHANNELS = (
    ServiceOffer(DemandLevel.MASS, ProductLevel.COMMON, ServiceChannel.AUTOMATION),
    ServiceOffer(DemandLevel.MIDDLE, ProductLevel.MIDDLE, ServiceChannel.CLIENT_MANAGER),
    ServiceOffer(DemandLevel.UPPER, ProductLevel.PREMIUM, ServiceChannel.PROFESSIONAL_PARTNER),
)
"""How a bank with client managers does it."""


@frozen(kw_only=True)
class DemandFacts:
    """The level of a customer's demand."""

    customer: CustomerId
    as_of: date
    demand: DemandLevel

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        check_date(self.as_of, "as_of")


def _as_offers(offers: Iterable[ServiceOffer]) -> tuple[ServiceOffer, ...]:
    return tuple(offers)


@frozen(kw_only=True)
class ServiceChannels:
    """Mass demand gets the common product by automation, upper demand a professional partner.

    :raises InvalidPolicy: if a level of demand has no offer, or several.

    >>> facts = DemandFacts(customer="C-7", as_of=date(2026, 6, 30), demand=DemandLevel.MIDDLE)
    >>> print(ServiceChannels()(facts).outcome)
    middle product by client manager
    """

    offers: tuple[ServiceOffer, ...] = field(default=BANK_CHANNELS, converter=_as_offers)

    def __attrs_post_init__(self) -> None:
        if sorted(offer.demand for offer in self.offers) != sorted(DemandLevel):
            raise InvalidPolicy("each level of demand has one offer: mass, middle and upper")

    def __call__(self, facts: DemandFacts, /) -> Decision[ServiceOffer]:
        """Say what one customer is offered, and through which channel."""
        evidence = tuple(equals("demand", facts.demand, offer.demand) for offer in self.offers)
        outcome = next(o for o, item in zip(self.offers, evidence, strict=True) if item.met)
        return Decision(outcome, "service-channel", facts.as_of, evidence, subject=facts.customer)

    def outcomes(self, facts: Iterable[DemandFacts]) -> list[ServiceOffer]:
        """The offers to many customers, as the call gives them one by one."""
        return [self(item).outcome for item in facts]
