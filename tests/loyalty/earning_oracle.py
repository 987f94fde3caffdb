"""The points of a purchase reckoned a second time, slowly, with fractions, line by line.

It knows the rules only as data and shares no code with the policy.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import ceil, floor

from crmkit.loyalty import (
    BaseRate,
    CapPeriod,
    Credited,
    EarningCap,
    EarningFacts,
    EarningRule,
    EarningRules,
    FixedBonus,
    Multiplier,
    Multiplying,
    ReferralBonus,
    Stacking,
)
from crmkit.money import Rounding

WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


def applies(rule: EarningRule, facts: EarningFacts) -> list[int]:
    """The positions of the lines that a rule covers."""
    when = rule.when
    covered = []
    for position, line in enumerate(facts.lines):
        if when.products and line.product not in when.products:
            continue
        if line.product in when.except_products:
            continue
        covered.append(position)
    paid = sum((facts.lines[position].amount.amount for position in covered), start=0)
    currency = facts.lines[0].amount.currency
    asked = [
        not when.tiers or facts.tier in when.tiers,
        not when.channels or facts.channel in when.channels,
        not when.weekdays or WEEKDAYS[facts.on.isoweekday() - 1] in map(str, when.weekdays),
        when.days is None or facts.on in when.days,
        not when.first_purchase or facts.is_first_purchase,
        when.minimum is None or (when.minimum.currency == currency and paid >= when.minimum.amount),
        not isinstance(rule.gives, BaseRate) or rule.gives.per.currency == currency,
        not isinstance(rule.gives, ReferralBonus)
        or (facts.referred_by is not None and not facts.referral_settled),
    ]
    return covered if all(asked) else []


def lines_left(rules: EarningRules, facts: EarningFacts) -> dict[str, list[int]]:
    """The lines that each rule has, once exclusive rules and groups have taken theirs."""
    order = sorted(rules.rules, key=lambda rule: (rule.priority, rule.name))
    left: dict[str, list[int]] = {rule.name: [] for rule in order}
    for position in range(len(facts.lines)):
        for rule in order:
            if position in applies(rule, facts):
                left[rule.name].append(position)
                if rule.stacking is Stacking.EXCLUSIVE:
                    break
    for group in {rule.group for rule in order if rule.group is not None}:
        members = [rule for rule in order if rule.group == group]
        if isinstance(members[0].gives, FixedBonus):
            there = [rule for rule in members if left[rule.name]]
            best = max(there, key=promised, default=None)
            for rule in there:
                if rule is not best:
                    left[rule.name] = []
            continue
        for position in range(len(facts.lines)):
            there = [rule for rule in members if position in left[rule.name]]
            best = max(there, key=promised, default=None)
            for rule in there:
                if rule is not best:
                    left[rule.name].remove(position)
    return left


def promised(rule: EarningRule) -> Fraction:
    """What rules of a group are held against each other by; the earlier of equal ones wins."""
    if isinstance(rule.gives, BaseRate):
        return rule.gives.points / Fraction(rule.gives.per.amount)
    if isinstance(rule.gives, Multiplier):
        return rule.gives.factor
    assert isinstance(rule.gives, FixedBonus)
    return Fraction(rule.gives.points)


def exact_points(rules: EarningRules, facts: EarningFacts) -> dict[str, Fraction]:
    """What each rule gives the member before any cap."""
    order = sorted(rules.rules, key=lambda rule: (rule.priority, rule.name))
    left = lines_left(rules, facts)
    exact = {rule.name: Fraction(0) for rule in order}
    for position, line in enumerate(facts.lines):
        mine = [rule for rule in order if position in left[rule.name]]
        base = Fraction(0)
        for rule in mine:
            if isinstance(rule.gives, BaseRate):
                part = Fraction(line.amount.amount) / Fraction(rule.gives.per.amount)
                exact[rule.name] += part * rule.gives.points
                base += part * rule.gives.points
        times = Fraction(1)
        for rule in mine:
            if isinstance(rule.gives, Multiplier):
                compounds = rules.multipliers is Multiplying.COMPOUND
                exact[rule.name] += base * (times if compounds else 1) * (rule.gives.factor - 1)
                times *= rule.gives.factor
    for rule in order:
        if left[rule.name] and isinstance(rule.gives, FixedBonus):
            exact[rule.name] = Fraction(rule.gives.points)
        if left[rule.name] and isinstance(rule.gives, ReferralBonus):
            exact[rule.name] = Fraction(rule.gives.referred)
    return exact


def referrer_points(rules: EarningRules, facts: EarningFacts) -> dict[str, Fraction]:
    """What each rule gives the referrer before any cap."""
    order = sorted(rules.rules, key=lambda rule: (rule.priority, rule.name))
    left = lines_left(rules, facts)
    return {
        rule.name: Fraction(rule.gives.referrer)
        for rule in order
        if isinstance(rule.gives, ReferralBonus) and left[rule.name]
    }


def room(caps: Iterable[EarningCap], rule: str | None, credited: Iterable[Credited]) -> Fraction:
    """How much the caps still let through."""
    rooms = [Fraction(10**30)]
    for cap in caps:
        used = 0
        for entry in credited:
            if entry.rule == rule and entry.per == cap.per and cap.per != CapPeriod.PURCHASE:
                used += entry.points
        rooms.append(Fraction(max(0, cap.points - used)))
    return min(rooms)


def capped(
    rules: EarningRules, exact: dict[str, Fraction], credited: tuple[Credited, ...]
) -> dict[str, Fraction]:
    """What is left of each part once the caps have bitten, those of the rules first."""
    by_name = {rule.name: rule for rule in rules.rules}
    result = {}
    whole = room(rules.caps, None, credited)
    for name, part in exact.items():
        part = min(part, room(by_name[name].caps, name, credited))
        part = min(part, whole)
        whole -= part
        result[name] = part
    return result


def whole_points(exact: Fraction, rounding: Rounding) -> int:
    """Round zero or more by the rule of that name."""
    low, high = floor(exact), ceil(exact)
    middle = Fraction(low + high, 2)
    match rounding:
        case Rounding.FLOOR | Rounding.DOWN:
            return low
        case Rounding.CEILING | Rounding.UP:
            return high
        case Rounding.HALF_UP:
            return high if exact >= middle else low
        case Rounding.HALF_DOWN:
            return high if exact > middle else low
        case _:
            return round(exact)


def shared(exact: dict[str, Fraction], points: int) -> dict[str, int]:
    """Split whole points by the largest remainders, one after the other."""
    shares = {name: floor(part) for name, part in exact.items()}
    for _ in range(points - sum(shares.values())):
        name = max(exact, key=lambda name: exact[name] - shares[name])
        shares[name] += 1
    return {name: share for name, share in shares.items() if share}
