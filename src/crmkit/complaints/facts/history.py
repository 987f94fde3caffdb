"""The history of one case, as deadlines and escalations read it."""

from datetime import UTC, datetime

from attrs import field, frozen

from crmkit.complaints.records.names import as_name_set
from crmkit.errors import InvalidValue
from crmkit.identifiers import Actor, ComplaintId, check_identifier
from crmkit.period import check_instant

__all__ = ["MERGED_MARK", "RECEIVED_MARK", "CaseHistory", "FiredEscalation", "Mark", "Wait"]

RECEIVED_MARK = "receive"
"""The name of the first mark of every case: its receipt."""

MERGED_MARK = "merge"
"""The mark of a complaint that is merged into another; one that was taken out again has none.

An action of this name in a table of the host is taken for the same.
"""


@frozen
class Mark:
    """Something that happened to a case and that a deadline can begin or end with.

    ``name`` is an action, such as ``"acknowledge"``, or the kind of a message, such as
    ``"final-response"``. ``contains`` lists what the message said, by the keys of its content.

    :raises InvalidIdentifier: if a name could not serve as a key.
    :raises NaiveDatetime: if the instant has no time zone.
    """

    name: str
    at: datetime
    contains: frozenset[str] = field(default=frozenset(), converter=as_name_set)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.name, "the name of a mark")
        check_instant(self.at, "the instant of a mark")


@frozen
class Wait:
    """A time in which a case waits for somebody, such as ``"complainant"``; open without an end.

    :raises InvalidValue: if it ends before it starts.
    :raises NaiveDatetime: if an instant has no time zone.
    """

    on: str
    start: datetime
    end: datetime | None = None

    def __attrs_post_init__(self) -> None:
        check_identifier(self.on, "whom a case waits for")
        check_instant(self.start, "the start of a wait")
        if self.end is not None:
            check_instant(self.end, "the end of a wait")
            if self.end.astimezone(UTC) < self.start.astimezone(UTC):
                raise InvalidValue("a wait does not end before it starts")


@frozen
class FiredEscalation:
    """An escalation that has been carried out: by which rule and level, and when it fell due."""

    rule: str
    level: int
    fell_due_at: datetime

    def __attrs_post_init__(self) -> None:
        check_identifier(self.rule, "the rule of an escalation")
        check_instant(self.fell_due_at, "the instant at which an escalation fell due")


def _in_order(marks: tuple[Mark, ...]) -> tuple[Mark, ...]:
    return tuple(sorted(marks, key=lambda mark: mark.at.astimezone(UTC)))


@frozen(kw_only=True)
class CaseHistory:
    """What has happened to a case: what its deadlines are counted from, and what has met them.

    ``marks`` are put in order of time, whatever the order in which they were recorded; the first is
    the receipt. ``category``, ``severity`` and ``owner`` are those of the latest entry.

    :raises InvalidValue: if no mark is the receipt.
    :raises NaiveDatetime: if an instant has no time zone.

    >>> from datetime import datetime, UTC
    >>> monday = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
    >>> history = CaseHistory(
    ...     complaint=ComplaintId("K-1"), marks=(Mark("receive", monday),), category="delivery",
    ... )
    >>> history.received_at == monday
    True
    """

    complaint: ComplaintId
    marks: tuple[Mark, ...] = field(converter=_in_order)
    waits: tuple[Wait, ...] = ()
    category: str | None = None
    severity: str | None = None
    owner: Actor | None = None
    ended_at: datetime | None = None
    """When the case came to rest in a final status; None while it is open."""
    fired: tuple[FiredEscalation, ...] = ()

    def __attrs_post_init__(self) -> None:
        check_identifier(self.complaint, "complaint")
        if not any(mark.name == RECEIVED_MARK for mark in self.marks):
            raise InvalidValue(f"a case begins with its receipt: add Mark({RECEIVED_MARK!r}, at)")
        if self.ended_at is not None:
            check_instant(self.ended_at, "the end of a case")

    @property
    def received_at(self) -> datetime:
        """When the complaint was received."""
        return next(mark.at for mark in self.marks if mark.name == RECEIVED_MARK)

    @property
    def is_open(self) -> bool:
        """Whether the case has not come to rest."""
        return self.ended_at is None
