"""Hypothesis strategies for what complaints are made of: receipts, and what is put on record."""

from datetime import UTC, datetime, timedelta

from crmkit.complaints import (
    CAUSES,
    Assessed,
    CauseFound,
    CauseTaxonomy,
    ComplainantAppraised,
    ComplainantType,
    Contacted,
    Escalated,
    Event,
    FactsRecorded,
    Level,
    LiabilityStated,
    MessageSent,
    Noted,
    ParentNamed,
    PromiseKept,
    PromiseMade,
    Receipt,
    RecourseExhausted,
    RedressGiven,
    RedressOffered,
    Satisfaction,
    SatisfactionChecked,
    Severity,
    Subject,
    WaitingEnded,
    WaitingStarted,
)
from crmkit.errors import MissingExtra
from crmkit.identifiers import Actor, ComplaintId, CustomerId, ProductId, PromiseId
from crmkit.ownership import OwnershipAct, OwnershipChange
from crmkit.records import Direction
from crmkit.testing.complaint_terms import CATEGORIES, ITEMS, MESSAGES, WAITS
from crmkit.testing.shared import days, identifiers, instants, money, texts

try:
    from hypothesis import strategies as st
except ImportError:
    raise MissingExtra("hypothesis", "testing") from None

__all__ = [
    "ASKED",
    "ASSESSED",
    "CLERKS",
    "CONTACTED",
    "NOTED",
    "PROMISED",
    "causes",
    "complaint_events",
    "later",
    "receipts",
    "severities",
]

Strategy = st.SearchStrategy

CLERKS = tuple(map(Actor, ("anna", "ben", "carla")))

# These are made once: making a strategy takes longer than drawing from it.
_CHANNEL = st.sampled_from(["phone", "letter", "visit", "web"])
_KEY = identifiers()
_TEXT = st.none() | texts()
_AMOUNT = st.none() | money(min_minor=0)
_CLERK = st.sampled_from(CLERKS)
_LEVEL = st.sampled_from(Level)
_SATISFACTION = st.sampled_from(Satisfaction)


# --- the parts of a complaint ---------------------------------------------------------------------


def severities() -> Strategy[Severity]:
    """How grave complaints are, in each of the four respects."""
    return st.builds(Severity, safety=_LEVEL, complexity=_LEVEL, impact=_LEVEL, urgency=_LEVEL)


def causes(taxonomy: CauseTaxonomy = CAUSES) -> Strategy[CauseFound]:
    """Causes of a taxonomy, with whoever is responsible as far as that is known."""
    return st.builds(
        CauseFound,
        cause=st.sampled_from(taxonomy.causes),
        unit=st.none() | _KEY,
        person=st.none() | _CLERK,
        head=st.none() | _CLERK,
    )


def receipts() -> Strategy[Receipt]:
    """Complaints as they came in: some anonymous, some without a word, some entered later."""
    return _RECEIPT


_RECEIPT = st.builds(
    lambda late, **terms: Receipt(
        **terms, recorded_at=None if late is None else later(terms["received_at"], late)
    ),
    late=st.none() | st.timedeltas(timedelta(0), timedelta(days=9)),
    id=identifiers("K-").map(ComplaintId),
    received_at=instants(),
    channel=_CHANNEL,
    complainant=st.none() | identifiers("C-").map(CustomerId),
    about=st.builds(
        Subject,
        product=st.none() | identifiers("P-").map(ProductId),
        unit=st.none() | _KEY,
        region=st.none() | _KEY,
        employee=st.none() | _CLERK,
        category=st.none() | st.sampled_from(CATEGORIES),
    ),
    content=_TEXT,
    remedy_sought=_TEXT,
    received_by=st.none() | _CLERK,
)


def later(at: datetime, by: timedelta) -> datetime:
    """So much later by the clock of the world, whatever the clock on the wall does."""
    return (at.astimezone(UTC) + by).astimezone(at.tzinfo)


# --- what can be put on record --------------------------------------------------------------------

NOTED = st.builds(Noted, _KEY, _TEXT)
ASSESSED = severities().map(Assessed)
ASKED = st.builds(SatisfactionChecked, outcome=_SATISFACTION, process=_SATISFACTION, comment=_TEXT)
CONTACTED = st.builds(
    Contacted, channel=_CHANNEL, direction=st.sampled_from(Direction), summary=_TEXT
)
_PROMISE = st.sampled_from(["V-1", "V-2", "V-3"]).map(PromiseId)
PROMISED = st.builds(PromiseMade, id=_PROMISE, due_on=days(), written=st.booleans(), content=_TEXT)
_NAMES_SOMEBODY = (OwnershipAct.OFFER, OwnershipAct.REASSIGN)
_HAND_OVER = st.builds(
    lambda act, to: OwnershipChange(act, to if act in _NAMES_SOMEBODY else None),
    st.sampled_from(OwnershipAct),
    _CLERK,
)


def complaint_events(taxonomy: CauseTaxonomy = CAUSES) -> Strategy[Event]:
    """Whatever can be put on record by itself, be it allowed at the time or not.

    Left out are changes of status and the adoption of another table, which a table knows, and
    mergings, which stand in two trails.
    """
    return st.one_of(
        NOTED,
        ASSESSED,
        st.builds(FactsRecorded, _TEXT),
        st.builds(LiabilityStated, st.booleans()),
        causes(taxonomy),
        st.sampled_from(ComplainantType).map(ComplainantAppraised),
        CONTACTED,
        st.builds(
            MessageSent,
            kind=st.sampled_from(MESSAGES),
            contains=st.frozensets(st.sampled_from(ITEMS)),
            channel=st.none() | _CHANNEL,
        ),
        PROMISED,
        st.builds(PromiseKept, _PROMISE, days()),
        st.builds(RedressOffered, kind=_KEY, amount=_AMOUNT),
        st.builds(RedressGiven, kind=_KEY, amount=_AMOUNT),
        ASKED,
        st.builds(RecourseExhausted, _TEXT),
        st.sampled_from(WAITS).map(WaitingStarted),
        st.just(WaitingEnded()),
        st.builds(Escalated, rule=_KEY, level=st.integers(1, 9), fell_due_at=instants(), to=_KEY),
        st.builds(ParentNamed, st.none() | identifiers("G-").map(ComplaintId)),
        _HAND_OVER,
    )
