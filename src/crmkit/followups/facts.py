"""What follow-ups are planned from: the days that matter to a customer, and what was done."""

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Self

from attrs import evolve, field, frozen
from attrs.converters import optional

from crmkit.errors import InvalidValue
from crmkit.followups.records.follow_up import FollowUp
from crmkit.followups.records.words import as_names, as_text
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.period import Period, check_date

__all__ = ["Anchor", "FollowUpFacts", "as_names", "as_periods", "as_text"]


class Anchor(StrEnum):
    """The days of a customer that cadences usually count from; a host may use words of its own."""

    HAND_OVER = "hand-over"
    """What was bought was handed over to the customer."""
    PURCHASE = "purchase"
    """The last purchase."""
    POLICY_DATE = "policy-date"
    """The day from which an insurance policy or a contract runs."""
    BIRTHDAY = "birthday"
    """The day of birth."""
    COMPLAINT_CLOSED = "complaint-closed"
    """The day on which the last complaint was closed."""


def as_periods(pauses: Iterable[Period]) -> tuple[Period, ...]:
    """Pauses, each once and in order.

    :raises InvalidValue: if one of them is no Period.
    """
    if pauses == ():
        return ()  # The everyday case.
    found = tuple(pauses) if isinstance(pauses, Iterable) else (None,)
    if not all(isinstance(pause, Period) for pause in found):
        raise InvalidValue("pauses are periods, such as (Period.month(2026, 8),)")
    return tuple(sorted(set(found), key=lambda pause: (pause.start, pause.end)))


_NO_DAYS: Mapping[str, date] = MappingProxyType({})
_NONE: frozenset[str] = frozenset()


def _by_name(days: Mapping[str, date], what: str) -> Mapping[str, date]:
    # A plan is made of millions of these: what is a dict need not be asked whether it is a Mapping.
    if type(days) is not dict and not isinstance(days, Mapping):
        raise InvalidValue(f"{what} are days by name, such as {{'hand-over': date(2026, 5, 4)}}")
    if not days:
        return _NO_DAYS
    found = {str(name): day for name, day in days.items()}
    for name, day in found.items():
        check_identifier(name, f"a name in {what}")
        check_date(day, f"a day in {what}")
    return MappingProxyType(dict(sorted(found.items())) if len(found) > 1 else found)


def _anchors(days: Mapping[str, date]) -> Mapping[str, date]:
    return _by_name(days, "anchors")


def _handled(days: Mapping[str, date]) -> Mapping[str, date]:
    return _by_name(days, "handled")


def _segments(names: Iterable[str]) -> frozenset[str]:
    return frozenset(as_names(names)) if names != _NONE else _NONE


@frozen(kw_only=True)
class FollowUpFacts:
    """One customer as of a day: what cadences count from, what was done, and what holds them up.

    ``anchors`` are the days of this customer, by name (:class:`Anchor`, or words of the host).
    ``handled`` says by cadence which of its follow-ups was the last to be done or given up, by its
    ``nominal_on`` (its ``due_on`` will do as well): that one and all before it are not asked for
    again. During ``pauses`` nobody follows up, and after ``ends_on`` not any more.

    :raises InvalidValue: if a day is no plain date, a pause no Period, or a name could not serve as
        a key.
    """

    customer: CustomerId
    as_of: date
    anchors: Mapping[str, date] = field(
        factory=dict, converter=_anchors, hash=False, repr=False, metadata={"personal": True}
    )
    tier: str | None = field(default=None, converter=optional(as_text))
    segments: frozenset[str] = field(default=frozenset(), converter=_segments)
    handled: Mapping[str, date] = field(factory=dict, converter=_handled, hash=False)
    pauses: tuple[Period, ...] = field(default=(), converter=as_periods)
    ends_on: date | None = None

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        check_date(self.as_of, "as_of")
        if self.tier is not None:
            check_identifier(self.tier, "tier")
        if self.ends_on is not None:
            check_date(self.ends_on, "ends_on")

    def with_handled(self, follow_ups: Iterable[FollowUp]) -> Self:
        """The same customer, with what follow-ups on record say was handled.

        That is, by cadence, the last one that was done, cancelled or missed, unless a later one was
        known already. What is open, or what no cadence asked for, changes nothing.

        :raises InvalidValue: if a follow-up belongs to another customer.
        """
        handled = dict(self.handled)
        for one in follow_ups:
            if one.customer != self.customer:
                raise InvalidValue("what is on record belongs to another customer")
            if one.cadence is not None and one.nominal_on is not None and not one.is_open:
                before = handled.get(one.cadence, one.nominal_on)
                handled[one.cadence] = max(before, one.nominal_on)
        return evolve(self, handled=handled)
