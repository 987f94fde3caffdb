"""Summing a complaint up as its deadlines and escalations see it."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, tzinfo
from typing import Any

from crmkit.complaints.facts.counts import CountedCase
from crmkit.complaints.facts.history import (
    MERGED_MARK,
    RECEIVED_MARK,
    CaseHistory,
    FiredEscalation,
    Mark,
    Wait,
)
from crmkit.complaints.records.complaint import Complaint
from crmkit.complaints.records.events import (
    CauseFound,
    Merged,
    MessageSent,
    StatusChanged,
    WaitingEnded,
    WaitingStarted,
)
from crmkit.complaints.records.receipt import Receipt
from crmkit.errors import InvalidValue
from crmkit.identifiers import ComplaintId
from crmkit.lifecycle import Lifecycle

__all__ = [
    "MERGED_MARK",
    "count_case",
    "count_cases",
    "count_receipt",
    "each_once",
    "summarize_case",
]


def summarize_case(complaint: Complaint, lifecycle: Lifecycle[Any, Any]) -> CaseHistory:
    """Sum a complaint up as its deadlines see it, by the lifecycle that it follows.

    Each action and each message is a mark at the instant at which it happened. While a complaint is
    merged into another, it is at rest.

    >>> from datetime import UTC
    >>> from crmkit.identifiers import Actor, ComplaintId
    >>> from crmkit.complaints.lifecycle import COMPLAINT_LIFECYCLE
    >>> from crmkit.complaints.records.receipt import Receipt
    >>> complaint = Complaint.received(Receipt(
    ...     id=ComplaintId("K-1"), received_at=datetime(2026, 5, 4, 9, 30, tzinfo=UTC),
    ...     channel="phone", received_by=Actor("anna"),
    ... ))
    >>> [mark.name for mark in summarize_case(complaint, COMPLAINT_LIFECYCLE).marks]
    ['receive']
    """
    about = complaint.receipt.about
    severity = complaint.severity
    return CaseHistory(
        complaint=complaint.id,
        marks=(Mark(RECEIVED_MARK, complaint.received_at), *_marks(complaint)),
        waits=_waits(complaint, lifecycle),
        category=about.category,
        severity=None if severity is None else severity.level.value,
        owner=complaint.owner,
        ended_at=_ended_at(complaint, lifecycle),
        fired=tuple(
            FiredEscalation(each.rule, each.level, each.fell_due_at)
            for each in complaint.escalations
        ),
    )


def _marks(complaint: Complaint) -> Iterator[Mark]:
    for entry in complaint.trail:
        match entry.what:
            case StatusChanged(action):
                yield Mark(action, entry.at)
            case MessageSent(kind=kind, contains=contains):
                yield Mark(kind, entry.at, contains)
            case _:
                pass
    if complaint.merged_into is not None:
        yield Mark(MERGED_MARK, _merged_at(complaint))


def _merged_at(complaint: Complaint) -> datetime:
    """When it was last merged into another."""
    return next(each.at for each in reversed(complaint.trail) if isinstance(each.what, Merged))


def _waits(complaint: Complaint, lifecycle: Lifecycle[Any, Any]) -> tuple[Wait, ...]:
    """The times in which the case waited: each until it was over, or the case was reopened.

    Whoever brings a case back has not been waited for any longer, and its deadlines run again.
    """
    waits: list[Wait] = []
    for entry in complaint.trail:
        match entry.what:
            case WaitingStarted(on):
                waits.append(Wait(on, entry.at))
            case WaitingEnded():
                _end(waits, entry.at)
            case StatusChanged(source=source, to=to):
                if lifecycle.is_final(source) and not lifecycle.is_final(to):
                    _end(waits, entry.at)
            case _:
                pass
    return tuple(waits)


def _end(waits: list[Wait], at: datetime) -> None:
    """End the last wait, if it goes on. A clock that was put back ends it as it began."""
    if waits and waits[-1].end is None:
        last = waits.pop()
        back = at.astimezone(UTC) < last.start.astimezone(UTC)
        waits.append(Wait(last.on, last.start, last.start if back else at))


def _ended_at(complaint: Complaint, lifecycle: Lifecycle[Any, Any]) -> datetime | None:
    """Since when it is at rest: in a final status, or else in another complaint."""
    if not lifecycle.is_final(complaint.status):
        return None if complaint.merged_into is None else _merged_at(complaint)
    trail = complaint.trail
    moved = (each.at for each in reversed(trail) if isinstance(each.what, StatusChanged))
    return next(moved, trail[0].at)


def count_case(complaint: Complaint, zone: tzinfo) -> CountedCase:
    """Sum a complaint up as statistics see it: the day it was received, and what it was about.

    The day is that of the zone. The unit and the employee are those that were found responsible,
    or else those that the complainant named; the cause is the one found last.

    :raises InvalidValue: if the zone is no tzinfo.
    """
    return count_receipt(complaint.receipt, complaint.cause, zone)


def count_receipt(receipt: Receipt, found: CauseFound | None, zone: tzinfo) -> CountedCase:
    """Sum up what came in, with the cause that had been found by some day; see `count_case`.

    :raises InvalidValue: if the zone is no tzinfo.
    """
    if not isinstance(zone, tzinfo):
        raise InvalidValue("the zone of a shop is a tzinfo: pass ZoneInfo('Europe/Berlin')")
    about = receipt.about
    return CountedCase(
        on=receipt.received_at.astimezone(zone).date(),
        region=about.region,
        product=about.product,
        unit=about.unit if found is None or found.unit is None else found.unit,
        employee=about.employee if found is None or found.person is None else found.person,
        channel=receipt.channel,
        cause=None if found is None else found.cause,
    )


def count_cases(complaints: Iterable[Complaint], zone: tzinfo) -> tuple[CountedCase, ...]:
    """Sum complaints up as statistics see them: each matter once, in the order of their numbers.

    One that is merged into another does not count: the other does. Of a complaint that is handed in
    more than once, as it stood earlier and later, the longest trail counts.

    :raises InvalidValue: if the zone is no tzinfo, or two complaints bear one number.
    """
    own = (complaint for complaint in each_once(complaints) if complaint.merged_into is None)
    return tuple(count_case(complaint, zone) for complaint in own)


def each_once(complaints: Iterable[Complaint]) -> tuple[Complaint, ...]:
    """Complaints in the order of their numbers; of one handed in more than once, the longest trail.

    :raises InvalidValue: if two complaints bear one number.
    """
    latest: dict[ComplaintId, Complaint] = {}
    for complaint in complaints:
        known = latest.setdefault(complaint.id, complaint)
        longer = len(complaint.trail) - len(known.trail)
        if known.received_at != complaint.received_at or not (
            longer or _gist(known) == _gist(complaint)
        ):
            raise InvalidValue("two complaints bear one number: give each a number of its own")
        if longer > 0:
            latest[complaint.id] = complaint
    return tuple(latest[number] for number in sorted(latest))


def _gist(complaint: Complaint) -> tuple[object, ...]:
    """What of a complaint does not change when its texts are erased."""
    entries = ((type(entry.what), entry.at) for entry in complaint.trail)
    return count_case(complaint, UTC), complaint.standing, complaint.merged_into, *entries
