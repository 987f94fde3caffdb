"""The tiers of members within one unit of work: what counts, and what follows from it."""

from collections.abc import Iterator
from datetime import date, timedelta

from attrs import evolve

from crmkit.decision import Decision, noted
from crmkit.errors import InvalidValue
from crmkit.identifiers import Actor, CustomerId
from crmkit.loyalty.desk.ledgers import Ledgers
from crmkit.loyalty.facts.tier_facts import TierFacts
from crmkit.loyalty.kept import (
    MEMBERSHIPS,
    POINTS_LEDGERS,
    QUALIFICATIONS,
    Absorbed,
    Membership,
)
from crmkit.loyalty.policies.program import Program
from crmkit.loyalty.policies.tier_policy import TierPolicy
from crmkit.loyalty.policies.tier_replay import replay_terms
from crmkit.loyalty.records.manual_tier import AfterManual, ManualTier, tier_in_force
from crmkit.loyalty.records.qualification import Qualification
from crmkit.loyalty.tally.account import ClosedLedger
from crmkit.storage import Stored
from crmkit.tiering import Tier, TierHistory

__all__ = [
    "TIER_CHANGED_TOPIC",
    "bring_up",
    "bring_up_given",
    "facts_of",
    "merge_memberships",
    "tier_of",
    "tiers_of",
]

TIER_CHANGED_TOPIC = "program-tier-changed"
"""The topic of the messages that a change of tier leaves in the outbox; their text is the member,
the tier they had by the terms and the one they have now, one a line; the second is empty on
joining. Tiers given by hand, which come and go by their days, are not told."""

_ONE_DAY = timedelta(days=1)
_DESK = Actor("loyalty-desk")


def tiers_of(program: Program) -> TierPolicy:
    """The tiers of a program.

    :raises InvalidValue: if it has none.
    """
    if program.tiers is None:
        raise InvalidValue("this program has no tiers: pass Program(tiers=TierPolicy(...))")
    return program.tiers


def facts_of(ledgers: Ledgers, member: CustomerId, on: date) -> TierFacts:
    """What a decision about the tier of a member looks at: the tiers of all days before it, whether
    they are written already or not."""
    record = ledgers.member(member).record
    counted, before = _counts(ledgers, record), on - _ONE_DAY
    history = _through(ledgers.program, record, counted, before)
    return TierFacts.of(member, record.joined_on, counted, on, history, record.manual)


def tier_of(ledgers: Ledgers, member: CustomerId, on: date) -> Decision[Tier]:
    """Which tier a member holds on a day, those given by hand included."""
    decision = tiers_of(ledgers.program)(facts_of(ledgers, member, on))
    record = ledgers.member(member).record
    by_terms = record.tiers.tier_on(on)
    if by_terms is None or on >= _decided(record):
        return decision
    tier, _ = tier_in_force(record.manual, on, by_terms)
    if tier == decision.outcome:
        return decision
    # The day was decided by other terms, or before a merge: it stays as it was decided.
    evidence = (noted("decided-before", record.tiers.as_of(on).changes[-1].reason),)
    return Decision(tier, decision.policy, on, evidence, subject=member)


def _through(
    program: Program, record: Membership, counted: tuple[Qualification, ...], on: date
) -> TierHistory:
    """The tiers of a member by the terms through a day; what is decided already stays."""
    decided = _decided(record)
    if program.tiers is None or record.survivor is not None or on <= decided:
        return record.tiers.as_of(on)
    return replay_terms(
        program.tiers,
        record.member,
        record.joined_on,
        counted,
        on,
        manual=record.manual,
        history=record.tiers,
        decided_through=decided,
    )


def _decided(record: Membership) -> date:
    return record.decided_through or record.joined_on - _ONE_DAY


def bring_up(ledgers: Ledgers, stored: Stored[Membership], on: date) -> Membership:
    """Write the tiers of a member up to a day; the record itself if they stand there already.

    A day is decided when it is over. Until then it may be decided again, and days before it never
    are: new terms of the program do not reach back.
    """
    record, program = stored.record, ledgers.program
    decided = _decided(record)
    if program.tiers is None or record.survivor is not None or on < max(decided, record.joined_on):
        return record
    before = min(decided, on - _ONE_DAY)
    open_again = evolve(record, tiers=record.tiers.as_of(before), decided_through=before)
    tiers = _through(program, open_again, _counts(ledgers, record), on)
    after = evolve(record, tiers=tiers, decided_through=on)
    if after == record:
        return record
    ledgers.unit.repository(MEMBERSHIPS).replace(after, stored.version)
    for was, now in _moves(record.tiers, tiers):
        ledgers.unit.outbox.add(TIER_CHANGED_TOPIC, f"{record.member}\n{was}\n{now}")
    return after


def bring_up_given(ledgers: Ledgers, stored: Stored[Membership], manual: ManualTier) -> Membership:
    """Write down a tier given by hand; if it is to fall on the day that was decided last, that day
    is decided again with it."""
    record, falls = stored.record, manual.then is AfterManual.FALL
    if record.survivor is not None:
        raise ClosedLedger(record.survivor)
    decided = _decided(record)
    if falls and manual.until < decided:
        raise InvalidValue(
            f"days before {decided} are decided, and a tier that ended there cannot fall under the "
            f"terms any more: give it AfterManual.RESUME, or let it end later"
        )
    given = evolve(record, manual=(*record.manual, manual))
    kept = ledgers.unit.repository(MEMBERSHIPS).replace(given, stored.version)
    return bring_up(ledgers, kept, decided) if falls and manual.until == decided else kept.record


def merge_memberships(
    ledgers: Ledgers, kept: Stored[Membership], gone: Stored[Membership], on: date
) -> None:
    """Let the survivor of a merge have what the other had: since when, by hand, and by the terms.

    What is decided is not decided again: tiers come along for the days after it.
    """
    members, tiers = ledgers.unit.repository(MEMBERSHIPS), ledgers.program.tiers
    one, other = kept.record, gone.record
    held = _through(ledgers.program, other, _counts(ledgers, other), on).tier
    members.replace(evolve(other, survivor=one.member), gone.version)
    day = max(on, one.decided_through or on)
    both = evolve(
        one,
        joined_on=min(one.joined_on, other.joined_on),
        absorbed=(*one.absorbed, Absorbed(other.member, on)),
        manual=(*one.manual, *other.manual_from(day)),
        referred_by=one.referred_by or other.referred_by,
    )
    now = bring_up(ledgers, members.replace(both, kept.version), day).tiers.tier
    if tiers is not None and held is not None and held > (now or tiers.entry):
        # Grace, reviews and tiers for life outlast what counts: it was held on, and still is.
        took_over = ManualTier(
            tier=held,
            from_on=day,
            until=day,
            reason="held by a member who was merged into this one",
            by=_DESK,
            then=AfterManual.FALL,
        )
        bring_up_given(ledgers, ledgers.member(one.member), took_over)


def _counts(ledgers: Ledgers, membership: Membership) -> tuple[Qualification, ...]:
    """What counts for a member, with what counted for those who were merged into them."""
    log = ledgers.unit.stream(POINTS_LEDGERS)
    own = log.fold(membership.member, QUALIFICATIONS).items
    others = [
        each.known_from(absorbed.on)
        for absorbed in membership.absorbed
        for each in _counts(ledgers, ledgers.member(absorbed.member).record)
    ]
    return tuple(sorted((*own, *others), key=_known_on))


def _known_on(qualification: Qualification) -> date:
    return qualification.on


def _moves(known: TierHistory, now: TierHistory) -> Iterator[tuple[str, str]]:
    """From which tier to which a member moved since it was looked at last, each with its name."""
    held = known.tier
    news = [change for change in now.changes if change.on > (known.since or date.min)]
    then = now.as_of(known.since).tier if known.since is not None else None
    for tier in (then, *(change.to_tier for change in news)):
        if tier != held:
            yield _name(held), _name(tier)
        held = tier


def _name(tier: Tier | None) -> str:
    return "" if tier is None else tier.name
