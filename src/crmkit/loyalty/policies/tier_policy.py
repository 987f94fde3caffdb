"""Which tier of the program a member holds, and why."""

from collections.abc import Iterable
from datetime import date, timedelta

from attrs import field, frozen

from crmkit.decision import Decision, Evidence, all_of, any_of, at_least, noted
from crmkit.errors import InvalidPolicy
from crmkit.loyalty.facts.tier_facts import TierFacts
from crmkit.loyalty.policies.tier_tally import TierRules
from crmkit.loyalty.policies.tier_terms import (
    AfterReturn,
    AtReset,
    Reaching,
    Steps,
    TierThreshold,
    table_findings,
)
from crmkit.loyalty.policies.tier_walk import TierWalk
from crmkit.loyalty.policies.tier_windows import SinceLastChange, TierWindow
from crmkit.loyalty.records.manual_tier import tier_in_force
from crmkit.tiering import (
    Downgrade,
    Grace,
    RetieringFacts,
    ReviewCycle,
    Tier,
    TierLadder,
)

__all__ = ["TierPolicy", "rules_of", "walk_of"]

_NAME = "tier-policy"
_ONE_DAY = timedelta(days=1)


@frozen
class TierPolicy:
    """How members of a program rise and fall: what counts, in which window, and how tiers fall.

    A member holds the highest tier whose threshold they reach in the ``window``; reaching it is
    enough. They rise on the day itself. They fall only as ``downgrade``, ``grace``, ``landing`` and
    ``reviews`` say, which mean what they mean in :class:`~crmkit.tiering.RetieringPolicy`. A review
    of a window that begins anew (calendar, anniversary) also looks at the window that was completed
    last: nobody falls because the counter was set back to nought. ``returns`` says whether a return
    can take a tier back at once.

    Every amount has exactly one tier. Tables with gaps, overlaps or out of order are refused.

    :raises InvalidPolicy: if the table or the terms contradict themselves; all findings are listed.

    >>> from crmkit.decision import explain
    >>> from crmkit.identifiers import CustomerId
    >>> from crmkit.loyalty.policies.tier_windows import RollingWindow
    >>> from crmkit.loyalty.records.qualification import Qualification
    >>> from crmkit.period import Unit
    >>> ladder = TierLadder.of("bronze", "silver", "gold")
    >>> policy = TierPolicy(
    ...     ladder.tier("bronze"),
    ...     (
    ...         TierThreshold(tier=ladder.tier("silver"), points=1_000),
    ...         TierThreshold(tier=ladder.tier("gold"), points=5_000),
    ...     ),
    ...     RollingWindow(12, Unit.MONTH),
    ... )
    >>> bought = [Qualification(date(2026, 2, 1), points=1_200)]
    >>> facts = TierFacts.of(CustomerId("M-7"), date(2026, 1, 5), bought, date(2026, 3, 1))
    >>> print(explain(policy(facts)))
    silver for M-7, by tier policy, as of 2026-03-01
    - met: earned tier is silver
      - noted: window from is 2026-01-05
      - not met: points for gold is 1,200; at least 5,000 required
      - met: points for silver is 1,200; at least 1,000 required
    """

    entry: Tier
    thresholds: tuple[TierThreshold, ...]
    window: TierWindow
    reaching: Reaching = field(default=Reaching.ALL, kw_only=True)
    downgrade: Downgrade = field(default=Downgrade.TO_EARNED, kw_only=True)
    grace: Grace | None = field(default=None, kw_only=True)
    landing: Grace | None = field(default=None, kw_only=True)
    reviews: ReviewCycle | AtReset | None = field(default=None, kw_only=True)
    returns: AfterReturn = field(default=AfterReturn.UNDER_TERMS, kw_only=True)
    _rules: TierRules = field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        findings = [*table_findings(self.entry, self.thresholds, self.reaching), *self._findings()]
        if findings:
            raise InvalidPolicy(f"a tier policy that contradicts itself: {'; '.join(findings)}")
        rules = TierRules(
            ladder=TierLadder((self.entry, *(each.tier for each in self.thresholds))),
            steps=Steps.of(self.thresholds, self.reaching),
            window=self.window,
            downgrade=self.downgrade,
            grace=self.grace,
            landing=self.landing,
            reviews=self.reviews,
            returns=self.returns,
        )
        object.__setattr__(self, "_rules", rules)

    def _findings(self) -> list[str]:
        """What does not go together."""
        findings = []
        # A text equals a member of the enum and is not it: other terms would apply than are named.
        if not isinstance(self.reaching, Reaching) or not isinstance(self.returns, AfterReturn):
            findings.append("reaching is a Reaching, returns is an AfterReturn")
        if isinstance(self.reviews, AtReset) and self.window.cycle(date(2000, 1, 1)) is None:
            findings.append("reviews at each reset need a window that begins anew by itself")
        if isinstance(self.window, SinceLastChange):
            waits = self.downgrade is Downgrade.NEVER or self.grace or self.reviews
            if not waits:
                findings.append(
                    "a window that restarts at each change leaves every tier unearned the day "
                    "after: name reviews, a grace period, or Downgrade.NEVER"
                )
            if self.returns is AfterReturn.AT_ONCE:
                findings.append(
                    "what led to a change is used up when the window restarts: a return cannot "
                    "take it back at once"
                )
        return findings

    @property
    def ladder(self) -> TierLadder:
        """All tiers of the program, the entry first."""
        return self._rules.ladder

    def __call__(self, facts: TierFacts, /) -> Decision[Tier]:
        """Decide which tier the member holds on the day, tiers given by hand included.

        :raises CurrencyMismatch: if spend qualifies in another currency than the table names.
        :raises InvalidValue: if a tier is not on the ladder of the program.
        """
        terms = self.by_terms(facts)
        self._check_manual(facts)
        tier, manual = tier_in_force(facts.manual, facts.as_of, terms.outcome)
        if manual is None:
            return terms
        evidence = Evidence(
            "manual-tier",
            observed=str(manual.tier),
            parts=(
                noted("manual-wins", manual.wins.value),
                noted("manual-reason", manual.reason),
                noted("manual-until", manual.until),
            ),
        )
        return Decision(tier, _NAME, facts.as_of, (evidence, *terms.evidence), subject=facts.member)

    def outcomes(self, facts: Iterable[TierFacts], /) -> list[Tier]:
        """The tiers of many members, as the call gives them one by one, without the evidence."""
        return [self._outcome(each) for each in facts]

    def by_terms(self, facts: TierFacts, /) -> Decision[Tier]:
        """Decide as if nothing were given by hand: keep this in the history of the member.

        A tier given by hand that is to fall under the terms (:class:`AfterManual`) is taken over on
        its last day.

        :raises CurrencyMismatch: if spend qualifies in another currency than the table names.
        :raises InvalidValue: if a tier is not on the ladder of the program.
        """
        walk = walk_of(self, facts)
        outcome = self.ladder.tiers[walk.decide(facts.as_of)]
        earned = self._earned(facts, walk)
        held = None if walk.held is None else self.ladder.tiers[walk.held]
        standing = RetieringFacts(
            customer=facts.member,
            earned=earned,
            held=held,
            held_since=walk.since,
            below_since=walk.below_since,
            fell=walk.fell,
        )
        judged = walk.tally.retiering(standing)
        evidence = judged.evidence
        if walk.is_undone:
            evidence = (*evidence, noted("undone-by-a-return", True))
        elif outcome != judged.outcome:
            evidence = (*evidence, noted("manual-tier-falls-from", str(outcome)))
        return Decision(outcome, _NAME, facts.as_of, evidence, subject=facts.member)

    def _outcome(self, facts: TierFacts) -> Tier:
        by_terms = self.ladder.tiers[walk_of(self, facts).decide(facts.as_of)]
        self._check_manual(facts)
        return tier_in_force(facts.manual, facts.as_of, by_terms)[0]

    def _check_manual(self, facts: TierFacts) -> None:
        for each in facts.manual:
            self.ladder.position(each.tier)

    def _earned(self, facts: TierFacts, walk: TierWalk) -> Decision[Tier]:
        """The tier reached, with what each tier above it and its own would have taken."""
        tally = walk.tally
        evidence = [noted("window-from", tally.start), *self._reached(tally.sums)]
        if tally.closed_from is not None:
            closed = (noted("window-from", tally.closed_from), *self._reached(tally.closed_sums()))
            evidence.append(Evidence("window-completed-last", parts=closed))
        tier = self.ladder.tiers[tally.reached]
        return Decision(tier, _NAME, facts.as_of, tuple(evidence), subject=facts.member)

    def _reached(self, sums: list[int]) -> list[Evidence]:
        found = []
        for threshold in reversed(self.thresholds):
            found.append(self._held_against(threshold, sums))
            if found[-1].met:
                break
        return found

    def _held_against(self, threshold: TierThreshold, sums: list[int]) -> Evidence:
        steps = self._rules.steps
        parts = [
            at_least(
                f"{basis}-for-{threshold.tier}",
                steps.amount(basis, number),
                threshold.required(basis),
            )
            for basis, number in zip(steps.bases, sums, strict=True)
        ]
        if len(parts) == 1:
            return parts[0]
        compose = all_of if self.reaching is Reaching.ALL else any_of
        return compose(f"{threshold.tier}-threshold", *parts)


def rules_of(policy: TierPolicy) -> TierRules:
    """The terms made ready for counting, for the neighbours of this module."""
    return policy._rules


def walk_of(policy: TierPolicy, facts: TierFacts) -> TierWalk:
    """Walk through the days of a member, of which those before the day of the facts are decided."""
    return TierWalk(
        policy._rules,
        facts.joined_on,
        facts.qualifications,
        facts.history,
        facts.manual,
        facts.as_of - _ONE_DAY,
    )
