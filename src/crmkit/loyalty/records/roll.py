"""The roll of a program: who is a member, what customers intend, and what they bring."""

from datetime import date
from enum import StrEnum

from attrs import field, frozen
from attrs.converters import optional

from crmkit.errors import InvalidValue
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.loyalty.records.answers import ScaledAnswer, as_word
from crmkit.money import Money
from crmkit.period import check_date

__all__ = ["Intention", "IntentionAnswer", "ProfitEntry", "ProgramMember"]


def _check_word(word: str | None, what: str) -> None:
    if word is not None:
        check_identifier(word, what)


@frozen(kw_only=True)
class ProgramMember:
    """A member of a program: since when, won by whom, and whether there is an e-mail address.

    ``function`` is the part of the company to which the member counts, in its own words, such as
    commerce, ground or cabin. ``recruited_by`` is who won the member, such as the crew. A member
    who leaves is none any more from ``left_on`` on.

    :raises InvalidValue: if a day is no plain date, or the member left before joining.
    :raises InvalidIdentifier: if a word could not serve as a key.

    >>> anna = ProgramMember(customer=CustomerId("anna"), joined_on=date(2026, 3, 2))
    >>> anna.is_member_on(date(2026, 3, 1)), anna.is_member_on(date(2026, 3, 2))
    (False, True)
    """

    customer: CustomerId
    joined_on: date
    left_on: date | None = None
    email_since: date | None = None
    function: str | None = field(default=None, converter=optional(as_word))
    recruited_by: str | None = field(default=None, converter=optional(as_word))

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        check_date(self.joined_on, "joined_on")
        if self.left_on is not None:
            check_date(self.left_on, "left_on")
            if self.left_on < self.joined_on:
                raise InvalidValue("a member leaves on the day of joining or later")
        if self.email_since is not None:
            check_date(self.email_since, "email_since")
        _check_word(self.function, "function")
        _check_word(self.recruited_by, "recruited_by")

    def is_member_on(self, day: date) -> bool:
        """Whether the member has joined by then and has not left."""
        return self.joined_on <= day and (self.left_on is None or day < self.left_on)

    def has_email_on(self, day: date) -> bool:
        """Whether it is a member whose e-mail address was known by then."""
        return self.is_member_on(day) and self.email_since is not None and self.email_since <= day


class Intention(StrEnum):
    """What a customer intends; the two are asked one by one (LOY-08)."""

    REPURCHASE = "repurchase"
    """To buy from us again."""
    REFERRAL = "referral"
    """To recommend us to others."""


@frozen(kw_only=True)
class IntentionAnswer:
    """What a customer answered when asked whether they would buy again, or recommend us.

    :raises InvalidValue: if the answer has no scale, or the intention is none of the two.
    """

    customer: CustomerId
    on: date
    intention: Intention
    answer: ScaledAnswer

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        check_date(self.on, "the day of an answer")
        if not isinstance(self.intention, Intention):
            raise InvalidValue("an intention is Intention.REPURCHASE or Intention.REFERRAL")
        if not isinstance(self.answer, ScaledAnswer):
            raise InvalidValue("an answer carries its scale: write scale.answer('surely')")


@frozen(kw_only=True)
class ProfitEntry:
    """A profit, or a loss below zero, and the customer it came from; None if nobody knows.

    ``function`` is the part of the company it counts to, if that is not the one of the member.

    :raises InvalidValue: if the profit is no Money, or the day no plain date.
    """

    on: date
    profit: Money
    customer: CustomerId | None = None
    function: str | None = field(default=None, converter=optional(as_word))

    def __attrs_post_init__(self) -> None:
        check_date(self.on, "the day of a profit")
        if not isinstance(self.profit, Money):
            raise InvalidValue("a profit is Money, such as Money('12.30', 'EUR')")
        _check_word(self.customer, "customer")
        _check_word(self.function, "function")
