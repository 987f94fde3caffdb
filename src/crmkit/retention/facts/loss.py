"""What is known of how a customer was lost."""

from datetime import date
from enum import StrEnum

from attrs import field, frozen
from attrs.converters import optional

from crmkit.identifiers import CustomerId, check_identifier
from crmkit.period import check_date
from crmkit.retention.records.words import as_text

__all__ = ["EndedBy", "LossFacts", "RivalOffer"]


class EndedBy(StrEnum):
    """Who ended the relation."""

    COMPANY = "company"
    """The company did, on purpose."""
    CUSTOMER = "customer"
    """The customer did, or just stayed away."""


class RivalOffer(StrEnum):
    """With what a rival won the customer."""

    NONE = "none"
    """No rival is in it."""
    LOWER_PRICE = "lower-price"
    """With a lower price."""
    BETTER_OFFER = "better-offer"
    """With something better than the price: quality, service, something new."""


@frozen(kw_only=True)
class LossFacts:
    """What is known of the loss of a customer, as of a day; None is not known.

    ``reason`` is what the customer gave as the reason, in a word of the host. ``moved`` is whether
    place, age or stage of life took the need away.

    :raises InvalidIdentifier: if a word could not serve as a key.
    """

    customer: CustomerId
    as_of: date
    ended_by: EndedBy | None = None
    reason: str | None = field(default=None, converter=optional(as_text))
    rival_offer: RivalOffer | None = None
    moved: bool | None = None

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        check_date(self.as_of, "as_of")
        if self.reason is not None:
            check_identifier(self.reason, "a reason")
