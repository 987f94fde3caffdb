"""What can happen in a win-back: each entry of its trail holds one of these."""

from collections.abc import Iterable
from datetime import date, datetime

from attrs import field, frozen
from attrs.converters import optional

from crmkit.errors import CrmkitError, CurrencyMismatch, InvalidValue
from crmkit.identifiers import Actor, check_identifier
from crmkit.money import Money
from crmkit.period import check_date, check_instant
from crmkit.retention.records.lost import LostClass
from crmkit.retention.records.words import as_text, as_words, check_said

__all__ = [
    "Analysed",
    "Contacted",
    "Declined",
    "Failed",
    "Lost",
    "Recovered",
    "Targeted",
    "WinBackEntry",
    "WinBackEvent",
    "WinBackRefused",
]


class WinBackRefused(CrmkitError):
    """The lifecycle would allow it, but it cannot be true of this win-back; nothing was changed.

    :ivar action: what was refused.
    :ivar instead: what would have worked.
    """

    code = "win-back-refused"

    def __init__(self, action: str, why: str, instead: str) -> None:
        """Keep what was refused, and what would have worked."""
        super().__init__(f"cannot {action}: {why}; {instead}")
        self.action = str(action)
        self.instead = instead


@frozen
class Lost:
    """The customer was lost on this day. The first entry of every trail holds it, and no other."""

    on: date

    def __attrs_post_init__(self) -> None:
        check_date(self.on, "the day a customer was lost")


def _causes(causes: Iterable[str]) -> tuple[str, ...]:
    return as_words(causes)


@frozen(kw_only=True)
class Analysed:
    """It is known why the customer went, in which way, and what they were and would be worth.

    What could not be found out is left out: no causes, or None.

    :raises CurrencyMismatch: if the two values are of two currencies.
    """

    on: date
    causes: tuple[str, ...] = field(default=(), converter=_causes)
    lost_class: LostClass | None = None
    present_value: Money | None = None
    future_value: Money | None = None

    def __attrs_post_init__(self) -> None:
        check_date(self.on, "the day of an analysis")
        present, future = self.present_value, self.future_value
        if present is not None and future is not None and present.currency != future.currency:
            raise CurrencyMismatch(present.currency, future.currency)


@frozen
class Declined:
    """The customer is not to be won back; the entry says why."""

    on: date

    def __attrs_post_init__(self) -> None:
        check_date(self.on, "the day of a decision")


def _measures(measures: Iterable[str]) -> tuple[str, ...]:
    if isinstance(measures, str):
        raise InvalidValue("pass a tuple of measures, such as ('explain', 'propose')")
    # In their order: it is the one in which they are taken.
    return tuple(dict.fromkeys(as_text(measure) for measure in measures))


@frozen(kw_only=True)
class Targeted:
    """The customer is to be won back by these measures, or is held out and left alone.

    ``contact_from`` is the first day on which somebody may turn to the customer; whoever is held
    out has none.

    :raises InvalidValue: if who is held out has measures or a day of contact, or who is not has no
        measure.
    """

    on: date
    measures: tuple[str, ...] = field(default=(), converter=_measures)
    held_out: bool = False
    contact_from: date | None = None

    def __attrs_post_init__(self) -> None:
        check_date(self.on, "the day of a decision")
        for measure in self.measures:
            check_identifier(measure, "a measure")
        if self.contact_from is not None:
            check_date(self.contact_from, "contact_from")
        if self.held_out and (self.measures or self.contact_from is not None):
            raise InvalidValue("who is held out is left alone: no measures, no day of contact")
        if not self.held_out and not self.measures:
            raise InvalidValue("who is to be won back has one measure or more")


@frozen(kw_only=True)
class Contacted:
    """Somebody turned to the customer on this day, through a channel.

    ``again_from`` is the first day on which the next attempt may be made; None if this was the
    last one.

    :raises InvalidValue: if the next attempt would be made on the same day, or before.
    """

    on: date
    channel: str = field(converter=as_text)
    measure: str | None = field(default=None, converter=optional(as_text))
    again_from: date | None = None

    def __attrs_post_init__(self) -> None:
        check_date(self.on, "the day of a contact")
        check_identifier(self.channel, "channel")
        if self.measure is not None:
            check_identifier(self.measure, "a measure")
        if self.again_from is not None:
            check_date(self.again_from, "again_from")
            if self.again_from <= self.on:
                raise InvalidValue("the next attempt is made on a later day")


@frozen
class Recovered:
    """The customer came back on this day: bought again, or renewed."""

    on: date

    def __attrs_post_init__(self) -> None:
        check_date(self.on, "the day of a return")


@frozen
class Failed:
    """On this day the attempt was given up: the customer did not come back."""

    on: date

    def __attrs_post_init__(self) -> None:
        check_date(self.on, "the day of a decision")


WinBackEvent = Lost | Analysed | Declined | Targeted | Contacted | Recovered | Failed
"""Everything that can happen in a win-back."""


@frozen(kw_only=True)
class WinBackEntry:
    """One thing that happened in a win-back, who recorded it, when, and why.

    :raises InvalidIdentifier: if the actor could not serve as a key.
    :raises InvalidValue: if no reason is given.
    :raises NaiveDatetime: if the instant has no time zone.
    """

    what: WinBackEvent
    by: Actor
    at: datetime
    reason: str = field(repr=False, metadata={"personal": True})

    def __attrs_post_init__(self) -> None:
        check_identifier(self.by, "actor")
        check_instant(self.at, "the instant of an entry")
        check_said(self.reason, "a reason")
