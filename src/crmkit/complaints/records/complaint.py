"""A complaint: its receipt, and the trail of what was done about it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Self, TypeVar

from attrs import field, frozen

from crmkit.complaints.lifecycle import COMPLAINT_LIFECYCLE, word_of
from crmkit.complaints.records.complainant import ComplainantType
from crmkit.complaints.records.entry import Entry, writers
from crmkit.complaints.records.events import (
    Absorbed,
    Assessed,
    CauseFound,
    ComplainantAppraised,
    Contacted,
    Escalated,
    LifecycleAdopted,
    ParentNamed,
    PromiseKept,
    PromiseMade,
    Released,
    SatisfactionChecked,
    Severity,
)
from crmkit.complaints.records.receipt import Receipt
from crmkit.complaints.records.said import ERASED
from crmkit.complaints.records.state import Matter, begin, step
from crmkit.errors import InvalidValue
from crmkit.identifiers import Actor, ComplaintId
from crmkit.lifecycle import Lifecycle
from crmkit.ownership import Ownership
from crmkit.period import check_instant
from crmkit.records import Direction

__all__ = ["Complaint", "PromiseOnRecord"]

EventT = TypeVar("EventT")


@lru_cache  # There are only so many lifecycles.
def _beginning(name: str, version: int, initial: str) -> LifecycleAdopted:
    return LifecycleAdopted(name, version, word_of(initial))


def _same(one: datetime | None, other: datetime | None) -> bool:
    """Whether two name one instant, in whatever zones, or both none."""
    if one is None or other is None:
        return one is other
    return one is other or one.astimezone(UTC) == other.astimezone(UTC)


def _check_reasons(entry: Entry) -> None:
    """What is done now has a reason that can be read; it may be erased later on."""
    override = entry.override
    if entry.reason == ERASED or (override is not None and override.reason == ERASED):
        raise InvalidValue(f"{ERASED} is what stands where a reason was erased: say the reason")


@frozen
class PromiseOnRecord:
    """A promise to the complainant, and whether it was kept."""

    made: PromiseMade
    kept: PromiseKept | None = None


@frozen
class Complaint:
    """A complaint as its trail tells it: where it stands, whose it is, and what was done.

    The trail only grows, in the order in which things were recorded; an instant may lie before that
    of the entry above it. Nothing is stored beside the trail that could contradict it. A complaint
    is changed by :class:`~crmkit.complaints.ComplaintRules`, which ask the table and the conditions
    first; :meth:`after` only sees to it that an entry goes on from where the complaint stands.

    :raises InvalidValue: if the trail does not begin with the lifecycle that the complaint follows,
        and with its receipt, or an entry does not go on from the one before.

    >>> from crmkit.identifiers import Actor, ComplaintId
    >>> monday = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
    >>> complaint = Complaint.received(Receipt(
    ...     id=ComplaintId("K-1"), received_at=monday, channel="phone", received_by=Actor("anna"),
    ... ))
    >>> complaint.status, complaint.owner
    ('received', 'anna')
    """

    receipt: Receipt
    trail: tuple[Entry, ...]
    _status: str = field(init=False, repr=False, eq=False)
    _matter: Matter = field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        if type(self.trail) is not tuple:  # A list could be changed from outside later on.
            _put_trail(self, tuple(self.trail))
        if not self.trail:
            raise InvalidValue("a complaint has a trail: make it with Complaint.received(receipt)")
        first, receipt = self.trail[0], self.receipt
        if not (
            _same(first.at, receipt.received_at) and _same(first.recorded_at, receipt.recorded_at)
        ):
            raise InvalidValue("a trail begins when the complaint came, as its receipt has it")
        status, matter = begin(first, receipt.received_by)
        for entry in self.trail[1:]:
            status, matter = step(status, matter, entry)
        _put_status(self, status)
        _put_matter(self, matter)

    @classmethod
    def received(
        cls,
        receipt: Receipt,
        *,
        lifecycle: Lifecycle[Any, Any] = COMPLAINT_LIFECYCLE,
        by: Actor | None = None,
        reason: str = "received",
    ) -> Self:
        """Open the trail of a complaint that came in: it follows a lifecycle, from its beginning.

        ``by`` is who records it; left out, the one who received it.

        :raises InvalidValue: if nobody recorded it, or the reason reads as erased.
        """
        actor = receipt.received_by if by is None else by
        if actor is None:
            raise InvalidValue("somebody received the complaint: pass by=, or Receipt(received_by)")
        adopted = _beginning(lifecycle.name, lifecycle.version, lifecycle.initial)
        at, recorded_at = receipt.received_at, receipt.recorded_at
        first = Entry.written(adopted, actor, at, reason, recorded_at=recorded_at)
        _check_reasons(first)
        return cls(receipt, (first,))

    def after(self, entry: Entry) -> Self:
        """The complaint with one more entry on its trail.

        :raises InvalidValue: if the entry does not go on from where the complaint stands, or its
            reason reads as if it had been erased.
        """
        _check_reasons(entry)
        # The trail up to here was checked when it was written, so only what is new is looked at.
        status, matter = step(self._status, self._matter, entry)
        grown = object.__new__(type(self))
        _put_receipt(grown, self.receipt)
        _put_trail(grown, (*self.trail, entry))
        _put_status(grown, status)
        _put_matter(grown, matter)
        return grown

    def known_by(self, at: datetime) -> Self | None:
        """The complaint as it was on record at an instant; None before it was recorded at all.

        It ends before the first entry that was recorded later.

        :raises NaiveDatetime: if the instant has no time zone.
        """
        check_instant(at, "known_by")
        instant = at.astimezone(UTC)
        trail = enumerate(self.trail)
        late = (n for n, entry in trail if entry.known_at.astimezone(UTC) > instant)
        known = self.trail[: next(late, len(self.trail))]
        return type(self)(self.receipt, known) if known else None

    # --- where it stands ---

    @property
    def id(self) -> ComplaintId:
        """The number of the complaint."""
        return self.receipt.id

    @property
    def received_at(self) -> datetime:
        """When it was received."""
        return self.receipt.received_at

    @property
    def status(self) -> str:
        """Where it stands, in the words of the lifecycle that it follows."""
        return self._status

    @property
    def lifecycle(self) -> tuple[str, int]:
        """The name and the version of the lifecycle that it follows."""
        return self._matter.lifecycle

    @property
    def standing(self) -> tuple[str, tuple[str, int]]:
        """The status together with the name and the version of its lifecycle."""
        return self._status, self._matter.lifecycle

    @property
    def ownership(self) -> Ownership:
        """Whose it is, and to whom it is being handed over."""
        return self._matter.ownership

    @property
    def owner(self) -> Actor | None:
        """Whose it is: who was asked first, until a hand-over was accepted."""
        return self._matter.ownership.owner

    @property
    def waiting_on(self) -> str | None:
        """Whom the case waits for; None while it waits for nobody."""
        return self._matter.waiting_on

    @property
    def merged_into(self) -> ComplaintId | None:
        """The complaint in which the matter goes on; None if it is its own."""
        return self._matter.merged_into

    # --- what the trail tells ---

    def events(self, kind: type[EventT]) -> Iterator[EventT]:
        """Everything of one kind that happened, in the order of the trail."""
        return (entry.what for entry in self.trail if isinstance(entry.what, kind))

    def latest(self, kind: type[EventT]) -> EventT | None:
        """The last thing of one kind that happened; None if nothing did."""
        for entry in reversed(self.trail):
            if isinstance(entry.what, kind):
                return entry.what
        return None

    @property
    def severity(self) -> Severity | None:
        """How severe it was last assessed to be."""
        assessed = self.latest(Assessed)
        return None if assessed is None else assessed.severity

    @property
    def cause(self) -> CauseFound | None:
        """The cause that was found last."""
        return self.latest(CauseFound)

    @property
    def complainant_type(self) -> ComplainantType | None:
        """What type of complainant it was last found to be."""
        appraised = self.latest(ComplainantAppraised)
        return None if appraised is None else appraised.type

    @property
    def satisfaction(self) -> SatisfactionChecked | None:
        """What the complainant last said about the outcome and the process."""
        return self.latest(SatisfactionChecked)

    @property
    def promises(self) -> tuple[PromiseOnRecord, ...]:
        """What was promised, in the order in which it was, and whether it was kept."""
        kept = {each.id: each for each in self.events(PromiseKept)}
        return tuple(PromiseOnRecord(made, kept.get(made.id)) for made in self.events(PromiseMade))

    @property
    def escalations(self) -> tuple[Escalated, ...]:
        """The escalations that were carried out."""
        return tuple(self.events(Escalated))

    @property
    def repeat_contacts(self) -> int:
        """How often the complainant had to come back about the matter: none is the aim."""
        return sum(each.direction is Direction.INBOUND for each in self.events(Contacted))

    @property
    def parent(self) -> ComplaintId | None:
        """The larger complaint of which this is a part."""
        named = self.latest(ParentNamed)
        return None if named is None else named.parent

    @property
    def absorbed(self) -> tuple[ComplaintId, ...]:
        """The complaints that are merged into this one."""
        inside: dict[ComplaintId, None] = {}
        for entry in self.trail:
            match entry.what:
                case Absorbed(other):
                    inside[other] = None
                case Released(other):
                    inside.pop(other, None)
                case _:
                    pass
        return tuple(inside)


_put_receipt, _put_trail, _put_status, _put_matter = writers(Complaint)
