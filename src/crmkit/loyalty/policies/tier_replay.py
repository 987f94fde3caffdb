"""The tiers of a member through the years, as if each day had been decided."""

from collections.abc import Iterable
from datetime import date, timedelta

from crmkit.errors import InvalidValue
from crmkit.identifiers import CustomerId
from crmkit.loyalty.policies.tier_policy import TierPolicy, rules_of
from crmkit.loyalty.policies.tier_walk import Step, TierWalk
from crmkit.loyalty.records.manual_tier import ManualTier, tier_in_force
from crmkit.loyalty.records.qualification import Qualification
from crmkit.period import check_date
from crmkit.tiering import Tier, TierChange, TierHistory

__all__ = ["replay_terms", "replay_tiers", "with_manual"]

_ONE_DAY = timedelta(days=1)


def replay_terms(
    policy: TierPolicy,
    member: CustomerId,
    joined_on: date,
    qualifications: Iterable[Qualification],
    until: date,
    *,
    manual: Iterable[ManualTier] = (),
    history: TierHistory | None = None,
    decided_through: date | None = None,
) -> TierHistory:
    """The tiers that the terms give through a day, as if each day had been decided.

    Nothing depends on when, or how often, it is run: only the days on which something can change
    are looked at, and every change stands at its own day. A kept ``history`` goes on where it ends,
    under these terms; say with ``decided_through`` that its days were decided further than its last
    change, for example when new terms begin. Tiers given by hand are left out, but for those that
    are to fall under the terms.

    :raises InvalidValue: if a tier is not on the ladder, or the history is that of another member.
    :raises CurrencyMismatch: if spend qualifies in another currency than the table names.

    >>> from crmkit.loyalty.policies.tier_terms import TierThreshold
    >>> from crmkit.loyalty.policies.tier_windows import CalendarWindow
    >>> base, gold = Tier("base", 1), Tier("gold", 2)
    >>> yearly = TierPolicy(base, (TierThreshold(tier=gold, visits=3),), CalendarWindow())
    >>> nights = [Qualification(date(2025, month, 9), visits=1) for month in (2, 3, 4)]
    >>> for change in replay_terms(
    ...     yearly, CustomerId("M-7"), date(2025, 1, 5), nights, date(2026, 12, 31)
    ... ).changes:
    ...     print(change.on, change.reason)
    2025-01-05 in at base by tier-policy
    2025-04-09 up to gold by tier-policy: 3 visits from 2025-01-05
    2026-01-01 down to base by tier-policy: 0 visits from 2026-01-01
    """
    check_date(until, "until")
    check_date(joined_on, "joined_on")
    kept = TierHistory(member) if history is None else history
    if kept.customer != member:
        raise InvalidValue("the history is that of another member")
    if decided_through is None and kept.changes:
        decided_through = kept.changes[-1].on
    known = (each for each in qualifications if each.on <= until)
    walk = TierWalk(rules_of(policy), joined_on, known, kept, manual, decided_through)
    ladder = policy.ladder.tiers
    changes = (_change(step, ladder) for step in walk.steps(until))
    return TierHistory(member, (*kept.changes, *changes))


def replay_tiers(
    policy: TierPolicy,
    member: CustomerId,
    joined_on: date,
    qualifications: Iterable[Qualification],
    until: date,
    *,
    manual: Iterable[ManualTier] = (),
    history: TierHistory | None = None,
    decided_through: date | None = None,
) -> TierHistory:
    """The tiers that a member holds through a day, tiers given by hand included.

    It is :func:`replay_terms` with :func:`with_manual` on top; ``history`` is one by the terms.

    :raises InvalidValue: if a tier is not on the ladder, or the history is that of another member.
    :raises CurrencyMismatch: if spend qualifies in another currency than the table names.
    """
    given = tuple(manual)
    by_terms = replay_terms(
        policy,
        member,
        joined_on,
        qualifications,
        until,
        manual=given,
        history=history,
        decided_through=decided_through,
    )
    for each in given:
        policy.ladder.position(each.tier)
    return with_manual(by_terms, given, until)


def with_manual(by_terms: TierHistory, manual: Iterable[ManualTier], until: date) -> TierHistory:
    """Lay the tiers given by hand over a history by the terms, through a day.

    Each ends with its own last day; on the next one the member holds what the terms give. Before
    their first tier, and after they left, members hold none.
    """
    given = tuple(manual)
    if not given:
        return by_terms
    days = {change.on for change in by_terms.changes}
    days |= {day for each in given for day in (each.from_on, each.until + _ONE_DAY)}
    held = TierHistory(by_terms.customer)
    for day in sorted(day for day in days if day <= until):
        held = _as_held(held, by_terms, given, day)
    return held


def _as_held(
    held: TierHistory, by_terms: TierHistory, given: tuple[ManualTier, ...], day: date
) -> TierHistory:
    then = by_terms.as_of(day)
    if then.tier is None:
        return held if held.tier is None else held.changed(None, on=day, reason=_reason(then))
    tier, by_hand = tier_in_force(given, day, then.tier)
    if tier == held.tier:
        return held
    if by_hand is not None:
        return held.changed(tier, on=day, reason=f"given by hand: {by_hand.reason}")
    if then.changes[-1].on == day:
        return held.changed(tier, on=day, reason=_reason(then), policy=then.changes[-1].policy)
    return held.changed(tier, on=day, reason="end of a tier given by hand")


def _reason(history: TierHistory) -> str:
    return history.changes[-1].reason


def _change(step: Step, ladder: tuple[Tier, ...]) -> TierChange:
    before = None if step.before is None else ladder[step.before]
    after = ladder[step.after]
    way = "in at" if before is None else "up to" if after > before else "down to"
    return TierChange(
        on=step.on,
        from_tier=before,
        to_tier=after,
        reason=f"{way} {after} by tier-policy{step.words}",
        policy="tier-policy",
    )
