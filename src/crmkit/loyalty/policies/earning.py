"""Earning: the rules by which a purchase earns points, and the breakdown by rule.

>>> from datetime import date
>>> from crmkit.decision import explain
>>> from crmkit.loyalty.policies.earning_terms import BaseRate, EarningCondition, Multiplier
>>> from crmkit.money import Money
>>> rules = EarningRules((
...     EarningRule("one a euro", BaseRate(1, per=Money("1.00", "EUR")), priority=1),
...     EarningRule(
...         "gold doubles", Multiplier("2"), priority=2, when=EarningCondition(tiers={"gold"})
...     ),
... ))
>>> bought = EarningFacts.single("M-7", date(2026, 3, 1), Money("12.30", "EUR"), tier="gold")
>>> print(explain(rules(bought)))
24 points for M-7, by earning rules, as of 2026-03-01
- met: rule one a euro; all of these are needed
  - met: currency is EUR; EUR required
- met: rule gold doubles; all of these are needed
  - met: tier is gold; one of gold required
- noted: exact points one a euro is 123/10
- noted: exact points gold doubles is 123/10
- noted: rounding is floor
>>> [(share.rule, share.points) for share in rules(bought).outcome.shares]
[('one a euro', 12), ('gold doubles', 12)]
"""

from collections.abc import Iterable
from datetime import date
from typing import Self

from attrs import field, frozen

from crmkit.decision import Decision, noted
from crmkit.errors import InvalidPolicy
from crmkit.loyalty.facts.earning import CapPeriod, Credited, EarningFacts
from crmkit.loyalty.policies.earning_checks import (
    InvalidEarningRules,
    findings,
    unknown_tiers,
)
from crmkit.loyalty.policies.earning_evidence import amounts_of, rules_of
from crmkit.loyalty.policies.earning_reckoning import Reckoner, Side
from crmkit.loyalty.policies.earning_terms import (
    EarningCap,
    EarningRule,
    Multiplying,
)
from crmkit.loyalty.records.accrued import Accrued, ReferralCredit
from crmkit.loyalty.records.shares import RuleShare, split
from crmkit.money import Rounding
from crmkit.tiering import TierLadder

__all__ = ["EarningRules"]


@frozen
class EarningRules:
    """All the rules by which a program's purchases earn points, checked when they are put together.

    Rules are asked by priority, then by name; where they stand in the tuple, or when they were
    written, changes nothing. The base rates give points line by line. Multipliers multiply that
    base, each adding its own times or compounding, as ``multipliers`` says. Bonuses come once a
    purchase. An exclusive rule takes the lines that it covers from the rules after it, and of a
    group only the best gives anything. Then the caps of each rule bite, then the ``caps`` of the
    whole set, which the last rules lose to first. All this is exact. The sum is rounded once, by
    ``rounding``, and the points left over by rounding go to the rules with the largest remainders:
    the shares of the rules always add up to the points, and none exceeds its cap.

    :raises InvalidEarningRules: if rules contradict each other or can never do what they promise;
        it lists every finding with the names of the rules.
    :raises InvalidPolicy: if there is no rule.
    """

    rules: tuple[EarningRule, ...]
    caps: tuple[EarningCap, ...] = field(default=(), kw_only=True)
    rounding: Rounding = field(default=Rounding.FLOOR, kw_only=True)
    multipliers: Multiplying = field(default=Multiplying.ADD, kw_only=True)
    _reckoner: Reckoner = field(init=False, repr=False, eq=False)
    _qualifying: frozenset[str] = field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        if not self.rules:
            raise InvalidPolicy("there is no rule: a base rate is where most programs begin")
        found = findings(self.rules, self.caps)
        if found:
            raise InvalidEarningRules(found)
        reckoner = Reckoner(self.rules, self.caps, self.rounding, self.multipliers)
        object.__setattr__(self, "_reckoner", reckoner)
        qualifying = frozenset(rule.name for rule in self.rules if rule.qualifies)
        object.__setattr__(self, "_qualifying", qualifying)

    def checked_for(self, ladder: TierLadder) -> Self:
        """The set itself, once every tier that it names is known to be one of the ladder.

        :raises InvalidEarningRules: listing each rule that names another, and what there is.
        """
        found = tuple(unknown_tiers(self.rules, ladder))
        if found:
            raise InvalidEarningRules(found)
        return self

    # --- a purchase ---

    def __call__(self, facts: EarningFacts, /) -> Decision[Accrued]:
        """What one purchase earns, and why each rule applied or did not."""
        reckoner = self._reckoner
        covered = reckoner.covered(facts)
        reached = reckoner.reached(covered)
        side = reckoner.member_side(facts, reckoner.raw(facts, reached))
        other = reckoner.referrer_side(facts, reached)
        evidence = (
            *rules_of(reckoner.ordered, facts, covered, reached),
            *amounts_of(reckoner, side),
            *amounts_of(reckoner, other, "-of-referrer"),
            noted("rounding", self.rounding),
        )
        outcome = self._accrued(facts, side, other)
        return Decision(outcome, "earning-rules", facts.on, evidence, subject=facts.member)

    def _accrued(self, facts: EarningFacts, side: Side, other: Side) -> Accrued:
        shares, points = self._shares(side)
        qualifying = self.qualifying(shares)
        referral = None
        if facts.referred_by is not None and other.parts:
            theirs, total = self._shares(other)
            if total:
                referral = ReferralCredit(facts.referred_by, total, theirs)
        return Accrued(points, shares, qualifying, referral)

    def _shares(self, side: Side) -> tuple[tuple[RuleShare, ...], int]:
        points = self._reckoner.rounded(sum(side.parts.values()))
        return split(side.parts, unit=self._reckoner.unit, points=points), points

    def qualifying(self, shares: Iterable[RuleShare]) -> int:
        """How many of these points count for the tier, by the rules that they came from."""
        return sum(share.points for share in shares if share.rule in self._qualifying)

    # --- many purchases ---

    def outcomes(self, facts: Iterable[EarningFacts], /) -> list[Accrued]:
        """What many purchases earn with the breakdown of each, as the call gives them one by one.

        No purchase knows of another: what the caps have used is in the facts of each.
        """
        return [self._outcome(each) for each in facts]

    def _outcome(self, facts: EarningFacts) -> Accrued:
        reckoner = self._reckoner
        reached = reckoner.reached(reckoner.covered(facts))
        side = reckoner.member_side(facts, reckoner.raw(facts, reached))
        return self._accrued(facts, side, reckoner.referrer_side(facts, reached))

    def points(self, facts: Iterable[EarningFacts], /) -> list[int]:
        """Only the points of many purchases: the fastest way to ask what a program would cost."""
        return [self._reckoner.points(each) for each in facts]

    # --- caps ---

    @property
    def looks_back(self) -> bool:
        """Whether a cap counts what was credited before, so that the facts have to say it."""
        every = (*self.caps, *(cap for rule in self.rules for cap in rule.caps))
        return any(cap.per is not CapPeriod.PURCHASE for cap in every)

    def credited(
        self, history: Iterable[tuple[date, Iterable[RuleShare]]], on: date
    ) -> tuple[Credited, ...]:
        """What the caps have let through in the periods that a day lies in, read off past shares.

        ``history`` has the day that each accrual counts from, and its shares; hand in returns with
        their shares below zero, and they make room again in the period of the day they stand under.
        Only what some cap of this set asks for is counted.

        :raises InvalidValue: if a day is no plain date.
        """
        wanted: list[tuple[str | None, CapPeriod]] = [(None, cap.per) for cap in self.caps]
        wanted += [(rule.name, cap.per) for rule in self.rules for cap in rule.caps]
        past = [(day, tuple(shares)) for day, shares in history]
        return tuple(
            Credited(per, _points_of(rule, per, past, on), rule)
            for rule, per in wanted
            if per is not CapPeriod.PURCHASE
        )


def _points_of(
    rule: str | None,
    per: CapPeriod,
    past: Iterable[tuple[date, tuple[RuleShare, ...]]],
    on: date,
) -> int:
    return sum(
        share.points
        for day, shares in past
        if per.shared_by(day, on)
        for share in shares
        if rule is None or share.rule == rule
    )
