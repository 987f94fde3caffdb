"""One entry of a trail: what happened, who did it, when, and why."""

from datetime import datetime

from attrs import field, frozen

from crmkit.complaints.records.events import Event
from crmkit.complaints.records.receipt import check_recorded
from crmkit.complaints.records.said import is_said
from crmkit.errors import InvalidValue
from crmkit.identifiers import Actor, check_identifier
from crmkit.period import check_instant

__all__ = ["Entry", "Override"]


def _check_reason(text: str) -> None:
    if not isinstance(text, str) or not is_said(text):
        raise InvalidValue("whatever is done with a complaint has a reason: say it in a few words")


@frozen(kw_only=True)
class Override:
    """Somebody else allows what a rule would refuse, and says why.

    :raises InvalidIdentifier: if the actor could not serve as a key.
    :raises InvalidValue: if no reason is given.
    """

    by: Actor
    reason: str = field(repr=False, metadata={"personal": True})

    def __attrs_post_init__(self) -> None:
        check_identifier(self.by, "actor")
        _check_reason(self.reason)


@frozen(kw_only=True)
class Entry:
    """One thing that happened to a complaint, never changed afterwards.

    ``by`` is who recorded it, ``role`` in what capacity, such as ``"complainant"`` or
    ``"supervisor"``, ``at`` when it happened. ``recorded_at`` is when it was entered, where that
    was later.

    :raises InvalidIdentifier: if a key could not serve as one.
    :raises InvalidValue: if no reason is given, or it was entered before it happened.
    :raises NaiveDatetime: if an instant has no time zone.
    """

    what: Event
    by: Actor
    at: datetime
    reason: str = field(repr=False, metadata={"personal": True})
    role: str | None = None
    override: Override | None = None
    recorded_at: datetime | None = None

    def __attrs_post_init__(self) -> None:
        check_identifier(self.by, "actor")
        check_instant(self.at, "the instant of an entry")
        _check_reason(self.reason)
        if self.role is not None:
            check_identifier(self.role, "role")
        if self.recorded_at is not None:
            check_recorded(self.at, self.recorded_at)

    @property
    def known_at(self) -> datetime:
        """When it was on record: when it was entered, or else when it happened."""
        return self.at if self.recorded_at is None else self.recorded_at
