"""Remedies that were given for broken promises, so that each is given once."""

from datetime import datetime

from attrs import frozen

from crmkit.errors import InvalidValue
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.money import Money
from crmkit.period import check_instant

__all__ = ["GivenRemedy"]


@frozen(kw_only=True)
class GivenRemedy:
    """What a customer was given because a promise was broken; a promise has one at most.

    ``due_at`` is when the promise was due, ``given_at`` when the remedy was given.

    :raises InvalidValue: if the money is below 0.
    :raises NaiveDatetime: if an instant has no time zone.
    """

    promise: str
    customer: CustomerId
    due_at: datetime
    given_at: datetime
    money: Money
    measures: tuple[str, ...] = ()

    def __attrs_post_init__(self) -> None:
        check_identifier(self.promise, "promise")
        check_identifier(self.customer, "customer")
        check_instant(self.due_at, "due_at")
        check_instant(self.given_at, "given_at")
        if self.money.is_negative:
            raise InvalidValue("a remedy is nothing or more")
