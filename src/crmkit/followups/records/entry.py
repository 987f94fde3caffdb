"""One entry of the trail of a follow-up."""

from datetime import datetime

from attrs import field, frozen

from crmkit.followups.records.events import FollowUpEvent
from crmkit.followups.records.visit_report import check_said
from crmkit.identifiers import Actor, check_identifier
from crmkit.period import check_instant

__all__ = ["FollowUpEntry"]


@frozen(kw_only=True)
class FollowUpEntry:
    """One thing that happened to a follow-up, who recorded it, when, and why.

    :raises InvalidIdentifier: if the actor could not serve as a key.
    :raises InvalidValue: if no reason is given.
    :raises NaiveDatetime: if the instant has no time zone.
    """

    what: FollowUpEvent
    by: Actor
    at: datetime
    reason: str = field(repr=False, metadata={"personal": True})

    def __attrs_post_init__(self) -> None:
        check_identifier(self.by, "actor")
        check_instant(self.at, "the instant of an entry")
        check_said(self.reason, "a reason")
