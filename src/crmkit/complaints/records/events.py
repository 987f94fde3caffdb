"""What can happen to a complaint: each entry of a trail holds one of these.

They are a closed union, :data:`Event`, each told apart by its kind when it is written down.
"""

from datetime import date, datetime
from enum import StrEnum

from attrs import field, frozen

from crmkit.complaints.records.complainant import ComplainantType
from crmkit.complaints.records.names import as_name_set
from crmkit.complaints.records.said import is_said
from crmkit.errors import InvalidValue
from crmkit.identifiers import Actor, ComplaintId, PromiseId, check_identifier
from crmkit.money import Money
from crmkit.ownership import OwnershipChange
from crmkit.period import check_date, check_instant
from crmkit.records import Direction

__all__ = [
    "Absorbed",
    "Assessed",
    "CauseFound",
    "ComplainantAppraised",
    "Contacted",
    "Escalated",
    "Event",
    "FactsRecorded",
    "Level",
    "LiabilityStated",
    "LifecycleAdopted",
    "Merged",
    "MessageSent",
    "Noted",
    "ParentNamed",
    "PromiseKept",
    "PromiseMade",
    "RecourseExhausted",
    "RedressGiven",
    "RedressOffered",
    "Released",
    "Satisfaction",
    "SatisfactionChecked",
    "Severity",
    "StatusChanged",
    "Unmerged",
    "WaitingEnded",
    "WaitingStarted",
]


def _personal(default: str | None = None) -> str | None:
    text: str | None = field(default=default, repr=False, metadata={"personal": True})
    return text


# --- where the complaint stands -------------------------------------------------------------------


@frozen
class LifecycleAdopted:
    """From here on the complaint follows this table, and stands at this status.

    :raises InvalidIdentifier: if the name or the status could not serve as a key.
    :raises InvalidValue: if the version is below 1.
    """

    name: str
    version: int
    status: str

    def __attrs_post_init__(self) -> None:
        check_identifier(self.name, "the name of a lifecycle")
        check_identifier(self.status, "status")
        if type(self.version) is not int or self.version < 1:
            raise InvalidValue("the version of a lifecycle counts from 1")


@frozen
class StatusChanged:
    """An action took the complaint from one status to another.

    :raises InvalidIdentifier: if a word could not serve as a key.
    """

    action: str
    source: str
    to: str

    def __attrs_post_init__(self) -> None:
        check_identifier(self.action, "action")
        check_identifier(self.source, "status")
        check_identifier(self.to, "status")


# --- what was found out ---------------------------------------------------------------------------


class Level(StrEnum):
    """How much of something there is."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


_RANK = {level: rank for rank, level in enumerate(Level)}


@frozen(kw_only=True)
class Severity:
    """How grave a complaint is, in the four respects in which ISO 10002 has it assessed."""

    safety: Level = Level.LOW
    complexity: Level = Level.LOW
    impact: Level = Level.LOW
    urgency: Level = Level.LOW

    @property
    def level(self) -> Level:
        """The gravest of the four: a complaint is as severe as its worst side."""
        return max((self.safety, self.complexity, self.impact, self.urgency), key=_RANK.__getitem__)


@frozen
class Assessed:
    """How severe the complaint is; a later assessment replaces an earlier one."""

    severity: Severity


@frozen
class FactsRecorded:
    """What has been found out, before anybody says whose fault it was.

    Left out, the facts stand elsewhere, such as in a report that the reason names.

    :raises InvalidValue: if the text says nothing.
    """

    facts: str | None = _personal()

    def __attrs_post_init__(self) -> None:
        if self.facts is not None and not is_said(self.facts):
            raise InvalidValue("facts are said in a sentence, or left out: they stand elsewhere")


@frozen
class LiabilityStated:
    """Whether the company says that it is liable."""

    accepted: bool


@frozen(kw_only=True)
class CauseFound:
    """The cause, by its key in the taxonomy of the host, and who is responsible for it.

    :raises InvalidIdentifier: if a key could not serve as one.
    """

    cause: str
    unit: str | None = None
    person: Actor | None = None
    head: Actor | None = None
    """The head of the department, who answers for it together with the person."""

    def __attrs_post_init__(self) -> None:
        check_identifier(self.cause, "cause")
        for value, what in ((self.unit, "unit"), (self.person, "person"), (self.head, "head")):
            if value is not None:
                check_identifier(value, what)


@frozen
class ComplainantAppraised:
    """What type of complainant it is, which says how to speak with them."""

    type: ComplainantType


# --- what was said, promised and given ------------------------------------------------------------


@frozen(kw_only=True)
class Contacted:
    """A contact about this matter; one that the complainant begins is a repeated call.

    :raises InvalidIdentifier: if the channel could not serve as a key.
    """

    channel: str
    direction: Direction
    summary: str | None = _personal()

    def __attrs_post_init__(self) -> None:
        check_identifier(self.channel, "channel")


@frozen(kw_only=True)
class MessageSent:
    """A message that a deadline may ask for, such as a ``"final-response"``, and what it said.

    ``contains`` lists its content by the keys that the obligation names, such as
    ``"ombudsman-leaflet"``.

    :raises InvalidIdentifier: if a key could not serve as one.
    :raises InvalidValue: if the content is one text instead of a set of them.
    """

    kind: str
    contains: frozenset[str] = field(default=frozenset(), converter=as_name_set)
    channel: str | None = None

    def __attrs_post_init__(self) -> None:
        check_identifier(self.kind, "the kind of a message")
        for item in self.contains:
            check_identifier(item, "the content of a message")
        if self.channel is not None:
            check_identifier(self.channel, "channel")


@frozen(kw_only=True)
class PromiseMade:
    """Something was promised to the complainant, by a day.

    :raises InvalidValue: if the day is not a plain date.
    """

    id: PromiseId
    due_on: date
    written: bool = False
    content: str | None = _personal()

    def __attrs_post_init__(self) -> None:
        check_identifier(self.id, "promise")
        check_date(self.due_on, "due_on")


@frozen
class PromiseKept:
    """A promise was kept, on a day."""

    id: PromiseId
    on: date

    def __attrs_post_init__(self) -> None:
        check_identifier(self.id, "promise")
        check_date(self.on, "the day a promise was kept")


@frozen(kw_only=True)
class RedressOffered:
    """What the company offers to put things right: a kind, such as ``"refund"``, and its amount."""

    kind: str
    amount: Money | None = None

    def __attrs_post_init__(self) -> None:
        check_identifier(self.kind, "the kind of redress")


@frozen(kw_only=True)
class RedressGiven:
    """What the complainant was given."""

    kind: str
    amount: Money | None = None

    def __attrs_post_init__(self) -> None:
        check_identifier(self.kind, "the kind of redress")


class Satisfaction(StrEnum):
    """What somebody answered when they were asked how satisfied they are."""

    VERY_DISSATISFIED = "very-dissatisfied"
    DISSATISFIED = "dissatisfied"
    NEITHER = "neither"
    SATISFIED = "satisfied"
    VERY_SATISFIED = "very-satisfied"
    NO_ANSWER = "no-answer"
    """They were asked and did not say."""


@frozen(kw_only=True)
class SatisfactionChecked:
    """The complainant was asked how satisfied they are with the outcome, and with the process."""

    outcome: Satisfaction
    process: Satisfaction
    comment: str | None = _personal()


@frozen
class RecourseExhausted:
    """No further way is open to the complainant: none within the company, none outside, in time."""

    how: str | None = _personal()


# --- waiting, escalation, relatives ---------------------------------------------------------------


@frozen
class WaitingStarted:
    """The case waits for somebody, such as ``"complainant"``.

    :raises InvalidIdentifier: if the word could not serve as a key.
    """

    on: str

    def __attrs_post_init__(self) -> None:
        check_identifier(self.on, "whom a case waits for")


@frozen
class WaitingEnded:
    """What the case waited for has come."""


@frozen(kw_only=True)
class Escalated:
    """An escalation was carried out: by which rule and level, when it fell due, to whom."""

    rule: str
    level: int
    fell_due_at: datetime
    to: str

    def __attrs_post_init__(self) -> None:
        check_identifier(self.rule, "the rule of an escalation")
        check_identifier(self.to, "the target of an escalation")
        check_instant(self.fell_due_at, "the instant at which an escalation fell due")


@frozen
class Merged:
    """The matter goes on in another complaint; this one rests as it is until it is unmerged."""

    into: ComplaintId

    def __attrs_post_init__(self) -> None:
        check_identifier(self.into, "complaint")


@frozen
class Unmerged:
    """The matter is its own again, and stands where it stood."""


@frozen
class Absorbed:
    """Another complaint was merged into this one, which goes on for both."""

    complaint: ComplaintId

    def __attrs_post_init__(self) -> None:
        check_identifier(self.complaint, "complaint")


@frozen
class Released:
    """A complaint that had been merged into this one is its own again."""

    complaint: ComplaintId

    def __attrs_post_init__(self) -> None:
        check_identifier(self.complaint, "complaint")


@frozen
class ParentNamed:
    """The complaint is a part of a larger one; None takes it out again."""

    parent: ComplaintId | None

    def __attrs_post_init__(self) -> None:
        if self.parent is not None:
            check_identifier(self.parent, "complaint")


@frozen
class Noted:
    """Anything else that must be on record, under a topic of the host.

    :raises InvalidIdentifier: if the topic could not serve as a key.
    """

    topic: str
    text: str | None = _personal()

    def __attrs_post_init__(self) -> None:
        check_identifier(self.topic, "topic")


Event = (
    LifecycleAdopted
    | StatusChanged
    | OwnershipChange
    | Assessed
    | FactsRecorded
    | LiabilityStated
    | CauseFound
    | ComplainantAppraised
    | Contacted
    | MessageSent
    | PromiseMade
    | PromiseKept
    | RedressOffered
    | RedressGiven
    | SatisfactionChecked
    | RecourseExhausted
    | WaitingStarted
    | WaitingEnded
    | Escalated
    | Merged
    | Unmerged
    | Absorbed
    | Released
    | ParentNamed
    | Noted
)
"""Everything that an entry of a trail can hold."""
