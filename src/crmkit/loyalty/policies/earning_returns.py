"""Returns: how many points goods take back with them.

Whatever the way, returns conserve: parts that come back one after another take back, in the end,
exactly what the purchase earned, rule by rule.

>>> from datetime import date
>>> from crmkit.loyalty.facts.earning import BasketLine, EarningFacts
>>> from crmkit.loyalty.policies.earning_terms import BaseRate, EarningRule
>>> from crmkit.money import Money
>>> rules = EarningRules((EarningRule("base", BaseRate(1, per=Money("1.00", "EUR")), priority=1),))
>>> bought = EarningFacts.single("M-7", date(2026, 3, 1), Money("40.00", "EUR"))
>>> back = ReturnFacts(
...     purchase=bought, on=date(2026, 3, 9), earned=rules(bought).outcome.shares,
...     returned=(BasketLine(Money("20.00", "EUR")),),
... )
>>> PointsReturn(rules)(back).outcome.points
20
"""

from enum import StrEnum
from fractions import Fraction

import attrs
from attrs import frozen

from crmkit.decision import Decision, Evidence, noted
from crmkit.loyalty.facts.earning import ReturnFacts
from crmkit.loyalty.policies.earning import EarningRules
from crmkit.loyalty.records.accrued import Accrued, TakenBack
from crmkit.loyalty.records.shares import RuleShare, split
from crmkit.money import Money, round_fraction

__all__ = ["PointsReturn", "ReturnBasis"]


class ReturnBasis(StrEnum):
    """By what a return is reckoned."""

    PROPORTIONAL = "proportional"
    """By money: half of what was paid takes half of the points, whatever goods earned them."""
    BY_LINE = "by-line"
    """By the goods: what stays earns again, as if what came back had never been bought."""


@frozen
class PointsReturn:
    """How many points a return takes back from what its purchase earned.

    By line, the rules look at the goods that stay, with everything else as it was on the day of the
    purchase: a bonus goes if its minimum is no longer reached, and goods that earned nothing take
    nothing back. In proportion, only money counts; what is not whole is rounded as the rules round,
    of all that came back so far, so that nothing is lost between returns. Neither way ever gives
    points for a return, and neither touches what a referrer was given. Once nothing that was paid
    for is left, all that was earned goes.
    """

    rules: EarningRules
    by: ReturnBasis = ReturnBasis.PROPORTIONAL

    def __call__(self, facts: ReturnFacts, /) -> Decision[TakenBack]:
        """What one return takes back, beyond what earlier returns of the order took."""
        left = facts.left
        staying: tuple[Evidence, ...] = ()
        if facts.is_everything:
            shares = _negated(left)
        elif self.by is ReturnBasis.PROPORTIONAL:
            shares = self._in_proportion(facts, left)
        else:
            stays = self.staying(facts)
            shares = _less(left, stays)
            staying = (noted("points-of-what-stays", stays.points),)
        points = -sum(share.points for share in shares)
        outcome = TakenBack(points, shares, -self.rules.qualifying(shares))
        evidence = (
            noted("basis", self.by),
            noted("paid", facts.purchase.total),
            noted("returned", Money.of_minor(facts.returned_minor, facts.purchase.currency)),
            noted("points-earned", sum(share.points for share in facts.earned)),
            noted("points-left", sum(left.values())),
            *staying,
            noted("rounding", self.rules.rounding),
        )
        member = facts.purchase.member
        return Decision(outcome, "points-return", facts.on, evidence, subject=member)

    def _in_proportion(self, facts: ReturnFacts, left: dict[str, int]) -> tuple[RuleShare, ...]:
        """Take as much of what is left as brings the sum of all returns to its part of it all."""
        earned, remaining = sum(share.points for share in facts.earned), sum(left.values())
        part = Fraction(facts.returned_minor, facts.purchase.total.minor)
        due = round_fraction(part * earned, self.rules.rounding) - (earned - remaining)
        if due <= 0:
            return ()
        # By what is left of each rule, so that no rule gives back more than it gave.
        parts = {rule: points * due for rule, points in left.items()}
        taken = split(parts, unit=remaining, points=due)
        return tuple(RuleShare(share.rule, -share.points) for share in taken)

    def staying(self, facts: ReturnFacts) -> Accrued:
        """What the goods that stay would have earned, had the others never been bought.

        :raises InvalidValue: if nothing stays.
        """
        return self.rules(attrs.evolve(facts.purchase, lines=facts.kept)).outcome


def _less(left: dict[str, int], stays: Accrued) -> tuple[RuleShare, ...]:
    """Take what the goods that stay do not earn; nothing if they earn more than is left."""
    change = dict(left)
    for share in stays.shares:
        change[share.rule] = change.get(share.rule, 0) - share.points
    return _negated(change) if sum(change.values()) > 0 else ()


def _negated(shares: dict[str, int]) -> tuple[RuleShare, ...]:
    return tuple(RuleShare(rule, -points) for rule, points in shares.items() if points)
