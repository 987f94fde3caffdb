"""Which appointments customers counted on."""

from collections.abc import Iterable, Iterator

from attrs import frozen

from crmkit.business_time.zones import in_utc
from crmkit.errors import InvalidValue
from crmkit.followups.records.events import (
    Appointment,
    Assigned,
    Cancelled,
    Confirmed,
    Rescheduled,
    Unassigned,
)
from crmkit.followups.records.follow_up import FollowUp
from crmkit.followups.tally.overdue import told_apart
from crmkit.identifiers import Actor, CustomerId, FollowUpId, check_identifier

__all__ = ["BookedAppointment", "booked_appointments"]


@frozen
class BookedAppointment:
    """An appointment that a customer counted on, and whose it was when it began.

    :raises InvalidValue: if it is no Appointment, or a key could not serve as one.
    """

    follow_up: FollowUpId
    customer: CustomerId
    owner: Actor | None
    appointment: Appointment

    def __attrs_post_init__(self) -> None:
        check_identifier(self.follow_up, "follow-up")
        check_identifier(self.customer, "customer")
        if self.owner is not None:
            check_identifier(self.owner, "owner")
        if not isinstance(self.appointment, Appointment):
            raise InvalidValue("an appointment has a start, a length and a zone: Appointment(...)")


def booked_appointments(follow_ups: Iterable[FollowUp]) -> tuple[BookedAppointment, ...]:
    """The appointments that nobody called off before they began, in the order of their starts.

    What is put off or cancelled when the hour has come is an appointment that was not kept, and
    counts. Order and duplicates make no difference.

    :raises InvalidValue: if one number stands for two follow-ups that are not the same.
    """
    found = [booked for each in told_apart(follow_ups) for booked in _booked(each)]
    return tuple(sorted(found, key=lambda each: in_utc(each.appointment.start)))


def _booked(follow_up: FollowUp) -> Iterator[BookedAppointment]:
    owner: Actor | None = None
    current: BookedAppointment | None = None
    for entry in follow_up.trail:
        began = current is not None and in_utc(entry.at) >= in_utc(current.appointment.start)
        match entry.what:
            case Assigned() | Unassigned():
                owner = entry.what.to if isinstance(entry.what, Assigned) else None
                if current is not None and not began:
                    current = _with_owner(current, owner)
            case Confirmed(appointment):
                current = BookedAppointment(follow_up.id, follow_up.customer, owner, appointment)
            case Rescheduled() | Cancelled():
                if current is not None and began:
                    yield current
                current = None
            case _:
                pass
    if current is not None:
        yield current


def _with_owner(booked: BookedAppointment, owner: Actor | None) -> BookedAppointment:
    return BookedAppointment(booked.follow_up, booked.customer, owner, booked.appointment)
