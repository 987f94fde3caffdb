"""What is known of a lost customer when it is asked whether to win them back."""

from collections.abc import Iterable
from datetime import date
from typing import Self

from attrs import field, frozen

from crmkit.errors import CurrencyMismatch, InvalidValue
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.money import Money
from crmkit.period import check_date
from crmkit.retention.records.lost import LostClass
from crmkit.retention.records.win_back import WinBackCase
from crmkit.retention.records.words import as_words

__all__ = ["WinBackFacts"]


def _as_causes(causes: Iterable[str]) -> tuple[str, ...]:
    return as_words(causes)


def _as_days(days: Iterable[date]) -> tuple[date, ...]:
    found = tuple(days)
    for day in found:
        check_date(day, "the day of an attempt")
    return tuple(sorted(found))


@frozen(kw_only=True)
class WinBackFacts:
    """What is known of a lost customer, as of a day.

    ``asked_not_to`` is whether the customer asked not to be contacted; it has no default, because
    somebody has to have looked. ``present_value`` and ``future_value`` are what the file shows the
    customer to be worth now and later. No causes, and None, mean not known. ``attempts`` are the
    days on which somebody turned to the customer to win them back, after this loss or one before.

    :raises InvalidValue: if the loss or an attempt lies after ``as_of``.
    :raises CurrencyMismatch: if the two values are of two currencies.
    :raises InvalidIdentifier: if a word could not serve as a key.
    """

    customer: CustomerId
    as_of: date
    lost_on: date
    asked_not_to: bool
    present_value: Money | None = None
    future_value: Money | None = None
    causes: tuple[str, ...] = field(default=(), converter=_as_causes)
    lost_class: LostClass | None = None
    attempts: tuple[date, ...] = field(default=(), converter=_as_days)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        check_date(self.as_of, "as_of")
        check_date(self.lost_on, "lost_on")
        if type(self.asked_not_to) is not bool:
            raise InvalidValue("a customer asked not to be contacted, or did not: True or False")
        if max(self.lost_on, *self.attempts, self.lost_on) > self.as_of:
            raise InvalidValue("the loss and all attempts lie on as_of or before")
        present, future = self.present_value, self.future_value
        if present is not None and future is not None and present.currency != future.currency:
            raise CurrencyMismatch(present.currency, future.currency)

    @classmethod
    def of(
        cls,
        case: WinBackCase,
        as_of: date,
        *,
        asked_not_to: bool,
        earlier_attempts: Iterable[date] = (),
    ) -> Self:
        """What a case says; ``earlier_attempts`` are those after losses before this one."""
        found = case.analysis
        return cls(
            customer=case.customer,
            as_of=as_of,
            lost_on=case.lost_on,
            asked_not_to=asked_not_to,
            present_value=None if found is None else found.present_value,
            future_value=None if found is None else found.future_value,
            causes=() if found is None else found.causes,
            lost_class=None if found is None else found.lost_class,
            attempts=(*earlier_attempts, *case.attempts),
        )

    @property
    def value(self) -> Money | None:
        """What the customer is worth, now and later together; None where one is not known."""
        if self.present_value is None or self.future_value is None:
            return None
        return self.present_value + self.future_value

    @property
    def attempts_since_loss(self) -> int:
        """How many attempts there were to make up for this loss."""
        return sum(day >= self.lost_on for day in self.attempts)
