"""Why a purchase earned what it did: every rule with its conditions, every cap, and the sum.

Where a part of a point is not whole it is written as a fraction, such as ``37/2``, so that the
points can be recomputed from the evidence alone.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from crmkit.decision import Comparison, Evidence, all_of, at_least, at_most, equals, noted
from crmkit.loyalty.facts.earning import EarningFacts
from crmkit.loyalty.policies.earning_reach import WEEK
from crmkit.loyalty.policies.earning_reckoning import Bite, Reckoner, Side
from crmkit.loyalty.policies.earning_terms import EarningRule, ReferralBonus, Stacking
from crmkit.money import sum_money

__all__ = ["amounts_of", "rules_of"]


def rules_of(
    rules: Sequence[EarningRule], facts: EarningFacts, covered: list[int], reached: list[int]
) -> Iterator[Evidence]:
    """What was asked of each rule, in their order, and whether another took its lines."""
    for place, rule in enumerate(rules):
        asked = [*_conditions(rule, facts)]
        if covered[place] and not reached[place]:
            asked += _takers(rules, place, covered[place], reached)
        yield all_of(f"rule {rule.name}", *asked)


def amounts_of(reckoner: Reckoner, side: Side, of_whom: str = "") -> Iterator[Evidence]:
    """Which caps were asked, and what each rule gives, exactly; parts of a point as a fraction."""
    for bite in side.bites:
        yield _cap(bite, reckoner.unit, of_whom)
    for name, part in side.parts.items():
        if part:
            points = Fraction(part, reckoner.unit)
            whole = points.denominator == 1
            yield noted(f"exact-points{of_whom} {name}", points.numerator if whole else str(points))


def _cap(bite: Bite, unit: int, of_whom: str) -> Evidence:
    whose = "all rules" if bite.rule is None else f"rule {bite.rule}"
    # A part of a point counts as the next whole point, which is below the cap exactly if it is.
    asked = -(-bite.asked // unit)
    criterion = f"cap{of_whom} of {whose} per {bite.cap.per}"
    return at_most(criterion, bite.used + asked, bite.cap.points)


# --- conditions -----------------------------------------------------------------------------------


def _conditions(rule: EarningRule, facts: EarningFacts) -> Iterator[Evidence]:
    """One piece of evidence for each thing that the rule asks for."""
    when = rule.when
    for currency in sorted(rule.currencies):
        yield equals("currency", facts.currency, currency)
    for what, observed, wanted in (
        ("tier", facts.tier, when.tiers),
        ("channel", facts.channel, when.channels),
        ("weekday", str(WEEK[facts.on.weekday()]), when.weekdays),
    ):
        if wanted:
            words = ", ".join(sorted(wanted))
            yield Evidence(what, observed, words, observed in wanted, Comparison.ONE_OF)
    if when.days is not None:
        yield at_least("day", facts.on, when.days.start)
        yield at_most("day", facts.on, when.days.last)
    if when.first_purchase:
        yield equals("first-purchase", facts.is_first_purchase, True)
    if isinstance(rule.gives, ReferralBonus):
        yield equals("referred", facts.referred_by is not None, True)
        yield equals("referral-settled", facts.referral_settled, False)
    yield from _basket(rule, facts)


def _basket(rule: EarningRule, facts: EarningFacts) -> Iterator[Evidence]:
    when = rule.when
    amounts = [line.amount for line in facts.lines if when.is_for(line.product)]
    if when.products or when.except_products:
        yield at_least("lines-covered", len(amounts), 1)
    if when.minimum is not None and when.minimum.currency == facts.currency:
        yield at_least("amount", sum_money(amounts, facts.currency), when.minimum)


# --- other rules ----------------------------------------------------------------------------------


def _takers(
    rules: Sequence[EarningRule], place: int, covered: int, reached: list[int]
) -> Iterator[Evidence]:
    """The rules that took the lines of this one: exclusive ones before it, or its group."""
    group = rules[place].group
    for other, rule in enumerate(rules):
        before = other < place and rule.stacking is Stacking.EXCLUSIVE and covered & reached[other]
        better = group is not None and rule.group == group and reached[other]
        if before or better:
            yield equals("taken-by", rule.name, "no other rule")
