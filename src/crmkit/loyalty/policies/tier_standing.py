"""Where a member stands: what is missing to the next tier, and what keeps the present one."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from attrs import frozen

from crmkit.loyalty.facts.tier_facts import TierFacts
from crmkit.loyalty.policies.tier_policy import TierPolicy, rules_of
from crmkit.loyalty.policies.tier_replay import replay_terms, with_manual
from crmkit.loyalty.policies.tier_tally import TierRules, WindowTally, earlier
from crmkit.loyalty.policies.tier_terms import Reaching, TierBasis, TierThreshold
from crmkit.loyalty.records.manual_tier import ManualWins
from crmkit.money import Money
from crmkit.tiering import Tier, TierHistory, retier

__all__ = ["Shortfall", "TierGoal", "TierStanding", "tier_standing"]

_ONE_DAY = timedelta(days=1)


@frozen
class Shortfall:
    """How much of one basis a member has, and how much of it a tier takes."""

    basis: TierBasis
    observed: int | Money
    required: int | Money

    @property
    def missing(self) -> int | Money:
        """How much more it takes."""
        required: Any = self.required
        missing: int | Money = required - self.observed
        return missing


@frozen(kw_only=True)
class TierGoal:
    """What is missing to a tier, in which window, and until which day that is enough.

    ``through`` is the last day on which so much more is enough; None if that does not end by
    itself. Where ``reaching`` is ``any``, one of the shortfalls is enough.
    """

    tier: Tier
    window_from: date
    through: date | None
    shortfalls: tuple[Shortfall, ...]
    reaching: Reaching


@frozen(kw_only=True)
class TierStanding:
    """Where a member stands on a day.

    ``next_tier`` is what is missing to the next tier up, None in the highest. ``falls_on`` is the
    day on which the tier falls if nothing more is earned, None if it never does; ``renewal`` is
    what has to be earned for it not to fall on that day, None if nothing can keep it.
    """

    tier: Tier
    as_of: date
    next_tier: TierGoal | None
    falls_on: date | None
    renewal: TierGoal | None


def tier_standing(policy: TierPolicy, facts: TierFacts) -> TierStanding:
    """Say what is missing to the next tier, when the present one falls, and what would keep it.

    :raises CurrencyMismatch: if spend qualifies in another currency than the table names.
    :raises InvalidValue: if a tier is not on the ladder of the program.

    >>> from crmkit.identifiers import CustomerId
    >>> from crmkit.loyalty.policies.tier_windows import CalendarWindow
    >>> from crmkit.loyalty.records.qualification import Qualification
    >>> base, gold = Tier("base", 1), Tier("gold", 2)
    >>> policy = TierPolicy(base, (TierThreshold(tier=gold, points=900),), CalendarWindow())
    >>> bought = [Qualification(date(2026, 2, 1), points=200)]
    >>> facts = TierFacts.of(CustomerId("M-7"), date(2026, 1, 5), bought, date(2026, 3, 1))
    >>> goal = tier_standing(policy, facts).next_tier
    >>> goal.shortfalls[0].missing, goal.through
    (700, datetime.date(2026, 12, 31))
    """
    tier = policy(facts).outcome
    by_terms = retier(facts.history, policy.by_terms(facts))
    ahead = replay_terms(
        policy,
        facts.member,
        facts.joined_on,
        facts.qualifications,
        date.max,
        manual=facts.manual,
        history=by_terms,
        decided_through=facts.as_of,
    )
    held = with_manual(ahead, facts.manual, date.max)
    falls_on = next(
        (c.on for c in held.changes if c.on > facts.as_of and _is_lower(c.to_tier, tier)), None
    )
    above = policy.ladder.above(tier)
    return TierStanding(
        tier=tier,
        as_of=facts.as_of,
        next_tier=None if above is None else _next_goal(policy, facts, ahead, above),
        falls_on=falls_on,
        renewal=None if falls_on is None else _renewal(policy, facts, ahead, tier, falls_on),
    )


def _is_lower(tier: Tier | None, than: Tier) -> bool:
    return tier is not None and tier < than


def _tally_on(rules: TierRules, facts: TierFacts, ahead: TierHistory, day: date) -> WindowTally:
    """What counts on a day, the changes before that day being made."""
    tally = WindowTally(rules, facts.joined_on, facts.qualifications)
    lowest = rules.ladder.lowest
    changes = [
        change.on
        for change in ahead.changes
        if change.on < day and (change.from_tier is not None or change.to_tier != lowest)
    ]
    if rules.restarts and changes:
        tally.restart(changes[-1])
    tally.to(day)
    return tally


def _next_goal(policy: TierPolicy, facts: TierFacts, ahead: TierHistory, tier: Tier) -> TierGoal:
    rules = rules_of(policy)
    # On the day of a change the window of the next day is the one that is still to be filled.
    changed = rules.restarts and any(c.on == facts.as_of for c in ahead.changes)
    tally = _tally_on(rules, facts, ahead, facts.as_of + _ONE_DAY if changed else facts.as_of)
    counted = [each.counts_for for each in facts.qualifications if each.counts_for >= tally.start]
    if rules.window.cycle(tally.anchor) is not None:
        counted = [max(facts.as_of, tally.start)]  # All of it goes on one day, whatever there is.
    lets_go_on = rules.window.lets_go_on(min(counted), tally.anchor) if counted else None
    through = None if lets_go_on is None else lets_go_on - _ONE_DAY
    if rules.restarts:
        moves = [change.on for change in ahead.changes if change.on > facts.as_of]
        through = earlier(through, moves[0] if moves else None)
    return _goal(policy, tier, tally, through)


def _renewal(
    policy: TierPolicy, facts: TierFacts, ahead: TierHistory, tier: Tier, falls_on: date
) -> TierGoal | None:
    fixed = [e for e in facts.manual if e.wins is ManualWins.FIXED and e.holds_on(falls_on)]
    if fixed:
        return None
    rules = rules_of(policy)
    tally = _tally_on(rules, facts, ahead, falls_on)
    last_day = falls_on
    if rules.judges_closed and tally.first < tally.start == falls_on:
        # A review on the first day of a window looks at the one that was completed.
        last_day = falls_on - _ONE_DAY
        tally = _tally_on(rules, facts, ahead, last_day)
    return _goal(policy, tier, tally, last_day)


def _goal(policy: TierPolicy, tier: Tier, tally: WindowTally, through: date | None) -> TierGoal:
    # Nobody has to earn the entry tier: the thresholds begin with the second of the ladder.
    threshold = policy.thresholds[policy.ladder.position(tier) - 1]
    return TierGoal(
        tier=tier,
        window_from=tally.start,
        through=through,
        shortfalls=_shortfalls(rules_of(policy), threshold, tally.sums),
        reaching=policy.reaching,
    )


def _shortfalls(
    rules: TierRules, threshold: TierThreshold, sums: Sequence[int]
) -> tuple[Shortfall, ...]:
    return tuple(
        Shortfall(basis, rules.steps.amount(basis, number), threshold.required(basis))
        for basis, number in zip(rules.steps.bases, sums, strict=True)
        if number < threshold.number(basis)
    )
