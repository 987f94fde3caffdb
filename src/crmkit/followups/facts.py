"""What follow-ups are planned from: the days that matter to a customer, and what was done."""

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from attrs import field, frozen

from crmkit.errors import InvalidValue
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.period import Period, check_date

__all__ = ["Anchor", "FollowUpFacts"]


class Anchor(StrEnum):
    """The days that cadences usually count from; a host may use words of its own."""

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


def _by_word(days: Mapping[str, date]) -> Mapping[str, date]:
    try:
        found = {str(word): day for word, day in days.items()}
    except AttributeError:
        raise InvalidValue(
            "days have names: pass a mapping such as {Anchor.HAND_OVER: date(2026, 5, 4)}"
        ) from None
    for word, day in found.items():
        check_identifier(word, "the name of a day or cadence")
        check_date(day, "the day")
    return MappingProxyType(dict(sorted(found.items())))


def _periods(periods: Iterable[Period]) -> tuple[Period, ...]:
    found = set(periods)
    if not all(isinstance(period, Period) for period in found):
        raise InvalidValue("pauses are periods, such as Period.month(2026, 8)")
    return tuple(sorted(found, key=lambda period: (period.start, period.end)))


@frozen(kw_only=True)
class FollowUpFacts:
    """One customer, as of a day: what cadences count from, and what holds them up.

    ``anchors`` name the days (:class:`Anchor`, or words of the host). ``handled`` says by cadence
    up to which of its days follow-ups were done or given up: only later ones are still wanted.
    During ``pauses`` nobody follows up, and after ``ends_on`` not any more.

    :raises InvalidValue: if a day is no plain date, or a name could not serve as a key.
    """

    customer: CustomerId
    as_of: date
    anchors: Mapping[str, date] = field(factory=dict, converter=_by_word, hash=False)
    tier: str | None = None
    segments: frozenset[str] = field(default=frozenset(), converter=frozenset)
    handled: Mapping[str, date] = field(factory=dict, converter=_by_word, hash=False)
    pauses: tuple[Period, ...] = field(default=(), converter=_periods)
    ends_on: date | None = None

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        check_date(self.as_of, "as_of")
        if self.tier is not None:
            check_identifier(self.tier, "tier")
        if self.ends_on is not None:
            check_date(self.ends_on, "ends_on")
