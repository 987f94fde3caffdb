"""What is on record of a customer who is gone: left, or given up on purpose."""

from collections.abc import Iterable
from datetime import date

from attrs import field, frozen
from attrs.converters import optional

from crmkit.errors import InvalidValue
from crmkit.identifiers import Actor, CustomerId, check_identifier
from crmkit.period import check_date
from crmkit.retention.records.lost import LostClass
from crmkit.retention.records.words import as_text, as_words, check_said

__all__ = ["CustomerGivenUp", "CustomerLeft", "Loss"]


def _as_causes(causes: Iterable[str]) -> tuple[str, ...]:
    return as_words(causes)


@frozen(kw_only=True)
class CustomerLeft:
    """A customer left on a day: churn, with its causes as far as they are known.

    ``causes`` are those of :class:`~crmkit.retention.ChurnCause` or words of the host; none means
    that they are not known. ``region`` is where, so that a local fault shows (CHU-05).

    :raises InvalidValue: if the class is that of customers who were given up on purpose.
    :raises InvalidIdentifier: if a word could not serve as a key.
    """

    customer: CustomerId
    on: date
    causes: tuple[str, ...] = field(default=(), converter=_as_causes)
    lost_class: LostClass | None = None
    region: str | None = field(default=None, converter=optional(as_text))

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        check_date(self.on, "the day a customer left")
        if self.region is not None:
            check_identifier(self.region, "region")
        if self.lost_class is LostClass.DELIBERATELY_PUSHED:
            raise InvalidValue("who was given up on purpose is no churn: use CustomerGivenUp(...)")


@frozen(kw_only=True)
class CustomerGivenUp:
    """The company gave a customer up on purpose, and who decided it answers for it (CHU-10).

    This is no churn, and never counted as such.

    :raises InvalidValue: if no reason is given.
    :raises InvalidIdentifier: if a name could not serve as a key.
    """

    customer: CustomerId
    on: date
    decided_by: Actor
    reason: str = field(repr=False, metadata={"personal": True})
    region: str | None = field(default=None, converter=optional(as_text))

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        check_date(self.on, "the day a customer was given up")
        check_identifier(self.decided_by, "who decided")
        check_said(self.reason, "the reason why a customer is given up")
        if self.region is not None:
            check_identifier(self.region, "region")

    @property
    def lost_class(self) -> LostClass:
        """The class of the lost that it is."""
        return LostClass.DELIBERATELY_PUSHED


Loss = CustomerLeft | CustomerGivenUp
"""How a customer was lost: left by itself, or given up on purpose."""
