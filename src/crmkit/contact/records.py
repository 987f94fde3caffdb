"""Contacts, what customers asked for, and the facts that a contact is judged by."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from attrs import field, frozen

from crmkit.business_time.zones import in_utc
from crmkit.errors import InvalidValue
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.period import check_instant
from crmkit.records import Direction, Interaction

__all__ = ["Contact", "ContactFacts", "DoNotContact", "Scoped", "as_words", "covers", "zone_name"]


def as_words(words: Iterable[str]) -> tuple[str, ...]:
    """The words of a scope; a single text is not taken for its letters."""
    if isinstance(words, str):
        raise InvalidValue(f"pass a tuple of words, such as ({words!r},)")
    found = tuple(str(word) for word in words)
    for word in found:
        check_identifier(word, "a channel or purpose")
    return found


def zone_name(zone: str | ZoneInfo) -> str:
    """The IANA name of a time zone.

    :raises InvalidValue: if there is no such zone.
    """
    key = zone.key if isinstance(zone, ZoneInfo) else zone
    try:
        return str(ZoneInfo(key).key)
    except (TypeError, ValueError, OSError, ZoneInfoNotFoundError):
        raise InvalidValue(
            "a time zone is named as in the IANA database, such as 'Europe/Berlin' or 'UTC'"
        ) from None


@frozen
class Contact:
    """Turning to a customer once: at an instant, through a channel, for a purpose.

    It may have happened, or be planned. ``channel`` and ``purpose`` are the host's words.

    :raises InvalidValue: if a word could not serve as a key.
    :raises NaiveDatetime: if the instant has no time zone.
    """

    at: datetime
    channel: str = field(converter=str)
    purpose: str | None = None

    def __attrs_post_init__(self) -> None:
        check_instant(self.at, "the instant of a contact")
        in_utc(self.at)  # Within the years in which time is counted.
        check_identifier(self.channel, "channel")
        if self.purpose is not None:
            check_identifier(self.purpose, "purpose")

    @classmethod
    def of(cls, interaction: Interaction) -> Self:
        """The contact that an interaction was.

        :raises InvalidValue: if it was the customer who turned to the company: no pressure on them.
        """
        if interaction.direction is not Direction.OUTBOUND:
            raise InvalidValue(
                "only outbound interactions press on a customer: leave inbound ones out"
            )
        return cls(interaction.at, interaction.channel, interaction.purpose)


@frozen(kw_only=True)
class DoNotContact:
    """What a customer does not want: contacts through some channels, for some purposes, or any.

    It holds from ``since`` on (always, if left out), until just before ``until`` (for ever).

    :raises InvalidValue: if it ends before it begins.
    :raises NaiveDatetime: if an instant has no time zone.
    """

    channels: tuple[str, ...] = field(default=(), converter=as_words)
    purposes: tuple[str, ...] = field(default=(), converter=as_words)
    since: datetime | None = None
    until: datetime | None = None
    reason: str | None = field(default=None, metadata={"personal": True}, repr=False)

    def __attrs_post_init__(self) -> None:
        for instant, what in ((self.since, "since"), (self.until, "until")):
            if instant is not None:
                check_instant(instant, what)
        span = [in_utc(instant) for instant in (self.since, self.until) if instant is not None]
        if len(span) == 2 and span[1] <= span[0]:
            raise InvalidValue("a wish to be left alone ends after it begins")

    def holds_at(self, at: datetime) -> bool:
        """Whether the customer does not want to be contacted at an instant."""
        moment = in_utc(at)
        begun = self.since is None or in_utc(self.since) <= moment
        return begun and (self.until is None or moment < in_utc(self.until))


class Scoped(Protocol):
    """Whatever is about some channels and purposes; naming none means all."""

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels it is about."""
        ...

    @property
    def purposes(self) -> tuple[str, ...]:
        """The purposes it is about."""
        ...


def covers(rule: Scoped, contact: Contact) -> bool:
    """Whether a rule is about such a contact."""
    return (not rule.channels or contact.channel in rule.channels) and (
        not rule.purposes or contact.purpose in rule.purposes
    )


def _contacts(contacts: Iterable[Contact]) -> tuple[Contact, ...]:
    found = set(contacts)
    if not all(isinstance(contact, Contact) for contact in found):
        raise InvalidValue("contacts are Contact(at, 'telephone', 'demand plan')")
    return tuple(sorted(found, key=lambda one: (in_utc(one.at), one.channel, one.purpose or "")))


def _stops(stops: Iterable[DoNotContact]) -> tuple[DoNotContact, ...]:
    found = tuple(stops)
    if not all(isinstance(stop, DoNotContact) for stop in found):
        raise InvalidValue("what a customer does not want is DoNotContact(channels=('telephone',))")
    return found


@frozen(kw_only=True)
class ContactFacts:
    """A contact that somebody has in mind, and what else there is between us and the customer.

    ``contacts`` are those that have happened and those that are planned, in any order; the same one
    told twice counts once. ``zone`` is the time zone in which the customer lives.

    :raises InvalidValue: if the zone is unknown, or something is of another type.
    """

    proposed: Contact
    zone: str = field(converter=zone_name)
    contacts: tuple[Contact, ...] = field(default=(), converter=_contacts)
    do_not_contact: tuple[DoNotContact, ...] = field(default=(), converter=_stops)
    customer: CustomerId | None = None

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.proposed, Contact):
            raise InvalidValue("the contact proposed is Contact(at, 'telephone', 'demand plan')")
        if self.customer is not None:
            check_identifier(self.customer, "customer")
