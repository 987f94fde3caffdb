"""Conditions that are asked before anything is done with a complaint.

A guard says which entries it watches, and gives one piece of evidence for or against each. Which
actions it watches are terms, so that the table of a host is guarded as well as ours.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from typing import ClassVar, NamedTuple, Protocol

from attrs import field, frozen

from crmkit.complaints.lifecycle import word_of
from crmkit.complaints.records.complainant import ComplainantType
from crmkit.complaints.records.complaint import Complaint
from crmkit.complaints.records.entry import Entry
from crmkit.complaints.records.events import (
    Absorbed,
    Assessed,
    FactsRecorded,
    LiabilityStated,
    PromiseMade,
    RecourseExhausted,
    SatisfactionChecked,
    StatusChanged,
)
from crmkit.decision import Comparison, Evidence, any_of, at_most, equals, noted, one_of
from crmkit.errors import InvalidPolicy
from crmkit.identifiers import Actor, check_identifier
from crmkit.ownership import same_actor

__all__ = [
    "DEFAULT_GUARDS",
    "AssessmentFirst",
    "ChildrenBeforeParent",
    "DoerIsNotChecker",
    "FactsBeforeLiability",
    "FactsBeforeResponse",
    "Guard",
    "Proposal",
    "RecourseBeforeClosing",
    "ReopeningWindow",
    "SatisfactionBeforeClosing",
    "WrittenPromiseNeedsOverride",
]


class Proposal(NamedTuple):
    """What somebody wants to do: an entry for the trail of a complaint.

    ``open_children`` is how many parts of it are still open, as far as the host knows.
    """

    complaint: Complaint
    entry: Entry
    open_children: int = 0


class Guard(Protocol):
    """A condition: which entries it watches, and its evidence for or against one.

    A guard can have ``actions``, the words of all actions that it watches: then it is not asked
    about any other action, which saves time. What else is put on record it is always asked about.
    """

    def watches(self, proposal: Proposal, /) -> bool:
        """Whether the condition has anything to say about it."""
        ...

    def __call__(self, proposal: Proposal, /) -> Evidence:
        """The evidence; where it is not met, the entry is refused."""
        ...

    @property
    def remedy(self) -> str:
        """What would have worked, in lower case."""
        ...


def _is_one_of(entry: Entry, actions: tuple[str, ...]) -> bool:
    what = entry.what
    return isinstance(what, StatusChanged) and what.action in actions


def _since(
    complaint: Complaint, kind: type, actions: tuple[str, ...], ended_by: type | None = None
) -> bool:
    """Whether something of a kind is on the trail, after the last time one of the actions was.

    An event of the kind ``ended_by`` makes it begin anew, too.
    """
    for entry in reversed(complaint.trail):
        what = entry.what
        if isinstance(what, kind):
            return True
        if isinstance(what, StatusChanged) and what.action in actions:
            return False
        if type(what) is ended_by:
            return False
    return False


@cache  # There are two for each of a few criteria.
def _done(criterion: str, found: bool) -> Evidence:
    return Evidence(criterion, found, True, found, Comparison.EQUALS)


@lru_cache(typed=True)
def _none_open(children: int) -> Evidence:
    return equals("open-children", children, 0)


def _overridden(proposal: Proposal, evidence: Evidence) -> Evidence:
    """The evidence, or an override by somebody else: nobody allows a thing to themselves."""
    override = proposal.entry.override
    if override is None:
        return evidence
    other = Evidence(
        "override-by-another",
        override.by,
        proposal.entry.by,
        not same_actor(override.by, proposal.entry.by),
        Comparison.DIFFERS,
    )
    return any_of(f"{evidence.criterion}-or-override", evidence, other)


def _words(words: tuple[str, ...]) -> tuple[str, ...]:
    kept = tuple(word_of(word) for word in words)
    if not kept:
        raise InvalidPolicy("a guard watches at least one action: name it")
    for word in kept:
        check_identifier(word, "action")
    return kept


@frozen(kw_only=True)
class FactsBeforeLiability:
    """Liability is not accepted before the facts are on record.

    To say that the company is *not* liable is not held back.
    """

    actions: ClassVar[tuple[str, ...]] = ()
    remedy: ClassVar[str] = "record FactsRecorded(...) first"

    def watches(self, proposal: Proposal, /) -> bool:
        """It watches whoever accepts liability."""
        what = proposal.entry.what
        return isinstance(what, LiabilityStated) and what.accepted

    def __call__(self, proposal: Proposal, /) -> Evidence:
        """Met if any facts are on record."""
        found = proposal.complaint.latest(FactsRecorded) is not None
        return _done("facts-recorded", found)


@frozen(kw_only=True)
class AssessmentFirst:
    """A complaint is assessed by saying how severe it is, and after a reopening once more.

    An investigation waits for it as well: by way of an outside body one could begin without.
    """

    actions: tuple[str, ...] = field(default=("assess", "investigate"), converter=_words)
    anew_after: tuple[str, ...] = ("reopen",)
    remedy: ClassVar[str] = "record Assessed(...) first"

    def watches(self, proposal: Proposal, /) -> bool:
        """It watches the actions that end the assessment, or go on from it."""
        return _is_one_of(proposal.entry, self.actions)

    def __call__(self, proposal: Proposal, /) -> Evidence:
        """Met if a severity is on record since the complaint came, or came back."""
        found = _since(proposal.complaint, Assessed, self.anew_after)
        return _done("severity-assessed", found)


@frozen(kw_only=True)
class FactsBeforeResponse:
    """Nobody answers a complaint before the facts are on record.

    After a reopening, or a dispute, the facts are looked at again.
    """

    actions: tuple[str, ...] = field(default=("respond",), converter=_words)
    anew_after: tuple[str, ...] = ("dispute", "reopen")
    remedy: ClassVar[str] = "record FactsRecorded(...) first"

    def watches(self, proposal: Proposal, /) -> bool:
        """It watches the actions that answer."""
        return _is_one_of(proposal.entry, self.actions)

    def __call__(self, proposal: Proposal, /) -> Evidence:
        """Met if facts are on record since the complaint came, came back, or was disputed."""
        found = _since(proposal.complaint, FactsRecorded, self.anew_after)
        return _done("facts-recorded", found)


def _types(types: Iterable[ComplainantType]) -> frozenset[ComplainantType]:
    return frozenset(types)


@frozen(kw_only=True)
class WrittenPromiseNeedsOverride:
    """A written promise to a complainant who comes prepared needs the word of a second person."""

    types: frozenset[ComplainantType] = field(
        default=frozenset({ComplainantType.PREPARED}), converter=_types
    )
    actions: ClassVar[tuple[str, ...]] = ()
    remedy: ClassVar[str] = (
        "promise it orally, or pass override=Override(by=..., reason=...) of a colleague"
    )

    def watches(self, proposal: Proposal, /) -> bool:
        """It watches promises in writing."""
        what = proposal.entry.what
        return isinstance(what, PromiseMade) and what.written

    def __call__(self, proposal: Proposal, /) -> Evidence:
        """Met if the complainant is of no such type, or somebody else allows it."""
        kind = proposal.complaint.complainant_type
        if kind not in self.types:
            return noted("complainant-type", "not appraised" if kind is None else str(kind))
        allowed = Evidence(
            "complainant-type",
            str(kind),
            ", ".join(sorted(self.types)),
            False,
            Comparison.DIFFERS,
        )
        return _overridden(proposal, allowed)


@frozen(kw_only=True)
class SatisfactionBeforeClosing:
    """No complaint is closed before the complainant was asked how satisfied they are.

    They are asked after the last answer, and after the last complaint that was merged into this
    one; that they did not say is on record too.
    """

    actions: tuple[str, ...] = field(default=("close",), converter=_words)
    anew_after: tuple[str, ...] = ("respond", "reopen")
    remedy: ClassVar[str] = "record SatisfactionChecked(outcome=..., process=...) first"

    def watches(self, proposal: Proposal, /) -> bool:
        """It watches the actions that close."""
        return _is_one_of(proposal.entry, self.actions)

    def __call__(self, proposal: Proposal, /) -> Evidence:
        """Met if they were asked since the last answer."""
        found = _since(proposal.complaint, SatisfactionChecked, self.anew_after, Absorbed)
        return _done("satisfaction-checked", found)


@frozen(kw_only=True)
class DoerIsNotChecker:
    """Who answered a complaint does not close it: somebody else looks at the work.

    The same name in other letters is nobody else.
    """

    doing: tuple[str, ...] = field(default=("respond",), converter=_words)
    checking: tuple[str, ...] = field(default=("close",), converter=_words)
    remedy: ClassVar[str] = "let somebody else do it"

    @property
    def actions(self) -> tuple[str, ...]:
        """The actions that it watches."""
        return self.checking

    def watches(self, proposal: Proposal, /) -> bool:
        """It watches the actions that check."""
        return _is_one_of(proposal.entry, self.checking)

    def __call__(self, proposal: Proposal, /) -> Evidence:
        """Met if the last to do the work was somebody else, or nobody."""
        doer, checker = self._doer(proposal.complaint), proposal.entry.by
        other = not same_actor(checker, doer)
        return Evidence("checker", checker, doer, other, Comparison.DIFFERS)

    def _doer(self, complaint: Complaint) -> Actor | None:
        for entry in reversed(complaint.trail):
            if _is_one_of(entry, self.doing):
                return entry.by
        return None


@frozen(kw_only=True)
class RecourseBeforeClosing:
    """A disputed complaint stays open until no reasonable way is left to the complainant.

    So does one that an outside body has: the way there is not exhausted by going it.
    """

    statuses: tuple[str, ...] = ("disputed", "referred")
    actions: tuple[str, ...] = field(default=("close",), converter=_words)
    anew_after: tuple[str, ...] = ("dispute", "refer", "reopen")
    remedy: ClassVar[str] = "record RecourseExhausted(...) first"

    def watches(self, proposal: Proposal, /) -> bool:
        """It watches the closing of disputed and referred complaints."""
        disputed = proposal.complaint.status in self.statuses
        return disputed and _is_one_of(proposal.entry, self.actions)

    def __call__(self, proposal: Proposal, /) -> Evidence:
        """Met if it is on record that every way is exhausted, since the last one was taken."""
        found = _since(proposal.complaint, RecourseExhausted, self.anew_after)
        return _done("recourse-exhausted", found)


@frozen(kw_only=True)
class ReopeningWindow:
    """Until when a complaint can be reopened after it came to rest, and by whom.

    ``within`` is counted from the instant at which it came to rest, that instant included; None
    sets no limit. ``roles`` are those who may; none named means everybody. Somebody else can allow
    it all the same, by an override.

    :raises InvalidPolicy: if the time is not above zero.
    """

    within: timedelta | None = timedelta(days=180)
    roles: tuple[str, ...] = ()
    actions: tuple[str, ...] = field(default=("reopen",), converter=_words)
    remedy: ClassVar[str] = (
        "receive it as a new complaint, or pass override=Override(by=..., reason=...) of "
        "a colleague"
    )

    def __attrs_post_init__(self) -> None:
        if self.within is not None and self.within <= timedelta():
            raise InvalidPolicy("a time for reopening is a timedelta above zero, or None")

    def watches(self, proposal: Proposal, /) -> bool:
        """It watches the actions that reopen."""
        return _is_one_of(proposal.entry, self.actions)

    def __call__(self, proposal: Proposal, /) -> Evidence:
        """Met if it is still time, and the role is one of those who may."""
        parts = []
        if self.within is not None:
            # In UTC, because two times of one zone would be held against each other by the wall.
            rested = _rested_at(proposal.complaint).astimezone(UTC)
            passed = proposal.entry.at.astimezone(UTC) - rested
            parts.append(at_most("time-since-closing", passed, self.within))
        if self.roles:
            parts.append(one_of("role", proposal.entry.role or "none", self.roles))
        if not parts:
            return noted("reopening", "not limited")
        met = all(part.met for part in parts)
        both = Evidence("reopening-window", None, None, met, Comparison.ALL_OF, tuple(parts))
        return _overridden(proposal, both)


def _rested_at(complaint: Complaint) -> datetime:
    """When the complaint last changed its status: an entry of a trail at rest changes none."""
    trail = complaint.trail
    moved = (each.at for each in reversed(trail) if isinstance(each.what, StatusChanged))
    return next(moved, trail[0].at)


@frozen(kw_only=True)
class ChildrenBeforeParent:
    """A complaint with parts is closed after its parts are."""

    actions: tuple[str, ...] = field(default=("close",), converter=_words)
    remedy: ClassVar[str] = "close its parts first, or take them out"

    def watches(self, proposal: Proposal, /) -> bool:
        """It watches the actions that close."""
        return _is_one_of(proposal.entry, self.actions)

    def __call__(self, proposal: Proposal, /) -> Evidence:
        """Met if no part is open."""
        return _none_open(proposal.open_children)


DEFAULT_GUARDS: tuple[Guard, ...] = (
    FactsBeforeLiability(),
    AssessmentFirst(),
    FactsBeforeResponse(),
    WrittenPromiseNeedsOverride(),
    SatisfactionBeforeClosing(),
    DoerIsNotChecker(),
    RecourseBeforeClosing(),
    ReopeningWindow(),
    ChildrenBeforeParent(),
)
"""The conditions that go with the lifecycle of crmkit."""
