"""How a customer is cared for as of a day: contacts, sales, and what called for an answer."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import date, timedelta, tzinfo
from enum import StrEnum
from itertools import pairwise
from types import MappingProxyType
from typing import Self

from attrs import field, frozen
from attrs.converters import optional

from crmkit.errors import CurrencyMismatch, InvalidValue
from crmkit.followups.facts import as_text
from crmkit.followups.records.follow_up import FollowUp
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.money import Money, sum_money
from crmkit.period import Period, Unit, add_units, check_date
from crmkit.records import Direction, Interaction, Promise, PromiseState, Purchase

__all__ = [
    "CareEvent",
    "NeglectFacts",
    "OpenFollowUp",
    "SalesIn",
    "sales_by",
]

_DAY = timedelta(days=1)


class CareEvent(StrEnum):
    """What usually calls for an answer by the company; a host may use words of its own."""

    COMPLAINT = "complaint"
    """The customer complained."""
    PROMISE_BROKEN = "promise-broken"
    """The day passed by which something had been promised."""


@frozen
class SalesIn:
    """What a customer bought within a period, less what was given back."""

    period: Period
    amount: Money

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.period, Period) or not isinstance(self.amount, Money):
            raise InvalidValue("sales are SalesIn(Period.month(2026, 5), Money('120.00', 'EUR'))")


@frozen
class OpenFollowUp:
    """A follow-up that somebody has on their list already: through which channel, and when."""

    channel: str | None = field(converter=optional(as_text))
    due_on: date

    def __attrs_post_init__(self) -> None:
        if self.channel is not None:
            check_identifier(self.channel, "channel")
        check_date(self.due_on, "the day on which an open follow-up is due")


def _sales(sales: Iterable[SalesIn]) -> tuple[SalesIn, ...]:
    found = tuple(sales)
    if not all(isinstance(each, SalesIn) for each in found):
        raise InvalidValue("sales are SalesIn(Period.month(2026, 5), Money('120.00', 'EUR'))")
    for one, other in pairwise(found):
        if other.period.start != one.period.end:
            raise InvalidValue(
                "each period of sales begins where the one before it ends: a period in which "
                "nothing was sold has an amount of zero"
            )
        if other.amount.currency != one.amount.currency:
            raise CurrencyMismatch(one.amount.currency, other.amount.currency)
    return found


def _open(follow_ups: Iterable[OpenFollowUp]) -> tuple[OpenFollowUp, ...]:
    found = set(follow_ups)
    if not all(isinstance(each, OpenFollowUp) for each in found):
        raise InvalidValue("open follow-ups are OpenFollowUp('telephone', date(2026, 5, 4))")
    return tuple(sorted(found, key=lambda each: (each.due_on, each.channel or "")))


def _days(days: Mapping[str, date]) -> Mapping[str, date]:
    if not isinstance(days, Mapping):
        raise InvalidValue("events are days by name, such as {'complaint': date(2026, 5, 4)}")
    found = {str(name): day for name, day in days.items()}
    for name, day in found.items():
        check_identifier(name, "the name of an event or trigger")
        check_date(day, "the day of an event")
    return MappingProxyType(dict(sorted(found.items())))


@frozen(kw_only=True)
class NeglectFacts:
    """How a customer is cared for, as of a day.

    ``since`` is the first day of the relationship: the silence of somebody who was never contacted
    counts from there. ``last_outbound_on`` is the last day on which the company turned to the
    customer, ``last_inbound_on`` the last one on which the customer turned to the company.

    ``events`` says when something last happened that calls for an answer, by its name
    (:class:`CareEvent`, or words of the host). ``sales`` stand in order and leave no day out; only
    what is complete belongs there. ``open_follow_ups`` are all that are neither done nor cancelled.
    ``taken_up`` says by trigger when a follow-up that it proposed was last planned, whatever became
    of that: what was known by that day gives no cause again.

    :raises InvalidValue: if something is said to have happened after ``as_of``, a period of sales
        is missing, or a name could not serve as a key.
    :raises CurrencyMismatch: if the sales are of two currencies.
    """

    customer: CustomerId
    as_of: date
    since: date
    last_inbound_on: date | None = None
    last_outbound_on: date | None = None
    events: Mapping[str, date] = field(factory=dict, converter=_days, hash=False)
    sales: tuple[SalesIn, ...] = field(default=(), converter=_sales)
    open_follow_ups: tuple[OpenFollowUp, ...] = field(default=(), converter=_open)
    taken_up: Mapping[str, date] = field(factory=dict, converter=_days, hash=False)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        check_date(self.as_of, "as_of")
        check_date(self.since, "since")
        contacts = [day for day in (self.last_inbound_on, self.last_outbound_on) if day is not None]
        for day in contacts:
            check_date(day, "the day of the last contact")
        sold = [self.sales[-1].period.last] if self.sales else []
        if max([self.since, *contacts, *self.events.values(), *sold]) > self.as_of:
            raise InvalidValue("nothing has happened after as_of: leave out what comes later")

    @classmethod
    def of(
        cls,
        customer: CustomerId,
        *,
        as_of: date,
        since: date,
        zone: tzinfo,
        interactions: Iterable[Interaction] = (),
        promises: Iterable[Promise] = (),
        events: Mapping[str, date] | None = None,
        sales: Iterable[SalesIn] = (),
        follow_ups: Iterable[FollowUp] = (),
    ) -> Self:
        """Sum up the records of a customer; those of others are left out, and what comes later.

        Days are those of the ``zone``. A promise that is broken is an event of the day after it was
        due. Follow-ups count as they stand: what is owed is open, and what a trigger proposed is
        taken up since the day on which it was planned.

        :raises InvalidValue: if the zone is no tzinfo, and as the facts themselves do.
        """
        check_date(as_of, "as_of")
        if not isinstance(zone, tzinfo):
            raise InvalidValue("the zone of a shop is a tzinfo: pass ZoneInfo('Europe/Berlin')")
        contacts = [each for each in interactions if each.customer == customer]
        owned = [each for each in follow_ups if each.customer == customer]
        broken = [
            each.due_on + _DAY
            for each in promises
            if each.customer == customer and each.state(as_of) is PromiseState.BROKEN
        ]
        happened = dict(events or {})
        if broken:
            happened[CareEvent.PROMISE_BROKEN] = max(broken)
        return cls(
            customer=customer,
            as_of=as_of,
            since=since,
            last_inbound_on=_last_contact(contacts, Direction.INBOUND, as_of, zone),
            last_outbound_on=_last_contact(contacts, Direction.OUTBOUND, as_of, zone),
            events=happened,
            sales=tuple(sales),
            open_follow_ups=[
                OpenFollowUp(each.channel, each.due_on) for each in owned if each.is_owed
            ],
            taken_up=_taken_up(owned, as_of, zone),
        )

    def last_contact_on(self, direction: Direction | None = None) -> date | None:
        """The last day of a contact, in one direction or in either; None if there was none."""
        days = {
            Direction.INBOUND: self.last_inbound_on,
            Direction.OUTBOUND: self.last_outbound_on,
        }
        wanted = days.values() if direction is None else (days[direction],)
        return max((day for day in wanted if day is not None), default=None)


# --- summing records up ---------------------------------------------------------------------------


def _last_contact(
    interactions: Iterable[Interaction], direction: Direction, as_of: date, zone: tzinfo
) -> date | None:
    days = (each.at.astimezone(zone).date() for each in interactions if each.direction is direction)
    return max((day for day in days if day <= as_of), default=None)


def _taken_up(follow_ups: Iterable[FollowUp], as_of: date, zone: tzinfo) -> dict[str, date]:
    """By trigger, the last day on which a follow-up that it proposed was planned."""
    last = dict[str, date]()
    for each in follow_ups:
        day = each.trail[0].at.astimezone(zone).date()
        if each.proposed_by is not None and day <= as_of:
            for trigger in each.proposed_by.split(", "):
                last[trigger] = max(day, last.get(trigger, day))
    return last


def sales_by(
    purchases: Iterable[Purchase], *, as_of: date, count: int, unit: Unit, currency: str
) -> tuple[SalesIn, ...]:
    """What a customer bought in each of the last so many units of time, up to and including a day.

    Each is counted back from the day after ``as_of``, so that months are those of the calendar and
    none is worn down. Purchases of other days are left out.

    :raises InvalidValue: if the count is not 1 or more, or the units would begin before the year 1.
    :raises CurrencyMismatch: if a purchase is of another currency.
    """
    if type(count) is not int or count < 1:
        raise InvalidValue("a count of periods is a whole number from 1 on")
    end = add_units(as_of, 1, Unit.DAY)
    cuts = [add_units(end, -back, unit) for back in range(count, -1, -1)]
    sold: list[list[Money]] = [[] for _ in range(count)]
    for each in purchases:
        if cuts[0] <= each.on < end:
            sold[bisect_right(cuts, each.on) - 1].append(each.amount)
    return tuple(
        SalesIn(Period(start, stop), sum_money(amounts, currency))
        for (start, stop), amounts in zip(pairwise(cuts), sold, strict=True)
    )
