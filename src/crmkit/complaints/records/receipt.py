"""What came in: the complaint as it was received, which is never changed afterwards."""

from datetime import UTC, datetime

from attrs import field, frozen

from crmkit.errors import InvalidValue
from crmkit.identifiers import Actor, ComplaintId, CustomerId, ProductId, check_identifier
from crmkit.period import check_instant

__all__ = ["Receipt", "Subject", "check_recorded"]


def check_recorded(at: datetime, recorded_at: datetime) -> None:
    """Refuse to have something on record before it happened.

    :raises InvalidValue: if it would be.
    :raises NaiveDatetime: if the instant has no time zone.
    """
    check_instant(recorded_at, "recorded_at")
    # In UTC, because two times of one zone would be held against each other by the wall.
    if recorded_at.astimezone(UTC) < at.astimezone(UTC):
        raise InvalidValue("nothing is entered before it happens: recorded_at is no earlier")


def _check_optional(value: str | None, what: str) -> None:
    if value is not None:
        check_identifier(value, what)


@frozen(kw_only=True)
class Subject:
    """What a complaint is about, as far as it is known; each is a key of the host.

    :raises InvalidIdentifier: if one of them could not serve as a key.
    """

    product: ProductId | None = None
    unit: str | None = None
    """The department or branch concerned."""
    region: str | None = None
    employee: Actor | None = None
    category: str | None = None
    """The host's word for the kind of matter; escalation rules can go by it."""

    def __attrs_post_init__(self) -> None:
        _check_optional(self.product, "product")
        _check_optional(self.unit, "unit")
        _check_optional(self.region, "region")
        _check_optional(self.employee, "employee")
        _check_optional(self.category, "category")


@frozen(kw_only=True)
class Receipt:
    """A complaint as it was received: who, when, how, about what, and what would put it right.

    Any call, letter, visit or message that reports poor conduct or dissatisfaction counts as a
    complaint, and gets a number of its own. ``received_by`` was asked first, and owns the matter
    until a hand-over is accepted. A complainant may stay unknown.

    :raises InvalidIdentifier: if a key could not serve as one.
    :raises InvalidValue: if it was entered before it came.
    :raises NaiveDatetime: if an instant has no time zone.
    """

    id: ComplaintId
    received_at: datetime
    channel: str
    complainant: CustomerId | None = field(default=None, repr=False, metadata={"personal": True})
    about: Subject = Subject()
    content: str | None = field(default=None, repr=False, metadata={"personal": True})
    remedy_sought: str | None = field(default=None, repr=False, metadata={"personal": True})
    received_by: Actor | None = None
    recorded_at: datetime | None = None
    """When it was entered, where that was later."""

    def __attrs_post_init__(self) -> None:
        check_identifier(self.id, "complaint")
        check_instant(self.received_at, "received_at")
        check_identifier(self.channel, "channel")
        _check_optional(self.complainant, "complainant")
        _check_optional(self.received_by, "received_by")
        if self.recorded_at is not None:
            check_recorded(self.received_at, self.recorded_at)
