"""What a recovery looks at: what the rooms decided of a member, and what is on record."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Self
from zoneinfo import ZoneInfo

from attrs import field, frozen

from crmkit.complaints import Complaint, ComplaintRules, Level, StatusChanged
from crmkit.decision import Decision
from crmkit.errors import InvalidValue
from crmkit.identifiers import MAX_IDENTIFIER_LENGTH, ComplaintId, CustomerId, check_identifier
from crmkit.loyalty import Credit, PointsLedger
from crmkit.money import Money
from crmkit.period import check_date, check_instant
from crmkit.tiering import Tier

__all__ = [
    "GivenGoodwill",
    "MemberComplaintFacts",
    "PastComplaint",
    "given_goodwill",
    "goodwill_key",
]

_GOODWILL = "goodwill:"
_ONE_DAY = timedelta(days=1)


# --- goodwill, as the ledger tells it -------------------------------------------------------------


def goodwill_key(complaint: ComplaintId) -> str:
    """The key under which the ledger of a member has the goodwill for a complaint: once.

    Every credit of a ledger under such a key counts as goodwill, whoever posted it.

    :raises InvalidIdentifier: if the complaint could not serve as a key.

    >>> goodwill_key(ComplaintId("K-1"))
    'goodwill:K-1'
    """
    check_identifier(complaint, "complaint")
    key = f"{_GOODWILL}{complaint}"
    if len(key) <= MAX_IDENTIFIER_LENGTH:
        return key
    return f"{_GOODWILL}{sha256(complaint.encode()).hexdigest()}"


@frozen
class GivenGoodwill:
    """Points that a member was given for a complaint, and when: the key says for which."""

    key: str
    on: date
    points: int


def given_goodwill(ledger: PointsLedger) -> tuple[GivenGoodwill, ...]:
    """All goodwill that a member was ever given, and members who were merged into this one.

    A debit later on does not undo it: it was given.
    """
    own = (
        GivenGoodwill(entry.key, entry.on, entry.posting.lot.points)
        for entry in ledger.entries
        if isinstance(entry.posting, Credit) and entry.key.startswith(_GOODWILL)
    )
    merged = (each for other in ledger.merged for each in given_goodwill(other))
    return (*own, *merged)


# --- complaints, as their trails tell them --------------------------------------------------------


@frozen(kw_only=True)
class PastComplaint:
    """Another complaint of the same member: when it came, how severe it was, why, and whether it
    was opened again.

    :raises InvalidValue: if the day is no plain date.
    """

    complaint: ComplaintId
    on: date
    severity: Level | None = None
    cause: str | None = None
    reopened: bool = False

    def __attrs_post_init__(self) -> None:
        check_identifier(self.complaint, "complaint")
        check_date(self.on, "the day of a complaint")

    @classmethod
    def of(cls, complaint: Complaint, rules: ComplaintRules, zone: ZoneInfo) -> Self:
        """Sum a complaint up; its day is that of the zone."""
        severity = complaint.severity
        return cls(
            complaint=complaint.id,
            on=complaint.received_at.astimezone(zone).date(),
            severity=None if severity is None else severity.level,
            cause=None if complaint.cause is None else complaint.cause.cause,
            reopened=_was_reopened(complaint, rules),
        )


def _was_reopened(complaint: Complaint, rules: ComplaintRules) -> bool:
    table = rules.table_of(complaint)
    return any(
        table.is_final(moved.source) and not table.is_final(moved.to)
        for moved in complaint.events(StatusChanged)
    )


def _as_past(past: Iterable[PastComplaint]) -> tuple[PastComplaint, ...]:
    return tuple(sorted(past, key=lambda each: (each.on, each.complaint)))


def _as_given(given: Iterable[GivenGoodwill]) -> tuple[GivenGoodwill, ...]:
    return tuple(sorted(given, key=lambda each: (each.on, each.key)))


# --- the facts ------------------------------------------------------------------------------------


@frozen(kw_only=True)
class MemberComplaintFacts:
    """A complaint of a member, with all that decides how far the shop goes to win them back.

    ``tier`` is the decision of the loyalty program, ``value`` what another room decided the member
    is worth: an amount, such as a lifetime value, or a class by its name; None if nobody has
    looked. ``past`` are the member's other complaints so far, in any order, and ``goodwill`` what
    they were given. ``at`` is the instant of the question, ``as_of`` the shop's day then.

    :raises InvalidValue: if the day is not that of the instant in any zone, something is known from
        a later day, a decision is about somebody else, or the complaint is among the past ones.
    :raises NaiveDatetime: if the instant has no time zone.
    """

    member: CustomerId
    complaint: ComplaintId
    at: datetime
    as_of: date
    severity: Level
    tier: Decision[Tier]
    value: Decision[Money] | Decision[str] | None = None
    cause: str | None = None
    reopened: bool = False
    past: tuple[PastComplaint, ...] = field(default=(), converter=_as_past)
    goodwill: tuple[GivenGoodwill, ...] = field(default=(), converter=_as_given)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.member, "member")
        check_identifier(self.complaint, "complaint")
        check_instant(self.at, "the instant of a recovery")
        check_date(self.as_of, "as_of")
        if abs(self.at.astimezone(UTC).date() - self.as_of) > _ONE_DAY:
            raise InvalidValue("as_of is the shop's day at the instant: they are days apart")
        for decision in (self.tier, self.value):
            if decision is not None:
                self._check_decision(decision)
        if any(each.on > self.as_of for each in self.past):
            raise InvalidValue("past complaints are those that had come by the day decided on")
        if any(each.complaint == self.complaint for each in self.past):
            raise InvalidValue("a complaint is not one of its own past: leave it out")

    def _check_decision(self, decision: Decision[object]) -> None:
        if decision.subject not in (None, self.member):
            raise InvalidValue(
                "the rooms decided about somebody else: pass decisions of one member"
            )
        if not isinstance(decision.as_of, datetime) and decision.as_of > self.as_of:
            raise InvalidValue("the rooms decided on a later day: ask them as of the same one")

    @classmethod
    def of(
        cls,
        complaint: Complaint,
        *,
        at: datetime,
        zone: ZoneInfo,
        tier: Decision[Tier],
        ledger: PointsLedger,
        value: Decision[Money] | Decision[str] | None = None,
        others: Iterable[Complaint] = (),
        rules: ComplaintRules | None = None,
    ) -> Self:
        """Gather the facts from what the rooms have: the ledger's member is the one who complained.

        ``others`` are complaints of the member, this one among them or not; those that came later,
        and those that go on in another, are left out. ``zone`` says which day it is.

        :raises InvalidValue: if nobody has assessed how severe the complaint is.
        """
        check_instant(at, "the instant of a recovery")
        rules = ComplaintRules() if rules is None else rules
        if complaint.severity is None:
            raise InvalidValue("how severe is it? assess the complaint first: record Assessed(...)")
        this = PastComplaint.of(complaint, rules, zone)
        return cls(
            member=ledger.member,
            complaint=complaint.id,
            at=at,
            as_of=at.astimezone(zone).date(),
            severity=complaint.severity.level,
            tier=tier,
            value=value,
            cause=this.cause,
            reopened=this.reopened,
            past=tuple(
                PastComplaint.of(each, rules, zone) for each in _before(complaint, others, at)
            ),
            goodwill=given_goodwill(ledger),
        )


def _before(complaint: Complaint, others: Iterable[Complaint], at: datetime) -> Iterator[Complaint]:
    """The matters of a member beside this one, each once, as far as they had come."""
    for other in others:
        come = other.received_at.astimezone(UTC) <= at.astimezone(UTC)
        if come and other.merged_into is None and other.id != complaint.id:
            yield other
